//! A state a key: the key table with what belongs to each key, and the keys that were forgotten. Invariant: a slot
//! stays a key's own until [`Keyed::tidy`], which is called between chunks only.

use super::saving::{self, sound};
use crate::bytes::table::KeyTable;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{Chunk, ColumnV};

/// Below so many forgotten keys the table is not made anew.
const TIDY_FROM: usize = if cfg!(debug_assertions) { 8 } else { 4096 };

/// States by key. A key whose state is `None` is not there; its place is reused by [`Keyed::tidy`].
#[derive(Clone)]
pub struct Keyed<S> {
    table: KeyTable,
    states: Vec<Option<S>>,
    there: usize,
    seed: u64,
}

impl<S> Keyed<S> {
    pub fn new(seed: u64) -> Keyed<S> {
        Keyed {
            table: KeyTable::new(seed),
            states: Vec::new(),
            there: 0,
            seed,
        }
    }

    /// The slot of each live row's key, into `slots`; new keys get slots without a state.
    pub fn slots(&mut self, chunk: &Chunk, key: &ColumnV, slots: &mut Vec<u32>) {
        slots.clear();
        if let Some(cells) = chunk.cells(key) {
            self.table.probe(&cells, None, slots);
        } else {
            let slot = self.table.find_or_add(None, 0);
            slots.resize(chunk.live.len(), slot);
        }
        self.states.resize_with(self.table.len(), || None);
    }

    /// The slot of one key.
    pub fn slot(&mut self, key: Option<&[u8]>) -> u32 {
        let slot = self.table.find_or_add(key, 0);
        self.states.resize_with(self.table.len(), || None);
        slot
    }

    pub fn key(&self, slot: u32) -> Option<&[u8]> {
        self.table.key(slot)
    }

    pub fn get(&self, slot: u32) -> Option<&S> {
        self.states.get(slot as usize)?.as_ref()
    }

    pub fn get_mut(&mut self, slot: u32) -> Option<&mut S> {
        self.states.get_mut(slot as usize)?.as_mut()
    }

    /// The state of a slot, made if the key is new; whether it was.
    pub fn get_or(&mut self, slot: u32, make: impl FnOnce() -> S) -> (&mut S, bool) {
        let place = &mut self.states[slot as usize];
        let new = place.is_none();
        self.there += usize::from(new);
        (place.get_or_insert_with(make), new)
    }

    /// Forgets a key.
    pub fn forget(&mut self, slot: u32) -> Option<S> {
        let state = self.states[slot as usize].take();
        self.there -= usize::from(state.is_some());
        state
    }

    /// Keys that are there.
    pub fn len(&self) -> usize {
        self.there
    }

    pub fn is_empty(&self) -> bool {
        self.there == 0
    }

    /// Slots of the keys that are there, oldest slot first.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &S)> {
        let states = self.states.iter().enumerate();
        states.filter_map(|(slot, state)| Some((slot as u32, state.as_ref()?)))
    }

    /// Gives back the room of forgotten keys where most are. Slots change: `moved` gets the old and the new slot
    /// of each key that is there. Amortised cost a forgotten key: constant.
    pub fn tidy(&mut self, mut moved: impl FnMut(u32, u32, &mut S)) {
        let gone = self.states.len() - self.there;
        if gone < TIDY_FROM || gone < self.there {
            return;
        }
        let kept: Vec<u32> = self.iter().map(|(slot, _)| slot).collect();
        let mut table = KeyTable::new(self.seed);
        let mut new = Vec::new();
        table.absorb(&self.table, &kept, &mut new);
        let mut states: Vec<Option<S>> = Vec::new();
        states.resize_with(table.len(), || None);
        for (&old, &new) in kept.iter().zip(&new) {
            let mut state = self.states[old as usize].take();
            if let Some(state) = &mut state {
                moved(old, new, state);
            }
            states[new as usize] = state;
        }
        self.table = table;
        self.states = states;
    }

    /// Puts all keys with their slots, and what `put` puts of the states that are there, by slot.
    pub fn save(&self, to: &mut Save, put: impl Fn(&S, &mut Save) + Sync)
    where
        S: Sync,
    {
        to.put_table(&self.table);
        to.put_flat_by(self.table.len().div_ceil(8), |eight| {
            let states = self.states.iter().skip(eight * 8).take(8).zip(0..);
            states.fold(0u8, |all, (state, bit)| {
                all | u8::from(state.is_some()) << bit
            })
        });
        to.put_each(self.states.len(), |slot, to| {
            if let Some(state) = &self.states[slot] {
                put(state, to);
            }
        });
    }

    /// Takes what [`Keyed::save`] has put.
    pub fn load(
        &mut self,
        from: &mut Saved<'_>,
        is_key: impl Fn(Option<&[u8]>) -> bool,
        mut take: impl FnMut(&mut Saved<'_>) -> Result<S, Damaged>,
    ) -> Result<(), Damaged> {
        self.table = saving::take_keys(from, self.seed, is_key)?;
        let there = from.take_bytes()?;
        sound(there.len() == self.table.len().div_ceil(8))?;
        self.there = 0;
        self.states = Vec::with_capacity(self.table.len());
        for slot in 0..self.table.len() {
            let is_there = there[slot / 8] >> (slot % 8) & 1 == 1;
            self.there += usize::from(is_there);
            self.states.push(match is_there {
                true => Some(take(from)?),
                false => None,
            });
        }
        Ok(())
    }

    /// Puts all keys with their slots, and no state.
    pub fn save_slots(&self, to: &mut Save) {
        to.put_table(&self.table);
    }

    /// Takes what [`Keyed::save_slots`] has put: no key is there.
    pub fn load_slots(
        &mut self,
        from: &mut Saved<'_>,
        is_key: impl Fn(Option<&[u8]>) -> bool,
    ) -> Result<(), Damaged> {
        self.table = saving::take_keys(from, self.seed, is_key)?;
        self.states.clear();
        self.states.resize_with(self.table.len(), || None);
        self.there = 0;
        Ok(())
    }

    /// Keys that ever had a slot: all slots are below.
    pub fn slots_end(&self) -> u32 {
        self.states.len() as u32
    }

    /// Memory held, about, without what states have beside themselves.
    pub fn bytes(&self) -> usize {
        self.table.bytes() + self.states.capacity() * size_of::<Option<S>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgotten_keys_give_their_room_back() {
        let mut keyed: Keyed<usize> = Keyed::new(7);
        for i in 0..100usize {
            let slot = keyed.slot(Some(format!("key {i}").as_bytes()));
            assert!(keyed.get_or(slot, || i).1);
        }
        for slot in 0..90 {
            assert_eq!(keyed.forget(slot), Some(slot as usize));
        }
        assert_eq!(keyed.len(), 10);
        let mut seen = Vec::new();
        keyed.tidy(|old, new, state| {
            assert_eq!(old as usize, *state);
            seen.push(new);
        });
        seen.sort();
        assert_eq!(seen, (0..10).collect::<Vec<u32>>());
        let slot = keyed.slot(Some(b"key 95"));
        assert_eq!(keyed.get(slot), Some(&95));
        let slot = keyed.slot(Some(b"key 5"));
        assert_eq!(keyed.get(slot), None);
    }

    #[test]
    fn keys_that_are_gone_keep_their_slots() {
        let mut keyed: Keyed<String> = Keyed::new(7);
        for i in 0..50 {
            let key = format!("key {i}");
            let slot = keyed.slot((i != 11).then_some(key.as_bytes()));
            if i % 3 == 0 {
                keyed.get_or(slot, || key);
            }
        }
        let mut save = Save::default();
        keyed.save(&mut save, |state, to| to.put(state));
        let bytes = save.into_bytes();
        let mut back: Keyed<String> = Keyed::new(7);
        let mut from = Saved::new(&bytes);
        let loaded = back.load(&mut from, saving::any_key, |from| from.take());
        assert_eq!((loaded, from.end()), (Ok(()), Ok(())));
        assert_eq!((back.len(), back.slots_end()), (17, 50));
        for slot in 0..50 {
            assert_eq!(back.key(slot), keyed.key(slot));
            assert_eq!(back.get(slot), keyed.get(slot));
        }
    }
}
