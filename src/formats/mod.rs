//! Formats: how bytes become records and records bytes. One file each, one table. Imports data and bytes.
//! Refuses nothing itself: each format says what it cannot take. Invariant: the table is sorted by name.

use crate::data::doc::{Doc, Example};
use crate::data::paint::Paint;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::value::Printing;
use crate::data::{Chunk, FieldId, Schema, Type};
use crate::error::Usage;
use anyhow::Result;
use begins::Begins;
pub use header::trimmed;
use std::sync::Arc;

mod cells;
mod drawn;
mod grid;
mod header;
mod record;
mod rest;
#[doc(hidden)]
pub mod testing;

pub mod begins;
pub mod combined;
pub mod csv;
pub mod grok;
pub mod grok_library;
pub mod json;
pub mod lines;
pub mod logfmt;
pub mod merge;
pub mod regex;
pub mod syslog;
pub mod table;
pub mod template;
pub mod text;
pub mod tsv;

/// All formats, by name.
pub const FORMATS: &[&Format] = &[
    &combined::COMBINED,
    &combined::COMMON,
    &csv::CSV,
    &grok::GROK,
    &json::JSON,
    &lines::LINES,
    &logfmt::LOGFMT,
    &regex::REGEX,
    &syslog::SYSLOG,
    &table::TABLE,
    &template::TEMPLATE,
    &text::TEXT,
    &tsv::TSV,
];

/// A row of the table of formats.
pub struct Format {
    pub name: &'static str,
    pub doc: Doc,
    /// `None`: it cannot be read. The text is what follows the name and a colon (`regex:RE`).
    pub read: Option<fn(&str, &ReadOptions) -> Result<Arc<dyn ReadFormat>>>,
    /// `None`: it cannot be written.
    pub write: Option<fn(&str, &WriteOptions) -> Result<Arc<dyn WriteFormat>>>,
}

/// The format of that name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.name == name)
}

/// Finds a format by the word of `-i` (`csv`, `regex:RE`) and opens it; unknown ones are an error with
/// suggestions and the list of known ones.
pub fn reader(word: &str, options: &ReadOptions) -> Result<Arc<dyn ReadFormat>> {
    let (name, argument) = split(word);
    let known = || FORMATS.iter().filter(|format| format.read.is_some());
    match find(name).and_then(|format| format.read) {
        Some(open) => {
            refuse_argument(name, argument)?;
            refuse_options(name, options)?;
            open(argument.unwrap_or_default(), options)
        }
        None => Err(unknown(name, "read", known().map(|format| format.name)).into()),
    }
}

/// The same for `-o`.
pub fn writer(word: &str, options: &WriteOptions) -> Result<Arc<dyn WriteFormat>> {
    let (name, argument) = split(word);
    let known = || FORMATS.iter().filter(|format| format.write.is_some());
    match find(name).and_then(|format| format.write) {
        Some(open) => {
            refuse_argument(name, argument)?;
            open(argument.unwrap_or_default(), options)
        }
        None => Err(unknown(name, "written", known().map(|format| format.name)).into()),
    }
}

fn split(word: &str) -> (&str, Option<&str>) {
    match word.split_once(':') {
        Some((name, argument)) => (name, Some(argument)),
        None => (word, None),
    }
}

/// Formats whose name is followed by a colon and what they need to know.
const WITH_ARGUMENT: [(&str, &str); 3] =
    [("grok", "PATTERN"), ("regex", "RE"), ("template", "TEXT")];

fn refuse_argument(name: &str, argument: Option<&str>) -> Result<(), Usage> {
    let wanted = WITH_ARGUMENT.iter().find(|(format, _)| *format == name);
    match (wanted, argument) {
        (Some(_), Some(_)) | (None, None) => Ok(()),
        (Some((_, placeholder)), None) => Err(Usage::new(format!(
            "the format {name} is written {name}:{placeholder}"
        ))),
        (None, Some(argument)) => Err(Usage::new(format!(
            "the format {name} takes nothing behind a colon, but has '{argument}'"
        ))),
    }
}

/// Nothing that was asked for is passed over in silence.
fn refuse_options(name: &str, options: &ReadOptions) -> Result<(), Usage> {
    let header = matches!(name, "csv" | "tsv");
    if options.no_header && !header {
        return Err(Usage::new(format!(
            "--no-header is for csv and tsv; {name} has no header"
        )));
    }
    if options.multiline.is_some() {
        refuse_multiline(name)?;
    }
    match options.delimiter {
        Some(_) if !header && name != "text" => Err(Usage::new(format!(
            "-d is for text, csv and tsv; {name} has no separator"
        ))),
        Some(byte @ (b'\n' | b'\r')) => Err(Usage::new(format!(
            "a line end cannot part fields: '{}'",
            byte.escape_ascii()
        ))),
        Some(b'"') if name == "csv" => Err(Usage::new("a quote cannot part the cells of csv")),
        Some(b'\\') if name == "tsv" => Err(Usage::new("a backslash cannot part the cells of tsv")),
        _ => Ok(()),
    }
}

/// Several lines are a record only where a line has no form of its own.
fn refuse_multiline(name: &str) -> Result<(), Usage> {
    let why = match name {
        "text" | "lines" | "regex" | "grok" | "syslog" => return Ok(()),
        "json" => {
            "json is one object a line; jq -c . makes lines of objects that are written over several"
        }
        "csv" => "of csv a cell in quotes may have line ends, which needs no option",
        "tsv" => "of tsv a line end in a cell is written \\n",
        "logfmt" => "of logfmt a line end in a value is written \\n",
        _ => {
            return Err(Usage::new(format!(
                "--multiline: a record of {name} is a line; it is for text, lines, regex:, grok: and syslog"
            )));
        }
    };
    Err(Usage::new(format!("--multiline: {why}")))
}

fn unknown<'a>(name: &str, done: &str, known: impl Iterator<Item = &'a str> + Clone) -> Usage {
    if find(name).is_some() {
        let list = known.collect::<Vec<_>>().join(" ");
        return Usage::new(format!(
            "the format {name} cannot be {done}\n    formats that can be: {list}"
        ));
    }
    let is_file = done == "written" && name.contains(['.', '/']);
    let hint = match nearest(name, known.clone()) {
        _ if is_file => format!("; if it is a file: --output {name}"),
        Some(near) => format!("; did you mean '{near}'?"),
        None => String::new(),
    };
    let list = known.collect::<Vec<_>>().join(" ");
    Usage::new(format!(
        "no format '{name}'{hint}\n    formats that can be {done}: {list}"
    ))
}

/// The known name that was probably meant: few letters differ.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (near, distance) = known
        .map(|name| (name, distance(&word.to_lowercase(), &name.to_lowercase())))
        .min_by_key(|(_, distance)| *distance)?;
    (distance <= word.chars().count().div_ceil(3).max(1)).then_some(near)
}

/// How many letters must be put in, left out, replaced or swapped with a neighbour.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let same = usize::from(one[i - 1] != other[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

/// Whether the engine makes the field of that name, not the reader. A column called `@timestamp` is the
/// input's own.
fn is_made(name: &str) -> bool {
    matches!(name, "$0" | "@time" | "@watermark" | "@file" | "@line")
}

/// The number in `$3` and `_3`.
fn positional(name: &str) -> Option<usize> {
    let digits = name.strip_prefix('$').or_else(|| name.strip_prefix('_'))?;
    let canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    canonical.then(|| digits.parse().ok())?
}

/// For formats whose rows all have the same columns.
fn refuse_rest(schema: &OutSchema, name: &str) -> Result<(), Usage> {
    match &schema.rest {
        None => Ok(()),
        Some(rest) => Err(Usage::new(format!(
            "{name} needs to know its columns, and records of {} may have any: name them with 'select'",
            rest.format
        ))),
    }
}

#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// `-d`.
    pub delimiter: Option<u8>,
    pub no_header: bool,
    /// `--multiline`.
    pub multiline: Option<Arc<Begins>>,
}

impl ReadOptions {
    /// How records lie, of a format whose records are lines otherwise.
    fn framing(&self) -> Framing {
        match &self.multiline {
            None => Framing::Lines,
            Some(begins) => Framing::Begun(begins.clone()),
        }
    }
}

/// How records lie in the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One a line.
    Lines,
    /// Lines, but a line end inside double quotes is none.
    Quoted,
    /// Several lines, up to the next one that begins a record.
    Begun(Arc<Begins>),
}

/// A format that is read; shared by all workers.
pub trait ReadFormat: Send + Sync {
    fn framing(&self) -> Framing;
    /// Whether the first record of each file names the fields.
    fn has_header(&self) -> bool {
        false
    }
    /// The fields known before any record is read; `header` is the first record of the first file where
    /// `has_header` (or, without a header, the first record all the same, which may be empty).
    fn schema(&self, header: Option<&[u8]>) -> Result<Schema>;
    /// The field that defines event time and how it is read, where the format has one.
    fn time(&self) -> Option<(&'static str, crate::bytes::time::Shape)> {
        None
    }
    /// A reader of the wanted fields. `schema` is [`ReadFormat::schema`]'s with the fields that the chain asked
    /// for appended; ids in `wanted` are of it. What the engine makes (`$0`, `@time`, `@watermark`, `@file`,
    /// `@line`) is not looked for, nor is `line` in text and lines. `header` is the header of the file at hand: columns are found by name, and one that
    /// it lacks is an error.
    fn reader(
        &self,
        schema: &Schema,
        wanted: &[FieldId],
        header: Option<&[u8]>,
    ) -> Result<Box<dyn Reader>>;
}

/// A worker's own reader of one file's (or stream's) blocks.
pub trait Reader: Send {
    /// Finds the chunk's rows, if `find` (else `chunk.rows` has the lines to look at, and no other is), sets
    /// `live` and the wanted columns. Bad rows are not live and are told. No allocation a record.
    /// Blocks begin at a record's begin and end at a record's end.
    fn read(&mut self, chunk: &mut Chunk, find: bool, bad: &mut Vec<Bad>);
}

/// A record that is not of its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// Index into `chunk.rows`.
    pub row: u32,
    /// Byte of the record at which it shows, from 0.
    pub column: u32,
    /// The kind of fault, for counting: `not JSON`, `no closing quote`.
    pub what: &'static str,
}

#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    pub delimiter: Option<u8>,
    /// `-H`, or what the format does by default.
    pub header: bool,
    pub printing: Printing,
    /// Columns of the terminal, for `table`; `None`: no limit.
    pub width: Option<usize>,
    /// How `table` draws.
    pub paint: Paint,
}

/// One column to be written.
#[derive(Clone, Debug)]
pub struct OutColumn {
    pub field: FieldId,
    pub name: String,
    pub ty: Type,
    /// Left out of a row of named fields where it is null.
    pub optional: bool,
}

/// What a chain gives to its writer.
#[derive(Clone, Debug, Default)]
pub struct OutSchema {
    pub columns: Vec<OutColumn>,
    /// For records of an open source (JSON, logfmt) that are written whole: the record's own fields come
    /// first, from its line, with these columns put in or over them.
    pub rest: Option<Rest>,
    /// A first record would tell more columns, and is not there yet.
    pub untold: bool,
    /// What `table` draws beside columns, and which columns tell whose a row is.
    pub drawn: Vec<Drawn>,
    pub keys: Vec<usize>,
}

/// A drawing of a column (`--bar`, `--spark`).
#[derive(Clone, Debug)]
pub struct Drawn {
    pub what: What,
    pub field: FieldId,
    /// The column that it stands behind.
    pub behind: usize,
    /// Where the start of the row's window is.
    pub window: Option<FieldId>,
    /// Windows are a key's own.
    pub alone: bool,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum What {
    Bar,
    Spark,
}

/// The fields of a record beyond the columns.
#[derive(Clone, Debug)]
pub struct Rest {
    /// `json` or `logfmt`: how the line is read.
    pub format: &'static str,
    /// Whole keys, as are the names below; no paths into a field.
    pub dropped: Vec<String>,
    /// Old name, new name.
    pub renamed: Vec<(String, String)>,
}

impl Rest {
    /// What a field is called that was called so in the record.
    pub fn called<'r>(&'r self, name: &'r str) -> &'r str {
        let renamed = self.renamed.iter().find(|(old, _)| old == name);
        renamed.map_or(name, |(_, new)| new)
    }
}

/// A format that is written; shared by all workers.
pub trait WriteFormat: Send + Sync {
    /// What stands before the first row: a header line, or nothing.
    fn begin(&self, schema: &OutSchema, out: &mut Vec<u8>);
    /// The names in such a line, where one line may be another with the same names.
    fn names(&self, _header: &[u8]) -> Option<Vec<String>> {
        None
    }
    /// A worker's own writer.
    fn writer(&self, schema: &OutSchema) -> Result<Box<dyn Writer>>;
    /// For formats whose lines depend on each other (`table`): what puts the workers' bytes, in order, into
    /// their final form.
    fn layout(&self, _schema: &OutSchema) -> Option<Box<dyn Layout>> {
        None
    }
}

pub trait Writer: Send {
    /// Appends the chunk's live rows.
    fn write(&mut self, chunk: &Chunk, out: &mut Vec<u8>);
}

/// Sees all output in order.
pub trait Layout: Send {
    fn push(&mut self, rows: &[u8], out: &mut Vec<u8>);
    /// Nothing more comes for now: what is held goes out.
    fn flush(&mut self, out: &mut Vec<u8>);
    /// What these rows would come to if they came next, without colours; nothing of it is kept. What stands before
    /// the first row is there if there was none yet.
    fn preview(&self, rows: &[u8], out: &mut Vec<u8>);
    /// Puts what is held and settled, for another run.
    fn save(&self, to: &mut Save);
    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<T>(result: Result<T>) -> String {
        result
            .err()
            .map_or(String::new(), |error| error.to_string())
    }

    #[test]
    fn the_table_is_sorted_and_each_row_says_what_it_is() {
        assert!(FORMATS.is_sorted_by(|one, next| one.name < next.name));
        for format in FORMATS {
            assert!(format.read.is_some() || format.write.is_some());
            assert!(!format.doc.summary.ends_with('.'), "{}", format.name);
            assert!(!format.doc.text.is_empty() && !format.doc.examples.is_empty());
            for example in format.doc.examples {
                assert!(example.session.starts_with("$ ") && example.session.ends_with('\n'));
                assert!(example.session.contains(" dstream "), "{}", example.title);
            }
        }
    }

    #[test]
    fn unknown_formats_get_a_hint() {
        let read = |word| message(reader(word, &ReadOptions::default()));
        assert!(read("cvs").starts_with("no format 'cvs'; did you mean 'csv'?\n"));
        assert!(read("xml").starts_with("no format 'xml'\n"));
        assert!(read("csv:x").contains("nothing behind a colon"));
        let write = message(writer("text", &WriteOptions::default()));
        assert!(
            write.starts_with("the format text cannot be written\n"),
            "{write}"
        );
    }

    #[test]
    fn options_that_a_format_does_not_know_are_refused() {
        let read = |word, delimiter, no_header| {
            let options = ReadOptions {
                delimiter,
                no_header,
                multiline: None,
            };
            message(reader(word, &options))
        };
        assert!(read("json", Some(b','), false).starts_with("-d is for"));
        assert!(read("text", None, true).starts_with("--no-header is for"));
        assert!(read("csv", Some(b'"'), false).contains("quote"));
        assert!(read("tsv", Some(b'\n'), false).contains("'\\n'"));
        assert_eq!(read("csv", Some(b';'), true), "");
    }

    #[test]
    fn fixed_columns_are_asked_for() {
        let schema = OutSchema {
            columns: Vec::new(),
            rest: Some(Rest {
                format: "json",
                dropped: Vec::new(),
                renamed: Vec::new(),
            }),
            ..OutSchema::default()
        };
        for word in ["csv", "tsv", "table"] {
            let format = writer(word, &WriteOptions::default()).unwrap();
            assert!(message(format.writer(&schema)).contains("'select'"));
        }
    }

    #[test]
    fn positional_names() {
        assert_eq!(positional("$3"), Some(3));
        assert_eq!(positional("_12"), Some(12));
        for name in ["$0", "$", "_", "$x", "3", "$03", "$99999999999999999999"] {
            assert_eq!(positional(name), None, "{name}");
        }
    }
}
