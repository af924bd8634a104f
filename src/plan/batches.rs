//! Batches: the Spark model, in which what has no window works batch by batch (SPARK.md 1.1, INTERFACE 8.2). A batch
//! is a window by arrival that is not shown. Reads no clock. Invariant: windows by arrival take whole batches.

use super::builder::{Builder, Options};
use super::files::{self, Span};
use super::meaning::{Meaning, Running};
use super::node::{Batching, Extent, Node, NodeKind, Plan, Times, Window};
use super::scopes::Windows;
use super::window::duration;
use crate::data::time::SECOND;
use crate::error::Usage;
use crate::expr::Expr;

/// The step of a batch clock that is not the wall's, unless `--batch` says.
const STEP: i64 = SECOND;

/// The nearest multiples of a batch's length, in words.
fn near(ns: i64, step: i64) -> String {
    match ns / step * step {
        0 => duration(step),
        below => format!("{} or {}", duration(below), duration(below + step)),
    }
}

impl Options {
    /// How long a batch is, ns, if there are batches.
    pub fn batch_step(&self) -> Option<i64> {
        let counted = self.batch_lines.is_some() || self.batch_on.is_some();
        self.batch.or(counted.then_some(STEP))
    }

    /// Whether their ends are marked: without batches commits are.
    fn marks_batches(&self) -> bool {
        self.mark_batches && self.batch_step().is_some()
    }
}

impl Plan {
    /// Whether commits are marked, as there are no batches.
    pub fn marks_commits(&self) -> bool {
        let batch = self.source.time.as_ref().and_then(Times::batch);
        self.mark_batches && batch.is_none()
    }

    /// There are batches: whether each row that comes out is of one, where their ends are marked.
    pub fn check_marks(&self) -> Result<(), Usage> {
        if self.marks_commits() {
            return Err(Usage::new(
                "--mark-batches: what comes here goes by event time, so no row is of a batch; leave it out",
            ));
        }
        let waits = |node: &&Node| match &node.kind {
            NodeKind::Custom(custom) => match &custom.meaning {
                Meaning::Running(running) => running.iter().any(Running::looks_ahead),
                _ => false,
            },
            _ => false,
        };
        match self.nodes.iter().find(waits).filter(|_| self.mark_batches) {
            Some(node) => Err(Usage::new(format!(
                "--mark-batches: '{}' gives a record when those behind it have come, in whatever batch; leave it out",
                node.operator
            ))),
            None => Ok(()),
        }
    }

    /// The clock that early answers go by where the data tell it, and how often they come.
    pub fn early_by_data(&self) -> Option<(&Times, i64)> {
        let source = &self.source;
        let clock = source.clock.as_ref().or(source.time.as_ref())?;
        let is_told = match clock {
            Times::Clock { .. } => true,
            Times::Batch { by, .. } => !matches!(by, Batching::Wall),
            _ => false,
        };
        let of_files = match self.sink.files.as_ref().map(|files| files.of) {
            Some(Span::Every(every)) => Some(every),
            _ => None,
        };
        let every = self.peek_every.or(of_files).or(self.tick_every);
        let every = every.filter(|_| is_told)?;
        Some((clock, every))
    }

    /// Of two streams one may have been read further than the other when the clocks of both have come to a moment: what
    /// is early then is exact where the rows of batches wait for each other, and refused elsewhere.
    pub fn check_early(&self, options: &Options) -> Result<(), Usage> {
        let batch = self.source.time.as_ref().and_then(Times::batch);
        if let (Some((_, every)), Some(step), true) =
            (self.early_by_data(), batch, self.mark_batches)
            && every % step != 0
        {
            return Err(Usage::new(format!(
                "--every {} is no multiple of the batch of {}, and --mark-batches marks its end; take {}",
                duration(every),
                duration(step),
                near(every, step)
            )));
        }
        let in_batches = batch.is_some();
        let waits = in_batches && self.peek_every.is_none();
        if self.early_by_data().is_none() || waits || self.sides().nth(1).is_none() {
            return Ok(());
        }
        let option = match (options.triggers.every, options.triggers.every_delay) {
            (Some(_), _) => "--every",
            (None, Some(_)) => "--every-delay",
            (None, None) => "--output-mode",
        };
        Err(Usage::new(format!(
            "{option} by a clock that the data tell is for one stream, or for an aggregate over batches of both (--batch, \
             --batch-lines, --batch-on without --time); leave it out"
        )))
    }
}

impl Builder<'_> {
    /// The clock that triggers go by, where it is told beside event time.
    pub(super) fn clock_of_triggers(&self) -> Option<Times> {
        let by_event = self.timed && matches!(self.times, Some(Times::Event { .. }));
        (by_event && self.arrival_replays()).then(|| self.arrival.clone())
    }

    /// Early answers go by the clock that the data tell, if there is one; it is read then.
    pub(super) fn goes_by_data(&mut self) -> bool {
        let goes = self.arrival_replays();
        if goes && !self.timed {
            self.times = Some(self.arrival.clone());
            self.timed = true;
        }
        goes
    }

    /// A node's early rows go by that clock too, if there is one: at each `every`, behind each batch where delays may
    /// be over by then or what each Nth record lets out must be of a batch that is marked.
    pub(super) fn ticks_by_data(&mut self, every: Option<i64>, delay: Option<i64>, records: bool) {
        let marked = records && self.options.marks_batches();
        if !(every.or(delay).is_some() || marked) || !self.arrival_replays() {
            return;
        }
        self.times.get_or_insert_with(|| self.arrival.clone());
        self.timed = true;
        let batch = self.options.batch_step();
        let batch = batch.filter(|_| delay.is_some() || marked);
        // Rows that have waited show no clock: each reading is a moment of its own.
        let has_waited = |node: &Node| matches!(node.kind, NodeKind::Custom(_));
        let waits = self.nodes.iter().any(has_waited) || !self.sides.is_empty();
        let each = delay.filter(|_| waits).map(|_| 1);
        self.tick_every = batch.or(every).or(each).or(self.tick_every);
    }

    /// What arrival is: the clock, the field that tells one, batches.
    pub(super) fn begin_arrival(&mut self) -> Result<(), Usage> {
        let options = self.options.clone();
        let by = match (&options.batch_on, options.batch_lines) {
            (Some(regex), _) => Some(Batching::Marks(regex.clone())),
            (None, Some(lines)) => Some(Batching::Lines(lines)),
            (None, None) => None,
        };
        if let Some(spec) = &options.clock {
            self.name = "--clock".into();
            let at = self.time_field(spec)?;
            self.arrival = Times::Clock {
                at,
                batch: options.batch,
            };
        } else if let Some(by) = by {
            let step = options.batch.unwrap_or(STEP);
            self.arrival = Times::Batch { by, step };
        } else if let Some(step) = options.batch {
            self.arrival = Times::Batch {
                by: Batching::Wall,
                step,
            };
        }
        Ok(())
    }

    /// Whether rows by arrival have the same times whenever they are read.
    pub(super) fn arrival_replays(&self) -> bool {
        match &self.arrival {
            Times::Clock { .. } => true,
            Times::Batch { by, .. } => !matches!(by, Batching::Wall),
            _ => false,
        }
    }

    /// In batches an operator that keeps rows, and has no window, has the batch.
    pub(super) fn batch_scope(&mut self) {
        let free = self.batched
            && self.pending.is_none()
            && self.shaped.is_none()
            && self.windows == Windows::No
            && self.at_source();
        let own = match &self.times {
            Some(times) if self.timed => times.batch(),
            _ => self.arrival.batch(),
        };
        if let (true, Some(step)) = (free, own) {
            self.times = Some(self.arrival.clone());
            self.timed = true;
            self.pending = Some(window(step));
            self.in_force = self.pending.clone();
            self.pending_batch = true;
        }
    }

    /// Batches that are marked in the input or the output are found also where no operator asks for them.
    pub(super) fn batch_stream(&mut self) {
        let united = self.batched && self.sides.iter().any(|side| side.union);
        let named = self.options.output.as_deref().is_some_and(files::has_times);
        // The value of `now()` is that of the batch, or of the clock that the data tell.
        let told = matches!(self.arrival, Times::Clock { .. } | Times::Batch { .. });
        let asked = told && self.sees_now();
        let marked = self.options.batch_on.is_some()
            || self.options.marks_batches()
            || united
            || asked
            || (self.batched && named);
        if marked && !self.timed {
            self.times = Some(self.arrival.clone());
            self.timed = true;
        }
    }

    /// Batches were asked for, and the chain goes by event time: where nothing asks what their ends are, it is said.
    pub(super) fn tell_idle_batches(&mut self) {
        let by_event = self.timed && matches!(self.times, Some(Times::Event { .. }));
        let option = match (self.options.batch_lines, self.options.batch) {
            (Some(_), _) => "--batch-lines",
            (None, Some(_)) => "--batch",
            (None, None) => return,
        };
        let names_files = self.options.output.as_deref().is_some_and(files::has_times);
        let has_part = self.options.batch_on.is_some()
            || self.options.mark_batches
            || self.options.triggers.prints_at_batches()
            || self.tick_every.is_some()
            || self.peek_every.is_some()
            || names_files
            || self.sees_now();
        if !by_event || has_part {
            return;
        }
        let is_live = self.is_live() || self.sides.iter().any(|side| side.stream.live);
        let and = match is_live && self.sides.iter().any(|side| side.union) {
            true => ", and records of both streams come as they arrive",
            false => "",
        };
        self.notes.push(format!(
            "{option} has no part here: the chain goes by event time{and}"
        ));
    }

    /// Whether an expression of the chain asks for the time of a record's batch.
    fn sees_now(&self) -> bool {
        let mut exprs = self
            .nodes
            .iter()
            .flat_map(|node| super::text::exprs(&node.kind));
        exprs.any(Expr::sees_now)
    }

    /// How much later the times of rows here are shown than they are, ns: a batch carries its end, and its records are
    /// in windows that end then.
    pub fn shown_later(&self) -> i64 {
        let by_batch = self.times.as_ref().and_then(Times::batch).is_some();
        let windowed = self.aggregated.as_ref().is_some_and(|last| last.windowed);
        i64::from(by_batch && !(windowed && self.windows != Windows::Batch))
    }

    /// Whether what has no window works batch by batch.
    pub fn goes_by_batch(&self) -> bool {
        self.batched
    }

    /// The operator at hand gives a row for an empty batch too.
    pub fn even_of_nothing(&mut self) {
        self.empties = true;
    }

    /// A window by arrival takes whole batches, also of what was made of them, and ends with one: its ends are multiples
    /// of the slide.
    pub(super) fn in_batches(&self, window: Window) -> Result<Window, Usage> {
        let step = self.times.as_ref().and_then(Times::batch);
        let (Some(step), Window { size, slide, .. }) = (step, &window) else {
            return Ok(window);
        };
        let fixed = |extent: &Extent| match extent {
            Extent::Fixed(ns) => *ns,
            // On the clock of batches a day is 24 hours: it knows no calendar.
            Extent::Calendar(_) => extent.about(),
        };
        let whole = |what: &str, ns: i64| -> Result<i64, Usage> {
            if ns % step == 0 {
                return Ok(ns);
            }
            Err(self.fault(format!(
                "{what}{} is no multiple of the batch of {}; take {}",
                duration(ns),
                duration(step),
                near(ns, step)
            )))
        };
        if matches!(
            self.times,
            Some(Times::Batch {
                by: Batching::Wall,
                ..
            })
        ) && matches!(size, Extent::Calendar(_))
        {
            return Ok(window);
        }
        let size = whole("", fixed(size))?;
        let slide = whole("--slide ", fixed(slide))?;
        Ok(Window {
            size: Extent::Fixed(size),
            slide: Extent::Fixed(slide),
            offset: window.offset + (-size).rem_euclid(slide),
            grow: None,
        })
    }
}

/// The batches of a step as windows.
pub fn window(step: i64) -> Window {
    let size = Extent::Fixed(step);
    Window {
        slide: size.clone(),
        size,
        offset: 0,
        grow: None,
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    /// SPARK.md 1.2: an operator without a window works batch by batch.
    #[test]
    fn what_has_no_window_works_batch_by_batch() {
        check(
            "text: --batch-lines 3 count-by-key top 2",
            "time      batches of 3 records   batch 1s\naggregate keys $0   aggs count() as count   scope window 1s\nsort      by count desc, line   limit 2   scope its window   carry line, count\nsink      tsv: line, count\n",
        );
    }

    /// SPARK.md 1.2 `window`: W and S must be multiples, or start-up fails; here with the nearest good values.
    #[test]
    fn windows_take_whole_batches() {
        refused(
            "text: --batch-lines 3 --batch 2s window 5s count",
            "window: 5s is no multiple of the batch of 2s; take 4s or 6s",
        );
        check(
            "text: --batch-lines 3 window 2s --slide 3s count",
            "note      the slide of 3s is longer than the window of 2s: records between windows count nowhere\ntime      batches of 3 records   batch 1s\naggregate aggs count() as count   scope window 2s slide 3s offset 1s   each\nsink      tsv: window_start, count\n",
        );
    }
}
