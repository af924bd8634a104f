//! `topk:x:K`, `topk_distinct:x:K`: the K largest values. Skips null and empty fields. Invariant: what is thrown
//! away has K values before it already.

use super::owned::{self, Empty, Owned, order, present};
use super::{Accumulator, Aggregate, Call, Need, Param, Rows, same, saved};
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{ColumnBuilder, ColumnV, Type, Value};
use std::any::Any;

pub const TOPK: Aggregate = Aggregate {
    name: "topk",
    doc: Doc {
        summary: "A list of the K largest values",
        text: "The K largest in the order of the language, largest first; equal values as often as they \
               occur. Null and empty fields are left out.",
        examples: &[Example {
            title: "The two largest",
            session: "$ printf '3\\n9\\n10\\n10\\n' | dstream reduce 'topk:$1:2'\n[10,10]\n",
        }],
    },
    arg: Need::Any,
    param: Param::Required,
    result: |call| Type::List(Box::new(call.arg_type())),
    make: |call| Box::new(Top::new(call, Equals::Each)),
    spark: "slice(sort_array(collect_list({0}), false), 1, {p})",
    flink: "",
    no_sql: "Flink has no list of the largest values",
};

pub const TOPK_DISTINCT: Aggregate = Aggregate {
    name: "topk_distinct",
    doc: Doc {
        summary: "A list of the K largest different values",
        text: "As `topk`, but each value once. Values are compared as written, as keys are.",
        examples: &[Example {
            title: "The two largest that differ",
            session: "$ printf '3\\n9\\n10\\n10\\n' | dstream reduce 'topk_distinct:$1:2'\n[10,9]\n",
        }],
    },
    arg: Need::Any,
    param: Param::Required,
    result: |call| Type::List(Box::new(call.arg_type())),
    make: |call| Box::new(Top::new(call, Equals::Once)),
    spark: "slice(sort_array(collect_set({0}), false), 1, {p})",
    flink: "",
    no_sql: "Flink has no list of the largest values",
};

/// How often equal values are listed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Equals {
    Each,
    Once,
}

struct Top {
    ty: Type,
    k: usize,
    equals: Equals,
    groups: Vec<List>,
    held: usize,
}

#[derive(Default)]
struct List {
    items: Vec<Owned>,
    /// Whether the first K items are the K largest so far, in order.
    full: bool,
}

impl Top {
    fn new(call: &Call, equals: Equals) -> Top {
        let k = call.count().unwrap_or(1);
        Top {
            ty: call.arg_type(),
            k,
            equals,
            groups: Vec::new(),
            held: 0,
        }
    }

    fn add(&mut self, group: usize, value: &Value<'_>) {
        let list = &mut self.groups[group];
        if list.full && order(value, &list.items[self.k - 1].value(&self.ty)).is_le() {
            return;
        }
        let owned = Owned::of(value);
        // What is pruned is still counted: an upper bound.
        self.held += size_of::<Owned>() + owned.heap();
        list.items.push(owned);
        if list.items.len() >= 2 * self.k + 8 {
            largest(&mut list.items, &self.ty, self.equals, self.k, |owned| {
                owned
            });
            list.full = list.items.len() == self.k;
        }
    }
}

/// Sorts the largest first and keeps `k`.
fn largest<T>(
    items: &mut Vec<T>,
    ty: &Type,
    equals: Equals,
    k: usize,
    cell: impl Fn(&T) -> &Owned,
) {
    items.sort_by(|a, b| order(&cell(b).value(ty), &cell(a).value(ty)));
    if equals == Equals::Once {
        // Of JSON strings that differ only in how they are escaped the first in line stays.
        items.dedup_by(|a, b| cell(a).value(ty).order(&cell(b).value(ty)).is_eq());
    }
    items.truncate(k);
}

impl Accumulator for Top {
    fn grow(&mut self, groups: usize) {
        if self.groups.len() < groups {
            self.groups.resize_with(groups, List::default);
        }
    }

    fn update(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>) {
        let Some(column) = arg else {
            return;
        };
        let ty = self.ty.clone();
        rows.each(|group, row| {
            if let Some(value) = present(rows.chunk, column, &ty, row, Empty::IsNull) {
                self.add(group, &value);
            }
        });
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        let other = same::<Top>(other);
        for (&group, &from) in groups.iter().zip(theirs) {
            for owned in &other.groups[from as usize].items {
                self.add(group as usize, &owned.value(&other.ty));
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
        for &group in groups {
            let mut items: Vec<&Owned> = self.groups[group as usize].items.iter().collect();
            largest(&mut items, &self.ty, self.equals, self.k, |owned| owned);
            for owned in items {
                owned.push(&self.ty, out.items(), scratch);
            }
            out.end_list();
        }
    }

    fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<List>() + self.held
    }

    fn clear(&mut self) {
        self.groups.clear();
        self.held = 0;
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn save(&self, to: &mut Save) {
        let lens = self.groups.iter();
        let lens = lens.map(|list| list.items.len() as u64 * 2 + u64::from(list.full));
        to.put(&lens.collect::<Vec<u64>>());
        owned::save(self.groups.iter().flat_map(|list| &list.items), to);
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.clear();
        let lens = saved::marked_lens(from, groups)?;
        let mut cells = owned::Cells::of(from)?;
        let mut lists = Vec::new();
        for (len, full) in lens {
            let mut items = Vec::new();
            for _ in 0..len {
                items.push(cells.next(&self.ty)?);
            }
            if full && len < self.k {
                return Err(Damaged);
            }
            lists.push(List { items, full });
        }
        cells.end()?;
        let items = lists.iter().flat_map(|list| &list.items);
        self.held = items.map(|item| size_of::<Owned>() + item.heap()).sum();
        self.groups = lists;
        self.grow(groups);
        Ok(())
    }
}
