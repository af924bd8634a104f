//! Calls of the functions of numbers: exactness, the ends of the range, and what has no answer.

use super::{Given, check, f, failures, j, n, t};
use Given::{Duration, Nil};

const BIG: &str = "999999999999999999";

#[test]
fn signs_roots_and_powers() {
    check("abs", &[n("-2.50")], "2.5");
    check("abs", &[f("-2.50")], "2.5");
    check("abs", &[n("-999999999999999999")], BIG);
    check("abs", &[n("-1e300")], "1e300");
    check("abs", &[t("x")], "null");
    check("abs", &[Nil], "null");
    check("abs", &[j("-3")], "3");
    check("abs", &[Duration(-1_500_000_000)], r#""1.5s""#);
    check(
        "abs",
        &[Duration(i64::MIN)],
        &format!("{:?}", "106751d23h47m16.854775807s"),
    );
    assert_eq!(failures("abs", &[f("x")]), 1);
    assert_eq!(failures("abs", &[f(" ")]), 0);
    check("sqrt", &[n("2.25")], "1.5");
    check("sqrt", &[n("0")], "0");
    check("sqrt", &[n("-1")], "null");
    check("sqrt", &[f("16")], "4");
    check("sqrt", &[f("x")], "null");
    check("sqrt", &[Nil], "null");
    check("exp", &[n("0")], "1");
    check("exp", &[n("1000")], "null");
    check("exp", &[n("-1000")], "0");
    check("pow", &[n("2"), n("10")], "1024");
    check("pow", &[n("2"), n("-1")], "0.5");
    check("pow", &[n("-8"), n("0.5")], "null");
    check("pow", &[n("0"), n("-1")], "null");
    check("pow", &[n("10"), n("400")], "null");
    check("pow", &[n("0"), n("0")], "1");
    check("pow", &[Nil, n("1")], "null");
    check("log", &[n("1")], "0");
    check("log", &[n("0")], "null");
    check("log", &[n("-1")], "null");
    check("log10", &[n("1000")], "3");
    check("log10", &[n("0.01")], "-2");
    check("log10", &[n("0")], "null");
}

#[test]
fn rounding_is_exact_on_decimals() {
    check("round", &[n("2.5")], "3");
    check("round", &[n("-2.5")], "-3");
    check("round", &[n("2.4999999999999999")], "2");
    check("round", &[n("1.005"), n("2")], "1.01");
    check("round", &[n("-1.005"), n("2")], "-1.01");
    check("round", &[n("1.005"), n("9")], "1.005");
    check("round", &[n("1550"), n("-2")], "1600");
    check("round", &[n("49"), n("-2")], "0");
    check("round", &[n("49"), n("-999999999")], "0");
    check("round", &[n("1.5"), n("999999999")], "1.5");
    check("round", &[n(BIG), n("-18")], "1000000000000000000");
    check("round", &[n("1e300")], "1e300");
    check("round", &[n("0.5"), Nil], "null");
    check("round", &[Nil], "null");
    check("floor", &[n("2.7")], "2");
    check("floor", &[n("-2.1")], "-3");
    check("floor", &[n("-2")], "-2");
    check("floor", &[n("2.5e0")], "2");
    check("floor", &[n("-1e300")], "-1e300");
    check("floor", &[f("")], "null");
    check("ceil", &[n("2.1")], "3");
    check("ceil", &[n("-2.7")], "-2");
    check("ceil", &[n("-0.5")], "0");
    check("ceil", &[Nil], "null");
}

#[test]
fn conversions() {
    check("int", &[n("3.9")], "3");
    check("int", &[n("-3.9")], "-3");
    check("int", &[n("-0.9")], "0");
    check("int", &[f("007")], "7");
    check("int", &[f(" 12 ")], "12");
    check("int", &[f("1.5e3")], "1500");
    check("int", &[f("0x10")], "null");
    check("int", &[j("\"4.2\"")], "4");
    check("int", &[j("true")], "null");
    check(
        "int",
        &[n("123456789012345678901")],
        "123456789012345680000",
    );
    check("int", &[Nil], "null");
    check("float", &[f("1.5e3")], "1500");
    check("float", &[f("0.10")], "0.1");
    check("float", &[f("inf")], "null");
    check("float", &[f("NaN")], "null");
    check("float", &[Nil], "null");
}

#[test]
fn quotients_and_buckets() {
    check("div", &[n("30"), n("12")], "2");
    check("div", &[n("-30"), n("12")], "-2");
    check("div", &[n("0.3"), n("0.1")], "3");
    check("div", &[n("1"), n("0")], "null");
    check("div", &[n("1"), Nil], "null");
    check("div", &[n("1e300"), n("1e-300")], "null");
    check("bucket", &[n("17"), n("10")], "10");
    check("bucket", &[n("-1"), n("10")], "-10");
    check("bucket", &[n("-10"), n("10")], "-10");
    check("bucket", &[n("0.37"), n("0.1")], "0.3");
    check("bucket", &[n("0.3"), n("0.1")], "0.3");
    check("bucket", &[n("5"), n("0")], "null");
    check("bucket", &[n("5"), n("-1")], "null");
    check("bucket", &[Nil, n("1")], "null");
    check("bucket", &[n(BIG), n("1000")], "999999999999999000");
}
