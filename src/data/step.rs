//! What has no memory: a chunk in, the same chunk out.

use super::Chunk;

/// A stateless part of a stage. Each worker owns one; rows leave by `Chunk::live`, columns are added.
pub trait Step: Send {
    fn run(&mut self, chunk: &mut Chunk, counts: &mut Counts);
}

/// What steps have to tell, summed over workers and told once at the end.
#[derive(Debug, Default, Clone)]
pub struct Counts {
    /// Conversions to a number or time that failed, by what was converted (a field's name or an expression).
    pub failed: std::collections::BTreeMap<String, u64>,
}
