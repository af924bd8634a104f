//! `fill`: rows for windows without one, of each key from its first window to the last that any key has. A window's
//! rows wait until it is known that all have come. Invariant: rows come by window, then key; but those of a line
//! come when its other end is known, in that order among themselves, in front of the window that shows it.

use crate::bytes::number::{SCALE_MAX, settled};
use crate::data::keys::KeyCoder;
use crate::data::packed::{pack_cell, unpack_cell};
use crate::data::process::{Given, Limits, Making, OnFull, Process, Told};
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
        self.bytes += cells.len() + key.as_ref().map_or(0, |key| key.len());
        self.rows.push(Row {
            rank: self.coder.rank(key.as_deref()),
            key,
            start,
            cells: cells.into(),
        });
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
            told.failure.get_or_insert((65, self.too_many(window.0)));
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
        let bytes = row.cells.len() + row.key.as_ref().map_or(0, |key| key.len());
        self.bytes = self.bytes.saturating_sub(bytes);
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
            let was = number(&mut cells, ty, &mut out.scratch);
            match ty {
                _ if self.filling.how == How::Null => builder.null(),
                Type::Number | Type::Float => builder.number(Number::ZERO),
                Type::Duration => builder.nanos(0),
                Type::List(_) => builder.end_list(),
                // A number by its value, not by its type.
                ty if ty.is_bytes() && was.is_some() => builder.bytes(b"0", &mut out.scratch),
                _ => builder.null(),
            }
        }
    }

    /// A row on the line between two, `step` of `steps` from the first.
    fn point(&self, window: (i64, i64), a: &Row, b: &Row, step: (u64, u64), out: &mut Out) {
        out.begin(window, a, &self.coder);
        let (mut from, mut to) = (&a.cells[..], &b.cells[..]);
        let mut text = Vec::new();
        for (builder, ty) in out.cells.iter_mut().zip(&self.filling.fields) {
            let from = number(&mut from, ty, &mut out.scratch);
            let to = number(&mut to, ty, &mut out.scratch);
            match (from.zip(to), ty) {
                (Some((from, to)), Type::Number | Type::Float) => {
                    builder.number(between(from, to, step));
                }
                (Some((from, to)), ty) if ty.is_bytes() => {
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
             --max-ahead holds back times that are far ahead",
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
                "fill: more than {most} keys (--max-keys); allow more, or give --on-full evict-oldest"
            );
            told.failure.get_or_insert((65, message));
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
        *told.counts.entry(super::lasting::FORGOTTEN).or_default() += over as u64;
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

/// The number in a packed cell, which is taken off.
fn number(cells: &mut &[u8], ty: &Type, scratch: &mut Vec<u8>) -> Option<Number> {
    let mut one = ColumnBuilder::new(ty);
    let text = scratch.len();
    unpack_cell(cells, &mut one, scratch);
    let column = one.finish();
    let number = match (&column.data, ty) {
        (Column::Bytes(_), ty) if ty.is_bytes() && column.is_valid(0) => {
            Number::parse(&scratch[text..])
        }
        (Column::Number(_) | Column::Float(_), _) => column.number(0),
        _ => None,
    };
    scratch.truncate(text);
    number
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

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        let rows = self.known.capacity() + self.rows.capacity();
        (self.known.len(), self.bytes + rows * size_of::<Row>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::value::Printing;
    use crate::data::{Field, Schema, Selection};
    use crate::plan::node::Extent;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn types() -> [Type; 3] {
        [
            Type::Number,
            Type::Untyped,
            Type::List(Box::new(Type::Text)),
        ]
    }

    /// Window, key, number, text.
    type Given4 = (i64, u8, Option<i64>, &'static str);

    fn filling(how: How, size: i64, slide: i64) -> Filling {
        Filling {
            how,
            window: Window {
                size: Extent::Fixed(size),
                slide: Extent::Fixed(slide),
                offset: 3,
            },
            keys: vec![Type::Text],
            fields: types().to_vec(),
        }
    }

    fn making<T>(limits: Limits, run: impl FnOnce(&Making<'_>) -> T) -> T {
        let schema = Schema::new(vec![Field::new("k", Type::Text)]);
        run(&Making {
            schema: &schema,
            carry: &[],
            into: &[],
            lines: false,
            zone: &Zone::default(),
            seed: 7,
            coder: &KeyCoder::new(vec![Type::Text]),
            alone: true,
            limits,
        })
    }

    fn chunk(rows: &[Given4], size: i64, slide: i64) -> (Chunk, Given) {
        let mut scratch = Vec::new();
        let mut key = ColumnBuilder::new(&Type::Text);
        let mut cells: Vec<ColumnBuilder> = types().iter().map(ColumnBuilder::new).collect();
        let mut windows = Vec::new();
        for (window, name, number, text) in rows {
            let start = window * slide + 3;
            windows.push((start, start + size));
            key.bytes(&[b'a' + name], &mut scratch);
            match number {
                Some(units) => cells[0].number(Number::Exact {
                    units: *units,
                    scale: 1,
                }),
                None => cells[0].null(),
            }
            cells[1].bytes(text.as_bytes(), &mut scratch);
            cells[2].items().bytes(b"x", &mut scratch);
            cells[2].end_list();
        }
        let mut chunk = Chunk::of_columns(rows.len(), Vec::new(), scratch);
        chunk.times = Some(windows.iter().map(|(_, end)| end - 1).collect());
        chunk.before = chunk.times.clone();
        chunk.windows = Some(windows);
        let given = Given {
            input: 0,
            key: key.finish(),
            args: cells.into_iter().map(ColumnBuilder::finish).collect(),
            now: 0,
        };
        (chunk, given)
    }

    /// Rows as text, with their times and what they say of later ones.
    fn show(chunk: &Chunk, slide: i64, out: &mut Vec<(String, i64, i64)>) {
        for row in chunk.live.iter() {
            let at = row as usize;
            let window = chunk.windows.as_ref().expect("rows have windows")[at];
            let mut line = ((window.0 - 3) / slide).to_string().into_bytes();
            let types = [Type::Text].into_iter().chain(types());
            for (field, ty) in (2..).zip(types) {
                line.push(b' ');
                let column = chunk.column(field).expect("all columns are there");
                chunk
                    .value(column, &ty, at)
                    .write_plain(&Printing::default(), &mut line);
            }
            out.push((
                String::from_utf8_lossy(&line).into_owned(),
                chunk.times.as_ref().expect("rows have times")[at],
                chunk.before.as_ref().expect("rows are judged")[at],
            ));
        }
    }

    /// Runs rows in chunks; time is told behind some, as far as it can be.
    fn run(
        how: How,
        rows: &[Given4],
        cuts: &[(usize, bool)],
        (size, slide): (i64, i64),
        limits: Limits,
    ) -> (Vec<(String, i64, i64)>, Told) {
        let filling = filling(how, size, slide);
        let mut process: Box<dyn Process> =
            making(limits, |making| Box::new(Fill::new(filling, making)));
        let (mut out, mut told, mut at) = (Vec::new(), Told::default(), 0);
        let mut floor = i64::MIN;
        for (turn, &(take, tell)) in cuts.iter().cycle().enumerate() {
            if at == rows.len() {
                break;
            }
            let end = (at + take).min(rows.len());
            let (mut chunk, given) = chunk(&rows[at..end], size, slide);
            at = end;
            let had = out.len();
            process.take(&mut chunk, &given, &mut told);
            show(&chunk, slide, &mut out);
            if let (true, Some(next)) = (tell, rows.get(at)) {
                // The aggregate has given all windows that end by then.
                let upto = next.0 * slide + 3 + size - 1;
                for chunk in process.close(Watermark::At(upto), &mut told) {
                    show(&chunk, slide, &mut out);
                }
                assert!(
                    out[had..].iter().all(|(_, time, _)| *time >= floor),
                    "{out:?}"
                );
                floor = upto.saturating_sub(process.lag());
            }
            if turn % 3 == 2 {
                process = process.fork();
            }
        }
        for chunk in process.close(Watermark::End, &mut told) {
            show(&chunk, slide, &mut out);
        }
        (out, told)
    }

    fn plain(how: How, rows: &[Given4]) -> Vec<String> {
        let text = |window: i64, key: u8, number: String, text: &str, list: &str| {
            format!("{window} {} {number} {text} {list}", (b'a' + key) as char)
        };
        let tenths = |units: Option<i64>| match units {
            Some(units) => (units as f64 / 10.0).to_string(),
            None => String::new(),
        };
        let mut of_key: BTreeMap<u8, BTreeMap<i64, Given4>> = BTreeMap::new();
        for row in rows {
            of_key.entry(row.1).or_default().insert(row.0, *row);
        }
        let last = rows.iter().map(|row| row.0).max().unwrap_or(0);
        // By when it comes, its window and its key.
        let mut all: BTreeMap<(i64, i64, u8), String> = BTreeMap::new();
        for (&key, windows) in &of_key {
            let first = *windows.keys().next().expect("a key has a row");
            for window in first..=last {
                if let Some(row) = windows.get(&window) {
                    let line = text(window, key, tenths(row.2), row.3, "[\"x\"]");
                    all.insert((window, window, key), line);
                    continue;
                }
                let before = windows
                    .range(..window)
                    .next_back()
                    .expect("there was one")
                    .1;
                let next = windows.range(window..).next().map(|(_, row)| row);
                let number = |text: &str| text.parse::<f64>().ok();
                let line = match how {
                    How::Zero => {
                        let word = if number(before.3).is_some() { "0" } else { "" };
                        text(window, key, "0".into(), word, "[]")
                    }
                    How::Null => text(window, key, String::new(), "", ""),
                    How::Last => text(window, key, tenths(before.2), before.3, "[\"x\"]"),
                    How::Linear => {
                        let Some(next) = next else { continue };
                        let share = (window - before.0) as f64 / (next.0 - before.0) as f64;
                        let at = |a: f64, b: f64| {
                            let value = a + (b - a) * share;
                            ((value * 1e9).round() / 1e9 + 0.0).to_string()
                        };
                        let units = before.2.zip(next.2);
                        let one = units.map(|(a, b)| at(a as f64 / 10.0, b as f64 / 10.0));
                        let other = number(before.3).zip(number(next.3)).map(|(a, b)| at(a, b));
                        let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
                        all.insert((next.0, window, key), text(window, key, one, &other, ""));
                        continue;
                    }
                };
                all.insert((window, window, key), line);
            }
        }
        all.into_values().collect()
    }

    fn rows() -> impl Strategy<Value = Vec<Given4>> {
        let words = prop::sample::select(vec!["w", "2.5", "10", "-3"]);
        let row = (0i64..14, 0u8..4, prop::option::of(-40i64..40), words);
        prop::collection::vec(row, 0..25).prop_map(|rows| {
            let mut seen = BTreeSet::new();
            let mut rows: Vec<Given4> = rows
                .into_iter()
                .filter(|row| seen.insert((row.0, row.1)))
                .collect();
            rows.sort_by_key(|row| (row.0, row.1));
            rows
        })
    }

    fn rounded(line: &str) -> String {
        let words = line.split(' ').map(|word| match word.parse::<f64>() {
            Ok(value) => ((value * 1e9).round() / 1e9 + 0.0).to_string(),
            Err(_) => word.to_string(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    proptest! {
        /// INTERFACE 6.2 fill: "for each key a row for every window between its first and the last seen that had no
        /// record. Keys stay; each aggregate gets 0, null, its last value, or the straight line to its next one
        /// (which is waited for)."
        #[test]
        fn windows_without_a_row_have_one(
            how in prop::sample::select(vec![How::Zero, How::Null, How::Last, How::Linear]),
            rows in rows(), cuts in prop::collection::vec((1usize..7, any::<bool>()), 1..6),
            (size, slide) in prop::sample::select(vec![(10, 10), (30, 10), (5, 10)]),
        ) {
            let (out, told) = run(how, &rows, &cuts, (size, slide), Limits::default());
            prop_assert_eq!(told.failure, None);
            let lines: Vec<String> = out.iter().map(|(line, ..)| rounded(line)).collect();
            let expected: Vec<String> = plain(how, &rows).iter().map(|line| rounded(line)).collect();
            prop_assert_eq!(lines, expected);
            let mut least = i64::MAX;
            for (at, (_, time, before)) in out.iter().enumerate().rev() {
                least = least.min(*time);
                prop_assert!(*before <= least, "later rows are no older than said");
                prop_assert!(at == 0 || out[at - 1].2 <= *before, "what is said does not fall");
            }
        }
    }

    #[test]
    fn lines_are_exact_where_they_have_a_decimal() {
        let exact = |units| Number::Exact { units, scale: 0 };
        let show = |number: Number| {
            let mut out = Vec::new();
            number.write(&mut out);
            String::from_utf8(out).expect("numbers are text")
        };
        assert_eq!(show(between(exact(1), exact(2), (1, 8))), "1.125");
        assert_eq!(
            show(between(exact(0), exact(1), (1, 3))),
            "0.3333333333333333"
        );
        assert_eq!(show(between(exact(5), exact(-5), (1, 2))), "0");
    }

    #[test]
    fn a_gap_beyond_measure_ends_the_run() {
        for how in [How::Last, How::Linear] {
            let rows = [(0, 0, Some(1), "w"), (2_000, 0, Some(2), "w")];
            let (_, told) = run(how, &rows, &[(9, false)], (10, 10), Limits::default());
            let (status, message) = told.failure.expect("1999 rows are more than 1000");
            assert_eq!(status, 65);
            assert!(message.contains("more than 1000 rows"), "{message}");
        }
    }

    #[test]
    fn the_key_silent_for_longest_is_forgotten() {
        let limits = Limits {
            keys: Some(1),
            on_full: OnFull::EvictOldest,
        };
        let rows = [
            (0, 0, Some(10), "w"),
            (1, 1, Some(20), "w"),
            (2, 1, Some(30), "w"),
        ];
        let (out, told) = run(How::Last, &rows, &[(9, false)], (10, 10), limits);
        assert_eq!(told.counts.values().sum::<u64>(), 1);
        let lines: Vec<&str> = out.iter().map(|(line, ..)| line.as_str()).collect();
        assert_eq!(
            lines,
            [
                "0 a 1 w [\"x\"]",
                "1 a 1 w [\"x\"]",
                "1 b 2 w [\"x\"]",
                "2 b 3 w [\"x\"]"
            ]
        );
        let limits = Limits {
            on_full: OnFull::Fail,
            ..limits
        };
        let (_, told) = run(How::Last, &rows, &[(9, false)], (10, 10), limits);
        assert!(
            told.failure
                .expect("two are more than one")
                .1
                .starts_with("fill: more than 1 keys")
        );
    }

    #[test]
    fn chunks_of_other_rows_are_empty() {
        let (mut chunk, given) = chunk(&[(0, 0, Some(1), "w")], 10, 10);
        chunk.live = Selection::Some(Vec::new());
        let mut process = making(Limits::default(), |making| {
            Fill::new(filling(How::Zero, 10, 10), making)
        });
        process.take(&mut chunk, &given, &mut Told::default());
        assert!(chunk.live.is_empty());
    }
}
