//! Aggregates of rows that may be corrected: what a windowed aggregate in front gives again is counted again. Plain data
//! and how it is put into a plan; the state is made through [`Maker`], as `state/` lies above. Invariant: what stands in
//! the end is what would have come if all had waited.

use super::builder::{Builder, Windows};
use super::custom::{Ordered, OwnRows};
use super::grouped::{aggregate_text, called};
use super::grouping::Agg;
use super::keys::Key;
use super::meaning::Meaning;
use super::node::{AggCall, Make};
use super::ranking::{Fed, Next};
use crate::data::{FieldId, Type};
use crate::error::Usage;
use crate::expr::Expr;
use std::sync::Arc;

/// How the state is come by.
pub type Maker = fn(Arc<Regrouped>) -> Make;

/// What is to be done. The node's keys are the groups'; its arguments are the two fields of [`Fed`], the keys of the
/// aggregate in front, then the aggregates' own.
#[derive(Clone, Debug)]
pub struct Regrouped {
    /// One row a group: the window's bounds, then these, then what panes add.
    pub keys: Vec<Type>,
    pub aggs: Vec<Agg>,
    /// Of the keys of the aggregate in front.
    pub front: Vec<Type>,
    /// Of the arguments behind them.
    pub args: Vec<Type>,
    /// Fields for kind and number of the pane.
    pub pane: Option<(FieldId, FieldId)>,
}

impl Builder<'_> {
    /// One row a group of rows that an aggregate in front feeds.
    pub(super) fn aggregate_again(
        &mut self,
        fed: &Fed,
        keys: Vec<Key>,
        calls: Vec<AggCall>,
    ) -> Result<(), Usage> {
        let freed = self.one_for_one(fed)?;
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
        // Bounds, keys and aggregates stand in front.
        let behind = 2 + keys.len() + fields.len();
        let pane = self.options.triggers.pane_columns.then(|| {
            fields.push(("pane_kind".into(), Type::Text));
            fields.push(("pane".into(), Type::Number));
            (behind, behind + 1)
        });
        let varies = self.windows == Windows::Vary;
        let names: Vec<String> = calls.iter().map(aggregate_text).collect();
        let again = Regrouped {
            keys: keys.iter().map(|key| key.expr.ty.clone()).collect(),
            aggs,
            front: front_types,
            args: own_types,
            pane,
        };
        let panes = if pane.is_some() { " panes" } else { "" };
        let node = Ordered {
            text: format!("group again {}{panes}", names.join(", ")),
            keeps: format!(
                "holds the rows of each window; prints its groups when it is complete, and those that early or corrected \
                 rows change; {freed}"
            ),
            keys: keys.iter().map(|key| key.expr.clone()).collect(),
            args,
            make: maker(Arc::new(again)),
            meaning: Meaning::Own(
                "groups that are given again when a window is corrected have no counterpart",
            ),
        };
        let rows = OwnRows {
            windowed: true,
            shows_end: varies,
            keys,
            fields,
        };
        self.gives_again = Some(Next::Aggregate);
        self.ordered_rows(node, rows, None);
        if varies {
            self.windows = Windows::Vary;
        }
        Ok(())
    }

    /// The keys of the aggregate in front, in its rows.
    pub(super) fn keys_in_front(&self) -> Vec<Expr> {
        let keys = self
            .aggregated
            .iter()
            .flat_map(|aggregated| &aggregated.keys);
        keys.map(|&id| self.field_expr(id)).collect()
    }
}
