//! Rows kept beyond their chunk: a row's cells, line, time and window as one string of bytes, and back.
//! Invariant: what is unpacked prints as what was packed.

use super::{Chunk, Column, ColumnBuilder, ColumnV, FieldId, Number, Schema, Span, Type, Value};
use crate::bytes::number::SCALE_MAX;

const NULL: u8 = 0;
const BYTES: u8 = 1;
const EXACT: u8 = 2;
const FLOAT: u8 = 3;
const NANOS: u8 = 4;
const FALSE: u8 = 5;
const TRUE: u8 = 6;
const LIST: u8 = 7;

const TIME: u8 = 1;
const WINDOW: u8 = 2;
const BEFORE: u8 = 4;

/// Which fields of a chunk's rows are kept.
#[derive(Clone, Debug)]
pub struct Packer {
    fields: Vec<(FieldId, Type)>,
    lines: bool,
}

impl Packer {
    pub fn new(schema: &Schema, fields: &[FieldId], lines: bool) -> Packer {
        Packer {
            fields: fields
                .iter()
                .filter_map(|&id| Some((id, schema.fields.get(id)?.ty.clone())))
                .collect(),
            lines,
        }
    }

    pub fn fields(&self) -> &[(FieldId, Type)] {
        &self.fields
    }

    /// Appends a row to `out`.
    pub fn pack(&self, chunk: &Chunk, row: u32, out: &mut Vec<u8>) {
        let at = row as usize;
        let flags = (u8::from(chunk.times.is_some()) * TIME)
            | (u8::from(chunk.windows.is_some()) * WINDOW)
            | (u8::from(chunk.before.is_some()) * BEFORE);
        out.push(flags);
        if let Some(times) = &chunk.times {
            out.extend_from_slice(&times[at].to_le_bytes());
        }
        if let Some(windows) = &chunk.windows {
            out.extend_from_slice(&windows[at].0.to_le_bytes());
            out.extend_from_slice(&windows[at].1.to_le_bytes());
        }
        if let Some(before) = &chunk.before {
            out.extend_from_slice(&before[at].to_le_bytes());
        }
        if self.lines {
            push_bytes(chunk.bytes(chunk.rows[at]), out);
        }
        for (field, _) in &self.fields {
            match chunk.column(*field) {
                Some(column) => pack_cell(chunk, column, at, out),
                None => out.push(NULL),
            }
        }
    }

    /// Whether bytes are a row that was packed so.
    pub fn is_row(&self, mut row: &[u8]) -> bool {
        let row = &mut row;
        let Some(&flags) = take(row, 1).first() else {
            return false;
        };
        let times = [(TIME, 8), (WINDOW, 16), (BEFORE, 8)].into_iter();
        let bytes: usize = times
            .filter_map(|(flag, bytes)| (flags & flag != 0).then_some(bytes))
            .sum();
        flags & !(TIME | WINDOW | BEFORE) == 0
            && take(row, bytes).len() == bytes
            && (!self.lines || is_bytes(row))
            && self.fields.iter().all(|(_, ty)| is_cell(row, ty))
            && row.is_empty()
    }

    /// An empty chunk of such rows.
    pub fn unpacker(&self) -> Unpacker {
        Unpacker {
            fields: self.fields.clone(),
            lines: self.lines,
            builders: self
                .fields
                .iter()
                .map(|(_, ty)| ColumnBuilder::new(ty))
                .collect(),
            scratch: Vec::new(),
            rows: Vec::new(),
            times: Vec::new(),
            windows: Vec::new(),
            before: Vec::new(),
        }
    }
}

/// Packed rows on their way into a chunk.
pub struct Unpacker {
    fields: Vec<(FieldId, Type)>,
    lines: bool,
    builders: Vec<ColumnBuilder>,
    /// Bytes of further columns may be put here too.
    pub scratch: Vec<u8>,
    rows: Vec<Span>,
    times: Vec<i64>,
    windows: Vec<(i64, i64)>,
    before: Vec<i64>,
}

impl Unpacker {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Appends a packed row.
    pub fn push(&mut self, mut row: &[u8]) {
        let row = &mut row;
        let flags = take(row, 1).first().copied().unwrap_or(0);
        if flags & TIME != 0 {
            self.times.push(i64::from_le_bytes(eight(row)));
        }
        if flags & WINDOW != 0 {
            let start = i64::from_le_bytes(eight(row));
            self.windows.push((start, i64::from_le_bytes(eight(row))));
        }
        if flags & BEFORE != 0 {
            self.before.push(i64::from_le_bytes(eight(row)));
        }
        let line = if self.lines { take_bytes(row) } else { &[] };
        self.rows.push(match line.is_empty() {
            true => Span::default(),
            false => Span::scratch(self.scratch.len(), line.len()),
        });
        self.scratch.extend_from_slice(line);
        for builder in &mut self.builders {
            unpack_cell(row, builder, &mut self.scratch);
        }
    }

    /// The chunk; `more` are columns of as many rows.
    pub fn finish(self, more: Vec<(FieldId, ColumnV)>) -> Chunk {
        let n = self.rows.len();
        let mut chunk = Chunk::of_columns(n, Vec::new(), self.scratch);
        for ((field, _), builder) in self.fields.into_iter().zip(self.builders) {
            chunk.set_column(field, builder.finish());
        }
        for (field, column) in more {
            chunk.set_column(field, column);
        }
        chunk.rows = self.rows;
        chunk.times = (self.times.len() == n).then_some(self.times);
        chunk.windows = (self.windows.len() == n).then_some(self.windows);
        chunk.before = (self.before.len() == n).then_some(self.before);
        chunk
    }
}

/// The watermark that a packed row is judged by; where it is by none, its event time.
pub fn judged(row: &[u8]) -> Option<i64> {
    let (flags, mut rest) = row.split_first()?;
    let time = (flags & TIME != 0).then(|| i64::from_le_bytes(eight(&mut rest)));
    if flags & BEFORE == 0 {
        return time;
    }
    if flags & WINDOW != 0 {
        take(&mut rest, 16);
    }
    Some(i64::from_le_bytes(eight(&mut rest)))
}

/// The end of the window that a packed row is in.
pub fn window_end(row: &[u8]) -> Option<i64> {
    let (flags, mut rest) = row.split_first()?;
    if flags & WINDOW == 0 {
        return None;
    }
    take(&mut rest, if flags & TIME != 0 { 16 } else { 8 });
    Some(i64::from_le_bytes(eight(&mut rest)))
}

/// Appends one cell of a chunk.
pub fn pack_cell(chunk: &Chunk, column: &ColumnV, row: usize, out: &mut Vec<u8>) {
    if !column.is_valid(row) {
        out.push(NULL);
        return;
    }
    match &column.data {
        Column::Bytes(spans) => {
            out.push(BYTES);
            push_bytes(chunk.bytes(spans[row]), out);
        }
        Column::Nanos(values) => {
            out.push(NANOS);
            out.extend_from_slice(&values[row].to_le_bytes());
        }
        Column::Bool(bits) => out.push(if bits.get(row) { TRUE } else { FALSE }),
        Column::List { ends, items } => {
            let from = if row == 0 { 0 } else { ends[row - 1] };
            out.push(LIST);
            out.extend_from_slice(&(ends[row] - from).to_le_bytes());
            for i in from..ends[row] {
                pack_cell(chunk, items, i as usize, out);
            }
        }
        Column::Null(_) => out.push(NULL),
        Column::Number(_) | Column::Float(_) => match column.number(row) {
            None => out.push(NULL),
            Some(number) => pack_number(number, out),
        },
    }
}

/// Equal numbers are equal bytes, whatever the scale of the column that they come from.
fn pack_number(number: Number, out: &mut Vec<u8>) {
    match number.normalised() {
        Number::Exact { units, scale } => {
            out.extend_from_slice(&[EXACT, scale]);
            out.extend_from_slice(&units.to_le_bytes());
        }
        Number::Float(value) => {
            out.push(FLOAT);
            out.extend_from_slice(&value.to_bits().to_le_bytes());
        }
    }
}

/// Takes one cell off the front of `row` and pushes it.
pub fn unpack_cell(row: &mut &[u8], builder: &mut ColumnBuilder, scratch: &mut Vec<u8>) {
    match take(row, 1).first().copied() {
        Some(BYTES) => builder.bytes(take_bytes(row), scratch),
        Some(EXACT) => {
            let scale = take(row, 1).first().copied().unwrap_or(0);
            let units = i64::from_le_bytes(eight(row));
            builder.number(Number::Exact { units, scale });
        }
        Some(FLOAT) => builder.number(Number::Float(f64::from_bits(u64::from_le_bytes(eight(
            row,
        ))))),
        Some(NANOS) => builder.nanos(i64::from_le_bytes(eight(row))),
        Some(FALSE) => builder.bool(false),
        Some(TRUE) => builder.bool(true),
        Some(LIST) => {
            let n = u32::from_le_bytes(take(row, 4).try_into().unwrap_or_default());
            for _ in 0..n {
                unpack_cell(row, builder.items(), scratch);
            }
            builder.end_list();
        }
        _ => builder.null(),
    }
}

/// Takes one cell off the front of `row`; whether it is one of the type.
pub fn is_cell(row: &mut &[u8], ty: &Type) -> bool {
    match take(row, 1).first().copied() {
        Some(NULL) => true,
        Some(BYTES) => ty.is_bytes() && is_bytes(row),
        Some(EXACT) => {
            let cell = take(row, 9);
            let is_exact = cell.len() == 9 && cell[0] <= SCALE_MAX;
            is_exact && matches!(ty, Type::Number | Type::Float)
        }
        Some(FLOAT) => matches!(ty, Type::Number | Type::Float) && take(row, 8).len() == 8,
        Some(NANOS) => matches!(ty, Type::Time | Type::Duration) && take(row, 8).len() == 8,
        Some(FALSE | TRUE) => *ty == Type::Bool,
        Some(LIST) => match (ty, take(row, 4).try_into()) {
            // Each item has a byte at least.
            (Type::List(item), Ok(n)) => {
                let n = u32::from_le_bytes(n);
                n as usize <= row.len() && (0..n).all(|_| is_cell(row, item))
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether bytes are one cell of each of the types.
pub fn are_cells<'t>(mut row: &[u8], types: impl IntoIterator<Item = &'t Type>) -> bool {
    types.into_iter().all(|ty| is_cell(&mut row, ty)) && row.is_empty()
}

/// Takes bytes off the front of `row`; whether all of them were there.
fn is_bytes(row: &mut &[u8]) -> bool {
    match take(row, 4).try_into().map(u32::from_le_bytes) {
        Ok(len) => take(row, len as usize).len() == len as usize,
        Err(_) => false,
    }
}

/// One packed cell as a value; lists are null.
pub fn value<'a>(mut cell: &'a [u8], ty: &Type) -> Value<'a> {
    let cell = &mut cell;
    match take(cell, 1).first().copied() {
        Some(BYTES) => {
            let bytes = take_bytes(cell);
            match ty {
                Type::Json => Value::Json(bytes),
                Type::Text => Value::Text(bytes),
                _ => Value::Untyped(bytes),
            }
        }
        Some(EXACT) => {
            let scale = take(cell, 1).first().copied().unwrap_or(0);
            let units = i64::from_le_bytes(eight(cell));
            Value::Number(Number::Exact { units, scale })
        }
        Some(FLOAT) => Value::Number(Number::Float(f64::from_bits(u64::from_le_bytes(eight(
            cell,
        ))))),
        Some(NANOS) if *ty == Type::Duration => Value::Duration(i64::from_le_bytes(eight(cell))),
        Some(NANOS) => Value::Time(i64::from_le_bytes(eight(cell))),
        Some(FALSE) => Value::Bool(false),
        Some(TRUE) => Value::Bool(true),
        _ => Value::Null,
    }
}

fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn take<'a>(row: &mut &'a [u8], n: usize) -> &'a [u8] {
    let (part, rest) = row.split_at_checked(n).unwrap_or((row, &[]));
    *row = rest;
    part
}

fn take_bytes<'a>(row: &mut &'a [u8]) -> &'a [u8] {
    let len = u32::from_le_bytes(take(row, 4).try_into().unwrap_or_default());
    take(row, len as usize)
}

fn eight(row: &mut &[u8]) -> [u8; 8] {
    take(row, 8).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Field;

    #[test]
    fn rows_come_back_as_they_were() {
        let types = [
            Type::Untyped,
            Type::Json,
            Type::Number,
            Type::Time,
            Type::Bool,
            Type::List(Box::new(Type::Text)),
        ];
        let mut schema = Schema::default();
        let mut scratch = Vec::new();
        let mut columns = Vec::new();
        for (at, ty) in types.iter().enumerate() {
            schema.add(Field::new(format!("f{at}"), ty.clone()));
            let mut builder = ColumnBuilder::new(ty);
            for row in 0..3i64 {
                if row == 1 {
                    builder.null();
                    continue;
                }
                match ty {
                    Type::Untyped | Type::Json => {
                        builder.bytes(format!("[{row} ]").as_bytes(), &mut scratch);
                    }
                    Type::Number => builder.number(Number::Exact {
                        units: row * 10,
                        scale: 1,
                    }),
                    Type::Time => builder.nanos(-row),
                    Type::Bool => builder.bool(row == 2),
                    _ => {
                        for _ in 0..row {
                            builder.items().bytes(b"x", &mut scratch);
                        }
                        builder.end_list();
                    }
                }
            }
            columns.push(Some(builder.finish()));
        }
        let mut chunk = Chunk::of_columns(3, columns, scratch);
        chunk.times = Some(vec![7, -8, 9]);
        chunk.windows = Some(vec![(0, 10), (1, 11), (2, 12)]);
        let packer = Packer::new(&schema, &[0, 1, 2, 3, 4, 5], true);
        let mut unpacker = packer.unpacker();
        for row in [2u32, 0, 1] {
            let mut packed = Vec::new();
            packer.pack(&chunk, row, &mut packed);
            assert_eq!(
                judged(&packed),
                chunk.times.as_ref().map(|t| t[row as usize])
            );
            assert!(packer.is_row(&packed));
            for len in 0..packed.len() {
                assert!(!packer.is_row(&packed[..len]));
            }
            unpacker.push(&packed);
        }
        let back = unpacker.finish(Vec::new());
        assert_eq!(back.times, Some(vec![9, 7, -8]));
        assert_eq!(back.windows, Some(vec![(2, 12), (0, 10), (1, 11)]));
        fn show(chunk: &Chunk, at: usize, ty: &Type, row: usize) -> String {
            let value = chunk
                .column(at)
                .map_or(Value::Null, |column| chunk.value(column, ty, row));
            format!("{value:?}")
        }
        for (to, from) in [(0, 2), (1, 0), (2, 1)] {
            for (at, ty) in types.iter().enumerate() {
                assert_eq!(show(&back, at, ty, to), show(&chunk, at, ty, from));
            }
        }
    }
}
