//! Pure algorithms over bytes: the kernels that decide the speed of everything else. No I/O, no clock,
//! nothing of ours imported; the only unsafe code of the program, behind safe signatures. Each file has a
//! naive model beside its fast code. Invalid input is an ordinary case here, never undefined.
#![allow(unsafe_code)]

pub mod bitmap;
pub mod hash;
pub mod json;
mod json_text;
mod json_walk;
pub mod number;
mod number_column;
mod number_print;
pub mod quote;
pub mod scan;
pub mod table;
pub mod time;
mod time_calendar;
mod time_like;
mod time_pattern;
pub mod utf8;

/// Bytes that may be read behind the end of any buffer handed to a kernel that says `padded`.
pub const PADDING: usize = 64;

/// The top bit of `Span::len`: the bytes are in the chunk's scratch buffer, not in its block.
pub const IN_SCRATCH: u32 = 1 << 31;

/// A piece of a block or, with [`IN_SCRATCH`] set in `len`, of the chunk's scratch buffer.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Span {
    pub start: u32,
    pub len: u32,
}

impl Span {
    /// A span of the block.
    pub fn new(start: usize, len: usize) -> Span {
        debug_assert!(start <= u32::MAX as usize && len < IN_SCRATCH as usize);
        Span {
            start: start as u32,
            len: len as u32,
        }
    }

    /// A span of the scratch buffer.
    pub fn scratch(start: usize, len: usize) -> Span {
        debug_assert!(start <= u32::MAX as usize && len < IN_SCRATCH as usize);
        Span {
            start: start as u32,
            len: len as u32 | IN_SCRATCH,
        }
    }

    #[inline(always)]
    pub fn len(self) -> usize {
        (self.len & !IN_SCRATCH) as usize
    }

    #[inline(always)]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    #[inline(always)]
    pub fn in_scratch(self) -> bool {
        self.len & IN_SCRATCH != 0
    }

    #[inline(always)]
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// The bytes, given both buffers (without or with their padding).
    #[inline(always)]
    pub fn of<'a>(self, block: &'a [u8], scratch: &'a [u8]) -> &'a [u8] {
        let from = if self.in_scratch() { scratch } else { block };
        &from[self.start()..self.start() + self.len()]
    }
}

/// One column's cells as the batch kernels take them: a span a row of the chunk, and the two buffers,
/// each readable for [`PADDING`] bytes behind every span.
#[derive(Copy, Clone)]
pub struct Cells<'a> {
    pub spans: &'a [Span],
    pub block: &'a [u8],
    pub scratch: &'a [u8],
    /// Set: the cell is not null. `None`: none is null.
    pub valid: Option<&'a bitmap::Bitmap>,
    /// The rows to look at, ascending; `None`: all of `spans`.
    pub rows: Option<&'a [u32]>,
}

/// Asks for the cache line of an element; any index will do.
#[inline(always)]
pub fn prefetch<T>(list: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch touches nothing, and the address is only computed.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(list.as_ptr().wrapping_add(index).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (list, index);
}
