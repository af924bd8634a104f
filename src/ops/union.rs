//! `union`: two streams as one. Invariant: records of each stream keep their order.

use super::other;
use super::prelude::*;
use crate::plan::meaning::Meaning;
use crate::plan::node::{Custom, Turn};
use crate::state::join::union::Union;
use std::sync::Arc;

pub const UNION: Operator = Operator {
    name: "union",
    group: Group::State,
    doc: Doc {
        summary: "Merge another stream into this one",
        text: "Columns go by their names: what one stream has not is null in its records. Of input that ends this \
               stream comes first, then the other; else records come as they arrive.",
        examples: &[
            Example {
                title: "One file behind the other",
                session: "$ printf 'a,b\\n1,2\\n' > l.csv; printf 'b,c\\n3,4\\n' > r.csv; dstream -i csv union r.csv l.csv -o csv\na,b,c\n1,2,\n,3,4\n",
            },
            Example {
                title: "Another format, with times and a disorder bound of its own",
                session: "$ printf 't,k\\n10,a\\n' > l.csv; printf '{\"at\":20,\"k\":\"a\"}\\n' > r.log; dstream -i csv --time t:s union r.log --right-format json --right-time at --right-watermark 1s window 1m count-by k l.csv\n1970-01-01T00:00:00Z\ta\t2\n",
            },
        ],
    },
    operands: &[other::SOURCE],
    flags: &[
        other::RIGHT_FORMAT,
        other::RIGHT_TIME,
        other::RIGHT_WATERMARK,
    ],
    lower: |args, b| {
        if b.is_windowed() {
            return Err(b.fault("its records would be in no window; put it in front of the window"));
        }
        let stream = other::stream(args, b)?;
        let turn = match b.is_live() || stream.live {
            _ if b.goes_by_batch() => Turn::Any,
            true => Turn::Any,
            false => Turn::Last,
        };
        let merge = other::merging(b.united(&stream));
        let right = stream.right(Vec::new(), Vec::new(), turn);
        let node = NodeKind::Custom(Custom {
            text: "union".into(),
            keys: Vec::new(),
            args: Vec::new(),
            sets: Vec::new(),
            own_rows: false,
            carry: Vec::new(),
            right: Some(Box::new(right)),
            keeps: "passes records of both streams at once; keeps nothing".into(),
            meaning: Meaning::Union,
            make: Arc::new(move |making| Box::new(Union::new(making, merge.clone()))),
        });
        b.unite(stream, node)
    },
};
