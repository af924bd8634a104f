//! `combined` and `common`: the access logs of Apache and nginx. Decodes nothing: escapes in quotes stay as
//! they are. Refuses lines without the parts that the format has; a request that is none leaves its fields
//! null. Invariant: whether a line is bad does not depend on which fields are wanted.

use super::record::{ABSENT, ByRecord, Record, Verdict};
use super::{Doc, Example, Format, Framing, ReadFormat, ReadOptions, Reader, is_made};
use crate::bytes::Span;
use crate::bytes::time::Shape;
use crate::data::{Field, FieldId, Schema, Type};
use crate::error::Usage;
use anyhow::Result;
use std::sync::Arc;

const FIELDS_TEXT: &str = "The request is taken apart into `method`, `path`, `query` (behind the first `?`) and \
    `protocol`; one that is not of this kind leaves them null. `-` is null. Escapes like `\\\"` and `\\x22` \
    stay as they are. Event time is `time`. A line is looked at as far as the chain needs it: one \
    that is cut short in its agent still counts where only `status` is asked for.";

pub(super) const COMBINED: Format = Format {
    name: "combined",
    doc: Doc {
        summary: "Access logs with referer and agent",
        text: FIELDS_TEXT,
        examples: &[
            Example {
                title: "Requests by path",
                session: "$ printf '1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET /a?x=1 HTTP/1.1\" 200 5 \"-\" \"curl\"\\n' | dstream -i combined count-by path\n/a\t1\n",
            },
            Example {
                title: "One line as JSON",
                session: "$ printf '::1 - bob [17/May/2015:10:05:03 +0000] \"-\" 408 - \"-\" \"-\"\\n' | dstream -i combined select host,user,path,status -o json\n{\"host\":\"::1\",\"user\":\"bob\",\"path\":null,\"status\":408}\n",
            },
        ],
    },
    read: Some(|_, _: &ReadOptions| Ok(Arc::new(AccessLog { names: &NAMES }))),
    write: None,
};

pub(super) const COMMON: Format = Format {
    name: "common",
    doc: Doc {
        summary: "Access logs without referer and agent",
        text: FIELDS_TEXT,
        examples: &[Example {
            title: "Bytes by status",
            session: "$ printf 'h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.0\" 200 5\\nh - - [17/May/2015:10:05:04 +0000] \"GET / HTTP/1.0\" 200 7\\n' | dstream -i common reduce-by status sum:bytes\n200\t12\n",
        }],
    },
    read: Some(|_, _: &ReadOptions| {
        Ok(Arc::new(AccessLog {
            names: &NAMES[..COMMON_FIELDS],
        }))
    }),
    write: None,
};

const NAMES: [&str; 11] = [
    "host", "user", "time", "method", "path", "query", "protocol", "status", "bytes", "referer",
    "agent",
];

const COMMON_FIELDS: usize = 9;

struct AccessLog {
    names: &'static [&'static str],
}

impl ReadFormat for AccessLog {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn schema(&self, _header: Option<&[u8]>) -> Result<Schema> {
        let field = |name: &&str| Field::new(*name, Type::Untyped);
        Ok(Schema::new(self.names.iter().map(field).collect()))
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
        let (places, fields) = fixed_fields(schema, wanted, self.names)?;
        Ok(Box::new(ByRecord::new(
            AccessRecord {
                request: places.iter().any(|&place| (3..=6).contains(&place)),
                quoted: places.iter().any(|&place| place >= COMMON_FIELDS),
                places,
            },
            fields,
        )))
    }
}

/// Of the wanted fields, their places in a format's list of names.
pub(super) fn fixed_fields(
    schema: &Schema,
    wanted: &[FieldId],
    names: &[&str],
) -> Result<(Vec<usize>, Vec<FieldId>), Usage> {
    let mut places = Vec::new();
    let mut fields = Vec::new();
    for &field in wanted {
        let name = schema.fields[field].name.as_str();
        if is_made(name) {
            continue;
        }
        let Some(place) = names.iter().position(|known| *known == name) else {
            let hint = super::nearest(name, names.iter().copied())
                .map_or(String::new(), |near| format!("; did you mean '{near}'?"));
            return Err(Usage::new(format!(
                "no field '{name}'{hint}\n    the record has: {}",
                names.join(", ")
            )));
        };
        places.push(place);
        fields.push(field);
    }
    Ok((places, fields))
}

struct AccessRecord {
    places: Vec<usize>,
    /// Whether the request is to be taken apart.
    request: bool,
    /// Whether referer or agent is wanted: a line that is cut short behind what is wanted is good.
    quoted: bool,
}

impl Record for AccessRecord {
    #[inline(always)]
    fn cells(
        &mut self,
        block: &[u8],
        row: Span,
        cells: &mut [Span],
        _scratch: &mut Vec<u8>,
    ) -> Verdict {
        let line = &block[row.start()..row.start() + row.len()];
        let found = match split(line, self.request, self.quoted) {
            Ok(found) => found,
            Err((column, what)) => return Verdict::Bad { column, what },
        };
        for (cell, &place) in cells.iter_mut().zip(&self.places) {
            let (from, to) = found[place];
            *cell = if from == to && place != 9 && place != 10
                || to - from == 1 && line[from as usize] == b'-'
            {
                ABSENT
            } else {
                Span {
                    start: row.start + from,
                    len: to - from,
                }
            };
        }
        Verdict::Good
    }
}

/// From and to of each field, in the order of [`NAMES`]; what is not there is empty.
type Found = [(u32, u32); 11];

#[inline(always)]
fn split(line: &[u8], take_request: bool, quoted: bool) -> Result<Found, (usize, &'static str)> {
    let mut found: Found = [(0, 0); 11];
    let find = |byte: u8, from: usize| Some(from + memchr::memchr(byte, line.get(from..)?)?);
    let place = |from: usize, to: usize| (from as u32, to as u32);

    let host = short_find(b' ', line, 0)
        .filter(|&host| host > 0)
        .ok_or((0, "no host"))?;
    found[0] = place(0, host);
    let user = short_find(b' ', line, host + 1).ok_or((host, "no user"))? + 1;
    // The user may hold blanks; the time behind has a shape of its own.
    let mut bracket = short_find(b'[', line, user + 1).ok_or((user, "no [time]"))?;
    while !is_time(line, bracket) {
        bracket = find(b'[', bracket + 1).ok_or((user, "no [time]"))?;
    }
    found[1] = place(user, bracket - 1);
    found[2] = place(bracket + 1, bracket + TIME_END);

    let request = bracket + TIME_END + 3;
    if line.get(request - 2..request) != Some(b" \"") {
        return Err((request - 2, "no \"request\""));
    }
    let request_end = close(line, request).ok_or((request - 1, "no \"request\""))?;
    if take_request {
        take_apart(line, request, request_end, &mut found);
    }

    let status = request_end + 2;
    let status_end = number_end(line, status).ok_or((request_end + 1, "no status"))?;
    found[7] = place(status, status_end);
    let bytes = status_end + 1;
    let bytes_end = number_end(line, bytes).ok_or((status_end, "no bytes"))?;
    found[8] = place(bytes, bytes_end);
    if quoted {
        let referer = bytes_end + 2;
        if line.get(bytes_end..referer) != Some(b" \"") {
            return Err((bytes_end, "no \"referer\""));
        }
        let referer_end = close(line, referer).ok_or((bytes_end, "no \"referer\""))?;
        found[9] = place(referer, referer_end);
        let agent = referer_end + 3;
        if line.get(referer_end + 1..agent) != Some(b" \"") {
            return Err((referer_end + 1, "no \"agent\""));
        }
        let agent_end = close(line, agent).ok_or((referer_end + 1, "no \"agent\""))?;
        found[10] = place(agent, agent_end);
        if !matches!(line.get(agent_end + 1), None | Some(b' ')) {
            return Err((agent_end + 1, "text behind the agent"));
        }
    }
    Ok(found)
}

/// Bytes from `[` to `]`.
const TIME_END: usize = "[17/May/2015:10:05:03 +0000".len();

/// Whether the bracket opens a time, by its marks, and a blank stands before.
#[inline(always)]
fn is_time(line: &[u8], bracket: usize) -> bool {
    match line.get(bracket..bracket + TIME_END + 1) {
        Some(time) => {
            bracket > 0
                && line[bracket - 1] == b' '
                && time[3] == b'/'
                && time[7] == b'/'
                && time[12] == b':'
                && time[TIME_END] == b']'
        }
        None => false,
    }
}

/// For what is a few bytes away.
#[inline(always)]
fn short_find(byte: u8, line: &[u8], from: usize) -> Option<usize> {
    let rest = line.get(from..)?;
    Some(from + rest.iter().position(|&other| other == byte)?)
}

/// The place of the quote that closes what begins at `from`: one without a backslash that counts before it.
#[inline(always)]
fn close(line: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'"', line.get(at..)?)?;
        if at == from || line[at - 1] != b'\\' {
            return Some(at);
        }
        let escapes = line[from..at]
            .iter()
            .rev()
            .take_while(|&&byte| byte == b'\\')
            .count();
        if escapes % 2 == 0 {
            return Some(at);
        }
        at += 1;
    }
}

/// The end of the digits, or of the `-`, at `from`; a blank or the end of the line must follow, a blank
/// must stand before.
#[inline(always)]
fn number_end(line: &[u8], from: usize) -> Option<usize> {
    if line.get(from - 1) != Some(&b' ') {
        return None;
    }
    let mut at = from;
    if line.get(at) == Some(&b'-') {
        at += 1;
    } else {
        while line.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
    }
    (at > from && matches!(line.get(at), None | Some(b' '))).then_some(at)
}

/// `GET /path?query HTTP/1.1`; the path may hold blanks, the protocol may be missing (HTTP 0.9).
#[inline(always)]
fn take_apart(line: &[u8], from: usize, to: usize, found: &mut Found) {
    let request = &line[from..to];
    let Some(method) = request.iter().position(|&byte| byte == b' ') else {
        return;
    };
    let is_method = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_');
    if method == 0 || !request[..method].iter().all(is_method) {
        return;
    }
    let place = |start: usize, end: usize| ((from + start) as u32, (from + end) as u32);
    let target = method + 1;
    let mut target_end = request.len();
    // `HTTP/1.1` and the like is eight bytes, `HTTP/2.0` too, `HTTP/2` six.
    let last = request.len().saturating_sub(9).max(method);
    if let Some(blank) = request[last..].iter().rposition(|&byte| byte == b' ') {
        let protocol = last + blank + 1;
        if protocol > target && request[protocol..].starts_with(b"HTTP/") {
            found[6] = place(protocol, request.len());
            target_end = protocol - 1;
        }
    }
    if target_end <= target {
        found[6] = (0, 0);
        return;
    }
    found[3] = place(0, method);
    let path = &request[target..target_end];
    match memchr::memchr(b'?', path) {
        None => found[4] = place(target, target_end),
        Some(mark) => {
            found[4] = place(target, target + mark);
            found[5] = place(target + mark + 1, target_end);
        }
    }
}

/// Asserts that two regexes that describe the format, head and rest, find the same.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let options = ReadOptions::default();
    for (format, names) in [
        ("combined", &NAMES[..]),
        ("common", &NAMES[..COMMON_FIELDS]),
    ] {
        static MODELS: [std::sync::LazyLock<[regex::bytes::Regex; 2]>; 2] = [
            const { std::sync::LazyLock::new(|| model(false)) },
            const { std::sync::LazyLock::new(|| model(true)) },
        ];
        let [head, rest] = &*MODELS[usize::from(format == "combined")];
        for read in super::testing::Read::all(format, &options, data, None, names) {
            for row in &read.rows {
                let line = row.line.strip_suffix(b"\r").unwrap_or(&row.line);
                let captures = head.captures(line).and_then(|head| {
                    let rest = rest.captures(&line[head.get(0)?.end()..])?;
                    Some((head, rest))
                });
                assert_eq!(row.live, captures.is_some(), "{}", line.escape_ascii());
                let Some((head, rest)) = captures else {
                    continue;
                };
                for (name, cell) in names.iter().zip(&row.cells) {
                    if let "method" | "path" | "query" | "protocol" = *name {
                        continue;
                    }
                    let found = head.name(name).or(rest.name(name));
                    let may_be_empty = matches!(*name, "referer" | "agent");
                    let text = found.map(|text| text.as_bytes());
                    let text =
                        text.filter(|text| *text != b"-" && (may_be_empty || !text.is_empty()));
                    assert_eq!(cell.as_deref(), text, "{name} of {}", line.escape_ascii());
                }
            }
            assert_eq!(read.live.len() + read.bad.len(), read.rows.len());
        }
    }
}

fn model(combined: bool) -> [regex::bytes::Regex; 2] {
    let head = r"\A(?<host>[^ ]+) [^ ]* (?<user>.*?) \[(?<time>../.../....:.{8}.{6})\]";
    let quoted = |name: &str| format!(r#" "(?<{name}>(?:[^"\\]|\\.)*)""#);
    let mut rest = format!(
        r"\A{} (?<status>[0-9]+|-) (?<bytes>[0-9]+|-)",
        quoted("request")
    );
    if combined {
        rest += &(quoted("referer") + &quoted("agent"));
    }
    rest += r"(?: |\z)";
    [head, &rest].map(|pattern| {
        let pattern = format!("(?s-u){pattern}");
        regex::bytes::Regex::new(&pattern).expect("the pattern is a regex")
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_fields() {
        let data = b"83.149.9.216 - frank [17/May/2015:10:05:03 +0000] \"GET /a/b.png?x=1&y=? HTTP/1.1\" 200 203023 \"http://semi/\" \"Moz \\\"x\\\" (X)\"\r\n";
        assert_eq!(
            Read::of("combined", data, &NAMES).table(),
            "83.149.9.216|frank|17/May/2015:10:05:03 +0000|GET|/a/b.png|x=1&y=?|HTTP/1.1|200|203023|http://semi/|Moz \\\"x\\\" (X)\n"
        );
        assert_eq!(
            Read::of("common", data, &["bytes", "status"]).table(),
            "203023|200\n"
        );
    }

    #[test]
    fn requests_that_are_none_leave_nulls() {
        let check = |request: &str, fields: &str| {
            let line =
                format!("h - - [17/May/2015:10:05:03 +0000] \"{request}\" 400 - \"-\" \"\"\n");
            let wanted = ["method", "path", "query", "protocol", "bytes", "agent"];
            let read = Read::of("combined", line.as_bytes(), &wanted);
            assert_eq!(read.table(), format!("{fields}|<null>|\n"), "{request}");
        };
        check("-", "<null>|<null>|<null>|<null>");
        check("", "<null>|<null>|<null>|<null>");
        check("\\x16\\x03 \\x01", "<null>|<null>|<null>|<null>");
        check("GET /", "GET|/|<null>|<null>");
        check("GET / HTTP/2", "GET|/|<null>|HTTP/2");
        check("GET /a b?c d HTTP/1.0", "GET|/a b|c d|HTTP/1.0");
        check("OPTIONS * HTTP/1.1", "OPTIONS|*|<null>|HTTP/1.1");
        check("GET /\\\"x\\\" HTTP/1.1", "GET|/\\\"x\\\"|<null>|HTTP/1.1");
        check("GET HTTP/1.1", "GET|HTTP/1.1|<null>|<null>");
        check("GET  HTTP/1.1", "<null>|<null>|<null>|<null>");
        check("GET ", "<null>|<null>|<null>|<null>");
    }

    #[test]
    fn what_is_no_access_log_is_bad() {
        let check = |line: &str, column: u32, what: &str| {
            let read = Read::of("combined", line.as_bytes(), &["status", "agent"]);
            assert_eq!(read.faults(), format!("0:{column} {what}\n"), "{line}");
            // What is behind the last wanted field is not looked at.
            let behind = what.contains("referer") || what.contains("agent");
            let read = Read::of("combined", line.as_bytes(), &["status"]);
            assert_eq!(read.live.is_empty(), !behind, "{line}");
        };
        check("\n", 0, "no host");
        check("hello", 0, "no host");
        check("a b", 1, "no user");
        check("a - - [x] \"GET\"", 4, "no [time]");
        let head = "h - - [17/May/2015:10:05:03 +0000]";
        check(head, 34, "no \"request\"");
        check(&format!("{head} \"GET"), 35, "no \"request\"");
        check(&format!("{head} \"-\" x 5"), 38, "no status");
        check(&format!("{head} \"-\" 200 5x"), 42, "no bytes");
        check(&format!("{head} \"-\" 200 5"), 44, "no \"referer\"");
        check(&format!("{head} \"-\" 200 5 \"a\""), 48, "no \"agent\"");
        check(
            &format!("{head} \"-\" 200 5 \"a\" \"b\"c"),
            52,
            "text behind the agent",
        );
    }

    #[test]
    fn a_real_log_reads_as_the_model_says() {
        let Ok(data) = std::fs::read("../shared/data/apache_logs.log") else {
            return;
        };
        fuzz(&data);
        let read = Read::of("combined", &data, &["status", "path"]);
        assert!(read.bad.len() * 100 < read.rows.len());
    }

    proptest! {
        #[test]
        fn lines_are_the_models(
            parts in prop::collection::vec(prop::sample::select(vec![
                "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\"",
                "h - u v [17/May/2015:10:05:03 +0000]", " \"GET /?\\\" HTTP/1.1\"", " 200 5", " - -", " \"-\" \"\\\\\"",
                "\n", " ", "\"", "\\", "[", "- ", "x",
            ]), 0..20),
        ) {
            fuzz(parts.concat().as_bytes());
        }
    }
}
