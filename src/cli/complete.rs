//! What may stand at the end of an unfinished command line, for the shells (`--complete WORDS…`). Walks the
//! words as the splitter does, but forgives: a mistake gives no answers and no message. Reads at most the
//! first bytes of one file, for its field names.

use super::chain::Tables;
use super::globals::{Takes, What};
use super::named::{self, Named};
use super::peek;
use crate::aggs::AGGREGATES;
use crate::expr::funcs::FUNCTIONS;
use crate::formats::{self, FORMATS, ReadOptions};
use crate::ops::Operator;
use crate::ops::args::Kind;
use crate::ops::running::RUNNING;
use std::path::Path;

/// Words of the line that stand behind the cursor, a line each: the file whose fields are asked for is often among
/// them.
const BEHIND: &str = "DSTREAM_COMPLETE_BEHIND";

/// The answers for the last of the words, whole words each, one a line.
pub fn answers(words: &[String], tables: Tables) -> Vec<String> {
    let words: Vec<String> = words.iter().map(|word| unquoted(word)).collect();
    let Some((last, before)) = words.split_last() else {
        return answers(&[String::new()], tables);
    };
    let place = walk(before, tables);
    let known = Known {
        words: &words,
        tables,
    };
    match place.expects {
        Expects::Kind(kind) => known.of_kind(kind, last),
        Expects::What(what) => known.of_what(what, last),
        Expects::Topic => known.topics(last),
        Expects::Source => files(last),
        Expects::Operator | Expects::MoreSources => {
            if let Some((option, value)) = last.split_once('=').filter(|_| last.starts_with("--")) {
                return known.attached(place.operator, option, value);
            }
            if last.starts_with('-') {
                return known.flags(place.operator, last);
            }
            if place.expects == Expects::MoreSources {
                return files(last);
            }
            let mut found: Vec<String> = tables
                .operators
                .iter()
                .map(|operator| operator.name.to_string())
                .filter(|name| name.starts_with(last.as_str()))
                .collect();
            if before.is_empty() && "help".starts_with(last.as_str()) && !last.is_empty() {
                found.push("help".into());
            }
            if found.is_empty() || (last.is_empty() && place.operator.is_some()) {
                found.extend(files(last));
            }
            found
        }
    }
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Expects {
    Operator,
    MoreSources,
    /// Behind `--`.
    Source,
    Kind(Kind),
    What(What),
    /// Behind `help`.
    Topic,
}

struct Spot {
    expects: Expects,
    operator: Option<&'static Operator>,
}

/// What may come behind these words.
fn walk(words: &[String], tables: Tables) -> Spot {
    let mut spot = Spot {
        expects: Expects::Operator,
        operator: None,
    };
    let mut words = words.iter().enumerate();
    while let Some((at, word)) = words.next() {
        if spot.expects == Expects::Source {
            continue;
        }
        if at == 0 && word == "help" {
            spot.expects = Expects::Topic;
            return spot;
        }
        let operator = spot.operator.filter(|_| spot.expects == Expects::Operator);
        let awaits = if word == "--" {
            spot.expects = Expects::Source;
            None
        } else if let Some(name) = word.strip_prefix("--") {
            awaited(operator, name, tables)
        } else if word.len() > 1 && word.starts_with('-') {
            let mut letters = word[1..].chars();
            let taker = letters.by_ref().find_map(|letter| {
                tables
                    .short(letter)
                    .filter(|option| matches!(option.takes, Takes::Value(_)))
            });
            taker
                .filter(|_| letters.next().is_none())
                .map(|option| Expects::What(option.value))
        } else if let Some(operator) = tables
            .operator(word)
            .filter(|_| spot.expects == Expects::Operator)
        {
            spot.operator = Some(operator);
            for operand in operator.operands {
                if words.next().is_none() {
                    spot.expects = Expects::Kind(operand.kind);
                    return spot;
                }
            }
            None
        } else {
            spot.expects = Expects::MoreSources;
            None
        };
        if let Some(expects) = awaits
            && words.next().is_none()
        {
            spot.expects = expects;
            return spot;
        }
    }
    spot
}

/// What the value of a flag without `=` is.
fn awaited(operator: Option<&Operator>, name: &str, tables: Tables) -> Option<Expects> {
    let flag = operator.and_then(|operator| operator.flags.iter().find(|flag| flag.long == name));
    match flag {
        Some(flag) => flag.value.map(|(_, kind)| Expects::Kind(kind)),
        None => tables
            .long(name)
            .filter(|option| matches!(option.takes, Takes::Value(_)))
            .map(|option| Expects::What(option.value)),
    }
}

struct Known<'a> {
    words: &'a [String],
    tables: Tables,
}

impl Known<'_> {
    fn flags(&self, operator: Option<&Operator>, prefix: &str) -> Vec<String> {
        let own = operator.map_or(&[][..], |operator| operator.flags);
        own.iter()
            .map(|flag| flag.long)
            .chain(
                self.tables
                    .options
                    .iter()
                    .filter(|option| !option.hidden && option.long != "complete")
                    .map(|option| option.long),
            )
            .map(|long| format!("--{long}"))
            .filter(|long| long.starts_with(prefix))
            .collect()
    }

    /// `--flag=VALUE`
    fn attached(&self, operator: Option<&Operator>, option: &str, value: &str) -> Vec<String> {
        let name = option.trim_start_matches("--");
        let found = match awaited(operator, name, self.tables) {
            Some(Expects::Kind(kind)) => self.of_kind(kind, value),
            Some(Expects::What(what)) => self.of_what(what, value),
            _ => match self.tables.long(name).map(|option| option.takes) {
                Some(Takes::Maybe(words)) => starting(words.iter().copied(), value),
                _ => Vec::new(),
            },
        };
        found
            .into_iter()
            .map(|answer| format!("{option}={answer}"))
            .collect()
    }

    fn topics(&self, prefix: &str) -> Vec<String> {
        let lists = ["operators", "functions", "aggregates", "formats", "options"];
        starting(
            lists
                .into_iter()
                .chain(self.tables.operators.iter().map(|operator| operator.name))
                .chain(FUNCTIONS.iter().map(|function| function.name))
                .chain(AGGREGATES.iter().map(|aggregate| aggregate.name))
                .chain(FORMATS.iter().map(|format| format.name)),
            prefix,
        )
    }

    fn of_what(&self, what: What, prefix: &str) -> Vec<String> {
        match what {
            What::Plain => Vec::new(),
            What::File => files(prefix),
            What::ReadFormat => {
                let own = self.own_formats();
                let own = own.iter().map(|named| named.name.as_str());
                let known = FORMATS.iter().filter(|format| format.read.is_some());
                starting(known.map(|format| format.name).chain(own), prefix)
            }
            What::WriteFormat => starting(
                FORMATS
                    .iter()
                    .filter(|format| format.write.is_some())
                    .map(|format| format.name),
                prefix,
            ),
            What::Field => self.fields("", prefix),
            What::OneOf(words) => starting(words.iter().copied(), prefix),
        }
    }

    fn of_kind(&self, kind: Kind, word: &str) -> Vec<String> {
        match kind {
            Kind::File | Kind::Source => files(word),
            Kind::Format => starting(
                FORMATS
                    .iter()
                    .filter(|format| format.read.is_some())
                    .map(|format| format.name),
                word,
            ),
            Kind::WindowSize => starting(
                [
                    "10s", "1m", "5m", "1h", "day", "week", "month", "quarter", "year", "all",
                ],
                word,
            ),
            Kind::Skip => starting(["none", "next", "past-last", "to-first:", "to-last:"], word),
            Kind::Field => self.fields("", word),
            Kind::Fields | Kind::Keys => {
                let (done, piece) = cut_behind(word, ',');
                self.fields(done, piece)
            }
            Kind::SortKeys => {
                let (done, piece) = cut_behind(word, ',');
                match piece.split_once(':') {
                    Some((field, order)) => starting(["asc", "desc"], order)
                        .into_iter()
                        .map(|order| format!("{done}{field}:{order}"))
                        .collect(),
                    None => self.fields(done, piece),
                }
            }
            Kind::Renames => {
                let (done, piece) = cut_behind(word, ',');
                if piece.contains('=') {
                    return Vec::new();
                }
                self.fields(done, piece)
            }
            Kind::Aggregates | Kind::Running => {
                let (done, piece) = cut_behind(word, ',');
                let named = piece.rfind('=').map_or(0, |at| at + 1);
                let (name, call) = piece.split_at(named);
                let running = RUNNING.iter().map(|running| running.name);
                let running = running.filter(|_| kind == Kind::Running);
                let names = AGGREGATES.iter().map(|aggregate| aggregate.name);
                let names = running.chain(names);
                match call.rfind(':') {
                    Some(colon) => {
                        let (func, inside) = call.split_at(colon + 1);
                        let found = self.in_expression(inside).into_iter();
                        found
                            .map(|answer| format!("{done}{name}{func}{answer}"))
                            .collect()
                    }
                    None => starting(names, call)
                        .into_iter()
                        .map(|func| format!("{done}{name}{func}"))
                        .collect(),
                }
            }
            Kind::OneOf(words) => starting(words.iter().copied(), word),
            Kind::Condition | Kind::Assignments | Kind::Assignment => self.in_expression(word),
            _ => Vec::new(),
        }
    }

    /// The name at the end of an expression: a field or a function.
    fn in_expression(&self, word: &str) -> Vec<String> {
        let begin = word
            .rfind(|letter: char| !(letter.is_alphanumeric() || "_$@.".contains(letter)))
            .map_or(0, |at| {
                at + word[at..].chars().next().map_or(1, char::len_utf8)
            });
        let (done, name) = word.split_at(begin);
        let mut found = self.fields(done, name);
        if !name.is_empty() {
            found.extend(
                starting(FUNCTIONS.iter().map(|function| function.name), name)
                    .into_iter()
                    .map(|function| format!("{done}{function}(")),
            );
        }
        found
    }

    /// Names of fields that begin with `prefix`, behind `done`.
    fn fields(&self, done: &str, prefix: &str) -> Vec<String> {
        self.field_names()
            .iter()
            .filter(|name| name.starts_with(prefix))
            .map(|name| format!("{done}{name}"))
            .collect()
    }

    /// The value of an option on the line, wherever it stands.
    fn value_of(&self, long: &str, short: char) -> Option<&str> {
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            if *word == format!("--{long}") || *word == format!("-{short}") {
                return words.next().map(String::as_str);
            }
            let attached = word
                .strip_prefix(&format!("--{long}="))
                .or_else(|| word.strip_prefix(&format!("-{short}")));
            if let Some(value) = attached.filter(|_| !word.starts_with("--") || word.contains('='))
            {
                return Some(value);
            }
        }
        None
    }

    /// Formats of the user's own; a file that cannot be read has none here.
    fn own_formats(&self) -> Vec<Named> {
        let no_config = self.words.iter().any(|word| word == "--no-config");
        let all = named::all(no_config).ok().flatten();
        all.map_or_else(Vec::new, |(_, all)| all)
    }

    fn field_names(&self) -> Vec<String> {
        let before = &self.words[..self.words.len().saturating_sub(1)];
        let behind = std::env::var(BEHIND).unwrap_or_default();
        let file = before
            .iter()
            .map(String::as_str)
            .chain(behind.lines())
            .map(|word| word.strip_prefix("--from=").unwrap_or(word))
            .map(at_home)
            .find(|word| Path::new(word).is_file());
        let file = file.as_deref();
        let ending = |file: &str| match Path::new(file).extension()?.to_str()? {
            "csv" => Some("csv"),
            "tsv" => Some("tsv"),
            "json" | "ndjson" | "jsonl" => Some("json"),
            _ => None,
        };
        let format = self
            .value_of("input-format", 'i')
            .or_else(|| file.and_then(ending))
            .unwrap_or("text");
        if let Some(own) = self.own_formats().iter().find(|own| own.name == format) {
            let options = ReadOptions {
                delimiter: own.delimiter,
                no_header: own.no_header,
                multiline: None,
            };
            let head = file.map(peek::first_bytes).unwrap_or_default();
            return fields_of(&own.word, &options, &head);
        }
        let options = ReadOptions {
            delimiter: self
                .value_of("delimiter", 'd')
                .and_then(|text| text.bytes().next()),
            no_header: before.iter().any(|word| word == "--no-header"),
            multiline: None,
        };
        let head = file.map(peek::first_bytes).unwrap_or_default();
        fields_of(format, &options, &head)
    }
}

/// The fields that records of a format have, given the first bytes of a file.
fn fields_of(format: &str, options: &ReadOptions, head: &[u8]) -> Vec<String> {
    let lines = || head.split(|byte| *byte == b'\n').take(20);
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    match format {
        "json" => {
            for line in lines() {
                if let Ok(value) = serde_json::from_slice::<serde_json::Value>(line) {
                    paths("", &value, 3, &mut add);
                }
            }
        }
        "logfmt" => {
            for line in lines() {
                for pair in String::from_utf8_lossy(line).split_whitespace() {
                    if let Some((key, _)) = pair.split_once('=') {
                        add(key.into());
                    }
                }
            }
        }
        "text" => {
            let count = lines()
                .map(|line| String::from_utf8_lossy(line).split_whitespace().count())
                .max()
                .unwrap_or(0);
            for i in 0..=count.min(30) {
                add(format!("${i}"));
            }
        }
        _ => {
            let Ok(reader) = formats::reader(format, options) else {
                return names;
            };
            let first = peek::first_record(head, &reader.framing(), true);
            let header = first.map(|end| peek::without_end(&head[..end]));
            if let Ok(schema) = reader.schema(header) {
                for (_, field) in schema.shown() {
                    add(quoted(&field.name));
                }
            }
        }
    }
    names
}

/// Paths of a JSON object, to a depth.
fn paths(prefix: &str, value: &serde_json::Value, depth: u8, add: &mut impl FnMut(String)) {
    let serde_json::Value::Object(members) = value else {
        return;
    };
    for (key, member) in members {
        let path = format!("{prefix}{}", quoted(key));
        if depth > 1 && member.is_object() {
            paths(&format!("{path}."), member, depth - 1, add);
        } else {
            add(path);
        }
    }
}

/// A name as an expression needs it.
fn quoted(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_$@".contains(&byte));
    if (plain && !name.is_empty()) || name.starts_with('`') {
        name.into()
    } else {
        format!("`{name}`")
    }
}

fn starting<'a>(words: impl IntoIterator<Item = &'a str>, prefix: &str) -> Vec<String> {
    let mut found: Vec<String> = words
        .into_iter()
        .filter(|word| word.starts_with(prefix))
        .map(str::to_string)
        .collect();
    found.dedup();
    found
}

/// A list up to and with its last comma, and the piece behind it.
fn cut_behind(word: &str, comma: char) -> (&str, &str) {
    word.split_at(word.rfind(comma).map_or(0, |at| at + comma.len_utf8()))
}

/// A path that begins with `~/`, which a shell leaves as it is in a word that is not finished.
fn at_home(word: &str) -> String {
    match (word.strip_prefix("~/"), std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => word.to_string(),
    }
}

/// Files and directories whose path begins so.
fn files(prefix: &str) -> Vec<String> {
    let cut = prefix.rfind('/').map_or(0, |at| at + 1);
    let (folder, name) = prefix.split_at(cut);
    let place = at_home(if folder.is_empty() { "." } else { folder });
    let Ok(entries) = std::fs::read_dir(place) else {
        return Vec::new();
    };
    let mut found: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            let hidden = file.starts_with('.') && !name.starts_with('.');
            if hidden || !file.starts_with(name) {
                return None;
            }
            let slash = if entry.path().is_dir() { "/" } else { "" };
            Some(format!("{folder}{file}{slash}"))
        })
        .collect();
    found.sort();
    found
}

/// A word without the quotes that it was typed with, closed or not.
fn unquoted(word: &str) -> String {
    match word.chars().next() {
        Some(quote @ ('\'' | '"')) => word
            .strip_prefix(quote)
            .map_or("", |rest| rest.strip_suffix(quote).unwrap_or(rest))
            .to_string(),
        _ => word.to_string(),
    }
}
