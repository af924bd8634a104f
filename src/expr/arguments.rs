//! Calls of the table's functions: how many arguments, and each made what its parameter says. Computes
//! nothing. Invariant: a kernel never sees an argument of another type than its parameter's.

use super::ast::{Ast, Kind};
use super::error;
use super::funcs::{self, FUNCTIONS, Function, Kernel, Param, Special};
use super::node::{Called, Const, Node, NodeKind, Regex};
use super::resolve::Resolver;
use super::types;
use crate::data::Type;
use std::ops::Range;

/// A call of a function of the table.
pub(super) fn call(
    resolver: &mut Resolver<'_, '_>,
    name: &str,
    given: &[Ast],
    at: &Range<usize>,
) -> Option<Node> {
    let Some(function) = funcs::find(name) else {
        let mut known: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
        known.extend(resolver.env.functions.iter().map(|f| f.name.as_str()));
        return resolver.fail(error::unknown_function(
            at.start..at.start + name.len(),
            name,
            &known,
        ));
    };
    let too_many = !function.variadic && given.len() > function.params.len();
    if given.len() < function.required || too_many {
        return resolver.fail(error::argument_count(
            at.clone(),
            function.signature,
            given.len(),
        ));
    }
    if let Kernel::Special(special) = function.kernel {
        return special_call(resolver, special, given);
    }
    let mut types = Vec::new();
    let mut nodes = Vec::new();
    let mut regexes = Vec::new();
    let mut sound = true;
    for (i, ast) in given.iter().enumerate() {
        let param = function.param(i).unwrap_or(Param::Any);
        match argument(resolver, function, param, ast) {
            Some((node, ty, regex)) => {
                types.push(ty);
                nodes.push(node);
                regexes.push(regex);
            }
            None => sound = false,
        }
    }
    if !sound {
        return None;
    }
    let ty = (function.result)(&types);
    Some(Node::new(
        NodeKind::Call(Called(function), nodes, regexes),
        ty,
    ))
}

fn special_call(resolver: &mut Resolver<'_, '_>, special: Special, given: &[Ast]) -> Option<Node> {
    match (special, given) {
        (Special::If, [condition, yes, no]) => {
            let condition = resolver.condition(condition, "if(c,a,b)");
            let (yes, no) = (resolver.resolve(yes), resolver.resolve(no));
            Some(types::choose(condition?, yes?, no?))
        }
        (Special::Coalesce, _) => {
            let nodes: Vec<Option<Node>> = given.iter().map(|ast| resolver.resolve(ast)).collect();
            let mut nodes = nodes
                .into_iter()
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .rev();
            let last = nodes.next().unwrap_or_else(Node::null);
            Some(nodes.fold(last, |rest, node| types::coalesce(node, rest)))
        }
        (Special::Has, [of]) => {
            let node = resolver.resolve(of)?;
            Some(Node::bool(NodeKind::Null(Box::new(node), true)))
        }
        _ => Some(Node::new(NodeKind::Now, Type::Time)),
    }
}

/// The argument as its parameter wants it, its type before, and its regex where it is one.
fn argument(
    resolver: &mut Resolver<'_, '_>,
    function: &Function,
    param: Param,
    ast: &Ast,
) -> Option<(Node, Type, Option<Regex>)> {
    if let (Param::Regex, Kind::Regex(text)) = (param, &ast.kind) {
        return match regex::bytes::Regex::new(text) {
            Ok(regex) => Some((Node::null(), Type::Null, Some(Regex(regex)))),
            Err(reason) => resolver.fail(error::bad_regex(ast.at.clone(), &reason.to_string())),
        };
    }
    let node = match param {
        Param::Bool => resolver.condition(ast, function.signature)?,
        _ => resolver.resolve(ast)?,
    };
    let before = node.ty.clone();
    let sign = function.signature;
    let wrong = |wanted: &str| error::wrong_argument(ast.at.clone(), sign, wanted, before.name());
    let node = match param {
        Param::Any | Param::Bool => node,
        Param::Text | Param::Regex => types::text(node),
        Param::Number => resolver.number(node, sign, &ast.at)?,
        Param::Int => {
            let number = resolver.number(node, sign, &ast.at)?;
            Node::new(NodeKind::Truncate(Box::new(number)), Type::Number)
        }
        Param::Time => resolver.time(node, sign, &ast.at)?,
        Param::Duration => resolver.duration(node, sign, &ast.at)?,
        Param::List => match node.ty {
            Type::List(_) | Type::Json | Type::Null => node,
            // Text that may hold a JSON array.
            Type::Untyped | Type::Text => relabelled(node, Type::Json),
            _ => return resolver.fail(wrong("a list")),
        },
        Param::Object => match node.ty {
            Type::Json | Type::Untyped | Type::Null => node,
            Type::Text => relabelled(node, Type::Untyped),
            _ => return resolver.fail(wrong("an object")),
        },
        Param::Format => match node.constant() {
            Some(Const::Text(_)) => node,
            _ => return resolver.fail(wrong("a text literal")),
        },
        Param::Size => match node.constant() {
            Some(Const::Duration(ns)) if *ns > 0 => node,
            Some(Const::Text(text)) if SIZES.contains(&text.as_slice()) => node,
            _ => {
                return resolver.fail(wrong(
                    "a duration or \"day\", \"week\", \"month\", \"quarter\", \"year\"",
                ));
            }
        },
    };
    Some((node, before, None))
}

const SIZES: [&[u8]; 5] = [b"day", b"week", b"month", b"quarter", b"year"];

/// The same bytes under another type.
fn relabelled(node: Node, ty: Type) -> Node {
    match node.kind {
        NodeKind::Const(_) => Node::new(node.kind, ty),
        _ => Node::new(NodeKind::Relabel(Box::new(node)), ty),
    }
}
