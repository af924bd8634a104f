//! `union`: two streams as one. Invariant: records of each stream keep their order.

use super::other;
use super::prelude::*;
use crate::plan::meaning::Meaning;
use crate::plan::node::{Custom, Turn};
use crate::state::join::union::{InWindows, Union};
use std::sync::Arc;

pub const UNION: Operator = Operator {
    name: "union",
    group: Group::State,
    doc: Doc {
        summary: "Merge another stream into this one",
        text: "Columns go by their names: what one stream has not is null in its records, and what both have is what \
               it is in this stream (in that of csv, text that may be a number). Of input that ends this stream comes first, then the other; else records come as they arrive; in a batch this stream's first.\n\n\
               Behind a window records of the other stream enter the one of their own time, and are late by their own \
               stream's watermark, as if the two had been one in front of it. Behind an operator that keeps a window \
               until it closes (an aggregate, `sort-by`, `top`) they wait for its end and come behind the rows that \
               come out then; there sessions and windows by count cannot be entered any more.",
        examples: &[
            Example {
                title: "One file behind the other",
                session: "$ printf 'a,b\\n1,2\\n' > l.csv; printf 'b,c\\n3,4\\n' > r.csv; dstream -i csv union r.csv l.csv -o csv\na,b,c\n1,2,\n,3,4\n",
            },
            Example {
                title: "Into windows",
                session: "$ printf 't,k\\n50,a\\n70,b\\n' > r.csv; printf 't,k\\n10,a\\n20,b\\n' > l.csv; dstream -i csv --time t:s window 1m union r.csv count-by k l.csv\n1970-01-01T00:00:00Z\ta\t2\n1970-01-01T00:00:00Z\tb\t1\n1970-01-01T00:01:00Z\tb\t1\n",
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
        let mut stream = other::stream(args, b)?;
        // A window that no record is in yet will have those of both streams.
        let window = b.united_window()?;
        let windowed = match &window {
            Some(window) => {
                stream.need_times()?;
                Some(InWindows {
                    fields: b.window_fields(),
                    size: window.size.most(),
                })
            }
            None => None,
        };
        let turn = match b.is_live() || stream.live {
            _ if b.goes_by_batch() => Turn::Any,
            true => Turn::Any,
            false => Turn::Last,
        };
        // Then what this stream holds back still comes first.
        let follows = turn == Turn::Last && b.holds_back();
        let mut right = stream.right(Vec::new(), Vec::new(), turn);
        right.merge = b.united(&stream);
        let text = match &window {
            Some(window) => format!("union in windows of {}", window.size),
            None => "union".into(),
        };
        b.put_right_into(&mut right, window);
        let node = NodeKind::Custom(Custom {
            text,
            keys: Vec::new(),
            args: Vec::new(),
            sets: Vec::new(),
            own_rows: false,
            carry: Vec::new(),
            right: Some(Box::new(right)),
            keeps: match windowed {
                Some(_) => "keeps both streams' records of a window until it is complete, then passes them, this stream's first; then freed".into(),
                None if follows => "passes this stream's records at once, and keeps the other's until the end, behind what is held in front; then freed".into(),
                None => "passes records of both streams at once; keeps nothing".into(),
            },
            meaning: Meaning::Union { windowed: windowed.is_some() },
            make: Arc::new(move |making| Box::new(Union::new(making, windowed, follows, making.merge.cloned()))),
        });
        b.unite(stream, node)
    },
};
