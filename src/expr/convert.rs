//! Kernels that change what a value is held as: text read as numbers, times, durations; anything written as
//! text or JSON; parts taken out of JSON and lists. Invariant: text that is not what it is read as is null
//! and counted, unless it is empty or null itself.

use super::eval::{Run, each};
use super::lex;
use super::node::Reading;
use super::program::Operand;
use crate::bytes::json;
use crate::bytes::number::numbers;
use crate::bytes::time::{self as stamps, Like, Likes, Memo, Shape, Stamp};
use crate::data::time::{SECOND, Zone};
use crate::data::value::Printing;
use crate::data::{
    Bitmap, Cells, Column, ColumnBuilder, ColumnV, Number, Numbers, Span, Type, Value,
};

/// Reads text as something else; how many cells failed.
pub(super) fn read(run: &Run<'_>, reading: &Reading, of: &Operand, out: &mut ColumnV) -> u64 {
    match reading {
        Reading::Number => read_numbers(run, of, out),
        Reading::Duration => read_with(run, of, &Type::Duration, out, |text, builder| {
            lex::duration(text).map(|ns| builder.nanos(ns)).is_some()
        }),
        Reading::Bool => read_with(run, of, &Type::Bool, out, |text, builder| match text {
            b"true" => {
                builder.bool(true);
                true
            }
            b"false" => {
                builder.bool(false);
                true
            }
            _ => false,
        }),
        Reading::Time(shape) => {
            if let Some(failed) = read_stamps(run, of, shape, out) {
                return failed;
            }
            let mut memo = Memo::default();
            let (zone, now) = (run.zone, run.now);
            read_with(run, of, &Type::Time, out, |text, builder| {
                let read = stamps::parse(text, shape, &mut memo);
                match read.and_then(|stamp| instant(stamp, zone, now)) {
                    Some(ns) => {
                        builder.nanos(ns);
                        true
                    }
                    None => false,
                }
            })
        }
    }
}

/// A stamp as an instant: one without an offset is in `zone`, one without a year in the last twelve months.
pub fn instant(stamp: Stamp, zone: &Zone, now: i64) -> Option<i64> {
    let utc = |stamp: Stamp| stamp.utc().or_else(|| Some(zone.to_utc(stamp.civil)));
    if !stamp.yearless {
        return utc(stamp);
    }
    let (year, _, _) = stamps::civil_from_days(now.div_euclid(86_400 * SECOND));
    let latest = now.saturating_add(86_400 * SECOND);
    // 29 February may have to go back several years.
    (0..=8)
        .filter_map(|back| utc(stamp.with_year(year + 1 - back)?))
        .find(|ns| *ns <= latest)
}

fn read_with(
    run: &Run<'_>,
    of: &Operand,
    ty: &Type,
    out: &mut ColumnV,
    mut read: impl FnMut(&[u8], &mut ColumnBuilder) -> bool,
) -> u64 {
    let mut failed = 0;
    let wants_json_bool = *ty == Type::Bool;
    *out = run.build(ty, |row, builder| {
        let value = run.value(of, row);
        // A JSON string is no truth, whatever it says.
        let string = matches!(&value, Value::Json(raw) if json::kind(raw) == json::Kind::String);
        if value.is_null() {
            return builder.null();
        }
        let text = value.text();
        if (string && wants_json_bool) || !read(&text, builder) {
            failed += u64::from(!text.trim_ascii().is_empty());
            builder.null();
        }
    });
    failed
}

/// A column of plain text, whose cells need not be looked at as values. `None`: it is none.
fn read_stamps(run: &Run<'_>, of: &Operand, shape: &Shape, out: &mut ColumnV) -> Option<u64> {
    if run.constant(of).is_some() || of.ty == Type::Json {
        return None;
    }
    let column = run.column(of);
    let Column::Bytes(spans) = &column.data else {
        return None;
    };
    let mut made = match std::mem::replace(&mut out.data, Column::Null(0)) {
        Column::Nanos(made) => made,
        _ => Vec::new(),
    };
    made.clear();
    made.resize(spans.len(), 0);
    let (block, scratch) = (run.chunk.block.padded(), run.chunk.scratch());
    let (zone, now) = (run.zone, run.now);
    let mut memo = Memo::default();
    // Many lines in a row have stamps of the same minute.
    let mut likes = Likes::default();
    let mut valid: Option<Bitmap> = None;
    let mut failed = 0;
    let mut read = |row: usize, likes: &mut Likes, made: &mut [i64]| {
        let text = spans[row].of(block, scratch);
        let is_there = column.is_valid(row);
        if is_there && let Some(ns) = likes.read(text) {
            made[row] = ns;
            return;
        }
        let stamp = match is_there {
            true => stamps::parse(text, shape, &mut memo),
            false => None,
        };
        let read = stamp.and_then(|stamp| Some((stamp, instant(stamp, zone, now)?)));
        match read {
            Some((stamp, ns)) => {
                made[row] = ns;
                likes.remember(Like::new(text, stamp, ns, &memo));
            }
            None => {
                failed += u64::from(is_there && !text.trim_ascii().is_empty());
                valid
                    .get_or_insert_with(|| Bitmap::new(spans.len(), true))
                    .set(row, false);
            }
        }
    };
    if column.valid.is_none() && run.chunk.live.rows().is_none() {
        let mut row = 0;
        while row < spans.len() {
            row = likes.read_all(spans, block, row, &mut made);
            if row < spans.len() {
                read(row, &mut likes, &mut made);
                row += 1;
            }
        }
    } else {
        each(&run.chunk.live, |row| read(row, &mut likes, &mut made));
    }
    out.data = Column::Nanos(made);
    out.valid = valid;
    Some(failed)
}

fn read_numbers(run: &Run<'_>, of: &Operand, out: &mut ColumnV) -> u64 {
    let column = run.column(of);
    let Column::Bytes(spans) = &column.data else {
        if run.constant(of).is_some() {
            return read_with(run, of, &Type::Number, out, |text, builder| {
                Number::parse(text)
                    .map(|number| builder.number(number))
                    .is_some()
            });
        }
        *out = ColumnV::nulls(run.rows());
        return 0;
    };
    let mut made = match std::mem::replace(&mut out.data, Column::Null(0)) {
        Column::Number(numbers) => numbers,
        _ => Numbers::default(),
    };
    let chunk = run.chunk;
    let (block, scratch) = (chunk.block.padded(), chunk.scratch());
    let cells = |spans| Cells {
        spans,
        block,
        scratch,
        valid: column.valid.as_ref(),
        rows: chunk.live.rows(),
    };
    let mut escaped: Vec<(u32, Option<Number>)> = Vec::new();
    let mut failed = 0;
    if of.ty == Type::Json {
        // Strings of figures count as figures: their quotes are left out.
        let mut bare = spans.clone();
        let mut nulls: Option<Bitmap> = None;
        each(&chunk.live, |row| {
            if !column.is_valid(row) {
                return;
            }
            let raw = spans[row].of(block, scratch);
            match raw.first() {
                Some(b'"') => {
                    bare[row] = inner(spans[row]);
                    if memchr::memchr(b'\\', raw).is_some() {
                        escaped.push((row as u32, Value::Json(raw).number()));
                    }
                }
                Some(b'n') => {
                    nulls
                        .get_or_insert_with(|| match &column.valid {
                            Some(valid) => valid.clone(),
                            None => Bitmap::new(spans.len(), true),
                        })
                        .set(row, false);
                }
                _ => {}
            }
        });
        let mut cells = cells(&bare);
        if nulls.is_some() {
            cells.valid = nulls.as_ref();
        }
        numbers(&cells, &mut made);
    } else {
        numbers(&cells(spans), &mut made);
    }
    failed += made.failed;
    if escaped.iter().any(|(_, number)| number.is_some()) {
        // As good as never: figures written as \u escapes.
        *out = run.build(&Type::Number, |row, builder| {
            let found = escaped.binary_search_by_key(&(row as u32), |(r, _)| *r);
            match found.ok().map_or_else(|| made.get(row), |at| escaped[at].1) {
                Some(number) => builder.number(number),
                None => builder.null(),
            }
        });
        return failed;
    }
    // The numbers keep it too, for who takes them as what `numbers` gave.
    out.valid = made.valid.clone();
    out.data = Column::Number(made);
    failed
}

/// A JSON string's span without its quotes.
fn inner(span: Span) -> Span {
    Span {
        start: span.start + 1,
        len: span.len - 2.min(span.len() as u32),
    }
}

pub(super) fn filled(run: &Run<'_>, of: &Operand) -> ColumnV {
    let column = run.column(of);
    run.build(&of.ty, |row, builder| match &column.data {
        Column::Bytes(spans)
            if column.is_valid(row) && !run.chunk.bytes(spans[row]).trim_ascii().is_empty() =>
        {
            builder.span(spans[row]);
        }
        _ => builder.null(),
    })
}

/// Any value as another type that [`super::types::common`] gives.
pub(super) fn cast(run: &Run<'_>, of: &Operand, ty: &Type, text: &mut Vec<u8>) -> ColumnV {
    let printing = Printing {
        digits: None,
        zone: run.zone.clone(),
    };
    let column = run.column(of);
    let base = run.base;
    run.build(ty, |row, builder| {
        let value = run.value(of, row);
        if value.is_null() {
            return builder.null();
        }
        let mut written = |builder: &mut ColumnBuilder, write: &dyn Fn(&mut Vec<u8>)| {
            let from = text.len();
            write(text);
            builder.span(Span::scratch(base + from, text.len() - from));
        };
        match (ty, &value, &column.data) {
            (
                Type::Text | Type::Untyped,
                Value::Untyped(_) | Value::Text(_),
                Column::Bytes(spans),
            ) => {
                builder.span(spans[row]);
            }
            (Type::Text | Type::Untyped, Value::Json(raw), Column::Bytes(spans)) => {
                if json::kind(raw) != json::Kind::String {
                    builder.span(spans[row]);
                } else if json::plain(raw).is_some() {
                    builder.span(inner(spans[row]));
                } else {
                    written(builder, &|text| json::unescape(raw, text));
                }
            }
            (Type::Json, Value::Json(_), Column::Bytes(spans)) => builder.span(spans[row]),
            (Type::Json, Value::Untyped(bytes), Column::Bytes(spans)) if json::is_number(bytes) => {
                builder.span(spans[row]);
            }
            (Type::Json, value, _) => written(builder, &|text| value.write_json(&printing, text)),
            (Type::Text | Type::Untyped, value, _) => {
                written(builder, &|text| value.write_plain(&printing, text));
            }
            (Type::Number | Type::Float, value, _) => match value.number() {
                Some(number) => builder.number(number),
                None => builder.null(),
            },
            (Type::List(item), Value::List(values), _) => {
                for value in values {
                    push_value(value, item, &printing, base, text, builder.items());
                }
                builder.end_list();
            }
            _ => builder.null(),
        }
    })
}

/// Pushes an item of a list as another type, its bytes copied.
fn push_value(
    value: &Value<'_>,
    ty: &Type,
    printing: &Printing,
    base: usize,
    text: &mut Vec<u8>,
    builder: &mut ColumnBuilder,
) {
    let from = text.len();
    match (ty, value) {
        (_, Value::Null) => builder.null(),
        (Type::Text | Type::Untyped | Type::Json, value) => {
            match ty {
                Type::Json => value.write_json(printing, text),
                _ => value.write_plain(printing, text),
            }
            builder.span(Span::scratch(base + from, text.len() - from));
        }
        (Type::Number | Type::Float, Value::Number(number)) => builder.number(*number),
        (Type::Time | Type::Duration, Value::Time(ns) | Value::Duration(ns)) => builder.nanos(*ns),
        (Type::Bool, Value::Bool(bit)) => builder.bool(*bit),
        (Type::List(item), Value::List(values)) => {
            for value in values {
                push_value(value, item, printing, base, text, builder.items());
            }
            builder.end_list();
        }
        _ => builder.null(),
    }
}

// ---- parts

/// The bytes that JSON may be in, and their span.
fn raw_at<'a>(run: &Run<'a>, of: &Operand, row: usize) -> Option<(&'a [u8], Span)> {
    let column = run.column(of);
    match &column.data {
        Column::Bytes(spans) if column.is_valid(row) => {
            Some((run.chunk.bytes(spans[row]), spans[row]))
        }
        _ => None,
    }
}

/// The span of a piece of the bytes of another span.
fn piece(of: Span, whole: &[u8], part: &[u8]) -> Span {
    let offset = part.as_ptr().addr() - whole.as_ptr().addr();
    let flag = of.len & crate::bytes::IN_SCRATCH;
    Span {
        start: of.start + offset as u32,
        len: part.len() as u32 | flag,
    }
}

pub(super) fn member(run: &Run<'_>, of: &Operand, name: &str) -> ColumnV {
    let mut unescaped = Vec::new();
    run.build(&Type::Json, |row, builder| {
        let found = raw_at(run, of, row).and_then(|(raw, span)| {
            let mut members = json::members(raw);
            // Of a key that comes twice the last counts, as for the reader of records.
            let mut last = None;
            for (key, value) in members.by_ref() {
                let same = match json::plain(key) {
                    Some(plain) => plain == name.as_bytes(),
                    None => {
                        unescaped.clear();
                        json::unescape(key, &mut unescaped);
                        unescaped == name.as_bytes()
                    }
                };
                if same {
                    last = Some(value);
                }
            }
            Some((last?, raw, span))
        });
        match found {
            Some((value, raw, span)) if json::kind(value) != json::Kind::Null => {
                builder.span(piece(span, raw, value));
            }
            _ => builder.null(),
        }
    })
}

pub(super) fn item(run: &Run<'_>, of: &Operand, place: &Operand) -> ColumnV {
    let place_at = |row| super::compare::number(run, place, row).and_then(Number::to_i64_trunc);
    let column = run.column(of);
    let Column::List { ends, items } = &column.data else {
        return run.build(&Type::Json, |row, builder| {
            let found = raw_at(run, of, row)
                .zip(place_at(row))
                .and_then(|((raw, span), at)| {
                    let at = match at {
                        0.. => usize::try_from(at).ok()?,
                        _ => json::items(raw)
                            .count()
                            .checked_sub(usize::try_from(at.unsigned_abs()).ok()?)?,
                    };
                    let value = json::items(raw).nth(at)?;
                    (json::kind(value) != json::Kind::Null).then(|| piece(span, raw, value))
                });
            match found {
                Some(span) => builder.span(span),
                None => builder.null(),
            }
        });
    };
    let n = run.rows();
    let mut picked = vec![0u32; n];
    let mut valid = Bitmap::new(n, false);
    each(&run.chunk.live, |row| {
        if !column.is_valid(row) {
            return;
        }
        let from = if row == 0 { 0 } else { ends[row - 1] };
        let len = i64::from(ends[row] - from);
        let Some(at) = place_at(row) else { return };
        let at = if at < 0 { at.saturating_add(len) } else { at };
        if (0..len).contains(&at) {
            let place = from + at as u32;
            picked[row] = place;
            valid.set(row, items.is_valid(place as usize));
        }
    });
    if items.is_empty() {
        return ColumnV::nulls(n);
    }
    let mut made = items.gather(&picked);
    made.valid = Some(valid);
    made
}
