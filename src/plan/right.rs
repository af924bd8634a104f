//! The other stream of a join, lookup or union: its own fields, times and keys, and the names under which the
//! chain knows them (`sides`). Opens nothing itself: what it must know of the input is asked of [`Look`].
//! Invariant: equal keys of both sides have equal bytes.

use super::builder::{Builder, Options};
use super::columns::split_pair;
use super::grouping::Shape;
use super::names;
use super::node::{Begun, Matching, NodeKind, Right, Source, Times, Turn, Window};
use super::replay::Answers;
use super::scopes::Windows;
use crate::data::{FieldId, Schema, Type};
use crate::error::Usage;
use crate::expr::{self, Expr};
use crate::formats::ReadFormat;
use crate::formats::merge::Merge;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// Opens another source far enough to know its fields: its word, and the word of its format where one was given.
#[derive(Clone, Default)]
pub struct Look(pub Option<LookFn>);

pub type LookFn = Rc<dyn Fn(&str, Option<&str>) -> Result<Looked, Usage>>;

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Look")
    }
}

impl Look {
    /// The same, for one more build of a chain.
    pub fn again(&self, seen: &Answers<Looked>) -> Look {
        let seen = seen.from_start();
        let again = |look: LookFn| -> LookFn {
            Rc::new(move |word, format| seen.next(|| look(word, format)))
        };
        Look(self.0.clone().map(again))
    }
}

/// What is known of another source before it is read.
#[derive(Clone)]
pub struct Looked {
    pub format_name: String,
    pub format: Arc<dyn ReadFormat>,
    /// Its first record.
    pub first: Option<Vec<u8>>,
    /// What will not come again.
    pub begun: Option<Begun>,
    /// It does not end, or cannot be known to.
    pub live: bool,
}

/// The other stream as an operator's words say it.
#[derive(Copy, Clone, Debug, Default)]
pub struct Other<'w> {
    pub word: &'w str,
    pub format: Option<&'w str>,
    pub time: Option<&'w str>,
    /// ns.
    pub watermark: Option<i64>,
    pub prefix: Option<&'w str>,
}

/// The other stream while the chain is lowered.
pub struct OtherStream {
    pub(super) prefix: String,
    /// `--as` was given: all of its fields are printed with the prefix.
    pub(super) named: bool,
    pub(super) builder: Builder<'static>,
    pub live: bool,
    begun: Option<Begun>,
    /// It was asked for its first record and had none yet.
    unborn: bool,
    /// Why it has no times where the chain's are told.
    pub(super) timeless: Option<Usage>,
    /// `--right-time` as typed.
    own_time: Option<String>,
}

/// One pair of `--on`.
pub struct On {
    pub left: Expr,
    pub right: Expr,
    /// The name, where both sides call it so.
    pub name: Option<String>,
    /// How the left side's is called.
    pub label: String,
    /// The value of either side, over rows that have both, as typed.
    pub either: String,
}

impl OtherStream {
    /// An expression over its records.
    pub fn expression(&mut self, source: &str) -> Result<Expr, Usage> {
        self.builder.expression(source)
    }

    /// The columns that it would print.
    pub(super) fn columns(&mut self) -> Vec<(String, FieldId)> {
        self.builder.show_first_record();
        let shown = self.builder.shown.iter();
        shown.map(|shown| (shown.name.clone(), shown.id)).collect()
    }

    /// The same as expressions, without those of these names.
    pub fn fields(&mut self, without: &[String]) -> Vec<(String, Expr)> {
        let columns = self.columns();
        let first = self.builder.first_record.iter();
        let known = first.map(|name| names::display(name).to_string());
        self.know(known.chain(without.iter().cloned()).collect());
        let others = columns
            .into_iter()
            .filter(|(name, _)| !without.contains(name));
        others
            .map(|(name, id)| (name, self.builder.field_expr(id)))
            .collect()
    }

    /// Where the names of its fields beyond these are from now on; `None`: it has no others, or they are told.
    pub(super) fn know(&mut self, known: Vec<String>) -> Option<FieldId> {
        let builder = &mut self.builder;
        let is_told = !builder.reads_names() || builder.source.others.is_some();
        (!is_told).then(|| builder.add_others(known))
    }

    /// How a column of it is called in rows that have the left's, too.
    pub fn label(&self, name: &str, clashes: bool) -> String {
        match self.named || clashes {
            true => format!("{}.{name}", self.prefix),
            false => name.into(),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.builder.rest.is_some()
    }

    /// See [`Builder::untold`].
    pub fn untold(&self) -> Option<Type> {
        self.builder.untold()
    }

    /// Its rows have times.
    pub fn need_times(&mut self) -> Result<(), Usage> {
        if let Some(fault) = self.timeless.take() {
            return Err(fault);
        }
        self.builder.need_times()
    }

    /// The input as far as it is known; the rest when the chain is.
    pub fn right(&self, keys: Vec<Expr>, args: Vec<Expr>, turn: Turn) -> Right {
        Right {
            source: Source {
                clock: None,
                merged: false,
                several: false,
                words: self.builder.options.words.clone(),
                reading: String::new(),
                format_name: self.builder.format_name.clone(),
                format: self.builder.format.clone(),
                schema: Schema::default(),
                wanted: Vec::new(),
                made: Vec::new(),
                literal: None,
                literal_json: false,
                begun: self.begun.clone(),
                head: Vec::new(),
                time: None,
                optional: Vec::new(),
                sought: Vec::new(),
                prefixed: Vec::new(),
                since: None,
                until: None,
            },
            keys,
            args,
            into: Vec::new(),
            line: None,
            window: None,
            lateness: 0,
            turn,
            read: Vec::new(),
            merge: None,
        }
    }
}

impl Builder<'_> {
    /// Looks at another source, and what the chain's options say of it.
    pub fn other(&mut self, other: &Other<'_>) -> Result<OtherStream, Usage> {
        let Some(look) = self.options.look.0.clone() else {
            return Err(self.fault("a second source cannot be opened here"));
        };
        let looked = look(other.word, other.format).map_err(|mut usage| {
            usage.message = format!("{}: {}", self.name, usage.message);
            usage
        })?;
        let mut options = Options::clone(&self.options);
        options.words = vec![other.word.into()];
        options.live = looked.live;
        if self.name == "lookup" {
            // A table has no time.
            options.clock = None;
        }
        options.regular_files = !looked.live;
        options.watermark = other.watermark.or(options.watermark);
        if let Some(time) = other.time {
            let shape = options.time.as_deref().and_then(shape_of);
            options.time = Some(match (shape_of(time), shape) {
                (None, Some(shape)) => format!("{time}:{shape}"),
                _ => time.into(),
            });
            options.time_regex = None;
        }
        let make = |options: Options| {
            let format = (looked.format_name.as_str(), looked.format.clone());
            Builder::owning(options, format, looked.first.as_deref())
        };
        let renamed = |mut usage: Usage| {
            if let (Some(_), Some(rest)) = (other.time, usage.message.strip_prefix("--time:")) {
                usage.message = format!("--right-time:{rest}");
            }
            usage.message = format!("{} {}: {}", self.name, other.word, usage.message);
            usage
        };
        let (mut builder, timeless) = match make(options.clone()) {
            Ok(builder) => (builder, None),
            // The chain's time need not be the right side's; whether that matters turns out.
            Err(fault) if other.time.is_none() && options.time.is_some() => {
                options.time = None;
                (make(options).map_err(renamed)?, Some(renamed(fault)))
            }
            Err(fault) => return Err(renamed(fault)),
        };
        builder.begin(&self.name, self.typed.clone());
        Ok(OtherStream {
            prefix: other
                .prefix
                .map_or_else(|| base_name(other.word), str::to_string),
            named: other.prefix.is_some(),
            builder,
            live: looked.live,
            unborn: looked.first.as_ref().is_some_and(Vec::is_empty),
            begun: looked.begun,
            timeless,
            own_time: other.time.map(str::to_string),
        })
    }

    /// `A[=B],…`: what must be equal on both sides.
    pub fn on(&mut self, stream: &mut OtherStream, source: &str) -> Result<Vec<On>, Usage> {
        let mut pairs = Vec::new();
        for (at, part) in names::split_list(source) {
            let (left, right, from) = match split_pair(part) {
                Some((left, right)) => (left, right, part.len() - right.len()),
                None => (part.trim(), part.trim(), 0),
            };
            if let Some(right) = right.strip_prefix('=') {
                let message = format!("one '=' stands between the two names: {left}={right}");
                return Err(self.fault_at(source, at..at + part.len(), message));
            }
            let label = names::display(left).to_string();
            let either = match expr::parse(right) {
                Ok(ast) => {
                    let theirs = super::sides::prefixed(&stream.prefix, &ast).path();
                    theirs.map_or(left.to_string(), |theirs| format!("{left} ?? {theirs}"))
                }
                Err(_) => left.to_string(),
            };
            let name = (names::display(left) == names::display(right))
                .then(|| names::display(left).to_string());
            let lacks = |mut usage: Usage, of: &str| {
                if let Some((what, rest)) = usage.message.split_once("no field ") {
                    let (field, rest) = rest.split_once(';').unwrap_or((rest, ""));
                    let rest = match rest {
                        "" if split_pair(part).is_none() => {
                            "; fields of two names are --on LEFT=RIGHT".into()
                        }
                        "" => String::new(),
                        rest => format!(";{rest}"),
                    };
                    usage.message = format!("{what}no field {field} {of}{rest}");
                }
                usage
            };
            let left = self
                .expression_at(left, source, at)
                .map_err(|usage| lacks(usage, "on the left"))?;
            let word = stream.builder.options.words.join(" ");
            let right = stream
                .builder
                .expression_at(right, source, at + from)
                .map_err(|usage| lacks(usage, &format!("in {word}")))?;
            if left.fields.is_empty() && right.fields.is_empty() {
                self.notes.push(format!(
                    "{}: --on {part} is the same for all records; a field by its place is $1, $2, …",
                    self.name
                ));
            }
            let (left, right) = self
                .alike(left, right)
                .map_err(|message| self.fault_at(source, at..at + part.len(), message))?;
            pairs.push(On {
                left,
                right,
                name,
                label,
                either,
            });
        }
        Ok(pairs)
    }

    /// Two keys in one spelling, so that equal ones have equal bytes.
    fn alike(&self, left: Expr, right: Expr) -> Result<(Expr, Expr), String> {
        let (left, right) = (left.into_key(), right.into_key());
        let number = |ty: &Type| matches!(ty, Type::Number | Type::Float);
        let zone = &self.options.zone;
        let shape = crate::bytes::time::Shape::Detect;
        Ok(match (&left.ty, &right.ty) {
            (Type::Json, Type::Json) => (left, right),
            (one, other) if one.is_bytes() && other.is_bytes() => {
                (left.into_text(), right.into_text())
            }
            (one, other)
                if (number(one) || number(other))
                    && (number(one) || one.is_bytes())
                    && (number(other) || other.is_bytes()) =>
            {
                (left.into_number(), right.into_number())
            }
            (Type::Time, other) if *other == Type::Time || other.is_bytes() => {
                (left, right.into_time(shape, zone))
            }
            (other, Type::Time) if other.is_bytes() => (left.into_time(shape, zone), right),
            (one, other) if one == other => (left, right),
            (Type::Bool, other) | (other, Type::Bool) if other.is_bytes() => {
                (left.into_text(), right.into_text())
            }
            (one, other) => {
                return Err(format!(
                    "a {} is never equal to a {}",
                    one.name(),
                    other.name()
                ));
            }
        })
    }

    /// The other stream's rows are in the windows of the chain's.
    pub fn right_window(&self, stream: &mut OtherStream) -> Result<Option<Window>, Usage> {
        let Some(window) = &self.in_force else {
            return Err(self.fault(
                "only windows of a size have a second source in them; put 'window SIZE' in front, or join --within a time",
            ));
        };
        stream.need_times()?;
        Ok(Some(window.clone()))
    }

    /// Has the other stream's rows enter the windows of this one's.
    pub fn put_right_into(&self, right: &mut Right, window: Option<Window>) {
        let shape = window.clone().map(Shape::Grid);
        right.lateness = shape.map_or(0, |shape| self.lateness_in(&shape));
        right.window = window;
    }

    /// The windows that the other stream's rows enter where rows here are in theirs; `None`: they are in none yet.
    pub fn united_window(&self) -> Result<Option<Window>, Usage> {
        match (&self.in_force, self.windows) {
            (_, Windows::No) => Ok(None),
            (Some(window), Windows::Yes | Windows::Batch) => Ok(Some(window.clone())),
            _ => Err(self.fault(
                "the windows of rows here have no grid that the other stream's records could enter; put it in front of the window",
            )),
        }
    }

    /// How the two lines become one where whole records are written; `None`: the left's is the row's.
    pub fn merging(&self, stream: &OtherStream, on: &[On], kind: Matching) -> Option<Arc<Merge>> {
        if !kind.pairs() || !(self.rest.is_some() || stream.is_open()) {
            return None;
        }
        let shown = self.shown.iter().filter(|shown| !shown.window);
        Some(Arc::new(Merge {
            left: self.rest.clone(),
            columns: match self.rest {
                Some(_) => Vec::new(),
                None => shown.map(|shown| shown.name.clone()).collect(),
            },
            right: stream.builder.rest.clone(),
            prefix: stream.prefix.clone(),
            always: stream.named,
            same: on.iter().filter_map(|on| on.name.clone()).collect(),
            by_prefix: Vec::new(),
            by_name: Vec::new(),
        }))
    }

    /// What is known of the other streams when the chain is whole.
    pub(super) fn finish_sides(&mut self) -> Result<(), Usage> {
        let timed = self.timed && self.times.is_some();
        let by_batch = timed
            && self
                .times
                .as_ref()
                .is_some_and(|times| times.batch().is_some());
        for mut side in std::mem::take(&mut self.sides) {
            let by_arrival = timed && !matches!(self.times, Some(Times::Event { .. }));
            if let (Some(time), true) = (&side.stream.own_time, by_arrival) {
                let word = side.stream.builder.options.words.join(" ");
                let message = format!(
                    "--right-time of {word}: rows are taken by their arrival here; --time FIELD, and a window in place of \
                     a batch, goes by their times"
                );
                return Err(Usage::new(message).at(time, 0..time.len()));
            }
            let builder = &mut side.stream.builder;
            let is_stream = matches!(self.nodes[side.node].kind, NodeKind::Custom(_));
            if is_stream && by_batch {
                // Each source counts its own batches, by the same clock.
                builder.times = Some(builder.arrival.clone());
                builder.timed = true;
            }
            if timed && !builder.timed {
                match (side.union, side.stream.timeless.take()) {
                    (true, Some(fault)) => return Err(fault),
                    (true, None) => builder.need_times()?,
                    (false, _) => builder.timed = builder.times.is_some(),
                }
            }
            let line = builder.line_field();
            let line = builder.field_expr(line);
            let word = builder.options.words.join(" ");
            if side.stream.unborn && is_stream && builder.shows_first {
                self.awaits.push(word.clone());
            }
            let notes = std::mem::take(&mut builder.notes);
            self.notes
                .extend(notes.into_iter().map(|note| format!("{note} of {word}")));
            let Some(right) = right_of_mut(&mut self.nodes[side.node].kind) else {
                continue;
            };
            right.source.time = match builder.timed {
                true => builder.times.take(),
                false => None,
            };
            right.source.schema = std::mem::take(&mut builder.source);
            right.source.since = self.options.since.filter(|_| right.source.time.is_some());
            right.source.until = self.options.until.filter(|_| right.source.time.is_some());
            right.source.sought = std::mem::take(&mut builder.sought);
            right.source.prefixed = std::mem::take(&mut builder.prefixed);
            right.read = std::mem::take(&mut builder.read);
            right.line = Some(line);
        }
        Ok(())
    }
}

pub(super) fn right_of(kind: &NodeKind) -> Option<&Right> {
    match kind {
        NodeKind::Custom(custom) => custom.right.as_deref(),
        NodeKind::Lookup(lookup) => Some(&lookup.right),
        _ => None,
    }
}

pub(super) fn right_of_mut(kind: &mut NodeKind) -> Option<&mut Right> {
    match kind {
        NodeKind::Custom(custom) => custom.right.as_deref_mut(),
        NodeKind::Lookup(lookup) => Some(&mut lookup.right),
        _ => None,
    }
}

/// `clicks` of `data/clicks.ndjson`.
fn base_name(word: &str) -> String {
    let file = word.rsplit('/').next().unwrap_or(word);
    let base = file.split('.').find(|part| !part.is_empty());
    base.unwrap_or("right").to_string()
}

/// The format behind the last colon of `FIELD[:FORMAT]`.
fn shape_of(spec: &str) -> Option<&str> {
    let at = names::last_colon(spec)?;
    Some(&spec[at + 1..])
}
