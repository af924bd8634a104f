//! Literals that conditions imply.

use super::Table;
use crate::data::Type;

fn check(source: &str, expected: Option<&str>) {
    let table = Table::row(&[
        ("$0", Type::Untyped, None),
        ("level", Type::Untyped, None),
        ("key", Type::Json, None),
        ("@file", Type::Untyped, None),
    ]);
    let (expr, _) = table.compile(source).unwrap();
    let found = expr.required_literal();
    assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{source}");
}

#[test]
fn literals() {
    check("/ERROR/", Some("ERROR"));
    check("$0 =~ /foo\\d+/", Some("foo"));
    check("$0 =~ /a\\d+bcd(e|f)/", Some("bcd"));
    check("/(?i)error/", None);
    check("/abc|def/", None);
    check("/(abc)?x/", None);
    check("/(abc)+d/", Some("abc"));
    check("level == \"error\"", Some("error"));
    check("level != \"error\"", None);
    check("key == \"err\\\"or\"", Some("err"));
    check("contains($0, \"xy\")", Some("xy"));
    check("level == \"error\" and /timeouts/", Some("timeouts"));
    check("level == \"error\" or /timeouts/", None);
    check("not /abc/", None);
    check("@file == \"abc\"", None);
    check("lower(level) == \"error\"", None);
}
