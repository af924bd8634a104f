//! A block through the stage that it enters, and what is put down of it. What reads it and what runs the stage are
//! others' affair. Invariant: a record is in the account of exactly one block, whoever reads it.

use super::driver::Running;
use super::front::{SourceWorker, end_at};
use super::input::TooLong;
use super::ledger::{Account, BadRecord};
use super::order::lock;
use super::steps::LastNeeded;
use crate::data::Chunk;
use crate::data::process::Late;
use std::sync::atomic::Ordering;

/// Blocks between two looks at how much memory state takes.
const STATE_BLOCKS: u64 = if cfg!(debug_assertions) { 4 } else { 64 };

/// What becomes of a block's rows, and whether those of blocks behind it may be on their way that are not to follow.
type Through<'t> =
    dyn FnMut(&mut Chunk, bool, &mut Vec<BadRecord>, &mut Late) -> Option<(LastNeeded, usize)> + 't;

impl Running<'_> {
    /// One block of side `side` through the stage that it enters. `source` reads that side.
    pub fn block(
        &self,
        worker: usize,
        side: usize,
        source: &mut SourceWorker<'_>,
        chunk: &mut Chunk,
        long: Option<TooLong>,
    ) {
        self.block_with(
            side,
            source,
            chunk,
            long,
            &mut |chunk, is_ahead, bad, late| {
                if is_ahead {
                    self.stop_behind(chunk.block.seq);
                }
                self.enter(side, worker, chunk, bad, late)
            },
        );
    }

    /// Of what enters the first stage behind `seq` nothing is written.
    pub fn stop_behind(&self, seq: u64) {
        if self.lanes.len() == 1 {
            self.shared.out.end_behind(seq);
        }
    }

    /// Behind the last block: has what time has let out given, and fails then if a record has ended the run.
    pub fn break_off(&self, give: impl FnOnce()) {
        let last = lock(&self.shared.last).clone();
        give();
        // With rows enough in front of it the record need not be read.
        if let Some(failure) = last.filter(|_| !self.shared.enough.load(Ordering::Relaxed)) {
            self.fail(failure.into());
        }
        *lock(&self.shared.last) = None;
    }

    /// The number of what next enters the stage of a side.
    pub fn next_in(&self, side: usize) -> u64 {
        let at = match side {
            0 => 0,
            _ => self.entries[side - 1].0,
        };
        self.lanes[at].stage.seq.fetch_add(1, Ordering::Relaxed)
    }

    /// One block, whose rows go `through` the stage: it is told whether nothing is to follow.
    pub fn block_with(
        &self,
        side: usize,
        source: &mut SourceWorker<'_>,
        chunk: &mut Chunk,
        long: Option<TooLong>,
        through: &mut Through<'_>,
    ) {
        self.shared
            .bytes_in
            .fetch_add(chunk.block.len() as u64, Ordering::Relaxed);
        let mut account = Account {
            side,
            ..Account::default()
        };
        let (number, origin) = (chunk.block.number, chunk.block.origin.offset);
        match source.read(self.shared, chunk, long, &mut account) {
            Ok(true) => {
                let ledger = &self.shared.ledger;
                let end = ledger.end(number, account.before, &mut account.bad);
                if let Some(end) = end {
                    // What stands before the bad record goes out, whoever else is ahead.
                    end_at(chunk, end.offset);
                }
                let is_ahead = end.is_some_and(|end| !end.is_counted);
                let (bad, late) = (&mut account.bad, &mut account.late);
                let last = through(chunk, is_ahead, bad, late);
                if let Some(last) = last {
                    source.hold(self.shared, chunk.block.source, last.0.begin + 1);
                    source.cut(last, &mut account);
                }
                // With `--strict` the stage may have found one in front.
                if let Some(end) = ledger.end(number, account.before, &mut account.bad) {
                    let begin = end.offset.saturating_sub(origin) as usize;
                    source.cut_at(begin, &mut account);
                    source.hold(self.shared, chunk.block.source, begin);
                }
            }
            Ok(false) => {}
            Err(error) => return self.fail(error),
        }
        if number % STATE_BLOCKS == STATE_BLOCKS - 1 {
            self.check_state();
        }
        let progress = &self.shared.run.progress;
        let bad = account.bad.len() as u64;
        progress.bad.fetch_add(bad, Ordering::Relaxed);
        progress
            .late
            .fetch_add(account.late.records, Ordering::Relaxed);
        account.bad.sort_by_key(|bad| (bad.offset, bad.index));
        match self.shared.ledger.put(number, account, &self.shared.inputs) {
            Ok(None) => {}
            Ok(failure) => *lock(&self.shared.last) = failure,
            Err(failure) => self.fail(failure.into()),
        }
    }
}
