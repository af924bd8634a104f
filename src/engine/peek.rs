//! Early rows: what the clock lets out of windows that are still open. A node that knows triggers gives its own
//! (`Process::tick`); for the others everything is copied and the copy closed, so that nothing of it is kept.
//! Invariant: an early row changes no later one.

use super::driver::{Lane, Running};
use super::order::lock;
use super::ordered::Ordered;
use super::worker::Stage;
use crate::data::time::Watermark;
use crate::plan::node::Node;
use crate::sinks::Whole;
use anyhow::Result;
use std::sync::atomic::{AtomicI64, Ordering as Atomic};

/// Whether this is the run, or a copy that only looks.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Form {
    Itself,
    /// For what would come if the input ended now.
    Peek,
    /// For all rows there are.
    Whole,
}

impl Running<'_> {
    /// When the clock next lets something out of a node.
    pub fn next_tick(&self) -> i64 {
        let ticks = self
            .lanes
            .iter()
            .map(|lane| lane.stage.next_tick.load(Atomic::Relaxed));
        ticks.min().unwrap_or(i64::MAX)
    }

    /// When time next lets something out.
    pub fn next_end(&self) -> i64 {
        self.first_of(|stage| &stage.next_end)
    }

    /// The same if nothing comes meanwhile.
    pub fn next_alone(&self) -> i64 {
        self.first_of(|stage| &stage.next_alone)
    }

    fn first_of(&self, end: impl for<'s> Fn(&'s Stage<'_>) -> &'s AtomicI64) -> i64 {
        let ends = self
            .lanes
            .iter()
            .map(|lane| end(lane.stage).load(Atomic::Relaxed));
        ends.min().unwrap_or(i64::MAX)
    }

    /// Lets out what the clock lets out of nodes. No block is on its way.
    pub fn tick(&self, now: i64) {
        for (at, lane) in self.lanes.iter().enumerate() {
            let mut next = i64::MAX;
            for (number, turnstile) in lane.stage.ordered.iter().enumerate() {
                let chunks = turnstile.with(|state| match state {
                    Ordered::Process { process, told, .. } if told.failure.is_none() => {
                        process.tick(now)
                    }
                    _ => Vec::new(),
                });
                for chunk in chunks {
                    self.inject(at, number, chunk);
                }
                turnstile.with(|state| {
                    if let Ordered::Process { process, .. } = state {
                        next = next.min(process.next_tick());
                    }
                });
            }
            lane.stage.next_tick.store(next, Atomic::Relaxed);
        }
    }

    /// Keys in the state of nodes, and the memory that it takes, about.
    pub fn held(&self) -> (usize, usize) {
        let of_stages = self.lanes.iter().map(|lane| lane.stage.held());
        of_stages.fold((0, 0), |sum, (keys, bytes)| (sum.0 + keys, sum.1 + bytes))
    }

    /// Gives what would come if the input ended now, or all there is where that is ranked. No block is on its way.
    pub fn peek(&self) -> Result<()> {
        if !self.plan.nodes.iter().any(Node::is_ranked_whole) {
            return self.look(Form::Peek);
        }
        self.look(Form::Whole)?;
        for turnstile in self.lanes.iter().flat_map(|lane| &lane.stage.ordered) {
            turnstile.with(|state| {
                if let Ordered::Process { process, .. } = state {
                    process.given_whole();
                }
            });
        }
        Ok(())
    }

    /// Gives all rows there are; those of an output that is replaced are the next answer. No block is on its way.
    pub fn give_whole(&self, ends: Whole) {
        if self.has_failed() {
            return;
        }
        self.shared.out.whole(Whole::Begins);
        if let Err(error) = self.look(Form::Whole) {
            self.fail(error);
        }
        self.shared.out.whole(ends);
    }

    /// A copy of everything is closed, and gives its rows.
    pub fn look(&self, form: Form) -> Result<()> {
        let Some(last) = self.lanes.last().filter(|_| !self.has_failed()) else {
            return Ok(());
        };
        let mut stages = Vec::with_capacity(self.lanes.len());
        let mut workers = Vec::with_capacity(self.lanes.len());
        let mut is_behind = false;
        for lane in self.lanes {
            self.hand_in(lane);
            let mut stage = lane.stage.fork();
            if form == Form::Whole {
                is_behind = stage.hush(is_behind);
            }
            workers.push(vec![stage.worker(self.setting)?]);
            stages.push(stage);
        }
        let lanes: Vec<Lane<'_>> = stages
            .iter()
            .zip(workers)
            .map(|(stage, workers)| Lane::new(stage, workers, self.shared.run.max_state))
            .collect();
        let copy = Running {
            lanes: &lanes,
            threads: 1,
            form,
            ..*self
        };
        // What the copy writes follows what has been written, and takes no number from what is to come; that a
        // copy has enough says nothing of the input.
        let enough = self.shared.enough.load(Atomic::Relaxed);
        let sides_done = self.shared.sides_done.load(Atomic::Relaxed);
        let is_accident = self.shared.is_accident.load(Atomic::Relaxed);
        let is_fresh = self.shared.is_fresh.load(Atomic::Relaxed);
        let from = last.stage.seq.load(Atomic::Relaxed);
        let is_peek = form == Form::Peek;
        self.shared.peeking.store(is_peek, Atomic::Relaxed);
        copy.close(Watermark::End);
        self.shared.peeking.store(false, Atomic::Relaxed);
        self.shared.out.rewind(from);
        // Nobody reads what a copy writes: nor would what the run itself writes be.
        let broken = lock(&self.shared.failure).is_some() || self.shared.out.has_failed();
        self.shared.enough.store(enough || broken, Atomic::Relaxed);
        self.shared.sides_done.store(sides_done, Atomic::Relaxed);
        self.shared.is_accident.store(is_accident, Atomic::Relaxed);
        self.shared.is_fresh.store(is_fresh, Atomic::Relaxed);
        Ok(())
    }
}
