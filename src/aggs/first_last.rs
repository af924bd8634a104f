//! `first:x`, `last:x`, `any:x`: a value by its place. Skips null, keeps empty text. Invariant: the value kept is
//! the one at the least (or largest) event time, then place in the input, of all that were seen.

use super::owned::{self, Empty, Owned, order, present};
use super::{Accumulator, Aggregate, Call, Need, Param, Rows, same, saved};
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{ColumnBuilder, ColumnV, Type};
use std::any::Any;

pub const FIRST: Aggregate = Aggregate {
    name: "first",
    doc: Doc {
        summary: "The first value",
        text: "By event time where records have one, of equals by place in the input; else by place in the \
               input. Null is left out; empty text is a value.",
        examples: &[Example {
            title: "The first of each key",
            session: "$ printf 'a 3\\nb 2\\na 1\\n' | dstream reduce-by '$1' first:_2\na\t3\nb\t2\n",
        }],
    },
    arg: Need::Any,
    param: Param::No,
    result: Call::arg_type,
    make: |call| Box::new(Edge::new(call, Side::First, call.timed)),
    spark: "min_by({0}, {t}) FILTER (WHERE {0} IS NOT NULL)",
    flink: "",
    no_sql: "Flink's FIRST_VALUE goes by arrival, and there is no value by event time",
};

pub const LAST: Aggregate = Aggregate {
    name: "last",
    doc: Doc {
        summary: "The last value",
        text: "By event time where records have one, of equals by place in the input; else by place in the \
               input. Null is left out; empty text is a value.",
        examples: &[Example {
            title: "The last of each key",
            session: "$ printf 'a 3\\nb 2\\na 1\\n' | dstream reduce-by '$1' last:_2\na\t1\nb\t2\n",
        }],
    },
    arg: Need::Any,
    param: Param::No,
    result: Call::arg_type,
    make: |call| Box::new(Edge::new(call, Side::Last, call.timed)),
    spark: "max_by({0}, {t}) FILTER (WHERE {0} IS NOT NULL)",
    flink: "",
    no_sql: "Flink's LAST_VALUE goes by arrival, and there is no value by event time",
};

pub const ANY: Aggregate = Aggregate {
    name: "any",
    doc: Doc {
        summary: "Some value",
        text: "One of the values, for fields that are the same in all records of a key. It is the first in \
               the input, so that runs agree. Null is left out.",
        examples: &[Example {
            title: "A field that goes with the key",
            session: "$ printf 'a x 1\\na x 2\\n' | dstream reduce-by '$1' any:_2,sum:_3\na\tx\t3\n",
        }],
    },
    arg: Need::Any,
    param: Param::No,
    result: Call::arg_type,
    make: |call| Box::new(Edge::new(call, Side::First, false)),
    spark: "min_by({0}, {t}) FILTER (WHERE {0} IS NOT NULL)",
    flink: "",
    no_sql: "Flink's FIRST_VALUE goes by arrival, and there is no value by event time",
};

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Side {
    First,
    Last,
}

struct Edge {
    ty: Type,
    side: Side,
    timed: bool,
    /// Event time and place of the value kept, which is null if there is none.
    at: Vec<(i64, u64)>,
    values: Vec<Owned>,
    heap: usize,
}

impl Edge {
    fn new(call: &Call, side: Side, timed: bool) -> Edge {
        let ty = call.arg_type();
        Edge {
            ty,
            side,
            timed,
            at: Vec::new(),
            values: Vec::new(),
            heap: 0,
        }
    }

    /// Where no value is kept: behind every value, seen from the side that is wanted.
    fn nowhere(&self) -> (i64, u64) {
        match self.side {
            Side::First => (i64::MAX, u64::MAX),
            Side::Last => (i64::MIN, 0),
        }
    }

    #[inline(always)]
    fn worse(&self, group: usize, at: (i64, u64)) -> bool {
        match self.side {
            Side::First => at > self.at[group],
            Side::Last => at < self.at[group],
        }
    }
}

impl Accumulator for Edge {
    fn grow(&mut self, groups: usize) {
        if self.at.len() < groups {
            let nowhere = self.nowhere();
            self.at.resize(groups, nowhere);
            self.values.resize(groups, Owned::Null);
        }
    }

    fn update(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>) {
        let Some(column) = arg else {
            return;
        };
        let ty = self.ty.clone();
        rows.each(|group, row| {
            let time = if self.timed { rows.time(row) } else { 0 };
            let at = (time, rows.position(row as u32));
            if self.worse(group, at) {
                return;
            }
            let Some(value) = present(rows.chunk, column, &ty, row, Empty::IsText) else {
                return;
            };
            let old = &mut self.values[group];
            // Two values at one place are told apart by their order, so that merging commutes.
            if at == self.at[group]
                && !matches!(old, Owned::Null)
                && order(&value, &old.value(&ty)).is_ge()
            {
                return;
            }
            let heap = old.heap();
            old.set(&value);
            self.heap = self.heap + old.heap() - heap;
            self.at[group] = at;
        });
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        let other = same::<Edge>(other);
        for (&group, &from) in groups.iter().zip(theirs) {
            let (group, from) = (group as usize, from as usize);
            let (at, value) = (other.at[from], &other.values[from]);
            if matches!(value, Owned::Null) || self.worse(group, at) {
                continue;
            }
            let old = &mut self.values[group];
            if at == self.at[group]
                && !matches!(old, Owned::Null)
                && order(&value.value(&self.ty), &old.value(&self.ty)).is_ge()
            {
                continue;
            }
            self.heap = self.heap + value.heap() - old.heap();
            old.clone_from(value);
            self.at[group] = at;
        }
    }

    fn emit(
        &self,
        groups: &[u32],
        _windows: Option<&[(i64, i64)]>,
        out: &mut ColumnBuilder,
        scratch: &mut Vec<u8>,
    ) {
        for &group in groups {
            self.values[group as usize].push(&self.ty, out, scratch);
        }
    }

    fn bytes(&self) -> usize {
        self.at.capacity() * 16 + self.values.capacity() * size_of::<Owned>() + self.heap
    }

    fn clear(&mut self) {
        self.at.clear();
        self.values.clear();
        self.heap = 0;
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn save(&self, to: &mut Save) {
        to.put_flat(self.at.iter().map(|at| at.0));
        to.put_flat(self.at.iter().map(|at| at.1));
        owned::save(self.values.iter(), to);
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.clear();
        let times: Vec<i64> = saved::each(from, groups)?;
        let places: Vec<u64> = saved::each(from, groups)?;
        if times.len() != places.len() {
            return Err(Damaged);
        }
        let mut cells = owned::Cells::of(from)?;
        let values: Result<Vec<Owned>, Damaged> =
            times.iter().map(|_| cells.next(&self.ty)).collect();
        self.values = values?;
        cells.end()?;
        self.heap = self.values.iter().map(Owned::heap).sum();
        self.at = times.into_iter().zip(places).collect();
        self.grow(groups);
        Ok(())
    }
}
