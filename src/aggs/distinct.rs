//! `distinct:x`, `approx_distinct:x`: how many different values. Makes no sketches. Of no records 0.

use super::bag::Bags;
use super::owned::Empty;
use super::{Accumulator, Aggregate, Call, Need, Param, Rows, count, same};
use crate::data::doc::{Doc, Example};
use crate::data::{ColumnBuilder, ColumnV};
use std::any::Any;

pub const DISTINCT: Aggregate = Aggregate {
    name: "distinct",
    doc: Doc {
        summary: "How many different values",
        text: "Values are compared as written, as keys are: `1` and `1.0` are two values of a text, JSON's \
               `1` and `\"1\"` too. Null is left out, an empty field is a value. Exact: every different \
               value is kept.",
        examples: &[Example {
            title: "How many different values a key has",
            session: "$ printf 'a x\\nb y\\na x\\na z\\n' | dstream reduce-by '$1' distinct:_2\na\t2\nb\t1\n",
        }],
    },
    arg: Need::Any,
    param: Param::No,
    result: count::number_type,
    make,
};

pub const APPROX_DISTINCT: Aggregate = Aggregate {
    name: "approx_distinct",
    doc: Doc {
        summary: "About how many different values",
        text: "At present the same as `distinct`: exact, and bounded by nothing but memory.",
        examples: &[Example {
            title: "How many different values",
            session: "$ printf 'x\\ny\\nx\\n' | dstream reduce 'approx_distinct:$1'\n2\n",
        }],
    },
    arg: Need::Any,
    param: Param::No,
    result: count::number_type,
    make,
};

fn make(call: &Call) -> Box<dyn Accumulator> {
    Box::new(Distinct {
        bags: Bags::new(call.arg_type(), Empty::IsText),
    })
}

struct Distinct {
    bags: Bags,
}

impl Accumulator for Distinct {
    fn grow(&mut self, groups: usize) {
        self.bags.grow(groups);
    }

    fn update(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>) {
        if let Some(column) = arg {
            self.bags.update(rows, column);
        }
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        self.bags
            .merge(groups, &same::<Distinct>(other).bags, theirs);
    }

    fn emit(
        &self,
        groups: &[u32],
        _windows: Option<&[(i64, i64)]>,
        out: &mut ColumnBuilder,
        _scratch: &mut Vec<u8>,
    ) {
        for &group in groups {
            out.number(count::whole(self.bags.of(group).len() as u64));
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
}
