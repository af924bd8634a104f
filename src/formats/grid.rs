//! Rows and cells of bytes in which one byte separates cells: found for the whole block at once, and read a
//! column at a time. Decides nothing about a cell's content.
//! Invariant: `firsts` has one entry more than there are rows, and the last position of each row is its end.

use super::cells::Making;
use crate::bytes::{Span, scan};
use crate::data::Chunk;

/// Where the cells of a chunk's rows end.
#[derive(Debug, Default)]
pub(super) struct Grid {
    /// Of separators, and of each row's end.
    positions: Vec<u32>,
    /// By row: its first entry in `positions`.
    firsts: Vec<u32>,
    /// How many cells every row has; zero: they differ, or are not known to be the same.
    even: usize,
}

impl Grid {
    /// Finds the rows of the chunk's block and their cells; `find` appends the positions of the separators
    /// and line feeds that count, and says whether the block ends inside quotes.
    pub fn find_rows(
        &mut self,
        chunk: &mut Chunk,
        find: impl FnOnce(&[u8], usize, &mut Vec<u32>) -> bool,
    ) {
        self.clear();
        let (padded, len) = (chunk.block.padded(), chunk.block.len());
        let inside = find(padded, len, &mut self.positions);
        chunk.rows.clear();
        if len == 0 {
            return;
        }
        let line_end = padded[len - 1] == b'\n';
        if inside || !line_end {
            self.positions.push((len - usize::from(line_end)) as u32);
        }
        let last = self.positions.len() - 1;
        let mut start = 0;
        for (i, &at) in self.positions.iter().enumerate() {
            if padded[at as usize] == b'\n' || i == last {
                chunk.rows.push(Span {
                    start,
                    len: at - start,
                });
                self.firsts.push(i as u32 + 1);
                start = at + 1;
            }
        }
        // By itself, since the loop above is bound by its branch, and this is a few rows a cycle.
        let (width, mut expected, mut odd) = (self.firsts[1], 0, 0);
        for &first in &self.firsts {
            odd |= first ^ expected;
            expected += width;
        }
        self.even = if odd == 0 { width as usize } else { 0 };
    }

    /// The same for the rows that the chunk has already.
    pub fn take_rows(
        &mut self,
        chunk: &Chunk,
        mut find: impl FnMut(&[u8], usize, &mut Vec<u32>) -> bool,
    ) {
        self.clear();
        let padded = chunk.block.padded();
        for row in &chunk.rows {
            let from = self.positions.len();
            find(&padded[row.start()..], row.len(), &mut self.positions);
            for at in &mut self.positions[from..] {
                *at += row.start;
            }
            self.positions.push(row.start + row.len);
            self.firsts.push(self.positions.len() as u32);
        }
    }

    fn clear(&mut self) {
        self.positions.clear();
        self.firsts.clear();
        self.firsts.push(0);
        self.even = 0;
    }

    /// How many cells every row has, where that is known.
    pub fn even_width(&self) -> Option<usize> {
        (self.even > 0).then_some(self.even)
    }

    /// How many cells a row has; an empty one has one.
    #[inline(always)]
    pub fn width(&self, row: usize) -> usize {
        (self.firsts[row + 1] - self.firsts[row]) as usize
    }

    /// The ends of a row's cells; the last is the end of the row.
    pub fn ends(&self, row: usize) -> &[u32] {
        &self.positions[self.firsts[row] as usize..self.firsts[row + 1] as usize]
    }

    /// A cell of a row that has it, without the line end's carriage return.
    #[inline(always)]
    pub fn cell(&self, chunk: &Chunk, row: usize, cell: usize) -> Span {
        let (first, next) = (self.firsts[row] as usize, self.firsts[row + 1] as usize);
        let start = match cell {
            0 => chunk.rows[row].start,
            _ => self.positions[first + cell - 1] + 1,
        };
        let mut end = self.positions[first + cell];
        if first + cell + 1 == next
            && end > start
            && chunk.block.padded()[end as usize - 1] == b'\r'
        {
            end -= 1;
        }
        Span {
            start,
            len: end - start,
        }
    }

    /// One cell of every row; rows without it are null.
    pub fn column(&self, chunk: &Chunk, cell: usize, making: &mut Making) {
        let rows = chunk.rows.len();
        if cell < self.even {
            return self.even_column(chunk, cell, &mut making.spans);
        }
        for row in 0..rows {
            if cell < self.width(row) {
                making.push(self.cell(chunk, row, cell));
            } else {
                making.null(rows);
            }
        }
    }

    /// The same where all rows have as many cells: nothing is asked of a row.
    // PERF: rows of two cells and 14 bytes, grouped with four aggregates: 20 ns a row against 22.
    fn even_column(&self, chunk: &Chunk, cell: usize, out: &mut Vec<Span>) {
        let block = chunk.block.padded();
        let last = cell + 1 == self.even;
        let span = |start: u32, end: u32| {
            let cr = last && end > start && block[end as usize - 1] == b'\r';
            Span {
                start,
                len: end - start - u32::from(cr),
            }
        };
        let rows = self.positions.chunks_exact(self.even);
        match cell {
            0 => out.extend(
                rows.zip(&chunk.rows)
                    .map(|(ends, row)| span(row.start, ends[0])),
            ),
            _ => out.extend(rows.map(|ends| span(ends[cell - 1] + 1, ends[cell]))),
        }
    }
}

/// Finds one separator and line feeds, for [`Grid`].
pub(super) fn separators(
    delimiter: u8,
) -> impl Fn(&[u8], usize, &mut Vec<u32>) -> bool + Copy + use<> {
    move |padded, len, out| {
        scan::positions(padded, len, &[delimiter, b'\n'], out);
        false
    }
}
