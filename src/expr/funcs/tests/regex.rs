//! Calls of the functions of patterns: regexes, texts taken literally, and the empty pattern.

use super::{Given, check, f, j, n, re, t};
use Given::{Nil, Text};

#[test]
fn pieces_between_matches() {
    check("split", &[t("a,b,,c"), t(",")], r#"["a","b","","c"]"#);
    check("split", &[t(",a,"), t(",")], r#"["","a",""]"#);
    check("split", &[t("a::b:c"), t("::")], r#"["a","b:c"]"#);
    check("split", &[t("a.b"), t(".")], r#"["a","b"]"#);
    check("split", &[t("a, b,c"), re(", *")], r#"["a","b","c"]"#);
    check("split", &[t("abc"), t("")], r#"["abc"]"#);
    check("split", &[t(""), t(",")], r#"[""]"#);
    check("split", &[t(""), re(",")], r#"[""]"#);
    check("split", &[t("naïve"), t("ï")], r#"["na","ve"]"#);
    check(
        "split",
        &[Text(b"a\xff\xffb"), Text(b"\xff")],
        r#"["a","","b"]"#,
    );
    check("split", &[f("1.5"), t(".")], r#"["1","5"]"#);
    check("split", &[Nil, t(",")], "null");
    check("split", &[Nil, re(",")], "null");
    check("split", &[t("a,b"), Nil], "null");
}

#[test]
fn everything_that_matches() {
    check("matches", &[t("a1b22"), re("[0-9]+")], r#"["1","22"]"#);
    check("matches", &[t("aXaa"), t("a")], r#"["a","a","a"]"#);
    check("matches", &[t("aaaa"), t("aa")], r#"["aa","aa"]"#);
    check("matches", &[t("abc"), re("x")], "[]");
    check("matches", &[t("abc"), t("")], "[]");
    check("matches", &[t("k=v"), re("(k)=(v)")], r#"["k=v"]"#);
    check("matches", &[Nil, re("a")], "null");
    check("matches", &[t("a"), Nil], "null");
}

#[test]
fn a_group_of_the_first_match() {
    check(
        "extract",
        &[t("took 12ms"), re("took ([0-9]+)ms")],
        r#""12""#,
    );
    check("extract", &[t("took 12ms"), re("[0-9]+")], r#""12""#);
    check(
        "extract",
        &[t("took 12ms"), re("(t)(o)"), n("0")],
        r#""to""#,
    );
    check("extract", &[t("took 12ms"), re("(t)(o)"), n("2")], r#""o""#);
    check("extract", &[t("took 12ms"), re("(t)(o)"), n("3")], "null");
    check("extract", &[t("took 12ms"), re("(t)(o)"), n("-1")], "null");
    check("extract", &[t("ac"), re("a(b)?c")], "null");
    check("extract", &[t("ac"), re("x")], "null");
    check("extract", &[t("a.c"), t(".")], r#"".""#);
    check("extract", &[t("abc"), t("bc")], r#""bc""#);
    check("extract", &[t("abc"), t("b"), n("1")], "null");
    check("extract", &[t("abc"), t(".")], "null");
    check("extract", &[t(""), re("^")], r#""""#);
    check("extract", &[j(r#""x\u00e9y""#), re("x(.)y")], r#""é""#);
    check("extract", &[Nil, re("a")], "null");
    check("extract", &[t("a"), re("a"), Nil], "null");
    check("extract", &[t("a"), Nil], "null");
}

#[test]
fn every_match_replaced() {
    check("replace", &[t("a-b-c"), t("-"), t("+")], r#""a+b+c""#);
    check("replace", &[t("a.b"), t("."), t("$1")], r#""a$1b""#);
    check("replace", &[t("abc"), t("b"), t("")], r#""ac""#);
    check("replace", &[t("b"), t("b"), t("")], r#""""#);
    check("replace", &[t("abab"), t("ab"), t("x")], r#""xx""#);
    check("replace", &[t("abc"), t("x"), t("y")], r#""abc""#);
    check("replace", &[t("abc"), t(""), t("y")], r#""abc""#);
    check(
        "replace",
        &[t("user 12 and 7"), re("[0-9]+"), t("N")],
        r#""user N and N""#,
    );
    check(
        "replace",
        &[t("2026-11"), re("(\\d+)-(\\d+)"), t("$2/$1a$$$")],
        r#""11/2026a$$""#,
    );
    check(
        "replace",
        &[t("ab"), re("(?P<x>a)"), t("${x}${1}${9}${y}$7!")],
        r#""aa!b""#,
    );
    check("replace", &[t("ab"), re("a"), t("${x")], r#""${xb""#);
    check("replace", &[t("abc"), re("x*"), t("-")], r#""-a-b-c-""#);
    check("replace", &[t("ab"), re("\\bb|a"), t("[$0]")], r#""[a]b""#);
    check("replace", &[t(""), re("^$"), t("empty")], r#""empty""#);
    check(
        "replace",
        &[Text(b"a\xffb"), Text(b"\xff"), t("-")],
        r#""a-b""#,
    );
    check("replace", &[Nil, re("a"), t("b")], "null");
    check("replace", &[t("a"), Nil, t("b")], "null");
    check("replace", &[t("a"), re("a"), Nil], "null");
}
