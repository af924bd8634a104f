//! What totals begin with, made of what they print: only for aggregates whose value is all of their state. Invariant:
//! an accumulator that began so goes on as the one that printed it would have.

use super::grouped::slots::Slots;
use crate::aggs::{Accumulator, Rows};
use crate::bytes::json;
use crate::data::packed::unpack_cell;
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, Number, Selection, Type};
use crate::plan::grouping::Agg;
use crate::plan::variables::Initial;

/// Aggregates whose value is their state.
const WHOLE: &[&str] = &["collect", "count", "first", "last", "max", "min", "sum"];

/// Why an aggregate cannot begin with a value.
pub fn refusal(name: &str, agg: &Agg) -> Option<String> {
    (!WHOLE.contains(&agg.aggregate.name)).then(|| {
        format!(
            "--initial: '{name}' cannot begin with a value, as the value of {} is not all that it keeps; \
             collect, count, first, last, max, min and sum can",
            agg.call.func
        )
    })
}

/// What a column is read as.
pub fn read_as(ty: &Type) -> Type {
    match ty {
        // Its JSON text.
        Type::List(_) => Type::Untyped,
        ty => ty.clone(),
    }
}

/// Whether all values can be begun with; else why not.
pub fn check(aggs: &[Agg], initial: &Initial) -> Result<(), String> {
    let cells = Cells::of(aggs, initial);
    for (agg, column) in aggs.iter().zip(&cells.columns) {
        for row in 0..initial.len() {
            if !column.is_valid(row) {
                continue;
            }
            let text = match &column.data {
                Column::Bytes(spans) => cells.chunk.bytes(spans[row]),
                _ => b"",
            };
            match agg.aggregate.name {
                "count" if whole(column, row).is_none() => {
                    return Err("a count is a whole number from 0".into());
                }
                "collect" if json::validate(text).is_err() || !text.starts_with(b"[") => {
                    return Err(format!(
                        "'{}' is no list, as collect keeps it: [\"a\",\"b\"]",
                        String::from_utf8_lossy(text)
                    ));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Slots of `totals`, new ones, that hold what each key begins with.
pub fn add(aggs: &[Agg], initial: &Initial, totals: &mut Slots) -> Vec<u32> {
    let n = initial.len();
    let slots: Vec<u32> = (0..n).map(|_| totals.add()).collect();
    let all: Vec<u32> = (0..n as u32).collect();
    let mut cells = Cells::of(aggs, initial);
    let accs: Vec<Box<dyn Accumulator>> = aggs
        .iter()
        .zip(&cells.columns)
        .map(|(agg, column)| match agg.aggregate.name {
            "count" => counts(agg, column, &mut cells.chunk),
            "collect" => lists(agg, column, &cells.chunk),
            _ => {
                let mut acc = (agg.aggregate.make)(&agg.call);
                acc.grow(n);
                let rows = Rows {
                    chunk: &cells.chunk,
                    groups: &all,
                };
                acc.update(&rows, Some(column));
                acc
            }
        })
        .collect();
    totals.absorb_all(&slots, &accs, &all);
    slots
}

/// The values as a chunk, which is older than every record.
struct Cells {
    chunk: Chunk,
    columns: Vec<ColumnV>,
}

impl Cells {
    fn of(aggs: &[Agg], initial: &Initial) -> Cells {
        let mut scratch = Vec::new();
        let types = aggs.iter().map(|agg| read_as(&agg.ty));
        let mut builders: Vec<ColumnBuilder> = types.map(|ty| ColumnBuilder::new(&ty)).collect();
        for (_, packed) in initial {
            let mut packed = packed.as_slice();
            for builder in &mut builders {
                unpack_cell(&mut packed, builder, &mut scratch);
            }
        }
        let mut chunk = Chunk::of_columns(initial.len(), Vec::new(), scratch);
        chunk.times = Some(vec![i64::MIN; initial.len()]);
        Cells {
            chunk,
            columns: builders.into_iter().map(ColumnBuilder::finish).collect(),
        }
    }
}

fn whole(column: &ColumnV, row: usize) -> Option<u64> {
    let number = column.number(row).filter(|number| number.is_integer())?;
    u64::try_from(number.to_i64_trunc()?).ok()
}

/// Counters that stand at numbers: they are doubled, and one is added, bit by bit.
fn counts(agg: &Agg, column: &ColumnV, chunk: &mut Chunk) -> Box<dyn Accumulator> {
    let n = chunk.rows.len();
    let all: Vec<u32> = (0..n as u32).collect();
    let numbers: Vec<u64> = (0..n).map(|row| whole(column, row).unwrap_or(0)).collect();
    let bits = u64::BITS - numbers.iter().fold(0, |all, n| all | n).leading_zeros();
    let made = || {
        let mut acc = (agg.aggregate.make)(&agg.call);
        acc.grow(n);
        acc
    };
    let mut acc = made();
    for bit in (0..bits).rev() {
        let mut twice = made();
        twice.merge(&all, acc.as_ref(), &all);
        twice.merge(&all, acc.as_ref(), &all);
        let ones = all.iter().copied();
        let ones: Vec<u32> = ones
            .filter(|&row| numbers[row as usize] >> bit & 1 == 1)
            .collect();
        chunk.live = Selection::Some(ones.clone());
        let rows = Rows {
            chunk,
            groups: &ones,
        };
        twice.update(&rows, None);
        acc = twice;
    }
    chunk.live = Selection::All(n as u32);
    acc
}

/// Lists with the items of JSON texts.
fn lists(agg: &Agg, column: &ColumnV, chunk: &Chunk) -> Box<dyn Accumulator> {
    let Type::List(ty) = &agg.ty else {
        return (agg.aggregate.make)(&agg.call);
    };
    let mut items = ColumnBuilder::new(ty);
    let (mut scratch, mut text) = (Vec::new(), Vec::new());
    let mut groups: Vec<u32> = Vec::new();
    if let Column::Bytes(spans) = &column.data {
        for (row, span) in spans.iter().enumerate() {
            if !column.is_valid(row) {
                continue;
            }
            for raw in json::items(chunk.bytes(*span)) {
                groups.push(row as u32);
                match ty.as_ref() {
                    Type::Json => items.bytes(raw, &mut scratch),
                    _ if raw == b"null" => items.null(),
                    ty if ty.is_bytes() && raw.starts_with(b"\"") => {
                        text.clear();
                        json::unescape(raw, &mut text);
                        items.bytes(&text, &mut scratch);
                    }
                    ty if ty.is_bytes() => items.bytes(raw, &mut scratch),
                    Type::Number | Type::Float => match Number::parse(raw) {
                        Some(number) => items.number(number),
                        None => items.null(),
                    },
                    Type::Bool => items.bool(raw == b"true"),
                    _ => items.null(),
                }
            }
        }
    }
    let items = items.finish();
    let mut of_items = Chunk::of_columns(groups.len(), Vec::new(), scratch);
    of_items.times = Some(vec![i64::MIN; groups.len()]);
    let mut acc = (agg.aggregate.make)(&agg.call);
    acc.grow(chunk.rows.len());
    let rows = Rows {
        chunk: &of_items,
        groups: &groups,
    };
    acc.update(&rows, Some(&items));
    acc
}
