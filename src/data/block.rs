//! A block: bytes that begin and end at record boundaries, and where they came from.

use crate::bytes::PADDING;

/// Bytes that end at a record boundary. Padded: [`PADDING`] readable bytes follow.
#[derive(Debug, Default, Clone)]
pub struct Block {
    buf: Vec<u8>,
    len: usize,
    pub origin: Origin,
    /// Order among what enters the stage of the chain that it is for, from 0.
    pub seq: u64,
    /// Order among all blocks handed out, and among those of its source, from 0.
    pub number: u64,
    pub place: u64,
    /// The source whose watermark its rows are judged by: index into the run's sources.
    pub source: u32,
    /// Arrival time of its last byte, ns since 1970; 0 where nothing asks for it.
    pub arrival: i64,
    /// Lines before it in its input, where they are counted on the way.
    pub lines: Option<u64>,
}

/// Where a block's first byte stands.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Index into the run's list of inputs (each file is one).
    pub input: u32,
    pub offset: u64,
}

impl Block {
    /// A block of a copy of `bytes`.
    pub fn copy_of(bytes: &[u8]) -> Block {
        let mut buf = Vec::with_capacity(bytes.len() + PADDING);
        buf.extend_from_slice(bytes);
        Block::from_vec(buf)
    }

    /// A block of `buf`, which is padded here.
    pub fn from_vec(mut buf: Vec<u8>) -> Block {
        let len = buf.len();
        buf.resize(len + PADDING, 0);
        Block {
            buf,
            len,
            ..Block::default()
        }
    }

    /// A block of the first `len` bytes of a buffer that already has its padding.
    pub fn from_padded(buf: Vec<u8>, len: usize) -> Block {
        assert!(buf.len() >= len + PADDING);
        Block {
            buf,
            len,
            ..Block::default()
        }
    }

    pub fn bytes(&self) -> &[u8] {
        self.buf.get(..self.len).unwrap_or_default()
    }

    /// The bytes and the padding behind them; empty blocks without a buffer give [`ZEROS`].
    pub fn padded(&self) -> &[u8] {
        if self.buf.is_empty() {
            &ZEROS
        } else {
            &self.buf
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The buffer, to be used again.
    pub fn into_buf(self) -> Vec<u8> {
        self.buf
    }
}

/// What an empty block's padding reads as.
pub static ZEROS: [u8; PADDING] = [0; PADDING];
