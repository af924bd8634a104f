//! Joins within a time: a pair's times are at least LO and at most HI apart (right less left). A row has its turn when
//! the watermark passes its time, or, if it came behind its own side's watermark, when that is passed; it is then
//! matched with those of the other side that had theirs before. So each pair is found once, when the later of the
//! two has its turn, what is too old to match is the oldest, and a turn is a row's own: how the sides interleave
//! cannot show. Refuses late rows. Invariant: passed rows, of a key and of a side, are in the order of their times.

use super::store::{Place, Store};
use super::{Form, Kind, LEFT, MergeLines, Pairs, RIGHT, before_of, check_keys, key_of, time_of};
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, FieldId};
use crate::state::keyed::Keyed;
use crate::state::saving::{self, any_key, sound};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

const NONE: u32 = u32::MAX;

/// Which pairs there are.
#[derive(Copy, Clone, Debug)]
pub struct Within {
    pub kind: Kind,
    /// The right's time less the left's, ns.
    pub low: i64,
    pub high: i64,
    /// How far behind its side's watermark a row may be, ns.
    pub lateness: i64,
}

/// A row that is kept.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Of its key; `NONE`: a key that equals nothing.
    slot: u32,
    /// The next of its key and side, in order of time.
    next: u32,
    side: u8,
    matched: bool,
    /// The watermark has not passed it.
    waits: bool,
    /// It matches nothing, and goes on by itself when its turn comes.
    late: bool,
    time: i64,
    /// When its turn comes.
    turn: i64,
    /// Its place among its side's rows.
    place: u64,
    row: Place,
}

/// The passed rows of a key, by side: first and last.
#[derive(Clone, Copy, Debug)]
struct Rows {
    first: [u32; 2],
    last: [u32; 2],
    /// Rows that have this key, passed or waiting.
    count: u32,
}

impl Rows {
    /// None was passed.
    fn is_empty(&self) -> bool {
        self.first == [NONE; 2]
    }
}

#[derive(Clone)]
pub struct Interval {
    within: Within,
    form: Form,
    coder: KeyCoder,
    keys_max: Option<u64>,
    keyed: Keyed<Rows>,
    /// Keys that have rows which were passed.
    keys: usize,
    entries: Vec<Entry>,
    spare: Vec<u32>,
    store: Store,
    /// Rows whose turn has not come, the first on top: turn, place, entry.
    waiting: BinaryHeap<Reverse<(i64, u64, u32)>>,
    /// Passed rows by side, oldest first.
    passed: [VecDeque<u32>; 2],
    places: [u64; 2],
    slots: Vec<u32>,
    packed: Vec<u8>,
    /// The time of the pairs of one turn, their left and right place, and their rows.
    found: Vec<(i64, u64, u64, u32, u32)>,
    /// Side, place and entry of the rows of one turn that go on by themselves.
    alone: Vec<(u8, u64, u32)>,
}

impl Interval {
    pub fn new(
        making: &Making<'_>,
        within: Within,
        time: Option<FieldId>,
        merge: Option<MergeLines>,
    ) -> Interval {
        let mut form = Form::new(making, merge);
        form.time = time;
        Interval {
            within,
            form,
            coder: making.coder.clone(),
            keys_max: making.limits.keys,
            keyed: Keyed::new(making.seed),
            keys: 0,
            entries: Vec::new(),
            spare: Vec::new(),
            store: Store::default(),
            waiting: BinaryHeap::new(),
            passed: [VecDeque::new(), VecDeque::new()],
            places: [0; 2],
            slots: Vec::new(),
            packed: Vec::new(),
            found: Vec::new(),
            alone: Vec::new(),
        }
    }

    fn add(&mut self, entry: Entry) {
        let index = self.keep(Entry {
            waits: true,
            ..entry
        });
        self.waiting.push(Reverse((entry.turn, entry.place, index)));
    }

    /// A place for a row, which counts for its key.
    fn keep(&mut self, entry: Entry) -> u32 {
        if entry.slot != NONE {
            let empty = || Rows {
                first: [NONE; 2],
                last: [NONE; 2],
                count: 0,
            };
            self.keyed.get_or(entry.slot, empty).0.count += 1;
        }
        match self.spare.pop() {
            Some(index) => {
                self.entries[index as usize] = entry;
                index
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        }
    }

    /// Room for keys that are gone is given back; slots change.
    fn tidy(&mut self) {
        let entries = &mut self.entries;
        let mut moves: Vec<(u32, u32)> = Vec::new();
        self.keyed.tidy(|old, new, _| moves.push((old, new)));
        if moves.is_empty() {
            return;
        }
        let most = moves
            .iter()
            .map(|(old, _)| *old as usize)
            .max()
            .unwrap_or(0);
        let mut new_slots = vec![NONE; most + 1];
        for (old, new) in moves {
            new_slots[old as usize] = new;
        }
        for entry in entries {
            if let Some(&new) = new_slots.get(entry.slot as usize) {
                entry.slot = new;
            }
        }
    }

    /// Behind which watermark a row can match no more, and is printed if it never did.
    fn end(&self, entry: &Entry) -> i64 {
        let more = match entry.side as usize {
            LEFT => self.within.high,
            _ => self.within.low.saturating_neg(),
        };
        entry
            .time
            .saturating_add(more.max(0))
            .saturating_add(self.within.lateness)
    }

    /// Lets rows go that can match nothing whose turn is at `now` or later.
    fn expire(&mut self, now: Option<i64>, out: &mut Vec<Out>) {
        loop {
            let ends = [LEFT, RIGHT].map(|side| {
                let first = self.passed[side].front();
                first.map(|&index| self.end(&self.entries[index as usize]))
            });
            let (side, end) = match ends {
                [Some(left), Some(right)] if right < left => (RIGHT, right),
                [Some(left), _] => (LEFT, left),
                [None, Some(right)] => (RIGHT, right),
                [None, None] => return,
            };
            if now.is_some_and(|now| end >= now) {
                return;
            }
            let Some(index) = self.passed[side].pop_front() else {
                return;
            };
            self.unlink(index);
            let entry = self.entries[index as usize];
            match !entry.matched && self.within.kind.keeps[side] {
                true => out.push(Out::Alone(index)),
                false => self.forget(index),
            }
        }
    }

    /// Takes a row out of its key's.
    fn unlink(&mut self, index: u32) {
        self.unlink_in_key(index);
        let slot = self.entries[index as usize].slot;
        let rows = self.keyed.get(slot);
        self.keys -= usize::from(rows.is_some_and(Rows::is_empty));
    }

    /// It is nearly always the first.
    fn unlink_in_key(&mut self, index: u32) {
        let entry = self.entries[index as usize];
        let Some(rows) = self.keyed.get_mut(entry.slot) else {
            return;
        };
        let side = entry.side as usize;
        if rows.first[side] == index {
            rows.first[side] = entry.next;
            if rows.last[side] == index {
                rows.last[side] = NONE;
            }
            return;
        }
        let mut before = rows.first[side];
        while before != NONE && self.entries[before as usize].next != index {
            before = self.entries[before as usize].next;
        }
        if before != NONE {
            self.entries[before as usize].next = entry.next;
            if rows.last[side] == index {
                rows.last[side] = before;
            }
        }
    }

    fn forget(&mut self, index: u32) {
        let entry = self.entries[index as usize];
        self.store.free(entry.row);
        self.spare.push(index);
        if let Some(rows) = self.keyed.get_mut(entry.slot) {
            rows.count -= 1;
            if rows.count == 0 {
                self.keyed.forget(entry.slot);
            }
        }
    }

    /// A row has its turn: it is matched, and kept.
    fn pass(&mut self, index: u32) {
        self.entries[index as usize].waits = false;
        let entry = self.entries[index as usize];
        let side = entry.side as usize;
        if entry.late {
            return self.alone.push((entry.side, entry.place, index));
        }
        let (low, high) = match side {
            LEFT => (self.within.low, self.within.high),
            _ => (
                self.within.high.saturating_neg(),
                self.within.low.saturating_neg(),
            ),
        };
        let (from, to) = (
            entry.time.saturating_add(low),
            entry.time.saturating_add(high),
        );
        if let Some(rows) = self.keyed.get(entry.slot) {
            let mut other = rows.first[1 - side];
            while other != NONE {
                let one = &mut self.entries[other as usize];
                if one.time > to {
                    break;
                }
                if one.time >= from {
                    one.matched = true;
                    let (left, right) = match side {
                        LEFT => ((entry.place, index), (one.place, other)),
                        _ => ((one.place, other), (entry.place, index)),
                    };
                    let time = entry.time.max(one.time);
                    self.found.push((time, left.0, right.0, left.1, right.1));
                    self.entries[index as usize].matched = true;
                }
                other = self.entries[other as usize].next;
            }
        }
        self.settle(index);
    }

    /// Puts a row among those that were passed, by its time.
    fn settle(&mut self, index: u32) {
        self.entries[index as usize].waits = false;
        let entry = self.entries[index as usize];
        if let Some(rows) = self.keyed.get(entry.slot).copied() {
            self.link(index, rows);
        }
        let passed = &mut self.passed[entry.side as usize];
        let entries = &self.entries;
        match passed.back() {
            Some(&last) if entries[last as usize].time > entry.time => {
                let at = passed.partition_point(|&one| entries[one as usize].time <= entry.time);
                passed.insert(at, index);
            }
            _ => passed.push_back(index),
        }
    }

    /// Puts a row behind those of its key that are not younger: nearly always all.
    fn link(&mut self, index: u32, mut rows: Rows) {
        let entry = self.entries[index as usize];
        let side = entry.side as usize;
        self.keys += usize::from(rows.is_empty());
        let last = rows.last[side];
        let is_last = last == NONE || self.entries[last as usize].time <= entry.time;
        if is_last {
            match last {
                NONE => rows.first[side] = index,
                last => self.entries[last as usize].next = index,
            }
            rows.last[side] = index;
        } else {
            let (mut before, mut next) = (NONE, rows.first[side]);
            while next != NONE && self.entries[next as usize].time <= entry.time {
                (before, next) = (next, self.entries[next as usize].next);
            }
            self.entries[index as usize].next = next;
            match before {
                NONE => rows.first[side] = index,
                before => self.entries[before as usize].next = index,
            }
        }
        if let Some(kept) = self.keyed.get_mut(entry.slot) {
            (kept.first, kept.last) = (rows.first, rows.last);
        }
    }

    /// Rows that wait for a turn below `upto`, in order; all without one.
    fn ready(&mut self, upto: Option<i64>) -> Vec<(i64, u64, u32)> {
        let Some(upto) = upto else {
            let all = std::mem::take(&mut self.waiting).into_vec();
            let mut all: Vec<(i64, u64, u32)> = all.into_iter().map(|Reverse(one)| one).collect();
            all.sort_unstable();
            return all;
        };
        let mut ready = Vec::new();
        while let Some(&Reverse(one)) = self.waiting.peek() {
            if one.0 >= upto {
                break;
            }
            self.waiting.pop();
            ready.push(one);
        }
        ready
    }

    fn take_entry(&mut self, from: &mut Saved<'_>, side: usize) -> Result<Entry, Damaged> {
        let (slot, (matched, late), time, turn, place) = from.take()?;
        sound(slot == NONE || slot < self.keyed.slots_end())?;
        Ok(Entry {
            slot,
            next: NONE,
            side: side as u8,
            matched,
            waits: false,
            late,
            time,
            turn,
            place,
            row: self.store.put(self.form.take_row(from, side)?),
        })
    }

    /// Gives what was put down, in its order.
    fn give(&mut self, out: &mut Vec<Out>, pairs: &mut Pairs<'_>) {
        let lag = self.lag();
        for one in out.drain(..) {
            match one {
                Out::Pair(left, right) => {
                    let (left, right) = (self.entries[left as usize], self.entries[right as usize]);
                    let turn = left.turn.max(right.turn);
                    pairs.judge_by(Some(turn.saturating_sub(lag)));
                    pairs.push(
                        Some(self.store.get(left.row)),
                        Some(self.store.get(right.row)),
                        Some(left.time.max(right.time)),
                    );
                }
                Out::Alone(index) => {
                    let entry = self.entries[index as usize];
                    let row = Some(self.store.get(entry.row));
                    let turn = match entry.late {
                        true => entry.turn,
                        false => self.end(&entry),
                    };
                    pairs.judge_by(Some(turn.saturating_sub(lag)));
                    match entry.side as usize {
                        LEFT => pairs.push(row, None, Some(entry.time)),
                        _ => pairs.push(None, row, Some(entry.time)),
                    }
                    self.forget(index);
                }
            }
            pairs.cut();
        }
    }
}

/// What saving looks at, by several threads.
struct Kept<'i> {
    entries: &'i [Entry],
    store: &'i Store,
}

impl Kept<'_> {
    fn put(&self, index: u32, to: &mut Save) {
        let entry = &self.entries[index as usize];
        let flags = (entry.matched, entry.late);
        to.put(&(entry.slot, flags, entry.time, entry.turn, entry.place));
        to.put_bytes(self.store.get(entry.row));
    }
}

/// A row that comes out.
enum Out {
    Pair(u32, u32),
    Alone(u32),
}

impl Process for Interval {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let side = given.input.min(1);
        let mut slots = std::mem::take(&mut self.slots);
        self.keyed.slots(chunk, &given.key, &mut slots);
        let mut packed = std::mem::take(&mut self.packed);
        for (row, &slot) in chunk.live.iter().zip(&slots) {
            let time = time_of(chunk, row).unwrap_or(0);
            let place = self.places[side];
            self.places[side] += 1;
            let keeps = self.within.kind.keeps[side];
            let before = before_of(chunk, row);
            let late = time < before.saturating_sub(self.within.lateness);
            if late && !keeps {
                told.late.tell(chunk, row);
                continue;
            }
            let known = key_of(&self.coder, chunk, &given.key, row).is_some();
            if !known && !keeps {
                continue;
            }
            self.form.pack(chunk, given, row, &mut packed);
            let row = self.store.put(&packed);
            self.add(Entry {
                slot: if known && !late { slot } else { NONE },
                next: NONE,
                side: side as u8,
                matched: false,
                waits: false,
                late,
                time,
                turn: time.max(before),
                place,
                row,
            });
        }
        self.form.pairs().replace(chunk);
        (self.slots, self.packed) = (slots, packed);
        self.tidy();
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        let upto = match upto {
            Watermark::None => return Vec::new(),
            Watermark::At(at) => Some(at),
            Watermark::End => None,
        };
        let form = self.form.clone();
        let mut pairs = form.pairs();
        let ready = self.ready(upto);
        let mut out = Vec::new();
        let mut at = 0;
        while at < ready.len() {
            let now = ready[at].0;
            self.expire(Some(now), &mut out);
            while at < ready.len() && ready[at].0 == now {
                self.pass(ready[at].2);
                at += 1;
            }
            // Those that are over by now are gone, whenever time is told.
            check_keys("a join", self.keys, self.keys_max, told);
            if told.failure.is_some() {
                return Vec::new();
            }
            if !self.within.kind.pairs {
                self.found.clear();
            }
            self.found.sort_unstable();
            let found = self.found.drain(..);
            out.extend(found.map(|(_, _, _, left, right)| Out::Pair(left, right)));
            self.alone.sort_unstable();
            out.extend(self.alone.drain(..).map(|(_, _, index)| Out::Alone(index)));
            self.give(&mut out, &mut pairs);
        }
        self.expire(upto, &mut out);
        self.give(&mut out, &mut pairs);
        pairs.finish()
    }

    fn next_end(&self) -> i64 {
        let after = |time: i64| time.saturating_add(1);
        let waits = self.waiting.peek().map(|Reverse((turn, ..))| after(*turn));
        let alone = [LEFT, RIGHT]
            .into_iter()
            .filter(|&side| self.within.kind.keeps[side]);
        let ends = alone.filter_map(|side| {
            let first = self.passed[side].front()?;
            Some(after(self.end(&self.entries[*first as usize])))
        });
        waits.into_iter().chain(ends).min().unwrap_or(i64::MAX)
    }

    fn lag(&self) -> i64 {
        let kept = |side: usize, more: i64| match self.within.kind.keeps[side] {
            true => more.max(0),
            false => 0,
        };
        let left = kept(LEFT, self.within.high);
        let right = kept(RIGHT, self.within.low.saturating_neg());
        left.max(right).saturating_add(self.within.lateness)
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        let entries = self.entries.len() * size_of::<Entry>();
        (
            self.keyed.len(),
            self.keyed.bytes() + self.store.held() + entries,
        )
    }

    /// A key is there as long as it has rows, so of keys nothing but their slots is put.
    fn save(&self, to: &mut Save) {
        to.put(&self.places);
        self.keyed.save_slots(to);
        let kept = Kept {
            entries: &self.entries,
            store: &self.store,
        };
        // Those that wait as they lie in memory: the heap finds their order again.
        let all = match self.waiting.is_empty() {
            true => 0,
            false => kept.entries.len(),
        };
        let waiting = to.by_kind(all, |at, to: &mut [Save; 2]| {
            let entry = &kept.entries[at];
            let side = usize::from(entry.side);
            if !entry.waits {
                return None;
            }
            kept.put(at as u32, &mut to[side]);
            Some(side)
        });
        for (passed, waiting) in self.passed.iter().zip(waiting) {
            to.put(&(passed.len() as u64));
            to.put_each(passed.len(), |at, to| kept.put(passed[at], to));
            to.put_counted(waiting);
        }
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.places = [saving::count(from)?, saving::count(from)?];
        self.keyed.load_slots(from, any_key)?;
        for side in [LEFT, RIGHT] {
            let n: u64 = from.take()?;
            for _ in 0..n {
                let entry = self.take_entry(from, side)?;
                let index = self.keep(entry);
                self.settle(index);
            }
            let n: u64 = from.take()?;
            for _ in 0..n {
                let entry = self.take_entry(from, side)?;
                self.add(entry);
            }
        }
        Ok(())
    }
}
