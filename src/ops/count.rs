//! The counts: `count`, `count-by`, `count-by-key`, `count-by-value`, and the words that are a window and a
//! count in one. Invariant: each lowers to the same node as `reduce` with `count`.

use super::prelude::*;
use super::window;
use crate::data::Type;
use crate::plan::custom::{Ordered, OwnRows};
use crate::plan::keys::Key;
use crate::plan::meaning::Meaning;
use crate::plan::node::Scope;
use crate::plan::scopes::Windows;
use crate::state::heavy::Heavy;
use std::sync::Arc;

const HEAVY: Flag = Flag {
    long: "heavy",
    value: Some(("N", Kind::Count)),
    repeated: false,
    help: "With N counters, for the most frequent keys; adds `error`, by how much a count may be too large",
};

pub const COUNT: Operator = Operator {
    name: "count",
    group: Group::Aggregates,
    doc: Doc {
        summary: "Count records",
        text: "One row with the column `count`: of each window, else of the whole input, where it is 0 for an \
               empty one.",
        examples: &[
            Example {
                title: "How many lines",
                session: "$ printf 'a\\nb\\n' | dstream count\n2\n",
            },
            Example {
                title: "How many keys",
                session: "$ printf 'a\\nb\\na\\n' | dstream count-by-key count\n2\n",
            },
        ],
    },
    operands: &[],
    flags: &[],
    lower: |_, b| {
        b.even_of_nothing();
        b.aggregate(Vec::new(), "count")
    },
};

pub const COUNT_BY: Operator = Operator {
    name: "count-by",
    group: Group::Aggregates,
    doc: Doc {
        summary: "Count records by key",
        text: "One row for each key: its fields, and the column `count`. Rows come in the order of their keys; \
               put `top N` behind it for the most frequent. Null is a key like another. Where a key is called \
               `count`, as in `count-by-key count-by count`, the number is `count_2`.\n\n\
               `--heavy N` keeps N counters however many keys there are (Space-Saving; Metwally, Agrawal, El Abbadi \
               2005): a count is never too small, and too large by `error` at most, which is at most a share of \
               1/N of all records; so every key with a larger share is there. With `--exact` all keys are \
               counted and `error` is 0.",
        examples: &[
            Example {
                title: "By a field",
                session: "$ printf 'a 200\\nb 404\\nc 200\\n' | dstream count-by '$2'\n200\t2\n404\t1\n",
            },
            Example {
                title: "By two fields, with a header",
                session: "$ printf 'h,s\\na,1\\nb,2\\na,1\\n' | dstream -i csv -H count-by h,s\nh\ts\tcount\na\t1\t2\nb\t2\t1\n",
            },
            Example {
                title: "The most frequent, with two counters",
                session: "$ printf 'a\\nb\\na\\nc\\na\\n' | dstream -H count-by '$1' --heavy 2 top 1\n$1\tcount\terror\na\t3\t0\n",
            },
            Example {
                title: "By an expression",
                session: "$ printf '3\\n12\\n15\\n' | dstream count-by 'bucket($1,10)'\n0\t1\n10\t2\n",
            },
        ],
    },
    operands: &[K],
    flags: &[HEAVY],
    lower: |args, b| {
        let keys = b.keys(args.operand(0))?;
        counts(keys, args, b)
    },
};

pub const COUNT_BY_KEY: Operator = Operator {
    name: "count-by-key",
    group: Group::Aggregates,
    doc: Doc {
        summary: "Count records by the key in force",
        text: "The key is what `key-by` or an operator ending in `-by` has set. Unset, the key of a line of text \
               is the whole line, so this alone is `sort | uniq -c` that needs no sort.",
        examples: &[
            Example {
                title: "How often each line occurs",
                session: "$ printf 'a\\nb\\na\\n' | dstream count-by-key\na\t2\nb\t1\n",
            },
            Example {
                title: "With two counters: c took over that of b",
                session: "$ printf 'a\\nb\\na\\nc\\na\\n' | dstream count-by-key --heavy 2\na\t3\t0\nc\t2\t1\n",
            },
            Example {
                title: "By a key that was set before",
                session: "$ printf 'h,n\\na,1\\nb,2\\na,3\\n' | dstream -i csv key-by h filter 'n<3' count-by-key\na\t1\nb\t1\n",
            },
        ],
    },
    operands: &[],
    flags: &[HEAVY],
    lower: |args, b| {
        let keys = b.key()?;
        counts(keys, args, b)
    },
};

pub const COUNT_BY_VALUE: Operator = Operator {
    name: "count-by-value",
    group: Group::Aggregates,
    doc: Doc {
        summary: "Count equal records",
        text: "Records are equal if all their fields are; lines of text, JSON and logfmt if the lines are.",
        examples: &[
            Example {
                title: "Equal rows of a CSV file",
                session: "$ printf 'a,b\\n1,2\\n3,4\\n1,2\\n' | dstream -i csv count-by-value\n1\t2\t2\n3\t4\t1\n",
            },
            Example {
                title: "The most frequent with ten counters",
                session: "$ printf 'a,b\\n1,2\\n3,4\\n1,2\\n' | dstream -i csv count-by-value --heavy 10 top 1\n1\t2\t2\t0\n",
            },
        ],
    },
    operands: &[],
    flags: &[HEAVY],
    lower: |args, b| {
        let keys = b.record_key();
        counts(keys, args, b)
    },
};

pub const COUNT_BY_WINDOW: Operator = Operator {
    name: "count-by-window",
    group: Group::Windows,
    doc: Doc {
        summary: "Count the records of each window",
        text: "`window D count` in one word, as Spark Streaming's countByWindow.",
        examples: &[
            Example {
                title: "Records a minute",
                session: "$ printf 't\\n2026-11-20T10:00:05Z\\n2026-11-20T10:00:40Z\\n2026-11-20T10:01:10Z\\n' | dstream -i csv --time t count-by-window 1m\n2026-11-20T10:00:00Z\t2\n2026-11-20T10:01:00Z\t1\n",
            },
            Example {
                title: "The last two minutes, each minute",
                session: "$ printf 't\\n2026-11-20T10:00:05Z\\n2026-11-20T10:01:10Z\\n' | dstream -i csv --time t count-by-window 2m --slide 1m\n2026-11-20T09:59:00Z\t1\n2026-11-20T10:00:00Z\t2\n2026-11-20T10:01:00Z\t1\n",
            },
        ],
    },
    operands: &[D],
    flags: &[SLIDE],
    lower: |args, b| {
        window::lower(args, b)?;
        b.even_of_nothing();
        b.aggregate(Vec::new(), "count")
    },
};

pub const COUNT_BY_VALUE_AND_WINDOW: Operator = Operator {
    name: "count-by-value-and-window",
    group: Group::Windows,
    doc: Doc {
        summary: "Count equal records of each window",
        text: "`window D count-by-value` in one word, as Spark Streaming's countByValueAndWindow.",
        examples: &[
            Example {
                title: "Equal lines, a minute",
                session: "$ printf '2026-11-20T10:00:05Z\\n2026-11-20T10:00:05Z\\n2026-11-20T10:01:10Z\\n' | dstream --time '$1' count-by-value-and-window 1m\n2026-11-20T10:00:00Z\t2026-11-20T10:00:05Z\t2\n2026-11-20T10:01:00Z\t2026-11-20T10:01:10Z\t1\n",
            },
            Example {
                title: "The same, in windows that overlap",
                session: "$ printf '2026-11-20T10:00:05Z\\n' | dstream --time '$1' count-by-value-and-window 2m --slide 1m\n2026-11-20T09:59:00Z\t2026-11-20T10:00:05Z\t1\n2026-11-20T10:00:00Z\t2026-11-20T10:00:05Z\t1\n",
            },
        ],
    },
    operands: &[D],
    flags: &[SLIDE],
    lower: |args, b| {
        window::lower(args, b)?;
        let keys = b.record_key();
        b.aggregate(keys, "count")
    },
};

/// Counts by key, all of them or the most frequent.
fn counts(keys: Vec<Key>, args: &Args, b: &mut Builder<'_>) -> Result<(), Usage> {
    let Some(word) = args.flag("heavy") else {
        return b.aggregate(keys, "count");
    };
    let most = args::count(word).map_err(|message| b.fault(format!("--heavy {message}")))?;
    if b.options().exact {
        b.aggregate(keys, "count")?;
        let zero = b.expression("0")?;
        let error = b.add_shown("error", Type::Number);
        b.project(vec![(error, zero)]);
        return Ok(());
    }
    let windowed = b.row_scope() == Scope::Rows;
    let windows = b.windows_of_rows();
    let bounded = windows != Windows::No;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let exprs: Vec<Expr> = keys.iter().map(|key| key.expr.clone()).collect();
    let types: Vec<Type> = exprs.iter().map(|expr| expr.ty.clone()).collect();
    let scope = if windowed { "its window" } else { "forever" };
    let node = Ordered {
        text: format!("count with {most} counters   scope {scope}"),
        keeps: format!("keeps {most} counters, printed when their window or the input ends"),
        keys: exprs,
        args: Vec::new(),
        meaning: Meaning::Own(
            "counters that are given up for others (--heavy) have no counterpart; count-by counts all keys",
        ),
        make: Arc::new(move |making| {
            Box::new(Heavy::new(most, (windowed, bounded), types.clone(), making))
        }),
    };
    let rows = OwnRows {
        windows,
        keys,
        fields: vec![
            ("count".into(), Type::Number),
            ("error".into(), Type::Number),
        ],
    };
    b.ordered_rows(node, rows, None);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn counts_are_aggregates() {
        check(
            "text: count",
            "aggregate aggs count() as count   scope forever\nsink      tsv: count\n",
        );
        check(
            "text: count-by '$1'",
            "aggregate keys $1   aggs count() as count   scope forever\nsink      tsv: $1, count\n",
        );
        check(
            "csv:a,b,c count-by-value",
            "aggregate keys a, b, c   aggs count() as count   scope forever\nsink      tsv: a, b, c, count\n",
        );
    }

    #[test]
    fn the_most_frequent_have_counters() {
        check(
            "csv:t,k --time t window 1m count-by k --heavy 10 top 3",
            "time      time(t)\nassign    window 1m   carry k\nordered   count with 10 counters   scope its window   keys k\nsort      by count desc, k   limit 3   scope its window   carry window_start, k, count, error\nsink      tsv: window_start, k, count, error\n",
        );
    }

    #[test]
    fn the_key_of_text_is_its_line() {
        check(
            "text: count-by-key",
            "aggregate keys $0   aggs count() as count   scope forever\nsink      tsv: line, count\n",
        );
        refused(
            "csv:a,b count-by-key",
            "count-by-key: no key is set; put key-by K in front, or name the key with an operator as count-by K",
        );
    }

    #[test]
    fn one_word_forms_have_a_window() {
        check(
            "csv:t,b --time t count-by-window 1m",
            "time      time(t)\naggregate aggs count() as count   scope window 1m\nsink      tsv: window_start, count\n",
        );
        refused(
            "csv:t,b --time t count-by-window count",
            "count-by-window: 'count' is not a duration; is the size missing before the operator `count`?",
        );
    }

    #[test]
    fn an_operators_name_may_be_a_key() {
        check(
            "csv:filter,b count-by filter",
            "aggregate keys filter   aggs count() as count   scope forever\nsink      tsv: filter, count\n",
        );
        refused(
            "csv:a,b count-by top",
            "count-by: no field 'top'; is the key missing before the operator `top`?",
        );
    }
}
