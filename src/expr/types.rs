//! Types that several branches have in common, the conversions to them, and arithmetic on constants. Makes no
//! diagnostics: who calls has checked. Invariant: converting to a common type loses nothing that a later
//! comparison or a sink could see.

use super::ast::Operator;
use super::node::{Const, Node, NodeKind, Reading};
use crate::data::{Number, Type};

/// The type that values of two types have in one column.
pub fn common(a: &Type, b: &Type) -> Type {
    match (a, b) {
        _ if a == b => a.clone(),
        (Type::Null, other) | (other, Type::Null) => other.clone(),
        (Type::Number, Type::Float) | (Type::Float, Type::Number) => Type::Number,
        // Figures among text as it came: they print and compare as what they are.
        (Type::Untyped, Type::Number | Type::Float | Type::Text)
        | (Type::Number | Type::Float | Type::Text, Type::Untyped) => Type::Untyped,
        (Type::List(a), Type::List(b)) => Type::List(Box::new(common(a, b))),
        // JSON tells texts, figures, truth and lists apart.
        _ => Type::Json,
    }
}

/// The node as a column of another type that [`common`] gave.
pub(super) fn convert(node: Node, ty: &Type) -> Node {
    if node.ty == *ty || *ty == Type::Null {
        return node;
    }
    match &node.kind {
        NodeKind::Const(Const::Null) => Node::new(node.kind, ty.clone()),
        NodeKind::Const(Const::Number(_)) if *ty == Type::Float => {
            Node::new(node.kind, Type::Float)
        }
        NodeKind::Const(Const::Text(_)) if *ty == Type::Untyped => {
            Node::new(node.kind, Type::Untyped)
        }
        _ => Node::new(NodeKind::As(Box::new(node)), ty.clone()),
    }
}

/// The node as text: what is text already as it is, the rest as it prints.
pub(super) fn text(node: Node) -> Node {
    match node.ty {
        Type::Untyped | Type::Text => node,
        _ => convert(node, &Type::Text),
    }
}

/// A conversion of text, counted under a field's name or its own spelling.
pub(super) fn read(node: Node, reading: Reading) -> Node {
    let ty = match &reading {
        Reading::Number => Type::Number,
        Reading::Duration => Type::Duration,
        Reading::Bool => Type::Bool,
        Reading::Time(_) => Type::Time,
    };
    let name = failure_name(&node);
    Node::new(NodeKind::Read(reading, Box::new(node), name), ty)
}

/// What a failed conversion is told under: the first field in the node, or what the node is.
fn failure_name(node: &Node) -> String {
    match &node.kind {
        NodeKind::Field(_, name) => name.clone(),
        NodeKind::Const(Const::Text(text)) => String::from_utf8_lossy(text).into_owned(),
        NodeKind::Member(of, name) => format!("{}.{name}", failure_name(of)),
        NodeKind::Call(called, arguments, _) => failure_name_of_call(called.0.name, arguments),
        _ => match node.children().first() {
            Some(child) => failure_name(child),
            None => node.ty.name().into(),
        },
    }
}

/// A call's failures are told under its first argument's name.
pub(super) fn failure_name_of_call(name: &str, arguments: &[Node]) -> String {
    match arguments.first() {
        Some(first) => failure_name(first),
        None => format!("{name}()"),
    }
}

pub(super) fn choose(condition: Node, yes: Node, no: Node) -> Node {
    let ty = common(&yes.ty, &no.ty);
    let (yes, no) = (convert(yes, &ty), convert(no, &ty));
    Node::new(
        NodeKind::Choose(Box::new(condition), Box::new(yes), Box::new(no)),
        ty,
    )
}

/// The first that is not null. With a figure as the other one the place is numeric: empty text is null there.
pub(super) fn coalesce(first: Node, second: Node) -> Node {
    let numeric = matches!(
        second.ty,
        Type::Number | Type::Float | Type::Time | Type::Duration
    );
    let first = if numeric && first.ty == Type::Untyped {
        Node::new(NodeKind::Filled(Box::new(first)), Type::Untyped)
    } else {
        first
    };
    let ty = common(&first.ty, &second.ty);
    let (first, second) = (convert(first, &ty), convert(second, &ty));
    Node::new(NodeKind::Coalesce(Box::new(first), Box::new(second)), ty)
}

/// Arithmetic on two constants is done here.
pub(super) fn folded(node: Node) -> Node {
    let value = match &node.kind {
        NodeKind::Arithmetic(operator, a, b) => match (a.constant(), b.constant()) {
            (Some(Const::Number(a)), Some(Const::Number(b))) => {
                let result = arithmetic(*operator, *a, *b);
                match (&node.ty, result) {
                    (Type::Float, Some(number)) => Const::Number(Number::Float(number.to_f64())),
                    (_, Some(number)) => Const::Number(number),
                    _ => Const::Null,
                }
            }
            _ => return node,
        },
        NodeKind::Nanos(operator, a, b) => {
            let ns = |node: &Node| match node.constant() {
                Some(Const::Time(ns) | Const::Duration(ns)) => Some(*ns),
                _ => None,
            };
            match (ns(a), ns(b)) {
                (Some(a), Some(b)) => instant(&node.ty, nanos(*operator, a, b)),
                _ => return node,
            }
        }
        NodeKind::Scale(operator, a, b) => match (a.constant(), b.constant()) {
            (Some(Const::Duration(a)), Some(Const::Number(b))) => {
                instant(&node.ty, scale(*operator, *a, *b))
            }
            _ => return node,
        },
        _ => return node,
    };
    Node::new(NodeKind::Const(value), node.ty)
}

fn instant(ty: &Type, ns: Option<i64>) -> Const {
    match (ty, ns) {
        (_, None) => Const::Null,
        (Type::Time, Some(ns)) => Const::Time(ns),
        (_, Some(ns)) => Const::Duration(ns),
    }
}

/// `a operator b`; nothing where there is no result or none that a float holds.
pub(super) fn arithmetic(operator: Operator, a: Number, b: Number) -> Option<Number> {
    match operator {
        Operator::Add => a.add(b).finite(),
        Operator::Subtract => a.sub(b).finite(),
        Operator::Multiply => a.mul(b).finite(),
        Operator::Divide => a.div(b),
        _ => a.rem(b),
    }
}

pub(super) fn nanos(operator: Operator, a: i64, b: i64) -> Option<i64> {
    match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        _ => a.checked_rem(b),
    }
}

/// A duration times or by a number, cut to whole nanoseconds.
pub(super) fn scale(operator: Operator, ns: i64, by: Number) -> Option<i64> {
    let ns = Number::Exact {
        units: ns,
        scale: 0,
    };
    let result = match operator {
        Operator::Multiply => ns.mul(by),
        _ => ns.div(by)?,
    };
    result.finite()?.to_i64_trunc()
}
