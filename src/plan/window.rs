//! Sizes of windows: how they are read and printed. Knows no time zone and cuts nothing; the engine does.
//! Invariant: what prints is read back as the same window.

use super::node::{Calendar, Extent, Scope, Window};
use crate::data::time::{SECOND, write_duration};
use std::fmt;

const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// In how many windows a record may be.
const WINDOWS_MAX: i64 = 100_000;

/// What `window SIZE` may be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Size {
    /// `all`: the whole input.
    All,
    Extent(Extent),
}

impl Size {
    /// Reads a word of the calendar; durations are the caller's.
    pub fn word(text: &str) -> Option<Size> {
        Some(match text {
            "all" => Size::All,
            "day" => Size::Extent(Extent::Calendar(Calendar::Days(1))),
            "week" => Size::Extent(Extent::Calendar(Calendar::Weeks(1))),
            "month" => Size::Extent(Extent::Calendar(Calendar::Months(1))),
            "quarter" => Size::Extent(Extent::Calendar(Calendar::Months(3))),
            "year" => Size::Extent(Extent::Calendar(Calendar::Months(12))),
            _ => return None,
        })
    }
}

impl Calendar {
    pub fn times(self, k: u32) -> Calendar {
        match self {
            Calendar::Hours(n) => Calendar::Hours(n * k),
            Calendar::Days(n) => Calendar::Days(n * k),
            Calendar::Weeks(n) => Calendar::Weeks(n * k),
            Calendar::Months(n) => Calendar::Months(n * k),
        }
    }
}

impl Extent {
    /// Whole weeks, whole days and the hours that divide a day are cut on the local clock, every other
    /// duration is absolute time.
    pub fn of_duration(ns: i64) -> Extent {
        let count = |unit: i64| u32::try_from(ns / unit).unwrap_or(u32::MAX);
        if ns % WEEK == 0 {
            Extent::Calendar(Calendar::Weeks(count(WEEK)))
        } else if ns % DAY == 0 {
            Extent::Calendar(Calendar::Days(count(DAY)))
        } else if ns % HOUR == 0 && matches!(ns / HOUR, 2 | 3 | 4 | 6 | 8 | 12) {
            Extent::Calendar(Calendar::Hours(count(HOUR)))
        } else {
            Extent::Fixed(ns)
        }
    }

    /// How long it is at most, ns: months have 31 days, and a change of the clocks can make a day longer.
    pub fn most(&self) -> i64 {
        match self {
            Extent::Fixed(ns) => *ns,
            Extent::Calendar(_) => self.about() + self.about() / 20 + DAY,
        }
    }

    /// About how long it is, ns.
    pub fn about(&self) -> i64 {
        match self {
            Extent::Fixed(ns) => *ns,
            Extent::Calendar(calendar) => match calendar {
                Calendar::Hours(n) => i64::from(*n).saturating_mul(HOUR),
                Calendar::Days(n) => i64::from(*n).saturating_mul(DAY),
                Calendar::Weeks(n) => i64::from(*n).saturating_mul(WEEK),
                Calendar::Months(n) => i64::from(*n).saturating_mul(30 * DAY),
            },
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Extent::Fixed(ns) => f.write_str(&duration(*ns)),
            Extent::Calendar(Calendar::Hours(n)) => write!(f, "{n}h"),
            Extent::Calendar(Calendar::Days(1)) => f.write_str("day"),
            Extent::Calendar(Calendar::Days(n)) => write!(f, "{n}d"),
            Extent::Calendar(Calendar::Weeks(1)) => f.write_str("week"),
            Extent::Calendar(Calendar::Weeks(n)) => write!(f, "{n}w"),
            Extent::Calendar(Calendar::Months(1)) => f.write_str("month"),
            Extent::Calendar(Calendar::Months(3)) => f.write_str("quarter"),
            Extent::Calendar(Calendar::Months(12)) => f.write_str("year"),
            Extent::Calendar(Calendar::Months(n)) => write!(f, "{n} months"),
        }
    }
}

impl Window {
    /// A window of `size` at each `slide`; without one, end to end.
    pub fn new(size: Extent, slide: Option<Extent>, offset: i64) -> Result<Window, String> {
        let slide = slide.unwrap_or_else(|| size.clone());
        if size.about() / slide.about().max(1) > WINDOWS_MAX {
            return Err(format!(
                "a record would be in more than {WINDOWS_MAX} windows of {size} each {slide}; make --slide longer"
            ));
        }
        if offset.abs() >= slide.about() {
            return Err(format!(
                "--offset {} is as long as the slide of {slide} or longer; give less",
                duration(offset)
            ));
        }
        Ok(Window {
            size,
            slide,
            offset,
            grow: None,
        })
    }

    /// Whether several may end at one instant: a day that a month does not have is its end.
    pub fn ends_may_meet(&self) -> bool {
        let is_of_months =
            |extent: &Extent| matches!(extent, Extent::Calendar(Calendar::Months(_)));
        is_of_months(&self.size) && !is_of_months(&self.slide)
    }

    /// Windows end to end with their beginnings, longer by `step` each.
    pub fn growing(self, step: Extent) -> Result<Window, String> {
        let size = &self.size;
        let step = match (size, &step) {
            (Extent::Fixed(_), Extent::Calendar(Calendar::Months(_))) => {
                return Err(format!("a {step} has no fixed length, and {size} has one"));
            }
            // Beside a size of absolute time a day is 24 hours.
            (Extent::Fixed(_), _) => Extent::Fixed(step.about()),
            (Extent::Calendar(_), _) => step,
        };
        let divides = match (size, &step) {
            (Extent::Fixed(size), Extent::Fixed(step)) => size % step == 0,
            (
                Extent::Calendar(Calendar::Months(size)),
                Extent::Calendar(Calendar::Months(step)),
            ) => size % step == 0,
            _ => step.about() <= size.about(),
        };
        if !divides {
            return Err(format!("{step} does not divide {size}"));
        }
        if size.about() / step.about() > WINDOWS_MAX {
            return Err(format!(
                "a record would be in more than {WINDOWS_MAX} beginnings of {size}; make {step} longer"
            ));
        }
        Ok(Window {
            grow: Some(step),
            ..self
        })
    }

    /// The size of windows that begin at each `slide`: beside a slide of absolute time a day is 24 hours, and hours are
    /// not the local clock's.
    pub fn sliding(size: Extent, slide: &Extent) -> Result<Extent, String> {
        match (&size, slide) {
            (Extent::Calendar(Calendar::Months(_)), Extent::Fixed(_)) => Err(format!(
                "a {size} has no fixed length, so its slide must be of the calendar too: 2h, 3h, 4h, 6h, 8h, 12h, \
                 days, weeks or months, not {slide}"
            )),
            (Extent::Calendar(_), Extent::Fixed(_)) => Ok(Extent::Fixed(size.about())),
            _ => Ok(size),
        }
    }

    pub fn is_tumbling(&self) -> bool {
        self.size == self.slide && self.grow.is_none()
    }

    /// Whether there are times that no window holds.
    pub fn has_gaps(&self) -> bool {
        self.slide.about() > self.size.about()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.size)?;
        match &self.grow {
            Some(step) => write!(f, " grow {step}")?,
            None if self.size != self.slide => write!(f, " slide {}", self.slide)?,
            None => {}
        }
        if self.offset != 0 {
            write!(f, " offset {}", duration(self.offset))?;
        }
        Ok(())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Forever => f.write_str("forever"),
            Scope::Assign(window) => write!(f, "window {window}"),
            Scope::Rows => f.write_str("its window"),
        }
    }
}

/// A duration as it is typed.
pub fn duration(ns: i64) -> String {
    let mut out = Vec::new();
    write_duration(ns, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ns: i64, printed: &str) {
        assert_eq!(Extent::of_duration(ns).to_string(), printed);
    }

    #[test]
    fn days_and_their_parts_are_cut_on_the_local_clock() {
        check(90 * SECOND, "1m30s");
        check(HOUR, "1h");
        check(2 * HOUR, "2h");
        check(5 * HOUR, "5h");
        check(DAY, "day");
        check(2 * DAY, "2d");
        check(WEEK, "week");
        check(10 * DAY, "10d");
        assert_eq!(Extent::of_duration(HOUR), Extent::Fixed(HOUR));
        assert_eq!(
            Extent::of_duration(6 * HOUR),
            Extent::Calendar(Calendar::Hours(6))
        );
    }

    #[test]
    fn words_of_the_calendar_print_as_typed() {
        for word in ["day", "week", "month", "quarter", "year"] {
            let Some(Size::Extent(extent)) = Size::word(word) else {
                panic!("{word} is a size");
            };
            assert_eq!(extent.to_string(), word);
        }
        assert_eq!(Size::word("all"), Some(Size::All));
        assert_eq!(Size::word("count"), None);
    }

    #[test]
    fn a_slide_far_below_the_size_is_refused() {
        let year = Extent::Calendar(Calendar::Months(12));
        assert!(Window::new(year.clone(), Some(Extent::Fixed(SECOND)), 0).is_err());
        let sliding = |offset| {
            let window = Window::new(
                Extent::Fixed(60 * SECOND),
                Some(Extent::Fixed(2 * SECOND)),
                offset,
            );
            window.map(|window| window.to_string())
        };
        assert_eq!(sliding(-SECOND), Ok("1m slide 2s offset -1s".to_string()));
        // EVENT-TIME 2.3: within (-slide, slide).
        assert!(sliding(2 * SECOND).is_err());
        assert!(sliding(-2 * SECOND).is_err());
    }
}
