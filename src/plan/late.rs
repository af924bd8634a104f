//! What `--late FILE` keeps of a row (INTERFACE 8.1): a record's line, byte for byte, and of a row that is no record the row
//! as JSON, which it gets where rows begin to be judged. Judges nothing. Invariant: every row that may be found late has
//! its line.

use super::builder::Builder;
use super::grouping::Shape;
use super::meaning::Meaning;
use super::node::{NodeKind, Plan, Scope};
use super::optimize::writes_lines;
use crate::error::Usage;

impl Builder<'_> {
    /// What follows judges rows by their times: where they are no records, and late ones are kept, they get a line.
    pub(super) fn draw_lines(&mut self) -> Result<(), Usage> {
        let keeps_late = self.options.keeps_late;
        let Some(aggregated) = &mut self.aggregated else {
            return Ok(());
        };
        if !keeps_late || aggregated.has_lines {
            return Ok(());
        }
        aggregated.has_lines = true;
        // The columns of the line are not those of the stream.
        let shown = self.shown.clone();
        let written = self.written(Some("json"), None)?;
        self.shown = shown;
        self.push(NodeKind::Lines {
            format: written.format,
            out: written.out,
        });
        Ok(())
    }
}

impl Plan {
    /// Whether rows that leave node `at` must still have their line: a later node, or the sink, writes it or
    /// reads it.
    pub fn needs_lines_behind(&self, at: usize) -> bool {
        for node in &self.nodes[at + 1..] {
            if self.keeps_late && judges(&node.kind) {
                return true;
            }
            match &node.kind {
                NodeKind::Aggregate { .. } | NodeKind::Lines { .. } => return false,
                NodeKind::Custom(custom) if custom.own_rows => return false,
                NodeKind::Hand(hand) => return writes_lines(&hand.out),
                NodeKind::Sample { .. } => return true,
                NodeKind::Tee { out, .. } if writes_lines(out) => return true,
                _ => {}
            }
        }
        writes_lines(&self.sink.out)
    }
}

/// Whether a node may find rows late.
fn judges(kind: &NodeKind) -> bool {
    match kind {
        NodeKind::Assign { .. }
        | NodeKind::Judge { .. }
        | NodeKind::Aggregate {
            scope: Scope::Assign(_),
            ..
        } => true,
        NodeKind::Custom(custom) => match &custom.meaning {
            Meaning::Group(grouping) => !matches!(
                grouping.shape,
                Shape::Forever | Shape::Rows | Shape::Counted
            ),
            _ => true,
        },
        _ => false,
    }
}
