//! `match`: sequences of records. `syntax` reads a pattern, `machine` runs it for one key, `conditions` looks at
//! the match so far, `process` keeps keys, order and time, and `rows` makes rows of what is found. Knows no
//! thread and no operator. Invariant: a sequence is a match or not by its records and their order alone.

pub mod conditions;
pub mod machine;
pub mod process;
pub mod rows;
pub mod syntax;

#[cfg(test)]
mod tests;
