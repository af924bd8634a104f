//! What a condition says about the line before it is split: a text without which it cannot be true. Looks at
//! conditions over cells that are pieces of the line. Invariant: a literal that is given occurs in each line
//! for which the condition is true, unless the line's cells are escaped.

use super::ast::Operator;
use super::node::{Const, Node, NodeKind};
use crate::data::Type;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

/// Shorter ones exclude too little to be worth a search.
const LEN_MIN: usize = 2;

/// The longest text that a line must contain.
pub(super) fn required(node: &Node) -> Option<Vec<u8>> {
    let found = match &node.kind {
        NodeKind::And(a, b) => longer(required(a), required(b)),
        NodeKind::Match(of, regex, false) if is_piece(of) => of_regex(regex.0.as_str()),
        NodeKind::Compare(Operator::Equal, _, a, b) if is_piece(a) => match b.constant() {
            Some(Const::Text(text)) => plain(text),
            _ => None,
        },
        NodeKind::Call(called, arguments, regexes)
            if matches!(called.0.name, "contains" | "starts_with" | "ends_with") =>
        {
            match arguments.as_slice() {
                [of, what] if is_piece(of) => match (regexes.get(1), what.constant()) {
                    (Some(Some(regex)), _) => of_regex(regex.0.as_str()),
                    (_, Some(Const::Text(text))) => plain(text),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    };
    found.filter(|text| text.len() >= LEN_MIN)
}

fn longer(a: Option<Vec<u8>>, b: Option<Vec<u8>>) -> Option<Vec<u8>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.len() > a.len() { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// A field whose cell stands in the line, or its text.
fn is_piece(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Field(_, name) => {
            matches!(node.ty, Type::Untyped | Type::Json) && !name.starts_with('@') && name != "NF"
                || name == "$0"
        }
        NodeKind::As(of) => is_piece(of),
        _ => false,
    }
}

/// The longest part of a literal without bytes that formats write in another way.
fn plain(text: &[u8]) -> Option<Vec<u8>> {
    text.split(|byte| byte.is_ascii_control() || matches!(byte, b'"' | b'\\'))
        .max_by_key(|part| part.len())
        .map(<[u8]>::to_vec)
}

fn of_regex(pattern: &str) -> Option<Vec<u8>> {
    // As the program compiles it: over bytes.
    let hir = ParserBuilder::new()
        .utf8(false)
        .build()
        .parse(pattern)
        .ok()?;
    let mut found = Found::default();
    found.walk(&hir);
    found.flush();
    plain(&found.best)
}

#[derive(Default)]
struct Found {
    /// What the match must contain right before the place at hand.
    current: Vec<u8>,
    best: Vec<u8>,
}

impl Found {
    fn flush(&mut self) {
        if self.current.len() > self.best.len() {
            std::mem::swap(&mut self.current, &mut self.best);
        }
        self.current.clear();
    }

    fn walk(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.current.extend_from_slice(&literal.0),
            HirKind::Capture(capture) => self.walk(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.walk(part)),
            HirKind::Repetition(repetition) => {
                if repetition.min > 0 {
                    self.walk(&repetition.sub);
                }
                self.flush();
            }
            HirKind::Class(_) | HirKind::Alternation(_) => self.flush(),
        }
    }
}
