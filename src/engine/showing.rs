//! What the live view shows of a run: the rows of windows that are open, as far as there is room for them, and how the
//! run is. Looks at a copy of the state as early rows do (`peek`), no more often than it can afford. Prints nothing
//! itself. Invariant: looking changes no row, no count and no order of what is printed.

use super::Shared;
use super::driver::Running;
use super::order::{Aside, lock};
use super::peek::Form;
use super::worker::End;
use crate::data::paint::Role;
use crate::data::time::Zone;
use crate::plan::node::{Batching, Plan, Times};
use crate::sinks::{Block, Line, Live, line};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The least time between two looks, ns: four a second.
const BETWEEN: i64 = 250_000_000;
/// A look takes at most one part in so many of the time: longer ones are rarer.
const SHARE: i64 = 50;
/// While nothing comes the clock in the view goes on, ns.
const TICK: i64 = 1_000_000_000;
/// State that is larger is not copied to be looked at: the run would stand still for too long.
const KEYS_MAX: usize = 200_000;
const BYTES_MAX: usize = 32 << 20;
/// What the rate in the status line is of, ns.
const RATE_OVER: i64 = 5_000_000_000;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

/// What the control of a run keeps of the view.
pub struct Showing {
    live: Arc<Live>,
    /// When it may look next; and at what it has looked there is something new.
    next: i64,
    fresh: bool,
    /// The chain has state whose rows come when it closes.
    has_state: bool,
    /// The clock and how many records there were.
    rates: VecDeque<(i64, u64)>,
    /// What is open as it was looked at last.
    seen: Option<Aside>,
}

/// How far time is, for the view.
pub struct Moment {
    pub now: i64,
    /// The largest event time there is; of arrival the clock.
    pub time: Option<i64>,
    /// How far the watermark is behind the clock.
    pub lag: Option<i64>,
}

impl Showing {
    /// `None`: nobody looks.
    pub fn new(running: &Running<'_>, now: i64) -> Option<Showing> {
        let live = running.shared.run.live.clone()?;
        let keeps = |end: &End<'_>| !matches!(end, End::Sink);
        Some(Showing {
            live,
            next: now,
            fresh: true,
            has_state: running
                .lanes
                .iter()
                .any(|lane| keeps(&lane.stage.end) || !lane.stage.ordered.is_empty()),
            rates: VecDeque::new(),
            seen: None,
        })
    }

    /// Something has come.
    pub fn freshen(&mut self) {
        self.fresh = true;
    }

    /// Rows of windows that end by then are about to be printed.
    pub fn closes(&mut self, upto: i64) {
        self.fresh = true;
        if let Some(seen) = &mut self.seen {
            seen.runs.retain(|run| run.end() > upto);
        }
        self.live.closes(upto);
    }

    /// When the view is to be looked after next.
    pub fn due(&self) -> i64 {
        match self.fresh {
            true => self.next,
            false => self.next + TICK,
        }
    }

    /// Whether it is worth to look at the state.
    pub fn wants_rows(&self) -> bool {
        self.fresh && self.has_state && self.live.size().room() > 2
    }

    /// Looks, and shows what there is. No block is on its way if rows are wanted.
    pub fn look(&mut self, running: &Running<'_>, moment: &Moment) {
        let clock = &running.shared.run.clock;
        if self.wants_rows() {
            self.fresh = false;
            self.seen = open_rows(running, self.live.size().room());
        }
        let took = clock.now() - moment.now;
        self.next = moment.now + BETWEEN.max(took.saturating_mul(SHARE));
        let status = self.status(running.shared, moment);
        let blocks = match &self.seen {
            Some(seen) => blocks(seen, running, moment, &self.live),
            None => Vec::new(),
        };
        self.live.show(blocks, status);
    }

    fn status(&mut self, shared: &Shared<'_>, moment: &Moment) -> Line {
        let records = shared.run.progress.records.load(Ordering::Relaxed);
        let (_, bad, _) = shared.ledger.totals();
        let late = shared.ledger.late().records;
        self.rates.push_back((moment.now, records));
        while self.rates.len() > 2
            && self
                .rates
                .get(1)
                .is_some_and(|(at, _)| moment.now - at >= RATE_OVER)
        {
            self.rates.pop_front();
        }
        let since = self.rates.front().copied().unwrap_or((moment.now, records));
        let seconds = (moment.now - since.0) as f64 / SECOND as f64;
        let rate = (records - since.1) as f64 / seconds.max(1e-3);
        let role = |count: u64, role: Role| match count {
            0 => Role::Status,
            _ => role,
        };
        let mut status = line(
            Role::Status,
            format!("{} records  {}  ", grouped(records), per_second(rate)),
        );
        status.push((role(bad, Role::Bad), format!("bad {}", grouped(bad))));
        status.push((Role::Status, "  ".into()));
        status.push((role(late, Role::Late), format!("late {}", grouped(late))));
        if let Some(lag) = moment.lag {
            status.push((Role::Status, format!("  lag {}", about(lag))));
        }
        status
    }
}

/// What would be printed if the input ended now, at most so many rows. `None`: there is too much of it.
fn open_rows(running: &Running<'_>, room: usize) -> Option<Aside> {
    let shared = running.shared;
    let (keys, bytes) = running.held();
    if keys > KEYS_MAX || bytes > BYTES_MAX || lock(&shared.failure).is_some() {
        return None;
    }
    let form = match running.plan.sink.complete {
        true => Form::Whole,
        false => Form::Peek,
    };
    let rows = shared.run.progress.rows.load(Ordering::Relaxed);
    let late = lock(&shared.rest_late).clone();
    shared.out.begin_aside(room);
    shared.aside.store(room, Ordering::Relaxed);
    let looked = running.look(form);
    shared.aside.store(0, Ordering::Relaxed);
    let aside = shared.out.end_aside();
    *lock(&shared.rest_late) = late;
    shared.run.progress.rows.store(rows, Ordering::Relaxed);
    looked.ok().and(aside)
}

/// The lines of what is open, window by window.
fn blocks(seen: &Aside, running: &Running<'_>, moment: &Moment, live: &Live) -> Vec<Block> {
    let rows: Vec<u8> = seen.runs.iter().flat_map(|run| run.bytes.clone()).collect();
    let text = running.shared.out.preview(&rows);
    let text = String::from_utf8_lossy(&text);
    let mut lines: Vec<&str> = text.lines().collect();
    let of = |run: &super::order::Run| run.bytes.iter().filter(|byte| **byte == b'\n').count();
    let known: usize = seen.runs.iter().map(of).sum();
    // What stands before the first row goes when rows are printed: then it is there.
    let mut rest = lines
        .split_off(lines.len().saturating_sub(known))
        .into_iter();
    // Without the status line.
    let mut room = live.size().room().saturating_sub(1 + lines.len());
    let mut blocks = Vec::new();
    if !lines.is_empty() {
        blocks.push(Block {
            end: i64::MIN,
            lines: lines.iter().map(|text| line(Role::Header, *text)).collect(),
        });
    }
    let last = seen.runs.len().saturating_sub(1);
    for (i, run) in seen.runs.iter().enumerate() {
        if room < 2 {
            break;
        }
        let there = of(run);
        let shown = there.min(room - 1);
        room -= 1 + shown;
        let mut title = title(run.window, running.plan, moment);
        if shown < there || i == last && seen.more {
            title.push_str(", the first rows");
        }
        let mut lines = vec![line(Role::Rule, ruled(&title, live))];
        let rows = rest.by_ref().take(there).take(shown);
        lines.extend(rows.map(|text| line(Role::Open, text)));
        blocks.push(Block {
            end: run.end(),
            lines,
        });
    }
    blocks
}

/// `──── 10:44:00 open, 31 s of 60 s ────`
fn ruled(title: &str, live: &Live) -> String {
    const LENGTH: usize = 64;
    let dash = if live.paint().ascii { "-" } else { "─" };
    let length = LENGTH.min(live.size().columns.saturating_sub(1));
    let rest = length.saturating_sub(8 + title.chars().count()).max(4);
    format!("{}  {title}  {}", dash.repeat(4), dash.repeat(rest))
}

fn title(window: Option<(i64, i64)>, plan: &Plan, moment: &Moment) -> String {
    let counted = matches!(
        plan.source.time,
        Some(Times::Batch {
            by: Batching::Lines(_) | Batching::Marks(_),
            ..
        })
    );
    let Some((start, end)) = window else {
        return "so far".into();
    };
    if counted {
        return "this batch so far".into();
    }
    let size = end.saturating_sub(start);
    let at = clock_time(start, size, moment.now, &plan.zone);
    let Some(time) = moment.time.filter(|_| end < i64::MAX && size > 0) else {
        return format!("{at} open");
    };
    let done = time.saturating_sub(start).clamp(0, size);
    format!("{at} open, {}", share(done, size))
}

/// How much of a window is there: `31 s of 60 s`.
fn share(done: i64, size: i64) -> String {
    const UNITS: [(i64, i64, &str); 4] = [
        (2 * DAY, DAY, "d"),
        (2 * 3600 * SECOND, 3600 * SECOND, "h"),
        (600 * SECOND, 60 * SECOND, "min"),
        (5 * SECOND, SECOND, "s"),
    ];
    match UNITS.iter().find(|(from, ..)| size >= *from) {
        Some((_, unit, name)) => {
            let whole = size as f64 / *unit as f64;
            let whole = match size % unit {
                0 => format!("{whole}"),
                _ => format!("{whole:.1}"),
            };
            format!("{} {name} of {whole} {name}", done / unit)
        }
        None => format!(
            "{:.1} s of {} s",
            done as f64 / SECOND as f64,
            size as f64 / SECOND as f64
        ),
    }
}

/// `10:44:00` of a window of today, with its date if it is of another day or as long as one.
fn clock_time(start: i64, size: i64, now: i64, zone: &Zone) -> String {
    let mut text = Vec::new();
    zone.write_time(start.div_euclid(SECOND) * SECOND, &mut text);
    let text = String::from_utf8_lossy(&text);
    let mut today = Vec::new();
    zone.write_time(now, &mut today);
    let today = String::from_utf8_lossy(&today);
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    let time = time.get(..8).unwrap_or(time);
    match () {
        _ if size >= DAY => date.to_string(),
        _ if today.starts_with(date) => time.to_string(),
        _ => format!("{date} {time}"),
    }
}

/// A count in groups of three digits.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// `21.4 k/s`
fn per_second(rate: f64) -> String {
    match rate {
        rate if rate >= 1e6 => format!("{:.1} M/s", rate / 1e6),
        rate if rate >= 1e3 => format!("{:.1} k/s", rate / 1e3),
        rate => format!("{rate:.0}/s"),
    }
}

/// A span in the unit that it is told in.
fn about(ns: i64) -> String {
    let seconds = ns.max(0) as f64 / SECOND as f64;
    match seconds {
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.0} h", s / 3600.0),
        s => format!("{:.0} d", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_as_people_read_them() {
        assert_eq!(grouped(1_284_022), "1 284 022");
        assert_eq!(grouped(12), "12");
        assert_eq!(per_second(21_400.0), "21.4 k/s");
        assert_eq!(per_second(3.0), "3/s");
        assert_eq!(about(800_000_000), "0.8 s");
        assert_eq!(about(-5), "0.0 s");
        assert_eq!(about(3 * 3600 * SECOND), "3 h");
        assert_eq!(share(31 * SECOND, 60 * SECOND), "31 s of 60 s");
        assert_eq!(share(400_000_000, SECOND), "0.4 s of 1 s");
        assert_eq!(share(90 * 60 * SECOND, 3 * 3600 * SECOND), "1 h of 3 h");
        assert_eq!(share(90 * SECOND, 600 * SECOND), "1 min of 10 min");
    }

    #[test]
    fn a_window_is_named_by_its_start() {
        let now = 20_000 * DAY + 5 * 3600 * SECOND;
        let of = |start, size| clock_time(start, size, now, &Zone::default());
        assert_eq!(of(20_000 * DAY + 62 * SECOND, 60 * SECOND), "00:01:02");
        assert_eq!(of(19_999 * DAY, 60 * SECOND), "2024-10-03 00:00:00");
        assert_eq!(of(20_000 * DAY, DAY), "2024-10-04");
    }
}
