//! `count-window`: a key's records by their number. Invariant: as with `window`, it does nothing alone.

use super::prelude::*;
use crate::plan::grouping::Shape;

pub const COUNT_WINDOW: Operator = Operator {
    name: "count-window",
    group: Group::Windows,
    doc: Doc {
        summary: "Put every N records of a key into one window",
        text: "In the order of the input, whatever their times: the aggregate that follows prints at each Nth \
               record of a key, and begins anew; with `--slide-rows M` at each Mth record, over the last N. A part \
               window at the end of the input is printed with `--partial yes`, which is the default without a \
               slide. Its rows have no bounds; their time is that of their newest record: a window behind it that is over \
               by then takes no part window, which is told as late.\n\n\
               The key is that of the operator ending in `-by` that follows, else the key in force; without either \
               records are counted over the whole stream. What `filter` drops behind it is in its window all the same; with \
               `filter` in front, windows are of the records that it keeps. A row of an aggregate is all that its \
               window has, so that what follows takes the rows of all of them.\n\n\
               A second stream (`join`, `cogroup`) is in no such window: which record of two streams is the Nth \
               would be for chance to say. `union` in front counts both as one, as they come.",
        examples: &[
            Example {
                title: "Means of each three",
                session: "$ seq 7 | dstream count-window 3 reduce n=count,'avg:$1'\n3\t2\n3\t5\n1\t7\n",
            },
            Example {
                title: "The last two of a key, at each record",
                session: "$ printf 'a 1\\nb 5\\na 3\\na 8\\n' | dstream count-window 2 --slide-rows 1 reduce-by '$1' 'sum:$2'\na\t1\nb\t5\na\t4\na\t11\n",
            },
            Example {
                title: "Only whole windows",
                session: "$ seq 7 | dstream count-window 3 --partial no reduce 'sum:$1'\n6\n15\n",
            },
        ],
    },
    operands: &[Operand {
        name: "N",
        kind: Kind::Count,
        help: "How many records",
    }],
    flags: &[
        Flag {
            long: "slide-rows",
            value: Some(("M", Kind::Count)),
            repeated: false,
            help: "Print at each Mth record, over the last N",
        },
        Flag {
            long: "partial",
            value: Some(("yes|no", Kind::Field)),
            repeated: false,
            help: "Whether a part window is printed at the end: yes without --slide-rows, else no",
        },
    ],
    lower: |args, b| {
        let size = args::count(args.operand(0)).map_err(|message| b.fault(message))?;
        let slide = match args.flag("slide-rows") {
            Some(word) => Some(
                args::count(word).map_err(|message| b.fault(format!("--slide-rows {message}")))?,
            ),
            None => None,
        };
        let partial = match args.flag("partial") {
            Some("yes") => true,
            Some("no") => false,
            Some(word) => return Err(b.fault(format!("--partial '{word}' is neither yes nor no"))),
            None => slide.is_none(),
        };
        b.shape(Shape::Count {
            size,
            slide,
            partial,
        })
    },
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn a_part_window_is_printed_unless_windows_overlap() {
        check(
            "csv:k,v count-window 10 reduce-by k avg:v",
            "ordered   group avg(number(v)) as avg_v 10 rows partial   keys k   of number(v)\nsink      tsv: k, avg_v\n",
        );
        check(
            "csv:k,v key-by k count-window 10 --slide-rows 2 count",
            "ordered   group count() as count 10 rows slide 2   keys k\nsink      tsv: k, count\n",
        );
    }

    #[test]
    fn rows_are_of_their_newest_records_time() {
        check(
            "csv:t,k,v --time t count-window 10 reduce-by k avg:v window 1h count",
            "time      time(t)\nordered   group avg(number(v)) as avg_v 10 rows partial   keys k   of number(v)\naggregate aggs count() as count   scope window 1h\nsink      tsv: window_start, count\n",
        );
        refused(
            "csv:k,v count-window 10 reduce-by k avg:v window 1h count",
            "window: rows of 'reduce-by k avg:v' have no time; put the window in front of it",
        );
    }

    #[test]
    fn numbers_are_checked() {
        refused(
            "csv:k,v count-window count",
            "count-window: 'count' is not a whole number; is the number missing before the operator `count`?",
        );
        refused(
            "csv:k,v count-window 3 --partial maybe count",
            "count-window: --partial 'maybe' is neither yes nor no",
        );
    }
}
