//! tests

mod completion;
mod docs;
mod fuzz;
