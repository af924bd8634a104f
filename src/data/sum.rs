//! A checksum of bytes with their number: whether a file is still the one that was read or written. No protection
//! against an attacker.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

/// So many bytes and what they come to (xxh3-128).
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub len: u32,
    pub sum: u128,
}

impl Sum {
    pub fn of(bytes: &[u8]) -> Sum {
        Sum {
            len: bytes.len() as u32,
            sum: xxh3_128(bytes),
        }
    }
}
