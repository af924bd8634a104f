//! What an operator is given to lower itself with: the chain so far. Knows the schema, the key, the scope and
//! what is shown at this place; refuses to look at input beyond the first record. Invariant: field ids of
//! the source's rows are those of the source's schema, whatever the fields are called at this place.

use super::again::{Fed, Next};
use super::custom::Aggregated;
use super::grouped::Triggers;
use super::grouping::{Maker, Shape};
use super::hand::Answered;
use super::keys::Key;
use super::names;
use super::node::{AggCall, Node, NodeKind, Output, Plan, Scope, Sink, Source, Times, Window};
use super::output::{self, Shown};
use super::ranking;
use super::regrouped;
use super::right::Look;
use super::scopes::Windows;
use super::sides::Side;
use super::thinned::Thinning;
use super::variables::Load;
use crate::aggs::{self, Need};
use crate::data::paint::Paint;
use crate::data::process::Limits;
use crate::data::time::Zone;
use crate::data::{Field, FieldId, Open, Schema, Type};
use crate::error::Usage;
use crate::expr::{self, Ast, Diagnostic, Env, Expr};
use crate::formats::{self, ReadFormat, Rest};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// The program's options as far as they change what a chain comes down to.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Source words as typed; empty: standard input.
    pub words: Vec<String>,
    /// `--time`: `FIELD[:FORMAT]` or `arrival`.
    pub time: Option<String>,
    pub time_regex: Option<String>,
    /// The time that the first record seems to have is taken: something needs it, and more stands in front.
    pub takes_guess: bool,
    /// `--watermark`, ns, or `auto`.
    pub watermark: Option<i64>,
    pub watermark_auto: bool,
    /// `--max-ahead`, ns.
    pub max_ahead: Option<i64>,
    /// `--clock`: `FIELD[:FORMAT]`.
    pub clock: Option<String>,
    /// `--batch`, ns; `--batch-lines`; `--batch-on`; `--mark-batches`.
    pub batch: Option<i64>,
    pub batch_lines: Option<u64>,
    pub batch_on: Option<regex::bytes::Regex>,
    pub mark_batches: bool,
    /// `--merge-sorted`.
    pub merge_sorted: bool,
    /// `--since` and `--until`, ns since 1970.
    pub since: Option<i64>,
    pub until: Option<i64>,
    pub zone: Zone,
    /// The input does not end, or cannot be known to: pipes, sockets, `-F`, `--once`.
    pub live: bool,
    /// All sources are regular files.
    pub regular_files: bool,
    /// `-o` as typed.
    pub output_format: Option<String>,
    /// `--output`.
    pub output: Option<String>,
    pub append: bool,
    /// `--max-open`.
    pub max_open: Option<usize>,
    /// `-H`.
    pub header: bool,
    pub digits: Option<u8>,
    /// Columns of the terminal, for tables.
    pub width: Option<usize>,
    /// Standard output is a terminal.
    pub terminal: bool,
    /// `--bar` and `--spark`: columns, and how they are drawn.
    pub bar: Option<String>,
    pub spark: Option<String>,
    pub paint: Paint,
    pub exact: bool,
    pub triggers: Triggers,
    /// `--late FILE`: late records are kept.
    pub keeps_late: bool,
    /// `--max-keys` and `--on-full`.
    pub limits: Limits,
    /// Rows say whether they are partial (`--flush`).
    pub flush: bool,
    /// Reads the files that operators name (`--initial`).
    pub load: Option<Load>,
    /// `-x FILE`.
    pub functions: Vec<expr::ast::Function>,
    pub look: Look,
}

/// The chain so far.
pub struct Builder<'a> {
    pub(super) options: Cow<'a, Options>,
    pub(super) format_name: String,
    pub(super) format: Arc<dyn ReadFormat>,
    /// The names in the first record of an open format.
    pub(super) first_record: Vec<String>,
    /// They were asked for, whether there are any or not.
    pub(super) shows_first: bool,
    /// See [`Plan::awaits`].
    pub(super) awaits: Vec<String>,
    /// The source's fields under their own names.
    pub(super) source: Schema,
    /// Which of them the reader finds; others are made by the engine or computed on the way.
    pub(super) read: Vec<bool>,
    /// The fields as they are called at this place.
    pub(super) schema: Schema,
    /// What a sink prints of them, in order.
    pub(super) shown: Vec<Shown>,
    /// The record beyond its fields, while it is still whole: of json and logfmt.
    pub(super) rest: Option<Rest>,
    pub(super) nodes: Vec<Node>,
    /// Final schemas of the parts of the chain that end in an aggregate, by the aggregate's index.
    pub(super) parts: Vec<(usize, Schema)>,
    pub(super) pending: Option<Window>,
    /// The operator that it was typed as, until rows are judged by it.
    pub(super) unjudged: Option<String>,
    /// The window that rows are in, if it is one of a size.
    pub(super) in_force: Option<Window>,
    pub(super) sides: Vec<Side>,
    /// Fields that need not occur, as another stream may have them.
    pub(super) optional: Vec<FieldId>,
    /// See [`Source::sought`] and [`Source::prefixed`].
    pub(super) sought: Vec<FieldId>,
    pub(super) prefixed: Vec<FieldId>,
    /// The window that waits is a batch.
    pub(super) pending_batch: bool,
    /// The operator at hand gives a row for an empty batch too.
    pub(super) empties: bool,
    /// A window of another shape that waits: only state that takes rows in order has it.
    pub(super) shaped: Option<Shape>,
    pub(super) thinning: Thinning,
    /// What the windows of rows here are of beside their bounds: sessions are a key's.
    pub(super) window_keys: Vec<Expr>,
    /// Makes that state.
    pub grouped: Option<Maker>,
    /// And that of rankings that correct themselves.
    pub ranked_again: Option<ranking::Maker>,
    /// And of aggregates that do.
    pub grouped_again: Option<regrouped::Maker>,
    /// No later operator keeps windows or state.
    pub(super) is_last: bool,
    /// One puts rows into windows of their own.
    pub(super) windows_follow: bool,
    pub(super) next: Next,
    /// The last aggregate carries out what the options on panes ask for.
    pub(super) has_panes: bool,
    /// The operator in front whose rows may be corrected later.
    pub(super) corrected: Option<String>,
    /// What that one adds to its rows for what corrects itself behind it.
    pub(super) fed: Option<Fed>,
    /// There is such a node.
    pub(super) gives_again: Option<Next>,
    pub(super) windows: Windows,
    pub(super) key: Option<Vec<Key>>,
    pub(super) aggregated: Option<Aggregated>,
    /// The source's times, if they are known, and whether the chain needs them.
    pub(super) times: Option<Times>,
    pub(super) timed: bool,
    /// Arrival, by whatever clock.
    pub(super) arrival: Times,
    /// What has no window works batch by batch.
    pub(super) batched: bool,
    pub(super) peek_every: Option<i64>,
    pub(super) tick_every: Option<i64>,
    /// A field that json and logfmt are taken to have their time in, if the chain has a window.
    pub(super) guessed: Option<(String, Expr)>,
    /// Times are those of the arrival for no other reason than that something forgets by them.
    pub(super) lapsed: bool,
    /// See [`Options::takes_guess`].
    pub wants_guess: bool,
    pub(super) notes: Vec<String>,
    /// The operator at hand: its name, and all of it as typed.
    pub(super) name: String,
    pub(super) typed: String,
    /// Nothing but operators that pass original lines so far.
    pub(super) passing: bool,
    /// The first record of the first source, where it was there to be read.
    pub(super) header: Option<Vec<u8>>,
    /// What the rows of the last command that answered were read as.
    pub(super) answered: Option<Answered>,
    /// In how many parts the chain was where its rows had lists of the fields of first records.
    pub(super) lists_at: Option<usize>,
    /// The operator behind which there is no stream, and what the sink writes then.
    pub(super) ended: Option<(String, Output)>,
    /// The same in front of the operator at hand.
    passed: bool,
}

impl<'a> Builder<'a> {
    /// A chain without operators. `header`: the first record of the first file, read without being taken.
    pub fn new(
        options: &'a Options,
        format: (&str, Arc<dyn ReadFormat>),
        header: Option<&[u8]>,
    ) -> Result<Builder<'a>, Usage> {
        Builder::with(Cow::Borrowed(options), format, header)
    }

    /// The same for a stream whose options are its own.
    pub(super) fn owning(
        options: Options,
        format: (&str, Arc<dyn ReadFormat>),
        header: Option<&[u8]>,
    ) -> Result<Builder<'static>, Usage> {
        Builder::with(Cow::Owned(options), format, header)
    }

    fn with<'o>(
        options: Cow<'o, Options>,
        format: (&str, Arc<dyn ReadFormat>),
        header: Option<&[u8]>,
    ) -> Result<Builder<'o>, Usage> {
        let (format_name, format) = format;
        let format_name = format_name.split(':').next().unwrap_or(format_name);
        let mut schema = format
            .schema(header)
            .map_err(|error| Usage::new(format!("-i {format_name}: {error:#}")))?;
        let mut read = vec![true; schema.fields.len()];
        // The column `line` of records that are their line is `$0` by another name.
        if let ("text" | "lines", Some(line)) = (format_name, schema.find("line")) {
            read[line] = false;
        }
        for (name, ty) in [
            ("$0", Type::Untyped),
            ("@time", Type::Time),
            ("@watermark", Type::Time),
            ("@file", Type::Text),
            ("@line", Type::Number),
        ] {
            match schema.find(name) {
                Some(at) => read[at] = false,
                None => {
                    schema.add(Field::hidden(name, ty));
                    read.push(false);
                }
            }
        }
        let shown: Vec<Shown> = schema
            .shown()
            .map(|(id, field)| Shown::new(id, names::display(&field.name)))
            .collect();
        let rest = match (&schema.open, format_name) {
            (Some(Open::Named(_)), "logfmt") => Some("logfmt"),
            (Some(Open::Named(_)), _) => Some("json"),
            _ => None,
        };
        let batched =
            options.batch.is_some() || options.batch_lines.is_some() || options.batch_on.is_some();
        let mut builder = Builder {
            options,
            format_name: format_name.into(),
            shows_first: format.has_header(),
            format,
            first_record: names::of_record(format_name, header.unwrap_or_default()),
            awaits: Vec::new(),
            source: schema.clone(),
            read,
            schema,
            shown,
            rest: rest.map(|format| Rest {
                format,
                dropped: Vec::new(),
                renamed: Vec::new(),
            }),
            nodes: Vec::new(),
            parts: Vec::new(),
            pending: None,
            unjudged: None,
            in_force: None,
            sides: Vec::new(),
            optional: Vec::new(),
            sought: Vec::new(),
            prefixed: Vec::new(),
            pending_batch: false,
            empties: false,
            shaped: None,
            thinning: Thinning::default(),
            window_keys: Vec::new(),
            grouped: None,
            ranked_again: None,
            grouped_again: None,
            is_last: true,
            windows_follow: false,
            next: Next::Other,
            has_panes: false,
            corrected: None,
            fed: None,
            gives_again: None,
            windows: Windows::No,
            key: None,
            aggregated: None,
            times: None,
            timed: false,
            arrival: Times::Arrival,
            batched,
            peek_every: None,
            tick_every: None,
            guessed: None,
            lapsed: false,
            wants_guess: false,
            notes: Vec::new(),
            name: String::new(),
            typed: String::new(),
            passing: true,
            header: header.map(<[u8]>::to_vec),
            answered: None,
            lists_at: None,
            ended: None,
            passed: true,
        };
        builder.begin_times()?;
        Ok(builder)
    }

    /// Goes on with the next operator.
    pub fn begin(&mut self, name: &str, typed: String) {
        self.name = name.into();
        self.typed = typed;
        self.passed = std::mem::replace(&mut self.passing, false);
    }

    /// The operator at hand leaves records as they are, so original lines may still pass.
    pub fn pass(&mut self) {
        self.passing = self.passed;
    }

    /// A mistake in the operator at hand.
    pub fn fault(&self, message: impl std::fmt::Display) -> Usage {
        Usage::new(format!("{}: {message}", self.name))
    }

    /// A mistake at a place of a word.
    pub fn fault_at(
        &self,
        source: &str,
        at: Range<usize>,
        message: impl std::fmt::Display,
    ) -> Usage {
        self.fault(message).at(source, at)
    }

    /// The first of an expression's faults; `offset`: where the expression begins in `source`.
    pub fn diagnosed(&self, faults: Vec<Diagnostic>, source: &str, offset: usize) -> Usage {
        let Some(fault) = faults.into_iter().next() else {
            return self.fault("this expression cannot be read");
        };
        let mut usage = self
            .fault(fault.message)
            .at(source, fault.at.start + offset..fault.at.end + offset);
        usage.note = self.with_others(fault.note);
        usage
    }

    // ---- fields and expressions ----

    /// Whether rows here are still the source's.
    pub(super) fn at_source(&self) -> bool {
        self.parts.is_empty()
    }

    /// Adds a column that is computed here.
    pub fn add_field(&mut self, name: &str, ty: Type, hidden: bool) -> FieldId {
        let field = Field {
            name: name.into(),
            ty,
            hidden,
        };
        if self.at_source() {
            self.source.add(Field::hidden("", field.ty.clone()));
            self.read.push(false);
        }
        self.schema.add(field)
    }

    /// Adds a column that is printed: in the place of one of the same name, else as the last.
    pub fn add_shown(&mut self, name: &str, ty: Type) -> FieldId {
        let id = self.add_field(name, ty, false);
        let shown = Shown::new(id, names::display(name));
        match self.shown.iter_mut().find(|old| old.name == shown.name) {
            Some(old) => *old = shown,
            None => self.shown.push(shown),
        }
        id
    }

    /// The value of a field as it is.
    pub(super) fn field_expr(&self, id: FieldId) -> Expr {
        let field = &self.schema.fields[id];
        Expr::named_field(id, &field.name, field.ty.clone())
    }

    /// The same for an operator.
    pub fn field_value(&self, id: FieldId) -> Expr {
        self.field_expr(id)
    }

    /// Resolves a tree against the record at this place. `source` is the word it stands in, from `offset`.
    pub fn compile(&mut self, ast: &Ast, source: &str, offset: usize) -> Result<Expr, Usage> {
        self.bring_times(source);
        self.bring_right(ast)?;
        let known = self.schema.fields.len();
        let mut env = Env {
            schema: &mut self.schema,
            zone: &self.options.zone,
            functions: &self.options.functions,
        };
        let expr = expr::compile(ast, &mut env)
            .map_err(|faults| self.with_first(self.diagnosed(faults, source, offset)))?;
        self.adopt(known, source)?;
        self.need_times_for(&expr)?;
        Ok(expr)
    }

    /// Reads and resolves a word that is one expression.
    pub fn expression(&mut self, source: &str) -> Result<Expr, Usage> {
        self.expression_at(source, source, 0)
    }

    /// The same for a part of a word.
    pub fn expression_at(
        &mut self,
        part: &str,
        source: &str,
        offset: usize,
    ) -> Result<Expr, Usage> {
        let ast = expr::parse(part).map_err(|faults| self.diagnosed(faults, source, offset))?;
        self.compile(&ast, source, offset)
    }

    /// Fields that an expression asked for in an open record are the source's.
    fn adopt(&mut self, known: usize, source: &str) -> Result<(), Usage> {
        let asked: Vec<Field> = self.schema.fields[known..].to_vec();
        for field in asked {
            if let Some(gone) = self.gone(&field.name) {
                self.schema.fields.truncate(known);
                let at = source.find(&field.name).unwrap_or(0);
                return Err(self.fault_at(
                    source,
                    at..(at + field.name.len()).min(source.len()),
                    gone,
                ));
            }
            if self.at_source() {
                self.source.add(Field::hidden(field.name, field.ty));
                self.read.push(true);
            }
        }
        Ok(())
    }

    /// Why a field of an open record is not there any more.
    pub(super) fn gone(&self, name: &str) -> Option<String> {
        let rest = self.rest.as_ref()?;
        let lies_in = |top: &String| names::within(name, top);
        if rest.dropped.iter().any(lies_in) {
            return Some(format!("no field '{name}'; it was dropped"));
        }
        rest.renamed
            .iter()
            .find(|(old, _)| lies_in(old))
            .map(|(old, new)| format!("no field '{name}'; '{old}' is called '{new}' now"))
    }

    /// The id of a field as a sink or `select` asks for it: not an expression.
    pub fn field(&mut self, part: &str, source: &str, offset: usize) -> Result<FieldId, Usage> {
        let expr = self.expression_at(part, source, offset)?;
        expr.as_field().ok_or_else(|| {
            self.fault_at(
                source,
                offset..offset + part.len(),
                format!("'{part}' is no field; compute it with map first"),
            )
        })
    }

    // ---- nodes ----

    pub fn push(&mut self, kind: NodeKind) {
        self.thin(&kind);
        self.judge_in_front_of(&kind);
        self.nodes.push(Node {
            operator: self.typed.clone(),
            kind,
            schema: self.schema.clone(),
        });
    }

    /// Sets columns; all expressions see the row as it comes in.
    pub fn project(&mut self, columns: Vec<(FieldId, Expr)>) {
        self.push(NodeKind::Project { columns });
    }

    // ---- what has state ----

    /// One row a group. `aggregates` are as typed: `n=count,p99:ms`.
    pub fn aggregate(&mut self, keys: Vec<Key>, aggregates: &str) -> Result<(), Usage> {
        let parsed = aggs::parse(aggregates)
            .map_err(|(at, message)| self.fault_at(aggregates, at, message))?;
        let mut calls: Vec<AggCall> = Vec::with_capacity(parsed.len());
        for one in parsed {
            let arg = match &one.expr {
                Some((text, offset)) => {
                    let expr = self.expression_at(text, aggregates, *offset)?;
                    Some(self.argument(expr, &one, aggregates)?)
                }
                None => None,
            };
            calls.push(self.call(&one, arg)?);
        }
        self.aggregate_calls(keys, calls)
    }

    /// An aggregate that was read by whoever calls, resolved against the record at this place.
    pub fn aggregate_call(&mut self, one: &aggs::Syntax, source: &str) -> Result<AggCall, Usage> {
        let arg = match &one.expr {
            Some((text, offset)) => {
                let expr = self.expression_at(text, source, *offset)?;
                Some(self.argument(expr, one, source)?)
            }
            None => None,
        };
        self.call(one, arg)
    }

    /// Makes an argument what its function wants.
    pub(super) fn argument(
        &self,
        expr: Expr,
        one: &aggs::Syntax,
        source: &str,
    ) -> Result<Expr, Usage> {
        match one.aggregate.arg {
            Need::Number | Need::OptionalNumber => Ok(expr.into_number()),
            Need::Bool if expr.ty != Type::Bool => {
                let (text, offset) = one.expr.clone().unwrap_or_default();
                Err(self.fault_at(
                    source,
                    offset..offset + text.len(),
                    format!("{} needs a condition, '{text}' is none", one.func),
                ))
            }
            _ => Ok(expr),
        }
    }

    pub(super) fn call(&mut self, one: &aggs::Syntax, arg: Option<Expr>) -> Result<AggCall, Usage> {
        let base = one.aggregate.name;
        let timed = match base {
            "span" => {
                self.need_times_of(base)?;
                true
            }
            "first" | "last" | "any" | "rate" => self.have_times(),
            _ => self.timed,
        };
        Ok(AggCall {
            name: one.name.clone(),
            aggregate: one.aggregate,
            call: aggs::Call {
                func: one.func.clone(),
                arg: arg.as_ref().map(|expr| expr.ty.clone()),
                param: one.param.clone(),
                timed,
                exact: self.options.exact,
            },
            arg,
        })
    }

    /// One row a group, of calls that are resolved.
    pub fn aggregate_calls(
        &mut self,
        keys: Vec<Key>,
        mut calls: Vec<AggCall>,
    ) -> Result<(), Usage> {
        self.part_names(&keys, &mut calls)?;
        if let Some(fed) = self.fed.take() {
            let empties = self.take_empties();
            return self.aggregate_again(&fed, keys, calls, empties);
        }
        self.batch_scope();
        let batch = std::mem::take(&mut self.pending_batch)
            || (self.windows == Windows::Batch && self.pending.is_none() && self.shaped.is_none());
        let empties = self.take_empties();
        if !batch && self.needs_order() {
            return self.aggregate_in_order(keys, calls, empties);
        }
        let scope = match (self.pending.take(), self.windows) {
            (Some(window), _) => Scope::Assign(window),
            (None, Windows::No) => Scope::Forever,
            (None, _) => Scope::Rows,
        };
        let windowed = scope != Scope::Forever;
        let grid = match scope {
            Scope::Rows => self.grid_of_rows(),
            _ => None,
        };
        let windows = match windowed {
            _ if batch => Windows::Batch,
            true => Windows::Yes,
            false => Windows::No,
        };
        let mut schema = Schema::default();
        self.shown = output::window_fields(&mut schema, windows);
        let mut ids = Vec::with_capacity(keys.len());
        let mut after = Vec::with_capacity(keys.len());
        for key in &keys {
            let id = schema.add(Field::new(key.name.clone(), key.expr.ty.clone()));
            self.shown.push(Shown::new(id, names::display(&key.name)));
            after.push(Key {
                name: key.name.clone(),
                expr: Expr::named_field(id, &key.name, key.expr.ty.clone()),
            });
            ids.push(id);
        }
        let first = schema.fields.len();
        for call in &calls {
            let ty = (call.aggregate.result)(&call.call);
            let id = schema.add(Field::new(call.name.clone(), ty));
            self.shown.push(Shown::new(id, &call.name));
        }
        self.parts.push((
            self.nodes.len(),
            std::mem::replace(&mut self.schema, schema),
        ));
        self.key = (!after.is_empty()).then_some(after);
        self.windows = windows;
        self.aggregated = Some(Aggregated {
            operator: self.typed.clone(),
            keys: ids,
            first,
            windowed,
            timed: windowed,
            has_lines: false,
            grid,
        });
        self.rest = None;
        self.push(NodeKind::Aggregate {
            keys: keys.into_iter().map(|key| key.expr).collect(),
            aggs: calls,
            empties,
            scope,
        });
        Ok(())
    }

    /// The windows of the rows here, where an aggregate has given them.
    pub(super) fn grid_of_rows(&self) -> Option<Window> {
        self.aggregated.as_ref()?.grid.clone()
    }

    /// The windows here, where the operator at hand gives a row for each, even of nothing.
    fn take_empties(&mut self) -> Option<Window> {
        // Windows by event time, which batches only trigger, print nothing where they are empty.
        let times = self.times.as_ref();
        let by_batch = times.is_some_and(|times| times.batch().is_some());
        let gives = std::mem::take(&mut self.empties) && self.batched && by_batch;
        let window = match &self.shaped {
            Some(shape) => shape.grid().cloned(),
            None => self.in_force.clone().or_else(|| self.grid_of_rows()),
        };
        window.filter(|_| gives)
    }

    /// The first aggregate of the rows here, and their keys; `None` for whole records.
    pub fn ranked(&self) -> Option<(Expr, Vec<Expr>)> {
        let last = self.aggregated.as_ref()?;
        self.schema.fields.get(last.first)?;
        Some((
            self.field_expr(last.first),
            last.keys.iter().map(|&id| self.field_expr(id)).collect(),
        ))
    }

    /// The operator that the last aggregate came from, if rows are not the source's any more.
    pub fn aggregate_before(&self) -> Option<&str> {
        self.aggregated
            .as_ref()
            .map(|aggregated| aggregated.operator.as_str())
    }

    // ---- the end ----

    /// The whole plan.
    pub fn finish(mut self) -> Result<Plan, Usage> {
        self.assign();
        self.check_triggers()?;
        if self.windows != Windows::Batch {
            self.gather();
        }
        self.batch_stream();
        self.name = "-o".into();
        let (path, format) = (
            self.options.output.clone(),
            self.options.output_format.clone(),
        );
        let mut written = match self.ended.take() {
            Some((_, out)) => self.made_written(out)?,
            None => self.written(format.as_deref(), path.as_deref())?,
        };
        self.draw(&mut written)?;
        let files = self.files(path.as_deref())?;
        self.check_output(path.as_deref(), &written.name)?;
        let complete = self.gives_wholes();
        self.tell_idle_batches();
        self.finish_sides()?;
        let clock = self.clock_of_triggers();
        let times = if self.timed { self.times.take() } else { None };
        self.complete_schemas();
        let has_header = self.format.has_header();
        let header = self.header.as_deref().filter(|_| has_header);
        let mut head = Vec::new();
        if let Some(header) = header.filter(|header| !formats::trimmed(header).is_empty()) {
            head.extend_from_slice(header);
            head.push(b'\n');
        }
        let mut plan = Plan {
            source: Source {
                words: self.options.words.clone(),
                reading: String::new(),
                format_name: self.format_name,
                format: self.format,
                schema: self.source,
                wanted: Vec::new(),
                made: Vec::new(),
                literal: None,
                literal_json: false,
                begun: None,
                head,
                time: times,
                clock,
                merged: self.options.merge_sorted,
                several: self.options.words.len() > 1,
                optional: self.optional,
                sought: self.sought,
                prefixed: self.prefixed,
                since: self.options.since,
                until: self.options.until,
            },
            nodes: self.nodes,
            sink: Sink {
                path: self.options.output.clone(),
                files,
                complete,
                append: self.options.append,
                format_name: written.name,
                format: written.format,
                out: written.out,
                partial: None,
            },
            zone: self.options.zone.clone(),
            mark_batches: self.options.mark_batches,
            keeps_late: self.options.keeps_late,
            peek_every: self.peek_every,
            tick_every: self.tick_every,
            notes: self.notes,
            awaits: self.awaits,
        };
        plan.check_early(&self.options)?;
        super::optimize::optimize(&mut plan, &self.read);
        if self.options.flush {
            super::output::mark_partial(&mut plan)?;
        }
        Ok(plan)
    }

    /// A node's schema also has the fields that only later nodes asked for.
    fn complete_schemas(&mut self) {
        let mut end = self.nodes.len();
        let mut whole = &self.schema;
        for (aggregate, part) in self.parts.iter().rev() {
            extend(&mut self.nodes[*aggregate..end], whole);
            (end, whole) = (*aggregate, part);
        }
        extend(&mut self.nodes[..end], whole);
    }
}

fn extend(nodes: &mut [Node], whole: &Schema) {
    for node in nodes {
        let known = node.schema.fields.len();
        let more = whole.fields[known..]
            .iter()
            .map(|field| Field::hidden(field.name.clone(), field.ty.clone()));
        node.schema.fields.extend(more);
    }
}
