//! Aggregates of rows that may be corrected: what a windowed aggregate in front gives again is counted again. Plain data
//! and how it is put into a plan; the state is made through [`Maker`], as `state/` lies above. Invariant: what stands in
//! the end is what would have come if all had waited.

use super::again::{Fed, Giving, Next};
use super::builder::Builder;
use super::custom::{Ordered, OwnRows};
use super::grouped::{aggregate_text, called};
use super::grouping::Agg;
use super::keys::Key;
use super::meaning::Meaning;
use super::node::{AggCall, Make, Window};
use super::scopes::Windows;
use super::when::UNBOUNDED;
use crate::data::Type;
use crate::error::Usage;
use std::sync::Arc;

/// How the state is come by.
pub type Maker = fn(Arc<Regrouped>) -> Make;

/// What is to be done. The node's keys are the groups'; its arguments are the two fields of [`Fed`], the keys of the
/// aggregate in front, then the aggregates' own.
#[derive(Clone, Debug)]
pub struct Regrouped {
    /// Rows are in windows; else they span the whole input.
    pub windowed: bool,
    /// One row a group: the window's bounds if there are, then these, then what panes add.
    pub keys: Vec<Type>,
    pub aggs: Vec<Agg>,
    /// Of the keys of the aggregate in front.
    pub front: Vec<Type>,
    /// Of the arguments behind them.
    pub args: Vec<Type>,
    /// A row even of nothing for each of these windows.
    pub empties: Option<Window>,
    pub giving: Giving,
}

impl Builder<'_> {
    /// One row a group of rows that an aggregate in front feeds.
    pub(super) fn aggregate_again(
        &mut self,
        fed: &Fed,
        keys: Vec<Key>,
        calls: Vec<AggCall>,
        empties: Option<Window>,
    ) -> Result<(), Usage> {
        let freed = self.one_for_one(fed)?;
        self.has_new_parts(&calls)?;
        let Some(maker) = self.grouped_again else {
            return Err(self.fault("rows cannot be grouped again here"));
        };
        let mut args = vec![self.field_expr(fed.moment), self.field_expr(fed.tells)];
        let front = self.keys_in_front();
        let front_types = front.iter().map(|key| key.ty.clone()).collect();
        args.extend(front);
        let (own, aggs, mut fields) = called(&calls);
        let own_types = own.iter().map(|arg| arg.ty.clone()).collect();
        args.extend(own);
        let (windows, grid) = (self.windows_of_rows(), self.grid_of_rows());
        let windowed = windows != Windows::No;
        // Bounds and keys stand in front.
        let first = if windowed { 2 } else { 0 } + keys.len();
        let mut giving = self.giving(fed, Some((first, &mut fields)));
        if !self.is_last {
            let behind = first + fields.len();
            giving.feeds = Some((behind, behind + 1));
        }
        let (feeds, marks) = (giving.feeds, giving.marks);
        let prints = giving.prints("its groups");
        let names: Vec<String> = calls.iter().map(aggregate_text).collect();
        let each = if empties.is_some() { ", each" } else { "" };
        let again = Regrouped {
            windowed,
            keys: keys.iter().map(|key| key.expr.ty.clone()).collect(),
            aggs,
            front: front_types,
            args: own_types,
            empties,
            giving,
        };
        let node = Ordered {
            text: format!("group again {}{}{each}", names.join(", "), again.giving),
            keeps: match windowed {
                true => format!("holds the rows of each window; {prints}; {freed}"),
                false => format!("holds the rows that it counts; {prints}; {UNBOUNDED} with them"),
            },
            keys: keys.iter().map(|key| key.expr.clone()).collect(),
            args,
            make: maker(Arc::new(again)),
            meaning: Meaning::Own(
                "groups that are given again when a window is corrected have no counterpart",
            ),
        };
        let rows = OwnRows {
            windows,
            keys,
            fields,
        };
        self.ordered_rows(node, rows, None);
        if let Some(aggregated) = &mut self.aggregated {
            aggregated.grid = grid;
        }
        if marks.is_some() {
            self.show_marks();
        }
        match feeds {
            Some(fields) => {
                let made = [(); 2].map(|()| self.add_field("", Type::Time, true));
                debug_assert_eq!(made, [fields.0, fields.1]);
                self.feeds_next(fed, fields);
            }
            None => self.gives_again = Some(Next::Aggregate),
        }
        Ok(())
    }
}
