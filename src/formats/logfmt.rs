//! `logfmt`: `key=value key="quoted value" bare`. Refuses lines without any `=`, and quotes that are not
//! closed. Invariant: of equal keys the last counts, and what is written reads back.

use super::cells::{Shown, bare_name};
use super::record::{ABSENT, ByRecord, Record, Verdict};
use super::rest::Splice;
use super::{
    Doc, Example, Format, Framing, OutColumn, OutSchema, ReadFormat, ReadOptions, Reader,
    WriteFormat, WriteOptions, Writer, is_made,
};
use crate::bytes::{Span, json};
use crate::data::value::Printing;
use crate::data::{Chunk, FieldId, Open, Schema, Type};
use anyhow::Result;
use std::sync::Arc;

pub(super) const LOGFMT: Format = Format {
    name: "logfmt",
    doc: Doc {
        summary: "Lines of key=value pairs",
        text: "Read: pairs parted by blanks; a value in double quotes may hold blanks and the escapes of a \
               JSON string. A key without `=` is `true`, and of equal keys the last counts. Empty lines are \
               skipped; a line without any `=` is bad.\n\n\
               Written: values are quoted where they must be; what a row lacks is left out.",
        examples: &[
            Example {
                title: "The slow ones",
                session: "$ printf 'ms=9 path=/a\\nms=800 path=\"/b c\"\\n' | dstream -i logfmt filter 'ms > 500' select path -o json\n{\"path\":\"/b c\"}\n",
            },
            Example {
                title: "JSON as logfmt",
                session: "$ printf '{\"a\":1,\"b\":\"x y\",\"c\":null}\\n{\"c\":2}\\n' | dstream -i json select a,b,c -o logfmt\na=1 b=\"x y\"\nc=2\n",
            },
        ],
    },
    read: Some(|_, _: &ReadOptions| Ok(Arc::new(Logfmt))),
    write: Some(|_, options: &WriteOptions| {
        Ok(Arc::new(LogfmtOut {
            printing: options.printing.clone(),
        }))
    }),
};

/// A pair; places are of the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub key: (&'a [u8], usize),
    /// Without its quotes.
    pub value: (&'a [u8], usize),
    /// Whether the value has escapes.
    pub escaped: bool,
    /// No `=`, and so `true`.
    pub bare: bool,
}

/// The pairs of a line; a fault, as place and kind, ends it.
pub(super) struct Pairs<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Pairs<'a> {
    pub fn new(line: &'a [u8]) -> Pairs<'a> {
        Pairs { line, at: 0 }
    }

    fn quoted(&mut self, from: usize) -> Result<bool, (usize, &'static str)> {
        let mut escaped = false;
        self.at = from;
        loop {
            match memchr::memchr2(b'"', b'\\', &self.line[self.at..]) {
                None => return Err((from - 1, "no closing quote")),
                Some(found) if self.line[self.at + found] == b'"' => {
                    self.at += found + 1;
                    break;
                }
                Some(found) => {
                    escaped = true;
                    self.at = (self.at + found + 2).min(self.line.len());
                }
            }
        }
        match self.line.get(self.at) {
            None | Some(b' ' | b'\t') => Ok(escaped),
            Some(_) => Err((self.at, "text behind a closing quote")),
        }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<Pair<'a>, (usize, &'static str)>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let line = self.line;
        while let Some(b' ' | b'\t') = line.get(self.at) {
            self.at += 1;
        }
        let from = self.at;
        while !matches!(line.get(self.at), None | Some(b' ' | b'\t' | b'=')) {
            self.at += 1;
        }
        let key = (&line[from..self.at], from);
        if line.get(self.at) != Some(&b'=') {
            if key.0.is_empty() {
                return None;
            }
            return Some(Ok(Pair {
                key,
                value: (b"true", 0),
                escaped: false,
                bare: true,
            }));
        }
        if key.0.is_empty() {
            self.at = line.len();
            return Some(Err((from, "no key before '='")));
        }
        let from = self.at + 1;
        let (start, end, escaped) = if line.get(from) == Some(&b'"') {
            match self.quoted(from + 1) {
                Ok(escaped) => (from + 1, self.at - 1, escaped),
                Err(fault) => {
                    self.at = line.len();
                    return Some(Err(fault));
                }
            }
        } else {
            self.at = from;
            while !matches!(line.get(self.at), None | Some(b' ' | b'\t')) {
                self.at += 1;
            }
            (from, self.at, false)
        };
        Some(Ok(Pair {
            key,
            value: (&line[start..end], start),
            escaped,
            bare: false,
        }))
    }
}

struct Logfmt;

impl ReadFormat for Logfmt {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn schema(&self, _header: Option<&[u8]>) -> Result<Schema> {
        Ok(Schema {
            fields: Vec::new(),
            open: Some(Open::Named(Type::Untyped)),
            others: None,
        })
    }

    fn reader(
        &self,
        schema: &Schema,
        wanted: &[FieldId],
        _header: Option<&[u8]>,
    ) -> Result<Box<dyn Reader>> {
        let wanted = wanted
            .iter()
            .filter(|&&field| !is_made(&schema.fields[field].name));
        let keys = wanted
            .clone()
            .map(|&field| schema.fields[field].name.replace('`', "").into_bytes())
            .collect();
        let others = schema.others.as_ref();
        let record = LogfmtRecord {
            keys,
            known: others.map(|others| others.known.iter().map(|key| key.clone().into()).collect()),
        };
        Ok(Box::new(
            ByRecord::new(record, wanted.copied()).telling("logfmt", others),
        ))
    }
}

struct LogfmtRecord {
    keys: Vec<Vec<u8>>,
    /// Keys that are no others, where those are told.
    known: Option<Vec<Vec<u8>>>,
}

impl Record for LogfmtRecord {
    fn cells(
        &mut self,
        block: &[u8],
        row: Span,
        cells: &mut [Span],
        scratch: &mut Vec<u8>,
    ) -> Verdict {
        cells.fill(ABSENT);
        let line = &block[row.start()..row.start() + row.len()];
        let (mut pairs, mut equals, mut others) = (0, 0, false);
        for pair in Pairs::new(line) {
            let pair = match pair {
                Ok(pair) => pair,
                Err((column, what)) => return Verdict::Bad { column, what },
            };
            pairs += 1;
            equals += usize::from(!pair.bare);
            if let Some(known) = &self.known {
                others |= known.iter().all(|key| **key != *pair.key.0);
            }
            for (key, cell) in self.keys.iter().zip(&mut *cells) {
                if **key != *pair.key.0 {
                    continue;
                }
                *cell = if pair.bare || pair.escaped {
                    let from = scratch.len();
                    match pair.bare {
                        true => scratch.extend_from_slice(b"true"),
                        false => json::unescape(pair.value.0, scratch),
                    }
                    Span::scratch(from, scratch.len() - from)
                } else {
                    Span::new(row.start() + pair.value.1, pair.value.0.len())
                };
            }
        }
        match (pairs, equals) {
            (0, _) => Verdict::Skip,
            (_, 0) => Verdict::Bad {
                column: 0,
                what: "no key=value",
            },
            _ if others => Verdict::Others,
            _ => Verdict::Good,
        }
    }
}

struct LogfmtOut {
    printing: Printing,
}

impl WriteFormat for LogfmtOut {
    fn begin(&self, _schema: &OutSchema, _out: &mut Vec<u8>) {}

    fn writer(&self, schema: &OutSchema) -> Result<Box<dyn Writer>> {
        Ok(Box::new(LogfmtWriter {
            keys: schema
                .columns
                .iter()
                .map(|column| key(bare_name(&column.name).as_bytes()))
                .collect(),
            columns: schema.columns.clone(),
            splice: schema
                .rest
                .as_ref()
                .map(|rest| Splice::new(rest, &schema.columns)),
            printing: self.printing.clone(),
        }))
    }
}

struct LogfmtWriter {
    keys: Vec<Vec<u8>>,
    columns: Vec<OutColumn>,
    splice: Option<Splice>,
    printing: Printing,
}

impl Writer for LogfmtWriter {
    fn write(&mut self, chunk: &Chunk, out: &mut Vec<u8>) {
        let columns: Vec<Shown> = self
            .columns
            .iter()
            .map(|column| Shown::new(chunk, column.field, &column.ty))
            .collect();
        for row in chunk.live.iter() {
            let row = row as usize;
            let first = out.len();
            let part = |out: &mut Vec<u8>| {
                if out.len() > first {
                    out.push(b' ');
                }
            };
            let put = |column: usize, out: &mut Vec<u8>| {
                if columns[column].is_null(row) {
                    return;
                }
                part(out);
                out.extend_from_slice(&self.keys[column]);
                out.push(b'=');
                let from = out.len();
                columns[column].write_plain(row, &self.printing, out);
                mend(out, from);
            };
            match &mut self.splice {
                None => (0..columns.len()).for_each(|column| put(column, out)),
                Some(splice) => splice.each(chunk.line(row as u32), |name, own| match own {
                    Err(column) => put(column, out),
                    Ok(super::rest::Piece::Json(raw)) if json::kind(raw) == json::Kind::Null => {}
                    Ok(value) => {
                        part(out);
                        out.extend_from_slice(&key(&name.text()));
                        out.push(b'=');
                        let from = out.len();
                        out.extend_from_slice(&value.text());
                        mend(out, from);
                    }
                }),
            }
            out.push(b'\n');
        }
    }
}

/// A name as a key: what would end it becomes `_`.
fn key(name: &[u8]) -> Vec<u8> {
    if name.is_empty() {
        return b"_".to_vec();
    }
    name.iter()
        .map(|&byte| match byte {
            0..=b' ' | b'=' | b'"' | 127 => b'_',
            _ => byte,
        })
        .collect()
}

/// Quotes the value that was written from `from` on, if it must be.
fn mend(out: &mut Vec<u8>, from: usize) {
    let odd = |&byte: &u8| byte <= b' ' || matches!(byte, b'"' | b'=' | b'\\' | 127);
    if out[from..].iter().any(odd) {
        let text = out.split_off(from);
        json::write_string(&text, out);
    }
}

/// Asserts that nothing is lost or invented, and that cutting changes nothing.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let options = ReadOptions::default();
    for read in super::testing::Read::all("logfmt", &options, data, None, &["a", "b"]) {
        for row in &read.rows {
            let line = row.line.strip_suffix(b"\r").unwrap_or(&row.line);
            if line.contains(&b'"') || !row.live {
                continue;
            }
            // Without quotes it is splitting at blanks, then at the first `=`.
            for (cell, key) in row.cells.iter().zip([b"a", b"b"]) {
                let last = line
                    .split(|byte| b" \t".contains(byte))
                    .filter_map(|word| match memchr::memchr(b'=', word) {
                        None => (word == key).then_some(&b"true"[..]),
                        Some(at) => (&word[..at] == key).then_some(&word[at + 1..]),
                    })
                    .next_back();
                assert_eq!(cell.as_deref(), last, "{line:?}");
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
    fn values_may_be_quoted_bare_and_repeated() {
        let read = Read::of(
            "logfmt",
            b" a=1  b=\"x \\\"y\\\"\\n\" c\r\n\nb= a=2 a=3\na\tb=\"\"\nfree text\nb=\"x\n=1\nb=\"x\"y\n",
            &["a", "b"],
        );
        assert_eq!(read.table(), "1|x \"y\"\n\n-\n3|\ntrue|\n!\n!\n!\n!\n");
        assert_eq!(
            read.faults(),
            "4:0 no key=value\n5:2 no closing quote\n6:0 no key before '='\n7:5 text behind a closing quote\n"
        );
    }

    #[test]
    fn what_is_null_is_left_out_and_odd_text_is_quoted() {
        assert_eq!(
            written(
                "logfmt",
                &[
                    ("a b", Type::Text, &["x y", "", "<null>"]),
                    ("n", Type::Number, &["1.5", "<null>", "2"])
                ]
            ),
            "a_b=\"x y\" n=1.5\na_b=\nn=2\n"
        );
    }

    proptest! {
        #[test]
        fn pairs_are_the_models(
            data in prop_oneof![
                prop::collection::vec(prop::sample::select(&b"ab=\"\\ \t\r\n"[..]), 0..300),
                prop::collection::vec(prop::sample::select(&b"aaab=   \n"[..]), 0..300),
            ],
        ) {
            fuzz(&data);
        }

        #[test]
        fn what_is_written_reads_back(
            rows in prop::collection::vec(prop::collection::vec("[ab=\"\\\\ \t\né]{0,6}", 2), 1..20),
        ) {
            let column = |i: usize| rows.iter().map(|row| row[i].as_str()).collect::<Vec<_>>();
            let columns = [column(0), column(1)];
            let text = written("logfmt", &[
                ("a", Type::Text, &columns[0]),
                ("b", Type::Untyped, &columns[1]),
            ]);
            let read = Read::of("logfmt", text.as_bytes(), &["a", "b"]);
            prop_assert!(read.bad.is_empty());
            let cells: Vec<Vec<String>> = read.rows.iter().map(|row| row.texts()).collect();
            prop_assert_eq!(cells, rows);
        }
    }
}
