//! What a checkpoint keeps of a run, and how a run goes on from it. Everything is taken between epochs, when no block
//! is on its way. Invariant: what is loaded goes on as that which was saved would have done; what does not fit is
//! refused before anything is read or written.

use super::Run;
use super::checkpoint::difference::check;
use super::checkpoint::file::{Entry, Header, Kind};
use super::checkpoint::keeper::{Job, Keeper};
use super::checkpoint::store::Store;
use super::driver::{Lane, Running};
use super::early::Passed;
use super::inputs::FILES;
use super::meter::latest_of;
use super::order::{self, lock};
use super::ordered::Ordered;
use super::places::Places;
use super::spill;
use super::tracked::Tracked;
use super::wal::{Logging, Received, Replay, Wal};
use crate::data::saved::{Damaged, Save, Saved};
use crate::error::{Failure, status};
use crate::memory;
use crate::plan::node::Plan;
use crate::plan::text;
use crate::sinks::{self, Earlier, Mark, Names, Written};
use crate::sources::Place;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_128;

/// `--checkpoint` and what belongs to it.
#[derive(Clone, Debug)]
pub struct Keeping {
    pub path: PathBuf,
    /// Between commits, ns.
    pub every: i64,
    /// `--durability power`.
    pub power: bool,
    /// For the lock.
    pub wait: Duration,
    pub reset: bool,
    pub adopt: bool,
    /// Operators that start empty.
    pub discard: Vec<String>,
    /// The first record of the input, where the chain was made by it.
    pub first: Option<Vec<u8>>,
    /// The same of the other streams, by their words.
    pub others: Vec<(String, Vec<u8>)>,
    /// `--wal`.
    pub logging: Option<Logging>,
    /// What is open when a run ends is given, and goes on (`--flush`).
    pub flush: bool,
    /// Input that is not at its end yet goes on in another run: `--once` or `-F`, without `--final`.
    pub goes_on: bool,
}

/// The most of a run's time that taking commits may cost: one part in so many.
const SHARE: i64 = 10;

/// The first commit of a run comes this soon (GUARANTEES G19), ns.
const SECOND: i64 = 1_000_000_000;

/// A job's checkpoint in this run.
pub struct Kept {
    pub(super) header: Header,
    pub(super) keeping: Keeping,
    keeper: Mutex<Keeper>,
    /// Files of runs before, unless this one has a newer place.
    places: Mutex<Places>,
    /// What is still to be loaded: the run's numbers, and the time of sources that have not appeared yet.
    pub moments: Moments,
    times: Mutex<BTreeMap<(usize, String), Vec<u8>>>,
    pub(super) state: Mutex<Vec<Entry>>,
    pub earlier: Earlier,
    /// There is a generation on the disk.
    pub had: bool,
    /// Its runs have read something, or knew all first records that the chain depends on.
    knew: bool,
    next: Mutex<Timing>,
    log: Option<Mutex<Log>>,
    /// It has been said that something may be missing.
    told: AtomicBool,
}

/// The log of input, and what is to be read of it first.
struct Log {
    wal: Wal,
    replay: Option<Replay>,
    /// The generation that is being written needs no record before this one.
    needed: u64,
}

/// When the next commit is due.
struct Timing {
    generation: u64,
    at: i64,
    /// When the last one was taken.
    taken: i64,
    ended: bool,
}

/// Numbers of a run that another one goes on with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moments {
    /// When the job began, ns.
    pub began: i64,
    /// The plan's watermark.
    pub reached: Option<i64>,
    pub last_batch: i64,
    /// The batch that is open in the output, and its number.
    pub marker: Option<(i64, u64)>,
    /// What the output's layout holds.
    pub layout: Vec<u8>,
    /// Rows enough have been given: nothing more is read.
    pub enough: bool,
    /// The run had ended by itself, or by a signal: nothing was received behind this.
    pub whole: bool,
    /// For those who ask: when time next lets something out, ns, and keys and bytes held by each stage.
    pub next_end: Option<i64>,
    pub held: Vec<(String, u64, u64)>,
    /// How far early answers by the data's clock have come; put behind the others, where earlier versions put nothing.
    #[serde(skip)]
    pub passed: Passed,
}

pub fn damaged(keeping: &Keeping, what: &str) -> anyhow::Error {
    Failure {
        status: status::DATA,
        message: format!(
            "the checkpoint '{}' does not fit this chain: {what}; --checkpoint-reset begins anew",
            keeping.path.display()
        ),
    }
    .into()
}

impl Kept {
    /// Takes the lock, reads the newest generation and checks that it is this chain's.
    pub fn open(plan: &Plan, run: &Run, keeping: &Keeping, seed: u64) -> Result<Kept> {
        let store = Store::open(&keeping.path, keeping.power, keeping.wait)?;
        if keeping.reset {
            store.reset().map_err(|error| Failure {
                status: match error.kind() {
                    std::io::ErrorKind::InvalidData => status::DATA,
                    _ => status::CANT_CREATE,
                },
                message: format!("--checkpoint-reset: {error}; nothing was removed"),
            })?;
        }
        spill::ahead(run, &keeping.path)?;
        let state = memory::state();
        let loaded = store.load()?;
        drop(state);
        let chain = text::canonical(plan);
        let by_side: Vec<Vec<String>> = plan
            .sides()
            .map(|source| match source.words.as_slice() {
                [] => vec!["-".to_string()],
                words => words.to_vec(),
            })
            .collect();
        let sources: Vec<String> = by_side.iter().flatten().cloned().collect();
        let had = loaded.is_some();
        let knew = (loaded.as_ref()).is_some_and(|loaded| {
            let header = &loaded.header;
            let others = header.others.iter().map(|(_, first)| first);
            header.records > 0 || !header.first.iter().chain(others).any(Vec::is_empty)
        });
        let (header, entries) = match loaded {
            None => {
                let header = Header {
                    run: store.run(),
                    seed,
                    ..Header::default()
                };
                (header, Vec::new())
            }
            Some(loaded) => {
                // A run that has read nothing has left nothing that would have to fit.
                if loaded.header.records > 0 {
                    check(&loaded, keeping, &chain, &sources)?;
                }
                if let Some(warning) = &loaded.warning {
                    run.opening.notes.tell(warning);
                }
                (loaded.header, loaded.entries)
            }
        };
        let generation = header.generation;
        let header = Header {
            program: env!("CARGO_PKG_VERSION").into(),
            fingerprint: xxh3_128(chain.join("\n").as_bytes()),
            chain,
            sources,
            first: match header.records {
                0 => keeping.first.clone(),
                _ => header.first.clone(),
            },
            others: match header.records {
                0 => keeping.others.clone(),
                _ => header.others_and(&keeping.others),
            },
            ..header
        };
        let name = keeping.path.display().to_string();
        let keeper = Keeper::new(store, name, keeping.power)?;
        let mut kept = Kept {
            keeping: keeping.clone(),
            keeper: Mutex::new(keeper),
            places: Mutex::new(Places::new(by_side)),
            moments: Moments {
                last_batch: i64::MIN,
                ..Moments::default()
            },
            times: Mutex::default(),
            state: Mutex::default(),
            earlier: Earlier {
                run: header.run,
                files: Vec::new(),
            },
            had,
            knew,
            log: None,
            told: AtomicBool::new(false),
            next: Mutex::new(Timing {
                generation,
                at: 0,
                taken: 0,
                ended: false,
            }),
            header,
        };
        let from = kept
            .sort(entries)
            .map_err(|_| damaged(keeping, "an entry cannot be read"))?;
        if let Some(logging) = &keeping.logging {
            let (wal, replay) = Wal::open(logging, kept.header.run, from, keeping.power, run)?;
            kept.log = Some(Mutex::new(Log {
                wal,
                replay: Some(replay),
                needed: from,
            }));
        }
        Ok(kept)
    }

    /// The next block that a run before has received and not committed.
    pub fn replay(&self) -> Result<Option<Received>> {
        let Some(log) = &self.log else {
            return Ok(None);
        };
        let mut log = lock(log);
        let Some(replay) = &mut log.replay else {
            return Ok(None);
        };
        let next = replay.next()?;
        if next.is_none() {
            log.replay = None;
        }
        Ok(next)
    }

    /// A block of input that cannot be read again has come: it is written down, if there is a log.
    pub fn receive(&self, run: &Run, received: impl FnOnce() -> Received) -> Result<()> {
        if let Some(log) = &self.log {
            lock(log).wal.append(&received())?;
            return Ok(());
        }
        if self.had && !self.moments.whole && !self.told.swap(true, Ordering::Relaxed) {
            let source = received().input;
            let name = if source == "-" {
                "standard input"
            } else {
                &source
            };
            run.opening.notes.tell(&format!(
                "{name} cannot be read again: what the run before had received since its last commit is lost; --wal \
                 DIR keeps it"
            ));
        }
        Ok(())
    }

    /// The log is longer than it is to be.
    fn is_log_full(&self) -> bool {
        self.log.as_ref().is_some_and(|log| lock(log).wal.is_full())
    }

    /// What the entries are about.
    fn sort(&mut self, entries: Vec<Entry>) -> Result<u64, Damaged> {
        let mut from = 0;
        let (mut times, mut state) = (BTreeMap::new(), Vec::new());
        for entry in entries {
            let mut saved = Saved::new(&entry.payload);
            if entry.is(Kind::Source) || entry.is(Kind::Past) {
                lock(&self.places).load(&entry, self.header.created)?;
            } else if entry.is(Kind::Watermark) {
                let key: (usize, String) = saved.take()?;
                times.insert(key, saved.take_bytes()?.to_vec());
            } else if entry.is(Kind::Sink) {
                self.earlier.files.push(saved.take()?);
            } else if entry.is(Kind::Engine) {
                self.moments = saved.take()?;
                if !saved.is_empty() {
                    self.moments.passed = saved.take()?;
                }
            } else if entry.is(Kind::Wal) {
                from = saved.take()?;
            } else if entry.is(Kind::State) {
                state.push(entry);
            }
        }
        lock(&self.places).settle();
        (self.times, self.state) = (Mutex::new(times), Mutex::new(state));
        Ok(from)
    }

    /// The seed of the job's key tables.
    pub fn seed(&self) -> u64 {
        self.header.seed
    }

    /// All input was read and all rows are written.
    pub fn has_ended(&self) -> bool {
        self.header.ended
    }

    /// Whether input that is read to its end for now goes on in another run.
    pub fn goes_on(&self) -> bool {
        self.keeping.goes_on
    }

    /// Whether what is open at the end of this run is given, too.
    pub fn flushes(&self) -> bool {
        self.keeping.flush
    }

    /// A run of a job that has ended has nothing to do; it says so where something may have been expected of it.
    pub fn check_ended(&self) -> Result<()> {
        let grown = lock(&self.places).grown();
        let (Some(path), false) = (grown, self.moments.enough) else {
            return Ok(());
        };
        Err(Failure {
            status: status::USAGE,
            message: format!(
                "'{path}' has grown since the job of the checkpoint '{}' ended; a job that goes on with what comes \
                 is told --once (or -F) from its first run on; --checkpoint-reset begins anew",
                self.keeping.path.display()
            ),
        }
        .into())
    }

    /// The job has ended in this run, and is on the disk.
    pub fn is_complete(&self) -> bool {
        lock(&self.next).ended
    }

    /// Places of the files of a side.
    pub fn places(&self, side: usize) -> Vec<Place> {
        lock(&self.places).of_side(side)
    }

    /// Places of files that had the names of a side before.
    pub fn past(&self, side: usize) -> Vec<Place> {
        lock(&self.places).past(side)
    }

    /// A file that no run has read is there, and may be rotated before it is read.
    pub fn meet(&self, side: usize, place: Place) {
        lock(&self.places).meet(side, place);
    }

    /// Runs before have read something.
    pub fn has_records(&self) -> bool {
        self.header.records > 0
    }

    /// Runs before have written what stands before the first row.
    pub fn has_begun(&self) -> bool {
        self.had && self.knew
    }

    /// What was known of the time of a source. Files are one source, or with `-F` each its own: a run that reads them the
    /// other way goes on from the one, or from the least of the many.
    pub fn times_of(&self, side: usize, name: &str) -> Option<Vec<u8>> {
        let (mut times, places) = (lock(&self.times), lock(&self.places));
        let own = times.remove(&(side, name.to_string()));
        let is_file = |name: &str| places.has(side, name);
        if own.is_some() {
            own
        } else if name == FILES {
            let (apart, rest) = std::mem::take(&mut *times)
                .into_iter()
                .partition(|((one, name), _)| *one == side && is_file(name));
            *times = rest;
            let latest = |bytes: &Vec<u8>| latest_of(bytes).ok().flatten().unwrap_or(i64::MAX);
            let apart: BTreeMap<_, _> = apart;
            apart.into_values().min_by_key(latest)
        } else if is_file(name) {
            times.get(&(side, FILES.to_string())).cloned()
        } else {
            None
        }
    }

    /// Whether a commit is due.
    pub fn is_due(&self, now: i64) -> bool {
        (now >= lock(&self.next).at || self.is_log_full()) && !lock(&self.keeper).is_busy()
    }

    /// When the next one is.
    pub fn due(&self) -> i64 {
        lock(&self.next).at
    }

    /// What became of the commit that is under way. `wait`: until that is known.
    fn heed(&self, running: &Running<'_>, wait: bool) -> Result<()> {
        let Some(done) = lock(&self.keeper).done(wait) else {
            return Ok(());
        };
        done.map_err(|refused| {
            anyhow::Error::new(Failure {
                status: status::IO,
                message: format!(
                    "cannot write '{}': {}; the checkpoint before it stands",
                    refused.at, refused.error
                ),
            })
        })?;
        let size = std::fs::metadata(&self.keeping.path).map_or(0, |meta| meta.len());
        let taken = lock(&self.next).taken;
        let run = running.shared.run;
        run.progress.committed(taken, run.clock.now(), size);
        if let Some(log) = &self.log {
            let mut log = lock(log);
            let needed = log.needed;
            log.wal.forget(needed);
        }
        running.shared.out.committed().map_err(|error| Failure {
            status: status::IO,
            message: format!("cannot complete the output: {error}"),
        })?;
        Ok(())
    }

    /// Marks the last commit of a job that has ended: the run that took it may have been stopped before.
    pub fn mark_last(&self, plan: &Plan) -> Result<()> {
        let Some((_, number)) = self.moments.marker.filter(|_| plan.marks_commits()) else {
            return Ok(());
        };
        std::io::stdout()
            .write_all(order::mark(number).as_bytes())
            .context("standard output")
    }

    /// Looks after the commit that is under way.
    pub fn poll(&self, running: &Running<'_>) -> Result<()> {
        self.heed(running, false)
    }

    /// Takes a generation and begins to write it; `ended`: nothing follows. No block is on its way. `wait`: it is
    /// on the disk when this returns.
    pub fn commit(
        &self,
        running: &Running<'_>,
        moments: Moments,
        sources: &mut [Tracked],
        ended: bool,
        wait: bool,
    ) -> Result<()> {
        self.heed(running, true)?;
        if ended {
            // Not before: what lands until then does not say so.
            running.shared.out.complete();
        }
        let clock = &running.shared.run.clock;
        let began = clock.now();
        let mut entries = Vec::new();
        for lane in running.lanes {
            running.hand_in(lane);
        }
        self.save_sources(running, sources, ended, &mut entries)?;
        let mut outputs = Vec::new();
        for mark in running
            .marks()
            .map_err(|(path, error)| sinks::fault(&path, &error))?
        {
            entries.push(entry(Kind::Sink, entries.len(), &mark.written));
            if let Some(unsynced) = mark.unsynced {
                outputs.push((mark.written.path.clone(), unsynced));
            }
        }
        let mut moments = moments;
        (moments.marker, moments.layout) = running.shared.out.held();
        moments.last_batch = running.shared.last_batch();
        moments.enough = running.shared.enough.load(Ordering::Relaxed);
        moments.began = running.shared.job_began;
        moments.next_end = Some(running.next_end()).filter(|end| *end != i64::MAX);
        moments.held = running.held_by();
        let held = moments.held.iter().map(|(_, _, bytes)| bytes).sum();
        entries.push(entry(Kind::Engine, 0, &(&moments, moments.passed)));
        if let Some(log) = &self.log {
            let mut log = lock(log);
            log.needed = match &log.replay {
                Some(replay) => replay.at(),
                None => log.wal.mark(),
            };
            entries.push(entry(Kind::Wal, 0, &log.needed));
        }
        entries.extend(running.save_state(held));
        let now = clock.now();
        let mut next = lock(&self.next);
        next.generation += 1;
        next.taken = began;
        running.shared.run.progress.pause(now - began);
        let header = Header {
            generation: next.generation,
            created: now,
            records: self.header.records + running.shared.ledger.totals().0,
            ended,
            ..self.header.clone()
        };
        // Large state is kept less often, so that most of the time goes to the stream.
        let every = self.keeping.every.max((now - began).saturating_mul(SHARE));
        next.at = now.saturating_add(every);
        drop(next);
        lock(&self.keeper).begin(Job {
            header,
            entries,
            outputs,
        });
        let marks = running.shared.marks_commits;
        if wait || marks {
            self.heed(running, true)?;
        }
        if marks {
            running.shared.out.mark_commit(false);
        }
        lock(&self.next).ended = ended;
        if let (true, Some(log)) = (ended, &self.log) {
            lock(log).wal.remove();
        }
        Ok(())
    }

    fn save_sources(
        &self,
        running: &Running<'_>,
        sources: &mut [Tracked],
        ended: bool,
        entries: &mut Vec<Entry>,
    ) -> Result<()> {
        let now = running.shared.run.clock.now();
        let mut places = lock(&self.places);
        for tracked in &mut *sources {
            let side = tracked.side;
            for place in tracked.places() {
                places.note(side, place?, now);
            }
        }
        places.entries(now, running.shared.began, ended, entries);
        let mut times = lock(&self.times);
        for (source, tracked) in sources.iter().enumerate() {
            let mut save = Save::default();
            running.shared.meters[source].save(&mut save);
            running.shared.clocks[source].save(&mut save);
            times.insert((tracked.side, tracked.name.clone()), save.into_bytes());
        }
        // What files were as one source is out of date when each is its own.
        let is_one = |side: usize| {
            sources
                .iter()
                .any(|one| one.side == side && one.name == FILES)
        };
        let is_apart = |side: usize| {
            let mut of_side = sources.iter().filter(|one| one.side == side);
            of_side.any(|one| places.has(side, &one.name))
        };
        times.retain(|(side, name), _| name != FILES || is_one(*side) || !is_apart(*side));
        for (number, (key, bytes)) in times.iter().enumerate() {
            let mut save = Save::default();
            save.put(key);
            save.put_bytes(bytes);
            entries.push(Entry::new(Kind::Watermark, 0, number, save.into_bytes()));
        }
        Ok(())
    }
}

pub(super) fn entry(kind: Kind, shard: usize, value: &impl Serialize) -> Entry {
    let mut save = Save::default();
    save.put(value);
    Entry::new(kind, 0, shard, save.into_bytes())
}

impl Running<'_> {
    /// Where all files of the output stand; or which one could not be written.
    fn marks(&self) -> Result<Vec<Mark>, (String, std::io::Error)> {
        let out = self.plan.sink.path.as_deref().unwrap_or("standard output");
        let mut marks = self
            .shared
            .out
            .marks()
            .map_err(|error| (out.to_string(), error))?;
        for lane in self.lanes {
            for turnstile in &lane.stage.ordered {
                marks.extend(turnstile.with(|state| match state {
                    Ordered::Tee {
                        sink, path, failed, ..
                    } => match failed.take() {
                        Some(error) => Err((path.clone(), error)),
                        None => sink.marks().map_err(|error| (path.clone(), error)),
                    },
                    _ => Ok(Vec::new()),
                })?);
            }
        }
        marks.extend(self.shared.ledger.marks()?);
        Ok(marks)
    }

    /// Something cannot go on, so that nothing of this run is kept any more: the output, or a state that has no room.
    pub fn has_failed(&self) -> bool {
        let of_state = |lane: &Lane<'_>| lane.stage.has_failed();
        lock(&self.shared.failure).is_some()
            || lock(&self.shared.last).is_some()
            || self.shared.out.has_failed()
            || self.lanes.iter().any(of_state)
    }

    /// The stages that hold something: their operators, keys and bytes.
    fn held_by(&self) -> Vec<(String, u64, u64)> {
        let of = |lane: &Lane<'_>| {
            let (keys, bytes) = lane.stage.held();
            let pieces =
                (0..lane.stage.pieces()).map(|piece| lane.stage.operator(self.plan, piece));
            let mut operators: Vec<&str> = pieces.filter(|one| !one.is_empty()).collect();
            operators.dedup();
            (operators.join(", "), keys as u64, bytes as u64)
        };
        let all = self.lanes.iter().map(of);
        all.filter(|(operators, ..)| !operators.is_empty())
            .collect()
    }

    /// Goes on where the runs before have ended: their numbers and their state. Nothing has been read.
    pub fn go_on(&self, kept: &Kept) -> Result<()> {
        if !kept.had {
            return Ok(());
        }
        self.load_state(kept)?;
        // What was loaded is on the disk: it is not written again before there is more.
        let every = kept.keeping.every.min(SECOND);
        lock(&kept.next).at = self.shared.run.clock.now().saturating_add(every);
        let moments = &kept.moments;
        let last = self
            .lanes
            .last()
            .map_or(0, |lane| lane.stage.seq.load(Ordering::Relaxed));
        self.shared
            .last_batch
            .store(moments.last_batch, Ordering::Relaxed);
        self.shared.enough.store(moments.enough, Ordering::Relaxed);
        self.shared
            .out
            .go_on(last, moments.marker, &moments.layout)
            .map_err(|_| damaged(&kept.keeping, "what the table holds cannot be read"))?;
        if self.shared.marks_commits {
            // Again: the run that took the commit may have been stopped before, and what stands behind the mark there
            // comes again.
            self.shared.out.mark_commit(true);
        }
        Ok(())
    }
}

/// What has to be published of a job that has ended.
pub fn publish(files: &[Written]) -> Result<()> {
    let mut names = Names::default();
    for written in files.iter().filter(|written| written.complete) {
        crate::sinks::publish(written, &mut names).with_context(|| Failure {
            status: status::IO,
            message: format!("cannot complete '{}'", written.path),
        })?;
    }
    names.sync().with_context(|| Failure {
        status: status::IO,
        message: "cannot complete the outputs".into(),
    })
}
