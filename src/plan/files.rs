//! Names of many files: `hits-%Y%m%dT%H%M.csv`, `by/{host}.log`. Says what a pattern is made of and what its times
//! are; opens no file. Invariant: two neighbouring windows never have one name, and no value of a field leads out
//! of the pattern's directory.

use super::builder::Builder;
use super::grid::Grid;
use super::grouped::{Lateness, OutputMode};
use super::node::Node;
use super::scopes::Windows;
use crate::bytes::hash;
use crate::bytes::time::{Pattern, strftime};
use crate::data::time::{SECOND, Zone};
use crate::data::value::Printing;
use crate::data::{Chunk, FieldId, Type};
use crate::error::Usage;

/// The default of `--max-open`.
pub const MAX_OPEN: usize = 256;

/// Bytes of a value's spelling in a name; what is longer is cut and ends in its hash.
const VALUE_MAX: usize = 120;

/// An output that is many files.
#[derive(Clone, Debug)]
pub struct Files {
    pub pattern: String,
    pub parts: Vec<Part>,
    /// What a file is of, besides its fields.
    pub of: Span,
    /// `--max-open`.
    pub max_open: usize,
}

/// A piece of a pattern.
#[derive(Clone, Debug)]
pub enum Part {
    Text(String),
    /// A format of strftime(3); whether it names the zone.
    Time(Pattern, bool),
    Field(FieldId, Type),
}

/// The time that a file is of.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// None: it is complete when the run is.
    Run,
    /// A window, named by its start.
    Window,
    /// A batch so long, named by its end, ns.
    Batch(i64),
    /// What comes up to a multiple of so much of the clock, ns, named by that.
    Every(i64),
}

impl Files {
    /// Whether files are complete before the run is.
    pub fn by_time(&self) -> bool {
        self.of != Span::Run
    }

    /// Fields of rows that are in names.
    pub fn fields(&self) -> impl Iterator<Item = FieldId> {
        self.parts.iter().filter_map(|part| match part {
            Part::Field(field, _) => Some(*field),
            _ => None,
        })
    }

    /// Where the directories end that no time and no value decides.
    pub fn root(&self) -> &str {
        let plain = match self.parts.first() {
            Some(Part::Text(text)) => text.as_str(),
            _ => "",
        };
        plain.rfind('/').map_or("", |at| &plain[..=at])
    }

    /// How many directories may lie between that and a file.
    pub fn depth(&self) -> usize {
        let below = self.pattern.matches('/').count() + 2 * self.pattern.matches("%D").count();
        below - self.root().matches('/').count().min(below)
    }

    /// Appends the name of the file of a row, whose time is `at`.
    pub fn name(&self, at: i64, row: &Named<'_>, zone: &Zone, out: &mut Vec<u8>) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Time(pattern, named) => write_time(at, pattern, *named, zone, out),
                Part::Field(field, ty) => row.write(*field, ty, out),
            }
        }
    }
}

/// A row whose fields are in its file's name.
pub struct Named<'a> {
    pub chunk: &'a Chunk,
    pub row: u32,
}

impl Named<'_> {
    fn write(&self, field: FieldId, ty: &Type, out: &mut Vec<u8>) {
        let mut text = Vec::new();
        if let Some(column) = self.chunk.column(field) {
            let value = self.chunk.value(column, ty, self.row as usize);
            value.write_plain(&Printing::default(), &mut text);
        }
        spell(&text, out);
    }
}

/// A value as a part of a file's name: `/`, control characters, `%`, a leading dot and what is not UTF-8 are
/// percent-encoded, a value of nothing is `%`, and one that is too long ends in `%~` and its hash.
pub fn spell(value: &[u8], out: &mut Vec<u8>) {
    if value.is_empty() {
        return out.push(b'%');
    }
    let from = out.len();
    let mut cut = None;
    for (at, chunk) in value.utf8_chunks().enumerate() {
        for letter in chunk.valid().chars() {
            let is_first = out.len() == from && at == 0;
            let mut bytes = [0; 4];
            let bytes = letter.encode_utf8(&mut bytes).as_bytes();
            match letter {
                '/' | '%' => escape(bytes, out),
                '.' if is_first => escape(bytes, out),
                _ if letter.is_control() => escape(bytes, out),
                _ => out.extend_from_slice(bytes),
            }
            if cut.is_none() && out.len() - from > VALUE_MAX - 18 {
                cut = Some(out.len() - from);
            }
        }
        escape(chunk.invalid(), out);
    }
    if out.len() - from > VALUE_MAX {
        // Behind the last whole letter that leaves room for the hash.
        out.truncate(from + cut.unwrap_or(0).min(VALUE_MAX));
        out.extend_from_slice(format!("%~{:016x}", hash::stable(value)).as_bytes());
    }
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        out.extend_from_slice(format!("%{byte:02X}").as_bytes());
    }
}

fn write_time(at: i64, pattern: &Pattern, named: bool, zone: &Zone, out: &mut Vec<u8>) {
    let name = match named {
        true => zone.abbreviation_at(at),
        false => String::new(),
    };
    strftime(at, zone.offset_at(at), &name, pattern, out);
}

/// Whether `--output` names many files.
pub fn is_pattern(path: &str) -> bool {
    !is_socket(path) && path.contains(['%', '{', '}'])
}

/// Whether a pattern has times in it.
pub fn has_times(path: &str) -> bool {
    is_pattern(path) && path.replace("%%", "").contains('%')
}

/// The names that a pattern may give, as a pattern of `glob:`, which knows digits and no values.
pub fn as_glob(pattern: &str) -> Option<String> {
    let mut out = String::new();
    // What means something there may be any letter.
    let plain = |text: &str| text.replace(['*', '?', '[', ']', '{', '}', '\\'], "?");
    for piece in pieces(pattern).ok()? {
        match piece {
            Piece::Text(text) => out.push_str(&plain(&text)),
            Piece::Field(..) => out.push('*'),
            Piece::Time(text) => {
                let mut rest = text.as_str();
                while let Some(at) = rest.find('%') {
                    out.push_str(&plain(&rest[..at]));
                    let end =
                        rest[at + 1..].find(|letter: char| letter == '%' || letter.is_alphabetic());
                    let end = at + 1 + end?;
                    out.push_str(match rest.as_bytes()[end] {
                        b'%' => "%",
                        b'Y' | b'G' | b's' => "[-0-9]*",
                        b'y' | b'm' | b'd' | b'H' | b'I' | b'M' | b'S' | b'V' => "[0-9][0-9]",
                        b'e' => "[ 0-9][0-9]",
                        b'j' => "[0-9][0-9][0-9]",
                        b'u' | b'w' => "[0-9]",
                        b'f' => "[0-9]*",
                        b'F' => "[-0-9]*-[0-9][0-9]-[0-9][0-9]",
                        b'T' => "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]",
                        b'R' => "[0-9][0-9]:[0-9][0-9]",
                        b'D' => "[0-9][0-9]/[0-9][0-9]/[0-9][0-9]",
                        _ => "*",
                    });
                    rest = &rest[end + 1..];
                }
                out.push_str(&plain(rest));
            }
        }
    }
    Some(out)
}

/// Whether `--output` names a stream socket.
pub fn is_socket(path: &str) -> bool {
    path.starts_with("tcp:") || path.starts_with("unix:")
}

/// A pattern's pieces as typed: text, time formats, fields with their place.
enum Piece {
    Text(String),
    Time(String),
    Field(String, usize),
}

fn pieces(pattern: &str) -> Result<Vec<Piece>, Usage> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let put = |plain: &mut String, out: &mut Vec<Piece>| {
        let text = std::mem::take(plain);
        match text.replace("%%", "").contains('%') {
            _ if text.is_empty() => {}
            true => out.push(Piece::Time(text)),
            false => out.push(Piece::Text(text.replace("%%", "%"))),
        }
    };
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        let here = pattern.len() - rest.len() + at;
        plain.push_str(&rest[..at]);
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            plain.push_str(&tail[..1]);
            rest = &tail[2..];
            continue;
        }
        let end = tail.find('}').filter(|_| tail.starts_with('{'));
        let Some(end) = end else {
            return Err(Usage::new(
                "--output: a brace that is meant is written twice; one around a field is closed",
            )
            .at(pattern, here..here + 1));
        };
        put(&mut plain, &mut out);
        let name = tail[1..end].trim();
        if name.is_empty() {
            return Err(
                Usage::new("--output: no name in the braces").at(pattern, here..here + end + 1)
            );
        }
        let within = tail[1..end].find(name).unwrap_or(0);
        out.push(Piece::Field(name.into(), here + 1 + within));
        rest = &tail[end + 1..];
    }
    plain.push_str(rest);
    put(&mut plain, &mut out);
    Ok(out)
}

impl Builder<'_> {
    /// The files of an output, if it is many.
    pub(super) fn files(&mut self, pattern: Option<&str>) -> Result<Option<Files>, Usage> {
        let Some(pattern) = pattern.filter(|pattern| is_pattern(pattern)) else {
            return Ok(None);
        };
        self.name = "--output".into();
        let mut parts = Vec::new();
        for piece in pieces(pattern)? {
            parts.push(match piece {
                Piece::Text(text) => Part::Text(text),
                Piece::Time(text) => {
                    let named = text.contains("%Z");
                    let format = Pattern::new(&text).map_err(|fault| self.fault(fault))?;
                    Part::Time(format, named)
                }
                Piece::Field(name, at) => {
                    let field = self.field(&name, pattern, at)?;
                    Part::Field(field, self.schema.fields[field].ty.clone())
                }
            });
        }
        if self.options.mark_batches {
            return Err(self.fault("--mark-batches marks one output, and a pattern is many files"));
        }
        if self.options.triggers.output_mode == Some(OutputMode::Complete) {
            return Err(self.fault(
                "--output-mode complete replaces one file at each trigger; a pattern is many files",
            ));
        }
        let timed = parts.iter().any(|part| matches!(part, Part::Time(..)));
        let files = Files {
            pattern: pattern.into(),
            of: match timed {
                true => self.span()?,
                false => Span::Run,
            },
            parts,
            max_open: self.options.max_open.unwrap_or(MAX_OPEN),
        };
        if timed {
            self.tell_apart(&files)?;
        }
        Ok(Some(files))
    }

    /// Whether all rows are given at each trigger: what a file then has is the last answer.
    pub(super) fn gives_wholes(&self) -> bool {
        let ranks =
            self.peek_every.is_some() && self.windows == Windows::No && !self.options.append;
        self.options.triggers.output_mode == Some(OutputMode::Complete) || ranks
    }

    /// What an output cannot be.
    pub(super) fn check_output(&mut self, path: Option<&str>, format: &str) -> Result<(), Usage> {
        let Some(path) = path else {
            return Ok(());
        };
        self.name = "--output".into();
        let many = is_pattern(path);
        if many && format == "table" {
            return Err(
                self.fault("a table is laid out as a whole; name csv, tsv or json for a pattern")
            );
        }
        let complete = self.options.triggers.output_mode == Some(OutputMode::Complete);
        if complete && self.options.append {
            return Err(self.fault(
                "--output-mode complete replaces the file at each trigger; --append cannot add to it",
            ));
        }
        let ranks = complete && self.peek_every.is_some() && self.windows != Windows::No;
        // What is fed holds the windows that are open.
        let is_fed = complete && self.nodes.iter().any(Node::feeds);
        if is_fed || (ranks && !self.nodes.iter().any(Node::is_ranked_whole)) {
            return Err(self.fault(
                "a ranking of windows that are closed is not kept, so no file can have all of them; leave out \
                 --output-mode complete",
            ));
        }
        Ok(())
    }

    /// What the times of a pattern are of.
    fn span(&mut self) -> Result<Span, Usage> {
        let triggers = &self.options.triggers;
        if self.windows != Windows::No {
            let again = match triggers {
                _ if triggers.lateness != Lateness::None => Some("a late record"),
                _ if self.options.flush => Some("--flush"),
                _ if triggers.is_early() => Some("a trigger"),
                _ if triggers
                    .output_mode
                    .is_some_and(|mode| mode != OutputMode::Append) =>
                {
                    Some("--output-mode")
                }
                _ => None,
            };
            if let Some(what) = again {
                return Err(self.fault(format!(
                    "a file gets its name when its window is final, and {what} prints a window more than once"
                )));
            }
        }
        if self.windows.vary() || (self.windows == Windows::Yes && self.in_force.is_none()) {
            return Err(self.fault(
                "a file for each window needs windows of a size; of those here it is not known when no other \
                 with the same start comes",
            ));
        }
        match (self.windows, self.options.batch_step(), triggers.every) {
            (Windows::Yes, ..) => Ok(Span::Window),
            (Windows::Batch, Some(step), _) => Ok(Span::Batch(step)),
            (_, _, Some(every)) => {
                self.goes_by_data();
                Ok(Span::Every(every))
            }
            (_, Some(step), _) => Ok(Span::Batch(step)),
            _ => Err(self.fault(
                "the times of a pattern are those of windows, batches or --every, and there are none here",
            )),
        }
    }

    /// Neighbours have different names.
    fn tell_apart(&self, files: &Files) -> Result<(), Usage> {
        let zone = &self.options.zone;
        let name = |at: i64| {
            let mut out = Vec::new();
            for part in &files.parts {
                if let Part::Time(pattern, named) = part {
                    write_time(at, pattern, *named, zone, &mut out);
                }
            }
            out
        };
        let mut grid = match (files.of, &self.in_force) {
            (Span::Window, Some(window)) => Some(Grid::new(window, zone)),
            _ => None,
        };
        let step = match files.of {
            Span::Batch(step) | Span::Every(step) => step,
            _ => 0,
        };
        let mut next = |at: i64| match &mut grid {
            Some(grid) => grid.cell(at).1,
            None => crate::data::time::next_multiple(at, step),
        };
        for from in moments(zone) {
            let mut at = next(from);
            for _ in 0..NEIGHBOURS {
                let behind = next(at);
                if name(at) == name(behind) {
                    let one = String::from_utf8_lossy(&name(at)).into_owned();
                    let hint = match zone.offset_at(at) == zone.offset_at(behind) {
                        true => "",
                        false => ": the clock is set back there; add %z, or give --tz UTC",
                    };
                    let mut times = Vec::new();
                    zone.write_time(at, &mut times);
                    times.extend_from_slice(b" and ");
                    zone.write_time(behind, &mut times);
                    let times = String::from_utf8_lossy(&times).into_owned();
                    return Err(self.fault(format!(
                        "'{}' gives {times} one name ('{one}'){hint}",
                        files.pattern
                    )));
                }
                at = behind;
            }
        }
        Ok(())
    }
}

/// Neighbours that are looked at from each moment.
const NEIGHBOURS: usize = 60;

/// Where neighbours are looked at: an ordinary day, and an hour before each change of the clocks in four years.
fn moments(zone: &Zone) -> Vec<i64> {
    const HOUR: i64 = 3600 * SECOND;
    // 2024-01-01
    let from = 19_723 * 24 * HOUR;
    let mut out = vec![from];
    if !zone.is_utc() {
        let hours = (1..4 * 366 * 24).map(|hour| from + hour * HOUR);
        out.extend(
            hours
                .filter(|&at| zone.offset_at(at) != zone.offset_at(at - HOUR))
                .map(|at| at - 2 * HOUR),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &[u8], expected: &str) {
        let mut out = b"x".to_vec();
        spell(value, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), format!("x{expected}"));
    }

    /// INTERFACE 3: "`/` and leading dots in values are escaped".
    #[test]
    fn no_value_leads_out_of_the_directory() {
        check(b"a.example", "a.example");
        check(b"../../etc", "%2E.%2F..%2Fetc");
        check(b".", "%2E");
        check(b"a/b", "a%2Fb");
        check(b"50%", "50%25");
        check(b"a\nb\0", "a%0Ab%00");
        check(b"", "%");
        check("é\u{85}".as_bytes(), "é%C2%85");
        check(b"a\xffb", "a%FFb");
    }

    #[test]
    fn long_values_are_cut_and_stay_apart() {
        let spelt = |value: &[u8]| {
            let mut out = Vec::new();
            spell(value, &mut out);
            String::from_utf8(out).unwrap()
        };
        let one = spelt("é".repeat(500).as_bytes());
        let other = spelt("é".repeat(501).as_bytes());
        assert!(one.len() <= VALUE_MAX + 10 && one.contains("%~"), "{one}");
        assert_ne!(one, other);
        assert_eq!(spelt(&[b'a'; VALUE_MAX]), "a".repeat(VALUE_MAX));
        assert!(spelt(&[b'/'; 300]).len() <= VALUE_MAX + 10);
        assert!(spelt(&[0xff; 300]).len() <= VALUE_MAX + 20);
    }
}
