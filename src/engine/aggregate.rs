//! Grouping: key tables with accumulators. Each worker fills a partial of its own; a partial that grows too
//! large, and every one at an epoch's end, is dealt to shards by key hash. Shards give rows when their scope
//! closes: by window end, then key. Which worker saw which block is accident, so everything here merges in any
//! order.

use super::keys::KeyCoder;
use super::order::lock;
use super::window::Grid;
use crate::aggs::{Accumulator, Rows};
use crate::bytes::number;
use crate::bytes::table::{self, KeyTable};
use crate::data::step::Counts;
use crate::data::time::{Watermark, Zone};
use crate::data::{
    Bitmap, Cells, Chunk, Column, ColumnBuilder, ColumnV, Numbers, Schema, Selection, Span, Type,
};
use crate::expr::{EvalContext, Expr};
use crate::plan::node::{AggCall, Extent, Scope, Window};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Shards of an aggregate over the whole input; and over windows, which hold fewer keys each.
const SHARD_BITS: u32 = 8;
const SHARD_BITS_WINDOWS: u32 = 4;
/// Groups at which a partial is dealt out: as many as stay in the last-level cache.
const GROUPS_MAX: usize = if cfg!(debug_assertions) { 64 } else { 1 << 18 };
/// Keys that hardly repeat are looked up in the shards themselves, for so many rows; then it is seen anew
/// whether they repeat.
const DIRECT_ROWS: usize = if cfg!(debug_assertions) { 200 } else { 1 << 23 };
/// A chunk must have so many rows a shard for that, to be worth the locks.
const DIRECT_MIN: usize = if cfg!(debug_assertions) { 0 } else { 8 };
/// A partial's accumulators may hold this much before it is dealt out, bytes.
const PARTIAL_BYTES: usize = 64 << 20;
/// How many entries ahead their keys are asked for.
const AHEAD: usize = 16;
/// Rows of one emitted chunk.
pub const EMIT_ROWS: usize = if cfg!(debug_assertions) { 32 } else { 8192 };

/// A key table with an accumulator a call.
pub struct Groups {
    table: KeyTable,
    accs: Vec<Box<dyn Accumulator>>,
}

impl Groups {
    fn new(aggs: &[AggCall], seed: u64) -> Groups {
        Groups {
            table: KeyTable::new(seed),
            accs: aggs
                .iter()
                .map(|agg| (agg.aggregate.make)(&agg.call))
                .collect(),
        }
    }

    fn grow(&mut self) {
        let groups = self.table.len();
        for acc in &mut self.accs {
            acc.grow(groups);
        }
    }

    /// Merges groups `theirs` of `other`, which are under the same keys and spaces.
    fn absorb(&mut self, other: &Groups, theirs: &[u32], ids: &mut Vec<u32>) {
        ids.clear();
        self.table.absorb(&other.table, theirs, ids);
        self.merge(other, theirs, ids);
    }

    /// Merges groups of `other` under their keys in space 0.
    fn absorb_pane(&mut self, other: &Groups, theirs: &[u32], ids: &mut Vec<u32>) {
        ids.clear();
        ids.extend(
            theirs
                .iter()
                .map(|&group| self.table.find_or_add(other.table.key(group), 0)),
        );
        self.merge(other, theirs, ids);
    }

    fn merge(&mut self, other: &Groups, theirs: &[u32], ids: &[u32]) {
        self.grow();
        for (acc, their) in self.accs.iter_mut().zip(&other.accs) {
            acc.merge(ids, their.as_ref(), theirs);
        }
    }

    fn bytes(&self) -> usize {
        self.table.bytes() + self.accs.iter().map(|acc| acc.bytes()).sum::<usize>()
    }

    fn clear(&mut self) {
        self.table.clear();
        for acc in &mut self.accs {
            acc.clear();
        }
    }
}

/// How windows are told apart in keys: the hidden leading number (`space`) of each group.
#[derive(Clone)]
enum Spaces {
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

/// The arithmetic of panes: pane `p` is `[offset + p*pane, offset + (p+1)*pane)`, window `k` is
/// `[offset + k*slide, offset + k*slide + size)`. A row that is late for its first windows, but not for all,
/// goes into a pane of its own that those windows do not see: `space = p * (most + 1) + skip`.
#[derive(Clone, Copy, Debug)]
struct Panes {
    pane: i64,
    size: i64,
    slide: i64,
    offset: i64,
    /// Windows that a pane can be in.
    most: i64,
}

impl Panes {
    fn new(size: i64, slide: i64, offset: i64) -> Panes {
        let (mut a, mut b) = (size, slide);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Panes {
            pane: a,
            size,
            slide,
            offset,
            most: size.div_euclid(slide) + 1,
        }
    }

    /// The windows that hold pane `p`: first and last number; none if last < first.
    fn windows(&self, p: i64) -> (i64, i64) {
        let begin = p * self.pane;
        let last = begin.div_euclid(self.slide);
        // The first k with k*slide + size >= begin + pane.
        let first = -((self.size - begin - self.pane).div_euclid(self.slide));
        (first, last)
    }

    fn window(&self, k: i64) -> (i64, i64) {
        let start = self.offset + k * self.slide;
        (start, start + self.size)
    }

    /// The space of a row at `t`, judged by `before`: `Err(true)` late for all its windows, `Err(false)` in none.
    fn space(&self, t: i64, before: i64) -> Result<i64, bool> {
        let p = (t - self.offset).div_euclid(self.pane);
        let (first, last) = self.windows(p);
        if last < first {
            return Err(false);
        }
        let skip = (first..=last)
            .take_while(|&k| self.window(k).1 <= before)
            .count() as i64;
        if skip > last - first {
            Err(true)
        } else {
            Ok(p * (self.most + 1) + skip)
        }
    }

    /// The windows that see a space: first and last number.
    fn seen(&self, space: i64) -> (i64, i64) {
        let (p, skip) = (
            space.div_euclid(self.most + 1),
            space.rem_euclid(self.most + 1),
        );
        let (first, last) = self.windows(p);
        (first + skip, last)
    }
}

/// An aggregate node of a running plan: shared by all workers.
pub struct AggregateState<'p> {
    keys: &'p [Expr],
    aggs: &'p [AggCall],
    schema: &'p Schema,
    coder: KeyCoder,
    spaces: Spaces,
    /// In windows: fields 0 and 1 are the window's.
    windowed: bool,
    shards: Vec<Mutex<Groups>>,
    bits: u32,
    /// Open windows: end by start (of panes: by space, the last end that sees it).
    ends: Mutex<BTreeMap<i64, i64>>,
    /// Windows that end at or before have been given.
    closed: Mutex<i64>,
    seed: u64,
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
                } if size != slide => Spaces::Panes(Panes::new(*size, *slide, *offset)),
                window if window.size == window.slide => Spaces::Tumbling(Grid::new(window, zone)),
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
            ends: Mutex::default(),
            closed: Mutex::new(i64::MIN),
            seed,
        }
    }

    /// The first end of an open window, when the watermark next closes something.
    pub fn next_end(&self) -> Option<i64> {
        match &self.spaces {
            Spaces::None => None,
            Spaces::Panes(panes) => {
                let closed = *lock(&self.closed);
                let ends = lock(&self.ends);
                ends.keys()
                    .flat_map(|&space| {
                        let (first, last) = panes.seen(space);
                        (first..=last)
                            .map(|k| panes.window(k).1)
                            .find(|&end| end > closed)
                    })
                    .min()
            }
            _ => lock(&self.ends).values().min().copied(),
        }
    }

    /// Everything whose window has ended by `upto`, as rows in order.
    pub fn close(&self, upto: Watermark, threads: usize) -> Option<Emission<'_>> {
        let at = match upto {
            Watermark::None => return None,
            Watermark::At(at) => at,
            Watermark::End => i64::MAX,
        };
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

    fn close_starts(&self, taken: &[Groups], at: i64) -> Vec<(Option<(i64, i64)>, Vec<Entry>)> {
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

    fn close_panes(
        &self,
        panes: &Panes,
        taken: &mut Vec<Groups>,
        at: i64,
    ) -> Vec<(Option<(i64, i64)>, Vec<Entry>)> {
        let closed = *lock(&self.closed);
        let mut ends = lock(&self.ends);
        let mut windows: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for &space in ends.keys() {
            let (first, last) = panes.seen(space);
            for k in first..=last {
                let end = panes.window(k).1;
                if end > closed && end <= at {
                    windows.entry(k).or_default().push(space);
                }
            }
        }
        // Where the groups of each space are: once for all windows.
        let mut places: BTreeMap<i64, Vec<(usize, Vec<u32>)>> = BTreeMap::new();
        let mut kept = Vec::new();
        let shards = taken.len();
        for (shard, groups) in taken.iter().enumerate() {
            kept.clear();
            for group in 0..groups.table.len() as u32 {
                let space = groups.table.space(group);
                let at_space = places.entry(space).or_default();
                match at_space.last_mut() {
                    Some((last, list)) if *last == shard => list.push(group),
                    _ => at_space.push((shard, vec![group])),
                }
                if ends.get(&space).is_some_and(|end| *end > at) {
                    kept.push(group);
                }
            }
            self.put_back(groups, shard, &kept);
        }
        ends.retain(|_, end| *end > at);
        let mut parts = Vec::new();
        let mut ids = Vec::new();
        for (k, spaces) in windows {
            let mut whole = Groups::new(self.aggs, self.seed);
            for (shard, groups) in spaces
                .iter()
                .filter_map(|space| places.get(space))
                .flatten()
            {
                whole.absorb_pane(&taken[*shard], groups, &mut ids);
            }
            let made = taken.len();
            let entries = (0..whole.table.len() as u32)
                .map(|group| Entry::new(&whole, made, group, &self.coder))
                .collect();
            parts.push((Some(panes.window(k)), entries));
            taken.push(whole);
        }
        debug_assert!(taken.len() >= shards);
        parts
    }

    fn put_back(&self, groups: &Groups, shard: usize, kept: &[u32]) {
        if !kept.is_empty() {
            lock(&self.shards[shard]).absorb(groups, kept, &mut Vec::new());
        }
    }

    fn order(&self, groups: &[Groups], a: &Entry, b: &Entry) -> Ordering {
        a.rank.cmp(&b.rank).then_with(|| {
            let key = |entry: &Entry| groups[entry.place as usize].table.key(entry.group);
            self.coder.compare(key(a), key(b))
        })
    }
}

/// A group on its way out.
#[derive(Copy, Clone)]
struct Entry {
    rank: u64,
    group: u32,
    /// Index into the emission's groups.
    place: u32,
}

impl Entry {
    fn new(groups: &Groups, place: usize, group: u32, coder: &KeyCoder) -> Entry {
        Entry {
            rank: coder.rank(groups.table.key(group)),
            group,
            place: place as u32,
        }
    }
}

fn entries(taken: &[Groups], coder: &KeyCoder, threads: usize) -> Vec<Entry> {
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
    parts: Vec<(Option<(i64, i64)>, Vec<Entry>)>,
}

impl Emission<'_> {
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
            let (keys, aggs) = rest.split_at_mut(state.keys.len());
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
            for (agg, builder) in aggs.iter_mut().enumerate() {
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
            chunk.times = Some(windows.iter().map(|(_, end)| end - 1).collect());
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

/// The aggregates' arguments: each different one is evaluated once, and text that several aggregates read as
/// numbers is read once.
struct Args {
    exprs: Vec<Expr>,
    /// By aggregate: its expression.
    of: Vec<Option<usize>>,
    read: Vec<Numbers>,
    /// By expression: another one that is nothing but its conversion to a number.
    converted: Vec<Option<usize>>,
}

impl Args {
    fn new(aggs: &[AggCall]) -> Args {
        let (mut exprs, mut texts) = (Vec::new(), Vec::new());
        let mut add = |expr: &Expr| {
            let text = (expr.text(), expr.ty.clone());
            texts
                .iter()
                .position(|known| *known == text)
                .unwrap_or_else(|| {
                    texts.push(text);
                    exprs.push(expr.clone());
                    exprs.len() - 1
                })
        };
        let of = aggs
            .iter()
            .map(|agg| agg.arg.as_ref().map(&mut add))
            .collect();
        let read = exprs.iter().map(|_| Numbers::default()).collect();
        let converted = exprs
            .iter()
            .map(|expr: &Expr| {
                if expr.ty != Type::Untyped {
                    return None;
                }
                let text = (expr.clone().into_number().text(), Type::Number);
                texts.iter().position(|known| *known == text)
            })
            .collect();
        Args {
            exprs,
            of,
            read,
            converted,
        }
    }

    fn eval(&mut self, chunk: &mut Chunk, cx: &mut EvalContext<'_>) -> Vec<ColumnV> {
        self.exprs
            .iter_mut()
            .map(|expr| expr.eval(chunk, cx))
            .collect()
    }

    /// The numbers that a column reads as, where another argument is just that.
    fn numbers_of<'c>(&self, at: usize, columns: &'c [ColumnV]) -> Option<&'c Numbers> {
        match &columns[self.converted[at]?].data {
            Column::Number(numbers) => Some(numbers),
            _ => None,
        }
    }

    /// Reads the text that accumulators want as numbers, for the live rows.
    fn read(&mut self, accs: &[Box<dyn Accumulator>], chunk: &Chunk, columns: &[ColumnV]) {
        let mut is_read = vec![false; columns.len()];
        for (acc, of) in accs.iter().zip(&self.of) {
            if let Some(at) = *of
                && acc.reads_numbers()
                && self.numbers_of(at, columns).is_none()
                && !std::mem::replace(&mut is_read[at], true)
                && let Some(cells) = chunk.cells(&columns[at])
            {
                number::numbers(&cells, &mut self.read[at]);
            }
        }
    }

    fn update(&self, accs: &mut [Box<dyn Accumulator>], rows: &Rows<'_>, columns: &[ColumnV]) {
        for (acc, of) in accs.iter_mut().zip(&self.of) {
            match *of {
                None => acc.update(rows, None),
                Some(at) if acc.reads_numbers() && rows.chunk.cells(&columns[at]).is_some() => {
                    let read = self.numbers_of(at, columns).unwrap_or(&self.read[at]);
                    acc.update_read(rows, Some(&columns[at]), read);
                }
                Some(at) => acc.update(rows, Some(&columns[at])),
            }
        }
    }
}

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
    first_end: i64,
    ids: Vec<u32>,
    row_spaces: Vec<i64>,
    /// Rows since the last deal.
    rows: usize,
    /// Keys hardly repeat: so many rows more go to the shards themselves.
    direct: usize,
    dealt: Vec<Vec<u32>>,
}

impl<'p> AggregatePartial<'p> {
    pub fn new(state: &'p AggregateState<'p>) -> AggregatePartial<'p> {
        AggregatePartial {
            state,
            keys: state.keys.to_vec(),
            args: Args::new(state.aggs),
            groups: Groups::new(state.aggs, state.seed),
            spaces: state.spaces.clone(),
            ends: BTreeMap::new(),
            noted: i64::MIN,
            first_end: i64::MAX,
            ids: Vec::new(),
            row_spaces: Vec::new(),
            rows: 0,
            direct: 0,
            dealt: vec![Vec::new(); state.shards.len()],
        }
    }

    /// Adds the live rows of a chunk, but for those that `refuse` takes out when their keys and arguments are
    /// known; returns how many were late.
    pub fn absorb(
        &mut self,
        chunk: &mut Chunk,
        cx: &mut EvalContext<'_>,
        refuse: &mut dyn FnMut(&mut Chunk, &mut Counts),
    ) -> u64 {
        let late = self.assign(chunk);
        if chunk.live.is_empty() {
            return late;
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
        let Column::Bytes(spans) = &key.data else {
            return late;
        };
        let cells = Cells {
            spans,
            block: chunk.block.padded(),
            scratch: chunk.scratch(),
            valid: key.valid.as_ref(),
            rows: chunk.live.rows(),
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
            self.look_up_in_shards(chunk, spans, key.valid.as_ref(), &columns);
            return late;
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
        if groups > GROUPS_MAX || self.groups.bytes() > PARTIAL_BYTES {
            if self.rows < groups * 2 {
                self.direct = DIRECT_ROWS;
            }
            self.deal(chunk.block.seq as usize);
        }
        late
    }

    /// Adds the rows in `dealt`, a list for each shard, to the shards.
    // PERF: 50 million rows of 10 million keys: a third less time than a partial of a million rows that is
    // dealt out, which writes every key once more and reads it where it is no longer in the cache.
    fn look_up_in_shards(
        &mut self,
        chunk: &mut Chunk,
        spans: &[Span],
        valid: Option<&Bitmap>,
        columns: &[ColumnV],
    ) {
        let shards = self.state.shards.len();
        let all = std::mem::take(&mut chunk.live);
        for i in 0..shards {
            // Workers begin apart, so that they meet less.
            let shard = (chunk.block.seq as usize * 7 + i) % shards;
            if self.dealt[shard].is_empty() {
                continue;
            }
            chunk.live = Selection::Some(std::mem::take(&mut self.dealt[shard]));
            let cells = Cells {
                spans,
                block: chunk.block.padded(),
                scratch: chunk.scratch(),
                valid,
                rows: chunk.live.rows(),
            };
            let spaces = self.state.windowed.then_some(self.row_spaces.as_slice());
            self.ids.clear();
            let mut groups = lock(&self.state.shards[shard]);
            groups.table.probe(&cells, spaces, &mut self.ids);
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
    fn assign(&mut self, chunk: &mut Chunk) -> u64 {
        let expanded = match &mut self.spaces {
            Spaces::Expanded(grid) => {
                let all: Vec<usize> = (0..chunk.columns.len()).collect();
                super::steps::assign(grid, None, &all, chunk)
            }
            _ => 0,
        };
        let Chunk {
            live,
            times,
            windows,
            before,
            rows,
            ..
        } = chunk;
        let spaces = &mut self.row_spaces;
        spaces.clear();
        let mut late = expanded;
        match (&mut self.spaces, times) {
            (Spaces::None, _) => {}
            (Spaces::Starts | Spaces::Expanded(_), _) => {
                spaces.resize(rows.len(), 0);
                let Some(windows) = windows else {
                    return expanded;
                };
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
                        late += u64::from(!open);
                        if open {
                            note(row, grid);
                        }
                        open
                    }),
                }
            }
            (Spaces::Panes(panes), Some(times)) => {
                spaces.resize(rows.len(), 0);
                live.retain(|row| {
                    let judged = before
                        .as_ref()
                        .map_or(i64::MIN, |before| before[row as usize]);
                    match panes.space(times[row as usize], judged) {
                        Ok(space) => {
                            spaces[row as usize] = space;
                            if space != self.noted {
                                self.noted = space;
                                let (first, last) = panes.seen(space);
                                self.ends.insert(space, panes.window(last).1);
                                self.first_end = self.first_end.min(panes.window(first).1);
                            }
                            true
                        }
                        Err(behind) => {
                            late += u64::from(behind);
                            false
                        }
                    }
                });
            }
            // Rows without times are in no window; the builder gives such a plan no window.
            (_, None) => live.truncate(0),
        }
        late
    }

    /// The first end of a window noted since the last call, else `i64::MAX`.
    pub fn first_end(&mut self) -> i64 {
        std::mem::replace(&mut self.first_end, i64::MAX)
    }

    /// Merges everything into the shards; begins with shard `first`, so that workers meet less.
    pub fn deal(&mut self, first: usize) {
        if !self.ends.is_empty() {
            lock(&self.state.ends).append(&mut self.ends);
            self.noted = i64::MIN;
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn panes_are_seen_by_the_windows_that_hold_them_and_are_not_late(
            t in -500i64..500, before in -500i64..500, size in 1i64..40, slide in 1i64..40, offset in -9i64..9,
        ) {
            let panes = Panes::new(size, slide, offset);
            let holding: Vec<i64> = (-1000i64..1000)
                .filter(|k| { let (s, e) = panes.window(*k); s <= t && t < e })
                .collect();
            let open: Vec<i64> = holding.iter().copied().filter(|&k| panes.window(k).1 > before).collect();
            match panes.space(t, before) {
                Ok(space) => {
                    let (first, last) = panes.seen(space);
                    prop_assert_eq!((first..=last).collect::<Vec<_>>(), open);
                }
                Err(late) => {
                    prop_assert!(open.is_empty());
                    prop_assert_eq!(late, !holding.is_empty());
                }
            }
        }

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
