//! When epochs end on input that is read front to end: by the clock, by the watermark, and when nothing comes.
//! Invariant: the watermark of the plan is never above that of a source that may still speak, and never falls.

use super::batches::BatchLog;
use super::clock::wait;
use super::commit::{Kept, Moments};
use super::driver::Running;
use super::early::{Early, Passed};
use super::meter::Meter;
use super::open::Group;
use super::order::lock;
use super::showing::{Moment, Showing};
use super::tracked::Tracked;
use crate::data::time::{NUMBERS_END, Watermark, next_multiple};
use crate::plan::files::Span;
use crate::plan::grid::Grid;
use crate::plan::node::{Batching, NodeKind, Scope, Source, Times, Window};
use crate::sinks::Whole;
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// While input keeps coming, epochs are at least this long, ns.
const EPOCH_MIN: i64 = 5_000_000;
/// The longest wait for input: how soon a signal is noticed that came at the wrong moment.
const WAIT_MAX: Duration = Duration::from_millis(500);
/// How often it is looked how much state there is, ns.
const NOTE: i64 = 1_000_000_000;
/// The wait while workers are busy: how soon what they find is acted on.
const WAIT_BUSY: Duration = Duration::from_millis(1);

/// Blocks on their way, and the workers that are there to take them.
#[derive(Default)]
pub struct Flight {
    count: Mutex<(usize, usize)>,
    landed: Condvar,
}

impl Flight {
    pub fn begin(&self, workers: usize) {
        lock(&self.count).1 = workers;
    }

    pub fn start(&self) {
        lock(&self.count).0 += 1;
    }

    pub fn end(&self) {
        lock(&self.count).0 -= 1;
        self.landed.notify_all();
    }

    pub fn count(&self) -> usize {
        lock(&self.count).0
    }

    /// Until no block is on its way, or nobody is left to take one.
    pub fn wait(&self) {
        let mut count = lock(&self.count);
        while count.0 > 0 && count.1 > 0 {
            count = self
                .landed
                .wait(count)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub fn working(&self) -> Working<'_> {
        Working(self)
    }
}

/// A worker that is there; also when it panics, it is not any more.
pub struct Working<'f>(&'f Flight);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        lock(&self.0.count).1 -= 1;
        self.0.landed.notify_all();
    }
}

/// Counts a block as done, also when its worker panics.
pub struct Landing<'f>(pub &'f Flight);

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// One source as far as time is concerned.
struct Pulse<'s> {
    spec: &'s Source,
    live: bool,
    ended: bool,
    /// It was silent for so long that it holds the watermark no more.
    idle: bool,
    last_data: i64,
}

/// When epochs end on input that is read front to end.
pub struct Control<'c, 's> {
    pub(super) running: &'c Running<'s>,
    pulses: Vec<Pulse<'s>>,
    /// The first windows by arrival: they close by the clock.
    arrival: Option<Grid>,
    /// When the clock next closes one, or ends a batch.
    boundary: i64,
    /// How far the plan's watermark has come.
    reached: Option<i64>,
    /// Something has changed since the last commit.
    changed: bool,
    /// What the clock is said to be, ns.
    replayed: Option<i64>,
    last_epoch: i64,
    until: Option<i64>,
    every_block: bool,
    settled: bool,
    /// Blocks have come since the last epoch.
    has_come: bool,
    /// State has been told what time is, once at least.
    has_begun: bool,
    /// Triggers go by the machine's clock, and when it next gives what nodes have that know none.
    by_wall: bool,
    peek_at: i64,
    /// Where they go by a clock that the data tell.
    pub(super) early: Option<Early>,
    /// When the file of `--every` is complete.
    file_at: i64,
    /// How long a batch is, and the last one whose end has given an answer.
    batch_step: Option<i64>,
    last_batch: Option<i64>,
    batches: Option<BatchLog>,
    showing: Option<Showing>,
    /// When it is next looked how much state there is.
    note_at: i64,
}

impl<'c, 's> Control<'c, 's> {
    pub fn new(running: &'c Running<'s>, groups: &[Group]) -> Control<'c, 's> {
        let now = running.shared.run.clock.now();
        let plan = running.plan;
        let first_window: Option<&Window> = plan.nodes.iter().find_map(|node| match &node.kind {
            NodeKind::Assign { window, .. }
            | NodeKind::Aggregate {
                scope: Scope::Assign(window),
                ..
            } => Some(window),
            _ => None,
        });
        let by_clock = matches!(
            plan.source.time,
            Some(
                Times::Arrival
                    | Times::Batch {
                        by: Batching::Wall,
                        ..
                    }
            )
        );
        let arrival = first_window
            .filter(|_| by_clock)
            .map(|window| Grid::new(window, &plan.zone));
        let mut control = Control {
            running,
            pulses: Vec::new(),
            arrival,
            boundary: i64::MAX,
            reached: running.kept.and_then(|kept| kept.moments.reached),
            last_epoch: now,
            until: running
                .shared
                .run
                .for_ns
                .map(|span| running.shared.began + span),
            every_block: running.shared.run.epoch.is_some(),
            changed: false,
            replayed: None,
            settled: true,
            has_come: false,
            has_begun: false,
            by_wall: plan.source.clock.is_none()
                && !matches!(
                    plan.source.time,
                    Some(
                        Times::Clock { .. }
                            | Times::Batch {
                                by: Batching::Lines(_) | Batching::Marks(_),
                                ..
                            }
                    )
                ),
            batches: BatchLog::new(running),
            showing: Showing::new(running, now),
            note_at: now,
            early: Early::new(
                plan,
                running
                    .kept
                    .map_or_else(Passed::default, |kept| kept.moments.passed),
            ),
            batch_step: plan.source.time.as_ref().and_then(Times::batch),
            last_batch: None,
            file_at: match plan.sink.files.as_ref().map(|files| files.of) {
                Some(Span::Every(_)) => running.shared.next_file.load(Ordering::Relaxed),
                _ => i64::MAX,
            },
            peek_at: plan
                .peek_every
                .map_or(i64::MAX, |every| next_multiple(now, every)),
        };
        for group in groups {
            control.add(group.side, group.live);
        }
        control.boundary = control.next_boundary(now);
        control.enter();
        control
    }

    /// One more source.
    pub fn add(&mut self, side: usize, live: bool) {
        let plan = self.running.plan;
        self.pulses.push(Pulse {
            spec: plan.sides().nth(side).unwrap_or(&plan.source),
            live,
            ended: false,
            idle: false,
            last_data: self.now(),
        });
        let source = self.pulses.len() - 1;
        if let Some(reached) = self.reached {
            // What it says is late for what is closed already.
            self.running.shared.meters[source].raise(reached);
        }
        if let Some(early) = &mut self.early {
            early.add();
        }
    }

    pub(super) fn sources(&self) -> usize {
        self.pulses.len()
    }

    pub(super) fn spec(&self, source: usize) -> &'s Source {
        self.pulses[source].spec
    }

    pub(super) fn has_ended(&self, source: usize) -> bool {
        self.pulses[source].ended
    }

    pub fn now(&self) -> i64 {
        let now = self.running.shared.run.clock.now();
        self.replayed.unwrap_or(now)
    }

    /// The clock stands where it stood when the input at hand was received, or goes again.
    pub fn replay(&mut self, at: Option<i64>) {
        if at.is_none() && self.replayed.is_some() {
            self.last_epoch = i64::MIN;
        }
        self.replayed = at;
    }

    pub fn is_out_of_time(&self) -> bool {
        let quits = self.running.shared.run.quit.load(Ordering::Relaxed);
        quits || self.until.is_some_and(|until| self.now() >= until)
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
        most = most.min(wait(now, self.next_change()));
        let waits = self.changed && self.running.kept.is_some() && !self.running.is_open();
        if let Some(kept) = self.running.kept.filter(|_| waits) {
            most = most.min(wait(now, kept.due())).max(WAIT_BUSY);
        }
        if let Some(showing) = &self.showing {
            let now = self.running.shared.run.clock.now();
            most = most.min(wait(now, showing.due()).max(WAIT_BUSY));
        }
        most.min(wait(now, self.next_trigger()))
    }

    /// Shows what is open when it is time to.
    fn show(&mut self, flight: &Flight) {
        let now = self.running.shared.run.clock.now();
        let Some(showing) = self.showing.as_ref().filter(|showing| now >= showing.due()) else {
            return;
        };
        if showing.wants_rows() {
            flight.wait();
            if self.is_due() {
                self.epoch(flight);
            }
        }
        let Watermark::At(reached) = self.watermark() else {
            return self.show_at(now, None, None);
        };
        let by_clock = matches!(self.running.plan.source.time, Some(Times::Arrival))
            || self.by_wall && self.batch_step.is_some();
        match by_clock {
            true => self.show_at(now, Some(now), None),
            false => {
                let meters = self.running.shared.meters.iter();
                let latest = meters.filter_map(Meter::latest).max().unwrap_or(reached);
                self.show_at(now, Some(latest.max(reached)), Some(now - reached));
            }
        }
    }

    /// What is told of the run while it goes on.
    fn note(&self, upto: Watermark) {
        if let Watermark::At(at) = upto {
            self.running.shared.run.progress.reach(at);
        }
    }

    fn show_at(&mut self, now: i64, time: Option<i64>, lag: Option<i64>) {
        if let Some(showing) = &mut self.showing {
            showing.look(self.running, &Moment { now, time, lag });
        }
    }

    /// When the clock next gives early rows.
    fn next_trigger(&self) -> i64 {
        match self.by_wall {
            true => self.running.next_tick().min(self.peek_at).min(self.file_at),
            false => i64::MAX,
        }
    }

    /// Nodes give what the clock lets out, and those behind them what that makes.
    pub(super) fn tick(&mut self, now: i64, flight: &Flight) {
        self.running.tick(now);
        if self.is_due() {
            self.pass(flight);
        }
    }

    fn trigger(&mut self, now: i64, flight: &Flight) {
        if now < self.next_trigger() {
            return;
        }
        // At the end of a batch they are of that.
        let ended = now.min(self.boundary.saturating_sub(1));
        self.batch_is(ended);
        // What is final goes first.
        let upto = self.pass(flight);
        let mut is_due = false;
        if self.running.next_tick() <= now {
            self.tick(now, flight);
            is_due = self.running.shared.replaces;
        }
        if self.peek_at <= now
            && let Some(every) = self.running.plan.peek_every
        {
            self.peek_at = next_multiple(now, every);
            is_due = true;
        }
        if is_due {
            self.peek();
        }
        self.running.mark(upto);
        self.batch_is(now);
        self.running.shared.out.flush();
        if self.file_at <= now {
            self.next_file(now);
        }
    }

    /// The file of `--every` is complete, and the next one begins.
    fn next_file(&mut self, now: i64) {
        let shared = self.running.shared;
        let of = self.running.plan.sink.files.as_ref().map(|files| files.of);
        if let Some(Span::Every(every)) = of {
            shared.out.closed(now);
            self.file_at = next_multiple(now, every);
            shared.next_file.store(self.file_at, Ordering::Relaxed);
            self.changed = true;
        }
    }

    /// How far the time of a source has come.
    pub fn mark(&self, source: usize) -> Option<i64> {
        let spec = self.pulses[source].spec;
        if let Some(told) = self.early.as_ref().and_then(|early| early.told(source)) {
            return told;
        }
        self.running.shared.meters[source].mark(spec.time.as_ref()?, self.now())
    }

    /// Whether a source's silence is waited for, and then no more: event time stands still without data.
    fn may_idle(pulse: &Pulse<'_>) -> bool {
        let by_event = matches!(pulse.spec.time, Some(Times::Event { .. }));
        pulse.live && by_event && !pulse.ended
    }

    /// When the watermark moves though nothing comes: a silent source stops to hold it, or, with all of them
    /// silent, the clock has taken it to the end of the next open window.
    fn next_change(&self) -> i64 {
        let next_end = self.running.next_alone();
        if next_end == i64::MAX {
            return i64::MAX;
        }
        let idle = self.running.shared.run.idle;
        let waking = self
            .pulses
            .iter()
            .filter(|pulse| Self::may_idle(pulse) && !pulse.idle)
            .map(|pulse| pulse.last_data.saturating_add(idle))
            .min();
        let by_clock = matches!(self.running.plan.source.time, Some(Times::Arrival));
        match waking {
            _ if by_clock => next_end,
            Some(at) => at,
            None => match self.all_idle() {
                Some((latest, spoke)) => spoke.saturating_add(next_end.saturating_sub(latest)),
                None => i64::MAX,
            },
        }
    }

    /// With every source that has not ended silent: how far the furthest has come, and when the last one spoke.
    fn all_idle(&self) -> Option<(i64, i64)> {
        let open = || self.pulses.iter().filter(|pulse| !pulse.ended);
        if open().next().is_none() || open().any(|pulse| !pulse.idle) {
            return None;
        }
        let latest = self.furthest()?;
        let spoke = open().map(|pulse| pulse.last_data).max()?;
        Some((latest, spoke))
    }

    /// Something of a source waits to be taken: it is not silent.
    pub fn hears(&mut self, source: usize) {
        self.pulses[source].last_data = self.now();
    }

    /// Before a block that arrived at `now` is handed out: windows that the clock has closed go first.
    pub fn arrived(&mut self, source: usize, now: i64, flight: &Flight) {
        let pulse = &mut self.pulses[source];
        pulse.last_data = now;
        if std::mem::take(&mut pulse.idle)
            && let Some(reached) = self.reached
        {
            // What it says now is late for what the clock has closed meanwhile.
            self.running.shared.meters[source].raise(reached);
        }
        self.settled = false;
        self.has_come = true;
        self.changed = true;
        self.clock(now, flight);
        if let Some(showing) = &mut self.showing {
            showing.freshen();
        }
    }

    /// A place in the input has changed without a block.
    pub fn moved(&mut self) {
        self.changed = true;
    }

    /// Between blocks: looks after the checkpoint, and takes one when it is due.
    pub fn keep(&mut self, sources: &mut [Tracked], flight: &Flight) {
        let Some(kept) = self.running.kept else {
            return;
        };
        if let Err(error) = kept.poll(self.running) {
            return self.running.fail(error);
        }
        if self.changed && kept.is_due(self.now()) && !self.running.is_open() {
            flight.wait();
            // A batch that was given to a command meanwhile counts when that has ended.
            if !self.running.has_failed() && !self.running.is_open() {
                self.commit(sources, false, false);
            }
        }
    }

    /// Takes a checkpoint, unless something has failed; no block is on its way.
    pub fn commit(&mut self, sources: &mut [Tracked], ended: bool, wait: bool) {
        let Some(kept) = self.running.kept else {
            return;
        };
        if self.running.has_failed() {
            return;
        }
        let passed = self.early.as_ref().map(|early| early.passed);
        let moments = Moments {
            reached: self.reached,
            whole: wait,
            passed: Passed {
                is_fresh: self.running.shared.is_fresh.load(Ordering::Relaxed),
                ..passed.unwrap_or_default()
            },
            ..Moments::default()
        };
        self.changed = false;
        if let Err(error) = kept.commit(self.running, moments, sources, ended, wait) {
            self.running.fail(error);
        }
    }

    pub fn ended(&mut self, source: usize, flight: &Flight) {
        flight.wait();
        if lock(&self.running.shared.last).is_some() {
            // What counts of it ended before, and holds the time there.
            return;
        }
        // One that goes on in another run is waited for by that.
        self.pulses[source].ended = !self.running.kept.is_some_and(Kept::goes_on);
        if self.pulses.iter().any(|pulse| !pulse.ended) {
            self.moments_behind_end(flight);
            if self.is_due() {
                self.epoch(flight);
            }
        }
    }

    /// The plan's time has come so far.
    pub(super) fn reach(&mut self, time: i64) {
        self.reached = self.reached.max(Some(time));
    }

    /// When the clock next ends a window by arrival, or a batch that is to be marked.
    fn next_boundary(&mut self, now: i64) -> i64 {
        let end = self
            .arrival
            .as_mut()
            .map_or(i64::MAX, |grid| grid.next_end(now));
        match self.running.shared.marks.filter(|_| self.by_wall) {
            Some(step) => end.min(next_multiple(now, step)),
            None => end,
        }
    }

    /// What comes now is of the batch that the machine's clock shows, though it be of a window with a later end.
    fn batch_is(&self, now: i64) {
        if let Some(step) = self.running.shared.marks.filter(|_| self.by_wall) {
            self.running.shared.out.mark_most(now.div_euclid(step));
        }
    }

    fn clock(&mut self, now: i64, flight: &Flight) {
        self.trigger(now, flight);
        if now >= self.boundary {
            self.epoch(flight);
            self.batch_is(now);
            self.boundary = self.next_boundary(now);
        }
        self.show(flight);
        if now >= self.note_at {
            self.note_at = now.saturating_add(NOTE);
            self.running.note_held();
            let upto = self.watermark();
            self.note(upto);
        }
    }

    /// After a block: closes what the watermark has passed.
    pub fn after_block(&mut self, flight: &Flight) {
        if self.running.shared.ledger.awaits_accounts() {
            // A record that has moved the time may turn out to end the run in front of it.
            flight.wait();
        }
        if self.every_block
            || (self.is_due() && self.now().saturating_sub(self.last_epoch) >= EPOCH_MIN)
        {
            self.epoch(flight);
        }
    }

    /// Nothing more is read for now: what time has let out already goes out.
    pub fn settle(&mut self, flight: &Flight) {
        // A batch that has ended is marked, be it that nothing waited for its end.
        if self.is_due() || self.has_come || self.running.shared.marks.is_some() {
            self.epoch(flight);
        }
        if self.running.plan.sink.complete && !self.running.shared.run.stop.load(Ordering::Relaxed)
        {
            // What all runs of the job have come to so far.
            self.running.give_whole(Whole::Last);
        }
        self.running.shared.out.flush();
    }

    /// Nothing more is read: batches that have ended are closed, before what the end of the input closes. Returns when the
    /// last of them ended.
    pub fn finish(&mut self, flight: &Flight) -> Watermark {
        // A block on its way may turn out to have the last record that is needed.
        flight.wait();
        let source = &self.running.plan.source;
        let last = self.running.shared.last_batch();
        // The last, part batch has ended with the input, if it has a record.
        let part = |clock: &Times| {
            let step = clock.batch().filter(|_| last > i64::MIN);
            step.map(|step| (last + 1).saturating_mul(step))
        };
        let in_batches = |time: &&Times| time.batch().is_some();
        let Some(time) = source.time.as_ref().filter(in_batches) else {
            // Those that only trigger, beside event time.
            if let Some(ended) = source.clock.as_ref().and_then(part) {
                self.last_moments(ended, flight);
            }
            if let Some(Times::Event { .. }) = source.time {
                // What the last records let out comes before what the end does, wherever epochs end.
                self.reached = self.reached.max(self.furthest());
                self.pass(flight);
            }
            return Watermark::None;
        };
        // One that ended sooner has given empty batches since.
        let ended = self.furthest().max(part(time));
        if let Some(ended) = ended {
            self.last_moments(ended, flight);
        }
        self.reached = self.reached.max(ended);
        let upto = self.pass(flight);
        if let Some(end) = part(time).filter(|_| self.by_wall) {
            self.trigger(end, flight);
        }
        self.running.mark(upto);
        ended.map_or(Watermark::None, Watermark::At)
    }

    /// How far the source has come that has come furthest.
    fn furthest(&self) -> Option<i64> {
        let sources = 0..self.pulses.len();
        sources.filter_map(|source| self.mark(source)).max()
    }

    /// Nothing came for a while.
    pub fn idle(&mut self, flight: &Flight) {
        let now = self.now();
        self.clock(now, flight);
        if flight.count() > 0 {
            return;
        }
        let idle = self.running.shared.run.idle;
        for pulse in &mut self.pulses {
            if Self::may_idle(pulse) && now >= pulse.last_data.saturating_add(idle) {
                pulse.idle = true;
            }
        }
        // What held time back may have gone with the last rows, though time stands where it was.
        let was_behind = self.running.shared.behind.load(Ordering::Relaxed) > 0;
        if self.is_due() || (self.has_come && was_behind) {
            self.epoch(flight);
        }
        if !self.settled && self.running.live {
            self.settled = true;
            self.running.shared.out.flush();
        }
    }

    /// The least of the sources that are awake. With all of them silent the furthest one's, which goes on with
    /// the clock.
    fn watermark(&mut self) -> Watermark {
        let awake = |pulse: &Pulse<'_>| !pulse.ended && !pulse.idle;
        let now = self.now();
        let mut least = None;
        if self.pulses.iter().any(awake) {
            let mut held = false;
            for (source, pulse) in self.pulses.iter().enumerate() {
                if awake(pulse) {
                    let mark = self.mark(source);
                    held |= mark.is_none();
                    least = match (least, mark) {
                        (Some(a), Some(b)) => Some(i64::min(a, b)),
                        (a, b) => a.or(b),
                    };
                }
            }
            least = least.filter(|_| !held);
        } else if let Some((latest, spoke)) = self.all_idle() {
            least = Some(latest.saturating_add(now - spoke));
        }
        self.reached = self.reached.max(least);
        if let ([meter], Some(reached)) = (&self.running.shared.meters[..], self.reached) {
            // Blocks behind the record that is the last one have been read meanwhile.
            self.reached = Some(meter.held().map_or(reached, |held| held.min(reached)));
        }
        match self.reached {
            None => Watermark::None,
            Some(at) => Watermark::At(at),
        }
    }

    fn is_due(&mut self) -> bool {
        match self.watermark() {
            Watermark::At(at) => {
                let next_end = self.running.next_end();
                // The first batches may be empty, of which no record tells.
                let is_first = !self.has_begun && self.running.shared.first_batch().is_some();
                at >= next_end || self.ends_batch(at) || is_first
            }
            _ => self.has_come && self.has_whole(),
        }
    }

    /// Whether windows by count wait, which are whole when their rows come, though time tells nothing.
    fn has_whole(&self) -> bool {
        self.running.next_end() < NUMBERS_END
    }

    /// Whether a batch has ended that is not marked yet.
    fn ends_batch(&self, at: i64) -> bool {
        let marks = self.running.shared.marks.filter(|_| self.running.live);
        marks.is_some_and(|step| Some(at.div_euclid(step)) > self.last_batch)
    }

    pub(super) fn epoch(&mut self, flight: &Flight) {
        let upto = self.pass(flight);
        self.running.mark(upto);
        // What a layout makes of rows must not show where epochs of a file end.
        if self.running.live {
            self.running.shared.out.flush();
        }
    }

    /// An epoch, whose batches are not marked yet; returns how far time has come.
    pub(super) fn pass(&mut self, flight: &Flight) -> Watermark {
        flight.wait();
        if lock(&self.running.shared.failure).is_some() {
            return Watermark::None;
        }
        // Blocks that landed meanwhile have moved the watermark; judging does not depend on it.
        let upto = self.watermark();
        let began = self.now();
        if let (Some(showing), Watermark::At(at)) = (&mut self.showing, upto) {
            showing.closes(at);
        }
        self.running.close(match upto {
            // What a block has begun is closed in the middle of it, too.
            Watermark::None if self.has_whole() => Watermark::At(NUMBERS_END - 1),
            _ => upto,
        });
        self.has_come = false;
        self.has_begun |= upto != Watermark::None;
        self.changed = true;
        if let (Some(log), Watermark::At(at)) = (&mut self.batches, upto) {
            log.done(self.running, at, began);
        }
        let batch = match upto {
            Watermark::At(at) => self.batch_step.map(|step| at.div_euclid(step)),
            _ => None,
        };
        if batch > self.last_batch {
            self.last_batch = batch;
            if self.running.shared.replaces {
                self.running.give_whole(Whole::Ends);
            }
        }
        self.last_epoch = self.now();
        self.note(upto);
        upto
    }
}
