//! `tsv`: cells parted by tabs, with `\t`, `\n` and `\\` for the three bytes that cannot stand in them.
//! Knows no quotes. Invariant: what is written as a row reads back as that row.

use super::cells::{Making, Shown, bare_name, holds, live_without, without_cr};
use super::csv::{names_here, places_by_number};
use super::grid::{Grid, separators};
use super::{
    Bad, Doc, Example, Format, Framing, OutColumn, OutSchema, ReadFormat, ReadOptions, Reader,
    WriteFormat, WriteOptions, Writer, header,
};
use crate::bytes::Span;
use crate::data::{Chunk, FieldId, Schema};
use anyhow::Result;
use std::sync::Arc;

pub(super) const TSV: Format = Format {
    name: "tsv",
    doc: Doc {
        summary: "Tab-separated values",
        text: "Read: the first record of each file names the columns, as in csv; with `--no-header` they are \
               `$1`, `$2`, …. `\\t`, `\\n` and `\\\\` in a cell are a tab, a line feed and a backslash; quotes \
               are ordinary bytes. Empty lines are skipped, and a record with more or fewer cells than the \
               header is bad.\n\n\
               Written: the same escapes, without a header unless `-H` asks for it. This is what goes to \
               files and pipes when no `-o` is given. Of json and logfmt the columns are those of the first record, unless \
               `select` names them; rows with other fields are counted and told.",
        examples: &[
            Example {
                title: "Sums by the first column",
                session: "$ printf 'k\\tv\\na\\t1\\nb\\t2\\na\\t3\\n' | dstream -i tsv reduce-by k sum:v\na\t4\nb\t2\n",
            },
            Example {
                title: "With a header",
                session: "$ printf 'a,b\\n1,x\\n' | dstream -i csv -H -o tsv\na\tb\n1\tx\n",
            },
        ],
    },
    read: Some(|_, options| {
        Ok(Arc::new(Tsv {
            delimiter: options.delimiter.unwrap_or(b'\t'),
            no_header: options.no_header,
        }))
    }),
    write: Some(|_, options: &WriteOptions| {
        Ok(Arc::new(TsvOut {
            options: options.clone(),
        }))
    }),
};

struct Tsv {
    delimiter: u8,
    no_header: bool,
}

impl Tsv {
    fn names(&self, header: Option<&[u8]>) -> Vec<String> {
        let header = header::trimmed(header.unwrap_or_default());
        if header.is_empty() {
            return Vec::new();
        }
        let cells = header.split(|&byte| byte == self.delimiter);
        header::distinct(cells.enumerate().map(|(i, cell)| {
            if self.no_header {
                return format!("${}", i + 1);
            }
            let mut name = Vec::new();
            unescape(cell, &mut name);
            String::from_utf8_lossy(&name).into_owned()
        }))
    }
}

impl ReadFormat for Tsv {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn has_header(&self) -> bool {
        !self.no_header
    }

    fn schema(&self, header: Option<&[u8]>) -> Result<Schema> {
        Ok(header::schema(self.names(header), self.no_header))
    }

    fn reader(
        &self,
        schema: &Schema,
        wanted: &[FieldId],
        header: Option<&[u8]>,
    ) -> Result<Box<dyn Reader>> {
        let names = names_here(self.names(header), self.no_header, schema);
        let places = match names.is_empty() {
            true => places_by_number(schema, wanted),
            false => header::places(schema, wanted, &names)?,
        };
        Ok(Box::new(TsvReader {
            delimiter: self.delimiter,
            width: names.len(),
            by_header: !self.no_header,
            grid: Grid::default(),
            columns: places
                .into_iter()
                .map(|(cell, field)| (cell, Making::new(field)))
                .collect(),
        }))
    }
}

struct TsvReader {
    delimiter: u8,
    /// Cells that a record must have; 0: any number.
    width: usize,
    by_header: bool,
    grid: Grid,
    columns: Vec<(usize, Making)>,
}

impl Reader for TsvReader {
    fn read(&mut self, chunk: &mut Chunk, find: bool, bad: &mut Vec<Bad>) {
        if find {
            self.grid.find_rows(chunk, separators(self.delimiter));
        } else {
            self.grid.take_rows(chunk, separators(self.delimiter));
        }
        let rows = chunk.rows.len();
        let dead = self.judge(chunk, bad);
        chunk.live = live_without(rows, &dead);
        let escaped = memchr::memchr(b'\\', chunk.block.bytes()).is_some();
        let mut scratch = escaped.then(|| chunk.take_scratch());
        for (cell, making) in &mut self.columns {
            making.begin(chunk, rows);
            self.grid.column(chunk, *cell, making);
            if let Some(scratch) = &mut scratch {
                decode(chunk.block.padded(), &mut making.spans, scratch);
            }
        }
        if let Some(scratch) = scratch {
            chunk.set_scratch(scratch);
        }
        for (_, making) in &mut self.columns {
            making.finish(chunk);
        }
    }
}

impl TsvReader {
    fn judge(&self, chunk: &Chunk, bad: &mut Vec<Bad>) -> Vec<u32> {
        let mut dead = Vec::new();
        let even = self.grid.even_width();
        if even.is_some_and(|even| even > 1 && even == self.width) {
            return dead;
        }
        let block = chunk.block.padded();
        for (row, &span) in chunk.rows.iter().enumerate() {
            let width = self.grid.width(row);
            let line = without_cr(block, span);
            if line.is_empty() {
                dead.push(row as u32);
            } else if width != self.width && self.width != 0 {
                dead.push(row as u32);
                let (column, what) = match (width < self.width, self.by_header) {
                    (true, true) => (line.len, "fewer cells than the header"),
                    (true, false) => (line.len, "fewer cells than the first record"),
                    (false, by_header) => (
                        self.grid.ends(row)[self.width - 1] - span.start,
                        match by_header {
                            true => "more cells than the header",
                            false => "more cells than the first record",
                        },
                    ),
                };
                bad.push(Bad {
                    row: row as u32,
                    column,
                    what,
                });
            }
        }
        dead
    }
}

fn decode(block: &[u8], spans: &mut [Span], scratch: &mut Vec<u8>) {
    for span in spans {
        let cell = &block[span.start()..span.start() + span.len()];
        if memchr::memchr(b'\\', cell).is_some() {
            let from = scratch.len();
            unescape(cell, scratch);
            *span = Span::scratch(from, scratch.len() - from);
        }
    }
}

/// Appends a cell's text; a backslash before anything else stands for itself.
fn unescape(mut cell: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', cell) {
        out.extend_from_slice(&cell[..at]);
        let (byte, used) = match cell.get(at + 1) {
            Some(b't') => (b'\t', 2),
            Some(b'n') => (b'\n', 2),
            Some(b'\\') => (b'\\', 2),
            _ => (b'\\', 1),
        };
        out.push(byte);
        cell = &cell[at + used..];
    }
    out.extend_from_slice(cell);
}

struct TsvOut {
    options: WriteOptions,
}

impl WriteFormat for TsvOut {
    fn begin(&self, schema: &OutSchema, out: &mut Vec<u8>) {
        if !self.options.header {
            return;
        }
        for (i, column) in schema.columns.iter().enumerate() {
            if i > 0 {
                out.push(b'\t');
            }
            let from = out.len();
            out.extend_from_slice(bare_name(&column.name).as_bytes());
            mend(out, from);
        }
        out.push(b'\n');
    }

    fn writer(&self, schema: &OutSchema) -> Result<Box<dyn Writer>> {
        super::refuse_rest(schema, "tsv")?;
        Ok(Box::new(TsvWriter {
            columns: schema.columns.clone(),
            options: self.options.clone(),
        }))
    }
}

struct TsvWriter {
    columns: Vec<OutColumn>,
    options: WriteOptions,
}

impl Writer for TsvWriter {
    fn write(&mut self, chunk: &Chunk, out: &mut Vec<u8>) {
        let columns: Vec<Shown> = self
            .columns
            .iter()
            .map(|column| Shown::new(chunk, column.field, &column.ty))
            .collect();
        for row in chunk.live.iter() {
            for (i, column) in columns.iter().enumerate() {
                if i > 0 {
                    out.push(b'\t');
                }
                let from = out.len();
                column.write_plain(row as usize, &self.options.printing, out);
                if !column.is_number() {
                    mend(out, from);
                }
            }
            out.push(b'\n');
        }
    }
}

/// Escapes what was written from `from` on, if it must be.
#[inline(always)]
pub(super) fn mend(out: &mut Vec<u8>, from: usize) {
    if holds(&out[from..], b"\t\n\\") {
        escape(out, from);
    }
}

#[cold]
fn escape(out: &mut Vec<u8>, from: usize) {
    for byte in out.split_off(from) {
        match byte {
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            _ => out.push(byte),
        }
    }
}

/// Asserts that cells are what splitting and replacing gives.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let options = ReadOptions::default();
    for read in super::testing::Read::all("tsv", &options, data, Some(b"a\tb\tc"), &["c", "a", "b"])
    {
        for row in &read.rows {
            let line = row.line.strip_suffix(b"\r").unwrap_or(&row.line);
            let cells: Vec<Vec<u8>> = line
                .split(|&byte| byte == b'\t')
                .map(|cell| {
                    // A byte that is in no data of ours stands for `\\` on the way.
                    let text = String::from_utf8_lossy(cell);
                    text.replace("\\\\", "\u{10ffff}")
                        .replace("\\t", "\t")
                        .replace("\\n", "\n")
                        .replace('\u{10ffff}', "\\")
                        .into_bytes()
                })
                .collect();
            assert_eq!(row.live, cells.len() == 3);
            if row.live && std::str::from_utf8(line).is_ok() {
                let expected: Vec<_> = [2, 0, 1].map(|i: usize| Some(cells[i].clone())).into();
                assert_eq!(row.cells, expected);
            }
        }
        let empty = read.rows.iter().filter(|row| row.is_empty()).count();
        assert_eq!(read.live.len() + read.bad.len() + empty, read.rows.len());
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::data::Type;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_decoded_and_quotes_are_not() {
        let read = Read::with(
            "tsv",
            &ReadOptions::default(),
            b"x\\ty\t\"a\r\n\n\\\\n\\x\t\\\n1\n",
            Some(b"a\tb"),
            &["a", "b"],
        );
        assert_eq!(read.table(), "x\ty|\"a\n-\n\\n\\x|\\\n!\n");
        assert_eq!(read.faults(), "3:1 fewer cells than the header\n");
    }

    proptest! {
        #[test]
        fn cells_are_the_models(
            data in prop_oneof![
                prop::collection::vec(prop::sample::select(&b"abtn\t\t\t\\\r\n"[..]), 0..300),
                prop::collection::vec(any::<u8>(), 0..200),
            ],
        ) {
            fuzz(&data);
        }

        #[test]
        fn what_is_written_reads_back(
            rows in prop::collection::vec(prop::collection::vec("[abtn\t\n\\\\é]{0,9}", 2), 1..20),
        ) {
            let column = |i: usize| rows.iter().map(|row| row[i].as_str()).collect::<Vec<_>>();
            let columns = [column(0), column(1)];
            let text = written("tsv", &[
                ("a", Type::Text, &columns[0]),
                ("b", Type::Untyped, &columns[1]),
            ]);
            let read = Read::with("tsv", &ReadOptions::default(), text.as_bytes(), Some(b"a\tb"), &["a", "b"]);
            prop_assert!(read.bad.is_empty());
            let cells: Vec<Vec<String>> = read.rows.iter().map(|row| row.texts()).collect();
            prop_assert_eq!(cells, rows);
        }
    }
}
