//! What files are called that were rotated: `name.1`, `name.0`, `name-DATE`, `name.DATE`, `name-DATE.ext`, each also
//! compressed. Opens nothing. Invariant: a name alone never says what a file holds.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Endings of what was compressed.
const PACKED: [&[u8]; 2] = [b".gz", b".zst"];
/// Where a rotated name has what it has more.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// In front of the ending.
    pub within: bool,
    pub separator: u8,
}

/// What a rotated name has more than the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    Number(u64),
    Date(Vec<u8>),
}

pub fn without_ending(name: &[u8]) -> &[u8] {
    let ending = PACKED.iter().find(|ending| name.ends_with(ending));
    ending.map_or(name, |ending| &name[..name.len() - ending.len()])
}

/// The name that a file had before it was compressed.
pub fn unpacked(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    path.with_file_name(OsStr::from_bytes(without_ending(name.as_bytes())))
}

/// What a name beside `name` has more, if it looks like a rotated one.
pub fn tag(name: &[u8], other: &[u8]) -> Option<(Tag, Form)> {
    let other = without_ending(other);
    let more = |rest: &[u8], within: bool| -> Option<(Tag, Form)> {
        let (&separator, tag) = rest.split_first()?;
        let form = Form { within, separator };
        Some((parsed(tag).filter(|_| is_separator(separator))?, form))
    };
    other
        .strip_prefix(name)
        .and_then(|rest| more(rest, false))
        .or_else(|| {
            // The ending stays the last: access-20260101.log of access.log.
            let (stem, ending) = name.split_at(ending_at(name)?);
            let rest = other.strip_suffix(ending)?.strip_prefix(stem)?;
            more(rest, true)
        })
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'.' | b'-' | b'_')
}

/// Where the last ending of a name begins, if it has one.
fn ending_at(name: &[u8]) -> Option<usize> {
    let dot = name.iter().rposition(|&byte| byte == b'.');
    dot.filter(|&at| at > 0)
}

/// The name that a rotated one looks to be of, the shortest that it may be.
pub fn base(path: &Path) -> Option<PathBuf> {
    let name = without_ending(path.file_name()?.as_bytes());
    let cut = |stem: &[u8]| -> Option<usize> {
        let is_end = |&at: &usize| is_separator(stem[at]) && parsed(&stem[at + 1..]).is_some();
        (1..stem.len()).find(is_end)
    };
    let base = match (cut(name), ending_at(name)) {
        (Some(at), _) => name[..at].to_vec(),
        (None, Some(dot)) => {
            let (stem, ending) = name.split_at(dot);
            [&stem[..cut(stem)?], ending].concat()
        }
        (None, None) => return None,
    };
    Some(path.with_file_name(OsStr::from_bytes(&base)))
}

/// Whether a file may have got this name when it was rotated, from the other; `packed`: also by being compressed under a
/// rotated name.
pub fn is_rotated_name(from: &Path, to: &Path, packed: bool) -> bool {
    let (Some(from_name), Some(to_name)) = (from.file_name(), to.file_name()) else {
        return false;
    };
    let (from_name, to_name) = (from_name.as_bytes(), to_name.as_bytes());
    if from.parent() != to.parent() {
        return false;
    }
    if tag(from_name, to_name).is_some() {
        return true;
    }
    if !packed || without_ending(to_name) == to_name || without_ending(from_name) != from_name {
        return false;
    }
    // Compressed where it is, or when it was moved on: numbers grow, dates stay.
    let number = |path: &Path, name: &[u8]| match tag(base(path)?.file_name()?.as_bytes(), name)?.0
    {
        Tag::Number(number) => Some(number),
        Tag::Date(_) => None,
    };
    let later = number(from, from_name)
        .zip(number(to, to_name))
        .is_some_and(|(from, to)| from <= to);
    without_ending(to_name) == from_name || base(from) == base(to) && later
}

/// The names that a file may get when it is rotated: some of each kind.
pub fn rotated_names(path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name() else {
        return Vec::new();
    };
    let name = name.as_bytes();
    let mut names = Vec::new();
    for more in [
        ".1",
        ".2",
        "-20260101",
        ".20260101",
        "-2026-01-01",
        ".2026-01-01",
        "_1",
        ".old",
    ] {
        names.push([name, more.as_bytes()].concat());
        if let Some(dot) = ending_at(name) {
            names.push([&name[..dot], more.as_bytes(), &name[dot..]].concat());
        }
    }
    for at in 0..names.len() {
        names.extend(PACKED.map(|ending| [&names[at], ending].concat()));
    }
    names.extend(PACKED.map(|ending| [name, ending].concat()));
    let path = |name: &Vec<u8>| path.with_file_name(OsStr::from_bytes(name));
    names.iter().map(path).collect()
}

fn parsed(tag: &[u8]) -> Option<Tag> {
    if tag == b"old" {
        return Some(Tag::Number(0));
    }
    let first = tag.first()?;
    let date = |byte: &u8| byte.is_ascii_digit() || b"-_:.TtZz+".contains(byte);
    if !first.is_ascii_digit() || !tag.iter().all(date) {
        return None;
    }
    let digits = std::str::from_utf8(tag).ok()?;
    match digits.parse::<u64>() {
        // A number of six digits or more is a date, as logrotate writes them.
        Ok(number) if tag.len() < 6 => Some(Tag::Number(number)),
        _ => Some(Tag::Date(tag.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_what_was_rotated() {
        let check = |other: &str, expected: Option<Tag>| {
            let is = tag(b"access.log", other.as_bytes()).map(|(tag, _)| tag);
            assert_eq!(is, expected, "{other}");
        };
        let date = |text: &str| Some(Tag::Date(text.into()));
        check("access.log.1", Some(Tag::Number(1)));
        check("access.log.0", Some(Tag::Number(0)));
        check("access.log.12.gz", Some(Tag::Number(12)));
        check("access.log-20260101", date("20260101"));
        check("access.log-2026-01-01.zst", date("2026-01-01"));
        check(
            "access.log.2026-01-01T10:00:00Z",
            date("2026-01-01T10:00:00Z"),
        );
        check("access-20260101.log", date("20260101"));
        check("access.1.log.gz", Some(Tag::Number(1)));
        check("access.log.old", Some(Tag::Number(0)));
        check("access.log", None);
        check("access.log.gz", None);
        check("access.log.swp", None);
        check("access.log.1.tmp", None);
        check("access.logs.1", None);
        check("other.log.1", None);
    }

    #[test]
    fn which_names_a_rotated_file_may_have_had() {
        let check = |from: &str, to: &str, packed: bool, expected: bool| {
            let is = is_rotated_name(Path::new(from), Path::new(to), packed);
            assert_eq!(is, expected, "{from} {to} {packed}");
        };
        check("a.log", "a.log.1", false, true);
        check("d/a.log", "d/a-20260101.log.gz", true, true);
        check("a.log", "b/a.log.1", false, false);
        // Two that live side by side.
        check("a-1.log", "a-2.log", false, false);
        check("a.log.1", "a.log.2", false, false);
        check("a.log.1", "a.log.2.gz", true, true);
        check("a.log.1", "a.log.1.zst", true, true);
        check("a.log.3", "a.log.2.gz", true, false);
        check("a.log-20260101", "a.log-20260101.gz", true, true);
        check("a.log-20260101", "a.log-20260102.gz", true, false);
        check("a.csv", "a.csv.gz", true, true);
        check("a.log.1.gz", "a.log.2.gz", true, false);
        check("a.log", "b.log.1", true, false);
    }

    #[test]
    fn the_name_that_a_rotated_one_is_of() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(
                base(Path::new(name)).as_deref(),
                expected.map(Path::new),
                "{name}"
            );
        };
        check("d/a.log.1", Some("d/a.log"));
        check("a.log.12.gz", Some("a.log"));
        check("a.log-2026-01-01.zst", Some("a.log"));
        check("a-20260101.log", Some("a.log"));
        check("a.log", None);
        check("a", None);
        check("a.log.gz", None);
        check(".1", None);
        for name in rotated_names(Path::new("d/a.log")) {
            assert!(
                is_rotated_name(Path::new("d/a.log"), &name, true),
                "{name:?}"
            );
        }
    }
}
