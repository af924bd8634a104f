//! The data plane: a worker takes a block, finds its rows, runs the stage over them and hands on what comes out.

use super::aggregate::AggregateState;
use super::input::TooLong;
use super::ledger::{Account, BadRecord};
use super::order::{Turnstile, lock};
use super::partial::AggregatePartial;
use super::prefix::Latest;
use super::rows::{RowsPartial, RowsState};
use super::steps::{Met, Op, Ordered, RowWriter, Setting, op};
use super::{Shared, steps};
use crate::bytes::{Span, scan};
use crate::data::process::Told;
use crate::data::step::Counts;
use crate::data::{Block, Chunk, Column, ColumnBuilder, ColumnV, Field, Open, Selection, Type};
use crate::expr::{EvalContext, Expr};
use crate::formats::{Bad, Reader};
use crate::plan::node::{Made, NodeKind, Plan, Times};
use anyhow::Result;
use memchr::memmem;
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
    /// How far behind the plan's watermark what enters its last node may be, and what leaves it besides, ns.
    pub behind: AtomicI64,
    pub lag: i64,
}

pub enum End<'p> {
    Aggregate(AggregateState<'p>),
    Rows(RowsState<'p>),
    Sink,
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
        behind: AtomicI64::new(0),
        lag: 0,
    };
    // Records that leave a window when it closes are as old as the window is long.
    let mut window_of_records = 0;
    for (i, node) in plan.nodes.iter().enumerate() {
        match &node.kind {
            NodeKind::Assign { window, .. } => window_of_records = window.size.most(),
            NodeKind::Aggregate { .. } => window_of_records = 0,
            NodeKind::Custom(custom) if custom.own_rows => window_of_records = 0,
            _ => {}
        }
        let end = match &node.kind {
            NodeKind::Aggregate { keys, aggs, scope } => End::Aggregate(AggregateState::new(
                keys,
                aggs,
                scope,
                &node.schema,
                &plan.zone,
                seed,
            )),
            kind => match RowsState::new(kind, &node.schema) {
                Some(state) => End::Rows(state),
                None => continue,
            },
        };
        let lag = match &end {
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
        let mut next = 0;
        for index in self.nodes.clone() {
            ops.extend(op(index, &mut self.ordered, &mut next, setting)?);
        }
        let sink = &setting.plan.sink;
        Ok(StageWorker {
            ops,
            writer: RowWriter::new(&sink.out, sink.format.as_ref())?,
            counts: Counts::default(),
            made: 0,
            last_needed: None,
        })
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
    writer: RowWriter,
    pub counts: Counts,
    /// Chunks seen.
    made: u64,
    /// Of the chunk that ran last: where in its block the last record begins that is needed.
    pub last_needed: Option<usize>,
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
    pub fn new(end: &'s End<'s>) -> Partial<'s> {
        match end {
            End::Aggregate(state) => Partial::Aggregate(Box::new(AggregatePartial::new(state))),
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

    /// The ops that have the ordered state `at` of the stage, with their index.
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
        self.made += 1;
        let now = if chunk.block.arrival != 0 {
            chunk.block.arrival
        } else {
            shared.began
        };
        let mut cx = EvalContext {
            now,
            counts: &mut self.counts,
        };
        let mut met = Met::default();
        for op in &mut self.ops[from..] {
            if op
                .run(chunk, seq, &stage.ordered, &mut cx, &mut met)
                .is_none()
            {
                return false;
            }
            refuse_failed(chunk, cx.counts, bad);
        }
        if let Some(end) = met.next_end {
            let behind = stage.behind.load(Ordering::Relaxed);
            stage
                .next_end
                .fetch_min(end.saturating_add(behind), Ordering::Relaxed);
        }
        match partial {
            Partial::Aggregate(partial) => {
                met.late += partial.absorb(chunk, &mut cx, &mut |chunk, counts| {
                    refuse_failed(chunk, counts, bad);
                });
                let behind = stage.behind.load(Ordering::Relaxed);
                let end = partial.first_end().saturating_add(behind);
                stage.next_end.fetch_min(end, Ordering::Relaxed);
            }
            Partial::Rows(partial) => {
                if let Some(windows) = &chunk.windows
                    && let Some(end) = chunk.live.iter().map(|row| windows[row as usize].1).min()
                {
                    let behind = stage.behind.load(Ordering::Relaxed);
                    let end = end.saturating_add(behind);
                    stage.next_end.fetch_min(end, Ordering::Relaxed);
                }
                partial.absorb(chunk, &mut cx);
            }
            Partial::None => {
                let rows = chunk.live.len() as u64;
                shared.run.progress.rows.fetch_add(rows, Ordering::Relaxed);
                let mut bytes = Vec::new();
                if rows > 0 && !shared.run.quiet {
                    bytes = shared.out.buffer();
                    self.writer.write(chunk, &mut bytes);
                }
                met.enough |= !shared.out.put(seq, bytes, rows);
                met.enough |= shared.run.quiet && rows > 0;
            }
        }
        if met.late > 0 {
            shared.late.fetch_add(met.late, Ordering::Relaxed);
        }
        if met.enough {
            shared.enough.store(true, Ordering::Relaxed);
        }
        self.last_needed = met.last_needed;
        true
    }
}

/// A worker's own part of reading: block to chunk.
pub struct SourceWorker<'p> {
    plan: &'p Plan,
    /// For the input that it was made for.
    reader: Option<(u32, Box<dyn Reader>)>,
    literal: Option<memmem::Finder<'p>>,
    at: Option<Expr>,
    bad: Vec<Bad>,
    /// Counts of conversions that are told as bad records, not as failed conversions.
    unheeded: Counts,
    lines: Vec<Span>,
    /// Whether the stage may need only some of a block.
    limited: bool,
    /// Where the records of the block at hand begin, if so.
    begins: Vec<usize>,
}

impl<'p> SourceWorker<'p> {
    pub fn new(plan: &'p Plan) -> SourceWorker<'p> {
        let mut first_stage = plan.nodes.iter().map(|node| &node.kind).take_while(|kind| {
            !matches!(
                kind,
                NodeKind::Aggregate { .. }
                    | NodeKind::Sort { .. }
                    | NodeKind::Distinct { last: true, .. }
            )
        });
        let at = match &plan.source.time {
            Some(Times::Event { at, .. }) => Some(at.clone()),
            _ => None,
        };
        SourceWorker {
            plan,
            reader: None,
            literal: plan.source.literal.as_deref().map(memmem::Finder::new),
            at,
            bad: Vec::new(),
            unheeded: Counts::default(),
            lines: Vec::new(),
            limited: first_stage.any(|kind| matches!(kind, NodeKind::Limit { .. })),
            begins: Vec::new(),
        }
    }

    /// Finds the rows of a block and what the chain needs of them. False: the run is being abandoned.
    pub fn read(
        &mut self,
        shared: &Shared<'_>,
        chunk: &mut Chunk,
        long: Option<TooLong>,
        account: &mut Account,
    ) -> Result<bool> {
        let source = &self.plan.source;
        let input = chunk.block.origin.input;
        if self
            .reader
            .as_ref()
            .is_none_or(|(made_for, _)| *made_for != input)
        {
            let header = shared
                .headers
                .get(input as usize)
                .and_then(|header| header.as_deref());
            let again = self.reader.is_some() && header.is_none();
            if !again {
                self.reader = Some((
                    input,
                    source
                        .format
                        .reader(&source.schema, &source.wanted, header)?,
                ));
            }
        }
        let Some((made_for, reader)) = &mut self.reader else {
            return Ok(false);
        };
        *made_for = input;
        let mut read = 0;
        let find = match &self.literal {
            Some(literal) => {
                read = candidates(literal, source.literal_json, chunk, &mut self.lines);
                std::mem::swap(&mut chunk.rows, &mut self.lines);
                false
            }
            None => true,
        };
        self.bad.clear();
        reader.read(chunk, find, &mut self.bad);
        if find {
            read = chunk.rows.len() as u64;
        }
        let progress = &shared.run.progress;
        progress.records.fetch_add(read, Ordering::Relaxed);
        let size = chunk.block.len() as u64;
        progress.bytes.fetch_add(size, Ordering::Relaxed);
        let mut bad = std::mem::take(&mut self.bad);
        if chunk.block.len() > shared.run.max_line {
            refuse_long(shared.run.max_line, chunk, &mut bad);
        }
        if !shared.all_seen.load(Ordering::Relaxed) {
            self.note_seen(shared, chunk);
        }
        self.make(shared, chunk);
        let going = self.times(shared, chunk, &mut bad);
        account.records = read;
        if !bad.is_empty() || long.is_some() {
            bad.sort_by_key(|bad| bad.row);
            account.bad = bad.iter().map(|bad| place(chunk, bad)).collect();
            if let Some(long) = long {
                account.records += 1;
                account.bad.push(BadRecord {
                    what: long.what,
                    input,
                    offset: long.origin.offset,
                    column: 0,
                    index: read as u32,
                    line: chunk
                        .block
                        .lines
                        .map(|lines| lines + newlines(chunk.block.bytes())),
                    text: Vec::new(),
                });
            }
        }
        bad.clear();
        self.bad = bad;
        if self.limited {
            self.begins.clear();
            let begins = chunk.rows.iter().map(|row| row.start());
            self.begins.extend(begins);
        }
        Ok(going)
    }

    /// Takes out of an account what stands behind the last record that is needed, which begins at `last`: how
    /// far others had read is accident, and not told.
    pub fn cut(&self, chunk: &Chunk, last: usize, account: &mut Account) {
        account.records = match self.literal {
            Some(_) => newlines(&chunk.block.bytes()[..last]) + 1,
            None => self.begins.iter().filter(|begin| **begin <= last).count() as u64,
        };
        let last = chunk.block.origin.offset + last as u64;
        account.bad.retain(|bad| bad.offset <= last);
        account.is_last = true;
    }

    /// Columns that are no part of the record's text.
    fn make(&self, shared: &Shared<'_>, chunk: &mut Chunk) {
        for &(made, field) in &self.plan.source.made {
            let column = match made {
                Made::Line => {
                    let block = chunk.block.bytes();
                    let spans = chunk.rows.iter().map(|row| {
                        let cr = !row.is_empty() && block[row.start() + row.len() - 1] == b'\r';
                        Span::new(row.start(), row.len() - usize::from(cr))
                    });
                    ColumnV::new(Column::Bytes(spans.collect()))
                }
                Made::File => {
                    let name = shared
                        .names
                        .get(chunk.block.origin.input as usize)
                        .map_or("-", String::as_str);
                    let mut scratch = chunk.take_scratch();
                    let span = Span::scratch(scratch.len(), name.len());
                    scratch.extend_from_slice(name.as_bytes());
                    chunk.set_scratch(scratch);
                    ColumnV::new(Column::Bytes(vec![span; chunk.rows.len()]))
                }
                Made::LineNumber => {
                    let block = chunk.block.bytes();
                    let lines = newlines(block);
                    let before = match chunk.block.lines {
                        Some(before) => before,
                        None => shared.lines.publish(chunk.block.seq, lines).unwrap_or(0),
                    };
                    let mut builder = ColumnBuilder::new(&Type::Number);
                    let (mut at, mut line) = (0, before + 1);
                    for row in &chunk.rows {
                        line += newlines(&block[at..row.start()]);
                        at = row.start();
                        builder.number(crate::data::Number::Exact {
                            units: line as i64,
                            scale: 0,
                        });
                    }
                    builder.finish()
                }
                // Made with the times, below.
                Made::Time | Made::Watermark => continue,
            };
            chunk.set_column(field, column);
        }
    }

    /// Event times, and the watermark that each row is judged by.
    fn times(&mut self, shared: &Shared<'_>, chunk: &mut Chunk, bad: &mut Vec<Bad>) -> bool {
        let source = &self.plan.source;
        let n = chunk.rows.len();
        match (&source.time, &mut self.at) {
            (None, _) | (Some(Times::Event { .. }), None) => return true,
            (Some(Times::Arrival), _) => chunk.times = Some(vec![chunk.block.arrival; n]),
            (Some(Times::Event { .. }), Some(at)) => {
                let mut cx = EvalContext {
                    now: shared.began,
                    counts: &mut self.unheeded,
                };
                let column = at.eval(chunk, &mut cx);
                let mut live = std::mem::take(&mut chunk.live);
                live.retain(|row| {
                    let good = column.is_valid(row as usize);
                    if !good {
                        bad.push(Bad {
                            row,
                            column: 0,
                            what: "without a time that can be read",
                        });
                    }
                    good
                });
                chunk.live = live;
                chunk.times = match column.data {
                    Column::Nanos(times) => Some(times),
                    _ => Some(vec![0; n]),
                };
            }
        }
        let Some(times) = &chunk.times else {
            return true;
        };
        if source.since.is_some() || source.until.is_some() {
            let (since, until) = (
                source.since.unwrap_or(i64::MIN),
                source.until.unwrap_or(i64::MAX),
            );
            chunk
                .live
                .retain(|row| (since..until).contains(&times[row as usize]));
        }
        if let Some(Times::Event {
            disorder: Some(disorder),
            ..
        }) = &source.time
        {
            let latest = chunk
                .live
                .iter()
                .map(|row| times[row as usize])
                .max()
                .unwrap_or(i64::MIN);
            let Some(Latest(mut running)) = shared.latest.publish(chunk.block.seq, Latest(latest))
            else {
                return false;
            };
            let mut before = vec![i64::MIN; n];
            for row in chunk.live.iter() {
                if running != i64::MIN {
                    before[row as usize] = running.saturating_sub(*disorder);
                }
                running = running.max(times[row as usize]);
            }
            chunk.before = Some(before);
        }
        for &(made, field) in &source.made {
            let column = match made {
                Made::Time => chunk
                    .times
                    .clone()
                    .map(|times| ColumnV::new(Column::Nanos(times))),
                Made::Watermark => chunk.before.clone().map(|before| {
                    let mut valid = crate::data::Bitmap::new(n, true);
                    for (row, at) in before.iter().enumerate() {
                        valid.set(row, *at != i64::MIN);
                    }
                    ColumnV {
                        data: Column::Nanos(before),
                        valid: Some(valid),
                    }
                }),
                _ => continue,
            };
            chunk.set_column(field, column.unwrap_or_else(|| ColumnV::nulls(n)));
        }
        true
    }

    /// Notes which fields of a schemaless input have occurred at all.
    fn note_seen(&self, shared: &Shared<'_>, chunk: &Chunk) {
        let mut all = true;
        for (&field, seen) in self.plan.source.wanted.iter().zip(&shared.seen) {
            if seen.load(Ordering::Relaxed) {
                continue;
            }
            let valid = chunk
                .column(field)
                .is_some_and(|column| chunk.live.iter().any(|row| column.is_valid(row as usize)));
            // A field that is always JSON's null is there all the same.
            let occurs = valid || {
                let name = &self.plan.source.schema.fields[field].name;
                self.plan.source.format_name == "json" && is_named(chunk.block.bytes(), name)
            };
            seen.fetch_or(occurs, Ordering::Relaxed);
            all &= occurs;
        }
        if all {
            shared.all_seen.store(true, Ordering::Relaxed);
        }
    }
}

/// Whether a block of JSON holds the last name of a path as a string.
fn is_named(block: &[u8], path: &str) -> bool {
    let path = path.trim_end_matches(|c: char| c.is_ascii_digit() || "[]".contains(c));
    let name = match path.strip_suffix('`') {
        Some(quoted) => quoted.rsplit('`').next(),
        None => path.rsplit('.').next(),
    };
    name.is_some_and(|name| memmem::find(block, format!("\"{name}\"").as_bytes()).is_some())
}

/// Whether fields may turn out never to occur: those of inputs without a header.
pub fn may_never_occur(plan: &Plan) -> bool {
    matches!(plan.source.schema.open, Some(Open::Named(_)))
}

/// The name of a wanted field.
pub fn wanted_name(plan: &Plan, i: usize) -> Option<&Field> {
    plan.source
        .wanted
        .get(i)
        .and_then(|&field| plan.source.schema.fields.get(field))
}

/// Lines that may pass the first filter, into `lines`; returns how many lines there are. JSON may spell a text
/// with escapes, so lines with a backslash are let through.
fn candidates(
    literal: &memmem::Finder<'_>,
    json: bool,
    chunk: &Chunk,
    lines: &mut Vec<Span>,
) -> u64 {
    lines.clear();
    let bytes = chunk.block.bytes();
    let all = newlines(bytes) + u64::from(bytes.last().is_some_and(|byte| *byte != b'\n'));
    if json && memchr::memchr(b'\\', bytes).is_some() {
        scan::lines(chunk.block.padded(), bytes.len(), lines);
        lines.retain(|line| {
            let line = &bytes[line.start()..line.start() + line.len()];
            memchr::memchr(b'\\', line).is_some() || literal.find(line).is_some()
        });
        return all;
    }
    let mut at = 0;
    while let Some(found) = literal.find(&bytes[at..]) {
        let hit = at + found;
        let begin = memchr::memrchr(b'\n', &bytes[at..hit]).map_or(at, |line| at + line + 1);
        let end = memchr::memchr(b'\n', &bytes[hit..]).map_or(bytes.len(), |line| hit + line);
        lines.push(Span::new(begin, end - begin));
        at = (end + 1).min(bytes.len());
    }
    all
}

fn newlines(bytes: &[u8]) -> u64 {
    scan::count_byte(bytes, b'\n') as u64
}

/// Rows over `--max-line` that are in one block are bad like those that are not.
fn refuse_long(most: usize, chunk: &mut Chunk, bad: &mut Vec<Bad>) {
    let mut live = std::mem::take(&mut chunk.live);
    let long: Vec<u32> = (0..chunk.rows.len() as u32)
        .filter(|&row| chunk.rows[row as usize].len() > most)
        .collect();
    if !long.is_empty() {
        live.retain(|row| long.binary_search(&row).is_err());
        bad.retain(|bad| long.binary_search(&bad.row).is_err());
        bad.extend(long.into_iter().map(|row| Bad {
            row,
            column: 0,
            what: "longer than --max-line",
        }));
    }
    chunk.live = live;
}

/// With `--strict`: rows in which a conversion failed are bad, and go.
fn refuse_failed(chunk: &mut Chunk, counts: &mut Counts, bad: &mut Vec<BadRecord>) {
    let Some(rows) = counts.failed_rows.as_mut().filter(|rows| !rows.is_empty()) else {
        return;
    };
    rows.sort_unstable();
    rows.dedup();
    let what = "with a value that does not convert (--strict)";
    bad.extend(rows.iter().map(|&row| {
        place(
            chunk,
            &Bad {
                row,
                column: 0,
                what,
            },
        )
    }));
    chunk.live.retain(|row| rows.binary_search(&row).is_err());
    rows.clear();
}

/// Where a bad record stands.
fn place(chunk: &Chunk, bad: &Bad) -> BadRecord {
    /// As much of a record as a message or `--bad-file` keeps.
    const TEXT_MAX: usize = 1 << 16;
    let span = chunk
        .rows
        .get(bad.row as usize)
        .copied()
        .unwrap_or_default();
    let line = chunk.bytes(span);
    BadRecord {
        what: bad.what,
        input: chunk.block.origin.input,
        offset: chunk.block.origin.offset + span.start() as u64,
        column: bad.column,
        index: bad.row,
        line: chunk
            .block
            .lines
            .map(|lines| lines + newlines(&chunk.block.bytes()[..span.start()])),
        text: line[..line.len().min(TEXT_MAX)].to_vec(),
    }
}

/// A chunk to fill, with the buffers of the one before.
pub fn next_chunk(chunk: &mut Chunk, block: Block) -> Vec<u8> {
    chunk.reset(block).into_buf()
}

/// Everything live, for stages whose chunks come from a shard.
pub fn whole(chunk: &mut Chunk) {
    chunk.live = Selection::All(chunk.rows.len() as u32);
}

/// The failures of `tee` files, told at the end.
pub fn tee_failures(stage: &Stage<'_>) -> Vec<(String, std::io::Error)> {
    let mut out = Vec::new();
    for turnstile in &stage.ordered {
        turnstile.with(|state| {
            if let steps::Ordered::Tee { path, failed, .. } = state
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
}
