//! What a checkpoint, a place in it and a block of a log do with bytes that nobody has written: an error, and never what
//! was not written. For the fuzz targets and their seeds. Invariant: reads no file.

use super::file::{Entry, Header, Kind, header, read, write};
use crate::data::saved::Saved;
use crate::engine::wal;
use crate::sources::Place;

/// Asserts that what is read is what was written: of any bytes, of frames of any bytes, and of those with one byte
/// changed.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = (header(data), read(data));
    let _ = (Place::of_side(data), wal::received(data));
    let _ = Saved::new(data).take_bytes();
    let Some((&[at, by, cut], rest)) = data.split_first_chunk() else {
        return;
    };
    let before = Header {
        program: String::from_utf8_lossy(rest).into_owned(),
        chain: rest
            .split(|byte| *byte == b'\n')
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect(),
        first: Some(rest.to_vec()),
        ..Header::default()
    };
    let entries: Vec<Entry> = rest
        .chunks(usize::from(cut) + 1)
        .enumerate()
        .map(|(i, piece)| {
            Entry::new(
                [Kind::Source, Kind::State, Kind::Engine][i % 3],
                i,
                i / 3,
                piece.to_vec(),
            )
        })
        .collect();
    let mut bytes = Vec::new();
    write(&mut bytes, &before, &entries).expect("memory takes it");
    let whole = read(&bytes);
    assert_eq!(whole, Ok((before, entries)), "what is written is read");
    if by > 0 {
        let at = usize::from(at) * bytes.len() / 256;
        bytes[at] ^= by;
        assert!(
            read(&bytes).is_err(),
            "byte {at} was changed, and it is read"
        );
    }
    bytes.truncate(usize::from(at) * bytes.len() / 256);
    assert!(read(&bytes).is_err(), "it was cut off, and it is read");
}
