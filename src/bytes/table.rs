//! The key table of grouping: gives each key a group number, 0, 1, … in order of first sight. Holds keys
//! and nothing of what is counted about them; removes single keys never.
//! Invariant: group numbers are dense, and a key has one number until `clear`.
//!
//! A slot is eight bytes: 32 bits of the hash, from the top of which its home follows, and the group
//! number plus one. The group's entry is 20 bytes: the first 16 of the key and its length. A key of up to
//! 16 bytes lives in its entry; of a longer one the entry holds eight bytes and where the arena has its
//! hash and its text. So a short key costs 20 bytes and a slot, 10.7 to 21.3 bytes, and growing never
//! looks at keys.

use super::Cells;
use super::hash::{self, NULL, PREFIX, Prefix};

#[doc(hidden)]
pub use naive::fuzz;

#[doc(hidden)]
#[path = "table_naive.rs"]
pub mod naive;

#[path = "table_flat.rs"]
mod flat;
pub use flat::ENTRY_BYTES;

/// Slots a new table begins with: few in debug builds, so that every test grows.
const SLOTS_MIN: usize = if cfg!(debug_assertions) { 8 } else { 256 };
/// Groups a table can hold: three quarters of the slots that 32 bits of a hash can tell apart.
pub const GROUPS_MAX: usize = 3 << 30;
/// No group: there are fewer than [`GROUPS_MAX`].
const NONE: u32 = u32::MAX;
/// Rows hashed before the first of them is looked up.
const BATCH: usize = 256;
/// How many keys ahead of the one that is read the next is fetched.
const AHEAD: usize = 24;
/// From this many groups on the table is no longer in the second-level cache, and fetching ahead pays.
const GROUPS_CACHED: usize = if cfg!(debug_assertions) { 20 } else { 1 << 13 };

/// Up to so many slots they are filled less, as memory does not matter and branches do.
const SLOTS_CACHED: usize = if cfg!(debug_assertions) { 64 } else { 1 << 14 };

/// Which group a key is.
#[derive(Clone)]
pub struct KeyTable {
    seed: u64,
    /// A power of two of them, at most three quarters used; none before the first key.
    slots: Vec<Slot>,
    entries: Vec<Entry>,
    /// As many as entries, or none as long as every one is zero.
    spaces: Vec<i64>,
    /// For each long key its hash (eight bytes) and its text.
    arena: Vec<u8>,
}

/// The low 32 bits of the hash above the group number plus one; zero: free.
type Slot = u64;

#[derive(Copy, Clone)]
#[repr(C)]
struct Entry {
    /// The key and zeros behind it; of a key longer than this its first eight bytes and its place in the
    /// arena.
    prefix: [u8; PREFIX],
    /// [`NULL`] for the null key.
    len: u32,
}

/// What of a key that is looked for decides, up to its text if that is long and its space.
#[derive(Copy, Clone, Default)]
struct Hashed {
    prefix: Prefix,
    hash: u64,
    len: u32,
}

impl Hashed {
    fn of(key: Option<&[u8]>, space: i64, seed: u64) -> Hashed {
        let prefix = key.map_or((0, 0), hash::prefix_of);
        let len = key.map_or(NULL, |key| key.len() as u32);
        Hashed {
            prefix,
            hash: hash::hash(key, space, seed),
            len,
        }
    }

    #[inline(always)]
    fn is_long(&self) -> bool {
        is_long(self.len)
    }
}

/// Whether a key is as short as the cell of a span.
fn fits(key: Option<&[u8]>) -> bool {
    key.is_none_or(|key| key.len() < super::IN_SCRATCH as usize)
}

/// Whether a key of this length does not fit its entry. The null key does.
#[inline(always)]
fn is_long(len: u32) -> bool {
    // NULL and one are zero.
    len.wrapping_add(1) > PREFIX as u32 + 1
}

impl KeyTable {
    /// An empty table. Tables that are to [`absorb`](KeyTable::absorb) each other have one seed.
    pub fn new(seed: u64) -> KeyTable {
        KeyTable {
            seed,
            slots: Vec::new(),
            entries: Vec::new(),
            spaces: Vec::new(),
            arena: Vec::new(),
        }
    }

    /// Finds or adds the key of each row of `cells` that is looked at, in order, and pushes its group for
    /// each. `spaces`, by row, are a hidden leading part of the keys; without them it is zero.
    ///
    /// # Panics
    /// If the table would come to hold more than [`GROUPS_MAX`] groups (at least 60 GiB of keys), or if a
    /// span lies outside its buffer.
    pub fn probe(&mut self, cells: &Cells, spaces: Option<&[i64]>, groups: &mut Vec<u32>) {
        over_rows(cells, spaces, self.seed, FindOrAdd(self, groups));
    }

    /// The group of a key if the table has it; `None` is the null key.
    pub fn find(&self, key: Option<&[u8]>, space: i64) -> Option<u32> {
        if !fits(key) {
            return None;
        }
        let hashed = Hashed::of(key, space, self.seed);
        self.locate(&One { key, space }, 0, &hashed).ok()
    }

    /// The group of a key, added if it is new: [`probe`](KeyTable::probe) for one.
    ///
    /// # Panics
    /// As `probe`, and if the key is as long as no span is (2 GiB).
    pub fn find_or_add(&mut self, key: Option<&[u8]>, space: i64) -> u32 {
        assert!(fits(key), "a key is no longer than a span");
        let hashed = Hashed::of(key, space, self.seed);
        self.group_of(&One { key, space }, 0, &hashed)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The key of a group, `None` being the null key.
    #[inline]
    pub fn key(&self, group: u32) -> Option<&[u8]> {
        let entry = &self.entries[group as usize];
        match entry.len {
            NULL => None,
            len if len as usize <= PREFIX => Some(&entry.prefix[..len as usize]),
            _ => Some(self.long(entry).1),
        }
    }

    /// Asks for a group's entry to be brought into the cache: for a walk over groups in no order.
    #[inline]
    pub fn touch(&self, group: u32) {
        super::prefetch(&self.entries, group as usize);
    }

    /// The hidden leading part of a group's key.
    #[inline]
    pub fn space(&self, group: u32) -> i64 {
        self.spaces.get(group as usize).copied().unwrap_or(0)
    }

    /// The hash of a group's key: [`hash::hash`] with the table's seed.
    #[inline]
    pub fn hash(&self, group: u32) -> u64 {
        self.hashed(group).hash
    }

    /// The first 16 bytes of a group's key, zero behind its end, as a number that sorts as they do. The
    /// null key's is zero, as the empty text's.
    #[inline]
    pub fn order_prefix(&self, group: u32) -> u128 {
        let entry = &self.entries[group as usize];
        match entry.len {
            len if !is_long(len) => u128::from_be_bytes(entry.prefix),
            _ => {
                let (low, high) = hash::prefix_of(self.long(entry).1);
                u128::from(low.swap_bytes()) << 64 | u128::from(high.swap_bytes())
            }
        }
    }

    /// Finds or adds the groups `theirs` of another table, in order, and pushes the group each is here.
    pub fn absorb(&mut self, other: &KeyTable, theirs: &[u32], groups: &mut Vec<u32>) {
        let seed = self.seed;
        self.find_or_add_all(
            &Theirs {
                table: other,
                groups: theirs,
                seed,
            },
            groups,
        );
    }

    /// Deals the groups to the `2^bits` lists of `out` by the top bits of their hashes, ascending in each.
    /// Slots go by other bits, so that the keys of one shard spread over a table as well as all keys do.
    pub fn by_shard(&self, bits: u32, out: &mut [Vec<u32>]) {
        assert!(
            bits <= 16 && out.len() == 1 << bits,
            "a list for each shard"
        );
        for group in 0..self.entries.len() as u32 {
            out[shard_of(self.hash(group), bits)].push(group);
        }
    }

    /// Forgets all keys; keeps the memory.
    pub fn clear(&mut self) {
        self.slots.fill(0);
        self.entries.clear();
        self.spaces.clear();
        self.arena.clear();
    }

    /// The memory held, used or not.
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
            + self.entries.capacity() * size_of::<Entry>()
            + self.spaces.capacity() * size_of::<i64>()
            + self.arena.capacity()
    }

    /// The heart of it, in rounds over a batch: hash; for a table that is not in the cache read the slot
    /// and fetch the entry; compare.
    ///
    /// PERF: count by key of 7 bytes, lines and all, one core of a Zen 5 server: at a million keys 39 ns a
    /// row against 65 without fetching, at 200,000 14 against 17. Hashing apart from looking up, since a
    /// mispredicted branch then waits for the slot and not for the hash: 7.2 against 7.6 at 413 keys.
    /// Asking for huge pages brought nothing.
    #[inline(always)]
    fn find_or_add_all(&mut self, keys: &impl Keys, groups: &mut Vec<u32>) {
        groups.reserve(keys.len());
        let mut batch = [Hashed::default(); BATCH];
        let mut guesses = [0; BATCH];
        for start in (0..keys.len()).step_by(BATCH) {
            let batch = &mut batch[..(keys.len() - start).min(BATCH)];
            if self.entries.len() < GROUPS_CACHED {
                for (place, i) in batch.iter_mut().zip(start..) {
                    *place = keys.hashed(i);
                }
                for (hashed, i) in batch.iter().zip(start..) {
                    groups.push(self.group_of(keys, i, hashed));
                }
                continue;
            }
            for (place, i) in batch.iter_mut().zip(start..) {
                keys.fetch(i + AHEAD);
                *place = keys.hashed(i);
                super::prefetch(&self.slots, self.home(place.hash));
            }
            for (hashed, guess) in batch.iter().zip(&mut guesses) {
                *guess = self.guess(hashed);
                super::prefetch(&self.entries, *guess as usize);
            }
            if batch.iter().any(Hashed::is_long) {
                for (hashed, &guess) in batch.iter().zip(&guesses) {
                    if hashed.is_long() && guess != NONE {
                        let entry = &self.entries[guess as usize];
                        super::prefetch(&self.arena, hash::words_of(&entry.prefix).1 as usize);
                    }
                }
            }
            for ((hashed, &guess), i) in batch.iter().zip(&guesses).zip(start..) {
                let good = guess != NONE && self.is(guess, keys, i, hashed);
                groups.push(if good {
                    guess
                } else {
                    self.group_of(keys, i, hashed)
                });
            }
        }
    }

    #[inline(always)]
    fn group_of(&mut self, keys: &impl Wholes, i: usize, hashed: &Hashed) -> u32 {
        match self.locate(keys, i, hashed) {
            Ok(group) => group,
            Err(slot) if hashed.is_long() => self.add(hashed, keys.space(i), keys.text(i), slot),
            Err(slot) => self.add(hashed, keys.space(i), &[], slot),
        }
    }

    /// The first slot to look at. Meaningless while there are no slots.
    #[inline(always)]
    fn home(&self, hash: u64) -> usize {
        // The top of the low 32 bits, as many as there are slots.
        ((u64::from(hash as u32) * self.slots.len() as u64) >> 32) as usize
    }

    /// The group of a key, or the free slot where the search ended.
    #[inline(always)]
    fn locate(&self, keys: &impl Wholes, i: usize, hashed: &Hashed) -> Result<u32, usize> {
        if hashed.is_long() {
            return self.locate_long(hashed, keys.space(i), keys.text(i));
        }
        self.walk(hashed.hash, |group, entry| {
            self.is_short(group, entry, hashed, keys.space(i))
        })
    }

    /// Says whether `group`, whose entry is given, has the short key.
    #[inline(always)]
    fn is_short(&self, group: u32, entry: &Entry, hashed: &Hashed, space: i64) -> bool {
        let (low, high) = hash::words_of(&entry.prefix);
        let prefix = (low ^ hashed.prefix.0) | (high ^ hashed.prefix.1);
        prefix | u64::from(entry.len ^ hashed.len) == 0 && self.in_space(group, space)
    }

    /// By itself and with plain arguments, to keep it out of the way of short keys.
    #[inline(never)]
    fn locate_long(&self, hashed: &Hashed, space: i64, text: &[u8]) -> Result<u32, usize> {
        self.walk(hashed.hash, |group, entry| {
            self.is_long(group, entry, hashed, space, text)
        })
    }

    /// Says whether `group` has the key.
    #[inline(always)]
    fn is(&self, group: u32, keys: &impl Wholes, i: usize, hashed: &Hashed) -> bool {
        let entry = &self.entries[group as usize];
        if hashed.is_long() {
            self.is_long(group, entry, hashed, keys.space(i), keys.text(i))
        } else {
            self.is_short(group, entry, hashed, keys.space(i))
        }
    }

    #[inline(always)]
    fn is_long(&self, group: u32, entry: &Entry, hashed: &Hashed, space: i64, text: &[u8]) -> bool {
        let (low, _) = hash::words_of(&entry.prefix);
        (low ^ hashed.prefix.0) | u64::from(entry.len ^ hashed.len) == 0
            && self.in_space(group, space)
            && self.long(entry) == (hashed.hash, text)
    }

    #[inline(always)]
    fn in_space(&self, group: u32, space: i64) -> bool {
        if self.spaces.is_empty() {
            space == 0
        } else {
            self.space(group) == space
        }
    }

    /// Looks at the slots on a key's way that have its hash.
    #[inline(always)]
    fn walk(&self, hash: u64, is: impl Fn(u32, &Entry) -> bool) -> Result<u32, usize> {
        let (slots, entries) = (&self.slots[..], &self.entries[..]);
        let mut at = self.home(hash);
        // No slots: at is 0, and the answer Err(0).
        while let Some(&slot) = slots.get(at)
            && slot != 0
        {
            let group = (slot as u32).wrapping_sub(1);
            if (slot >> 32) as u32 == hash as u32 && is(group, &entries[group as usize]) {
                return Ok(group);
            }
            at = (at + 1) & (slots.len() - 1);
        }
        Err(at)
    }

    /// The first group on the key's way with its 32 bits of hash; [`NONE`]: there is none.
    #[inline(always)]
    fn guess(&self, hashed: &Hashed) -> u32 {
        self.walk(hashed.hash, |_, _| true).unwrap_or(NONE)
    }

    /// The hash and the text of a long key.
    #[inline]
    fn long(&self, entry: &Entry) -> (u64, &[u8]) {
        let start = hash::words_of(&entry.prefix).1 as usize;
        let (sum, text) = self.arena[start..start + 8 + entry.len as usize]
            .split_first_chunk()
            .expect("eight bytes of hash were asked for");
        (u64::from_le_bytes(*sum), text)
    }

    /// What to look for in another table to find this group's key.
    #[inline(always)]
    fn hashed(&self, group: u32) -> Hashed {
        let entry = &self.entries[group as usize];
        let len = entry.len;
        if is_long(len) {
            let (hash, text) = self.long(entry);
            return Hashed {
                prefix: hash::prefix_of(text),
                hash,
                len,
            };
        }
        let prefix = hash::words_of(&entry.prefix);
        let seed = hash::seed_of(self.space(group), self.seed);
        Hashed {
            prefix,
            hash: hash::short(prefix, len, seed),
            len,
        }
    }

    /// Adds a key that is not there, `slot` being the free one of its way; `text` is empty if it is short.
    #[cold]
    #[inline(never)]
    fn add(&mut self, hashed: &Hashed, space: i64, text: &[u8], mut slot: usize) -> u32 {
        let group = self.entries.len();
        assert!(
            group < GROUPS_MAX,
            "a table holds at most {GROUPS_MAX} keys"
        );
        if group >= room(self.slots.len()) {
            self.grow();
            slot = free_slot(&self.slots, self.home(hashed.hash));
        }
        self.push(hashed, space, text);
        self.slots[slot] = hashed.hash << 32 | (group as u64 + 1);
        group as u32
    }

    /// Adds an entry; no slot leads to it yet.
    #[inline(always)]
    fn push(&mut self, hashed: &Hashed, space: i64, text: &[u8]) {
        let mut high = hashed.prefix.1;
        if hashed.is_long() {
            high = self.arena.len() as u64;
            self.arena.extend_from_slice(&hashed.hash.to_le_bytes());
            self.arena.extend_from_slice(text);
        }
        let both = u128::from(high) << 64 | u128::from(hashed.prefix.0);
        make_room(&mut self.entries);
        self.entries.push(Entry {
            prefix: both.to_le_bytes(),
            len: hashed.len,
        });
        if space != 0 && self.spaces.is_empty() {
            self.spaces.resize(self.entries.len() - 1, 0);
        }
        if space != 0 || !self.spaces.is_empty() {
            make_room(&mut self.spaces);
            self.spaces.push(space);
        }
    }

    /// Twice the slots. The old ones are read in order and homes keep their order, so that both tables
    /// are walked once from end to end.
    fn grow(&mut self) {
        let count = (self.slots.len() * 2).max(SLOTS_MIN);
        let old = std::mem::replace(&mut self.slots, vec![0; count]);
        for slot in old.into_iter().filter(|&slot| slot != 0) {
            let at = free_slot(&self.slots, self.home(slot >> 32));
            self.slots[at] = slot;
        }
    }
}

/// How many groups so many slots may have: three quarters, and half of that while the slots fit in the
/// cache.
///
/// PERF: a key that is not in its home slot costs a mispredicted branch: at 413 keys 7.0 ns a row
/// against 8.5 with three quarters.
fn room(slots: usize) -> usize {
    if slots <= SLOTS_CACHED {
        slots / 8 * 3
    } else {
        slots / 4 * 3
    }
}

/// The first free slot from `home` on.
fn free_slot(slots: &[Slot], home: usize) -> usize {
    let mut at = home;
    while slots[at] != 0 {
        at = (at + 1) & (slots.len() - 1);
    }
    at
}

/// Room for one more: twice what there is while that is little, then a quarter, so that what is held
/// stays near what is used.
fn make_room<T>(list: &mut Vec<T>) {
    let len = list.len();
    if len == list.capacity() {
        list.reserve_exact(if len < 1 << 16 { len.max(8) } else { len / 4 });
    }
}

/// Keys to find or add, by number.
///
/// PERF: a trait whose methods are always inlined. As an iterator with closures it was a call a key, and
/// what was wanted went through memory: 8.0 ns a row at 20 keys where the same loop then took 6.4.
trait Keys: Wholes {
    fn len(&self) -> usize;
    fn hashed(&self, i: usize) -> Hashed;
    /// Asks for what `hashed` will read, if that is far; any number will do.
    #[inline(always)]
    fn fetch(&self, _: usize) {}
}

/// What of the keys is not in [`Hashed`].
trait Wholes {
    fn space(&self, i: usize) -> i64;
    /// The whole key; only asked of long ones.
    fn text(&self, i: usize) -> &[u8];
}

/// The cells of the rows that are looked at.
struct Rows<'a, R, S> {
    cells: Cells<'a>,
    seed: u64,
    len: usize,
    /// The row of the `i`th cell, and a row's space.
    row: R,
    space: S,
}

impl<R: Fn(usize) -> usize, S: Fn(usize) -> i64> Keys for Rows<'_, R, S> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn hashed(&self, i: usize) -> Hashed {
        let row = (self.row)(i);
        let seed = hash::seed_of((self.space)(row), self.seed);
        if let Some(valid) = self.cells.valid
            && !valid.get(row)
        {
            return Hashed {
                prefix: (0, 0),
                hash: hash::short((0, 0), NULL, seed),
                len: NULL,
            };
        }
        let span = self.cells.spans[row];
        let from = if span.in_scratch() {
            self.cells.scratch
        } else {
            self.cells.block
        };
        let prefix = hash::prefix(from, span.start(), span.len());
        let len = span.len() as u32;
        let hash = if is_long(len) {
            hash::long(self.text(i), seed)
        } else {
            hash::short(prefix, len, seed)
        };
        Hashed { prefix, hash, len }
    }
}

impl<R: Fn(usize) -> usize, S: Fn(usize) -> i64> Wholes for Rows<'_, R, S> {
    #[inline(always)]
    fn space(&self, i: usize) -> i64 {
        (self.space)((self.row)(i))
    }

    #[inline(always)]
    fn text(&self, i: usize) -> &[u8] {
        self.cells.spans[(self.row)(i)].of(self.cells.block, self.cells.scratch)
    }
}

/// What is done with the rows that are looked at.
trait Walk {
    fn walk(self, rows: &impl Keys);
}

struct FindOrAdd<'a>(&'a mut KeyTable, &'a mut Vec<u32>);

impl Walk for FindOrAdd<'_> {
    #[inline(always)]
    fn walk(self, rows: &impl Keys) {
        self.0.find_or_add_all(rows, self.1);
    }
}

/// Deals the rows of `cells` that are looked at to the `2^bits` lists of `out`, as
/// [`by_shard`](KeyTable::by_shard) does the groups of a table with this seed.
pub fn rows_by_shard(
    cells: &Cells,
    spaces: Option<&[i64]>,
    seed: u64,
    bits: u32,
    out: &mut [Vec<u32>],
) {
    assert!(
        bits <= 16 && out.len() == 1 << bits,
        "a list for each shard"
    );
    let of = cells.rows;
    over_rows(cells, spaces, seed, Route { of, bits, out });
}

struct Route<'a> {
    of: Option<&'a [u32]>,
    bits: u32,
    out: &'a mut [Vec<u32>],
}

impl Walk for Route<'_> {
    #[inline(always)]
    fn walk(self, rows: &impl Keys) {
        for i in 0..rows.len() {
            let shard = shard_of(rows.hashed(i).hash, self.bits);
            self.out[shard].push(self.of.map_or(i as u32, |of| of[i]));
        }
    }
}

/// The top bits of a hash.
#[inline(always)]
fn shard_of(hash: u64, bits: u32) -> usize {
    // Two shifts, since one by 64 is none.
    (hash >> 1 >> (63 - bits)) as usize
}

/// Decides once which rows are looked at and whether they have spaces.
fn over_rows(cells: &Cells, spaces: Option<&[i64]>, seed: u64, what: impl Walk) {
    let (cells, every) = (*cells, cells.spans.len());
    match (cells.rows, spaces) {
        (None, None) => what.walk(&Rows {
            cells,
            seed,
            len: every,
            row: |i| i,
            space: |_| 0,
        }),
        (None, Some(spaces)) => {
            what.walk(&Rows {
                cells,
                seed,
                len: every,
                row: |i| i,
                space: |row| spaces[row],
            });
        }
        (Some(some), None) => {
            let row = |i| some[i] as usize;
            what.walk(&Rows {
                cells,
                seed,
                len: some.len(),
                row,
                space: |_| 0,
            });
        }
        (Some(some), Some(spaces)) => {
            let row = |i| some[i] as usize;
            what.walk(&Rows {
                cells,
                seed,
                len: some.len(),
                row,
                space: |row| spaces[row],
            });
        }
    }
}

/// Groups of another table.
struct Theirs<'a> {
    table: &'a KeyTable,
    groups: &'a [u32],
    seed: u64,
}

impl Keys for Theirs<'_> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.groups.len()
    }

    #[inline(always)]
    fn hashed(&self, i: usize) -> Hashed {
        let group = self.groups[i];
        if self.table.seed == self.seed {
            self.table.hashed(group)
        } else {
            Hashed::of(self.table.key(group), self.table.space(group), self.seed)
        }
    }

    #[inline(always)]
    fn fetch(&self, i: usize) {
        if let Some(&group) = self.groups.get(i) {
            super::prefetch(&self.table.entries, group as usize);
        }
    }
}

impl Wholes for Theirs<'_> {
    #[inline(always)]
    fn space(&self, i: usize) -> i64 {
        self.table.space(self.groups[i])
    }

    #[inline(always)]
    fn text(&self, i: usize) -> &[u8] {
        self.table.key(self.groups[i]).unwrap_or_default()
    }
}

/// One key, whatever its number.
struct One<'a> {
    key: Option<&'a [u8]>,
    space: i64,
}

impl Wholes for One<'_> {
    fn space(&self, _: usize) -> i64 {
        self.space
    }

    fn text(&self, _: usize) -> &[u8] {
        self.key.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_and_groups_are_dealt_alike(
            keys in prop::collection::vec((prop::option::of("[ab]{0,3}|[ab]{16,18}"), 0i64..2), 0..60),
        ) {
            let (mut block, mut spans) = (Vec::new(), Vec::new());
            let mut valid = crate::bytes::bitmap::Bitmap::default();
            for (key, _) in &keys {
                let text = key.as_deref().unwrap_or_default();
                spans.push(super::super::Span::new(block.len(), text.len()));
                block.extend_from_slice(text.as_bytes());
                valid.push(key.is_some());
            }
            block.resize(block.len() + crate::bytes::PADDING, 0);
            let spaces: Vec<i64> = keys.iter().map(|(_, space)| *space).collect();
            let cells = Cells { spans: &spans, block: &block, scratch: &block, valid: Some(&valid), rows: None };
            let (mut table, mut groups) = (KeyTable::new(7), Vec::new());
            table.probe(&cells, Some(&spaces), &mut groups);
            let (mut rows, mut dealt) = (vec![Vec::new(); 4], vec![Vec::new(); 4]);
            rows_by_shard(&cells, Some(&spaces), 7, 2, &mut rows);
            table.by_shard(2, &mut dealt);
            for (shard, rows) in rows.iter().enumerate() {
                prop_assert!(rows.is_sorted());
                prop_assert!(rows.iter().all(|&row| dealt[shard].contains(&groups[row as usize])));
            }
            prop_assert_eq!(rows.iter().map(Vec::len).sum::<usize>(), keys.len());
        }
    }

    #[test]
    fn seeds_agree_with_the_model() {
        for seed in [
            &b""[..],
            b"\0",
            b"\x08a\nb\n\na",
            b"\x02a\n\nb\0\x01a\nb\nc\n\0\x07a\n1\n2\n3\0pabc",
            b"\x03sixteen bytes ab\nsixteen bytes abc\nsixteen bytes abd\nsixteen bytes ab",
            b"\x04a key of over sixteen bytes\nanother of over sixteen bytes\na key of over sixteen bytes",
        ] {
            fuzz(seed);
        }
        for choice in 1..16u8 {
            let mut script = Vec::new();
            for round in 0..4 {
                script.push(choice);
                for i in 0..700 {
                    let number = (i * 7919 + round * 13) % 900;
                    let long = if i % 4 == 0 {
                        "and much more to make it long"
                    } else {
                        ""
                    };
                    script.extend(format!("{number}{long}\n").bytes());
                }
                script.push(0);
            }
            fuzz(&script);
        }
    }

    #[test]
    fn keys_with_zeros_differ_by_length() {
        let mut table = KeyTable::new(0);
        let zeros = [0u8; 40];
        for len in 0..40 {
            assert_eq!(table.find_or_add(Some(&zeros[..len]), 0), len as u32);
        }
        assert_eq!(table.find_or_add(None, 0), 40);
        assert_eq!(table.find_or_add(Some(b""), 5), 41);
        assert_eq!(table.find(Some(b""), 0), Some(0));
        assert_eq!(table.find(None, 0), Some(40));
    }

    #[test]
    fn a_short_key_takes_at_most_48_bytes() {
        let mut table = KeyTable::new(0);
        for number in 0..300_000u32 {
            table.find_or_add(Some(format!("key-{number}").as_bytes()), 0);
            if number > 100_000 {
                assert!(
                    table.bytes() <= 48 * table.len(),
                    "{} for {}",
                    table.bytes(),
                    table.len()
                );
            }
        }
        let held = table.bytes();
        table.clear();
        assert_eq!((table.len(), table.bytes()), (0, held));
        assert_eq!(table.find(Some(b"key-1"), 0), None);
    }

    proptest! {
        #[test]
        fn the_table_is_the_model(
            script in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..600),
                prop::collection::vec(prop::sample::select(&b"\n\n\nabc\0\x07"[..]), 0..3000),
                prop::collection::vec(prop::sample::select(&b"\nabcdefghijklmnopqrst\0\x0f"[..]), 0..3000),
            ],
        ) {
            fuzz(&script);
        }
    }
}
