//! Machines as bytes and back. What partial matches have in common is put once and is common again: ways are told
//! apart by where they part, so that is state too. Invariant: a way that is loaded leads back to its first record.

use super::{Fate, Findings, Machine, Partial, Program, Record, Seen, Taken, Whole};
use crate::data::saved::{Damaged, Save, Saved};
use crate::state::saving::{self, sound};
use std::collections::HashMap;
use std::sync::Arc;

/// The records and the ways of all machines, each once; what one goes on from is before it.
#[derive(Default)]
pub struct Ways<'m> {
    records: Vec<&'m Record>,
    /// By place.
    numbers: HashMap<u64, u32>,
    ways: Vec<&'m Taken>,
    /// By where they are.
    known: HashMap<usize, u32>,
}

impl<'m> Ways<'m> {
    pub fn add(&mut self, taken: &'m Taken) {
        let is_new = |one: &&Taken| !self.known.contains_key(&std::ptr::from_ref(*one).addr());
        let new: Vec<&Taken> = taken.iter().take_while(is_new).collect();
        for one in new.into_iter().rev() {
            self.known
                .insert(std::ptr::from_ref(one).addr(), self.ways.len() as u32);
            self.ways.push(one);
            self.add_record(&one.record);
            for seen in &one.seen {
                if let Seen::Of(record) = seen {
                    self.add_record(record);
                }
            }
        }
    }

    fn add_record(&mut self, record: &'m Record) {
        let next = self.records.len() as u32;
        if *self.numbers.entry(record.place).or_insert(next) == next {
            self.records.push(record);
        }
    }

    fn put_record(&self, record: &Record, to: &mut Save) {
        to.put(&self.numbers.get(&record.place));
    }

    /// Puts a way that was added.
    pub fn put(&self, taken: &Taken, to: &mut Save) {
        to.put(&self.known.get(&std::ptr::from_ref(taken).addr()));
    }

    /// Puts all that were added.
    pub fn save(&self, to: &mut Save) {
        saving::put_list(to, self.records.iter(), |record, to| {
            to.put(&(record.time, record.place));
            to.put_bytes(&record.cells);
        });
        saving::put_list(to, self.ways.iter(), |taken, to| {
            let before = taken.before.as_deref().map(std::ptr::from_ref);
            to.put(&before.and_then(|before| self.known.get(&before.addr())));
            self.put_record(&taken.record, to);
            to.put(&(taken.step as u32));
            saving::put_list(to, taken.seen.iter(), |seen, to| match seen {
                Seen::Nothing => to.put(&0u8),
                Seen::Of(record) => {
                    to.put(&1u8);
                    self.put_record(record, to);
                }
                Seen::Count(n) => to.put(&(2u8, n)),
                Seen::Sum(sum, n) => {
                    to.put(&(3u8, n));
                    saving::put_number(to, *sum);
                }
            });
        });
    }
}

/// What [`Ways::save`] has put.
pub struct LoadedWays(Vec<Arc<Taken>>);

impl LoadedWays {
    pub fn load(
        from: &mut Saved<'_>,
        program: &Program,
        is_record: impl Fn(&[u8]) -> bool,
        are_seen: impl Fn(&[Seen]) -> bool,
    ) -> Result<LoadedWays, Damaged> {
        let records = saving::take_list(from, |from| {
            let time = from.take()?;
            let place = saving::count(from)?;
            let cells = from.take_bytes()?;
            sound(is_record(cells))?;
            let cells = cells.into();
            Ok(Arc::new(Record { time, place, cells }))
        })?;
        let record = |from: &mut Saved<'_>| numbered(&records, from.take()?);
        let mut ways: Vec<Arc<Taken>> = Vec::new();
        let n: u64 = from.take()?;
        for _ in 0..n {
            let before = match from.take()? {
                Some(number) => Some(numbered(&ways, Some(number))?),
                None => None,
            };
            let own = record(from)?;
            let step = from.take::<u32>()? as usize;
            let seen = saving::take_list(from, |from| match from.take::<u8>()? {
                0 => Ok(Seen::Nothing),
                1 => Ok(Seen::Of(record(from)?)),
                2 => Ok(Seen::Count(saving::count(from)?)),
                3 => {
                    let n = saving::count(from)?;
                    Ok(Seen::Sum(saving::take_number(from)?, n))
                }
                _ => Err(Damaged),
            })?;
            sound(step < program.pattern.steps.len() && are_seen(&seen))?;
            ways.push(Arc::new(Taken {
                length: before.as_ref().map_or(1, |before| before.length + 1),
                before,
                record: own,
                step,
                seen: seen.into(),
            }));
        }
        Ok(LoadedWays(ways))
    }

    /// What [`Ways::put`] has put.
    pub fn take(&self, from: &mut Saved<'_>) -> Result<Arc<Taken>, Damaged> {
        numbered(&self.0, from.take()?)
    }
}

fn numbered<T>(all: &[Arc<T>], number: Option<u32>) -> Result<Arc<T>, Damaged> {
    let one = number.and_then(|number| all.get(number as usize));
    one.cloned().ok_or(Damaged)
}

impl Machine {
    fn wholes(&self) -> impl Iterator<Item = &Whole> {
        self.wholes.iter().chain(self.starts.values().flatten())
    }

    pub fn add_to<'m>(&'m self, ways: &mut Ways<'m>) {
        self.partials.iter().for_each(|one| ways.add(&one.taken));
        self.wholes().for_each(|one| ways.add(&one.taken));
    }

    /// Counts its matches that are not considered yet.
    pub fn count_open(&self, program: &Program, out: &mut Findings) {
        if program.is_late() {
            self.wholes().for_each(|whole| out.opened(&whole.taken));
        }
    }

    /// `ways` has all of its own.
    pub fn save(&self, ways: &Ways<'_>, to: &mut Save) {
        let put_whole = |one: &Whole, to: &mut Save| {
            ways.put(&one.taken, to);
            to.put(&(one.first, one.fresh, one.fate));
        };
        to.put(&self.bound);
        saving::put_list(to, self.partials.iter(), |one, to| {
            ways.put(&one.taken, to);
            to.put(&(one.first, one.repeats, one.edges, one.fresh));
        });
        saving::put_list(to, self.wholes.iter(), put_whole);
        saving::put_list(to, self.starts.iter(), |(first, wholes), to| {
            to.put(first);
            saving::put_list(to, wholes.iter(), put_whole);
        });
    }

    pub fn load(
        from: &mut Saved<'_>,
        ways: &LoadedWays,
        program: &Program,
    ) -> Result<Machine, Damaged> {
        let take_whole = |from: &mut Saved<'_>| {
            let taken = ways.take(from)?;
            let first = saving::count(from)?;
            let (fresh, fate): (bool, Fate) = from.take()?;
            Ok(Whole {
                taken,
                first,
                fresh,
                fate,
            })
        };
        let bound = saving::count(from)?;
        let steps = u64::MAX.checked_shr(64 - program.pattern.steps.len() as u32);
        let partials = saving::take_list(from, |from| {
            let taken = ways.take(from)?;
            let first = saving::count(from)?;
            let repeats = saving::small(from)?;
            let (edges, fresh) = from.take()?;
            sound(edges & !steps.unwrap_or(0) == 0)?;
            Ok(Partial {
                taken,
                repeats,
                edges,
                fresh,
                first,
            })
        })?;
        let wholes = saving::take_queue(from, take_whole)?;
        let starts = saving::take_list(from, |from| {
            Ok((from.take()?, saving::take_list(from, take_whole)?))
        })?;
        let names = partials.iter().map(|one| program.wants[one.taken.step]);
        Ok(Machine {
            wanted: names.fold(0, |all, names| all | names),
            partials,
            wholes,
            starts: starts.into_iter().collect(),
            bound,
        })
    }
}
