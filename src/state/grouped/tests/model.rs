//! The rules as plain loops over rows: what windows print, by EVENT-TIME 2.3 to 2.6. Invariant: it shares nothing with
//! the process but the description of the grouping.

use super::Row;
use crate::plan::grouping::{Grouping, Panes, Shape};
use crate::plan::node::{Extent, Window};

/// A window of the model.
#[derive(Clone, Debug)]
struct Open {
    key: u8,
    start: i64,
    end: i64,
    /// Row numbers, in input order.
    all: Vec<usize>,
    new: Vec<usize>,
    printed: bool,
    pane: u32,
    late: u64,
    standing: Vec<String>,
}

struct Model<'a> {
    rows: &'a [Row],
    plan: &'a Grouping,
    open: Vec<Open>,
    out: Vec<String>,
    late: u64,
}

impl Model<'_> {
    fn values(numbers: &[usize]) -> String {
        let mut numbers = numbers.to_vec();
        // `join` goes by time, then place.
        numbers.sort();
        let words: Vec<String> = numbers.iter().map(usize::to_string).collect();
        words.join(",")
    }

    /// EVENT-TIME 2.5: panes are numbered from 0; a retract pane withdraws what stands.
    fn print(&mut self, at: usize, kind: &str) {
        let open = &self.open[at];
        let of: Vec<usize> = match self.plan.shape {
            Shape::LookBack(back) => self
                .open
                .iter()
                .filter(|other| other.key == open.key)
                .filter(|other| other.end >= open.end - back && other.end <= open.end)
                .flat_map(|other| other.all.clone())
                .collect(),
            _ if self.plan.panes == Panes::Discard => open.new.clone(),
            _ => open.all.clone(),
        };
        let row = format!(
            "[{},{}) k{} {} {kind} {}",
            open.start,
            open.end,
            open.key,
            Self::values(&of),
            open.pane
        );
        let open = &mut self.open[at];
        for old in std::mem::take(&mut open.standing) {
            self.out.push(format!("-{old}"));
        }
        self.out.push(format!("+{row}"));
        open.pane += 1;
        open.new.clear();
        if self.plan.panes == Panes::Retract {
            open.standing.push(row);
        }
    }

    /// EVENT-TIME 2.4: `[s,e)` fires when W >= e, a session (a look back) when W > e.
    fn reaches(&self, watermark: i64, end: i64) -> bool {
        match self.plan.shape {
            Shape::Session { .. } | Shape::LookBack(_) => watermark > end,
            _ => watermark >= end,
        }
    }

    /// Rows by the instant they close at, then key, then start: INTERFACE 9.1.
    fn close(&mut self, watermark: i64) {
        let mut due: Vec<usize> = (0..self.open.len())
            .filter(|&i| !self.open[i].printed && self.reaches(watermark, self.open[i].end))
            .collect();
        due.sort_by_key(|&i| {
            let open = &self.open[i];
            (open.end, open.key, open.start)
        });
        for at in due {
            self.print(at, "on_time");
            self.open[at].printed = true;
        }
        // EVENT-TIME 2.4: state is freed when W has come L further.
        let back = match self.plan.shape {
            Shape::LookBack(back) => back,
            _ => 0,
        };
        let kept = self.plan.lateness + back;
        let open = std::mem::take(&mut self.open);
        let stays = |open: &Open| !self.reaches(watermark, open.end.saturating_add(kept));
        self.open = open.into_iter().filter(stays).collect();
    }

    fn came(&mut self, at: usize, row: usize, passed: bool) {
        let open = &mut self.open[at];
        open.all.push(row);
        open.new.push(row);
        if passed {
            open.printed = true;
            return self.came_late(at);
        }
        // EVENT-TIME 2.5: at the record that makes N new ones.
        if self
            .plan
            .every_records
            .is_some_and(|every| open.new.len() as u64 >= every)
        {
            self.print(at, "early");
        }
    }

    /// EVENT-TIME 2.5: per late-but-allowed record, or every N, or off.
    fn came_late(&mut self, at: usize) {
        let open = &mut self.open[at];
        open.late += 1;
        if self.plan.late_every > 0 && open.late >= self.plan.late_every {
            open.late = 0;
            self.print(at, "late");
        }
    }

    fn begin(&mut self, key: u8, start: i64, end: i64) -> usize {
        self.open.push(Open {
            key,
            start,
            end,
            all: Vec::new(),
            new: Vec::new(),
            printed: false,
            pane: 0,
            late: 0,
            standing: Vec::new(),
        });
        self.open.len() - 1
    }

    /// EVENT-TIME 2.3: tumble, hop, grow; late when all windows are over.
    fn fixed(&mut self, number: usize) {
        let Row { time, key, before } = self.rows[number];
        let mut windows = Vec::new();
        for s in time - 100..=time {
            match &self.plan.shape {
                Shape::Grid(Window {
                    size: Extent::Fixed(size),
                    slide: Extent::Fixed(slide),
                    offset,
                    grow: None,
                }) => {
                    if (s - offset).rem_euclid(*slide) == 0 && time < s + size {
                        windows.push((s, s + size));
                    }
                }
                Shape::Grid(Window {
                    size: Extent::Fixed(size),
                    grow: Some(Extent::Fixed(step)),
                    ..
                }) => {
                    if s.rem_euclid(*size) == 0 && time < s + size {
                        let ends = (1..=size / step).map(|k| s + k * step);
                        windows.extend(ends.filter(|end| *end > time).map(|end| (s, end)));
                    }
                }
                _ => panic!("no fixed windows"),
            }
        }
        let all = windows.len();
        windows.retain(|(_, end)| before < *end + self.plan.lateness);
        self.late += u64::from(all > 0 && windows.is_empty());
        for (start, end) in windows {
            let found = self
                .open
                .iter()
                .position(|open| (open.key, open.start, open.end) == (key, start, end));
            let at = found.unwrap_or_else(|| self.begin(key, start, end));
            self.came(at, number, before >= end);
        }
    }

    /// EVENT-TIME 2.3: a record joins what is at most g away; lateness is judged on the merged window.
    fn session(&mut self, number: usize, gap: i64, max: Option<i64>) {
        let Row { time, key, before } = self.rows[number];
        let (mut first, mut last) = (time, time);
        let mut near: Vec<usize> = (0..self.open.len())
            .filter(|&i| {
                let open = &self.open[i];
                open.key == key && time >= open.start - gap && time <= open.end
            })
            .collect();
        near.sort_by_key(|&i| (self.open[i].start, self.open[i].end));
        near.retain(|&i| {
            let open = &self.open[i];
            let (one, other) = (first.min(open.start), last.max(open.end - gap));
            let joins = max.is_none_or(|max| other - one < max);
            if joins {
                (first, last) = (one, other);
            }
            joins
        });
        let end = last + gap;
        if before > end + self.plan.lateness {
            self.late += 1;
            return;
        }
        let mut joined = match near.as_slice() {
            [] => {
                let at = self.begin(key, first, end);
                self.open.swap_remove(at)
            }
            [one] => self.open[*one].clone(),
            [one, others @ ..] => {
                let mut joined = self.open[*one].clone();
                // EVENT-TIME 2.5: counts add, the joined window is new.
                joined.pane = 0;
                for &other in others {
                    let other = self.open[other].clone();
                    joined.all.extend(other.all);
                    joined.new.extend(other.new);
                    joined.late += other.late;
                    joined.standing.extend(other.standing);
                }
                joined
            }
        };
        let mut index = 0;
        self.open.retain(|_| {
            index += 1;
            !near.contains(&(index - 1))
        });
        let passed = before > end;
        (joined.start, joined.end) = (first, end);
        joined.printed &= passed;
        self.open.push(joined);
        self.came(self.open.len() - 1, number, passed);
    }

    /// EVENT-TIME 2.3: one row for each distinct t, over t - D <= t' <= t.
    fn look_back(&mut self, number: usize, back: i64) {
        let Row { time, key, before } = self.rows[number];
        if before > time + self.plan.lateness {
            self.late += 1;
            return;
        }
        let found = self
            .open
            .iter()
            .position(|open| (open.key, open.end) == (key, time));
        let at = found.unwrap_or_else(|| self.begin(key, time - back, time));
        self.open[at].all.push(number);
        if before <= time {
            return;
        }
        self.open[at].printed = true;
        let mut again: Vec<usize> = (0..self.open.len())
            .filter(|&i| {
                let open = &self.open[i];
                open.key == key && open.printed && open.end >= time && open.end - back <= time
            })
            .collect();
        again.sort_by_key(|&i| self.open[i].end);
        for at in again {
            self.came_late(at);
        }
    }
}

pub fn model(rows: &[Row], plan: &Grouping) -> (Vec<String>, u64) {
    let mut model = Model {
        rows,
        plan,
        open: Vec::new(),
        out: Vec::new(),
        late: 0,
    };
    for (number, row) in rows.iter().enumerate() {
        model.close(row.before);
        match plan.shape {
            Shape::Session { gap, max } => model.session(number, gap, max),
            Shape::LookBack(back) => model.look_back(number, back),
            _ => model.fixed(number),
        }
    }
    model.close(i64::MAX);
    let mut out = model.out;
    if plan.panes != Panes::Retract {
        out.retain(|row| row.starts_with('+'));
    }
    (out, model.late)
}

/// EVENT-TIME 2.3: tumbling clears, sliding prints at each Mth record over the last N; a part window at the end.
pub fn counted(rows: &[Row], size: usize, slide: Option<usize>, partial: bool) -> Vec<String> {
    let mut out = Vec::new();
    let mut of: Vec<Vec<usize>> = vec![Vec::new(); 256];
    let row =
        |key: usize, numbers: &[usize]| format!("+k{key} {} on_time 0", Model::values(numbers));
    for (number, of_row) in rows.iter().enumerate() {
        let key = of_row.key as usize;
        of[key].push(number);
        let n = of[key].len();
        match slide {
            None if n == size => {
                out.push(row(key, &of[key]));
                of[key].clear();
            }
            Some(slide) if n.is_multiple_of(slide) => {
                out.push(row(key, &of[key][n.saturating_sub(size)..]));
            }
            _ => {}
        }
    }
    for (key, of) in of.iter().enumerate() {
        // A part window is what there is of the next one.
        let from = match slide {
            None => 0,
            Some(slide) => ((of.len() / slide + 1) * slide).saturating_sub(size),
        };
        let is_begun = slide.is_none_or(|slide| !of.len().is_multiple_of(slide));
        if partial && is_begun && from < of.len() {
            out.push(row(key, &of[from..]));
        }
    }
    out
}
