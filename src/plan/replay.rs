//! What building a chain has asked of the outside, so that building it again asks no more: a pipe that was read gives
//! nothing a second time. Asks nothing itself. Invariant: a chain asks the same in the same order each time.

use crate::error::Usage;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The answers so far, in order.
#[derive(Clone, Debug)]
pub struct Answers<T>(Arc<Mutex<Vec<T>>>);

impl<T> Default for Answers<T> {
    fn default() -> Answers<T> {
        Answers(Arc::default())
    }
}

impl<T: Clone> Answers<T> {
    /// For one more build.
    pub fn from_start(&self) -> Replay<T> {
        Replay {
            answers: Answers(self.0.clone()),
            next: AtomicUsize::new(0),
        }
    }
}

/// How far one build has come in them.
#[derive(Debug)]
pub struct Replay<T> {
    answers: Answers<T>,
    next: AtomicUsize,
}

impl<T: Clone> Replay<T> {
    /// The next answer: one that was given before, else the one that `ask` gives.
    pub fn next(&self, ask: impl FnOnce() -> Result<T, Usage>) -> Result<T, Usage> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let mut answers = self
            .answers
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = answers.get(turn) {
            return Ok(answer.clone());
        }
        let answer = ask()?;
        answers.push(answer.clone());
        Ok(answer)
    }
}
