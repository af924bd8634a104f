//! The typed tree: what resolving makes of the syntax tree and lowering makes a program of. Each conversion is
//! a node of its own; exporters put it into other words. Decides nothing. Invariant: a node's kind and its operands' types fit; who builds one
//! has checked.

use super::ast::Operator;
use super::funcs::Function;
use crate::bytes::time::Shape;
use crate::data::{FieldId, Number, Type};

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub kind: NodeKind,
    pub ty: Type,
}

#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    Const(Const),
    /// With its name.
    Field(FieldId, String),
    /// A conversion of text, with the name that failures are counted under.
    Read(Reading, Box<Node>, String),
    /// To another representation of the same value: to the node's type.
    As(Box<Node>),
    /// The same bytes, taken for the node's type.
    Relabel(Box<Node>),
    /// A number without its fraction.
    Truncate(Box<Node>),
    /// Empty text counts as null.
    Filled(Box<Node>),
    Compare(Operator, How, Box<Node>, Box<Node>),
    /// The flag: is *not* null.
    Null(Box<Node>, bool),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    /// Numbers; the node's type is `Number` or `Float`.
    Arithmetic(Operator, Box<Node>, Box<Node>),
    /// Nanoseconds: `+ - %`.
    Nanos(Operator, Box<Node>, Box<Node>),
    /// A duration times or by a number.
    Scale(Operator, Box<Node>, Box<Node>),
    /// A duration by a duration.
    Ratio(Box<Node>, Box<Node>),
    Negate(Box<Node>),
    /// The flag: does *not* match.
    Match(Box<Node>, Regex, bool),
    Choose(Box<Node>, Box<Node>, Box<Node>),
    Coalesce(Box<Node>, Box<Node>),
    List(Vec<Node>),
    /// The texts one behind the other, null as nothing.
    Join(Vec<Node>),
    Member(Box<Node>, String),
    Item(Box<Node>, Box<Node>),
    Call(Called, Vec<Node>, Vec<Option<Regex>>),
    Now,
    /// The time that the row itself has, so much later, ns.
    RowTime(i64),
}

/// What text is read as.
#[derive(Clone, Debug)]
pub enum Reading {
    Number,
    Duration,
    Bool,
    Time(Shape),
}

impl PartialEq for Reading {
    fn eq(&self, other: &Reading) -> bool {
        match (self, other) {
            (Reading::Number, Reading::Number)
            | (Reading::Duration, Reading::Duration)
            | (Reading::Bool, Reading::Bool) => true,
            (Reading::Time(a), Reading::Time(b)) => format!("{a:?}") == format!("{b:?}"),
            _ => false,
        }
    }
}

/// How two values compare.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum How {
    Numbers,
    Nanos,
    Bools,
    /// By bytes: texts, where JSON strings count without quotes.
    Bytes,
    /// Two input texts: as numbers if both are, else by bytes.
    Inputs,
}

/// A value known before anything runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    Null,
    Bool(bool),
    Number(Number),
    Time(i64),
    Duration(i64),
    /// Of type `Text`, or `Json` or `Untyped` where the node says so.
    Text(Vec<u8>),
}

/// A compiled pattern; equal by its text.
#[derive(Clone, Debug)]
pub struct Regex(pub regex::bytes::Regex);

impl PartialEq for Regex {
    fn eq(&self, other: &Regex) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// A function of the table; equal by its name.
#[derive(Copy, Clone)]
pub struct Called(pub &'static Function);

impl PartialEq for Called {
    fn eq(&self, other: &Called) -> bool {
        self.0.name == other.0.name
    }
}

impl std::fmt::Debug for Called {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}

impl Node {
    pub fn new(kind: NodeKind, ty: Type) -> Node {
        Node { kind, ty }
    }

    pub fn bool(kind: NodeKind) -> Node {
        Node::new(kind, Type::Bool)
    }

    pub fn null() -> Node {
        Node::new(NodeKind::Const(Const::Null), Type::Null)
    }

    pub fn constant(&self) -> Option<&Const> {
        match &self.kind {
            NodeKind::Const(value) => Some(value),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        self.ty == Type::Null
    }

    pub fn children(&self) -> Vec<&Node> {
        match &self.kind {
            NodeKind::Const(_) | NodeKind::Field(..) | NodeKind::Now | NodeKind::RowTime(_) => {
                Vec::new()
            }
            NodeKind::Read(_, of, _)
            | NodeKind::As(of)
            | NodeKind::Relabel(of)
            | NodeKind::Truncate(of)
            | NodeKind::Filled(of)
            | NodeKind::Null(of, _)
            | NodeKind::Not(of)
            | NodeKind::Negate(of)
            | NodeKind::Match(of, ..)
            | NodeKind::Member(of, _) => vec![of],
            NodeKind::Compare(_, _, a, b)
            | NodeKind::And(a, b)
            | NodeKind::Or(a, b)
            | NodeKind::Arithmetic(_, a, b)
            | NodeKind::Nanos(_, a, b)
            | NodeKind::Scale(_, a, b)
            | NodeKind::Ratio(a, b)
            | NodeKind::Coalesce(a, b)
            | NodeKind::Item(a, b) => vec![a, b],
            NodeKind::Choose(a, b, c) => vec![a, b, c],
            NodeKind::List(items) | NodeKind::Join(items) | NodeKind::Call(_, items, _) => {
                items.iter().collect()
            }
        }
    }

    /// How many nodes, and how many on the longest way down.
    pub fn measure(&self) -> (usize, usize) {
        self.children()
            .into_iter()
            .map(Node::measure)
            .fold((1, 1), |(size, height), (more, high)| {
                (size + more, height.max(high + 1))
            })
    }

    /// Whether its value depends on when rows came.
    pub fn sees_now(&self) -> bool {
        matches!(self.kind, NodeKind::Now) || self.children().into_iter().any(Node::sees_now)
    }

    /// The fields that it reads, each once, in order of their first use.
    pub fn fields(&self, out: &mut Vec<FieldId>) {
        if let NodeKind::Field(id, _) = &self.kind
            && !out.contains(id)
        {
            out.push(*id);
        }
        for child in self.children() {
            child.fields(out);
        }
    }
}
