//! The program's options: one table, from which the command line is read and help, man page and completion
//! are made. An option that this version does not carry out is refused by name, never ignored. Every row's
//! `set` leaves a value that cannot be wrong, or says why.

use super::units;
use crate::data::doc::{Doc, Example};
use crate::data::process::{Limits, OnFull};
use crate::engine::{LINE_MAX, Limit, OnBad};
use crate::error::Usage;
use crate::formats::begins::Begins;
use crate::plan::grouped::{Lateness, OutputMode, Triggers};
use crate::plan::grouping::Panes;
use crate::sources::NamePattern;
use std::path::PathBuf;
use std::sync::Arc;

/// A row of the table of options.
pub struct Opt {
    /// Without the dashes.
    pub long: &'static str,
    pub short: Option<char>,
    pub takes: Takes,
    pub value: What,
    /// As the tables print it; empty: none.
    pub default: &'static str,
    pub section: Section,
    pub doc: Doc,
    /// May be given more than once.
    pub repeated: bool,
    /// For tests; not in the help.
    pub hidden: bool,
    pub set: fn(&mut Options, &str) -> Result<(), Usage>,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    /// The placeholder.
    Value(&'static str),
    /// A value only behind `=`, one of these words.
    Maybe(&'static [&'static str]),
}

/// What an option's value is, for completion.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum What {
    Plain,
    File,
    ReadFormat,
    WriteFormat,
    Field,
    OneOf(&'static [&'static str]),
}

/// Chapters of the option list, in order.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    Reading,
    Time,
    Batches,
    Writing,
    Running,
    State,
    Reports,
    Help,
}

impl Section {
    pub const ALL: [Section; 8] = [
        Section::Reading,
        Section::Time,
        Section::Batches,
        Section::Writing,
        Section::Running,
        Section::State,
        Section::Reports,
        Section::Help,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Section::Reading => "Reading",
            Section::Time => "Time",
            Section::Batches => "Batches and triggers",
            Section::Writing => "Writing",
            Section::Running => "Running",
            Section::State => "State and checkpoint",
            Section::Reports => "Errors and reports",
            Section::Help => "Help",
        }
    }
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Stats {
    Words,
    Json,
}

/// `--live`
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Explain {
    Words,
    Plan,
    Json,
    /// As a query of another engine.
    SparkSql,
    FlinkSql,
    /// Reads the input and says how late records are.
    Disorder,
}

/// What the options come to.
#[derive(Clone, Debug)]
pub struct Options {
    pub input_format: Option<String>,
    pub delimiter: Option<u8>,
    pub no_header: bool,
    pub multiline: Option<Arc<Begins>>,
    pub from: Vec<String>,
    pub max_line: usize,
    /// `FIELD[:FORMAT]` or `arrival`.
    pub time: Option<String>,
    pub time_regex: Option<String>,
    pub tz: Option<String>,
    /// ns
    pub watermark: Option<i64>,
    pub watermark_auto: bool,
    /// ns
    pub idle: Option<i64>,
    pub max_ahead: Option<i64>,
    /// `FIELD[:FORMAT]`
    pub clock: Option<String>,
    /// ns
    pub batch: Option<i64>,
    pub batch_lines: Option<u64>,
    pub batch_on: Option<regex::bytes::Regex>,
    pub mark_batches: bool,
    pub merge_sorted: bool,
    /// `-F`
    pub follow: bool,
    pub skip_to_end: bool,
    pub max_ratio: Option<u64>,
    /// Of `dir:`
    pub glob: Option<String>,
    /// Records a second.
    pub max_rate: Option<f64>,
    /// ns
    pub idle_close: Option<i64>,
    pub since: Option<String>,
    pub until: Option<String>,
    pub output_format: Option<String>,
    pub output: Option<String>,
    pub max_open: Option<usize>,
    pub append: bool,
    pub header: bool,
    pub digits: Option<u8>,
    pub bar: Option<String>,
    pub spark: Option<String>,
    pub live: When,
    pub metrics_file: Option<PathBuf>,
    pub quiet: bool,
    pub exit_status: bool,
    pub threads: Option<usize>,
    pub expressions: Vec<PathBuf>,
    /// ns
    pub for_ns: Option<i64>,
    pub exact: bool,
    pub triggers: Triggers,
    /// `--max-keys` and `--on-full`.
    pub limits: Limits,
    /// A failed conversion makes the record a bad one.
    pub strict: bool,
    pub on_bad: OnBad,
    pub bad_file: Option<PathBuf>,
    pub max_bad: Option<Limit>,
    pub max_late: Option<Limit>,
    /// `--late FILE`
    pub late_file: Option<PathBuf>,
    /// Bytes.
    pub max_state: Option<usize>,
    /// `--on-full`, where it was given: whether state is set aside on the disk.
    pub spill: Option<bool>,
    pub tmp: Option<PathBuf>,
    pub keep: Keep,
    pub stats: Option<Stats>,
    pub explain: Option<Explain>,
    /// The user's own files are not read.
    pub no_config: bool,
    pub block_size: Option<usize>,
    pub epoch: Option<u64>,
}

/// What is kept between runs.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    pub checkpoint: Option<PathBuf>,
    /// Between commits, ns.
    pub every: Option<i64>,
    pub reset: bool,
    pub adopt: bool,
    pub discard: Vec<String>,
    pub show: Option<Stats>,
    /// ns
    pub wait: Option<i64>,
    /// `--durability process`
    pub process: bool,
    pub once: bool,
    pub flush: bool,
    /// `--final`
    pub last: bool,
    pub wal: Option<PathBuf>,
    /// ns
    pub wal_sync: Option<i64>,
    /// Bytes.
    pub max_wal: Option<usize>,
}

impl Options {
    /// Whether state that is larger than it may be goes to the disk; `ends`: the input does, of itself.
    pub fn spills(&self, ends: bool) -> bool {
        self.spill.unwrap_or(ends || self.keep.once)
    }

    fn new() -> Options {
        Options {
            input_format: None,
            delimiter: None,
            no_header: false,
            multiline: None,
            from: Vec::new(),
            max_line: LINE_MAX,
            time: None,
            time_regex: None,
            tz: None,
            watermark: None,
            watermark_auto: false,
            idle: None,
            max_ahead: None,
            clock: None,
            batch: None,
            batch_lines: None,
            batch_on: None,
            mark_batches: false,
            merge_sorted: false,
            follow: false,
            skip_to_end: false,
            max_ratio: None,
            glob: None,
            max_rate: None,
            idle_close: None,
            since: None,
            until: None,
            output_format: None,
            output: None,
            max_open: None,
            append: false,
            header: false,
            digits: None,
            bar: None,
            spark: None,
            live: When::Auto,
            metrics_file: None,
            quiet: false,
            exit_status: false,
            threads: None,
            expressions: Vec::new(),
            for_ns: None,
            exact: false,
            triggers: Triggers::default(),
            limits: Limits::default(),
            strict: false,
            on_bad: OnBad::Warn,
            bad_file: None,
            max_bad: None,
            max_late: None,
            late_file: None,
            max_state: None,
            spill: None,
            tmp: None,
            keep: Keep::default(),
            stats: None,
            explain: None,
            no_config: false,
            block_size: None,
            epoch: None,
        }
    }

    /// Reads the options of a command line in order.
    pub fn read(given: &[(&'static Opt, String)]) -> Result<Options, Usage> {
        let mut options = Options::new();
        for (option, value) in given {
            (option.set)(&mut options, value).map_err(|mut usage| {
                usage.message = format!("--{}: {}", option.long, usage.message);
                usage
            })?;
        }
        Ok(options)
    }
}

const fn doc(summary: &'static str, text: &'static str) -> Doc {
    Doc {
        summary,
        text,
        examples: &[],
    }
}

/// An option without a value, from which rows are made by `..`.
const PLAIN: Opt = Opt {
    long: "",
    short: None,
    takes: Takes::Nothing,
    value: What::Plain,
    default: "",
    section: Section::Help,
    doc: doc("", ""),
    repeated: false,
    hidden: false,
    set: |_, _| Ok(()),
};

fn one_of<T: Copy>(value: &str, words: &[(&str, T)]) -> Result<T, Usage> {
    match words.iter().find(|(word, _)| *word == value) {
        Some((_, meaning)) => Ok(*meaning),
        None => {
            let known: Vec<&str> = words
                .iter()
                .map(|(word, _)| if word.is_empty() { "(nothing)" } else { word })
                .collect();
            Err(Usage::new(format!(
                "'{value}' is none of {}",
                known.join(", ")
            )))
        }
    }
}

pub(super) fn delimiter(value: &str) -> Result<u8, Usage> {
    match value {
        "\\t" => Ok(b'\t'),
        "\\0" => Ok(0),
        _ => match value.as_bytes() {
            [b'\n' | b'\r' | b'"'] => Err(Usage::new("a line end or a quote cannot part fields")),
            [byte] => Ok(*byte),
            _ => Err(Usage::new(format!(
                "'{value}' is not one byte; write \\t for a tab"
            ))),
        },
    }
}

fn whole(value: &str, least: u64) -> Result<u64, Usage> {
    match value.parse::<u64>() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(Usage::new(format!(
            "'{value}' is not a whole number from {least}"
        ))),
    }
}

fn above_zero(value: &str) -> Result<i64, Usage> {
    match units::duration(value)? {
        0 => Err(Usage::new(format!("'{value}' is no time at all"))),
        ns => Ok(ns),
    }
}

/// All options, in the order of the list.
pub const OPTIONS: &[Opt] = &[
    Opt {
        long: "input-format",
        short: Some('i'),
        takes: Takes::Value("FORMAT"),
        value: What::ReadFormat,
        default: "text",
        section: Section::Reading,
        doc: Doc {
            summary: "how records are read",
            text: "The formats are listed by `dstream help formats`. A name that is none of them is looked for in \
                   `formats.toml`, the file of your own formats (dstream-formats(5)).",
            examples: &[Example {
                title: "A format of your own",
                session: "$ mkdir dstream; printf '[shop]\\nformat = \"csv\"\\ndelimiter = \";\"\\n' > dstream/formats.toml; printf 'a;b\\n1;2\\n' | XDG_CONFIG_HOME=$PWD dstream -i shop select b\n2\n",
            }],
        },
        set: |options, value| {
            options.input_format = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "delimiter",
        short: Some('d'),
        takes: Takes::Value("C"),
        default: "blanks; , for csv",
        section: Section::Reading,
        doc: doc("what parts fields, one byte", "`\\t` is a tab."),
        set: |options, value| {
            options.delimiter = Some(delimiter(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "no-header",
        section: Section::Reading,
        doc: doc("csv, tsv input: no header line, fields are $1, $2, …", ""),
        set: |options, _| {
            options.no_header = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "multiline",
        takes: Takes::Value("RULE"),
        section: Section::Reading,
        doc: Doc {
            summary: "several lines are one record: indent, time or a regex that first lines match",
            text: "`indent`: lines that begin with a blank continue the record before them. `time`: a record begins with a \
                   line that begins with a time, in the spellings that `--time` knows by their shape (a number: of ten \
                   digits or more), perhaps behind `<pri>`, a bracket or a quote. Else a regex: a record begins with a \
                   line that matches. What comes first in an input begins a record in any case, and none goes over the \
                   end of one.\n\n`$0` is the lines, joined by line feeds; blanks and line ends part fields of text; in a \
                   regex `.` is no line feed, but `(?s)` makes it one. `@line` is the first line, `--max-line` limits the \
                   record. For text, lines, `regex:`, `grok:` and syslog.\n\nA record is over when the next one begins or its input ends. Of a \
                   live source it is also over when nothing has come for `--idle` (10s): what should come then is a record of its own. With \
                   `--once` the last record of a file waits for the run after; `--final` takes it.",
            examples: &[
                Example {
                    title: "Stack traces",
                    session: "$ printf 'ERROR a\\n  at x\\nINFO b\\nERROR c\\n  at y\\n  at z\\n' | dstream --multiline indent filter '/ERROR/ and /at y/'\nERROR c\n  at y\n  at z\n",
                },
                Example {
                    title: "Records that begin with a time",
                    session: "$ printf '2024-01-02 10:00:00 a\\nmore\\n2024-01-02 10:00:05 b\\n' | dstream --multiline time select '@line,$3,$NF' -o tsv\n1\ta\tmore\n3\tb\tb\n",
                },
            ],
        },
        set: |options, value| {
            options.multiline = Some(Arc::new(Begins::parse(value)?));
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "from",
        takes: Takes::Value("SOURCE"),
        value: What::File,
        section: Section::Reading,
        doc: doc(
            "a source, as if it stood at the end",
            "Scripts do well to name their sources so: no operator of a later version can be mistaken for one.",
        ),
        repeated: true,
        set: |options, value| {
            options.from.push(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "follow",
        short: Some('F'),
        section: Section::Reading,
        doc: doc(
            "go on at the end of files, by name through rotation",
            "Each file is a source of its own, read from its start and then as it grows, like `tail -F`: through              rename, truncation in place, deletion and a new file of the same name. One that is not there yet is              waited for. A last line without its end waits for the rest. With `--once` files are one source together, in their order, as without `-F`. Connections that are lost are made again.",
        ),
        set: |options, _| {
            options.follow = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "skip-to-end",
        section: Section::Reading,
        doc: doc(
            "begin at the present end of each source",
            "Also of a line that is being written. Of sources whose place a checkpoint keeps, that place counts. Lines are counted from where it began.",
        ),
        set: |options, _| {
            options.skip_to_end = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "glob",
        takes: Takes::Value("PATTERN"),
        default: "*",
        section: Section::Reading,
        doc: doc("names that dir: takes", "As `glob:` has them."),
        set: |options, value| {
            NamePattern::parse(value).map_err(Usage::new)?;
            options.glob = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "merge-sorted",
        section: Section::Reading,
        doc: doc(
            "several sources as one, in order of event time; each must be sorted",
            "Records of one time come in the order of their sources' names. A record older than one before it in its source is late.",
        ),
        set: |options, _| {
            options.merge_sorted = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "max-rate",
        takes: Takes::Value("N/s"),
        default: "none",
        section: Section::Reading,
        doc: doc(
            "records a second from each source",
            "They are passed on evenly, never more than those of a twentieth of a second at once. Lines are counted.",
        ),
        set: |options, value| {
            options.max_rate = Some(units::rate(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "max-line",
        takes: Takes::Value("SIZE"),
        default: "16MiB",
        section: Section::Reading,
        doc: doc("a longer line is a bad record", ""),
        set: |options, value| {
            let size = units::size(value)?;
            if size == 0 || size > 1 << 30 {
                return Err(Usage::new(format!("'{value}' is not from 1 byte to 1GiB")));
            }
            options.max_line = size;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "max-ratio",
        takes: Takes::Value("N"),
        default: "200",
        section: Section::Reading,
        doc: doc(
            "compressed input over 1 GiB that grows more than N-fold is refused",
            "",
        ),
        set: |options, value| {
            options.max_ratio = Some(whole(value, 1)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "idle-close",
        takes: Takes::Value("D"),
        default: "never",
        section: Section::Reading,
        doc: doc(
            "listeners: close a connection that has sent nothing for so long",
            "What it sent counts, also a last line without its end.",
        ),
        set: |options, value| {
            options.idle_close = Some(above_zero(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "time",
        takes: Takes::Value("FIELD[:FORMAT]"),
        value: What::Field,
        default: "the format's own, else arrival",
        section: Section::Time,
        doc: doc(
            "the field that holds event time; or the word arrival",
            "The usual spellings are known by their shape. FORMAT is a `strptime` text, or `s`, `ms`, `us`, `ns`: what a number counts. `arrival` asks for the clock. Times from 1700 to 2239 can be event time; a record with another is a bad one.",
        ),
        set: |options, value| {
            if value.is_empty() {
                return Err(Usage::new("the name of a field is missing"));
            }
            options.time = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "time-regex",
        takes: Takes::Value("RE"),
        section: Section::Time,
        doc: doc("event time is RE's first group in the line", ""),
        set: |options, value| {
            options.time_regex = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "tz",
        takes: Takes::Value("ZONE"),
        default: "$TZ",
        section: Section::Time,
        doc: doc(
            "zone of stamps without offset, of printed times, of calendar windows",
            "A name such as `Europe/Berlin`, `UTC`, or an offset such as `+02:00`. Without it `$TZ` counts, then the machine's own zone.",
        ),
        set: |options, value| {
            options.tz = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "watermark",
        takes: Takes::Value("D"),
        default: "5s live; finished files: the end of input",
        section: Section::Time,
        doc: doc(
            "how far out of order records may come; or the word auto",
            "The watermark is the largest event time seen minus D. A window closes when the watermark reaches its end; a record whose window has closed is late, dropped and counted. Of plain files windows close at the end of the input, so nothing is late. `auto` begins with 5s and renews D at each 10,000th record of a source: so long that 99.9 % of the records so far were in time. `--explain=disorder` says which D would have done.",
        ),
        set: |options, value| {
            options.watermark_auto = value == "auto";
            options.watermark = match options.watermark_auto {
                true => None,
                false => Some(units::duration(value)?),
            };
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "idle",
        takes: Takes::Value("D"),
        default: "10s",
        section: Section::Time,
        doc: doc(
            "a live source silent for so long holds the watermark no more",
            "Of several sources the slowest that is awake rules. When all are silent, the watermark goes on with the clock from where the furthest stood, so the last window of a quiet stream is printed by itself. What a source says after its silence is late where its windows were closed meanwhile.",
        ),
        set: |options, value| {
            options.idle = Some(units::duration(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "max-ahead",
        takes: Takes::Value("D"),
        default: "1h",
        section: Section::Time,
        doc: doc(
            "live: a stamp further ahead of the clock counts, but does not move the watermark",
            "So that one wrong clock does not close everybody's windows.",
        ),
        set: |options, value| {
            options.max_ahead = Some(units::duration(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "allowed-lateness",
        takes: Takes::Value("D"),
        default: "0s",
        section: Section::Time,
        doc: doc(
            "how long a window that was printed still counts records",
            "A record that comes when its window has been printed, but the watermark is not yet D behind the window's end, is counted, and the window is printed again (`--late-every`). So is what follows its aggregate in the same window, where that is rankings (`top`, `sort-by`), `distinct` and further aggregates, as many as there are: a row that is corrected is taken back from each and the new one added, and the last is printed, a ranking whole, of groups those that change (those that nothing is left of as aggregates of nothing). Where other state follows, or a window of its own, rows wait until no late record counts any more. So do records that leave their window (`sort-by`, `top`, `foreach-batch`, …) and the pairs and groups of `join` and `cogroup`: what was printed of them could not be taken back.",
        ),
        set: |options, value| {
            options.triggers.lateness = match units::duration(value)? {
                0 => Lateness::None,
                ns => Lateness::Fixed(ns),
            };
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "late",
        takes: Takes::Value("drop|update|FILE"),
        value: What::File,
        default: "drop",
        section: Section::Time,
        doc: doc(
            "what becomes of late records",
            "`drop`: they are counted and told. `update`: an allowed lateness of one window's size, of a session's gap; `--allowed-lateness` says another. A file gets their lines as they came, with the header of csv and tsv in front, so that they can be read again; `./drop` is a file.",
        ),
        set: |options, value| {
            match value {
                "drop" => {}
                "update" if options.triggers.lateness == Lateness::None => {
                    options.triggers.lateness = Lateness::Own;
                }
                "update" => {}
                file => options.late_file = Some(file.into()),
            }
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "late-every",
        takes: Takes::Value("N"),
        default: "1",
        section: Section::Time,
        doc: doc(
            "print a window again at each Nth late record; 0: never",
            "Of the records that the allowed lateness lets in. With 0 they only count for what is printed for another reason.",
        ),
        set: |options, value| {
            options.triggers.late_every = Some(whole(value, 0)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "every",
        takes: Takes::Value("D"),
        section: Section::Time,
        doc: doc(
            "print open windows at multiples of D of the clock",
            "Rows that come before their window closes; those of windows with something new. Without a window: the running result. A ranking is printed whole. The row at the close comes all the same. By a clock that the data tell (`--clock`, `--batch-lines`, `--batch-on`) D passes between two records, so that the answer is the same whenever they are read.",
        ),
        set: |options, value| {
            options.triggers.every = Some(above_zero(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "every-delay",
        takes: Takes::Value("D"),
        section: Section::Time,
        doc: doc(
            "print a window D after something new came to it, by the clock",
            "",
        ),
        set: |options, value| {
            options.triggers.every_delay = Some(above_zero(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "every-records",
        takes: Takes::Value("N"),
        section: Section::Time,
        doc: doc(
            "print a window of a key at each N records that came to it",
            "Rankings, `distinct` and further aggregates behind it are printed over all that is counted so far. With `--output-mode update --every-records 1`: a row for each change.",
        ),
        set: |options, value| {
            options.triggers.every_records = Some(whole(value, 1)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "panes",
        takes: Takes::Value("accumulate|discard|retract"),
        value: What::OneOf(&["accumulate", "discard", "retract"]),
        default: "accumulate",
        section: Section::Time,
        doc: doc(
            "what the second and later rows of a window hold",
            "`accumulate`: the whole window. `discard`: only what is new. `retract`: the whole, and before it the row that it replaces, marked: `\"retract\":true` in json, a first column `-` (else `+`) in tsv and csv. They are those of the last operator with state: of a ranking and of `distinct`, rows that were not there are what is new; of an aggregate behind another one, counts and sums alone have what is new.",
        ),
        set: |options, value| {
            options.triggers.panes = one_of(
                value,
                &[
                    ("accumulate", Panes::Accumulate),
                    ("discard", Panes::Discard),
                    ("retract", Panes::Retract),
                ],
            )?;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "pane-columns",
        section: Section::Time,
        doc: doc(
            "add pane_kind (early, on_time, late) and pane (0, 1, …)",
            "Behind the aggregates of the last aggregate, or of the ranking behind it. Later operators may ask for them: `filter 'pane_kind==\"late\"'`.",
        ),
        set: |options, _| {
            options.triggers.pane_columns = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "output-mode",
        takes: Takes::Value("append|update|complete"),
        value: What::OneOf(&["append", "update", "complete"]),
        default: "append; update with --every…",
        section: Section::Time,
        doc: doc(
            "which rows are printed, and when",
            "`append`: a window once, when it is final. `update`: what has changed, at each trigger. `complete`: all rows at each trigger; then nothing is freed and nothing late.",
        ),
        set: |options, value| {
            options.triggers.output_mode = Some(one_of(
                value,
                &[
                    ("append", OutputMode::Append),
                    ("update", OutputMode::Update),
                    ("complete", OutputMode::Complete),
                ],
            )?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "since",
        takes: Takes::Value("TIME"),
        section: Section::Time,
        doc: doc(
            "only event times from TIME on",
            "TIME is RFC 3339 (`2026-11-20T10:00:00Z`, or without an offset in the zone of `--tz`), a date, `today`, `yesterday`, or how long ago (`-2h`).",
        ),
        set: |options, value| {
            options.since = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "until",
        takes: Takes::Value("TIME"),
        section: Section::Time,
        doc: doc("only event times before TIME", ""),
        set: |options, value| {
            options.until = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "clock",
        takes: Takes::Value("FIELD[:FORMAT]"),
        value: What::Field,
        default: "the machine's",
        section: Section::Time,
        doc: doc(
            "arrival time taken from the data, so that a run replays",
            "Whatever goes by arrival, windows, batches, time-outs, `--every` and `--ttl`, goes by this field: the clock is the largest value seen, and stands still without data. What it lets out comes before the record that shows it, once however far it has gone.",
        ),
        set: |options, value| {
            options.clock = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "batch",
        takes: Takes::Value("D"),
        section: Section::Batches,
        doc: doc(
            "batches of D by arrival: what has no window works batch by batch",
            "The model of Spark Streaming. Batches end at multiples of D since 1970, and all records of one have its end as their time. Counts, rankings, sorting, `distinct` and joins without a window are made anew for each; a window by arrival takes whole batches, and ends with one. `count` without a key prints 0 for an empty batch.",
        ),
        set: |options, value| {
            options.batch = Some(above_zero(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "batch-lines",
        takes: Takes::Value("N"),
        section: Section::Batches,
        doc: doc(
            "a batch is N records",
            "Its clock begins at zero and moves by `--batch` (1s) a batch, so that a file gives the same batches each time.",
        ),
        set: |options, value| {
            options.batch_lines = Some(whole(value, 1)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "batch-on",
        takes: Takes::Value("RE"),
        section: Section::Batches,
        doc: doc(
            "a line that matches ends a batch, and is no data",
            "Its clock begins at zero and moves by `--batch` (1s) a batch. What `--mark-batches` wrote is read with `--batch-on '^--'`.",
        ),
        set: |options, value| {
            let regex =
                regex::bytes::Regex::new(value).map_err(|error| Usage::new(error.to_string()))?;
            options.batch_on = Some(regex);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "mark-batches",
        section: Section::Batches,
        doc: doc(
            "a line `-- N` behind each batch",
            "Behind an empty one too, whatever the format: the next dstream finds the same batches with `--batch-on '^--'`. \
             With --checkpoint and without batches: behind each commit, on standard output, and again where a run goes on \
             from it. What comes again is dropped by who keeps rows until their mark, and takes them if its number is new.",
        ),
        set: |options, _| {
            options.mark_batches = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "output-format",
        short: Some('o'),
        takes: Takes::Value("FORMAT"),
        value: What::WriteFormat,
        default: "lines that pass unchanged; else table on a terminal, tsv",
        section: Section::Writing,
        doc: doc(
            "how records are written",
            "Without it a chain that changes no record passes the original lines byte for byte. Otherwise a terminal gets a table, anything else tab-separated values without a header. Records of json and logfmt go whole into `json`, `lines` and their own format; every other one has columns, those of the first record, and rows with fields beyond them are counted and told: `select` says which columns there are.",
        ),
        set: |options, value| {
            options.output_format = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "output",
        takes: Takes::Value("FILE"),
        value: What::File,
        default: "stdout",
        section: Section::Writing,
        doc: doc(
            "where the stream goes: a file, many files, a socket",
            "Of input that ends a file is written under a temporary name and renamed at the end; of live input it grows. Without `-o` the ending of the name (`.csv`, `.tsv`, `.json`, `.ndjson`) decides the format. `'hits-%Y%m%dT%H%M.csv'`, with the directives of strftime(3), is a file for each window, named by its start, for each batch, by its end, or for each `--every`, by that time; it has its name when it is complete. `'by/{host}.log'` is a file for each value of a field, in which `/`, a leading dot and control characters are percent-encoded. Missing directories are made; `%%`, `{{` and `}}` are the letters themselves. `tcp:HOST:PORT` and `unix:PATH` are stream sockets. With `--output-mode complete` the file always has the last whole answer. HUP has files opened again by name, as logrotate wants it.",
        ),
        set: |options, value| {
            if value.is_empty() {
                return Err(Usage::new("the name of a file is missing"));
            }
            options.output = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "max-open",
        takes: Takes::Value("N"),
        default: "256",
        section: Section::Writing,
        doc: doc(
            "files of an output that are open at a time",
            "Of a pattern with many files; those that were not written to for longest are closed, and opened again when rows come.",
        ),
        set: |options, value| {
            options.max_open = Some(whole(value, 1)? as usize);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "append",
        section: Section::Writing,
        doc: doc(
            "add to what is in the file",
            "A header goes into an empty one only, and a file that begins with another header is refused. Of a pattern: to each file that is there already.",
        ),
        set: |options, _| {
            options.append = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "header",
        short: Some('H'),
        section: Section::Writing,
        doc: doc("a header line for tsv", ""),
        set: |options, _| {
            options.header = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "digits",
        takes: Takes::Value("N"),
        default: "all; 6 in tables",
        section: Section::Writing,
        doc: doc("digits of floats behind the point", ""),
        set: |options, value| match value.parse::<u8>() {
            Ok(digits) if digits <= 17 => {
                options.digits = Some(digits);
                Ok(())
            }
            _ => Err(Usage::new(format!(
                "'{value}' is not a number from 0 to 17"
            ))),
        },
        ..PLAIN
    },
    Opt {
        long: "live",
        takes: Takes::Value("WHEN"),
        value: What::OneOf(&["auto", "always", "never"]),
        default: "auto",
        section: Section::Writing,
        doc: doc(
            "what is open, below the rows of a terminal: auto, always, never",
            "Rows that are final scroll and stay; below them, dim, stand those of windows that are still open, painted \
             again at most four times a second, and a line on how the run is: records, records a second, bad and late \
             ones, how far the watermark is behind the clock. `auto`: where standard output is a terminal, the input \
             does not end by itself, and something of the chain is open. `q` ends the run as `--for` does, Ctrl-C as \
             ever; what is left on the terminal are the rows. There is no view with `TERM=dumb`, with `--output`, or \
             where the input is typed on the terminal; above 200,000 keys or 32 MiB of state it has no rows. Colours \
             go by role: `bad`, `bar`, `header`, `late`, `open`, `rule`, `spark` and `status` are each set by \
             `ROLE = red`, `green`, `yellow`, `blue`, `magenta` or `cyan`, with `bold`, `dim` or `plain`, in the user's \
             file `colors` (a line each) or in `$DSTREAM_COLORS` (`bar=cyan:rule=dim`). `$NO_COLOR` takes them away, \
             `$CLICOLOR_FORCE` has them also where output is no terminal.",
        ),
        set: |options, value| {
            let words = [
                ("auto", When::Auto),
                ("always", When::Always),
                ("never", When::Never),
            ];
            options.live = one_of(value, &words)?;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "bar",
        takes: Takes::Value("FIELD"),
        value: What::Field,
        section: Section::Writing,
        doc: Doc {
            summary: "a bar beside a column of the table",
            text: "As long as the value is of the largest one in its window, or of the largest so far; of more than 1,000 rows the first decide. It is drawn to an eighth of a column, or with `#` where the locale is not UTF-8. For `-o table`, which a terminal gets.",
            examples: &[
                Example {
                    title: "How the counts compare",
                    session: "$ printf 'a\\nb\\na\\na\\n' | dstream count-by '$1' --bar count -o table\n$1  count\na       3  ██████████\nb       1  ███▍\n",
                },
                Example {
                    title: "Other formats have no place for it",
                    session: "$ printf 'a\\n' | dstream count-by '$1' --bar count -o csv\ndstream: --bar: it draws in a table, and the output is csv; give -o table\n    dstream count-by '$1' --bar count -o csv\n                          ^^^^^\n? 2\n",
                },
            ],
        },
        set: |options, value| {
            options.bar = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "spark",
        takes: Takes::Value("FIELD"),
        value: What::Field,
        section: Section::Writing,
        doc: Doc {
            summary: "a sparkline of a column's last 32 windows, by key",
            text: "Heights begin at 0; a window in which the key has no row is a gap. ASCII where the locale is not UTF-8. For `-o table`, which a terminal gets.",
            examples: &[Example {
                title: "How a count went",
                session: "$ printf '0 a\\n1 a\\n10 a\\n10 b\\n31 b\\n32 a\\n' | dstream --time '$1:s' window 10s count-by '$2' --spark count -o table\nwindow_start          $2  count\n1970-01-01T00:00:00Z  a       2  █\n1970-01-01T00:00:10Z  a       1  █▅\n1970-01-01T00:00:10Z  b       1   █\n1970-01-01T00:00:30Z  a       1  █▅▅\n1970-01-01T00:00:30Z  b       1   ██\n",
            }],
        },
        set: |options, value| {
            options.spark = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "quiet",
        short: Some('q'),
        section: Section::Writing,
        doc: doc("write no record, stop at the first that would be", ""),
        set: |options, _| {
            options.quiet = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "exit-status",
        short: Some('e'),
        section: Section::Writing,
        doc: doc("status 1 if no record was, or would be, written", ""),
        set: |options, _| {
            options.exit_status = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "threads",
        short: Some('j'),
        takes: Takes::Value("N"),
        default: "all cores",
        section: Section::Running,
        doc: doc("workers", "The result does not depend on it."),
        set: |options, value| {
            match whole(value, 1)? {
                threads @ 1..=1024 => options.threads = usize::try_from(threads).ok(),
                _ => return Err(Usage::new(format!("'{value}' is not from 1 to 1024"))),
            }
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "chain",
        short: Some('f'),
        takes: Takes::Value("FILE"),
        value: What::File,
        section: Section::Running,
        doc: doc(
            "operators and options from a file",
            "Any number a line, with the quotes of a shell, `#` comments, and a `|` in front of a line for looks. What follows on the command line is appended. With `#!/usr/bin/env -S dstream -f` as its first line the file is a program.",
        ),
        repeated: true,
        // The splitter puts the file's words in the option's place.
        set: |_, _| Ok(()),
        ..PLAIN
    },
    Opt {
        long: "expressions",
        short: Some('x'),
        takes: Takes::Value("FILE"),
        value: What::File,
        section: Section::Running,
        doc: doc("functions for expressions, lines f(a,b) = expr", ""),
        repeated: true,
        set: |options, value| {
            options.expressions.push(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "for",
        takes: Takes::Value("D"),
        section: Section::Running,
        doc: doc(
            "end after D of wall time, as TERM does, but with status 0",
            "",
        ),
        set: |options, value| {
            options.for_ns = Some(units::duration(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "exact",
        section: Section::Running,
        doc: doc(
            "no sketches",
            "Percentiles of more than 4,096 values and `approx_distinct` of more than 4,096 different ones come \
             from sketches, within 1 % and with a standard error of 0.81 %. With `--exact` every value is \
             kept, in memory that grows with how many differ.",
        ),
        set: |options, _| {
            options.exact = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "once",
        section: Section::State,
        doc: Doc {
            summary: "read each source to its present end, keep the place, and end",
            text: "For cron. With `--checkpoint` the next run goes on from there: a last line without its line end waits for it, and windows that are open stay in the checkpoint and are printed by the run that closes them. So are totals of the whole input, unless `--output-mode complete` prints them at each end. Without a checkpoint everything is closed and printed.",
            examples: &[Example {
                title: "Each hour's status counts once, whatever the minute cron runs it",
                session: "$ printf 'a 1\\na 2\\n' > log; dstream --once --checkpoint ck --time '$2:s' --watermark 0s window 2s count log; printf 'a 3\\na 4\\n' >> log; dstream --once --checkpoint ck --time '$2:s' --watermark 0s window 2s count log\n1970-01-01T00:00:00Z\t1\n1970-01-01T00:00:02Z\t2\n",
            }],
        },
        set: |options, _| {
            options.keep.once = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "flush",
        section: Section::State,
        doc: Doc {
            summary: "with --once: print open windows and totals too, marked partial; they stay open",
            text: "Each row has a last column, `partial`: true where the window, or the total, goes on in the next run. The run that closes it prints it again, whole.",
            examples: &[Example {
                title: "What there is so far, and later the whole",
                session: "$ printf 'a 1\\na 2\\n' > log; dstream --once --flush --checkpoint ck --time '$2:s' --watermark 0s window 2s count log; printf 'a 3\\na 4\\n' >> log; dstream --once --flush --checkpoint ck --time '$2:s' --watermark 0s window 2s count log\n1970-01-01T00:00:00Z\t1\tfalse\n1970-01-01T00:00:02Z\t1\ttrue\n1970-01-01T00:00:02Z\t2\tfalse\n1970-01-01T00:00:04Z\t1\ttrue\n",
            }],
        },
        set: |options, _| {
            options.keep.flush = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "final",
        section: Section::State,
        doc: doc(
            "this run is the last: take the last line, close and print everything",
            "With `--checkpoint`: the job ends with it. A last line without a line end counts.",
        ),
        set: |options, _| {
            options.keep.last = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "checkpoint",
        takes: Takes::Value("FILE"),
        value: What::File,
        section: Section::State,
        doc: Doc {
            summary: "keep places and state in FILE, so that another run goes on",
            text: "A run that is stopped or killed goes on when the same command is given again: the input from where it was read, windows and totals from what they held, and what was written behind the last commit is cut off, so each line counts once. Written at once when the run begins, each `--checkpoint-every`, at a signal and at the end; beside it are FILE.1, the generation before, and FILE.lock. Files that are neither followed nor read with `--once` are a job that ends: begun again after its end it prints nothing. A chain that was changed is refused; free to change are output format, what follows the last operator with state, threads, watermark and limits. `dstream-checkpoint`(5) tells what is in it.",
            examples: &[Example {
                title: "Totals that go on",
                session: "$ printf 'a\\nb\\n' > log; dstream --once --checkpoint ck count-by-key log; printf 'a\\n' >> log; dstream --once --final --checkpoint ck count-by-key log\na\t2\nb\t1\n",
            }],
        },
        set: |options, value| {
            options.keep.checkpoint = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "checkpoint-every",
        takes: Takes::Value("D"),
        default: "1s",
        section: Section::State,
        doc: doc(
            "time between commits",
            "What is held while a commit is taken does not stop the stream for more than a tenth of the time: with large state commits are rarer than D.",
        ),
        set: |options, value| {
            options.keep.every = Some(above_zero(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "checkpoint-reset",
        section: Section::State,
        doc: doc("forget what the checkpoint holds and begin anew", ""),
        set: |options, _| {
            options.keep.reset = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "checkpoint-adopt",
        section: Section::State,
        doc: doc(
            "go on with other paths, or with a changed chain whose operators with state all fit",
            "An operator's state is found again by what the operator is and does. One that does not fit is named; `--discard-state` lets it start empty.",
        ),
        set: |options, _| {
            options.keep.adopt = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "discard-state",
        takes: Takes::Value("OPERATOR"),
        section: Section::State,
        repeated: true,
        doc: doc("with --checkpoint-adopt: this operator starts empty", ""),
        set: |options, value| {
            options.keep.discard.push(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "show",
        takes: Takes::Maybe(&["json"]),
        section: Section::State,
        doc: doc(
            "check the checkpoint and print what is in it",
            "In words: when it was written, its chain, the place in each file, the time, what each operator holds, the outputs. `json`: every entry, a line each.",
        ),
        set: |options, value| {
            options.keep.show = Some(one_of(value, &[("", Stats::Words), ("json", Stats::Json)])?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "wait",
        takes: Takes::Value("D"),
        default: "0s",
        section: Section::State,
        doc: doc(
            "how long to wait for a checkpoint that another run has in use",
            "After that the run ends with status 75.",
        ),
        set: |options, value| {
            options.keep.wait = Some(units::duration(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "durability",
        takes: Takes::Value("power|process"),
        value: What::OneOf(&["power", "process"]),
        default: "power",
        section: Section::State,
        doc: doc(
            "what a commit survives",
            "`power`: a power cut; output and checkpoint are synced to the disk. `process`: only that the process is killed, for less time on slow disks.",
        ),
        set: |options, value| {
            options.keep.process = one_of(value, &[("power", false), ("process", true)])?;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "wal",
        takes: Takes::Value("DIR"),
        value: What::File,
        section: Section::State,
        doc: doc(
            "log input that cannot be read again",
            "With `--checkpoint`: what pipes and sockets give is written down in DIR before it is worked on, and the run after one that was killed reads it again, so that nothing received is lost but what came since the last sync of the log. Files are read again themselves and are not logged.",
        ),
        set: |options, value| {
            options.keep.wal = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "wal-sync",
        takes: Takes::Value("D"),
        default: "10ms",
        section: Section::State,
        doc: doc(
            "time between syncs of that log",
            "What a power cut may cost; a kill costs nothing that was logged.",
        ),
        set: |options, value| {
            options.keep.wal_sync = Some(above_zero(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "max-wal",
        takes: Takes::Value("SIZE"),
        default: "1GiB",
        section: Section::State,
        doc: doc(
            "size of that log; when it is full a checkpoint is written, which shortens it",
            "",
        ),
        set: |options, value| {
            options.keep.max_wal = Some(units::size(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "max-state",
        takes: Takes::Value("SIZE"),
        default: "half of the memory",
        section: Section::State,
        doc: doc(
            "memory that all state may take; `--on-full` says what happens beyond it",
            "Of the machine's memory, or of that of its control group. It is looked at now and then, so a little more may be taken.",
        ),
        set: |options, value| {
            options.max_state = Some(units::size(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "max-keys",
        takes: Takes::Value("N"),
        section: Section::State,
        doc: doc(
            "keys that one operator with state may hold",
            "Of `scan`, `map-with-state`, `distinct`, `burst`, `anomaly` and their like; `--on-full` says what becomes of one more. Of an aggregate all keys in open windows together are bounded, in batches none; with `evict-oldest` what it had counted of a forgotten key is not printed, and a key that comes again begins anew. With `fail` and `evict-oldest` an aggregate takes its rows in one lane, and is another chain for a checkpoint. Where state spills to the disk, by default that of input that ends, it does so from so many keys on, and none is refused.",
        ),
        set: |options, value| {
            options.limits.keys = Some(whole(value, 1)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "on-full",
        takes: Takes::Value("fail|evict-oldest|spill"),
        value: What::OneOf(&["fail", "evict-oldest", "spill"]),
        default: "spill for files, else fail",
        section: Section::State,
        doc: Doc {
            summary: "what becomes of state beyond --max-keys and --max-state",
            text: "`fail`: the run ends with status 65. `evict-oldest`, with `--max-keys`: the key that was used longest ago, by time, is forgotten and counted; `distinct` forgets the one whose first record is the oldest, by time, and joins refuse it. `spill`: what is beyond lies on the disk, under `--tmp`, in files without a name; the answer is the same. Groups of an aggregate, over windows or the whole input, and rows that are sorted over the whole input, go there in sorted runs, and are merged when their window closes or at the end. All other state (`distinct`, sessions, joins, windows that slide, running totals, …), and all of a job with `--checkpoint`, has its memory in a file from then on, of which the system keeps in memory what is used most: that is as fast as memory while there is some to spare, and as slow as the disk where keys that come at random are many times what fits. A disk that is full ends the run with 74.",
            examples: &[Example {
                title: "More keys than memory may hold",
                session: "$ seq 1 3000 | sed 's/$/ x/' > keys; dstream --max-state 64KiB --on-full spill count-by '$1' keys | tail -1\n3000\t1\n",
            }],
        },
        set: |options, value| {
            let words = [
                ("fail", (OnFull::Fail, false)),
                ("evict-oldest", (OnFull::EvictOldest, false)),
                ("spill", (OnFull::Spill, true)),
            ];
            let (on_full, spill) = one_of(value, &words)?;
            options.limits.on_full = on_full;
            options.spill = Some(spill);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "tmp",
        takes: Takes::Value("DIR"),
        value: What::File,
        default: "$TMPDIR, else /tmp",
        section: Section::State,
        doc: doc(
            "where state is set aside",
            "Its files have no name: they go with the run. Where /tmp is memory itself (tmpfs), and nothing else was said, it is /var/tmp.",
        ),
        set: |options, value| {
            options.tmp = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "strict",
        section: Section::Reports,
        doc: doc(
            "a value that does not convert makes its record a bad one",
            "Without it such a value is null, counted, and told at the end. So it is with it behind an operator that \
             keeps records or gives rows of its own (`sort-by`, `join`, `count-by`): those are no records just read.",
        ),
        set: |options, _| {
            options.strict = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "on-bad",
        takes: Takes::Value("warn|skip|abort"),
        value: What::OneOf(&["warn", "skip", "abort"]),
        default: "warn",
        section: Section::Reports,
        doc: doc(
            "what becomes of bad records",
            "`warn`: skipped, counted, told once at the end. `skip`: the same without a word. `abort`: the first one ends the run with status 65; what time has let out in front of it is printed, and nothing behind it counts. Two streams are read side by side: how far the other one had been read by then is not the same each time.",
        ),
        set: |options, value| {
            let words = [
                ("warn", OnBad::Warn),
                ("skip", OnBad::Skip),
                ("abort", OnBad::Abort),
            ];
            options.on_bad = one_of(value, &words)?;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "bad-file",
        takes: Takes::Value("FILE"),
        value: What::File,
        section: Section::Reports,
        doc: doc(
            "keeps bad records, with reason and place in front",
            "Separated by tabs. The place is the input's name and how many of its bytes are in front of the record, `app.log byte 2048`.",
        ),
        set: |options, value| {
            options.bad_file = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "max-bad",
        takes: Takes::Value("N|P%"),
        section: Section::Reports,
        doc: doc("more bad records: status 65", ""),
        set: |options, value| {
            options.max_bad = Some(units::limit(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "max-late",
        takes: Takes::Value("N|P%"),
        section: Section::Reports,
        doc: doc("more late records: status 65", ""),
        set: |options, value| {
            options.max_late = Some(units::limit(value)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "stats",
        takes: Takes::Maybe(&["json"]),
        section: Section::Reports,
        doc: doc(
            "numbers on stderr at the end",
            "Records that came in, that are neither bad nor late (kept), bad, late (and by how much), and out; windows \
             that closed, the most keys and bytes that state had; how long batches waited and took; of a checkpoint how \
             many commits there were, how long the stream stood still for them and how large the last one is; time \
             and rates. `json`: a line for each batch, and at the end one with the totals.",
        ),
        set: |options, value| {
            options.stats = Some(one_of(value, &[("", Stats::Words), ("json", Stats::Json)])?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "metrics-file",
        takes: Takes::Value("FILE"),
        value: What::File,
        section: Section::Reports,
        doc: Doc {
            summary: "how the run is, as Prometheus reads it, each 15 s and at the end",
            text: "For node_exporter's textfile collector, which reads `*.prom` in its directory. The file is written \
                   beside and renamed, so that nobody reads half of it; a symbolic link is replaced, not followed. \
                   One that cannot be written is told of once, and the run goes on. In it: records in, out, bad and \
                   late, bytes, windows, state, watermark and its lag, batches with their delays, checkpoints.",
            examples: &[Example {
                title: "What came in and went out",
                session: "$ cd \"$(mktemp -d)\"; printf 'a\\nb\\na\\n' | dstream count-by-key --metrics-file m.prom; grep '^dstream_records' m.prom\na\t2\nb\t1\ndstream_records_in_total 3\ndstream_records_out_total 2\ndstream_records_bad_total 0\ndstream_records_late_total 0\n",
            }],
        },
        set: |options, value| {
            options.metrics_file = Some(value.into());
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "explain",
        takes: Takes::Maybe(&["plan", "json", "spark-sql", "flink-sql", "disorder"]),
        section: Section::Reports,
        doc: Doc {
            summary: "say what would be done, do not do it",
            text: "In words: what is read, its time and watermark, each operator with what it keeps, when its rows are printed and when its state is freed; state that grows without bound is said to. `plan`: the plan as text; `json`: the same as data. `spark-sql` and `flink-sql` print the chain as a query of that engine, with the tables that it reads; what has no counterpart there is a comment that names the operator and the reason, the query is then of what stands before it, and the exit status is 0 all the same. `disorder` reads the input and prints how far the time of its records is behind the largest time before them, by source, and the smallest `--watermark` for 99, 99.9 and 100 % of them; of plain files the figures are exact.",
            examples: &[
                Example {
                    title: "When a window is printed",
                    session: "$ printf '' | dstream --time '$1' window 10m count --explain | grep then\nthen       count: count; one row of state and each of windows of 10m; prints 12:00-12:10 when a record >= 12:10:05 arrives, or, if the source falls silent, when the clock has gone on as far; then freed\n",
                },
                Example {
                    title: "The query of a chain in Flink SQL",
                    session: "$ printf 'city,price\\n' | dstream -i csv filter 'price > 2' reduce-by city sum:price --explain=flink-sql | tail -n 4\nSELECT city, SUM(TRY_CAST(price AS DOUBLE)) AS sum_price\nFROM src\nWHERE TRY_CAST(price AS DOUBLE) > 2\nGROUP BY city;\n",
                },
                Example {
                    title: "How late records are",
                    session: "$ printf '1\\n5\\n3\\n9\\n8\\n' | dstream --time '$1:s' --explain=disorder\nsource          records  behind  50 %  90 %  99 %  99.9 %  100 %\nstandard input        5       2    0s    2s    2s      2s     2s\n--watermark 2s: 99 % of the records in time\n--watermark 2s: 99.9 % of the records in time\n--watermark 2s: 100 % of the records in time\n",
                },
            ],
        },
        set: |options, value| {
            let words = [
                ("", Explain::Words),
                ("plan", Explain::Plan),
                ("json", Explain::Json),
                ("spark-sql", Explain::SparkSql),
                ("flink-sql", Explain::FlinkSql),
                ("disorder", Explain::Disorder),
            ];
            options.explain = Some(one_of(value, &words)?);
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "no-config",
        section: Section::Reports,
        doc: doc(
            "leave the user's own files unread: formats.toml and colors",
            "They are in `$XDG_CONFIG_HOME/dstream`, else in `~/.config/dstream`. Nothing in them can change a result \
             except a format that the command names.",
        ),
        set: |options, _| {
            options.no_config = true;
            Ok(())
        },
        ..PLAIN
    },
    Opt {
        long: "complete",
        section: Section::Help,
        doc: doc(
            "what may stand in the place of the last of the words that follow",
            "For the completion of shells.",
        ),
        ..PLAIN
    },
    Opt {
        long: "help",
        short: Some('h'),
        section: Section::Help,
        doc: doc(
            "-h: one screen; --help: all",
            "Behind an operator: about that one. `dstream help TOPIC` explains one operator, function, aggregate or format, lists `operators`, `functions`, `aggregates`, `formats`, `options`, or explains `time`.",
        ),
        ..PLAIN
    },
    Opt {
        long: "version",
        short: Some('V'),
        section: Section::Help,
        doc: doc("the program's version", ""),
        ..PLAIN
    },
    Opt {
        long: "block-size",
        takes: Takes::Value("SIZE"),
        section: Section::Running,
        doc: doc("bytes that a worker takes at once", ""),
        hidden: true,
        set: |options, value| match units::size(value)? {
            0 => Err(Usage::new("0 is too small")),
            size => {
                options.block_size = Some(size);
                Ok(())
            }
        },
        ..PLAIN
    },
    Opt {
        long: "epoch",
        takes: Takes::Value("N"),
        section: Section::Running,
        doc: doc("records that are merged at once", ""),
        hidden: true,
        set: |options, value| {
            options.epoch = Some(whole(value, 1)?);
            Ok(())
        },
        ..PLAIN
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::OPERATORS;
    use std::collections::HashSet;

    /// A flag belongs to the program or to operators, never to both, so it cannot leak into a neighbour.
    #[test]
    fn names_are_disjoint() {
        let mut longs = HashSet::new();
        let mut shorts = HashSet::new();
        for option in OPTIONS {
            assert!(longs.insert(option.long), "--{} twice", option.long);
            if let Some(short) = option.short {
                assert!(shorts.insert(short), "-{short} twice");
            }
        }
        for operator in OPERATORS {
            for flag in operator.flags {
                assert!(
                    !longs.contains(flag.long),
                    "--{} of {} is the program's too",
                    flag.long,
                    operator.name
                );
            }
            assert!(operator.operands.len() <= 2, "{}", operator.name);
        }
    }

    /// clap checks its commands only in debug builds and only when they are used.
    #[test]
    fn every_entry_is_a_sound_command() {
        for operator in OPERATORS {
            crate::cli::check::command(operator).debug_assert();
        }
    }

    #[test]
    fn rows_are_complete() {
        for option in OPTIONS {
            assert!(!option.doc.summary.is_empty(), "{}", option.long);
            assert!(!option.doc.summary.ends_with('.'), "{}", option.long);
        }
    }

    #[test]
    fn values_are_checked() {
        let check = |long: &str, value: &str, expected: Result<(), &str>| {
            let option = OPTIONS
                .iter()
                .find(|option| option.long == long)
                .expect("it is an option");
            let read = Options::read(&[(option, value.to_string())]);
            assert_eq!(
                read.map(drop).map_err(|usage| usage.message),
                expected.map_err(str::to_string),
                "--{long} {value}"
            );
        };
        check("threads", "4", Ok(()));
        check(
            "threads",
            "0",
            Err("--threads: '0' is not a whole number from 1"),
        );
        check(
            "digits",
            "18",
            Err("--digits: '18' is not a number from 0 to 17"),
        );
        check("delimiter", "\\t", Ok(()));
        check(
            "delimiter",
            ";;",
            Err("--delimiter: ';;' is not one byte; write \\t for a tab"),
        );
        check(
            "on-bad",
            "stop",
            Err("--on-bad: 'stop' is none of warn, skip, abort"),
        );
        check("watermark", "auto", Ok(()));
        check(
            "batch-lines",
            "0",
            Err("--batch-lines: '0' is not a whole number from 1"),
        );
        check("explain", "spark-sql", Ok(()));
        check(
            "explain",
            "sql",
            Err(
                "--explain: 'sql' is none of (nothing), plan, json, spark-sql, flink-sql, disorder",
            ),
        );
        check(
            "max-line",
            "0",
            Err("--max-line: '0' is not from 1 byte to 1GiB"),
        );
        check(
            "max-bad",
            "x",
            Err("--max-bad: 'x' is neither a number of records nor a share such as 1%"),
        );
    }
}
