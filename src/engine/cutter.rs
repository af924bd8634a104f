//! One source read front to end and cut into blocks at the last record end that has come. Waits no longer than it
//! is told. Invariant: a record longer than `--max-line` is never held, it is told and skipped.

use super::input::{BOM, LONG, TooLong, UNCLOSED, record_end};
use crate::bytes::{PADDING, scan};
use crate::data::Block;
use crate::data::block::Origin;
use crate::formats::Framing;
use crate::sources::{Live, Read};
use memchr::{memchr, memchr2, memrchr};
use std::io;
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
    /// Skipping the rest of a line that was too long.
    skipping: bool,
    ended: bool,
    /// It has ended for now only: what has come behind the last record end is for another run.
    goes_on: bool,
    input: u32,
    offset: u64,
    /// What a byte-order mark would be has been looked at.
    began: bool,
    /// `carry` holds bytes that were read before, and perhaps whole records.
    given: bool,
    /// Lines that the header took.
    pub header_lines: u64,
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
            skipping: false,
            ended: false,
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

    /// Begins behind the first `offset` bytes.
    pub fn with_offset(mut self, offset: u64) -> Cutter {
        self.offset += offset;
        self.began |= offset > 0;
        self
    }

    /// The byte behind what was given so far.
    pub fn offset(&self) -> u64 {
        self.offset
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
            if self.skipping {
                self.skip();
            }
            if let Some(end) = self.records.and_then(|n| self.find_end(n)) {
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
                if self.carry.is_empty() || self.goes_on {
                    return Ok(Cut::End);
                }
                let end = self.carry.len();
                return Ok(Cut::Block(self.cut(end, spare), None));
            }
            let got = self.more(wait)?;
            if got == Read::Data {
                // What is there already comes along; what is not is not waited for.
                while self.carry.len() < self.block_size
                    && self.more(Some(Duration::ZERO))? == Read::Data
                {}
            }
            if self.skipping {
                self.skip();
            }
            if self.records.is_none()
                && let Some(end) = self.last_end()
            {
                return Ok(Cut::Block(self.cut(end, spare), None));
            }
            if self.carry.len() > self.line_max && !self.skipping && self.find_end(1).is_none() {
                let what = if self.inside { UNCLOSED } else { LONG };
                let long = TooLong {
                    origin: Origin {
                        input: self.input,
                        offset: self.offset,
                    },
                    what,
                };
                self.skipping = true;
                self.skip();
                return Ok(Cut::Block(self.cut(0, spare), Some(long)));
            }
            if got == Read::Idle {
                return Ok(Cut::Idle);
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
        match self.framing {
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
        }
    }

    /// The place behind the `n`th record end.
    fn find_end(&self, n: u64) -> Option<usize> {
        let mut at = 0;
        for _ in 0..n {
            at = match self.framing {
                Framing::Lines => at + memchr(b'\n', &self.carry[at..])? + 1,
                Framing::Quoted => record_end(&self.carry, at, false)?,
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
        block
    }

    fn take(&mut self, end: usize) -> Vec<u8> {
        let rest = self.carry.split_off(end);
        self.offset += end as u64;
        self.scanned = 0;
        self.inside = false;
        std::mem::replace(&mut self.carry, rest)
    }

    /// Drops what belongs to a line that was too long.
    fn skip(&mut self) {
        let end = match memchr(b'\n', &self.carry) {
            Some(at) => {
                self.skipping = false;
                at + 1
            }
            None => self.carry.len(),
        };
        self.take(end);
    }
}
