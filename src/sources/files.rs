//! A file as a source of parts: read on from where another run left it, what it was rotated to finished first, and,
//! where it is followed, what its name stands for next. Decides which file it is, reads no records. Invariant: a
//! file whose place is kept is never begun anew without a word or another file's content as the reason.

use super::names::base;
use super::pace::Deadline;
use super::place::{Id, PartFile, Place};
use super::tail::{Name, Skipped, Tail, Until, Upcoming, regular};
use super::watch::Woken;
use super::{Live, Next, Nothing, Opening, Part, Parts, Read, Unpacking, compressed, rotated};
use crate::error::{Failure, status};
use anyhow::{Context, Result};
use memchr::memchr;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Bytes in which a line end is looked for at a time.
const STEP: usize = 1 << 16;

/// How often it is looked for the end of a line that is skipped.
const SKIP: Duration = Duration::from_millis(100);

/// The files of one name.
pub struct Files {
    name: Arc<Name>,
    /// Standard input, which has no name.
    given: Option<File>,
    begun: bool,
    /// The rest of a line that is to be skipped: where it is looked for the end.
    skipping: Option<(File, u64)>,
    /// What the name stood for before anything was read.
    met: Option<Place>,
    /// The file that had the name when it was opened. Followed, it is not asked.
    stood: Option<Id>,
}

impl Files {
    /// `given`: the file itself, where it has no name. Fails where nothing can be read and nothing is waited for.
    pub fn open(shown: &str, given: Option<File>, how: &Opening) -> Result<Files> {
        let path = given.is_none().then(|| PathBuf::from(shown));
        let mut stood = None;
        let opened = path.as_ref().filter(|_| !how.follow).map(File::open);
        if let Some(Ok(file)) = &opened {
            let meta = file.metadata().with_context(|| shown.to_owned())?;
            stood = Some(Id::of(&meta));
        }
        if let (Some(Err(error)), Some(path)) = (opened, &path) {
            let absent = error.kind() == io::ErrorKind::NotFound;
            let kept = how.place(shown).filter(|_| absent);
            // It has been rotated, and nothing new is there yet.
            let beside = kept.map(|place| rotated::find(path, place, how.ratio_max()));
            if !matches!(beside, Some(Ok(Some(_)))) && !kept.is_some_and(|place| place.done) {
                return Err(error).with_context(|| shown.to_owned());
            }
        }
        let files = Files {
            name: Name::new(shown.into(), path, how.of_path(shown)),
            given,
            begun: false,
            skipping: None,
            met: None,
            stood,
        };
        files.check_grown().with_context(|| shown.to_owned())?;
        files.come_to_know().with_context(|| shown.to_owned())?;
        Ok(files)
    }

    /// Tells the others which file is this name's to finish, before any of them begins.
    fn come_to_know(&self) -> io::Result<()> {
        let how = &self.name.how;
        let Some(path) = &self.name.path else {
            return Ok(());
        };
        how.register.add_source(path);
        let Some(place) = how.place(&self.name.shown) else {
            return Ok(());
        };
        if let Some(file) = self.present()?
            && self.is_there(&file, place)?
        {
            return Ok(());
        }
        let found = rotated::find(path, place, how.ratio_max())?;
        if let Some((file, _)) = found.and_then(|found| found.old) {
            how.register.found_again(path, &file.metadata()?);
        }
        Ok(())
    }

    fn is_there(&self, file: &File, place: &Place) -> io::Result<bool> {
        match file.metadata()?.ino() == place.ino {
            true => self.part_file(file.try_clone()?.into())?.agrees(place),
            false => Ok(false),
        }
    }

    pub fn name(&self) -> &Arc<Name> {
        &self.name
    }

    /// A job that has ended is not taken up again because its files have grown.
    fn check_grown(&self) -> Result<()> {
        let Some(place) = self.ended_place() else {
            return Ok(());
        };
        let Some(file) = self.present()? else {
            return Ok(());
        };
        let size = file.metadata()?.len();
        let read = if place.packed {
            place.size
        } else {
            place.offset
        };
        let file = self.part_file(file.into())?;
        if size == read && file.agrees(place)? {
            return Ok(());
        }
        let what = match size > read {
            true => "has grown since the run that read it ended",
            false => "is not what it was when the run that read it ended",
        };
        Err(Failure {
            status: status::USAGE,
            message: format!(
                "{} {what}; --once reads what is new each time, --checkpoint-reset begins anew",
                self.name.shown
            ),
        }
        .into())
    }

    /// The place of a file whose job has ended.
    fn ended_place(&self) -> Option<&Place> {
        let how = &self.name.how;
        let ends = !how.follow && !how.once;
        how.place(&self.name.shown)
            .filter(|place| ends && place.done)
    }

    fn present(&self) -> io::Result<Option<File>> {
        match (&self.given, &self.name.path) {
            (Some(file), _) => Ok(Some(file.try_clone()?)),
            (None, Some(path)) => regular(path),
            (None, None) => Ok(None),
        }
    }

    fn part_file(&self, file: Arc<File>) -> io::Result<PartFile> {
        PartFile::of(self.name.shown.clone(), file)
    }

    /// How what the name stands for at the start is read.
    fn until(&self, file: &File) -> io::Result<Until> {
        let how = &self.name.how;
        Ok(match (how.once, how.follow) {
            (true, _) if how.unborn => Until::Size {
                size: 0,
                last: false,
            },
            (true, _) => Until::Size {
                size: file.metadata()?.len(),
                last: how.last,
            },
            (false, true) => Until::Followed,
            (false, false) => Until::End,
        })
    }

    /// Finds what there is to read at the start.
    fn begin(&mut self) -> io::Result<()> {
        let name = self.name.clone();
        if self.ended_place().is_some() {
            return Ok(());
        }
        let present = self.present()?;
        if name.how.unborn {
            // What was rotated waits, too: it is read as the first record says. What is new is met, to be found again.
            return match (present, name.how.place(&name.shown)) {
                (Some(file), None) => self.push(file, None),
                _ => Ok(()),
            };
        }
        let kept = name.how.place(&name.shown);
        let Some(place) = kept.or(self.met.as_ref()).cloned() else {
            if let Some(file) = present.as_ref().filter(|_| name.how.skip_to_end) {
                return self.skip_to_end(file.try_clone()?);
            }
            self.push_moved(present.as_ref())?;
            return match present {
                Some(file) => self.push(file, None),
                None => Ok(()),
            };
        };
        let is_there = match &present {
            Some(file) => self.is_there(file, &place)?,
            None => false,
        };
        if let Some(file) = &present
            && is_there
            && !place.is_blank()
        {
            return self.push(file.try_clone()?, kept);
        }
        if let Some(path) = name.path.clone() {
            match rotated::find(&path, &place, name.how.ratio_max())? {
                Some(found) => {
                    // What has the name may have been put in its place since it was opened: it is read once, below.
                    let now = present.as_ref().map(id_of);
                    if found.missed {
                        name.note_missed(0);
                    }
                    if let Some((file, packed)) = found.old
                        && Some(id_of(&file)) != now
                    {
                        let same = file.metadata()?.ino() == place.ino;
                        let until = match name.how.follow && !name.how.once {
                            // Its writer may not have noticed yet.
                            true if same && !packed => Until::Followed,
                            _ => Until::Rest,
                        };
                        name.offer(Arc::new(file), kept, until)?;
                    }
                    for between in found.between {
                        if Some(id_of(&between.file)) != now {
                            name.offer_new(between, Until::End)?;
                        }
                    }
                }
                None if is_there => {}
                None => {
                    let is_elsewhere = name.how.register.gives_up(&path)?;
                    if !is_elsewhere && !self.is_passed(&path, &place) {
                        name.note_missed(place.size.saturating_sub(place.offset));
                    }
                }
            }
        }
        match present {
            Some(file) => self.push(file, None),
            None => Ok(()),
        }
    }

    /// What stood there when the source was opened, and has been moved away since.
    fn push_moved(&self, present: Option<&File>) -> io::Result<()> {
        let (Some(stood), Some(path)) = (self.stood, &self.name.path) else {
            return Ok(());
        };
        if let Some(file) = present
            && stood.is(Id::of(&file.metadata()?))
        {
            return Ok(());
        }
        let base = base(path);
        match rotated::Kin::of(base.as_deref().unwrap_or(path)).standing(stood)? {
            Some(file) => {
                let until = match self.until(&file)? {
                    // Nobody goes on there under this name.
                    Until::Size { .. } => Until::Rest,
                    until => until,
                };
                self.name.offer(Arc::new(file), None, until).map(drop)
            }
            // It was replaced; or it is for the next run to find, under another name or compressed.
            None if present.is_some() || self.name.how.kept.is_some() => Ok(()),
            None => Err(rustix::io::Errno::NOENT.into()),
        }
    }

    /// Whether a file that is gone was read to its end as far as is known, and is of those that are removed when they are
    /// old enough.
    fn is_passed(&self, path: &std::path::Path, place: &Place) -> bool {
        base(path).is_some() && (place.done || !place.packed && place.offset >= place.size)
    }

    fn push(&self, file: File, place: Option<&Place>) -> io::Result<()> {
        let until = self.until(&file)?;
        match place {
            None => self.name.offer_present(Arc::new(file), until),
            Some(place) => self.name.offer(file.into(), Some(place), until).map(drop),
        }
    }

    /// Begins behind what is there. A line that is being written is not begun within.
    fn skip_to_end(&mut self, file: File) -> io::Result<()> {
        let size = file.metadata()?.len();
        let until = self.until(&file)?;
        let packed = compressed::open(&file, self.name.how.ratio_max(), &Unpacking::default())?;
        let offset = match (packed, until) {
            (Some(live), _) => length(live)?,
            (None, Until::Size { .. }) => line_start(&file, size)?,
            (None, Until::Followed) => {
                self.skipping = Some((file, size.saturating_sub(1)));
                return Ok(());
            }
            (None, _) => size,
        };
        self.push_behind(file, offset, until)
    }

    /// Reads a file behind what is skipped of it, if it is ours to read.
    fn push_behind(&self, file: File, offset: u64, until: Until) -> io::Result<()> {
        let place = self
            .part_file(file.try_clone()?.into())?
            .place(offset, 0, false)?;
        self.name.offer(file.into(), Some(&place), until).map(drop)
    }

    /// Looks for the end of a line that is skipped; true when it is there.
    fn skip(&mut self) -> io::Result<bool> {
        let Some((file, mut at)) = self.skipping.take() else {
            return Ok(true);
        };
        let size = file.metadata()?.len();
        if size <= at {
            // Empty, or cut off since: what comes is new.
            self.push(file, None)?;
            return Ok(true);
        }
        while at < size {
            let bytes = super::place::bytes_at(&file, at, STEP)?;
            if let Some(end) = memchr(b'\n', &bytes) {
                let until = self.until(&file)?;
                self.push_behind(file, at + end as u64 + 1, until)?;
                return Ok(true);
            }
            if bytes.is_empty() {
                break;
            }
            at += bytes.len() as u64;
        }
        let is_there = match &self.name.path {
            Some(path) => regular(path)?.map(|now| now.metadata()).transpose()?,
            None => Some(file.metadata()?),
        };
        if is_there.is_some_and(|now| rotated::id(&now) != id_of(&file)) {
            // Nobody will end that line.
            return Ok(true);
        }
        self.skipping = Some((file, at.saturating_sub(1)));
        Ok(false)
    }

    fn part(&self, upcoming: Upcoming) -> io::Result<Part> {
        let Upcoming {
            file,
            from,
            until,
            whole,
            claim,
            behind,
        } = upcoming;
        let (offset, lines) = from
            .as_ref()
            .map_or((0, 0), |from| (from.offset, from.lines));
        let file = Arc::new(self.part_file(file)?);
        if let Some(claim) = claim {
            file.claimed(claim);
        }
        match (&self.met, &self.name.path) {
            _ if offset > 0 => file.met(&behind),
            (Some(met), _) if met.is_of(file.id()) => file.met(&met.behind),
            (_, Some(path)) if self.name.how.kept.is_some() => file.meet(path)?,
            _ => {}
        }
        let unpacked = match file.packed {
            true => self.name.how.unpack(&file.file)?,
            false => None,
        };
        let live: Box<dyn Live> = match unpacked {
            Some(_) if whole => Box::new(Nothing),
            Some(live) => Skipped::boxed(live, offset),
            None => Box::new(Tail::new(
                self.name.clone(),
                file.clone(),
                from.as_deref(),
                until,
            )?),
        };
        Ok(Part {
            name: self.name.shown.clone(),
            live,
            offset,
            lines,
            file: Some(file),
        })
    }

    /// What the name stands for, where no run before has met it.
    fn first_place(&self) -> io::Result<Option<Place>> {
        let how = &self.name.how;
        let is_kept = how.kept.is_some() && how.place(&self.name.shown).is_none();
        let (Some(path), true) = (&self.name.path, is_kept && !how.skip_to_end) else {
            return Ok(None);
        };
        let Some(file) = regular(path)? else {
            return Ok(None);
        };
        // One that is passed over is not waited for by another run, nor need one be found again that looks rotated.
        if base(path).is_some() || !how.register.is_new(path, &file)? {
            return Ok(None);
        }
        let file = self.part_file(file.into())?;
        if file.packed {
            return Ok(None);
        }
        file.meet(path)?;
        file.place(0, 0, false).map(Some)
    }

    fn next_part(&mut self, wait: Option<Duration>) -> io::Result<Next> {
        let deadline = Deadline::after(wait);
        if !self.begun {
            self.begun = true;
            self.begin()?;
        }
        let waits = self.name.how.follow && !self.name.how.once;
        loop {
            let skipped = self.skip()?;
            if let Some(upcoming) = self.name.pop() {
                return Ok(Next::Part(self.part(upcoming)?));
            }
            if !waits {
                return Ok(Next::End);
            }
            if skipped {
                self.name.look(None)?;
                if self.name.has_more() {
                    continue;
                }
                if self.name.has_left()? {
                    return Ok(Next::End);
                }
            }
            let most = match skipped {
                true => self.name.period(),
                false => SKIP,
            };
            let left = deadline.left(most);
            if left.is_zero() || self.name.wait(None, left)? == Woken::Signal {
                return Ok(Next::Idle);
            }
        }
    }
}

impl Parts for Files {
    fn next(&mut self, wait: Option<Duration>) -> io::Result<Next> {
        let next = self.next_part(wait);
        next.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.name.shown)))
    }

    fn meet(&mut self) -> io::Result<Option<Place>> {
        self.met = self.first_place()?;
        Ok(self.met.clone())
    }
}

fn id_of(file: &File) -> (u64, u64) {
    file.metadata().map_or((0, 0), |meta| rotated::id(&meta))
}

/// Bytes that a decoder gives.
fn length(mut live: Box<dyn Live>) -> io::Result<u64> {
    let mut bytes = Vec::new();
    let mut len = 0;
    while live.read(&mut bytes, STEP, None)? != Read::End {
        len += bytes.len() as u64;
        bytes.clear();
    }
    Ok(len)
}

/// Where the last line begins that has no end; the size, if all have.
pub fn line_start(file: &File, size: u64) -> io::Result<u64> {
    let mut end = size;
    while end > 0 {
        let from = end.saturating_sub(STEP as u64);
        let bytes = super::place::bytes_at(file, from, (end - from) as usize)?;
        if let Some(at) = memchr::memrchr(b'\n', &bytes) {
            return Ok(from + at as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}

#[cfg(test)]
mod tests;
