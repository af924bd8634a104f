//! `count`, `count:x`, `count_if:c`: how many. Counts nothing by value; see `distinct`. Of no records 0.

use super::{Accumulator, Aggregate, Call, Need, Param, Rows, same, saved};
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{Column, ColumnBuilder, ColumnV, Number, Type};
use std::any::Any;

pub const COUNT: Aggregate = Aggregate {
    name: "count",
    doc: Doc {
        summary: "How many records; with an expression, those where it is not null",
        text: "`count` counts records. `count:EXPR` counts the records whose EXPR is not null; an empty \
               field of text input is no null here.",
        examples: &[Example {
            title: "Records by key",
            session: "$ printf 'a 1\\nb 2\\na 3\\n' | dstream reduce-by '$1' count\na\t2\nb\t1\n",
        }],
    },
    arg: Need::Optional,
    param: Param::No,
    result: |_| Type::Number,
    make: |_| {
        Box::new(Count {
            counts: Vec::new(),
            of: Of::Present,
        })
    },
    spark: "count(*);count({0})",
    flink: "COUNT(*);COUNT({0})",
    no_sql: "",
};

pub const COUNT_IF: Aggregate = Aggregate {
    name: "count_if",
    doc: Doc {
        summary: "How many records meet a condition",
        text: "`count_if:COND` counts the records for which COND is true; null is not true.",
        examples: &[Example {
            title: "How many are large",
            session: "$ printf '1\\n7\\n9\\n' | dstream reduce 'count,large=count_if:$1>5'\n3\t2\n",
        }],
    },
    arg: Need::Bool,
    param: Param::No,
    result: |_| Type::Number,
    make: |_| {
        Box::new(Count {
            counts: Vec::new(),
            of: Of::True,
        })
    },
    spark: "count_if({0})",
    flink: "COUNT(*) FILTER (WHERE {0})",
    no_sql: "",
};

/// What is counted.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Of {
    /// Records, or values that are not null.
    Present,
    True,
}

struct Count {
    counts: Vec<u64>,
    of: Of,
}

impl Accumulator for Count {
    fn grow(&mut self, groups: usize) {
        if self.counts.len() < groups {
            self.counts.resize(groups, 0);
        }
    }

    fn update(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>) {
        let counts = &mut self.counts[..];
        match (self.of, arg) {
            (Of::Present, None) => rows
                .groups
                .iter()
                .for_each(|&group| counts[group as usize] += 1),
            (Of::Present, Some(column)) => {
                rows.each_valid(column, |group, _| counts[group] += 1, |_| {})
            }
            (
                Of::True,
                Some(ColumnV {
                    data: Column::Bool(bits),
                    valid,
                }),
            ) => {
                let valid = valid.as_ref();
                rows.each(|group, row| {
                    let holds = bits.get(row) && valid.is_none_or(|valid| valid.get(row));
                    counts[group] += u64::from(holds);
                });
            }
            (Of::True, _) => {}
        }
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        let other = &same::<Count>(other).counts[..];
        let counts = &mut self.counts[..];
        for (&group, &from) in groups.iter().zip(theirs) {
            counts[group as usize] += other[from as usize];
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
            out.number(whole(self.counts[group as usize]));
        }
    }

    fn bytes(&self) -> usize {
        self.counts.capacity() * 8
    }

    fn clear(&mut self) {
        self.counts.clear();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn save(&self, to: &mut Save) {
        to.put_slice(&self.counts);
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.counts = saved::counts(from, groups)?;
        self.grow(groups);
        Ok(())
    }

    fn touch(&self, group: u32) {
        crate::bytes::prefetch(&self.counts, group as usize);
    }
}

/// A count as a number.
pub fn whole(count: u64) -> Number {
    crate::bytes::number::settled(i128::from(count), 0)
}

/// The type that counts have, whatever is counted.
pub fn number_type(_: &Call) -> Type {
    Type::Number
}
