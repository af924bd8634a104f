//! Whole numbers of any size, as few operations as exact sums need: sums that overflow 128 bits, and the one
//! rounding at the end. Slow and simple; nothing here runs once a row unless sums overflow. Invariant: no
//! leading zero digits, and zero is not negative.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Sign and magnitude; digits of 32 bits, the lowest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Big {
    negative: bool,
    digits: Vec<u32>,
}

impl Big {
    pub fn from_i128(value: i128) -> Big {
        let mut rest = value.unsigned_abs();
        let mut digits = Vec::new();
        while rest != 0 {
            digits.push(rest as u32);
            rest >>= 32;
        }
        Big {
            negative: value < 0,
            digits,
        }
    }

    pub fn from_u128(value: u128) -> Big {
        let half = Big::from_i128((value >> 1) as i128);
        half.add(&half).add(&Big::from_i128((value & 1) as i128))
    }

    pub fn pow10(power: u32) -> Big {
        let mut out = Big::from_i128(1);
        for _ in 0..power {
            out = out.mul(&Big::from_i128(10));
        }
        out
    }

    fn new(negative: bool, mut digits: Vec<u32>) -> Big {
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Big {
            negative: negative && !digits.is_empty(),
            digits,
        }
    }

    /// Whether it keeps the invariant, having been read from somewhere.
    pub fn is_whole(&self) -> bool {
        match self.digits.last() {
            Some(&top) => top != 0,
            None => !self.negative,
        }
    }

    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    pub fn to_i128(&self) -> Option<i128> {
        if self.bits() > 127 {
            return None;
        }
        let size = self
            .digits
            .iter()
            .rev()
            .fold(0i128, |size, &digit| size << 32 | i128::from(digit));
        Some(if self.negative { -size } else { size })
    }

    /// How many bits the magnitude has.
    pub fn bits(&self) -> usize {
        match self.digits.last() {
            Some(top) => self.digits.len() * 32 - top.leading_zeros() as usize,
            None => 0,
        }
    }

    /// Memory behind it, about.
    pub fn heap(&self) -> usize {
        self.digits.capacity() * 4
    }

    pub fn neg(&self) -> Big {
        Big::new(!self.negative, self.digits.clone())
    }

    pub fn add(&self, other: &Big) -> Big {
        if self.negative == other.negative {
            return Big::new(self.negative, add_digits(&self.digits, &other.digits));
        }
        match compare(&self.digits, &other.digits) {
            Ordering::Less => Big::new(other.negative, sub_digits(&other.digits, &self.digits)),
            _ => Big::new(self.negative, sub_digits(&self.digits, &other.digits)),
        }
    }

    pub fn sub(&self, other: &Big) -> Big {
        self.add(&other.neg())
    }

    pub fn mul(&self, other: &Big) -> Big {
        let mut out = vec![0u32; self.digits.len() + other.digits.len()];
        for (i, &a) in self.digits.iter().enumerate() {
            let mut carry = 0u64;
            for (j, &b) in other.digits.iter().enumerate() {
                let sum = u64::from(a) * u64::from(b) + u64::from(out[i + j]) + carry;
                out[i + j] = sum as u32;
                carry = sum >> 32;
            }
            out[i + other.digits.len()] = carry as u32;
        }
        Big::new(self.negative != other.negative, out)
    }

    pub fn shl(&self, bits: usize) -> Big {
        let (whole, part) = (bits / 32, bits % 32);
        let mut out = vec![0u32; whole];
        let mut carry = 0u32;
        for &digit in &self.digits {
            let wide = u64::from(digit) << part;
            out.push(wide as u32 | carry);
            carry = (wide >> 32) as u32;
        }
        out.push(carry);
        Big::new(self.negative, out)
    }

    /// A tenth, if that is whole.
    pub fn tenth(&self) -> Option<Big> {
        let mut out = self.digits.clone();
        let mut rest = 0u64;
        for digit in out.iter_mut().rev() {
            let wide = rest << 32 | u64::from(*digit);
            *digit = (wide / 10) as u32;
            rest = wide % 10;
        }
        (rest == 0).then(|| Big::new(self.negative, out))
    }

    /// The float nearest to `self / divisor` (which is positive), halves to even.
    pub fn ratio(&self, divisor: &Big) -> f64 {
        if self.is_zero() {
            return 0.0;
        }
        // The quotient is brought to 66 or 67 bits: more than a float has, and the rest only breaks ties.
        let shift = 66 + divisor.bits() as i64 - self.bits() as i64;
        let (mut rest, mut divisor) = match shift {
            0.. => (self.shl(shift as usize).digits, divisor.clone()),
            _ => (
                self.digits.clone(),
                divisor.shl(shift.unsigned_abs() as usize),
            ),
        };
        divisor = divisor.shl(67);
        let mut quotient = 0u128;
        for _ in 0..=67 {
            quotient <<= 1;
            if compare(&rest, &divisor.digits) != Ordering::Less {
                rest = Big::new(false, sub_digits(&rest, &divisor.digits)).digits;
                quotient |= 1;
            }
            halve(&mut divisor.digits);
        }
        rounded(self.negative, quotient, -shift, !rest.is_empty())
    }

    /// The float nearest to `self * 2^exponent`, halves to even.
    pub fn scaled(&self, exponent: i64) -> f64 {
        let mut top = 0u128;
        let taken = self.digits.len().min(4);
        let below = self.digits.len() - taken;
        for &digit in self.digits[below..].iter().rev() {
            top = top << 32 | u128::from(digit);
        }
        let sticky = self.digits[..below].iter().any(|&digit| digit != 0);
        rounded(self.negative, top, exponent + 32 * below as i64, sticky)
    }
}

/// The float nearest to `±mantissa * 2^exponent`, where `sticky` says that a little is missing.
fn rounded(negative: bool, mantissa: u128, exponent: i64, sticky: bool) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let bits = 128 - i64::from(mantissa.leading_zeros());
    let top = exponent + bits - 1;
    // Subnormal numbers have fewer digits: none below 2^-1074.
    let lowest = (top - 52).max(-1074);
    let dropped = lowest - exponent;
    let (mut kept, half, rest) = match dropped {
        ..=0 => (mantissa << -dropped, false, sticky),
        1..=127 => {
            let half = mantissa >> (dropped - 1) & 1 != 0;
            let rest = mantissa & ((1 << (dropped - 1)) - 1) != 0;
            (mantissa >> dropped, half, rest || sticky)
        }
        128 => (0, mantissa >> 127 != 0, mantissa << 1 != 0 || sticky),
        _ => (0, false, true),
    };
    if half && (rest || kept & 1 != 0) {
        kept += 1;
    }
    let size = if top > 1023 {
        f64::INFINITY
    } else if lowest > -1074 {
        // kept has 53 bits, or is 2^53 after rounding up; both factors are exact.
        let low = lowest / 2;
        kept as f64 * power_of_two(low) * power_of_two(lowest - low)
    } else {
        f64::from_bits(kept as u64)
    };
    if negative { -size } else { size }
}

fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

fn compare(a: &[u32], b: &[u32]) -> Ordering {
    a.len()
        .cmp(&b.len())
        .then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

fn add_digits(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut out = Vec::with_capacity(a.len().max(b.len()) + 1);
    let mut carry = 0u64;
    for i in 0..a.len().max(b.len()) {
        let digit = |from: &[u32]| u64::from(from.get(i).copied().unwrap_or(0));
        let sum = digit(a) + digit(b) + carry;
        out.push(sum as u32);
        carry = sum >> 32;
    }
    out.push(carry as u32);
    out
}

/// `a - b`, where `a` is not below `b`.
fn sub_digits(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut borrow = 0i64;
    a.iter()
        .enumerate()
        .map(|(i, &digit)| {
            let wide = i64::from(digit) - i64::from(b.get(i).copied().unwrap_or(0)) + borrow;
            borrow = wide >> 32;
            wide as u32
        })
        .collect()
}

fn halve(digits: &mut Vec<u32>) {
    let mut carry = 0u32;
    for digit in digits.iter_mut().rev() {
        let low = *digit & 1;
        *digit = *digit >> 1 | carry << 31;
        carry = low;
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_and_products_are_those_of_128_bits(a: i64, b: i64, c: i64) {
            let big = |value: i64| Big::from_i128(value.into());
            let got = big(a).mul(&big(b)).add(&big(c)).sub(&big(b)).to_i128();
            prop_assert_eq!(got, Some(i128::from(a) * i128::from(b) + i128::from(c) - i128::from(b)));
            let shifted = Big::from_i128(i128::from(a)).shl(40).to_i128();
            prop_assert_eq!(shifted, Some(i128::from(a) << 40));
        }

        #[test]
        fn a_ratio_is_the_nearest_float(units: i64, scale in 0u32..18) {
            // The standard library reads decimals with one correct rounding.
            let nearest: f64 = format!("{units}e-{scale}").parse().unwrap();
            prop_assert_eq!(Big::from_i128(units.into()).ratio(&Big::pow10(scale)), nearest);
        }

        #[test]
        fn a_wide_ratio_is_the_nearest_float(mantissa: u64, power in 0u32..660) {
            let nearest: f64 = format!("{mantissa}e{}", i64::from(power) - 340).parse().unwrap();
            let (up, down) = (power.saturating_sub(340), 340u32.saturating_sub(power));
            let number = Big::from_u128(mantissa.into()).mul(&Big::pow10(up));
            prop_assert_eq!(number.ratio(&Big::pow10(down)), nearest);
        }

        #[test]
        fn a_float_scaled_is_itself(value: f64, down in 0usize..200) {
            prop_assume!(value.is_finite());
            let (mantissa, exponent) = super::super::exact::decoded(value.abs());
            let big = Big::from_u128(mantissa.into()).shl(down);
            prop_assert_eq!(big.scaled(i64::from(exponent) - down as i64), value.abs());
        }
    }

    #[test]
    fn tenths_only_where_whole() {
        assert_eq!(Big::from_i128(-1230).tenth(), Some(Big::from_i128(-123)));
        assert_eq!(Big::from_i128(123).tenth(), None);
        assert_eq!(Big::from_u128(u128::MAX).bits(), 128);
    }
}
