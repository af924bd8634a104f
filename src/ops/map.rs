//! `map` and `flat-map`: new columns out of old ones. Invariant: every expression of one `map` sees the record as
//! it came in.

use super::prelude::*;
use crate::data::{FieldId, Type};
use crate::expr;

pub const MAP: Operator = Operator {
    name: "map",
    group: Group::Records,
    doc: Doc {
        summary: "Add or replace fields",
        text: "Each NAME becomes a field with the value of its EXPR; a field of that name is replaced and keeps \
               its place in the output. All EXPR see the record as it came in, so `map a=b,b=a` swaps; to build \
               on a new field write a second `map`.\n\n\
               A comma inside parentheses, brackets or quotes belongs to the expression.",
        examples: &[
            Example {
                title: "A share in percent",
                session: "$ printf 'n,bad\\n200,3\\n' | dstream -i csv map 'pct=100*bad/n'\n200\t3\t1.5\n",
            },
            Example {
                title: "Two fields swapped",
                session: "$ printf 'a,b\\n1,2\\n' | dstream -i csv -o csv map a=b,b=a\na,b\n2,1\n",
            },
        ],
    },
    operands: &[Operand {
        name: "NAME=EXPR,…",
        kind: Kind::Assignments,
        help: "Fields and their values",
    }],
    flags: &[],
    lower: |args, b| {
        let source = args.operand(0);
        let list =
            expr::parse_assignments(source).map_err(|faults| b.diagnosed(faults, source, 0))?;
        let mut values: Vec<(String, Expr)> = Vec::with_capacity(list.len());
        for (name, ast) in list {
            if values.iter().any(|(other, _)| *other == name) {
                return Err(b.fault(format!("'{name}' is set twice")));
            }
            let value = b.compile(&ast, source, 0)?;
            values.push((name, value));
        }
        let columns: Vec<(FieldId, Expr)> = values
            .into_iter()
            .map(|(name, value)| (b.add_shown(&name, value.ty.clone()), value))
            .collect();
        b.project(columns);
        Ok(())
    },
};

pub const FLAT_MAP: Operator = Operator {
    name: "flat-map",
    group: Group::Records,
    doc: Doc {
        summary: "One record for each item of a list",
        text: "EXPR is a list, such as `words($0)`, `split(x, \",\")`, `matches(x, /#\\w+/)` or a JSON array. For \
               each of its items the record goes on with the item as the field NAME; an empty list or null gives \
               none. The record's other fields stay.",
        examples: &[
            Example {
                title: "Word count",
                session: "$ printf 'to be\\nor not to be\\n' | dstream flat-map 'w=words($0)' count-by w\nbe\t2\nnot\t1\nor\t1\nto\t2\n",
            },
            Example {
                title: "Tags of JSON records",
                session: "$ printf '{\"id\":1,\"tags\":[\"x\",\"y\"]}\\n{\"id\":2,\"tags\":[]}\\n' | dstream -i json flat-map tag=tags select id,tag\n1\tx\n1\ty\n",
            },
        ],
    },
    operands: &[Operand {
        name: "NAME=EXPR",
        kind: Kind::Assignment,
        help: "The new field and the list",
    }],
    flags: &[],
    lower: |args, b| {
        let source = args.operand(0);
        let mut assignments =
            expr::parse_assignments(source).map_err(|faults| b.diagnosed(faults, source, 0))?;
        let (Some((name, ast)), true) = (assignments.pop(), assignments.is_empty()) else {
            return Err(b.fault("takes one NAME=EXPR; write a second flat-map for another list"));
        };
        let list = b.compile(&ast, source, 0)?;
        let item = match &list.ty {
            Type::List(item) => (**item).clone(),
            Type::Json => Type::Json,
            other => {
                return Err(b.fault(format!(
                    "needs a list, '{source}' is a {}; make one with words(x), split(x, \",\") or matches(x, /re/)",
                    other.name()
                )));
            }
        };
        let into = b.add_shown(&name, item);
        b.push(NodeKind::Explode {
            list,
            into,
            carry: Vec::new(),
        });
        Ok(())
    },
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn map_keeps_the_place_of_what_it_replaces() {
        check(
            "csv:a,b map 'a=b+1,c=a'",
            "project   a = b + 1, c = a\nsink      tsv: a, b, c\n",
        );
    }

    #[test]
    fn flat_map_carries_what_is_read_later() {
        check(
            "csv:id,tags flat-map 'tag=split(tags, \";\")' select id,tag",
            "explode   tag = split(tags, \";\")   carry id\nsink      tsv: id, tag\n",
        );
    }

    #[test]
    fn flat_map_needs_a_list() {
        refused(
            "csv:id,tags flat-map tag=tags",
            "flat-map: needs a list, 'tag=tags' is a field; make one with words(x), split(x, \",\") or matches(x, /re/)",
        );
    }
}
