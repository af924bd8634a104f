//! Windows that have a row even of nothing: `count` by batch gives 0 for each one without a record (SPARK.md 1.2).
//! Reads no clock. Invariant: each window is told once, by its end.

use super::grid::Grid;
use super::node::Window;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Zone;

/// Which window comes next, if it has records or not.
#[derive(Clone, Debug)]
pub struct Empties {
    grid: Grid,
    /// All that end by then have been told; `None`: no batch has begun.
    told: Option<i64>,
    /// The one behind those.
    next: Option<(i64, i64)>,
    /// Batches have ended up to there.
    reached: i64,
}

impl Empties {
    pub fn new(window: &Window, zone: &Zone) -> Empties {
        Empties {
            grid: Grid::new(window, zone),
            told: None,
            next: None,
            reached: i64::MIN,
        }
    }

    /// The first batch has this time.
    pub fn begin(&mut self, first: i64) {
        if self.told.is_none() {
            self.go_on(Some(first));
        }
    }

    /// The next window.
    pub fn peek(&self) -> Option<(i64, i64)> {
        self.next
    }

    fn go_on(&mut self, told: Option<i64>) {
        self.told = told;
        self.next = told.map(|told| self.grid.behind(told));
    }

    /// The next window that ends by `upto`; it is told now.
    pub fn next(&mut self, upto: i64) -> Option<(i64, i64)> {
        let window = self.peek().filter(|(_, end)| *end <= upto)?;
        self.go_on(Some(window.1));
        Some(window)
    }

    /// Batches have ended up to there.
    pub fn reach(&mut self, at: i64) {
        self.reached = self.reached.max(at);
    }

    /// The input is over: the next window that has begun with a batch; it is told now.
    pub fn next_begun(&mut self) -> Option<(i64, i64)> {
        let (_, end) = self.peek().filter(|(start, _)| *start < self.reached)?;
        self.next(end)
    }

    pub fn save(&self, to: &mut Save) {
        to.put(&self.told);
    }

    pub fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let told: Option<i64> = from.take()?;
        // Far from where windows behind it would overflow.
        if told.is_some_and(|told| told.unsigned_abs() >= 1 << 62) {
            return Err(Damaged);
        }
        self.go_on(told);
        Ok(())
    }
}
