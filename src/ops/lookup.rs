//! `lookup`: fields of a table in memory. Invariant: records pass in input order, those of one record in the
//! table's.

use super::other;
use super::prelude::*;
use crate::data::time::SECOND;
use crate::plan::node::{Lookup, Matching, Turn};

const RELOAD: Flag = Flag {
    long: "reload",
    value: Some(("D", Kind::Duration)),
    repeated: false,
    help: "How often to look whether the file has changed; 1s by default",
};

pub const LOOKUP: Operator = Operator {
    name: "lookup",
    group: Group::State,
    doc: Doc {
        summary: "Add the fields of a table in a file",
        text: "The table is read whole before the run, and again when its file changes. Each record goes on \
               with the fields of the row that has its key; several such rows give several records. Without a row \
               it goes no further, unless `--left` is given. Null equals nothing.\n\n\
               `PREFIX.f` is the table's field f (PREFIX is `--as`, else the base of the file's name); a plain f \
               is this stream's, or the table's where this stream has none.",
        examples: &[
            Example {
                title: "Names for numbers",
                session: "$ printf 'id,name\\n1,ann\\n2,bob\\n' > users.csv; printf 'id,n\\n2,7\\n3,8\\n1,9\\n' | dstream -i csv lookup users.csv --on id\n2\t7\tbob\n1\t9\tann\n",
            },
            Example {
                title: "Records without a row, too",
                session: "$ printf 'id,name\\n1,ann\\n' > users.csv; printf 'id,n\\n3,8\\n1,9\\n' | dstream -i csv lookup users.csv --on id --left\n3\t8\t\n1\t9\tann\n",
            },
            Example {
                title: "Only those without",
                session: "$ printf 'id,name\\n1,ann\\n' > users.csv; printf 'id,n\\n3,8\\n1,9\\n' | dstream -i csv lookup users.csv --on id --anti\n3\t8\n",
            },
            Example {
                title: "Other names for the key and the fields, and another format",
                session: "$ printf '10.0.0.1 de\\n' > geo; printf '{\"ip\":\"10.0.0.1\"}\\n' | dstream -i json lookup geo --right-format text --on 'ip=$1' --as g map 'country=g.`$2`' -o json\n{\"ip\":\"10.0.0.1\",\"g.line\":\"10.0.0.1 de\",\"country\":\"de\"}\n",
            },
            Example {
                title: "Look for a new table each minute",
                session: "$ printf 'id,name\\n1,ann\\n' > users.csv; printf 'id\\n1\\n' | dstream -i csv lookup users.csv --on id --reload 1m\n1\tann\n",
            },
        ],
    },
    operands: &[Operand {
        name: "SOURCE",
        kind: Kind::Source,
        help: "The table's file",
    }],
    flags: &[
        other::ON,
        other::LEFT,
        other::ANTI,
        other::AS,
        other::RIGHT_FORMAT,
        RELOAD,
    ],
    lower: |args, b| {
        let kind = match other::one_of(args, &["left", "anti"], b)? {
            Some("left") => Matching::Left,
            Some(_) => Matching::Anti,
            None => Matching::Inner,
        };
        let reload = match args.flag("reload") {
            Some(word) => {
                args::duration(word).map_err(|message| b.fault(format!("--reload: {message}")))?
            }
            None => SECOND,
        };
        let mut stream = other::stream(args, b)?;
        let on = other::on(args, &mut stream, b)?;
        let mut right = stream.right(
            on.iter().map(|on| on.right.clone()).collect(),
            Vec::new(),
            Turn::First,
        );
        right.merge = b.merging(&stream, &on, kind);
        let node = NodeKind::Lookup(Box::new(Lookup {
            right,
            keys: on.iter().map(|on| on.left.clone()).collect(),
            kind,
            carry: Vec::new(),
            reload,
        }));
        b.join(stream, &on, kind, node)
    },
};
