//! Aggregates and sorting over the whole input that are larger than memory may be: groups and rows go to the disk in
//! sorted runs, and are merged from there at the end, a piece at a time (an external merge: Knuth, TAOCP 3, 5.4). The
//! files have no name. Invariant: what comes out is what would have come without; memory is a piece a run.

use super::aggregate::{AggregateState, Emission, Groups, Spaces, entries, sort};
use super::driver::Running;
use super::order::lock;
use super::worker::End;
use crate::data::saved::{Damaged, Save, Saved};
use crate::error::{Failure, status};
use rustix::fs::{Mode, OFlags};
use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Groups of a piece of a run.
const PIECE: usize = if cfg!(debug_assertions) { 16 } else { 8192 };
/// Fewer bytes than this are not worth a run.
const LEAST: usize = if cfg!(debug_assertions) { 1 } else { 1 << 20 };

/// A run on the disk: pieces in the order of keys, each with its place and length.
pub struct Run {
    file: File,
    pieces: Vec<(u64, u64)>,
}

/// A run that is being read.
pub struct Reading<'r> {
    run: &'r Run,
    /// The piece behind the one at hand.
    next: usize,
}

/// A run of groups that is being merged.
struct Cursor<'r> {
    reading: Reading<'r>,
    groups: Groups,
    at: u32,
}

impl Run {
    /// Writes pieces that are in order.
    pub fn write(dir: &Path, all: impl Iterator<Item = Vec<u8>>) -> Result<Run, Failure> {
        let write = || -> io::Result<Run> {
            let file = nameless(dir)?;
            let mut out = BufWriter::with_capacity(1 << 18, &file);
            let (mut pieces, mut at) = (Vec::new(), 0);
            for bytes in all {
                out.write_all(&bytes)?;
                pieces.push((at, bytes.len() as u64));
                at += bytes.len() as u64;
            }
            out.flush()?;
            drop(out);
            Ok(Run { file, pieces })
        };
        write().map_err(|error| failed(dir, "write", &error))
    }

    pub fn read(&self) -> Reading<'_> {
        Reading { run: self, next: 0 }
    }
}

impl Reading<'_> {
    /// The next piece, as `load` makes it; `None`: there is none.
    pub fn next<T>(
        &mut self,
        dir: &Path,
        load: impl FnOnce(&[u8]) -> Result<T, Damaged>,
    ) -> Result<Option<T>, Failure> {
        let Some(&(at, len)) = self.run.pieces.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        let mut bytes = vec![0; len as usize];
        let read = self.run.file.read_exact_at(&mut bytes, at);
        let damaged = |_: Damaged| io::Error::other("it is not what was written");
        read.and_then(|()| load(&bytes).map_err(damaged))
            .map(Some)
            .map_err(|error| failed(dir, "read", &error))
    }
}

/// A file in `dir` that has no name, or has none any more.
fn nameless(dir: &Path) -> io::Result<File> {
    let mode = Mode::RUSR | Mode::WUSR;
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    if let Ok(file) = rustix::fs::open(dir, flags | OFlags::TMPFILE, mode) {
        return Ok(file.into());
    }
    // File systems that cannot: a name that nobody guesses, for an instant.
    let name = super::checkpoint::store::random();
    let path = dir.join(format!(".dstream-{name:016x}"));
    let file = rustix::fs::open(&path, flags | OFlags::CREATE | OFlags::EXCL, mode)?;
    fs::remove_file(&path)?;
    Ok(file.into())
}

fn failed(dir: &Path, what: &str, error: &io::Error) -> Failure {
    Failure {
        status: status::IO,
        message: format!(
            "cannot {what} state that is set aside in '{}' (--tmp): {error}",
            dir.display()
        ),
    }
}

impl<'p> AggregateState<'p> {
    /// Whether its groups can be set aside: they stay until the input ends.
    pub fn can_spill(&self) -> bool {
        matches!(self.spaces, Spaces::None)
    }

    pub fn has_spilled(&self) -> bool {
        !lock(&self.spilled).is_empty()
    }

    /// Sets all groups of the shards aside, in `dir`.
    pub fn spill(&self, dir: &Path, threads: usize) -> Result<(), Failure> {
        let mut spilled = lock(&self.spilled);
        // Whoever waited here for another finds it done.
        if self.bytes() < LEAST {
            return Ok(());
        }
        let taken: Vec<Groups> = self
            .shards
            .iter()
            .map(|shard| std::mem::replace(&mut *lock(shard), Groups::new(self.aggs, self.seed)))
            .collect();
        let mut sorted = entries(&taken, &self.coder, threads);
        sort(&mut sorted, threads, &|a, b| self.order(&taken, a, b));
        let mut ids = Vec::new();
        let pieces = sorted.chunks(PIECE).map(|piece| {
            let mut groups = Groups::new(self.aggs, self.seed);
            for entry in piece {
                let from = &taken[entry.place as usize];
                groups.absorb(from, &[entry.group], &mut ids);
            }
            let mut save = Save::default();
            groups.save(&mut save);
            save.into_bytes()
        });
        spilled.push(Run::write(dir, pieces)?);
        Ok(())
    }

    /// The input has ended: merges what was set aside and gives it, in the order of keys.
    pub fn merge_spilled(
        &self,
        dir: &Path,
        threads: usize,
        give: &mut dyn FnMut(Emission<'_>),
    ) -> Result<(), Failure> {
        self.spill(dir, threads)?;
        let runs = std::mem::take(&mut *lock(&self.spilled));
        let mut cursors: Vec<Cursor<'_>> = runs
            .iter()
            .map(|run| Cursor {
                reading: run.read(),
                groups: Groups::new(self.aggs, self.seed),
                at: 0,
            })
            .collect();
        let mut ids = Vec::new();
        loop {
            let mut left = Vec::with_capacity(cursors.len());
            for mut cursor in cursors {
                let mut more = cursor.groups.table.len() as u32 > cursor.at;
                if !more {
                    let load = |bytes: &[u8]| {
                        Groups::load(self.aggs, self.seed, &self.coder, &mut Saved::new(bytes))
                    };
                    if let Some(groups) = cursor.reading.next(dir, load)? {
                        (cursor.groups, cursor.at, more) = (groups, 0, true);
                    }
                }
                if more {
                    left.push(cursor);
                }
            }
            cursors = left;
            // Up to the least of the last keys at hand no run has more to say.
            let last = |cursor: &Cursor<'_>| cursor.groups.table.len() as u32 - 1;
            let Some(least) = cursors.iter().min_by(|a, b| {
                let (a_key, b_key) = (a.groups.table.key(last(a)), b.groups.table.key(last(b)));
                self.coder.compare(a_key, b_key)
            }) else {
                return Ok(());
            };
            let upto = least.groups.table.key(last(least)).map(<[u8]>::to_vec);
            let mut merged = Groups::new(self.aggs, self.seed);
            for cursor in &mut cursors {
                let count = cursor.groups.table.len() as u32;
                let within = |group: u32| {
                    let key = cursor.groups.table.key(group);
                    self.coder.compare(key, upto.as_deref()) != Ordering::Greater
                };
                let end = (cursor.at..count)
                    .find(|group| !within(*group))
                    .unwrap_or(count);
                let theirs: Vec<u32> = (cursor.at..end).collect();
                merged.absorb(&cursor.groups, &theirs, &mut ids);
                cursor.at = end;
            }
            give(self.emission(merged, threads));
        }
    }
}

impl Running<'_> {
    /// Sets aside on the disk what can be; returns the bytes of what cannot. What others add meanwhile is not counted:
    /// it is set aside in its turn.
    pub fn spill(&self) -> Result<usize, Failure> {
        let mut stays = 0;
        for lane in self.lanes {
            match (&lane.stage.end, &self.shared.run.spill) {
                (End::Aggregate(state), Some(dir)) if state.can_spill() => {
                    state.spill(dir, self.threads)?;
                    stays += lane.stage.held_inside().1;
                }
                (End::Rows(state), Some(dir)) if state.can_spill() => {
                    state.spill(dir, self.threads)?;
                    stays += lane.stage.held_inside().1;
                }
                _ => stays += lane.stage.held().1,
            }
        }
        Ok(stays)
    }
}
