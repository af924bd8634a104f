//! `hist:x:W`: how many values fall into each bucket of width W. Lists no empty buckets.

use super::{Accumulator, Aggregate, Call, Need, Param, Rows, Take, feed, same, saved};
use crate::bytes::number::settled;
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved, number_of, number_parts};
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
    spark: "",
    flink: "",
    no_sql: "an aggregate of buckets and counts has no counterpart",
};

struct Hist {
    width: Number,
    groups: Vec<Buckets>,
    scale: u8,
    held: usize,
}

/// The lower edge of a bucket of floats, and its count.
type FloatEdge = ((u8, i64), u64);

/// Counts of one group.
#[derive(Default)]
struct Buckets {
    /// Of exact numbers, by how many widths their edge is from 0.
    exact: BTreeMap<i128, u64>,
    /// Of floats, by edge.
    floats: BTreeMap<Number, u64>,
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
            held: 0,
        }
    }

    fn add(&mut self, group: usize, place: Place, count: u64) {
        let buckets = &mut self.groups[group];
        let before = buckets.exact.len() + buckets.floats.len();
        *match place {
            Place::Exact(widths) => buckets.exact.entry(widths).or_default(),
            Place::Float(edge) => buckets.floats.entry(edge).or_default(),
        } += count;
        self.held += buckets.exact.len() + buckets.floats.len() - before;
    }

    /// The counts of one group as they were put.
    fn buckets(&self, exact: Vec<(i128, u64)>, floats: Vec<FloatEdge>) -> Result<Buckets, Damaged> {
        let counts = exact.iter().map(|bucket| bucket.1);
        saved::total(counts.chain(floats.iter().map(|bucket| bucket.1)))?;
        let wide = match self.width {
            Number::Exact { units, .. } => i128::from(units),
            Number::Float(_) => 1,
        };
        if exact
            .iter()
            .any(|(widths, _)| widths.checked_mul(wide).is_none())
        {
            return Err(Damaged);
        }
        let mut edges = BTreeMap::new();
        for (edge, count) in floats {
            edges.insert(number_of(edge)?.finite().ok_or(Damaged)?, count);
        }
        Ok(Buckets {
            exact: exact.into_iter().collect(),
            floats: edges,
        })
    }

    /// The bucket that a number is in.
    fn place(&self, number: Number) -> Place {
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
            return Place::Exact(lift(units, scale).div_euclid(lift(wide, fine)));
        }
        let width = self.width.to_f64();
        let edge = (number.to_f64() / width).floor() * width;
        // A quotient beyond all floats: the number is its own bucket.
        Place::Float(if edge.is_finite() {
            Number::Float(edge)
        } else {
            number
        })
    }

    /// The buckets of a group by edge.
    fn edges(&self, group: usize) -> BTreeMap<Number, u64> {
        let buckets = &self.groups[group];
        let mut edges = buckets.floats.clone();
        if let Number::Exact { units, scale } = self.width {
            for (&widths, &count) in &buckets.exact {
                *edges
                    .entry(settled(widths * i128::from(units), scale))
                    .or_default() += count;
            }
        }
        edges
    }
}

enum Place {
    Exact(i128),
    Float(Number),
}

impl Take for Hist {
    fn scale(&mut self, scale: u8) -> i64 {
        self.scale = scale;
        1
    }

    fn exact(&mut self, group: usize, units: i64, _factor: i64) {
        let place = self.place(Number::Exact {
            units,
            scale: self.scale,
        });
        self.add(group, place, 1);
    }

    fn float(&mut self, group: usize, value: f64) {
        let place = self.place(Number::Float(value));
        self.add(group, place, 1);
    }

    fn null(&mut self, _group: usize) {}
}

impl Accumulator for Hist {
    fn grow(&mut self, groups: usize) {
        if self.groups.len() < groups {
            self.groups.resize_with(groups, Buckets::default);
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
            for (&widths, &count) in &other.groups[from as usize].exact {
                self.add(group as usize, Place::Exact(widths), count);
            }
            for (&edge, &count) in &other.groups[from as usize].floats {
                self.add(group as usize, Place::Float(edge), count);
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
            for (i, (edge, count)) in self.edges(group as usize).into_iter().enumerate() {
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
        self.groups.capacity() * size_of::<Buckets>() + self.held * 40
    }

    fn clear(&mut self) {
        self.groups.clear();
        self.held = 0;
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn save(&self, to: &mut Save) {
        let lists = self.groups.iter().map(|buckets| {
            let exact = buckets.exact.iter();
            let floats = buckets.floats.iter();
            let exact = exact.map(|(&widths, &count)| (widths, count));
            let floats = floats.map(|(&edge, &count)| (number_parts(edge), count));
            (exact.collect(), floats.collect())
        });
        to.put(&lists.collect::<Vec<(Vec<(i128, u64)>, Vec<FloatEdge>)>>());
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.clear();
        let lists: Vec<(Vec<(i128, u64)>, Vec<FloatEdge>)> = from.take()?;
        if lists.len() > groups {
            return Err(Damaged);
        }
        let lists = lists.into_iter();
        let loaded: Result<Vec<Buckets>, Damaged> = lists
            .map(|(exact, floats)| self.buckets(exact, floats))
            .collect();
        self.groups = loaded?;
        let held = self.groups.iter();
        let held = held.map(|buckets| buckets.exact.len() + buckets.floats.len());
        self.held = held.sum();
        self.grow(groups);
        Ok(())
    }
}
