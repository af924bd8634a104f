//! `top`: the largest rows of each window or of the whole input. Invariant: without `--ties` at most N rows of a
//! window (of each `--per`) pass.

use super::order;
use super::prelude::*;
use crate::plan::node::SortKey;
use crate::plan::ranking::Ranking;

pub const TOP: Operator = Operator {
    name: "top",
    group: Group::Order,
    doc: Doc {
        summary: "The largest N, by the first aggregate",
        text: "Behind an aggregate: the N rows whose first aggregate is the largest, largest first, those that \
               are equal in the order of their keys; anew in each window. `--by` names the fields to go by \
               instead, each the largest first unless `:asc` stands behind it.\n\n\
               Without an aggregate `--by` is needed, and whole records come out.",
        examples: &[
            Example {
                title: "The most frequent lines",
                session: "$ printf 'a\\nb\\nb\\nc\\n' | dstream count-by-key top 2\nb\t2\na\t1\n",
            },
            Example {
                title: "Whole records by a field",
                session: "$ printf 'k,v\\na,1\\nb,3\\nc,2\\n' | dstream -i csv top 2 --by v\nb\t3\nc\t2\n",
            },
            Example {
                title: "The smallest of each key",
                session: "$ printf 'k,v\\na,1\\nb,3\\na,2\\n' | dstream -i csv top 1 --by v:asc --per k\na\t1\nb\t3\n",
            },
            Example {
                title: "Those that are equal to the last, too",
                session: "$ printf 'a\\nb\\nb\\nc\\n' | dstream count-by-key top 2 --ties\nb\t2\na\t1\nc\t1\n",
            },
            Example {
                title: "With their ranks",
                session: "$ printf 'a\\nb\\nb\\n' | dstream count-by-key top 2 --rank\nb\t2\t1\na\t1\t2\n",
            },
        ],
    },
    operands: &[Operand {
        name: "N",
        kind: Kind::Count,
        help: "How many",
    }],
    flags: &[
        Flag {
            long: "by",
            value: Some(("F[:asc],…", Kind::SortKeys)),
            repeated: false,
            help: "The fields to go by, instead of the first aggregate",
        },
        Flag {
            long: "per",
            value: Some(("K", Kind::Keys)),
            repeated: false,
            help: "The largest N of each K",
        },
        Flag {
            long: "ties",
            value: None,
            repeated: false,
            help: "Also what equals the last of them",
        },
        Flag {
            long: "rank",
            value: None,
            repeated: false,
            help: "Add a field `rank`: 1, 2, …",
        },
    ],
    lower: |args, b| {
        let limit = args::count(args.operand(0)).map_err(|message| b.fault(message))?;
        let ranked = b.ranked();
        let mut by = match (args.flag("by"), &ranked) {
            (Some(fields), _) => order::read(fields, true, b)?,
            (None, Some((first, _))) => vec![SortKey {
                expr: first.clone(),
                descending: true,
            }],
            (None, None) => {
                return Err(
                    b.fault("there is no aggregate to go by; name the fields with --by F,…")
                );
            }
        };
        let how = Ranking {
            ties: args.has("ties"),
            rank: args.has("rank"),
        };
        // Rows that are equal come by key. With --ties they are equal only in what was asked for; then they
        // keep their order, which is that of their keys.
        if let (Some((_, keys)), false) = (ranked, how.ties) {
            by.extend(keys.into_iter().map(|expr| SortKey {
                expr,
                descending: false,
            }));
        }
        let per = match args.flag("per") {
            Some(source) => b.keys(source)?.into_iter().map(|key| key.expr).collect(),
            None => Vec::new(),
        };
        b.sort(by, Some(limit), per, how)
    },
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn the_first_aggregate_decides_then_the_key() {
        check(
            "csv:k,v reduce-by k sum:v,count top 3",
            "aggregate keys k   aggs sum(number(v)) as sum_v, count() as count   scope forever\nsort      by sum_v desc, k   limit 3   scope forever   carry k, sum_v, count\nsink      tsv: k, sum_v, count\n",
        );
    }

    #[test]
    fn flags_change_the_order() {
        check(
            "csv:k,v,w top 2 --by v:asc,w --per k --ties --rank select k,rank",
            "sort      by v, w desc   limit 2   per k   with ties   rank   scope forever   carry k\nsink      tsv: k, rank\n",
        );
    }

    #[test]
    fn whole_records_need_by() {
        refused(
            "csv:k,v top 2",
            "top: there is no aggregate to go by; name the fields with --by F,…",
        );
        refused(
            "csv:k,v count-by k top count",
            "top: 'count' is not a whole number; is the number missing before the operator `count`?",
        );
    }

    #[test]
    fn whole_records_are_put_into_their_window_first() {
        check(
            "csv:t,v --time t window 1m top 1 --by v",
            "time      time(t)\nassign    window 1m   carry t, v\nsort      by v desc   limit 1   scope its window   carry t, v, window_start\nsink      tsv: window_start, t, v\n",
        );
    }
}
