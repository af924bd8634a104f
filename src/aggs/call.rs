//! Reads `[NAME=]FUNC[:EXPR[:PARAMETER]]`, comma separated. Does not read expressions: it only knows enough of
//! their quotes, brackets and regexes to find where they end. Invariant: names of one list differ.

use super::{AGGREGATES, Need, Param, Syntax, find, quantile};
use std::ops::Range;

/// A place in the operand and what is wrong with it.
type Fault = (Range<usize>, String);

/// Reads a list of aggregates. The error has the place in `source` and a message.
pub fn parse(source: &str) -> Result<Vec<Syntax>, Fault> {
    let mut calls: Vec<Syntax> = Vec::new();
    for range in pieces(source, 0..source.len(), b',') {
        let (mut call, named) = item(source, range.clone())?;
        if calls.iter().any(|other| other.name == call.name) {
            if named {
                return Err((range, format!("two columns are called '{}'", call.name)));
            }
            call.name = (2..)
                .map(|n| format!("{}_{n}", call.name))
                .find(|name| calls.iter().all(|other| other.name != *name))
                .expect("some number is free");
        }
        calls.push(call);
    }
    Ok(calls)
}

/// A call taken apart at its colons, before anybody knows the function.
pub struct Piece {
    pub at: Range<usize>,
    /// NAME in `NAME=…`.
    pub name: Option<String>,
    pub func: Range<usize>,
    /// What stands behind the function, between colons.
    pub rest: Vec<Range<usize>>,
}

/// Takes a list of calls apart: `[NAME=]FUNC[:…]…`.
pub fn split(source: &str) -> Result<Vec<Piece>, Fault> {
    let mut out = Vec::new();
    for range in pieces(source, 0..source.len(), b',') {
        let at = trimmed(source, range);
        let (name, body) = split_name(source, at.clone());
        let name = match name {
            Some(name) => Some(column_name(source, name)?),
            None => None,
        };
        let mut parts = pieces(source, body, b':').into_iter();
        let func = parts
            .next()
            .map_or(at.clone(), |func| trimmed(source, func));
        let rest = parts.collect();
        out.push(Piece {
            at,
            name,
            func,
            rest,
        });
    }
    Ok(out)
}

/// One aggregate, and whether it was given its name.
fn item(source: &str, range: Range<usize>) -> Result<(Syntax, bool), Fault> {
    let range = trimmed(source, range);
    if range.is_empty() {
        let message = "expected an aggregate here, such as count or sum:bytes";
        return Err((range, message.into()));
    }
    let (given, body) = split_name(source, range.clone());
    let given = match given {
        Some(name) => Some(column_name(source, name)?),
        None => None,
    };
    let colons = pieces(source, body.clone(), b':');
    let func_at = trimmed(source, colons[0].clone());
    let func = &source[func_at.clone()];
    let Some(aggregate) = find(func) else {
        return Err((func_at, unknown(func)));
    };
    let behind = (colons.len() > 1).then(|| colons[1].start..body.end);
    let (expr, param) = match (behind, aggregate.param) {
        (Some(all), Param::Optional | Param::Required) if colons.len() > 2 => {
            let last = colons[colons.len() - 1].clone();
            (Some(all.start..last.start - 1), Some(last))
        }
        (all, _) => (all, None),
    };
    let expr = expr
        .map(|range| trimmed(source, range))
        .filter(|range| !range.is_empty());
    match (&expr, aggregate.arg) {
        (None, Need::Any | Need::Number | Need::Bool) => {
            let message = match colons.len() {
                1 => format!("{func} needs an expression, for example {}", example(func)),
                _ => format!(
                    "{func} needs an expression behind ':'; did the shell expand $1? use single quotes, or write _1"
                ),
            };
            return Err((func_at, message));
        }
        (Some(range), Need::No) => {
            return Err((range.clone(), format!("{func} takes no expression")));
        }
        _ => {}
    }
    if aggregate.param == Param::Required && param.is_none() {
        let message = format!("{func} needs a parameter, for example {}", example(func));
        return Err((body, message));
    }
    let param = match param {
        Some(range) => Some(parameter(source, range, aggregate.name)?),
        None => None,
    };
    let name = given
        .clone()
        .unwrap_or_else(|| made_name(func, expr.clone().map(|at| &source[at])));
    let call = Syntax {
        name,
        func: func.into(),
        aggregate,
        expr: expr.map(|at| (source[at.clone()].to_string(), at.start)),
        param,
    };
    Ok((call, given.is_some()))
}

/// The range of NAME in `NAME=…`, and what is behind it.
fn split_name(source: &str, range: Range<usize>) -> (Option<Range<usize>>, Range<usize>) {
    let bytes = source.as_bytes();
    let mut at = range.start;
    while at < range.end {
        match bytes[at] {
            b'`' => at = quoted(bytes, at, range.end),
            b':' | b'"' | b'(' => break,
            b'=' => return (Some(range.start..at), at + 1..range.end),
            _ => at += 1,
        }
    }
    (None, range)
}

/// A name that was typed, without backticks.
fn column_name(source: &str, range: Range<usize>) -> Result<String, Fault> {
    let range = trimmed(source, range);
    let text = &source[range.clone()];
    let quoted = text
        .strip_prefix('`')
        .and_then(|text| text.strip_suffix('`'));
    let plain = |text: &str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '@' | '$'))
            && !text.starts_with(|c: char| c.is_ascii_digit())
    };
    match quoted {
        Some(inner) if !inner.is_empty() && !inner.contains('`') => Ok(inner.into()),
        _ if !text.is_empty() && plain(text) => Ok(text.into()),
        _ => Err((
            range,
            format!("'{text}' is no name for a column; put odd names in backticks"),
        )),
    }
}

/// Unquotes and checks what stands behind the last colon.
fn parameter(source: &str, range: Range<usize>, func: &str) -> Result<String, Fault> {
    let text = &source[range.clone()];
    let trimmed = text.trim();
    let text = match trimmed
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(inner) => unescaped(inner),
        None => text.into(),
    };
    let number = || crate::data::Number::parse(text.as_bytes());
    match func {
        "topk" | "topk_distinct" | "collect"
            if !text.trim().parse::<u32>().is_ok_and(|n| n > 0) =>
        {
            let message = format!("{func}: expected how many, a whole number from 1, not '{text}'");
            Err((range, message))
        }
        "hist" if number().is_none_or(|width| width <= crate::data::Number::ZERO) => {
            let message = format!("hist: expected the width of a bucket, above 0, not '{text}'");
            Err((range, message))
        }
        _ => Ok(text),
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('0') => out.push('\0'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            _ => out.push(c),
        }
    }
    out
}

fn unknown(func: &str) -> String {
    let names: Vec<&str> = AGGREGATES
        .iter()
        .map(|aggregate| {
            if aggregate.name == "pN" {
                "p50"
            } else {
                aggregate.name
            }
        })
        .collect();
    if let Some(percent) = func.strip_prefix('p')
        && percent.starts_with(|c: char| c.is_ascii_digit())
    {
        return format!("'{func}' is no percentile; they go from p0 to p100, with decimals: p99.9");
    }
    if let Some((name, field)) = func
        .split_once(['(', ' '])
        .filter(|(name, _)| names.contains(name))
    {
        let field = field.trim_end_matches(')').trim();
        let call = match field {
            "" | "*" => name.to_string(),
            field => format!("{name}:{field}"),
        };
        return format!("no aggregate '{func}'; it is written {call}");
    }
    let near = names
        .iter()
        .map(|name| (distance(func, name), *name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4);
    let hint = near.map_or(String::new(), |(_, name)| {
        format!("; did you mean '{name}'?")
    });
    format!(
        "no aggregate '{func}'{hint}\n    there are: {}",
        names.join(" ")
    )
}

/// How many letters to insert, delete, change or swap (Damerau).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(40).collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

fn example(func: &str) -> String {
    match func {
        "count_if" => "'count_if:status>=500'".into(),
        "topk" | "topk_distinct" => format!("{func}:ms:3"),
        "hist" => "hist:ms:100".into(),
        "first" | "last" | "any" | "mode" | "distinct" | "approx_distinct" => {
            format!("{func}:path")
        }
        "collect" | "join" => format!("{func}:name"),
        _ => format!("{func}:bytes"),
    }
}

/// A column's name for a function and its expression: letters, digits and `_` of both.
pub fn made_name(func: &str, expr: Option<&str>) -> String {
    const LONGEST: usize = 60;
    let Some(expr) = expr else {
        return func.into();
    };
    let plain = expr.starts_with(|c: char| c.is_alphabetic())
        && expr.chars().all(|c| c.is_alphanumeric() || c == '_');
    if plain {
        return format!("{func}_{expr}");
    }
    let mut name = func.to_string();
    for word in expr
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        if name.len() + word.len() >= LONGEST {
            break;
        }
        name.push('_');
        name.push_str(word);
    }
    name
}

fn trimmed(source: &str, range: Range<usize>) -> Range<usize> {
    let text = &source[range.clone()];
    let start = range.start + (text.len() - text.trim_start().len());
    start..(start + text.trim().len())
}

/// Splits a range at a separator that is outside of quotes, brackets and regexes.
fn pieces(source: &str, range: Range<usize>, separator: u8) -> Vec<Range<usize>> {
    let bytes = source.as_bytes();
    let (mut out, mut start, mut at) = (Vec::new(), range.start, range.start);
    let mut depth = 0usize;
    // Whether a value stands before: then `/` divides, else it begins a regex.
    let mut operand = false;
    while at < range.end {
        let byte = bytes[at];
        if byte == separator && depth == 0 {
            out.push(start..at);
            start = at + 1;
        }
        match byte {
            b'"' | b'`' => {
                at = quoted(bytes, at, range.end);
                operand = true;
                continue;
            }
            b'/' if !operand => {
                at = regex_end(bytes, at, range.end);
                operand = true;
                continue;
            }
            b'(' | b'[' | b'{' => (depth, operand) = (depth + 1, false),
            b')' | b']' | b'}' => (depth, operand) = (depth.saturating_sub(1), true),
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ if word_byte(byte) => {
                let end = (at..range.end)
                    .find(|&i| !word_byte(bytes[i]))
                    .unwrap_or(range.end);
                let word = &source[at..end];
                if word == "f" && bytes.get(end) == Some(&b'"') && end < range.end {
                    at = fstring_end(bytes, end, range.end, 0);
                } else {
                    at = end;
                }
                operand = !matches!(word, "and" | "or" | "not" | "in");
                continue;
            }
            _ => operand = false,
        }
        at += 1;
    }
    out.push(start..range.end);
    out
}

fn word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'_' | b'$' | b'@' | b'.')
}

/// Behind the text that is quoted by the byte at `at`; the end if it is not closed.
fn quoted(bytes: &[u8], at: usize, end: usize) -> usize {
    let quote = bytes[at];
    let mut i = at + 1;
    while i < end {
        match bytes[i] {
            b'\\' if quote == b'"' => i += 1,
            byte if byte == quote => return i + 1,
            _ => {}
        }
        i += 1;
    }
    end
}

/// Behind an f-string whose quote is at `at`; expressions in its braces may have quotes of their own.
fn fstring_end(bytes: &[u8], at: usize, end: usize, nested: usize) -> usize {
    let (mut i, mut depth) = (at + 1, 0usize);
    while i < end {
        match bytes[i] {
            b'\\' => i += 1,
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'"' if depth == 0 => return i + 1,
            b'"' if nested < 8 && bytes[i - 1] == b'f' => {
                i = fstring_end(bytes, i, end, nested + 1);
                continue;
            }
            b'"' => {
                i = quoted(bytes, i, end);
                continue;
            }
            _ => {}
        }
        i += 1;
    }
    end
}

/// Behind a regex that begins at `at`; a slash in a class or behind a backslash does not end it.
fn regex_end(bytes: &[u8], at: usize, end: usize) -> usize {
    let (mut i, mut class) = (at + 1, false);
    while i < end {
        match bytes[i] {
            b'\\' => i += 1,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => return i + 1,
            _ => {}
        }
        i += 1;
    }
    end
}

/// The body of a fuzz target: what is read has places that exist and names that differ.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let Ok(source) = std::str::from_utf8(data) else {
        return;
    };
    match parse(source) {
        Ok(calls) => {
            for (i, call) in calls.iter().enumerate() {
                assert!(calls[..i].iter().all(|other| other.name != call.name));
                assert!(find(&call.func).is_some());
                if let Some((text, at)) = &call.expr {
                    assert_eq!(source.get(*at..at + text.len()), Some(text.as_str()));
                }
                let _ = quantile::Share::parse(&call.func);
            }
        }
        Err((place, message)) => {
            assert!(source.get(place).is_some() && !message.is_empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `NAME FUNC(EXPR@PLACE; PARAMETER)` of each, or `PLACE: MESSAGE`.
    fn shown(source: &str) -> String {
        match parse(source) {
            Ok(calls) => calls
                .iter()
                .map(|call| {
                    let expr = call.expr.as_ref().map(|(text, at)| format!("{text}@{at}"));
                    let param = call.param.as_ref().map(|text| format!("; {text}"));
                    let inner = expr.unwrap_or_default() + &param.unwrap_or_default();
                    format!("{} {}({inner})", call.name, call.func)
                })
                .collect::<Vec<_>>()
                .join(" | "),
            Err((place, message)) => {
                let first = message.lines().next().unwrap_or_default();
                format!("{place:?}: {first}")
            }
        }
    }

    #[test]
    fn lists_are_read() {
        for (source, want) in [
            (
                "n=count,total=sum:bytes,p99:ms",
                "n count() | total sum(bytes@18) | p99_ms p99(ms@28)",
            ),
            (
                "p99.9:ms,mean:x",
                "p99.9_ms p99.9(ms@6) | mean_x mean(x@14)",
            ),
            ("sum:qty*price", "sum_qty_price sum(qty*price@4)"),
            ("sum:_2,sum:$2", "sum_2 sum(_2@4) | sum_2_2 sum($2@11)"),
            (
                "n=count, bad = count_if:status>=500",
                "n count() | bad count_if(status>=500@24)",
            ),
            ("count_if:a==1", "count_if_a_1 count_if(a==1@9)"),
            ("join:v:\"\"", "join_v join(v@5; )"),
            ("join:v:\",\",count", "join_v join(v@5; ,) | count count()"),
            ("join:v", "join_v join(v@5)"),
            (
                "collect:(a ? b : c):5",
                "collect_a_b_c collect((a ? b : c)@8; 5)",
            ),
            ("topk:f(a,b):3", "topk_f_a_b topk(f(a,b)@5; 3)"),
            (
                "count_if:$0 =~ /a,b:[/,]c/,count",
                "count_if_0_a_b_c count_if($0 =~ /a,b:[/,]c/@9) | count count()",
            ),
            (
                "sum:a/b,sum:c/d",
                "sum_a_b sum(a/b@4) | sum_c_d sum(c/d@12)",
            ),
            (
                "count:`a,b:c`,rate",
                "count_a_b_c count(`a,b:c`@6) | rate rate()",
            ),
            (
                "distinct:f\"{f(\"a,b\")},\",span",
                "distinct_f_f_a_b distinct(f\"{f(\"a,b\")},\"@9) | span span()",
            ),
            ("`odd name`=max:\"a=b\"", "odd name max(\"a=b\"@15)"),
            ("hist:ms:0.5", "hist_ms hist(ms@5; 0.5)"),
            ("count,count", "count count() | count_2 count()"),
        ] {
            assert_eq!(shown(source), want, "{source}");
        }
    }

    #[test]
    fn faults_are_named() {
        for (source, want) in [
            (
                "",
                "0..0: expected an aggregate here, such as count or sum:bytes",
            ),
            (
                "count,",
                "6..6: expected an aggregate here, such as count or sum:bytes",
            ),
            ("coutn", "0..5: no aggregate 'coutn'; did you mean 'count'?"),
            ("n=smu:x", "2..5: no aggregate 'smu'; did you mean 'sum'?"),
            ("frobnicate:x", "0..10: no aggregate 'frobnicate'"),
            (
                "sum",
                "0..3: sum needs an expression, for example sum:bytes",
            ),
            (
                "sum:",
                "0..3: sum needs an expression behind ':'; did the shell expand $1? use single quotes, or write _1",
            ),
            ("span:x", "5..6: span takes no expression"),
            (
                "topk:x",
                "0..6: topk needs a parameter, for example topk:ms:3",
            ),
            (
                "topk:x:y",
                "7..8: topk: expected how many, a whole number from 1, not 'y'",
            ),
            (
                "hist:x:0",
                "7..8: hist: expected the width of a bucket, above 0, not '0'",
            ),
            (
                "p101:x",
                "0..4: 'p101' is no percentile; they go from p0 to p100, with decimals: p99.9",
            ),
            ("n=count,n=count", "8..15: two columns are called 'n'"),
            (
                "9=count",
                "0..1: '9' is no name for a column; put odd names in backticks",
            ),
            ("pN:x", "0..2: no aggregate 'pN'"),
        ] {
            assert_eq!(
                shown(source).split(';').next(),
                want.split(';').next(),
                "{source}"
            );
            assert!(
                shown(source).starts_with(want),
                "{source}: {}",
                shown(source)
            );
        }
        assert!(
            parse("frobnicate:x")
                .err()
                .expect("no such")
                .1
                .contains("count_if")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(source: String) {
            fuzz(source.as_bytes());
        }

        #[test]
        fn text_of_our_letters_is_read_or_refused(source in "[,:=\"`/(){}\\[\\]\\\\fxcountsumkp9. ]{0,40}") {
            fuzz(source.as_bytes());
        }
    }
}
