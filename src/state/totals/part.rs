//! What came in a window that is not over: its keys with their accumulators. Adds nothing to totals by itself.
//! Invariant: a key that was taken out begins anew.

use super::NONE;
use crate::bytes::table::KeyTable;
use crate::data::keys::KeyCoder;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{Chunk, ColumnV};
use crate::plan::grouping::Agg;
use crate::state::grouped::slots::Slots;
use crate::state::saving::{self, sound};

/// What came in a window that is not over.
pub struct Part {
    pub table: KeyTable,
    /// By group of the table.
    pub slots: Vec<u32>,
    pub held: Slots,
}

impl Part {
    pub fn new(aggs: &[Agg], seed: u64) -> Part {
        Part {
            table: KeyTable::new(seed),
            slots: Vec::new(),
            held: Slots::of_aggs(aggs),
        }
    }

    /// The slots of the live rows of a chunk.
    pub fn slots(&mut self, chunk: &Chunk, key: &ColumnV, of_rows: &mut Vec<u32>) {
        of_rows.clear();
        match chunk.cells(key) {
            Some(cells) => self.table.probe(&cells, None, of_rows),
            None => {
                let group = self.table.find_or_add(None, 0);
                of_rows.resize(chunk.live.len(), group);
            }
        }
        self.slots.resize(self.table.len(), NONE);
        for group in of_rows {
            let slot = &mut self.slots[*group as usize];
            if *slot == NONE {
                *slot = self.held.add();
            }
            *group = *slot;
        }
    }

    /// Takes a key out.
    pub fn take(&mut self, key: Option<&[u8]>) -> Option<u32> {
        let group = self.table.find(key, 0)?;
        let slot = std::mem::replace(&mut self.slots[group as usize], NONE);
        if slot != NONE {
            self.held.give_back(slot);
        }
        (slot != NONE).then_some(slot)
    }

    pub fn save(&self, to: &mut Save) {
        to.put_table(&self.table);
        to.put(&self.slots);
        self.held.save(to);
    }

    /// Takes what [`Part::save`] has put; this one is new.
    pub fn load(
        &mut self,
        from: &mut Saved<'_>,
        seed: u64,
        coder: &KeyCoder,
    ) -> Result<(), Damaged> {
        self.table = saving::take_keys(from, seed, |key| coder.fits(key))?;
        self.slots = from.take()?;
        sound(self.slots.len() == self.table.len())?;
        self.held.load(from)?;
        let slots = self.slots.iter().copied();
        let slots: Vec<u32> = slots.filter(|slot| *slot != NONE).collect();
        sound(slots.iter().all(|slot| self.held.has_room(*slot)) && self.held.hold(slots))
    }

    pub fn fork(&self, seed: u64) -> Part {
        let mut table = KeyTable::new(seed);
        let all: Vec<u32> = (0..self.table.len() as u32).collect();
        table.absorb(&self.table, &all, &mut Vec::new());
        Part {
            table,
            slots: self.slots.clone(),
            held: self.held.fork(),
        }
    }
}
