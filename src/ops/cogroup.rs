//! `cogroup`: `group-by` of two streams together. Invariant: a key gives one row, whichever side has it.

use super::other;
use super::prelude::*;
use crate::data::Type;
use crate::plan::custom::{Ordered, OwnRows};
use crate::plan::grouping::Shape;
use crate::plan::keys::Key;
use crate::plan::meaning::Meaning;
use crate::plan::names;
use crate::plan::node::{Scope, Turn};
use crate::plan::scopes::Windows;
use crate::plan::when::UNBOUNDED;
use crate::plan::window::duration;
use crate::state::join::cogroup::{Cogroup, InSessions, Lists};
use crate::state::join::sessions::Gap;
use std::sync::Arc;

pub const COGROUP: Operator = Operator {
    name: "cogroup",
    group: Group::State,
    doc: Doc {
        summary: "Group two streams by key together",
        text: "For each key one list per other field of both streams, in the order of arrival, as `group-by` \
               gives them; lists of a stream that has not the key are empty. In a window when it closes, else at \
               the end of the input. The other stream's fields have the names that `join` gives them. Of \
               json and logfmt they are those of the first record, as with `group-by`. Null equals \
               nothing, so records without a key of one stream never stand with those of the other.\n\n\
               Behind `session-window` a session is of what `--on` names and of both streams' records together, and is \
               over when it is for both watermarks. `--within D` is `session-window D` in front: a group is a run \
               of a key's records, each at most D from the next, of whichever stream. So two records that `join \
               --within D` makes a pair are in one group, and a group that has nothing of one side is of \
               records that would be no pair; but not each left one of a group need be within D of each right one. \
               `LO..HI` is for pairs alone.",
        examples: &[
            Example {
                title: "What two files have of each key",
                session: "$ printf 'id,x\\n1,a\\n2,b\\n1,c\\n' > r.csv; printf 'id,y\\n3,p\\n1,q\\n' > l.csv; dstream -i csv cogroup r.csv --on id l.csv -o json\n{\"id\":1,\"y\":[\"q\"],\"x\":[\"a\",\"c\"]}\n{\"id\":2,\"y\":[],\"x\":[\"b\"]}\n{\"id\":3,\"y\":[\"p\"],\"x\":[]}\n",
            },
            Example {
                title: "In windows, with a prefix",
                session: "$ printf 't,k\\n10,1\\n' > b.csv; printf 't,k\\n30,1\\n70,1\\n' > a.csv; dstream -i csv --time t:s window 1m cogroup b.csv --on k --as b select k,t,b.t a.csv -o json\n{\"k\":1,\"t\":[30],\"b.t\":[10]}\n{\"k\":1,\"t\":[70],\"b.t\":[]}\n",
            },
            Example {
                title: "What two streams have of each visit",
                session: "$ printf 't,k,x\\n35,a,1\\n60,a,2\\n' > b.csv; printf 't,k\\n10,a\\n200,a\\n' > a.csv; dstream -i csv --time t:s cogroup b.csv --on k --within 30s select k,t,x a.csv -o json\n{\"k\":\"a\",\"t\":[10],\"x\":[1,2]}\n{\"k\":\"a\",\"t\":[200],\"x\":[]}\n",
            },
            Example {
                title: "Another format, with times and a disorder bound of its own",
                session: "$ printf '12 1\\n' > b.log; printf 't,k\\n10,1\\n' > a.csv; dstream -i csv --time t:s window 1m cogroup b.log --right-format text --right-time '$1' --right-watermark 1s --on 'k=$2' select k,t,line a.csv -o json\n{\"k\":1,\"t\":[10],\"line\":[\"12 1\"]}\n",
            },
        ],
    },
    operands: &[other::SOURCE],
    flags: &[
        other::ON,
        Flag {
            long: "within",
            value: Some(("D", Kind::Range)),
            repeated: false,
            help: "Groups of records at most so far apart, of both streams: as session-window D in front",
        },
        other::AS,
        other::RIGHT_FORMAT,
        other::RIGHT_TIME,
        other::RIGHT_WATERMARK,
    ],
    lower: |args, b| {
        other::keys_stay(b)?;
        let mut stream = other::stream(args, b)?;
        let mut window = None;
        let session = session(args, b)?;
        let mut windowed = session.is_some();
        if windowed {
            stream.need_times()?;
        } else if b.row_scope() == Scope::Rows {
            windowed = true;
            window = b.right_window(&mut stream)?;
        } else if b.is_live() || stream.live {
            return Err(b.fault(
                "the input need not end; put a window in front, or say how far apart a group's records may be with --within D",
            ));
        }
        let shown = session.is_some() || (windowed && !b.is_batched());
        let on = other::on(args, &mut stream, b)?;
        let labels: Vec<String> = on.iter().map(|on| on.label.clone()).collect();
        let same: Vec<String> = on.iter().filter_map(|on| on.name.clone()).collect();
        let untold = b.untold().or_else(|| stream.untold());
        let left = b.columns_but(&labels);
        let right = stream.fields(&same);
        let list = |ty: &Type| Type::List(Box::new(ty.clone()));
        let mut fields: Vec<(String, Type)> = Vec::new();
        for (name, expr) in &left {
            fields.push((name.clone(), list(&expr.ty)));
        }
        for (name, expr) in &right {
            let clashes = fields.iter().any(|(other, _)| other == name) || labels.contains(name);
            fields.push((stream.label(name, clashes), list(&expr.ty)));
        }
        let types = |fields: &[(String, Expr)]| -> Vec<Type> {
            fields.iter().map(|(_, expr)| expr.ty.clone()).collect()
        };
        let of_sides = [types(&left), types(&right)];
        let key_types: Vec<Type> = on.iter().map(|on| on.left.ty.clone()).collect();
        let keys = on.iter().map(|on| on.right.clone()).collect();
        let args_of_right = right.into_iter().map(|(_, expr)| expr).collect();
        let mut right = stream.right(keys, args_of_right, Turn::Any);
        let text = match (&window, session) {
            (
                _,
                Some(Gap {
                    gap, max, lateness, ..
                }),
            ) => {
                let max = max.map_or(String::new(), |max| format!(" max {}", duration(max)));
                let waits = other::waits(lateness);
                format!("cogroup in sessions of {}{max}{waits}", duration(gap))
            }
            (Some(window), None) => format!("cogroup in windows of {}", window.size),
            (None, None) => "cogroup whole".into(),
        };
        b.put_right_into(&mut right, window);
        let node = Ordered {
            text,
            keeps: match windowed {
                _ if let Some(terms) = session => other::keeps_sessions(terms, "its lists", b),
                true => "keeps both streams' records of a window until it is complete, then prints its keys".into(),
                false => format!("keeps both streams' records; prints the keys at the end of the input; {UNBOUNDED} with the records (no window)"),
            },
            keys: on.iter().map(|on| on.left.clone()).collect(),
            args: left.into_iter().map(|(_, expr)| expr).collect(),
            meaning: Meaning::Own("lists of both sides in one row, empty where a side has nothing, have no counterpart"),
            make: Arc::new(move |making| {
                let lists = Lists::new(making, key_types.clone(), of_sides.clone(), shown);
                match session {
                    Some(terms) => Box::new(InSessions::new(making, lists, terms)),
                    None => Box::new(Cogroup::new(making, lists, windowed)),
                }
            }),
        };
        let rows = OwnRows {
            windows: match b.windows_of_rows() {
                _ if session.is_some() => Windows::Vary,
                Windows::Batch => Windows::No,
                windows => windows,
            },
            keys: on
                .into_iter()
                .map(|on| Key {
                    name: match names::is_positional(&on.label) {
                        true => on.label,
                        false => names::quoted(&on.label),
                    },
                    expr: on.left,
                })
                .collect(),
            fields,
        };
        b.cogroup(stream, node, rows, right);
        b.have_lists(untold);
        Ok(())
    },
};

/// The sessions that groups are made in, if they are: those of a `session-window` in front, or of `--within`.
fn session(args: &Args, b: &mut Builder<'_>) -> Result<Option<Gap>, Usage> {
    let Some(word) = args.flag("within") else {
        let session = b.session_of_two()?;
        return Ok(session.map(|(gap, max)| Gap {
            gap,
            max,
            lateness: b.lateness_in(&Shape::Session { gap, max }),
            later: b.shown_later(),
        }));
    };
    if b.is_windowed() {
        return Err(b.fault(
            "--within and the window in front both say which records are a group; give one",
        ));
    }
    b.need_row_times("--within")?;
    match args::signed_duration(word) {
        Ok(gap) if gap > 0 => Ok(Some(Gap {
            gap,
            max: None,
            lateness: b.lateness_in(&Shape::Session { gap, max: None }),
            later: b.shown_later(),
        })),
        Ok(_) => Err(b.fault(format!("--within: '{word}' is not above 0"))),
        Err(_) if word.contains("..") => Err(b.fault(format!(
            "--within: '{word}' is of pairs, and a group has records of both sides; give how far apart they may be, or use join --within {word}"
        ))),
        Err(message) => Err(b.fault(format!("--within: {message}"))),
    }
}
