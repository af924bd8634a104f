//! What the blocks before a block have made: parity of quotes, lines, the largest time. A worker publishes
//! its block's summary as soon as it has it and goes on with the sum of all before it (after Merrill and
//! Garland's decoupled look-back, 2016, with a lock in place of flags: a block is 128 KiB of work). Blocks are
//! handed out in sequence and publishing waits only for earlier blocks, so waiting always ends.

use super::order::lock;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};

/// Summaries that compose.
pub trait Summary: Copy + Send {
    const EMPTY: Self;
    fn then(self, next: Self) -> Self;
}

/// Parity of quotes.
impl Summary for bool {
    const EMPTY: bool = false;
    fn then(self, next: bool) -> bool {
        self ^ next
    }
}

/// Lines of an input; another one begins anew.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    pub input: u32,
    pub lines: u64,
}

impl Summary for Lines {
    const EMPTY: Lines = Lines {
        input: u32::MAX,
        lines: 0,
    };
    fn then(self, next: Lines) -> Lines {
        match self.input == next.input {
            true => Lines {
                lines: self.lines + next.lines,
                ..self
            },
            false => next,
        }
    }
}

/// A count.
impl Summary for u64 {
    const EMPTY: u64 = 0;
    fn then(self, next: u64) -> u64 {
        self + next
    }
}

/// The largest event time, ns; `i64::MIN` before any.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Latest(pub i64);

impl Summary for Latest {
    const EMPTY: Latest = Latest(i64::MIN);
    fn then(self, next: Latest) -> Latest {
        Latest(self.0.max(next.0))
    }
}

/// One place in the plan at which blocks want to know what came before.
pub struct Board<T> {
    state: Mutex<Published<T>>,
    moved: Condvar,
}

struct Published<T> {
    /// Blocks below this have published in sequence; `sum` is theirs.
    next: u64,
    sum: T,
    /// Sums before blocks that have not asked yet.
    before: BTreeMap<u64, T>,
    ahead: BTreeMap<u64, T>,
    abandoned: bool,
}

impl<T: Summary> Default for Board<T> {
    fn default() -> Self {
        let state = Published {
            next: 0,
            sum: T::EMPTY,
            before: BTreeMap::new(),
            ahead: BTreeMap::new(),
            abandoned: false,
        };
        Board {
            state: Mutex::new(state),
            moved: Condvar::new(),
        }
    }
}

impl<T: Summary> Board<T> {
    /// Publishes the summary of block `seq` and returns that of all blocks before it. `None` after
    /// [`Board::abandon`].
    pub fn publish(&self, seq: u64, summary: T) -> Option<T> {
        let mut board = lock(&self.state);
        board.ahead.insert(seq, summary);
        let mut moved = false;
        while let Some(summary) = {
            let next = board.next;
            board.ahead.remove(&next)
        } {
            let (next, sum) = (board.next, board.sum);
            board.before.insert(next, sum);
            board.sum = sum.then(summary);
            board.next += 1;
            moved = true;
        }
        if moved {
            self.moved.notify_all();
        }
        loop {
            if let Some(before) = board.before.remove(&seq) {
                return Some(before);
            }
            if board.abandoned {
                return None;
            }
            board = self
                .moved
                .wait(board)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The sum of all blocks published in sequence.
    pub fn sum(&self) -> T {
        lock(&self.state).sum
    }

    /// Adds to the sum between blocks, when none is on its way.
    pub fn add(&self, summary: T) {
        let mut board = lock(&self.state);
        board.sum = board.sum.then(summary);
    }

    pub fn abandon(&self) {
        lock(&self.state).abandoned = true;
        self.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_learns_the_sum_of_those_before_it() {
        let board = Board::<u64>::default();
        std::thread::scope(|scope| {
            for worker in 0..3u64 {
                let board = &board;
                scope.spawn(move || {
                    for seq in (worker..90).step_by(3) {
                        assert_eq!(
                            board.publish(seq, seq),
                            Some(seq * seq.saturating_sub(1) / 2)
                        );
                    }
                });
            }
        });
        assert_eq!(board.sum(), 90 * 89 / 2);
    }

    #[test]
    fn an_abandoned_board_keeps_nobody_waiting() {
        let board = Board::<bool>::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| board.publish(1, true));
            board.abandon();
            assert_eq!(waiting.join().unwrap(), None);
        });
    }
}
