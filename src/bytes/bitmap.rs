//! Validity and selections: one bit a row.

/// A growable vector of bits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
    len: usize,
}

impl Bitmap {
    /// `len` bits, all equal to `bit`.
    pub fn new(len: usize, bit: bool) -> Bitmap {
        let mut made = Bitmap {
            words: vec![if bit { !0 } else { 0 }; len.div_ceil(64)],
            len,
        };
        made.trim();
        made
    }

    /// The map of these words; `None` unless they are as many as `len` bits take, with zeros behind the last.
    pub fn of_words(words: Vec<u64>, len: usize) -> Option<Bitmap> {
        let behind = len % 64;
        let clean = behind == 0 || words.last().is_some_and(|last| last >> behind == 0);
        (words.len() == len.div_ceil(64) && clean).then_some(Bitmap { words, len })
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline(always)]
    pub fn get(&self, i: usize) -> bool {
        debug_assert!(i < self.len);
        self.words[i >> 6] >> (i & 63) & 1 != 0
    }

    #[inline(always)]
    pub fn set(&mut self, i: usize, bit: bool) {
        debug_assert!(i < self.len);
        let mask = 1u64 << (i & 63);
        if bit {
            self.words[i >> 6] |= mask;
        } else {
            self.words[i >> 6] &= !mask;
        }
    }

    pub fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        self.len += 1;
        self.set(self.len - 1, bit);
    }

    pub fn clear(&mut self) {
        self.words.clear();
        self.len = 0;
    }

    /// Grows or shrinks; new bits are `bit`.
    pub fn resize(&mut self, len: usize, bit: bool) {
        let old = self.len;
        self.words
            .resize(len.div_ceil(64), if bit { !0 } else { 0 });
        self.len = len;
        if bit && !old.is_multiple_of(64) && len > old {
            self.words[old >> 6] |= !0 << (old & 63);
        }
        self.trim();
    }

    pub fn count_ones(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    pub fn all(&self) -> bool {
        self.count_ones() == self.len
    }

    /// The words, low bit first; bits behind the last are zero.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    fn trim(&mut self) {
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= !(!0 << (self.len & 63));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_keep_what_was_set_and_nothing_behind_the_end() {
        for len in [0usize, 1, 63, 64, 65, 200] {
            let mut map = Bitmap::new(len, true);
            assert!(map.all());
            map.resize(len + 70, false);
            assert_eq!(map.count_ones(), len);
            map.resize(len + 75, true);
            assert_eq!(map.count_ones(), len + 5);
            map.push(false);
            map.push(true);
            assert_eq!(map.count_ones(), len + 6);
            assert!(map.get(len + 76) && !map.get(len + 75));
            let words = map.words().to_vec();
            assert_eq!(Bitmap::of_words(words.clone(), len + 77), Some(map));
            assert_eq!(Bitmap::of_words(words.clone(), len + 141), None);
            assert_eq!(Bitmap::of_words(words, len + 76), None);
        }
    }
}
