//! `var:x`, `stddev:x`: of a sample, from exact sums of values and squares. Invariant: nothing is rounded before
//! the one division at the end, so neither order nor large means cost digits.

use super::big::Big;
use super::exact::{Sums, nearest};
use super::{Accumulator, Aggregate, Call, Need, Param, Rows, SCALE_MAX, Take, feed, same, saved};
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{ColumnBuilder, ColumnV, Type};
use std::any::Any;

pub const VAR: Aggregate = Aggregate {
    name: "var",
    doc: Doc {
        summary: "The variance of a sample",
        text: "The sum of squared distances from the mean divided by the count less one, as SQL's VAR_SAMP. \
               Null is left out; of fewer than two values the variance is null.",
        examples: &[Example {
            title: "Variance",
            session: "$ printf '1\\n3\\n' | dstream reduce 'var:$1'\n2\n",
        }],
    },
    arg: Need::Number,
    param: Param::No,
    result: |_| Type::Float,
    make: |call| Box::new(Variance::new(call, Root::Not)),
    spark: "var_samp({0})",
    flink: "VAR_SAMP({0})",
    no_sql: "",
};

pub const STDDEV: Aggregate = Aggregate {
    name: "stddev",
    doc: Doc {
        summary: "The standard deviation of a sample",
        text: "The square root of `var`, as SQL's STDDEV_SAMP. Null is left out; of fewer than two values it \
               is null.",
        examples: &[Example {
            title: "Standard deviation",
            session: "$ printf '1\\n2\\n3\\n' | dstream reduce 'stddev:$1'\n1\n",
        }],
    },
    arg: Need::Number,
    param: Param::No,
    result: |_| Type::Float,
    make: |call| Box::new(Variance::new(call, Root::Square)),
    spark: "stddev_samp({0})",
    flink: "STDDEV_SAMP({0})",
    no_sql: "",
};

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Root {
    Not,
    Square,
}

struct Variance {
    root: Root,
    counts: Vec<u64>,
    sums: Sums,
    /// At twice the scale of `sums`.
    squares: Sums,
}

impl Variance {
    fn new(_: &Call, root: Root) -> Variance {
        let (sums, squares) = (Sums::new(SCALE_MAX), Sums::new(2 * SCALE_MAX));
        Variance {
            root,
            counts: Vec::new(),
            sums,
            squares,
        }
    }

    fn value(&self, group: usize) -> Option<f64> {
        let count = self.counts[group];
        if count < 2 {
            return None;
        }
        let variance = match self.small(group, count) {
            Some((over, under)) => nearest(over, under),
            None => self.wide(group, count),
        };
        let value = match self.root {
            Root::Not => variance,
            Root::Square => variance.sqrt(),
        };
        value.is_finite().then_some(value)
    }

    /// (n Σx² - (Σx)²) over n (n - 1), if 128 bits are enough.
    fn small(&self, group: usize, count: u64) -> Option<(i128, u128)> {
        let (sum, squares) = (self.sums.small(group)?, self.squares.small(group)?);
        let over = squares
            .checked_mul(count.into())?
            .checked_sub(sum.checked_mul(sum)?)?;
        let pairs = u128::from(count) * u128::from(count - 1);
        Some((
            over,
            10u128.pow(self.squares.scale().into()).checked_mul(pairs)?,
        ))
    }

    /// The same for any sums.
    fn wide(&self, group: usize, count: u64) -> f64 {
        let (sum, squares) = (self.sums.ratio(group), self.squares.ratio(group));
        let whole = |count: u64| Big::from_i128(count.into());
        let under = sum.under().mul(&sum.under());
        let spread = squares.over.mul(&whole(count)).mul(&under);
        let over = spread.sub(&sum.over.mul(&sum.over).mul(&squares.under()));
        let pairs = whole(count).mul(&whole(count - 1));
        over.ratio(&under.mul(&squares.under()).mul(&pairs))
    }
}

impl Take for Variance {
    fn scale(&mut self, scale: u8) -> i64 {
        self.sums.raise(scale);
        self.squares.raise(2 * self.sums.scale());
        10i64.pow(u32::from(self.sums.scale() - scale))
    }

    #[inline(always)]
    fn exact(&mut self, group: usize, units: i64, factor: i64) {
        let units = i128::from(units) * i128::from(factor);
        self.counts[group] += 1;
        self.sums.add(group, units);
        match units.checked_mul(units) {
            Some(square) => self.squares.add(group, square),
            None => {
                let wide = Big::from_i128(units);
                self.squares
                    .add_big(group, &wide.mul(&wide), self.squares.scale());
            }
        }
    }

    fn float(&mut self, group: usize, value: f64) {
        self.counts[group] += 1;
        self.sums.add_float(group, value);
        self.squares.add_float_square(group, value);
    }

    fn null(&mut self, _group: usize) {}
}

impl Accumulator for Variance {
    fn grow(&mut self, groups: usize) {
        self.sums.grow(groups);
        self.squares.grow(groups);
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
        let other = same::<Variance>(other);
        self.sums.merge(groups, &other.sums, theirs);
        self.squares.merge(groups, &other.squares, theirs);
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
        self.sums.bytes() + self.squares.bytes() + self.counts.capacity() * 8
    }

    fn clear(&mut self) {
        self.sums.clear();
        self.squares.clear();
        self.counts.clear();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn save(&self, to: &mut Save) {
        self.sums.save(to);
        self.squares.save(to);
        to.put_slice(&self.counts);
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.sums.load(from, groups)?;
        self.squares.load(from, groups)?;
        if self.squares.scale() != 2 * self.sums.scale() {
            return Err(Damaged);
        }
        self.counts = saved::counts(from, groups)?;
        self.grow(groups);
        Ok(())
    }
}
