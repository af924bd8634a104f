//! Where the stream goes: standard output, files. Sees the final bytes, already in order.

mod file;
mod null;
mod stdout;

pub use file::{FileSink, Mode, publish};
pub use null::Null;
pub use stdout::Stdout;

use crate::data::doc::{Doc, Example};
use crate::data::sum::Sum;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;

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

    /// Opens its files again by name: they were moved away.
    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file of an output, with what has to be on the disk before a checkpoint may name it.
pub struct Mark {
    pub written: Written,
    pub file: File,
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
                   renamed at the end. Of live input it starts empty and grows. With `--append` the rows are added \
                   to what is in the file.",
            examples: &[Example {
                title: "Into a file",
                session: "$ printf 'a\\nb\\na\\n' | dstream count-by-key --output counts.tsv; cat counts.tsv\na\t2\nb\t1\n",
            }],
        },
    },
];
