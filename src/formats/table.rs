//! `table`: aligned columns with a header, for people. Escapes what a terminal would act on, and is read by no
//! one: refuses records of which the columns are not known. Invariant: a column of numbers is never cut.

use super::cells::{Shown, bare_name};
use super::drawn::{self, Drawing};
use super::{
    Doc, Drawn, Example, Format, Layout, OutColumn, OutSchema, What, WriteFormat, WriteOptions,
    Writer,
};
use crate::bytes::{number, utf8};
use crate::data::paint::{Paint, Role};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::value::Printing;
use crate::data::{Chunk, Type};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub(super) const TABLE: Format = Format {
    name: "table",
    doc: Doc {
        summary: "Aligned columns with a header",
        text: "Numbers stand to the right, floats with at most 6 digits behind the point (`--digits`). The \
               widths are those of the first 1,000 rows; later rows may widen a column. On a terminal, text \
               that does not fit is cut and ends in `…`. This is what a terminal gets when no `-o` is given.",
        examples: &[Example {
            title: "Numbers to the right",
            session: "$ printf 'name,n\\nann,3\\nbartholomew,12\\n' | dstream -i csv -o table\nname          n\nann           3\nbartholomew  12\n",
        }],
    },
    read: None,
    write: Some(|_, options: &WriteOptions| {
        let mut printing = options.printing.clone();
        printing.digits = printing.digits.or(Some(6));
        Ok(Arc::new(Table {
            printing,
            width: options.width,
            paint: options.paint.clone(),
        }))
    }),
};

/// Rows that decide the widths.
const ROWS_LOOKED_AT: usize = 1000;

/// Between cells on the way from the writers to the layout; escaped in cells.
const CELL_END: u8 = 0x1f;

/// Blanks between columns.
const GAP: usize = 2;

/// What a cut column keeps at least.
const WIDTH_MIN: usize = 8;

struct Table {
    printing: Printing,
    width: Option<usize>,
    paint: Paint,
}

/// What stands in the cells of a row: columns, and behind some of them drawings, by their numbers.
fn places(schema: &OutSchema) -> Vec<Result<usize, usize>> {
    let mut places = Vec::with_capacity(schema.columns.len() + schema.drawn.len());
    for column in 0..schema.columns.len() {
        places.push(Ok(column));
        let drawn = schema.drawn.iter().enumerate();
        let beside = drawn.filter(|(_, drawn)| drawn.behind == column);
        places.extend(beside.map(|(number, _)| Err(number)));
    }
    places
}

impl WriteFormat for Table {
    /// Nothing: the header is the layout's, who knows the widths.
    fn begin(&self, _schema: &OutSchema, _out: &mut Vec<u8>) {}

    fn writer(&self, schema: &OutSchema) -> Result<Box<dyn Writer>> {
        super::refuse_rest(schema, "table")?;
        Ok(Box::new(TableWriter {
            columns: schema.columns.clone(),
            drawn: schema.drawn.clone(),
            places: places(schema),
            printing: self.printing.clone(),
        }))
    }

    fn layout(&self, schema: &OutSchema) -> Option<Box<dyn Layout>> {
        let places = places(schema);
        let columns = places.iter().map(|place| {
            let column = match place {
                Ok(column) => &schema.columns[*column],
                Err(drawn) => {
                    return LaidOut {
                        name: String::new(),
                        width: 0,
                        kind: match schema.drawn[*drawn].what {
                            What::Bar => Kind::Bar,
                            What::Spark => Kind::Spark,
                        },
                    };
                }
            };
            let name = utf8::shown(bare_name(&column.name).as_bytes(), usize::MAX);
            LaidOut {
                width: name.width(),
                name,
                kind: match column.ty {
                    Type::Number | Type::Float | Type::Duration => Kind::Number,
                    Type::Untyped | Type::Json => Kind::Unknown,
                    _ => Kind::Text,
                },
            }
        });
        Some(Box::new(TableLayout {
            columns: columns.collect(),
            drawing: Drawing::new(
                &schema.drawn,
                &places,
                &schema.keys,
                self.width,
                &self.paint,
            ),
            drawn: Vec::new(),
            paint: self.paint.clone(),
            limit: self.width,
            held: Vec::new(),
            rows: 0,
            settled: false,
        }))
    }
}

struct TableWriter {
    columns: Vec<OutColumn>,
    drawn: Vec<Drawn>,
    places: Vec<Result<usize, usize>>,
    printing: Printing,
}

impl Writer for TableWriter {
    fn write(&mut self, chunk: &Chunk, out: &mut Vec<u8>) {
        let columns: Vec<Shown> = self
            .columns
            .iter()
            .map(|column| Shown::new(chunk, column.field, &column.ty))
            .collect();
        for row in chunk.live.iter() {
            for (i, place) in self.places.iter().enumerate() {
                if i > 0 {
                    out.push(CELL_END);
                }
                match *place {
                    Ok(column) => {
                        let from = out.len();
                        columns[column].write_plain(row as usize, &self.printing, out);
                        escape(out, from);
                    }
                    Err(number) => {
                        drawn::write_raw(chunk, &self.drawn[number], row as usize, out);
                    }
                }
            }
            out.push(b'\n');
        }
    }
}

/// Makes what was written from `from` on printable.
fn escape(out: &mut Vec<u8>, from: usize) {
    if out[from..]
        .iter()
        .any(|&byte| !(b' '..=b'~').contains(&byte))
    {
        let shown = utf8::shown(&out[from..], usize::MAX);
        out.truncate(from);
        out.extend_from_slice(shown.as_bytes());
    }
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Kind {
    Number,
    Text,
    /// By what it holds.
    Unknown,
    Bar,
    Spark,
}

#[derive(Clone)]
struct LaidOut {
    name: String,
    width: usize,
    kind: Kind,
}

#[derive(Clone)]
struct TableLayout {
    columns: Vec<LaidOut>,
    drawing: Option<Drawing>,
    /// Rows with their drawings on the way.
    drawn: Vec<u8>,
    paint: Paint,
    limit: Option<usize>,
    /// Rows as they came, until the widths are settled.
    held: Vec<u8>,
    rows: usize,
    settled: bool,
}

impl Layout for TableLayout {
    fn push(&mut self, rows: &[u8], out: &mut Vec<u8>) {
        let Some(drawing) = &mut self.drawing else {
            return self.take(rows, out);
        };
        let mut drawn = std::mem::take(&mut self.drawn);
        drawn.clear();
        drawing.push(rows, CELL_END, &mut drawn);
        self.take(&drawn, out);
        self.drawn = drawn;
    }

    fn preview(&self, rows: &[u8], out: &mut Vec<u8>) {
        let mut copy = self.clone();
        copy.held.clear();
        copy.rows = 0;
        copy.paint.looks = None;
        if let Some(drawing) = &mut copy.drawing {
            drawing.forget_held();
        }
        copy.push(rows, out);
        copy.flush(out);
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        if let Some(drawing) = &mut self.drawing {
            let mut drawn = std::mem::take(&mut self.drawn);
            drawn.clear();
            drawing.flush(CELL_END, &mut drawn);
            self.take(&drawn, out);
            self.drawn = drawn;
        }
        if !self.settled && self.rows > 0 {
            self.settle(out);
        }
    }

    fn save(&self, to: &mut Save) {
        let columns: Vec<(usize, Kind)> = self.columns.iter().map(|c| (c.width, c.kind)).collect();
        to.put(&(columns, self.rows, self.settled));
        to.put_bytes(&self.held);
        if let Some(drawing) = &self.drawing {
            drawing.save(to);
        }
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let (columns, rows, settled): (Vec<(usize, Kind)>, usize, bool) = from.take()?;
        // Other columns are a new table.
        if columns.len() == self.columns.len() {
            for (column, (width, kind)) in self.columns.iter_mut().zip(columns) {
                (column.width, column.kind) = (width, kind);
            }
            (self.rows, self.settled) = (rows, settled);
            self.held = from.take_bytes()?.to_vec();
            if let Some(drawing) = &mut self.drawing {
                drawing.load(from)?;
            }
        }
        Ok(())
    }
}

impl TableLayout {
    /// Takes rows whose drawings are drawn.
    fn take(&mut self, rows: &[u8], out: &mut Vec<u8>) {
        if self.settled {
            return self.print(rows, out);
        }
        // Those that are looked at are so many, in however many pieces they come.
        let missing = ROWS_LOOKED_AT.saturating_sub(self.rows).max(1);
        let mut ends = memchr::memchr_iter(b'\n', rows);
        let Some(last) = ends.nth(missing - 1) else {
            self.held.extend_from_slice(rows);
            self.rows += memchr::memchr_iter(b'\n', rows).count();
            return;
        };
        self.held.extend_from_slice(&rows[..=last]);
        self.rows = ROWS_LOOKED_AT;
        self.settle(out);
        self.print(&rows[last + 1..], out);
    }

    /// Fixes widths and kinds by the rows held, and prints the header and them.
    fn settle(&mut self, out: &mut Vec<u8>) {
        self.settled = true;
        let held = std::mem::take(&mut self.held);
        let mut numbers = vec![false; self.columns.len()];
        for row in rows(&held) {
            for ((column, cell), is_number) in
                self.columns.iter_mut().zip(cells(row)).zip(&mut numbers)
            {
                column.width = column.width.max(cell.width());
                if column.kind == Kind::Unknown && !cell.is_empty() {
                    *is_number = number::Number::parse(cell.as_bytes()).is_some();
                    if !*is_number {
                        column.kind = Kind::Text;
                    }
                }
            }
        }
        for (column, is_number) in self.columns.iter_mut().zip(numbers) {
            if column.kind == Kind::Unknown {
                column.kind = match is_number {
                    true => Kind::Number,
                    false => Kind::Text,
                };
            }
        }
        self.fit();
        let names: Vec<String> = self.columns.iter().map(|c| c.name.clone()).collect();
        self.line(true, names.iter().map(String::as_str), out);
        self.print(&held, out);
    }

    /// Narrows text columns, the widest first, until a row fits the terminal, if it can.
    fn fit(&mut self) {
        let Some(limit) = self.limit else { return };
        let gaps = GAP * self.columns.len().saturating_sub(1);
        let mut excess = (self
            .columns
            .iter()
            .map(|column| column.width)
            .sum::<usize>()
            + gaps)
            .saturating_sub(limit);
        while excess > 0 {
            let widest = self
                .columns
                .iter_mut()
                .filter(|column| column.kind == Kind::Text && column.width > WIDTH_MIN)
                .max_by_key(|column| column.width);
            let Some(widest) = widest else { return };
            widest.width -= 1;
            excess -= 1;
        }
    }

    fn print(&mut self, text: &[u8], out: &mut Vec<u8>) {
        for row in rows(text) {
            self.line(false, cells(row), out);
        }
    }

    fn line<'a>(&mut self, header: bool, cells: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
        let limit = self.limit;
        let from = out.len();
        // Blanks that end a line are not written: those that are due before the next text.
        let mut due = 0;
        for (i, (column, cell)) in self.columns.iter_mut().zip(cells).enumerate() {
            if i > 0 {
                due += GAP;
            }
            let mut width = cell.width();
            let mut cell = cell;
            let mut cut = "";
            if width > column.width {
                if column.kind == Kind::Text && limit.is_some() {
                    (cell, width) = cut_to(cell, column.width.saturating_sub(1));
                    cut = if self.paint.ascii { "~" } else { "…" };
                    width += 1;
                } else {
                    column.width = width;
                }
            }
            let pad = column.width.saturating_sub(width);
            if column.kind == Kind::Number {
                due += pad;
            }
            if !cell.is_empty() || !cut.is_empty() {
                blanks(due, out);
                due = 0;
                let role = match column.kind {
                    _ if header => Some(Role::Header),
                    Kind::Bar => Some(Role::Bar),
                    Kind::Spark => Some(Role::Spark),
                    _ => None,
                };
                match role {
                    Some(role) => self.paint.text(role, cell, out),
                    None => out.extend_from_slice(cell.as_bytes()),
                }
                out.extend_from_slice(cut.as_bytes());
            }
            if column.kind != Kind::Number {
                due += pad;
            }
        }
        while out.len() > from && out.ends_with(b" ") {
            out.pop();
        }
        out.push(b'\n');
    }
}

fn blanks(count: usize, out: &mut Vec<u8>) {
    out.resize(out.len() + count, b' ');
}

/// The longest beginning that is no wider than `width`, and how wide it is.
fn cut_to(text: &str, width: usize) -> (&str, usize) {
    let mut used = 0;
    for (at, letter) in text.char_indices() {
        let more = letter.width().unwrap_or(0);
        if used + more > width {
            return (&text[..at], used);
        }
        used += more;
    }
    (text, used)
}

fn rows(text: &[u8]) -> impl Iterator<Item = &str> {
    let text = std::str::from_utf8(text).expect("cells were made printable");
    text.split_terminator('\n')
}

fn cells(row: &str) -> impl Iterator<Item = &str> {
    row.split(char::from(CELL_END))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn check(width: Option<usize>, columns: &[(&str, Type, &[&str])], text: &str) {
        let options = WriteOptions {
            width,
            ..WriteOptions::default()
        };
        assert_eq!(written_with("table", &options, columns), text);
    }

    #[test]
    fn numbers_stand_to_the_right() {
        check(
            None,
            &[
                ("key", Type::Untyped, &["日本", "a\tb", "<null>"]),
                ("n", Type::Number, &["3", "1200.50", "<null>"]),
                ("text", Type::Text, &["1", "22", "x"]),
                ("id", Type::Untyped, &["7", "", "10"]),
            ],
            "key        n  text  id\n日本       3  1      7\na\\tb  1200.5  22\n              x     10\n",
        );
    }

    #[test]
    fn floats_have_six_digits() {
        check(
            None,
            &[("x", Type::Float, &["0.33333333333", "2"])],
            "       x\n0.333333\n       2\n",
        );
    }

    #[test]
    fn what_does_not_fit_the_terminal_is_cut() {
        check(
            Some(20),
            &[
                (
                    "path",
                    Type::Text,
                    &["/a/long/path/to/it", "日本日本日本日本"],
                ),
                ("n", Type::Number, &["123456", "7"]),
            ],
            "path               n\n/a/long/pat…  123456\n日本日本日…        7\n",
        );
    }

    #[test]
    fn nothing_is_printed_of_no_rows() {
        check(None, &[("a", Type::Text, &[])], "");
    }

    #[test]
    fn later_rows_may_widen_a_column() {
        let format = super::super::writer("table", &WriteOptions::default()).unwrap();
        let (_, schema) = chunk_of(&[("a", Type::Text, &[]), ("b", Type::Text, &[])]);
        let mut layout = format.layout(&schema).unwrap();
        let mut out = Vec::new();
        layout.push(b"x\x1fy\n", &mut out);
        assert!(out.is_empty());
        layout.flush(&mut out);
        layout.push(b"long\x1fy\n", &mut out);
        layout.push(b"x\x1fy\n", &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a  b\nx  y\nlong  y\nx     y\n"
        );
    }

    #[test]
    fn a_thousand_rows_settle_the_widths() {
        let format = super::super::writer("table", &WriteOptions::default()).unwrap();
        let (_, schema) = chunk_of(&[("a", Type::Text, &[])]);
        let mut layout = format.layout(&schema).unwrap();
        let mut out = Vec::new();
        for _ in 0..ROWS_LOOKED_AT - 1 {
            layout.push(b"x\n", &mut out);
        }
        assert!(out.is_empty());
        layout.push(b"x\n", &mut out);
        assert_eq!(out.len(), 2 * (ROWS_LOOKED_AT + 1));
    }

    /// A wide row behind the first thousand does not widen those, in whatever pieces they come.
    #[test]
    fn pieces_do_not_show() {
        let format = super::super::writer("table", &WriteOptions::default()).unwrap();
        let (_, schema) = chunk_of(&[("a", Type::Text, &[]), ("b", Type::Text, &[])]);
        let mut rows = b"x\x1fy\n".repeat(ROWS_LOOKED_AT);
        rows.extend_from_slice(b"a long one\x1fy\n");
        let laid = |size: usize| {
            let mut layout = format.layout(&schema).unwrap();
            let mut out = Vec::new();
            for piece in rows
                .split_inclusive(|byte| *byte == b'\n')
                .collect::<Vec<_>>()
                .chunks(size)
            {
                layout.push(&piece.concat(), &mut out);
            }
            layout.flush(&mut out);
            String::from_utf8(out).unwrap()
        };
        let one_by_one = laid(1);
        assert!(one_by_one.starts_with("a  b\nx  y\n"));
        for size in [7, 999, 1000, 1001, 5000] {
            assert_eq!(laid(size), one_by_one, "{size}");
        }
    }

    #[test]
    fn terminals_are_not_told_what_to_do() {
        let text = written("table", &[("a", Type::Text, &["\u{1b}[31m\u{1f}x\u{7f}"])]);
        assert_eq!(text, "a\n\\x1b[31m\\x1fx\\x7f\n");
    }
}
