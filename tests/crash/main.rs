//! The program is killed, refused by the system and misled, and must come out of it with the bytes of a run that
//! nobody disturbed (GUARANTEES 3.2). Small here, large through `run.sh`. Knows nothing of how it works inside.
//! Invariant: what is random comes of a seed, which a failure tells.
#![allow(
    clippy::print_stdout,
    reason = "what was skipped is told beside the tests"
)]

mod chains;
mod damage;
mod inject;
mod job;
mod kills;
mod memory;
mod signals;
mod trial;
