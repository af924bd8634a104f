//! Bytes to blocks. Plain files are cut by arithmetic and read by whichever worker comes first; a record
//! belongs to the block in which it begins. Everything else is read by one thread, front to end, and cut at
//! the last record end that has come. A record longer than `--max-line` is never held: it is told and skipped.

use super::prefix::{Board, Summary};
use crate::bytes::{PADDING, quote, scan};
use crate::data::Block;
use crate::data::block::Origin;
use crate::formats::Framing;
use crate::formats::begins::{Begins, Look};
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
    /// Line ends in it.
    pub lines: u64,
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
        let filled = match &self.framing {
            Framing::Lines => self.fill_lines(file, ticket, buf),
            Framing::Quoted => self.fill_quoted(file, ticket, buf),
            Framing::Begun(begins) => self.fill_begun(begins, file, ticket, buf),
        };
        filled.with_context(|| file.name.clone())
    }

    fn fill_lines(
        &self,
        file: &PlainFile,
        ticket: Ticket,
        buf: Vec<u8>,
    ) -> Result<Option<(Block, Option<TooLong>)>> {
        let (mut window, before, nominal) = Window::open(file, ticket, buf)?;
        let from = if before == 0 {
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
                let next =
                    |bytes: &[u8], look: Look, _: bool| match memchr(b'\n', &bytes[look.at..]) {
                        Some(end) => Ok(look.at + end + 1),
                        None => Err(Look::inside(bytes.len())),
                    };
                let lines = window.lines_from(begin, next)?;
                let long = Some((LONG, lines));
                return Ok(Some(window.block(from, begin, ticket.seq, long)));
            }
            if !window.read(window.len + STEP)? {
                let end = window.len;
                return Ok(Some(window.block(from, end, ticket.seq, None)));
            }
        }
    }

    fn fill_begun(
        &self,
        begins: &Begins,
        file: &PlainFile,
        ticket: Ticket,
        buf: Vec<u8>,
    ) -> Result<Option<(Block, Option<TooLong>)>> {
        let (mut window, before, nominal) = Window::open(file, ticket, buf)?;
        // The first line that starts in the block's range and begins a record.
        let mut from = 0;
        if before > 0 {
            let Some(line) = memchr(b'\n', &window.bytes()[..nominal.saturating_sub(1)]) else {
                return Ok(Some(window.block(0, 0, ticket.seq, None)));
            };
            let mut look = Look {
                at: line + 1,
                inside: false,
            };
            from = loop {
                match begins.first(window.bytes(), look, window.is_all()) {
                    Ok(begin) if begin < nominal => break begin,
                    Err(known) if known.at < nominal && !window.is_all() => {
                        look = known;
                        window.read(window.len + STEP)?;
                    }
                    Ok(_) | Err(_) => return Ok(Some(window.block(0, 0, ticket.seq, None))),
                }
            };
        }
        // The first one that starts behind the range, or just at its end, ends the block.
        let mut look = Look::inside(nominal - 1);
        loop {
            look = match begins.first(window.bytes(), look, window.is_all()) {
                Ok(end) => return Ok(Some(window.block(from, end, ticket.seq, None))),
                Err(_) if window.is_all() => {
                    let end = window.len;
                    return Ok(Some(window.block(from, end, ticket.seq, None)));
                }
                Err(known) => known,
            };
            // Where the last record begins is only looked for when it must be too long.
            if look.at.saturating_sub(nominal) > self.line_max + 1 {
                let next = |at: usize| begins.first(window.bytes(), Look::inside(at), false);
                let mut begin = from;
                while let Ok(behind) = next(begin)
                    && behind < nominal
                {
                    begin = behind;
                }
                let lines =
                    window.lines_from(begin, |bytes, look, all| begins.first(bytes, look, all))?;
                let long = Some((LONG, lines));
                return Ok(Some(window.block(from, begin, ticket.seq, long)));
            }
            window.read(window.len + STEP)?;
        }
    }

    fn fill_quoted(
        &self,
        file: &PlainFile,
        ticket: Ticket,
        buf: Vec<u8>,
    ) -> Result<Option<(Block, Option<TooLong>)>> {
        let (mut window, before, nominal) = Window::open(file, ticket, buf)?;
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
                let lines = scan::count_byte(&window.bytes()[begin..], b'\n') as u64;
                let long = Some((what, lines));
                return Ok(Some(window.block(from, begin, ticket.seq, long)));
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
pub fn first_record(bytes: &[u8], framing: &Framing) -> Option<usize> {
    match framing {
        Framing::Lines => memchr(b'\n', bytes).map(|at| at + 1),
        Framing::Quoted => record_end(bytes, 0, false),
        // Of formats with a header none has records of several lines.
        Framing::Begun(begins) => begins.first(bytes, Look::inside(0), false).ok(),
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

impl<'f> Window<'f> {
    /// What is read of a file for a block: with the byte before it, where there is one (how many that is comes second),
    /// which tells whether a line begins at its front; and where the block's range ends.
    fn open(
        file: &'f PlainFile,
        ticket: Ticket,
        buf: Vec<u8>,
    ) -> Result<(Window<'f>, usize, usize)> {
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
        Ok((window, before, nominal))
    }

    fn bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }

    /// Whether nothing comes behind what is there.
    fn is_all(&self) -> bool {
        self.read_at + self.len as u64 >= self.file.len
    }

    /// How many line ends are in the record at `at`, whose end `next` finds: it is given bytes, from where to look on,
    /// and whether they are all there are. No more of it is held than what is not known yet.
    fn lines_from(
        &self,
        at: usize,
        next: impl Fn(&[u8], Look, bool) -> Result<usize, Look>,
    ) -> io::Result<u64> {
        let mut ahead = Window {
            file: self.file,
            read_at: self.read_at + at as u64,
            buf: Vec::new(),
            len: 0,
        };
        let (mut lines, mut look) = (0, Look::inside(0));
        loop {
            let all = !ahead.read(ahead.len + STEP)? || ahead.is_all();
            let found = next(ahead.bytes(), look, all);
            let known = match found {
                Ok(end) => end,
                Err(_) if all => ahead.len,
                Err(known) => known.at,
            };
            lines += scan::count_byte(&ahead.bytes()[..known], b'\n') as u64;
            let Err(known) = found else {
                return Ok(lines);
            };
            if all {
                return Ok(lines);
            }
            ahead.buf.copy_within(known.at..ahead.len, 0);
            ahead.len -= known.at;
            ahead.read_at += known.at as u64;
            look = Look { at: 0, ..known };
        }
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
        long: Option<(&'static str, u64)>,
    ) -> (Block, Option<TooLong>) {
        let origin = |at: usize| Origin {
            input: self.file.input,
            offset: self.read_at + at as u64,
        };
        let long = long.map(|(what, lines)| TooLong {
            origin: origin(to),
            what,
            lines,
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
    use crate::formats::begins::naive;
    use crate::sources::{Live, Read};
    use proptest::prelude::*;
    use std::io::Write as _;
    use std::sync::Arc;
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

    fn blocks_of(bytes: &[u8], block: usize, framing: &Framing) -> Vec<Vec<u8>> {
        let len = bytes.len() as u64;
        let file = PlainFile {
            name: "f".into(),
            file: file_of(bytes),
            len,
            start: 0,
            input: 0,
        };
        let blocks = FileBlocks::new(vec![file], block, framing.clone(), 1 << 20);
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
        framing: &Framing,
        records: Option<u64>,
    ) -> Vec<Vec<u8>> {
        let live = Box::new(Drip {
            bytes: bytes.to_vec(),
            at: 0,
            step,
        });
        let mut cutter =
            Cutter::new(live, Vec::new(), 0, framing.clone(), block, 1 << 20).with_records(records);
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

    /// Records by a plain loop.
    fn records(bytes: &[u8], framing: &Framing) -> Vec<Vec<u8>> {
        if let Framing::Begun(begins) = framing {
            let records = naive::records(begins, bytes).into_iter();
            return records.map(<[u8]>::to_vec).collect();
        }
        let (mut out, mut record, mut inside) = (Vec::new(), Vec::new(), false);
        for &byte in bytes {
            record.push(byte);
            inside ^= byte == b'"' && *framing == Framing::Quoted;
            if byte == b'\n' && !inside {
                out.push(std::mem::take(&mut record));
            }
        }
        if !record.is_empty() {
            out.push(record);
        }
        out
    }

    fn begun(word: &str) -> Framing {
        Framing::Begun(Arc::new(Begins::parse(word).unwrap()))
    }

    /// Blocks of any size, of a file and of a stream, are whole records, and nothing is lost.
    fn holds(bytes: &[u8], block: usize, step: usize, framing: &Framing) {
        let all = records(bytes, framing);
        for blocks in [
            blocks_of(bytes, block, framing),
            cuts_of(bytes, step, block, framing, None),
        ] {
            let cut: Vec<_> = blocks
                .iter()
                .flat_map(|block| records(block, framing))
                .collect();
            assert_eq!(&cut, &all);
            assert_eq!(blocks.concat(), bytes);
        }
        for (i, block) in cuts_of(bytes, step, block, framing, Some(2))
            .iter()
            .enumerate()
        {
            let expected = &all[i * 2..(i * 2 + 2).min(all.len())];
            assert_eq!(&records(block, framing)[..], expected);
        }
    }

    proptest! {
        #[test]
        fn blocks_are_whole_records_and_nothing_is_lost(
            text in "([ab,]{0,6}(\"[ab\n]{0,5}\")?\n?){0,30}", block in 1usize..20, step in 1usize..9, quoted: bool,
        ) {
            let framing = if quoted { Framing::Quoted } else { Framing::Lines };
            holds(text.as_bytes(), block, step, &framing);
        }

        /// INTERFACE 4: records of several lines, with the naive model beside them: any cut gives the same ones.
        #[test]
        fn records_of_several_lines_are_cut_where_they_begin(
            text in "([ 2]?[ab]{0,4}\r?\n){0,30}[ a]{0,3}", block in 1usize..24, step in 1usize..9, which in 0usize..4,
        ) {
            let framing = begun(["indent", "^a", "b$", "^$"][which]);
            holds(text.as_bytes(), block, step, &framing);
        }

        /// A record that is too long is told once, by where it begins, and what stands around it is read.
        #[test]
        fn records_of_several_lines_that_are_too_long_are_told(
            lens in prop::collection::vec((0usize..40, any::<bool>()), 0..30), block in 1usize..40, step in 1usize..20,
        ) {
            let lines = lens.iter().map(|(len, begins)| match begins {
                true => format!("{}\n", "a".repeat(len + 1)),
                false => format!(" {}\n", "b".repeat(*len)),
            });
            let text: String = lines.collect();
            let (bytes, framing, most) = (text.as_bytes(), begun("indent"), 50);
            let mut at = 0;
            let (mut good, mut bad) = (Vec::new(), Vec::new());
            for record in records(bytes, &framing) {
                let lines = record.iter().filter(|byte| **byte == b'\n').count() as u64;
                match record.len() - 1 > most {
                    true => bad.push((at as u64, lines)),
                    false => good.push(record.clone()),
                }
                at += record.len();
            }
            let sort = |blocks: Vec<(Block, Option<TooLong>)>| {
                let (mut read, mut told) = (Vec::new(), Vec::new());
                for (block, long) in blocks {
                    let mut at = block.origin.offset;
                    for record in records(block.bytes(), &framing) {
                        let len = record.len() as u64;
                        match record.len() - 1 > most {
                            true => told.push((at, record.iter().filter(|byte| **byte == b'\n').count() as u64)),
                            false => read.push(record),
                        }
                        at += len;
                    }
                    told.extend(long.map(|long| (long.origin.offset, long.lines)));
                }
                (read, told)
            };
            let expected = (good, bad);
            let file = PlainFile {
                name: "f".into(), file: file_of(bytes), len: bytes.len() as u64, start: 0, input: 0,
            };
            let blocks = FileBlocks::new(vec![file], block, framing.clone(), most);
            let mut all = Vec::new();
            while let Some(ticket) = blocks.next() {
                all.push(blocks.fill(ticket, Vec::new()).unwrap().unwrap());
            }
            prop_assert_eq!(sort(all), expected.clone());
            let live = Box::new(Drip { bytes: bytes.to_vec(), at: 0, step });
            let mut cutter = Cutter::new(live, Vec::new(), 0, framing.clone(), block, most);
            let mut all = Vec::new();
            loop {
                match cutter.next(None, Vec::new()).unwrap() {
                    Cut::Block(block, long) => all.push((block, long)),
                    Cut::Idle => {}
                    Cut::End => break,
                }
            }
            prop_assert_eq!(sort(all), expected);
        }
    }

    #[test]
    fn a_line_over_the_limit_is_told_and_skipped() {
        let text = [b"a\n".as_slice(), &vec![b'x'; 3 << 20], b"\nb\n"].concat();
        for framing in [Framing::Lines, Framing::Quoted, begun("^")] {
            let file = PlainFile {
                name: "f".into(),
                file: file_of(&text),
                len: text.len() as u64,
                start: 0,
                input: 0,
            };
            let blocks = FileBlocks::new(vec![file], 1 << 16, framing.clone(), 1 << 20);
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
            let mut cutter = Cutter::new(live, Vec::new(), 0, framing.clone(), 1 << 16, 1 << 20);
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
