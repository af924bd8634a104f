//! A file that is read while others write to it, cut it off and rename it: what the name stands for is looked at
//! again and again, and what is found is opened at once, since the next rotation may come at any time. Knows
//! nothing of checkpoints. Invariant: bytes are given once and in order, whatever becomes of the name.

use super::pace::{Began, Deadline};
use super::place::{Behind, Known, LOOK, PartFile, Place, bytes_at};
use super::register::{Claim, Taken};
use super::rotated::{self, Rotated, id};
use super::watch::{Watch, Woken, pause};
use super::{Live, Opening, Read, Unpacking, compressed};
use crate::data::sum::Sum;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Between the looks at a file that was rotated, before it is taken to be at its end.
const QUIET: Duration = Duration::from_millis(250);
/// So many looks find nothing new.
const QUIET_LOOKS: u8 = 2;

/// A name whose files are read one behind the other.
pub struct Name {
    /// As it was given, for messages.
    pub shown: String,
    /// `None`: it has no name that could become another file's.
    pub path: Option<PathBuf>,
    pub how: Opening,
    ahead: Mutex<Ahead>,
}

/// What is to be read next.
#[derive(Default)]
struct Ahead {
    queue: VecDeque<Upcoming>,
    /// The file that the name last stood for.
    newest: Option<(u64, u64)>,
    /// What the name stands for and is not ours to read, or not yet; and when that was found so.
    pending: Option<(Arc<File>, Began)>,
    watch: Option<Watch>,
}

/// A file that is to be read, held open.
pub struct Upcoming {
    pub file: Arc<File>,
    /// Where it was left; `None`: it is read from its start.
    pub from: Option<Box<Place>>,
    pub until: Until,
    /// Nothing more is in it.
    pub whole: bool,
    pub claim: Option<Arc<Claim>>,
    /// What stands behind it, as a run before has known it.
    pub behind: Behind,
}

/// How far a file is read.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Until {
    /// On, until the name stands for another file and nothing more comes.
    Followed,
    /// To its end, of which nothing is known if it is within a line.
    Rest,
    End,
    /// So many bytes; `last`: what is behind the last line end counts too.
    Size {
        size: u64,
        last: bool,
    },
}

impl Name {
    pub fn new(shown: String, path: Option<PathBuf>, how: Opening) -> Arc<Name> {
        Arc::new(Name {
            shown,
            path,
            how,
            ahead: Mutex::default(),
        })
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a file next, if it is ours to read: from where it was left, or from its start. `own`: what the name's own
    /// place says, which is of this file.
    pub fn offer(&self, file: Arc<File>, own: Option<&Place>, until: Until) -> io::Result<bool> {
        let Some(path) = &self.path else {
            self.push(Upcoming {
                file,
                from: own.cloned().map(Box::new),
                until,
                whole: false,
                claim: None,
                behind: Behind::Unknown,
            })?;
            return Ok(true);
        };
        let taken = self.how.register.take(path, &file, own)?;
        let behind = own.map(|own| own.behind.clone()).unwrap_or_default();
        self.push_taken(taken, file, until, behind)
    }

    /// Reads a file next of which nothing is known.
    pub fn offer_new(&self, rotated: Rotated, until: Until) -> io::Result<bool> {
        let Some(path) = &self.path else {
            return Ok(false);
        };
        let file = Arc::new(rotated.file);
        let taken = self.how.register.take_new(path, &rotated.path, &file)?;
        self.push_taken(taken, file, until, Behind::Unknown)
    }

    /// Reads what the name stands for next, or waits until it is ours to read.
    pub fn offer_present(&self, file: Arc<File>, until: Until) -> io::Result<()> {
        if !self.offer(file.clone(), None, until)? {
            let mut ahead = self.ahead();
            ahead.newest = Some(id(&file.metadata()?));
            ahead.pending = Some((file, Began::now()));
        }
        Ok(())
    }

    fn push_taken(
        &self,
        taken: Taken,
        file: Arc<File>,
        until: Until,
        behind: Behind,
    ) -> io::Result<bool> {
        let Taken::Mine { claim, from, whole } = taken else {
            return Ok(false);
        };
        self.push(Upcoming {
            file,
            from,
            until,
            whole,
            claim: Some(claim),
            behind,
        })?;
        Ok(true)
    }

    fn push(&self, upcoming: Upcoming) -> io::Result<()> {
        let meta = upcoming.file.metadata()?;
        let mut ahead = self.ahead();
        ahead.newest = Some(id(&meta));
        ahead.pending = None;
        ahead.queue.push_back(upcoming);
        Ok(())
    }

    /// Takes up what others have let go.
    fn take_pending(&self) -> io::Result<()> {
        let is_due = |(_, since): &mut (Arc<File>, Began)| since.elapsed() >= QUIET;
        let Some((file, _)) = self.ahead().pending.take_if(is_due) else {
            return Ok(());
        };
        self.offer_present(file, Until::Followed)
    }

    /// Whether the name stands for a file that others read.
    pub fn is_others(&self) -> bool {
        self.ahead().pending.is_some()
    }

    pub fn pop(&self) -> Option<Upcoming> {
        self.ahead().queue.pop_front()
    }

    /// Files that wait to be read.
    pub fn ahead_of(&self) -> usize {
        self.ahead().queue.len()
    }

    pub fn has_more(&self) -> bool {
        self.ahead_of() > 0
    }

    /// Opens what the name has come to stand for since the last look, and what it stood for in between. `current`: the
    /// file that is being read.
    pub fn look(&self, current: Option<&File>) -> io::Result<()> {
        self.take_pending()?;
        let Some(path) = &self.path else {
            return Ok(());
        };
        let newest = self.ahead().newest;
        let file = match regular(path) {
            // It may be given its owner in a moment.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
            file => file?,
        };
        let Some(file) = file else {
            return Ok(());
        };
        let now = id(&file.metadata()?);
        if newest == Some(now) {
            return Ok(());
        }
        if let Some(old) = newest {
            // Held open, it tells what it was where its name is another's.
            let waiting = self.ahead().queue.back().map(|last| last.file.clone());
            let old = match waiting.as_deref().or(current) {
                Some(file) if id(&file.metadata()?) == old => rotated::Old::Open(file),
                _ => rotated::Old::Id(old),
            };
            for between in rotated::since(path, old, self.how.ratio_max())? {
                if id(&between.file.metadata()?) == now {
                    // It was put in its place since it was opened: what came behind it is for the next look.
                    break;
                }
                // Names do not always say which file is the older one: one that has been here is known.
                self.offer_new(between, Until::Followed)?;
            }
        }
        self.offer_present(Arc::new(file), Until::Followed)
    }

    /// Whether nothing has the name, and none is waited for.
    pub fn has_left(&self) -> io::Result<bool> {
        match &self.path {
            Some(path) if self.how.leaves => Ok(regular(path)?.is_none()),
            _ => Ok(false),
        }
    }

    /// Waits for a change, at most so long.
    pub fn wait(&self, file: Option<&File>, most: Duration) -> io::Result<Woken> {
        let Some(path) = &self.path else {
            return pause(most);
        };
        let mut ahead = self.ahead();
        if ahead.watch.is_none() && file.is_none() {
            // What came before it was watched has been told to nobody.
            ahead.watch = Some(Watch::of_names(dir_of(path)));
            return Ok(Woken::Changed);
        }
        let watch = ahead
            .watch
            .get_or_insert_with(|| Watch::of_names(dir_of(path)));
        if let Some(file) = file {
            watch.file(file);
            // What came before it was watched has been told to nobody.
            return Ok(Woken::Changed);
        }
        watch.wait(most)
    }

    /// How long it may be waited until it must be looked again.
    pub fn period(&self) -> Duration {
        let ahead = self.ahead();
        ahead.watch.as_ref().map_or(QUIET, Watch::period)
    }

    pub fn note_missed(&self, bytes: u64) {
        let what = match bytes {
            0 => {
                "what was written to it since it was last read, if anything, was missed".to_string()
            }
            1 => "at least 1 byte was missed".to_string(),
            bytes => format!("at least {bytes} bytes were missed"),
        };
        self.how.notes.tell(&format!(
            "{} was rotated and the old file is gone; {what}",
            super::shown(self.shown.as_bytes())
        ));
    }
}

pub fn dir_of(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}

/// A regular file by its name; `None`: there is none.
pub fn regular(path: &Path) -> io::Result<Option<File>> {
    // A FIFO is not opened, which would wait for its writer.
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    }
    match File::open(path) {
        Ok(file) => Ok(file.metadata()?.is_file().then_some(file)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// One file of a name, read front to end.
pub struct Tail {
    name: Arc<Name>,
    part: Arc<PartFile>,
    /// What is read: the part's, or a copy that was made before that was cut off.
    file: Arc<File>,
    at: u64,
    /// The largest size seen.
    size: u64,
    /// The bytes before `at`, as they were read.
    last: Vec<u8>,
    head: Vec<u8>,
    /// Of a file that was cut off before anything was read: where, and what it was known by.
    lost: Option<Known>,
    until: Until,
    /// Looks that found nothing new since there is another file.
    quiet: u8,
    looked: Option<Began>,
    watched: bool,
    /// The rest of it, from a compressed copy.
    copy: Option<Box<dyn Live>>,
}

/// What one attempt to read came to.
enum Step {
    Given(Read),
    /// Nothing; so long until it must be looked again.
    Nothing(Duration),
    /// It is to be read on from elsewhere.
    Again,
}

impl Tail {
    pub fn new(
        name: Arc<Name>,
        part: Arc<PartFile>,
        from: Option<&Place>,
        until: Until,
    ) -> io::Result<Tail> {
        let file = part.file.clone();
        let at = from.map_or(0, |from| from.offset);
        let look = LOOK.min(at) as usize;
        let head = bytes_at(&file, 0, look)?;
        let last = bytes_at(&file, at - look as u64, look)?;
        let is_there = |from: &Place| from.packed || from.is_known_by(&head, &last);
        let lost = from.filter(|from| !is_there(from)).map(Place::known);
        match &lost {
            Some(known) => part.was_known_by(known),
            None => {
                part.passed(0, &head);
                part.is_at(at, &last);
            }
        }
        Ok(Tail {
            last,
            head,
            lost,
            name,
            part,
            file,
            at,
            size: at,
            until,
            quiet: 0,
            looked: None,
            watched: false,
            copy: None,
        })
    }

    fn step(&mut self, into: &mut Vec<u8>, max: usize) -> io::Result<Step> {
        let mut most = max;
        if let Until::Size { size, last } = self.until {
            let left = size.saturating_sub(self.at);
            if left == 0 {
                return Ok(Step::Given(if last { Read::End } else { Read::Present }));
            }
            most = most.min(usize::try_from(left).unwrap_or(max));
        }
        let from = into.len();
        into.resize(from + most, 0);
        let got =
            rustix::io::retry_on_intr(|| rustix::io::pread(&self.file, &mut into[from..], self.at));
        into.truncate(from + got.unwrap_or(0));
        if got? > 0 {
            if !self.is_intact()? {
                into.truncate(from);
                return self.cut_off();
            }
            self.passed(&into[from..]);
            return Ok(Step::Given(Read::Data));
        }
        match self.until {
            Until::End => Ok(Step::Given(Read::End)),
            Until::Size { .. } => self.cut_off(),
            Until::Rest if matches!(self.last.last(), None | Some(b'\n')) => {
                Ok(Step::Given(Read::End))
            }
            Until::Rest => self.settle(),
            Until::Followed => self.look(),
        }
    }

    /// At the present end of a file that is followed.
    fn look(&mut self) -> io::Result<Step> {
        if self.quiet == 0 && !self.name.has_more() && !self.name.is_others() {
            let period = self.name.period();
            if let Some(since) = self.looked.map(Began::elapsed)
                && since < period
            {
                return Ok(Step::Nothing(period - since));
            }
        }
        let size = self.file.metadata()?.len();
        self.size = self.size.max(size);
        if size < self.at || !self.is_intact()? {
            return self.cut_off();
        }
        self.name.look(Some(&self.file))?;
        // What was written between the read and the look is read before it is left, or waited for.
        if self.file.metadata()?.len() > self.at {
            return Ok(Step::Again);
        }
        if self.name.has_more() || self.name.is_others() || self.name.has_left()? {
            return self.settle();
        }
        self.quiet = 0;
        self.looked = Some(Began::now());
        Ok(Step::Nothing(self.name.period()))
    }

    /// Nothing more may come: it has, when two looks have found nothing.
    fn settle(&mut self) -> io::Result<Step> {
        if self.name.ahead_of() > 1 {
            // Another file has come and gone since: nobody writes to this one.
            return Ok(Step::Given(Read::End));
        }
        let since = self.looked.map_or(QUIET, Began::elapsed);
        if self.quiet > 0 && since < QUIET {
            return Ok(Step::Nothing(QUIET - since));
        }
        self.looked = Some(Began::now());
        if self.quiet >= QUIET_LOOKS {
            return Ok(Step::Given(Read::End));
        }
        self.quiet += 1;
        Ok(Step::Nothing(QUIET))
    }

    fn passed(&mut self, bytes: &[u8]) {
        self.part.passed(self.at, bytes);
        let room = (LOOK as usize).saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..room.min(bytes.len())]);
        let keep = (LOOK as usize).saturating_sub(bytes.len());
        let drop = self.last.len().saturating_sub(keep);
        self.last.drain(..drop);
        let from = bytes.len().saturating_sub(LOOK as usize);
        self.last.extend_from_slice(&bytes[from..]);
        self.at += bytes.len() as u64;
        self.part.is_at(self.at, &self.last);
        self.size = self.size.max(self.at);
        self.quiet = 0;
    }

    /// Whether what was read before still stands there.
    fn is_intact(&self) -> io::Result<bool> {
        let from = self.at.saturating_sub(self.last.len() as u64);
        Ok(self.lost.is_none() && bytes_at(&self.file, from, self.last.len())? == self.last)
    }

    /// It was cut off in place: what it was is read on where it was copied to, and then it begins anew.
    fn cut_off(&mut self) -> io::Result<Step> {
        let (head, before) = match self.lost.take() {
            Some(known) => {
                self.last.clear();
                (known.head, known.before)
            }
            None => (Sum::of(&self.head), Sum::of(&self.last)),
        };
        let place = Place {
            path: self.name.shown.clone(),
            dev: self.part.dev,
            ino: self.part.ino,
            offset: self.at,
            lines: 0,
            head,
            before,
            size: self.size,
            modified: 0,
            done: false,
            packed: false,
            behind: Behind::Unknown,
            born: self.part.id().born,
        };
        let followed = self.until == Until::Followed;
        let ratio_max = self.name.how.ratio_max();
        let found = match &self.name.path {
            Some(path) if self.at > 0 => rotated::find(path, &place, ratio_max)?,
            _ => None,
        };
        let copy = found.as_ref().and_then(|found| found.old.as_ref());
        let is_ours = self.part.was_cut_off(&place, copy.map(|(file, _)| file))?;
        self.until = Until::End;
        let mut step = Step::Given(Read::End);
        match found {
            Some(found) => {
                match found.old.filter(|_| is_ours) {
                    Some((file, true)) => {
                        let live = compressed::open(&file, ratio_max, &Unpacking::default())?;
                        self.copy = live.map(|live| Skipped::boxed(live, self.at));
                        step = Step::Again;
                    }
                    Some((file, false)) => {
                        self.file = Arc::new(file);
                        step = Step::Again;
                    }
                    None => {}
                }
                if found.missed {
                    self.name.note_missed(0);
                }
                let now = id(&self.part.file.metadata()?);
                for between in found.between.into_iter().filter(|_| followed) {
                    if id(&between.file.metadata()?) != now {
                        self.name.offer_new(between, Until::End)?;
                    }
                }
            }
            None if self.size > self.at => self.name.note_missed(self.size - self.at),
            None => {}
        }
        if followed {
            let file = self.part.file.clone();
            self.name.offer_present(file, Until::Followed)?;
        }
        Ok(step)
    }
}

impl Live for Tail {
    fn read(&mut self, into: &mut Vec<u8>, max: usize, wait: Option<Duration>) -> io::Result<Read> {
        let deadline = Deadline::after(wait);
        loop {
            if let Some(copy) = &mut self.copy {
                return copy.read(into, max, wait);
            }
            let again = match self.step(into, max)? {
                Step::Given(read) => return Ok(read),
                Step::Again => continue,
                Step::Nothing(again) => again,
            };
            let left = deadline.left(again);
            if left.is_zero() && deadline.is_over() {
                return Ok(Read::Idle);
            }
            let woken = if self.quiet > 0 {
                pause(left)?
            } else {
                let file = (!self.watched).then_some(&*self.file);
                self.watched = true;
                self.name.wait(file, left)?
            };
            match woken {
                Woken::Signal => return Ok(Read::Idle),
                Woken::Changed => self.looked = None,
                Woken::Time => {}
            }
        }
    }
}

/// What follows the first bytes of a stream, which were read before.
pub struct Skipped {
    live: Box<dyn Live>,
    left: u64,
}

impl Skipped {
    pub fn boxed(live: Box<dyn Live>, left: u64) -> Box<dyn Live> {
        match left {
            0 => live,
            left => Box::new(Skipped { live, left }),
        }
    }
}

impl Live for Skipped {
    fn read(&mut self, into: &mut Vec<u8>, max: usize, wait: Option<Duration>) -> io::Result<Read> {
        while self.left > 0 {
            let from = into.len();
            let most = usize::try_from(self.left)
                .unwrap_or(usize::MAX)
                .min(1 << 16);
            let read = self.live.read(into, most, wait)?;
            self.left -= (into.len() - from) as u64;
            into.truncate(from);
            if read != Read::Data {
                return Ok(read);
            }
        }
        self.live.read(into, max, wait)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{gzip, scratch};
    use super::*;
    use std::fs;
    use std::io::Read as _;

    /// G9: a file that is rotated twice and compressed between two looks does not hide the one that came behind it.
    #[test]
    fn a_file_that_was_compressed_while_it_was_open_is_known_by_what_it_holds() {
        for (at, (text, removed)) in [("first\n", false), ("first\n", true), ("", false)]
            .into_iter()
            .enumerate()
        {
            let dir = scratch(&format!("tail-{at}"));
            let log = dir.join("a.log");
            let name = Name::new("a.log".into(), Some(log.clone()), Opening::default());
            fs::write(dir.join("a.log.9"), "long ago\n").unwrap();
            fs::write(&log, text).unwrap();
            name.look(None).unwrap();
            let current = name.pop().unwrap().file;
            if removed {
                fs::remove_file(&log).unwrap();
                fs::remove_file(dir.join("a.log.9")).unwrap();
            } else {
                gzip(&log, &dir.join("a.log.2.gz"));
            }
            fs::write(dir.join("a.log.1"), "second\n").unwrap();
            fs::write(&log, "third\n").unwrap();
            name.look(Some(&current)).unwrap();
            let mut read = String::new();
            while let Some(upcoming) = name.pop() {
                (&*upcoming.file).read_to_string(&mut read).unwrap();
            }
            assert_eq!(read, "second\nthird\n", "{at}");
            fs::remove_dir_all(&dir).unwrap();
        }
    }

    /// G9: written to and rotated twice between the read that came to its end and the look at its name.
    #[test]
    fn what_is_written_before_a_file_is_left_is_read() {
        let dir = scratch("left");
        let log = dir.join("a.log");
        fs::write(&log, "first\n").unwrap();
        let name = Name::new("a.log".into(), Some(log.clone()), Opening::default());
        name.look(None).unwrap();
        let file = name.pop().unwrap().file;
        let part = Arc::new(PartFile::new("a.log".into(), file.clone(), false).unwrap());
        let mut tail = Tail::new(name.clone(), part, None, Until::Followed).unwrap();
        let mut bytes = Vec::new();
        assert!(tail.read(&mut bytes, 100, None).unwrap() == Read::Data);
        let mut writer = fs::OpenOptions::new().append(true).open(&log).unwrap();
        io::Write::write_all(&mut writer, b"second\n").unwrap();
        fs::rename(&log, dir.join("a.log.2")).unwrap();
        fs::write(dir.join("a.log.1"), "third\n").unwrap();
        fs::write(&log, "fourth\n").unwrap();
        assert!(matches!(tail.look().unwrap(), Step::Again));
        assert_eq!(name.ahead_of(), 2);
        while tail.read(&mut bytes, 100, None).unwrap() == Read::Data {}
        assert_eq!(String::from_utf8(bytes).unwrap(), "first\nsecond\n");
        fs::remove_dir_all(&dir).unwrap();
    }

    /// G9: cut off when it has been found again, and before the first byte of it is read: its rest is in the copy.
    #[test]
    fn a_file_that_is_cut_off_before_it_is_read_on_is_known_by_its_place() {
        for again in ["", "another\nand another\nand one more\n"] {
            let dir = scratch("cut");
            let log = dir.join("a.log");
            fs::write(&log, "read\nread\nrest\n").unwrap();
            let name = Name::new("a.log".into(), Some(log.clone()), Opening::default());
            let file = Arc::new(File::open(&log).unwrap());
            let part = PartFile::new("a.log".into(), file.clone(), false).unwrap();
            let place = part.place(10, 2, false).unwrap();
            let size = Until::Size {
                size: 15,
                last: false,
            };
            assert!(name.offer(file.clone(), Some(&place), size).unwrap());
            fs::copy(&log, dir.join("a.log.1")).unwrap();
            fs::write(&log, again).unwrap();
            let upcoming = name.pop().unwrap();
            let part = Arc::new(PartFile::new("a.log".into(), file, false).unwrap());
            part.claimed(upcoming.claim.unwrap());
            let from = upcoming.from.as_deref();
            let mut tail = Tail::new(name, part.clone(), from, upcoming.until).unwrap();
            let known = |place: Place| (place.offset, place.head, place.before);
            assert_eq!(known(part.place(10, 2, false).unwrap()), known(place));
            let mut bytes = Vec::new();
            while tail.read(&mut bytes, 100, None).unwrap() == Read::Data {}
            assert_eq!(String::from_utf8(bytes).unwrap(), "rest\n");
            fs::remove_dir_all(&dir).unwrap();
        }
    }

    /// G9: what another name reads is known by what it is called when it is found, not by the name that it came behind.
    #[test]
    fn what_another_name_reads_is_not_read_again_when_it_is_compressed() {
        let dir = scratch("called");
        let at = |name: &str| dir.join(name);
        let how = Opening::default();
        let name = |name: &str| Name::new(name.into(), Some(at(name)), how.clone());
        let (log, first) = (name("a.log"), name("a.log.1"));
        fs::write(at("a.log"), "first\n").unwrap();
        log.look(None).unwrap();
        let current = log.pop().unwrap().file;
        fs::rename(at("a.log"), at("a.log.2")).unwrap();
        fs::write(at("a.log.1"), "second\n").unwrap();
        first.look(None).unwrap();
        let second = first.pop().unwrap();
        assert!(second.claim.is_some() && second.from.is_none());
        fs::rename(at("a.log.2"), at("a.log.3")).unwrap();
        gzip(&at("a.log.1"), &at("a.log.2.gz"));
        fs::write(at("a.log"), "third\n").unwrap();
        log.look(Some(&current)).unwrap();
        let third = log.pop().unwrap().file;
        assert_eq!(bytes_at(&third, 0, 100).unwrap(), b"third\n");
        assert!(!log.has_more());
        fs::remove_dir_all(&dir).unwrap();
    }

    /// G9: the number of a copy that has been removed is given to another file.
    #[test]
    fn a_file_with_the_number_of_a_copy_is_no_copy() {
        let dir = scratch("number");
        let (log, copy) = (dir.join("a.log"), dir.join("a.log.1"));
        fs::write(&log, "first\n").unwrap();
        let name = Name::new("a.log".into(), Some(log.clone()), Opening::default());
        name.look(None).unwrap();
        let upcoming = name.pop().unwrap();
        let part = PartFile::new("a.log".into(), upcoming.file, false).unwrap();
        part.claimed(upcoming.claim.unwrap());
        let place = part.place(6, 1, false).unwrap();
        fs::copy(&log, &copy).unwrap();
        assert!(
            part.was_cut_off(&place, Some(&File::open(&copy).unwrap()))
                .unwrap()
        );
        part.let_go(6, 1);
        let number = |path: &Path| id(&fs::metadata(path).unwrap());
        let was = number(&copy);
        fs::remove_file(&copy).unwrap();
        std::thread::sleep(Duration::from_millis(10));
        let mut others = Vec::new();
        for other in 0..100 {
            let path = dir.join(format!("a.log-{}", 20_260_101 + other));
            fs::write(&path, "another\n").unwrap();
            others.push(path);
            if number(&others[others.len() - 1]) == was {
                break;
            }
        }
        // Where numbers are not given out again at once the last of them is as good as any.
        let path = others.pop().unwrap();
        let file = Arc::new(File::open(&path).unwrap());
        let taken = name.how.register.take(&path, &file, None).unwrap();
        assert!(matches!(taken, Taken::Mine { from: None, .. }));
        fs::remove_dir_all(&dir).unwrap();
    }

    /// G9: each line once, though the numbers of rotated names do not say which file is the older one.
    #[test]
    fn a_file_that_was_here_is_not_taken_for_a_new_one() {
        let dir = scratch("tail");
        let (log, one, two) = (dir.join("a.log"), dir.join("a.log.1"), dir.join("a.log.2"));
        let name = Name::new("a.log".into(), Some(log.clone()), Opening::default());
        fs::write(&log, "first\n").unwrap();
        name.look(None).unwrap();
        fs::rename(&log, &one).unwrap();
        fs::write(&log, "second\n").unwrap();
        name.look(None).unwrap();
        // Against the custom: the newer one gets the larger number.
        fs::rename(&log, &two).unwrap();
        fs::write(&log, "third\n").unwrap();
        name.look(None).unwrap();
        let mut text = String::new();
        while let Some(upcoming) = name.pop() {
            (&*upcoming.file).read_to_string(&mut text).unwrap();
        }
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(text, "first\nsecond\nthird\n");
    }
}
