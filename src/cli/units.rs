//! Quantities in options: durations, sizes, shares, moments. Text to numbers; the clock is an argument. A
//! quantity without its unit is refused rather than guessed.

use crate::data::time::EVENT_TIMES;
use crate::data::time::{SECOND, Zone};
use crate::engine::Limit;
use crate::error::Usage;
use crate::ops::args;

/// `10s`, `1h30m`, `1.5s`: ns, zero or more.
pub fn duration(text: &str) -> Result<i64, Usage> {
    match args::signed_duration(text).map_err(Usage::new)? {
        ns if ns < 0 => Err(Usage::new(format!("'{text}' is negative"))),
        ns => Ok(ns),
    }
}

/// A decimal number of units, whole at the end.
fn scaled(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() > 15 || fraction.len() > 15 || whole.is_empty() || fraction.contains('.') {
        return None;
    }
    let mut value = whole.parse::<i128>().ok()? * unit;
    if !fraction.is_empty() {
        let power = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        value += fraction.parse::<i128>().ok()? * unit / power;
    }
    Some(value)
}

/// `16MiB`, `64kB`, `4096`, `7B`: bytes.
pub fn size(text: &str) -> Result<usize, Usage> {
    let wrong = || {
        Usage::new(format!(
            "'{text}' is not a size; write 4096, 64KiB or 16MiB"
        ))
    };
    let digits = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit: i128 = match unit {
        "" | "B" => 1,
        "k" | "kB" | "KB" => 1_000,
        "K" | "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "M" | "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "G" | "GiB" => 1 << 30,
        _ => return Err(wrong()),
    };
    let value = scaled(number, unit).ok_or_else(wrong)?;
    usize::try_from(value).map_err(|_| wrong())
}

/// `100/s`, `30/m`, `2/h`, `100`: so many a second.
pub fn rate(text: &str) -> Result<f64, Usage> {
    let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
    let seconds = match unit {
        "s" => Some(1.0),
        "m" | "min" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    let number = number
        .parse::<f64>()
        .ok()
        .filter(|n| *n > 0.0 && *n <= 1e12);
    match (number, seconds) {
        (Some(number), Some(seconds)) => Ok(number / seconds),
        _ => Err(Usage::new(format!(
            "'{text}' is not a rate; write 100/s or 30/m"
        ))),
    }
}

/// `100` or `0.5%`.
pub fn limit(text: &str) -> Result<Limit, Usage> {
    let wrong = || {
        Usage::new(format!(
            "'{text}' is neither a number of records nor a share such as 1%"
        ))
    };
    match text.strip_suffix('%') {
        Some(share) => match share.parse::<f64>() {
            Ok(share) if (0.0..=100.0).contains(&share) => Ok(Limit::Percent(share)),
            _ => Err(wrong()),
        },
        None => text.parse().map(Limit::Count).map_err(|_| wrong()),
    }
}

/// A moment: RFC 3339, a local date or time, `today`, `yesterday`, `now`, `-2h`. `now` is ns since 1970.
pub fn moment(text: &str, now: i64, zone: &Zone) -> Result<i64, Usage> {
    let wrong = || {
        Usage::new(format!(
            "'{text}' is not a time; write 2026-11-20T10:00:00Z, 2026-11-20, yesterday or -2h"
        ))
    };
    let within = |at: Option<i64>| match at.filter(|at| EVENT_TIMES.contains(at)) {
        Some(at) => Ok(at),
        None => Err(Usage::new(format!(
            "'{text}' is outside 1700 to 2239, the years that 64 bits of nanoseconds hold"
        ))),
    };
    if let Some(ago) = text.strip_prefix('-') {
        return within(now.checked_sub(duration(ago).map_err(|_| wrong())?));
    }
    let day = 86_400 * SECOND;
    let midnight = |days_ago: i64| {
        let civil = now + i64::from(zone.offset_at(now)) * SECOND;
        zone.to_utc(civil - civil.rem_euclid(day) - days_ago * day)
    };
    match text {
        "now" => return Ok(now),
        "today" => return Ok(midnight(0)),
        "yesterday" => return Ok(midnight(1)),
        _ => {}
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return within(i64::try_from(instant.as_nanosecond()).ok());
    }
    let civil: jiff::civil::DateTime = text.parse().map_err(|_| wrong())?;
    let as_utc = civil.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let as_utc = as_utc.and_then(|at| i64::try_from(at.timestamp().as_nanosecond()).ok());
    within(as_utc.map(|civil| zone.to_utc(civil)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_not_negative() {
        assert_eq!(duration("1.5s").ok(), Some(1_500_000_000));
        assert_eq!(duration("0").ok(), Some(0));
        assert_eq!(duration("-5s").ok(), None);
        assert_eq!(duration("10").ok(), None);
    }

    #[test]
    fn sizes_and_limits() {
        assert_eq!(size("16MiB").ok(), Some(16 << 20));
        assert_eq!(size("7").ok(), Some(7));
        assert_eq!(size("1.5kB").ok(), Some(1500));
        assert_eq!(size("x").ok(), None);
        assert_eq!(size("").ok(), None);
        assert_eq!(size("-1").ok(), None);
        assert_eq!(limit("12").ok(), Some(Limit::Count(12)));
        assert_eq!(limit("0.5%").ok(), Some(Limit::Percent(0.5)));
        assert_eq!(limit("101%").ok(), None);
        assert_eq!(limit("NaN%").ok(), None);
    }

    #[test]
    fn moments_are_in_the_zone() {
        let utc = Zone::default();
        let berlin = Zone::named("Europe/Berlin").expect("the zone is bundled");
        // 2026-11-20T12:30:00Z
        let now = 1_795_177_800 * SECOND;
        let check = |text: &str, zone: &Zone, expected: Option<&str>| {
            let printed = moment(text, now, zone).ok().map(|ns| {
                jiff::Timestamp::from_nanosecond(i128::from(ns))
                    .expect("in range")
                    .to_string()
            });
            assert_eq!(printed.as_deref(), expected, "{text}");
        };
        check("now", &utc, Some("2026-11-20T12:30:00Z"));
        check("-2h", &utc, Some("2026-11-20T10:30:00Z"));
        check("today", &utc, Some("2026-11-20T00:00:00Z"));
        check("yesterday", &utc, Some("2026-11-19T00:00:00Z"));
        check("yesterday", &berlin, Some("2026-11-18T23:00:00Z"));
        check("2026-11-20", &berlin, Some("2026-11-19T23:00:00Z"));
        check(
            "2026-11-20T10:00:00Z",
            &berlin,
            Some("2026-11-20T10:00:00Z"),
        );
        check(
            "2026-11-20T10:00:00+02:00",
            &utc,
            Some("2026-11-20T08:00:00Z"),
        );
        check(
            "2026-11-20 10:00:00.5",
            &utc,
            Some("2026-11-20T10:00:00.5Z"),
        );
        check("nonsense", &utc, None);
        check("-2", &utc, None);
    }
}
