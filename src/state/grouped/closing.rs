//! What time lets out: which groups are due, in which order their rows come, when they are freed, and which windows are
//! there of nothing. Invariant: a group that is open is in the heap, no later than it must be looked at.

use super::given::Kind;
use super::{Feed, Group, Grouped, NEVER};
use crate::plan::empties::Empties;
use crate::plan::grouping::{Gives, Shape};
use std::cmp::Reverse;
use std::collections::HashSet;

impl Grouped {
    /// When the watermark next has something to do with a group: gives its row, or frees it.
    pub(super) fn due_of(&self, place: u32) -> i64 {
        let group = &self.groups[place as usize];
        let shape = &self.plan.shape;
        let strictly = i64::from(shape.is_closed_interval());
        let kept = match (group.printed, shape) {
            (false, _) if self.plan.waits => self.plan.lateness,
            (false, _) => 0,
            // Later rows look back at it.
            (true, Shape::LookBack(back)) => self.plan.lateness.saturating_add(*back),
            (true, _) => self.plan.lateness,
        };
        group.end.saturating_add(kept).saturating_add(strictly)
    }

    /// Lets the heap look at a group no later than it must.
    pub(super) fn schedule(&mut self, place: u32) {
        let due = self.due_of(place);
        let group = &mut self.groups[place as usize];
        if due < group.due {
            group.due = due;
            self.heap.push(Reverse((due, place, group.life)));
        }
    }

    /// Takes the groups that are due out of the heap.
    pub(super) fn due(&mut self, watermark: i64) -> Vec<u32> {
        let mut due = Vec::new();
        while let Some(&Reverse((at, place, life))) = self.heap.peek() {
            if at > watermark {
                break;
            }
            self.heap.pop();
            let group = &mut self.groups[place as usize];
            if group.life != life || group.due != at {
                continue;
            }
            group.due = NEVER;
            if self.due_of(place) > watermark {
                self.schedule(place);
            } else {
                due.push(place);
            }
        }
        due
    }

    /// The heap's first time that still means something.
    pub(super) fn first_due(&mut self) -> i64 {
        while let Some(&Reverse((at, place, life))) = self.heap.peek() {
            let group = &self.groups[place as usize];
            if group.life == life && group.due == at {
                let due = self.due_of(place);
                if due == at {
                    return at;
                }
                self.groups[place as usize].due = NEVER;
                self.heap.pop();
                self.schedule(place);
            } else {
                self.heap.pop();
            }
        }
        NEVER
    }

    /// Orders groups as their rows are to come: by end, key, start.
    pub(super) fn sort(&self, groups: &mut [u32]) {
        if groups.len() < 2 {
            return;
        }
        let mut entries: Vec<(i64, u64, i64, u32)> = groups
            .iter()
            .map(|&place| {
                let group = &self.groups[place as usize];
                let rank = self.coder.rank(self.keyed.key(group.key));
                (group.end, rank, group.start, place)
            })
            .collect();
        entries.sort_unstable_by(|a, b| {
            let key =
                |entry: &(i64, u64, i64, u32)| self.keyed.key(self.groups[entry.3 as usize].key);
            (a.0, a.1)
                .cmp(&(b.0, b.1))
                .then_with(|| self.coder.compare(key(a), key(b)))
                .then_with(|| a.2.cmp(&b.2))
        });
        for (place, entry) in groups.iter_mut().zip(entries) {
            *place = entry.3;
        }
    }

    /// Gives the rows of what the watermark has reached, then frees what is over.
    pub(super) fn advance(&mut self, watermark: i64, feed: &mut Feed<'_>) {
        self.watermark = self.watermark.max(watermark);
        self.open_empties(self.watermark);
        if let Some(empties) = &mut self.empties {
            empties.reach(self.watermark);
        }
        let due = self.due(self.watermark);
        if due.is_empty() {
            return;
        }
        let mut closing: Vec<u32> = due
            .iter()
            .copied()
            .filter(|&place| !self.groups[place as usize].printed)
            .collect();
        self.sort(&mut closing);
        self.moment += 1;
        for place in closing {
            self.give(place, Kind::OnTime, feed);
            self.groups[place as usize].printed = true;
        }
        for place in due {
            if self.due_of(place) <= self.watermark {
                self.tell_final(place);
                self.close_group(place);
            } else {
                self.schedule(place);
            }
        }
    }

    /// Windows that end by then are there, whether records came or not.
    pub(super) fn open_empties(&mut self, upto: i64) {
        while let Some(empties) = &mut self.empties
            && let Some((start, end)) = empties.next(upto)
        {
            self.open_empty(start, end);
        }
    }

    fn open_empty(&mut self, start: i64, end: i64) {
        let key = self.keyed.slot(Some(b""));
        let place = self.find_or_open(key, start, end);
        self.schedule(place);
    }

    /// When time next does something.
    pub(super) fn next_event(&self) -> i64 {
        let empty = self.empties.as_ref().and_then(Empties::peek);
        let due = self.heap.peek().map_or(NEVER, |Reverse((due, _, _))| *due);
        empty.map_or(due, |(_, end)| due.min(end))
    }

    /// No record comes any more: every window prints, and nothing is left.
    pub(super) fn end(&mut self, feed: &mut Feed<'_>) {
        if self.plan.shape == Shape::Forever && self.keyed.is_empty() && self.is_unkeyed() {
            // An unkeyed aggregate over the whole input has a row even of nothing.
            let key = self.keyed.slot(Some(b""));
            let place = self.open(key, i64::MIN, i64::MAX);
            self.list(place);
        }
        let groups = self.groups.iter().filter(|group| group.due < NEVER);
        self.open_empties(groups.map(|group| group.end).max().unwrap_or(i64::MIN));
        while let Some(empties) = &mut self.empties
            && let Some((start, end)) = empties.next_begun()
        {
            self.open_empty(start, end);
        }
        let mut open: Vec<u32> = Vec::new();
        for (_, of_key) in self.keyed.iter() {
            open.extend(&of_key.groups);
        }
        if let Shape::Count { .. } = self.plan.shape {
            self.end_counts(&open, feed);
        } else {
            let waits = self.plan.is_complete_by_triggers();
            let is_new = |group: &Group| !group.printed || (waits && group.new > 0);
            let groups = open.iter().map(|&place| &self.groups[place as usize]);
            let new = groups.filter(|group| is_new(group));
            let windows: HashSet<(i64, i64)> = match self.plan.ranked {
                true => new.map(|group| (group.start, group.end)).collect(),
                false => HashSet::new(),
            };
            open.retain(|&place| {
                let group = &self.groups[place as usize];
                is_new(group) || windows.contains(&(group.start, group.end))
            });
            self.sort(&mut open);
            self.moment += 1;
            for place in open {
                let kind = match self.groups[place as usize].printed {
                    true => Kind::Late,
                    false => Kind::OnTime,
                };
                self.give(place, kind, feed);
            }
        }
        self.clear();
    }

    pub(super) fn is_unkeyed(&self) -> bool {
        matches!(&self.plan.gives, Gives::Groups { keys, .. } if keys.is_empty())
    }

    pub(super) fn clear(&mut self) {
        let keys: Vec<u32> = self.keyed.iter().map(|(key, _)| key).collect();
        for key in keys {
            let of_key = self.keyed.forget(key).unwrap_or_default();
            for place in of_key.groups {
                self.drop_group(place);
            }
        }
        self.heap.clear();
        self.timers.clear();
        self.tick_at = NEVER;
    }
}
