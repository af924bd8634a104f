//! When rows come and their state is freed, in words: for `--explain`, with a window of an example day. Reads no
//! clock and decides nothing. Invariant: what is said of a window is computed by the grid that cuts it.

use super::grid::Grid;
use super::node::{Batching, Calendar, Extent, Plan, Times, Window};
use super::window::duration;
use crate::bytes::time::{civil_from_days, days_from_civil};
use crate::data::time::{SECOND, Zone};

/// State that nothing frees.
pub const UNBOUNDED: &str = "grows without bound";

const DAY: i64 = 86_400 * SECOND;

/// What moves the time that windows close by.
#[derive(Copy, Clone)]
pub struct When<'p> {
    pub times: Option<&'p Times>,
    pub zone: &'p Zone,
    /// Sources that are judged by themselves and may fall silent; more than one: the slowest rules.
    pub several: bool,
}

impl<'p> When<'p> {
    pub fn of(plan: &'p Plan) -> When<'p> {
        When {
            times: plan.source.time.as_ref(),
            zone: &plan.zone,
            several: plan.source.several,
        }
    }

    /// Whether nothing closes before the input ends.
    pub fn is_at_end(&self) -> bool {
        match self.times {
            None => true,
            Some(Times::Event { disorder, auto, .. }) => disorder.is_none() && !auto,
            Some(_) => false,
        }
    }

    /// What makes the watermark reach an instant.
    pub fn reaches(&self, at: i64) -> String {
        self.moves(at, ">=")
    }

    /// What makes it pass one.
    fn passes(&self, at: i64) -> String {
        self.moves(at, ">")
    }

    fn moves(&self, at: i64, sign: &str) -> String {
        let clock = |what: &str| match sign {
            ">" => format!("when {what} has passed {}", self.clock(at)),
            _ => format!("when {what} reaches {}", self.clock(at)),
        };
        match self.times {
            None => "at the end of the input".into(),
            Some(Times::Arrival) => clock("the clock"),
            Some(Times::Clock { batch: None, .. }) => clock("the clock that the records tell"),
            Some(Times::Clock { .. } | Times::Batch { .. }) => {
                format!("with the batch that ends at {}", self.clock(at))
            }
            Some(Times::Event {
                disorder,
                auto,
                ahead,
                ..
            }) => {
                let (record, comes, else_by) = match (ahead, self.several) {
                    (None, _) => ("a record", " is read", "at the end of the input"),
                    (Some(_), false) => (
                        "a record",
                        " arrives",
                        "if the source falls silent, when the clock has gone on as far",
                    ),
                    (Some(_), true) => (
                        "from each source a record",
                        " has come",
                        "if one falls silent, by the others; if all do, when the clock has gone on as far",
                    ),
                };
                let else_by = match ahead {
                    None => format!(", or {else_by}"),
                    Some(_) => format!(", or, {else_by}"),
                };
                match (disorder, auto) {
                    (_, true) => format!(
                        "when {record}{comes} that is later than {} by the delay that 99.9 % of the records keep{else_by}",
                        self.clock(at)
                    ),
                    (Some(disorder), _) => format!(
                        "when {record} {sign} {}{comes}{else_by}",
                        self.clock(at.saturating_add(*disorder)),
                    ),
                    (None, _) => "at the end of the input".into(),
                }
            }
        }
    }

    /// Whether windows are the batches that records come in.
    pub fn is_batch(&self, window: &Window) -> bool {
        let batch = self.times.and_then(Times::batch);
        batch.is_some_and(|step| window.size == Extent::Fixed(step) && window.is_tumbling())
    }

    /// `prints 12:00-12:10 when a record >= 12:10:05 arrives, …`
    pub fn of_window(&self, window: &Window) -> String {
        if self.is_at_end() {
            return "prints them at the end of the input".into();
        }
        let (start, end) = self.example(window);
        format!("prints {} {}", self.span(start, end), self.reaches(end))
    }

    /// Of a window that ends with the watermark strictly behind `end`.
    pub fn of_closed(&self, what: &str, end: i64) -> String {
        match self.is_at_end() {
            true => format!("prints {what} at the end of the input"),
            false => format!("prints {what} {}", self.passes(end)),
        }
    }

    /// A session whose last record is of noon.
    pub fn of_session(&self, gap: i64) -> String {
        if self.is_at_end() {
            return "prints them at the end of the input".into();
        }
        let noon = self.noon();
        let what = format!("one whose last record is of {}", self.clock(noon));
        self.of_closed(&what, noon.saturating_add(gap))
    }

    /// The row of a record of noon.
    pub fn of_record(&self) -> String {
        if self.is_at_end() {
            return "prints them at the end of the input".into();
        }
        let noon = self.noon();
        self.of_closed(&format!("the row of {}", self.clock(noon)), noon)
    }

    /// Noon of the example day, a Monday.
    fn noon(&self) -> i64 {
        self.zone
            .to_utc(days_from_civil(2026, 3, 2) * DAY + DAY / 2)
    }

    /// The window that holds noon, or the next one where the slide leaves a gap there; of one that grows its first
    /// beginning.
    fn example(&self, window: &Window) -> (i64, i64) {
        let mut grid = Grid::new(window, self.zone);
        let mut windows = Vec::new();
        let start = grid.cell(self.noon()).0;
        if window.grow.is_some() {
            grid.windows(start, &mut windows);
            return windows[0];
        }
        grid.windows(self.noon(), &mut windows);
        match windows.last() {
            Some(last) => *last,
            None => {
                let start = grid.cell(self.noon()).1;
                (start, grid.end(start))
            }
        }
    }

    fn civil(&self, at: i64) -> i64 {
        at.saturating_add(i64::from(self.zone.offset_at(at)) * SECOND)
    }

    /// `12:10`, `12:10:05`; with the date on any other day than the example's.
    fn clock(&self, at: i64) -> String {
        let civil = self.civil(at);
        let (day, rest) = (civil.div_euclid(DAY), civil.rem_euclid(DAY));
        let time = time_of_day(rest);
        match day == days_from_civil(2026, 3, 2) {
            true => time,
            false => format!("{}T{time}", date(day)),
        }
    }

    /// `12:00-12:10`, `2026-03-01 to 2026-04-01`
    fn span(&self, start: i64, end: i64) -> String {
        let (first, last) = (self.civil(start), self.civil(end));
        match first.rem_euclid(DAY) == 0 && last.rem_euclid(DAY) == 0 {
            true if last - first == DAY => date(first.div_euclid(DAY)),
            true => format!(
                "{} to {}",
                date(first.div_euclid(DAY)),
                date(last.div_euclid(DAY))
            ),
            false => format!("{}-{}", self.clock(start), self.clock(end)),
        }
    }
}

fn date(day: i64) -> String {
    let (year, month, day) = civil_from_days(day);
    format!("{year:04}-{month:02}-{day:02}")
}

fn time_of_day(ns: i64) -> String {
    let (minutes, rest) = (ns / (60 * SECOND), ns % (60 * SECOND));
    let mut text = format!("{:02}:{:02}", minutes / 60, minutes % 60);
    if rest > 0 {
        text.push_str(&format!(":{:02}", rest / SECOND));
    }
    if rest % SECOND > 0 {
        let digits = format!("{:09}", rest % SECOND);
        text.push_str(&format!(".{}", digits.trim_end_matches('0')));
    }
    text
}

/// Windows of a grid, in words.
pub fn windows(window: &Window) -> String {
    let local = match &window.size {
        Extent::Calendar(Calendar::Hours(_) | Calendar::Days(_)) => " by local time",
        Extent::Calendar(_) => " by the local calendar",
        Extent::Fixed(_) => "",
    };
    match (&window.grow, window.is_tumbling()) {
        (Some(step), _) => format!(
            "windows of {}{local} and their beginnings, longer by {step} each",
            window.size
        ),
        (None, true) => format!("windows of {}{local}", window.size),
        (None, false) => format!(
            "windows of {}{local}, one each {}",
            window.size, window.slide
        ),
    }
}

/// What ends a batch.
pub fn batches(by: &Batching, step: i64) -> String {
    match by {
        Batching::Wall => format!("each {} of the clock", duration(step)),
        Batching::Lines(n) => format!("each {n} records; its clock moves by {}", duration(step)),
        Batching::Marks(regex) => {
            format!(
                "each line like {regex}; its clock moves by {}",
                duration(step)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(size: i64) -> Window {
        Window::new(Extent::of_duration(size), None, 0).expect("a size")
    }

    fn check(times: Times, size: i64, expected: &str) {
        let zone = Zone::default();
        let when = When {
            times: Some(&times),
            zone: &zone,
            several: false,
        };
        assert_eq!(when.of_window(&window(size)), expected);
    }

    #[test]
    fn a_window_by_the_clock() {
        check(
            Times::Arrival,
            600 * SECOND,
            "prints 12:00-12:10 when the clock reaches 12:10",
        );
        check(
            Times::Arrival,
            DAY,
            "prints 2026-03-02 when the clock reaches 2026-03-03T00:00",
        );
        check(
            Times::Arrival,
            7 * DAY,
            "prints 2026-03-02 to 2026-03-09 when the clock reaches 2026-03-09T00:00",
        );
        check(
            Times::Arrival,
            SECOND / 4,
            "prints 12:00-12:00:00.25 when the clock reaches 12:00:00.25",
        );
    }

    #[test]
    fn batches_carry_their_end() {
        let times = Times::Batch {
            by: Batching::Wall,
            step: SECOND,
        };
        check(
            times,
            10 * SECOND,
            "prints 12:00-12:00:10 with the batch that ends at 12:00:10",
        );
    }
}
