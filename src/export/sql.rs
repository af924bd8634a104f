//! Expressions as SQL: identifiers, literals, operators and functions in a dialect. Knows no nodes. Invariant: what
//! is made binds at least as tightly as its [`Level`] says, so whoever puts it together knows where brackets go.

use super::calls;
use super::regexes;
use crate::bytes::time::Shape;
use crate::data::{FieldId, Number, Type};
use crate::expr::ast::Operator;
use crate::expr::funcs::Function;
use crate::expr::node::{Const, How, Node, NodeKind, Reading};
use crate::plan::node::AggCall;

/// Why something has no counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported(pub String);

pub type Result<T> = std::result::Result<T, Unsupported>;

pub fn none<T>(reason: impl Into<String>) -> Result<T> {
    Err(Unsupported(reason.into()))
}

/// How tightly an expression binds, loosest first.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Or,
    And,
    Not,
    Compare,
    Sum,
    Product,
    Unary,
    Atom,
}

/// An expression as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sql {
    pub text: String,
    pub level: Level,
    /// It is a column as it is, so it may be repeated at no cost.
    pub plain: bool,
}

impl Sql {
    pub fn new(level: Level, text: impl Into<String>) -> Sql {
        Sql {
            text: text.into(),
            level,
            plain: false,
        }
    }

    pub fn atom(text: impl Into<String>) -> Sql {
        Sql::new(Level::Atom, text)
    }

    /// A column of the relation at hand.
    pub fn column(name: &str, dialect: &dyn Dialect) -> Sql {
        Sql {
            plain: true,
            ..Sql::atom(identifier(name, dialect))
        }
    }

    /// Its text where something binds as tightly as `level`.
    pub fn at(&self, level: Level) -> String {
        match self.level < level {
            true => format!("({})", self.text),
            false => self.text.clone(),
        }
    }
}

/// Where two engines differ.
pub trait Dialect {
    fn name(&self) -> &'static str;
    /// The first one that has all that is made.
    fn version(&self) -> &'static str;
    fn text(&self, text: &str) -> String;
    /// A word that is no name unless it is quoted, in upper case.
    fn is_reserved(&self, word: &str) -> bool;
    fn template(&self, function: &Function) -> &'static str;
    fn aggregate(&self, call: &AggCall) -> &'static str;
    fn time(&self, ns: i64) -> String;
    fn matches(&self, text: Sql, pattern: &str) -> Sql;
    fn group_of(&self, text: &Sql, pattern: &str, group: usize) -> String;
    fn divide(&self, a: &Sql, b: &Sql, nonzero: bool) -> Sql;
    fn remainder(&self, a: &Sql, b: &Sql, nonzero: bool) -> Result<Sql>;
    /// A value of a JSON text by its path.
    fn json(&self, text: &Sql, path: &str) -> Sql;
    /// An item of a list, whose place may be negative.
    fn item(&self, list: &Sql, place: &Sql, constant: Option<i64>) -> Result<Sql>;
    fn list(&self, items: &[String]) -> Sql;
    fn read_time(&self, text: &Sql, shape: &Shape) -> Result<Sql>;
    /// By a pattern of Java's.
    fn format_time(&self, time: &Sql, pattern: &str) -> String;
    fn read_time_by(&self, text: &Sql, pattern: &str) -> String;
    /// The begin of a calendar unit: `DAY`.
    fn truncate(&self, time: &Sql, unit: &str) -> String;
    /// The begin of a span of so many ns since 1970.
    fn floor_time(&self, time: &Sql, ns: i64) -> Result<Sql>;
    fn difference(&self, a: &Sql, b: &Sql) -> Result<Sql>;
    /// Times and durations as seconds.
    fn seconds(&self, of: &Sql, ty: &Type) -> Result<Sql>;
    fn url(&self, text: &Sql, part: &str) -> String;
    /// What a type is called.
    fn string(&self) -> &'static str {
        "STRING"
    }
}

/// A name, quoted where it would not read as one.
pub fn identifier(name: &str, dialect: &dyn Dialect) -> String {
    let mut letters = name.chars();
    let begins = letters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let plain = begins && letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain && name.len() > 1 && !dialect.is_reserved(&name.to_ascii_uppercase()) {
        return name.into();
    }
    if plain && name.len() == 1 && !"ACGKMacgkm".contains(name) {
        return name.into();
    }
    format!("`{}`", name.replace('`', "``"))
}

/// `INTERVAL '90' SECOND`. Flink reads two digits unless more are said.
pub fn interval(ns: i64) -> String {
    const UNITS: [(&str, i64); 4] = [
        ("DAY", 86_400_000_000_000),
        ("HOUR", 3_600_000_000_000),
        ("MINUTE", 60_000_000_000),
        ("SECOND", 1_000_000_000),
    ];
    let (sign, size) = match ns < 0 {
        true => ("-", ns.unsigned_abs()),
        false => ("", ns.unsigned_abs()),
    };
    for (unit, length) in UNITS {
        let length = length.unsigned_abs();
        if size.is_multiple_of(length) && (size > 0 || unit == "SECOND") {
            return format!("INTERVAL '{sign}{}' {unit}", size / length);
        }
    }
    let fraction = format!("{:09}", size % 1_000_000_000);
    let fraction = fraction.trim_end_matches('0');
    format!(
        "INTERVAL '{sign}{}.{fraction}' SECOND",
        size / 1_000_000_000
    )
}

/// A number as it stands in SQL.
pub fn number(number: &Number) -> String {
    match number {
        Number::Float(value) => format!("{value:e}"),
        exact => {
            let mut out = Vec::new();
            exact.write(&mut out);
            String::from_utf8_lossy(&out).into_owned()
        }
    }
}

pub fn cast(of: &Sql, ty: &str) -> Sql {
    Sql::atom(format!("CAST({} AS {ty})", of.text))
}

pub fn try_number(of: &Sql) -> Sql {
    Sql::atom(format!("TRY_CAST({} AS DOUBLE)", of.text))
}

pub fn binary(a: &Sql, sign: &str, b: &Sql, level: Level) -> Sql {
    let tighter = match level {
        Level::Compare => Level::Sum,
        Level::Sum => Level::Product,
        _ => Level::Unary,
    };
    let left = match level {
        Level::Compare => Level::Sum,
        level => level,
    };
    Sql::new(level, format!("{} {sign} {}", a.at(left), b.at(tighter)))
}

/// What the fields of the record at hand are in SQL.
pub struct Scope<'s> {
    pub dialect: &'s dyn Dialect,
    pub field: &'s dyn Fn(FieldId, &str) -> Result<Sql>,
}

impl Scope<'_> {
    pub fn expr(&self, node: &Node) -> Result<Sql> {
        let dialect = self.dialect;
        Ok(match &node.kind {
            NodeKind::Const(value) => return constant(value, dialect),
            NodeKind::Field(id, name) => return (self.field)(*id, name),
            NodeKind::Read(reading, of, _) => {
                let of = self.expr(of)?;
                match reading {
                    Reading::Number => try_number(&of),
                    Reading::Duration => return none("text read as a duration has no counterpart"),
                    Reading::Bool => Sql::atom(format!(
                        "CASE {} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END",
                        of.text
                    )),
                    Reading::Time(shape) => return dialect.read_time(&of, shape),
                }
            }
            NodeKind::As(of) => return self.converted(of, &node.ty),
            NodeKind::Relabel(of) => return self.expr(of),
            NodeKind::Truncate(of) => match &of.kind {
                NodeKind::Const(Const::Number(Number::Exact { scale: 0, .. })) => {
                    return self.expr(of);
                }
                _ => cast(&self.expr(of)?, "BIGINT"),
            },
            NodeKind::Filled(of) => Sql::atom(format!("NULLIF({}, '')", self.expr(of)?.text)),
            NodeKind::Compare(operator, how, a, b) => self.compare(*operator, *how, a, b)?,
            NodeKind::Null(of, negated) => {
                let word = if *negated { "IS NOT NULL" } else { "IS NULL" };
                let of = self.expr(of)?.at(Level::Sum);
                Sql::new(Level::Compare, format!("{of} {word}"))
            }
            NodeKind::And(a, b) => self.joined(a, "AND", b, Level::And)?,
            NodeKind::Or(a, b) => match self.one_of(node) {
                Some(made) => made?,
                None => self.joined(a, "OR", b, Level::Or)?,
            },
            NodeKind::Not(of) => {
                let of = self.expr(of)?.at(Level::Not);
                Sql::new(Level::Not, format!("NOT {of}"))
            }
            NodeKind::Arithmetic(operator, a, b) => self.arithmetic(*operator, a, b)?,
            NodeKind::Nanos(operator, a, b) => self.nanos(*operator, a, b)?,
            NodeKind::Scale(operator, a, b) => {
                let sign = operator.sign();
                binary(&self.expr(a)?, sign, &self.expr(b)?, Level::Product)
            }
            NodeKind::Ratio(a, b) => {
                let (one, other) = (self.expr(a)?, self.expr(b)?);
                let one = dialect.seconds(&one, &a.ty)?;
                let other = dialect.seconds(&other, &b.ty)?;
                dialect.divide(&one, &other, false)
            }
            NodeKind::Negate(of) => {
                let of = self.expr(of)?.at(Level::Atom);
                Sql::new(Level::Unary, format!("-{of}"))
            }
            NodeKind::Match(of, regex, negated) => {
                let pattern = dialect.text(&regexes::java(regex.0.as_str())?);
                let made = dialect.matches(self.expr(of)?, &pattern);
                match negated {
                    true => Sql::new(Level::Not, format!("NOT {}", made.at(Level::Compare))),
                    false => made,
                }
            }
            NodeKind::Choose(condition, yes, no) => {
                let (condition, yes) = (self.expr(condition)?, self.expr(yes)?);
                let no = match no.constant() {
                    Some(Const::Null) => String::new(),
                    _ => format!(" ELSE {}", self.expr(no)?.text),
                };
                Sql::atom(format!(
                    "CASE WHEN {} THEN {}{no} END",
                    condition.text, yes.text
                ))
            }
            NodeKind::Coalesce(a, b) => {
                let mut all = vec![self.expr(a)?.text];
                let mut rest = b;
                while let NodeKind::Coalesce(a, b) = &rest.kind {
                    all.push(self.expr(a)?.text);
                    rest = b;
                }
                all.push(self.expr(rest)?.text);
                Sql::atom(format!("COALESCE({})", all.join(", ")))
            }
            NodeKind::List(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| Ok(self.expr(item)?.text))
                    .collect::<Result<_>>()?;
                dialect.list(&items)
            }
            NodeKind::Join(items) => {
                let mut parts = vec!["''".to_string()];
                for item in items {
                    parts.push(self.expr(item)?.text);
                }
                Sql::atom(format!("CONCAT_WS({})", parts.join(", ")))
            }
            NodeKind::Member(of, name) => return self.member(of, name),
            NodeKind::Item(of, place) => {
                let constant = match place.constant() {
                    Some(Const::Number(Number::Exact { units, scale: 0 })) => Some(*units),
                    _ => None,
                };
                match (&of.ty, constant) {
                    (Type::List(_), _) => {
                        dialect.item(&self.expr(of)?, &self.expr(place)?, constant)?
                    }
                    (_, Some(place)) if place >= 0 => {
                        dialect.json(&self.expr(of)?, &format!("$[{place}]"))
                    }
                    _ => return none("an item of a JSON list by a place that is computed"),
                }
            }
            NodeKind::Call(called, args, regexes) => {
                return calls::call(self, called.0, args, regexes);
            }
            NodeKind::Now => Sql::atom(match dialect.template(&crate::expr::funcs::time::NOW) {
                "" => return none("there is no time of arrival"),
                template => template,
            }),
            NodeKind::RowTime(_) => return none("the time of a row of a window by count"),
        })
    }

    fn member(&self, of: &Node, name: &str) -> Result<Sql> {
        if let NodeKind::Call(called, args, _) = &of.kind
            && called.0.name == "url"
            && let [text] = args.as_slice()
        {
            let part = match name {
                "scheme" => "PROTOCOL",
                "host" => "HOST",
                "path" => "PATH",
                "query" => "QUERY",
                "fragment" => "REF",
                _ => return none(format!("url(x).{name} has no counterpart")),
            };
            return Ok(Sql::atom(self.dialect.url(&self.expr(text)?, part)));
        }
        Ok(self.dialect.json(&self.expr(of)?, &json_path(name)))
    }

    /// `x in (…)` is a chain of comparisons of one field with constants.
    fn one_of(&self, node: &Node) -> Option<Result<Sql>> {
        fn gather<'n>(node: &'n Node, of: &mut Option<&'n Node>, out: &mut Vec<&'n Node>) -> bool {
            match &node.kind {
                NodeKind::Or(a, b) => gather(a, of, out) && gather(b, of, out),
                NodeKind::Compare(Operator::Equal, How::Bytes | How::Numbers, a, b) => {
                    let same = of.is_none_or(|of| *of == **a);
                    *of = Some(a);
                    out.push(b);
                    same && b.constant().is_some()
                }
                _ => false,
            }
        }
        let (mut of, mut items) = (None, Vec::new());
        if !gather(node, &mut of, &mut items) {
            return None;
        }
        let made = || {
            let of = self.expr(of.expect("there are two comparisons at least"))?;
            let items: Vec<String> = items
                .iter()
                .map(|item| Ok(self.expr(item)?.text))
                .collect::<Result<_>>()?;
            let text = format!("{} IN ({})", of.at(Level::Sum), items.join(", "));
            Ok(Sql::new(Level::Compare, text))
        };
        Some(made())
    }

    fn joined(&self, a: &Node, word: &str, b: &Node, level: Level) -> Result<Sql> {
        let (a, b) = (self.expr(a)?, self.expr(b)?);
        Ok(Sql::new(
            level,
            format!("{} {word} {}", a.at(level), b.at(level)),
        ))
    }

    fn compare(&self, operator: Operator, how: How, a: &Node, b: &Node) -> Result<Sql> {
        let sign = match operator {
            Operator::Equal => "=",
            Operator::NotEqual => "<>",
            other => other.sign(),
        };
        let (a, b) = (self.expr(a)?, self.expr(b)?);
        let plain = binary(&a, sign, &b, Level::Compare);
        Ok(match how {
            How::Numbers | How::Nanos | How::Bools | How::Bytes => plain,
            How::Inputs => {
                let (x, y) = (try_number(&a), try_number(&b));
                Sql::atom(format!(
                    "CASE WHEN {} IS NOT NULL AND {} IS NOT NULL THEN {} ELSE {} END",
                    x.text,
                    y.text,
                    binary(&x, sign, &y, Level::Compare).text,
                    plain.text
                ))
            }
        })
    }

    fn arithmetic(&self, operator: Operator, a: &Node, b: &Node) -> Result<Sql> {
        let nonzero = match b.constant() {
            Some(Const::Number(number)) => number.to_f64() != 0.0,
            _ => false,
        };
        let (a, b) = (self.expr(a)?, self.expr(b)?);
        match operator {
            Operator::Divide => Ok(self.dialect.divide(&a, &b, nonzero)),
            Operator::Remainder => self.dialect.remainder(&a, &b, nonzero),
            Operator::Multiply => Ok(binary(&a, "*", &b, Level::Product)),
            _ => Ok(binary(&a, operator.sign(), &b, Level::Sum)),
        }
    }

    fn nanos(&self, operator: Operator, a: &Node, b: &Node) -> Result<Sql> {
        let (one, other) = (self.expr(a)?, self.expr(b)?);
        match (operator, &a.ty, &b.ty) {
            (Operator::Remainder, ..) => none("the remainder of durations has no counterpart"),
            (Operator::Subtract, Type::Time, Type::Time) => self.dialect.difference(&one, &other),
            _ => Ok(binary(&one, operator.sign(), &other, Level::Sum)),
        }
    }

    fn converted(&self, of: &Node, to: &Type) -> Result<Sql> {
        let made = self.expr(of)?;
        let number = |ty: &Type| matches!(ty, Type::Number | Type::Float);
        match (&of.ty, to) {
            (from, to) if from == to => Ok(made),
            (Type::Null, _) => Ok(made),
            (from, to) if from.is_bytes() && to.is_bytes() => Ok(made),
            (from, to) if number(from) && number(to) => Ok(made),
            (Type::Time | Type::Duration, to) if number(to) => self.dialect.seconds(&made, &of.ty),
            (Type::Duration, to) if to.is_bytes() => {
                none("a duration as text is written in another way")
            }
            (Type::List(_), to) if to.is_bytes() => {
                none("a list as text is written in another way")
            }
            (_, to) if to.is_bytes() => Ok(cast(&made, self.dialect.string())),
            (Type::List(_), Type::List(_)) => Ok(made),
            (from, to) => none(format!(
                "a {} made a {} has no counterpart",
                from.name(),
                to.name()
            )),
        }
    }
}

/// `$.name`, with odd names in brackets.
pub fn json_path(name: &str) -> String {
    let mut out = String::from("$");
    push_member(name, &mut out);
    out
}

pub fn push_member(name: &str, out: &mut String) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match !name.is_empty() && name.chars().all(word) {
        true => out.push_str(&format!(".{name}")),
        false => out.push_str(&format!("['{}']", name.replace('\'', "\\'"))),
    }
}

fn constant(value: &Const, dialect: &dyn Dialect) -> Result<Sql> {
    Ok(match value {
        Const::Null => Sql::atom("NULL"),
        Const::Bool(true) => Sql::atom("TRUE"),
        Const::Bool(false) => Sql::atom("FALSE"),
        Const::Number(value) => {
            let text = number(value);
            match text.starts_with('-') {
                true => Sql::new(Level::Unary, text),
                false => Sql::atom(text),
            }
        }
        Const::Time(ns) => Sql::atom(dialect.time(*ns)),
        Const::Duration(ns) => Sql::atom(interval(*ns)),
        Const::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Sql::atom(dialect.text(text)),
            Err(_) => return none("a literal that is not UTF-8"),
        },
    })
}
