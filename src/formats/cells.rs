//! What the readers share for making columns, and the writers for reading them. Knows no format.
//! Invariant: a column that is made has a cell for each row of its chunk, good or bad.

use crate::bytes::{Span, json, number};
use crate::data::column::number_at;
use crate::data::value::Printing;
use crate::data::{Bitmap, Chunk, Column, ColumnV, FieldId, Number, Numbers, Selection, Type};

/// A bytes column that grows a cell a row.
#[derive(Debug)]
pub(super) struct Making {
    pub field: FieldId,
    pub spans: Vec<Span>,
    valid: Option<Bitmap>,
}

impl Making {
    pub fn new(field: FieldId) -> Making {
        Making {
            field,
            spans: Vec::new(),
            valid: None,
        }
    }

    /// Starts a chunk's column; a vector that the chunk still has from before is used again.
    pub fn begin(&mut self, chunk: &mut Chunk, rows: usize) {
        if let Some(Some(ColumnV {
            data: Column::Bytes(spans),
            ..
        })) = chunk.columns.get_mut(self.field).map(Option::take)
        {
            self.spans = spans;
        }
        self.spans.clear();
        self.spans.reserve(rows);
        self.valid = None;
    }

    #[inline(always)]
    pub fn push(&mut self, cell: Span) {
        self.spans.push(cell);
    }

    /// A cell that is not there, of a chunk with that many rows.
    #[inline(always)]
    pub fn null(&mut self, rows: usize) {
        let row = self.spans.len();
        self.spans.push(Span::default());
        self.valid
            .get_or_insert_with(|| Bitmap::new(rows, true))
            .set(row, false);
    }

    /// Puts the column in its place.
    pub fn finish(&mut self, chunk: &mut Chunk) {
        let made = ColumnV {
            data: Column::Bytes(std::mem::take(&mut self.spans)),
            valid: self.valid.take(),
        };
        chunk.set_column(self.field, made);
    }
}

/// The rows that are live when those in `dead` (ascending) are not.
pub(super) fn live_without(rows: usize, dead: &[u32]) -> Selection {
    if dead.is_empty() {
        return Selection::All(rows as u32);
    }
    let mut live = Vec::with_capacity(rows - dead.len().min(rows));
    let mut from = 0;
    for &row in dead {
        live.extend(from..row);
        from = row + 1;
    }
    live.extend(from..rows as u32);
    Selection::Some(live)
}

/// A record without the carriage return that belongs to its line end.
#[inline(always)]
pub(super) fn without_cr(block: &[u8], row: Span) -> Span {
    let end = row.start() + row.len();
    let cr = !row.is_empty() && block[end - 1] == b'\r';
    Span {
        start: row.start,
        len: row.len - u32::from(cr),
    }
}

/// Says whether one of `wanted` is in `bytes`; made for short cells, where a call of `memchr` costs more
/// than what it finds out.
#[inline(always)]
pub(super) fn holds<const N: usize>(bytes: &[u8], wanted: &[u8; N]) -> bool {
    #[inline(always)]
    fn any<const W: usize, const N: usize>(piece: &[u8], wanted: &[u8; N]) -> bool {
        let Ok(piece) = <&[u8; W]>::try_from(piece) else {
            return false;
        };
        let mut found = false;
        for &byte in piece {
            for &want in wanted {
                found |= byte == want;
            }
        }
        found
    }
    let len = bytes.len();
    if len >= 16 {
        let mut found = any::<16, N>(&bytes[len - 16..], wanted);
        for piece in bytes.chunks_exact(16) {
            found |= any::<16, N>(piece, wanted);
        }
        found
    } else if len >= 8 {
        any::<8, N>(&bytes[..8], wanted) | any::<8, N>(&bytes[len - 8..], wanted)
    } else {
        bytes.iter().any(|byte| wanted.contains(byte))
    }
}

/// A column as writers see it.
pub(super) struct Shown<'a> {
    chunk: &'a Chunk,
    /// The chunk's buffers with their padding.
    block: &'a [u8],
    scratch: &'a [u8],
    column: Option<&'a ColumnV>,
    ty: &'a Type,
    kind: Kind<'a>,
}

enum Kind<'a> {
    /// Bytes that are printed as they are.
    Plain(&'a [Span]),
    Json(&'a [Span]),
    Number(&'a Numbers),
    Other,
}

impl<'a> Shown<'a> {
    pub fn new(chunk: &'a Chunk, field: FieldId, ty: &'a Type) -> Shown<'a> {
        let column = chunk.column(field);
        let kind = match column.map(|column| &column.data) {
            Some(Column::Bytes(spans)) if *ty == Type::Json => Kind::Json(spans),
            Some(Column::Bytes(spans)) => Kind::Plain(spans),
            Some(Column::Number(numbers)) => Kind::Number(numbers),
            _ => Kind::Other,
        };
        Shown {
            chunk,
            block: chunk.block.padded(),
            scratch: chunk.scratch(),
            column,
            ty,
            kind,
        }
    }

    /// Whether it prints nothing but numbers.
    pub fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Number(_))
    }

    pub fn is_null(&self, row: usize) -> bool {
        self.column.is_none_or(|column| !column.is_valid(row))
    }

    /// As in tsv: strings bare, null empty.
    #[inline(always)]
    pub fn write_plain(&self, row: usize, how: &Printing, out: &mut Vec<u8>) {
        if self.is_null(row) {
            return;
        }
        match self.kind {
            Kind::Plain(spans) => self.copy(spans[row], out),
            Kind::Json(spans) => {
                let raw = spans[row].of(self.block, self.scratch);
                match json::kind(raw) {
                    json::Kind::String => match json::plain(raw) {
                        Some(text) => out.extend_from_slice(text),
                        None => json::unescape(raw, out),
                    },
                    json::Kind::Null => {}
                    _ => out.extend_from_slice(raw),
                }
            }
            Kind::Number(numbers) => write_number(numbers, row, how, out),
            Kind::Other => self.other(row, how, out, false),
        }
    }

    /// As a JSON value.
    #[inline(always)]
    pub fn write_json(&self, row: usize, how: &Printing, out: &mut Vec<u8>) {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return;
        }
        match self.kind {
            Kind::Plain(spans) => {
                let text = spans[row].of(self.block, self.scratch);
                if *self.ty != Type::Text && json::is_number(text) {
                    out.extend_from_slice(text);
                } else {
                    json::write_string(text, out);
                }
            }
            Kind::Json(spans) => self.copy(spans[row], out),
            Kind::Number(numbers) => write_number(numbers, row, how, out),
            Kind::Other => self.other(row, how, out, true),
        }
    }

    /// Copies the bytes of a span; a short one with what is behind it, which is cut off again: a fixed number
    /// of bytes is two instructions, any number is a call.
    // PERF: rows of two cells of 6 bytes as tsv: 10.6 against 14.7 ns a row.
    #[inline(always)]
    fn copy(&self, span: Span, out: &mut Vec<u8>) {
        let from = match span.in_scratch() {
            true => self.scratch,
            false => self.block,
        };
        let (start, len) = (span.start(), span.len());
        if len <= 16
            && let Some(piece) = from[start..].first_chunk::<16>()
        {
            let end = out.len() + len;
            out.extend_from_slice(piece);
            out.truncate(end);
        } else {
            out.extend_from_slice(&from[start..start + len]);
        }
    }

    fn other(&self, row: usize, how: &Printing, out: &mut Vec<u8>, json: bool) {
        let Some(column) = self.column else { return };
        let value = self.chunk.value(column, self.ty, row);
        if json {
            value.write_json(how, out);
        } else {
            value.write_plain(how, out);
        }
    }
}

#[inline(always)]
fn write_number(numbers: &Numbers, row: usize, how: &Printing, out: &mut Vec<u8>) {
    if numbers.scale == 0 && numbers.odd.is_empty() {
        return number::write_int(numbers.units[row], out);
    }
    match (number_at(numbers, row), how.digits) {
        (Number::Float(value), Some(digits)) => {
            number::write_digits(value, digits, out);
        }
        (number, _) => number.write(out),
    }
}

/// A field's name without the backticks that keep the odd characters of a JSON key together.
pub(super) fn bare_name(name: &str) -> &str {
    name.strip_prefix('`')
        .and_then(|rest| rest.strip_suffix('`'))
        .filter(|inner| !inner.contains('`'))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn holds_is_what_a_search_finds(
            text in prop::collection::vec(prop::sample::select(&b"abcdefgh\t\n"[..]), 0..60),
        ) {
            prop_assert_eq!(
                holds(&text, b"\t\n"),
                text.iter().any(|byte| b"\t\n".contains(byte)),
            );
            prop_assert_eq!(holds(&text, b"x"), false);
        }
    }

    #[test]
    fn what_is_not_dead_is_live() {
        assert_eq!(live_without(3, &[]), Selection::All(3));
        assert_eq!(live_without(5, &[0, 3]), Selection::Some(vec![1, 2, 4]));
        assert_eq!(live_without(1, &[0]), Selection::Some(vec![]));
    }

    #[test]
    fn only_a_name_that_is_one_key_loses_its_backticks() {
        assert_eq!(bare_name("`user agent`"), "user agent");
        assert_eq!(bare_name("a.`b c`"), "a.`b c`");
        assert_eq!(bare_name("`a`.`b`"), "`a`.`b`");
    }
}
