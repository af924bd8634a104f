//! A key table as flat pieces and back: entries, spaces and the arena as they are; slots are found anew. Writes and
//! reads nothing itself. Invariant: whatever the pieces hold, a table that comes of them is one that adding its keys
//! one by one would have made.

use super::super::{IN_SCRATCH, prefetch};
use super::{
    BATCH, Entry, GROUPS_MAX, Hashed, KeyTable, NULL, PREFIX, SLOTS_MIN, hash, is_long, room,
    shard_of,
};
use std::ops::Range;

/// What an entry takes.
pub const ENTRY_BYTES: usize = PREFIX + 4;

impl KeyTable {
    /// The entries of some of the groups.
    pub fn entries(
        &self,
        groups: Range<usize>,
    ) -> impl ExactSizeIterator<Item = [u8; ENTRY_BYTES]> + '_ {
        self.entries[groups].iter().map(|entry| {
            let mut bytes = [0; ENTRY_BYTES];
            bytes[..PREFIX].copy_from_slice(&entry.prefix);
            bytes[PREFIX..].copy_from_slice(&entry.len.to_le_bytes());
            bytes
        })
    }

    /// The hidden leading parts of all groups' keys; none if all are zero.
    pub fn spaces(&self) -> &[i64] {
        &self.spaces
    }

    /// The texts of long keys.
    pub fn arena(&self) -> &[u8] {
        &self.arena
    }

    /// The table of these pieces; `None` if they are none of a table with this seed.
    // PERF: 10 million keys of 13 bytes and their counts, one core of a busy machine: 0.6 s in 64 tables, 1.0 s in one.
    pub fn from_parts(
        seed: u64,
        entries: impl ExactSizeIterator<Item = [u8; ENTRY_BYTES]>,
        spaces: Vec<i64>,
        arena: &[u8],
    ) -> Option<KeyTable> {
        let len = entries.len();
        if len > GROUPS_MAX || !(spaces.is_empty() || spaces.len() == len) {
            return None;
        }
        let mut table = KeyTable::new(seed);
        table.entries.reserve_exact(len);
        table.entries.extend(entries.map(entry));
        table.spaces = spaces;
        table.arena = arena.to_vec();
        if !table.entries_are_whole() {
            return None;
        }
        if len > 0 {
            let mut count = SLOTS_MIN;
            while room(count) < len {
                count *= 2;
            }
            table.slots = vec![0; count];
        }
        table.fill_slots()?;
        Some(table)
    }

    /// Whether the keys of all groups are dealt to one of `2^bits` shards.
    pub fn is_of_shard(&self, bits: u32, shard: usize) -> bool {
        let mut groups = 0..self.entries.len() as u32;
        groups.all(|group| shard_of(self.hash(group), bits) == shard)
    }

    /// Whether each entry is one that its key makes, and the arena has the long keys one behind the other.
    fn entries_are_whole(&self) -> bool {
        let mut at = 0;
        for (group, entry) in self.entries.iter().enumerate() {
            let (low, high) = hash::words_of(&entry.prefix);
            if !is_long(entry.len) {
                // Of the null key no bit is left, of sixteen bytes all are.
                let bits = if entry.len == NULL { 0 } else { entry.len * 8 };
                if u128::from_le_bytes(entry.prefix).unbounded_shr(bits) != 0 {
                    return false;
                }
                continue;
            }
            let end = at + 8 + entry.len as usize;
            if entry.len >= IN_SCRATCH || high != at as u64 || end > self.arena.len() {
                return false;
            }
            let (sum, text) = self.long(entry);
            let seed = hash::seed_of(self.space(group as u32), self.seed);
            if sum != hash::long(text, seed) || low != hash::prefix_of(text).0 {
                return false;
            }
            at = end;
        }
        at == self.arena.len()
    }

    /// Lets slots lead to all entries; `None` if two have one key.
    fn fill_slots(&mut self) -> Option<()> {
        let mut batch = [Hashed::default(); BATCH];
        for start in (0..self.entries.len()).step_by(BATCH) {
            let batch = &mut batch[..(self.entries.len() - start).min(BATCH)];
            for (hashed, group) in batch.iter_mut().zip(start..) {
                *hashed = self.hashed(group as u32);
                prefetch(&self.slots, self.home(hashed.hash));
            }
            for (hashed, group) in batch.iter().zip(start..) {
                let same = |other: u32, _: &Entry| {
                    self.key(other) == self.key(group as u32)
                        && self.space(other) == self.space(group as u32)
                };
                let free = self.walk(hashed.hash, same).err()?;
                self.slots[free] = hashed.hash << 32 | (group as u64 + 1);
            }
        }
        Some(())
    }
}

fn entry(bytes: [u8; ENTRY_BYTES]) -> Entry {
    let mut prefix = [0; PREFIX];
    prefix.copy_from_slice(&bytes[..PREFIX]);
    let mut len = [0; 4];
    len.copy_from_slice(&bytes[PREFIX..]);
    Entry {
        prefix,
        len: u32::from_le_bytes(len),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Parts = (Vec<[u8; ENTRY_BYTES]>, Vec<i64>, Vec<u8>);

    fn parts(table: &KeyTable) -> Parts {
        let entries = table.entries(0..table.len()).collect();
        (entries, table.spaces().to_vec(), table.arena().to_vec())
    }

    fn of((entries, spaces, arena): Parts) -> Option<KeyTable> {
        KeyTable::from_parts(7, entries.into_iter(), spaces, &arena)
    }

    /// That what comes of pieces is a table: each group is found under its key, and one that is new has the next
    /// number.
    fn is_table(mut table: KeyTable) {
        let len = table.len() as u32;
        for group in 0..len {
            let (key, space) = (table.key(group).map(<[u8]>::to_vec), table.space(group));
            assert_eq!(table.find(key.as_deref(), space), Some(group));
            assert_eq!(table.hash(group), hash::hash(key.as_deref(), space, 7));
            table.order_prefix(group);
        }
        let mut other = KeyTable::new(8);
        other.absorb(&table, &(0..len).collect::<Vec<_>>(), &mut Vec::new());
        assert_eq!(other.len(), table.len());
        for number in 0..40 {
            let new = format!("a new key, and a long one: {number}");
            assert_eq!(table.find_or_add(Some(new.as_bytes()), 3), len + number);
        }
    }

    fn small() -> KeyTable {
        let mut table = KeyTable::new(7);
        let keys: [(Option<&[u8]>, i64); 8] = [
            (Some(b"a"), 0),
            (None, 0),
            (Some(b""), 0),
            (Some(b"sixteen bytes ab"), 5),
            (Some(b"a key of more than sixteen bytes"), 0),
            (Some(b"a"), -1),
            (Some(b"a key of more than sixteen bytes"), 5),
            (None, 5),
        ];
        for (key, space) in keys {
            table.find_or_add(key, space);
        }
        table
    }

    #[test]
    fn a_part_that_was_cut_or_changed_makes_a_table_or_none() {
        let whole = parts(&small());
        is_table(of(whole.clone()).expect("the pieces are those of a table"));
        for len in 0..whole.0.len() {
            assert!(of((whole.0[..len].to_vec(), whole.1.clone(), whole.2.clone())).is_none());
            assert!(of((whole.0.clone(), whole.1[..len].to_vec(), whole.2.clone())).is_none());
        }
        for len in 0..whole.2.len() {
            assert!(of((whole.0.clone(), whole.1.clone(), whole.2[..len].to_vec())).is_none());
        }
        let mut loaded = 0;
        for bit in 0..8 {
            for at in 0..whole.0.len() * ENTRY_BYTES {
                let mut changed = whole.clone();
                changed.0[at / ENTRY_BYTES][at % ENTRY_BYTES] ^= 1 << bit;
                loaded += of(changed).map(is_table).map_or(0, |()| 1);
            }
            for at in 0..whole.1.len() * 8 {
                let mut changed = whole.clone();
                changed.1[at / 8] ^= 1 << (at % 8 * 8 + bit);
                loaded += of(changed).map(is_table).map_or(0, |()| 1);
            }
            for at in 0..whole.2.len() {
                let mut changed = whole.clone();
                changed.2[at] ^= 1 << bit;
                assert!(of(changed).is_none(), "the arena has a sum for each key");
            }
        }
        // A changed short key, or space of one, is another key.
        assert!(loaded > 100);
        let mut twice = whole.clone();
        twice.0[5] = twice.0[0];
        twice.1[5] = twice.1[0];
        assert!(of(twice).is_none());
    }

    proptest! {
        #[test]
        fn a_table_comes_back(
            keys in prop::collection::vec((prop::option::of("[ab]{0,9}|[ab]{15,18}"), -1i64..2), 0..200),
            spaces: bool,
        ) {
            let mut table = KeyTable::new(7);
            for (key, space) in &keys {
                let key = key.as_deref().map(str::as_bytes);
                table.find_or_add(key, if spaces { *space } else { 0 });
            }
            let back = of(parts(&table)).expect("the pieces are those of a table");
            prop_assert_eq!(back.len(), table.len());
            for group in 0..table.len() as u32 {
                prop_assert_eq!(back.key(group), table.key(group));
                prop_assert_eq!(back.space(group), table.space(group));
            }
            let mut shards = vec![Vec::new(); 4];
            table.by_shard(2, &mut shards);
            for (shard, groups) in shards.iter().enumerate() {
                let mut part = KeyTable::new(7);
                part.absorb(&table, groups, &mut Vec::new());
                let part = of(parts(&part)).expect("the pieces are those of a table");
                prop_assert!(part.is_of_shard(2, shard));
                prop_assert!(part.is_empty() || !part.is_of_shard(2, shard ^ 1));
            }
            is_table(back);
        }
    }
}
