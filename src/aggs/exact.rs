//! Exact sums by group, of decimals and of floats, rounded once when asked for. Refuses nothing: what 128
//! bits do not hold goes on as a big number, and a float is added as the binary fraction it is. Invariant: a
//! sum depends only on what was added, not on the order, since nothing is rounded before the end.

use super::big::Big;
use super::saved;
use crate::data::Number;
use crate::data::saved::{Damaged, Save, Saved};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A sum for each group.
#[derive(Debug)]
pub struct Sums {
    /// At `scale`. PERF: one scale for all, so that the hot loop knows it before it begins.
    units: Vec<i128>,
    scale: u8,
    /// What left 128 bits, at `scale_max`; added to `units`.
    big: HashMap<u32, Big>,
    scale_max: u8,
    /// Empty until there is a float.
    floats: Vec<FloatSum>,
}

impl Sums {
    /// Sums of numbers whose scale is `scale_max` at most.
    pub fn new(scale_max: u8) -> Sums {
        Sums {
            units: Vec::new(),
            scale: 0,
            big: HashMap::new(),
            scale_max,
            floats: Vec::new(),
        }
    }

    pub fn grow(&mut self, groups: usize) {
        if self.units.len() < groups {
            self.units.resize(groups, 0);
            if !self.floats.is_empty() {
                self.floats.resize_with(groups, FloatSum::default);
            }
        }
    }

    pub fn clear(&mut self) {
        self.units.clear();
        self.big.clear();
        self.floats.clear();
        self.scale = 0;
    }

    pub fn bytes(&self) -> usize {
        let big: usize = self.big.values().map(|big| 48 + big.heap()).sum();
        // A window of a few limbs each.
        let floats = self.floats.capacity() * (size_of::<FloatSum>() + 48);
        self.units.capacity() * 16 + big + floats
    }

    pub fn scale(&self) -> u8 {
        self.scale
    }

    /// Makes `scale` the least that sums are kept at.
    #[inline]
    pub fn raise(&mut self, scale: u8) {
        if scale > self.scale {
            self.rescale(scale);
        }
    }

    #[cold]
    fn rescale(&mut self, scale: u8) {
        let factor = 10i128.pow(u32::from(scale - self.scale));
        for group in 0..self.units.len() {
            match self.units[group].checked_mul(factor) {
                Some(units) => self.units[group] = units,
                None => self.set_aside(group),
            }
        }
        self.scale = scale;
    }

    /// Moves a group's units to its big number.
    #[cold]
    fn set_aside(&mut self, group: usize) {
        let units = Big::from_i128(std::mem::take(&mut self.units[group]));
        self.add_big(group, &units, self.scale);
    }

    /// Adds `value / 10^scale`.
    #[cold]
    pub fn add_big(&mut self, group: usize, value: &Big, scale: u8) {
        let value = value.mul(&Big::pow10(u32::from(self.scale_max - scale)));
        let sum = self.big.entry(group as u32).or_default();
        *sum = sum.add(&value);
    }

    /// Adds units at the scale of the sums.
    #[inline(always)]
    pub fn add(&mut self, group: usize, units: i128) {
        match self.units[group].checked_add(units) {
            Some(sum) => self.units[group] = sum,
            None => self.add_beyond(group, units),
        }
    }

    #[cold]
    fn add_beyond(&mut self, group: usize, units: i128) {
        self.set_aside(group);
        self.units[group] = units;
    }

    /// Adds a finite float. Zeros are left out, which would make every window reach to 2^-1074.
    #[inline]
    pub fn add_float(&mut self, group: usize, value: f64) {
        if value == 0.0 {
            return;
        }
        let (mantissa, exponent) = decoded(value.abs());
        self.float(group).add(mantissa, exponent, value < 0.0);
    }

    /// Adds the square of a float, all of its digits.
    pub fn add_float_square(&mut self, group: usize, value: f64) {
        if value == 0.0 {
            return;
        }
        let (mantissa, exponent) = decoded(value.abs());
        let square = u128::from(mantissa) * u128::from(mantissa);
        let sum = self.float(group);
        sum.add(square as u64, 2 * exponent, false);
        sum.add((square >> 64) as u64, 2 * exponent + 64, false);
    }

    fn float(&mut self, group: usize) -> &mut FloatSum {
        if self.floats.is_empty() {
            self.floats.resize_with(self.units.len(), FloatSum::default);
        }
        &mut self.floats[group]
    }

    pub fn merge(&mut self, groups: &[u32], other: &Sums, theirs: &[u32]) {
        self.raise(other.scale);
        let factor = 10i128.pow(u32::from(self.scale - other.scale));
        if factor == 1 {
            for (&group, &from) in groups.iter().zip(theirs) {
                self.add(group as usize, other.units[from as usize]);
            }
        } else {
            for (&group, &from) in groups.iter().zip(theirs) {
                let units = other.units[from as usize];
                match units.checked_mul(factor) {
                    Some(units) => self.add(group as usize, units),
                    None => self.add_big(group as usize, &Big::from_i128(units), other.scale),
                }
            }
        }
        if !other.big.is_empty() {
            for (&group, from) in groups.iter().zip(theirs) {
                if let Some(big) = other.big.get(from) {
                    self.add_big(group as usize, big, self.scale_max);
                }
            }
        }
        if !other.floats.is_empty() {
            for (&group, &from) in groups.iter().zip(theirs) {
                let sum = &other.floats[from as usize];
                if !sum.limbs.is_empty() {
                    self.float(group as usize).merge(sum);
                }
            }
        }
    }

    /// The sum in 128 bits at [`Sums::scale`], where it has no other parts.
    #[inline]
    pub fn small(&self, group: usize) -> Option<i128> {
        let apart = self
            .floats
            .get(group)
            .is_some_and(|sum| !sum.limbs.is_empty())
            || (!self.big.is_empty() && self.big.contains_key(&(group as u32)));
        (!apart).then(|| self.units[group])
    }

    /// The sum as a number: exact where 18 digits hold it, else the nearest float, as is every sum that a
    /// float is part of. Nothing if it is beyond all floats.
    pub fn number(&self, group: usize) -> Option<Number> {
        if let Some(units) = self.small(group) {
            return Some(crate::bytes::number::settled(units, self.scale));
        }
        let big = self.big.get(&(group as u32));
        let floats = self.floats.get(group).filter(|sum| !sum.limbs.is_empty());
        let sum = match floats {
            Some(sum) if big.is_none() && self.units[group] == 0 => {
                let (sum, exponent) = sum.value();
                sum.scaled(exponent)
            }
            Some(_) => self.ratio(group).nearest(),
            None => {
                let (mut units, mut scale) = (self.ratio(group).over, self.scale_max);
                while scale > 0
                    && let Some(tenth) = units.tenth()
                {
                    (units, scale) = (tenth, scale - 1);
                }
                if let Some(units) = units.to_i128() {
                    return Some(crate::bytes::number::settled(units, scale));
                }
                units.ratio(&Big::pow10(u32::from(scale)))
            }
        };
        Number::Float(sum).finite()
    }

    /// The sum as a fraction.
    pub fn ratio(&self, group: usize) -> Ratio {
        let lift = Big::pow10(u32::from(self.scale_max - self.scale));
        let mut over = Big::from_i128(self.units[group]).mul(&lift);
        if let Some(big) = self.big.get(&(group as u32)) {
            over = over.add(big);
        }
        let decimal = Big::pow10(u32::from(self.scale_max));
        match self.floats.get(group).map(FloatSum::value) {
            Some((sum, exponent)) if !sum.is_zero() => {
                let binary = usize::try_from(-exponent).unwrap_or(0);
                let lift = usize::try_from(exponent).unwrap_or(0);
                let over = over.shl(binary).add(&sum.shl(lift).mul(&decimal));
                Ratio {
                    over,
                    decimal,
                    binary,
                }
            }
            _ => Ratio {
                over,
                decimal,
                binary: 0,
            },
        }
    }
}

impl Sums {
    /// Puts all sums. Most are small.
    pub fn save(&self, to: &mut Save) {
        let is_small = |units: &i128| i64::try_from(*units).is_ok();
        let small = self.units.iter().all(is_small);
        to.put(&(self.scale, small));
        match small {
            true => to.put_flat_by(self.units.len(), |i| self.units[i] as i64),
            false => to.put_slice(&self.units),
        }
        let mut big: Vec<(u32, &Big)> = self.big.iter().map(|(group, big)| (*group, big)).collect();
        big.sort_unstable_by_key(|(group, _)| *group);
        to.put(&big);
        let floats = (0u32..).zip(&self.floats);
        let floats: Vec<(u32, &FloatSum)> =
            floats.filter(|(_, sum)| !sum.limbs.is_empty()).collect();
        to.put(&floats);
    }

    /// Takes the sums of at most `groups` groups in place of its own.
    pub fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.clear();
        let (scale, small): (u8, bool) = from.take()?;
        let units: Vec<i128> = match small {
            true => {
                let units = saved::each::<i64>(from, groups)?;
                units.into_iter().map(i128::from).collect()
            }
            false => saved::each(from, groups)?,
        };
        let big: Vec<(u32, Big)> = from.take()?;
        let floats: Vec<(u32, FloatSum)> = from.take()?;
        let len = units.len();
        if scale > self.scale_max
            || !saved::is_ascending(big.iter().map(|(group, _)| *group), len)
            || !saved::is_ascending(floats.iter().map(|(group, _)| *group), len)
            || !big.iter().all(|(_, big)| big.is_whole())
            || !floats.iter().all(|(_, sum)| sum.is_whole())
        {
            return Err(Damaged);
        }
        (self.units, self.scale) = (units, scale);
        self.big = big.into_iter().collect();
        for (group, sum) in floats {
            *self.float(group as usize) = sum;
        }
        self.grow(groups);
        Ok(())
    }
}

/// `over / (decimal * 2^binary)`
pub struct Ratio {
    pub over: Big,
    pub decimal: Big,
    pub binary: usize,
}

impl Ratio {
    pub fn under(&self) -> Big {
        self.decimal.shl(self.binary)
    }

    pub fn nearest(&self) -> f64 {
        self.over.ratio(&self.under())
    }
}

/// The float nearest to `over / under`.
pub fn nearest(over: i128, under: u128) -> f64 {
    const WHOLE: u128 = 1 << 53;
    if over.unsigned_abs() <= WHOLE && under <= WHOLE {
        // Both are floats as they are, so that the division is the one rounding.
        return over as f64 / under as f64;
    }
    Big::from_i128(over).ratio(&Big::from_u128(under))
}

/// An exact sum of floats: a window of base-2^32 digits with signs and room for carries, as wide as what was
/// added asks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FloatSum {
    /// The value is the sum of `limbs[i] * 2^(32 * (low + i))`.
    limbs: Vec<i64>,
    low: i32,
    /// How many times a limb can have grown by 2^32 since carries were last moved.
    adds: u32,
}

/// So many additions leave room in 63 bits.
const ADDS_MAX: u32 = 1 << 29;
/// Limbs below and above this have no float's digits, nor a square's; with room for carries.
const LIMBS: std::ops::Range<i32> = -100..200;

impl FloatSum {
    /// Adds `±mantissa * 2^exponent`.
    #[inline]
    fn add(&mut self, mantissa: u64, exponent: i32, negative: bool) {
        let low = exponent.div_euclid(32);
        if self.limbs.is_empty() || low < self.low || low + 3 > self.low + self.limbs.len() as i32 {
            self.widen(low, low + 3);
        }
        let wide = u128::from(mantissa) << exponent.rem_euclid(32);
        let sign = if negative { -1 } else { 1 };
        let at = (low - self.low) as usize;
        let limbs = &mut self.limbs[at..at + 3];
        limbs[0] += sign * i64::from(wide as u32);
        limbs[1] += sign * i64::from((wide >> 32) as u32);
        limbs[2] += sign * i64::from((wide >> 64) as u32);
        self.adds += 1;
        if self.adds >= ADDS_MAX {
            self.carry();
        }
    }

    /// Makes room for the limbs `low..high`.
    #[cold]
    fn widen(&mut self, low: i32, high: i32) {
        if self.limbs.is_empty() {
            self.low = low;
        }
        if low < self.low {
            let more = (self.low - low) as usize;
            self.limbs.splice(0..0, std::iter::repeat_n(0, more));
            self.low = low;
        }
        let size = (high - self.low) as usize;
        if self.limbs.len() < size {
            self.limbs.resize(size, 0);
        }
    }

    /// Brings all limbs but the last into 32 bits.
    fn carry(&mut self) {
        let mut carry = 0;
        for limb in &mut self.limbs {
            let wide = *limb + carry;
            *limb = wide & 0xffff_ffff;
            carry = wide >> 32;
        }
        if carry != 0 {
            self.limbs.push(carry);
        }
        self.adds = 1;
    }

    fn merge(&mut self, other: &FloatSum) {
        if self.adds + other.adds >= ADDS_MAX {
            self.carry();
        }
        self.widen(other.low, other.low + other.limbs.len() as i32);
        let at = (other.low - self.low) as usize;
        for (mine, theirs) in self.limbs[at..].iter_mut().zip(&other.limbs) {
            *mine += theirs;
        }
        self.adds += other.adds;
        if self.adds >= ADDS_MAX {
            self.carry();
        }
    }

    /// Whether it can be the sum of so many floats.
    fn is_whole(&self) -> bool {
        let len = i32::try_from(self.limbs.len()).unwrap_or(i32::MAX);
        let most = (u64::from(self.adds) + 1) << 32;
        self.adds < ADDS_MAX
            && LIMBS.contains(&self.low)
            && len <= LIMBS.end - self.low
            && self.limbs.iter().all(|limb| limb.unsigned_abs() <= most)
    }

    /// The value as a whole number and the power of two that it is to be multiplied by.
    fn value(&self) -> (Big, i64) {
        // Positive and negative limbs each make a number of their own.
        let mut parts = [Big::default(), Big::default()];
        for (i, &limb) in self
            .limbs
            .iter()
            .enumerate()
            .filter(|(_, limb)| **limb != 0)
        {
            let part = &mut parts[usize::from(limb < 0)];
            *part = part.add(&Big::from_i128(i128::from(limb).abs()).shl(32 * i));
        }
        let [above, below] = parts;
        (above.sub(&below), 32 * i64::from(self.low))
    }
}

/// A float that is not negative as a whole number times a power of two.
pub fn decoded(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52 & 0x7ff) as i32 {
        0 => (fraction, -1074),
        biased => (fraction | 1 << 52, biased - 1075),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum_of(values: &[f64]) -> f64 {
        let mut sums = Sums::new(18);
        sums.grow(1);
        for &value in values {
            sums.add_float(0, value);
        }
        sums.ratio(0).nearest()
    }

    proptest! {
        #[test]
        fn one_float_sums_to_itself(value: f64) {
            prop_assume!(value.is_finite());
            prop_assert_eq!(sum_of(&[value]), value);
        }

        #[test]
        fn two_floats_sum_as_the_machine_does(a: f64, b: f64) {
            prop_assume!((a + b).is_finite() && a.is_finite() && b.is_finite());
            prop_assert_eq!(sum_of(&[a, b]), a + b);
            prop_assert_eq!(sum_of(&[a, b, -a]), b);
        }

        #[test]
        fn a_quotient_is_the_nearest_float(over: i128, under in 1u128..) {
            let wide = Big::from_i128(over).ratio(&Big::from_u128(under));
            prop_assert_eq!(nearest(over, under), wide);
            prop_assert_eq!(nearest(over >> 75, 8), (over >> 75) as f64 / 8.0);
        }
    }

    #[test]
    fn overflow_goes_on_exactly() {
        let mut sums = Sums::new(18);
        sums.grow(2);
        for _ in 0..3 {
            sums.add(0, i128::MAX);
        }
        sums.raise(18);
        sums.add(0, 500_000_000_000_000_000);
        for _ in 0..3 {
            sums.add_big(0, &Big::from_i128(-i128::MAX), 0);
        }
        assert_eq!(sums.number(0), Number::parse(b"0.5"));
        assert_eq!(sums.number(1), Number::parse(b"0"));
    }

    #[test]
    fn carries_keep_the_value() {
        let mut sum = FloatSum::default();
        for i in 0..100 {
            sum.add(u64::MAX, i % 40, i % 3 == 0);
        }
        let before = sum.value();
        let (value, exponent) = before.clone();
        sum.carry();
        let after = sum.value();
        assert_eq!((value, exponent), after);
        assert_eq!(before.0.scaled(before.1), after.0.scaled(after.1));
    }
}
