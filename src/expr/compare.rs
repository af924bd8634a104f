//! Kernels that give truth: comparisons, matches, null tests, and the three-valued logic over them. Converts
//! nothing but JSON strings to their text. Invariant: a null operand gives null, but for null tests and where
//! logic knows the answer without it.

use super::ast::Operator;
use super::eval::{Run, each};
use super::node::{Const, How};
use super::program::Operand;
use crate::bytes::json;
use crate::data::column::number_at;
use crate::data::{Bitmap, Column, ColumnV, Number, Numbers, Selection, Span, Type, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

/// Whether an order of left to right makes `operator` true.
pub(super) fn holds(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::LessEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// The buffer of a Bool column, emptied and set to `n` bits.
fn bits_of(out: &mut ColumnV, n: usize) -> Bitmap {
    let mut bits = match std::mem::replace(&mut out.data, Column::Null(0)) {
        Column::Bool(bits) => bits,
        _ => Bitmap::default(),
    };
    bits.clear();
    bits.resize(n, false);
    bits
}

/// A Bool column of what `f` says of each live row.
fn truths(run: &Run<'_>, out: &mut ColumnV, mut f: impl FnMut(usize) -> Option<bool>) {
    let n = run.rows();
    let mut bits = bits_of(out, n);
    let mut valid: Option<Bitmap> = None;
    each(&run.chunk.live, |row| match f(row) {
        Some(true) => bits.set(row, true),
        Some(false) => {}
        None => valid
            .get_or_insert_with(|| Bitmap::new(n, true))
            .set(row, false),
    });
    *out = ColumnV {
        data: Column::Bool(bits),
        valid,
    };
}

/// Sets the bits of the live rows by a test that needs no branch.
fn test(live: &Selection, bits: &mut Bitmap, f: impl Fn(usize) -> bool) {
    match live {
        Selection::All(n) => {
            let n = *n as usize;
            for (at, word) in bits.words_mut().iter_mut().enumerate() {
                let from = at * 64;
                let mut made = 0;
                for bit in 0..64.min(n.saturating_sub(from)) {
                    made |= u64::from(f(from + bit)) << bit;
                }
                *word = made;
            }
        }
        Selection::Some(rows) => {
            for &row in rows {
                if f(row as usize) {
                    bits.set(row as usize, true);
                }
            }
        }
    }
}

pub(super) fn compare(
    run: &Run<'_>,
    operator: Operator,
    how: How,
    a: &Operand,
    b: &Operand,
    out: &mut ColumnV,
) {
    let (left, constant) = (run.column(a), run.constant(b));
    match (how, &left.data, constant) {
        (How::Numbers, Column::Number(numbers), Some(Const::Number(number))) => {
            number_const(run, operator, numbers, left, *number, out);
        }
        (How::Numbers, Column::Float(values), Some(Const::Number(number))) => {
            let mut bits = bits_of(out, run.rows());
            let number = *number;
            test(&run.chunk.live, &mut bits, |row| {
                holds(operator, Number::Float(values[row]).cmp(&number))
            });
            finish(bits, left, out);
        }
        (How::Nanos, Column::Nanos(values), Some(Const::Time(ns) | Const::Duration(ns))) => {
            let (low, high, within) = bounds(operator, i128::from(*ns), true);
            let mut bits = bits_of(out, run.rows());
            test(&run.chunk.live, &mut bits, |row| {
                (low <= values[row] && values[row] <= high) == within
            });
            finish(bits, left, out);
        }
        (How::Bytes, Column::Bytes(spans), Some(Const::Text(text))) => match operator {
            Operator::Equal | Operator::NotEqual => {
                equal_const(run, operator, spans, left, &a.ty, text, out);
            }
            _ => truths(run, out, |row| {
                let value = run.value(a, row);
                if value.is_null() {
                    return None;
                }
                Some(holds(operator, text_of(&value).as_ref().cmp(text)))
            }),
        },
        (How::Numbers, ..) => truths(run, out, |row| {
            let (a, b) = (number(run, a, row)?, number(run, b, row)?);
            Some(holds(operator, a.cmp(&b)))
        }),
        (How::Nanos, ..) => truths(run, out, |row| {
            match (run.value(a, row), run.value(b, row)) {
                (Value::Time(a) | Value::Duration(a), Value::Time(b) | Value::Duration(b)) => {
                    Some(holds(operator, a.cmp(&b)))
                }
                _ => None,
            }
        }),
        (How::Bools, ..) => truths(run, out, |row| {
            match (run.value(a, row), run.value(b, row)) {
                (Value::Bool(a), Value::Bool(b)) => Some(holds(operator, a.cmp(&b))),
                _ => None,
            }
        }),
        (How::Bytes, ..) => truths(run, out, |row| {
            let (a, b) = (run.value(a, row), run.value(b, row));
            if a.is_null() || b.is_null() {
                return None;
            }
            Some(holds(
                operator,
                text_of(&a).as_ref().cmp(text_of(&b).as_ref()),
            ))
        }),
        (How::Inputs, ..) => truths(run, out, |row| {
            let (a, b) = (run.value(a, row), run.value(b, row));
            if a.is_null() || b.is_null() {
                return None;
            }
            let order = match (a.number(), b.number()) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => text_of(&a).as_ref().cmp(text_of(&b).as_ref()),
            };
            Some(holds(operator, order))
        }),
    }
}

pub(super) fn number(run: &Run<'_>, operand: &Operand, row: usize) -> Option<Number> {
    match run.constant(operand) {
        Some(Const::Number(number)) => Some(*number),
        Some(_) => None,
        None => match &run.column(operand).data {
            Column::Number(_) | Column::Float(_) => run.column(operand).number(row),
            _ => None,
        },
    }
}

/// The text that a text value compares by.
fn text_of<'v>(value: &Value<'v>) -> Cow<'v, [u8]> {
    value.text()
}

fn finish(bits: Bitmap, operand: &ColumnV, out: &mut ColumnV) {
    out.data = Column::Bool(bits);
    match (&mut out.valid, &operand.valid) {
        (Some(mine), Some(theirs)) => mine.clone_from(theirs),
        (mine, theirs) => mine.clone_from(theirs),
    }
}

/// The comparison with `c` as a test `low <= x <= high`, or its opposite. `whole`: `c` itself is a value of
/// `x`; else it lies just above `c`.
fn bounds(operator: Operator, c: i128, whole: bool) -> (i64, i64, bool) {
    let clamp = |value: i128| value.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
    let range = |low: i128, high: i128| {
        if low > i128::from(i64::MAX) || high < i128::from(i64::MIN) || low > high {
            (1, 0, true)
        } else {
            (clamp(low), clamp(high), true)
        }
    };
    match operator {
        Operator::Equal if whole => range(c, c),
        Operator::Equal => (1, 0, true),
        Operator::NotEqual if whole => {
            let (low, high, _) = range(c, c);
            (low, high, false)
        }
        Operator::NotEqual => (1, 0, false),
        Operator::Less if whole => range(i128::MIN, c - 1),
        Operator::Less | Operator::LessEqual => range(i128::MIN, c),
        Operator::GreaterEqual if whole => range(c, i128::MAX),
        _ => range(c + 1, i128::MAX),
    }
}

/// Numbers against one number: the constant is brought to the column's scale once.
fn number_const(
    run: &Run<'_>,
    operator: Operator,
    numbers: &Numbers,
    column: &ColumnV,
    constant: Number,
    out: &mut ColumnV,
) {
    let at_scale = match constant {
        Number::Exact { units, scale } => {
            let units = i128::from(units);
            if scale <= numbers.scale {
                let factor = 10i128.pow(u32::from(numbers.scale - scale));
                Some((units * factor, true))
            } else {
                let factor = 10i128.pow(u32::from(scale - numbers.scale));
                Some((units.div_euclid(factor), units.rem_euclid(factor) == 0))
            }
        }
        Number::Float(_) => None,
    };
    let mut bits = bits_of(out, run.rows());
    let live = &run.chunk.live;
    match at_scale {
        Some((c, whole)) => {
            let (low, high, within) = bounds(operator, c, whole);
            let units = &numbers.units;
            test(live, &mut bits, |row| {
                (low <= units[row] && units[row] <= high) == within
            });
            for (row, number) in &numbers.odd {
                bits.set(*row as usize, holds(operator, number.cmp(&constant)));
            }
        }
        None => test(live, &mut bits, |row| {
            holds(operator, number_at(numbers, row).cmp(&constant))
        }),
    }
    finish(bits, column, out);
}

/// Bytes equal to a literal: length first, then whole words.
fn equal_const(
    run: &Run<'_>,
    operator: Operator,
    spans: &[Span],
    column: &ColumnV,
    ty: &Type,
    text: &[u8],
    out: &mut ColumnV,
) {
    let (block, scratch) = (run.chunk.block.padded(), run.chunk.scratch());
    let wanted = operator == Operator::Equal;
    let mut bits = bits_of(out, run.rows());
    let live = &run.chunk.live;
    if *ty == Type::Json {
        let mut quoted = Vec::with_capacity(text.len() + 2);
        json::write_string(text, &mut quoted);
        let mut unescaped = Vec::new();
        let (mut bits, n) = (bits, run.rows());
        let mut valid = column.valid.clone();
        each(live, |row| {
            let raw = spans[row].of(block, scratch);
            let equal = match raw.first() {
                Some(b'"') if raw == quoted => true,
                // Only an escape can make equal text longer or shorter than our spelling of it.
                Some(b'"') if memchr::memchr(b'\\', raw).is_some() => {
                    unescaped.clear();
                    json::unescape(raw, &mut unescaped);
                    unescaped == text
                }
                Some(b'"') => json::plain(raw) == Some(text),
                _ => {
                    if column.is_valid(row) && json::kind(raw) == json::Kind::Null {
                        valid
                            .get_or_insert_with(|| Bitmap::new(n, true))
                            .set(row, false);
                    }
                    raw == text
                }
            };
            bits.set(row, equal == wanted);
        });
        *out = ColumnV {
            data: Column::Bool(bits),
            valid,
        };
        return;
    }
    match words_of(text) {
        Some((low, high, low_mask, high_mask)) => test(live, &mut bits, |row| {
            let span = spans[row];
            if span.len() != text.len() {
                return !wanted;
            }
            let from = if span.in_scratch() { scratch } else { block };
            let equal = match from.get(span.start()..).and_then(<[u8]>::first_chunk::<16>) {
                Some(bytes) => {
                    let word = u128::from_le_bytes(*bytes);
                    (word as u64 & low_mask) == low && ((word >> 64) as u64 & high_mask) == high
                }
                None => span.of(block, scratch) == text,
            };
            equal == wanted
        }),
        None => test(live, &mut bits, |row| {
            (spans[row].len() == text.len() && spans[row].of(block, scratch) == text) == wanted
        }),
    }
    finish(bits, column, out);
}

/// A text of at most 16 bytes as two words, and the masks of what counts in them.
fn words_of(text: &[u8]) -> Option<(u64, u64, u64, u64)> {
    if text.len() > 16 {
        return None;
    }
    let mut bytes = [0u8; 16];
    bytes[..text.len()].copy_from_slice(text);
    let word = u128::from_le_bytes(bytes);
    let mask = match text.len() {
        16 => u128::MAX,
        len => (1u128 << (len * 8)) - 1,
    };
    Some((
        word as u64,
        (word >> 64) as u64,
        mask as u64,
        (mask >> 64) as u64,
    ))
}

pub(super) fn null(run: &Run<'_>, of: &Operand, negated: bool, out: &mut ColumnV) {
    if run.constant(of).is_none() && of.ty != Type::Json {
        let column = run.column(of);
        let mut bits = bits_of(out, run.rows());
        test(&run.chunk.live, &mut bits, |row| {
            column.is_valid(row) == negated
        });
        *out = ColumnV::new(Column::Bool(bits));
        return;
    }
    truths(run, out, |row| {
        Some(run.value(of, row).is_null() != negated)
    });
}

pub(super) fn matches(
    run: &Run<'_>,
    of: &Operand,
    regex: &regex::bytes::Regex,
    negated: bool,
    out: &mut ColumnV,
) {
    let column = run.column(of);
    let Column::Bytes(spans) = &column.data else {
        return truths(run, out, |row| match run.value(of, row) {
            Value::Null => None,
            value => Some(regex.is_match(&text_of(&value)) != negated),
        });
    };
    let chunk = run.chunk;
    let mut bits = bits_of(out, run.rows());
    match &column.valid {
        None => each(&chunk.live, |row| {
            if regex.is_match(chunk.bytes(spans[row])) != negated {
                bits.set(row, true);
            }
        }),
        Some(valid) => each(&chunk.live, |row| {
            if valid.get(row) && regex.is_match(chunk.bytes(spans[row])) != negated {
                bits.set(row, true);
            }
        }),
    }
    finish(bits, column, out);
}

// ---- logic

/// The words of a Bool column: where it is true, and where it is false.
fn sides(run: &Run<'_>, operand: &Operand, at: usize) -> (u64, u64) {
    let column = run.column(operand);
    let Column::Bool(bits) = &column.data else {
        return (0, 0);
    };
    let word = bits.words().get(at).copied().unwrap_or(0);
    let valid = match &column.valid {
        None => !0,
        Some(valid) => valid.words().get(at).copied().unwrap_or(0),
    };
    (word & valid, !word & valid)
}

/// Makes a Bool column of the words that `f` gives: true, false.
fn logic(run: &Run<'_>, out: &mut ColumnV, f: impl Fn(usize) -> (u64, u64)) {
    let n = run.rows();
    let mut bits = bits_of(out, n);
    let mut valid = out.valid.take().unwrap_or_default();
    valid.clear();
    valid.resize(n, true);
    for (at, (bits, valid)) in bits
        .words_mut()
        .iter_mut()
        .zip(valid.words_mut())
        .enumerate()
    {
        let (yes, no) = f(at);
        *bits = yes & *valid;
        *valid &= yes | no;
    }
    *out = ColumnV {
        data: Column::Bool(bits),
        valid: Some(valid),
    };
}

pub(super) fn and(run: &Run<'_>, a: &Operand, b: &Operand, out: &mut ColumnV) {
    logic(run, out, |at| {
        let ((a_yes, a_no), (b_yes, b_no)) = (sides(run, a, at), sides(run, b, at));
        (a_yes & b_yes, a_no | b_no)
    });
}

pub(super) fn or(run: &Run<'_>, a: &Operand, b: &Operand, out: &mut ColumnV) {
    logic(run, out, |at| {
        let ((a_yes, a_no), (b_yes, b_no)) = (sides(run, a, at), sides(run, b, at));
        (a_yes | b_yes, a_no & b_no)
    });
}

pub(super) fn not(run: &Run<'_>, of: &Operand, out: &mut ColumnV) {
    logic(run, out, |at| {
        let (yes, no) = sides(run, of, at);
        (no, yes)
    });
}
