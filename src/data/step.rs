//! What evaluating has to tell beside its results.

/// What steps have to tell, summed over workers and told once at the end.
#[derive(Debug, Default, Clone)]
pub struct Counts {
    /// Conversions to a number or time that failed, by what was converted (a field's name or an expression).
    pub failed: std::collections::BTreeMap<String, u64>,
    /// With `--strict`: the rows of the chunk at hand in which one failed, in any order.
    pub failed_rows: Option<Vec<u32>>,
}
