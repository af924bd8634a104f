//! The cursor that `json.rs` moves over a line: ends of strings, scalars and nested values, sixteen or
//! sixty-four bytes at a time. Knows no paths and makes no values. Never reads outside its slice: the
//! last bytes are copied where too few follow. Invariant: an answer lies within the text it was given.

use super::json::{DEPTH_MAX, Fault, FaultKind};

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Sixteen bytes in a register.
#[derive(Copy, Clone)]
#[cfg(target_arch = "x86_64")]
struct Sixteen(__m128i);

#[cfg(target_arch = "x86_64")]
impl Sixteen {
    #[inline(always)]
    fn load(bytes: &[u8; 16]) -> Sixteen {
        // SAFETY: the reference is to sixteen readable bytes; SSE2 is part of x86-64.
        Sixteen(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
    }

    /// A bit for each byte equal to `byte`.
    #[inline(always)]
    fn equal(self, byte: u8) -> u64 {
        // SAFETY: SSE2 is part of x86-64.
        unsafe {
            _mm_movemask_epi8(_mm_cmpeq_epi8(self.0, _mm_set1_epi8(byte as i8))) as u32 as u64
        }
    }

    /// A bit for each byte up to `byte`.
    #[inline(always)]
    fn up_to(self, byte: u8) -> u64 {
        // SAFETY: SSE2 is part of x86-64.
        unsafe {
            let least = _mm_min_epu8(self.0, _mm_set1_epi8(byte as i8));
            _mm_movemask_epi8(_mm_cmpeq_epi8(least, self.0)) as u32 as u64
        }
    }

    /// The bytes with the bit that tells brackets from braces set.
    #[inline(always)]
    fn braced(self) -> Sixteen {
        // SAFETY: SSE2 is part of x86-64.
        Sixteen(unsafe { _mm_or_si128(self.0, _mm_set1_epi8(0x20)) })
    }
}

#[derive(Copy, Clone)]
#[cfg(not(target_arch = "x86_64"))]
struct Sixteen([u8; 16]);

#[cfg(not(target_arch = "x86_64"))]
impl Sixteen {
    #[inline(always)]
    fn load(bytes: &[u8; 16]) -> Sixteen {
        Sixteen(*bytes)
    }

    #[inline(always)]
    fn mask(self, holds: impl Fn(u8) -> bool) -> u64 {
        (0..16).fold(0, |mask, i| mask | (holds(self.0[i]) as u64) << i)
    }

    #[inline(always)]
    fn equal(self, byte: u8) -> u64 {
        self.mask(|other| other == byte)
    }

    #[inline(always)]
    fn up_to(self, byte: u8) -> u64 {
        self.mask(|other| other <= byte)
    }

    #[inline(always)]
    fn braced(self) -> Sixteen {
        Sixteen(self.0.map(|byte| byte | 0x20))
    }
}

/// Sixteen bytes from `at`, zeros where the slice has ended.
#[inline(always)]
fn sixteen(text: &[u8], at: usize) -> Sixteen {
    match text.get(at..at + 16) {
        Some(bytes) => Sixteen::load(bytes.try_into().expect("sixteen bytes")),
        None => last(text, at),
    }
}

#[cold]
#[inline(never)]
fn last(text: &[u8], at: usize) -> Sixteen {
    let mut copy = [0u8; 16];
    let rest = text.get(at..).unwrap_or(&[]);
    let len = rest.len().min(16);
    copy[..len].copy_from_slice(&rest[..len]);
    Sixteen::load(&copy)
}

#[cold]
pub(super) fn fault(at: usize, what: &'static str) -> Fault {
    Fault {
        at,
        what,
        kind: FaultKind::Syntax,
    }
}

#[cold]
pub(super) fn too_deep(at: usize) -> Fault {
    Fault {
        at,
        what: "nested too deeply",
        kind: FaultKind::Depth,
    }
}

/// A place in a text; `end` is where the text ends, readable bytes may follow.
#[derive(Copy, Clone)]
pub(super) struct Walk<'a> {
    pub text: &'a [u8],
    pub at: usize,
    pub end: usize,
    /// The line's object has a key that no path begins with.
    pub others: bool,
}

impl<'a> Walk<'a> {
    pub fn new(text: &'a [u8]) -> Walk<'a> {
        Walk {
            text,
            at: 0,
            end: text.len(),
            others: false,
        }
    }

    /// The byte here, 0 at the end.
    #[inline(always)]
    pub fn peek(&self) -> u8 {
        if self.at < self.end {
            self.text[self.at]
        } else {
            0
        }
    }

    #[inline(always)]
    pub fn blanks(&mut self) {
        while self.at < self.end && matches!(self.text[self.at], b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// The next byte that is no blank, without taking it.
    #[inline(always)]
    pub fn next(&mut self) -> u8 {
        let byte = self.peek();
        if byte > b' ' {
            return byte;
        }
        self.blanks();
        self.peek()
    }

    /// Passes a string whose opening quote is here; tells whether it has a backslash.
    #[inline(always)]
    pub fn string(&mut self) -> Result<bool, Fault> {
        let mut at = self.at + 1;
        loop {
            let bytes = sixteen(self.text, at);
            let (quotes, others) = (bytes.equal(b'"'), bytes.equal(b'\\') | bytes.up_to(0x1f));
            // The lowest bit of both decides.
            let stops = quotes | others;
            if stops == 0 {
                at += 16;
                continue;
            }
            at += stops.trailing_zeros() as usize;
            if at >= self.end {
                return Err(fault(self.end, "a string does not end"));
            }
            if self.text[at] == b'"' {
                self.at = at + 1;
                return Ok(false);
            }
            self.at = at;
            return self.string_slow().map(|()| true);
        }
    }

    /// The rest of a string from a backslash or control character on.
    #[inline(never)]
    fn string_slow(&mut self) -> Result<(), Fault> {
        while self.at < self.end {
            match self.text[self.at] {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape()?,
                0..=0x1f => return Err(fault(self.at, "a control character in a string")),
                _ => self.at += 1,
            }
        }
        Err(fault(self.end, "a string does not end"))
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let rest = &self.text[self.at + 1..self.end];
        match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') if rest.len() > 4 && rest[1..5].iter().all(u8::is_ascii_hexdigit) => {
                self.at += 6
            }
            Some(_) => return Err(fault(self.at, "an unknown escape in a string")),
            None => return Err(fault(self.end, "a string does not end")),
        }
        Ok(())
    }

    /// Passes a number, `true`, `false` or `null`, up to what may stand behind a value; looks at the
    /// first byte of a number only.
    #[inline(always)]
    pub fn scalar(&mut self) -> Result<(), Fault> {
        let from = self.at;
        let first = self.peek();
        loop {
            let bytes = sixteen(self.text, self.at);
            let stops = bytes.equal(b',') | bytes.braced().equal(b'}') | bytes.up_to(b' ');
            if stops != 0 {
                self.at = (self.at + stops.trailing_zeros() as usize).min(self.end);
                break;
            }
            self.at += 16;
            if self.at >= self.end {
                self.at = self.end;
                break;
            }
        }
        let sound = match first {
            b'-' | b'0'..=b'9' => true,
            b't' => self.text[from..self.at] == *b"true",
            b'f' => self.text[from..self.at] == *b"false",
            b'n' => self.text[from..self.at] == *b"null",
            _ => false,
        };
        if sound {
            Ok(())
        } else {
            Err(fault(from, "expected a value"))
        }
    }

    /// Passes any value; looks at brackets and strings of nested ones only.
    #[inline(always)]
    pub fn skip(&mut self, depth: usize) -> Result<(), Fault> {
        match self.peek() {
            b'"' => self.string().map(|_| ()),
            b'{' | b'[' => self.nested(depth),
            _ => self.scalar(),
        }
    }

    /// Passes an object or array that begins here, `depth` deep: strings that hide brackets are known,
    /// order and kinds of brackets are not told apart but by number.
    #[inline(never)]
    pub fn nested(&mut self, depth: usize) -> Result<(), Fault> {
        let from = self.at;
        let base = depth;
        let mut depth = depth;
        let mut round = 0i64; // braces open, while depth - base counts braces and brackets
        let (mut string, mut escaped) = (0u64, 0u64); // carried: all ones inside a string; one after a backslash
        let mut at = from;
        loop {
            let parts = [
                sixteen(self.text, at),
                sixteen(self.text, at + 16),
                sixteen(self.text, at + 32),
                sixteen(self.text, at + 48),
            ];
            let each = |mask: fn(Sixteen) -> u64| {
                mask(parts[0]) | mask(parts[1]) << 16 | mask(parts[2]) << 32 | mask(parts[3]) << 48
            };
            let slashes = each(|bytes| bytes.equal(b'\\'));
            let mut quotes = each(|bytes| bytes.equal(b'"'));
            if slashes | escaped != 0 {
                quotes &= !escapes(slashes, &mut escaped);
            }
            let left = self.end - at;
            let within = if left < 64 { (1u64 << left) - 1 } else { !0 };
            quotes &= within;
            let inside = prefix_xor(quotes) ^ string;
            let opens = each(|bytes| bytes.braced().equal(b'{')) & !inside & within;
            let closes = each(|bytes| bytes.braced().equal(b'}')) & !inside & within;
            let controls = each(|bytes| bytes.up_to(0x1f)) & inside & within;
            let braces = |mask: u64| {
                (mask & each(|bytes| bytes.equal(b'{') | bytes.equal(b'}'))).count_ones()
            };
            let (up, down) = (opens.count_ones() as usize, closes.count_ones() as usize);
            if down >= depth - base || depth + up > DEPTH_MAX {
                // The end, or the limit, may be among these bytes.
                let mut both = opens | closes;
                while both != 0 {
                    let bit = both & both.wrapping_neg();
                    let place = at + bit.trailing_zeros() as usize;
                    both ^= bit;
                    if opens & bit != 0 {
                        if depth >= DEPTH_MAX {
                            return Err(too_deep(place));
                        }
                        depth += 1;
                        continue;
                    }
                    depth -= 1;
                    if depth == base {
                        let upto = bit | (bit - 1);
                        if controls & upto != 0 {
                            return Err(fault(at + controls.trailing_zeros() as usize, CONTROL));
                        }
                        round += braces(opens & upto) as i64 - braces(closes & upto) as i64;
                        self.at = place + 1;
                        return if round == 0 {
                            Ok(())
                        } else {
                            Err(fault(place, "brackets do not match"))
                        };
                    }
                }
            } else {
                depth = depth + up - down;
            }
            if controls != 0 {
                return Err(fault(at + controls.trailing_zeros() as usize, CONTROL));
            }
            round += braces(opens) as i64 - braces(closes) as i64;
            string = (inside as i64 >> 63) as u64;
            at += 64;
            if at >= self.end {
                let what = if string != 0 {
                    "a string does not end"
                } else {
                    "a bracket is not closed"
                };
                return Err(fault(self.end, what));
            }
        }
    }

    /// Passes a value and checks all of it.
    pub fn check(&mut self, depth: usize) -> Result<(), Fault> {
        let mut depth = depth;
        let base = depth;
        let mut objects = [0u64; DEPTH_MAX / 64 + 1]; // which of the open ones are objects
        loop {
            // A value begins here.
            match self.next() {
                open @ (b'{' | b'[') => {
                    if depth >= DEPTH_MAX {
                        return Err(too_deep(self.at));
                    }
                    self.at += 1;
                    depth += 1;
                    let object = open == b'{';
                    let bit = 1u64 << (depth % 64);
                    objects[depth / 64] = objects[depth / 64] & !bit | if object { bit } else { 0 };
                    if self.next() == if object { b'}' } else { b']' } {
                        self.at += 1;
                        depth -= 1;
                    } else {
                        if object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b'"' => {
                    self.string()?;
                }
                first => {
                    let from = self.at;
                    self.scalar()?;
                    if matches!(first, b'-' | b'0'..=b'9')
                        && !super::json::is_number(&self.text[from..self.at])
                    {
                        return Err(fault(from, "not a number as JSON writes them"));
                    }
                }
            }
            // A value has ended: close what ends with it.
            loop {
                if depth == base {
                    return Ok(());
                }
                let object = objects[depth / 64] >> (depth % 64) & 1 != 0;
                match self.next() {
                    b',' => {
                        self.at += 1;
                        if object {
                            self.key()?;
                        }
                        break;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return Err(self.behind_value(object)),
                }
                self.at += 1;
                depth -= 1;
            }
        }
    }

    /// Passes a key and its colon.
    fn key(&mut self) -> Result<(), Fault> {
        if self.next() != b'"' {
            return Err(self.expected_key());
        }
        self.string()?;
        if self.next() != b':' {
            return Err(self.expected_colon());
        }
        self.at += 1;
        Ok(())
    }

    #[cold]
    pub fn expected_key(&self) -> Fault {
        fault(
            self.at,
            if self.at >= self.end {
                "the line ends in an object"
            } else {
                "expected a key in quotes"
            },
        )
    }

    #[cold]
    pub fn expected_colon(&self) -> Fault {
        fault(self.at, "expected ':' behind a key")
    }

    #[cold]
    pub fn behind_value(&self, object: bool) -> Fault {
        fault(
            self.at,
            match (self.at >= self.end, object) {
                (true, true) => "the line ends in an object",
                (true, false) => "the line ends in an array",
                (false, true) => "expected ',' or '}' behind a value",
                (false, false) => "expected ',' or ']' behind a value",
            },
        )
    }
}

const CONTROL: &str = "a control character in a string";

/// Bits of bytes that a backslash escapes.
#[inline(always)]
fn escapes(slashes: u64, carried: &mut u64) -> u64 {
    let mut escaped = *carried;
    let mut rest = slashes & !escaped;
    *carried = 0;
    while rest != 0 {
        let bit = rest & rest.wrapping_neg();
        if bit == 1 << 63 {
            *carried = 1;
        }
        escaped |= bit << 1;
        rest &= !(bit | bit << 1);
    }
    escaped
}

/// Each bit is the parity of the bits up to it.
#[inline(always)]
fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}
