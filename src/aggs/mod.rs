//! Aggregates: what many rows come to. One table; a file a family. Imports bytes and data. Knows no keys,
//! windows or threads: groups are numbers that the engine hands out. Invariant: merging is commutative and
//! associative to the last bit, so how the input was split never shows.

mod bag;
mod big;
mod call;
mod collect;
mod count;
mod ddsketch;
mod distinct;
mod exact;
mod first_last;
mod hist;
mod hll;
mod mean;
mod min_max;
mod mode;
mod owned;
mod quantile;
mod rate;
mod saved;
mod span;
mod sum;
mod top;
mod variance;

#[cfg(test)]
mod laws;

pub use call::{Piece, fuzz, made_name, parse, split};
pub use collect::GROUP;

use crate::data::doc::Doc;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, Number, Numbers, Type};
use std::any::Any;

/// All aggregates, by name. `pN` stands for `p50`, `p99.9` and so on.
pub const AGGREGATES: &[&Aggregate] = &[
    &first_last::ANY,
    &distinct::APPROX_DISTINCT,
    &mean::AVG,
    &collect::COLLECT,
    &count::COUNT,
    &count::COUNT_IF,
    &distinct::DISTINCT,
    &first_last::FIRST,
    &hist::HIST,
    &collect::JOIN,
    &first_last::LAST,
    &min_max::MAX,
    &quantile::MEDIAN,
    &min_max::MIN,
    &mode::MODE,
    &quantile::PERCENTILE,
    &rate::RATE,
    &span::SPAN,
    &variance::STDDEV,
    &sum::SUM,
    &top::TOPK,
    &top::TOPK_DISTINCT,
    &variance::VAR,
];

/// The aggregate that a function's name stands for: `sum`, `p99.9`, `mean` (which is `avg`).
pub fn find(func: &str) -> Option<&'static Aggregate> {
    let name = match func {
        "mean" => "avg",
        "median" => func,
        _ if quantile::Share::parse(func).is_some() => "pN",
        "pN" => return None,
        _ => func,
    };
    AGGREGATES
        .binary_search_by(|aggregate| aggregate.name.cmp(name))
        .ok()
        .map(|at| AGGREGATES[at])
}

/// How far from the truth a call's answers may be; `None`: they are exact.
pub fn bound(call: &Call) -> Option<&'static str> {
    match find(&call.func)?.name {
        _ if call.exact => None,
        "approx_distinct" => Some(distinct::BOUND),
        "median" | "pN" => Some(quantile::BOUND),
        _ => None,
    }
}

/// Whether the answer for a group comes from a sketch, by which [`bound`] says how far it may be off.
pub fn is_sketched(accumulator: &dyn Accumulator, group: u32) -> bool {
    distinct::is_sketched(accumulator, group) || quantile::is_sketched(accumulator, group)
}

/// A row of the table of aggregates.
pub struct Aggregate {
    pub name: &'static str,
    pub doc: Doc,
    pub arg: Need,
    pub param: Param,
    /// The type of its column, given its argument's.
    pub result: fn(&Call) -> Type,
    pub make: fn(&Call) -> Box<dyn Accumulator>,
    /// In SQL: `{0}` is the argument, `{p}` the parameter, `{t}` the event time, `{s}` the window's seconds. The
    /// form with an argument follows behind `;` where one need not be given. Empty: no counterpart.
    pub spark: &'static str,
    pub flink: &'static str,
    /// Why an engine has no counterpart, where one has none.
    pub no_sql: &'static str,
}

/// Whether an aggregate has an expression.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Need {
    No,
    Optional,
    /// Of any type.
    Any,
    /// Made a number first.
    Number,
    /// Made a number first, if there is one.
    OptionalNumber,
    /// A condition.
    Bool,
}

/// Whether an aggregate has a parameter behind the expression.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Param {
    No,
    Optional,
    Required,
}

/// One aggregate of a chain, resolved: what `make` needs to know.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function as typed: `p99.9`, `sum`.
    pub func: String,
    /// The argument's type; `None` without one.
    pub arg: Option<Type>,
    pub param: Option<String>,
    /// Whether rows carry times (`first`, `last`, `span`).
    pub timed: bool,
    /// `--exact`.
    pub exact: bool,
}

impl Call {
    /// The type of the argument; what has none is null.
    fn arg_type(&self) -> Type {
        self.arg.clone().unwrap_or(Type::Null)
    }

    /// A parameter that `parse` has checked to be a whole number from 1.
    fn count(&self) -> Option<usize> {
        self.param.as_ref()?.trim().parse().ok().filter(|&n| n > 0)
    }
}

/// `[NAME=]FUNC[:EXPR[:PARAMETER]]` as read, before its expression is compiled.
#[derive(Clone)]
pub struct Syntax {
    /// The column's name, given or made: `sum_bytes`.
    pub name: String,
    pub func: String,
    pub aggregate: &'static Aggregate,
    /// The expression's text and where it begins in the operand.
    pub expr: Option<(String, usize)>,
    pub param: Option<String>,
}

/// The rows that an update is about. `groups[i]` belongs to the i-th live row of the chunk.
pub struct Rows<'c> {
    pub chunk: &'c Chunk,
    pub groups: &'c [u32],
}

impl Rows<'_> {
    /// A number that orders rows by their place in the input: block, then row.
    pub fn position(&self, row: u32) -> u64 {
        self.chunk.block.seq << 32 | u64::from(row)
    }

    /// Calls `take` with each live row's group and number. Whether all rows live is decided once.
    #[inline(always)]
    fn each(&self, mut take: impl FnMut(usize, usize)) {
        match self.chunk.live.rows() {
            None => {
                for (row, &group) in self.groups.iter().enumerate() {
                    take(group as usize, row);
                }
            }
            Some(live) => {
                for (&row, &group) in live.iter().zip(self.groups) {
                    take(group as usize, row as usize);
                }
            }
        }
    }

    /// As [`Rows::each`] for the rows of a column that are not null; `null` gets the groups of the others.
    #[inline(always)]
    fn each_valid(
        &self,
        column: &ColumnV,
        mut take: impl FnMut(usize, usize),
        mut null: impl FnMut(usize),
    ) {
        match (&column.data, &column.valid) {
            (Column::Null(_), _) => self.each(|group, _| null(group)),
            (_, None) => self.each(take),
            (_, Some(valid)) => self.each(|group, row| {
                if valid.get(row) {
                    take(group, row);
                } else {
                    null(group);
                }
            }),
        }
    }

    /// The event time of a row; 0 where rows have none.
    fn time(&self, row: usize) -> i64 {
        self.chunk.times.as_ref().map_or(0, |times| times[row])
    }
}

/// Arrays indexed by group number. Merging is commutative and associative: any split of the input, merged in
/// any order, emits the same bytes.
pub trait Accumulator: Send + Sync {
    /// Room for groups `0..groups`.
    fn grow(&mut self, groups: usize);
    /// Adds the live rows of a chunk. `arg` is the evaluated argument (one entry a row of the chunk).
    fn update(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>);
    /// Adds groups `theirs[i]` of `other` (same call) to groups `groups[i]` of this one.
    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]);
    /// Pushes the value of each group. Bytes go to `scratch` (`ColumnBuilder::bytes`).
    fn emit(
        &self,
        groups: &[u32],
        windows: Option<&[(i64, i64)]>,
        out: &mut ColumnBuilder,
        scratch: &mut Vec<u8>,
    );
    /// Memory held, about.
    fn bytes(&self) -> usize;
    /// No groups; capacity kept.
    fn clear(&mut self);
    fn as_any(&self) -> &dyn Any;
    /// Puts all groups.
    fn save(&self, to: &mut Save);
    /// Takes what [`Accumulator::save`] has put of at most `groups` groups, in place of its own: there are none.
    /// There is room for `groups` groups then. After an error it is of no use.
    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged>;

    /// Asks for a group's value to be brought into the cache: it is emitted soon.
    fn touch(&self, _group: u32) {}

    /// Whether it reads a column of bytes as numbers: then whoever has read it already may hand the numbers
    /// to [`Accumulator::update_read`] (`min:x,max:x`).
    fn reads_numbers(&self) -> bool {
        false
    }

    /// As `update`, with the cells of `arg` read by `bytes::number::numbers` over the live rows.
    fn update_read(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>, _read: &Numbers) {
        self.update(rows, arg);
    }
}

/// The accumulator behind a trait object, which the engine promises to be of the same call.
fn same<T: 'static>(other: &dyn Accumulator) -> &T {
    other
        .as_any()
        .downcast_ref()
        .expect("only accumulators of the same call are merged")
}

/// Takes the numbers of a column, one a row.
trait Take {
    /// Exact numbers to come have this scale (18 at most). The answer is what multiplies them.
    fn scale(&mut self, scale: u8) -> i64;
    fn exact(&mut self, group: usize, units: i64, factor: i64);
    /// Finite.
    fn float(&mut self, group: usize, value: f64);
    fn null(&mut self, group: usize);
}

/// Feeds the numbers of a `Number`, `Float` or `Nanos` (as seconds) column; other columns are null.
#[inline(always)]
fn feed<T: Take>(rows: &Rows<'_>, column: &ColumnV, to: &mut T) {
    match &column.data {
        Column::Number(numbers) if numbers.scale <= SCALE_MAX => {
            let factor = to.scale(numbers.scale);
            if numbers.odd.is_empty() && column.valid.is_none() {
                let units = &numbers.units;
                rows.each(|group, row| to.exact(group, units[row], factor));
            } else {
                feed_odd(rows, column, numbers, to);
            }
        }
        Column::Number(numbers) => feed_odd(rows, column, numbers, to),
        Column::Nanos(nanos) => {
            let factor = to.scale(9);
            rows.each(|group, row| match column.is_valid(row) {
                true => to.exact(group, nanos[row], factor),
                false => to.null(group),
            });
        }
        Column::Float(values) => {
            rows.each(
                |group, row| match column.is_valid(row) && values[row].is_finite() {
                    true => to.float(group, values[row]),
                    false => to.null(group),
                },
            )
        }
        _ => rows.each(|group, _| to.null(group)),
    }
}

/// The slower way: some rows are null, floats, or exact at a scale of their own.
fn feed_odd<T: Take>(rows: &Rows<'_>, column: &ColumnV, numbers: &Numbers, to: &mut T) {
    let mut odd = numbers.odd.iter().peekable();
    let mut factor = to.scale(numbers.scale.min(SCALE_MAX));
    rows.each(|group, row| {
        while odd.next_if(|(r, _)| (*r as usize) < row).is_some() {}
        let aside = odd
            .next_if(|(r, _)| *r as usize == row)
            .map(|(_, number)| *number);
        if !column.is_valid(row) {
            return to.null(group);
        }
        let number = aside.unwrap_or(Number::Exact {
            units: numbers.units[row],
            scale: numbers.scale,
        });
        match number {
            Number::Exact { units, scale } if aside.is_none() && scale <= SCALE_MAX => {
                to.exact(group, units, factor);
            }
            Number::Exact { units, scale } if scale <= SCALE_MAX => {
                let own = to.scale(scale);
                to.exact(group, units, own);
                factor = to.scale(numbers.scale.min(SCALE_MAX));
            }
            number => match number.to_f64() {
                value if value.is_finite() => to.float(group, value),
                _ => to.null(group),
            },
        }
    });
}

/// The largest scale that exact numbers are computed with; numbers of a larger one count as floats.
const SCALE_MAX: u8 = crate::bytes::number::SCALE_MAX;
