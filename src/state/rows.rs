//! What every state asks of rows: when they are, what they are judged by, and those that were kept as a chunk
//! again. Decides nothing of its own. Invariant: rows that were put in order of time say so: each is its own
//! watermark.

use crate::data::packed::{Packer, Unpacker};
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, FieldId, Selection, Span, Type};
use crate::plan::clocks::Lapse;

/// Rows of a chunk that is made of kept ones, at the end.
pub const CHUNK: usize = 4096;

/// The time of a row, ns.
pub fn time(lapse: Lapse, chunk: &Chunk, now: i64, row: u32) -> i64 {
    match lapse {
        Lapse::Event { .. } => chunk.times.as_ref().map_or(0, |times| times[row as usize]),
        Lapse::Arrival => now,
    }
}

/// The watermark that a row is judged by; `i64::MIN` before any.
pub fn watermark(lapse: Lapse, chunk: &Chunk, now: i64, row: u32) -> i64 {
    match (lapse, &chunk.before) {
        (Lapse::Event { .. }, Some(before)) => before[row as usize],
        (Lapse::Event { .. }, None) => i64::MIN,
        (Lapse::Arrival, _) => now,
    }
}

/// The clock at the first live row: as the data tell it, else the machine's.
pub fn first_clock(chunk: &Chunk, now: i64) -> Option<i64> {
    let row = chunk.live.iter().next()?;
    let clocks = chunk.clocks.as_ref();
    Some(clocks.map_or(now, |clocks| clocks[row as usize]))
}

/// The watermark of the last live row.
pub fn last_watermark(lapse: Lapse, chunk: &Chunk, now: i64) -> i64 {
    let last = match &chunk.live {
        Selection::All(n) => n.checked_sub(1),
        Selection::Some(rows) => rows.last().copied(),
    };
    last.map_or(i64::MIN, |row| watermark(lapse, chunk, now, row))
}

/// A row's bytes of a column of keys; `None`: null.
pub fn bytes_of<'c>(chunk: &'c Chunk, column: &ColumnV, row: u32) -> Option<&'c [u8]> {
    match &column.data {
        Column::Bytes(spans) if column.is_valid(row as usize) => {
            Some(chunk.bytes(spans[row as usize]))
        }
        _ => None,
    }
}

/// A column with an entry for each live row, as one with an entry for each of a chunk's `rows`.
pub fn spread(column: ColumnV, live: &Selection, rows: usize) -> ColumnV {
    match live.rows() {
        None => column,
        Some(_) if column.is_empty() => ColumnV::nulls(rows),
        Some(live) => {
            let mut places = vec![0; rows];
            for (place, &row) in live.iter().enumerate() {
                places[row as usize] = place as u32;
            }
            column.gather(&places)
        }
    }
}

/// Moves what points into a text of its own behind `base`.
pub fn rebase(column: &mut ColumnV, base: usize) {
    match &mut column.data {
        Column::Bytes(spans) => {
            for span in spans {
                if span.in_scratch() {
                    *span = Span::scratch(base + span.start(), span.len());
                }
            }
        }
        Column::List { items, .. } => rebase(items, base),
        _ => {}
    }
}

/// Kept rows on their way into a chunk, with new columns.
pub struct Gathered {
    unpacker: Unpacker,
    sets: Vec<FieldId>,
    /// A builder for each new column.
    pub cells: Vec<ColumnBuilder>,
}

impl Gathered {
    pub fn new(packer: &Packer, sets: &[(FieldId, Type)]) -> Gathered {
        Gathered {
            unpacker: packer.unpacker(),
            sets: sets.iter().map(|(field, _)| *field).collect(),
            cells: sets.iter().map(|(_, ty)| ColumnBuilder::new(ty)).collect(),
        }
    }

    pub fn len(&self) -> usize {
        self.unpacker.len()
    }

    pub fn is_empty(&self) -> bool {
        self.unpacker.is_empty()
    }

    /// Where bytes of the new columns go.
    pub fn scratch(&mut self) -> (&mut Vec<ColumnBuilder>, &mut Vec<u8>) {
        (&mut self.cells, &mut self.unpacker.scratch)
    }

    pub fn push(&mut self, row: &[u8]) {
        self.unpacker.push(row);
    }

    pub fn finish(self) -> Chunk {
        let columns = self.cells.into_iter().map(ColumnBuilder::finish);
        self.unpacker
            .finish(self.sets.into_iter().zip(columns).collect())
    }

    /// The same for rows in order of their times.
    pub fn finish_in_time(self) -> Chunk {
        let mut chunk = self.finish();
        if chunk.before.is_some() {
            chunk.before = chunk.times.clone();
        }
        chunk
    }
}
