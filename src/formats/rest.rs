//! Records of open sources that are written whole: their own fields in their order, with columns put in or
//! over them, some dropped, some by another name. Looks at whole fields only, not into them.
//! Invariant: a field that nothing was done to is written as it stood.

use super::cells::bare_name;
use super::logfmt::Pairs;
use super::{OutColumn, Rest};
use crate::bytes::json::{self, Members};
use std::borrow::Cow;

/// A name or value as it stands in a record.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece<'a> {
    /// JSON text.
    Json(&'a [u8]),
    /// Text, and whether it has escapes as in a JSON string.
    Text(&'a [u8], bool),
}

impl<'a> Piece<'a> {
    pub fn text(self) -> Cow<'a, [u8]> {
        let unescaped = |raw| {
            let mut text = Vec::new();
            json::unescape(raw, &mut text);
            Cow::Owned(text)
        };
        match self {
            Piece::Text(text, false) => Cow::Borrowed(text),
            Piece::Text(raw, true) => unescaped(raw),
            Piece::Json(raw) => match json::kind(raw) {
                json::Kind::String => match json::plain(raw) {
                    Some(text) => Cow::Borrowed(text),
                    None => unescaped(raw),
                },
                json::Kind::Null => Cow::Borrowed(b""),
                _ => Cow::Borrowed(raw),
            },
        }
    }

    pub fn is_null(self) -> bool {
        matches!(self, Piece::Json(raw) if json::kind(raw) == json::Kind::Null)
    }

    /// As a key of an object.
    pub fn write_key(self, out: &mut Vec<u8>) {
        match self {
            Piece::Json(raw) => out.extend_from_slice(raw),
            Piece::Text(..) => json::write_string(&self.text(), out),
        }
        out.push(b':');
    }

    /// As a value; text is a number if it is one as JSON writes them.
    pub fn write_json(self, out: &mut Vec<u8>) {
        match self {
            Piece::Json(raw) => out.extend_from_slice(raw),
            Piece::Text(text, false) if json::is_number(text) => out.extend_from_slice(text),
            Piece::Text(..) => json::write_string(&self.text(), out),
        }
    }
}

/// The fields of a record in order, by the name of its format.
pub(super) fn pairs_of<'a>(format: &str, line: &'a [u8]) -> Own<'a> {
    match format {
        "logfmt" => Own::Logfmt(Pairs::new(line)),
        _ => {
            let object = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
            Own::Json(json::members(object))
        }
    }
}

pub(super) enum Own<'a> {
    Json(Members<'a>),
    Logfmt(Pairs<'a>),
}

impl<'a> Iterator for Own<'a> {
    type Item = (Piece<'a>, Piece<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Own::Json(members) => {
                let (key, value) = members.next()?;
                Some((Piece::Json(key), Piece::Json(value)))
            }
            Own::Logfmt(pairs) => {
                let pair = pairs.next()?.ok()?;
                let key = Piece::Text(pair.key.0, false);
                Some((key, Piece::Text(pair.value.0, pair.escaped)))
            }
        }
    }
}

/// How a record's own fields and the columns become one row.
pub(super) struct Splice {
    format: &'static str,
    dropped: Vec<Vec<u8>>,
    renamed: Vec<(Vec<u8>, Vec<u8>)>,
    /// Names of the columns.
    columns: Vec<Vec<u8>>,
    /// Columns that were put over a field of this record.
    put: Vec<bool>,
}

impl Splice {
    pub fn new(rest: &Rest, columns: &[OutColumn]) -> Splice {
        let key = |name: &String| bare_name(name).as_bytes().to_vec();
        Splice {
            format: rest.format,
            dropped: rest.dropped.iter().map(key).collect(),
            renamed: rest
                .renamed
                .iter()
                .map(|(old, new)| (key(old), key(new)))
                .collect(),
            columns: columns.iter().map(|column| key(&column.name)).collect(),
            put: vec![false; columns.len()],
        }
    }

    /// Calls `visit` with each field of the row: its name, and its value or the number of its column.
    pub fn each(&mut self, line: &[u8], mut visit: impl FnMut(Piece, Result<Piece, usize>)) {
        self.put.fill(false);
        for (key, value) in pairs_of(self.format, line) {
            let mut name = key.text();
            let mut shown = key;
            if self.dropped.iter().any(|dropped| **dropped == *name) {
                continue;
            }
            if let Some((_, new)) = self.renamed.iter().find(|(old, _)| **old == *name) {
                name = Cow::Borrowed(new);
                shown = Piece::Text(new, false);
            }
            match self.columns.iter().position(|column| **column == *name) {
                None => visit(shown, Ok(value)),
                Some(column) if self.put[column] => {}
                Some(column) => {
                    self.put[column] = true;
                    visit(shown, Err(column));
                }
            }
        }
        for (column, name) in self.columns.iter().enumerate() {
            if !self.put[column] {
                visit(Piece::Text(name, false), Err(column));
            }
        }
    }
}
