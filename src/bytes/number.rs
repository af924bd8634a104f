//! Numbers as text, exactly: `12.30` is 1230 hundredths, not a binary fraction near it. Parses, compares,
//! computes and prints them, a cell or a column at a time. Knows no types, nulls or currencies, and no
//! locale. Invariant: two numbers are equal when their mathematical values are, whichever way they are
//! held, and then hash alike and print the same digits.

use super::number_print::write_exact;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::io::Write as _;

/// Digits an exact number may have.
pub const DIGITS_MAX: u32 = 18;

/// The largest scale this module makes; larger ones (made elsewhere) are computed with as floats.
pub const SCALE_MAX: u8 = 18;

/// 10^18: exact results stay below it.
pub(super) const LIMIT: i64 = 1_000_000_000_000_000_000;

pub(super) const POW10: [i64; 19] = {
    let mut table = [1i64; 19];
    let mut i = 1;
    while i < 19 {
        table[i] = table[i - 1] * 10;
        i += 1;
    }
    table
};

/// A number as dstream knows it: exact (units / 10^scale, at most 18 digits) or a float.
///
/// Floats made by parsing are finite. Arithmetic may overflow to an infinity: see [`Number::finite`].
#[derive(Copy, Clone, Debug)]
pub enum Number {
    Exact { units: i64, scale: u8 },
    Float(f64),
}

pub use super::number_column::{Numbers, numbers};
pub use super::number_print::{write_digits, write_float, write_int, write_scaled, write_uint};
pub use naive::fuzz;

#[doc(hidden)]
#[path = "number_naive.rs"]
pub mod naive;

use Number::{Exact, Float};

impl Number {
    pub const ZERO: Number = Exact { units: 0, scale: 0 };

    /// Reads a decimal number that is the whole text, but for blanks around it.
    ///
    /// At most 18 digits (leading zeros and zeros at the end of a fraction not counted) are exact; an
    /// exponent or more digits make a float. What overflows a float is no number.
    pub fn parse(text: &[u8]) -> Option<Number> {
        let text = text.trim_ascii();
        let (&first, rest) = text.split_first()?;
        let body = if first == b'-' || first == b'+' {
            rest
        } else {
            text
        };
        let negative = first == b'-';
        let plain = plain_end(body)?;
        if plain == body.len() {
            let short = exact(body, negative);
            if short.is_some() {
                return short;
            }
        } else if !is_exponent(&body[plain..]) {
            return None;
        }
        let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        value.is_finite().then_some(Float(value))
    }

    /// The same number without zeros at the end of its fraction.
    pub fn normalised(self) -> Number {
        match self {
            Exact { units, scale } if scale == 0 || units % 10 != 0 => self,
            Exact { units, scale } => {
                let (units, scale) = strip(units as i128, scale);
                Exact {
                    units: units as i64,
                    scale,
                }
            }
            float => float,
        }
    }

    /// Nothing if a computation left the range of floats.
    pub fn finite(self) -> Option<Number> {
        match self {
            Float(value) if !value.is_finite() => None,
            number => Some(number),
        }
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        match self {
            Exact { units, scale } => scaled_to_f64(units as i128, scale),
            Float(value) => value,
        }
    }

    /// The integer part, if 64 bits hold it.
    pub fn to_i64_trunc(self) -> Option<i64> {
        match self {
            Exact { units, scale } => {
                Some(pow10(scale).map_or(0, |one| (units as i128 / one) as i64))
            }
            Float(value) => {
                let whole = value.trunc();
                (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0)
                    .contains(&whole)
                    .then_some(whole as i64)
            }
        }
    }

    /// Whether the number has no fraction.
    pub fn is_integer(self) -> bool {
        match self.normalised() {
            Exact { scale, .. } => scale == 0,
            Float(value) => value.fract() == 0.0,
        }
    }

    pub fn is_zero(self) -> bool {
        match self {
            Exact { units, .. } => units == 0,
            Float(value) => value == 0.0,
        }
    }

    #[allow(clippy::should_implement_trait)] // the evaluator's names; there is no `Add` for callers to confuse
    pub fn add(self, other: Number) -> Number {
        if let Some((a, b, scale)) = aligned(self, other) {
            return settled(a + b, scale);
        }
        Float(self.to_f64() + other.to_f64())
    }

    #[allow(clippy::should_implement_trait)]
    pub fn sub(self, other: Number) -> Number {
        if let Some((a, b, scale)) = aligned(self, other) {
            return settled(a - b, scale);
        }
        Float(self.to_f64() - other.to_f64())
    }

    #[allow(clippy::should_implement_trait)]
    pub fn mul(self, other: Number) -> Number {
        if let (Exact { units: a, scale: s }, Exact { units: b, scale: t }) = (self, other)
            && s <= SCALE_MAX
            && t <= SCALE_MAX
        {
            return settled(a as i128 * b as i128, s + t);
        }
        Float(self.to_f64() * other.to_f64())
    }

    #[allow(clippy::should_implement_trait)]
    pub fn neg(self) -> Number {
        match self {
            Exact { units, scale } => match units.checked_neg() {
                Some(units) => Exact { units, scale },
                None => Float(-self.to_f64()),
            },
            Float(value) => Float(-value),
        }
    }

    pub fn abs(self) -> Number {
        if self < Number::ZERO {
            self.neg()
        } else {
            self
        }
    }

    /// The quotient as a float; nothing for a zero divisor.
    ///
    /// Exact operands are brought to one scale first, so that 0.3 / 0.1 is 3.
    #[allow(clippy::should_implement_trait)]
    pub fn div(self, other: Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        // As they are without zeros at their ends: equal numbers have equal quotients.
        if let Some((a, b, _)) = aligned(self.normalised(), other.normalised()) {
            return Some(Float(a as f64 / b as f64));
        }
        Float(self.to_f64() / other.to_f64()).finite()
    }

    /// The remainder with the sign of the left side; nothing for a zero divisor.
    #[allow(clippy::should_implement_trait)]
    pub fn rem(self, other: Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        if let Some((a, b, scale)) = aligned(self, other) {
            return Some(settled(a % b, scale));
        }
        Float(self.to_f64() % other.to_f64())
            .finite()
            .filter(|n| !n.to_f64().is_nan())
    }

    /// The quotient cut towards zero; nothing for a zero divisor.
    pub fn int_div(self, other: Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        if let Some((a, b, _)) = aligned(self, other) {
            return Some(settled(a / b, 0));
        }
        Float((self.to_f64() / other.to_f64()).trunc()).finite()
    }

    pub fn floor(self) -> Number {
        match self {
            Exact { units, scale } => match pow10(scale) {
                Some(one) => settled((units as i128).div_euclid(one), 0),
                None => Exact {
                    units: if units < 0 { -1 } else { 0 },
                    scale: 0,
                },
            },
            Float(value) => Float(value.floor()),
        }
    }

    pub fn ceil(self) -> Number {
        match self {
            Exact { units, scale } => match pow10(scale) {
                Some(one) => settled(-(-(units as i128)).div_euclid(one), 0),
                None => Exact {
                    units: if units > 0 { 1 } else { 0 },
                    scale: 0,
                },
            },
            Float(value) => Float(value.ceil()),
        }
    }

    /// Rounds to `digits` behind the point (before it, if negative), halves away from zero.
    pub fn round(self, digits: i32) -> Number {
        match self {
            Exact { units, scale } => round_exact(units as i128, scale, digits),
            Float(value) => round_float(value, digits),
        }
    }

    /// Appends the number: no zeros at the end of a fraction, no `-0`; floats as the shortest text that
    /// reads back the same, with an exponent outside 1e-7 to 1e21.
    pub fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Exact { units, scale } => write_exact(units, scale, out),
            Float(value) => write_float(value, out),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    /// By mathematical value, without rounding. NaN, which only overflow can make, is above all.
    fn cmp(&self, other: &Number) -> Ordering {
        match (*self, *other) {
            (Exact { units: a, scale: s }, Exact { units: b, scale: t }) => {
                if s == t {
                    return a.cmp(&b);
                }
                match aligned(*self, *other) {
                    Some((a, b, _)) => a.cmp(&b),
                    None => self.to_f64().total_cmp(&other.to_f64()),
                }
            }
            (Float(a), Float(b)) => compare_floats(a, b),
            (Exact { units, scale }, Float(value)) => compare_mixed(units, scale, value),
            (Float(value), Exact { units, scale }) => compare_mixed(units, scale, value).reverse(),
        }
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let held = match self.normalised() {
            Float(value) => exactly(value).ok_or(value),
            Exact { units, scale } => Ok((units, scale)),
        };
        match held {
            Ok((units, scale)) => (units, scale).hash(state),
            Err(value) => value.to_bits().hash(state),
        }
    }
}

/// How many bytes of `body` are digits with at most one point; nothing without a digit.
fn plain_end(body: &[u8]) -> Option<usize> {
    let (mut digits, mut points) = (0, 0);
    for &byte in body {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'.' if points == 0 => points = 1,
            _ => break,
        }
    }
    (digits > 0).then_some(digits + points)
}

fn is_exponent(tail: &[u8]) -> bool {
    let Some((b'e' | b'E', tail)) = tail.split_first() else {
        return false;
    };
    let digits = match tail.first() {
        Some(b'+' | b'-') => &tail[1..],
        _ => tail,
    };
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// The exact number of digits with at most one point, if it has no more than 18.
fn exact(body: &[u8], negative: bool) -> Option<Number> {
    let mut body = body;
    if body.len() > DIGITS_MAX as usize && body.contains(&b'.') {
        while let Some((b'0', shorter)) = body.split_last() {
            body = shorter;
        }
    }
    let (mut units, mut scale, mut point) = (0u64, 0u32, false);
    for &byte in body {
        if byte == b'.' {
            point = true;
            continue;
        }
        scale += point as u32;
        units = units * 10 + (byte - b'0') as u64;
        if units >= LIMIT as u64 || scale > SCALE_MAX as u32 {
            return None;
        }
    }
    Some(Exact {
        units: if negative {
            -(units as i64)
        } else {
            units as i64
        },
        scale: scale as u8,
    })
}

/// Reads an optional sign and digits, nothing else; nothing if 64 bits do not hold them.
pub fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for &byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        // Downwards, since the negative side holds one more.
        value = value.checked_mul(10)?.checked_sub((byte - b'0') as i64)?;
    }
    if negative {
        Some(value)
    } else {
        value.checked_neg()
    }
}

fn pow10(scale: u8) -> Option<i128> {
    10i128.checked_pow(scale as u32)
}

/// Two exact numbers at one scale.
fn aligned(a: Number, b: Number) -> Option<(i128, i128, u8)> {
    let (Exact { units: a, scale: s }, Exact { units: b, scale: t }) = (a, b) else {
        return None;
    };
    if s > SCALE_MAX || t > SCALE_MAX {
        return None;
    }
    let scale = s.max(t);
    Some((
        a as i128 * POW10[(scale - s) as usize] as i128,
        b as i128 * POW10[(scale - t) as usize] as i128,
        scale,
    ))
}

pub(super) fn strip(units: i128, scale: u8) -> (i128, u8) {
    let (mut units, mut scale) = (units, scale);
    if units == 0 {
        return (0, 0);
    }
    while scale > 0 && units % 10 == 0 {
        units /= 10;
        scale -= 1;
    }
    (units, scale)
}

/// Exact if 18 digits hold it, else the nearest float.
pub fn settled(units: i128, scale: u8) -> Number {
    if scale == 0 && units.unsigned_abs() < LIMIT as u128 {
        return Exact {
            units: units as i64,
            scale,
        };
    }
    let (units, scale) = strip(units, scale);
    if units.unsigned_abs() < LIMIT as u128 && scale <= SCALE_MAX {
        Exact {
            units: units as i64,
            scale,
        }
    } else {
        Float(scaled_to_f64(units, scale))
    }
}

/// The float nearest to units / 10^scale.
pub fn scaled_to_f64(units: i128, scale: u8) -> f64 {
    if units.unsigned_abs() <= 1 << 53 && scale <= 22 {
        // Both are exact floats, so the one division rounds correctly.
        return units as f64 / 10f64.powi(scale as i32);
    }
    if scale == 0 {
        return units as f64;
    }
    let mut text = [0u8; 64];
    let mut free = &mut text[..];
    let size = free.len();
    if write!(free, "{units}e-{scale}").is_err() {
        return units as f64 / 10f64.powi(scale as i32);
    }
    let used = size - free.len();
    std::str::from_utf8(&text[..used])
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0.0)
}

/// The float as units and scale, normalised, if 64 bits and the largest scale hold it.
fn exactly(value: f64) -> Option<(i64, u8)> {
    if value == 0.0 {
        return Some((0, 0));
    }
    if !value.is_finite() {
        return None;
    }
    let (mantissa, exponent) = decoded(value);
    let (digits, scale) = if exponent >= 0 {
        if exponent > 63 {
            return None;
        }
        ((mantissa as u128) << exponent, 0)
    } else {
        if exponent < -(SCALE_MAX as i32) {
            return None;
        }
        (
            mantissa as u128 * 5u128.pow(exponent.unsigned_abs()),
            -exponent as u8,
        )
    };
    let units = if value < 0.0 {
        -(digits as i128)
    } else {
        digits as i128
    };
    i64::try_from(units).ok().map(|units| (units, scale))
}

/// |value| as an odd mantissa times a power of two; not for zero, infinities and NaN.
fn decoded(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let biased = (bits >> 52 & 0x7ff) as i32;
    let (mantissa, exponent) = if biased == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, biased - 1075)
    };
    let zeros = mantissa.trailing_zeros();
    (mantissa >> zeros, exponent + zeros as i32)
}

fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b)
        .unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// units / 10^scale against a float, both taken exactly.
fn compare_mixed(units: i64, scale: u8, value: f64) -> Ordering {
    if value.is_nan() {
        return Ordering::Less;
    }
    let sign = if value == 0.0 {
        0
    } else {
        value.signum() as i64
    };
    if units.signum() != sign || sign == 0 {
        return units.signum().cmp(&sign);
    }
    let magnitude = compare_magnitudes(units.unsigned_abs(), scale, value.abs());
    if sign < 0 {
        magnitude.reverse()
    } else {
        magnitude
    }
}

fn compare_magnitudes(units: u64, scale: u8, value: f64) -> Ordering {
    if value >= 1.9e19 {
        return Ordering::Less; // 64 bits do not reach it, whatever the scale
    }
    if scale > SCALE_MAX {
        return scaled_to_f64(units as i128, scale).total_cmp(&value);
    }
    let (mantissa, exponent) = decoded(value);
    let one = POW10[scale as usize] as u128;
    if exponent >= 0 {
        return (units as u128).cmp(&(((mantissa as u128) << exponent) * one));
    }
    let shift = exponent.unsigned_abs();
    let (left, right) = (units as u128, mantissa as u128 * one);
    if left.leading_zeros() <= shift {
        return Ordering::Greater; // left << shift is beyond 2^127, right below 2^113
    }
    (left << shift).cmp(&right)
}

fn round_exact(units: i128, scale: u8, digits: i32) -> Number {
    if digits >= scale as i32 {
        return settled(units, scale);
    }
    let dropped = scale as i64 - digits as i64;
    let Some(unit) = u32::try_from(dropped)
        .ok()
        .and_then(|n| 10i128.checked_pow(n))
    else {
        return Number::ZERO;
    };
    let (whole, rest) = (units / unit, units % unit);
    let up = if rest.abs() * 2 >= unit {
        units.signum()
    } else {
        0
    };
    let whole = whole + up;
    if digits >= 0 {
        return settled(whole, digits as u8);
    }
    match 10i128
        .checked_pow(digits.unsigned_abs())
        .and_then(|factor| whole.checked_mul(factor))
    {
        Some(units) => settled(units, 0),
        None => Float(whole as f64 * 10f64.powi(-digits)),
    }
}

pub(super) fn round_float(value: f64, digits: i32) -> Number {
    if !value.is_finite() {
        return Float(value);
    }
    if let Some((units, scale)) = exactly(value) {
        return round_exact(units as i128, scale, digits);
    }
    if (0..=15).contains(&digits) {
        let scaled = value * POW10[digits as usize] as f64;
        let nearest = scaled.round();
        // Far enough from a half, and small enough, that the product's own rounding cannot matter.
        if scaled.abs() < 1e12 && ((scaled - scaled.trunc()).abs() - 0.5).abs() > 1e-3 {
            return Exact {
                units: nearest as i64,
                scale: digits as u8,
            }
            .normalised();
        }
    }
    if digits < 0 {
        if digits < -308 {
            return Number::ZERO;
        }
        let unit = 10f64.powi(-digits);
        return Float((value / unit).round() * unit);
    }
    if digits > 330 || value.abs() >= 1e16 {
        return Float(value);
    }
    // Halves are exact above, but for long ones, which the exact expansion decides here.
    let text = format!("{value:.*}", digits as usize);
    Number::parse(text.as_bytes()).unwrap_or(Float(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(number: Number) -> String {
        let mut out = Vec::new();
        number.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn reads(text: &str) -> String {
        match Number::parse(text.as_bytes()) {
            Some(number) => written(number),
            None => "none".to_string(),
        }
    }

    #[test]
    fn equal_numbers_have_equal_quotients() {
        let five = |scale: u32| Exact {
            units: 5 * 10_i64.pow(scale),
            scale: scale as _,
        };
        let most = Exact {
            units: 999_999_999_999_999_999,
            scale: 0,
        };
        for scale in 0..=18 {
            let quotient = five(scale).div(most).map(written);
            assert_eq!(quotient.as_deref(), Some("5e-18"), "{scale}");
        }
    }

    #[test]
    fn text_is_read_and_printed_the_shortest_way() {
        for (text, expected) in [
            ("0.30", "0.3"),
            ("-0", "0"),
            ("007", "7"),
            ("5.", "5"),
            (".5", "0.5"),
            ("+.50", "0.5"),
            (" -12.30\t", "-12.3"),
            ("0.05", "0.05"),
            ("123456789012345678", "123456789012345678"),
            ("1234567890123456789", "1234567890123456800"),
            ("1.000000000000000000000000", "1"),
            ("0.000000000000000001", "0.000000000000000001"),
            ("1e21", "1e21"),
            ("1e20", "100000000000000000000"),
            ("15e-10", "1.5e-9"),
            ("1e-7", "0.0000001"),
            ("-1.5E3", "-1500"),
            ("1e999", "none"),
            ("", "none"),
            (".", "none"),
            ("-", "none"),
            ("1_0", "none"),
            ("0x10", "none"),
            ("inf", "none"),
            ("nan", "none"),
            ("1e", "none"),
            ("1 2", "none"),
            ("--1", "none"),
            ("1..2", "none"),
        ] {
            assert_eq!(reads(text), expected, "{text:?}");
        }
    }

    #[test]
    fn arithmetic_is_exact_where_eighteen_digits_hold_it() {
        let n = |text: &str| Number::parse(text.as_bytes()).unwrap();
        for (number, expected) in [
            (n("0.1").add(n("0.2")), "0.3"),
            (n("1.5").sub(n("1.50")), "0"),
            (n("-0.25").mul(n("4")), "-1"),
            (n("999999999999999999").add(n("1")), "1000000000000000000"),
            (n("999999999999999999").mul(n("999999999999999999")), "1e36"),
            (n("0.3").div(n("0.1")).unwrap(), "3"),
            (n("1").div(n("3")).unwrap(), "0.3333333333333333"),
            (n("-7.5").rem(n("2")).unwrap(), "-1.5"),
            (n("-7.5").int_div(n("2")).unwrap(), "-3"),
            (n("1e300").mul(n("1e300")), "1.7976931348623157e308"),
            (n("-7.5").floor(), "-8"),
            (n("-7.5").ceil(), "-7"),
            (n("2.5").round(0), "3"),
            (n("-2.5").round(0), "-3"),
            (n("2.675").round(2), "2.68"),
            (n("2.5e0").round(0), "3"),
            (n("2.675e0").round(2), "2.67"), // the float is below 2.675
            (n("1250").round(-2), "1300"),
            (n("0.1e0").round(20), "0.1"),
            (n("1e22").round(-400), "0"),
        ] {
            assert_eq!(written(number), expected);
        }
        for zero in ["0", "0.00", "0e5", "-0.0"] {
            assert!(n("1").div(n(zero)).is_none() && n("1e0").rem(n(zero)).is_none());
            assert!(n("1").int_div(n(zero)).is_none());
        }
        assert!(n("1e300").mul(n("1e300")).finite().is_none());
        assert_eq!(n("-1e18").to_i64_trunc(), Some(-1_000_000_000_000_000_000));
        assert_eq!(n("1e19").to_i64_trunc(), None);
        assert_eq!(n("-1.99").to_i64_trunc(), Some(-1));
    }

    #[test]
    fn integers_are_read_strictly() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("+7", Some(7)),
            ("", None),
            ("-", None),
            (" 1", None),
            ("1.", None),
        ] {
            assert_eq!(parse_int(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn wide_sums_print_all_their_digits() {
        for (units, scale, expected) in [
            (0, 5, "0"),
            (-1, 3, "-0.001"),
            (12_300, 3, "12.3"),
            (
                i128::from(i64::MAX) * 1_000_001,
                6,
                "9223381260226813.629582807",
            ),
            (1, 30, "0.000000000000000000000000000001"),
            (i128::MIN, 0, "-170141183460469231731687303715884105728"),
        ] {
            let mut out = Vec::new();
            write_scaled(units, scale, &mut out);
            let units_text = String::from_utf8(out).unwrap();
            if scale != 6 {
                assert_eq!(units_text, expected);
            } else {
                assert_eq!(units_text.replace('.', ""), units.to_string());
                assert_eq!(units_text.len() - units_text.find('.').unwrap(), 7);
            }
        }
    }
}
