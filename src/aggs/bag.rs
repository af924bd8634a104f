//! Multisets by group: each different value and how often it occurs. Keeps no order. Invariant: values are told
//! apart as keys are, as written: `1` and `1.0` of text are two, JSON's `1` and `"1"` too; numbers go by value.

use super::Rows;
use super::owned::{Empty, encode, present};
use crate::bytes::hash::hash;
use crate::data::{ColumnV, Type};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// Bags of values of one type.
pub struct Bags {
    pub ty: Type,
    empty: Empty,
    groups: Vec<Bag>,
    /// How many values have an entry, and the bytes of those.
    held: usize,
    /// The value being looked up; reused.
    key: Vec<u8>,
    seed: Seed,
}

/// Encoded values and how often they occur.
pub type Bag = HashMap<Box<[u8]>, u64, Seed>;

impl Bags {
    pub fn new(ty: Type, empty: Empty) -> Bags {
        let seed = Seed(RandomState::new().hash_one(0u8));
        Bags {
            ty,
            empty,
            groups: Vec::new(),
            held: 0,
            key: Vec::new(),
            seed,
        }
    }

    pub fn grow(&mut self, groups: usize) {
        if self.groups.len() < groups {
            let seed = self.seed;
            self.groups
                .resize_with(groups, || HashMap::with_hasher(seed));
        }
    }

    pub fn update(&mut self, rows: &Rows<'_>, column: &ColumnV) {
        let mut key = std::mem::take(&mut self.key);
        let (ty, empty) = (self.ty.clone(), self.empty);
        each(rows, column, &ty, empty, &mut key, |group, key| {
            self.add(group, key, 1);
        });
        self.key = key;
    }

    fn add(&mut self, group: usize, key: &[u8], count: u64) {
        let bag = &mut self.groups[group];
        if let Some(old) = bag.get_mut(key) {
            *old += count;
        } else {
            bag.insert(key.into(), count);
            self.held += key.len() + 48;
        }
    }

    pub fn merge(&mut self, groups: &[u32], other: &Bags, theirs: &[u32]) {
        for (&group, &from) in groups.iter().zip(theirs) {
            for (key, &count) in &other.groups[from as usize] {
                self.add(group as usize, key, count);
            }
        }
    }

    pub fn of(&self, group: u32) -> &Bag {
        &self.groups[group as usize]
    }

    pub fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Bag>() + self.held
    }

    pub fn clear(&mut self) {
        self.groups.clear();
        self.held = 0;
    }
}

/// Calls `take` with the group and the encoded value of each cell that is not null; `key` is room for it.
#[inline(always)]
pub fn each(
    rows: &Rows<'_>,
    column: &ColumnV,
    ty: &Type,
    empty: Empty,
    key: &mut Vec<u8>,
    mut take: impl FnMut(usize, &[u8]),
) {
    rows.each(|group, row| {
        if let Some(value) = present(rows.chunk, column, ty, row, empty) {
            key.clear();
            encode(&value, key);
            take(group, key);
        }
    });
}

/// The key hash of `bytes::hash`, with a seed that differs between runs.
#[derive(Copy, Clone)]
pub struct Seed(u64);

impl BuildHasher for Seed {
    type Hasher = KeyHasher;

    fn build_hasher(&self) -> KeyHasher {
        KeyHasher(self.0)
    }
}

pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(Some(bytes), 0, self.0);
    }

    /// The length that slices write ahead of themselves: the hash knows it already.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
