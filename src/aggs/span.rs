//! `span`: last event time minus first. Of records without times null.

use super::{Accumulator, Aggregate, Need, Param, Rows, same, saved};
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{ColumnBuilder, ColumnV, Type};
use std::any::Any;

pub const SPAN: Aggregate = Aggregate {
    name: "span",
    doc: Doc {
        summary: "The last event time minus the first",
        text: "How long it was from the earliest record to the latest, by event time; of one record `0s`. \
               Null where records have no time.",
        examples: &[Example {
            title: "How long each key lasted",
            session: "$ printf 't,k\\n1700000000,a\\n1700000090,a\\n' | dstream -i csv --time t reduce-by k span\n\
                      a\t1m30s\n",
        }],
    },
    arg: Need::No,
    param: Param::No,
    result: |_| Type::Duration,
    make: |_| Box::new(Times::default()),
    spark: "max({t}) - min({t})",
    flink: "",
    no_sql: "Flink has no difference of times with a fraction",
};

/// The earliest and the latest time of each group.
#[derive(Default)]
pub struct Times {
    /// Above the latest where there is no time.
    low: Vec<i64>,
    high: Vec<i64>,
}

impl Times {
    /// From the earliest to the latest, ns.
    pub fn span(&self, group: usize) -> Option<i64> {
        let (low, high) = (self.low[group], self.high[group]);
        (low <= high).then(|| high.saturating_sub(low))
    }
}

impl Accumulator for Times {
    fn grow(&mut self, groups: usize) {
        if self.low.len() < groups {
            self.low.resize(groups, i64::MAX);
            self.high.resize(groups, i64::MIN);
        }
    }

    fn update(&mut self, rows: &Rows<'_>, _arg: Option<&ColumnV>) {
        if let Some(times) = &rows.chunk.times {
            rows.each(|group, row| {
                self.low[group] = self.low[group].min(times[row]);
                self.high[group] = self.high[group].max(times[row]);
            });
        }
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        let other = same::<Times>(other);
        for (&group, &from) in groups.iter().zip(theirs) {
            let (group, from) = (group as usize, from as usize);
            self.low[group] = self.low[group].min(other.low[from]);
            self.high[group] = self.high[group].max(other.high[from]);
        }
    }

    fn emit(
        &self,
        groups: &[u32],
        _windows: Option<&[(i64, i64)]>,
        out: &mut ColumnBuilder,
        _scratch: &mut Vec<u8>,
    ) {
        for &group in groups {
            match self.span(group as usize) {
                Some(span) => out.nanos(span),
                None => out.null(),
            }
        }
    }

    fn bytes(&self) -> usize {
        self.low.capacity() * 8 + self.high.capacity() * 8
    }

    fn clear(&mut self) {
        self.low.clear();
        self.high.clear();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn save(&self, to: &mut Save) {
        to.put_slice(&self.low);
        to.put_slice(&self.high);
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.low = saved::each(from, groups)?;
        self.high = saved::each(from, groups)?;
        if self.low.len() != self.high.len() {
            return Err(Damaged);
        }
        self.grow(groups);
        Ok(())
    }
}
