//! `sort-by`: rows in order, and how an order is read. Invariant: equals keep the order they came in.

use super::prelude::*;
use crate::plan::builder::Ranking;
use crate::plan::names;
use crate::plan::node::SortKey;

pub const SORT_BY: Operator = Operator {
    name: "sort-by",
    group: Group::Order,
    doc: Doc {
        summary: "Records in order",
        text: "Within each window, or the whole input, by the fields in turn; `:desc` turns one around. Null comes \
               first, then everything that reads as a number by its value, then text by its bytes; equals keep \
               their order. Original lines pass as they are.",
        examples: &[
            Example {
                title: "Lines by their second word, largest first",
                session: "$ printf 'a 9\\nb 10\\nc 9\\n' | dstream sort-by '$2:desc'\nb 10\na 9\nc 9\n",
            },
            Example {
                title: "Counts, the most frequent last",
                session: "$ printf 'a\\na\\nb\\n' | dstream count-by-key sort-by count\nb\t1\na\t2\n",
            },
        ],
    },
    operands: &[Operand {
        name: "F[:desc],…",
        kind: Kind::SortKeys,
        help: "Fields or expressions, with commas between",
    }],
    flags: &[],
    lower: |args, b| {
        b.pass();
        let by = read(args.operand(0), false, b)?;
        b.sort(by, None, Vec::new(), Ranking::default());
        Ok(())
    },
};

/// Reads `F[:asc|:desc],…`; without a word the order is `descending`.
pub fn read(source: &str, descending: bool, b: &mut Builder<'_>) -> Result<Vec<SortKey>, Usage> {
    let mut keys = Vec::new();
    for (at, part) in names::split_list(source) {
        let (text, descending) = match names::last_colon(part) {
            Some(colon) => match &part[colon + 1..] {
                "asc" => (&part[..colon], false),
                "desc" => (&part[..colon], true),
                _ => (part, descending),
            },
            None => (part, descending),
        };
        let expr = b.expression_at(text, source, at)?;
        keys.push(SortKey { expr, descending });
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check;

    #[test]
    fn each_field_has_its_direction() {
        check(
            "csv:a,b sort-by a:desc,b",
            "sort      by a desc, b   scope forever\nsink      original lines\n",
        );
        check(
            "csv:a,b sort-by b:asc -o json",
            "sort      by b   scope forever   carry a, b\nsink      json: a, b\n",
        );
    }
}
