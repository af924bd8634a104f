//! JSON values as they are written: their kinds, strings to bytes and back, their parts, and checking
//! whole texts. Builds no tree. Does not change a number's spelling. Invariant: a string written here reads
//! back as the same text.

use super::json::Fault;
use super::json_walk::{Walk, fault};

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// What a value is, by its first byte.
#[inline]
pub fn kind(raw: &[u8]) -> Kind {
    match raw.trim_ascii_start().first() {
        Some(b'"') => Kind::String,
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'-' | b'0'..=b'9') => Kind::Number,
        _ => Kind::Null,
    }
}

/// The bytes between the quotes of a string, if none is escaped.
#[inline]
pub fn plain(raw: &[u8]) -> Option<&[u8]> {
    let inner = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inner).is_none() {
        Some(inner)
    } else {
        None
    }
}

/// Appends the text of a string (with or without its quotes). A surrogate alone becomes U+FFFD; an escape
/// that is none stays as it is.
pub fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw.strip_prefix(b"\"").unwrap_or(raw);
    if raw.len() > rest.len() {
        rest = rest.strip_suffix(b"\"").unwrap_or(rest);
    }
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let used = match rest.get(at + 1) {
            Some(b'u') => unescape_unit(&rest[at..], out),
            Some(&byte) => {
                match escaped_byte(byte) {
                    Some(meant) => out.push(meant),
                    None => out.extend_from_slice(&[b'\\', byte]),
                }
                2
            }
            None => {
                out.push(b'\\');
                1
            }
        };
        rest = &rest[at + used..];
    }
    out.extend_from_slice(rest);
}

fn escaped_byte(byte: u8) -> Option<u8> {
    Some(match byte {
        b'"' | b'\\' | b'/' => byte,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

/// The number in a `\uXXXX` at the start of `text`.
fn unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |value, &byte| {
        Some(value << 4 | (byte as char).to_digit(16)?)
    })
}

fn unescape_unit(text: &[u8], out: &mut Vec<u8>) -> usize {
    let Some(first) = unit(text) else {
        out.extend_from_slice(b"\\u");
        return 2;
    };
    let (code, used) = match first {
        0xd800..=0xdbff => match unit(&text[6..]) {
            Some(second @ 0xdc00..=0xdfff) => {
                (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), 12)
            }
            _ => (0xfffd, 6),
        },
        code => (code, 6),
    };
    let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    used
}

/// Appends a text as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD.
pub fn write_string(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    // One pass that the compiler makes wide tells whether the text may pass as it is.
    let odd = bytes.iter().fold(false, |odd, &byte| {
        odd | !(b' '..0x80).contains(&byte) | (byte == b'"') | (byte == b'\\')
    });
    if !odd {
        out.extend_from_slice(bytes);
        return out.push(b'"');
    }
    for chunk in bytes.utf8_chunks() {
        write_escaped(chunk.valid().as_bytes(), out);
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    out.push(b'"');
}

fn write_escaped(text: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut from = 0;
    for (at, &byte) in text.iter().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&text[from..at]);
        from = at + 1;
        let short = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            8 => b'b',
            12 => b'f',
            _ => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]]);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', short]);
    }
    out.extend_from_slice(&text[from..]);
}

/// Appends a value re-spelt: strings with the fewest escapes, no blanks between, numbers as they are.
pub fn canonical(raw: &[u8], out: &mut Vec<u8>) {
    let mut text = Vec::new();
    respell(raw, out, |string, out| match plain(string) {
        Some(inner) => write_string(inner, out),
        None => {
            text.clear();
            unescape(string, &mut text);
            write_string(&text, out);
        }
    });
}

/// Appends a value without the blanks between its parts.
pub fn minify(raw: &[u8], out: &mut Vec<u8>) {
    respell(raw, out, |string, out| out.extend_from_slice(string));
}

fn respell(raw: &[u8], out: &mut Vec<u8>, mut string: impl FnMut(&[u8], &mut Vec<u8>)) {
    let mut walk = Walk::new(raw);
    while walk.at < raw.len() {
        match raw[walk.at] {
            b'"' => {
                let from = walk.at;
                if walk.string().is_err() {
                    // No JSON: what is left passes as it is.
                    return out.extend_from_slice(&raw[from..]);
                }
                string(&raw[from..walk.at], out);
            }
            b' ' | b'\t' | b'\n' | b'\r' => walk.at += 1,
            byte => {
                out.push(byte);
                walk.at += 1;
            }
        }
    }
}

/// The members of an object as (key as written, value as written); ends where the text is no object.
pub fn members(raw: &[u8]) -> Members<'_> {
    let mut walk = Walk::new(raw);
    let open = walk.next() == b'{';
    walk.at += 1;
    Members { walk, open }
}

pub struct Members<'a> {
    walk: Walk<'a>,
    open: bool,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if !self.open {
            return None;
        }
        self.open = false; // unless all goes well
        let walk = &mut self.walk;
        if walk.next() != b'"' {
            return None;
        }
        let from = walk.at;
        walk.string().ok()?;
        let key = &walk.text[from..walk.at];
        if walk.next() != b':' {
            return None;
        }
        walk.at += 1;
        walk.next();
        let from = walk.at;
        walk.skip(0).ok()?;
        let value = &walk.text[from..walk.at];
        self.open = walk.next() == b',';
        walk.at += 1;
        Some((key, value))
    }
}

/// The items of an array as written; ends where the text is no array.
pub fn items(raw: &[u8]) -> Items<'_> {
    let mut walk = Walk::new(raw);
    let open = walk.next() == b'[';
    walk.at += 1;
    let open = open && walk.next() != b']';
    Items { walk, open }
}

pub struct Items<'a> {
    walk: Walk<'a>,
    open: bool,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        if !self.open {
            return None;
        }
        self.open = false;
        let walk = &mut self.walk;
        walk.next();
        let from = walk.at;
        walk.skip(0).ok()?;
        let item = &walk.text[from..walk.at];
        self.open = walk.next() == b',';
        walk.at += 1;
        Some(item)
    }
}

/// Whether the text is a number as JSON writes them.
pub fn is_number(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> usize {
        text.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }
    let mut rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return false;
    }
    rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let Some((b'e' | b'E', power)) = rest.split_first() {
        let power = match power.first() {
            Some(b'+' | b'-') => &power[1..],
            _ => power,
        };
        let count = digits(power);
        return count > 0 && count == power.len();
    }
    rest.is_empty()
}

/// Checks that the text is one JSON value of any kind, by RFC 8259.
pub fn validate(text: &[u8]) -> Result<(), Fault> {
    if let Err(error) = std::str::from_utf8(text) {
        return Err(fault(error.valid_up_to(), "not UTF-8"));
    }
    let mut walk = Walk::new(text);
    walk.check(0)?;
    walk.blanks();
    if walk.at < walk.end {
        return Err(fault(walk.at, "more text behind the value"));
    }
    Ok(())
}
