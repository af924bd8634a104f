//! A plan in the words of another engine's SQL: `--explain=spark-sql` and `=flink-sql`. Imports the plan and what it
//! is made of; runs nothing and reads no input. Invariant: what has no counterpart is a comment that names the
//! operator and the reason; nothing is approximated in silence, and what follows such an operator is not translated.

mod aggregates;
mod calls;
mod flink;
mod nodes;
mod regexes;
mod relation;
mod sides;
mod source;
mod spark;
mod sql;
mod state;
mod windows;

use crate::plan::node::Plan;
pub use sql::{Dialect, Unsupported};

/// What a plan does not say of its input.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The word of `-i`: `regex:RE`.
    pub format: String,
    pub delimiter: Option<u8>,
    pub header: bool,
    /// Several lines may be one record.
    pub multiline: bool,
    /// It need not end.
    pub live: bool,
}

/// The plan as Spark SQL, with the statements that it needs around it.
pub fn spark(plan: &Plan, input: &Input) -> String {
    let stamps = stamps(plan);
    nodes::translate(plan, input, &spark::Spark { stamps })
}

/// The same as Flink SQL.
pub fn flink(plan: &Plan, input: &Input) -> String {
    let stamps = stamps(plan);
    nodes::translate(plan, input, &flink::Flink { stamps })
}

/// The stamps of web servers.
fn stamps(plan: &Plan) -> Option<&'static str> {
    matches!(plan.source.format_name.as_str(), "combined" | "common")
        .then_some("dd/MMM/yyyy:HH:mm:ss Z")
}
