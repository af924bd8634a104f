//! When the records of a block happened, and what they are judged by: their stamps, the clock or the batches that the data
//! tell, and the record that ends the run. Invariant: nothing behind that record moves any time.

use super::front::SourceWorker;
use super::ledger::{Account, Ends};
use super::meter::{Meter, floor, last_of};
use super::{FAR_READING, FAR_TIME, NO_READING, NO_TIME, Shared};
use crate::bytes::Span;
use crate::bytes::time::is_leap;
use crate::data::step::Counts;
use crate::data::time::EVENT_TIMES;
use crate::data::{Bitmap, Chunk, Column, ColumnV, Selection};
use crate::expr::{Arrivals, EvalContext, Expr};
use crate::formats::Bad;
use crate::plan::node::{Batching, Made, Times};
use std::sync::atomic::Ordering;

/// Where a record begins in its block, and how far time has come in front of it: the source's, and that of the clock
/// beside it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct InFront {
    begin: usize,
    time: i64,
    clock: i64,
    /// The batch that it is in.
    batch: i64,
}

impl SourceWorker<'_> {
    /// Event times, and the watermark that each row is judged by. `long`: so many records are bad beside those of the
    /// chunk, behind them.
    pub(super) fn times(
        &mut self,
        shared: &Shared<'_>,
        chunk: &mut Chunk,
        bad: &mut Vec<Bad>,
        long: u64,
        account: &mut Account,
    ) -> bool {
        let source = self.source;
        let n = chunk.rows.len();
        let stamps = match &source.time {
            Some(Times::Event { .. }) => {
                let mut at = self.at.take();
                let of = (NO_TIME, FAR_TIME);
                let stamps = self.stamps(at.as_mut(), of, shared, chunk, bad);
                self.at = at;
                Some(stamps)
            }
            _ => None,
        };
        let clock = source.clock.as_ref().or(source.time.as_ref());
        let shown = clock.map_or(Shown::Nothing, |clock| {
            self.shown(clock, shared, chunk, bad)
        });
        // Which rows are bad is known, and nobody knows of the others yet.
        let Some(upto) = upto_end(shared, chunk, bad, long, account) else {
            return false;
        };
        let Some(time) = &source.time else {
            return true;
        };
        let meter = &shared.meters[chunk.block.source as usize];
        let beside = &shared.clocks[chunk.block.source as usize];
        let (place, arrival) = (chunk.block.place, chunk.block.arrival);
        let may_end = self.limited && shared.meters.len() == 1;
        let may_be_held = may_end || shared.ledger.awaits_accounts();
        // How far each has come in front of the block.
        let reached = may_be_held.then(|| {
            let clock = source.clock.as_ref();
            let clock = clock.and_then(|clock| beside.mark(clock, arrival));
            (meter.mark(time, arrival), clock)
        });
        match time {
            Times::Arrival => {
                chunk.times = Some(vec![arrival; n]);
                chunk.before = self.judged.then(|| vec![arrival; n]);
            }
            Times::Event { .. } => {
                chunk.times = stamps;
                // The clock that triggers go by tells itself too.
                if let Some(clock) = &source.clock {
                    match arrivals(clock, beside, shown, chunk, upto) {
                        None => return false,
                        Some(times) => chunk.clocks = Some(times),
                    }
                }
            }
            arrival => match arrivals(arrival, meter, shown, chunk, upto) {
                None => return false,
                Some(times) => {
                    // By arrival the watermark is the clock, and a record shows it before it is looked at.
                    chunk.clocks = self.judged.then(|| times.clone());
                    chunk.before = Some(times.clone());
                    chunk.times = Some(times);
                }
            },
        }
        let Some(times) = &chunk.times else {
            return true;
        };
        let (clock, shown) = match (&source.clock, &chunk.clocks) {
            (Some(clock), Some(clocks)) => (clock, clocks),
            _ => (time, times),
        };
        if let (Some(step), Some(row)) = (clock.batch(), chunk.live.iter().last()) {
            let batch = shown[row as usize].div_euclid(step);
            shared.last_batch.fetch_max(batch, Ordering::Relaxed);
            if let (Some(_), Some(first)) = (shared.marks, shared.first_batch_by_row()) {
                shared.out.mark_from(first.div_euclid(step));
            }
        }
        if source.since.is_some() || source.until.is_some() {
            let (since, until) = (
                source.since.unwrap_or(i64::MIN),
                source.until.unwrap_or(i64::MAX),
            );
            // A batch's rows have the time of its end.
            let add = i64::from(matches!(time, Times::Batch { .. }));
            chunk
                .live
                .retain(|row| (since..until).contains(&(times[row as usize] + add)));
        }
        if let Times::Event {
            disorder,
            auto,
            ahead,
            ..
        } = time
        {
            let cap = ahead.map_or(i64::MAX, |ahead| arrival.saturating_add(ahead));
            let before = match (disorder, auto) {
                (_, true) => meter.auto(place, times, &chunk.live, cap),
                (Some(disorder), _) => meter.events(place, times, &chunk.live, *disorder, cap),
                _ => Some(Vec::new()),
            };
            match before {
                None => return false,
                Some(before) if before.is_empty() && n > 0 => {}
                Some(before) => chunk.before = Some(before),
            }
        }
        self.in_front.clear();
        if let Some((reached, clock_reached)) = reached {
            let own = in_front(time, chunk.times.as_deref(), reached, chunk);
            let clocks = source.clock.as_ref().map_or_else(Vec::new, |clock| {
                in_front(clock, chunk.clocks.as_deref(), clock_reached, chunk)
            });
            let rows = chunk.live.iter().zip(own).enumerate();
            let step = clock.batch();
            self.in_front.extend(rows.map(|(i, (row, time))| InFront {
                begin: chunk.record(row).start(),
                time,
                clock: clocks.get(i).copied().unwrap_or(i64::MAX),
                batch: step.map_or(i64::MAX, |step| shown[row as usize].div_euclid(step)),
            }));
            if let (true, Some(after)) = (may_end, after(time, chunk, arrival)) {
                self.in_front.push(InFront {
                    begin: usize::MAX,
                    time: after,
                    clock: i64::MAX,
                    batch: i64::MAX,
                });
            }
        }
        for &(made, field) in &source.made {
            let column = match made {
                Made::Time => chunk.times.as_deref().map(|times| shown_times(times, time)),
                Made::Watermark => chunk.before.as_ref().map(|before| {
                    let mut valid = crate::data::Bitmap::new(n, true);
                    for (row, at) in before.iter().enumerate() {
                        valid.set(row, *at != i64::MIN);
                    }
                    ColumnV {
                        valid: Some(valid),
                        ..shown_times(before, time)
                    }
                }),
                _ => continue,
            };
            chunk.set_column(field, column.unwrap_or_else(|| ColumnV::nulls(n)));
        }
        true
    }

    /// Of the block read last nothing counts from the record on that begins there: the time of its source is held in front
    /// of that.
    pub fn hold(&self, shared: &Shared<'_>, source: u32, begin: usize) {
        let behind = self.in_front.partition_point(|row| row.begin < begin);
        if let Some(first) = self.in_front.get(behind) {
            shared.meters[source as usize].hold(first.time);
            shared.clocks[source as usize].hold(first.clock);
        }
        if let Some(last) = behind.checked_sub(1).map(|last| &self.in_front[last]) {
            shared.batch_held.fetch_min(last.batch, Ordering::Relaxed);
        }
    }

    /// What the data tell of times of arrival.
    fn shown(
        &mut self,
        times: &Times,
        shared: &Shared<'_>,
        chunk: &mut Chunk,
        bad: &mut Vec<Bad>,
    ) -> Shown {
        match times {
            Times::Clock { .. } => {
                let mut clock = self.clock.take();
                let of = (NO_READING, FAR_READING);
                let readings = self.stamps(clock.as_mut(), of, shared, chunk, bad);
                self.clock = clock;
                Shown::Readings(readings)
            }
            Times::Batch {
                by: Batching::Marks(regex),
                ..
            } => take_marks(regex, chunk, bad, &mut self.void),
            _ => Shown::Nothing,
        }
    }

    /// The stamps of the rows; those without one are bad, and those with one that is too far.
    fn stamps(
        &mut self,
        at: Option<&mut Expr>,
        (no_time, far_time): (&'static str, &'static str),
        shared: &Shared<'_>,
        chunk: &mut Chunk,
        bad: &mut Vec<Bad>,
    ) -> Vec<i64> {
        let n = chunk.rows.len();
        let Some(at) = at else {
            return vec![0; n];
        };
        let mut cx = EvalContext {
            now: shared.began,
            arrivals: Arrivals::default(),
            counts: &mut self.unheeded,
        };
        let column = at.eval(chunk, &mut cx);
        let stamps = match &column.data {
            Column::Nanos(times) => times.as_slice(),
            _ => &[],
        };
        // As a rule all are good, rows that are not looked at too, whose stamp is 0: then no row is judged by itself.
        let outside = stamps.iter().map(|stamp| !EVENT_TIMES.contains(stamp));
        let any_outside = outside.fold(false, |any, outside| any | outside);
        if any_outside || column.valid.is_some() {
            let mut live = std::mem::take(&mut chunk.live);
            let mut unread = Vec::new();
            live.retain(|row| {
                let stamp = stamps.get(row as usize);
                let is_read = column.is_valid(row as usize);
                let good = is_read && stamp.is_none_or(|stamp| EVENT_TIMES.contains(stamp));
                if !is_read {
                    unread.push(row);
                } else if !good {
                    bad.push(Bad {
                        row,
                        column: 0,
                        what: far_time,
                    });
                }
                good
            });
            chunk.live = live;
            let far = far_times(at, chunk, &unread);
            bad.extend(unread.iter().zip(far).map(|(&row, far)| Bad {
                row,
                column: 0,
                what: if far { far_time } else { no_time },
            }));
        }
        match column.data {
            Column::Nanos(times) => times,
            _ => vec![0; n],
        }
    }
}

/// Takes the lines that end a batch out of the rows, into `void`; what is wrong with them is no matter. Returns how many
/// stand before each row, and how many there are.
fn take_marks(
    regex: &regex::bytes::Regex,
    chunk: &mut Chunk,
    bad: &mut Vec<Bad>,
    void: &mut Vec<u32>,
) -> Shown {
    let mut marks = 0;
    let mut ends = Vec::with_capacity(chunk.rows.len() + 1);
    let mut is_mark = vec![false; chunk.rows.len()];
    for row in 0..chunk.rows.len() as u32 {
        ends.push(marks);
        if regex.is_match(chunk.line(row)) {
            marks += 1;
            is_mark[row as usize] = true;
        }
    }
    ends.push(marks);
    if marks > 0 {
        chunk.live.retain(|row| !is_mark[row as usize]);
        bad.retain(|bad| !is_mark[bad.row as usize]);
        let rows = 0..chunk.rows.len() as u32;
        void.extend(rows.filter(|row| is_mark[*row as usize]));
        void.sort_unstable();
        void.dedup();
    }
    Shown::Marks(ends)
}

/// What the data tell of times of arrival.
enum Shown {
    Nothing,
    /// Of a clock, by row.
    Readings(Vec<i64>),
    /// Ends of batches in front of each row, and of what is behind the last.
    Marks(Vec<u64>),
}

/// Times of arrival where they are not simply the block's; nothing counts from row `upto` on. `None`: the run is being
/// abandoned.
fn arrivals(
    times: &Times,
    meter: &Meter,
    shown: Shown,
    chunk: &Chunk,
    upto: usize,
) -> Option<Vec<i64>> {
    let n = chunk.rows.len();
    let (place, arrival) = (chunk.block.place, chunk.block.arrival);
    match (times, shown) {
        (Times::Clock { batch, .. }, Shown::Readings(readings)) => {
            meter.clock(place, &readings, &chunk.live, *batch)
        }
        (Times::Batch { by, step }, shown) => match (by, shown) {
            (Batching::Lines(size), _) => {
                let mut ends = vec![0; n];
                for (i, row) in chunk.live.iter().enumerate() {
                    ends[row as usize] = i as u64;
                }
                let records = chunk.live.len() as u64;
                meter.counted(place, &ends, records, *size, *step)
            }
            (_, Shown::Marks(mut ends)) => {
                let marks = ends[upto];
                ends.truncate(n);
                meter.counted(place, &ends, marks, 1, *step)
            }
            _ => Some(vec![last_of(arrival, Some(*step)); n]),
        },
        _ => Some(vec![arrival; n]),
    }
}

/// How far time has come in front of each row that is looked at; `reached`: in front of the block.
fn in_front(time: &Times, times: Option<&[i64]>, reached: Option<i64>, chunk: &Chunk) -> Vec<i64> {
    let mut reached = reached.unwrap_or(i64::MIN);
    let in_front = |row: u32| {
        let own = times.map_or(i64::MAX, |times| floor(times[row as usize], time.batch()));
        match time {
            Times::Event { .. } => {
                let before = chunk.before.as_ref();
                before.map_or(i64::MAX, |before| before[row as usize])
            }
            // What a row shows counts for those behind it.
            Times::Clock { .. } => std::mem::replace(&mut reached, own),
            Times::Batch { .. } => own,
            Times::Arrival => i64::MAX,
        }
    };
    chunk.live.iter().map(in_front).collect()
}

/// How far time has come behind the last row that is looked at; whether that ends a batch shows the row behind.
fn after(time: &Times, chunk: &Chunk, arrival: i64) -> Option<i64> {
    let last = chunk.live.iter().last()? as usize;
    let (disorder, ahead) = match time {
        Times::Event {
            disorder, ahead, ..
        } => (disorder, ahead),
        Times::Clock { .. } | Times::Batch { .. } => {
            let at = chunk.times.as_ref()?[last];
            return Some(floor(at, time.batch()));
        }
        Times::Arrival => return None,
    };
    let before = chunk.before.as_ref()?[last];
    let at = chunk.times.as_ref()?[last];
    let counts = ahead.is_none_or(|ahead| at <= arrival.saturating_add(ahead));
    Some(match disorder {
        Some(disorder) if counts => before.max(at.saturating_sub(*disorder)),
        _ => before,
    })
}

/// Takes out of a chunk that was just read what stands from the record on that ends the run, if a number of bad ones
/// does; returns how many rows stand in front. `None`: the run is being abandoned.
fn upto_end(
    shared: &Shared<'_>,
    chunk: &mut Chunk,
    bad: &[Bad],
    long: u64,
    account: &mut Account,
) -> Option<usize> {
    let n = chunk.rows.len();
    if !shared.ledger.ends_by_count() {
        return Some(n);
    }
    let count = bad.len() as u64 + long;
    let before = shared.ledger.before(chunk.block.number, count)?;
    account.before = Some(before);
    let upto = match shared.ledger.ends(before, count) {
        Ends::Behind => n,
        Ends::Before => 0,
        Ends::With(at) => {
            let mut rows: Vec<u32> = bad.iter().map(|bad| bad.row).collect();
            rows.sort_unstable();
            rows.get(at as usize).map_or(n, |row| *row as usize)
        }
    };
    chunk.live.retain(|row| (row as usize) < upto);
    Some(upto)
}

/// Which of these rows, whose stamps cannot be read, have one that only is too far from 1970: it can be read with
/// another year, and a long number as 0.
#[cold]
fn far_times(at: &mut Expr, chunk: &Chunk, rows: &[u32]) -> Vec<bool> {
    let mut nearer = Chunk::default();
    nearer.rows = vec![Span::default(); rows.len()];
    nearer.live = Selection::All(rows.len() as u32);
    let mut text = Vec::new();
    for &field in &at.fields {
        let Some(column) = chunk.column(field) else {
            continue;
        };
        let Column::Bytes(spans) = &column.data else {
            continue;
        };
        let mut valid = Bitmap::new(rows.len(), true);
        let cells = rows.iter().enumerate().map(|(i, &row)| {
            let from = text.len();
            match column.is_valid(row as usize) {
                true => brought_nearer(chunk.bytes(spans[row as usize]), &mut text),
                false => valid.set(i, false),
            }
            Span::scratch(from, text.len() - from)
        });
        let data = Column::Bytes(cells.collect());
        let valid = Some(valid);
        nearer.set_column(field, ColumnV { data, valid });
    }
    nearer.set_scratch(text);
    let mut cx = EvalContext {
        now: 0,
        arrivals: Arrivals::default(),
        counts: &mut Counts::default(),
    };
    let read = at.eval(&mut nearer, &mut cx);
    (0..rows.len()).map(|row| read.is_valid(row)).collect()
}

/// A text whose numbers of four digits are years that can be told, and whose longer ones than of seconds of our days are 0.
fn brought_nearer(text: &[u8], out: &mut Vec<u8>) {
    for run in text.chunk_by(|one, next| one.is_ascii_digit() == next.is_ascii_digit()) {
        let number = || {
            run.iter()
                .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
        };
        out.extend_from_slice(match run {
            [b'0'..=b'9', ..] if run.len() > 10 => b"0",
            [b'0'..=b'9', _, _, _] if is_leap(i64::from(number())) => b"2000",
            [b'0'..=b'9', _, _, _] => b"2001",
            other => other,
        });
    }
}

/// Times as they are shown: a batch carries its end, behind the last instant of it.
fn shown_times(times: &[i64], of: &Times) -> ColumnV {
    let later = i64::from(of.batch().is_some());
    let shown = times.iter().map(|at| at.saturating_add(later));
    ColumnV::new(Column::Nanos(shown.collect()))
}
