//! The expression language: text to tokens, to a tree, to a typed program over columns. Imports bytes and
//! data. Own, small, typed, total: no expression fails while it runs; what cannot be computed is null.
//!
//! [`parse`] reads, [`compile`] resolves names and types against the schema at one place of the chain, and
//! [`Expr::eval`] runs the program over the live rows of a chunk.

use crate::data::step::Counts;
use crate::data::time::Zone;
use crate::data::{Chunk, ColumnV, FieldId, Schema, Type};

pub mod ast;
pub mod error;
pub mod funcs;
pub mod node;
pub mod parse;

mod arguments;
mod compare;
mod compute;
mod convert;
mod eval;
mod lex;
mod literal;
mod program;
mod resolve;
#[cfg(test)]
mod tests;
mod types;

pub use ast::Ast;
pub use convert::instant;
pub use error::{Diagnostic, RECORD_HAS};
pub use parse::{parse, parse_assignments, parse_functions, parse_list};
pub use types::common;

use eval::Machine;
use node::{Node, NodeKind, Reading};
use program::Program;
use resolve::Resolver;

/// What a compilation may know and change.
pub struct Env<'a> {
    /// The schema at this place. Of an open one, fields that an expression asks for are appended, hidden.
    pub schema: &'a mut Schema,
    pub zone: &'a Zone,
    /// User functions of `-x FILE`.
    pub functions: &'a [ast::Function],
}

/// Resolves names and types.
pub fn compile(ast: &Ast, env: &mut Env<'_>) -> Result<Expr, Vec<Diagnostic>> {
    let zone = env.zone.clone();
    let mut resolver = Resolver::new(env);
    let node = resolver.whole(ast);
    let mut faults = resolver.faults;
    match node {
        Some(node) if faults.is_empty() => Ok(Expr::of(node, ast.to_string(), zone)),
        _ => {
            faults.sort_by_key(|fault| fault.at.start);
            faults.dedup();
            Err(faults)
        }
    }
}

/// The same for what must be a condition. A message that begins with `needs` is meant to follow the operator's
/// name without a colon.
pub fn compile_condition(ast: &Ast, env: &mut Env<'_>) -> Result<Expr, Vec<Diagnostic>> {
    let expr = compile(ast, env)?;
    match (&expr.ty, ast.path()) {
        (Type::Bool, Some(path)) => Err(vec![error::condition_is_field(&path)]),
        (Type::Bool, None) => Ok(expr),
        (_, Some(path)) => Err(vec![error::condition_is_field(&path)]),
        (ty, None) => Err(vec![error::condition_is(ty.name())]),
    }
}

/// A typed program. Cloned for each worker, which keeps registers of its own.
#[derive(Clone, Debug)]
pub struct Expr {
    pub ty: Type,
    /// Fields whose columns must be there before it runs.
    pub fields: Vec<FieldId>,
    node: Node,
    text: String,
    program: Program,
    /// Of a condition: its conjuncts, each over the rows that those before left.
    conjuncts: Vec<Program>,
    zone: Zone,
    machine: Machine,
}

impl Expr {
    /// Whether it has `now()` in it.
    pub fn sees_now(&self) -> bool {
        self.node.sees_now()
    }

    /// The time that a row itself has, which is shown so much later, ns.
    pub fn row_time(later: i64) -> Expr {
        let node = Node::new(NodeKind::RowTime(later), Type::Time);
        Expr::of(node, "@time".into(), Zone::default())
    }

    fn of(node: Node, text: String, zone: Zone) -> Expr {
        let mut fields = Vec::new();
        node.fields(&mut fields);
        let mut conjuncts = Vec::new();
        if node.ty == Type::Bool {
            add_conjuncts(&node, &mut conjuncts);
        }
        Expr {
            ty: node.ty.clone(),
            fields,
            program: program::lower(&node),
            conjuncts,
            node,
            text,
            zone,
            machine: Machine::default(),
        }
    }

    /// The value of one field as it is.
    pub fn field(id: FieldId, ty: Type) -> Expr {
        Expr::named_field(id, &format!("field {id}"), ty)
    }

    /// The same, printed by a name.
    pub fn named_field(id: FieldId, name: &str, ty: Type) -> Expr {
        let name = name.to_string();
        Expr::of(
            Node::new(NodeKind::Field(id, name.clone()), ty),
            name,
            Zone::default(),
        )
    }

    /// Its printed form, by which plans are compared.
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// The typed tree, for those who put it into other words.
    pub fn tree(&self) -> &Node {
        &self.node
    }

    /// The program, an instruction a line, for `--explain=plan`.
    pub fn program(&self) -> String {
        self.program.print(&|id| self.field_name(id))
    }

    fn field_name(&self, id: FieldId) -> String {
        fn find(node: &Node, id: FieldId) -> Option<&str> {
            match &node.kind {
                NodeKind::Field(other, name) if *other == id => Some(name),
                _ => node
                    .children()
                    .into_iter()
                    .find_map(|child| find(child, id)),
            }
        }
        find(&self.node, id).unwrap_or("?").to_string()
    }

    /// If it is nothing but a field.
    pub fn as_field(&self) -> Option<FieldId> {
        match &self.node.kind {
            NodeKind::Field(id, _) => Some(*id),
            _ => None,
        }
    }

    /// A text that every *line* must contain (before any unescaping) for this condition to be true; the search
    /// for it runs before anything is split. It holds where the cells of fields are pieces of the line; lines
    /// whose fields may be escaped (JSON with a backslash) must pass without it.
    pub fn required_literal(&self) -> Option<Vec<u8>> {
        literal::required(&self.node)
    }

    /// The cells of the chunk's live rows (others hold anything), as a column of type `ty`. New text goes to
    /// the chunk's scratch.
    pub fn eval(&mut self, chunk: &mut Chunk, cx: &mut EvalContext<'_>) -> ColumnV {
        self.machine.run(&self.program, &self.zone, chunk, cx);
        self.machine.take(&self.program, chunk)
    }

    /// For a condition: narrows the chunk's live rows to those for which it is true.
    pub fn filter(&mut self, chunk: &mut Chunk, cx: &mut EvalContext<'_>) {
        for program in &self.conjuncts {
            if chunk.live.is_empty() {
                return;
            }
            self.machine.run(program, &self.zone, chunk, cx);
            self.machine.keep(program, chunk);
        }
    }

    /// The same value as one of a type that [`common`] has given for its own.
    pub fn converted(self, ty: &Type) -> Expr {
        if self.ty == *ty {
            return self;
        }
        Expr::of(types::convert(self.node, ty), self.text, self.zone)
    }

    /// Makes this a key: a list is its JSON, as those of the input are.
    pub fn into_key(self) -> Expr {
        match self.ty {
            Type::List(_) => self.converted(&Type::Json),
            _ => self,
        }
    }

    /// Makes this a conversion of its value to `Number` (of text: what reads as one, else null and counted).
    pub fn into_number(self) -> Expr {
        let node = match self.node.ty {
            Type::Number => return self,
            Type::Untyped | Type::Text | Type::Json => types::read(self.node, Reading::Number),
            Type::Float => types::convert(self.node, &Type::Number),
            // Times and durations count as seconds; nothing else is a number.
            Type::Time | Type::Duration => {
                Node::new(NodeKind::As(Box::new(self.node)), Type::Number)
            }
            Type::Bool | Type::List(_) | Type::Null => {
                Node::new(NodeKind::Const(node::Const::Null), Type::Number)
            }
        };
        Expr::of(node, format!("number({})", self.text), self.zone)
    }

    /// Makes this its value as text: what is text already as it is, JSON strings without their quotes, the rest
    /// as it prints.
    pub fn into_text(self) -> Expr {
        match self.node.ty {
            Type::Untyped | Type::Text => self,
            _ => Expr::of(
                types::text(self.node),
                format!("text({})", self.text),
                self.zone,
            ),
        }
    }

    /// Makes this a column of `ty`, if that holds its values as they are.
    pub fn into_type(self, ty: &Type) -> Option<Expr> {
        if self.node.ty == *ty {
            return Some(self);
        }
        let fits = types::common(&self.node.ty, ty) == *ty;
        fits.then(|| Expr::of(types::convert(self.node, ty), self.text, self.zone))
    }

    /// Makes this a conversion to `Time` by the spellings of `--time` (`shape`), in `zone`.
    pub fn into_time(self, shape: crate::bytes::time::Shape, zone: &Zone) -> Expr {
        let text = format!("time({})", self.text);
        let node = match self.node.ty {
            Type::Time => return self,
            Type::Untyped | Type::Text | Type::Json => types::read(self.node, Reading::Time(shape)),
            // Epoch numbers are read as they print.
            Type::Number | Type::Float => types::read(types::text(self.node), Reading::Time(shape)),
            Type::Duration | Type::Bool | Type::List(_) | Type::Null => {
                Node::new(NodeKind::Const(node::Const::Null), Type::Time)
            }
        };
        Expr::of(node, text, zone.clone())
    }
}

fn add_conjuncts(node: &Node, out: &mut Vec<Program>) {
    match &node.kind {
        NodeKind::And(a, b) => {
            add_conjuncts(a, out);
            add_conjuncts(b, out);
        }
        _ => out.push(program::lower(node)),
    }
}

/// Where rows have the time of their arrival, which is the value of `now()`.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Arrivals {
    /// They came together.
    #[default]
    Together,
    /// Their times, so much later, ns: a batch's rows have the last instant before its end.
    Times(i64),
    /// The same of the clock that the data tell beside event times.
    Clocks(i64),
}

/// What an evaluation is given beside the chunk.
pub struct EvalContext<'a> {
    /// The value of `now()`, ns, where rows do not have one each.
    pub now: i64,
    pub arrivals: Arrivals,
    pub counts: &'a mut Counts,
}

/// For fuzzing: whatever parses prints, reads back the same, and compiles or tells why not.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let Ok(source) = std::str::from_utf8(data) else {
        return;
    };
    let _ = parse_assignments(source);
    let _ = parse_list(source);
    let functions = parse_functions(source).unwrap_or_default();
    let Ok(ast) = parse(source) else { return };
    let printed = ast.to_string();
    match parse(&printed) {
        Ok(again) => assert_eq!(ast, again, "{printed}"),
        Err(faults) => panic!("{printed}: {faults:?}"),
    }
    let zone = Zone::default();
    for open in [
        None,
        Some(crate::data::Open::Positional),
        Some(crate::data::Open::Named(Type::Json)),
        Some(crate::data::Open::Named(Type::Untyped)),
    ] {
        let mut schema = Schema::new(vec![crate::data::Field::hidden("$0", Type::Untyped)]);
        schema.open = open;
        let mut env = Env {
            schema: &mut schema,
            zone: &zone,
            functions: &functions,
        };
        if let Ok(expr) = compile(&ast, &mut env) {
            let _ = (expr.program(), expr.required_literal());
        }
    }
}
