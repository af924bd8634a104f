//! The naive model of the evaluator: the typed tree of one row at a time, every branch computed, values
//! owned. And random expressions over random cells, for which both must agree.

use super::super::ast::{Ast, Kind, Operator, Piece};
use super::super::node::{Const, How, Node, NodeKind, Reading};
use super::super::{EvalContext, Expr, lex};
use super::Table;
use crate::bytes::json;
use crate::bytes::time::{self as stamps, Memo};
use crate::data::step::Counts;
use crate::data::time::Zone;
use crate::data::value::Printing;
use crate::data::{Number, Selection, Type, Value};
use proptest::prelude::*;
use std::cmp::Ordering;

/// A value that owns its bytes.
#[derive(Clone, Debug)]
enum Owned {
    Null,
    Bool(bool),
    Number(Number),
    Time(i64),
    Duration(i64),
    Untyped(Vec<u8>),
    Text(Vec<u8>),
    Json(Vec<u8>),
    List(Vec<Owned>),
}

impl Owned {
    fn value(&self) -> Value<'_> {
        match self {
            Owned::Null => Value::Null,
            Owned::Bool(bit) => Value::Bool(*bit),
            Owned::Number(number) => Value::Number(*number),
            Owned::Time(ns) => Value::Time(*ns),
            Owned::Duration(ns) => Value::Duration(*ns),
            Owned::Untyped(bytes) => Value::Untyped(bytes),
            Owned::Text(bytes) => Value::Text(bytes),
            Owned::Json(bytes) => Value::Json(bytes),
            Owned::List(items) => Value::List(items.iter().map(Owned::value).collect()),
        }
    }

    /// Of a type, from bytes.
    fn of(ty: &Type, bytes: Vec<u8>) -> Owned {
        match ty {
            Type::Json if json::kind(&bytes) == json::Kind::Null => Owned::Null,
            Type::Json => Owned::Json(bytes),
            Type::Untyped => Owned::Untyped(bytes),
            _ => Owned::Text(bytes),
        }
    }

    fn text(&self) -> Vec<u8> {
        self.value().text().into_owned()
    }

    fn is_null(&self) -> bool {
        matches!(self, Owned::Null)
    }

    fn cast(self, ty: &Type) -> Owned {
        let mut out = Vec::new();
        match (ty, &self) {
            (_, Owned::Null) => Owned::Null,
            (Type::Text | Type::Untyped, _) => {
                self.value().write_plain(&Printing::default(), &mut out);
                Owned::of(ty, out)
            }
            (Type::Json, _) => {
                self.value().write_json(&Printing::default(), &mut out);
                Owned::of(ty, out)
            }
            (Type::Float, Owned::Number(number)) => Owned::Number(Number::Float(number.to_f64())),
            (Type::List(item), Owned::List(items)) => {
                Owned::List(items.iter().map(|one| one.clone().cast(item)).collect())
            }
            _ => self,
        }
    }
}

type Row<'r> = &'r dyn Fn(usize) -> Owned;

fn interpret(node: &Node, row: Row<'_>) -> Owned {
    let value = interpret_kind(node, row);
    match (&node.ty, value) {
        (Type::Float, Owned::Number(number)) => Owned::Number(Number::Float(number.to_f64())),
        (_, value) => value,
    }
}

fn truth(value: Option<bool>) -> Owned {
    value.map_or(Owned::Null, Owned::Bool)
}

fn bit(value: &Owned) -> Option<bool> {
    match value {
        Owned::Bool(bit) => Some(*bit),
        _ => None,
    }
}

fn number(value: &Owned) -> Option<Number> {
    match value {
        Owned::Number(number) => Some(*number),
        _ => None,
    }
}

fn ns(value: &Owned) -> Option<i64> {
    match value {
        Owned::Time(ns) | Owned::Duration(ns) => Some(*ns),
        _ => None,
    }
}

fn instant(ty: &Type, ns: Option<i64>) -> Owned {
    match (ns, ty) {
        (None, _) => Owned::Null,
        (Some(ns), Type::Time) => Owned::Time(ns),
        (Some(ns), _) => Owned::Duration(ns),
    }
}

fn compute(operator: Operator, a: Number, b: Number) -> Option<Number> {
    match operator {
        Operator::Add => a.add(b).finite(),
        Operator::Subtract => a.sub(b).finite(),
        Operator::Multiply => a.mul(b).finite(),
        Operator::Divide => a.div(b),
        _ => a.rem(b),
    }
}

fn interpret_kind(node: &Node, row: Row<'_>) -> Owned {
    let go = |node: &Node| interpret(node, row);
    match &node.kind {
        NodeKind::Const(value) => match value {
            Const::Null => Owned::Null,
            Const::Bool(bit) => Owned::Bool(*bit),
            Const::Number(number) => Owned::Number(*number),
            Const::Time(ns) => Owned::Time(*ns),
            Const::Duration(ns) => Owned::Duration(*ns),
            Const::Text(text) => Owned::of(&node.ty, text.clone()),
        },
        NodeKind::Field(id, _) => row(*id),
        NodeKind::Read(reading, of, _) => {
            let value = go(of);
            let string =
                matches!(&value, Owned::Json(raw) if json::kind(raw) == json::Kind::String);
            if value.is_null() {
                return Owned::Null;
            }
            let text = value.text();
            match reading {
                Reading::Number => value.value().number().map_or(Owned::Null, Owned::Number),
                Reading::Duration => instant(&Type::Duration, lex::duration(&text)),
                Reading::Bool => match text.as_slice() {
                    b"true" if !string => Owned::Bool(true),
                    b"false" if !string => Owned::Bool(false),
                    _ => Owned::Null,
                },
                Reading::Time(shape) => {
                    let stamp = stamps::parse(&text, shape, &mut Memo::default());
                    let read = stamp.filter(|stamp| !stamp.yearless);
                    instant(&Type::Time, read.map(|s| s.utc().unwrap_or(s.civil)))
                }
            }
        }
        NodeKind::As(of) => go(of).cast(&node.ty),
        NodeKind::Relabel(of) => match go(of) {
            Owned::Null => Owned::Null,
            value => Owned::of(&node.ty, value.text()),
        },
        NodeKind::Truncate(of) => number(&go(of))
            .and_then(Number::to_i64_trunc)
            .map_or(Owned::Null, |units| {
                Owned::Number(Number::Exact { units, scale: 0 })
            }),
        NodeKind::Filled(of) => match go(of) {
            value if value.text().trim_ascii().is_empty() => Owned::Null,
            value => value,
        },
        NodeKind::Compare(operator, how, a, b) => {
            let (a, b) = (go(a), go(b));
            if a.is_null() || b.is_null() {
                return Owned::Null;
            }
            let order = match how {
                How::Numbers => number(&a).unwrap().cmp(&number(&b).unwrap()),
                How::Nanos => ns(&a).unwrap().cmp(&ns(&b).unwrap()),
                How::Bools => bit(&a).unwrap().cmp(&bit(&b).unwrap()),
                How::Bytes => a.text().cmp(&b.text()),
                How::Inputs => match (a.value().number(), b.value().number()) {
                    (Some(a), Some(b)) => a.cmp(&b),
                    _ => a.text().cmp(&b.text()),
                },
            };
            Owned::Bool(match operator {
                Operator::Equal => order == Ordering::Equal,
                Operator::NotEqual => order != Ordering::Equal,
                Operator::Less => order == Ordering::Less,
                Operator::LessEqual => order != Ordering::Greater,
                Operator::Greater => order == Ordering::Greater,
                _ => order != Ordering::Less,
            })
        }
        NodeKind::Null(of, negated) => Owned::Bool(go(of).is_null() != *negated),
        NodeKind::And(a, b) => truth(match (bit(&go(a)), bit(&go(b))) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }),
        NodeKind::Or(a, b) => truth(match (bit(&go(a)), bit(&go(b))) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        }),
        NodeKind::Not(of) => truth(bit(&go(of)).map(|bit| !bit)),
        NodeKind::Arithmetic(operator, a, b) => number(&go(a))
            .zip(number(&go(b)))
            .and_then(|(a, b)| compute(*operator, a, b))
            .map_or(Owned::Null, Owned::Number),
        NodeKind::Nanos(operator, a, b) => {
            let result = ns(&go(a))
                .zip(ns(&go(b)))
                .and_then(|(a, b)| match operator {
                    Operator::Add => a.checked_add(b),
                    Operator::Subtract => a.checked_sub(b),
                    _ => a.checked_rem(b),
                });
            instant(&node.ty, result)
        }
        NodeKind::Scale(operator, a, b) => {
            let result = ns(&go(a)).zip(number(&go(b))).and_then(|(a, b)| {
                let a = Number::Exact { units: a, scale: 0 };
                compute(*operator, a, b)?.to_i64_trunc()
            });
            instant(&node.ty, result)
        }
        NodeKind::Ratio(a, b) => match (ns(&go(a)), ns(&go(b))) {
            (Some(a), Some(b)) if b != 0 => Owned::Number(Number::Float(a as f64 / b as f64)),
            _ => Owned::Null,
        },
        NodeKind::Negate(of) => match go(of) {
            Owned::Number(number) => Owned::Number(number.neg()),
            Owned::Duration(ns) => instant(&Type::Duration, ns.checked_neg()),
            _ => Owned::Null,
        },
        NodeKind::Match(of, regex, negated) => match go(of) {
            Owned::Null => Owned::Null,
            value => Owned::Bool(regex.0.is_match(&value.text()) != *negated),
        },
        NodeKind::Choose(condition, yes, no) => match go(condition) {
            Owned::Bool(true) => go(yes),
            _ => go(no),
        },
        NodeKind::Coalesce(a, b) => match go(a) {
            Owned::Null => go(b),
            value => value,
        },
        NodeKind::List(items) => Owned::List(items.iter().map(go).collect()),
        NodeKind::Join(items) => {
            Owned::Text(items.iter().flat_map(|item| go(item).text()).collect())
        }
        NodeKind::Member(of, name) => match go(of) {
            Owned::Null => Owned::Null,
            value => {
                let raw = match value {
                    Owned::Json(raw) => raw,
                    other => other.text(),
                };
                let found = serde_json::from_slice::<serde_json::Value>(&raw).ok();
                match found.and_then(|found| found.get(name).cloned()) {
                    Some(found) => Owned::of(&Type::Json, found.to_string().into_bytes()),
                    None => Owned::Null,
                }
            }
        },
        NodeKind::Item(of, place) => {
            let (of, place) = (go(of), go(place));
            let items = match of {
                Owned::List(items) => items,
                other => match serde_json::from_slice::<Vec<serde_json::Value>>(&other.raw()) {
                    Ok(found) => found
                        .iter()
                        .map(|one| Owned::of(&Type::Json, one.to_string().into_bytes()))
                        .collect(),
                    Err(_) => Vec::new(),
                },
            };
            let at = number(&place).and_then(Number::to_i64_trunc);
            at.and_then(|at| match at {
                0.. => usize::try_from(at).ok(),
                _ => items.len().checked_sub(at.unsigned_abs() as usize),
            })
            .and_then(|at| items.get(at).cloned())
            .unwrap_or(Owned::Null)
        }
        NodeKind::Call(called, arguments, _) => {
            let values: Vec<Owned> = arguments.iter().map(go).collect();
            if values.iter().any(Owned::is_null) {
                return Owned::Null;
            }
            let text = |i: usize| String::from_utf8(values[i].text()).unwrap();
            match called.0.name {
                "lower" => Owned::Text(text(0).to_lowercase().into_bytes()),
                "contains" => Owned::Bool(text(0).contains(&text(1))),
                "len" => Owned::Number(Number::Exact {
                    units: text(0).chars().count() as i64,
                    scale: 0,
                }),
                other => panic!("no model of {other}"),
            }
        }
        NodeKind::Now => Owned::Time(1_700_000_000_000_000_000),
        NodeKind::RowTime(_) => unreachable!("no expression has it"),
    }
}

impl Owned {
    fn raw(&self) -> Vec<u8> {
        match self {
            Owned::Json(raw) => raw.clone(),
            other => other.text(),
        }
    }
}

// ---- random expressions

const FIELDS: [(&str, Type); 8] = [
    ("a", Type::Untyped),
    ("b", Type::Untyped),
    ("c", Type::Untyped),
    ("j", Type::Json),
    ("k", Type::Json),
    ("@time", Type::Time),
    ("took", Type::Duration),
    ("f", Type::Float),
];

fn ast(kind: Kind) -> Ast {
    Ast::new(kind, 0..0)
}

fn field(name: &str) -> Ast {
    ast(Kind::Field(name.into()))
}

fn parsed(source: &str) -> Ast {
    super::parse(source).unwrap()
}

fn literal_number() -> impl Strategy<Value = Ast> {
    prop::sample::select(vec![
        "0",
        "1",
        "2",
        "7",
        "0.5",
        "12.30",
        "500",
        "1e3",
        "1e300",
        "999999999999999999",
        "0.000000000000000001",
        "12345678901234567890",
    ])
    .prop_map(parsed)
}

fn literal_text() -> impl Strategy<Value = Ast> {
    prop::sample::select(vec![
        "\"\"",
        "\"7\"",
        "\"12.30\"",
        "\"abc\"",
        "\"x\\ty\"",
        "\"a longer text, really\"",
    ])
    .prop_map(parsed)
}

fn binary(
    operators: &'static [Operator],
    a: BoxedStrategy<Ast>,
    b: BoxedStrategy<Ast>,
) -> BoxedStrategy<Ast> {
    (prop::sample::select(operators), a, b)
        .prop_map(|(operator, a, b)| ast(Kind::Binary(operator, Box::new(a), Box::new(b))))
        .boxed()
}

const COMPARISONS: &[Operator] = &[
    Operator::Equal,
    Operator::NotEqual,
    Operator::Less,
    Operator::LessEqual,
    Operator::Greater,
    Operator::GreaterEqual,
];

const SUMS: &[Operator] = &[
    Operator::Add,
    Operator::Subtract,
    Operator::Multiply,
    Operator::Divide,
    Operator::Remainder,
];

fn chosen(condition: BoxedStrategy<Ast>, one: BoxedStrategy<Ast>) -> BoxedStrategy<Ast> {
    (condition, one.clone(), one)
        .prop_map(|(c, a, b)| ast(Kind::Choose(Box::new(c), Box::new(a), Box::new(b))))
        .boxed()
}

fn input() -> BoxedStrategy<Ast> {
    prop_oneof![
        prop::sample::select(vec!["a", "b", "c", "j", "k"]).prop_map(field),
        prop::sample::select(vec!["k.x", "k.x[0]", "k[-1]", "j[1]"]).prop_map(parsed),
    ]
    .boxed()
}

fn numbers(depth: u32) -> BoxedStrategy<Ast> {
    let leaf = prop_oneof![input(), literal_number(), Just(field("f"))].boxed();
    if depth == 0 {
        return leaf;
    }
    let inner = numbers(depth - 1);
    prop_oneof![
        leaf,
        binary(SUMS, inner.clone(), inner.clone()),
        inner.clone().prop_map(|of| ast(Kind::Negate(Box::new(of)))),
        chosen(conditions(depth - 1), inner.clone()),
        binary(&[Operator::Coalesce], inner.clone(), inner),
        texts(depth - 1).prop_map(|of| ast(Kind::Call(
            "len".into(),
            vec![ast(Kind::Call("lower".into(), vec![of]))],
        ))),
    ]
    .boxed()
}

fn texts(depth: u32) -> BoxedStrategy<Ast> {
    let leaf = prop_oneof![input(), literal_text()].boxed();
    if depth == 0 {
        return leaf;
    }
    let inner = texts(depth - 1);
    prop_oneof![
        leaf,
        inner
            .clone()
            .prop_map(|of| ast(Kind::Call("lower".into(), vec![of]))),
        (inner.clone(), numbers(depth - 1)).prop_map(|(a, b)| {
            ast(Kind::Interpolated(vec![
                Piece::Expr(a),
                Piece::Text("-".into()),
                Piece::Expr(b),
            ]))
        }),
        chosen(conditions(depth - 1), inner.clone()),
        binary(&[Operator::Coalesce], inner.clone(), numbers(depth - 1)),
        (inner.clone(), inner, numbers(depth - 1)).prop_map(|(a, b, place)| {
            ast(Kind::Index(
                Box::new(ast(Kind::List(vec![a, b]))),
                Box::new(place),
            ))
        }),
    ]
    .boxed()
}

fn instants(depth: u32) -> BoxedStrategy<Ast> {
    let leaf = prop::sample::select(vec![
        "took",
        "1m30s",
        "@time - 1h",
        "@time - \"2023-11-14\"",
        "took * a",
        "took % 7s",
    ])
    .prop_map(parsed)
    .boxed();
    if depth == 0 {
        return leaf;
    }
    prop_oneof![leaf, chosen(conditions(depth - 1), instants(depth - 1))].boxed()
}

fn conditions(depth: u32) -> BoxedStrategy<Ast> {
    let (number, text) = (
        numbers(depth.saturating_sub(1)),
        texts(depth.saturating_sub(1)),
    );
    let either = prop_oneof![number.clone(), text.clone()].boxed();
    let leaf = prop_oneof![
        3 => binary(COMPARISONS, number.clone(), number),
        2 => binary(COMPARISONS, either.clone(), either.clone()),
        1 => binary(COMPARISONS, instants(0), instants(0)),
        1 => binary(&[Operator::Equal, Operator::NotEqual], either.clone(), Just(ast(Kind::Null)).boxed()),
        1 => binary(&[Operator::Equal, Operator::NotEqual], input(), Just(ast(Kind::Bool(true))).boxed()),
        1 => (text.clone(), prop::bool::ANY).prop_map(|(of, not)| {
            let operator = if not { Operator::NoMatch } else { Operator::Match };
            ast(Kind::Binary(operator, Box::new(of), Box::new(ast(Kind::Regex("[a-c7]+$".into())))))
        }),
        1 => (text.clone(), text.clone()).prop_map(|(a, b)| ast(Kind::Call("contains".into(), vec![a, b]))),
        1 => (either.clone(), prop::collection::vec(either, 1..3)).prop_map(|(a, list)| ast(Kind::In(Box::new(a), list))),
    ]
    .boxed();
    if depth == 0 {
        return leaf;
    }
    let inner = conditions(depth - 1);
    prop_oneof![
        2 => leaf,
        2 => binary(&[Operator::And, Operator::Or], inner.clone(), inner.clone()),
        1 => inner.clone().prop_map(|of| ast(Kind::Not(Box::new(of)))),
        1 => chosen(inner.clone(), inner),
    ]
    .boxed()
}

fn cell(ty: &Type) -> BoxedStrategy<Option<String>> {
    let pool: Vec<&str> = match ty {
        Type::Untyped => vec![
            "",
            "0",
            "7",
            "007",
            "-7",
            "12.30",
            "12.3",
            "1e3",
            "503",
            "999999999999999999",
            "0.000000000000000001",
            "12345678901234567890",
            "abc",
            "ABC",
            " 5 ",
            "-",
            "true",
            "false",
            "12ms",
            "[1,2]",
            "{\"x\":1}",
            "x\ty",
            "a longer text, really",
        ],
        Type::Json => vec![
            "0",
            "7",
            "-12.30",
            "1e3",
            "\"7\"",
            "\"007\"",
            "\"abc\"",
            "\"\"",
            "\"x\\ty\"",
            "\"\\u0037\"",
            "true",
            "false",
            "{\"x\":[1,\"abc\",null]}",
            "{\"x\":\"7\"}",
            "[1,2,\"abc\"]",
            "\"a longer text, really\"",
        ],
        Type::Float => vec!["0", "0.5", "1e300", "-7.25", "500"],
        _ => vec![
            "0",
            "90000000000",
            "1700000000000000000",
            "-1",
            "9223372036854775807",
        ],
    };
    prop_oneof![
        1 => Just(None),
        9 => prop::sample::select(pool).prop_map(|text| Some(text.to_string())),
    ]
    .boxed()
}

fn tables() -> impl Strategy<Value = (Table, Vec<bool>)> {
    let row: Vec<BoxedStrategy<Option<String>>> = FIELDS.iter().map(|(_, ty)| cell(ty)).collect();
    prop::collection::vec((row, prop::bool::weighted(0.8)), 1..140).prop_map(|rows| {
        let (rows, live) = rows.into_iter().unzip();
        let fields = FIELDS
            .iter()
            .map(|(name, ty)| (name.to_string(), ty.clone()))
            .collect();
        (
            Table {
                fields,
                rows,
                open: None,
            },
            live,
        )
    })
}

fn written(value: &Value<'_>) -> String {
    let mut out = Vec::new();
    value.write_json(&Printing::default(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Fast and naive agree, for the value and for what a filter keeps.
fn agree(source: &Ast, table: &Table, live: &[bool]) {
    let mut schema = table.schema();
    let zone = Zone::default();
    let mut env = super::Env {
        schema: &mut schema,
        zone: &zone,
        functions: &[],
    };
    // A random tree may be ill typed; most are not.
    let Ok(mut expr) = super::compile(source, &mut env) else {
        return;
    };
    let fast = fast(&mut expr, table, live);
    let row_of = |row: usize| {
        move |id: usize| {
            let (_, ty) = &table.fields[id];
            match &table.rows[row][id] {
                None => Owned::Null,
                Some(text) => match ty {
                    Type::Time => Owned::Time(text.parse().unwrap()),
                    Type::Duration => Owned::Duration(text.parse().unwrap()),
                    Type::Float => Owned::Number(Number::Float(text.parse().unwrap())),
                    ty => Owned::of(ty, text.clone().into_bytes()),
                },
            }
        }
    };
    let mut kept = Vec::new();
    for (row, cell) in &fast.cells {
        let naive = interpret(&expr.node, &row_of(*row as usize));
        assert_eq!(
            *cell,
            written(&naive.value()),
            "{source}\nrow {row}: {:?}\n{}",
            table.rows[*row as usize],
            expr.program()
        );
        if matches!(naive, Owned::Bool(true)) {
            kept.push(*row);
        }
    }
    if expr.ty == Type::Bool {
        assert_eq!(fast.kept, kept, "{source}\n{}", expr.program());
    }
}

struct Fast {
    cells: Vec<(u32, String)>,
    kept: Vec<u32>,
}

fn fast(expr: &mut Expr, table: &Table, live: &[bool]) -> Fast {
    let mut made = Fast {
        cells: Vec::new(),
        kept: Vec::new(),
    };
    // Twice, so that registers are used again.
    for _ in 0..2 {
        let mut chunk = table.chunk();
        if live.iter().any(|live| !live) {
            chunk.live = Selection::Some(
                (0..live.len() as u32)
                    .filter(|&row| live[row as usize])
                    .collect(),
            );
        }
        let mut counts = Counts::default();
        let mut cx = EvalContext {
            now: 1_700_000_000_000_000_000,
            arrivals: crate::expr::Arrivals::default(),
            counts: &mut counts,
        };
        let column = expr.eval(&mut chunk, &mut cx);
        assert_eq!(column.len(), chunk.rows.len());
        made.cells = chunk
            .live
            .iter()
            .map(|row| (row, written(&chunk.value(&column, &expr.ty, row as usize))))
            .collect();
        if expr.ty == Type::Bool {
            expr.filter(&mut chunk, &mut cx);
            made.kept = chunk.live.iter().collect();
        }
    }
    made
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conditions_agree(source in conditions(2), (table, live) in tables()) {
        agree(&source, &table, &live);
    }

    #[test]
    fn values_agree(source in prop_oneof![numbers(2), texts(2), instants(1)], (table, live) in tables()) {
        agree(&source, &table, &live);
    }
}
