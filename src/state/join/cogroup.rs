//! Rows of both sides by key, a list for each field, when a window or the input closes. Invariant: lists of one
//! side have the same length, and a side without the key has empty ones.

use super::sessions::{Gap, Sessions};
use super::store::{Place, Store};
use super::{LEFT, RIGHT, check_keys, key_of};
use crate::data::keys::KeyCoder;
use crate::data::packed::{are_cells, pack_cell, unpack_cell};
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, Type};
use crate::state::keyed::Keyed;
use crate::state::rows::bytes_of;
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

/// What rows of lists are made of.
#[derive(Clone)]
pub struct Lists {
    /// Of the fields of each side.
    types: [Vec<Type>; 2],
    keys: Vec<Type>,
    /// The ends of its window are a row's first columns.
    shown: bool,
    coder: KeyCoder,
}

/// Rows on their way out.
struct Out<'l> {
    lists: &'l Lists,
    keys: Vec<ColumnBuilder>,
    sides: [Vec<ColumnBuilder>; 2],
    windows: Vec<(i64, i64)>,
    scratch: Vec<u8>,
}

impl Lists {
    /// `keys`: their types; `types`: those of each side's fields; `shown`: windows are printed.
    pub fn new(making: &Making<'_>, keys: Vec<Type>, types: [Vec<Type>; 2], shown: bool) -> Lists {
        Lists {
            types,
            keys,
            shown,
            coder: making.coder.clone(),
        }
    }

    fn out(&self) -> Out<'_> {
        let list = |ty: &Type| ColumnBuilder::new(&Type::List(Box::new(ty.clone())));
        Out {
            lists: self,
            keys: self.keys.iter().map(ColumnBuilder::new).collect(),
            sides: [LEFT, RIGHT].map(|side| self.types[side].iter().map(list).collect()),
            windows: Vec::new(),
            scratch: Vec::new(),
        }
    }

    fn pack(&self, chunk: &Chunk, given: &Given, row: u32, out: &mut Vec<u8>) {
        for column in &given.args {
            pack_cell(chunk, column, row as usize, out);
        }
    }

    fn is_row(&self, row: &[u8], side: usize) -> bool {
        are_cells(row, &self.types[side])
    }
}

impl Out<'_> {
    /// A key's row in a window: start and end.
    fn push<'r>(
        &mut self,
        key: Option<&[u8]>,
        rows: [impl Iterator<Item = &'r [u8]>; 2],
        window: (i64, i64),
    ) {
        let (lists, scratch) = (self.lists, &mut self.scratch);
        lists.coder.decode(key, &mut self.keys, scratch);
        for (builders, rows) in self.sides.iter_mut().zip(rows) {
            for mut cells in rows {
                for builder in &mut *builders {
                    unpack_cell(&mut cells, builder.items(), scratch);
                }
            }
            builders.iter_mut().for_each(ColumnBuilder::end_list);
        }
        self.windows.push(window);
    }

    fn finish(self, windowed: bool) -> Option<Chunk> {
        let n = self.windows.len();
        if n == 0 {
            return None;
        }
        let mut columns: Vec<Option<ColumnV>> = Vec::new();
        let of =
            |pick: fn(&(i64, i64)) -> i64| -> Vec<i64> { self.windows.iter().map(pick).collect() };
        if self.lists.shown {
            for bounds in [of(|window| window.0), of(|window| window.1)] {
                columns.push(Some(ColumnV::new(Column::Nanos(bounds))));
            }
        }
        // A window's row stands at the last instant before its end.
        let times = windowed.then(|| of(|window| window.1.saturating_sub(1)));
        let builders = self
            .keys
            .into_iter()
            .chain(self.sides.into_iter().flatten());
        columns.extend(builders.map(|builder| Some(builder.finish())));
        let mut chunk = Chunk::of_columns(n, columns, self.scratch);
        chunk.before = times.clone();
        chunk.times = times;
        chunk.windows = windowed.then_some(self.windows);
        Some(chunk)
    }
}

#[derive(Clone)]
pub struct Cogroup {
    lists: Lists,
    windowed: bool,
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
    pub fn new(making: &Making<'_>, lists: Lists, windowed: bool) -> Cogroup {
        Cogroup {
            lists,
            windowed,
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
        rows.sort_by(|(one, _), (other, _)| self.lists.coder.compare(*one, *other));
        let mut out = self.lists.out();
        for (key, sides) in &rows {
            let rows = [LEFT, RIGHT].map(|side| sides[side].iter().map(|at| self.store.get(*at)));
            out.push(*key, rows, (start, end));
        }
        let mut chunk = out.finish(self.windowed)?;
        let places: Vec<Place> = rows
            .iter()
            .flat_map(|(_, sides)| sides.iter().flatten().copied())
            .collect();
        for place in places {
            self.store.free(place);
        }
        if !self.windowed && pane.newest != i64::MIN {
            chunk.times = Some(vec![pane.newest; chunk.rows.len()]);
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
            self.lists.pack(chunk, given, row, &mut self.packed);
            let place = self.store.put(&self.packed);
            let keyed = match key_of(&self.lists.coder, chunk, &given.key, row) {
                Some(_) => &mut pane.keyed,
                None => &mut pane.apart[side],
            };
            let slot = keyed.slot(bytes_of(chunk, &given.key, row));
            keyed.get_or(slot, Sides::default).0[side].push(place);
            check_keys("a cogroup", keyed.len(), self.keys_max, told);
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
        let (lists, store) = (&self.lists, &mut self.store);
        let mut row = |from: &mut Saved<'_>, side: usize| {
            let row = from.take_bytes()?;
            sound(lists.is_row(row, side))?;
            Ok(store.put(row))
        };
        let panes = saving::take_list(from, |from| {
            let (window, newest): ((i64, i64), i64) = from.take()?;
            let mut keyed = [(); 3].map(|()| Keyed::new(self.seed));
            for keyed in &mut keyed {
                let is_key = |key: Option<&[u8]>| lists.coder.fits(key);
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

/// The same of both sides' rows in one session of their key.
#[derive(Clone)]
pub struct InSessions {
    lists: Lists,
    sessions: Sessions,
}

impl InSessions {
    pub fn new(making: &Making<'_>, lists: Lists, terms: Gap) -> InSessions {
        InSessions {
            lists,
            sessions: Sessions::new(making, terms, "a cogroup"),
        }
    }
}

impl Process for InSessions {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let lists = &self.lists;
        self.sessions.take(chunk, given, told, |row, _, out| {
            lists.pack(chunk, given, row, out);
            true
        });
        chunk.live = crate::data::Selection::Some(Vec::new());
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        let mut out = self.lists.out();
        self.sessions.close(upto, told, &mut |closed| {
            let rows = closed.rows.map(|rows| rows.into_iter().map(|(_, row)| row));
            out.push(closed.key, rows, closed.window);
        });
        out.finish(true).into_iter().collect()
    }

    fn next_end(&self) -> i64 {
        self.sessions.next_end()
    }

    fn lag(&self) -> i64 {
        self.sessions.lag_of_ends()
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        self.sessions.held()
    }

    fn save(&self, to: &mut Save) {
        self.sessions.save(to);
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let lists = &self.lists;
        let is_row = |side: usize, row: &[u8]| lists.is_row(row, side);
        let is_key = |key: Option<&[u8]>| lists.coder.fits(key);
        self.sessions.load(from, is_row, is_key)
    }
}
