//! `update-state-by`: running totals of each key. What comes in a window is totalled apart and added when the window
//! is over, so that a total at its end has no record of a later one, in whatever order they came. Without windows
//! the whole input is one. Invariant: rows come in order of time, those of a window at its end, by key; those of
//! forgotten keys at the moment they are forgotten, behind the window that ends then.

use super::grouped::slots::Slots;
use super::lasting::{Lasting, Terms};
use super::rows::{self, CHUNK};
use crate::bytes::table::KeyTable;
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::time::Watermark;
use crate::data::{Chunk, ColumnBuilder, ColumnV, Selection, Type};
use crate::plan::clocks::Lapse;
use crate::plan::grid::Grid;
use crate::plan::grouping::Agg;
use crate::plan::totals::Printed;
use crate::plan::variables::Initial;
use std::collections::BTreeMap;
use std::sync::Arc;

const NEVER: i64 = i64::MAX;
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

/// What came in a window that is not over.
struct Part {
    table: KeyTable,
    /// By group of the table.
    slots: Vec<u32>,
    held: Slots,
}

impl Part {
    fn new(aggs: &[Agg], seed: u64) -> Part {
        Part {
            table: KeyTable::new(seed),
            slots: Vec::new(),
            held: Slots::of_aggs(aggs),
        }
    }

    /// The slots of the live rows of a chunk.
    fn slots(&mut self, chunk: &Chunk, key: &ColumnV, of_rows: &mut Vec<u32>) {
        of_rows.clear();
        match chunk.cells(key) {
            Some(cells) => self.table.probe(&cells, None, of_rows),
            None => {
                let group = self.table.find_or_add(None, 0);
                of_rows.resize(chunk.live.len(), group);
            }
        }
        self.slots.resize(self.table.len(), NONE);
        for group in of_rows {
            let slot = &mut self.slots[*group as usize];
            if *slot == NONE {
                *slot = self.held.add();
            }
            *group = *slot;
        }
    }

    /// Takes a key out.
    fn take(&mut self, key: Option<&[u8]>) -> Option<u32> {
        let group = self.table.find(key, 0)?;
        let slot = std::mem::replace(&mut self.slots[group as usize], NONE);
        if slot != NONE {
            self.held.give_back(slot);
        }
        (slot != NONE).then_some(slot)
    }

    fn fork(&self, seed: u64) -> Part {
        let mut table = KeyTable::new(seed);
        let all: Vec<u32> = (0..self.table.len() as u32).collect();
        table.absorb(&self.table, &all, &mut Vec::new());
        Part {
            table,
            slots: self.slots.clone(),
            held: self.held.fork(),
        }
    }
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
    bounded: Option<u64>,
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
            tracked: terms.ttl.is_some() || terms.limits.keys.is_some(),
            bounded: terms.limits.keys,
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
            waiting: BTreeMap::new(),
            tick_at: NEVER,
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
            match self.keyed.get(slot).copied() {
                // A key that is there twice: all its records count.
                Some(to) => {
                    self.totals.join(to, from);
                    self.totals.give_back(from);
                }
                None => {
                    if let Some((_, old)) = self.keyed.insert(slot, at, from, told) {
                        self.totals.give_back(old);
                    }
                }
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

    /// The end of the next batch of which all keys are printed, whatever came.
    fn next_empty(&self) -> i64 {
        match (&self.of.printed, self.printed) {
            (Printed::Batches(_), Some(end)) if self.of.complete => {
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
        let window = self.grid.as_mut().map(|grid| grid.cell(moment));
        for one in gone {
            let window = (self.of.printed != Printed::Input)
                .then_some(window)
                .flatten();
            out.push(
                one.key.as_deref(),
                one.slot,
                window,
                moment,
                &mut self.totals,
                &self.coder,
            );
            self.totals.give_back(one.slot);
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
                out.push(
                    key,
                    total,
                    shown,
                    window.1 - 1,
                    &mut self.totals,
                    &self.coder,
                );
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
                if self
                    .bounded
                    .is_some_and(|most| self.keyed.len() as u64 >= most)
                {
                    self.add(chunk, given, &live[from..at]);
                    from = at;
                }
                if let Some((old, total)) = self.keyed.insert(slot, time, NONE, told) {
                    self.drop_key(old, total);
                }
                if told.failure.is_some() {
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
        Out::new(&self.of, most)
    }
}

/// Rows on their way out.
struct Out {
    windowed: bool,
    timed: bool,
    types: Arc<Totalling>,
    bounds: [ColumnBuilder; 2],
    keys: Vec<ColumnBuilder>,
    cells: Vec<ColumnBuilder>,
    scratch: Vec<u8>,
    windows: Vec<(i64, i64)>,
    times: Vec<i64>,
    most: usize,
    done: Vec<Chunk>,
}

impl Out {
    fn new(of: &Arc<Totalling>, most: usize) -> Out {
        Out {
            windowed: matches!(of.printed, Printed::Windows(_)),
            timed: of.printed != Printed::Input,
            types: of.clone(),
            bounds: [
                ColumnBuilder::new(&Type::Time),
                ColumnBuilder::new(&Type::Time),
            ],
            keys: of.keys.iter().map(ColumnBuilder::new).collect(),
            cells: of
                .aggs
                .iter()
                .map(|agg| ColumnBuilder::new(&agg.ty))
                .collect(),
            scratch: Vec::new(),
            windows: Vec::new(),
            times: Vec::new(),
            most,
            done: Vec::new(),
        }
    }

    fn push(
        &mut self,
        key: Option<&[u8]>,
        slot: u32,
        window: Option<(i64, i64)>,
        time: i64,
        totals: &mut Slots,
        coder: &KeyCoder,
    ) {
        if self.times.len() >= self.most {
            self.flush();
        }
        self.times.push(time);
        if let Some((start, end)) = window {
            self.windows.push((start, end));
            self.bounds[0].nanos(start);
            self.bounds[1].nanos(end);
        } else {
            self.bounds.iter_mut().for_each(ColumnBuilder::null);
        }
        coder.decode(key, &mut self.keys, &mut self.scratch);
        totals.emit(&[slot], None, &mut self.cells, &mut self.scratch);
    }

    fn flush(&mut self) {
        if self.times.is_empty() {
            return;
        }
        let next = Out::new(&self.types, self.most);
        let this = std::mem::replace(self, next);
        let n = this.times.len();
        let bounds = this.bounds.into_iter().filter(|_| this.windowed);
        let columns = bounds.chain(this.keys).chain(this.cells);
        let columns = columns.map(|builder| Some(builder.finish())).collect();
        let mut chunk = Chunk::of_columns(n, columns, this.scratch);
        if this.timed {
            chunk.windows = (this.windows.len() == n).then_some(this.windows);
            chunk.before = Some(this.times.clone());
            chunk.times = Some(this.times);
        }
        self.done = this.done;
        self.done.push(chunk);
    }
}

impl Process for Totals {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let mut out = self.out(usize::MAX);
        if told.failure.is_none() {
            if self.of.lapse == Lapse::Arrival && self.tracked {
                self.expire(given.now, &mut out);
            }
            if self.tick_at == NEVER
                && let Some(every) = self.of.every
            {
                self.tick_at = (given.now.div_euclid(every) + 1).saturating_mul(every);
            }
            self.rows(chunk, given, &mut out, told);
        }
        self.tidy();
        out.flush();
        *chunk = out.done.pop().unwrap_or_default();
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        let mut out = self.out(CHUNK);
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
        if now >= self.tick_at
            && let Some(every) = self.of.every
        {
            self.close_window(ALL, &mut out, &mut Told::default());
            self.tick_at = (now.div_euclid(every) + 1).saturating_mul(every);
        }
        self.tidy();
        out.flush();
        out.done
    }

    fn next_tick(&self) -> i64 {
        match (self.of.emit, self.of.lapse) {
            (true, Lapse::Arrival) => self.tick_at.min(self.keyed.next_end_about()),
            _ => self.tick_at,
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
            bounded: self.bounded,
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
            waiting: self.waiting.clone(),
            tick_at: self.tick_at,
            of_rows: Vec::new(),
            of_keys: Vec::new(),
        })
    }

    fn held(&self) -> (usize, usize) {
        let parts = self.parts.values();
        let of_parts: usize = parts
            .map(|part| part.table.bytes() + part.held.bytes())
            .sum();
        (
            self.keyed.len(),
            self.keyed.bytes() + self.totals.bytes() + of_parts,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggs;
    use crate::data::process::{Limits, OnFull};
    use crate::data::time::Zone;
    use crate::data::value::Printing;
    use crate::data::{ColumnBuilder, packed};
    use crate::plan::batches;
    use crate::state::testing::{self, Row};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const SIZE: i64 = 7;

    fn agg(func: &str, arg: Option<usize>) -> Agg {
        Agg {
            aggregate: aggs::find(func).expect("it is in the table"),
            call: aggs::Call {
                func: func.into(),
                arg: arg.map(|_| Type::Number),
                param: None,
                timed: true,
                exact: false,
            },
            arg,
            ty: Type::Number,
        }
    }

    fn number(units: i64) -> crate::data::Number {
        crate::data::Number::Exact { units, scale: 0 }
    }

    /// Keys with their sums and counts.
    fn initial(keys: &[(u8, i64, u8)]) -> Initial {
        let packed = |value: i64| {
            let mut cell = ColumnBuilder::new(&Type::Number);
            cell.number(number(value));
            let mut out = Vec::new();
            packed::pack_cell(&Chunk::default(), &cell.finish(), 0, &mut out);
            out
        };
        let of = |(key, sum, count): &(u8, i64, u8)| {
            let cells = [packed(*sum), packed(i64::from(*count))].concat();
            (Some(format!("k{key}").into_bytes()), cells)
        };
        keys.iter().map(of).collect()
    }

    #[derive(Clone, Debug)]
    struct Case {
        printed: Printed,
        disorder: i64,
        ttl: Option<i64>,
        emit: bool,
        complete: bool,
        initial: Vec<(u8, i64, u8)>,
        limits: Limits,
    }

    fn run(case: &Case, rows: &[Row], cuts: &[(usize, bool)]) -> (Vec<String>, Told) {
        let of = Arc::new(Totalling {
            printed: case.printed.clone(),
            keys: vec![Type::Text],
            aggs: vec![agg("sum", Some(0)), agg("count", None)],
            lapse: Lapse::Event {
                disorder: Some(case.disorder),
            },
            emit: case.emit,
            complete: case.complete,
            every: None,
            initial: Arc::new(initial(&case.initial)),
        });
        let terms = Terms {
            operator: "update-state-by",
            ttl: case.ttl,
            limits: case.limits,
        };
        let mut process: Box<dyn Process> = Box::new(Totals::new(
            of,
            terms,
            &Making {
                schema: &testing::schema(&[]),
                carry: &[],
                into: &[],
                lines: false,
                zone: &Zone::default(),
                seed: 5,
                coder: &KeyCoder::new(vec![Type::Text]),
                alone: true,
                limits: case.limits,
            },
        ));
        let windowed = matches!(case.printed, Printed::Windows(_));
        let show = |chunk: &Chunk, lines: &mut Vec<String>| {
            for row in chunk.live.iter() {
                let mut line = Vec::new();
                if let Some(windows) = &chunk.windows {
                    line.extend(format!("{} ", windows[row as usize].0).into_bytes());
                }
                let types = [Type::Text, Type::Number, Type::Number];
                let first = if windowed { 2 } else { 0 };
                for (field, ty) in (first..).zip(&types) {
                    let column = chunk.column(field).expect("all columns are there");
                    let value = chunk.value(column, ty, row as usize);
                    value.write_plain(&Printing::default(), &mut line);
                    line.push(b' ');
                }
                lines.push(String::from_utf8_lossy(&line).into_owned());
            }
        };
        let (mut lines, mut told) = (Vec::new(), Told::default());
        let (mut at, mut latest) = (0, None);
        for (turn, &(take, tell)) in cuts.iter().cycle().enumerate() {
            if at == rows.len() {
                break;
            }
            let end = (at + take).min(rows.len());
            let mut chunk = testing::chunk(&rows[at..end], &mut latest, case.disorder);
            at = end;
            if case.printed != Printed::Input {
                let times = chunk.times.clone().expect("rows have times");
                let start = |time: &i64| time.div_euclid(SIZE) * SIZE;
                let windows = times.iter().map(|time| (start(time), start(time) + SIZE));
                let windows: Vec<(i64, i64)> = windows.collect();
                let before = chunk.before.clone().expect("rows are judged");
                chunk
                    .live
                    .retain(|row| windows[row as usize].1 > before[row as usize]);
                chunk.windows = Some(windows);
            }
            let given = Given {
                input: 0,
                key: chunk.column(0).expect("the key is there").clone(),
                args: vec![chunk.column(1).expect("the number is there").clone()],
                now: 0,
            };
            process.take(&mut chunk, &given, &mut told);
            show(&chunk, &mut lines);
            if tell && let Some(latest) = latest {
                for chunk in process.close(Watermark::At(latest - case.disorder), &mut told) {
                    show(&chunk, &mut lines);
                }
            }
            if turn % 3 == 2 {
                process = process.fork();
            }
        }
        if case.printed != Printed::Input
            && let Some(latest) = latest
        {
            // What time has come to is told before the end, so that the last batches are told of.
            for chunk in process.close(Watermark::At(latest - case.disorder), &mut told) {
                show(&chunk, &mut lines);
            }
        }
        for chunk in process.close(Watermark::End, &mut told) {
            show(&chunk, &mut lines);
        }
        (lines, told)
    }

    /// A key: when it was last used, and its records by window end with their number.
    #[derive(Default)]
    struct Plain {
        used: i64,
        records: Vec<(i64, Option<i64>, i64)>,
        begun: bool,
    }

    impl Plain {
        /// Of the records of windows that end by then.
        fn line(&self, key: u8, upto: i64) -> String {
            let counted = self.records.iter().filter(|record| record.0 <= upto);
            let numbers: Vec<i64> = counted.clone().filter_map(|record| record.1).collect();
            let count: i64 = counted.map(|record| record.2).sum();
            let sum: i64 = numbers.iter().sum();
            let sum = if numbers.is_empty() {
                String::new()
            } else {
                sum.to_string()
            };
            format!("k{key} {sum} {count} ")
        }
    }

    struct Model<'c> {
        case: &'c Case,
        keys: BTreeMap<u8, Plain>,
        open: BTreeSet<i64>,
        printed: Option<i64>,
        out: Vec<String>,
    }

    impl Model<'_> {
        fn advance(&mut self, watermark: i64) {
            let case = self.case;
            loop {
                let mut end = self.open.first().copied().unwrap_or(i64::MAX);
                let empties = case.complete && matches!(case.printed, Printed::Batches(_));
                if empties
                    && watermark != i64::MAX
                    && let Some(printed) = self.printed
                {
                    end = end.min(printed + SIZE);
                }
                let moment = |key: &Plain| case.ttl.map_or(i64::MAX, |ttl| key.used + ttl);
                let first = self.keys.values().map(moment).min().unwrap_or(i64::MAX);
                if end <= watermark && end <= first && end != i64::MAX {
                    self.open.remove(&end);
                    for (key, plain) in &self.keys {
                        let is_in = plain.records.iter().any(|record| record.0 == end);
                        let is_known = plain.records.iter().any(|record| record.0 <= end);
                        let is_begun = self.printed.is_none() && plain.begun;
                        if is_in || is_begun || (case.complete && is_known) {
                            self.out
                                .push(format!("{} {}", end - SIZE, plain.line(*key, end)));
                        }
                    }
                    self.printed = Some(end);
                } else if first <= watermark && first != i64::MAX {
                    let window = match case.printed {
                        Printed::Input => String::new(),
                        _ => format!("{} ", first.div_euclid(SIZE) * SIZE),
                    };
                    for (key, plain) in &self.keys {
                        if moment(plain) == first && case.emit {
                            self.out
                                .push(format!("{window}{}", plain.line(*key, i64::MAX)));
                        }
                    }
                    self.keys.retain(|_, plain| moment(plain) != first);
                } else {
                    return;
                }
            }
        }
    }

    fn plain(case: &Case, rows: &[Row]) -> Vec<String> {
        let mut model = Model {
            case,
            keys: BTreeMap::new(),
            open: BTreeSet::new(),
            printed: None,
            out: Vec::new(),
        };
        let mut latest = i64::MIN;
        let mut unborn = true;
        let begin = |keys: &mut BTreeMap<u8, Plain>, at: i64| {
            for &(key, sum, count) in &case.initial {
                let plain = keys.entry(key).or_default();
                plain.used = at;
                plain.begun = true;
                plain.records.push((i64::MIN, Some(sum), i64::from(count)));
            }
        };
        for row in rows {
            let before = if latest == i64::MIN {
                i64::MIN
            } else {
                latest - case.disorder
            };
            latest = latest.max(row.at);
            let end = match case.printed {
                Printed::Input => i64::MAX,
                _ => (row.at.div_euclid(SIZE) + 1) * SIZE,
            };
            if end <= before {
                continue;
            }
            model.advance(before);
            if std::mem::take(&mut unborn) {
                begin(&mut model.keys, row.at);
            }
            let plain = model.keys.entry(row.key).or_insert_with(|| Plain {
                used: row.at,
                ..Plain::default()
            });
            plain.used = plain.used.max(row.at);
            plain.records.push((end, row.n(), 1));
            model.open.insert(end);
        }
        if case.printed == Printed::Input {
            if unborn {
                begin(&mut model.keys, 0);
            } else {
                model.open.clear();
                model.advance(latest - case.disorder);
            }
            let keys = std::mem::take(&mut model.keys);
            let rest = keys.iter().map(|(key, plain)| plain.line(*key, i64::MAX));
            model.out.extend(rest);
        } else {
            if latest != i64::MIN {
                model.advance(latest - case.disorder);
            }
            model.advance(i64::MAX);
        }
        model.out
    }

    fn cases() -> impl Strategy<Value = Case> {
        let printed = prop::sample::select(vec![
            Printed::Input,
            Printed::Windows(Some(batches::window(SIZE))),
            Printed::Batches(batches::window(SIZE)),
        ]);
        let begun = prop::collection::vec((0u8..5, -9i64..9, 0u8..200), 0..3);
        let ttl = prop::option::of(1i64..25);
        (printed, 0i64..9, ttl, any::<bool>(), any::<bool>(), begun).prop_map(
            |(printed, disorder, ttl, emit, complete, initial)| Case {
                printed,
                disorder,
                ttl,
                emit: emit && ttl.is_some(),
                complete,
                initial,
                limits: Limits::default(),
            },
        )
    }

    proptest! {
        /// INTERFACE 6: "running totals that outlive windows; prints the keys that changed in a batch, window or run
        /// (`--output-mode complete`: all keys)". EVENT-TIME 2.7: "entry expires when W >= last update + ttl".
        /// SPARK 3.13: "Time-outs are exact". SPARK 4.4: initial keys count in the first batch.
        #[test]
        fn totals_are_those_of_a_plain_loop(
            case in cases(), rows in testing::rows(), cuts in testing::cuts(),
        ) {
            let (lines, told) = run(&case, &rows, &cuts);
            prop_assert_eq!(told.failure, None);
            prop_assert_eq!(lines, plain(&case, &rows));
        }

        /// INTERFACE 2.6: "`--on-full evict-oldest`": the key used longest ago goes, with all that came of it.
        #[test]
        fn the_key_used_longest_ago_is_forgotten(
            rows in testing::rows(), cuts in testing::cuts(), most in 1u64..4,
        ) {
            let case = Case {
                printed: Printed::Input,
                disorder: 0,
                ttl: None,
                emit: false,
                complete: false,
                initial: Vec::new(),
                limits: Limits { keys: Some(most), on_full: OnFull::EvictOldest },
            };
            let mut keys: BTreeMap<u8, (Plain, usize)> = BTreeMap::new();
            for (place, row) in rows.iter().enumerate() {
                if !keys.contains_key(&row.key) && keys.len() as u64 == most {
                    let oldest = keys.iter().min_by_key(|(_, (plain, place))| (plain.used, *place));
                    let oldest = *oldest.expect("there is one").0;
                    keys.remove(&oldest);
                }
                let (plain, last) = keys.entry(row.key).or_default();
                plain.used = plain.used.max(row.at);
                plain.records.push((0, row.n(), 1));
                *last = place;
            }
            let expected: Vec<String> = keys.iter().map(|(key, one)| one.0.line(*key, 0)).collect();
            prop_assert_eq!(run(&case, &rows, &cuts).0, expected);
        }
    }
}
