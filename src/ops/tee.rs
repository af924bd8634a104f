//! `tee`: a copy of the stream to a file. Invariant: the stream goes on as if it were not there.

use super::prelude::*;
use crate::plan::files;

pub const TEE: Operator = Operator {
    name: "tee",
    group: Group::Output,
    doc: Doc {
        summary: "Write a copy of the stream to a file",
        text: "The file gets what standard output would get at this place: original lines where only filters and \
               their like stand before, else tab-separated values. The endings `.csv`, `.tsv`, `.json` and \
               `.ndjson` decide otherwise.\n\n\
               In front of `head` the file has all records that `head` needed; how many more had been read by then is \
               accident. Behind it the file has just those.",
        examples: &[Example {
            title: "Errors to a file, their number on the terminal",
            session: "$ cd \"$(mktemp -d)\" && printf 'ok\\nERROR 1\\n' | dstream filter '/ERROR/' tee errors.log count && cat errors.log\n1\nERROR 1\n",
        }],
    },
    operands: &[Operand {
        name: "FILE",
        kind: Kind::File,
        help: "The file that is written",
    }],
    flags: &[],
    lower: |args, b| {
        b.pass();
        let path = args.operand(0);
        if path.is_empty() {
            return Err(b.fault("the name of the file is empty"));
        }
        if files::is_pattern(path) || files::is_socket(path) {
            return Err(b.fault(format!(
                "'{path}' is no file; patterns and sockets are for --output, at the end of a chain"
            )));
        }
        b.tee(path)
    },
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::check;

    #[test]
    fn a_copy_is_what_the_output_would_be() {
        check(
            "csv:a,b filter 'a>1' tee x.log count",
            "filter    a > 1\ntee       x.log, original lines\naggregate aggs count() as count   scope forever\nsink      tsv: count\n",
        );
        check(
            "csv:a,b tee x.json",
            "tee       x.json, a, b\nsink      original lines\n",
        );
    }
}
