//! Where the stream goes: standard output, files, sockets. Sees the final bytes, already in order.

mod file;
mod live;
mod many;
mod names;
mod null;
mod patient;
mod replaced;
mod screen;
mod socket;
mod stdout;

pub use file::{FileSink, HeaderNames, Mode, publish};
pub use live::{Block, Live, LiveSink};
pub use many::{Many, ManySink};
pub use names::{Names, replaceable};
pub use null::Null;
pub use replaced::Replaced;
pub use screen::{Line, Size, line};
pub use socket::Socket;
pub use stdout::Stdout;

use crate::data::doc::{Doc, Example};
use crate::data::sum::Sum;
use crate::error::{Failure, status};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub trait Sink: Send {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// The run is over and all is written: the output becomes what it is to be.
    fn finish(&mut self) -> io::Result<()>;

    /// Where each of its files stands, for a checkpoint. What is read again after a restart is cut off there.
    fn marks(&mut self) -> io::Result<Vec<Mark>> {
        Ok(Vec::new())
    }

    /// All is written: from now on its marks say that it is complete.
    fn complete(&mut self) {}

    /// A checkpoint with the marks that were asked for last is on the disk: what was complete in it gets its name.
    fn committed(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The run ends and another one goes on with the output: nothing more is renamed or removed.
    fn leave(&mut self) {}

    /// Opens its files again by name: they were moved away. True: what is written next is the first in its file.
    fn reopen(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    /// Of an output that is many files: what is written from now on goes into this one.
    fn enter(&mut self, _target: &Target) -> io::Result<()> {
        Ok(())
    }

    /// Nothing more comes for files that end by then.
    fn closed(&mut self, _upto: i64) -> io::Result<()> {
        Ok(())
    }

    /// Of an output that is replaced: an answer that is whole begins or ends.
    fn whole(&mut self, _at: Whole) -> io::Result<()> {
        Ok(())
    }
}

/// One of the files of an output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub path: String,
    /// The time from which on nothing comes to it, ns; `i64::MAX`: the end of the run.
    pub end: i64,
}

/// Where an answer stands that is given as a whole.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Whole {
    Begins,
    Ends,
    /// It ends, and none follows in this run.
    Last,
}

/// A file of an output, with what has to be on the disk before a checkpoint may name it.
pub struct Mark {
    pub written: Written,
    /// `None`: it is there already, or another mark's is for both.
    pub unsynced: Option<Unsynced>,
}

/// What has been written and may not be on the disk.
pub enum Unsynced {
    /// The bytes of this file.
    File(File),
    /// All of the file system that it is on: quicker than many files one by one.
    System(File),
}

impl Unsynced {
    /// Returns when it is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        match self {
            Unsynced::File(file) => file.sync_data(),
            #[cfg(target_os = "linux")]
            Unsynced::System(file) => Ok(rustix::fs::syncfs(file)?),
            // Nobody asks for it where there is no such call.
            #[cfg(not(target_os = "linux"))]
            Unsynced::System(file) => file.sync_all(),
        }
    }
}

/// How far a file of the output has been written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    pub path: String,
    /// The name that it has until it is complete.
    pub aside: Option<String>,
    pub len: u64,
    /// Of the last bytes before that.
    pub tail: Sum,
    /// All of it is written.
    pub complete: bool,
    /// One of many files of an output: the time from which on nothing comes to it, ns.
    pub part: Option<i64>,
}

/// What a checkpoint has to say of the outputs of a job.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// The job's number.
    pub run: u128,
    pub files: Vec<Written>,
}

impl Earlier {
    /// How far the file of this name has been written.
    pub fn of(&self, path: &str) -> Option<&Written> {
        self.files.iter().find(|written| written.path == path)
    }
}

/// Says why a file must not be written: a row has named one that is read.
#[derive(Clone, Default)]
pub struct Refusal(pub Option<Arc<dyn Fn(&Path) -> Option<String> + Send + Sync>>);

impl Refusal {
    fn of(&self, path: &Path) -> Option<String> {
        self.0.as_ref().and_then(|refuses| refuses(path))
    }
}

impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Refusal")
    }
}

/// That a file cannot be created, as the reason of an `io::Error`.
#[derive(Debug)]
struct NotCreated(String);

impl std::fmt::Display for NotCreated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotCreated {}

fn not_created(path: &str, reason: impl std::fmt::Display) -> io::Error {
    io::Error::other(NotCreated(format!("cannot create '{path}': {reason}")))
}

/// Why something cannot be written to `output`: the exit status and the message. Files of an output are named by
/// the error itself.
pub fn fault(output: &str, error: &io::Error) -> Failure {
    let inner = error.get_ref();
    let (status, message) = match inner {
        Some(reason) if reason.is::<NotCreated>() => (status::CANT_CREATE, reason.to_string()),
        Some(reason) if reason.is::<Named>() => (status::IO, format!("cannot write to {reason}")),
        _ => (status::IO, format!("cannot write to {output}: {error}")),
    };
    Failure { status, message }
}

/// An error with the file that it is about.
#[derive(Debug)]
struct Named(String);

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Named {}

fn named(path: &str) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::other(Named(format!("{path}: {error}")))
}

/// Makes a file that only its owner may read, if there is none.
pub fn make_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    // That it cannot be made is told by whoever opens it.
    let _ = std::os::unix::fs::OpenOptionsExt::mode(options.append(true).create_new(true), 0o600)
        .open(path);
}

/// A row of the table of sinks, for the documents.
pub struct Entry {
    pub word: &'static str,
    pub doc: Doc,
}

pub const SINKS: &[Entry] = &[
    Entry {
        word: "stdout",
        doc: Doc {
            summary: "Standard output, the default",
            text: "Rows leave as soon as nothing more is waiting to be written. A reader that goes away ends the \
                   run without a word, as it ends `cat`.",
            examples: &[Example {
                title: "The first match",
                session: "$ printf 'a\\nb\\nab\\n' | dstream filter '/b/' | head -1\nb\n",
            }],
        },
    },
    Entry {
        word: "--output FILE",
        doc: Doc {
            summary: "A file",
            text: "Of input that ends the file appears whole: it is written under a temporary name beside it and \
                   renamed at the end. Of live input, and of a job that goes on in further runs (`--once` with a \
                   checkpoint), it starts empty and grows. With `--append` the rows are added to what is in the \
                   file. With `--output-mode complete` it always has the last whole answer: it is \
                   replaced at each trigger, at the end of each batch, and at the end of the run.",
            examples: &[
                Example {
                    title: "Into a file",
                    session: "$ printf 'a\\nb\\na\\n' | dstream count-by-key --output counts.tsv; cat counts.tsv\na\t2\nb\t1\n",
                },
                Example {
                    title: "Totals that survive between runs, whole at the end of each",
                    session: "$ cd \"$(mktemp -d)\"; for i in 1 2; do printf 'a\\nb\\na\\n' >>log; dstream --once --checkpoint ck count-by '$1' --output-mode complete --output totals.tsv log; done; cat totals.tsv\na\t4\nb\t2\n",
                },
            ],
        },
    },
    Entry {
        word: "--output 'hits-%Y%m%dT%H%M.csv'",
        doc: Doc {
            summary: "A file for each window, batch or --every",
            text: "The directives are those of strftime(3), in the zone of `--tz`, of the window's start, of the \
                   batch's end, or of the time of `--every`. A file has its name when it is complete; before, it is \
                   written under a temporary one. Missing directories are made. A pattern that gives two neighbours \
                   one name is refused, and so are options that print a window more than once.",
            examples: &[Example {
                title: "A file for each minute",
                session: "$ cd \"$(mktemp -d)\"; printf '0 a\\n61 b\\n' | dstream --time '$1:s' window 1m count --output 'o/%H%M.csv'; head o/*\n==> o/0000.csv <==\nwindow_start,count\n1970-01-01T00:00:00Z,1\n\n==> o/0001.csv <==\nwindow_start,count\n1970-01-01T00:01:00Z,1\n",
            }],
        },
    },
    Entry {
        word: "--output 'by/{host}.log'",
        doc: Doc {
            summary: "A file for each value of a field",
            text: "`/`, a leading dot, control characters and `%` in values are percent-encoded, a value that is too \
                   long ends in its hash, and one of nothing is `%`, so that no value leads out of the directory. At \
                   most `--max-open` files are open at a time. Goes together with times.",
            examples: &[Example {
                title: "Lines by their first word",
                session: "$ cd \"$(mktemp -d)\"; printf 'a 1\\n../b 2\\na 3\\n' | dstream filter true --output 'by/{$1}.log'; head by/*\n==> by/%2E.%2Fb.log <==\n../b 2\n\n==> by/a.log <==\na 1\na 3\n",
            }],
        },
    },
    Entry {
        word: "--output tcp:HOST:PORT",
        doc: Doc {
            summary: "A stream socket; `unix:PATH` one on this machine",
            text: "Somebody must listen when the run begins (else status 73). A connection that breaks ends the run \
                   with 74. With a checkpoint rows come at least once, as on standard output.",
            examples: &[Example {
                title: "Nobody listens",
                session: "$ echo a | dstream filter true --output tcp:127.0.0.1:1\ndstream: cannot connect to tcp:127.0.0.1:1: nobody listens there\n? 73\n",
            }],
        },
    },
];
