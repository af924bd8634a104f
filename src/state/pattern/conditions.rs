//! Conditions that read the match so far, and what is kept of a match for them. Conditions that read only the
//! record are evaluated before, a chunk at a time, and are a flag here. Invariant: what is kept of a record is
//! one cell for each argument, found by its place.

use super::machine::{Coming, Judge, Record, Seen, Taken};
use crate::data::packed;
use crate::data::step::Counts;
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, Number, Type, Value};
use crate::expr::{Arrivals, EvalContext, Expr};
use std::cmp::Ordering;
use std::sync::Arc;

/// What a condition reads of the records that a step has taken.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    Last,
    First,
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

impl Reading {
    /// By its function; the last one has none.
    pub fn of(function: &str) -> Option<Reading> {
        Some(match function {
            "first" => Reading::First,
            "count" => Reading::Count,
            "sum" => Reading::Sum,
            "avg" => Reading::Avg,
            "min" => Reading::Min,
            "max" => Reading::Max,
            _ => return None,
        })
    }

    /// Whether it takes numbers only.
    pub fn of_numbers(self) -> bool {
        matches!(self, Reading::Sum | Reading::Avg)
    }

    /// The type of what it reads, given its argument's.
    pub fn ty(self, arg: &Type) -> Type {
        match self {
            Reading::Count | Reading::Sum => Type::Number,
            Reading::Avg => Type::Float,
            _ => arg.clone(),
        }
    }
}

/// `avg(down.price)`: of which step, and which of the cells that are kept of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    pub step: usize,
    pub reading: Reading,
    pub arg: usize,
}

/// A column of the small row that a condition is evaluated over.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A cell of the record that comes.
    Arg(usize),
    /// One of the looks at the match so far.
    Look(usize),
}

/// A condition over such rows.
#[derive(Clone, Debug)]
pub struct Condition {
    pub expr: Expr,
    pub inputs: Vec<(Input, Type)>,
}

/// All conditions of a pattern.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// By name; `None`: the record's flag says all.
    pub by_name: Vec<Option<Condition>>,
    pub looks: Vec<Look>,
    /// Of the cells that are kept of a record.
    pub types: Vec<Type>,
    pub now: i64,
}

/// The cells of a record: their ends, then the cells.
pub fn pack(chunk: &Chunk, columns: &[ColumnV], row: u32, out: &mut Vec<u8>) {
    let ends = out.len();
    let begin = ends + columns.len() * 4;
    out.resize(begin, 0);
    for (at, column) in columns.iter().enumerate() {
        packed::pack_cell(chunk, column, row as usize, out);
        let end = (out.len() - begin) as u32;
        out[ends + at * 4..ends + at * 4 + 4].copy_from_slice(&end.to_le_bytes());
    }
}

/// One of `n` cells; none of a record that keeps none.
pub fn cell(cells: &[u8], n: usize, at: usize) -> &[u8] {
    let end = |at: usize| {
        let bytes = cells.get(at * 4..at * 4 + 4).unwrap_or_default();
        u32::from_le_bytes(bytes.try_into().unwrap_or_default()) as usize
    };
    let from = if at == 0 { 0 } else { end(at - 1) };
    let body = cells.get(n * 4..).unwrap_or_default();
    body.get(from..end(at)).unwrap_or_default()
}

impl Conditions {
    /// Whether bytes are the cells of a record, or it keeps none.
    pub fn is_record(&self, cells: &[u8]) -> bool {
        let n = self.types.len();
        let mut all = self.types.iter().enumerate();
        cells.is_empty() || all.all(|(at, ty)| packed::are_cells(cell(cells, n, at), [ty]))
    }

    /// Whether it is what the looks see of a match.
    pub fn are_seen(&self, seen: &[Seen]) -> bool {
        let mut looks = self.looks.iter().zip(seen);
        seen.len() == self.looks.len()
            && looks.all(|(look, seen)| match (look.reading, seen) {
                (_, Seen::Nothing) => true,
                (Reading::Count, seen) => matches!(seen, Seen::Count(_)),
                (Reading::Sum | Reading::Avg, seen) => matches!(seen, Seen::Sum(..)),
                (_, seen) => matches!(seen, Seen::Of(_)),
            })
    }
}

impl Judge for Conditions {
    fn holds(&mut self, name: usize, coming: &Coming<'_>, taken: Option<&Taken>) -> bool {
        let Some(condition) = &mut self.by_name[name] else {
            return true;
        };
        let n = self.types.len();
        let mut scratch = Vec::new();
        let mut columns = Vec::with_capacity(condition.inputs.len());
        for (input, ty) in &condition.inputs {
            let mut builder = ColumnBuilder::new(ty);
            match input {
                Input::Arg(arg) => {
                    let mut cell = cell(coming.cells, n, *arg);
                    packed::unpack_cell(&mut cell, &mut builder, &mut scratch);
                }
                Input::Look(at) => {
                    let seen = taken.and_then(|taken| taken.seen.get(*at));
                    look(seen, &self.looks[*at], n, &mut builder, &mut scratch);
                }
            }
            columns.push(Some(builder.finish()));
        }
        let mut chunk = Chunk::of_columns(1, columns, scratch);
        let mut counts = Counts::default();
        let mut cx = EvalContext {
            now: self.now,
            arrivals: Arrivals::default(),
            counts: &mut counts,
        };
        let answer = condition.expr.eval(&mut chunk, &mut cx);
        matches!(&answer.data, Column::Bool(bits) if answer.is_valid(0) && bits.get(0))
    }

    fn seen(&mut self, step: usize, record: &Arc<Record>, taken: Option<&Taken>) -> Box<[Seen]> {
        let n = self.types.len();
        let looks = self.looks.iter().enumerate();
        looks
            .map(|(at, look)| {
                let seen = taken.map_or(Seen::Nothing, |taken| taken.seen[at].clone());
                match look.step == step {
                    true => after(seen, look, record, n, &self.types[look.arg]),
                    false => seen,
                }
            })
            .collect()
    }
}

/// Pushes what a look at the match so far sees.
fn look(
    seen: Option<&Seen>,
    look: &Look,
    n: usize,
    builder: &mut ColumnBuilder,
    scratch: &mut Vec<u8>,
) {
    match (look.reading, seen.unwrap_or(&Seen::Nothing)) {
        (_, Seen::Of(record)) => {
            let mut cell = cell(&record.cells, n, look.arg);
            packed::unpack_cell(&mut cell, builder, scratch);
        }
        (Reading::Count | Reading::Sum, Seen::Nothing) => builder.number(Number::ZERO),
        (_, Seen::Nothing) | (_, Seen::Sum(_, 0)) => builder.null(),
        (_, Seen::Count(count)) => builder.number(whole(*count)),
        (Reading::Avg, Seen::Sum(sum, count)) => match sum.div(whole(*count)) {
            Some(mean) => builder.float(mean.to_f64()),
            None => builder.null(),
        },
        (_, Seen::Sum(sum, _)) => match sum.finite() {
            Some(sum) => builder.number(sum),
            None => builder.null(),
        },
    }
}

fn whole(count: u64) -> Number {
    Number::Exact {
        units: i64::try_from(count).unwrap_or(i64::MAX),
        scale: 0,
    }
}

/// What is seen once the step has taken a record more.
fn after(seen: Seen, look: &Look, record: &Arc<Record>, n: usize, ty: &Type) -> Seen {
    let value = |record: &Record| -> Value<'static> {
        match packed::value(cell(&record.cells, n, look.arg), ty) {
            Value::Number(number) => Value::Number(number),
            _ => Value::Null,
        }
    };
    let better = |wanted: Ordering, old: &Record| {
        let new = packed::value(cell(&record.cells, n, look.arg), ty);
        new.order(&packed::value(cell(&old.cells, n, look.arg), ty)) == wanted
    };
    let is_null = || packed::value(cell(&record.cells, n, look.arg), ty).is_null();
    match (look.reading, seen) {
        (Reading::Last, _) => Seen::Of(Arc::clone(record)),
        (Reading::First, Seen::Of(first)) => Seen::Of(first),
        (Reading::First, _) => Seen::Of(Arc::clone(record)),
        (Reading::Min, Seen::Of(old)) if is_null() || !better(Ordering::Less, &old) => {
            Seen::Of(old)
        }
        (Reading::Max, Seen::Of(old)) if is_null() || !better(Ordering::Greater, &old) => {
            Seen::Of(old)
        }
        (Reading::Min | Reading::Max, seen) if is_null() => seen,
        (Reading::Min | Reading::Max, _) => Seen::Of(Arc::clone(record)),
        (Reading::Count, seen) => {
            let before = if let Seen::Count(count) = seen {
                count
            } else {
                0
            };
            Seen::Count(before + u64::from(!is_null()))
        }
        (Reading::Sum | Reading::Avg, seen) => {
            let (sum, count) = match seen {
                Seen::Sum(sum, count) => (sum, count),
                _ => (Number::ZERO, 0),
            };
            match value(record) {
                Value::Number(number) => Seen::Sum(sum.add(number), count + 1),
                _ => Seen::Sum(sum, count),
            }
        }
    }
}
