//! The place of a mistake on the command line: what was typed, with carets below the word. Decides nothing. Invariant: a
//! mistake that has a place of its own, within an expression or a file, keeps it.

use super::{TABLES, messages};
use crate::error::Usage;
use std::ops::Range;

/// As much of a long command line as is shown.
const WIDTH_MAX: usize = 100;

/// Points at the word that a message is about, if that can be told from its quotes.
pub fn pointed(mut usage: Usage, words: &[String]) -> Usage {
    if usage.place.is_none()
        && let Some((at, range)) = find(&usage.message, words)
    {
        usage.place = Some(line(words, at, range));
    }
    usage
}

/// Points at a word, or at the end of the line where one is missing.
pub fn at(mut usage: Usage, words: &[String], at: usize) -> Usage {
    if usage.place.is_none() {
        let len = words.get(at).map_or(0, String::len);
        usage.place = Some(line(words, at, 0..len));
    }
    usage
}

/// The word that a message is about, and the bytes of it.
fn find(message: &str, words: &[String]) -> Option<(usize, Range<usize>)> {
    let first = message.lines().next().unwrap_or_default();
    let about = first.find("did you mean").map_or(first, |at| &first[..at]);
    // What an option is given may be said by another word, too.
    let mut parts = about.split([' ', ':', ',']).filter(|part| !part.is_empty());
    let head = parts.next()?;
    let given = flag(head, words).map(|(at, _)| at + 1);
    let mut rest = about;
    while let Some(open) = rest.find('\'') {
        let behind = &rest[open + 1..];
        let Some(close) = behind.find('\'') else {
            break;
        };
        let quoted = &behind[..close];
        if let Some(at) = given.filter(|&at| words.get(at).is_some_and(|word| word == quoted)) {
            return Some((at, 0..quoted.len()));
        }
        if let Some(found) = whole(quoted, words) {
            return Some(found);
        }
        rest = &behind[close + 1..];
    }
    // Else the option or the operator that it begins with.
    if let Some(found) = flag(head, words) {
        return Some(found);
    }
    if TABLES.operator(head).is_some() {
        let flagged = parts.next().filter(|part| part.starts_with("--"));
        return flagged
            .and_then(|part| flag(part, words))
            .or_else(|| whole(head, words));
    }
    if let Some(found) = leading(about, words) {
        return Some(found);
    }
    about
        .split([' ', ':', ',', ';'])
        .filter(|part| part.starts_with("--"))
        .find_map(|part| flag(part, words))
}

/// The word that a text is, or whose value it is.
fn whole(text: &str, words: &[String]) -> Option<(usize, Range<usize>)> {
    if text.is_empty() {
        return None;
    }
    if let Some(at) = words.iter().position(|word| word == text) {
        return Some((at, 0..text.len()));
    }
    // A kind of source, or what follows it.
    let of_source = |word: &String| match text.ends_with(':') {
        true => word.starts_with(text).then_some(0..text.len()),
        false => word
            .strip_suffix(text)
            .filter(|kind| kind.ends_with(':') && !kind.starts_with('-'))
            .map(|kind| kind.len()..word.len()),
    };
    let mut sources = words.iter().enumerate();
    if let Some(found) = sources.find_map(|(at, word)| Some((at, of_source(word)?))) {
        return Some(found);
    }
    words.iter().enumerate().find_map(|(at, word)| {
        let is_flag = word.starts_with('-') && word.len() > text.len();
        let before = word.strip_suffix(text)?;
        let attached = match before.strip_prefix("--") {
            Some(name) => name.ends_with('='),
            None => before.chars().count() >= 2,
        };
        (is_flag && attached).then_some((at, before.len()..word.len()))
    })
}

/// The longest word that a message begins with, as of a source or a file: `tcp:localhost: an address is …`.
fn leading(about: &str, words: &[String]) -> Option<(usize, Range<usize>)> {
    let begins = |word: &String| {
        let rest = about.strip_prefix(word.as_str());
        word.len() > 1 && rest.is_some_and(|rest| rest.starts_with([':', ' ']))
    };
    let found = words.iter().enumerate().filter(|(_, word)| begins(word));
    let (at, word) = found.max_by_key(|(_, word)| word.len())?;
    Some((at, 0..word.len()))
}

/// The word that gives an option.
fn flag(name: &str, words: &[String]) -> Option<(usize, Range<usize>)> {
    if !name.starts_with('-') {
        return None;
    }
    let name = name.split('=').next().unwrap_or(name);
    let short = name
        .strip_prefix("--")
        .and_then(|long| TABLES.long(long))
        .and_then(|option| option.short);
    let is_it = |word: &String| {
        let given = word.split('=').next().unwrap_or(word);
        given == name
            || short.is_some_and(|letter| {
                !word.starts_with("--") && word.starts_with('-') && word[1..].starts_with(letter)
            })
    };
    let at = words.iter().position(is_it)?;
    Some((at, 0..words[at].len()))
}

/// The command line as it is shown, and the bytes of it that a range of a word is.
fn line(words: &[String], at: usize, range: Range<usize>) -> (String, Range<usize>) {
    let mut shown: Vec<String> = vec!["dstream".into()];
    shown.extend(words.iter().map(|word| quoted(word)));
    // Where the word is not there, behind the last one.
    let at = (at + 1).min(shown.len());
    let (mut from, mut to) = (at, (at + 1).min(shown.len()));
    let width = |from: usize, to: usize| -> usize {
        shown[from..to]
            .iter()
            .map(|word| word.chars().count() + 1)
            .sum()
    };
    while from > 0 && width(from - 1, to) <= WIDTH_MAX * 3 / 4 {
        from -= 1;
    }
    while to < shown.len() && width(from, to + 1) <= WIDTH_MAX {
        to += 1;
    }
    let mut text = String::new();
    if from > 0 {
        text.push_str("… ");
    }
    let mut place = 0..0;
    for (i, word) in shown.iter().enumerate().take(to).skip(from) {
        if i == at {
            let typed = &words[at - 1];
            let start = text.len();
            place = match word == typed {
                true => start + range.start..start + range.end,
                // A word in quotes is shown as a whole, or by its inside.
                false if word.len() == typed.len() + 2 => {
                    start + 1 + range.start..start + 1 + range.end
                }
                false => start..start + word.len(),
            };
        }
        text.push_str(word);
        text.push(' ');
    }
    if at == shown.len() {
        place = text.len()..text.len();
    } else if to < shown.len() {
        text.push('…');
    } else {
        text.truncate(text.trim_end().len());
    }
    (text, place)
}

/// A word as it would be typed.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    let shown: String = word.chars().map(messages::printable).collect();
    match !word.is_empty() && word.bytes().all(plain) {
        true => shown,
        false => format!("'{}'", shown.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, words: &[&str], expected: &str) {
        let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
        let told = pointed(Usage::new(message), &words).to_string();
        let below = told.strip_prefix(message).unwrap_or_default();
        assert_eq!(below, expected, "{message}");
    }

    #[test]
    fn words_are_pointed_at() {
        check(
            "'sort' is neither an operator nor a file",
            &["-i", "csv", "sort", "x"],
            "\n    dstream -i csv sort x\n                   ^^^^",
        );
        check(
            "--output-mode: 'apend' is none of append, update, complete",
            &["--output-mode=apend"],
            "\n    dstream --output-mode=apend\n                          ^^^^^",
        );
        check(
            "--threads: '0' is not a whole number from 1",
            &["-j0", "count"],
            "\n    dstream -j0 count\n              ^",
        );
        check(
            "--append needs --output FILE, which it adds to",
            &["count", "--append"],
            "\n    dstream count --append\n                  ^^^^^^^^",
        );
        check(
            "window: sizes over a regular file need a time field",
            &["window", "1m", "count"],
            "\n    dstream window 1m count\n            ^^^^^^",
        );
        check(
            "--late: 'r' is read as input: it would be lost; name another file",
            &["join", "r", "--late", "r"],
            "\n    dstream join r --late r\n                          ^",
        );
        check("nothing is known of it", &["count"], "");
    }

    #[test]
    fn words_are_shown_as_they_would_be_typed() {
        check(
            "'a b' is no file",
            &["count", "a b", "it's"],
            "\n    dstream count 'a b' 'it'\\''s'\n                   ^^^",
        );
        let long: Vec<String> = (0..60).map(|n| format!("word{n}")).collect();
        let told = pointed(Usage::new("'word40' is no file"), &long);
        let (line, range) = told.place.expect("it is there");
        assert!(line.starts_with("… ") && line.ends_with('…') && line.chars().count() < 110);
        assert_eq!(&line[range], "word40");
    }
}
