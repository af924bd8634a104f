//! tests

mod completion;
mod docs;
