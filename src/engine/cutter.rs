//! One source read front to end and cut into blocks at the last record end that has come. Waits no longer than it
//! is told. Invariant: a record longer than `--max-line` is never held, it is told and skipped.

use super::clock::{self, Clock};
use super::input::{BOM, LONG, TooLong, UNCLOSED, record_end};
use crate::bytes::{PADDING, scan};
use crate::data::Block;
use crate::data::block::Origin;
use crate::formats::Framing;
use crate::formats::begins::{JUDGED, Look};
use crate::sources::{Live, Read};
use memchr::{memchr, memchr2, memrchr};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The step in which a record that has not ended is followed.
const STEP: usize = 1 << 16;

/// One source read front to end, cut into blocks.
pub struct Cutter {
    live: Box<dyn Live>,
    framing: Framing,
    block_size: usize,
    line_max: usize,
    /// Records in a block; `None`: as many as have come.
    records: Option<u64>,
    /// What came behind the last record end.
    carry: Vec<u8>,
    /// Bytes of `carry` known to hold no record end, and whether they end inside quotes.
    scanned: usize,
    inside: bool,
    /// Of records of several lines: the line behind those that are known to begin none.
    line: usize,
    /// Skipping the rest of a record that was too long.
    skipping: Option<Skipping>,
    /// A record of several lines is whole when nothing has come for so long.
    idle: Option<Idle>,
    ended: bool,
    /// All that was there has been read.
    drained: bool,
    /// It has ended for now only: what has come behind the last record end is for another run.
    goes_on: bool,
    /// There will be another run.
    waits: bool,
    input: u32,
    offset: u64,
    /// What a byte-order mark would be has been looked at.
    began: bool,
    /// `carry` holds bytes that were read before, and perhaps whole records.
    given: bool,
    /// Lines that the header took.
    pub header_lines: u64,
}

/// A record that is too long, while its end is looked for.
struct Skipping {
    long: TooLong,
    /// `carry` begins within a line of it.
    in_line: bool,
}

/// When it is known that a source is silent.
struct Idle {
    clock: Arc<dyn Clock>,
    /// ns
    after: i64,
    /// When bytes have come last.
    heard: i64,
}

/// What a cutter came to.
pub enum Cut {
    /// A block (its `seq` and `arrival` are the driver's to set), perhaps empty, and a record too long.
    Block(Block, Option<TooLong>),
    Idle,
    End,
}

impl Cutter {
    /// `first`: bytes that were read already.
    pub fn new(
        live: Box<dyn Live>,
        first: Vec<u8>,
        input: u32,
        framing: Framing,
        block_size: usize,
        line_max: usize,
    ) -> Cutter {
        let given = !first.is_empty();
        let mut cutter = Cutter {
            live,
            framing,
            block_size,
            line_max,
            records: None,
            carry: first,
            scanned: 0,
            inside: false,
            line: 0,
            skipping: None,
            idle: None,
            waits: true,
            ended: false,
            drained: false,
            goes_on: false,
            input,
            offset: 0,
            began: false,
            given,
            header_lines: 0,
        };
        cutter.strip_mark();
        cutter
    }

    /// Index into the run's list of inputs.
    pub fn input(&self) -> u32 {
        self.input
    }

    pub fn set_input(&mut self, input: u32) {
        self.input = input;
    }

    /// Blocks of `n` records.
    pub fn with_records(mut self, n: Option<u64>) -> Cutter {
        self.records = n;
        self
    }

    /// A record of several lines is whole when its source has been silent for `after`, ns, by the clock.
    pub fn with_idle(mut self, clock: &Arc<dyn Clock>, after: i64) -> Cutter {
        if let Framing::Begun(_) = self.framing {
            self.idle = Some(Idle {
                clock: clock.clone(),
                after,
                heard: clock.now(),
            });
        }
        self
    }

    /// No other run takes a record that has not ended where input ends for now.
    pub fn with_last_run(mut self, is_last: bool) -> Cutter {
        self.waits = !is_last;
        self
    }

    /// Begins behind the first `offset` bytes.
    pub fn with_offset(mut self, offset: u64) -> Cutter {
        self.offset += offset;
        self.began |= offset > 0;
        self
    }

    /// The byte behind what was given so far.
    pub fn offset(&self) -> u64 {
        // What is too long and has not ended would be read again.
        let skipping = self.skipping.as_ref();
        skipping.map_or(self.offset, |skipping| skipping.long.origin.offset)
    }

    /// Whether more may come behind what was the end for this run.
    pub fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// The first record, without its line end: a header. It is taken out of the stream. Waits at most `wait` for
    /// each piece of it; `None`: it has not come.
    pub fn header(&mut self, wait: Option<Duration>) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.find_end(1) {
                let mut header: Vec<u8> = self.take(end);
                self.header_lines = scan::count_byte(&header, b'\n') as u64;
                while header.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
                    header.pop();
                }
                return Ok(Some(header));
            }
            if self.goes_on {
                return Ok(None);
            }
            if self.ended || self.carry.len() > self.line_max {
                let end = self.carry.len();
                return Ok(Some(self.take(end)));
            }
            if self.more(wait)? == Read::Idle && wait.is_some() {
                return Ok(None);
            }
        }
    }

    /// The next block. Waits for its first byte at most `wait`; takes what has come, up to a block.
    pub fn next(&mut self, mut wait: Option<Duration>, spare: Vec<u8>) -> io::Result<Cut> {
        loop {
            if self.skipping.is_some() {
                match self.skip() {
                    Some(long) => return Ok(Cut::Block(self.cut(0, spare), Some(long))),
                    None if self.ended => return Ok(Cut::End),
                    None => {}
                }
            } else if let Some(end) = self.records.and_then(|n| self.find_end(n)) {
                return Ok(Cut::Block(self.cut(end, spare), None));
            }
            if std::mem::take(&mut self.given)
                && self.records.is_none()
                && let Some(end) = self.last_end()
            {
                return Ok(Cut::Block(self.cut(end, spare), None));
            }
            if self.ended {
                if self.goes_on
                    && let Some(end) = self.last_end()
                {
                    return Ok(Cut::Block(self.cut(end, spare), None));
                }
                if self.goes_on {
                    return Ok(match self.lines().filter(|_| !self.waits) {
                        Some(end) => Cut::Block(self.cut(end, spare), None),
                        None => Cut::End,
                    });
                }
                if self.carry.is_empty() {
                    return Ok(Cut::End);
                }
                let end = self.carry.len();
                return Ok(Cut::Block(self.cut(end, spare), None));
            }
            let got = self.more(self.patience(wait))?;
            if got == Read::Data {
                // What is there already comes along; what is not is not waited for.
                while self.carry.len() < self.block_size
                    && self.more(Some(Duration::ZERO))? == Read::Data
                {}
            }
            if self.skipping.is_some() {
                if got == Read::Idle {
                    return Ok(Cut::Idle);
                }
                continue;
            }
            if self.records.is_none()
                && let Some(end) = self.last_end()
            {
                return Ok(Cut::Block(self.cut(end, spare), None));
            }
            if self.is_too_long() {
                let origin = Origin {
                    input: self.input,
                    offset: self.offset,
                };
                let what = if self.inside { UNCLOSED } else { LONG };
                let lines = 0;
                self.skipping = Some(Skipping {
                    long: TooLong {
                        origin,
                        what,
                        lines,
                    },
                    in_line: true,
                });
                continue;
            }
            if got == Read::Idle {
                return Ok(match self.lines().filter(|_| self.is_silent()) {
                    Some(end) => Cut::Block(self.cut(end, spare), None),
                    None => Cut::Idle,
                });
            }
            if got == Read::Data && self.records.is_none() {
                // Part of a record: its rest is waited for no longer than asked.
                wait = wait.map(|_| Duration::ZERO);
            }
        }
    }

    fn more(&mut self, wait: Option<Duration>) -> io::Result<Read> {
        let max = self
            .block_size
            .saturating_sub(self.carry.len())
            .max(STEP.min(self.block_size.max(1)));
        let got = self.live.read(&mut self.carry, max, wait)?;
        if let (Some(idle), Read::Data) = (&mut self.idle, got) {
            idle.heard = idle.clock.now();
        }
        self.drained = got == Read::Idle;
        self.ended |= matches!(got, Read::End | Read::Present);
        self.goes_on |= got == Read::Present;
        self.strip_mark();
        Ok(got)
    }

    fn strip_mark(&mut self) {
        if !self.began && (self.carry.len() >= BOM.len() || self.ended) {
            self.began = true;
            if self.carry.starts_with(BOM) {
                self.carry.drain(..BOM.len());
                self.offset += BOM.len() as u64;
            }
        }
    }

    /// The place behind the last record end that has come.
    fn last_end(&mut self) -> Option<usize> {
        match &self.framing {
            Framing::Lines => {
                let end =
                    memrchr(b'\n', &self.carry[self.scanned..]).map(|at| self.scanned + at + 1);
                if end.is_none() {
                    self.scanned = self.carry.len();
                }
                end
            }
            Framing::Quoted => {
                let mut last = None;
                let mut at = self.scanned;
                let mut inside = self.inside;
                while let Some(found) = memchr2(b'"', b'\n', &self.carry[at..]) {
                    at += found + 1;
                    if self.carry[at - 1] == b'"' {
                        inside = !inside;
                    } else if !inside {
                        last = Some(at);
                    }
                }
                if last.is_none() {
                    self.scanned = self.carry.len();
                    self.inside = inside;
                }
                last
            }
            Framing::Begun(begins) => {
                let lines = memrchr(b'\n', &self.carry[self.scanned..])
                    .map_or(self.line, |at| self.scanned + at + 1);
                let rest = &self.carry[lines..];
                let last = match lines > 0 && rest.len() >= JUDGED && begins.begins(rest) {
                    true => Some(lines),
                    false => begins.last(&self.carry[..lines], self.line),
                };
                if last.is_none() {
                    self.scanned = self.carry.len();
                    self.line = lines;
                }
                last
            }
        }
    }

    /// Whether the record in `carry` has not ended, and is longer than one may be.
    fn is_too_long(&mut self) -> bool {
        if self.carry.len() <= self.line_max || self.find_end(1).is_some() {
            return false;
        }
        if let Framing::Begun(_) = self.framing
            && self.last_end().is_none()
            && self.line > 0
        {
            // A line that has only begun to come may begin the next one.
            let rest = self.carry.len() - self.line;
            let known = if rest >= JUDGED { rest + 1 } else { 0 } + self.line - 1;
            return known > self.line_max;
        }
        true
    }

    /// The whole lines of a record of several, if they are all that has come.
    fn lines(&self) -> Option<usize> {
        let begun = matches!(self.framing, Framing::Begun(_)) && self.skipping.is_none();
        (begun && self.carry.ends_with(b"\n")).then_some(self.carry.len())
    }

    /// How long bytes are waited for.
    fn patience(&self, wait: Option<Duration>) -> Option<Duration> {
        match &self.idle {
            Some(idle) if self.lines().is_some() => {
                let left = clock::wait(idle.clock.now(), idle.heard.saturating_add(idle.after));
                Some(wait.map_or(left, |wait| wait.min(left)))
            }
            _ => wait,
        }
    }

    /// Whether nothing has come for as long as a source may be silent.
    fn is_silent(&self) -> bool {
        self.idle
            .as_ref()
            .is_some_and(|idle| idle.clock.now() >= idle.heard.saturating_add(idle.after))
    }

    /// Nothing more is read: the lines of a record of several that have come, if what had come was read to its end.
    pub fn rest(&mut self) -> Option<Block> {
        if !matches!(self.framing, Framing::Begun(_)) || self.skipping.is_some() || !self.drained {
            return None;
        }
        let end = memrchr(b'\n', &self.carry)? + 1;
        Some(self.cut(end, Vec::new()))
    }

    /// The place behind the `n`th record end.
    fn find_end(&self, n: u64) -> Option<usize> {
        let mut at = 0;
        for _ in 0..n {
            at = match &self.framing {
                Framing::Lines => at + memchr(b'\n', &self.carry[at..])? + 1,
                Framing::Quoted => record_end(&self.carry, at, false)?,
                Framing::Begun(begins) => {
                    let all = self.ended && !self.goes_on;
                    begins.first(&self.carry, Look::inside(at), all).ok()?
                }
            };
        }
        Some(at)
    }

    /// Takes the bytes up to `end` out as a block. What is behind it is not scanned yet.
    fn cut(&mut self, end: usize, mut spare: Vec<u8>) -> Block {
        spare.clear();
        let rest = &self.carry[end..];
        spare.extend_from_slice(rest);
        std::mem::swap(&mut self.carry, &mut spare);
        spare.truncate(end);
        spare.resize(end + PADDING, 0);
        let mut block = Block::from_padded(spare, end);
        block.origin = Origin {
            input: self.input,
            offset: self.offset,
        };
        self.offset += end as u64;
        self.scanned = 0;
        self.inside = false;
        self.line = 0;
        block
    }

    fn take(&mut self, end: usize) -> Vec<u8> {
        let rest = self.carry.split_off(end);
        self.offset += end as u64;
        self.scanned = 0;
        self.inside = false;
        self.line = 0;
        std::mem::replace(&mut self.carry, rest)
    }

    /// Drops what belongs to a record that is too long; tells it when its end has come.
    fn skip(&mut self) -> Option<TooLong> {
        let Skipping { mut long, in_line } = self.skipping.take()?;
        let all = self.ended && !self.goes_on;
        let look = Look {
            at: 0,
            inside: in_line,
        };
        let found = match &self.framing {
            Framing::Begun(begins) => begins.first(&self.carry, look, all),
            Framing::Lines | Framing::Quoted => match memchr(b'\n', &self.carry) {
                Some(at) => Ok(at + 1),
                None => Err(Look::inside(self.carry.len())),
            },
        };
        let (end, in_line) = match found {
            Ok(end) => (end, None),
            Err(_) if all => (self.carry.len(), None),
            Err(look) => (look.at, Some(look.inside)),
        };
        long.lines += scan::count_byte(&self.take(end), b'\n') as u64;
        match in_line {
            None => Some(long),
            Some(in_line) => {
                self.skipping = Some(Skipping { long, in_line });
                None
            }
        }
    }
}
