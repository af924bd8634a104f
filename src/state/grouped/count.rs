//! Windows by count: so many records of a key, in input order. Overlapping ones share panes of the greatest common
//! divisor of size and slide. Invariant: time decides nothing here.

use super::given::Kind;
use super::{At, Feed, Grouped};
use crate::plan::grouping::{Gives, Shape};

impl Grouped {
    /// End to end: a window is printed with its last record.
    pub(super) fn count(&mut self, at: &At, size: u64, feed: &mut Feed<'_>) {
        let place = match self.of_key(at.key).first() {
            Some(place) => *place,
            None => {
                let place = self.open(at.key, 0, 0);
                self.list(place);
                place
            }
        };
        self.add(place, at, 0, feed);
        let records = self.counted_one(at.key);
        if records < size {
            return self.came(place, feed);
        }
        self.settle(place, feed);
        let slot = self.groups[place as usize].slot;
        self.give_counted(place, &[slot]);
        if let Some(of_key) = self.keyed.get_mut(at.key) {
            of_key.records = 0;
        }
        self.close_group(place);
    }

    fn counted_one(&mut self, key: u32) -> u64 {
        let (of_key, _) = self.keyed.get_or(key, Default::default);
        of_key.records += 1;
        of_key.records
    }

    /// At each `slide`th record the last `size`.
    pub(super) fn count_sliding(
        &mut self,
        at: &At,
        size: u64,
        slide: u64,
        partial: bool,
        feed: &mut Feed<'_>,
    ) {
        let pane = pane(size, slide, partial);
        let records = self.counted_one(at.key);
        let number = ((records - 1) / pane) as i64;
        let last = self.of_key(at.key).last().copied();
        let place = match last {
            Some(place) if self.groups[place as usize].start == number => place,
            _ => {
                let place = self.open(at.key, number, number);
                self.list(place);
                place
            }
        };
        self.add(place, at, 0, feed);
        if !records.is_multiple_of(slide) {
            return;
        }
        self.settle(place, feed);
        self.give_from(at.key, records.saturating_sub(size) / pane, feed);
        // What the next window does not reach back to.
        let from = (records + slide).saturating_sub(size) / pane;
        let gone: Vec<u32> = self.before(at.key, from);
        for place in gone {
            self.close_group(place);
        }
    }

    fn before(&self, key: u32, pane: u64) -> Vec<u32> {
        let old = |place: &&u32| (self.groups[**place as usize].start as u64) < pane;
        self.of_key(key).iter().take_while(old).copied().collect()
    }

    /// Gives a row of a key's records from a pane on.
    fn give_from(&mut self, key: u32, from: u64, feed: &mut Feed<'_>) {
        let skipped = self.before(key, from).len();
        let panes: Vec<u32> = self.of_key(key)[skipped..].to_vec();
        let Some(&last) = panes.last() else {
            return;
        };
        let mut of = Vec::with_capacity(panes.len());
        let mut newest = i64::MIN;
        for &place in &panes {
            self.settle(place, feed);
            let group = &self.groups[place as usize];
            newest = newest.max(group.newest);
            of.push(group.slot);
        }
        let group = &mut self.groups[last as usize];
        let own = std::mem::replace(&mut group.newest, newest);
        group.pane = 0;
        self.give_counted(last, &of);
        self.groups[last as usize].newest = own;
    }

    /// A window by count is nowhere in time: where rows go on themselves, windows are told apart by a number.
    fn give_counted(&mut self, place: u32, of: &[u32]) {
        self.counted += 1;
        let number = match self.plan.gives {
            Gives::Rows { .. } => i64::MIN + self.counted,
            Gives::Groups { .. } => 0,
        };
        self.give_of(place, of, (number, number), Kind::OnTime);
    }

    /// The end: part windows, by key.
    pub(super) fn end_counts(&mut self, open: &[u32], feed: &mut Feed<'_>) {
        let Shape::Count {
            size,
            slide,
            partial: true,
        } = self.plan.shape
        else {
            return;
        };
        // One of each key, the last.
        let mut lasts: Vec<u32> = open
            .iter()
            .copied()
            .filter(|&place| self.of_key(self.groups[place as usize].key).last() == Some(&place))
            .collect();
        for &place in &lasts {
            self.settle(place, feed);
            let group = &mut self.groups[place as usize];
            (group.start, group.end) = match slide {
                None => (0, 0),
                Some(_) => (group.start, 0),
            };
        }
        self.sort(&mut lasts);
        for place in lasts {
            let group = &self.groups[place as usize];
            let (key, slot) = (group.key, group.slot);
            let records = self.keyed.get(key).map_or(0, |of_key| of_key.records);
            match slide {
                None => self.give_counted(place, &[slot]),
                Some(slide) if !records.is_multiple_of(slide) => {
                    // What there is of the window that would have come next.
                    let next = (records / slide + 1) * slide;
                    let from = next.saturating_sub(size) / pane(size, slide, true);
                    self.give_from(key, from, feed);
                }
                Some(_) => {}
            }
        }
    }
}

/// How many records share a slot: where part windows are printed, one.
fn pane(size: u64, slide: u64, partial: bool) -> u64 {
    if partial {
        return 1;
    }
    let (mut a, mut b) = (size, slide);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
