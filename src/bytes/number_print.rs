//! Numbers to text: exact ones with the digits they have, floats as the shortest text that reads back the
//! same. No widths, no thousands. Invariant: what is written is a number as JSON writes them.

use super::number::{POW10, SCALE_MAX, round_float, strip};
use std::io::Write as _;

const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819\
2021222324252627282930313233343536373839\
4041424344454647484950515253545556575859\
6061626364656667686970717273747576777879\
8081828384858687888990919293949596979899";

/// Writes the digits of `value` so that they end at `end`; returns where they begin.
#[inline]
fn put_digits(mut value: u64, text: &mut [u8], end: usize) -> usize {
    let mut at = end;
    while value >= 100 {
        let pair = (value % 100) as usize * 2;
        value /= 100;
        at -= 2;
        text[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if value >= 10 {
        let pair = value as usize * 2;
        at -= 2;
        text[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    } else {
        at -= 1;
        text[at] = b'0' + value as u8;
    }
    at
}

/// Appends an integer.
pub fn write_int(value: i64, out: &mut Vec<u8>) {
    let mut text = [0u8; 20];
    let mut at = put_digits(value.unsigned_abs(), &mut text, 20);
    if value < 0 {
        at -= 1;
        text[at] = b'-';
    }
    out.extend_from_slice(&text[at..]);
}

/// Appends an integer without a sign.
pub fn write_uint(value: u64, out: &mut Vec<u8>) {
    let mut text = [0u8; 20];
    let at = put_digits(value, &mut text, 20);
    out.extend_from_slice(&text[at..]);
}

pub(super) fn write_exact(units: i64, scale: u8, out: &mut Vec<u8>) {
    if scale == 0 {
        return write_int(units, out);
    }
    if scale > SCALE_MAX {
        return write_scaled(units as i128, scale, out);
    }
    let one = POW10[scale as usize] as u64;
    let (whole, mut rest) = (units.unsigned_abs() / one, units.unsigned_abs() % one);
    let mut text = [b'0'; 48];
    let mut end = 48;
    let mut places = scale as usize;
    if rest != 0 {
        while rest.is_multiple_of(10) {
            rest /= 10;
            places -= 1;
        }
        put_digits(rest, &mut text, end);
        end -= places;
        // put_digits wrote only what is not a leading zero of the fraction; the rest is '0' already.
        end -= 1;
        text[end] = b'.';
    }
    let mut at = put_digits(whole, &mut text, end);
    if units < 0 {
        at -= 1;
        text[at] = b'-';
    }
    out.extend_from_slice(&text[at..]);
}

/// Appends units / 10^scale without zeros at the end of the fraction: for 128-bit sums.
pub fn write_scaled(units: i128, scale: u8, out: &mut Vec<u8>) {
    let (units, scale) = strip(units, scale);
    if let Ok(short) = i64::try_from(units)
        && scale <= SCALE_MAX
    {
        return write_exact(short, scale, out);
    }
    let digits = units.unsigned_abs().to_string();
    if units < 0 {
        out.push(b'-');
    }
    let places = scale as usize;
    if digits.len() > places {
        out.extend_from_slice(&digits.as_bytes()[..digits.len() - places]);
    } else {
        out.push(b'0');
    }
    if places > 0 {
        out.push(b'.');
        out.resize(out.len() + places.saturating_sub(digits.len()), b'0');
        out.extend_from_slice(&digits.as_bytes()[digits.len().saturating_sub(places)..]);
    }
}

/// Appends a float as the shortest text that reads back the same.
///
/// An infinity, which has no text as JSON allows, prints as the largest float, NaN as `null`.
pub fn write_float(value: f64, out: &mut Vec<u8>) {
    let size = value.abs();
    if size < 1e15 && value == value.trunc() {
        return write_int(value as i64, out);
    }
    if value.is_nan() {
        return out.extend_from_slice(b"null");
    }
    let value = value.clamp(f64::MIN, f64::MAX);
    let written = if (1e-7..1e21).contains(&size) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    };
    written.expect("a vector takes all bytes");
}

/// Appends a float with at most `digits` digits behind the point, halves away from zero.
pub fn write_digits(value: f64, digits: u8, out: &mut Vec<u8>) {
    round_float(value, digits as i32).write(out);
}
