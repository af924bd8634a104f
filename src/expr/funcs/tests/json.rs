//! Calls of the functions of objects: what is JSON, what is a pair, and what is neither.

use super::{Given, check, f, j, n, t};
use Given::{Nil, Text};

#[test]
fn the_value_that_a_text_holds() {
    check(
        "json",
        &[t(" {\"a\" : [1, 2.50 , \"x y\"]} ")],
        r#"{"a":[1,2.50,"x y"]}"#,
    );
    check("json", &[t("1e3")], "1e3");
    check("json", &[t("\"a\\n\"")], r#""a\n""#);
    check("json", &[t("null")], "null");
    check("json", &[t("")], "null");
    check("json", &[t("{\"a\":1")], "null");
    check("json", &[t("{} x")], "null");
    check("json", &[t("'a'")], "null");
    check("json", &[t("007")], "null");
    check("json", &[Text(b"\"\xff\"")], "null");
    check("json", &[j("{\"a\":1}")], r#"{"a":1}"#);
    check("json", &[j(r#""{\"a\":1}""#)], r#"{"a":1}"#);
    check("json", &[n("1.50")], "1.5");
    check("json", &[Nil], "null");
    check("json", &[t("\"\u{e9}\"")], "\"\u{e9}\"");
    let deep: &'static str = Box::leak("[".repeat(100_000).into_boxed_str());
    check("json", &[t(deep)], "null");
}

#[test]
fn names_of_an_object() {
    check(
        "keys",
        &[j(r#"{"b":1,"a":{"c":2},"\u00e9":3}"#)],
        r#"["b","a","é"]"#,
    );
    check("keys", &[j("{}")], "[]");
    check("keys", &[j("[1]")], "null");
    check("keys", &[j("3")], "null");
    check("keys", &[f("{\"a\":1}")], r#"["a"]"#);
    check("keys", &[f("{\"a\":1")], "null");
    check("keys", &[f("a")], "null");
    check("keys", &[Nil], "null");
}

#[test]
fn pairs() {
    check(
        "kv",
        &[t("q=a+b&page=2&x"), t("&"), t("=")],
        r#"{"q":"a+b","page":2,"x":""}"#,
    );
    check(
        "kv",
        &[t("a: 1; b: c:d ;;"), t(";"), t(":")],
        r#"{"a":1,"b":"c:d"}"#,
    );
    check(
        "kv",
        &[t("a->b, c->007"), t(", "), t("->")],
        r#"{"a":"b","c":"007"}"#,
    );
    check("kv", &[t(""), t(","), t("=")], "{}");
    check("kv", &[t("=x"), t(","), t("=")], r#"{"":"x"}"#);
    check("kv", &[t("a=\"b"), t(","), t("=")], r#"{"a":"\"b"}"#);
    check("kv", &[t("a=1"), t(""), t("=")], "null");
    check("kv", &[t("a=1"), t(","), t("")], "null");
    check("kv", &[Nil, t(","), t("=")], "null");
    check("kv", &[t("a"), Nil, t("=")], "null");
    check(
        "kv",
        &[Text(b"a=\xff"), t(","), t("=")],
        "{\"a\":\"\u{fffd}\"}",
    );
}

#[test]
fn log_lines() {
    check(
        "logfmt",
        &[t(r#"INFO level=warn msg="too \"slow\"\t" ms=120 v=1e x="#)],
        r#"{"INFO":true,"level":"warn","msg":"too \"slow\"\t","ms":120,"v":"1e","x":""}"#,
    );
    check("logfmt", &[t("a=b=c")], r#"{"a":"b=c"}"#);
    check("logfmt", &[t("a=\"b")], "null");
    check("logfmt", &[t("a=\"b\\")], "null");
    check("logfmt", &[t("a=\"b\"c")], "null");
    check("logfmt", &[t("=b")], "null");
    check("logfmt", &[t("no pairs")], "null");
    check("logfmt", &[t("")], "null");
    check("logfmt", &[Nil], "null");
    check("logfmt", &[Text(b"a=\xff")], "{\"a\":\"\u{fffd}\"}");
}
