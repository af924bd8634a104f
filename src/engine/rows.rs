//! Rows that are kept until their scope closes: `sort-by`, `top`, `distinct --last`, and the records of a
//! window. Each worker keeps compact copies of its own; a bounded ranking is cut down as it grows. Rows leave
//! by window end, then as the node says, then by their place in the input.

use super::aggregate::{EMIT_ROWS, sort};
use super::order::lock;
use super::saving::{read, write};
use super::spill::{Reading, Run};
use crate::bytes::Span;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, Field, FieldId, Schema, Type, Value};
use crate::data::{kept, keys};
use crate::error::Failure;
use crate::expr::{EvalContext, Expr};
use crate::memory;
use crate::plan::grouping::before_of;
use crate::plan::node::{NodeKind, Scope};
use std::cmp::Ordering;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, RwLock};

/// Rows at which a bounded ranking is cut down.
const PRUNE_FROM: usize = if cfg!(debug_assertions) { 64 } else { 1 << 16 };

/// Pieces that kept rows are saved in.
const SHARES: usize = 16;

/// Rows of a piece of a run on the disk.
const SPILL_ROWS: usize = if cfg!(debug_assertions) { 16 } else { 8192 };
/// What a worker keeps of rows that may be set aside before it hands them in, bytes.
const PARTIAL_BYTES: usize = if cfg!(debug_assertions) {
    8 << 10
} else {
    8 << 20
};

/// What a node keeps and in which order it gives it.
pub struct RowsState<'p> {
    schema: &'p Schema,
    /// Columns that later nodes read.
    carry: &'p [FieldId],
    /// Partition (`--per`), then order; columns behind the schema's in kept chunks.
    per: usize,
    exprs: Vec<Expr>,
    descending: Vec<bool>,
    limit: Option<u64>,
    ties: bool,
    rank: Option<FieldId>,
    /// Of equal partition only the last row: `distinct --last`.
    last: bool,
    windowed: bool,
    /// How far behind the end of its window a row may be, ns, where it is known and no beginning says it.
    pub age: Option<i64>,
    kept: RwLock<Pool>,
    /// Bytes held, about, also by workers.
    held: AtomicUsize,
    /// Runs of rows that were set aside on the disk.
    spilled: Mutex<Vec<Run>>,
}

/// What was kept by all workers.
#[derive(Clone)]
struct Pool {
    kept: Vec<Kept>,
    /// A bounded ranking is cut down when it has more rows.
    prune_at: usize,
}

impl Default for Pool {
    fn default() -> Pool {
        Pool {
            kept: Vec::new(),
            prune_at: PRUNE_FROM,
        }
    }
}

/// A compact chunk and where its rows stood in the input.
#[derive(Clone)]
struct Kept {
    chunk: Chunk,
    places: Vec<u64>,
}

/// A kept row on its way out.
#[derive(Copy, Clone)]
struct Entry {
    window: (i64, i64),
    rank: u64,
    /// In a ranking, equals go by time first; else 0.
    time: i64,
    place: u64,
    chunk: u32,
    row: u32,
}

impl<'p> RowsState<'p> {
    /// Whether rows wait for the end of the input, as they are in no windows.
    pub fn is_whole(&self) -> bool {
        !self.windowed
    }

    /// Of a `Sort`, or a `Distinct` with `last`; `None` for other nodes.
    pub fn new(kind: &'p NodeKind, schema: &'p Schema) -> Option<RowsState<'p>> {
        let (per, by, limit, ties, rank, last, scope, carry) = match kind {
            NodeKind::Sort {
                by,
                limit,
                per,
                ties,
                rank,
                scope,
                carry,
            } => {
                let by = by
                    .iter()
                    .map(|key| (key.expr.clone(), key.descending))
                    .collect();
                (per.clone(), by, *limit, *ties, *rank, false, scope, carry)
            }
            NodeKind::Distinct {
                keys,
                last: true,
                scope,
                carry,
            } => (
                keys.clone(),
                Vec::new(),
                None,
                false,
                None,
                true,
                scope,
                carry,
            ),
            _ => return None,
        };
        let mut descending = vec![false; per.len()];
        let mut exprs = per;
        let per = exprs.len();
        for (expr, down) in by {
            exprs.push(expr);
            descending.push(down);
        }
        Some(RowsState {
            schema,
            carry,
            per,
            exprs,
            descending,
            limit,
            ties,
            rank,
            last,
            windowed: !matches!(scope, Scope::Forever),
            age: None,
            kept: RwLock::default(),
            held: AtomicUsize::new(0),
            spilled: Mutex::default(),
        })
    }

    /// Another one with the same rows.
    pub fn fork(&self) -> RowsState<'p> {
        RowsState {
            schema: self.schema,
            carry: self.carry,
            per: self.per,
            exprs: self.exprs.clone(),
            descending: self.descending.clone(),
            limit: self.limit,
            ties: self.ties,
            rank: self.rank,
            last: self.last,
            windowed: self.windowed,
            age: self.age,
            kept: RwLock::new(read(&self.kept).clone()),
            held: AtomicUsize::new(self.held()),
            spilled: Mutex::default(),
        }
    }

    /// Bytes held, about.
    pub fn held(&self) -> usize {
        self.held.load(Relaxed)
    }

    pub fn next_end(&self) -> Option<i64> {
        if !self.windowed {
            return None;
        }
        read(&self.kept)
            .kept
            .iter()
            .filter_map(|kept| kept.chunk.windows.as_ref())
            .flatten()
            .map(|(_, end)| *end)
            .min()
    }

    /// Everything whose window has ended by `upto`, as chunks in order.
    pub fn close(&self, upto: Watermark, threads: usize) -> Vec<Chunk> {
        let _state = memory::state();
        let kept = &mut write(&self.kept).kept;
        if kept.is_empty() || (upto != Watermark::End && !self.windowed) {
            return Vec::new();
        }
        let mut entries = self.entries(kept);
        let mut stay = Vec::new();
        if upto != Watermark::End {
            entries.retain(|entry| {
                let closes = upto.passes(entry.window.1);
                if !closes {
                    stay.push(*entry);
                }
                closes
            });
            if entries.is_empty() {
                return Vec::new();
            }
        }
        let ranks = self.choose(kept, &mut entries, threads);
        let mut out = Vec::new();
        for (piece, ranks) in entries.chunks(EMIT_ROWS).zip(ranks.chunks(EMIT_ROWS)) {
            let mut chunk = self.gather(kept, piece, false).chunk;
            if let Some(field) = self.rank {
                let mut builder = ColumnBuilder::new(&Type::Number);
                for rank in ranks {
                    builder.number(crate::data::Number::Exact {
                        units: *rank as i64,
                        scale: 0,
                    });
                }
                chunk.set_column(field, builder.finish());
            }
            out.push(chunk);
        }
        let rest = if stay.is_empty() {
            Vec::new()
        } else {
            vec![self.gather(kept, &stay, true)]
        };
        let held = rest.iter().map(|kept| kept.chunk.held()).sum();
        self.held.store(held, Relaxed);
        *kept = rest;
        out
    }

    /// Forgets all rows.
    pub fn forget(&self) {
        write(&self.kept).kept.clear();
        self.held.store(0, Relaxed);
    }

    /// Whether most rows can be forgotten.
    fn is_bounded(&self) -> bool {
        self.limit.is_some() || self.last
    }

    /// Takes rows of a worker. Of a ranking those that cannot be in it are forgotten, however often it is given some.
    fn put(&self, more: &mut Vec<Kept>) {
        let _state = memory::state();
        let mut pool = write(&self.kept);
        pool.kept.append(more);
        let rows: usize = pool.kept.iter().map(|kept| kept.places.len()).sum();
        if self.is_bounded() && rows > pool.prune_at {
            pool.kept = vec![self.pruned(&pool.kept)];
            pool.prune_at = PRUNE_FROM.max(pool.kept[0].places.len() * 2);
        }
    }

    /// Whether its rows can be set aside: all of them stay until the input ends.
    pub fn can_spill(&self) -> bool {
        !self.windowed && !self.is_bounded()
    }

    pub fn has_spilled(&self) -> bool {
        !lock(&self.spilled).is_empty()
    }

    /// Bytes that are set aside.
    pub fn bytes_aside(&self) -> usize {
        lock(&self.spilled).iter().map(Run::bytes).sum()
    }

    /// Sets the rows that workers have handed in aside, in `dir`.
    pub fn spill(&self, dir: &Path, threads: usize) -> Result<(), Failure> {
        let mut spilled = lock(&self.spilled);
        let kept = std::mem::take(&mut write(&self.kept).kept);
        if kept.is_empty() {
            return Ok(());
        }
        let mut entries = self.entries(&kept);
        self.choose(&kept, &mut entries, threads);
        let pieces = entries.chunks(SPILL_ROWS).map(|piece| {
            let Kept { chunk, places } = self.gather(&kept, piece, true);
            let mut save = Save::default();
            save.put_flat(places.iter().copied());
            kept::save(&chunk, &self.fields(), &mut save);
            save.into_bytes()
        });
        spilled.push(Run::write(dir, pieces)?);
        let freed = kept.iter().map(|kept| kept.chunk.held()).sum();
        self.held.fetch_sub(freed, Relaxed);
        Ok(())
    }

    /// The input has ended: merges what was set aside and gives it, in order.
    pub fn merge_spilled(
        &self,
        dir: &Path,
        threads: usize,
        give: &mut dyn FnMut(Vec<Chunk>),
    ) -> Result<(), Failure> {
        self.spill(dir, threads)?;
        let runs = std::mem::take(&mut *lock(&self.spilled));
        let fields = self.fields();
        let load = |bytes: &[u8]| -> Result<Kept, Damaged> {
            let mut saved = Saved::new(bytes);
            let places: Vec<u64> = saved.take_flat()?.collect();
            let chunk = kept::load(&fields, &mut saved)?;
            match places.len() == chunk.rows.len() {
                true => Ok(Kept { chunk, places }),
                false => Err(Damaged),
            }
        };
        // Of each run the piece at hand, and how many of its rows have been given.
        let mut heads: Vec<(Reading<'_>, usize)> = Vec::new();
        let mut kept: Vec<Kept> = Vec::new();
        for run in &runs {
            let mut reading = run.read();
            if let Some(piece) = reading.next(dir, load)? {
                heads.push((reading, 0));
                kept.push(piece);
            }
        }
        while !kept.is_empty() {
            let mut entries = self.entries(&kept);
            entries.retain(|entry| entry.row as usize >= heads[entry.chunk as usize].1);
            let order = |a: &Entry, b: &Entry| {
                self.key_order(&kept, a, b, 0..self.exprs.len())
                    .then(a.place.cmp(&b.place))
            };
            // Up to the least of the last rows at hand no run has more to say.
            let is_last =
                |entry: &&Entry| entry.row as usize + 1 == kept[entry.chunk as usize].places.len();
            let Some(least) = entries.iter().filter(is_last).copied().min_by(order) else {
                break;
            };
            entries.retain(|entry| order(entry, &least).is_le());
            for entry in &entries {
                heads[entry.chunk as usize].1 += 1;
            }
            self.choose(&kept, &mut entries, threads);
            let chunks = entries
                .chunks(EMIT_ROWS)
                .map(|piece| self.gather(&kept, piece, false).chunk);
            give(chunks.collect());
            let mut at = 0;
            while at < kept.len() {
                if heads[at].1 < kept[at].places.len() {
                    at += 1;
                    continue;
                }
                match heads[at].0.next(dir, load)? {
                    Some(piece) => {
                        kept[at] = piece;
                        heads[at].1 = 0;
                        at += 1;
                    }
                    None => {
                        kept.remove(at);
                        heads.remove(at);
                    }
                }
            }
        }
        Ok(())
    }

    /// The rows that can be in the ranking, as one.
    fn pruned(&self, kept: &[Kept]) -> Kept {
        let mut entries = self.entries(kept);
        self.choose(kept, &mut entries, 1);
        let rest = self.gather(kept, &entries, true);
        let before: usize = kept.iter().map(|kept| kept.chunk.held()).sum();
        self.held.fetch_add(rest.chunk.held(), Relaxed);
        self.held.fetch_sub(before, Relaxed);
        rest
    }

    /// The columns that are kept: what later nodes read, then partition and order.
    fn fields(&self) -> Vec<(FieldId, Type)> {
        let carried = self.carry.iter().filter(|field| Some(**field) != self.rank);
        let carried = carried.filter_map(|&at| Some((at, self.schema.fields.get(at)?.ty.clone())));
        let width = self.schema.fields.len();
        let keys = (width..).zip(&self.exprs);
        carried
            .chain(keys.map(|(at, expr)| (at, expr.ty.clone())))
            .collect()
    }

    /// Pieces that the rows are saved in.
    pub fn pieces(&self) -> usize {
        SHARES
    }

    /// Puts one of the pieces. Workers have handed in theirs.
    pub fn save(&self, i: usize, to: &mut Save) {
        let pool = read(&self.kept);
        let fields = self.fields();
        let mine = pool.kept.iter().skip(i).step_by(SHARES);
        to.put(&mine.len());
        for Kept { chunk, places } in mine {
            to.put_flat(places.iter().copied());
            kept::save(chunk, &fields, to);
        }
    }

    /// Takes one of the pieces beside what is kept.
    pub fn load(&self, i: usize, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let fields = self.fields();
        let count: usize = from.take()?;
        let mut loaded = Vec::new();
        for _ in 0..count {
            let places: Vec<u64> = from.take_flat()?.collect();
            let chunk = kept::load(&fields, from)?;
            let beside = chunk.windows.is_some() || !self.windowed;
            if i >= SHARES || places.len() != chunk.rows.len() || !beside {
                return Err(Damaged);
            }
            self.held.fetch_add(chunk.held(), Relaxed);
            loaded.push(Kept { chunk, places });
        }
        write(&self.kept).kept.append(&mut loaded);
        Ok(())
    }

    fn entries(&self, kept: &[Kept]) -> Vec<Entry> {
        let mut out = Vec::new();
        for (c, Kept { chunk, places }) in kept.iter().enumerate() {
            for (row, &place) in places.iter().enumerate() {
                let window = match (&chunk.windows, self.windowed) {
                    (Some(windows), true) => windows[row],
                    _ => (0, 0),
                };
                let rank = match self.exprs.first() {
                    None => 0,
                    Some(_) => {
                        let rank = keys::rank(&self.cell(chunk, 0, row));
                        if self.descending[0] { !rank } else { rank }
                    }
                };
                let time = match (&chunk.times, self.limit) {
                    (Some(times), Some(_)) => times[row],
                    _ => 0,
                };
                out.push(Entry {
                    window,
                    rank,
                    time,
                    place,
                    chunk: c as u32,
                    row: row as u32,
                });
            }
        }
        out
    }

    /// Sorts, cuts to the limit, and numbers the rows of each partition from 1.
    fn choose(&self, kept: &[Kept], entries: &mut Vec<Entry>, threads: usize) -> Vec<u64> {
        sort(entries, threads, &|a, b| {
            let keys = || self.key_order(kept, a, b, 0..self.exprs.len());
            // A ranking is that of a window; other rows come by the instant, then by key.
            let in_order = match self.last {
                true => (a.window.1.cmp(&b.window.1).then_with(keys))
                    .then_with(|| a.window.0.cmp(&b.window.0)),
                false => self.scope_order(a, b).then_with(keys),
            };
            in_order.then_with(|| {
                let places = (a.time, a.place).cmp(&(b.time, b.place));
                if self.last { places.reverse() } else { places }
            })
        });
        let per = 0..self.per;
        let by = self.per..self.exprs.len();
        let limit = if self.last {
            1
        } else {
            self.limit.unwrap_or(u64::MAX)
        };
        let mut ranks = Vec::with_capacity(entries.len());
        let mut kept_last: Option<Entry> = None;
        let mut taken = 0;
        entries.retain(|entry| {
            let same = kept_last.is_some_and(|last| {
                self.scope_order(&last, entry).is_eq()
                    && self.key_order(kept, &last, entry, per.clone()).is_eq()
            });
            if !same {
                taken = 0;
            }
            let tied = || {
                kept_last.is_some_and(|last| self.key_order(kept, &last, entry, by.clone()).is_eq())
            };
            let keep = taken < limit || (self.ties && same && tied());
            if keep {
                taken += 1;
                ranks.push(taken);
                kept_last = Some(*entry);
            }
            keep
        });
        ranks
    }

    fn scope_order(&self, a: &Entry, b: &Entry) -> Ordering {
        (a.window.1, a.window.0).cmp(&(b.window.1, b.window.0))
    }

    fn key_order(
        &self,
        kept: &[Kept],
        a: &Entry,
        b: &Entry,
        keys: std::ops::Range<usize>,
    ) -> Ordering {
        for key in keys {
            if key == 0 {
                let ranks = a.rank.cmp(&b.rank);
                if ranks.is_ne() {
                    return ranks;
                }
            }
            let (left, right) = (
                self.cell(&kept[a.chunk as usize].chunk, key, a.row as usize),
                self.cell(&kept[b.chunk as usize].chunk, key, b.row as usize),
            );
            let order = left.order(&right);
            if order.is_ne() {
                return if self.descending[key] {
                    order.reverse()
                } else {
                    order
                };
            }
        }
        Ordering::Equal
    }

    fn cell<'c>(&self, chunk: &'c Chunk, key: usize, row: usize) -> Value<'c> {
        match chunk.column(self.schema.fields.len() + key) {
            // In the order of values an empty cell counts as null, but not as a key.
            Some(column) => match chunk.value(column, &self.exprs[key].ty, row) {
                Value::Untyped(b"") if key >= self.per => Value::Null,
                value => value,
            },
            None => Value::Null,
        }
    }

    /// Copies rows out of several chunks into one.
    fn gather(&self, kept: &[Kept], entries: &[Entry], with_keys: bool) -> Kept {
        let mut scratch = Vec::new();
        let width = self.schema.fields.len();
        let mut columns: Vec<Option<ColumnV>> = Vec::new();
        columns.resize_with(width, || None);
        let mut copy = |at: usize, ty: &Type, scratch: &mut Vec<u8>| {
            let mut builder = ColumnBuilder::new(ty);
            for entry in entries {
                let chunk = &kept[entry.chunk as usize].chunk;
                match chunk.column(at) {
                    Some(column) => {
                        push_cell(chunk, column, entry.row as usize, &mut builder, scratch)
                    }
                    None => builder.null(),
                }
            }
            if columns.len() <= at {
                columns.resize_with(at + 1, || None);
            }
            columns[at] = Some(builder.finish());
        };
        for &field in self.carry {
            if Some(field) != self.rank
                && let Some(Field { ty, .. }) = self.schema.fields.get(field)
            {
                copy(field, ty, &mut scratch);
            }
        }
        if with_keys {
            for (key, expr) in self.exprs.iter().enumerate() {
                copy(width + key, &expr.ty, &mut scratch);
            }
        }
        let rows: Vec<Span> = entries
            .iter()
            .map(|entry| {
                let chunk = &kept[entry.chunk as usize].chunk;
                let line = chunk.bytes(chunk.rows[entry.row as usize]);
                let span = Span::scratch(scratch.len(), line.len());
                scratch.extend_from_slice(line);
                span
            })
            .collect();
        let pick = |of: fn(&Chunk) -> Option<&Vec<i64>>| -> Option<Vec<i64>> {
            entries
                .iter()
                .map(|entry| Some(of(&kept[entry.chunk as usize].chunk)?[entry.row as usize]))
                .collect()
        };
        let times = pick(|chunk| chunk.times.as_ref());
        let windows: Option<Vec<(i64, i64)>> = entries
            .iter()
            .map(|entry| {
                Some(kept[entry.chunk as usize].chunk.windows.as_ref()?[entry.row as usize])
            })
            .collect();
        // Windows by count have come when they are over.
        let by_count = windows.iter().flatten().all(|(start, end)| start == end);
        let clocks = by_count.then(|| pick(|chunk| chunk.clocks.as_ref()));
        let mut chunk = Chunk::of_columns(entries.len(), columns, scratch);
        chunk.rows = rows;
        chunk.times = times;
        chunk.clocks = clocks.flatten();
        chunk.windows = windows;
        // Rows of windows that are still open are not older than their windows, or than a time behind their ends.
        let before = |(start, end): &(i64, i64)| match self.age {
            None => *start,
            Some(age) => before_of(*end, age),
        };
        chunk.before = self
            .windowed
            .then_some(chunk.windows.as_ref())
            .flatten()
            .map(|windows| windows.iter().map(before).collect());
        Kept {
            chunk,
            places: entries.iter().map(|entry| entry.place).collect(),
        }
    }
}

/// Copies one cell.
pub fn push_cell(
    chunk: &Chunk,
    column: &ColumnV,
    row: usize,
    builder: &mut ColumnBuilder,
    scratch: &mut Vec<u8>,
) {
    if !column.is_valid(row) {
        builder.null();
        return;
    }
    match &column.data {
        Column::Bytes(spans) => builder.bytes(chunk.bytes(spans[row]), scratch),
        Column::Nanos(values) => builder.nanos(values[row]),
        Column::Bool(bits) => builder.bool(bits.get(row)),
        Column::List { ends, items } => {
            let from = if row == 0 { 0 } else { ends[row - 1] } as usize;
            for i in from..ends[row] as usize {
                push_cell(chunk, items, i, builder.items(), scratch);
            }
            builder.end_list();
        }
        _ => match column.number(row) {
            Some(number) => builder.number(number),
            None => builder.null(),
        },
    }
}

/// A worker's own kept rows since they were last handed over.
pub struct RowsPartial<'p> {
    state: &'p RowsState<'p>,
    exprs: Vec<Expr>,
    kept: Vec<Kept>,
    rows: usize,
    bytes: usize,
    prune_at: usize,
}

impl<'p> RowsPartial<'p> {
    pub fn new(state: &'p RowsState<'p>) -> RowsPartial<'p> {
        RowsPartial {
            state,
            exprs: state.exprs.clone(),
            kept: Vec::new(),
            rows: 0,
            bytes: 0,
            prune_at: PRUNE_FROM,
        }
    }

    pub fn absorb(&mut self, chunk: &mut Chunk, cx: &mut EvalContext<'_>) {
        if chunk.live.is_empty() {
            return;
        }
        let width = self.state.schema.fields.len();
        for (key, expr) in self.exprs.iter_mut().enumerate() {
            let column = expr.eval(chunk, cx);
            chunk.set_column(width + key, column);
        }
        let entries: Vec<Entry> = chunk
            .live
            .iter()
            .map(|row| Entry {
                window: (0, 0),
                rank: 0,
                time: 0,
                place: place(chunk.block.seq, row),
                chunk: 0,
                row,
            })
            .collect();
        let source = Kept {
            chunk: std::mem::take(chunk),
            places: Vec::new(),
        };
        let state = memory::state();
        let mut kept = self
            .state
            .gather(std::slice::from_ref(&source), &entries, true);
        drop(state);
        kept.chunk.block.seq = source.chunk.block.seq;
        *chunk = source.chunk;
        self.rows += entries.len();
        self.bytes += kept.chunk.held();
        self.state.held.fetch_add(kept.chunk.held(), Relaxed);
        self.kept.push(kept);
        if self.state.can_spill() && self.bytes > PARTIAL_BYTES {
            self.deal();
        }
        if self.state.is_bounded() && self.rows > self.prune_at {
            let kept = self.state.pruned(&self.kept);
            self.rows = kept.places.len();
            self.prune_at = PRUNE_FROM.max(self.rows * 2);
            self.kept = vec![kept];
        }
    }

    pub fn deal(&mut self) {
        if !self.kept.is_empty() {
            self.state.put(&mut self.kept);
            (self.rows, self.bytes) = (0, 0);
        }
    }
}

/// A number that orders rows by their place in the input.
pub fn place(seq: u64, row: u32) -> u64 {
    seq << 32 | u64::from(row)
}
