//! Diagnostics of the language: one function an error, with place and remedy. Knows no terminal: who prints
//! adds the operator in front and the source with carets below. Invariant: nothing else in `expr` words a
//! message.

use std::ops::Range;

/// One fault in an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Bytes of the source that it is about; `0..0`: all of it, and no carets help.
    pub at: Range<usize>,
    /// Without the source and carets: `'=' is assignment; did you mean '=='?`
    pub message: String,
    /// What the caret line says behind the carets: `the record has: host, time, …`; may be empty.
    pub note: String,
}

/// What the note of a field that there is not begins with.
pub const RECORD_HAS: &str = "the record has";

fn fault(at: Range<usize>, message: impl Into<String>) -> Diagnostic {
    Diagnostic {
        at,
        message: message.into(),
        note: String::new(),
    }
}

// ---- reading

pub fn assignment(at: Range<usize>) -> Diagnostic {
    fault(at, "'=' is assignment; did you mean '=='?")
}

/// Nothing where a value must stand: what a shell leaves of `$1 > 5`.
pub fn no_value(at: Range<usize>, source: &str) -> Diagnostic {
    let here = source.get(at.clone()).unwrap_or_default();
    let rest = source.get(at.end..).unwrap_or_default();
    let remedy = match here {
        "." if rest.starts_with(|letter: char| letter.is_ascii_alphabetic()) => {
            "; a field is written without a point in front: level, user.name"
        }
        "*" if rest.is_empty() => {
            "; '*' is no name: where fields are not named, all of them are there"
        }
        ")" | "]" | "}" | "," | "and" | "or" | "in" => "",
        _ => "; did the shell expand $1? use single quotes, or write _1",
    };
    fault(at, format!("expected a value here{remedy}"))
}

pub fn empty_expression() -> Diagnostic {
    fault(
        0..0,
        "expected an expression; did the shell expand $1? use single quotes, or write _1",
    )
}

/// What most often stands in a shell's history.
const COMMANDS: &[&str] = &[
    "awk", "cat", "cd", "cp", "curl", "docker", "dstream", "echo", "git", "grep", "head", "jq",
    "kubectl", "less", "ls", "make", "man", "mv", "python3", "rm", "sed", "sort", "ssh", "sudo",
    "tail", "vi", "vim",
];

/// `before`: what is read already.
pub fn unexpected(at: Range<usize>, text: &str, before: &str) -> Diagnostic {
    let last = before.split_whitespace().next_back().unwrap_or_default();
    if ["not", "and", "or"].contains(&last.to_ascii_lowercase().as_str()) {
        let small = last.to_ascii_lowercase();
        return fault(
            at,
            format!("unexpected '{text}' behind '{last}', which is written small: {small}"),
        );
    }
    let remedy = match text.to_ascii_lowercase().as_str() {
        "and" | "or" | "not" => format!("it is written small: {}", text.to_ascii_lowercase()),
        "like" | "ilike" | "rlike" | "regexp" => "a pattern is matched by =~ /regex/".into(),
        "contains" | "starts_with" | "startswith" => {
            "it is a function: contains(x, \"text\")".into()
        }
        "is" | "isnull" | "notnull" => "write x == null, or has(x)".into(),
        "between" => "write x >= 1 and x <= 2".into(),
        "mod" => "write %".into(),
        "div" => "it is a function: div(a, b)".into(),
        "as" => "write NAME=EXPR, as map takes it".into(),
        "then" | "case" | "when" | "else" | "end" => "write if(condition, then, else)".into(),
        // A shell takes `!c` at its prompt for the last command that began with a c.
        _ if before
            .split_whitespace()
            .any(|word| COMMANDS.contains(&word)) =>
        {
            "did the shell put a command of its history in the place of '!'? use single quotes, or write not"
                .into()
        }
        _ => "expected an operator or the end".into(),
    };
    fault(at, format!("unexpected '{text}'; {remedy}"))
}

pub fn chained(at: Range<usize>) -> Diagnostic {
    fault(at, "comparisons do not chain; write 'a < b and b < c'")
}

pub fn doubled_sign(at: Range<usize>, typed: &str, meant: &str) -> Diagnostic {
    fault(
        at,
        format!("no operator '{typed}'; did you mean '{meant}'?"),
    )
}

pub fn unknown_byte(at: Range<usize>, text: &str) -> Diagnostic {
    let remedy = match text {
        "“" | "”" | "„" | "«" | "»" => {
            "; it is a quote as texts on the web have them: type \""
        }
        "‘" | "’" | "‚" | "´" => {
            "; it is a quote as texts on the web have them: type ' around the whole and \" within"
        }
        "~" => "; a pattern is matched by =~ /regex/",
        "&" => "; write and",
        "|" => "; write or",
        "#" | "@" | "\\" => "; a name with odd characters stands in backticks",
        _ => "",
    };
    fault(at, format!("'{text}' means nothing here{remedy}"))
}

pub fn single_quotes(at: Range<usize>) -> Diagnostic {
    fault(
        at,
        "texts are in double quotes, with single ones around the whole: '… == \"text\"'",
    )
}

pub fn open_string(at: Range<usize>) -> Diagnostic {
    fault(
        at,
        "no closing '\"'; is the whole in single quotes, so that the shell leaves it alone?",
    )
}

pub fn open_backtick(at: Range<usize>) -> Diagnostic {
    fault(at, "no closing '`'")
}

pub fn empty_name(at: Range<usize>) -> Diagnostic {
    fault(at, "a name has at least one character")
}

pub fn open_regex(at: Range<usize>) -> Diagnostic {
    fault(at, "no closing '/' of this regex")
}

pub fn open_brace(at: Range<usize>) -> Diagnostic {
    fault(at, "no closing '}' in this f-string")
}

pub fn lone_brace(at: Range<usize>) -> Diagnostic {
    fault(at, "a '}' without '{'; write '}}' for the character")
}

/// A bracket that is never closed.
pub fn unclosed(at: Range<usize>, bracket: char, closing: char) -> Diagnostic {
    fault(at, format!("no '{closing}' closes this '{bracket}'"))
}

pub fn stray_closing(at: Range<usize>, text: &str) -> Diagnostic {
    fault(at, format!("'{text}' closes nothing"))
}

pub fn no_colon(at: Range<usize>) -> Diagnostic {
    fault(at, "no ':' for this '?'; write 'condition ? then : else'")
}

pub fn escape(at: Range<usize>, text: &str) -> Diagnostic {
    fault(
        at,
        format!("no escape '{text}' in texts; there are \\n \\t \\r \\\" \\\\ and \\u00e9"),
    )
}

pub fn bad_number(at: Range<usize>, text: &str) -> Diagnostic {
    fault(
        at,
        format!("'{text}' is no number, duration (30s, 1h30m) or size (10KiB)"),
    )
}

pub fn too_large(at: Range<usize>, text: &str) -> Diagnostic {
    fault(at, format!("'{text}' is too large"))
}

pub fn member_name(at: Range<usize>) -> Diagnostic {
    fault(
        at,
        "expected a name behind '.'; put an odd one in backticks",
    )
}

pub fn in_needs_list(at: Range<usize>) -> Diagnostic {
    fault(at, "'in' takes a list in parentheses: x in (1, 2)")
}

pub fn too_deep(at: Range<usize>, depth: usize) -> Diagnostic {
    fault(
        at,
        format!("the expression is nested more than {depth} deep"),
    )
}

pub fn assignment_shape(at: Range<usize>) -> Diagnostic {
    fault(at, "expected NAME=EXPR, as in 'x=ms*2'")
}

pub fn bad_regex(at: Range<usize>, reason: &str) -> Diagnostic {
    let reason = reason
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or(reason)
        .trim()
        .trim_start_matches("error: ");
    fault(at, format!("not a regex: {reason}"))
}

pub fn function_shape(at: Range<usize>) -> Diagnostic {
    fault(at, "expected 'name(a, b) = expression'")
}

pub fn twice(at: Range<usize>, name: &str) -> Diagnostic {
    fault(at, format!("'{name}' is there twice"))
}

// ---- names

/// A name that the schema does not have.
pub fn unknown_field(at: Range<usize>, name: &str, known: &[&str]) -> Diagnostic {
    let mut made = fault(
        at.clone(),
        match nearest(name, known.iter().copied()) {
            Some(meant) => format!("no field '{name}'; did you mean '{meant}'?"),
            // Part of a larger expression: perhaps it is meant as a text.
            None if at.start > 0 && !name.contains(['$', '@', '.']) => {
                format!("no field '{name}'; a text is in double quotes: \"{name}\"")
            }
            None => format!("no field '{name}'"),
        },
    );
    made.note = match name {
        "@time" => {
            "rows here have no time; of the newest record it is max:@time, among the aggregates"
                .into()
        }
        "@watermark" => "rows here have none; it is of records as they were read".into(),
        _ => format!("{RECORD_HAS}: {}", listed(known)),
    };
    made
}

/// A field without its backticks: `a.b` where the column's name has a point.
pub fn needs_backticks(at: Range<usize>, name: &str) -> Diagnostic {
    fault(
        at,
        format!("no field '{name}' by its path; a name with a point is written `{name}`"),
    )
}

pub fn unknown_function(at: Range<usize>, name: &str, known: &[&str]) -> Diagnostic {
    let foreign = match name.to_ascii_lowercase().as_str() {
        "length" | "strlen" | "size" | "char_length" => "len(x)",
        "tolower" | "lcase" | "lowercase" | "downcase" => "lower(x)",
        "toupper" | "ucase" | "uppercase" | "upcase" => "upper(x)",
        "substring" | "substr0" | "left" | "mid" | "slice" => "substr(x, from, n)",
        "sub" | "gsub" | "regexp_replace" | "str_replace" => "replace(x, /re/, y)",
        "match" | "regexp_extract" | "regex_extract" | "capture" => {
            "extract(x, /re/, n), or x =~ /re/"
        }
        "regexp_like" | "test" => "x =~ /re/",
        "indexof" | "index" | "instr" | "position" | "strpos" | "includes" => "contains(x, y)",
        "ifnull" | "nvl" | "isnull" => "x ?? y, or has(x)",
        "cast" | "tonumber" | "to_number" | "number" | "todouble" => "int(x) or float(x)",
        "to_timestamp" | "parsedate" | "strptime" | "mktime" | "from_unixtime" | "timestamp" => {
            "time(x, format)"
        }
        "date_format" | "to_char" | "format_date" | "sec2gmt" => "strftime(t, format)",
        "date_trunc" | "timeslice" => "trunc(t, d)",
        "unix_timestamp" | "systime" | "epoch" => "unix(t), now()",
        "current_timestamp" | "getdate" | "sysdate" => "now()",
        "get_json_object" | "fromjson" => "json(x)",
        "iff" | "case" | "ternary" => "if(condition, a, b)",
        "greatest" => "max(x, y)",
        "least" => "min(x, y)",
        "concat_ws" | "join" | "format" | "printf" | "sprintf" => "f\"{a} {b}\", or concat(a, b)",
        "count" | "sum" | "avg" | "mean" | "first" | "last" | "p50" | "p95" | "p99" | "median"
        | "stddev" => {
            return fault(
                at,
                format!("'{name}' is an aggregate, not a function: reduce {name}:x, or scan"),
            );
        }
        _ => "",
    };
    let nearest = nearest(name, known.iter().copied());
    fault(
        at,
        match (foreign, nearest) {
            ("", Some(meant)) => format!("no function '{name}'; did you mean '{meant}'?"),
            ("", None) => format!("no function '{name}'; 'dstream help functions' lists them"),
            (here, _) => format!("no function '{name}'; it is {here}"),
        },
    )
}

pub fn argument_count(at: Range<usize>, signature: &str, given: usize) -> Diagnostic {
    let plural = if given == 1 { "" } else { "s" };
    fault(at, format!("{signature} is given {given} argument{plural}"))
}

pub fn recursion(at: Range<usize>, name: &str) -> Diagnostic {
    fault(at, format!("the function '{name}' calls itself"))
}

/// A fault inside a user function, told where it is called.
pub fn inside(at: Range<usize>, name: &str, inner: &Diagnostic) -> Diagnostic {
    let mut made = fault(at, format!("in {name}(): {}", inner.message));
    made.note.clone_from(&inner.note);
    made
}

// ---- types

/// The whole condition is only a field.
pub fn condition_is_field(name: &str) -> Diagnostic {
    fault(
        0..0,
        format!(
            "needs a condition, '{name}' is only a field\n         \
             (did the shell take part of it? put the expression in single quotes)"
        ),
    )
}

/// The whole condition has another type.
pub fn condition_is(kind: &str) -> Diagnostic {
    fault(
        0..0,
        format!("needs a condition, this is {}", with_article(kind)),
    )
}

/// Part of a condition is not a condition.
pub fn operand_of_logic(at: Range<usize>, word: &str, kind: &str) -> Diagnostic {
    fault(
        at,
        format!(
            "{word} takes conditions, this is {}; compare it with something",
            with_article(kind)
        ),
    )
}

pub fn not_comparable(at: Range<usize>, left: &str, right: &str) -> Diagnostic {
    fault(
        at,
        format!(
            "{} and {} do not compare",
            with_article(left),
            with_article(right)
        ),
    )
}

pub fn time_against_number(at: Range<usize>) -> Diagnostic {
    fault(
        at,
        "a time and a number do not compare; unix(t) gives seconds",
    )
}

pub fn duration_against_number(at: Range<usize>) -> Diagnostic {
    fault(
        at,
        "a duration and a number do not compare; give the number a unit, as 5s",
    )
}

pub fn not_computable(at: Range<usize>, sign: &str, left: &str, right: &str) -> Diagnostic {
    fault(
        at,
        format!(
            "'{sign}' does not take {} and {}",
            with_article(left),
            with_article(right)
        ),
    )
}

pub fn text_and_duration(at: Range<usize>) -> Diagnostic {
    fault(
        at,
        "the field may be a time or a duration; write time(x) for a time",
    )
}

pub fn not_negatable(at: Range<usize>, kind: &str) -> Diagnostic {
    fault(at, format!("'-' does not take {}", with_article(kind)))
}

pub fn match_needs_regex(at: Range<usize>, sign: &str) -> Diagnostic {
    fault(at, format!("'{sign}' takes a /regex/ on its right"))
}

pub fn regex_place(at: Range<usize>) -> Diagnostic {
    fault(
        at,
        "a /regex/ stands alone, behind =~ or !~, or in a function that takes one",
    )
}

pub fn not_text(at: Range<usize>, kind: &str) -> Diagnostic {
    fault(
        at,
        format!("a regex matches text, this is {}", with_article(kind)),
    )
}

pub fn no_members(at: Range<usize>, kind: &str) -> Diagnostic {
    fault(at, format!("{} has no members", with_article(kind)))
}

pub fn no_items(at: Range<usize>, kind: &str) -> Diagnostic {
    fault(at, format!("{} has no items", with_article(kind)))
}

pub fn not_a_time(at: Range<usize>, text: &str) -> Diagnostic {
    fault(
        at,
        format!("'{text}' is no time; write it as \"2026-11-20T10:00:00\""),
    )
}

pub fn not_a_duration(at: Range<usize>, text: &str) -> Diagnostic {
    fault(at, format!("'{text}' is no duration; write 30s or 1h30m"))
}

pub fn wrong_argument(at: Range<usize>, signature: &str, wanted: &str, kind: &str) -> Diagnostic {
    fault(
        at,
        format!(
            "{signature} takes {wanted} here, this is {}",
            with_article(kind)
        ),
    )
}

pub fn bad_format(at: Range<usize>, reason: &str) -> Diagnostic {
    fault(at, reason)
}

fn with_article(kind: &str) -> String {
    match kind {
        "text" | "json" | "null" => kind.into(),
        _ => format!("a {kind}"),
    }
}

/// At most twelve names.
fn listed(names: &[&str]) -> String {
    const LISTED_MAX: usize = 12;
    if names.is_empty() {
        return "no fields".into();
    }
    let mut text = names[..names.len().min(LISTED_MAX)].join(", ");
    if names.len() > LISTED_MAX {
        text.push_str(", …");
    }
    text
}

/// The candidate that a mistyped word is closest to, if it is close at all.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(far, candidate)| *far <= allowed && *far < candidate.chars().count())
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, changes and swaps of neighbours between two words; case does not count.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = change.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
