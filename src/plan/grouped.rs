//! When an aggregate takes rows in order, and what it is then told: windows of other shapes than a grid's, lateness,
//! triggers, panes. Everything else is the parallel node's. Invariant: what cannot be carried out is refused,
//! naming the option and the operator.

use super::again::{Fed, Next};
use super::builder::Builder;
use super::custom::{Ordered, OwnRows};
use super::files;
use super::grouping::{Agg, Gives, Grouping, Panes, Shape};
use super::keys::Key;
use super::meaning::Meaning;
use super::node::{AggCall, Node, NodeKind, Scope, Window};
use super::output::{Mark, Shown};
use super::scopes::Windows;
use super::when::{UNBOUNDED, When};
use crate::data::process::OnFull;
use crate::data::{FieldId, Type};
use crate::error::Usage;
use crate::expr::Expr;
use std::sync::Arc;

/// The options on lateness, triggers and panes.
#[derive(Clone, Debug, Default)]
pub struct Triggers {
    pub lateness: Lateness,
    pub panes: Panes,
    pub pane_columns: bool,
    pub every: Option<i64>,
    pub every_delay: Option<i64>,
    pub every_records: Option<u64>,
    pub late_every: Option<u64>,
    pub output_mode: Option<OutputMode>,
}

/// `--allowed-lateness`, `--late update`.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Lateness {
    #[default]
    None,
    /// ns
    Fixed(i64),
    /// A window's size, a session's gap.
    Own,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum OutputMode {
    Append,
    Update,
    Complete,
}

impl Triggers {
    pub(super) fn is_early(&self) -> bool {
        self.every.is_some() || self.every_delay.is_some() || self.every_records.is_some()
    }

    /// Whether the end of a batch is a trigger.
    pub(super) fn prints_at_batches(&self) -> bool {
        let mode = self.output_mode;
        matches!(mode, Some(OutputMode::Update | OutputMode::Complete))
    }

    /// What only the ordered state does, by the name of its option.
    pub(super) fn beyond(&self) -> Option<&'static str> {
        let given = [
            (self.every_delay.is_some(), "--every-delay"),
            (self.every_records.is_some(), "--every-records"),
            (self.panes == Panes::Discard, "--panes discard"),
            (self.panes == Panes::Retract, "--panes retract"),
            (self.pane_columns, "--pane-columns"),
            (
                self.output_mode == Some(OutputMode::Complete),
                "--output-mode complete",
            ),
        ];
        given
            .into_iter()
            .find(|(is_given, _)| *is_given)
            .map(|(_, name)| name)
    }
}

impl Builder<'_> {
    /// The operator at hand keeps windows or state. `is_last`: none behind it does.
    /// `windows_follow`: it is followed by windows of their own.
    pub fn keeps_state(
        &mut self,
        is_last: bool,
        next: Next,
        windows_follow: bool,
    ) -> Result<(), Usage> {
        /// What these have seen cannot be taken back (INTERFACE 6).
        const IN_ORDER: [&str; 9] = [
            "scan",
            "scan-by",
            "scan-by-key",
            "match",
            "map-with-state",
            "map-with-state-by",
            "count-window",
            "burst",
            "anomaly",
        ];
        self.is_last = is_last;
        self.next = next;
        self.windows_follow = windows_follow;
        match &self.corrected {
            Some(before) if IN_ORDER.contains(&self.name.as_str()) => Err(self.fault(format!(
                "rows of '{before}' may be corrected within the allowed lateness, and what '{}' has seen of them \
                 cannot be taken back",
                self.typed
            ))),
            _ => Ok(()),
        }
    }

    /// Puts what follows into windows of another shape than a grid's.
    pub fn shape(&mut self, shape: Shape) -> Result<(), Usage> {
        if !matches!(shape, Shape::Count { .. }) {
            self.need_window_times()?;
            self.records_have_an_age()?;
        }
        if let Shape::Count {
            size,
            slide: Some(slide),
            ..
        } = &shape
            && slide > size
        {
            self.notes.push(format!(
                "the slide of {slide} records is longer than the window of {size}: records between windows count nowhere"
            ));
        }
        self.pending = None;
        self.forget_thinned();
        self.in_force = None;
        self.shaped = Some(shape);
        self.unjudged = Some(self.typed.clone());
        Ok(())
    }

    /// Whether an aggregate here must take rows in order.
    pub(super) fn needs_order(&self) -> bool {
        let triggers = &self.options.triggers;
        // Which key is one too many follows from the order of rows.
        let is_bounded = self.options.limits.keys_most().is_some();
        if self.shaped.is_some() || is_bounded {
            return true;
        }
        let is_in_window = self.pending.is_some();
        let rows_vary = !is_in_window && self.windows.vary();
        // Rows of windows that end together come by key.
        if self.pending.as_ref().is_some_and(Window::ends_may_meet) {
            return true;
        }
        let is_late = is_in_window && self.allowed_lateness() != Lateness::None;
        let prints = self.is_last
            && (triggers.is_early()
                || triggers.beyond().is_some()
                || self.batch_trigger().is_some());
        let feeds = (is_in_window || self.feeds_forever()) && self.feeds();
        rows_vary || is_late || prints || feeds || self.is_ranked_whole()
    }

    /// Whether a ranking follows that each trigger prints of all windows there ever were.
    fn is_ranked_whole(&self) -> bool {
        let is_whole = self.options.triggers.output_mode == Some(OutputMode::Complete);
        let shape = self.shaped.as_ref();
        let in_window = (self.pending.is_some() && !self.pending_batch)
            || shape.is_some_and(|shape| matches!(shape, Shape::Grid(_) | Shape::Session { .. }));
        is_whole && self.next == Next::Ranking && in_window && !self.feeds()
    }

    /// For `--explain`: what is kept and when it is freed; keys that are forgotten do not grow without bound.
    fn keeps_of(&self, grouping: &Grouping) -> String {
        let keeps = grouping.keeps(&self.when());
        match self.forgets() {
            forgets if forgets.is_empty() => keeps,
            forgets => {
                let grows = format!("; {UNBOUNDED} with the keys");
                let keeps = keeps.strip_suffix(&grows).unwrap_or(&keeps);
                format!("{keeps}{forgets}")
            }
        }
    }

    /// What becomes of one key too many where it is not the end.
    fn forgets(&self) -> String {
        let limits = self.options.limits;
        match limits
            .keys
            .filter(|_| limits.on_full == OnFull::EvictOldest)
        {
            Some(most) => format!(
                "; of more than {most} keys the one used longest ago is forgotten with what it has, so rows go in one lane"
            ),
            None => String::new(),
        }
    }

    /// Whether what follows gives its rows again, and is to, beside what a peek gives.
    fn feeds(&self) -> bool {
        let triggers = &self.options.triggers;
        let again = self.allowed_lateness() != Lateness::None
            || triggers.every_delay.is_some()
            || triggers.every_records.is_some()
            || triggers.pane_columns
            || triggers.panes != Panes::Accumulate;
        let mode = triggers.output_mode;
        let early = triggers.every.or(self.batch_trigger()).is_some();
        let fits = match self.next {
            // A ranking by the machine's clock alone is a peek: what it ranks need not be taken in order.
            Next::Ranking => {
                let by_data = triggers.every.is_some() && self.arrival_replays();
                // A ranking is a whole.
                again && matches!(mode, None | Some(OutputMode::Complete))
                    || by_data && mode.is_none()
            }
            Next::Aggregate | Next::Distinct => {
                (again || early) && matches!(mode, None | Some(OutputMode::Update))
            }
            Next::Other => false,
        };
        fits && !self.pending_batch
    }

    /// Whether what follows of an aggregate over the whole input may give its rows again: rankings are a peek.
    fn feeds_forever(&self) -> bool {
        self.windows == Windows::No && self.next == Next::Aggregate
    }

    /// Where windows are no batches, the end of a batch is a trigger in these modes.
    fn batch_trigger(&self) -> Option<i64> {
        let in_batches = self.pending_batch || self.windows == Windows::Batch;
        match self.options.triggers.prints_at_batches() && !in_batches {
            true => self.options.batch_step(),
            false => None,
        }
    }

    /// The shape of what an aggregate here spans.
    fn shape_here(&mut self) -> Shape {
        let pending = self.pending.take();
        match (self.shaped.take(), pending, self.windows) {
            (Some(shape), _, _) => shape,
            (None, Some(window), _) => Shape::Grid(window),
            (None, None, Windows::No) => Shape::Forever,
            (None, None, Windows::Counted) => Shape::Counted,
            (None, None, _) => Shape::Rows,
        }
    }

    /// How much later bounds of a shape are shown: those that are times of records.
    fn later_in(&self, shape: &Shape) -> i64 {
        match shape.is_closed_interval() {
            true => self.shown_later(),
            false => 0,
        }
    }

    /// Whether the rows here come window by window, by their ends.
    fn windows_come_whole(&self) -> bool {
        let passes = |node: &&Node| match &node.kind {
            NodeKind::Filter { .. }
            | NodeKind::Project { .. }
            | NodeKind::Parse { .. }
            | NodeKind::Explode { .. }
            | NodeKind::Sample { .. }
            | NodeKind::Limit { .. }
            | NodeKind::Lookup(_)
            | NodeKind::Tee { .. }
            | NodeKind::Distinct { last: false, .. } => true,
            NodeKind::Custom(custom) => matches!(
                custom.meaning,
                Meaning::Running(_) | Meaning::Added(_) | Meaning::Distinct { last: false, .. }
            ),
            _ => false,
        };
        let maker = self.nodes.iter().rev().find(|node| !passes(node));
        maker.is_some_and(|node| match &node.kind {
            NodeKind::Sort { scope, .. } | NodeKind::Distinct { scope, .. } => {
                *scope == Scope::Rows
            }
            NodeKind::Custom(custom) => match &custom.meaning {
                Meaning::Group(grouping) => !custom.own_rows && grouping.holds == 0,
                Meaning::Union { windowed } => *windowed,
                _ => false,
            },
            _ => false,
        })
    }

    fn grouping(&self, shape: Shape, gives: Gives, ranked: bool) -> Result<Grouping, Usage> {
        let triggers = &self.options.triggers;
        let lateness = self.lateness_in(&shape);
        let is_whole = triggers.output_mode == Some(OutputMode::Complete);
        let mut grouping = Grouping {
            lateness,
            later: self.later_in(&shape),
            whole: match shape {
                Shape::Counted => true,
                Shape::Rows => self.windows_come_whole(),
                _ => false,
            },
            late_every: triggers.late_every.unwrap_or(1),
            ..Grouping::plain(shape, gives)
        };
        let can_feed = match grouping.shape {
            Shape::Grid(_) | Shape::Session { .. } => true,
            Shape::Forever => self.feeds_forever(),
            _ => false,
        };
        if self.feeds() && can_feed {
            if !self.forgets().is_empty() && !matches!(grouping.shape, Shape::Session { .. }) {
                return Err(self.fault(
                    "what follows has been given rows of keys that --on-full evict-oldest forgets, and they are not taken \
                     back in this version; leave out the trigger or the lateness, or give --on-full fail or spill",
                ));
            }
            grouping.feeds = true;
            grouping.panes = Panes::Retract;
            grouping.every_delay = triggers.every_delay;
            grouping.every_records = triggers.every_records;
            grouping.every = triggers.every.or(self.batch_trigger());
            if is_whole {
                grouping.lateness = i64::MAX;
            }
            return Ok(grouping);
        }
        if ranked {
            grouping.complete = true;
            grouping.ranked = true;
            grouping.lateness = i64::MAX;
            return Ok(grouping);
        }
        if !self.is_last {
            grouping.waits = grouping.lateness > 0;
            return Ok(grouping);
        }
        let at_once = match &grouping.shape {
            Shape::LookBack(_) => Some("look-back gives a row for each record"),
            Shape::Count { slide: Some(_), .. } => {
                Some("count-window --slide-rows gives its rows at once")
            }
            _ => None,
        };
        let option = match triggers.beyond() {
            _ if triggers.every.is_some() => Some("--every"),
            Some("--pane-columns") => None,
            Some("--panes retract") if matches!(grouping.shape, Shape::LookBack(_)) => None,
            option => option,
        };
        if let (Some(reason), Some(option)) = (at_once, option) {
            return Err(self.fault(format!("{reason}; {option} has nothing to add")));
        }
        grouping.panes = triggers.panes;
        grouping.every = triggers.every.or(self.batch_trigger());
        grouping.every_delay = triggers.every_delay;
        grouping.every_records = triggers.every_records;
        if is_whole {
            grouping.complete = true;
            grouping.lateness = i64::MAX;
            if triggers.is_early() {
                grouping.late_every = triggers.late_every.unwrap_or(0);
            }
        }
        Ok(grouping)
    }

    /// One row a group, in row order.
    pub(super) fn aggregate_in_order(
        &mut self,
        mut keys: Vec<Key>,
        calls: Vec<AggCall>,
        empties: Option<Window>,
    ) -> Result<(), Usage> {
        let ranked = self.is_ranked_whole();
        let shape = self.shape_here();
        let of_key = shape.is_keyed() || !self.window_keys.is_empty();
        if keys.is_empty() && of_key {
            keys = self.key.clone().unwrap_or_default();
        }
        if shape.is_keyed() {
            let keys: Vec<Expr> = keys.iter().map(|key| key.expr.clone()).collect();
            self.take_thinned(&keys);
        }
        let (args, aggs, mut fields) = called(&calls);
        let pane_columns = self.is_last && self.options.triggers.pane_columns;
        let gives = Gives::Groups {
            keys: keys.iter().map(|key| key.expr.ty.clone()).collect(),
            aggs,
            pane_columns,
        };
        let grouping = Arc::new(Grouping {
            empties,
            ..self.grouping(shape, gives, ranked)?
        });
        let by_records = grouping.every_records.is_some();
        self.ticks_by_data(grouping.every, grouping.every_delay, by_records);
        let grid = match &grouping.shape {
            Shape::Rows => self.grid_of_rows(),
            shape => shape.grid().cloned(),
        };
        let windows = match &grouping.shape {
            Shape::Rows => match self.windows {
                Windows::Vary => Windows::Vary,
                _ => Windows::Yes,
            },
            shape if shape.varies() => Windows::Vary,
            shape if shape.is_windowed() => Windows::Yes,
            _ => Windows::No,
        };
        let is_by_count = matches!(grouping.shape, Shape::Count { .. });
        let timed = grouping.shape.is_windowed() || (is_by_count && self.may_have_times());
        if pane_columns {
            fields.push(("pane_kind".into(), Type::Text));
            fields.push(("pane".into(), Type::Number));
        }
        let retracts = grouping.panes == Panes::Retract && !grouping.feeds;
        if retracts {
            fields.push(("retract".into(), Type::Bool));
            fields.push(("".into(), Type::Text));
        }
        let names: Vec<String> = calls.iter().map(aggregate_text).collect();
        let node = Ordered {
            text: format!("group {} {grouping}", names.join(", ")),
            keeps: self.keeps_of(&grouping),
            keys: keys.iter().map(|key| key.expr.clone()).collect(),
            args,
            make: self.make(&grouping)?,
            meaning: Meaning::Group(grouping.clone()),
        };
        let rows = OwnRows {
            windows,
            keys,
            fields,
        };
        self.window_keys.clear();
        self.has_panes = self.is_last;
        self.ordered_rows(node, rows, None);
        self.fed = grouping.feeds.then(|| Fed {
            moment: self.add_field("", Type::Time, true),
            tells: self.add_field("", Type::Time, true),
            from: self.nodes.len(),
            lateness: grouping.lateness,
            sessions: grouping.tells_final(),
        });
        if let Some(aggregated) = &mut self.aggregated {
            aggregated.timed = timed;
            aggregated.grid = grid;
        }
        if grouping.lateness > 0 && !grouping.complete {
            self.corrected = Some(self.typed.clone());
        }
        if retracts {
            self.show_marks();
        }
        Ok(())
    }

    /// When windows here are printed, in words.
    pub(super) fn when(&self) -> When<'_> {
        // Behind a window time is that of its rows.
        When {
            times: self.times.as_ref(),
            zone: &self.options.zone,
            several: self.options.words.len() > 1,
        }
    }

    fn make(&self, grouping: &Arc<Grouping>) -> Result<super::node::Make, Usage> {
        match self.grouped {
            Some(maker) => Ok(maker(grouping.clone())),
            None => Err(self.fault("rows cannot be taken in order here")),
        }
    }

    /// The last two columns say what is withdrawn: one for formats with names, one for those of columns, which
    /// have it in front.
    pub(super) fn show_marks(&mut self) {
        let [.., flag, sign] = &mut self.shown[..] else {
            return;
        };
        flag.mark = Mark::Flag;
        sign.mark = Mark::Sign;
        sign.name = "retract".into();
        if let Some(sign) = self.shown.pop() {
            self.shown.insert(0, sign);
        }
    }

    /// The rows themselves in windows of a shape, of these keys; for operators that aggregate nothing.
    pub(super) fn assign_shape(&mut self, shape: Shape, keys: &[Expr]) {
        let keys = match shape.is_keyed() {
            true => keys.to_vec(),
            false => Vec::new(),
        };
        // A window of rows that were in one before replaces it.
        self.shown.retain(|shown| !shown.window);
        let bounds: Option<(FieldId, FieldId)> = shape.is_windowed().then(|| {
            let start = self.add_field("window_start", Type::Time, false);
            let end = self.add_field("window_end", Type::Time, false);
            self.shown.insert(0, Shown::window(start, "window_start"));
            self.shown.insert(1, Shown::window(end, "window_end"));
            (start, end)
        });
        self.windows = match bounds {
            Some(_) => Windows::Vary,
            None => Windows::Counted,
        };
        self.window_keys = keys.clone();
        let holds = match self.windows_follow {
            true => shape.age_of_records().unwrap_or(0),
            false => 0,
        };
        let lateness = self.lateness_in(&shape);
        let grouping = Arc::new(Grouping {
            holds,
            lateness,
            waits: lateness > 0,
            later: self.later_in(&shape),
            ..Grouping::plain(shape, Gives::Rows { bounds })
        });
        let Ok(make) = self.make(&grouping) else {
            return;
        };
        let node = Ordered {
            text: format!("rows {grouping}"),
            keeps: grouping.keeps(&self.when()),
            keys,
            args: Vec::new(),
            make,
            meaning: Meaning::Group(grouping),
        };
        let sets = bounds.map_or(Vec::new(), |(start, end)| vec![start, end]);
        self.ordered(node, sets, None);
    }

    /// Refuses windows of records that leave another window as old as any.
    pub(super) fn records_have_an_age(&self) -> Result<(), Usage> {
        match self.of_any_age() {
            Some((why, remedy)) => Err(self.fault(format!(
                "{why}; {remedy}put an aggregate in front of this window"
            ))),
            None => Ok(()),
        }
    }

    /// Why records here may be as old as any, though time goes on, and what may mend that.
    pub(super) fn of_any_age(&self) -> Option<(String, &'static str)> {
        let (node, shape) = self.nodes.iter().rev().find_map(|node| match &node.kind {
            NodeKind::Aggregate { .. } => Some(None),
            NodeKind::Custom(custom) => match &custom.meaning {
                _ if custom.own_rows => Some(None),
                Meaning::Group(grouping) => Some(Some((node, &grouping.shape))),
                _ => None,
            },
            _ => None,
        })??;
        if shape.age_of_records().is_some() || self.when().is_at_end() {
            return None;
        }
        let operator = &node.operator;
        Some(match shape {
            Shape::Session { .. } => (
                format!(
                    "records of '{operator}' are as old as their session, which has no longest"
                ),
                "give session-window --max D, or ",
            ),
            _ => (
                format!("records of '{operator}' are of windows by count, and may be of any time"),
                "",
            ),
        })
    }

    /// Keys that windows of rows here are of, beside their bounds; `own`: those of an operator that names some.
    pub(super) fn keys_of_shape(&mut self, own: Option<&[Expr]>) -> Vec<Expr> {
        self.enter_shape(own);
        self.window_keys.clone()
    }

    /// Puts rows into the window of another shape than a grid's, if one waits; `own`: the keys of an operator that names
    /// some.
    pub(super) fn enter_shape(&mut self, own: Option<&[Expr]>) {
        if let Some(shape) = self.shaped.take() {
            let in_force: Vec<Expr> = self
                .key
                .iter()
                .flatten()
                .map(|key| key.expr.clone())
                .collect();
            let keys = own.unwrap_or(&in_force);
            self.take_thinned(keys);
            self.assign_shape(shape, keys);
        }
    }

    /// Options that nothing in the chain carries out.
    pub(super) fn check_triggers(&mut self) -> Result<(), Usage> {
        let triggers = &self.options.triggers;
        if triggers.output_mode == Some(OutputMode::Append) {
            let given = [
                (triggers.every.is_some(), "--every"),
                (triggers.every_delay.is_some(), "--every-delay"),
                (triggers.every_records.is_some(), "--every-records"),
            ];
            if let Some((_, option)) = given.into_iter().find(|(given, _)| *given) {
                return Err(Usage::new(format!(
                    "--output-mode append prints a window once, when it is final; {option} prints it before"
                )));
            }
        }
        let is_aggregate = |node: &&Node| match &node.kind {
            NodeKind::Aggregate { .. } => true,
            NodeKind::Custom(custom) => {
                custom.own_rows && matches!(custom.meaning, Meaning::Group(_))
            }
            _ => false,
        };
        let aggregates: Vec<&Node> = self.nodes.iter().filter(is_aggregate).collect();
        if let (Some(OutputMode::Complete), [.., _, node]) = (triggers.output_mode, &aggregates[..])
        {
            return Err(Usage::new(format!(
                "--output-mode complete prints all rows of one aggregate, and '{}' is the second one; leave it out",
                node.operator
            )));
        }
        let last = self.nodes.iter().rev().find(|node| {
            matches!(
                node.kind,
                NodeKind::Aggregate { .. }
                    | NodeKind::Sort { .. }
                    | NodeKind::Distinct { .. }
                    | NodeKind::Assign { .. }
                    | NodeKind::Custom(_)
            )
        });
        if let Some(node) = last
            && matches!(&node.kind, NodeKind::Sort { by, .. } if !by.is_empty())
        {
            let is_early = triggers.every.is_some() || triggers.prints_at_batches();
            match (triggers.beyond(), triggers.output_mode) {
                (None, Some(OutputMode::Update)) => {
                    return Err(Usage::new(format!(
                        "a ranking is a whole: behind '{}' a trigger prints all of it; leave out --output-mode update",
                        node.operator
                    )));
                }
                (None | Some("--output-mode complete"), _) if is_early => {
                    self.peek_every = triggers.every.or(self.options.batch_step());
                    if self.peek_every.is_some() {
                        self.goes_by_data();
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        // The files of an output may be those of the clock.
        let names_files = self.options.output.as_deref().is_some_and(files::has_times);
        let every = triggers.every.map(|_| "--every").filter(|_| !names_files);
        let Some(option) = triggers.beyond().or(every) else {
            return Ok(());
        };
        if self.has_panes || self.gives_again.is_some() {
            return Ok(());
        }
        let Some(node) = last else {
            return Err(Usage::new(format!(
                "{option} is for windows and state, and nothing in this chain has any"
            )));
        };
        let is_ranking = matches!(&node.kind, NodeKind::Sort { by, .. } if !by.is_empty());
        let operator = &node.operator;
        let is_aggregate = matches!(&node.kind, NodeKind::Aggregate { .. });
        Err(Usage::new(match option {
            _ if self.batched && is_aggregate => format!(
                "'{operator}' works batch by batch, and a batch is printed once; for {option} give it a window, as \
                 'window all' in front"
            ),
            "--every-delay" | "--every-records" if is_ranking => format!(
                "{option} goes by what is new in a window of a key, and '{operator}' here is printed as a whole, by the \
                 clock: give --every D, or put an aggregate in a window in front of it"
            ),
            "--every" => format!(
                "--every is for a chain whose last operator with state is an aggregate or a ranking; '{operator}' is none"
            ),
            _ => format!(
                "{option} is for a chain whose last operator with state is an aggregate; '{operator}' is none"
            ),
        }))
    }
}

/// What calls are asked of, themselves, and the fields that they make.
pub(super) fn called(calls: &[AggCall]) -> (Vec<Expr>, Vec<Agg>, Vec<(String, Type)>) {
    let mut args: Vec<Expr> = Vec::new();
    let mut aggs = Vec::with_capacity(calls.len());
    let mut fields = Vec::with_capacity(calls.len());
    for call in calls {
        let arg = call.arg.clone().map(|arg| {
            args.push(arg);
            args.len() - 1
        });
        let ty = (call.aggregate.result)(&call.call);
        fields.push((call.name.clone(), ty.clone()));
        aggs.push(Agg {
            aggregate: call.aggregate,
            call: call.call.clone(),
            arg,
            ty,
        });
    }
    (args, aggs, fields)
}

/// An aggregate as the printed plan has it.
pub(super) fn aggregate_text(call: &AggCall) -> String {
    let mut inside: Vec<String> = call.arg.iter().map(Expr::text).collect();
    inside.extend(call.call.param.clone());
    format!("{}({}) as {}", call.call.func, inside.join(", "), call.name)
}
