//! What is kept of a job between runs: the file (`file`), its place among files (`store`), and the thread that
//! writes it while the stream goes on (`keeper`). What there is to keep is the engine's affair (`commit`).

pub mod difference;
pub mod file;
pub mod fuzz;
pub mod keeper;
pub mod shown;
pub mod store;
