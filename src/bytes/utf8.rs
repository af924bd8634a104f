//! Text that is mostly UTF-8 and may not be: counting, cutting, changing case, and showing it to people.
//! Never refuses bytes: one that is no part of a letter counts as a letter of its own and is kept.
//! Invariant: valid text stays valid.

/// How many letters (Unicode scalar values) the text has.
pub fn count(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.utf8_chunks()
        .map(|chunk| starts(chunk.valid().as_bytes()) + chunk.invalid().len())
        .sum()
}

fn starts(valid: &[u8]) -> usize {
    valid.iter().filter(|&&byte| byte as i8 >= -64).count()
}

/// The letters from `start` on, at most `len` of them; a negative start counts from the end.
pub fn slice(text: &[u8], start: i64, len: Option<i64>) -> &[u8] {
    let size = count(text) as i64;
    let start = if start < 0 {
        (size.saturating_add(start)).max(0)
    } else {
        start.min(size)
    };
    let end = match len {
        None => size,
        Some(len) => start.saturating_add(len.max(0)).min(size),
    };
    if size as usize == text.len() && text.is_ascii() {
        return &text[start as usize..end as usize];
    }
    let from = offset(text, start as usize);
    let to = from + offset(&text[from..], (end - start) as usize);
    &text[from..to]
}

/// Where the letter number `letters` begins, or the end.
pub fn offset(text: &[u8], letters: usize) -> usize {
    let (mut left, mut at) = (letters, 0);
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if left == 0 {
                return at;
            }
            left -= 1;
            at += letter.len_utf8();
        }
        let loose = left.min(chunk.invalid().len());
        left -= loose;
        at += loose;
        if left == 0 {
            return at;
        }
    }
    at
}

/// The text as a message may quote it: controls and stray bytes as escapes, cut with `…` so that it has
/// no more than `max` letters.
pub fn shown(bytes: &[u8], max: usize) -> String {
    let mut text = String::new();
    let (mut used, mut fits) = (0, 0); // letters so far; bytes of `text` that leave room for the `…`
    for chunk in bytes.utf8_chunks() {
        let letters = chunk.valid().chars().map(|letter| match letter {
            '\n' => "\\n".to_string(),
            '\r' => "\\r".to_string(),
            '\t' => "\\t".to_string(),
            '\0'..='\x7f' if letter.is_control() => format!("\\x{:02x}", letter as u32),
            // Controls beyond ASCII, and what turns the direction of writing around.
            '\u{80}'..='\u{9f}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                format!("\\u{{{:x}}}", letter as u32)
            }
            letter => letter.to_string(),
        });
        let strays = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}"));
        for piece in letters.chain(strays) {
            used += piece.chars().count();
            text.push_str(&piece);
            if used < max {
                fits = text.len();
            }
            if used > max {
                text.truncate(fits);
                if max > 0 {
                    text.push('…');
                }
                return text;
            }
        }
    }
    text
}

/// Appends the text in lower case.
pub fn lower(text: &[u8], out: &mut Vec<u8>) {
    if text.is_ascii() {
        let from = out.len();
        out.extend_from_slice(text);
        return out[from..].make_ascii_lowercase();
    }
    for chunk in text.utf8_chunks() {
        // By word, since a final sigma depends on its neighbours.
        out.extend_from_slice(chunk.valid().to_lowercase().as_bytes());
        out.extend_from_slice(chunk.invalid());
    }
}

/// Appends the text in upper case.
pub fn upper(text: &[u8], out: &mut Vec<u8>) {
    if text.is_ascii() {
        let from = out.len();
        out.extend_from_slice(text);
        return out[from..].make_ascii_uppercase();
    }
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars().flat_map(char::to_uppercase) {
            out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
        out.extend_from_slice(chunk.invalid());
    }
}

/// The models: letter by letter, through the standard library's lossless decoding.
#[doc(hidden)]
pub mod naive {
    /// The letters as (bytes, letter if it is one).
    pub fn letters(text: &[u8]) -> Vec<(&[u8], Option<char>)> {
        let mut found = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let letter = (1..=rest.len().min(4)).find_map(|len| {
                let text = std::str::from_utf8(&rest[..len]).ok()?;
                Some((len, text.chars().next()?))
            });
            let len = letter.map_or(1, |(len, _)| len);
            found.push((&rest[..len], letter.map(|(_, letter)| letter)));
            rest = &rest[len..];
        }
        found
    }

    /// The text with each letter changed.
    pub fn changed(text: &[u8], change: fn(&str) -> String) -> Vec<u8> {
        let mut out = Vec::new();
        let mut word = String::new();
        for (bytes, letter) in letters(text) {
            match letter {
                Some(letter) => word.push(letter),
                None => {
                    out.extend_from_slice(change(&std::mem::take(&mut word)).as_bytes());
                    out.extend_from_slice(bytes);
                }
            }
        }
        out.extend_from_slice(change(&word).as_bytes());
        out
    }
}

/// Holds the fast code to the models on any bytes.
#[doc(hidden)]
pub fn fuzz(text: &[u8]) {
    let letters = naive::letters(text);
    let size = letters.len() as i64;
    assert_eq!(count(text), letters.len());
    for (start, len) in [
        (0, None),
        (1, Some(2)),
        (-2, None),
        (-3, Some(1)),
        (size, Some(1)),
        (2, Some(-1)),
    ] {
        let from = if start < 0 {
            (size + start).max(0)
        } else {
            start.min(size)
        };
        let to = len.map_or(size, |len: i64| (from + len.max(0)).min(size));
        let expected: Vec<u8> = letters[from as usize..to as usize]
            .iter()
            .flat_map(|letter| letter.0)
            .copied()
            .collect();
        assert_eq!(slice(text, start, len), expected);
    }
    for (found, change) in [
        (
            lower as fn(&[u8], &mut Vec<u8>),
            str::to_lowercase as fn(&str) -> String,
        ),
        (upper, str::to_uppercase),
    ] {
        let mut out = b"before".to_vec();
        found(text, &mut out);
        assert_eq!(&out[6..], naive::changed(text, change));
    }
    let whole = shown(text, usize::MAX);
    assert!(!whole.chars().any(char::is_control));
    for max in [0, 1, 5, 20] {
        let cut = shown(text, max);
        assert!(cut.chars().count() <= max);
        assert!(cut == whole || max == 0 || whole.starts_with(cut.trim_end_matches('…')));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_are_counted_and_cut() {
        let text = "naïve 日本\u{1f600}".as_bytes();
        assert_eq!(count(text), 9);
        assert_eq!(slice(text, 2, Some(1)), "ï".as_bytes());
        assert_eq!(slice(text, -3, None), "日本\u{1f600}".as_bytes());
        assert_eq!(slice(text, -99, Some(2)), b"na");
        assert_eq!(slice(text, 99, Some(2)), b"");
        assert_eq!(count(b"a\xff\xfe"), 3);
        assert_eq!(slice(b"a\xff\xfeb", 1, Some(2)), b"\xff\xfe");
    }

    #[test]
    fn messages_show_any_bytes() {
        assert_eq!(shown(b"a\tb\xff\x00", 40), "a\\tb\\xff\\x00");
        assert_eq!(shown(b"abcdef", 6), "abcdef");
        assert_eq!(shown(b"abcdefg", 6), "abcde…");
        assert_eq!(shown(b"", 6), "");
    }

    proptest! {
        #[test]
        fn fast_is_naive(
            text in ".{0,40}",
            bytes in proptest::collection::vec(any::<u8>(), 0..40),
            mixed in proptest::collection::vec(prop::sample::select("aZ Σσß é日\u{1f600}İ".as_bytes().to_vec()), 0..30),
        ) {
            fuzz(text.as_bytes());
            fuzz(&bytes);
            fuzz(&mixed);
        }
    }

    #[test]
    fn fuzz_seeds_hold() {
        for seed in [
            &b""[..],
            b"ABC abc",
            "ΟΔΟΣ straße İ".as_bytes(),
            b"\xf0\x9f\x98",
            b"a\xe2\x80b\xc3\xa9",
            b"\x00\x1b[31m",
        ] {
            fuzz(seed);
        }
    }
}
