//! What conditions and measures of a pattern read: of the record that comes, which the workers evaluate, and of
//! the records that steps have taken, which is kept. Knows no matches. Invariant: everything that depends on a
//! record is one of the node's arguments; what is left for later reads only those.

use super::prelude::*;
use crate::aggs;
use crate::data::{Field, Schema, Type};
use crate::expr::ast::{Ast, Kind as Tree, Operator as Sign, Piece};
use crate::expr::error::nearest;
use crate::state::pattern::conditions::{Condition, Input, Look, Reading};
use crate::state::pattern::rows::Measure;
use crate::state::pattern::syntax::Pattern;
use std::ops::Range;

/// The step of a name that takes records.
pub(super) fn known_step(
    name: &str,
    pattern: &Pattern,
    source: &str,
    at: Range<usize>,
    what: &str,
    b: &Builder<'_>,
) -> Result<usize, Usage> {
    if let Some(step) = pattern.step(name) {
        return Ok(step);
    }
    let names = pattern.names.iter();
    let message = match names.clone().any(|known| known.text == name) {
        true => format!("{what}: '{name}' stands behind not, so it takes no record"),
        false => unknown(name, pattern, what, false),
    };
    Err(b.fault_at(source, at, message))
}

/// A name that the pattern does not have.
fn unknown(name: &str, pattern: &Pattern, what: &str, nots: bool) -> String {
    let names = pattern.names.iter().filter(|known| known.takes || nots);
    let names: Vec<&str> = names.map(|known| known.text.as_str()).collect();
    match nearest(name, names.iter().copied()) {
        Some(meant) => format!("{what}: no step '{name}'; did you mean '{meant}'?"),
        None => format!(
            "{what}: no step '{name}'; the pattern has {}",
            names.join(", ")
        ),
    }
}

/// Conditions, sorted by what they read.
pub(super) struct Wheres {
    /// Names that the record alone decides, and what decides.
    pub flags: Vec<usize>,
    pub plain: Vec<Expr>,
    /// Names that ask the match so far.
    pub by_name: Vec<Option<Condition>>,
    pub texts: Vec<String>,
}

pub(super) struct Reader<'r, 'o> {
    pub pattern: &'r Pattern,
    /// What is kept of each record.
    pub kept: Vec<Expr>,
    pub looks: Vec<Look>,
    /// The word at hand, and where in it the expression begins.
    pub source: &'r str,
    pub offset: usize,
    pub b: &'r mut Builder<'o>,
}

/// A condition's small row, as it is put together.
#[derive(Default)]
struct Small {
    schema: Schema,
    inputs: Vec<(Input, Type)>,
}

impl Small {
    /// The field of an input.
    fn field(&mut self, input: Input, ty: Type, text: String, at: &Range<usize>) -> Ast {
        if !self.inputs.iter().any(|(other, _)| *other == input) {
            self.inputs.push((input, ty.clone()));
            self.schema.add(Field::new(text.clone(), ty));
        }
        Ast::new(Tree::Field(text), at.clone())
    }
}

impl<'r> Reader<'r, '_> {
    /// All `--where NAME=COND`.
    pub fn wheres(&mut self, args: &'r Args) -> Result<Wheres, Usage> {
        let names = self.pattern.names.len();
        let mut wheres = Wheres {
            flags: Vec::new(),
            plain: Vec::new(),
            by_name: vec![None; names],
            texts: Vec::new(),
        };
        let mut given = vec![false; names];
        for (_, word) in args.flags.iter().filter(|(flag, _)| *flag == "where") {
            let Some((name, condition)) = word.split_once('=') else {
                let first = &self.pattern.names[0].text;
                return Err(self.b.fault_at(
                    word,
                    0..word.len(),
                    format!("--where: expected NAME=COND, as {first}=x>5"),
                ));
            };
            let at = name.len() - name.trim_start().len()..name.trim_end().len();
            let name = name.trim();
            let known = self.pattern.names.iter();
            let Some(id) = known.clone().position(|known| known.text == name) else {
                let message = unknown(name, self.pattern, "--where", true);
                return Err(self.b.fault_at(word, at, message));
            };
            if std::mem::replace(&mut given[id], true) {
                return Err(self.b.fault_at(
                    word,
                    at,
                    format!("--where: '{name}' has a condition already; join the two with and"),
                ));
            }
            self.source = word;
            self.offset = word.len() - condition.len();
            self.condition(id, condition, &mut wheres)?;
        }
        Ok(wheres)
    }

    /// One condition: what reads only the record is told by the workers, the rest asks the match so far.
    fn condition(&mut self, id: usize, text: &str, wheres: &mut Wheres) -> Result<(), Usage> {
        let ast = crate::expr::parse(text)
            .map_err(|faults| self.b.diagnosed(faults, self.source, self.offset))?;
        let (mut plain, mut asking) = (None, None);
        for part in conjuncts(&ast) {
            let to = match self.looks_back(part)? {
                false => &mut plain,
                true => &mut asking,
            };
            *to = Some(match to.take() {
                None => part.clone(),
                Some(before) => joined(before, part.clone()),
            });
        }
        if let Some(plain) = plain {
            let expr = self.b.compile(&plain, self.source, self.offset)?;
            self.must_be_condition(&expr, &plain)?;
            wheres.flags.push(id);
            wheres.plain.push(expr);
        }
        if let Some(asking) = asking {
            let mut small = Small::default();
            let rewritten = self.rewrite(&asking, &mut small)?;
            let (source, offset) = (self.source, self.offset);
            let expr = self
                .b
                .compile_over(&rewritten, &mut small.schema, source, offset)?;
            self.must_be_condition(&expr, &asking)?;
            let name = &self.pattern.names[id].text;
            wheres.texts.push(format!("{name}: {asking}"));
            wheres.by_name[id] = Some(Condition {
                expr,
                inputs: small.inputs,
            });
        }
        Ok(())
    }

    fn must_be_condition(&self, expr: &Expr, ast: &Ast) -> Result<(), Usage> {
        if expr.ty == Type::Bool && ast.path().is_none() {
            return Ok(());
        }
        let message = match ast.path() {
            Some(path) => format!(
                "--where: this needs a condition, '{path}' is only a field; compare it with something"
            ),
            None => format!(
                "--where: this needs a condition, it is a {}; compare it with something",
                expr.ty.name()
            ),
        };
        let at = ast.at.start + self.offset..ast.at.end + self.offset;
        Err(self.b.fault_at(self.source, at, message))
    }

    /// `NAME` of `NAME.f`, with its place.
    fn named<'a>(&self, ast: &'a Ast) -> Option<(&'a str, &'a Range<usize>)> {
        match &ast.kind {
            Tree::Member(of, _) => match &of.kind {
                Tree::Field(name) => {
                    let known = self.pattern.names.iter().any(|known| known.text == *name);
                    known.then_some((name.as_str(), &of.at))
                }
                _ => self.named(of),
            },
            Tree::Index(of, _) => self.named(of),
            _ => None,
        }
    }

    /// The step of `NAME.f`; `None`: it is no such thing.
    fn step_of(&self, ast: &Ast) -> Result<Option<usize>, Usage> {
        let Some((name, at)) = self.named(ast) else {
            return Ok(None);
        };
        let at = at.start + self.offset..at.end + self.offset;
        known_step(name, self.pattern, self.source, at, "NAME.f", self.b).map(Some)
    }

    /// Whether something in the tree is of the match so far.
    fn looks_back(&self, ast: &Ast) -> Result<bool, Usage> {
        if self.step_of(ast)?.is_some() {
            return Ok(true);
        }
        for child in children(ast) {
            if self.looks_back(child)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The tree over a small row: parts that read only the record become one cell each, and so do looks back.
    fn rewrite(&mut self, ast: &Ast, small: &mut Small) -> Result<Ast, Usage> {
        if let Some(step) = self.step_of(ast)? {
            return self.look(Reading::Last, step, ast, ast, small);
        }
        if let Tree::Call(function, given) = &ast.kind
            && let (Some(reading), [argument]) = (Reading::of(function), given.as_slice())
            && self.looks_back(argument)?
        {
            let mut steps = Vec::new();
            let mixed = self.steps_in(argument, &mut steps)?;
            if let ([step], false) = (steps.as_slice(), mixed) {
                return self.look(reading, *step, argument, ast, small);
            }
            let at = argument.at.start + self.offset..argument.at.end + self.offset;
            let message = format!(
                "--where: {function}() is over the records of one step, as {function}(a.x)"
            );
            return Err(self.b.fault_at(self.source, at, message));
        }
        if !self.looks_back(ast)? {
            return match is_constant(ast) {
                true => Ok(ast.clone()),
                false => self.cell(ast, small),
            };
        }
        let logic = matches!(
            ast.kind,
            Tree::Not(_) | Tree::Choose(..) | Tree::Binary(Sign::And | Sign::Or, ..)
        );
        // A regex that is a condition by itself is matched against the line.
        let mut again = |ast: &Ast| match (logic, &ast.kind) {
            (true, Tree::Regex(_)) => self.cell(ast, small),
            _ => self.rewrite(ast, small),
        };
        let kind = match &ast.kind {
            Tree::Member(of, name) => Tree::Member(Box::new(again(of)?), name.clone()),
            Tree::Index(of, place) => Tree::Index(Box::new(again(of)?), Box::new(again(place)?)),
            Tree::List(items) => Tree::List(items.iter().map(again).collect::<Result<_, _>>()?),
            Tree::Negate(of) => Tree::Negate(Box::new(again(of)?)),
            Tree::Not(of) => Tree::Not(Box::new(again(of)?)),
            Tree::Binary(sign, left, right) => {
                Tree::Binary(*sign, Box::new(again(left)?), Box::new(again(right)?))
            }
            Tree::In(item, list) => {
                let item = Box::new(again(item)?);
                Tree::In(item, list.iter().map(again).collect::<Result<_, _>>()?)
            }
            Tree::Choose(condition, yes, no) => Tree::Choose(
                Box::new(again(condition)?),
                Box::new(again(yes)?),
                Box::new(again(no)?),
            ),
            Tree::Call(name, given) => Tree::Call(
                name.clone(),
                given.iter().map(again).collect::<Result<_, _>>()?,
            ),
            Tree::Interpolated(pieces) => Tree::Interpolated(
                pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Text(text) => Ok(Piece::Text(text.clone())),
                        Piece::Expr(ast) => Ok(Piece::Expr(again(ast)?)),
                    })
                    .collect::<Result<_, Usage>>()?,
            ),
            other => other.clone(),
        };
        Ok(Ast::new(kind, ast.at.clone()))
    }

    /// A part that reads only the record.
    fn cell(&mut self, ast: &Ast, small: &mut Small) -> Result<Ast, Usage> {
        let expr = self.b.compile(ast, self.source, self.offset)?;
        let ty = expr.ty.clone();
        let arg = self.keep(expr);
        Ok(small.field(Input::Arg(arg), ty, ast.to_string(), &ast.at))
    }

    /// A look at what a step has taken.
    fn look(
        &mut self,
        reading: Reading,
        step: usize,
        argument: &Ast,
        whole: &Ast,
        small: &mut Small,
    ) -> Result<Ast, Usage> {
        let bare = self.bare(argument)?;
        let mut expr = self.b.compile(&bare, self.source, self.offset)?;
        if reading.of_numbers() {
            expr = expr.into_number();
        }
        let ty = reading.ty(&expr.ty);
        let arg = self.keep(expr);
        let look = Look { step, reading, arg };
        let at = self.looks.iter().position(|other| *other == look);
        let at = at.unwrap_or_else(|| {
            self.looks.push(look);
            self.looks.len() - 1
        });
        Ok(small.field(Input::Look(at), ty, whole.to_string(), &whole.at))
    }

    /// Which of the cells that are kept of a record an expression is.
    fn keep(&mut self, expr: Expr) -> usize {
        let same = |other: &Expr| other.text() == expr.text() && other.ty == expr.ty;
        let at = self.kept.iter().position(same);
        at.unwrap_or_else(|| {
            self.kept.push(expr);
            self.kept.len() - 1
        })
    }

    /// The steps that a tree speaks of; whether it also speaks of the record itself.
    fn steps_in(&self, ast: &Ast, steps: &mut Vec<usize>) -> Result<bool, Usage> {
        if let Some(step) = self.step_of(ast)? {
            if !steps.contains(&step) {
                steps.push(step);
            }
            return Ok(false);
        }
        let mut mixed = matches!(ast.kind, Tree::Field(_));
        for child in children(ast) {
            mixed |= self.steps_in(child, steps)?;
        }
        Ok(mixed)
    }

    /// The tree with `f` in place of `NAME.f`: what the step's record had.
    fn bare(&self, ast: &Ast) -> Result<Ast, Usage> {
        let again = |ast: &Ast| self.bare(ast);
        let many = |items: &[Ast]| items.iter().map(again).collect::<Result<Vec<Ast>, Usage>>();
        let kind = match &ast.kind {
            Tree::Member(of, name) => match self.step_of(ast)?.is_some() && of.as_field().is_some()
            {
                true => Tree::Field(name.clone()),
                false => Tree::Member(Box::new(again(of)?), name.clone()),
            },
            Tree::Index(of, place) => Tree::Index(Box::new(again(of)?), Box::new(again(place)?)),
            Tree::List(items) => Tree::List(many(items)?),
            Tree::Negate(of) => Tree::Negate(Box::new(again(of)?)),
            Tree::Not(of) => Tree::Not(Box::new(again(of)?)),
            Tree::Binary(sign, left, right) => {
                Tree::Binary(*sign, Box::new(again(left)?), Box::new(again(right)?))
            }
            Tree::In(item, list) => Tree::In(Box::new(again(item)?), many(list)?),
            Tree::Choose(condition, yes, no) => Tree::Choose(
                Box::new(again(condition)?),
                Box::new(again(yes)?),
                Box::new(again(no)?),
            ),
            Tree::Call(name, given) => Tree::Call(name.clone(), many(given)?),
            other => other.clone(),
        };
        Ok(Ast::new(kind, ast.at.clone()))
    }

    /// Aggregates over a match's records.
    pub fn measures(&mut self, source: &'r str) -> Result<Vec<Measure>, Usage> {
        let parsed = aggs::parse(source).map_err(|(at, message)| {
            self.b
                .fault_at(source, at, format!("--measures: {message}"))
        })?;
        self.source = source;
        let mut measures = Vec::with_capacity(parsed.len());
        for one in parsed {
            let (mut ast, mut step) = (None, None);
            if let Some((text, offset)) = &one.expr {
                self.offset = *offset;
                let read = crate::expr::parse(text)
                    .map_err(|faults| self.b.diagnosed(faults, source, *offset))?;
                let mut steps = Vec::new();
                let mixed = self.steps_in(&read, &mut steps)?;
                if steps.len() > 1 || (mixed && !steps.is_empty()) {
                    return Err(self.b.fault_at(
                        source,
                        *offset..offset + text.len(),
                        "--measures: an aggregate is over all records of a match, or over those of one step",
                    ));
                }
                self.known_names(&read)?;
                step = steps.first().copied();
                ast = Some(self.bare(&read)?);
            }
            let call = self.b.measure(&one, ast, source)?;
            measures.push(Measure {
                name: call.name,
                aggregate: call.aggregate,
                call: call.call,
                arg: call.arg.map(|expr| self.keep(expr)),
                step,
            });
        }
        Ok(measures)
    }

    /// `first:b.x` where no step is called b and no field either: mostly a step is meant.
    fn known_names(&self, ast: &Ast) -> Result<(), Usage> {
        let (Tree::Member(of, _), None) = (&ast.kind, self.named(ast)) else {
            return Ok(());
        };
        let Some(name) = of.as_field() else {
            return Ok(());
        };
        let near = nearest(
            name,
            self.pattern.names.iter().map(|known| known.text.as_str()),
        );
        match near {
            Some(_) if !self.b.has_field(name) => {
                let at = of.at.start + self.offset..of.at.end + self.offset;
                let message = unknown(name, self.pattern, "--measures", false);
                Err(self.b.fault_at(self.source, at, message))
            }
            _ => Ok(()),
        }
    }
}

/// The parts of `a and b and c`.
fn conjuncts(ast: &Ast) -> Vec<&Ast> {
    match &ast.kind {
        Tree::Binary(Sign::And, left, right) => {
            let mut parts = conjuncts(left);
            parts.extend(conjuncts(right));
            parts
        }
        _ => vec![ast],
    }
}

fn joined(left: Ast, right: Ast) -> Ast {
    let at = left.at.start..right.at.end;
    Ast::new(Tree::Binary(Sign::And, Box::new(left), Box::new(right)), at)
}

fn children(ast: &Ast) -> Vec<&Ast> {
    match &ast.kind {
        Tree::Member(of, _) | Tree::Negate(of) | Tree::Not(of) => vec![of],
        Tree::Index(a, b) | Tree::Binary(_, a, b) => vec![a, b],
        Tree::Choose(a, b, c) => vec![a, b, c],
        Tree::List(items) | Tree::Call(_, items) => items.iter().collect(),
        Tree::In(item, list) => std::iter::once(item.as_ref()).chain(list).collect(),
        Tree::Interpolated(pieces) => {
            let exprs = pieces.iter().filter_map(|piece| match piece {
                Piece::Expr(ast) => Some(ast),
                Piece::Text(_) => None,
            });
            exprs.collect()
        }
        _ => Vec::new(),
    }
}

/// Nothing in it depends on a record or the clock. A regex is one where it is an operand; it stays where it is.
fn is_constant(ast: &Ast) -> bool {
    !matches!(ast.kind, Tree::Field(_) | Tree::Call(..))
        && children(ast).into_iter().all(is_constant)
}
