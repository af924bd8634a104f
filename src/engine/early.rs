//! Early answers by a clock that the data tell: what `--every` and batches let out of chains whose last node knows no
//! triggers, and the files of `--every`. A block is cut between two of its rows where the clock passes a multiple;
//! what has come until then is closed as far as its time has come, and looked at. Only one block is on its way. Reads
//! no clock of the machine. Invariant: which rows stand in front of a moment follows from their order in the source
//! alone.

use super::control::{Control, Flight};
use super::driver::Running;
use super::front::SourceWorker;
use super::input::TooLong;
use super::ledger::BadRecord;
use super::meter::floor;
use super::order::lock;
use super::steps::LastNeeded;
use crate::data::process::Late;
use crate::data::time::Watermark;
use crate::data::{Chunk, Selection};
use crate::plan::files::Span;
use crate::plan::node::{Plan, Times};
use crate::sinks::Whole;
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering;

/// What another run must know.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Multiples that the clock has passed; `None`: it has shown none.
    pub multiple: Option<i64>,
    /// Rows have come since the last moment.
    pub is_new: bool,
    /// Some of them have gone into state since the last peek.
    pub is_fresh: bool,
}

/// Early answers of a run.
pub struct Early {
    every: i64,
    /// By source, how far its clock has come.
    clocks: Vec<Option<i64>>,
    pub passed: Passed,
    /// How far sources are said to have come in time.
    told: Option<Told>,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Told {
    /// The one whose block is cut.
    Of(usize, Option<i64>),
    /// All of them: they have come further.
    All(i64),
}

/// A place between two rows of a source.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Cut {
    /// The clock that the row behind it shows.
    clock: i64,
    /// The watermark that the rows in front of it have made.
    time: Option<i64>,
}

impl Early {
    pub fn new(plan: &Plan, passed: Passed) -> Option<Early> {
        let (_, every) = plan.early_by_data()?;
        Some(Early {
            every,
            clocks: Vec::new(),
            passed,
            told: None,
        })
    }

    /// One more source.
    pub fn add(&mut self) {
        self.clocks.push(None);
    }

    /// When the file that is open ends, if the clock has shown itself.
    pub fn next_file(&self) -> Option<i64> {
        let multiple = self.passed.multiple?;
        Some(multiple.saturating_add(1).saturating_mul(self.every))
    }

    /// What a source's watermark is said to be.
    pub fn told(&self, source: usize) -> Option<Option<i64>> {
        match self.told? {
            Told::Of(cut, time) => (cut == source).then_some(time),
            Told::All(time) => Some(Some(time)),
        }
    }
}

/// How far a clock has come before the row.
fn shown(clock: &Times, chunk: &Chunk, row: usize) -> Option<i64> {
    // The last instant of the batch that the row is in, or the clock; of arrival it is the row's own time.
    let clocks = chunk.clocks.as_ref().or(chunk.times.as_ref())?;
    Some(floor(clocks[row], clock.batch()))
}

impl Running<'_> {
    /// One block of a source, cut at the moments of the clock that the data tell. No other is on its way.
    pub fn block_by_moments(
        &self,
        side: usize,
        reader: &mut SourceWorker<'_>,
        chunk: &mut Chunk,
        long: Option<TooLong>,
        control: &mut Control<'_, '_>,
        flight: &Flight,
    ) {
        let source = chunk.block.source as usize;
        let mut through =
            |chunk: &mut Chunk, is_ahead: bool, bad: &mut Vec<BadRecord>, late: &mut Late| {
                self.in_pieces(
                    (side, source),
                    chunk,
                    is_ahead,
                    (bad, late),
                    control,
                    flight,
                )
            };
        self.block_with(side, reader, chunk, long, &mut through);
        if !self.is_cut_off() {
            control.moment_behind(source, flight);
        }
    }

    /// Nothing more of the input counts.
    fn is_cut_off(&self) -> bool {
        self.shared.enough.load(Ordering::Relaxed) || lock(&self.shared.failure).is_some()
    }

    fn in_pieces(
        &self,
        (side, source): (usize, usize),
        chunk: &mut Chunk,
        is_ahead: bool,
        (bad, late): (&mut Vec<BadRecord>, &mut Late),
        control: &mut Control<'_, '_>,
        flight: &Flight,
    ) -> Option<(LastNeeded, usize)> {
        let cuts = control.cuts(source, chunk);
        let live = std::mem::take(&mut chunk.live);
        let mut rows = live.iter().peekable();
        let mut last = None;
        // With `--strict` rows of a piece may end the run.
        let ledger = self.shared.run.strict.then_some(&self.shared.ledger);
        let number = chunk.block.number;
        let end = |bad: &mut Vec<BadRecord>| ledger?.end(number, None, bad);
        let end_read = end(bad);
        let mut has_ended = false;
        for (row, cut) in &cuts {
            let piece: Vec<u32> = std::iter::from_fn(|| rows.next_if(|next| next < row)).collect();
            if !piece.is_empty() {
                let mut part = chunk.clone();
                part.live = Selection::Some(piece);
                control.take_rows();
                part.block.seq = self.next_in(side);
                last = self.enter(side, 0, &mut part, bad, late).or(last);
                let end = end(bad);
                has_ended = end.is_some() && end != end_read;
            }
            if has_ended || self.is_cut_off() {
                break;
            }
            control.moment(source, cut.clock, cut.time, flight);
        }
        let rest: Vec<u32> = rows.collect();
        chunk.live = match rest.len() == live.len() {
            true => live,
            false if has_ended => Selection::default(),
            false => Selection::Some(rest),
        };
        // Not before: what a moment lets out has numbers too.
        chunk.block.seq = self.next_in(side);
        if is_ahead {
            self.stop_behind(chunk.block.seq);
        }
        if !chunk.live.is_empty() {
            control.take_rows();
        }
        self.enter(side, 0, chunk, bad, late).or(last)
    }
}

impl Control<'_, '_> {
    /// The clock of early answers that a source shows, where it has one.
    fn early_clock(&self, source: usize) -> Option<(&Times, bool)> {
        let spec = self.spec(source);
        match (&spec.clock, &spec.time) {
            (Some(clock), _) => Some((clock, true)),
            (None, Some(time)) if matches!(time, Times::Clock { .. } | Times::Batch { .. }) => {
                Some((time, false))
            }
            _ => None,
        }
    }

    /// How far that has come behind all blocks of the source.
    pub fn early_mark(&self, source: usize) -> Option<i64> {
        let (clock, is_beside) = self.early_clock(source)?;
        let shared = self.running.shared;
        let meter = match is_beside {
            true => &shared.clocks[source],
            false => &shared.meters[source],
        };
        // Nothing counted yet is where a clock of batches begins.
        meter.mark(clock, self.now())
    }

    /// Rows of a chunk before which the clock passes a multiple, with what it and time have come to.
    fn cuts(&self, source: usize, chunk: &Chunk) -> Vec<(u32, Cut)> {
        let (Some(early), Some((clock, is_beside))) = (&self.early, self.early_clock(source))
        else {
            return Vec::new();
        };
        let mut before = early.clocks[source].map(|clock| clock.div_euclid(early.every));
        let mut cuts = Vec::new();
        for row in chunk.live.iter() {
            let Some(clock) = shown(clock, chunk, row as usize) else {
                break;
            };
            let multiple = clock.div_euclid(early.every);
            if before.is_none_or(|before| multiple > before) {
                before = Some(multiple);
                let time = chunk.before.as_ref().map(|before| before[row as usize]);
                let time = time.filter(|time| is_beside && *time != i64::MIN);
                cuts.push((row, Cut { clock, time }));
            }
        }
        cuts
    }

    /// Rows go into the state.
    fn take_rows(&mut self) {
        if let Some(early) = &mut self.early {
            early.passed.is_new = true;
        }
    }

    /// The clock of a source has come so far, and its time, where that is another; all rows in front have been taken
    /// and none behind.
    fn moment(&mut self, source: usize, clock: i64, time: Option<i64>, flight: &Flight) {
        let is_beside = self.early_clock(source).is_some_and(|clock| clock.1);
        let Some(early) = &mut self.early else { return };
        early.clocks[source] = early.clocks[source].max(Some(clock));
        let least = early.clocks.iter().flatten().min().copied();
        if let Some((first, multiple)) = self.passes() {
            match self.is_in_steps() {
                true => self.steps(first, multiple, flight),
                false => {
                    let reached = match is_beside {
                        true => time,
                        // By arrival the watermark is the clock.
                        false => Some(clock),
                    };
                    self.tell(Some(Told::Of(source, reached)));
                    self.look(first, multiple, flight);
                    self.tell(None);
                }
            }
        }
        self.come_to(least.unwrap_or(clock));
    }

    /// The clock has come so far for the rows that follow.
    fn come_to(&self, clock: i64) {
        if let Some(moment) = &self.running.shared.moment {
            moment.fetch_max(clock, Ordering::Relaxed);
        }
    }

    fn tell(&mut self, told: Option<Told>) {
        if let Some(early) = &mut self.early {
            early.told = told;
        }
    }

    /// Whether the clock is time itself, so that windows close between moments that it passes at once.
    fn is_in_steps(&self) -> bool {
        self.early.is_some() && self.running.plan.source.clock.is_none()
    }

    /// Whether the rows of a moment may have waited for another source to come to it: those of batches, of which each is
    /// let out when all sources have ended it.
    fn rows_wait(&self) -> bool {
        let time = self.running.plan.source.time.as_ref();
        self.sources() > 1 && time.and_then(Times::batch).is_some()
    }

    /// The clocks of all sources have passed these multiples. What is let out between comes moment by moment, as if no
    /// source had been read further.
    fn steps(&mut self, first: i64, last: i64, flight: &Flight) {
        let Some(every) = self.early.as_ref().map(|early| early.every) else {
            return;
        };
        let mut at = first;
        loop {
            let time = at.saturating_mul(every);
            if self.rows_wait()
                && let Some(early) = &mut self.early
            {
                early.passed.is_new = self.running.next_end() <= time;
            }
            self.reach(time);
            self.tell(Some(Told::All(time)));
            self.look(at, at, flight);
            if at >= last || self.running.is_cut_off() {
                break;
            }
            let next = self.running.next_alone().min(self.running.next_tick());
            let next = next.div_euclid(every) + i64::from(next.rem_euclid(every) > 0);
            at = next.clamp(at + 1, last);
        }
        self.tell(None);
    }

    /// A source has ended: the others may have come further.
    pub(super) fn moments_behind_end(&mut self, flight: &Flight) {
        if self.is_in_steps()
            && let Some((first, last)) = self.passes()
        {
            self.steps(first, last, flight);
        }
    }

    /// The input has ended, and with it all batches up to there: the end of the last one, though that may lack records or
    /// its mark, lets out what any other's does.
    pub(super) fn last_moments(&mut self, upto: i64, flight: &Flight) {
        let Some(early) = &self.early else { return };
        let last = upto.div_euclid(early.every);
        let passed = early.passed.multiple.filter(|passed| *passed < last);
        let Some(passed) = passed.filter(|_| !self.running.is_cut_off()) else {
            return;
        };
        match self.is_in_steps() {
            true => self.steps(passed + 1, last, flight),
            false => self.look(passed + 1, last, flight),
        }
    }

    /// The clock has passed these multiples: what that lets out.
    fn look(&mut self, first: i64, last: i64, flight: &Flight) {
        let Some(early) = &mut self.early else { return };
        early.passed.multiple = Some(last);
        let is_new = std::mem::take(&mut early.passed.is_new);
        let (at, now) = (
            first.saturating_mul(early.every),
            last.saturating_mul(early.every),
        );
        let (plan, shared) = (self.running.plan, self.running.shared);
        if let Some(step) = shared.marks {
            shared.out.mark_most(now.div_euclid(step) - 1);
        }
        // What is final goes first, and the batches before.
        let upto = self.pass(flight);
        self.come_to(now);
        if let Some(step) = shared.marks {
            self.running.mark(Watermark::At(now - step));
        }
        let files = plan.sink.files.as_ref();
        let has_files = matches!(files.map(|files| files.of), Some(Span::Every(_)));
        let has_ticks = plan.tick_every.is_some();
        let has_waited = self.running.next_tick() <= now;
        if (is_new || has_waited) && (has_files || has_ticks) {
            // What nodes give by themselves is given before the row that shows the clock.
            self.tick(now, flight);
        }
        if is_new && (plan.peek_every.is_some() || has_ticks && shared.replaces) {
            self.peek();
        }
        self.running.mark(upto);
        if self.running.live {
            shared.out.flush();
        }
        if has_files {
            shared.out.closed(at);
        }
        self.enter();
    }

    /// Gives what there is so far, if something is new.
    pub(super) fn peek(&mut self) {
        let shared = self.running.shared;
        let is_fresh = shared.is_fresh.swap(false, Ordering::Relaxed);
        match shared.replaces {
            true => self.running.give_whole(Whole::Ends),
            false if is_fresh => {
                if let Err(error) = self.running.peek() {
                    self.running.fail(error);
                }
            }
            false => {}
        }
    }

    /// Rows go to the file of `--every` that the clock has come to, and are of the batch that it shows.
    pub fn enter(&self) {
        let Some(early) = &self.early else { return };
        let shared = self.running.shared;
        if let Some(next) = early.next_file() {
            shared.next_file.store(next, Ordering::Relaxed);
        }
        if let (Some(step), Some(multiple)) = (shared.marks, early.passed.multiple) {
            let is_each = step == early.every;
            shared
                .out
                .mark_most(if is_each { multiple } else { i64::MAX });
        }
    }

    /// The block at hand has been taken whole: a batch may have ended with it.
    fn moment_behind(&mut self, source: usize, flight: &Flight) {
        if let (Some(clock), true) = (self.early_mark(source), self.early.is_some()) {
            let is_beside = self.early_clock(source).is_some_and(|clock| clock.1);
            let time = match is_beside {
                true => self.mark(source),
                false => None,
            };
            self.moment(source, clock, time, flight);
        }
    }

    /// The first multiple that the clocks of all sources have passed since the last moment, and the last one.
    fn passes(&mut self) -> Option<(i64, i64)> {
        let mut least: Option<i64> = None;
        for source in 0..self.sources() {
            if self.has_ended(source) || self.early_clock(source).is_none() {
                continue;
            }
            // One that has given nothing in this run stands where another has left it.
            let shown = self.early.as_ref()?.clocks[source];
            let clock = shown.or_else(|| self.early_mark(source))?;
            least = Some(least.map_or(clock, |least| least.min(clock)));
        }
        let least = least?;
        // What is counted begins at nothing; what a clock shows first has nothing in front of it.
        let began = match self.running.shared.first_reading() {
            Some(first) => first.min(least),
            None => least.min(0),
        };
        let early = self.early.as_mut()?;
        let multiple = least.div_euclid(early.every);
        let before = match early.passed.multiple {
            Some(before) => before,
            None => {
                let before = began.div_euclid(early.every);
                early.passed.multiple = Some(before);
                self.enter();
                before
            }
        };
        (multiple > before).then_some((before + 1, multiple))
    }
}
