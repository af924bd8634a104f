//! How far out of order records come: `--explain=disorder`. Counts delays, a delay being how far a record's time is
//! behind the largest one before it in its source. Gives no row. Invariant: what is counted follows from the
//! delays alone, in whatever order they came.

use super::saving::{self, sound};
use crate::data::Chunk;
use crate::data::process::{Given, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Different delays that are told apart; with more of them all are rounded up.
const DIFFERENT_MAX: usize = if cfg!(test) { 50 } else { 1_000_000 };

/// The delays of one source's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delays {
    /// By delay, ns, rounded up to a multiple of `unit`.
    counts: HashMap<i64, u64>,
    /// ns, a power of ten: 1 while they are exact.
    unit: i64,
    records: u64,
    most: i64,
}

impl Default for Delays {
    fn default() -> Self {
        Delays {
            counts: HashMap::new(),
            unit: 1,
            records: 0,
            most: 0,
        }
    }
}

impl Delays {
    pub fn add(&mut self, delay: i64) {
        self.most = self.most.max(delay);
        self.add_many(delay, 1);
    }

    pub fn append(&mut self, other: &Delays) {
        self.most = self.most.max(other.most);
        while self.unit < other.unit {
            self.coarsen();
        }
        for (&delay, &n) in &other.counts {
            self.add_many(delay, n);
        }
    }

    pub fn records(&self) -> u64 {
        self.records
    }

    /// Records behind the largest time before them.
    pub fn behind(&self) -> u64 {
        self.records - self.counts.get(&0).copied().unwrap_or(0)
    }

    /// What delays are rounded up to, where they are not exact, ns.
    pub fn unit(&self) -> Option<i64> {
        (self.unit > 1).then_some(self.unit)
    }

    /// The least delay that so many of a thousand records do not exceed: the smallest `--watermark` by which they
    /// are in time.
    pub fn quantile(&self, permille: u64) -> i64 {
        let wanted = u128::from(self.records) * u128::from(permille);
        let mut delays: Vec<(i64, u64)> = self.counts.iter().map(|(&at, &n)| (at, n)).collect();
        delays.sort_unstable();
        let mut seen = 0_u128;
        for (delay, n) in delays {
            seen += u128::from(n);
            if seen * 1000 >= wanted {
                return delay.min(self.most);
            }
        }
        self.most
    }

    fn add_many(&mut self, delay: i64, n: u64) {
        self.records += n;
        *self.counts.entry(rounded_up(delay, self.unit)).or_default() += n;
        while self.counts.len() > DIFFERENT_MAX {
            self.coarsen();
        }
    }

    fn save(&self, to: &mut Save) {
        let counts: BTreeMap<i64, u64> = self.counts.iter().map(|(&at, &n)| (at, n)).collect();
        to.put(&(self.unit, self.most, counts));
    }

    fn load(from: &mut Saved<'_>) -> Result<Delays, Damaged> {
        let (unit, most, counts): (i64, i64, BTreeMap<i64, u64>) = from.take()?;
        sound(unit > 0 && counts.keys().all(|delay| *delay >= 0))?;
        let records = counts.values().try_fold(0u64, |sum, n| sum.checked_add(*n));
        let records = records.filter(|n| saving::is_count(*n)).ok_or(Damaged)?;
        Ok(Delays {
            counts: counts.into_iter().collect(),
            unit,
            records,
            most,
        })
    }

    fn coarsen(&mut self) {
        self.unit = self.unit.saturating_mul(10);
        for (delay, n) in std::mem::take(&mut self.counts) {
            *self.counts.entry(rounded_up(delay, self.unit)).or_default() += n;
        }
    }
}

/// The next multiple of `unit`, a delay being no less than 0.
fn rounded_up(delay: i64, unit: i64) -> i64 {
    match delay % unit {
        0 => delay,
        rest => delay.saturating_add(unit - rest),
    }
}

/// By source, as the engine numbers them.
pub type Sources = BTreeMap<u32, Delays>;

/// Takes rows whose watermark is the largest time before them; at the end of the input it adds what it has
/// counted to `into`.
pub struct Disorder {
    sources: Sources,
    into: Arc<Mutex<Sources>>,
}

impl Disorder {
    pub fn new(into: Arc<Mutex<Sources>>) -> Disorder {
        Disorder {
            sources: Sources::new(),
            into,
        }
    }
}

impl Process for Disorder {
    fn take(&mut self, chunk: &mut Chunk, _given: &Given, _told: &mut Told) {
        if let (Some(times), Some(before)) = (&chunk.times, &chunk.before) {
            let delays = self.sources.entry(chunk.block.source).or_default();
            for row in chunk.live.iter() {
                let (time, largest) = (times[row as usize], before[row as usize]);
                // Nothing is before the first one.
                delays.add(match largest {
                    i64::MIN => 0,
                    _ => largest.saturating_sub(time).max(0),
                });
            }
        }
        chunk.live.truncate(0);
    }

    fn close(&mut self, upto: Watermark, _told: &mut Told) -> Vec<Chunk> {
        if upto == Watermark::End {
            let mut into = self.into.lock().unwrap_or_else(PoisonError::into_inner);
            for (source, delays) in std::mem::take(&mut self.sources) {
                into.entry(source).or_default().append(&delays);
            }
        }
        Vec::new()
    }

    /// What a look ahead counts is nobody's.
    fn fork(&self) -> Box<dyn Process> {
        Box::new(Disorder {
            sources: self.sources.clone(),
            into: Arc::default(),
        })
    }

    fn held(&self) -> (usize, usize) {
        let different: usize = self.sources.values().map(|one| one.counts.len()).sum();
        (self.sources.len(), different * 32)
    }

    fn save(&self, to: &mut Save) {
        saving::put_list(to, self.sources.iter(), |(source, delays), to| {
            to.put(source);
            delays.save(to);
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let sources = saving::take_list(from, |from| Ok((from.take()?, Delays::load(from)?)))?;
        self.sources = sources.into_iter().collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted(delays: &[i64]) -> Delays {
        let mut all = Delays::default();
        delays.iter().for_each(|&delay| all.add(delay));
        all
    }

    /// The least of the delays that so many of a thousand do not exceed, by trying each.
    fn naive(delays: &[i64], permille: u64) -> i64 {
        let enough = |bound: i64| {
            let within = delays.iter().filter(|&&delay| delay <= bound).count() as u64;
            within * 1000 >= delays.len() as u64 * permille
        };
        let least = delays.iter().copied().filter(|&delay| enough(delay)).min();
        least.expect("the largest is enough")
    }

    proptest! {
        #[test]
        fn few_different_delays_are_exact(delays in prop::collection::vec(0i64..40, 1..300), permille in 1u64..=1000) {
            let all = counted(&delays);
            prop_assert_eq!(all.unit(), None);
            prop_assert_eq!(all.quantile(permille), naive(&delays, permille));
            prop_assert_eq!(all.behind(), delays.iter().filter(|&&delay| delay > 0).count() as u64);
        }

        #[test]
        fn many_are_rounded_up_whatever_their_order(mut delays in prop::collection::vec(0i64..100_000, 1..300), cut in 0usize..300, permille in 1u64..=1000) {
            let all = counted(&delays);
            let (one, other) = delays.split_at(cut.min(delays.len()));
            let mut joined = counted(one);
            joined.append(&counted(other));
            prop_assert_eq!(&joined, &all);
            let (said, exact) = (all.quantile(permille), naive(&delays, permille));
            prop_assert!(said >= exact && said - exact < all.unit().unwrap_or(1));
            delays.reverse();
            prop_assert_eq!(&counted(&delays), &all);
            prop_assert_eq!(all.quantile(1000), *delays.iter().max().unwrap());
        }
    }
}
