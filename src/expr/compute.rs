//! Kernels of arithmetic: numbers exactly at their column's scale, floats, and nanoseconds. Knows no text.
//! Invariant: a fast loop gives what `Number`'s own operation gives row by row.

use super::ast::Operator;
use super::compare::number;
use super::eval::{Run, each};
use super::node::Const;
use super::program::Operand;
use super::types;
use crate::data::{Bitmap, Column, ColumnV, Number, Numbers, Type, Value};

/// 10^18: exact numbers are below it.
const LIMIT: u64 = 1_000_000_000_000_000_000;

pub(super) fn arithmetic(
    run: &Run<'_>,
    operator: Operator,
    a: &Operand,
    b: &Operand,
    ty: &Type,
    out: &mut ColumnV,
) {
    if *ty == Type::Float {
        return floats(run, operator, a, b, out);
    }
    let (left, right) = (Exacts::of(run, a), Exacts::of(run, b));
    if let (Some(left), Some(right)) = (left, right)
        && exact(run, operator, &left, &right, out)
    {
        out.valid = both_valid(run, a, b);
        return;
    }
    *out = run.build(&Type::Number, |row, builder| {
        let result = number(run, a, row)
            .zip(number(run, b, row))
            .and_then(|(a, b)| types::arithmetic(operator, a, b));
        match result {
            Some(number) => builder.number(number),
            None => builder.null(),
        }
    });
}

/// An operand whose numbers are all exact at one scale.
struct Exacts<'a> {
    units: &'a [i64],
    constant: i64,
    scale: u8,
}

impl<'a> Exacts<'a> {
    fn of(run: &Run<'a>, operand: &Operand) -> Option<Exacts<'a>> {
        match run.constant(operand) {
            Some(Const::Number(Number::Exact { units, scale })) => Some(Exacts {
                units: &[],
                constant: *units,
                scale: *scale,
            }),
            Some(_) => None,
            None => match &run.column(operand).data {
                Column::Number(numbers) if numbers.odd.is_empty() => Some(Exacts {
                    units: &numbers.units,
                    constant: 0,
                    scale: numbers.scale,
                }),
                _ => None,
            },
        }
    }

    #[inline(always)]
    fn at(&self, row: usize) -> i64 {
        match self.units.get(row) {
            Some(units) => *units,
            None => self.constant,
        }
    }

    /// Both numbers of a row at the larger scale.
    #[inline(always)]
    fn aligned(&self, other: &Exacts<'_>, row: usize) -> Option<(i64, i64)> {
        let scale = self.scale.max(other.scale);
        if scale > 18 {
            return None;
        }
        let x = self
            .at(row)
            .checked_mul(10i64.pow(u32::from(scale - self.scale)));
        let y = other
            .at(row)
            .checked_mul(10i64.pow(u32::from(scale - other.scale)));
        x.zip(y)
    }

    fn number(&self, row: usize) -> Number {
        Number::Exact {
            units: self.at(row),
            scale: self.scale,
        }
    }
}

/// `+ - *` of exact columns; whether it could be done so. Rows that overflow are computed one by one.
fn exact(
    run: &Run<'_>,
    operator: Operator,
    a: &Exacts<'_>,
    b: &Exacts<'_>,
    out: &mut ColumnV,
) -> bool {
    let scale = match operator {
        Operator::Add | Operator::Subtract => a.scale.max(b.scale),
        Operator::Multiply => a.scale.saturating_add(b.scale),
        _ => return false,
    };
    if scale > 18 {
        return false;
    }
    let power = |scale: u8| 10i64.pow(u32::from(scale));
    let (left, right) = match operator {
        Operator::Multiply => (1, 1),
        _ => (power(scale - a.scale), power(scale - b.scale)),
    };
    let n = run.rows();
    let mut numbers = match std::mem::replace(&mut out.data, Column::Null(0)) {
        Column::Number(numbers) => numbers,
        _ => Numbers::default(),
    };
    numbers.units.clear();
    numbers.units.resize(n, 0);
    numbers.odd.clear();
    numbers.scale = scale;
    let Numbers { units, odd, .. } = &mut numbers;
    each(&run.chunk.live, |row| {
        let (x, y) = (a.at(row), b.at(row));
        let result = match operator {
            Operator::Add => x
                .checked_mul(left)
                .zip(y.checked_mul(right))
                .and_then(|(x, y)| x.checked_add(y)),
            Operator::Subtract => x
                .checked_mul(left)
                .zip(y.checked_mul(right))
                .and_then(|(x, y)| x.checked_sub(y)),
            _ => x.checked_mul(y),
        };
        match result {
            Some(result) if result.unsigned_abs() < LIMIT => units[row] = result,
            _ => {
                let number = types::arithmetic(operator, a.number(row), b.number(row));
                odd.push((row as u32, number.unwrap_or(Number::ZERO)));
            }
        }
    });
    out.data = Column::Number(numbers);
    true
}

/// Valid where both operands are.
fn both_valid(run: &Run<'_>, a: &Operand, b: &Operand) -> Option<Bitmap> {
    let valid = |operand: &Operand| match run.constant(operand) {
        Some(_) => None,
        None => run.column(operand).valid.as_ref(),
    };
    match (valid(a), valid(b)) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one.clone()),
        (Some(one), Some(two)) => {
            let mut both = one.clone();
            for (word, other) in both.words_mut().iter_mut().zip(two.words()) {
                *word &= other;
            }
            Some(both)
        }
    }
}

fn floats(run: &Run<'_>, operator: Operator, a: &Operand, b: &Operand, out: &mut ColumnV) {
    let n = run.rows();
    let mut values = match std::mem::replace(&mut out.data, Column::Null(0)) {
        Column::Float(mut values) => {
            values.clear();
            values
        }
        _ => Vec::new(),
    };
    values.resize(n, 0.0);
    let mut valid: Option<Bitmap> = None;
    let quotients = match operator {
        Operator::Divide => Exacts::of(run, a).zip(Exacts::of(run, b)),
        _ => None,
    };
    let both = quotients.is_some().then(|| both_valid(run, a, b)).flatten();
    each(&run.chunk.live, |row| {
        // Exact operands that fit 64 bits at one scale: the quotient of `Number::div` without its 128.
        if let Some((left, right)) = &quotients
            && both.as_ref().is_none_or(|both| both.get(row))
            && let Some((x, y)) = left.aligned(right, row)
            && y != 0
        {
            values[row] = x as f64 / y as f64;
            return;
        }
        let result = number(run, a, row)
            .zip(number(run, b, row))
            .and_then(|(a, b)| types::arithmetic(operator, a, b));
        match result {
            Some(number) => values[row] = number.to_f64(),
            None => valid
                .get_or_insert_with(|| Bitmap::new(n, true))
                .set(row, false),
        }
    });
    *out = ColumnV {
        data: Column::Float(values),
        valid,
    };
}

pub(super) fn truncate(run: &Run<'_>, of: &Operand) -> ColumnV {
    run.build(&Type::Number, |row, builder| {
        match number(run, of, row).and_then(Number::to_i64_trunc) {
            Some(whole) => builder.number(Number::Exact {
                units: whole,
                scale: 0,
            }),
            None => builder.null(),
        }
    })
}

pub(super) fn negate(run: &Run<'_>, of: &Operand, ty: &Type) -> ColumnV {
    run.build(ty, |row, builder| match run.value(of, row) {
        Value::Number(number) => builder.number(number.neg()),
        Value::Duration(ns) => match ns.checked_neg() {
            Some(ns) => builder.nanos(ns),
            None => builder.null(),
        },
        _ => builder.null(),
    })
}

fn instant(run: &Run<'_>, operand: &Operand, row: usize) -> Option<i64> {
    match run.value(operand, row) {
        Value::Time(ns) | Value::Duration(ns) => Some(ns),
        _ => None,
    }
}

fn instants(run: &Run<'_>, f: impl Fn(usize) -> Option<i64>) -> ColumnV {
    run.build(&Type::Duration, |row, builder| match f(row) {
        Some(ns) => builder.nanos(ns),
        None => builder.null(),
    })
}

pub(super) fn nanos(run: &Run<'_>, operator: Operator, a: &Operand, b: &Operand) -> ColumnV {
    instants(run, |row| {
        types::nanos(operator, instant(run, a, row)?, instant(run, b, row)?)
    })
}

pub(super) fn scale(run: &Run<'_>, operator: Operator, a: &Operand, b: &Operand) -> ColumnV {
    instants(run, |row| {
        types::scale(operator, instant(run, a, row)?, number(run, b, row)?)
    })
}

/// A duration by a duration: a float.
pub(super) fn ratio(run: &Run<'_>, a: &Operand, b: &Operand) -> ColumnV {
    run.build(&Type::Float, |row, builder| {
        let pair = instant(run, a, row).zip(instant(run, b, row));
        match pair {
            Some((a, b)) if b != 0 => builder.float(a as f64 / b as f64),
            _ => builder.null(),
        }
    })
}
