//! The clock, injected: the only place that asks the machine for the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where a run has its time from.
pub trait Clock: Send + Sync {
    /// ns since 1970.
    fn now(&self) -> i64;
}

/// The machine's clock. Wall time is read once; from then on it moves by the monotonic clock, so that a
/// clock that is set while we run moves no window.
pub struct System {
    began: Instant,
    wall: i64,
}

impl Default for System {
    fn default() -> Self {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos() as i64);
        System {
            began: Instant::now(),
            wall,
        }
    }
}

impl Clock for System {
    fn now(&self) -> i64 {
        self.wall + self.began.elapsed().as_nanos() as i64
    }
}

/// A span of the clock as a wait.
pub fn wait(from: i64, to: i64) -> Duration {
    Duration::from_nanos(to.saturating_sub(from).max(0) as u64)
}
