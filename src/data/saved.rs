//! State as bytes and back: what a checkpoint keeps of whoever has state. The encoding is postcard's, which is
//! stable and documented; who holds much keeps it flat and gives it as one piece. Knows no file.
//! Invariant: what [`Saved`] is given may be any bytes: it gives an error, never a panic, and takes no more memory
//! than a few times what it was given.

use super::encoder::Encoder;
use crate::bytes::number::{Number, SCALE_MAX};
use crate::bytes::table::{ENTRY_BYTES, KeyTable};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is no state, or not of this place of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("what it holds cannot be read")
    }
}

impl std::error::Error for Damaged {}

/// How work is shared out to threads: as many of them, and who does `work(i)` for each `i` below a number.
#[derive(Clone, Copy)]
pub struct Sharing {
    pub threads: usize,
    pub run: fn(usize, usize, &(dyn Fn(usize) + Sync)),
}

/// Items from which on it pays to share out.
const SHARED_FROM: usize = if cfg!(debug_assertions) { 8 } else { 1 << 14 };
/// Pieces for each thread, as threads need not be equally fast.
const PIECES: usize = 4;
/// Bytes from which on a copy is shared out.
const BYTES_FROM: usize = if cfg!(debug_assertions) { 64 } else { 1 << 20 };

/// Items that were put one behind the other, and how many they are.
#[derive(Default)]
pub struct Counted {
    count: u64,
    items: Save,
}

/// Bytes that state is put into.
#[derive(Default)]
pub struct Save {
    bytes: Vec<u8>,
    /// What stands in front of them, in the order it was put.
    before: Vec<Vec<u8>>,
    sharing: Option<Sharing>,
}

impl Save {
    /// One that may put by several threads at once what is long.
    pub fn shared(sharing: Sharing) -> Save {
        Save {
            sharing: Some(sharing).filter(|sharing| sharing.threads > 1),
            ..Save::default()
        }
    }

    /// A value behind those before. What cannot be encoded (a map without a length, which no state has) takes all that
    /// was put with it: [`Saved::take`] will refuse the rest.
    pub fn put<T: Serialize + ?Sized>(&mut self, value: &T) {
        if value.serialize(Encoder(&mut self.bytes)).is_err() {
            self.bytes.clear();
            self.before.clear();
        }
    }

    /// Items `0..n`, one behind the other, each by `put`. Which thread puts which does not show.
    pub fn put_each(&mut self, n: usize, put: impl Fn(usize, &mut Save) + Sync) {
        self.put_ranges(n, &|range, to| range.for_each(|i| put(i, to)));
    }

    /// Those of the items `0..n` that `put` puts, of each kind one behind the other: `put` is given a place for each
    /// kind, and says of which one an item is.
    pub fn by_kind<const KINDS: usize>(
        &self,
        n: usize,
        put: impl Fn(usize, &mut [Save; KINDS]) -> Option<usize> + Sync,
    ) -> [Counted; KINDS] {
        let all: Mutex<Vec<(usize, [Counted; KINDS])>> = Mutex::default();
        let mut ranges = Save {
            sharing: self.sharing,
            ..Save::default()
        };
        ranges.put_ranges(n, &|range, _| {
            let (from, mut counts) = (range.start, [0; KINDS]);
            let mut saves = [(); KINDS].map(|()| Save::default());
            for i in range {
                if let Some(kind) = put(i, &mut saves) {
                    counts[kind] += 1;
                }
            }
            let mut counts = counts.into_iter();
            let some = saves.map(|items| Counted {
                count: counts.next().unwrap_or_default(),
                items,
            });
            lock(&all).push((from, some));
        });
        let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.sort_unstable_by_key(|(from, _)| *from);
        let mut whole = [(); KINDS].map(|()| Counted::default());
        for (_, some) in all {
            for (whole, some) in whole.iter_mut().zip(some) {
                whole.count += some.count;
                whole.items.append(some.items);
            }
        }
        whole
    }

    /// Items behind how many they are.
    pub fn put_counted(&mut self, some: Counted) {
        self.put(&some.count);
        self.append(some.items);
    }

    fn append(&mut self, mut other: Save) {
        if other.is_empty() {
            return;
        }
        self.before.push(std::mem::take(&mut self.bytes));
        self.before.append(&mut other.before);
        self.bytes = other.bytes;
    }

    /// The same where a range is put at once.
    fn put_ranges(&mut self, n: usize, put: &(dyn Fn(Range<usize>, &mut Save) + Sync)) {
        let Some(sharing) = self.sharing.filter(|_| n >= SHARED_FROM) else {
            return put(0..n, self);
        };
        let size = n.div_ceil(sharing.threads * PIECES);
        let pieces: Vec<Mutex<Save>> = (0..n.div_ceil(size)).map(|_| Mutex::default()).collect();
        (sharing.run)(sharing.threads, pieces.len(), &|i| {
            let range = i * size..n.min((i + 1) * size);
            put(range, &mut lock(&pieces[i]));
        });
        if !self.bytes.is_empty() {
            self.before.push(std::mem::take(&mut self.bytes));
        }
        let pieces = pieces.into_iter().map(|piece| {
            let piece = piece.into_inner();
            piece.unwrap_or_else(PoisonError::into_inner).bytes
        });
        self.before.extend(pieces);
    }

    /// Bytes as they are, behind their length.
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.put(&(bytes.len() as u64));
        match bytes.len() {
            ..BYTES_FROM => self.bytes.extend_from_slice(bytes),
            len => self.put_ranges(len, &|range, to| to.bytes.extend_from_slice(&bytes[range])),
        }
    }

    /// Plain numbers as they lie in memory, behind their length: at the speed of a copy.
    pub fn put_flat<T: Flat>(&mut self, values: impl ExactSizeIterator<Item = T>) {
        self.put_flat_of(values.len(), values);
    }

    /// As [`Save::put_flat`], of those that are side by side.
    pub fn put_slice<T: Flat + Sync>(&mut self, values: &[T]) {
        self.put_flat_by(values.len(), |i| values[i]);
    }

    /// As [`Save::put_flat`], of the value of each number below `len`.
    pub fn put_flat_by<T: Flat>(&mut self, len: usize, value: impl Fn(usize) -> T + Sync) {
        self.put(&((len * T::SIZE) as u64));
        self.put_ranges(len, &|range, to| {
            to.put_values(range.len(), range.map(&value));
        });
    }

    /// As [`Save::put_flat`], of `len` values.
    pub fn put_flat_of<T: Flat>(&mut self, len: usize, values: impl Iterator<Item = T>) {
        self.put(&((len * T::SIZE) as u64));
        self.put_values(len, values);
    }

    fn put_values<T: Flat>(&mut self, len: usize, values: impl Iterator<Item = T>) {
        let from = self.bytes.len();
        self.bytes.resize(from + len * T::SIZE, 0);
        let places = self.bytes[from..].chunks_exact_mut(T::SIZE);
        for (place, value) in places.zip(values) {
            value.write(place);
        }
    }

    /// The keys of a table; its seed is kept by whoever has it.
    pub fn put_table(&mut self, table: &KeyTable) {
        self.put(&((table.len() * ENTRY_BYTES) as u64));
        self.put_ranges(table.len(), &|range, to| {
            to.put_values(range.len(), table.entries(range));
        });
        self.put_slice(table.spaces());
        self.put_bytes(table.arena());
    }

    /// How much has been put, bytes.
    pub fn len(&self) -> usize {
        self.before.iter().map(Vec::len).sum::<usize>() + self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn into_bytes(self) -> Vec<u8> {
        match self.before.is_empty() {
            true => self.bytes,
            false => self.into_parts().concat(),
        }
    }

    /// What was put, in several pieces one behind the other.
    pub fn into_parts(mut self) -> Vec<Vec<u8>> {
        self.before.push(self.bytes);
        self.before
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was put, to be taken out in the same order.
pub struct Saved<'a> {
    bytes: &'a [u8],
}

impl<'a> Saved<'a> {
    pub fn new(bytes: &'a [u8]) -> Saved<'a> {
        Saved { bytes }
    }

    pub fn take<T: Deserialize<'a>>(&mut self) -> Result<T, Damaged> {
        let (value, rest) = postcard::take_from_bytes(self.bytes).map_err(|_| Damaged)?;
        self.bytes = rest;
        Ok(value)
    }

    /// Whether all has been taken.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What [`Save::put_bytes`] put.
    pub fn take_bytes(&mut self) -> Result<&'a [u8], Damaged> {
        let len: u64 = self.take()?;
        let len = usize::try_from(len).map_err(|_| Damaged)?;
        let (bytes, rest) = self.bytes.split_at_checked(len).ok_or(Damaged)?;
        self.bytes = rest;
        Ok(bytes)
    }

    /// What [`Save::put_flat`] put.
    pub fn take_flat<T: Flat>(&mut self) -> Result<impl ExactSizeIterator<Item = T> + 'a, Damaged> {
        let bytes = self.take_bytes()?;
        match bytes.len() % T::SIZE {
            0 => Ok(bytes.chunks_exact(T::SIZE).map(T::read)),
            _ => Err(Damaged),
        }
    }

    /// What [`Save::put_table`] put, with the seed that the table had. Its keys may be any bytes: see
    /// [`KeyCoder::fits`](super::keys::KeyCoder::fits).
    pub fn take_table(&mut self, seed: u64) -> Result<KeyTable, Damaged> {
        let entries = self.take_flat::<[u8; ENTRY_BYTES]>()?;
        let spaces = self.take_flat()?.collect();
        let arena = self.take_bytes()?;
        KeyTable::from_parts(seed, entries, spaces, arena).ok_or(Damaged)
    }

    /// All that is left.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// Nothing may be left.
    pub fn end(&self) -> Result<(), Damaged> {
        match self.bytes.is_empty() {
            true => Ok(()),
            false => Err(Damaged),
        }
    }
}

/// A number in two parts: the scale and the units, of a float its bits.
pub fn number_parts(number: Number) -> (u8, i64) {
    match number {
        Number::Exact { units, scale } => (scale, units),
        Number::Float(value) => (u8::MAX, value.to_bits() as i64),
    }
}

/// The number of such parts.
pub fn number_of((scale, units): (u8, i64)) -> Result<Number, Damaged> {
    match scale {
        ..=SCALE_MAX => Ok(Number::Exact { units, scale }),
        u8::MAX => Ok(Number::Float(f64::from_bits(units as u64))),
        _ => Err(Damaged),
    }
}

/// What is put as it lies in memory, low byte first.
pub trait Flat: Copy + 'static {
    const SIZE: usize;
    /// `to` has room for just this.
    fn write(self, to: &mut [u8]);
    /// `from` is what was written.
    fn read(from: &[u8]) -> Self;
}

macro_rules! flat {
    ($($number:ty)*) => {$(
        impl Flat for $number {
            const SIZE: usize = size_of::<$number>();

            #[inline(always)]
            fn write(self, to: &mut [u8]) {
                to.copy_from_slice(&self.to_le_bytes());
            }

            #[inline(always)]
            fn read(from: &[u8]) -> $number {
                <$number>::from_le_bytes(from.try_into().unwrap_or_default())
            }
        }
    )*};
}

flat!(u8 u32 i32 u64 i64 i128 f64);

impl<const N: usize> Flat for [u8; N] {
    const SIZE: usize = N;

    #[inline(always)]
    fn write(self, to: &mut [u8]) {
        to.copy_from_slice(&self);
    }

    #[inline(always)]
    fn read(from: &[u8]) -> [u8; N] {
        from.try_into().unwrap_or([0; N])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_was_put_comes_out_in_its_order() {
        let mut save = Save::default();
        let ends = BTreeMap::from([(-5i64, 7i64), (i64::MIN, i64::MAX)]);
        save.put(&ends);
        save.put_bytes(b"\0raw");
        save.put(&Some("text"));
        save.put_flat([i128::MIN, -1, i128::MAX].into_iter());
        save.put_flat([0.5f64, f64::NEG_INFINITY].into_iter());
        let bytes = save.into_bytes();
        let mut saved = Saved::new(&bytes);
        assert_eq!(saved.take::<BTreeMap<i64, i64>>(), Ok(ends));
        assert_eq!(saved.take_bytes(), Ok(&b"\0raw"[..]));
        assert_eq!(saved.take::<Option<String>>(), Ok(Some("text".into())));
        let wide: Vec<i128> = saved.take_flat().unwrap().collect();
        assert_eq!(wide, [i128::MIN, -1, i128::MAX]);
        let floats: Vec<f64> = saved.take_flat().unwrap().collect();
        assert_eq!(floats, [0.5, f64::NEG_INFINITY]);
        assert_eq!(saved.end(), Ok(()));
        assert_eq!(saved.take::<u64>(), Err(Damaged));
    }

    /// Backwards, so that order must come from elsewhere.
    fn backwards(_threads: usize, n: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..n).rev().for_each(work);
    }

    #[test]
    fn who_puts_what_does_not_show() {
        let mut table = KeyTable::new(7);
        for i in 0..200u32 {
            let key = "k".repeat(i as usize % 40) + &i.to_string();
            table.find_or_add(Some(key.as_bytes()), i64::from(i % 3));
        }
        let put = |mut to: Save| {
            to.put(&1u8);
            to.put_table(&table);
            to.put_each(3, |i, to| to.put(&i));
            to.put_each(100, |i, to| {
                // Some put nothing.
                (0..i % 3).for_each(|n| to.put(&(n, i)));
            });
            to.put_bytes(&[7; 300]);
            to.put_slice(&[1u32, 5, 9]);
            to.put_flat_by(77, |i| i as i64 - 40);
            for most in [0, 5, 90] {
                let kinds = to.by_kind(most, |i, to: &mut [Save; 3]| {
                    let kind = i % 4;
                    to.get_mut(kind)?.put(&i);
                    Some(kind)
                });
                kinds.into_iter().for_each(|kind| to.put_counted(kind));
            }
            to.put(&"end");
            to
        };
        let expected = put(Save::default()).into_bytes();
        for threads in [1, 2, 5] {
            let shared = put(Save::shared(Sharing {
                threads,
                run: backwards,
            }));
            assert_eq!(shared.len(), expected.len());
            let parts = shared.into_parts();
            assert!(parts.len() > 9 || threads == 1);
            assert!(parts.concat() == expected, "{threads} threads");
        }
    }

    #[test]
    fn any_bytes_are_an_error_at_most() {
        for len in 0..40u8 {
            let bytes: Vec<u8> = (0..len).map(|i| i.wrapping_mul(len) | 0x80).collect();
            let mut saved = Saved::new(&bytes);
            let _ = saved.take::<Vec<(u64, String)>>();
            let _ = saved.take_bytes();
            assert!(Saved::new(&bytes).take_table(7).is_err());
        }
        // Two bytes are no number of four.
        assert!(Saved::new(&[2, 0, 0]).take_flat::<u32>().is_err());
        let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(Saved::new(&huge).take::<Vec<u64>>(), Err(Damaged));
        assert_eq!(Saved::new(&huge).take_bytes(), Err(Damaged));
    }
}
