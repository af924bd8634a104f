//! The one integration binary: the program from outside, and the ratchets over its source.
#![allow(
    clippy::print_stdout,
    reason = "what was skipped, and shares, are told beside the tests"
)]

mod again;
mod cases;
mod commands;
mod completion;
mod dependencies;
mod docs;
mod export;
mod fuzz;
mod install;
mod laws;
mod live;
mod multiline;
mod nexmark;
mod oracle;
mod readme;
mod rotation;
mod session;
mod sinks;
mod snapshots;
mod sources;
mod spill;
mod tidy;
mod view;
mod wal;
