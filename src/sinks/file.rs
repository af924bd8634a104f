//! A file: whole at the end, growing, or added to. A reader never sees half of a file that is written whole. With a
//! checkpoint, what a run that was killed has written behind its last commit is cut off by the next one.
//! Invariant: a file that somebody else has changed is not cut.

use super::names::{behind_links, replaceable};
use super::patient::{self, Patient};
use super::{Earlier, Mark, Names, Sink, Unsynced, Written};
use crate::data::sum::Sum;
use crate::error::{Failure, status};
use anyhow::{Context, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Bytes before the end that tell whether a file is still the one that was written.
const TAIL: u64 = 4096;

/// Bytes that are looked at beyond a header: what another one shows of itself.
const BEGIN_MORE: usize = 1024;
/// Some programs put it at the front of a file.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The names in a header, where more than its bytes tells them.
#[derive(Clone)]
pub struct HeaderNames(Arc<NamesOf>);

type NamesOf = dyn Fn(&[u8]) -> Option<Vec<String>> + Send + Sync;

impl HeaderNames {
    pub fn new(of: impl Fn(&[u8]) -> Option<Vec<String>> + Send + Sync + 'static) -> HeaderNames {
        HeaderNames(Arc::new(of))
    }
}

impl std::fmt::Debug for HeaderNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HeaderNames")
    }
}

/// How a file comes to be.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Of input that ends: it appears when it is complete.
    Whole,
    /// Of live input: it starts empty and grows.
    Growing,
    /// It is added to.
    Append,
}

pub struct FileSink {
    /// `None`: closed for now, to be opened again for what comes.
    file: Option<File>,
    path: PathBuf,
    mode: Mode,
    /// The name that it has until it is complete.
    aside: Option<PathBuf>,
    complete: bool,
    /// Another run may go on with it, so nothing is removed that is not complete.
    kept: bool,
    /// What is no regular file (a FIFO, `/dev/null`) has no length.
    regular: bool,
    /// How that is written.
    patient: Option<Patient>,
    /// The run is to end.
    stop: Arc<AtomicBool>,
    len: u64,
    /// What was there ends within a line: it is ended before anything is added.
    unended: bool,
    /// Of the last marks: the length and the sum of the bytes before it.
    marked: Option<(u64, Sum)>,
    /// A checkpoint will name it, and its name may not be on the disk.
    unnamed: bool,
    /// One of many files of an output.
    part: Option<i64>,
}

impl FileSink {
    /// Opens an output as [`Mode`] says; the length that it has already is given too: a header goes only into an
    /// empty one. `earlier`: of a job with a checkpoint. `stop`: the run is to end, and a FIFO that nobody reads is not
    /// waited for.
    pub fn open(
        path: &Path,
        mode: Mode,
        earlier: Option<&Earlier>,
        stop: &Arc<AtomicBool>,
    ) -> Result<(FileSink, u64)> {
        let failed = || Failure {
            status: status::CANT_CREATE,
            message: format!("cannot create '{}'", path.display()),
        };
        let Some(earlier) = earlier else {
            let sink = match mode {
                Mode::Whole => {
                    FileSink::whole(path, &std::process::id().to_string(), false, false, stop)
                }
                Mode::Growing => FileSink::plain(path, mode, true, stop),
                Mode::Append => FileSink::plain(path, mode, false, stop),
            };
            let sink = sink.with_context(failed)?;
            let len = sink.len;
            return Ok((sink, len));
        };
        let run = format!("{:032x}", earlier.run);
        let written = earlier.of(&path.to_string_lossy());
        let mut sink = match written {
            Some(written) if written.complete => {
                let mut names = Names::default();
                publish(written, &mut names)
                    .and_then(|()| names.sync())
                    .with_context(failed)?;
                match mode {
                    Mode::Whole => {
                        FileSink::whole(path, &run, true, false, stop).with_context(failed)?
                    }
                    _ => FileSink::again(path, mode, written, stop)?,
                }
            }
            Some(written) => FileSink::again(path, mode, written, stop)?,
            None => match mode {
                Mode::Whole => {
                    FileSink::whole(path, &run, true, false, stop).with_context(failed)?
                }
                _ => FileSink::plain(path, mode, false, stop).with_context(failed)?,
            },
        };
        sink.kept = true;
        if sink.regular {
            sink.lock()?;
        }
        sink.unnamed |= written.is_none() && sink.regular;
        if written.is_none() && mode == Mode::Growing && sink.regular {
            sink.handle()
                .and_then(|file| file.set_len(0))
                .with_context(failed)?;
            (sink.len, sink.unended) = (0, false);
        }
        let len = sink.len;
        Ok((sink, len))
    }

    /// One of many files: written aside until it is complete; `append`: behind what has its name already.
    pub fn part(
        path: &Path,
        append: bool,
        earlier: Option<&Earlier>,
        stop: &Arc<AtomicBool>,
    ) -> io::Result<FileSink> {
        let run = match earlier {
            Some(earlier) => format!("{:032x}", earlier.run),
            None => std::process::id().to_string(),
        };
        FileSink::whole(path, &run, earlier.is_some(), append, stop)
    }

    /// A file beside `path` that gets its name when it is complete, and is removed if that never comes.
    fn whole(
        path: &Path,
        run: &str,
        kept: bool,
        append: bool,
        stop: &Arc<AtomicBool>,
    ) -> io::Result<FileSink> {
        let Some(target) = replaceable(path)? else {
            return FileSink::plain(path, Mode::Whole, false, stop);
        };
        let name = target
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if name.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a file's name",
            ));
        }
        let aside = target.with_file_name(format!(".{name}.{run}.tmp"));
        if kept {
            // Of a run of this job that was killed before its first commit.
            let _ = fs::remove_file(&aside);
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&aside)?;
        let mut len = 0;
        if append && let Ok(mut before) = File::open(path) {
            len = io::copy(&mut before, &mut file)?;
        }
        if let Ok(meta) = fs::metadata(path) {
            // The new file is to be read by whoever read the old one.
            let _ = fs::set_permissions(&aside, meta.permissions());
        }
        Ok(FileSink {
            path: path.to_owned(),
            mode: Mode::Whole,
            aside: Some(aside),
            complete: false,
            kept,
            regular: true,
            patient: None,
            stop: stop.clone(),
            unended: is_unended(&file, len)?,
            file: Some(file),
            len,
            marked: None,
            unnamed: kept,
            part: None,
        })
    }

    /// The file itself.
    fn plain(path: &Path, mode: Mode, empty: bool, stop: &Arc<AtomicBool>) -> io::Result<FileSink> {
        let there = fs::metadata(path).ok().map(|meta| meta.file_type());
        let file = match there {
            Some(kind) if kind.is_fifo() => patient::open(path, stop)?,
            Some(kind) if !kind.is_file() => OpenOptions::new().write(true).open(path)?,
            _ => {
                let mut options = OpenOptions::new();
                options.read(true).create(true);
                match empty {
                    true => options.write(true).truncate(true),
                    false => options.append(true),
                };
                options.open(path)?
            }
        };
        let meta = file.metadata()?;
        // What is to be whole and is written itself is somebody's open file: what it has is theirs.
        let regular = meta.is_file() && mode != Mode::Whole;
        let patient = match regular {
            true => None,
            false => Some(Patient::new(file.try_clone()?, stop)),
        };
        let len = if regular { meta.len() } else { 0 };
        Ok(FileSink {
            path: path.to_owned(),
            mode,
            aside: None,
            complete: false,
            kept: false,
            regular,
            patient,
            stop: stop.clone(),
            len,
            unended: is_unended(&file, len)?,
            file: Some(file),
            marked: None,
            unnamed: false,
            part: None,
        })
    }

    /// What an earlier run has written, cut off where it stood in its last checkpoint.
    pub fn again(
        path: &Path,
        mode: Mode,
        written: &Written,
        stop: &Arc<AtomicBool>,
    ) -> Result<FileSink> {
        let there = match &written.aside {
            Some(aside) if !written.complete => PathBuf::from(aside),
            _ => path.to_owned(),
        };
        let name = there.display();
        let changed = |what: String| Failure {
            status: status::DATA,
            message: format!(
                "the output '{name}' {what} since the checkpoint was written; put it back, or begin anew with \
                 --checkpoint-reset"
            ),
        };
        let mut file = OpenOptions::new().read(true).append(true).open(&there);
        if file
            .as_ref()
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
            && there != path
            && written.begins(path).with_context(|| name.to_string())?
        {
            // A later checkpoint, which was lost, had it complete. What is visible stays until it is again.
            copy(path, &there, written.len).with_context(|| name.to_string())?;
            file = OpenOptions::new().read(true).append(true).open(&there);
        }
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => changed("was removed".into()),
            _ => Failure {
                status: status::CANT_CREATE,
                message: format!("cannot open '{name}': {error}"),
            },
        })?;
        let len = file.metadata().with_context(|| name.to_string())?.len();
        let mut sink = FileSink {
            file: Some(file),
            path: path.to_owned(),
            mode,
            aside: written
                .aside
                .as_ref()
                .filter(|_| !written.complete)
                .map(PathBuf::from),
            complete: false,
            kept: true,
            regular: true,
            patient: None,
            stop: stop.clone(),
            len,
            unended: false,
            marked: None,
            unnamed: false,
            part: written.part,
        };
        sink.lock()?;
        if len < written.len {
            let lost = format!("has become shorter ({len} bytes of {})", written.len);
            return Err(changed(lost).into());
        }
        sink.len = written.len;
        if sink.tail().with_context(|| name.to_string())? != written.tail {
            return Err(changed("was changed".into()).into());
        }
        sink.unended = sink
            .handle()
            .and_then(|file| {
                file.set_len(written.len)?;
                Ok(mode == Mode::Append && is_unended(file, written.len)?)
            })
            .with_context(|| name.to_string())?;
        Ok(sink)
    }

    /// Two runs do not write one file.
    fn lock(&self) -> Result<()> {
        if let Some(file) = &self.file
            && let Err(fs::TryLockError::WouldBlock) = file.try_lock()
        {
            return Err(Failure {
                status: status::TEMPORARY,
                message: format!(
                    "the output '{}' is in use by another run",
                    self.path.display()
                ),
            }
            .into());
        }
        Ok(())
    }

    /// Of the last bytes before its length.
    fn tail(&mut self) -> io::Result<Sum> {
        let len = self.len;
        tail_of(self.handle()?, len)
    }

    /// The file, opened again if it is closed for now.
    fn handle(&mut self) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let there = self.aside.as_ref().unwrap_or(&self.path);
                let mut options = OpenOptions::new();
                options.read(true).append(true).open(there)?
            }
        };
        Ok(self.file.insert(file))
    }

    /// Closes it for now: what comes opens it again.
    pub fn park(&mut self) {
        // Only what can be found again by its name.
        if self.regular {
            self.file = None;
        }
    }

    /// It goes when it is dropped unfinished, though another run may go on with the output.
    pub fn without_keeping(mut self) -> FileSink {
        self.kept = false;
        self
    }

    /// Refuses to add rows to what begins otherwise than a run would have begun it: `begin`, a line; `names`: those in
    /// one.
    pub fn check_begin(&mut self, begin: &[u8], names: &HeaderNames) -> Result<(), Failure> {
        if !self.regular || self.len == 0 || begin.is_empty() {
            return Ok(());
        }
        let path = self.path.display().to_string();
        let refused = |what: String| Failure {
            status: status::CANT_CREATE,
            message: format!("cannot append to '{path}': {what}"),
        };
        let look = self.len.min((2 * begin.len() + BEGIN_MORE) as u64);
        let mut bytes = vec![0; look as usize];
        let read = self.handle();
        read.and_then(|file| file.read_exact_at(&mut bytes, 0))
            .map_err(|error| refused(error.to_string()))?;
        let there = bytes.strip_prefix(BOM).unwrap_or(&bytes);
        let begin = begin.strip_prefix(BOM).unwrap_or(begin).trim_ascii_end();
        let behind = there.strip_prefix(begin);
        if behind.is_some_and(|rest| matches!(rest, [] | [b'\n', ..] | [b'\r', b'\n', ..])) {
            return Ok(());
        }
        fn line(text: &[u8]) -> &[u8] {
            let line = text.split(|byte| *byte == b'\n').next();
            line.unwrap_or_default().trim_ascii_end()
        }
        let of = &names.0;
        if of(begin).is_some_and(|own| of(line(there)) == Some(own)) {
            return Ok(());
        }
        let shown = |text: &[u8]| String::from_utf8_lossy(line(text)).into_owned();
        Err(refused(format!(
            "it begins with '{}', and the rows' header is '{}'; choose its columns with select, or name another file",
            shown(there),
            shown(begin)
        )))
    }

    pub fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Nothing has been written to it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One of many files, to which nothing comes from this time on, ns.
    pub fn set_part(&mut self, end: i64) {
        self.part = Some(end);
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn mark(&mut self) -> io::Result<Written> {
        let tail = match &self.marked {
            Some((len, tail)) if *len == self.len => *tail,
            _ => self.tail()?,
        };
        self.marked = Some((self.len, tail));
        let name = |path: &PathBuf| path.to_string_lossy().into_owned();
        Ok(Written {
            path: name(&self.path),
            aside: self.aside.as_ref().map(name),
            len: self.len,
            tail,
            complete: self.complete,
            part: self.part,
        })
    }

    /// Whether more has been written to it than was marked.
    pub fn is_unsynced(&self) -> bool {
        self.unnamed || self.marked.as_ref().is_none_or(|(len, _)| *len != self.len)
    }

    /// Where it stands; closed again if it is closed for now. Nothing is done for it to be on the disk.
    pub fn mark_only(&mut self) -> io::Result<Written> {
        let parked = self.file.is_none();
        let written = self.mark()?;
        self.unnamed = false;
        if parked {
            self.park();
        }
        Ok(written)
    }

    /// The file system that it is on.
    pub fn device(&mut self) -> io::Result<u64> {
        let there = self.aside.as_ref().unwrap_or(&self.path);
        Ok(fs::metadata(there)?.dev())
    }

    /// A handle of its own, whether it is closed for now or not.
    pub fn another(&mut self) -> io::Result<File> {
        let parked = self.file.is_none();
        let another = self.handle()?.try_clone();
        if parked {
            self.park();
        }
        another
    }

    /// Where it stands, with what has to be on the disk.
    pub fn mark_with(&mut self) -> io::Result<Mark> {
        let unsynced = match self.is_unsynced() {
            true => Some(Unsynced::File(self.another()?)),
            false => None,
        };
        if self.unnamed {
            let mut names = Names::default();
            names.changed(&behind_links(&self.path)?);
            names.sync()?;
        }
        let written = self.mark_only()?;
        Ok(Mark { written, unsynced })
    }

    /// It is complete and a checkpoint says so: it gets its name.
    pub fn give_name(&mut self, names: &mut Names) -> io::Result<()> {
        if let Some(aside) = &self.aside {
            let name = behind_links(&self.path)?;
            fs::rename(aside, &name)?;
            names.changed(&name);
            self.aside = None;
        }
        Ok(())
    }
}

impl Written {
    /// Whether a file begins with what was written.
    fn begins(&self, path: &Path) -> io::Result<bool> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let meta = file.metadata()?;
        if !meta.is_file() || meta.len() < self.len {
            return Ok(false);
        }
        Ok(tail_of(&file, self.len)? == self.tail)
    }
}

/// Whether so many bytes end within a line.
fn is_unended(file: &File, len: u64) -> io::Result<bool> {
    let mut last = *b"\n";
    if len > 0 {
        file.read_exact_at(&mut last, len - 1)?;
    }
    Ok(last != *b"\n")
}

/// Of the last bytes before a place.
fn tail_of(file: &File, len: u64) -> io::Result<Sum> {
    let look = TAIL.min(len);
    let mut bytes = vec![0; look as usize];
    file.read_exact_at(&mut bytes, len - look)?;
    Ok(Sum::of(&bytes))
}

/// The first bytes of a file as another one.
fn copy(from: &Path, to: &Path, len: u64) -> io::Result<()> {
    let mut new = OpenOptions::new().write(true).create_new(true).open(to)?;
    let copied = io::copy(&mut File::open(from)?.take(len), &mut new)?;
    new.set_permissions(fs::metadata(from)?.permissions())?;
    match copied == len {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// A file that was complete in a checkpoint gets its name, if it has not got it yet.
pub fn publish(written: &Written, names: &mut Names) -> io::Result<()> {
    let Some(aside) = &written.aside else {
        return Ok(());
    };
    let name = behind_links(Path::new(&written.path))?;
    // A run that was killed right behind this did not live to have it on the disk.
    names.changed(&name);
    match fs::rename(aside, &name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Sink for FileSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.unended && self.len > 0 && !bytes.is_empty() {
            self.unended = false;
            self.write(b"\n")?;
        }
        match &self.patient {
            Some(patient) => patient.write_all(bytes)?,
            None => self.handle()?.write_all(bytes)?,
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.complete = true;
        self.committed()
    }

    fn marks(&mut self) -> io::Result<Vec<Mark>> {
        if !self.regular {
            return Ok(Vec::new());
        }
        Ok(vec![self.mark_with()?])
    }

    fn complete(&mut self) {
        self.complete = true;
    }

    fn committed(&mut self) -> io::Result<()> {
        if self.complete && self.aside.is_some() {
            let mut names = Names::default();
            self.give_name(&mut names)?;
            if self.kept {
                names.sync()?;
            }
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.kept = true;
    }

    fn reopen(&mut self) -> io::Result<bool> {
        // A file that is written whole has a name that nobody knows.
        if self.aside.is_some() || !self.regular {
            return Ok(false);
        }
        if self.kept {
            let id = |meta: fs::Metadata| (meta.dev(), meta.ino());
            let own = id(self.handle()?.metadata()?);
            if fs::metadata(&self.path).is_ok_and(|there| id(there) == own) {
                // Nobody has moved it, and its lock is ours.
                return Ok(false);
            }
            // What was moved away is part of what the next checkpoint stands on.
            self.handle()?.sync_data()?;
        }
        let mut again = match FileSink::plain(&self.path, self.mode, false, &self.stop) {
            // The run is to end, and nobody reads what has the name now: what comes goes where it went.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(false),
            again => again?,
        };
        if self.kept && again.regular {
            again.lock().map_err(io::Error::other)?;
        }
        (self.file, self.len, self.marked) = (again.file.take(), again.len, None);
        (self.regular, self.patient) = (again.regular, again.patient.take());
        self.unended = again.unended;
        Ok(self.len == 0)
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        if let Some(aside) = self.aside.as_ref().filter(|_| !self.kept) {
            let _ = fs::remove_file(aside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_a_directory(name: &str, check: impl FnOnce(&Path)) {
        let dir = std::env::temp_dir().join(format!("dstream-sink-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        check(&dir);
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_whole_file_appears_at_the_end_or_not_at_all() {
        in_a_directory("whole", |dir| {
            let path = dir.join("out");
            let (mut sink, _) = FileSink::open(&path, Mode::Whole, None, &Arc::default()).unwrap();
            sink.write(b"x").unwrap();
            assert!(!path.exists());
            sink.finish().unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"x");
            let (mut sink, _) = FileSink::open(&path, Mode::Whole, None, &Arc::default()).unwrap();
            sink.write(b"y").unwrap();
            drop(sink);
            assert_eq!(fs::read(&path).unwrap(), b"x");
            assert_eq!(fs::read_dir(dir).unwrap().count(), 1);
        });
    }

    /// GUARANTEES 3.3: the output is cut back to the committed length; a shorter or changed one is refused.
    #[test]
    fn what_was_not_committed_is_cut_off() {
        in_a_directory("again", |dir| {
            let path = dir.join("out");
            fs::write(&path, "before\n").unwrap();
            let mut earlier = Earlier::default();
            let (mut sink, len) =
                FileSink::open(&path, Mode::Append, Some(&earlier), &Arc::default()).unwrap();
            assert_eq!(len, 7);
            sink.write(b"one\n").unwrap();
            earlier.files = vec![sink.marks().unwrap().remove(0).written];
            sink.write(b"lost\n").unwrap();
            sink.leave();
            drop(sink);
            let (mut sink, _) =
                FileSink::open(&path, Mode::Append, Some(&earlier), &Arc::default()).unwrap();
            sink.write(b"two\n").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"before\none\ntwo\n");
            let second = FileSink::open(&path, Mode::Append, Some(&earlier), &Arc::default());
            assert!(second.is_err(), "two runs");
            drop(sink);
            fs::write(&path, "befor3\none\ntwo\n").unwrap();
            let message = |result: Result<(FileSink, u64)>| format!("{:#}", result.err().unwrap());
            let changed = message(FileSink::open(
                &path,
                Mode::Append,
                Some(&earlier),
                &Arc::default(),
            ));
            assert!(changed.contains("was changed"), "{changed}");
            fs::write(&path, "bef").unwrap();
            let shorter = message(FileSink::open(
                &path,
                Mode::Append,
                Some(&earlier),
                &Arc::default(),
            ));
            assert!(shorter.contains("3 bytes of 11"), "{shorter}");
        });
    }

    /// INTERFACE 10, HUP: a file that was moved away is made anew; one that was not goes on, though it is locked.
    #[test]
    fn a_job_opens_again_what_was_moved_away() {
        in_a_directory("moved", |dir| {
            let path = dir.join("out");
            let earlier = Earlier::default();
            let (mut sink, _) =
                FileSink::open(&path, Mode::Append, Some(&earlier), &Arc::default()).unwrap();
            sink.write(b"one\n").unwrap();
            assert!(!sink.reopen().unwrap(), "nobody has moved it");
            sink.write(b"two\n").unwrap();
            fs::rename(&path, dir.join("out.1")).unwrap();
            assert!(sink.reopen().unwrap(), "it is new");
            assert!(!sink.reopen().unwrap(), "told twice");
            sink.write(b"three\n").unwrap();
            assert_eq!(fs::read(dir.join("out.1")).unwrap(), b"one\ntwo\n");
            assert_eq!(fs::read(&path).unwrap(), b"three\n");
        });
    }

    /// A FIFO that took the file's place is waited for as long as the run goes on; then what comes goes where it went.
    #[test]
    fn a_fifo_in_its_place_without_a_reader_hears_the_end() {
        in_a_directory("fifo", |dir| {
            let path = dir.join("out");
            let stop = Arc::new(AtomicBool::new(false));
            let (mut sink, _) = FileSink::open(&path, Mode::Growing, None, &stop).unwrap();
            sink.write(b"one\n").unwrap();
            fs::rename(&path, dir.join("out.1")).unwrap();
            let made = std::process::Command::new("mkfifo").arg(&path).status();
            assert!(made.unwrap().success());
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(!sink.reopen().unwrap());
            sink.write(b"two\n").unwrap();
            assert_eq!(fs::read(dir.join("out.1")).unwrap(), b"one\ntwo\n");
            let reader = std::thread::spawn({
                let path = path.clone();
                move || fs::read(path).unwrap()
            });
            stop.store(false, std::sync::atomic::Ordering::Relaxed);
            assert!(sink.reopen().unwrap(), "a header is its reader's, too");
            sink.write(b"three\n").unwrap();
            drop(sink);
            assert_eq!(reader.join().unwrap(), b"three\n");
        });
    }

    #[test]
    fn a_complete_file_gets_its_name_after_the_commit() {
        in_a_directory("complete", |dir| {
            let path = dir.join("out");
            let mut earlier = Earlier {
                run: 5,
                ..Earlier::default()
            };
            let (mut sink, _) =
                FileSink::open(&path, Mode::Whole, Some(&earlier), &Arc::default()).unwrap();
            sink.write(b"all\n").unwrap();
            sink.complete();
            earlier.files = vec![sink.marks().unwrap().remove(0).written];
            sink.leave();
            drop(sink);
            assert!(!path.exists());
            // The next run finds it complete.
            drop(FileSink::open(&path, Mode::Whole, Some(&earlier), &Arc::default()).unwrap());
            assert_eq!(fs::read(&path).unwrap(), b"all\n");
        });
    }
}
