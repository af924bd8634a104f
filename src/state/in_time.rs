//! Rows in order of event time: `sort-by @time`. Lets a row go when the watermark passes it. Refuses rows behind
//! the watermark: they are told. Invariant: what is let out is in order of time, then of the other keys, then of
//! the input, whenever it is let out.

use super::orders::{Cells, Orders};
use super::rows::{self, CHUNK, Gathered};
use super::saving::{self, sound};
use crate::data::packed::Packer;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, Selection, Type};
use crate::plan::clocks::Lapse;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Rows that wait for the watermark, in order of time, then as they came.
#[derive(Clone, Debug)]
pub struct Waiting<T> {
    rows: BTreeMap<(i64, u64), T>,
    next: u64,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Waiting {
            rows: BTreeMap::new(),
            next: 0,
        }
    }
}

impl<T> Waiting<T> {
    pub fn push(&mut self, time: i64, row: T) {
        self.rows.insert((time, self.next), row);
        self.next += 1;
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The time of the first row, else `i64::MAX`.
    pub fn first(&self) -> i64 {
        self.rows.keys().next().map_or(i64::MAX, |(time, _)| *time)
    }

    /// Takes out the first row, if its time is not above `upto`.
    pub fn pop(&mut self, upto: i64) -> Option<(i64, T)> {
        let first = self.rows.first_entry()?;
        let time = first.key().0;
        (time <= upto).then(|| (time, first.remove()))
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.values()
    }

    /// Puts what waits; `put` puts a row.
    pub fn save(&self, to: &mut Save, put: impl Fn(&T, &mut Save) + Sync)
    where
        T: Sync,
    {
        to.put(&self.next);
        let rows: Vec<(&(i64, u64), &T)> = self.rows.iter().collect();
        to.put(&(rows.len() as u64));
        to.put_each(rows.len(), |at, to| {
            let (place, row) = rows[at];
            to.put(place);
            put(row, to);
        });
    }

    /// Takes what [`Waiting::save`] has put.
    pub fn load(
        &mut self,
        from: &mut Saved<'_>,
        mut take: impl FnMut(&mut Saved<'_>) -> Result<T, Damaged>,
    ) -> Result<(), Damaged> {
        let next = saving::count(from)?;
        self.next = next;
        let rows = saving::take_list(from, |from| {
            let place: (i64, u64) = from.take()?;
            sound(place.1 < next)?;
            Ok((place, take(from)?))
        })?;
        self.rows = rows.into_iter().collect();
        Ok(())
    }
}

/// The latest time that a watermark lets out. With `strict` it must have passed it.
pub fn lets_out(upto: Watermark, strict: bool) -> i64 {
    match upto {
        Watermark::None => i64::MIN,
        Watermark::At(at) => at.saturating_sub(i64::from(strict)),
        Watermark::End => i64::MAX,
    }
}

/// A field that rows of one time are ordered by.
#[derive(Clone, Debug)]
pub struct Order {
    pub ty: Type,
    pub descending: bool,
}

#[derive(Clone)]
struct Row {
    keys: Cells,
    packed: Vec<u8>,
}

#[derive(Clone)]
pub struct InTime {
    lapse: Lapse,
    orders: Orders,
    waiting: Waiting<Row>,
    packer: Packer,
    alone: bool,
    bytes: usize,
}

impl InTime {
    pub fn new(lapse: Lapse, orders: &[Order], making: &Making<'_>) -> InTime {
        InTime {
            lapse,
            orders: Orders::new(
                orders
                    .iter()
                    .map(|order| (order.ty.clone(), order.descending)),
            ),
            waiting: Waiting::default(),
            packer: Packer::new(making.schema, making.carry, making.lines),
            alone: making.alone,
            bytes: 0,
        }
    }

    /// Whether rows of the watermark's own time must wait for others of that time.
    fn strict(&self) -> bool {
        !self.orders.is_empty()
    }

    fn compare(&self, one: &Row, other: &Row) -> Ordering {
        let all = 0..self.orders.len();
        self.orders.compare(&one.keys, &other.keys, all)
    }

    /// The rows up to a time, in their order.
    fn let_out(&mut self, upto: i64, mut give: impl FnMut(&[u8])) {
        let mut same: Vec<Row> = Vec::new();
        let mut of = i64::MIN;
        while let Some((time, row)) = self.waiting.pop(upto) {
            if time != of {
                self.give(&mut same, &mut give);
                of = time;
            }
            same.push(row);
        }
        self.give(&mut same, &mut give);
    }

    fn give(&mut self, same: &mut Vec<Row>, give: &mut impl FnMut(&[u8])) {
        if self.strict() {
            same.sort_by(|one, other| self.compare(one, other));
        }
        for row in same.drain(..) {
            self.bytes -= row.packed.len();
            give(&row.packed);
        }
    }
}

impl Process for InTime {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let columns = self.orders.encoded(&given.args, chunk);
        let last = rows::last_watermark(self.lapse, chunk, given.now);
        for row in chunk.live.iter() {
            let time = rows::time(self.lapse, chunk, given.now, row);
            if time < rows::watermark(self.lapse, chunk, given.now, row) {
                told.late.tell(chunk, row);
                continue;
            }
            let keys = Orders::cells(chunk, &columns, row);
            let mut packed = Vec::new();
            self.packer.pack(chunk, row, &mut packed);
            self.bytes += packed.len();
            self.waiting.push(time, Row { keys, packed });
        }
        if !self.alone && self.lapse != Lapse::Arrival {
            chunk.live = Selection::Some(Vec::new());
            return;
        }
        let mut out = Gathered::new(&self.packer, &[]);
        self.let_out(lets_out(Watermark::At(last), self.strict()), |row| {
            out.push(row);
        });
        *chunk = out.finish_in_time();
    }

    fn close(&mut self, upto: Watermark, _: &mut Told) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        let packer = self.packer.clone();
        let mut out = Gathered::new(&packer, &[]);
        self.let_out(lets_out(upto, self.strict()), |row| {
            out.push(row);
            if out.len() == CHUNK {
                let full = std::mem::replace(&mut out, Gathered::new(&packer, &[]));
                chunks.push(full.finish_in_time());
            }
        });
        if !out.is_empty() {
            chunks.push(out.finish_in_time());
        }
        chunks
    }

    fn next_end(&self) -> i64 {
        let first = self.waiting.first();
        first.saturating_add(i64::from(self.strict()))
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        (self.waiting.len(), self.bytes + self.waiting.len() * 64)
    }

    fn save(&self, to: &mut Save) {
        self.waiting.save(to, |row, to| {
            Orders::put(&row.keys, to);
            to.put_bytes(&row.packed);
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let (packer, orders) = (&self.packer, &self.orders);
        self.waiting.load(from, |from| {
            let row = Row {
                keys: orders.take(from)?,
                packed: from.take_bytes()?.to_vec(),
            };
            sound(packer.is_row(&row.packed))?;
            Ok(row)
        })?;
        self.bytes = self.waiting.iter().map(|row| row.packed.len()).sum();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::testing::{self, Row, rows};
    use proptest::prelude::*;

    /// How the second key orders: not at all, upwards or downwards.
    fn plain(rows: &[Row], disorder: i64, sign: Option<bool>) -> (Vec<String>, u64) {
        let (mut kept, mut late, mut latest) = (Vec::new(), 0, None::<i64>);
        for row in rows {
            match latest.is_some_and(|latest| row.at < latest - disorder) {
                true => late += 1,
                false => kept.push(row),
            }
            latest = latest.max(Some(row.at));
        }
        kept.sort_by(|one, other| {
            let by_number = match sign {
                None => Ordering::Equal,
                Some(false) => one.n().cmp(&other.n()),
                Some(true) => other.n().cmp(&one.n()),
            };
            let places = one.place.cmp(&other.place);
            one.at.cmp(&other.at).then(by_number).then(places)
        });
        (kept.into_iter().map(Row::text).collect(), late)
    }

    proptest! {
        /// INTERFACE 6.2: "`sort-by @time[,F…]` outside a window lets each record go when the watermark passes
        /// it (late ones go to `--late`)".
        #[test]
        fn rows_leave_in_order_of_time(
            rows in rows(), cuts in testing::cuts(), disorder in 0i64..9, sign in prop::option::of(any::<bool>()),
        ) {
            let lapse = Lapse::Event { disorder: Some(disorder) };
            let orders: Vec<Order> = sign
                .iter()
                .map(|&descending| Order { ty: Type::Number, descending })
                .collect();
            let run = testing::run(&rows, &cuts, disorder, |making| {
                Box::new(InTime::new(lapse, &orders, making))
            });
            let (expected, late) = plain(&rows, disorder, sign);
            prop_assert_eq!(run.lines, expected);
            prop_assert_eq!(run.told.late.records, late);
        }
    }
}
