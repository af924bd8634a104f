//! Tests of the functions: a table of calls a family, each run in every layout that the evaluator may give
//! (block or scratch, constant or column, alone or among other rows), and kernels against naive models.

use super::{Arg, ColumnCx, FUNCTIONS, Kernel, Nulls, Param, RowCx, find, shift, sql};
use crate::data::time::Zone;
use crate::data::{Block, Chunk, Column, ColumnBuilder, ColumnV, Selection, Span, Type, Value};
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::BTreeSet;

mod cond;
mod json;
mod math;
mod net;
mod regex;
mod text;
mod time;

/// 2026-11-20T10:00:00Z.
pub const NOW: i64 = 1_795_168_800_000_000_000;

/// An argument of a test call.
#[derive(Clone, Debug)]
pub enum Given {
    Nil,
    /// As in the input.
    Field(&'static [u8]),
    Text(&'static [u8]),
    Json(&'static [u8]),
    Number(&'static str),
    Time(i64),
    Duration(i64),
    Bool(bool),
    List(&'static [&'static str]),
    Regex(&'static str),
}

use Given::*;

pub fn t(text: &'static str) -> Given {
    Text(text.as_bytes())
}

pub fn f(text: &'static str) -> Given {
    Field(text.as_bytes())
}

pub fn j(text: &'static str) -> Given {
    Json(text.as_bytes())
}

pub fn n(text: &'static str) -> Given {
    Number(text)
}

pub fn re(text: &'static str) -> Given {
    Regex(text)
}

impl Given {
    fn ty(&self) -> Type {
        match self {
            Nil => Type::Null,
            Field(_) => Type::Untyped,
            Text(_) | Regex(_) => Type::Text,
            Json(_) => Type::Json,
            Number(_) => Type::Number,
            Time(_) => Type::Time,
            Duration(_) => Type::Duration,
            Bool(_) => Type::Bool,
            List(_) => Type::List(Box::new(Type::Text)),
        }
    }

    fn value(&self) -> Value<'static> {
        match self {
            Nil | Regex(_) => Value::Null,
            Field(bytes) => Value::Untyped(bytes),
            Text(bytes) => Value::Text(bytes),
            Json(bytes) => Value::Json(bytes),
            Number(text) => {
                Value::Number(crate::data::Number::parse(text.as_bytes()).expect("a number"))
            }
            Time(ns) => Value::Time(*ns),
            Duration(ns) => Value::Duration(*ns),
            Bool(bit) => Value::Bool(*bit),
            List(items) => Value::List(items.iter().map(|i| Value::Text(i.as_bytes())).collect()),
        }
    }

    /// As the evaluator hands it to a kernel.
    fn converted(&self, param: Param) -> (Type, Value<'static>) {
        let (ty, value) = (self.ty(), self.value());
        if value.is_null() {
            return (Type::Null, Value::Null);
        }
        match param {
            Param::Text | Param::Regex | Param::Format => {
                let text: &'static [u8] = Vec::leak(value.text().into_owned());
                (Type::Text, Value::Text(text))
            }
            Param::Number => (
                Type::Number,
                value.number().map_or(Value::Null, Value::Number),
            ),
            Param::Int => (
                Type::Number,
                value
                    .number()
                    .and_then(crate::data::Number::to_i64_trunc)
                    .map_or(Value::Null, |units| {
                        Value::Number(crate::data::Number::Exact { units, scale: 0 })
                    }),
            ),
            _ => (ty, value),
        }
    }
}

/// Where the arguments of a call stand.
#[derive(Copy, Clone, Debug)]
struct Layout {
    block: bool,
    /// Arguments behind the first as constants.
    constant: bool,
    /// The row looked at alone, among rows that nobody asks for.
    selected: bool,
}

const PLACES: usize = 3;

const LAYOUTS: [Layout; 8] = {
    let mut all = [Layout {
        block: false,
        constant: false,
        selected: false,
    }; 8];
    let mut bits = 0;
    while bits < 8 {
        all[bits] = Layout {
            block: bits & 1 != 0,
            constant: bits & 2 != 0,
            selected: bits & 4 != 0,
        };
        bits += 1;
    }
    all
};

fn push(out: &mut ColumnBuilder, value: &Value<'_>, bytes: &mut Vec<u8>) {
    match value {
        Value::Null => out.null(),
        Value::Bool(bit) => out.bool(*bit),
        Value::Number(number) => out.number(*number),
        Value::Time(ns) | Value::Duration(ns) => out.nanos(*ns),
        Value::Untyped(text) | Value::Text(text) | Value::Json(text) => out.bytes(text, bytes),
        Value::List(items) => {
            items.iter().for_each(|item| push(out.items(), item, bytes));
            out.end_list();
        }
    }
}

fn to_block(column: &mut ColumnV) {
    match &mut column.data {
        Column::Bytes(spans) => {
            for span in spans {
                *span = Span::new(span.start(), span.len());
            }
        }
        Column::List { items, .. } => to_block(items),
        _ => {}
    }
}

fn run(name: &str, given: &[Given], layout: Layout, zone: &Zone) -> (String, u64) {
    let function = find(name).unwrap_or_else(|| panic!("no function {name}"));
    assert!(given.len() >= function.required, "{name}");
    let converted: Vec<(Type, Value<'static>)> = given
        .iter()
        .enumerate()
        .map(|(i, given)| given.converted(function.param(i).expect("a parameter")))
        .collect();
    let regexes: Vec<Option<::regex::bytes::Regex>> = given
        .iter()
        .map(|given| match given {
            Regex(text) => Some(::regex::bytes::Regex::new(text).expect("a regex")),
            _ => None,
        })
        .collect();
    let types: Vec<Type> = given.iter().map(Given::ty).collect();
    let result = (function.result)(&types);
    let failed = Cell::new(0);
    let base = b"scratch that was there";
    let (column, row, mut chunk, new_text) = match function.kernel {
        Kernel::Special(_) => panic!("{name} is the resolver's"),
        Kernel::Row(kernel) => {
            let mut out = ColumnBuilder::new(&result);
            let (mut text, mut count) = (Vec::new(), 0);
            let values: Vec<Value<'_>> = converted.iter().map(|(_, value)| value.clone()).collect();
            let null = function.nulls == Nulls::Propagate
                && values
                    .iter()
                    .enumerate()
                    .any(|(i, v)| v.is_null() && regexes[i].is_none());
            if null {
                out.null();
            } else {
                let mut cx = RowCx {
                    text: &mut text,
                    now: NOW,
                    zone,
                    regexes: &regexes,
                    result: &result,
                    failed: &mut count,
                };
                kernel(&values, &mut cx, &mut out);
            }
            assert_eq!(out.len(), 1, "{name} pushes one cell");
            failed.set(count);
            let mut column = out.finish();
            shift(&mut column, base.len());
            (
                column,
                0,
                Chunk::of_columns(1, Vec::new(), base.to_vec()),
                text,
            )
        }
        Kernel::Column(kernel) => {
            let mut bytes = base.to_vec();
            let columns: Vec<ColumnV> = converted
                .iter()
                .map(|(ty, value)| {
                    let mut out = ColumnBuilder::new(ty);
                    out.null();
                    push(&mut out, value, &mut bytes);
                    if layout.selected {
                        out.null()
                    } else {
                        push(&mut out, value, &mut bytes)
                    }
                    let mut column = out.finish();
                    if layout.block {
                        to_block(&mut column);
                    }
                    column
                })
                .collect();
            let args: Vec<Arg<'_>> = converted
                .iter()
                .zip(&columns)
                .enumerate()
                .map(|(i, ((ty, value), column))| {
                    let param = function.param(i).expect("a parameter");
                    let fixed =
                        matches!(param, Param::Format | Param::Size) || regexes[i].is_some();
                    if i > 0 && (layout.constant || fixed) {
                        Arg::Constant(value.clone())
                    } else {
                        Arg::Column(column, ty)
                    }
                })
                .collect();
            let mut chunk = if layout.block {
                let mut chunk = Chunk::of_block(Block::copy_of(&bytes));
                chunk.set_scratch(base.to_vec());
                chunk
            } else {
                Chunk::of_columns(PLACES, Vec::new(), bytes.clone())
            };
            chunk.live = Selection::All(PLACES as u32);
            let mut text = Vec::new();
            let cx = ColumnCx {
                rows: layout.selected.then_some(&[1]),
                len: PLACES,
                base: if layout.block {
                    base.len()
                } else {
                    bytes.len()
                },
                regexes: &regexes,
                now: NOW,
                zone,
                result: &result,
                failed: &failed,
            };
            let column = kernel(&args, &chunk, &mut text, &cx);
            assert_eq!(column.len(), PLACES, "{name}: an entry a row");
            (column, 1, chunk, text)
        }
    };
    let mut scratch = chunk.take_scratch();
    scratch.extend_from_slice(&new_text);
    chunk.set_scratch(scratch);
    let mut out = Vec::new();
    chunk
        .value(&column, &result, row)
        .write_json(&crate::data::value::Printing::default(), &mut out);
    (String::from_utf8_lossy(&out).into_owned(), failed.get())
}

/// Calls a function and compares its value, as JSON, in every layout.
#[track_caller]
pub fn check(name: &str, given: &[Given], expected: &str) {
    check_in("UTC", name, given, expected);
}

#[track_caller]
pub fn check_in(zone: &str, name: &str, given: &[Given], expected: &str) {
    let zone = Zone::named(zone).expect("a zone");
    for layout in LAYOUTS {
        let (found, _) = run(name, given, layout, &zone);
        assert_eq!(found, expected, "{name}{given:?} in {layout:?}");
    }
}

/// How many conversions a call counts as failed.
pub fn failures(name: &str, given: &[Given]) -> u64 {
    let layout = Layout {
        block: true,
        constant: true,
        selected: true,
    };
    run(name, given, layout, &Zone::default()).1
}

/// The lists or texts that a column kernel makes of rows of text, selected or not.
pub fn column_of(
    name: &str,
    rows: &[Option<Vec<u8>>],
    live: Option<&[u32]>,
    more: &[Value<'_>],
) -> Vec<Value<'static>> {
    let function = find(name).expect("a function");
    let Kernel::Column(kernel) = function.kernel else {
        panic!("{name} has no column kernel");
    };
    let mut bytes = Vec::new();
    let mut out = ColumnBuilder::new(&Type::Text);
    for row in rows {
        match row {
            Some(text) => out.bytes(text, &mut bytes),
            None => out.null(),
        }
    }
    let mut column = out.finish();
    to_block(&mut column);
    let mut chunk = Chunk::of_block(Block::copy_of(&bytes));
    let mut args = vec![Arg::Column(&column, &Type::Text)];
    args.extend(more.iter().cloned().map(Arg::Constant));
    let types = vec![Type::Text; args.len()];
    let result = (function.result)(&types);
    let mut text = Vec::new();
    let cx = ColumnCx {
        rows: live,
        len: rows.len(),
        base: 0,
        regexes: &[],
        now: NOW,
        zone: &Zone::default(),
        result: &result,
        failed: &Cell::new(0),
    };
    let made = kernel(&args, &chunk, &mut text, &cx);
    assert_eq!(made.len(), rows.len());
    chunk.set_scratch(text);
    (0..rows.len())
        .filter(|&row| live.is_none_or(|live| live.contains(&(row as u32))))
        .map(|row| owned(chunk.value(&made, &result, row)))
        .collect()
}

fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Text(text) => Value::Text(Vec::leak(text.to_vec())),
        Value::Bool(bit) => Value::Bool(bit),
        Value::Number(number) => Value::Number(number),
        Value::List(items) => Value::List(items.into_iter().map(owned).collect()),
        _ => Value::Null,
    }
}

/// Rows of text as a model would rather see them.
pub fn same(found: &[Value<'_>], expected: &[Value<'_>]) -> bool {
    format!("{found:?}") == format!("{expected:?}")
}

#[test]
fn the_table_is_sorted_and_complete() {
    let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
    let sorted: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names, sorted.into_iter().collect::<Vec<_>>());
    for function in FUNCTIONS {
        let name = function.name;
        assert!(std::ptr::eq(find(name).expect("itself"), *function));
        assert!(
            function.signature.starts_with(&format!("{name}(")),
            "{name}"
        );
        assert!(!function.doc.summary.is_empty(), "{name}");
        assert!(!function.doc.summary.ends_with('.'), "{name}");
        assert!(!function.doc.examples.is_empty(), "{name}");
        for example in function.doc.examples {
            assert!(example.session.starts_with("$ "), "{name}");
            assert!(example.session.contains("dstream"), "{name}");
            assert!(example.session.contains(&format!("{name}(")), "{name}");
            assert!(example.session.ends_with('\n'), "{name}");
        }
        assert!(function.required <= function.params.len(), "{name}");
    }
    assert!(find("no_such_function").is_none());
}

#[test]
fn templates_fill_in_what_is_given() {
    for function in FUNCTIONS {
        let args: Vec<String> = (0..function.required).map(|i| format!("<{i}>")).collect();
        for template in [function.spark, function.flink] {
            let made = sql(template, function.required, &args);
            let is_template = !template.is_empty() && template != super::MADE;
            assert_eq!(made.is_some(), is_template, "{}", function.name);
            let has_reason = !function.no_sql.is_empty();
            assert!(has_reason || !template.is_empty(), "{}", function.name);
        }
    }
    let args: Vec<String> = ["a", "2", "3"].map(String::from).to_vec();
    assert_eq!(
        sql("f({0});g({1}, {0})", 1, &args[..1]),
        Some("f(a)".into())
    );
    assert_eq!(
        sql("f({0});g({1}, {0})", 1, &args[..2]),
        Some("g(2, a)".into())
    );
    assert_eq!(sql("f({0});g({1}, {0})", 1, &args), None);
    assert_eq!(sql("f({*})", 1, &args), Some("f(a, 2, 3)".into()));
    assert_eq!(sql("", 1, &args), None);
}

/// Arguments of all kinds, with what is odd about each.
fn given() -> impl Strategy<Value = Given> {
    let odd: &[&'static str] = &[
        "",
        " ",
        "-",
        "a",
        "ß\u{1f600}",
        "-0",
        "1e400",
        "999999999999999999",
        "0.000000000000000001",
        "{\"a\":[1]}",
        "\"x",
        "a=1",
        "a=\"",
        "http://[::1]:0/?#",
        "::/0",
        "10.0.0.1/33",
        "%Y%",
        "%Z",
        "day",
        "Feb 29 10:00:00",
        "2026-11-20T10:00:00Z",
        "$1${",
        "$99999999999999999999",
    ];
    let leak = |bytes: Vec<u8>| -> &'static [u8] { Vec::leak(bytes) };
    let text = prop_oneof![
        proptest::sample::select(odd).prop_map(str::as_bytes),
        proptest::collection::vec(any::<u8>(), 0..12).prop_map(leak),
    ];
    let json = proptest::sample::select(
        &[
            "1",
            "-2.50",
            "\"\"",
            "\"\\ud800\\n\"",
            "[1,[]]",
            "{}",
            "{\"a\":{\"b\":1}}",
            "true",
        ][..],
    );
    let number = proptest::sample::select(
        &[
            "0",
            "-1",
            "2",
            "0.5",
            "-1e300",
            "1e-300",
            "999999999999999999",
            "-999999999999999999",
        ][..],
    );
    let regex = proptest::sample::select(&["", "a|", "(.)(x)?", "^", "[0-9]+$", "(?s-u:.)"][..]);
    let ns = prop_oneof![
        any::<i64>(),
        Just(i64::MIN),
        Just(i64::MAX),
        Just(NOW),
        -9i64..9
    ];
    prop_oneof![
        Just(Nil),
        text.clone().prop_map(Field),
        text.prop_map(Text),
        json.prop_map(|json| Json(json.as_bytes())),
        number.prop_map(Given::Number),
        ns.clone().prop_map(Time),
        ns.prop_map(Duration),
        any::<bool>().prop_map(Bool),
        Just(List(&["a", ""])),
        regex.prop_map(Regex),
    ]
}

/// Whether the resolver lets such an argument through.
fn allowed(param: Param, given: &Given) -> bool {
    match (param, given) {
        (Param::Regex, Regex(_)) | (_, Nil) => true,
        (_, Regex(_)) => false,
        (Param::Time, Time(_)) | (Param::Size, Duration(_) | Text(_)) => true,
        (Param::Format, Text(_)) => true,
        (Param::Time | Param::Size | Param::Format, _) => false,
        (Param::Object, given) => matches!(given, Json(_) | Field(_)),
        (Param::Number | Param::Int, given) => {
            matches!(given, Field(_) | Text(_) | Json(_) | Given::Number(_))
        }
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_call_fails_and_the_layout_does_not_matter(
        at in 0..FUNCTIONS.len(),
        pool in proptest::collection::vec(given(), 12),
        more in 0usize..3,
        berlin in any::<bool>(),
    ) {
        let function = FUNCTIONS[at];
        let most = if function.variadic { 5 } else { function.params.len() };
        let count = (function.required + more).min(most);
        let fits = |i: usize| {
            let param = function.param(i).expect("a parameter");
            let mut rest = pool.iter().cycle().skip(3 * i).take(pool.len());
            rest.find(|given| allowed(param, given)).cloned().unwrap_or(Nil)
        };
        let given: Vec<Given> = (0..count).map(fits).collect();
        if !matches!(function.kernel, Kernel::Special(_)) {
            let zone = Zone::named(if berlin { "Europe/Berlin" } else { "UTC" }).expect("a zone");
            let first = run(function.name, &given, LAYOUTS[0], &zone).0;
            for layout in LAYOUTS {
                prop_assert_eq!(&run(function.name, &given, layout, &zone).0, &first);
            }
        }
    }
}
