//! The tree of an expression and its canonical spelling. Knows no types and no fields: `a.b` is a member of a
//! field until it is resolved. Invariant: what is printed parses to an equal tree.

use crate::data::Number;
use crate::data::time::write_duration;
use std::fmt::{self, Write as _};
use std::ops::Range;

/// A parsed expression. Equal to another of the same meaning, wherever either stood.
#[derive(Clone, Debug)]
pub struct Ast {
    pub kind: Kind,
    /// Bytes of the source.
    pub at: Range<usize>,
}

impl PartialEq for Ast {
    fn eq(&self, other: &Ast) -> bool {
        self.kind == other.kind
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    /// Never negative: `-5` is a negation. Sizes (`10KiB`) are numbers.
    Number(Number),
    /// ns; never negative.
    Duration(i64),
    Text(String),
    /// `f"…{expr}…"`
    Interpolated(Vec<Piece>),
    Regex(String),
    /// A name as it is, without backticks: `status`, `$3`, `@time`, `user agent`.
    Field(String),
    Member(Box<Ast>, String),
    Index(Box<Ast>, Box<Ast>),
    List(Vec<Ast>),
    Negate(Box<Ast>),
    Not(Box<Ast>),
    Binary(Operator, Box<Ast>, Box<Ast>),
    In(Box<Ast>, Vec<Ast>),
    Choose(Box<Ast>, Box<Ast>, Box<Ast>),
    Call(String, Vec<Ast>),
}

/// A part of an f-string.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Text(String),
    Expr(Ast),
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    Coalesce,
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Match,
    NoMatch,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    pub fn sign(self) -> &'static str {
        match self {
            Operator::Coalesce => "??",
            Operator::Or => "or",
            Operator::And => "and",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterEqual => ">=",
            Operator::Match => "=~",
            Operator::NoMatch => "!~",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
        }
    }

    fn level(self) -> Level {
        match self {
            Operator::Coalesce => Level::Coalesce,
            Operator::Or => Level::Or,
            Operator::And => Level::And,
            Operator::Add | Operator::Subtract => Level::Sum,
            Operator::Multiply | Operator::Divide | Operator::Remainder => Level::Product,
            _ => Level::Compare,
        }
    }
}

/// How tightly a construct binds: the levels of the grammar, loosest first.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Choose,
    Coalesce,
    Or,
    And,
    Not,
    Compare,
    Sum,
    Product,
    Unary,
    Post,
}

impl Level {
    pub(super) fn tighter(self) -> Level {
        match self {
            Level::Choose => Level::Coalesce,
            Level::Coalesce => Level::Or,
            Level::Or => Level::And,
            Level::And => Level::Not,
            Level::Not => Level::Compare,
            Level::Compare => Level::Sum,
            Level::Sum => Level::Product,
            Level::Product => Level::Unary,
            Level::Unary | Level::Post => Level::Post,
        }
    }
}

/// A user function: `name(parameters) = body`.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub name: String,
    pub parameters: Vec<String>,
    pub body: Ast,
}

/// Words that are no names.
pub const KEYWORDS: &[&str] = &["and", "or", "not", "in", "true", "false", "null"];

impl Ast {
    pub fn new(kind: Kind, at: Range<usize>) -> Ast {
        Ast { kind, at }
    }

    /// If it is nothing but a field: its name.
    pub fn as_field(&self) -> Option<&str> {
        match &self.kind {
            Kind::Field(name) => Some(name),
            _ => None,
        }
    }

    /// Calls `visit` with every field and every longest path that it speaks of.
    pub fn each_path(&self, visit: &mut dyn FnMut(&Ast)) {
        match &self.kind {
            Kind::Field(_) => visit(self),
            Kind::Member(of, _) => match self.path() {
                Some(_) => visit(self),
                None => of.each_path(visit),
            },
            Kind::Index(of, place) => match self.path() {
                Some(_) => visit(self),
                None => {
                    of.each_path(visit);
                    place.each_path(visit);
                }
            },
            Kind::Interpolated(pieces) => {
                for piece in pieces {
                    if let Piece::Expr(ast) = piece {
                        ast.each_path(visit);
                    }
                }
            }
            Kind::List(items) | Kind::Call(_, items) => {
                items.iter().for_each(|item| item.each_path(visit));
            }
            Kind::Negate(of) | Kind::Not(of) => of.each_path(visit),
            Kind::Binary(_, one, other) => {
                one.each_path(visit);
                other.each_path(visit);
            }
            Kind::In(item, list) => {
                item.each_path(visit);
                list.iter().for_each(|item| item.each_path(visit));
            }
            Kind::Choose(condition, yes, no) => {
                for part in [condition, yes, no] {
                    part.each_path(visit);
                }
            }
            Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Duration(_)
            | Kind::Text(_)
            | Kind::Regex(_) => {}
        }
    }

    /// The canonical name of a field or of a path with whole places from 0: `a.b[0]`, `` a.`b c` ``.
    pub fn path(&self) -> Option<String> {
        let mut out = String::new();
        self.write_path(&mut out).then_some(out)
    }

    fn write_path(&self, out: &mut String) -> bool {
        match &self.kind {
            Kind::Field(name) => write_name(name, true, out).is_ok(),
            Kind::Member(of, name) => {
                of.write_path(out) && {
                    out.push('.');
                    write_name(name, false, out).is_ok()
                }
            }
            Kind::Index(of, place) => match place.kind {
                Kind::Number(Number::Exact { units, scale: 0 }) if units >= 0 => {
                    of.write_path(out) && write!(out, "[{units}]").is_ok()
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn level(&self) -> Level {
        match &self.kind {
            Kind::Choose(..) => Level::Choose,
            Kind::Binary(operator, ..) => operator.level(),
            Kind::In(..) => Level::Compare,
            Kind::Not(_) => Level::Not,
            Kind::Negate(_) => Level::Unary,
            _ => Level::Post,
        }
    }

    fn write(&self, least: Level, out: &mut dyn fmt::Write) -> fmt::Result {
        if self.level() < least {
            out.write_char('(')?;
            self.write_bare(out)?;
            return out.write_char(')');
        }
        self.write_bare(out)
    }

    fn write_bare(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        match &self.kind {
            Kind::Null => out.write_str("null"),
            Kind::Bool(bit) => write!(out, "{bit}"),
            Kind::Number(Number::Float(value)) => write!(out, "{value:e}"),
            Kind::Number(number) => write_bytes(|bytes| number.write(bytes), out),
            Kind::Duration(ns) => write_bytes(|bytes| write_duration(*ns, bytes), out),
            Kind::Text(text) => {
                out.write_char('"')?;
                write_escaped(text, false, out)?;
                out.write_char('"')
            }
            Kind::Interpolated(pieces) => {
                out.write_str("f\"")?;
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => write_escaped(text, true, out)?,
                        Piece::Expr(ast) => {
                            out.write_char('{')?;
                            ast.write(Level::Choose, out)?;
                            out.write_char('}')?;
                        }
                    }
                }
                out.write_char('"')
            }
            Kind::Regex(text) => write!(out, "/{}/", text.replace('/', "\\/")),
            Kind::Field(name) => write_name(name, true, out),
            Kind::Member(of, name) => {
                of.write(Level::Post, out)?;
                out.write_char('.')?;
                write_name(name, false, out)
            }
            Kind::Index(of, place) => {
                of.write(Level::Post, out)?;
                out.write_char('[')?;
                place.write(Level::Choose, out)?;
                out.write_char(']')
            }
            Kind::List(items) => {
                out.write_char('[')?;
                write_all(items, out)?;
                out.write_char(']')
            }
            Kind::Negate(of) => {
                out.write_char('-')?;
                of.write(Level::Unary, out)
            }
            Kind::Not(of) => {
                out.write_str("not ")?;
                of.write(Level::Not, out)
            }
            Kind::Binary(operator, left, right) => {
                let level = operator.level();
                // Comparisons do not chain; the others lean to the left.
                let left_least = if level == Level::Compare {
                    level.tighter()
                } else {
                    level
                };
                left.write(left_least, out)?;
                write!(out, " {} ", operator.sign())?;
                right.write(level.tighter(), out)
            }
            Kind::In(item, list) => {
                item.write(Level::Sum, out)?;
                out.write_str(" in (")?;
                write_all(list, out)?;
                out.write_char(')')
            }
            Kind::Choose(condition, yes, no) => {
                condition.write(Level::Coalesce, out)?;
                out.write_str(" ? ")?;
                yes.write(Level::Choose, out)?;
                out.write_str(" : ")?;
                no.write(Level::Choose, out)
            }
            Kind::Call(name, arguments) => {
                write!(out, "{name}(")?;
                write_all(arguments, out)?;
                out.write_char(')')
            }
        }
    }
}

impl fmt::Display for Ast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(Level::Choose, f)
    }
}

fn write_all(items: &[Ast], out: &mut dyn fmt::Write) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.write_str(", ")?;
        }
        item.write(Level::Choose, out)?;
    }
    Ok(())
}

fn write_bytes(write: impl FnOnce(&mut Vec<u8>), out: &mut dyn fmt::Write) -> fmt::Result {
    let mut bytes = Vec::new();
    write(&mut bytes);
    out.write_str(&String::from_utf8_lossy(&bytes))
}

/// The text of a string literal without its quotes; in f-strings braces are doubled.
pub(super) fn write_escaped(text: &str, braces: bool, out: &mut dyn fmt::Write) -> fmt::Result {
    for c in text.chars() {
        match c {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\t' => out.write_str("\\t")?,
            '\r' => out.write_str("\\r")?,
            '{' | '}' if braces => write!(out, "{c}{c}")?,
            c if c.is_control() && (c as u32) < 0x10000 => write!(out, "\\u{:04x}", c as u32)?,
            c => out.write_char(c)?,
        }
    }
    Ok(())
}

/// A name, in backticks where it would not read as one. `first`: not behind a point.
fn write_name(name: &str, first: bool, out: &mut dyn fmt::Write) -> fmt::Result {
    if is_plain(name, first) {
        return out.write_str(name);
    }
    write!(out, "`{}`", name.replace('`', "``"))
}

fn is_plain(name: &str, first: bool) -> bool {
    let word = |text: &str| {
        text.chars().next().is_some_and(starts_name) && text.chars().all(continues_name)
    };
    if !first {
        return word(name);
    }
    match name.split_at_checked(1) {
        Some(("$", rest)) => {
            rest == "NF" || (!rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
        }
        Some(("@", rest)) => word(rest),
        _ => word(name) && !KEYWORDS.contains(&name),
    }
}

pub(super) fn starts_name(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

pub(super) fn continues_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
