//! The functions of the language: one table, a file a family. A row says what a function takes, gives and
//! means, how it is computed and how Spark and Flink spell it; help, man page, tests and exporters read it.
//! Refuses to convert: arguments arrive as their [`Param`] says. Invariant: no function fails while it runs,
//! what cannot be computed is null; and none but those that see `now` depends on anything but its arguments.
//!
//! **Where bytes go.** Arguments never alias the buffer that grows. A [`Kernel::Row`] appends new text to
//! `RowCx::text`, which is not the chunk's scratch, and pushes spans of it; when the column is done the
//! evaluator appends that text to the scratch and moves the spans with [`shift`]. A [`Kernel::Column`] may
//! give spans of its arguments as they are; its new text goes to `text`, which will stand in the scratch from
//! `ColumnCx::base` on, so its new spans begin at `base + text.len()` and nothing is moved.

use crate::bytes::Span;
use crate::data::doc::Doc;
use crate::data::time::Zone;
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, Type, Value};
use ::regex::bytes::Regex;
use std::cell::Cell;

pub mod cells;
pub mod cond;
pub mod json;
pub mod math;
pub mod net;
pub mod regex;
pub mod text;
pub mod time;

#[cfg(test)]
mod tests;

/// A row of the table of functions.
pub struct Function {
    pub name: &'static str,
    /// As in help: `substr(x,from[,n])`.
    pub signature: &'static str,
    pub family: Family,
    pub doc: Doc,
    pub params: &'static [Param],
    /// Arguments that must be given.
    pub required: usize,
    /// Whether the last parameter may be repeated.
    pub variadic: bool,
    pub nulls: Nulls,
    /// The type of the result, given the arguments' types before conversion.
    pub result: fn(&[Type]) -> Type,
    pub kernel: Kernel,
    /// Whether a constant text is one that argument `at` can be; else why not, for a message.
    pub check: fn(at: usize, constant: &[u8]) -> Result<(), String>,
    /// Templates: `{0}` is the first argument, `{*}` all with commas. Forms for more arguments than the
    /// required follow behind `;`. Empty: no counterpart. [`MADE`]: by the exporter. See [`sql`].
    pub spark: &'static str,
    pub flink: &'static str,
    /// Why an engine has no counterpart, where one has none.
    pub no_sql: &'static str,
}

/// In place of a template: the exporter puts the call into words, which depend on its constants.
pub const MADE: &str = "{made}";

/// The group of functions that it is listed under.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Text,
    Patterns,
    Numbers,
    Time,
    Objects,
    Network,
    Conditions,
}

/// What an argument is made before the kernel sees it. What cannot be converted is null.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Param {
    /// [`Value::Text`]: JSON strings unescaped, numbers, times and the rest as they print. As a column: `Bytes`.
    Text,
    /// [`Value::Number`]; text that is none is null and counted.
    Number,
    /// [`Value::Number`] without a fraction (cut toward zero).
    Int,
    /// [`Value::Time`]; text is read as `--time` reads it.
    Time,
    /// [`Value::Duration`].
    Duration,
    Bool,
    /// [`Value::List`] or [`Value::Json`] of an array.
    List,
    /// [`Value::Json`], or untyped text that may hold JSON.
    Object,
    /// A `/regex/`, compiled once and found in `regexes` at the argument's place (its value is then null and
    /// does not count as one); else as `Text`, taken literally.
    Regex,
    /// A constant text.
    Format,
    /// As it is.
    Any,
    /// A constant: [`Value::Duration`], or [`Value::Text`] of `day week month quarter year`.
    Size,
}

/// What becomes of null arguments.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// Any null argument gives null. Row kernels are not called for such rows; column kernels see to it.
    Propagate,
    /// The kernel gets them.
    Sees,
}

/// What a row kernel is given beside its arguments.
pub struct RowCx<'a> {
    /// New text is appended here and pushed as a span of it (`out.bytes(…, cx.text)`).
    pub text: &'a mut Vec<u8>,
    /// The value of `now()`, ns.
    pub now: i64,
    pub zone: &'a Zone,
    /// By argument: compiled `/regex/`es. May be shorter than the arguments.
    pub regexes: &'a [Option<Regex>],
    /// What [`Function::result`] said.
    pub result: &'a Type,
    /// Conversions that failed.
    pub failed: &'a mut u64,
}

/// What a column kernel is given beside its arguments.
pub struct ColumnCx<'a> {
    /// The rows to look at, ascending; `None`: all of the chunk. Others get any entry.
    pub rows: Option<&'a [u32]>,
    /// Rows of the chunk: entries of the result.
    pub len: usize,
    /// Where the first byte of the kernel's new text will stand in the chunk's scratch.
    pub base: usize,
    /// By argument: compiled `/regex/`es. May be shorter than the arguments.
    pub regexes: &'a [Option<Regex>],
    /// The value of `now()`, ns.
    pub now: i64,
    pub zone: &'a Zone,
    /// What [`Function::result`] said.
    pub result: &'a Type,
    /// Conversions that failed are added here.
    pub failed: &'a Cell<u64>,
}

/// An argument of a column kernel. The first is always a column.
#[derive(Clone, Debug)]
pub enum Arg<'a> {
    Column(&'a ColumnV, &'a Type),
    /// The same in every row. Also the place of a `/regex/`, with any value.
    Constant(Value<'a>),
}

/// A function over one row's values; pushes exactly one cell.
pub type RowKernel = for<'a> fn(&[Value<'a>], &mut RowCx<'_>, &mut ColumnBuilder);

/// A function over columns. The vector takes new text: see the head of this file.
pub type ColumnKernel = fn(&[Arg<'_>], &Chunk, &mut Vec<u8>, &ColumnCx<'_>) -> ColumnV;

/// How a function is computed.
#[derive(Copy, Clone)]
pub enum Kernel {
    Row(RowKernel),
    Column(ColumnKernel),
    /// By the resolver, from what the evaluator has anyway.
    Special(Special),
}

/// Functions that decide which arguments run, or have none.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Special {
    If,
    Coalesce,
    Has,
    Now,
}

/// All functions, sorted by name.
pub static FUNCTIONS: &[&Function] = &[
    &math::ABS,
    &time::AGE,
    &math::BUCKET,
    &math::CEIL,
    &net::CIDR,
    &cond::COALESCE,
    &text::CONCAT,
    &text::CONTAINS,
    &time::DATE,
    &math::DIV,
    &text::ENDS_WITH,
    &math::EXP,
    &regex::EXTRACT,
    &math::FLOAT,
    &math::FLOOR,
    &cond::HAS,
    &text::HASH,
    &time::HOUR_OF,
    &cond::IF,
    &math::INT,
    &net::IP,
    &json::JSON,
    &json::KEYS,
    &json::KV,
    &text::LEN,
    &math::LOG,
    &math::LOG10,
    &json::LOGFMT,
    &text::LOWER,
    &regex::MATCHES,
    &cond::MAX,
    &cond::MIN,
    &time::NOW,
    &math::POW,
    &regex::REPLACE,
    &math::ROUND,
    &regex::SPLIT,
    &math::SQRT,
    &text::STARTS_WITH,
    &time::STRFTIME,
    &text::SUBSTR,
    &time::TIME,
    &text::TOKENS,
    &text::TRIM,
    &time::TRUNC,
    &time::UNIX,
    &text::UPPER,
    &net::URL,
    &time::WEEKDAY,
    &text::WORDS,
];

/// What most rows have in common.
const BASE: Function = Function {
    name: "",
    signature: "",
    family: Family::Text,
    doc: Doc {
        summary: "",
        text: "",
        examples: &[],
    },
    params: &[],
    required: 0,
    variadic: false,
    nulls: Nulls::Propagate,
    result: gives_text,
    kernel: Kernel::Special(Special::Now),
    check: |_, _| Ok(()),
    spark: "",
    flink: "",
    no_sql: "",
};

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    let at = FUNCTIONS
        .binary_search_by(|function| function.name.cmp(name))
        .ok()?;
    Some(FUNCTIONS[at])
}

impl Function {
    /// The parameter that argument `i` is for; `None`: one argument too many.
    pub fn param(&self, i: usize) -> Option<Param> {
        match self.params.get(i) {
            Some(param) => Some(*param),
            None if self.variadic => self.params.last().copied(),
            None => None,
        }
    }
}

/// A call in SQL by a template of [`Function`]; `None`: no counterpart for so many arguments.
pub fn sql(template: &str, required: usize, args: &[String]) -> Option<String> {
    if template.is_empty() {
        return None;
    }
    let mut forms = template.split(';');
    let form = if template.contains("{*}") {
        template
    } else {
        forms.nth(args.len().checked_sub(required)?)?
    };
    let mut out = String::new();
    let mut rest = form;
    while let Some((before, behind)) = rest.split_once('{') {
        let (place, behind) = behind.split_once('}')?;
        out.push_str(before);
        match place {
            "*" => out.push_str(&args.join(", ")),
            place => out.push_str(args.get(place.parse::<usize>().ok()?)?),
        }
        rest = behind;
    }
    out.push_str(rest);
    Some(out)
}

/// Moves the spans of a column that a row kernel made to where its text went: `base` bytes into the scratch.
pub fn shift(column: &mut ColumnV, base: usize) {
    match &mut column.data {
        Column::Bytes(spans) => {
            for span in spans.iter_mut().filter(|span| span.in_scratch()) {
                *span = Span::scratch(span.start() + base, span.len());
            }
        }
        Column::List { items, .. } => shift(items, base),
        _ => {}
    }
}

// ---- types of results, for the table

fn gives_text(_: &[Type]) -> Type {
    Type::Text
}

fn gives_number(_: &[Type]) -> Type {
    Type::Number
}

fn gives_bool(_: &[Type]) -> Type {
    Type::Bool
}

fn gives_texts(_: &[Type]) -> Type {
    Type::List(Box::new(Type::Text))
}
