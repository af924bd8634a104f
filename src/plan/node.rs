//! The closed set of nodes that every chain comes down to. Plain data: nothing here runs, prints or decides.
//! Invariant: field ids do not move until a node that gives rows of its own (`Aggregate`).

use super::files::Files;
use super::grouping::Grouping;
use super::meaning::Meaning;
use crate::aggs;
use crate::data::process::{Making, Process};
use crate::data::time::Zone;
use crate::data::{FieldId, Schema};
use crate::expr::Expr;
use crate::formats::merge::Merge;
use crate::formats::{OutSchema, ReadFormat, WriteFormat};
use std::os::fd::OwnedFd;
use std::sync::Arc;

impl Node {
    /// Whether it tells what follows of each change.
    pub fn feeds(&self) -> bool {
        self.grouping().is_some_and(|grouping| grouping.feeds)
    }

    /// Whether it keeps all that a ranking behind it is to have.
    pub fn is_ranked_whole(&self) -> bool {
        self.grouping().is_some_and(|grouping| grouping.ranked)
    }

    fn grouping(&self) -> Option<&Grouping> {
        match &self.kind {
            NodeKind::Custom(custom) => match &custom.meaning {
                Meaning::Group(grouping) => Some(grouping),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A chain, ready to run.
pub struct Plan {
    pub source: Source,
    pub nodes: Vec<Node>,
    pub sink: Sink,
    /// Of local stamps, calendar windows and printed times.
    pub zone: Zone,
    /// A line behind each batch.
    pub mark_batches: bool,
    /// Lines of late records are kept.
    pub keeps_late: bool,
    /// At each multiple of so much of the clock, ns, what would come if the input ended now is given out, by the
    /// nodes that rank and sort. Where the data tell the clock, between two rows (`Plan::early_by_data`).
    pub peek_every: Option<i64>,
    /// At each multiple of so much of the clock that the data tell, ns, nodes look whether they have early rows; where
    /// the machine's clock rules, each says when itself.
    pub tick_every: Option<i64>,
    /// What was chosen for the user, to be told once on stderr: `taking event time from 'ts'`.
    pub notes: Vec<String>,
    /// Other streams whose fields are columns of the rows, and whose first record, which would tell them, is not there.
    pub awaits: Vec<String>,
}

/// What standard input or a pipe has given before the run.
#[derive(Clone, Debug)]
pub struct Begun {
    pub bytes: Vec<u8>,
    /// What has a name stays open, to be read on: its writer may be gone, and another look would wait for one.
    pub file: Option<Arc<OwnedFd>>,
}

/// What is read.
pub struct Source {
    /// Source words as typed; empty: standard input.
    pub words: Vec<String>,
    pub format_name: String,
    /// How it is read beyond the format's name, as options: what a checkpoint is bound to as well.
    pub reading: String,
    pub format: Arc<dyn ReadFormat>,
    /// The format's schema with the fields that the chain asked for.
    pub schema: Schema,
    /// Fields that the reader must find.
    pub wanted: Vec<FieldId>,
    /// Fields that the engine makes from the record itself.
    pub made: Vec<(Made, FieldId)>,
    /// A text without which a line cannot pass the first filter.
    pub literal: Option<Vec<u8>>,
    /// Fields may be spelt with escapes (JSON, tsv): a line with a backslash may hold the literal otherwise.
    pub literal_json: bool,
    /// What had to be read to know the header and will not come again.
    pub begun: Option<Begun>,
    /// What stands before original lines: the header line of csv and tsv, empty for others.
    pub head: Vec<u8>,
    pub time: Option<Times>,
    /// Each word is a source of its own, and they are merged by time.
    pub merged: bool,
    /// Its words are more than one source.
    pub several: bool,
    /// The clock that triggers go by, where rows have event times and the data tell the clock.
    pub clock: Option<Times>,
    /// Fields that another source may have in its place: none of them need occur.
    pub optional: Vec<FieldId>,
    /// Fields that the chain speaks of and does not read (`drop`, `rename`): looked for until one has occurred.
    pub sought: Vec<FieldId>,
    /// Of another stream: fields that the chain asks of it by its prefix.
    pub prefixed: Vec<FieldId>,
    /// Event time from (included) and to (excluded), ns.
    pub since: Option<i64>,
    pub until: Option<i64>,
}

/// Fields that are no part of the record's text.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// `$0`, without line end.
    Line,
    /// `@time`
    Time,
    /// `@watermark`
    Watermark,
    /// `@file`
    File,
    /// `@line`
    LineNumber,
    /// Names of fields beyond the columns: the reader finds them.
    Others,
}

/// Where rows have their times from.
#[derive(Clone)]
pub enum Times {
    /// The clock at which their block arrived; the watermark is the clock.
    Arrival,
    /// An expression of type `Time`. `disorder`: the bound of `--watermark`, ns; `auto` finds one from the delays
    /// seen; with neither the watermark comes with the end of the input. `ahead`: a stamp so much ahead of the
    /// clock does not move it, ns.
    Event {
        at: Expr,
        disorder: Option<i64>,
        auto: bool,
        ahead: Option<i64>,
    },
    /// Arrival by a clock that the data tell (`--clock`), in batches if so long, ns.
    Clock { at: Expr, batch: Option<i64> },
    /// Arrival by batches. All rows of one have the time of its end, less a nanosecond, so that batch `n` is the
    /// window that ends with it; `step` is how long one is, ns.
    Batch { by: Batching, step: i64 },
}

/// What makes a batch.
#[derive(Clone, Debug)]
pub enum Batching {
    /// The clock.
    Wall,
    /// So many records.
    Lines(u64),
    /// A line that matches, which is no data.
    Marks(regex::bytes::Regex),
}

impl Times {
    /// How long a batch is, ns, where rows come in batches.
    pub fn batch(&self) -> Option<i64> {
        match self {
            Times::Clock { batch, .. } => *batch,
            Times::Batch { step, .. } => Some(*step),
            _ => None,
        }
    }

    /// Whether rows are judged by a watermark of their own.
    pub fn is_judged(&self) -> bool {
        match self {
            Times::Arrival => false,
            Times::Event { disorder, auto, .. } => disorder.is_some() || *auto,
            Times::Clock { .. } | Times::Batch { .. } => true,
        }
    }

    /// Whether they are those of arrival, by whatever clock.
    pub fn is_arrival(&self) -> bool {
        !matches!(self, Times::Event { .. })
    }
}

/// One thing done to the stream. Rows that go on have the columns of `schema` (ids do not move until a node
/// that gives rows of its own).
pub struct Node {
    /// The operator as typed, for messages: `count-by status`.
    pub operator: String,
    pub kind: NodeKind,
    /// Of the rows that leave it. Fields that only later nodes ask for are in it, hidden; a field that was
    /// dropped keeps its id and has no name.
    pub schema: Schema,
}

pub enum NodeKind {
    Filter {
        keep: Expr,
    },
    /// Sets columns, all from the row as it came in.
    Project {
        columns: Vec<(FieldId, Expr)>,
    },
    /// Named captures; rows that do not match go, unless `keep_unmatched`.
    Parse {
        text: Expr,
        regex: regex::bytes::Regex,
        into: Vec<(usize, FieldId)>,
        keep_unmatched: bool,
    },
    /// One row for each item; `carry` are the columns that later nodes read.
    Explode {
        list: Expr,
        into: FieldId,
        carry: Vec<FieldId>,
    },
    /// Counts rows that have fields beyond the columns, by the names that stand in these fields.
    Others {
        fields: Vec<FieldId>,
    },
    /// Keeps the rows whose line's stable hash is below the share (of 2^64).
    Sample {
        below: u64,
    },
    /// Puts rows into the windows they belong to (a row for each) and drops late ones. `into`: columns for
    /// `window_start` and `window_end`, where something reads them. `lateness`: how long a window takes records when it is
    /// over, and what follows waits for them, ns. `overdue`: those that come later still.
    Assign {
        window: Window,
        lateness: i64,
        overdue: Overdue,
        into: Option<(FieldId, FieldId)>,
        carry: Vec<FieldId>,
    },
    /// Rows that are no records get a line, for `--late FILE`.
    Lines {
        format: Arc<dyn WriteFormat>,
        out: Output,
    },
    /// Drops what is late for all windows that it belongs to, and what belongs to none: state that comes before rows are
    /// put into windows does not see it.
    Judge {
        window: Window,
        lateness: i64,
    },
    /// One row a group when its scope closes; its schema is: `window_start`, `window_end` where in windows,
    /// then keys, then aggregates, in this order from field 0. `empties`: a row of nothing for each of these windows
    /// that has no record, as time passes it.
    Aggregate {
        keys: Vec<Expr>,
        aggs: Vec<AggCall>,
        scope: Scope,
        empties: Option<Window>,
    },
    /// Rows in order when their scope closes, the first `limit` (of each `per`); equals keep their order.
    /// `ties`: also what equals the last in all of `by`. `rank`: a field for 1, 2, …
    /// Without `by` and limit: the rows of a scope as they came.
    Sort {
        by: Vec<SortKey>,
        limit: Option<u64>,
        per: Vec<Expr>,
        ties: bool,
        rank: Option<FieldId>,
        scope: Scope,
        carry: Vec<FieldId>,
    },
    /// The first row of each key, in input order (of each window with `Scope::Rows`); `last`: the last one, when
    /// the scope closes.
    Distinct {
        keys: Vec<Expr>,
        last: bool,
        scope: Scope,
        carry: Vec<FieldId>,
    },
    /// The first rows, then nothing more is read.
    Limit {
        rows: u64,
    },
    /// A copy of the stream to a file.
    Tee {
        path: String,
        format: Arc<dyn WriteFormat>,
        out: Output,
    },
    /// Each batch of rows is given to what stands outside of the chain.
    Hand(Box<Hand>),
    /// Rows with what a table in memory has for their keys; in any order.
    Lookup(Box<Lookup>),
    /// State that needs the order of rows, and that the engine knows nothing of but how to run it.
    Custom(Custom),
}

/// Rows that leave the chain batch by batch: a window's, a batch's, or all that a run reads.
#[derive(Clone)]
pub struct Hand {
    pub to: Taker,
    /// How they are written for it.
    pub format_name: String,
    pub format: Arc<dyn WriteFormat>,
    pub out: Output,
    /// Rows are in windows, each of which is a batch; else all of them are one.
    pub windowed: bool,
    /// Each of these windows is a batch, also one without a row.
    pub each: Option<Window>,
    /// What comes back, and goes on in place of the rows.
    pub answer: Option<Answer>,
}

/// Who gets batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taker {
    /// A command of the shell, started anew for each. `keep_going`: one that fails does not end the run.
    Command { command: String, keep_going: bool },
    /// Who reads the output: the time of each batch and its first rows, as lines.
    Print { rows: u64 },
}

/// How records are read that come back from a command.
#[derive(Clone)]
pub struct Answer {
    pub format_name: String,
    pub format: Arc<dyn ReadFormat>,
    /// Fields that the reader must find, and fields that are made from the record itself.
    pub wanted: Vec<FieldId>,
    pub made: Vec<(Made, FieldId)>,
}

/// A node that brings its own state.
pub struct Custom {
    /// For the printed plan: what it is and what it is to do, `scan lag(x) as lag_x`. Everything that changes a
    /// result is in it, but keys and arguments.
    pub text: String,
    pub keys: Vec<Expr>,
    pub args: Vec<Expr>,
    /// Columns that it sets.
    pub sets: Vec<FieldId>,
    /// It gives rows of its own: the schema begins anew, from field 0. Else the rows that come in go on.
    pub own_rows: bool,
    /// Fields of the rows that go on, where they do.
    pub carry: Vec<FieldId>,
    /// The other stream.
    pub right: Option<Box<Right>>,
    /// For `--explain`, in words: what it keeps, when that is freed, when its rows come.
    pub keeps: String,
    pub make: Make,
    pub meaning: Meaning,
}

/// How the engine comes by a node's state.
pub type Make = Arc<dyn Fn(&Making<'_>) -> Box<dyn Process> + Send + Sync>;

/// A second input: read like the first one, and handed to its node as it is.
pub struct Right {
    pub source: Source,
    pub keys: Vec<Expr>,
    pub args: Vec<Expr>,
    /// The fields of the node's rows that the first arguments go to, one each.
    pub into: Vec<FieldId>,
    /// The whole record, where rows that go on may be written whole; the last of the arguments then.
    pub line: Option<Expr>,
    /// What its rows are put into before the node has them, by their times: a row for each window.
    pub window: Option<Window>,
    /// How long those windows take rows when they are over, ns.
    pub lateness: i64,
    pub turn: Turn,
    /// Which of its source's fields the reader finds.
    pub read: Vec<bool>,
    /// How the two lines become one, where whole records are written.
    pub merge: Option<Arc<Merge>>,
}

impl Source {
    /// The fields of its records that the chain asks for or speaks of.
    pub fn asked(&self) -> impl Iterator<Item = FieldId> + '_ {
        self.wanted.iter().chain(&self.sought).copied()
    }
}

impl Right {
    /// Whether a field of its records is read for its keys.
    pub fn is_key(&self, field: FieldId) -> bool {
        self.keys.iter().any(|key| key.fields.contains(&field))
    }

    /// Whether a field is asked of this stream alone: for its keys, or by its prefix.
    pub fn is_asked_alone(&self, field: FieldId) -> bool {
        self.is_key(field) || self.source.prefixed.contains(&field)
    }

    /// Where the names of fields beyond the columns of its records are, where they are counted.
    pub fn others(&self) -> Option<FieldId> {
        let others = self.source.schema.others.as_ref();
        others.map(|others| others.field)
    }
}

/// A table that is read whole before the run and again when it changes.
pub struct Lookup {
    pub right: Right,
    pub keys: Vec<Expr>,
    pub kind: Matching,
    /// Fields of the rows that go on.
    pub carry: Vec<FieldId>,
    /// How often to look whether the file has changed, ns.
    pub reload: i64,
}

/// Which rows go on that have no match.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Matching {
    /// None.
    Inner,
    /// The left side's.
    Left,
    /// The right side's.
    Right,
    /// Both sides'.
    Full,
    /// The left side's, and no other rows.
    Anti,
}

impl Matching {
    /// Whether a row of the left side goes on without a match.
    pub fn keeps_left(self) -> bool {
        matches!(self, Matching::Left | Matching::Full | Matching::Anti)
    }

    pub fn keeps_right(self) -> bool {
        matches!(self, Matching::Right | Matching::Full)
    }

    /// Whether rows that match go on.
    pub fn pairs(self) -> bool {
        self != Matching::Anti
    }

    pub fn name(self) -> &'static str {
        match self {
            Matching::Inner => "inner",
            Matching::Left => "left",
            Matching::Right => "right",
            Matching::Full => "full",
            Matching::Anti => "anti",
        }
    }
}

/// When a second input is read.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// To its end before the chain's own source.
    First,
    /// As it comes, or as its time asks for it.
    #[default]
    Any,
    /// Behind the chain's own source.
    Last,
}

pub struct SortKey {
    pub expr: Expr,
    pub descending: bool,
}

pub struct AggCall {
    pub name: String,
    pub aggregate: &'static aggs::Aggregate,
    pub call: aggs::Call,
    pub arg: Option<Expr>,
}

/// What closes together.
#[derive(Clone, Debug, PartialEq)]
pub enum Scope {
    /// The whole input.
    Forever,
    /// Rows get their window here, from their times.
    Assign(Window),
    /// Rows have their window already (`Chunk::windows`).
    Rows,
}

/// What becomes of a record whose windows are over.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// It is late.
    Late,
    /// It counts in the window that is open.
    Next,
}

/// A window operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    pub size: Extent,
    pub slide: Extent,
    /// Shift of the grid, ns: of the calendar's on the local clock.
    pub offset: i64,
    /// Also its beginnings, longer by so much each; of windows that stand end to end.
    pub grow: Option<Extent>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// ns, on the grid from 1970.
    Fixed(i64),
    /// Cut on the local clock.
    Calendar(Calendar),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// 2, 3, 4, 6, 8, 12
    Hours(u32),
    Days(u32),
    Weeks(u32),
    Months(u32),
}

/// Where the stream goes.
pub struct Sink {
    /// `None`: standard output.
    pub path: Option<String>,
    /// The path is a pattern for many files.
    pub files: Option<Files>,
    /// Each answer is a whole: all rows at each trigger, and a file has the last answer.
    pub complete: bool,
    pub append: bool,
    /// The word of `-o`, given or chosen; of original lines `lines`.
    pub format_name: String,
    pub format: Arc<dyn WriteFormat>,
    pub out: Output,
    /// Of each row: it is of a window, or of a total, that goes on in another run (`--flush`).
    pub partial: Option<FieldId>,
}

/// What is written of each row.
#[derive(Clone)]
pub enum Output {
    /// The record's own bytes, with a header line before the first where the format has one.
    Original,
    /// The same of lines that were made on the way: there is no header.
    Made,
    Columns(OutSchema),
    /// Nothing: rows have left the chain before.
    Nothing,
}
