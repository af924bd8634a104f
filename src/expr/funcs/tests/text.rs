//! Calls of the functions of text, and their column kernels against naive models.

use super::{Given, NOW, check, column_of, f, j, n, same, t};
use crate::data::{Number, Value};
use Given::{Bool, Duration, List, Nil, Text, Time};
use proptest::prelude::*;

#[test]
fn case_and_blanks() {
    check("lower", &[t("FOO Bär ÉΣ")], r#""foo bär éς""#);
    check("lower", &[t("")], r#""""#);
    check("lower", &[Nil], "null");
    check("lower", &[j(r#""A\tB""#)], r#""a\tb""#);
    check("lower", &[n("12.50")], r#""12.5""#);
    check("lower", &[Bool(true)], r#""true""#);
    check("lower", &[Text(b"A\xffB")], "\"a\u{fffd}b\"");
    check("upper", &[t("straße ñ")], r#""STRASSE Ñ""#);
    check("upper", &[Nil], "null");
    check("trim", &[t(" \t\r\n\x0b\x0c a b \n")], r#""a b""#);
    check("trim", &[t("   ")], r#""""#);
    check("trim", &[t("")], r#""""#);
    check("trim", &[t("\u{a0}x\u{a0}")], "\"\u{a0}x\u{a0}\"");
    check("trim", &[Nil], "null");
}

#[test]
fn lengths_count_characters_items_and_names() {
    check("len", &[t("naïve 日本\u{1f600}")], "9");
    check("len", &[t("")], "0");
    check("len", &[f("12.30")], "5");
    check("len", &[n("12.30")], "4");
    check("len", &[Text(b"a\xff\xfe")], "3");
    check("len", &[Nil], "null");
    check("len", &[List(&[])], "0");
    check("len", &[List(&["a", "b", "c"])], "3");
    check("len", &[j("[1,[2,3],{}]")], "3");
    check("len", &[j("[]")], "0");
    check("len", &[j(r#"{"a":1,"b":[1,2,3]}"#)], "2");
    check("len", &[j(r#""\u00e9\n""#)], "2");
    check("len", &[j("123")], "3");
    check("len", &[Duration(60_000_000_000)], "2");
    check("len", &[Time(0)], "20");
}

#[test]
fn parts_by_place() {
    check("substr", &[t("héllo"), n("1")], r#""éllo""#);
    check("substr", &[t("héllo"), n("1"), n("2")], r#""él""#);
    check("substr", &[t("héllo"), n("-2")], r#""lo""#);
    check("substr", &[t("héllo"), n("-4"), n("1")], r#""é""#);
    check("substr", &[t("ab"), n("-9"), n("1")], r#""a""#);
    check("substr", &[t("ab"), n("2")], r#""""#);
    check("substr", &[t("ab"), n("99")], r#""""#);
    check("substr", &[t("ab"), n("0"), n("0")], r#""""#);
    check("substr", &[t("ab"), n("0"), n("-1")], r#""""#);
    check(
        "substr",
        &[t("ab"), n("0"), n("999999999999999999")],
        r#""ab""#,
    );
    check("substr", &[t("ab"), n("-999999999999999999")], r#""ab""#);
    check("substr", &[t(""), n("0")], r#""""#);
    check("substr", &[Nil, n("0")], "null");
    check("substr", &[t("ab"), Nil], "null");
    check("substr", &[t("ab"), n("0"), Nil], "null");
    check("substr", &[Text(b"\xff\xfeb"), n("2")], r#""b""#);
    check("substr", &[j(r#""a\"b""#), n("1"), n("1")], r#""\"""#);
}

#[test]
fn lists_of_words_and_tokens() {
    check("words", &[t("  to be\tor  ")], r#"["to","be","or"]"#);
    check("words", &[t("")], "[]");
    check("words", &[t(" \n ")], "[]");
    check("words", &[Nil], "null");
    check("words", &[t("日本 x\u{a0}y")], "[\"日本\",\"x\u{a0}y\"]");
    check(
        "tokens",
        &[t("it's max_len=3!")],
        r#"["it","s","max_len","3"]"#,
    );
    check(
        "tokens",
        &[t("naïve—日本，x２")],
        r#"["naïve","日本","x２"]"#,
    );
    check("tokens", &[t("!?")], "[]");
    check("tokens", &[t("")], "[]");
    check("tokens", &[Nil], "null");
    check("tokens", &[Text(b"ab\xffcd\xc3")], r#"["ab","cd"]"#);
}

#[test]
fn questions() {
    check("contains", &[t("foobar"), t("oba")], "true");
    check("contains", &[t("foobar"), t("obx")], "false");
    check("contains", &[t("foobar"), t("")], "true");
    check("contains", &[t(""), t("a")], "false");
    check("contains", &[Nil, t("a")], "null");
    check("contains", &[t("a"), Nil], "null");
    check("contains", &[f("12"), n("2")], "true");
    check("starts_with", &[t("foo"), t("fo")], "true");
    check("starts_with", &[t("foo"), t("oo")], "false");
    check("starts_with", &[t("foo"), t("")], "true");
    check("starts_with", &[t("f"), Nil], "null");
    check("ends_with", &[t("foo"), t("oo")], "true");
    check("ends_with", &[t("foo"), t("ffoo")], "false");
    check("ends_with", &[Text(b"a\xff"), Text(b"\xff")], "true");
    check("ends_with", &[Nil, Nil], "null");
}

#[test]
fn concatenation_and_hashes() {
    check("concat", &[t("a")], r#""a""#);
    check(
        "concat",
        &[t("a"), n("1.50"), j(r#""b\"""#), Bool(false)],
        r#""a1.5b\"false""#,
    );
    check("concat", &[t("a"), Nil, t("b")], "null");
    check("concat", &[Nil], "null");
    check("concat", &[Time(NOW), t("!")], r#""2026-11-20T10:00:00Z!""#);
    check("hash", &[t("abc")], "154777597621549132");
    check("hash", &[t("abc"), n("1000")], "249");
    check("hash", &[j(r#""abc""#), n("1000")], "249");
    check("hash", &[t("abc"), n("1")], "0");
    check("hash", &[t("abc"), n("0")], "null");
    check("hash", &[t("abc"), n("-5")], "null");
    check("hash", &[t(""), n("10")], "1");
    check("hash", &[Nil], "null");
    check("hash", &[t("a"), Nil], "null");
}

// ---- against naive models

type Rows = Vec<Option<Vec<u8>>>;

/// Texts of few kinds of bytes, so that what matters is frequent.
fn texts() -> impl Strategy<Value = Rows> {
    let byte = prop_oneof![
        Just(b" ".to_vec()),
        Just(b"a".to_vec()),
        Just(b"B_".to_vec()),
        Just(b",".to_vec()),
        Just("é".as_bytes().to_vec()),
        Just("—".as_bytes().to_vec()),
        Just(b"\xff".to_vec()),
        any::<u8>().prop_map(|byte| vec![byte]),
    ];
    let text = proptest::collection::vec(byte, 0..100).prop_map(|parts| parts.concat());
    proptest::collection::vec(proptest::option::weighted(0.9, text), 0..20)
}

fn every_second(rows: &Rows) -> Vec<u32> {
    (0..rows.len() as u32).step_by(2).collect()
}

fn list<'a>(items: impl Iterator<Item = &'a [u8]>) -> Value<'a> {
    Value::List(items.map(Value::Text).collect())
}

/// Compares a column kernel with a model of one row, over all rows and over every second.
fn agrees(
    name: &str,
    rows: &Rows,
    more: &[Value<'_>],
    model: impl for<'a> Fn(&'a [u8]) -> Value<'a>,
) {
    let cell = |row: &u32| rows[*row as usize].as_deref().map_or(Value::Null, &model);
    let all: Vec<u32> = (0..rows.len() as u32).collect();
    let expected: Vec<Value<'_>> = all.iter().map(cell).collect();
    let found = column_of(name, rows, None, more);
    assert!(same(&found, &expected), "{name}: {found:?} {expected:?}");
    let live = every_second(rows);
    let expected: Vec<Value<'_>> = live.iter().map(cell).collect();
    let found = column_of(name, rows, Some(&live), more);
    assert!(same(&found, &expected), "{name}: {found:?} {expected:?}");
}

proptest! {
    #[test]
    fn words_are_what_blanks_leave(rows in texts()) {
        agrees("words", &rows, &[], |text| {
            list(text.split(|b| b" \t\n\x0b\x0c\r".contains(b)).filter(|word| !word.is_empty()))
        });
    }

    #[test]
    fn tokens_are_what_a_regex_finds(rows in texts()) {
        let regex = ::regex::bytes::Regex::new(r"[\p{Alphabetic}\p{N}_]+").expect("a regex");
        agrees("tokens", &rows, &[], |text| list(regex.find_iter(text).map(|m| m.as_bytes())));
    }

    #[test]
    fn pieces_are_what_a_byte_splits(rows in texts()) {
        agrees("split", &rows, &[Value::Text(b",")], |text| list(text.split(|&b| b == b',')));
    }

    #[test]
    fn holding_is_a_window_that_equals(rows in texts()) {
        for wanted in [&b"a"[..], b"aa", b", ", "é".as_bytes(), b""] {
            let more = [Value::Text(wanted)];
            agrees("contains", &rows, &more, |text| {
                Value::Bool((0..=text.len()).any(|at| text[at..].starts_with(wanted)))
            });
            agrees("starts_with", &rows, &more, |text| {
                Value::Bool(text.get(..wanted.len()) == Some(wanted))
            });
            agrees("ends_with", &rows, &more, |text| {
                let from = text.len().checked_sub(wanted.len());
                Value::Bool(from.is_some_and(|from| &text[from..] == wanted))
            });
        }
    }

    #[test]
    fn lengths_are_of_letters_and_stray_bytes(rows in texts()) {
        agrees("len", &rows, &[], |text| {
            let count: usize = text
                .utf8_chunks()
                .map(|part| part.valid().chars().count() + part.invalid().len())
                .sum();
            Value::Number(Number::Exact { units: count as i64, scale: 0 })
        });
    }

    #[test]
    fn case_is_that_of_the_standard_library(text in "\\PC{0,40}") {
        let rows = vec![Some(text.clone().into_bytes())];
        let (lower, upper) = (text.to_lowercase(), text.to_uppercase());
        let found = column_of("lower", &rows, None, &[]);
        prop_assert!(same(&found, &[Value::Text(lower.as_bytes())]));
        let found = column_of("upper", &rows, None, &[]);
        prop_assert!(same(&found, &[Value::Text(upper.as_bytes())]));
        let found = column_of("trim", &rows, None, &[]);
        let blanks = [' ', '\t', '\n', '\x0b', '\x0c', '\r'];
        prop_assert!(same(&found, &[Value::Text(text.trim_matches(blanks).as_bytes())]));
    }
}
