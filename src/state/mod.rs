//! State machines that need the order of rows (`data::process`): what `scan`, `map-with-state`, sessions, joins and
//! patterns remember. Operators in `ops/` make them; the engine runs them without knowing them. Single-threaded;
//! no I/O and no clock. Invariant: each says the same of the same rows, however they are cut into chunks.

pub mod grouped;
pub mod keyed;
pub mod pattern;
