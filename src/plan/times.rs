//! Where rows have their times from, and whether a chain needs them. Reads no clock. Invariant: a plan has
//! times only if something in it asks for them.

use super::builder::Builder;
use super::names;
use super::node::Times;
use super::scopes::Windows;
use crate::bytes::time::Shape;
use crate::data::time::SECOND;
use crate::data::{Field, FieldId, Schema, Type};
use crate::error::Usage;
use crate::expr::{self, Env, Expr};

/// How far records of live input may come out of order, unless `--watermark` says.
const DISORDER_LIVE: i64 = 5 * SECOND;

/// How far ahead of the clock a stamp of live input may move the watermark, unless `--max-ahead` says.
const AHEAD_LIVE: i64 = 3600 * SECOND;

/// Names under which json and logfmt mostly have their time.
const GUESSES: [&str; 4] = ["@timestamp", "timestamp", "ts", "time"];

impl Builder<'_> {
    /// Finds what the options and the format say about time.
    pub(super) fn begin_times(&mut self) -> Result<(), Usage> {
        self.begin_arrival()?;
        if let Some(pattern) = &self.options.time_regex {
            self.name = "--time-regex".into();
            let line = format!("extract($0, /{}/)", slashes_escaped(pattern));
            let at = self.expression(&line).map_err(|mut usage| {
                usage.place = None;
                usage
            })?;
            self.times = Some(self.event(at, Shape::Detect));
        } else if let Some(spec) = &self.options.time {
            self.name = "--time".into();
            if spec == "arrival" {
                self.times = Some(self.arrival.clone());
                return Ok(());
            }
            let (field, shape) = self.time_spec(spec)?;
            let at = self.expression_at(&field, &field, 0)?;
            self.times = Some(self.event(at, shape));
        } else if let Some((field, shape)) = self.format.time() {
            self.name = "--time".into();
            let at = match self.schema.find(field) {
                Some(id) => self.field_expr(id),
                None => self.expression(field)?,
            };
            self.times = Some(self.event(at, shape));
        } else if self.rest.is_some() {
            let guess = GUESSES.iter().find_map(|guess| {
                let name = names::quoted(guess);
                self.first_record.contains(&name).then_some((name, guess))
            });
            if let Some((name, guess)) = guess {
                let at = self.expression(&name)?;
                self.guessed = Some((guess.to_string(), at));
            }
            if self.options.takes_guess {
                self.need_times()?;
                self.timed = false;
            }
        }
        Ok(())
    }

    /// `FIELD[:FORMAT]`.
    fn time_spec(&self, spec: &str) -> Result<(String, Shape), Usage> {
        let mut quoted = false;
        let colon = spec.char_indices().find_map(|(i, c)| {
            quoted ^= c == '`';
            (c == ':' && !quoted).then_some(i)
        });
        let (field, shape) = match colon {
            Some(at) => (
                &spec[..at],
                Shape::parse_spec(&spec[at + 1..])
                    .map_err(|message| self.fault_at(spec, at + 1..spec.len(), message))?,
            ),
            None => (spec, Shape::Detect),
        };
        let made = ["@time", "@watermark", "@file", "@line"].contains(&field);
        if field.starts_with('@') && !made {
            return Ok((names::quoted(field), shape));
        }
        Ok((field.into(), shape))
    }

    /// A time of `--clock`: a field, read as `--time` is.
    pub(super) fn time_field(&mut self, spec: &str) -> Result<Expr, Usage> {
        let (field, mut shape) = self.time_spec(spec)?;
        if let (Shape::Detect, Some(time)) = (&shape, &self.options.time)
            && time != "arrival"
        {
            (_, shape) = self.time_spec(time)?;
        }
        let at = self.expression_at(&field, &field, 0)?;
        Ok(match at.ty {
            Type::Time => at,
            _ => at.into_time(shape, &self.options.zone),
        })
    }

    fn event(&self, at: Expr, shape: Shape) -> Times {
        let auto = self.options.watermark_auto;
        let disorder = match self.options.watermark {
            Some(ns) => Some(ns),
            None if auto => None,
            // What is sorted has no disorder.
            None if self.options.merge_sorted => Some(0),
            None if self.options.live => Some(DISORDER_LIVE),
            None => None,
        };
        let at = match at.ty {
            Type::Time => at,
            _ => at.into_time(shape, &self.options.zone),
        };
        Times::Event {
            at,
            disorder,
            auto,
            ahead: self
                .options
                .live
                .then(|| self.options.max_ahead.unwrap_or(AHEAD_LIVE)),
        }
    }

    /// The operator at hand works on the times of the source's rows.
    pub(super) fn need_times(&mut self) -> Result<(), Usage> {
        if self.times.is_none() {
            self.times = Some(self.choose_times()?);
        }
        self.timed = true;
        self.mean_times(None)
    }

    /// Where something forgets by the clock for want of times, and now more is asked of them: the chain is built once more
    /// by the times of its records, or they have none. `what` asks.
    fn mean_times(&mut self, what: Option<&str>) -> Result<(), Usage> {
        if !std::mem::take(&mut self.lapsed) {
            return Ok(());
        }
        self.wants_guess = self.guessed.is_some();
        match self.wants_guess || self.arrival_means_something() {
            true => Ok(()),
            false => Err(self.no_times(what.unwrap_or("sizes"))),
        }
    }

    /// `--since` and `--until` are of the times of records.
    pub fn need_range_times(&mut self) -> Result<(), Usage> {
        if self.options.since.is_none() && self.options.until.is_none() {
            return Ok(());
        }
        self.name = "--since and --until".into();
        let has_none = self.times.is_none() || self.lapsed;
        if has_none && self.guessed.is_none() && !self.arrival_means_something() {
            return Err(self.no_times("a range"));
        }
        self.need_times()
    }

    fn no_times(&self, what: &str) -> Usage {
        self.fault(format!(
            "{what} over a regular file need{} a time field; give --time FIELD, or --time arrival if you mean it",
            if what == "sizes" { "" } else { "s" }
        ))
    }

    fn choose_times(&mut self) -> Result<Times, Usage> {
        if let Some((name, at)) = self.guessed.take() {
            self.notes.push(format!("taking event time from '{name}'"));
            return Ok(self.event(at, Shape::Detect));
        }
        match self.arrival_means_something() {
            true => Ok(self.arrival.clone()),
            false => Err(self.no_times("sizes")),
        }
    }

    /// Rows here have times, the source's or a window's.
    pub fn need_row_times(&mut self, what: &str) -> Result<(), Usage> {
        match self.at_source() {
            true => self.need_times(),
            false => self.need_times_of(what),
        }
    }

    /// The operator at hand wants times, of whatever rows.
    pub(super) fn need_times_of(&mut self, what: &str) -> Result<(), Usage> {
        if self.have_times() {
            self.draw_lines()?;
            return match self.of_source() {
                true => self.mean_times(Some(what)),
                false => Ok(()),
            };
        }
        if !self.at_source() {
            let behind = self.aggregate_before().unwrap_or_default().to_string();
            return Err(self.fault(format!("{what}: rows of '{behind}' have no time")));
        }
        if !self.arrival_means_something() {
            return Err(self.no_times(what));
        }
        self.times = Some(self.arrival.clone());
        self.timed = true;
        Ok(())
    }

    /// When a record comes says nothing where all of them lie in files that are read as fast as that goes.
    fn arrival_means_something(&self) -> bool {
        !self.options.regular_files || self.options.live || self.arrival_replays()
    }

    /// Whether rows here have times; if the source has, they are asked for.
    pub(super) fn have_times(&mut self) -> bool {
        match &self.aggregated {
            Some(aggregated) => aggregated.timed,
            None => {
                self.timed |= self.times.is_some();
                self.timed
            }
        }
    }

    /// The same, where those of the arrival are asked for too, if that means anything here.
    pub(super) fn may_have_times(&mut self) -> bool {
        let is_open = self.times.is_none() && self.guessed.is_none();
        if self.at_source() && is_open && self.arrival_means_something() {
            self.times = Some(self.arrival.clone());
        }
        self.have_times()
    }

    /// Makes `@time` and `window_start` fields where a word speaks of them.
    pub(super) fn bring_times(&mut self, source: &str) {
        let speaks = source.contains("window_start") || source.contains("window_end");
        if speaks
            && (self.pending.is_some() || self.shaped.is_some())
            && self.schema.find("window_start").is_none()
        {
            self.assign();
        }
        // Totals of a batch have no bounds.
        let is_bound = |id: FieldId| {
            let field = self.schema.fields.get(id);
            let is_named =
                |field: &Field| field.name.is_empty() || field.name.starts_with("window_");
            field.is_some_and(|field| field.ty == Type::Time && is_named(field))
        };
        let has_bounds = is_bound(0) && is_bound(1);
        let windowed = self.aggregated.as_ref().is_some_and(|last| last.windowed) && has_bounds;
        if !source.contains("@time") || self.schema.find("@time").is_some() {
            return;
        }
        if !windowed && self.aggregated.as_ref().is_some_and(|last| last.timed) {
            let time = Expr::row_time(self.shown_later());
            let id = self.add_field("@time", Type::Time, true);
            self.project(vec![(id, time)]);
        }
        if windowed {
            // The last instant before the window's end; a batch carries its end.
            let last = match self.windows {
                Windows::Batch => "window_end",
                _ => "window_end-1ns",
            };
            let mut schema = Schema::new(vec![
                Field::new("window_start", Type::Time),
                Field::new("window_end", Type::Time),
            ]);
            let mut env = Env {
                schema: &mut schema,
                zone: &self.options.zone,
                functions: &[],
            };
            let last = expr::parse(last).and_then(|ast| expr::compile(&ast, &mut env));
            if let Ok(last) = last {
                let id = self.add_field("@time", Type::Time, true);
                self.project(vec![(id, last)]);
            }
        }
    }

    /// `@time` and `@watermark` of the source's rows need its times.
    pub(super) fn need_times_for(&mut self, expr: &Expr) -> Result<(), Usage> {
        if !self.at_source() {
            return Ok(());
        }
        let asked = expr.fields.iter().find_map(|&id| {
            let name = self.source.fields[id].name.as_str();
            ["@time", "@watermark"]
                .into_iter()
                .find(|made| *made == name)
        });
        match asked {
            Some(name) => self.need_times_of(name),
            None => Ok(()),
        }
    }
}

/// A pattern as it stands between slashes.
fn slashes_escaped(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut escaped = false;
    for c in pattern.chars() {
        if c == '/' && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}
