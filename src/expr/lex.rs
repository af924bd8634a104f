//! Text to tokens with their places. Never fails: what is no token becomes one that says so, with a
//! diagnostic beside it. Knows no grammar but one thing: a `/` behind an operand divides, elsewhere it begins
//! a regex. Invariant: tokens are in order, do not overlap, and end with `End`.

use super::ast::{continues_name, starts_name};
use super::error::{self, Diagnostic};
use crate::data::Number;
use std::ops::Range;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub at: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    Number(Number),
    /// ns
    Duration(i64),
    Text(String),
    Interpolated(Vec<Part>),
    Regex(String),
    /// A word, which may be a keyword.
    Word(String),
    /// A name that is no word: `$3`, `@time`, or in backticks.
    Name(String),
    /// Operators, brackets, points and commas.
    Sign(&'static str),
    /// No token; the diagnostic is told already.
    Bad,
    End,
}

/// A piece of an f-string.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Text(String),
    Tokens(Vec<Token>),
}

/// f-strings in f-strings, at most.
const INTERPOLATIONS_MAX: usize = 16;

/// Longest first.
const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "=~", "!~", "&&", "||", "??", "(", ")", "[", "]", "{", "}", ",", ".",
    "?", ":", "+", "-", "*", "/", "%", "<", ">", "!", "=",
];

/// Spellings of other languages, and ours.
const FOREIGN: &[(&str, &str)] = &[
    ("===", "=="),
    ("!==", "!="),
    ("<>", "!="),
    ("&", "and"),
    ("|", "or"),
];

/// All tokens of the source and the faults among them.
pub(super) fn tokens(source: &str) -> (Vec<Token>, Vec<Diagnostic>) {
    let mut lexer = Lexer {
        source,
        at: 0,
        faults: Vec::new(),
        operand_before: false,
        behind_point: false,
        nesting: 0,
    };
    let mut made = Vec::new();
    loop {
        let token = lexer.token();
        let end = token.kind == TokenKind::End;
        made.push(token);
        if end {
            return (made, lexer.faults);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    faults: Vec<Diagnostic>,
    operand_before: bool,
    /// Behind a point any word is a name.
    behind_point: bool,
    nesting: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Goes on while `take` holds; the text passed.
    fn run(&mut self, take: impl Fn(char) -> bool) -> &str {
        let from = self.at;
        let rest = self.rest();
        let len = rest.find(|c| !take(c)).unwrap_or(rest.len());
        self.at += len;
        &self.source[from..self.at]
    }

    fn token(&mut self) -> Token {
        self.run(char::is_whitespace);
        let from = self.at;
        let kind = match self.peek() {
            None => TokenKind::End,
            Some('0'..='9') => self.number(),
            Some('.')
                if !self.operand_before
                    && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) =>
            {
                self.number()
            }
            Some('"') => self.text(),
            Some('f') if self.rest().starts_with("f\"") => self.interpolated(),
            Some('/') if !self.operand_before => self.regex(),
            Some('`') => self.quoted_name(),
            Some('$') => self.dollar_name(),
            Some('@') => {
                self.at += 1;
                if self.run(continues_name).is_empty() {
                    self.bad(error::unknown_byte(from..self.at, "@"))
                } else {
                    TokenKind::Name(self.source[from..self.at].into())
                }
            }
            Some('\'') => {
                self.at = match self.rest()[1..].find('\'') {
                    Some(len) => self.at + len + 2,
                    None => self.source.len(),
                };
                self.bad(error::single_quotes(from..self.at))
            }
            Some(c) if starts_name(c) => TokenKind::Word(self.run(continues_name).into()),
            Some(c) => self.sign(c),
        };
        self.operand_before = match &kind {
            TokenKind::Sign(sign) => matches!(*sign, ")" | "]"),
            TokenKind::Word(word) => {
                self.behind_point || !matches!(word.as_str(), "and" | "or" | "not" | "in")
            }
            _ => true,
        };
        self.behind_point = kind == TokenKind::Sign(".");
        Token {
            kind,
            at: from..self.at,
        }
    }

    fn bad(&mut self, fault: Diagnostic) -> TokenKind {
        self.faults.push(fault);
        TokenKind::Bad
    }

    fn sign(&mut self, c: char) -> TokenKind {
        let from = self.at;
        for (typed, meant) in FOREIGN {
            let doubled = typed.len() == 1 && self.rest().starts_with(&typed.repeat(2));
            if self.rest().starts_with(typed) && !doubled {
                self.at += typed.len();
                return self.bad(error::doubled_sign(from..self.at, typed, meant));
            }
        }
        for sign in SIGNS {
            if self.rest().starts_with(sign) {
                self.at += sign.len();
                return TokenKind::Sign(sign);
            }
        }
        self.at += c.len_utf8();
        let text = c.to_string();
        self.bad(error::unknown_byte(from..self.at, &text))
    }

    /// `42`, `3.5`, `1e6`, `30s`, `1h30m`, `10KiB`.
    fn number(&mut self) -> TokenKind {
        let from = self.at;
        self.digits();
        let mark = self.at;
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            if self.run(|c| c.is_ascii_digit()).is_empty() {
                self.at = mark;
            }
        }
        if !self.peek().is_some_and(continues_name) {
            let text = &self.source[from..self.at];
            return match Number::parse(text.as_bytes()) {
                Some(number) => TokenKind::Number(number),
                None => {
                    let fault = error::too_large(from..self.at, text);
                    self.bad(fault)
                }
            };
        }
        self.at = mark;
        // Units, and further figures with units.
        while self.peek().is_some_and(continues_name) {
            self.run(|c| continues_name(c) && !c.is_ascii_digit());
            if self.peek().is_some_and(|c| c.is_ascii_digit()) {
                self.digits();
            }
        }
        let text = &self.source[from..self.at];
        if let Some(ns) = duration(text.as_bytes()) {
            return TokenKind::Duration(ns);
        }
        if let Some(number) = size(text) {
            return TokenKind::Number(number);
        }
        let fault = error::bad_number(from..self.at, text);
        self.bad(fault)
    }

    fn digits(&mut self) {
        self.run(|c| c.is_ascii_digit());
        let mut behind = self.rest().chars();
        if behind.next() == Some('.') && behind.next().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            self.run(|c| c.is_ascii_digit());
        }
    }

    fn text(&mut self) -> TokenKind {
        let from = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return self.bad(error::open_string(from..self.at)),
                Some('"') => {
                    self.at += 1;
                    return TokenKind::Text(text);
                }
                Some('\\') => self.escape(&mut text),
                Some(c) => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    /// `\n` and its kind, at the backslash.
    fn escape(&mut self, text: &mut String) {
        let from = self.at;
        self.at += 1;
        let Some(c) = self.peek() else { return };
        self.at += c.len_utf8();
        let plain = match c {
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            '"' | '\\' | '/' => Some(c),
            'u' => self.unicode(),
            _ => None,
        };
        match plain {
            Some(c) => text.push(c),
            None => {
                let fault = error::escape(from..self.at, &self.source[from..self.at]);
                self.faults.push(fault);
            }
        }
    }

    /// Behind `\u`: four hex digits, twice for a surrogate pair.
    fn unicode(&mut self) -> Option<char> {
        let high = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high);
        }
        if !self.rest().starts_with("\\u") {
            return None;
        }
        self.at += 2;
        let low = self.four_digits()?;
        if !(0xdc00..0xe000).contains(&low) {
            return None;
        }
        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let value = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(value)
    }

    fn interpolated(&mut self) -> TokenKind {
        let from = self.at;
        if self.nesting == INTERPOLATIONS_MAX {
            self.at = self.source.len();
            return self.bad(error::too_deep(from..from + 2, INTERPOLATIONS_MAX));
        }
        self.at += 2;
        let mut parts = Vec::new();
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return self.bad(error::open_string(from..self.at)),
                Some('"') => {
                    self.at += 1;
                    if !text.is_empty() {
                        parts.push(Part::Text(text));
                    }
                    return TokenKind::Interpolated(parts);
                }
                Some('\\') => self.escape(&mut text),
                Some(c @ ('{' | '}')) if self.rest()[1..].starts_with(c) => {
                    text.push(c);
                    self.at += 2;
                }
                Some('}') => {
                    self.faults.push(error::lone_brace(self.at..self.at + 1));
                    self.at += 1;
                }
                Some('{') => {
                    if !text.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut text)));
                    }
                    match self.braced() {
                        Some(tokens) => parts.push(Part::Tokens(tokens)),
                        None => return TokenKind::Bad,
                    }
                }
                Some(c) => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    /// The tokens from a `{` to its `}`; the last is `End`, in place of the brace.
    fn braced(&mut self) -> Option<Vec<Token>> {
        let from = self.at;
        self.at += 1;
        self.nesting += 1;
        self.operand_before = false;
        let mut tokens = Vec::new();
        loop {
            let mut token = self.token();
            match token.kind {
                TokenKind::End => {
                    self.nesting -= 1;
                    self.faults.push(error::open_brace(from..from + 1));
                    return None;
                }
                TokenKind::Sign("}") => {
                    self.nesting -= 1;
                    token.kind = TokenKind::End;
                    tokens.push(token);
                    return Some(tokens);
                }
                _ => tokens.push(token),
            }
        }
    }

    fn regex(&mut self) -> TokenKind {
        let from = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return self.bad(error::open_regex(from..self.at)),
                Some('/') => {
                    self.at += 1;
                    return TokenKind::Regex(text);
                }
                Some('\\') => {
                    self.at += 1;
                    let Some(c) = self.peek() else { continue };
                    if c != '/' {
                        text.push('\\');
                    }
                    text.push(c);
                    self.at += c.len_utf8();
                }
                Some(c) => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn quoted_name(&mut self) -> TokenKind {
        let from = self.at;
        self.at += 1;
        let mut name = String::new();
        loop {
            match self.peek() {
                None => return self.bad(error::open_backtick(from..self.at)),
                Some('`') if self.rest()[1..].starts_with('`') => {
                    name.push('`');
                    self.at += 2;
                }
                Some('`') => {
                    self.at += 1;
                    if name.is_empty() {
                        return self.bad(error::empty_name(from..self.at));
                    }
                    return TokenKind::Name(name);
                }
                Some(c) => {
                    name.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn dollar_name(&mut self) -> TokenKind {
        let from = self.at;
        self.at += 1;
        let word = self.run(continues_name);
        if word == "NF" || (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())) {
            return TokenKind::Name(self.source[from..self.at].into());
        }
        let fault = error::unknown_byte(from..self.at, &self.source[from..self.at]);
        self.bad(fault)
    }
}

/// Reads `1h30m`, `1.5s`, `250ms`, `-5s`: figures with units, nothing else. ns.
pub(super) fn duration(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    let (negative, mut rest) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if rest.is_empty() {
        return None;
    }
    let mut total = 0i128;
    while !rest.is_empty() {
        let figures = rest
            .iter()
            .position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
        let (number, behind) = rest.split_at(figures);
        let letters = behind
            .iter()
            .position(|byte| byte.is_ascii_digit() || *byte == b'.')
            .unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(letters);
        let size: i128 = match unit.trim_ascii() {
            b"ns" => 1,
            b"us" => 1_000,
            // The micro sign, and the Greek letter that looks like it.
            unit if unit == "\u{b5}s".as_bytes() || unit == "\u{3bc}s".as_bytes() => 1_000,
            b"ms" => 1_000_000,
            b"s" | b"sec" => 1_000_000_000,
            b"m" | b"min" => 60_000_000_000,
            b"h" => 3_600_000_000_000,
            b"d" => 86_400_000_000_000,
            b"w" => 604_800_000_000_000,
            _ => return None,
        };
        let Number::Exact { units, scale } = Number::parse(number)? else {
            return None;
        };
        total += i128::from(units) * size / 10i128.checked_pow(u32::from(scale))?;
        rest = behind;
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// `10KiB` as bytes.
fn size(text: &str) -> Option<Number> {
    let letters = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(letters);
    let factor: i64 = match unit {
        "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    let factor = Number::Exact {
        units: factor,
        scale: 0,
    };
    Some(Number::parse(number.as_bytes())?.mul(factor))
}
