//! The typed tree as a flat list of instructions over registers, one kernel each, and how it prints. Runs
//! nothing. Invariant: a register is written before it is read, under a selection that holds every row of the
//! reader's; equal subtrees are computed once where that holds.

use super::ast::Operator;
use super::funcs::{Kernel, Param};
use super::node::{Called, Const, How, Node, NodeKind, Reading, Regex};
use crate::data::{FieldId, Type};
use std::fmt::Write as _;

#[derive(Clone, Debug)]
pub(super) struct Program {
    pub code: Vec<Instruction>,
    /// Operands that are known: with their types.
    pub constants: Vec<(Const, Type)>,
    pub registers: usize,
    pub result: Source,
}

#[derive(Clone, Debug)]
pub(super) struct Instruction {
    pub out: usize,
    pub ty: Type,
    pub op: Op,
}

/// Where an operand is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Register(usize),
    Field(FieldId),
    Constant(usize),
}

/// An operand and what its cells are taken for.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub source: Source,
    pub ty: Type,
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    /// A constant as a column.
    Fill(usize),
    Read(Reading, Operand, String),
    As(Operand),
    Relabel(Operand),
    Truncate(Operand),
    Filled(Operand),
    Compare(Operator, How, Operand, Operand),
    Null(Operand, bool),
    /// From here to the matching `Widen` only rows whose mask is as said are live; if there is none, `result`
    /// becomes null and all goes on behind.
    Narrow {
        mask: Operand,
        keep: Keep,
        result: Option<usize>,
        widen: usize,
    },
    Widen,
    And(Operand, Operand),
    Or(Operand, Operand),
    Not(Operand),
    Arithmetic(Operator, Operand, Operand),
    Nanos(Operator, Operand, Operand),
    Scale(Operator, Operand, Operand),
    Ratio(Operand, Operand),
    Negate(Operand),
    Match(Operand, regex::bytes::Regex, bool),
    Choose(Operand, Operand, Operand),
    Coalesce(Operand, Operand),
    List(Vec<Operand>),
    Join(Vec<Operand>),
    Member(Operand, String),
    Item(Operand, Operand),
    Call {
        called: Called,
        arguments: Vec<Operand>,
        regexes: Vec<Option<regex::bytes::Regex>>,
        name: String,
    },
    Now,
    RowTime(i64),
}

/// Which rows a branch runs for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Where the mask is true.
    True,
    /// Where it is false or null.
    NotTrue,
    /// Where it is true or null.
    NotFalse,
    /// Where the mask, of any type, is null.
    Null,
}

/// The program of a typed tree.
pub(super) fn lower(node: &Node) -> Program {
    let mut lowering = Lowering {
        program: Program {
            code: Vec::new(),
            constants: Vec::new(),
            registers: 0,
            result: Source::Constant(0),
        },
        known: vec![Vec::new()],
    };
    let result = match &node.kind {
        NodeKind::Const(_) => lowering.column(node),
        _ => lowering.operand(node),
    };
    lowering.program.result = result.source;
    lowering.program
}

struct Lowering<'n> {
    program: Program,
    /// What registers hold, by selection: the innermost last.
    known: Vec<Vec<(&'n Node, usize)>>,
}

impl<'n> Lowering<'n> {
    /// A node's value: a field's column, a constant or a register.
    fn operand(&mut self, node: &'n Node) -> Operand {
        let ty = node.ty.clone();
        let source = match &node.kind {
            NodeKind::Field(id, _) => Source::Field(*id),
            NodeKind::Const(value) => self.constant(value, &ty),
            _ => Source::Register(self.register(node)),
        };
        Operand { source, ty }
    }

    fn constant(&mut self, value: &Const, ty: &Type) -> Source {
        self.program.constants.push((value.clone(), ty.clone()));
        Source::Constant(self.program.constants.len() - 1)
    }

    /// The same, but a constant as a column.
    fn column(&mut self, node: &'n Node) -> Operand {
        let NodeKind::Const(value) = &node.kind else {
            return self.operand(node);
        };
        let known = self.known.iter().flatten();
        let found = known.into_iter().find(|(other, _)| *other == node);
        let source = match found {
            Some((_, register)) => Source::Register(*register),
            None => {
                let Source::Constant(at) = self.constant(value, &node.ty) else {
                    unreachable!("a constant is one")
                };
                let register = self.emit(node.ty.clone(), Op::Fill(at));
                self.remember(node, register);
                Source::Register(register)
            }
        };
        Operand {
            source,
            ty: node.ty.clone(),
        }
    }

    fn remember(&mut self, node: &'n Node, register: usize) {
        if let Some(innermost) = self.known.last_mut() {
            innermost.push((node, register));
        }
    }

    fn emit(&mut self, ty: Type, op: Op) -> usize {
        let out = self.program.registers;
        self.program.registers += 1;
        self.program.code.push(Instruction { out, ty, op });
        out
    }

    /// Runs `node` only for the rows that `keep` says; its value.
    fn narrowed(&mut self, mask: &Operand, keep: Keep, node: &'n Node, column: bool) -> Operand {
        let simple = matches!(node.kind, NodeKind::Field(..))
            || (!column && matches!(node.kind, NodeKind::Const(_)));
        if simple {
            return self.operand(node);
        }
        let (narrow, first) = (self.program.code.len(), self.program.registers);
        let mask = mask.clone();
        self.program.code.push(Instruction {
            out: usize::MAX,
            ty: Type::Null,
            op: Op::Widen,
        });
        self.known.push(Vec::new());
        let value = if column {
            self.column(node)
        } else {
            self.operand(node)
        };
        self.known.pop();
        let result = match value.source {
            // One that was there before keeps its value.
            Source::Register(register) if register >= first => Some(register),
            _ => None,
        };
        if result.is_none() {
            self.program.code.truncate(narrow);
            return value;
        }
        let widen = self.program.code.len();
        self.program.code.push(Instruction {
            out: usize::MAX,
            ty: Type::Null,
            op: Op::Widen,
        });
        self.program.code[narrow].op = Op::Narrow {
            mask,
            keep,
            result,
            widen,
        };
        value
    }

    fn register(&mut self, node: &'n Node) -> usize {
        let known = self.known.iter().flatten();
        if let Some((_, register)) = known.into_iter().find(|(other, _)| *other == node) {
            return *register;
        }
        let op = self.op(node);
        let register = self.emit(node.ty.clone(), op);
        self.remember(node, register);
        register
    }

    fn op(&mut self, node: &'n Node) -> Op {
        match &node.kind {
            NodeKind::Const(_) | NodeKind::Field(..) => {
                unreachable!("constants and fields need no register")
            }
            NodeKind::Read(reading, of, name) => {
                Op::Read(reading.clone(), self.operand(of), name.clone())
            }
            NodeKind::As(of) => Op::As(self.operand(of)),
            NodeKind::Relabel(of) => Op::Relabel(self.operand(of)),
            NodeKind::Truncate(of) => Op::Truncate(self.operand(of)),
            NodeKind::Filled(of) => Op::Filled(self.column(of)),
            NodeKind::Compare(operator, how, a, b) => {
                Op::Compare(*operator, *how, self.operand(a), self.operand(b))
            }
            NodeKind::Null(of, negated) => Op::Null(self.operand(of), *negated),
            NodeKind::And(a, b) => {
                let a = self.column(a);
                let b = self.narrowed(&a, Keep::NotFalse, b, true);
                Op::And(a, b)
            }
            NodeKind::Or(a, b) => {
                let a = self.column(a);
                let b = self.narrowed(&a, Keep::NotTrue, b, true);
                Op::Or(a, b)
            }
            NodeKind::Not(of) => Op::Not(self.column(of)),
            NodeKind::Arithmetic(operator, a, b) => {
                Op::Arithmetic(*operator, self.operand(a), self.operand(b))
            }
            NodeKind::Nanos(operator, a, b) => {
                Op::Nanos(*operator, self.operand(a), self.operand(b))
            }
            NodeKind::Scale(operator, a, b) => {
                Op::Scale(*operator, self.operand(a), self.operand(b))
            }
            NodeKind::Ratio(a, b) => Op::Ratio(self.operand(a), self.operand(b)),
            NodeKind::Negate(of) => Op::Negate(self.operand(of)),
            NodeKind::Match(of, Regex(regex), negated) => {
                Op::Match(self.operand(of), regex.clone(), *negated)
            }
            NodeKind::Choose(condition, yes, no) => {
                let condition = self.column(condition);
                let yes = self.narrowed(&condition, Keep::True, yes, true);
                let no = self.narrowed(&condition, Keep::NotTrue, no, true);
                Op::Choose(condition, yes, no)
            }
            NodeKind::Coalesce(a, b) => {
                let a = self.column(a);
                let b = self.narrowed(&a, Keep::Null, b, true);
                Op::Coalesce(a, b)
            }
            NodeKind::List(items) => Op::List(items.iter().map(|item| self.column(item)).collect()),
            NodeKind::Join(items) => {
                Op::Join(items.iter().map(|item| self.operand(item)).collect())
            }
            NodeKind::Member(of, name) => Op::Member(self.column(of), name.clone()),
            NodeKind::Item(of, place) => {
                let of = self.column(of);
                Op::Item(of, self.operand(place))
            }
            NodeKind::Call(called, arguments, regexes) => self.call(*called, arguments, regexes),
            NodeKind::Now => Op::Now,
            NodeKind::RowTime(later) => Op::RowTime(*later),
        }
    }

    fn call(&mut self, called: Called, nodes: &'n [Node], regexes: &[Option<Regex>]) -> Op {
        let columns = matches!(called.0.kernel, Kernel::Column(_));
        let arguments = nodes
            .iter()
            .enumerate()
            .map(|(i, node)| {
                let mut operand = if columns && i == 0 {
                    self.column(node)
                } else {
                    self.operand(node)
                };
                if matches!(called.0.param(i), Some(Param::Text | Param::Regex)) {
                    operand.ty = Type::Text;
                }
                operand
            })
            .collect();
        Op::Call {
            called,
            arguments,
            regexes: regexes
                .iter()
                .map(|regex| regex.as_ref().map(|Regex(regex)| regex.clone()))
                .collect(),
            name: super::types::failure_name_of_call(called.0.name, nodes),
        }
    }
}

// ---- printing

impl Program {
    /// An instruction a line; `fields` names the fields.
    pub fn print(&self, fields: &dyn Fn(FieldId) -> String) -> String {
        let mut out = String::new();
        let mut indent = 0;
        for instruction in &self.code {
            if matches!(instruction.op, Op::Widen) {
                indent -= 2;
                continue;
            }
            let _ = write!(out, "{:indent$}", "");
            if let Op::Narrow { mask, keep, .. } = &instruction.op {
                let word = match keep {
                    Keep::True => "where_true",
                    Keep::NotTrue => "where_not_true",
                    Keep::NotFalse => "where_not_false",
                    Keep::Null => "where_null",
                };
                let _ = writeln!(out, "{word} {}", self.name(mask, fields));
                indent += 2;
                continue;
            }
            let (word, operands, tail) = spelt(instruction);
            let _ = write!(out, "r{} = {word}", instruction.out);
            for operand in operands {
                let _ = write!(out, " {}", self.name(operand, fields));
            }
            if let Op::Fill(at) = &instruction.op {
                let _ = write!(out, " {}", written(&self.constants[*at].0));
            }
            if !tail.is_empty() {
                let _ = write!(out, " {tail}");
            }
            out.push('\n');
        }
        let result = Operand {
            source: self.result,
            ty: Type::Null,
        };
        if self.code.is_empty() {
            let _ = writeln!(out, "{}", self.name(&result, fields));
        }
        out
    }

    fn name(&self, operand: &Operand, fields: &dyn Fn(FieldId) -> String) -> String {
        match operand.source {
            Source::Register(register) => format!("r{register}"),
            Source::Field(id) => fields(id),
            Source::Constant(at) => written(&self.constants[at].0),
        }
    }
}

fn written(value: &Const) -> String {
    let mut bytes = Vec::new();
    match value {
        Const::Null => return "null".into(),
        Const::Bool(bit) => return bit.to_string(),
        Const::Number(number) => number.write(&mut bytes),
        Const::Time(ns) => crate::bytes::time::write_rfc3339(*ns, 0, &mut bytes),
        Const::Duration(ns) => crate::data::time::write_duration(*ns, &mut bytes),
        Const::Text(text) => crate::bytes::json::write_string(text, &mut bytes),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An instruction's word, its operands, and what else it knows.
fn spelt(instruction: &Instruction) -> (String, Vec<&Operand>, String) {
    fn plain<'o>(word: &str, operands: Vec<&'o Operand>) -> (String, Vec<&'o Operand>, String) {
        (word.to_string(), operands, String::new())
    }
    let suffix = |operand: &Operand| match operand.source {
        Source::Constant(_) => "_const",
        _ => "",
    };
    match &instruction.op {
        Op::Fill(_) => (
            format!("fill_{}", instruction.ty.name()),
            Vec::new(),
            String::new(),
        ),
        Op::Read(reading, of, _) => {
            let word = match reading {
                Reading::Number => "to_num",
                Reading::Duration => "to_duration",
                Reading::Bool => "to_bool",
                Reading::Time(_) => "to_time",
            };
            let from = if of.ty == Type::Json { "_json" } else { "" };
            (format!("{word}{from}"), vec![of], String::new())
        }
        Op::As(of) => (
            format!("as_{}", instruction.ty.name()),
            vec![of],
            String::new(),
        ),
        Op::Relabel(of) => (
            format!("take_as_{}", instruction.ty.name()),
            vec![of],
            String::new(),
        ),
        Op::Truncate(of) => plain("truncate", vec![of]),
        Op::Filled(of) => plain("null_if_empty", vec![of]),
        Op::Compare(operator, how, a, b) => {
            let word = match operator {
                Operator::Equal => "eq",
                Operator::NotEqual => "ne",
                Operator::Less => "lt",
                Operator::LessEqual => "le",
                Operator::Greater => "gt",
                _ => "ge",
            };
            let kind = match how {
                How::Numbers => "num",
                How::Nanos => "ns",
                How::Bools => "bool",
                How::Bytes if a.ty == Type::Json => "json",
                How::Bytes => "text",
                How::Inputs => "input",
            };
            (
                format!("{word}_{kind}{}", suffix(b)),
                vec![a, b],
                String::new(),
            )
        }
        Op::Null(of, negated) => plain(if *negated { "not_null" } else { "is_null" }, vec![of]),
        Op::Narrow { mask, .. } => plain("where", vec![mask]),
        Op::Widen => plain("end", Vec::new()),
        Op::And(a, b) => plain("and", vec![a, b]),
        Op::Or(a, b) => plain("or", vec![a, b]),
        Op::Not(of) => plain("not", vec![of]),
        Op::Arithmetic(operator, a, b) => {
            let kind = if instruction.ty == Type::Float {
                "float"
            } else {
                "num"
            };
            (
                format!("{}_{kind}{}", verb(*operator), suffix(b)),
                vec![a, b],
                String::new(),
            )
        }
        Op::Nanos(operator, a, b) | Op::Scale(operator, a, b) => (
            format!("{}_ns{}", verb(*operator), suffix(b)),
            vec![a, b],
            String::new(),
        ),
        Op::Ratio(a, b) => plain("ratio_ns", vec![a, b]),
        Op::Negate(of) => plain("neg", vec![of]),
        Op::Match(of, regex, negated) => (
            if *negated { "no_match" } else { "match" }.into(),
            vec![of],
            format!("/{}/", regex.as_str()),
        ),
        Op::Choose(condition, yes, no) => plain("choose", vec![condition, yes, no]),
        Op::Coalesce(a, b) => plain("coalesce", vec![a, b]),
        Op::List(items) => plain("list", items.iter().collect()),
        Op::Join(items) => plain("join", items.iter().collect()),
        Op::Member(of, name) => ("member".into(), vec![of], name.clone()),
        Op::Item(of, place) => plain("item", vec![of, place]),
        Op::Call {
            called,
            arguments,
            regexes,
            ..
        } => {
            let patterns: Vec<String> = regexes
                .iter()
                .flatten()
                .map(|regex| format!("/{}/", regex.as_str()))
                .collect();
            (
                called.0.name.into(),
                arguments.iter().collect(),
                patterns.join(" "),
            )
        }
        Op::Now => plain("now", Vec::new()),
        Op::RowTime(later) => ("row_time".into(), Vec::new(), later.to_string()),
    }
}

fn verb(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "add",
        Operator::Subtract => "sub",
        Operator::Multiply => "mul",
        Operator::Divide => "div",
        _ => "rem",
    }
}
