//! Aggregates of windows in the order of rows: sessions, windows by count, looks back, growing windows, and every
//! window that prints more than once. One machine: a group is a key's window with its slot of accumulators, a heap
//! says when the watermark next lets one out. Rows come by the instant their window closes at, then by key, then by
//! its start. Invariant: where a row's own watermark is that of the plan, what it has passed is given before the
//! row is looked at, so that neither chunks nor calls of `close` show.

mod closing;
mod count;
mod fixed;
pub(super) mod given;
mod look_back;
mod oldest;
mod panes;
mod saved;
mod session;
pub(super) mod slots;

#[cfg(test)]
mod tests;

use crate::data::keys::KeyCoder;
use crate::data::packed::Packer;
use crate::data::process::{Given as Fed, Limits, Making, OnFull, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, ColumnV, Selection, Type};
use crate::plan::empties::Empties;
use crate::plan::grid::Grid;
use crate::plan::grouping::{Gives, Grouping, Shape};
use crate::plan::node::Make;
use crate::state::keyed::Keyed;
use crate::state::turns::InTurns;
use given::{Given, Kind};
use oldest::Oldest;
use serde::{Deserialize, Serialize};
use slots::Slots;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// No time at which the watermark or the clock does something.
const NEVER: i64 = i64::MAX;

/// Makes the state of a grouping.
pub fn make(grouping: Arc<Grouping>) -> Make {
    let by_records = grouping.every_records.is_some();
    let by_clock = grouping.every_delay.or(grouping.every).is_some();
    // Of several sources rows come in turns where what they do depends on what is over by then: which session they join,
    // whether a window that is printed has them, and what their early rows come behind. (Those of the clock are of what
    // has come.)
    let slack = match grouping.shape {
        _ if by_clock && !by_records => None,
        Shape::Session { gap, .. } => Some(gap),
        Shape::Grid(_) | Shape::LookBack(_)
            if by_records || grouping.lateness > 0 && !grouping.waits =>
        {
            Some(0)
        }
        _ => None,
    };
    let Some(slack) = slack else {
        return Arc::new(move |making| Box::new(Grouped::new(grouping.clone(), making)));
    };
    let types = types_of_args(&grouping.gives);
    Arc::new(move |making| {
        let make = |making: &Making<'_>| -> Box<dyn Process> {
            Box::new(Grouped::new(grouping.clone(), making))
        };
        Box::new(InTurns::new(making, types.clone(), slack, &make))
    })
}

/// Those of the node's arguments, each of which one aggregate has.
fn types_of_args(gives: &Gives) -> Vec<Type> {
    let Gives::Groups { aggs, .. } = gives else {
        return Vec::new();
    };
    let with_arg = aggs.iter().filter(|agg| agg.arg.is_some());
    with_arg.filter_map(|agg| agg.call.arg.clone()).collect()
}

/// A window of a key that is there.
#[derive(Clone, Debug, Default)]
struct Group {
    /// Slot of the key table.
    key: u32,
    /// Told apart from the one that had this place before.
    life: u32,
    start: i64,
    end: i64,
    /// The newest record's time.
    newest: i64,
    slot: u32,
    /// Its row at the close has been given.
    printed: bool,
    /// The number of the next row, and which one the last was.
    pane: u32,
    last: Option<Kind>,
    /// Records since the last row, and those of them that were late.
    new: u64,
    late: u64,
    /// When the heap looks at it; when the clock does.
    due: i64,
    timer: i64,
    /// Updates of so many-th flush are not in its slot yet.
    pending: u32,
    /// Rows that are to be withdrawn before the next.
    standing: Vec<Standing>,
}

/// A row that was printed, with what it was made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Standing {
    slot: u32,
    window: (i64, i64),
    kind: Kind,
    pane: u32,
}

/// A key's windows, by start and end, and how many of its records count.
#[derive(Clone, Debug, Default)]
struct OfKey {
    groups: Vec<u32>,
    records: u64,
    /// Where the oldest key is forgotten: the newest time of its records, and the number of the last that counted; 0:
    /// none has.
    used: i64,
    number: u64,
}

/// Updates that are not in the accumulators yet: in each pass a row is at most once, in order.
#[derive(Default)]
struct Pending {
    passes: Vec<(Vec<u32>, Vec<u32>)>,
    number: u32,
}

/// The chunk at hand, as far as a flush needs it.
struct Feed<'a> {
    chunk: &'a mut Chunk,
    args: &'a [ColumnV],
}

/// A row of the chunk at hand.
#[derive(Copy, Clone)]
struct At {
    row: u32,
    key: u32,
    time: i64,
    /// The watermark it is judged by.
    judged: i64,
}

/// Times at which the heap looks at groups.
type Heap = BinaryHeap<Reverse<(i64, u32, u32)>>;

pub struct Grouped {
    plan: Arc<Grouping>,
    coder: KeyCoder,
    grid: Option<Grid>,
    alone: bool,
    limits: Limits,
    /// There was one key too many: nothing of what it has is given any more.
    is_full: bool,
    keyed: Keyed<OfKey>,
    slots: Slots,
    groups: Vec<Group>,
    free: Vec<u32>,
    heap: Heap,
    timers: Heap,
    oldest: Oldest,
    pending: Pending,
    /// What the watermark has come to.
    watermark: i64,
    /// By the clock: the last time seen, and when `every` next gives rows.
    clock: i64,
    tick_at: i64,
    /// Something has come since the clock last gave rows.
    is_new: bool,
    /// It is told when the clock passes one; rows are in batches, whose times are the clock.
    ticked: bool,
    batched: bool,
    /// Windows that have a row even of nothing.
    empties: Option<Empties>,
    /// Where windows are by count and the data tell the clock: that of the last record.
    released: Option<i64>,
    /// Windows by count that have been given.
    counted: i64,
    /// A number for each time that rows are given, for what is fed.
    moment: i64,
    given: Given,
    /// Reused.
    of_rows: Vec<u32>,
    found: Vec<(i64, i64)>,
    joined: Vec<u32>,
    timed: bool,
}

impl Grouped {
    fn new(grouping: Arc<Grouping>, making: &Making<'_>) -> Grouped {
        let grid = match &grouping.shape {
            Shape::Grid(window) => Some(Grid::new(window, making.zone)),
            _ => None,
        };
        let slots = match &grouping.gives {
            Gives::Groups { aggs, .. } => Slots::of_aggs(aggs),
            Gives::Rows { .. } => {
                Slots::of_rows(Packer::new(making.schema, making.carry, making.lines))
            }
        };
        Grouped {
            coder: making.coder.clone(),
            grid,
            alone: making.alone,
            limits: making.limits,
            is_full: false,
            keyed: Keyed::new(making.seed),
            slots,
            groups: Vec::new(),
            free: Vec::new(),
            heap: Heap::new(),
            timers: Heap::new(),
            oldest: Oldest::new(making.limits),
            pending: Pending {
                number: 1,
                ..Pending::default()
            },
            watermark: i64::MIN,
            clock: i64::MIN,
            tick_at: match (&grouping.every, making.ticked) {
                (Some(_), true) => i64::MIN,
                _ => NEVER,
            },
            is_new: false,
            ticked: making.ticked,
            batched: making.batched,
            empties: grouping
                .empties
                .as_ref()
                .map(|window| Empties::new(window, making.zone)),
            released: None,
            counted: 0,
            moment: 0,
            given: Given::new(&grouping, false),
            of_rows: Vec::new(),
            found: Vec::new(),
            joined: Vec::new(),
            timed: false,
            plan: grouping,
        }
    }

    // ---- groups ----

    /// A new group of a key; it is in no list yet.
    fn open(&mut self, key: u32, start: i64, end: i64) -> u32 {
        let slot = self.slots.add();
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.groups.push(Group::default());
                (self.groups.len() - 1) as u32
            }
        };
        let group = &mut self.groups[place as usize];
        *group = Group {
            key,
            life: group.life,
            start,
            end,
            newest: i64::MIN,
            slot,
            due: NEVER,
            timer: NEVER,
            ..Group::default()
        };
        place
    }

    /// Puts a group in its place among those of its key.
    fn list(&mut self, place: u32) {
        let bounds = |place: &u32| {
            let group = &self.groups[*place as usize];
            (group.start, group.end)
        };
        let wanted = bounds(&place);
        let (of_key, _) = self
            .keyed
            .get_or(self.groups[place as usize].key, OfKey::default);
        let at = of_key
            .groups
            .partition_point(|other| bounds(other) <= wanted);
        of_key.groups.insert(at, place);
    }

    /// The groups of a key, by start and end.
    fn of_key(&self, key: u32) -> &[u32] {
        self.keyed.get(key).map_or(&[], |of_key| &of_key.groups)
    }

    /// Takes a group out of its key's list and frees it.
    fn close_group(&mut self, place: u32) {
        let key = self.groups[place as usize].key;
        if let Some(of_key) = self.keyed.get_mut(key) {
            of_key.groups.retain(|other| *other != place);
            if of_key.groups.is_empty() && of_key.records == 0 {
                self.keyed.forget(key);
            }
        }
        self.drop_group(place);
    }

    /// Frees a group that is in no list.
    fn drop_group(&mut self, place: u32) {
        let group = &mut self.groups[place as usize];
        group.life = group.life.wrapping_add(1);
        group.due = NEVER;
        group.timer = NEVER;
        self.slots.give_back(group.slot);
        for standing in group.standing.drain(..) {
            self.slots.give_back(standing.slot);
        }
        self.free.push(place);
    }

    // ---- updates ----

    /// Counts a row in a group; it is in the accumulators behind the next flush.
    fn add(&mut self, place: u32, at: &At, pass: usize, feed: &mut Feed<'_>) {
        let group = &mut self.groups[place as usize];
        group.newest = group.newest.max(at.time);
        if self.slots.keep(feed.chunk, at.row, group.slot) {
            return;
        }
        if self.pending.passes.len() <= pass {
            self.pending.passes.resize_with(pass + 1, Default::default);
        }
        let (rows, slots) = &mut self.pending.passes[pass];
        rows.push(at.row);
        slots.push(group.slot);
        group.pending = self.pending.number;
    }

    /// Brings what was added into the accumulators.
    fn flush(&mut self, feed: &mut Feed<'_>) {
        for (rows, slots) in &mut self.pending.passes {
            if rows.is_empty() {
                continue;
            }
            feed.chunk.live = Selection::Some(std::mem::take(rows));
            self.slots.update(feed.chunk, slots, feed.args);
            if let Selection::Some(mut done) = std::mem::take(&mut feed.chunk.live) {
                done.clear();
                *rows = done;
            }
            slots.clear();
        }
        self.pending.number = self.pending.number.wrapping_add(1).max(1);
    }

    /// Makes sure that a group's slot has all of it.
    fn settle(&mut self, place: u32, feed: &mut Feed<'_>) {
        if self.groups[place as usize].pending == self.pending.number {
            self.flush(feed);
        }
    }

    fn row(&mut self, at: &At, feed: &mut Feed<'_>, told: &mut Told) {
        match &self.plan.shape {
            Shape::Session { gap, max } => self.session(at, *gap, *max, feed, told),
            Shape::Count {
                size, slide: None, ..
            } => self.count(at, *size, feed),
            Shape::Count {
                size,
                slide: Some(slide),
                partial,
            } => self.count_sliding(at, *size, *slide, *partial, feed),
            Shape::LookBack(back) => self.look_back(at, *back, feed, told),
            _ => self.fixed(at, feed, told),
        }
    }

    /// Room that is no longer used is given back, between chunks.
    fn tidy(&mut self) {
        let groups = &mut self.groups;
        let mut moved = false;
        self.keyed.tidy(|_, new, of_key| {
            moved = true;
            for &place in &of_key.groups {
                groups[place as usize].key = new;
            }
        });
        self.oldest.tidy(&self.keyed, moved);
        if !self.slots.are_mostly_gone() {
            return;
        }
        let mut kept = Vec::new();
        let mut place_of = |slot: &mut u32| {
            kept.push(*slot);
            *slot = (kept.len() - 1) as u32;
        };
        let places: Vec<u32> = self
            .keyed
            .iter()
            .flat_map(|(_, of_key)| of_key.groups.iter().copied())
            .collect();
        for place in places {
            let group = &mut self.groups[place as usize];
            place_of(&mut group.slot);
            for standing in &mut group.standing {
                place_of(&mut standing.slot);
            }
        }
        self.slots.remake(&kept);
    }

    /// Holds `--max-keys`.
    fn limit(&mut self, told: &mut Told) {
        let Some(most) = self.limits.keys else {
            return;
        };
        while self.keyed.len() as u64 > most {
            if self.limits.on_full == OnFull::Fail {
                self.is_full = true;
                return told.fail(format!(
                    "an aggregate has more than {most} keys (--max-keys); allow more, or give --on-full spill"
                ));
            }
            let oldest = self.oldest.take(&self.keyed);
            let Some(of_key) = oldest.and_then(|key| self.keyed.forget(key)) else {
                return;
            };
            for &place in &of_key.groups {
                self.tell_final(place);
            }
            for place in of_key.groups {
                self.drop_group(place);
            }
            told.forgot();
        }
    }

    /// Takes rows of a chunk in order.
    fn rows(&mut self, live: Selection, chunk: &mut Chunk, given: &Fed, told: &mut Told) {
        let mut keys = std::mem::take(&mut self.of_rows);
        chunk.live = live;
        self.keyed.slots(chunk, &given.key, &mut keys);
        let live = std::mem::take(&mut chunk.live);
        let mut feed = Feed {
            chunk,
            args: &given.args,
        };
        self.first_due();
        let mut next = self.next_event();
        for (row, &key) in live.iter().zip(&keys) {
            let of = |times: &Option<Vec<i64>>| times.as_ref().map(|times| times[row as usize]);
            // Where windows come whole, those that end before this one are over.
            let passed = match (self.plan.whole, &feed.chunk.windows) {
                (true, Some(windows)) => Some(windows[row as usize].1.saturating_sub(1)),
                _ => None,
            };
            let tells = self.alone || passed.is_some();
            let before = passed.or(of(&feed.chunk.before)).unwrap_or(i64::MIN);
            if tells && before >= next {
                self.advance(before, &mut feed);
            }
            if tells {
                self.watermark = self.watermark.max(before);
            }
            // Rows of two streams have lost theirs.
            let of_batch = || of(&feed.chunk.times).filter(|_| self.ticked && self.batched);
            if let Some(clock) = of(&feed.chunk.clocks).or_else(of_batch) {
                // Where the data tell the clock, a delay that is over by then comes before the row that shows it.
                if clock >= self.next_timer() {
                    self.flush(&mut feed);
                    self.give_delayed(clock);
                }
                self.clock = self.clock.max(clock);
            }
            if let Shape::Count { .. } = self.plan.shape {
                let of_batch = || of(&feed.chunk.times).filter(|_| self.batched);
                self.released = of(&feed.chunk.clocks).or_else(of_batch);
            }
            let at = At {
                row,
                key,
                time: of(&feed.chunk.times).unwrap_or(0),
                judged: before.max(self.watermark),
            };
            let late = told.late.records;
            self.row(&at, &mut feed, told);
            if told.late.records == late {
                self.oldest.used(&mut self.keyed, key, at.time);
            }
            next = self.next_event();
        }
        self.flush(&mut feed);
        self.of_rows = keys;
    }

    fn chunks(&mut self) -> Vec<Chunk> {
        let grouping = self.plan.clone();
        self.given.chunks(&grouping.gives)
    }

    /// How far behind the watermark the ends of windows may be that are still to come.
    fn lag_of_ends(&self) -> i64 {
        let shape = &self.plan.shape;
        if let Shape::Forever | Shape::Rows | Shape::Counted | Shape::Count { .. } = shape {
            return 0;
        }
        let strictly = i64::from(shape.is_closed_interval()) - self.plan.later;
        // Batches are never late, and what is late where nothing is freed comes of a trigger.
        let lateness = match self.batched || self.plan.complete {
            true => 0,
            false => self.plan.lateness,
        };
        lateness.saturating_add(strictly)
    }
}

impl Process for Grouped {
    fn batches_from(&mut self, first: i64, _told: &mut Told) {
        if let Some(empties) = &mut self.empties {
            empties.begin(first);
        }
    }

    fn take(&mut self, chunk: &mut Chunk, given: &Fed, told: &mut Told) {
        let by_batch = self.ticked && self.batched && chunk.times.is_some();
        if chunk.clocks.is_none() && !by_batch {
            self.clock = self.clock.max(given.now);
        }
        if chunk.times.is_some() && !self.timed {
            self.timed = true;
            self.given = Given::new(&self.plan, true);
        }
        // All that a chunk lets out is one chunk.
        self.given.rows_max = usize::MAX;
        let live = std::mem::take(&mut chunk.live);
        match self.limits.keys {
            None => self.rows(live, chunk, given, told),
            // Which key is one too many does not follow from how rows come in chunks.
            Some(_) => {
                for row in live.iter() {
                    self.rows(Selection::Some(vec![row]), chunk, given, told);
                    self.limit(told);
                    if self.is_full {
                        break;
                    }
                }
            }
        }
        self.tidy();
        self.first_due();
        self.given.rows_max = given::ROWS_MAX;
        *chunk = self.chunks().pop().unwrap_or_default();
    }

    fn close(&mut self, upto: Watermark, _told: &mut Told) -> Vec<Chunk> {
        if self.is_full {
            return Vec::new();
        }
        let mut none = Chunk::default();
        let mut feed = Feed {
            chunk: &mut none,
            args: &[],
        };
        match upto {
            Watermark::None => return Vec::new(),
            Watermark::At(at) => self.advance(at, &mut feed),
            Watermark::End => self.end(&mut feed),
        }
        self.tidy();
        self.first_due();
        self.chunks()
    }

    fn gives_whole(&self) -> bool {
        self.plan.complete
    }

    fn whole(&mut self, ended: bool, told: &mut Told) -> Vec<Chunk> {
        if !self.plan.complete || self.keyed.is_empty() {
            return self.close(Watermark::End, told);
        }
        let mut none = Chunk::default();
        let mut feed = Feed {
            chunk: &mut none,
            args: &[],
        };
        self.give_standing(ended, &mut feed);
        self.chunks()
    }

    fn given_whole(&mut self) {
        for group in &mut self.groups {
            group.new = 0;
        }
    }

    fn next_end(&self) -> i64 {
        self.next_event()
    }

    fn lag(&self) -> i64 {
        match self.plan.gives {
            // Records are as old as their window.
            Gives::Rows { .. } => {
                let age = self.plan.shape.age_of_records().unwrap_or(i64::MAX);
                self.lag_of_ends().saturating_add(age)
            }
            Gives::Groups { .. } => self.lag_of_windows(),
        }
    }

    fn lag_of_windows(&self) -> i64 {
        self.lag_of_ends().saturating_add(self.plan.holds)
    }

    fn goes_by_windows(&self) -> bool {
        matches!(self.plan.shape, Shape::Rows | Shape::Counted)
    }

    fn tick(&mut self, now: i64) -> Vec<Chunk> {
        self.clock = self.clock.max(now);
        self.give_by_clock(now);
        self.tidy();
        self.chunks()
    }

    fn next_tick(&self) -> i64 {
        match self.ticked {
            true => self.next_timer(),
            false => self.next_timer().min(self.tick_at),
        }
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(Grouped {
            plan: self.plan.clone(),
            coder: self.coder.clone(),
            grid: self.grid.clone(),
            alone: self.alone,
            limits: self.limits,
            is_full: self.is_full,
            keyed: self.keyed.clone(),
            slots: self.slots.fork(),
            groups: self.groups.clone(),
            free: self.free.clone(),
            heap: self.heap.clone(),
            timers: self.timers.clone(),
            oldest: self.oldest.clone(),
            pending: Pending {
                number: self.pending.number,
                ..Pending::default()
            },
            watermark: self.watermark,
            clock: self.clock,
            tick_at: self.tick_at,
            is_new: self.is_new,
            ticked: self.ticked,
            batched: self.batched,
            empties: self.empties.clone(),
            released: self.released,
            counted: self.counted,
            moment: self.moment,
            given: Given::new(&self.plan, self.timed),
            of_rows: Vec::new(),
            found: Vec::new(),
            joined: Vec::new(),
            timed: self.timed,
        })
    }

    fn held(&self) -> (usize, usize) {
        let groups = self.groups.capacity() * size_of::<Group>();
        (
            self.keyed.len(),
            self.keyed.bytes() + self.slots.bytes() + groups,
        )
    }

    fn save(&self, to: &mut Save) {
        self.put(to);
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.take_saved(from)
    }
}
