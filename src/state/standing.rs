//! Rows of windows as they stand, for those who give them again when some are corrected (`plan::ranking`,
//! `plan::regrouped`): by window and by the key that the aggregate in front has, told apart by moments. Gives nothing
//! itself. Invariant: what a moment changes is complete when another begins, or when time is told.

use super::grouped::given::{Kind, told};
use super::rows::bytes_of;
use crate::data::process::Given;
use crate::data::time::Watermark;
use crate::data::{Chunk, Column, ColumnV};
use std::collections::{BTreeMap, HashMap};

/// The first arguments: the moment, and what is told of a row.
pub const TOLD: usize = 2;

/// A key as bytes; null is one too.
pub type Key = Option<Vec<u8>>;

/// A row that stands.
pub trait Stands {
    /// Bytes that it takes, about.
    fn size(&self) -> usize;
}

/// A window: its rows, and what is remembered of it.
#[derive(Clone)]
pub struct Window<R, M> {
    pub rows: HashMap<Key, R>,
    pub memory: M,
}

impl<R, M: Default> Default for Window<R, M> {
    fn default() -> Self {
        Window {
            rows: HashMap::new(),
            memory: M::default(),
        }
    }
}

#[derive(Clone)]
pub struct Standing<R, M> {
    /// By end and start.
    pub windows: BTreeMap<(i64, i64), Window<R, M>>,
    /// The moment that rows are of; `None`: there is none that is not over.
    moment: Option<i64>,
    bytes: usize,
}

/// What a row says beside its values.
pub struct Says {
    pub moment: i64,
    pub kind: Kind,
    pub withdrawn: bool,
    /// By end and start.
    pub window: (i64, i64),
}

impl<R, M> Default for Standing<R, M> {
    fn default() -> Self {
        Standing {
            windows: BTreeMap::new(),
            moment: None,
            bytes: 0,
        }
    }
}

impl<R: Stands, M: Default> Standing<R, M> {
    /// Whether a row of that moment ends the one before.
    pub fn is_over(&self, moment: i64) -> bool {
        self.moment.is_some_and(|before| before != moment)
    }

    pub fn begin(&mut self, moment: i64) {
        self.moment = Some(moment);
    }

    /// Something that was kept has changed in a moment that is over; none of a row to come is the same.
    pub fn begin_anew(&mut self) {
        self.moment = Some(i64::MIN);
    }

    /// The moment is over; false: there was none.
    pub fn end(&mut self) -> bool {
        self.moment.take().is_some()
    }

    /// What the moment has changed is given as soon as time is told.
    pub fn next_end(&self) -> i64 {
        match self.moment {
            Some(_) => i64::MIN,
            None => i64::MAX,
        }
    }

    /// Puts a row in its place, or takes it away; the answer is the window's memory.
    pub fn put(&mut self, window: (i64, i64), key: Key, row: Option<R>) -> &mut M {
        let window = self.windows.entry(window).or_default();
        let beside = beside(&key);
        self.bytes += row.as_ref().map_or(0, |row| row.size() + beside);
        let gone = match row {
            Some(row) => window.rows.insert(key, row),
            None => window.rows.remove(&key),
        };
        self.bytes -= gone.map_or(0, |row| row.size() + beside);
        &mut window.memory
    }

    /// Windows that no row of comes any more.
    pub fn forget(&mut self, upto: Watermark) {
        while let Some(first) = self.windows.first_entry() {
            if upto != Watermark::End && !upto.passes(first.key().0) {
                break;
            }
            let rows = first.remove().rows;
            let sizes = rows.iter().map(|(key, row)| row.size() + beside(key));
            self.bytes -= sizes.sum::<usize>();
        }
    }

    /// Rows and bytes held, about.
    pub fn held(&self) -> (usize, usize) {
        let rows = self.windows.values().map(|window| window.rows.len()).sum();
        (rows, self.bytes)
    }
}

/// What a row takes beside its own, about.
fn beside(key: &Key) -> usize {
    key.as_ref().map_or(0, Vec::len) + 100
}

/// What a row of a chunk says.
pub fn says(chunk: &Chunk, given: &Given, row: u32) -> Says {
    let (kind, withdrawn) = told(nanos(&given.args[1], row));
    let windows = chunk.windows.as_ref();
    let (start, end) = windows.map_or((0, 0), |windows| windows[row as usize]);
    Says {
        moment: nanos(&given.args[0], row),
        kind,
        withdrawn,
        window: (end, start),
    }
}

/// A row's key, of a column of keys.
pub fn key_of(chunk: &Chunk, column: &ColumnV, row: u32) -> Key {
    bytes_of(chunk, column, row).map(<[u8]>::to_vec)
}

fn nanos(column: &ColumnV, row: u32) -> i64 {
    match &column.data {
        Column::Nanos(values) => values[row as usize],
        _ => 0,
    }
}
