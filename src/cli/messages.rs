//! What is said on standard error: mistakes, and at the end what was wrong with the data, each once. Texts only;
//! `mod.rs` prints them. Every line begins with the program's name, remedies below it are indented.

use super::suggest;
use crate::data::step::OtherFields;
use crate::engine::{BadInTable, OthersKept};
use crate::formats::csv::QUOTE_IN_BARE;
use std::path::Path;

/// A count with commas: `48,210`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 record`, `12 records`
pub fn counted(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(count))
}

/// An error of the machine with its causes: `a.log: No such file or directory`.
pub fn chain(error: &anyhow::Error) -> String {
    let parts: Vec<String> = error
        .chain()
        .map(|cause| without_numbers(&cause.to_string()))
        .collect();
    parts.join(": ")
}

/// A text without the system's numbers at its end: ` (os error 2)`.
pub fn without_numbers(text: &str) -> String {
    match text.rfind(" (os error ") {
        Some(at) if text.ends_with(')') => text[..at].to_string(),
        _ => text.to_string(),
    }
}

/// Bad records of one kind.
pub fn bad(kind: &str, count: u64, records: u64, first: &str) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    let what =
        if kind.starts_with("not ") || kind.starts_with("too ") || kind.starts_with("longer ") {
            kind.to_string()
        } else {
            format!("bad: {kind}")
        };
    let mut text = format!(
        "{} of {} {verb} {what}",
        grouped(count),
        counted(records, "record")
    );
    if !first.is_empty() {
        text.push_str(&format!(" (first: {first})"));
    }
    text
}

/// How many lines a bad record has taken with it.
pub fn spanned(kind: &str, lines: u64) -> String {
    match kind == QUOTE_IN_BARE && lines > 1 {
        true => format!(", {} up to the next quote", counted(lines, "line")),
        false => String::new(),
    }
}

/// Bad records of a table in memory.
pub fn bad_in_table(count: u64, first: &BadInTable) -> String {
    let bad = told("bad records in a table", count);
    format!("{bad} (first: {first})")
}

/// `of`: the stream, where there are several; empty: standard input.
pub fn never_occurred(
    field: &str,
    (records, of): (u64, Option<&str>),
    near: Option<&str>,
) -> String {
    let of = match of {
        None => String::new(),
        Some("" | "-") => " of standard input".into(),
        Some(words) => format!(" of {words}"),
    };
    let remedy = near.map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
    format!(
        "field '{field}' never occurred in {}{of}{remedy}",
        counted(records, "record")
    )
}

/// Rows had fields that were no columns.
pub fn others(of: &OtherFields, kept: &OthersKept) -> String {
    let shown = |name: &Vec<u8>| -> String {
        String::from_utf8_lossy(name)
            .chars()
            .map(printable)
            .collect()
    };
    let names: Vec<String> = of.names.keys().map(shown).collect();
    let remedy = match kept {
        OthersKept::Select => "name them with select".into(),
        OthersKept::Whole => {
            "name them with select, or write records whole with -o json".to_string()
        }
        OthersKept::Lists {
            operator,
            own,
            other,
        } => match (own, other) {
            (_, false) => format!("name them with select in front of {operator}"),
            (true, true) => format!(
                "name them with select in front of {operator}, and in the first record of its other stream"
            ),
            (false, true) => {
                format!("name them in the first record of the other stream of {operator}")
            }
        },
    };
    format!(
        "{} {} fields that are no columns, as the first record lacks them: {}{}; {remedy}",
        counted(of.rows, "row"),
        if of.rows == 1 { "has" } else { "have" },
        names.join(", "),
        if of.more { ", …" } else { "" },
    )
}

/// What USR1 asks for.
pub fn progress(records: u64, bytes: u64, rows: u64) -> String {
    format!(
        "{} read ({:.1} MB), {} written",
        counted(records, "record"),
        bytes as f64 / 1e6,
        counted(rows, "record"),
    )
}

/// `file`: where they were put (`--late FILE`).
/// `merged`: what they are behind is the order of `--merge-sorted`.
pub fn late(count: u64, records: u64, file: Option<&Path>, merged: bool) -> String {
    let dropped = match file {
        None => "dropped".to_string(),
        Some(file) => format!("put into {}", file.display()),
    };
    let was = if count == 1 { "was" } else { "were" };
    let (behind, remedy) = match (merged, count) {
        (true, 1) => (
            "was older than one before it in its source",
            "sorts what is so much out of order",
        ),
        (true, _) => (
            "were older than one before them in their source",
            "sorts what is so much out of order",
        ),
        (false, 1) => ("came too late for its window", "waits longer"),
        (false, _) => ("came too late for their windows", "waits longer"),
    };
    format!(
        "{} of {} {behind} and {was} {dropped}; --watermark D {remedy}",
        grouped(count),
        counted(records, "record"),
    )
}

/// So many of what `what` calls in the plural, as in "keys forgotten".
pub fn told(what: &str, count: u64) -> String {
    let is_plural = |word: &str| word.len() > 3 && word.ends_with('s');
    let word = what.split(' ').find(|word| is_plural(word));
    match word {
        Some(word) if count == 1 => {
            format!("1 {}", what.replacen(word, &word[..word.len() - 1], 1))
        }
        _ => format!("{} {what}", grouped(count)),
    }
}

/// Values that should have been numbers or times.
pub fn failed(what: &str, count: u64) -> String {
    format!(
        "{} of {what} could not be converted and {} as null",
        counted(count, "value"),
        if count == 1 { "counts" } else { "count" },
    )
}

/// All of the input is bad.
pub fn not_the_format(format: &str, first: &[u8]) -> String {
    let mut text = format!(
        "this does not look like {format}; the first line is {}",
        shown(first)
    );
    if let Some(guess) = guess(first).filter(|guess| *guess != format) {
        text.push_str(&format!("; it looks like {guess}"));
        if guess == "json lists" {
            text.push_str(" (jq -c '.[]' makes lines of it)");
        }
    }
    text
}

/// All of the input is bad since its times are of other years than can be told.
pub fn far_times(records: u64, first: &[u8], option: &str) -> String {
    format!(
        "none of {} has a time of 1700 to 2239, the years that 64 bits of nanoseconds hold; the first line is {}; is {option} right (:s, :ms, :us, :ns)?",
        counted(records, "record"),
        shown(first)
    )
}

/// All of the input is bad since it has no times.
pub fn no_times(records: u64, first: &[u8], option: &str) -> String {
    format!(
        "none of {} has a time that can be read; the first line is {}; is {option} right?",
        counted(records, "record"),
        shown(first)
    )
}

/// A character that moves no cursor.
pub fn printable(letter: char) -> char {
    match letter.is_control() {
        true => '\u{fffd}',
        false => letter,
    }
}

/// The start of a line, fit for a terminal.
fn shown(line: &[u8]) -> String {
    const MAX: usize = 60;
    let text = String::from_utf8_lossy(line);
    let mut out: String = text.trim_end().chars().take(MAX).map(printable).collect();
    if text.trim_end().chars().count() > MAX {
        out.push('…');
    }
    format!("'{out}'")
}

/// The format that a line most likely is of.
pub fn guess(line: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    if text.starts_with('{') && serde_json::from_str::<serde_json::Value>(text).is_ok() {
        return Some("json");
    }
    if text.starts_with('[')
        && (text == "[" || serde_json::from_str::<serde_json::Value>(text).is_ok())
    {
        return Some("json lists");
    }
    let patterns: [(&'static str, &str); 4] = [
        (
            "combined",
            r#"^\S+ \S+ \S+ \[\d\d/\w{3}/\d{4}:[^\]]*\] "[^"]*" \d{3} \S+ "[^"]*" "[^"]*""#,
        ),
        (
            "common",
            r#"^\S+ \S+ \S+ \[\d\d/\w{3}/\d{4}:[^\]]*\] "[^"]*" \d{3} \S+$"#,
        ),
        (
            "syslog",
            r"^(<\d+>)?(\d )?(\w{3} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) \S+ [^ :]+(\[\d+\])?(:| )",
        ),
        (
            "logfmt",
            r#"^([\w.-]+=("[^"]*"|\S*) +)+[\w.-]+=("[^"]*"|\S*)$"#,
        ),
    ];
    for (name, pattern) in patterns {
        if regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(text)) {
            return Some(name);
        }
    }
    let count = |mark: char| text.matches(mark).count();
    match () {
        _ if count('\t') >= 2 => Some("tsv"),
        _ if count(',') >= 2 && count(',') * 4 > count(' ') => Some("csv"),
        _ => None,
    }
}

/// What is said of other streams that have no record yet, which would tell their columns. `waits`: nothing is read
/// until they have.
pub fn awaits(words: &[&str], waits: bool) -> String {
    let (has, its) = match words.len() {
        1 => ("has", "its"),
        _ => ("have", "their"),
    };
    let words = words.join(", ");
    match waits {
        true => format!(
            "{words} {has} no record yet, and {its} fields are columns of the output: nothing is read until then"
        ),
        false => format!(
            "{words} {has} no record yet: {its} fields will be no columns of this job's output"
        ),
    }
}

/// What is said of a file that is not there. `first`: it stands where an operator may, too.
pub fn missing(path: &str, first: bool) -> String {
    let whole = Path::new(path);
    let (dir, name) = match (whole.parent(), whole.file_name()) {
        (Some(dir), Some(name)) if !dir.as_os_str().is_empty() => (dir, name),
        (_, Some(name)) => (Path::new("."), name),
        _ => return format!("{path}: No such file or directory"),
    };
    let name = name.to_string_lossy();
    let mut names: Vec<String> = match std::fs::read_dir(dir) {
        Ok(entries) => entries
            .flatten()
            .take(NAMES_MAX)
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect(),
        Err(_) => Vec::new(),
    };
    names.sort();
    let mut text = format!("{path}: No such file or directory");
    if first && !path.contains('/') {
        text.push_str(", nor is it an operator");
    }
    if let Some(near) = suggest::nearest(&name, names.iter().map(String::as_str)) {
        let near = path.strip_suffix(&*name).unwrap_or_default().to_string() + near;
        text.push_str(&format!("; did you mean '{near}'?"));
    }
    text
}

/// As many names of a directory are compared with one that is not there.
const NAMES_MAX: usize = 10_000;

/// Why a word cannot be a source; checked before anything runs.
pub fn directory(path: &str) -> Option<String> {
    Path::new(path).is_dir().then(|| {
        format!(
            "{path} is a directory; name its files, as in {}/*, or read each that appears in it by dir:{path}",
            path.trim_end_matches('/')
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_commas() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (48_210, "48,210"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(count), text);
        }
    }

    #[test]
    fn one_is_told_in_the_singular() {
        let keys = "keys forgotten (--max-keys)";
        assert_eq!(told(keys, 1), "1 key forgotten (--max-keys)");
        assert_eq!(told(keys, 1000), "1,000 keys forgotten (--max-keys)");
        let records = "bad records in a table";
        assert_eq!(told(records, 1), "1 bad record in a table");
        assert_eq!(told(records, 2), "2 bad records in a table");
    }

    #[test]
    fn the_summary_reads_as_promised() {
        assert_eq!(
            bad("not JSON", 12, 48_210, "app.log:118 col 1"),
            "12 of 48,210 records are not JSON (first: app.log:118 col 1)"
        );
        assert_eq!(
            bad("no closing quote", 1, 1, ""),
            "1 of 1 record is bad: no closing quote"
        );
        assert_eq!(
            never_occurred("stauts", (48_210, None), Some("status")),
            "field 'stauts' never occurred in 48,210 records; did you mean 'status'?"
        );
        assert_eq!(
            late(2, 3_000, None, false),
            "2 of 3,000 records came too late for their windows and were dropped; --watermark D waits longer"
        );
    }

    #[test]
    fn a_line_is_known_by_its_look() {
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(guess(line.as_bytes()), expected, "{line}");
        };
        check(r#"{"a":1}"#, Some("json"));
        check(
            r#"1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "x""#,
            Some("combined"),
        );
        check(
            r#"1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1"#,
            Some("common"),
        );
        check(
            "Dec 10 06:55:46 LabSZ sshd[24200]: reverse mapping",
            Some("syslog"),
        );
        check("level=info msg=\"a b\" n=1", Some("logfmt"));
        check("a,b,c", Some("csv"));
        check("a\tb\tc", Some("tsv"));
        check("plain words", None);
        check("[", Some("json lists"));
        assert_eq!(
            not_the_format("combined", br#"{"a":1}"#),
            r#"this does not look like combined; the first line is '{"a":1}'; it looks like json"#
        );
    }
}
