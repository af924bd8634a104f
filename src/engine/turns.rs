//! Which of several sources is read next: one that another has to wait for, else the one whose time is behind. Reads
//! nothing. Invariant: of sources that end, the order follows from what they hold.

use super::control::Control;
use super::open::Group;
use crate::plan::node::{NodeKind, Plan, Turn};

/// Which of several sources may be read next.
pub struct Turns {
    of_side: Vec<Turn>,
    turns: Vec<Turn>,
    pub ended: Vec<bool>,
    /// None of them is live: what is read first is ours to say.
    finite: bool,
}

impl Turns {
    pub fn new(plan: &Plan, groups: &[Group]) -> Turns {
        let rights = plan.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Custom(custom) => custom.right.as_ref().map(|right| right.turn),
            _ => None,
        });
        let of_side: Vec<Turn> = std::iter::once(Turn::Any).chain(rights).collect();
        Turns {
            of_side: of_side.clone(),
            turns: groups.iter().map(|group| of_side[group.side]).collect(),
            ended: vec![false; groups.len()],
            finite: groups.iter().all(|group| !group.live),
        }
    }

    /// One more source, that is live.
    pub fn add(&mut self, side: usize) {
        self.turns.push(self.of_side[side]);
        self.ended.push(false);
        self.finite = false;
    }

    pub fn wanted(&self, control: &Control<'_, '_>) -> Vec<usize> {
        let open = |turn: Turn| -> Vec<usize> {
            (0..self.turns.len())
                .filter(|&source| !self.ended[source] && self.turns[source] == turn)
                .collect()
        };
        let mut wanted = open(Turn::First);
        if !wanted.is_empty() {
            wanted.truncate(1);
            return wanted;
        }
        wanted = open(Turn::Any);
        if wanted.is_empty() {
            wanted = open(Turn::Last);
            wanted.truncate(1);
        }
        if self.finite
            && let Some(&behind) = wanted
                .iter()
                .min_by_key(|source| control.mark(**source).unwrap_or(i64::MIN))
        {
            // The source whose time is behind: so that little of the other is kept waiting.
            return vec![behind];
        }
        wanted
    }
}
