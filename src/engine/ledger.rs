//! What went wrong and how often: bad records in the order of the input, so that "the first" and "all of the
//! first 1,000" do not depend on who read what.

use super::inputs::InputList;
use super::order::lock;
use super::{Limit, OnBad};
use crate::data::process::Late;
use crate::error::{Failure, status};
use crate::sinks::{FileSink, Mark, Sink};
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

/// Records at the beginning that may not all be bad.
const ALL_BAD: u64 = 1000;

/// One block's account.
#[derive(Debug, Default)]
pub struct Account {
    pub records: u64,
    pub bad: Vec<BadRecord>,
    pub late: Late,
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
    pub text: Vec<u8>,
}

/// The sum of one kind of fault.
#[derive(Clone, Debug)]
pub struct Fault {
    pub what: &'static str,
    pub count: u64,
    pub first: BadRecord,
}

pub struct Ledger {
    state: Mutex<State>,
    on_bad: OnBad,
    max_bad: Option<Limit>,
    /// Runs before have found records of the format: that all of this run's are bad says nothing of it.
    known: bool,
}

struct State {
    next: u64,
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
            on_bad,
            max_bad,
            known: false,
        }
    }

    /// `known`: what came in runs before was of the format.
    pub fn going_on(self, known: bool) -> Ledger {
        Ledger { known, ..self }
    }

    /// Takes the account of block `seq`. An error ends the run.
    pub fn put(&self, seq: u64, account: Account, inputs: &InputList) -> Result<(), Failure> {
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        state.waiting.insert(seq, account);
        while let Some(account) = state.waiting.remove(&state.next) {
            state.next += 1;
            if account.side >= state.closed {
                state.closed = state.closed.max(account.ends);
                self.enter(state, account, inputs)?;
            }
        }
        Ok(())
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

    /// Whether the rest of the input was not needed, of one side at least.
    pub fn is_closed(&self) -> bool {
        lock(&self.state).closed > 0
    }

    fn enter(
        &self,
        state: &mut State,
        mut account: Account,
        inputs: &InputList,
    ) -> Result<(), Failure> {
        state.enter_late(&mut account.late)?;
        // All of the first thousand are bad if all before are and the rest of the thousand leads this account.
        let missing = ALL_BAD.saturating_sub(state.records) as usize;
        let leads = |bad: &BadRecord| bad.index as usize == missing - 1;
        let hopeless = missing > 0
            && state.bad == state.records
            && account.bad.get(missing - 1).is_some_and(leads)
            && self.on_bad == OnBad::Warn
            && !self.known;
        state.records += account.records;
        if state.good.len() <= account.side {
            state.good.resize(account.side + 1, 0);
        }
        state.good[account.side] += account.records.saturating_sub(account.bad.len() as u64);
        for bad in account.bad {
            state.bad += 1;
            if let Some(file) = &mut state.bad_file {
                let name = inputs.name(bad.input);
                let mut line = format!("{}\t{name} byte {}\t", bad.what, bad.offset).into_bytes();
                line.extend_from_slice(&bad.text);
                line.push(b'\n');
                file.write(&line).map_err(|error| Failure {
                    status: status::IO,
                    message: format!(
                        "cannot write to {} (--bad-file): {error}",
                        file.path().display()
                    ),
                })?;
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
            if self.on_bad == OnBad::Abort {
                return Err(Failure {
                    status: status::DATA,
                    message: String::new(),
                });
            }
        }
        if hopeless {
            return Err(Failure {
                status: status::DATA,
                message: String::new(),
            });
        }
        if let Some(Limit::Count(most)) = self.max_bad
            && state.bad > most
        {
            return Err(Failure {
                status: status::DATA,
                message: format!("more than {most} bad records (--max-bad)"),
            });
        }
        Ok(())
    }

    /// The end of the input: what a share of bad records, or nothing but bad ones, comes to.
    pub fn finish(&self) -> Result<(), Failure> {
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
        if let Some(Limit::Share(most)) = self.max_bad
            && state.bad as f64 > most * state.records as f64
        {
            let message = format!(
                "more than {}% of the records are bad (--max-bad)",
                most * 100.0
            );
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
