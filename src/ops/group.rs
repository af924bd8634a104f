//! `group-by`: lists of what each key's records hold. Invariant: the lists of one row are of one length.

use super::prelude::*;
use super::window;
use crate::plan::keys::Key;

pub const GROUP_BY: Operator = Operator {
    name: "group-by",
    group: Group::Aggregates,
    doc: Doc {
        summary: "One list per other field, by key",
        text: "For each key a row with one list for every other field, under the field's name, in the order of \
               arrival; of a line of text, a list of the lines under the name `$0`. Fields of json and logfmt are \
               those of the first record: records with others are counted and told, and `select` in front names the \
               fields. The lists are held in memory.",
        examples: &[Example {
            title: "The values of each key",
            session: "$ printf 'k,v\\na,1\\nb,2\\na,3\\n' | dstream -i csv group-by k\na\t[1,3]\nb\t[2]\n",
        }],
    },
    operands: &[K],
    flags: &[],
    lower: |args, b| {
        let keys = b.keys(args.operand(0))?;
        group(keys, b)
    },
};

pub const GROUP_BY_KEY: Operator = Operator {
    name: "group-by-key",
    group: Group::Aggregates,
    doc: Doc {
        summary: "One list per other field, by the key in force",
        text: "`group-by` with the key that `key-by` or an operator ending in `-by` has set.",
        examples: &[Example {
            title: "Lines by their first word",
            session: "$ printf 'a 1\\nb 2\\na 3\\n' | dstream key-by '$1' group-by-key\na\t[\"a 1\",\"a 3\"]\nb\t[\"b 2\"]\n",
        }],
    },
    operands: &[],
    flags: &[],
    lower: |_, b| {
        let keys = b.key()?;
        group(keys, b)
    },
};

pub const GROUP_BY_KEY_AND_WINDOW: Operator = Operator {
    name: "group-by-key-and-window",
    group: Group::Windows,
    doc: Doc {
        summary: "Lists by the key in force, of each window",
        text: "`window D group-by-key` in one word, as Spark Streaming's groupByKeyAndWindow.",
        examples: &[
            Example {
                title: "The values of each key and minute",
                session: "$ printf 't,k,v\\n2026-11-20T10:00:05Z,a,1\\n2026-11-20T10:00:40Z,a,2\\n' | dstream -i csv --time t key-by k select v group-by-key-and-window 1m\n2026-11-20T10:00:00Z\ta\t[1,2]\n",
            },
            Example {
                title: "In windows that overlap",
                session: "$ printf 't,k,v\\n2026-11-20T10:00:05Z,a,1\\n' | dstream -i csv --time t key-by k select v group-by-key-and-window 2m --slide 1m\n2026-11-20T09:59:00Z\ta\t[1]\n2026-11-20T10:00:00Z\ta\t[1]\n",
            },
        ],
    },
    operands: &[D],
    flags: &[SLIDE],
    lower: |args, b| {
        let keys = b.key()?;
        window::lower(args, b)?;
        group(keys, b)
    },
};

fn group(keys: Vec<Key>, b: &mut Builder<'_>) -> Result<(), Usage> {
    let exprs: Vec<Expr> = keys.iter().map(|key| key.expr.clone()).collect();
    let untold = b.untold();
    let lists = b.collected(&exprs);
    b.aggregate_calls(keys, lists)?;
    b.have_lists(untold);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check;

    #[test]
    fn every_other_field_has_a_list() {
        check(
            "csv:k,a,b group-by k",
            "aggregate keys k   aggs group(a) as a, group(b) as b   scope forever\nsink      tsv: k, a, b\n",
        );
        check(
            "text: group-by '$1'",
            "aggregate keys $1   aggs group(line) as $0   scope forever\nsink      tsv: $1, $0\n",
        );
        check(
            "json: group-by a",
            "others    counted\naggregate keys a   aggs group(b) as b   scope forever\nsink      tsv: a, b\n",
        );
    }
}
