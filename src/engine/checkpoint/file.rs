//! The checkpoint file: a header, frames with their checksums, and a commit frame with a checksum of all before it.
//! Knows neither names nor directories of files, nor what a state means. Invariant: any bytes are read without a
//! panic and without taking more memory than a few times their length; what is given back has passed every check.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, Write};
use xxhash_rust::xxh3::Xxh3Default;

pub const MAGIC: &[u8; 8] = b"DSTRMCK\n";
/// The version of the format that is written; versions up to it are read.
pub const FORMAT: u16 = 1;
/// Magic, format, flags, length of the header, checksum.
pub const FIXED: usize = 20;
/// Length, kind, flags, operator, shard, sequence, checksum.
pub const FRAME_HEAD: usize = 24;
/// Bytes of a frame's payload before it is compressed.
pub const PAYLOAD_MAX: usize = 1 << 20;
/// The payload of the commit frame: generation, frames, bytes before it, their xxh3-128.
const COMMIT: usize = 40;

/// The payload is compressed.
const LZ4: u8 = 1;
/// The entry goes on in the next frame.
const MORE: u8 = 2;

/// What a frame holds.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    Source = 1,
    State = 2,
    Watermark = 3,
    Sink = 4,
    Engine = 5,
    Wal = 6,
    Past = 7,
    Commit = 255,
}

/// A row of the table of kinds, for the manual.
pub struct KindRow {
    pub kind: Kind,
    pub name: &'static str,
    pub what: &'static str,
}

pub const KINDS: &[KindRow] = &[
    KindRow {
        kind: Kind::Source,
        name: "source",
        what: "a file of the input: its path, device and inode, the offset behind the last record read and the lines \
               before it, checksums of its first bytes and of those before the offset, whether it is done",
    },
    KindRow {
        kind: Kind::State,
        name: "state",
        what: "what an operator holds: `operator` is its place in the chain, `shard` the part of its state",
    },
    KindRow {
        kind: Kind::Watermark,
        name: "watermark",
        what: "how far the time of a source has come, and how late its records have been",
    },
    KindRow {
        kind: Kind::Sink,
        name: "sink",
        what: "a file of the output: its path, the name that it has until it is complete, its length, a checksum of \
               its last 4096 bytes, whether it is complete",
    },
    KindRow {
        kind: Kind::Engine,
        name: "engine",
        what: "the numbers of the next block, batch and chunk, and how far the run has come",
    },
    KindRow {
        kind: Kind::Wal,
        name: "wal",
        what: "the place in the log of input behind which it is to be read again",
    },
    KindRow {
        kind: Kind::Past,
        name: "past",
        what: "a file that had a name before the one that has it now, as a source, and since when: it may come again under \
               another name",
    },
    KindRow {
        kind: Kind::Commit,
        name: "commit",
        what: "generation (8), number of frames (8), bytes before this frame (8), their xxh3-128 (16); a file without it \
               was not written to its end and does not count",
    },
];

impl Kind {
    fn of(number: u8) -> Option<Kind> {
        KINDS
            .iter()
            .map(|row| row.kind)
            .find(|kind| *kind as u8 == number)
    }

    pub fn name(self) -> &'static str {
        KINDS
            .iter()
            .find(|row| row.kind == self)
            .map_or("?", |row| row.name)
    }
}

/// What stands before the frames.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the program that wrote it.
    pub program: String,
    /// The job's, drawn when its first checkpoint is written.
    pub run: u128,
    pub generation: u64,
    /// Wall clock, ns since 1970.
    pub created: i64,
    /// xxh3-128 of `chain`.
    pub fingerprint: u128,
    /// The chain up to its last operator with state, a line each.
    pub chain: Vec<String>,
    /// The sources as typed.
    pub sources: Vec<String>,
    /// Of the key tables.
    pub seed: u64,
    /// The first record of the job's input, where the chain depends on it: the header of a table.
    pub first: Option<Vec<u8>>,
    /// Records read so far.
    pub records: u64,
    /// All input was read and all rows are written.
    pub ended: bool,
    /// The first records of the other streams by their words, where the chain depends on them; empty: there was none.
    /// Headers of before end in front of this.
    pub others: Vec<(String, Vec<u8>)>,
}

impl Header {
    /// First records of other streams: those that are kept, and those of `new` of which none is.
    pub fn others_and(&self, new: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
        let is_new = |word: &String| self.others.iter().all(|(known, _)| known != word);
        let mut all = self.others.clone();
        all.extend(new.iter().filter(|(word, _)| is_new(word)).cloned());
        all
    }
}

/// One thing that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// A [`Kind`] as a number.
    pub kind: u8,
    pub operator: u16,
    pub shard: u32,
    pub payload: Vec<u8>,
    /// The payload goes on in these; of one that was read in none.
    pub more: Vec<Vec<u8>>,
}

impl Entry {
    pub fn new(kind: Kind, operator: usize, shard: usize, payload: Vec<u8>) -> Entry {
        Entry {
            kind: kind as u8,
            operator: operator as u16,
            shard: shard as u32,
            payload,
            more: Vec::new(),
        }
    }

    /// One whose payload is in several pieces.
    pub fn of_parts(kind: Kind, operator: usize, shard: usize, parts: Vec<Vec<u8>>) -> Entry {
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or_default();
        Entry {
            more: parts.collect(),
            ..Entry::new(kind, operator, shard, first)
        }
    }

    /// The payload in pieces of at most [`PAYLOAD_MAX`] bytes; one that is empty has one.
    fn pieces(&self, mut put: impl FnMut(&[u8], bool) -> io::Result<()>) -> io::Result<()> {
        let parts = std::iter::once(&self.payload).chain(&self.more);
        let mut left: usize = parts.clone().map(Vec::len).sum();
        if left == 0 {
            return put(&[], false);
        }
        // What comes in too small pieces.
        let mut gathered: Vec<u8> = Vec::new();
        for part in parts {
            let mut part = part.as_slice();
            while !part.is_empty() {
                let size = (PAYLOAD_MAX - gathered.len()).min(part.len());
                let (piece, rest) = part.split_at(size);
                part = rest;
                let whole = gathered.len() + size;
                if whole < PAYLOAD_MAX && whole < left {
                    gathered.extend_from_slice(piece);
                    continue;
                }
                left -= whole;
                match gathered.is_empty() {
                    true => put(piece, left > 0)?,
                    false => {
                        gathered.extend_from_slice(piece);
                        put(&gathered, left > 0)?;
                        gathered.clear();
                    }
                }
            }
        }
        Ok(())
    }

    pub fn is(&self, kind: Kind) -> bool {
        self.kind == kind as u8
    }
}

/// Why bytes are no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Something else altogether.
    Foreign,
    /// Written by a later version of the program.
    Newer { format: u16 },
    /// At so many bytes something is not as it was written.
    Damaged { at: usize, what: &'static str },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Foreign => f.write_str("is not a checkpoint of dstream"),
            Fault::Newer { format } => write!(
                f,
                "has format {format}; this program reads formats up to {FORMAT}, a newer dstream is needed"
            ),
            Fault::Damaged { at, what } => write!(f, "is damaged at byte {at} ({what})"),
        }
    }
}

/// Counts and sums what goes by.
struct Summing<W> {
    to: W,
    sum: Xxh3Default,
    bytes: u64,
}

impl<W: Write> Summing<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.bytes += bytes.len() as u64;
        self.to.write_all(bytes)
    }
}

/// Writes a whole checkpoint; returns its length.
pub fn write(to: impl Write, header: &Header, entries: &[Entry]) -> io::Result<u64> {
    let mut out = Summing {
        to,
        sum: Xxh3Default::new(),
        bytes: 0,
    };
    let text = postcard::to_stdvec(header).map_err(io::Error::other)?;
    let mut fixed = MAGIC.to_vec();
    fixed.extend(FORMAT.to_le_bytes());
    fixed.extend(0u16.to_le_bytes());
    fixed.extend((text.len() as u32).to_le_bytes());
    let sum = crc32c::crc32c_append(crc32c::crc32c(&fixed), &text);
    fixed.extend(sum.to_le_bytes());
    out.put(&fixed)?;
    out.put(&text)?;
    let mut frames = 0u64;
    let mut packed = Vec::new();
    for entry in entries {
        entry.pieces(|piece, goes_on| {
            packed.resize(lz4_flex::block::get_maximum_output_size(piece.len()) + 4, 0);
            packed[..4].copy_from_slice(&(piece.len() as u32).to_le_bytes());
            let used = lz4_flex::block::compress_into(piece, &mut packed[4..]);
            let (flags, payload) = match used {
                Ok(used) if used + 4 < piece.len() => (LZ4, &packed[..used + 4]),
                _ => (0, piece),
            };
            let more = if goes_on { MORE } else { 0 };
            put_frame(&mut out, entry, flags | more, frames, payload)?;
            frames += 1;
            Ok(())
        })?;
    }
    let mut commit = Vec::with_capacity(COMMIT);
    commit.extend(header.generation.to_le_bytes());
    commit.extend(frames.to_le_bytes());
    commit.extend(out.bytes.to_le_bytes());
    commit.extend(out.sum.digest128().to_le_bytes());
    let entry = Entry::new(Kind::Commit, 0, 0, Vec::new());
    put_frame(&mut out, &entry, 0, frames, &commit)?;
    out.to.flush()?;
    Ok(out.bytes)
}

fn put_frame(
    out: &mut Summing<impl Write>,
    entry: &Entry,
    flags: u8,
    sequence: u64,
    payload: &[u8],
) -> io::Result<()> {
    let mut head = Vec::with_capacity(FRAME_HEAD);
    head.extend((payload.len() as u32).to_le_bytes());
    head.extend([entry.kind, flags]);
    head.extend(entry.operator.to_le_bytes());
    head.extend(entry.shard.to_le_bytes());
    head.extend(sequence.to_le_bytes());
    let sum = crc32c::crc32c_append(crc32c::crc32c(&head), payload);
    head.extend(sum.to_le_bytes());
    out.put(&head)?;
    out.put(payload)
}

/// A reader that knows where it is.
struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Cursor<'b> {
    fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let bytes = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(bytes)
    }

    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn damaged(&self, what: &'static str) -> Fault {
        Fault::Damaged { at: self.at, what }
    }
}

/// Reads what stands before the frames, from the first bytes of a checkpoint. It says nothing of the rest.
pub fn header(bytes: &[u8]) -> Result<Header, Fault> {
    read_header(&mut Cursor { bytes, at: 0 })
}

/// Reads a whole checkpoint.
pub fn read(bytes: &[u8]) -> Result<(Header, Vec<Entry>), Fault> {
    let mut cursor = Cursor { bytes, at: 0 };
    let header = read_header(&mut cursor)?;
    let mut entries = Vec::new();
    // An entry that goes on in the next frame.
    let mut open: Option<Entry> = None;
    let mut frames = 0u64;
    loop {
        let begin = cursor.at;
        let frame = read_frame(&mut cursor, frames)?;
        let at = |what| Fault::Damaged { at: begin, what };
        if frame.kind == Kind::Commit as u8 {
            let good =
                open.is_none() && check_commit(frame.payload, &header, frames, &bytes[..begin]);
            if !good {
                return Err(at("the commit does not fit what is before it"));
            }
            if cursor.at != bytes.len() {
                return Err(cursor.damaged("more follows the commit"));
            }
            return Ok((header, entries));
        }
        frames += 1;
        let mut entry = open.take().unwrap_or_else(|| Entry {
            kind: frame.kind,
            operator: frame.operator,
            shard: frame.shard,
            payload: Vec::new(),
            more: Vec::new(),
        });
        if (entry.kind, entry.operator, entry.shard) != (frame.kind, frame.operator, frame.shard) {
            return Err(at("a frame of another entry"));
        }
        if frame.flags & LZ4 != 0 {
            let unpacked = unpack(frame.payload).ok_or_else(|| at("it does not decompress"))?;
            entry.payload.extend(unpacked);
        } else {
            entry.payload.extend(frame.payload);
        }
        match frame.flags & MORE != 0 {
            true => open = Some(entry),
            false => entries.push(entry),
        }
    }
}

fn read_header(cursor: &mut Cursor<'_>) -> Result<Header, Fault> {
    if cursor.take(MAGIC.len()) != Some(MAGIC) {
        // A file that was cut off within the magic is one of ours, if it is anything.
        return Err(match MAGIC.starts_with(cursor.bytes) {
            true if cursor.bytes.is_empty() => cursor.damaged("it is empty"),
            true => cursor.damaged("it is cut off"),
            false => Fault::Foreign,
        });
    }
    let cut = |cursor: &Cursor<'_>| cursor.damaged("it is cut off");
    let fixed = |cursor: &mut Cursor<'_>| -> Option<(u16, u32, u32)> {
        let format = u16::from_le_bytes(cursor.number()?);
        let _flags: [u8; 2] = cursor.number()?;
        let len = u32::from_le_bytes(cursor.number()?);
        Some((format, len, u32::from_le_bytes(cursor.number()?)))
    };
    let (format, len, sum) = fixed(cursor).ok_or_else(|| cut(cursor))?;
    let text = cursor.take(len as usize);
    let whole = text.is_some_and(|text| {
        crc32c::crc32c_append(crc32c::crc32c(&cursor.bytes[..FIXED - 4]), text) == sum
    });
    if !whole {
        return Err(match text {
            None => cut(cursor),
            Some(_) => Fault::Damaged {
                at: MAGIC.len(),
                what: "the checksum of the header",
            },
        });
    }
    // Only now is the number known to be what was written.
    if format > FORMAT {
        return Err(Fault::Newer { format });
    }
    // What a header of before lacks is empty.
    let text = [text.unwrap_or_default(), &[0]].concat();
    postcard::from_bytes(&text).map_err(|_| cursor.damaged("the header"))
}

struct Frame<'b> {
    kind: u8,
    flags: u8,
    operator: u16,
    shard: u32,
    payload: &'b [u8],
}

fn read_frame<'b>(cursor: &mut Cursor<'b>, expected: u64) -> Result<Frame<'b>, Fault> {
    let begin = cursor.at;
    let read = |cursor: &mut Cursor<'b>| -> Option<(Frame<'b>, u64, u32)> {
        let len = u32::from_le_bytes(cursor.number()?);
        let [kind, flags] = cursor.number()?;
        let operator = u16::from_le_bytes(cursor.number()?);
        let shard = u32::from_le_bytes(cursor.number()?);
        let sequence = u64::from_le_bytes(cursor.number()?);
        let sum = u32::from_le_bytes(cursor.number()?);
        let frame = Frame {
            kind,
            flags,
            operator,
            shard,
            payload: cursor.take(len as usize)?,
        };
        Some((frame, sequence, sum))
    };
    let Some((frame, sequence, sum)) = read(cursor) else {
        return Err(cursor.damaged("it is cut off"));
    };
    let fault = |what| Fault::Damaged { at: begin, what };
    let head = &cursor.bytes[begin..begin + FRAME_HEAD - 4];
    if crc32c::crc32c_append(crc32c::crc32c(head), frame.payload) != sum {
        return Err(fault("the checksum of a frame"));
    }
    if sequence != expected {
        return Err(fault("a frame is missing"));
    }
    if Kind::of(frame.kind).is_none() {
        return Err(fault("a frame of an unknown kind"));
    }
    Ok(frame)
}

fn check_commit(payload: &[u8], header: &Header, frames: u64, before: &[u8]) -> bool {
    let mut expected = Vec::with_capacity(COMMIT);
    expected.extend(header.generation.to_le_bytes());
    expected.extend(frames.to_le_bytes());
    expected.extend((before.len() as u64).to_le_bytes());
    expected.extend(xxhash_rust::xxh3::xxh3_128(before).to_le_bytes());
    payload == expected
}

fn unpack(payload: &[u8]) -> Option<Vec<u8>> {
    let (len, packed) = payload.split_at_checked(4)?;
    let len = u32::from_le_bytes(len.try_into().ok()?) as usize;
    if len > PAYLOAD_MAX {
        return None;
    }
    let mut out = vec![0; len];
    let made = lz4_flex::block::decompress_into(packed, &mut out).ok()?;
    (made == len).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header() -> Header {
        Header {
            program: "0.1.0".into(),
            run: 7 << 100,
            generation: 3,
            created: -1,
            fingerprint: 9,
            chain: vec!["count-by status".into(), "window 1h".into()],
            sources: vec!["a.log".into()],
            seed: u64::MAX,
            first: Some(b"a,b".to_vec()),
            records: 12,
            ended: false,
            others: vec![("b.csv".into(), b"c,d".to_vec())],
        }
    }

    fn entries() -> Vec<Entry> {
        let long: Vec<u8> = (0..PAYLOAD_MAX as u32 * 2 + 5)
            .map(|i| (i / 7) as u8)
            .collect();
        vec![
            Entry::new(Kind::Source, 0, 0, b"place".to_vec()),
            Entry::new(Kind::State, 1, 63, Vec::new()),
            Entry::new(Kind::State, 2, 0, long),
            Entry::new(Kind::Engine, 0, 0, vec![0; 100]),
        ]
    }

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        let len = write(&mut bytes, &header(), &entries()).unwrap();
        assert_eq!(len, bytes.len() as u64);
        assert!(bytes.len() < PAYLOAD_MAX, "it is compressed");
        assert_eq!(read(&bytes), Ok((header(), entries())));
    }

    #[test]
    fn in_how_many_pieces_a_payload_comes_does_not_show() {
        let whole: Vec<u8> = (0..PAYLOAD_MAX as u32 * 3 + 9)
            .map(|i| (i / 5) as u8)
            .collect();
        let bytes = |entry: Entry| {
            let mut bytes = Vec::new();
            write(&mut bytes, &header(), &[entry]).unwrap();
            bytes
        };
        let expected = bytes(Entry::new(Kind::State, 3, 1, whole.clone()));
        for size in [
            1000,
            PAYLOAD_MAX / 2,
            PAYLOAD_MAX,
            PAYLOAD_MAX + 1,
            whole.len(),
        ] {
            let mut parts: Vec<Vec<u8>> = whole.chunks(size).map(<[u8]>::to_vec).collect();
            parts.insert(parts.len() / 2, Vec::new());
            assert!(
                bytes(Entry::of_parts(Kind::State, 3, 1, parts)) == expected,
                "{size}"
            );
        }
        for len in [0, 1, PAYLOAD_MAX, 2 * PAYLOAD_MAX] {
            let entry = Entry::new(Kind::State, 3, 1, whole[..len].to_vec());
            assert_eq!(read(&bytes(entry.clone())).unwrap().1, [entry]);
        }
    }

    /// GUARANTEES G21: a header that was written before there were `others`.
    #[test]
    fn a_header_without_other_streams_is_read() {
        let old = Header {
            others: Vec::new(),
            ..header()
        };
        let mut bytes = Vec::new();
        write(&mut bytes, &old, &[]).unwrap();
        let len = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
        let text = bytes[FIXED..FIXED + len - 1].to_vec();
        bytes[12..16].copy_from_slice(&(len as u32 - 1).to_le_bytes());
        let sum = crc32c::crc32c_append(crc32c::crc32c(&bytes[..16]), &text);
        bytes[16..20].copy_from_slice(&sum.to_le_bytes());
        bytes.truncate(FIXED);
        bytes.extend(text);
        assert_eq!(super::header(&bytes), Ok(old));
    }

    #[test]
    fn one_of_a_later_version_is_named() {
        let mut bytes = Vec::new();
        write(&mut bytes, &header(), &[]).unwrap();
        bytes[8] = 2;
        let len = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
        let text = bytes[FIXED..FIXED + len].to_vec();
        let sum = crc32c::crc32c_append(crc32c::crc32c(&bytes[..16]), &text);
        bytes[16..20].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(read(&bytes), Err(Fault::Newer { format: 2 }));
        assert_eq!(read(b"a,b,c\n1,2,3\n"), Err(Fault::Foreign));
        assert!(matches!(read(b""), Err(Fault::Damaged { at: 0, .. })));
    }

    /// GUARANTEES 7, row 8: every byte with four masks, every length.
    #[test]
    fn no_damage_is_overlooked() {
        let mut whole = Vec::new();
        let small: Vec<Entry> = entries()
            .into_iter()
            .filter(|e| e.payload.len() < 1000)
            .collect();
        write(&mut whole, &header(), &small).unwrap();
        for len in 0..whole.len() {
            assert!(read(&whole[..len]).is_err(), "cut off at {len}");
        }
        for at in 0..whole.len() {
            for mask in [0x01, 0x80, 0x55, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= mask;
                assert!(read(&bytes).is_err(), "byte {at} with {mask:#x}");
            }
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(read(&longer).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused(tail in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = MAGIC.to_vec();
            bytes.extend(tail);
            prop_assert!(read(&bytes).is_err());
        }
    }
}
