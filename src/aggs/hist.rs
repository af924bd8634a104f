//! `hist:x:W`: how many values fall into each bucket of width W. Lists no empty buckets.

use super::{Accumulator, Aggregate, Call, Need, Param, Rows, Take, feed, same};
use crate::bytes::number::settled;
use crate::data::doc::{Doc, Example};
use crate::data::{ColumnBuilder, ColumnV, Number, Type};
use std::any::Any;
use std::collections::BTreeMap;

pub const HIST: Aggregate = Aggregate {
    name: "hist",
    doc: Doc {
        summary: "A list of buckets and counts",
        text: "`hist:x:W` counts the values in buckets of width W. The result is JSON: a list of pairs, the \
               lower edge of a bucket (as `bucket(x,W)`) and its count, by edge; buckets without values are \
               left out. Null is left out.",
        examples: &[Example {
            title: "Times in buckets of ten",
            session: "$ printf '3\\n12\\n17\\n40\\n' | dstream reduce 'hist:$1:10'\n[[0,1],[10,2],[40,1]]\n",
        }],
    },
    arg: Need::Number,
    param: Param::Required,
    result: |_| Type::Json,
    make: |call| Box::new(Hist::new(call)),
};

struct Hist {
    width: Number,
    groups: Vec<BTreeMap<Number, u64>>,
    scale: u8,
    buckets: usize,
}

impl Hist {
    fn new(call: &Call) -> Hist {
        let width = call
            .param
            .as_ref()
            .and_then(|text| Number::parse(text.as_bytes()));
        let width = width.filter(|width| *width > Number::ZERO);
        let one = Number::Exact { units: 1, scale: 0 };
        Hist {
            width: width.unwrap_or(one),
            groups: Vec::new(),
            scale: 0,
            buckets: 0,
        }
    }

    fn add(&mut self, group: usize, edge: Number, count: u64) {
        let counts = &mut self.groups[group];
        let before = counts.len();
        *counts.entry(edge).or_default() += count;
        self.buckets += counts.len() - before;
    }

    /// The lower edge of the bucket that a number is in.
    fn edge(&self, number: Number) -> Number {
        if let (
            Number::Exact { units, scale },
            Number::Exact {
                units: wide,
                scale: fine,
            },
        ) = (number, self.width)
        {
            let finest = scale.max(fine);
            let lift =
                |units: i64, scale: u8| i128::from(units) * 10i128.pow((finest - scale).into());
            let width = lift(wide, fine);
            return settled(lift(units, scale).div_euclid(width) * width, finest);
        }
        let width = self.width.to_f64();
        let edge = (number.to_f64() / width).floor() * width;
        // A quotient beyond all floats: the number is its own bucket.
        if edge.is_finite() {
            Number::Float(edge)
        } else {
            number
        }
    }
}

impl Take for Hist {
    fn scale(&mut self, scale: u8) -> i64 {
        self.scale = scale;
        1
    }

    fn exact(&mut self, group: usize, units: i64, _factor: i64) {
        let edge = self.edge(Number::Exact {
            units,
            scale: self.scale,
        });
        self.add(group, edge, 1);
    }

    fn float(&mut self, group: usize, value: f64) {
        let edge = self.edge(Number::Float(value));
        self.add(group, edge, 1);
    }

    fn null(&mut self, _group: usize) {}
}

impl Accumulator for Hist {
    fn grow(&mut self, groups: usize) {
        if self.groups.len() < groups {
            self.groups.resize_with(groups, BTreeMap::new);
        }
    }

    fn update(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>) {
        if let Some(column) = arg {
            feed(rows, column, self);
        }
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        let other = same::<Hist>(other);
        for (&group, &from) in groups.iter().zip(theirs) {
            for (&edge, &count) in &other.groups[from as usize] {
                self.add(group as usize, edge, count);
            }
        }
    }

    fn emit(
        &self,
        groups: &[u32],
        _windows: Option<&[(i64, i64)]>,
        out: &mut ColumnBuilder,
        scratch: &mut Vec<u8>,
    ) {
        let mut text = Vec::new();
        for &group in groups {
            text.clear();
            text.push(b'[');
            for (i, (edge, &count)) in self.groups[group as usize].iter().enumerate() {
                text.extend_from_slice(if i == 0 { b"[" } else { b",[" });
                edge.write(&mut text);
                text.push(b',');
                super::count::whole(count).write(&mut text);
                text.push(b']');
            }
            text.push(b']');
            out.bytes(&text, scratch);
        }
    }

    fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<BTreeMap<Number, u64>>() + self.buckets * 40
    }

    fn clear(&mut self) {
        self.groups.clear();
        self.buckets = 0;
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
