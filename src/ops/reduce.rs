//! `reduce` in all its forms: aggregates of records, by key, by window. Invariant: the aggregates' columns come
//! in the order they were asked for.

use super::prelude::*;
use super::window;

pub const REDUCE: Operator = Operator {
    name: "reduce",
    group: Group::Aggregates,
    doc: Doc {
        summary: "Aggregates of all records",
        text: "One row, of each window or else of the whole input. An aggregate is `[NAME=]FUNC[:EXPR[:PARAMETER]]`, \
               such as `count`, `n=count`, `sum:bytes`, `p99:ms`, `count_if:status>=500`; see `help functions`. Its \
               column is called NAME, or else by what it is: `sum_bytes`.",
        examples: &[Example {
            title: "A sum and a mean",
            session: "$ printf '1\\n2\\n6\\n' | dstream reduce 'total=sum:$1,avg:$1' -o json\n{\"total\":9,\"avg_1\":3}\n",
        }],
    },
    operands: &[A],
    flags: &[],
    lower: |args, b| b.aggregate(Vec::new(), args.operand(0)),
};

pub const REDUCE_BY: Operator = Operator {
    name: "reduce-by",
    group: Group::Aggregates,
    doc: Doc {
        summary: "Aggregates by key",
        text: "One row for each key: its fields, then the aggregates. What aggregates there are, `reduce` tells.",
        examples: &[Example {
            title: "Sums of a CSV file",
            session: "$ printf 'r,q\\nn,1\\ns,2\\nn,0.5\\n' | dstream -i csv reduce-by r sum:q,max:q\nn\t1.5\t1\ns\t2\t2\n",
        }],
    },
    operands: &[K, A],
    flags: &[],
    lower: |args, b| {
        let keys = b.keys(args.operand(0))?;
        b.aggregate(keys, args.operand(1))
    },
};

pub const REDUCE_BY_KEY: Operator = Operator {
    name: "reduce-by-key",
    group: Group::Aggregates,
    doc: Doc {
        summary: "Aggregates by the key in force",
        text: "`reduce-by` with the key that `key-by` or an operator ending in `-by` has set; of text without one, \
               the line.",
        examples: &[Example {
            title: "The largest of each key",
            session: "$ printf 'a 1\\nb 5\\na 3\\n' | dstream key-by '$1' reduce-by-key 'max:$2'\na\t3\nb\t5\n",
        }],
    },
    operands: &[A],
    flags: &[],
    lower: |args, b| {
        let keys = b.key()?;
        b.aggregate(keys, args.operand(0))
    },
};

pub const REDUCE_BY_WINDOW: Operator = Operator {
    name: "reduce-by-window",
    group: Group::Windows,
    doc: Doc {
        summary: "Aggregates of each window",
        text: "`window D reduce A` in one word, as Spark Streaming's reduceByWindow.",
        examples: &[
            Example {
                title: "A sum each minute",
                session: "$ printf 't,n\\n2026-11-20T10:00:05Z,1\\n2026-11-20T10:00:40Z,2\\n2026-11-20T10:01:10Z,4\\n' | dstream -i csv --time t reduce-by-window 1m sum:n\n2026-11-20T10:00:00Z\t3\n2026-11-20T10:01:00Z\t4\n",
            },
            Example {
                title: "The same over two minutes, each minute",
                session: "$ printf 't,n\\n2026-11-20T10:00:05Z,1\\n2026-11-20T10:01:10Z,4\\n' | dstream -i csv --time t reduce-by-window 2m sum:n --slide 1m\n2026-11-20T09:59:00Z\t1\n2026-11-20T10:00:00Z\t5\n2026-11-20T10:01:00Z\t4\n",
            },
        ],
    },
    operands: &[D, A],
    flags: &[SLIDE],
    lower: |args, b| {
        window::lower(args, b)?;
        b.aggregate(Vec::new(), args.operand(1))
    },
};

pub const REDUCE_BY_KEY_AND_WINDOW: Operator = Operator {
    name: "reduce-by-key-and-window",
    group: Group::Windows,
    doc: Doc {
        summary: "Aggregates of each window by the key in force",
        text: "`window D reduce-by-key A` in one word, as Spark Streaming's reduceByKeyAndWindow. How windows that \
               overlap share their work is the engine's own choice; there is no inverse function to give.",
        examples: &[
            Example {
                title: "A sum each minute and key",
                session: "$ printf 't,k,n\\n2026-11-20T10:00:05Z,a,1\\n2026-11-20T10:00:40Z,a,2\\n2026-11-20T10:01:10Z,b,4\\n' | dstream -i csv --time t key-by k reduce-by-key-and-window 1m sum:n\n2026-11-20T10:00:00Z\ta\t3\n2026-11-20T10:01:00Z\tb\t4\n",
            },
            Example {
                title: "In windows that overlap",
                session: "$ printf 't,k,n\\n2026-11-20T10:00:05Z,a,1\\n' | dstream -i csv --time t key-by k reduce-by-key-and-window 2m sum:n --slide 1m\n2026-11-20T09:59:00Z\ta\t1\n2026-11-20T10:00:00Z\ta\t1\n",
            },
        ],
    },
    operands: &[D, A],
    flags: &[SLIDE],
    lower: |args, b| {
        let keys = b.key()?;
        window::lower(args, b)?;
        b.aggregate(keys, args.operand(1))
    },
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn aggregates_have_names() {
        check(
            "csv:k,v reduce-by k n=count,sum:v",
            "aggregate keys k   aggs count() as n, sum(number(v)) as sum_v   scope forever\nsink      tsv: k, n, sum_v\n",
        );
        refused(
            "csv:k,v reduce n=sum:v,n=count",
            "reduce: two columns are called 'n'",
        );
    }

    #[test]
    fn the_key_goes_on_behind_an_aggregate() {
        check(
            "csv:k,j,v reduce-by k,j sum:v reduce-by-key n=count",
            "aggregate keys k, j   aggs sum(number(v)) as sum_v   scope forever\naggregate keys k, j   aggs count() as n   scope forever\nsink      tsv: k, j, n\n",
        );
    }

    #[test]
    fn a_window_goes_on_behind_an_aggregate() {
        check(
            "csv:t,k --time t window 1m count-by k reduce max:count",
            "time      time(t)\naggregate keys k   aggs count() as count   scope window 1m\naggregate aggs max(count) as max_count   scope its window\nsink      tsv: window_start, max_count\n",
        );
    }
}
