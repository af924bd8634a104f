//! `distinct`: the first record of each key, or the last. Invariant: records pass as they are, in input order.

use super::lasting::{self, TTL};
use super::prelude::*;
use crate::plan::custom::Ordered;
use crate::plan::meaning::Meaning;
use crate::state::first::{First, Last};
use std::sync::Arc;

const LAST: Flag = Flag {
    long: "last",
    value: None,
    repeated: false,
    help: "The last of each, at the end of its window or of the input",
};

pub const DISTINCT: Operator = Operator {
    name: "distinct",
    group: Group::State,
    doc: Doc {
        summary: "The first of equal records",
        text: "Anew in each window, else over the whole input. Records are equal if all their fields are; lines of \
               text, JSON and logfmt if the lines are. A record passes at once; with `--last`, at \
               the end, in the order of the keys. `--ttl` is as with `distinct-by`.",
        examples: &[
            Example {
                title: "Each line once, in input order",
                session: "$ printf 'b\\na\\nb\\n' | dstream distinct\nb\na\n",
            },
            Example {
                title: "Each line once in ten seconds",
                session: "$ printf '0 a\\n4 a\\n11 a\\n12 a\\n' | dstream --time '$1:s' --watermark 0s map 'e=$2' select e distinct --ttl 10s\na\na\n",
            },
            Example {
                title: "The last of each, in the order of their keys",
                session: "$ printf 'b\\na\\nb\\n' | dstream distinct --last\na\nb\n",
            },
        ],
    },
    operands: &[],
    flags: &[LAST, TTL],
    lower: |args, b| {
        b.pass();
        let keys = b.record_key().into_iter().map(|key| key.expr).collect();
        lower(keys, args, b)
    },
};

pub const DISTINCT_BY: Operator = Operator {
    name: "distinct-by",
    group: Group::State,
    doc: Doc {
        summary: "The first record of each key",
        text: "Anew in each window, else over the whole input. The record passes whole and at once; with \
               `--last`, at the end, in the order of the keys.\n\n\
               `--ttl D` remembers a key over windows for D behind its first record, by event time where the chain \
               has one: when the watermark has come so far the key is new again. Records behind the watermark are \
               late, not new. With `--last` the last of each key comes when the key is forgotten.",
        examples: &[
            Example {
                title: "The first line of each user",
                session: "$ printf 'ann 1\\nbob 2\\nann 3\\n' | dstream distinct-by '$1'\nann 1\nbob 2\n",
            },
            Example {
                title: "The first line of each user, again after a minute",
                session: "$ printf '0 ann\\n40 ann\\n61 ann\\n70 ann\\n' | dstream --time '$1:s' --watermark 0s distinct-by '$2' --ttl 1m\n0 ann\n70 ann\n",
            },
            Example {
                title: "The last line of each user",
                session: "$ printf 'ann 1\\nbob 2\\nann 3\\n' | dstream distinct-by '$1' --last\nann 3\nbob 2\n",
            },
        ],
    },
    operands: &[K],
    flags: &[LAST, TTL],
    lower: |args, b| {
        b.pass();
        let keys = b.keys(args.operand(0))?;
        let keys = b.set_key(keys);
        let keys = keys.into_iter().map(|key| key.expr).collect();
        lower(keys, args, b)
    },
};

fn lower(keys: Vec<Expr>, args: &Args, b: &mut Builder<'_>) -> Result<(), Usage> {
    let last = args.has("last");
    let terms = lasting::terms(args, b)?;
    if terms.ttl.is_none() && terms.limits.keys.is_none() {
        return b.distinct(keys, last);
    }
    if terms.ttl.is_none() && (last || b.in_windows()) {
        if terms.limits.keys_most().is_none() {
            return b.distinct(keys, last);
        }
        return Err(
            b.fault("with --max-keys it needs --ttl D here, or neither --last nor a window")
        );
    }
    let lapse = match terms.ttl {
        Some(_) => b.lapse_of_ttl(),
        None => b.lapse_of_age(&terms.limits),
    };
    let word = if last { "distinct last" } else { "distinct" };
    let node = Ordered {
        text: lasting::text(word, &terms),
        keeps: lasting::keeps(
            "passes the first record of each key; remembers the keys",
            &terms,
        ),
        keys,
        args: Vec::new(),
        meaning: Meaning::Distinct {
            last,
            ttl: terms.ttl,
        },
        make: Arc::new(move |making| match last {
            true => Box::new(Last::new(lapse, terms.clone(), making)),
            false => Box::new(First::new(lapse, terms.clone(), making)),
        }),
    };
    b.ordered(node, Vec::new(), None);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check;

    #[test]
    fn equal_records_are_equal_lines_or_fields() {
        check(
            "text: distinct",
            "distinct  by line   scope forever\nsink      original lines\n",
        );
        check(
            "csv:a,b distinct --last",
            "distinct  by a, b   last   scope forever\nsink      original lines\n",
        );
    }

    #[test]
    fn its_key_goes_on() {
        check(
            "csv:a,b distinct-by a count-by-key",
            "distinct  by a   scope forever   carry a\naggregate keys a   aggs count() as count   scope forever\nsink      tsv: a, count\n",
        );
    }

    #[test]
    fn a_time_to_live_is_event_time_where_there_is_one() {
        check(
            "csv:t,a --time t distinct-by a --ttl 1h",
            "note      distinct-by: --ttl is by event time, which of files that end is known at their end; to forget before, give --watermark D\ntime      time(t)\nordered   distinct   ttl 1h   keys a\nsink      original lines\n",
        );
        check(
            "csv:t,a distinct-by a --ttl 1h",
            "time      arrival\nordered   distinct   ttl 1h   keys a\nsink      original lines\n",
        );
    }

    #[test]
    fn a_window_begins_anew() {
        check(
            "csv:t,a --time t window 1m distinct-by a count",
            "time      time(t)\nassign    window 1m   carry a\ndistinct  by a   scope its window\naggregate aggs count() as count   scope its window\nsink      tsv: window_start, count\n",
        );
    }
}
