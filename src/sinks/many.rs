//! Many files as one output: one for each window, batch or key. A file of a window is written aside and gets its
//! name when nothing more can come to it; files that are not written just now are closed and opened again.
//! Invariant: a file that has its name by time is complete and is not changed.

use super::file::{FileSink, HeaderNames, Mode, publish};
use super::names::FEW;
use super::{
    Earlier, Mark, Names, NotCreated, Refusal, Sink, Target, Unsynced, named, not_created,
};
use crate::error::{Failure, status};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What an output of many files is told.
#[derive(Clone, Debug)]
pub struct Many {
    /// What stands before the first row of each file.
    pub begin: Vec<u8>,
    pub names: HeaderNames,
    pub mode: Mode,
    /// Files are complete before the run is: each is written aside.
    pub by_time: bool,
    pub append: bool,
    /// Files that are open at a time, at least one.
    pub max_open: usize,
    /// Below this directory, so many deep, are all files.
    pub root: PathBuf,
    pub depth: usize,
    /// Of a job with a checkpoint.
    pub earlier: Option<Earlier>,
    /// The run is to end.
    pub stop: Arc<AtomicBool>,
    /// Why a file must not be written.
    pub refusal: Refusal,
}

struct OpenFile {
    sink: FileSink,
    end: i64,
    /// When it was entered last, by count.
    used: u64,
}

pub struct ManySink {
    many: Many,
    files: BTreeMap<String, OpenFile>,
    /// Those that are open, by their last use.
    open: BTreeMap<u64, String>,
    uses: u64,
    current: Option<String>,
    /// Complete, and not named yet; whether the marks that were asked for last have it.
    done: Vec<(FileSink, bool)>,
}

impl ManySink {
    /// Goes on with the files of the runs before, and removes what they have begun behind their last commit.
    pub fn open(many: Many) -> Result<ManySink> {
        let mut sink = ManySink {
            many,
            files: BTreeMap::new(),
            open: BTreeMap::new(),
            uses: 0,
            current: None,
            done: Vec::new(),
        };
        let Some(earlier) = &mut sink.many.earlier else {
            return Ok(sink);
        };
        // What this run finishes is its own affair: a name may come again.
        let files = std::mem::take(&mut earlier.files);
        let run = earlier.run;
        let known: BTreeSet<&str> = files
            .iter()
            .filter_map(|one| one.aside.as_deref())
            .collect();
        let ending = format!(".{run:032x}.tmp");
        remove_left(&sink.many.root, sink.many.depth, &ending, &known);
        let mut names = Names::default();
        for written in files {
            let Some(end) = written.part else { continue };
            if written.complete {
                publish(&written, &mut names).with_context(|| Failure {
                    status: status::CANT_CREATE,
                    message: format!("cannot complete '{}'", written.path),
                })?;
                if sink.many.by_time || sink.many.mode == Mode::Whole {
                    continue;
                }
            }
            let mut file = FileSink::again(
                Path::new(&written.path),
                sink.many.mode,
                &written,
                &sink.many.stop,
            )?;
            file.park();
            let one = OpenFile {
                sink: file,
                end,
                used: 0,
            };
            sink.files.insert(written.path, one);
        }
        names.sync().context("the output")?;
        Ok(sink)
    }

    fn is_kept(&self) -> bool {
        self.many.earlier.is_some()
    }

    /// Opens a file that this run has not written to yet.
    fn create(&self, target: &Target) -> io::Result<FileSink> {
        let path = Path::new(&target.path);
        let refused = |error: &dyn std::fmt::Display| not_created(&target.path, error);
        if let Some(message) = self.many.refusal.of(path) {
            return Err(io::Error::other(NotCreated(message)));
        }
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            fs::create_dir_all(parent).map_err(|error| refused(&error))?;
        }
        let (earlier, stop) = (self.many.earlier.as_ref(), &self.many.stop);
        let mut sink = match self.many.by_time {
            true => FileSink::part(path, self.many.append, earlier, stop)
                .map_err(|error| refused(&error))?,
            false => {
                let opened = FileSink::open(path, self.many.mode, earlier, stop);
                opened.map_err(|error| refused(&error.root_cause()))?.0
            }
        };
        if self.many.append {
            let checked = sink.check_begin(&self.many.begin, &self.many.names);
            checked.map_err(|failure| io::Error::other(NotCreated(failure.message)))?;
        }
        sink.set_part(target.end);
        if sink.is_empty() {
            sink.write(&self.many.begin).map_err(named(&target.path))?;
        }
        Ok(sink)
    }

    /// Closes files that were not used for long, so that another one may be opened.
    fn make_room(&mut self) {
        while self.open.len() >= self.many.max_open.max(1) {
            let Some((_, path)) = self.open.pop_first() else {
                return;
            };
            if let Some(one) = self.files.get_mut(&path) {
                one.sink.park();
            }
        }
    }

    /// Nothing more comes to a file.
    fn complete_one(&mut self, path: &str) -> io::Result<()> {
        let Some(mut one) = self.files.remove(path) else {
            return Ok(());
        };
        self.open.remove(&one.used);
        if self.current.as_deref() == Some(path) {
            self.current = None;
        }
        if self.is_kept() {
            one.sink.complete();
            one.sink.park();
            self.done.push((one.sink, false));
            return Ok(());
        }
        one.sink.finish().map_err(named(path))
    }

    fn complete_all(&mut self) -> io::Result<()> {
        let all: Vec<String> = self.files.keys().cloned().collect();
        all.iter().try_for_each(|path| self.complete_one(path))
    }
}

impl Sink for ManySink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Without a file there is nothing to write to: headers are each file's own.
        let Some(path) = &self.current else {
            return Ok(());
        };
        match self.files.get_mut(path) {
            Some(one) => one.sink.write(bytes).map_err(named(path)),
            None => Ok(()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.complete_all()
    }

    fn marks(&mut self) -> io::Result<Vec<Mark>> {
        let mut sinks: Vec<&mut FileSink> = Vec::new();
        sinks.extend(self.files.values_mut().map(|one| &mut one.sink));
        for (sink, marked) in &mut self.done {
            *marked = true;
            sinks.push(sink);
        }
        if sinks.iter().filter(|sink| sink.is_unsynced()).count() <= FEW {
            return sinks
                .into_iter()
                .map(named_by(FileSink::mark_with))
                .collect();
        }
        // Their names with them.
        let mut systems = BTreeSet::new();
        let mark = |sink: &mut FileSink| {
            let mut unsynced = None;
            if sink.is_unsynced() && systems.insert(sink.device()?) {
                unsynced = Some(Unsynced::System(sink.another()?));
            }
            let written = sink.mark_only()?;
            Ok(Mark { written, unsynced })
        };
        sinks.into_iter().map(named_by(mark)).collect()
    }

    fn complete(&mut self) {
        // With a checkpoint nothing is renamed here, and nothing can fail.
        let _ = self.complete_all();
    }

    fn committed(&mut self) -> io::Result<()> {
        let (named_now, later) = std::mem::take(&mut self.done)
            .into_iter()
            .partition(|(_, marked)| *marked);
        self.done = later;
        let named_now: Vec<(FileSink, bool)> = named_now;
        let mut names = Names::default();
        for (mut sink, _) in named_now {
            let path = sink.path().to_string_lossy().into_owned();
            sink.give_name(&mut names).map_err(named(&path))?;
        }
        // The next checkpoint says nothing of them: their names must be on the disk by then.
        names.sync()
    }

    fn leave(&mut self) {
        for one in self.files.values_mut() {
            one.sink.leave();
        }
        for (sink, _) in &mut self.done {
            sink.leave();
        }
    }

    fn reopen(&mut self) -> io::Result<bool> {
        for (path, one) in &mut self.files {
            let parked = !one.sink.is_open();
            let opened = one.sink.reopen().map_err(named(path))?;
            if opened {
                one.sink.write(&self.many.begin).map_err(named(path))?;
            }
            if parked {
                one.sink.park();
            }
        }
        Ok(false)
    }

    fn enter(&mut self, target: &Target) -> io::Result<()> {
        if self.current.as_ref() == Some(&target.path) {
            return Ok(());
        }
        self.uses += 1;
        match self.files.get_mut(&target.path) {
            Some(one) if one.end != target.end => {
                return Err(not_created(
                    &target.path,
                    "a window that is still open has this name; let the pattern tell them apart",
                ));
            }
            Some(one) => {
                let before = std::mem::replace(&mut one.used, self.uses);
                if self.open.remove(&before).is_none() {
                    self.make_room();
                }
            }
            None => {
                self.make_room();
                let sink = self.create(target)?;
                let one = OpenFile {
                    sink,
                    end: target.end,
                    used: self.uses,
                };
                self.files.insert(target.path.clone(), one);
            }
        }
        self.open.insert(self.uses, target.path.clone());
        self.current = Some(target.path.clone());
        Ok(())
    }

    fn closed(&mut self, upto: i64) -> io::Result<()> {
        let over: Vec<String> = self
            .files
            .iter()
            .filter(|(_, one)| one.end <= upto)
            .map(|(path, _)| path.clone())
            .collect();
        over.iter().try_for_each(|path| self.complete_one(path))
    }
}

/// Errors of `what` tell the file.
fn named_by<T>(
    mut what: impl FnMut(&mut FileSink) -> io::Result<T>,
) -> impl FnMut(&mut FileSink) -> io::Result<T> {
    move |sink| {
        let path = sink.path().to_string_lossy().into_owned();
        what(sink).map_err(named(&path))
    }
}

/// Removes the temporary files of a job that no checkpoint knows.
fn remove_left(folder: &Path, depth: usize, ending: &str, known: &BTreeSet<&str>) {
    let open = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let Ok(entries) = fs::read_dir(open) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let path = folder.join(&name);
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && depth > 0 {
            remove_left(&path, depth - 1, ending, known);
        }
        let name = name.to_string_lossy();
        let is_left = name.starts_with('.') && name.ends_with(ending);
        if is_left && !is_folder && !known.contains(&*path.to_string_lossy()) {
            // One that stays is in nobody's way: its name is made anew.
            let _ = fs::remove_file(&path);
        }
    }
}
