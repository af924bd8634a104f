//! Bytes to blocks. Plain files are cut by arithmetic and read by whichever worker comes first; a record
//! belongs to the block in which it begins. Everything else is read by one thread, front to end, and cut at
//! the last record end that has come. A record longer than `--max-line` is never held: it is told and skipped.

use super::prefix::{Board, Summary};
use crate::bytes::{PADDING, quote};
use crate::data::Block;
use crate::data::block::Origin;
use crate::formats::Framing;
use anyhow::{Context, Result};
use memchr::{memchr, memchr2, memrchr};
use std::fs::File;
use std::io;
use std::sync::Mutex;

/// What is read behind a block in one call, to finish its last record.
const SLACK: usize = 4096;
/// The step in which a longer one is followed.
const STEP: usize = 1 << 16;

/// The byte-order mark, which belongs to no record.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

/// A record over `--max-line`, or a quote that does not close within it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct TooLong {
    pub origin: Origin,
    pub what: &'static str,
}

pub const LONG: &str = "longer than --max-line";
pub const UNCLOSED: &str = "with a quote that does not close within --max-line";

/// A plain file of the run.
pub struct PlainFile {
    pub name: String,
    pub file: File,
    /// Where it ends for this run.
    pub len: u64,
    /// Where its records begin: behind a byte-order mark and a header.
    pub start: u64,
    /// Index into the run's list of inputs.
    pub input: u32,
}

/// Parity of quotes over blocks; a file's end begins anew.
#[derive(Copy, Clone, Debug)]
pub struct Quotes {
    fresh: bool,
    odd: bool,
}

impl Summary for Quotes {
    const EMPTY: Quotes = Quotes {
        fresh: false,
        odd: false,
    };
    fn then(self, next: Quotes) -> Quotes {
        if next.fresh {
            next
        } else {
            Quotes {
                fresh: self.fresh,
                odd: self.odd ^ next.odd,
            }
        }
    }
}

/// Plain files as blocks for many workers.
pub struct FileBlocks {
    files: Vec<PlainFile>,
    cursor: Mutex<Cursor>,
    block_size: u64,
    framing: Framing,
    line_max: usize,
    pub quotes: Board<Quotes>,
}

struct Cursor {
    file: usize,
    at: u64,
    seq: u64,
}

/// A block to be read.
#[derive(Copy, Clone, Debug)]
pub struct Ticket {
    file: usize,
    from: u64,
    to: u64,
    pub seq: u64,
}

impl FileBlocks {
    pub fn new(
        files: Vec<PlainFile>,
        block_size: usize,
        framing: Framing,
        line_max: usize,
    ) -> FileBlocks {
        let at = files.first().map_or(0, |file| file.start);
        FileBlocks {
            files,
            cursor: Mutex::new(Cursor {
                file: 0,
                at,
                seq: 0,
            }),
            block_size: block_size as u64,
            framing,
            line_max,
            quotes: Board::default(),
        }
    }

    /// The next block, in sequence.
    pub fn next(&self) -> Option<Ticket> {
        let mut cursor = super::order::lock(&self.cursor);
        loop {
            let file = self.files.get(cursor.file)?;
            if cursor.at < file.len {
                let to = (cursor.at + self.block_size).min(file.len);
                let ticket = Ticket {
                    file: cursor.file,
                    from: cursor.at,
                    to,
                    seq: cursor.seq,
                };
                cursor.at = to;
                cursor.seq += 1;
                return Some(ticket);
            }
            cursor.file += 1;
            cursor.at = self.files.get(cursor.file).map_or(0, |file| file.start);
        }
    }

    /// Blocks handed out so far.
    pub fn handed_out(&self) -> u64 {
        super::order::lock(&self.cursor).seq
    }

    /// Reads a block. `None`: the run is being abandoned.
    pub fn fill(&self, ticket: Ticket, buf: Vec<u8>) -> Result<Option<(Block, Option<TooLong>)>> {
        let file = &self.files[ticket.file];
        let filled = match self.framing {
            Framing::Lines => self.fill_lines(file, ticket, buf),
            Framing::Quoted => self.fill_quoted(file, ticket, buf),
        };
        filled.with_context(|| file.name.clone())
    }

    fn fill_lines(
        &self,
        file: &PlainFile,
        ticket: Ticket,
        buf: Vec<u8>,
    ) -> Result<Option<(Block, Option<TooLong>)>> {
        // One byte before the block tells whether a line begins at its front.
        let read_at = ticket.from - u64::from(ticket.from > file.start);
        let nominal = (ticket.to - read_at) as usize;
        let mut window = Window {
            file,
            read_at,
            buf,
            len: 0,
        };
        window.read(nominal + SLACK)?;
        let nominal = nominal.min(window.len);
        let from = if ticket.from == file.start {
            0
        } else {
            match memchr(b'\n', &window.bytes()[..nominal.saturating_sub(1)]) {
                Some(at) => at + 1,
                None => return Ok(Some(window.block(0, 0, ticket.seq, None))),
            }
        };
        let mut searched = nominal.saturating_sub(1);
        loop {
            if let Some(at) = memchr(b'\n', &window.bytes()[searched..]) {
                return Ok(Some(window.block(
                    from,
                    searched + at + 1,
                    ticket.seq,
                    None,
                )));
            }
            searched = window.len;
            let begin = memrchr(b'\n', &window.bytes()[from..]).map_or(from, |at| from + at + 1);
            if window.len - begin > self.line_max {
                return Ok(Some(window.block(from, begin, ticket.seq, Some(LONG))));
            }
            if !window.read(window.len + STEP)? {
                let end = window.len;
                return Ok(Some(window.block(from, end, ticket.seq, None)));
            }
        }
    }

    fn fill_quoted(
        &self,
        file: &PlainFile,
        ticket: Ticket,
        buf: Vec<u8>,
    ) -> Result<Option<(Block, Option<TooLong>)>> {
        let before = usize::from(ticket.from > file.start);
        let read_at = ticket.from - before as u64;
        let nominal = (ticket.to - read_at) as usize;
        let mut window = Window {
            file,
            read_at,
            buf,
            len: 0,
        };
        window.read(nominal + SLACK)?;
        let nominal = nominal.min(window.len);
        let odd = quote::parity(&window.bytes()[before.min(nominal)..nominal]);
        let last = ticket.to == file.len;
        let summary = Quotes {
            fresh: last,
            odd: odd && !last,
        };
        let Some(prefix) = self.quotes.publish(ticket.seq, summary) else {
            return Ok(None);
        };
        let inside = prefix.odd;
        let from = if before == 0 {
            0
        } else if !inside && window.bytes().first() == Some(&b'\n') {
            before
        } else {
            match record_end(&window.bytes()[..nominal.saturating_sub(1)], before, inside) {
                Some(at) => at,
                None => return Ok(Some(window.block(0, 0, ticket.seq, None))),
            }
        };
        let mut inside = inside ^ odd;
        if !inside && nominal > from && window.bytes()[nominal - 1] == b'\n' {
            return Ok(Some(window.block(from, nominal, ticket.seq, None)));
        }
        let mut searched = nominal;
        loop {
            if let Some(at) = record_end(window.bytes(), searched, inside) {
                return Ok(Some(window.block(from, at, ticket.seq, None)));
            }
            inside ^= quote::parity(&window.bytes()[searched..]);
            searched = window.len;
            // Where the last record begins is only looked for when it may be too long.
            if window.len - nominal > self.line_max {
                let begin = last_record(window.bytes(), from, nominal);
                let what = if inside { UNCLOSED } else { LONG };
                return Ok(Some(window.block(from, begin, ticket.seq, Some(what))));
            }
            if !window.read(window.len + STEP)? {
                let end = window.len;
                return Ok(Some(window.block(from, end, ticket.seq, None)));
            }
        }
    }

    pub fn abandon(&self) {
        self.quotes.abandon();
    }
}

/// The place behind the first line end from `at` on that is outside quotes.
pub fn record_end(bytes: &[u8], mut at: usize, mut inside: bool) -> Option<usize> {
    loop {
        let found = if inside {
            memchr(b'"', bytes.get(at..)?)
        } else {
            memchr2(b'"', b'\n', bytes.get(at..)?)
        };
        at += found? + 1;
        if bytes[at - 1] == b'\n' {
            return Some(at);
        }
        inside = !inside;
    }
}

/// The place behind the first record.
pub fn first_record(bytes: &[u8], framing: Framing) -> Option<usize> {
    match framing {
        Framing::Lines => memchr(b'\n', bytes).map(|at| at + 1),
        Framing::Quoted => record_end(bytes, 0, false),
    }
}

/// Where the last record that begins in `[from, to)` begins.
fn last_record(bytes: &[u8], from: usize, to: usize) -> usize {
    let mut begin = from;
    while let Some(next) = record_end(bytes, begin, false) {
        if next >= to {
            break;
        }
        begin = next;
    }
    begin
}

/// A piece of a file in a buffer.
struct Window<'f> {
    file: &'f PlainFile,
    read_at: u64,
    buf: Vec<u8>,
    len: usize,
}

impl Window<'_> {
    fn bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }

    /// Reads until `len` bytes are there or the file ends; false when nothing came.
    fn read(&mut self, len: usize) -> io::Result<bool> {
        let len = len.min((self.file.len - self.read_at) as usize);
        let had = self.len;
        if self.buf.len() < len + PADDING {
            self.buf.resize(len + PADDING, 0);
        }
        while self.len < len {
            let at = self.read_at + self.len as u64;
            match rustix::io::pread(&self.file.file, &mut self.buf[self.len..len], at) {
                // It has been cut short meanwhile: what is left is what there is.
                Ok(0) => break,
                Ok(got) => self.len += got,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.len > had)
    }

    fn block(
        mut self,
        from: usize,
        to: usize,
        seq: u64,
        long: Option<&'static str>,
    ) -> (Block, Option<TooLong>) {
        let origin = |at: usize| Origin {
            input: self.file.input,
            offset: self.read_at + at as u64,
        };
        let long = long.map(|what| TooLong {
            origin: origin(to),
            what,
        });
        let begin = origin(from);
        // A shift of less than a line, in the cache.
        self.buf.copy_within(from..to, 0);
        let mut block = Block::from_padded(self.buf, to - from);
        block.origin = begin;
        block.seq = seq;
        block.number = seq;
        block.place = seq;
        (block, long)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cutter::{Cut, Cutter};
    use super::*;
    use crate::sources::{Live, Read};
    use proptest::prelude::*;
    use std::io::Write as _;
    use std::time::Duration;

    fn file_of(bytes: &[u8]) -> File {
        let mut file = tempfile();
        file.write_all(bytes).unwrap();
        file
    }

    fn tempfile() -> File {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "dstream-input-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .unwrap();
        std::fs::remove_file(path).unwrap();
        file
    }

    fn blocks_of(bytes: &[u8], block: usize, framing: Framing) -> Vec<Vec<u8>> {
        let len = bytes.len() as u64;
        let file = PlainFile {
            name: "f".into(),
            file: file_of(bytes),
            len,
            start: 0,
            input: 0,
        };
        let blocks = FileBlocks::new(vec![file], block, framing, 1 << 20);
        let mut out = Vec::new();
        while let Some(ticket) = blocks.next() {
            let (block, long) = blocks.fill(ticket, Vec::new()).unwrap().unwrap();
            assert_eq!(long, None);
            assert_eq!(
                &bytes[block.origin.offset as usize..][..block.len()],
                block.bytes()
            );
            out.push(block.bytes().to_vec());
        }
        out
    }

    /// Gives a few bytes at a time.
    struct Drip {
        bytes: Vec<u8>,
        at: usize,
        step: usize,
    }

    impl Live for Drip {
        fn read(
            &mut self,
            into: &mut Vec<u8>,
            max: usize,
            _wait: Option<Duration>,
        ) -> io::Result<Read> {
            let n = self.step.min(max).min(self.bytes.len() - self.at);
            into.extend_from_slice(&self.bytes[self.at..self.at + n]);
            self.at += n;
            Ok(if n == 0 { Read::End } else { Read::Data })
        }
    }

    fn cuts_of(
        bytes: &[u8],
        step: usize,
        block: usize,
        framing: Framing,
        records: Option<u64>,
    ) -> Vec<Vec<u8>> {
        let live = Box::new(Drip {
            bytes: bytes.to_vec(),
            at: 0,
            step,
        });
        let mut cutter =
            Cutter::new(live, Vec::new(), 0, framing, block, 1 << 20).with_records(records);
        let mut out = Vec::new();
        loop {
            match cutter.next(None, Vec::new()).unwrap() {
                Cut::Block(block, long) => {
                    assert_eq!(long, None);
                    out.push(block.bytes().to_vec());
                }
                Cut::Idle => {}
                Cut::End => return out,
            }
        }
    }

    /// Records of balanced quotes, by a plain loop.
    fn records(bytes: &[u8], framing: Framing) -> Vec<Vec<u8>> {
        let (mut out, mut record, mut inside) = (Vec::new(), Vec::new(), false);
        for &byte in bytes {
            record.push(byte);
            inside ^= byte == b'"' && framing == Framing::Quoted;
            if byte == b'\n' && !inside {
                out.push(std::mem::take(&mut record));
            }
        }
        if !record.is_empty() {
            out.push(record);
        }
        out
    }

    proptest! {
        #[test]
        fn blocks_are_whole_records_and_nothing_is_lost(
            text in "([ab,]{0,6}(\"[ab\n]{0,5}\")?\n?){0,30}", block in 1usize..20, step in 1usize..9, quoted: bool,
        ) {
            let framing = if quoted { Framing::Quoted } else { Framing::Lines };
            let bytes = text.as_bytes();
            let all = records(bytes, framing);
            for blocks in [blocks_of(bytes, block, framing), cuts_of(bytes, step, block, framing, None)] {
                let cut: Vec<_> = blocks.iter().flat_map(|block| records(block, framing)).collect();
                prop_assert_eq!(&cut, &all);
                prop_assert_eq!(blocks.concat(), bytes);
            }
            for (i, block) in cuts_of(bytes, step, block, framing, Some(2)).iter().enumerate() {
                prop_assert_eq!(&records(block, framing)[..], &all[i * 2..(i * 2 + 2).min(all.len())]);
            }
        }
    }

    #[test]
    fn a_line_over_the_limit_is_told_and_skipped() {
        let text = [b"a\n".as_slice(), &vec![b'x'; 3 << 20], b"\nb\n"].concat();
        for framing in [Framing::Lines, Framing::Quoted] {
            let file = PlainFile {
                name: "f".into(),
                file: file_of(&text),
                len: text.len() as u64,
                start: 0,
                input: 0,
            };
            let blocks = FileBlocks::new(vec![file], 1 << 16, framing, 1 << 20);
            let (mut lines, mut long) = (Vec::new(), Vec::new());
            while let Some(ticket) = blocks.next() {
                let (block, told) = blocks.fill(ticket, Vec::new()).unwrap().unwrap();
                lines.extend_from_slice(block.bytes());
                long.extend(told);
            }
            assert_eq!(
                (lines.as_slice(), long.len(), long[0].origin.offset),
                (b"a\nb\n".as_slice(), 1, 2)
            );
            let live = Box::new(Drip {
                bytes: text.clone(),
                at: 0,
                step: 1000,
            });
            let mut cutter = Cutter::new(live, Vec::new(), 0, framing, 1 << 16, 1 << 20);
            let (mut lines, mut long) = (Vec::new(), Vec::new());
            loop {
                match cutter.next(None, Vec::new()).unwrap() {
                    Cut::Block(block, told) => {
                        lines.extend_from_slice(block.bytes());
                        long.extend(told);
                    }
                    Cut::Idle => {}
                    Cut::End => break,
                }
            }
            assert_eq!(
                (lines.as_slice(), long.len(), long[0].origin.offset),
                (b"a\nb\n".as_slice(), 1, 2)
            );
        }
    }
}
