//! Aggregates of rows that may be corrected (`plan::regrouped`): holds each window's rows as they stand, and counts the
//! groups again that have changed when the aggregate in front has given all that it changes at one moment. Refuses
//! nothing and judges no lateness: that one does. Invariant: a group's row is that of all rows that stand, in the order
//! of the keys in front.

use super::corrected::chunk_of;
use super::grouped::given::{Kind, builders};
use super::grouped::slots::Slots;
use super::rows::{CHUNK, Gathered};
use super::saving::{self, sound};
use super::standing::{self, Key, Standing, Stands, TOLD, key_of};
use crate::data::keys::KeyCoder;
use crate::data::packed::{Packer, are_cells, pack_cell, unpack_cell};
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, Field, FieldId, Number, Schema, Type};
use crate::plan::node::Make;
use crate::plan::regrouped::Regrouped as Asked;
use std::collections::HashMap;
use std::sync::Arc;

/// Makes the state.
pub fn make(asked: Arc<Asked>) -> Make {
    Arc::new(move |making| Box::new(Regrouped::new(asked.clone(), making)))
}

/// A row as it stands.
#[derive(Clone)]
struct Row {
    group: Key,
    time: i64,
    args: Vec<u8>,
}

impl Stands for Row {
    fn size(&self) -> usize {
        2 * self.group.as_ref().map_or(0, Vec::len) + self.args.len() + 80
    }
}

/// What is remembered of a group.
#[derive(Clone, Default)]
struct Group {
    /// The number of its next row.
    pane: u32,
    /// It has changed in this moment; which pane that makes.
    changed: Option<Kind>,
}

type Groups = HashMap<Key, Group>;

#[derive(Clone)]
struct Regrouped {
    asked: Arc<Asked>,
    coder: KeyCoder,
    front: KeyCoder,
    /// Of the rows that are given, and what panes add to them.
    packer: Packer,
    sets: Vec<(FieldId, Type)>,
    standing: Standing<Row, Groups>,
}

impl Regrouped {
    fn new(asked: Arc<Asked>, making: &Making<'_>) -> Regrouped {
        let mut types = vec![Type::Time, Type::Time];
        types.extend(asked.keys.iter().cloned());
        types.extend(asked.aggs.iter().map(|agg| agg.ty.clone()));
        let fields: Vec<FieldId> = (0..types.len()).collect();
        let schema = Schema::new(types.into_iter().map(|ty| Field::new("", ty)).collect());
        let sets = asked
            .pane
            .map(|(kind, pane)| [(kind, Type::Text), (pane, Type::Number)]);
        Regrouped {
            packer: Packer::new(&schema, &fields, false),
            sets: sets.into_iter().flatten().collect(),
            coder: making.coder.clone(),
            front: KeyCoder::new(asked.front.clone()),
            standing: Standing::default(),
            asked,
        }
    }

    /// Gives the groups that the moment has changed, in chunks of at most `most` rows.
    fn finish(&mut self, most: usize, out: &mut Vec<Gathered>) {
        if !self.standing.end() {
            return;
        }
        let mut packed = Vec::new();
        let mut windows = std::mem::take(&mut self.standing.windows);
        for (&(end, start), window) in &mut windows {
            let changed = window.memory.iter();
            let changed = changed.filter(|(_, group)| group.changed.is_some());
            let mut changed: Vec<&Key> = changed.map(|(key, _)| key).collect();
            if changed.is_empty() {
                continue;
            }
            changed.sort_unstable_by(|a, b| self.coder.compare(a.as_deref(), b.as_deref()));
            let chunk = self.counted(&changed, &window.rows, (start, end));
            for (row, key) in (0u32..).zip(changed) {
                if out.last().is_none_or(|last| last.len() >= most) {
                    out.push(Gathered::new(&self.packer, &self.sets));
                }
                let Some(gathered) = out.last_mut() else {
                    break;
                };
                packed.clear();
                self.packer.pack(&chunk, row, &mut packed);
                gathered.push(&packed);
                let (cells, scratch) = gathered.scratch();
                if let [kind, pane] = &mut cells[..] {
                    let group = &window.memory[key];
                    kind.bytes(group.changed.map_or(b"", Kind::word), scratch);
                    pane.number(Number::Exact {
                        units: i64::from(group.pane),
                        scale: 0,
                    });
                }
            }
            for group in window.memory.values_mut() {
                group.pane += u32::from(group.changed.take().is_some());
            }
        }
        self.standing.windows = windows;
    }

    /// A row for each group: its aggregates over those of the rows that are its own. One that has none any more has
    /// what aggregates make of nothing.
    fn counted(&self, groups: &[&Key], rows: &HashMap<Key, Row>, window: (i64, i64)) -> Chunk {
        let mut slots = Slots::of_aggs(&self.asked.aggs);
        let slot_of: HashMap<&Key, u32> = groups.iter().map(|key| (*key, slots.add())).collect();
        let mut own: Vec<(&Key, &Row, u32)> = rows
            .iter()
            .filter_map(|(key, row)| Some((key, row, *slot_of.get(&row.group)?)))
            .collect();
        own.sort_unstable_by(|a, b| self.front.compare(a.0.as_deref(), b.0.as_deref()));
        let mut scratch = Vec::new();
        let mut args = builders(&self.asked.args);
        for (_, row, _) in &own {
            let mut cells = &row.args[..];
            for arg in &mut args {
                unpack_cell(&mut cells, arg, &mut scratch);
            }
        }
        let args: Vec<ColumnV> = args.into_iter().map(ColumnBuilder::finish).collect();
        let mut chunk = Chunk::of_columns(own.len(), Vec::new(), scratch);
        chunk.times = Some(own.iter().map(|(_, row, _)| row.time).collect());
        let of: Vec<u32> = own.iter().map(|(_, _, slot)| *slot).collect();
        slots.update(&chunk, &of, &args);

        let mut scratch = Vec::new();
        let (mut keys, aggs) = (builders(&self.asked.keys), &self.asked.aggs);
        let types: Vec<Type> = aggs.iter().map(|agg| agg.ty.clone()).collect();
        let mut values = builders(&types);
        for key in groups {
            self.coder.decode(key.as_deref(), &mut keys, &mut scratch);
            slots.emit(&[slot_of[key]], Some(window), &mut values, &mut scratch);
        }
        let n = groups.len();
        let bounds = [window.0, window.1].map(|at| ColumnV::new(Column::Nanos(vec![at; n])));
        let made = keys.into_iter().chain(values).map(ColumnBuilder::finish);
        let columns = bounds.into_iter().chain(made).map(Some).collect();
        let mut chunk = Chunk::of_columns(n, columns, scratch);
        chunk.times = Some(vec![window.1.saturating_sub(1); n]);
        chunk.windows = Some(vec![window; n]);
        chunk
    }
}

impl Process for Regrouped {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, _: &mut Told) {
        let front = TOLD + self.asked.front.len();
        let keys = self.front.encode(given.args[TOLD..front].to_vec(), chunk);
        let mut out = Vec::new();
        let live = std::mem::take(&mut chunk.live);
        for row in live.iter() {
            let says = standing::says(chunk, given, row);
            if self.standing.is_over(says.moment) {
                self.finish(usize::MAX, &mut out);
            }
            self.standing.begin(says.moment);
            let group = key_of(chunk, &given.key, row);
            let stands = (!says.withdrawn).then(|| {
                let mut args = Vec::new();
                for arg in &given.args[front..] {
                    pack_cell(chunk, arg, row as usize, &mut args);
                }
                let times = chunk.times.as_ref();
                Row {
                    group: group.clone(),
                    time: times.map_or(0, |times| times[row as usize]),
                    args,
                }
            });
            let key = key_of(chunk, &keys, row);
            let groups = self.standing.put(says.window, key, stands);
            groups.entry(group).or_default().changed = Some(says.kind);
        }
        *chunk = out.pop().map_or_else(Chunk::default, chunk_of);
    }

    fn close(&mut self, upto: Watermark, _: &mut Told) -> Vec<Chunk> {
        let mut out = Vec::new();
        self.finish(CHUNK, &mut out);
        self.standing.forget(upto);
        out.into_iter().map(chunk_of).collect()
    }

    fn next_end(&self) -> i64 {
        self.standing.next_end()
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        self.standing.held()
    }

    fn save(&self, to: &mut Save) {
        saving::put_list(to, self.standing.windows.iter(), |(bounds, window), to| {
            to.put(bounds);
            let mut groups: Vec<(&Key, &Group)> = window.memory.iter().collect();
            groups.sort_unstable_by_key(|(key, _)| *key);
            saving::put_list(to, groups.into_iter(), |(key, group), to| {
                saving::put_bytes(to, key.as_deref());
                to.put(&(group.pane, group.changed));
            });
            let mut rows: Vec<(&Key, &Row)> = window.rows.iter().collect();
            rows.sort_unstable_by_key(|(key, _)| *key);
            saving::put_list(to, rows.into_iter(), |(key, row), to| {
                saving::put_bytes(to, key.as_deref());
                saving::put_bytes(to, row.group.as_deref());
                to.put(&row.time);
                to.put_bytes(&row.args);
            });
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let n: u64 = from.take()?;
        for _ in 0..n {
            let bounds: (i64, i64) = from.take()?;
            sound(bounds.1 <= bounds.0 && !self.standing.windows.contains_key(&bounds))?;
            let mut memory = Groups::new();
            let groups: u64 = from.take()?;
            for _ in 0..groups {
                let key = saving::take_bytes(from)?;
                sound(self.coder.fits(key))?;
                let (pane, changed): (u32, Option<Kind>) = from.take()?;
                sound(pane < u32::MAX / 2)?;
                if changed.is_some() {
                    self.standing.begin_anew();
                }
                memory.insert(key.map(<[u8]>::to_vec), Group { pane, changed });
            }
            let rows: u64 = from.take()?;
            for _ in 0..rows {
                let key = saving::take_bytes(from)?.map(<[u8]>::to_vec);
                sound(self.front.fits(key.as_deref()))?;
                let group = saving::take_bytes(from)?.map(<[u8]>::to_vec);
                sound(memory.contains_key(&group))?;
                let time = from.take()?;
                let args = from.take_bytes()?.to_vec();
                sound(are_cells(&args, &self.asked.args))?;
                self.standing
                    .put(bounds, key, Some(Row { group, time, args }));
            }
            self.standing.windows.entry(bounds).or_default().memory = memory;
        }
        Ok(())
    }
}
