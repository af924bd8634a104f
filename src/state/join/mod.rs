//! Joins: rows of two streams by equal keys. Rows are kept as bytes (`data::packed`), what comes out is made of
//! both sides' cells. Refuses no row by itself but late ones. Invariant: what comes out, and in which order, does
//! not depend on how the two streams interleave.

pub mod asof;
pub mod cogroup;
pub mod interval;
pub mod sessions;
pub mod store;
pub mod union;
pub mod whole;
pub mod windowed;

#[cfg(test)]
mod naive;

use crate::data::keys::KeyCoder;
use crate::data::packed::{self, Packer, is_cell, pack_cell, unpack_cell};
pub use crate::data::process::MergeLines;
use crate::data::process::{Given, Making, Told};
use crate::data::saved::{Damaged, Saved};
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, FieldId, Selection, Type};
use crate::state::rows::bytes_of;
use crate::state::saving::sound;

/// Rows of a chunk that comes out.
const ROWS_MAX: usize = if cfg!(debug_assertions) { 16 } else { 4096 };

/// The left stream.
pub const LEFT: usize = 0;
/// The other one.
pub const RIGHT: usize = 1;

/// Which rows go on that have no match.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// By side.
    pub keeps: [bool; 2],
    /// Rows that match go on.
    pub pairs: bool,
}

/// What rows of both sides are made of.
#[derive(Clone)]
pub struct Form {
    packer: Packer,
    into: Vec<(FieldId, Type)>,
    /// Rows that go on have a line made of both.
    merge: Option<MergeLines>,
    /// The fields of a row's window, which a row of the right side alone has from nowhere else.
    pub window: Option<(FieldId, FieldId)>,
    /// The field that a row's time goes to: the later one of both sides.
    pub time: Option<FieldId>,
}

impl Form {
    pub fn new(making: &Making<'_>, merge: Option<MergeLines>) -> Form {
        let ty = |id: FieldId| making.schema.fields.get(id).map(|field| field.ty.clone());
        Form {
            packer: Packer::new(making.schema, making.carry, making.lines),
            into: making
                .into
                .iter()
                .filter_map(|&id| Some((id, ty(id)?)))
                .collect(),
            merge: merge.filter(|_| making.lines),
            window: None,
            time: None,
        }
    }

    /// A row as it is kept.
    pub fn pack(&self, chunk: &Chunk, given: &Given, row: u32, out: &mut Vec<u8>) {
        out.clear();
        if given.input == LEFT {
            return self.packer.pack(chunk, row, out);
        }
        for column in &given.args {
            pack_cell(chunk, column, row as usize, out);
        }
    }

    /// A row of a side as [`Form::pack`] has made it.
    pub fn take_row<'a>(&self, from: &mut Saved<'a>, side: usize) -> Result<&'a [u8], Damaged> {
        let row = from.take_bytes()?;
        sound(self.is_row(row, side))?;
        Ok(row)
    }

    /// Whether bytes are a row of a side.
    pub fn is_row(&self, row: &[u8], side: usize) -> bool {
        if side == LEFT {
            return self.packer.is_row(row);
        }
        // Of a line that is not asked for nothing is read.
        let line = self.merge.as_ref().map(|_| &Type::Json);
        let mut types = self.into.iter().map(|(_, ty)| ty).chain(line);
        let mut cells = row;
        types.all(|ty| is_cell(&mut cells, ty))
    }

    pub fn pairs(&self) -> Pairs<'_> {
        Pairs {
            form: self,
            unpacker: self.packer.unpacker(),
            builders: self.builders(),
            lines: ColumnBuilder::new(&Type::Json),
            times: Vec::new(),
            before: None,
            befores: Vec::new(),
            windows: Vec::new(),
            done: Vec::new(),
        }
    }

    fn builders(&self) -> Vec<ColumnBuilder> {
        let builders = self.into.iter().map(|(_, ty)| ColumnBuilder::new(ty));
        builders.collect()
    }
}

/// Rows of both sides on their way out.
pub struct Pairs<'f> {
    form: &'f Form,
    unpacker: packed::Unpacker,
    builders: Vec<ColumnBuilder>,
    /// The right side's lines.
    lines: ColumnBuilder,
    times: Vec<i64>,
    /// What rows are judged by from now on, and what those were that are here.
    before: Option<i64>,
    befores: Vec<i64>,
    windows: Vec<(i64, i64)>,
    done: Vec<Chunk>,
}

impl Pairs<'_> {
    /// What follows may judge the next rows by this watermark: no row that is not late is older, and it does not
    /// depend on when they are let out.
    pub fn judge_by(&mut self, before: Option<i64>) {
        self.before = before;
    }

    /// A row of what is there of both sides, with its time.
    pub fn push(&mut self, left: Option<&[u8]>, right: Option<&[u8]>, time: Option<i64>) {
        self.unpacker.push(left.unwrap_or_default());
        let mut cells = right.unwrap_or_default();
        for builder in &mut self.builders {
            unpack_cell(&mut cells, builder, &mut self.unpacker.scratch);
        }
        if self.form.merge.is_some() {
            unpack_cell(&mut cells, &mut self.lines, &mut self.unpacker.scratch);
        }
        self.times.extend(time);
        self.befores.extend(self.before);
    }

    /// The same in a window.
    pub fn push_in(
        &mut self,
        left: Option<&[u8]>,
        right: Option<&[u8]>,
        time: Option<i64>,
        window: (i64, i64),
    ) {
        self.push(left, right, time);
        self.windows.push(window);
        self.cut();
    }

    /// Begins another chunk where this one is full.
    pub fn cut(&mut self) {
        if self.unpacker.len() >= ROWS_MAX {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let form = self.form;
        let unpacker = std::mem::replace(&mut self.unpacker, form.packer.unpacker());
        let builders = std::mem::replace(&mut self.builders, form.builders());
        let lines = std::mem::replace(&mut self.lines, ColumnBuilder::new(&Type::Json)).finish();
        let (times, befores, windows) = (
            std::mem::take(&mut self.times),
            std::mem::take(&mut self.befores),
            std::mem::take(&mut self.windows),
        );
        let n = unpacker.len();
        let columns = builders.into_iter().map(ColumnBuilder::finish);
        let ids = form.into.iter().map(|(id, _)| *id);
        let mut chunk = unpacker.finish(ids.zip(columns).collect());
        if let (Some(field), true) = (form.time, times.len() == n) {
            chunk.set_column(field, ColumnV::new(Column::Nanos(times.clone())));
        }
        chunk.times = (times.len() == n).then_some(times);
        if windows.len() == n {
            if let Some((start, end)) = form.window {
                let of = |pick: fn(&(i64, i64)) -> i64| {
                    ColumnV::new(Column::Nanos(windows.iter().map(pick).collect()))
                };
                chunk.set_column(start, of(|window| window.0));
                chunk.set_column(end, of(|window| window.1));
            }
            chunk.windows = Some(windows);
        }
        chunk.before = (befores.len() == n).then_some(befores);
        if let (Some(merge), Column::Bytes(spans)) = (&form.merge, &lines.data) {
            let mut scratch = chunk.take_scratch();
            let mut text = Vec::new();
            for (row, span) in spans.iter().enumerate() {
                text.clear();
                let block = chunk.block.padded();
                let left = chunk.rows[row].of(block, &scratch);
                let right = lines.is_valid(row).then(|| span.of(block, &scratch));
                merge((!left.is_empty()).then_some(left), right, &mut text);
                chunk.rows[row] = crate::bytes::Span::scratch(scratch.len(), text.len());
                scratch.extend_from_slice(&text);
            }
            chunk.set_scratch(scratch);
        }
        self.done.push(chunk);
    }

    pub fn finish(mut self) -> Vec<Chunk> {
        if !self.unpacker.is_empty() {
            self.flush();
        }
        self.done
    }

    /// All of it in place of a chunk; nothing left of that if there is nothing.
    pub fn replace(mut self, chunk: &mut Chunk) {
        if self.unpacker.is_empty() {
            chunk.live = Selection::Some(Vec::new());
            return;
        }
        self.flush();
        if let Some(mut new) = self.done.pop() {
            new.block.arrival = chunk.block.arrival;
            *chunk = new;
        }
    }
}

/// The key of a row, if no part of it is null.
pub fn key_of<'c>(coder: &KeyCoder, chunk: &'c Chunk, key: &ColumnV, row: u32) -> Option<&'c [u8]> {
    bytes_of(chunk, key, row).filter(|bytes| !coder.has_null(Some(bytes)))
}

pub fn time_of(chunk: &Chunk, row: u32) -> Option<i64> {
    chunk.times.as_ref().map(|times| times[row as usize])
}

/// The watermark of its own side that a row came behind; `i64::MIN` before there is any.
pub fn before_of(chunk: &Chunk, row: u32) -> i64 {
    chunk
        .before
        .as_ref()
        .map_or(i64::MIN, |before| before[row as usize])
}

/// Stops the run where there are more keys than `--max-keys` allows.
/// `holder`: what holds them.
pub fn check_keys(holder: &str, keys: usize, most: Option<u64>, told: &mut Told) {
    if let Some(most) = most
        && keys as u64 > most
    {
        told.fail(format!("{holder} holds more than {most} keys (--max-keys)"));
    }
}
