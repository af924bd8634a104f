//! Sessions of two streams: the records of a key, of both sides together, that are at most a gap apart. A row has its
//! turn when the watermark passes its time, or, if it came behind its own side's watermark, when that is passed;
//! rows enter their sessions in that order, and a session is over when the watermark is behind its end and
//! the allowed lateness. Refuses rows
//! that would make or join only what is over: they are told. Invariant: turns are the rows' own, so neither cuts nor
//! how the sides interleave show.

use super::store::{Place, Store};
use super::{Form, Kind, LEFT, MergeLines, RIGHT, before_of, check_keys, key_of, time_of};
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, FieldId};
use crate::state::keyed::Keyed;
use crate::state::rows::bytes_of;
use crate::state::saving::{self, any_key, sound};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Keys that both sides may have; those of one side that equal nothing have its number.
const KNOWN: usize = 2;

/// Which windows records are put into.
#[derive(Copy, Clone, Debug)]
pub struct Gap {
    /// Records of one session are at most so far apart, ns.
    pub gap: i64,
    /// A session is shorter than this from its first record to its last, ns.
    pub max: Option<i64>,
    /// How long a session that is over still takes records, ns: it waits for them.
    pub lateness: i64,
    /// How much later times are shown than they are, ns.
    pub later: i64,
}

impl Gap {
    /// The end of a session.
    fn end(&self, last: i64) -> i64 {
        last.saturating_add(self.gap)
    }

    /// What the watermark is behind when no record enters it any more.
    fn over(&self, last: i64) -> i64 {
        self.end(last).saturating_add(self.lateness)
    }
}

/// A row that waits for its turn: the turn, its side, its place there, its time, whose key it has.
type Waiting = (i64, u8, u64, i64, u8, Place);

/// A row of a session: its place among its side's, its time.
type Row = (u64, i64, Place);

#[derive(Clone, Debug)]
struct Session {
    first: i64,
    last: i64,
    /// When it is next looked at; not behind when it is over.
    due: i64,
    rows: [Vec<Row>; 2],
}

/// Sessions of a key, by their first records.
type OfKey = Vec<Session>;

/// Rows of both sides on their way into sessions.
#[derive(Clone)]
pub struct Sessions {
    terms: Gap,
    /// What it says that it is where keys are too many.
    holder: &'static str,
    coder: KeyCoder,
    keys_max: Option<u64>,
    keyed: [Keyed<OfKey>; 3],
    waiting: BinaryHeap<Reverse<Waiting>>,
    /// When sessions are looked at: whose key, and its slot.
    due: BinaryHeap<Reverse<(i64, u8, u32)>>,
    /// The first times of the sessions that are open, each with how many have it.
    firsts: BTreeMap<i64, u32>,
    store: Store,
    places: [u64; 2],
    /// What the watermark has come to, and below what no row is that still comes out.
    passed: i64,
    hold: i64,
    /// Reused.
    held: Vec<u8>,
    joined: Vec<usize>,
}

/// A session that is over.
pub struct Closed<'a> {
    /// The side whose key it is, if that equals nothing.
    pub side: Option<usize>,
    pub key: Option<&'a [u8]>,
    pub window: (i64, i64),
    /// Times and rows of both sides, as they came.
    pub rows: [Vec<(i64, &'a [u8])>; 2],
    /// What its rows may be judged by if they keep their times.
    pub before: i64,
}

/// A row with its key and, of one that may turn out to be late, its line.
fn put_together(key: Option<&[u8]>, line: Option<&[u8]>, row: &[u8], out: &mut Vec<u8>) {
    out.clear();
    for part in [key, line] {
        out.push(u8::from(part.is_some()));
        let part = part.unwrap_or_default();
        out.extend_from_slice(&(part.len() as u32).to_le_bytes());
        out.extend_from_slice(part);
    }
    out.extend_from_slice(row);
}

struct Apart<'a> {
    key: Option<&'a [u8]>,
    line: Option<&'a [u8]>,
    row: &'a [u8],
}

fn taken_apart(held: &[u8]) -> Option<Apart<'_>> {
    let part = |bytes| -> Option<(Option<&[u8]>, &[u8])> {
        let (head, rest): (&[u8; 5], &[u8]) = <[u8]>::split_first_chunk(bytes)?;
        let [is_there, len @ ..] = *head;
        let (part, rest) = rest.split_at_checked(u32::from_le_bytes(len) as usize)?;
        Some(((is_there != 0).then_some(part), rest))
    };
    let (key, rest) = part(held)?;
    let (line, row) = part(rest)?;
    Some(Apart { key, line, row })
}

impl Sessions {
    pub fn new(making: &Making<'_>, terms: Gap, holder: &'static str) -> Sessions {
        Sessions {
            terms,
            holder,
            coder: making.coder.clone(),
            keys_max: making.limits.keys,
            keyed: [(); 3].map(|()| Keyed::new(making.seed)),
            waiting: BinaryHeap::new(),
            due: BinaryHeap::new(),
            firsts: BTreeMap::new(),
            store: Store::default(),
            places: [0; 2],
            passed: i64::MIN,
            hold: i64::MIN,
            held: Vec::new(),
            joined: Vec::new(),
        }
    }

    /// Takes the live rows of a chunk; `pack` gives a row as it is kept, or says that it is not wanted: whether its
    /// key is one that the other side may have.
    pub fn take(
        &mut self,
        chunk: &Chunk,
        given: &Given,
        told: &Told,
        mut pack: impl FnMut(u32, bool, &mut Vec<u8>) -> bool,
    ) {
        let side = given.input.min(1);
        let (mut row_bytes, mut held) = (Vec::new(), std::mem::take(&mut self.held));
        for row in chunk.live.iter() {
            let place = self.places[side];
            self.places[side] += 1;
            let known = key_of(&self.coder, chunk, &given.key, row).is_some();
            row_bytes.clear();
            if !pack(row, known, &mut row_bytes) {
                continue;
            }
            let key = bytes_of(chunk, &given.key, row);
            let time = time_of(chunk, row).unwrap_or(0);
            let turn = time.max(before_of(chunk, row));
            let may_be_late = turn > self.terms.over(time);
            let line = (may_be_late && told.late.lines.is_some())
                .then(|| chunk.bytes(chunk.rows[row as usize]));
            put_together(key, line, &row_bytes, &mut held);
            let whose = if known { KNOWN } else { side };
            let kept = self.store.put(&held);
            let waiting = (turn, side as u8, place, time, whose as u8, kept);
            self.waiting.push(Reverse(waiting));
        }
        self.held = held;
    }

    /// A row enters its session, with those that it makes one.
    fn enter(&mut self, (turn, side, place, time, whose, kept): Waiting, told: &mut Told) {
        let Some(apart) = taken_apart(self.store.get(kept)) else {
            return self.store.free(kept);
        };
        let gap = self.terms.gap;
        let keyed = &mut self.keyed[whose as usize];
        let slot = keyed.slot(apart.key);
        let (sessions, _) = keyed.get_or(slot, OfKey::new);
        let (mut first, mut last) = (time, time);
        let joined = &mut self.joined;
        joined.clear();
        for (at, session) in sessions.iter().enumerate() {
            let is_near = time >= session.first.saturating_sub(gap)
                && time <= session.last.saturating_add(gap);
            let (from, to) = (first.min(session.first), last.max(session.last));
            let is_short = |max| to.saturating_sub(from) < max;
            if is_near && self.terms.max.is_none_or(is_short) {
                joined.push(at);
                (first, last) = (from, to);
            }
        }
        let over = self.terms.over(last);
        if turn > over {
            told.late.tell_kept(turn.saturating_sub(time), apart.line);
            if sessions.is_empty() {
                keyed.forget(slot);
            }
            return self.store.free(kept);
        }
        let mut session = Session {
            first,
            last,
            due: i64::MAX,
            rows: [Vec::new(), Vec::new()],
        };
        for at in joined.drain(..).rev() {
            let one = sessions.remove(at);
            take_out(&mut self.firsts, one.first);
            session.due = session.due.min(one.due);
            for (rows, mut more) in session.rows.iter_mut().zip(one.rows) {
                // The larger part stays where it is.
                if more.len() > rows.len() {
                    std::mem::swap(rows, &mut more);
                }
                rows.append(&mut more);
            }
        }
        session.rows[side as usize].push((place, time, kept));
        if session.due == i64::MAX {
            session.due = over;
            self.due.push(Reverse((over, whose, slot)));
        }
        let at = sessions.partition_point(|one| (one.first, one.last) <= (first, last));
        sessions.insert(at, session);
        *self.firsts.entry(first).or_default() += 1;
    }

    /// Gives the sessions that are over below `now`, all without one: by end, key, beginning.
    fn end_below(&mut self, now: Option<i64>, give: &mut dyn FnMut(Closed<'_>)) {
        let is_over = |at: i64| now.is_none_or(|now| at < now);
        let mut over: Vec<(i64, u8, u32, Session)> = Vec::new();
        while let Some(&Reverse((at, whose, slot))) = self.due.peek() {
            if !is_over(at) {
                break;
            }
            self.due.pop();
            let terms = self.terms;
            let Some(sessions) = self.keyed[whose as usize].get_mut(slot) else {
                continue;
            };
            let mut i = 0;
            while i < sessions.len() {
                let session = &mut sessions[i];
                let due = terms.over(session.last);
                if session.due > at {
                    i += 1;
                } else if is_over(due) {
                    let end = terms.end(session.last);
                    over.push((end, whose, slot, sessions.remove(i)));
                } else {
                    session.due = due;
                    self.due.push(Reverse((due, whose, slot)));
                    i += 1;
                }
            }
        }
        over.sort_by(|one, other| {
            let key = |(_, whose, slot, _): &(i64, u8, u32, Session)| {
                self.keyed[*whose as usize].key(*slot)
            };
            let by_key = || self.coder.compare(key(one), key(other));
            let rest = |(_, whose, _, session): &(i64, u8, u32, Session)| (*whose, session.first);
            (one.0.cmp(&other.0))
                .then_with(by_key)
                .then_with(|| rest(one).cmp(&rest(other)))
        });
        for (end, whose, slot, mut session) in over {
            self.hold_at(end);
            take_out(&mut self.firsts, session.first);
            let rows = session.rows.each_mut().map(|rows| {
                rows.sort_unstable();
                let apart =
                    |place| taken_apart(self.store.get(place)).map_or(&[][..], |one| one.row);
                let rows = rows.iter().map(|(_, time, place)| (*time, apart(*place)));
                rows.collect()
            });
            give(Closed {
                side: ((whose as usize) < KNOWN).then_some(whose as usize),
                key: self.keyed[whose as usize].key(slot),
                window: (session.first + self.terms.later, end + self.terms.later),
                rows,
                before: self.hold,
            });
            for (_, _, place) in session.rows.into_iter().flatten() {
                self.store.free(place);
            }
            let keyed = &mut self.keyed[whose as usize];
            if keyed.get(slot).is_some_and(Vec::is_empty) {
                keyed.forget(slot);
            }
        }
    }

    /// Rows that come out behind this moment are not older: those of sessions that are open, and those that may still
    /// enter one.
    fn hold_at(&mut self, now: i64) {
        let first = self.firsts.keys().next().copied().unwrap_or(i64::MAX);
        let hold = first.min(now).saturating_sub(self.terms.gap);
        self.hold = self.hold.max(hold);
    }

    /// Gives the sessions that the watermark has passed.
    pub fn close(&mut self, upto: Watermark, told: &mut Told, give: &mut dyn FnMut(Closed<'_>)) {
        let upto = match upto {
            Watermark::None => return,
            Watermark::At(at) => Some(at),
            Watermark::End => None,
        };
        let mut now = None;
        while let Some(&Reverse(row)) = self.waiting.peek() {
            if upto.is_some_and(|upto| row.0 >= upto) {
                break;
            }
            self.waiting.pop();
            if now.replace(row.0) != Some(row.0) {
                self.end_below(Some(row.0), give);
                // As it would be if time had been told.
                self.hold_at(row.0.saturating_sub(self.terms.lateness));
            }
            self.enter(row, told);
            // Those that are over by now are gone, whenever time is told.
            let keys = self.keyed.iter().map(Keyed::len).sum();
            check_keys(self.holder, keys, self.keys_max, told);
            if told.failure.is_some() {
                return;
            }
        }
        self.end_below(upto, give);
        if let Some(upto) = upto {
            self.hold_at(upto.saturating_sub(self.terms.lateness));
            self.passed = self.passed.max(upto);
        }
        self.tidy();
    }

    /// Room for keys that are gone is given back; slots change.
    fn tidy(&mut self) {
        let mut moved = false;
        for keyed in &mut self.keyed {
            keyed.tidy(|_, _, _| moved = true);
        }
        if moved {
            self.list();
        }
    }

    /// Lists when each session is looked at.
    fn list(&mut self) {
        self.due.clear();
        for (whose, keyed) in self.keyed.iter().enumerate() {
            for (slot, sessions) in keyed.iter() {
                let entries = sessions.iter();
                let entries = entries.map(|one| Reverse((one.due, whose as u8, slot)));
                self.due.extend(entries);
            }
        }
    }

    pub fn next_end(&self) -> i64 {
        let waits = self.waiting.peek().map(|Reverse(row)| row.0);
        let due = self.due.peek().map(|Reverse((at, ..))| *at);
        let first = waits.into_iter().chain(due).min();
        first.map_or(i64::MAX, |at| at.saturating_add(1))
    }

    /// How far behind the watermark rows may be that are still to come and keep their times.
    pub fn lag(&self) -> i64 {
        match self.passed {
            i64::MIN => 0,
            passed => passed.saturating_sub(self.hold).max(0),
        }
    }

    /// Where time stands behind them until the first of them is over; `i64::MAX`: none is open.
    pub fn held_time(&self) -> i64 {
        let first = self.firsts.keys().next();
        first.map_or(i64::MAX, |first| first.saturating_sub(self.terms.gap))
    }

    /// How far behind the watermark the ends of sessions may be that are still to come.
    pub fn lag_of_ends(&self) -> i64 {
        // One is over when the watermark is behind its end and the allowed lateness.
        let strictly = 1 - self.terms.later;
        self.terms.lateness.saturating_add(strictly)
    }

    pub fn held(&self) -> (usize, usize) {
        let (mut keys, mut bytes) = (0, 0);
        for keyed in &self.keyed {
            keys += keyed.len();
            bytes += keyed.bytes();
        }
        let entries = self.waiting.len() * size_of::<Waiting>();
        (keys, bytes + self.store.held() + entries)
    }

    pub fn save(&self, to: &mut Save) {
        to.put(&(self.places, self.passed, self.hold));
        let mut waiting: Vec<Waiting> = self.waiting.iter().map(|one| one.0).collect();
        waiting.sort_unstable();
        saving::put_list(to, waiting.into_iter(), |row, to| {
            let (turn, side, place, time, whose, kept) = row;
            to.put(&(turn, side, place, time, whose));
            to.put_bytes(self.store.get(kept));
        });
        for keyed in &self.keyed {
            keyed.save(to, |sessions, to| {
                saving::put_list(to, sessions.iter(), |session, to| {
                    to.put(&(session.first, session.last, session.due));
                    for rows in &session.rows {
                        let mut rows = rows.clone();
                        rows.sort_unstable();
                        saving::put_list(to, rows.into_iter(), |(place, time, kept), to| {
                            to.put(&(place, time));
                            to.put_bytes(self.store.get(kept));
                        });
                    }
                });
            });
        }
    }

    /// `is_row`: whether bytes are a row of a side; `is_key`: whether they are a key.
    pub fn load(
        &mut self,
        from: &mut Saved<'_>,
        is_row: impl Fn(usize, &[u8]) -> bool,
        is_key: impl Fn(Option<&[u8]>) -> bool,
    ) -> Result<(), Damaged> {
        self.places = [saving::count(from)?, saving::count(from)?];
        (self.passed, self.hold) = from.take()?;
        let store = &mut self.store;
        let mut row = |from: &mut Saved<'_>, side: usize| {
            let held = from.take_bytes()?;
            let apart = taken_apart(held).ok_or(Damaged)?;
            sound(is_row(side, apart.row) && is_key(apart.key))?;
            Ok(store.put(held))
        };
        let waiting = saving::take_list(from, |from| {
            let (turn, side, place, time, whose): (i64, u8, u64, i64, u8) = from.take()?;
            sound(side < 2 && whose as usize <= KNOWN)?;
            let kept = row(from, side as usize)?;
            Ok(Reverse((turn, side, place, time, whose, kept)))
        })?;
        self.waiting = waiting.into();
        let mut sessions = |from: &mut Saved<'_>| {
            let sessions = saving::take_list(from, |from| {
                let (first, last, due) = from.take()?;
                let mut rows = [Vec::new(), Vec::new()];
                for side in [LEFT, RIGHT] {
                    rows[side] = saving::take_list(from, |from| {
                        let (place, time) = from.take()?;
                        Ok((place, time, row(from, side)?))
                    })?;
                }
                Ok(Session {
                    first,
                    last,
                    due,
                    rows,
                })
            })?;
            sound(!sessions.is_empty())?;
            Ok(sessions)
        };
        for keyed in &mut self.keyed {
            keyed.load(from, &is_key, &mut sessions)?;
        }
        for session in self
            .keyed
            .iter()
            .flat_map(Keyed::iter)
            .flat_map(|(_, all)| all)
        {
            *self.firsts.entry(session.first).or_default() += 1;
        }
        self.list();
        Ok(())
    }
}

/// One less of a time.
fn take_out(firsts: &mut BTreeMap<i64, u32>, first: i64) {
    if let Some(count) = firsts.get_mut(&first) {
        *count -= 1;
        if *count == 0 {
            firsts.remove(&first);
        }
    }
}

/// Joins in sessions: all pairs of both sides' rows in one session of their key, when it is over.
#[derive(Clone)]
pub struct InSessions {
    kind: Kind,
    form: Form,
    sessions: Sessions,
}

impl InSessions {
    /// `fields`: those that the ends of a row's session go to, and its time.
    pub fn new(
        making: &Making<'_>,
        kind: Kind,
        terms: Gap,
        fields: (FieldId, FieldId),
        time: FieldId,
        merge: Option<MergeLines>,
    ) -> InSessions {
        let mut form = Form::new(making, merge);
        (form.window, form.time) = (Some(fields), Some(time));
        InSessions {
            kind,
            form,
            sessions: Sessions::new(making, terms, "a join"),
        }
    }
}

impl Process for InSessions {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let keeps = self.kind.keeps[given.input.min(1)];
        let form = &self.form;
        self.sessions.take(chunk, given, told, |row, known, out| {
            let wanted = known || keeps;
            if wanted {
                form.pack(chunk, given, row, out);
            }
            wanted
        });
        self.form.pairs().replace(chunk);
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        let (kind, mut pairs) = (self.kind, self.form.pairs());
        self.sessions.close(upto, told, &mut |closed| {
            pairs.judge_by(Some(closed.before));
            let [left, right] = &closed.rows;
            if !left.is_empty() && !right.is_empty() {
                for (one, left) in left.iter().filter(|_| kind.pairs) {
                    for (other, right) in right {
                        let time = Some(*one.max(other));
                        pairs.push_in(Some(left), Some(right), time, closed.window);
                    }
                }
                return;
            }
            for (time, row) in left.iter().filter(|_| kind.keeps[LEFT]) {
                pairs.push_in(Some(row), None, Some(*time), closed.window);
            }
            for (time, row) in right.iter().filter(|_| kind.keeps[RIGHT]) {
                pairs.push_in(None, Some(row), Some(*time), closed.window);
            }
        });
        pairs.finish()
    }

    fn next_end(&self) -> i64 {
        self.sessions.next_end()
    }

    fn lag(&self) -> i64 {
        self.sessions.lag()
    }

    fn held_time(&self) -> i64 {
        self.sessions.held_time()
    }

    fn lag_of_windows(&self) -> i64 {
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
        let form = &self.form;
        let is_row = |side: usize, row: &[u8]| form.is_row(row, side);
        self.sessions.load(from, is_row, any_key)
    }
}
