//! Rankings and the first of each key, and those of windows that are counted again: what is in front gives each change,
//! and what it replaces; they hold the rows as they stand and are given anew. Plain data and how it is put into a plan;
//! the state is made through [`Maker`], as `state/` lies above. Invariant: nothing between the two makes several rows of
//! one.

use super::again::{Fed, Giving, Next};
use super::builder::Builder;
use super::custom::Ordered;
use super::meaning::Meaning;
use super::node::{Make, NodeKind, SortKey};
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
    pub gives: Ranks,
    /// Of each argument but the first two; those of `per` go up.
    pub orders: Vec<(Type, bool)>,
    /// How many of them rows are ranked apart by.
    pub per: usize,
    pub limit: Option<u64>,
    pub ties: bool,
    /// The field for 1, 2, …
    pub rank: Option<FieldId>,
    pub giving: Giving,
}

/// Which rows of a window are given.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Ranks {
    /// Those of its ranking, in its order; equal ones as they come.
    Best,
    /// The first that came of each of `per`, in the order they came.
    First,
    /// The last, in the order of `per`.
    Last,
}

/// For the printed plan.
impl fmt::Display for Corrected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.gives {
            Ranks::Best => "rank again",
            Ranks::First => "first again",
            Ranks::Last => "last again",
        })?;
        if let (Some(limit), Ranks::Best) = (self.limit, self.gives) {
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
        write!(f, "{}", self.giving)
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
            return self.rank_again(&fed, asked);
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

    /// The first (or last) row of each key.
    pub fn distinct(&mut self, mut keys: Vec<Expr>, last: bool) -> Result<(), Usage> {
        let own = (self.name == "distinct-by").then(|| keys.clone());
        let of_shape = self.keys_of_shape(own.as_deref());
        keys.splice(0..0, of_shape);
        let scope = self.row_scope();
        if self.windows.vary()
            && let Some(end) = self.schema.find("window_end")
        {
            keys.push(self.field_expr(end));
        }
        if let Some(fed) = self.fed.take() {
            return self.distinct_again(&fed, keys, last);
        }
        self.push(NodeKind::Distinct {
            keys,
            last,
            scope,
            carry: Vec::new(),
        });
        Ok(())
    }

    /// Puts a ranking behind an aggregate that feeds it.
    fn rank_again(&mut self, fed: &Fed, asked: Asked) -> Result<(), Usage> {
        let giving = self.giving(fed, None);
        let mut orders = Vec::new();
        let mut args = Vec::new();
        let per = asked.per.len();
        for expr in asked.per {
            orders.push((expr.ty.clone(), false));
            args.push(expr);
        }
        for key in asked.by {
            orders.push((key.expr.ty.clone(), key.descending));
            args.push(key.expr);
        }
        let ranking = Corrected {
            gives: Ranks::Best,
            orders,
            per,
            limit: asked.limit,
            ties: asked.ties,
            rank: asked.rank,
            giving,
        };
        self.corrected_again(fed, ranking, args, "its ranking", Next::Ranking)
    }

    fn distinct_again(&mut self, fed: &Fed, keys: Vec<Expr>, last: bool) -> Result<(), Usage> {
        let giving = self.giving(fed, None);
        let firsts = Corrected {
            gives: if last { Ranks::Last } else { Ranks::First },
            orders: keys.iter().map(|key| (key.ty.clone(), false)).collect(),
            per: keys.len(),
            limit: Some(1),
            ties: false,
            rank: None,
            giving,
        };
        let what = if last {
            "the last of each"
        } else {
            "the first of each"
        };
        self.corrected_again(fed, firsts, keys, what, Next::Distinct)
    }

    /// Puts what holds the rows of an aggregate that feeds it. `args`: what its orders are of.
    fn corrected_again(
        &mut self,
        fed: &Fed,
        mut corrected: Corrected,
        mut args: Vec<Expr>,
        what: &str,
        kind: Next,
    ) -> Result<(), Usage> {
        let freed = self.one_for_one(fed)?;
        let Some(maker) = self.ranked_again else {
            return Err(self.fault("rows cannot be ranked again here"));
        };
        args.splice(0..0, [fed.moment, fed.tells].map(|id| self.field_expr(id)));
        if !self.is_last {
            // Rows go on: what the next one is told takes the place of what this one was.
            corrected.giving.feeds = Some((fed.moment, fed.tells));
        }
        let sets = corrected.rank.into_iter();
        let sets = sets.chain(corrected.giving.sets().into_iter().map(|(id, _)| id));
        let sets = sets.collect();
        let (feeds, marks) = (corrected.giving.feeds, corrected.giving.marks);
        let prints = corrected.giving.prints(what);
        let corrected = Arc::new(corrected);
        let node = Ordered {
            text: corrected.to_string(),
            keeps: format!("holds the rows of each window; {prints}; {freed}"),
            keys: self.keys_in_front(),
            args,
            make: maker(corrected),
            meaning: Meaning::Own(
                "rows that are given again when a window is corrected have no counterpart",
            ),
        };
        self.ordered(node, sets, None);
        match feeds {
            Some(fields) => self.feeds_next(fed, fields),
            None => self.gives_again = Some(kind),
        }
        if marks.is_some() {
            self.show_marks();
        }
        Ok(())
    }
}
