//! The model of `time.rs`: calendars by counting days, stamps without a memory. For tests and fuzzing.
//! Invariant: a stamp that the model knows by construction is read as just that.

use super::{
    Memo, NO_OFFSET, Pattern, Shape, Stamp, Stamps, civil_from_days, days_from_civil, parse,
    stamps, strftime, write_rfc3339,
};
use crate::bytes::{Cells, PADDING, Span};

/// Year, month and day of a day since 1970, by going there month by month.
pub fn civil(days: i64) -> (i64, i64, i64) {
    let length = |year: i64, month: i64| match month {
        4 | 6 | 9 | 11 => 30,
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => 29,
        2 => 28,
        _ => 31,
    };
    let (mut year, mut month, mut left) = (1970, 1, days);
    while left < 0 {
        (year, month) = if month == 1 {
            (year - 1, 12)
        } else {
            (year, month - 1)
        };
        left += length(year, month);
    }
    while left >= length(year, month) {
        left -= length(year, month);
        (year, month) = if month == 12 {
            (year + 1, 1)
        } else {
            (year, month + 1)
        };
    }
    (year, month, left + 1)
}

/// A time as RFC 3339 with nine digits, by the standard library's formatting.
pub fn rfc3339(ns: i64, offset: i32) -> String {
    let local = ns as i128 + offset as i128 * 1_000_000_000;
    let (year, month, day) = civil(local.div_euclid(86_400_000_000_000) as i64);
    let clock = local.rem_euclid(86_400_000_000_000) as i64;
    let (seconds, nanos) = (clock / 1_000_000_000, clock % 1_000_000_000);
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{nanos:09}{sign}{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        minutes / 60,
        minutes % 60,
    )
}

/// Holds the batch kernel with its memory to single stamps without one, on the lines of any bytes.
pub fn fuzz(data: &[u8]) {
    let mut block = data.to_vec();
    block.resize(data.len() + PADDING, b'0');
    let mut spans = Vec::new();
    let mut at = 0;
    for line in data.split(|&byte| byte == b'\n') {
        spans.push(Span::new(at, line.len()));
        at += line.len() + 1;
    }
    let cells = Cells {
        spans: &spans,
        block: &block,
        scratch: &[],
        valid: None,
        rows: None,
    };
    let shape = Shape::Pattern(Pattern::new("%d/%b/%Y:%T %z").expect("a sound pattern"));
    let other = Shape::Pattern(Pattern::new("%m/%b/%Y:%T %z").expect("a sound pattern"));
    // One memory for all: none may take another's stamps for its own.
    let mut memo = Memo::default();
    for shape in [
        Shape::Detect,
        Shape::Epoch(super::Unit::Millis),
        shape,
        other,
        Shape::Detect,
    ] {
        check(&cells, &shape, &mut memo);
        check(&cells, &shape, &mut Memo::default());
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(pattern) = Pattern::new(text)
    {
        let mut out = Vec::new();
        strftime(
            data.len() as i64 * 1_234_567_890_123,
            3600,
            "CET",
            &pattern,
            &mut out,
        );
        let _ = pattern.parse(&out);
    }
}

/// Holds a batch to its stamps one by one.
pub fn check(cells: &Cells, shape: &Shape, memo: &mut Memo) {
    let mut out = Stamps::default();
    stamps(cells, shape, memo, &mut out);
    let mut failed = 0;
    for (row, span) in cells.spans.iter().enumerate() {
        let text = span.of(cells.block, cells.scratch);
        let expected = parse(text, shape, &mut Memo::default());
        let valid = out.valid.as_ref().is_none_or(|valid| valid.get(row));
        let found = valid.then(|| Stamp {
            civil: out.civil[row],
            offset: (out.offset[row] != NO_OFFSET).then_some(out.offset[row]),
            yearless: out.yearless.binary_search(&(row as u32)).is_ok(),
        });
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(text));
        failed += (expected.is_none() && !text.trim_ascii().is_empty()) as u64;
        // Printed, it is the same time again.
        if let Some(utc) = expected.and_then(Stamp::utc) {
            let offset = out.offset[row] / 60 * 60;
            let mut printed = Vec::new();
            write_rfc3339(utc, offset, &mut printed);
            let again = parse(&printed, &Shape::Detect, &mut Memo::default());
            // Of the first minute that a time can be in, no stamp is read: it begins before.
            let near_the_end = utc.checked_add(offset as i64 * super::SECOND).is_none()
                || utc < i64::MIN + 60 * super::SECOND;
            assert!(near_the_end || again.and_then(Stamp::utc) == Some(utc));
        }
    }
    assert_eq!(out.failed, failed);
}

/// Holds the calendar to counting.
pub fn check_day(days: i64) {
    let (year, month, day) = civil(days);
    assert_eq!(civil_from_days(days), (year, month, day));
    assert_eq!(days_from_civil(year, month, day), days);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A time in the middle of the range, its text in one of the spellings, and what it must be read as.
    fn spelt(ns: i64, offset: i32, form: u8) -> (String, Stamp) {
        let whole = ns.div_euclid(1_000_000_000) * 1_000_000_000;
        let civil = ns + offset as i64 * 1_000_000_000;
        let civil_whole = whole + offset as i64 * 1_000_000_000;
        let full = rfc3339(ns, offset);
        let pattern = |text: &str| {
            let mut out = Vec::new();
            strftime(ns, offset, "", &Pattern::new(text).unwrap(), &mut out);
            String::from_utf8(out).unwrap()
        };
        let stamp = |civil, offset| Stamp {
            civil,
            offset,
            yearless: false,
        };
        match form {
            0 => (full, stamp(civil, Some(offset))),
            1 => (full[..29].replace('T', " "), stamp(civil, None)),
            2 => (full[..19].replace('-', "/"), stamp(civil_whole, None)),
            3 => (
                pattern("%d/%b/%Y:%H:%M:%S %z"),
                stamp(civil_whole, Some(offset)),
            ),
            4 => (
                pattern("[%d/%b/%Y:%T %z]"),
                stamp(civil_whole, Some(offset)),
            ),
            5 => (
                pattern("%a, %d %b %Y %T %z"),
                stamp(civil_whole, Some(offset)),
            ),
            6 => (pattern("%a %b %e %T %Y"), stamp(civil_whole, None)),
            7 => (
                pattern("%Y-%m-%d"),
                stamp(
                    civil.div_euclid(super::super::DAY) * super::super::DAY,
                    None,
                ),
            ),
            8 => (pattern("%Y-%m-%d %H:%M"), {
                stamp(
                    civil.div_euclid(super::super::MINUTE) * super::super::MINUTE,
                    None,
                )
            }),
            9 => (full.replace('.', ","), stamp(civil, Some(offset))),
            _ => (pattern("%s.%9f"), stamp(ns, Some(0))),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn every_spelling_is_the_same_time(
            ns in -99_000_000_000_000_000i64..4_000_000_000_000_000_000,
            minutes in -14 * 60..=14 * 60i32,
            form in 0u8..10,
        ) {
            let (text, expected) = spelt(ns, minutes * 60, form);
            prop_assert_eq!(parse(text.as_bytes(), &Shape::Detect, &mut Memo::default()), Some(expected), "{}", text);
        }

        #[test]
        fn epochs_are_known_by_size(ns in 1_000_000_000_000_000_000i64..4_000_000_000_000_000_000) {
            let read = |text: String| parse(text.as_bytes(), &Shape::Detect, &mut Memo::default()).unwrap().civil;
            prop_assert_eq!(read(spelt(ns, 0, 10).0), ns);
            prop_assert_eq!(read(ns.to_string()), ns);
            prop_assert_eq!(read((ns / 1_000).to_string()), ns / 1_000 * 1_000);
            prop_assert_eq!(read((ns / 1_000_000).to_string()), ns / 1_000_000 * 1_000_000);
            prop_assert_eq!(read((ns / 1_000_000_000).to_string()), ns / 1_000_000_000 * 1_000_000_000);
        }

        #[test]
        fn a_memory_changes_nothing(
            start in 0i64..2_000_000_000,
            steps in proptest::collection::vec((0i64..90, 0u8..12, any::<prop::sample::Index>(), any::<bool>()), 1..40),
        ) {
            let mut lines = Vec::new();
            let mut seconds = start;
            let form = steps[0].1 % 10;
            for (step, other, at, spoil) in steps {
                seconds += step;
                let form = if other > 9 { other - 10 } else { form };
                let mut text = spelt(seconds * 1_000_000_000, 3600, form).0.into_bytes();
                if spoil {
                    let at = at.index(text.len());
                    text[at] = b"09:/ -+.TZ"[at % 10];
                }
                lines.extend_from_slice(&text);
                lines.push(b'\n');
            }
            fuzz(&lines);
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..60), text in "[-0-9TZ:/ .+%a-zA-Z\n]{0,40}") {
            fuzz(&bytes);
            fuzz(text.as_bytes());
        }

        #[test]
        fn days_are_counted_right(days in -106_751i64..=106_751) {
            check_day(days);
        }

        #[test]
        fn printing_agrees_with_the_model(ns in any::<i64>(), minutes in -1439..=1439i32) {
            let mut out = Vec::new();
            write_rfc3339(ns, minutes * 60, &mut out);
            let short = String::from_utf8(out).unwrap();
            let full = rfc3339(ns, minutes * 60);
            let zone = if minutes == 0 { "Z" } else { &full[29..] };
            let part = full[19..29].trim_end_matches('0').trim_end_matches('.');
            let digits = part.len().saturating_sub(1).div_ceil(3) * 3;
            let part = if digits == 0 { "" } else { &full[19..20 + digits] };
            prop_assert_eq!(short, format!("{}{part}{zone}", &full[..19]));
        }

        #[test]
        fn patterns_read_what_they_write(ns in -9_000_000_000_000_000_000i64..9_000_000_000_000_000_000, minutes in -800..=800i32) {
            for text in [
                "%Y-%m-%dT%H:%M:%S.%f%z",
                "%A, %e %B %Y %I:%M:%S %p .%9f %z",
                "%j %Y %T %f %z",
                "%s %f",
                "%F %R:%S,%f 100%% %z",
            ] {
                let pattern = Pattern::new(text).unwrap();
                let mut out = Vec::new();
                strftime(ns, minutes * 60, "X", &pattern, &mut out);
                let read = pattern.parse(&out).and_then(Stamp::utc);
                prop_assert_eq!(read, Some(ns), "{} {}", text, String::from_utf8_lossy(&out));
            }
        }
    }

    #[test]
    fn patterns_are_refused_by_name() {
        for (spec, part) in [
            (":%Y-%Q", "'%Q'"),
            ("%", "ends"),
            (":%V", "'%V'"),
            ("h", "'h' is no time format"),
            (":", "no time format"),
            ("%-d", "'%-d'"),
        ] {
            let message = Shape::parse_spec(spec).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
        assert!(matches!(
            Shape::parse_spec(":us"),
            Ok(Shape::Epoch(super::super::Unit::Micros))
        ));
    }

    #[test]
    fn weeks_and_names_are_the_calendars() {
        for (text, pattern, expected) in [
            ("2021-01-03", "%G-W%V-%u %a %w", "2020-W53-7 Sun 0"),
            ("2024-12-30", "%G-W%V-%u %A %j", "2025-W01-1 Monday 365"),
            (
                "1969-12-31",
                "%e %b %y %I %p %D %s",
                "31 Dec 69 12 AM 12/31/69 -86400",
            ),
            (
                "2015-05-07",
                "%e|%d|%Z|%z|%f|%3f|%%|%n",
                " 7|07|CET|+0100|000000|000|%|\n",
            ),
        ] {
            let stamp = parse(text.as_bytes(), &Shape::Detect, &mut Memo::default()).unwrap();
            let hour = if pattern.contains("%Z") { 3600 } else { 0 };
            let mut out = Vec::new();
            let utc = stamp.civil - hour as i64 * super::super::SECOND;
            strftime(utc, hour, "CET", &Pattern::new(pattern).unwrap(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn a_year_is_put_to_what_has_none() {
        let read =
            |text: &str| parse(text.as_bytes(), &Shape::Detect, &mut Memo::default()).unwrap();
        let leap = read("Feb 29 12:00:00");
        assert!(leap.yearless && leap.with_year(2023).is_none());
        assert_eq!(
            leap.with_year(2024).unwrap().civil,
            read("2024-02-29T12:00:00").civil
        );
        assert!(!leap.with_year(2024).unwrap().yearless);
    }

    #[test]
    fn fuzz_seeds_hold() {
        for seed in [
            &b""[..],
            b"17/May/2015:10:05:03 +0000\n17/May/2015:10:05:0\n17/May/2015:10:05:\n17/May/2015:10:05:61 +0000",
            b"[17/May/2015:10:05:03 +0000]\n[17/May/2015:10:05:03 +0000\n[17/May/2015:10:05:]\n[]",
            b"2262-04-11T23:47:16.854775807Z\n2262-04-11T23:47:16.854775808Z\n1677-09-21T00:12:43.145224192Z",
            b"-9223372036854775807\n-9223372036854775\n-9223372036\n-9223371978",
            b"2262-04-11T23:47:16-01:00\n1677-09-21T00:13:00+01:00\n9999-01-01\n0000-00-00",
            b"Dec  1 06:55:46\nDec  1 06:55:4\nDec\nDec 10\nFeb 30 00:00:00\nDec 10 2011 06:55:46",
            b"-1e400\n1e18\n-99999999999999999999\n9223372036854775807\n9223372036854775808\n-0.0000000001\n.5",
            b"15 Nov 94 08:12 EST\nTue, 15 Nov 1994 08:12:31 GMT (x)\nTue, 15 Nov 1994 08:12:31 GMT x",
            b"%Y%m%d %H%I%p %j %s %z %Z %f %e %a %A %b %B %y %T %D %F %R %u %w %G %V %n %t",
            b"2015-05-17 10:05:03 +0000\n2015-05-17 10:05:03 UTC\n2015-05-17 10:05:03.\n2015-05-17 10:05Z",
        ] {
            fuzz(seed);
        }
    }
}
