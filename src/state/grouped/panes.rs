//! When a window's rows come and what is in them: at its close, before it, behind it. Invariant: the row at the
//! close comes once for each bounds that a window had, whatever came before.

use super::given::{Change, Kind, Row};
use super::{Feed, Grouped, NEVER, Standing};
use crate::data::Chunk;
use crate::data::time::next_multiple;
use crate::plan::grouping::{Gives, Panes, Shape};
use std::cmp::Reverse;
use std::collections::HashSet;

impl Grouped {
    /// Gives a group's next row.
    pub(super) fn give(&mut self, place: u32, kind: Kind, feed: &mut Feed<'_>) {
        self.settle(place, feed);
        let of = self.made_of(place, feed);
        let window = self.bounds(place);
        self.give_of(place, &of, window, kind);
    }

    /// The bounds that a group is printed with.
    fn bounds(&self, place: u32) -> (i64, i64) {
        let (group, later) = (&self.groups[place as usize], self.plan.later);
        (
            group.start.saturating_add(later),
            group.end.saturating_add(later),
        )
    }

    /// The slots that a group's row is made of.
    fn made_of(&mut self, place: u32, feed: &mut Feed<'_>) -> Vec<u32> {
        match self.plan.shape {
            Shape::LookBack(_) => self.looked_back_at(place, feed),
            _ => vec![self.groups[place as usize].slot],
        }
    }

    /// Gives a row of what is in these slots, for a group.
    pub(super) fn give_of(&mut self, place: u32, of: &[u32], window: (i64, i64), kind: Kind) {
        let group = &mut self.groups[place as usize];
        let pane = group.pane;
        group.pane += 1;
        group.last = Some(kind);
        group.new = 0;
        group.timer = NEVER;
        let standing = std::mem::take(&mut group.standing);
        let at = self.at(place, window, kind);
        for old in standing {
            let at = self.at(place, old.window, Kind::Late);
            // To what follows it is part of what replaces it.
            let kind = if self.plan.feeds { kind } else { old.kind };
            let which = (kind, old.pane, Change::Withdrawn);
            self.push(place, &[old.slot], old.window, which, at);
            self.slots.give_back(old.slot);
        }
        self.push(place, of, window, (kind, pane, Change::Stands), at);
        if !matches!(self.plan.gives, Gives::Groups { .. }) {
            return;
        }
        let is_last = kind != Kind::Early && self.plan.lateness == 0;
        match self.plan.panes {
            Panes::Accumulate => {}
            Panes::Discard => {
                let slot = self.slots.add();
                let group = &mut self.groups[place as usize];
                self.slots
                    .give_back(std::mem::replace(&mut group.slot, slot));
            }
            Panes::Retract if is_last && !self.plan.complete && !self.plan.tells_final() => {}
            Panes::Retract => {
                let slot = self.slots.copy(of);
                self.groups[place as usize].standing.push(Standing {
                    slot,
                    window,
                    kind,
                    pane,
                });
            }
        }
    }

    /// Tells what is fed of a group that is freed: its row stands for good.
    pub(super) fn tell_final(&mut self, place: u32) {
        if !self.plan.tells_final() {
            return;
        }
        let standing = std::mem::take(&mut self.groups[place as usize].standing);
        for row in standing {
            let at = self.at(place, row.window, Kind::Late);
            let which = (row.kind, row.pane, Change::Final);
            self.push(place, &[row.slot], row.window, which, at);
            self.slots.give_back(row.slot);
        }
    }

    /// The event time of a group's row, and the time that no later row is older than.
    fn at(&self, place: u32, window: (i64, i64), kind: Kind) -> (i64, i64) {
        let group = &self.groups[place as usize];
        if !self.plan.shape.is_windowed() {
            return (group.newest, self.watermark);
        }
        let time = window.1.saturating_sub(1);
        let oldest = match kind {
            Kind::OnTime => time,
            Kind::Early | Kind::Late => time.min(self.watermark.saturating_sub(1)),
        };
        // Batches are never late.
        let corrects = match self.plan.waits || self.batched {
            true => 0,
            false => self.plan.lateness,
        };
        (time, oldest.saturating_sub(corrects))
    }

    fn push(
        &mut self,
        place: u32,
        of: &[u32],
        window: (i64, i64),
        (kind, pane, change): (Kind, u32, Change),
        at: (i64, i64),
    ) {
        let row = Row {
            key: self.keyed.key(self.groups[place as usize].key),
            of,
            window,
            kind,
            pane,
            change,
            moment: self.moment,
            at,
            clock: self.released,
        };
        self.given.push(&row, &mut self.slots, &self.coder);
    }

    /// A record has come to a window that is not closed: is it time for an early row?
    pub(super) fn came(&mut self, place: u32, feed: &mut Feed<'_>) {
        self.is_new = true;
        let group = &mut self.groups[place as usize];
        group.new += 1;
        if let Some(every) = self.plan.every_records
            && group.new >= every
        {
            return self.give_early(place, feed);
        }
        if let Some(delay) = self.plan.every_delay
            && group.timer == NEVER
        {
            group.timer = self.clock.saturating_add(delay);
            self.timers.push(Reverse((group.timer, place, group.life)));
        }
        if let Some(every) = self.plan.every
            && self.tick_at == NEVER
        {
            self.tick_at = next_multiple(self.clock, every);
        }
    }

    /// An early row; where each trigger gives all, all rows; for what is fed all that is new in the window.
    fn give_early(&mut self, place: u32, feed: &mut Feed<'_>) {
        if self.plan.complete {
            return self.give_all(feed);
        }
        if self.plan.feeds {
            return self.give_new(&[place], feed);
        }
        self.give(place, Kind::Early, feed);
    }

    /// Early rows of all keys that have something new in the windows of these groups.
    fn give_new(&mut self, of: &[u32], feed: &mut Feed<'_>) {
        if let Shape::Session { .. } = self.plan.shape {
            // A key's sessions are its own.
            let mut all = of.to_vec();
            self.sort(&mut all);
            self.moment += 1;
            for place in all {
                self.give(place, Kind::Early, feed);
            }
            return;
        }
        let windows: HashSet<(i64, i64)> = of.iter().map(|&place| self.bounds(place)).collect();
        let mut all: Vec<u32> = Vec::new();
        for (_, of_key) in self.keyed.iter() {
            let is_new = |place: &&u32| {
                self.groups[**place as usize].new > 0 && windows.contains(&self.bounds(**place))
            };
            all.extend(of_key.groups.iter().filter(is_new));
        }
        self.sort(&mut all);
        self.moment += 1;
        for place in all {
            self.give(place, Kind::Early, feed);
        }
    }

    pub(super) fn give_all(&mut self, feed: &mut Feed<'_>) {
        let mut all: Vec<u32> = Vec::new();
        for (_, of_key) in self.keyed.iter() {
            all.extend(&of_key.groups);
        }
        self.sort(&mut all);
        for place in all {
            let kind = match self.groups[place as usize].printed {
                true => Kind::Late,
                false => Kind::Early,
            };
            self.give(place, kind, feed);
        }
    }

    /// All rows of a copy as they stand: what nothing has come to since its last row is that. `ended`: so has the input.
    pub(super) fn give_standing(&mut self, ended: bool, feed: &mut Feed<'_>) {
        let mut all: Vec<u32> = Vec::new();
        for (_, of_key) in self.keyed.iter() {
            all.extend(&of_key.groups);
        }
        self.sort(&mut all);
        for place in all {
            let group = &mut self.groups[place as usize];
            let kind = match (group.printed, group.last) {
                (false, _) if ended => Kind::OnTime,
                (_, Some(last)) if group.new == 0 && group.pane > 0 => {
                    group.pane -= 1;
                    last
                }
                (true, _) => Kind::Late,
                (false, _) => Kind::Early,
            };
            self.give(place, kind, feed);
        }
    }

    /// A record has come to a window that has been printed.
    pub(super) fn came_late(&mut self, place: u32, feed: &mut Feed<'_>) {
        if self.plan.is_complete_by_triggers() {
            return self.came(place, feed);
        }
        let group = &mut self.groups[place as usize];
        group.new += 1;
        group.late += 1;
        if self.plan.late_every > 0 && group.late >= self.plan.late_every {
            group.late = 0;
            self.moment += 1;
            self.give(place, Kind::Late, feed);
        }
    }

    /// Early rows that the clock lets out.
    pub(super) fn give_by_clock(&mut self, now: i64) {
        let mut due = self.take_delayed(now);
        if now >= self.tick_at {
            if !self.ticked {
                self.tick_at = NEVER;
            }
            due.clear();
            let is_new = std::mem::take(&mut self.is_new);
            if self.plan.complete && is_new {
                return self.give_all(&mut Feed {
                    chunk: &mut Chunk::default(),
                    args: &[],
                });
            }
            for (_, of_key) in self.keyed.iter() {
                let is_new = |place: &&u32| {
                    let group = &self.groups[**place as usize];
                    group.new > 0 && !group.printed
                };
                due.extend(of_key.groups.iter().filter(is_new));
            }
        }
        self.give_all_early(due);
    }

    /// When a delay is over next.
    pub(super) fn next_timer(&self) -> i64 {
        self.timers.peek().map_or(NEVER, |Reverse((at, _, _))| *at)
    }

    /// Gives the rows of groups whose delay is over.
    pub(super) fn give_delayed(&mut self, now: i64) {
        let due = self.take_delayed(now);
        self.give_all_early(due);
    }

    /// The groups whose delay is over.
    fn take_delayed(&mut self, now: i64) -> Vec<u32> {
        let mut due: Vec<u32> = Vec::new();
        while let Some(&Reverse((at, place, life))) = self.timers.peek() {
            let group = &mut self.groups[place as usize];
            let is_good = group.life == life && group.timer == at;
            if is_good && at > now {
                break;
            }
            self.timers.pop();
            if is_good {
                group.timer = NEVER;
                due.push(place);
            }
        }
        due
    }

    fn give_all_early(&mut self, mut due: Vec<u32>) {
        if due.is_empty() {
            return;
        }
        let mut none = Chunk::default();
        let mut feed = Feed {
            chunk: &mut none,
            args: &[],
        };
        if self.plan.complete {
            return self.give_all(&mut feed);
        }
        if self.plan.feeds {
            return self.give_new(&due, &mut feed);
        }
        self.sort(&mut due);
        for place in due {
            self.give(place, Kind::Early, &mut feed);
        }
    }
}
