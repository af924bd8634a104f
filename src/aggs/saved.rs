//! What the accumulators' ways of saving share. Invariant: what comes of any bytes can be updated, merged and
//! emitted without overflow, or it is `Damaged`.

use crate::data::saved::{Damaged, Flat, Saved};

/// No count that is read is above this, so that no sum of two, and no row more, overflows.
const COUNT_MAX: u64 = 1 << 62;

/// A value for each of the first groups.
pub fn each<T: Flat>(from: &mut Saved<'_>, groups: usize) -> Result<Vec<T>, Damaged> {
    let values = from.take_flat()?;
    match values.len() <= groups {
        true => Ok(values.collect()),
        false => Err(Damaged),
    }
}

/// A count for each of the first groups.
pub fn counts(from: &mut Saved<'_>, groups: usize) -> Result<Vec<u64>, Damaged> {
    let counts = each(from, groups)?;
    match counts.iter().all(|&count| count <= COUNT_MAX) {
        true => Ok(counts),
        false => Err(Damaged),
    }
}

/// The sum of counts of one group.
pub fn total(counts: impl Iterator<Item = u64>) -> Result<u64, Damaged> {
    let mut sum = 0u64;
    for count in counts {
        sum = sum.checked_add(count).ok_or(Damaged)?;
    }
    match sum <= COUNT_MAX {
        true => Ok(sum),
        false => Err(Damaged),
    }
}

/// How many items each of the first groups has, and a mark: the lowest bit.
pub fn marked_lens(
    from: &mut Saved<'_>,
    groups: usize,
) -> Result<impl Iterator<Item = (usize, bool)> + use<>, Damaged> {
    let lens = lens(from, groups)?;
    Ok(lens.into_iter().map(|len| (len / 2, len % 2 == 1)))
}

/// How many items each of the first groups has.
pub fn lens(from: &mut Saved<'_>, groups: usize) -> Result<Vec<usize>, Damaged> {
    let lens: Vec<u64> = from.take()?;
    if lens.len() > groups {
        return Err(Damaged);
    }
    let lens = lens.into_iter().map(usize::try_from);
    lens.collect::<Result<_, _>>().map_err(|_| Damaged)
}

/// The next `len` of the items of all groups.
pub fn next<T>(
    items: &mut impl ExactSizeIterator<Item = T>,
    len: usize,
) -> Result<impl ExactSizeIterator<Item = T>, Damaged> {
    match len <= items.len() {
        true => Ok(items.take(len)),
        false => Err(Damaged),
    }
}

/// All items must have been asked for.
pub fn end<T>(items: &impl ExactSizeIterator<Item = T>) -> Result<(), Damaged> {
    match items.len() {
        0 => Ok(()),
        _ => Err(Damaged),
    }
}

/// Groups that have something, ascending and among the first `groups`.
pub fn is_ascending(mut of: impl Iterator<Item = u32>, groups: usize) -> bool {
    let mut next = 0;
    of.all(|group| {
        let good = group as usize >= next && (group as usize) < groups;
        next = group as usize + 1;
        good
    })
}
