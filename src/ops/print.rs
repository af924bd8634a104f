//! `print`: the first rows of each batch below its time, as Spark prints them. Invariant: it ends the chain, and a
//! batch without a row has its header too.

use super::prelude::*;

pub const PRINT: Operator = Operator {
    name: "print",
    group: Group::Output,
    doc: Doc {
        summary: "Print the first N rows of each batch below its time, as Spark does",
        text: "The end of a chain. Each batch, or window, is a line of dashes, its time (the end of it, in \
               milliseconds since 1970), another line of dashes, the first N rows in the format that they would have \
               without `print`, a line `...` if there are more, and an empty line. An empty batch has this header \
               too; a window by count has no time. Without a window or batch the whole input is one batch, whose rows \
               are printed as they come.",
        examples: &[Example {
            title: "Two of each batch",
            session: "$ printf 'a\\nb\\nc\\nd\\n' | dstream --batch-lines 3 print 2 | head -n 6\n-------------------------------------------\nTime: 1000 ms\n-------------------------------------------\na\nb\n...\n",
        }],
    },
    operands: &[Operand {
        name: "N",
        kind: Kind::Count,
        help: "How many rows of each batch",
    }],
    flags: &[],
    lower: |args, b| {
        b.pass();
        let rows = args::count(args.operand(0)).map_err(|message| b.fault(message))?;
        b.print(rows)
    },
};
