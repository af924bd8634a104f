//! Stamps that are spelt as the last one was, but perhaps for their seconds: what most lines of a log have. They are
//! told by comparing 32 bytes, without a branch that depends on which of them it is. Reads no stamp by itself.
//! Invariant: what is given for a text is what [`parse`](super::time::parse) gives for it.

use super::Span;
use super::time::{Head, Memo, SECOND, Stamp};

/// The last two kinds of stamps: lines that are a little out of order go to and fro between two minutes.
#[derive(Clone, Debug, Default)]
pub struct Likes {
    both: [Option<Like>; 2],
    last: usize,
}

impl Likes {
    /// What a text means if it is like one of them.
    #[inline(always)]
    pub fn read(&mut self, text: &[u8]) -> Option<i64> {
        if let Some(ns) = self.both[self.last]
            .as_ref()
            .and_then(|like| like.read(text))
        {
            return Some(ns);
        }
        let ns = self.both[self.last ^ 1].as_ref()?.read(text)?;
        self.last ^= 1;
        Some(ns)
    }

    /// Reads cells of a block from `from` on as long as they are like the last; returns the first that is not.
    // PERF: five million lines of an access log, a fifth with another second than the line before: 8 ns a line
    // one by one.
    pub fn read_all(&self, spans: &[Span], block: &[u8], from: usize, out: &mut [i64]) -> usize {
        match &self.both[self.last] {
            Some(like) if like.seconds.is_some() => like.read_minute(spans, block, from, out),
            _ => from,
        }
    }

    /// Takes the place of the older one.
    pub fn remember(&mut self, like: Option<Like>) {
        if like.is_some() {
            self.last ^= 1;
            self.both[self.last] = like;
        }
    }
}

/// One stamp, and what all those mean that differ from it in their seconds alone.
#[derive(Copy, Clone, Debug)]
pub struct Like {
    head: Head,
    /// Bits of the head's halves that count.
    first: u128,
    last: u128,
    /// Where in the last half the seconds are, in bits; none: all bits count.
    seconds: Option<u32>,
    /// At second 0, or of this very stamp.
    base: i64,
}

/// The bytes of a half of a [`Head`].
const HALF: usize = 16;

impl Like {
    /// Of a text that was read by the spellings that are detected, with this memo, as `stamp`, which is `utc`. `None`: it
    /// is too short or too long.
    pub fn new(text: &[u8], stamp: Stamp, utc: i64, memo: &Memo) -> Option<Like> {
        let head = Head::of(text, text.len())?;
        let whole = Like {
            head,
            first: u128::MAX,
            last: u128::MAX,
            seconds: None,
            base: utc,
        };
        // Without an offset a zone says what a second is; and all seconds of the minute must exist.
        let safe = stamp.offset.is_some()
            && !stamp.yearless
            && text.len() >= HALF
            && utc.unsigned_abs() < i64::MAX as u64 / 2;
        let seconds = match memo.seconds_of(text) {
            Some(at) if safe && at >= text.len() - HALF => at,
            _ => return Some(whole),
        };
        let Some(Ok(digits)) = text.get(seconds..seconds + 2).map(<[u8; 2]>::try_from) else {
            return Some(whole);
        };
        let Some(read) = two(digits) else {
            return Some(whole);
        };
        let without = |at: Option<usize>| match at {
            Some(at) if at < HALF => !(0xff << (at * 8)),
            _ => u128::MAX,
        };
        let in_last = seconds - (text.len() - HALF);
        Some(Like {
            first: without(Some(seconds)) & without(Some(seconds + 1)),
            last: without(Some(in_last)) & without(Some(in_last + 1)),
            seconds: u32::try_from(in_last * 8).ok(),
            base: utc - read * SECOND,
            ..whole
        })
    }

    /// What a text means if it is like this one.
    #[inline(always)]
    pub fn read(&self, text: &[u8]) -> Option<i64> {
        let head = Head::of(text, self.head.len)?;
        let other =
            (head.first ^ self.head.first) & self.first | (head.last ^ self.head.last) & self.last;
        if other != 0 || text.len() != self.head.len {
            return None;
        }
        match self.seconds {
            None => Some(self.base),
            Some(place) => {
                let digits = (head.last >> place) as u16;
                Some(self.base + two(digits.to_le_bytes())? * SECOND)
            }
        }
    }
}

impl Like {
    /// [`Likes::read_all`] where seconds may differ.
    fn read_minute(&self, spans: &[Span], block: &[u8], from: usize, out: &mut [i64]) -> usize {
        let Like {
            head, first, last, ..
        } = *self;
        let Some(place) = self.seconds else {
            return from;
        };
        let at = head.len - HALF + place as usize / 8;
        let cells = spans.iter().zip(out.iter_mut()).enumerate().skip(from);
        for (row, (span, out)) in cells {
            // The length of a cell that is not in the block is another.
            if span.len as usize != head.len {
                return row;
            }
            let Some(text) = block.get(span.start()..span.start() + head.len) else {
                return row;
            };
            let (Some(begin), Some(end), Some(&[tens, ones])) = (
                text.first_chunk::<HALF>(),
                text.last_chunk::<HALF>(),
                text.get(at..).and_then(|rest| rest.first_chunk::<2>()),
            ) else {
                return row;
            };
            let other = (u128::from_le_bytes(*begin) ^ head.first) & first
                | (u128::from_le_bytes(*end) ^ head.last) & last;
            let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
            let seconds = i64::from(tens) * 10 + i64::from(ones);
            // One branch for all.
            if !((other == 0) & (tens <= 6) & (ones <= 9) & (seconds <= 60)) {
                return row;
            }
            *out = self.base + seconds * SECOND;
        }
        spans.len().min(out.len())
    }
}

/// Two digits as seconds, which a leap may make 60.
#[inline(always)]
fn two([tens, ones]: [u8; 2]) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    let seconds = i64::from(tens) * 10 + i64::from(ones);
    (tens <= 6 && ones <= 9 && seconds <= 60).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::super::time::{Shape, parse};
    use super::*;
    use proptest::prelude::*;

    fn like(text: &str) -> Option<Like> {
        let mut memo = Memo::default();
        let stamp = parse(text.as_bytes(), &Shape::Detect, &mut memo)?;
        Like::new(text.as_bytes(), stamp, stamp.utc()?, &memo)
    }

    #[test]
    fn other_seconds_are_read_at_once() {
        for text in [
            "17/May/2015:10:05:SS +0000",
            "7/May/2015:10:05:SS -0330",
            "[17/May/2015:10:05:SS +0000]",
            "2015-05-17T10:05:SSZ",
            "2015-05-17 10:05:SS.123+02:00",
        ] {
            let with = |seconds: &str| text.replace("SS", seconds);
            let like = like(&with("03")).expect("it is a stamp");
            let of = |seconds: &str| like.read(with(seconds).as_bytes());
            let base = of("00").expect("it is like the first");
            assert_eq!(of("59"), Some(base + 59 * SECOND));
            assert_eq!(of("60"), Some(base + 60 * SECOND));
            for bad in ["61", "6x", "x1", ":0", "1"] {
                assert_eq!(of(bad), None, "{bad}");
            }
            let all = ["00", "07", "60", "61", "01"].map(with);
            let (block, len) = (all.concat(), all[0].len());
            let spans: Vec<Span> = (0..all.len()).map(|i| Span::new(i * len, len)).collect();
            let mut likes = Likes::default();
            likes.remember(Some(like));
            let mut out = [0; 5];
            assert_eq!(likes.read_all(&spans, block.as_bytes(), 0, &mut out), 3);
            assert_eq!(out[..3], [0, 7, 60].map(|seconds| base + seconds * SECOND));
            assert_eq!(likes.read_all(&spans, block.as_bytes(), 4, &mut out), 5);
        }
    }

    #[test]
    fn others_are_like_themselves_alone() {
        let like = like("1431857103").expect("it is a stamp");
        assert_eq!(like.read(b"1431857103"), Some(1_431_857_103 * SECOND));
        assert_eq!(like.read(b"1431857104"), None);
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_parsing_gives(
            parts in prop::collection::vec(prop::sample::select(vec![
                "17/May/2015", "7/May/2015", "2015-05-17", "1678-01-01", "2261-12-31", "[", "]", ":", "T", " ", "10:05",
                "23:59", ":03", ":60", ":61", ".123", ",5", "Z", " +0000", "+02:00", "-2359", "14318571", "0",
            ]), 0..7),
            other in prop::collection::vec((0usize..30, prop::sample::select(&b"0123456789:Z "[..])), 0..4),
        ) {
            let text = parts.concat();
            let mut changed = text.clone().into_bytes();
            for (at, byte) in other {
                if let Some(place) = changed.get_mut(at) {
                    *place = byte;
                }
            }
            let like = like(&text);
            let mut likes = Likes::default();
            likes.remember(like);
            let (spans, mut out) = ([Span::new(2, changed.len()); 3], [0; 3]);
            let block = [b"xx", &changed[..], b"behind"].concat();
            let read = likes.read_all(&spans, &block, 1, &mut out);
            prop_assert!(read == 1 || read == 3 && out == [0, out[1], out[1]]);
            let one = likes.read(&changed);
            if read == 3 {
                prop_assert_eq!(one, Some(out[1]));
            }
            prop_assert_eq!(like.and_then(|like| like.read(&changed)), one);
            if let Some(ns) = one {
                let stamp = parse(&changed, &Shape::Detect, &mut Memo::default());
                prop_assert_eq!(stamp.and_then(Stamp::utc), Some(ns));
            }
        }
    }
}
