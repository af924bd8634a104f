//! What is given of rows that are made anew at each moment (`plan::again`): to the next operator each change, to the
//! output panes. Makes no row itself. Invariant: what feeds the next one says of each row that stood and does not any
//! more that it is withdrawn, in front of what takes its place.

use super::corrected::chunk_of;
use super::grouped::given::{Change, Kind, tell};
use super::rows::{CHUNK, Gathered};
use super::saving::{self, sound};
use super::standing::Key;
use crate::data::packed::Packer;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{Chunk, ColumnBuilder, FieldId, Number, Type};
use crate::plan::again::Giving;
use crate::plan::grouping::Panes;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// A row as it is now.
pub struct Answer<'w> {
    /// What it is told by: a later row of the same takes its place.
    pub key: Cow<'w, Key>,
    pub rank: u64,
    /// Among the rows of its window, where their order is more than that of keys.
    pub place: u32,
    pub row: Cow<'w, [u8]>,
    /// It is of nothing: there is no such row any more.
    pub is_empty: bool,
}

/// What is numbered by itself: a ranking, or a row.
#[derive(Clone, Default)]
struct Unit {
    /// The number of the next pane.
    pane: u32,
    /// It has changed in this moment; which pane that makes.
    changed: Option<Kind>,
}

/// A row that was given.
#[derive(Clone)]
struct Was {
    row: Vec<u8>,
    rank: u64,
    place: u32,
    kind: Kind,
    pane: u32,
}

/// What is remembered of a window.
#[derive(Clone, Default)]
pub struct Memory {
    units: HashMap<Key, Unit>,
    given: HashMap<Key, Was>,
}

impl Memory {
    pub fn change(&mut self, unit: Key, kind: Kind) {
        self.units.entry(unit).or_default().changed = Some(kind);
    }

    /// The units that have changed, in no order.
    pub fn changed(&self) -> impl Iterator<Item = &Key> {
        let units = self.units.iter();
        units.filter_map(|(key, unit)| unit.changed.map(|_| key))
    }

    fn kind(&self, unit: &Key) -> Option<Kind> {
        self.units.get(unit)?.changed
    }

    pub fn bytes(&self) -> usize {
        let rows = self.given.iter();
        rows.map(|(key, was)| was.row.len() + key.as_ref().map_or(0, Vec::len) + 120)
            .sum()
    }

    pub fn save(&self, to: &mut Save) {
        let mut units: Vec<(&Key, &Unit)> = self.units.iter().collect();
        units.sort_unstable_by_key(|(key, _)| *key);
        saving::put_list(to, units.into_iter(), |(key, unit), to| {
            saving::put_bytes(to, key.as_deref());
            to.put(&(unit.pane, unit.changed));
        });
        let mut given: Vec<(&Key, &Was)> = self.given.iter().collect();
        given.sort_unstable_by_key(|(key, _)| *key);
        saving::put_list(to, given.into_iter(), |(key, was), to| {
            saving::put_bytes(to, key.as_deref());
            to.put(&(was.rank, was.place, was.kind, was.pane));
            to.put_bytes(&was.row);
        });
    }

    /// What [`Memory::save`] has put. `is_unit`, `is_key`: whether these can be one.
    pub fn load(
        from: &mut Saved<'_>,
        packer: &Packer,
        is_unit: impl Fn(Option<&[u8]>) -> bool,
        is_key: impl Fn(Option<&[u8]>) -> bool,
    ) -> Result<Memory, Damaged> {
        let mut memory = Memory::default();
        let units = saving::take_list(from, |from| {
            let key = saving::take_bytes(from)?;
            sound(is_unit(key))?;
            let pane = saving::small(from)?;
            let changed = from.take()?;
            Ok((key.map(<[u8]>::to_vec), Unit { pane, changed }))
        })?;
        memory.units.extend(units);
        let given = saving::take_list(from, |from| {
            let key = saving::take_bytes(from)?;
            sound(is_key(key))?;
            let rank = saving::count(from)?;
            let (place, kind): (u32, Kind) = from.take()?;
            let pane = saving::small(from)?;
            let row = from.take_bytes()?;
            sound(packer.is_row(row))?;
            let was = Was {
                row: row.to_vec(),
                rank,
                place,
                kind,
                pane,
            };
            Ok((key.map(<[u8]>::to_vec), was))
        })?;
        memory.given.extend(given);
        Ok(memory)
    }
}

/// What is given of a moment.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Form {
    /// Each change.
    Feeds,
    /// All that has been told of.
    All,
    /// What of it is another row than before.
    Changed,
    /// The same, behind the row that it replaces.
    Retract,
    /// What has been added, or rows that were not there.
    New,
}

/// Rows of one moment on their way out.
pub struct Out {
    pub moment: i64,
    /// What comes by then has come, where rows are to tell.
    pub passed: Option<i64>,
    /// Of a chunk, where not all go into one.
    most: usize,
    /// The time that no later row is older than, of each row of a chunk.
    chunks: Vec<(Gathered, Vec<i64>)>,
}

impl Out {
    /// All rows in one chunk.
    pub fn whole() -> Out {
        Out {
            moment: 0,
            passed: None,
            most: usize::MAX,
            chunks: Vec::new(),
        }
    }

    pub fn cut() -> Out {
        Out {
            most: CHUNK,
            ..Out::whole()
        }
    }

    pub fn chunks(self) -> Vec<Chunk> {
        let chunks = self.chunks.into_iter().map(|(rows, before)| {
            let mut chunk = chunk_of(rows);
            chunk.before = (!before.is_empty()).then_some(before);
            chunk
        });
        chunks.collect()
    }
}

#[derive(Clone)]
pub struct Giver {
    form: Form,
    sessions: bool,
    /// All rows of a window are one pane; else each is one.
    whole: bool,
    pub packer: Packer,
    sets: Vec<(FieldId, Type)>,
    has_rank: bool,
    giving: Giving,
    /// Columns of which what is new is a difference.
    parts: Vec<FieldId>,
}

impl Giver {
    /// Of rows that are a pane each, told by keys; each moment gives those that have changed.
    pub fn new(giving: Giving, packer: Packer) -> Giver {
        let form = match giving.panes {
            _ if giving.feeds.is_some() => Form::Feeds,
            Panes::Retract => Form::Retract,
            Panes::Discard => Form::New,
            Panes::Accumulate => Form::Changed,
        };
        Giver {
            form,
            sessions: giving.sessions,
            whole: false,
            packer,
            sets: giving.sets(),
            has_rank: false,
            giving,
            parts: Vec::new(),
        }
    }

    /// Every row that has been told of is given, and one that is of nothing says so; of these columns what is new is
    /// what has been added.
    pub fn of_groups(mut self, parts: Vec<FieldId>) -> Giver {
        if self.form == Form::Changed {
            self.form = Form::All;
        }
        self.parts = parts;
        self
    }

    /// All rows of a window are one pane, and are given with each; this is the field of their ranks.
    pub fn of_rankings(mut self, rank: Option<FieldId>) -> Giver {
        if self.form == Form::Changed {
            self.form = Form::All;
        }
        self.whole = true;
        self.has_rank = rank.is_some();
        let rank = rank.map(|field| (field, Type::Number));
        self.sets.splice(0..0, rank);
        self
    }

    /// What a row is numbered and told of by.
    fn unit_of<'k>(&self, key: &'k Key) -> &'k Key {
        if self.whole { &None } else { key }
    }

    /// Gives what the moment has made of a window. `answers`: its rows in order, all of them, or where they have no places
    /// those of the units that have changed. `is_empty`: no row of it stands.
    pub fn give(&self, memory: &mut Memory, is_empty: bool, answers: &[Answer<'_>], out: &mut Out) {
        let mut given = std::mem::take(&mut memory.given);
        // To the next one what is withdrawn goes first: another answer may have been of the same row.
        let mut stands = Vec::new();
        let mut printed = self.withdraw_gone(memory, &mut given, answers, out);
        // What has not changed may have another place.
        let moved = match self.form {
            Form::Feeds => memory.units.values().filter_map(|unit| unit.changed).max(),
            _ => None,
        };
        for answer in answers {
            let place = answer.place;
            let Some(unit) = memory.units.get_mut(self.unit_of(&answer.key)) else {
                continue;
            };
            let Some(kind) = unit.changed.or(moved) else {
                continue;
            };
            let is_told = match self.form {
                Form::All => !(is_empty && self.sessions),
                Form::New => !self.parts.is_empty(),
                _ => false,
            };
            if answer.is_empty && !is_told {
                continue;
            }
            let now = Was {
                row: answer.row.to_vec(),
                rank: answer.rank,
                place,
                kind,
                pane: unit.pane,
            };
            let was = given.get_mut(&*answer.key);
            let is_given = self.give_row(was.as_deref(), &now, out, &mut stands);
            printed |= is_given;
            if !self.whole {
                unit.pane += u32::from(is_given);
            }
            match was {
                _ if self.form == Form::All => {}
                _ if answer.is_empty => {
                    given.remove(&*answer.key);
                }
                Some(was) if is_given => *was = now,
                Some(was) => was.place = place,
                None => {
                    given.insert(answer.key.clone().into_owned(), now);
                }
            }
        }
        for now in &stands {
            self.push(now, now.kind, Change::Stands, out);
        }
        memory.given = given;
        for unit in memory.units.values_mut() {
            let changed = unit.changed.take().is_some();
            let is_new = self.whole && changed && (printed || self.form == Form::All);
            unit.pane += u32::from(is_new);
        }
    }

    /// Takes out rows that were given and are no more, and says so where that is said; whether it was.
    fn withdraw_gone(
        &self,
        memory: &Memory,
        given: &mut HashMap<Key, Was>,
        answers: &[Answer<'_>],
        out: &mut Out,
    ) -> bool {
        if given.is_empty() {
            return false;
        }
        let differs = self.form == Form::New && !self.parts.is_empty();
        let there = answers.iter().filter(|answer| !answer.is_empty || differs);
        let there: HashSet<&Key> = there.map(|answer| &*answer.key).collect();
        let is_gone = |key: &&Key| !there.contains(key);
        let gone: Vec<Key> = match self.whole {
            true => given.keys().filter(is_gone).cloned().collect(),
            false => memory.changed().filter(is_gone).cloned().collect(),
        };
        let gone = gone.into_iter().filter_map(|key| {
            let was = given.remove(&key)?;
            Some((was.place, key, was))
        });
        let mut gone: Vec<(u32, Key, Was)> = gone.collect();
        gone.sort_unstable_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        if !matches!(self.form, Form::Feeds | Form::Retract) {
            return false;
        }
        for (_, key, was) in &gone {
            let kind = memory.kind(self.unit_of(key));
            self.withdraw(was, kind.unwrap_or(was.kind), out);
        }
        !gone.is_empty()
    }

    /// Gives a row, if it is to be given behind the one that was; `stands`: gets it where it goes behind others.
    fn give_row(&self, was: Option<&Was>, now: &Was, out: &mut Out, stands: &mut Vec<Was>) -> bool {
        let same = was.is_some_and(|was| was.row == now.row && was.rank == now.rank);
        let on_time = now.kind == Kind::OnTime;
        match self.form {
            Form::All => {}
            Form::Changed if same && !on_time => return false,
            Form::Changed => {}
            Form::Retract if same && !on_time => return false,
            Form::Retract => {
                if let Some(was) = was {
                    self.withdraw(was, was.kind, out);
                }
            }
            Form::Feeds if same => {
                if !on_time && was.is_some_and(|was| was.place == now.place) {
                    return false;
                }
            }
            Form::Feeds => {
                if let Some(was) = was {
                    self.withdraw(was, now.kind, out);
                }
            }
            Form::New if self.parts.is_empty() => {
                if same {
                    return false;
                }
            }
            Form::New => {
                if same && !on_time {
                    return false;
                }
                let Some(was) = was else {
                    self.push(now, now.kind, Change::Stands, out);
                    return true;
                };
                let row = self.difference(&now.row, &was.row);
                let now = Was { row, ..now.clone() };
                self.push(&now, now.kind, Change::Stands, out);
                return true;
            }
        }
        match self.form {
            Form::Feeds => stands.push(now.clone()),
            _ => self.push(now, now.kind, Change::Stands, out),
        }
        true
    }

    /// A row that was given, as withdrawn: as it was, or for what follows as part of what changes.
    fn withdraw(&self, was: &Was, kind: Kind, out: &mut Out) {
        let kind = match self.form {
            Form::Feeds => kind,
            _ => was.kind,
        };
        self.push(was, kind, Change::Withdrawn, out);
    }

    /// Tells what is fed that the rows of a window that is forgotten stand for good, where time does not say so.
    pub fn settle(&self, memory: &Memory, out: &mut Out) {
        if !(self.sessions && self.form == Form::Feeds) {
            return;
        }
        let mut given: Vec<(&Key, &Was)> = memory.given.iter().collect();
        given.sort_unstable_by(|a, b| (a.1.place, a.0).cmp(&(b.1.place, b.0)));
        for (_, was) in given {
            self.push(was, was.kind, Change::Final, out);
        }
    }

    fn push(&self, row: &Was, kind: Kind, change: Change, out: &mut Out) {
        let last = out.chunks.last();
        if last.is_none_or(|(last, _)| last.len() >= out.most) {
            let rows = Gathered::new(&self.packer, &self.sets);
            out.chunks.push((rows, Vec::new()));
        }
        let Some((gathered, before)) = out.chunks.last_mut() else {
            return;
        };
        gathered.push(&row.row);
        before.extend(out.passed.map(|passed| passed.saturating_sub(1)));
        let (cells, scratch) = gathered.scratch();
        let mut cells = cells.iter_mut();
        let whole = |n: u64| Number::Exact {
            units: n as i64,
            scale: 0,
        };
        let mut next = |wanted: bool| if wanted { cells.next() } else { None };
        if let Some(cell) = next(self.has_rank) {
            cell.number(whole(row.rank));
        }
        if let (Some(word), Some(pane)) = {
            let is_paned = self.giving.pane.is_some();
            (next(is_paned), next(is_paned))
        } {
            word.bytes(kind.word(), scratch);
            pane.number(whole(u64::from(row.pane)));
        }
        let withdrawn = change == Change::Withdrawn;
        if let (Some(flag), Some(sign)) = {
            let is_marked = self.giving.marks.is_some();
            (next(is_marked), next(is_marked))
        } {
            match withdrawn {
                true => flag.bool(true),
                false => flag.null(),
            }
            sign.bytes(if withdrawn { b"-" } else { b"+" }, scratch);
        }
        if let (Some(moment), Some(tells)) = {
            let feeds = self.giving.feeds.is_some();
            (next(feeds), next(feeds))
        } {
            moment.nanos(out.moment);
            tells.nanos(tell(kind, change, row.place));
        }
    }

    /// A row with what has been added to it since.
    fn difference(&self, now: &[u8], was: &[u8]) -> Vec<u8> {
        let mut both = self.packer.unpacker();
        both.push(now);
        both.push(was);
        let both = both.finish(Vec::new());
        let mut one = self.packer.unpacker();
        one.push(now);
        let parts = self.parts.iter().filter_map(|&field| {
            let column = both.column(field)?;
            let ty = &self.packer.fields().iter().find(|(id, _)| *id == field)?.1;
            let mut cell = ColumnBuilder::new(ty);
            match (column.number(0), column.number(1)) {
                (None, None) => cell.null(),
                (now, was) => {
                    let nothing = Number::Exact { units: 0, scale: 0 };
                    cell.number(now.unwrap_or(nothing).sub(was.unwrap_or(nothing)));
                }
            }
            Some((field, cell.finish()))
        });
        let one = one.finish(parts.collect());
        let mut row = Vec::new();
        self.packer.pack(&one, 0, &mut row);
        row
    }
}
