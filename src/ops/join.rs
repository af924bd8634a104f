//! `join`: pairs of records of two streams. Invariant: what it gives does not depend on how they interleave.

use super::other;
use super::prelude::*;
use crate::data::FieldId;
use crate::plan::grouping::Shape;
use crate::plan::meaning::Meaning;
use crate::plan::node::{Custom, Make, Matching, Scope, Turn, Window};
use crate::plan::when::UNBOUNDED;
use crate::plan::window::duration;
use crate::state::join::interval::{Interval, Within};
use crate::state::join::sessions::{Gap, InSessions};
use crate::state::join::whole::Whole;
use crate::state::join::windowed::Windowed;
use std::sync::Arc;

pub const JOIN: Operator = Operator {
    name: "join",
    group: Group::State,
    doc: Doc {
        summary: "Pairs of records of two streams",
        text: "Two records are a pair if what `--on` names is equal (null equals nothing), and\n\n\
               - with `--within LO..HI` the other's time less this one's is between the two, both included \
               (`D` is `-D..D`); a pair comes when the watermark has passed both times;\n\
               - in a window both are in it; pairs come when it closes, by key, then in input order; behind \
               `session-window` sessions are of what `--on` names and of both streams' records together, and one is \
               over when it is for both watermarks;\n\
               - of input that ends, with neither, in any case; pairs come in the order of this stream.\n\n\
               `--left`, `--right` and `--full` also pass records of this stream, the other, or both that have no \
               match, when they can have none any more; `--anti` only those of this stream. A record that is late \
               by its own stream's watermark has no match.\n\n\
               `PREFIX.f` is the other stream's field f (PREFIX is `--as`, else the base of the file's name); a \
               plain f is this stream's, or the other's where this one has none. A pair's time is the later one.",
        examples: &[
            Example {
                title: "Files that end",
                session: "$ printf 'id,x\\n1,a\\n2,b\\n1,c\\n' > right.csv; printf 'id,y\\n1,p\\n3,q\\n2,r\\n' | cat > left.csv; dstream -i csv join right.csv --on id left.csv\n1\tp\ta\n1\tp\tc\n2\tr\tb\n",
            },
            Example {
                title: "With what has no match on either side",
                session: "$ printf 'id,x\\n1,a\\n4,b\\n' > right.csv; printf 'id,y\\n1,p\\n3,q\\n' > left.csv; dstream -i csv join right.csv --on id --full left.csv\n1\tp\ta\n3\tq\t\n4\t\tb\n",
            },
            Example {
                title: "Of this side, of the other, or only what has none",
                session: "$ printf 'id,x\\n1,a\\n4,b\\n' > r.csv; printf 'id,y\\n1,p\\n3,q\\n' > l.csv; for k in --left --right --anti; do dstream -i csv join r.csv --on id $k l.csv -o csv; done\nid,y,x\n1,p,a\n3,q,\nid,y,x\n1,p,a\n4,,b\nid,y\n3,q\n",
            },
            Example {
                title: "Clicks within five minutes of what was shown",
                session: "$ printf '{\"ts\":100,\"imp\":1}\\n{\"ts\":700,\"imp\":1}\\n' > clicks.ndjson; printf '{\"ts\":90,\"id\":1}\\n{\"ts\":95,\"id\":2}\\n' > shown.ndjson; dstream -i json --time ts:s join clicks.ndjson --on id=imp --within 0s..5m --left --as c shown.ndjson -o json\n{\"ts\":90,\"id\":1,\"c.ts\":100,\"c.imp\":1}\n{\"ts\":95,\"id\":2}\n",
            },
            Example {
                title: "Another format, with times and a disorder bound of its own",
                session: "$ printf '12 1\\n' > b.log; printf 't,k\\n10,1\\n' > a.csv; dstream -i csv --time t:s join b.log --right-format text --right-time '$1' --right-watermark 1s --on 'k=$2' --within 5s a.csv\n10\t1\t12 1\n",
            },
            Example {
                title: "In visits: sessions of both streams' records together",
                session: "$ printf 't,k,x\\n35,a,1\\n60,a,2\\n' > b.csv; printf 't,k\\n10,a\\n200,a\\n' > a.csv; dstream -i csv --time t:s session-window 30s join b.csv --on k --left select k,t,x a.csv\na\t10\t1\na\t10\t2\na\t200\t\n",
            },
            Example {
                title: "In windows",
                session: "$ printf 't,k\\n10,1\\n70,1\\n' > b.csv; printf 't,k\\n30,1\\n50,1\\n' > a.csv; dstream -i csv --time t:s window 1m join b.csv --on k select k,t,b.t a.csv\n1\t30\t10\n1\t50\t10\n",
            },
        ],
    },
    operands: &[other::SOURCE],
    flags: &[
        other::ON,
        Flag {
            long: "within",
            value: Some(("D|LO..HI", Kind::Range)),
            repeated: false,
            help: "How far apart the times of a pair may be: the other's less this one's",
        },
        other::LEFT,
        Flag {
            long: "right",
            value: None,
            repeated: false,
            help: "Also records of the other stream that have no match",
        },
        Flag {
            long: "full",
            value: None,
            repeated: false,
            help: "Also records of both streams that have no match",
        },
        other::ANTI,
        other::AS,
        other::RIGHT_FORMAT,
        other::RIGHT_TIME,
        other::RIGHT_WATERMARK,
    ],
    lower: |args, b| {
        let kind = match other::one_of(args, &["left", "right", "full", "anti"], b)? {
            Some("left") => Matching::Left,
            Some("right") => Matching::Right,
            Some("full") => Matching::Full,
            Some(_) => Matching::Anti,
            None => Matching::Inner,
        };
        let within = match args.flag("within") {
            Some(word) => {
                Some(args::range(word).map_err(|message| b.fault(format!("--within: {message}")))?)
            }
            None => None,
        };
        other::keys_stay(b)?;
        let mut stream = other::stream(args, b)?;
        let mut window: Option<Window> = None;
        let mut session = None;
        if within.is_some() {
            if b.is_windowed() {
                return Err(b.fault(
                    "--within and the window in front both say which records meet; give one",
                ));
            }
            b.need_row_times("--within")?;
            stream.need_times()?;
        } else if let Some((gap, max)) = b.session_of_two()? {
            stream.need_times()?;
            let lateness = b.lateness_in(&Shape::Session { gap, max });
            session = Some(Gap {
                gap,
                max,
                lateness,
                later: b.shown_later(),
            });
        } else if b.row_scope() == Scope::Rows {
            window = b.right_window(&mut stream)?;
        } else if b.is_live() || stream.live {
            return Err(b.fault(
                "the input need not end; say how far apart the times of a pair may be with --within D, or put a window in front",
            ));
        }
        let on = other::on(args, &mut stream, b)?;
        let pairing = other::state_kind(kind);
        let timed = within.is_some() || window.is_some() || session.is_some();
        let time = timed.then(|| b.add_time());
        let mut sets: Vec<FieldId> = time.into_iter().collect();
        let (scope, keeps, make): (String, String, Make) = match (within, &window) {
            _ if let (Some(terms), Some(time)) = (session, time) => {
                let bounds = b.enter_sessions();
                sets.extend([bounds.0, bounds.1]);
                let max = terms
                    .max
                    .map_or(String::new(), |max| format!(" max {}", duration(max)));
                (
                    format!(
                        "in sessions of {}{max}{}",
                        duration(terms.gap),
                        other::waits(terms.lateness)
                    ),
                    other::keeps_sessions(terms, "its pairs", b),
                    Arc::new(move |making| {
                        Box::new(InSessions::new(
                            making,
                            pairing,
                            terms,
                            bounds,
                            time,
                            making.merge.cloned(),
                        ))
                    }),
                )
            }
            (Some((low, high)), _) => {
                let within = Within {
                    kind: pairing,
                    low,
                    high,
                    lateness: b.lateness(),
                };
                let (from, to) = (signed(low), signed(high));
                (
                    format!("within {from}..{to}"),
                    format!(
                        "keeps records of this stream until the watermark is more than {} past them, and the other's {}; prints pairs when it has passed both{}",
                        signed(high.max(0).saturating_add(within.lateness)),
                        signed(low.saturating_neg().max(0).saturating_add(within.lateness)),
                        match within.lateness {
                            0 => "",
                            _ =>
                                ", those of a late record when it has passed what that came behind",
                        }
                    ),
                    Arc::new(move |making| {
                        Box::new(Interval::new(making, within, time, making.merge.cloned()))
                    }),
                )
            }
            (None, Some(window)) => {
                // Records of a batch have its time.
                let age = match b.is_batched() {
                    true => None,
                    false => Some(window.size.most()),
                };
                let fields = b.window_fields();
                (
                    format!("in windows of {}", window.size),
                    format!(
                        "keeps both streams' records of a window of {} until it closes, then prints its pairs",
                        window.size
                    ),
                    Arc::new(move |making| {
                        Box::new(Windowed::new(
                            making,
                            pairing,
                            age,
                            fields,
                            time,
                            making.merge.cloned(),
                        ))
                    }),
                )
            }
            (None, None) => (
                "whole".into(),
                format!(
                    "prints pairs at once; holds the other stream in memory; {UNBOUNDED} with it (no --within, no window)"
                ),
                Arc::new(move |making| {
                    Box::new(Whole::new(making, pairing, making.merge.cloned()))
                }),
            ),
        };
        let turn = match timed {
            false => Turn::First,
            true => Turn::Any,
        };
        let keys = on.iter().map(|on| on.right.clone()).collect();
        let mut right = stream.right(keys, Vec::new(), turn);
        right.merge = b.merging(&stream, &on, kind);
        let windowed = window.is_some();
        b.put_right_into(&mut right, window);
        let node = NodeKind::Custom(Custom {
            text: format!("join {} {scope}", kind.name()),
            keys: on.iter().map(|on| on.left.clone()).collect(),
            args: Vec::new(),
            sets,
            own_rows: false,
            carry: Vec::new(),
            right: Some(Box::new(right)),
            keeps,
            make,
            meaning: match session {
                Some(_) => Meaning::Own(
                    "sessions of two streams have no SQL, which joins in windows of a size only",
                ),
                None => Meaning::Join {
                    kind,
                    within,
                    windowed,
                },
            },
        });
        b.join(stream, &on, kind, node)?;
        if session.is_some() {
            let of_either = on.into_iter().map(|on| match kind.keeps_right() {
                true => b.expression(&on.either),
                false => Ok(on.left),
            });
            let keys = of_either.collect::<Result<Vec<Expr>, Usage>>()?;
            b.of_keys(keys);
        }
        Ok(())
    },
};

/// A duration that may be negative, as text.
fn signed(ns: i64) -> String {
    match ns < 0 {
        true => format!("-{}", duration(ns.saturating_neg())),
        false => duration(ns),
    }
}
