//! The grid of windows: which ones a time belongs to, where they end, and the panes that sliding windows
//! share. Integers of ns; divisions floor, so times before 1970 are like others.

use super::node::{Calendar, Extent, Window};
use crate::bytes::time::{civil_from_days, days_from_civil};
use crate::data::time::{SECOND, Zone};
use std::iter::successors;

const DAY: i64 = 86_400 * SECOND;

/// A window operator made ready: knows its zone and remembers the last window asked for.
#[derive(Clone, Debug)]
pub struct Grid {
    size: Extent,
    slide: Extent,
    offset: i64,
    grow: Option<Extent>,
    zone: Zone,
    /// The last cell `[start, end)` of the slide's grid that was asked for.
    last: (i64, i64),
    /// The start of a window that grows by the calendar, and where its beginnings end.
    beginnings: (i64, Vec<i64>),
}

impl Grid {
    pub fn new(window: &Window, zone: &Zone) -> Grid {
        Grid {
            size: window.size.clone(),
            slide: window.slide.clone(),
            offset: window.offset,
            grow: window.grow.clone(),
            zone: zone.clone(),
            last: (0, 0),
            beginnings: (i64::MIN, Vec::new()),
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
        self.last = match self.slide {
            Extent::Fixed(slide) => {
                let start = (t - self.offset).div_euclid(slide) * slide + self.offset;
                (start, start.saturating_add(slide))
            }
            Extent::Calendar(slide) => {
                let step = self.step(slide, t);
                let start = |step| self.instant(step_start(slide, step));
                (start(step), start(step + 1))
            }
        };
        self.last
    }

    /// The end of the window that starts at `start` (a start of the slide's grid).
    pub fn end(&self, start: i64) -> i64 {
        match (&self.slide, &self.size) {
            (_, Extent::Fixed(size)) => start.saturating_add(*size),
            (Extent::Calendar(slide), _) => self.window(*slide, self.step(*slide, start)).1,
            (Extent::Fixed(_), Extent::Calendar(size)) => {
                self.instant(calendar_add(*size, self.local(start)))
            }
        }
    }

    /// The windows `[start, end)` that hold `t`, oldest first; none where the slide leaves a gap.
    pub fn windows(&mut self, t: i64, out: &mut Vec<(i64, i64)>) {
        out.clear();
        if let Some(step) = self.grow.clone() {
            let (start, end) = self.cell(t);
            return self.grown((start, end), &step, t, out);
        }
        // Ends go back as starts do, so the first window that is over ends the search.
        let holds = |window: &(i64, i64)| window.1 > t;
        match self.slide {
            Extent::Fixed(slide) => {
                let starts = successors(Some(self.cell(t).0), |start| start.checked_sub(slide));
                let windows = starts.map(|start| (start, self.end(start)));
                out.extend(windows.take_while(holds));
            }
            Extent::Calendar(slide) => {
                let steps = successors(Some(self.step(slide, t)), |step| Some(step - 1));
                let windows = steps.map(|step| self.window(slide, step));
                out.extend(windows.take_while(holds));
            }
        }
        out.reverse();
    }

    /// The beginnings of a window that hold `t`, longer by `step` each, and itself (EVENT-TIME 2.3, cumulate).
    fn grown(
        &mut self,
        (start, end): (i64, i64),
        step: &Extent,
        t: i64,
        out: &mut Vec<(i64, i64)>,
    ) {
        match step {
            Extent::Fixed(step) => {
                let first = (t - start) / step + 1;
                let ends = (first..).map(|k| start.saturating_add(step.saturating_mul(k)));
                out.extend(ends.take_while(|to| *to < end).map(|to| (start, to)));
            }
            Extent::Calendar(step) => {
                if self.beginnings.0 != start {
                    let begin = match self.slide {
                        Extent::Calendar(slide) => step_start(slide, self.step(slide, t)),
                        Extent::Fixed(_) => self.local(start),
                    };
                    let ends = (1..).map(|k| self.instant(calendar_add(step.times(k), begin)));
                    self.beginnings = (start, ends.take_while(|to| *to < end).collect());
                }
                let ends = &self.beginnings.1;
                let first = ends.partition_point(|to| *to <= t);
                out.extend(ends[first..].iter().map(|to| (start, *to)));
            }
        }
        out.push((start, end));
    }

    /// The end of the last window that holds `t`: when it has passed, the record is late for all.
    pub fn last_end(&mut self, t: i64) -> i64 {
        let start = self.cell(t).0;
        self.end(start)
    }

    /// Of windows end to end, or with gaps: the first that is not over at `t`.
    pub fn open_at(&mut self, t: i64) -> (i64, i64) {
        let (start, next) = self.cell(t);
        let start = if self.end(start) > t { start } else { next };
        (start, self.end(start))
    }

    /// The first window that ends behind `t`.
    pub fn behind(&mut self, t: i64) -> (i64, i64) {
        let mut windows = Vec::new();
        self.windows(t, &mut windows);
        windows.first().copied().unwrap_or_else(|| {
            let start = self.cell(t).1;
            (start, self.end(start))
        })
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

    /// What the clocks of the zone show, less the shift.
    fn local(&self, t: i64) -> i64 {
        t + i64::from(self.zone.offset_at(t)) * SECOND - self.offset
    }

    /// When they show a time of the grid: the shift is theirs too, so 08:00 stays 08:00 all year.
    fn instant(&self, local: i64) -> i64 {
        self.zone.to_utc(local + self.offset)
    }

    /// The number of the calendar cell that holds `t`.
    fn step(&self, calendar: Calendar, t: i64) -> i64 {
        // The instant's local reading decides; around a change of the clocks the neighbours are looked at.
        let mut step = calendar_step(calendar, self.local(t));
        loop {
            if t < self.instant(step_start(calendar, step)) {
                step -= 1;
            } else if t >= self.instant(step_start(calendar, step + 1)) {
                step += 1;
            } else {
                return step;
            }
        }
    }

    /// The window that begins with a cell of the slide's.
    fn window(&self, slide: Calendar, step: i64) -> (i64, i64) {
        let local = step_start(slide, step);
        let start = self.instant(local);
        let end = match self.size {
            Extent::Fixed(size) => start.saturating_add(size),
            Extent::Calendar(size) => self.instant(calendar_add(size, local)),
        };
        (start, end)
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

/// The local time one calendar size behind another. A day that its month does not have is, as a time that the clocks
/// skip, the first instant behind: later starts have later ends.
fn calendar_add(size: Calendar, local: i64) -> i64 {
    match size {
        Calendar::Hours(hours) => local + i64::from(hours) * 3600 * SECOND,
        Calendar::Days(n) => local + i64::from(n) * DAY,
        Calendar::Weeks(n) => local + i64::from(n) * 7 * DAY,
        Calendar::Months(n) => {
            let (year, month, day) = civil_from_days(local.div_euclid(DAY));
            let months = year * 12 + month - 1 + i64::from(n);
            let first =
                |months: i64| days_from_civil(months.div_euclid(12), months.rem_euclid(12) + 1, 1);
            let next = first(months + 1);
            match first(months) + day - 1 {
                at if at < next => at * DAY + local.rem_euclid(DAY),
                _ => next * DAY,
            }
        }
    }
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

    /// A local date and time as jiff has it, of which those that a change of the clocks skips are behind the gap.
    fn instant_of(civil: jiff::civil::DateTime, zone: &str) -> i64 {
        let zoned = civil.in_tz(zone).expect("a zone of the database");
        zoned.timestamp().as_nanosecond() as i64
    }

    /// `n` calendar sizes behind a local date and time; a day that its month does not have is the end of that.
    fn civil_behind(begin: jiff::civil::DateTime, size: Calendar, n: i64) -> jiff::civil::DateTime {
        use jiff::ToSpan;
        let span = match size {
            Calendar::Hours(hours) => (i64::from(hours) * n).hours(),
            Calendar::Days(days) => (i64::from(days) * n).days(),
            Calendar::Weeks(weeks) => (i64::from(weeks) * n).weeks(),
            Calendar::Months(months) => (i64::from(months) * n).months(),
        };
        let behind = begin.checked_add(span).expect("a time of these centuries");
        match matches!(size, Calendar::Months(_)) && behind.day() < begin.day() {
            true => behind
                .date()
                .last_of_month()
                .tomorrow()
                .expect("a day")
                .at(0, 0, 0, 0),
            false => behind,
        }
    }

    const ZONES: [&str; 5] = [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
    ];

    fn calendar() -> impl Strategy<Value = Calendar> {
        prop_oneof![
            prop_oneof![Just(2u32), Just(3), Just(4), Just(6), Just(8), Just(12)]
                .prop_map(Calendar::Hours),
            (1u32..10).prop_map(Calendar::Days),
            (1u32..4).prop_map(Calendar::Weeks),
            prop_oneof![Just(1u32), Just(3), Just(12)].prop_map(Calendar::Months),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// EVENT-TIME 2.3: cut at boundaries of the local clock, shifted or not, beginnings too.
        #[test]
        fn calendar_windows_are_those_of_the_local_clock(
            zone in 0usize..ZONES.len(),
            (size, slide, step) in (calendar(), calendar(), calendar()),
            // Around the changes of the clocks of 2026 in these zones, and anywhere.
            near in prop_oneof![Just(1_774_746_000i64), Just(1_792_890_000), Just(1_772_953_200),
                Just(1_793_512_800), Just(1_775_314_800), Just(1_772_280_000), -1_000_000_000i64..2_000_000_000],
            away in -400_000i64..400_000,
            offset in -1i64..2,
            grows in any::<bool>(),
        ) {
            let zone = ZONES[zone];
            let t = (near + away) * SECOND;
            let window = Window {
                size: Extent::Calendar(size),
                slide: Extent::Calendar(if grows { size } else { slide }),
                offset: offset * 3600 * SECOND,
                grow: grows.then_some(Extent::Calendar(step)),
            };
            let slide = if grows { size } else { slide };
            // A cell of the grid that is not behind t, with room for hours and months.
            let first = match slide {
                Calendar::Weeks(_) => jiff::civil::date(1969, 12, 29),
                _ => jiff::civil::date(1970, 1, 1),
            };
            let about = |size| Extent::Calendar(size).about() / SECOND;
            let length = about(slide);
            let around = (near + away).div_euclid(length);
            // Months are longer than that on average.
            let strays = matches!(slide, Calendar::Months(_)) as i64 * around.abs() / 50;
            let reach = about(size) * 2 / length + 3 + strays;
            let mut naive = Vec::new();
            for n in around - reach - 10..=around + 10 + strays {
                let begin = civil_behind(first.at(0, 0, 0, 0), slide, n);
                let shifted = |civil| {
                    instant_of(civil_behind(civil, Calendar::Hours(1), offset), zone)
                };
                let (start, end) = (shifted(begin), shifted(civil_behind(begin, size, 1)));
                if grows && start <= t && t < end {
                    let ends = (1..5000).map(|k| shifted(civil_behind(begin, step, k)));
                    let ends = ends.take_while(|to| *to < end).filter(|to| *to > t);
                    naive.extend(ends.map(|to| (start, to)));
                }
                if start <= t && t < end {
                    naive.push((start, end));
                }
            }
            let zone = Zone::named(zone).expect("a zone of the database");
            let mut grid = Grid::new(&window, &zone);
            let mut windows = Vec::new();
            grid.windows(t, &mut windows);
            for (start, end) in windows.iter().filter(|_| !grows) {
                prop_assert_eq!(grid.end(*start), *end);
            }
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
