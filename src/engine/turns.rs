//! Which of several sources is read next: one that another has to wait for, else the one whose time is behind. Reads
//! nothing. Invariant: of sources that end, the order follows from what they hold.

use super::control::Control;
use super::open::Group;
use crate::plan::meaning::Meaning;
use crate::plan::node::{NodeKind, Plan, Times, Turn};

/// When a side's sources are read, and where none of them all is live.
#[derive(Copy, Clone, Debug)]
struct Side {
    turn: Turn,
    finite: Turn,
}

/// Which of several sources may be read next.
pub struct Turns {
    of_side: Vec<Side>,
    turns: Vec<Side>,
    pub ended: Vec<bool>,
    /// None of them is live: what is read first is ours to say.
    finite: bool,
}

impl Turns {
    pub fn new(plan: &Plan, groups: &[Group]) -> Turns {
        let in_batches = plan.source.time.as_ref().and_then(Times::batch).is_some();
        let rights = plan.nodes.iter().filter_map(|node| {
            let NodeKind::Custom(custom) = &node.kind else {
                return None;
            };
            let turn = custom.right.as_ref()?.turn;
            // Where rows do not wait for the end of a batch, the order that they are read in is theirs.
            let finite = match (&custom.meaning, turn) {
                (Meaning::Union { .. }, Turn::Any) if !in_batches => Turn::Last,
                (_, turn) => turn,
            };
            Some(Side { turn, finite })
        });
        let own = Side {
            turn: Turn::Any,
            finite: Turn::Any,
        };
        let of_side: Vec<Side> = std::iter::once(own).chain(rights).collect();
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

    fn turn(&self, source: usize) -> Turn {
        let side = self.turns[source];
        match self.finite {
            true => side.finite,
            false => side.turn,
        }
    }

    pub fn wanted(&self, control: &Control<'_, '_>) -> Vec<usize> {
        let open = |turn: Turn| -> Vec<usize> {
            (0..self.turns.len())
                .filter(|&source| !self.ended[source] && self.turn(source) == turn)
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
