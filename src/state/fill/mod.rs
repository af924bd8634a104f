//! `fill`: rows for windows without one, of each key from its first window to the last that any key has. A window's
//! rows wait until it is known that all have come. Invariant: rows come by window, then key; but those of a line
//! come when its other end is known, in that order among themselves, in front of the window that shows it.

use super::saving::{self, is_time, sound};
use crate::bytes::number::{SCALE_MAX, settled};
use crate::data::keys::KeyCoder;
use crate::data::packed::{are_cells, pack_cell, unpack_cell};
use crate::data::process::{FORGOTTEN, Given, Limits, Making, OnFull, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::{Watermark, Zone};
use crate::data::{Chunk, Column, ColumnBuilder, Number, Type};
use crate::plan::grid::Grid;
use crate::plan::node::Window;
use std::cmp::Ordering;

/// So many rows one gap may be filled with: a time that is wrong by years asks for more.
const ROWS_MAX: u64 = if cfg!(test) { 1_000 } else { 10_000_000 };
/// Rows of one chunk of those that time lets out.
const CHUNK_ROWS: usize = 4096;

/// What missing rows have in place of aggregates.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum How {
    Zero,
    Null,
    Last,
    Linear,
}

impl How {
    pub fn of(word: &str) -> Option<How> {
        Some(match word {
            "zero" => How::Zero,
            "null" => How::Null,
            "last" => How::Last,
            "linear" => How::Linear,
            _ => return None,
        })
    }
}

/// What is said of the operator.
#[derive(Clone, Debug)]
pub struct Filling {
    pub how: How,
    pub window: Window,
    pub keys: Vec<Type>,
    pub fields: Vec<Type>,
}

/// A row of the window that is not complete, or the last one of a key.
#[derive(Clone)]
struct Row {
    /// What keys are ordered by, as far as it goes.
    rank: u64,
    key: Option<Box<[u8]>>,
    /// Its window.
    start: i64,
    cells: Box<[u8]>,
}

impl Row {
    /// Memory beside itself.
    fn bytes(&self) -> usize {
        self.cells.len() + self.key.as_ref().map_or(0, |key| key.len())
    }
}

#[derive(Clone)]
pub struct Fill {
    filling: Filling,
    coder: KeyCoder,
    zone: Zone,
    grid: Grid,
    limits: Limits,
    /// The window whose rows are coming, and those.
    current: Option<(i64, i64)>,
    rows: Vec<Row>,
    /// The last row of each key, by key.
    known: Vec<Row>,
    /// The window before.
    last: Option<i64>,
    /// How far time is said to be.
    watermark: i64,
    bytes: usize,
}

impl Fill {
    pub fn new(filling: Filling, making: &Making<'_>) -> Fill {
        Fill {
            coder: making.coder.clone(),
            zone: making.zone.clone(),
            grid: Grid::new(&filling.window, making.zone),
            limits: making.limits,
            filling,
            current: None,
            rows: Vec::new(),
            known: Vec::new(),
            last: None,
            watermark: i64::MIN,
            bytes: 0,
        }
    }

    fn keep(&mut self, chunk: &Chunk, given: &Given, row: u32, start: i64) {
        let at = row as usize;
        let key: Option<Box<[u8]>> = match &given.key.data {
            Column::Bytes(spans) if given.key.is_valid(at) => Some(chunk.bytes(spans[at]).into()),
            _ => None,
        };
        let mut cells = Vec::new();
        for column in &given.args {
            pack_cell(chunk, column, at, &mut cells);
        }
        let row = Row {
            rank: self.coder.rank(key.as_deref()),
            key,
            start,
            cells: cells.into(),
        };
        self.bytes += row.bytes();
        self.rows.push(row);
    }

    fn order(&self, a: &Row, b: &Row) -> Ordering {
        let keys = || self.coder.compare(a.key.as_deref(), b.key.as_deref());
        a.rank.cmp(&b.rank).then_with(keys)
    }

    /// The window that begins next behind one.
    fn next(&mut self, start: i64) -> (i64, i64) {
        let next = self.grid.cell(start).1;
        (next, self.grid.end(next))
    }

    /// The windows between two; `None`: more than there may be.
    fn between(&mut self, from: i64, to: i64, most: u64) -> Option<Vec<(i64, i64)>> {
        let mut windows = Vec::new();
        let mut window = self.next(from);
        while window.0 < to {
            if windows.len() as u64 >= most {
                return None;
            }
            windows.push(window);
            window = self.next(window.0);
        }
        Some(windows)
    }

    /// All rows of the window that was coming are here.
    fn complete(&mut self, out: &mut Out, told: &mut Told) {
        let Some(window) = self.current.take() else {
            return;
        };
        if told.failure.is_some() {
            return;
        }
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by(|a, b| self.order(a, b));
        let is_whole = match self.filling.how {
            How::Linear => self.join_up(window, &mut rows, out),
            _ => self.fill_up(window, &mut rows, out),
        };
        if !is_whole {
            told.fail(self.too_many(window.0));
        }
        self.last = Some(window.0);
        self.limit(told);
    }

    /// Gives the windows before this one to every key, then this one to those that lack it. False: too many.
    fn fill_up(&mut self, window: (i64, i64), rows: &mut Vec<Row>, out: &mut Out) -> bool {
        if let Some(last) = self.last {
            let most = ROWS_MAX / self.known.len().max(1) as u64;
            let Some(missing) = self.between(last, window.0, most) else {
                return false;
            };
            for gap in missing {
                for row in &self.known {
                    self.stand_in(gap, row, out);
                }
            }
        }
        let mut known = std::mem::take(&mut self.known).into_iter().peekable();
        let mut merged = Vec::with_capacity(known.len().max(rows.len()));
        for row in rows.drain(..) {
            while let Some(missing) = known.next_if(|one| self.order(one, &row).is_lt()) {
                self.stand_in(window, &missing, out);
                merged.push(missing);
            }
            while let Some(old) = known.next_if(|one| self.order(one, &row).is_eq()) {
                self.forget(&old);
            }
            self.pass(window, &row, out);
            merged.push(row);
        }
        for missing in known {
            self.stand_in(window, &missing, out);
            merged.push(missing);
        }
        self.known = merged;
        true
    }

    /// Gives each key that has a row here the windows that it lacked, on a line to this row. False: too many.
    fn join_up(&mut self, window: (i64, i64), rows: &mut Vec<Row>, out: &mut Out) -> bool {
        let old = std::mem::take(&mut self.known);
        // Which gaps end here: a row of those before, one of these, and the windows between.
        let mut lines: Vec<(usize, usize, u64)> = Vec::new();
        let mut gaps: Vec<((i64, i64), u64, usize)> = Vec::new();
        let mut at = 0;
        let mut kept = vec![true; old.len()];
        for (place, row) in rows.iter().enumerate() {
            while old.get(at).is_some_and(|one| self.order(one, row).is_lt()) {
                at += 1;
            }
            let Some(before) = old.get(at).filter(|one| self.order(one, row).is_eq()) else {
                continue;
            };
            kept[at] = false;
            let room = ROWS_MAX.saturating_sub(gaps.len() as u64);
            let Some(missing) = self.between(before.start, window.0, room) else {
                return false;
            };
            let steps = missing.len() as u64 + 1;
            let numbered = (1..).zip(missing);
            gaps.extend(numbered.map(|(step, missing)| (missing, step, lines.len())));
            lines.push((at, place, steps));
            at += 1;
        }
        // Lines are in the order of keys.
        gaps.sort_by_key(|(window, _, line)| (window.0, *line));
        let mut waiting = old.iter().zip(&kept).filter(|(_, kept)| **kept);
        out.behind = waiting
            .by_ref()
            .map(|(row, _)| row.start)
            .min()
            .map_or(i64::MAX, |first| self.next(first).1.saturating_sub(1));
        for (window, step, line) in gaps {
            let (from, to, steps) = lines[line];
            self.point(window, &old[from], &rows[to], (step, steps), out);
        }
        for row in rows.iter() {
            self.pass(window, row, out);
        }
        let mut merged = Vec::with_capacity(old.len().max(rows.len()));
        let mut new = rows.drain(..).peekable();
        for (one, kept) in old.into_iter().zip(kept) {
            if !kept {
                self.forget(&one);
                continue;
            }
            while let Some(row) = new.next_if(|row| self.order(row, &one).is_lt()) {
                merged.push(row);
            }
            merged.push(one);
        }
        merged.extend(new);
        self.known = merged;
        true
    }

    fn forget(&mut self, row: &Row) {
        self.bytes = self.bytes.saturating_sub(row.bytes());
    }

    /// A row that was saved.
    fn take_row(&self, from: &mut Saved<'_>) -> Result<Row, Damaged> {
        let key = saving::take_bytes(from)?;
        let start = from.take()?;
        let cells = from.take_bytes()?;
        sound(self.coder.fits(key) && is_time(start))?;
        sound(are_cells(cells, &self.filling.fields))?;
        Ok(Row {
            rank: self.coder.rank(key),
            key: key.map(Box::from),
            start,
            cells: cells.into(),
        })
    }

    fn pass(&self, window: (i64, i64), row: &Row, out: &mut Out) {
        out.begin(window, row, &self.coder);
        let mut cells = &row.cells[..];
        for builder in &mut out.cells {
            unpack_cell(&mut cells, builder, &mut out.scratch);
        }
    }

    /// A row for a window that a key lacks, made of its last one.
    fn stand_in(&self, window: (i64, i64), row: &Row, out: &mut Out) {
        if self.filling.how == How::Last {
            return self.pass(window, row, out);
        }
        out.begin(window, row, &self.coder);
        let mut cells = &row.cells[..];
        for (builder, ty) in out.cells.iter_mut().zip(&self.filling.fields) {
            let was = read(&mut cells, ty, &mut out.scratch);
            match (ty, was) {
                _ if self.filling.how == How::Null => builder.null(),
                (Type::Number | Type::Float, _) => builder.number(Number::ZERO),
                (Type::Duration, _) => builder.nanos(0),
                (Type::List(_), _) => builder.end_list(),
                // By its value, not by its type.
                (_, Was::Number(_)) => builder.bytes(b"0", &mut out.scratch),
                (_, Was::List) => builder.bytes(b"[]", &mut out.scratch),
                (_, Was::Other) => builder.null(),
            }
        }
    }

    /// A row on the line between two, `step` of `steps` from the first.
    fn point(&self, window: (i64, i64), a: &Row, b: &Row, step: (u64, u64), out: &mut Out) {
        out.begin(window, a, &self.coder);
        let (mut from, mut to) = (&a.cells[..], &b.cells[..]);
        let mut text = Vec::new();
        for (builder, ty) in out.cells.iter_mut().zip(&self.filling.fields) {
            let from = read(&mut from, ty, &mut out.scratch);
            let to = read(&mut to, ty, &mut out.scratch);
            match (from, to, ty) {
                (Was::Number(from), Was::Number(to), Type::Number | Type::Float) => {
                    builder.number(between(from, to, step));
                }
                (Was::Number(from), Was::Number(to), _) => {
                    text.clear();
                    between(from, to, step).write(&mut text);
                    builder.bytes(&text, &mut out.scratch);
                }
                _ => builder.null(),
            }
        }
    }

    fn too_many(&self, start: i64) -> String {
        let mut time = Vec::new();
        self.zone.write_time(start, &mut time);
        format!(
            "fill: the windows missing before {} ask for more than {ROWS_MAX} rows; is that time right? \
             --since and --until leave times out, and of live input --max-ahead waits with those that are far ahead",
            String::from_utf8_lossy(&time)
        )
    }

    /// Holds `--max-keys`.
    fn limit(&mut self, told: &mut Told) {
        let Some(most) = self.limits.keys else {
            return;
        };
        let over = (self.known.len() as u64).saturating_sub(most) as usize;
        if over == 0 {
            return;
        }
        if self.limits.on_full == OnFull::Fail {
            let message = format!(
                "fill: more than {most} keys (--max-keys); allow more, or give --on-full evict-oldest or spill"
            );
            told.fail(message);
            return;
        }
        let mut oldest: Vec<usize> = (0..self.known.len()).collect();
        oldest.sort_by_key(|&at| self.known[at].start);
        let gone: std::collections::BTreeSet<usize> = oldest.into_iter().take(over).collect();
        let known = std::mem::take(&mut self.known);
        for (at, row) in known.into_iter().enumerate() {
            match gone.contains(&at) {
                true => self.forget(&row),
                false => self.known.push(row),
            }
        }
        *told.counts.entry(FORGOTTEN).or_default() += over as u64;
    }

    /// The earliest time of a row that may still come: that of the first window that may turn out to be missing.
    fn earliest(&self) -> Option<i64> {
        let first = match self.filling.how {
            How::Linear => self.known.iter().map(|row| row.start).min(),
            _ => self.last,
        };
        let mut grid = self.grid.clone();
        let next = grid.cell(first?).1;
        Some(grid.end(next).saturating_sub(1))
    }
}

/// What a cell holds.
enum Was {
    Number(Number),
    /// A list that is JSON.
    List,
    Other,
}

/// What is in a packed cell, which is taken off. What is text by its type is no number.
fn read(cells: &mut &[u8], ty: &Type, scratch: &mut Vec<u8>) -> Was {
    let mut one = ColumnBuilder::new(ty);
    let from = scratch.len();
    unpack_cell(cells, &mut one, scratch);
    let column = one.finish();
    let text = &scratch[from..];
    let number = match (&column.data, ty) {
        (Column::Bytes(_), Type::Untyped | Type::Json) if column.is_valid(0) => Number::parse(text),
        (Column::Number(_) | Column::Float(_), _) => column.number(0),
        _ => None,
    };
    let is_list = *ty == Type::Json && column.is_valid(0) && text.starts_with(b"[");
    scratch.truncate(from);
    match number {
        Some(number) => Was::Number(number),
        None if is_list => Was::List,
        None => Was::Other,
    }
}

/// The point `step` of `steps` on the way from `a` to `b`; exact where it has a decimal.
fn between(a: Number, b: Number, (step, steps): (u64, u64)) -> Number {
    if let (Number::Exact { units: x, scale: p }, Number::Exact { units: y, scale: q }) = (a, b)
        && p.max(q) <= SCALE_MAX
    {
        let scale = p.max(q);
        let at = |units: i64, from: u8| i128::from(units) * 10i128.pow(u32::from(scale - from));
        let (x, y) = (at(x, p), at(y, q));
        let (step, steps) = (i128::from(step), i128::from(steps));
        let whole = (y - x).checked_mul(step).zip(x.checked_mul(steps));
        let mut sum = whole.and_then(|(rise, base)| base.checked_add(rise));
        for scale in scale..=SCALE_MAX {
            match sum {
                Some(sum) if sum % steps == 0 => return settled(sum / steps, scale),
                Some(more) => sum = more.checked_mul(10),
                None => break,
            }
        }
    }
    let (a, b) = (a.to_f64(), b.to_f64());
    let share = step as f64 / steps as f64;
    Number::Float(a * (1.0 - share) + b * share)
        .finite()
        .unwrap_or(Number::Float(a))
}

/// Rows on their way out.
struct Out {
    keys: Vec<ColumnBuilder>,
    cells: Vec<ColumnBuilder>,
    scratch: Vec<u8>,
    windows: Vec<(i64, i64)>,
    before: Vec<i64>,
    /// Rows that come later are not older than this, or than the row itself.
    behind: i64,
    most: usize,
    types: (Vec<Type>, Vec<Type>),
    done: Vec<Chunk>,
}

impl Out {
    fn new(filling: &Filling, most: usize) -> Out {
        Out::of((filling.keys.clone(), filling.fields.clone()), most)
    }

    fn of(types: (Vec<Type>, Vec<Type>), most: usize) -> Out {
        let builders = |types: &[Type]| types.iter().map(ColumnBuilder::new).collect();
        Out {
            keys: builders(&types.0),
            cells: builders(&types.1),
            types,
            scratch: Vec::new(),
            windows: Vec::new(),
            before: Vec::new(),
            behind: i64::MAX,
            most,
            done: Vec::new(),
        }
    }

    /// A row of a window and a key; its other cells are the caller's to push.
    fn begin(&mut self, window: (i64, i64), row: &Row, coder: &KeyCoder) {
        if self.windows.len() >= self.most {
            self.flush();
        }
        self.windows.push(window);
        self.before.push(self.behind.min(window.1 - 1));
        coder.decode(row.key.as_deref(), &mut self.keys, &mut self.scratch);
    }

    fn flush(&mut self) {
        if self.windows.is_empty() {
            return;
        }
        let next = Out {
            behind: self.behind,
            ..Out::of(self.types.clone(), self.most)
        };
        let this = std::mem::replace(self, next);
        let rows = this.windows.len();
        let mut bounds = [
            ColumnBuilder::new(&Type::Time),
            ColumnBuilder::new(&Type::Time),
        ];
        for &(start, end) in &this.windows {
            bounds[0].nanos(start);
            bounds[1].nanos(end);
        }
        let columns = bounds.into_iter().chain(this.keys).chain(this.cells);
        let columns = columns.map(|builder| Some(builder.finish())).collect();
        let mut chunk = Chunk::of_columns(rows, columns, this.scratch);
        chunk.times = Some(this.windows.iter().map(|(_, end)| end - 1).collect());
        chunk.before = Some(this.before);
        chunk.windows = Some(this.windows);
        self.done = this.done;
        self.done.push(chunk);
    }
}

impl Process for Fill {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let mut out = Out::new(&self.filling, usize::MAX);
        if let Some(windows) = &chunk.windows {
            for row in chunk.live.iter() {
                let window = windows[row as usize];
                if self.current != Some(window) {
                    self.complete(&mut out, told);
                    self.current = Some(window);
                }
                self.keep(chunk, given, row, window.0);
            }
        }
        out.flush();
        *chunk = out.done.pop().unwrap_or_default();
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        let at = match upto {
            Watermark::None => return Vec::new(),
            Watermark::At(at) => at,
            Watermark::End => i64::MAX,
        };
        self.watermark = self.watermark.max(at);
        let mut out = Out::new(&self.filling, CHUNK_ROWS);
        if self.current.is_some_and(|(_, end)| end <= at) {
            self.complete(&mut out, told);
        }
        out.flush();
        out.done
    }

    fn next_end(&self) -> i64 {
        self.current.map_or(i64::MAX, |(_, end)| end)
    }

    fn lag(&self) -> i64 {
        match self.earliest() {
            Some(earliest) => self.watermark.saturating_sub(earliest).max(0),
            None => 0,
        }
    }

    fn held_time(&self) -> i64 {
        self.earliest().unwrap_or(i64::MAX)
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        let rows = self.known.capacity() + self.rows.capacity();
        (self.known.len(), self.bytes + rows * size_of::<Row>())
    }

    fn save(&self, to: &mut Save) {
        to.put(&(self.current, self.last, self.watermark));
        for rows in [&self.rows, &self.known] {
            saving::put_list(to, rows.iter(), |row, to| {
                saving::put_bytes(to, row.key.as_deref());
                to.put(&row.start);
                to.put_bytes(&row.cells);
            });
        }
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        (self.current, self.last, self.watermark) = from.take()?;
        let (start, end) = self.current.unwrap_or((0, 0));
        sound(is_time(start) && is_time(end) && self.last.is_none_or(is_time))?;
        self.rows = saving::take_list(from, |from| self.take_row(from))?;
        self.known = saving::take_list(from, |from| self.take_row(from))?;
        let all = self.rows.iter().chain(&self.known);
        self.bytes = all.map(Row::bytes).sum();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
