//! Rankings, and the first or last of each key, of windows whose rows may be corrected (`plan::ranking`): which of the
//! rows that stand are given, and in what order. Invariant: it is what an ordinary one gives of the same rows.

use super::again::{Again, Counts, Rows};
use super::giving::{Answer, Giver, Memory};
use super::orders::{Cells, Orders};
use super::rows::Gathered;
use super::saving::sound;
use super::standing::{Bounds, Key, Placed, Stands, TOLD, key_of};
use crate::data::keys::KeyCoder;
use crate::data::packed::Packer;
use crate::data::process::{Given, Making};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{Chunk, ColumnV};
use crate::plan::node::Make;
use crate::plan::ranking::{Corrected as Asked, Ranks};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// Makes the state of a ranking.
pub fn make(asked: Arc<Asked>) -> Make {
    Arc::new(move |making| {
        let sessions = asked.giving.sessions;
        let counts = Corrected::new(asked.clone(), making);
        Box::new(Again::new(counts, sessions, making, None))
    })
}

/// A row as it stands.
#[derive(Clone)]
pub struct Row {
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

#[derive(Clone)]
struct Corrected {
    asked: Arc<Asked>,
    coder: KeyCoder,
    orders: Orders,
    giver: Giver,
}

impl Corrected {
    fn new(asked: Arc<Asked>, making: &Making<'_>) -> Corrected {
        let packer = Packer::new(making.schema, making.carry, making.lines);
        let giver = Giver::new(asked.giving.clone(), packer);
        Corrected {
            coder: making.coder.clone(),
            orders: Orders::new(asked.orders.iter().cloned()),
            giver: match asked.gives {
                Ranks::Best => giver.of_rankings(asked.rank),
                Ranks::First | Ranks::Last => giver,
            },
            asked,
        }
    }

    /// A row that is ordered by these.
    fn made(&self, orders: Cells, packed: Vec<u8>) -> Row {
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

    /// The order in which rows have come: by place, and by key, as an aggregate gives them.
    fn came(&self, one: (&Key, &Placed<Row>), other: (&Key, &Placed<Row>)) -> Ordering {
        let places = one.1.place.cmp(&other.1.place);
        places.then_with(|| self.coder.compare(one.0.as_deref(), other.0.as_deref()))
    }

    /// A window's ranking.
    fn ranked<'w>(&self, rows: &'w Rows<Row>) -> Vec<Answer<'w>> {
        let (per, all) = (0..self.asked.per, 0..self.orders.len());
        let by = self.asked.per..self.orders.len();
        let order = |one: &(&Key, &Placed<Row>), other: &(&Key, &Placed<Row>)| {
            let ranks = one.1.row.rank.cmp(&other.1.row.rank);
            ranks
                .then_with(|| self.compare(&one.1.row, &other.1.row, all.clone()))
                .then_with(|| self.came(*one, *other))
        };
        let mut rows: Vec<(&Key, &Placed<Row>)> = rows.iter().collect();
        let limit = self.asked.limit.unwrap_or(u64::MAX);
        let few = usize::try_from(limit).unwrap_or(usize::MAX);
        if few < rows.len() && self.asked.per == 0 && !self.asked.ties {
            rows.select_nth_unstable_by(few, order);
            rows.truncate(few);
        }
        rows.sort_unstable_by(order);
        let mut ranked: Vec<Answer<'w>> = Vec::new();
        let mut last: Option<&Row> = None;
        let mut taken = 0;
        for (key, Placed { row, .. }) in rows {
            let same = last.is_some_and(|last| self.compare(last, row, per.clone()).is_eq());
            if !same {
                taken = 0;
            }
            let tied = last.is_some_and(|last| self.compare(last, row, by.clone()).is_eq());
            if taken < limit || (self.asked.ties && same && tied) {
                taken += 1;
                ranked.push(answer(Cow::Borrowed(key), taken, ranked.len(), row));
                last = Some(row);
            }
        }
        ranked
    }

    /// The first that came of each, or the last.
    fn firsts<'w>(&self, rows: &'w Rows<Row>) -> Vec<Answer<'w>> {
        let is_last = self.asked.gives == Ranks::Last;
        let mut of_each: Vec<(Key, &Key, &Placed<Row>)> = Vec::new();
        of_each.extend(
            rows.iter()
                .map(|(key, row)| (joined(&row.row.orders), key, row)),
        );
        of_each.sort_unstable_by(|a, b| {
            let came = self.came((a.1, a.2), (b.1, b.2));
            let came = if is_last { came.reverse() } else { came };
            a.0.cmp(&b.0).then(came)
        });
        of_each.dedup_by(|next, kept| next.0 == kept.0);
        of_each.sort_unstable_by(|a, b| match is_last {
            true => self.compare(&a.2.row, &b.2.row, 0..self.orders.len()),
            false => self.came((a.1, a.2), (b.1, b.2)),
        });
        let firsts = of_each.into_iter().enumerate();
        firsts
            .map(|(place, (of, _, row))| answer(Cow::Owned(of), 1, place, &row.row))
            .collect()
    }
}

fn answer<'w>(key: Cow<'w, Key>, rank: u64, place: usize, row: &'w Row) -> Answer<'w> {
    Answer {
        key,
        rank,
        place: u32::try_from(place).unwrap_or(u32::MAX),
        row: Cow::Borrowed(&row.packed),
        is_empty: false,
    }
}

/// Several keys as one, which says nothing of their order.
fn joined(cells: &Cells) -> Key {
    let mut joined = Vec::new();
    for cell in cells {
        match cell {
            None => joined.push(0),
            Some(bytes) => {
                joined.push(1);
                joined.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
                joined.extend_from_slice(bytes);
            }
        }
    }
    Some(joined)
}

/// Rows as a chunk; no later row is held against them.
pub(super) fn chunk_of(rows: Gathered) -> Chunk {
    let mut chunk = rows.finish();
    chunk.before = None;
    chunk
}

impl Counts for Corrected {
    type Row = Row;
    type Ready = Vec<ColumnV>;

    fn giver(&self) -> &Giver {
        &self.giver
    }

    fn ready(&self, chunk: &mut Chunk, given: &Given) -> Vec<ColumnV> {
        self.orders.encoded(&given.args[TOLD..], chunk)
    }

    fn keys(&self, chunk: &Chunk, given: &Given, ready: &Vec<ColumnV>, row: u32) -> (Key, Key) {
        let unit = match self.asked.gives {
            Ranks::Best => None,
            Ranks::First | Ranks::Last => joined(&Orders::cells(chunk, ready, row)),
        };
        (key_of(chunk, &given.key, row), unit)
    }

    fn row(&self, chunk: &Chunk, _: &Given, ready: &Vec<ColumnV>, row: u32) -> Row {
        let mut packed = Vec::new();
        self.giver.packer.pack(chunk, row, &mut packed);
        self.made(Orders::cells(chunk, ready, row), packed)
    }

    fn answers<'w>(&self, _: Bounds, rows: &'w Rows<Row>, _: &Memory) -> Vec<Answer<'w>> {
        match self.asked.gives {
            Ranks::Best => self.ranked(rows),
            Ranks::First | Ranks::Last => self.firsts(rows),
        }
    }

    fn put_row(&self, row: &Row, to: &mut Save) {
        Orders::put(&row.orders, to);
        to.put_bytes(&row.packed);
    }

    fn take_row(&self, from: &mut Saved<'_>) -> Result<Row, Damaged> {
        let orders = self.orders.take(from)?;
        let packed = from.take_bytes()?.to_vec();
        sound(self.giver.packer.is_row(&packed))?;
        Ok(self.made(orders, packed))
    }

    fn is_key(&self, key: Option<&[u8]>) -> bool {
        self.coder.fits(key)
    }

    fn is_unit(&self, key: Option<&[u8]>) -> bool {
        key.is_some() != (self.asked.gives == Ranks::Best)
    }

    fn is_answer(&self, key: Option<&[u8]>) -> bool {
        match self.asked.gives {
            Ranks::Best => self.coder.fits(key),
            Ranks::First | Ranks::Last => key.is_some(),
        }
    }
}
