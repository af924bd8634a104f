//! `transform`: each batch through a command, whose lines are the stream from there on. Invariant: rows that come back
//! have the window and the time of the batch that went out.

use super::foreach_batch::{CMD, KEEP_GOING};
use super::prelude::*;

pub const TRANSFORM: Operator = Operator {
    name: "transform",
    group: Group::Output,
    doc: Doc {
        summary: "Send each batch or window through a command",
        text: "As with `foreach-batch`, `sh -c CMD` reads the rows of each batch or window, or all that the run reads, \
               with the same variables in its environment; and the lines that it writes are the new stream. They are \
               read in the format that it was given. Of tab-separated values without a header the columns keep \
               their names by place, and further ones are `$4`, `$5`, …; of csv, and of tsv with `-H`, the command \
               writes a header too, and its columns are found by name; formats that cannot be read (`table`, \
               templates) are not given to a command, but tab-separated values in their place. Lines that nobody \
               changes behind it pass as they are.\n\n\
               What comes back has the window of what went out, and operators behind it go on working by window or \
               batch. A command that fails ends the run with 74, and its batch is not committed; what it has written \
               by then has gone on. With `--keep-going` the run goes on, and ends with 74.",
        examples: &[
            Example {
                title: "What the shell can do, in the middle of a chain",
                session: "$ printf 'b 2\\na 1\\nb 3\\n' | dstream transform 'sort' reduce-by '$1' sum:_2,first:_2\na\t1\t1\nb\t5\t2\n",
            },
            Example {
                title: "The loudest of each batch by a program of your own; one that fails does not end the run",
                session: "$ printf 'a\\na\\nb\\nc\\nc\\nc\\n' | dstream --batch-lines 3 count-by-key transform 'sort -k2nr | head -n 1' --keep-going map 'twice=count*2'\na\t2\t4\nc\t3\t6\n",
            },
        ],
    },
    operands: &[CMD],
    flags: &[KEEP_GOING],
    lower: |args, b| {
        b.pass();
        b.transform(args.operand(0), args.has("keep-going"))
    },
};
