//! `mode:x`: the most frequent value; of several the first in the order of the language. Null if there is none.

use super::bag::Bags;
use super::owned::{Empty, decode, order};
use super::{Accumulator, Aggregate, Call, Need, Param, Rows, same};
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{ColumnBuilder, ColumnV};
use std::any::Any;

pub const MODE: Aggregate = Aggregate {
    name: "mode",
    doc: Doc {
        summary: "The most frequent value",
        text: "Of values that are equally frequent, the first in the order of the language. Values are \
               compared as written, as keys are; null and empty fields are left out.",
        examples: &[Example {
            title: "The usual value of a key",
            session: "$ printf 'a x\\nb y\\na z\\na x\\n' | dstream reduce-by '$1' mode:_2\na\tx\nb\ty\n",
        }],
    },
    arg: Need::Any,
    param: Param::No,
    result: Call::arg_type,
    make: |call| {
        Box::new(Mode {
            bags: Bags::new(call.arg_type(), Empty::IsNull),
        })
    },
    spark: "mode({0})",
    flink: "",
    no_sql: "Flink has no most frequent value",
};

struct Mode {
    bags: Bags,
}

impl Accumulator for Mode {
    fn grow(&mut self, groups: usize) {
        self.bags.grow(groups);
    }

    fn update(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>) {
        if let Some(column) = arg {
            self.bags.update(rows, column);
        }
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        self.bags.merge(groups, &same::<Mode>(other).bags, theirs);
    }

    fn emit(
        &self,
        groups: &[u32],
        _windows: Option<&[(i64, i64)]>,
        out: &mut ColumnBuilder,
        scratch: &mut Vec<u8>,
    ) {
        let ty = &self.bags.ty;
        for &group in groups {
            let bag = self.bags.of(group);
            let most = bag.values().max().copied().unwrap_or(0);
            let usual = bag
                .iter()
                .filter(|(_, count)| **count == most)
                .map(|(key, _)| decode(key))
                .min_by(|a, b| order(&a.value(ty), &b.value(ty)));
            usual.unwrap_or_default().push(ty, out, scratch);
        }
    }

    fn bytes(&self) -> usize {
        self.bags.bytes()
    }

    fn clear(&mut self) {
        self.bags.clear();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn save(&self, to: &mut Save) {
        self.bags.save(to);
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.bags.load(from, groups)
    }
}
