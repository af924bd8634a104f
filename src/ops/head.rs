//! `head` and `sample`: a part of the stream. Invariant: both pass records as they are.

use super::prelude::*;

pub const HEAD: Operator = Operator {
    name: "head",
    group: Group::Records,
    doc: Doc {
        summary: "The first N records, then stop reading",
        text: "N is of the whole stream, not of each window. When N have passed nothing more is read, and \
               what is told of the records (bad, late, how many) ends with the last one needed. Behind windows that time closes, \
               how much was read by then is accident, and nothing is told of it.",
        examples: &[
            Example {
                title: "The first match",
                session: "$ printf 'ok\\nERROR 1\\nERROR 2\\n' | dstream filter '/ERROR/' head 1\nERROR 1\n",
            },
            Example {
                title: "A CSV file keeps its header",
                session: "$ printf 'a,b\\n1,2\\n3,4\\n' | dstream -i csv head 1\na,b\n1,2\n",
            },
        ],
    },
    operands: &[Operand {
        name: "N",
        kind: Kind::Count,
        help: "How many",
    }],
    flags: &[],
    lower: |args, b| {
        b.pass();
        let rows = args::count(args.operand(0)).map_err(|message| b.fault(message))?;
        b.push(NodeKind::Limit { rows });
        Ok(())
    },
};

pub const SAMPLE: Operator = Operator {
    name: "sample",
    group: Group::Records,
    doc: Doc {
        summary: "A share of the records, the same each time",
        text: "P is a share such as 0.01 or 1%. A hash of the line decides, so equal lines share their fate, every \
               run gives the same, and a smaller share is a part of a larger one.",
        examples: &[Example {
            title: "All of them",
            session: "$ printf 'a\\nb\\n' | dstream sample 100%\na\nb\n",
        }],
    },
    operands: &[Operand {
        name: "P",
        kind: Kind::Share,
        help: "The share: 0.01 or 1%",
    }],
    flags: &[],
    lower: |args, b| {
        b.pass();
        let share = args::share(args.operand(0)).map_err(|message| b.fault(message))?;
        if let Some(before) = b.aggregate_before() {
            return Err(b.fault(format!(
                "chooses by the line, and rows of '{before}' are no lines; put it in front"
            )));
        }
        // Saturates: the whole is every hash but the very last, which `u64::MAX` stands for.
        let below = (share * 2f64.powi(64)) as u64;
        b.push(NodeKind::Sample { below });
        Ok(())
    },
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn parts_of_a_stream_pass_lines() {
        check(
            "csv:a,b head 3",
            "limit     3 rows\nsink      original lines\n",
        );
        check(
            "csv:a,b sample 50%",
            "sample    below 9223372036854775808\nsink      original lines\n",
        );
    }

    #[test]
    fn a_sample_needs_lines() {
        refused(
            "text: count-by-key sample 1%",
            "sample: chooses by the line, and rows of 'count-by-key' are no lines; put it in front",
        );
        refused(
            "text: head 0",
            "head: '0' is too small; it must be 1 or more",
        );
        refused(
            "text: head count",
            "head: 'count' is not a whole number; is the number missing before the operator `count`?",
        );
    }
}
