//! `cogroup`: `group-by` of two streams together. Invariant: a key gives one row, whichever side has it.

use super::other;
use super::prelude::*;
use crate::data::Type;
use crate::plan::custom::{Ordered, OwnRows};
use crate::plan::keys::Key;
use crate::plan::meaning::Meaning;
use crate::plan::node::{Scope, Turn};
use crate::plan::when::UNBOUNDED;
use crate::state::join::cogroup::Cogroup;
use std::sync::Arc;

pub const COGROUP: Operator = Operator {
    name: "cogroup",
    group: Group::State,
    doc: Doc {
        summary: "Group two streams by key together",
        text: "For each key one list per other field of both streams, in the order of arrival, as `group-by` \
               gives them; lists of a stream that has not the key are empty. In a window when it closes, else at \
               the end of the input. The other stream's fields have the names that `join` gives them. Null equals \
               nothing, so records without a key of one stream never stand with those of the other.",
        examples: &[
            Example {
                title: "What two files have of each key",
                session: "$ printf 'id,x\\n1,a\\n2,b\\n1,c\\n' > r.csv; printf 'id,y\\n3,p\\n1,q\\n' > l.csv; dstream -i csv cogroup r.csv --on id l.csv -o json\n{\"id\":1,\"y\":[\"q\"],\"x\":[\"a\",\"c\"]}\n{\"id\":2,\"y\":[],\"x\":[\"b\"]}\n{\"id\":3,\"y\":[\"p\"],\"x\":[]}\n",
            },
            Example {
                title: "In windows, with a prefix",
                session: "$ printf 't,k\\n10,1\\n' > b.csv; printf 't,k\\n30,1\\n70,1\\n' > a.csv; dstream -i csv --time t:s window 1m cogroup b.csv --on k --as b select k,t,b.t a.csv -o json\n{\"k\":1,\"t\":[30],\"b.t\":[10]}\n{\"k\":1,\"t\":[70],\"b.t\":[]}\n",
            },
            Example {
                title: "Another format, with times and a disorder bound of its own",
                session: "$ printf '12 1\\n' > b.log; printf 't,k\\n10,1\\n' > a.csv; dstream -i csv --time t:s window 1m cogroup b.log --right-format text --right-time '$1' --right-watermark 1s --on 'k=$2' select k,t,line a.csv -o json\n{\"k\":1,\"t\":[10],\"line\":[\"12 1\"]}\n",
            },
        ],
    },
    operands: &[other::SOURCE],
    flags: &[
        other::ON,
        other::AS,
        other::RIGHT_FORMAT,
        other::RIGHT_TIME,
        other::RIGHT_WATERMARK,
    ],
    lower: |args, b| {
        let mut stream = other::stream(args, b)?;
        let mut window = None;
        let windowed = b.row_scope() == Scope::Rows;
        if windowed {
            window = b.right_window(&mut stream)?;
        } else if b.is_live() || stream.live {
            return Err(b.fault("the input need not end; put a window in front"));
        }
        let shown = windowed && !b.is_batched();
        let on = other::on(args, &mut stream, b)?;
        let labels: Vec<String> = on.iter().map(|on| on.label.clone()).collect();
        let same: Vec<String> = on.iter().filter_map(|on| on.name.clone()).collect();
        let left = b.columns_but(&labels);
        let right = stream.fields(&same);
        let list = |ty: &Type| Type::List(Box::new(ty.clone()));
        let mut fields: Vec<(String, Type)> = Vec::new();
        for (name, expr) in &left {
            fields.push((name.clone(), list(&expr.ty)));
        }
        for (name, expr) in &right {
            let clashes = fields.iter().any(|(other, _)| other == name) || labels.contains(name);
            fields.push((stream.label(name, clashes), list(&expr.ty)));
        }
        let types = |fields: &[(String, Expr)]| -> Vec<Type> {
            fields.iter().map(|(_, expr)| expr.ty.clone()).collect()
        };
        let of_sides = [types(&left), types(&right)];
        let key_types: Vec<Type> = on.iter().map(|on| on.left.ty.clone()).collect();
        let keys = on.iter().map(|on| on.right.clone()).collect();
        let args_of_right = right.into_iter().map(|(_, expr)| expr).collect();
        let mut right = stream.right(keys, args_of_right, Turn::Any);
        let text = match &window {
            Some(window) => format!("cogroup in windows of {}", window.size),
            None => "cogroup whole".into(),
        };
        right.window = window;
        let node = Ordered {
            text,
            keeps: match windowed {
                true => "keeps both streams' records of a window until it is complete, then prints its keys".into(),
                false => format!("keeps both streams' records; prints the keys at the end of the input; {UNBOUNDED} with the records (no window)"),
            },
            keys: on.iter().map(|on| on.left.clone()).collect(),
            args: left.into_iter().map(|(_, expr)| expr).collect(),
            meaning: Meaning::Own("lists of both sides in one row, empty where a side has nothing, have no counterpart"),
        make: Arc::new(move |making| {
                Box::new(Cogroup::new(
                    making,
                    key_types.clone(),
                    of_sides.clone(),
                    windowed,
                    shown,
                ))
            }),
        };
        let rows = OwnRows {
            windowed: shown,
            shows_end: false,
            keys: on
                .into_iter()
                .map(|on| Key {
                    name: crate::plan::names::quoted(&on.label),
                    expr: on.left,
                })
                .collect(),
            fields,
        };
        b.cogroup(stream, node, rows, right);
        Ok(())
    },
};
