//! Patterns of the regex crate as Java reads them. Refuses what Java has not. Invariant: groups keep their numbers.

use super::sql::{Result, none};

/// The pattern in Java's spelling: groups lose their names (Java's have no `_`), and classes like `\w` are told to
/// know all letters, as they do here.
pub fn java(pattern: &str) -> Result<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut letters = pattern.chars().peekable();
    let mut in_class = 0usize;
    let mut unicode = false;
    while let Some(c) = letters.next() {
        match c {
            '\\' => {
                out.push('\\');
                let Some(next) = letters.next() else { break };
                unicode |= "wWdDbB".contains(next);
                if next == 'x' && letters.peek() == Some(&'{') || next == 'u' {
                    out.pop();
                    let digits: String = match letters.peek() {
                        Some('{') => {
                            letters.next();
                            letters.by_ref().take_while(|c| *c != '}').collect()
                        }
                        _ => letters.by_ref().take(4).collect(),
                    };
                    out.push_str(&format!("\\x{{{digits}}}"));
                    continue;
                }
                out.push(next);
            }
            '[' => {
                in_class += 1;
                out.push('[');
                if letters.peek() == Some(&'^') {
                    letters.next();
                    out.push('^');
                }
                // A bracket in the first place stands for itself.
                if letters.peek() == Some(&']') {
                    letters.next();
                    out.push_str("\\]");
                }
                if in_class > 1 && letters.peek() == Some(&':') {
                    out.truncate(out.len() - 1);
                    in_class -= 1;
                    let name: String = letters.by_ref().take_while(|c| *c != ']').collect();
                    out.push_str(posix(name.trim_matches(':'))?);
                }
            }
            ']' if in_class > 0 => {
                in_class -= 1;
                out.push(']');
            }
            '-' | '~' if in_class > 0 && letters.peek() == Some(&c) => {
                return none(format!("the class operator '{c}{c}' of a pattern"));
            }
            '(' if in_class == 0 && letters.peek() == Some(&'?') => {
                let rest: String = letters.clone().skip(1).collect();
                let named = ["P<", "<"]
                    .into_iter()
                    .find(|begin| rest.starts_with(begin));
                match named {
                    Some(begin) => {
                        letters.nth(begin.len());
                        letters.by_ref().take_while(|c| *c != '>').for_each(drop);
                        out.push('(');
                    }
                    None => {
                        let flags: String = rest
                            .chars()
                            .take_while(|c| *c != ')' && *c != ':')
                            .collect();
                        if flags.contains(['U', 'R']) {
                            return none(format!("the flags '{flags}' of a pattern"));
                        }
                        out.push('(');
                    }
                }
            }
            other => out.push(other),
        }
    }
    Ok(match unicode {
        true => format!("(?U){out}"),
        false => out,
    })
}

/// A text as a pattern that matches just that.
pub fn literal(text: &str) -> String {
    regex::escape(text)
}

/// A replacement as Java reads it: groups are `$1` in both, and a backslash is itself here.
pub fn replacement(text: &str, is_regex: bool) -> String {
    let text = text.replace('\\', "\\\\");
    match is_regex {
        true => text.replace("$$", "\\$"),
        false => text.replace('$', "\\$"),
    }
}

fn posix(name: &str) -> Result<&'static str> {
    Ok(match name {
        "alpha" => "\\p{Alpha}",
        "digit" => "\\p{Digit}",
        "alnum" => "\\p{Alnum}",
        "upper" => "\\p{Upper}",
        "lower" => "\\p{Lower}",
        "punct" => "\\p{Punct}",
        "space" => "\\s",
        "blank" => "\\p{Blank}",
        "cntrl" => "\\p{Cntrl}",
        "graph" => "\\p{Graph}",
        "print" => "\\p{Print}",
        "xdigit" => "\\p{XDigit}",
        "word" => "\\w",
        other => return none(format!("the class '[:{other}:]' of a pattern")),
    })
}
