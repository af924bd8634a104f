//! Where bytes come from: files, standard input, sockets. A source gives bytes; records are the engine's and
//! the formats' affair.

mod compressed;
mod connect;
mod copies;
mod dir;
mod files;
mod glob;
mod listen;
mod names;
mod pace;
mod pattern;
mod place;
mod rate;
mod register;
mod rotated;
mod stdin;
mod table;
mod tail;
#[cfg(test)]
mod testing;
mod throttle;
mod udp;
mod watch;
mod words;

use anyhow::{Context, Result};
use rustix::fs::OFlags;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::sync::Arc;
use std::time::Duration;

pub use compressed::Unpacking;
pub use dir::is_wanted;
pub use pattern::{NamePattern, PathPattern};
pub use place::{LOOK, PartFile, Place};
pub use rate::Form;
pub use register::Register;
pub use stdin::file as stdin_file;
pub use table::{Entry, SOURCES};
pub use words::{TRIES, Word, expand, is_gone, may_come_again, open, parse};

/// What one call of [`Live::read`] came to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Bytes were appended.
    Data,
    /// Nothing came in time, or a signal did.
    Idle,
    End,
    /// The present end of what will go on: what stands behind the last record end is for another run.
    Present,
}

/// Bytes that come when they come.
pub trait Live: Send {
    /// Appends at most `max` bytes. Waits for the first of them, at most `wait` (`None`: for ever).
    fn read(&mut self, into: &mut Vec<u8>, max: usize, wait: Option<Duration>) -> io::Result<Read>;
}

/// One file or connection of a source, opened: bytes up to its end.
pub struct Part {
    /// For messages and `@file`.
    pub name: String,
    /// What follows the first `offset` bytes of it, which hold `lines` lines.
    pub live: Box<dyn Live>,
    pub offset: u64,
    pub lines: u64,
    /// What is behind it, where it can be read again.
    pub file: Option<Arc<PartFile>>,
}

/// What came of a wait for a part.
pub enum Next {
    Part(Part),
    /// None in time.
    Idle,
    /// None will come.
    End,
}

/// A source of parts that come one behind the other: files that are rotated or appear, connections that are made
/// again.
pub trait Parts: Send {
    /// The next part, when the one before has ended. Waits at most `wait` (`None`: for ever).
    fn next(&mut self, wait: Option<Duration>) -> io::Result<Next>;

    /// The place in front of what comes first, where that is a file that no run before has met: so that it is found again
    /// whatever becomes of it before it is read. Asked once, before anything is read.
    fn meet(&mut self) -> io::Result<Option<Place>> {
        Ok(None)
    }
}

/// Sources that appear while a run goes on, each to be read at the same time as the others.
pub trait Finder: Send {
    /// Those that were not there at the look before, with their names.
    fn look(&mut self) -> io::Result<Vec<(String, Box<dyn Parts>)>>;
}

/// How the words of a run are opened.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// Files are read on at their end, by name (`-F`).
    pub follow: bool,
    /// Up to the present end; a last line without a line end waits for another run (`--once`).
    pub once: bool,
    /// Last lines are taken though more may come behind them (`--final`).
    pub last: bool,
    /// Its first record, which says how it is read, was not there when that was asked for (`once`): nothing of it is
    /// read.
    pub unborn: bool,
    /// Files whose places are kept: those of the run before.
    pub kept: Option<Vec<Place>>,
    /// A FIFO that was read in part and is read on.
    pub begun: Option<Arc<OwnedFd>>,
    /// What is there is passed over, where no place is kept.
    pub skip_to_end: bool,
    /// Files that were found end when their name is gone.
    pub leaves: bool,
    /// So many times may compressed input grow.
    pub max_ratio: Option<u64>,
    /// Names that `dir:` takes.
    pub glob: Option<String>,
    /// Records a second of each source.
    pub max_rate: Option<f64>,
    /// Listeners close a connection that has sent nothing for so long.
    pub idle_close: Option<Duration>,
    /// How `rate:` writes its rows.
    pub form: Form,
    /// Is told what people should know while a run goes on.
    pub notes: Notes,
    /// Is told how far compressed files have been read.
    pub unpacking: Unpacking,
    /// The files of all words, so that each is read once, whatever it is called by then.
    pub register: Arc<Register>,
}

impl Opening {
    pub fn ratio_max(&self) -> u64 {
        self.max_ratio.unwrap_or(compressed::RATIO_MAX)
    }

    /// A decoder if the file is compressed, to be read to its end.
    fn unpack(&self, file: &File) -> io::Result<Option<Box<dyn Live>>> {
        compressed::open(file, self.ratio_max(), &self.unpacking)
    }

    /// Where a file was left by the run before: the last that was handed out of that name.
    pub fn place(&self, path: &str) -> Option<&Place> {
        let kept = self.kept.as_ref()?;
        kept.iter().rev().find(|place| place.path == path)
    }

    /// The same for one file only, so that not each holds the places of all.
    fn of_path(&self, path: &str) -> Opening {
        let own = self.place(path).cloned();
        Opening {
            kept: self.kept.as_ref().map(|_| own.into_iter().collect()),
            ..self.without_places()
        }
    }

    fn without_places(&self) -> Opening {
        Opening {
            follow: self.follow,
            once: self.once,
            last: self.last,
            unborn: self.unborn,
            kept: None,
            begun: None,
            skip_to_end: self.skip_to_end,
            leaves: self.leaves,
            max_ratio: self.max_ratio,
            glob: self.glob.clone(),
            max_rate: self.max_rate,
            idle_close: self.idle_close,
            form: self.form,
            notes: self.notes.clone(),
            unpacking: self.unpacking.clone(),
            register: self.register.clone(),
        }
    }

    /// Whether regular files are read as parts, and not in place.
    fn is_in_parts(&self) -> bool {
        self.follow || self.once || self.kept.is_some() || self.skip_to_end
    }
}

/// A name as it may be told: it may hold anything.
fn shown(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    shown
}

/// What the system says of an error, without its number.
fn without_number(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}

/// Where sources say what people should know: that a file is gone, that a connection is lost.
#[derive(Clone, Default)]
pub struct Notes(Option<Arc<dyn Fn(&str) + Send + Sync>>);

impl Notes {
    pub fn new(tell: impl Fn(&str) + Send + Sync + 'static) -> Notes {
        Notes(Some(Arc::new(tell)))
    }

    pub fn tell(&self, message: &str) {
        if let Some(tell) = &self.0 {
            tell(message);
        }
    }
}

impl std::fmt::Debug for Notes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notes")
    }
}

/// A source word, opened.
pub enum Input {
    /// Parts, one behind the other. `live`: they come while they are read.
    Parts {
        name: String,
        parts: Box<dyn Parts>,
        live: bool,
    },
    /// Any number of sources, each of parts.
    Finder {
        name: String,
        finder: Box<dyn Finder>,
    },
    /// A regular file that is read in place: by many workers, at any offset.
    Plain { name: String, file: File, len: u64 },
    /// Anything else: read from front to end.
    Stream {
        name: String,
        live: Box<dyn Live>,
        endless: bool,
    },
}

/// Whether there is something of this name that gives its bytes once: a FIFO, a terminal.
pub fn is_pipe(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// Opens a file. A FIFO has its writer waited for by who reads it, which signals end, and not here.
fn open_waiting(path: &str, meta: &Metadata) -> io::Result<File> {
    if !(cfg!(target_os = "linux") && meta.file_type().is_fifo()) {
        return File::open(path);
    }
    let file = File::options()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(path)?;
    let flags = rustix::fs::fcntl_getfl(&file)?;
    rustix::fs::fcntl_setfl(&file, flags & !OFlags::NONBLOCK)?;
    Ok(file)
}

/// What gives its bytes once, to be read in part; `None` where it cannot be opened.
pub fn open_pipe(path: &str) -> Option<OwnedFd> {
    let meta = std::fs::metadata(path).ok()?;
    open_waiting(path, &meta).ok().map(OwnedFd::from)
}

/// What was begun, if it is the file of these data.
fn begun(how: &Opening, meta: &Metadata) -> Option<File> {
    let file = File::from(how.begun.as_ref()?.try_clone().ok()?);
    let own = file.metadata().ok()?;
    (rotated::id(&own) == rotated::id(meta)).then_some(file)
}

fn open_file(path: &str, how: &Opening) -> Result<Input> {
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(_) if how.is_in_parts() => return open_parts(path, None, how),
        Err(error) => return Err(error).with_context(|| path.to_owned()),
    };
    if meta.is_dir() {
        anyhow::bail!(
            "{path}: is a directory; dir:{path} reads each file that appears in it, '{}/*' those that are there",
            path.trim_end_matches('/')
        );
    }
    if meta.is_file() && how.is_in_parts() {
        return open_parts(path, None, how);
    }
    let file = match begun(how, &meta) {
        Some(file) => file,
        None => open_waiting(path, &meta).with_context(|| path.to_owned())?,
    };
    of_file(path.to_owned(), file, meta.is_file(), meta.len(), how)
}

/// A regular file whose place is kept, or that is followed.
fn open_parts(path: &str, given: Option<File>, how: &Opening) -> Result<Input> {
    let parts = files::Files::open(path, given, how)?;
    Ok(Input::Parts {
        name: path.to_owned(),
        parts: Box::new(parts),
        live: how.follow && !how.once,
    })
}

/// A file by its content: compressed ones are streams.
fn of_file(name: String, file: File, regular: bool, len: u64, how: &Opening) -> Result<Input> {
    if !regular {
        return Ok(Input::Stream {
            name,
            live: Box::new(stdin::Pipe::new(file)),
            endless: false,
        });
    }
    let unpacked = how.unpack(&file).with_context(|| name.clone())?;
    if let Some(live) = unpacked {
        return Ok(Input::Stream {
            name,
            live,
            endless: false,
        });
    }
    // What the system makes while it is read (`/proc`) tells no length.
    if len == 0 && !head(&file, 1).with_context(|| name.clone())?.is_empty() {
        return Ok(Input::Stream {
            name,
            live: from_place(&file, 0)?,
            endless: false,
        });
    }
    Ok(Input::Plain { name, file, len })
}

/// Any reader that blocks as a source; files behind a decoder.
struct Blocking<R>(R);

impl<R: io::Read + Send> Live for Blocking<R> {
    fn read(
        &mut self,
        into: &mut Vec<u8>,
        max: usize,
        _wait: Option<Duration>,
    ) -> io::Result<Read> {
        let from = into.len();
        into.resize(from + max, 0);
        let got = self.0.read(&mut into[from..]);
        into.truncate(from + got.as_ref().map_or(0, |got| *got));
        match got {
            Ok(0) => Ok(Read::End),
            Ok(_) => Ok(Read::Data),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Read::Idle),
            Err(error) => Err(error),
        }
    }
}

/// What there is to read of a file that was read.
struct Nothing;

impl Live for Nothing {
    fn read(&mut self, _: &mut Vec<u8>, _: usize, _: Option<Duration>) -> io::Result<Read> {
        Ok(Read::End)
    }
}

/// A plain file read from its start to where it ended when it was opened: what is added meanwhile may be our output.
pub fn from_start(file: File, len: u64) -> Box<dyn Live> {
    let at = At {
        file,
        at: 0,
        end: len,
    };
    Box::new(Blocking(at))
}

/// A plain file read from a place to its end; the descriptor's own place is left alone.
fn from_place(file: &File, at: u64) -> io::Result<Box<dyn Live>> {
    let file = file.try_clone()?;
    let end = u64::MAX;
    Ok(Box::new(Blocking(At { file, at, end })))
}

/// A file read from a place of our own.
struct At {
    file: File,
    at: u64,
    end: u64,
}

impl io::Read for At {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = into.len().min(left);
        let got = rustix::io::pread(&self.file, &mut into[..most], self.at)?;
        self.at += got as u64;
        Ok(got)
    }
}

/// The first bytes of a plain file, at most `max`.
pub fn head(file: &File, max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0u8; max.min(1 << 16)];
    while bytes.len() < max {
        let got = rustix::io::pread(file, &mut chunk, bytes.len() as u64)?;
        if got == 0 {
            break;
        }
        bytes.extend_from_slice(&chunk[..got]);
    }
    bytes.truncate(max);
    Ok(bytes)
}
