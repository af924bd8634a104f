//! State that is larger than it may be. Groups of aggregates, and rows that are sorted over the whole input, go to the
//! disk in sorted runs, and are merged from there when their window closes, or at the end, a piece at a time (an external
//! merge: Knuth, TAOCP 3, 5.4); of all else, and where a checkpoint needs it at hand, the memory itself is a file that the
//! kernel pages (`memory`). The files have no name. Invariant: what comes out is what would have come without.

use super::Run as Asked;
use super::aggregate::{AggregateState, Emission, Entry, Groups, Spaces, entries, sort};
use super::driver::Running;
use super::order::lock;
use super::worker::End;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::error::{Failure, status};
use crate::memory;
use rustix::fs::{Mode, OFlags};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

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

    pub fn bytes(&self) -> usize {
        let pieces = self.pieces.iter().map(|(_, len)| *len as usize);
        pieces.sum()
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

    /// Bytes that are set aside.
    pub fn bytes_aside(&self) -> usize {
        lock(&self.spilled).iter().map(Run::bytes).sum()
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

/// How state is set aside that is larger than it may be.
#[derive(Clone, Debug)]
pub struct Spill {
    pub dir: PathBuf,
    /// What can be goes out in runs: nothing of this run is kept for the next one, and nobody peeks.
    pub in_runs: bool,
    /// Keys that state may hold in memory, beside `--max-state`.
    pub keys: Option<u64>,
}

/// The program takes about so much beside its state, bytes.
const BESIDE: usize = 512 << 20;
/// Pages of the file stay in the process up to this, whatever state may take, bytes.
const PAGED: usize = 64 << 20;

/// Makes room for the state in a checkpoint that is larger than state may be.
pub fn ahead(run: &Asked, checkpoint: &Path) -> Result<(), Failure> {
    let size = fs::metadata(checkpoint).map_or(0, |meta| meta.len());
    match (&run.spill, run.max_state) {
        (Some(spill), Some(most)) if size > most as u64 => page(&spill.dir),
        _ => Ok(()),
    }
}

/// From now on what state allocates lies in a file of `dir`.
fn page(dir: &Path) -> Result<(), Failure> {
    let begun = nameless(dir).and_then(memory::begin);
    begun.map_err(|error| failed(dir, "write", &error))
}

/// Bytes of the process that are in memory: of files, and its own.
fn resident() -> Option<(usize, usize)> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    let mut pages = text.split(' ').skip(1).map(str::parse::<usize>);
    let (all, files) = (pages.next()?.ok()?, pages.next()?.ok()?);
    let size = rustix::param::page_size();
    Some((files * size, all.saturating_sub(files) * size))
}

impl Running<'_> {
    /// Sets state aside that is larger than it may be, or ends the run. What others add meanwhile is not counted: it
    /// is set aside in its turn.
    pub fn check_state(&self) {
        self.note_held();
        let run = &self.shared.run;
        let (keys, bytes) = self.held();
        let most = run.max_state.unwrap_or(usize::MAX);
        let most_keys = run.spill.as_ref().and_then(|spill| spill.keys);
        if bytes <= most && most_keys.is_none_or(|most| keys as u64 <= most) {
            return;
        }
        let done = match &run.spill {
            Some(spill) => self.set_aside(spill, most),
            None => Err(too_much(most)),
        };
        if let Err(failure) = done {
            self.fail(failure.into());
        }
    }

    fn set_aside(&self, spill: &Spill, most: usize) -> Result<(), Failure> {
        let Some(used) = memory::used() else {
            let stays = match spill.in_runs {
                true => self.spill(&spill.dir)?,
                false => self.held(),
            };
            self.note_aside(0);
            let is_over = stays.1 > most || spill.keys.is_some_and(|most| stays.0 as u64 > most);
            return match is_over {
                true => page(&spill.dir),
                false => Ok(()),
            };
        };
        self.note_aside(used.bytes);
        if let Some(error) = used.failed {
            return Err(failed(&spill.dir, "write", &error.into()));
        }
        let Some((files, own)) = resident() else {
            return Ok(());
        };
        if files > most.max(PAGED) {
            memory::let_go();
        }
        match own > most.saturating_add(most / 2).saturating_add(BESIDE) {
            true => Err(too_much(most)),
            false => Ok(()),
        }
    }

    fn note_aside(&self, paged: usize) {
        let runs = self.lanes.iter().map(|lane| match &lane.stage.end {
            End::Aggregate(state) => state.bytes_aside(),
            End::Rows(state) => state.bytes_aside(),
            End::Sink => 0,
        });
        let progress = &self.shared.run.progress;
        progress.put_aside(paged + runs.sum::<usize>());
    }

    /// Sets aside in runs what can be; returns the keys and bytes of what cannot.
    fn spill(&self, dir: &Path) -> Result<(usize, usize), Failure> {
        let mut stays = (0, 0);
        for lane in self.lanes {
            let (keys, bytes) = match &lane.stage.end {
                End::Aggregate(state) if state.can_spill() => {
                    state.spill(dir, self.threads)?;
                    lane.stage.held_inside()
                }
                End::Rows(state) if state.can_spill() => {
                    state.spill(dir, self.threads)?;
                    lane.stage.held_inside()
                }
                _ => lane.stage.held(),
            };
            stays = (stays.0 + keys, stays.1 + bytes);
        }
        Ok(stays)
    }
}

fn too_much(most: usize) -> Failure {
    let size = match most >> 20 {
        0 => format!("{} KiB", most >> 10),
        mib => format!("{mib} MiB"),
    };
    Failure {
        status: status::DATA,
        message: format!(
            "what the chain keeps takes more than {size} (--max-state); allow more, or keep less: a window, --ttl, or \
             --max-keys N --on-full evict-oldest; or have it on the disk: --on-full spill"
        ),
    }
}
