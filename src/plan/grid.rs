//! The grid of windows: which ones a time belongs to, where they end, and the panes that sliding windows
//! share. Integers of ns; divisions floor, so times before 1970 are like others.

use super::node::{Calendar, Extent, Window};
use crate::bytes::time::{civil_from_days, days_from_civil};
use crate::data::time::{SECOND, Zone};

const DAY: i64 = 86_400 * SECOND;

/// A window operator made ready: knows its zone and remembers the last window asked for.
#[derive(Clone, Debug)]
pub struct Grid {
    size: Extent,
    slide: Extent,
    offset: i64,
    grow: Option<i64>,
    zone: Zone,
    /// The last cell `[start, end)` of the slide's grid that was asked for.
    last: (i64, i64),
}

impl Grid {
    pub fn new(window: &Window, zone: &Zone) -> Grid {
        Grid {
            size: window.size.clone(),
            slide: window.slide.clone(),
            offset: window.offset,
            grow: window.grow,
            zone: zone.clone(),
            last: (0, 0),
        }
    }

    pub fn is_tumbling(&self) -> bool {
        self.size == self.slide && self.grow.is_none()
    }

    /// The cell `[start, end)` of the slide's grid in which `t` lies. Of a tumbling window: the window.
    #[inline]
    pub fn cell(&mut self, t: i64) -> (i64, i64) {
        if t >= self.last.0 && t < self.last.1 {
            return self.last;
        }
        self.last = cell(&self.slide, self.offset, &self.zone, t);
        self.last
    }

    /// The end of the window that starts at `start` (a start of the slide's grid).
    pub fn end(&self, start: i64) -> i64 {
        match &self.size {
            Extent::Fixed(size) => start.saturating_add(*size),
            Extent::Calendar(calendar) => calendar_add(*calendar, &self.zone, self.offset, start),
        }
    }

    /// The windows `[start, end)` that hold `t`, oldest first; none where the slide leaves a gap.
    pub fn windows(&mut self, t: i64, out: &mut Vec<(i64, i64)>) {
        out.clear();
        let mut start = self.cell(t).0;
        if let Some(step) = self.grow {
            // Its beginnings, longer by `step` each, and itself (EVENT-TIME 2.3, cumulate).
            let end = self.end(start);
            let first = (t - start) / step + 1;
            let steps = (first..).map(|k| start.saturating_add(step.saturating_mul(k)));
            out.extend(steps.take_while(|to| *to < end).map(|to| (start, to)));
            out.push((start, end));
            return;
        }
        loop {
            let end = self.end(start);
            if end <= t {
                break;
            }
            out.push((start, end));
            let before = cell(
                &self.slide,
                self.offset,
                &self.zone,
                start.saturating_sub(1),
            )
            .0;
            if before >= start {
                break;
            }
            start = before;
        }
        out.reverse();
    }

    /// The end of the last window that holds `t`: when it has passed, the record is late for all.
    pub fn last_end(&mut self, t: i64) -> i64 {
        let start = self.cell(t).0;
        self.end(start)
    }

    /// The first end of a window behind `t`: when the clock next closes one.
    pub fn next_end(&mut self, t: i64) -> i64 {
        let mut windows = Vec::new();
        self.windows(t, &mut windows);
        match windows.first() {
            Some((_, end)) => *end,
            None => self.cell(t).1,
        }
    }
}

fn cell(extent: &Extent, offset: i64, zone: &Zone, t: i64) -> (i64, i64) {
    match extent {
        Extent::Fixed(size) => {
            let start = (t - offset).div_euclid(*size) * size + offset;
            (start, start.saturating_add(*size))
        }
        Extent::Calendar(calendar) => {
            // The instant's local reading decides; around a change of the clocks the neighbours are looked at.
            let local = t - offset + i64::from(zone.offset_at(t - offset)) * SECOND;
            let mut step = calendar_step(*calendar, local);
            loop {
                let (low, high) = (step_start(*calendar, step), step_start(*calendar, step + 1));
                let (start, end) = (zone.to_utc(low) + offset, zone.to_utc(high) + offset);
                if t < start {
                    step -= 1;
                } else if t >= end {
                    step += 1;
                } else {
                    return (start, end);
                }
            }
        }
    }
}

/// The number of the calendar cell that holds a local time.
fn calendar_step(calendar: Calendar, local: i64) -> i64 {
    let days = local.div_euclid(DAY);
    match calendar {
        Calendar::Hours(hours) => local.div_euclid(i64::from(hours) * 3600 * SECOND),
        Calendar::Days(n) => days.div_euclid(i64::from(n)),
        // 1970-01-01 was a Thursday: weeks begin on Mondays, three days before it.
        Calendar::Weeks(n) => (days + 3).div_euclid(7 * i64::from(n)),
        Calendar::Months(n) => {
            let (year, month, _) = civil_from_days(days);
            (year * 12 + month - 1 - 1970 * 12).div_euclid(i64::from(n))
        }
    }
}

/// The local time at which a calendar cell begins.
fn step_start(calendar: Calendar, step: i64) -> i64 {
    match calendar {
        Calendar::Hours(hours) => step * i64::from(hours) * 3600 * SECOND,
        Calendar::Days(n) => step * i64::from(n) * DAY,
        Calendar::Weeks(n) => (step * 7 * i64::from(n) - 3) * DAY,
        Calendar::Months(n) => {
            let month = step * i64::from(n) + 1970 * 12;
            days_from_civil(month.div_euclid(12), month.rem_euclid(12) + 1, 1) * DAY
        }
    }
}

/// The instant one calendar size behind a start.
fn calendar_add(size: Calendar, zone: &Zone, offset: i64, start: i64) -> i64 {
    let local = start - offset + i64::from(zone.offset_at(start - offset)) * SECOND;
    let moved = match size {
        Calendar::Hours(hours) => local + i64::from(hours) * 3600 * SECOND,
        Calendar::Days(n) => local + i64::from(n) * DAY,
        Calendar::Weeks(n) => local + i64::from(n) * 7 * DAY,
        Calendar::Months(n) => {
            let (year, month, day) = civil_from_days(local.div_euclid(DAY));
            let months = year * 12 + month - 1 + i64::from(n);
            days_from_civil(months.div_euclid(12), months.rem_euclid(12) + 1, 1) * DAY
                + (day - 1) * DAY
                + local.rem_euclid(DAY)
        }
    };
    zone.to_utc(moved) + offset
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fixed(size: i64, slide: i64, offset: i64) -> Grid {
        let window = Window {
            size: Extent::Fixed(size),
            slide: Extent::Fixed(slide),
            offset,
            grow: None,
        };
        Grid::new(&window, &Zone::default())
    }

    proptest! {
        #[test]
        fn a_time_is_in_every_window_of_the_slides_grid_that_holds_it(
            t in -1000i64..1000, size in 1i64..50, slide in 1i64..50, offset in -20i64..20,
        ) {
            let mut windows = Vec::new();
            fixed(size, slide, offset).windows(t, &mut windows);
            let naive: Vec<(i64, i64)> = (-2000i64..2000)
                .filter(|start| (start - offset).rem_euclid(slide) == 0)
                .filter(|&start| start <= t && t < start + size)
                .map(|start| (start, start + size))
                .collect();
            prop_assert_eq!(windows, naive);
        }
    }

    fn local(calendar: Calendar, zone: &str, utc: &str) -> (String, String) {
        let zone = Zone::named(zone).expect("a zone of the database");
        let ns = utc.parse::<jiff::Timestamp>().unwrap().as_nanosecond() as i64;
        let window = Window {
            size: Extent::Calendar(calendar),
            slide: Extent::Calendar(calendar),
            offset: 0,
            grow: None,
        };
        let (start, end) = Grid::new(&window, &zone).cell(ns);
        let show = |ns| {
            let mut out = Vec::new();
            zone.write_time(ns, &mut out);
            String::from_utf8(out).unwrap()
        };
        (show(start), show(end))
    }

    #[test]
    fn calendar_windows_follow_the_local_clock() {
        let days = local(Calendar::Days(1), "Europe/Berlin", "2026-03-29T12:00:00Z");
        assert_eq!(
            days,
            (
                "2026-03-29T00:00:00+01:00".into(),
                "2026-03-30T00:00:00+02:00".into()
            )
        );
        let days = local(Calendar::Days(1), "Europe/Berlin", "2026-10-25T01:30:00Z");
        assert_eq!(
            days,
            (
                "2026-10-25T00:00:00+02:00".into(),
                "2026-10-26T00:00:00+01:00".into()
            )
        );
        let week = local(Calendar::Weeks(1), "UTC", "2026-11-20T10:00:00Z");
        assert_eq!(
            week,
            ("2026-11-16T00:00:00Z".into(), "2026-11-23T00:00:00Z".into())
        );
        let month = local(Calendar::Months(1), "UTC", "1969-12-31T23:00:00Z");
        assert_eq!(
            month,
            ("1969-12-01T00:00:00Z".into(), "1970-01-01T00:00:00Z".into())
        );
        let quarter = local(Calendar::Months(3), "UTC", "2026-11-20T10:00:00Z");
        assert_eq!(
            quarter,
            ("2026-10-01T00:00:00Z".into(), "2027-01-01T00:00:00Z".into())
        );
        let hours = local(Calendar::Hours(4), "Europe/Berlin", "2026-03-29T02:30:00Z");
        assert_eq!(
            hours,
            (
                "2026-03-29T04:00:00+02:00".into(),
                "2026-03-29T08:00:00+02:00".into()
            )
        );
    }
}
