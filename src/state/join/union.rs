//! Two streams as one: rows of the other one get the columns of this. In batches, and where rows are in windows
//! already, a batch's or window's wait for its end, else nothing is kept. Invariant: rows of each stream stay in
//! their order.

use super::{LEFT, MergeLines};
use crate::bytes::Span;
use crate::data::packed::Packer;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, Column, ColumnV, FieldId, Selection};
use crate::state::saving::{self, sound};
use std::collections::BTreeMap;

/// Rows of one chunk that is given.
const ROWS_MAX: usize = 4096;

type Turn = (i64, i64, usize, u64);

/// How rows are put into windows.
#[derive(Copy, Clone, Debug)]
pub struct InWindows {
    /// The fields that the ends of a row's window go to.
    pub fields: Option<(FieldId, FieldId)>,
    /// How long a window is at most, ns.
    pub size: i64,
}

#[derive(Clone)]
pub struct Union {
    into: Vec<FieldId>,
    /// Fields that later nodes read.
    carry: Vec<FieldId>,
    /// Rows are in windows already.
    windowed: Option<InWindows>,
    /// The other stream's rows wait for the end, as rows of this one are held back in front.
    follows: bool,
    /// Both streams' lines are made alike.
    merge: Option<MergeLines>,
    /// The rows of a batch wait for its end, those of a window for its: by its last instant, then by its start, the
    /// stream, and as they came.
    waiting: Option<BTreeMap<Turn, Vec<u8>>>,
    packer: Packer,
    taken: u64,
    bytes: usize,
}

impl Union {
    pub fn new(
        making: &Making<'_>,
        windowed: Option<InWindows>,
        follows: bool,
        merge: Option<MergeLines>,
    ) -> Union {
        let waits = making.batched || windowed.is_some();
        Union {
            into: making.into.to_vec(),
            carry: making.carry.to_vec(),
            windowed,
            follows: follows && !waits,
            merge: merge.filter(|_| making.lines),
            waiting: (waits || follows).then(BTreeMap::new),
            packer: Packer::new(making.schema, making.carry, making.lines),
            taken: 0,
            bytes: 0,
        }
    }

    /// In a batch, in a window, and of input that ends, the first stream's records come first, then the other's (INTERFACE
    /// 6, 8.2).
    fn wait(&mut self, chunk: &mut Chunk, input: usize) {
        let Some(waiting) = &mut self.waiting else {
            return;
        };
        if self.follows && input == LEFT {
            return;
        }
        for row in chunk.live.iter() {
            let window = chunk.windows.as_ref().filter(|_| self.windowed.is_some());
            let (last, start) = match (window, &chunk.times) {
                _ if self.follows => (i64::MAX, 0),
                (Some(windows), _) => {
                    let (start, end) = windows[row as usize];
                    (end.saturating_sub(1), start)
                }
                (None, Some(times)) => (times[row as usize], 0),
                (None, None) => (i64::MAX, 0),
            };
            let mut packed = Vec::new();
            self.packer.pack(chunk, row, &mut packed);
            self.bytes += packed.len();
            waiting.insert((last, start, input, self.taken), packed);
            self.taken += 1;
        }
        chunk.live = Selection::Some(Vec::new());
    }

    fn lines(&self, chunk: &mut Chunk, lines: &[Span], left: bool) {
        let Some(merge) = &self.merge else { return };
        let mut scratch = chunk.take_scratch();
        let (mut text, mut rows) = (Vec::new(), chunk.rows.clone());
        // Where they stand in the input is known all the same.
        chunk.records.get_or_insert_with(|| rows.clone());
        for row in chunk.live.iter() {
            text.clear();
            let line = lines[row as usize].of(chunk.block.padded(), &scratch);
            match left {
                true => merge(Some(line), None, &mut text),
                false => merge(None, Some(line), &mut text),
            }
            rows[row as usize] = Span::scratch(scratch.len(), text.len());
            scratch.extend_from_slice(&text);
        }
        chunk.rows = rows;
        chunk.set_scratch(scratch);
    }
}

impl Process for Union {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, _told: &mut Told) {
        self.unite(chunk, given);
        self.wait(chunk, given.input);
    }

    fn close(&mut self, upto: Watermark, _told: &mut Told) -> Vec<Chunk> {
        let Some(waiting) = &mut self.waiting else {
            return Vec::new();
        };
        let from = match upto {
            Watermark::None => i64::MIN,
            Watermark::At(at) => at,
            Watermark::End => i64::MAX,
        };
        let rest = match from {
            i64::MAX => BTreeMap::new(),
            from => waiting.split_off(&(from, i64::MIN, 0, 0)),
        };
        let due = std::mem::replace(waiting, rest);
        let mut chunks: Vec<Chunk> = Vec::new();
        let mut out = self.packer.unpacker();
        for packed in due.into_values() {
            self.bytes -= packed.len();
            out.push(&packed);
            if out.len() >= ROWS_MAX {
                chunks.push(std::mem::replace(&mut out, self.packer.unpacker()).finish(Vec::new()));
            }
        }
        if !out.is_empty() {
            chunks.push(out.finish(Vec::new()));
        }
        if self.windowed.is_some() {
            // Rows of windows that are still open are not older than their windows.
            for chunk in &mut chunks {
                let windows = chunk.windows.iter().flatten();
                chunk.before = Some(windows.map(|(start, _)| *start).collect());
            }
        }
        chunks
    }

    fn next_end(&self) -> i64 {
        let first = self
            .waiting
            .as_ref()
            .and_then(|waiting| waiting.keys().next());
        first.map_or(i64::MAX, |(last, ..)| last.saturating_add(1))
    }

    fn lag(&self) -> i64 {
        match self.windowed {
            // The other stream's rows come at the end, as old as any.
            _ if self.follows => i64::MAX,
            Some(windowed) => windowed.size,
            None => 0,
        }
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        (0, self.bytes)
    }

    fn save(&self, to: &mut Save) {
        let Some(waiting) = &self.waiting else { return };
        to.put(&self.taken);
        saving::put_list(
            to,
            waiting.iter(),
            |((last, start, input, number), row), to| {
                to.put(&(last, start, *input as u8, number));
                to.put_bytes(row);
            },
        );
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let Some(waiting) = &mut self.waiting else {
            return Ok(());
        };
        self.taken = saving::count(from)?;
        let rows = saving::take_list(from, |from| {
            let (last, start, input, number): (i64, i64, u8, u64) = from.take()?;
            let row = from.take_bytes()?;
            sound(self.packer.is_row(row))?;
            Ok(((last, start, usize::from(input), number), row.to_vec()))
        })?;
        *waiting = rows.into_iter().collect();
        self.bytes = waiting.values().map(Vec::len).sum();
        Ok(())
    }
}

impl Union {
    /// Rows of either stream as rows of both.
    fn unite(&mut self, chunk: &mut Chunk, given: &Given) {
        if given.input == LEFT {
            for &field in &self.carry {
                if chunk.column(field).is_none() {
                    chunk.set_column(field, ColumnV::nulls(chunk.rows.len()));
                }
            }
            let lines = chunk.rows.clone();
            return self.lines(chunk, &lines, true);
        }
        chunk.columns.clear();
        for (&field, column) in self.into.iter().zip(&given.args) {
            chunk.set_column(field, column.clone());
        }
        let fields = self.windowed.and_then(|windowed| windowed.fields);
        if let (Some((start, end)), Some(windows)) = (fields, &chunk.windows) {
            let of = |pick: fn(&(i64, i64)) -> i64| {
                ColumnV::new(Column::Nanos(windows.iter().map(pick).collect()))
            };
            let (starts, ends) = (of(|window| window.0), of(|window| window.1));
            chunk.set_column(start, starts);
            chunk.set_column(end, ends);
        }
        for &field in &self.carry {
            if chunk.column(field).is_none() {
                chunk.set_column(field, ColumnV::nulls(chunk.rows.len()));
            }
        }
        if let Some(ColumnV {
            data: Column::Bytes(lines),
            ..
        }) = given.args.get(self.into.len())
        {
            self.lines(chunk, lines, false);
        }
    }
}
