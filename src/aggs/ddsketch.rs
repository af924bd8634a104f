//! DDSketch: any quantile of any number of values, each within 1 %. Keeps no values, and decides nothing by
//! the order they come in. Invariant: buckets depend on the multiset of values only, so merging is adding counts.
//!
//! Masson, Rim, Lee: DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees,
//! PVLDB 12 (2019). A bucket holds the values of (g^i, g^(i+1)]; their middle is within (g-1)/(g+1) of each.
//! Here g is the 35th root of 2 (0.990 %): so many buckets are an octave, and which one a value is in follows
//! from its exponent and a comparison of its fraction, without a logarithm, whose last digit would differ
//! between machines. A bucket whose values are all equal gives that value, as small whole numbers do, and the
//! ends are kept too.

use super::saved;
use crate::data::Number;
use serde::{Deserialize, Serialize};

/// Buckets of an octave.
const BUCKETS: usize = 35;
/// 2^(1/35).
const RATIO: f64 = 1.020_001_609_421_199_2;
const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
const FRACTION: u64 = (1 << FRACTION_BITS) - 1;

/// The fractions at which the buckets of an octave begin, and its end.
const BEGINS: [u64; BUCKETS + 1] = {
    let mut begins = [1 << FRACTION_BITS; BUCKETS + 1];
    let (mut value, mut i) = (1.0f64, 0);
    while i < BUCKETS {
        begins[i] = value.to_bits() & FRACTION;
        value *= RATIO;
        i += 1;
    }
    begins
};

/// The leading bits of a fraction that [`NEAR`] knows: a bucket is wider than what share them.
const NEAR_BITS: u32 = 7;
/// The bucket of the least fraction with these leading bits; others may be in the next.
const NEAR: [u8; 1 << NEAR_BITS] = {
    let mut near = [0; 1 << NEAR_BITS];
    let (mut i, mut bucket) = (0, 0);
    while i < near.len() {
        while BEGINS[bucket + 1] <= (i as u64) << (FRACTION_BITS - NEAR_BITS) {
            bucket += 1;
        }
        near[i] = bucket as u8;
        i += 1;
    }
    near
};

#[derive(Default)]
pub struct DdSketch {
    count: u64,
    zeros: u64,
    positive: Side,
    negative: Side,
    least: f64,
    most: f64,
}

/// The values of one sign, by their amount.
#[derive(Default)]
struct Side {
    /// The octaves from `first` on; those without values take no room.
    octaves: Vec<Option<Box<Octave>>>,
    first: i32,
}

type Octave = [Bucket; BUCKETS];

fn empty() -> Box<Octave> {
    Box::new([Bucket::default(); BUCKETS])
}

#[derive(Copy, Clone, Default)]
struct Bucket {
    count: u64,
    /// The amount of all its values; NaN if they differ.
    only: f64,
}

/// A sketch as it is saved.
#[derive(Serialize, Deserialize)]
pub struct Parts {
    zeros: u64,
    least: f64,
    most: f64,
    positive: Vec<Filled>,
    negative: Vec<Filled>,
}

/// A bucket that has values: its octave, its place there and what is in it.
type Filled = (i32, u8, u64, f64);

/// The octaves of floats.
const OCTAVES: std::ops::RangeInclusive<i32> = -1074..=1023;

impl DdSketch {
    pub fn parts(&self) -> Parts {
        Parts {
            zeros: self.zeros,
            least: self.least,
            most: self.most,
            positive: self.positive.parts(),
            negative: self.negative.parts(),
        }
    }

    /// The sketch of such parts; `None`: they are of none.
    pub fn of_parts(parts: Parts) -> Option<DdSketch> {
        let Parts {
            zeros, least, most, ..
        } = parts;
        let buckets = parts.positive.iter().chain(&parts.negative);
        let counts = buckets.map(|bucket| bucket.2).chain([zeros]);
        let whole = least.is_finite() && most.is_finite() && least <= most;
        whole.then_some(DdSketch {
            count: saved::total(counts).ok()?,
            zeros,
            positive: Side::of_parts(&parts.positive)?,
            negative: Side::of_parts(&parts.negative)?,
            least,
            most,
        })
    }

    /// Adds a finite value that occurs `count` times.
    #[inline]
    pub fn add(&mut self, value: f64, count: u64) {
        debug_assert!(value.is_finite());
        if self.count == 0 || value < self.least {
            self.least = value;
        }
        if self.count == 0 || value > self.most {
            self.most = value;
        }
        self.count += count;
        if value > 0.0 {
            self.positive.add(value, count);
        } else if value < 0.0 {
            self.negative.add(-value, count);
        } else {
            self.zeros += count;
        }
    }

    pub fn merge(&mut self, other: &DdSketch) {
        if other.count == 0 {
            return;
        }
        let none = self.count == 0;
        if none || other.least < self.least {
            self.least = other.least;
        }
        if none || other.most > self.most {
            self.most = other.most;
        }
        self.count += other.count;
        self.zeros += other.zeros;
        self.positive.merge(&other.positive);
        self.negative.merge(&other.negative);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// The value of a rank from 1 to the count, within 1 %.
    pub fn at(&self, rank: u64) -> Number {
        if rank <= 1 || rank >= self.count {
            let end = if rank <= 1 { self.least } else { self.most };
            return decimal(end);
        }
        let mut before = 0;
        let mut reached = |count: u64| {
            before += count;
            before >= rank
        };
        let mut negative = self.negative.buckets().rev();
        if let Some(place) = negative.find(|place| reached(place.2.count)) {
            return self.shown(-middle(place));
        }
        if reached(self.zeros) {
            return Number::ZERO;
        }
        match self.positive.buckets().find(|place| reached(place.2.count)) {
            Some(place) => self.shown(middle(place)),
            None => decimal(self.most),
        }
    }

    /// As a decimal, and not beyond what there was.
    fn shown(&self, value: f64) -> Number {
        decimal(value.clamp(self.least, self.most))
    }

    /// Memory behind it.
    pub fn bytes(&self) -> usize {
        let side = |side: &Side| {
            let octaves = side.octaves.iter().flatten().count();
            side.octaves.capacity() * 8 + octaves * size_of::<Octave>()
        };
        size_of::<DdSketch>() + side(&self.positive) + side(&self.negative)
    }
}

impl Side {
    fn parts(&self) -> Vec<Filled> {
        let buckets = self.buckets().filter(|bucket| bucket.2.count > 0);
        let parts =
            buckets.map(|(octave, at, bucket)| (octave, at as u8, bucket.count, bucket.only));
        parts.collect()
    }

    fn of_parts(parts: &[Filled]) -> Option<Side> {
        let mut side = Side::default();
        for &(octave, at, count, only) in parts {
            let at = usize::from(at);
            let own = only.is_finite() && only > 0.0 && place(only) == (octave, at);
            if at >= BUCKETS || !OCTAVES.contains(&octave) || !(only.is_nan() || own) {
                return None;
            }
            let bucket = &mut side.octave(octave)[at];
            if count == 0 || bucket.count > 0 {
                return None;
            }
            *bucket = Bucket { count, only };
        }
        Some(side)
    }

    #[inline]
    fn add(&mut self, amount: f64, count: u64) {
        let (octave, bucket) = place(amount);
        let bucket = &mut self.octave(octave)[bucket];
        bucket.add(count, amount);
    }

    #[inline]
    fn octave(&mut self, octave: i32) -> &mut Octave {
        let at = octave.wrapping_sub(self.first) as usize;
        if !matches!(self.octaves.get(at), Some(Some(_))) {
            self.make(octave);
        }
        let at = (octave - self.first) as usize;
        self.octaves[at].get_or_insert_with(empty)
    }

    #[cold]
    fn make(&mut self, octave: i32) {
        if self.octaves.is_empty() {
            self.first = octave;
        }
        let missing = (self.first - octave).max(0) as usize;
        self.octaves
            .splice(..0, std::iter::repeat_with(|| None).take(missing));
        self.first = self.first.min(octave);
        let needed = (octave - self.first) as usize + 1;
        if self.octaves.len() < needed {
            self.octaves.resize_with(needed, || None);
        }
        self.octaves[needed - 1] = Some(empty());
    }

    fn merge(&mut self, other: &Side) {
        for (octave, theirs) in (other.first..).zip(&other.octaves) {
            if let Some(theirs) = theirs {
                let mine = self.octave(octave);
                for (mine, theirs) in mine.iter_mut().zip(theirs.iter()) {
                    if theirs.count > 0 {
                        mine.add(theirs.count, theirs.only);
                    }
                }
            }
        }
    }

    /// What there is, by amount: octave, bucket and its contents.
    fn buckets(&self) -> impl DoubleEndedIterator<Item = (i32, usize, &Bucket)> {
        let octaves = self.octaves.iter().enumerate();
        octaves.flat_map(|(at, octave)| {
            let octave_number = self.first + at as i32;
            let buckets = octave.iter().flat_map(|octave| octave.iter().enumerate());
            buckets.map(move |(bucket, contents)| (octave_number, bucket, contents))
        })
    }
}

impl Bucket {
    #[inline]
    fn add(&mut self, count: u64, amount: f64) {
        if self.only != amount {
            self.only = if self.count == 0 { amount } else { f64::NAN };
        }
        self.count += count;
    }
}

/// The octave of a positive number, 0 for those from 1 to 2, and its bucket there.
#[inline]
fn place(amount: f64) -> (i32, usize) {
    let bits = amount.to_bits();
    let exponent = (bits >> FRACTION_BITS) as i32;
    if exponent == 0 {
        return place_of_subnormal(amount);
    }
    let fraction = bits & FRACTION;
    let near = usize::from(NEAR[(fraction >> (FRACTION_BITS - NEAR_BITS)) as usize]);
    let bucket = near + usize::from(fraction >= BEGINS[near + 1]);
    (exponent - f64::MAX_EXP + 1, bucket)
}

/// Below 1e-307. The error is that of the others as long as such numbers have digits for it.
#[cold]
fn place_of_subnormal(amount: f64) -> (i32, usize) {
    const UP: i32 = 60;
    let (octave, bucket) = place(amount * (1u64 << UP) as f64);
    (octave - UP, bucket)
}

/// The amount that is as near, by ratio, to the least of a bucket as to the largest; to five digits, which
/// adds 0.005 % at most.
fn middle((octave, bucket, contents): (i32, usize, &Bucket)) -> f64 {
    if !contents.only.is_nan() {
        return contents.only;
    }
    let one = 1.0f64.to_bits();
    let low = f64::from_bits(one + BEGINS[bucket]);
    let high = f64::from_bits(one + BEGINS[bucket + 1]);
    // In two steps, as no float is as small as some powers.
    let power =
        |exponent: i32| f64::from_bits(((f64::MAX_EXP - 1 + exponent) as u64) << FRACTION_BITS);
    let value = 2.0 * low * high / (low + high) * power(octave / 2) * power(octave - octave / 2);
    format!("{value:.4e}").parse().unwrap_or(value)
}

/// The shortest decimal that reads as the float.
fn decimal(value: f64) -> Number {
    let mut text = Vec::new();
    Number::Float(value).write(&mut text);
    Number::parse(&text).unwrap_or(Number::Float(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// SplitMix64, as a number from 0 to 1.
    fn random(seed: u64) -> impl Iterator<Item = f64> {
        (1u64..).map(move |i| {
            let z = (seed.wrapping_add(i)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ z >> 31) >> 11) as f64 / (1u64 << 53) as f64
        })
    }

    fn of(values: &[f64]) -> DdSketch {
        let mut sketch = DdSketch::default();
        values.iter().for_each(|&value| sketch.add(value, 1));
        sketch
    }

    /// Every rank is within 1 % of the exact answer, and the ends are exact.
    fn check(what: &str, mut values: Vec<f64>) {
        let sketch = of(&values);
        values.sort_by(f64::total_cmp);
        for (i, &exact) in values.iter().enumerate() {
            let got = sketch.at(i as u64 + 1).to_f64();
            let off = (got - exact).abs();
            assert!(
                off <= 0.01 * exact.abs(),
                "{what}: rank {}: {got} for {exact}",
                i + 1
            );
        }
        for end in [0, values.len() - 1] {
            assert_eq!(sketch.at(end as u64 + 1).to_f64(), values[end], "{what}");
        }
    }

    /// EVENT-TIME 2.11: value within 1 % for every quantile.
    #[test]
    fn every_quantile_of_every_distribution_is_within_one_percent() {
        let of = |make: fn(f64) -> f64| random(7).take(20_000).map(make).collect::<Vec<f64>>();
        check("uniform", of(|x| x * 1000.0));
        check("exponential", of(|x| -x.ln() * 0.003));
        check("negative", of(|x| -1.0 / (x + 1e-9)));
        check("around zero", of(|x| ((x - 0.5) * 2000.0).round() / 100.0));
        check("heavy duplicates", of(|x| (x * 12.0).floor() * 100.0));
        check("small whole numbers", of(|x| (x * 200.0).floor()));
        check("one value", vec![0.1; 9000]);
        check("all magnitudes", of(|x| (x * 1380.0 - 690.0).exp()));
        check("the largest", of(|x| f64::MAX * (0.5 + x / 2.0)));
        check("zeros", of(|x| if x < 0.5 { -0.0 } else { 0.0 }));
    }

    #[test]
    fn values_with_a_bucket_of_their_own_are_exact() {
        let sketch = of(&(0..5000)
            .map(|i| f64::from(i % 100) / 10.0)
            .collect::<Vec<_>>());
        // 0 to 4.9 in steps of a tenth: closer than 2 % from 5 on.
        for tenth in 0..50 {
            let rank = tenth as u64 * 50 + 25;
            let exact = Number::Exact {
                units: tenth,
                scale: 1,
            };
            assert_eq!(sketch.at(rank), exact);
        }
    }

    #[test]
    fn octaves_have_35_buckets_of_one_ratio() {
        for (i, begin) in BEGINS.iter().enumerate() {
            let begin = f64::from_bits(1.0f64.to_bits() + begin);
            let error = begin.powi(35) / 2f64.powi(i as i32) - 1.0;
            assert!(error.abs() < 1e-12, "{i}: {error}");
        }
        let alpha = (RATIO - 1.0) / (RATIO + 1.0);
        // With what rounding to five digits adds.
        assert!(alpha + 1.01 * 5e-5 < 0.01);
    }

    /// EVENT-TIME 2.11: about 1,600 buckets from 1 ns to 1 day.
    #[test]
    fn memory_goes_by_the_range() {
        let days = random(3).take(100_000).map(|x| 86_400e9f64.powf(x));
        let sketch = of(&days.collect::<Vec<_>>());
        assert!(sketch.bytes() < 30_000, "{}", sketch.bytes());
        let wide = of(&[1e-308, 1e308, -1e308, 5e-324]);
        assert!(wide.bytes() < 100_000, "{}", wide.bytes());
    }

    fn any_value() -> impl Strategy<Value = f64> {
        let bits = any::<u64>().prop_map(f64::from_bits);
        let finite = bits.prop_filter("finite", |value| value.is_finite());
        prop_oneof![finite, -1e3..1e3, (-40i32..40).prop_map(f64::from)]
    }

    proptest! {
        #[test]
        fn the_place_is_that_of_a_search(value in any_value()) {
            let amount = value.abs().max(f64::MIN_POSITIVE);
            let (octave, bucket) = place(amount);
            let fraction = amount.to_bits() & FRACTION;
            let searched = BEGINS.iter().rposition(|begin| *begin <= fraction);
            prop_assert_eq!(Some(bucket), searched);
            let whole = amount / 2f64.powi(octave / 2) / 2f64.powi(octave - octave / 2);
            prop_assert!((1.0..2.0).contains(&whole), "{amount}: {octave}");
        }

        /// However values are dealt and merged, every rank gives the same.
        #[test]
        fn merging_is_adding_all(values in prop::collection::vec((any_value(), 0usize..3), 1..200)) {
            let all = of(&values.iter().map(|value| value.0).collect::<Vec<_>>());
            let mut merged = DdSketch::default();
            for part in [1, 2, 0] {
                let mine = values.iter().filter(|value| value.1 == part).map(|value| value.0);
                merged.merge(&of(&mine.collect::<Vec<_>>()));
            }
            prop_assert_eq!(merged.count(), all.count());
            for rank in 1..=all.count() {
                prop_assert_eq!(merged.at(rank), all.at(rank));
            }
        }
    }
}
