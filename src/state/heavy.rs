//! The most frequent keys in bounded memory: Space-Saving (Metwally, Agrawal, El Abbadi: "Efficient computation of
//! frequent and top-k elements in data streams", 2005). A key without a counter takes over the smallest one, whose
//! count is its error. Fed in input order, so that no split shows. Invariant: a count is at least the true one and
//! above it by its error at most; every key above total/N has a counter.

use super::rows::CHUNK;
use super::saving::{self, sound};
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, Column, ColumnBuilder, Number, Type};
use std::collections::{BTreeMap, BTreeSet, HashMap};

type Key = Option<Box<[u8]>>;

/// Counters of one scope.
#[derive(Clone, Debug, Default)]
pub struct SpaceSaving {
    places: HashMap<Key, u32>,
    counters: Vec<Counter>,
    /// By count, then by the change that was longest ago.
    smallest: BTreeSet<(u64, u64, u32)>,
    changes: u64,
}

#[derive(Clone, Debug)]
struct Counter {
    key: Key,
    count: u64,
    error: u64,
    changed: u64,
}

impl SpaceSaving {
    /// Counts a key with `most` counters.
    pub fn add(&mut self, key: Option<&[u8]>, most: usize) {
        self.changes += 1;
        let key: Key = key.map(Box::from);
        let changed = self.changes;
        if let Some(&place) = self.places.get(&key) {
            let counter = &mut self.counters[place as usize];
            self.smallest
                .remove(&(counter.count, counter.changed, place));
            counter.count += 1;
            counter.changed = changed;
            self.smallest.insert((counter.count, changed, place));
            return;
        }
        let place = match self.smallest.first().copied() {
            Some(least) if self.counters.len() >= most => {
                self.smallest.remove(&least);
                let place = least.2;
                let counter = &mut self.counters[place as usize];
                self.places.remove(&counter.key);
                *counter = Counter {
                    key: key.clone(),
                    count: least.0 + 1,
                    error: least.0,
                    changed,
                };
                place
            }
            _ => {
                self.counters.push(Counter {
                    key: key.clone(),
                    count: 1,
                    error: 0,
                    changed,
                });
                self.counters.len() as u32 - 1
            }
        };
        let count = self.counters[place as usize].count;
        self.smallest.insert((count, changed, place));
        self.places.insert(key, place);
    }

    fn save(&self, to: &mut Save) {
        to.put(&self.changes);
        saving::put_list(to, self.counters.iter(), |one, to| {
            saving::put_bytes(to, one.key.as_deref());
            to.put(&(one.count, one.error, one.changed));
        });
    }

    fn load(from: &mut Saved<'_>, most: usize, coder: &KeyCoder) -> Result<SpaceSaving, Damaged> {
        let changes = saving::count(from)?;
        let counters = saving::take_list(from, |from| {
            let key = saving::take_bytes(from)?;
            sound(coder.fits(key))?;
            Ok(Counter {
                key: key.map(Box::from),
                count: saving::count(from)?,
                error: from.take()?,
                changed: saving::count(from)?,
            })
        })?;
        let sum: u128 = counters.iter().map(|one| u128::from(one.count)).sum();
        sound(sum == u128::from(changes) && counters.len() <= most)?;
        let (mut places, mut smallest) = (HashMap::new(), BTreeSet::new());
        for (place, one) in (0u32..).zip(&counters) {
            sound(one.error <= one.count && one.changed <= changes)?;
            sound(places.insert(one.key.clone(), place).is_none())?;
            smallest.insert((one.count, one.changed, place));
        }
        Ok(SpaceSaving {
            places,
            counters,
            smallest,
            changes,
        })
    }

    /// Each key with its count and error, in the order of keys.
    fn sorted(self, coder: &KeyCoder) -> Vec<(Key, u64, u64)> {
        let rows = self.counters.into_iter();
        let mut rows: Vec<_> = rows.map(|one| (one.key, one.count, one.error)).collect();
        rows.sort_by(|one, other| coder.compare(one.0.as_deref(), other.0.as_deref()));
        rows
    }
}

/// Counts with so many counters, of each window or of the whole input.
#[derive(Clone)]
pub struct Heavy {
    most: usize,
    windowed: bool,
    /// Its rows have the bounds of their window.
    bounded: bool,
    types: Vec<Type>,
    coder: KeyCoder,
    /// By the window's end and start.
    open: BTreeMap<(i64, i64), SpaceSaving>,
}

impl Heavy {
    pub fn new(
        most: usize,
        (windowed, bounded): (bool, bool),
        types: Vec<Type>,
        making: &Making<'_>,
    ) -> Heavy {
        Heavy {
            most,
            windowed,
            bounded,
            types,
            coder: making.coder.clone(),
            open: BTreeMap::new(),
        }
    }

    fn chunk(&self, window: (i64, i64), rows: &[(Key, u64, u64)]) -> Chunk {
        let mut scratch = Vec::new();
        let (end, start) = window;
        let mut columns = Vec::new();
        if self.bounded {
            for at in [start, end] {
                let mut column = ColumnBuilder::new(&Type::Time);
                rows.iter().for_each(|_| column.nanos(at));
                columns.push(column);
            }
        }
        let mut keys: Vec<ColumnBuilder> = self.types.iter().map(ColumnBuilder::new).collect();
        let mut counts = [Type::Number, Type::Number].map(|ty| ColumnBuilder::new(&ty));
        for (key, count, error) in rows {
            self.coder.decode(key.as_deref(), &mut keys, &mut scratch);
            for (column, value) in counts.iter_mut().zip([count, error]) {
                column.number(Number::Exact {
                    units: *value as i64,
                    scale: 0,
                });
            }
        }
        columns.extend(keys);
        columns.extend(counts);
        let columns = columns.into_iter().map(|column| Some(column.finish()));
        let mut chunk = Chunk::of_columns(rows.len(), columns.collect(), scratch);
        if self.bounded {
            chunk.windows = Some(vec![(start, end); rows.len()]);
            chunk.times = Some(vec![end - 1; rows.len()]);
            chunk.before = chunk.times.clone();
        }
        chunk
    }
}

impl Process for Heavy {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, _: &mut Told) {
        if let Column::Bytes(keys) = &given.key.data {
            for row in chunk.live.iter() {
                let window = match (&chunk.windows, self.windowed) {
                    (Some(windows), true) => {
                        let (start, end) = windows[row as usize];
                        (end, start)
                    }
                    _ => (i64::MAX, i64::MAX),
                };
                let there = given.key.is_valid(row as usize);
                let key = there.then(|| chunk.bytes(keys[row as usize]));
                self.open.entry(window).or_default().add(key, self.most);
            }
        }
        *chunk = Chunk::default();
    }

    fn close(&mut self, upto: Watermark, _: &mut Told) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        while let Some(first) = self.open.first_entry() {
            let window = *first.key();
            let over = match self.windowed {
                true => upto.passes(window.0),
                false => upto == Watermark::End,
            };
            if !over {
                break;
            }
            let rows = first.remove().sorted(&self.coder);
            for piece in rows.chunks(CHUNK) {
                chunks.push(self.chunk(window, piece));
            }
        }
        chunks
    }

    fn next_end(&self) -> i64 {
        match self.open.keys().next() {
            Some((end, _)) if self.windowed => *end,
            _ => i64::MAX,
        }
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        let keys: usize = self.open.values().map(|one| one.counters.len()).sum();
        (keys, keys * 160)
    }

    fn save(&self, to: &mut Save) {
        saving::put_list(to, self.open.iter(), |(window, one), to| {
            to.put(window);
            one.save(to);
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let (most, coder) = (self.most, &self.coder);
        let open = saving::take_list(from, |from| {
            let window: (i64, i64) = from.take()?;
            sound(window.0 > i64::MIN)?;
            Ok((window, SpaceSaving::load(from, most, coder)?))
        })?;
        self.open = open.into_iter().collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// EVENT-TIME 2.11: Space-Saving, "over by at most N/m; every key above N/m is in the list".
        #[test]
        fn counts_are_over_by_their_error_at_most(keys in prop::collection::vec(0u8..20, 0..300), most in 1usize..12) {
            let mut heavy = SpaceSaving::default();
            let mut plain: BTreeMap<u8, u64> = BTreeMap::new();
            for key in &keys {
                heavy.add(Some(&[*key]), most);
                *plain.entry(*key).or_default() += 1;
            }
            let total = keys.len() as u64;
            let rows = heavy.sorted(&KeyCoder::new(vec![Type::Text]));
            prop_assert!(rows.len() <= most);
            prop_assert_eq!(rows.iter().map(|row| row.1).sum::<u64>(), total);
            for (key, count, error) in &rows {
                let truth = plain[&key.as_ref().expect("no key is null")[0]];
                prop_assert!(truth <= *count && count - error <= truth);
                prop_assert!(*error <= total / most as u64);
            }
            for (key, count) in plain {
                let listed = rows.iter().any(|row| row.0.as_deref() == Some(&[key]));
                prop_assert!(listed || count * most as u64 <= total);
            }
        }

        #[test]
        fn with_room_for_all_it_counts_exactly(keys in prop::collection::vec(0u8..20, 0..200)) {
            let mut heavy = SpaceSaving::default();
            for key in &keys {
                heavy.add(Some(&[*key]), 20);
            }
            for (key, count, error) in heavy.sorted(&KeyCoder::new(vec![Type::Text])) {
                let key = key.expect("no key is null")[0];
                prop_assert_eq!(error, 0);
                prop_assert_eq!(count as usize, keys.iter().filter(|one| **one == key).count());
            }
        }
    }
}
