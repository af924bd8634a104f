//! Time stamps as text to nanoseconds since 1970 and back: the common spellings by their shape, epoch
//! numbers, and `strptime` patterns. Knows no time zone but UTC and offsets that are written out: what has
//! none is civil time, which the caller maps. Invariant: a stamp lies within the years 1678 to 2261, and
//! what a memory of earlier stamps gives is what parsing alone would give.

use super::number::Number;
use super::{Cells, bitmap::Bitmap};

use super::time_calendar::{century, month, number_of, weekday};

pub use super::time_calendar::{
    DAY, HOUR, MINUTE, SECOND, civil_from_days, days_checked, days_from_civil, days_in_month,
    is_leap, join, write_rfc3339,
};
pub use super::time_like::{Like, Likes};
pub use super::time_pattern::{Pattern, strftime};

pub use naive::fuzz;

#[doc(hidden)]
#[path = "time_naive.rs"]
pub mod naive;

/// In [`Stamps::offset`]: the stamp names no zone.
pub const NO_OFFSET: i32 = i32::MIN;

/// The year that a stamp without one is given: a leap year, so that 29 February exists.
pub const YEARLESS: i64 = 1972;

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Nanoseconds since 1970 as if the stamp's own clock were UTC.
    pub civil: i64,
    /// Seconds east of UTC; `None`: no zone given.
    pub offset: Option<i32>,
    /// No year given (syslog): `civil` is in [`YEARLESS`], see [`Stamp::with_year`].
    pub yearless: bool,
}

impl Stamp {
    /// Nanoseconds since 1970 UTC, if the stamp names its offset.
    pub fn utc(self) -> Option<i64> {
        self.civil.checked_sub(self.offset? as i64 * SECOND)
    }

    /// A stamp without year put into one; nothing for 29 February of a common year.
    pub fn with_year(self, year: i64) -> Option<Stamp> {
        let (_, month, day) = civil_from_days(self.civil.div_euclid(DAY));
        let civil = join(days_checked(year, month, day)?, self.civil.rem_euclid(DAY))?;
        Some(Stamp {
            civil,
            offset: self.offset,
            yearless: false,
        })
    }
}

/// What an epoch number counts.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    fn nanos(self) -> i128 {
        match self {
            Unit::Seconds => 1_000_000_000,
            Unit::Millis => 1_000_000,
            Unit::Micros => 1_000,
            Unit::Nanos => 1,
        }
    }

    /// By magnitude: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds.
    fn guess(number: Number) -> Unit {
        let size = number.to_f64().abs();
        if size < 1e11 {
            Unit::Seconds
        } else if size < 1e14 {
            Unit::Millis
        } else if size < 1e17 {
            Unit::Micros
        } else {
            Unit::Nanos
        }
    }
}

/// How stamps are spelt.
#[derive(Clone, Debug)]
pub enum Shape {
    /// By the shape of each.
    Detect,
    Epoch(Unit),
    Pattern(Pattern),
}

impl Shape {
    /// Reads what stands behind the colon of `FIELD:FORMAT` (the colon itself is allowed): `s`, `ms`,
    /// `us`, `ns` or `strptime` text.
    pub fn parse_spec(text: &str) -> Result<Shape, String> {
        Ok(match text.strip_prefix(':').unwrap_or(text) {
            "" => return Err("no time format behind the colon".to_string()),
            "s" => Shape::Epoch(Unit::Seconds),
            "ms" => Shape::Epoch(Unit::Millis),
            "us" => Shape::Epoch(Unit::Micros),
            "ns" => Shape::Epoch(Unit::Nanos),
            text if !text.contains('%') => {
                return Err(format!(
                    "'{text}' is no time format; use s, ms, us, ns or strptime text as %Y-%m-%d"
                ));
            }
            text => Shape::Pattern(Pattern::for_parsing(text)?),
        })
    }
}

/// What the last stamps had in common: their bytes up to the seconds, and what those meant.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    head: Head,
    /// Time at second 0 of the head's minute.
    minute: i64,
    tail: Tail,
    /// Read by a pattern (known by its print): the head is a whole stamp, this one.
    whole: Option<(u64, Stamp)>,
}

impl Memo {
    /// Where the seconds are in a text that was read last, or as what was read last: what follows goes on as the spelling
    /// of the head does.
    pub(super) fn seconds_of(&self, text: &[u8]) -> Option<usize> {
        let known = matches!(self.tail, Tail::Iso | Tail::Clf | Tail::BracketedClf);
        (known && Head::of(text, self.head.len) == Some(self.head)).then_some(self.head.len)
    }
}

/// Which spelling goes on behind the remembered bytes.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
enum Tail {
    #[default]
    None,
    Iso,
    Clf,
    BracketedClf,
    Syslog,
}

/// A text of eight to 32 bytes, held as its first and last sixteen (or eight).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub(super) len: usize,
    pub(super) first: u128,
    pub(super) last: u128,
}

impl Head {
    /// The first `len` bytes of a text; `None`: they are not there, or too few or too many to be held.
    #[inline(always)]
    pub fn of(text: &[u8], len: usize) -> Option<Head> {
        let text = text.get(..len)?;
        if len > 32 {
            return None; // the middle would not be held
        }
        if len >= 16 {
            let first = u128::from_le_bytes(text[..16].try_into().ok()?);
            let last = u128::from_le_bytes(text[len - 16..].try_into().ok()?);
            Some(Head { len, first, last })
        } else {
            let first = u64::from_le_bytes(text.get(..8)?.try_into().ok()?) as u128;
            let last = u64::from_le_bytes(text[len - 8..].try_into().ok()?) as u128;
            Some(Head { len, first, last })
        }
    }
}

/// Reads a stamp that is the whole text, but for blanks around.
#[inline]
pub fn parse(text: &[u8], shape: &Shape, memo: &mut Memo) -> Option<Stamp> {
    match shape {
        Shape::Detect => detect(text, memo),
        Shape::Epoch(unit) => epoch(text, Some(*unit)),
        Shape::Pattern(pattern) => by_pattern(text.trim_ascii(), pattern, memo),
    }
}

/// Many lines in a row have the same stamp: the last one's bytes are remembered.
#[inline]
fn by_pattern(text: &[u8], pattern: &Pattern, memo: &mut Memo) -> Option<Stamp> {
    let Some(head) = Head::of(text, text.len()) else {
        return pattern.parse(text);
    };
    if let Some((print, stamp)) = memo.whole
        && print == pattern.print
        && head == memo.head
    {
        return Some(stamp);
    }
    let stamp = pattern.parse(text)?;
    *memo = Memo {
        head,
        whole: Some((pattern.print, stamp)),
        ..Memo::default()
    };
    Some(stamp)
}

#[inline]
fn detect(text: &[u8], memo: &mut Memo) -> Option<Stamp> {
    if memo.tail != Tail::None && Head::of(text, memo.head.len) == Some(memo.head) {
        let rest = &text[memo.head.len..];
        let quick = match memo.tail {
            Tail::Iso => iso_tail(rest, memo.minute),
            Tail::Clf => clf_tail(rest, memo.minute),
            Tail::BracketedClf => rest
                .strip_suffix(b"]")
                .and_then(|rest| clf_tail(rest, memo.minute)),
            Tail::Syslog => syslog_tail(rest, memo.minute),
            Tail::None => None,
        };
        if quick.is_some() {
            return quick;
        }
    }
    detect_slow(text, memo)
}

#[inline(never)]
fn detect_slow(text: &[u8], memo: &mut Memo) -> Option<Stamp> {
    let whole = text;
    let text = text.trim_ascii();
    let indent = whole.len() - whole.trim_ascii_start().len();
    let mut found = Found {
        memo,
        indent,
        whole,
    };
    match *text {
        [b'[', ref inner @ .., b']'] => clf(inner, Some(&mut found)),
        [
            b'0'..=b'9',
            b'0'..=b'9',
            b'0'..=b'9',
            b'0'..=b'9',
            b'-' | b'/',
            ..,
        ] => iso(text, Some(&mut found)),
        [b'0'..=b'9', b'/', ..] | [b'0'..=b'9', b'0'..=b'9', b'/', ..] => {
            clf(text, Some(&mut found))
        }
        [b'0'..=b'9', b' ', letter, ..] | [b'0'..=b'9', b'0'..=b'9', b' ', letter, ..]
            if letter.is_ascii_alphabetic() =>
        {
            rfc2822(text)
        }
        [a, _, _, b',', ..] if a.is_ascii_alphabetic() => rfc2822(text),
        [a, _, _, b' ', ..] if a.is_ascii_alphabetic() => {
            syslog(text, Some(&mut found)).or_else(|| asctime(text))
        }
        [b'0'..=b'9' | b'-' | b'+' | b'.', ..] => epoch(text, None),
        _ => None,
    }
}

/// Where a parser tells what to remember.
struct Found<'a> {
    memo: &'a mut Memo,
    indent: usize,
    whole: &'a [u8],
}

impl Found<'_> {
    fn remember(&mut self, len: usize, minute: i64, tail: Tail) {
        // Blanks before the stamp would be part of the head; such stamps are not worth it.
        if self.indent == 0
            && let Some(head) = Head::of(self.whole, len)
        {
            *self.memo = Memo {
                head,
                minute,
                tail,
                whole: None,
            };
        }
    }
}

// ---- the shapes

#[inline(always)]
fn two(text: &[u8]) -> Option<i64> {
    match *text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] => Some((a - b'0') as i64 * 10 + (b - b'0') as i64),
        _ => None,
    }
}

fn four(text: &[u8]) -> Option<i64> {
    Some(two(text)? * 100 + two(text.get(2..)?)?)
}

/// `HH:MM` as nanoseconds, if sensible.
fn hour_minute(text: &[u8]) -> Option<i64> {
    let (hour, minute) = (two(text)?, two(text.get(3..)?)?);
    (text[2] == b':' && hour < 24 && minute < 60).then_some(hour * HOUR + minute * MINUTE)
}

/// `2015-05-17T10:05:03.25+02:00` and its relatives; text begins `dddd-` or `dddd/`.
fn iso(text: &[u8], found: Option<&mut Found>) -> Option<Stamp> {
    let mark = text[4];
    if text.len() < 10 || text[7] != mark {
        return None;
    }
    let days = days_checked(four(text)?, two(&text[5..])?, two(&text[8..])?)?;
    if text.len() == 10 {
        return Some(Stamp {
            civil: join(days, 0)?,
            offset: None,
            yearless: false,
        });
    }
    if !matches!(text[10], b'T' | b't' | b' ') {
        return None;
    }
    let minute = join(days, hour_minute(text.get(11..)?)?)?;
    if text.get(16) != Some(&b':') {
        return Some(Stamp {
            civil: minute,
            offset: offset(&text[16..])?,
            yearless: false,
        });
    }
    let stamp = iso_tail(&text[17..], minute)?;
    if let Some(found) = found {
        found.remember(17, minute, Tail::Iso);
    }
    Some(stamp)
}

/// `03.25+02:00`: seconds, perhaps a fraction, perhaps an offset.
#[inline(always)]
fn iso_tail(text: &[u8], minute: i64) -> Option<Stamp> {
    let seconds = two(text)?;
    let mut rest = &text[2..];
    let mut nanos = 0;
    if let Some(b'.' | b',') = rest.first() {
        let (value, used) = fraction(&rest[1..])?;
        nanos = value;
        rest = &rest[1 + used..];
    }
    stamp(
        minute,
        seconds,
        nanos,
        match rest {
            [] => None,
            b"Z" => Some(0),
            _ => offset(rest)?,
        },
    )
}

#[inline(always)]
fn stamp(minute: i64, seconds: i64, nanos: i64, offset: Option<i32>) -> Option<Stamp> {
    if seconds > 60 {
        return None;
    }
    let civil = minute.checked_add(seconds * SECOND + nanos)?;
    // What is told must exist in UTC too.
    civil.checked_sub(offset.unwrap_or(0) as i64 * SECOND)?;
    Some(Stamp {
        civil,
        offset,
        yearless: false,
    })
}

/// Digits behind a point as nanoseconds, and how many there are; at least one.
#[inline(always)]
pub(super) fn fraction(text: &[u8]) -> Option<(i64, usize)> {
    let (mut nanos, mut used) = (0i64, 0usize);
    while let Some(&byte) = text.get(used)
        && byte.is_ascii_digit()
    {
        if used < 9 {
            nanos = nanos * 10 + (byte - b'0') as i64;
        }
        used += 1;
    }
    const POWERS: [i64; 10] = [
        1_000_000_000,
        100_000_000,
        10_000_000,
        1_000_000,
        100_000,
        10_000,
        1_000,
        100,
        10,
        1,
    ];
    (used > 0).then(|| (nanos * POWERS[used.min(9)], used))
}

/// What may stand behind a time of day: nothing, `Z`, `UTC`, `GMT`, `+01`, `+0100`, `+01:00`, a blank
/// before it or not. The outer `None`: something else.
pub(super) fn offset(text: &[u8]) -> Option<Option<i32>> {
    if text.is_empty() {
        return Some(None);
    }
    let text = text.strip_prefix(b" ").unwrap_or(text);
    match text {
        b"Z" | b"z" | b"UTC" | b"GMT" | b"UT" => Some(Some(0)),
        [b'+' | b'-', ..] => match numeric_offset(text)? {
            (seconds, used) if used == text.len() => Some(Some(seconds)),
            _ => None,
        },
        _ => None,
    }
}

/// `+01`, `+0100` or `+01:00` at the start, and its length.
#[inline]
pub(super) fn numeric_offset(text: &[u8]) -> Option<(i32, usize)> {
    let sign = match text.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = two(&text[1..])?;
    let rest = &text[3..];
    let (minutes, used) = match rest {
        [b':', digits @ ..] => (two(digits)?, 6),
        [b'0'..=b'9', ..] => (two(rest)?, 5),
        _ => (0, 3),
    };
    (hours < 24 && minutes < 60).then_some((sign * (hours * 3600 + minutes * 60) as i32, used))
}

/// `17/May/2015:10:05:03 +0000`.
fn clf(text: &[u8], found: Option<&mut Found>) -> Option<Stamp> {
    let day_len = if text.get(1) == Some(&b'/') { 1 } else { 2 };
    let day = number_of(text.get(..day_len)?)?;
    let rest = &text[day_len..];
    let [b'/', a, b, c, b'/', ref year @ ..] = *rest else {
        return None;
    };
    let days = days_checked(four(year)?, month(&[a, b, c])?, day)?;
    let clock = year.get(4..)?.strip_prefix(b":")?;
    let minute = join(days, hour_minute(clock)?)?;
    let tail = clock.get(5..)?.strip_prefix(b":")?;
    let stamp = clf_tail(tail, minute)?;
    if let Some(found) = found {
        let bracket = found.whole.starts_with(b"[");
        let len = day_len + 16 + bracket as usize;
        found.remember(
            len,
            minute,
            if bracket {
                Tail::BracketedClf
            } else {
                Tail::Clf
            },
        );
    }
    Some(stamp)
}

#[inline(always)]
fn clf_tail(text: &[u8], minute: i64) -> Option<Stamp> {
    match *text {
        [_, _, b' ', b'+', b'0', b'0', b'0', b'0'] => stamp(minute, two(text)?, 0, Some(0)),
        _ => iso_tail(text, minute),
    }
}

/// `Dec 10 06:55:46`, perhaps with a year before the time or a fraction behind it.
fn syslog(text: &[u8], found: Option<&mut Found>) -> Option<Stamp> {
    let month = month(&text[..3])?;
    let rest = text[3..].trim_ascii_start();
    let day_len = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let day = number_of(&rest[..day_len])?;
    let rest = rest[day_len..].strip_prefix(b" ")?;
    if rest.get(4) == Some(&b' ') {
        let days = days_checked(four(rest)?, month, day)?;
        let minute = join(days, hour_minute(&rest[5..])?)?;
        return iso_tail(rest.get(10..)?.strip_prefix(b":")?, minute);
    }
    let minute = join(days_checked(YEARLESS, month, day)?, hour_minute(rest)?)?;
    let tail = rest.get(5..)?.strip_prefix(b":")?;
    let stamp = syslog_tail(tail, minute)?;
    if let Some(found) = found {
        found.remember(text.len() - tail.len(), minute, Tail::Syslog);
    }
    Some(stamp)
}

#[inline(always)]
fn syslog_tail(text: &[u8], minute: i64) -> Option<Stamp> {
    Some(Stamp {
        yearless: true,
        ..iso_tail(text, minute)?
    })
}

/// `Tue, 15 Nov 1994 08:12:31 GMT`, the day of the week and the seconds as they like.
fn rfc2822(text: &[u8]) -> Option<Stamp> {
    let text = match text {
        [a, b, c, b',', rest @ ..] => weekday(&[*a, *b, *c]).map(|_| rest.trim_ascii_start())?,
        _ => text,
    };
    let mut words = text
        .split(|&byte| byte == b' ')
        .filter(|word| !word.is_empty());
    let day = number_of(words.next()?)?;
    let month = month(words.next()?)?;
    let year = words.next()?;
    let year = match year.len() {
        2 => century(number_of(year)?),
        4 => number_of(year)?,
        _ => return None,
    };
    let clock = words.next()?;
    let minute = join(days_checked(year, month, day)?, hour_minute(clock)?)?;
    let seconds = match clock.len() {
        5 => 0,
        8 if clock[5] == b':' => two(&clock[6..])?,
        _ => return None,
    };
    let offset = match words.next() {
        None => None,
        Some(zone) => named_offset(zone).map(Some).or_else(|| offset(zone))?,
    };
    if words
        .next()
        .is_some_and(|comment| !comment.starts_with(b"("))
    {
        return None;
    }
    stamp(minute, seconds, 0, offset)
}

/// The obsolete zones of RFC 2822.
fn named_offset(zone: &[u8]) -> Option<i32> {
    let hours = match zone {
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"CST" | b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        _ => return None,
    };
    Some(hours * 3600)
}

/// `Fri Sep  9 10:42:29.902 2011`, as C's `asctime` and Apache's error log have it.
fn asctime(text: &[u8]) -> Option<Stamp> {
    weekday(text.get(..3)?)?;
    let mut words = text[3..]
        .split(|&byte| byte == b' ')
        .filter(|word| !word.is_empty());
    let month = month(words.next()?)?;
    let day = number_of(words.next()?)?;
    let clock = words.next()?;
    let year = words
        .next()
        .filter(|year| year.len() == 4)
        .and_then(number_of)?;
    let minute = join(days_checked(year, month, day)?, hour_minute(clock)?)?;
    if words.next().is_some() {
        return None;
    }
    iso_tail(clock.get(5..)?.strip_prefix(b":")?, minute).filter(|stamp| stamp.offset.is_none())
}

fn epoch(text: &[u8], unit: Option<Unit>) -> Option<Stamp> {
    let number = Number::parse(text)?;
    let unit = unit.unwrap_or_else(|| Unit::guess(number));
    let civil = match number {
        Number::Exact { units, scale } => {
            let one = 10i128.pow(scale as u32);
            if unit.nanos() >= one {
                units.checked_mul((unit.nanos() as i64) / one as i64)?
            } else {
                // More digits than nanoseconds have; the rest is cut towards the past.
                i64::try_from((units as i128 * unit.nanos()).div_euclid(one)).ok()?
            }
        }
        Number::Float(_) if !text.iter().any(|byte| matches!(byte, b'e' | b'E')) => {
            long_epoch(text, unit)?
        }
        Number::Float(value) => Number::Float(value * unit.nanos() as f64)
            .floor()
            .to_i64_trunc()?,
    };
    Some(Stamp {
        civil,
        offset: Some(0),
        yearless: false,
    })
}

/// An epoch number of more than 18 digits: nanoseconds after 2001, or a long fraction.
fn long_epoch(text: &[u8], unit: Unit) -> Option<i64> {
    let text = text.trim_ascii();
    let negative = text.first() == Some(&b'-');
    let digits = text
        .strip_prefix(b"-")
        .or_else(|| text.strip_prefix(b"+"))
        .unwrap_or(text);
    let (whole, part) = match digits.iter().position(|&byte| byte == b'.') {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &digits[..0]),
    };
    let mut value = 0i128;
    for &byte in whole {
        value = value.checked_mul(10)?.checked_add((byte - b'0') as i128)?;
    }
    value = value.checked_mul(unit.nanos())?;
    let (mut place, mut inexact) = (unit.nanos(), false);
    for &byte in part {
        place /= 10;
        value += place * (byte - b'0') as i128;
        inexact |= place == 0 && byte != b'0';
    }
    i64::try_from(if negative {
        -value - inexact as i128
    } else {
        value
    })
    .ok()
}

// ---- a column at a time

/// A column of stamps; an entry a row of the chunk, 0 for rows not looked at or invalid.
#[derive(Default, Clone, Debug)]
pub struct Stamps {
    pub civil: Vec<i64>,
    /// Seconds east of UTC, or [`NO_OFFSET`].
    pub offset: Vec<i32>,
    /// Rows whose stamp has no year, ascending.
    pub yearless: Vec<u32>,
    /// Clear bits: null, empty or no stamp; `None`: all rows looked at are stamps.
    pub valid: Option<Bitmap>,
    /// Cells that are neither null nor empty and no stamps.
    pub failed: u64,
}

/// Reads a column's cells as stamps into `out`, whose vectors are reused.
pub fn stamps(cells: &Cells, shape: &Shape, memo: &mut Memo, out: &mut Stamps) {
    let rows = cells.spans.len();
    out.civil.clear();
    out.civil.resize(rows, 0);
    out.offset.clear();
    out.offset.resize(rows, NO_OFFSET);
    out.yearless.clear();
    out.valid = None;
    out.failed = 0;
    match cells.rows {
        None => read_rows(cells, 0..rows, shape, memo, out),
        Some(chosen) => read_rows(
            cells,
            chosen.iter().map(|&row| row as usize),
            shape,
            memo,
            out,
        ),
    }
}

fn read_rows(
    cells: &Cells,
    rows: impl Iterator<Item = usize>,
    shape: &Shape,
    memo: &mut Memo,
    out: &mut Stamps,
) {
    for row in rows {
        let null = cells.valid.is_some_and(|valid| !valid.get(row));
        let text = cells.spans[row].of(cells.block, cells.scratch);
        let stamp = if null { None } else { parse(text, shape, memo) };
        let Some(stamp) = stamp else {
            out.failed += (!null && !text.trim_ascii().is_empty()) as u64;
            out.valid
                .get_or_insert_with(|| Bitmap::new(cells.spans.len(), true))
                .set(row, false);
            continue;
        };
        out.civil[row] = stamp.civil;
        out.offset[row] = stamp.offset.unwrap_or(NO_OFFSET);
        if stamp.yearless {
            out.yearless.push(row as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> String {
        let Some(stamp) = parse(text.as_bytes(), &Shape::Detect, &mut Memo::default()) else {
            return "none".to_string();
        };
        let mut out = Vec::new();
        let offset = stamp.offset.unwrap_or(0);
        write_rfc3339(stamp.civil - offset as i64 * SECOND, offset, &mut out);
        let zone = if stamp.offset.is_none() {
            " no zone"
        } else {
            ""
        };
        String::from_utf8(out).unwrap() + zone + if stamp.yearless { " no year" } else { "" }
    }

    #[test]
    fn stamps_are_known_by_their_shape() {
        for (text, expected) in [
            ("2015-05-17T10:05:03Z", "2015-05-17T10:05:03Z"),
            (
                "2015-05-17T10:05:03.125+02:00",
                "2015-05-17T10:05:03.125+02:00",
            ),
            ("2015/05/17 10:05:03,5", "2015-05-17T10:05:03.500Z no zone"),
            ("2015-05-17 10:05", "2015-05-17T10:05:00Z no zone"),
            ("2015-05-17", "2015-05-17T00:00:00Z no zone"),
            ("17/May/2015:10:05:03 +0000", "2015-05-17T10:05:03Z"),
            ("[17/May/2015:10:05:03 -0330]", "2015-05-17T10:05:03-03:30"),
            ("Dec 10 06:55:46", "1972-12-10T06:55:46Z no zone no year"),
            ("Dec  1 06:55:46", "1972-12-01T06:55:46Z no zone no year"),
            ("Tue, 15 Nov 1994 08:12:31 GMT", "1994-11-15T08:12:31Z"),
            (
                "Fri Sep  9 10:42:29.902 2011",
                "2011-09-09T10:42:29.902Z no zone",
            ),
            ("1431857103", "2015-05-17T10:05:03Z"),
            ("1431857103.25", "2015-05-17T10:05:03.250Z"),
            ("1431857103250", "2015-05-17T10:05:03.250Z"),
            ("1431857103250123", "2015-05-17T10:05:03.250123Z"),
            ("1431857103250123456", "2015-05-17T10:05:03.250123456Z"),
            ("-1", "1969-12-31T23:59:59Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2015-02-30", "none"),
            ("2015-05-17T24:00:00", "none"),
            ("1500-01-01", "none"),
            ("yesterday", "none"),
            ("", "none"),
        ] {
            assert_eq!(utc(text), expected, "{text}");
        }
    }
}
