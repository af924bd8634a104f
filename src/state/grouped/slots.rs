//! What groups hold: accumulators, or the rows themselves, in numbered slots. A slot that is given back is not
//! used again until all are made anew, which costs a slot no more than it cost before. Invariant: slots share
//! nothing.

use crate::aggs::{Accumulator, Rows};
use crate::data::packed::Packer;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{Chunk, ColumnBuilder, ColumnV};
use crate::plan::grouping::Agg;
use crate::state::saving::{self, sound};

/// Slots that may have been added since accumulators were last given room, beside those in use.
const NEW_MAX: usize = 1 << 16;
/// Below so many slots given back nothing is made anew.
const REMAKE_FROM: usize = if cfg!(debug_assertions) { 8 } else { 4096 };

/// What is in the slots.
pub enum Store {
    Aggs {
        aggs: Vec<Agg>,
        accs: Vec<Box<dyn Accumulator>>,
        /// One group: where slots come together.
        one: Vec<Box<dyn Accumulator>>,
    },
    Rows {
        packer: Packer,
        /// Of each slot its rows as they came: number, length, bytes.
        rows: Vec<Vec<u8>>,
        /// Rows that ever came.
        came: u64,
    },
}

pub struct Slots {
    pub store: Store,
    used: u32,
    /// Slots that accumulators have room for.
    grown: u32,
    gone: usize,
}

fn made(aggs: &[Agg]) -> Vec<Box<dyn Accumulator>> {
    aggs.iter()
        .map(|agg| (agg.aggregate.make)(&agg.call))
        .collect()
}

fn grown(accs: &mut [Box<dyn Accumulator>], slots: usize) {
    for acc in accs {
        acc.grow(slots);
    }
}

/// Whether bytes are rows as [`Slots::keep`] keeps them.
fn are_rows(mut held: &[u8], packer: &Packer) -> bool {
    while let Some((head, behind)) = held.split_at_checked(12) {
        let len = u32::from_le_bytes(head[8..].try_into().unwrap_or_default());
        match behind.split_at_checked(len as usize) {
            Some((row, next)) if packer.is_row(row) => held = next,
            _ => return false,
        }
    }
    held.is_empty()
}

impl Slots {
    pub fn of_aggs(aggs: &[Agg]) -> Slots {
        Slots {
            store: Store::Aggs {
                aggs: aggs.to_vec(),
                accs: made(aggs),
                one: made(aggs),
            },
            used: 0,
            grown: 0,
            gone: 0,
        }
    }

    pub fn of_rows(packer: Packer) -> Slots {
        Slots {
            store: Store::Rows {
                packer,
                rows: Vec::new(),
                came: 0,
            },
            used: 0,
            grown: 0,
            gone: 0,
        }
    }

    /// An empty slot.
    pub fn add(&mut self) -> u32 {
        let slot = self.used;
        self.used += 1;
        if let Store::Rows { rows, .. } = &mut self.store {
            rows.push(Vec::new());
        }
        slot
    }

    pub fn give_back(&mut self, slot: u32) {
        self.gone += 1;
        if let Store::Rows { rows, .. } = &mut self.store {
            rows[slot as usize] = Vec::new();
        }
    }

    /// Adds the live rows of a chunk to a slot each.
    pub fn update(&mut self, chunk: &Chunk, slots: &[u32], args: &[ColumnV]) {
        let Store::Aggs { aggs, accs, .. } = &mut self.store else {
            return;
        };
        grown(accs, self.used as usize);
        self.grown = self.used;
        let rows = Rows {
            chunk,
            groups: slots,
        };
        for (acc, agg) in accs.iter_mut().zip(aggs) {
            acc.update(&rows, agg.arg.and_then(|arg| args.get(arg)));
        }
    }

    /// Keeps a row itself. False: the slots hold no rows.
    pub fn keep(&mut self, chunk: &Chunk, row: u32, slot: u32) -> bool {
        let Store::Rows { packer, rows, came } = &mut self.store else {
            return false;
        };
        let held = &mut rows[slot as usize];
        held.extend_from_slice(&came.to_le_bytes());
        let at = held.len();
        held.extend_from_slice(&[0; 4]);
        packer.pack(chunk, row, held);
        let len = (held.len() - at - 4) as u32;
        held[at..at + 4].copy_from_slice(&len.to_le_bytes());
        *came += 1;
        true
    }

    /// Adds what slot `from` holds to slot `to`.
    pub fn join(&mut self, to: u32, from: u32) {
        match &mut self.store {
            Store::Aggs { accs, one, .. } => {
                grown(accs, self.used as usize);
                self.grown = self.used;
                for (acc, one) in accs.iter_mut().zip(one) {
                    one.clear();
                    one.grow(1);
                    one.merge(&[0], acc.as_ref(), &[from]);
                    acc.merge(&[to], one.as_ref(), &[0]);
                }
            }
            Store::Rows { rows, .. } => {
                let more = rows[from as usize].clone();
                rows[to as usize].extend_from_slice(&more);
            }
        }
    }

    /// Adds what slots `from` of others hold to slots `to`.
    pub fn absorb(&mut self, to: &[u32], others: &Slots, from: &[u32]) {
        if let Store::Aggs { accs, .. } = &others.store {
            self.absorb_all(to, accs, from);
        }
    }

    /// Adds groups `from` of others' accumulators to slots `to`.
    pub fn absorb_all(&mut self, to: &[u32], others: &[Box<dyn Accumulator>], from: &[u32]) {
        if let Store::Aggs { accs, .. } = &mut self.store {
            grown(accs, self.used as usize);
            self.grown = self.used;
            for (acc, other) in accs.iter_mut().zip(others) {
                acc.merge(to, other.as_ref(), from);
            }
        }
    }

    /// A new slot with what these slots hold together.
    pub fn copy(&mut self, of: &[u32]) -> u32 {
        let slot = self.add();
        for &from in of {
            self.join(slot, from);
        }
        slot
    }

    /// Pushes the aggregates of what these slots hold together.
    pub fn emit(
        &mut self,
        of: &[u32],
        window: Option<(i64, i64)>,
        out: &mut [ColumnBuilder],
        scratch: &mut Vec<u8>,
    ) {
        let Store::Aggs { accs, one, .. } = &mut self.store else {
            return;
        };
        grown(accs, self.used as usize);
        self.grown = self.used;
        let window = window.as_ref().map(std::slice::from_ref);
        if let [slot] = of {
            for (acc, builder) in accs.iter().zip(out) {
                acc.emit(&[*slot], window, builder, scratch);
            }
            return;
        }
        let same = vec![0; of.len()];
        for ((acc, one), builder) in accs.iter().zip(one).zip(out) {
            one.clear();
            one.grow(1);
            one.merge(&same, acc.as_ref(), of);
            one.emit(&[0], window, builder, scratch);
        }
    }

    /// The packed rows that these slots hold together, as they came.
    pub fn rows(&self, of: &[u32]) -> Vec<&[u8]> {
        let Store::Rows { rows, .. } = &self.store else {
            return Vec::new();
        };
        let mut found: Vec<(u64, &[u8])> = Vec::new();
        for &slot in of {
            let mut rest = rows[slot as usize].as_slice();
            while let Some((head, behind)) = rest.split_at_checked(12) {
                let came = u64::from_le_bytes(head[..8].try_into().unwrap_or_default());
                let len = u32::from_le_bytes(head[8..].try_into().unwrap_or_default());
                let (row, next) = behind.split_at(len as usize);
                found.push((came, row));
                rest = next;
            }
        }
        found.sort_unstable_by_key(|(came, _)| *came);
        found.into_iter().map(|(_, row)| row).collect()
    }

    /// Whether most slots are given back, so that it is time for [`Slots::remake`].
    pub fn are_mostly_gone(&self) -> bool {
        self.gone >= REMAKE_FROM && self.gone * 2 > self.used as usize
    }

    /// Keeps these slots and forgets all others; the i-th kept one is slot i now.
    pub fn remake(&mut self, kept: &[u32]) {
        match &mut self.store {
            Store::Aggs { aggs, accs, .. } => {
                grown(accs, self.used as usize);
                self.grown = self.used;
                let new: Vec<u32> = (0..kept.len() as u32).collect();
                let mut fresh = made(aggs);
                grown(&mut fresh, kept.len());
                for (fresh, acc) in fresh.iter_mut().zip(accs.iter()) {
                    fresh.merge(&new, acc.as_ref(), kept);
                }
                *accs = fresh;
            }
            Store::Rows { rows, .. } => {
                *rows = kept
                    .iter()
                    .map(|&slot| std::mem::take(&mut rows[slot as usize]))
                    .collect();
            }
        }
        self.used = kept.len() as u32;
        self.grown = self.used;
        self.gone = 0;
    }

    /// Others with the same in them.
    pub fn fork(&self) -> Slots {
        let store = match &self.store {
            Store::Aggs { aggs, accs, .. } => {
                let all: Vec<u32> = (0..self.grown).collect();
                let mut fresh = made(aggs);
                for (fresh, acc) in fresh.iter_mut().zip(accs) {
                    fresh.grow(self.grown as usize);
                    fresh.merge(&all, acc.as_ref(), &all);
                }
                Store::Aggs {
                    aggs: aggs.clone(),
                    accs: fresh,
                    one: made(aggs),
                }
            }
            Store::Rows { packer, rows, came } => Store::Rows {
                packer: packer.clone(),
                rows: rows.clone(),
                came: *came,
            },
        };
        Slots {
            store,
            used: self.used,
            grown: self.grown,
            gone: self.gone,
        }
    }

    /// Puts what is in all slots.
    pub fn save(&self, to: &mut Save) {
        to.put(&(self.used, self.grown, self.gone as u64));
        match &self.store {
            Store::Aggs { accs, .. } => accs.iter().for_each(|acc| acc.save(to)),
            Store::Rows { rows, came, .. } => {
                to.put(came);
                rows.iter().for_each(|rows| to.put_bytes(rows));
            }
        }
    }

    /// Takes what [`Slots::save`] has put. What says which slots are in use is still to come: [`Slots::hold`].
    pub fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.used = saving::small(from)?;
        self.grown = saving::small(from)?;
        self.gone = from.take::<u64>()?.try_into().map_err(|_| Damaged)?;
        sound(self.grown <= self.used && self.gone <= self.used as usize)?;
        match &mut self.store {
            Store::Aggs { accs, .. } => {
                for acc in accs {
                    acc.load(from, self.grown as usize)?;
                }
            }
            Store::Rows { packer, rows, came } => {
                *came = saving::count(from)?;
                for _ in 0..self.used {
                    let held = from.take_bytes()?;
                    sound(are_rows(held, packer))?;
                    rows.push(held.to_vec());
                }
            }
        }
        Ok(())
    }

    /// Whether slots that were loaded are these, each once.
    pub fn hold(&self, slots: Vec<u32>) -> bool {
        let new = (self.used - self.grown) as usize;
        new <= slots.len() + NEW_MAX
            && slots.iter().all(|slot| *slot < self.used)
            && saving::differ(slots)
    }

    /// Whether a slot that was loaded has room in the accumulators.
    pub fn has_room(&self, slot: u32) -> bool {
        slot < self.grown
    }

    /// Memory held, about.
    pub fn bytes(&self) -> usize {
        match &self.store {
            Store::Aggs { accs, .. } => accs.iter().map(|acc| acc.bytes()).sum(),
            Store::Rows { rows, .. } => rows.iter().map(|rows| rows.capacity() + 24).sum(),
        }
    }
}
