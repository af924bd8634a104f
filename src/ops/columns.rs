//! `select`, `drop` and `rename`: which columns there are, and what they are called. No node runs for them.
//! Invariant: what a chain does not choose is not located in the input.

use super::prelude::*;

const FIELDS: Operand = Operand {
    name: "F,…",
    kind: Kind::Fields,
    help: "Fields, with commas between",
};

pub const SELECT: Operator = Operator {
    name: "select",
    group: Group::Records,
    doc: Doc {
        summary: "Only these columns, in this order",
        text: "A field is printed under the name that it was asked for by, so a JSON path `a.b` is a column \
               `a.b`. Fields that are not chosen are gone for what follows.",
        examples: &[
            Example {
                title: "Columns of a CSV file in another order",
                session: "$ printf 'a,b,c\\n1,2,3\\n' | dstream -i csv select c,a\n3\t1\n",
            },
            Example {
                title: "A path of JSON records",
                session: "$ printf '{\"id\":1,\"user\":{\"name\":\"ann\"}}\\n' | dstream -i json -o csv select id,user.name\nid,user.name\n1,ann\n",
            },
        ],
    },
    operands: &[FIELDS],
    flags: &[],
    lower: |args, b| b.select(args.operand(0)),
};

pub const DROP: Operator = Operator {
    name: "drop",
    group: Group::Records,
    doc: Doc {
        summary: "Without these columns",
        text: "The other columns stay as they are. Of JSON and logfmt records that are printed whole, the named \
               keys are left out.",
        examples: &[
            Example {
                title: "A CSV file without a column",
                session: "$ printf 'a,b,c\\n1,2,3\\n' | dstream -i csv -o csv drop b\na,c\n1,3\n",
            },
            Example {
                title: "JSON without a key",
                session: "$ printf '{\"a\":1,\"b\":2}\\n' | dstream -i json -o json drop b\n{\"a\":1}\n",
            },
        ],
    },
    operands: &[FIELDS],
    flags: &[],
    lower: |args, b| b.drop_fields(args.operand(0)),
};

pub const RENAME: Operator = Operator {
    name: "rename",
    group: Group::Records,
    doc: Doc {
        summary: "Give columns other names",
        text: "`rename A=B` calls A from here on B. All renamings of one `rename` happen at once, so `a=b,b=a` \
               swaps two names. A column that had the new name before is gone.",
        examples: &[
            Example {
                title: "A column of a CSV file",
                session: "$ printf 'a,b\\n1,2\\n' | dstream -i csv -o csv rename a=x\nx,b\n1,2\n",
            },
            Example {
                title: "A key of JSON records",
                session: "$ printf '{\"a\":1,\"b\":2}\\n' | dstream -i json -o json rename a=x\n{\"x\":1,\"b\":2}\n",
            },
        ],
    },
    operands: &[Operand {
        name: "A=B,…",
        kind: Kind::Renames,
        help: "Old names and new names",
    }],
    flags: &[],
    lower: |args, b| b.rename(args.operand(0)),
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn columns_come_in_the_order_asked_for() {
        check("csv:a,b,c select c,a", "sink      tsv: c, a\n");
        check(
            "json: select user.name,id",
            "sink      tsv: user.name, id\n",
        );
    }

    #[test]
    fn what_is_not_selected_is_gone() {
        refused("csv:a,b,c select c,a filter 'b>1'", "filter: no field 'b'");
    }

    #[test]
    fn drop_takes_out_of_whole_records() {
        check("csv:a,b,c drop b", "sink      tsv: a, c\n");
        check(
            "json: -o json drop b",
            "sink      json: whole records without b\n",
        );
        refused(
            "json: -o json drop b filter 'b>1'",
            "filter: no field 'b'; it was dropped",
        );
        refused(
            "json: drop a.b",
            "drop: 'a.b' is a part of a field; take what you need with select or map",
        );
    }

    #[test]
    fn rename_changes_names_at_once() {
        check("csv:a,b rename a=b,b=a", "sink      tsv: b, a\n");
        check(
            "csv:a,b rename a=x filter 'x>1' -o csv",
            "filter    x > 1\nsink      csv: x, b\n",
        );
        check("csv:a,b rename a=b", "sink      tsv: b\n");
        check(
            "json: -o json rename a=x",
            "sink      json: whole records without x, a as x\n",
        );
        refused(
            "csv:a,b rename a",
            "rename: 'a' is no renaming; write OLD=NEW",
        );
    }
}
