//! Names and types: the syntax tree against a schema to the typed tree. Every conversion that a type asks for
//! is put in here, so nothing is decided while rows run. Reads no data. Invariant: what it returns has no
//! fault; faults are all in the list, in the order of the source.

use super::Env;
use super::ast::{Ast, Kind, Operator, Piece};
use super::error::{self, Diagnostic};
use super::node::{Const, How, Node, NodeKind, Reading, Regex};
use super::{arguments, lex, types};
use crate::bytes::time::{self as stamps, Memo, Shape};
use crate::data::{Field, Open, Type};
use std::ops::Range;

pub(super) struct Resolver<'e, 's> {
    pub env: &'e mut Env<'s>,
    pub faults: Vec<Diagnostic>,
    /// User functions being expanded: name, parameters and their arguments.
    frames: Vec<(String, Vec<(String, Option<Node>)>)>,
}

/// Nodes that expanding user functions may come to.
const SIZE_MAX: usize = 10_000;

impl<'e, 's> Resolver<'e, 's> {
    pub fn new(env: &'e mut Env<'s>) -> Resolver<'e, 's> {
        Resolver {
            env,
            faults: Vec::new(),
            frames: Vec::new(),
        }
    }

    pub fn fail<T>(&mut self, fault: Diagnostic) -> Option<T> {
        self.faults.push(fault);
        None
    }

    /// A whole expression; a lone regex matches `$0`.
    pub fn whole(&mut self, ast: &Ast) -> Option<Node> {
        match &ast.kind {
            Kind::Regex(text) => self.lone_regex(text, &ast.at),
            Kind::Not(of) if matches!(of.kind, Kind::Regex(_)) => self.condition(ast, "not"),
            _ => self.resolve(ast),
        }
    }

    fn lone_regex(&mut self, text: &str, at: &Range<usize>) -> Option<Node> {
        let line = self.field("$0", "$0", at);
        let regex = self.regex(text, at);
        Some(Node::bool(NodeKind::Match(Box::new(line?), regex?, false)))
    }

    fn regex(&mut self, text: &str, at: &Range<usize>) -> Option<Regex> {
        match regex::bytes::Regex::new(text) {
            Ok(regex) => Some(Regex(regex)),
            Err(reason) => self.fail(error::bad_regex(at.clone(), &reason.to_string())),
        }
    }

    /// An operand that must be a condition.
    pub fn condition(&mut self, ast: &Ast, word: &str) -> Option<Node> {
        let node = match &ast.kind {
            Kind::Regex(text) => self.lone_regex(text, &ast.at)?,
            _ => self.resolve(ast)?,
        };
        match node.ty {
            Type::Bool => Some(node),
            Type::Null => Some(Node::bool(NodeKind::Const(Const::Null))),
            _ => self.fail(error::operand_of_logic(
                ast.at.clone(),
                word,
                node.ty.name(),
            )),
        }
    }

    pub fn resolve(&mut self, ast: &Ast) -> Option<Node> {
        let constant = |value, ty| Some(Node::new(NodeKind::Const(value), ty));
        match &ast.kind {
            Kind::Null => Some(Node::null()),
            Kind::Bool(bit) => constant(Const::Bool(*bit), Type::Bool),
            Kind::Number(number) => constant(Const::Number(*number), Type::Number),
            Kind::Duration(ns) => constant(Const::Duration(*ns), Type::Duration),
            Kind::Text(text) => constant(Const::Text(text.as_bytes().to_vec()), Type::Text),
            Kind::Interpolated(pieces) => self.interpolated(pieces),
            Kind::Regex(_) => self.fail(error::regex_place(ast.at.clone())),
            Kind::Field(name) => {
                if let Some(argument) = self.parameter(name) {
                    return argument;
                }
                let canonical = ast.path().unwrap_or_else(|| name.clone());
                self.field(name, &canonical, &ast.at)
            }
            Kind::Member(of, name) => match self.path(ast) {
                Some(found) => found,
                None => {
                    let node = self.resolve(of)?;
                    self.member(node, name, &ast.at)
                }
            },
            Kind::Index(of, place) => match self.path(ast) {
                Some(found) => found,
                None => {
                    let (node, place) = (self.resolve(of), self.resolve(place));
                    self.item(node?, place?, &ast.at)
                }
            },
            Kind::List(items) => {
                let nodes: Vec<Option<Node>> =
                    items.iter().map(|item| self.resolve(item)).collect();
                let nodes: Vec<Node> = nodes.into_iter().collect::<Option<_>>()?;
                let item = nodes
                    .iter()
                    .fold(Type::Null, |ty, node| types::common(&ty, &node.ty));
                let nodes = nodes
                    .into_iter()
                    .map(|node| types::convert(node, &item))
                    .collect();
                Some(Node::new(NodeKind::List(nodes), Type::List(Box::new(item))))
            }
            Kind::Negate(of) => {
                let node = self.resolve(of)?;
                self.negate(node, of, &ast.at)
            }
            Kind::Not(of) => {
                let node = self.condition(of, "'not'")?;
                Some(Node::bool(NodeKind::Not(Box::new(node))))
            }
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right, &ast.at),
            Kind::In(item, list) => self.within(item, list, &ast.at),
            Kind::Choose(condition, yes, no) => {
                let condition = self.condition(condition, "'?'");
                let (yes, no) = (self.resolve(yes), self.resolve(no));
                Some(types::choose(condition?, yes?, no?))
            }
            Kind::Call(name, arguments) => self.call(name, arguments, &ast.at),
        }
    }

    // ---- names

    /// The argument of the parameter of that name in the user function at hand.
    fn parameter(&self, name: &str) -> Option<Option<Node>> {
        let (_, parameters) = self.frames.last()?;
        let (_, argument) = parameters.iter().find(|(parameter, _)| parameter == name)?;
        Some(argument.clone())
    }

    /// A field or path with places that stands in the schema or that an open one takes in; `None`: try it as
    /// a part of a value.
    fn path(&mut self, ast: &Ast) -> Option<Option<Node>> {
        let base = base_of(ast)?;
        if self.parameter(base.as_field()?).is_some() {
            return None;
        }
        let canonical = ast.path()?;
        if let Some(id) = self.env.schema.find(&canonical) {
            return Some(Some(self.field_node(id)));
        }
        let (Kind::Member(of, _) | Kind::Index(of, _)) = &ast.kind else {
            return None;
        };
        if self.made_before(of) {
            return None;
        }
        match &self.env.schema.open {
            Some(Open::Named(_)) if !is_made(base.as_field()?) => {
                Some(self.field(&canonical, &canonical, &ast.at))
            }
            _ if self.find(base.as_field()?, &base.path()?).is_some() => None,
            _ => {
                let known = self.known_fields();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                if known.contains(&canonical.as_str()) {
                    return Some(self.fail(error::needs_backticks(ast.at.clone(), &canonical)));
                }
                Some(self.fail(error::unknown_field(ast.at.clone(), &canonical, &known)))
            }
        }
    }

    /// Whether a path or a beginning of it is a field that was made, not one found in the input on demand.
    fn made_before(&self, ast: &Ast) -> bool {
        let shown = ast
            .path()
            .and_then(|path| self.env.schema.find(&path))
            .is_some_and(|id| !self.env.schema.fields[id].hidden);
        shown
            || match &ast.kind {
                Kind::Member(of, _) | Kind::Index(of, _) => self.made_before(of),
                Kind::Field(name) => self
                    .env
                    .schema
                    .find(name)
                    .is_some_and(|id| !self.env.schema.fields[id].hidden),
                _ => false,
            }
    }

    fn field_node(&self, id: usize) -> Node {
        let field = &self.env.schema.fields[id];
        Node::new(NodeKind::Field(id, field.name.clone()), field.ty.clone())
    }

    fn find(&self, name: &str, canonical: &str) -> Option<usize> {
        let schema = &self.env.schema;
        let found = schema.find(name).or_else(|| schema.find(canonical));
        found.or_else(|| schema.find(&positional(name)?))
    }

    fn field(&mut self, name: &str, canonical: &str, at: &Range<usize>) -> Option<Node> {
        if let Some(id) = self.find(name, canonical) {
            return Some(self.field_node(id));
        }
        let added = match &self.env.schema.open {
            Some(Open::Positional) if name == "NF" => Some(Field::hidden(name, Type::Number)),
            Some(Open::Positional) if name == "$NF" => Some(Field::hidden(name, Type::Untyped)),
            Some(Open::Positional) => positional(name)
                .filter(|name| name != "$0")
                .map(|name| Field::hidden(name, Type::Untyped)),
            Some(Open::Named(ty)) if !is_made(name) => Some(Field::hidden(canonical, ty.clone())),
            _ => None,
        };
        match added {
            Some(field) => {
                let id = self.env.schema.add(field);
                Some(self.field_node(id))
            }
            None => {
                let known = self.known_fields();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                self.fail(error::unknown_field(at.clone(), name, &known))
            }
        }
    }

    /// Names for messages: what a sink would print, or the positions.
    fn known_fields(&self) -> Vec<String> {
        let schema = &self.env.schema;
        let mut known: Vec<String> = schema
            .shown()
            .map(|(_, field)| field.name.clone())
            .collect();
        if schema.open == Some(Open::Positional) {
            known.extend(["$0", "$1", "$2", "…", "$NF", "NF"].map(String::from));
        }
        known.dedup();
        known
    }

    // ---- parts of values

    fn member(&mut self, node: Node, name: &str, at: &Range<usize>) -> Option<Node> {
        match node.ty {
            Type::Untyped | Type::Text | Type::Json => Some(Node::new(
                NodeKind::Member(Box::new(node), name.into()),
                Type::Json,
            )),
            Type::Null => Some(node),
            _ => self.fail(error::no_members(at.clone(), node.ty.name())),
        }
    }

    fn item(&mut self, node: Node, place: Node, at: &Range<usize>) -> Option<Node> {
        if let Some(Const::Text(name)) = place.constant() {
            let name = String::from_utf8_lossy(name).into_owned();
            return self.member(node, &name, at);
        }
        let ty = match &node.ty {
            Type::List(item) => item.as_ref().clone(),
            Type::Untyped | Type::Text | Type::Json => Type::Json,
            Type::Null => return Some(node),
            other => return self.fail(error::no_items(at.clone(), other.name())),
        };
        let place = self.number(place, "[]", at)?;
        Some(Node::new(
            NodeKind::Item(Box::new(node), Box::new(place)),
            ty,
        ))
    }

    fn interpolated(&mut self, pieces: &[Piece]) -> Option<Node> {
        let mut nodes = Vec::new();
        let mut sound = true;
        for piece in pieces {
            match piece {
                Piece::Text(text) => nodes.push(Node::new(
                    NodeKind::Const(Const::Text(text.as_bytes().to_vec())),
                    Type::Text,
                )),
                Piece::Expr(ast) => match self.resolve(ast) {
                    Some(node) => nodes.push(types::text(node)),
                    None => sound = false,
                },
            }
        }
        sound.then(|| Node::new(NodeKind::Join(nodes), Type::Text))
    }

    // ---- conversions

    /// What is asked to be a number; `name` is what failures are counted under.
    pub fn number(&mut self, node: Node, sign: &str, at: &Range<usize>) -> Option<Node> {
        match node.ty {
            Type::Number | Type::Float => Some(node),
            Type::Null => Some(Node::new(NodeKind::Const(Const::Null), Type::Number)),
            Type::Untyped | Type::Text | Type::Json => Some(types::read(node, Reading::Number)),
            _ => self.fail(error::wrong_argument(
                at.clone(),
                sign,
                "a number",
                node.ty.name(),
            )),
        }
    }

    /// A text literal as a time.
    pub fn time_literal(&mut self, text: &[u8], at: &Range<usize>) -> Option<i64> {
        let read = stamps::parse(text, &Shape::Detect, &mut Memo::default())
            .filter(|stamp| !stamp.yearless)
            .and_then(|stamp| {
                stamp
                    .utc()
                    .or_else(|| Some(self.env.zone.to_utc(stamp.civil)))
            });
        match read {
            Some(ns) => Some(ns),
            None => self.fail(error::not_a_time(
                at.clone(),
                &String::from_utf8_lossy(text),
            )),
        }
    }

    pub fn time(&mut self, node: Node, sign: &str, at: &Range<usize>) -> Option<Node> {
        if let Some(Const::Text(text)) = node.constant() {
            let ns = self.time_literal(text, at)?;
            return Some(Node::new(NodeKind::Const(Const::Time(ns)), Type::Time));
        }
        match node.ty {
            Type::Time => Some(node),
            Type::Null => Some(Node::new(NodeKind::Const(Const::Null), Type::Time)),
            Type::Untyped | Type::Text | Type::Json => {
                Some(types::read(node, Reading::Time(Shape::Detect)))
            }
            _ => self.fail(error::wrong_argument(
                at.clone(),
                sign,
                "a time",
                node.ty.name(),
            )),
        }
    }

    pub fn duration(&mut self, node: Node, sign: &str, at: &Range<usize>) -> Option<Node> {
        if let Some(Const::Text(text)) = node.constant() {
            let Some(ns) = lex::duration(text) else {
                return self.fail(error::not_a_duration(
                    at.clone(),
                    &String::from_utf8_lossy(text),
                ));
            };
            return Some(Node::new(
                NodeKind::Const(Const::Duration(ns)),
                Type::Duration,
            ));
        }
        match node.ty {
            Type::Duration => Some(node),
            Type::Null => Some(Node::new(NodeKind::Const(Const::Null), Type::Duration)),
            Type::Untyped | Type::Text | Type::Json => Some(types::read(node, Reading::Duration)),
            _ => self.fail(error::wrong_argument(
                at.clone(),
                sign,
                "a duration",
                node.ty.name(),
            )),
        }
    }

    // ---- operators

    fn negate(&mut self, node: Node, of: &Ast, at: &Range<usize>) -> Option<Node> {
        match (&node.ty, node.constant()) {
            (_, Some(Const::Number(number))) => Some(Node::new(
                NodeKind::Const(Const::Number(number.neg())),
                Type::Number,
            )),
            (_, Some(Const::Duration(ns))) => Some(Node::new(
                NodeKind::Const(Const::Duration(ns.wrapping_neg())),
                Type::Duration,
            )),
            (Type::Duration, _) => {
                Some(Node::new(NodeKind::Negate(Box::new(node)), Type::Duration))
            }
            (Type::Bool | Type::Time | Type::List(_), _) => {
                self.fail(error::not_negatable(of.at.clone(), node.ty.name()))
            }
            _ => {
                let node = self.number(node, "'-'", at)?;
                let ty = node.ty.clone();
                Some(Node::new(NodeKind::Negate(Box::new(node)), ty))
            }
        }
    }

    fn binary(
        &mut self,
        operator: Operator,
        left: &Ast,
        right: &Ast,
        at: &Range<usize>,
    ) -> Option<Node> {
        match operator {
            Operator::And | Operator::Or => {
                let word = if operator == Operator::And {
                    "'and'"
                } else {
                    "'or'"
                };
                let (a, b) = (self.condition(left, word), self.condition(right, word));
                let (a, b) = (Box::new(a?), Box::new(b?));
                Some(Node::bool(match operator {
                    Operator::And => NodeKind::And(a, b),
                    _ => NodeKind::Or(a, b),
                }))
            }
            Operator::Coalesce => {
                let (a, b) = (self.resolve(left), self.resolve(right));
                Some(types::coalesce(a?, b?))
            }
            Operator::Match | Operator::NoMatch => {
                let text = self.resolve(left);
                let Kind::Regex(pattern) = &right.kind else {
                    return self.fail(error::match_needs_regex(right.at.clone(), operator.sign()));
                };
                let regex = self.regex(pattern, &right.at);
                let (text, regex) = (text?, regex?);
                if let Type::List(_) = text.ty {
                    return self.fail(error::not_text(left.at.clone(), text.ty.name()));
                }
                let negated = operator == Operator::NoMatch;
                Some(Node::bool(NodeKind::Match(
                    Box::new(types::text(text)),
                    regex,
                    negated,
                )))
            }
            Operator::Add
            | Operator::Subtract
            | Operator::Multiply
            | Operator::Divide
            | Operator::Remainder => {
                let (a, b) = (self.resolve(left), self.resolve(right));
                let (a, b) = (a?, b?);
                self.compute(operator, a, b, left, right, at)
            }
            _ => {
                let (a, b) = (self.resolve(left), self.resolve(right));
                let (a, b) = (a?, b?);
                self.compare(operator, a, b, left, right, at)
            }
        }
    }

    fn within(&mut self, item: &Ast, list: &[Ast], at: &Range<usize>) -> Option<Node> {
        let node = self.resolve(item);
        let nodes: Vec<Option<Node>> = list.iter().map(|ast| self.resolve(ast)).collect();
        let node = node?;
        let mut made: Option<Node> = None;
        for (other, ast) in nodes.into_iter().zip(list) {
            let one = self.compare(Operator::Equal, node.clone(), other?, item, ast, at)?;
            made = Some(match made {
                None => one,
                Some(before) => Node::bool(NodeKind::Or(Box::new(before), Box::new(one))),
            });
        }
        made
    }

    fn compare(
        &mut self,
        operator: Operator,
        left: Node,
        right: Node,
        left_ast: &Ast,
        right_ast: &Ast,
        at: &Range<usize>,
    ) -> Option<Node> {
        if left.is_null() || right.is_null() {
            let other = if left.is_null() { right } else { left };
            return Some(Node::bool(match operator {
                Operator::Equal => NodeKind::Null(Box::new(other), false),
                Operator::NotEqual => NodeKind::Null(Box::new(other), true),
                _ => NodeKind::Const(Const::Null),
            }));
        }
        // Constants to the right: kernels look for them there.
        if left.constant().is_some() && right.constant().is_none() {
            return self.compare(mirrored(operator), right, left, right_ast, left_ast, at);
        }
        let made = |how, a: Node, b: Node| {
            Some(Node::bool(NodeKind::Compare(
                operator,
                how,
                Box::new(a),
                Box::new(b),
            )))
        };
        let numeric = |ty: &Type| matches!(ty, Type::Number | Type::Float);
        match (&left.ty, &right.ty) {
            (a, b) if numeric(a) && numeric(b) => made(How::Numbers, left, right),
            (a, b) if a.is_bytes() && numeric(b) => {
                made(How::Numbers, types::read(left, Reading::Number), right)
            }
            (a, b) if numeric(a) && b.is_bytes() => {
                made(How::Numbers, left, types::read(right, Reading::Number))
            }
            (Type::Time, Type::Time) | (Type::Duration, Type::Duration) => {
                made(How::Nanos, left, right)
            }
            (Type::Time, b) if b.is_bytes() => {
                let right = self.time(right, operator.sign(), &right_ast.at)?;
                made(How::Nanos, left, right)
            }
            (a, Type::Time) if a.is_bytes() => {
                let left = self.time(left, operator.sign(), &left_ast.at)?;
                made(How::Nanos, left, right)
            }
            (Type::Duration, b) if b.is_bytes() => {
                let right = self.duration(right, operator.sign(), &right_ast.at)?;
                made(How::Nanos, left, right)
            }
            (a, Type::Duration) if a.is_bytes() => {
                let left = self.duration(left, operator.sign(), &left_ast.at)?;
                made(How::Nanos, left, right)
            }
            (Type::Bool, Type::Bool) => made(How::Bools, left, right),
            (Type::Bool, b) if b.is_bytes() => {
                made(How::Bools, left, types::read(right, Reading::Bool))
            }
            (a, Type::Bool) if a.is_bytes() => {
                made(How::Bools, types::read(left, Reading::Bool), right)
            }
            (Type::Text, b) | (b, Type::Text) if b.is_bytes() => {
                // JSON against a literal is compared as it is written; else strings lose their quotes.
                if right.constant().is_some() {
                    return made(How::Bytes, left, right);
                }
                made(How::Bytes, types::text(left), types::text(right))
            }
            (a, b) if a.is_bytes() && b.is_bytes() => made(How::Inputs, left, right),
            (Type::Time, b) if numeric(b) => self.fail(error::time_against_number(at.clone())),
            (a, Type::Time) if numeric(a) => self.fail(error::time_against_number(at.clone())),
            (Type::Duration, b) if numeric(b) => {
                self.fail(error::duration_against_number(at.clone()))
            }
            (a, Type::Duration) if numeric(a) => {
                self.fail(error::duration_against_number(at.clone()))
            }
            (a, b) => self.fail(error::not_comparable(at.clone(), a.name(), b.name())),
        }
    }

    fn compute(
        &mut self,
        operator: Operator,
        left: Node,
        right: Node,
        left_ast: &Ast,
        right_ast: &Ast,
        at: &Range<usize>,
    ) -> Option<Node> {
        use Operator::{Add, Divide, Multiply, Remainder, Subtract};
        let sign = format!("'{}'", operator.sign());
        let nanos = |a: Node, b: Node, ty| {
            Some(types::folded(Node::new(
                NodeKind::Nanos(operator, Box::new(a), Box::new(b)),
                ty,
            )))
        };
        match (&left.ty, operator, &right.ty) {
            (Type::Time, Subtract, Type::Time) => nanos(left, right, Type::Duration),
            (Type::Time, Subtract, b) if b.is_bytes() => {
                let right = self.time(right, &sign, &right_ast.at)?;
                nanos(left, right, Type::Duration)
            }
            (a, Subtract, Type::Time) if a.is_bytes() => {
                let left = self.time(left, &sign, &left_ast.at)?;
                nanos(left, right, Type::Duration)
            }
            (Type::Time, Add | Subtract, Type::Duration) => nanos(left, right, Type::Time),
            (Type::Duration, Add, Type::Time) => nanos(right, left, Type::Time),
            (Type::Time, Add, b) if b.is_bytes() => {
                let right = self.duration(right, &sign, &right_ast.at)?;
                nanos(left, right, Type::Time)
            }
            (Type::Duration, Add | Subtract | Remainder, Type::Duration) => {
                nanos(left, right, Type::Duration)
            }
            (Type::Duration, Divide, Type::Duration) => Some(Node::new(
                NodeKind::Ratio(Box::new(left), Box::new(right)),
                Type::Float,
            )),
            (a, Divide, Type::Duration) if a.is_bytes() => {
                let left = self.duration(left, &sign, &left_ast.at)?;
                Some(Node::new(
                    NodeKind::Ratio(Box::new(left), Box::new(right)),
                    Type::Float,
                ))
            }
            (a, Add | Subtract | Remainder, Type::Duration)
            | (Type::Duration, Add | Subtract | Remainder, a)
                if a.is_bytes() =>
            {
                let at = if left.ty == Type::Duration {
                    &right_ast.at
                } else {
                    &left_ast.at
                };
                self.fail(error::text_and_duration(at.clone()))
            }
            (Type::Duration, Multiply | Divide, b) if number_like(b) => {
                let right = self.number(right, &sign, &right_ast.at)?;
                Some(types::folded(Node::new(
                    NodeKind::Scale(operator, Box::new(left), Box::new(right)),
                    Type::Duration,
                )))
            }
            (a, Multiply, Type::Duration) if number_like(a) => {
                let left = self.number(left, &sign, &left_ast.at)?;
                Some(types::folded(Node::new(
                    NodeKind::Scale(operator, Box::new(right), Box::new(left)),
                    Type::Duration,
                )))
            }
            (a, _, b) if number_like(a) && number_like(b) => {
                let left = self.number(left, &sign, &left_ast.at)?;
                let right = self.number(right, &sign, &right_ast.at)?;
                let float = operator == Divide || left.ty == Type::Float || right.ty == Type::Float;
                let ty = if float { Type::Float } else { Type::Number };
                Some(types::folded(Node::new(
                    NodeKind::Arithmetic(operator, Box::new(left), Box::new(right)),
                    ty,
                )))
            }
            (a, _, b) => self.fail(error::not_computable(
                at.clone(),
                operator.sign(),
                a.name(),
                b.name(),
            )),
        }
    }

    // ---- functions

    fn call(&mut self, name: &str, given: &[Ast], at: &Range<usize>) -> Option<Node> {
        if let Some(function) = self.env.functions.iter().find(|f| f.name == name) {
            return self.expand(function, given, at);
        }
        arguments::call(self, name, given, at)
    }

    fn expand(
        &mut self,
        function: &super::ast::Function,
        given: &[Ast],
        at: &Range<usize>,
    ) -> Option<Node> {
        if self.frames.iter().any(|(name, _)| *name == function.name) {
            return self.fail(error::recursion(at.clone(), &function.name));
        }
        let arguments: Vec<Option<Node>> = given.iter().map(|ast| self.resolve(ast)).collect();
        if given.len() != function.parameters.len() {
            let signature = format!("{}({})", function.name, function.parameters.join(","));
            return self.fail(error::argument_count(at.clone(), &signature, given.len()));
        }
        let frame = function.parameters.iter().cloned().zip(arguments).collect();
        self.frames.push((function.name.clone(), frame));
        let before = std::mem::take(&mut self.faults);
        let node = self.whole(&function.body);
        let inner = std::mem::replace(&mut self.faults, before);
        self.frames.pop();
        for fault in inner {
            let told = error::inside(at.clone(), &function.name, &fault);
            self.faults.push(told);
        }
        let node = node?;
        let (size, height) = node.measure();
        if size > SIZE_MAX || height > super::parse::HEIGHT_MAX {
            return self.fail(error::too_deep(at.clone(), super::parse::HEIGHT_MAX));
        }
        Some(node)
    }
}

fn number_like(ty: &Type) -> bool {
    matches!(ty, Type::Number | Type::Float | Type::Null) || ty.is_bytes()
}

fn mirrored(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessEqual => Operator::GreaterEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterEqual => Operator::LessEqual,
        other => other,
    }
}

/// The field at the bottom of members and items.
fn base_of(ast: &Ast) -> Option<&Ast> {
    match &ast.kind {
        Kind::Field(_) => Some(ast),
        Kind::Member(of, _) | Kind::Index(of, _) => base_of(of),
        _ => None,
    }
}

/// `$3` of `$3`, `$03` and `_3`.
fn positional(name: &str) -> Option<String> {
    let digits = name.strip_prefix(['$', '_'])?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(format!("${}", digits.parse::<u32>().ok()?))
}

/// Whether a name is one of the fields that the engine makes, and so never one of the input.
fn is_made(name: &str) -> bool {
    name.starts_with('$') || matches!(name, "@time" | "@watermark" | "@file" | "@line")
}
