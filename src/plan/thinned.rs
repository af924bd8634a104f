//! Operators between windows of a key and the one that has that key: what those drop or multiply is in its window all the
//! same (INTERFACE 6.2), so rows must enter in front of them, which the chain is built once more for. Puts no row into a
//! window. Invariant: rows enter where their key is known and nothing has been dropped, or it is told that they do not.

use super::builder::Builder;
use super::grouping::Shape;
use super::node::NodeKind;
use super::scopes::has_state;
use crate::data::{FieldId, Schema};
use crate::error::Usage;
use crate::expr::Expr;

/// What has dropped or multiplied records that wait for their windows, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Thinning {
    /// Which operator of the chain is at hand.
    operator: usize,
    /// How many fields there were in front of it.
    fields: usize,
    thinned: Vec<Thinned>,
    /// In front of this one rows ought to have entered their windows.
    enters: Option<usize>,
}

/// An operator that drops or multiplies records which wait for their windows.
#[derive(Clone, Debug)]
struct Thinned {
    /// Its place in the chain.
    at: usize,
    typed: String,
    /// Records may be gone behind it that have every field which those that stay have.
    drops: bool,
    /// The fields in front of it, and how many nodes there are.
    schema: Schema,
    nodes: usize,
}

impl Builder<'_> {
    /// Takes down what stands in front of windows that wait for their key.
    pub(super) fn thin(&mut self, kind: &NodeKind) {
        if !self.shaped.as_ref().is_some_and(Shape::is_keyed) {
            return;
        }
        let drops = match kind {
            NodeKind::Filter { .. }
            | NodeKind::Sample { .. }
            | NodeKind::Parse {
                keep_unmatched: false,
                ..
            } => true,
            NodeKind::Explode { .. } | NodeKind::Lookup(_) => false,
            // It goes by the order of records, which is another one where they have left a window.
            kind if has_state(kind) && !self.thinning.thinned.is_empty() => {
                self.tell_thinned(&format!("'{}' takes records in their order", self.typed));
                return;
            }
            // These go by that order, too, and drop records themselves.
            kind if has_state(kind) && ["anomaly", "burst"].contains(&self.name.as_str()) => {
                let typed = self.typed.clone();
                self.tell_windows_of(&typed, "it takes records in their order");
                return;
            }
            _ => return,
        };
        let mut schema = self.schema.clone();
        schema.fields.truncate(self.thinning.fields);
        self.thinning.thinned.push(Thinned {
            at: self.thinning.operator,
            typed: self.typed.clone(),
            drops,
            schema,
            nodes: self.nodes.len(),
        });
    }

    /// The windows that waited are made here, of these keys: whether they ought to have been in front of what has dropped
    /// records.
    pub(super) fn take_thinned(&mut self, keys: &[Expr]) {
        let knows = |thinned: &Thinned| {
            let mut fields = keys.iter().flat_map(|key| &key.fields);
            fields.all(|&field| self.stands(thinned, field))
        };
        let entry = self.thinning.thinned.iter().position(knows);
        let thinning = &mut self.thinning;
        thinning.enters = entry.map(|entry| thinning.thinned[entry].at);
        thinning.thinned.truncate(entry.unwrap_or(usize::MAX));
        self.tell_thinned("their key is made behind it, and would have to be in front");
    }

    /// Windows are of the records that are left where they are made.
    pub(super) fn tell_thinned(&mut self, why: &str) {
        let thinned = std::mem::take(&mut self.thinning.thinned);
        if let Some(thinned) = thinned.iter().find(|thinned| thinned.drops) {
            self.tell_windows_of(&thinned.typed, why);
        }
    }

    fn tell_windows_of(&mut self, typed: &str, why: &str) {
        if let Some(shape) = &self.unjudged {
            self.notes.push(format!(
                "the windows of '{shape}' are of the records that '{typed}' lets through: {why}"
            ));
        }
    }

    /// Whether a field has the same value in front of an operator, under the name that it has here.
    fn stands(&self, thinned: &Thinned, field: FieldId) -> bool {
        let name = &self.schema.fields[field].name;
        if let Some(before) = thinned.schema.fields.get(field) {
            return before.name == *name || name.is_empty();
        }
        let is_read = self.at_source() && self.read[field];
        if is_read {
            return self.source.fields[field].name == *name && thinned.schema.find(name).is_none();
        }
        // A key that was set is a field without a name.
        let made = self.nodes[thinned.nodes..]
            .iter()
            .find_map(|node| match &node.kind {
                NodeKind::Project { columns } => columns.iter().find(|(made, _)| *made == field),
                _ => None,
            });
        let mut from = made.into_iter().flat_map(|(_, value)| &value.fields);
        name.is_empty() && made.is_some() && from.all(|&from| self.stands(thinned, from))
    }

    /// Goes on with operator `at` of the chain.
    pub fn at(&mut self, at: usize) {
        self.thinning.operator = at;
        self.thinning.fields = self.schema.fields.len();
    }

    /// In front of which operator rows ought to have entered the windows that were made last.
    pub fn entry(&self) -> Option<usize> {
        self.thinning.enters
    }

    /// No window waits for what comes.
    pub(super) fn forget_thinned(&mut self) {
        self.thinning.thinned.clear();
    }

    /// Windows that wait at the end of the chain are of the key in force.
    pub fn end_windows(&mut self) {
        self.assign();
    }

    /// Rows enter the windows that wait, in front of the operator at hand; `keys`: as typed, or `None` for those in force.
    pub fn enter_windows(&mut self, keys: Option<&str>) -> Result<(), Usage> {
        let Some(shape) = self.shaped.take() else {
            return Ok(());
        };
        let keys = match keys {
            Some(keys) => self.keys(keys)?,
            None => self.key.clone().unwrap_or_default(),
        };
        let keys: Vec<Expr> = keys.into_iter().map(|key| key.expr).collect();
        let here = self.typed.clone();
        if let Some(typed) = self.unjudged.clone() {
            if self.options.triggers.is_early() {
                self.notes.push(format!(
                    "early rows come when a window of '{typed}' ends: what '{here}' drops is in it too; in front of it, \
                     there are windows of what it keeps"
                ));
            }
            self.typed = typed;
        }
        self.assign_shape(shape, &keys);
        self.typed = here;
        Ok(())
    }
}
