//! When epochs end on input that is read front to end: by the clock, by the watermark, and when nothing comes.

use super::clock::wait;
use super::driver::Running;
use super::order::lock;
use super::prefix::Latest;
use super::window::Grid;
use crate::data::time::Watermark;
use crate::plan::node::{NodeKind, Plan, Scope, Times, Window};
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// While input keeps coming, epochs are at least this long, ns.
const EPOCH_MIN: i64 = 5_000_000;
/// The longest wait for input: how soon a signal is noticed that came at the wrong moment.
const WAIT_MAX: Duration = Duration::from_millis(500);
/// The wait while workers are busy: how soon what they find is acted on.
const WAIT_BUSY: Duration = Duration::from_millis(1);

/// Blocks on their way.
#[derive(Default)]
pub struct Flight {
    count: Mutex<usize>,
    landed: Condvar,
}

impl Flight {
    pub fn start(&self) {
        *lock(&self.count) += 1;
    }

    pub fn count(&self) -> usize {
        *lock(&self.count)
    }

    pub fn wait(&self) {
        let mut count = lock(&self.count);
        while *count > 0 {
            count = self
                .landed
                .wait(count)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Counts a block as done, also when its worker panics.
pub struct Landing<'f>(pub &'f Flight);

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        *lock(&self.0.count) -= 1;
        self.0.landed.notify_all();
    }
}

/// When epochs end on input that is read front to end.
pub struct Control<'c, 's> {
    running: &'c Running<'s>,
    /// The first windows by arrival: they close by the clock.
    arrival: Option<Grid>,
    /// When the clock next closes one.
    boundary: i64,
    /// The disorder bound, where rows have event times.
    disorder: Option<i64>,
    last_data: i64,
    last_epoch: i64,
    until: Option<i64>,
    every_block: bool,
    settled: bool,
}

impl<'c, 's> Control<'c, 's> {
    pub fn new(running: &'c Running<'s>, plan: &Plan) -> Control<'c, 's> {
        let now = running.shared.run.clock.now();
        let first_window: Option<&Window> = plan.nodes.iter().find_map(|node| match &node.kind {
            NodeKind::Assign { window, .. }
            | NodeKind::Aggregate {
                scope: Scope::Assign(window),
                ..
            } => Some(window),
            _ => None,
        });
        let by_arrival = matches!(plan.source.time, Some(Times::Arrival));
        let mut arrival = first_window
            .filter(|_| by_arrival)
            .map(|window| Grid::new(window, &plan.zone));
        let boundary = arrival.as_mut().map_or(i64::MAX, |grid| grid.next_end(now));
        let disorder = match &plan.source.time {
            Some(Times::Event { disorder, .. }) => *disorder,
            _ => None,
        };
        Control {
            running,
            arrival,
            boundary,
            disorder,
            last_data: now,
            last_epoch: now,
            until: running
                .shared
                .run
                .for_ns
                .map(|span| running.shared.began + span),
            every_block: running.shared.run.epoch.is_some(),
            settled: true,
        }
    }

    pub fn now(&self) -> i64 {
        self.running.shared.run.clock.now()
    }

    pub fn is_out_of_time(&self) -> bool {
        self.until.is_some_and(|until| self.now() >= until)
    }

    /// How long to wait for input.
    pub fn patience(&self, busy: bool) -> Duration {
        let now = self.now();
        let mut most = if busy || !self.settled {
            WAIT_BUSY
        } else {
            WAIT_MAX
        };
        most = most.min(wait(now, self.boundary));
        if let Some(until) = self.until {
            most = most.min(wait(now, until));
        }
        if let Some(at) = self.quiet_close() {
            most = most.min(wait(now, at));
        }
        most
    }

    /// By event time: when, on a source that stays silent, the clock has moved the watermark to the end of the
    /// next open window.
    pub fn quiet_close(&self) -> Option<i64> {
        let disorder = self.disorder?;
        let latest = self.running.shared.latest.sum().0;
        let next = self.next_end();
        if latest == i64::MIN || next == i64::MAX {
            return None;
        }
        let missing = next.saturating_sub(latest.saturating_sub(disorder));
        Some(
            self.last_data
                .saturating_add(missing.max(self.running.shared.run.idle)),
        )
    }

    pub fn next_end(&self) -> i64 {
        self.running
            .lanes
            .iter()
            .map(|lane| lane.stage.next_end.load(Ordering::Relaxed))
            .min()
            .unwrap_or(i64::MAX)
    }

    /// Before a block that arrived at `now` is handed out: windows that the clock has closed go first.
    pub fn arrived(&mut self, now: i64, flight: &Flight) {
        self.last_data = now;
        self.settled = false;
        self.clock(now, flight);
    }

    pub fn clock(&mut self, now: i64, flight: &Flight) {
        if now >= self.boundary {
            self.epoch(Watermark::At(now), flight);
            if let Some(grid) = &mut self.arrival {
                self.boundary = grid.next_end(now);
            }
        }
    }

    /// After a block: closes what the watermark has passed.
    pub fn after_block(&mut self, flight: &Flight) {
        if self.every_block {
            flight.wait();
            let upto = self.watermark();
            self.epoch(upto, flight);
        } else if self.is_due() && self.now() - self.last_epoch >= EPOCH_MIN {
            let upto = self.watermark();
            self.epoch(upto, flight);
        }
    }

    /// Nothing came for a while.
    pub fn idle(&mut self, flight: &Flight) {
        let now = self.now();
        self.clock(now, flight);
        if flight.count() > 0 {
            return;
        }
        if let Some(disorder) = self.disorder
            && self.quiet_close().is_some_and(|at| now >= at)
        {
            // The quiet stream's watermark has gone on with the clock, and never goes back.
            let latest = self.running.shared.latest.sum().0;
            let moved = latest
                .saturating_add(now - self.last_data)
                .max(self.next_end().saturating_add(disorder));
            self.running.shared.latest.add(Latest(moved));
        }
        if self.is_due() {
            let upto = self.watermark();
            self.epoch(upto, flight);
        }
        if !self.settled {
            self.settled = true;
            self.running.shared.out.flush();
        }
    }

    pub fn watermark(&self) -> Watermark {
        match self.disorder {
            None => Watermark::None,
            Some(disorder) => match self.running.shared.latest.sum().0 {
                i64::MIN => Watermark::None,
                latest => Watermark::At(latest.saturating_sub(disorder)),
            },
        }
    }

    pub fn is_due(&self) -> bool {
        match self.watermark() {
            Watermark::At(at) => at >= self.next_end(),
            _ => false,
        }
    }

    pub fn epoch(&mut self, upto: Watermark, flight: &Flight) {
        flight.wait();
        if lock(&self.running.shared.failure).is_some() {
            return;
        }
        // Blocks that landed meanwhile have moved the watermark; judging does not depend on it.
        let upto = if self.disorder.is_some() {
            self.watermark()
        } else {
            upto
        };
        self.running.close(upto);
        // What a layout makes of rows must not show where epochs of a file end.
        if self.running.live {
            self.running.shared.out.flush();
        }
        self.last_epoch = self.now();
    }
}
