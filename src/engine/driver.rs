//! The control plane: opens inputs and outputs, starts workers, and at the end of each epoch merges what they
//! hold and closes what the watermark has passed. A run over plain files is one epoch; on anything else an
//! epoch ends when a window may close (`control`).

use super::commit::{self, Kept};
use super::front::{SourceWorker, check_headers, may_never_occur, next_chunk};
use super::input::FileBlocks;
use super::inputs::line_of;
use super::ledger::{BadRecord, Ledger, is_over};
use super::letting::Lag;
use super::lookup::Tables;
use super::meter::Meter;
use super::open::{Inputs, open_inputs, open_output, replaces};
use super::order::{lock, share_out};
use super::peek::Form;
use super::prefix::Board;
use super::spill::Spill;
use super::steps::{LastNeeded, Setting};
use super::worker::{
    self, End, Partial, Stage, StageWorker, add_counts, entries, first_batch, stages, tee_failures,
};
use super::{FaultTold, Limit, OnBad, OthersKept, Report, Run, Shared, never, routing};
use crate::data::Chunk;
use crate::data::process::Late;
use crate::data::step::{Counts, OtherFields};
use crate::data::time::Watermark;
use crate::error::{Failure, status};
use crate::plan::files::Span;
use crate::plan::node::{Plan, Times};
use crate::sinks::{self, FileSink, Mode, Sink, Whole};
use anyhow::Result;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// Runs a plan to the end of its input, or until it is stopped.
pub fn run(plan: &Plan, run: &Run) -> Report {
    let began = run.clock.now();
    let mut report = Report::default();
    if let Err(error) = execute(plan, run, began, &mut report) {
        // A FIFO whose other end nobody opened is no fault of a run that is to end.
        report.stopped = run.stop.load(Ordering::Relaxed) && super::is_interrupted(&error);
        report.failure = report.failure.take().or((!report.stopped).then_some(error));
    }
    report.elapsed = run.clock.now() - began;
    report
}

/// Sources that may appear while a run goes on.
const FOUND_MAX: usize = 4096;

/// A stage with its workers.
pub struct Lane<'s> {
    pub stage: &'s Stage<'s>,
    workers: Vec<Mutex<(StageWorker<'s>, Partial<'s>)>>,
}

impl<'s> Lane<'s> {
    /// `most`: what state may take, bytes.
    pub fn new(
        stage: &'s Stage<'s>,
        workers: Vec<StageWorker<'s>>,
        most: Option<usize>,
    ) -> Lane<'s> {
        let share = most.map_or(usize::MAX, |most| most / workers.len().max(1));
        let workers = workers
            .into_iter()
            .map(|worker| Mutex::new((worker, Partial::new(&stage.end, share))));
        Lane {
            stage,
            workers: workers.collect(),
        }
    }
}

/// Everything that runs, by reference.
pub struct Running<'s> {
    pub shared: &'s Shared<'s>,
    pub plan: &'s Plan,
    pub setting: &'s Setting<'s, 's>,
    pub lanes: &'s [Lane<'s>],
    /// By source, also those that have not appeared yet: the side that it is of.
    pub sides: &'s [AtomicUsize],
    /// By side but the first: the stage at which it comes in, and which of the stage's.
    pub entries: &'s [(usize, usize)],
    pub threads: usize,
    /// The input comes while it is read.
    pub live: bool,
    /// With a checkpoint.
    pub kept: Option<&'s Kept>,
    pub form: Form,
}

fn execute(plan: &Plan, run: &Run, began: i64, report: &mut Report) -> Result<()> {
    let mut seed = std::hash::RandomState::new().build_hasher().finish();
    let kept = run
        .keeping
        .as_ref()
        .map(|keeping| Kept::open(plan, run, keeping, seed))
        .transpose()?;
    let kept = kept.as_ref();
    let mut job_began = began;
    if let Some(kept) = kept.filter(|kept| kept.had) {
        (seed, job_began) = (kept.seed(), kept.moments.began);
        if kept.has_ended() {
            commit::publish(&kept.earlier.files)?;
            kept.mark_last(plan)?;
            return kept.check_ended();
        }
    }
    let opened = open_inputs(plan, run, kept, report)?;
    report.live = opened.live;
    let mut sides: Vec<AtomicUsize> = match &opened.inputs {
        Inputs::Plain(_) => vec![AtomicUsize::new(0)],
        Inputs::Streams(groups) => groups.iter().map(|group| group.side.into()).collect(),
    };
    if !opened.finders.is_empty() {
        sides.resize_with(sides.len() + FOUND_MAX, AtomicUsize::default);
    }
    check_headers(plan, &opened, run.late_file.is_some())?;
    let threads = run.threads.max(1);
    let mut made = stages(plan, seed);
    let mut workers = Vec::new();
    let tables = Tables::load(plan, run, seed)?;
    let setting = Setting {
        plan,
        run,
        tables: &tables,
        seed,
        alone: sides.len() == 1,
        earlier: kept.map(|kept| &kept.earlier),
    };
    for stage in &mut made {
        let of_stage: Result<Vec<_>> = (0..threads).map(|_| stage.worker(&setting)).collect();
        workers.push(of_stage?);
    }
    let side_file = |path: &Option<PathBuf>| -> Result<Option<(FileSink, u64)>> {
        let open = |path: &PathBuf| FileSink::open(path, Mode::Growing, setting.earlier, &run.stop);
        path.as_ref().map(open).transpose()
    };
    if let Some(path) = &run.bad_file {
        // Whole lines of the input, which are not for everybody.
        sinks::make_private(path);
    }
    let bad_file = side_file(&run.bad_file)?.map(|(file, _)| file);
    let mut late_file = side_file(&run.late_file)?;
    let head = &plan.source.head;
    if let Some((file, 0)) = &mut late_file {
        // So that the file can be read as the input was.
        file.write(head)?;
    }
    let late_file = late_file.map(|(file, _)| file);
    let batches = plan.source.time.as_ref().and_then(Times::batch);
    let (table_records, table_bad) = tables.counts();
    let shared = Shared {
        run,
        out: open_output(plan, run, opened.live, kept)?,
        marks: batches.filter(|_| plan.mark_batches),
        marks_commits: plan.marks_commits(),
        last_batch: AtomicI64::new(i64::MIN),
        batch_held: AtomicI64::new(i64::MAX),
        behind: AtomicI64::new(0),
        files: plan.sink.files.as_ref().map(|files| (files, &plan.zone)),
        replaces: replaces(plan, run),
        next_file: AtomicI64::new(routing::first_file(plan, began)),
        inputs: opened.list,
        ledger: Ledger::new(run.on_bad, run.max_bad, bad_file, late_file, head)
            .of_strict(run.strict)
            .going_on(kept.is_some_and(Kept::has_records))
            .with_tables(table_records, table_bad),
        meters: sides.iter().map(|_| Meter::default()).collect(),
        clocks: sides.iter().map(|_| Meter::default()).collect(),
        lines: Board::default(),
        rest_late: Mutex::default(),
        bytes_in: AtomicU64::new(0),
        moment: plan.early_by_data().map(|_| AtomicI64::new(i64::MIN)),
        enough: AtomicBool::new(false),
        sides_done: AtomicUsize::new(0),
        is_accident: AtomicBool::new(false),
        gives_early: plan.limits_what_time_lets_out(run.quiet),
        ending: AtomicBool::new(false),
        is_fresh: AtomicBool::new(kept.is_some_and(|kept| kept.moments.passed.is_fresh)),
        peeking: AtomicBool::new(false),
        aside: AtomicUsize::new(0),
        seen: plan
            .sides()
            .map(|source| source.asked().map(|_| AtomicBool::new(false)).collect())
            .collect(),
        all_seen: AtomicBool::new(!may_never_occur(&plan.source)),
        counts: Mutex::new(Counts::default()),
        failure: Mutex::new(None),
        last: Mutex::new(None),
        arrivals: worker::arrivals(plan),
        began,
        job_began,
        batches: batches.map(|step| (step, first_batch(plan, job_began))),
    };
    if kept.is_none_or(|kept| !kept.had) {
        shared.ledger.put_lines(&tables.bad_lines())?;
    }
    if let (Some(step), Some(first)) = (shared.marks, first_batch(plan, job_began)) {
        shared.out.mark_from(first.div_euclid(step));
    }
    let lanes: Vec<Lane<'_>> = made
        .iter()
        .zip(workers)
        .map(|(stage, workers)| Lane::new(stage, workers, run.max_state))
        .collect();
    let entries = entries(plan, &made);
    let running = Running {
        shared: &shared,
        plan,
        setting: &setting,
        lanes: &lanes,
        sides: &sides,
        entries: &entries,
        threads,
        live: opened.live,
        kept,
        form: Form::Itself,
    };
    if let Some(kept) = kept {
        running.go_on(kept)?;
    }
    match opened.inputs {
        Inputs::Plain(files) => {
            let blocks = FileBlocks::new(
                files,
                run.block_size,
                plan.source.format.framing(),
                run.max_line,
            );
            running.files(&blocks);
            running.end();
        }
        Inputs::Streams(groups) => running.streams(groups, opened.finders, report),
    }
    report.stopped = run.stop.load(Ordering::Relaxed);
    running.settle(plan, &tables, report);
    tables.tell(plan, run, report);
    Ok(())
}

/// Ends a worker's waiting predecessors and successors when it panics: the run has failed.
pub struct Guard<'r, 's>(pub &'r Running<'s>);

impl Drop for Guard<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(anyhow::anyhow!("a worker has panicked"));
        }
    }
}

impl<'s> Running<'s> {
    fn abandon(&self) {
        self.shared.enough.store(true, Ordering::Relaxed);
        for meter in self.shared.meters.iter().chain(&self.shared.clocks) {
            meter.abandon();
        }
        self.shared.lines.abandon();
        self.shared.ledger.abandon();
        self.shared.out.abandon();
        for lane in self.lanes {
            lane.stage.abandon();
        }
    }

    pub fn fail(&self, error: anyhow::Error) {
        lock(&self.shared.failure).get_or_insert(error);
        self.abandon();
    }

    /// All input has been read, and no other run goes on with it: everything is closed and given out.
    pub fn end(&self) {
        if lock(&self.shared.failure).is_some() {
            return;
        }
        self.shared.ending.store(true, Ordering::Relaxed);
        if self.shared.replaces {
            self.give_whole(Whole::Last);
        }
        let last = self.shared.last_batch();
        let is_marked = self.shared.marks.is_some() && last > i64::MIN;
        if is_marked {
            // What is still open is of no batch.
            self.shared.out.mark_most(last + 1);
        }
        self.close(Watermark::End);
        if is_marked && !self.shared.enough.load(Ordering::Relaxed) {
            self.shared.out.mark_to(last + 1);
        }
    }

    /// Whether no more input is to be read.
    pub fn over(&self) -> bool {
        self.shared.enough.load(Ordering::Relaxed)
            || self.shared.run.stop.load(Ordering::Relaxed)
            || lock(&self.shared.last).is_some()
    }

    /// Plain files: every worker takes the next block.
    fn files(&self, blocks: &FileBlocks) {
        let until = self.shared.run.for_ns.map(|span| self.shared.began + span);
        let work = |worker: usize| {
            let _guard = Guard(self);
            let mut source = SourceWorker::new(self.plan, 0);
            let mut chunk = Chunk::default();
            let mut spare = Vec::new();
            while !self.over() && until.is_none_or(|until| self.shared.run.clock.now() < until) {
                let Some(ticket) = blocks.next() else { break };
                match blocks.fill(ticket, spare) {
                    Ok(Some((block, long))) => {
                        spare = next_chunk(&mut chunk, block);
                        self.block(worker, 0, &mut source, &mut chunk, long);
                    }
                    Ok(None) => break,
                    Err(error) => {
                        self.fail(error.context(Failure {
                            status: status::NO_INPUT,
                            message: "cannot read".into(),
                        }));
                        blocks.abandon();
                        break;
                    }
                }
                if lock(&self.shared.failure).is_some() {
                    blocks.abandon();
                }
            }
        };
        if self.threads == 1 {
            work(0);
        } else {
            std::thread::scope(|scope| {
                for worker in 0..self.threads {
                    let work = &work;
                    scope.spawn(move || work(worker));
                }
            });
        }
        self.lanes[0]
            .stage
            .seq
            .store(blocks.handed_out(), Ordering::Relaxed);
        // What the last records let out comes before what the end does, as where epochs end.
        self.break_off(|| {
            if let Some(times @ Times::Event { .. }) = &self.plan.source.time
                && let Some(at) = self.shared.meters[0].mark(times, self.shared.began)
                && lock(&self.shared.failure).is_none()
            {
                self.close(Watermark::At(at));
            }
        });
    }

    /// What state takes now is known to who asks.
    pub fn note_held(&self) {
        if self.form == Form::Itself {
            let (keys, bytes) = self.held();
            self.shared.run.progress.hold(keys, bytes);
        }
    }

    pub fn note_windows(&self, count: u64) {
        if self.form == Form::Itself {
            let windows = &self.shared.run.progress.windows;
            windows.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// A chunk of side `side` through the stage that it enters.
    pub fn enter(
        &self,
        side: usize,
        worker: usize,
        chunk: &mut Chunk,
        bad: &mut Vec<BadRecord>,
        late: &mut Late,
    ) -> Option<(LastNeeded, usize)> {
        match side {
            0 => self.stage(0, None, worker, chunk, bad, late),
            _ => {
                let (at, right) = self.entries[side - 1];
                self.stage(at, Some(right), worker, chunk, bad, late)
            }
        }
    }

    /// `bad`: gets the rows that `--strict` refuses; only records of the source are refused. Returns the last
    /// record that is needed, and of so many sides, if that is known now.
    fn stage(
        &self,
        at: usize,
        right: Option<usize>,
        worker: usize,
        chunk: &mut Chunk,
        bad: &mut Vec<BadRecord>,
        late: &mut Late,
    ) -> Option<(LastNeeded, usize)> {
        let mut guard = lock(&self.lanes[at].workers[worker]);
        let (stage_worker, partial) = &mut *guard;
        stage_worker.counts.failed_rows = (self.shared.run.strict && at == 0).then(Vec::new);
        let (shared, stage) = (self.shared, self.lanes[at].stage);
        match right {
            None => stage_worker.run(shared, stage, partial, chunk, bad),
            Some(right) => stage_worker.run_right(right, shared, stage, partial, chunk, bad),
        };
        late.append(&mut stage_worker.late);
        stage_worker.last_needed.take()
    }

    /// Merges what workers hold and lets out what the watermark has passed, stage by stage. No block is on its
    /// way.
    pub fn close(&self, upto: Watermark) {
        // What all before may still give has times that are not below the watermark by more than this.
        let mut lag = Lag::default();
        // Before time is known of all sources, others may have begun before.
        let first = self
            .shared
            .first_batch()
            .filter(|_| upto != Watermark::None);
        if let (Some(step), Some(first)) = (self.shared.marks, first) {
            self.shared.out.mark_from(first.div_euclid(step));
        }
        if upto == Watermark::End || self.shared.run.progress.held_most().bytes == 0 {
            // What is let out is held no more, and may be all that ever was.
            self.note_held();
        }
        if let (Some(first), true) = (first, self.form != Form::Whole) {
            self.batches_from(first);
        }
        for (at, lane) in self.lanes.iter().enumerate() {
            let stage = lane.stage;
            let next_end = stage.next_end.load(Ordering::Relaxed);
            let closes = matches!(upto, Watermark::At(at) if at >= next_end);
            let (processes_end, processes_alone) = self.flush(at, upto, &mut lag);
            if lock(&self.shared.failure).is_some() || stage.has_failed() {
                return;
            }
            let of_times = upto.less(lag.of(false));
            let by_windows = stage.end.goes_by_windows();
            let upto = upto.less(lag.of(by_windows));
            self.hand_in(lane);
            if let (End::Aggregate(state), Some(first)) = (&stage.end, first) {
                state.begin_empties(first);
            }
            // It is never more than now; between, the control looks now and then.
            if upto == Watermark::End {
                self.note_held();
            } else if closes && self.form == Form::Itself {
                let (keys, bytes) = stage.held_at_end();
                self.shared.run.progress.hold_at_least(keys, bytes);
            }
            let next_end = match &stage.end {
                End::Aggregate(state) if state.has_spilled() => {
                    if let (true, Some(Spill { dir, .. })) =
                        (state.closes(upto), &self.shared.run.spill)
                    {
                        let merged =
                            state.merge_spilled(dir, upto, self.threads, &mut |emission| {
                                let pieces = emission.pieces();
                                self.emit(at + 1, pieces.len(), &|i| emission.chunk(&pieces[i]));
                            });
                        match merged {
                            Ok(windows) => self.note_windows(windows),
                            Err(failure) => return self.fail(failure.into()),
                        }
                    }
                    state.next_end()
                }
                End::Aggregate(state) => {
                    if let Some(emission) = state.close(upto, self.threads) {
                        self.note_windows(emission.windows());
                        let pieces = emission.pieces();
                        self.emit(at + 1, pieces.len(), &|i| emission.chunk(&pieces[i]));
                    }
                    state.next_end()
                }
                End::Rows(state) => {
                    let mut give = |chunks: Vec<Chunk>| {
                        let chunks: Vec<Mutex<Chunk>> =
                            chunks.into_iter().map(Mutex::new).collect();
                        self.emit(at + 1, chunks.len(), &|i| {
                            std::mem::take(&mut *lock(&chunks[i]))
                        });
                    };
                    match (&self.shared.run.spill, upto) {
                        (Some(Spill { dir, .. }), Watermark::End) if state.has_spilled() => {
                            let merged = state.merge_spilled(dir, self.threads, &mut give);
                            if let Err(failure) = merged {
                                return self.fail(failure.into());
                            }
                        }
                        _ => give(state.close(upto, self.threads)),
                    }
                    state.next_end()
                }
                End::Sink => None,
            };
            let behind = lag.of(by_windows);
            let alone = next_end.map_or(i64::MAX, |end| lag.alone(by_windows, end));
            let next_end = next_end.map_or(i64::MAX, |end| end.saturating_add(behind));
            stage
                .next_end
                .store(next_end.min(processes_end), Ordering::Relaxed);
            stage
                .next_alone
                .store(alone.min(processes_alone), Ordering::Relaxed);
            stage.behind.store(behind, Ordering::Relaxed);
            if let Watermark::At(upto) = of_times {
                for turnstile in &stage.ordered {
                    turnstile.with(|state| state.close(upto));
                }
            }
            if !matches!(stage.end, End::Sink) {
                lag = lag.behind(by_windows, stage.lag, 0, i64::MAX);
            }
        }
        if let Some((files, _)) = self.shared.files
            && let Watermark::At(at) = upto.less(lag.of(files.of == Span::Window))
            && self.form == Form::Itself
            && matches!(files.of, Span::Window | Span::Batch(_))
        {
            self.shared.out.closed(at);
        }
        if self.form == Form::Itself {
            self.shared.behind.store(lag.of(true), Ordering::Relaxed);
            self.tell_late();
        }
    }

    /// Marks the batches that have ended; all that they let out has been given.
    pub fn mark(&self, upto: Watermark) {
        self.mark_all(upto.less(self.shared.behind.load(Ordering::Relaxed)));
    }

    /// The same where everything has been given.
    pub fn mark_all(&self, upto: Watermark) {
        // What is behind the last record that counts is read by accident.
        let enough = self.shared.enough.load(Ordering::Relaxed);
        if let (Some(step), Watermark::At(at), false) = (self.shared.marks, upto, enough) {
            self.shared.out.mark_to(at.div_euclid(step));
        }
    }

    /// A chunk that comes out of ordered state `number` of stage `at`, through the rest of the stage. No other
    /// is on its way there.
    pub fn inject(&self, at: usize, number: usize, mut chunk: Chunk) {
        let lane = &self.lanes[at];
        chunk.block.seq = lane.stage.seq.fetch_add(1, Ordering::Relaxed);
        for before in &lane.stage.ordered[..=number] {
            before.skip();
        }
        let mut guard = lock(&lane.workers[0]);
        let (worker, partial) = &mut *guard;
        let from = worker.op_of(number).map_or(0, |op| op + 1);
        worker.counts.failed_rows = None;
        worker.run_from(
            from,
            self.shared,
            lane.stage,
            partial,
            &mut chunk,
            &mut Vec::new(),
        );
        lock(&self.shared.rest_late).append(&mut worker.late);
    }

    /// Merges what the workers of a stage hold into its state; side by side where that is much.
    pub fn hand_in(&self, lane: &Lane<'_>) {
        let large = |worker: &Mutex<(StageWorker<'_>, Partial<'_>)>| lock(worker).1.is_large();
        if self.threads > 1 && lane.workers.iter().all(large) {
            std::thread::scope(|scope| {
                for (number, worker) in lane.workers.iter().enumerate() {
                    scope.spawn(move || lock(worker).1.deal(number));
                }
            });
            return;
        }
        for (number, worker) in lane.workers.iter().enumerate() {
            lock(worker).1.deal(number);
        }
    }

    /// Chunks `0..n` through stage `at`.
    fn emit(&self, at: usize, n: usize, make: &(impl Fn(usize) -> Chunk + Sync)) {
        let base = self.lanes[at]
            .stage
            .seq
            .fetch_add(n as u64, Ordering::Relaxed);
        let lates: Mutex<BTreeMap<usize, Late>> = Mutex::default();
        share_out(self.threads, n, &|worker, i| {
            if self.form != Form::Itself && self.shared.out.has_enough_aside() {
                // Of a copy, which one thread runs: nobody comes before this chunk.
                for turnstile in &self.lanes[at].stage.ordered {
                    turnstile.skip();
                }
                self.shared.out.has_more_aside();
                return;
            }
            let _guard = Guard(self);
            let mut chunk = make(i);
            chunk.block.seq = base + i as u64;
            let mut late = Late::default();
            self.stage(at, None, worker, &mut chunk, &mut Vec::new(), &mut late);
            if late.records > 0 {
                lock(&lates).insert(i, late);
            }
        });
        for late in lock(&lates).values_mut() {
            lock(&self.shared.rest_late).append(late);
        }
    }

    /// Rows that were made are written, whatever else went wrong; but a file only appears when all went well.
    fn write_out(&self, plan: &Plan, report: &mut Report) {
        let shared = self.shared;
        let whole = report.failure.is_none();
        let written = match self.kept {
            Some(kept) => {
                if !kept.is_complete() {
                    // Another run goes on with it.
                    shared.out.leave();
                }
                shared.out.check()
            }
            None if whole || plan.sink.path.is_none() => shared.out.finish(),
            None => Ok(()),
        };
        match written {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                report.broken_pipe = true
            }
            Err(error) => {
                let to = plan.sink.path.as_deref().unwrap_or("standard output");
                let failure = sinks::fault(to, &error);
                report.failure.get_or_insert(failure.into());
            }
        }
        for (path, error) in self.lanes.iter().flat_map(|lane| tee_failures(lane.stage)) {
            let failure = Failure {
                status: status::IO,
                message: format!("tee: cannot write to {path}: {error}"),
            };
            report.failure.get_or_insert(failure.into());
        }
        let written = shared.out.written();
        report.records_out = match shared.run.quiet {
            true => written.rows.min(1),
            false => written.rows,
        };
        report.bytes_out = written.bytes;
    }

    /// What is told at the end.
    fn settle(&self, plan: &Plan, tables: &Tables, report: &mut Report) {
        let shared = self.shared;
        for lane in self.lanes {
            for worker in &lane.workers {
                add_counts(shared, &mut lock(worker).0.counts);
            }
        }
        self.tell_late();
        let failed = lock(&shared.failure).take();
        let ended_early = failed.is_some();
        report.failure = failed;
        let is_accident = shared.is_accident.load(Ordering::Relaxed);
        if !ended_early && let Err(failure) = shared.ledger.finish(is_accident) {
            report.failure = Some(failure.into());
        }
        let (records, bad, faults) = shared.ledger.totals();
        report.records_in = records;
        report.records_bad = bad;
        report.bytes_in = shared.bytes_in.load(Ordering::Relaxed);
        let mut regrets = Vec::new();
        for told in self.lanes.iter().flat_map(|lane| lane.stage.told()) {
            for (what, n) in told.counts {
                *report.counts.entry(what).or_default() += n;
            }
            for (what, n) in told.failed {
                *lock(&shared.counts).failed.entry(what).or_default() += n;
            }
            if let Some((status, message)) = told.failure {
                let failure = Failure { status, message };
                report.failure.get_or_insert(failure.into());
            }
            regrets.extend(told.regret);
        }
        for lane in self.lanes {
            if let End::Aggregate(state) = &lane.stage.end {
                report.sketched += state.sketched();
            }
        }
        let late = shared.ledger.late();
        report.late = late.records;
        report.late_parts = late.parts;
        report.late_by = late.by;
        let progress = &shared.run.progress;
        report.batches = progress.batches();
        report.commits = progress.commits();
        report.windows = progress.windows.load(Ordering::Relaxed);
        report.held = progress.held_most();
        progress.bad.store(bad, Ordering::Relaxed);
        progress.late.fetch_max(report.late, Ordering::Relaxed);
        report.failed = std::mem::take(&mut lock(&shared.counts).failed)
            .into_iter()
            .collect();
        report.others_kept = match plan.lists_of_firsts() {
            Some((operator, own, other)) => OthersKept::Lists {
                operator: operator.into(),
                own,
                other,
            },
            None if plan.writes_records() => OthersKept::Whole,
            None => OthersKept::Select,
        };
        report.others = std::mem::take(&mut lock(&shared.counts).others);
        let quiet = shared.run.quiet;
        let is_enough = shared.sides_done.load(Ordering::Relaxed) > 1;
        report.is_accident =
            is_enough && plan.may_end_anywhere(quiet) || shared.is_accident.load(Ordering::Relaxed);
        if let Some(limit) = shared.run.max_late.filter(|_| !report.is_accident) {
            let late = report.late_records();
            let (over, text) = match limit {
                Limit::Count(most) => (late > most, format!("{most} late records")),
                Limit::Percent(most) => (
                    is_over(late, records, most),
                    format!("{most}% late records"),
                ),
            };
            if over {
                let failure = Failure {
                    status: status::DATA,
                    message: format!("more than {text} (--max-late): {late} of {records}"),
                };
                report.failure.get_or_insert(failure.into());
            }
        }
        self.write_out(plan, report);
        for (status, message) in regrets {
            let failure = Failure { status, message };
            report.failure.get_or_insert(failure.into());
        }
        if quiet {
            // Nothing is written that could lack them.
            report.others = OtherFields::default();
        }
        if shared.ledger.is_closed() || report.is_accident {
            // Others were ahead of the last record that was needed: how far is accident.
            report.failed.clear();
            if plan.counts_others_before_limit() {
                report.others = OtherFields::default();
            }
            if plan.has_state_before_limit(quiet) {
                report.counts.clear();
            }
        }
        report.faults = faults
            .into_iter()
            .map(|fault| {
                let input = shared.inputs.name(fault.first.input);
                let line = fault
                    .first
                    .line
                    .map(|before| before + 1)
                    .or_else(|| line_of(&input, fault.first.offset));
                let (what, count) = (fault.what, fault.count);
                FaultTold {
                    what,
                    count,
                    lines: fault.first.lines,
                    input,
                    line,
                    column: fault.first.column + 1,
                    text: fault.first.text,
                }
            })
            .collect();
        let read_all = !shared.enough.load(Ordering::Relaxed)
            && shared.sides_done.load(Ordering::Relaxed) == 0;
        if read_all && self.kept.is_none_or(|kept| !kept.had) {
            report.never = never::fields(plan, shared, tables);
        }
        if shared.run.on_bad == OnBad::Skip || report.is_accident {
            report.faults.clear();
        }
    }
}
