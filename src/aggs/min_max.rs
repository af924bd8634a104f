//! `min:x`, `max:x`: the first and the last in the order of the language, spelt as it came. Refuses empty
//! fields, which are null here. Invariant: a group's exact numbers and its other values are kept apart, each
//! part by itself the best of its kind; the better of the two is the answer.

use super::owned::{self, Empty, Owned, order, present};
use super::{Accumulator, Aggregate, Call, Need, Param, Rows, SCALE_MAX, same, saved};
use crate::bytes::number;
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{Column, ColumnBuilder, ColumnV, Number, Numbers, Type, Value};
use std::any::Any;
use std::cmp::Ordering;

pub const MIN: Aggregate = Aggregate {
    name: "min",
    doc: Doc {
        summary: "The smallest value",
        text: "The first value in the order of the language: everything that reads as a number, by value, \
               then text by bytes. Null and empty fields are left out. The value is given as it stood in \
               the input; of equal numbers that are spelt differently, the first by bytes.",
        examples: &[Example {
            title: "Smallest by key",
            session: "$ printf 'a 10\\nb 2\\na 9\\n' | dstream reduce-by '$1' min:_2\na\t9\nb\t2\n",
        }],
    },
    arg: Need::Any,
    param: Param::No,
    result: Call::arg_type,
    make: |call| Box::new(Extreme::new(call, Side::Min)),
    spark: "min({0})",
    flink: "MIN({0})",
    no_sql: "",
};

pub const MAX: Aggregate = Aggregate {
    name: "max",
    doc: Doc {
        summary: "The largest value",
        text: "The last value in the order of the language: text by bytes is larger than everything that \
               reads as a number, and numbers go by value. Null and empty fields are left out. The value is \
               given as it stood in the input; of equal numbers that are spelt differently, the last by \
               bytes.",
        examples: &[Example {
            title: "Largest by key",
            session: "$ printf 'a 10\\nb 2\\na 9\\n' | dstream reduce-by '$1' max:_2\na\t10\nb\t2\n",
        }],
    },
    arg: Need::Any,
    param: Param::No,
    result: Call::arg_type,
    make: |call| Box::new(Extreme::new(call, Side::Max)),
    spark: "max({0})",
    flink: "MAX({0})",
    no_sql: "",
};

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Side {
    Min,
    Max,
}

impl Side {
    /// Of `Max` numbers are kept negated, so that one loop serves both.
    fn sign(self) -> i64 {
        match self {
            Side::Min => 1,
            Side::Max => -1,
        }
    }

    fn better(self, a: &Value<'_>, b: &Value<'_>) -> bool {
        order(a, b)
            == match self {
                Side::Min => Ordering::Less,
                Side::Max => Ordering::Greater,
            }
    }
}

/// No exact number yet.
const NONE: i64 = i64::MAX;

struct Extreme {
    ty: Type,
    side: Side,
    /// The best exact number at `scale`, times the sign of the side.
    units: Vec<i64>,
    scale: u8,
    /// How it is spelt; only where cells are bytes.
    spelt: Vec<Owned>,
    /// The best of what is not in `units`; empty until there is one.
    others: Vec<Option<Box<Owned>>>,
    /// Memory behind `spelt` and `others`.
    heap: usize,
    /// A column of bytes read as numbers.
    read: Numbers,
    /// Groups and rows that may change something.
    hits: Vec<(u32, u32)>,
}

impl Extreme {
    fn new(call: &Call, side: Side) -> Extreme {
        Extreme {
            ty: call.arg_type(),
            side,
            units: Vec::new(),
            scale: 0,
            spelt: Vec::new(),
            others: Vec::new(),
            heap: 0,
            read: Numbers::default(),
            hits: Vec::new(),
        }
    }

    /// Makes room for a scale; the answer multiplies numbers of that scale, sign included.
    fn factor(&mut self, scale: u8) -> i64 {
        if scale > self.scale {
            self.rescale(scale);
        }
        10i64.pow(u32::from(self.scale - scale)) * self.side.sign()
    }

    #[cold]
    fn rescale(&mut self, scale: u8) {
        let factor = 10i64.pow(u32::from(scale - self.scale));
        for group in 0..self.units.len() {
            let units = self.units[group];
            if units == NONE {
                continue;
            }
            match units.checked_mul(factor).filter(|&moved| moved != NONE) {
                Some(moved) => self.units[group] = moved,
                None => {
                    let best = self.number(group);
                    self.units[group] = NONE;
                    self.consider_owned(group, &best);
                }
            }
        }
        self.scale = scale;
    }

    /// The best exact number, spelt as it came.
    fn number(&self, group: usize) -> Owned {
        let units = self.units[group];
        if units == NONE {
            return Owned::Null;
        }
        let units = units * self.side.sign();
        match self.ty {
            Type::Time | Type::Duration => Owned::Nanos(units),
            Type::Untyped | Type::Text | Type::Json => self.spelt[group].clone(),
            _ => Owned::Number(Number::Exact {
                units,
                scale: self.scale,
            }),
        }
    }

    /// Takes a value that is not kept as units.
    fn consider(&mut self, group: usize, value: &Value<'_>) {
        if self.others.is_empty() {
            self.others.resize_with(self.units.len(), || None);
        }
        let other = &mut self.others[group];
        let before = other
            .as_ref()
            .map_or(0, |owned| size_of::<Owned>() + owned.heap());
        match other {
            Some(old) if !self.side.better(value, &old.value(&self.ty)) => return,
            Some(old) => old.set(value),
            None => *other = Some(Box::new(Owned::of(value))),
        }
        let after = other
            .as_ref()
            .map_or(0, |owned| size_of::<Owned>() + owned.heap());
        self.heap = self.heap + after - before;
    }

    fn consider_owned(&mut self, group: usize, owned: &Owned) {
        let ty = std::mem::replace(&mut self.ty, Type::Null);
        let value = owned.value(&ty);
        self.ty = ty.clone();
        self.consider(group, &value);
    }

    /// Takes an exact number of a bytes column that is as good as the best, or better.
    #[inline(never)]
    fn spelling(&mut self, group: usize, units: i64, text: &[u8]) {
        if units == NONE {
            return self.consider_text(group, text);
        }
        let old = &mut self.spelt[group];
        let heap = old.heap();
        if units < self.units[group] {
            self.units[group] = units;
            old.set_bytes(text);
        } else if old.text() != text {
            let new = as_value(&self.ty, text);
            if self.side.better(&new, &old.value(&self.ty)) {
                old.set_bytes(text);
            }
        }
        self.heap = self.heap + old.heap() - heap;
    }

    fn consider_text(&mut self, group: usize, text: &[u8]) {
        if !(text.is_empty() && self.ty == Type::Untyped) {
            let ty = self.ty.clone();
            self.consider(group, &as_value(&ty, text));
        }
    }

    fn update_numbers(&mut self, rows: &Rows<'_>, column: &ColumnV, numbers: &Numbers) {
        if column.valid.is_none() && numbers.odd.is_empty() && numbers.scale <= SCALE_MAX {
            let factor = self.factor(numbers.scale);
            let units = &numbers.units;
            rows.each(|group, row| match units[row].checked_mul(factor) {
                Some(moved) => self.units[group] = self.units[group].min(moved),
                None => self.consider_number(group, units[row], numbers.scale),
            });
            return;
        }
        rows.each(|group, row| match column.number(row) {
            Some(Number::Exact { units, scale }) if scale <= SCALE_MAX => {
                let factor = self.factor(scale);
                match units.checked_mul(factor) {
                    Some(moved) => self.units[group] = self.units[group].min(moved),
                    None => self.consider_number(group, units, scale),
                }
            }
            Some(Number::Float(value)) if !value.is_finite() => {}
            Some(number) => self.consider(group, &Value::Number(number)),
            None => {}
        });
    }

    #[cold]
    fn consider_number(&mut self, group: usize, units: i64, scale: u8) {
        self.consider(group, &Value::Number(Number::Exact { units, scale }));
    }

    fn update_nanos(&mut self, rows: &Rows<'_>, column: &ColumnV, nanos: &[i64]) {
        let sign = self.side.sign();
        rows.each_valid(
            column,
            |group, row| match nanos[row].checked_mul(sign).filter(|&units| units != NONE) {
                Some(units) => self.units[group] = self.units[group].min(units),
                None => {
                    let ty = self.ty.clone();
                    self.consider(group, &Owned::Nanos(nanos[row]).value(&ty));
                }
            },
            |_| {},
        );
    }

    fn update_bytes(&mut self, rows: &Rows<'_>, column: &ColumnV, read: &Numbers) {
        let Column::Bytes(spans) = &column.data else {
            return;
        };
        let (block, scratch) = (rows.chunk.block.padded(), rows.chunk.scratch());
        let factor = self.factor(read.scale);
        if read.valid.is_none() && read.odd.is_empty() {
            // PERF: most rows change nothing; they are passed over in a loop that only looks.
            let (units, best) = (&read.units[..], &self.units[..]);
            let mut hits = std::mem::take(&mut self.hits);
            hits.clear();
            rows.each(|group, row| match units[row].checked_mul(factor) {
                Some(moved) if moved > best[group] => {}
                _ => hits.push((group as u32, row as u32)),
            });
            for &(group, row) in &hits {
                let text = spans[row as usize].of(block, scratch);
                match units[row as usize].checked_mul(factor) {
                    Some(moved) if moved > self.units[group as usize] => {}
                    Some(moved) => self.spelling(group as usize, moved, text),
                    None => self.consider_text(group as usize, text),
                }
            }
            self.hits = hits;
            return;
        }
        let mut odd = read.odd.iter().map(|(row, _)| *row as usize).peekable();
        rows.each(|group, row| {
            while odd.next_if(|&at| at < row).is_some() {}
            let aside = odd.next_if_eq(&row).is_some()
                || read.valid.as_ref().is_some_and(|valid| !valid.get(row));
            match read.units[row].checked_mul(factor) {
                Some(moved) if !aside && moved > self.units[group] => {}
                Some(moved) if !aside => self.spelling(group, moved, spans[row].of(block, scratch)),
                _ if column.is_valid(row) => {
                    self.consider_text(group, spans[row].of(block, scratch))
                }
                _ => {}
            }
        });
    }
}

fn as_value<'a>(ty: &Type, text: &'a [u8]) -> Value<'a> {
    match ty {
        Type::Json => Value::Json(text),
        Type::Text => Value::Text(text),
        _ => Value::Untyped(text),
    }
}

impl Accumulator for Extreme {
    fn grow(&mut self, groups: usize) {
        if self.units.len() < groups {
            self.units.resize(groups, NONE);
            if self.ty.is_bytes() {
                self.spelt.resize(groups, Owned::Null);
            }
            if !self.others.is_empty() {
                self.others.resize_with(groups, || None);
            }
        }
    }

    fn update(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>) {
        let Some(column) = arg else {
            return;
        };
        match &column.data {
            Column::Number(numbers) => self.update_numbers(rows, column, numbers),
            Column::Nanos(nanos) => self.update_nanos(rows, column, nanos),
            Column::Bytes(_) => {
                let mut read = std::mem::take(&mut self.read);
                if let Some(cells) = rows.chunk.cells(column) {
                    number::numbers(&cells, &mut read);
                    self.update_bytes(rows, column, &read);
                }
                self.read = read;
            }
            _ => {
                let ty = self.ty.clone();
                rows.each(|group, row| {
                    if let Some(value) = present(rows.chunk, column, &ty, row, Empty::IsNull) {
                        self.consider(group, &value);
                    }
                });
            }
        }
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        let other = same::<Extreme>(other);
        let factor = self.factor(other.scale) * self.side.sign();
        if self.ty.is_bytes() || factor != 1 {
            for (&group, &from) in groups.iter().zip(theirs) {
                let units = other.units[from as usize];
                if units == NONE {
                    continue;
                }
                let moved = units.checked_mul(factor).filter(|&moved| moved != NONE);
                match moved {
                    Some(moved) if moved > self.units[group as usize] => {}
                    Some(moved) if self.ty.is_bytes() => {
                        self.spelling(group as usize, moved, other.spelt[from as usize].text());
                    }
                    Some(moved) => self.units[group as usize] = moved,
                    None => self.consider_owned(group as usize, &other.number(from as usize)),
                }
            }
        } else {
            let units = &mut self.units[..];
            for (&group, &from) in groups.iter().zip(theirs) {
                let best = &mut units[group as usize];
                *best = (*best).min(other.units[from as usize]);
            }
        }
        if !other.others.is_empty() {
            for (&group, &from) in groups.iter().zip(theirs) {
                if let Some(owned) = &other.others[from as usize] {
                    self.consider_owned(group as usize, owned);
                }
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
            let best = self.number(group as usize);
            let other = self.others.get(group as usize).and_then(Option::as_deref);
            match other {
                Some(other)
                    if matches!(best, Owned::Null)
                        || self
                            .side
                            .better(&other.value(&self.ty), &best.value(&self.ty)) =>
                {
                    other.push(&self.ty, out, scratch);
                }
                _ => best.push(&self.ty, out, scratch),
            }
        }
    }

    fn bytes(&self) -> usize {
        self.units.capacity() * 8
            + self.spelt.capacity() * size_of::<Owned>()
            + self.others.capacity() * 8
            + self.heap
    }

    fn clear(&mut self) {
        self.units.clear();
        self.spelt.clear();
        self.others.clear();
        self.scale = 0;
        self.heap = 0;
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn save(&self, to: &mut Save) {
        to.put(&self.scale);
        to.put_slice(&self.units);
        owned::save(self.spelt.iter(), to);
        let others = (0u32..).zip(&self.others);
        let others = others.filter_map(|(group, other)| Some((group, other.as_deref()?)));
        to.put(&others.clone().map(|(group, _)| group).collect::<Vec<u32>>());
        owned::save(others.map(|(_, other)| other), to);
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.clear();
        let scale: u8 = from.take()?;
        let units: Vec<i64> = saved::each(from, groups)?;
        let numeric = !matches!(self.ty, Type::Bool | Type::List(_) | Type::Null);
        let good = |&units: &i64| {
            units == NONE || (numeric && units.checked_mul(self.side.sign()).is_some())
        };
        if scale > SCALE_MAX || !units.iter().all(good) {
            return Err(Damaged);
        }
        let mut cells = owned::Cells::of(from)?;
        let mut spelt = Vec::new();
        if self.ty.is_bytes() {
            for _ in &units {
                spelt.push(cells.next(&self.ty)?);
            }
        }
        cells.end()?;
        let places: Vec<u32> = from.take()?;
        if !saved::is_ascending(places.iter().copied(), units.len()) {
            return Err(Damaged);
        }
        let mut others: Vec<Option<Box<Owned>>> = Vec::new();
        if !places.is_empty() {
            others.resize_with(units.len(), || None);
        }
        let mut cells = owned::Cells::of(from)?;
        let mut heap: usize = spelt.iter().map(Owned::heap).sum();
        for place in places {
            let other = cells.next(&self.ty)?;
            heap += size_of::<Owned>() + other.heap();
            others[place as usize] = Some(Box::new(other));
        }
        cells.end()?;
        (self.scale, self.units, self.spelt) = (scale, units, spelt);
        (self.others, self.heap) = (others, heap);
        self.grow(groups);
        Ok(())
    }

    fn reads_numbers(&self) -> bool {
        self.ty.is_bytes()
    }

    fn update_read(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>, read: &Numbers) {
        if let Some(column) = arg {
            self.update_bytes(rows, column, read);
        }
    }
}
