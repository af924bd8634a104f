//! Joins in windows: all pairs of equal keys of both sides' rows in one window, when it closes: by key, left, right.
//! Invariant: rows of one window never meet those of another.

use super::store::{Place, Store};
use super::{Form, Kind, LEFT, MergeLines, RIGHT, check_keys, key_of, time_of};
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, FieldId};
use crate::state::keyed::Keyed;
use crate::state::saving::{self, any_key};
use std::collections::BTreeMap;

/// A row's time and where it is kept.
type Row = (Option<i64>, Place);

/// Rows of both sides.
type Sides = [Vec<Row>; 2];

#[derive(Clone)]
struct Pane {
    keyed: Keyed<Sides>,
    /// Rows whose key equals nothing.
    apart: Sides,
}

#[derive(Clone)]
pub struct Windowed {
    kind: Kind,
    form: Form,
    coder: KeyCoder,
    keys_max: Option<u64>,
    seed: u64,
    /// How much older than the end of their window rows may be, ns; `None`: they are of a batch, and have its time.
    age: Option<i64>,
    /// By end and start.
    panes: BTreeMap<(i64, i64), Pane>,
    store: Store,
    /// Windows up to here have been given.
    closed: i64,
    packed: Vec<u8>,
}

impl Windowed {
    /// `age`: how much older than the end of their window rows may be, ns, but of a batch; `fields`: those that its ends
    /// are in.
    pub fn new(
        making: &Making<'_>,
        kind: Kind,
        age: Option<i64>,
        fields: Option<(FieldId, FieldId)>,
        time: Option<FieldId>,
        merge: Option<MergeLines>,
    ) -> Windowed {
        let mut form = Form::new(making, merge);
        (form.window, form.time) = (fields, time);
        Windowed {
            kind,
            form,
            coder: making.coder.clone(),
            keys_max: making.limits.keys,
            seed: making.seed,
            age,
            panes: BTreeMap::new(),
            store: Store::default(),
            closed: i64::MIN,
            packed: Vec::new(),
        }
    }
}

impl Process for Windowed {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let side = given.input.min(1);
        let seed = self.seed;
        for row in chunk.live.iter() {
            let window = chunk.windows.as_ref().map(|windows| windows[row as usize]);
            let (start, end) = window.unwrap_or((i64::MIN, i64::MAX));
            if end <= self.closed {
                told.late.tell(chunk, row);
                continue;
            }
            let key = key_of(&self.coder, chunk, &given.key, row);
            if key.is_none() && !self.kind.keeps[side] {
                continue;
            }
            let pane = self.panes.entry((end, start)).or_insert_with(|| Pane {
                keyed: Keyed::new(seed),
                apart: Sides::default(),
            });
            self.form.pack(chunk, given, row, &mut self.packed);
            let kept = (time_of(chunk, row), self.store.put(&self.packed));
            match key {
                Some(_) => {
                    let slot = pane.keyed.slot(key);
                    pane.keyed.get_or(slot, Sides::default).0[side].push(kept);
                    check_keys("a join", pane.keyed.len(), self.keys_max, told);
                }
                None => pane.apart[side].push(kept),
            }
        }
        self.form.pairs().replace(chunk);
    }

    fn close(&mut self, upto: Watermark, _told: &mut Told) -> Vec<Chunk> {
        let mut pairs = self.form.pairs();
        while let Some(first) = self.panes.first_entry() {
            let (end, start) = *first.key();
            if !upto.passes(end) {
                break;
            }
            let pane = first.remove();
            let window = (start, end);
            pairs.judge_by(Some(end.saturating_sub(self.age.unwrap_or(1))));
            let store = &self.store;
            let alone = |rows: &[Row], side: usize, pairs: &mut super::Pairs<'_>| {
                for (time, place) in rows {
                    let row = Some(store.get(*place));
                    let time = Some(time.unwrap_or(end.saturating_sub(1)));
                    match side {
                        LEFT => pairs.push_in(row, None, time, window),
                        _ => pairs.push_in(None, row, time, window),
                    }
                }
            };
            for side in [LEFT, RIGHT] {
                alone(&pane.apart[side], side, &mut pairs);
            }
            let mut keys: Vec<(u32, &Sides)> = pane.keyed.iter().collect();
            keys.sort_by(|(one, _), (other, _)| {
                let key = |slot: u32| pane.keyed.key(slot);
                self.coder.compare(key(*one), key(*other))
            });
            for (_, [left, right]) in &keys {
                if left.is_empty() || right.is_empty() {
                    for (side, rows) in [(LEFT, left), (RIGHT, right)] {
                        if self.kind.keeps[side] {
                            alone(rows, side, &mut pairs);
                        }
                    }
                } else if self.kind.pairs {
                    for (one, left) in left {
                        for (other, right) in right {
                            let time = one.max(other).unwrap_or(end.saturating_sub(1));
                            let (left, right) = (store.get(*left), store.get(*right));
                            pairs.push_in(Some(left), Some(right), Some(time), window);
                        }
                    }
                }
            }
            let rows = keys.iter().map(|(_, sides)| *sides).chain([&pane.apart]);
            let places: Vec<Place> = rows
                .flat_map(|sides| sides.iter().flatten().map(|(_, place)| *place))
                .collect();
            for place in places {
                self.store.free(place);
            }
            self.closed = self.closed.max(end);
        }
        pairs.finish()
    }

    fn next_end(&self) -> i64 {
        self.panes.keys().next().map_or(i64::MAX, |(end, _)| *end)
    }

    fn lag(&self) -> i64 {
        self.age.unwrap_or(0)
    }

    fn lag_of_windows(&self) -> i64 {
        0
    }

    fn goes_by_windows(&self) -> bool {
        true
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
        let put = |sides: &Sides, to: &mut Save| {
            for rows in sides {
                saving::put_list(to, rows.iter(), |(time, place), to| {
                    to.put(time);
                    to.put_bytes(self.store.get(*place));
                });
            }
        };
        saving::put_list(to, self.panes.iter(), |(window, pane), to| {
            to.put(window);
            pane.keyed.save(to, put);
            put(&pane.apart, to);
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.closed = from.take()?;
        let (form, store) = (&self.form, &mut self.store);
        let mut side = |from: &mut Saved<'_>, side: usize| {
            saving::take_list(from, |from| {
                let time = from.take()?;
                Ok((time, store.put(form.take_row(from, side)?)))
            })
        };
        let mut take = |from: &mut Saved<'_>| Ok([side(from, LEFT)?, side(from, RIGHT)?]);
        let panes = saving::take_list(from, |from| {
            let window: (i64, i64) = from.take()?;
            let mut keyed = Keyed::new(self.seed);
            keyed.load(from, any_key, &mut take)?;
            let apart = take(from)?;
            Ok((window, Pane { keyed, apart }))
        })?;
        self.panes = panes.into_iter().collect();
        Ok(())
    }
}
