//! What ordered state lets out beside the chunks that pass it: as time goes on, and at the end. Invariant: what a
//! state has failed in, nothing that it has led to is closed or kept.

use super::driver::Running;
use super::order::lock;
use super::ordered::Ordered;
use super::peek::Form;
use crate::data::Chunk;
use crate::data::process::{Process, Told};
use crate::data::time::Watermark;
use crate::error::Failure;
use std::sync::atomic::Ordering;

/// How far behind the plan's watermark what is still to come to a node may be, ns.
#[derive(Copy, Clone, Debug)]
pub struct Lag {
    /// Times of rows.
    times: Behind,
    /// Ends of the windows that they are in: those of a window leave it together, as old as they are.
    ends: Behind,
}

/// How far time behind a node is behind that in front of the plan.
#[derive(Copy, Clone, Debug)]
struct Behind {
    by: i64,
    /// Where it stands though time goes on, as long as nothing comes; `i64::MAX`: nowhere.
    stands: i64,
}

impl Default for Lag {
    fn default() -> Lag {
        let none = Behind {
            by: 0,
            stands: i64::MAX,
        };
        Lag {
            times: none,
            ends: none,
        }
    }
}

impl Behind {
    /// So much more; `held`: where time stands behind what holds it.
    fn more(self, by: i64, held: i64) -> Behind {
        let stands = match (self.stands, held) {
            (i64::MAX, held) => held,
            (stands, i64::MAX) => stands.saturating_sub(by),
            (stands, held) => stands.min(held),
        };
        Behind {
            by: self.by.saturating_add(by),
            stands,
        }
    }
}

impl Lag {
    fn at(self, by_windows: bool) -> Behind {
        match by_windows {
            true => self.ends,
            false => self.times,
        }
    }

    /// How far behind a node is told that time is.
    pub fn of(self, by_windows: bool) -> i64 {
        self.at(by_windows).by
    }

    /// When what ends at `end` there ends if nothing comes.
    pub fn alone(self, by_windows: bool, end: i64) -> i64 {
        let Behind { by, stands } = self.at(by_windows);
        match end > stands {
            true => i64::MAX,
            false => end.saturating_add(by),
        }
    }

    /// Where rows are put into windows that take them so much longer, by their times.
    pub fn assigned(&mut self, lateness: i64) {
        self.times = self.times.more(lateness, i64::MAX);
        self.ends = self.times;
    }

    /// Behind a node that is told of time as [`Lag::of`] says and whose rows are behind that, and their windows' ends.
    pub fn behind(self, by_windows: bool, times: i64, ends: i64, held: i64) -> Lag {
        let told = self.at(by_windows);
        Lag {
            times: told.more(times, held),
            ends: told.more(ends, held),
        }
    }

    /// Behind a process.
    fn behind_process(self, upto: Watermark, process: &dyn Process) -> Lag {
        let (lag, held) = (process.lag(), process.held_time());
        match process.held_windows() {
            None => {
                let by_windows = process.goes_by_windows();
                self.behind(by_windows, lag, process.lag_of_windows(), held)
            }
            // Rows keep their windows.
            Some(end) => {
                let held_end = match end {
                    i64::MAX => i64::MAX,
                    end => end - 1,
                };
                let ends = match upto.less(self.ends.by) {
                    Watermark::At(at) => at.saturating_sub(held_end).max(0),
                    Watermark::None | Watermark::End => 0,
                };
                Lag {
                    times: self.times.more(lag, held),
                    ends: self.ends.more(ends, held_end),
                }
            }
        }
    }
}

impl Running<'_> {
    /// The first batch has this time: all states are told before one of them lets anything out.
    pub fn batches_from(&self, first: i64) {
        let stages = self.lanes.iter().map(|lane| lane.stage);
        for turnstile in stages.flat_map(|stage| &stage.ordered) {
            turnstile.with(|state| {
                if let Ordered::Process { process, told, .. } = state
                    && told.failure.is_none()
                {
                    process.batches_from(first, told);
                }
            });
        }
    }

    /// What time lets out of the state in the middle of a stage goes through the rest of it, as chunks behind all
    /// that have passed.
    /// Returns when the watermark next lets something out there, and when it does if nothing comes.
    pub fn flush(&self, at: usize, upto: Watermark, lag: &mut Lag) -> (i64, i64) {
        let (mut next_end, mut alone) = (i64::MAX, i64::MAX);
        let stage = self.lanes[at].stage;
        for (number, turnstile) in stage.ordered.iter().enumerate() {
            if let Some(lateness) = stage.assigned_at(number) {
                lag.assigned(lateness);
            }
            self.let_out(at, number, &|process, told| match self.form {
                _ if told.failure.is_some() => Vec::new(),
                Form::Whole => process.whole(self.shared.ending.load(Ordering::Relaxed), told),
                _ => process.close(upto.less(lag.of(process.goes_by_windows())), told),
            });
            let failed = turnstile.with(|state| {
                if let Ordered::Process { process, front, .. } = state {
                    let by_windows = process.goes_by_windows();
                    *front = lag.of(by_windows);
                    let end = process.next_end();
                    next_end = next_end.min(end.saturating_add(*front));
                    alone = alone.min(lag.alone(by_windows, end));
                    *lag = lag.behind_process(upto, process.as_ref());
                }
                state.has_failed()
            });
            if failed {
                // What follows lacks its rows.
                return (i64::MAX, i64::MAX);
            }
        }
        if let Some(lateness) = stage.assigned_at(stage.ordered.len()) {
            lag.assigned(lateness);
        }
        (next_end, alone)
    }

    /// What `give` gets out of ordered state `number` of stage `at`, through the rest of the stage.
    fn let_out(
        &self,
        at: usize,
        number: usize,
        give: &dyn Fn(&mut dyn Process, &mut Told) -> Vec<Chunk>,
    ) {
        loop {
            let turnstile = &self.lanes[at].stage.ordered[number];
            let (chunks, more, broken) = turnstile.with(|state| match state {
                Ordered::Process {
                    process,
                    told,
                    windows,
                    ..
                } => {
                    let chunks = give(process.as_mut(), told);
                    if let Some(windows) = windows {
                        let counts = chunks.iter().map(|chunk| windows.count(chunk));
                        self.note_windows(counts.sum());
                    }
                    (chunks, process.has_more(), told.broke())
                }
                _ => (Vec::new(), false, None),
            });
            let enough = &self.shared.enough;
            let before = enough.swap(false, Ordering::Relaxed);
            for chunk in chunks {
                self.inject(at, number, chunk);
            }
            let satisfied = enough.swap(before, Ordering::Relaxed);
            enough.fetch_or(satisfied, Ordering::Relaxed);
            if let Some((status, message)) = broken {
                lock(&self.shared.failure).get_or_insert(Failure { status, message }.into());
                self.shared.enough.store(true, Ordering::Relaxed);
                return;
            }
            if !more {
                return;
            }
            if satisfied {
                turnstile.with(|state| {
                    if let Ordered::Process { process, .. } = state {
                        process.enough();
                    }
                });
                return;
            }
        }
    }

    /// The late records that were found among what is let out go where those of blocks go, none of which is on its way.
    pub fn tell_late(&self) {
        let mut late = std::mem::take(&mut *lock(&self.shared.rest_late));
        for turnstile in self.lanes.iter().flat_map(|lane| &lane.stage.ordered) {
            turnstile.with(|state| {
                if let Ordered::Process { told, .. } = state {
                    late.append(&mut told.late);
                }
            });
        }
        if let Err(failure) = self.shared.ledger.put_late(late) {
            self.fail(failure.into());
        }
    }

    /// The run ends and another one goes on: what is outside of it and waits for its end comes to it.
    pub fn leave(&self) {
        for (at, lane) in self.lanes.iter().enumerate() {
            for number in 0..lane.stage.ordered.len() {
                self.let_out(at, number, &|process, told| process.leave(told));
            }
        }
    }

    /// Whether something outside of the run has rows that may have to be given again.
    pub fn is_open(&self) -> bool {
        let ordered = self.lanes.iter().flat_map(|lane| &lane.stage.ordered);
        ordered.into_iter().any(|turnstile| {
            turnstile.with(|state| match state {
                Ordered::Process { process, .. } => process.is_open(),
                _ => false,
            })
        })
    }
}
