//! State machines that need the order of rows (`data::process`): what `scan`, `map-with-state`, sessions, joins and
//! patterns remember. Operators in `ops/` make them; the engine runs them without knowing them. Single-threaded;
//! no I/O and no clock. Invariant: each says the same of the same rows, however they are cut into chunks.

mod again;
pub mod anomaly;
pub mod burst;
pub mod corrected;
pub mod disorder;
pub mod fill;
pub mod first;
mod giving;
pub mod grouped;
pub mod heavy;
pub mod in_time;
pub mod initial;
pub mod join;
pub mod keyed;
pub mod lasting;
pub mod least;
pub mod moving;
mod orders;
pub mod pattern;
pub mod regrouped;
#[cfg(test)]
mod restarts;
pub mod rows;
pub mod running;
mod saving;
pub mod scan;
mod standing;
#[cfg(test)]
pub mod testing;
pub mod totals;
pub mod turns;
pub mod variables;
