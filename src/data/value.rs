//! One cell as a value: its order and its spelling. Slow paths, sinks, keys and tests; hot loops work on
//! columns.

use super::time::Zone;
use crate::bytes::json;
use crate::bytes::number::{self, Number};
use std::borrow::Cow;
use std::cmp::Ordering;

#[derive(Clone, Debug)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Number(Number),
    /// ns since 1970.
    Time(i64),
    /// ns.
    Duration(i64),
    /// Text as it stood in the input.
    Untyped(&'a [u8]),
    /// Text that is a string whatever it looks like.
    Text(&'a [u8]),
    /// A JSON value as its text.
    Json(&'a [u8]),
    List(Vec<Value<'a>>),
}

/// How values are printed where it is not fixed by what they are.
#[derive(Clone, Debug, Default)]
pub struct Printing {
    /// Digits of floats behind the point; `None`: as many as it takes to read the same value back.
    pub digits: Option<u8>,
    pub zone: Zone,
}

impl<'a> Value<'a> {
    /// What it counts as where a number is asked for: numbers, times, durations, and text that reads as one.
    pub fn number(&self) -> Option<Number> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Time(ns) | Value::Duration(ns) => Some(Number::Exact {
                units: *ns,
                scale: 9,
            }),
            Value::Untyped(text) | Value::Text(text) => Number::parse(text),
            Value::Json(raw) => match json::kind(raw) {
                json::Kind::Number => Number::parse(raw),
                json::Kind::String => Number::parse(&json_text(raw)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The text it is where text is asked for; JSON strings without quotes. Null is empty.
    pub fn text(&self) -> Cow<'a, [u8]> {
        match self {
            Value::Untyped(text) | Value::Text(text) => Cow::Borrowed(text),
            Value::Json(raw) if json::kind(raw) == json::Kind::String => json_text(raw),
            Value::Json(raw) => Cow::Borrowed(raw),
            other => {
                let mut out = Vec::new();
                other.write_plain(&Printing::default(), &mut out);
                Cow::Owned(out)
            }
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The total order of the language (INTERFACE 5.3): null, then everything that reads as a number by
    /// value, then text by bytes. Equal numbers are told apart by how they are spelt, JSON numbers first.
    pub fn order(&self, other: &Value<'_>) -> Ordering {
        let class = |value: &Value<'_>, number: &Option<Number>| match (value, number) {
            (Value::Null, _) => 0,
            (_, Some(_)) => 1,
            _ => 2,
        };
        let (mine, theirs) = (self.number(), other.number());
        class(self, &mine)
            .cmp(&class(other, &theirs))
            .then_with(|| match (mine, theirs) {
                (Some(a), Some(b)) => a
                    .cmp(&b)
                    .then_with(|| self.spelling().cmp(&other.spelling())),
                _ => self.spelling().cmp(&other.spelling()),
            })
    }

    /// What tells apart values of equal rank: a JSON string comes behind a number of the same digits.
    fn spelling(&self) -> (Cow<'a, [u8]>, bool) {
        let string = matches!(self, Value::Json(raw) if json::kind(raw) == json::Kind::String);
        (self.text(), string)
    }

    /// As in tsv, csv and tables: strings bare, null empty.
    pub fn write_plain(&self, how: &Printing, out: &mut Vec<u8>) {
        match self {
            Value::Null => {}
            Value::Bool(bit) => out.extend_from_slice(if *bit { b"true" } else { b"false" }),
            Value::Number(Number::Float(value)) if how.digits.is_some() => {
                number::write_digits(*value, how.digits.unwrap_or(6), out);
            }
            Value::Number(number) => number.write(out),
            Value::Time(ns) => how.zone.write_time(*ns, out),
            Value::Duration(ns) => super::time::write_duration(*ns, out),
            Value::Untyped(text) | Value::Text(text) => out.extend_from_slice(text),
            Value::Json(raw) => match json::kind(raw) {
                json::Kind::String => out.extend_from_slice(&json_text(raw)),
                json::Kind::Null => {}
                _ => out.extend_from_slice(raw),
            },
            Value::List(_) => self.write_json(how, out),
        }
    }

    /// As a JSON value.
    pub fn write_json(&self, how: &Printing, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(_) | Value::Number(_) => self.write_plain(how, out),
            Value::Time(_) | Value::Duration(_) => {
                out.push(b'"');
                self.write_plain(how, out);
                out.push(b'"');
            }
            Value::Untyped(text) if json::is_number(text) => out.extend_from_slice(text),
            Value::Untyped(text) | Value::Text(text) => json::write_string(text, out),
            Value::Json(raw) => out.extend_from_slice(raw),
            Value::List(items) => {
                out.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    item.write_json(how, out);
                }
                out.push(b']');
            }
        }
    }
}

/// The text of a JSON string.
fn json_text(raw: &[u8]) -> Cow<'_, [u8]> {
    match json::plain(raw) {
        Some(inner) => Cow::Borrowed(inner),
        None => {
            let mut out = Vec::new();
            json::unescape(raw, &mut out);
            Cow::Owned(out)
        }
    }
}
