//! `map-with-state`: variables by key, made from the record and their old values. The vectorised evaluator runs in
//! waves: the first row of every key in the chunk, then the second of each, and so on, so that a row sees what the
//! one before it made. Invariant: rows are given what a plain loop would give them; keys that time has forgotten
//! come out in order of that moment, before the row that shows it.

mod snapshot;

use super::lasting::{Lasting, Terms};
use super::rows::{self, CHUNK, Gathered};
use super::saving::{self, sound};
use crate::data::keys::KeyCoder;
use crate::data::packed::{self, Packer};
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::step::Counts;
use crate::data::time::Watermark;
use crate::data::{Block, Chunk, ColumnBuilder, ColumnV, FieldId, Selection, Type};
use crate::expr::{Arrivals, EvalContext, Expr};
use crate::plan::clocks::Lapse;
use crate::plan::grid::Grid;
use crate::plan::variables::{Enters, Initial, Variable};
use std::sync::Arc;

pub use snapshot::Snapshot;

/// What is said of the operator.
#[derive(Clone)]
pub struct Keeping {
    pub variables: Vec<Variable>,
    /// The fields that expressions read beside the variables: the node's arguments, in their order.
    pub reads: Vec<FieldId>,
    /// The key's fields.
    pub keys: Vec<(FieldId, Type)>,
    pub lapse: Lapse,
    /// `--on-timeout emit`
    pub emit: bool,
    pub initial: Arc<Initial>,
    pub enters: Enters,
}

/// A key's variables, packed, and the number of the row that was its last.
#[derive(Clone)]
struct Values {
    packed: Vec<u8>,
    row: u64,
}

/// A key whose time is over, on its way out.
#[derive(Clone)]
struct Timeout {
    /// The number of the first row that may show it.
    from: u64,
    moment: i64,
    key: Option<Vec<u8>>,
    packed: Vec<u8>,
}

#[derive(Clone)]
pub struct Variables {
    keeping: Keeping,
    values: Vec<Expr>,
    sets: Vec<(FieldId, Type)>,
    keyed: Lasting<Values>,
    bounded: bool,
    /// Until the first row: what keys begin with.
    unborn: Option<Arc<Initial>>,
    coder: KeyCoder,
    packer: Packer,
    alone: bool,
    /// Rows taken.
    rows: u64,
    timeouts: Vec<Timeout>,
    /// What the rows before had beside their fields, for those of timeouts.
    timed: bool,
    judged: bool,
    window: Option<(i64, i64)>,
    grid: Option<Grid>,
    slots: Vec<u32>,
    /// By slot: rows of the chunk at hand.
    turns: Vec<u32>,
    bytes: usize,
}

impl Variables {
    pub fn new(keeping: Keeping, terms: Terms, making: &Making<'_>) -> Variables {
        let variables = &keeping.variables;
        Variables {
            values: variables.iter().map(|one| one.value.clone()).collect(),
            sets: variables
                .iter()
                .map(|one| (one.new, one.value.ty.clone()))
                .collect(),
            bounded: terms.limits.keys_most().is_some(),
            keyed: Lasting::new(terms, making.seed),
            unborn: Some(keeping.initial.clone()).filter(|initial| !initial.is_empty()),
            coder: making.coder.clone(),
            packer: Packer::new(making.schema, making.carry, making.lines),
            alone: making.alone,
            rows: 0,
            timeouts: Vec::new(),
            timed: false,
            judged: false,
            window: None,
            grid: match &keeping.enters {
                Enters::Grid(window) => Some(Grid::new(window, making.zone)),
                Enters::Last | Enters::Own => None,
            },
            slots: Vec::new(),
            turns: Vec::new(),
            bytes: 0,
            keeping,
        }
    }

    /// Keys begin with what a file said when the first row comes.
    fn begin(&mut self, at: i64, told: &mut Told) {
        let Some(initial) = self.unborn.take() else {
            return;
        };
        for (key, packed) in initial.iter() {
            let slot = self.keyed.slot(key.as_deref());
            let packed = packed.clone();
            self.bytes += packed.len();
            let values = Values { packed, row: 0 };
            self.keyed.insert(slot, at, values, told);
        }
    }

    fn time_out(&mut self, slot: u32, moment: i64, values: Values) {
        self.bytes = self.bytes.saturating_sub(values.packed.len());
        if self.keeping.emit {
            self.timeouts.push(Timeout {
                from: values.row,
                moment,
                key: self.keyed.key(slot).map(<[u8]>::to_vec),
                packed: values.packed,
            });
        }
    }

    /// The rows (as places among the live ones) that can be evaluated together, in turn.
    fn waves(&mut self, slots: &[u32]) -> Vec<Vec<u32>> {
        if self.bounded {
            // Which key is forgotten depends on all rows before, not on those of one key.
            return (0..slots.len() as u32).map(|place| vec![place]).collect();
        }
        let mut waves: Vec<Vec<u32>> = Vec::new();
        for (place, &slot) in slots.iter().enumerate() {
            let slot = slot as usize;
            if self.turns.len() <= slot {
                self.turns.resize(slot + 1, 0);
            }
            let turn = self.turns[slot] as usize;
            self.turns[slot] += 1;
            if waves.len() == turn {
                waves.push(Vec::new());
            }
            waves[turn].push(place as u32);
        }
        for &slot in slots {
            self.turns[slot as usize] = 0;
        }
        waves
    }

    /// Evaluates the rows at `places`, whose keys differ.
    fn wave(&mut self, wave: &Wave<'_>, work: &mut Chunk, out: &mut Out, told: &mut Told) {
        let Wave {
            chunk,
            given,
            live,
            slots,
            places,
        } = *wave;
        let picked: Vec<u32> = places.iter().map(|&place| live[place as usize]).collect();
        work.columns.clear();
        work.rows = vec![Default::default(); picked.len()];
        work.live = Selection::All(picked.len() as u32);
        for (&field, arg) in self.keeping.reads.iter().zip(&given.args) {
            work.set_column(field, arg.gather(&picked));
        }
        // What has expired for its row is not seen by it.
        let mut olds: Vec<ColumnBuilder> = self
            .sets
            .iter()
            .map(|(_, ty)| ColumnBuilder::new(ty))
            .collect();
        let mut scratch = work.take_scratch();
        for (&place, &row) in places.iter().zip(&picked) {
            let slot = slots[place as usize];
            let watermark = rows::watermark(self.keeping.lapse, chunk, given.now, row);
            if self.keyed.is_full() {
                self.expire(watermark);
            }
            if let Some(moment) = self.keyed.expires(slot)
                && moment <= watermark
                && let Some(values) = self.keyed.forget(slot)
            {
                self.time_out(slot, moment, values);
            }
            match self.keyed.get(slot) {
                None => olds.iter_mut().for_each(ColumnBuilder::null),
                Some(values) => {
                    let mut packed = values.packed.as_slice();
                    for old in &mut olds {
                        packed::unpack_cell(&mut packed, old, &mut scratch);
                    }
                }
            }
        }
        work.set_scratch(scratch);
        for (variable, old) in self.keeping.variables.iter().zip(olds) {
            work.set_column(variable.old, old.finish());
        }
        let mut counts = Counts::default();
        let mut cx = EvalContext {
            now: given.now,
            arrivals: Arrivals::default(),
            counts: &mut counts,
        };
        let news: Vec<ColumnV> = self
            .values
            .iter_mut()
            .map(|value| value.eval(work, &mut cx))
            .collect();
        for (what, n) in counts.failed {
            *told.failed.entry(what).or_default() += n;
        }
        for (at, (&place, &row)) in places.iter().zip(&picked).enumerate() {
            let mut packed = Vec::new();
            let mut any = false;
            for (column, cells) in news.iter().zip(&mut out.cells) {
                let begin = packed.len();
                packed::pack_cell(work, column, at, &mut packed);
                let mut cell = &packed[begin..];
                packed::unpack_cell(&mut cell, cells, &mut out.scratch);
                any |= column.is_valid(at);
            }
            out.places.push(place);
            let slot = slots[place as usize];
            let mut time = rows::time(self.keeping.lapse, chunk, given.now, row);
            if let (Lapse::Event { .. }, Some(ttl)) = (self.keeping.lapse, self.keyed.ttl()) {
                // What is so far behind the watermark that it lasts no longer is over then, and no sooner.
                let watermark = rows::watermark(self.keeping.lapse, chunk, given.now, row);
                time = time.max(watermark.saturating_sub(ttl));
            }
            let number = self.rows + u64::from(place) + 1;
            self.keep(slot, time, any.then_some(packed), number, told);
            if told.failure.is_some() {
                return;
            }
        }
    }

    /// A key whose variables are all null is forgotten.
    fn keep(&mut self, slot: u32, time: i64, packed: Option<Vec<u8>>, row: u64, told: &mut Told) {
        let Some(packed) = packed else {
            if let Some(values) = self.keyed.forget(slot) {
                self.bytes = self.bytes.saturating_sub(values.packed.len());
            }
            return;
        };
        self.bytes += packed.len();
        if let Some(values) = self.keyed.get_mut(slot) {
            self.bytes = self.bytes.saturating_sub(values.packed.len());
            *values = Values { packed, row };
            self.keyed.renew(slot, time);
            return;
        }
        let forgotten = self.keyed.insert(slot, time, Values { packed, row }, told);
        if let Some((_, values)) = forgotten {
            self.bytes = self.bytes.saturating_sub(values.packed.len());
        }
    }

    /// A key is forgotten for a reason that is known elsewhere.
    fn drop_key(&mut self, key: Option<&[u8]>) {
        let slot = self.keyed.slot(key);
        if let Some(values) = self.keyed.forget(slot) {
            self.bytes = self.bytes.saturating_sub(values.packed.len());
        }
    }

    fn expire(&mut self, watermark: i64) {
        while let Some(gone) = self.keyed.due(watermark) {
            self.time_out(gone.slot, gone.moment, gone.state);
        }
    }

    /// The window of what times out at a moment, where rows have windows.
    fn window_at(&mut self, moment: i64) -> Option<(i64, i64)> {
        let last = self.window?;
        Some(match (&mut self.grid, &self.keeping.enters) {
            (Some(grid), _) => grid.behind(moment),
            (None, Enters::Own) => (moment, moment.saturating_add(1)),
            (None, _) => last,
        })
    }

    /// A timed-out key as a row: its key and its variables; the rest is null.
    fn give(&mut self, timeout: &Timeout, packer: &Packer, out: &mut Gathered) {
        let window = self.window_at(timeout.moment);
        let mut scratch = Vec::new();
        let types = self
            .keeping
            .keys
            .iter()
            .map(|(_, ty)| ColumnBuilder::new(ty));
        let mut keys: Vec<ColumnBuilder> = types.collect();
        self.coder
            .decode(timeout.key.as_deref(), &mut keys, &mut scratch);
        let mut row = Chunk::of_columns(1, Vec::new(), scratch);
        for ((field, _), key) in self.keeping.keys.iter().zip(keys) {
            row.set_column(*field, key.finish());
        }
        row.times = self.timed.then(|| vec![timeout.moment]);
        row.before = self.judged.then(|| vec![timeout.moment]);
        row.windows = window.map(|window| vec![window]);
        let mut packed = Vec::new();
        packer.pack(&row, 0, &mut packed);
        out.push(&packed);
        let (cells, scratch) = out.scratch();
        let mut packed = timeout.packed.as_slice();
        for cell in cells {
            packed::unpack_cell(&mut packed, cell, scratch);
        }
    }

    /// The timeouts that `choose` takes, by the moment, then by key.
    fn chosen(&mut self, choose: impl Fn(&Timeout) -> bool) -> Vec<Timeout> {
        let all = std::mem::take(&mut self.timeouts);
        let (mut now, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| choose(one));
        self.timeouts = later;
        now.sort_by(|one, other| {
            let keys = || self.coder.compare(one.key.as_deref(), other.key.as_deref());
            one.moment.cmp(&other.moment).then_with(keys)
        });
        now
    }

    /// The chunk with the rows of timeouts, each before the row that shows it.
    fn with_timeouts(&mut self, chunk: &Chunk, given: &Given, first: u64) -> Option<Chunk> {
        if self.timeouts.is_empty() || !self.alone {
            return None;
        }
        let packer = self.packer.clone();
        let mut out = Gathered::new(&packer, &self.sets);
        let mut packed = Vec::new();
        for (number, row) in (first..).zip(chunk.live.iter()) {
            let watermark = rows::watermark(self.keeping.lapse, chunk, given.now, row);
            if !self.timeouts.is_empty() {
                for timeout in self.chosen(|one| one.from <= number && one.moment <= watermark) {
                    self.give(&timeout, &packer, &mut out);
                }
            }
            packed.clear();
            self.packer.pack(chunk, row, &mut packed);
            out.push(&packed);
            let (cells, scratch) = out.scratch();
            for ((field, _), cell) in self.sets.iter().zip(cells) {
                packed.clear();
                match chunk.column(*field) {
                    Some(column) => packed::pack_cell(chunk, column, row as usize, &mut packed),
                    None => packed.push(0),
                }
                packed::unpack_cell(&mut packed.as_slice(), cell, scratch);
            }
        }
        Some(out.finish())
    }

    fn let_go(&mut self, upto: i64) -> Vec<Chunk> {
        self.expire(upto);
        let packer = self.packer.clone();
        let timeouts = self.chosen(|one| one.moment <= upto);
        let chunks = timeouts.chunks(CHUNK).map(|some| {
            let mut out = Gathered::new(&packer, &self.sets);
            for timeout in some {
                self.give(timeout, &packer, &mut out);
            }
            out.finish()
        });
        chunks.collect()
    }
}

/// Rows that are evaluated together.
#[derive(Copy, Clone)]
struct Wave<'w> {
    chunk: &'w Chunk,
    given: &'w Given,
    /// The live rows of the chunk, and the slots of their keys.
    live: &'w [u32],
    slots: &'w [u32],
    places: &'w [u32],
}

/// What waves have made, in their order.
struct Out {
    cells: Vec<ColumnBuilder>,
    scratch: Vec<u8>,
    /// Which live row each is.
    places: Vec<u32>,
}

impl Process for Variables {
    fn batches_from(&mut self, first: i64, told: &mut Told) {
        // Rows of batches have times, whether one has come or not.
        (self.timed, self.judged) = (true, true);
        self.begin(first, told);
    }

    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        if told.failure.is_some() {
            chunk.live = Selection::Some(Vec::new());
            return;
        }
        let lapse = self.keeping.lapse;
        let live: Vec<u32> = chunk.live.iter().collect();
        let Some(&row) = live.first() else {
            return;
        };
        self.timed = chunk.times.is_some();
        self.judged = chunk.before.is_some();
        self.window = chunk.windows.as_ref().map(|windows| windows[row as usize]);
        self.begin(rows::time(lapse, chunk, given.now, row), told);
        let mut slots = std::mem::take(&mut self.slots);
        self.keyed.slots(chunk, &given.key, &mut slots);
        let first = self.rows;
        // The bytes that cells point to go to where rows are evaluated, and come back.
        let mut work = Chunk::of_block(std::mem::take(&mut chunk.block));
        work.set_scratch(chunk.take_scratch());
        chunk.block = Block::default();
        let mut out = Out {
            cells: self
                .sets
                .iter()
                .map(|(_, ty)| ColumnBuilder::new(ty))
                .collect(),
            scratch: Vec::new(),
            places: Vec::with_capacity(live.len()),
        };
        for places in self.waves(&slots) {
            let wave = Wave {
                chunk,
                given,
                live: &live,
                slots: &slots,
                places: &places,
            };
            self.wave(&wave, &mut work, &mut out, told);
            if told.failure.is_some() {
                break;
            }
        }
        chunk.block = std::mem::take(&mut work.block);
        let mut scratch = work.take_scratch();
        let base = scratch.len();
        scratch.extend_from_slice(&out.scratch);
        chunk.set_scratch(scratch);
        let mut order = vec![0; chunk.rows.len()];
        for (made, &place) in out.places.iter().enumerate() {
            order[live[place as usize] as usize] = made as u32;
        }
        for ((field, _), cells) in self.sets.iter().zip(out.cells) {
            let mut column = cells.finish();
            rows::rebase(&mut column, base);
            chunk.set_column(*field, column.gather(&order));
        }
        if told.failure.is_some() {
            // One row a wave: those before the one that was too much.
            chunk.live.truncate(out.places.len().saturating_sub(1));
            self.slots = slots;
            return;
        }
        self.slots = slots;
        self.rows += live.len() as u64;
        self.expire(rows::last_watermark(lapse, chunk, given.now));
        if let Some(with) = self.with_timeouts(chunk, given, first) {
            *chunk = with;
        }
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        let upto = match (upto, self.keeping.lapse) {
            (Watermark::At(at), Lapse::Event { .. }) => at,
            (Watermark::End, Lapse::Event { .. }) => {
                // Keys that no record has begun.
                if self.unborn.is_some() {
                    self.begin(0, told);
                }
                i64::MAX
            }
            _ => return Vec::new(),
        };
        if !self.keeping.emit {
            return Vec::new();
        }
        self.let_go(upto)
    }

    fn held_windows(&self) -> Option<i64> {
        (!self.keeping.emit).then_some(i64::MAX)
    }

    fn next_end(&self) -> i64 {
        match (self.keeping.emit, self.keeping.lapse) {
            (true, Lapse::Event { .. }) => {
                let waiting = self.timeouts.iter().map(|one| one.moment).min();
                let next = self.keyed.next_end_about();
                waiting.map_or(next, |one| one.min(next))
            }
            _ => i64::MAX,
        }
    }

    fn tick(&mut self, now: i64) -> Vec<Chunk> {
        match (self.keeping.emit, self.keeping.lapse) {
            (true, Lapse::Arrival) => self.let_go(now),
            _ => Vec::new(),
        }
    }

    fn next_tick(&self) -> i64 {
        match (self.keeping.emit, self.keeping.lapse) {
            (true, Lapse::Arrival) => self.keyed.next_end_about(),
            _ => i64::MAX,
        }
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        (self.keyed.len(), self.keyed.bytes() + self.bytes)
    }

    fn save(&self, to: &mut Save) {
        to.put(&(self.unborn.is_some(), self.rows));
        to.put(&(self.timed, self.judged, self.window));
        saving::put_list(to, self.timeouts.iter(), |one, to| {
            to.put(&(one.from, one.moment));
            saving::put_bytes(to, one.key.as_deref());
            to.put_bytes(&one.packed);
        });
        self.keyed.save(to, |values, to| {
            to.put(&values.row);
            to.put_bytes(&values.packed);
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        if !from.take::<bool>()? {
            self.unborn = None;
        }
        self.rows = saving::count(from)?;
        (self.timed, self.judged, self.window) = from.take()?;
        let (coder, sets) = (&self.coder, &self.sets);
        let packed = |from: &mut Saved<'_>| {
            let packed = from.take_bytes()?;
            sound(packed::are_cells(packed, sets.iter().map(|(_, ty)| ty)))?;
            Ok(packed.to_vec())
        };
        self.timeouts = saving::take_list(from, |from| {
            let (first, moment) = from.take()?;
            let key = saving::take_bytes(from)?;
            sound(coder.fits(key))?;
            Ok(Timeout {
                from: first,
                moment,
                key: key.map(<[u8]>::to_vec),
                packed: packed(from)?,
            })
        })?;
        let is_key = |key: Option<&[u8]>| coder.fits(key);
        self.keyed.load(from, is_key, |from| {
            let row = from.take()?;
            let packed = packed(from)?;
            Ok(Values { packed, row })
        })?;
        self.bytes = self.keyed.iter().map(|(_, one)| one.packed.len()).sum();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::process::{Limits, OnFull};
    use crate::data::{Field, Schema, time::Zone};
    use crate::expr::{self, Env};
    use crate::state::testing::{self, Row, rows};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// `s = n > 3 ? null : (s ?? 0) + (n ?? 0)`: a sum that a large number ends.
    fn variable() -> Variable {
        let mut schema = Schema::new(vec![
            Field::new("k", Type::Text),
            Field::new("n", Type::Number),
            Field::new("", Type::Number),
            Field::new("s", Type::Number),
        ]);
        let mut env = Env {
            schema: &mut schema,
            zone: &Zone::default(),
            functions: &[],
        };
        let ast = expr::parse("n > 3 ? null : (s ?? 0) + (n ?? 0)").expect("it is well formed");
        Variable {
            name: "s".into(),
            old: 3,
            new: 2,
            value: expr::compile(&ast, &mut env).expect("its fields are there"),
        }
    }

    fn run(
        rows: &[Row],
        cuts: &[(usize, bool)],
        disorder: i64,
        ttl: Option<i64>,
        emit: bool,
        limits: Limits,
    ) -> testing::Ran {
        let keeping = Keeping {
            variables: vec![variable()],
            enters: Enters::Last,
            reads: vec![1],
            keys: vec![(0, Type::Text)],
            lapse: Lapse::Event {
                disorder: Some(disorder),
            },
            emit,
            initial: Arc::new(Vec::new()),
        };
        testing::run_with(rows, cuts, disorder, &[Type::Number], limits, |making| {
            let terms = Terms {
                operator: "map-with-state",
                ttl,
                may_have_ttl: true,
                limits: making.limits,
            };
            Box::new(Variables::new(keeping.clone(), terms, making))
        })
    }

    /// Row by row; `most`: keys that may be there.
    fn plain(
        rows: &[Row],
        disorder: i64,
        ttl: Option<i64>,
        emit: bool,
        most: usize,
    ) -> Vec<String> {
        // Last use, its number, the sum.
        let mut keys: BTreeMap<u8, (i64, usize, i64)> = BTreeMap::new();
        let (mut out, mut latest) = (Vec::new(), None::<i64>);
        let expire = |keys: &mut BTreeMap<u8, (i64, usize, i64)>, w: i64, out: &mut Vec<String>| {
            let Some(ttl) = ttl else { return };
            let mut gone = Vec::new();
            keys.retain(|key, (used, _, sum)| {
                if *used + ttl <= w {
                    gone.push((*used + ttl, *key, *sum));
                }
                *used + ttl > w
            });
            gone.sort();
            if emit {
                out.extend(gone.into_iter().map(|(_, _, sum)| format!(" {sum}")));
            }
        };
        for row in rows {
            let w = latest.map_or(i64::MIN, |latest| latest - disorder);
            expire(&mut keys, w, &mut out);
            let sum = keys.get(&row.key).map_or(0, |key| key.2) + row.n().unwrap_or(0);
            if row.n().is_some_and(|n| n > 3) {
                keys.remove(&row.key);
                out.push(format!("{} -", row.text()));
            } else {
                out.push(format!("{} {sum}", row.text()));
                if !keys.contains_key(&row.key) && keys.len() == most {
                    let oldest = keys.iter().min_by_key(|(_, one)| (one.0, one.1));
                    let oldest = *oldest.expect("there is one").0;
                    keys.remove(&oldest);
                }
                let used = keys.get(&row.key).map_or(row.at, |key| key.0.max(row.at));
                keys.insert(row.key, (used, row.place, sum));
            }
            latest = latest.max(Some(row.at));
        }
        expire(&mut keys, i64::MAX / 2, &mut out);
        out
    }

    proptest! {
        /// INTERFACE 6.1: "EXPR sees the record's fields and the old values; the record goes on with the new
        /// values. A key whose variables are all null is forgotten." SPARK 3.13: "Time-outs are exact".
        #[test]
        fn rows_see_what_the_ones_before_have_made(
            rows in rows(), cuts in testing::cuts(), disorder in 0i64..9,
            ttl in prop::option::of(1i64..20), emit: bool,
        ) {
            let ran = run(&rows, &cuts, disorder, ttl, emit, Limits::default());
            prop_assert_eq!(ran.lines, plain(&rows, disorder, ttl, emit, usize::MAX));
        }

        /// INTERFACE 2.6: "`--on-full evict-oldest`: forget the oldest by time (counted)".
        /// EVENT-TIME 2.7: "Expired entries must never be visible": nor does one make another key too many.
        #[test]
        fn the_key_used_longest_ago_is_forgotten(
            rows in rows(), cuts in testing::cuts(), disorder in 0i64..9,
            ttl in prop::option::of(1i64..20), emit: bool, most in 1u64..4,
        ) {
            let emit = emit && ttl.is_some();
            let limits = Limits { keys: Some(most), on_full: OnFull::EvictOldest };
            let ran = run(&rows, &cuts, disorder, ttl, emit, limits);
            prop_assert_eq!(ran.lines, plain(&rows, disorder, ttl, emit, most as usize));
        }
    }
}
