//! The data plane: a worker takes a block, finds its rows, runs the stage over them and hands on what comes out.

use super::aggregate::AggregateState;
use super::feeder::Feeder;
use super::front::{end_at, place};
use super::ledger::{BadRecord, Ledger};
use super::order::{Linearizer, Piece, Turnstile, lock};
use super::ordered::Ordered;
use super::partial::AggregatePartial;
use super::rows::{RowsPartial, RowsState};
use super::steps::{LastNeeded, Met, Op, RowWriter, Setting, Work, op};
use super::{Shared, routing};
use crate::data::process::{Late, Told};
use crate::data::step::Counts;
use crate::data::{Bitmap, Chunk, Column, ColumnV, FieldId, Selection};
use crate::error::Failure;
use crate::expr::{Arrivals, EvalContext};
use crate::formats::Bad;
use crate::memory;
use crate::plan::empties::Empties;
use crate::plan::grouping::Shape;
use crate::plan::meaning::Meaning;
use crate::plan::node::{Batching, NodeKind, Plan, Times};
use anyhow::Result;
use std::ops::Range;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A run of nodes up to one that keeps rows until its scope closes, or to the sink.
pub struct Stage<'p> {
    /// Indices of its nodes.
    nodes: Range<usize>,
    pub ordered: Vec<Turnstile<Ordered>>,
    pub end: End<'p>,
    /// The number of the next chunk that enters.
    pub seq: AtomicU64,
    /// The first end of an open window, as far as known.
    pub next_end: AtomicI64,
    /// The same if nothing comes meanwhile: what is held in front stays so.
    pub next_alone: AtomicI64,
    /// When the clock next lets something out.
    pub next_tick: AtomicI64,
    /// How far behind the plan's watermark what enters its last node may be, and what leaves it besides, ns.
    pub behind: AtomicI64,
    pub lag: i64,
    /// Where records are put into windows, and how much longer those take them when they are over, ns.
    assigns: Vec<(Assigned, i64)>,
}

/// Where records are put into windows: the node, and how many ordered states of the stage stand in front of it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Assigned {
    node: usize,
    ordered: usize,
}

pub enum End<'p> {
    Aggregate(Box<AggregateState<'p>>),
    Rows(Box<RowsState<'p>>),
    Sink,
}

impl End<'_> {
    /// Whether it closes by the windows that rows are in when they come.
    pub fn goes_by_windows(&self) -> bool {
        match self {
            End::Aggregate(state) => state.goes_by_windows(),
            End::Rows(_) => true,
            End::Sink => false,
        }
    }
}

/// Where the other streams of a plan come in: the stage, and which of the stage's.
pub fn entries(plan: &Plan, stages: &[Stage<'_>]) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    for (at, stage) in stages.iter().enumerate() {
        let has_right = |index: &usize| match &plan.nodes[*index].kind {
            NodeKind::Custom(custom) => custom.right.is_some(),
            _ => false,
        };
        let rights = stage.nodes.clone().filter(has_right).count();
        out.extend((0..rights).map(|number| (at, number)));
    }
    out
}

/// When the first batch begins, ns: of the clock's when the run begins, of counted ones at zero. `None`: with the
/// first record.
pub fn first_batch(plan: &Plan, began: i64) -> Option<i64> {
    match plan.source.time.as_ref()? {
        Times::Batch {
            by: Batching::Wall,
            step,
        } => Some(began.div_euclid(*step) * step),
        Times::Batch { .. } => Some(0),
        _ => None,
    }
}

/// Where rows have the time of their arrival: by the clock that the data tell, or in batches.
pub fn arrivals(plan: &Plan) -> Arrivals {
    let later = |times: &Times| i64::from(times.batch().is_some());
    match (&plan.source.clock, &plan.source.time) {
        (Some(clock), _) => Arrivals::Clocks(later(clock)),
        (None, Some(times @ (Times::Clock { .. } | Times::Batch { .. }))) => {
            Arrivals::Times(later(times))
        }
        _ => Arrivals::Together,
    }
}

/// How far behind the watermark records of windows that are over may be, and how much older than the ends of these, ns.
fn ages(shape: &Shape) -> (i64, i64) {
    match shape.age_of_records() {
        Some(age) => (age.saturating_add(1), age),
        // Windows by count have come when they are over, of whatever times.
        None if matches!(shape, Shape::Count { .. }) => (i64::MAX, 0),
        None => (i64::MAX, i64::MAX),
    }
}

/// Cuts a plan into stages.
pub fn stages(plan: &Plan, seed: u64) -> Vec<Stage<'_>> {
    let mut out = Vec::new();
    let mut from = 0;
    let stage = |nodes: Range<usize>, end| Stage {
        nodes,
        ordered: Vec::new(),
        end,
        seq: AtomicU64::new(0),
        next_end: AtomicI64::new(i64::MAX),
        next_alone: AtomicI64::new(i64::MAX),
        next_tick: AtomicI64::new(i64::MAX),
        behind: AtomicI64::new(0),
        lag: 0,
        assigns: Vec::new(),
    };
    // Records that leave a window when it closes are as old as the window is long.
    let mut window_of_records = 0;
    // How much older than the ends of their windows rows are, where that is known.
    let mut age = None;
    for (i, node) in plan.nodes.iter().enumerate() {
        match &node.kind {
            NodeKind::Assign { window, .. } => {
                (window_of_records, age) = (window.size.most(), None)
            }
            NodeKind::Aggregate { .. } => (window_of_records, age) = (0, Some(0)),
            NodeKind::Custom(custom) => match &custom.meaning {
                Meaning::Group(_) if custom.own_rows => (window_of_records, age) = (0, Some(0)),
                Meaning::Group(grouping) => {
                    let (lag, of_ends) = ages(&grouping.shape);
                    (window_of_records, age) = (lag, Some(of_ends));
                }
                _ if custom.own_rows => (window_of_records, age) = (0, None),
                _ if custom.right.is_some() => age = None,
                _ => {}
            },
            _ => {}
        }
        let end = match &node.kind {
            NodeKind::Aggregate {
                keys,
                aggs,
                scope,
                empties,
            } => {
                let mut state =
                    AggregateState::new(keys, aggs, scope, &node.schema, &plan.zone, seed);
                if let Some(window) = empties {
                    state.give_empties(Empties::new(window, &plan.zone));
                }
                End::Aggregate(Box::new(state))
            }
            kind => match RowsState::new(kind, &node.schema) {
                Some(mut state) => {
                    state.age = age;
                    End::Rows(Box::new(state))
                }
                None => continue,
            },
        };
        let lag = match &end {
            // Those that wait for the end of the input are as old as any.
            End::Rows(state) if state.is_whole() => i64::MAX,
            End::Rows(_) => window_of_records,
            _ => 0,
        };
        out.push(Stage {
            lag,
            ..stage(from..i, end)
        });
        from = i + 1;
    }
    out.push(stage(from..plan.nodes.len(), End::Sink));
    out
}

impl<'p> Stage<'p> {
    /// A worker's own form of the stage.
    pub fn worker(&mut self, setting: &Setting<'p, '_>) -> Result<StageWorker<'p>> {
        let mut ops = Vec::new();
        let mut rights = Vec::new();
        let mut next = 0;
        for index in self.nodes.clone() {
            let at = next;
            if let NodeKind::Assign { lateness, .. } = &setting.plan.nodes[index].kind {
                let assigned = Assigned {
                    node: index,
                    ordered: next,
                };
                if self.assigns.iter().all(|(known, _)| *known != assigned) {
                    self.assigns.push((assigned, *lateness));
                }
            }
            ops.extend(op(index, &mut self.ordered, &mut next, setting)?);
            if let NodeKind::Custom(custom) = &setting.plan.nodes[index].kind {
                rights.extend(
                    Feeder::of_right(custom, &setting.plan.zone).map(|feeder| (at, feeder)),
                );
            }
        }
        let sink = &setting.plan.sink;
        Ok(StageWorker {
            ops,
            rights,
            writer: RowWriter::new(&sink.out, sink.format.as_ref())?,
            partial: sink.partial,
            counts: Counts::default(),
            last_needed: None,
            late: Late::default(),
        })
    }

    /// Whether rows are put into windows right in front of an ordered state, or of its end, and how much longer those
    /// take rows when they are over, ns: all that follows is behind by that.
    pub fn assigned_at(&self, ordered: usize) -> Option<i64> {
        let here = self.assigns.iter().filter(|(at, _)| at.ordered == ordered);
        let lateness = here.map(|(_, lateness)| *lateness);
        lateness.reduce(i64::saturating_add)
    }

    /// Indices of its nodes.
    pub fn nodes(&self) -> Range<usize> {
        self.nodes.clone()
    }

    /// Another one in the same state, no chunk of which is on its way.
    pub fn fork(&self) -> Stage<'p> {
        let _state = memory::state();
        // What it takes follows what this one has taken.
        let seq = self.seq.load(Ordering::Relaxed);
        let ordered = self.ordered.iter().map(|turnstile| {
            let copy = Turnstile::new(turnstile.with(|state| state.fork()));
            copy.begin(seq);
            copy
        });
        Stage {
            nodes: self.nodes.clone(),
            ordered: ordered.collect(),
            end: match &self.end {
                End::Aggregate(state) => End::Aggregate(Box::new(state.fork())),
                End::Rows(state) => End::Rows(Box::new(state.fork())),
                End::Sink => End::Sink,
            },
            seq: AtomicU64::new(seq),
            next_end: AtomicI64::new(i64::MAX),
            next_alone: AtomicI64::new(i64::MAX),
            next_tick: AtomicI64::new(i64::MAX),
            behind: AtomicI64::new(0),
            lag: self.lag,
            assigns: self.assigns.clone(),
        }
    }

    /// Something in it closes when the watermark of what enters its nodes reaches `end`.
    fn note_end(&self, end: Option<i64>) {
        if let Some(end) = end {
            let end = end.saturating_add(self.behind.load(Ordering::Relaxed));
            self.closes_at(end);
        }
    }

    /// Something in it may close at `end`.
    fn closes_at(&self, end: i64) {
        self.next_end.fetch_min(end, Ordering::Relaxed);
        self.next_alone.fetch_min(end, Ordering::Relaxed);
    }

    /// Answers that are whole hold, or replace, what states have given before: nothing of that is waited for. `behind`: a
    /// stage in front gives one; returns the same for the stages that follow.
    pub fn hush(&self, mut behind: bool) -> bool {
        for turnstile in &self.ordered {
            turnstile.with(|state| {
                if let Ordered::Process {
                    process, hushed, ..
                } = state
                {
                    *hushed = process.gives_whole();
                    behind |= *hushed;
                }
            });
        }
        if let (true, End::Rows(state)) = (behind, &self.end) {
            state.forget();
        }
        behind
    }

    /// Keys in its state, and the memory that it takes, about.
    pub fn held(&self) -> (usize, usize) {
        let end = self.held_at_end();
        let (keys, bytes) = self.held_inside();
        (end.0 + keys, end.1 + bytes)
    }

    /// The same of its end alone.
    pub fn held_at_end(&self) -> (usize, usize) {
        match &self.end {
            End::Aggregate(state) => (state.keys_held(), state.bytes()),
            End::Rows(state) => (0, state.held()),
            End::Sink => (0, 0),
        }
    }

    /// The same without what its end has.
    pub fn held_inside(&self) -> (usize, usize) {
        let ordered = self.ordered.iter().map(|turnstile| {
            turnstile.with(|state| match state {
                Ordered::Process { process, .. } => process.held(),
                Ordered::Distinct { seen, .. } => (seen.len(), seen.bytes()),
                _ => (0, 0),
            })
        });
        ordered.fold((0, 0), |sum, (keys, bytes)| (sum.0 + keys, sum.1 + bytes))
    }

    /// Whether a state of its nodes cannot go on.
    pub fn has_failed(&self) -> bool {
        let mut ordered = self.ordered.iter();
        ordered.any(|turnstile| turnstile.with(|state| state.has_failed()))
    }

    /// What the state of its nodes has to tell; taken out.
    pub fn told(&self) -> Vec<Told> {
        let told = self.ordered.iter().map(|turnstile| {
            turnstile.with(|state| match state {
                Ordered::Process { told, .. } => std::mem::take(told),
                _ => Told::default(),
            })
        });
        told.collect()
    }

    pub fn abandon(&self) {
        for turnstile in &self.ordered {
            turnstile.abandon();
        }
    }
}

/// A worker's own part of a stage: everything but the partial, which borrows the stage.
pub struct StageWorker<'p> {
    ops: Vec<Op<'p>>,
    /// Other streams that come in here, with the ordered state that takes them, in order.
    rights: Vec<(usize, Feeder)>,
    writer: RowWriter,
    /// The column that says whether a row is partial.
    partial: Option<FieldId>,
    pub counts: Counts,
    /// Of the chunk that ran last, and of so many sides.
    pub last_needed: Option<(LastNeeded, usize)>,
    /// Rows that were late since that was last asked.
    pub late: Late,
}

/// Groups of a partial from which on it is dealt by a thread of its own.
const DEAL_APART: usize = if cfg!(debug_assertions) { 20 } else { 1 << 14 };

/// A worker's own share of the state at a stage's end.
pub enum Partial<'s> {
    Aggregate(Box<AggregatePartial<'s>>),
    Rows(RowsPartial<'s>),
    None,
}

impl<'s> Partial<'s> {
    /// `share`: of what state may take, bytes.
    pub fn new(end: &'s End<'s>, share: usize) -> Partial<'s> {
        match end {
            End::Aggregate(state) => {
                Partial::Aggregate(Box::new(AggregatePartial::new(state, share)))
            }
            End::Rows(state) => Partial::Rows(RowsPartial::new(state)),
            End::Sink => Partial::None,
        }
    }

    /// Whether merging it takes longer than starting a thread.
    pub fn is_large(&self) -> bool {
        matches!(self, Partial::Aggregate(partial) if partial.groups() > DEAL_APART)
    }

    /// Merges what is held into the stage's state.
    pub fn deal(&mut self, worker: usize) {
        match self {
            Partial::Aggregate(partial) => partial.deal(worker * 31),
            Partial::Rows(partial) => partial.deal(),
            Partial::None => {}
        }
    }
}

impl StageWorker<'_> {
    /// Runs chunk `seq` through the stage. False: the run is being abandoned, or nothing more is wanted.
    pub fn run(
        &mut self,
        shared: &Shared<'_>,
        stage: &Stage<'_>,
        partial: &mut Partial<'_>,
        chunk: &mut Chunk,
        bad: &mut Vec<BadRecord>,
    ) -> bool {
        self.run_from(0, shared, stage, partial, chunk, bad)
    }

    /// Writes rows batch by batch: which begins where.
    fn write_batches(
        &mut self,
        step: i64,
        chunk: &mut Chunk,
        bytes: &mut Vec<u8>,
    ) -> Vec<(i64, usize)> {
        let Some(times) = &chunk.times else {
            self.writer.write(chunk, bytes);
            return Vec::new();
        };
        let mut batches: Vec<(i64, Vec<u32>)> = Vec::new();
        for row in chunk.live.iter() {
            // Rows of a window leave it with its end, whatever their own times are; those by count have none.
            let end = chunk
                .windows
                .as_ref()
                .map(|windows| windows[row as usize].1);
            let last = end.map_or(i64::MIN, |end| end.saturating_sub(1));
            let time = match &chunk.clocks {
                Some(clocks) => clocks[row as usize],
                None => times[row as usize].max(last),
            };
            let batch = time.div_euclid(step);
            match batches.last_mut() {
                Some((last, rows)) if *last == batch => rows.push(row),
                _ => batches.push((batch, vec![row])),
            }
        }
        let mut ends = Vec::with_capacity(batches.len());
        for (batch, rows) in batches {
            ends.push((batch, bytes.len()));
            chunk.live = Selection::Some(rows);
            self.writer.write(chunk, bytes);
        }
        ends
    }

    /// Writes the first rows of a chunk, so many, window by window; and whether that was enough.
    fn shown(&mut self, room: usize, chunk: &mut Chunk) -> (Piece, bool) {
        let mut piece = Piece::default();
        let mut runs: Vec<(Option<(i64, i64)>, Vec<u32>)> = Vec::new();
        let rows = chunk.live.len();
        for row in chunk.live.iter().take(room) {
            let windows = chunk.windows.as_ref();
            let window = windows.map(|windows| windows[row as usize]);
            match runs.last_mut() {
                Some((last, rows)) if *last == window => rows.push(row),
                _ => runs.push((window, vec![row])),
            }
        }
        for (window, rows) in runs {
            piece.windows.push((window, piece.bytes.len()));
            piece.rows += rows.len() as u64;
            chunk.live = Selection::Some(rows);
            self.writer.write(chunk, &mut piece.bytes);
        }
        piece.more = rows > room;
        (piece, rows >= room)
    }

    /// A chunk of another stream: to the state that takes it, past what stands before, and on with what comes out.
    pub fn run_right(
        &mut self,
        number: usize,
        shared: &Shared<'_>,
        stage: &Stage<'_>,
        partial: &mut Partial<'_>,
        chunk: &mut Chunk,
        bad: &mut Vec<BadRecord>,
    ) -> bool {
        let seq = chunk.block.seq;
        let Some((at, feeder)) = self.rights.get_mut(number) else {
            return false;
        };
        let at = *at;
        for before in &stage.ordered[..at] {
            if before.pass(seq, |_| ()).is_none() {
                return false;
            }
        }
        let first = || shared.first_batch_by_row();
        let mut met = Met::new(shared.run.late_file.is_some(), &first);
        met.moment = shared.moment();
        let mut cx = EvalContext {
            now: clock_of(chunk, shared),
            arrivals: shared.arrivals,
            counts: &mut self.counts,
        };
        // A row that is refused is so before its state sees it, and while it still stands in its block.
        feeder.prepare(chunk, &mut cx, met.late.lines.is_some());
        let ends = ending(shared, stage, partial, seq);
        refuse_failed(chunk, cx.counts, bad, &ends);
        if feeder
            .run(chunk, seq, &stage.ordered[at], &mut cx, &mut met)
            .is_none()
        {
            return false;
        }
        shared.is_fresh.store(true, Ordering::Relaxed);
        refuse_failed(chunk, cx.counts, bad, &ends);
        self.heed(&mut met, shared, stage);
        let from = self.op_of(at).map_or(0, |op| op + 1);
        self.run_from(from, shared, stage, partial, chunk, bad)
    }

    /// The op that has the ordered state `at` of the stage, with their index.
    pub fn op_of(&self, at: usize) -> Option<usize> {
        let is_it = |op: &Op<'_>| matches!(op, Op::Ordered { at: one, .. } if *one == at);
        self.ops.iter().position(is_it)
    }

    /// The same from op `from` on.
    pub fn run_from(
        &mut self,
        from: usize,
        shared: &Shared<'_>,
        stage: &Stage<'_>,
        partial: &mut Partial<'_>,
        chunk: &mut Chunk,
        bad: &mut Vec<BadRecord>,
    ) -> bool {
        let seq = chunk.block.seq;
        let now = clock_of(chunk, shared);
        let mut cx = EvalContext {
            now,
            arrivals: shared.arrivals,
            counts: &mut self.counts,
        };
        let first = || shared.first_batch_by_row();
        let mut met = Met::new(shared.run.late_file.is_some(), &first);
        met.moment = shared.moment();
        let mut is_kept = false;
        let ends = ending(shared, stage, partial, seq);
        for op in &mut self.ops[from..] {
            if let Op::Ordered {
                work: Work::Process(feeder),
                ..
            } = op
            {
                // A row that is refused is so before its state sees it, and while it still stands in its block.
                feeder.prepare(chunk, &mut cx, met.late.lines.is_some());
                refuse_failed(chunk, cx.counts, bad, &ends);
                is_kept |= !chunk.live.is_empty();
            }
            if op
                .run(chunk, seq, &stage.ordered, &mut cx, &mut met)
                .is_none()
            {
                return false;
            }
            refuse_failed(chunk, cx.counts, bad, &ends);
            if matches!(op, Op::Ordered { .. })
                && cx.counts.failed_rows.is_some()
                && !chunk.live.iter().any(|row| is_of_block(chunk, row))
            {
                // Rows that were kept meanwhile: a value that does not convert is null and counted.
                cx.counts.failed_rows = None;
            }
        }
        is_kept |= !matches!(partial, Partial::None) && !chunk.live.is_empty();
        // What one state gives to another is not new.
        if is_kept && from == 0 && stage.nodes.start == 0 {
            shared.is_fresh.store(true, Ordering::Relaxed);
        }
        match partial {
            Partial::Aggregate(partial) => {
                partial.absorb(chunk, &mut cx, &mut met.late, &mut |chunk, counts| {
                    refuse_failed(chunk, counts, bad, &ends);
                });
                stage.note_end(Some(partial.first_end()));
            }
            Partial::Rows(partial) => {
                if let Some(windows) = &chunk.windows
                    && let Some(end) = chunk.live.iter().map(|row| windows[row as usize].1).min()
                {
                    stage.note_end(Some(end));
                }
                partial.absorb(chunk, &mut cx);
            }
            Partial::None => {
                if shared.run.quiet && !chunk.live.is_empty() {
                    // The account ends there, as with `head 1`.
                    chunk.live.truncate(1);
                    met.end_behind(chunk, shared.seen.len());
                    met.enough = true;
                }
                let rows = chunk.live.len() as u64;
                shared.run.progress.rows.fetch_add(rows, Ordering::Relaxed);
                let mut bytes = Vec::new();
                let (mut ends, mut files) = (Vec::new(), Vec::new());
                if let Some(field) = self.partial {
                    let is_partial = shared.peeking.load(Ordering::Relaxed);
                    let column = Column::Bool(Bitmap::new(chunk.rows.len(), is_partial));
                    chunk.set_column(field, ColumnV::new(column));
                }
                let room = shared.aside.load(Ordering::Relaxed);
                if room > 0 {
                    let (piece, enough) = self.shown(room, chunk);
                    shared.out.put(seq, piece);
                    met.enough |= enough;
                    self.heed(&mut met, shared, stage);
                    return true;
                }
                if rows > 0 && !shared.run.quiet {
                    bytes = shared.out.buffer();
                    let writer = &mut self.writer;
                    match (&shared.files, shared.marks) {
                        (Some((of, zone)), _) => {
                            let next = shared.next_file.load(Ordering::Relaxed);
                            files = routing::write(of, zone, next, writer, chunk, &mut bytes);
                        }
                        (None, None) => writer.write(chunk, &mut bytes),
                        (None, Some(step)) => ends = self.write_batches(step, chunk, &mut bytes),
                    }
                }
                let piece = Piece {
                    bytes,
                    rows,
                    ends,
                    files,
                    ..Piece::default()
                };
                met.enough |= !shared.out.put(seq, piece);
            }
        }
        self.heed(&mut met, shared, stage);
        self.last_needed = met.last_needed.map(|last| (last, met.sides_done));
        true
    }

    /// Hands on what a chunk met.
    fn heed(&mut self, met: &mut Met<'_>, shared: &Shared<'_>, stage: &Stage<'_>) {
        // That of a process says by itself what is in front of it.
        stage.closes_at(met.next_end.unwrap_or(i64::MAX));
        stage.next_tick.fetch_min(met.next_tick, Ordering::Relaxed);
        let windows = std::mem::take(&mut met.windows);
        let progress = &shared.run.progress;
        progress.windows.fetch_add(windows, Ordering::Relaxed);
        self.late.append(&mut met.late);
        if let Err(failure) = shared.ledger.put_lines(&met.bad_lines) {
            lock(&shared.failure).get_or_insert(failure.into());
        }
        met.bad_lines.clear();
        if let Some((status, message)) = met.broken.take() {
            lock(&shared.failure).get_or_insert(Failure { status, message }.into());
        }
        if met.enough {
            shared.enough.store(true, Ordering::Relaxed);
        }
        shared
            .sides_done
            .fetch_max(met.sides_done, Ordering::Relaxed);
        if met.enough_apart && (shared.gives_early || !shared.ending.load(Ordering::Relaxed)) {
            shared.is_accident.store(true, Ordering::Relaxed);
        }
    }
}

/// The clock when a chunk's rows came; of rows that no block brought, when the run began.
fn clock_of(chunk: &Chunk, shared: &Shared<'_>) -> i64 {
    match chunk.block.arrival {
        0 => shared.began,
        arrival => arrival,
    }
}

/// What ends the run, and the number of the chunk at hand in the output, where its rows are written as they are.
struct Ending<'r> {
    ledger: &'r Ledger,
    written: Option<(&'r Linearizer, u64)>,
}

fn ending<'r>(
    shared: &'r Shared<'_>,
    stage: &Stage<'_>,
    partial: &Partial<'_>,
    seq: u64,
) -> Ending<'r> {
    let is_only = stage.nodes.start == 0 && matches!(partial, Partial::None);
    Ending {
        ledger: &shared.ledger,
        written: is_only.then_some((&shared.out, seq)),
    }
}

/// With `--strict`: rows in which a conversion failed are bad, and go; those behind one that ends the run, too.
fn refuse_failed(
    chunk: &mut Chunk,
    counts: &mut Counts,
    bad: &mut Vec<BadRecord>,
    ending: &Ending<'_>,
) {
    let Some(rows) = counts.failed_rows.as_mut().filter(|rows| !rows.is_empty()) else {
        return;
    };
    // Rows that were kept meanwhile are no records of the block at hand.
    rows.retain(|row| is_of_block(chunk, *row));
    // A record of which several rows were made is one, and bad once.
    rows.sort_unstable();
    rows.dedup_by_key(|row| chunk.record(*row).start());
    let what = "with a value that does not convert (--strict)";
    let refused = rows.iter().map(|&row| {
        place(
            chunk,
            &Bad {
                row,
                column: 0,
                what,
            },
        )
    });
    let refused: Vec<BadRecord> = refused.collect();
    bad.extend_from_slice(&refused);
    let starts: Vec<usize> = rows.iter().map(|row| chunk.record(*row).start()).collect();
    let mut live = std::mem::take(&mut chunk.live);
    live.retain(|row| {
        !is_of_block(chunk, row) || starts.binary_search(&chunk.record(row).start()).is_err()
    });
    chunk.live = live;
    if let Some(end) = ending.ledger.end(chunk.block.number, None, bad) {
        end_at(chunk, end.offset);
        if let Some((out, seq)) = ending.written
            && !end.is_counted
        {
            out.end_behind(seq);
        }
    }
    rows.clear();
}

fn is_of_block(chunk: &Chunk, row: u32) -> bool {
    let record = chunk.record(row);
    !record.in_scratch() && !record.is_empty()
}

/// The failures of `tee` files, told at the end.
pub fn tee_failures(stage: &Stage<'_>) -> Vec<(String, std::io::Error)> {
    let mut out = Vec::new();
    for turnstile in &stage.ordered {
        turnstile.with(|state| {
            if let Ordered::Tee { path, failed, .. } = state
                && let Some(error) = failed.take()
            {
                out.push((path.clone(), error));
            }
        });
    }
    out
}

/// Adds one worker's counts to the run's.
pub fn add_counts(shared: &Shared<'_>, counts: &mut Counts) {
    let mut sum = lock(&shared.counts);
    for (what, n) in std::mem::take(&mut counts.failed) {
        *sum.failed.entry(what).or_default() += n;
    }
    sum.others.append(std::mem::take(&mut counts.others));
}
