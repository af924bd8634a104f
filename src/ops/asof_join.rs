//! `asof-join`: each record with the newest of another stream at its time. Invariant: records come in order of
//! event time.

use super::other;
use super::prelude::*;
use crate::plan::meaning::Meaning;
use crate::plan::node::{Custom, Matching, Turn};
use crate::plan::when::UNBOUNDED;
use crate::plan::window::duration;
use crate::state::join::asof::Asof;
use std::sync::Arc;

pub const ASOF_JOIN: Operator = Operator {
    name: "asof-join",
    group: Group::State,
    doc: Doc {
        summary: "Each record with the newest of another stream at or before its time",
        text: "What `--on` names is equal; null equals nothing. A record waits until the watermark has passed its \
               time, so that no other one can come between, and goes on in order of event time. Without a match it \
               goes no further, unless `--left` is given.\n\n\
               A version that deletes is yours to mark, in a field of its own: \
               `map 'rate=if(r.gone==true,null,r.rate)'`.",
        examples: &[
            Example {
                title: "The rate that held when it was paid",
                session: "$ printf 't,cur,rate\\n0,eur,2\\n50,eur,3\\n' > rates.csv; printf 't,cur\\n10,eur\\n50,eur\\n60,usd\\n' > paid.csv; dstream -i csv --time t:s asof-join rates.csv --on cur select t,cur,rate paid.csv\n10\teur\t2\n50\teur\t3\n",
            },
            Example {
                title: "No older than a minute, and what has none too",
                session: "$ printf 't,k,v\\n0,a,1\\n' > v.csv; printf 't,k\\n30,a\\n90,a\\n' > l.csv; dstream -i csv --time t:s asof-join v.csv --on k --within 1m --left --as r map 'v=r.v' select t,v l.csv\n30\t1\n90\t\n",
            },
            Example {
                title: "Another format, with times and a disorder bound of its own",
                session: "$ printf '5 a x\\n' > v.log; printf 't,k\\n30,a\\n' > l.csv; dstream -i csv --time t:s asof-join v.log --right-format text --right-time '$1' --right-watermark 0s --on 'k=$2' map 'v=v.`$3`' select t,v l.csv\n30\tx\n",
            },
        ],
    },
    operands: &[other::SOURCE],
    flags: &[
        other::ON,
        Flag {
            long: "within",
            value: Some(("D", Kind::Duration)),
            repeated: false,
            help: "The other's record is at most so old",
        },
        other::LEFT,
        other::AS,
        other::RIGHT_FORMAT,
        other::RIGHT_TIME,
        other::RIGHT_WATERMARK,
    ],
    lower: |args, b| {
        let kind = match args.has("left") {
            true => Matching::Left,
            false => Matching::Inner,
        };
        let within = match args.flag("within") {
            Some(word) => match args::signed_duration(word) {
                Ok(ns) if ns >= 0 => Some(ns),
                Ok(_) => return Err(b.fault(format!("--within: '{word}' is negative"))),
                Err(message) => return Err(b.fault(format!("--within: {message}"))),
            },
            None => None,
        };
        other::keys_stay(b)?;
        let mut stream = other::stream(args, b)?;
        b.need_row_times("the newest record")?;
        b.time_passes_rows()?;
        stream.need_times()?;
        let on = other::on(args, &mut stream, b)?;
        let lateness = b.lateness();
        let keys = on.iter().map(|on| on.right.clone()).collect();
        let mut right = stream.right(keys, Vec::new(), Turn::Any);
        right.merge = b.merging(&stream, &on, kind);
        let age = within.map_or(String::new(), |ns| format!(" within {}", duration(ns)));
        let bound = match b.options().limits.keys_most() {
            Some(most) => format!(", {most} at most (--max-keys)"),
            None => format!("; {UNBOUNDED} with the keys"),
        };
        let node = NodeKind::Custom(Custom {
            text: format!("asof-join {}{age}", kind.name()),
            keys: on.iter().map(|on| on.left.clone()).collect(),
            args: Vec::new(),
            sets: Vec::new(),
            own_rows: false,
            carry: Vec::new(),
            right: Some(Box::new(right)),
            keeps: format!(
                "holds records until the watermark has passed them, then prints them; of the other stream it keeps the newest of each key{bound}"
            ),
            meaning: Meaning::Asof { kind, within },
            make: Arc::new(move |making| {
                Box::new(Asof::new(
                    making,
                    kind.keeps_left(),
                    within,
                    lateness,
                    making.merge.cloned(),
                ))
            }),
        });
        b.join(stream, &on, kind, node)
    },
};
