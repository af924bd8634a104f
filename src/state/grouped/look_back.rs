//! Looking back: for each time at which a key has records, a row over those of the time up to it. Each time has a
//! slot, a row is made of the slots of its window. Invariant: a slot stays as long as a row can still come that
//! looks back at it.

use super::{At, Feed, Grouped};
use crate::data::process::Told;
use crate::plan::grouping::Shape;

impl Grouped {
    pub(super) fn look_back(&mut self, at: &At, back: i64, feed: &mut Feed<'_>, told: &mut Told) {
        let t = at.time;
        if at.judged > t.saturating_add(self.plan.lateness) {
            return told.late.tell(feed.chunk, at.row);
        }
        let end = |place: &u32| self.groups[*place as usize].end;
        let found = self.of_key(at.key).binary_search_by_key(&t, end);
        let place = match found {
            Ok(found) => self.of_key(at.key)[found],
            Err(_) => {
                let place = self.open(at.key, t.saturating_sub(back), t);
                self.list(place);
                place
            }
        };
        self.add(place, at, 0, feed);
        let passed = !self.plan.waits && self.watermark > t;
        self.groups[place as usize].printed |= passed;
        self.schedule(place);
        if !passed {
            return;
        }
        // Rows that were printed and look back at this time are printed again.
        let of_key = self.of_key(at.key);
        let from = of_key.partition_point(|other| self.groups[*other as usize].end < t);
        let again: Vec<u32> = of_key[from..]
            .iter()
            .copied()
            .take_while(|&other| self.groups[other as usize].start <= t)
            .filter(|&other| self.groups[other as usize].printed)
            .collect();
        for place in again {
            self.came_late(place, feed);
        }
    }

    /// The slots of the times that a row looks back at.
    pub(super) fn looked_back_at(&mut self, place: u32, feed: &mut Feed<'_>) -> Vec<u32> {
        debug_assert!(matches!(self.plan.shape, Shape::LookBack(_)));
        let group = &self.groups[place as usize];
        let (key, start, end) = (group.key, group.start, group.end);
        let of_key = self.of_key(key);
        let from = of_key.partition_point(|other| self.groups[*other as usize].end < start);
        let to = of_key.partition_point(|other| self.groups[*other as usize].end <= end);
        let seen = of_key[from..to].to_vec();
        for &other in &seen {
            self.settle(other, feed);
        }
        let slots = seen.iter();
        slots
            .map(|&other| self.groups[other as usize].slot)
            .collect()
    }
}
