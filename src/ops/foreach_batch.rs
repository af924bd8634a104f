//! `foreach-batch`: each batch to a command, which is how results reach a database. Invariant: it ends the chain.

use super::prelude::*;

pub(super) const CMD: Operand = Operand {
    name: "CMD",
    kind: Kind::Command,
    help: "The command, as the shell takes it: one word here, in quotes",
};

pub(super) const KEEP_GOING: Flag = Flag {
    long: "keep-going",
    value: None,
    repeated: false,
    help: "A command that fails does not end the run: later batches run, and the run ends with 74",
};

pub const FOREACH_BATCH: Operator = Operator {
    name: "foreach-batch",
    group: Group::Output,
    doc: Doc {
        summary: "Give each batch or window to a command of its own",
        text: "The end of a chain. When a window or batch is complete, `sh -c CMD` is started, reads its rows on its \
               standard input, and the next one begins when it has ended. It reads what a pipe would get here: the \
               format of `-o`, else original lines, else tab-separated values; a header, where the format has one, \
               is written anew for each command. A batch (`--batch` and its kin) without a row is given too, as an \
               empty input; a window by event time is there only if a record is. Without a window or batch all that \
               a run reads is one batch: its command is started with the first row, and reads rows as they come.\n\n\
               In the command's environment are `DSTREAM_BATCH`, the number of the batch, which goes on over \
               restarts and is the same when a batch comes again, and, with batches or windows of time, \
               `DSTREAM_WINDOW_START` and `DSTREAM_WINDOW_END`. Its output and errors go where those of dstream \
               go.\n\n\
               A command that ends with another status than 0 ends the run with 74: its batch is not committed, and \
               with a checkpoint it is given again by the next run. So each batch is given at least once; \
               who must not take it twice remembers `DSTREAM_BATCH`. A command need not read all its input.",
        examples: &[
            Example {
                title: "A file for each batch",
                session: "$ cd \"$(mktemp -d)\" && printf 'a\\na\\nb\\nc\\n' | dstream --batch-lines 3 count-by-key foreach-batch 'cat > part-$DSTREAM_BATCH.tsv' && head part-*\n==> part-1.tsv <==\na\t2\nb\t1\n\n==> part-2.tsv <==\nc\t1\n",
            },
            Example {
                title: "One failure is no end",
                session: "$ printf '1\\n2\\n3\\n' | dstream --batch-lines 1 foreach-batch 'read n; echo \"got $n\"; test $n != 2' --keep-going\ngot 1\ngot 2\ngot 3\ndstream: foreach-batch: 1 of 3 commands failed; the first, of batch 2, ended with status 1\n? 74\n",
            },
        ],
    },
    operands: &[CMD],
    flags: &[KEEP_GOING],
    lower: |args, b| {
        b.pass();
        b.hand_over(args.operand(0), args.has("keep-going"))
    },
};
