//! State that needs the order of rows, as those write it who have it: single-threaded. The engine owns threads,
//! order, timing and files. Invariant: what a process gives depends on the rows it took and their order alone,
//! never on how they were cut into chunks or when [`Process::close`] was called in between.

use super::delays::Delays;
use super::keys::KeyCoder;
use super::saved::{Damaged, Save, Saved};
use super::time::{Watermark, Zone};
use super::{Chunk, ColumnV, FieldId, Schema};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// How the two lines of a pair become one: a line that is not there gives nothing.
pub type MergeLines = Arc<dyn Fn(Option<&[u8]>, Option<&[u8]>, &mut Vec<u8>) + Send + Sync>;

/// What a process is made from, when the run begins.
pub struct Making<'a> {
    /// Of the rows that come in; and the fields of them that later nodes read, which a process must have in
    /// rows that it keeps (`data::packed`).
    pub schema: &'a Schema,
    pub carry: &'a [FieldId],
    /// The fields that the first arguments of the other stream's rows go to, one each.
    pub into: &'a [FieldId],
    /// Makes one line of those of both streams, where whole records are written.
    pub merge: Option<&'a MergeLines>,
    /// Whether rows that go on must still have their line.
    pub lines: bool,
    pub zone: &'a Zone,
    /// Of the key tables.
    pub seed: u64,
    /// Of [`Given::key`].
    pub coder: &'a KeyCoder,
    /// A row's own watermark (`Chunk::before`) is that of the whole plan: there is one source, so what time lets
    /// out may go as soon as a row shows how far time is. Otherwise only [`Process::close`] tells.
    pub alone: bool,
    pub limits: Limits,
    /// The chain's own rows come in batches.
    pub batched: bool,
    /// [`Process::tick`] is called at each moment of a clock that the data tell, whatever the process knows of it.
    pub ticked: bool,
}

/// `--max-keys`, `--max-state` and what happens then.
#[derive(Copy, Clone, Debug, Default)]
pub struct Limits {
    pub keys: Option<u64>,
    pub on_full: OnFull,
}

impl Limits {
    /// Keys that a state itself may hold: any number where what is beyond goes to the disk.
    pub fn keys_most(&self) -> Option<u64> {
        self.keys.filter(|_| self.on_full != OnFull::Spill)
    }
}

#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum OnFull {
    #[default]
    Fail,
    EvictOldest,
    /// None is one too many: they go to the disk, and who has them knows of no limit ([`Limits::keys_most`]).
    Spill,
}

/// What belongs to a chunk's rows: a row of the chunk each.
pub struct Given {
    /// Which stream it is: 0 the chain's own, 1 the other one.
    pub input: usize,
    /// The node's keys as one bytes column (`Making::coder` takes it apart again).
    pub key: ColumnV,
    /// The node's arguments, in their order.
    pub args: Vec<ColumnV>,
    /// The clock when the chunk came, ns.
    pub now: i64,
}

/// What a process has to tell beside its rows.
#[derive(Debug, Default)]
pub struct Told {
    pub late: Late,
    /// By what happened: `keys forgotten (--max-keys)`.
    pub counts: BTreeMap<&'static str, u64>,
    /// Conversions that failed, by what was converted.
    pub failed: BTreeMap<String, u64>,
    /// Why the run cannot go on: exit status and message.
    pub failure: Option<(i32, String)>,
    /// Why it has not gone well when it ends, though it goes on.
    pub regret: Option<(i32, String)>,
}

/// What keys forgotten for `--max-keys` are counted under.
pub const FORGOTTEN: &str = "keys forgotten (--max-keys)";
/// The exit status of a run whose state cannot hold what it must.
const FULL: i32 = 65;
/// And of one where something outside has failed.
const BROKEN: i32 = 74;

impl Told {
    /// The run cannot go on; the first reason counts.
    pub fn fail(&mut self, message: String) {
        self.failure.get_or_insert((FULL, message));
    }

    /// What came of rows outside of the run cannot be relied on: nothing that they led to is kept. Taken out.
    pub fn broke(&mut self) -> Option<(i32, String)> {
        self.failure.take_if(|(status, _)| *status == BROKEN)
    }

    /// Something outside that rows were given to has failed; the first time counts.
    pub fn break_off(&mut self, message: String) {
        self.failure.get_or_insert((BROKEN, message));
    }

    /// The same where the run goes on and says it at its end.
    pub fn regret(&mut self, message: String) {
        self.regret = Some((BROKEN, message));
    }

    /// A key was forgotten for `--max-keys`.
    pub fn forgot(&mut self) {
        *self.counts.entry(FORGOTTEN).or_default() += 1;
    }
}

/// Records that were late.
#[derive(Clone, Debug, Default)]
pub struct Late {
    pub records: u64,
    /// So many of them are further parts of a record that another one is of.
    pub parts: u64,
    /// Their lines, where they are kept (`--late FILE`), each with its line end.
    pub lines: Option<Vec<u8>>,
    /// How late they were: the watermark less their time, ns; but for `rows`.
    pub by: Delays,
    /// Those of the block at hand, until it is settled that they count.
    rows: Vec<LateRow>,
}

/// A late row that stands in its block.
#[derive(Clone, Debug)]
struct LateRow {
    begin: usize,
    /// It had been kept, and stands in its block no more, but among others that were kept.
    apart: bool,
    by: Option<i64>,
    /// Its line in `lines`.
    line: Range<usize>,
}

impl Late {
    /// None yet; `keep`: their lines are wanted.
    pub fn new(keep: bool) -> Late {
        Late {
            lines: keep.then(Vec::new),
            ..Late::default()
        }
    }

    /// A row of a chunk is late.
    pub fn tell(&mut self, chunk: &Chunk, row: u32) {
        self.records += 1;
        let span = chunk.rows[row as usize];
        let by = match (&chunk.times, &chunk.before) {
            (Some(times), Some(before)) => {
                Some(before[row as usize].saturating_sub(times[row as usize]))
            }
            _ => None,
        };
        let mut line = 0..0;
        if let Some(lines) = &mut self.lines {
            line.start = lines.len();
            lines.extend_from_slice(chunk.bytes(span));
            lines.push(b'\n');
            line.end = lines.len();
        }
        let record = chunk.record(row);
        self.rows.push(LateRow {
            begin: record.start(),
            // Where no line is asked for, there is none.
            apart: record.in_scratch() || record.is_empty(),
            by,
            line,
        });
    }

    /// A row that was kept is late, by so much, ns; its line, where it was kept too.
    pub fn tell_kept(&mut self, by: i64, line: Option<&[u8]>) {
        self.records += 1;
        self.by.add(by);
        if let (Some(lines), Some(line)) = (&mut self.lines, line) {
            lines.extend_from_slice(line);
            lines.push(b'\n');
        }
    }

    /// Takes what another has told behind this one.
    pub fn append(&mut self, other: &mut Late) {
        self.records += std::mem::take(&mut other.records);
        self.parts += std::mem::take(&mut other.parts);
        self.by.append(&std::mem::take(&mut other.by));
        let before = self.lines.as_ref().map_or(0, Vec::len);
        if let Some(more) = &mut other.lines {
            self.lines.get_or_insert_default().append(more);
        }
        self.rows.extend(other.rows.drain(..).map(|row| LateRow {
            line: row.line.start + before..row.line.end + before,
            ..row
        }));
    }

    /// Rows of the block that begin behind `last` do not count: that they were read is accident.
    pub fn cut(&mut self, last: usize) {
        let is_behind = |row: &LateRow| !row.apart && row.begin > last;
        let behind = self.rows.iter().filter(|row| is_behind(row));
        self.records -= behind.clone().count() as u64;
        if let Some(lines) = &mut self.lines {
            let (mut kept, mut from) = (Vec::new(), 0);
            for row in behind {
                kept.extend_from_slice(&lines[from..row.line.start]);
                from = row.line.end;
            }
            kept.extend_from_slice(&lines[from..]);
            *lines = kept;
        }
        self.rows.retain(|row| !is_behind(row));
    }

    /// Of a block: lines stand in its order, whoever found them late, and that of a record once, however many parts of it
    /// there are.
    pub fn sort(&mut self) {
        let rows = &mut self.rows;
        let in_order = |a: &LateRow, b: &LateRow| a.begin < b.begin;
        if rows.is_sorted_by(in_order) || rows.iter().any(|row| row.apart != rows[0].apart) {
            return;
        }
        rows.sort_by_key(|row| row.begin);
        let is_part = |pair: &[LateRow]| !pair[1].apart && pair[0].begin == pair[1].begin;
        let parts = rows.windows(2).filter(|pair| is_part(pair)).count();
        self.parts += parts as u64;
        let of_rows: usize = rows.iter().map(|row| row.line.len()).sum();
        let Some(lines) = self.lines.as_mut().filter(|lines| lines.len() == of_rows) else {
            return;
        };
        let mut sorted = Vec::with_capacity(of_rows);
        for at in 0..rows.len() {
            let line = std::mem::take(&mut rows[at].line);
            if at == 0 || !is_part(&rows[at - 1..=at]) {
                sorted.extend_from_slice(&lines[line]);
            }
        }
        *lines = sorted;
    }

    /// All of them count.
    pub fn settle(&mut self) {
        for by in self.rows.drain(..).filter_map(|row| row.by) {
            self.by.add(by);
        }
    }
}

/// Takes rows in order and gives rows, its own or theirs.
pub trait Process: Send {
    /// Takes the live rows of a chunk, in order; leaves in `chunk` what goes on: the same rows or some of them
    /// (`chunk.live`) with new columns, or another chunk put in its place. Times and windows of the rows that
    /// go on are in it.
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told);

    /// Rows come in batches, and this is the time of the first: told before rows and time are, whenever it is known.
    fn batches_from(&mut self, _first: i64, _told: &mut Told) {}

    /// Gives what the watermark lets out, oldest first. `End`: no row comes any more.
    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk>;

    /// Gives all rows there are, of a copy that is not used any more: what would come if the input ended now, and
    /// what has come and is kept. `ended`: it has ended.
    fn whole(&mut self, _ended: bool, told: &mut Told) -> Vec<Chunk> {
        self.close(Watermark::End, told)
    }

    /// What [`Process::whole`] of a copy gives has been given.
    fn given_whole(&mut self) {}

    /// Whether [`Process::whole`] has all that was ever given, or takes its place: an answer of its own.
    fn gives_whole(&self) -> bool {
        false
    }

    /// The run ends here and another one goes on: what is outside and waits for the end of the input has it now.
    fn leave(&mut self, _told: &mut Told) -> Vec<Chunk> {
        Vec::new()
    }

    /// Nothing more of what it gives is wanted: what is outside and still gives something is ended.
    fn enough(&mut self) {}

    /// Whether [`Process::close`] or [`Process::leave`] has more to give at once, of the same watermark.
    fn has_more(&self) -> bool {
        false
    }

    /// Whether something outside has been given rows and has not said yet that all is well: what was read until now
    /// must be given again if the run breaks off.
    fn is_open(&self) -> bool {
        false
    }

    /// When [`Process::close`] next has something to give, as far as the watermark decides; else `i64::MAX`.
    fn next_end(&self) -> i64 {
        i64::MAX
    }

    /// How far behind the watermark the times of rows may be that are still to come, ns: what follows is told of
    /// a watermark so much lower.
    fn lag(&self) -> i64 {
        0
    }

    /// Where time stands behind it though it goes on, until a row comes or its own [`Process::next_end`]: its lag grows
    /// as soon as time has passed that. `i64::MAX`: nowhere.
    fn held_time(&self) -> i64 {
        i64::MAX
    }

    /// As [`Process::lag`], of the ends of the windows that those rows are in.
    fn lag_of_windows(&self) -> i64 {
        self.lag()
    }

    /// The least end of the windows of the rows that it holds, `i64::MAX` of none: where rows leave in the windows that they
    /// have come with. `None`: their windows may be as old as [`Process::lag_of_windows`] says.
    fn held_windows(&self) -> Option<i64> {
        None
    }

    /// Whether it closes by the windows that rows are in when they come, and by nothing else.
    fn goes_by_windows(&self) -> bool {
        false
    }

    /// Gives what the clock lets out at `now`: rows that are early.
    fn tick(&mut self, _now: i64) -> Vec<Chunk> {
        Vec::new()
    }

    /// When the clock next lets something out, else `i64::MAX`.
    fn next_tick(&self) -> i64 {
        i64::MAX
    }

    /// Another one with the same state, to look at what would come of more rows.
    fn fork(&self) -> Box<dyn Process>;

    /// Keys and bytes held, about.
    fn held(&self) -> (usize, usize);

    /// Puts the state: another process of the same node, made with the same seed, that loads it goes on as this one
    /// would. No chunk is on its way.
    fn save(&self, to: &mut Save);

    /// Takes the state that [`Process::save`] has put, in place of its own, which is that of one just made. What
    /// was damaged is an error, or a state that no row and no time makes panic; behind an error it is of no use.
    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged>;
}
