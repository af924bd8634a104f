//! Multisets by group: each different value and how often it occurs. Keeps no order. Invariant: values are told
//! apart as keys are, as written: `1` and `1.0` of text are two, JSON's `1` and `"1"` too; numbers go by value.

use super::owned::{Empty, decodes, encode, present};
use super::{Rows, saved};
use crate::bytes::hash::hash;
use crate::data::saved::{Damaged, Save, Saved};
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

    pub fn save(&self, to: &mut Save) {
        let lens = self.groups.iter().map(|bag| bag.len() as u64);
        to.put(&lens.collect::<Vec<u64>>());
        let (mut lens, mut keys, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for (key, &count) in self.groups.iter().flatten() {
            lens.push(key.len() as u64);
            keys.extend_from_slice(key);
            counts.push(count);
        }
        to.put(&lens);
        to.put_bytes(&keys);
        to.put(&counts);
    }

    pub fn load(&mut self, from: &mut Saved<'_>, groups: usize) -> Result<(), Damaged> {
        self.clear();
        let bags = saved::lens(from, groups)?;
        let mut lens = from.take::<Vec<u64>>()?.into_iter();
        let mut keys = from.take_bytes()?;
        let mut counts = from.take::<Vec<u64>>()?.into_iter();
        for len in bags {
            let lens = saved::next(&mut lens, len)?;
            let counts = saved::next(&mut counts, len)?.collect::<Vec<u64>>();
            saved::total(counts.iter().copied())?;
            let mut bag = Bag::with_capacity_and_hasher(len, self.seed);
            for (size, count) in lens.zip(counts) {
                let size = usize::try_from(size).map_err(|_| Damaged)?;
                let (key, rest) = keys.split_at_checked(size).ok_or(Damaged)?;
                if !decodes(key, &self.ty) || bag.insert(key.into(), count).is_some() {
                    return Err(Damaged);
                }
                self.held += key.len() + 48;
                keys = rest;
            }
            self.groups.push(bag);
        }
        saved::end(&lens)?;
        saved::end(&counts)?;
        if !keys.is_empty() {
            return Err(Damaged);
        }
        self.grow(groups);
        Ok(())
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
