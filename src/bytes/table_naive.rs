//! The model of `table.rs`, with the standard library's map, and what holds the table to it. For tests and
//! fuzzing. Invariant: a key's number in the model is its place in the list of keys first seen.

use super::KeyTable;
use crate::bytes::hash::{self, PREFIX};
use crate::bytes::{Cells, PADDING, Span};
use std::collections::HashMap;

pub type Key = (Option<Vec<u8>>, i64);

#[derive(Default)]
pub struct Model {
    pub groups: HashMap<Key, u32>,
    pub keys: Vec<Key>,
}

impl Model {
    pub fn find_or_add(&mut self, key: Key) -> u32 {
        *self.groups.entry(key.clone()).or_insert_with(|| {
            self.keys.push(key);
            self.keys.len() as u32 - 1
        })
    }

    pub fn probe(&mut self, cells: &Cells, spaces: Option<&[i64]>, groups: &mut Vec<u32>) {
        let every: Vec<u32> = (0..cells.spans.len() as u32).collect();
        for &row in cells.rows.unwrap_or(&every) {
            let row = row as usize;
            let valid = cells.valid.is_none_or(|valid| valid.get(row));
            let key = cells.spans[row].of(cells.block, cells.scratch).to_vec();
            groups.push(
                self.find_or_add((valid.then_some(key), spaces.map_or(0, |spaces| spaces[row]))),
            );
        }
    }
}

/// Asserts that the table is the model: `data` is a script of rounds, each a choice (a byte) and keys
/// between line feeds, a first byte of which may make them null or stand in the scratch buffer.
pub fn fuzz(data: &[u8]) {
    let (mut table, mut model) = (KeyTable::new(7), Model::default());
    for round in data.split(|&byte| byte == 0) {
        let (&choice, text) = round.split_first().unwrap_or((&0, &[]));
        if choice & 0x70 == 0x70 {
            table.clear();
            model = Model::default();
        }
        check_probe(&mut table, &mut model, choice, text);
        check_groups(&table, &model);
    }
    check_absorb(&table, &model);
}

/// Bits of `choice`: 1 spaces, 2 nulls, 4 only some rows, 8 buffers without padding.
fn check_probe(table: &mut KeyTable, model: &mut Model, choice: u8, text: &[u8]) {
    let mut block = text.to_vec();
    let mut scratch: Vec<u8> = text.iter().rev().copied().collect();
    let (mut spans, mut spaces) = (Vec::new(), Vec::new());
    let mut valid = crate::bytes::bitmap::Bitmap::default();
    let mut start = 0;
    for key in text.split(|&byte| byte == b'\n') {
        let mark = key.first().copied().unwrap_or(0);
        spans.push(match mark % 3 {
            0 => Span::scratch(text.len() - start - key.len(), key.len()),
            _ => Span::new(start, key.len()),
        });
        spaces.push([0, i64::from(mark) - 100, i64::MIN][usize::from(mark % 3)]);
        valid.push(mark % 5 != 0);
        start += key.len() + 1;
    }
    if choice & 8 == 0 {
        block.extend([b'x'; PADDING]);
        scratch.extend([b'x'; PADDING]);
    }
    let some: Vec<u32> = (0..spans.len() as u32).filter(|row| row % 3 != 1).collect();
    let cells = Cells {
        spans: &spans,
        block: &block,
        scratch: &scratch,
        valid: (choice & 2 != 0).then_some(&valid),
        rows: (choice & 4 != 0).then_some(&some),
    };
    let spaces = (choice & 1 != 0).then_some(&spaces[..]);
    let (mut groups, mut groups_too) = (vec![7], vec![7]);
    table.probe(&cells, spaces, &mut groups);
    model.probe(&cells, spaces, &mut groups_too);
    assert_eq!(groups, groups_too);
}

fn check_groups(table: &KeyTable, model: &Model) {
    assert_eq!(
        (table.len(), table.is_empty()),
        (model.keys.len(), model.keys.is_empty())
    );
    for (group, (key, space)) in (0..).zip(&model.keys) {
        let key = key.as_deref();
        assert_eq!((table.key(group), table.space(group)), (key, *space));
        assert_eq!(table.hash(group), hash::hash(key, *space, 7));
        assert_eq!(table.find(key, *space), Some(group));
        assert_eq!(table.find(key, 1 << 40), None);
        let mut first = [0; PREFIX];
        key.unwrap_or_default()
            .iter()
            .zip(&mut first)
            .for_each(|(&byte, place)| *place = byte);
        assert_eq!(table.order_prefix(group), u128::from_be_bytes(first));
    }
    assert_eq!(table.find(Some(b"a key that no round has"), 0), None);
}

/// Absorbing shard by shard gives every key one group, whatever was there and whatever the seed.
fn check_absorb(table: &KeyTable, model: &Model) {
    let mut shards = vec![Vec::new(); 8];
    table.by_shard(3, &mut shards);
    for seed in [7, 8] {
        let mut whole = KeyTable::new(seed);
        let mut whole_model = Model::default();
        for group in (0..table.len() as u32).step_by(3) {
            let (key, space) = &model.keys[group as usize];
            let added = whole.find_or_add(key.as_deref(), *space);
            assert_eq!(added, whole_model.find_or_add((key.clone(), *space)));
        }
        for (shard, theirs) in shards.iter().enumerate() {
            let mut groups = Vec::new();
            whole.absorb(table, theirs, &mut groups);
            assert_eq!(groups.len(), theirs.len());
            for (&group, &their) in groups.iter().zip(theirs) {
                assert_eq!(table.hash(their) >> 61, shard as u64);
                assert_eq!(
                    group,
                    whole_model.find_or_add(model.keys[their as usize].clone())
                );
                assert_eq!(whole.key(group), table.key(their));
                assert_eq!(whole.space(group), table.space(their));
            }
        }
        assert_eq!(whole.len(), table.len());
    }
}
