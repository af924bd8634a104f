//! Where the stream goes: standard output, files. Sees the final bytes, already in order.

mod file;
mod null;
mod stdout;

pub use file::FileSink;
pub use null::Null;
pub use stdout::Stdout;

use crate::data::doc::{Doc, Example};

pub trait Sink: Send {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()>;
    /// The run is over and all is written: the output becomes what it is to be.
    fn finish(&mut self) -> std::io::Result<()>;
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
