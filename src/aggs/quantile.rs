//! `p50:x`, `p99.9:x`, `median:x`: percentiles by nearest rank. Interpolates nothing. Invariant: a group's answer
//! depends on the multiset of its values only; so it has the sketch of all values exactly if there are more
//! than [`EXACT_MAX`], wherever they were met. With `--exact` there is no such number, and values are kept once
//! with their count: `runs` sorted and each value in it once.

use super::ddsketch::{DdSketch, Parts};
use super::{
    Accumulator, Aggregate, Call, Need, Param, Rows, SCALE_MAX, Take, count, feed, same, saved,
};
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved, number_of, number_parts};
use crate::data::{ColumnBuilder, ColumnV, Number};
use std::any::Any;
use std::collections::BTreeMap;

pub const MEDIAN: Aggregate = Aggregate {
    name: "median",
    doc: Doc {
        summary: "The middle value: the 50th percentile",
        text: "The same as `p50`: of an even number of values the lower of the two in the middle. Exact to \
               4,096 values of a group, beyond that within 1 %, unless `--exact` is given.",
        examples: &[Example {
            title: "Medians by key",
            session: "$ printf 'a 1\\nb 2\\na 3\\na 9\\n' | dstream reduce-by '$1' median:_2\na\t3\nb\t2\n",
        }],
    },
    arg: Need::Number,
    param: Param::No,
    result: count::number_type,
    make: |call| Box::new(Percentile::new(call)),
    spark: "percentile_approx({0}, 0.5)",
    flink: "PERCENTILE({0}, 0.5)",
    no_sql: "",
};

pub const PERCENTILE: Aggregate = Aggregate {
    name: "pN",
    doc: Doc {
        summary: "A percentile: `p50`, `p99`, `p99.9`",
        text: "The smallest value that at least N percent of the values do not exceed (nearest rank). Exact \
               to 4,096 values of a group. Beyond that DDSketch, in memory that does not grow with the \
               values: within 1 % of the exact answer, and to 15 digits at both ends and where no other \
               value is near, as of whole numbers below 50; the same for any number of threads and on \
               every machine. With `--exact` always exact; then equal values are kept once with their \
               count, so memory goes by how many differ.",
        examples: &[
            Example {
                title: "Percentiles",
                session: "$ seq 1000 | dstream reduce 'p50:$1,p99:$1,p99.9:$1'\n500\t990\t999\n",
            },
            Example {
                title: "Of many values, within 1 %",
                session: "$ seq 10000 | dstream reduce 'p50:$1,p99:$1,p100:$1'\n5042.5\t9887.3\t10000\n",
            },
            Example {
                title: "Of many values, exactly",
                session: "$ seq 10000 | dstream reduce 'p50:$1,p99:$1' --exact\n5000\t9900\n",
            },
        ],
    },
    arg: Need::Number,
    param: Param::No,
    result: count::number_type,
    make: |call| Box::new(Percentile::new(call)),
    spark: "percentile_approx({0}, {p})",
    flink: "PERCENTILE({0}, {p})",
    no_sql: "",
};

/// What `--explain` says of percentiles.
pub const BOUND: &str = "exact to 4,096 values, then within 1 %";

/// The most values of a group that are kept.
const EXACT_MAX: u64 = 4096;

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
    groups: Vec<Group>,
    /// The most values of a group that are kept.
    exact_max: u64,
    scale: u8,
    /// Memory of the values when last counted, and at most since.
    held: usize,
    /// Values and groups taken since then.
    taken: usize,
}

/// What is kept of a group.
#[derive(Default)]
struct Group {
    /// None where there is a sketch.
    values: Values,
    sketch: Option<Box<DdSketch>>,
}

impl Group {
    #[inline(always)]
    fn push(&mut self, units: i64, scale: u8, exact_max: u64) {
        if let Some(sketch) = &mut self.sketch {
            return sketch.add(float(units, scale), 1);
        }
        self.values.push(units, scale);
        if self.values.count > exact_max {
            self.overflow();
        }
    }

    fn push_float(&mut self, value: f64, exact_max: u64) {
        if let Some(sketch) = &mut self.sketch {
            return sketch.add(value, 1);
        }
        self.values.push_odd(Number::Float(value), 1);
        if self.values.count > exact_max {
            self.overflow();
        }
    }

    /// The sketch, made of the values if there is none yet.
    #[cold]
    fn overflow(&mut self) -> &mut DdSketch {
        let values = std::mem::take(&mut self.values);
        let sketch = self.sketch.get_or_insert_default();
        values.add_to(sketch);
        sketch
    }

    fn merge(&mut self, other: &Group, exact_max: u64) {
        if let Some(theirs) = &other.sketch {
            self.overflow().merge(theirs);
        } else if self.sketch.is_some() || self.values.count + other.values.count > exact_max {
            other.values.add_to(self.overflow());
        } else {
            self.values.merge(&other.values);
        }
    }

    fn at(&self, share: Share) -> Option<Number> {
        match &self.sketch {
            Some(sketch) => Some(sketch.at(share.rank(sketch.count()))),
            None => self.values.at(share),
        }
    }

    fn bytes(&self) -> usize {
        self.values.bytes() + self.sketch.as_ref().map_or(0, |sketch| sketch.bytes())
    }
}

/// The nearest float, so that equal numbers of different scales are one.
#[inline(always)]
fn float(units: i64, scale: u8) -> f64 {
    const POWERS: [f64; SCALE_MAX as usize + 1] = {
        let mut powers = [1.0; SCALE_MAX as usize + 1];
        let mut i = 1;
        while i < powers.len() {
            powers[i] = powers[i - 1] * 10.0;
            i += 1;
        }
        powers
    };
    match POWERS.get(usize::from(scale)) {
        // Both are exact floats, so the one division rounds correctly.
        Some(power) if units.unsigned_abs() <= 1 << 53 => units as f64 / power,
        _ => Number::Exact { units, scale }.to_f64(),
    }
}

/// The values of one group.
#[derive(Default)]
struct Values {
    /// How many there are.
    count: u64,
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
        self.count += 1;
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
        self.count += count;
        *self.odd.entry(number).or_default() += count;
    }

    fn rescale(&mut self, scale: u8) {
        self.settle();
        let (factor, old) = (10i64.pow(u32::from(scale - self.scale)), self.scale);
        self.scale = scale;
        for (units, count) in std::mem::take(&mut self.runs) {
            match units.checked_mul(factor) {
                Some(moved) => self.runs.push((moved, count)),
                None => {
                    self.count -= count;
                    self.push_odd(Number::Exact { units, scale: old }, count);
                }
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
                Some(units) => {
                    self.count += count;
                    moved.push((units, count));
                }
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
        if self.count == 0 {
            return None;
        }
        let rank = share.rank(self.count);
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

    fn add_to(&self, sketch: &mut DdSketch) {
        for &units in &self.recent {
            sketch.add(float(units, self.scale), 1);
        }
        for &(units, count) in &self.runs {
            sketch.add(float(units, self.scale), count);
        }
        for (number, &count) in &self.odd {
            sketch.add(number.to_f64(), count);
        }
    }

    fn bytes(&self) -> usize {
        self.runs.capacity() * 16 + self.recent.capacity() * 8 + self.odd.len() * 40
    }
}

/// A number that fits no scale, and how often it occurs.
type Odd = ((u8, i64), u64);

/// The groups that have something, with it.
fn some<'a, T: 'a>(groups: &'a [Group], of: impl Fn(&'a Group) -> Option<T> + 'a) -> Vec<(u32, T)> {
    let groups = (0u32..).zip(groups);
    let some = groups.filter_map(|(at, group)| Some((at, of(group)?)));
    some.collect()
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
            exact_max: if call.exact { u64::MAX } else { EXACT_MAX },
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
            self.held = self.groups.iter().map(Group::bytes).sum();
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
        self.groups[group].push(units, self.scale, self.exact_max);
    }

    fn float(&mut self, group: usize, value: f64) {
        self.groups[group].push_float(value, self.exact_max);
    }

    fn null(&mut self, _group: usize) {}
}

impl Accumulator for Percentile {
    fn grow(&mut self, groups: usize) {
        if self.groups.len() < groups {
            self.groups.resize_with(groups, Group::default);
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
            self.groups[group as usize].merge(&other.groups[from as usize], self.exact_max);
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
        self.groups.capacity() * size_of::<Group>() + self.held
    }

    fn clear(&mut self) {
        self.groups.clear();
        (self.held, self.taken) = (0, 0);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn save(&self, to: &mut Save) {
        let values = self.groups.iter().map(|group| &group.values);
        let lens = values.clone().map(|values| values.recent.len() as u64);
        to.put(&lens.collect::<Vec<u64>>());
        let lens = values.clone().map(|values| values.runs.len() as u64);
        to.put(&lens.collect::<Vec<u64>>());
        to.put_flat(values.clone().map(|values| values.scale));
        let recent = values.clone().flat_map(|values| &values.recent);
        let len = values.clone().map(|values| values.recent.len()).sum();
        to.put_flat_of(len, recent.copied());
        let runs = values.clone().flat_map(|values| &values.runs);
        let len = values.map(|values| values.runs.len()).sum();
        to.put_flat_of(len, runs.clone().map(|run| run.0));
        to.put_flat_of(len, runs.map(|run| run.1));
        let odd = some(&self.groups, |group| {
            let odd = group.values.odd.iter();
            let odd = odd.map(|(&number, &count)| (number_parts(number), count));
            (!group.values.odd.is_empty()).then(|| odd.collect::<Vec<Odd>>())
        });
        to.put(&odd);
        let sketches = some(&self.groups, |group| Some(group.sketch.as_ref()?.parts()));
        to.put(&sketches);
    }

    fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.clear();
        let recents = saved::lens(from, groups)?;
        let lens = saved::lens(from, groups)?;
        let scales: Vec<u8> = saved::each(from, groups)?;
        let mut recent = from.take_flat::<i64>()?;
        let mut units = from.take_flat::<i64>()?;
        let mut counts = from.take_flat::<u64>()?;
        let odd: Vec<(u32, Vec<Odd>)> = from.take()?;
        let sketches: Vec<(u32, Parts)> = from.take()?;
        let all = scales.len();
        if recents.len() != all
            || lens.len() != all
            || scales.iter().any(|&scale| scale > SCALE_MAX)
            || !saved::is_ascending(odd.iter().map(|(group, _)| *group), all)
            || !saved::is_ascending(sketches.iter().map(|(group, _)| *group), all)
        {
            return Err(Damaged);
        }
        let mut loaded = Vec::new();
        for ((recents, len), scale) in recents.into_iter().zip(lens).zip(scales) {
            let runs = saved::next(&mut units, len)?.zip(saved::next(&mut counts, len)?);
            let values = Values {
                count: 0,
                runs: runs.collect(),
                recent: saved::next(&mut recent, recents)?.collect(),
                scale,
                odd: BTreeMap::new(),
            };
            if !values.runs.is_sorted_by(|a, b| a.0 < b.0) {
                return Err(Damaged);
            }
            loaded.push(Group {
                values,
                sketch: None,
            });
        }
        saved::end(&recent)?;
        saved::end(&units)?;
        saved::end(&counts)?;
        for (group, odd) in odd {
            for (number, count) in odd {
                let number = number_of(number)?.finite().ok_or(Damaged)?;
                loaded[group as usize].values.odd.insert(number, count);
            }
        }
        for (group, parts) in sketches {
            let sketch = DdSketch::of_parts(parts).ok_or(Damaged)?;
            loaded[group as usize].sketch = Some(Box::new(sketch));
        }
        for group in &mut loaded {
            let values = &mut group.values;
            let counts = values.runs.iter().map(|run| run.1);
            let counts = counts.chain(values.odd.values().copied());
            values.count = saved::total(counts.chain([values.recent.len() as u64]))?;
            if group.sketch.is_some() && values.count > 0 {
                return Err(Damaged);
            }
        }
        self.held = loaded.iter().map(Group::bytes).sum();
        self.groups = loaded;
        self.grow(groups);
        Ok(())
    }
}

/// Whether a group of an accumulator of percentiles is estimated.
pub fn is_sketched(accumulator: &dyn Accumulator, group: u32) -> bool {
    let mine = accumulator.as_any().downcast_ref::<Percentile>();
    mine.is_some_and(|mine| mine.groups[group as usize].sketch.is_some())
}

/// The largest scale is one that units can be brought to.
const _: () = assert!(SCALE_MAX <= 18);
