//! Chunks whose rows stand in no block, as flat bytes and back, column by column. Writes no file.
//! Invariant: a chunk that comes of any bytes has as many cells in each column as rows, and no span beyond its text.

use super::saved::{Damaged, Save, Saved, number_of, number_parts};
use super::{Bitmap, Chunk, Column, ColumnV, FieldId, Number, Numbers, Span, Type};
use crate::bytes::number::SCALE_MAX;

const BYTES: u8 = 0;
const NUMBER: u8 = 1;
const FLOAT: u8 = 2;
const NANOS: u8 = 3;
const BOOL: u8 = 4;
const LIST: u8 = 5;
const NULL: u8 = 6;

/// Puts all rows of a chunk, live or not: their lines, times, windows, and the columns of `fields`.
pub fn save(chunk: &Chunk, fields: &[(FieldId, Type)], to: &mut Save) {
    save_spans(chunk, &chunk.rows, None, to);
    let windows = chunk.windows.as_deref();
    for times in [chunk.times.as_deref(), chunk.before.as_deref()] {
        to.put(&times.is_some());
        to.put_flat(times.unwrap_or_default().iter().copied());
    }
    to.put(&windows.is_some());
    to.put_flat(windows.unwrap_or_default().iter().map(|window| window.0));
    to.put_flat(windows.unwrap_or_default().iter().map(|window| window.1));
    for (field, _) in fields {
        let column = chunk.column(*field);
        to.put(&column.is_some());
        if let Some(column) = column {
            save_column(chunk, column, to);
        }
    }
}

/// Takes what [`save`] has put of a chunk with the same fields. All rows are live.
pub fn load(fields: &[(FieldId, Type)], from: &mut Saved<'_>) -> Result<Chunk, Damaged> {
    let mut scratch = Vec::new();
    let rows = load_spans(&mut scratch, from)?;
    let n = rows.len();
    let times = load_times(n, from)?;
    let before = load_times(n, from)?;
    let windowed: bool = from.take()?;
    let starts = from.take_flat()?;
    let ends = from.take_flat()?;
    let wanted = if windowed { n } else { 0 };
    if starts.len() != wanted || ends.len() != wanted {
        return Err(Damaged);
    }
    let windows: Vec<(i64, i64)> = starts.zip(ends).collect();
    let mut columns = Vec::new();
    for (field, ty) in fields {
        if from.take()? {
            let column = load_column(ty, &mut scratch, from)?;
            if column.len() != n {
                return Err(Damaged);
            }
            columns.push((*field, column));
        }
    }
    let mut chunk = Chunk::of_columns(n, Vec::new(), scratch);
    for (field, column) in columns {
        chunk.set_column(field, column);
    }
    (chunk.rows, chunk.times, chunk.before) = (rows, times, before);
    chunk.windows = windowed.then_some(windows);
    Ok(chunk)
}

fn load_times(n: usize, from: &mut Saved<'_>) -> Result<Option<Vec<i64>>, Damaged> {
    let there: bool = from.take()?;
    let times = from.take_flat()?;
    match times.len() == if there { n } else { 0 } {
        true => Ok(there.then(|| times.collect())),
        false => Err(Damaged),
    }
}

/// Lengths, then texts; of cells that are not `valid` nothing is kept.
fn save_spans(chunk: &Chunk, spans: &[Span], valid: Option<&Bitmap>, to: &mut Save) {
    let is_there = |row: usize| valid.is_none_or(|valid| valid.get(row));
    let lens = spans.iter().enumerate();
    to.put_flat(lens.map(|(row, span)| if is_there(row) { span.len() as u32 } else { 0 }));
    let mut text = Vec::new();
    for (row, span) in spans.iter().enumerate() {
        if is_there(row) {
            text.extend_from_slice(chunk.bytes(*span));
        }
    }
    to.put_bytes(&text);
}

fn load_spans(scratch: &mut Vec<u8>, from: &mut Saved<'_>) -> Result<Vec<Span>, Damaged> {
    let lens = from.take_flat::<u32>()?;
    let text = from.take_bytes()?;
    let (mut at, end) = (scratch.len(), scratch.len() + text.len());
    if end > u32::MAX as usize {
        return Err(Damaged);
    }
    let mut spans = Vec::with_capacity(lens.len());
    for len in lens {
        let len = len as usize;
        if len > end - at || len >= crate::bytes::IN_SCRATCH as usize {
            return Err(Damaged);
        }
        spans.push(Span::scratch(at, len));
        at += len;
    }
    if at != end {
        return Err(Damaged);
    }
    scratch.extend_from_slice(text);
    Ok(spans)
}

fn save_bits(bits: &Bitmap, to: &mut Save) {
    to.put(&(bits.len() as u64));
    to.put_flat(bits.words().iter().copied());
}

fn load_bits(from: &mut Saved<'_>) -> Result<Bitmap, Damaged> {
    let len: u64 = from.take()?;
    let words = from.take_flat()?.collect();
    let len = usize::try_from(len).map_err(|_| Damaged)?;
    Bitmap::of_words(words, len).ok_or(Damaged)
}

fn save_column(chunk: &Chunk, column: &ColumnV, to: &mut Save) {
    to.put(&column.valid.is_some());
    if let Some(valid) = &column.valid {
        save_bits(valid, to);
    }
    match &column.data {
        Column::Bytes(spans) => {
            to.put(&BYTES);
            save_spans(chunk, spans, column.valid.as_ref(), to);
        }
        Column::Number(numbers) => {
            to.put(&(NUMBER, numbers.scale));
            to.put_flat(numbers.units.iter().copied());
            let odd = numbers.odd.iter();
            let odd = odd.map(|(row, number)| (*row, number_parts(*number)));
            to.put(&odd.collect::<Vec<(u32, (u8, i64))>>());
        }
        Column::Float(values) => {
            to.put(&FLOAT);
            to.put_flat(values.iter().copied());
        }
        Column::Nanos(values) => {
            to.put(&NANOS);
            to.put_flat(values.iter().copied());
        }
        Column::Bool(bits) => {
            to.put(&BOOL);
            save_bits(bits, to);
        }
        Column::List { ends, items } => {
            to.put(&LIST);
            to.put_flat(ends.iter().copied());
            save_column(chunk, items, to);
        }
        Column::Null(len) => {
            to.put(&NULL);
            // A byte each, so that a few bytes never stand for many cells.
            to.put_flat_of(*len, std::iter::repeat_n(0u8, *len));
        }
    }
}

fn load_column(ty: &Type, scratch: &mut Vec<u8>, from: &mut Saved<'_>) -> Result<ColumnV, Damaged> {
    let valid = match from.take()? {
        true => Some(load_bits(from)?),
        false => None,
    };
    let data = match (from.take()?, ty) {
        (BYTES, Type::Untyped | Type::Text | Type::Json) => {
            Column::Bytes(load_spans(scratch, from)?)
        }
        (NUMBER, Type::Number) => Column::Number(load_numbers(from)?),
        (FLOAT, Type::Float) => Column::Float(from.take_flat()?.collect()),
        (NANOS, Type::Time | Type::Duration) => Column::Nanos(from.take_flat()?.collect()),
        (BOOL, Type::Bool) => Column::Bool(load_bits(from)?),
        (LIST, Type::List(item)) => {
            let ends: Vec<u32> = from.take_flat()?.collect();
            let items = load_column(item, scratch, from)?;
            let last = ends.last().copied().unwrap_or(0);
            if !ends.is_sorted() || last as usize != items.len() {
                return Err(Damaged);
            }
            Column::List {
                ends,
                items: Box::new(items),
            }
        }
        (NULL, _) => Column::Null(from.take_flat::<u8>()?.len()),
        _ => return Err(Damaged),
    };
    let column = ColumnV { data, valid };
    let valid = column.valid.as_ref().map(Bitmap::len);
    match valid.is_none_or(|len| len == column.len()) {
        true => Ok(column),
        false => Err(Damaged),
    }
}

fn load_numbers(from: &mut Saved<'_>) -> Result<Numbers, Damaged> {
    let scale: u8 = from.take()?;
    let units: Vec<i64> = from.take_flat()?.collect();
    let odd: Vec<(u32, (u8, i64))> = from.take()?;
    let ascending = odd.is_sorted_by(|a, b| a.0 < b.0);
    let inside = odd
        .last()
        .is_none_or(|last| (last.0 as usize) < units.len());
    if scale > SCALE_MAX || !ascending || !inside {
        return Err(Damaged);
    }
    let odd = odd.into_iter();
    let odd = odd.map(|(row, parts)| Ok((row, number_of(parts)?)));
    Ok(Numbers {
        units,
        scale,
        odd: odd.collect::<Result<Vec<(u32, Number)>, Damaged>>()?,
        valid: None,
        failed: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ColumnBuilder, Value};

    fn fields() -> Vec<(FieldId, Type)> {
        let types = [
            Type::Untyped,
            Type::Json,
            Type::Number,
            Type::Float,
            Type::Time,
            Type::Bool,
            Type::List(Box::new(Type::Text)),
            Type::List(Box::new(Type::Null)),
            Type::Null,
            Type::Text,
        ];
        types.into_iter().enumerate().collect()
    }

    fn small() -> Chunk {
        let (mut scratch, mut columns) = (Vec::new(), Vec::new());
        // The last field has no column.
        for (_, ty) in &fields()[..9] {
            let mut builder = ColumnBuilder::new(ty);
            for row in 0..4i64 {
                if row == 1 && *ty != Type::Json {
                    builder.null();
                    continue;
                }
                match ty {
                    Type::Untyped | Type::Json => {
                        builder.bytes(format!("[{row} ]").as_bytes(), &mut scratch);
                    }
                    Type::Number if row == 2 => builder.number(Number::Float(0.1)),
                    Type::Number | Type::Float => builder.number(Number::Exact {
                        units: 123 * row,
                        scale: 2,
                    }),
                    Type::Time => builder.nanos(i64::MIN + row),
                    Type::Bool => builder.bool(row == 2),
                    Type::List(item) => {
                        for _ in 0..row {
                            match **item {
                                Type::Null => builder.items().null(),
                                _ => builder.items().bytes(b"x", &mut scratch),
                            }
                        }
                        builder.end_list();
                    }
                    _ => builder.null(),
                }
            }
            columns.push(Some(builder.finish()));
        }
        let line = Span::scratch(scratch.len(), 4);
        scratch.extend_from_slice(b"line");
        let mut chunk = Chunk::of_columns(4, columns, scratch);
        chunk.rows = vec![line, Span::default(), line, line];
        chunk.times = Some(vec![7, -8, 9, 0]);
        chunk.windows = Some(vec![(0, 10), (1, 11), (2, 12), (3, 13)]);
        chunk
    }

    fn bytes(chunk: &Chunk) -> Vec<u8> {
        let mut to = Save::default();
        save(chunk, &fields(), &mut to);
        to.into_bytes()
    }

    fn shown(chunk: &Chunk) -> Vec<String> {
        let mut out = Vec::new();
        for row in 0..chunk.rows.len() {
            out.push(format!("{:?}", chunk.bytes(chunk.rows[row])));
            for (field, ty) in fields() {
                let value = chunk.column(field);
                let value = value.map_or(Value::Null, |column| chunk.value(column, &ty, row));
                out.push(format!("{value:?}"));
            }
        }
        let beside = (&chunk.times, &chunk.before, &chunk.windows, &chunk.live);
        out.push(format!("{beside:?}"));
        out
    }

    #[test]
    fn a_chunk_comes_back() {
        for chunk in [small(), Chunk::default()] {
            let bytes = bytes(&chunk);
            let mut from = Saved::new(&bytes);
            let back = load(&fields(), &mut from).expect("it was saved");
            assert_eq!(from.end(), Ok(()));
            assert_eq!(shown(&back), shown(&chunk));
        }
    }

    #[test]
    fn what_was_cut_or_changed_is_an_error_or_can_be_read() {
        let whole = bytes(&small());
        for len in 0..whole.len() {
            assert!(load(&fields(), &mut Saved::new(&whole[..len])).is_err());
        }
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                if let Ok(chunk) = load(&fields(), &mut Saved::new(&changed)) {
                    assert_eq!(chunk.live.len(), chunk.rows.len());
                    shown(&chunk);
                }
            }
        }
    }
}
