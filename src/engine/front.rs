//! The data plane's front: a block becomes a chunk, with the rows, fields and times that the chain needs, and what
//! is wrong with its records is put down. Invariant: a row is judged by the rows before it in its own source,
//! whoever reads which block.

use super::Shared;
use super::begins::{Begins, candidates};
use super::input::TooLong;
use super::inputs::InputInfo;
use super::ledger::{Account, BadRecord};
use super::open::Opened;
use super::prefix::Lines;
use super::stamps::InFront;
use super::steps::LastNeeded;
use crate::bytes::{Span, scan};
use crate::data::step::Counts;
use crate::data::{Block, Chunk, Column, ColumnBuilder, ColumnV, FieldId, Open, Type};
use crate::error::{Failure, status};
use crate::expr::Expr;
use crate::formats::{Bad, Framing, Reader, begins, trimmed};
use crate::plan::node::{Made, Node, NodeKind, Plan, Source, Times};
use anyhow::Result;
use memchr::memmem;
use std::sync::atomic::Ordering;

/// A worker's own part of reading: block to chunk.
pub struct SourceWorker<'p> {
    pub(super) source: &'p Source,
    /// 0: the chain's own source, else another stream of it.
    side: usize,
    /// Rows by arrival are judged one by one.
    pub(super) judged: bool,
    /// For the input that it was made for.
    reader: Option<(u32, Box<dyn Reader>)>,
    /// Finds the fields that are sought, as long as one has not occurred.
    seeker: Option<Box<dyn Reader>>,
    literal: Option<memmem::Finder<'p>>,
    pub(super) at: Option<Expr>,
    pub(super) clock: Option<Expr>,
    bad: Vec<Bad>,
    /// Counts of conversions that are told as bad records, not as failed conversions.
    pub(super) unheeded: Counts,
    lines: Vec<Span>,
    /// Whether the stage may need only some of a block.
    pub(super) limited: bool,
    /// Where the records of the block at hand begin, if so.
    begins: Begins,
    /// Whether a record may be several lines.
    joined: bool,
    /// Whose sources they are.
    plan: &'p Plan,
    /// Line ends of the block at hand that are in a record too long to be in it.
    skipped: u64,
    /// Rows of the block at hand that are no records: empty lines, and lines that end a batch.
    pub(super) void: Vec<u32>,
    /// Of the rows at hand, where one of them may turn out to end the run, or the need of input.
    pub(super) in_front: Vec<InFront>,
}

impl<'p> SourceWorker<'p> {
    /// For side `side` of a plan: 0 is the chain's own source.
    pub fn new(plan: &'p Plan, side: usize) -> SourceWorker<'p> {
        let source = plan.sides().nth(side).unwrap_or(&plan.source);
        let mut first_stage = plan.nodes.iter().map(|node| &node.kind).take_while(|kind| {
            !matches!(
                kind,
                NodeKind::Aggregate { .. }
                    | NodeKind::Sort { .. }
                    | NodeKind::Distinct { last: true, .. }
            )
        });
        let at = match &source.time {
            Some(Times::Event { at, .. }) => Some(at.clone()),
            _ => None,
        };
        let clock = match (&source.time, &source.clock) {
            (Some(Times::Clock { at, .. }), _) | (_, Some(Times::Clock { at, .. })) => {
                Some(at.clone())
            }
            _ => None,
        };
        let is_custom = |node: &Node| matches!(node.kind, NodeKind::Custom(_));
        SourceWorker {
            source,
            side,
            judged: plan.nodes.iter().any(is_custom),
            reader: None,
            seeker: seeker(source),
            literal: source.literal.as_deref().map(memmem::Finder::new),
            at,
            clock,
            bad: Vec::new(),
            unheeded: Counts::default(),
            lines: Vec::new(),
            limited: first_stage.any(|kind| matches!(kind, NodeKind::Limit { .. })),
            begins: Begins::default(),
            joined: matches!(source.format.framing(), Framing::Begun(_)),
            plan,
            skipped: 0,
            void: Vec::new(),
            in_front: Vec::new(),
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
        let source = self.source;
        let input = chunk.block.origin.input;
        if self
            .reader
            .as_ref()
            .is_none_or(|(made_for, _)| *made_for != input)
        {
            let info = shared.inputs.get(input);
            let header = info.as_ref().and_then(|info| info.header.as_deref());
            let again = self.reader.is_some() && header.is_none();
            if !again {
                let late = shared.run.late_file.is_some();
                let heading = Heading::of(self.plan, self.side, late);
                let made = reader_of(source, header, heading);
                self.reader = Some((
                    input,
                    made.map_err(|error| of_header(info.as_deref(), &error))?,
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
        if let Some(seeker) = &mut self.seeker
            && !seek(seeker.as_mut(), (source, self.side), shared, chunk, find)
        {
            self.seeker = None;
        }
        self.bad.clear();
        reader.read(chunk, find, &mut self.bad);
        self.void.clear();
        if find {
            read = chunk.rows.len() as u64;
            void(chunk, &self.bad, &mut self.void);
        }
        let progress = &shared.run.progress;
        let records = read - self.void.len() as u64;
        progress.records.fetch_add(records, Ordering::Relaxed);
        let size = chunk.block.len() as u64;
        progress.bytes.fetch_add(size, Ordering::Relaxed);
        let mut bad = std::mem::take(&mut self.bad);
        if chunk.block.len() > shared.run.max_line {
            refuse_long(shared.run.max_line, chunk, &mut bad);
        }
        if self.side > 0 || !shared.all_seen.load(Ordering::Relaxed) {
            self.note_seen(shared, chunk);
        }
        self.skipped = long.map_or(0, |long| long.lines);
        self.make(shared, chunk);
        let long_one = u64::from(long.is_some());
        let going = self.times(shared, chunk, &mut bad, long_one, account);
        read -= self.void.len() as u64;
        account.records = read;
        if !bad.is_empty() || long.is_some() {
            bad.sort_by_key(|bad| bad.row);
            account.bad = bad.iter().map(|bad| place(chunk, bad)).collect();
            for bad in &mut account.bad {
                bad.index -= self.void.partition_point(|row| *row < bad.index) as u32;
            }
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
                    lines: 1,
                    text: Vec::new(),
                });
            }
        }
        bad.clear();
        self.bad = bad;
        let may_end = shared.run.strict || !account.bad.is_empty();
        if self.limited || shared.run.quiet || may_end {
            match self.literal.is_some() && may_end {
                true => self.begins.of_lines(chunk, long),
                false => self.begins.of_rows(chunk, &self.void, long),
            }
        }
        Ok(going)
    }

    /// Takes out of an account of the block that was read last what stands behind the last record that is needed: how far
    /// others had read is accident, and not told.
    pub fn cut(&self, (last, sides): (LastNeeded, usize), account: &mut Account) {
        account.records = match self.literal {
            Some(_) => last.lines + 1,
            None => self.begins.upto(last.begin),
        };
        account.bad.retain(|bad| bad.offset <= last.offset);
        account.late.cut(last.begin);
        account.ends = sides;
    }

    /// The same behind the bad record that ends the run, which begins there in the block.
    pub fn cut_at(&self, begin: usize, account: &mut Account) {
        account.records = self.begins.upto(begin);
        account.late.cut(begin);
    }

    /// Columns that are no part of the record's text.
    fn make(&self, shared: &Shared<'_>, chunk: &mut Chunk) {
        for &(made, field) in &self.source.made {
            let name = shared.inputs.name(chunk.block.origin.input);
            let before = |chunk: &Chunk| match chunk.block.lines {
                Some(before) => before,
                None => {
                    let input = chunk.block.origin.input;
                    let lines = newlines(chunk.block.bytes()) + self.skipped;
                    let lines = Lines { input, lines };
                    let before = shared.lines.publish(chunk.block.place, lines);
                    let before = before.filter(|before| before.input == input);
                    let info = shared.inputs.get(input);
                    let header = info.and_then(|info| info.header.as_deref().map(newlines));
                    before.map_or(0, |before| before.lines) + header.map_or(0, |inner| inner + 1)
                }
            };
            // Times are made with the times, below.
            if let Some(column) = made_column(made, chunk, &name, before) {
                chunk.set_column(field, column);
            }
            if self.joined && made == Made::Line {
                join_lines(chunk, field);
            }
        }
    }

    /// Notes which fields of a schemaless input have occurred at all.
    fn note_seen(&self, shared: &Shared<'_>, chunk: &Chunk) {
        let mut all = true;
        for (&field, seen) in self.source.wanted.iter().zip(&shared.seen[self.side]) {
            if seen.load(Ordering::Relaxed) {
                continue;
            }
            let occurs = occurs(self.source, chunk, field);
            seen.fetch_or(occurs, Ordering::Relaxed);
            all &= occurs;
        }
        let sought = &shared.seen[self.side][self.source.wanted.len()..];
        all &= sought.iter().all(|seen| seen.load(Ordering::Relaxed));
        if all && self.side == 0 {
            shared.all_seen.store(true, Ordering::Relaxed);
        }
    }
}

/// What finds the fields that are sought.
fn seeker(source: &Source) -> Option<Box<dyn Reader>> {
    if source.sought.is_empty() || !may_never_occur(source) {
        return None;
    }
    let mut schema = source.schema.clone();
    schema.others = None;
    source.format.reader(&schema, &source.sought, None).ok()
}

/// Notes which of the fields that are sought are in a chunk that is yet to be read. False: none is left.
#[cold]
fn seek(
    seeker: &mut dyn Reader,
    (source, side): (&Source, usize),
    shared: &Shared<'_>,
    chunk: &mut Chunk,
    find: bool,
) -> bool {
    let flags = &shared.seen[side][source.wanted.len()..];
    if flags.iter().all(|seen| seen.load(Ordering::Relaxed)) {
        return false;
    }
    seeker.read(chunk, find, &mut Vec::new());
    for (&field, seen) in source.sought.iter().zip(flags) {
        seen.fetch_or(occurs(source, chunk, field), Ordering::Relaxed);
        chunk.columns[field] = None;
    }
    true
}

/// Rows of a chunk just read that are no records, into `void`: neither good nor bad.
fn void(chunk: &Chunk, bad: &[Bad], void: &mut Vec<u32>) {
    let records = chunk.live.len() + bad.len();
    if records < chunk.rows.len() {
        let mut records: Vec<u32> = chunk.live.iter().collect();
        records.extend(bad.iter().map(|bad| bad.row));
        records.sort_unstable();
        let rows = 0..chunk.rows.len() as u32;
        void.extend(rows.filter(|row| records.binary_search(row).is_err()));
    }
}

/// Headers must have what the chain asks for, each of its side.
pub fn check_headers(plan: &Plan, opened: &Opened, late: bool) -> Result<()> {
    if late {
        check_late_streams(plan)?;
    }
    for info in opened.list.all() {
        let Some(source) = plan.sides().nth(info.side) else {
            continue;
        };
        if let Some(header) = &info.header {
            reader_of(source, Some(header), Heading::of(plan, info.side, late))
                .map_err(|error| of_header(Some(&info), &error))?;
        }
    }
    Ok(())
}

/// Late records of all streams go to one file, which is read again as the first stream is.
fn check_late_streams(plan: &Plan) -> Result<()> {
    let mut others = plan.sides().skip(1);
    match others.find(|other| other.format_name != plan.source.format_name) {
        None => Ok(()),
        Some(other) => Err(Failure {
            status: status::USAGE,
            message: format!(
                "--late FILE keeps records of one format, and '{}' has another than the first input; --late drop \
                 counts them",
                other.words.join(" ")
            ),
        }
        .into()),
    }
}

/// What the records of a stream are put below as they stand: the header of the chain's own source.
#[derive(Copy, Clone)]
enum Heading<'p> {
    /// In the output.
    Output(&'p Source),
    /// In the file of late records.
    Late(&'p Source),
}

impl<'p> Heading<'p> {
    /// Of the records of a side; `late`: late ones go to a file.
    fn of(plan: &'p Plan, side: usize, late: bool) -> Option<Heading<'p>> {
        match side == 0 && plan.passes_lines() {
            true => Some(Heading::Output(&plan.source)),
            false => late.then_some(Heading::Late(&plan.source)),
        }
    }

    /// Records that go below another input's header must have the same columns.
    fn check(self, header: &[u8]) -> Result<()> {
        let (Heading::Output(source) | Heading::Late(source)) = self;
        let (head, header) = (trimmed(&source.head), trimmed(header));
        if head == header || head.is_empty() || header.is_empty() {
            return Ok(());
        }
        if columns_of(source, head)? == columns_of(source, header)? {
            return Ok(());
        }
        let remedy = match self {
            Heading::Output(_) => format!(
                "records are passed on as they stand; -o {}, or select, writes them by their names",
                source.format_name.split(':').next().unwrap_or("csv")
            ),
            Heading::Late(_) => {
                "--late FILE keeps records of one header; --late drop counts them".into()
            }
        };
        anyhow::bail!(
            "its columns are others, or in another order, than those of the first input, and {remedy}"
        )
    }
}

/// The names of the columns of a header.
fn columns_of(source: &Source, header: &[u8]) -> Result<Vec<String>> {
    let fields = match trimmed(header) {
        b"" => return Ok(Vec::new()),
        header => source.format.schema(Some(header))?.fields,
    };
    Ok(fields.into_iter().map(|field| field.name).collect())
}

/// The reader of an input; `heading`: below whose header its records go.
fn reader_of(
    source: &Source,
    header: Option<&[u8]>,
    heading: Option<Heading<'_>>,
) -> Result<Box<dyn Reader>> {
    if let (Some(header), Some(heading)) = (header, heading) {
        heading.check(header)?;
    }
    source.format.reader(&source.schema, &source.wanted, header)
}

/// The header of an input lacks what the chain asks for.
pub fn of_header(info: Option<&InputInfo>, error: &anyhow::Error) -> anyhow::Error {
    let name = info.map_or("-", |info| info.name.as_str());
    let message = format!("{name}: {error}");
    Failure {
        status: status::USAGE,
        message,
    }
    .into()
}

/// Whether a record of a chunk has a field of its source.
pub fn occurs(source: &Source, chunk: &Chunk, field: FieldId) -> bool {
    let valid = chunk
        .column(field)
        .is_some_and(|column| chunk.live.iter().any(|row| column.is_valid(row as usize)));
    // A field that is always JSON's null is there all the same.
    valid || {
        let name = &source.schema.fields[field].name;
        let mut rows = chunk.live.iter();
        source.format_name == "json"
            && is_named(chunk.block.bytes(), name)
            && rows.any(|row| is_named(chunk.line(row), name))
    }
}

/// Whether a text of JSON holds the names of a path as strings; of one with backticks the last name.
fn is_named(text: &[u8], path: &str) -> bool {
    let named = |name: &str| memmem::find(text, format!("\"{name}\"").as_bytes()).is_some();
    match path.contains('`') {
        true => path
            .rsplit('`')
            .find(|name| !name.is_empty())
            .is_some_and(named),
        false => path
            .split('.')
            .all(|step| named(step.split('[').next().unwrap_or(step))),
    }
}

/// Whether fields may turn out never to occur: those of inputs without a header.
pub fn may_never_occur(source: &Source) -> bool {
    matches!(source.schema.open, Some(Open::Named(_)))
}

/// A column that is no part of the record's text; `None` of times, which are not made of the block alone. `before`:
/// lines before the block in its input.
pub fn made_column(
    made: Made,
    chunk: &mut Chunk,
    name: &str,
    before: impl FnOnce(&Chunk) -> u64,
) -> Option<ColumnV> {
    Some(match made {
        Made::Line => {
            let block = chunk.block.bytes();
            let spans = chunk.rows.iter().map(|row| {
                let cr = !row.is_empty() && block[row.start() + row.len() - 1] == b'\r';
                Span::new(row.start(), row.len() - usize::from(cr))
            });
            ColumnV::new(Column::Bytes(spans.collect()))
        }
        Made::File => {
            let mut scratch = chunk.take_scratch();
            let span = Span::scratch(scratch.len(), name.len());
            scratch.extend_from_slice(name.as_bytes());
            chunk.set_scratch(scratch);
            ColumnV::new(Column::Bytes(vec![span; chunk.rows.len()]))
        }
        Made::LineNumber => {
            let (mut at, mut line) = (0, before(chunk) + 1);
            let block = chunk.block.bytes();
            let mut builder = ColumnBuilder::new(&Type::Number);
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
        Made::Time | Made::Watermark | Made::Others => return None,
    })
}

/// Takes the carriage returns of line ends out of the records of several lines in a column.
fn join_lines(chunk: &mut Chunk, field: FieldId) {
    let mut scratch = chunk.take_scratch();
    let block = chunk.block.bytes();
    if let Some(Some(ColumnV {
        data: Column::Bytes(spans),
        ..
    })) = chunk.columns.get_mut(field)
    {
        for span in spans {
            let text = &block[span.start()..span.start() + span.len()];
            if let Some(joined) = begins::joined(text) {
                *span = Span::scratch(scratch.len(), joined.len());
                scratch.extend_from_slice(&joined);
            }
        }
    }
    chunk.set_scratch(scratch);
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

/// Where a bad record stands.
pub fn place(chunk: &Chunk, bad: &Bad) -> BadRecord {
    /// As much of a record as a message or `--bad-file` keeps.
    const TEXT_MAX: usize = 1 << 16;
    let span = match chunk.rows.get(bad.row as usize) {
        Some(_) => chunk.record(bad.row),
        None => Span::default(),
    };
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
        lines: newlines(line) + 1,
        text: line[..line.len().min(TEXT_MAX)].to_vec(),
    }
}

/// Takes the rows from a place of the input on out of a chunk.
pub fn end_at(chunk: &mut Chunk, offset: u64) {
    let begin = chunk.block.origin.offset;
    let mut live = std::mem::take(&mut chunk.live);
    live.retain(|row| begin + (chunk.record(row).start() as u64) < offset);
    chunk.live = live;
}

/// A chunk to fill, with the buffers of the one before.
pub fn next_chunk(chunk: &mut Chunk, block: Block) -> Vec<u8> {
    chunk.reset(block).into_buf()
}
