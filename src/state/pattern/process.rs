//! The process behind `match`: records wait until time has come to them, then each goes to its key's machine, and
//! what is found leaves in the order of the last records. Invariant: machines see records by time, then place;
//! what runs out at an instant does so before the records of that instant.

use super::conditions::{Conditions, pack};
use super::machine::{Coming, Findings, LoadedWays, Machine, PARTIALS_MAX, Program, Ways};
use super::rows::{self, Form, Measure, Row};
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Limits, Making, OnFull, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, Column, ColumnV, Type};
use crate::state::keyed::Keyed;
use crate::state::saving::{self, sound};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

/// What an operator has made of a pattern.
#[derive(Clone)]
pub struct Plan {
    pub program: Program,
    pub conditions: Conditions,
    /// Names whose condition is told by the record alone, in the order of the first arguments of the node.
    pub flags: Vec<usize>,
    pub measures: Vec<Measure>,
    pub keys: Vec<Type>,
    pub windowed: bool,
    /// Those have bounds.
    pub bounded: bool,
    /// Their records come when they are over, and are met window by window.
    pub by_window: bool,
    /// How much later times are shown than they are, ns.
    pub later: i64,
    /// Records come by the clock, so none is earlier than those before it.
    pub arrival: bool,
}

/// Rows of a chunk that goes on.
const CHUNK_ROWS: usize = 4096;

#[derive(Clone)]
struct Waiting {
    time: i64,
    flags: u64,
    slot: u32,
    cells: Box<[u8]>,
}

#[derive(Clone, Default)]
struct Key {
    machine: Machine,
    /// Records of it that wait.
    waiting: u32,
    window: Option<(i64, i64)>,
    /// The last record that it took and has something left of.
    used: u64,
}

#[derive(Clone)]
pub struct Matcher {
    plan: Arc<Plan>,
    conditions: Conditions,
    coder: KeyCoder,
    alone: bool,
    limits: Limits,
    keys: Keyed<Key>,
    /// With `--max-keys`: keys that something is left of, by the last record that they took.
    ages: BTreeMap<u64, u32>,
    /// In the order in which they came, but for [`Matcher::let_in`].
    waiting: Vec<Waiting>,
    in_order: bool,
    /// The least time among them.
    earliest: i64,
    /// Records that had their turn.
    places: u64,
    /// When starts run out: each as late as the one before it, or later.
    timers: VecDeque<(i64, u64, u32)>,
    /// When windows end.
    ends: BTreeMap<i64, Vec<u32>>,
    findings: Findings,
    /// Rows by time, place and number, for matches that are known late.
    held: BTreeMap<(i64, u64, u64), Row>,
    numbers: u64,
    ready: Vec<Row>,
    /// The instant that is at hand: of a record, or of what runs out.
    moment: i64,
    upto: i64,
    slots: Vec<u32>,
    scratch: Vec<u8>,
}

impl Matcher {
    pub fn new(plan: Arc<Plan>, making: &Making<'_>) -> Matcher {
        Matcher {
            conditions: plan.conditions.clone(),
            plan,
            coder: making.coder.clone(),
            alone: making.alone,
            limits: making.limits,
            keys: Keyed::new(making.seed),
            ages: BTreeMap::new(),
            waiting: Vec::new(),
            in_order: true,
            earliest: i64::MAX,
            places: 0,
            timers: VecDeque::new(),
            ends: BTreeMap::new(),
            findings: Findings::default(),
            held: BTreeMap::new(),
            numbers: 0,
            ready: Vec::new(),
            moment: i64::MIN,
            upto: i64::MIN,
            slots: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Rows that are late are told; of the others those stay that mean something to the pattern.
    fn select(&self, chunk: &mut Chunk, given: &Given, told: &mut Told) -> Vec<u64> {
        let mut live = std::mem::take(&mut chunk.live);
        if let (Some(times), Some(before)) = (&chunk.times, &chunk.before) {
            live.retain(|row| {
                let late = times[row as usize] < before[row as usize];
                if late {
                    told.late.tell(chunk, row);
                }
                !late
            });
        }
        let plan = &self.plan;
        let names = plan.program.pattern.names.len() as u32;
        let mut always = u64::MAX.checked_shr(64 - names).unwrap_or(0);
        for &name in &plan.flags {
            always &= !(1 << name);
        }
        let conditions: Vec<_> = plan.flags.iter().zip(&given.args).collect();
        let gaps = plan.program.needs_gaps();
        let mut flags = Vec::with_capacity(live.len());
        live.retain(|row| {
            let mut mine = always;
            for (name, column) in &conditions {
                mine |= u64::from(is_true(column, row as usize)) << **name;
            }
            let stays = gaps || mine != 0;
            if stays {
                flags.push(mine);
            }
            stays
        });
        chunk.live = live;
        flags
    }

    /// The slots of the keys of the chunk's rows; a window is part of the key.
    fn find_keys(&mut self, chunk: &Chunk, key: &ColumnV) {
        let windows = match &chunk.windows {
            Some(windows) if self.plan.windowed => windows,
            _ => return self.keys.slots(chunk, key, &mut self.slots),
        };
        self.slots.clear();
        for row in chunk.live.iter() {
            let at = row as usize;
            let bytes = &mut self.scratch;
            bytes.clear();
            bytes.extend_from_slice(&windows[at].0.to_le_bytes());
            bytes.extend_from_slice(&windows[at].1.to_le_bytes());
            bytes.push(u8::from(key.is_valid(at)));
            if let (Column::Bytes(spans), true) = (&key.data, key.is_valid(at)) {
                bytes.extend_from_slice(chunk.bytes(spans[at]));
            }
            self.slots.push(self.keys.slot(Some(bytes)));
        }
    }

    /// Puts the chunk's rows among those that wait.
    fn let_in(&mut self, chunk: &Chunk, given: &Given, flags: &[u64]) {
        let Some(times) = &chunk.times else {
            return;
        };
        let plan = Arc::clone(&self.plan);
        let args = &given.args[plan.flags.len()..];
        for (i, row) in chunk.live.iter().enumerate() {
            let at = row as usize;
            let (time, slot) = (times[at], self.slots[i]);
            let (key, new) = self.keys.get_or(slot, Key::default);
            key.waiting += 1;
            if let (true, true, Some(windows)) = (new, plan.windowed, &chunk.windows) {
                key.window = Some(windows[at]);
                if !plan.by_window {
                    self.ends.entry(windows[at].1).or_default().push(slot);
                }
            }
            self.scratch.clear();
            if flags[i] != 0 && !args.is_empty() {
                pack(chunk, args, row, &mut self.scratch);
            }
            let last = self.waiting.last().map_or(i64::MIN, |last| last.time);
            self.in_order &= last <= time;
            self.earliest = self.earliest.min(match plan.by_window {
                true => self.end_of(slot),
                false => time,
            });
            self.waiting.push(Waiting {
                time,
                flags: flags[i],
                slot,
                cells: self.scratch.as_slice().into(),
            });
        }
    }

    /// Runs the windows that are over by then, one after the other; `None`: all.
    fn advance_by_window(&mut self, upto: Option<i64>, told: &mut Told) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_by_key(|one| (self.end_of(one.slot), one.time));
        let due = |end: i64| upto.is_none_or(|upto| end <= upto);
        let n = waiting.partition_point(|one| due(self.end_of(one.slot)));
        let mut rest = waiting.split_off(n);
        std::mem::swap(&mut waiting, &mut rest);
        self.waiting = waiting;
        let mut rows = rest.into_iter().peekable();
        while let Some(first) = rows.peek() {
            let end = self.end_of(first.slot);
            let (mut of_window, mut known) = (Vec::new(), HashSet::new());
            let mut last = i64::MIN;
            while let Some(one) = rows.next_if(|one| self.end_of(one.slot) == end) {
                if told.failure.is_some() {
                    return;
                }
                last = one.time;
                if known.insert(one.slot) {
                    of_window.push(one.slot);
                }
                self.run_out(Some(last), told);
                self.meet(one, told);
            }
            let instant = if self.plan.bounded { end } else { last };
            self.run_out(Some(instant), told);
            let plan = Arc::clone(&self.plan);
            for slot in of_window {
                if let Some(key) = self.keys.get_mut(slot) {
                    key.machine.finish(&plan.program, &mut self.findings);
                    self.found(slot, Some(instant), told);
                }
            }
            self.timers.clear();
        }
        self.find_earliest();
    }

    /// When the first window of those that wait is over.
    fn find_earliest(&mut self) {
        let ends = self.waiting.iter().map(|one| self.end_of(one.slot));
        self.earliest = ends.min().unwrap_or(i64::MAX);
    }

    /// The end of a key's window.
    fn end_of(&self, slot: u32) -> i64 {
        let window = self.keys.get(slot).and_then(|key| key.window);
        window.map_or(i64::MAX, |(_, end)| end)
    }

    /// Runs what is not behind `upto`; `None`: everything.
    fn advance(&mut self, upto: Option<i64>, told: &mut Told) {
        if self.plan.by_window {
            return self.advance_by_window(upto, told);
        }
        let due = |time: i64| upto.is_none_or(|upto| time <= upto);
        if !self.in_order && due(self.earliest) {
            // Stable, and quick where rows come nearly in order.
            self.waiting.sort_by_key(|waiting| waiting.time);
            self.in_order = true;
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        let n = match self.in_order {
            true => waiting.partition_point(|waiting| due(waiting.time)),
            false => 0,
        };
        for one in waiting.drain(..n) {
            if told.failure.is_some() {
                break;
            }
            self.run_out(Some(one.time), told);
            self.meet(one, told);
        }
        self.waiting = waiting;
        self.earliest = match self.in_order {
            true => self.waiting.first().map_or(i64::MAX, |first| first.time),
            false => self.earliest,
        };
        self.run_out(upto, told);
    }

    /// What ends at an instant or before, in order.
    fn run_out(&mut self, upto: Option<i64>, told: &mut Told) {
        loop {
            let timer = self.timers.front().map_or(i64::MAX, |timer| timer.0);
            let end = self.ends.first_key_value().map_or(i64::MAX, |end| *end.0);
            let instant = timer.min(end);
            let none = self.timers.is_empty() && self.ends.is_empty();
            if none || upto.is_some_and(|upto| instant > upto) {
                return;
            }
            self.moment = instant;
            let plan = Arc::clone(&self.plan);
            if timer <= end {
                let Some((_, first, slot)) = self.timers.pop_front() else {
                    continue;
                };
                if let Some(key) = self.keys.get_mut(slot) {
                    key.machine
                        .run_out(first, &plan.program, &mut self.findings);
                    self.found(slot, Some(instant), told);
                }
            } else if let Some((_, slots)) = self.ends.pop_first() {
                for slot in slots {
                    if let Some(key) = self.keys.get_mut(slot) {
                        key.machine.finish(&plan.program, &mut self.findings);
                        self.found(slot, Some(instant), told);
                    }
                }
            }
        }
    }

    /// A record's turn.
    fn meet(&mut self, one: Waiting, told: &mut Told) {
        let plan = Arc::clone(&self.plan);
        let Some(key) = self.keys.get_mut(one.slot) else {
            return;
        };
        self.moment = one.time;
        key.waiting -= 1;
        self.places += 1;
        let mut coming = Coming {
            time: one.time,
            place: self.places,
            flags: one.flags,
            cells: &one.cells,
            record: None,
        };
        let begun = key.machine.take(
            &plan.program,
            &mut coming,
            &mut self.conditions,
            &mut self.findings,
        );
        if let (true, Some(within)) = (begun, plan.program.within) {
            self.timers
                .push_back((one.time.saturating_add(within), self.places, one.slot));
        }
        self.use_key(one.slot, told);
        self.found(one.slot, None, told);
    }

    /// A key has taken a record. Keys are counted here, in the order of time, so cuts do not show (`--max-keys`).
    fn use_key(&mut self, slot: u32, told: &mut Told) {
        let (Some(most), Some(key)) = (self.limits.keys_most(), self.keys.get_mut(slot)) else {
            return;
        };
        self.ages.remove(&key.used);
        if key.machine.is_empty() {
            return;
        }
        key.used = self.places;
        self.ages.insert(key.used, slot);
        if self.ages.len() as u64 <= most {
            return;
        }
        if self.limits.on_full == OnFull::Fail {
            return told.fail(format!("match: more than {most} keys (--max-keys)"));
        }
        let Some((_, oldest)) = self.ages.pop_first() else {
            return;
        };
        if let Some(key) = self.keys.get_mut(oldest) {
            key.machine.forget(&self.plan.program, &mut self.findings);
            if key.waiting == 0 {
                self.keys.forget(oldest);
            }
        }
        told.forgot();
    }

    /// Takes what a key has found; forgets the key if nothing is left of it.
    fn found(&mut self, slot: u32, instant: Option<i64>, told: &mut Told) {
        if self.findings.full {
            self.findings.full = false;
            let message = format!(
                "match: one key has more than {PARTIALS_MAX} partial matches; give --within, or narrower conditions"
            );
            told.fail(message);
        }
        let Some(key) = self.keys.get(slot) else {
            return;
        };
        if key.machine.is_empty() {
            self.ages.remove(&key.used);
        }
        let gone = key.machine.is_empty() && key.waiting == 0;
        let window = key.window;
        let late = self.plan.program.is_late();
        if self.findings.found.is_empty() && !gone && !late {
            return;
        }
        let found = std::mem::take(&mut self.findings.found);
        for one in &found {
            let last = &one.taken.record;
            // What runs out comes when it does.
            let (time, place) = match (one.timeout, instant) {
                (true, Some(instant)) => (instant, 0),
                _ => (last.time, last.place),
            };
            let key = self.own_key(self.keys.key(slot));
            let row = Row {
                key: key.map(Into::into),
                window,
                taken: Arc::clone(&one.taken),
                timeout: one.timeout,
                before: self.before(time, last.time),
            };
            if late {
                self.numbers += 1;
                self.held.insert((time, place, self.numbers), row);
            } else {
                self.ready.push(row);
            }
        }
        self.findings.found = found;
        self.findings.found.clear();
        if late {
            let open = self.findings.open.first_key_value().map(|(last, _)| *last);
            while let Some(first) = self.held.first_entry() {
                let (time, place, _) = *first.key();
                if open.is_some_and(|open| (time, place) >= open) {
                    break;
                }
                let mut row = first.remove();
                if !self.plan.by_window {
                    row.before = self.before(self.moment, row.taken.record.time);
                }
                self.ready.push(row);
            }
        }
        if gone {
            self.keys.forget(slot);
        }
    }

    /// What a row is judged by that leaves at a moment: so far, and no further, time may have come in what follows.
    fn before(&self, moment: i64, last: i64) -> i64 {
        let early = match self.plan.program.timeouts {
            true => self.plan.program.within.unwrap_or(0),
            false => 0,
        };
        moment.saturating_sub(early).min(last)
    }

    /// A key without the window that is a part of it.
    fn own_key<'k>(&self, key: Option<&'k [u8]>) -> Option<&'k [u8]> {
        match self.plan.windowed {
            true => key.and_then(|key| (key.get(16) == Some(&1)).then(|| &key[17..])),
            false => key,
        }
    }

    fn chunks(&mut self, rows_max: usize) -> Vec<Chunk> {
        let plan = Arc::clone(&self.plan);
        let form = Form {
            coder: &self.coder,
            keys: &plan.keys,
            measures: &plan.measures,
            types: &plan.conditions.types,
            bounded: plan.bounded,
            later: plan.later,
            timeouts: plan.program.timeouts,
        };
        let ready = std::mem::take(&mut self.ready);
        let pieces = ready.chunks(rows_max);
        pieces.map(|rows| rows::chunk(rows, &form)).collect()
    }

    /// Gives room back; slots move.
    fn tidy(&mut self) {
        let mut moved: Vec<(u32, u32)> = Vec::new();
        self.keys.tidy(|old, new, _| moved.push((old, new)));
        if moved.is_empty() {
            return;
        }
        let new = |slot: u32| {
            let at = moved.binary_search_by_key(&slot, |pair| pair.0).ok()?;
            Some(moved[at].1)
        };
        for waiting in &mut self.waiting {
            waiting.slot = new(waiting.slot).expect("a key with waiting records is not forgotten");
        }
        self.timers.retain_mut(|timer| match new(timer.2) {
            Some(slot) => {
                timer.2 = slot;
                true
            }
            None => false,
        });
        for slot in self.ages.values_mut() {
            *slot = new(*slot).expect("a key that something is left of is not forgotten");
        }
        for slots in self.ends.values_mut() {
            slots.retain_mut(|slot| match new(*slot) {
                Some(moved) => {
                    *slot = moved;
                    true
                }
                None => false,
            });
        }
    }
}

fn is_true(column: &ColumnV, row: usize) -> bool {
    matches!(&column.data, Column::Bool(bits) if column.is_valid(row) && bits.get(row))
}

impl Process for Matcher {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        self.conditions.now = given.now;
        let newest = |values: &Option<Vec<i64>>| {
            let values = values.as_ref()?;
            chunk.live.iter().map(|row| values[row as usize]).max()
        };
        let upto = match self.plan.arrival {
            true => newest(&chunk.times),
            false => newest(&chunk.before),
        };
        let flags = self.select(chunk, given, told);
        self.find_keys(chunk, &given.key);
        self.let_in(chunk, given, &flags);
        if let (true, Some(upto)) = (self.alone, upto)
            && upto > i64::MIN
            && told.failure.is_none()
        {
            self.upto = self.upto.max(upto);
            self.advance(Some(self.upto), told);
        }
        self.tidy();
        let made = self.chunks(usize::MAX).pop();
        *chunk = made.unwrap_or_else(|| Chunk::of_columns(0, Vec::new(), Vec::new()));
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        if told.failure.is_some() {
            return Vec::new();
        }
        match upto {
            Watermark::None => return Vec::new(),
            Watermark::At(upto) => {
                self.upto = self.upto.max(upto);
                self.advance(Some(self.upto), told);
            }
            Watermark::End => {
                self.advance(None, told);
                self.moment = i64::MAX;
                let slots: Vec<u32> = self.keys.iter().map(|(slot, _)| slot).collect();
                let plan = Arc::clone(&self.plan);
                for slot in slots {
                    if let Some(key) = self.keys.get_mut(slot) {
                        key.machine.finish(&plan.program, &mut self.findings);
                        self.found(slot, None, told);
                    }
                }
            }
        }
        self.tidy();
        self.chunks(CHUNK_ROWS)
    }

    fn next_end(&self) -> i64 {
        let timer = self.timers.front().map_or(i64::MAX, |timer| timer.0);
        let end = self.ends.first_key_value().map_or(i64::MAX, |end| *end.0);
        self.earliest.min(timer).min(end)
    }

    fn lag(&self) -> i64 {
        let most = match (self.plan.program.timeouts, self.plan.program.within) {
            (true, Some(within)) => self.upto.saturating_sub(within),
            _ => self.upto,
        };
        self.upto.saturating_sub(most.min(self.held_time()))
    }

    fn held_time(&self) -> i64 {
        let open = self.findings.open.first_key_value();
        let open = open.map_or(i64::MAX, |(last, _)| last.0);
        let begun = match (self.plan.program.timeouts, self.plan.program.within) {
            // So old is also what has run out and waits for one that began before.
            (true, Some(within)) => {
                let held = self.held.first_key_value();
                held.map_or(i64::MAX, |(at, _)| at.0.saturating_sub(within))
            }
            _ => i64::MAX,
        };
        open.min(begun)
    }

    fn lag_of_windows(&self) -> i64 {
        match self.plan.by_window {
            true => 0,
            false => self.lag(),
        }
    }

    fn goes_by_windows(&self) -> bool {
        self.plan.by_window
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        let cells: usize = self.waiting.iter().map(|one| one.cells.len()).sum();
        let machines: usize = self.keys.iter().map(|(_, key)| key.machine.held()).sum();
        let bytes = self.keys.bytes()
            + cells
            + self.waiting.capacity() * size_of::<Waiting>()
            + (machines + self.held.len()) * 200;
        (self.keys.len(), bytes)
    }

    fn save(&self, to: &mut Save) {
        to.put(&(self.places, self.numbers));
        to.put(&(self.upto, self.conditions.now));
        let mut ways = Ways::default();
        self.keys
            .iter()
            .for_each(|(_, key)| key.machine.add_to(&mut ways));
        self.held.values().for_each(|row| ways.add(&row.taken));
        ways.save(to);
        self.keys.save(to, |key, to| {
            to.put(&(key.window, key.used));
            key.machine.save(&ways, to);
        });
        saving::put_list(to, self.waiting.iter(), |one, to| {
            to.put(&(one.time, one.flags, one.slot));
            to.put_bytes(&one.cells);
        });
        to.put(&self.timers);
        to.put(&self.ends);
        saving::put_list(to, self.held.iter(), |(place, row), to| {
            to.put(place);
            saving::put_bytes(to, row.key.as_deref());
            to.put(&(row.window, row.timeout, row.before));
            ways.put(&row.taken, to);
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        for number in [&mut self.places, &mut self.numbers] {
            *number = saving::count(from)?;
        }
        (self.upto, self.conditions.now) = from.take()?;
        let plan = Arc::clone(&self.plan);
        let of = &self.conditions;
        let ways = LoadedWays::load(
            from,
            &plan.program,
            |cells| of.is_record(cells),
            |seen| of.are_seen(seen),
        )?;
        let has_window = |window: &Option<(i64, i64)>| window.is_some() == plan.windowed;
        let mut keys = self.keys.clone();
        let places = self.places;
        let is_key = |key: Option<&[u8]>| self.coder.fits(self.own_key(key));
        keys.load(from, is_key, |from| {
            let (window, used) = from.take()?;
            sound(has_window(&window) && used <= places)?;
            Ok(Key {
                machine: Machine::load(from, &ways, &plan.program)?,
                waiting: 0,
                window,
                used,
            })
        })?;
        self.waiting = saving::take_list(from, |from| {
            let (time, flags, slot) = from.take()?;
            let cells = from.take_bytes()?;
            // A key with records that wait is there.
            keys.get_mut(slot).ok_or(Damaged)?.waiting += 1;
            sound(of.is_record(cells))?;
            Ok(Waiting {
                time,
                flags,
                slot,
                cells: cells.into(),
            })
        })?;
        self.in_order = self.waiting.is_sorted_by_key(|one| one.time);
        let times = self.waiting.iter().map(|one| one.time);
        self.earliest = times.min().unwrap_or(i64::MAX);
        self.timers = from.take()?;
        self.ends = from.take()?;
        // Windows end: what never does is no window's.
        sound(self.ends.keys().all(|end| *end < i64::MAX))?;
        let held = saving::take_list(from, |from| {
            let place: (i64, u64, u64) = from.take()?;
            let key = saving::take_bytes(from)?;
            let (window, timeout, before) = from.take()?;
            sound(self.coder.fits(key) && has_window(&window))?;
            let row = Row {
                key: key.map(Box::from),
                window,
                taken: ways.take(from)?,
                timeout,
                before,
            };
            Ok((place, row))
        })?;
        self.held = held.into_iter().collect();
        self.keys = keys;
        if plan.by_window {
            self.find_earliest();
        }
        if self.limits.keys_most().is_some() {
            let left = self.keys.iter().filter(|(_, key)| !key.machine.is_empty());
            self.ages = left.map(|(slot, key)| (key.used, slot)).collect();
        }
        for (_, key) in self.keys.iter() {
            key.machine.count_open(&plan.program, &mut self.findings);
        }
        Ok(())
    }
}
