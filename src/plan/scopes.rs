//! Windows in force: how they are set, and how rows come by theirs where no aggregate puts them there. Cuts no
//! grid. Invariant: at most one window waits for the next operator.

use super::builder::Builder;
use super::grouped::Lateness;
use super::grouping::Shape;
use super::meaning::{Meaning, Running};
use super::node::{Custom, Node, NodeKind, Overdue, Scope, Times, Window};
use super::output::Shown;
use super::when::When;
use crate::data::{FieldId, Type};
use crate::error::Usage;
use crate::expr::Expr;

/// Whether rows at this place have a window.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Windows {
    No,
    Yes,
    /// A batch, which is not shown.
    Batch,
    /// Windows of one start may end at different times.
    Vary,
    /// Windows by count, which have no bounds.
    Counted,
}

impl Windows {
    /// Whether windows of one start, or of none, may be several.
    pub fn vary(self) -> bool {
        matches!(self, Windows::Vary | Windows::Counted)
    }
}

impl Builder<'_> {
    /// Puts what follows into windows.
    pub fn window(&mut self, window: Window) -> Result<(), Usage> {
        self.need_window_times()?;
        self.records_have_an_age()?;
        let window = self.in_batches(window)?;
        if window.has_gaps() {
            self.notes.push(format!(
                "the slide of {} is longer than the window of {}: records between windows count nowhere",
                window.slide, window.size
            ));
        }
        self.pending = Some(window);
        self.forget_thinned();
        self.in_force = self.pending.clone();
        self.shaped = None;
        self.unjudged = Some(self.typed.clone());
        Ok(())
    }

    /// Has what is late for the window that waits dropped in front of a node that has state.
    pub(super) fn judge_in_front_of(&mut self, kind: &NodeKind) {
        if !has_state(kind) {
            return;
        }
        let window = match (&self.pending, &self.shaped) {
            (Some(window), _) if !self.pending_batch => window.clone(),
            (None, Some(Shape::Grid(window))) => window.clone(),
            _ => return,
        };
        if let Some(operator) = self.unjudged.take() {
            self.nodes.push(Node {
                operator,
                kind: NodeKind::Judge {
                    lateness: self.lateness_in(&Shape::Grid(window.clone())),
                    window,
                },
                schema: self.schema.clone(),
            });
        }
    }

    /// Rows here have times that windows go by.
    pub(super) fn need_window_times(&mut self) -> Result<(), Usage> {
        match &self.aggregated {
            Some(aggregated) if !aggregated.timed => {
                let behind = aggregated.operator.clone();
                let last = self.nodes.last().map(|node| &node.kind);
                if matches!(last, Some(NodeKind::Custom(_))) {
                    return Err(self.fault(format!(
                        "rows of '{behind}' have no time; put the window in front of it"
                    )));
                }
                Err(self.fault(format!(
                    "'{behind}' gives its rows at the end of the input; put the window in front of it"
                )))
            }
            Some(_) => self.draw_lines(),
            None => self.need_times(),
        }
    }

    /// `window all`: what follows spans the whole input.
    pub fn window_all(&mut self) {
        self.pending = None;
        self.forget_thinned();
        self.in_force = None;
        self.batched = false;
        self.shaped = None;
        self.windows = Windows::No;
    }

    /// Puts rows into the window that waits, since what comes next cannot do it itself.
    pub(super) fn assign(&mut self) {
        self.assign_with(Overdue::Late);
    }

    pub(super) fn assign_with(&mut self, overdue: Overdue) {
        self.enter_shape(None);
        let Some(window) = self.pending.take() else {
            return;
        };
        self.in_force = Some(window.clone());
        if std::mem::take(&mut self.pending_batch) {
            self.windows = Windows::Batch;
            self.push(NodeKind::Assign {
                window,
                lateness: 0,
                overdue,
                into: None,
                carry: Vec::new(),
            });
            return;
        }
        // A window of rows that were in one before replaces it.
        self.shown.retain(|shown| !shown.window);
        let start = self.add_field("window_start", Type::Time, false);
        let end = self.add_field("window_end", Type::Time, false);
        self.shown.insert(0, Shown::window(start, "window_start"));
        let (shown_end, windows) = match window.grow {
            Some(_) => (Shown::window(end, "window_end"), Windows::Vary),
            None => (Shown::window_end(end), Windows::Yes),
        };
        self.shown.insert(1, shown_end);
        self.windows = windows;
        self.window_keys.clear();
        self.push(NodeKind::Assign {
            lateness: self.lateness_in(&Shape::Grid(window.clone())),
            overdue,
            window,
            into: Some((start, end)),
            carry: Vec::new(),
        });
    }

    /// The gap and the longest of the sessions that wait here, for an operator that has two streams' records in them;
    /// `None`: no window of another shape than a grid's waits.
    pub fn session_of_two(&mut self) -> Result<Option<(i64, Option<i64>)>, Usage> {
        const INSTEAD: &str =
            "put 'window SIZE' or 'session-window GAP' in front, or join --within a time";
        match &self.shaped {
            Some(Shape::Session { gap, max }) => {
                let session = (*gap, *max);
                self.shaped = None;
                self.tell_thinned("they are of two streams");
                Ok(Some(session))
            }
            Some(Shape::Count { .. }) => Err(self.fault(format!(
                "records of two streams come in no order that windows by count could go by; {INSTEAD}"
            ))),
            Some(Shape::LookBack(_)) => Err(self.fault(
                "look-back is over records of one stream; put 'window SIZE' in front, or use join --within -D..0s",
            )),
            Some(Shape::Grid(window)) => {
                // One that grows: records of both enter it one by one.
                self.pending = Some(window.clone());
                self.shaped = None;
                Ok(None)
            }
            Some(Shape::Forever | Shape::Rows | Shape::Counted) => Ok(None),
            None if self.windows.vary() && self.pending.is_none() && self.in_force.is_none() => Err(self.fault(format!(
                "the windows of rows here are over for one stream already, and theirs are of both; put '{}' right behind the operator that makes them",
                self.name
            ))),
            None => Ok(None),
        }
    }

    /// Whether rows here come when their window is over, all of one together, as old as they are.
    pub fn windows_leave_whole(&self) -> bool {
        self.windows.vary() && !self.windows_follow
    }

    /// The windows that rows are of which are made of those here, each of one window.
    pub fn windows_of_rows(&self) -> Windows {
        match self.windows {
            Windows::Counted => Windows::No,
            windows => windows,
        }
    }

    /// Rows that leave the operator at hand are in sessions of these keys: the fields of their bounds.
    pub fn enter_sessions(&mut self) -> (FieldId, FieldId) {
        self.shown.retain(|shown| !shown.window);
        let start = self.add_field("window_start", Type::Time, false);
        let end = self.add_field("window_end", Type::Time, false);
        self.shown.insert(0, Shown::window(start, "window_start"));
        self.shown.insert(1, Shown::window(end, "window_end"));
        self.windows = Windows::Vary;
        self.in_force = None;
        if let Some(aggregated) = &mut self.aggregated {
            aggregated.grid = None;
        }
        (start, end)
    }

    /// What the windows of rows here are of beside their bounds.
    pub fn of_keys(&mut self, keys: Vec<Expr>) {
        self.window_keys = keys;
    }

    /// When sessions of two streams are printed, in words.
    pub fn when_session_of_two(&self, gap: i64) -> String {
        let when = When {
            several: true,
            ..self.when()
        };
        when.of_session(gap)
    }

    /// The fields of a row's window.
    pub fn window_fields(&self) -> Option<(FieldId, FieldId)> {
        let find = |name: &str| self.schema.find(name);
        Some((find("window_start")?, find("window_end")?))
    }

    /// Whether rows here are in windows of event time, or will be.
    pub fn is_windowed(&self) -> bool {
        self.pending.is_some() || self.shaped.is_some() || self.windows != Windows::No
    }

    /// A field for `@time` of rows that get another time here than they had.
    pub fn add_time(&mut self) -> FieldId {
        self.add_field("@time", Type::Time, true)
    }

    /// Whether rows may come here later than others that came behind them in front.
    pub fn holds_back(&self) -> bool {
        self.nodes.iter().any(|node| match &node.kind {
            NodeKind::Custom(custom) => match &custom.meaning {
                Meaning::Running(running) => running.iter().any(Running::looks_ahead),
                Meaning::Distinct { last, .. } => *last,
                Meaning::Union { .. } => false,
                _ => true,
            },
            NodeKind::Aggregate { .. } | NodeKind::Sort { .. } => true,
            NodeKind::Distinct { last, .. } => *last,
            _ => false,
        })
    }

    /// Whether the windows that rows are in are of so many records.
    pub fn is_counted(&self) -> bool {
        self.windows == Windows::Counted
    }

    /// Whether the windows that rows are in are batches, which are not shown.
    pub fn is_batched(&self) -> bool {
        self.windows == Windows::Batch
    }

    /// Whether the chain's own input may not end.
    pub fn is_live(&self) -> bool {
        self.options.live
    }

    /// The lateness that is allowed: by arrival nothing is late.
    pub(super) fn allowed_lateness(&self) -> Lateness {
        match self.times.as_ref().is_some_and(Times::is_arrival) {
            true => Lateness::None,
            false => self.options.triggers.lateness,
        }
    }

    /// How far behind its watermark a row may be that no window judges, ns.
    pub fn lateness(&self) -> i64 {
        match self.allowed_lateness() {
            Lateness::Fixed(ns) => ns,
            Lateness::None | Lateness::Own => 0,
        }
    }

    /// How long windows take records when they are over, ns. Records that leave theirs cannot be taken back: those wait
    /// as long.
    pub fn lateness_in(&self, shape: &Shape) -> i64 {
        match (self.allowed_lateness(), shape) {
            (_, Shape::Forever | Shape::Rows | Shape::Counted | Shape::Count { .. })
            | (Lateness::None, _) => 0,
            (Lateness::Fixed(ns), _) => ns,
            (Lateness::Own, shape) => shape.own_lateness(),
        }
    }

    /// The scope of a node that keeps rows.
    pub fn row_scope(&mut self) -> Scope {
        self.batch_scope();
        self.assign();
        match self.windows {
            Windows::No => Scope::Forever,
            _ => Scope::Rows,
        }
    }

    /// Records that are in windows which nothing closes come out when theirs does.
    pub(super) fn gather(&mut self) {
        let open = self.nodes.iter().rev().find_map(|node| match &node.kind {
            NodeKind::Assign { .. } => Some(true),
            NodeKind::Aggregate { .. }
            | NodeKind::Sort { .. }
            | NodeKind::Distinct { last: true, .. } => Some(false),
            NodeKind::Custom(Custom {
                right: Some(right), ..
            }) if right.window.is_some() => Some(false),
            // Rows of its own come when they are due.
            NodeKind::Custom(custom) if custom.own_rows => Some(false),
            _ => None,
        });
        if open == Some(true) {
            self.push(NodeKind::Sort {
                by: Vec::new(),
                limit: None,
                per: Vec::new(),
                ties: false,
                rank: None,
                scope: Scope::Rows,
                carry: Vec::new(),
            });
        }
    }
}

/// Whether what rows come to a node shows later: it has state that does not go by their windows, or writes them.
pub(super) fn has_state(kind: &NodeKind) -> bool {
    match kind {
        NodeKind::Limit { .. } | NodeKind::Tee { .. } => true,
        NodeKind::Custom(custom) => custom.right.is_none(),
        _ => false,
    }
}
