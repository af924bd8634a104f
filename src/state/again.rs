//! What gives its rows again behind a windowed aggregate that may correct its own (`plan::again`): takes changes, holds
//! each window's rows as they stand, and gives what comes of them when all that belongs to a moment has come. What comes
//! of them is told by a [`Counts`]. Refuses nothing and judges no lateness: the aggregate does. Invariant: what is given
//! follows from the rows that stand and those that stood, not from how changes were cut into chunks.

use super::giving::{Answer, Giver, Memory, Out};
use super::grouped::given::{Change, Kind};
use super::saving::{self, sound};
use super::standing::{self, Bounds, Key, Placed, Standing, Stands};
use crate::data::Chunk;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::plan::empties::Empties;
use std::collections::HashMap;

/// The rows of a window that stand.
pub type Rows<R> = HashMap<Key, Placed<R>>;

/// What is made of the rows of a window.
pub trait Counts: Clone + Send + 'static {
    type Row: Stands + Clone + Send;
    /// What is wanted of a chunk's rows, a row each.
    type Ready;

    fn giver(&self) -> &Giver;
    fn ready(&self, chunk: &mut Chunk, given: &Given) -> Self::Ready;
    /// What a row is told by, and what has changed when it has.
    fn keys(&self, chunk: &Chunk, given: &Given, ready: &Self::Ready, row: u32) -> (Key, Key);
    fn row(&self, chunk: &Chunk, given: &Given, ready: &Self::Ready, row: u32) -> Self::Row;
    /// What there is of a window, of which the memory says what has changed, in the order in which it is given.
    fn answers<'w>(
        &self,
        bounds: Bounds,
        rows: &'w Rows<Self::Row>,
        memory: &Memory,
    ) -> Vec<Answer<'w>>;
    /// Of a single group over the whole input, which has a row even of nothing.
    fn even_of_nothing(&self) -> Option<Bounds> {
        None
    }
    fn put_row(&self, row: &Self::Row, to: &mut Save);
    fn take_row(&self, from: &mut Saved<'_>) -> Result<Self::Row, Damaged>;
    /// Whether a key may be what a row is told by, or what changes, or what an answer is told by.
    fn is_key(&self, key: Option<&[u8]>) -> bool;
    fn is_unit(&self, key: Option<&[u8]>) -> bool;
    fn is_answer(&self, key: Option<&[u8]>) -> bool;
}

#[derive(Clone)]
pub struct Again<C: Counts> {
    counts: C,
    standing: Standing<C::Row>,
    /// Windows that have a row even of nothing, where there is one group.
    empties: Option<Empties>,
    /// All that comes by then has come, where rows come in batches.
    passed: Option<i64>,
}

impl<C: Counts> Again<C> {
    pub fn new(
        counts: C,
        sessions: bool,
        making: &Making<'_>,
        empties: Option<Empties>,
    ) -> Again<C> {
        Again {
            counts,
            standing: Standing::new(sessions),
            empties,
            passed: making.batched.then_some(i64::MIN),
        }
    }

    /// Rows of the moment at hand say that all has come that comes by then: windows that are over have a row.
    fn passes(&mut self, upto: i64) {
        let Some(passed) = &mut self.passed else {
            return;
        };
        let upto = upto.max(*passed);
        *passed = upto;
        while let Some(empties) = &mut self.empties
            && let Some((start, end)) = empties.next(upto)
        {
            self.be_there((end, start));
        }
    }

    /// The one group of a window has a row, be it of nothing.
    fn be_there(&mut self, bounds: Bounds) {
        let memory = self.standing.open(bounds);
        memory.change(Some(Vec::new()), Kind::OnTime);
    }

    /// Gives what the moment has changed.
    fn finish(&mut self, out: &mut Out) {
        let Some((moment, touched)) = self.standing.end() else {
            return;
        };
        out.moment = moment;
        out.passed = self.passed;
        for bounds in touched {
            let Some(window) = self.standing.windows.get_mut(&bounds) else {
                continue;
            };
            let answers = self.counts.answers(bounds, &window.rows, &window.memory);
            let is_empty = window.rows.is_empty();
            let giver = self.counts.giver();
            giver.give(&mut window.memory, is_empty, &answers, out);
        }
    }
}

impl<C: Counts> Process for Again<C> {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, _: &mut Told) {
        // What a row was judged by is no part of it.
        let before = chunk.before.take();
        let ready = self.counts.ready(chunk, given);
        let mut out = Out::whole();
        let live = std::mem::take(&mut chunk.live);
        for row in live.iter() {
            let says = standing::says(chunk, given, row);
            let (key, unit) = self.counts.keys(chunk, given, &ready, row);
            if says.change == Change::Final {
                self.standing.settle(says.window, &key);
                continue;
            }
            if self.standing.is_over(says.moment) {
                self.finish(&mut out);
            }
            self.standing.begin(says.moment);
            if let Some(before) = &before {
                self.passes(before[row as usize].saturating_add(1));
            }
            let stands = (says.change == Change::Stands).then(|| Placed {
                place: says.place,
                row: self.counts.row(chunk, given, &ready, row),
            });
            let memory = self.standing.put(says.window, key, stands);
            memory.change(unit, says.kind);
        }
        *chunk = out.chunks().pop().unwrap_or_default();
    }

    fn close(&mut self, upto: Watermark, _: &mut Told) -> Vec<Chunk> {
        let mut out = Out::cut();
        self.finish(&mut out);
        if let (Watermark::At(at), Some(empties)) = (upto, &mut self.empties) {
            empties.reach(at);
        }
        if upto == Watermark::End {
            self.standing.begin(out.moment);
            while let Some(empties) = &mut self.empties
                && let Some((start, end)) = empties.next_begun()
            {
                // One with rows has told them.
                if !self.standing.windows.contains_key(&(end, start)) {
                    self.be_there((end, start));
                }
            }
            self.finish(&mut out);
        }
        if let (Watermark::At(at), Some(empties)) = (upto, &self.empties)
            && empties.peek().is_some_and(|(_, end)| end <= at)
        {
            self.standing.begin(out.moment);
            self.passes(at);
            self.finish(&mut out);
        }
        if let (Watermark::End, Some(all)) = (upto, self.counts.even_of_nothing())
            && !self.standing.windows.contains_key(&all)
        {
            self.standing.begin(out.moment);
            self.be_there(all);
            self.finish(&mut out);
        }
        for (_, window) in self.standing.forget(upto) {
            self.counts.giver().settle(&window.memory, &mut out);
        }
        out.chunks()
    }

    fn next_end(&self) -> i64 {
        let empty = self.empties.as_ref().and_then(Empties::peek);
        let end = empty.map_or(i64::MAX, |(_, end)| end);
        self.standing.next_end().min(end)
    }

    fn batches_from(&mut self, first: i64, _told: &mut Told) {
        if let Some(empties) = &mut self.empties {
            empties.begin(first);
        }
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        self.standing.held()
    }

    fn save(&self, to: &mut Save) {
        to.put(&(self.standing.moment(), self.passed));
        if let Some(empties) = &self.empties {
            empties.save(to);
        }
        saving::put_list(to, self.standing.windows.iter(), |(bounds, window), to| {
            to.put(&(bounds, window.open as u64));
            window.memory.save(to);
            let mut rows: Vec<(&Key, &Placed<C::Row>)> = window.rows.iter().collect();
            rows.sort_unstable_by_key(|(key, _)| *key);
            saving::put_list(to, rows.into_iter(), |(key, row), to| {
                saving::put_bytes(to, key.as_deref());
                to.put(&row.place);
                self.counts.put_row(&row.row, to);
            });
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let counts = &self.counts;
        let (moment, passed): (_, Option<i64>) = from.take()?;
        sound(passed.is_some() == self.passed.is_some())?;
        self.passed = passed;
        self.standing.resume(moment);
        if let Some(empties) = &mut self.empties {
            empties.load(from)?;
        }
        let n: u64 = from.take()?;
        for _ in 0..n {
            let (bounds, open): (Bounds, u64) = from.take()?;
            sound(bounds.1 <= bounds.0 && !self.standing.windows.contains_key(&bounds))?;
            let memory = Memory::load(
                from,
                &counts.giver().packer,
                |unit| counts.is_unit(unit),
                |key| counts.is_answer(key),
            )?;
            if memory.changed().next().is_some() {
                sound(self.standing.moment().is_some())?;
                self.standing.touch(bounds);
            }
            let rows: u64 = from.take()?;
            sound(open <= rows)?;
            self.standing.windows.entry(bounds).or_default();
            for _ in 0..rows {
                let key = saving::take_bytes(from)?.map(<[u8]>::to_vec);
                sound(counts.is_key(key.as_deref()))?;
                let place = from.take()?;
                let row = counts.take_row(from)?;
                self.standing.keep(bounds, key, Placed { place, row });
            }
            if let Some(window) = self.standing.windows.get_mut(&bounds) {
                window.memory = memory;
                window.open = open as usize;
            }
        }
        Ok(())
    }
}
