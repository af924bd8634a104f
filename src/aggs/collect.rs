//! `collect:x[:N]`, `join:x[:SEP]`: the values themselves, in the order of the input. Skips null, keeps empty
//! text. Invariant: what `N` leaves out can never come back, since places only compare.

use super::owned::{self, Empty, Owned, order, present};
use super::{Accumulator, Aggregate, Call, Need, Param, Rows, same, saved};
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{ColumnBuilder, ColumnV, Type};
use std::any::Any;

pub const COLLECT: Aggregate = Aggregate {
    name: "collect",
    doc: Doc {
        summary: "A list of the values",
        text: "The values in the order of the input; with a parameter, `collect:x:N`, the first N. Null is \
               left out. Of no values the list is empty.",
        examples: &[Example {
            title: "What each key had",
            session: "$ printf 'a 3\\nb 2\\na 1\\n' | dstream reduce-by '$1' collect:_2\na\t[3,1]\nb\t[2]\n",
        }],
    },
    arg: Need::Any,
    param: Param::Optional,
    result: |call| Type::List(Box::new(call.arg_type())),
    make: |call| Box::new(Lists::new(call, call.count(), None)),
    spark: "collect_list({0});slice(collect_list({0}), 1, {p})",
    flink: "ARRAY_AGG({0}) FILTER (WHERE {0} IS NOT NULL)",
    no_sql: "a list of the first N has no counterpart",
};

pub const JOIN: Aggregate = Aggregate {
    name: "join",
    doc: Doc {
        summary: "The values as one text",
        text: "The values as text, in the order of the input, with a separator between them: a comma, or the \
               parameter, which may be quoted: `join:x:\"; \"`. Null is left out; of no values the text is \
               null.",
        examples: &[Example {
            title: "What each key had, in one text",
            session: "$ printf 'a 3\\nb 2\\na 1\\n' | dstream reduce-by '$1' join:_2:+\na\t3+1\nb\t2\n",
        }],
    },
    arg: Need::Any,
    param: Param::Optional,
    result: |_| Type::Text,
    make: |call| {
        let separator = call.param.clone().unwrap_or_else(|| ",".into());
        Box::new(Lists::new(call, None, Some(separator)))
    },
    spark: "array_join(collect_list({0}), ',');array_join(collect_list({0}), {p})",
    flink: "LISTAGG({0}, ',');LISTAGG({0}, {p})",
    no_sql: "",
};

/// The name by which `group-by` calls `collect`: null has its place in the list. Not in the table.
pub const GROUP: &str = "group";

struct Lists {
    ty: Type,
    /// Null is a value like others.
    nulls: bool,
    limit: Option<usize>,
    /// Of `join`.
    separator: Option<String>,
    groups: Vec<List>,
    held: usize,
}

#[derive(Default)]
struct List {
    /// Values and their places.
    items: Vec<(u64, Owned)>,
    /// Whether the first items are the `limit` best so far, in order.
    pruned: bool,
}

impl List {
    fn add(&mut self, at: u64, value: Owned, ty: &Type, limit: Option<usize>) {
        if self.closed(at, limit) {
            return;
        }
        self.items.push((at, value));
        if let Some(limit) = limit
            && self.items.len() >= 2 * limit + 8
        {
            self.items.sort_by(|a, b| by_place(a, b, ty));
            self.items.truncate(limit);
            self.pruned = true;
        }
    }

    /// Whether nothing at a place can be among the first.
    fn closed(&self, at: u64, limit: Option<usize>) -> bool {
        self.pruned && limit.is_some_and(|limit| at > self.items[limit - 1].0)
    }
}

fn by_place(a: &(u64, Owned), b: &(u64, Owned), ty: &Type) -> std::cmp::Ordering {
    a.0.cmp(&b.0)
        .then_with(|| order(&a.1.value(ty), &b.1.value(ty)))
}

impl Lists {
    fn new(call: &Call, limit: Option<usize>, separator: Option<String>) -> Lists {
        Lists {
            ty: call.arg_type(),
            nulls: call.func == GROUP,
            limit,
            separator,
            groups: Vec::new(),
            held: 0,
        }
    }

    fn add(&mut self, group: usize, at: u64, value: Owned) {
        let list = &mut self.groups[group];
        // Pruned values are still counted: an upper bound.
        self.held += size_of::<(u64, Owned)>() + value.heap();
        list.add(at, value, &self.ty, self.limit);
    }
}

impl Accumulator for Lists {
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
            let at = rows.position(row as u32);
            if self.groups[group].closed(at, self.limit) {
                return;
            }
            match present(rows.chunk, column, &ty, row, Empty::IsText) {
                Some(value) => self.add(group, at, Owned::of(&value)),
                None if self.nulls => self.add(group, at, Owned::Null),
                None => {}
            }
        });
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        let other = same::<Lists>(other);
        for (&group, &from) in groups.iter().zip(theirs) {
            for (at, value) in &other.groups[from as usize].items {
                self.add(group as usize, *at, value.clone());
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
            let mut items: Vec<&(u64, Owned)> = self.groups[group as usize].items.iter().collect();
            items.sort_by(|a, b| by_place(a, b, &self.ty));
            items.truncate(self.limit.unwrap_or(usize::MAX));
            match &self.separator {
                None => {
                    for (_, value) in items {
                        value.push(&self.ty, out.items(), scratch);
                    }
                    out.end_list();
                }
                Some(_) if items.is_empty() => out.null(),
                Some(separator) => {
                    text.clear();
                    for (i, (_, value)) in items.iter().enumerate() {
                        if i > 0 {
                            text.extend_from_slice(separator.as_bytes());
                        }
                        text.extend_from_slice(&value.value(&self.ty).text());
                    }
                    out.bytes(&text, scratch);
                }
            }
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
        let lens = lens.map(|list| list.items.len() as u64 * 2 + u64::from(list.pruned));
        to.put(&lens.collect::<Vec<u64>>());
        let items = self.groups.iter().flat_map(|list| &list.items);
        to.put_flat_of(items.clone().count(), items.clone().map(|item| item.0));
        owned::save(items.map(|item| &item.1), to);
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.clear();
        let lens = saved::marked_lens(from, groups)?;
        let mut places = from.take_flat::<u64>()?;
        let mut cells = owned::Cells::of(from)?;
        let mut lists = Vec::new();
        for (len, pruned) in lens {
            let mut items = Vec::new();
            for place in saved::next(&mut places, len)? {
                items.push((place, cells.next(&self.ty)?));
            }
            if pruned && self.limit.is_none_or(|limit| len < limit) {
                return Err(Damaged);
            }
            lists.push(List { items, pruned });
        }
        saved::end(&places)?;
        cells.end()?;
        let items = lists.iter().flat_map(|list| &list.items);
        self.held = items
            .map(|item| size_of::<(u64, Owned)>() + item.1.heap())
            .sum();
        self.groups = lists;
        self.grow(groups);
        Ok(())
    }
}
