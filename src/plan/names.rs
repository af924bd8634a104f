//! Names of fields as they are typed, found in a first record, and printed. Reads no input itself. Invariant:
//! `display(&quoted(name)) == name`.

use crate::bytes::json;

/// The field name of one key: in backticks if an expression needs them.
pub fn quoted(key: &str) -> String {
    let mut bytes = key.bytes();
    let plain = bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b >= 0x80)
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80);
    if plain {
        key.into()
    } else {
        format!("`{key}`")
    }
}

/// How a field's name is printed: a name that is one quoted key without its backticks.
pub fn display(name: &str) -> &str {
    name.strip_prefix('`')
        .and_then(|rest| rest.strip_suffix('`'))
        .filter(|inner| !inner.contains('`'))
        .unwrap_or(name)
}

/// Whether a name is no part of the record's text but made of the record.
pub fn is_made(name: &str) -> bool {
    matches!(name, "$0" | "@time" | "@watermark" | "@file" | "@line")
}

/// Whether it is a place in a line: `$3`, `_3`, `NF`.
pub fn is_positional(name: &str) -> bool {
    let digits = name.strip_prefix('$').or_else(|| name.strip_prefix('_'));
    matches!(name, "NF" | "$NF")
        || digits.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether `path` is the key `top` or lies in it.
pub fn within(path: &str, top: &str) -> bool {
    path.strip_prefix(top)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The fields of the first record of an open format, by their names in expressions and in its order.
pub fn of_record(format: &str, record: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut add = |key: &[u8]| {
        let name = quoted(&String::from_utf8_lossy(key));
        if !key.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    };
    match format {
        "json" => {
            for (key, _) in json::members(record.trim_ascii()) {
                let mut text = Vec::new();
                json::unescape(key, &mut text);
                add(&text);
            }
        }
        "logfmt" => logfmt_keys(record, add),
        _ => {}
    }
    names
}

/// Calls `add` with the key of each `key=value` pair; values may be in double quotes.
fn logfmt_keys(record: &[u8], mut add: impl FnMut(&[u8])) {
    let mut rest = record.trim_ascii();
    while !rest.is_empty() {
        let end = rest
            .iter()
            .position(|&b| b == b'=' || b.is_ascii_whitespace())
            .unwrap_or(rest.len());
        add(&rest[..end]);
        rest = &rest[end..];
        if let Some(value) = rest.strip_prefix(b"=") {
            rest = &value[value_end(value)..];
        }
        rest = rest.trim_ascii_start();
    }
}

fn value_end(value: &[u8]) -> usize {
    if value.first() != Some(&b'"') {
        return value
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(value.len());
    }
    let mut escaped = false;
    for (i, &byte) in value.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return i + 1,
            _ => {}
        }
    }
    value.len()
}

/// Splits at the commas that stand outside brackets, quotes and backticks; each part with its place.
pub fn split_list(source: &str) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let (mut depth, mut quote, mut escaped, mut from) = (0_usize, None, false, 0);
    for (i, c) in source.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (quote, c) {
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push((from, &source[from..i]));
                from = i + 1;
            }
            _ => {}
        }
    }
    parts.push((from, &source[from..]));
    parts
}

/// The place of the last colon that stands outside brackets, quotes and backticks.
pub fn last_colon(source: &str) -> Option<usize> {
    let (mut depth, mut quote, mut last) = (0_usize, None, None);
    for (i, c) in source.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ':') if depth == 0 => last = Some(i),
            _ => {}
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: &str, record: &str, names: &[&str]) {
        assert_eq!(of_record(format, record.as_bytes()), names);
    }

    #[test]
    fn keys_of_a_first_record_keep_their_order() {
        check(
            "json",
            r#"{"b":1,"a b":{"c":2},"ts":"x","b":3}"#,
            &["b", "`a b`", "ts"],
        );
        check("json", "not json", &[]);
        check(
            "logfmt",
            r#"at=info path="/a b\" c=1" flag dyno=web.1"#,
            &["at", "path", "flag", "dyno"],
        );
        check("text", "a b", &[]);
    }

    #[test]
    fn odd_names_are_quoted_and_printed_bare() {
        for name in ["a", "user agent", "a.b", "$1", "9x"] {
            assert_eq!(display(&quoted(name)), name);
        }
        assert_eq!(display("a.`b c`"), "a.`b c`");
    }

    #[test]
    fn paths_lie_within_their_top() {
        assert!(within("a.b", "a") && within("a[0]", "a") && within("a", "a"));
        assert!(!within("ab", "a"));
    }

    #[test]
    fn lists_split_outside_quotes() {
        let parts: Vec<&str> = split_list("a,f(b,c),\"x,y\",`p,q`:desc")
            .into_iter()
            .map(|(_, part)| part)
            .collect();
        assert_eq!(parts, ["a", "f(b,c)", "\"x,y\"", "`p,q`:desc"]);
        assert_eq!(last_colon("f(a:b):asc"), Some(6));
        assert_eq!(last_colon("`a:b`"), None);
    }
}
