//! `update-state-by`: running totals of each key. What comes in a window is totalled apart and added when the window
//! is over, so that a total at its end has no record of a later one, in whatever order they came. Without windows
//! the whole input is one. Invariant: rows come in order of time, those of a window at its end, by key; those of
//! forgotten keys at the moment they are forgotten, behind the window that ends then.

pub(super) mod out;
mod part;
mod saved;

use super::grouped::slots::Slots;
use super::lasting::{Lasting, Terms};
use super::rows::{self, CHUNK};
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::{Watermark, next_multiple};
use crate::data::{Chunk, Selection, Type};
use crate::plan::clocks::Lapse;
use crate::plan::grid::Grid;
use crate::plan::grouping::Agg;
use crate::plan::totals::Printed;
use crate::plan::variables::Initial;
use out::Out;
use part::Part;
use std::collections::BTreeMap;
use std::sync::Arc;

const NEVER: i64 = i64::MAX;
/// The next moment of a clock that is told of, whenever that is.
const TOLD: i64 = i64::MIN;
/// No slot.
const NONE: u32 = u32::MAX;
/// The window of what has none.
const ALL: (i64, i64) = (i64::MIN, i64::MAX);

/// What is said of the operator.
#[derive(Clone)]
pub struct Totalling {
    pub printed: Printed,
    pub keys: Vec<Type>,
    pub aggs: Vec<Agg>,
    pub lapse: Lapse,
    /// `--on-timeout emit`
    pub emit: bool,
    /// `--output-mode complete`
    pub complete: bool,
    /// `--every`, ns: where there are no windows.
    pub every: Option<i64>,
    /// What keys begin with: a cell for each aggregate.
    pub initial: Arc<Initial>,
}

/// A key that was forgotten before its time came to be printed, with its totals.
#[derive(Clone)]
struct Timeout {
    key: Option<Vec<u8>>,
    slot: u32,
}

pub struct Totals {
    of: Arc<Totalling>,
    coder: KeyCoder,
    alone: bool,
    seed: u64,
    /// Whether it matters when keys were used.
    tracked: bool,
    /// By key: its slot in `totals`, or `NONE`.
    keyed: Lasting<u32>,
    totals: Slots,
    /// By end and start.
    parts: BTreeMap<(i64, i64), Part>,
    grid: Option<Grid>,
    /// The end of the last window that was printed.
    printed: Option<i64>,
    /// What keys begin with: it is not there yet; it counts as seen in the window that is printed next.
    unborn: bool,
    begun: bool,
    /// The latest time of a row.
    latest: i64,
    failed: bool,
    /// Forgotten by a row before time was told.
    waiting: BTreeMap<i64, Vec<Timeout>>,
    tick_at: i64,
    of_rows: Vec<u32>,
    of_keys: Vec<u32>,
}

impl Totals {
    pub fn new(of: Arc<Totalling>, terms: Terms, making: &Making<'_>) -> Totals {
        Totals {
            coder: making.coder.clone(),
            alone: making.alone,
            seed: making.seed,
            tracked: terms.ttl.is_some() || terms.limits.keys_most().is_some(),
            keyed: Lasting::new(terms, making.seed),
            totals: Slots::of_aggs(&of.aggs),
            parts: BTreeMap::new(),
            grid: of
                .printed
                .grid()
                .map(|window| Grid::new(window, making.zone)),
            printed: None,
            unborn: !of.initial.is_empty(),
            begun: false,
            latest: i64::MIN,
            failed: false,
            waiting: BTreeMap::new(),
            tick_at: if making.ticked { TOLD } else { NEVER },
            of_rows: Vec::new(),
            of_keys: Vec::new(),
            of,
        }
    }

    // ---- keys ----

    /// Keys begin with what a file said.
    fn begin(&mut self, at: i64, told: &mut Told) {
        if !std::mem::take(&mut self.unborn) {
            return;
        }
        self.begun = true;
        let of = self.of.clone();
        let slots = super::initial::add(&of.aggs, &of.initial, &mut self.totals);
        for ((key, _), from) in of.initial.iter().zip(slots) {
            let slot = self.keyed.slot(key.as_deref());
            if let Some((_, old)) = self.keyed.insert(slot, at, from, told) {
                self.totals.give_back(old);
            }
        }
    }

    /// Takes all of a key that was forgotten: its totals in a slot that is the caller's to give back.
    fn gather(&mut self, key: Option<&[u8]>, total: u32) -> u32 {
        let slot = if total == NONE {
            self.totals.add()
        } else {
            total
        };
        for part in self.parts.values_mut() {
            if let Some(from) = part.take(key) {
                self.totals.absorb(&[slot], &part.held, &[from]);
            }
        }
        slot
    }

    /// A key was forgotten, and is not printed.
    fn drop_key(&mut self, slot: u32, total: u32) {
        let key = self.keyed.key(slot).map(<[u8]>::to_vec);
        for part in self.parts.values_mut() {
            part.take(key.as_deref());
        }
        if total != NONE {
            self.totals.give_back(total);
        }
    }

    /// What comes of a key whose time is over.
    fn timed_out(&mut self, slot: u32, total: u32) -> Option<Timeout> {
        if !self.of.emit {
            self.drop_key(slot, total);
            return None;
        }
        let key = self.keyed.key(slot).map(<[u8]>::to_vec);
        let slot = self.gather(key.as_deref(), total);
        Some(Timeout { key, slot })
    }

    // ---- time ----

    /// When time next does something, or earlier.
    fn next_event(&self) -> i64 {
        let part = self.parts.keys().next().map_or(NEVER, |(end, _)| *end);
        let waiting = self.waiting.keys().next().copied().unwrap_or(NEVER);
        let expiry = match self.of.lapse {
            Lapse::Event { .. } => self.keyed.next_end_about(),
            Lapse::Arrival => NEVER,
        };
        part.min(waiting).min(expiry).min(self.next_empty())
    }

    /// The end of the next batch of which keys are printed, whatever came: all of them, or what they begin with.
    fn next_empty(&self) -> i64 {
        match (&self.of.printed, self.printed) {
            (Printed::Batches(_), Some(end)) if self.of.complete || self.begun => {
                self.grid.clone().map_or(NEVER, |mut grid| grid.cell(end).1)
            }
            _ => NEVER,
        }
    }

    /// All that time lets out, in its order.
    fn advance(&mut self, watermark: i64, out: &mut Out, told: &mut Told) {
        loop {
            let expiry = match self.of.lapse {
                Lapse::Event { .. } => self.keyed.next_end(),
                Lapse::Arrival => NEVER,
            };
            let waiting = self.waiting.keys().next().copied().unwrap_or(NEVER);
            let moment = expiry.min(waiting);
            let part = self.parts.keys().next().copied();
            let mut window = part.map(|(end, start)| (start, end));
            let empty = self.next_empty();
            // At the end of the input no batch follows the last one with a record.
            if watermark != NEVER && empty != NEVER && window.is_none_or(|(_, end)| empty < end) {
                window = self.grid.as_mut().map(|grid| grid.cell(empty - 1));
            }
            match window {
                Some(window) if window.1 <= watermark && window.1 <= moment => {
                    self.close_window(window, out, told);
                }
                _ if moment <= watermark && moment != NEVER => self.expire(moment, out),
                _ => return,
            }
        }
    }

    /// Forgets the keys whose time is over at a moment, or has been.
    fn expire(&mut self, moment: i64, out: &mut Out) {
        let mut gone = Vec::new();
        while let Some(waiting) = self.waiting.first_entry() {
            if *waiting.key() > moment {
                break;
            }
            gone.extend(waiting.remove());
        }
        while let Some(one) = self.keyed.due(moment) {
            gone.extend(self.timed_out(one.slot, one.state));
        }
        gone.sort_by(|a, b| self.coder.compare(a.key.as_deref(), b.key.as_deref()));
        let window = self.grid.as_mut().map(|grid| grid.open_at(moment));
        for one in gone {
            let window = (self.of.printed != Printed::Input)
                .then_some(window)
                .flatten();
            let (cells, scratch) = out.push(one.key.as_deref(), window, moment, &self.coder);
            self.totals.emit(&[one.slot], None, cells, scratch);
            self.totals.give_back(one.slot);
        }
    }

    /// Keys whose time is over count no more; what comes of them waits for the moment to be told.
    fn make_room(&mut self, watermark: i64) {
        while let Some(gone) = self.keyed.due(watermark) {
            if let Some(timeout) = self.timed_out(gone.slot, gone.state) {
                self.waiting.entry(gone.moment).or_default().push(timeout);
            }
        }
    }

    /// A window is over: what came in it is added, and the keys that have changed are printed.
    fn close_window(&mut self, window: (i64, i64), out: &mut Out, told: &mut Told) {
        self.printed = Some(window.1);
        let mut slots: Vec<u32> = Vec::new();
        if let Some(part) = self.parts.remove(&(window.1, window.0)) {
            let (mut to, mut from) = (Vec::new(), Vec::new());
            for (group, &slot) in part.slots.iter().enumerate() {
                if slot == NONE {
                    continue;
                }
                let key = part.table.key(group as u32);
                let of_key = self.keyed.slot(key);
                if !self.keyed.is_there(of_key) {
                    // Keys that nobody tracks come here first.
                    self.keyed.insert(of_key, 0, NONE, told);
                }
                let Some(total) = self.keyed.get_mut(of_key) else {
                    continue;
                };
                if *total == NONE {
                    *total = self.totals.add();
                }
                to.push(*total);
                from.push(slot);
                slots.push(of_key);
            }
            self.totals.absorb(&to, &part.held, &from);
        }
        if std::mem::take(&mut self.begun) {
            let of = self.of.clone();
            for (key, _) in of.initial.iter() {
                let slot = self.keyed.slot(key.as_deref());
                slots.extend(self.keyed.is_there(slot).then_some(slot));
            }
            slots.sort_unstable();
            slots.dedup();
        }
        if self.of.complete {
            slots = self
                .keyed
                .iter()
                .filter(|(_, total)| **total != NONE)
                .map(|(slot, _)| slot)
                .collect();
        }
        self.print(slots, window, out);
    }

    /// The clock has passed a multiple of `--every`.
    fn print_by_clock(&mut self, clock: i64, out: &mut Out, told: &mut Told) {
        if let Some(every) = self.of.every {
            self.close_window(ALL, out, told);
            if self.tick_at != TOLD {
                self.tick_at = next_multiple(clock, every);
            }
        }
    }

    /// Rows of keys, by key.
    fn print(&mut self, slots: Vec<u32>, window: (i64, i64), out: &mut Out) {
        let mut ranked: Vec<(u64, u32)> = slots
            .into_iter()
            .map(|slot| (self.coder.rank(self.keyed.key(slot)), slot))
            .collect();
        ranked.sort_unstable_by(|a, b| {
            let keys = || self.coder.compare(self.keyed.key(a.1), self.keyed.key(b.1));
            a.0.cmp(&b.0).then_with(keys)
        });
        let shown = (self.of.printed != Printed::Input).then_some(window);
        for (_, slot) in ranked {
            if let Some(&total) = self.keyed.get(slot)
                && total != NONE
            {
                let key = self.keyed.key(slot);
                let (cells, scratch) = out.push(key, shown, window.1 - 1, &self.coder);
                self.totals.emit(&[total], None, cells, scratch);
            }
        }
    }

    // ---- rows ----

    /// Adds rows of a chunk to the windows that they are in.
    fn add(&mut self, chunk: &mut Chunk, given: &Given, rows: &[u32]) {
        if rows.is_empty() {
            return;
        }
        let mut of_windows: Vec<((i64, i64), Vec<u32>)> = Vec::new();
        match &chunk.windows {
            None => of_windows.push((ALL, rows.to_vec())),
            Some(windows) => {
                for &row in rows {
                    let (start, end) = windows[row as usize];
                    let window = match self.of.printed {
                        Printed::Input => ALL,
                        _ => (start, end),
                    };
                    let last = of_windows.last_mut().filter(|(last, _)| *last == window);
                    if let Some((_, rows)) = last {
                        rows.push(row);
                    } else if let Some((_, rows)) =
                        of_windows.iter_mut().find(|one| one.0 == window)
                    {
                        rows.push(row);
                    } else {
                        of_windows.push((window, vec![row]));
                    }
                }
            }
        }
        let live = std::mem::take(&mut chunk.live);
        for (window, rows) in of_windows {
            chunk.live = match live {
                Selection::All(n) if n as usize == rows.len() => Selection::All(n),
                _ => Selection::Some(rows),
            };
            let of = &self.of;
            let part = self
                .parts
                .entry((window.1, window.0))
                .or_insert_with(|| Part::new(&of.aggs, self.seed));
            part.slots(chunk, &given.key, &mut self.of_rows);
            part.held.update(chunk, &self.of_rows, &given.args);
        }
        chunk.live = live;
    }

    /// The rows of a chunk, as far as time has nothing to do between them.
    fn rows(&mut self, chunk: &mut Chunk, given: &Given, out: &mut Out, told: &mut Told) {
        let live: Vec<u32> = chunk.live.iter().collect();
        let Some(&first) = live.first() else {
            return;
        };
        let lapse = self.of.lapse;
        self.begin(rows::time(lapse, chunk, given.now, first), told);
        let mut keys = std::mem::take(&mut self.of_keys);
        if self.tracked {
            self.keyed.slots(chunk, &given.key, &mut keys);
        }
        let ttl = self.keyed.ttl().filter(|_| lapse != Lapse::Arrival);
        let mut next = self.next_event();
        let mut from = 0;
        for (at, &row) in live.iter().enumerate() {
            let before = match (&chunk.before, self.alone) {
                (Some(before), true) => before[row as usize],
                _ => i64::MIN,
            };
            if before >= next {
                self.add(chunk, given, &live[from..at]);
                from = at;
                self.advance(before, out, told);
                next = self.next_event();
            }
            if let (Some(windows), true) = (&chunk.windows, self.of.printed != Printed::Input) {
                next = next.min(windows[row as usize].1);
            }
            if !self.tracked {
                continue;
            }
            let slot = keys[at];
            let time = rows::time(lapse, chunk, given.now, row);
            self.latest = self.latest.max(time);
            let judged = rows::watermark(lapse, chunk, given.now, row);
            if let Some(moment) = self.keyed.expires(slot).filter(|moment| *moment <= judged) {
                self.add(chunk, given, &live[from..at]);
                from = at;
                if let Some(total) = self.keyed.forget(slot)
                    && let Some(timeout) = self.timed_out(slot, total)
                {
                    self.waiting.entry(moment).or_default().push(timeout);
                }
            }
            if self.keyed.is_there(slot) {
                self.keyed.renew(slot, time);
            } else {
                if self.keyed.is_full() {
                    self.add(chunk, given, &live[from..at]);
                    from = at;
                    self.make_room(judged);
                }
                if let Some((old, total)) = self.keyed.insert(slot, time, NONE, told) {
                    self.drop_key(old, total);
                }
                if told.failure.is_some() {
                    self.failed = true;
                    self.of_keys = keys;
                    return;
                }
            }
            if let Some(ttl) = ttl {
                next = next.min(time.saturating_add(ttl));
            }
        }
        self.add(chunk, given, &live[from..]);
        self.of_keys = keys;
    }

    /// Gives back the room of what was forgotten.
    fn tidy(&mut self) {
        if !self.totals.are_mostly_gone() {
            return;
        }
        let mut kept = Vec::new();
        let slots: Vec<u32> = self.keyed.iter().map(|(slot, _)| slot).collect();
        let mut move_to = |slot: &mut u32| {
            if *slot != NONE {
                kept.push(*slot);
                *slot = (kept.len() - 1) as u32;
            }
        };
        for slot in slots {
            if let Some(total) = self.keyed.get_mut(slot) {
                move_to(total);
            }
        }
        for timeout in self.waiting.values_mut().flatten() {
            move_to(&mut timeout.slot);
        }
        self.totals.remake(&kept);
    }

    /// The input is over, where no window is: what time had forgotten by then, and a row for every other key.
    fn end_of_input(&mut self, out: &mut Out, told: &mut Told) {
        if let Lapse::Event {
            disorder: Some(disorder),
        } = self.of.lapse
            && self.latest > i64::MIN
        {
            self.advance(self.latest.saturating_sub(disorder), out, told);
        }
        let moments: Vec<i64> = self.waiting.keys().copied().collect();
        for moment in moments {
            self.expire(moment, out);
        }
        self.close_window(ALL, out, told);
    }

    fn out(&self, most: usize) -> Out {
        let types = self.of.aggs.iter().map(|agg| agg.ty.clone());
        Out::new(
            &self.of.printed,
            self.of.keys.clone(),
            types.collect(),
            most,
        )
    }
}

impl Process for Totals {
    fn batches_from(&mut self, first: i64, told: &mut Told) {
        if let (Printed::Batches(_), None) = (&self.of.printed, self.printed) {
            self.printed = Some(first);
            self.begin(first, told);
        }
    }

    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let mut out = self.out(usize::MAX);
        if told.failure.is_none() {
            // What keys begin with is older than the first record.
            chunk.block.seq += 1;
            if self.of.lapse == Lapse::Arrival && self.tracked {
                self.expire(given.now, &mut out);
            }
            if self.tick_at == NEVER
                && let Some(every) = self.of.every
                && let Some(clock) = rows::first_clock(chunk, given.now)
            {
                self.tick_at = next_multiple(clock, every);
            }
            self.rows(chunk, given, &mut out, told);
        }
        self.tidy();
        out.flush();
        *chunk = out.done.pop().unwrap_or_default();
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        let mut out = self.out(CHUNK);
        if self.failed || told.failure.is_some() {
            return Vec::new();
        }
        match upto {
            Watermark::None => return Vec::new(),
            Watermark::At(at) => self.advance(at, &mut out, told),
            Watermark::End if self.of.printed == Printed::Input => {
                self.begin(0, told);
                self.end_of_input(&mut out, told);
            }
            Watermark::End => self.advance(NEVER, &mut out, told),
        }
        self.tidy();
        out.flush();
        out.done
    }

    fn gives_whole(&self) -> bool {
        self.of.complete && self.of.printed != Printed::Input
    }

    fn whole(&mut self, _ended: bool, told: &mut Told) -> Vec<Chunk> {
        if !self.gives_whole() {
            return self.close(Watermark::End, told);
        }
        // What the open windows have is in the totals; that they come to an end forgets no key.
        let mut passed = self.out(CHUNK);
        while let Some(&(end, start)) = self.parts.keys().next() {
            self.close_window((start, end), &mut passed, told);
        }
        let mut out = self.out(CHUNK);
        let last = self.printed.unwrap_or(0);
        let window = self.grid.as_mut().map(|grid| grid.open_at(last - 1));
        let there = self.keyed.iter().filter(|(_, total)| **total != NONE);
        let slots = there.map(|(slot, _)| slot).collect();
        self.print(slots, window.unwrap_or((0, last)), &mut out);
        out.flush();
        out.done
    }

    fn next_end(&self) -> i64 {
        let part = match self.parts.keys().next() {
            Some((end, _)) => *end,
            None => NEVER,
        };
        let expiry = match (self.of.emit, self.of.lapse) {
            (true, Lapse::Event { .. }) => {
                let waiting = self.waiting.keys().next().copied().unwrap_or(NEVER);
                self.keyed.next_end_about().min(waiting)
            }
            _ => NEVER,
        };
        part.min(expiry).min(self.next_empty())
    }

    fn tick(&mut self, now: i64) -> Vec<Chunk> {
        let mut out = self.out(CHUNK);
        if self.of.lapse == Lapse::Arrival && self.of.emit {
            self.expire(now, &mut out);
        }
        if now >= self.tick_at {
            self.print_by_clock(now, &mut out, &mut Told::default());
        }
        self.tidy();
        out.flush();
        out.done
    }

    fn next_tick(&self) -> i64 {
        let tick_at = if self.tick_at == TOLD {
            NEVER
        } else {
            self.tick_at
        };
        match (self.of.emit, self.of.lapse) {
            (true, Lapse::Arrival) => tick_at.min(self.keyed.next_end_about()),
            _ => tick_at,
        }
    }

    fn fork(&self) -> Box<dyn Process> {
        let parts = self.parts.iter();
        Box::new(Totals {
            of: self.of.clone(),
            coder: self.coder.clone(),
            alone: self.alone,
            seed: self.seed,
            tracked: self.tracked,
            keyed: self.keyed.clone(),
            totals: self.totals.fork(),
            parts: parts
                .map(|(window, part)| (*window, part.fork(self.seed)))
                .collect(),
            grid: self.grid.clone(),
            printed: self.printed,
            unborn: self.unborn,
            begun: self.begun,
            latest: self.latest,
            failed: self.failed,
            waiting: self.waiting.clone(),
            tick_at: self.tick_at,
            of_rows: Vec::new(),
            of_keys: Vec::new(),
        })
    }

    fn held(&self) -> (usize, usize) {
        let parts = self.parts.values();
        let of_parts: usize = parts
            .clone()
            .map(|part| part.table.bytes() + part.held.bytes())
            .sum();
        // Keys that nobody tracks get their totals when their windows are over; most have some by then.
        let in_parts = match self.tracked {
            true => 0,
            false => parts.map(|part| part.table.len()).sum(),
        };
        (
            self.keyed.len().max(in_parts),
            self.keyed.bytes() + self.totals.bytes() + of_parts,
        )
    }

    fn save(&self, to: &mut Save) {
        self.put(to);
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.take_saved(from)
    }
}

#[cfg(test)]
mod tests;
