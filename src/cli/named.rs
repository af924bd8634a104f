//! `formats.toml`: formats of the user's own, which `-i NAME` names. Reads the file only when a command names a format
//! that is not built in, so nothing in it is felt by others. Invariant: a named format is what its keys say as options,
//! and an option of the command line goes before its key.

use super::globals::{self, Options};
use super::{config, read_text, suggest};
use crate::error::Usage;
use crate::formats::begins::Begins;
use crate::formats::{self, grok};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file's name in the directory of the user's own files.
const FILE: &str = "formats.toml";

/// What a format's table may say, and what that means.
pub const KEYS: &[(&str, &str)] = &[
    (
        "format",
        "a built-in format as `-i` takes it: `csv`, `regex:RE`, `grok:PATTERN`; the only key that must be there",
    ),
    ("description", "a line for `help formats`"),
    ("delimiter", "what parts fields, as `-d`"),
    ("header", "`false` is `--no-header`"),
    ("time", "the field of the event time, as `--time`"),
    (
        "multiline",
        "several lines are one record, as `--multiline`",
    ),
    (
        "patterns",
        "a table of patterns of your own for `grok:`, each a name and a pattern",
    ),
];

/// A format of the user's own.
#[derive(Clone, Debug, Default)]
pub struct Named {
    pub name: String,
    pub description: String,
    /// As `-i` takes it; patterns of its own have been put in place.
    pub word: String,
    pub delimiter: Option<u8>,
    pub no_header: bool,
    pub time: Option<String>,
    pub multiline: Option<Arc<Begins>>,
}

/// All of them, and the file that they are in; none where there is no such file.
pub fn all(no_config: bool) -> Result<Option<(PathBuf, Vec<Named>)>, Usage> {
    let Some(path) = config::path(FILE, no_config).filter(|path| path.exists()) else {
        return Ok(None);
    };
    let shown = path.to_string_lossy().into_owned();
    let named = parse(&shown, &read_text(&shown)?)?;
    Ok(Some((path, named)))
}

/// The format of that name; `None`: the word is a built-in format's, or is unknown to both.
pub fn find(word: &str, no_config: bool) -> Result<Option<Named>, Usage> {
    let name = word.split(':').next().unwrap_or(word);
    if formats::find(name).is_some() {
        return Ok(None);
    }
    let Some((path, all)) = all(no_config)? else {
        return Ok(None);
    };
    if let Some(named) = all.iter().find(|named| named.name == name) {
        if word != name {
            return Err(Usage::new(format!(
                "-i: the format {name} of {} takes nothing behind a colon",
                path.display()
            )));
        }
        return Ok(Some(named.clone()));
    }
    let own = all.iter().map(|named| named.name.as_str());
    match suggest::nearest(name, own) {
        Some(near) => Err(Usage::new(format!(
            "-i: no format '{name}'; did you mean '{near}' of {}?",
            path.display()
        ))),
        None => Ok(None),
    }
}

/// Puts what a named format says in place of its name.
pub fn resolve(options: &mut Options) -> Result<(), Usage> {
    let Some(word) = &options.input_format else {
        return Ok(());
    };
    let Some(named) = find(word, options.no_config)? else {
        return Ok(());
    };
    options.input_format = Some(named.word);
    options.delimiter = options.delimiter.or(named.delimiter);
    options.no_header |= named.no_header;
    options.multiline = options.multiline.take().or(named.multiline);
    if options.time_regex.is_none() {
        options.time = options.time.take().or(named.time);
    }
    Ok(())
}

/// Reads a file of formats. `path`: as messages name it.
fn parse(path: &str, text: &str) -> Result<Vec<Named>, Usage> {
    let file = File { path, text };
    let table = DeTable::parse(text).map_err(|error| {
        let reason = error.message().lines().next().unwrap_or_default();
        file.fault(error.span().unwrap_or(0..0), reason)
    })?;
    let mut all = Vec::new();
    for (name, value) in table.get_ref() {
        all.push(file.named(name, value)?);
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

type Name<'t> = Spanned<std::borrow::Cow<'t, str>>;

struct File<'t> {
    path: &'t str,
    text: &'t str,
}

impl File<'_> {
    fn named(&self, name: &Name<'_>, value: &Spanned<DeValue<'_>>) -> Result<Named, Usage> {
        let at = name.span();
        let text = name.get_ref();
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.fault(
                at,
                &format!("'{text}' is in no format; keys stand below a line [NAME]"),
            ));
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if text.is_empty() || !text.bytes().all(is_plain) {
            return Err(self.fault(at, "a format's name is made of letters, digits, - and _"));
        }
        if formats::find(text).is_some() {
            return Err(self.fault(
                at,
                &format!("there is a format '{text}' already; give yours another name"),
            ));
        }
        let mut named = Named {
            name: text.to_string(),
            ..Named::default()
        };
        let (mut format, mut patterns) = (None, Vec::new());
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "format" => format = Some((self.text(key, value)?, value.span())),
                "description" => named.description = self.text(key, value)?,
                "delimiter" => {
                    let delimiter = globals::delimiter(&self.text(key, value)?);
                    named.delimiter =
                        Some(delimiter.map_err(|usage| self.of(value.span(), usage))?);
                }
                "header" => match value.get_ref() {
                    DeValue::Boolean(header) => named.no_header = !header,
                    _ => return Err(self.fault(value.span(), "header is true or false")),
                },
                "time" => named.time = Some(self.text(key, value)?),
                "multiline" => {
                    let begins = Begins::parse(&self.text(key, value)?);
                    let begins = begins.map_err(|usage| self.of(value.span(), usage))?;
                    named.multiline = Some(Arc::new(begins));
                }
                "patterns" => patterns = self.patterns(value)?,
                other => {
                    let known = KEYS.iter().map(|(name, _)| *name);
                    let hint = match suggest::nearest(other, known.clone()) {
                        Some(near) => format!("; did you mean '{near}'?"),
                        None => format!("; there are {}", known.collect::<Vec<_>>().join(", ")),
                    };
                    return Err(self.fault(key.span(), &format!("no key '{other}'{hint}")));
                }
            }
        }
        let Some((word, at)) = format else {
            return Err(self.fault(
                at,
                &format!("the format '{text}' lacks its key format, as in format = \"csv\""),
            ));
        };
        named.word = match word.strip_prefix("grok:") {
            Some(pattern) => {
                let whole = grok::inline(pattern, &patterns);
                format!(
                    "grok:{}",
                    whole.map_err(|usage| self.of(at.clone(), usage))?
                )
            }
            None if patterns.is_empty() => word,
            None => return Err(self.fault(at, "patterns are for format = \"grok:…\"")),
        };
        self.opens(&named, at)?;
        Ok(named)
    }

    /// What is wrong with a format shows where it is said, not where it is used.
    fn opens(&self, named: &Named, at: Range<usize>) -> Result<(), Usage> {
        let options = formats::ReadOptions {
            delimiter: named.delimiter,
            no_header: named.no_header,
            multiline: named.multiline.clone(),
        };
        let error = match formats::reader(&named.word, &options) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        Err(match error.downcast::<Usage>() {
            Ok(usage) => self.of(at, usage),
            Err(error) => self.fault(at, &error.to_string()),
        })
    }

    fn patterns(&self, value: &Spanned<DeValue<'_>>) -> Result<Vec<(String, String)>, Usage> {
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.fault(
                value.span(),
                "patterns is a table: [NAME.patterns], then a line a pattern",
            ));
        };
        let mut patterns = Vec::new();
        for (name, value) in table {
            patterns.push((name.get_ref().to_string(), self.text(name, value)?));
        }
        Ok(patterns)
    }

    fn text(&self, key: &Name<'_>, value: &Spanned<DeValue<'_>>) -> Result<String, Usage> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.fault(
                value.span(),
                &format!("{} is a text in quotes", key.get_ref()),
            )),
        }
    }

    /// A mistake at some bytes of the file.
    fn fault(&self, at: Range<usize>, message: &str) -> Usage {
        let start = at.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or(self.text);
        let number = before.matches('\n').count() + 1;
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let line = self.text.get(begin..).and_then(|rest| rest.lines().next());
        let line = line.unwrap_or_default();
        let from = (start - begin).min(line.len());
        let to = (at.end.max(start) - begin).clamp(from, line.len());
        Usage::new(format!("{}:{number}: {message}", self.path)).at(line, from..to)
    }

    /// The same, of what somebody else has found in a value.
    fn of(&self, at: Range<usize>, usage: Usage) -> Usage {
        let message = usage.message.lines().next().unwrap_or_default();
        let mut told = self.fault(at, message);
        if told.place.is_none() {
            told.place = usage.place;
        }
        told
    }
}

/// The file's formats, for `help formats`.
pub fn listed(path: &Path, all: &[Named]) -> String {
    let mut out = format!("\nYour own, of {}:\n", path.display());
    for named in all {
        let about = match named.description.as_str() {
            "" => named.word.as_str(),
            about => about,
        };
        out.push_str(&format!("  {:<12} {about}\n", named.name));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match parse("f.toml", text) {
            Ok(all) => all
                .iter()
                .map(|named| format!("{} = {}\n", named.name, named.word))
                .collect(),
            Err(usage) => usage.to_string(),
        }
    }

    #[test]
    fn tables_are_formats() {
        let text = "# mine\n[shop]\nformat = 'csv'\ndelimiter = \";\"\nheader = false\ntime = 'ts'\n\n\
                    [app]\ndescription = 'x'\nformat = 'grok:%{ID:id} %{INT:n}'\nmultiline = 'time'\npatterns.ID = '[A-Z]+'\n";
        assert_eq!(
            told(text),
            "app = grok:(?<id>[A-Z]+) %{INT:n}\nshop = csv\n"
        );
        let all = parse("f", text).unwrap();
        let [app, shop] = all.as_slice() else {
            panic!("two formats")
        };
        assert_eq!((shop.delimiter, shop.no_header), (Some(b';'), true));
        assert_eq!(shop.time.as_deref(), Some("ts"));
        assert_eq!(app.multiline.as_ref().unwrap().to_string(), "time");
        assert_eq!(told(""), "");
    }

    #[test]
    fn mistakes_have_their_line_and_a_remedy() {
        let check = |text: &str, expected: &str| assert_eq!(told(text), expected, "{text}");
        check(
            "[a]\nformt = 'csv'\n",
            "f.toml:2: no key 'formt'; did you mean 'format'?\n    formt = 'csv'\n    ^^^^^",
        );
        check(
            "[csv]\nformat = 'tsv'\n",
            "f.toml:1: there is a format 'csv' already; give yours another name\n    [csv]\n     ^^^",
        );
        check(
            "[a]\nheader = 1\n",
            "f.toml:2: header is true or false\n    header = 1\n             ^",
        );
        check(
            "[a]\n\n[b]\nformat = 'csv'\n",
            "f.toml:1: the format 'a' lacks its key format, as in format = \"csv\"\n    [a]\n     ^",
        );
        check(
            "[a]\nformat = 'cvs'\n",
            "f.toml:2: no format 'cvs'; did you mean 'csv'?\n    format = 'cvs'\n             ^^^^^",
        );
        check(
            "[a]\nformat = 'grok:%{WRD:x}'\n",
            "f.toml:2: grok: there is no pattern 'WRD'; did you mean 'WORD'?\n    format = 'grok:%{WRD:x}'\n             ^^^^^^^^^^^^^^^",
        );
        assert!(
            told("[a]\nformat = 'json'\nmultiline = 'indent'\n")
                .starts_with("f.toml:2: --multiline: json")
        );
        assert!(
            told("[a]\nformat = 'csv'\ndelimiter = 'ab'\n")
                .starts_with("f.toml:3: 'ab' is not one byte")
        );
        assert!(told("[a]\nformat = 'csv'\npatterns.A = 'x'\n").contains("patterns are for"));
        assert!(told("x = 1\n").starts_with("f.toml:1: 'x' is in no format"));
        assert!(told("['a b']\nformat = 'csv'\n").contains("letters, digits"));
        assert!(told("[a]\nformat = csv\n").starts_with("f.toml:2: "));
        assert!(told("[a]\nformat = 'csv'\nzzz = 1\n").contains("there are format, description"));
    }
}
