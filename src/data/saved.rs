//! State as bytes and back: what a checkpoint keeps of whoever has state. The encoding is postcard's, which is
//! stable and documented; who holds much keeps it flat and gives it as one piece. Knows no file.
//! Invariant: what [`Saved`] is given may be any bytes: it gives an error, never a panic, and takes no more memory
//! than a few times what it was given.

use crate::bytes::number::{Number, SCALE_MAX};
use crate::bytes::table::{ENTRY_BYTES, KeyTable};
use serde::{Deserialize, Serialize};

/// What is no state, or not of this place of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("what it holds cannot be read")
    }
}

impl std::error::Error for Damaged {}

/// Bytes that state is put into.
#[derive(Default)]
pub struct Save {
    bytes: Vec<u8>,
}

impl Save {
    /// A value behind those before. What cannot be encoded (a map without a length, which no state has) takes all that
    /// was put with it: [`Saved::take`] will refuse the rest.
    pub fn put<T: Serialize + ?Sized>(&mut self, value: &T) {
        let bytes = std::mem::take(&mut self.bytes);
        self.bytes = postcard::to_extend(value, bytes).unwrap_or_default();
    }

    /// Bytes as they are, behind their length.
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.put(&(bytes.len() as u64));
        self.bytes.extend_from_slice(bytes);
    }

    /// Plain numbers as they lie in memory, behind their length: at the speed of a copy.
    pub fn put_flat<T: Flat>(&mut self, values: impl ExactSizeIterator<Item = T>) {
        self.put_flat_of(values.len(), values);
    }

    /// As [`Save::put_flat`], of `len` values.
    pub fn put_flat_of<T: Flat>(&mut self, len: usize, values: impl Iterator<Item = T>) {
        let size = len * T::SIZE;
        self.put(&(size as u64));
        let from = self.bytes.len();
        self.bytes.resize(from + size, 0);
        let places = self.bytes[from..].chunks_exact_mut(T::SIZE);
        for (place, value) in places.zip(values) {
            value.write(place);
        }
    }

    /// The keys of a table; its seed is kept by whoever has it.
    pub fn put_table(&mut self, table: &KeyTable) {
        self.put_flat(table.entries());
        self.put_flat(table.spaces().iter().copied());
        self.put_bytes(table.arena());
    }

    /// How much has been put, bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
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
