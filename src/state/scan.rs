//! `scan`: a value for each row from the rows of its key around it. Rows keep their input order: one that waits for
//! rows behind it holds all that come after it. Invariant: what a row is given depends on its key's rows alone.

use super::lasting::{Lasting, Terms};
use super::least::Least;
use super::moving::Over;
use super::rows::{self, CHUNK, Gathered};
use super::running::{Cell, Step, What};
use super::saving::{self, any_key, sound};
use crate::aggs::{self, Aggregate};
use crate::data::packed::{self, Packer};
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, ColumnBuilder, ColumnV, FieldId, Type};
use crate::plan::clocks::Lapse;
use std::collections::VecDeque;
use std::sync::Arc;

/// Cells of frames that are aggregated at a time.
const BATCH: usize = if cfg!(debug_assertions) { 16 } else { 1 << 15 };

/// One value for each row.
#[derive(Clone)]
pub struct Call {
    /// Which of the node's arguments it reads.
    pub arg: Option<usize>,
    pub of: Of,
    pub ty: Type,
    pub into: FieldId,
}

/// What a value is made from.
#[derive(Clone)]
pub enum Of {
    /// The rows so far.
    Rows(What, Over),
    /// The row so many behind this one; before it, if negative.
    Row(i64),
    /// The rows from the one place to the other, both included.
    Frame {
        aggregate: &'static Aggregate,
        call: aggs::Call,
        from: i64,
        to: i64,
    },
}

/// What is said of the operator.
#[derive(Clone)]
pub struct Scanning {
    pub calls: Arc<[Call]>,
    /// Of the arguments.
    pub types: Vec<Type>,
    pub lapse: Lapse,
}

/// A row that frames may look at.
#[derive(Clone)]
struct Seen {
    time: i64,
    /// Where each kept argument ends, then the arguments.
    cells: Vec<u8>,
    /// Its number among the rows that are held.
    held: u64,
}

#[derive(Clone)]
struct Key {
    steps: Vec<Option<Step>>,
    seen: VecDeque<Seen>,
    /// How many rows of the key are gone from the front.
    gone: u64,
    /// The number of the first row whose frames are not full.
    open: u64,
}

/// A row that waits.
#[derive(Clone)]
struct Held {
    packed: Vec<u8>,
    cells: Vec<Vec<u8>>,
    full: bool,
}

#[derive(Clone)]
pub struct Scan {
    scanning: Scanning,
    sets: Vec<(FieldId, Type)>,
    /// The arguments that frames look at.
    kept: Vec<usize>,
    back: u64,
    ahead: u64,
    keys: Lasting<Key>,
    packer: Packer,
    held: VecDeque<Held>,
    /// The number of the first row that is held.
    first: u64,
    /// What held rows are judged by: time behind stands at the least.
    judged: Least,
    /// The ends of the windows that they are in.
    ends: Least,
    upto: i64,
    slots: Vec<u32>,
}

/// What one chunk's rows, or a close, have made.
struct Made {
    columns: Vec<ColumnBuilder>,
    scratch: Vec<u8>,
    /// The rows whose frames are full, as they are in the columns of frames.
    full: Vec<u64>,
    frames: Vec<Frames>,
}

/// The rows of frames on their way to an aggregate.
struct Frames {
    arg: ColumnBuilder,
    scratch: Vec<u8>,
    groups: Vec<u32>,
    times: Vec<i64>,
    /// Frames begun.
    count: u32,
}

impl Frames {
    fn new(ty: &Type) -> Frames {
        Frames {
            arg: ColumnBuilder::new(ty),
            scratch: Vec::new(),
            groups: Vec::new(),
            times: Vec::new(),
            count: 0,
        }
    }
}

impl Scan {
    pub fn new(scanning: Scanning, terms: Terms, making: &Making<'_>) -> Scan {
        let (mut back, mut ahead, mut kept) = (0, 0, Vec::new());
        for call in scanning.calls.iter() {
            let (from, to) = match call.of {
                Of::Rows(..) => continue,
                Of::Row(at) => (at, at),
                Of::Frame { from, to, .. } => (from, to),
            };
            back = back.max((-from).max(0) as u64);
            ahead = ahead.max(to.max(0) as u64);
            kept.extend(call.arg.filter(|arg| !kept.contains(arg)));
        }
        Scan {
            sets: scanning
                .calls
                .iter()
                .map(|call| (call.into, call.ty.clone()))
                .collect(),
            kept,
            back,
            ahead,
            keys: Lasting::new(terms, making.seed),
            packer: Packer::new(making.schema, making.carry, making.lines),
            held: VecDeque::new(),
            first: 0,
            judged: Least::default(),
            ends: Least::default(),
            upto: i64::MIN,
            slots: Vec::new(),
            scanning,
        }
    }

    fn new_key(&self) -> Key {
        let step = |call: &Call| match call.of {
            Of::Rows(what, over) => Step::new(what, over),
            _ => None,
        };
        Key {
            steps: self.scanning.calls.iter().map(step).collect(),
            seen: VecDeque::new(),
            gone: 0,
            open: 0,
        }
    }

    fn looks_around(&self) -> bool {
        let calls = &self.scanning.calls;
        calls.iter().any(|call| !matches!(call.of, Of::Rows(..)))
    }

    fn made(&self) -> Made {
        let frames = self.scanning.calls.iter().map(|call| {
            let ty = call
                .arg
                .map_or(&Type::Null, |arg| &self.scanning.types[arg]);
            Frames::new(ty)
        });
        Made {
            columns: self
                .sets
                .iter()
                .map(|(_, ty)| ColumnBuilder::new(ty))
                .collect(),
            scratch: Vec::new(),
            full: Vec::new(),
            frames: frames.collect(),
        }
    }

    fn seen(&self, chunk: &Chunk, given: &Given, row: usize, held: u64) -> Seen {
        let header = self.kept.len() * 4;
        let mut cells = vec![0; header];
        for (place, &arg) in self.kept.iter().enumerate() {
            packed::pack_cell(chunk, &given.args[arg], row, &mut cells);
            let end = (cells.len() as u32).to_le_bytes();
            cells[place * 4..place * 4 + 4].copy_from_slice(&end);
        }
        Seen {
            time: chunk.times.as_ref().map_or(0, |times| times[row]),
            cells,
            held,
        }
    }

    /// The cell of an argument.
    fn cell<'s>(&self, seen: &'s Seen, arg: usize) -> &'s [u8] {
        let at = |place: usize| {
            let end = seen.cells.get(place * 4..place * 4 + 4);
            let end = end.and_then(|end| end.try_into().ok());
            end.map_or(0, u32::from_le_bytes) as usize
        };
        let place = self.kept.iter().position(|kept| *kept == arg).unwrap_or(0);
        let from = match place {
            0 => self.kept.len() * 4,
            _ => at(place - 1),
        };
        seen.cells.get(from..at(place)).unwrap_or_default()
    }

    /// The frames of a key's rows that are full, or all if none comes any more.
    fn fill(&self, key: &mut Key, all: bool, made: &mut Made) {
        let next = key.gone + key.seen.len() as u64;
        while key.open < next && (all || key.open + self.ahead < next) {
            self.give(key, key.open, made);
            key.open += 1;
        }
        while key.gone + self.back < key.open && !key.seen.is_empty() {
            key.seen.pop_front();
            key.gone += 1;
        }
    }

    /// The values that the row `number` of a key has from the rows around it.
    fn give(&self, key: &Key, number: u64, made: &mut Made) {
        let place = (number - key.gone) as i64;
        let last = key.seen.len() as i64 - 1;
        made.full.push(key.seen[place as usize].held);
        for (at, call) in self.scanning.calls.iter().enumerate() {
            match call.of {
                Of::Rows(..) => {}
                Of::Row(away) => {
                    let there = place.checked_add(away).filter(|at| (0..=last).contains(at));
                    let out = &mut made.columns[at];
                    match (there, call.arg) {
                        (Some(there), Some(arg)) => {
                            let mut cell = self.cell(&key.seen[there as usize], arg);
                            packed::unpack_cell(&mut cell, out, &mut made.scratch);
                        }
                        _ => out.null(),
                    }
                }
                Of::Frame { from, to, .. } => {
                    let frames = &mut made.frames[at];
                    let begin = (place + from).max(0);
                    for row in begin..=(place + to).min(last) {
                        let seen = &key.seen[row as usize];
                        match call.arg {
                            Some(arg) => {
                                let mut cell = self.cell(seen, arg);
                                packed::unpack_cell(
                                    &mut cell,
                                    &mut frames.arg,
                                    &mut frames.scratch,
                                );
                            }
                            None => frames.arg.null(),
                        }
                        frames.groups.push(frames.count);
                        frames.times.push(seen.time);
                    }
                    frames.count += 1;
                    if frames.groups.len() >= BATCH {
                        self.aggregate(at, made);
                    }
                }
            }
        }
    }

    /// Aggregates the frames of a call that were begun.
    fn aggregate(&self, at: usize, made: &mut Made) {
        let call = &self.scanning.calls[at];
        let Of::Frame {
            aggregate,
            call: how,
            ..
        } = &call.of
        else {
            return;
        };
        let ty = call
            .arg
            .map_or(&Type::Null, |arg| &self.scanning.types[arg]);
        let frames = std::mem::replace(&mut made.frames[at], Frames::new(ty));
        let count = frames.count as usize;
        let mut chunk = Chunk::of_columns(frames.groups.len(), Vec::new(), frames.scratch);
        chunk.times = Some(frames.times);
        let mut accumulator = (aggregate.make)(how);
        accumulator.grow(count);
        let arg = frames.arg.finish();
        let rows = aggs::Rows {
            chunk: &chunk,
            groups: &frames.groups,
        };
        if !frames.groups.is_empty() {
            accumulator.update(&rows, call.arg.map(|_| &arg));
        }
        let groups: Vec<u32> = (0..frames.count).collect();
        accumulator.emit(&groups, None, &mut made.columns[at], &mut made.scratch);
    }

    /// The columns that were made, and the bytes that they point to.
    fn finish(&self, mut made: Made) -> (Vec<ColumnV>, Vec<u8>, Vec<u64>) {
        for at in 0..self.scanning.calls.len() {
            self.aggregate(at, &mut made);
        }
        let columns = made.columns.into_iter().map(ColumnBuilder::finish);
        (columns.collect(), made.scratch, made.full)
    }

    /// A row begins to wait.
    fn hold(&mut self, chunk: &Chunk, row: u32) -> u64 {
        let mut packed = Vec::new();
        self.packer.pack(chunk, row, &mut packed);
        self.wait(Held {
            packed,
            cells: vec![Vec::new(); self.sets.len()],
            full: false,
        })
    }

    fn wait(&mut self, held: Held) -> u64 {
        let number = self.first + self.held.len() as u64;
        if let Some(judged) = packed::judged(&held.packed) {
            self.judged.push(number, judged);
        }
        if let Some(end) = packed::window_end(&held.packed) {
            self.ends.push(number, end);
        }
        self.held.push_back(held);
        number
    }

    fn take_held(&self, from: &mut Saved<'_>) -> Result<Held, Damaged> {
        let full = from.take()?;
        let packed = from.take_bytes()?.to_vec();
        sound(self.packer.is_row(&packed))?;
        let mut cells = Vec::with_capacity(self.sets.len());
        for (_, ty) in &self.sets {
            let cell = from.take_bytes()?;
            sound(cell.is_empty() || packed::are_cells(cell, [ty]))?;
            cells.push(cell.to_vec());
        }
        Ok(Held {
            packed,
            cells,
            full,
        })
    }

    fn take_key(&self, from: &mut Saved<'_>) -> Result<Key, Damaged> {
        let mut key = self.new_key();
        for step in key.steps.iter_mut().flatten() {
            step.load(from)?;
        }
        key.gone = saving::count(from)?;
        key.open = saving::count(from)?;
        key.seen = saving::take_queue(from, |from| {
            let (time, held) = from.take()?;
            let cells = from.take_bytes()?.to_vec();
            let seen = Seen { time, cells, held };
            for &arg in &self.kept {
                let types = [&self.scanning.types[arg]];
                sound(packed::are_cells(self.cell(&seen, arg), types))?;
            }
            Ok(seen)
        })?;
        sound(key.gone <= key.open && key.open <= key.gone + key.seen.len() as u64)?;
        // Rows whose frames are not full wait.
        let end = self.first + self.held.len() as u64;
        let mut open = key.seen.range((key.open - key.gone) as usize..);
        sound(self.ahead == 0 || open.all(|seen| (self.first..end).contains(&seen.held)))?;
        Ok(key)
    }

    /// Puts what was made to the rows that wait; `arrived`: the number of the first row of the chunk.
    fn put(&mut self, made: Made, arrived: u64) {
        let (columns, scratch, full) = self.finish(made);
        let calls = self.scanning.calls.clone();
        let chunk = Chunk::of_columns(0, Vec::new(), scratch);
        for (at, (call, column)) in calls.iter().zip(&columns).enumerate() {
            let of_rows = matches!(call.of, Of::Rows(..));
            let numbers: &mut dyn Iterator<Item = u64> = match of_rows {
                true => &mut (arrived..),
                false => &mut full.iter().copied(),
            };
            for (row, number) in numbers.take(column.len()).enumerate() {
                let held = &mut self.held[(number - self.first) as usize];
                packed::pack_cell(&chunk, column, row, &mut held.cells[at]);
            }
        }
        for number in full {
            self.held[(number - self.first) as usize].full = true;
        }
    }

    /// The rows in front that wait no more.
    fn let_go(&mut self, most: usize) -> Gathered {
        let mut out = Gathered::new(&self.packer, &self.sets);
        while out.len() < most && self.held.front().is_some_and(|held| held.full) {
            let Some(held) = self.held.pop_front() else {
                break;
            };
            out.push(&held.packed);
            let (builders, scratch) = out.scratch();
            for (builder, cell) in builders.iter_mut().zip(&held.cells) {
                packed::unpack_cell(&mut cell.as_slice(), builder, scratch);
            }
            self.judged.drop(self.first);
            self.ends.drop(self.first);
            self.first += 1;
        }
        out
    }

    /// Takes the rows of a chunk; returns how many, where the run must end.
    fn rows(&mut self, chunk: &Chunk, given: &Given, made: &mut Made, told: &mut Told) -> usize {
        let mut slots = std::mem::take(&mut self.slots);
        self.keys.slots(chunk, &given.key, &mut slots);
        let calls = self.scanning.calls.clone();
        let (lapse, around) = (self.scanning.lapse, self.looks_around());
        let mut taken = 0;
        for (row, &slot) in chunk.live.iter().zip(&slots) {
            if told.failure.is_some() {
                break;
            }
            if self.keys.ttl().is_some() {
                let watermark = rows::watermark(lapse, chunk, given.now, row);
                while let Some(mut gone) = self.keys.due(watermark) {
                    self.fill(&mut gone.state, true, made);
                }
            }
            let at = rows::time(lapse, chunk, given.now, row);
            if !self.keys.is_there(slot) {
                let forgotten = self.keys.insert(slot, at, self.new_key(), told);
                if let Some((_, mut key)) = forgotten {
                    self.fill(&mut key, true, made);
                }
                if told.failure.is_some() {
                    break;
                }
            }
            self.keys.renew(slot, at);
            let held = match self.ahead {
                0 => 0,
                _ => self.hold(chunk, row),
            };
            let seen = around.then(|| self.seen(chunk, given, row as usize, held));
            let time = match &chunk.times {
                Some(times) => times[row as usize],
                None => given.now,
            };
            let Some(key) = self.keys.get_mut(slot) else {
                break;
            };
            for (at, call) in calls.iter().enumerate() {
                if let Some(step) = &mut key.steps[at] {
                    let arg = call.arg.map(|arg| &given.args[arg]);
                    let mut cell = Cell(&mut made.columns[at], &call.ty);
                    step.step(arg, row as usize, time, &mut cell);
                }
            }
            if let Some(seen) = seen {
                key.seen.push_back(seen);
                // Out of the table while its frames are looked at.
                let mut taken = std::mem::replace(
                    key,
                    Key {
                        steps: Vec::new(),
                        seen: VecDeque::new(),
                        gone: 0,
                        open: 0,
                    },
                );
                self.fill(&mut taken, false, made);
                if let Some(key) = self.keys.get_mut(slot) {
                    *key = taken;
                }
            }
            taken += 1;
        }
        self.slots = slots;
        taken
    }
}

impl Process for Scan {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let mut made = self.made();
        let arrived = self.first + self.held.len() as u64;
        let taken = self.rows(chunk, given, &mut made, told);
        if self.ahead > 0 {
            self.put(made, arrived);
            *chunk = self.let_go(usize::MAX).finish();
            return;
        }
        chunk.live.truncate(taken);
        let (columns, more, _) = self.finish(made);
        let mut scratch = chunk.take_scratch();
        let base = scratch.len();
        scratch.extend_from_slice(&more);
        chunk.set_scratch(scratch);
        for ((field, _), mut column) in self.sets.iter().zip(columns) {
            rows::rebase(&mut column, base);
            let column = rows::spread(column, &chunk.live, chunk.rows.len());
            chunk.set_column(*field, column);
        }
    }

    fn close(&mut self, upto: Watermark, _: &mut Told) -> Vec<Chunk> {
        if self.ahead == 0 {
            return Vec::new();
        }
        let mut made = self.made();
        let arrived = self.first + self.held.len() as u64;
        match upto {
            Watermark::None => return Vec::new(),
            Watermark::At(at) => {
                self.upto = at;
                while let Some(mut gone) = self.keys.due(at) {
                    self.fill(&mut gone.state, true, &mut made);
                }
            }
            Watermark::End => {
                let slots: Vec<u32> = self.keys.iter().map(|(slot, _)| slot).collect();
                for slot in slots {
                    if let Some(mut key) = self.keys.forget(slot) {
                        self.fill(&mut key, true, &mut made);
                    }
                }
            }
        }
        self.put(made, arrived);
        let mut chunks = Vec::new();
        loop {
            let out = self.let_go(CHUNK);
            if out.is_empty() {
                return chunks;
            }
            chunks.push(out.finish());
        }
    }

    fn next_end(&self) -> i64 {
        match self.ahead {
            0 => i64::MAX,
            _ => self.keys.next_end_about(),
        }
    }

    fn lag(&self) -> i64 {
        let judged = self.judged.value();
        judged.map_or(0, |judged| self.upto.saturating_sub(judged).max(0))
    }

    fn held_time(&self) -> i64 {
        self.judged.value().unwrap_or(i64::MAX)
    }

    fn held_windows(&self) -> Option<i64> {
        Some(self.ends.value().unwrap_or(i64::MAX))
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        let rows: usize = match self.looks_around() {
            true => {
                let keys = self.keys.iter().flat_map(|(_, key)| &key.seen);
                keys.map(|seen| seen.cells.len() + 64).sum()
            }
            false => 0,
        };
        let steps = self.keys.len() * self.scanning.calls.len() * size_of::<Option<Step>>();
        let held: usize = self.held.iter().map(|held| held.packed.len() + 96).sum();
        (self.keys.len(), self.keys.bytes() + rows + steps + held)
    }

    fn save(&self, to: &mut Save) {
        to.put(&(self.first, self.upto));
        let held = &self.held;
        to.put(&(held.len() as u64));
        to.put_each(held.len(), |at, to| {
            let held = &held[at];
            to.put(&held.full);
            to.put_bytes(&held.packed);
            held.cells.iter().for_each(|cell| to.put_bytes(cell));
        });
        self.keys.save(to, |key, to| {
            key.steps.iter().flatten().for_each(|step| step.save(to));
            to.put(&(key.gone, key.open));
            saving::put_list(to, key.seen.iter(), |seen, to| {
                to.put(&(seen.time, seen.held));
                to.put_bytes(&seen.cells);
            });
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.first = saving::count(from)?;
        self.upto = from.take()?;
        for held in saving::take_list(from, |from| self.take_held(from))? {
            self.wait(held);
        }
        let mut keys = self.keys.clone();
        keys.load(from, any_key, |from| self.take_key(from))?;
        self.keys = keys;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Number;
    use crate::data::process::Limits;
    use crate::state::testing::{self, Row, rows};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn call(into: usize, of: Of) -> Call {
        let ty = match &of {
            Of::Rows(what, _) => crate::state::running::result(*what, Some(&Type::Number)),
            Of::Row(_) => Type::Number,
            Of::Frame {
                aggregate, call, ..
            } => (aggregate.result)(call),
        };
        Call {
            arg: Some(0),
            of,
            ty,
            into,
        }
    }

    fn frame(into: usize, func: &str, from: i64, to: i64) -> Call {
        let of = Of::Frame {
            aggregate: aggs::find(func).expect("it is in the table"),
            call: aggs::Call {
                func: func.into(),
                arg: Some(Type::Number),
                param: None,
                timed: true,
                exact: false,
            },
            from,
            to,
        };
        call(into, of)
    }

    fn shown<T: ToString>(value: Option<T>) -> String {
        value.map_or("-".into(), |value| value.to_string())
    }

    fn float(value: f64) -> String {
        let mut out = Vec::new();
        Number::Float(value).write(&mut out);
        String::from_utf8(out).expect("figures are ASCII")
    }

    /// The rows of each life of a key, by place: INTERFACE 6.2 "running functions over the rows of the key", and
    /// EVENT-TIME 2.7: a key begins anew when W >= last update + ttl.
    fn lives(rows: &[Row], disorder: i64, ttl: Option<i64>) -> Vec<Vec<usize>> {
        let mut lives: Vec<Vec<usize>> = Vec::new();
        let mut of: BTreeMap<u8, (usize, i64)> = BTreeMap::new();
        let mut latest = None::<i64>;
        for row in rows {
            let w = latest.map_or(i64::MIN, |latest| latest - disorder);
            if let Some(ttl) = ttl {
                of.retain(|_, (_, used)| *used + ttl > w);
            }
            let (life, used) = of.entry(row.key).or_insert_with(|| {
                lives.push(Vec::new());
                (lives.len() - 1, row.at)
            });
            *used = (*used).max(row.at);
            lives[*life].push(row.place);
            latest = latest.max(Some(row.at));
        }
        lives
    }

    proptest! {
        /// INTERFACE 6.2, row by row: running functions and frames, in input order.
        #[test]
        fn rows_get_what_a_plain_loop_gives_them(
            rows in rows(), cuts in testing::cuts(), disorder in 0i64..9,
            ttl in prop::option::of(1i64..20), ahead in 0i64..3, back in 0i64..4,
        ) {
            let calls = vec![
                call(2, Of::Rows(What::Cumsum, Over::Rows(1))),
                call(3, Of::Rows(What::Delta, Over::Rows(1))),
                call(4, Of::Rows(What::Cumcount, Over::Rows(1))),
                call(5, Of::Rows(What::Since, Over::Rows(1))),
                call(6, Of::Row(-back)),
                call(7, Of::Row(ahead)),
                frame(8, "sum", -back, ahead),
                frame(9, "max", -back, ahead),
                frame(10, "count", -back - 1, -1),
                frame(11, "avg", -back, 0),
            ];
            let sets: Vec<Type> = calls.iter().map(|call| call.ty.clone()).collect();
            let calls: Arc<[Call]> = calls.into();
            let run = testing::run_with(&rows, &cuts, disorder, &sets, Limits::default(), |making| {
                let scanning = Scanning {
                    calls: calls.clone(),
                    types: vec![Type::Number],
                    lapse: Lapse::Event { disorder: Some(disorder) },
                };
                let terms = Terms { operator: "scan-by", ttl, limits: making.limits, ..Terms::default() };
                Box::new(Scan::new(scanning, terms, making))
            });
            let mut expected = vec![String::new(); rows.len()];
            for life in lives(&rows, disorder, ttl) {
                let of = |at: i64| usize::try_from(at).ok().and_then(|at| life.get(at)).map(|place| &rows[*place]);
                for (at, place) in life.iter().enumerate() {
                    let at = at as i64;
                    let n = |from: i64, to: i64| -> Vec<i64> { (from..=to).filter_map(|at| of(at)?.n()).collect() };
                    let before = n(0, at - 1);
                    let so_far = n(0, at);
                    let row = &rows[*place];
                    let around = n(at - back, at + ahead);
                    let any = (at - back..=at + ahead).any(|at| of(at).is_some());
                    let sum = if around.is_empty() && any { None } else { Some(around.iter().sum::<i64>()) };
                    let mean = n(at - back, at);
                    let since = (0..at).rev().filter_map(of).find(|row| row.n().is_some()).map(|last| row.at - last.at);
                    let mut duration = Vec::new();
                    if let Some(since) = since {
                        crate::data::time::write_duration(since, &mut duration);
                    }
                    let cells = [
                        shown((!so_far.is_empty()).then(|| so_far.iter().sum::<i64>())),
                        shown(row.n().zip(before.last()).map(|(n, last)| n - last)),
                        so_far.len().to_string(),
                        shown(since.map(|_| String::from_utf8_lossy(&duration).into_owned())),
                        shown(of(at - back).and_then(Row::n)),
                        shown(of(at + ahead).and_then(Row::n)),
                        shown(sum),
                        shown(around.iter().max()),
                        n(at - back - 1, at - 1).len().to_string(),
                        match mean.len() {
                            0 => "-".into(),
                            count => float(mean.iter().sum::<i64>() as f64 / count as f64),
                        },
                    ];
                    expected[*place] = format!("{} {}", row.text(), cells.join(" "));
                }
            }
            prop_assert_eq!(run.lines, expected);
        }
    }
}
