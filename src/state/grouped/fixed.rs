//! Windows whose bounds are known from a record's time alone: of a grid, growing ones, those that rows have
//! already, and the whole input. Invariant: a record is in every window that holds it and is not over, and late
//! when all of them are.

use super::{At, Feed, Grouped};
use crate::data::process::Told;
use crate::plan::grouping::Shape;

impl Grouped {
    pub(super) fn fixed(&mut self, at: &At, feed: &mut Feed<'_>, told: &mut Told) {
        let mut found = std::mem::take(&mut self.found);
        let judges = self.windows(at, feed, &mut found);
        let mut late = 0;
        for (pass, &(start, end)) in found.iter().enumerate() {
            if judges && at.judged >= end.saturating_add(self.plan.lateness) {
                late += 1;
                continue;
            }
            let place = self.find_or_open(at.key, start, end);
            self.add(place, at, pass, feed);
            if judges && !self.plan.waits && self.watermark >= end {
                self.groups[place as usize].printed = true;
                self.schedule(place);
                self.came_late(place, feed);
            } else {
                self.schedule(place);
                self.came(place, feed);
            }
        }
        if late > 0 && late == found.len() {
            told.late.tell(feed.chunk, at.row);
        }
        self.found = found;
    }

    /// The windows that a row is in, oldest first; whether it can be late for them.
    fn windows(&mut self, at: &At, feed: &Feed<'_>, found: &mut Vec<(i64, i64)>) -> bool {
        found.clear();
        match (&self.plan.shape, &mut self.grid) {
            (Shape::Grid(_), Some(grid)) if grid.is_tumbling() => found.push(grid.cell(at.time)),
            (Shape::Grid(_), Some(grid)) => grid.windows(at.time, found),
            (Shape::Rows | Shape::Counted, _) => {
                let windows = feed.chunk.windows.as_ref();
                found.extend(windows.map(|windows| windows[at.row as usize]));
                return false;
            }
            _ => {
                found.push((i64::MIN, i64::MAX));
                return false;
            }
        }
        true
    }

    pub(super) fn find_or_open(&mut self, key: u32, start: i64, end: i64) -> u32 {
        let of_key = self.of_key(key);
        let bounds = |place: &u32| {
            let group = &self.groups[*place as usize];
            (group.start, group.end)
        };
        if let Some(last) = of_key.last()
            && bounds(last) == (start, end)
        {
            return *last;
        }
        match of_key.binary_search_by_key(&(start, end), bounds) {
            Ok(at) => of_key[at],
            Err(_) => {
                let place = self.open(key, start, end);
                self.list(place);
                place
            }
        }
    }
}
