//! Rankings of windows whose rows may be corrected (`plan::ranking`): holds each window's rows as they stand, and gives
//! its ranking when the aggregate in front has given all that it changes at one moment. Refuses nothing and judges no
//! lateness: that one does. Invariant: a ranking is that of all rows that stand, in the order of an ordinary one.

use super::grouped::given::Kind;
use super::orders::{Cells, Orders};
use super::rows::{CHUNK, Gathered};
use super::saving::{self, sound};
use super::standing::{self, Key, Standing, Stands, TOLD, key_of};
use crate::data::keys::KeyCoder;
use crate::data::packed::Packer;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, FieldId, Number, Type};
use crate::plan::node::Make;
use crate::plan::ranking::Corrected as Asked;
use std::cmp::Ordering;
use std::sync::Arc;

/// Makes the state of a ranking.
pub fn make(asked: Arc<Asked>) -> Make {
    Arc::new(move |making| Box::new(Corrected::new(asked.clone(), making)))
}

/// A row as it stands.
#[derive(Clone)]
struct Row {
    /// Orders rows as the first of `orders` does; equal ones say nothing.
    rank: u64,
    orders: Cells,
    packed: Vec<u8>,
}

impl Stands for Row {
    fn size(&self) -> usize {
        let orders = self.orders.iter().flatten().map(Vec::len).sum::<usize>();
        orders + self.packed.len()
    }
}

/// What is remembered of a window.
#[derive(Copy, Clone, Default)]
struct Memory {
    /// The number of the next ranking.
    pane: u32,
    /// It has changed in this moment; which pane that makes.
    changed: Option<Kind>,
}

type Window = standing::Window<Row, Memory>;

#[derive(Clone)]
struct Corrected {
    asked: Arc<Asked>,
    coder: KeyCoder,
    orders: Orders,
    packer: Packer,
    sets: Vec<(FieldId, Type)>,
    standing: Standing<Row, Memory>,
}

impl Corrected {
    fn new(asked: Arc<Asked>, making: &Making<'_>) -> Corrected {
        let rank = asked.rank.map(|field| (field, Type::Number));
        let pane = asked
            .pane
            .map(|(kind, pane)| [(kind, Type::Text), (pane, Type::Number)]);
        Corrected {
            coder: making.coder.clone(),
            orders: Orders::new(asked.orders.iter().cloned()),
            packer: Packer::new(making.schema, making.carry, making.lines),
            sets: rank.into_iter().chain(pane.into_iter().flatten()).collect(),
            standing: Standing::default(),
            asked,
        }
    }

    /// A row that is ordered by these.
    fn row(&self, orders: Cells, packed: Vec<u8>) -> Row {
        Row {
            rank: self.orders.rank(&orders),
            orders,
            packed,
        }
    }

    /// The order of two rows of a window in some of what they are ordered by.
    fn compare(&self, one: &Row, other: &Row, by: std::ops::Range<usize>) -> Ordering {
        self.orders.compare(&one.orders, &other.orders, by)
    }

    /// The ranks and rows of a window's ranking; equals come by key, as the aggregate gives them.
    fn ranked<'w>(&self, window: &'w Window) -> Vec<(u64, &'w Row)> {
        let (per, all) = (0..self.asked.per, 0..self.orders.len());
        let by = self.asked.per..self.orders.len();
        let order = |one: &(&Key, &Row), other: &(&Key, &Row)| {
            let ranks = one.1.rank.cmp(&other.1.rank);
            ranks
                .then_with(|| self.compare(one.1, other.1, all.clone()))
                .then_with(|| self.coder.compare(one.0.as_deref(), other.0.as_deref()))
        };
        let mut rows: Vec<(&Key, &Row)> = window.rows.iter().collect();
        let limit = self.asked.limit.unwrap_or(u64::MAX);
        let few = usize::try_from(limit).unwrap_or(usize::MAX);
        if few < rows.len() && self.asked.per == 0 && !self.asked.ties {
            rows.select_nth_unstable_by(few, order);
            rows.truncate(few);
        }
        rows.sort_unstable_by(order);
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
        if !self.standing.end() {
            return;
        }
        let mut windows = std::mem::take(&mut self.standing.windows);
        for window in windows.values_mut() {
            if window.memory.changed.is_none() {
                continue;
            }
            for (rank, row) in self.ranked(window) {
                if out.last().is_none_or(|last| last.len() >= most) {
                    out.push(Gathered::new(&self.packer, &self.sets));
                }
                if let Some(gathered) = out.last_mut() {
                    gathered.push(&row.packed);
                    self.add(gathered, rank, window.memory);
                }
            }
            window.memory.changed = None;
            window.memory.pane += 1;
        }
        self.standing.windows = windows;
    }

    /// Adds the new columns of a row.
    fn add(&self, gathered: &mut Gathered, rank: u64, memory: Memory) {
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
            kind.bytes(memory.changed.map_or(b"", Kind::word), scratch);
            pane.number(whole(u64::from(memory.pane)));
        }
    }
}

/// Rows as a chunk; no later row is held against them.
pub(super) fn chunk_of(rows: Gathered) -> Chunk {
    let mut chunk = rows.finish();
    chunk.before = None;
    chunk
}

impl Process for Corrected {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, _: &mut Told) {
        let columns = self.orders.encoded(&given.args[TOLD..], chunk);
        let mut out = Vec::new();
        let live = std::mem::take(&mut chunk.live);
        for row in live.iter() {
            let says = standing::says(chunk, given, row);
            if self.standing.is_over(says.moment) {
                self.finish(usize::MAX, &mut out);
            }
            self.standing.begin(says.moment);
            let stands = (!says.withdrawn).then(|| {
                let mut packed = Vec::new();
                self.packer.pack(chunk, row, &mut packed);
                self.row(Orders::cells(chunk, &columns, row), packed)
            });
            let key = key_of(chunk, &given.key, row);
            self.standing.put(says.window, key, stands).changed = Some(says.kind);
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
            to.put(&(bounds, window.memory.pane, window.memory.changed));
            let mut rows: Vec<(&Key, &Row)> = window.rows.iter().collect();
            rows.sort_unstable_by_key(|(key, _)| *key);
            saving::put_list(to, rows.into_iter(), |(key, row), to| {
                saving::put_bytes(to, key.as_deref());
                Orders::put(&row.orders, to);
                to.put_bytes(&row.packed);
            });
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let n: u64 = from.take()?;
        for _ in 0..n {
            let (bounds, pane, changed): ((i64, i64), u32, Option<Kind>) = from.take()?;
            sound(bounds.1 <= bounds.0 && pane < u32::MAX / 2)?;
            sound(!self.standing.windows.contains_key(&bounds))?;
            self.standing.windows.entry(bounds).or_default().memory = Memory { pane, changed };
            if changed.is_some() {
                self.standing.begin_anew();
            }
            let rows: u64 = from.take()?;
            for _ in 0..rows {
                let key = saving::take_bytes(from)?.map(<[u8]>::to_vec);
                sound(self.coder.fits(key.as_deref()))?;
                let orders = self.orders.take(from)?;
                let packed = from.take_bytes()?.to_vec();
                sound(self.packer.is_row(&packed))?;
                let row = self.row(orders, packed);
                self.standing.put(bounds, key, Some(row));
            }
        }
        Ok(())
    }
}
