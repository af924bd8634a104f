//! The Gregorian calendar in whole days, the names of its parts, and time as RFC 3339 text. Floor division
//! throughout, so that times before 1970 are like any other. No zones, no leap seconds. Invariant:
//! `civil_from_days` undoes `days_from_civil`.

use super::number::write_int;

pub const SECOND: i64 = 1_000_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// Days since 1970 of a date of the Gregorian calendar (Hinnant's algorithm).
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a day since 1970.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year + era * 400 + (month <= 2) as i64, month, day)
}

pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + is_leap(year) as i64,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970, if there is such a date and a stamp can hold it.
pub fn days_checked(year: i64, month: i64, day: i64) -> Option<i64> {
    let sound = (1677..=2262).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day);
    sound.then(|| days_from_civil(year, month, day))
}

/// Days and nanoseconds of the day in one.
pub fn join(days: i64, nanos: i64) -> Option<i64> {
    i64::try_from(days as i128 * DAY as i128 + nanos as i128).ok()
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// From Sunday on.
pub(super) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// The month of a name's first three letters.
pub(super) fn month(name: &[u8]) -> Option<i64> {
    let name = name.get(..3)?;
    let found = MONTHS
        .iter()
        .position(|month| month.as_bytes()[..3].eq_ignore_ascii_case(name))?;
    Some(found as i64 + 1)
}

pub(super) fn weekday(name: &[u8]) -> Option<i64> {
    let name = name.get(..3)?;
    let found = WEEKDAYS
        .iter()
        .position(|day| day.as_bytes()[..3].eq_ignore_ascii_case(name))?;
    Some(found as i64)
}

/// A number of one to four digits.
pub(super) fn number_of(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 4 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        text.iter()
            .fold(0, |value, &byte| value * 10 + (byte - b'0') as i64),
    )
}

/// A year of two digits, as POSIX has it.
pub(super) fn century(year: i64) -> i64 {
    if year < 69 { 2000 + year } else { 1900 + year }
}

/// Appends `2026-11-20T10:00:00.125+01:00`: as many digits of the fraction as needed, by threes; `Z` for
/// no offset.
pub fn write_rfc3339(ns: i64, offset_seconds: i32, out: &mut Vec<u8>) {
    let local = ns as i128 + offset_seconds as i128 * SECOND as i128;
    let days = local.div_euclid(DAY as i128) as i64;
    let nanos = local.rem_euclid(DAY as i128) as i64;
    let (year, month, day) = civil_from_days(days);
    let mut text = *b"0000-00-00T00:00:00";
    let clock = [(0, year / 100), (2, year % 100), (5, month), (8, day)]
        .into_iter()
        .chain([
            (11, nanos / HOUR),
            (14, nanos / MINUTE % 60),
            (17, nanos / SECOND % 60),
        ]);
    for (at, value) in clock {
        text[at] += (value / 10) as u8;
        text[at + 1] += (value % 10) as u8;
    }
    out.extend_from_slice(&text);
    let part = nanos % SECOND;
    if part != 0 {
        let (value, digits) = match part {
            _ if part % 1_000_000 == 0 => (part / 1_000_000, 3),
            _ if part % 1_000 == 0 => (part / 1_000, 6),
            _ => (part, 9),
        };
        out.push(b'.');
        write_padded(value, digits, b'0', out);
    }
    write_offset(offset_seconds, true, out);
}

/// Appends `+01:00` or `+0100`; with the colon 0 is `Z`. Odd seconds are cut.
pub(super) fn write_offset(seconds: i32, colon: bool, out: &mut Vec<u8>) {
    if seconds == 0 && colon {
        return out.push(b'Z');
    }
    let minutes = (seconds.unsigned_abs() / 60) as i64;
    out.push(if seconds < 0 { b'-' } else { b'+' });
    write_padded(minutes / 60, 2, b'0', out);
    if colon {
        out.push(b':');
    }
    write_padded(minutes % 60, 2, b'0', out);
}

/// Appends a number that is not negative with at least `digits` digits.
pub(super) fn write_padded(value: i64, digits: usize, fill: u8, out: &mut Vec<u8>) {
    let from = out.len();
    write_int(value, out);
    let short = digits.saturating_sub(out.len() - from);
    if short > 0 {
        out.resize(out.len() + short, fill);
        out[from..].rotate_right(short);
    }
}
