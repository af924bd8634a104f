//! What states are made of as bytes, and back: lists, counts, numbers, keys, kept rows. Knows no state. Invariant:
//! what is taken is small enough to count on from, and long only as its bytes are.

use crate::bytes::table::KeyTable;
use crate::data::Number;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::{EVENT_TIMES, WINDOW_MAX};
use std::collections::VecDeque;

/// Counts and numbers of a sequence are below it, so that adding to one never overflows.
const COUNT_MAX: u64 = 1 << 62;
/// Rows of a list that room is made for before they are there.
const ROOM_MAX: u64 = 1 << 12;

/// What must hold of a state that was not damaged.
pub fn sound(holds: bool) -> Result<(), Damaged> {
    match holds {
        true => Ok(()),
        false => Err(Damaged),
    }
}

/// Whether one can count on from a number.
pub fn is_count(n: u64) -> bool {
    n < COUNT_MAX
}

/// A count, or a number of a sequence.
pub fn count(from: &mut Saved<'_>) -> Result<u64, Damaged> {
    let n = from.take()?;
    sound(is_count(n))?;
    Ok(n)
}

/// A count that is held in 32 bits.
pub fn small(from: &mut Saved<'_>) -> Result<u32, Damaged> {
    let n: u32 = from.take()?;
    sound(n < u32::MAX / 2)?;
    Ok(n)
}

/// Whether grids of windows can be asked for a time: it is one of a record, or of a window's start or end.
pub fn is_time(at: i64) -> bool {
    let beside = 2 * WINDOW_MAX;
    (EVENT_TIMES.start - beside..EVENT_TIMES.end + beside).contains(&at)
}

/// A list behind its length. `put` must put something.
pub fn put_list<T>(
    to: &mut Save,
    items: impl ExactSizeIterator<Item = T>,
    mut put: impl FnMut(T, &mut Save),
) {
    to.put(&(items.len() as u64));
    items.for_each(|item| put(item, to));
}

/// What [`put_list`] has put.
pub fn take_list<T>(
    from: &mut Saved<'_>,
    mut take: impl FnMut(&mut Saved<'_>) -> Result<T, Damaged>,
) -> Result<Vec<T>, Damaged> {
    let n: u64 = from.take()?;
    let mut items = Vec::with_capacity(n.min(ROOM_MAX) as usize);
    for _ in 0..n {
        items.push(take(from)?);
    }
    Ok(items)
}

/// What [`put_list`] has put, as a queue.
pub fn take_queue<T>(
    from: &mut Saved<'_>,
    take: impl FnMut(&mut Saved<'_>) -> Result<T, Damaged>,
) -> Result<VecDeque<T>, Damaged> {
    Ok(take_list(from, take)?.into())
}

/// Bytes that may be null.
pub fn put_bytes(to: &mut Save, bytes: Option<&[u8]>) {
    to.put(&bytes.is_some());
    if let Some(bytes) = bytes {
        to.put_bytes(bytes);
    }
}

/// What [`put_bytes`] has put.
pub fn take_bytes<'a>(from: &mut Saved<'a>) -> Result<Option<&'a [u8]>, Damaged> {
    match from.take()? {
        true => from.take_bytes().map(Some),
        false => Ok(None),
    }
}

/// A number; of a float all bits.
pub fn put_number(to: &mut Save, number: Number) {
    match number {
        Number::Exact { units, scale } => to.put(&(false, units, scale)),
        Number::Float(value) => to.put(&(true, value)),
    }
}

/// What [`put_number`] has put.
pub fn take_number(from: &mut Saved<'_>) -> Result<Number, Damaged> {
    Ok(match from.take()? {
        true => Number::Float(from.take()?),
        false => {
            let (units, scale) = from.take()?;
            Number::Exact { units, scale }
        }
    })
}

/// A table whose keys are all `is_key`.
pub fn take_keys(
    from: &mut Saved<'_>,
    seed: u64,
    is_key: impl Fn(Option<&[u8]>) -> bool,
) -> Result<KeyTable, Damaged> {
    let table = from.take_table(seed)?;
    let mut groups = 0..table.len() as u32;
    // Keys of state have no spaces.
    sound(table.spaces().is_empty() && groups.all(|group| is_key(table.key(group))))?;
    Ok(table)
}

/// Every key will do: nobody takes it apart.
pub fn any_key(_: Option<&[u8]>) -> bool {
    true
}

/// Whether all of them differ.
pub fn differ(mut all: Vec<u32>) -> bool {
    all.sort_unstable();
    all.windows(2).all(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_damaged() {
        let mut save = Save::default();
        save.put(&u64::MAX);
        let bytes = save.into_bytes();
        let mut from = Saved::new(&bytes);
        assert!(take_list(&mut from, |from| from.take::<u8>()).is_err());
        assert_eq!(count(&mut Saved::new(&bytes)), Err(Damaged));
    }

    #[test]
    fn numbers_keep_their_bits() {
        let exact = Number::Exact {
            units: i64::MIN,
            scale: 18,
        };
        for number in [exact, Number::Float(-0.0), Number::Float(f64::NAN)] {
            let mut save = Save::default();
            put_number(&mut save, number);
            let bytes = save.into_bytes();
            let back = take_number(&mut Saved::new(&bytes));
            assert_eq!(format!("{back:?}"), format!("{:?}", Ok::<_, ()>(number)));
        }
    }
}
