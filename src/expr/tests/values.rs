//! What expressions come to.

use super::Table;
use crate::data::Type;

fn check(source: &str, expected: &str) {
    Table::row(&[
        ("$0", Type::Untyped, Some("GET /a ERROR 42")),
        ("status", Type::Untyped, Some("503")),
        ("dash", Type::Untyped, Some("-")),
        ("empty", Type::Untyped, Some("")),
        ("gone", Type::Untyped, None),
        ("host", Type::Untyped, Some("alpha")),
        ("odd", Type::Untyped, Some("007")),
        ("price", Type::Untyped, Some("12.30")),
        ("rt", Type::Untyped, Some("12ms")),
        ("day", Type::Untyped, Some("2026-11-20T10:00:00Z")),
        ("user agent", Type::Untyped, Some("curl")),
        ("j", Type::Json, Some("503")),
        ("s", Type::Json, Some("\"503\"")),
        ("name", Type::Json, Some("\"a\\u00e9b\"")),
        ("yes", Type::Json, Some("true")),
        ("obj", Type::Json, Some("{\"a\":{\"b c\":[1,\"x\",null]}}")),
        ("@time", Type::Time, Some("1700000000000000000")),
        ("took", Type::Duration, Some("90000000000")),
        ("f", Type::Float, Some("0.5")),
    ])
    .check(source, expected);
}

#[test]
fn numbers_and_texts() {
    check("status >= 500", "true");
    check("status == 503.0", "true");
    check("dash >= 500", "null");
    check("empty >= 500", "null");
    check("gone >= 500", "null");
    check("odd == 7", "true");
    check("odd == \"7\"", "false");
    check("odd == \"007\"", "true");
    check("host > \"al\"", "true");
    check("status == j", "true");
    check("s == j", "true");
    check("s == status", "true");
    check("j >= 500 and s >= 500", "true");
    check("name == \"a\u{e9}b\"", "true");
    check("name != \"a\"", "true");
    check("yes == true", "true");
    check("yes == false", "false");
    check("s == \"503\"", "true");
    check("500 < status", "true");
    check("\"alpha\" == host", "true");
}

#[test]
fn nulls() {
    check("gone == null", "true");
    check("gone != null", "false");
    check("empty == null", "false");
    check("gone > 1 and status > 1", "null");
    check("gone > 1 and status > 1000", "false");
    check("gone > 1 or status > 1", "true");
    check("not (gone > 1)", "null");
    check("gone ?? 0", "0");
    check("empty ?? 0", "0");
    check("empty ?? \"none\"", "\"\"");
    check("gone ?? dash ?? 5", "\"-\"");
    check("has(gone)", "false");
    check("if(gone > 1, 1, 2)", "2");
    check("obj.a.x == null", "true");
    check("obj.a.`b c`[2] == null", "true");
}

#[test]
fn arithmetic() {
    check("price * 2", "24.6");
    check("price + 0.7", "13");
    check("1 / 4", "0.25");
    check("1 / 0", "null");
    check("-status + 3", "-500");
    check("status % 10", "3");
    check("2 + 3 * 4 - -1", "15");
    check("999999999999999999 + 1", "1000000000000000000");
    check("status * 1000000000000000000 > 5e20", "true");
    check("f + 1", "1.5");
    check("10KiB", "10240");
}

#[test]
fn times() {
    check("@time > \"2023-11-14\"", "true");
    check("@time - 1h < @time", "true");
    check("day - @time", "\"1101d11h46m40s\"");
    check("took == 1m30s", "true");
    check("took / 1s", "90");
    check("took * 2", "\"3m\"");
    check("rt > 10ms", "true");
    check("rt / 1ms", "12");
    check("took > \"1m\"", "true");
    check("now() - @time", "\"0s\"");
    check("f\"{@time}\"", "\"2023-11-14T22:13:20Z\"");
}

#[test]
fn texts_and_parts() {
    check("/ERROR/", "true");
    check("$0 !~ /\\d{3}/", "true");
    check("f\"{host}:{status}:{gone}{{}}\"", "\"alpha:503:{}\"");
    check("`user agent`", "\"curl\"");
    check("obj.a.`b c`[1]", "\"x\"");
    check("obj.a.`b c`[-3]", "1");
    check("obj[\"a\"].`b c`[0] + 1", "2");
    check("[1, 2.5][1]", "2.5");
    check("[1, \"a\"]", "[1,\"a\"]");
    check("[status, host][-1]", "\"alpha\"");
    check("status in (1, 503)", "true");
    check("host in (\"b\", \"alpha\")", "true");
    check("host in (\"b\", gone)", "null");
    check("status > 500 ? \"bad\" : 0", "\"bad\"");
    check("lower(\"ABC\") == \"abc\"", "true");
    check("words($0)[-1] + 1", "43");
    check("\"\\u0041\\n\"", "\"A\\n\"");
}
