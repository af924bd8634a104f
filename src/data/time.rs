//! Words for time that the plan, the engine and the formats share.

/// Nanoseconds in a second.
pub const SECOND: i64 = 1_000_000_000;

/// Event time is from 1700-01-01 (included) to 2240-01-01 (excluded), ns: what i64 holds less 22 years at both
/// ends, so that no start or end of a window of up to [`WINDOW_MAX`], nor of another behind it, leaves it.
pub const EVENT_TIMES: std::ops::Range<i64> = -98_615 * 86_400 * SECOND..98_615 * 86_400 * SECOND;

/// What is below is no time: windows by count, which are nowhere in time, have numbers there, from the least on.
pub const NUMBERS_END: i64 = -106_000 * 86_400 * SECOND;

/// The longest size of a window, ns: 10 years.
pub const WINDOW_MAX: i64 = 3_653 * 86_400 * SECOND;

/// The next multiple of `step` behind an instant, ns.
pub fn next_multiple(at: i64, step: i64) -> i64 {
    (at.div_euclid(step) + 1).saturating_mul(step)
}

/// How far event time is known to have come.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watermark {
    /// No record yet, or the plan has no event time.
    None,
    /// No record with an earlier time will count, ns.
    At(i64),
    /// The input is over.
    End,
}

impl Watermark {
    /// Whether a window that ends at `end` is closed by it.
    pub fn passes(self, end: i64) -> bool {
        match self {
            Watermark::None => false,
            Watermark::At(at) => at >= end,
            Watermark::End => true,
        }
    }

    /// So much earlier, ns; `i64::MAX`: nothing is passed before the input is over.
    pub fn less(self, by: i64) -> Watermark {
        match self {
            Watermark::At(_) if by == i64::MAX => Watermark::None,
            Watermark::At(at) => Watermark::At(at.saturating_sub(by)),
            other => other,
        }
    }
}

/// A time zone; UTC by default. Knows local times, which `bytes::time` does not.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: jiff::tz::TimeZone,
    name: String,
}

impl Default for Zone {
    fn default() -> Self {
        Zone {
            zone: jiff::tz::TimeZone::UTC,
            name: "UTC".into(),
        }
    }
}

impl Zone {
    /// A zone by its name (`Europe/Berlin`, `UTC`) or offset (`+02:00`); `None` if there is none of that name.
    pub fn named(name: &str) -> Option<Zone> {
        if name.is_empty() || name == "UTC" || name == "Z" {
            return Some(Zone::default());
        }
        let zone = match jiff::tz::TimeZone::get(name) {
            Ok(zone) => zone,
            Err(_) => jiff::tz::TimeZone::fixed(parse_offset(name)?),
        };
        Some(Zone {
            zone,
            name: name.into(),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn is_utc(&self) -> bool {
        self.name == "UTC"
    }

    /// Seconds east of UTC at an instant.
    pub fn offset_at(&self, ns: i64) -> i32 {
        if self.is_utc() {
            return 0;
        }
        let instant =
            jiff::Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        self.zone.to_offset(instant).seconds()
    }

    /// What the zone calls itself at an instant: `CET`, `UTC`, or its offset.
    pub fn abbreviation_at(&self, ns: i64) -> String {
        let instant =
            jiff::Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        self.zone.to_offset_info(instant).abbreviation().to_string()
    }

    /// The instant at which clocks of the zone show `civil` (ns as if UTC). A time that a change of the clocks
    /// skips is the first instant behind the gap; of one that comes twice, the first.
    pub fn to_utc(&self, civil: i64) -> i64 {
        if self.is_utc() {
            return civil;
        }
        let early = civil - i64::from(self.offset_at(civil - 86_400 * SECOND)) * SECOND;
        let late = civil - i64::from(self.offset_at(civil + 86_400 * SECOND)) * SECOND;
        let shows = |instant: i64| instant + i64::from(self.offset_at(instant)) * SECOND == civil;
        match (shows(early), shows(late)) {
            (true, true) => early.min(late),
            (true, false) => early,
            (false, true) => late,
            // In the gap: the change lies between the two readings; find it by bisection.
            (false, false) => {
                let (mut low, mut high) = (early.min(late) - SECOND, early.max(late));
                let after = self.offset_at(high);
                while high - low > SECOND {
                    let middle = low + (high - low) / 2;
                    if self.offset_at(middle) == after {
                        high = middle
                    } else {
                        low = middle
                    }
                }
                high - high.rem_euclid(SECOND)
            }
        }
    }

    /// RFC 3339 with the digits it needs.
    pub fn write_time(&self, ns: i64, out: &mut Vec<u8>) {
        crate::bytes::time::write_rfc3339(ns, self.offset_at(ns), out);
    }
}

/// `+02:00`, `-0330`, `+5`.
fn parse_offset(text: &str) -> Option<jiff::tz::Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 => digits.split_at_checked(2)?,
        _ => return None,
    };
    let (hours, minutes) = (hours.parse::<u8>().ok()?, minutes.parse::<u8>().ok()?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
    jiff::tz::Offset::from_seconds(sign * seconds).ok()
}

/// `1h30m`, `1.5s`, `250ms`: the spelling that durations are read in.
pub fn write_duration(ns: i64, out: &mut Vec<u8>) {
    if ns == 0 {
        out.extend_from_slice(b"0s");
        return;
    }
    if ns < 0 {
        out.push(b'-');
    }
    let mut rest = ns.unsigned_abs();
    const UNITS: [(u64, &str); 3] = [
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
    ];
    for (size, unit) in UNITS {
        if rest >= size {
            out.extend_from_slice(format!("{}{unit}", rest / size).as_bytes());
            rest %= size;
        }
    }
    if rest == 0 {
        return;
    }
    let (unit, scale) = match rest {
        1_000_000_000.. => ("s", 9),
        1_000_000.. => ("ms", 6),
        1_000.. => ("us", 3),
        _ => ("ns", 0),
    };
    crate::bytes::number::write_scaled(i128::from(rest), scale, out);
    out.extend_from_slice(unit.as_bytes());
}
