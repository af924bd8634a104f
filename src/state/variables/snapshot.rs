//! Each key with its variables in place of the records (`--output-mode complete`): at the end of the input and at each
//! multiple of the clock, or, where there are windows or batches, at the end of each. There records wait until their
//! window is over and are taken window by window, so that no record of a later one shows, in whatever order they came.
//! Invariant: a window has the keys that time has not forgotten before its end.

use super::super::lasting::{Lasting, Terms};
use super::super::rows::{self, CHUNK};
use super::super::saving::{self, sound};
use super::super::totals::out::Out;
use super::{Keeping, Variables};
use crate::data::packed::{is_cell, pack_cell, unpack_cell, value};
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::{Watermark, next_multiple};
use crate::data::value::Value;
use crate::data::{Chunk, ColumnBuilder, ColumnV, Selection, Type};
use crate::plan::clocks::Lapse;
use crate::plan::grid::Grid;
use crate::plan::totals::Printed;
use std::collections::BTreeMap;

const NEVER: i64 = i64::MAX;
/// The next moment of a clock that is told of, whenever that is.
const TOLD: i64 = i64::MIN;

/// Rows that came at one time of the clock and wait for the end of their window: of each its time, its watermark, the life
/// of its key that it is of, the key and the arguments.
#[derive(Clone)]
struct Piece {
    now: i64,
    timed: bool,
    judged: bool,
    rows: u64,
    cells: Vec<u8>,
}

#[derive(Clone)]
pub struct Snapshot {
    state: Variables,
    printed: Printed,
    /// `--every`, ns: where there are no windows.
    every: Option<i64>,
    grid: Option<Grid>,
    args: Vec<Type>,
    /// In windows, of the keys that are there by the rows that have come, which of their lives it is: each begins when
    /// time, or `--max-keys`, has forgotten the one before.
    lives: Option<Lasting<u64>>,
    lived: u64,
    of_keys: Vec<u32>,
    /// By end and start.
    waiting: BTreeMap<(i64, i64), Vec<Piece>>,
    /// The end of the last window that was printed.
    last: Option<i64>,
    /// The latest time of a row.
    latest: i64,
    tick_at: i64,
}

impl Snapshot {
    pub fn new(
        keeping: Keeping,
        (printed, every): (Printed, Option<i64>),
        terms: Terms,
        making: &Making<'_>,
    ) -> Snapshot {
        let types = keeping.reads.iter();
        let types = types.map(|&field| making.schema.fields.get(field));
        let types = types.map(|field| field.map_or(Type::Null, |field| field.ty.clone()));
        let window = printed.grid();
        let is_tracked = terms.ttl.is_some() || terms.limits.keys_most().is_some();
        let is_cut = printed != Printed::Input;
        let lives = (is_tracked && is_cut).then(|| Lasting::new(terms.clone(), making.seed));
        let terms = match is_cut {
            true => Terms {
                operator: terms.operator,
                ..Terms::default()
            },
            false => terms,
        };
        Snapshot {
            args: types.collect(),
            lives,
            lived: 0,
            of_keys: Vec::new(),
            grid: window.map(|window| Grid::new(window, making.zone)),
            state: Variables::new(keeping, terms, making),
            printed,
            every,
            waiting: BTreeMap::new(),
            last: None,
            latest: i64::MIN,
            tick_at: if making.ticked { TOLD } else { NEVER },
        }
    }

    fn out(&self, most: usize) -> Out {
        let keys = self.state.keeping.keys.iter().map(|(_, ty)| ty.clone());
        let cells = self.state.sets.iter().map(|(_, ty)| ty.clone());
        Out::new(&self.printed, keys.collect(), cells.collect(), most)
    }

    /// All keys, in their order.
    fn print(&self, window: Option<(i64, i64)>, out: &mut Out) {
        let state = &self.state;
        let there = state.keyed.iter();
        let mut rows: Vec<(Option<&[u8]>, &[u8])> = there
            .map(|(slot, values)| (state.keyed.key(slot), values.packed.as_slice()))
            .collect();
        rows.sort_by(|one, other| state.coder.compare(one.0, other.0));
        for (key, mut packed) in rows {
            let time = window.map_or(0, |window| window.1 - 1);
            let (cells, scratch) = out.push(key, window, time, &state.coder);
            for cell in cells {
                unpack_cell(&mut packed, cell, scratch);
            }
        }
    }

    /// The clock has passed a multiple of `--every`.
    fn print_by_clock(&mut self, clock: i64, out: &mut Out) {
        if let Some(every) = self.every {
            self.print(None, out);
            if self.tick_at != TOLD {
                self.tick_at = next_multiple(clock, every);
            }
        }
    }

    // ---- windows ----

    /// Keys begin with what a file said when the first row comes.
    fn begin(&mut self, at: i64, told: &mut Told) {
        if self.state.unborn.is_none() {
            return;
        }
        self.state.begin(at, told);
        let keys = self.state.keyed.iter();
        let keys = keys.map(|(slot, _)| self.state.keyed.key(slot).map(<[u8]>::to_vec));
        let keys: Vec<Option<Vec<u8>>> = keys.collect();
        if let Some(lives) = &mut self.lives {
            for key in keys {
                let slot = lives.slot(key.as_deref());
                lives.insert(slot, at, 0, told);
            }
        }
    }

    /// The life of its key that a row is of, which it may begin.
    fn life_of(&mut self, slot: u32, time: i64, judged: i64, told: &mut Told) -> u64 {
        if self.lives.as_ref().is_some_and(Lasting::is_full) {
            self.expire(judged);
        }
        let Some(lives) = &mut self.lives else {
            return 0;
        };
        if lives.expires(slot).is_some_and(|moment| moment <= judged) {
            lives.forget(slot);
            let key = lives.key(slot).map(<[u8]>::to_vec);
            self.state.drop_key(key.as_deref());
        }
        let Some(lives) = &mut self.lives else {
            return 0;
        };
        if let Some(&life) = lives.get(slot) {
            lives.renew(slot, time);
            return life;
        }
        self.lived += 1;
        let forgotten = lives.insert(slot, time, self.lived, told);
        let forgotten = forgotten.and_then(|(slot, _)| lives.key(slot).map(<[u8]>::to_vec));
        if let Some(key) = forgotten {
            self.state.drop_key(Some(&key));
        }
        self.lived
    }

    /// Forgets the keys whose time is over at a moment, or has been.
    fn expire(&mut self, moment: i64) {
        while let Some(lives) = &mut self.lives
            && let Some(gone) = lives.due(moment)
        {
            let key = lives.key(gone.slot).map(<[u8]>::to_vec);
            self.state.drop_key(key.as_deref());
        }
    }

    /// Puts a row aside until its window is over.
    fn wait(&mut self, chunk: &Chunk, given: &Given, row: u32, life: u64) {
        let at = row as usize;
        let windows = chunk.windows.as_ref();
        let (start, end) = windows.map_or((i64::MIN, NEVER), |windows| windows[at]);
        let pieces = self.waiting.entry((end, start)).or_default();
        let (timed, judged) = (chunk.times.is_some(), chunk.before.is_some());
        let is_same =
            |piece: &Piece| (piece.now, piece.timed, piece.judged) == (given.now, timed, judged);
        if !pieces.last().is_some_and(is_same) {
            pieces.push(Piece {
                now: given.now,
                timed,
                judged,
                rows: 0,
                cells: Vec::new(),
            });
        }
        let Some(piece) = pieces.last_mut() else {
            return;
        };
        piece.rows += 1;
        for times in [&chunk.times, &chunk.before] {
            let time = times.as_ref().map_or(0, |times| times[at]);
            piece.cells.extend_from_slice(&time.to_le_bytes());
        }
        piece.cells.extend_from_slice(&life.to_le_bytes());
        for column in std::iter::once(&given.key).chain(&given.args) {
            pack_cell(chunk, column, at, &mut piece.cells);
        }
    }

    /// Takes the rows of a piece, in the order in which they came.
    fn take_piece(&mut self, piece: &Piece, told: &mut Told) {
        let mut scratch = Vec::new();
        let (mut times, mut before, mut lived) = (Vec::new(), Vec::new(), Vec::new());
        let types = std::iter::once(&Type::Text).chain(&self.args);
        let mut columns: Vec<ColumnBuilder> = types.map(ColumnBuilder::new).collect();
        let mut cells = piece.cells.as_slice();
        for _ in 0..piece.rows {
            times.push(taken_time(&mut cells));
            before.push(taken_time(&mut cells));
            lived.push(taken_time(&mut cells) as u64);
            for column in &mut columns {
                unpack_cell(&mut cells, column, &mut scratch);
            }
        }
        let mut columns = columns.into_iter().map(ColumnBuilder::finish);
        let key = columns
            .next()
            .unwrap_or_else(|| ColumnV::nulls(times.len()));
        let given = Given {
            input: 0,
            key,
            args: columns.collect(),
            now: piece.now,
        };
        let mut chunk = Chunk::of_columns(times.len(), Vec::new(), scratch);
        chunk.times = piece.timed.then_some(times);
        chunk.before = piece.judged.then_some(before);
        if let Some(lives) = &mut self.lives {
            // What a key was before it was forgotten is nothing to it.
            let of = |row: u32| rows::bytes_of(&chunk, &given.key, row);
            let live = chunk.live.iter().filter(|&row| {
                let slot = lives.slot(of(row));
                lives.get(slot) == Some(&lived[row as usize])
            });
            chunk.live = Selection::Some(live.collect());
        }
        if !chunk.live.is_empty() {
            self.state.take(&mut chunk, &given, told);
        }
    }

    /// A window is over: its rows are taken, and every key is printed.
    fn close_window(&mut self, window: (i64, i64), out: &mut Out, told: &mut Told) {
        self.last = Some(window.1);
        for piece in self
            .waiting
            .remove(&(window.1, window.0))
            .unwrap_or_default()
        {
            self.take_piece(&piece, told);
        }
        self.print(Some(window), out);
    }

    /// The end of the next batch of which all keys are printed, whatever came.
    fn next_empty(&self) -> i64 {
        match (&self.printed, self.last, &self.grid) {
            (Printed::Batches(_), Some(end), Some(grid)) => grid.clone().cell(end).1,
            _ => NEVER,
        }
    }

    fn next_event(&self) -> i64 {
        let first = self.waiting.keys().next();
        let end = first.map_or(NEVER, |(end, _)| *end);
        end.min(self.next_empty()).min(self.next_expiry())
    }

    /// When time forgets a key, or earlier.
    fn next_expiry(&self) -> i64 {
        match (&self.lives, self.state.keeping.lapse) {
            (Some(lives), Lapse::Event { .. }) => lives.next_end_about(),
            _ => NEVER,
        }
    }

    fn advance(&mut self, watermark: i64, out: &mut Out, told: &mut Told) {
        loop {
            let first = self.waiting.keys().next();
            let mut window = first.map(|&(end, start)| (start, end));
            let empty = self.next_empty();
            // At the end of the input no batch follows the last one with a record.
            let is_next = window.is_none_or(|(_, end)| empty < end);
            if watermark != NEVER && empty != NEVER && is_next {
                window = self.grid.as_mut().map(|grid| grid.cell(empty - 1));
            }
            let expiry = match (&mut self.lives, self.state.keeping.lapse) {
                (Some(lives), Lapse::Event { .. }) => lives.next_end(),
                _ => NEVER,
            };
            match window {
                Some(window) if window.1 <= watermark && window.1 <= expiry => {
                    self.close_window(window, out, told);
                }
                _ if expiry <= watermark && expiry != NEVER => self.expire(expiry),
                _ => return,
            }
        }
    }

    /// The end of input that has no windows.
    fn end_of_input(&mut self, out: &mut Out, told: &mut Told) {
        self.state.begin(0, told);
        if let Lapse::Event {
            disorder: Some(disorder),
        } = self.state.keeping.lapse
            && self.latest > i64::MIN
        {
            self.state.expire(self.latest.saturating_sub(disorder));
        }
        self.print(None, out);
    }
}

/// Takes a time off the front of cells.
fn taken_time(cells: &mut &[u8]) -> i64 {
    let (time, rest) = cells.split_at_checked(8).unwrap_or((&[0; 8], &[]));
    *cells = rest;
    i64::from_le_bytes(time.try_into().unwrap_or_default())
}

impl Process for Snapshot {
    fn batches_from(&mut self, first: i64, told: &mut Told) {
        if let (Printed::Batches(_), None) = (&self.printed, self.last) {
            self.last = Some(first);
            self.begin(first, told);
        }
    }

    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        if self.tick_at == NEVER
            && let Some(every) = self.every
            && let Some(clock) = rows::first_clock(chunk, given.now)
        {
            self.tick_at = next_multiple(clock, every);
        }
        if self.printed == Printed::Input {
            let lapse = self.state.keeping.lapse;
            let times = chunk.live.iter();
            let latest = times
                .map(|row| rows::time(lapse, chunk, given.now, row))
                .max();
            self.latest = self.latest.max(latest.unwrap_or(i64::MIN));
            self.state.take(chunk, given, told);
            *chunk = Chunk::default();
            return;
        }
        let mut out = self.out(usize::MAX);
        if told.failure.is_some() {
            *chunk = Chunk::default();
            return;
        }
        let lapse = self.state.keeping.lapse;
        if lapse == Lapse::Arrival {
            self.expire(given.now);
        }
        let mut keys = std::mem::take(&mut self.of_keys);
        if let Some(lives) = &mut self.lives {
            lives.slots(chunk, &given.key, &mut keys);
        }
        let live = std::mem::take(&mut chunk.live);
        let mut next = self.next_event();
        for (at, row) in live.iter().enumerate() {
            if let (Some(before), true) = (&chunk.before, self.state.alone)
                && before[row as usize] >= next
            {
                self.advance(before[row as usize], &mut out, told);
            }
            let time = rows::time(lapse, chunk, given.now, row);
            let judged = rows::watermark(lapse, chunk, given.now, row);
            self.begin(time, told);
            let slot = keys.get(at).copied().unwrap_or(0);
            let life = self.life_of(slot, time, judged, told);
            if told.failure.is_some() {
                break;
            }
            self.wait(chunk, given, row, life);
            next = self.next_event();
        }
        self.of_keys = keys;
        out.flush();
        *chunk = out.done.pop().unwrap_or_default();
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        let mut out = self.out(CHUNK);
        match (upto, &self.printed) {
            (Watermark::End, Printed::Input) => self.end_of_input(&mut out, told),
            (Watermark::None, _) => return Vec::new(),
            (Watermark::At(at), Printed::Input) => {
                if let Lapse::Event { .. } = self.state.keeping.lapse {
                    self.state.expire(at);
                }
            }
            (Watermark::At(at), _) => self.advance(at, &mut out, told),
            (Watermark::End, _) => {
                self.begin(0, told);
                self.advance(NEVER, &mut out, told);
            }
        }
        out.flush();
        out.done
    }

    fn gives_whole(&self) -> bool {
        self.printed != Printed::Input
    }

    fn whole(&mut self, _ended: bool, told: &mut Told) -> Vec<Chunk> {
        if !self.gives_whole() {
            return self.close(Watermark::End, told);
        }
        // What the open windows have is in the variables; that they come to an end forgets no key.
        while let Some(((end, _), pieces)) = self.waiting.pop_first() {
            self.last = Some(end);
            for piece in pieces {
                self.take_piece(&piece, told);
            }
        }
        let mut out = self.out(CHUNK);
        let last = self.last.unwrap_or(0);
        let window = self.grid.as_mut().map(|grid| grid.cell(last - 1));
        self.print(Some(window.unwrap_or((0, last))), &mut out);
        out.flush();
        out.done
    }

    fn next_end(&self) -> i64 {
        let first = self.waiting.keys().next();
        let end = first.map_or(NEVER, |(end, _)| *end);
        end.min(self.next_empty())
    }

    fn tick(&mut self, now: i64) -> Vec<Chunk> {
        let mut out = self.out(CHUNK);
        if now >= self.tick_at {
            self.print_by_clock(now, &mut out);
        }
        out.flush();
        out.done
    }

    fn next_tick(&self) -> i64 {
        if self.tick_at == TOLD {
            NEVER
        } else {
            self.tick_at
        }
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        let (keys, bytes) = self.state.held();
        let pieces = self.waiting.values().flatten();
        (
            keys,
            bytes + pieces.map(|piece| piece.cells.len() + 64).sum::<usize>(),
        )
    }

    fn save(&self, to: &mut Save) {
        self.state.save(to);
        to.put(&(self.last, self.latest, self.tick_at, self.lived));
        if let Some(lives) = &self.lives {
            lives.save(to, |life, to| to.put(life));
        }
        saving::put_list(to, self.waiting.iter(), |(bounds, pieces), to| {
            to.put(bounds);
            saving::put_list(to, pieces.iter(), |piece, to| {
                to.put(&(piece.now, piece.timed, piece.judged, piece.rows));
                to.put_bytes(&piece.cells);
            });
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.state.load(from)?;
        (self.last, self.latest, self.tick_at) = from.take()?;
        self.lived = saving::count(from)?;
        if let Some(lives) = &mut self.lives {
            let coder = &self.state.coder;
            lives.load(from, |key| coder.fits(key), |from| from.take())?;
        }
        sound(self.last.is_none_or(saving::is_time))?;
        let (coder, args) = (&self.state.coder, &self.args);
        let windows = saving::take_list(from, |from| {
            let bounds: (i64, i64) = from.take()?;
            let is_grid = saving::is_time(bounds.0) && saving::is_time(bounds.1);
            sound(bounds.1 <= bounds.0 && (is_grid || bounds == (NEVER, i64::MIN)))?;
            let pieces = saving::take_list(from, |from| {
                let (now, timed, judged, rows): (i64, bool, bool, u64) = from.take()?;
                let held = from.take_bytes()?;
                let mut cells = held;
                for _ in 0..rows {
                    sound(cells.len() >= 24)?;
                    cells = &cells[24..];
                    let key = match value(cells, &Type::Text) {
                        Value::Text(key) => Some(key),
                        _ => None,
                    };
                    sound(is_cell(&mut cells, &Type::Text) && coder.fits(key))?;
                    sound(args.iter().all(|ty| is_cell(&mut cells, ty)))?;
                }
                sound(cells.is_empty())?;
                Ok(Piece {
                    now,
                    timed,
                    judged,
                    rows,
                    cells: held.to_vec(),
                })
            })?;
            Ok((bounds, pieces))
        })?;
        self.waiting = windows.into_iter().collect();
        Ok(())
    }
}
