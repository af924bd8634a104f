//! `fill`: rows for windows in which a key has none. Invariant: it adds rows and changes none.

use super::lasting;
use super::prelude::*;
use crate::plan::custom::Ordered;
use crate::plan::meaning::Meaning;
use crate::plan::when::UNBOUNDED;
use crate::state::fill::{Fill, Filling, How};
use std::sync::Arc;

const WAYS: &[&str] = &["zero", "null", "last", "linear"];

pub const FILL: Operator = Operator {
    name: "fill",
    group: Group::Windows,
    doc: Doc {
        summary: "Add rows for windows without one",
        text: "It goes directly behind the aggregate of a window, whose rows it passes on. For each key (without one: \
               for the stream) it adds a row for every window without a record between the key's first and the last \
               in which any key has one. Keys stay; each aggregate is 0 (an empty list; null where it is text or a \
               time) with `zero`, null with `null`, what the key had last with `last`, and with `linear` the point on \
               the straight line to the key's next value, in equal steps from window to window and exact where it has \
               a decimal; what is no number is null.\n\n\
               Rows come by window, then key, when a window is complete. With `linear` added rows wait for the key's \
               next row: they come in front of the window that it is in, by window and key among themselves; a key \
               that has no next row gets none, and windows behind `fill` wait for what may still come. Of each key \
               the last row is kept, for ever. A gap that asks for more than ten million rows ends the run with \
               status 65.",
        examples: &[
            Example {
                title: "Minutes without an error count 0",
                session: "$ printf '2026-11-20T10:00:05Z\\n2026-11-20T10:03:10Z\\n' | dstream --time '$1' window 1m count fill zero\n2026-11-20T10:00:00Z\t1\n2026-11-20T10:01:00Z\t0\n2026-11-20T10:02:00Z\t0\n2026-11-20T10:03:00Z\t1\n",
            },
            Example {
                title: "The last value of each key until it has another",
                session: "$ printf '0 a 5\\n10 b 7\\n20 a 9\\n' | dstream --time '$1:s' window 10s reduce-by '$2' 'v=last:$3' fill last\n1970-01-01T00:00:00Z\ta\t5\n1970-01-01T00:00:10Z\ta\t5\n1970-01-01T00:00:10Z\tb\t7\n1970-01-01T00:00:20Z\ta\t9\n1970-01-01T00:00:20Z\tb\t7\n",
            },
            Example {
                title: "A straight line between measurements",
                session: "$ printf '0 1\\n40 3\\n' | dstream --time '$1:s' window 10s reduce 'v=avg:$2' fill linear select v\n1\n1.5\n2\n2.5\n3\n",
            },
        ],
    },
    operands: &[Operand {
        name: "HOW",
        kind: Kind::OneOf(WAYS),
        help: "zero, null, last or linear",
    }],
    flags: &[],
    lower,
};

fn lower(args: &Args, b: &mut Builder<'_>) -> Result<(), Usage> {
    let word = args.operand(0);
    let Some(how) = How::of(word) else {
        return Err(b.fault(format!("'{word}' is none of {}", WAYS.join(", "))));
    };
    let filled = b.filled()?;
    let terms = lasting::terms(args, b)?;
    let filling = Filling {
        how,
        window: filled.window.clone(),
        keys: filled.keys.iter().map(|key| key.expr.ty.clone()).collect(),
        fields: filled.fields.iter().map(|(_, ty)| ty.clone()).collect(),
    };
    let node = Ordered {
        text: lasting::text(&format!("fill {word} window {}", filled.window), &terms),
        keeps: {
            let when = match how {
                How::Linear => "the key's next row comes",
                _ => "their window is complete",
            };
            let bound = match terms.limits.keys_most() {
                Some(most) => format!(", {most} at most (--max-keys)"),
                None if terms.limits.keys.is_some() => format!("; {UNBOUNDED} with the keys"),
                None => format!("; {UNBOUNDED} with the keys (no --max-keys)"),
            };
            format!("prints rows that it adds when {when}; keeps the last row of each key{bound}")
        },
        keys: filled.keys.iter().map(|key| key.expr.clone()).collect(),
        args: filled.values.clone(),
        meaning: Meaning::Own("rows for windows without a record have no counterpart"),
        make: Arc::new(move |making| Box::new(Fill::new(filling.clone(), making))),
    };
    b.fill(node, filled);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn it_goes_behind_the_aggregate_of_a_window() {
        check(
            "csv:t,k --time t window 1m count-by k fill zero top 3",
            "time      time(t)\naggregate keys k   aggs count() as count   scope window 1m\nordered   fill zero window 1m   keys k   of count\nsort      by count desc, k   limit 3   scope its window   carry window_start, k, count\nsink      tsv: window_start, k, count\n",
        );
        let directly = "fill: it goes directly behind the aggregate of a window: window 1m count-by k fill zero";
        refused("csv:t,k --time t window 1m fill zero", directly);
        refused(
            "csv:t,k --time t window 1m count-by k filter count>1 fill zero",
            directly,
        );
        refused(
            "csv:t,k count-by k fill zero",
            "fill: 'count-by k' has no window; put one in front of it",
        );
        refused(
            "csv:t,k --time t session-window 1m count-by k fill zero",
            "fill: windows of 'count-by k' are at no fixed times, so none can be said to be missing; give it window SIZE",
        );
        refused(
            "csv:t,k --batch-lines 3 count-by k fill zero",
            "fill: 'count-by k' works batch by batch; put a window in front of it",
        );
    }
}
