//! A column of cells to numbers at one scale, without branches that depend on the digits. Does not decide
//! what a column's type is. Refuses nothing: what is no number is marked. Invariant: row by row the answer
//! is that of `Number::parse`, whatever else is in the column.

use super::number::{LIMIT, Number, Number::Exact, POW10};
use super::{Cells, bitmap::Bitmap};

/// A column of numbers: `units[row]` / 10^`scale`, but for the rows in `odd`.
#[derive(Default, Clone, Debug)]
pub struct Numbers {
    /// One entry a row of the chunk; 0 for rows not looked at, invalid or odd.
    pub units: Vec<i64>,
    pub scale: u8,
    /// Rows that do not fit the common scale, ascending.
    pub odd: Vec<(u32, Number)>,
    /// Clear bits: null, empty or unparsable; `None`: all rows looked at are numbers.
    pub valid: Option<Bitmap>,
    /// Cells that are neither null nor empty and no numbers.
    pub failed: u64,
}

impl Numbers {
    /// The number of a row; nothing if it is invalid.
    pub fn get(&self, row: usize) -> Option<Number> {
        if self.valid.as_ref().is_some_and(|valid| !valid.get(row)) {
            return None;
        }
        if !self.odd.is_empty()
            && let Ok(at) = self
                .odd
                .binary_search_by_key(&(row as u32), |entry| entry.0)
        {
            return Some(self.odd[at].1);
        }
        Some(Exact {
            units: self.units[row],
            scale: self.scale,
        })
    }

    fn refuse(&mut self, row: usize, rows: usize) {
        self.valid
            .get_or_insert_with(|| Bitmap::new(rows, true))
            .set(row, false);
    }
}

/// Reads a column's cells as numbers into `out`, whose vectors are reused.
pub fn numbers(cells: &Cells, out: &mut Numbers) {
    clear(cells, out);
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
    {
        // SAFETY: the processor has what the function is compiled for.
        return unsafe { read_cells_avx2(cells, out) };
    }
    read_cells(cells, out);
}

/// The same on any processor: what [`numbers`] is compared with.
pub(super) fn numbers_portable(cells: &Cells, out: &mut Numbers) {
    clear(cells, out);
    read_cells(cells, out);
}

fn clear(cells: &Cells, out: &mut Numbers) {
    out.units.clear();
    out.units.resize(cells.spans.len(), 0);
    out.scale = 0;
    out.odd.clear();
    out.valid = None;
    out.failed = 0;
}

/// The same with the bit instructions of later processors, and four short cells at a time.
///
/// PERF: 1.8 ns a cell like `-12.3`, where the scalar code takes 6.4 to 7.2 (4.1 GHz, in the cache).
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn read_cells_avx2(cells: &Cells, out: &mut Numbers) {
    let rows = cells.spans.len();
    match cells.rows {
        _ if cells.valid.is_some() => read_cells(cells, out),
        None => four::read(cells, rows, |i| i, out),
        Some(chosen) => four::read(cells, chosen.len(), |i| chosen[i] as usize, out),
    }
}

#[inline(always)]
fn read_cells(cells: &Cells, out: &mut Numbers) {
    let mut sizes = 0u64;
    match cells.rows {
        None => (0..cells.spans.len()).for_each(|row| read_row(cells, row, &mut sizes, out)),
        Some(rows) => rows
            .iter()
            .for_each(|&row| read_row(cells, row as usize, &mut sizes, out)),
    }
}

#[inline(always)]
fn read_row(cells: &Cells, row: usize, sizes: &mut u64, out: &mut Numbers) {
    if cells.valid.is_some_and(|valid| !valid.get(row)) {
        return out.refuse(row, cells.spans.len());
    }
    let span = cells.spans[row];
    let from = if span.in_scratch() {
        cells.scratch
    } else {
        cells.block
    };
    let len = span.len();
    let quick = match from.get(span.start()..span.start() + 16) {
        Some(bytes) if len <= 8 => short_number(bytes, len),
        Some(bytes) if len <= 16 => middle_number(bytes, len),
        _ => None,
    };
    match quick {
        Some((units, scale)) if scale <= out.scale => place(out, sizes, row, units, scale),
        _ => odd_cell(cells, row, sizes, out),
    }
}

/// Puts a number of no larger scale than the column's to its row.
#[inline(always)]
fn place(out: &mut Numbers, sizes: &mut u64, row: usize, units: i64, scale: u8) {
    match units.checked_mul(POW10[(out.scale - scale) as usize]) {
        Some(scaled) if scaled.unsigned_abs() < LIMIT as u64 => {
            *sizes |= scaled.unsigned_abs();
            out.units[row] = scaled;
        }
        _ => out.odd.push((row as u32, Exact { units, scale })),
    }
}

/// Makes `scale` the column's if what was read so far fits it.
#[cold]
fn raise(out: &mut Numbers, sizes: &mut u64, scale: u8) -> bool {
    let factor = POW10[(scale - out.scale) as usize];
    if *sizes as u128 * factor as u128 >= LIMIT as u128 {
        return false;
    }
    if *sizes != 0 {
        out.units.iter_mut().for_each(|units| *units *= factor);
        *sizes *= factor as u64; // still no smaller than any
    }
    out.scale = scale;
    true
}

/// A cell that the quick ways did not take: empty, blanks around, long, a float, no number.
#[cold]
#[inline(never)]
fn odd_cell(cells: &Cells, row: usize, sizes: &mut u64, out: &mut Numbers) {
    let text = cells.spans[row].of(cells.block, cells.scratch);
    match Number::parse(text) {
        Some(Exact { units, scale }) => {
            if scale <= out.scale || raise(out, sizes, scale) {
                place(out, sizes, row, units, scale);
            } else {
                out.odd.push((row as u32, Exact { units, scale }));
            }
        }
        Some(float) => out.odd.push((row as u32, float)),
        None => {
            out.failed += !text.trim_ascii().is_empty() as u64;
            out.refuse(row, cells.spans.len());
        }
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = ONES * 0x80;
const ZEROS: u64 = ONES * b'0' as u64;

/// What sign and point become when digits become their values.
const MINUS: u8 = b'-' ^ b'0';
const PLUS: u8 = b'+' ^ b'0';
const POINT: u8 = b'.' ^ b'0';

/// A top bit in each byte of `word` that is zero; perhaps also in a later one that is 1.
#[inline(always)]
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & TOPS
}

/// Top bits for bytes that are no digit's value, and perhaps later ones.
#[inline(always)]
fn no_digits(values: u64) -> u64 {
    (values.wrapping_add(ONES * 0x76) | values) & TOPS
}

/// Eight digits' values, the first in the lowest byte, as one number.
#[inline(always)]
fn eight_digits(values: u64) -> u64 {
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(100 + (1_000_000 << 32));
    let high = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(1 + (10_000 << 32));
    low.wrapping_add(high) >> 32
}

/// One to eight bytes: no branch depends on sign, point or length.
#[inline(always)]
fn short_number(bytes: &[u8], len: usize) -> Option<(i64, u8)> {
    let word = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) ^ ZEROS;
    let first = word as u8;
    let signed = (first == MINUS) | (first == PLUS);
    let word = word & !(if signed { 0xff } else { 0 });
    // The text moves to the top, and zeros come in before it. An empty one is refused below.
    let text = word << ((64 - 8 * len as u32) & 63);
    let points = zero_bytes(text ^ (ONES * POINT as u64));
    let pointed = points != 0;
    let lowest = points & points.wrapping_neg();
    // What stands before the point moves over it; a second point stays and is no digit.
    let upto = if pointed { lowest | (lowest - 1) } else { 0 };
    let digits = (text & !upto) | ((text & upto >> 8) << 8);
    let none = len <= signed as usize + pointed as usize;
    if (no_digits(digits) != 0) | none {
        return None;
    }
    let scale = (63 - (points | 1 << 63).trailing_zeros()) >> 3;
    let units = eight_digits(digits) as i64;
    Some((if first == MINUS { -units } else { units }, scale as u8))
}

const fn wide(byte: u8) -> u128 {
    (ONES as u128 | (ONES as u128) << 64) * byte as u128
}

/// Nine to sixteen bytes, the same with twice the width.
#[inline(never)]
fn middle_number(bytes: &[u8], len: usize) -> Option<(i64, u8)> {
    let word = u128::from_le_bytes(bytes[..16].try_into().expect("sixteen bytes")) ^ wide(b'0');
    let first = word as u8;
    let signed = (first == MINUS) | (first == PLUS);
    let word = word & !(if signed { 0xff } else { 0 });
    let text = word << ((128 - 8 * len as u32) & 127);
    let apart = text ^ wide(POINT);
    let points =
        zero_bytes(apart as u64) as u128 | (zero_bytes((apart >> 64) as u64) as u128) << 64;
    let lowest = points & points.wrapping_neg();
    let upto = if points != 0 {
        lowest | (lowest - 1)
    } else {
        0
    };
    let digits = (text & !upto) | ((text & upto >> 8) << 8);
    let (head, tail) = (digits as u64, (digits >> 64) as u64);
    if no_digits(head) | no_digits(tail) != 0 {
        return None;
    }
    let scale = (127 - (points | 1 << 127).trailing_zeros()) >> 3;
    let units = (eight_digits(head) * 100_000_000 + eight_digits(tail)) as i64;
    Some((if first == MINUS { -units } else { units }, scale as u8))
}

/// Four cells of up to eight bytes at a time, by the steps of [`short_number`].
#[cfg(target_arch = "x86_64")]
mod four {
    use super::*;
    use std::arch::x86_64::*;

    /// Powers of ten that one lane's half holds.
    const POWERS: [i32; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    #[inline]
    pub fn read(cells: &Cells, count: usize, row_of: impl Fn(usize) -> usize, out: &mut Numbers) {
        let mut sizes = 0u64;
        let mut seen = _mm256_setzero_si256();
        let mut i = 0;
        // Where most fours are not short, looking at them as such is given up.
        let (mut tried, mut failed) = (0usize, 0usize);
        while i + 4 <= count && (failed <= 16 || failed * 8 <= tried) {
            let rows = [row_of(i), row_of(i + 1), row_of(i + 2), row_of(i + 3)];
            let all = cells.spans;
            let [a, b, c, d] = [all[rows[0]], all[rows[1]], all[rows[2]], all[rows[3]]];
            i += 4;
            tried += 1;
            let block = cells.block;
            let last = a.start.max(b.start).max(c.start.max(d.start)) as usize;
            let scaled = if last + 8 <= block.len() {
                // SAFETY: each start has eight bytes of the block behind it.
                let words = unsafe {
                    [
                        block.as_ptr().add(a.start()).cast::<i64>().read_unaligned(),
                        block.as_ptr().add(b.start()).cast::<i64>().read_unaligned(),
                        block.as_ptr().add(c.start()).cast::<i64>().read_unaligned(),
                        block.as_ptr().add(d.start()).cast::<i64>().read_unaligned(),
                    ]
                };
                // A length with the scratch bit is no short one.
                let lens = [a.len as i64, b.len as i64, c.len as i64, d.len as i64];
                short_numbers(words, lens, out.scale)
            } else {
                None
            };
            let Some((scaled, size)) = scaled else {
                failed += 1;
                sizes |= folded(seen);
                rows.iter()
                    .for_each(|&row| read_row(cells, row, &mut sizes, out));
                continue;
            };
            seen = _mm256_or_si256(seen, size);
            let lanes = lanes(scaled);
            out.units[rows[0]] = lanes[0];
            out.units[rows[1]] = lanes[1];
            out.units[rows[2]] = lanes[2];
            out.units[rows[3]] = lanes[3];
        }
        sizes |= folded(seen);
        (i..count).for_each(|i| read_row(cells, row_of(i), &mut sizes, out));
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn lanes(vector: __m256i) -> [i64; 4] {
        [
            _mm256_extract_epi64::<0>(vector),
            _mm256_extract_epi64::<1>(vector),
            _mm256_extract_epi64::<2>(vector),
            _mm256_extract_epi64::<3>(vector),
        ]
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn folded(vector: __m256i) -> u64 {
        lanes(vector).iter().fold(0, |all, &lane| all | lane as u64)
    }

    /// The units at the column's scale, and their sizes, if all four are numbers of no larger scale.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn short_numbers(words: [i64; 4], lens: [i64; 4], scale: u8) -> Option<(__m256i, __m256i)> {
        let all = |value: u64| _mm256_set1_epi64x(value as i64);
        let zero = _mm256_setzero_si256();
        let [a, b, c, d] = words;
        let word = _mm256_xor_si256(_mm256_set_epi64x(d, c, b, a), all(ZEROS));
        let len = _mm256_set_epi64x(lens[3], lens[2], lens[1], lens[0]);

        let first = _mm256_and_si256(word, all(0xff));
        let minus = _mm256_cmpeq_epi64(first, all(MINUS as u64));
        let signed = _mm256_or_si256(minus, _mm256_cmpeq_epi64(first, all(PLUS as u64)));
        let word = _mm256_andnot_si256(_mm256_and_si256(signed, all(0xff)), word);
        // Lengths beyond eight shift all out, and are refused below.
        let text = _mm256_sllv_epi64(word, _mm256_sub_epi64(all(64), _mm256_slli_epi64::<3>(len)));

        let points = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(POINT as i8));
        let pointless = _mm256_cmpeq_epi64(points, zero);
        let lowest = _mm256_and_si256(points, _mm256_sub_epi64(zero, points));
        let upto = _mm256_sub_epi64(_mm256_slli_epi64::<8>(lowest), all(1));
        let upto = _mm256_andnot_si256(pointless, upto);
        let moved = _mm256_slli_epi64::<8>(_mm256_and_si256(text, _mm256_srli_epi64::<8>(upto)));
        let digits = _mm256_or_si256(_mm256_andnot_si256(upto, text), moved);

        let behind = _mm256_sad_epu8(_mm256_andnot_si256(upto, all(ONES)), zero);
        let scales = _mm256_andnot_si256(pointless, behind);
        let rest = _mm256_sub_epi64(all(scale as u64), scales);
        // len - sign - point > 0; masks are -1.
        let pointed = _mm256_xor_si256(pointless, all(!0));
        let left = _mm256_add_epi64(len, _mm256_add_epi64(signed, pointed));

        let sound = _mm256_cmpeq_epi64(_mm256_min_epu8(digits, _mm256_set1_epi8(9)), digits);
        let sound = _mm256_and_si256(sound, _mm256_cmpgt_epi64(left, zero));
        let wrong = _mm256_or_si256(
            _mm256_cmpgt_epi64(len, all(8)),
            _mm256_cmpgt_epi64(zero, rest),
        );
        let wrong = _mm256_or_si256(wrong, _mm256_cmpgt_epi64(rest, all(7)));
        if _mm256_movemask_epi8(_mm256_andnot_si256(wrong, sound)) != -1 {
            return None;
        }
        let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(10 | 1 << 8));
        let fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(100 | 1 << 16));
        let high = _mm256_mul_epu32(fours, all(10_000));
        let units = _mm256_add_epi64(high, _mm256_srli_epi64::<32>(fours));
        let [a, b, c, d, e, f, g, h] = POWERS;
        // Only the low half of each lane is looked up to some purpose, and only it is multiplied.
        let powers = _mm256_permutevar8x32_epi32(_mm256_set_epi32(h, g, f, e, d, c, b, a), rest);
        let size = _mm256_mul_epu32(units, powers);
        Some((_mm256_sub_epi64(_mm256_xor_si256(size, minus), minus), size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_mixed_scales_gets_one() {
        let block = b"1 -12.3 0.25 1e3  x 123456789.5 +7 -";
        let spans: Vec<_> = [
            (0, 1),
            (2, 5),
            (8, 4),
            (13, 3),
            (17, 0),
            (18, 1),
            (20, 11),
            (32, 2),
            (35, 1),
        ]
        .map(|(start, len)| crate::bytes::Span::new(start, len))
        .to_vec();
        let mut padded = block.to_vec();
        padded.resize(block.len() + crate::bytes::PADDING, b'9');
        let cells = Cells {
            spans: &spans,
            block: &padded,
            scratch: &[],
            valid: None,
            rows: None,
        };
        let mut out = Numbers::default();
        numbers(&cells, &mut out);
        assert_eq!(out.scale, 2);
        assert_eq!(out.units, [100, -1230, 25, 0, 0, 0, 12345678950, 700, 0]);
        assert_eq!(out.failed, 2);
        assert_eq!(out.odd.len(), 1);
        assert_eq!(out.get(3), Some(Number::Float(1000.0)));
        assert_eq!((out.get(4), out.get(5), out.get(8)), (None, None, None));
    }
}
