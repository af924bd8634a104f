//! Groups of windows whose rows may be corrected (`plan::regrouped`): those that have changed are counted again over the
//! rows that stand. Invariant: a group's row is that of all rows that stand, in the order in which they came.

use super::again::{Again, Counts, Rows};
use super::giving::{Answer, Giver, Memory};
use super::grouped::given::builders;
use super::grouped::slots::Slots;
use super::saving::{self, sound};
use super::standing::{ALL, Bounds, Key, Placed, Stands, TOLD, key_of};
use crate::data::keys::KeyCoder;
use crate::data::packed::{Packer, are_cells, pack_cell, unpack_cell};
use crate::data::process::{Given, Making};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, Field, FieldId, Schema, Type};
use crate::plan::empties::Empties;
use crate::plan::node::Make;
use crate::plan::regrouped::Regrouped as Asked;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// Makes the state.
pub fn make(asked: Arc<Asked>) -> Make {
    Arc::new(move |making| {
        let sessions = asked.giving.sessions;
        let empties = asked.empties.as_ref();
        let empties = empties.map(|window| Empties::new(window, making.zone));
        let counts = Regrouped::new(asked.clone(), making);
        Box::new(Again::new(counts, sessions, making, empties))
    })
}

/// A row as it stands.
#[derive(Clone)]
pub struct Row {
    group: Key,
    time: i64,
    args: Vec<u8>,
}

impl Stands for Row {
    fn size(&self) -> usize {
        2 * self.group.as_ref().map_or(0, Vec::len) + self.args.len() + 80
    }
}

#[derive(Clone)]
struct Regrouped {
    asked: Arc<Asked>,
    coder: KeyCoder,
    front: KeyCoder,
    giver: Giver,
}

impl Regrouped {
    fn new(asked: Arc<Asked>, making: &Making<'_>) -> Regrouped {
        let mut types = match asked.windowed {
            true => vec![Type::Time, Type::Time],
            false => Vec::new(),
        };
        types.extend(asked.keys.iter().cloned());
        let first = types.len();
        types.extend(asked.aggs.iter().map(|agg| agg.ty.clone()));
        let fields: Vec<FieldId> = (0..types.len()).collect();
        let schema = Schema::new(types.into_iter().map(|ty| Field::new("", ty)).collect());
        let giver = Giver::new(asked.giving.clone(), Packer::new(&schema, &fields, false));
        Regrouped {
            giver: giver.of_groups(fields[first..].to_vec()),
            coder: making.coder.clone(),
            front: KeyCoder::new(asked.front.clone()),
            asked,
        }
    }

    /// A row for each group: its aggregates over those of the rows that are its own. One that has none any more has
    /// what aggregates make of nothing.
    fn counted(&self, groups: &[&Key], rows: &Rows<Row>, window: (i64, i64)) -> (Chunk, Vec<bool>) {
        let mut slots = Slots::of_aggs(&self.asked.aggs);
        let slot_of: HashMap<&Key, u32> = groups.iter().map(|key| (*key, slots.add())).collect();
        let mut own: Vec<(&Key, &Placed<Row>, u32)> = rows
            .iter()
            .filter_map(|(key, row)| Some((key, row, *slot_of.get(&row.row.group)?)))
            .collect();
        own.sort_unstable_by(|a, b| {
            let places = a.1.place.cmp(&b.1.place);
            places.then_with(|| self.front.compare(a.0.as_deref(), b.0.as_deref()))
        });
        let mut scratch = Vec::new();
        let mut args = builders(&self.asked.args);
        for (_, row, _) in &own {
            let mut cells = &row.row.args[..];
            for arg in &mut args {
                unpack_cell(&mut cells, arg, &mut scratch);
            }
        }
        let args: Vec<ColumnV> = args.into_iter().map(ColumnBuilder::finish).collect();
        let mut chunk = Chunk::of_columns(own.len(), Vec::new(), scratch);
        chunk.times = Some(own.iter().map(|(_, row, _)| row.row.time).collect());
        let of: Vec<u32> = own.iter().map(|(_, _, slot)| *slot).collect();
        slots.update(&chunk, &of, &args);

        let mut scratch = Vec::new();
        let (mut keys, aggs) = (builders(&self.asked.keys), &self.asked.aggs);
        let types: Vec<Type> = aggs.iter().map(|agg| agg.ty.clone()).collect();
        let mut values = builders(&types);
        for key in groups {
            self.coder.decode(key.as_deref(), &mut keys, &mut scratch);
            let bounds = self.asked.windowed.then_some(window);
            slots.emit(&[slot_of[key]], bounds, &mut values, &mut scratch);
        }
        let n = groups.len();
        let mut columns = Vec::new();
        if self.asked.windowed {
            let bounds = [window.0, window.1];
            columns.extend(bounds.map(|at| Some(ColumnV::new(Column::Nanos(vec![at; n])))));
        }
        let made = keys.into_iter().chain(values).map(ColumnBuilder::finish);
        columns.extend(made.map(Some));
        let mut chunk = Chunk::of_columns(n, columns, scratch);
        if self.asked.windowed {
            chunk.times = Some(vec![window.1.saturating_sub(1); n]);
            chunk.windows = Some(vec![window; n]);
        }
        let mut is_empty = vec![true; n];
        of.iter().for_each(|slot| is_empty[*slot as usize] = false);
        (chunk, is_empty)
    }
}

impl Counts for Regrouped {
    type Row = Row;
    /// The keys of the aggregate in front.
    type Ready = ColumnV;

    fn giver(&self) -> &Giver {
        &self.giver
    }

    fn ready(&self, chunk: &mut Chunk, given: &Given) -> ColumnV {
        let front = TOLD + self.asked.front.len();
        self.front.encode(given.args[TOLD..front].to_vec(), chunk)
    }

    fn keys(&self, chunk: &Chunk, given: &Given, ready: &ColumnV, row: u32) -> (Key, Key) {
        (key_of(chunk, ready, row), key_of(chunk, &given.key, row))
    }

    fn row(&self, chunk: &Chunk, given: &Given, _: &ColumnV, row: u32) -> Row {
        let front = TOLD + self.asked.front.len();
        let mut args = Vec::new();
        for arg in &given.args[front..] {
            pack_cell(chunk, arg, row as usize, &mut args);
        }
        let times = chunk.times.as_ref();
        Row {
            group: key_of(chunk, &given.key, row),
            time: times.map_or(0, |times| times[row as usize]),
            args,
        }
    }

    fn answers<'w>(
        &self,
        (end, start): Bounds,
        rows: &'w Rows<Row>,
        memory: &Memory,
    ) -> Vec<Answer<'w>> {
        let mut changed: Vec<&Key> = memory.changed().collect();
        changed.sort_unstable_by(|a, b| self.coder.compare(a.as_deref(), b.as_deref()));
        let (chunk, is_empty) = self.counted(&changed, rows, (start, end));
        let has_empties = self.asked.empties.is_some() || self.even_of_nothing().is_some();
        let groups = (0u32..).zip(changed).zip(is_empty);
        let answers = groups.map(|((row, key), is_empty)| {
            let mut packed = Vec::new();
            self.giver.packer.pack(&chunk, row, &mut packed);
            Answer {
                key: Cow::Owned(key.clone()),
                rank: 0,
                place: 0,
                row: Cow::Owned(packed),
                is_empty: is_empty && !has_empties,
            }
        });
        answers.collect()
    }

    fn even_of_nothing(&self) -> Option<Bounds> {
        (!self.asked.windowed && self.asked.keys.is_empty()).then_some(ALL)
    }

    fn put_row(&self, row: &Row, to: &mut Save) {
        saving::put_bytes(to, row.group.as_deref());
        to.put(&row.time);
        to.put_bytes(&row.args);
    }

    fn take_row(&self, from: &mut Saved<'_>) -> Result<Row, Damaged> {
        let group = saving::take_bytes(from)?.map(<[u8]>::to_vec);
        sound(self.coder.fits(group.as_deref()))?;
        let time = from.take()?;
        let args = from.take_bytes()?.to_vec();
        sound(are_cells(&args, &self.asked.args))?;
        Ok(Row { group, time, args })
    }

    fn is_key(&self, key: Option<&[u8]>) -> bool {
        self.front.fits(key)
    }

    fn is_unit(&self, key: Option<&[u8]>) -> bool {
        self.coder.fits(key)
    }

    fn is_answer(&self, key: Option<&[u8]>) -> bool {
        self.coder.fits(key)
    }
}
