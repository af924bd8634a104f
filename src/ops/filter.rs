//! `filter`: the records for which a condition is true. Refuses what is no condition. Invariant: false and null
//! are both no.

use super::prelude::*;
use crate::data::Type;

pub const FILTER: Operator = Operator {
    name: "filter",
    group: Group::Records,
    doc: Doc {
        summary: "Keep the records for which a condition is true",
        text: "EXPR is a condition: a comparison, a match, `and`, `or`, `not`, or a function that says yes or \
               no. A regex alone is matched against the line, as in awk. Put it in single quotes, so that the \
               shell leaves `$`, `<` and `>` alone.\n\n\
               A condition that is null, because a field is missing or is no number, does not keep the record. \
               Without `-o` the original lines pass byte for byte, so `filter` is a grep that knows fields; \
               behind an aggregate it is SQL's HAVING.",
        examples: &[
            Example {
                title: "Lines whose second word is above 400",
                session: "$ printf 'a 200\\nb 503\\nc 301\\n' | dstream filter '$2 > 400'\nb 503\n",
            },
            Example {
                title: "A grep",
                session: "$ printf 'ok\\nERROR disk\\n' | dstream filter '/ERROR/'\nERROR disk\n",
            },
            Example {
                title: "Keys that occur more than once",
                session: "$ printf 'a\\nb\\na\\n' | dstream count-by-key filter 'count > 1'\na\t2\n",
            },
        ],
    },
    operands: &[Operand {
        name: "EXPR",
        kind: Kind::Condition,
        help: "The condition",
    }],
    flags: &[],
    lower: |args, b| {
        b.pass();
        let source = args.operand(0);
        let keep = b.expression(source)?;
        if keep.ty != Type::Bool {
            return Err(no_condition(source, &keep));
        }
        b.push(NodeKind::Filter { keep });
        Ok(())
    },
};

fn no_condition(source: &str, keep: &Expr) -> Usage {
    let (what, remedy) = match keep.as_field() {
        Some(_) => (
            "only a field".to_string(),
            "did the shell take part of it? put the expression in single quotes",
        ),
        None => (
            format!("a {}", keep.ty.name()),
            "compare it with something, as in EXPR > 0",
        ),
    };
    Usage::new(format!(
        "filter needs a condition, '{source}' is {what}\n         ({remedy})"
    ))
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn a_filter_is_one_node_and_passes_lines() {
        check(
            "text: filter '$2 > 400'",
            "filter    $2 > 400\nsink      original lines\n",
        );
    }

    #[test]
    fn a_field_is_no_condition() {
        refused(
            "csv:a,status filter status",
            "filter needs a condition, 'status' is only a field\n         (did the shell take part of it? put the expression in single quotes)",
        );
        refused(
            "csv:a,status filter status+1",
            "filter needs a condition, 'status+1' is a number\n         (compare it with something, as in EXPR > 0)",
        );
    }
}
