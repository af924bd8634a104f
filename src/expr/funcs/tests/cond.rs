//! Calls of the functions that choose. The resolver's own (`if`, `coalesce`, `has`) are tested with it.

use super::super::cond::unified;
use super::{Given, NOW, check, f, j, n, t};
use crate::data::Type;
use Given::{Bool, Duration, List, Nil, Time};

#[test]
fn the_smallest_and_the_largest() {
    check("min", &[n("3"), n("1.50"), n("2")], "1.5");
    check("max", &[n("3"), n("1.50"), n("2")], "3");
    check("min", &[f("9"), f("10")], "9");
    check("max", &[f("9"), f("10")], "10");
    check("min", &[f("2.50"), f("b")], "2.50");
    check("max", &[f("2.50"), f("b")], r#""b""#);
    check("min", &[f(""), f("b")], r#""b""#);
    check("max", &[f(""), n("3")], "3");
    check("min", &[t("10"), t("9")], r#""9""#);
    check("min", &[Nil, n("3"), Nil], "3");
    check("min", &[Nil], "null");
    check("max", &[Nil, Nil], "null");
    check("max", &[f(""), f("")], "null");
    check("max", &[n("1"), f("2")], "2");
    check("min", &[n("1"), f("01")], r#""01""#);
    check("max", &[Time(0), Time(NOW)], r#""2026-11-20T10:00:00Z""#);
    check("min", &[Duration(1), Duration(2)], r#""1ns""#);
    check("max", &[Bool(true), Bool(false)], "true");
    check("max", &[j("2"), j("\"10\"")], r#""10""#);
    check("max", &[j("2"), n("1")], "2");
    check("max", &[j("{\"a\":1}"), n("1")], r#"{"a":1}"#);
    check("max", &[List(&["a"]), List(&["b"])], r#"["b"]"#);
    check(
        "min",
        &[n("999999999999999999"), n("1e300")],
        "999999999999999999",
    );
    check("max", &[n("0.1"), n("1e-1")], "0.1");
}

#[test]
fn a_type_for_several() {
    let check = |types: &[Type], expected: Type| assert_eq!(unified(types), expected, "{types:?}");
    check(&[], Type::Null);
    check(&[Type::Null, Type::Time], Type::Time);
    check(&[Type::Number, Type::Float], Type::Number);
    check(&[Type::Float, Type::Float], Type::Float);
    check(&[Type::Text, Type::Number], Type::Untyped);
    check(&[Type::Text, Type::Json], Type::Json);
    let list = |of| Type::List(Box::new(of));
    check(
        &[list(Type::Text), list(Type::Untyped)],
        list(Type::Untyped),
    );
    check(&[list(Type::Text), Type::Number], Type::Json);
}
