//! Rows of what a pattern finds: keys, first and last time, measures over the records taken. Invariant: a measure
//! sees the records of one match in their order, and no others.

use super::conditions::cell;
use super::machine::Taken;
use crate::aggs::{Aggregate, Call, Rows};
use crate::data::keys::KeyCoder;
use crate::data::{Chunk, ColumnBuilder, Selection, Type, packed};
use std::sync::Arc;

/// An aggregate over the records of a match.
#[derive(Clone)]
pub struct Measure {
    pub name: String,
    pub aggregate: &'static Aggregate,
    pub call: Call,
    /// Which of the cells that are kept of a record.
    pub arg: Option<usize>,
    /// Over the records of one step.
    pub step: Option<usize>,
}

/// A match on its way out.
#[derive(Clone, Debug)]
pub struct Row {
    pub key: Option<Box<[u8]>>,
    pub window: Option<(i64, i64)>,
    pub taken: Arc<Taken>,
    pub timeout: bool,
    /// No row that comes later has an earlier time.
    pub before: i64,
}

/// What all rows have in common.
pub struct Form<'a> {
    pub coder: &'a KeyCoder,
    pub keys: &'a [Type],
    pub measures: &'a [Measure],
    /// Of the cells that are kept of a record.
    pub types: &'a [Type],
    /// They have bounds.
    pub bounded: bool,
    /// How much later times are shown than they are, ns.
    pub later: i64,
    pub timeouts: bool,
}

/// The chunk of some rows: window if there is one, keys, first and last time, measures, whether it timed out.
pub fn chunk(rows: &[Row], form: &Form<'_>) -> Chunk {
    let mut columns = Vec::new();
    let mut scratch = Vec::new();
    let nanos = |values: &mut dyn Iterator<Item = i64>| {
        let mut builder = ColumnBuilder::new(&Type::Time);
        values.for_each(|ns| builder.nanos(ns));
        Some(builder.finish())
    };
    let windows: Vec<(i64, i64)> = rows.iter().filter_map(|row| row.window).collect();
    if form.bounded {
        columns.push(nanos(&mut windows.iter().map(|window| window.0)));
        columns.push(nanos(&mut windows.iter().map(|window| window.1)));
    }
    let mut keys: Vec<ColumnBuilder> = form.keys.iter().map(ColumnBuilder::new).collect();
    if !keys.is_empty() {
        for row in rows {
            form.coder
                .decode(row.key.as_deref(), &mut keys, &mut scratch);
        }
    }
    columns.extend(keys.into_iter().map(|builder| Some(builder.finish())));
    let ways: Vec<Vec<&Taken>> = rows.iter().map(|row| way(&row.taken)).collect();
    let times: Vec<i64> = rows.iter().map(|row| row.taken.record.time).collect();
    let first = |way: &Vec<&Taken>| way.first().map_or(0, |taken| taken.record.time);
    let shown = |at: i64| at.saturating_add(form.later);
    columns.push(nanos(&mut ways.iter().map(first).map(shown)));
    columns.push(nanos(&mut times.iter().copied().map(shown)));
    let mut records = records(&ways, form);
    for measure in form.measures {
        let mut builder = ColumnBuilder::new(&(measure.aggregate.result)(&measure.call));
        measured(measure, &ways, &mut records, &mut builder, &mut scratch);
        columns.push(Some(builder.finish()));
    }
    if form.timeouts {
        let mut builder = ColumnBuilder::new(&Type::Bool);
        rows.iter().for_each(|row| builder.bool(row.timeout));
        columns.push(Some(builder.finish()));
    }
    let mut chunk = Chunk::of_columns(rows.len(), columns, scratch);
    chunk.times = Some(times);
    chunk.windows = form.bounded.then_some(windows);
    chunk.before = Some(rows.iter().map(|row| row.before).collect());
    chunk
}

/// The records of a match in their order.
fn way(taken: &Taken) -> Vec<&Taken> {
    let mut way = Vec::with_capacity(taken.length);
    way.extend(taken.iter());
    way.reverse();
    way
}

/// The records of all ways, one behind the other, with the cells that measures read.
fn records(ways: &[Vec<&Taken>], form: &Form<'_>) -> Chunk {
    let n = form.types.len();
    let mut scratch = Vec::new();
    let all = || ways.iter().flatten();
    let read = |at: &usize| form.measures.iter().any(|measure| measure.arg == Some(*at));
    let columns = (0..n).map(|at| {
        read(&at).then(|| {
            let mut builder = ColumnBuilder::new(&form.types[at]);
            for taken in all() {
                let mut cell = cell(&taken.record.cells, n, at);
                packed::unpack_cell(&mut cell, &mut builder, &mut scratch);
            }
            builder.finish()
        })
    });
    let columns = columns.collect();
    let mut chunk = Chunk::of_columns(all().count(), columns, scratch);
    chunk.times = Some(all().map(|taken| taken.record.time).collect());
    chunk
}

fn measured(
    measure: &Measure,
    ways: &[Vec<&Taken>],
    records: &mut Chunk,
    builder: &mut ColumnBuilder,
    scratch: &mut Vec<u8>,
) {
    let mut groups = Vec::new();
    let mut live = Vec::new();
    let mut row = 0;
    for (group, way) in ways.iter().enumerate() {
        for taken in way {
            if measure.step.is_none_or(|step| taken.step == step) {
                groups.push(group as u32);
                live.push(row);
            }
            row += 1;
        }
    }
    records.live = match measure.step {
        None => Selection::All(row),
        Some(_) => Selection::Some(live),
    };
    let mut accumulator = (measure.aggregate.make)(&measure.call);
    accumulator.grow(ways.len());
    let arg = measure.arg.and_then(|at| records.column(at));
    let rows = Rows {
        chunk: records,
        groups: &groups,
    };
    accumulator.update(&rows, arg);
    let all: Vec<u32> = (0..ways.len() as u32).collect();
    accumulator.emit(&all, None, builder, scratch);
}
