//! Columns: one cell a row of a chunk, in the representation that their type asks for.

use super::Span;
use super::schema::Type;
use crate::bytes::bitmap::Bitmap;
use crate::bytes::number::{Number, Numbers};

/// The cells of a column. Each variant has an entry for every row of the chunk, looked at or not.
#[derive(Clone, Debug)]
pub enum Column {
    /// `Untyped`, `Text`, `Json`.
    Bytes(Vec<Span>),
    /// `Number`: exact at one scale, the odd ones aside. Validity is in [`ColumnV`], not in `Numbers`.
    Number(Numbers),
    Float(Vec<f64>),
    /// `Time` and `Duration`, ns.
    Nanos(Vec<i64>),
    Bool(Bitmap),
    /// Row `r` has the items `ends[r-1]..ends[r]`.
    List {
        ends: Vec<u32>,
        items: Box<ColumnV>,
    },
    /// Every row is null.
    Null(usize),
}

/// A column and which of its cells are not null.
#[derive(Clone, Debug)]
pub struct ColumnV {
    pub data: Column,
    /// `None`: no nulls among the rows looked at.
    pub valid: Option<Bitmap>,
}

impl ColumnV {
    pub fn new(data: Column) -> ColumnV {
        ColumnV { data, valid: None }
    }

    #[inline(always)]
    pub fn is_valid(&self, row: usize) -> bool {
        match &self.valid {
            None => !matches!(self.data, Column::Null(_)),
            Some(valid) => valid.get(row),
        }
    }

    pub fn len(&self) -> usize {
        match &self.data {
            Column::Bytes(spans) => spans.len(),
            Column::Number(numbers) => numbers.units.len(),
            Column::Float(values) => values.len(),
            Column::Nanos(values) => values.len(),
            Column::Bool(bits) => bits.len(),
            Column::List { ends, .. } => ends.len(),
            Column::Null(len) => *len,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at a row of a `Number`, `Float` or `Nanos` column; `None` for null or another kind.
    pub fn number(&self, row: usize) -> Option<Number> {
        if !self.is_valid(row) {
            return None;
        }
        match &self.data {
            Column::Number(numbers) => Some(number_at(numbers, row)),
            Column::Float(values) => Some(Number::Float(values[row])),
            Column::Nanos(values) => Some(Number::Exact {
                units: values[row],
                scale: 0,
            }),
            _ => None,
        }
    }

    /// The rows `rows` of this column, in that order (repeats allowed). Spans stay as they are.
    pub fn gather(&self, rows: &[u32]) -> ColumnV {
        let data = match &self.data {
            Column::Bytes(spans) => {
                Column::Bytes(rows.iter().map(|&r| spans[r as usize]).collect())
            }
            Column::Number(numbers) => Column::Number(Numbers {
                units: rows.iter().map(|&r| numbers.units[r as usize]).collect(),
                scale: numbers.scale,
                odd: if numbers.odd.is_empty() {
                    Vec::new()
                } else {
                    rows.iter()
                        .enumerate()
                        .filter_map(|(new, &r)| Some((new as u32, odd_at(numbers, r as usize)?)))
                        .collect()
                },
                valid: None,
                failed: 0,
            }),
            Column::Float(values) => {
                Column::Float(rows.iter().map(|&r| values[r as usize]).collect())
            }
            Column::Nanos(values) => {
                Column::Nanos(rows.iter().map(|&r| values[r as usize]).collect())
            }
            Column::Bool(bits) => Column::Bool(gather_bits(bits, rows)),
            Column::List { ends, items } => {
                let mut picked = Vec::new();
                let mut new_ends = Vec::with_capacity(rows.len());
                for &r in rows {
                    let r = r as usize;
                    let from = if r == 0 { 0 } else { ends[r - 1] };
                    picked.extend(from..ends[r]);
                    new_ends.push(picked.len() as u32);
                }
                Column::List {
                    ends: new_ends,
                    items: Box::new(items.gather(&picked)),
                }
            }
            Column::Null(_) => Column::Null(rows.len()),
        };
        ColumnV {
            data,
            valid: self.valid.as_ref().map(|valid| gather_bits(valid, rows)),
        }
    }

    /// A column of `len` nulls that any type accepts.
    pub fn nulls(len: usize) -> ColumnV {
        ColumnV {
            data: Column::Null(len),
            valid: None,
        }
    }
}

fn gather_bits(bits: &Bitmap, rows: &[u32]) -> Bitmap {
    let mut out = Bitmap::new(rows.len(), false);
    for (new, &r) in rows.iter().enumerate() {
        if bits.get(r as usize) {
            out.set(new, true);
        }
    }
    out
}

fn odd_at(numbers: &Numbers, row: usize) -> Option<Number> {
    let at = numbers
        .odd
        .binary_search_by_key(&(row as u32), |(r, _)| *r)
        .ok()?;
    Some(numbers.odd[at].1)
}

/// The number at a row, whether it is at the column's scale or odd.
#[inline(always)]
pub fn number_at(numbers: &Numbers, row: usize) -> Number {
    if !numbers.odd.is_empty()
        && let Some(odd) = odd_at(numbers, row)
    {
        return odd;
    }
    Number::Exact {
        units: numbers.units[row],
        scale: numbers.scale,
    }
}

/// Grows a column a cell at a time: for rows that leave a shard, for slow paths and tests. Bytes go to the
/// scratch buffer that the caller gives with each push.
#[derive(Debug)]
pub struct ColumnBuilder {
    data: Column,
    valid: Bitmap,
    nulls: usize,
    item: Option<Box<ColumnBuilder>>,
    ends: Vec<u32>,
}

impl ColumnBuilder {
    pub fn new(ty: &Type) -> ColumnBuilder {
        let mut item = None;
        let data = match ty {
            Type::Untyped | Type::Text | Type::Json => Column::Bytes(Vec::new()),
            Type::Number => Column::Number(Numbers::default()),
            Type::Float => Column::Float(Vec::new()),
            Type::Time | Type::Duration => Column::Nanos(Vec::new()),
            Type::Bool => Column::Bool(Bitmap::default()),
            Type::List(of) => {
                item = Some(Box::new(ColumnBuilder::new(of)));
                Column::Null(0)
            }
            Type::Null => Column::Null(0),
        };
        ColumnBuilder {
            data,
            valid: Bitmap::default(),
            nulls: 0,
            item,
            ends: Vec::new(),
        }
    }

    pub fn null(&mut self) {
        self.valid.push(false);
        self.nulls += 1;
        if self.item.is_some() {
            self.ends.push(self.ends.last().copied().unwrap_or(0));
            return;
        }
        match &mut self.data {
            Column::Bytes(spans) => spans.push(Span::default()),
            Column::Number(numbers) => numbers.units.push(0),
            Column::Float(values) => values.push(0.0),
            Column::Nanos(values) => values.push(0),
            Column::Bool(bits) => bits.push(false),
            Column::List { .. } => {}
            Column::Null(len) => *len += 1,
        }
    }

    pub fn bytes(&mut self, bytes: &[u8], scratch: &mut Vec<u8>) {
        let span = Span::scratch(scratch.len(), bytes.len());
        scratch.extend_from_slice(bytes);
        self.span(span);
    }

    /// A bytes cell that is already in its place.
    pub fn span(&mut self, span: Span) {
        self.valid.push(true);
        match &mut self.data {
            Column::Bytes(spans) => spans.push(span),
            other => unreachable!("bytes for {other:?}"),
        }
    }

    /// A number; the column's scale grows to the largest seen, what does not fit is kept odd.
    pub fn number(&mut self, number: Number) {
        self.valid.push(true);
        match &mut self.data {
            Column::Number(numbers) => push_number(numbers, number),
            Column::Float(values) => values.push(number.to_f64()),
            other => unreachable!("a number for {other:?}"),
        }
    }

    pub fn float(&mut self, value: f64) {
        self.number(Number::Float(value));
    }

    pub fn nanos(&mut self, value: i64) {
        self.valid.push(true);
        match &mut self.data {
            Column::Nanos(values) => values.push(value),
            other => unreachable!("nanoseconds for {other:?}"),
        }
    }

    pub fn bool(&mut self, value: bool) {
        self.valid.push(true);
        match &mut self.data {
            Column::Bool(bits) => bits.push(value),
            other => unreachable!("a bool for {other:?}"),
        }
    }

    /// The builder of the items of the list being made; end it with [`ColumnBuilder::end_list`].
    pub fn items(&mut self) -> &mut ColumnBuilder {
        self.item
            .as_mut()
            .expect("a list column has a builder of its items")
    }

    /// Ends a list whose items were pushed to [`ColumnBuilder::items`].
    pub fn end_list(&mut self) {
        self.valid.push(true);
        let end = self.item.as_ref().map_or(0, |item| item.len());
        self.ends.push(end as u32);
    }

    pub fn len(&self) -> usize {
        self.valid.len()
    }

    pub fn is_empty(&self) -> bool {
        self.valid.is_empty()
    }

    pub fn finish(self) -> ColumnV {
        let data = match self.item {
            Some(item) => Column::List {
                ends: self.ends,
                items: Box::new(item.finish()),
            },
            None => self.data,
        };
        ColumnV {
            data,
            valid: (self.nulls > 0).then_some(self.valid),
        }
    }
}

fn push_number(numbers: &mut Numbers, number: Number) {
    let row = numbers.units.len() as u32;
    let Number::Exact { units, scale } = number.normalised() else {
        numbers.units.push(0);
        numbers.odd.push((row, number));
        return;
    };
    if scale > numbers.scale {
        rescale(numbers, scale);
    }
    let factor = 10i64.checked_pow(u32::from(numbers.scale - scale));
    match factor.and_then(|factor| units.checked_mul(factor)) {
        Some(moved) => numbers.units.push(moved),
        None => {
            numbers.units.push(0);
            numbers.odd.push((row, number));
        }
    }
}

/// Moves the rows so far to a finer scale, or aside if they do not fit there.
fn rescale(numbers: &mut Numbers, scale: u8) {
    let old = std::mem::replace(&mut numbers.scale, scale);
    let factor = 10i64.checked_pow(u32::from(scale - old));
    let mut moved_aside = false;
    for (r, value) in numbers.units.iter_mut().enumerate() {
        match factor.and_then(|factor| value.checked_mul(factor)) {
            Some(moved) => *value = moved,
            None => {
                if *value != 0 {
                    numbers.odd.push((
                        r as u32,
                        Number::Exact {
                            units: *value,
                            scale: old,
                        },
                    ));
                    moved_aside = true;
                }
                *value = 0;
            }
        }
    }
    if moved_aside {
        numbers.odd.sort_by_key(|(r, _)| *r);
    }
}
