//! Rankings, and those of windows that are counted again: an aggregate in front gives each change, and what it replaces; the
//! ranking holds the rows as they stand and is given anew. Plain data and how it is put into a plan; the state is made
//! through [`Maker`], as `state/` lies above. Invariant: nothing between the two makes several rows of one.

use super::builder::Builder;
use super::custom::Ordered;
use super::meaning::Meaning;
use super::node::{Make, NodeKind, SortKey};
use super::text;
use super::window::duration;
use crate::data::{FieldId, Type};
use crate::error::Usage;
use crate::expr::Expr;
use std::fmt;
use std::sync::Arc;

/// How the state of such a ranking is come by.
pub type Maker = fn(Arc<Corrected>) -> Make;

/// What a ranking is to do. The node's keys are those of the aggregate in front; its arguments are the two fields of
/// [`Fed`], then what rows are ranked apart by and what they are ordered by.
#[derive(Clone, Debug)]
pub struct Corrected {
    /// Of each argument but the first two; those of `per` go up.
    pub orders: Vec<(Type, bool)>,
    /// How many of them rows are ranked apart by.
    pub per: usize,
    pub limit: Option<u64>,
    pub ties: bool,
    /// Fields for 1, 2, …, and for kind and number of the pane.
    pub rank: Option<FieldId>,
    pub pane: Option<(FieldId, FieldId)>,
}

/// The only operator with state behind an aggregate, which has its rows one for one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Next {
    Ranking,
    Aggregate,
    /// Another one, several, or none.
    Other,
}

/// What an aggregate adds to rows for what corrects itself behind it.
#[derive(Clone, Debug)]
pub(super) struct Fed {
    /// The moment that a row belongs to: all of its rows count before the ranking is given.
    pub moment: FieldId,
    /// Which pane it is of, and whether it is withdrawn.
    pub tells: FieldId,
    /// Of the node behind the aggregate.
    pub from: usize,
    /// ns
    pub lateness: i64,
}

/// For the printed plan.
impl fmt::Display for Corrected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(limit) = self.limit {
            write!(f, " limit {limit}")?;
        }
        for (at, (_, descending)) in self.orders.iter().enumerate() {
            let way = match (at < self.per, descending) {
                (true, _) => "per",
                (false, true) => "desc",
                (false, false) => "asc",
            };
            write!(f, " {way}")?;
        }
        if self.ties {
            f.write_str(" with ties")?;
        }
        if self.rank.is_some() {
            f.write_str(" rank")?;
        }
        match self.pane {
            Some(_) => f.write_str(" panes"),
            None => Ok(()),
        }
    }
}

/// What `top` adds to an order.
#[derive(Copy, Clone, Debug, Default)]
pub struct Ranking {
    pub ties: bool,
    pub rank: bool,
}

/// What is asked of a ranking.
struct Asked {
    by: Vec<SortKey>,
    limit: Option<u64>,
    per: Vec<Expr>,
    ties: bool,
    rank: Option<FieldId>,
}

impl Builder<'_> {
    /// Rows in order, the first of them if there is a limit.
    pub fn sort(
        &mut self,
        by: Vec<SortKey>,
        limit: Option<u64>,
        per: Vec<Expr>,
        how: Ranking,
    ) -> Result<(), Usage> {
        let of_shape = self.keys_of_shape(None);
        let scope = self.row_scope();
        // Of a ranking's whole records equals go by event time, where there is one.
        if limit.is_some() && self.aggregated.is_none() {
            self.have_times();
        }
        let per = of_shape.into_iter().chain(per).collect();
        let rank = how.rank.then(|| self.add_shown("rank", Type::Number));
        if let Some(fed) = self.fed.take() {
            let asked = Asked {
                by,
                limit,
                per,
                ties: how.ties,
                rank,
            };
            return self.rank_again(fed, asked);
        }
        self.push(NodeKind::Sort {
            by,
            limit,
            per,
            ties: how.ties,
            rank,
            scope,
            carry: Vec::new(),
        });
        Ok(())
    }

    /// Puts a ranking behind an aggregate that feeds it.
    fn rank_again(&mut self, fed: Fed, asked: Asked) -> Result<(), Usage> {
        let freed = self.one_for_one(&fed)?;
        let Some(maker) = self.ranked_again else {
            return Err(self.fault("rows cannot be ranked again here"));
        };
        let pane = self.options.triggers.pane_columns.then(|| {
            let kind = self.add_shown("pane_kind", Type::Text);
            (kind, self.add_shown("pane", Type::Number))
        });
        let mut args = vec![self.field_expr(fed.moment), self.field_expr(fed.tells)];
        let mut orders = Vec::new();
        let per = asked.per.len();
        for expr in asked.per {
            orders.push((expr.ty.clone(), false));
            args.push(expr);
        }
        for key in asked.by {
            orders.push((key.expr.ty.clone(), key.descending));
            args.push(key.expr);
        }
        let corrected = Arc::new(Corrected {
            orders,
            per,
            limit: asked.limit,
            ties: asked.ties,
            rank: asked.rank,
            pane,
        });
        let sets = asked
            .rank
            .into_iter()
            .chain(pane.into_iter().flat_map(|(kind, pane)| [kind, pane]));
        let sets = sets.collect();
        let node = Ordered {
            text: format!("rank again{corrected}"),
            keeps: format!(
                "holds the rows of each window; prints its ranking when it is complete and at each early or corrected \
                 row; {freed}"
            ),
            keys: self.keys_in_front(),
            args,
            make: maker(corrected),
            meaning: Meaning::Own(
                "rankings that are given again when a window is corrected have no counterpart",
            ),
        };
        self.gives_again = Some(Next::Ranking);
        self.ordered(node, sets, None);
        Ok(())
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
}
