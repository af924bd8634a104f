//! What a node that brings its own state means, for those who put a plan into the words of another engine. Plain
//! data; the engine never looks at it. Invariant: whatever is not said here is refused there, with a reason.

use super::grouping::{Agg, Grouping};
use super::node::Matching;
use crate::aggs::{Aggregate, Call};
use crate::data::FieldId;
use std::sync::Arc;

/// What a [`super::node::Custom`] does, where other engines may have a word for it.
#[derive(Clone)]
pub enum Meaning {
    /// No other engine's SQL has it; why.
    Own(&'static str),
    /// The same of what each record goes on from at once, with values added.
    Added(&'static str),
    /// One row a group, or the rows themselves, in windows of a shape. Arguments are the node's.
    Group(Arc<Grouping>),
    /// A value added to each record.
    Running(Vec<Running>),
    Join {
        kind: Matching,
        /// Bounds of the right's time less the left's, both included, ns.
        within: Option<(i64, i64)>,
        windowed: bool,
    },
    Asof {
        kind: Matching,
        /// How old the match may be, ns.
        within: Option<i64>,
    },
    /// `windowed`: behind a window, whose records of both streams come when it is over.
    Union { windowed: bool },
    /// The first of each key, or the last.
    Distinct { last: bool, ttl: Option<i64> },
    /// Totals of each key that windows do not end. Arguments are the node's.
    Totals { aggs: Vec<Agg>, initial: bool },
    /// Records in order of their times, then by the arguments, each of which may go down.
    InTime { descending: Vec<bool> },
}

/// A running function or an aggregate over the rows around a record.
#[derive(Clone)]
pub struct Running {
    /// As typed: `lag`, `cumsum`, `avg`.
    pub func: String,
    /// Of an aggregate over a frame: from and to.
    pub frame: Option<(&'static Aggregate, Call, i64, i64)>,
    /// How many rows back or ahead, of `lag` and `lead`.
    pub rows: i64,
    /// Which of the node's arguments is its own.
    pub arg: Option<usize>,
    pub into: FieldId,
}

impl Running {
    /// Whether rows wait for others behind them.
    pub fn looks_ahead(&self) -> bool {
        self.func == "lead" || self.frame.as_ref().is_some_and(|(.., to)| *to > 0)
    }
}
