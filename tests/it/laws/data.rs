//! Random input for the laws: text, csv and json with nulls, odd numbers, quoted cells with line ends and
//! disordered stamps, and where its lines, quoted cells, stamps and strings lie. Invariant: a seed gives the
//! same bytes for ever.

use std::ops::Range;

/// SplitMix64: small, and the same everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u64) as usize]
    }
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Csv,
    Json,
}

impl Format {
    /// The word of `-i`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Csv => "csv",
            Format::Json => "json",
        }
    }

    /// Of a file's name, by which a second source is known for what it is.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Text => "log",
            Format::Csv => "csv",
            Format::Json => "ndjson",
        }
    }
}

/// What a block may cut.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    Line,
    QuotedField,
    Stamp,
    JsonString,
}

pub const THINGS: [Thing; 4] = [
    Thing::Line,
    Thing::QuotedField,
    Thing::Stamp,
    Thing::JsonString,
];

pub struct Sample {
    pub format: Format,
    pub bytes: Vec<u8>,
    things: Vec<(Thing, Range<usize>)>,
}

impl Sample {
    pub fn has(&self, thing: Thing) -> bool {
        self.things.iter().any(|(kind, _)| *kind == thing)
    }

    /// Whether a block of that size ends inside a thing, not at its edge.
    pub fn cuts(&self, thing: Thing, block: usize) -> bool {
        let mut ranges = self.things.iter().filter(|(kind, _)| *kind == thing);
        ranges.any(|(_, range)| {
            let cut = (range.start / block + 1) * block;
            cut < range.end
        })
    }
}

/// The second of the first record: 2026-11-20T10:00:00Z.
pub const BEGIN: i64 = 1_795_168_800;

pub fn stamp(seconds: i64) -> String {
    let of_day = (seconds - BEGIN) + 10 * 3600;
    assert!((0..24 * 3600).contains(&of_day), "one day is enough");
    let (hours, minutes) = (of_day / 3600, of_day / 60 % 60);
    format!("2026-11-20T{hours:02}:{minutes:02}:{:02}Z", of_day % 60)
}

/// Numbers as people write them, and what stands in their place.
const ODD: [&str; 16] = [
    "0",
    "-0",
    "007",
    "1.50",
    "-3.25",
    "1e3",
    "2E-2",
    "+5",
    "12345678901234567890",
    "0.1",
    "0.2",
    ".5",
    "nan",
    "-",
    "1_000",
    "0x1f",
];
/// The same that JSON allows.
const ODD_JSON: [&str; 12] = [
    "0",
    "-0",
    "1.50",
    "-3.25",
    "1e3",
    "2E-2",
    "12345678901234567890",
    "0.1",
    "0.2",
    "null",
    "\"17\"",
    "\"x\"",
];
const NOTES: [&str; 10] = [
    "",
    "one",
    "two words",
    "with  two  blanks",
    "comma, here",
    "quote \" inside",
    "line\nend",
    "cr lf\r\nin it",
    "grüße ß",
    "\"all\"",
];

/// A sample of so many records. Its stamps go on by about a second each, out of order by up to `disorder`
/// seconds.
pub fn sample(format: Format, random: &mut Random, records: usize, disorder: i64) -> Sample {
    let mut out = Sample {
        format,
        bytes: Vec::new(),
        things: Vec::new(),
    };
    if format == Format::Csv {
        out.bytes.extend_from_slice(b"ts,host,n,x,note\n");
    }
    let mut now = BEGIN + 60;
    for _ in 0..records {
        now += random.below(3) as i64;
        let at = (now - random.below(disorder as u64 + 1) as i64).max(BEGIN);
        record(&mut out, random, at);
    }
    out
}

fn record(out: &mut Sample, random: &mut Random, at: i64) {
    let stamp = stamp(at);
    let host = format!("h{}", random.below(25));
    let n = random.below(60) as i64 - 5;
    let from = out.bytes.len();
    match out.format {
        Format::Text => {
            put(out, Thing::Stamp, stamp.as_bytes());
            let x = number(random, &ODD);
            let note = NOTES[random.below(4) as usize];
            let gap = random.pick(&[" ", "  ", "\t"]);
            let mut rest = format!("{gap}{host} {n}{gap}{x} {note}");
            if random.one_in(9) {
                rest.truncate(gap.len() + host.len());
            }
            out.bytes.extend_from_slice(rest.as_bytes());
        }
        Format::Csv => {
            if random.one_in(40) {
                put(out, Thing::Stamp, b"");
            } else {
                put(out, Thing::Stamp, stamp.as_bytes());
            }
            let n = if random.one_in(12) {
                String::new()
            } else {
                n.to_string()
            };
            let x = number(random, &ODD);
            out.bytes
                .extend_from_slice(format!(",{host},{n},{x},").as_bytes());
            let note = random.pick(&NOTES);
            if note.contains(['"', ',', '\n']) || random.one_in(3) {
                let quoted = format!("\"{}\"", note.replace('"', "\"\""));
                put(out, Thing::QuotedField, quoted.as_bytes());
            } else {
                out.bytes.extend_from_slice(note.as_bytes());
            }
        }
        Format::Json => {
            out.bytes.extend_from_slice(b"{\"ts\":");
            put(out, Thing::Stamp, format!("\"{stamp}\"").as_bytes());
            let n = if random.one_in(12) {
                "null".to_string()
            } else {
                n.to_string()
            };
            out.bytes
                .extend_from_slice(format!(",\"host\":\"{host}\",\"n\":{n}").as_bytes());
            if !random.one_in(6) {
                let x = number(random, &ODD_JSON);
                out.bytes
                    .extend_from_slice(format!(", \"x\" : {x}").as_bytes());
            }
            out.bytes.extend_from_slice(b",\"o\":{\"a\":[1,{\"b\":");
            out.bytes
                .extend_from_slice(random.below(9).to_string().as_bytes());
            out.bytes.extend_from_slice(b"}]},\"note\":");
            let note = serde_json::Value::from(random.pick(&NOTES)).to_string();
            let note = if random.one_in(4) {
                note.replace('e', "\\u0065")
            } else {
                note
            };
            put(out, Thing::JsonString, note.as_bytes());
            out.bytes.push(b'}');
        }
    }
    let end = out.bytes.len();
    out.things.push((Thing::Line, from..end));
    out.bytes
        .extend_from_slice(if random.one_in(10) { b"\r\n" } else { b"\n" });
}

fn number(random: &mut Random, odd: &[&str]) -> String {
    match random.below(3) {
        0 => random.pick(odd).to_string(),
        1 => format!("{}.{:02}", random.below(100), random.below(100)),
        _ => random.below(1000).to_string(),
    }
}

fn put(out: &mut Sample, thing: Thing, bytes: &[u8]) {
    let from = out.bytes.len();
    out.bytes.extend_from_slice(bytes);
    out.things.push((thing, from..out.bytes.len()));
}
