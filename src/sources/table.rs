//! The table of sources, for the documents and for words of unknown kinds. Opens nothing. Invariant: each scheme that
//! is understood has a row.

use crate::data::doc::{Doc, Example};

/// A row of the table of sources.
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
            text: "A file that cannot be opened is told, the others are read, and the run ends with status 66. With `-F` each file is a source of its own (with `--once` as well, all are one, in their order), and followed by name through rotation, like `tail -F`: the old file is read until nothing more comes, then the new one; what was copied and cut off is read on in the copy. With a checkpoint a file is known again by its inode and by checksums of its first bytes and of those before its place; one that was rotated since is looked for beside it (`NAME.1`, `NAME.0`, `NAME-DATE`, each also `.gz`, `.zst`) and finished first.",
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
        word: "dir:PATH",
        scheme: Some("dir"),
        doc: Doc {
            summary: "Each file that appears in a directory, read once",
            text: "A file is complete when it is moved there or closed by its writer; where only looking works, when two looks find it unchanged. One that was read and is renamed there, or compressed or copied under a rotated name, is not read again. Those found at the start come oldest first. Names that begin with `.` or end in `.tmp` or `~` are passed over, `--glob` narrows further, directories in it are not entered. It ends with `--once` only.",
            examples: &[Example {
                title: "The first files of a directory",
                session: "$ mkdir in; printf 'a\\n' > in/1.log; printf 'b\\n' > in/2.csv; printf 'c\\n' > in/3.log; touch -d 2026-01-01T00:00:01 in/3.log; touch -d 2026-01-01T00:00:02 in/1.log; dstream head 2 dir:in --glob '*.log'\nc\na\n",
            }],
        },
    },
    Entry {
        word: "glob:PATTERN",
        scheme: Some("glob"),
        doc: Doc {
            summary: "The files that match a pattern; with `-F` also those that appear later",
            text: "The pattern is ours, so quote it: `*`, `?`, `[a-z]`, `[!a-z]`, `{one,two}`, and `**` for any number of directories; a leading dot must be written out. Without `-F` the files that match now are read in the order of their names. With `-F` each is followed as a source of its own, until its name is gone. Names that rotated files get may match too: with `-F`, `--once` or a checkpoint a file is read once, whatever it is called by then. It is known by its inode and by what was read of it; and under a rotated name (`NAME.1`, `NAME-DATE`, `NAME-DATE.EXT`, each also `.gz`, `.zst`) of one that is known in the same directory also as its copy or its compressed form, if it was made later and holds all that was read of that. Such a copy is passed over as long as it holds nothing else; under any other name (`cp a.log b.log`) it is a file like others.",
            examples: &[Example {
                title: "All logs below a directory",
                session: "$ mkdir -p logs/a; printf 'x\\n' > logs/1.log; printf 'y\\n' > logs/a/2.log; printf 'z\\n' > logs/3.txt; dstream map 'file=@file' select file 'glob:logs/**/*.log'\nlogs/1.log\nlogs/a/2.log\n",
            }],
        },
    },
    Entry {
        word: "tcp:HOST:PORT",
        scheme: Some("tcp"),
        doc: Doc {
            summary: "Connects and reads lines",
            text: "Ends when the other side closes. A source that is not there is status 69. With `-F` the connection is made again, after 0.1 s at first and ever more slowly up to 30 s; that it was lost, and that it is back, is told once.",
            examples: &[],
        },
    },
    Entry {
        word: "unix:PATH",
        scheme: Some("unix"),
        doc: Doc {
            summary: "Connects to a socket file and reads lines",
            text: "As `tcp:` does.",
            examples: &[],
        },
    },
    Entry {
        word: "tcp-listen:[ADDR:]PORT",
        scheme: Some("tcp-listen"),
        doc: Doc {
            summary: "Accepts any number of writers and reads their lines",
            text: "Listens on 127.0.0.1 and ::1; a public address must be written out. Lines of different writers are never mixed within a line. A silent connection stays open, unless `--idle-close` is given; 1,000 may be open at a time. It never ends by itself.",
            examples: &[],
        },
    },
    Entry {
        word: "udp-listen:[ADDR:]PORT",
        scheme: Some("udp-listen"),
        doc: Doc {
            summary: "Reads datagrams, each one line or several",
            text: "Listens on 127.0.0.1 and ::1; a public address must be written out. A datagram that ends without a line end gets one. What the system dropped because it came faster than it was read is told at the end.",
            examples: &[],
        },
    },
    Entry {
        word: "unix-listen:PATH",
        scheme: Some("unix-listen"),
        doc: Doc {
            summary: "Accepts writers on a socket file and reads their lines",
            text: "The file is for its owner only (mode 0600), and goes when the run ends. One that was left over is replaced, unless somebody answers on it.",
            examples: &[],
        },
    },
    Entry {
        word: "rate:N",
        scheme: Some("rate"),
        doc: Doc {
            summary: "N rows a second, for trials: the time and a number from 0",
            text: "Times are evenly spread and exact, however the rows come. With `-i tsv`, `csv`, `json` and `logfmt` the fields are called `timestamp` and `value`; else they are `$1` and `$2`.",
            examples: &[
                Example {
                    title: "Two fields",
                    session: "$ dstream filter '$2 % 3 == 0' map 'n=$2' select n head 2 rate:1000\n0\n3\n",
                },
                Example {
                    title: "With names",
                    session: "$ dstream -i tsv select value head 3 rate:1000\n0\n1\n2\n",
                },
            ],
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_understood() {
        for entry in SOURCES {
            let Some(scheme) = entry.scheme else { continue };
            let rest = if scheme == "rate" { "1" } else { "h:1" };
            let word = format!("{scheme}:{rest}");
            let parsed = crate::sources::parse(&word).expect("a word of a kind that has a row");
            assert_eq!(parsed.name(), word);
        }
    }
}
