//! How far the time of one source has come: what its rows are judged by, and what its windows close by. Invariant:
//! the watermark before a row is made by the rows before it in its source, whoever reads which block and wherever
//! blocks end.

use super::order::{Turnstile, lock};
use super::prefix::{Board, Latest};
use crate::data::Selection;
use crate::data::delays::Delays;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::{SECOND, next_multiple};
use crate::plan::node::{Batching, Times};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock};

/// Rows after which `--watermark auto` renews its bound, and the bound before.
const AUTO_ROWS: u64 = 10_000;
const AUTO_FIRST: i64 = 5 * SECOND;

/// One source's time.
#[derive(Default)]
pub struct Meter {
    latest: Board<Latest>,
    /// Records, or marks of batches.
    counts: Board<u64>,
    auto: AutoBoard,
    /// The least that the watermark is, since the clock went on while the source was silent.
    raised: Raised,
    /// What there is behind this does not count.
    held: OnceLock<i64>,
    /// The first reading of a clock that the data tell.
    first: OnceLock<i64>,
}

struct Raised(AtomicI64);

impl Default for Raised {
    fn default() -> Self {
        Raised(AtomicI64::new(i64::MIN))
    }
}

struct AutoBoard {
    turnstile: Turnstile<()>,
    state: Mutex<Auto>,
}

impl Default for AutoBoard {
    fn default() -> Self {
        AutoBoard {
            turnstile: Turnstile::new(()),
            state: Mutex::default(),
        }
    }
}

/// What `--watermark auto` remembers of a source.
#[derive(Clone, Serialize, Deserialize)]
struct Auto {
    rows: u64,
    latest: i64,
    bound: i64,
    watermark: i64,
    delays: Delays,
}

impl Default for Auto {
    fn default() -> Self {
        Auto {
            rows: 0,
            latest: i64::MIN,
            bound: AUTO_FIRST,
            watermark: i64::MIN,
            delays: Delays::default(),
        }
    }
}

impl Auto {
    /// A row at `t`; returns the watermark before it.
    fn see(&mut self, t: i64, cap: i64) -> i64 {
        let before = self.watermark;
        let delay = match self.latest {
            i64::MIN => 0,
            latest => latest.saturating_sub(t).max(0),
        };
        self.delays.add(delay);
        self.rows += 1;
        if t <= cap {
            self.latest = self.latest.max(t);
        }
        if self.rows.is_multiple_of(AUTO_ROWS) {
            self.bound = self.delays.quantile(999, 1000);
        }
        if self.latest != i64::MIN {
            let reached = self.latest.saturating_sub(self.bound);
            self.watermark = self.watermark.max(reached);
        }
        before
    }
}

/// What another run must know of a source's time.
#[derive(Serialize, Deserialize)]
struct Kept {
    latest: i64,
    counts: u64,
    auto: Auto,
    raised: i64,
    first: Option<i64>,
}

impl Meter {
    /// The watermark before each row of block `place`, whose rows have event times. Rows behind `cap` do not move
    /// it. `None`: the run is being abandoned.
    pub fn events(
        &self,
        place: u64,
        times: &[i64],
        live: &Selection,
        disorder: i64,
        cap: i64,
    ) -> Option<Vec<i64>> {
        let moving = || live.iter().map(|row| times[row as usize]);
        let latest = moving().filter(|t| *t <= cap).max().unwrap_or(i64::MIN);
        let Latest(mut running) = self.latest.publish(place, Latest(latest))?;
        let raised = self.raised.0.load(Ordering::Relaxed);
        let mut before = vec![i64::MIN; times.len()];
        for row in live.iter() {
            let at = row as usize;
            if running != i64::MIN {
                before[at] = running.saturating_sub(disorder);
            }
            before[at] = before[at].max(raised);
            if times[at] <= cap {
                running = running.max(times[at]);
            }
        }
        Some(before)
    }

    /// The same with the bound that the delays seen so far ask for.
    pub fn auto(&self, place: u64, times: &[i64], live: &Selection, cap: i64) -> Option<Vec<i64>> {
        self.auto.turnstile.pass(place, |()| {
            let mut state = lock(&self.auto.state);
            let mut before = vec![i64::MIN; times.len()];
            for row in live.iter() {
                before[row as usize] = state.see(times[row as usize], cap);
            }
            before
        })
    }

    /// Times that are the clock's, which the data tell: never less than before. In batches of `batch`.
    pub fn clock(
        &self,
        place: u64,
        readings: &[i64],
        live: &Selection,
        batch: Option<i64>,
    ) -> Option<Vec<i64>> {
        let latest = live.iter().map(|row| readings[row as usize]).max();
        let latest = Latest(latest.unwrap_or(i64::MIN));
        let Latest(mut running) = self.latest.publish(place, latest)?;
        let mut times = vec![0; readings.len()];
        if let (i64::MIN, Some(row)) = (running, live.iter().next()) {
            self.first.get_or_init(|| readings[row as usize]);
        }
        for row in live.iter() {
            let row = row as usize;
            running = running.max(readings[row]);
            times[row] = last_of(running, batch);
        }
        Some(times)
    }

    /// Times of batches that are counted: `ends[row]` is how many records or marks of a batch's end stand before
    /// the row in its block, `of_block` how many the block has; `size` of them are a batch.
    pub fn counted(
        &self,
        place: u64,
        ends: &[u64],
        of_block: u64,
        size: u64,
        step: i64,
    ) -> Option<Vec<i64>> {
        let before = self.counts.publish(place, of_block)?;
        let batch = |end: &u64| ((before + end) / size.max(1)) as i64;
        let last = |end: &u64| (batch(end) + 1).saturating_mul(step) - 1;
        Some(ends.iter().map(last).collect())
    }

    /// How far the source's time has come; `None`: it has said nothing yet, or has no time of its own.
    pub fn mark(&self, times: &Times, now: i64) -> Option<i64> {
        let raised = self.raised.0.load(Ordering::Relaxed);
        let own = match times {
            Times::Arrival => Some(now),
            Times::Event { auto: true, .. } => match lock(&self.auto.state).watermark {
                i64::MIN => None,
                at => Some(at),
            },
            Times::Event { disorder, .. } => {
                let disorder = (*disorder)?;
                self.said().map(|latest| latest.saturating_sub(disorder))
            }
            Times::Clock { batch, .. } => self.said().map(|latest| floor(latest, *batch)),
            Times::Batch { by, step } => Some(match by {
                Batching::Wall => floor(now, Some(*step)),
                Batching::Lines(n) => {
                    ((self.counts.sum() / (*n).max(1)) as i64).saturating_mul(*step)
                }
                Batching::Marks(_) => (self.counts.sum() as i64).saturating_mul(*step),
            }),
        };
        let most = self.held().unwrap_or(i64::MAX);
        let own = own.map(|own| own.max(raised).min(most));
        own.filter(|own| *own > i64::MIN)
    }

    /// Where it goes no further.
    pub fn held(&self) -> Option<i64> {
        self.held.get().copied()
    }

    /// The time goes no further than that: what stands behind does not count.
    pub fn hold(&self, at: i64) {
        self.held.get_or_init(|| at);
    }

    /// The first reading of a clock that the data tell.
    pub fn first(&self) -> Option<i64> {
        self.first.get().copied()
    }

    /// The largest time that there was.
    pub fn latest(&self) -> Option<i64> {
        let auto = lock(&self.auto.state).latest;
        self.said().max((auto != i64::MIN).then_some(auto))
    }

    fn said(&self) -> Option<i64> {
        match self.latest.sum().0 {
            i64::MIN => None,
            latest => Some(latest),
        }
    }

    /// The clock went on while the source was silent: its rows are judged by no less than this. No block of it is
    /// on its way.
    pub fn raise(&self, to: i64) {
        self.raised.0.fetch_max(to, Ordering::Relaxed);
        let mut auto = lock(&self.auto.state);
        auto.watermark = auto.watermark.max(to);
    }

    /// Puts how far the time has come. No block is on its way.
    pub fn save(&self, to: &mut Save) {
        to.put(&Kept {
            latest: self.latest.sum().0,
            counts: self.counts.sum(),
            auto: lock(&self.auto.state).clone(),
            raised: self.raised.0.load(Ordering::Relaxed),
            first: self.first(),
        });
    }

    /// Goes on from there. No block has been read yet.
    pub fn load(&self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let kept: Kept = from.take()?;
        self.latest.add(Latest(kept.latest));
        self.counts.add(kept.counts);
        *lock(&self.auto.state) = kept.auto;
        self.raised.0.fetch_max(kept.raised, Ordering::Relaxed);
        if let Some(first) = kept.first {
            self.first.get_or_init(|| first);
        }
        Ok(())
    }

    pub fn abandon(&self) {
        self.latest.abandon();
        self.counts.abandon();
        self.auto.turnstile.abandon();
    }
}

/// The largest time of a source, from what [`Meter::save`] has put.
pub fn latest_of(saved: &[u8]) -> Result<Option<i64>, Damaged> {
    let kept: Kept = Saved::new(saved).take()?;
    let latest = kept.latest.max(kept.auto.latest);
    Ok((latest != i64::MIN).then_some(latest))
}

/// The clock, or the begin of the batch that it is in.
pub fn floor(at: i64, batch: Option<i64>) -> i64 {
    match batch {
        Some(step) => at.div_euclid(step) * step,
        None => at,
    }
}

/// The clock, or the last instant of the batch that it is in: batches carry their end.
pub fn last_of(at: i64, batch: Option<i64>) -> i64 {
    match batch {
        Some(step) => next_multiple(at, step) - 1,
        None => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// EVENT-TIME 2.2: a record is judged against the watermark made by the records before it.
        #[test]
        fn blocks_do_not_show(times in prop::collection::vec(-50i64..50, 1..60), cut in 1usize..9, disorder in 0i64..20) {
            let meter = Meter::default();
            let mut got = Vec::new();
            for (place, block) in times.chunks(cut).enumerate() {
                let live = Selection::All(block.len() as u32);
                got.extend(meter.events(place as u64, block, &live, disorder, i64::MAX).unwrap());
            }
            for (i, &before) in got.iter().enumerate() {
                let expected = times[..i].iter().max().map_or(i64::MIN, |latest| latest - disorder);
                prop_assert_eq!(before, expected);
            }
        }
    }

    #[test]
    fn auto_follows_the_delays_seen() {
        let mut auto = Auto::default();
        for i in 0..AUTO_ROWS as i64 * 2 {
            // Every second row is a tenth of a second late.
            let t = i * 1_000_000 - (i % 2) * 100_000_000;
            auto.see(t, i64::MAX);
        }
        assert!(
            auto.bound >= 99_000_000 && auto.bound <= 120_000_000,
            "{}",
            auto.bound
        );
        assert_eq!(auto.watermark, auto.latest - auto.bound);
    }

    /// EVENT-TIME 2.2, `--max-ahead`: a stamp far ahead is counted but does not move the watermark.
    #[test]
    fn a_stamp_from_the_future_moves_nothing() {
        let meter = Meter::default();
        let live = Selection::All(3);
        let before = meter.events(0, &[10, 1_000, 12], &live, 0, 100).unwrap();
        assert_eq!(before, [i64::MIN, 10, 10]);
    }

    #[test]
    fn batches_of_two_lines() {
        let meter = Meter::default();
        let times = meter.counted(0, &[0, 1, 2], 3, 2, 10).unwrap();
        assert_eq!(times, [9, 9, 19]);
        assert_eq!(meter.counted(1, &[0], 1, 2, 10).unwrap(), [19]);
    }
}
