//! Where the records of a block begin: all of them, so that an account can end at one, or those that may pass the first
//! filter. Knows no format. Invariant: a record too long to be in its block is the last.

use super::input::TooLong;
use crate::bytes::{Span, scan};
use crate::data::Chunk;
use memchr::memmem;

/// Begins of the records of one block, from its own.
#[derive(Default)]
pub struct Begins(Vec<usize>);

impl Begins {
    /// Of the rows of a chunk but those that are `void`.
    pub fn of_rows(&mut self, chunk: &Chunk, void: &[u32], long: Option<TooLong>) {
        let rows = chunk.rows.iter().zip(0..);
        let records = rows.filter(|(_, row)| void.binary_search(row).is_err());
        self.0.clear();
        self.0.extend(records.map(|(row, _)| row.start()));
        self.end(chunk, long);
    }

    /// Of all lines, where only some of them are rows.
    pub fn of_lines(&mut self, chunk: &Chunk, long: Option<TooLong>) {
        let bytes = chunk.block.bytes();
        let behind = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1);
        let all = std::iter::once(0).chain(behind);
        self.0.clear();
        self.0.extend(all.filter(|at| *at < bytes.len()));
        self.end(chunk, long);
    }

    fn end(&mut self, chunk: &Chunk, long: Option<TooLong>) {
        let block = chunk.block.origin.offset;
        let begin = long.map(|long| long.origin.offset.saturating_sub(block) as usize);
        self.0.extend(begin);
    }

    /// Records up to the one that begins there.
    pub fn upto(&self, last: usize) -> u64 {
        self.0.iter().filter(|begin| **begin <= last).count() as u64
    }
}

/// Lines that may pass the first filter, into `lines`; returns how many lines there are. JSON may spell a text
/// with escapes, so lines with a backslash are let through.
pub fn candidates(
    literal: &memmem::Finder<'_>,
    json: bool,
    chunk: &Chunk,
    lines: &mut Vec<Span>,
) -> u64 {
    lines.clear();
    let bytes = chunk.block.bytes();
    let all = scan::count_byte(bytes, b'\n') as u64
        + u64::from(bytes.last().is_some_and(|byte| *byte != b'\n'));
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
