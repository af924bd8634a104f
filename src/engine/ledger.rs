//! What went wrong and how often: bad records in the order of the input, so that "the first" and "all of the
//! first 1,000" do not depend on who read what.

use super::inputs::InputList;
use super::order::lock;
use super::prefix::Board;
use super::{Limit, OnBad};
use crate::data::process::Late;
use crate::error::{Failure, status};
use crate::sinks::{FileSink, Mark, Sink};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Condvar, Mutex, PoisonError};

/// Records at the beginning that may not all be bad.
const ALL_BAD: u64 = 1000;

/// One block's account.
#[derive(Debug, Default)]
pub struct Account {
    pub records: u64,
    pub bad: Vec<BadRecord>,
    pub late: Late,
    /// Bad records of the blocks before, where their number ends the run.
    pub before: Option<u64>,
    /// Which side's block it is; and of so many sides, the first of all, later blocks were read in vain.
    pub side: usize,
    pub ends: usize,
}

/// A bad record, with what is needed to tell where it stands.
#[derive(Clone, Debug)]
pub struct BadRecord {
    pub what: &'static str,
    pub input: u32,
    /// Of the record's first byte.
    pub offset: u64,
    pub column: u32,
    /// Its number among its block's records.
    pub index: u32,
    /// Lines before it in its source, where they were counted on the way.
    pub line: Option<u64>,
    /// So many lines it has.
    pub lines: u64,
    pub text: Vec<u8>,
}

/// The sum of one kind of fault.
#[derive(Clone, Debug)]
pub struct Fault {
    pub what: &'static str,
    pub count: u64,
    pub first: BadRecord,
}

/// Where the record stands that ends the run.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct End {
    pub offset: u64,
    /// A number of bad records ends it, which is known of before anything behind has got anywhere; else rows of other
    /// blocks may have.
    pub is_counted: bool,
}

pub struct Ledger {
    state: Mutex<State>,
    /// An account was entered, or none is waited for any more.
    entered: Condvar,
    on_bad: OnBad,
    max_bad: Option<Limit>,
    /// Runs before have found records of the format: that all of this run's are bad says nothing of it.
    known: bool,
    /// Of tables in memory: records, and bad ones among them.
    tables: (u64, u64),
    /// Records turn out bad behind their reader, too.
    strict: bool,
    /// Bad records of blocks as they are read.
    read: Board<u64>,
}

struct State {
    next: u64,
    abandoned: bool,
    waiting: BTreeMap<u64, Account>,
    /// The account of the last block that was needed of so many sides has been entered.
    closed: usize,
    records: u64,
    bad: u64,
    /// Good records by side.
    good: Vec<u64>,
    faults: HashMap<&'static str, Fault>,
    bad_file: Option<FileSink>,
    late: Late,
    late_file: Option<FileSink>,
    /// What stands before its first line.
    late_head: Vec<u8>,
}

impl State {
    fn write_bad(&mut self, lines: &[u8]) -> Result<(), Failure> {
        let Some(file) = &mut self.bad_file else {
            return Ok(());
        };
        file.write(lines).map_err(|error| Failure {
            status: status::IO,
            message: format!(
                "cannot write to {} (--bad-file): {error}",
                file.path().display()
            ),
        })
    }

    fn enter_late(&mut self, late: &mut Late) -> Result<(), Failure> {
        if let (Some(file), Some(lines)) = (&mut self.late_file, late.lines.take()) {
            file.write(&lines).map_err(|error| Failure {
                status: status::IO,
                message: format!(
                    "cannot write to {} (--late): {error}",
                    file.path().display()
                ),
            })?;
        }
        late.settle();
        self.late.append(late);
        Ok(())
    }
}

/// Where the record stands that ends the run, to some bad ones.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Ends {
    /// In front of all of them.
    Before,
    /// It is one of them, behind so many.
    With(u64),
    Behind,
}

impl Ledger {
    pub fn new(
        on_bad: OnBad,
        max_bad: Option<Limit>,
        bad_file: Option<FileSink>,
        late_file: Option<FileSink>,
        late_head: &[u8],
    ) -> Ledger {
        let state = State {
            next: 0,
            abandoned: false,
            waiting: BTreeMap::new(),
            closed: 0,
            records: 0,
            bad: 0,
            good: Vec::new(),
            faults: HashMap::new(),
            bad_file,
            late: Late::default(),
            late_file,
            late_head: late_head.to_vec(),
        };
        Ledger {
            state: Mutex::new(state),
            entered: Condvar::new(),
            on_bad,
            max_bad,
            known: false,
            tables: (0, 0),
            strict: false,
            read: Board::default(),
        }
    }

    /// With `--strict`.
    pub fn of_strict(self, strict: bool) -> Ledger {
        Ledger { strict, ..self }
    }

    /// `known`: what came in runs before was of the format.
    pub fn going_on(self, known: bool) -> Ledger {
        Ledger { known, ..self }
    }

    /// `--max-bad` is of their records too.
    pub fn with_tables(self, records: u64, bad: u64) -> Ledger {
        Ledger {
            tables: (records, bad),
            ..self
        }
    }

    /// So many bad records there may be in the input; one more ends the run.
    fn most(&self) -> Option<u64> {
        match (self.on_bad, self.max_bad) {
            (OnBad::Abort, _) => Some(0),
            (_, Some(Limit::Count(most))) => Some(most.saturating_sub(self.tables.1)),
            _ => None,
        }
    }

    /// Whether a number of bad records ends the run: every block learns that of those before it, so that nothing behind
    /// the record that ends it gets into any state.
    pub fn ends_by_count(&self) -> bool {
        self.most().is_some()
    }

    /// Whether it is only known behind the stage which record ends the run.
    pub fn awaits_accounts(&self) -> bool {
        self.strict && self.ends_by_count()
    }

    /// Block `seq` has been read, with so many bad records, and nothing of it has gone any further: how many the blocks
    /// before have, which are waited for. With `--strict` until they have gone all the way. `None`: the run is being
    /// abandoned.
    pub fn before(&self, seq: u64, bad: u64) -> Option<u64> {
        if !self.strict {
            return self.read.publish(seq, bad);
        }
        let mut state = lock(&self.state);
        while state.next < seq && !state.abandoned {
            state = self
                .entered
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let has_ended = state.closed == usize::MAX;
        (!state.abandoned).then_some(if has_ended { u64::MAX } else { state.bad })
    }

    /// Where the record stands that ends the run, to so many bad ones behind so many others.
    pub fn ends(&self, before: u64, bad: u64) -> Ends {
        match self.most().map(|most| most.checked_sub(before)) {
            Some(None) => Ends::Before,
            Some(Some(left)) if left < bad => Ends::With(left),
            _ => Ends::Behind,
        }
    }

    /// The offset of the record of block `seq` that ends the run, among those that are bad, which are put in order: of
    /// what is behind it nothing is written. Where it depends on the blocks before, they are waited for.
    pub fn end(&self, seq: u64, before: Option<u64>, bad: &mut [BadRecord]) -> Option<End> {
        bad.sort_by_key(|bad| (bad.offset, bad.index));
        let last = match before.map(|before| self.ends(before, bad.len() as u64)) {
            Some(Ends::Before) => Some(0),
            Some(Ends::With(at)) => Some(bad[at as usize].offset),
            Some(Ends::Behind) | None => None,
        };
        let mut state = lock(&self.state);
        while self.may_end(&state, bad) && state.next < seq && !state.abandoned {
            state = self
                .entered
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let thousandth = self.end_of(&state, bad).map(|at| bad[at].offset);
        let offset = last.into_iter().chain(thousandth).min()?;
        let is_counted = last == Some(offset) || self.awaits_accounts();
        Some(End { offset, is_counted })
    }

    /// Whether the records before may make one of these the last.
    fn may_end(&self, state: &State, bad: &[BadRecord]) -> bool {
        let leads = bad.first().is_some_and(|first| first.index == 0);
        leads && self.missing(state) > 0
    }

    /// Which of a block's bad records ends the run; all blocks before it have been entered.
    fn end_of(&self, state: &State, bad: &[BadRecord]) -> Option<usize> {
        // All of the first thousand are bad if all before are and the rest of the thousand leads this block.
        let last = self.missing(state).checked_sub(1);
        let leads = |at: &usize| bad.get(*at).is_some_and(|bad| bad.index as usize == *at);
        let hopeless = last.filter(leads);
        let over = match self.ends(state.bad, bad.len() as u64) {
            Ends::With(at) => Some(at as usize),
            Ends::Before => (!bad.is_empty()).then_some(0),
            Ends::Behind => None,
        };
        hopeless.into_iter().chain(over).min()
    }

    /// So many more bad records, and the first thousand are; 0: they are not, or may be.
    fn missing(&self, state: &State) -> usize {
        match self.on_bad == OnBad::Warn && !self.known && state.bad == state.records {
            true => ALL_BAD.saturating_sub(state.records) as usize,
            false => 0,
        }
    }

    /// No account is waited for any more.
    pub fn abandon(&self) {
        lock(&self.state).abandoned = true;
        self.entered.notify_all();
        self.read.abandon();
    }

    /// Takes bad records of a table in memory, as `--bad-file` has them.
    pub fn put_lines(&self, lines: &[u8]) -> Result<(), Failure> {
        if lines.is_empty() {
            return Ok(());
        }
        lock(&self.state).write_bad(lines)
    }

    /// Takes the account of block `seq`. A failure ends the run behind its last good record, whose time still counts; an
    /// error at once.
    pub fn put(
        &self,
        seq: u64,
        account: Account,
        inputs: &InputList,
    ) -> Result<Option<Failure>, Failure> {
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        state.waiting.insert(seq, account);
        let mut end = None;
        while let Some(account) = state.waiting.remove(&state.next) {
            state.next += 1;
            if account.side >= state.closed {
                state.closed = state.closed.max(account.ends);
                end = self.enter(state, account, inputs)?.or(end);
            }
        }
        self.entered.notify_all();
        Ok(end)
    }

    /// Takes what was late behind all accounts; an error ends the run.
    pub fn put_late(&self, mut late: Late) -> Result<(), Failure> {
        lock(&self.state).enter_late(&mut late)
    }

    /// Records that were late, and how much.
    pub fn late(&self) -> Late {
        lock(&self.state).late.clone()
    }

    /// Where its files stand, or which one could not be written.
    pub fn marks(&self) -> Result<Vec<Mark>, (String, std::io::Error)> {
        let mut state = lock(&self.state);
        let state = &mut *state;
        let mut marks = Vec::new();
        let files = [
            ("--bad-file", &mut state.bad_file),
            ("--late", &mut state.late_file),
        ];
        for (name, file) in files {
            if let Some(file) = file {
                marks.extend(file.marks().map_err(|error| (name.to_string(), error))?);
            }
        }
        Ok(marks)
    }

    /// Opens its files again by name, or says which one could not be.
    pub fn reopen(&self) -> Result<(), (String, std::io::Error)> {
        let mut state = lock(&self.state);
        let state = &mut *state;
        let files = [
            (&mut state.bad_file, Vec::new()),
            (&mut state.late_file, state.late_head.clone()),
        ];
        for (file, head) in files {
            let Some(file) = file else { continue };
            let reopened = file.reopen().and_then(|is_new| match is_new {
                true => file.write(&head),
                false => Ok(()),
            });
            reopened.map_err(|error| (file.path().to_string_lossy().into_owned(), error))?;
        }
        Ok(())
    }

    /// Whether the rest of the input was not needed, of one side at least, or not read.
    pub fn is_closed(&self) -> bool {
        lock(&self.state).closed > 0
    }

    fn enter(
        &self,
        state: &mut State,
        mut account: Account,
        inputs: &InputList,
    ) -> Result<Option<Failure>, Failure> {
        account.late.sort();
        state.enter_late(&mut account.late)?;
        let end = self.end_of(state, &account.bad);
        if let Some(end) = end {
            account.bad.truncate(end + 1);
            // Others may have read further.
            state.closed = usize::MAX;
        }
        state.records += account.records;
        if state.good.len() <= account.side {
            state.good.resize(account.side + 1, 0);
        }
        state.good[account.side] += account.records.saturating_sub(account.bad.len() as u64);
        for bad in account.bad {
            state.bad += 1;
            if state.bad_file.is_some() {
                let name = inputs.name(bad.input);
                state.write_bad(&bad_line(bad.what, &name, bad.offset, &bad.text))?;
            }
            let fault = state.faults.entry(bad.what).or_insert_with(|| Fault {
                what: bad.what,
                count: 0,
                first: bad.clone(),
            });
            fault.count += 1;
            // Blocks of several sources come in any order.
            let place = |bad: &BadRecord| (bad.input, bad.offset, bad.index);
            if place(&bad) < place(&fault.first) {
                fault.first = bad;
            }
        }
        if end.is_none() {
            return Ok(None);
        }
        let failure = self.check_count(state).err();
        match (failure, self.aborts()) {
            (None, true) => Ok(Some(not_told())),
            (None, false) => Err(not_told()),
            (failure, _) => Ok(failure),
        }
    }

    fn check_count(&self, state: &State) -> Result<(), Failure> {
        match self.max_bad {
            Some(Limit::Count(most)) if state.bad + self.tables.1 > most && !self.aborts() => {
                Err(too_many(most))
            }
            _ => Ok(()),
        }
    }

    fn aborts(&self) -> bool {
        self.on_bad == OnBad::Abort
    }

    /// The end of the input: what a share of bad records, or nothing but bad ones, comes to. `is_accident`: how many
    /// were read says nothing.
    pub fn finish(&self, is_accident: bool) -> Result<(), Failure> {
        if is_accident {
            return Ok(());
        }
        let state = lock(&self.state);
        if self.on_bad == OnBad::Warn
            && !self.known
            && state.records > 0
            && state.bad == state.records
        {
            return Err(Failure {
                status: status::DATA,
                message: String::new(),
            });
        }
        self.check_count(&state)?;
        let (records, bad) = self.tables;
        if let Some(Limit::Percent(most)) = self.max_bad
            && is_over(state.bad + bad, state.records + records, most)
        {
            let message = format!("more than {most}% of the records are bad (--max-bad)");
            return Err(Failure {
                status: status::DATA,
                message,
            });
        }
        Ok(())
    }

    /// Good records of a side.
    pub fn good(&self, side: usize) -> u64 {
        let state = lock(&self.state);
        state.good.get(side).copied().unwrap_or(0)
    }

    /// Records read, bad ones among them, and their kinds by frequency.
    pub fn totals(&self) -> (u64, u64, Vec<Fault>) {
        let state = lock(&self.state);
        let mut faults: Vec<Fault> = state.faults.values().cloned().collect();
        faults.sort_by(|a, b| b.count.cmp(&a.count).then(a.what.cmp(b.what)));
        (state.records, state.bad, faults)
    }
}

/// A bad record as `--bad-file` has it.
pub fn bad_line(what: &str, name: &str, offset: u64, text: &[u8]) -> Vec<u8> {
    let mut line = format!("{what}\t{name} byte {offset}\t").into_bytes();
    line.extend_from_slice(text);
    line.push(b'\n');
    line
}

/// What ends the run is told with the bad records.
fn not_told() -> Failure {
    Failure {
        status: status::DATA,
        message: String::new(),
    }
}

/// Whether so many of all are more than so many in a hundred. Of whole numbers of a hundred it is exact.
pub fn is_over(some: u64, all: u64, percent: f64) -> bool {
    some as f64 * 100.0 > percent * all as f64
}

/// More records are bad than may be.
pub fn too_many(most: u64) -> Failure {
    Failure {
        status: status::DATA,
        message: format!("more than {most} bad records (--max-bad)"),
    }
}
