//! Time as sources need it: how long a wait may still last, and the moment that a row is made for. Moves nothing
//! by itself. Invariant: what is measured is the monotonic clock, so that a clock that is set hastens nothing.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The end of a wait; `None`: there is none.
#[derive(Copy, Clone, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    pub fn after(wait: Option<Duration>) -> Deadline {
        // One that is too far off to be told is none.
        Deadline(wait.and_then(|wait| Instant::now().checked_add(wait)))
    }

    /// How long it is until then, and no longer than `most`.
    pub fn left(self, most: Duration) -> Duration {
        let left = self
            .0
            .map(|end| end.saturating_duration_since(Instant::now()));
        left.map_or(most, |left| left.min(most))
    }

    pub fn is_over(self) -> bool {
        self.left(Duration::MAX).is_zero()
    }
}

/// Since when something goes on.
#[derive(Copy, Clone, Debug)]
pub struct Began(Instant);

impl Began {
    pub fn now() -> Began {
        Began(Instant::now())
    }

    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// ns since 1970.
pub fn wall() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as i64)
}
