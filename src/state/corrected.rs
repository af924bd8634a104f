//! Rankings of windows whose rows may be corrected (`plan::ranking`): holds each window's rows as they stand, and gives
//! its ranking when the aggregate in front has given all that it changes at one moment. Refuses nothing and judges no
//! lateness: that one does. Invariant: a ranking is that of all rows that stand, in the order of an ordinary one.

use super::grouped::given::{Kind, told};
use super::rows::{CHUNK, Gathered};
use super::saving::{self, sound};
use crate::data::keys::KeyCoder;
use crate::data::packed::Packer;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, Column, ColumnV, FieldId, Number, Type};
use crate::plan::node::Make;
use crate::plan::ranking::Corrected as Asked;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Arguments that are no order: the moment, and what is told of a row.
pub(super) const TOLD: usize = 2;

/// Makes the state of a ranking.
pub fn make(asked: Arc<Asked>) -> Make {
    Arc::new(move |making| Box::new(Corrected::new(asked.clone(), making)))
}

/// A row as it stands.
#[derive(Clone)]
struct Row {
    orders: Vec<Option<Vec<u8>>>,
    packed: Vec<u8>,
}

type Key = Option<Vec<u8>>;

#[derive(Clone, Default)]
struct Window {
    rows: HashMap<Key, Row>,
    /// The number of the next ranking.
    pane: u32,
    /// It has changed in this moment; which pane that makes.
    changed: Option<Kind>,
}

#[derive(Clone)]
struct Corrected {
    asked: Arc<Asked>,
    coder: KeyCoder,
    orders: Vec<(KeyCoder, bool)>,
    packer: Packer,
    sets: Vec<(FieldId, Type)>,
    /// By end and start.
    windows: BTreeMap<(i64, i64), Window>,
    /// The moment that rows are of; `None`: there is none that is not over.
    moment: Option<i64>,
    bytes: usize,
}

impl Corrected {
    fn new(asked: Arc<Asked>, making: &Making<'_>) -> Corrected {
        let order = |(ty, down): &(Type, bool)| (KeyCoder::new(vec![ty.clone()]), *down);
        let rank = asked.rank.map(|field| (field, Type::Number));
        let pane = asked
            .pane
            .map(|(kind, pane)| [(kind, Type::Text), (pane, Type::Number)]);
        Corrected {
            coder: making.coder.clone(),
            orders: asked.orders.iter().map(order).collect(),
            packer: Packer::new(making.schema, making.carry, making.lines),
            sets: rank.into_iter().chain(pane.into_iter().flatten()).collect(),
            windows: BTreeMap::new(),
            moment: None,
            bytes: 0,
            asked,
        }
    }

    /// The order of two rows of a window in some of what they are ordered by.
    fn compare(&self, one: &Row, other: &Row, by: std::ops::Range<usize>) -> Ordering {
        for at in by {
            let (coder, descending) = &self.orders[at];
            let order = coder.compare(one.orders[at].as_deref(), other.orders[at].as_deref());
            if order.is_ne() {
                return if *descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }

    /// The ranks and rows of a window's ranking; equals come by key, as the aggregate gives them.
    fn ranked<'w>(&self, window: &'w Window) -> Vec<(u64, &'w Row)> {
        let (per, all) = (0..self.asked.per, 0..self.orders.len());
        let by = self.asked.per..self.orders.len();
        let mut rows: Vec<(&Key, &Row)> = window.rows.iter().collect();
        rows.sort_unstable_by(|one, other| {
            self.compare(one.1, other.1, all.clone())
                .then_with(|| self.coder.compare(one.0.as_deref(), other.0.as_deref()))
        });
        let limit = self.asked.limit.unwrap_or(u64::MAX);
        let mut ranked: Vec<(u64, &Row)> = Vec::new();
        let mut taken = 0;
        for (_, row) in rows {
            let last = ranked.last().map(|(_, last)| *last);
            let same = last.is_some_and(|last| self.compare(last, row, per.clone()).is_eq());
            if !same {
                taken = 0;
            }
            let tied = last.is_some_and(|last| self.compare(last, row, by.clone()).is_eq());
            if taken < limit || (self.asked.ties && same && tied) {
                taken += 1;
                ranked.push((taken, row));
            }
        }
        ranked
    }

    /// Gives the rankings of the windows that the moment has changed, in chunks of at most `most` rows.
    fn finish(&mut self, most: usize, out: &mut Vec<Gathered>) {
        if self.moment.take().is_none() {
            return;
        }
        let changed = self.windows.iter();
        let changed = changed.filter(|(_, window)| window.changed.is_some());
        let changed: Vec<(i64, i64)> = changed.map(|(bounds, _)| *bounds).collect();
        for bounds in changed {
            let window = &self.windows[&bounds];
            for (rank, row) in self.ranked(window) {
                if out.last().is_none_or(|last| last.len() >= most) {
                    out.push(Gathered::new(&self.packer, &self.sets));
                }
                let Some(gathered) = out.last_mut() else {
                    return;
                };
                gathered.push(&row.packed);
                self.add(gathered, rank, window);
            }
            if let Some(window) = self.windows.get_mut(&bounds) {
                window.changed = None;
                window.pane += 1;
            }
        }
    }

    /// Adds the new columns of a row.
    fn add(&self, gathered: &mut Gathered, rank: u64, window: &Window) {
        let (cells, scratch) = gathered.scratch();
        let whole = |n: u64| Number::Exact {
            units: n as i64,
            scale: 0,
        };
        let mut cells = cells.iter_mut();
        if self.asked.rank.is_some()
            && let Some(cell) = cells.next()
        {
            cell.number(whole(rank));
        }
        if let (Some(kind), Some(pane)) = (cells.next(), cells.next()) {
            kind.bytes(window.changed.map_or(b"", Kind::word), scratch);
            pane.number(whole(u64::from(window.pane)));
        }
    }

    fn put(&mut self, bounds: (i64, i64), key: Key, row: Option<Row>, kind: Kind) {
        let window = self.windows.entry((bounds.1, bounds.0)).or_default();
        window.changed = Some(kind);
        self.bytes += row.as_ref().map_or(0, |row| size(&key, row));
        let gone = match row {
            Some(row) => window.rows.insert(key.clone(), row),
            None => window.rows.remove(&key),
        };
        self.bytes -= gone.map_or(0, |row| size(&key, &row));
    }

    fn forget(&mut self, upto: Watermark) {
        while let Some(first) = self.windows.first_entry() {
            if upto != Watermark::End && !upto.passes(first.key().0) {
                break;
            }
            let rows = first.remove().rows;
            self.bytes -= rows.iter().map(|(key, row)| size(key, row)).sum::<usize>();
        }
    }
}

/// What a row takes, about.
fn size(key: &Key, row: &Row) -> usize {
    const BESIDE: usize = 120;
    let orders = row.orders.iter().flatten().map(Vec::len).sum::<usize>();
    key.as_ref().map_or(0, Vec::len) + orders + row.packed.len() + BESIDE
}

/// Rows as a chunk; no later row is held against them.
pub(super) fn chunk_of(rows: Gathered) -> Chunk {
    let mut chunk = rows.finish();
    chunk.before = None;
    chunk
}

/// A cell's bytes of an encoded column.
pub(super) fn cell(chunk: &Chunk, column: &ColumnV, row: u32) -> Option<Vec<u8>> {
    let Column::Bytes(spans) = &column.data else {
        return None;
    };
    let is_there = column.is_valid(row as usize);
    is_there.then(|| chunk.bytes(spans[row as usize]).to_vec())
}

pub(super) fn nanos(column: &ColumnV, row: u32) -> i64 {
    match &column.data {
        Column::Nanos(values) => values[row as usize],
        _ => 0,
    }
}

impl Process for Corrected {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, _: &mut Told) {
        let columns: Vec<ColumnV> = self
            .orders
            .iter()
            .zip(&given.args[TOLD..])
            .map(|((coder, _), arg)| coder.encode(vec![arg.clone()], chunk))
            .collect();
        let mut out = Vec::new();
        let live = std::mem::take(&mut chunk.live);
        for row in live.iter() {
            let moment = nanos(&given.args[0], row);
            if self.moment.is_some_and(|before| before != moment) {
                self.finish(usize::MAX, &mut out);
            }
            self.moment = Some(moment);
            let (kind, withdrawn) = told(nanos(&given.args[1], row));
            let bounds = chunk
                .windows
                .as_ref()
                .map_or((0, 0), |windows| windows[row as usize]);
            let stands = (!withdrawn).then(|| {
                let mut packed = Vec::new();
                self.packer.pack(chunk, row, &mut packed);
                Row {
                    orders: columns
                        .iter()
                        .map(|column| cell(chunk, column, row))
                        .collect(),
                    packed,
                }
            });
            self.put(bounds, cell(chunk, &given.key, row), stands, kind);
        }
        *chunk = out.pop().map_or_else(Chunk::default, chunk_of);
    }

    fn close(&mut self, upto: Watermark, _: &mut Told) -> Vec<Chunk> {
        let mut out = Vec::new();
        self.finish(CHUNK, &mut out);
        self.forget(upto);
        out.into_iter().map(chunk_of).collect()
    }

    /// A ranking whose moment may be over is given at once.
    fn next_end(&self) -> i64 {
        match self.moment {
            Some(_) => i64::MIN,
            None => i64::MAX,
        }
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        let rows = self.windows.values().map(|window| window.rows.len()).sum();
        (rows, self.bytes)
    }

    fn save(&self, to: &mut Save) {
        saving::put_list(to, self.windows.iter(), |(bounds, window), to| {
            let changed = window.changed.map(|kind| kind as u8);
            to.put(&(bounds, window.pane, changed));
            let mut rows: Vec<(&Key, &Row)> = window.rows.iter().collect();
            rows.sort_unstable_by_key(|(key, _)| *key);
            saving::put_list(to, rows.into_iter(), |(key, row), to| {
                saving::put_bytes(to, key.as_deref());
                for order in &row.orders {
                    saving::put_bytes(to, order.as_deref());
                }
                to.put_bytes(&row.packed);
            });
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let windows = saving::take_list(from, |from| {
            let ((end, start), pane, changed): ((i64, i64), u32, Option<u8>) = from.take()?;
            sound(saving::is_count(u64::from(pane)) && start <= end && pane < u32::MAX / 2)?;
            let changed = changed.map(|kind| match kind {
                0 => Ok(Kind::Early),
                1 => Ok(Kind::OnTime),
                2 => Ok(Kind::Late),
                _ => Err(Damaged),
            });
            let changed = changed.transpose()?;
            let rows = saving::take_list(from, |from| {
                let key = saving::take_bytes(from)?.map(<[u8]>::to_vec);
                sound(self.coder.fits(key.as_deref()))?;
                let mut orders = Vec::with_capacity(self.orders.len());
                for (coder, _) in &self.orders {
                    let order = saving::take_bytes(from)?;
                    sound(coder.fits(order))?;
                    orders.push(order.map(<[u8]>::to_vec));
                }
                let packed = from.take_bytes()?.to_vec();
                sound(self.packer.is_row(&packed))?;
                Ok((key, Row { orders, packed }))
            })?;
            Ok(((end, start), pane, changed, rows))
        })?;
        for ((end, start), pane, changed, rows) in windows {
            sound(!self.windows.contains_key(&(end, start)))?;
            for (key, row) in rows {
                self.put((start, end), key, Some(row), Kind::Late);
            }
            let window = self.windows.entry((end, start)).or_default();
            window.pane = pane;
            window.changed = changed;
            if changed.is_some() {
                // It differs from that of any row.
                self.moment = Some(i64::MIN);
            }
        }
        Ok(())
    }
}
