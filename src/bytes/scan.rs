//! Finding separators, lines and words by bit masks, 64 bytes at a time. Knows nothing of quotes
//! (`quote.rs`) and never looks at a byte behind the end it was given, except to load and discard it.
//! Invariant: every path (AVX2, portable) gives the same positions as the naive model below.

use super::Span;

/// Bytes a mask covers, one bit a byte.
const BLOCK: usize = 64;

/// Appends the ascending positions of every byte of `padded[..len]` that is one of the 1 to 4
/// `separators`. `padded` should have [`super::PADDING`] bytes behind `len`; without them the last block
/// is copied. No separators: no positions; more than four: found byte by byte.
pub fn positions(padded: &[u8], len: usize, separators: &[u8], out: &mut Vec<u32>) {
    positions_by(Path::best(), padded, len, separators, out);
}

/// Appends the spans of the lines of `padded[..len]` without their line feeds (a carriage return stays
/// in); a last line without a line feed is one too, an empty piece has no lines.
pub fn lines(padded: &[u8], len: usize, out: &mut Vec<Span>) {
    lines_by(Path::best(), padded, len, out);
}

/// Appends the runs of bytes other than space, tab, line feed, vertical tab, form feed and carriage
/// return in `padded[from..from + len]`.
pub fn words(padded: &[u8], from: usize, len: usize, out: &mut Vec<Span>) {
    words_by(Path::best(), padded, from, len, out);
}

/// How often `byte` is in `bytes`.
pub fn count_byte(bytes: &[u8], byte: u8) -> usize {
    memchr::memchr_iter(byte, bytes).count()
}

/// Where `byte` is last in `bytes`.
pub fn last_byte(bytes: &[u8], byte: u8) -> Option<usize> {
    memchr::memrchr(byte, bytes)
}

/// Where `byte` is first in `bytes`.
pub fn first_byte(bytes: &[u8], byte: u8) -> Option<usize> {
    memchr::memchr(byte, bytes)
}

/// The instructions a kernel uses. The kernels of this folder take one so that tests can ask for each.
#[doc(hidden)]
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Path {
    Portable,
    /// AVX2 and what every processor with it has. Only [`Path::best`] and [`Path::all`] make it, and
    /// only where the processor does.
    Wide(Wide),
}

/// Proof that the processor was asked: cannot be made outside this file.
#[doc(hidden)]
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Wide(());

impl Path {
    /// The fastest this machine has. Cheap: the standard library remembers what the processor said.
    #[inline]
    pub fn best() -> Path {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("pclmulqdq")
        {
            return Path::Wide(Wide(()));
        }
        Path::Portable
    }

    /// Every path this machine can run, for tests.
    pub fn all() -> Vec<Path> {
        let mut all = vec![Path::Portable, Path::best()];
        all.dedup();
        all
    }
}

/// Bit masks of a block of 64 bytes: bit `i` speaks of byte `i`.
pub(super) trait Masks {
    /// Bytes that equal one of `wanted`.
    ///
    /// # Safety
    /// The processor has the path's instructions.
    unsafe fn equal<const N: usize>(block: &[u8; BLOCK], wanted: &[u8; N]) -> u64;

    /// Bytes that are blank.
    ///
    /// # Safety
    /// As `equal`.
    unsafe fn blank(block: &[u8; BLOCK]) -> u64;

    /// Bit `i` is the exclusive or of bits `0..=i`.
    ///
    /// # Safety
    /// The processor has the path's instructions.
    unsafe fn prefix_xor(mask: u64) -> u64;
}

/// Eight bytes in a word.
pub(super) struct Swar;

const LOW: u64 = 0x0101_0101_0101_0101;
const SEVEN: u64 = 0x7f7f_7f7f_7f7f_7f7f;

impl Swar {
    /// The top bit of each byte of `word` that is zero, exactly: no carry crosses a byte.
    #[inline(always)]
    fn zero_bytes(word: u64) -> u64 {
        !(((word & SEVEN) + SEVEN) | word | SEVEN)
    }

    /// The top bits of the eight bytes, first byte lowest.
    #[inline(always)]
    fn gather(tops: u64) -> u64 {
        (tops >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }

    #[inline(always)]
    fn each_word(block: &[u8; BLOCK], tops: impl Fn(u64) -> u64) -> u64 {
        let (words, _) = block.as_chunks::<8>();
        words.iter().rev().fold(0, |mask, bytes| {
            mask << 8 | Swar::gather(tops(u64::from_le_bytes(*bytes)))
        })
    }
}

impl Masks for Swar {
    #[inline(always)]
    unsafe fn equal<const N: usize>(block: &[u8; BLOCK], wanted: &[u8; N]) -> u64 {
        Swar::each_word(block, |word| {
            wanted.iter().fold(0, |tops, &byte| {
                tops | Swar::zero_bytes(word ^ LOW.wrapping_mul(u64::from(byte)))
            })
        })
    }

    #[inline(always)]
    unsafe fn blank(block: &[u8; BLOCK]) -> u64 {
        Swar::each_word(block, |word| {
            // 9 to 13: with the top bit away, adding 128 - 9 sets it, adding 128 - 14 does not.
            let seven = word & SEVEN;
            let nine_to_13 = (seven + LOW * (128 - 9)) & !(seven + LOW * (128 - 14)) & !word;
            Swar::zero_bytes(word ^ (LOW * 0x20)) | (nine_to_13 & !SEVEN)
        })
    }

    #[inline(always)]
    unsafe fn prefix_xor(mut mask: u64) -> u64 {
        for shift in [1, 2, 4, 8, 16, 32] {
            mask ^= mask << shift;
        }
        mask
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use wide::Avx2;

#[cfg(target_arch = "x86_64")]
mod wide {
    use super::BLOCK;
    use std::arch::x86_64::*;

    /// Thirty-two bytes in a register.
    pub(in crate::bytes) struct Avx2;

    #[inline(always)]
    unsafe fn halves(block: &[u8; BLOCK]) -> (__m256i, __m256i) {
        let block = block.as_ptr();
        // SAFETY: a block has 64 bytes, the caller has AVX2; loads may be unaligned.
        unsafe {
            (
                _mm256_loadu_si256(block.cast()),
                _mm256_loadu_si256(block.add(32).cast()),
            )
        }
    }

    #[inline(always)]
    unsafe fn mask(low: __m256i, high: __m256i) -> u64 {
        // SAFETY: the caller has AVX2.
        let (low, high) = unsafe { (_mm256_movemask_epi8(low), _mm256_movemask_epi8(high)) };
        u64::from(low as u32) | u64::from(high as u32) << 32
    }

    impl super::Masks for Avx2 {
        #[inline(always)]
        unsafe fn equal<const N: usize>(block: &[u8; BLOCK], wanted: &[u8; N]) -> u64 {
            // SAFETY: the caller has AVX2.
            unsafe {
                let (low, high) = halves(block);
                let mut found = (_mm256_setzero_si256(), _mm256_setzero_si256());
                for &byte in wanted {
                    let splat = _mm256_set1_epi8(byte as i8);
                    found.0 = _mm256_or_si256(found.0, _mm256_cmpeq_epi8(low, splat));
                    found.1 = _mm256_or_si256(found.1, _mm256_cmpeq_epi8(high, splat));
                }
                mask(found.0, found.1)
            }
        }

        /// By low nibble, the one blank byte with it: a byte is blank if it equals what it looks up.
        /// The other nibbles hold 0x80, which only bytes that look up 0 could equal.
        #[inline(always)]
        unsafe fn blank(block: &[u8; BLOCK]) -> u64 {
            // SAFETY: the caller has AVX2.
            unsafe {
                let (low, high) = halves(block);
                let x = i8::MIN;
                let blanks = _mm256_broadcastsi128_si256(_mm_setr_epi8(
                    0x20, x, x, x, x, x, x, x, x, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, x, x,
                ));
                mask(
                    _mm256_cmpeq_epi8(_mm256_shuffle_epi8(blanks, low), low),
                    _mm256_cmpeq_epi8(_mm256_shuffle_epi8(blanks, high), high),
                )
            }
        }

        #[inline(always)]
        unsafe fn prefix_xor(mask: u64) -> u64 {
            // SAFETY: the caller has carry-less multiplication.
            unsafe {
                let product =
                    _mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, mask as i64), _mm_set1_epi8(-1));
                _mm_cvtsi128_si64(product) as u64
            }
        }
    }
}

/// The blocks of a piece of a buffer, one after the other.
pub(super) struct Blocks<'a> {
    padded: &'a [u8],
    start: usize,
    end: usize,
    copy: [u8; BLOCK],
}

impl<'a> Blocks<'a> {
    #[inline(always)]
    pub(super) fn new(padded: &'a [u8], from: usize, len: usize) -> Blocks<'a> {
        let end = from + len;
        let fits = end <= padded.len() && end < super::IN_SCRATCH as usize;
        assert!(
            fits,
            "a piece lies in its buffer, and the buffer in a span's reach"
        );
        Blocks {
            padded,
            start: from,
            end,
            copy: [0; BLOCK],
        }
    }

    /// Where the next block begins, the block, and the mask of its bytes that belong to the piece.
    ///
    /// PERF: one loop around one body. With a closure called for whole blocks and again for the last the
    /// body was not inlined, so lost the features of its caller: 0.8 GB/s where this does 11
    /// (eight bytes between hits, a warm block, Zen 5).
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<(u32, &[u8; BLOCK], u64)> {
        let start = self.start;
        if start >= self.end {
            return None;
        }
        self.start += BLOCK;
        let left = self.end - start;
        let inside = if left < BLOCK { !(!0 << left) } else { !0 };
        match self.padded[start..].first_chunk() {
            Some(block) => Some((start as u32, block, inside)),
            None => {
                self.copy[..left].copy_from_slice(&self.padded[start..self.end]);
                Some((start as u32, &self.copy, inside))
            }
        }
    }
}

/// Appends the positions of the bits of `mask`, counted from `base`. Eight are written whatever the
/// mask holds, then eight more while there are: no branch on how many there are as long as there are few.
#[inline(always)]
pub(super) fn flatten(mut mask: u64, base: u32, out: &mut Vec<u32>) {
    out.reserve(BLOCK);
    let count = mask.count_ones() as usize;
    let len = out.len();
    // SAFETY: a mask has at most 64 bits and 64 places are reserved; each round writes eight of them and
    // there is a round only if fewer than `count` are written, so never more than 64.
    unsafe {
        let place = out.as_mut_ptr().add(len);
        let mut written = 0;
        loop {
            for i in 0..8 {
                place
                    .add(written + i)
                    .write(base.wrapping_add(mask.trailing_zeros()));
                mask &= mask.wrapping_sub(1);
            }
            written += 8;
            if written >= count {
                break;
            }
        }
        out.set_len(len + count);
    }
}

/// Generates, for a kernel `$body` over `Masks`, the function that picks the path.
macro_rules! by_path {
    ($(#[$doc:meta])* $vis:vis fn $name:ident / $wide:ident = $body:ident $(<$(const $n:ident : usize),*>)?
        ($($arg:ident : $ty:ty),*) $(-> $result:ty)?) => {
        $(#[$doc])*
        #[inline]
        $vis fn $name $(<$(const $n: usize),*>)? (path: $crate::bytes::scan::Path, $($arg: $ty),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
            unsafe fn $wide $(<$(const $n: usize),*>)? ($($arg: $ty),*) $(-> $result)? {
                // SAFETY: this function's own features are those that `Avx2` needs.
                unsafe { $body::<$crate::bytes::scan::Avx2 $($(, $n)*)?>($($arg),*) }
            }
            match path {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: a `Wide` is only made where the processor has these features.
                $crate::bytes::scan::Path::Wide(_) => unsafe { $wide $(::<$($n),*>)? ($($arg),*) },
                // SAFETY: the portable path needs no feature.
                _ => unsafe { $body::<$crate::bytes::scan::Swar $($(, $n)*)?>($($arg),*) },
            }
        }
    };
}
pub(super) use by_path;

fn positions_by(path: Path, padded: &[u8], len: usize, separators: &[u8], out: &mut Vec<u32>) {
    match *separators {
        [] => {}
        [a] => positions_of(path, padded, len, &[a], out),
        [a, b] => positions_of(path, padded, len, &[a, b], out),
        [a, b, c] => positions_of(path, padded, len, &[a, b, c], out),
        [a, b, c, d] => positions_of(path, padded, len, &[a, b, c, d], out),
        _ => naive::positions(padded, len, separators, out),
    }
}

by_path! {
    fn positions_of / positions_wide = positions_in<const N: usize>
        (padded: &[u8], len: usize, separators: &[u8; N], out: &mut Vec<u32>)
}

/// # Safety
/// The processor has `M`'s instructions.
#[inline(always)]
unsafe fn positions_in<M: Masks, const N: usize>(
    padded: &[u8],
    len: usize,
    separators: &[u8; N],
    out: &mut Vec<u32>,
) {
    let mut blocks = Blocks::new(padded, 0, len);
    while let Some((base, block, inside)) = blocks.next() {
        // SAFETY: the features are the caller's promise.
        let mask = unsafe { M::equal(block, separators) } & inside;
        flatten(mask, base, out);
    }
}

by_path! { fn lines_by / lines_wide = lines_in(padded: &[u8], len: usize, out: &mut Vec<Span>) }

/// # Safety
/// The processor has `M`'s instructions.
#[inline(always)]
unsafe fn lines_in<M: Masks>(padded: &[u8], len: usize, out: &mut Vec<Span>) {
    let mut start = 0;
    let mut blocks = Blocks::new(padded, 0, len);
    while let Some((base, block, inside)) = blocks.next() {
        // SAFETY: the features are the caller's promise.
        let mask = unsafe { M::equal(block, b"\n") } & inside;
        start = flatten_lines(mask, base, start, out);
    }
    if (start as usize) < len {
        out.push(Span {
            start,
            len: len as u32 - start,
        });
    }
}

/// As [`flatten`], writing the line that ends at each bit; gives the start of the line after the last.
#[inline(always)]
fn flatten_lines(mut mask: u64, base: u32, mut start: u32, out: &mut Vec<Span>) -> u32 {
    out.reserve(BLOCK);
    let count = mask.count_ones() as usize;
    let next = match mask {
        0 => start,
        _ => base + (64 - mask.leading_zeros()),
    };
    let len = out.len();
    // SAFETY: as in `flatten`.
    unsafe {
        let place = out.as_mut_ptr().add(len);
        let mut written = 0;
        loop {
            for i in 0..4 {
                let end = base.wrapping_add(mask.trailing_zeros());
                place.add(written + i).write(Span {
                    start,
                    len: end.wrapping_sub(start),
                });
                start = end.wrapping_add(1);
                mask &= mask.wrapping_sub(1);
            }
            written += 4;
            if written >= count {
                break;
            }
        }
        out.set_len(len + count);
    }
    next
}

by_path! {
    fn words_by / words_wide = words_in
        (padded: &[u8], from: usize, len: usize, out: &mut Vec<Span>)
}

/// A word begins and ends where "is blank" changes, so the changes in pairs are the words: they are
/// written as they come into the spans' memory, and a pass over it makes each end a length.
///
/// # Safety
/// The processor has `M`'s instructions.
#[inline(always)]
unsafe fn words_in<M: Masks>(padded: &[u8], from: usize, len: usize, out: &mut Vec<Span>) {
    let mut count = 0;
    let mut in_word = 0u64;
    let mut blocks = Blocks::new(padded, from, len);
    while let Some((base, block, inside)) = blocks.next() {
        // SAFETY: the features are the caller's promise.
        let word = !unsafe { M::blank(block) } & inside;
        let mut mask = word ^ (word << 1 | in_word);
        in_word = word >> 63;
        if 2 * (out.capacity() - out.len()) < count + BLOCK + 1 {
            // SAFETY: `count` changes are written. An odd one is kept below.
            count = unsafe { keep_pairs(out, count) };
        }
        let last = count + mask.count_ones() as usize;
        // SAFETY: there was room for 65 more behind `count`, of which at most 64 are written, in rounds
        // of eight that begin before `last`.
        unsafe {
            let place = out.as_mut_ptr().add(out.len()).cast::<u32>();
            loop {
                for i in 0..8 {
                    place
                        .add(count + i)
                        .write(base.wrapping_add(mask.trailing_zeros()));
                    mask &= mask.wrapping_sub(1);
                }
                count += 8;
                if count >= last {
                    break;
                }
            }
        }
        count = last;
    }
    // A word that goes up to the end of a whole block has no change that ends it.
    if count & 1 != 0 {
        // SAFETY: room for one more than the blocks' changes was made.
        unsafe {
            out.as_mut_ptr()
                .add(out.len())
                .cast::<u32>()
                .add(count)
                .write((from + len) as u32)
        };
        count += 1;
    }
    // SAFETY: `count` changes are written.
    unsafe { keep_pairs(out, count) };
}

/// Makes words of the pairs of changes that stand behind the last of `out`, and room for those of a
/// block; returns how many changes are left over, one or none.
///
/// # Safety
/// `count` changes, ascending, are written behind the last of `out`, within its capacity.
#[inline(always)]
unsafe fn keep_pairs(out: &mut Vec<Span>, count: usize) -> usize {
    let old = out.len();
    // SAFETY: the pairs are initialised, as the caller promises: a span is two numbers.
    unsafe { out.set_len(old + count / 2) };
    for span in &mut out[old..] {
        span.len -= span.start;
    }
    let left = count & 1;
    if left == 0 {
        out.reserve(BLOCK / 2 + 1);
    } else {
        // SAFETY: the odd change is the first half of the span behind the last.
        let start = unsafe { out.as_ptr().add(out.len()).cast::<u32>().read() };
        // A span for a while, so that it moves along with the others; it stays where it was when taken
        // back, for the caller to write on behind it.
        out.push(Span { start, len: 0 });
        out.reserve(BLOCK / 2 + 1);
        out.pop();
    }
    left
}

/// The same, a byte at a time.
#[doc(hidden)]
pub mod naive {
    use super::Span;

    pub fn positions(padded: &[u8], len: usize, separators: &[u8], out: &mut Vec<u32>) {
        for (i, byte) in padded[..len].iter().enumerate() {
            if separators.contains(byte) {
                out.push(i as u32);
            }
        }
    }

    pub fn lines(padded: &[u8], len: usize, out: &mut Vec<Span>) {
        let mut start = 0;
        for line in padded[..len].split_inclusive(|&byte| byte == b'\n') {
            let feed = usize::from(line.ends_with(b"\n"));
            out.push(Span::new(start, line.len() - feed));
            start += line.len();
        }
    }

    pub fn words(padded: &[u8], from: usize, len: usize, out: &mut Vec<Span>) {
        let mut start = from;
        for word in padded[from..from + len].split(|byte| b" \t\n\x0b\x0c\r".contains(byte)) {
            if !word.is_empty() {
                out.push(Span::new(start, word.len()));
            }
            start += word.len() + 1;
        }
    }
}

/// Asserts that every path finds what the naive model finds, on pieces of `data`: the first bytes choose
/// the separators and where the piece stands.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let (head, text) = data.split_at(data.len().min(6));
    let separators = head.get(2..).unwrap_or_default();
    let from = head
        .first()
        .map_or(0, |&byte| usize::from(byte))
        .min(text.len());
    let unpadded = head
        .get(1)
        .map_or(0, |&byte| usize::from(byte))
        .min(text.len() - from);
    // As the engine has it (padding that holds separators), and with less behind it than a block.
    let padded: Vec<u8> = text
        .iter()
        .copied()
        .chain([b'\n'; super::PADDING])
        .collect();
    check(&padded, from, text.len() - from, separators);
    check(text, from, text.len() - from - unpadded, separators);
}

fn check(padded: &[u8], from: usize, len: usize, separators: &[u8]) {
    let junk = Span { start: 7, len: 7 };
    let (mut hits, mut rows, mut words) = (vec![7], vec![junk], vec![junk]);
    let piece = &padded[from..];
    for count in 0..=separators.len() {
        naive::positions(piece, len, &separators[..count], &mut hits);
    }
    naive::lines(piece, len, &mut rows);
    naive::words(padded, from, len, &mut words);
    for path in Path::all() {
        let (mut hits_too, mut rows_too, mut words_too) = (vec![7], vec![junk], vec![junk]);
        for count in 0..=separators.len() {
            positions_by(path, piece, len, &separators[..count], &mut hits_too);
        }
        lines_by(path, piece, len, &mut rows_too);
        words_by(path, padded, from, len, &mut words_too);
        assert_eq!(hits, hits_too, "positions, {path:?}");
        assert_eq!(rows, rows_too, "lines, {path:?}");
        assert_eq!(words, words_too, "words, {path:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn seeds_agree_with_the_model() {
        fuzz(b"");
        fuzz(b"\0\0,;\n.");
        for len in [1, 31, 32, 63, 64, 65, 127, 128, 129, 5000] {
            for fill in [
                &b"\n"[..],
                b"a",
                b"a b\t",
                b" \n",
                b"word, word;\r\n",
                b"\x0b\x0c\x89\xa0",
            ] {
                let mut data = b"\x03\x05,;\n ".to_vec();
                data.extend(fill.iter().cycle().take(len));
                fuzz(&data);
                data[0] = 0;
                data[1] = 0;
                fuzz(&data);
            }
        }
        // Every byte value, so that the blanks are exactly the six.
        let mut data = b"\0\0\x20\x80\xff\x00".to_vec();
        data.extend((0..=255u8).flat_map(|byte| [byte, b'x']));
        fuzz(&data);
    }

    #[test]
    fn what_the_kernels_give_is_what_the_words_say() {
        let text = b"ab cd\r\n\n\tlast";
        let (mut rows, mut found, mut hits) = (Vec::new(), Vec::new(), Vec::new());
        lines(text, text.len(), &mut rows);
        words(text, 0, text.len(), &mut found);
        positions(text, text.len(), b" \n", &mut hits);
        let pieces = |spans: &[Span]| -> Vec<&[u8]> {
            spans.iter().map(|span| span.of(text, b"")).collect()
        };
        assert_eq!(pieces(&rows), [&b"ab cd\r"[..], b"", b"\tlast"]);
        assert_eq!(pieces(&found), [&b"ab"[..], b"cd", b"last"]);
        assert_eq!(hits, [2, 6, 7]);
        assert_eq!(count_byte(text, b'\n'), 2);
        assert_eq!(
            (first_byte(text, b'\n'), last_byte(text, b'\n')),
            (Some(6), Some(7))
        );
    }

    proptest! {
        #[test]
        fn every_path_is_the_model(
            head in prop::collection::vec(any::<u8>(), 6),
            text in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..400),
                prop::collection::vec(prop::sample::select(&b"ab ,\n\t\r\x0b\x0c"[..]), 0..400),
                prop::collection::vec(prop::sample::select(&b"abcdefghijklmnop \n"[..]), 0..6000),
            ],
        ) {
            let mut data = head;
            data.extend(&text);
            fuzz(&data);
            data[2..6].copy_from_slice(b" ,\n\t");
            fuzz(&data);
        }
    }
}
