//! Rows on their way out of a grouping: bounds, keys, aggregates, and what panes add. Invariant: columns stand in
//! the order in which the plan has made their fields.

use super::slots::{Slots, Store};
use crate::data::keys::KeyCoder;
use crate::data::packed::Unpacker;
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, Number, Type};
use crate::plan::grouping::{Gives, Grouping, Panes, before_of};
use serde::{Deserialize, Serialize};

/// Rows of one chunk.
pub const ROWS_MAX: usize = if cfg!(debug_assertions) { 32 } else { 8192 };

/// Which of a window's rows one is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    Early,
    OnTime,
    Late,
}

impl Kind {
    pub fn word(self) -> &'static [u8] {
        match self {
            Kind::Early => b"early",
            Kind::OnTime => b"on_time",
            Kind::Late => b"late",
        }
    }
}

/// What has come of a row, for what is fed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is there, in the place of one of the same name.
    Stands,
    Withdrawn,
    /// It stands, and for good.
    Final,
}

/// What that which is fed is told of a row in one number: what has come of it, which pane it is of, and its place among
/// the rows of its window, where it has one.
pub fn tell(kind: Kind, change: Change, place: u32) -> i64 {
    let kind = match kind {
        Kind::Early => 0,
        Kind::OnTime => 1,
        Kind::Late => 2,
    };
    let change = match change {
        Change::Stands => 0,
        Change::Withdrawn => 1,
        Change::Final => 2,
    };
    i64::from(place) << 4 | kind << 2 | change
}

/// What [`tell`] has told.
pub fn told(tell: i64) -> (Kind, Change, u32) {
    let kind = match tell >> 2 & 3 {
        0 => Kind::Early,
        1 => Kind::OnTime,
        _ => Kind::Late,
    };
    let change = match tell & 3 {
        0 => Change::Stands,
        1 => Change::Withdrawn,
        _ => Change::Final,
    };
    (kind, change, (tell >> 4) as u32)
}

/// A row: what it is of, and what of it is printed.
#[derive(Copy, Clone, Debug)]
pub struct Row<'a> {
    pub key: Option<&'a [u8]>,
    /// What it is made of: these slots together.
    pub of: &'a [u32],
    pub window: (i64, i64),
    pub kind: Kind,
    pub pane: u32,
    pub change: Change,
    pub moment: i64,
    /// Its event time, and the time that no later row is older than.
    pub at: (i64, i64),
    /// The clock of the record that lets it out, where that is another one than its own and the data tell it.
    pub clock: Option<i64>,
}

/// Rows that become chunks.
pub struct Given {
    /// Rows at which a chunk is cut.
    pub rows_max: usize,
    columns: Columns,
    /// Of the rows in them, where each has one.
    clocks: Vec<i64>,
    chunks: Vec<Chunk>,
}

enum Columns {
    Groups(Box<Groups>),
    Rows {
        unpacker: Option<Box<Unpacker>>,
        windows: Vec<(i64, i64)>,
        /// How much older than the end of its window a record may be, ns, where that is known.
        age: Option<i64>,
    },
}

struct Groups {
    windowed: bool,
    timed: bool,
    panes: bool,
    signs: bool,
    feeds: bool,
    keys: Vec<Type>,
    aggs: Vec<Type>,
    key_columns: Vec<ColumnBuilder>,
    agg_columns: Vec<ColumnBuilder>,
    kinds: ColumnBuilder,
    numbers: ColumnBuilder,
    withdrawn: ColumnBuilder,
    marks: ColumnBuilder,
    moments: Vec<i64>,
    tells: Vec<i64>,
    windows: Vec<(i64, i64)>,
    times: Vec<i64>,
    before: Vec<i64>,
    scratch: Vec<u8>,
}

impl Given {
    /// `timed`: rows of no window have times too.
    pub fn new(grouping: &Grouping, timed: bool) -> Given {
        let columns = match &grouping.gives {
            Gives::Groups {
                keys,
                aggs,
                pane_columns,
            } => {
                let windowed = grouping.shape.is_windowed();
                Columns::Groups(Box::new(Groups::new(
                    windowed,
                    windowed || timed,
                    *pane_columns,
                    grouping.panes == Panes::Retract && !grouping.feeds,
                    grouping.feeds,
                    keys.clone(),
                    aggs.iter().map(|agg| agg.ty.clone()).collect(),
                )))
            }
            Gives::Rows { .. } => Columns::Rows {
                unpacker: None,
                windows: Vec::new(),
                age: grouping.shape.age_of_records(),
            },
        };
        Given {
            rows_max: ROWS_MAX,
            columns,
            clocks: Vec::new(),
            chunks: Vec::new(),
        }
    }

    pub fn push(&mut self, row: &Row<'_>, slots: &mut Slots, coder: &KeyCoder) {
        let full = match &mut self.columns {
            Columns::Groups(groups) => {
                groups.push(row, slots, coder);
                self.clocks.extend(row.clock);
                groups.rows() >= self.rows_max
            }
            Columns::Rows {
                unpacker, windows, ..
            } => {
                let Store::Rows { packer, .. } = &slots.store else {
                    return;
                };
                let unpacker = unpacker.get_or_insert_with(|| Box::new(packer.unpacker()));
                for packed in slots.rows(row.of) {
                    unpacker.push(packed);
                    windows.push(row.window);
                    self.clocks.extend(row.clock);
                }
                unpacker.len() >= self.rows_max
            }
        };
        if full {
            self.cut();
        }
    }

    fn cut(&mut self) {
        match &mut self.columns {
            Columns::Groups(groups) if groups.rows() > 0 => self.chunks.push(groups.finish()),
            Columns::Rows {
                unpacker,
                windows,
                age,
            } => {
                let Some(unpacker) = unpacker.take() else {
                    return;
                };
                let mut chunk = unpacker.finish(Vec::new());
                chunk.before = age.map(|age| {
                    let before = |(_, end): &(i64, i64)| before_of(*end, age);
                    windows.iter().map(before).collect()
                });
                chunk.windows = Some(std::mem::take(windows));
                self.chunks.push(chunk);
            }
            Columns::Groups(_) => {}
        }
        if let Some(chunk) = self.chunks.last_mut()
            && !self.clocks.is_empty()
        {
            chunk.clocks = Some(std::mem::take(&mut self.clocks));
        }
    }

    /// What was pushed since the last time. `bounds`: where rows that are kept have their window.
    pub fn chunks(&mut self, gives: &Gives) -> Vec<Chunk> {
        self.cut();
        let mut chunks = std::mem::take(&mut self.chunks);
        if let Gives::Rows { bounds } = gives {
            for chunk in &mut chunks {
                let windows = match bounds {
                    Some(_) => chunk.windows.clone().unwrap_or_default(),
                    None => continue,
                };
                if let Some((start, end)) = *bounds {
                    let starts = windows.iter().map(|(start, _)| *start).collect();
                    let ends = windows.iter().map(|(_, end)| *end).collect();
                    chunk.set_column(start, ColumnV::new(Column::Nanos(starts)));
                    chunk.set_column(end, ColumnV::new(Column::Nanos(ends)));
                }
            }
        }
        chunks
    }
}

pub fn builders(types: &[Type]) -> Vec<ColumnBuilder> {
    types.iter().map(ColumnBuilder::new).collect()
}

impl Groups {
    fn new(
        windowed: bool,
        timed: bool,
        panes: bool,
        signs: bool,
        feeds: bool,
        keys: Vec<Type>,
        aggs: Vec<Type>,
    ) -> Groups {
        Groups {
            windowed,
            timed,
            panes,
            signs,
            feeds,
            key_columns: builders(&keys),
            agg_columns: builders(&aggs),
            keys,
            aggs,
            kinds: ColumnBuilder::new(&Type::Text),
            numbers: ColumnBuilder::new(&Type::Number),
            withdrawn: ColumnBuilder::new(&Type::Bool),
            marks: ColumnBuilder::new(&Type::Text),
            moments: Vec::new(),
            tells: Vec::new(),
            windows: Vec::new(),
            times: Vec::new(),
            before: Vec::new(),
            scratch: Vec::new(),
        }
    }

    fn rows(&self) -> usize {
        self.times.len()
    }

    fn push(&mut self, row: &Row<'_>, slots: &mut Slots, coder: &KeyCoder) {
        coder.decode(row.key, &mut self.key_columns, &mut self.scratch);
        let window = self.windowed.then_some(row.window);
        slots.emit(row.of, window, &mut self.agg_columns, &mut self.scratch);
        if self.panes {
            self.kinds.bytes(row.kind.word(), &mut self.scratch);
            self.numbers.number(Number::Exact {
                units: i64::from(row.pane),
                scale: 0,
            });
        }
        if self.signs {
            let withdrawn = row.change == Change::Withdrawn;
            match withdrawn {
                true => self.withdrawn.bool(true),
                false => self.withdrawn.null(),
            }
            let mark: &[u8] = if withdrawn { b"-" } else { b"+" };
            self.marks.bytes(mark, &mut self.scratch);
        }
        if self.feeds {
            self.moments.push(row.moment);
            self.tells.push(tell(row.kind, row.change, 0));
        }
        self.windows.push(row.window);
        self.times.push(row.at.0);
        self.before.push(row.at.1);
    }

    fn finish(&mut self) -> Chunk {
        let fresh = Groups::new(
            self.windowed,
            self.timed,
            self.panes,
            self.signs,
            self.feeds,
            self.keys.clone(),
            self.aggs.clone(),
        );
        let full = std::mem::replace(self, fresh);
        let mut columns = Vec::new();
        if full.windowed {
            let starts = full.windows.iter().map(|(start, _)| *start).collect();
            let ends = full.windows.iter().map(|(_, end)| *end).collect();
            columns.push(Some(ColumnV::new(Column::Nanos(starts))));
            columns.push(Some(ColumnV::new(Column::Nanos(ends))));
        }
        let keys = full.key_columns.into_iter().chain(full.agg_columns);
        columns.extend(keys.map(|builder| Some(builder.finish())));
        if full.panes {
            columns.push(Some(full.kinds.finish()));
            columns.push(Some(full.numbers.finish()));
        }
        if full.signs {
            columns.push(Some(full.withdrawn.finish()));
            columns.push(Some(full.marks.finish()));
        }
        if full.feeds {
            columns.push(Some(ColumnV::new(Column::Nanos(full.moments))));
            columns.push(Some(ColumnV::new(Column::Nanos(full.tells))));
        }
        let mut chunk = Chunk::of_columns(full.times.len(), columns, full.scratch);
        if full.timed {
            chunk.times = Some(full.times);
            chunk.before = Some(full.before);
        }
        if full.windowed {
            chunk.windows = Some(full.windows);
        }
        chunk
    }
}
