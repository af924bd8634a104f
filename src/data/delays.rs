//! How late rows are: counts of delays in steps of an eighth of a power of two, the largest exactly. Does not keep
//! the delays. Invariant: adding in any order, in parts or at once, gives the same.

use serde::{Deserialize, Serialize};

/// Delays, ns; below zero they count as zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delays {
    steps: Vec<u64>,
    count: u64,
    most: i64,
}

impl Delays {
    pub fn add(&mut self, delay: i64) {
        let delay = delay.max(0);
        let step = step_of(delay);
        if self.steps.len() <= step {
            self.steps.resize(step + 1, 0);
        }
        self.steps[step] += 1;
        self.count += 1;
        self.most = self.most.max(delay);
    }

    pub fn append(&mut self, other: &Delays) {
        if self.steps.len() < other.steps.len() {
            self.steps.resize(other.steps.len(), 0);
        }
        for (mine, theirs) in self.steps.iter_mut().zip(&other.steps) {
            *mine += theirs;
        }
        self.count += other.count;
        self.most = self.most.max(other.most);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// The largest, exactly.
    pub fn most(&self) -> i64 {
        self.most
    }

    /// The delay that so many of so many do not exceed, rounded up by at most an eighth.
    pub fn quantile(&self, of: u64, all: u64) -> i64 {
        let wanted = (u128::from(self.count) * u128::from(of)).div_ceil(u128::from(all.max(1)));
        let mut seen = 0;
        for (step, n) in self.steps.iter().enumerate() {
            seen += u128::from(*n);
            if *n > 0 && seen >= wanted {
                return end_of(step).min(self.most);
            }
        }
        self.most
    }
}

/// Steps of an eighth of a power of two; below 16 ns they are single.
fn step_of(delay: i64) -> usize {
    if delay < 16 {
        return delay as usize;
    }
    let power = 63 - delay.leading_zeros() as usize;
    (power - 2) * 8 + ((delay >> (power - 3)) & 7) as usize
}

/// The largest delay of a step.
fn end_of(step: usize) -> i64 {
    if step < 16 {
        return step as i64;
    }
    let (power, eighth) = (step / 8 + 2, (step % 8) as i64);
    ((8 + eighth + 1) << (power - 3)).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_delay_is_within_an_eighth_of_its_step(delay in 0i64..i64::MAX / 2) {
            let end = end_of(step_of(delay));
            prop_assert!(end >= delay);
            prop_assert!(end - delay <= delay / 8);
        }

        #[test]
        fn quantiles_are_those_of_the_sorted_delays(mut delays in prop::collection::vec(0i64..100_000, 1..60), of in 1u64..=100) {
            let mut counts = Delays::default();
            delays.iter().for_each(|delay| counts.add(*delay));
            delays.sort();
            let exact = delays[((delays.len() as u64 * of).div_ceil(100) - 1) as usize];
            let found = counts.quantile(of, 100);
            prop_assert!(found >= exact && found <= exact + exact / 8, "{} {}", found, exact);
            prop_assert_eq!(counts.quantile(100, 100), delays[delays.len() - 1]);
        }
    }
}
