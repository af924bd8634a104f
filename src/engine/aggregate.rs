//! Grouping: key tables with accumulators. Each worker fills a partial of its own; a partial that grows too
//! large, and every one at an epoch's end, is dealt to shards by key hash. Shards give rows when their scope
//! closes: by window end, then key. Which worker saw which block is accident, so everything here merges in any
//! order.

use super::order::lock;
use super::panes::Panes;
use super::saving::{read, write};
use super::sliding::Sliding;
use super::spill::Run;
use crate::aggs::{self, Accumulator};
use crate::bytes::table::KeyTable;
use crate::data::keys::KeyCoder;
use crate::data::time::{Watermark, Zone};
use crate::data::{Chunk, ColumnBuilder, Schema};
use crate::expr::Expr;
use crate::memory;
use crate::plan::empties::Empties;
use crate::plan::grid::Grid;
use crate::plan::node::{AggCall, Extent, Scope, Window};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, RwLock};

/// Shards of an aggregate over the whole input; and over windows, which hold fewer keys each.
const SHARD_BITS: u32 = 6;
const SHARD_BITS_WINDOWS: u32 = 4;
/// How many entries ahead their keys are asked for.
const AHEAD: usize = 16;
/// Rows of one emitted chunk.
pub const EMIT_ROWS: usize = if cfg!(debug_assertions) { 32 } else { 8192 };

/// A key table with an accumulator a call.
pub struct Groups {
    pub table: KeyTable,
    pub accs: Vec<Box<dyn Accumulator>>,
}

impl Groups {
    pub fn new(aggs: &[AggCall], seed: u64) -> Groups {
        Groups {
            table: KeyTable::new(seed),
            accs: aggs
                .iter()
                .map(|agg| (agg.aggregate.make)(&agg.call))
                .collect(),
        }
    }

    pub fn grow(&mut self) {
        let groups = self.table.len();
        for acc in &mut self.accs {
            acc.grow(groups);
        }
    }

    /// Merges groups `theirs` of `other`, which are under the same keys and spaces.
    pub fn absorb(&mut self, other: &Groups, theirs: &[u32], ids: &mut Vec<u32>) {
        ids.clear();
        self.table.absorb(&other.table, theirs, ids);
        self.merge(other, theirs, ids);
    }

    /// Merges groups of `other` under their keys in space 0.
    pub fn absorb_pane(&mut self, other: &Groups, theirs: &[u32]) {
        let key = |group: &u32| self.table.find_or_add(other.table.key(*group), 0);
        let ids: Vec<u32> = theirs.iter().map(key).collect();
        self.merge(other, theirs, &ids);
    }

    /// Merges all groups of `other`; returns how many.
    pub fn absorb_all(&mut self, other: &Groups) -> usize {
        let theirs: Vec<u32> = (0..other.table.len() as u32).collect();
        self.absorb(other, &theirs, &mut Vec::with_capacity(theirs.len()));
        theirs.len()
    }

    fn merge(&mut self, other: &Groups, theirs: &[u32], ids: &[u32]) {
        self.grow();
        for (acc, their) in self.accs.iter_mut().zip(&other.accs) {
            acc.merge(ids, their.as_ref(), theirs);
        }
    }

    pub fn bytes(&self) -> usize {
        self.table.bytes() + self.accs.iter().map(|acc| acc.bytes()).sum::<usize>()
    }

    pub fn clear(&mut self) {
        self.table.clear();
        for acc in &mut self.accs {
            acc.clear();
        }
    }
}

/// How windows are told apart in keys: the hidden leading number (`space`) of each group.
#[derive(Clone)]
pub(super) enum Spaces {
    /// The whole input.
    None,
    /// The window's start; ends are kept beside.
    Starts,
    /// Tumbling windows made here: the window's start.
    Tumbling(Grid),
    /// Windows of the calendar with a slide: each row is put into every window that holds it.
    Expanded(Grid),
    /// Sliding windows share panes of the greatest common divisor of size and slide.
    Panes(Panes),
}

/// An aggregate node of a running plan: shared by all workers.
pub struct AggregateState<'p> {
    pub(super) keys: &'p [Expr],
    pub(super) aggs: &'p [AggCall],
    schema: &'p Schema,
    pub(super) coder: KeyCoder,
    pub(super) spaces: Spaces,
    /// In windows: fields 0 and 1 are the window's.
    pub(super) windowed: bool,
    pub(super) shards: Vec<Mutex<Groups>>,
    pub(super) bits: u32,
    /// Panes of sliding windows, of which some are closed.
    pub(super) sliding: RwLock<Sliding>,
    /// Open windows: end by start (of panes: by space, the last end that sees it).
    pub(super) ends: Mutex<BTreeMap<i64, i64>>,
    /// Windows that end at or before have been given.
    pub(super) closed: Mutex<i64>,
    pub(super) seed: u64,
    /// Runs of groups that were set aside on the disk.
    pub(super) spilled: Mutex<Vec<Run>>,
    /// Values given that came from sketches.
    sketched: AtomicU64,
    /// Windows without a record have a row too.
    pub(super) empties: Mutex<Option<Empties>>,
}

impl<'p> AggregateState<'p> {
    pub fn new(
        keys: &'p [Expr],
        aggs: &'p [AggCall],
        scope: &Scope,
        schema: &'p Schema,
        zone: &Zone,
        seed: u64,
    ) -> AggregateState<'p> {
        let spaces = match scope {
            Scope::Forever => Spaces::None,
            Scope::Rows => Spaces::Starts,
            Scope::Assign(window) => match window {
                Window {
                    size: Extent::Fixed(size),
                    slide: Extent::Fixed(slide),
                    offset,
                    grow: None,
                } if size != slide => Spaces::Panes(Panes::new(*size, *slide, *offset)),
                window if window.is_tumbling() => Spaces::Tumbling(Grid::new(window, zone)),
                window => Spaces::Expanded(Grid::new(window, zone)),
            },
        };
        let windowed = !matches!(spaces, Spaces::None);
        let bits = if windowed {
            SHARD_BITS_WINDOWS
        } else {
            SHARD_BITS
        };
        AggregateState {
            keys,
            aggs,
            schema,
            coder: KeyCoder::new(keys.iter().map(|key| key.ty.clone()).collect()),
            spaces,
            windowed,
            shards: (0..1 << bits)
                .map(|_| Mutex::new(Groups::new(aggs, seed)))
                .collect(),
            bits,
            sliding: RwLock::default(),
            ends: Mutex::default(),
            closed: Mutex::new(i64::MIN),
            seed,
            spilled: Mutex::default(),
            sketched: AtomicU64::new(0),
            empties: Mutex::default(),
        }
    }

    /// Another one with the same groups.
    pub fn fork(&self) -> AggregateState<'p> {
        let empty = &|| Groups::new(self.aggs, self.seed);
        let shards = self.shards.iter().map(|shard| {
            let shard = lock(shard);
            let mut copy = empty();
            let all: Vec<u32> = (0..shard.table.len() as u32).collect();
            copy.absorb(&shard, &all, &mut Vec::new());
            Mutex::new(copy)
        });
        AggregateState {
            keys: self.keys,
            aggs: self.aggs,
            schema: self.schema,
            coder: self.coder.clone(),
            spaces: self.spaces.clone(),
            windowed: self.windowed,
            shards: shards.collect(),
            bits: self.bits,
            sliding: RwLock::new(read(&self.sliding).fork(empty)),
            ends: Mutex::new(lock(&self.ends).clone()),
            closed: Mutex::new(*lock(&self.closed)),
            seed: self.seed,
            spilled: Mutex::default(),
            sketched: AtomicU64::new(0),
            empties: Mutex::new(lock(&self.empties).clone()),
        }
    }

    /// Memory held, about, but for what workers have not handed in, which is bounded.
    pub fn bytes(&self) -> usize {
        let shards = self.shards.iter().map(|shard| lock(shard).bytes());
        shards.sum::<usize>() + read(&self.sliding).bytes()
    }

    /// Groups that have been handed in; of panes that are partly closed, none.
    pub fn keys_held(&self) -> usize {
        let groups = self.shards.iter().map(|shard| lock(shard).table.len());
        groups.sum()
    }

    /// How many of the values given so far came from sketches.
    pub fn sketched(&self) -> u64 {
        self.sketched.load(Relaxed)
    }

    /// Whether it closes by the windows that rows are in when they come.
    pub fn goes_by_windows(&self) -> bool {
        matches!(self.spaces, Spaces::Starts)
    }

    /// The first end of an open window, when the watermark next closes something.
    pub fn next_end(&self) -> Option<i64> {
        if let Some(empties) = &*lock(&self.empties) {
            return empties.peek().map(|(_, end)| end);
        }
        match &self.spaces {
            Spaces::None => None,
            Spaces::Panes(panes) => {
                let closed = *lock(&self.closed);
                let ends = lock(&self.ends);
                ends.keys()
                    .map(|&space| panes.closing(space, closed, i64::MAX))
                    .filter(|(first, last)| first <= last)
                    .map(|(first, _)| panes.window(first).1)
                    .min()
            }
            _ => lock(&self.ends).values().min().copied(),
        }
    }

    /// Everything whose window has ended by `upto`, as rows in order.
    pub fn close(&self, upto: Watermark, threads: usize) -> Option<Emission<'_>> {
        let _state = memory::state();
        let at = match upto {
            Watermark::None => return None,
            Watermark::At(at) => at,
            Watermark::End => i64::MAX,
        };
        if let (Watermark::At(at), Some(empties)) = (upto, &mut *lock(&self.empties)) {
            empties.reach(at);
        }
        if !matches!(upto, Watermark::End) && self.next_end().is_none_or(|end| end > at) {
            return None;
        }
        let mut taken: Vec<Groups> = Vec::with_capacity(self.shards.len());
        for shard in &self.shards {
            taken.push(std::mem::replace(
                &mut *lock(shard),
                Groups::new(self.aggs, self.seed),
            ));
        }
        let mut parts = match &self.spaces {
            Spaces::None => {
                if self.keys.is_empty() && taken.iter().all(|groups| groups.table.is_empty()) {
                    // An unkeyed aggregate over the whole input has a row even of nothing.
                    taken[0].table.find_or_add(Some(b""), 0);
                    taken[0].grow();
                }
                vec![(None, entries(&taken, &self.coder, threads))]
            }
            Spaces::Panes(panes) => self.close_panes(panes, &mut taken, at),
            Spaces::Starts | Spaces::Tumbling(_) | Spaces::Expanded(_) => {
                self.close_starts(&taken, at)
            }
        };
        if let Some(empties) = &mut *lock(&self.empties) {
            self.fill_up(empties, upto, &mut taken, &mut parts);
        }
        *lock(&self.closed) = at;
        for (_, entries) in &mut parts {
            sort(entries, threads, &|a, b| self.order(&taken, a, b));
        }
        Some(Emission {
            state: self,
            groups: taken,
            parts,
        })
    }

    fn close_starts(&self, taken: &[Groups], at: i64) -> Parts {
        let mut ends = lock(&self.ends);
        let mut closing: BTreeMap<(i64, i64), Vec<Entry>> = BTreeMap::new();
        let mut kept = Vec::new();
        for (shard, groups) in taken.iter().enumerate() {
            kept.clear();
            for group in 0..groups.table.len() as u32 {
                let start = groups.table.space(group);
                let end = ends.get(&start).copied().unwrap_or(i64::MAX);
                if end <= at {
                    closing.entry((end, start)).or_default().push(Entry::new(
                        groups,
                        shard,
                        group,
                        &self.coder,
                    ));
                } else {
                    kept.push(group);
                }
            }
            self.put_back(groups, shard, &kept);
        }
        ends.retain(|_, end| *end > at);
        closing
            .into_iter()
            .map(|((end, start), entries)| (Some((start, end)), entries))
            .collect()
    }

    fn close_panes(&self, panes: &Panes, taken: &mut Vec<Groups>, at: i64) -> Parts {
        let empty = &|| Groups::new(self.aggs, self.seed);
        let mut sliding = write(&self.sliding);
        for groups in taken.drain(..) {
            sliding.put(panes, &groups, empty);
        }
        let closed = *lock(&self.closed);
        let mut ends = lock(&self.ends);
        let closing = ends.keys().map(|&space| panes.closing(space, closed, at));
        let mut closing: Vec<(i64, i64)> = closing.filter(|(first, last)| first <= last).collect();
        closing.sort_unstable();
        let mut parts = Vec::new();
        let mut next = i64::MIN;
        for (first, last) in closing {
            for k in first.max(next)..=last {
                let whole = sliding.window(panes, k, empty);
                let entries = (0..whole.table.len() as u32)
                    .map(|group| Entry::new(&whole, taken.len(), group, &self.coder))
                    .collect();
                parts.push((Some(panes.window(k)), entries));
                taken.push(whole);
                sliding.free(panes, panes.window(k).1);
            }
            next = next.max(last + 1);
        }
        ends.retain(|_, end| *end > at);
        parts
    }

    fn put_back(&self, groups: &Groups, shard: usize, kept: &[u32]) {
        if !kept.is_empty() {
            lock(&self.shards[shard]).absorb(groups, kept, &mut Vec::new());
        }
    }

    pub(super) fn order(&self, groups: &[Groups], a: &Entry, b: &Entry) -> Ordering {
        a.rank.cmp(&b.rank).then_with(|| {
            let key = |entry: &Entry| groups[entry.place as usize].table.key(entry.group);
            self.coder.compare(key(a), key(b))
        })
    }
}

/// Windows that close, by their ends, each with its groups.
pub(super) type Parts = Vec<(Option<(i64, i64)>, Vec<Entry>)>;

/// A group on its way out.
#[derive(Copy, Clone)]
pub(super) struct Entry {
    rank: u64,
    pub(super) group: u32,
    /// Index into the emission's groups.
    pub(super) place: u32,
}

impl Entry {
    pub(super) fn new(groups: &Groups, place: usize, group: u32, coder: &KeyCoder) -> Entry {
        Entry {
            rank: coder.rank(groups.table.key(group)),
            group,
            place: place as u32,
        }
    }
}

pub(super) fn entries(taken: &[Groups], coder: &KeyCoder, threads: usize) -> Vec<Entry> {
    let total: usize = taken.iter().map(|groups| groups.table.len()).sum();
    let mut out = vec![
        Entry {
            rank: 0,
            group: 0,
            place: 0
        };
        total
    ];
    let mut rest = out.as_mut_slice();
    let mut pieces = Vec::new();
    for (place, groups) in taken.iter().enumerate() {
        let (piece, behind) = rest.split_at_mut(groups.table.len());
        pieces.push((place, groups, piece));
        rest = behind;
    }
    let fill = |pieces: Vec<(usize, &Groups, &mut [Entry])>| {
        for (place, groups, piece) in pieces {
            for (group, entry) in piece.iter_mut().enumerate() {
                *entry = Entry::new(groups, place, group as u32, coder);
            }
        }
    };
    if threads <= 1 || total < PARALLEL_FROM {
        fill(pieces);
        return out;
    }
    let share = pieces.len().div_ceil(threads);
    std::thread::scope(|scope| {
        while !pieces.is_empty() {
            let mine = pieces.split_off(pieces.len().saturating_sub(share));
            scope.spawn(|| fill(mine));
        }
    });
    out
}

/// Below this many elements another thread costs more than it brings.
const PARALLEL_FROM: usize = 1 << 16;

/// Sorts, on several threads: a selection parts the halves, which are sorted apart. In place.
pub fn sort<T: Send + Sync>(
    items: &mut [T],
    threads: usize,
    order: &(impl Fn(&T, &T) -> Ordering + Sync),
) {
    if threads <= 1 || items.len() < PARALLEL_FROM {
        items.sort_unstable_by(order);
        return;
    }
    let middle = items.len() / 2;
    items.select_nth_unstable_by(middle, order);
    let (low, high) = items.split_at_mut(middle);
    std::thread::scope(|scope| {
        scope.spawn(|| sort(low, threads / 2, order));
        sort(high, threads - threads / 2, order);
    });
}

/// Rows that leave an aggregate, in order; made a chunk at a time, by any worker.
pub struct Emission<'s> {
    state: &'s AggregateState<'s>,
    groups: Vec<Groups>,
    parts: Parts,
}

impl<'s> Emission<'s> {
    pub(super) fn new(state: &'s AggregateState<'s>, groups: Vec<Groups>, parts: Parts) -> Self {
        Emission {
            state,
            groups,
            parts,
        }
    }

    /// The chunks there are, as (part, first entry) pairs whose rows are made by [`Emission::chunk`]. Small
    /// windows share a chunk.
    pub fn pieces(&self) -> Vec<Vec<Piece>> {
        let mut out: Vec<Vec<Piece>> = Vec::new();
        let mut room = 0;
        for (part, (_, entries)) in self.parts.iter().enumerate() {
            let mut from = 0;
            while from < entries.len() {
                if room == 0 {
                    out.push(Vec::new());
                    room = EMIT_ROWS;
                }
                let to = entries.len().min(from + room);
                room -= to - from;
                if let Some(chunk) = out.last_mut() {
                    chunk.push(Piece { part, from, to });
                }
                from = to;
            }
        }
        out
    }

    /// Windows that it is of.
    pub fn windows(&self) -> u64 {
        let of_windows = self.parts.iter().filter(|(window, _)| window.is_some());
        of_windows.count() as u64
    }

    pub fn chunk(&self, pieces: &[Piece]) -> Chunk {
        let state = self.state;
        let mut scratch = Vec::new();
        let rows: usize = pieces.iter().map(|piece| piece.to - piece.from).sum();
        let first = if state.windowed { 2 } else { 0 };
        // Fields behind these are later nodes' to make.
        let made = first + state.keys.len() + state.aggs.len();
        let fields = state.schema.fields.iter().take(made);
        let mut builders: Vec<ColumnBuilder> =
            fields.map(|field| ColumnBuilder::new(&field.ty)).collect();
        let mut windows = Vec::new();
        for piece in pieces {
            let (window, entries) = &self.parts[piece.part];
            let entries = &entries[piece.from..piece.to];
            let (window_columns, rest) = builders.split_at_mut(first);
            let (keys, calls) = rest.split_at_mut(state.keys.len());
            if let Some((start, end)) = window {
                windows.resize(windows.len() + entries.len(), (*start, *end));
                for _ in entries {
                    for (builder, at) in window_columns.iter_mut().zip([start, end]) {
                        builder.nanos(*at);
                    }
                }
            }
            // Entries lie in no order in memory: each table is walked by itself, and ahead of time.
            for (i, entry) in entries.iter().enumerate() {
                if let Some(later) = entries.get(i + AHEAD) {
                    self.groups[later.place as usize].table.touch(later.group);
                }
                let key = self.groups[entry.place as usize].table.key(entry.group);
                state.coder.decode(key, keys, &mut scratch);
            }
            let window = window.as_ref().map(std::slice::from_ref);
            for (agg, builder) in calls.iter_mut().enumerate() {
                if aggs::bound(&state.aggs[agg].call).is_some() {
                    let sketched = |entry: &&Entry| {
                        let acc = &self.groups[entry.place as usize].accs[agg];
                        aggs::is_sketched(acc.as_ref(), entry.group)
                    };
                    let count = entries.iter().filter(sketched).count();
                    state.sketched.fetch_add(count as u64, Relaxed);
                }
                for (i, entry) in entries.iter().enumerate() {
                    if let Some(later) = entries.get(i + AHEAD) {
                        self.groups[later.place as usize].accs[agg].touch(later.group);
                    }
                    let acc = &self.groups[entry.place as usize].accs[agg];
                    acc.emit(&[entry.group], window, builder, &mut scratch);
                }
            }
        }
        let columns = builders
            .into_iter()
            .map(|builder| Some(builder.finish()))
            .collect();
        let mut chunk = Chunk::of_columns(rows, columns, scratch);
        if state.windowed {
            // A window's row stands at the last instant before its end.
            let times: Vec<i64> = windows.iter().map(|(_, end)| end - 1).collect();
            // Windows come by their ends: no later row is older.
            chunk.before = Some(times.clone());
            chunk.times = Some(times);
            chunk.windows = Some(windows);
        }
        chunk
    }
}

/// Entries `from..to` of a part of an emission.
#[derive(Copy, Clone, Debug)]
pub struct Piece {
    part: usize,
    from: usize,
    to: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_parallel_sort_sorts(mut items in prop::collection::vec(0u32..1000, 0..200), threads in 1usize..5) {
            let mut expected = items.clone();
            expected.sort();
            sort(&mut items, threads, &|a, b| a.cmp(b));
            prop_assert_eq!(items, expected);
        }
    }

    #[test]
    fn many_items_are_sorted_on_several_threads() {
        let mut items: Vec<u64> = (0..200_000).map(|i| (i * 7919) % 200_003).collect();
        let mut expected = items.clone();
        expected.sort();
        sort(&mut items, 3, &|a, b| a.cmp(b));
        assert_eq!(items, expected);
    }
}
