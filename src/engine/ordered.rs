//! State that needs the order of chunks, as a stage has it behind a turnstile. Knows nothing of how it is met. Invariant:
//! a copy of it writes to no file.

use crate::bytes::table::KeyTable;
use crate::data::Chunk;
use crate::data::process::{Process, Told};
use crate::sinks::{Null, Sink};
use std::collections::BTreeMap;

/// The state behind a turnstile.
pub enum Ordered {
    /// Keys seen, and the end of each window that they are in.
    Distinct {
        seen: KeyTable,
        groups: Vec<u32>,
        ends: BTreeMap<i64, i64>,
        seed: u64,
    },
    Limit {
        left: u64,
    },
    Tee {
        sink: Box<dyn Sink>,
        path: String,
        /// What stands before the first row.
        begin: Vec<u8>,
        /// That is not written yet: it comes with the first row.
        waits: bool,
        failed: Option<std::io::Error>,
    },
    /// `front`: how far behind the watermark rows may be that those in front of it still give. `hushed`: rows that it
    /// gives for others are no part of the answer that it will be asked for. `windows`: those of the rows that it makes,
    /// where they are counted.
    Process {
        process: Box<dyn Process>,
        told: Told,
        front: i64,
        hushed: bool,
        windows: Option<Windows>,
    },
}

/// Counts the windows of rows that come window by window, in whatever chunks they come.
#[derive(Debug, Default)]
pub struct Windows {
    last: Option<(i64, i64)>,
}

impl Windows {
    /// How many begin in a chunk, which follows those before. Rows of one that ended before the last are told again.
    pub fn count(&mut self, chunk: &Chunk) -> u64 {
        let Some(windows) = &chunk.windows else {
            return 0;
        };
        let mut count = 0;
        for window in chunk.live.iter().map(|row| windows[row as usize]) {
            let is_new = |last: (i64, i64)| window != last && window.1 >= last.1;
            if self.last.is_none_or(is_new) {
                self.last = Some(window);
                count += 1;
            }
        }
        count
    }
}

impl Ordered {
    /// Of a process that was just made.
    pub fn of(process: Box<dyn Process>, told: Told) -> Ordered {
        Ordered::Process {
            process,
            told,
            front: 0,
            hushed: false,
            windows: None,
        }
    }

    /// Another one in the same state, which writes to no file.
    pub fn fork(&self) -> Ordered {
        match self {
            Ordered::Distinct {
                seen,
                groups: _,
                ends,
                seed,
            } => Ordered::Distinct {
                seen: seen.clone(),
                groups: Vec::new(),
                ends: ends.clone(),
                seed: *seed,
            },
            Ordered::Limit { left } => Ordered::Limit { left: *left },
            Ordered::Tee { path, .. } => Ordered::Tee {
                sink: Box::new(Null),
                path: path.clone(),
                begin: Vec::new(),
                waits: false,
                failed: None,
            },
            Ordered::Process { process, front, .. } => Ordered::Process {
                process: process.fork(),
                told: Told::default(),
                front: *front,
                hushed: false,
                windows: None,
            },
        }
    }

    /// Takes rows of a `Tee` as they are written; false: its file has failed.
    pub fn write(&mut self, rows: &[u8]) -> bool {
        let Ordered::Tee {
            sink,
            begin,
            waits,
            failed,
            ..
        } = self
        else {
            return true;
        };
        if failed.is_none() && !rows.is_empty() {
            let head = match std::mem::take(waits) {
                true => sink.write(begin),
                false => Ok(()),
            };
            *failed = head.and_then(|()| sink.write(rows)).err();
        }
        failed.is_none()
    }

    /// Whether it cannot go on: it lacks what has come since.
    pub fn has_failed(&self) -> bool {
        match self {
            Ordered::Process { told, .. } => told.failure.is_some(),
            _ => false,
        }
    }

    /// The same, with the windows of its rows counted.
    pub fn counting_windows(mut self) -> Ordered {
        if let Ordered::Process { windows, .. } = &mut self {
            *windows = Some(Windows::default());
        }
        self
    }

    /// Forgets the keys of windows that have ended.
    pub fn close(&mut self, upto: i64) {
        let Ordered::Distinct {
            seen, ends, seed, ..
        } = self
        else {
            return;
        };
        let before = ends.len();
        ends.retain(|_, end| *end > upto);
        if ends.len() == before {
            return;
        }
        let kept: Vec<u32> = (0..seen.len() as u32)
            .filter(|&group| ends.contains_key(&seen.space(group)))
            .collect();
        let mut rest = KeyTable::new(*seed);
        rest.absorb(seen, &kept, &mut Vec::new());
        *seen = rest;
    }
}
