//! State as bytes and back: what a checkpoint keeps of whoever has state. The encoding is postcard's, which is
//! stable and documented; who holds much keeps it flat and gives it as one piece. Knows no file.
//! Invariant: what [`Saved`] is given may be any bytes: it gives an error, never a panic, and takes no more memory
//! than a few times what it was given.

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
    /// A value behind those before. What cannot be encoded (a map without a length, which no state has) is as if
    /// nothing had been put: [`Saved::take`] will refuse it.
    pub fn put<T: Serialize + ?Sized>(&mut self, value: &T) {
        let from = self.bytes.len();
        let bytes = std::mem::take(&mut self.bytes);
        match postcard::to_extend(value, bytes) {
            Ok(bytes) => self.bytes = bytes,
            Err(_) => self.bytes.truncate(from),
        }
    }

    /// Bytes as they are, behind their length.
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.put(&(bytes.len() as u64));
        self.bytes.extend_from_slice(bytes);
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

    /// Nothing may be left.
    pub fn end(&self) -> Result<(), Damaged> {
        match self.bytes.is_empty() {
            true => Ok(()),
            false => Err(Damaged),
        }
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
        let bytes = save.into_bytes();
        let mut saved = Saved::new(&bytes);
        assert_eq!(saved.take::<BTreeMap<i64, i64>>(), Ok(ends));
        assert_eq!(saved.take_bytes(), Ok(&b"\0raw"[..]));
        assert_eq!(saved.take::<Option<String>>(), Ok(Some("text".into())));
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
        }
        let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(Saved::new(&huge).take::<Vec<u64>>(), Err(Damaged));
        assert_eq!(Saved::new(&huge).take_bytes(), Err(Damaged));
    }
}
