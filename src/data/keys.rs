//! Keys as one byte string each: what the key table groups by, and back to columns. One bytes column stands as
//! it is; everything else is packed with tags, so that null, `1` and `"1"` are three keys.

use super::{Chunk, Column, ColumnBuilder, ColumnV, Number, Type, Value};
use crate::bytes::number::SCALE_MAX;
use crate::bytes::table::KeyTable;
use crate::bytes::{Span, json};
use std::cmp::Ordering;

const NULL: u8 = 0;
const BYTES: u8 = 1;
const EXACT: u8 = 2;
const FLOAT: u8 = 3;
const NANOS: u8 = 4;
const BOOL: u8 = 5;

/// How a list of key columns becomes one key.
#[derive(Clone, Debug)]
pub struct KeyCoder {
    types: Vec<Type>,
    packed: bool,
}

impl KeyCoder {
    pub fn new(types: Vec<Type>) -> KeyCoder {
        let packed = !matches!(types.as_slice(), [ty] if ty.is_bytes());
        KeyCoder { types, packed }
    }

    /// The keys of the chunk's live rows as one bytes column.
    pub fn encode(&self, columns: Vec<ColumnV>, chunk: &mut Chunk) -> ColumnV {
        if self.types.is_empty() {
            return ColumnV::new(Column::Bytes(vec![Span::default(); chunk.rows.len()]));
        }
        if self.packed {
            return self.pack(&columns, chunk);
        }
        let column = columns
            .into_iter()
            .next()
            .unwrap_or_else(|| ColumnV::nulls(chunk.rows.len()));
        match (&self.types[0], column) {
            (
                _,
                ColumnV {
                    data: Column::Null(n),
                    ..
                },
            ) => ColumnV {
                data: Column::Bytes(vec![Span::default(); n]),
                valid: Some(crate::data::Bitmap::new(n, false)),
            },
            (Type::Json, column) => canonical(column, chunk),
            (_, column) => column,
        }
    }

    fn pack(&self, columns: &[ColumnV], chunk: &mut Chunk) -> ColumnV {
        let mut spans = vec![Span::default(); chunk.rows.len()];
        let mut scratch = chunk.take_scratch();
        let made = scratch.len();
        let mut text = Vec::new();
        // New bytes go behind the old scratch, which the columns still point into: written apart, then joined.
        let mut out = Vec::new();
        {
            let block = chunk.block.padded();
            for row in chunk.live.iter() {
                let row = row as usize;
                let begin = out.len();
                for (column, ty) in columns.iter().zip(&self.types) {
                    pack_cell(column, ty, row, block, &scratch, &mut text, &mut out);
                }
                spans[row] = Span::scratch(made + begin, out.len() - begin);
            }
        }
        scratch.extend_from_slice(&out);
        chunk.set_scratch(scratch);
        ColumnV::new(Column::Bytes(spans))
    }

    /// Whether any part of a key is null.
    pub fn has_null(&self, key: Option<&[u8]>) -> bool {
        let Some(mut rest) = key else { return true };
        if !self.packed {
            return false;
        }
        let mut types = self.types.iter();
        types.any(|_| matches!(unpack(&mut rest), Part::Null))
    }

    /// Pushes the parts of a key to a builder each.
    pub fn decode(
        &self,
        key: Option<&[u8]>,
        builders: &mut [ColumnBuilder],
        scratch: &mut Vec<u8>,
    ) {
        if !self.packed {
            match (key, builders.first_mut()) {
                (Some(key), Some(builder)) => builder.bytes(key, scratch),
                (None, Some(builder)) => builder.null(),
                _ => {}
            }
            return;
        }
        let mut rest = key.unwrap_or_default();
        for builder in builders {
            match unpack(&mut rest) {
                Part::Null => builder.null(),
                Part::Bytes(bytes) => builder.bytes(bytes, scratch),
                Part::Number(number) => builder.number(number),
                Part::Nanos(nanos) => builder.nanos(nanos),
                Part::Bool(bit) => builder.bool(bit),
            }
        }
    }

    /// Whether these are bytes that such keys may be: of a table that was read from somewhere, say. Others must not
    /// be decoded.
    pub fn fits(&self, key: Option<&[u8]>) -> bool {
        if !self.packed {
            return true;
        }
        let Some(mut rest) = key else { return false };
        let mut types = self.types.iter();
        types.all(|ty| take_part(&mut rest, ty).is_some()) && rest.is_empty()
    }

    /// Whether all keys of a table fit.
    pub fn fits_all(&self, table: &KeyTable) -> bool {
        let mut groups = 0..table.len() as u32;
        !self.packed || groups.all(|group| self.fits(table.key(group)))
    }

    /// The order in which keys are printed: part by part, by the order of values.
    pub fn compare(&self, a: Option<&[u8]>, b: Option<&[u8]>) -> Ordering {
        if !self.packed {
            return self.single(a).order(&self.single(b));
        }
        let (mut a, mut b) = (a.unwrap_or_default(), b.unwrap_or_default());
        for ty in &self.types {
            let order = value(unpack(&mut a), ty).order(&value(unpack(&mut b), ty));
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }

    /// A number that orders keys as [`KeyCoder::compare`] does, but for equal ones.
    pub fn rank(&self, key: Option<&[u8]>) -> u64 {
        if !self.packed {
            return rank(&self.single(key));
        }
        let mut key = key.unwrap_or_default();
        match self.types.first() {
            Some(ty) => rank(&value(unpack(&mut key), ty)),
            None => 0,
        }
    }

    fn single<'a>(&self, key: Option<&'a [u8]>) -> Value<'a> {
        match key {
            None => Value::Null,
            Some(key) => value(Part::Bytes(key), &self.types[0]),
        }
    }
}

/// Takes off a part that is of the type, or null.
fn take_part(rest: &mut &[u8], ty: &Type) -> Option<()> {
    let (&tag, behind) = rest.split_first()?;
    let size = match (tag, ty) {
        (NULL, _) => 0,
        (BYTES, Type::Untyped | Type::Text | Type::Json | Type::List(_)) => {
            4 + u32::from_le_bytes(*behind.first_chunk()?) as usize
        }
        (EXACT, Type::Number | Type::Float) if *behind.first()? <= SCALE_MAX => 9,
        (FLOAT, Type::Number | Type::Float) | (NANOS, Type::Time | Type::Duration) => 8,
        (BOOL, Type::Bool) if *behind.first()? <= 1 => 1,
        _ => return None,
    };
    *rest = behind.get(size..)?;
    Some(())
}

/// A number that orders values as [`Value::order`] does; equal ranks say nothing.
pub fn rank(value: &Value<'_>) -> u64 {
    const CLASS: u32 = 62;
    match value {
        Value::Null => 0,
        _ => match value.number() {
            Some(number) => {
                let bits = number.to_f64().to_bits();
                let ordered = if bits >> 63 == 0 {
                    bits | 1 << 63
                } else {
                    !bits
                };
                1 << CLASS | ordered >> 2
            }
            None => {
                let text = value.text();
                let mut first = [0u8; 8];
                let n = text.len().min(8);
                first[..n].copy_from_slice(&text[..n]);
                2 << CLASS | u64::from_be_bytes(first) >> 2
            }
        },
    }
}

/// JSON values spelt in one way: escapes resolved, blanks dropped. Nearly all are spelt so already.
fn canonical(column: ColumnV, chunk: &mut Chunk) -> ColumnV {
    let ColumnV {
        data: Column::Bytes(mut spans),
        valid,
    } = column
    else {
        return column;
    };
    let mut scratch = chunk.take_scratch();
    for row in chunk.live.iter() {
        let span = spans[row as usize];
        if valid.as_ref().is_some_and(|valid| !valid.get(row as usize)) {
            continue;
        }
        let raw = span.of(chunk.block.padded(), &scratch);
        let odd = match raw.first() {
            Some(b'"') => memchr::memchr(b'\\', raw).is_some(),
            Some(b'{' | b'[') => true,
            _ => false,
        };
        if odd {
            let mut text = Vec::new();
            json::canonical(raw, &mut text);
            spans[row as usize] = Span::scratch(scratch.len(), text.len());
            scratch.extend_from_slice(&text);
        }
    }
    chunk.set_scratch(scratch);
    ColumnV {
        data: Column::Bytes(spans),
        valid,
    }
}

fn pack_cell(
    column: &ColumnV,
    ty: &Type,
    row: usize,
    block: &[u8],
    scratch: &[u8],
    text: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    if !column.is_valid(row) {
        out.push(NULL);
        return;
    }
    match &column.data {
        Column::Bytes(spans) => {
            let mut bytes = spans[row].of(block, scratch);
            if *ty == Type::Json
                && (bytes.first().is_some_and(|b| matches!(b, b'{' | b'['))
                    || memchr::memchr(b'\\', bytes).is_some())
            {
                text.clear();
                json::canonical(bytes, text);
                bytes = text;
            }
            push_bytes(bytes, out);
        }
        Column::Nanos(values) => {
            out.push(NANOS);
            out.extend_from_slice(&values[row].to_le_bytes());
        }
        Column::Bool(bits) => out.extend_from_slice(&[BOOL, u8::from(bits.get(row))]),
        Column::List { .. } => {
            text.clear();
            list_text(column, ty, row, block, scratch, text);
            push_bytes(text, out);
        }
        _ => match column.number(row).map(Number::normalised) {
            Some(Number::Exact { units, scale }) => {
                out.extend_from_slice(&[EXACT, scale]);
                out.extend_from_slice(&units.to_le_bytes());
            }
            Some(Number::Float(value)) => {
                out.push(FLOAT);
                out.extend_from_slice(&value.to_bits().to_le_bytes());
            }
            None => out.push(NULL),
        },
    }
}

fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(BYTES);
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// A list as the JSON text that it prints as.
fn list_text(
    column: &ColumnV,
    ty: &Type,
    row: usize,
    block: &[u8],
    scratch: &[u8],
    out: &mut Vec<u8>,
) {
    let (Column::List { ends, items }, Type::List(item)) = (&column.data, ty) else {
        return;
    };
    let from = if row == 0 { 0 } else { ends[row - 1] } as usize;
    out.push(b'[');
    for i in from..ends[row] as usize {
        if i > from {
            out.push(b',');
        }
        if !items.is_valid(i) {
            out.extend_from_slice(b"null");
            continue;
        }
        match (&items.data, item.as_ref()) {
            (Column::Bytes(spans), Type::Json) => {
                out.extend_from_slice(spans[i].of(block, scratch))
            }
            (Column::Bytes(spans), _) => json::write_string(spans[i].of(block, scratch), out),
            (Column::List { .. }, inner) => list_text(items, inner, i, block, scratch, out),
            (Column::Bool(bits), _) => {
                out.extend_from_slice(if bits.get(i) { b"true" } else { b"false" })
            }
            _ => match items.number(i) {
                Some(number) => number.write(out),
                None => out.extend_from_slice(b"null"),
            },
        }
    }
    out.push(b']');
}

enum Part<'a> {
    Null,
    Bytes(&'a [u8]),
    Number(Number),
    Nanos(i64),
    Bool(bool),
}

/// Takes the next part off a packed key.
fn unpack<'a>(key: &mut &'a [u8]) -> Part<'a> {
    fn take<'a>(key: &mut &'a [u8], n: usize) -> &'a [u8] {
        let (part, rest) = key.split_at_checked(n).unwrap_or((key, &[]));
        *key = rest;
        part
    }
    fn eight(key: &mut &[u8]) -> [u8; 8] {
        take(key, 8).try_into().unwrap_or_default()
    }
    match take(key, 1).first() {
        Some(&BYTES) => {
            let len = u32::from_le_bytes(take(key, 4).try_into().unwrap_or_default());
            Part::Bytes(take(key, len as usize))
        }
        Some(&EXACT) => {
            let scale = take(key, 1).first().copied().unwrap_or(0);
            Part::Number(Number::Exact {
                units: i64::from_le_bytes(eight(key)),
                scale,
            })
        }
        Some(&FLOAT) => Part::Number(Number::Float(f64::from_bits(u64::from_le_bytes(eight(
            key,
        ))))),
        Some(&NANOS) => Part::Nanos(i64::from_le_bytes(eight(key))),
        Some(&BOOL) => Part::Bool(take(key, 1).first() == Some(&1)),
        _ => Part::Null,
    }
}

fn value<'a>(part: Part<'a>, ty: &Type) -> Value<'a> {
    match part {
        Part::Null => Value::Null,
        Part::Bytes(bytes) => match ty {
            Type::Json | Type::List(_) => Value::Json(bytes),
            Type::Text => Value::Text(bytes),
            _ => Value::Untyped(bytes),
        },
        Part::Number(number) => Value::Number(number),
        Part::Nanos(nanos) if *ty == Type::Duration => Value::Duration(nanos),
        Part::Nanos(nanos) => Value::Time(nanos),
        Part::Bool(bit) => Value::Bool(bit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Block;
    use proptest::prelude::*;

    fn cell() -> impl Strategy<Value = Option<Vec<u8>>> {
        prop_oneof![
            Just(None),
            Just(Some(b"".to_vec())),
            "[0-9]{1,3}(\\.[0-9])?".prop_map(|text| Some(text.into_bytes())),
            "[a-c1\\-.]{0,4}".prop_map(|text| Some(text.into_bytes())),
        ]
    }

    /// Keys of a random table of two columns, as values and as what the coder makes of them.
    fn coded(
        types: &[Type],
        table: &[(Option<Vec<u8>>, Option<Vec<u8>>)],
    ) -> (KeyCoder, Vec<Option<Vec<u8>>>) {
        let mut scratch = Vec::new();
        let mut builders: Vec<_> = types.iter().map(ColumnBuilder::new).collect();
        for (a, b) in table {
            for (builder, cell) in builders.iter_mut().zip([a, b]) {
                match cell {
                    Some(bytes) => builder.bytes(bytes, &mut scratch),
                    None => builder.null(),
                }
            }
        }
        let mut chunk = Chunk::of_columns(table.len(), Vec::new(), scratch);
        chunk.block = Block::copy_of(b"");
        let coder = KeyCoder::new(types.to_vec());
        let column = coder.encode(
            builders.into_iter().map(ColumnBuilder::finish).collect(),
            &mut chunk,
        );
        let Column::Bytes(spans) = &column.data else {
            panic!("keys are bytes")
        };
        let keys = (0..table.len())
            .map(|row| {
                column
                    .is_valid(row)
                    .then(|| chunk.bytes(spans[row]).to_vec())
            })
            .collect();
        (coder, keys)
    }

    proptest! {
        #[test]
        fn keys_are_equal_and_ordered_as_their_values(table in prop::collection::vec((cell(), cell()), 1..20), two: bool) {
            let types = if two { vec![Type::Untyped, Type::Text] } else { vec![Type::Untyped] };
            let (coder, keys) = coded(&types, &table);
            for (i, a) in table.iter().enumerate() {
                for (j, b) in table.iter().enumerate() {
                    let equal = a.0 == b.0 && (!two || a.1 == b.1);
                    prop_assert_eq!(keys[i] == keys[j], equal);
                    let order = coder.compare(keys[i].as_deref(), keys[j].as_deref());
                    prop_assert_eq!(order == Ordering::Equal, equal);
                    let ranks = coder.rank(keys[i].as_deref()).cmp(&coder.rank(keys[j].as_deref()));
                    prop_assert!(ranks == Ordering::Equal || ranks == order);
                }
                prop_assert!(coder.fits(keys[i].as_deref()));
                let mut scratch = Vec::new();
                let mut back: Vec<_> = types.iter().map(ColumnBuilder::new).collect();
                coder.decode(keys[i].as_deref(), &mut back, &mut scratch);
                let columns: Vec<_> = back.into_iter().map(|b| Some(b.finish())).collect();
                let chunk = Chunk::of_columns(1, columns, scratch);
                for (f, cell) in [&a.0, &a.1].into_iter().take(types.len()).enumerate() {
                    let column = chunk.column(f).unwrap();
                    prop_assert_eq!(column.is_valid(0), cell.is_some());
                    if let (Some(cell), Column::Bytes(spans)) = (cell, &column.data) {
                        prop_assert_eq!(chunk.bytes(spans[0]), cell.as_slice());
                    }
                }
            }
        }
    }
}
