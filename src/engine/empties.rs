//! Rows of nothing in an aggregate: windows without a record ([`Empties`]) among those that have some.

use super::aggregate::{AggregateState, Entry, Groups, Parts};
use super::order::lock;
use crate::data::time::Watermark;
use crate::plan::empties::Empties;
use std::collections::BTreeMap;
use std::sync::Mutex;

impl AggregateState<'_> {
    /// Windows without a record have a row too.
    pub fn give_empties(&mut self, empties: Empties) {
        self.empties = Mutex::new(Some(empties));
    }

    /// The first batch has this time.
    pub fn begin_empties(&self, first: i64) {
        if let Some(empties) = &mut *lock(&self.empties) {
            empties.begin(first);
        }
    }

    /// Adds what has no record to windows that are given.
    pub(super) fn fill_up(
        &self,
        empties: &mut Empties,
        upto: Watermark,
        taken: &mut Vec<Groups>,
        parts: &mut Parts,
    ) {
        let ends = parts.iter().filter_map(|(window, _)| Some((*window)?.1));
        let last = match upto {
            Watermark::At(at) => at,
            // At the end of the input the last window is the last that has a record, or has begun with a batch.
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
        let is_over = upto == Watermark::End;
        let mut next = || {
            let ended = empties.next(last);
            ended.or_else(|| is_over.then(|| empties.next_begun()).flatten())
        };
        while let Some((start, end)) = next() {
            there.entry((end, start)).or_insert_with(|| vec![entry]);
        }
        let windows = there.into_iter();
        parts.extend(windows.map(|((end, start), entries)| (Some((start, end)), entries)));
    }
}
