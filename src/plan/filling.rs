//! What `fill` stands behind: the aggregate of a window of a grid, whose windows can be counted up. Cuts none.
//! Invariant: rows that are filled in have the fields of those that are there, in their places.

use super::builder::Builder;
use super::custom::{Ordered, OwnRows};
use super::keys::Key;
use super::node::{NodeKind, Window};
use super::scopes::Windows;
use crate::data::Type;
use crate::error::Usage;
use crate::expr::Expr;

/// The rows of an aggregate of a window.
#[derive(Clone, Debug)]
pub struct Filled {
    pub window: Window,
    pub keys: Vec<Key>,
    /// Of the aggregates: name and type; and how they are read.
    pub fields: Vec<(String, Type)>,
    pub values: Vec<Expr>,
}

impl Builder<'_> {
    /// The rows at this place, if they come straight from the aggregate of a window.
    pub fn filled(&self) -> Result<Filled, Usage> {
        let behind = match self.nodes.last().map(|node| &node.kind) {
            Some(NodeKind::Aggregate { .. }) => true,
            Some(NodeKind::Custom(custom)) => custom.own_rows,
            _ => false,
        };
        let Some(aggregated) = self.aggregated.as_ref().filter(|_| behind) else {
            return Err(self.fault(
                "it goes directly behind the aggregate of a window: window 1m count-by k fill zero",
            ));
        };
        let operator = &aggregated.operator;
        let window = match (
            self.windows,
            self.in_force.as_ref().or(aggregated.grid.as_ref()),
        ) {
            (Windows::Yes, Some(window)) => window.clone(),
            (Windows::Yes | Windows::Vary | Windows::Counted, _) => {
                return Err(self.fault(format!(
                    "windows of '{operator}' are at no fixed times, so none can be said to be missing; give it \
                     window SIZE"
                )));
            }
            (Windows::Batch, _) => {
                return Err(self.fault(format!(
                    "'{operator}' works batch by batch; put a window in front of it"
                )));
            }
            (Windows::No, _) => {
                return Err(self.fault(format!(
                    "'{operator}' has no window; put one in front of it"
                )));
            }
        };
        let fields = &self.schema.fields[aggregated.first..];
        let values = fields.iter().enumerate().map(|(at, field)| {
            Expr::named_field(aggregated.first + at, &field.name, field.ty.clone())
        });
        Ok(Filled {
            window,
            keys: self.key.clone().unwrap_or_default(),
            values: values.collect(),
            fields: fields
                .iter()
                .map(|field| (field.name.clone(), field.ty.clone()))
                .collect(),
        })
    }

    /// The same rows with those that are filled in.
    pub fn fill(&mut self, node: Ordered, filled: Filled) {
        let rows = OwnRows {
            windows: Windows::Yes,
            keys: filled.keys,
            fields: filled.fields,
        };
        self.ordered_rows(node, rows, None);
        self.in_force = Some(filled.window);
    }
}
