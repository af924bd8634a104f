//! Rows that leave the chain batch by batch: to commands of the shell, whose answers may go on in their place, or as
//! Spark's print shows them. One command runs at a time, in the order of the batches. Knows no operator.
//! Invariant: how rows were cut into chunks, and when epochs ended, shows in no batch.

mod child;

use super::front::made_column;
use super::steps::{RowWriter, Setting};
use crate::bytes::Span;
use crate::data::process::{Given, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::{NUMBERS_END, Watermark, Zone};
use crate::data::{Block, Chunk, Column, ColumnV, Schema, Selection};
use crate::formats::{Framing, Layout, Reader};
use crate::plan::node::{Extent, Hand, Node, Output, Taker, Window};
use anyhow::Result;
use child::{Child, fault};
use std::sync::Arc;

/// Bytes of an answer that go on at once where there is much of it.
const ANSWER_PIECE: usize = if cfg!(debug_assertions) { 200 } else { 1 << 20 };

/// Spark's line.
const DASHES: &[u8] = b"-------------------------------------------\n";

/// Records of answers that could not be read.
const UNREAD: &str = "records that commands answered cannot be read";

/// What does not change.
struct How {
    hand: Hand,
    /// The operator's name, for messages.
    name: String,
    /// Of the rows that come back.
    schema: Schema,
    /// What each batch begins with.
    begin: Vec<u8>,
    zone: Zone,
    /// The windows that come also without a row: size, slide and shift of the grid.
    grid: Option<(i64, i64, i64)>,
}

/// The state of a [`Hand`].
pub struct Hander {
    how: Arc<How>,
    writer: RowWriter,
    /// The number of the last batch that was begun.
    number: u64,
    /// Windows up to this end have been given.
    given: Option<i64>,
    open: Option<Open>,
    /// All that a run reads was given, or is being given.
    begun: bool,
    /// A copy, to see what comes: it gives what has rows.
    copy: bool,
    /// A command has failed: nothing more is given.
    broken: bool,
    ran: u64,
    failed: u64,
    first_failure: String,
    /// What is to be said as soon as somebody asks.
    failure: Option<String>,
    reader: Option<(Vec<u8>, Box<dyn Reader>)>,
    back: Back,
    bytes: Vec<u8>,
}

/// A batch that is being given.
struct Open {
    window: Option<(i64, i64)>,
    to: To,
    layout: Option<Box<dyn Layout>>,
}

enum To {
    Child {
        child: Child,
        /// The header of its answer is still to come.
        headed: bool,
        /// It has all its input.
        closed: bool,
    },
    Print {
        left: u64,
        more: bool,
    },
}

/// Records that come back, as bytes, and the windows that they are of, each up to where its records end.
#[derive(Default)]
struct Back {
    bytes: Vec<u8>,
    parts: Vec<(usize, Option<(i64, i64)>)>,
    header: Vec<u8>,
}

impl Back {
    fn put(&mut self, records: &[u8], window: Option<(i64, i64)>) {
        self.bytes.extend_from_slice(records);
        match self.parts.last_mut() {
            Some((end, last)) if *last == window => *end = self.bytes.len(),
            _ => self.parts.push((self.bytes.len(), window)),
        }
    }
}

impl Hander {
    pub fn new(hand: &Hand, node: &Node, setting: &Setting<'_, '_>) -> Result<Hander> {
        let mut begin = Vec::new();
        match &hand.out {
            Output::Original => begin.extend_from_slice(&setting.plan.source.head),
            Output::Columns(schema) => hand.format.begin(schema, &mut begin),
            Output::Made | Output::Nothing => {}
        }
        let grid = hand.each.as_ref().and_then(|window| {
            let Window {
                size: Extent::Fixed(size),
                slide: Extent::Fixed(slide),
                offset,
                grow: None,
            } = window
            else {
                return None;
            };
            Some((*size, *slide, *offset))
        });
        let how = Arc::new(How {
            hand: hand.clone(),
            name: node.operator.split(' ').next().unwrap_or_default().into(),
            schema: node.schema.clone(),
            begin,
            zone: setting.plan.zone.clone(),
            grid,
        });
        let writer = RowWriter::new(&hand.out, hand.format.as_ref())?;
        Ok(Hander::idle(how, writer))
    }

    /// One that has been given nothing.
    fn idle(how: Arc<How>, writer: RowWriter) -> Hander {
        Hander {
            how,
            writer,
            number: 0,
            given: None,
            open: None,
            begun: false,
            copy: false,
            broken: false,
            ran: 0,
            failed: 0,
            first_failure: String::new(),
            failure: None,
            reader: None,
            back: Back::default(),
            bytes: Vec::new(),
        }
    }

    /// The window of a row; `None`: all that the run reads is one batch.
    fn window_of(&self, chunk: &Chunk, row: u32) -> Option<(i64, i64)> {
        if !self.how.hand.windowed {
            return None;
        }
        if let Some(windows) = &chunk.windows {
            return Some(windows[row as usize]);
        }
        let (size, ..) = self.how.grid?;
        let time = chunk.times.as_ref()?[row as usize];
        let start = time.div_euclid(size) * size;
        Some((start, start + size))
    }

    /// The first window that ends behind `t`.
    fn window_behind(&self, t: i64) -> Option<(i64, i64)> {
        let (size, slide, offset) = self.how.grid?;
        let before = t.saturating_sub(offset).saturating_sub(size);
        let start = before.div_euclid(slide).saturating_add(1);
        let start = start.saturating_mul(slide).saturating_add(offset);
        Some((start, start.saturating_add(size)))
    }

    /// Begins a batch.
    fn begin(&mut self, window: Option<(i64, i64)>) {
        let how = self.how.clone();
        self.number += 1;
        self.begun = true;
        let layout = match &how.hand.out {
            Output::Columns(schema) => how.hand.format.layout(schema),
            _ => None,
        };
        let to = match &how.hand.to {
            Taker::Print { rows } => {
                let time = match window {
                    Some((_, end)) if end < NUMBERS_END => "Time: none, a window by count\n".into(),
                    Some((_, end)) => format!("Time: {} ms\n", end.div_euclid(1_000_000)),
                    None => "Time: the whole input\n".into(),
                };
                self.back.put(DASHES, window);
                self.back.put(time.as_bytes(), window);
                self.back.put(DASHES, window);
                To::Print {
                    left: *rows,
                    more: false,
                }
            }
            Taker::Command { command, .. } => {
                let mut told = vec![self.number.to_string()];
                let times = window.filter(|(_, end)| *end >= NUMBERS_END);
                if let Some((start, end)) = times {
                    for at in [start, end] {
                        let mut text = Vec::new();
                        how.zone.write_time(at, &mut text);
                        told.push(String::from_utf8_lossy(&text).into_owned());
                    }
                }
                self.ran += 1;
                match Child::start(command, &told, how.hand.answer.is_some()) {
                    Ok(child) => To::Child {
                        child,
                        headed: false,
                        closed: false,
                    },
                    Err(error) => return self.fails(&format!("cannot be started: {error}")),
                }
            }
        };
        self.open = Some(Open { window, to, layout });
        self.give(&how.begin);
    }

    /// Gives bytes to the open batch.
    fn give(&mut self, bytes: &[u8]) {
        let Some(open) = &mut self.open else { return };
        let mut laid = Vec::new();
        let bytes = match &mut open.layout {
            Some(layout) => {
                layout.push(bytes, &mut laid);
                &laid
            }
            None => bytes,
        };
        let fed = match &mut open.to {
            To::Print { .. } => {
                self.back.put(bytes, open.window);
                Ok(None)
            }
            To::Child { child, .. } => child.feed(bytes).and_then(|()| match open.window {
                // One that has ended early need not be waited for to the end of what may have none.
                None => child.ended(false),
                Some(_) => Ok(None),
            }),
        };
        match fed {
            Ok(None) => self.take_records(false),
            Ok(Some(status)) => {
                self.take_records(false);
                if let Some(what) = fault(status) {
                    self.open = None;
                    self.fails(&what);
                }
            }
            Err(error) => {
                self.open = None;
                self.fails(&format!("cannot be fed: {error}"));
            }
        }
    }

    /// Gives the live rows of a chunk, which are of the open batch.
    fn rows(&mut self, chunk: &mut Chunk) {
        if let Some(Open {
            to: To::Print { left, more },
            ..
        }) = &mut self.open
        {
            let rows = chunk.live.len() as u64;
            *more |= rows > *left;
            chunk
                .live
                .truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= chunk.live.len() as u64;
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        self.writer.write(chunk, &mut bytes);
        self.give(&bytes);
        self.bytes = bytes;
    }

    /// Ends the open batch; false: of its answer there is more than goes on at once.
    fn end(&mut self, most: usize) -> bool {
        let Some(open) = &mut self.open else {
            return true;
        };
        let mut laid = Vec::new();
        if let Some(mut layout) = open.layout.take() {
            layout.flush(&mut laid);
        }
        let ended = match &mut open.to {
            To::Print { more, .. } => {
                let more: &[u8] = if *more { b"...\n" } else { b"" };
                for text in [&laid, more, b"\n"] {
                    self.back.put(text, open.window);
                }
                Ok(None)
            }
            To::Child { child, closed, .. } => {
                let fed = match std::mem::replace(closed, true) {
                    false => child.feed(&laid).map(|()| child.close()),
                    true => Ok(()),
                };
                match fed.and_then(|()| child.read(most)) {
                    Ok(true) => child.ended(true),
                    Ok(false) => {
                        self.take_records(false);
                        return false;
                    }
                    Err(error) => Err(error),
                }
            }
        };
        self.take_records(true);
        if let Some((_, end)) = self.open.take().and_then(|open| open.window)
            && self.how.grid.is_some()
        {
            self.given = self.given.max(Some(end));
        }
        match ended {
            Ok(status) => {
                if let Some(what) = status.and_then(fault) {
                    self.fails(&what);
                }
            }
            Err(error) => self.fails(&format!("cannot be waited for: {error}")),
        }
        true
    }

    /// Takes the whole records that the command has answered; `all`: it has ended.
    fn take_records(&mut self, all: bool) {
        let how = self.how.clone();
        let (Some(answer), Some(open)) = (&how.hand.answer, &mut self.open) else {
            return;
        };
        let To::Child { child, headed, .. } = &mut open.to else {
            return;
        };
        let framing = answer.format.framing();
        if all && child.got.last().is_some_and(|byte| *byte != b'\n') {
            child.got.push(b'\n');
        }
        let mut from = 0;
        if answer.format.has_header() && !*headed {
            let Some(end) = super::input::first_record(&child.got, &framing) else {
                return;
            };
            *headed = true;
            from = end;
            let header = &child.got[..end];
            let other = self
                .reader
                .as_ref()
                .is_some_and(|(before, _)| before != header);
            if other && !self.back.bytes.is_empty() {
                let what = "answers with another header than that of the batch before";
                self.open = None;
                return self.fails(what);
            }
            self.back.header = header.to_vec();
        }
        let end = match (all, &framing) {
            (true, _) => child.got.len(),
            (false, Framing::Lines) => memchr::memrchr(b'\n', &child.got).map_or(0, |at| at + 1),
            (false, Framing::Quoted) => whole_quoted(&child.got[from..]) + from,
            (false, Framing::Begun(begins)) => {
                from + begins.last(&child.got[from..], 0).unwrap_or(0)
            }
        };
        let end = end.max(from);
        self.back.put(&child.got[from..end], open.window);
        child.got.drain(..end);
    }

    fn fails(&mut self, what: &str) {
        let how = &self.how;
        let batch = match how.hand.windowed {
            true => format!(" of batch {}", self.number),
            false => String::new(),
        };
        let going = matches!(
            &how.hand.to,
            Taker::Command {
                keep_going: true,
                ..
            }
        );
        if self.failed == 0 {
            self.first_failure = match how.hand.windowed {
                true => format!("the first, of batch {}, {what}", self.number),
                false => format!("it {what}"),
            };
        }
        self.failed += 1;
        if !going {
            self.broken = true;
            let name = &how.name;
            self.failure
                .get_or_insert_with(|| format!("{name}: the command{batch} {what}"));
        }
    }

    /// Tells what went wrong.
    fn tell(&mut self, told: &mut Told) {
        if let Some(message) = self.failure.take() {
            told.break_off(message);
        } else if self.failed > 0 && !self.broken {
            let (name, failed, ran) = (&self.how.name, self.failed, self.ran);
            let commands = if ran == 1 { "command" } else { "commands" };
            told.regret(format!(
                "{name}: {failed} of {ran} {commands} failed; {}",
                self.first_failure
            ));
        }
    }

    /// Gives the windows without a row that end up to `last`.
    fn fill_up(&mut self, last: i64) {
        while !self.broken
            && let Some(given) = self.given
            && let Some(window) = self.window_behind(given).filter(|(_, end)| *end <= last)
        {
            self.begin(Some(window));
            self.end(usize::MAX);
            self.given = self.given.max(Some(window.1));
        }
    }

    /// What has come back until now, as rows.
    fn rows_back(&mut self, told: &mut Told) -> Option<Chunk> {
        let mut back = std::mem::take(&mut self.back);
        self.back.header = std::mem::take(&mut back.header);
        if back.bytes.is_empty() {
            return None;
        }
        let how = self.how.clone();
        let mut chunk = Chunk::of_block(Block::from_vec(back.bytes));
        match &how.hand.answer {
            None => lines(&mut chunk),
            Some(answer) => {
                let header = &self.back.header;
                if self.reader.as_ref().is_none_or(|(of, _)| of != header) {
                    let named = answer.format.has_header().then_some(header.as_slice());
                    match answer.format.reader(&how.schema, &answer.wanted, named) {
                        Ok(reader) => self.reader = Some((header.clone(), reader)),
                        Err(error) => {
                            self.fails(&format!("has answered what cannot be read: {error:#}"));
                            self.tell(told);
                            return None;
                        }
                    }
                }
                let (_, reader) = self.reader.as_mut()?;
                let mut bad = Vec::new();
                reader.read(&mut chunk, true, &mut bad);
                if !bad.is_empty() {
                    *told.counts.entry(UNREAD).or_default() += bad.len() as u64;
                }
                for &(made, field) in &answer.made {
                    let rows = chunk.rows.len();
                    let column = match made {
                        crate::plan::node::Made::Line => made_column(made, &mut chunk, "", |_| 0),
                        // It stands in no file.
                        _ => None,
                    };
                    chunk.set_column(field, column.unwrap_or_else(|| ColumnV::nulls(rows)));
                }
            }
        }
        if how.hand.windowed {
            stamp(&mut chunk, &back.parts, how.hand.answer.is_some());
        }
        Some(chunk)
    }

    /// Ends what is open, and gives what has come back, a piece of it.
    fn flush(&mut self, told: &mut Told) -> Vec<Chunk> {
        self.end(ANSWER_PIECE);
        let chunk = self.rows_back(told);
        self.tell(told);
        chunk.into_iter().collect()
    }
}

impl Process for Hander {
    fn batches_from(&mut self, first: i64, _told: &mut Told) {
        if self.how.grid.is_some() {
            self.given.get_or_insert(first);
        }
    }

    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let live = chunk.live.clone();
        let mut rows = live.iter().peekable();
        if !self.how.hand.windowed && !self.broken {
            if !self.begun {
                self.begin(None);
            }
            self.rows(chunk);
            rows = Selection::All(0).iter().peekable();
        }
        while let Some(row) = rows.next() {
            if self.broken {
                break;
            }
            let window = self.window_of(chunk, row);
            let mut run = vec![row];
            while let Some(&next) = rows.peek() {
                if self.window_of(chunk, next) != window {
                    break;
                }
                run.push(next);
                rows.next();
            }
            if self.open.as_ref().is_some_and(|open| open.window != window) {
                self.end(usize::MAX);
            }
            if let (Some((_, end)), true) = (window, self.how.grid.is_some()) {
                self.given.get_or_insert(end - 1);
                self.fill_up(end - 1);
            }
            if self.broken {
                break;
            }
            if self.open.is_none() {
                self.begin(window);
            }
            chunk.live = Selection::Some(run);
            self.rows(chunk);
        }
        chunk.live = live;
        let answers = self.how.hand.answer.is_some();
        if answers || matches!(self.how.hand.to, Taker::Print { .. }) {
            let (seq, arrival) = (chunk.block.seq, given.now);
            let empty = || Chunk::of_columns(0, Vec::new(), Vec::new());
            *chunk = self.rows_back(told).unwrap_or_else(empty);
            chunk.block.seq = seq;
            chunk.block.arrival = arrival;
        }
        self.tell(told);
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        if self.broken {
            return Vec::new();
        }
        if self.how.hand.windowed {
            // Whoever gave the rows of a window gave all of them.
            let chunks = self.flush(told);
            if self.open.is_some() {
                return chunks;
            }
            if let (Watermark::At(at), false) = (upto, self.copy) {
                self.fill_up(at);
                self.tell(told);
            }
            let more = self.rows_back(told);
            return chunks.into_iter().chain(more).collect();
        }
        match upto {
            Watermark::End => self.leave(told),
            _ => Vec::new(),
        }
    }

    fn goes_by_windows(&self) -> bool {
        self.how.hand.windowed
    }

    fn leave(&mut self, told: &mut Told) -> Vec<Chunk> {
        if self.broken {
            return Vec::new();
        }
        if !self.how.hand.windowed && !self.begun && !self.copy {
            self.begin(None);
        }
        self.flush(told)
    }

    fn enough(&mut self) {
        self.open = None;
    }

    fn has_more(&self) -> bool {
        let closed = |open: &Open| matches!(open.to, To::Child { closed: true, .. });
        self.open.as_ref().is_some_and(closed)
    }

    fn is_open(&self) -> bool {
        self.open.is_some()
    }

    fn next_end(&self) -> i64 {
        let of_open = self.open.as_ref().and_then(|open| Some(open.window?.1));
        let of_next = self
            .given
            .and_then(|given| Some(self.window_behind(given)?.1));
        of_open.into_iter().chain(of_next).min().unwrap_or(i64::MAX)
    }

    /// Rows that the clock has let out early are a batch of their own.
    fn tick(&mut self, _now: i64) -> Vec<Chunk> {
        if !self.how.hand.windowed || self.broken {
            return Vec::new();
        }
        self.end(usize::MAX);
        self.rows_back(&mut Told::default()).into_iter().collect()
    }

    fn fork(&self) -> Box<dyn Process> {
        let hand = &self.how.hand;
        let writer = RowWriter::new(&hand.out, hand.format.as_ref());
        // It was made before, of the same schema.
        let writer = writer.unwrap_or(RowWriter::Nothing);
        Box::new(Hander {
            number: self.number,
            copy: true,
            broken: self.broken,
            ..Hander::idle(self.how.clone(), writer)
        })
    }

    fn held(&self) -> (usize, usize) {
        (0, self.back.bytes.capacity() + self.bytes.capacity())
    }

    fn save(&self, to: &mut Save) {
        to.put(&(self.number, self.given));
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let (number, given): (u64, Option<i64>) = from.take()?;
        self.number = number;
        if self.how.grid.is_some() {
            self.given = given;
        }
        Ok(())
    }
}

/// The lines of a block as rows.
fn lines(chunk: &mut Chunk) {
    let mut from = 0;
    let ends = memchr::memchr_iter(b'\n', chunk.block.bytes());
    let rows: Vec<Span> = ends
        .map(|end| {
            let span = Span::new(from, end - from);
            from = end + 1;
            span
        })
        .collect();
    chunk.live = Selection::All(rows.len() as u32);
    chunk.rows = rows;
}

/// Gives rows the windows of the batches that they came back of; `fields`: also as their first two columns.
fn stamp(chunk: &mut Chunk, parts: &[(usize, Option<(i64, i64)>)], fields: bool) {
    let mut part = parts.iter().peekable();
    let windows: Vec<(i64, i64)> = chunk
        .rows
        .iter()
        .map(|row| {
            while part.next_if(|(end, _)| row.start() >= *end).is_some() {}
            part.peek().and_then(|part| part.1).unwrap_or_default()
        })
        .collect();
    let ends = |add: i64| windows.iter().map(|(_, end)| end - add).collect();
    let starts: Vec<i64> = windows.iter().map(|(start, _)| *start).collect();
    chunk.times = Some(ends(1));
    if fields {
        chunk.set_column(0, ColumnV::new(Column::Nanos(starts.clone())));
        chunk.set_column(1, ColumnV::new(Column::Nanos(ends(0))));
    }
    chunk.before = Some(starts);
    chunk.windows = Some(windows);
}

/// Bytes up to the last line end that stands in no quotes.
fn whole_quoted(bytes: &[u8]) -> usize {
    let (mut end, mut quoted) = (0, false);
    for at in memchr::memchr2_iter(b'"', b'\n', bytes) {
        match bytes[at] {
            b'"' => quoted = !quoted,
            _ if !quoted => end = at + 1,
            _ => {}
        }
    }
    end
}
