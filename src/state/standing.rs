//! Rows of windows as they stand, for those who give theirs again when some are corrected (`state::again`): by window
//! and by the key that what is in front tells them by. Gives nothing itself. Invariant: a window is forgotten when no
//! row of it comes, goes or changes any more.

use super::giving::Memory;
use super::grouped::given::{Change, Kind, told};
use super::rows::bytes_of;
use crate::data::process::Given;
use crate::data::time::Watermark;
use crate::data::{Chunk, Column, ColumnV};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The first arguments: the moment, and what is told of a row.
pub const TOLD: usize = 2;

/// A key as bytes; null is one too.
pub type Key = Option<Vec<u8>>;

/// By end and start.
pub type Bounds = (i64, i64);

/// Of rows without a window.
pub const ALL: Bounds = (i64::MAX, i64::MIN);

/// A row that stands.
pub trait Stands {
    /// Bytes that it takes, about.
    fn size(&self) -> usize;
}

/// A row and its place among those of its window, where it has one.
#[derive(Clone)]
pub struct Placed<R> {
    pub place: u32,
    pub row: R,
}

/// A window: its rows, and what is remembered of it.
#[derive(Clone)]
pub struct Window<R> {
    pub rows: HashMap<Key, Placed<R>>,
    /// Rows that may still be withdrawn, where that is told.
    pub open: usize,
    pub memory: Memory,
}

impl<R> Default for Window<R> {
    fn default() -> Self {
        Window {
            rows: HashMap::new(),
            open: 0,
            memory: Memory::default(),
        }
    }
}

#[derive(Clone)]
pub struct Standing<R> {
    pub windows: BTreeMap<Bounds, Window<R>>,
    /// Those that the moment has changed.
    touched: BTreeSet<Bounds>,
    /// The moment that rows are of; `None`: there is none that is not over.
    moment: Option<i64>,
    bytes: usize,
    /// Time alone does not say when a row stands for good.
    sessions: bool,
}

/// What a row says beside its values.
pub struct Says {
    pub moment: i64,
    pub kind: Kind,
    pub change: Change,
    pub place: u32,
    pub window: Bounds,
}

impl<R: Stands> Standing<R> {
    pub fn new(sessions: bool) -> Standing<R> {
        Standing {
            windows: BTreeMap::new(),
            touched: BTreeSet::new(),
            moment: None,
            bytes: 0,
            sessions,
        }
    }

    /// Whether a row of that moment ends the one before.
    pub fn is_over(&self, moment: i64) -> bool {
        self.moment.is_some_and(|before| before != moment)
    }

    pub fn begin(&mut self, moment: i64) {
        self.moment = Some(moment);
    }

    /// The moment that is not over, if there is one.
    pub fn moment(&self) -> Option<i64> {
        self.moment
    }

    /// The same of rows that were kept.
    pub fn resume(&mut self, moment: Option<i64>) {
        self.moment = moment;
    }

    /// The moment has changed a window.
    pub fn touch(&mut self, window: Bounds) {
        self.touched.insert(window);
    }

    /// The moment is over: it, and the windows that it has changed.
    pub fn end(&mut self) -> Option<(i64, BTreeSet<Bounds>)> {
        Some((self.moment.take()?, std::mem::take(&mut self.touched)))
    }

    /// What the moment has changed is given as soon as time is told.
    pub fn next_end(&self) -> i64 {
        match self.moment {
            Some(_) => i64::MIN,
            None => i64::MAX,
        }
    }

    /// The moment changes a window; the answer is its memory.
    pub fn open(&mut self, bounds: Bounds) -> &mut Memory {
        self.touch(bounds);
        &mut self.windows.entry(bounds).or_default().memory
    }

    /// Puts a row in its place, or takes it away; the answer is the window's memory.
    pub fn put(&mut self, bounds: Bounds, key: Key, row: Option<Placed<R>>) -> &mut Memory {
        match row {
            Some(row) => self.keep(bounds, key, row),
            None => self.take_away(bounds, &key),
        }
        self.open(bounds)
    }

    /// Puts a row in its place.
    pub fn keep(&mut self, bounds: Bounds, key: Key, row: Placed<R>) {
        self.take_away(bounds, &key);
        self.bytes += row.row.size() + beside(&key);
        let window = self.windows.entry(bounds).or_default();
        window.open += 1;
        window.rows.insert(key, row);
    }

    fn take_away(&mut self, bounds: Bounds, key: &Key) {
        if let Some(window) = self.windows.get_mut(&bounds)
            && let Some(row) = window.rows.remove(key)
        {
            window.open = window.open.saturating_sub(1);
            self.bytes -= row.row.size() + beside(key);
        }
    }

    /// A row stands for good.
    pub fn settle(&mut self, window: Bounds, key: &Key) {
        if let Some(window) = self.windows.get_mut(&window)
            && window.rows.contains_key(key)
        {
            window.open = window.open.saturating_sub(1);
        }
    }

    /// Takes out the windows that no row comes to any more and none leaves. No moment goes on.
    pub fn forget(&mut self, upto: Watermark) -> Vec<(Bounds, Window<R>)> {
        let is_over = |bounds: &Bounds| upto == Watermark::End || upto.passes(bounds.0);
        let over = self
            .windows
            .iter()
            .take_while(|(bounds, _)| is_over(bounds));
        let is_settled =
            |window: &Window<R>| !self.sessions || upto == Watermark::End || window.open == 0;
        let over = over.filter(|(_, window)| is_settled(window));
        let over: Vec<Bounds> = over.map(|(bounds, _)| *bounds).collect();
        let mut forgotten = Vec::with_capacity(over.len());
        for bounds in over {
            let Some(window) = self.windows.remove(&bounds) else {
                continue;
            };
            let sizes = window
                .rows
                .iter()
                .map(|(key, row)| row.row.size() + beside(key));
            self.bytes -= sizes.sum::<usize>();
            forgotten.push((bounds, window));
        }
        forgotten
    }

    /// Rows and bytes held, about.
    pub fn held(&self) -> (usize, usize) {
        let windows = self.windows.values();
        let given: usize = windows.clone().map(|window| window.memory.bytes()).sum();
        let rows = windows.map(|window| window.rows.len()).sum();
        (rows, self.bytes + given)
    }
}

/// What a row takes beside its own, about.
fn beside(key: &Key) -> usize {
    key.as_ref().map_or(0, Vec::len) + 100
}

/// What a row of a chunk says.
pub fn says(chunk: &Chunk, given: &Given, row: u32) -> Says {
    let (kind, change, place) = told(nanos(&given.args[1], row));
    let windows = chunk.windows.as_ref();
    let (end, start) = windows.map_or(ALL, |windows| {
        let (start, end) = windows[row as usize];
        (end, start)
    });
    Says {
        moment: nanos(&given.args[0], row),
        kind,
        change,
        place,
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
