//! Where bytes come from: files, standard input, sockets. A source gives bytes; records are the engine's and
//! the formats' affair.

mod compressed;
mod files;
mod pace;
mod place;
mod rotated;
mod stdin;
mod tail;
mod tcp;
mod watch;

use crate::data::doc::{Doc, Example};
use anyhow::{Context, Result};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use place::{PartFile, Place};

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
    /// Files whose places are kept: those of the run before.
    pub kept: Option<Vec<Place>>,
    /// What is there is passed over, where no place is kept.
    pub skip_to_end: bool,
    /// Files that were found end when their name is gone.
    pub leaves: bool,
    /// So many times may compressed input grow.
    pub max_ratio: Option<u64>,
    /// Is told what people should know while a run goes on.
    pub notes: Notes,
}

impl Opening {
    pub fn ratio_max(&self) -> u64 {
        self.max_ratio.unwrap_or(compressed::RATIO_MAX)
    }

    /// Where a file was left by the run before: the last that was handed out of that name.
    pub fn place(&self, path: &str) -> Option<&Place> {
        let kept = self.kept.as_ref()?;
        kept.iter().rev().find(|place| place.path == path)
    }

    /// Whether regular files are read as parts, and not in place.
    fn is_in_parts(&self) -> bool {
        self.follow || self.once || self.kept.is_some() || self.skip_to_end
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

/// A source word, understood but not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    Stdin,
    File(String),
    Tcp(String),
    TcpListen(String),
}

/// A row of the table of sources, for the documents and for unknown schemes.
pub struct Entry {
    pub word: &'static str,
    pub scheme: Option<&'static str>,
    pub doc: Doc,
}

pub const SOURCES: &[Entry] = &[
    Entry {
        word: "FILE…",
        scheme: None,
        doc: Doc {
            summary: "Files, read in order, like `cat`; `.gz` and `.zst` by content",
            text: "A file that cannot be opened is told, the others are read, and the run ends with status 66.",
            examples: &[Example {
                title: "Two files as one stream",
                session: "$ printf 'a\\n' > one; printf 'b\\na\\n' > two; dstream count-by-key one two\na\t2\nb\t1\n",
            }],
        },
    },
    Entry {
        word: "-",
        scheme: None,
        doc: Doc {
            summary: "Standard input, also when no source is named",
            text: "A regular file there (`dstream … < file`) counts as that file.",
            examples: &[Example {
                title: "A pipe",
                session: "$ printf 'a\\nb\\n' | dstream count -\n2\n",
            }],
        },
    },
    Entry {
        word: "tcp:HOST:PORT",
        scheme: Some("tcp"),
        doc: Doc {
            summary: "Connects and reads lines",
            text: "Ends when the other side closes. A source that is not there is status 69.",
            examples: &[],
        },
    },
    Entry {
        word: "tcp-listen:[ADDR:]PORT",
        scheme: Some("tcp-listen"),
        doc: Doc {
            summary: "Accepts any number of writers and reads their lines",
            text: "Listens on 127.0.0.1 and ::1; a public address must be written out. Lines of different writers \
                   are never mixed within a line. It never ends by itself.",
            examples: &[],
        },
    },
];

/// Understands a source word. An unknown `SCHEME:` is an error that lists the known ones, unless there is a
/// file of that name.
pub fn parse(word: &str) -> Result<Word, String> {
    if word == "-" {
        return Ok(Word::Stdin);
    }
    let Some((scheme, rest)) = word.split_once(':') else {
        return Ok(Word::File(word.into()));
    };
    match scheme {
        "tcp" => Ok(Word::Tcp(rest.into())),
        "tcp-listen" => Ok(Word::TcpListen(rest.into())),
        _ if Path::new(word).exists() => Ok(Word::File(word.into())),
        _ if !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') => {
            let known: Vec<_> = SOURCES
                .iter()
                .filter_map(|entry| entry.scheme)
                .map(|s| format!("{s}:"))
                .collect();
            Err(format!(
                "no source of kind '{scheme}:'; known are files, -, {}",
                known.join(", ")
            ))
        }
        _ => Ok(Word::File(word.into())),
    }
}

/// Opens a source. Errors name it.
pub fn open(word: &Word, how: &Opening) -> Result<Input> {
    match word {
        Word::Stdin => stdin::open(how),
        Word::File(path) => open_file(path, how),
        Word::Tcp(address) => {
            let live = tcp::connect(address).with_context(|| format!("tcp:{address}"))?;
            Ok(Input::Stream {
                name: format!("tcp:{address}"),
                live: Box::new(live),
                endless: true,
            })
        }
        Word::TcpListen(address) => {
            let live = tcp::listen(address).with_context(|| format!("tcp-listen:{address}"))?;
            Ok(Input::Stream {
                name: format!("tcp-listen:{address}"),
                live: Box::new(live),
                endless: true,
            })
        }
    }
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
    let file = File::open(path).with_context(|| path.to_owned())?;
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
    let unpacked = compressed::open(&file, how.ratio_max()).with_context(|| name.clone())?;
    if let Some(live) = unpacked {
        return Ok(Input::Stream {
            name,
            live,
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

/// A plain file read front to end.
pub fn from_start(file: File) -> io::Result<Box<dyn Live>> {
    rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(0))?;
    Ok(Box::new(Blocking(file)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_files_unless_a_scheme_is_known() {
        assert_eq!(parse("-"), Ok(Word::Stdin));
        assert_eq!(parse("a.log"), Ok(Word::File("a.log".into())));
        assert_eq!(parse("tcp:h:1"), Ok(Word::Tcp("h:1".into())));
        assert_eq!(parse("tcp-listen:9999"), Ok(Word::TcpListen("9999".into())));
        assert!(parse("kafka:x").unwrap_err().contains("tcp-listen:"));
        assert_eq!(
            parse("2026-01-01T10:00"),
            Ok(Word::File("2026-01-01T10:00".into()))
        );
    }
}
