//! Runs a plan. The control plane (`driver`) decides where an epoch ends and closes windows; the data plane
//! (`worker`) takes blocks and runs stages over them. Knows no operator by name.

pub mod aggregate;
mod arguments;
mod assign;
mod batches;
mod begins;
mod blocks;
pub mod checkpoint;
pub mod clock;
mod commands;
mod commit;
mod control;
mod cutter;
mod driver;
mod early;
mod empties;
mod feeder;
mod front;
pub mod input;
mod inputs;
pub mod ledger;
mod letting;
mod lookup;
mod meter;
mod never;
mod open;
pub mod order;
pub mod ordered;
mod panes;
pub mod partial;
mod peek;
mod places;
pub mod prefix;
mod progress;
mod routing;
pub mod rows;
mod saving;
mod showing;
mod sliding;
pub mod spill;
mod stages;
mod stamps;
pub mod steps;
mod streams;
mod tracked;
mod turns;
mod wal;
pub mod worker;

pub use commit::{Keeping, Moments};
pub use driver::run;
pub use lookup::BadInTable;
pub use progress::{Commits, Held, Progress};
pub use wal::Logging;

use crate::data::delays::Delays;
use crate::data::process::{Late, Limits};
use crate::data::step::{Counts, OtherFields};
use crate::data::time::Zone;
use crate::error::Failure;
use crate::expr::Arrivals;
use crate::plan::files::Files;
use crate::sinks::{Live, Refusal};
use crate::sources::Opening;
use clock::Clock;
use inputs::InputList;
use ledger::Ledger;
use meter::{Meter, last_of};
use order::Linearizer;
use prefix::Board;
use spill::Spill;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};

/// Bytes of a block, unless `--block-size` says otherwise: what stays in the second-level cache with its
/// columns.
pub const BLOCK_SIZE: usize = if cfg!(debug_assertions) {
    4 << 10
} else {
    128 << 10
};

/// The default of `--idle`, ns.
pub const IDLE: i64 = 10_000_000_000;

/// The default of `--max-line`, bytes.
pub const LINE_MAX: usize = 16 << 20;

/// How a plan is run: what changes no byte of the answer, and what is done about bad input.
#[derive(Clone)]
pub struct Run {
    pub threads: usize,
    /// Bytes; for tests.
    pub block_size: usize,
    /// An epoch ends after so many records; for tests.
    pub epoch: Option<u64>,
    /// Bytes.
    pub max_line: usize,
    pub on_bad: OnBad,
    pub bad_file: Option<PathBuf>,
    pub max_bad: Option<Limit>,
    /// A failed conversion makes the record a bad one.
    pub strict: bool,
    pub max_late: Option<Limit>,
    /// `--late FILE`: gets their lines.
    pub late_file: Option<PathBuf>,
    /// `--max-state`: bytes of all state.
    pub max_state: Option<usize>,
    /// Where state that is larger than that may be set aside.
    pub spill: Option<Spill>,
    /// `--max-keys` and `--on-full`.
    pub limits: Limits,
    /// Write nothing, stop at the first record that would be written.
    pub quiet: bool,
    /// End after so long, ns.
    pub for_ns: Option<i64>,
    /// A live source silent for so long holds the watermark no more, ns.
    pub idle: i64,
    /// How the words of the sources are opened.
    pub opening: Opening,
    /// Set by a signal: finish what was read and end.
    pub stop: Arc<AtomicBool>,
    pub progress: Arc<Progress>,
    pub clock: Arc<dyn Clock>,
    /// `--checkpoint`.
    pub keeping: Option<Keeping>,
    /// Set when outputs are to be opened again by name.
    pub reopen: Arc<AtomicBool>,
    /// Of an output that is many files.
    pub refusal: Refusal,
    /// Told of each batch when it is done.
    pub on_batch: Option<Told>,
    /// Standard output is a terminal on which what is open is shown.
    pub live: Option<Arc<Live>>,
    /// Set when the run is to end as `--for` ends it.
    pub quit: Arc<AtomicBool>,
}

/// Is told of a batch; called by one thread at a time.
pub type Told = Arc<dyn Fn(&Batch) + Send + Sync>;

/// A batch that is done, or the last of several that were done at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// From 1.
    pub number: u64,
    /// Its end by the clock of batches, ns.
    pub time: i64,
    /// Since the batch told before.
    pub records_in: u64,
    pub records_out: u64,
    pub records_bad: u64,
    pub late: u64,
    /// Keys held behind it.
    pub keys: usize,
    /// How far event time has come; `None` by arrival.
    pub watermark: Option<i64>,
    /// From its end to when its work was begun, and what that took, ns.
    pub scheduling_delay: i64,
    pub processing_time: i64,
}

/// Delays of all batches.
#[derive(Clone, Debug, Default)]
pub struct Batches {
    pub scheduling: Delays,
    pub processing: Delays,
    pub total: Delays,
    /// In all, ns.
    pub waited: i64,
    pub took: i64,
}

impl Default for Run {
    fn default() -> Self {
        Run {
            threads: 1,
            block_size: BLOCK_SIZE,
            epoch: None,
            max_line: LINE_MAX,
            on_bad: OnBad::Warn,
            bad_file: None,
            max_bad: None,
            strict: false,
            max_late: None,
            late_file: None,
            max_state: None,
            spill: None,
            limits: Limits::default(),
            quiet: false,
            for_ns: None,
            idle: IDLE,
            opening: Opening::default(),
            stop: Arc::default(),
            progress: Arc::default(),
            clock: Arc::new(clock::System::default()),
            keeping: None,
            reopen: Arc::default(),
            refusal: Refusal::default(),
            on_batch: None,
            live: None,
            quit: Arc::default(),
        }
    }
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum OnBad {
    Warn,
    Skip,
    Abort,
}

/// `--max-bad`, `--max-late`.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Limit {
    Count(u64),
    /// In a hundred.
    Percent(f64),
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Rows enough came of several streams, or of state that lets them out when time has passed: how far the input was read by
    /// then is accident, and so is what is counted of what was read.
    pub is_accident: bool,
    pub records_in: u64,
    pub records_out: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub records_bad: u64,
    /// Kinds of bad records, most frequent first.
    pub faults: Vec<FaultTold>,
    /// Records that were late for all their windows, each part of one by itself.
    pub late: u64,
    /// So many of them are further parts of a record that another one is of.
    pub late_parts: u64,
    /// How late they were.
    pub late_by: Delays,
    /// How long batches waited and took.
    pub batches: Batches,
    pub commits: Commits,
    /// Windows that have closed.
    pub windows: u64,
    /// The most that state ever took.
    pub held: Held,
    /// What else happened that must be told, by what it was: `keys forgotten`.
    pub counts: BTreeMap<&'static str, u64>,
    /// Values of aggregates that came from sketches.
    pub sketched: u64,
    /// Conversions that failed, by what was converted.
    pub failed: Vec<(String, u64)>,
    /// Rows with fields that were no columns, as the first record lacks them.
    pub others: OtherFields,
    /// What would keep them.
    pub others_kept: OthersKept,
    /// Bad records of tables in memory, with the first of each.
    pub tables: Vec<(u64, BadInTable)>,
    /// Fields of a schemaless input that never occurred.
    pub never: Vec<Never>,
    /// Inputs that could not be opened or read, with the reason, and the status that they come to.
    pub unreadable: Vec<(String, i32)>,
    /// The reader of our output has left.
    pub broken_pipe: bool,
    /// A signal ended the input.
    pub stopped: bool,
    /// Whether the input was live: it may have had more to give.
    pub live: bool,
    /// Wall time, ns.
    pub elapsed: i64,
    /// Why the run ended early; a `Failure` with an empty message: the bad records tell it.
    pub failure: Option<anyhow::Error>,
}

impl Report {
    /// Records that were late, whatever parts they were taken apart into.
    pub fn late_records(&self) -> u64 {
        self.late.saturating_sub(self.late_parts)
    }
}

/// What would keep fields that are no columns, as the first record lacks them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OthersKept {
    /// `select`.
    #[default]
    Select,
    /// That too, or a format that takes records whole.
    Whole,
    /// They are no lists of this operator: `select` in front of it, and of its other stream that the first record has them.
    Lists {
        operator: String,
        own: bool,
        other: bool,
    },
}

/// A field that none of a stream's records has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Never {
    pub field: String,
    pub records: u64,
    /// The stream, where there are several; empty: standard input.
    pub of: Option<String>,
    /// It is the chain's own.
    pub own: bool,
}

/// What is wrong with a record that has no event time.
pub const NO_TIME: &str = "without a time that can be read";

/// The same of one whose time can be read, but not be told in 64 bits of nanoseconds ([`crate::data::time::EVENT_TIMES`]).
pub const FAR_TIME: &str =
    "with a time outside 1700 to 2239, the years that 64 bits of nanoseconds hold";

/// The same of the clock that the data tell.
pub const NO_READING: &str = "without a time of the clock that can be read";
pub const FAR_READING: &str =
    "with a time of the clock outside 1700 to 2239, the years that 64 bits of nanoseconds hold";

/// One kind of bad record and where the first stands.
#[derive(Clone, Debug)]
pub struct FaultTold {
    pub what: &'static str,
    pub count: u64,
    pub input: String,
    /// From 1; `None` where it cannot be known any more.
    pub line: Option<u64>,
    /// From 1.
    pub column: u32,
    /// So many lines it has.
    pub lines: u64,
    pub text: Vec<u8>,
}

/// Whether something was not waited for any longer.
fn is_interrupted(error: &anyhow::Error) -> bool {
    let kinds = error.chain().filter_map(|cause| cause.downcast_ref());
    let mut kinds = kinds.map(std::io::Error::kind);
    kinds.any(|kind| kind == std::io::ErrorKind::Interrupted)
}

/// What all workers of a run share.
pub struct Shared<'r> {
    run: &'r Run,
    inputs: InputList,
    out: Linearizer,
    /// How long a batch is, ns, where their ends are marked in the output; and the last one that has a record.
    marks: Option<i64>,
    last_batch: AtomicI64,
    /// None behind this one counts: there is the last record that is needed.
    batch_held: AtomicI64,
    /// Without batches: commits are marked.
    marks_commits: bool,
    /// How far behind the plan's watermark the ends of windows may be of rows that are still to be written, ns.
    behind: AtomicI64,
    /// The output is many files, with the zone of their names; and the time that comes next with `--every`.
    files: Option<(&'r Files, &'r Zone)>,
    next_file: AtomicI64,
    /// The output is a file that always has the last whole answer.
    replaces: bool,
    ledger: Ledger,
    /// By source: how far its time has come.
    meters: Vec<Meter>,
    /// The same for the clock that triggers go by, where it is not the machine's.
    clocks: Vec<Meter>,
    lines: Board<prefix::Lines>,
    /// What was late of rows that are no records of the input.
    rest_late: Mutex<Late>,
    bytes_in: AtomicU64,
    /// The clock that the data tell, where early rows go by that: what its readings have come to, in front of the rows at
    /// hand. None is on its way where another is taken.
    moment: Option<AtomicI64>,
    /// Nothing more of the input is needed; or of so many sides, the first of all.
    enough: AtomicBool,
    sides_done: AtomicUsize,
    /// Rows enough were given of what had been read by then, which is accident.
    is_accident: AtomicBool,
    /// State may give rows before the input ends, when time has passed: at the end of an epoch.
    gives_early: bool,
    /// All input has been read.
    ending: AtomicBool,
    /// Rows have gone into state since the last peek.
    is_fresh: AtomicBool,
    /// What is given now is early.
    peeking: AtomicBool,
    /// What is given now is shown and not printed: so many rows at most; 0: it is printed.
    aside: AtomicUsize,
    /// By side and field that is wanted, then sought: it has occurred.
    seen: Vec<Vec<AtomicBool>>,
    all_seen: AtomicBool,
    counts: Mutex<Counts>,
    failure: Mutex<Option<anyhow::Error>>,
    /// A record ends the run: what it fails with when all in front of it has been given.
    last: Mutex<Option<Failure>>,
    /// What `now()` is of a row.
    arrivals: Arrivals,
    /// When this run began, and the first of the job.
    began: i64,
    job_began: i64,
    /// There are batches: how long one is, ns, and when the first begins, where the data do not tell it.
    batches: Option<(i64, Option<i64>)>,
}

impl Shared<'_> {
    /// The last batch that has a record; the least number there is, if none has.
    fn last_batch(&self) -> i64 {
        let held = self.batch_held.load(Relaxed);
        self.last_batch.load(Relaxed).min(held)
    }

    /// What the clock has come to that early rows go by, where the data tell it; the least there is, if they have not yet.
    fn moment(&self) -> Option<i64> {
        Some(self.moment.as_ref()?.load(Relaxed))
    }

    /// The first reading of the clock that the data tell, among all sources.
    fn first_reading(&self) -> Option<i64> {
        let meters = self.meters.iter().chain(&self.clocks);
        meters.filter_map(Meter::first).min()
    }

    /// The time of the first batch, if there is one.
    fn first_batch(&self) -> Option<i64> {
        let (step, first) = self.batches?;
        let first = first.or_else(|| self.first_reading())?;
        Some(last_of(first, Some(step)))
    }

    /// The same in front of a row: of several sources that tell it, others may have begun before.
    fn first_batch_by_row(&self) -> Option<i64> {
        let is_known = |(_, first): (_, Option<i64>)| first.is_some() || self.meters.len() == 1;
        self.batches
            .is_some_and(is_known)
            .then(|| self.first_batch())?
    }
}
