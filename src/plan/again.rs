//! What stands behind a windowed aggregate that may correct its rows, and gives its own again: rankings, firsts and
//! further aggregates, as many as there are. Each is fed changes by the one in front of it; all but the last feed the
//! next one in the same form, the last prints panes. Plain data. Invariant: every change is marked with the moment it
//! belongs to, and all that belongs to one counts before anything is given.

use super::builder::Builder;
use super::grouping::Panes;
use super::node::AggCall;
use super::text;
use super::window::duration;
use crate::data::{FieldId, Type};
use crate::error::Usage;
use crate::expr::Expr;
use std::fmt;

/// The last operator with state behind an aggregate, where all that stand between give their rows again.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Next {
    Ranking,
    Distinct,
    Aggregate,
    /// There is none, or one of them cannot.
    Other,
}

/// What is added to rows for the next one that gives its own again.
#[derive(Clone, Debug)]
pub(super) struct Fed {
    /// The moment that a row belongs to.
    pub moment: FieldId,
    /// What has come of it, which pane it is of, and its place among the rows of its window.
    pub tells: FieldId,
    /// Of the node behind the one that feeds.
    pub from: usize,
    /// ns
    pub lateness: i64,
    /// Windows are sessions: their rows are told when they stand for good.
    pub sessions: bool,
}

/// How rows that stand are given.
#[derive(Clone, Debug)]
pub struct Giving {
    /// The next one is fed each change: the fields for moment and tells.
    pub feeds: Option<(FieldId, FieldId)>,
    /// Else what a repeated row holds.
    pub panes: Panes,
    /// Fields for kind and number of the pane.
    pub pane: Option<(FieldId, FieldId)>,
    /// Fields that say of a row that it is withdrawn.
    pub marks: Option<(FieldId, FieldId)>,
    pub sessions: bool,
}

/// For the printed plan.
impl fmt::Display for Giving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.feeds.is_some() {
            f.write_str(", feeds what follows")?;
        }
        match self.panes {
            Panes::Accumulate => {}
            Panes::Discard => f.write_str(", only what is new")?,
            Panes::Retract => f.write_str(", with what is withdrawn")?,
        }
        if self.sessions {
            f.write_str(", of sessions")?;
        }
        match self.pane {
            Some(_) => f.write_str(", panes"),
            None => Ok(()),
        }
    }
}

impl Giving {
    /// The fields that are set beside the rows' own, in the order in which their cells are made.
    pub fn sets(&self) -> Vec<(FieldId, Type)> {
        let pane = self
            .pane
            .map(|(kind, pane)| [(kind, Type::Text), (pane, Type::Number)]);
        let marks = self
            .marks
            .map(|(flag, sign)| [(flag, Type::Bool), (sign, Type::Text)]);
        let feeds = self
            .feeds
            .map(|(moment, tells)| [(moment, Type::Time), (tells, Type::Time)]);
        [pane, marks, feeds]
            .into_iter()
            .flatten()
            .flatten()
            .collect()
    }

    /// For `--explain`: when rows come and what is in them.
    pub(super) fn prints(&self, what: &str) -> String {
        if self.feeds.is_some() {
            return format!("gives {what} to what follows, and each change of it");
        }
        let how = match self.panes {
            Panes::Accumulate => "",
            Panes::Discard => ", of what is new",
            Panes::Retract => ", behind what it withdraws",
        };
        format!("prints {what} when it is complete and at each early or corrected row{how}")
    }
}

impl Builder<'_> {
    /// How what gives its rows again here gives them, and its columns: `own`, where it gives rows of its own, are the
    /// first fields of those; else they are added to the rows that go on.
    pub(super) fn giving(
        &mut self,
        fed: &Fed,
        mut own: Option<(usize, &mut Vec<(String, Type)>)>,
    ) -> Giving {
        let mut column = |b: &mut Self, name: &str, ty: Type| match &mut own {
            Some((first, fields)) => {
                fields.push((name.into(), ty));
                *first + fields.len() - 1
            }
            None => b.add_shown(name, ty),
        };
        let triggers = &self.options.triggers;
        let mut giving = Giving {
            feeds: None,
            panes: Panes::Accumulate,
            pane: None,
            marks: None,
            sessions: fed.sessions,
        };
        if !self.is_last {
            return giving;
        }
        giving.panes = triggers.panes;
        if triggers.pane_columns {
            let kind = column(self, "pane_kind", Type::Text);
            giving.pane = Some((kind, column(self, "pane", Type::Number)));
        }
        if giving.panes == Panes::Retract {
            let flag = column(self, "retract", Type::Bool);
            giving.marks = Some((flag, column(self, "", Type::Text)));
        }
        giving
    }

    /// Refuses what would not make the same of a row when it is withdrawn; the answer is when rows are freed.
    pub(super) fn one_for_one(&self, fed: &Fed) -> Result<String, Usage> {
        let between = self.nodes[fed.from..].iter();
        let sees_now = between
            .flat_map(|node| text::exprs(&node.kind))
            .any(|expr| expr.sees_now());
        if sees_now {
            return Err(self.fault(
                "now() is another one when a row is corrected; leave it out behind the window's aggregate",
            ));
        }
        Ok(match fed.lateness {
            0 => "then freed".to_string(),
            lateness => format!("freed {} later", duration(lateness)),
        })
    }

    /// Refuses to give what is new of aggregates of which no part is.
    pub(super) fn has_new_parts(&self, calls: &[AggCall]) -> Result<(), Usage> {
        const OF_PARTS: [&str; 3] = ["count", "count_if", "sum"];
        if !self.is_last || self.options.triggers.panes != Panes::Discard {
            return Ok(());
        }
        match calls.iter().find(|call| !OF_PARTS.contains(&call.aggregate.name)) {
            None => Ok(()),
            Some(call) => Err(self.fault(format!(
                "--panes discard prints what is new, and where a row that is corrected is taken back, nothing of '{}' is: \
                 count, count_if and sum have a difference; use --panes retract, or leave it out for the whole",
                call.name
            ))),
        }
    }

    /// The keys of the aggregate in front, in its rows.
    pub(super) fn keys_in_front(&self) -> Vec<Expr> {
        let keys = self
            .aggregated
            .iter()
            .flat_map(|aggregated| &aggregated.keys);
        keys.map(|&id| self.field_expr(id)).collect()
    }

    /// What comes behind the node that was put last is fed by it, in these fields.
    pub(super) fn feeds_next(&mut self, fed: &Fed, (moment, tells): (FieldId, FieldId)) {
        self.fed = Some(Fed {
            moment,
            tells,
            from: self.nodes.len(),
            ..*fed
        });
    }
}
