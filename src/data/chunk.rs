//! A chunk: one block's rows on their way through the chain.

use super::column::{Column, ColumnV};
use super::schema::{FieldId, Type};
use super::value::Value;
use super::{Block, PADDING, Span};
use crate::bytes::Cells;

/// One block's rows. Columns are made when asked for and only then; row ids never move. Everything a chunk
/// points to it owns, so it crosses threads as it is.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    pub block: Block,
    /// The records as they stand in the block, without their LF (a CR before it is still there). For rows
    /// that are no input lines: empty spans.
    pub rows: Vec<Span>,
    /// The same of the input, where what `rows` has was made of more than that.
    pub records: Option<Vec<Span>>,
    /// By `FieldId` of the schema at this place of the chain.
    pub columns: Vec<Option<ColumnV>>,
    /// What filters have left.
    pub live: Selection,
    /// Event time of each row, ns; hidden.
    pub times: Option<Vec<i64>>,
    /// The window each row is in, as `(start, end)` ns: for the rows of a closed window, and behind a window
    /// operator that keeps whole records.
    pub windows: Option<Vec<(i64, i64)>>,
    /// The watermark that each row is judged by.
    pub before: Option<Vec<i64>>,
    /// The clock when each row came, ns, where the data tell it beside event time.
    pub clocks: Option<Vec<i64>>,
    /// Text made on the way, with its padding: see [`Chunk::scratch`].
    scratch: Vec<u8>,
}

/// Which rows of a chunk are still there, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    All(u32),
    Some(Vec<u32>),
}

impl Default for Selection {
    fn default() -> Self {
        Selection::All(0)
    }
}

impl Selection {
    pub fn len(&self) -> usize {
        match self {
            Selection::All(n) => *n as usize,
            Selection::Some(rows) => rows.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `None`: all rows.
    pub fn rows(&self) -> Option<&[u32]> {
        match self {
            Selection::All(_) => None,
            Selection::Some(rows) => Some(rows),
        }
    }

    pub fn iter(&self) -> SelectionIter<'_> {
        match self {
            Selection::All(n) => SelectionIter::All(0..*n),
            Selection::Some(rows) => SelectionIter::Some(rows.iter()),
        }
    }

    /// Keeps the rows for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        match self {
            Selection::All(n) => {
                // Mostly all are kept: rows are listed once one is not.
                let n = *n;
                let Some(first) = (0..n).find(|&row| !keep(row)) else {
                    return;
                };
                let behind = (first + 1..n).filter(|&row| keep(row));
                *self = Selection::Some((0..first).chain(behind).collect());
            }
            Selection::Some(rows) => rows.retain(|&row| keep(row)),
        }
    }

    /// Keeps the first `n`. `All` means every row of the chunk, so fewer are listed.
    pub fn truncate(&mut self, n: usize) {
        match self {
            Selection::All(len) if n < *len as usize => {
                *self = Selection::Some((0..n as u32).collect())
            }
            Selection::All(_) => {}
            Selection::Some(rows) => rows.truncate(n),
        }
    }
}

pub enum SelectionIter<'a> {
    All(std::ops::Range<u32>),
    Some(std::slice::Iter<'a, u32>),
}

impl Iterator for SelectionIter<'_> {
    type Item = u32;

    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        match self {
            SelectionIter::All(range) => range.next(),
            SelectionIter::Some(rows) => rows.next().copied(),
        }
    }
}

impl Chunk {
    /// A chunk of a block whose rows are not found yet.
    pub fn of_block(block: Block) -> Chunk {
        Chunk {
            block,
            ..Chunk::default()
        }
    }

    /// Rows without a block: what a shard gives. `scratch` holds the bytes of `columns`.
    pub fn of_columns(rows: usize, columns: Vec<Option<ColumnV>>, scratch: Vec<u8>) -> Chunk {
        let mut chunk = Chunk {
            rows: vec![Span::default(); rows],
            columns,
            live: Selection::All(rows as u32),
            ..Chunk::default()
        };
        chunk.set_scratch(scratch);
        chunk
    }

    /// Makes it ready for another block and gives the old one back; capacities are kept.
    pub fn reset(&mut self, block: Block) -> Block {
        self.rows.clear();
        self.records = None;
        self.columns.clear();
        self.live = Selection::All(0);
        self.times = None;
        self.windows = None;
        self.before = None;
        self.clocks = None;
        self.scratch.clear();
        std::mem::replace(&mut self.block, block)
    }

    /// Memory held by a chunk without a block, about.
    pub fn held(&self) -> usize {
        let beside = [
            self.times.is_some(),
            self.before.is_some(),
            self.windows.is_some(),
        ];
        let beside = beside.into_iter().filter(|is_there| *is_there).count() + 1;
        let columns = self.columns.iter().flatten().count();
        self.scratch.capacity() + self.rows.len() * 8 * (columns + beside)
    }

    /// The scratch text followed by its padding, as kernels want it.
    pub fn scratch(&self) -> &[u8] {
        if self.scratch.is_empty() {
            &super::block::ZEROS
        } else {
            &self.scratch
        }
    }

    /// Takes the scratch text out to append to it; give it back with [`Chunk::set_scratch`]. Spans into it
    /// stay good as long as it only grows.
    pub fn take_scratch(&mut self) -> Vec<u8> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let text = scratch.len().saturating_sub(PADDING);
        scratch.truncate(text);
        scratch
    }

    pub fn set_scratch(&mut self, mut scratch: Vec<u8>) {
        scratch.resize(scratch.len() + PADDING, 0);
        self.scratch = scratch;
    }

    /// The bytes of a span of this chunk.
    #[inline(always)]
    pub fn bytes(&self, span: Span) -> &[u8] {
        span.of(self.block.padded(), self.scratch())
    }

    /// Where the record that a row comes from stands in the block.
    pub fn record(&self, row: u32) -> Span {
        self.records.as_ref().unwrap_or(&self.rows)[row as usize]
    }

    /// The record as it stands in the input, without its line end.
    pub fn line(&self, row: u32) -> &[u8] {
        let line = self.bytes(self.rows[row as usize]);
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    pub fn column(&self, field: FieldId) -> Option<&ColumnV> {
        self.columns.get(field).and_then(Option::as_ref)
    }

    /// Puts a column in its place, growing the list of columns as needed.
    pub fn set_column(&mut self, field: FieldId, column: ColumnV) {
        if self.columns.len() <= field {
            self.columns.resize_with(field + 1, || None);
        }
        self.columns[field] = Some(column);
    }

    /// A bytes column as the batch kernels take it, over the live rows; `None` for another kind of column.
    pub fn cells<'a>(&'a self, column: &'a ColumnV) -> Option<Cells<'a>> {
        let Column::Bytes(spans) = &column.data else {
            return None;
        };
        Some(Cells {
            spans,
            block: self.block.padded(),
            scratch: self.scratch(),
            valid: column.valid.as_ref(),
            rows: self.live.rows(),
        })
    }

    /// One cell; slow paths, sinks and tests.
    pub fn value<'a>(&'a self, column: &'a ColumnV, ty: &Type, row: usize) -> Value<'a> {
        if !column.is_valid(row) {
            return Value::Null;
        }
        match &column.data {
            Column::Bytes(spans) => {
                let bytes = self.bytes(spans[row]);
                match ty {
                    Type::Json => Value::Json(bytes),
                    Type::Text => Value::Text(bytes),
                    _ => Value::Untyped(bytes),
                }
            }
            Column::Number(numbers) => Value::Number(super::column::number_at(numbers, row)),
            Column::Float(values) => Value::Number(super::Number::Float(values[row])),
            Column::Nanos(values) if *ty == Type::Duration => Value::Duration(values[row]),
            Column::Nanos(values) => Value::Time(values[row]),
            Column::Bool(bits) => Value::Bool(bits.get(row)),
            Column::List { ends, items } => {
                let Type::List(item) = ty else {
                    return Value::Null;
                };
                let from = if row == 0 { 0 } else { ends[row - 1] } as usize;
                Value::List(
                    (from..ends[row] as usize)
                        .map(|i| self.value(items, item, i))
                        .collect(),
                )
            }
            Column::Null(_) => Value::Null,
        }
    }
}
