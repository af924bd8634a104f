//! `--multiline`: which lines begin a record, where several lines are one. Refuses to look back: a line alone says
//! whether it begins one, so any piece of the input can be cut anywhere. Invariant: what comes first, in a file or
//! behind a record that is over, begins a record whatever it looks like.

use crate::bytes::{Span, scan};
use crate::data::Chunk;
use crate::error::Usage;
use memchr::{memchr, memrchr};
use regex::bytes::{Regex, RegexBuilder};
use std::fmt;

/// As much of a line as is looked at: so a line that never ends is judged all the same.
pub const JUDGED: usize = 1 << 16;

/// A time at a line's start, in the spellings that `--time` knows by their shape, perhaps behind `<pri>` or a bracket.
const TIME: &str = r#"(?x-u)^
    (?:<[0-9]{1,3}>(?:[0-9]{1,2}\ )?)?
    [\[("']?
    (?:
        [0-9]{4}[-/][01][0-9][-/][0-3][0-9] (?: [Tt\ ][0-2][0-9]:[0-5][0-9] | [^0-9A-Za-z_] | $ )
      | [0-9]{1,2}/(?:MONTH)/[0-9]{4}:[0-2][0-9]:[0-5][0-9]
      | (?: (?:DAY),?\ )? [0-9]{1,2}\ (?:MONTH)\ [0-9]{4}\ [0-2][0-9]:[0-5][0-9]
      | (?:MONTH)\ [\ 0-3][0-9]\ [0-2][0-9]:[0-5][0-9]:[0-6][0-9]
      | (?:DAY)\ (?:MONTH)\ [\ 0-3]?[0-9]\ [0-2][0-9]:[0-5][0-9]:[0-6][0-9]\ [0-9]{4}
      | [0-9]{10,19} (?: [^0-9A-Za-z_] | $ )
    )"#;
const MONTHS: &str = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
const DAYS: &str = "Mon|Tue|Wed|Thu|Fri|Sat|Sun";

/// How a line is known that begins a record.
#[derive(Clone, Debug)]
pub enum Begins {
    /// All but those that begin with a blank.
    Flush,
    /// Those that begin with a time.
    Time(Regex),
    /// Those that match.
    Match(Regex),
}

/// How far lines have been looked at.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub at: usize,
    /// `at` is within a line, which begins no record or is that at hand.
    pub inside: bool,
}

impl Look {
    /// In the line at `at`: the next one is the first that is looked at.
    pub fn inside(at: usize) -> Look {
        Look { at, inside: true }
    }
}

impl PartialEq for Begins {
    fn eq(&self, other: &Begins) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Begins {}

/// As it is written behind `--multiline`.
impl fmt::Display for Begins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Begins::Flush => f.write_str("indent"),
            Begins::Time(_) => f.write_str("time"),
            Begins::Match(regex) => f.write_str(regex.as_str()),
        }
    }
}

impl Begins {
    /// Reads the value of `--multiline`.
    pub fn parse(word: &str) -> Result<Begins, Usage> {
        match word {
            "indent" => Ok(Begins::Flush),
            "time" => Ok(Begins::Time(time())),
            "" => Err(Usage::new(
                "nothing is given; write indent, time, or a regex that first lines match",
            )),
            _ => Ok(Begins::Match(super::regex::compile(word)?)),
        }
    }

    /// Whether a line, without its LF, begins a record.
    #[inline]
    pub fn begins(&self, line: &[u8]) -> bool {
        let line = &line[..line.len().min(JUDGED)];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self {
            Begins::Flush => !matches!(line, [b' ' | b'\t', ..]),
            // PERF: most lines that go on are told by their first byte: 2 ns against 35.
            Begins::Time(regex) => may_be_time(line) && regex.is_match(line),
            Begins::Match(regex) => regex.is_match(line),
        }
    }

    /// Where the first record begins at or behind `look`. Only lines whose end has come are looked at, or whose first
    /// [`JUDGED`] bytes have; `all`: nothing comes behind `bytes`. `Err`: what is known to begin none.
    pub fn first(&self, bytes: &[u8], look: Look, all: bool) -> Result<usize, Look> {
        let Look { mut at, mut inside } = look;
        while at < bytes.len() {
            let end = memchr(b'\n', &bytes[at..]).map(|end| at + end);
            if !inside {
                if end.is_none() && !all && bytes.len() - at < JUDGED {
                    return Err(Look { at, inside });
                }
                if self.begins(&bytes[at..end.unwrap_or(bytes.len())]) {
                    return Ok(at);
                }
            }
            inside = end.is_none();
            at = end.map_or(bytes.len(), |end| end + 1);
        }
        Err(Look { at, inside })
    }

    /// Where the last record begins of those that begin at or behind `at`, the start of a line, but not at the front
    /// of `bytes`. Looks at lines whose end has come.
    pub fn last(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let mut end = at + memrchr(b'\n', &bytes[at..])? + 1;
        while end > at {
            let start = memrchr(b'\n', &bytes[at..end - 1]).map_or(at, |found| at + found + 1);
            if start == 0 {
                return None;
            }
            if self.begins(&bytes[start..end - 1]) {
                return Some(start);
            }
            end = start;
        }
        None
    }

    /// Makes the block's records the chunk's rows, without their last LF.
    pub(super) fn find_rows(&self, chunk: &mut Chunk) {
        chunk.rows.clear();
        scan::lines(chunk.block.padded(), chunk.block.len(), &mut chunk.rows);
        let block = chunk.block.bytes();
        let mut records = 0;
        for i in 0..chunk.rows.len() {
            let line = chunk.rows[i];
            if i == 0 || self.begins(&block[line.start()..line.start() + line.len()]) {
                chunk.rows[records] = line;
                records += 1;
            } else {
                let record = chunk.rows[records - 1].start();
                chunk.rows[records - 1] = Span::new(record, line.start() + line.len() - record);
            }
        }
        chunk.rows.truncate(records);
    }
}

fn time() -> Regex {
    let pattern = TIME.replace("MONTH", MONTHS).replace("DAY", DAYS);
    RegexBuilder::new(&pattern)
        .unicode(false)
        .build()
        .expect("the pattern is a regex")
}

/// Whether the first byte is one that a time may begin with.
#[inline(always)]
fn may_be_time(line: &[u8]) -> bool {
    matches!(
        line.first(),
        Some(
            b'0'..=b'9'
                | b'<'
                | b'['
                | b'('
                | b'"'
                | b'\''
                | b'J'
                | b'F'
                | b'M'
                | b'A'
                | b'S'
                | b'O'
                | b'N'
                | b'D'
                | b'T'
                | b'W'
        )
    )
}

/// A record of several lines as `$0` has it: joined by line feeds alone. `None`: it is so as it stands.
pub fn joined(record: &[u8]) -> Option<Vec<u8>> {
    memchr::memmem::find(record, b"\r\n")?;
    let mut out = Vec::with_capacity(record.len());
    for (i, line) in record.split(|byte| *byte == b'\n').enumerate() {
        if i > 0 {
            if out.last() == Some(&b'\r') {
                out.pop();
            }
            out.push(b'\n');
        }
        out.extend_from_slice(line);
    }
    Some(out)
}

/// Records by a plain loop over lines, for the tests of whoever cuts.
#[doc(hidden)]
pub mod naive {
    use super::Begins;

    /// The records of some text, with their line ends.
    pub fn records<'t>(begins: &Begins, text: &'t [u8]) -> Vec<&'t [u8]> {
        let (mut out, mut from, mut at) = (Vec::new(), 0, 0);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let bare = line.strip_suffix(b"\n").unwrap_or(line);
            if at > from && begins.begins(bare) {
                out.push(&text[from..at]);
                from = at;
            }
            at += line.len();
        }
        if at > from {
            out.push(&text[from..at]);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{ReadOptions, reader};
    use super::*;
    use crate::bytes::time::{Memo, Shape, parse};
    use crate::data::Block;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn begins(word: &str) -> Begins {
        Begins::parse(word).unwrap()
    }

    fn options(word: &str) -> ReadOptions {
        ReadOptions {
            multiline: Some(Arc::new(begins(word))),
            ..ReadOptions::default()
        }
    }

    #[test]
    fn each_rule_knows_first_lines() {
        let check = |word: &str, first: &[&str], other: &[&str]| {
            for line in first {
                assert!(begins(word).begins(line.as_bytes()), "{word}: {line:?}");
            }
            for line in other {
                assert!(!begins(word).begins(line.as_bytes()), "{word}: {line:?}");
            }
        };
        check(
            "indent",
            &["a", "", "\r", "\x0ba"],
            &[" a", "\tat x", " ", "\t"],
        );
        check("^\\d+$", &["12", "12\r"], &["a", "", "12 a"]);
        check("ERR|^W", &["x ERR", "W"], &["x W"]);
        check(
            "time",
            &[
                "<34>Oct 11 22:14:15 web su: x",
                "<165>1 2003-10-11T22:14:15.003Z h e - - - x",
                "[2015-07-29 17:41:41,536] x",
                "[17/May/2015:10:05:03 +0000] x",
                "\"2015-07-29T17:41:41Z\" x",
                "2015-07-29|x",
                "2024/01/02 10:00:00 [error] x",
                "1431857103.25 x",
                "1431857103000",
            ],
            &[
                "",
                "\tat org.apache",
                "Caused by: x",
                "Monday",
                "12 more",
                "20150729 x",
                "2015-07-291",
                "1431857103x",
                " 2015-07-29 17:41:41",
                "java.lang.Error: 2015-07-29 17:41:41",
                "10:00:00 x",
            ],
        );
    }

    /// INTERFACE 4: `time` knows the spellings that `--time` knows by their shape.
    #[test]
    fn what_time_detection_reads_begins_a_record() {
        let stamps = [
            "2015-05-17T10:05:03.25+02:00",
            "2015-05-17 10:05:03,250",
            "2015-05-17 10:05",
            "2015/05/17 10:05:03",
            "2015-05-17",
            "17/May/2015:10:05:03 +0000",
            "[17/May/2015:10:05:03 +0000]",
            "Tue, 1 Jul 2003 10:52:37 +0200",
            "1 Jul 2003 10:52:37 +0200",
            "Oct 11 22:14:15",
            "Oct  1 22:14:15",
            "Tue Jan  2 10:00:00 2024",
            "1431857103",
            "1431857103.125",
            "1431857103125",
            "1431857103125000000",
        ];
        for stamp in stamps {
            let read = parse(stamp.as_bytes(), &Shape::Detect, &mut Memo::default());
            assert!(read.is_some(), "{stamp} is read by detection");
            for line in [
                stamp.to_string(),
                format!("{stamp} text"),
                format!("<13>{stamp} x"),
            ] {
                assert!(begins("time").begins(line.as_bytes()), "{line}");
            }
        }
    }

    #[test]
    fn formats_read_records_of_several_lines() {
        let trace = b"\tat top\nERROR a\r\n\tat b\r\n\tat c\r\nINFO d\n";
        let read = |format: &str, wanted: &[&str]| {
            Read::with(format, &options("indent"), trace, None, wanted).table()
        };
        assert_eq!(
            read("text", &["$1", "$3", "NF", "$NF"]),
            "at|<null>|2|top\nERROR|at|6|c\nINFO|<null>|2|d\n"
        );
        assert_eq!(read("text", &["$1"]), "at\nERROR\nINFO\n");
        assert_eq!(
            read("regex:(?s)^(?<level>\\w+) (?<rest>.*)$", &["level", "rest"]),
            "!\nERROR|a\n\tat b\n\tat c\nINFO|d\n"
        );
        let parted = ReadOptions {
            delimiter: Some(b' '),
            ..options("indent")
        };
        let read = Read::with("text", &parted, b"a b\n c d\ne\n", None, &["$2", "NF"]);
        assert_eq!(read.table(), "b\n|4\n<null>|1\n");
    }

    #[test]
    fn formats_of_one_line_refuse_it() {
        let refused = |format: &str| {
            let error = reader(format, &options("indent")).err();
            error.expect("it is refused").to_string()
        };
        assert!(refused("json").contains("jq -c"));
        assert!(refused("csv").contains("quotes"));
        for format in ["tsv", "logfmt", "combined", "common"] {
            assert!(refused(format).starts_with("--multiline"), "{format}");
        }
    }

    proptest! {
        #[test]
        fn rows_are_those_of_a_plain_loop(
            data in "([ \t]?[ab]{0,3}\r?\n){0,12}[ \t]?[ab]{0,2}", which in 0usize..3,
        ) {
            let begins = begins(["indent", "^a", "b$"][which]);
            let mut chunk = Chunk::of_block(Block::copy_of(data.as_bytes()));
            begins.find_rows(&mut chunk);
            let rows: Vec<&[u8]> = chunk.rows.iter().map(|row| chunk.bytes(*row)).collect();
            let model: Vec<&[u8]> = naive::records(&begins, data.as_bytes())
                .into_iter()
                .map(|record| record.strip_suffix(b"\n").unwrap_or(record))
                .collect();
            prop_assert_eq!(rows, model);
        }

        #[test]
        fn lines_alone_join_a_record(data in "[ab\r\n]{0,30}") {
            let model = data.split('\n').map(|line| line.to_string()).collect::<Vec<_>>();
            let last = model.len() - 1;
            let lines: Vec<&str> = model
                .iter()
                .enumerate()
                .map(|(i, line)| if i < last { line.strip_suffix('\r').unwrap_or(line) } else { line })
                .collect();
            let found = joined(data.as_bytes()).unwrap_or_else(|| data.clone().into_bytes());
            prop_assert_eq!(String::from_utf8(found).unwrap(), lines.join("\n"));
        }
    }
}
