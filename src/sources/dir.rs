//! `dir:PATH`: each file that appears in a directory is complete, and is read once. Complete is what was moved
//! there or closed by its writer; where neither is told, what two looks find unchanged. Names are data: nothing
//! but regular files is opened. Invariant: a name with the same device, inode, size and time is read once.

use super::pace::{Began, Deadline};
use super::pattern::NamePattern;
use super::place::{PartFile, Place, is_after};
use super::tail::Skipped;
use super::watch::{Told, Watch, Woken};
use super::{Live, Next, Nothing, Opening, Part, Parts, compressed, names, rotated, shown};
use crate::error::{Failure, status};
use anyhow::{Context, Result};
use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What was written to less than so long ago may not be complete, ns.
const RECENT: i64 = 1_000_000_000;
/// One that was made and never closed is taken when it was left alone for so long: it was linked, not written.
const FORGOTTEN: i64 = 60_000_000_000;
/// So many files are known by what they held.
const HELD_MAX: usize = 1 << 16;
/// Between the looks at one that may not be complete.
const LOOK: Duration = Duration::from_millis(250);

/// What tells a file from another of the same name.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Identity {
    dev: u64,
    ino: u64,
    size: u64,
    modified: i64,
}

impl Identity {
    fn of(meta: &Metadata) -> Identity {
        Identity {
            dev: meta.dev(),
            ino: meta.ino(),
            size: meta.len(),
            modified: meta.mtime() * 1_000_000_000 + meta.mtime_nsec(),
        }
    }

    fn of_place(place: &Place) -> Identity {
        Identity {
            dev: place.dev,
            ino: place.ino,
            size: place.size,
            modified: place.modified,
        }
    }
}

/// Whether a file of that name is read. `names`: those of `--glob`.
pub fn is_wanted(name: &OsStr, names: Option<&NamePattern>) -> bool {
    let bytes = name.as_bytes();
    let passed_over = bytes.starts_with(b".") || bytes.ends_with(b".tmp") || bytes.ends_with(b"~");
    !passed_over && names.is_none_or(|names| names.matches(bytes))
}

/// The files of a directory.
pub struct Dir {
    path: String,
    how: Opening,
    /// Where a run before has left files, by path.
    kept: HashMap<String, Place>,
    /// Another run will ask where this one left them.
    keeps: bool,
    names: Option<NamePattern>,
    watch: Watch,
    /// What has been read, or is to be read next.
    seen: HashMap<OsString, Identity>,
    /// Files that were read, by their numbers, and those of them that the look before has not found; and what they held,
    /// by their names.
    read: HashMap<(u64, u64), Identity>,
    gone: HashMap<(u64, u64), Identity>,
    held: HashMap<OsString, Place>,
    ready: VecDeque<(OsString, Identity)>,
    /// Being written, as far as is known.
    open: HashSet<OsString>,
    /// Known to be complete, though older ones are not yet: those come first.
    moved: HashSet<OsString>,
    /// What they were at the last look.
    unsettled: HashMap<OsString, Identity>,
    told: HashSet<OsString>,
    /// The whole directory is to be looked at.
    looked: Option<Began>,
    looks: u64,
    /// What is there is passed over.
    skipping: bool,
}

impl Dir {
    pub fn open(path: &str, how: &Opening) -> Result<Dir> {
        let names = how.glob.as_deref().map(NamePattern::parse).transpose();
        let names = names.map_err(|message| Failure {
            status: status::USAGE,
            message: format!("--glob: {message}"),
        })?;
        let folder = Path::new(path);
        // Watched before it is looked at, so that nothing is missed in between.
        let watch = Watch::of_files(folder);
        std::fs::read_dir(folder).with_context(|| format!("dir:{path}"))?;
        let places = how.kept.iter().flatten();
        let done = || places.clone().filter(|place| place.done);
        Ok(Dir {
            read: done()
                .map(|place| ((place.dev, place.ino), Identity::of_place(place)))
                .collect(),
            gone: HashMap::new(),
            held: done()
                .filter(|place| !place.packed && place.size == place.offset)
                .filter_map(|place| {
                    let name = Path::new(&place.path).file_name()?;
                    Some((name.to_os_string(), place.clone()))
                })
                .take(HELD_MAX)
                .collect(),
            path: path.trim_end_matches('/').to_string() + "/",
            skipping: how.skip_to_end,
            how: how.without_places(),
            kept: places
                .map(|place| (place.path.clone(), place.clone()))
                .collect(),
            keeps: how.kept.is_some(),
            names,
            watch,
            seen: HashMap::new(),
            ready: VecDeque::new(),
            open: HashSet::new(),
            moved: HashSet::new(),
            unsettled: HashMap::new(),
            told: HashSet::new(),
            looked: None,
            looks: 0,
        })
    }

    fn full(&self, name: &OsString) -> PathBuf {
        Path::new(&self.path).join(name)
    }

    fn is_wanted(&self, name: &OsString) -> bool {
        is_wanted(name, self.names.as_ref())
    }

    /// A file as it is now; `None`: there is none, or it is not read.
    fn identity(&mut self, name: &OsString) -> Option<Identity> {
        let full = self.full(name);
        // Where a link leads counts.
        let meta = std::fs::metadata(&full).ok()?;
        if meta.is_dir() {
            return None;
        }
        let readable = meta.is_file() && name.to_str().is_some();
        if !readable {
            if self.told.insert(name.clone()) {
                let what = match meta.is_file() {
                    true => "its name is not UTF-8",
                    false => "it is no regular file",
                };
                let full = shown(full.as_os_str().as_bytes());
                self.how
                    .notes
                    .tell(&format!("{full}: {what}; it is passed over"));
            }
            return None;
        }
        Some(Identity::of(&meta))
    }

    /// Takes a file up unless it was.
    fn take(&mut self, name: OsString, identity: Identity) {
        self.open.remove(&name);
        self.unsettled.remove(&name);
        let before = self.seen.insert(name.clone(), identity);
        if before != Some(identity) {
            self.ready.push_back((name, identity));
        }
    }

    /// Looks at the whole directory.
    fn look(&mut self) -> io::Result<()> {
        let mut found = Vec::new();
        let mut there = HashSet::new();
        for entry in std::fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            if !self.is_wanted(&name) {
                continue;
            }
            if let Some(identity) = self.identity(&name) {
                there.insert(name.clone());
                found.push((name, identity));
            }
        }
        // Those that are gone are forgotten: with what they held only when they are gone at two looks, since one that is
        // renamed meanwhile may be missed.
        self.seen.retain(|name, _| there.contains(name));
        let numbers: HashSet<(u64, u64)> =
            found.iter().map(|(_, one)| (one.dev, one.ino)).collect();
        let mut gone = std::mem::take(&mut self.read);
        self.read = gone.extract_if(|id, _| numbers.contains(id)).collect();
        let before = std::mem::replace(&mut self.gone, gone);
        let is_again = |id: &(u64, u64)| numbers.contains(id);
        self.read
            .extend(before.into_iter().filter(|(id, _)| is_again(id)));
        let (read, gone) = (&self.read, &self.gone);
        self.held.retain(|_, place| {
            let id = (place.dev, place.ino);
            read.contains_key(&id) || gone.contains_key(&id)
        });
        self.open.retain(|name| there.contains(name));
        self.unsettled.retain(|name, _| there.contains(name));
        found.sort_by(|(one_name, one), (other_name, other)| {
            let by_time = one.modified.cmp(&other.modified);
            by_time.then_with(|| one_name.cmp(other_name))
        });
        if self.looks == 0 && !self.kept.is_empty() {
            // One that a run before did not finish comes first again.
            found.sort_by_key(|(name, _)| {
                let place = self.kept.get(self.full(name).to_string_lossy().as_ref());
                place.is_none_or(|place| place.done)
            });
        }
        let now = super::pace::wall();
        for (name, identity) in found {
            if self.seen.get(&name) == Some(&identity) {
                continue;
            }
            let age = now.saturating_sub(identity.modified);
            let is_complete = if self.moved.remove(&name) {
                true
            } else if self.open.contains(&name) {
                age > FORGOTTEN
            } else {
                let before = self.unsettled.insert(name.clone(), identity);
                let is_old = self.looks == 0 && !(0..RECENT).contains(&age);
                self.skipping || is_old || before == Some(identity)
            };
            if is_complete {
                self.take(name, identity);
            }
        }
        self.looks += 1;
        self.looked = Some(Began::now());
        Ok(())
    }

    /// What was told of names.
    fn hear(&mut self, told: Vec<Told>) {
        for told in told {
            if !self.is_wanted(&told.name) {
                continue;
            }
            if told.complete {
                if self.looks < 2 && self.unsettled.keys().any(|name| *name != told.name) {
                    // What was there at the start is taken up by the second look, in the order of its times.
                    self.moved.insert(told.name);
                } else if let Some(identity) = self.identity(&told.name) {
                    self.take(told.name, identity);
                }
            } else if told.begun && self.identity(&told.name).is_some() {
                self.open.insert(told.name);
            }
        }
    }

    /// Opens a file that is to be read; `None`: it is gone, or it was read by another run.
    fn part(&mut self, name: &OsString, identity: Identity) -> io::Result<Option<Part>> {
        let full = self.full(name);
        let opened = File::options()
            .read(true)
            // What has become a FIFO since is not waited for.
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32)
            .open(&full);
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let full = shown(full.as_os_str().as_bytes());
                self.how
                    .notes
                    .tell(&format!("{full}: {error}; it is passed over"));
                return Ok(None);
            }
        };
        if !file.metadata()?.is_file() {
            return Ok(None);
        }
        let path = full.to_string_lossy().into_owned();
        let packed = compressed::is_packed(&super::head(&file, 4)?);
        let file = Arc::new(PartFile::new(path.clone(), file, packed)?);
        let (mut offset, mut lines) = (0, 0);
        if let Some(place) = self.kept.get(&path) {
            if place.done && Identity::of_place(place) == identity {
                return Ok(None);
            }
            if !place.done && place.ino == file.ino && file.agrees(place)? {
                (offset, lines) = (place.offset, place.lines);
            }
        }
        let passed = self.was_read(name, identity, &file)?;
        self.read.insert((identity.dev, identity.ino), identity);
        if !packed && self.held.len() < HELD_MAX {
            let place = file.place(identity.size, 0, true)?;
            self.held.insert(name.clone(), place);
        }
        let live: Box<dyn Live> = if self.skipping || passed {
            if !self.keeps {
                return Ok(None);
            }
            // So that its place is kept.
            offset = if packed { 0 } else { identity.size };
            Box::new(Nothing)
        } else {
            match self.how.unpack(&file.file)? {
                Some(live) => Skipped::boxed(live, offset),
                None => super::from_place(&file.file, offset)?,
            }
        };
        Ok(Some(Part {
            name: path,
            live,
            offset,
            lines,
            file: Some(file),
        }))
    }

    /// Whether a file was read under another name: by its number; or by what it holds, where its name is that of one that
    /// was read with what rotating or compressing adds.
    fn was_read(&self, name: &OsString, identity: Identity, file: &PartFile) -> io::Result<bool> {
        let id = (identity.dev, identity.ino);
        let known = self.read.get(&id).or_else(|| self.gone.get(&id));
        if known == Some(&identity) && self.kept.get(&file.path).is_none_or(|place| place.done) {
            return Ok(true);
        }
        let path = Path::new(&file.path);
        let unpacked = OsStr::from_bytes(names::without_ending(name.as_bytes()));
        let base = names::base(Path::new(name)).map(PathBuf::into_os_string);
        for original in [Some(unpacked.to_os_string()), base].into_iter().flatten() {
            let is_its = names::is_rotated_name(&self.full(&original), path, file.packed);
            let Some(place) = self.held.get(&original).filter(|_| is_its) else {
                continue;
            };
            let is_older = is_after(place.born, file.id().born);
            if !is_older
                && rotated::holds_place(&file.file, place)?
                && rotated::is_all(&file.file, file.packed, place)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn next_part(&mut self, wait: Option<Duration>) -> io::Result<Next> {
        let deadline = Deadline::after(wait);
        if self.how.unborn {
            return Ok(Next::End);
        }
        loop {
            if let Some((name, identity)) = self.ready.pop_front() {
                match self.part(&name, identity)? {
                    Some(part) => return Ok(Next::Part(part)),
                    None => continue,
                }
            }
            self.skipping &= self.looks == 0;
            let unsettled = !self.unsettled.is_empty();
            let period = if unsettled { LOOK } else { self.watch.period() };
            let due = self.looked.map_or(Duration::ZERO, |looked| {
                period.saturating_sub(looked.elapsed())
            });
            if due.is_zero() {
                self.look()?;
                continue;
            }
            // What changes while it is looked at is for another run.
            if self.how.once && (self.looks > 1 || !unsettled) {
                return Ok(Next::End);
            }
            let left = deadline.left(due);
            if left.is_zero() {
                return Ok(Next::Idle);
            }
            let mut told = Vec::new();
            match self.watch.wait_for_names(left, &mut told)? {
                Woken::Signal => return Ok(Next::Idle),
                Woken::Changed | Woken::Time => self.hear(told),
            }
        }
    }
}

impl Parts for Dir {
    fn next(&mut self, wait: Option<Duration>) -> io::Result<Next> {
        let next = self.next_part(wait);
        next.map_err(|error| io::Error::new(error.kind(), format!("dir:{}: {error}", self.path)))
    }
}
