//! Moving mean and deviation of a key's values: over the last rows, or with a weight. Invariant: a value is judged by
//! those before it, then added (EVENT-TIME 2.13); in input order, so that no split shows.

use super::saving::{self, sound};
use crate::data::saved::{Damaged, Save, Saved};
use std::collections::VecDeque;

/// Over what a moving mean goes.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Over {
    /// The last values, all alike; the deviation is that of a population.
    Rows(usize),
    /// All values, each newer one with this weight: above 0, below 1.
    Weight(f64),
}

#[derive(Clone, Debug)]
pub struct Moving {
    over: Over,
    seen: u64,
    last: VecDeque<f64>,
    mean: f64,
    variance: f64,
}

impl Moving {
    pub fn new(over: Over) -> Moving {
        Moving {
            over,
            seen: 0,
            last: VecDeque::new(),
            mean: 0.0,
            variance: 0.0,
        }
    }

    /// Values seen.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Mean and deviation; nothing before the first value.
    pub fn state(&self) -> Option<(f64, f64)> {
        if self.seen == 0 {
            return None;
        }
        match self.over {
            Over::Weight(_) => Some((self.mean, self.variance.sqrt())),
            Over::Rows(_) => {
                // Anew each time: a running sum of floats drifts, and a row has few of them.
                let count = self.last.len() as f64;
                let mean = self.last.iter().sum::<f64>() / count;
                let squares: f64 = self.last.iter().map(|x| (x - mean) * (x - mean)).sum();
                Some((mean, (squares / count).sqrt()))
            }
        }
    }

    pub fn add(&mut self, x: f64) {
        self.seen += 1;
        match self.over {
            Over::Rows(most) => {
                if self.last.len() >= most {
                    self.last.pop_front();
                }
                self.last.push_back(x);
            }
            Over::Weight(_) if self.seen == 1 => self.mean = x,
            Over::Weight(a) => {
                let d = x - self.mean;
                self.mean += a * d;
                self.variance = (1.0 - a) * (self.variance + a * d * d);
            }
        }
    }

    /// How many deviations a value is from the mean: null where nothing is known or nothing deviates.
    pub fn score(&self, x: f64) -> Option<f64> {
        let (mean, deviation) = self.state()?;
        (deviation > 0.0).then(|| (x - mean) / deviation)
    }

    pub fn save(&self, to: &mut Save) {
        match self.over {
            Over::Rows(_) => to.put(&(self.seen, &self.last)),
            Over::Weight(_) => to.put(&(self.seen, self.mean, self.variance)),
        }
    }

    /// Takes what [`Moving::save`] has put of one over the same.
    pub fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.seen = saving::count(from)?;
        match self.over {
            Over::Rows(most) => {
                self.last = from.take()?;
                sound(self.last.len() as u64 == self.seen.min(most as u64))?;
            }
            Over::Weight(_) => (self.mean, self.variance) = from.take()?,
        }
        Ok(())
    }

    /// Memory held beside itself.
    pub fn bytes(&self) -> usize {
        self.last.capacity() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EVENT-TIME 2.13: "EWMA: d = x - m; m += a*d; v = (1-a)*(v + a*d*d)".
    #[test]
    fn a_weighted_mean_moves_as_it_is_written() {
        let mut moving = Moving::new(Over::Weight(0.5));
        assert_eq!(moving.state(), None);
        moving.add(10.0);
        assert_eq!(moving.state(), Some((10.0, 0.0)));
        moving.add(14.0);
        // d = 4, m = 12, v = 0.5 * (0 + 0.5 * 16) = 4.
        assert_eq!(moving.state(), Some((12.0, 2.0)));
        assert_eq!(moving.score(15.0), Some(1.5));
    }

    /// EVENT-TIME 2.13: "z-score: against mean and population deviation of the N values".
    #[test]
    fn the_last_values_are_a_population() {
        let mut moving = Moving::new(Over::Rows(4));
        for x in [100.0, 2.0, 4.0, 4.0, 6.0] {
            moving.add(x);
        }
        let (mean, deviation) = moving.state().expect("there are values");
        assert_eq!((mean, deviation), (4.0, 2.0_f64.sqrt()));
        assert_eq!(moving.seen(), 5);
    }
}
