//! `text`: lines split into `$1 … $NF` at runs of blanks, as awk does it, or at each byte of `-d`. Refuses
//! named fields; never finds a line bad. Invariant: the carriage return of a line end is in no field.

use super::cells::{Making, without_cr};
use super::grid::{Grid, separators};
use super::lines::Rows;
use super::{
    Bad, Doc, Example, Format, Framing, ReadFormat, ReadOptions, Reader, is_made, positional,
};
use crate::bytes::{Span, scan};
use crate::data::{Chunk, Column, ColumnV, Field, FieldId, Numbers, Open, Schema, Selection, Type};
use crate::error::Usage;
use anyhow::Result;
use std::sync::Arc;

pub(super) const TEXT: Format = Format {
    name: "text",
    doc: Doc {
        summary: "Lines of fields $1, $2, … parted by blanks",
        text: "Spaces and tabs part fields, as in awk; those at the ends of a line count for nothing. With \
               `-d C` every C parts two fields, which may be empty. `$0` is the line, `NF` the number of \
               fields, `$NF` the last one; a field that a line does not have is null.",
        examples: &[
            Example {
                title: "The second field",
                session: "$ printf '  ann 31\\nbob\\t5  x\\n' | dstream select '$2' -o tsv\n31\n5\n",
            },
            Example {
                title: "Fields parted by colons",
                session: "$ printf 'root:x:0\\nbin::1\\n' | dstream -d : filter '$3 == 1'\nbin::1\n",
            },
        ],
    },
    read: Some(|_, options| {
        Ok(Arc::new(TextFormat {
            delimiter: options.delimiter,
            framing: options.framing(),
        }))
    }),
    write: None,
};

struct TextFormat {
    delimiter: Option<u8>,
    framing: Framing,
}

impl ReadFormat for TextFormat {
    fn framing(&self) -> Framing {
        self.framing.clone()
    }

    fn schema(&self, _header: Option<&[u8]>) -> Result<Schema> {
        Ok(Schema {
            fields: vec![Field::new("line", Type::Untyped)],
            open: Some(Open::Positional),
            others: None,
        })
    }

    fn reader(
        &self,
        schema: &Schema,
        wanted: &[FieldId],
        _header: Option<&[u8]>,
    ) -> Result<Box<dyn Reader>> {
        let mut asked = Asked::default();
        for &field in wanted {
            let name = schema.fields[field].name.as_str();
            match name {
                "line" => {}
                "NF" => asked.count = Some(field),
                "$NF" => asked.last = Some(Making::new(field)),
                _ if is_made(name) => {}
                _ => match positional(name) {
                    Some(place) => asked.places.push((place - 1, Making::new(field))),
                    None => {
                        return Err(Usage::new(format!(
                            "no field '{name}': the fields of text are $1, $2, … and NF"
                        ))
                        .into());
                    }
                },
            }
        }
        asked.places.sort_by_key(|(place, _)| *place);
        let lines = Rows::of(&self.framing);
        Ok(match self.delimiter {
            _ if asked.is_empty() => Box::new(Unsplit { lines }),
            Some(delimiter) => Box::new(Parted {
                lines,
                delimiter,
                grid: Grid::default(),
                asked,
            }),
            // A word may end with its line.
            None if asked.all_near() && !lines.are_joined() => Box::new(FirstWords { asked }),
            None => Box::new(Words {
                lines,
                grid: Grid::default(),
                asked,
            }),
        })
    }
}

/// The fields that are wanted.
#[derive(Default)]
struct Asked {
    /// Places from 0, ascending; one may be there twice (`$3` and `_3`).
    places: Vec<(usize, Making)>,
    count: Option<FieldId>,
    last: Option<Making>,
}

/// Fields up to here are looked for line by line; for later ones all blanks of a block are found at once.
// PERF: lines of 79 bytes and 11 words: `$1` line by line 16 ns, else 25; `$4` 46 against 28.
const NEAR: usize = 1;

impl Asked {
    fn is_empty(&self) -> bool {
        self.places.is_empty() && self.count.is_none() && self.last.is_none()
    }

    fn all_near(&self) -> bool {
        self.count.is_none()
            && self.last.is_none()
            && self.places.last().is_some_and(|(place, _)| *place < NEAR)
    }

    fn begin(&mut self, chunk: &mut Chunk) {
        let rows = chunk.rows.len();
        for (_, making) in &mut self.places {
            making.begin(chunk, rows);
        }
        if let Some(last) = &mut self.last {
            last.begin(chunk, rows);
        }
    }

    fn finish(&mut self, chunk: &mut Chunk, counts: Vec<i64>) {
        for (_, making) in &mut self.places {
            making.finish(chunk);
        }
        if let Some(last) = &mut self.last {
            last.finish(chunk);
        }
        if let Some(field) = self.count {
            let numbers = Numbers {
                units: counts,
                ..Numbers::default()
            };
            chunk.set_column(field, ColumnV::new(Column::Number(numbers)));
        }
    }
}

/// No field is wanted.
struct Unsplit {
    lines: Rows,
}

impl Reader for Unsplit {
    fn read(&mut self, chunk: &mut Chunk, find: bool, _bad: &mut Vec<Bad>) {
        if find {
            self.lines.find(chunk);
        }
        chunk.live = Selection::All(chunk.rows.len() as u32);
    }
}

/// Fields near the start of the line.
struct FirstWords {
    asked: Asked,
}

impl Reader for FirstWords {
    fn read(&mut self, chunk: &mut Chunk, find: bool, _bad: &mut Vec<Bad>) {
        if find {
            Rows::default().find(chunk);
        }
        let rows = chunk.rows.len();
        self.asked.begin(chunk);
        let block = chunk.block.padded();
        for &row in &chunk.rows {
            first_words(block, without_cr(block, row), rows, &mut self.asked.places);
        }
        self.asked.finish(chunk, Vec::new());
        chunk.live = Selection::All(rows as u32);
    }
}

/// Puts the words that `places` wants into their columns.
#[inline(always)]
fn first_words(block: &[u8], line: Span, rows: usize, places: &mut [(usize, Making)]) {
    let (mut at, end) = (line.start(), line.start() + line.len());
    let line = &block[..end];
    let (mut word, mut span) = (0, None);
    for (place, making) in places {
        // `word` words are behind us; the last of them is `span`.
        while word <= *place {
            while at < end && is_blank(line[at]) {
                at += 1;
            }
            let from = at;
            while at < end && !is_blank(line[at]) {
                at += 1;
            }
            span = (at > from).then(|| Span::new(from, at - from));
            word += 1;
        }
        match span {
            Some(span) => making.push(span),
            None => making.null(rows),
        }
    }
}

#[inline(always)]
fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Fields anywhere, by all blanks of the block.
struct Words {
    lines: Rows,
    grid: Grid,
    asked: Asked,
}

impl Reader for Words {
    fn read(&mut self, chunk: &mut Chunk, find: bool, _bad: &mut Vec<Bad>) {
        let blanks = |padded: &[u8], len, out: &mut Vec<u32>| {
            scan::positions(padded, len, b" \t\n", out);
            false
        };
        if self.lines.are_joined() {
            if find {
                self.lines.find(chunk);
            }
            self.grid.take_rows(chunk, |padded, len, out| {
                scan::positions(padded, len, b" \t\r\n", out);
                false
            });
        } else if find {
            self.grid.find_rows(chunk, blanks);
        } else {
            self.grid.take_rows(chunk, blanks);
        }
        let rows = chunk.rows.len();
        self.asked.begin(chunk);
        let counting = self.asked.count.is_some() || self.asked.last.is_some();
        let mut counts = Vec::with_capacity(if counting { rows } else { 0 });
        let block = chunk.block.padded();
        for (row, &line) in chunk.rows.iter().enumerate() {
            let line = without_cr(block, line);
            let (count, last) = words(
                self.grid.ends(row),
                line,
                rows,
                counting,
                &mut self.asked.places,
            );
            if counting {
                counts.push(count);
            }
            match (&mut self.asked.last, last) {
                (None, _) => {}
                (Some(making), Some(span)) => making.push(span),
                (Some(making), None) => making.null(rows),
            }
        }
        self.asked.finish(chunk, counts);
        chunk.live = Selection::All(rows as u32);
    }
}

/// Puts the words that `places` wants into their columns; the number of words and the last one, if `all`.
#[inline(always)]
fn words(
    ends: &[u32],
    line: Span,
    rows: usize,
    all: bool,
    places: &mut [(usize, Making)],
) -> (i64, Option<Span>) {
    let line_end = line.start + line.len;
    let mut from = line.start;
    let (mut count, mut last) = (0usize, None);
    let mut places = places.iter_mut().peekable();
    for &blank in ends {
        let end = blank.min(line_end);
        if end > from {
            let span = Span {
                start: from,
                len: end - from,
            };
            while let Some((_, making)) = places.next_if(|(place, _)| *place == count) {
                making.push(span);
            }
            count += 1;
            last = Some(span);
            if !all && places.peek().is_none() {
                break;
            }
        }
        from = blank + 1;
    }
    for (_, making) in places {
        making.null(rows);
    }
    (count as i64, last)
}

/// Fields parted by a byte.
struct Parted {
    lines: Rows,
    delimiter: u8,
    grid: Grid,
    asked: Asked,
}

impl Reader for Parted {
    fn read(&mut self, chunk: &mut Chunk, find: bool, _bad: &mut Vec<Bad>) {
        if self.lines.are_joined() {
            if find {
                self.lines.find(chunk);
            }
            let delimiter = self.delimiter;
            self.grid.take_rows(chunk, |padded, len, out| {
                scan::positions(padded, len, &[delimiter], out);
                false
            });
        } else if find {
            self.grid.find_rows(chunk, separators(self.delimiter));
        } else {
            self.grid.take_rows(chunk, separators(self.delimiter));
        }
        let rows = chunk.rows.len();
        self.asked.begin(chunk);
        let block = chunk.block.padded();
        let width = |row: usize| match self.grid.width(row) {
            1 if without_cr(block, chunk.rows[row]).is_empty() => 0,
            width => width,
        };
        // Of one cell a row may be empty, and has none then.
        let even = self.grid.even_width().filter(|&width| width > 1);
        for (place, making) in &mut self.asked.places {
            if even.is_some_and(|width| *place < width) {
                self.grid.column(chunk, *place, making);
                continue;
            }
            for row in 0..rows {
                if *place < width(row) {
                    making.push(self.grid.cell(chunk, row, *place));
                } else {
                    making.null(rows);
                }
            }
        }
        if let Some(making) = &mut self.asked.last {
            for row in 0..rows {
                match width(row) {
                    0 => making.null(rows),
                    width => making.push(self.grid.cell(chunk, row, width - 1)),
                }
            }
        }
        let counts = match self.asked.count {
            Some(_) => (0..rows).map(|row| width(row) as i64).collect(),
            None => Vec::new(),
        };
        self.asked.finish(chunk, counts);
        chunk.live = Selection::All(rows as u32);
    }
}

/// Asserts that fields are what splitting each line gives.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let model = |line: &[u8], delimiter: Option<u8>| -> Vec<Vec<u8>> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match delimiter {
            None => line
                .split(|&byte| is_blank(byte))
                .filter(|word| !word.is_empty())
                .map(<[u8]>::to_vec)
                .collect(),
            Some(_) if line.is_empty() => Vec::new(),
            Some(delimiter) => line
                .split(|&byte| byte == delimiter)
                .map(<[u8]>::to_vec)
                .collect(),
        }
    };
    let wanted = ["$1", "$3", "_3", "$7", "NF", "$NF"];
    for delimiter in [None, Some(b',')] {
        for wanted in [&wanted[..], &wanted[..3], &wanted[3..4], &wanted[..0]] {
            let options = ReadOptions {
                delimiter,
                ..ReadOptions::default()
            };
            for read in super::testing::Read::all("text", &options, data, None, wanted) {
                for row in &read.rows {
                    let fields = model(&row.line, delimiter);
                    for (name, cell) in wanted.iter().zip(&row.cells) {
                        let expected = match *name {
                            "NF" => Some(fields.len().to_string().into_bytes()),
                            "$NF" => fields.last().cloned(),
                            _ => fields
                                .get(positional(name).map_or(0, |place| place - 1))
                                .cloned(),
                        };
                        assert_eq!(cell, &expected, "{name} of {:?}", row.line);
                    }
                }
                assert!(read.bad.is_empty());
                assert_eq!(read.live.len(), read.rows.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blanks_part_fields_as_in_awk() {
        let data = b"  a \t b  \r\n\n c\x0bd \r e\n";
        let read = Read::of("text", data, &["$1", "$2", "NF"]);
        assert_eq!(read.table(), "a|b|2\n<null>|<null>|0\nc\u{b}d|\r|3\n");
    }

    #[test]
    fn a_delimiter_parts_empty_fields() {
        let options = ReadOptions {
            delimiter: Some(b','),
            ..ReadOptions::default()
        };
        let read = Read::with(
            "text",
            &options,
            b"a,,c\r\n\n,\nx",
            None,
            &["$2", "$NF", "NF"],
        );
        assert_eq!(read.table(), "|c|3\n<null>|<null>|0\n||2\n<null>|x|1\n");
    }

    #[test]
    fn names_are_refused() {
        let format = super::super::reader("text", &ReadOptions::default()).unwrap();
        let mut schema = format.schema(None).unwrap();
        let id = schema.add(Field::hidden("status", Type::Untyped));
        assert!(format.reader(&schema, &[id], None).is_err());
    }

    proptest! {
        #[test]
        fn fields_are_the_models(
            data in prop_oneof![
                prop::collection::vec(prop::sample::select(&b"ab, \t\r\n"[..]), 0..300),
                prop::collection::vec(any::<u8>(), 0..200),
            ],
        ) {
            fuzz(&data);
        }
    }
}
