//! `avg:x` (`mean:x`): the exact sum over the count, rounded once, always a float.

use super::big::Big;
use super::exact::{Sums, nearest};
use super::{Accumulator, Aggregate, Need, Param, Rows, SCALE_MAX, Take, feed, same, saved};
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{ColumnBuilder, ColumnV, Type};
use std::any::Any;

pub const AVG: Aggregate = Aggregate {
    name: "avg",
    doc: Doc {
        summary: "The arithmetic mean",
        text: "The sum, which is exact, divided by the count of values and rounded once to the nearest \
               float. Null is left out; of no values the mean is null. `mean` is the same.",
        examples: &[Example {
            title: "Means by key",
            session: "$ printf 'a 1\\nb 2\\na 2\\n' | dstream reduce-by '$1' avg:_2\na\t1.5\nb\t2\n",
        }],
    },
    arg: Need::Number,
    param: Param::No,
    result: |_| Type::Float,
    make: |_| {
        Box::new(Mean {
            sums: Sums::new(SCALE_MAX),
            counts: Vec::new(),
        })
    },
    spark: "avg({0})",
    flink: "AVG({0})",
    no_sql: "",
};

struct Mean {
    sums: Sums,
    counts: Vec<u64>,
}

impl Mean {
    fn value(&self, group: usize) -> Option<f64> {
        let count = self.counts[group];
        if count == 0 {
            return None;
        }
        let value = match self.sums.small(group) {
            Some(units) => nearest(
                units,
                10u128.pow(self.sums.scale().into()) * u128::from(count),
            ),
            None => {
                let sum = self.sums.ratio(group);
                sum.over
                    .ratio(&sum.under().mul(&Big::from_i128(count.into())))
            }
        };
        value.is_finite().then_some(value)
    }
}

impl Take for Mean {
    fn scale(&mut self, scale: u8) -> i64 {
        self.sums.raise(scale);
        10i64.pow(u32::from(self.sums.scale() - scale))
    }

    #[inline(always)]
    fn exact(&mut self, group: usize, units: i64, factor: i64) {
        self.sums.add(group, i128::from(units) * i128::from(factor));
        self.counts[group] += 1;
    }

    fn float(&mut self, group: usize, value: f64) {
        self.sums.add_float(group, value);
        self.counts[group] += 1;
    }

    fn null(&mut self, _group: usize) {}
}

impl Accumulator for Mean {
    fn grow(&mut self, groups: usize) {
        self.sums.grow(groups);
        if self.counts.len() < groups {
            self.counts.resize(groups, 0);
        }
    }

    fn update(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>) {
        if let Some(column) = arg {
            feed(rows, column, self);
        }
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        let other = same::<Mean>(other);
        self.sums.merge(groups, &other.sums, theirs);
        for (&group, &from) in groups.iter().zip(theirs) {
            self.counts[group as usize] += other.counts[from as usize];
        }
    }

    fn emit(
        &self,
        groups: &[u32],
        _windows: Option<&[(i64, i64)]>,
        out: &mut ColumnBuilder,
        _scratch: &mut Vec<u8>,
    ) {
        for &group in groups {
            match self.value(group as usize) {
                Some(value) => out.float(value),
                None => out.null(),
            }
        }
    }

    fn bytes(&self) -> usize {
        self.sums.bytes() + self.counts.capacity() * 8
    }

    fn clear(&mut self) {
        self.sums.clear();
        self.counts.clear();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn save(&self, to: &mut Save) {
        self.sums.save(to);
        to.put_slice(&self.counts);
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.sums.load(from, groups)?;
        self.counts = saved::counts(from, groups)?;
        self.grow(groups);
        Ok(())
    }
}
