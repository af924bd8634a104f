//! `grok:PATTERN`: text with `%{NAME:field}` for pieces of a library of named patterns, compiled to one regex. Refuses
//! what a linear search has not: look-around, atomic groups, back references. Invariant: what a pattern matches is what
//! its regex matches, in which bytes are ASCII, and a field is the first of its groups that took part.

use super::grok_library;
use super::regex::Captures;
use super::{Doc, Example, Format, ReadOptions};
use crate::error::Usage;
use regex::bytes::{Regex, RegexBuilder};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

pub(super) const GROK: Format = Format {
    name: "grok",
    doc: Doc {
        summary: "Lines taken apart by named patterns, as in Logstash",
        text: "Written `grok:PATTERN`. In the pattern, which is a regex else, `%{NAME}` stands for a pattern of the \
               library and `%{NAME:field}` makes a field of what it matches; `(?<field>…)` does too. Patterns of the \
               library may have fields of their own, as COMBINEDAPACHELOG has. `[source][ip]` is the field \
               `source_ip`. A type behind a second colon, `%{NUMBER:ms:int}` or `:float`, is allowed and changes \
               nothing: what reads as a number is one.\n\n\
               The pattern may match anywhere in the line; `^` and `$` are its ends. A line without a match is bad. \
               It is compiled to one regex that is searched in linear time and takes bytes for ASCII, so look-around, \
               atomic groups `(?>…)` and back references are refused, and `\\w`, `\\d` and `\\b` are about ASCII \
               letters. The library is written without them: an INT or IPV4 does not look at what stands \
               around it but for a word boundary.",
        examples: &[
            Example {
                title: "A web server's log, with the usual names of its fields",
                session: "$ printf '192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET /a HTTP/1.1\" 404 203 \"-\" \"curl\"\\n' | dstream -i 'grok:%{COMBINEDAPACHELOG}' select clientip,verb,request,response -o json\n{\"clientip\":\"192.0.2.1\",\"verb\":\"GET\",\"request\":\"/a\",\"response\":404}\n",
            },
            Example {
                title: "A pattern of one's own",
                session: "$ printf '10:05:03 WARN  took 12.5 ms\\n10:05:04 INFO  took 3 ms\\n' | dstream -i 'grok:^%{TIME:at} %{LOGLEVEL:level} +took %{NUMBER:ms:float} ms' filter 'ms > 5' select at,level,ms -o json\n{\"at\":\"10:05:03\",\"level\":\"WARN\",\"ms\":12.5}\n",
            },
        ],
    },
    read: Some(|pattern, options: &ReadOptions| {
        let compiled = compile(pattern)?;
        Ok(Arc::new(Captures::of(
            compiled.regex,
            compiled.fields,
            options.framing(),
        )))
    }),
    write: None,
};

/// A pattern as a regex, and its fields with their groups.
pub struct Compiled {
    pub regex: Regex,
    pub fields: Vec<(String, Vec<usize>)>,
}

/// How deep patterns may lead to patterns.
const DEPTH_MAX: usize = 32;
/// What the names of the groups that we make begin with.
const OURS: &str = "__";

/// Compiles a pattern.
pub fn compile(pattern: &str) -> Result<Compiled, Usage> {
    let mut expansion = Expansion::default();
    expansion.expand(pattern, 0, &mut |name, range| {
        Err(unknown(name, &[]).at(pattern, range))
    })?;
    let regex = RegexBuilder::new(&expansion.out)
        .unicode(false)
        .build()
        .map_err(|error| not_a_regex(pattern, &error))?;
    let mut fields: Vec<(String, Vec<usize>)> = Vec::new();
    for (group, name) in regex.capture_names().enumerate() {
        let Some(name) = name else { continue };
        let ours = name
            .strip_prefix(OURS)
            .and_then(|n| n.parse::<usize>().ok());
        let name = match ours.and_then(|n| expansion.names.get(n)) {
            Some(name) => name,
            None => name,
        };
        match fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, groups)) => groups.push(group),
            None => fields.push((name.to_string(), vec![group])),
        }
    }
    if fields.is_empty() {
        return Err(Usage::new(format!(
            "grok: no %{{NAME:field}}, and so no field\n    {pattern}"
        )));
    }
    Ok(Compiled { regex, fields })
}

/// Whether a text is a grok pattern rather than a regex, in which `%{` cannot be followed by a letter.
pub fn is_grok(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find("%{") {
        rest = &rest[at + 2..];
        if rest.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            return true;
        }
    }
    false
}

/// Replaces patterns that the user has defined (`NAME`, text), so that only the library's are left.
pub fn inline(pattern: &str, own: &[(String, String)]) -> Result<String, Usage> {
    fn replace(
        text: &str,
        own: &[(String, String)],
        way: &mut Vec<String>,
        out: &mut String,
    ) -> Result<(), Usage> {
        let mut from = 0;
        while let Some(piece) = piece(text, from)? {
            out.push_str(&text[from..piece.whole.start]);
            from = piece.whole.end;
            let Some((name, inner)) = own.iter().find(|(name, _)| name == piece.name) else {
                if grok_library::find(piece.name).is_none() {
                    return Err(unknown(piece.name, own).at(text, piece.at));
                }
                out.push_str(&text[piece.whole.clone()]);
                continue;
            };
            if way.contains(name) {
                way.push(name.clone());
                return Err(Usage::new(format!(
                    "grok: the pattern '{name}' leads back to itself: {}",
                    way.join(" > ")
                ))
                .at(text, piece.at));
            }
            way.push(name.clone());
            match piece.field {
                None => out.push_str("(?:"),
                Some(field) => {
                    let field = field_name(field);
                    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                    if !field.chars().all(is_plain)
                        || field.starts_with(|c: char| c.is_ascii_digit())
                    {
                        return Err(Usage::new(format!(
                            "grok: the field '{field}' of a pattern of your own is made of letters, digits and _"
                        ))
                        .at(text, piece.whole));
                    }
                    write!(out, "(?<{field}>").expect("a String takes what is written");
                }
            }
            replace(inner, own, way, out)?;
            out.push(')');
            way.pop();
        }
        out.push_str(&text[from..]);
        Ok(())
    }
    let mut out = String::new();
    replace(pattern, own, &mut Vec::new(), &mut out)?;
    Ok(out)
}

#[derive(Default)]
struct Expansion {
    out: String,
    names: Vec<String>,
}

impl Expansion {
    /// Appends the regex of `text`. `unknown` says what is wrong with a name that is none.
    fn expand(
        &mut self,
        text: &str,
        depth: usize,
        unknown: &mut dyn FnMut(&str, Range<usize>) -> Result<(), Usage>,
    ) -> Result<(), Usage> {
        let mut from = 0;
        while let Some(piece) = piece(text, from)? {
            self.out.push_str(&text[from..piece.whole.start]);
            from = piece.whole.end;
            let Some(found) = grok_library::find(piece.name).filter(|_| depth < DEPTH_MAX) else {
                return unknown(piece.name, piece.at);
            };
            match piece.field {
                None => self.out.push_str("(?:"),
                Some(field) => {
                    write!(self.out, "(?<{OURS}{}>", self.names.len())
                        .expect("a String takes what is written");
                    self.names.push(field_name(field));
                }
            }
            // A row of the library has no unknown name: a test.
            self.expand(found.text, depth + 1, unknown)?;
            self.out.push(')');
        }
        self.out.push_str(&text[from..]);
        Ok(())
    }
}

/// `%{NAME:field:type}`.
struct Piece<'t> {
    whole: Range<usize>,
    name: &'t str,
    /// Where the name stands.
    at: Range<usize>,
    field: Option<&'t str>,
}

/// The first piece at or behind `from`.
fn piece(text: &str, from: usize) -> Result<Option<Piece<'_>>, Usage> {
    let Some(start) = text[from..].find("%{").map(|at| from + at) else {
        return Ok(None);
    };
    let body = start + 2;
    let Some(len) = text[body..].find('}') else {
        return Err(Usage::new("grok: '%{' is not closed by '}'").at(text, start..body));
    };
    let end = body + len;
    let mut parts = text[body..end].splitn(3, ':');
    let name = parts.next().unwrap_or_default();
    let at = body..body + name.len();
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !is_name(name) {
        let message = match name {
            "" => "grok: a pattern's name is missing: %{NAME:field}".to_string(),
            _ => format!("grok: '{name}' is no name of a pattern: letters, digits and _"),
        };
        return Err(Usage::new(message).at(text, start..end + 1));
    }
    let field = parts.next();
    if field.is_some_and(str::is_empty) {
        return Err(
            Usage::new("grok: the field's name is missing behind the colon")
                .at(text, start..end + 1),
        );
    }
    if let Some(ty) = parts.next()
        && !matches!(ty, "int" | "float")
    {
        let place = end - ty.len()..end;
        return Err(
            Usage::new(format!("grok: '{ty}' is no type; there are int and float")).at(text, place),
        );
    }
    Ok(Some(Piece {
        whole: start..end + 1,
        name,
        at,
        field,
    }))
}

/// `[source][ip]` is `source_ip`.
fn field_name(field: &str) -> String {
    match field
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(path) => path.replace("][", "_"),
        None => field.to_string(),
    }
}

fn unknown(name: &str, own: &[(String, String)]) -> Usage {
    let known = grok_library::all().map(|pattern| pattern.name);
    let known = known.chain(own.iter().map(|(name, _)| name.as_str()));
    let hint = match super::nearest(name, known) {
        Some(near) => format!("; did you mean '{near}'?"),
        None => "; 'dstream help grok' lists them".into(),
    };
    Usage::new(format!("grok: there is no pattern '{name}'{hint}"))
}

/// What a regex cannot be made of.
fn not_a_regex(pattern: &str, error: &regex::Error) -> Usage {
    for (mark, what) in [
        (
            "(?>",
            "an atomic group is not needed in a linear search: write (?:…)",
        ),
        (
            "(?=",
            "there is no look-ahead: write what follows behind the field",
        ),
        ("(?!", "there is no look-ahead: filter what must not match"),
        (
            "(?<=",
            "there is no look-behind: write what stands before in front of the field",
        ),
        (
            "(?<!",
            "there is no look-behind: a word boundary \\b often does",
        ),
    ] {
        if let Some(at) = pattern.find(mark) {
            return Usage::new(format!("grok: {what}")).at(pattern, at..at + mark.len());
        }
    }
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default();
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    Usage::new(format!("grok: {reason}\n    {pattern}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use std::collections::HashSet;

    fn message(pattern: &str) -> String {
        compile(pattern)
            .err()
            .map_or(String::new(), |usage| usage.to_string())
    }

    #[test]
    fn every_pattern_of_the_library_matches_its_example_whole() {
        let mut names = HashSet::new();
        for pattern in grok_library::all() {
            assert!(names.insert(pattern.name), "{} twice", pattern.name);
            let whole = format!("^(?<whole>%{{{}}})$", pattern.name);
            let compiled =
                compile(&whole).unwrap_or_else(|usage| panic!("{}: {usage}", pattern.name));
            assert!(
                compiled.regex.is_match(pattern.example.as_bytes()),
                "{} does not match {}",
                pattern.name,
                pattern.example
            );
        }
        assert!(names.len() > 100, "{}", names.len());
    }

    #[test]
    fn what_is_no_example_does_not_match() {
        for (name, text) in [
            ("INT", "1.5"),
            ("POSINT", "0"),
            ("IPV4", "256.1.1.1"),
            ("IPV6", "12:34"),
            ("UUID", "6ba7b810-9dad-11d1-80b4"),
            ("MAC", "00:10:5a:ff:12"),
            ("MONTH", "Foo"),
            ("HOUR", "24"),
            ("MONTHDAY", "32"),
            ("LOGLEVEL", "LOUD"),
            ("QUOTEDSTRING", "\"open"),
            ("HTTPDATE", "17/May/2015 10:05:03 +0000"),
            ("TIMESTAMP_ISO8601", "2015-13-17T10:05:03Z"),
            ("JAVACLASS", "1a.B"),
            ("WORD", "a b"),
            ("EMAILADDRESS", "ann@"),
            ("PATH", "a/b"),
        ] {
            let compiled = compile(&format!("^(?<whole>%{{{name}}})$")).unwrap();
            assert!(!compiled.regex.is_match(text.as_bytes()), "{name}: {text}");
        }
    }

    #[test]
    fn fields_are_named_by_the_pattern_and_by_the_library() {
        let table = |pattern: &str, data: &str, wanted: &[&str]| {
            Read::of(&format!("grok:{pattern}"), data.as_bytes(), wanted).table()
        };
        assert_eq!(
            table(
                "%{WORD:verb} %{URIPATHPARAM:[url][path]} %{INT:ms:int}",
                "GET /a?b 12\nno\n",
                &["ms", "url_path", "verb"]
            ),
            "12|/a?b|GET\n!\n"
        );
        assert_eq!(
            table(
                "%{SYSLOGLINE}",
                "Oct 11 22:14:15 web su[230]: x y\n",
                &["program", "pid", "message", "timestamp8601"]
            ),
            "su|230|x y|<null>\n"
        );
        // Of a name that is there twice, the group that took part.
        assert_eq!(
            table("^(?:a%{INT:n}|b %{WORD:n})$", "a1\nb x\n", &["n"]),
            "1\nx\n"
        );
        assert_eq!(table("(?<own>x+)\\d%", "axx1%\n", &["own"]), "xx\n");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(
            message("^%{COMBINEDAPACHLOG}"),
            "grok: there is no pattern 'COMBINEDAPACHLOG'; did you mean 'COMBINEDAPACHELOG'?\n    ^%{COMBINEDAPACHLOG}\n       ^^^^^^^^^^^^^^^^"
        );
        assert!(message("%{XYZZYFOO:a}").contains("help grok"));
        assert!(message("%{INT:a").starts_with("grok: '%{' is not closed"));
        assert!(message("%{INT:a:long}").contains("'long' is no type"));
        assert!(message("%{:a}").contains("name is missing"));
        assert!(message("%{INT:}").contains("field's name is missing"));
        assert!(message("%{INT}").contains("no field"));
        assert!(message("(?>%{INT:a})").contains("atomic group"));
        assert!(message("%{INT:a}(?= b)").contains("look-ahead"));
        assert!(message("(?<!x)%{INT:a}").contains("look-behind"));
        assert!(message("(%{INT:a}").contains("unclosed group"));
    }

    #[test]
    fn patterns_of_ones_own_are_put_in_place() {
        let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(a, b)| (a.to_string(), b.to_string()))
                .collect()
        };
        let patterns = own(&[("ID", "[A-Z]%{INT}"), ("PAIR", "%{ID:a}-%{ID}")]);
        assert_eq!(
            inline("^%{PAIR} %{WORD:w}", &patterns).unwrap(),
            "^(?:(?<a>[A-Z]%{INT})-(?:[A-Z]%{INT})) %{WORD:w}"
        );
        let circle = own(&[("A", "%{B}"), ("B", "x%{A}")]);
        let told = inline("%{A:a}", &circle).unwrap_err().to_string();
        assert!(told.contains("A > B > A"), "{told}");
        let told = inline("%{IDD:a}", &own(&[("IDDD", "x")]))
            .unwrap_err()
            .to_string();
        assert!(told.contains("did you mean 'IDDD'"), "{told}");
        assert!(is_grok("a%{INT:b}") && !is_grok("a%{2}b"));
    }
}
