//! `regex:RE`: the named captures of a regular expression are the fields. Refuses lines that do not match.
//! Invariant: a capture that took no part in the match is null, one of no bytes is empty text.

use super::combined::fixed_fields;
use super::record::{ABSENT, ByRecord, Record, Verdict};
use super::{Doc, Example, Format, Framing, ReadFormat, ReadOptions, Reader};
use crate::bytes::Span;
use crate::data::{Field, FieldId, Schema, Type};
use crate::error::Usage;
use anyhow::Result;
use regex::bytes::{CaptureLocations, Regex};
use std::sync::Arc;

pub(super) const REGEX: Format = Format {
    name: "regex",
    doc: Doc {
        summary: "Lines taken apart by a regular expression",
        text: "Written `regex:RE`. Named captures, `(?<name>…)`, are the fields. The expression may match \
               anywhere in the line; `^` and `$` are its ends. A line without a match is bad, a capture that \
               took no part in the match is null.",
        examples: &[Example {
            title: "Two captures",
            session: "$ printf 'ann is 31\\nbob is 5\\n' | dstream -i 'regex:(?<who>\\w+) is (?<age>\\d+)' filter 'age > 9' select who,age -o json\n{\"who\":\"ann\",\"age\":31}\n",
        }],
    },
    read: Some(|pattern, options: &ReadOptions| {
        Ok(Arc::new(Captures::new(pattern, options.framing())?))
    }),
    write: None,
};

/// A regex whose groups are fields.
pub(super) struct Captures {
    framing: Framing,
    regex: Regex,
    names: Vec<String>,
    /// By name: the numbers of its groups, of which the first that took part in a match counts.
    groups: Vec<Vec<usize>>,
}

/// A regex, or what is wrong with it and where.
pub(super) fn compile(pattern: &str) -> Result<Regex, Usage> {
    Regex::new(pattern).map_err(|error| {
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        Usage::new(format!("regex: {reason}\n    {pattern}"))
    })
}

impl Captures {
    fn new(pattern: &str, framing: Framing) -> Result<Captures, Usage> {
        let regex = compile(pattern)?;
        let named = |(group, name): (usize, Option<&str>)| Some((group, name?.to_string()));
        let fields: Vec<(String, Vec<usize>)> = regex
            .capture_names()
            .enumerate()
            .filter_map(named)
            .map(|(group, name)| (name, vec![group]))
            .collect();
        if fields.is_empty() {
            return Err(Usage::new(format!(
                "regex: no named capture, as (?<name>…), and so no field\n    {pattern}"
            )));
        }
        Ok(Captures::of(regex, fields, framing))
    }

    /// Fields with the numbers of their groups.
    pub fn of(regex: Regex, fields: Vec<(String, Vec<usize>)>, framing: Framing) -> Captures {
        let (names, groups) = fields.into_iter().unzip();
        Captures {
            framing,
            regex,
            names,
            groups,
        }
    }
}

impl ReadFormat for Captures {
    fn framing(&self) -> Framing {
        self.framing.clone()
    }

    fn schema(&self, _header: Option<&[u8]>) -> Result<Schema> {
        let field = |name: &String| Field::new(name, Type::Untyped);
        Ok(Schema::new(self.names.iter().map(field).collect()))
    }

    fn reader(
        &self,
        schema: &Schema,
        wanted: &[FieldId],
        _header: Option<&[u8]>,
    ) -> Result<Box<dyn Reader>> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let (places, fields) = fixed_fields(schema, wanted, &names)?;
        let reader = ByRecord::new(
            CapturesRecord {
                groups: places.iter().map(|&place| self.groups[place][0]).collect(),
                others: places
                    .iter()
                    .enumerate()
                    .flat_map(|(cell, &place)| {
                        self.groups[place][1..]
                            .iter()
                            .map(move |&group| (cell, group))
                    })
                    .collect(),
                found: self.regex.capture_locations(),
                regex: self.regex.clone(),
            },
            fields,
        );
        Ok(Box::new(reader.framed(&self.framing)))
    }
}

struct CapturesRecord {
    regex: Regex,
    groups: Vec<usize>,
    /// Cells that another group may fill.
    others: Vec<(usize, usize)>,
    found: CaptureLocations,
}

impl Record for CapturesRecord {
    fn cells(
        &mut self,
        block: &[u8],
        row: Span,
        cells: &mut [Span],
        _scratch: &mut Vec<u8>,
    ) -> Verdict {
        let line = &block[row.start()..row.start() + row.len()];
        let matched = match self.groups.is_empty() {
            true => self.regex.is_match(line),
            false => self.regex.captures_read(&mut self.found, line).is_some(),
        };
        if !matched {
            return Verdict::Bad {
                column: 0,
                what: "no match",
            };
        }
        for (cell, &group) in cells.iter_mut().zip(&self.groups) {
            *cell = match self.found.get(group) {
                Some((from, to)) => Span::new(row.start() + from, to - from),
                None => ABSENT,
            };
        }
        for &(cell, group) in &self.others {
            if let (ABSENT, Some((from, to))) = (cells[cell], self.found.get(group)) {
                cells[cell] = Span::new(row.start() + from, to - from);
            }
        }
        Verdict::Good
    }
}

/// Asserts that fields are the captures of each line, for one expression with all kinds of groups.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let pattern = r"^(?<a>\w*)(?: (?<b>.+?))?(x)?(?<c>[0-9]?)$";
    let regex = Regex::new(pattern).expect("the pattern is a regex");
    let word = format!("regex:{pattern}");
    for read in
        super::testing::Read::all(&word, &ReadOptions::default(), data, None, &["c", "a", "b"])
    {
        for row in &read.rows {
            let line = row.line.strip_suffix(b"\r").unwrap_or(&row.line);
            let captures = regex.captures(line);
            assert_eq!(row.live, captures.is_some());
            let Some(captures) = captures else { continue };
            for (name, cell) in ["c", "a", "b"].iter().zip(&row.cells) {
                let text = captures.name(name).map(|found| found.as_bytes());
                assert_eq!(cell.as_deref(), text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn groups_that_take_no_part_are_null() {
        let read = Read::of(
            "regex:(?<key>[a-z]+)(=(?<value>.*))?$",
            b"a=1\nb\r\nc=\n7\n",
            &["value", "key"],
        );
        assert_eq!(read.table(), "1|a\n<null>|b\n|c\n!\n");
        assert_eq!(read.faults(), "3:0 no match\n");
    }

    #[test]
    fn what_is_wrong_with_an_expression_is_said() {
        let message = |word: &str| {
            let result = super::super::reader(word, &ReadOptions::default());
            result.err().unwrap().to_string()
        };
        assert_eq!(message("regex:(a"), "regex: unclosed group\n    (a");
        assert!(message("regex:(a)").contains("no named capture"));
        assert_eq!(message("regex"), "the format regex is written regex:RE");
    }

    proptest! {
        #[test]
        fn fields_are_the_captures(data in "[abx0 \r\n]{0,100}") {
            fuzz(data.as_bytes());
        }
    }
}
