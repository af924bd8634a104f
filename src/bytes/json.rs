//! Fields of a JSON line by path, without building a tree: spans of the values as they are written. Also
//! strings, numbers and whole texts as JSON spells them. Does not look up anything but keys and array
//! places, and does not repair. Invariant: a span it gives holds one complete value.

use super::Span;
use super::json_walk::{Walk, fault, too_deep};

pub use super::json_text::{
    Items, Kind, Members, canonical, is_number, items, kind, members, minify, plain, unescape,
    validate, write_string,
};

pub use naive::fuzz;

#[doc(hidden)]
#[path = "json_naive.rs"]
pub mod naive;

/// Objects and arrays within each other.
pub const DEPTH_MAX: usize = 128;

/// What a path that the line does not have gives.
pub const ABSENT: Span = Span {
    start: u32::MAX,
    len: 0,
};

/// Why a line is not a JSON object.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Bytes into the text.
    pub at: usize,
    pub what: &'static str,
    pub kind: FaultKind,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    Syntax,
    /// The line is, or begins, an array.
    TopArray,
    /// The line is a string, number, `true`, `false` or `null`.
    TopScalar,
    Depth,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at + 1)
    }
}

impl std::error::Error for Fault {}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Key(Vec<u8>),
    Index(usize),
}

#[derive(Clone, Debug)]
struct Key {
    text: Box<[u8]>,
    /// The first eight bytes, zeros behind a shorter one.
    head: u64,
    child: usize,
}

#[derive(Clone, Debug, Default)]
struct Node {
    keys: Vec<Key>,
    items: Vec<(usize, usize)>,
    /// Paths that end here.
    wanted: Vec<usize>,
    /// Paths that end below.
    below: Vec<usize>,
}

/// The paths that a chain reads, as a trie.
#[derive(Clone, Debug)]
pub struct Paths {
    nodes: Vec<Node>,
    paths: usize,
}

impl Paths {
    pub fn new(paths: &[Vec<Step>]) -> Paths {
        let mut made = Paths {
            nodes: vec![Node::default()],
            paths: paths.len(),
        };
        for (place, path) in paths.iter().enumerate() {
            let mut node = 0;
            for step in path {
                made.nodes[node].below.push(place);
                node = made.child(node, step);
            }
            made.nodes[node].wanted.push(place);
        }
        made
    }

    /// Keys of the line's object that are known, whether a path begins with them or not.
    pub fn know<'n>(&mut self, names: impl IntoIterator<Item = &'n [u8]>) {
        for name in names {
            self.child(0, &Step::Key(name.to_vec()));
        }
    }

    fn child(&mut self, node: usize, step: &Step) -> usize {
        let next = self.nodes.len();
        let found = match step {
            Step::Key(text) => {
                let keys = &mut self.nodes[node].keys;
                if let Some(key) = keys.iter().find(|key| *key.text == text[..]) {
                    return key.child;
                }
                keys.push(Key {
                    head: head(text),
                    text: text[..].into(),
                    child: next,
                });
                next
            }
            Step::Index(index) => {
                let items = &mut self.nodes[node].items;
                if let Some(item) = items.iter().find(|item| item.0 == *index) {
                    return item.1;
                }
                items.push((*index, next));
                next
            }
        };
        self.nodes.push(Node::default());
        found
    }

    /// How many paths there are, and so spans in `out`.
    pub fn len(&self) -> usize {
        self.paths
    }

    pub fn is_empty(&self) -> bool {
        self.paths == 0
    }

    /// Finds the value of each path in the line `block[start..start + len]`, as spans of the block.
    ///
    /// Of equal keys the last counts. The structure of the line is checked, and what is found; nested
    /// values that no path needs are held to brackets and strings that end. Places in a fault count from
    /// the line's start. Bytes behind the line are read, where there are any, and mean nothing. The answer is whether
    /// the object has a key that is neither known nor the begin of a path.
    pub fn fields(
        &self,
        (block, start, len): (&[u8], usize, usize),
        out: &mut [Span],
    ) -> Result<bool, Fault> {
        debug_assert!(out.len() >= self.paths);
        out.fill(ABSENT);
        let mut walk = Walk {
            text: block,
            at: start,
            end: (start + len).min(block.len()),
            others: false,
        };
        self.line(&mut walk, out).map_err(|fault| Fault {
            at: fault.at.saturating_sub(start),
            ..fault
        })?;
        Ok(walk.others)
    }

    fn line(&self, walk: &mut Walk, out: &mut [Span]) -> Result<(), Fault> {
        if walk.next() != b'{' {
            return Err(no_object(walk));
        }
        let from = walk.at;
        self.object(walk, 0, 1, out)?;
        set(&self.nodes[0].wanted, from, walk.at, out);
        walk.blanks();
        if walk.at < walk.end {
            return Err(fault(walk.at, "more text behind the object"));
        }
        Ok(())
    }

    /// Passes the object that begins here and is the `depth`th.
    fn object(
        &self,
        walk: &mut Walk,
        node: usize,
        depth: usize,
        out: &mut [Span],
    ) -> Result<(), Fault> {
        if depth > DEPTH_MAX {
            return Err(too_deep(walk.at));
        }
        let keys = &self.nodes[node].keys[..];
        walk.at += 1;
        if walk.next() == b'}' {
            walk.at += 1;
            return Ok(());
        }
        loop {
            if walk.next() != b'"' {
                return Err(walk.expected_key());
            }
            let from = walk.at + 1;
            let escaped = walk.string()?;
            let found = find(keys, walk.text, from, walk.at - 1, escaped);
            if walk.next() != b':' {
                return Err(walk.expected_colon());
            }
            walk.at += 1;
            walk.next();
            match found {
                None => {
                    walk.others |= node == 0;
                    walk.skip(depth)?;
                }
                Some(child) => self.value(walk, child, depth, out)?,
            }
            match walk.next() {
                b',' => walk.at += 1,
                b'}' => {
                    walk.at += 1;
                    return Ok(());
                }
                _ => return Err(walk.behind_value(true)),
            }
        }
    }

    fn array(
        &self,
        walk: &mut Walk,
        node: usize,
        depth: usize,
        out: &mut [Span],
    ) -> Result<(), Fault> {
        if depth > DEPTH_MAX {
            return Err(too_deep(walk.at));
        }
        let items = &self.nodes[node].items;
        walk.at += 1;
        if walk.next() == b']' {
            walk.at += 1;
            return Ok(());
        }
        for place in 0.. {
            walk.next();
            match items.iter().find(|item| item.0 == place) {
                None => walk.skip(depth)?,
                Some(&(_, child)) => self.value(walk, child, depth, out)?,
            }
            match walk.next() {
                b',' => walk.at += 1,
                b']' => {
                    walk.at += 1;
                    return Ok(());
                }
                _ => return Err(walk.behind_value(false)),
            }
        }
        Ok(())
    }

    /// A value that a path reads or goes through.
    fn value(
        &self,
        walk: &mut Walk,
        child: usize,
        depth: usize,
        out: &mut [Span],
    ) -> Result<(), Fault> {
        let node = &self.nodes[child];
        for &place in &node.below {
            out[place] = ABSENT; // an earlier equal key may have left something
        }
        let from = walk.at;
        match walk.peek() {
            b'"' => {
                walk.string()?;
            }
            b'{' | b'[' if !node.wanted.is_empty() => {
                // It will be printed as it stands, so it is checked as a whole; then looked into.
                walk.check(depth)?;
                if !node.below.is_empty() {
                    walk.at = from;
                    self.inner(walk, child, depth + 1, out)?;
                }
            }
            b'{' | b'[' => self.inner(walk, child, depth + 1, out)?,
            first => {
                walk.scalar()?;
                if matches!(first, b'-' | b'0'..=b'9') && !is_number(&walk.text[from..walk.at]) {
                    return Err(fault(from, "not a number as JSON writes them"));
                }
            }
        }
        set(&node.wanted, from, walk.at, out);
        Ok(())
    }

    fn inner(
        &self,
        walk: &mut Walk,
        child: usize,
        depth: usize,
        out: &mut [Span],
    ) -> Result<(), Fault> {
        let node = &self.nodes[child];
        match walk.peek() {
            b'{' if !node.keys.is_empty() => self.object(walk, child, depth, out),
            b'[' if !node.items.is_empty() => self.array(walk, child, depth, out),
            _ => walk.nested(depth - 1),
        }
    }
}

#[inline(always)]
fn set(wanted: &[usize], from: usize, to: usize, out: &mut [Span]) {
    for &place in wanted {
        out[place] = Span::new(from, to - from);
    }
}

fn head(text: &[u8]) -> u64 {
    let mut bytes = [0u8; 8];
    let len = text.len().min(8);
    bytes[..len].copy_from_slice(&text[..len]);
    u64::from_le_bytes(bytes)
}

/// The child whose key is `text[from..to]`.
#[inline(always)]
fn find(keys: &[Key], text: &[u8], from: usize, to: usize, escaped: bool) -> Option<usize> {
    if escaped {
        return find_escaped(keys, &text[from - 1..=to]);
    }
    if keys.is_empty() {
        return None;
    }
    let len = to - from;
    let begin = match text.get(from..from + 8) {
        Some(bytes) if len < 8 => {
            u64::from_le_bytes(bytes.try_into().expect("eight bytes")) & !(!0u64 << (8 * len))
        }
        Some(bytes) => u64::from_le_bytes(bytes.try_into().expect("eight bytes")),
        None => head(&text[from..to]),
    };
    for key in keys {
        if key.head == begin
            && key.text.len() == len
            && (len <= 8 || key.text[8..] == text[from + 8..to])
        {
            return Some(key.child);
        }
    }
    None
}

#[cold]
fn find_escaped(keys: &[Key], raw: &[u8]) -> Option<usize> {
    let mut name = Vec::new();
    unescape(raw, &mut name);
    keys.iter()
        .find(|key| *key.text == name[..])
        .map(|key| key.child)
}

#[cold]
fn no_object(walk: &Walk) -> Fault {
    let (what, kind) = match walk.peek() {
        _ if walk.at >= walk.end => ("no text", FaultKind::Syntax),
        b'[' => ("an array, not an object", FaultKind::TopArray),
        b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
            ("a value, but not an object", FaultKind::TopScalar)
        }
        _ => ("expected '{'", FaultKind::Syntax),
    };
    Fault {
        at: walk.at,
        what,
        kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Step {
        Step::Key(text.as_bytes().to_vec())
    }

    fn found(paths: &[Vec<Step>], line: &str) -> Result<Vec<String>, Fault> {
        let mut out = vec![ABSENT; paths.len()];
        Paths::new(paths).fields((line.as_bytes(), 0, line.len()), &mut out)?;
        let text = |span: &Span| match *span {
            ABSENT => "absent".to_string(),
            span => String::from_utf8(span.of(line.as_bytes(), &[]).to_vec()).unwrap(),
        };
        Ok(out.iter().map(text).collect())
    }

    #[test]
    fn keys_that_are_neither_known_nor_asked_for_are_told() {
        let mut paths = Paths::new(&[vec![key("a"), key("b")]]);
        paths.know([&b"k"[..], b"a"]);
        for (line, others) in [
            (r#"{"a":{"b":1,"c":2},"k":[{"x":1}]}"#, false),
            (r#"{"\u006b":1}"#, false),
            (r#"{"k":1,"kk":2,"a":3}"#, true),
            (r#"{"c":null}"#, true),
            ("{}", false),
        ] {
            let found = paths.fields((line.as_bytes(), 0, line.len()), &mut [ABSENT]);
            assert_eq!(found, Ok(others), "{line}");
        }
    }

    #[test]
    fn paths_find_values_and_the_last_of_equal_keys() {
        let paths = [
            vec![key("a")],
            vec![key("b"), key("c")],
            vec![key("l"), Step::Index(1)],
            vec![key("b")],
        ];
        for (line, expected) in [
            (
                r#"{"a": 1, "b": {"c": "x}"}, "l": [1, [2, 3]]}"#,
                ["1", "\"x}\"", "[2, 3]", r#"{"c": "x}"}"#],
            ),
            (
                r#"{"b":{"c":1},"b":{"d":[{}]},"\u0061":true}"#,
                ["true", "absent", "absent", r#"{"d":[{}]}"#],
            ),
            ("{}", ["absent"; 4]),
            (
                r#" { "l" : [ ] , "a" : null } "#,
                ["null", "absent", "absent", "absent"],
            ),
        ] {
            assert_eq!(found(&paths, line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn faults_name_place_and_kind() {
        for (line, at, kind) in [
            ("[1]", 0, FaultKind::TopArray),
            ("12", 0, FaultKind::TopScalar),
            ("", 0, FaultKind::Syntax),
            (r#"{"a":1"#, 6, FaultKind::Syntax),
            (r#"{"a":1} x"#, 8, FaultKind::Syntax),
            (r#"{"a" 1}"#, 5, FaultKind::Syntax),
            (r#"{"a":01}"#, 5, FaultKind::Syntax),
            (r#"{"z":[1,{"b":2}}"#, 15, FaultKind::Syntax),
            (r#"{"z":nul}"#, 5, FaultKind::Syntax),
        ] {
            let fault = found(&[vec![key("a")]], line).unwrap_err();
            assert_eq!((fault.at, fault.kind), (at, kind), "{line}: {fault}");
        }
    }
}
