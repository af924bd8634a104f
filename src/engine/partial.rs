//! A worker's share of an aggregate: groups of its own until they are dealt to the shards, or the shards
//! themselves where keys hardly repeat. Finds the window of each row and drops what is late.

use super::aggregate::{AggregateState, Groups, Spaces};
use super::arguments::Args;
use super::order::lock;
use super::panes::{Place, Recents};
use crate::aggs::Rows;
use crate::bytes::table;
use crate::data::process::Late;
use crate::data::step::Counts;
use crate::data::{Chunk, ColumnV, Selection};
use crate::expr::{EvalContext, Expr};
use crate::memory;
use crate::plan::grid::Grid;
use crate::plan::node::Overdue;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Groups at which a partial is dealt out: as many as stay in the last-level cache.
const GROUPS_MAX: usize = if cfg!(debug_assertions) { 64 } else { 1 << 18 };
/// Keys that hardly repeat are looked up in the shards themselves, for so many rows; then it is seen anew
/// whether they repeat.
const DIRECT_ROWS: usize = if cfg!(debug_assertions) { 200 } else { 1 << 23 };
/// A chunk must have so many rows a shard for that, to be worth the locks.
const DIRECT_MIN: usize = if cfg!(debug_assertions) { 0 } else { 8 };
/// In windows whose keys repeat, groups are dealt out at so many, of so many rows each: time has gone on, and a table
/// that stays in the second-level cache is faster.
const GROUPS_WINDOWS: usize = if cfg!(debug_assertions) { 16 } else { 1 << 12 };
const ROWS_A_GROUP: usize = if cfg!(debug_assertions) { 2 } else { 128 };
/// A partial's accumulators may hold so much before it is dealt out, bytes: its share of what state may take, as what it
/// holds is not counted with that; but not so little that it does nothing else.
const PARTIAL_BYTES: RangeInclusive<usize> = match cfg!(debug_assertions) {
    true => 16 << 10..=64 << 20,
    false => 1 << 20..=64 << 20,
};

/// A worker's own groups since they were last dealt to the shards.
pub struct AggregatePartial<'p> {
    state: &'p AggregateState<'p>,
    keys: Vec<Expr>,
    args: Args,
    groups: Groups,
    spaces: Spaces,
    ends: BTreeMap<i64, i64>,
    /// The window that `ends` got last.
    noted: i64,
    recents: Recents,
    first_end: i64,
    ids: Vec<u32>,
    row_spaces: Vec<i64>,
    /// Rows since the last deal.
    rows: usize,
    /// What it may hold before that, bytes.
    bytes_most: usize,
    /// Keys hardly repeat: so many rows more go to the shards themselves.
    direct: usize,
    dealt: Vec<Vec<u32>>,
}

impl<'p> AggregatePartial<'p> {
    /// `share`: of what state may take, bytes.
    pub fn new(state: &'p AggregateState<'p>, share: usize) -> AggregatePartial<'p> {
        AggregatePartial {
            bytes_most: share.clamp(*PARTIAL_BYTES.start(), *PARTIAL_BYTES.end()),
            state,
            keys: state.keys.to_vec(),
            args: Args::new(state.aggs),
            groups: Groups::new(state.aggs, state.seed),
            spaces: state.spaces.clone(),
            ends: BTreeMap::new(),
            noted: i64::MIN,
            recents: Recents::default(),
            first_end: i64::MAX,
            ids: Vec::new(),
            row_spaces: Vec::new(),
            rows: 0,
            direct: 0,
            dealt: vec![Vec::new(); state.shards.len()],
        }
    }

    /// Adds the live rows of a chunk, but for those that `refuse` takes out when their keys and arguments are
    /// known; tells those that were late.
    pub fn absorb(
        &mut self,
        chunk: &mut Chunk,
        cx: &mut EvalContext<'_>,
        late: &mut Late,
        refuse: &mut dyn FnMut(&mut Chunk, &mut Counts),
    ) {
        self.assign(chunk, late);
        if chunk.live.is_empty() {
            return;
        }
        let keys: Vec<ColumnV> = self
            .keys
            .iter_mut()
            .map(|key| key.eval(chunk, cx))
            .collect();
        let columns = self.args.eval(chunk, cx);
        refuse(chunk, cx.counts);
        let key = self.state.coder.encode(keys, chunk);
        self.ids.clear();
        let Some(cells) = chunk.cells(&key) else {
            return;
        };
        let spaces = self.state.windowed.then_some(self.row_spaces.as_slice());
        self.args.read(&self.groups.accs, chunk, &columns);
        if self.direct > 0 && chunk.live.len() >= self.state.shards.len() * DIRECT_MIN {
            self.direct = self.direct.saturating_sub(chunk.live.len());
            self.dealt.iter_mut().for_each(Vec::clear);
            table::rows_by_shard(
                &cells,
                spaces,
                self.state.seed,
                self.state.bits,
                &mut self.dealt,
            );
            self.look_up_in_shards(chunk, &key, &columns);
            return;
        }
        if self.keys.is_empty() && spaces.is_none() {
            let group = self.groups.table.find_or_add(Some(b""), 0);
            self.ids.resize(chunk.live.len(), group);
        } else {
            self.groups.table.probe(&cells, spaces, &mut self.ids);
        }
        self.groups.grow();
        let rows = Rows {
            chunk,
            groups: &self.ids,
        };
        self.args.update(&mut self.groups.accs, &rows, &columns);
        self.rows += chunk.live.len();
        let groups = self.groups.table.len();
        let repeat = self.state.windowed && self.rows > groups * ROWS_A_GROUP;
        let most = if repeat { GROUPS_WINDOWS } else { GROUPS_MAX };
        if groups > most || self.groups.bytes() > self.bytes_most {
            if self.rows < groups * 2 {
                self.direct = DIRECT_ROWS;
            }
            self.deal(chunk.block.seq as usize);
        }
    }

    /// Adds the rows in `dealt`, a list for each shard, to the shards.
    // PERF: 50 million rows of 10 million keys: a third less time than a partial of a million rows that is
    // dealt out, which writes every key once more and reads it where it is no longer in the cache.
    fn look_up_in_shards(&mut self, chunk: &mut Chunk, key: &ColumnV, columns: &[ColumnV]) {
        let _state = memory::state();
        let shards = self.state.shards.len();
        let all = std::mem::take(&mut chunk.live);
        for i in 0..shards {
            // Workers begin apart, so that they meet less.
            let shard = (chunk.block.seq as usize * 7 + i) % shards;
            if self.dealt[shard].is_empty() {
                continue;
            }
            chunk.live = Selection::Some(std::mem::take(&mut self.dealt[shard]));
            let spaces = self.state.windowed.then_some(self.row_spaces.as_slice());
            self.ids.clear();
            let mut groups = lock(&self.state.shards[shard]);
            if let Some(cells) = chunk.cells(key) {
                groups.table.probe(&cells, spaces, &mut self.ids);
            }
            groups.grow();
            let rows = Rows {
                chunk,
                groups: &self.ids,
            };
            self.args.update(&mut groups.accs, &rows, columns);
            drop(groups);
            if let Selection::Some(mut rows) = std::mem::take(&mut chunk.live) {
                rows.clear();
                self.dealt[shard] = rows;
            }
        }
        chunk.live = all;
    }

    /// Finds the window of each live row; drops those that are late, or in no window.
    fn assign(&mut self, chunk: &mut Chunk, late: &mut Late) {
        if let Spaces::Expanded(grid) = &mut self.spaces {
            let all: Vec<usize> = (0..chunk.columns.len()).collect();
            super::assign::assign((grid, Overdue::Late), None, &all, chunk, late);
        }
        let mut live = std::mem::take(&mut chunk.live);
        let Chunk {
            times,
            windows,
            before,
            rows,
            ..
        } = &*chunk;
        let (spaces, recents) = (&mut self.row_spaces, &mut self.recents);
        spaces.clear();
        match (&mut self.spaces, times) {
            (Spaces::None, _) => {}
            (Spaces::Starts | Spaces::Expanded(_), _) => {
                spaces.resize(rows.len(), 0);
                if let Some(windows) = windows {
                    for row in live.iter() {
                        let (start, end) = windows[row as usize];
                        spaces[row as usize] = start;
                        if start != self.noted {
                            self.noted = start;
                            self.ends.insert(start, end);
                            self.first_end = self.first_end.min(end);
                        }
                    }
                }
            }
            (Spaces::Tumbling(grid), Some(times)) => {
                spaces.resize(rows.len(), 0);
                let mut note = |row: u32, grid: &mut Grid| {
                    let (start, end) = grid.cell(times[row as usize]);
                    spaces[row as usize] = start;
                    if start != self.noted {
                        self.noted = start;
                        self.ends.insert(start, end);
                        self.first_end = self.first_end.min(end);
                    }
                };
                match before {
                    None => live.iter().for_each(|row| note(row, grid)),
                    Some(before) => live.retain(|row| {
                        let open = grid.cell(times[row as usize]).1 > before[row as usize];
                        match open {
                            true => note(row, grid),
                            false => late.tell(chunk, row),
                        }
                        open
                    }),
                }
            }
            (Spaces::Panes(panes), Some(times)) => {
                spaces.resize(rows.len(), 0);
                let mut place =
                    |row: u32, judged: i64, recents: &mut Recents, spaces: &mut [i64]| {
                        match panes.place_near(recents, times[row as usize], judged) {
                            Place::Known(space) => spaces[row as usize] = space,
                            Place::New(space) => {
                                spaces[row as usize] = space;
                                let (first, last) = panes.seen(space);
                                self.ends.insert(space, panes.window(last).1);
                                self.first_end = self.first_end.min(panes.window(first).1);
                            }
                            Place::Late => {
                                late.tell(chunk, row);
                                return false;
                            }
                            Place::Nowhere => return false,
                        }
                        true
                    };
                match (before, &live) {
                    // None is late.
                    (None, Selection::All(rows)) => {
                        let (mut row, mut nowhere) = (0, Vec::new());
                        while row < *rows {
                            row +=
                                recents.fill(&times[row as usize..], &mut spaces[row as usize..]);
                            if row < *rows && !place(row, i64::MIN, recents, spaces) {
                                nowhere.push(row);
                            }
                            row += 1;
                        }
                        if !nowhere.is_empty() {
                            live.retain(|row| nowhere.binary_search(&row).is_err());
                        }
                    }
                    _ => live.retain(|row| {
                        let before = before.as_ref();
                        let judged = before.map_or(i64::MIN, |before| before[row as usize]);
                        place(row, judged, recents, spaces)
                    }),
                }
            }
            // Rows without times are in no window; the builder gives such a plan no window.
            (_, None) => live.truncate(0),
        }
        chunk.live = live;
    }

    /// Groups held.
    pub fn groups(&self) -> usize {
        self.groups.table.len()
    }

    /// The first end of a window noted since the last call, else `i64::MAX`.
    pub fn first_end(&mut self) -> i64 {
        std::mem::replace(&mut self.first_end, i64::MAX)
    }

    /// Merges everything into the shards; begins with shard `first`, so that workers meet less.
    pub fn deal(&mut self, first: usize) {
        let _state = memory::state();
        if !self.ends.is_empty() {
            lock(&self.state.ends).append(&mut self.ends);
            // What comes into the same windows from now on has to be noted again.
            self.noted = i64::MIN;
            self.recents = Recents::default();
        }
        if self.groups.table.is_empty() {
            return;
        }
        let shards = self.state.shards.len();
        let dealt = &mut self.dealt;
        dealt.iter_mut().for_each(Vec::clear);
        self.groups.table.by_shard(self.state.bits, dealt);
        let mut ids = Vec::new();
        for i in 0..shards {
            let shard = (first.wrapping_mul(7) + i) % shards;
            if !dealt[shard].is_empty() {
                lock(&self.state.shards[shard]).absorb(&self.groups, &dealt[shard], &mut ids);
            }
        }
        self.groups.clear();
        self.rows = 0;
    }
}
