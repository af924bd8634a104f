//! A cell that an aggregate keeps beyond its chunk. Knows no type of its own: that is the call's. Invariant:
//! [`order`] is total, and equal only for cells that print alike in every format.

use crate::bytes::json;
use crate::bytes::number::SCALE_MAX;
use crate::data::saved::{Damaged, Save, Saved, number_of, number_parts};
use crate::data::value::Printing;
use crate::data::{Chunk, ColumnBuilder, ColumnV, Number, Type, Value};
use std::cmp::Ordering;

/// A cell. Short texts need no memory of their own, and long ones keep theirs when they change.
#[derive(Clone, Debug, Default)]
pub enum Owned {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    Nanos(i64),
    Short(u8, [u8; 22]),
    Long(Vec<u8>),
    List(Vec<Owned>),
}

impl Owned {
    pub fn of(value: &Value<'_>) -> Owned {
        let mut out = Owned::Null;
        out.set(value);
        out
    }

    pub fn set(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => *self = Owned::Null,
            Value::Bool(bit) => *self = Owned::Bool(*bit),
            Value::Number(number) => *self = Owned::Number(number.normalised()),
            Value::Time(ns) | Value::Duration(ns) => *self = Owned::Nanos(*ns),
            Value::Untyped(text) | Value::Text(text) | Value::Json(text) => self.set_bytes(text),
            Value::List(items) => *self = Owned::List(items.iter().map(Owned::of).collect()),
        }
    }

    pub fn set_bytes(&mut self, text: &[u8]) {
        let mut short = [0; 22];
        if let Some(room) = short.get_mut(..text.len()) {
            room.copy_from_slice(text);
            *self = Owned::Short(text.len() as u8, short);
        } else if let Owned::Long(buf) = self {
            buf.clear();
            buf.extend_from_slice(text);
        } else {
            *self = Owned::Long(text.to_vec());
        }
    }

    /// The bytes of a text or a JSON value; nothing of other cells.
    pub fn text(&self) -> &[u8] {
        match self {
            Owned::Short(len, bytes) => &bytes[..usize::from(*len)],
            Owned::Long(bytes) => bytes,
            _ => b"",
        }
    }

    pub fn value(&self, ty: &Type) -> Value<'_> {
        match self {
            Owned::Null => Value::Null,
            Owned::Bool(bit) => Value::Bool(*bit),
            Owned::Number(number) => Value::Number(*number),
            Owned::Nanos(ns) if *ty == Type::Duration => Value::Duration(*ns),
            Owned::Nanos(ns) => Value::Time(*ns),
            Owned::Short(..) | Owned::Long(_) => match ty {
                Type::Json => Value::Json(self.text()),
                Type::Text => Value::Text(self.text()),
                _ => Value::Untyped(self.text()),
            },
            Owned::List(items) => match ty {
                Type::List(item) => {
                    Value::List(items.iter().map(|owned| owned.value(item)).collect())
                }
                _ => Value::Null,
            },
        }
    }

    /// Puts it at the end of a column of its type.
    pub fn push(&self, ty: &Type, out: &mut ColumnBuilder, scratch: &mut Vec<u8>) {
        match self {
            Owned::Null => out.null(),
            Owned::Bool(bit) => out.bool(*bit),
            Owned::Number(number) => out.number(*number),
            Owned::Nanos(ns) => out.nanos(*ns),
            Owned::Short(..) | Owned::Long(_) => out.bytes(self.text(), scratch),
            Owned::List(items) => match ty {
                Type::List(item) => {
                    for owned in items {
                        owned.push(item, out.items(), scratch);
                    }
                    out.end_list();
                }
                _ => out.null(),
            },
        }
    }

    /// Memory behind it, about.
    pub fn heap(&self) -> usize {
        match self {
            Owned::Long(bytes) => bytes.capacity() + 16,
            Owned::List(items) => {
                items
                    .iter()
                    .map(|item| size_of::<Owned>() + item.heap())
                    .sum::<usize>()
                    + 16
            }
            _ => 0,
        }
    }
}

/// The tags of saved cells; a text of up to 240 bytes is its length and this.
const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const NUMBER: u8 = 3;
const NANOS: u8 = 4;
const LIST: u8 = 5;
const LONG: u8 = 6;
const SHORT: u8 = 7;

/// Puts cells.
pub fn save<'a>(cells: impl Iterator<Item = &'a Owned>, to: &mut Save) {
    let mut out = Vec::new();
    cells.for_each(|cell| cell.save(&mut out));
    to.put_bytes(&out);
}

/// Takes off the cells that [`save`] has put, one by one, all of one type.
pub struct Cells<'a> {
    rest: &'a [u8],
}

impl<'a> Cells<'a> {
    pub fn of(from: &mut Saved<'a>) -> Result<Cells<'a>, Damaged> {
        Ok(Cells {
            rest: from.take_bytes()?,
        })
    }

    pub fn next(&mut self, ty: &Type) -> Result<Owned, Damaged> {
        Owned::load(&mut self.rest, ty).ok_or(Damaged)
    }

    /// All must have been taken.
    pub fn end(&self) -> Result<(), Damaged> {
        match self.rest {
            [] => Ok(()),
            _ => Err(Damaged),
        }
    }
}

impl Owned {
    fn save(&self, out: &mut Vec<u8>) {
        match self {
            Owned::Null => out.push(NULL),
            Owned::Bool(bit) => out.push(if *bit { TRUE } else { FALSE }),
            Owned::Number(number) => {
                let (scale, units) = number_parts(*number);
                out.extend_from_slice(&[NUMBER, scale]);
                out.extend_from_slice(&units.to_le_bytes());
            }
            Owned::Nanos(ns) => {
                out.push(NANOS);
                out.extend_from_slice(&ns.to_le_bytes());
            }
            Owned::Short(..) | Owned::Long(_) => {
                let text = self.text();
                match u8::try_from(text.len()) {
                    Ok(len) if len <= u8::MAX - SHORT => out.push(SHORT + len),
                    _ => {
                        out.push(LONG);
                        out.extend_from_slice(&(text.len() as u64).to_le_bytes());
                    }
                }
                out.extend_from_slice(text);
            }
            Owned::List(items) => {
                out.push(LIST);
                out.extend_from_slice(&(items.len() as u64).to_le_bytes());
                items.iter().for_each(|item| item.save(out));
            }
        }
    }

    /// Takes a cell of a type off the front of `rest`.
    fn load(rest: &mut &[u8], ty: &Type) -> Option<Owned> {
        let mut take = |len: usize| {
            let (piece, behind) = rest.split_at_checked(len)?;
            *rest = behind;
            Some(piece)
        };
        let eight = |piece: &[u8]| piece.first_chunk().map(|eight| i64::from_le_bytes(*eight));
        let tag = take(1)?[0];
        Some(match (tag, ty) {
            (NULL, _) => Owned::Null,
            (FALSE | TRUE, Type::Bool) => Owned::Bool(tag == TRUE),
            (NUMBER, Type::Number | Type::Float) => {
                let scale = take(1)?[0];
                let number = number_of((scale, eight(take(8)?)?)).ok()?;
                Owned::Number(number.finite()?)
            }
            (NANOS, Type::Time | Type::Duration) => Owned::Nanos(eight(take(8)?)?),
            (LONG.., Type::Untyped | Type::Text | Type::Json) => {
                let len = match tag {
                    LONG => usize::try_from(eight(take(8)?)?).ok()?,
                    short => usize::from(short - SHORT),
                };
                let mut out = Owned::Null;
                out.set_bytes(take(len)?);
                out
            }
            (LIST, Type::List(item)) => {
                let len = usize::try_from(eight(take(8)?)?).ok()?;
                let mut items = Vec::new();
                for _ in 0..len {
                    items.push(Owned::load(rest, item)?);
                }
                Owned::List(items)
            }
            _ => return None,
        })
    }
}

/// Whether an empty field of text input is a value or null.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Empty {
    IsText,
    IsNull,
}

/// A cell that is not null. Floats beyond all numbers are null too.
#[inline]
pub fn present<'a>(
    chunk: &'a Chunk,
    column: &'a ColumnV,
    ty: &Type,
    row: usize,
    empty: Empty,
) -> Option<Value<'a>> {
    match chunk.value(column, ty, row) {
        Value::Null => None,
        Value::Number(Number::Float(value)) if !value.is_finite() => None,
        Value::Untyped(b"") if empty == Empty::IsNull => None,
        value => Some(value),
    }
}

/// The order of the language; JSON strings that differ only in how they are escaped are told apart too.
pub fn order(a: &Value<'_>, b: &Value<'_>) -> Ordering {
    match (a, b) {
        // Equal numbers print alike, so there is no spelling to compare.
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Json(x), Value::Json(y)) => a.order(b).then_with(|| x.cmp(y)),
        (Value::List(_), Value::List(_)) => a.order(b).then_with(|| as_json(a).cmp(&as_json(b))),
        _ => a.order(b),
    }
}

fn as_json(value: &Value<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    value.write_json(&Printing::default(), &mut out);
    out
}

/// Writes bytes that are the same for the same cells of one type only, from which [`decode`] makes the cell.
pub fn encode(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(b'0'),
        Value::Bool(bit) => out.extend_from_slice(&[b'b', u8::from(*bit)]),
        Value::Number(number) => encode_number(*number, out),
        Value::Time(ns) | Value::Duration(ns) => {
            out.push(b'n');
            out.extend_from_slice(&ns.to_le_bytes());
        }
        Value::Untyped(text) | Value::Text(text) => {
            out.push(b't');
            out.extend_from_slice(text);
        }
        Value::Json(raw) => {
            out.push(b't');
            json::canonical(raw, out);
        }
        Value::List(items) => {
            out.push(b'l');
            for item in items {
                let start = out.len();
                out.extend_from_slice(&[0; 4]);
                encode(item, out);
                let size = (out.len() - start - 4) as u32;
                out[start..start + 4].copy_from_slice(&size.to_le_bytes());
            }
        }
    }
}

fn encode_number(number: Number, out: &mut Vec<u8>) {
    // A float that is a short decimal is the same number as that decimal.
    let exact = match number {
        Number::Float(value) => {
            let mut text = Vec::new();
            number.write(&mut text);
            Number::parse(&text)
                .filter(|read| *read == Number::Float(value))
                .unwrap_or(number)
        }
        number => number,
    };
    match exact.normalised() {
        Number::Exact { units, scale } => {
            out.extend_from_slice(&[b'e', scale]);
            out.extend_from_slice(&units.to_le_bytes());
        }
        Number::Float(value) => {
            out.push(b'f');
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

/// The cell that [`encode`] was given.
pub fn decode(bytes: &[u8]) -> Owned {
    let Some((kind, rest)) = bytes.split_first() else {
        return Owned::Null;
    };
    let eight = |from: &[u8]| from.first_chunk::<8>().copied().unwrap_or_default();
    match kind {
        b'b' => Owned::Bool(rest.first() == Some(&1)),
        b'n' => Owned::Nanos(i64::from_le_bytes(eight(rest))),
        b'e' => Owned::Number(Number::Exact {
            scale: rest.first().copied().unwrap_or(0),
            units: i64::from_le_bytes(eight(rest.get(1..).unwrap_or_default())),
        }),
        b'f' => Owned::Number(Number::Float(f64::from_le_bytes(eight(rest)))),
        b't' => {
            let mut out = Owned::Null;
            out.set_bytes(rest);
            out
        }
        b'l' => {
            let (mut rest, mut items) = (rest, Vec::new());
            while let Some((size, behind)) = rest.split_first_chunk::<4>() {
                let (item, behind) =
                    behind.split_at(behind.len().min(u32::from_le_bytes(*size) as usize));
                items.push(decode(item));
                rest = behind;
            }
            Owned::List(items)
        }
        _ => Owned::Null,
    }
}

/// Whether these are bytes that [`encode`] may have made of a cell of the type.
pub fn decodes(bytes: &[u8], ty: &Type) -> bool {
    let Some((kind, rest)) = bytes.split_first() else {
        return false;
    };
    match (kind, ty) {
        (b'0', _) => rest.is_empty(),
        (b'b', Type::Bool) => matches!(rest, [0 | 1]),
        (b'n', Type::Time | Type::Duration) => rest.len() == 8,
        (b'e', Type::Number | Type::Float) => rest.len() == 9 && rest[0] <= SCALE_MAX,
        (b'f', Type::Number | Type::Float) => {
            matches!(rest.try_into(), Ok(bits) if f64::from_le_bytes(bits).is_finite())
        }
        (b't', Type::Untyped | Type::Text | Type::Json) => true,
        (b'l', Type::List(item)) => {
            let mut rest = rest;
            while let Some((size, behind)) = rest.split_first_chunk::<4>() {
                let size = u32::from_le_bytes(*size) as usize;
                match behind.split_at_checked(size) {
                    Some((cell, behind)) if decodes(cell, item) => rest = behind,
                    _ => return false,
                }
            }
            rest.is_empty()
        }
        _ => false,
    }
}
