//! Files of operators and options (`-f FILE`): text to words, with the quotes of a shell. No variables, no
//! includes, no command runs. Every word comes from the text as it stands.

use crate::error::Usage;

/// The words of a script. `path` is for messages.
pub fn words(path: &str, text: &str) -> Result<Vec<String>, Usage> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    let mut line = 1;
    // Whether nothing but blanks was seen in this line: a `|` is for looks then.
    let mut fresh = true;
    while let Some(&first) = chars.peek() {
        match first {
            '\n' => {
                line += 1;
                fresh = true;
                chars.next();
            }
            // Whatever ends a word must be taken here.
            blank if blank.is_ascii_whitespace() => {
                chars.next();
            }
            '#' => while chars.next_if(|next| *next != '\n').is_some() {},
            '|' if fresh => {
                fresh = false;
                chars.next();
            }
            _ => {
                fresh = false;
                words.push(word(&mut chars, &mut line, path)?);
            }
        }
    }
    // A line that was continued ends in a word of nothing.
    words.retain(|word| word != CONTINUED);
    Ok(words)
}

/// What a lone backslash at the end of a line leaves: no word can be this.
const CONTINUED: &str = "\0";

fn word(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    line: &mut usize,
    path: &str,
) -> Result<String, Usage> {
    let mut word = String::new();
    let mut quoted = false;
    let began = *line;
    let open = |line: usize| Usage::new(format!("{path}:{line}: a quote is not closed"));
    while let Some(&next) = chars.peek() {
        if next.is_ascii_whitespace() {
            break;
        }
        chars.next();
        match next {
            '\'' => {
                quoted = true;
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(inner) => {
                            *line += usize::from(inner == '\n');
                            word.push(inner);
                        }
                        None => return Err(open(began)),
                    }
                }
            }
            '"' => {
                quoted = true;
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') if matches!(chars.peek(), Some('"' | '\\' | '$' | '`')) => {
                            word.extend(chars.next());
                        }
                        Some(inner) => {
                            *line += usize::from(inner == '\n');
                            word.push(inner);
                        }
                        None => return Err(open(began)),
                    }
                }
            }
            '\\' => match chars.next() {
                Some('\n') => *line += 1,
                Some(escaped) => word.push(escaped),
                None => {}
            },
            plain => word.push(plain),
        }
    }
    if word.is_empty() && !quoted {
        return Ok(CONTINUED.into());
    }
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(
            words("f", text).map_err(|usage| usage.message),
            Ok(expected.iter().map(|word| word.to_string()).collect()),
            "{text:?}"
        );
    }

    #[test]
    fn words_are_those_of_a_shell() {
        check("", &[]);
        check("-i csv\ncount-by a,b\n", &["-i", "csv", "count-by", "a,b"]);
        check(
            "#!/usr/bin/env -S dstream -f\n# all\ncount # here\n",
            &["count"],
        );
        check(
            "filter 'a > \"b\"'\n  | count-by x\n|top 3",
            &["filter", "a > \"b\"", "count-by", "x", "top", "3"],
        );
        check("a'b c'd \"e\\\"f\\n\" g\\ h", &["ab cd", "e\"f\\n", "g h"]);
        check("filter 'a\n  and b'", &["filter", "a\n  and b"]);
        check("a \\\n b ''", &["a", "b", ""]);
        check("a#b x|y", &["a#b", "x|y"]);
        check("count\r\ntop 3\r\n", &["count", "top", "3"]);
        check("count\u{c}top 3", &["count", "top", "3"]);
    }

    #[test]
    fn an_open_quote_is_told_with_its_line() {
        let message = words("my.ds", "count\nfilter 'x > 1\n\n").map_err(|usage| usage.message);
        assert_eq!(message, Err("my.ds:2: a quote is not closed".into()));
    }
}
