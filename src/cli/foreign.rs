//! What people who come from elsewhere type: words of awk, sort, jq, Miller, SQL, angle-grinder and Spark, and what is
//! written here instead. Texts only. Never decides whether something is a mistake: it is asked when that is known.

use crate::aggs;
use crate::formats;
use crate::ops::{self, Operator};

/// Words that stand where an operator may, and what does their work.
const OPERATORS: &[(&[&str], &str)] = &[
    (
        &["sort", "order", "order-by", "orderby"],
        "sort-by FIELD, or top N for the largest",
    ),
    (
        &["uniq", "unique", "dedup", "drop-duplicates"],
        "distinct, or count-by-key, which counts them",
    ),
    (
        &["grep", "egrep", "rg", "match-lines", "search"],
        "filter '/RE/'",
    ),
    (
        &["where", "having", "if", "when", "keep"],
        "filter 'CONDITION'",
    ),
    (&["reject", "exclude"], "filter 'not (CONDITION)'"),
    (
        &[
            "cut",
            "project",
            "fields",
            "columns",
            "pick",
            "cat",
            "print-fields",
        ],
        "select FIELD,FIELD",
    ),
    (
        &["awk", "gawk", "mlr", "jq", "agrind", "sql"],
        "a chain of operators, as in filter '$3 > 5' select '$1'",
    ),
    (&["wc"], "count"),
    (
        &["tail"],
        "tail -n N FILE | dstream …, or -F --skip-to-end to follow",
    ),
    (&["limit", "take", "first"], "head N"),
    (
        &[
            "sed",
            "sub",
            "gsub",
            "replace",
            "put",
            "let",
            "eval",
            "extend",
            "mutate",
            "assign",
            "set",
            "compute",
            "with-column",
            "update",
        ],
        "map 'NAME=EXPR', as in map 'x=replace(x, /a/, \"b\")'",
    ),
    (
        &[
            "stats",
            "stats1",
            "agg",
            "aggregate",
            "summarize",
            "summarise",
        ],
        "reduce avg:FIELD, or reduce-by KEY avg:FIELD",
    ),
    (
        &["group", "by", "groupby", "partition-by"],
        "count-by KEY, or reduce-by KEY AGGREGATES",
    ),
    (
        &["nest", "explode", "unnest", "split"],
        "flat-map 'NAME=LIST', as in flat-map 'word=words($0)'",
    ),
    (
        &[
            "timeslice",
            "bucket",
            "every",
            "tumble",
            "tumbling",
            "hop",
            "sliding",
        ],
        "window SIZE, or window SIZE --slide D",
    ),
    (&["session"], "session-window GAP"),
    (
        &["with-watermark", "watermark"],
        "the option --watermark D, with --time FIELD",
    ),
    (
        &["write-stream", "output", "to"],
        "--output FILE, or -o FORMAT",
    ),
    (
        &["read-stream", "load", "from"],
        "--from FILE, or the file at the end",
    ),
    (
        &["foreach", "for-each", "foreachrdd"],
        "foreach-batch COMMAND",
    ),
    (
        &["step", "shift", "lag", "lead", "running"],
        "scan 'NAME=FUNCTION', as in scan 'd=delta:x'",
    ),
    (
        &["left-join", "inner-join", "outer-join"],
        "join SOURCE, with a flag for its kind",
    ),
    (&["histogram", "hist"], "reduce hist:FIELD:WIDTH"),
    (
        &["mean", "average"],
        "reduce avg:FIELD, or reduce-by KEY avg:FIELD",
    ),
];

/// What a word in an operator's place is called here. `next`: the word behind it.
pub fn operator(word: &str, next: Option<&str>) -> Option<String> {
    let kebab = kebab(word);
    if let Some(next) = next
        && let Some(whole) = ops::find(&format!("{kebab}-{next}"))
    {
        return Some(format!("it is one word: {}", synopsis(whole)));
    }
    if kebab != word
        && let Some(found) = ops::find(&kebab)
    {
        return Some(format!("it is spelt {}", synopsis(found)));
    }
    if let Some((_, here)) = OPERATORS
        .iter()
        .find(|(words, _)| words.contains(&kebab.as_str()))
    {
        return Some(format!("here it is {here}"));
    }
    if word.contains('(') {
        return Some("operators have no parentheses; their operands are words behind them".into());
    }
    if let Some(format) = formats::find(&kebab) {
        let flag = if format.read.is_some() { "-i" } else { "-o" };
        return Some(format!("it is a format: {flag} {}", format.name));
    }
    if aggs::find(word).is_some() {
        return Some(format!(
            "it is an aggregate: reduce {word}:FIELD, or reduce-by KEY {word}:FIELD"
        ));
    }
    None
}

/// An operator with its operands.
pub fn synopsis(operator: &Operator) -> String {
    let mut text = operator.name.to_string();
    for operand in operator.operands {
        text.push(' ');
        text.push_str(operand.name);
    }
    text
}

/// `reduceByKey` and `reduce_by_key` as names are spelt here.
fn kebab(word: &str) -> String {
    let humps = word.bytes().any(|byte| byte.is_ascii_lowercase());
    let mut out = String::with_capacity(word.len() + 4);
    for letter in word.chars() {
        if letter == '_' {
            out.push('-');
        } else if letter.is_ascii_uppercase() {
            if humps && !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
            out.push(letter.to_ascii_lowercase());
        } else {
            out.push(letter);
        }
    }
    out
}

/// What a text is that stands where an operator or a file may, and is neither: a program of another tool, or what a
/// shell has left. `None`: perhaps the name of a file. `go_on`: files may still appear.
pub fn text(word: &str, go_on: bool) -> Option<String> {
    let has = |marks: &[char]| word.contains(marks);
    let spaced = word.contains(' ');
    let lower = word.to_ascii_lowercase();
    if let Some(mark) = word.chars().find(|c| smart(*c).is_some()) {
        return Some(format!(
            "it has '{mark}', a quote as texts on the web have them; type {} instead",
            smart(mark).unwrap_or_default()
        ));
    }
    if word == "|" || word == "||" || word == "&&" || word == ";" {
        return Some("operators follow each other with nothing between them".into());
    }
    if word.bytes().all(|byte| b"=<>!~&".contains(&byte)) {
        return Some(
            "an expression is one word: put it in single quotes, as in filter 'status >= 500' or map 'x=ms*2'".into(),
        );
    }
    if lower.starts_with("select ") {
        return Some("SQL is written as operators, as in filter 'ms > 5' select user,ms".into());
    }
    if word.starts_with('{') || (spaced && has(&['{'])) {
        return Some("what awk prints is select, as in filter '$3 > 5' select '$1'".into());
    }
    if word.contains(" | ") || word.starts_with("* |") {
        return Some(
            "operators are words of the command line with nothing between them, as in -i json filter 'ms > 5' count-by level".into(),
        );
    }
    if word.starts_with('.')
        && word.len() > 1
        && !has(&['/'])
        && word[1..].starts_with(|c: char| c.is_ascii_lowercase())
        && !word[1..].contains('.')
    {
        return Some(format!(
            "a field of JSON is written without the point: -i json select {}",
            &word[1..]
        ));
    }
    if spaced
        && (has(&['<', '>', '=', '~'])
            || word.starts_with(['/', '!', '$'])
            || lower.contains(" and ")
            || lower.contains(" or "))
    {
        return Some(match assigns(word) {
            true => format!("an assignment stands behind map: map '{word}'"),
            false => format!("a condition stands behind filter: filter '{word}'"),
        });
    }
    if word.starts_with('/') && word.len() > 2 && word.ends_with('/') {
        return Some(format!("a search stands behind filter: filter '{word}'"));
    }
    if word.starts_with('$') || (has(&['>', '<']) && !has(&['/'])) {
        return Some(format!(
            "if it is a condition, it stands behind filter: filter '{word}'"
        ));
    }
    if has(&['*', '?', '[']) && !go_on {
        return Some(
            "no file's name matches this pattern, so the shell has left it as it is".into(),
        );
    }
    None
}

/// `x = ms * 2`, and not `==`, `<=`.
fn assigns(word: &str) -> bool {
    let Some(at) = word.find('=') else {
        return false;
    };
    let name = word[..at].trim();
    !word[at + 1..].starts_with(['=', '~'])
        && !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The plain quote that a typographic one stands for.
pub fn smart(mark: char) -> Option<&'static str> {
    match mark {
        '“' | '”' | '„' | '«' | '»' => Some("\""),
        '‘' | '’' | '‚' | '´' => Some("'"),
        _ => None,
    }
}

/// What a long option of another tool is called here.
pub fn long(name: &str) -> Option<String> {
    if let Some(operator) = ops::find(name) {
        return Some(format!(
            "it is an operator, without dashes: {}",
            synopsis(operator)
        ));
    }
    let reads = |name: &str| formats::find(name).filter(|format| format.read.is_some());
    let writes = |name: &str| formats::find(name).filter(|format| format.write.is_some());
    let plain = |name: &str| match name {
        "nidx" => "text".to_string(),
        "jsonl" | "ndjson" => "json".to_string(),
        "pprint" => "table".to_string(),
        _ => name.to_string(),
    };
    if let Some(format) = name.strip_prefix('i').and_then(|name| reads(&plain(name))) {
        return Some(format!("write -i {}", format.name));
    }
    if let Some(format) = name.strip_prefix('o').and_then(|name| writes(&plain(name))) {
        return Some(format!("write -o {}", format.name));
    }
    if let Some(format) = reads(&plain(name)) {
        return Some(format!(
            "write -i {0} to read {0}, -o {0} to write it",
            format.name
        ));
    }
    Some(
        match name {
            "verbose" | "debug" => "--stats tells what was done, --explain what would be",
            "sep" | "separator" | "fs" | "ifs" | "field-separator" | "delim" => "write -d C",
            "ofs" => "write -o csv or -o tsv",
            "format" => "write -i FORMAT to read, -o FORMAT to write",
            "jobs" | "parallel" | "cores" | "workers" => "write -j N",
            "where" | "grep" => "it is an operator: filter 'CONDITION'",
            "sort" => "it is an operator: sort-by FIELD",
            "limit" | "lines" => "it is an operator: head N",
            "tail" => "write -F --skip-to-end to follow",
            "dry-run" => "write --explain",
            "interval" | "trigger" => "write --every D, or --batch D for batches",
            "checkpoint-location" => "write --checkpoint FILE",
            "timestamp" | "time-field" => "write --time FIELD",
            "timezone" | "time-zone" => "write --tz ZONE",
            _ => return None,
        }
        .to_string(),
    )
}

/// What a short option of another tool is here. `word`: all that was typed.
pub fn short(letter: char, word: &str) -> Option<String> {
    if let Some(mark) = word.strip_prefix("-F")
        && mark.starts_with(letter)
        && !letter.is_ascii_alphanumeric()
    {
        return Some(format!(
            "awk's -F is -d here: -d '{mark}'; -F follows files"
        ));
    }
    Some(
        match letter {
            'n' => "it is the operator head N",
            'v' => "awk's -v is a value in the expression, grep's is filter 'not /RE/', and --stats tells what was done",
            't' | 's' => "what parts fields is -d C",
            'k' => "it is the operator sort-by FIELD",
            'c' => "it is the operator count-by-key, or count",
            'r' | 'u' => "it is an operator: sort-by FIELD:desc, or distinct",
            'a' | 'g' => "it is the operator reduce-by KEY AGGREGATES",
            'E' | 'P' => "it is the operator filter '/RE/'",
            'p' => "write -j N for threads",
            _ => return None,
        }
        .to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_tools_are_known() {
        let check = |word: &str, next: Option<&str>, expected: &str| {
            let told = operator(word, next);
            assert!(
                told.as_deref().is_some_and(|told| told.contains(expected)),
                "{word}: {told:?}"
            );
        };
        check("sort", None, "sort-by FIELD");
        check("reduceByKey", None, "reduce-by-key ");
        check("COUNT_BY", None, "count-by K");
        check("group", Some("by"), "group-by K");
        check("withWatermark", None, "--watermark");
        check("json", None, "-i json");
        check("table", None, "-o table");
        check("median", None, "reduce median:FIELD");
        check("stats1", None, "reduce avg");
        assert_eq!(operator("zebra", None), None);
        for (words, _) in OPERATORS {
            for word in *words {
                assert!(ops::find(word).is_none(), "{word} is an operator");
                assert_eq!(kebab(word), *word);
            }
        }
    }

    #[test]
    fn texts_that_are_no_files_are_known() {
        let check = |word: &str, expected: &str| {
            let told = text(word, false);
            assert!(
                told.as_deref().is_some_and(|told| told.contains(expected)),
                "{word}: {told:?}"
            );
        };
        check("{print $1}", "awk");
        check("$3 > 5 {print $1}", "awk");
        check("status >= 500", "filter 'status >= 500'");
        check("x = ms * 2", "map 'x = ms * 2'");
        check("* | json | count by level", "nothing between");
        check("select a from b", "SQL");
        check(".level", "select level");
        check("==", "single quotes");
        check("|", "nothing between");
        check("“a”", "type \"");
        check("/ERROR/", "filter '/ERROR/'");
        check("*.log", "no file's name matches");
        for word in [
            "my file.log",
            "a/b.log",
            ".hidden.log",
            "./x",
            "../y",
            "a+b.log",
            "log[1]",
        ] {
            assert_eq!(text(word, true), None, "{word}");
        }
    }

    #[test]
    fn options_of_other_tools_are_known() {
        assert_eq!(long("icsv").as_deref(), Some("write -i csv"));
        assert_eq!(long("ojson").as_deref(), Some("write -o json"));
        assert_eq!(long("oxtab"), None);
        assert!(long("top").is_some_and(|told| told.contains("top N")));
        assert!(short(':', "-F:").is_some_and(|told| told.contains("-d ':'")));
        assert_eq!(short('Z', "-Z"), None);
    }
}
