//! Calls of functions as SQL: by the templates of the table, and those that depend on their constants. Invariant: a
//! call that no template spells is refused with the reason of its row.

use super::regexes;
use super::sql::{Level, Result, Scope, Sql, none};
use crate::bytes::time::Pattern;
use crate::bytes::time::Shape;
use crate::data::Type;
use crate::expr::funcs::{Function, MADE, Param, sql};
use crate::expr::node::{Const, Node, NodeKind, Regex};

pub fn call(
    scope: &Scope<'_>,
    function: &Function,
    args: &[Node],
    patterns: &[Option<Regex>],
) -> Result<Sql> {
    let dialect = scope.dialect;
    let template = dialect.template(function);
    let name = function.name;
    if template.is_empty() {
        return none(format!("{name}(): {}", function.no_sql));
    }
    let wrong_order =
        matches!(name, "min" | "max") && args.iter().any(|arg| !is_ordered_alike(&arg.ty));
    if wrong_order {
        return none(format!(
            "{name}() of fields puts numbers before other text; make its arguments numbers: {name}(float(x), …)"
        ));
    }
    if template == MADE {
        return made(scope, name, args, patterns);
    }
    let mut texts = Vec::with_capacity(args.len());
    for (i, arg) in args.iter().enumerate() {
        let made = match (function.param(i), patterns.get(i).and_then(Option::as_ref)) {
            (Some(Param::Regex), regex) => Sql::atom(dialect.text(&pattern(name, arg, regex)?)),
            _ if name == "replace" && i == 2 => {
                let is_regex = matches!(patterns.get(1), Some(Some(_)));
                match text_of(arg) {
                    Some(text) => Sql::atom(dialect.text(&regexes::replacement(text, is_regex))),
                    None => return none("replace(): a replacement that is computed"),
                }
            }
            _ => scope.expr(arg)?,
        };
        texts.push(match stands_free(template, i) {
            true => made.text,
            false => made.at(Level::Atom),
        });
    }
    match sql(template, function.required, &texts) {
        Some(text) => Ok(level_of(text)),
        None => none(format!(
            "{name}() with so many arguments has no counterpart"
        )),
    }
}

/// Whether values of a type have one order in both engines.
fn is_ordered_alike(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Number | Type::Float | Type::Time | Type::Duration | Type::Bool | Type::Null
    )
}

/// Whether an argument stands between brackets and commas wherever the template has it.
fn stands_free(template: &str, at: usize) -> bool {
    let place = format!("{{{at}}}");
    template.match_indices(&place).all(|(from, _)| {
        let before = template[..from].trim_end();
        let behind = template[from + place.len()..].trim_start();
        (before.ends_with('(') || before.ends_with(','))
            && (behind.starts_with(')') || behind.starts_with(','))
    })
}

/// What a template has made binds tightly if it is one call or CASE.
pub fn level_of(text: String) -> Sql {
    let is_case = text.starts_with("CASE ") && text.ends_with(" END");
    let word = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let is_call = text[word..].starts_with('(') && closes_last(&text[word..]);
    match is_case || is_call || word == text.len() {
        true => Sql::atom(text),
        false => Sql::new(Level::Or, text),
    }
}

/// Whether the bracket that opens is closed by the last letter.
fn closes_last(text: &str) -> bool {
    let mut depth = 0;
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return at + 1 == text.len();
                }
            }
            _ => {}
        }
    }
    false
}

fn text_of(node: &Node) -> Option<&str> {
    match node.constant() {
        Some(Const::Text(bytes)) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn pattern(name: &str, arg: &Node, regex: Option<&Regex>) -> Result<String> {
    match (regex, text_of(arg)) {
        (Some(regex), _) => regexes::java(regex.0.as_str()),
        (None, Some(text)) => Ok(regexes::literal(text)),
        (None, None) => none(format!("{name}(): a pattern that is computed")),
    }
}

/// Calls that depend on their constants.
fn made(scope: &Scope<'_>, name: &str, args: &[Node], patterns: &[Option<Regex>]) -> Result<Sql> {
    let dialect = scope.dialect;
    match (name, args) {
        ("url", _) => none("url(x) as a whole object; its parts have one: url(x).host"),
        ("extract", [text, of, rest @ ..]) => {
            let regex = patterns.get(1).and_then(Option::as_ref);
            let text = scope.expr(text)?;
            let groups = regex.map_or(0, |regex| regex.0.captures_len() - 1);
            let group = match rest {
                [] => groups.min(1),
                [group, ..] => match scope.expr(group)?.text.parse() {
                    Ok(group) => group,
                    Err(_) => return none("extract(): a group that is computed"),
                },
            };
            let pattern = dialect.text(&pattern(name, of, regex)?);
            let condition = dialect.matches(text.clone(), &pattern);
            Ok(Sql::atom(format!(
                "CASE WHEN {} THEN {} END",
                condition.text,
                dialect.group_of(&text, &pattern, group)
            )))
        }
        ("time", [text]) => dialect.read_time(&scope.expr(text)?, &Shape::Detect),
        ("time", [text, format]) => {
            let format = text_of(format).unwrap_or_default();
            match Shape::parse_spec(format) {
                Ok(shape) => dialect.read_time(&scope.expr(text)?, &shape),
                Err(reason) => none(format!("time(): {reason}")),
            }
        }
        ("strftime", [time, format]) => {
            let format = text_of(format).unwrap_or_default();
            let java = Pattern::new(format).ok().and_then(|one| one.java());
            match java {
                Some(java) => Ok(Sql::atom(dialect.format_time(&scope.expr(time)?, &java))),
                None => none(format!(
                    "strftime(): the format '{format}' has no counterpart"
                )),
            }
        }
        ("trunc", [time, size]) => {
            let time = scope.expr(time)?;
            match (size.constant(), text_of(size)) {
                (Some(Const::Duration(ns)), _) => dialect.floor_time(&time, *ns),
                (_, Some(unit)) => Ok(Sql::atom(
                    dialect.truncate(&time, &unit.to_ascii_uppercase()),
                )),
                _ => none("trunc(): a size that is computed"),
            }
        }
        _ => none(format!("{name}() has no counterpart")),
    }
}

/// The terms of an order of one value: null first, then what reads as a number, then text by its bytes.
pub fn order_terms(of: &Node, made: &Sql) -> Vec<String> {
    let number_first = of.ty.is_bytes() && !matches!(of.kind, NodeKind::Const(_));
    if !number_first {
        return vec![made.text.clone()];
    }
    let number = format!("TRY_CAST({} AS DOUBLE)", made.text);
    vec![
        format!("{} IS NOT NULL AND {number} IS NULL", made.at(Level::Sum)),
        number,
        made.text.clone(),
    ]
}

/// A divisor, by which nothing is divided where it is 0.
pub fn nullif_zero(of: &Sql, nonzero: bool) -> String {
    match nonzero {
        true => of.at(Level::Unary),
        false => format!("NULLIF({}, 0)", of.text),
    }
}
