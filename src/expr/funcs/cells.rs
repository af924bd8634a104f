//! What column kernels share: text cells, rows to look at, nulls of several arguments, and columns of spans
//! and lists to fill. Knows no function. Invariant: only rows that were asked for are read.

use super::{Arg, ColumnCx};
use crate::bytes::Span;
use crate::data::{Bitmap, Chunk, Column, ColumnV, Numbers, Value};

/// A bytes column as a kernel walks it.
#[derive(Copy, Clone)]
pub struct Texts<'a> {
    pub spans: &'a [Span],
    /// Both with their padding.
    pub block: &'a [u8],
    pub scratch: &'a [u8],
    pub valid: Option<&'a Bitmap>,
}

impl<'a> Texts<'a> {
    /// `None`: every cell is null.
    pub fn of<'b: 'a>(arg: &'a Arg<'b>, chunk: &'a Chunk) -> Option<Texts<'a>> {
        let Arg::Column(column, _) = arg else {
            return None;
        };
        let Column::Bytes(spans) = &column.data else {
            return None;
        };
        Some(Texts {
            spans,
            block: chunk.block.padded(),
            scratch: chunk.scratch(),
            valid: column.valid.as_ref(),
        })
    }

    /// The cell's place and bytes; `None` for null.
    #[inline(always)]
    pub fn get(&self, row: usize) -> Option<(Span, &'a [u8])> {
        if self.valid.is_some_and(|valid| !valid.get(row)) {
            return None;
        }
        let span = self.spans[row];
        Some((span, span.of(self.block, self.scratch)))
    }

    /// The buffer that a span is of, with its padding.
    #[inline(always)]
    pub fn buffer(&self, span: Span) -> &'a [u8] {
        if span.in_scratch() {
            self.scratch
        } else {
            self.block
        }
    }
}

/// A piece of a span: `len` bytes from its byte `from`.
#[inline(always)]
pub fn piece(span: Span, from: usize, len: usize) -> Span {
    debug_assert!(from + len <= span.len());
    Span {
        start: span.start + from as u32,
        len: len as u32 | (span.len & crate::bytes::IN_SCRATCH),
    }
}

impl<'a> ColumnCx<'a> {
    /// Calls `f` for each row to look at.
    #[inline(always)]
    pub fn each(&self, mut f: impl FnMut(usize)) {
        match self.rows {
            None => (0..self.len).for_each(f),
            Some(rows) => rows.iter().for_each(|&row| f(row as usize)),
        }
    }

    /// The span of new text from `start` to the end of `text`; `None` (and the text gone) where a span
    /// cannot reach.
    #[inline(always)]
    pub fn new_text(&self, start: usize, text: &mut Vec<u8>) -> Option<Span> {
        if self.base + text.len() > crate::bytes::IN_SCRATCH as usize {
            text.truncate(start);
            return None;
        }
        Some(Span::scratch(self.base + start, text.len() - start))
    }

    /// A bytes column: `f` says what stands in a row, null where it gives none.
    #[inline(always)]
    pub fn spans(&self, mut f: impl FnMut(usize) -> Option<Span>) -> ColumnV {
        let mut spans = vec![Span::default(); self.len];
        let mut valid: Option<Bitmap> = None;
        self.each(|row| match f(row) {
            Some(span) => spans[row] = span,
            None => refuse(&mut valid, row, self.len),
        });
        ColumnV {
            data: Column::Bytes(spans),
            valid,
        }
    }

    /// A column of truths, null where `f` gives none.
    #[inline(always)]
    pub fn bools(&self, mut f: impl FnMut(usize) -> Option<bool>) -> ColumnV {
        let mut bits = Bitmap::new(self.len, false);
        let mut valid: Option<Bitmap> = None;
        self.each(|row| match f(row) {
            Some(true) => bits.set(row, true),
            Some(false) => {}
            None => refuse(&mut valid, row, self.len),
        });
        ColumnV {
            data: Column::Bool(bits),
            valid,
        }
    }

    /// A column of 64-bit values, null where `f` gives none: for times and whole numbers.
    #[inline(always)]
    pub fn integers(&self, mut f: impl FnMut(usize) -> Option<i64>) -> (Vec<i64>, Option<Bitmap>) {
        let mut values = vec![0; self.len];
        let mut valid: Option<Bitmap> = None;
        self.each(|row| match f(row) {
            Some(value) => values[row] = value,
            None => refuse(&mut valid, row, self.len),
        });
        (values, valid)
    }

    /// A column of lists of spans: `f` appends the items of a row and says whether there is a list.
    #[inline(always)]
    pub fn lists(&self, mut f: impl FnMut(usize, &mut Vec<Span>) -> bool) -> ColumnV {
        let mut ends = vec![0u32; self.len];
        let mut items = Vec::new();
        let mut valid: Option<Bitmap> = None;
        let mut filled = 0;
        self.each(|row| {
            let before = items.len();
            ends[filled..row].fill(before as u32);
            filled = row + 1;
            if !f(row, &mut items) {
                items.truncate(before);
                refuse(&mut valid, row, self.len);
            }
            ends[row] = items.len() as u32;
        });
        ends[filled..].fill(items.len() as u32);
        ColumnV {
            data: Column::List {
                ends,
                items: Box::new(ColumnV::new(Column::Bytes(items))),
            },
            valid,
        }
    }
}

#[cold]
fn refuse(valid: &mut Option<Bitmap>, row: usize, len: usize) {
    valid
        .get_or_insert_with(|| Bitmap::new(len, true))
        .set(row, false);
}

/// The whole number in a row of an argument, cut toward zero; `None` for null.
pub fn integer_at(arg: &Arg<'_>, row: usize) -> Option<i64> {
    match arg {
        Arg::Constant(Value::Number(number)) => number.to_i64_trunc(),
        Arg::Constant(_) => None,
        Arg::Column(column, _) => column.number(row)?.to_i64_trunc(),
    }
}

/// A text argument that need not be the first.
#[derive(Copy, Clone)]
pub enum TextArg<'a> {
    Constant(&'a [u8]),
    Column(Texts<'a>),
    Null,
}

impl<'a> TextArg<'a> {
    pub fn of<'b: 'a>(arg: &'a Arg<'b>, chunk: &'a Chunk) -> TextArg<'a> {
        match arg {
            Arg::Constant(Value::Text(bytes) | Value::Untyped(bytes)) => TextArg::Constant(bytes),
            Arg::Constant(_) => TextArg::Null,
            Arg::Column(..) => Texts::of(arg, chunk).map_or(TextArg::Null, TextArg::Column),
        }
    }

    #[inline(always)]
    pub fn get(&self, row: usize) -> Option<&'a [u8]> {
        match self {
            TextArg::Constant(bytes) => Some(bytes),
            TextArg::Column(cells) => cells.get(row).map(|(_, bytes)| bytes),
            TextArg::Null => None,
        }
    }
}

/// A column of whole numbers, null where `f` gives none.
pub fn whole_numbers(cx: &ColumnCx<'_>, f: impl FnMut(usize) -> Option<i64>) -> ColumnV {
    let (units, valid) = cx.integers(f);
    ColumnV {
        data: Column::Number(Numbers {
            units,
            ..Numbers::default()
        }),
        valid,
    }
}
