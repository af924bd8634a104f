//! The model of `json.rs`: one byte after the other by recursion, every rule checked everywhere. For tests
//! and fuzzing. Invariant: shares no code with what it judges but the types of paths and spans.

use super::{ABSENT, FaultKind, Paths, Step, canonical, items, kind, members, minify, validate};
use crate::bytes::{PADDING, Span};

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    paths: &'a [Vec<Step>],
    out: Vec<Span>,
    deepest: usize,
    others: bool,
}

type Read<T> = Option<T>;

impl Reader<'_> {
    fn blanks(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.text.get(self.at) == Some(&byte);
        self.at += found as usize;
        found
    }

    fn string(&mut self) -> Read<Vec<u8>> {
        let mut units = Vec::new(); // bytes, or UTF-16 units above 0xff with a mark
        if !self.take(b'"') {
            return None;
        }
        loop {
            let byte = *self.text.get(self.at)?;
            self.at += 1;
            match byte {
                b'"' => break,
                0..=0x1f => return None,
                b'\\' => {
                    let letter = *self.text.get(self.at)?;
                    self.at += 1;
                    units.push(match letter {
                        b'"' | b'\\' | b'/' => letter as u32,
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => 10,
                        b'r' => 13,
                        b't' => 9,
                        b'u' => {
                            let digits = self.text.get(self.at..self.at + 4)?;
                            if !digits.iter().all(u8::is_ascii_hexdigit) {
                                return None;
                            }
                            self.at += 4;
                            0x1_0000
                                | u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
                        }
                        _ => return None,
                    });
                }
                _ => units.push(byte as u32),
            }
        }
        let mut bytes = Vec::new();
        let mut rest = &units[..];
        while let Some(&first) = rest.first() {
            if first < 0x100 {
                bytes.push(first as u8);
                rest = &rest[1..];
                continue;
            }
            let run = rest.iter().take_while(|&&unit| unit >= 0x1_0000).count();
            let wide: Vec<u16> = rest[..run].iter().map(|&unit| unit as u16).collect();
            bytes.extend_from_slice(String::from_utf16_lossy(&wide).as_bytes());
            rest = &rest[run..];
        }
        Some(bytes)
    }

    fn number(&mut self) -> Read<()> {
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while matches!(reader.text.get(reader.at), Some(b'0'..=b'9')) {
                reader.at += 1;
            }
            reader.at - from
        };
        self.take(b'-');
        let zero = self.text.get(self.at) == Some(&b'0');
        let whole = digits(self);
        if whole == 0 || (zero && whole > 1) || (self.take(b'.') && digits(self) == 0) {
            return None;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            if digits(self) == 0 {
                return None;
            }
        }
        Some(())
    }

    fn word(&mut self, word: &[u8]) -> Read<()> {
        let rest = self.text[self.at..].strip_prefix(word)?;
        self.at = self.text.len() - rest.len();
        Some(())
    }

    /// A value; `live` are the paths that lead here, with the steps they still have to go.
    fn value(&mut self, live: &[(usize, usize)], depth: usize) -> Read<()> {
        for &(path, _) in live {
            self.out[path] = ABSENT;
        }
        let from = self.at;
        match *self.text.get(self.at)? {
            b'"' => self.string().map(|_| ())?,
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            b'n' => self.word(b"null")?,
            open @ (b'{' | b'[') => {
                self.deepest = self.deepest.max(depth + 1);
                if depth > 400 {
                    return None;
                }
                self.at += 1;
                self.parts(open == b'{', live, depth + 1)?;
            }
            _ => self.number()?,
        }
        for &(path, step) in live {
            if step == self.paths[path].len() {
                self.out[path] = Span::new(from, self.at - from);
            }
        }
        Some(())
    }

    fn parts(&mut self, object: bool, live: &[(usize, usize)], depth: usize) -> Read<()> {
        let close = if object { b'}' } else { b']' };
        self.blanks();
        if self.take(close) {
            return Some(());
        }
        for index in 0.. {
            self.blanks();
            let here = if object {
                let key = self.string()?;
                self.blanks();
                if !self.take(b':') {
                    return None;
                }
                self.blanks();
                Step::Key(key)
            } else {
                Step::Index(index)
            };
            let next: Vec<_> = live
                .iter()
                .filter(|&&(path, step)| self.paths[path].get(step) == Some(&here))
                .map(|&(path, step)| (path, step + 1))
                .collect();
            self.others |= depth == 1 && object && next.is_empty();
            self.value(&next, depth)?;
            self.blanks();
            if self.take(close) {
                return Some(());
            }
            if !self.take(b',') {
                return None;
            }
        }
        None
    }
}

/// The spans of the paths in a line, how deep it is, and whether it has a key that no path begins with; nothing for a line that is no JSON value.
pub fn fields(line: &[u8], paths: &[Vec<Step>]) -> Option<(Vec<Span>, usize, bool)> {
    let mut reader = Reader {
        text: line,
        at: 0,
        paths,
        out: vec![ABSENT; paths.len()],
        deepest: 0,
        others: false,
    };
    let live: Vec<_> = (0..paths.len()).map(|path| (path, 0)).collect();
    reader.blanks();
    reader.value(&live, 0)?;
    reader.blanks();
    (reader.at == line.len()).then_some((reader.out, reader.deepest, reader.others))
}

/// The paths that fuzzing asks for.
pub fn some_paths() -> Vec<Vec<Step>> {
    let key = |text: &str| Step::Key(text.as_bytes().to_vec());
    vec![
        vec![key("a")],
        vec![key("b"), key("a")],
        vec![key("b"), Step::Index(1)],
        vec![key("b"), Step::Index(1), key("c")],
        vec![key("long key of a record")],
        vec![key("")],
        vec![key("b")],
        vec![key("12345678")],
        vec![key("b"), key("a")],
    ]
}

/// Holds the fast code to the model on any bytes as one line.
pub fn fuzz(line: &[u8]) {
    let paths = some_paths();
    let model = fields(line, &paths);
    let compiled = Paths::new(&paths);
    let object = line.trim_ascii_start().first() == Some(&b'{');
    let mut spans = vec![ABSENT; paths.len()];
    // Alone, in the midst of others, and with text behind it that would go on with it.
    let tails: [&[u8]; 4] = [b"", b"\"}", b"}]\"\\", &[b' '; 64]];
    for (before, tail) in [(0, tails[0]), (3, tails[1]), (61, tails[2]), (17, tails[3])] {
        let mut block = vec![b'{'; before];
        block.extend_from_slice(line);
        block.extend_from_slice(tail);
        block.resize(block.len() + if before == 0 { 0 } else { PADDING }, b'"');
        let result = compiled.fields((&block, before, line.len()), &mut spans);
        let shifted: Vec<Option<&[u8]>> = spans
            .iter()
            .map(|&span| (span != ABSENT).then(|| span.of(&block, &[])))
            .collect();
        match (&result, &model) {
            (Ok(others), Some((expected, _, expected_others))) => {
                assert_eq!(others, expected_others);
                for (found, expected) in shifted.iter().zip(expected) {
                    let expected = (*expected != ABSENT).then(|| expected.of(line, &[]));
                    assert_eq!(*found, expected, "{}", String::from_utf8_lossy(line));
                }
            }
            // What no path needs is looked at for brackets and strings only; the rest must be sound.
            (Ok(_), None) => shifted.iter().flatten().for_each(|raw| {
                assert!(
                    fields(raw, &[]).is_some(),
                    "{}",
                    String::from_utf8_lossy(raw)
                );
            }),
            (Err(fault), Some((_, depth, _))) => match fault.kind {
                FaultKind::Depth => assert!(*depth > super::DEPTH_MAX),
                _ => assert!(!object, "{fault} in {}", String::from_utf8_lossy(line)),
            },
            (Err(fault), None) => assert!(fault.at <= line.len()),
        }
    }
    texts(line, model.as_ref().map(|(_, depth, _)| *depth));
}

/// The functions over values as written.
fn texts(line: &[u8], depth: Option<usize>) {
    match validate(line) {
        Ok(()) => assert!(depth.is_some_and(|depth| depth <= super::DEPTH_MAX)),
        Err(fault) => {
            let deep = depth.is_some_and(|depth| depth > super::DEPTH_MAX);
            assert!(fault.at <= line.len());
            assert!(
                depth.is_none() || deep || std::str::from_utf8(line).is_err(),
                "{fault}"
            );
        }
    }
    let (mut short, mut spelt, mut again) = (Vec::new(), Vec::new(), Vec::new());
    minify(line, &mut short);
    canonical(line, &mut spelt);
    if depth.is_none() {
        // No JSON: none of these may fail, that is all.
        members(line)
            .take(1000)
            .for_each(|(key, value)| assert!(key.len() + value.len() < line.len()));
        assert!(items(line).take(1000).all(|item| item.len() < line.len()));
        return;
    }
    assert!(fields(&short, &[]).is_some());
    assert!(fields(&spelt, &[]).is_some() && std::str::from_utf8(&spelt).is_ok());
    canonical(&spelt, &mut again);
    assert_eq!(spelt, again);
    for part in members(line)
        .flat_map(|(key, value)| [key, value])
        .chain(items(line))
    {
        assert!(fields(part, &[]).is_some());
        let mut rest = Vec::new();
        super::unescape(part, &mut rest);
        if kind(part) == super::Kind::String {
            let mut reader = Reader {
                text: part,
                at: 0,
                paths: &[],
                out: Vec::new(),
                deepest: 0,
                others: false,
            };
            assert_eq!(reader.string(), Some(rest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            3 => "(a|b|c|12345678|1234567|123456789|long key of a record|)",
            2 => "[ -!#-\\[\\]-~]{0,40}",
            1 => "([{}\\[\\],: ]|\\\\\\\\|\\\\\"|\\\\n|\\\\/|\\\\u00[46]1|\\\\ud83d\\\\ude00|\\\\udc00|\u{e9}|\u{1f600}){0,30}",
        ]
        .prop_map(|inner| format!("\"{inner}\""))
    }

    /// A value as text, with blanks where they are allowed.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_string()),
            Just("true".to_string()),
            Just("false".to_string()),
            "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,5})?([eE][-+]?[0-9]{1,2})?",
            text(),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                (proptest::collection::vec(inner.clone(), 0..6), "[ \t]{0,2}").prop_map(
                    |(items, blank)| format!(
                        "[{blank}{}{blank}]",
                        items.join(&format!("{blank},"))
                    )
                ),
                object(inner),
            ]
        })
    }

    fn object(value: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = String> {
        (
            proptest::collection::vec((text(), value), 0..6),
            "[ \t]{0,2}",
        )
            .prop_map(|(members, blank)| {
                let members: Vec<_> = members
                    .into_iter()
                    .map(|(key, value)| format!("{key}{blank}:{blank}{value}"))
                    .collect();
                format!(
                    "{{{blank}{}{blank}}}",
                    members.join(&format!("{blank},{blank}"))
                )
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn sound_lines_give_what_the_model_gives(line in object(value().boxed())) {
            prop_assert!(fields(line.as_bytes(), &[]).is_some());
            fuzz(line.as_bytes());
            // Cut anywhere it is no object any more.
            let mut out = vec![ABSENT; some_paths().len()];
            let compiled = Paths::new(&some_paths());
            for len in 0..line.len() {
                prop_assert!(compiled.fields((line.as_bytes(), 0, len), &mut out).is_err());
            }
        }

        #[test]
        fn spoilt_lines_never_give_what_is_no_value(
            line in object(value().boxed()),
            at in any::<prop::sample::Index>(),
            byte in prop_oneof![prop::sample::select(b"{}[]\",:\\ 0-.etn\x01\xff".to_vec()), any::<u8>()],
        ) {
            let mut bytes = line.into_bytes();
            let at = at.index(bytes.len());
            let kept = std::mem::replace(&mut bytes[at], byte);
            fuzz(&bytes);
            bytes[at] = kept;
            bytes.remove(at);
            fuzz(&bytes);
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            fuzz(&bytes);
        }

        #[test]
        fn the_model_is_as_strict_as_serde(line in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = line.into_bytes();
            for spoil in [false, true] {
                if spoil {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
                let sound = fields(&bytes, &[]).is_some();
                match serde_json::from_slice::<serde_json::Value>(&bytes) {
                    Ok(_) => prop_assert!(sound),
                    // What cannot be held as a value may still be spelt rightly.
                    Err(error) => {
                        let text = error.to_string();
                        let unheld = ["out of range", "surrogate", "unicode", "escape"];
                        let unheld = unheld.iter().any(|reason| text.contains(reason));
                        prop_assert!(!sound || unheld, "{text}");
                    }
                }
            }
        }

        #[test]
        fn strings_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..60), text in ".{0,40}") {
            let (mut raw, mut back) = (Vec::new(), Vec::new());
            for bytes in [&bytes[..], text.as_bytes()] {
                raw.clear();
                back.clear();
                super::super::write_string(bytes, &mut raw);
                prop_assert!(serde_json::from_slice::<String>(&raw).is_ok());
                super::super::unescape(&raw, &mut back);
                let expected = String::from_utf8_lossy(bytes);
                prop_assert_eq!(&back[..], expected.as_bytes());
            }
        }
    }

    #[test]
    fn fuzz_seeds_hold() {
        let deep = |n: usize| format!("{{\"b\":{}{}}}", "[".repeat(n), "]".repeat(n));
        let seeds = [
            deep(126),
            deep(127),
            deep(128),
            deep(300),
            format!("{{\"x\":{}}}", "[1,2]".repeat(60)),
            format!("{{\"z\":{},\"a\":1}}", deep(120)),
            format!(
                "{{\"z\":[\"{}\"],\"a\":\"{}\"}}",
                "\\\\".repeat(77),
                "]}".repeat(90)
            ),
            format!("{{\"z\":[\"{}\\\"]\"],\"a\":2}}", "x".repeat(53)),
            r#"{"b":[1,{"c":2}],"b":{"a":3}}"#.to_string(),
            r#"{"b":{"a":3},"b":4}"#.to_string(),
            r#"{"\u0061":1,"b":{"\u0061":"\ud800","a\u0000":0}}"#.to_string(),
            r#"{"z":{]}"#.to_string(),
            r#"{"a":1,}"#.to_string(),
            r#"{"b":[1,]}"#.to_string(),
            r#"{"a":tru}"#.to_string(),
            r#"{"a":1}{"a":2}"#.to_string(),
            String::new(),
        ];
        seeds.iter().for_each(|seed| fuzz(seed.as_bytes()));
    }
}
