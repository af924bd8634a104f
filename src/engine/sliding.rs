//! The groups of sliding windows, by pane. A window's groups are merged from its panes, and from the groups of
//! runs of panes that earlier windows have had merged already. Invariant: what is kept of a run no longer
//! changes. A run is merged for a window that closes and holds all of it; what comes later for one of its
//! panes is late for that window, so it goes into a space of its own (`panes`).

use super::aggregate::Groups;
use super::panes::Panes;
use crate::data::saved::{Damaged, Save, Saved};
use std::collections::BTreeMap;

/// Windows that must hold a run of panes for it to be worth merging ahead.
const USES_MIN: i64 = 4;

#[derive(Default)]
pub struct Sliding {
    /// Panes that all their windows see, by number; keys are in space 0 throughout.
    panes: BTreeMap<i64, Groups>,
    /// What was late for the first windows of its pane, by space.
    late: BTreeMap<i64, Groups>,
    /// By level and number: panes `number << level` up to the next, as one. None: nearly as many groups as
    /// its halves have, so that it would bring nothing; thus runs hold no more than a few times what panes do.
    runs: Vec<BTreeMap<i64, Option<Groups>>>,
}

/// Makes groups of the aggregate's calls, none yet.
type Empty<'e> = &'e dyn Fn() -> Groups;

impl Sliding {
    /// Adds groups to the panes of their spaces.
    pub fn put(&mut self, panes: &Panes, groups: &Groups, empty: Empty<'_>) {
        let mut lists: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        let (mut list, mut current) = (lists.entry(0).or_default(), 0);
        for group in 0..groups.table.len() as u32 {
            let space = groups.table.space(group);
            if space != current {
                (list, current) = (lists.entry(space).or_default(), space);
            }
            list.push(group);
        }
        for (space, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            let pane = match panes.pane_of(*space) {
                (pane, 0) => self.panes.entry(pane),
                _ => self.late.entry(*space),
            };
            pane.or_insert_with(empty).absorb_pane(groups, list);
        }
    }

    /// The groups of a window that is closing.
    pub fn window(&mut self, panes: &Panes, window: i64, empty: Empty<'_>) -> Groups {
        let mut whole = empty();
        let (mut from, to) = panes.panes(window);
        let longest = panes.longest_run(USES_MIN);
        while from < to {
            // The longest run that begins here and ends in the window.
            let fits = (to - from).min(longest).max(1).ilog2();
            let level = from.trailing_zeros().min(fits);
            self.add(level, from >> level, &mut whole, empty);
            from += 1 << level;
        }
        let (from, to) = panes.panes(window);
        for (space, groups) in self.late.range(panes.space_of(from)..panes.space_of(to)) {
            let (first, last) = panes.seen(*space);
            if (first..=last).contains(&window) {
                whole.absorb_all(groups);
            }
        }
        whole
    }

    /// Merges a run of panes into `whole`; returns how many groups it was made from.
    fn add(&mut self, level: u32, number: i64, whole: &mut Groups, empty: Empty<'_>) -> usize {
        let mut inside = self.panes.range(number << level..(number + 1) << level);
        match (inside.next(), inside.next_back()) {
            (None, _) => return 0,
            (Some((_, pane)), None) => return whole.absorb_all(pane),
            _ => {}
        }
        let at = level as usize;
        if self.runs.len() <= at {
            self.runs.resize_with(at + 1, BTreeMap::new);
        }
        if !self.runs[at].contains_key(&number) {
            let mut run = empty();
            let parts = self.add_halves(level, number, &mut run, empty);
            let smaller = run.table.len() * 4 <= parts * 3;
            self.runs[at].insert(number, smaller.then_some(run));
        }
        match self.runs[at].get(&number) {
            Some(Some(run)) => whole.absorb_all(run),
            _ => self.add_halves(level, number, whole, empty),
        }
    }

    fn add_halves(
        &mut self,
        level: u32,
        number: i64,
        whole: &mut Groups,
        empty: Empty<'_>,
    ) -> usize {
        let first = self.add(level - 1, number * 2, whole, empty);
        first + self.add(level - 1, number * 2 + 1, whole, empty)
    }

    /// Memory held, about.
    pub fn bytes(&self) -> usize {
        let runs = self.runs.iter().flat_map(|level| level.values()).flatten();
        let groups = self.panes.values().chain(self.late.values()).chain(runs);
        groups.map(Groups::bytes).sum()
    }

    /// The same panes; runs are merged anew when they are asked for.
    pub fn fork(&self, empty: Empty<'_>) -> Sliding {
        let copy = |map: &BTreeMap<i64, Groups>| {
            let copies = map.iter().map(|(place, groups)| {
                let mut copy = empty();
                copy.absorb_all(groups);
                (*place, copy)
            });
            copies.collect()
        };
        Sliding {
            panes: copy(&self.panes),
            late: copy(&self.late),
            runs: Vec::new(),
        }
    }

    /// Puts one of so many `shares` of the panes; runs are merged anew when they are asked for.
    pub fn save(&self, panes: &Panes, share: usize, shares: usize, to: &mut Save) {
        let is_mine = |pane: i64| pane.rem_euclid(shares as i64) == share as i64;
        let mine = self.panes.iter().filter(|(pane, _)| is_mine(**pane));
        let late = self.late.iter();
        let late = late.filter(|(space, _)| is_mine(panes.pane_of(**space).0));
        to.put(&(mine.clone().count(), late.clone().count()));
        for (place, groups) in mine.chain(late) {
            to.put(place);
            groups.save(to);
        }
    }

    /// Adds panes that [`load`] has taken.
    pub fn extend(&mut self, panes: Places, late: Places) {
        self.panes.extend(panes);
        self.late.extend(late);
    }

    /// Frees what no window sees that ends behind `at`.
    pub fn free(&mut self, panes: &Panes, at: i64) {
        let open = |pane: i64| panes.window(panes.windows(pane).1).1 > at;
        free(&mut self.panes, open);
        free(&mut self.late, |space| open(panes.pane_of(space).0));
        for (level, runs) in self.runs.iter_mut().enumerate() {
            // The last window that holds all of a run is the last of its first pane.
            free(runs, |number| open(number << level));
        }
    }
}

/// Groups by pane or by space.
type Places = BTreeMap<i64, Groups>;

/// Takes what [`Sliding::save`] put: the panes, and what was late for the first windows of its pane.
pub fn load(
    panes: &Panes,
    share: usize,
    shares: usize,
    from: &mut Saved<'_>,
    groups: &impl Fn(&mut Saved<'_>) -> Result<Groups, Damaged>,
) -> Result<(Places, Places), Damaged> {
    let (count, late_count): (usize, usize) = from.take()?;
    let mut both = (Places::new(), Places::new());
    for (places, count) in [(&mut both.0, count), (&mut both.1, late_count)] {
        for _ in 0..count {
            places.insert(from.take()?, groups(from)?);
        }
    }
    let mine = |pane: i64| pane.rem_euclid(shares as i64) == share as i64;
    let is_pane = |pane: &i64| {
        let most = i64::MAX / (panes.most() + 1);
        pane.unsigned_abs() < most.unsigned_abs()
            && panes.last_end(panes.space_of(*pane)).is_some()
            && mine(*pane)
    };
    let is_late = |space: &i64| {
        let (pane, skip) = panes.pane_of(*space);
        skip > 0 && panes.last_end(*space).is_some() && mine(pane)
    };
    match both.0.keys().all(is_pane) && both.1.keys().all(is_late) {
        true => Ok(both),
        false => Err(Damaged),
    }
}

/// Frees the first entries up to one that is open; later panes are in later windows.
fn free<T>(map: &mut BTreeMap<i64, T>, open: impl Fn(i64) -> bool) {
    while let Some(first) = map.first_entry()
        && !open(*first.key())
    {
        first.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggs::{self, Rows};
    use crate::data::{Chunk, ColumnBuilder, Number, Type, Value};
    use crate::plan::node::AggCall;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn count() -> AggCall {
        AggCall {
            name: "count".into(),
            aggregate: aggs::find("count").expect("count is in the table"),
            call: aggs::Call {
                func: "count".into(),
                arg: None,
                param: None,
                timed: true,
                exact: false,
            },
            arg: None,
        }
    }

    /// Groups of one row each, some of them of one key and space.
    fn of(calls: &[AggCall], rows: &[(i64, u8)]) -> Groups {
        let mut groups = Groups::new(calls, 1);
        let ids: Vec<u32> = rows
            .iter()
            .map(|(space, key)| groups.table.find_or_add(Some(&[*key]), *space))
            .collect();
        groups.grow();
        let chunk = Chunk::default();
        let rows = Rows {
            chunk: &chunk,
            groups: &ids,
        };
        groups.accs[0].update(&rows, None);
        groups
    }

    fn counts(groups: &Groups) -> BTreeMap<u8, i64> {
        let all: Vec<u32> = (0..groups.table.len() as u32).collect();
        let mut out = ColumnBuilder::new(&Type::Number);
        groups.accs[0].emit(&all, None, &mut out, &mut Vec::new());
        let chunk = Chunk::of_columns(all.len(), Vec::new(), Vec::new());
        let column = out.finish();
        let count = |row: u32| match chunk.value(&column, &Type::Number, row as usize) {
            Value::Number(Number::Exact { units, scale: 0 }) => units,
            other => panic!("{other:?} is no count"),
        };
        all.iter()
            .map(|&group| {
                (
                    groups.table.key(group).expect("no key is null")[0],
                    count(group),
                )
            })
            .collect()
    }

    proptest! {
        /// EVENT-TIME 2.3, 2.4: a window has the rows whose time it holds and that were not late for it, whatever
        /// was merged for windows before it; and nothing is kept that no window will see.
        #[test]
        fn a_window_has_its_rows(
            rows in prop::collection::vec((0i64..40, 0u8..6), 1..200),
            step in 0i64..5, slide in 1i64..4, size in 1i64..60, close_each in 1usize..20,
        ) {
            let (panes, calls) = (Panes::new(size, slide, 0), [count()]);
            let empty = &|| Groups::new(&calls, 1);
            let mut sliding = Sliding::default();
            let mut closed = i64::MIN;
            let (mut open, mut fresh) = (BTreeSet::new(), Vec::new());
            let mut want: BTreeMap<i64, BTreeMap<u8, i64>> = BTreeMap::new();
            let mut got = BTreeMap::new();
            for (i, &(early, key)) in rows.iter().enumerate() {
                let watermark = i as i64 * step / 2;
                let time = watermark + 15 - early;
                for k in -100..1000 {
                    let (start, end) = panes.window(k);
                    if start <= time && time < end && end > watermark {
                        *want.entry(k).or_default().entry(key).or_default() += 1;
                    }
                }
                if let Ok(space) = panes.space(time, watermark) {
                    fresh.push((space, key));
                    open.insert(space);
                }
                let last = i + 1 == rows.len();
                if last || i % close_each == 0 {
                    let at = if last { i64::MAX } else { watermark };
                    sliding.put(&panes, &of(&calls, &std::mem::take(&mut fresh)), empty);
                    let closing: BTreeSet<i64> = open
                        .iter()
                        .map(|&space| panes.closing(space, closed, at))
                        .flat_map(|(first, last)| first..=last)
                        .collect();
                    for k in closing {
                        got.insert(k, counts(&sliding.window(&panes, k, empty)));
                        sliding.free(&panes, panes.window(k).1);
                    }
                    closed = at;
                }
            }
            prop_assert_eq!(got, want);
            prop_assert!(sliding.panes.is_empty() && sliding.late.is_empty());
            prop_assert!(sliding.runs.iter().all(BTreeMap::is_empty));
        }
    }

    /// Panes of the same keys are merged a constant number of times, however many a window has; those of keys
    /// that do not come again are merged for each window, and runs of them are not kept.
    #[test]
    fn runs_are_kept_where_keys_repeat() {
        let panes = Panes::new(64, 1, 0);
        let calls = [count()];
        let empty = &|| Groups::new(&calls, 1);
        for (repeat, kept) in [(true, true), (false, false)] {
            let mut sliding = Sliding::default();
            let rows: Vec<(i64, u8)> = (0..200)
                .map(|pane| (panes.space_of(pane), if repeat { 7 } else { pane as u8 }))
                .collect();
            sliding.put(&panes, &of(&calls, &rows), empty);
            for k in 0..100 {
                assert_eq!(
                    counts(&sliding.window(&panes, k, empty))
                        .values()
                        .sum::<i64>(),
                    64
                );
            }
            let runs = || sliding.runs.iter().flat_map(BTreeMap::values);
            assert_eq!(runs().any(Option::is_some), kept);
            assert_eq!(runs().any(Option::is_none), !kept);
        }
    }
}
