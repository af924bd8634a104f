//! Aggregates, and sorting over the whole input, that are larger than memory may be: groups and rows go to the disk in
//! sorted runs, and are merged from there when their window closes, or at the end, a piece at a time (an external merge:
//! Knuth, TAOCP 3, 5.4). The files have no name. Invariant: what comes out is what would have come without; memory is
//! a piece a run.

use super::aggregate::{AggregateState, Emission, Entry, Groups, Spaces, entries, sort};
use super::driver::Running;
use super::order::lock;
use super::worker::End;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::error::{Failure, status};
use rustix::fs::{Mode, OFlags};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Groups of a piece of a run.
const PIECE: usize = if cfg!(debug_assertions) { 16 } else { 8192 };
/// Fewer bytes than this are not worth a run.
const LEAST: usize = if cfg!(debug_assertions) { 1 } else { 1 << 20 };

/// A run on the disk: pieces in the order of windows and keys, each with its place and length.
pub struct Run {
    file: File,
    pieces: Vec<(u64, u64)>,
    /// What has been given: so many pieces, and so many groups of the next.
    given: (usize, u32),
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
            Ok(Run {
                file,
                pieces,
                given: (0, 0),
            })
        };
        write().map_err(|error| failed(dir, "write", &error))
    }

    pub fn read(&self) -> Reading<'_> {
        Reading {
            run: self,
            next: self.given.0,
        }
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

impl<'r> Cursor<'r> {
    /// Makes a piece be at hand, if there is one. `load` reads it.
    fn fill(
        &mut self,
        dir: &Path,
        load: impl FnOnce(&[u8]) -> Result<Groups, Damaged>,
    ) -> Result<(), Failure> {
        if self.at < self.count() {
            return Ok(());
        }
        let (next, given) = (self.reading.next, self.reading.run.given);
        if let Some(groups) = self.reading.next(dir, load)? {
            self.at = if next == given.0 { given.1 } else { 0 };
            self.groups = groups;
        }
        Ok(())
    }

    fn count(&self) -> u32 {
        self.groups.table.len() as u32
    }

    /// What of its run has been given.
    fn given(&self) -> (usize, u32) {
        match self.at < self.count() {
            true => (self.reading.next - 1, self.at),
            false => (self.reading.next, 0),
        }
    }
}

/// A window, by its start, and a key.
type Place<'k> = (i64, Option<&'k [u8]>);

impl<'p> AggregateState<'p> {
    /// Whether its groups can be set aside: those of sliding windows are shared by panes, and windows of nothing are
    /// told of as time passes.
    pub fn can_spill(&self) -> bool {
        !matches!(self.spaces, Spaces::Panes(_)) && lock(&self.empties).is_none()
    }

    pub fn has_spilled(&self) -> bool {
        !lock(&self.spilled).is_empty()
    }

    /// Whether a window that is open ends by then.
    pub fn closes(&self, upto: Watermark) -> bool {
        match upto {
            Watermark::None => false,
            Watermark::At(at) => self.next_end().is_some_and(|end| end <= at),
            Watermark::End => true,
        }
    }

    /// Sets all groups of the shards aside, in `dir`.
    pub fn spill(&self, dir: &Path, threads: usize) -> Result<(), Failure> {
        let mut spilled = lock(&self.spilled);
        // Whoever waited here for another finds it done.
        match self.bytes() < LEAST {
            true => Ok(()),
            false => self.set_aside(dir, threads, &mut spilled),
        }
    }

    fn set_aside(&self, dir: &Path, threads: usize, runs: &mut Vec<Run>) -> Result<(), Failure> {
        let taken: Vec<Groups> = self
            .shards
            .iter()
            .map(|shard| std::mem::replace(&mut *lock(shard), Groups::new(self.aggs, self.seed)))
            .collect();
        let sorted = self.by_window(&taken, threads);
        if sorted.is_empty() {
            return Ok(());
        }
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
        runs.push(Run::write(dir, pieces)?);
        Ok(())
    }

    /// Groups by the starts of their windows, which is the order of the ends, then by key.
    fn by_window(&self, taken: &[Groups], threads: usize) -> Vec<Entry> {
        let mut sorted = entries(taken, &self.coder, threads);
        let start = |entry: &Entry| taken[entry.place as usize].table.space(entry.group);
        sort(&mut sorted, threads, &|a, b| {
            let starts = start(a).cmp(&start(b));
            starts.then_with(|| self.order(taken, a, b))
        });
        sorted
    }

    /// Merges what was set aside of windows that end by `upto`, or all of it at the end of the input, and gives it, in
    /// the order of windows and keys. Returns how many windows there were.
    pub fn merge_spilled(
        &self,
        dir: &Path,
        upto: Watermark,
        threads: usize,
        give: &mut dyn FnMut(Emission<'_>),
    ) -> Result<u64, Failure> {
        let at = match upto {
            Watermark::None => return Ok(0),
            Watermark::At(at) => at,
            Watermark::End => i64::MAX,
        };
        // Nobody waits for them while what is given goes on.
        let mut spilled = std::mem::take(&mut *lock(&self.spilled));
        self.set_aside(dir, threads, &mut spilled)?;
        let ends = lock(&self.ends).clone();
        let closes = |start: i64| match self.spaces {
            Spaces::None => true,
            _ => ends.get(&start).is_none_or(|end| *end <= at),
        };
        let load =
            |bytes: &[u8]| Groups::load(self.aggs, self.seed, &self.coder, &mut Saved::new(bytes));
        let mut cursors: Vec<Cursor<'_>> = spilled
            .iter()
            .map(|run| Cursor {
                reading: run.read(),
                groups: Groups::new(self.aggs, self.seed),
                at: 0,
            })
            .collect();
        let mut ids = Vec::new();
        loop {
            // Of each run that has something to give, the groups at hand that close.
            let mut active = Vec::with_capacity(cursors.len());
            for (run, cursor) in cursors.iter_mut().enumerate() {
                cursor.fill(dir, load)?;
                let table = &cursor.groups.table;
                let all = cursor.at..cursor.count();
                let open = all.clone().find(|&group| !closes(table.space(group)));
                let end = open.unwrap_or(all.end);
                if cursor.at < end {
                    active.push((run, end));
                }
            }
            let place = |run: usize, group: u32| -> Place<'_> {
                let table = &cursors[run].groups.table;
                (table.space(group), table.key(group))
            };
            let order = |a: Place<'_>, b: Place<'_>| {
                a.0.cmp(&b.0).then_with(|| self.coder.compare(a.1, b.1))
            };
            // Up to the least of the last ones at hand no run has more to say.
            let lasts = active.iter().map(|&(run, end)| place(run, end - 1));
            let Some(last) = lasts.min_by(|a, b| order(*a, *b)) else {
                break;
            };
            let upto: Vec<u32> = active
                .iter()
                .map(|&(run, end)| {
                    let mut groups = cursors[run].at..end;
                    let beyond = groups.find(|&group| order(place(run, group), last).is_gt());
                    beyond.unwrap_or(end)
                })
                .collect();
            let mut merged = Groups::new(self.aggs, self.seed);
            for (&(run, _), upto) in active.iter().zip(upto) {
                let cursor = &mut cursors[run];
                let theirs: Vec<u32> = (cursor.at..upto).collect();
                merged.absorb(&cursor.groups, &theirs, &mut ids);
                cursor.at = upto;
            }
            give(self.emission(merged, &ends, threads));
        }
        let given: Vec<(usize, u32)> = cursors.iter().map(Cursor::given).collect();
        for (run, given) in spilled.iter_mut().zip(given) {
            run.given = given;
        }
        spilled.retain(|run| run.given.0 < run.pieces.len());
        lock(&self.spilled).append(&mut spilled);
        let mut open = lock(&self.ends);
        let before = open.len();
        open.retain(|_, end| *end > at);
        *lock(&self.closed) = at;
        Ok((before - open.len()) as u64)
    }

    /// Rows of all groups, in the order of windows and keys.
    fn emission(&self, groups: Groups, ends: &BTreeMap<i64, i64>, threads: usize) -> Emission<'_> {
        let taken = vec![groups];
        let sorted = self.by_window(&taken, threads);
        let start = |entry: &Entry| taken[0].table.space(entry.group);
        let parts = match self.spaces {
            Spaces::None => vec![(None, sorted)],
            _ => sorted
                .chunk_by(|a, b| start(a) == start(b))
                .map(|part| {
                    let start = start(&part[0]);
                    let end = ends.get(&start).copied().unwrap_or(i64::MAX);
                    (Some((start, end)), part.to_vec())
                })
                .collect(),
        };
        Emission::new(self, taken, parts)
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
