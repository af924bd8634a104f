//! `rate`, `rate:x`: records, or the sum of a value, per second. Refuses to divide by no time: null.

use super::big::Big;
use super::exact::{Sums, nearest};
use super::span::Times;
use super::{Accumulator, Aggregate, Need, Param, Rows, SCALE_MAX, Take, feed, same, saved};
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{ColumnBuilder, ColumnV, Type};
use std::any::Any;

pub const RATE: Aggregate = Aggregate {
    name: "rate",
    doc: Doc {
        summary: "Records per second of the window; with an expression its sum per second",
        text: "`rate` is the count of records divided by the length of the window in seconds, `rate:EXPR` the \
               sum divided by it. Without a window the length is from the earliest record to the latest by \
               event time; if that is nothing, or there is no event time, the rate is null.",
        examples: &[Example {
            title: "Records per second",
            session: "$ printf 't,n\\n1700000000,5\\n1700000004,7\\n' | dstream -i csv --time t reduce rate,rate:n\n\
                      0.5\t3\n",
        }],
    },
    arg: Need::OptionalNumber,
    param: Param::No,
    result: |_| Type::Float,
    make: |_| {
        Box::new(Rate {
            sums: Sums::new(SCALE_MAX),
            counts: Vec::new(),
            times: Times::default(),
        })
    },
    spark: "count(*) / {s};sum({0}) / {s}",
    flink: "COUNT(*) / {s};SUM({0}) / {s}",
    no_sql: "without a window of fixed size there is no length to divide by",
};

struct Rate {
    /// Of the values, or of the records, one each.
    sums: Sums,
    counts: Vec<u64>,
    times: Times,
}

impl Rate {
    fn value(&self, group: usize, window: Option<(i64, i64)>) -> Option<f64> {
        let length = match window {
            Some((start, end)) => i128::from(end) - i128::from(start),
            None => i128::from(self.times.span(group)?),
        };
        if self.counts[group] == 0 || length <= 0 {
            return None;
        }
        const SECOND: i128 = 1_000_000_000;
        let small = self
            .sums
            .small(group)
            .and_then(|units| units.checked_mul(SECOND));
        let under = 10u128
            .pow(self.sums.scale().into())
            .checked_mul(length.unsigned_abs());
        let value = match (small, under) {
            (Some(over), Some(under)) => nearest(over, under),
            _ => {
                let sum = self.sums.ratio(group);
                let over = sum.over.mul(&Big::from_i128(SECOND));
                over.ratio(&sum.under().mul(&Big::from_i128(length)))
            }
        };
        value.is_finite().then_some(value)
    }
}

impl Take for Rate {
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

impl Accumulator for Rate {
    fn grow(&mut self, groups: usize) {
        self.sums.grow(groups);
        self.times.grow(groups);
        if self.counts.len() < groups {
            self.counts.resize(groups, 0);
        }
    }

    fn update(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>) {
        self.times.update(rows, None);
        match arg {
            Some(column) => feed(rows, column, self),
            None => rows.each(|group, _| self.exact(group, 1, 1)),
        }
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        let other = same::<Rate>(other);
        self.sums.merge(groups, &other.sums, theirs);
        self.times.merge(groups, &other.times, theirs);
        for (&group, &from) in groups.iter().zip(theirs) {
            self.counts[group as usize] += other.counts[from as usize];
        }
    }

    fn emit(
        &self,
        groups: &[u32],
        windows: Option<&[(i64, i64)]>,
        out: &mut ColumnBuilder,
        _scratch: &mut Vec<u8>,
    ) {
        for (i, &group) in groups.iter().enumerate() {
            let window = windows.and_then(|windows| windows.get(i)).copied();
            match self.value(group as usize, window) {
                Some(value) => out.float(value),
                None => out.null(),
            }
        }
    }

    fn bytes(&self) -> usize {
        self.sums.bytes() + self.times.bytes() + self.counts.capacity() * 8
    }

    fn clear(&mut self) {
        self.sums.clear();
        self.times.clear();
        self.counts.clear();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn save(&self, to: &mut Save) {
        self.sums.save(to);
        self.times.save(to);
        to.put_slice(&self.counts);
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.sums.load(from, groups)?;
        self.times.load(from, groups)?;
        self.counts = saved::counts(from, groups)?;
        self.grow(groups);
        Ok(())
    }
}
