//! Windows of nothing: `count` by batch gives 0 for each batch without a record (SPARK.md 1.2). Invariant: each
//! window is given once, by its end, whether it has records or not.

use super::aggregate::{AggregateState, Entry, Groups, Parts, Spaces};
use super::order::lock;
use crate::data::time::Watermark;
use std::collections::BTreeMap;
use std::sync::Mutex;

impl AggregateState<'_> {
    /// Windows without a record have a row too, those that end behind `from`.
    pub fn give_empties(&mut self, from: Option<i64>) {
        self.empties = Mutex::new(Some(from));
    }

    /// The clock that the data tell has begun there.
    pub fn begin_empties(&self, first: i64) {
        if let Some(from) = &mut *lock(&self.empties) {
            from.get_or_insert(first);
        }
    }

    /// Behind which end the next window to be given has its own, where there is one for each.
    pub(super) fn given_upto(&self) -> Option<i64> {
        let from = (*lock(&self.empties))?;
        match *lock(&self.closed) {
            i64::MIN => from,
            i64::MAX => None,
            closed => Some(closed),
        }
    }

    /// The first window that ends behind `t`.
    pub(super) fn window_behind(&self, t: i64) -> Option<(i64, i64)> {
        match &self.spaces {
            Spaces::Tumbling(grid) => Some(grid.clone().cell(t)),
            Spaces::Panes(panes) => Some(panes.window_behind(t)),
            _ => None,
        }
    }

    /// Adds what has no record, from behind `from`.
    pub(super) fn fill_up(
        &self,
        mut from: i64,
        upto: Watermark,
        taken: &mut Vec<Groups>,
        parts: &mut Parts,
    ) {
        let ends = parts.iter().filter_map(|(window, _)| Some((*window)?.1));
        let last = match upto {
            Watermark::At(at) => at,
            // At the end of the input the last window is the last that has a record.
            _ => ends.max().unwrap_or(i64::MIN),
        };
        let mut nothing = Groups::new(self.aggs, self.seed);
        nothing.table.find_or_add(Some(b""), 0);
        nothing.grow();
        let entry = Entry::new(&nothing, taken.len(), 0, &self.coder);
        taken.push(nothing);
        let mut there: BTreeMap<(i64, i64), Vec<Entry>> = BTreeMap::new();
        for (window, entries) in parts.drain(..) {
            let (start, end) = window.unwrap_or_default();
            there.insert((end, start), entries);
        }
        while let Some((start, end)) = self.window_behind(from).filter(|(_, end)| *end <= last) {
            there.entry((end, start)).or_insert_with(|| vec![entry]);
            from = end;
        }
        let windows = there.into_iter();
        parts.extend(windows.map(|((end, start), entries)| (Some((start, end)), entries)));
    }
}
