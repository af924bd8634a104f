//! What faults say, word by word.

use super::check_fault;
use crate::data::{Open, Type};

fn check(source: &str, expected: &str) {
    check_fault(None, source, expected);
}

#[test]
fn reading() {
    check(
        "status = 500",
        "'=' is assignment; did you mean '=='?\nstatus = 500\n       ^",
    );
    check(
        "> 5",
        "expected a value here; did the shell expand $1? use single quotes, or write _1\n> 5\n^",
    );
    check(
        "status >=",
        "expected a value here; did the shell expand $1? use single quotes, or write _1\nstatus >=\n         ^",
    );
    check(
        "",
        "expected an expression; did the shell expand $1? use single quotes, or write _1",
    );
    check(
        "host == \"a",
        "no closing '\"'; is the whole in single quotes, so that the shell leaves it alone?\nhost == \"a\n        ^^",
    );
    check(
        "host =~ /a",
        "no closing '/' of this regex\nhost =~ /a\n        ^^",
    );
    check("(status > 5", "no ')' closes this '('\n(status > 5\n^");
    check(
        "status > 5)",
        "')' closes nothing\nstatus > 5)\n          ^",
    );
    check("lower(host", "no ')' closes this '('\nlower(host\n     ^");
    check(
        "host == 'a'",
        "texts are in double quotes, with single ones around the whole: '… == \"text\"'\nhost == 'a'\n        ^^^",
    );
    check(
        "1 < status < 5",
        "comparisons do not chain; write 'a < b and b < c'\n1 < status < 5\n           ^",
    );
    check(
        "status & 1",
        "no operator '&'; did you mean 'and'?\nstatus & 1\n       ^",
    );
    check(
        "status > 5x",
        "'5x' is no number, duration (30s, 1h30m) or size (10KiB)\nstatus > 5x\n         ^^",
    );
    check(
        "status 500",
        "unexpected '500'; expected an operator or the end\nstatus 500\n       ^^^",
    );
    check(
        "host =~ /(/",
        "not a regex: unclosed group\nhost =~ /(/\n        ^^^",
    );
    check(
        "host == \"\\q\"",
        "no escape '\\q' in texts; there are \\n \\t \\r \\\" \\\\ and \\u00e9\nhost == \"\\q\"\n         ^^",
    );
    check(
        "status > 5 ? 1",
        "no ':' for this '?'; write 'condition ? then : else'\nstatus > 5 ? 1\n           ^",
    );
    check(
        "status in 5",
        "'in' takes a list in parentheses: x in (1, 2)\nstatus in 5\n       ^^\n\nunexpected '5'; expected an operator or the end\nstatus in 5\n          ^",
    );
}

#[test]
fn all_at_once() {
    check(
        "statsu >= 500 and hots == \"a\"",
        "no field 'statsu'; did you mean 'status'?
statsu >= 500 and hots == \"a\"
^^^^^^ the record has: host, time, request, status, size

no field 'hots'; did you mean 'host'?
statsu >= 500 and hots == \"a\"
                  ^^^^ the record has: host, time, request, status, size",
    );
}

#[test]
fn names() {
    check(
        "xyzzy > 1",
        "no field 'xyzzy'\nxyzzy > 1\n^^^^^ the record has: host, time, request, status, size",
    );
    check(
        "lowr(host) == \"a\"",
        "no function 'lowr'; did you mean 'lower'?\nlowr(host) == \"a\"\n^^^^",
    );
    check(
        "lower(host, 1) == \"a\"",
        "lower(x) is given 2 arguments\nlower(host, 1) == \"a\"\n^^^^^^^^^^^^^^",
    );
    check_fault(
        Some(Open::Positional),
        "bytes > 5",
        "no field 'bytes'\nbytes > 5\n^^^^^ the record has: host, time, request, status, size, $0, $1, $2, …, $NF, NF",
    );
}

#[test]
fn types() {
    check(
        "status",
        "needs a condition, 'status' is only a field\n         (did the shell take part of it? put the expression in single quotes)",
    );
    check("status + 1", "needs a condition, this is a number");
    check(
        "status and host == \"a\"",
        "'and' takes conditions, this is a field; compare it with something\nstatus and host == \"a\"\n^^^^^^",
    );
    check(
        "@time > 5",
        "a time and a number do not compare; unix(t) gives seconds\n@time > 5\n^^^^^^^^^",
    );
    check(
        "@time > \"soon\"",
        "'soon' is no time; write it as \"2026-11-20T10:00:00\"\n@time > \"soon\"\n        ^^^^^^",
    );
    check(
        "30s > 5",
        "a duration and a number do not compare; give the number a unit, as 5s\n30s > 5\n^^^^^^^",
    );
    check(
        "@time + @time > 5",
        "'+' does not take a time and a time\n@time + @time > 5\n^^^^^^^^^^^^^",
    );
    check(
        "host =~ status",
        "'=~' takes a /regex/ on its right\nhost =~ status\n        ^^^^^^",
    );
    check(
        "host == /a/",
        "a /regex/ stands alone, behind =~ or !~, or in a function that takes one\nhost == /a/\n        ^^^",
    );
}

#[test]
fn depth() {
    let deep = format!("{}1{}", "(".repeat(200), ")".repeat(200));
    check(
        &deep,
        &format!(
            "the expression is nested more than 100 deep\n{deep}\n{}^",
            " ".repeat(100)
        ),
    );
    let long = format!("1{} > 0", " + 1".repeat(300));
    let told = super::parse(&long).unwrap_err();
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0].message,
        "the expression is nested more than 250 deep"
    );
}

#[test]
fn schemas_grow_by_what_is_asked() {
    let mut table = super::Table::row(&[("$0", Type::Untyped, None)]);
    table.open = Some(Open::Positional);
    let (_, schema) = table.compile("_3 > $1 and NF > 2").unwrap();
    let names: Vec<&str> = schema
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names, ["$0", "$3", "$1", "NF"]);
    table.open = Some(Open::Named(Type::Json));
    let (_, schema) = table
        .compile("a.b[0] > 1 and `x y`.z == 2 and a.b[0] < 5")
        .unwrap();
    let names: Vec<&str> = schema
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names, ["$0", "a.b[0]", "`x y`.z"]);
}
