//! Values as bytes in postcard's encoding, which is stable and documented: what states are made of comes by the million,
//! numbers of a few bytes each, so that a call for each of them costs more than the numbers. Reads nothing: postcard
//! does. Invariant: the bytes are those that `postcard::to_extend` would have written.

use serde::{Serialize, ser};
use std::fmt;

/// A value that has no encoding: a list that does not know its length.
#[derive(Debug)]
pub struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list without a length")
    }
}

impl std::error::Error for Endless {}

impl ser::Error for Endless {
    fn custom<T: fmt::Display>(_: T) -> Endless {
        Endless
    }
}

/// Puts values behind those that are there.
pub struct Encoder<'e>(pub &'e mut Vec<u8>);

/// The bytes of a number of at most seven bits each, low ones first, and how many those are.
#[inline(always)]
fn groups(x: u64) -> ([u8; 16], usize) {
    const EVERY: u128 = 0x8080_8080_8080_8080_8080;
    let mut low = x & ((1 << 56) - 1);
    low = low & 0x0000_0000_0fff_ffff | (low & 0x00ff_ffff_f000_0000) << 4;
    low = low & 0x0000_3fff_0000_3fff | (low & 0x0fff_c000_0fff_c000) << 2;
    low = low & 0x007f_007f_007f_007f | (low & 0x3f80_3f80_3f80_3f80) << 1;
    let high = x >> 56 & 0x7f | x >> 63 << 8;
    let len = (70 - (x | 1).leading_zeros() as usize) / 7;
    let goes_on = EVERY & ((1 << (8 * (len - 1))) - 1);
    let bytes = (u128::from(low) | u128::from(high) << 64 | goes_on).to_le_bytes();
    (bytes, len)
}

impl Encoder<'_> {
    #[inline(always)]
    fn number(&mut self, x: u64) {
        if x < 0x80 {
            return self.0.push(x as u8);
        }
        let (bytes, len) = groups(x);
        // A store of fixed size, and what is too much of it taken back.
        let at = self.0.len();
        self.0.extend_from_slice(&bytes);
        self.0.truncate(at + len);
    }

    #[inline(always)]
    fn signed(&mut self, x: i64) {
        self.number((x << 1 ^ x >> 63) as u64);
    }

    fn wide(&mut self, mut x: u128) {
        while x >= 0x80 {
            self.0.push(x as u8 | 0x80);
            x >>= 7;
        }
        self.0.push(x as u8);
    }

    fn of_len(self, len: Option<usize>) -> Result<Self, Endless> {
        self.0.reserve(len.ok_or(Endless)?);
        let mut own = self;
        own.number(len.unwrap_or_default() as u64);
        Ok(own)
    }
}

type Put = Result<(), Endless>;

impl<'e> ser::Serializer for Encoder<'e> {
    type Ok = ();
    type Error = Endless;
    type SerializeSeq = Encoder<'e>;
    type SerializeTuple = Encoder<'e>;
    type SerializeTupleStruct = Encoder<'e>;
    type SerializeTupleVariant = Encoder<'e>;
    type SerializeMap = Encoder<'e>;
    type SerializeStruct = Encoder<'e>;
    type SerializeStructVariant = Encoder<'e>;

    #[inline(always)]
    fn serialize_bool(self, x: bool) -> Put {
        self.serialize_u8(x.into())
    }

    #[inline(always)]
    fn serialize_i8(self, x: i8) -> Put {
        self.serialize_u8(x as u8)
    }

    #[inline(always)]
    fn serialize_i16(mut self, x: i16) -> Put {
        // Of sixteen bits as of sixty-four.
        self.signed(x.into());
        Ok(())
    }

    #[inline(always)]
    fn serialize_i32(mut self, x: i32) -> Put {
        self.signed(x.into());
        Ok(())
    }

    #[inline(always)]
    fn serialize_i64(mut self, x: i64) -> Put {
        self.signed(x);
        Ok(())
    }

    fn serialize_i128(mut self, x: i128) -> Put {
        self.wide((x << 1 ^ x >> 127) as u128);
        Ok(())
    }

    #[inline(always)]
    fn serialize_u8(self, x: u8) -> Put {
        self.0.push(x);
        Ok(())
    }

    #[inline(always)]
    fn serialize_u16(mut self, x: u16) -> Put {
        self.number(x.into());
        Ok(())
    }

    #[inline(always)]
    fn serialize_u32(mut self, x: u32) -> Put {
        self.number(x.into());
        Ok(())
    }

    #[inline(always)]
    fn serialize_u64(mut self, x: u64) -> Put {
        self.number(x);
        Ok(())
    }

    fn serialize_u128(mut self, x: u128) -> Put {
        self.wide(x);
        Ok(())
    }

    fn serialize_f32(self, x: f32) -> Put {
        self.0.extend_from_slice(&x.to_le_bytes());
        Ok(())
    }

    #[inline(always)]
    fn serialize_f64(self, x: f64) -> Put {
        self.0.extend_from_slice(&x.to_le_bytes());
        Ok(())
    }

    fn serialize_char(self, x: char) -> Put {
        self.serialize_str(x.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, x: &str) -> Put {
        self.serialize_bytes(x.as_bytes())
    }

    fn serialize_bytes(mut self, x: &[u8]) -> Put {
        self.number(x.len() as u64);
        self.0.extend_from_slice(x);
        Ok(())
    }

    #[inline(always)]
    fn serialize_none(self) -> Put {
        self.serialize_u8(0)
    }

    #[inline(always)]
    fn serialize_some<T: Serialize + ?Sized>(self, x: &T) -> Put {
        self.0.push(1);
        x.serialize(self)
    }

    fn serialize_unit(self) -> Put {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Put {
        Ok(())
    }

    #[inline(always)]
    fn serialize_unit_variant(self, _: &'static str, variant: u32, _: &'static str) -> Put {
        self.serialize_u32(variant)
    }

    #[inline(always)]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, x: &T) -> Put {
        x.serialize(self)
    }

    #[inline(always)]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        x: &T,
    ) -> Put {
        self.number(variant.into());
        x.serialize(self)
    }

    #[inline(always)]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self, Endless> {
        self.of_len(len)
    }

    #[inline(always)]
    fn serialize_tuple(self, _: usize) -> Result<Self, Endless> {
        Ok(self)
    }

    #[inline(always)]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Endless> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Endless> {
        self.number(variant.into());
        Ok(self)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self, Endless> {
        self.of_len(len)
    }

    #[inline(always)]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Endless> {
        Ok(self)
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Endless> {
        self.number(variant.into());
        Ok(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

impl Encoder<'_> {
    #[inline(always)]
    fn again(&mut self) -> Encoder<'_> {
        Encoder(self.0)
    }
}

/// What has parts puts one behind the other.
macro_rules! parts {
    ($($of:ident $put:ident)*) => {$(
        impl ser::$of for Encoder<'_> {
            type Ok = ();
            type Error = Endless;

            #[inline(always)]
            fn $put<T: Serialize + ?Sized>(&mut self, x: &T) -> Put {
                x.serialize(self.again())
            }

            #[inline(always)]
            fn end(self) -> Put {
                Ok(())
            }
        }
    )*};
}

parts! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! named {
    ($($of:ident)*) => {$(
        impl ser::$of for Encoder<'_> {
            type Ok = ();
            type Error = Endless;

            #[inline(always)]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, x: &T) -> Put {
                x.serialize(self.again())
            }

            #[inline(always)]
            fn end(self) -> Put {
                Ok(())
            }
        }
    )*};
}

named! { SerializeStruct SerializeStructVariant }

impl ser::SerializeMap for Encoder<'_> {
    type Ok = ();
    type Error = Endless;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Put {
        key.serialize(self.again())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Put {
        value.serialize(self.again())
    }

    fn end(self) -> Put {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Serialize)]
    enum Either {
        Neither,
        One(u64),
        Two(i32, bool),
        Named { at: i64, text: String },
    }

    #[derive(Serialize)]
    struct Unit;

    #[derive(Serialize)]
    struct Pair(u16, i8);

    #[derive(Serialize)]
    struct All {
        numbers: (u8, u16, u32, u64, u128),
        signed: (i8, i16, i32, i64, i128),
        floats: (f32, f64),
        rest: (bool, char, String, (), Unit, Pair),
        lists: (Vec<i64>, Option<Vec<u32>>, BTreeMap<i64, String>, [u16; 3]),
        either: Vec<Either>,
    }

    fn check<T: Serialize>(value: &T) {
        let mut bytes = vec![7];
        value
            .serialize(Encoder(&mut bytes))
            .expect("it has a length");
        let expected = postcard::to_extend(value, vec![7]).expect("it has a length");
        assert_eq!(bytes, expected);
    }

    #[test]
    fn every_length_of_a_number() {
        for shift in 0..64 {
            for near in [-1i64, 0, 1] {
                let x = (1u64 << shift).wrapping_add_signed(near);
                check(&x);
                check(&(x as i64, !x as i64, x as u32, x as u16, x as i32, x as i16));
                check(&(u128::from(x) << 64 | 5, -i128::from(x) << 40));
            }
        }
        check(&(i64::MIN, i64::MAX, u64::MAX, i128::MIN, u128::MAX));
    }

    proptest! {
        #[test]
        fn the_bytes_are_postcards(
            n in any::<u64>(), wide in any::<i128>(), shift in 0u32..64,
            float in any::<f64>(), text in ".{0,300}", char in any::<char>(),
            list in prop::collection::vec(any::<i64>(), 0..200),
            there in any::<bool>(),
        ) {
            let n = n >> shift;
            let number = n as i64;
            check(&All {
                numbers: (n as u8, n as u16, n as u32, n, wide as u128),
                signed: (n as i8, n as i16, n as i32, number, wide),
                floats: (float as f32, float),
                rest: (there, char, text.clone(), (), Unit, Pair(n as u16, n as i8)),
                lists: (
                    list.clone(),
                    there.then(|| list.iter().map(|n| *n as u32).collect()),
                    list.iter().map(|n| (*n, n.to_string())).collect(),
                    [n as u16; 3],
                ),
                either: vec![
                    Either::Neither,
                    Either::One(n),
                    Either::Two(n as i32, there),
                    Either::Named { at: number, text },
                ],
            });
        }
    }
}
