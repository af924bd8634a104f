//! Patterns for names: `*`, `?`, `[a-z]`, `[!a-z]`, `{one,two}`, and `**` for any number of directories. Matches
//! bytes, follows no links in `**`. Invariant: a name that begins with a dot is matched by a dot only.

use std::io;
use std::path::{Component, Path, PathBuf};

/// Ways that the braces of a pattern may be read.
const WAYS_MAX: usize = 1000;

/// A pattern for one name, without directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(Vec<Vec<Token>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Byte(u8),
    One,
    Any,
    Class { not: bool, ranges: Vec<(u8, u8)> },
}

/// A pattern for paths.
#[derive(Clone, Debug)]
pub struct PathPattern {
    ways: Vec<Way>,
}

/// One reading of a pattern.
#[derive(Clone, Debug)]
struct Way {
    absolute: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    /// `**`
    Deep,
    Name(Vec<Token>),
}

impl NamePattern {
    pub fn parse(text: &str) -> Result<NamePattern, String> {
        if text.contains('/') {
            return Err(format!("'{text}' is for names, which hold no '/'"));
        }
        let ways = braces(text)?;
        let ways = ways.iter().map(|way| tokens(way.as_bytes()));
        Ok(NamePattern(ways.collect::<Result<_, _>>()?))
    }

    pub fn matches(&self, name: &[u8]) -> bool {
        self.0.iter().any(|tokens| matches(tokens, name))
    }
}

impl PathPattern {
    pub fn parse(text: &str) -> Result<PathPattern, String> {
        if text.is_empty() {
            return Err("a pattern is needed, such as 'logs/*.log'".into());
        }
        let mut ways = Vec::new();
        for way in braces(text)? {
            let names = way.split('/').filter(|name| !name.is_empty());
            let steps = names.map(|name| match name {
                "**" => Ok(Step::Deep),
                name => tokens(name.as_bytes()).map(Step::Name),
            });
            ways.push(Way {
                absolute: way.starts_with('/'),
                steps: steps.collect::<Result<_, _>>()?,
            });
        }
        Ok(PathPattern { ways })
    }

    /// Whether a path matches, be it there or not.
    pub fn matches(&self, path: &Path) -> bool {
        use std::os::unix::ffi::OsStrExt;
        let names: Vec<&[u8]> = path
            .components()
            .filter_map(|part| match part {
                Component::Normal(name) => Some(name.as_bytes()),
                _ => None,
            })
            .collect();
        self.ways
            .iter()
            .any(|way| way.absolute == path.is_absolute() && steps_match(&way.steps, &names))
    }

    /// The regular files that match now, in the order of their names. What cannot be read is passed over.
    pub fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for way in &self.ways {
            let start = if way.absolute { "/" } else { "" };
            walk(Path::new(start), &way.steps, &mut found)?;
        }
        found.sort();
        found.dedup();
        Ok(found)
    }
}

fn steps_match(steps: &[Step], names: &[&[u8]]) -> bool {
    match steps.split_first() {
        None => names.is_empty(),
        Some((Step::Name(tokens), rest)) => names
            .split_first()
            .is_some_and(|(name, names)| matches(tokens, name) && steps_match(rest, names)),
        Some((Step::Deep, rest)) => {
            // Only directories that are not hidden are passed through.
            let hidden = names.iter().position(|name| name.starts_with(b"."));
            let most = hidden.unwrap_or(names.len());
            (0..=most).any(|skipped| steps_match(rest, &names[skipped..]))
        }
    }
}

fn walk(at: &Path, steps: &[Step], found: &mut Vec<PathBuf>) -> io::Result<()> {
    let Some((step, rest)) = steps.split_first() else {
        if std::fs::metadata(at).is_ok_and(|meta| meta.is_file()) {
            found.push(at.to_path_buf());
        }
        return Ok(());
    };
    match step {
        Step::Name(tokens) => {
            if let Some(name) = literal(tokens) {
                return match std::str::from_utf8(&name) {
                    Ok(name) => walk(&at.join(name), rest, found),
                    Err(_) => Ok(()),
                };
            }
            for (name, path) in entries(at) {
                if matches(tokens, &name) && (rest.is_empty() || path.is_dir()) {
                    walk(&path, rest, found)?;
                }
            }
        }
        Step::Deep => {
            walk(at, rest, found)?;
            for (name, path) in entries(at) {
                let is_dir = std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir());
                if is_dir && !name.starts_with(b".") {
                    walk(&path, steps, found)?;
                }
            }
        }
    }
    Ok(())
}

fn entries(dir: &Path) -> Vec<(Vec<u8>, PathBuf)> {
    use std::os::unix::ffi::OsStrExt;
    let shown = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    let Ok(entries) = std::fs::read_dir(shown) else {
        return Vec::new();
    };
    let entries = entries.filter_map(Result::ok).map(|entry| {
        let name = entry.file_name();
        (name.as_bytes().to_vec(), dir.join(&name))
    });
    entries.collect()
}

/// The name that a pattern without wildcards is.
fn literal(tokens: &[Token]) -> Option<Vec<u8>> {
    let bytes = tokens.iter().map(|token| match token {
        Token::Byte(byte) => Some(*byte),
        _ => None,
    });
    bytes.collect()
}

/// All readings of the braces.
fn braces(text: &str) -> Result<Vec<String>, String> {
    let mut done = Vec::new();
    let mut open = vec![text.to_string()];
    while let Some(way) = open.pop() {
        let Some((from, to, parts)) = first_braces(&way) else {
            done.push(way);
            continue;
        };
        if open.len() + done.len() + parts.len() > WAYS_MAX {
            return Err(format!(
                "'{text}' can be read in more than {WAYS_MAX} ways; use fewer braces"
            ));
        }
        for part in parts.iter().rev() {
            open.push(format!("{}{part}{}", &way[..from], &way[to..]));
        }
    }
    Ok(done)
}

/// The first pair of braces with a comma in it, and what stands between its commas.
fn first_braces(text: &str) -> Option<(usize, usize, Vec<&str>)> {
    for (from, _) in text.match_indices('{') {
        let mut depth = 0;
        let mut parts = Vec::new();
        let mut begin = from + 1;
        for (at, byte) in text.bytes().enumerate().skip(from) {
            match byte {
                b'{' => depth += 1,
                b',' if depth == 1 => {
                    parts.push(&text[begin..at]);
                    begin = at + 1;
                }
                b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                parts.push(&text[begin..at]);
                if parts.len() > 1 {
                    return Some((from, at + 1, parts));
                }
                break;
            }
        }
    }
    None
}

fn tokens(name: &[u8]) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = name;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        tokens.push(match byte {
            b'?' => Token::One,
            b'*' => match tokens.last() {
                Some(Token::Any) => continue,
                _ => Token::Any,
            },
            b'\\' if !rest.is_empty() => {
                let escaped = rest[0];
                rest = &rest[1..];
                Token::Byte(escaped)
            }
            b'[' => match class(rest) {
                Some((token, behind)) => {
                    rest = behind;
                    token
                }
                None => {
                    let shown = String::from_utf8_lossy(name);
                    return Err(format!("'{shown}': the '[' is not closed"));
                }
            },
            byte => Token::Byte(byte),
        });
    }
    Ok(tokens)
}

/// What stands between brackets, and what is behind them.
fn class(text: &[u8]) -> Option<(Token, &[u8])> {
    let not = matches!(text.first(), Some(b'!' | b'^'));
    let mut at = usize::from(not);
    let begin = at;
    let mut ranges = Vec::new();
    loop {
        let from = *text.get(at)?;
        if from == b']' && at > begin {
            return Some((Token::Class { not, ranges }, &text[at + 1..]));
        }
        let is_range = text.get(at + 1) == Some(&b'-') && text.get(at + 2) != Some(&b']');
        let to = if is_range { *text.get(at + 2)? } else { from };
        at += if is_range { 3 } else { 1 };
        ranges.push((from, to));
    }
}

/// Whether a whole name matches. Goes back to the last `*` only, so it takes at most length times length steps.
fn matches(tokens: &[Token], name: &[u8]) -> bool {
    if name.starts_with(b".") && tokens.first() != Some(&Token::Byte(b'.')) {
        return false;
    }
    let (mut t, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        let fits = match tokens.get(t) {
            Some(Token::Any) => {
                back = Some((t, n));
                t += 1;
                continue;
            }
            Some(Token::One) => true,
            Some(Token::Byte(byte)) => *byte == name[n],
            Some(Token::Class { not, ranges }) => {
                let within = ranges
                    .iter()
                    .any(|(from, to)| (from..=to).contains(&&name[n]));
                within != *not
            }
            None => false,
        };
        if fits {
            (t, n) = (t + 1, n + 1);
        } else if let Some((any, from)) = back {
            back = Some((any, from + 1));
            (t, n) = (any + 1, from + 1);
        } else {
            return false;
        }
    }
    tokens[t..].iter().all(|token| *token == Token::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_patterns() {
        let check = |pattern: &str, name: &str, expected: bool| {
            let parsed = NamePattern::parse(pattern).unwrap();
            assert_eq!(
                parsed.matches(name.as_bytes()),
                expected,
                "{pattern} {name}"
            );
        };
        for (pattern, name) in [
            ("*", "a"),
            ("*.csv", "a.csv"),
            ("a*b*c", "aXbYbZc"),
            ("?.log", "a.log"),
            ("[a-c]1", "b1"),
            ("[!a-c]1", "d1"),
            ("[]x]", "]"),
            ("[a-]", "-"),
            ("*.{csv,tsv}", "x.tsv"),
            ("{a,b{c,d}}*", "bd9"),
            ("{a}", "{a}"),
            ("\\*", "*"),
            (".*", ".hidden"),
        ] {
            check(pattern, name, true);
        }
        for (pattern, name) in [
            ("*", ".hidden"),
            ("?", "."),
            ("*.csv", "a.csv.tmp"),
            ("a*b*c", "aXbYbZ"),
            ("[a-c]", "d"),
            ("[!a-c]", "a"),
            ("", "a"),
            ("{a,b}", "c"),
        ] {
            check(pattern, name, false);
        }
        assert!(NamePattern::parse("[a").is_err());
        assert!(NamePattern::parse("a/b").is_err());
        assert!(NamePattern::parse(&"{a,b}".repeat(20)).is_err());
        let long = "a".repeat(2000);
        check(&"*a".repeat(50), &long, true);
    }

    #[test]
    fn paths_match_patterns() {
        let dir = std::env::temp_dir().join(format!("dstream-pattern-{}", std::process::id()));
        for name in [
            "x/a.log",
            "x/y/b.log",
            "x/y/z/c.log",
            "x/.h/d.log",
            "x/e.txt",
            "a.log",
        ] {
            let path = dir.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let check = |pattern: &str, expected: &str| {
            let pattern = format!("{}/{pattern}", dir.display());
            let found = PathPattern::parse(&pattern).unwrap().files().unwrap();
            let names: Vec<_> = found
                .iter()
                .map(|path| path.strip_prefix(&dir).unwrap().to_str().unwrap())
                .collect();
            assert_eq!(names.join(" "), expected, "{pattern}");
            let parsed = PathPattern::parse(&pattern).unwrap();
            assert!(found.iter().all(|path| parsed.matches(path)), "{pattern}");
            assert!(!parsed.matches(&dir.join("y/none")), "{pattern}");
        };
        check("*.log", "a.log");
        check("*/*.log", "x/a.log");
        check("**/*.log", "a.log x/a.log x/y/b.log x/y/z/c.log");
        check("x/**/[bc].log", "x/y/b.log x/y/z/c.log");
        check("x/{e.txt,a.log}", "x/a.log x/e.txt");
        check("x/{a,*}.log", "x/a.log");
        check("x", "");
        check("none/*", "");
        check("x/.h/*", "x/.h/d.log");
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
