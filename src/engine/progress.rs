//! How far a run is, for whoever asks while it goes on: a status line, the live view, a file of metrics. Counts and looks;
//! decides nothing. Invariant: a counter never falls.

use super::Batches;
use super::order::lock;
use crate::data::delays::Delays;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// What a run has done so far.
#[derive(Debug)]
pub struct Progress {
    pub records: AtomicU64,
    pub bytes: AtomicU64,
    pub rows: AtomicU64,
    pub bad: AtomicU64,
    pub late: AtomicU64,
    /// Windows that have closed.
    pub windows: AtomicU64,
    keys: AtomicUsize,
    state: AtomicUsize,
    keys_most: AtomicUsize,
    state_most: AtomicUsize,
    aside: AtomicUsize,
    watermark: AtomicI64,
    batches: Mutex<Batches>,
    commits: Mutex<Commits>,
}

/// What checkpoints have cost so far.
#[derive(Clone, Debug, Default)]
pub struct Commits {
    /// How long the stream stood still for each.
    pub pauses: Delays,
    pub paused: i64,
    /// Of the last one that is on the disk: bytes, when it was taken, and how long it was until then, ns.
    pub size: u64,
    pub at: i64,
    pub took: i64,
}

/// Keys and bytes of state.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub keys: usize,
    pub bytes: usize,
    /// Bytes on the disk, since there is more than may be in memory.
    pub aside: usize,
}

impl Default for Progress {
    fn default() -> Self {
        Progress {
            records: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            bad: AtomicU64::new(0),
            late: AtomicU64::new(0),
            windows: AtomicU64::new(0),
            keys: AtomicUsize::new(0),
            state: AtomicUsize::new(0),
            keys_most: AtomicUsize::new(0),
            state_most: AtomicUsize::new(0),
            aside: AtomicUsize::new(0),
            watermark: AtomicI64::new(i64::MIN),
            batches: Mutex::default(),
            commits: Mutex::default(),
        }
    }
}

impl Progress {
    /// State takes so much now.
    pub fn hold(&self, keys: usize, bytes: usize) {
        self.keys.store(keys, Ordering::Relaxed);
        self.state.store(bytes, Ordering::Relaxed);
        self.hold_at_least(keys, bytes);
    }

    /// State takes so much at least.
    pub fn hold_at_least(&self, keys: usize, bytes: usize) {
        self.keys_most.fetch_max(keys, Ordering::Relaxed);
        self.state_most.fetch_max(bytes, Ordering::Relaxed);
    }

    /// So many bytes of it are on the disk; the most counts.
    pub fn put_aside(&self, bytes: usize) {
        self.aside.fetch_max(bytes, Ordering::Relaxed);
    }

    pub fn held(&self) -> Held {
        Held {
            keys: self.keys.load(Ordering::Relaxed),
            bytes: self.state.load(Ordering::Relaxed),
            aside: self.aside.load(Ordering::Relaxed),
        }
    }

    /// The most that it ever was.
    pub fn held_most(&self) -> Held {
        Held {
            keys: self.keys_most.load(Ordering::Relaxed),
            bytes: self.state_most.load(Ordering::Relaxed),
            aside: self.aside.load(Ordering::Relaxed),
        }
    }

    pub fn reach(&self, watermark: i64) {
        self.watermark.fetch_max(watermark, Ordering::Relaxed);
    }

    pub fn watermark(&self) -> Option<i64> {
        Some(self.watermark.load(Ordering::Relaxed)).filter(|at| *at != i64::MIN)
    }

    /// A batch waited so long to be begun, and took so long, ns.
    pub fn batch(&self, waited: i64, took: i64) {
        let mut batches = lock(&self.batches);
        batches.scheduling.add(waited);
        batches.processing.add(took);
        batches.total.add(waited + took);
        batches.waited += waited;
        batches.took += took;
    }

    pub fn batches(&self) -> Batches {
        lock(&self.batches).clone()
    }

    /// The stream stood still for so long, ns.
    pub fn pause(&self, took: i64) {
        let mut commits = lock(&self.commits);
        commits.pauses.add(took);
        commits.paused += took;
    }

    /// A checkpoint that was taken then is on the disk.
    pub fn committed(&self, at: i64, now: i64, size: u64) {
        let mut commits = lock(&self.commits);
        commits.at = at;
        commits.took = now - at;
        commits.size = size;
    }

    pub fn commits(&self) -> Commits {
        lock(&self.commits).clone()
    }
}
