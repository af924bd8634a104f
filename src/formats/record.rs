//! Reading a record at a time: for formats whose records are found at line ends and then looked into one
//! by one. Knows no format. Invariant: a record gives a cell for each wanted place, or none at all.

use super::Framing;
use super::begins;
use super::cells::{Making, live_without, without_cr};
use super::lines::Rows;
use super::rest::pairs_of;
use super::{Bad, Reader};
use crate::bytes::Span;
use crate::data::{Chunk, FieldId, Others};

/// A cell that a record does not have.
pub(super) const ABSENT: Span = Span {
    start: u32::MAX,
    len: 0,
};

/// What a record is found to be.
pub(super) enum Verdict {
    Good,
    /// The same, perhaps with fields beyond those that are known.
    Others,
    /// An empty line where such count for nothing.
    Skip,
    Bad {
        /// Byte of the record.
        column: usize,
        what: &'static str,
    },
}

/// Finds the wanted cells of one record.
pub(super) trait Record: Send {
    /// Looks into `block[row]`, a line without its end, and sets every one of `cells` if it is good. New
    /// text goes to `scratch`.
    fn cells(
        &mut self,
        block: &[u8],
        row: Span,
        cells: &mut [Span],
        scratch: &mut Vec<u8>,
    ) -> Verdict;
}

/// A reader made of one that takes records.
pub(super) struct ByRecord<R> {
    record: R,
    rows: Rows,
    columns: Vec<Making>,
    cells: Vec<Span>,
    /// Where names of fields beyond the known go, and the name of the format.
    others: Option<(&'static str, Making, Vec<String>)>,
}

impl<R: Record> ByRecord<R> {
    /// `fields` in the order in which `record` gives its cells.
    pub fn new(record: R, fields: impl IntoIterator<Item = FieldId>) -> ByRecord<R> {
        let columns: Vec<Making> = fields.into_iter().map(Making::new).collect();
        ByRecord {
            record,
            rows: Rows::default(),
            cells: vec![ABSENT; columns.len()],
            columns,
            others: None,
        }
    }

    /// Tells what records have beyond the fields that are known.
    pub fn telling(mut self, format: &'static str, others: Option<&Others>) -> ByRecord<R> {
        self.others =
            others.map(|others| (format, Making::new(others.field), others.known.clone()));
        self
    }

    /// Of records that lie so.
    pub fn framed(mut self, framing: &Framing) -> ByRecord<R> {
        self.rows = Rows::of(framing);
        self
    }
}

impl<R: Record> Reader for ByRecord<R> {
    fn read(&mut self, chunk: &mut Chunk, find: bool, bad: &mut Vec<Bad>) {
        if find {
            self.rows.find(chunk);
        }
        let rows = chunk.rows.len();
        for making in &mut self.columns {
            making.begin(chunk, rows);
        }
        if let Some((_, making, _)) = &mut self.others {
            making.begin(chunk, rows);
        }
        let mut scratch = chunk.take_scratch();
        let mut dead = Vec::new();
        let block = chunk.block.padded();
        for (row, &line) in chunk.rows.iter().enumerate() {
            let line = without_cr(block, line);
            let text = &block[line.start()..line.start() + line.len()];
            let joined = match self.rows.are_joined() {
                true => begins::joined(text),
                false => None,
            };
            let verdict = match joined {
                None => self
                    .record
                    .cells(block, line, &mut self.cells, &mut scratch),
                Some(text) => {
                    let base = scratch.len();
                    scratch.extend_from_slice(&text);
                    let line = Span::new(0, text.len());
                    let verdict = self
                        .record
                        .cells(&text, line, &mut self.cells, &mut scratch);
                    for cell in self.cells.iter_mut().filter(|cell| **cell != ABSENT) {
                        if !cell.in_scratch() {
                            *cell = Span::scratch(base + cell.start(), cell.len());
                        }
                    }
                    verdict
                }
            };
            if let Some((format, making, known)) = &mut self.others {
                let names = match verdict {
                    Verdict::Others => others(format, text, known, &mut scratch),
                    _ => ABSENT,
                };
                match names {
                    ABSENT => making.null(rows),
                    names => making.push(names),
                }
            }
            match verdict {
                Verdict::Good | Verdict::Others => {
                    for (making, &cell) in self.columns.iter_mut().zip(&self.cells) {
                        match cell {
                            ABSENT => making.null(rows),
                            cell => making.push(cell),
                        }
                    }
                    continue;
                }
                Verdict::Skip => {}
                Verdict::Bad { column, what } => bad.push(Bad {
                    row: row as u32,
                    column: column as u32,
                    what,
                }),
            }
            dead.push(row as u32);
            for making in &mut self.columns {
                making.push(Span::default());
            }
        }
        chunk.live = live_without(rows, &dead);
        if !scratch.is_empty() {
            chunk.set_scratch(scratch);
        }
        for making in &mut self.columns {
            making.finish(chunk);
        }
        if let Some((_, making, _)) = &mut self.others {
            making.finish(chunk);
        }
    }
}

/// The names of a record's fields beyond `known`, a line each; null is no field.
#[cold]
fn others(format: &str, record: &[u8], known: &[String], scratch: &mut Vec<u8>) -> Span {
    let from = scratch.len();
    for (key, value) in pairs_of(format, record) {
        let name = key.text();
        if value.is_null() || known.iter().any(|known| known.as_bytes() == &*name) {
            continue;
        }
        if scratch.len() > from {
            scratch.push(b'\n');
        }
        scratch.extend_from_slice(&name);
    }
    match scratch.len() - from {
        0 => ABSENT,
        len => Span::scratch(from, len),
    }
}
