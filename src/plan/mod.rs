//! What is to be done, as data. Operators make it, the engine runs it, `--explain` prints it. Knows no
//! operator by name and reads no input. Invariant: a plan prints as text, and equal texts are equal plans.

pub mod again;
pub mod batches;
pub mod builder;
pub mod clocks;
pub mod columns;
pub mod custom;
pub mod empties;
pub mod files;
pub mod filling;
pub mod grid;
pub mod grouped;
pub mod grouping;
pub mod hand;
pub mod keys;
mod late;
mod lists;
pub mod meaning;
pub mod names;
pub mod node;
pub mod optimize;
pub mod output;
mod printed;
pub mod ranking;
pub mod regrouped;
pub mod replay;
pub mod right;
pub mod scopes;
pub mod sequence;
mod sides;
pub mod text;
mod thinned;
pub mod times;
pub mod totals;
pub mod variables;
pub mod when;
pub mod window;
