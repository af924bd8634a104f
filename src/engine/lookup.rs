//! Tables in memory that rows are looked up in: read whole before the run, and again when their file has changed.
//! Refuses no row: what a table lacks is the plan's to judge. Invariant: a chunk sees one state of a table.

use super::cutter::{Cut, Cutter};
use super::front::{self, made_column, may_never_occur, occurs};
use super::ledger::{bad_line, too_many};
use super::order::lock;
use super::steps::replicate;
use super::{Limit, Never, OnBad, Report, Run};
use crate::bytes::table::KeyTable;
use crate::bytes::{Span, scan};
use crate::data::keys::KeyCoder;
use crate::data::packed::{pack_cell, unpack_cell};
use crate::data::step::Counts;
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, FieldId, Selection, Type};
use crate::error::{Failure, status};
use crate::expr::{Arrivals, EvalContext, Expr};
use crate::plan::node::{self, Made, Matching, NodeKind, Plan, Right, Source};
use crate::sources::{self, Input, Notes, Opening, Word};
use anyhow::{Context, Error, Result};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Bytes of a block of a table's file.
const BLOCK: usize = 1 << 20;
const NONE: u32 = u32::MAX;
/// Between two looks at whether the run is to end, while a table is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// The tables of a plan, by node.
#[derive(Default)]
pub struct Tables(BTreeMap<usize, Arc<TableFile>>);

/// A table and where it comes from.
pub struct TableFile {
    word: Word,
    current: Mutex<(Option<Identity>, Arc<Table>)>,
    /// When its file is looked at next, ns.
    next_look: AtomicI64,
    /// Times that it had changed and could not be read.
    unreadable: AtomicU64,
    /// What it was when that was told last; `Some(None)`: it was not there.
    refused: Mutex<Option<Option<Identity>>>,
}

/// What tells two states of a file apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    inode: u64,
    device: u64,
    modified: i64,
    modified_ns: i64,
    len: u64,
}

/// Rows by their key.
struct Table {
    keys: KeyTable,
    /// Where the rows of each key begin in `rows`, and the end of the last.
    begins: Vec<u32>,
    rows: Vec<u32>,
    /// Where each row's cells begin.
    cells: Vec<usize>,
    bytes: Vec<u8>,
    bad: u64,
    /// The first of those.
    first_bad: Option<BadInTable>,
    /// All of them as `--bad-file` has them, where there is one.
    bad_lines: Vec<u8>,
    records: u64,
    /// Fields that neither a row nor one of the tables before has had, where there is no header.
    never: Vec<FieldId>,
}

/// The place of a bad record in a table, from 1.
#[derive(Clone, Debug)]
pub struct BadInTable {
    pub name: String,
    pub line: u64,
    pub column: u32,
    pub what: &'static str,
}

impl std::fmt::Display for BadInTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let BadInTable {
            name,
            line,
            column,
            what,
        } = self;
        write!(f, "{name}:{line} col {column}, {what}")
    }
}

impl Tables {
    pub fn load(plan: &Plan, run: &Run, seed: u64) -> Result<Tables> {
        let mut tables = BTreeMap::new();
        for (at, node) in plan.nodes.iter().enumerate() {
            let NodeKind::Lookup(lookup) = &node.kind else {
                continue;
            };
            let words = &lookup.right.source.words;
            let word = words.first().map_or("-", String::as_str);
            let word = sources::parse(word).map_err(|message| Failure {
                status: status::USAGE,
                message,
            })?;
            let identity = identity(&word);
            let table = Table::load(&word, &lookup.right, run, seed).map_err(|error| {
                let is_of_data = |failure: &&Failure| failure.status == status::DATA;
                let of_data = error.downcast_ref::<Failure>().filter(is_of_data);
                let status = of_data.map_or(status::NO_INPUT, |failure| failure.status);
                error.context(Failure {
                    status,
                    message: node.operator.clone(),
                })
            })?;
            tables.insert(
                at,
                Arc::new(TableFile {
                    word,
                    current: Mutex::new((identity, Arc::new(table))),
                    next_look: AtomicI64::new(i64::MIN),
                    unreadable: AtomicU64::new(0),
                    refused: Mutex::new(None),
                }),
            );
        }
        Ok(Tables(tables))
    }

    /// Records, and bad ones among them.
    pub fn counts(&self) -> (u64, u64) {
        self.0.values().fold((0, 0), |(records, bad), table| {
            let table = lock(&table.current).1.clone();
            (records + table.records + table.bad, bad + table.bad)
        })
    }

    /// Whether one of them has, or may have, a field of that name.
    pub fn have(&self, plan: &Plan, name: &str) -> bool {
        self.0.iter().any(|(at, table)| {
            let NodeKind::Lookup(lookup) = &plan.nodes[*at].kind else {
                return false;
            };
            let source = &lookup.right.source;
            let current = lock(&table.current).1.clone();
            source.asked().any(|field| {
                source.schema.fields[field].name == name && !current.never.contains(&field)
            })
        })
    }

    /// Their bad records as `--bad-file` has them.
    pub fn bad_lines(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for table in self.0.values() {
            lines.extend_from_slice(&lock(&table.current).1.bad_lines);
        }
        lines
    }

    /// What must be told at the end.
    pub fn tell(&self, plan: &Plan, run: &Run, report: &mut Report) {
        let mut add = |what, n| {
            if n > 0 {
                *report.counts.entry(what).or_default() += n;
            }
        };
        for (at, table) in &self.0 {
            let current = lock(&table.current).1.clone();
            if let Some(first) = &current.first_bad
                && run.on_bad != OnBad::Skip
            {
                report.tables.push((current.bad, first.clone()));
            }
            if let NodeKind::Lookup(lookup) = &plan.nodes[*at].kind
                && current.records > 0
            {
                let source = &lookup.right.source;
                let never = current.never.iter();
                let told = never.filter(|field| lookup.right.is_asked_alone(**field));
                report.never.extend(told.map(|field| Never {
                    field: source.schema.fields[*field].name.clone(),
                    records: current.records,
                    of: Some(source.words.join(" ")),
                    own: false,
                }));
            }
            add(
                "changes of a table that could not be read",
                table.unreadable.load(Ordering::Relaxed),
            );
        }
    }
}

impl TableFile {
    /// The table as it is now; read again if its file is another one than before. `bad_lines`: gets bad records of one
    /// that was read now.
    fn at(&self, now: i64, work: &Work<'_>, bad_lines: &mut Vec<u8>) -> Arc<Table> {
        let next = self.next_look.load(Ordering::Relaxed);
        let looks = now >= next && identity_matters(&self.word);
        let again = now.saturating_add(work.lookup.reload);
        if looks
            && self
                .next_look
                .compare_exchange(next, again, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            let found = identity(&self.word);
            if lock(&self.current).0 == found {
                *lock(&self.refused) = None;
            } else {
                let table = there(&self.word).and_then(|()| {
                    Table::load(&self.word, &work.lookup.right, work.run, work.seed)
                });
                match table {
                    Ok(mut table) => {
                        bad_lines.extend_from_slice(&table.bad_lines);
                        table.tell_again(&work.lookup.right, work.run);
                        let mut current = lock(&self.current);
                        let before = &current.1.never;
                        table.never.retain(|field| before.contains(field));
                        *current = (found, Arc::new(table));
                        drop(current);
                        *lock(&self.refused) = None;
                    }
                    Err(error) => self.refused(found, &error, &work.run.opening.notes),
                }
            }
        }
        lock(&self.current).1.clone()
    }
}

impl TableFile {
    /// Tells once of each change that cannot be read; it is tried again at the next look.
    fn refused(&self, found: Option<Identity>, error: &Error, notes: &Notes) {
        let mut refused = lock(&self.refused);
        if *refused != Some(found.clone()) {
            self.unreadable.fetch_add(1, Ordering::Relaxed);
            notes.tell(&format!(
                "lookup: the table of before is used on, since the file cannot be read now: {error:#}"
            ));
            *refused = Some(found);
        }
    }
}

fn identity_matters(word: &Word) -> bool {
    matches!(word, Word::File(_))
}

/// Whether a table that was a file is one still.
fn there(word: &Word) -> Result<()> {
    let Word::File(path) = word else {
        return Ok(());
    };
    let meta = std::fs::metadata(path).with_context(|| path.clone())?;
    anyhow::ensure!(meta.is_file(), "{path}: not a file any more");
    Ok(())
}

fn identity(word: &Word) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let Word::File(path) = word else { return None };
    let meta = std::fs::metadata(path).ok()?;
    meta.is_file().then(|| Identity {
        inode: meta.ino(),
        device: meta.dev(),
        modified: meta.mtime(),
        modified_ns: meta.mtime_nsec(),
        len: meta.len(),
    })
}

impl Table {
    fn load(word: &Word, right: &Right, run: &Run, seed: u64) -> Result<Table> {
        let source = &right.source;
        let how = Opening {
            begun: source.begun.as_ref().and_then(|begun| begun.file.clone()),
            ..Opening::default()
        };
        let (name, live) = match sources::open(word, &how)? {
            Input::Plain { name, file, len } => (name, sources::from_start(file, len)),
            Input::Stream { name, live, .. } => (name, live),
            Input::Parts { name, .. } | Input::Finder { name, .. } => {
                anyhow::bail!("{name}: a table is one file, or what is read once to its end")
            }
        };
        let begun = source.begun.clone();
        let first = begun.map_or_else(Vec::new, |begun| begun.bytes);
        let framing = source.format.framing();
        let mut cutter = Cutter::new(live, first, 0, framing, BLOCK, run.max_line);
        let wait_on = || match run.stop.load(Ordering::Relaxed) {
            true => Err(std::io::Error::from(std::io::ErrorKind::Interrupted)),
            false => Ok(()),
        };
        let header = match source.format.has_header() {
            true => loop {
                if let Some(header) = cutter.header(Some(LOOK)).with_context(|| name.clone())? {
                    break Some(header);
                }
                wait_on()?;
            },
            false => None,
        };
        let read: Vec<FieldId> = source.asked().collect();
        let mut reader = source
            .format
            .reader(&source.schema, &read, header.as_deref())
            .with_context(|| name.clone())?;
        let coder = KeyCoder::new(right.keys.iter().map(|key| key.ty.clone()).collect());
        let (mut keys, mut args) = (right.keys.clone(), right.args.clone());
        let mut table = Table {
            keys: KeyTable::new(seed),
            begins: Vec::new(),
            rows: Vec::new(),
            cells: Vec::new(),
            bytes: Vec::new(),
            bad: 0,
            first_bad: None,
            bad_lines: Vec::new(),
            records: 0,
            never: match may_never_occur(source) {
                true => read,
                false => Vec::new(),
            },
        };
        let mut groups = Vec::new();
        let (mut chunk, mut bad, mut counts) = (Chunk::default(), Vec::new(), Counts::default());
        let mut lines = cutter.header_lines;
        loop {
            let (block, long) = match cutter
                .next(Some(LOOK), Vec::new())
                .with_context(|| name.clone())?
            {
                Cut::End => break,
                Cut::Idle => {
                    wait_on()?;
                    continue;
                }
                Cut::Block(block, long) => (block, long),
            };
            chunk.reset(block);
            bad.clear();
            reader.read(&mut chunk, true, &mut bad);
            let place = |before: usize, column, what| BadInTable {
                name: name.clone(),
                line: lines + scan::count_byte(&chunk.block.bytes()[..before], b'\n') as u64 + 1,
                column,
                what,
            };
            let firsts = bad.iter().min_by_key(|bad| bad.row).map(|bad| {
                let before = chunk.rows[bad.row as usize].start();
                place(before, bad.column + 1, bad.what)
            });
            let firsts = firsts.or_else(|| Some(place(chunk.block.len(), 1, long.as_ref()?.what)));
            table.first_bad = table.first_bad.take().or(firsts);
            if run.bad_file.is_some() {
                bad.sort_by_key(|bad| bad.row);
                for bad in &bad {
                    let bad = front::place(&chunk, bad);
                    let line = bad_line(bad.what, &name, bad.offset, &bad.text);
                    table.bad_lines.extend(line);
                }
                if let Some(long) = &long {
                    let line = bad_line(long.what, &name, long.origin.offset, &[]);
                    table.bad_lines.extend(line);
                }
            }
            table.bad += bad.len() as u64 + u64::from(long.is_some());
            make(&mut chunk, &source.made, &name, lines);
            table.never.retain(|&field| !occurs(source, &chunk, field));
            lines += scan::count_byte(chunk.block.bytes(), b'\n') as u64;
            let mut cx = EvalContext {
                now: 0,
                arrivals: Arrivals::default(),
                counts: &mut counts,
            };
            let cells: Vec<ColumnV> = args
                .iter_mut()
                .map(|arg| arg.eval(&mut chunk, &mut cx))
                .collect();
            let key = keys
                .iter_mut()
                .map(|key| key.eval(&mut chunk, &mut cx))
                .collect();
            let key = coder.encode(key, &mut chunk);
            table.records += chunk.live.len() as u64;
            for row in chunk.live.iter() {
                let bytes = key_at(&chunk, &key, row);
                // Null equals nothing, so nobody asks for such a row.
                if coder.has_null(bytes) {
                    continue;
                }
                groups.push(table.keys.find_or_add(bytes, 0));
                table.cells.push(table.bytes.len());
                for column in &cells {
                    pack_cell(&chunk, column, row as usize, &mut table.bytes);
                }
            }
        }
        table.judge(source, run)?;
        table.order(&groups);
        Ok(table)
    }

    /// Whether a run may go on with it.
    fn judge(&self, source: &Source, run: &Run) -> Result<(), Failure> {
        let Some(first) = &self.first_bad else {
            return Ok(());
        };
        let message = match (run.on_bad, run.max_bad) {
            (OnBad::Abort, _) => {
                let BadInTable {
                    name, line, column, ..
                } = first;
                let what = first.what;
                format!("{name}:{line} col {column}: a bad record, {what} (--on-bad abort)")
            }
            (_, Some(Limit::Count(most))) if self.bad > most => {
                format!("{} (first: {first})", too_many(most).message)
            }
            (OnBad::Warn, _) if self.records == 0 => {
                let format = &source.format_name;
                format!(
                    "{} does not look like {format} (first: {first})",
                    first.name
                )
            }
            _ => return Ok(()),
        };
        Err(Failure {
            status: status::DATA,
            message,
        })
    }

    /// Tells of one that has taken another's place what would be told of it at the end only, or not at all.
    fn tell_again(&self, right: &Right, run: &Run) {
        let told = match (&self.first_bad, run.on_bad) {
            (Some(first), OnBad::Warn) if self.bad == 1 => format!("1 bad record ({first})"),
            (Some(first), OnBad::Warn) => format!("{} bad records (first: {first})", self.bad),
            _ if self.records == 0 => "no record any more".into(),
            _ => return,
        };
        let words = right.source.words.join(" ");
        let notes = &run.opening.notes;
        notes.tell(&format!("lookup: {words} was read again and has {told}"));
    }

    /// Puts the rows of each key together, in their order.
    fn order(&mut self, groups: &[u32]) {
        self.begins = vec![0; self.keys.len() + 1];
        for &group in groups {
            self.begins[group as usize + 1] += 1;
        }
        for group in 1..self.begins.len() {
            self.begins[group] += self.begins[group - 1];
        }
        let mut next = self.begins.clone();
        self.rows = vec![0; groups.len()];
        for (row, &group) in groups.iter().enumerate() {
            let place = &mut next[group as usize];
            self.rows[*place as usize] = row as u32;
            *place += 1;
        }
    }

    fn find(&self, key: Option<&[u8]>) -> &[u32] {
        match self.keys.find(key, 0) {
            Some(group) => {
                let group = group as usize;
                &self.rows[self.begins[group] as usize..self.begins[group + 1] as usize]
            }
            None => &[],
        }
    }
}

fn key_at<'c>(chunk: &'c Chunk, key: &ColumnV, row: u32) -> Option<&'c [u8]> {
    match &key.data {
        Column::Bytes(spans) if key.is_valid(row as usize) => {
            Some(chunk.bytes(spans[row as usize]))
        }
        _ => None,
    }
}

/// Columns that are no part of the record's text. A table has no times.
fn make(chunk: &mut Chunk, made: &[(Made, FieldId)], name: &str, lines: u64) {
    let made = made.iter().filter(|(made, _)| *made != Made::Others);
    for &(made, field) in made {
        let column = made_column(made, chunk, name, |_| lines);
        let nulls = || ColumnV::nulls(chunk.rows.len());
        let column = column.unwrap_or_else(nulls);
        chunk.set_column(field, column);
    }
}

/// A worker's own form of a lookup.
pub struct Work<'p> {
    lookup: &'p node::Lookup,
    table: Arc<TableFile>,
    keys: Vec<Expr>,
    coder: KeyCoder,
    types: Vec<Type>,
    /// The last argument is the table's line.
    merges: bool,
    run: &'p Run,
    seed: u64,
    /// For each row that goes on: the row it comes from, and the table's row.
    parents: Vec<u32>,
    found: Vec<u32>,
}

impl<'p> Work<'p> {
    pub fn new(
        at: usize,
        lookup: &'p node::Lookup,
        tables: &Tables,
        run: &'p Run,
        seed: u64,
    ) -> Option<Work<'p>> {
        let right = &lookup.right;
        Some(Work {
            lookup,
            table: tables.0.get(&at)?.clone(),
            keys: lookup.keys.clone(),
            coder: KeyCoder::new(lookup.keys.iter().map(|key| key.ty.clone()).collect()),
            types: right.args.iter().map(|arg| arg.ty.clone()).collect(),
            merges: right.args.len() > right.into.len(),
            run,
            seed,
            parents: Vec::new(),
            found: Vec::new(),
        })
    }

    /// `bad_lines`: gets what `--bad-file` has of a table that was read again.
    pub fn run(&mut self, chunk: &mut Chunk, cx: &mut EvalContext<'_>, bad_lines: &mut Vec<u8>) {
        let table = self.table.at(cx.now, self, bad_lines);
        let keys = self
            .keys
            .iter_mut()
            .map(|key| key.eval(chunk, cx))
            .collect();
        let key = self.coder.encode(keys, chunk);
        let (kind, coder) = (self.lookup.kind, &self.coder);
        self.parents.clear();
        self.found.clear();
        for row in chunk.live.iter() {
            let bytes = key_at(chunk, &key, row);
            let rows = match coder.has_null(bytes) {
                true => &[],
                false => table.find(bytes),
            };
            if rows.is_empty() && kind.keeps_left() {
                self.parents.push(row);
                self.found.push(NONE);
            } else if kind.pairs() {
                self.parents.resize(self.parents.len() + rows.len(), row);
                self.found.extend_from_slice(rows);
            }
        }
        if kind == Matching::Anti {
            if self.parents.len() != chunk.live.len() {
                chunk.live = Selection::Some(std::mem::take(&mut self.parents));
            }
            return;
        }
        let each_once = self.parents.len() == chunk.rows.len()
            && self
                .parents
                .iter()
                .enumerate()
                .all(|(at, row)| at as u32 == *row);
        if !each_once {
            replicate(chunk, &self.parents, &self.lookup.carry);
        }
        self.put(&table, chunk);
    }

    /// Sets the table's columns, and lines of both where they are wanted.
    fn put(&self, table: &Table, chunk: &mut Chunk) {
        let mut builders: Vec<ColumnBuilder> = self.types.iter().map(ColumnBuilder::new).collect();
        let mut scratch = chunk.take_scratch();
        for &row in &self.found {
            if row == NONE {
                builders.iter_mut().for_each(ColumnBuilder::null);
                continue;
            }
            let mut cells = &table.bytes[table.cells[row as usize]..];
            for builder in &mut builders {
                unpack_cell(&mut cells, builder, &mut scratch);
            }
        }
        let mut columns: Vec<ColumnV> = builders.into_iter().map(ColumnBuilder::finish).collect();
        let lines = match self.merges {
            true => columns.pop(),
            false => None,
        };
        if let (Some(lines), Some(merge)) = (lines, &self.lookup.right.merge)
            && let Column::Bytes(spans) = &lines.data
        {
            let mut text = Vec::new();
            let rows = &chunk.rows;
            chunk.records.get_or_insert_with(|| rows.clone());
            for (at, span) in spans.iter().enumerate() {
                text.clear();
                let block = chunk.block.padded();
                let left = chunk.rows[at].of(block, &scratch);
                let right = lines.is_valid(at).then(|| span.of(block, &scratch));
                merge.write(Some(left), right, &mut text);
                chunk.rows[at] = Span::scratch(scratch.len(), text.len());
                scratch.extend_from_slice(&text);
            }
        }
        chunk.set_scratch(scratch);
        for (&field, column) in self.lookup.right.into.iter().zip(columns) {
            chunk.set_column(field, column);
        }
    }
}
