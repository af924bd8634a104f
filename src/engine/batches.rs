//! What is told of batches: how long they waited, how long they took, what came in and went out. Invariant: looks on
//! and changes nothing.

use super::Batch;
use super::driver::Running;
use super::worker::first_batch;
use crate::plan::node::{Batching, Times};

/// The batches of a run as they are done.
pub struct BatchLog {
    step: i64,
    /// Batches end when the machine's clock says so.
    by_wall: bool,
    /// The end of the batch before the first, and of the last one told.
    first: Option<i64>,
    told: i64,
    before: Batch,
}

impl BatchLog {
    /// `None`: there are no batches.
    pub fn new(running: &Running<'_>) -> Option<BatchLog> {
        let plan = running.plan;
        let times = [plan.source.clock.as_ref(), plan.source.time.as_ref()];
        let times = times
            .into_iter()
            .flatten()
            .find(|times| times.batch().is_some())?;
        let by_wall = matches!(
            times,
            Times::Batch {
                by: Batching::Wall,
                ..
            }
        );
        Some(BatchLog {
            step: times.batch()?,
            by_wall,
            first: first_batch(plan, running.shared.job_began),
            told: i64::MIN,
            before: Batch::default(),
        })
    }

    /// Everything up to `at` has been given; that was begun at `began`.
    pub fn done(&mut self, running: &Running<'_>, at: i64, began: i64) {
        let end = at.div_euclid(self.step) * self.step;
        let first = *self.first.get_or_insert(end - self.step);
        if end <= self.told || end <= first {
            return;
        }
        self.told = end;
        let shared = running.shared;
        let now = shared.run.clock.now();
        let (scheduling, processing) = match self.by_wall {
            true => ((began - end).max(0), now - began),
            false => (0, now - began),
        };
        shared.run.progress.batch(scheduling, processing);
        let Some(tell) = &shared.run.on_batch else {
            return;
        };
        let (records_in, records_bad, _) = shared.ledger.totals();
        let sum = Batch {
            number: ((end - first) / self.step) as u64,
            time: end,
            records_in,
            records_out: shared.out.written().rows,
            records_bad,
            late: shared.ledger.late().records,
            keys: running.held().0,
            watermark: None,
            scheduling_delay: scheduling,
            processing_time: processing,
        };
        tell(&Batch {
            records_in: sum.records_in - self.before.records_in,
            records_out: sum.records_out - self.before.records_out,
            records_bad: sum.records_bad - self.before.records_bad,
            late: sum.late - self.before.late,
            ..sum.clone()
        });
        self.before = sum;
    }
}
