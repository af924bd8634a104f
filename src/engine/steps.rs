//! What a stage does to each chunk: the stateless steps, and the ordered ones, which pass a turnstile.

use super::Run;
use super::assign::{assign, judge, judge_later};
use super::commands::Hander;
use super::feeder::Feeder;
use super::lookup::{self, Tables};
use super::open::are_untold;
use super::order::Turnstile;
use super::ordered::Ordered;
use crate::bytes::table::KeyTable;
use crate::bytes::{Span, hash, json, scan};
use crate::data::keys::KeyCoder;
use crate::data::process::{Late, Told};
use crate::data::{Bitmap, Chunk, Column, ColumnV, FieldId, Selection, Type};
use crate::expr::{EvalContext, Expr};
use crate::formats::Writer;
use crate::plan::grid::Grid;
use crate::plan::grouping::Shape;
use crate::plan::meaning::Meaning;
use crate::plan::node::{Custom, Node, NodeKind, Output, Overdue, Plan, Scope};
use crate::sinks::{Earlier, FileSink, Mode, Sink};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// One worker's own form of a node.
pub enum Op<'p> {
    Filter(Expr),
    Project(Vec<(FieldId, Expr)>),
    Parse(Captures<'p>),
    Explode {
        list: Expr,
        into: FieldId,
        carry: &'p [FieldId],
    },
    Others(&'p [FieldId]),
    Sample {
        below: u64,
    },
    Assign {
        grid: Grid,
        lateness: i64,
        overdue: Overdue,
        into: Option<(FieldId, FieldId)>,
        carry: &'p [FieldId],
    },
    Judge {
        grid: Grid,
        lateness: i64,
    },
    /// Rows get a line, as the writer has it.
    Lines(RowWriter),
    Lookup(lookup::Work<'p>),
    Ordered {
        at: usize,
        work: Work,
    },
}

/// What is done for an ordered node before its turn.
pub enum Work {
    Process(Box<Feeder>),
    Distinct {
        keys: Vec<Expr>,
        coder: KeyCoder,
        windowed: bool,
    },
    /// The sides whose rows come here, the first of all; `is_all`: there are no others.
    Limit {
        sides: usize,
        is_all: bool,
    },
    Tee {
        writer: RowWriter,
        buf: Vec<u8>,
    },
}

/// What the ops of a run are made with.
pub struct Setting<'p, 'r> {
    pub plan: &'p Plan,
    pub run: &'p Run,
    pub tables: &'p Tables,
    pub seed: u64,
    /// The input is one source.
    pub alone: bool,
    /// What the runs of the job before have written.
    pub earlier: Option<&'r Earlier>,
}

/// A worker's form of node `index`, and its ordered state where it has one. `None`: the node ends its stage.
pub fn op<'p>(
    index: usize,
    ordered: &mut Vec<Turnstile<Ordered>>,
    next: &mut usize,
    setting: &Setting<'p, '_>,
) -> Result<Option<Op<'p>>> {
    let Setting { plan, seed, .. } = *setting;
    let node: &'p Node = &plan.nodes[index];
    let zone = &plan.zone;
    let mut with_state = |make: &dyn Fn() -> Result<Ordered>| -> Result<usize> {
        let at = *next;
        *next += 1;
        if ordered.len() == at {
            ordered.push(Turnstile::new(make()?));
        }
        Ok(at)
    };
    Ok(Some(match &node.kind {
        NodeKind::Filter { keep } => Op::Filter(keep.clone()),
        NodeKind::Project { columns } => Op::Project(columns.clone()),
        NodeKind::Parse {
            text,
            regex,
            into,
            keep_unmatched,
        } => Op::Parse(Captures {
            text: text.clone(),
            regex: regex.clone(),
            places: regex.capture_locations(),
            into,
            keep_unmatched: *keep_unmatched,
        }),
        NodeKind::Explode { list, into, carry } => Op::Explode {
            list: list.clone(),
            into: *into,
            carry,
        },
        NodeKind::Others { fields } => Op::Others(fields),
        NodeKind::Sample { below } => Op::Sample { below: *below },
        NodeKind::Assign {
            window,
            lateness,
            overdue,
            into,
            carry,
        } => Op::Assign {
            grid: Grid::new(window, zone),
            lateness: *lateness,
            overdue: *overdue,
            into: *into,
            carry,
        },
        NodeKind::Judge { window, lateness } => Op::Judge {
            grid: Grid::new(window, zone),
            lateness: *lateness,
        },
        NodeKind::Lines { format, out } => Op::Lines(RowWriter::new(out, format.as_ref())?),
        NodeKind::Limit { rows } => {
            let at = with_state(&|| Ok(Ordered::Limit { left: *rows }))?;
            let (sides, all) = (plan.sides_before(index), plan.sides().count());
            Op::Ordered {
                at,
                work: Work::Limit {
                    sides,
                    is_all: sides == all,
                },
            }
        }
        NodeKind::Distinct {
            keys,
            last: false,
            scope,
            ..
        } => {
            let empty = || Ordered::Distinct {
                seen: KeyTable::new(seed),
                groups: Vec::new(),
                ends: BTreeMap::new(),
                seed,
            };
            let at = with_state(&|| Ok(empty()))?;
            let coder = KeyCoder::new(keys.iter().map(|key| key.ty.clone()).collect());
            let windowed = !matches!(scope, Scope::Forever);
            Op::Ordered {
                at,
                work: Work::Distinct {
                    keys: keys.clone(),
                    coder,
                    windowed,
                },
            }
        }
        NodeKind::Tee { path, format, out } => {
            let writer = RowWriter::new(out, format.as_ref())?;
            let open = || -> Result<Ordered> {
                let failed = || crate::error::Failure {
                    status: crate::error::status::CANT_CREATE,
                    message: format!("tee: {path}"),
                };
                let (mut sink, len) = FileSink::open(
                    Path::new(path),
                    Mode::Growing,
                    setting.earlier,
                    &setting.run.stop,
                )
                .with_context(failed)?;
                let mut begin = Vec::new();
                match out {
                    Output::Original => begin.extend_from_slice(&plan.source.head),
                    Output::Made | Output::Nothing => {}
                    Output::Columns(schema) => format.begin(schema, &mut begin),
                }
                let waits = are_untold(plan, setting.run, out);
                if len == 0 && !waits {
                    sink.write(&begin).with_context(failed)?;
                }
                Ok(Ordered::Tee {
                    sink: Box::new(sink),
                    path: path.clone(),
                    begin,
                    waits: len == 0 && waits,
                    failed: None,
                })
            };
            let at = with_state(&open)?;
            Op::Ordered {
                at,
                work: Work::Tee {
                    writer,
                    buf: Vec::new(),
                },
            }
        }
        NodeKind::Hand(hand) => {
            let make = || {
                let hander = Hander::new(hand, node, setting)?;
                Ok(Ordered::of(Box::new(hander), Told::default()))
            };
            let at = with_state(&make)?;
            Op::Ordered {
                at,
                work: Work::Process(Box::new(Feeder::of_rows())),
            }
        }
        NodeKind::Lookup(node) => {
            let (tables, run) = (setting.tables, setting.run);
            let work = lookup::Work::new(index, node, tables, run, seed);
            Op::Lookup(work.context("a table that was not loaded")?)
        }
        NodeKind::Custom(custom) => {
            let feeder = Feeder::new(custom);
            let make = || {
                let told = Told {
                    late: Late::new(setting.run.late_file.is_some()),
                    ..Told::default()
                };
                let state = Ordered::of(feeder.process(index, custom, setting), told);
                Ok(match counts_windows(custom) {
                    true => state.counting_windows(),
                    false => state,
                })
            };
            let at = with_state(&make)?;
            Op::Ordered {
                at,
                work: Work::Process(Box::new(feeder)),
            }
        }
        NodeKind::Aggregate { .. }
        | NodeKind::Sort { .. }
        | NodeKind::Distinct { last: true, .. } => return Ok(None),
    }))
}

/// Whether the rows of a node are those of windows that have closed. What looks back from each record closes none.
fn counts_windows(custom: &Custom) -> bool {
    let looks_back = match &custom.meaning {
        Meaning::Group(grouping) => matches!(grouping.shape, Shape::LookBack(_)),
        _ => false,
    };
    custom.own_rows && !looks_back
}

/// The last record of a block that is needed, told as long as rows stand in their block: who asks has the chunk when other
/// rows may be in it.
#[derive(Copy, Clone, Debug)]
pub struct LastNeeded {
    /// Where in the block it begins, and in its input.
    pub begin: usize,
    pub offset: u64,
    /// Line ends of the block before it.
    pub lines: u64,
}

/// What a chunk met on its way.
pub struct Met<'a> {
    /// The time of the first batch, if there is one.
    pub first_batch: &'a dyn Fn() -> Option<i64>,
    /// What the clock has come to that the data tell, where early rows go by that.
    pub moment: Option<i64>,
    /// Rows that were late for all their windows.
    pub late: Late,
    /// The next end of a window that a process has opened.
    pub next_end: Option<i64>,
    /// When the clock next lets something out of a process.
    pub next_tick: i64,
    /// Windows of rows that a process has made.
    pub windows: u64,
    /// Nothing more of the input is needed.
    pub enough: bool,
    /// Of so many sides nothing more is needed.
    pub sides_done: usize,
    /// Rows that do not stand in the input's block were enough.
    pub enough_apart: bool,
    /// The last record of the block that is needed.
    pub last_needed: Option<LastNeeded>,
    /// Rows do not stand in the input's block any more.
    pub apart: bool,
    /// Bad records of tables that were read again, as `--bad-file` has them.
    pub bad_lines: Vec<u8>,
    /// Why the run breaks off: exit status and message.
    pub broken: Option<(i32, String)>,
}

impl<'a> Met<'a> {
    /// `late`: the lines of late records are wanted.
    pub fn new(late: bool, first_batch: &'a dyn Fn() -> Option<i64>) -> Met<'a> {
        Met {
            first_batch,
            moment: None,
            late: Late::new(late),
            next_end: None,
            next_tick: i64::MAX,
            windows: 0,
            enough: false,
            sides_done: 0,
            enough_apart: false,
            last_needed: None,
            apart: false,
            bad_lines: Vec::new(),
            broken: None,
        }
    }

    /// Of the first sides nothing behind the last live row is needed.
    pub fn end_behind(&mut self, chunk: &Chunk, sides: usize) {
        self.sides_done = self.sides_done.max(sides);
        let Some(row) = chunk.live.iter().last() else {
            return;
        };
        // Rows that were kept do not stand in a block any more.
        if chunk.block.is_empty() || self.apart {
            self.enough_apart = true;
            return;
        }
        let begin = chunk.record(row).start();
        if self.last_needed.is_none_or(|known| begin < known.begin) {
            self.last_needed = Some(LastNeeded {
                begin,
                offset: chunk.block.origin.offset + begin as u64,
                lines: scan::count_byte(&chunk.block.bytes()[..begin], b'\n') as u64,
            });
        }
    }
}

impl Op<'_> {
    /// `None`: the run is being abandoned.
    pub fn run(
        &mut self,
        chunk: &mut Chunk,
        seq: u64,
        ordered: &[Turnstile<Ordered>],
        cx: &mut EvalContext<'_>,
        met: &mut Met<'_>,
    ) -> Option<()> {
        match self {
            Op::Ordered { at, work } => return work.run(chunk, seq, &ordered[*at], cx, met),
            _ if chunk.live.is_empty() => {}
            Op::Filter(keep) => keep.filter(chunk, cx),
            Op::Project(columns) => {
                let made: Vec<ColumnV> = columns
                    .iter_mut()
                    .map(|(_, expr)| expr.eval(chunk, cx))
                    .collect();
                for ((field, _), column) in columns.iter().zip(made) {
                    chunk.set_column(*field, column);
                }
            }
            Op::Parse(captures) => captures.run(chunk, cx),
            Op::Explode { list, into, carry } => explode(list, *into, carry, chunk, cx),
            Op::Lookup(work) => work.run(chunk, cx, &mut met.bad_lines),
            Op::Others(fields) => cx.counts.others.add(chunk, fields),
            Op::Sample { below } => {
                let mut live = std::mem::take(&mut chunk.live);
                live.retain(|row| hash::stable(chunk.line(row)) < *below);
                chunk.live = live;
            }
            Op::Assign {
                grid,
                lateness,
                overdue,
                into,
                carry,
            } => {
                judge_later(*lateness, chunk);
                assign((grid, *overdue), *into, carry, chunk, &mut met.late);
            }
            Op::Judge { grid, lateness } => judge(grid, *lateness, chunk, &mut met.late),
            Op::Lines(writer) => draw_lines(writer, chunk),
        }
        Some(())
    }
}

impl Work {
    fn run(
        &mut self,
        chunk: &mut Chunk,
        seq: u64,
        turnstile: &Turnstile<Ordered>,
        cx: &mut EvalContext<'_>,
        met: &mut Met<'_>,
    ) -> Option<()> {
        match self {
            Work::Process(feeder) => feeder.run(chunk, seq, turnstile, cx, met),
            Work::Limit { sides, is_all } => turnstile.pass(seq, |state| {
                let Ordered::Limit { left } = state else {
                    return;
                };
                chunk
                    .live
                    .truncate((*left).min(u64::from(u32::MAX)) as usize);
                *left -= chunk.live.len() as u64;
                if *left == 0 {
                    met.end_behind(chunk, *sides);
                    met.enough |= *is_all;
                }
            }),
            Work::Tee { writer, buf } => {
                buf.clear();
                writer.write(chunk, buf);
                turnstile.pass(seq, |state| met.enough |= !state.write(buf))
            }
            Work::Distinct {
                keys,
                coder,
                windowed,
            } => {
                let keys = keys.iter_mut().map(|key| key.eval(chunk, cx)).collect();
                let key = coder.encode(keys, chunk);
                let spaces: Option<Vec<i64>> = match (&chunk.windows, *windowed) {
                    (Some(windows), true) => {
                        Some(windows.iter().map(|(start, _)| *start).collect())
                    }
                    _ => None,
                };
                turnstile.pass(seq, |state| {
                    let Ordered::Distinct {
                        seen, groups, ends, ..
                    } = state
                    else {
                        return;
                    };
                    let Some(cells) = chunk.cells(&key) else {
                        return;
                    };
                    let mut next = seen.len() as u32;
                    groups.clear();
                    seen.probe(&cells, spaces.as_deref(), groups);
                    // Groups are numbered by first sight, so a row that is first has the next number.
                    let mut group = groups.iter();
                    let mut live = std::mem::take(&mut chunk.live);
                    live.retain(|_| {
                        let first = group.next() == Some(&next);
                        next += u32::from(first);
                        first
                    });
                    if let (Some(windows), true) = (&chunk.windows, *windowed) {
                        for row in live.iter() {
                            let (start, end) = windows[row as usize];
                            ends.insert(start, end);
                        }
                    }
                    chunk.live = live;
                })
            }
        }
    }
}

/// Rows into bytes, as the output wants them.
pub enum RowWriter {
    Original,
    Format(Box<dyn Writer>),
    Nothing,
}

impl RowWriter {
    pub fn new(out: &Output, format: &dyn crate::formats::WriteFormat) -> Result<RowWriter> {
        Ok(match out {
            Output::Original | Output::Made => RowWriter::Original,
            Output::Nothing => RowWriter::Nothing,
            Output::Columns(schema) => RowWriter::Format(format.writer(schema)?),
        })
    }

    pub fn write(&mut self, chunk: &Chunk, out: &mut Vec<u8>) {
        match self {
            RowWriter::Format(writer) => writer.write(chunk, out),
            RowWriter::Original => original(chunk, out),
            RowWriter::Nothing => {}
        }
    }
}

/// Gives each row what is written of it for its line.
fn draw_lines(writer: &mut RowWriter, chunk: &mut Chunk) {
    let live = std::mem::take(&mut chunk.live);
    let (mut text, mut ends) = (Vec::new(), Vec::new());
    for row in live.iter() {
        chunk.live = Selection::Some(vec![row]);
        writer.write(chunk, &mut text);
        ends.push(text.len());
    }
    let (mut scratch, mut from) = (chunk.take_scratch(), 0);
    for (row, end) in live.iter().zip(ends) {
        let line = &text[from..end];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        chunk.rows[row as usize] = Span::scratch(scratch.len(), line.len());
        scratch.extend_from_slice(line);
        from = end;
    }
    chunk.live = live;
    chunk.set_scratch(scratch);
}

/// The records as they came; neighbours in one copy.
fn original(chunk: &Chunk, out: &mut Vec<u8>) {
    let block = chunk.block.bytes();
    // A run of neighbouring lines of the block: from, to (without the last line end).
    let mut run: Option<(usize, usize)> = None;
    let mut give = |(from, to): (usize, usize)| {
        out.extend_from_slice(&block[from..to]);
        out.push(b'\n');
    };
    let mut apart = Vec::new();
    for row in chunk.live.iter() {
        let span = chunk.rows[row as usize];
        if span.in_scratch() {
            apart.push(span);
            continue;
        }
        let (from, to) = (span.start(), span.start() + span.len());
        run = match run {
            Some((begin, end)) if end + 1 == from => Some((begin, to)),
            Some(done) => {
                give(done);
                Some((from, to))
            }
            None => Some((from, to)),
        };
    }
    if let Some(done) = run {
        give(done);
    }
    for span in apart {
        out.extend_from_slice(chunk.bytes(span));
        out.push(b'\n');
    }
}

/// Named captures of a regex over a text.
pub struct Captures<'p> {
    text: Expr,
    regex: regex::bytes::Regex,
    places: regex::bytes::CaptureLocations,
    into: &'p [(usize, FieldId)],
    keep_unmatched: bool,
}

impl Captures<'_> {
    fn run(&mut self, chunk: &mut Chunk, cx: &mut EvalContext<'_>) {
        let mut text = self.text.eval(chunk, cx);
        if self.text.ty == Type::Json {
            text = plain_text(text, chunk);
        }
        let n = chunk.rows.len();
        let mut made: Vec<(Vec<Span>, Bitmap)> = self
            .into
            .iter()
            .map(|_| (vec![Span::default(); n], Bitmap::new(n, false)))
            .collect();
        let mut live = std::mem::take(&mut chunk.live);
        if let Column::Bytes(spans) = &text.data {
            live.retain(|row| {
                let row = row as usize;
                if !text.is_valid(row) {
                    return self.keep_unmatched;
                }
                let span = spans[row];
                let bytes = chunk.bytes(span);
                if self.regex.captures_read(&mut self.places, bytes).is_none() {
                    return self.keep_unmatched;
                }
                for ((group, _), (cells, valid)) in self.into.iter().zip(&mut made) {
                    if let Some((from, to)) = self.places.get(*group) {
                        cells[row] = piece(span, from, to);
                        valid.set(row, true);
                    }
                }
                true
            });
        } else if !self.keep_unmatched {
            live = Selection::All(0);
        }
        chunk.live = live;
        for ((_, field), (cells, valid)) in self.into.iter().zip(made) {
            chunk.set_column(
                *field,
                ColumnV {
                    data: Column::Bytes(cells),
                    valid: Some(valid),
                },
            );
        }
    }
}

/// Bytes `from..to` of a span.
fn piece(span: Span, from: usize, to: usize) -> Span {
    if span.in_scratch() {
        Span::scratch(span.start() + from, to - from)
    } else {
        Span::new(span.start() + from, to - from)
    }
}

/// JSON strings without their quotes; other values as they stand.
fn plain_text(column: ColumnV, chunk: &mut Chunk) -> ColumnV {
    let ColumnV {
        data: Column::Bytes(mut spans),
        valid,
    } = column
    else {
        return column;
    };
    let mut scratch = chunk.take_scratch();
    let mut text = Vec::new();
    for row in chunk.live.iter() {
        let span = spans[row as usize];
        let raw = span.of(chunk.block.padded(), &scratch);
        if raw.first() != Some(&b'"') {
            continue;
        }
        if json::plain(raw).is_some() {
            spans[row as usize] = piece(span, 1, raw.len() - 1);
        } else {
            text.clear();
            json::unescape(raw, &mut text);
            spans[row as usize] = Span::scratch(scratch.len(), text.len());
            scratch.extend_from_slice(&text);
        }
    }
    chunk.set_scratch(scratch);
    ColumnV {
        data: Column::Bytes(spans),
        valid,
    }
}

/// A row for each item of the list; the columns that are read later go with it.
fn explode(
    list: &mut Expr,
    into: FieldId,
    carry: &[FieldId],
    chunk: &mut Chunk,
    cx: &mut EvalContext<'_>,
) {
    let column = list.eval(chunk, cx);
    let mut parents: Vec<u32> = Vec::new();
    let items = match column.data {
        Column::List { ends, items } => {
            let mut picked: Vec<u32> = Vec::new();
            let mut whole = true;
            for row in chunk.live.iter() {
                let r = row as usize;
                if column.valid.as_ref().is_some_and(|valid| !valid.get(r)) {
                    continue;
                }
                let (from, to) = (if r == 0 { 0 } else { ends[r - 1] }, ends[r]);
                whole &= picked.len() as u32 == from;
                picked.extend(from..to);
                parents.resize(picked.len(), row);
            }
            // Nearly always every item of every row goes on, and the column is there already.
            if whole && picked.len() == items.len() {
                *items
            } else {
                items.gather(&picked)
            }
        }
        Column::Bytes(spans) if list.ty == Type::Json => {
            let mut cells = Vec::new();
            for row in chunk.live.iter() {
                let span = spans[row as usize];
                if column
                    .valid
                    .as_ref()
                    .is_some_and(|valid| !valid.get(row as usize))
                {
                    continue;
                }
                let raw = chunk.bytes(span);
                if raw.first() == Some(&b'[') {
                    for item in json::items(raw) {
                        let from = item.as_ptr() as usize - raw.as_ptr() as usize;
                        cells.push(piece(span, from, from + item.len()));
                        parents.push(row);
                    }
                } else {
                    // One value is a list of one.
                    cells.push(span);
                    parents.push(row);
                }
            }
            let valid: Vec<bool> = cells
                .iter()
                .map(|cell| chunk.bytes(*cell) != b"null")
                .collect();
            let mut bits = Bitmap::new(valid.len(), true);
            for (i, valid) in valid.iter().enumerate() {
                bits.set(i, *valid);
            }
            ColumnV {
                data: Column::Bytes(cells),
                valid: Some(bits),
            }
        }
        _ => {
            parents.extend(
                chunk
                    .live
                    .iter()
                    .filter(|row| column.is_valid(*row as usize)),
            );
            column.gather(&parents)
        }
    };
    replicate(chunk, &parents, carry);
    chunk.set_column(into, items);
}

/// The chunk with row `parents[i]` as its row `i`; columns other than `carry` are gone.
pub fn replicate(chunk: &mut Chunk, parents: &[u32], carry: &[FieldId]) {
    let old = std::mem::take(&mut chunk.columns);
    for &field in carry {
        if let Some(column) = old.get(field).and_then(Option::as_ref) {
            chunk.set_column(field, column.gather(parents));
        }
    }
    let pick = |values: &Vec<i64>| parents.iter().map(|&row| values[row as usize]).collect();
    chunk.times = chunk.times.as_ref().map(pick);
    chunk.before = chunk.before.as_ref().map(pick);
    chunk.clocks = chunk.clocks.as_ref().map(pick);
    if let Some(windows) = &chunk.windows {
        chunk.windows = Some(parents.iter().map(|&row| windows[row as usize]).collect());
    }
    let pick = |spans: &Vec<Span>| parents.iter().map(|&row| spans[row as usize]).collect();
    chunk.records = chunk.records.as_ref().map(pick);
    chunk.rows = pick(&chunk.rows);
    chunk.live = Selection::All(parents.len() as u32);
}
