//! Hashes of keys. [`hash`] is for tables of this process, seeded and fast for short keys; [`stable`] is
//! xxh64, the same on every machine and in every version, for answers that users see. Neither is meant
//! to stand against someone who knows the seed.
//! Invariant: equal bytes have equal hashes wherever they stand and whichever function loaded them.

/// The first 16 bytes of a key as two little-endian words, zero behind its end.
pub type Prefix = (u64, u64);

/// The longest key that its prefix holds whole.
pub const PREFIX: usize = 16;

/// The length that stands for the null key, in hashes and in the key table.
pub(super) const NULL: u32 = u32::MAX;

// Odd, half their bits set: the secrets of wyhash.
const K1: u64 = 0xa076_1d64_78bd_642f;
const K2: u64 = 0xe703_7ed1_a0b4_28db;
const K3: u64 = 0x8ebc_6af0_9c88_c6e3;
const K4: u64 = 0x5899_65cc_7537_4cc3;

/// The hash of a key, `None` being the null key, which is none of the texts. `space` is a hidden leading
/// part of the key; zero is the same as having none.
pub fn hash(key: Option<&[u8]>, space: i64, seed: u64) -> u64 {
    let seed = seed_of(space, seed);
    match key {
        None => short((0, 0), NULL, seed),
        Some(key) if key.len() <= PREFIX => short(prefix_of(key), key.len() as u32, seed),
        Some(key) => long(key, seed),
    }
}

/// The seed for the keys of a space.
#[inline(always)]
pub fn seed_of(space: i64, seed: u64) -> u64 {
    seed ^ fold(space as u64, K4)
}

/// The hash of a key of at most 16 bytes; `len` may be [`NULL`]. `seed` is from [`seed_of`].
#[inline(always)]
pub(super) fn short(prefix: Prefix, len: u32, seed: u64) -> u64 {
    let product =
        u128::from(prefix.0 ^ seed ^ K1) * u128::from(prefix.1 ^ seed.rotate_left(32) ^ K2);
    fold(
        product as u64 ^ K3 ^ u64::from(len),
        (product >> 64) as u64 ^ seed ^ K4,
    )
}

/// The hash of a key of more than 16 bytes.
pub(super) fn long(key: &[u8], seed: u64) -> u64 {
    debug_assert!(key.len() > PREFIX);
    let mut state = seed;
    let mut rest = key;
    while let Some((piece, behind)) = rest.split_first_chunk::<PREFIX>()
        && !behind.is_empty()
    {
        let (low, high) = words_of(piece);
        state = fold(low ^ K1, high ^ state ^ K2);
        rest = behind;
    }
    // The last 16 bytes, some of them a second time, rather than a loop over the odd ones.
    let last = key.last_chunk::<PREFIX>().map_or((0, 0), words_of);
    short(last, key.len() as u32, state)
}

/// The two halves of the product, folded over each other.
#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[inline(always)]
pub(super) fn words_of(bytes: &[u8; PREFIX]) -> Prefix {
    let both = u128::from_le_bytes(*bytes);
    (both as u64, (both >> 64) as u64)
}

/// The prefix of the key `padded[start..start + len]`.
///
/// One load and a mask where 16 bytes are readable at `start`, which padding makes sure of.
#[inline(always)]
pub fn prefix(padded: &[u8], start: usize, len: usize) -> Prefix {
    /// Sixteen bytes of it from `16 - n` on are the mask of a prefix of `n` bytes.
    static MASKS: [u8; 2 * PREFIX] = {
        let mut masks = [0; 2 * PREFIX];
        let mut i = 0;
        while i < PREFIX {
            masks[i] = 0xff;
            i += 1;
        }
        masks
    };
    if start + PREFIX > padded.len() {
        return prefix_at_end(&padded[start..start + len]);
    }
    let n = if len < PREFIX { len } else { PREFIX };
    // SAFETY: 16 bytes are readable at `start`, and from 16 - n, which is 0 to 16, on in `MASKS`.
    let (bytes, mask) = unsafe {
        (
            padded.as_ptr().add(start).cast::<[u8; PREFIX]>().read(),
            MASKS.as_ptr().add(PREFIX - n).cast::<[u8; PREFIX]>().read(),
        )
    };
    let ((low, high), (low_mask, high_mask)) = (words_of(&bytes), words_of(&mask));
    (low & low_mask, high & high_mask)
}

/// Not inlined, so that the usual case stays small.
#[cold]
#[inline(never)]
fn prefix_at_end(key: &[u8]) -> Prefix {
    prefix_of(key)
}

/// The prefix of a key that stands anywhere: two loads that may overlap, rather than a copy of as many
/// bytes as there are.
#[inline]
pub fn prefix_of(key: &[u8]) -> Prefix {
    let len = key.len();
    if let Some(bytes) = key.first_chunk::<PREFIX>() {
        words_of(bytes)
    } else if let (Some(first), Some(last)) = (key.first_chunk(), key.last_chunk()) {
        // 8 to 15: what the last eight bytes repeat of the first is shifted out, all of it for 8.
        let last = u64::from_le_bytes(*last);
        (
            u64::from_le_bytes(*first),
            last.unbounded_shr(8 * (PREFIX - len) as u32),
        )
    } else if let (Some(first), Some(last)) = (key.first_chunk(), key.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        (u64::from(first) | u64::from(last) << (8 * (len - 4)), 0)
    } else {
        let bytes = key.iter().rev();
        (bytes.fold(0, |word, &byte| word << 8 | u64::from(byte)), 0)
    }
}

/// The fixed hash behind `hash(x)` and `sample`: xxh64 with seed 0 over the bytes, as the xxHash
/// specification has it. The same on every machine and in every version of the program.
///
/// ```
/// assert_eq!(dstream::bytes::hash::stable(b"abc"), 0x44bc_2cf5_ad77_0999);
/// ```
pub fn stable(bytes: &[u8]) -> u64 {
    const P1: u64 = 0x9e37_79b1_85eb_ca87;
    const P2: u64 = 0xc2b2_ae3d_27d4_eb4f;
    const P3: u64 = 0x1656_67b1_9e37_79f9;
    const P4: u64 = 0x85eb_ca77_c2b2_ae63;
    const P5: u64 = 0x27d4_eb2f_1656_67c5;
    let round = |lane: u64, word: u64| {
        lane.wrapping_add(word.wrapping_mul(P2))
            .rotate_left(31)
            .wrapping_mul(P1)
    };

    let (stripes, rest) = bytes.as_chunks::<32>();
    let mut state = P5;
    if !stripes.is_empty() {
        let mut lanes = [P1.wrapping_add(P2), P2, 0, 0u64.wrapping_sub(P1)];
        for stripe in stripes {
            let (words, _) = stripe.as_chunks::<8>();
            for (lane, word) in lanes.iter_mut().zip(words) {
                *lane = round(*lane, u64::from_le_bytes(*word));
            }
        }
        state = [1, 7, 12, 18]
            .iter()
            .zip(lanes)
            .fold(0, |sum: u64, (&turn, lane)| {
                sum.wrapping_add(lane.rotate_left(turn))
            });
        for lane in lanes {
            state = (state ^ round(0, lane)).wrapping_mul(P1).wrapping_add(P4);
        }
    }
    state = state.wrapping_add(bytes.len() as u64);

    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        state ^= round(0, u64::from_le_bytes(*word));
        state = state.rotate_left(27).wrapping_mul(P1).wrapping_add(P4);
    }
    let (halves, rest) = rest.as_chunks::<4>();
    for half in halves {
        state ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(P1);
        state = state.rotate_left(23).wrapping_mul(P2).wrapping_add(P3);
    }
    for &byte in rest {
        state = (state ^ u64::from(byte).wrapping_mul(P5))
            .rotate_left(11)
            .wrapping_mul(P1);
    }
    state = (state ^ (state >> 33)).wrapping_mul(P2);
    state = (state ^ (state >> 29)).wrapping_mul(P3);
    state ^ (state >> 32)
}

/// The same, from the definitions.
#[doc(hidden)]
pub mod naive {
    use super::{K1, K2, K3, K4, NULL, PREFIX};

    /// Byte `i` of the key is byte `i` of the pair of words.
    pub fn prefix(padded: &[u8], start: usize, len: usize) -> (u64, u64) {
        let mut words = [0u64; 2];
        for (i, &byte) in padded[start..start + len].iter().take(PREFIX).enumerate() {
            words[i / 8] |= u64::from(byte) << (8 * (i % 8));
        }
        (words[0], words[1])
    }

    fn fold(a: u64, b: u64) -> u64 {
        let (low, high) = multiply(a, b);
        low ^ high
    }

    /// The 128-bit product by halves of words, as in school.
    fn multiply(a: u64, b: u64) -> (u64, u64) {
        let (a, b) = ([a & 0xffff_ffff, a >> 32], [b & 0xffff_ffff, b >> 32]);
        let middle = a[1] * b[0] + ((a[0] * b[0]) >> 32);
        let middle_too = a[0] * b[1] + (middle & 0xffff_ffff);
        let low = (middle_too << 32) | ((a[0] * b[0]) & 0xffff_ffff);
        (low, a[1] * b[1] + (middle >> 32) + (middle_too >> 32))
    }

    pub fn hash(key: Option<&[u8]>, space: i64, seed: u64) -> u64 {
        let mut state = seed ^ fold(space as u64, K4);
        let (bytes, len) = key.map_or((&[][..], NULL), |key| (key, key.len() as u32));
        let mut start = 0;
        while start + PREFIX < bytes.len() {
            let (low, high) = prefix(bytes, start, PREFIX);
            state = fold(low ^ K1, high ^ state ^ K2);
            start += PREFIX;
        }
        let last = bytes.len().saturating_sub(PREFIX);
        let (low, high) = prefix(bytes, last, bytes.len() - last);
        let (a, b) = multiply(low ^ state ^ K1, high ^ state.rotate_left(32) ^ K2);
        fold(a ^ K3 ^ u64::from(len), b ^ state ^ K4)
    }
}

/// Asserts that the fast hash is the defined one at any place in a buffer, and that prefixes are.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let (head, key) = data.split_at(data.len().min(16));
    let (seed, space) = prefix_of(head);
    let expected = naive::hash(Some(key), space as i64, seed);
    let fixed = stable(key);
    for shift in [0, 1, 7, 13] {
        let mut buffer = vec![0xa5; shift];
        buffer.extend_from_slice(key);
        for padding in [0, 3, super::PADDING] {
            buffer.resize(shift + key.len() + padding, 0x5a);
            let start = shift.min(buffer.len());
            assert_eq!(
                prefix(&buffer, start, key.len()),
                naive::prefix(&buffer, start, key.len()),
                "prefix at {start} with padding {padding}"
            );
            let moved = &buffer[start..start + key.len()];
            assert_eq!(hash(Some(moved), space as i64, seed), expected);
            assert_eq!(stable(moved), fixed);
        }
    }
    assert_eq!(
        hash(None, space as i64, seed),
        naive::hash(None, space as i64, seed)
    );
    assert_ne!(hash(None, 0, seed), hash(Some(b""), 0, seed));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn stable_is_xxh64() {
        let check = |text: &str, sum: u64| assert_eq!(stable(text.as_bytes()), sum, "{text}");
        check("", 0xef46_db37_51d8_e999);
        check("a", 0xd24e_c4f1_a98c_6e5b);
        check("abc", 0x44bc_2cf5_ad77_0999);
        check(
            "Nobody inspects the spammish repetition",
            0xfbce_a83c_8a37_8bf1,
        );
    }

    #[test]
    fn seeds_agree_with_the_model() {
        let text = b"0123456789abcdefGHIJKLMNOPQRSTUVWXYZghijklmnopqrstuvwxyz\0\0\0\xff\xfe!";
        for len in 0..text.len() {
            fuzz(&text[..len]);
        }
    }

    /// Keys that differ little must not meet: in the bits that choose a slot and in those that choose a
    /// shard, as few as chance would have (100,000 in 2^32: 1.2 pairs).
    #[test]
    fn near_keys_spread_over_all_bits() {
        for make in [
            |i: u32| format!("{i}"),
            |i: u32| format!("{i:016}"),
            |i: u32| format!("user-{i}-of-the-long-keys"),
            |i: u32| "\0".repeat(i as usize % 17) + &format!("{:x}", i / 17),
        ] {
            let hashes: Vec<u64> = (0..100_000)
                .map(|i| hash(Some(make(i).as_bytes()), 0, 1))
                .collect();
            let keys: HashSet<String> = (0..100_000).map(make).collect();
            for half in [|hash: &u64| *hash as u32, |hash: &u64| (*hash >> 32) as u32] {
                let distinct: HashSet<u32> = hashes.iter().map(half).collect();
                assert!(
                    keys.len() - distinct.len() < 12,
                    "{}",
                    keys.len() - distinct.len()
                );
                let mut shards = [0u32; 256];
                hashes
                    .iter()
                    .for_each(|hash| shards[(half(hash) >> 24) as usize] += 1);
                assert!(
                    shards.iter().all(|&n| (280..520).contains(&n)),
                    "{shards:?}"
                );
            }
        }
        let spaced: HashSet<u64> = (-500..500)
            .flat_map(|space| {
                ["a", "b", ""].map(|key| hash(Some(key.as_bytes()), space * 60_000_000_000, 1))
            })
            .collect();
        assert_eq!(spaced.len(), 3000);
    }

    proptest! {
        #[test]
        fn the_hash_is_the_model(data in prop::collection::vec(any::<u8>(), 0..120)) {
            fuzz(&data);
        }
    }
}
