//! A file as a source of parts: read on from where another run left it, what it was rotated to finished first, and,
//! where it is followed, what its name stands for next. Decides which file it is, reads no records. Invariant: a
//! file whose place is kept is never begun anew without a word or another file's content as the reason.

use super::pace::Deadline;
use super::place::{PartFile, Place};
use super::tail::{Name, Skipped, Tail, Until, Upcoming, regular};
use super::watch::Woken;
use super::{Live, Next, Opening, Part, Parts, Read, Unpacking, compressed, rotated};
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
}

impl Files {
    /// `given`: the file itself, where it has no name. Fails where nothing can be read and nothing is waited for.
    pub fn open(shown: &str, given: Option<File>, how: &Opening) -> Result<Files> {
        let path = given.is_none().then(|| PathBuf::from(shown));
        if let Some(path) = &path
            && !how.follow
            && let Err(error) = File::open(path)
        {
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
        };
        files.check_grown().with_context(|| shown.to_owned())?;
        Ok(files)
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
        let file = self.part_file(file)?;
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

    fn part_file(&self, file: File) -> io::Result<PartFile> {
        let packed = compressed::is_packed(&super::head(&file, 4)?);
        PartFile::new(self.name.shown.clone(), file, packed)
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
        let Some(place) = name.how.place(&name.shown) else {
            return match present {
                Some(file) if name.how.skip_to_end => self.skip_to_end(file),
                Some(file) => self.push(file, None),
                None => Ok(()),
            };
        };
        let is_there = match &present {
            Some(file) if file.metadata()?.ino() == place.ino => {
                self.part_file(file.try_clone()?)?.agrees(place)?
            }
            _ => false,
        };
        if let Some(file) = &present
            && is_there
            && !place.is_blank()
        {
            return self.push(file.try_clone()?, Some(place));
        }
        if let Some(path) = &name.path {
            match rotated::find(path, place, name.how.ratio_max())? {
                Some(found) => {
                    // What has the name may have been put in its place since it was opened: it is read once, below.
                    let now = present.as_ref().map(id_of);
                    if let Some((file, packed)) = found.old
                        && Some(id_of(&file)) != now
                    {
                        let same = file.metadata()?.ino() == place.ino;
                        let until = match name.how.follow && !name.how.once {
                            // Its writer may not have noticed yet.
                            true if same && !packed => Until::Followed,
                            _ => Until::Rest,
                        };
                        name.push(Upcoming {
                            file,
                            offset: place.offset,
                            lines: place.lines,
                            until,
                        })?;
                    }
                    for file in found.between {
                        if Some(id_of(&file)) != now {
                            name.push(Upcoming::whole(file, Until::End))?;
                        }
                    }
                }
                None if is_there => {}
                None => name.note_missed(place.size.saturating_sub(place.offset)),
            }
        }
        match present {
            Some(file) => self.push(file, None),
            None => Ok(()),
        }
    }

    fn push(&self, file: File, place: Option<&Place>) -> io::Result<()> {
        let until = self.until(&file)?;
        self.name.push(Upcoming {
            offset: place.map_or(0, |place| place.offset),
            lines: place.map_or(0, |place| place.lines),
            until,
            file,
        })
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
        self.name.push(Upcoming {
            file,
            offset,
            lines: 0,
            until,
        })
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
                self.name.push(Upcoming {
                    file,
                    offset: at + end as u64 + 1,
                    lines: 0,
                    until,
                })?;
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
            offset,
            lines,
            until,
        } = upcoming;
        let file = Arc::new(self.part_file(file)?);
        if let (0, Some(_), Some(path)) = (offset, &self.name.how.kept, &self.name.path) {
            file.meet(path)?;
        }
        let unpacked = match file.packed {
            true => self.name.how.unpack(&file.file)?,
            false => None,
        };
        let live = match unpacked {
            Some(live) => Skipped::boxed(live, offset),
            None => Box::new(Tail::new(self.name.clone(), file.clone(), offset, until)?),
        };
        Ok(Part {
            name: self.name.shown.clone(),
            live,
            offset,
            lines,
            file: Some(file),
        })
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
