//! How the tests and fuzz bodies of the formats read and write: one way in, so that the contract can change.
//! Knows no format. Invariant: a reading is the same however the input is cut at record boundaries.

use super::{Bad, Framing, ReadOptions};
use crate::bytes::{Span, quote};
use crate::data::{Block, Chunk, Field, Type, Value};

/// A record as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub line: Vec<u8>,
    pub live: bool,
    /// By wanted field; of rows that are not live nothing.
    pub cells: Vec<Option<Vec<u8>>>,
}

impl Row {
    pub fn is_empty(&self) -> bool {
        matches!(self.line[..], [] | [b'\r'])
    }

    pub fn texts(&self) -> Vec<String> {
        self.cells
            .iter()
            .map(|cell| match cell {
                None => "<null>".to_string(),
                Some(text) => String::from_utf8_lossy(text).into_owned(),
            })
            .collect()
    }
}

/// All that a reader says of an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    pub rows: Vec<Row>,
    pub live: Vec<usize>,
    pub bad: Vec<Bad>,
    /// Whether the input was one block.
    pub whole: bool,
}

impl Read {
    pub fn of(format: &str, data: &[u8], wanted: &[&str]) -> Read {
        Read::with(format, &ReadOptions::default(), data, None, wanted)
    }

    /// Reads it in all ways and gives the one of the whole block, which the others must equal.
    pub fn with(
        format: &str,
        options: &ReadOptions,
        data: &[u8],
        header: Option<&[u8]>,
        wanted: &[&str],
    ) -> Read {
        Read::all(format, options, data, header, wanted).swap_remove(0)
    }

    /// The readings as a whole, record by record, in pieces, and with rows found before; all are equal.
    pub fn all(
        format: &str,
        options: &ReadOptions,
        data: &[u8],
        header: Option<&[u8]>,
        wanted: &[&str],
    ) -> Vec<Read> {
        let opened = super::reader(format, options).expect("the format is known");
        let records = records(data, &opened.framing());
        let mut readings = vec![read(&*opened, &[data], true, header, wanted)];
        let single: Vec<&[u8]> = records.clone();
        let mut pieces = Vec::new();
        let mut from = 0;
        for (i, record) in records.iter().enumerate() {
            let to = record.as_ptr() as usize - data.as_ptr() as usize + record.len();
            if i % 3 == 2 {
                pieces.push(&data[from..to]);
                from = to;
            }
        }
        pieces.push(&data[from..]);
        for (pieces, find) in [(single, true), (pieces, true), (vec![data], false)] {
            let reading = read(&*opened, &pieces, find, header, wanted);
            assert_eq!(reading.rows, readings[0].rows, "cut otherwise, find {find}");
            assert_eq!(reading.bad, readings[0].bad, "cut otherwise, find {find}");
            readings.push(reading);
        }
        readings
    }

    /// A line a row, cells parted by `|`; `-` for rows that are skipped and `!` for bad ones.
    pub fn table(&self) -> String {
        let mut out = String::new();
        for (i, row) in self.rows.iter().enumerate() {
            let bad = self.bad.iter().any(|bad| bad.row as usize == i);
            out += &match (row.live, bad) {
                (true, _) => row.texts().join("|"),
                (_, true) => "!".into(),
                _ => "-".into(),
            };
            out.push('\n');
        }
        out
    }

    /// A line a bad record: row, place, what.
    pub fn faults(&self) -> String {
        self.bad
            .iter()
            .map(|bad| format!("{}:{} {}\n", bad.row, bad.column, bad.what))
            .collect()
    }
}

/// The records with their line ends.
fn records<'d>(data: &'d [u8], framing: &Framing) -> Vec<&'d [u8]> {
    let mut ends = Vec::new();
    match framing {
        Framing::Lines => ends.extend(memchr::memchr_iter(b'\n', data).map(|at| at as u32)),
        Framing::Quoted => {
            let _inside = quote::positions_quoted(data, data.len(), b'\n', false, &mut ends);
        }
        Framing::Begun(_) => {}
    }
    if let Framing::Begun(begins) = framing {
        return super::begins::naive::records(begins, data);
    }
    let mut records = Vec::new();
    let mut from = 0;
    for end in ends {
        records.push(&data[from..=end as usize]);
        from = end as usize + 1;
    }
    if from < data.len() {
        records.push(&data[from..]);
    }
    records
}

fn read(
    format: &dyn super::ReadFormat,
    pieces: &[&[u8]],
    find: bool,
    header: Option<&[u8]>,
    wanted: &[&str],
) -> Read {
    let mut schema = format.schema(header).expect("the header is one");
    let ids: Vec<usize> = wanted
        .iter()
        .map(|name| match schema.find(name) {
            Some(id) => id,
            None => schema.add(Field::hidden(*name, Type::Untyped)),
        })
        .collect();
    let mut reader = format
        .reader(&schema, &ids, header)
        .expect("the fields are known");
    let mut all = Read {
        rows: Vec::new(),
        live: Vec::new(),
        bad: Vec::new(),
        whole: pieces.len() == 1,
    };
    let mut chunk = Chunk::default();
    for piece in pieces {
        chunk.reset(Block::copy_of(piece));
        if !find {
            let bytes = chunk.block.bytes().to_vec();
            for record in records(&bytes, &format.framing()) {
                let start = record.as_ptr() as usize - bytes.as_ptr() as usize;
                let len = record.strip_suffix(b"\n").unwrap_or(record).len();
                chunk.rows.push(Span::new(start, len));
            }
        }
        let mut bad = Vec::new();
        reader.read(&mut chunk, find, &mut bad);
        let first = all.rows.len();
        let live: Vec<usize> = chunk.live.iter().map(|row| row as usize).collect();
        for row in 0..chunk.rows.len() {
            let is_live = live.binary_search(&row).is_ok();
            let cells = match is_live {
                false => Vec::new(),
                true => ids
                    .iter()
                    .zip(wanted)
                    .filter(|(_, name)| !super::is_made(name))
                    .map(|(&id, _)| {
                        let column = chunk.column(id).expect("a wanted column is made");
                        assert_eq!(column.len(), chunk.rows.len());
                        match chunk.value(column, &Type::Untyped, row) {
                            Value::Null => None,
                            value => Some(value.text().into_owned()),
                        }
                    })
                    .collect(),
            };
            let line = chunk.bytes(chunk.rows[row]).to_vec();
            all.rows.push(Row {
                line,
                live: is_live,
                cells,
            });
        }
        all.live.extend(live.iter().map(|row| first + row));
        all.bad.extend(bad.into_iter().map(|bad| Bad {
            row: bad.row + first as u32,
            ..bad
        }));
    }
    all
}

#[cfg(test)]
pub use writing::*;

#[cfg(test)]
mod writing {
    use super::super::{OutColumn, OutSchema, WriteOptions, writer};
    use crate::data::{Chunk, Column, ColumnBuilder, Type};

    /// What a format writes of columns given as text (`<null>` is null), header included.
    pub fn written(format: &str, columns: &[(&str, Type, &[&str])]) -> String {
        written_with(format, &WriteOptions::default(), columns)
    }

    pub fn written_with(
        format: &str,
        options: &WriteOptions,
        columns: &[(&str, Type, &[&str])],
    ) -> String {
        let (chunk, schema) = chunk_of(columns);
        let format = writer(format, options).expect("the format is known");
        let mut out = Vec::new();
        format.begin(&schema, &mut out);
        let mut rows = Vec::new();
        format
            .writer(&schema)
            .expect("the columns can be written")
            .write(&chunk, &mut rows);
        match format.layout(&schema) {
            None => out.extend_from_slice(&rows),
            Some(mut layout) => {
                layout.push(&rows, &mut out);
                layout.flush(&mut out);
            }
        }
        String::from_utf8(out).expect("tests write text")
    }

    /// Rows of columns given as text.
    pub fn chunk_of(columns: &[(&str, Type, &[&str])]) -> (Chunk, OutSchema) {
        let mut scratch = Vec::new();
        let mut made = Vec::new();
        let mut schema = OutSchema::default();
        for (field, (name, ty, cells)) in columns.iter().enumerate() {
            let mut builder = ColumnBuilder::new(ty);
            for cell in *cells {
                let number = || crate::data::Number::parse(cell.as_bytes()).expect("a number");
                match ty {
                    _ if *cell == "<null>" => builder.null(),
                    Type::Number | Type::Float => builder.number(number()),
                    Type::Time | Type::Duration => {
                        builder.nanos(number().to_i64_trunc().expect("an int"))
                    }
                    Type::Bool => builder.bool(*cell == "true"),
                    _ => builder.bytes(cell.as_bytes(), &mut scratch),
                }
            }
            made.push(Some(builder.finish()));
            schema.columns.push(OutColumn {
                field,
                name: name.to_string(),
                ty: ty.clone(),
                optional: false,
            });
        }
        let rows = columns.first().map_or(0, |(_, _, cells)| cells.len());
        assert!(
            made.iter()
                .flatten()
                .all(|column| column.len() == rows && !matches!(column.data, Column::List { .. }))
        );
        (Chunk::of_columns(rows, made, scratch), schema)
    }
}
