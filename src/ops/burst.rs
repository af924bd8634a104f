//! `burst`: many records of a key within a short time. Invariant: one record a burst.

use super::lasting;
use super::prelude::*;
use crate::data::Type;
use crate::plan::custom::Ordered;
use crate::plan::meaning::Meaning;
use crate::plan::window::duration;
use crate::state::burst::{Burst, Bursts};
use std::sync::Arc;

pub const BURST: Operator = Operator {
    name: "burst",
    group: Group::State,
    doc: Doc {
        summary: "The record that makes N of its key within less than D",
        text: "Per key in force, or over the whole stream without one, in order of event time: a record counts when \
               the watermark has reached it, and one behind the watermark is late. The record that makes N within \
               less than D passes, with the fields `count` and `first_time`; the next only after the count was \
               below N.",
        examples: &[Example {
            title: "Three failures of an address within ten seconds",
            session: "$ printf '0 a\\n2 b\\n4 a\\n9 a\\n9.5 a\\n30 a\\n' | dstream --time '$1:s' key-by '$2' burst 3 10s\n9 a\t3\t1970-01-01T00:00:00Z\n",
        }],
    },
    operands: &[
        Operand {
            name: "N",
            kind: Kind::Count,
            help: "How many records",
        },
        Operand {
            name: "D",
            kind: Kind::Duration,
            help: "Within less than this",
        },
    ],
    flags: &[],
    lower: |args, b| {
        let rows = args::count(args.operand(0)).map_err(|message| b.fault(message))?;
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let within = args::duration(args.operand(1)).map_err(|message| b.fault(message))?;
        let terms = lasting::terms(args, b)?;
        let keys = b.key_in_force();
        let lapse = b.lapse_of_waiting("a burst")?;
        let sets = [
            b.add_shown("count", Type::Number),
            b.add_shown("first_time", Type::Time),
        ];
        let burst = Burst {
            rows,
            within,
            lapse,
            later: b.shown_later(),
            sets,
        };
        let text = format!("burst of {rows} within {}", duration(within));
        let node = Ordered {
            text: lasting::text(&text, &terms),
            keeps: format!(
                "waits for the watermark; keeps the last {rows} times of each key for {}",
                duration(within)
            ),
            keys: keys.into_iter().map(|key| key.expr).collect(),
            args: Vec::new(),
            meaning: Meaning::Own("the record that makes N within a time has no counterpart"),
            make: Arc::new(move |making| {
                Box::new(Bursts::new(burst.clone(), terms.clone(), making))
            }),
        };
        b.ordered(node, sets.to_vec(), None);
        Ok(())
    },
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn the_key_in_force_is_counted() {
        check(
            "csv:t,k --time t key-by k burst 5 1m",
            "time      time(t)\nordered   burst of 5 within 1m   keys k   carry t, k\nsink      tsv: t, k, count, first_time\n",
        );
        refused(
            "csv:t,k burst 5 1m",
            "burst: a burst over a regular file needs a time field; give --time FIELD, or --time arrival if you mean it",
        );
    }
}
