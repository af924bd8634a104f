//! `distinct`: the first record of each key, or the last. Invariant: records pass as they are, in input order.

use super::prelude::*;

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
               the end, in the order of the keys.",
        examples: &[
            Example {
                title: "Each line once, in input order",
                session: "$ printf 'b\\na\\nb\\n' | dstream distinct\nb\na\n",
            },
            Example {
                title: "The last of each, in the order of their keys",
                session: "$ printf 'b\\na\\nb\\n' | dstream distinct --last\na\nb\n",
            },
        ],
    },
    operands: &[],
    flags: &[LAST],
    lower: |args, b| {
        b.pass();
        let keys = b.record_key().into_iter().map(|key| key.expr).collect();
        b.distinct(keys, args.has("last"));
        Ok(())
    },
};

pub const DISTINCT_BY: Operator = Operator {
    name: "distinct-by",
    group: Group::State,
    doc: Doc {
        summary: "The first record of each key",
        text: "Anew in each window, else over the whole input. The record passes whole and at once; with \
               `--last`, at the end, in the order of the keys.",
        examples: &[
            Example {
                title: "The first line of each user",
                session: "$ printf 'ann 1\\nbob 2\\nann 3\\n' | dstream distinct-by '$1'\nann 1\nbob 2\n",
            },
            Example {
                title: "The last line of each user",
                session: "$ printf 'ann 1\\nbob 2\\nann 3\\n' | dstream distinct-by '$1' --last\nann 3\nbob 2\n",
            },
        ],
    },
    operands: &[K],
    flags: &[LAST],
    lower: |args, b| {
        b.pass();
        let keys = b.keys(args.operand(0))?;
        let keys = b.set_key(keys);
        let keys = keys.into_iter().map(|key| key.expr).collect();
        b.distinct(keys, args.has("last"));
        Ok(())
    },
};

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
    fn a_window_begins_anew() {
        check(
            "csv:t,a --time t window 1m distinct-by a count",
            "time      time(t)\nassign    window 1m   carry a\ndistinct  by a   scope its window\naggregate aggs count() as count   scope its window\nsink      tsv: window_start, count\n",
        );
    }
}
