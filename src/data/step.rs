//! What evaluating has to tell beside its results.

use super::{Chunk, Column, FieldId};
use std::collections::BTreeMap;

/// What steps have to tell, summed over workers and told once at the end.
#[derive(Debug, Default, Clone)]
pub struct Counts {
    /// Conversions to a number or time that failed, by what was converted (a field's name or an expression).
    pub failed: BTreeMap<String, u64>,
    /// What rows had beyond the columns.
    pub others: OtherFields,
    /// With `--strict`: the rows of the chunk at hand in which one failed, in any order.
    pub failed_rows: Option<Vec<u32>>,
}

/// Rows that had fields beyond the columns, which are those of the first record, and the first names of such by
/// their order, so that which are told does not depend on who saw what.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct OtherFields {
    pub rows: u64,
    pub names: BTreeMap<Vec<u8>, u64>,
    /// There were other names.
    pub more: bool,
}

impl OtherFields {
    /// As many names are told.
    const MAX: usize = 3;

    /// The live rows of a chunk; their names stand in columns `fields`, a line each.
    pub fn add(&mut self, chunk: &Chunk, fields: &[FieldId]) {
        let columns = fields.iter().filter_map(|&field| chunk.column(field));
        let columns: Vec<_> = columns
            .filter_map(|column| match &column.data {
                Column::Bytes(spans) => Some((column, spans)),
                _ => None,
            })
            .collect();
        for row in chunk.live.iter().map(|row| row as usize) {
            let mut has_some = false;
            for (_, spans) in columns.iter().filter(|(column, _)| column.is_valid(row)) {
                has_some = true;
                for name in chunk.bytes(spans[row]).split(|&byte| byte == b'\n') {
                    self.name(name, 1);
                }
            }
            self.rows += u64::from(has_some);
        }
    }

    pub fn append(&mut self, other: OtherFields) {
        self.rows += other.rows;
        self.more |= other.more;
        for (name, rows) in other.names {
            self.name(&name, rows);
        }
    }

    fn name(&mut self, name: &[u8], rows: u64) {
        match self.names.get_mut(name) {
            Some(known) => *known += rows,
            None => {
                self.names.insert(name.to_vec(), rows);
                if self.names.len() > Self::MAX {
                    self.names.pop_last();
                    self.more = true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn which_names_are_told_follows_from_the_rows_alone(
            rows in prop::collection::vec(prop::collection::btree_set(0u8..9, 1..4), 0..30),
            cut in 0usize..30,
        ) {
            let sum = |rows: &[std::collections::BTreeSet<u8>]| {
                let mut sum = OtherFields::default();
                for row in rows {
                    sum.rows += 1;
                    row.iter().for_each(|name| sum.name(&[*name], 1));
                }
                sum
            };
            let (front, back) = rows.split_at(cut.min(rows.len()));
            let whole = sum(&rows);
            for (one, other) in [(front, back), (back, front)] {
                let mut parts = sum(one);
                parts.append(sum(other));
                prop_assert_eq!(&parts, &whole);
            }
            for (name, count) in &whole.names {
                prop_assert_eq!(*count, rows.iter().filter(|row| row.contains(&name[0])).count() as u64);
            }
        }
    }
}
