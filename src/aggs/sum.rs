//! `sum:x`: exact, whatever the order. Of no records 0; of nulls alone null, as in SQL.

use super::exact::Sums;
use super::{Accumulator, Aggregate, Need, Param, Rows, SCALE_MAX, Take, count, feed, same, saved};
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{ColumnBuilder, ColumnV, Number};
use std::any::Any;

pub const SUM: Aggregate = Aggregate {
    name: "sum",
    doc: Doc {
        summary: "The sum, exact",
        text: "Whole numbers and decimals are added exactly; a sum of more than 18 digits is given as the \
               nearest float. Floats are added without rounding, and the sum is rounded once: no order of \
               the records and no number of threads shows. Times count as seconds since 1970, durations as \
               seconds. Null and what is no number is left out; of no records the sum is 0, of nulls alone \
               it is null.",
        examples: &[Example {
            title: "Sums by key",
            session: "$ printf 'a 0.1\\nb 2\\na 0.2\\n' | dstream reduce-by '$1' sum:_2\na\t0.3\nb\t2\n",
        }],
    },
    arg: Need::Number,
    param: Param::No,
    result: count::number_type,
    make: |_| {
        Box::new(Sum {
            sums: Sums::new(SCALE_MAX),
            seen: Vec::new(),
        })
    },
    spark: "sum({0})",
    flink: "SUM({0})",
    no_sql: "",
};

struct Sum {
    sums: Sums,
    seen: Vec<u8>,
}

/// Records were there, all null.
const NULLS: u8 = 1;
const VALUES: u8 = 2;

impl Take for Sum {
    fn scale(&mut self, scale: u8) -> i64 {
        self.sums.raise(scale);
        10i64.pow(u32::from(self.sums.scale() - scale))
    }

    #[inline(always)]
    fn exact(&mut self, group: usize, units: i64, factor: i64) {
        self.sums.add(group, i128::from(units) * i128::from(factor));
        self.seen[group] = VALUES;
    }

    fn float(&mut self, group: usize, value: f64) {
        self.sums.add_float(group, value);
        self.seen[group] = VALUES;
    }

    fn null(&mut self, group: usize) {
        self.seen[group] |= NULLS;
    }
}

impl Accumulator for Sum {
    fn grow(&mut self, groups: usize) {
        self.sums.grow(groups);
        if self.seen.len() < groups {
            self.seen.resize(groups, 0);
        }
    }

    fn update(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>) {
        if let Some(column) = arg {
            feed(rows, column, self);
        }
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        let other = same::<Sum>(other);
        self.sums.merge(groups, &other.sums, theirs);
        for (&group, &from) in groups.iter().zip(theirs) {
            self.seen[group as usize] |= other.seen[from as usize];
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
            match self.seen[group as usize] {
                0 => out.number(Number::ZERO),
                NULLS => out.null(),
                _ => match self.sums.number(group as usize) {
                    Some(sum) => out.number(sum),
                    None => out.null(),
                },
            }
        }
    }

    fn bytes(&self) -> usize {
        self.sums.bytes() + self.seen.capacity()
    }

    fn clear(&mut self) {
        self.sums.clear();
        self.seen.clear();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn save(&self, to: &mut Save) {
        self.sums.save(to);
        to.put_slice(&self.seen);
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.sums.load(from, groups)?;
        self.seen = saved::each(from, groups)?;
        if self.seen.iter().any(|&seen| seen > NULLS | VALUES) {
            return Err(Damaged);
        }
        self.grow(groups);
        Ok(())
    }
}
