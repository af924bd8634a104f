//! What the file of every operator needs, and the operands that many have. Lowers nothing.

pub(super) use super::args::{Args, Flag, Kind, Operand};
pub(super) use super::{Group, Operator, args};
pub(super) use crate::data::doc::{Doc, Example};
pub(super) use crate::error::Usage;
pub(super) use crate::expr::Expr;
pub(super) use crate::plan::builder::Builder;
pub(super) use crate::plan::node::NodeKind;

pub(super) const K: Operand = Operand {
    name: "K",
    kind: Kind::Keys,
    help: "The key: fields or expressions, with commas between",
};

pub(super) const A: Operand = Operand {
    name: "A",
    kind: Kind::Aggregates,
    help: "Aggregates, [NAME=]FUNC[:EXPR[:PARAMETER]], with commas between",
};

pub(super) const D: Operand = Operand {
    name: "D",
    kind: Kind::WindowSize,
    help: "The window's size: a duration, day, week, month, quarter, year or all",
};

pub(super) const SLIDE: Flag = Flag {
    long: "slide",
    value: Some(("D", Kind::WindowSize)),
    repeated: false,
    help: "Begin a window at each D, so that windows overlap",
};
