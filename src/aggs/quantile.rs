//! `p50:x`, `p99.9:x`, `median:x`: exact percentiles by nearest rank. Makes no sketches; memory is by distinct
//! value. Invariant: a group's values are a multiset, `runs` sorted and each value in it once.

use super::{Accumulator, Aggregate, Call, Need, Param, Rows, SCALE_MAX, Take, count, feed, same};
use crate::data::doc::{Doc, Example};
use crate::data::{ColumnBuilder, ColumnV, Number};
use std::any::Any;
use std::collections::BTreeMap;

pub const MEDIAN: Aggregate = Aggregate {
    name: "median",
    doc: Doc {
        summary: "The middle value: the 50th percentile",
        text: "The same as `p50`: of an even number of values the lower of the two in the middle.",
        examples: &[Example {
            title: "Medians by key",
            session: "$ printf 'a 1\\nb 2\\na 3\\na 9\\n' | dstream reduce-by '$1' median:_2\na\t3\nb\t2\n",
        }],
    },
    arg: Need::Number,
    param: Param::No,
    result: count::number_type,
    make: |call| Box::new(Percentile::new(call)),
};

pub const PERCENTILE: Aggregate = Aggregate {
    name: "pN",
    doc: Doc {
        summary: "A percentile: `p50`, `p99`, `p99.9`",
        text: "The smallest value that at least N percent of the values do not exceed (nearest rank), exact. \
               Equal values are kept once with their count, so memory goes by how many differ.",
        examples: &[Example {
            title: "Percentiles",
            session: "$ seq 1000 | dstream reduce 'p50:$1,p99:$1,p99.9:$1'\n500\t990\t999\n",
        }],
    },
    arg: Need::Number,
    param: Param::No,
    result: count::number_type,
    make: |call| Box::new(Percentile::new(call)),
};

/// The N of `pN`, as a fraction of 100.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Share {
    over: u64,
    under: u64,
}

impl Share {
    /// Reads `p50`, `p99.9` or `median`; at most nine decimals, and not above 100.
    pub fn parse(func: &str) -> Option<Share> {
        if func == "median" {
            return Some(Share {
                over: 50,
                under: 100,
            });
        }
        let text = func.strip_prefix('p')?;
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || whole.len() > 3 || decimals.len() > 9 {
            return None;
        }
        let one = 10u64.pow(decimals.len() as u32);
        let over = whole.parse::<u64>().ok()? * one + decimals.parse::<u64>().ok()?;
        (over <= 100 * one).then_some(Share {
            over,
            under: 100 * one,
        })
    }

    /// The rank, from 1, of the percentile among `count` values.
    fn rank(self, count: u64) -> u64 {
        let wide = u128::from(self.over) * u128::from(count);
        (wide.div_ceil(u128::from(self.under)) as u64).max(1)
    }
}

struct Percentile {
    share: Share,
    groups: Vec<Values>,
    scale: u8,
    /// Memory of the values when last counted, and at most since.
    held: usize,
    /// Values and groups taken since then.
    taken: usize,
}

/// The values of one group.
#[derive(Default)]
struct Values {
    /// Exact numbers at the scale of the group, and how often they occur.
    runs: Vec<(i64, u64)>,
    recent: Vec<i64>,
    scale: u8,
    /// Floats, and what does not fit the scale.
    odd: BTreeMap<Number, u64>,
}

impl Values {
    fn push(&mut self, units: i64, scale: u8) {
        if scale != self.scale {
            return self.push_scaled(units, scale);
        }
        if self.recent.len() >= self.recent.capacity()
            && self.recent.len() >= 4096.max(self.runs.len())
        {
            self.settle();
        }
        self.recent.push(units);
    }

    #[cold]
    fn push_scaled(&mut self, units: i64, scale: u8) {
        if scale > self.scale {
            self.rescale(scale);
        }
        match units.checked_mul(10i64.pow(u32::from(self.scale - scale))) {
            Some(moved) => self.push(moved, self.scale),
            None => self.push_odd(Number::Exact { units, scale }, 1),
        }
    }

    fn push_odd(&mut self, number: Number, count: u64) {
        *self.odd.entry(number).or_default() += count;
    }

    fn rescale(&mut self, scale: u8) {
        self.settle();
        let (factor, old) = (10i64.pow(u32::from(scale - self.scale)), self.scale);
        self.scale = scale;
        for (units, count) in std::mem::take(&mut self.runs) {
            match units.checked_mul(factor) {
                Some(moved) => self.runs.push((moved, count)),
                None => self.push_odd(Number::Exact { units, scale: old }, count),
            }
        }
    }

    /// Moves recent values into the runs.
    fn settle(&mut self) {
        self.recent.sort_unstable();
        let mut recent = std::mem::take(&mut self.recent);
        let singles = recent.iter().map(|&units| (units, 1));
        self.runs = union(self.runs.iter().copied(), singles);
        recent.clear();
        self.recent = recent;
    }

    fn merge(&mut self, other: &Values) {
        if other.scale > self.scale {
            self.rescale(other.scale);
        }
        for &units in &other.recent {
            self.push(units, other.scale);
        }
        let factor = 10i64.pow(u32::from(self.scale - other.scale));
        let mut moved = Vec::with_capacity(other.runs.len());
        for &(units, count) in &other.runs {
            match units.checked_mul(factor) {
                Some(units) => moved.push((units, count)),
                None => self.push_odd(
                    Number::Exact {
                        units,
                        scale: other.scale,
                    },
                    count,
                ),
            }
        }
        if !moved.is_empty() {
            self.runs = union(self.runs.iter().copied(), moved.into_iter());
        }
        for (&number, &count) in &other.odd {
            self.push_odd(number, count);
        }
    }

    fn at(&self, share: Share) -> Option<Number> {
        let runs: u64 = self.runs.iter().map(|run| run.1).sum();
        let count = runs + self.recent.len() as u64 + self.odd.values().sum::<u64>();
        if count == 0 {
            return None;
        }
        let rank = share.rank(count);
        if self.runs.is_empty() && self.odd.is_empty() {
            let mut values = self.recent.clone();
            let (_, &mut units, _) = values.select_nth_unstable(rank as usize - 1);
            return Some(Number::Exact {
                units,
                scale: self.scale,
            });
        }
        let mut recent = self.recent.clone();
        recent.sort_unstable();
        let exact = union(
            self.runs.iter().copied(),
            recent.iter().map(|&units| (units, 1)),
        );
        let scale = self.scale;
        let exact = exact
            .iter()
            .map(|&(units, count)| (Number::Exact { units, scale }, count));
        let mut odd = self
            .odd
            .iter()
            .map(|(&number, &count)| (number, count))
            .peekable();
        let mut seen = 0;
        for (number, count) in exact {
            while let Some((number, count)) = odd.next_if(|(other, _)| *other < number) {
                seen += count;
                if seen >= rank {
                    return Some(number);
                }
            }
            seen += count;
            if seen >= rank {
                return Some(number);
            }
        }
        odd.find(|(_, count)| {
            seen += count;
            seen >= rank
        })
        .map(|(number, _)| number)
    }

    fn bytes(&self) -> usize {
        self.runs.capacity() * 16 + self.recent.capacity() * 8 + self.odd.len() * 40
    }
}

/// Two sorted multisets as one.
fn union(
    a: impl ExactSizeIterator<Item = (i64, u64)>,
    b: impl ExactSizeIterator<Item = (i64, u64)>,
) -> Vec<(i64, u64)> {
    let mut out: Vec<(i64, u64)> = Vec::with_capacity(a.len().max(b.len()));
    let (mut a, mut b) = (a.peekable(), b.peekable());
    loop {
        let next = match (a.peek(), b.peek()) {
            (Some(left), Some(right)) if left.0 <= right.0 => a.next(),
            (_, Some(_)) => b.next(),
            _ => a.next(),
        };
        let Some((units, count)) = next else {
            return out;
        };
        match out.last_mut() {
            Some(last) if last.0 == units => last.1 += count,
            _ => out.push((units, count)),
        }
    }
}

impl Percentile {
    fn new(call: &Call) -> Percentile {
        let share = Share::parse(&call.func).unwrap_or(Share {
            over: 50,
            under: 100,
        });
        Percentile {
            share,
            groups: Vec::new(),
            scale: 0,
            held: 0,
            taken: 0,
        }
    }
}

impl Percentile {
    /// Counts memory anew once as much was taken as that costs: equal values come together.
    fn count_after(&mut self, taken: usize) {
        self.taken += taken;
        if self.taken > self.groups.len() + 4096 {
            self.held = self.groups.iter().map(Values::bytes).sum();
            self.taken = 0;
        }
    }
}

impl Take for Percentile {
    fn scale(&mut self, scale: u8) -> i64 {
        self.scale = scale;
        1
    }

    #[inline(always)]
    fn exact(&mut self, group: usize, units: i64, _factor: i64) {
        self.groups[group].push(units, self.scale);
    }

    fn float(&mut self, group: usize, value: f64) {
        self.groups[group].push_odd(Number::Float(value), 1);
    }

    fn null(&mut self, _group: usize) {}
}

impl Accumulator for Percentile {
    fn grow(&mut self, groups: usize) {
        if self.groups.len() < groups {
            self.groups.resize_with(groups, Values::default);
        }
    }

    fn update(&mut self, rows: &Rows<'_>, arg: Option<&ColumnV>) {
        if let Some(column) = arg {
            feed(rows, column, self);
            self.held += rows.groups.len() * 8;
            self.count_after(rows.groups.len());
        }
    }

    fn merge(&mut self, groups: &[u32], other: &dyn Accumulator, theirs: &[u32]) {
        let other = same::<Percentile>(other);
        for (&group, &from) in groups.iter().zip(theirs) {
            self.groups[group as usize].merge(&other.groups[from as usize]);
            self.held += other.groups[from as usize].bytes();
        }
        self.count_after(groups.len());
    }

    fn emit(
        &self,
        groups: &[u32],
        _windows: Option<&[(i64, i64)]>,
        out: &mut ColumnBuilder,
        _scratch: &mut Vec<u8>,
    ) {
        for &group in groups {
            match self.groups[group as usize].at(self.share) {
                Some(number) => out.number(number),
                None => out.null(),
            }
        }
    }

    fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Values>() + self.held
    }

    fn clear(&mut self) {
        self.groups.clear();
        (self.held, self.taken) = (0, 0);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The largest scale is one that units can be brought to.
const _: () = assert!(SCALE_MAX <= 18);
