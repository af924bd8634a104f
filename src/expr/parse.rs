//! Tokens to a tree, by binding power. Returns every fault it finds, not only the first. Knows no fields, no
//! functions and no types. Invariant: nesting is bounded, so no tree is too deep for those who walk it.

use super::ast::{Ast, Function, KEYWORDS, Kind, Level, Operator, Piece};
use super::error::{self, Diagnostic};
use super::lex::{self, Part, Token, TokenKind};
use std::ops::Range;

/// How deep an expression may be nested, brackets and all.
pub const DEPTH_MAX: usize = 100;

/// How high its tree may be: chains of operators and members count too.
pub const HEIGHT_MAX: usize = 250;

/// Reads one expression; all faults at once, with places in `source`.
pub fn parse(source: &str) -> Result<Ast, Vec<Diagnostic>> {
    read(source, |parser| {
        if parser.at_end() {
            parser.faults.push(error::empty_expression());
            return Ast::new(Kind::Null, 0..0);
        }
        let ast = parser.expression();
        parser.expect_end();
        ast
    })
}

/// Reads `NAME=EXPR,NAME=EXPR` (also of one): names and trees. Places are in `source`.
pub fn parse_assignments(source: &str) -> Result<Vec<(String, Ast)>, Vec<Diagnostic>> {
    read(source, |parser| {
        let mut made: Vec<(String, Ast)> = Vec::new();
        loop {
            let at = parser.peek().at.clone();
            let Some(name) = parser.target() else {
                let fault = error::assignment_shape(at);
                parser.faults.push(fault);
                return made;
            };
            if !parser.sign("=") {
                let fault = error::assignment_shape(parser.peek().at.clone());
                parser.faults.push(fault);
                return made;
            }
            if made.iter().any(|(other, _)| *other == name) {
                parser.faults.push(error::twice(at, &name));
            }
            let ast = parser.expression();
            made.push((name, ast));
            if !parser.sign(",") {
                parser.expect_end();
                return made;
            }
        }
    })
}

/// Reads `EXPR,EXPR` (keys: fields mostly), each with its text as typed; a lone field in backticks without
/// them.
pub fn parse_list(source: &str) -> Result<Vec<(String, Ast)>, Vec<Diagnostic>> {
    read(source, |parser| {
        let mut made = Vec::new();
        loop {
            let from = parser.peek().at.start;
            let ast = parser.expression();
            let text = match ast.as_field() {
                Some(name) if source[from..].starts_with('`') => name.to_string(),
                _ => source[from..parser.end().max(from)].trim().to_string(),
            };
            made.push((text, ast));
            if !parser.sign(",") {
                parser.expect_end();
                return made;
            }
        }
    })
}

/// Reads a file of `f(a,b) = expr` lines; `#` begins a comment line.
pub fn parse_functions(source: &str) -> Result<Vec<Function>, Vec<Diagnostic>> {
    let mut made: Vec<Function> = Vec::new();
    let mut faults = Vec::new();
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        let text = line.trim();
        if !text.is_empty() && !text.starts_with('#') {
            match parse_function(line.trim_end()) {
                Ok(function) if made.iter().any(|other| other.name == function.name) => {
                    faults.push(error::twice(
                        start..start + line.trim_end().len(),
                        &function.name,
                    ));
                }
                Ok(function) => made.push(function),
                Err(found) => faults.extend(found.into_iter().map(|mut fault| {
                    fault.at = fault.at.start + start..fault.at.end + start;
                    fault
                })),
            }
        }
        start += line.len();
    }
    if faults.is_empty() {
        Ok(made)
    } else {
        Err(faults)
    }
}

fn parse_function(source: &str) -> Result<Function, Vec<Diagnostic>> {
    read(source, |parser| {
        let mut function = Function {
            name: String::new(),
            parameters: Vec::new(),
            body: Ast::new(Kind::Null, 0..0),
        };
        let shape = parser.peek().at.clone();
        match parser.word() {
            Some(name) if parser.sign("(") => function.name = name,
            _ => {
                parser.faults.push(error::function_shape(shape));
                return function;
            }
        }
        while !parser.sign(")") {
            let at = parser.peek().at.clone();
            match parser.word() {
                Some(name) if function.parameters.contains(&name) => {
                    parser.faults.push(error::twice(at, &name));
                }
                Some(name) => function.parameters.push(name),
                None => {
                    parser.faults.push(error::function_shape(at));
                    return function;
                }
            }
            if !parser.sign(",") && !parser.at_sign(")") {
                let fault = error::function_shape(parser.peek().at.clone());
                parser.faults.push(fault);
                return function;
            }
        }
        if !parser.sign("=") {
            let fault = error::function_shape(parser.peek().at.clone());
            parser.faults.push(fault);
            return function;
        }
        function.body = parser.expression();
        parser.expect_end();
        function
    })
}

fn read<T>(source: &str, go: impl FnOnce(&mut Parser<'_>) -> T) -> Result<T, Vec<Diagnostic>> {
    let (tokens, faults) = lex::tokens(source);
    let mut parser = Parser {
        source,
        tokens: &tokens,
        next: 0,
        depth: 0,
        height: 0,
        too_high: None,
        faults,
    };
    let made = go(&mut parser);
    let (mut faults, too_high) = (parser.faults, parser.too_high);
    if let Some(fault) = too_high {
        // Nothing behind could be read in earnest.
        return Err(vec![fault]);
    }
    if faults.is_empty() {
        return Ok(made);
    }
    faults.sort_by_key(|fault| fault.at.start);
    faults.dedup();
    Err(faults)
}

struct Parser<'a> {
    source: &'a str,
    /// The last is `End`.
    tokens: &'a [Token],
    next: usize,
    depth: usize,
    /// Of the tree read last.
    height: usize,
    too_high: Option<Diagnostic>,
    faults: Vec<Diagnostic>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> &'a Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn bump(&mut self) -> &'a Token {
        let token = self.peek();
        if self.next + 1 < self.tokens.len() {
            self.next += 1;
        }
        token
    }

    /// Where the token before ended.
    fn end(&self) -> usize {
        match self.next {
            0 => self.peek().at.start,
            next => self.tokens[next - 1].at.end,
        }
    }

    fn at_end(&self) -> bool {
        self.peek().kind == TokenKind::End
    }

    fn at_sign(&self, sign: &str) -> bool {
        matches!(self.peek().kind, TokenKind::Sign(found) if found == sign)
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = self.at_sign(sign);
        if found {
            self.bump();
        }
        found
    }

    fn at_word(&self, word: &str) -> bool {
        matches!(&self.peek().kind, TokenKind::Word(found) if found == word)
    }

    /// A word that is no keyword.
    fn word(&mut self) -> Option<String> {
        match &self.peek().kind {
            TokenKind::Word(word) if !KEYWORDS.contains(&word.as_str()) => {
                self.bump();
                Some(word.clone())
            }
            _ => None,
        }
    }

    /// What may stand before the `=` of an assignment.
    fn target(&mut self) -> Option<String> {
        if let TokenKind::Name(name) = &self.peek().kind {
            self.bump();
            return Some(name.clone());
        }
        let mut name = self.word()?;
        while self.sign(".") {
            name.push('.');
            name.push_str(&self.word()?);
        }
        Some(name)
    }

    fn fail(&mut self, fault: Diagnostic, at: Range<usize>) -> Ast {
        self.faults.push(fault);
        Ast::new(Kind::Null, at)
    }

    fn expect_end(&mut self) {
        let token = self.peek();
        let at = token.at.clone();
        let text = &self.source[at.clone()];
        let fault = match &token.kind {
            TokenKind::End => return,
            TokenKind::Bad => return,
            TokenKind::Sign("=") => error::assignment(at),
            TokenKind::Sign(")" | "]" | "}") => error::stray_closing(at, text),
            _ => {
                let before = &self.source[..at.start];
                error::unexpected(at, text, before)
            }
        };
        self.faults.push(fault);
        // Go on behind an '=', for there may be more to tell.
        if self.sign("=") && !self.at_end() {
            self.expression();
        }
    }

    fn expression(&mut self) -> Ast {
        self.climb(Level::Choose)
    }

    /// An expression that binds at least as tightly as `level`.
    fn climb(&mut self, level: Level) -> Ast {
        if self.depth == DEPTH_MAX {
            let at = self.peek().at.clone();
            return self.give_up(at, DEPTH_MAX);
        }
        self.depth += 1;
        let made = self.climb_inner(level);
        self.depth -= 1;
        made
    }

    fn give_up(&mut self, at: Range<usize>, limit: usize) -> Ast {
        self.next = self.tokens.len() - 1;
        self.height = 1;
        self.too_high
            .get_or_insert_with(|| error::too_deep(at.clone(), limit));
        Ast::new(Kind::Null, at)
    }

    /// A tree over others, of which the highest is `below`.
    fn over(&mut self, kind: Kind, at: Range<usize>, below: usize) -> Ast {
        self.height = below + 1;
        if self.height > HEIGHT_MAX {
            return self.give_up(at, HEIGHT_MAX);
        }
        Ast::new(kind, at)
    }

    fn climb_inner(&mut self, level: Level) -> Ast {
        let from = self.peek().at.start;
        let mut left = if level <= Level::Not && (self.at_word("not") || self.at_sign("!")) {
            self.bump();
            let of = self.climb(Level::Not);
            self.over(Kind::Not(Box::new(of)), from..self.end(), self.height)
        } else if self.at_sign("-") {
            self.bump();
            let of = self.climb(Level::Unary);
            self.over(Kind::Negate(Box::new(of)), from..self.end(), self.height)
        } else {
            let atom = self.atom();
            self.post(atom)
        };
        // Operators bind looser and looser as the loop goes on: `left` takes part in each once.
        let mut bound = Level::Post;
        loop {
            let height = self.height;
            if level <= Level::Choose && self.at_sign("?") {
                let at = self.bump().at.clone();
                let yes = self.expression();
                let height = height.max(self.height);
                if !self.sign(":") {
                    return self.fail(error::no_colon(at), from..self.end());
                }
                let no = self.expression();
                let kind = Kind::Choose(Box::new(left), Box::new(yes), Box::new(no));
                return self.over(kind, from..self.end(), height.max(self.height));
            }
            let within = self.at_word("in");
            let Some((operator, operator_level)) = self.operator() else {
                return left;
            };
            if operator_level < level {
                return left;
            }
            let at = self.bump().at.clone();
            if operator_level == Level::Compare && bound == Level::Compare {
                self.faults.push(error::chained(at.clone()));
            }
            let kind = if within {
                Kind::In(Box::new(left), self.in_list(at))
            } else {
                let right = self.climb(operator_level.tighter());
                Kind::Binary(operator, Box::new(left), Box::new(right))
            };
            left = self.over(kind, from..self.end(), height.max(self.height));
            bound = operator_level;
        }
    }

    /// The binary operator that comes next.
    fn operator(&self) -> Option<(Operator, Level)> {
        let found = match &self.peek().kind {
            TokenKind::Word(word) => match word.as_str() {
                "and" => (Operator::And, Level::And),
                "or" => (Operator::Or, Level::Or),
                // Told apart by the caller.
                "in" => (Operator::Equal, Level::Compare),
                _ => return None,
            },
            TokenKind::Sign(sign) => match *sign {
                "??" => (Operator::Coalesce, Level::Coalesce),
                "||" => (Operator::Or, Level::Or),
                "&&" => (Operator::And, Level::And),
                "==" => (Operator::Equal, Level::Compare),
                "!=" => (Operator::NotEqual, Level::Compare),
                "<" => (Operator::Less, Level::Compare),
                "<=" => (Operator::LessEqual, Level::Compare),
                ">" => (Operator::Greater, Level::Compare),
                ">=" => (Operator::GreaterEqual, Level::Compare),
                "=~" => (Operator::Match, Level::Compare),
                "!~" => (Operator::NoMatch, Level::Compare),
                "+" => (Operator::Add, Level::Sum),
                "-" => (Operator::Subtract, Level::Sum),
                "*" => (Operator::Multiply, Level::Product),
                "/" => (Operator::Divide, Level::Product),
                "%" => (Operator::Remainder, Level::Product),
                _ => return None,
            },
            _ => return None,
        };
        Some(found)
    }

    fn in_list(&mut self, at: Range<usize>) -> Vec<Ast> {
        let open = self.peek().at.clone();
        if !self.sign("(") {
            self.faults.push(error::in_needs_list(at));
            return Vec::new();
        }
        let list = self.items(")", open, '(');
        if list.is_empty() {
            self.faults.push(error::in_needs_list(at));
        }
        list
    }

    /// Expressions up to the closing bracket.
    fn items(&mut self, closing: &'static str, open: Range<usize>, bracket: char) -> Vec<Ast> {
        let mut items = Vec::new();
        let mut height = 0;
        if !self.sign(closing) {
            loop {
                items.push(self.expression());
                height = height.max(self.height);
                if !self.sign(",") {
                    break;
                }
            }
            self.close(closing, open, bracket);
        }
        self.height = height;
        items
    }

    fn close(&mut self, closing: &'static str, open: Range<usize>, bracket: char) {
        if self.sign(closing) {
            return;
        }
        let token = self.peek();
        let fault = match &token.kind {
            TokenKind::Sign("=") => error::assignment(token.at.clone()),
            TokenKind::Bad => return,
            _ => error::unclosed(open, bracket, closing.chars().next().unwrap_or(')')),
        };
        self.faults.push(fault);
    }

    fn post(&mut self, mut left: Ast) -> Ast {
        loop {
            let (from, height) = (left.at.start, self.height);
            let open = self.peek().at.clone();
            if self.sign(".") {
                let name = match &self.peek().kind {
                    TokenKind::Word(name) | TokenKind::Name(name) => name.clone(),
                    _ => return self.fail(error::member_name(open.clone()), open),
                };
                self.bump();
                let kind = Kind::Member(Box::new(left), name);
                left = self.over(kind, from..self.end(), height);
            } else if self.sign("[") {
                let place = self.expression();
                self.close("]", open, '[');
                let kind = Kind::Index(Box::new(left), Box::new(place));
                left = self.over(kind, from..self.end(), height.max(self.height));
            } else {
                return left;
            }
        }
    }

    fn atom(&mut self) -> Ast {
        let token = self.peek();
        let at = token.at.clone();
        self.height = 1;
        let kind = match &token.kind {
            TokenKind::Number(number) => Kind::Number(*number),
            TokenKind::Duration(ns) => Kind::Duration(*ns),
            TokenKind::Text(text) => Kind::Text(text.clone()),
            TokenKind::Regex(text) => {
                if let Err(reason) = regex::bytes::Regex::new(text) {
                    self.faults
                        .push(error::bad_regex(at.clone(), &reason.to_string()));
                }
                Kind::Regex(text.clone())
            }
            TokenKind::Interpolated(parts) => Kind::Interpolated(self.pieces(parts)),
            TokenKind::Name(name) => Kind::Field(name.clone()),
            TokenKind::Word(word) => match word.as_str() {
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                "null" => Kind::Null,
                "and" | "or" | "in" => {
                    return self.fail(error::no_value(at.clone(), self.source), at);
                }
                "not" => {
                    self.bump();
                    let of = self.climb(Level::Not);
                    return self.fail(
                        error::no_value(at.clone(), self.source),
                        at.start..of.at.end,
                    );
                }
                name => {
                    self.bump();
                    let open = self.peek().at.clone();
                    if !self.sign("(") {
                        return Ast::new(Kind::Field(name.into()), at);
                    }
                    let arguments = self.items(")", open, '(');
                    let kind = Kind::Call(name.into(), arguments);
                    return self.over(kind, at.start..self.end(), self.height);
                }
            },
            TokenKind::Sign("(") => {
                self.bump();
                let inner = self.expression();
                self.close(")", at.clone(), '(');
                return Ast::new(inner.kind, at.start..self.end());
            }
            TokenKind::Sign("[") => {
                self.bump();
                let items = self.items("]", at.clone(), '[');
                return self.over(Kind::List(items), at.start..self.end(), self.height);
            }
            TokenKind::Sign("=") => {
                self.bump();
                self.faults.push(error::assignment(at.clone()));
                return self.atom_behind(at);
            }
            TokenKind::Bad => {
                self.bump();
                return Ast::new(Kind::Null, at);
            }
            TokenKind::Sign("!") => {
                self.bump();
                let of = self.climb(Level::Not);
                return self.fail(
                    error::no_value(at.clone(), self.source),
                    at.start..of.at.end,
                );
            }
            TokenKind::Sign(")" | "]" | "," | ":" | "}") | TokenKind::End => {
                let before = at.start..at.end;
                return self.fail(error::no_value(before.clone(), self.source), before);
            }
            TokenKind::Sign(_) => {
                // An operator without its left side: go on with the right one.
                let fault = error::no_value(at.clone(), self.source);
                self.faults.push(fault);
                return Ast::new(Kind::Null, at);
            }
        };
        self.bump();
        Ast::new(kind, at)
    }

    /// What stands behind a misplaced '=', so that its own faults are told as well.
    fn atom_behind(&mut self, at: Range<usize>) -> Ast {
        if self.at_end() || self.at_sign("=") {
            return Ast::new(Kind::Null, at);
        }
        self.climb(Level::Unary)
    }

    fn pieces(&mut self, parts: &[Part]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut height = 1;
        for part in parts {
            match part {
                Part::Text(text) => pieces.push(Piece::Text(text.clone())),
                Part::Tokens(tokens) => {
                    let mut inner = Parser {
                        source: self.source,
                        tokens,
                        next: 0,
                        depth: self.depth,
                        height: 1,
                        too_high: None,
                        faults: Vec::new(),
                    };
                    let ast = inner.expression();
                    inner.expect_end();
                    self.faults.append(&mut inner.faults);
                    self.too_high = self.too_high.take().or(inner.too_high);
                    height = height.max(inner.height + 1);
                    pieces.push(Piece::Expr(ast));
                }
            }
        }
        self.height = height;
        pieces
    }
}
