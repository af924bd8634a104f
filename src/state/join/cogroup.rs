//! Rows of both sides by key, a list for each field, when a window or the input closes. Invariant: lists of one
//! side have the same length, and a side without the key has empty ones.

use super::store::{Place, Store};
use super::{LEFT, RIGHT, check_keys, key_of};
use crate::data::keys::KeyCoder;
use crate::data::packed::{are_cells, pack_cell, unpack_cell};
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, Type};
use crate::state::keyed::Keyed;
use crate::state::saving::{self, sound};
use std::collections::BTreeMap;

type Sides = [Vec<Place>; 2];

#[derive(Clone)]
struct Pane {
    keyed: Keyed<Sides>,
    /// Rows whose key equals nothing, with that key.
    apart: [Keyed<Sides>; 2],
    newest: i64,
}

#[derive(Clone)]
pub struct Cogroup {
    /// Of the fields of each side.
    types: [Vec<Type>; 2],
    keys: Vec<Type>,
    windowed: bool,
    /// The ends of its window are a row's first columns.
    shown: bool,
    coder: KeyCoder,
    keys_max: Option<u64>,
    seed: u64,
    /// By end and start.
    panes: BTreeMap<(i64, i64), Pane>,
    store: Store,
    closed: i64,
    packed: Vec<u8>,
}

/// The scope of rows that are in no window.
const FOREVER: (i64, i64) = (i64::MAX, i64::MIN);

impl Cogroup {
    pub fn new(
        making: &Making<'_>,
        keys: Vec<Type>,
        types: [Vec<Type>; 2],
        windowed: bool,
        shown: bool,
    ) -> Cogroup {
        Cogroup {
            types,
            keys,
            windowed,
            shown,
            coder: making.coder.clone(),
            keys_max: making.limits.keys,
            seed: making.seed,
            panes: BTreeMap::new(),
            store: Store::default(),
            closed: i64::MIN,
            packed: Vec::new(),
        }
    }

    fn chunk(&mut self, (end, start): (i64, i64), pane: &Pane) -> Option<Chunk> {
        let mut rows: Vec<(Option<&[u8]>, &Sides)> = Vec::new();
        for keyed in pane.apart.iter().chain([&pane.keyed]) {
            rows.extend(keyed.iter().map(|(slot, sides)| (keyed.key(slot), sides)));
        }
        if rows.is_empty() {
            return None;
        }
        rows.sort_by(|(one, _), (other, _)| self.coder.compare(*one, *other));
        let mut scratch = Vec::new();
        let mut keys: Vec<ColumnBuilder> = self.keys.iter().map(ColumnBuilder::new).collect();
        let list = |ty: &Type| ColumnBuilder::new(&Type::List(Box::new(ty.clone())));
        let mut lists = [LEFT, RIGHT]
            .map(|side| -> Vec<ColumnBuilder> { self.types[side].iter().map(list).collect() });
        for (key, sides) in &rows {
            self.coder.decode(*key, &mut keys, &mut scratch);
            for side in [LEFT, RIGHT] {
                for place in &sides[side] {
                    let mut cells = self.store.get(*place);
                    for builder in &mut lists[side] {
                        unpack_cell(&mut cells, builder.items(), &mut scratch);
                    }
                }
                lists[side].iter_mut().for_each(ColumnBuilder::end_list);
            }
        }
        let n = rows.len();
        let mut columns: Vec<Option<ColumnV>> = Vec::new();
        if self.shown {
            columns.push(Some(ColumnV::new(Column::Nanos(vec![start; n]))));
            columns.push(Some(ColumnV::new(Column::Nanos(vec![end; n]))));
        }
        let [left, right] = lists;
        let builders = keys.into_iter().chain(left).chain(right);
        columns.extend(builders.map(|builder| Some(builder.finish())));
        let places: Vec<Place> = rows
            .iter()
            .flat_map(|(_, sides)| sides.iter().flatten().copied())
            .collect();
        for place in places {
            self.store.free(place);
        }
        let mut chunk = Chunk::of_columns(n, columns, scratch);
        if self.windowed {
            chunk.windows = Some(vec![(start, end); n]);
            chunk.times = Some(vec![end.saturating_sub(1); n]);
        } else if pane.newest != i64::MIN {
            chunk.times = Some(vec![pane.newest; n]);
        }
        Some(chunk)
    }
}

impl Process for Cogroup {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let side = given.input.min(1);
        let seed = self.seed;
        for row in chunk.live.iter() {
            let window = match (&chunk.windows, self.windowed) {
                (Some(windows), true) => (windows[row as usize].1, windows[row as usize].0),
                _ => FOREVER,
            };
            if window.0 <= self.closed {
                told.late.tell(chunk, row);
                continue;
            }
            let pane = self.panes.entry(window).or_insert_with(|| Pane {
                keyed: Keyed::new(seed),
                apart: [Keyed::new(seed), Keyed::new(seed)],
                newest: i64::MIN,
            });
            self.packed.clear();
            for column in &given.args {
                pack_cell(chunk, column, row as usize, &mut self.packed);
            }
            let place = self.store.put(&self.packed);
            let keyed = match key_of(&self.coder, chunk, &given.key, row) {
                Some(_) => &mut pane.keyed,
                None => &mut pane.apart[side],
            };
            let bytes = match &given.key.data {
                Column::Bytes(spans) if given.key.is_valid(row as usize) => {
                    Some(chunk.bytes(spans[row as usize]))
                }
                _ => None,
            };
            let slot = keyed.slot(bytes);
            keyed.get_or(slot, Sides::default).0[side].push(place);
            check_keys(keyed.len(), self.keys_max, told);
            if let Some(times) = &chunk.times {
                pane.newest = pane.newest.max(times[row as usize]);
            }
        }
        chunk.live = crate::data::Selection::Some(Vec::new());
    }

    fn close(&mut self, upto: Watermark, _told: &mut Told) -> Vec<Chunk> {
        let mut out = Vec::new();
        while let Some(first) = self.panes.first_entry() {
            let window = *first.key();
            let over = match window {
                FOREVER => upto == Watermark::End,
                (end, _) => upto.passes(end),
            };
            if !over {
                break;
            }
            let pane = first.remove();
            out.extend(self.chunk(window, &pane));
            self.closed = self.closed.max(window.0);
        }
        out
    }

    fn next_end(&self) -> i64 {
        self.panes.keys().next().map_or(i64::MAX, |(end, _)| *end)
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        let keyed = self.panes.values().map(|pane| &pane.keyed);
        let (keys, bytes) = keyed.fold((0, 0), |(keys, bytes), one| {
            (keys + one.len(), bytes + one.bytes())
        });
        (keys, bytes + self.store.held())
    }

    fn save(&self, to: &mut Save) {
        to.put(&self.closed);
        saving::put_list(to, self.panes.iter(), |(window, pane), to| {
            to.put(&(window, pane.newest));
            for keyed in pane.apart.iter().chain([&pane.keyed]) {
                keyed.save(to, |sides, to| {
                    for rows in sides {
                        saving::put_list(to, rows.iter(), |place, to| {
                            to.put_bytes(self.store.get(*place));
                        });
                    }
                });
            }
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.closed = from.take()?;
        let (types, coder, store) = (&self.types, &self.coder, &mut self.store);
        let mut row = |from: &mut Saved<'_>, side: usize| {
            let row = from.take_bytes()?;
            sound(are_cells(row, &types[side]))?;
            Ok(store.put(row))
        };
        let panes = saving::take_list(from, |from| {
            let (window, newest): ((i64, i64), i64) = from.take()?;
            let mut keyed = [(); 3].map(|()| Keyed::new(self.seed));
            for keyed in &mut keyed {
                let is_key = |key: Option<&[u8]>| coder.fits(key);
                keyed.load(from, is_key, |from| {
                    Ok([
                        saving::take_list(from, |from| row(from, LEFT))?,
                        saving::take_list(from, |from| row(from, RIGHT))?,
                    ])
                })?;
            }
            let [left, right, keyed] = keyed;
            let apart = [left, right];
            Ok((
                window,
                Pane {
                    keyed,
                    apart,
                    newest,
                },
            ))
        })?;
        self.panes = panes.into_iter().collect();
        Ok(())
    }
}
