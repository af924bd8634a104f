//! Sessions: records of a key that are at most a gap apart. Invariant: no two sessions of a key are a gap apart or
//! less, unless `--max` keeps them so.

use super::{At, Feed, Grouped};
use crate::data::process::Told;

impl Grouped {
    pub(super) fn session(
        &mut self,
        at: &At,
        gap: i64,
        max: Option<i64>,
        feed: &mut Feed<'_>,
        told: &mut Told,
    ) {
        let t = at.time;
        let (mut first, mut last) = (t, t);
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        for &place in self.of_key(at.key) {
            let group = &self.groups[place as usize];
            let from = group.start;
            let to = group.end.saturating_sub(gap);
            if t < from.saturating_sub(gap) || t > to.saturating_add(gap) {
                continue;
            }
            let (one, other) = (first.min(from), last.max(to));
            if max.is_none_or(|max| other.saturating_sub(one) < max) {
                joined.push(place);
                (first, last) = (one, other);
            }
        }
        let end = last.saturating_add(gap);
        if at.judged > end.saturating_add(self.plan.lateness) {
            self.joined = joined;
            return told.late.tell(feed.chunk, at.row);
        }
        let place = match joined.as_slice() {
            [] => {
                let place = self.open(at.key, first, end);
                self.list(place);
                place
            }
            [place] => *place,
            [place, others @ ..] => {
                self.join(*place, others, feed);
                *place
            }
        };
        self.joined = joined;
        let passed = !self.plan.waits && self.watermark > end;
        let group = &mut self.groups[place as usize];
        let is_moved = group.start != first;
        (group.start, group.end) = (first, end);
        // Bounds that the watermark has not passed are printed when it does, whatever was before.
        group.printed &= passed;
        if is_moved && max.is_some() {
            self.relist(place);
        }
        self.add(place, at, 0, feed);
        if passed {
            self.groups[place as usize].printed = true;
            self.schedule(place);
            self.came_late(place, feed);
        } else {
            self.schedule(place);
            self.came(place, feed);
        }
    }

    /// Sessions become one, which is a new one: its rows are numbered from 0 again.
    fn join(&mut self, into: u32, others: &[u32], feed: &mut Feed<'_>) {
        self.settle(into, feed);
        for &other in others {
            self.settle(other, feed);
            let from = std::mem::take(&mut self.groups[other as usize].standing);
            let group = &self.groups[other as usize];
            let (slot, new, late, timer, newest) =
                (group.slot, group.new, group.late, group.timer, group.newest);
            let group = &mut self.groups[into as usize];
            group.pane = 0;
            group.new += new;
            group.late += late;
            group.newest = group.newest.max(newest);
            group.standing.extend(from);
            if timer < group.timer {
                group.timer = timer;
                let entry = std::cmp::Reverse((timer, into, group.life));
                self.timers.push(entry);
            }
            let to = self.groups[into as usize].slot;
            self.slots.join(to, slot);
            self.close_group(other);
        }
    }

    /// Puts a group whose start has changed in its place.
    fn relist(&mut self, place: u32) {
        let key = self.groups[place as usize].key;
        if let Some(of_key) = self.keyed.get_mut(key) {
            of_key.groups.retain(|other| *other != place);
        }
        self.list(place);
    }
}
