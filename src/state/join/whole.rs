//! Joins of inputs that end: the right side is taken whole before the left, whose rows then go on at once with what
//! they match. Invariant: rows come in the order of the left, for each in the order of the right; what of the right
//! was never matched comes last.

use super::store::{Place, Store};
use super::{Form, Kind, LEFT, MergeLines, RIGHT, before_of, check_keys, key_of, time_of};
use crate::bytes::table::KeyTable;
use crate::data::Chunk;
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::state::saving::{self, any_key, sound};

const NONE: u32 = u32::MAX;

/// A row of the right side.
#[derive(Clone, Copy)]
struct Entry {
    next: u32,
    matched: bool,
    time: Option<i64>,
    row: Place,
}

#[derive(Clone)]
pub struct Whole {
    kind: Kind,
    form: Form,
    coder: KeyCoder,
    keys_max: Option<u64>,
    seed: u64,
    keys: KeyTable,
    /// First and last row of each key.
    ends: Vec<(u32, u32)>,
    entries: Vec<Entry>,
    store: Store,
    packed: Vec<u8>,
}

impl Whole {
    pub fn new(making: &Making<'_>, kind: Kind, merge: Option<MergeLines>) -> Whole {
        Whole {
            kind,
            form: Form::new(making, merge),
            coder: making.coder.clone(),
            keys_max: making.limits.keys,
            seed: making.seed,
            keys: KeyTable::new(making.seed),
            ends: Vec::new(),
            entries: Vec::new(),
            store: Store::default(),
            packed: Vec::new(),
        }
    }

    fn add(&mut self, key: Option<&[u8]>, time: Option<i64>) {
        self.entries.push(Entry {
            next: NONE,
            matched: false,
            time,
            row: self.store.put(&self.packed),
        });
        if let Some(key) = key {
            let group = self.keys.find_or_add(Some(key), 0);
            self.link(group);
        }
    }

    /// The last entry is of a key that has one already, or of the next.
    fn link(&mut self, group: u32) {
        let index = self.entries.len() as u32 - 1;
        match self.ends.get_mut(group as usize) {
            Some((_, last)) => {
                self.entries[*last as usize].next = index;
                *last = index;
            }
            None => self.ends.push((index, index)),
        }
    }

    /// The key of each entry.
    fn groups(&self) -> Vec<Option<u32>> {
        let mut groups = vec![None; self.entries.len()];
        for (group, (first, _)) in (0u32..).zip(&self.ends) {
            let mut index = *first;
            while index != NONE {
                groups[index as usize] = Some(group);
                index = self.entries[index as usize].next;
            }
        }
        groups
    }
}

impl Process for Whole {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        if given.input != LEFT {
            for row in chunk.live.iter() {
                let key = key_of(&self.coder, chunk, &given.key, row);
                if key.is_none() && !self.kind.keeps[RIGHT] {
                    continue;
                }
                let mut packed = std::mem::take(&mut self.packed);
                self.form.pack(chunk, given, row, &mut packed);
                self.packed = packed;
                self.add(key, time_of(chunk, row));
            }
            check_keys("a join", self.keys.len(), self.keys_max, told);
            return self.form.pairs().replace(chunk);
        }
        let mut pairs = self.form.pairs();
        for row in chunk.live.iter() {
            let key = key_of(&self.coder, chunk, &given.key, row);
            let group = key.and_then(|key| self.keys.find(Some(key), 0));
            let mut other = group.map_or(NONE, |group| self.ends[group as usize].0);
            let time = time_of(chunk, row);
            pairs.judge_by(chunk.before.is_some().then(|| before_of(chunk, row)));
            if (other == NONE && self.kind.keeps[LEFT]) || (other != NONE && self.kind.pairs) {
                self.form.pack(chunk, given, row, &mut self.packed);
            }
            if other == NONE && self.kind.keeps[LEFT] {
                pairs.push(Some(&self.packed), None, time);
            }
            while other != NONE && self.kind.pairs {
                let entry = &mut self.entries[other as usize];
                entry.matched = true;
                let right = self.store.get(entry.row);
                pairs.push(Some(&self.packed), Some(right), time.max(entry.time));
                other = entry.next;
            }
        }
        pairs.replace(chunk);
    }

    fn close(&mut self, upto: Watermark, _told: &mut Told) -> Vec<Chunk> {
        if upto != Watermark::End || !self.kind.keeps[RIGHT] {
            return Vec::new();
        }
        let mut pairs = self.form.pairs();
        for entry in &mut self.entries {
            if !std::mem::replace(&mut entry.matched, true) {
                pairs.push(None, Some(self.store.get(entry.row)), entry.time);
                pairs.cut();
            }
        }
        pairs.finish()
    }

    fn lag(&self) -> i64 {
        // What has no match on this side comes at the end, as old as any.
        match self.kind.keeps[RIGHT] {
            true => i64::MAX,
            false => 0,
        }
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        let entries = self.entries.len() * size_of::<Entry>();
        (
            self.keys.len(),
            self.keys.bytes() + self.store.held() + entries,
        )
    }

    fn save(&self, to: &mut Save) {
        to.put_table(&self.keys);
        let entries = self.entries.iter().zip(self.groups());
        saving::put_list(to, entries, |(entry, group), to| {
            to.put(&(group, entry.matched, entry.time));
            to.put_bytes(self.store.get(entry.row));
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.keys = saving::take_keys(from, self.seed, any_key)?;
        let n: u64 = from.take()?;
        for _ in 0..n {
            let (group, matched, time): (Option<u32>, bool, Option<i64>) = from.take()?;
            let row = self.store.put(self.form.take_row(from, RIGHT)?);
            self.entries.push(Entry {
                next: NONE,
                matched,
                time,
                row,
            });
            if let Some(group) = group {
                sound(group as usize <= self.ends.len())?;
                self.link(group);
            }
        }
        sound(self.ends.len() == self.keys.len())
    }
}
