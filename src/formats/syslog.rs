//! `syslog`: RFC 5424, RFC 3164 and the line of systemd and rsyslog with an ISO time, each line by its own
//! shape. Refuses lines that do not begin with a time (behind `<PRI>`) and a host. Invariant: the message is
//! everything behind the tag, byte for byte.

use super::combined::fixed_fields;
use super::record::{ABSENT, ByRecord, Record, Verdict};
use super::{Doc, Example, Format, Framing, ReadFormat, ReadOptions, Reader};
use crate::bytes::Span;
use crate::bytes::time::Shape;
use crate::data::{Field, FieldId, Schema, Type};
use anyhow::Result;
use std::ops::Range;
use std::sync::Arc;

pub(super) const SYSLOG: Format = Format {
    name: "syslog",
    doc: Doc {
        summary: "System logs: RFC 3164, RFC 5424 and systemd's ISO form",
        text: "Fields are `time host app pid msg severity facility`. The last two are the names of the number \
               in `<34>`, as `crit` and `auth`, null without it. A line whose message has no `app:` before it \
               has a null `app`. Of RFC 5424 `-` is null, and structured data is passed over. Event time is \
               `time`.",
        examples: &[
            Example {
                title: "Programs that failed",
                session: "$ printf '<34>Oct 11 22:14:15 web su[230]: failed for root\\n<13>Oct 11 22:14:16 web cron: ok\\n' | dstream -i syslog filter 'msg =~ /failed/' select app,pid,severity -o json\n{\"app\":\"su\",\"pid\":230,\"severity\":\"crit\"}\n",
            },
            Example {
                title: "RFC 5424",
                session: "$ printf '<165>1 2003-10-11T22:14:15.003Z h evntslog - ID47 [x@1 a=\"b ]\"] An event\\n' | dstream -i syslog select app,pid,facility,msg -o json\n{\"app\":\"evntslog\",\"pid\":null,\"facility\":\"local4\",\"msg\":\"An event\"}\n",
            },
        ],
    },
    read: Some(|_, options: &ReadOptions| {
        Ok(Arc::new(Syslog {
            framing: options.framing(),
        }))
    }),
    write: None,
};

const NAMES: [&str; 7] = ["time", "host", "app", "pid", "msg", "severity", "facility"];

const SEVERITIES: [&str; 8] = [
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
];

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

struct Syslog {
    framing: Framing,
}

impl ReadFormat for Syslog {
    fn framing(&self) -> Framing {
        self.framing.clone()
    }

    fn schema(&self, _header: Option<&[u8]>) -> Result<Schema> {
        let field = |name: &&str| Field::new(*name, Type::Untyped);
        Ok(Schema::new(NAMES.iter().map(field).collect()))
    }

    fn time(&self) -> Option<(&'static str, Shape)> {
        Some(("time", Shape::Detect))
    }

    fn reader(
        &self,
        schema: &Schema,
        wanted: &[FieldId],
        _header: Option<&[u8]>,
    ) -> Result<Box<dyn Reader>> {
        let (places, fields) = fixed_fields(schema, wanted, &NAMES)?;
        let reader = ByRecord::new(SyslogRecord { places }, fields);
        Ok(Box::new(reader.framed(&self.framing)))
    }
}

struct SyslogRecord {
    places: Vec<usize>,
}

impl Record for SyslogRecord {
    fn cells(
        &mut self,
        block: &[u8],
        row: Span,
        cells: &mut [Span],
        scratch: &mut Vec<u8>,
    ) -> Verdict {
        let line = &block[row.start()..row.start() + row.len()];
        let found = match split(line) {
            Ok(found) => found,
            Err((column, what)) => return Verdict::Bad { column, what },
        };
        let mut word = |word: &str| {
            let span = Span::scratch(scratch.len(), word.len());
            scratch.extend_from_slice(word.as_bytes());
            span
        };
        for (cell, &place) in cells.iter_mut().zip(&self.places) {
            *cell = match (place, found.priority) {
                (5, Some(priority)) => word(SEVERITIES[usize::from(priority & 7)]),
                (6, Some(priority)) => word(FACILITIES[usize::from(priority >> 3)]),
                (0..5, _) => match &found.parts[place] {
                    Some(part) => Span::new(row.start() + part.start, part.len()),
                    None => ABSENT,
                },
                _ => ABSENT,
            };
        }
        Verdict::Good
    }
}

#[derive(Default)]
struct Found {
    /// 0 to 191.
    priority: Option<u8>,
    /// `time host app pid msg`
    parts: [Option<Range<usize>>; 5],
}

fn split(line: &[u8]) -> Result<Found, (usize, &'static str)> {
    let mut found = Found::default();
    let mut at = 0;
    if let Some((priority, end)) = priority(line) {
        found.priority = Some(priority);
        at = end;
        if line[at..].starts_with(b"1 ") {
            rfc5424(line, at + 2, &mut found)?;
            return Ok(found);
        }
    }
    let rest = &line[at..];
    let time_end = if is_bsd_time(rest) {
        at + BSD_TIME.len()
    } else if is_iso_time(rest) {
        at + word_len(rest)
    } else {
        return Err((at, "no time of syslog"));
    };
    found.parts[0] = Some(at..time_end);
    at = time_end;
    if line.get(at) != Some(&b' ') {
        return Err((at, "no host"));
    }
    at += 1;
    let host = word_len(&line[at..]);
    if host == 0 {
        return Err((at, "no host"));
    }
    found.parts[1] = Some(at..at + host);
    at = (at + host + 1).min(line.len());
    tag(line, at, &mut found);
    Ok(found)
}

/// `<34>`: its number and where it ends.
fn priority(line: &[u8]) -> Option<(u8, usize)> {
    let inner = line.strip_prefix(b"<")?;
    let end = inner.iter().take(4).position(|&byte| byte == b'>')?;
    let digits = std::str::from_utf8(&inner[..end]).ok()?;
    let number: u8 = digits.parse().ok().filter(|number| *number < 192)?;
    (!digits.starts_with('+')).then_some((number, end + 2))
}

const BSD_TIME: &str = "Oct 11 22:14:15";

fn is_bsd_time(text: &[u8]) -> bool {
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    match text.get(..BSD_TIME.len()) {
        Some(time) => {
            MONTHS.chunks_exact(3).any(|month| month == &time[..3])
                && time[3] == b' '
                && matches!(time[4], b' ' | b'0'..=b'3')
                && time[5].is_ascii_digit()
                && time[6] == b' '
                && is_clock(&time[7..])
        }
        None => false,
    }
}

/// `2026-01-01T00:00:00`, whatever follows.
fn is_iso_time(text: &[u8]) -> bool {
    match text.get(..19) {
        Some(time) => {
            time[..4].iter().all(u8::is_ascii_digit)
                && (time[4], time[7]) == (b'-', b'-')
                && [5, 6, 8, 9].iter().all(|&i| time[i].is_ascii_digit())
                && time[10] == b'T'
                && is_clock(&time[11..])
        }
        None => false,
    }
}

/// `22:14:15`
fn is_clock(text: &[u8]) -> bool {
    (text[2], text[5]) == (b':', b':')
        && [0, 1, 3, 4, 6, 7].iter().all(|&i| text[i].is_ascii_digit())
}

fn word_len(text: &[u8]) -> usize {
    memchr::memchr(b' ', text).unwrap_or(text.len())
}

/// `app[pid]: msg`, or a message alone.
fn tag(line: &[u8], from: usize, found: &mut Found) {
    let rest = &line[from..];
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b' ' | b':' | b'['));
    let mut msg = from;
    match end.map(|end| (end, rest[end])) {
        Some((end, b':')) if end > 0 => {
            found.parts[2] = Some(from..from + end);
            msg = from + end + 1;
        }
        Some((end, b'[')) if end > 0 => {
            if let Some(close) = memchr::memchr(b']', &rest[end..]).map(|close| end + close) {
                found.parts[2] = Some(from..from + end);
                if close > end + 1 {
                    found.parts[3] = Some(from + end + 1..from + close);
                }
                msg = from + close + 1 + usize::from(rest.get(close + 1) == Some(&b':'));
            }
        }
        _ => {}
    }
    if found.parts[2].is_some() && line.get(msg) == Some(&b' ') {
        msg += 1;
    }
    found.parts[4] = Some(msg..line.len());
}

/// What follows `<34>1 `.
fn rfc5424(line: &[u8], from: usize, found: &mut Found) -> Result<(), (usize, &'static str)> {
    let mut at = from;
    // Time, host, app, pid and the message's id, which is none of our fields.
    for place in 0..5 {
        let word = word_len(&line[at..]);
        if word == 0 || at + word == line.len() {
            return Err((at, "too few parts for RFC 5424"));
        }
        if place == 0 && &line[at..at + word] != b"-" && !is_iso_time(&line[at..]) {
            return Err((at, "no time of syslog"));
        }
        if place < 4 && &line[at..at + word] != b"-" {
            found.parts[place] = Some(at..at + word);
        }
        at += word + 1;
    }
    at = structured_end(line, at).ok_or((at, "no structured data"))?;
    if at < line.len() {
        at += 1;
        let text = &line[at..];
        let mark = text.len() - text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).len();
        found.parts[4] = Some(at + mark..line.len());
    }
    Ok(())
}

/// The end of `-` or `[id key="value"]…`.
fn structured_end(line: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    if line.get(at) == Some(&b'-') {
        at += 1;
    } else {
        while line.get(at) == Some(&b'[') {
            let mut quoted = false;
            loop {
                match line.get(at)? {
                    b'\\' if quoted => at += 1,
                    b'"' => quoted = !quoted,
                    b']' if !quoted => break,
                    _ => {}
                }
                at += 1;
            }
            at += 1;
        }
    }
    (at > from && matches!(line.get(at), None | Some(b' '))).then_some(at)
}

/// Asserts that cutting changes nothing and that messages end their lines.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let options = ReadOptions::default();
    for read in super::testing::Read::all("syslog", &options, data, None, &NAMES) {
        for row in read.rows.iter().filter(|row| row.live) {
            let line = row.line.strip_suffix(b"\r").unwrap_or(&row.line);
            if let Some(msg) = &row.cells[4] {
                assert!(line.ends_with(msg));
            }
            assert_eq!(row.cells[5].is_some(), line.starts_with(b"<"));
            let parts = row.cells[..5].iter().flatten().map(Vec::len).sum::<usize>();
            assert!(parts <= line.len());
        }
        assert_eq!(read.live.len() + read.bad.len(), read.rows.len());
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use proptest::prelude::*;

    fn check(line: &str, table: &str) {
        fuzz(line.as_bytes());
        let read = Read::of("syslog", line.as_bytes(), &NAMES);
        let whole = read.table() + &read.faults();
        assert_eq!(whole, format!("{table}\n"), "{line}");
    }

    #[test]
    fn the_old_form() {
        check(
            "<34>Oct 11 22:14:15 mymachine su: 'su root' failed\r\n",
            "Oct 11 22:14:15|mymachine|su|<null>|'su root' failed|crit|auth",
        );
        check(
            "Dec  1 06:55:46 LabSZ sshd[24200]: Invalid user: x",
            "Dec  1 06:55:46|LabSZ|sshd|24200|Invalid user: x|<null>|<null>",
        );
        check(
            "Dec 10 06:55:46 h last message repeated 3 times",
            "Dec 10 06:55:46|h|<null>|<null>|last message repeated 3 times|<null>|<null>",
        );
        check(
            "<0>Dec 10 06:55:46 h com.apple.launchd[1] (x): y",
            "Dec 10 06:55:46|h|com.apple.launchd|1|(x): y|emerg|kern",
        );
        check(
            "Dec 10 06:55:46 h",
            "Dec 10 06:55:46|h|<null>|<null>||<null>|<null>",
        );
    }

    #[test]
    fn the_iso_forms() {
        check(
            "2026-01-01T00:00:00+0000 web systemd[1]: Started.",
            "2026-01-01T00:00:00+0000|web|systemd|1|Started.|<null>|<null>",
        );
        check(
            "2026-01-01T00:00:00.123456+01:00 web kernel: [12.3] up",
            "2026-01-01T00:00:00.123456+01:00|web|kernel|<null>|[12.3] up|<null>|<null>",
        );
    }

    #[test]
    fn the_new_form() {
        check(
            "<165>1 2003-10-11T22:14:15.003Z h.example evntslog 8 ID47 [a@1 x=\"1]\\\"\"][b] \u{feff}An event",
            "2003-10-11T22:14:15.003Z|h.example|evntslog|8|An event|notice|local4",
        );
        check(
            "<165>1 - - - - - -",
            "<null>|<null>|<null>|<null>|<null>|notice|local4",
        );
        check(
            "<34>1 2003-10-11T22:14:15Z h a - - x",
            "!\n0:35 no structured data",
        );
        check(
            "<34>1 2003-10-11T22:14:15Z h a",
            "!\n0:29 too few parts for RFC 5424",
        );
    }

    #[test]
    fn the_rest_is_bad() {
        check("hello world", "!\n0:0 no time of syslog");
        check("<999>Oct 11 22:14:15 h a: b", "!\n0:0 no time of syslog");
        check("<34>Okt 11 22:14:15 h a: b", "!\n0:4 no time of syslog");
        check("Oct 11 22:14:15", "!\n0:15 no host");
        check("\n", "!\n0:0 no time of syslog");
    }

    #[test]
    fn a_real_log_is_read_without_a_bad_line() {
        let Ok(data) = std::fs::read("../shared/data/openssh.log") else {
            return;
        };
        fuzz(&data);
        let read = Read::of("syslog", &data, &["app", "pid", "msg"]);
        assert!(read.bad.is_empty());
        assert!(
            read.rows
                .iter()
                .all(|row| row.cells[0].as_deref() == Some(b"sshd"))
        );
    }

    proptest! {
        #[test]
        fn no_line_breaks_it(
            parts in prop::collection::vec(prop::sample::select(vec![
                "<34>", "<34>1 ", "Oct 11 22:14:15 ", "2026-01-01T00:00:00+0000 ", "h ", "app", "[1]", ": ", "-", " ",
                "[x a=\"b\"]", "\"", "\\", "]", "\u{feff}", "\n", "\r",
            ]), 0..20),
        ) {
            fuzz(parts.concat().as_bytes());
        }
    }
}
