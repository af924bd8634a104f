//! Which key was used longest ago, by time, where one more than there may be has it forgotten (`--on-full
//! evict-oldest`); of equal times, the one whose last record came first. Otherwise nothing is noted. Knows nothing of
//! windows. Invariant: each key that has counted a record since it is there has an entry that is no later than its last
//! use, so that what is on top and up to date is the oldest.

use super::OfKey;
use crate::data::process::{Limits, OnFull};
use crate::data::saved::{Damaged, Save, Saved};
use crate::state::keyed::Keyed;
use crate::state::saving::{self, sound};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Entries beside two for each key from which on the heap is made anew.
const TIDY_FROM: usize = 64;

#[derive(Clone, Default)]
pub struct Oldest {
    /// Whether the oldest key is asked for.
    asked: bool,
    /// Records that have counted.
    uses: u64,
    /// Time, number and slot of uses; a key may have been used since.
    heap: BinaryHeap<Reverse<(i64, u64, u32)>>,
}

impl Oldest {
    pub fn new(limits: Limits) -> Oldest {
        Oldest {
            asked: limits.keys.is_some() && limits.on_full == OnFull::EvictOldest,
            ..Oldest::default()
        }
    }

    /// A record at a time counted for a key, if that is there.
    pub fn used(&mut self, keyed: &mut Keyed<OfKey>, slot: u32, at: i64) {
        if !self.asked {
            return;
        }
        if let Some(of_key) = keyed.get_mut(slot) {
            self.uses += 1;
            let is_first = of_key.number == 0;
            of_key.used = match is_first {
                true => at,
                false => of_key.used.max(at),
            };
            of_key.number = self.uses;
            if is_first {
                self.heap.push(Reverse((of_key.used, self.uses, slot)));
            }
        }
    }

    /// The key that was used longest ago, but for the one that was used last: it is what there is one more of.
    pub fn take(&mut self, keyed: &Keyed<OfKey>) -> Option<u32> {
        let first = self.pop(keyed)?;
        if first.1 != self.uses {
            return Some(first.2);
        }
        let second = self.pop(keyed);
        self.heap.push(Reverse(first));
        second.map(|second| second.2)
    }

    fn pop(&mut self, keyed: &Keyed<OfKey>) -> Option<(i64, u64, u32)> {
        while let Some(Reverse((used, number, slot))) = self.heap.pop() {
            match keyed.get(slot) {
                Some(now) if now.number == number => return Some((used, number, slot)),
                // Used since; one that was forgotten and is there again has an entry of its own.
                Some(now) if now.number > 0 => {
                    self.heap.push(Reverse((now.used, now.number, slot)));
                }
                _ => {}
            }
        }
        None
    }

    /// Between chunks: keys may be gone, or `moved` to other slots.
    pub fn tidy(&mut self, keyed: &Keyed<OfKey>, moved: bool) {
        if moved || self.heap.len() > 2 * keyed.len() + TIDY_FROM {
            self.remake(keyed);
        }
    }

    fn remake(&mut self, keyed: &Keyed<OfKey>) {
        let used = keyed.iter().filter(|(_, of_key)| of_key.number > 0);
        let entries = used.map(|(slot, of_key)| Reverse((of_key.used, of_key.number, slot)));
        self.heap = entries.collect();
    }

    /// Puts when keys were used, where that is asked for.
    pub fn save(&self, keyed: &Keyed<OfKey>, to: &mut Save) {
        if self.asked {
            to.put(&self.uses);
            for (_, of_key) in keyed.iter() {
                to.put(&(of_key.used, of_key.number));
            }
        }
    }

    /// Takes what is left. A run that was asked nothing put nothing: then keys are as old as what they hold, in the order
    /// of their slots.
    pub fn load(
        &mut self,
        keyed: &mut Keyed<OfKey>,
        from: &mut Saved<'_>,
        newest: impl Fn(&OfKey) -> i64,
    ) -> Result<(), Damaged> {
        let slots: Vec<u32> = keyed.iter().map(|(slot, _)| slot).collect();
        let is_known = !from.is_empty();
        self.uses = match is_known {
            true => saving::count(from)?,
            false => slots.len() as u64,
        };
        for (number, slot) in (1u64..).zip(slots) {
            let Some(of_key) = keyed.get_mut(slot) else {
                continue;
            };
            (of_key.used, of_key.number) = match is_known {
                true => from.take()?,
                false => (newest(of_key), number),
            };
            sound(of_key.number <= self.uses)?;
        }
        if self.asked {
            self.remake(keyed);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// INTERFACE 2.6: "`--on-full evict-oldest`: forget the oldest by time (counted)"; of equal times the one that was
        /// used first, and never the key that comes.
        #[test]
        fn the_oldest_goes(rows in prop::collection::vec((0u8..9, 0i64..20), 1..80), most in 1usize..5, tidy in 1usize..9) {
            let limits = Limits { keys: Some(most as u64), on_full: OnFull::EvictOldest };
            let mut oldest = Oldest::new(limits);
            let mut keyed: Keyed<OfKey> = Keyed::new(3);
            // Key, newest time, number of the last use.
            let mut naive: Vec<(u8, i64, usize)> = Vec::new();
            for (number, &(key, at)) in rows.iter().enumerate() {
                let slot = keyed.slot(Some(&[key]));
                keyed.get_or(slot, OfKey::default);
                oldest.used(&mut keyed, slot, at);
                match naive.iter_mut().find(|one| one.0 == key) {
                    Some(one) => *one = (key, one.1.max(at), number),
                    None => {
                        if naive.len() == most {
                            let first = naive.iter().min_by_key(|one| (one.1, one.2)).copied();
                            naive.retain(|one| Some(*one) != first);
                        }
                        naive.push((key, at, number));
                    }
                }
                while keyed.len() > most {
                    let gone = oldest.take(&keyed).expect("there is one too many");
                    keyed.forget(gone);
                }
                if number % tidy == 0 {
                    let mut moved = false;
                    keyed.tidy(|_, _, _| moved = true);
                    oldest.tidy(&keyed, moved);
                }
                let mut found: Vec<Vec<u8>> = keyed.iter().filter_map(|(slot, _)| Some(keyed.key(slot)?.to_vec())).collect();
                let mut expected: Vec<Vec<u8>> = naive.iter().map(|one| vec![one.0]).collect();
                found.sort();
                expected.sort();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
