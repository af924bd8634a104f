//! Calls of the functions of time, and windows of all sizes in zones that change their clocks.

use super::super::time::{STRFTIME, Size, TIME};
use super::{Given, NOW, check, check_in, f, failures, j, n, t};
use crate::bytes::time::{DAY, HOUR, MINUTE};
use crate::data::time::{SECOND, Zone};
use Given::{Duration, Nil, Time};
use proptest::prelude::*;

const BERLIN: &str = "Europe/Berlin";

/// A time by its spelling.
fn at(text: &str) -> i64 {
    use crate::bytes::time::{Memo, Shape, parse};
    let stamp = parse(text.as_bytes(), &Shape::Detect, &mut Memo::default());
    stamp
        .and_then(|stamp| stamp.utc())
        .unwrap_or_else(|| panic!("no time: {text}"))
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[test]
fn reading() {
    let check_utc = |given: &[Given], expected: &str| check("time", given, &quoted(expected));
    check_utc(&[f("2026-11-20T10:00:00Z")], "2026-11-20T10:00:00Z");
    check_utc(&[f("2026-11-20 10:00:00,125")], "2026-11-20T10:00:00.125Z");
    check_utc(&[f("1700000000")], "2023-11-14T22:13:20Z");
    check_utc(&[n("1700000000.25")], "2023-11-14T22:13:20.250Z");
    check_utc(&[j("1700000000000")], "2023-11-14T22:13:20Z");
    check_utc(&[j("\"2026-11-20\"")], "2026-11-20T00:00:00Z");
    check_utc(&[Time(NOW)], "2026-11-20T10:00:00Z");
    check_utc(&[f("20.11.2026"), t("%d.%m.%Y")], "2026-11-20T00:00:00Z");
    check_utc(&[f("5000"), t("ms")], "1970-01-01T00:00:05Z");
    // Without a year: the last such time, a day ahead let pass.
    check_utc(&[f("Nov 20 09:00:00")], "2026-11-20T09:00:00Z");
    check_utc(&[f("Nov 21 09:00:00")], "2026-11-21T09:00:00Z");
    check_utc(&[f("Nov 22 09:00:00")], "2025-11-22T09:00:00Z");
    check_utc(&[f("Feb 29 09:00:00")], "2024-02-29T09:00:00Z");
    for none in ["", "-", "yesterday", "2026-13-01"] {
        check("time", &[f(none)], "null");
    }
    check("time", &[f("2026-11-20"), t("%d.%m.%Y")], "null");
    check("time", &[f("2026-11-20"), t("%Q")], "null");
    check("time", &[Nil], "null");
    assert_eq!(failures("time", &[f("yesterday")]), 1);
    assert_eq!(failures("time", &[f("")]), 0);
    assert_eq!(failures("time", &[f("2026-11-20")]), 0);
    assert!((TIME.check)(1, b"%d.%m.%Y").is_ok() && (TIME.check)(1, b"ms").is_ok());
    assert!((TIME.check)(1, b"%Q").is_err() && (TIME.check)(1, b"\xff%Y").is_err());
    check_in(
        BERLIN,
        "time",
        &[f("2026-07-01 12:00:00")],
        &quoted("2026-07-01T10:00:00Z"),
    );
    check_in(
        BERLIN,
        "time",
        &[f("2026-03-29 02:30:00")],
        &quoted("2026-03-29T01:00:00Z"),
    );
    check_in(
        BERLIN,
        "time",
        &[f("2026-10-25 02:30:00")],
        &quoted("2026-10-25T00:30:00Z"),
    );
}

#[test]
fn writing() {
    let moment = Time(at("2026-11-20T23:05:09.125Z"));
    let given = |format| [moment.clone(), t(format)];
    check(
        "strftime",
        &given("%Y-%m-%dT%H:%M:%S"),
        &quoted("2026-11-20T23:05:09"),
    );
    check(
        "strftime",
        &given("%a %d %b, %3f %%"),
        &quoted("Fri 20 Nov, 125 %"),
    );
    check("strftime", &given("%z %Z"), &quoted("+0000 UTC"));
    check("strftime", &given(""), &quoted(""));
    check("strftime", &given("%Q"), "null");
    check("strftime", &[Nil, t("%Y")], "null");
    check_in(
        BERLIN,
        "strftime",
        &given("%F %H %z %Z"),
        &quoted("2026-11-21 00 +0100 CET"),
    );
    assert!((STRFTIME.check)(1, b"%G-%V").is_ok() && (STRFTIME.check)(1, b"%Q").is_err());
    check("date", std::slice::from_ref(&moment), &quoted("2026-11-20"));
    check_in(
        BERLIN,
        "date",
        std::slice::from_ref(&moment),
        &quoted("2026-11-21"),
    );
    check("date", &[Time(-1)], &quoted("1969-12-31"));
    check("date", &[Time(i64::MAX)], &quoted("2262-04-11"));
    check("date", &[Nil], "null");
}

#[test]
fn parts() {
    let moment = Time(at("2026-11-20T23:05:09.125Z"));
    check("hour", std::slice::from_ref(&moment), "23");
    check_in(BERLIN, "hour", std::slice::from_ref(&moment), "0");
    check_in("+05:30", "hour", std::slice::from_ref(&moment), "4");
    check("hour", &[Time(-1)], "23");
    check("hour", &[Time(i64::MIN)], "null");
    check("hour", &[Nil], "null");
    check("weekday", std::slice::from_ref(&moment), "5");
    check_in(BERLIN, "weekday", std::slice::from_ref(&moment), "6");
    check("weekday", &[Time(at("2026-11-22T00:00:00Z"))], "7");
    check("weekday", &[Time(at("1969-12-29T00:00:00Z"))], "1");
    check("weekday", &[Nil], "null");
    check("unix", std::slice::from_ref(&moment), "1795215909.125");
    check("unix", &[Time(0)], "0");
    check("unix", &[Time(-1)], "-0.000000001");
    check(
        "unix",
        &[Time(1_700_000_000_123_456_789)],
        "1700000000.123456789",
    );
    check("unix", &[Nil], "null");
    check("age", &[Time(NOW - 90 * SECOND)], &quoted("1m30s"));
    check("age", &[Time(NOW + SECOND)], &quoted("-1s"));
    check("age", &[Time(i64::MIN)], "null");
    check("age", &[Nil], "null");
}

#[test]
fn windows_by_the_grid_and_by_the_clocks() {
    let cut = |zone: &str, time: &str, size: Given, expected: &str| {
        check_in(zone, "trunc", &[Time(at(time)), size], &quoted(expected));
    };
    let quarter = Duration(15 * MINUTE);
    cut(
        "UTC",
        "2026-11-20T09:44:59.9Z",
        quarter.clone(),
        "2026-11-20T09:30:00Z",
    );
    cut(
        "UTC",
        "1969-12-31T23:59:59Z",
        quarter.clone(),
        "1969-12-31T23:45:00Z",
    );
    cut(
        BERLIN,
        "2026-11-20T09:44:59Z",
        Duration(HOUR),
        "2026-11-20T09:00:00Z",
    );
    cut(
        BERLIN,
        "2026-11-20T09:44:59Z",
        Duration(5 * HOUR),
        "2026-11-20T07:00:00Z",
    );
    cut(
        BERLIN,
        "2026-11-20T09:44:59Z",
        Duration(4 * HOUR),
        "2026-11-20T07:00:00Z",
    );
    cut(
        BERLIN,
        "2026-11-20T09:44:59Z",
        Duration(DAY),
        "2026-11-19T23:00:00Z",
    );
    cut(
        BERLIN,
        "2026-11-20T09:44:59Z",
        t("day"),
        "2026-11-19T23:00:00Z",
    );
    cut(
        BERLIN,
        "2026-11-20T09:44:59Z",
        t("week"),
        "2026-11-15T23:00:00Z",
    );
    cut(
        BERLIN,
        "2026-11-20T09:44:59Z",
        Duration(7 * DAY),
        "2026-11-15T23:00:00Z",
    );
    cut(
        BERLIN,
        "2026-11-20T09:44:59Z",
        t("month"),
        "2026-10-31T23:00:00Z",
    );
    cut(
        BERLIN,
        "2026-11-20T09:44:59Z",
        t("quarter"),
        "2026-09-30T22:00:00Z",
    );
    cut(
        BERLIN,
        "2026-11-20T09:44:59Z",
        t("year"),
        "2025-12-31T23:00:00Z",
    );
    cut(
        "UTC",
        "1969-11-20T00:00:00Z",
        t("quarter"),
        "1969-10-01T00:00:00Z",
    );
    // The day of the change has 23 hours, and the hour that is not shown begins behind the gap.
    cut(
        BERLIN,
        "2026-03-29T22:30:00Z",
        t("day"),
        "2026-03-29T22:00:00Z",
    );
    cut(
        BERLIN,
        "2026-03-29T01:30:00Z",
        Duration(2 * HOUR),
        "2026-03-29T01:00:00Z",
    );
    // The hour that comes twice belongs to one window.
    cut(
        BERLIN,
        "2026-10-25T01:30:00Z",
        Duration(2 * HOUR),
        "2026-10-25T00:00:00Z",
    );
    // Set back over midnight at 00:01: the day that has begun goes on.
    cut(
        "America/St_Johns",
        "2006-10-29T02:30:30Z",
        t("day"),
        "2006-10-29T02:30:00Z",
    );
    cut(
        "America/St_Johns",
        "2006-10-29T02:45:00Z",
        t("day"),
        "2006-10-29T02:30:00Z",
    );
    check("trunc", &[Time(NOW), t("fortnight")], "null");
    check("trunc", &[Time(NOW), Duration(0)], "null");
    check("trunc", &[Time(NOW), Duration(-1)], "null");
    check("trunc", &[Time(i64::MIN), Duration(DAY + 1)], "null");
    check("trunc", &[Time(i64::MIN), t("year")], "null");
    check("trunc", &[Time(i64::MAX), t("year")], "null");
    check("trunc", &[Nil, t("day")], "null");
}

proptest! {
    #[test]
    fn a_start_is_not_later_and_is_its_own(
        ns in -4_000_000_000i64..8_000_000_000,
        size in prop_oneof![
            (1i64..100_000).prop_map(|s| Size::of_duration(s * SECOND)),
            (1i64..40).prop_map(|h| Size::of_duration(h * HOUR)),
            (1i64..40).prop_map(|d| Size::of_duration(d * DAY)),
            Just(Size::named(b"month")),
            Just(Size::named(b"quarter")),
            Just(Size::named(b"year")),
        ],
        zone in prop_oneof![
            Just("UTC"), Just(BERLIN), Just("America/New_York"), Just("America/Sao_Paulo"),
            Just("Australia/Lord_Howe"), Just("Asia/Kathmandu"), Just("America/St_Johns"),
        ],
    ) {
        let (zone, size) = (Zone::named(zone).expect("a zone"), size.expect("a size"));
        let ns = ns * SECOND + 7;
        let start = size.floor(ns, &zone).expect("a start");
        prop_assert!(start <= ns, "{start} {ns}");
        prop_assert_eq!(size.floor(start, &zone), Some(start));
        let before = size.floor(start - 1, &zone).expect("a start");
        prop_assert!(before < start);
        let later = size.floor(ns + SECOND, &zone).expect("a start");
        prop_assert!(later >= start, "windows are pieces of time");
    }
}
