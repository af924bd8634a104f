//! What rows are ordered by, as keys that compare: some up, some down. Holds no rows. Invariant: the order of two rows
//! is that of their values, in turn.

use super::rows::bytes_of;
use super::saving::{self, sound};
use crate::data::keys::KeyCoder;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{Chunk, ColumnV, Type};
use std::cmp::Ordering;
use std::ops::Range;

/// What a row is ordered by, each as bytes.
pub type Cells = Vec<Option<Vec<u8>>>;

/// A coder each, and whether it goes down.
#[derive(Clone)]
pub struct Orders(Vec<(KeyCoder, bool)>);

impl Orders {
    pub fn new(orders: impl IntoIterator<Item = (Type, bool)>) -> Orders {
        let orders = orders.into_iter();
        Orders(
            orders
                .map(|(ty, descending)| (KeyCoder::new(vec![ty]), descending))
                .collect(),
        )
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first arguments, one for each, as keys.
    pub fn encoded(&self, args: &[ColumnV], chunk: &mut Chunk) -> Vec<ColumnV> {
        let each = self.0.iter().zip(args);
        each.map(|((coder, _), arg)| coder.encode(vec![arg.clone()], chunk))
            .collect()
    }

    /// Those of a row, out of what [`Orders::encoded`] has made.
    pub fn cells(chunk: &Chunk, columns: &[ColumnV], row: u32) -> Cells {
        let cells = columns.iter().map(|column| bytes_of(chunk, column, row));
        cells.map(|cell| cell.map(<[u8]>::to_vec)).collect()
    }

    /// A number that orders rows as the first of them does; equal ones say nothing.
    pub fn rank(&self, cells: &Cells) -> u64 {
        match self.0.first() {
            None => 0,
            Some((coder, descending)) => {
                let rank = coder.rank(cells[0].as_deref());
                if *descending { !rank } else { rank }
            }
        }
    }

    /// The order of two rows by some of them.
    pub fn compare(&self, one: &Cells, other: &Cells, by: Range<usize>) -> Ordering {
        for at in by {
            let (coder, descending) = &self.0[at];
            let order = coder.compare(one[at].as_deref(), other[at].as_deref());
            if order.is_ne() {
                return if *descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }

    pub fn put(cells: &Cells, to: &mut Save) {
        for cell in cells {
            saving::put_bytes(to, cell.as_deref());
        }
    }

    /// What [`Orders::put`] has put.
    pub fn take(&self, from: &mut Saved<'_>) -> Result<Cells, Damaged> {
        let cells = self.0.iter().map(|(coder, _)| {
            let cell = saving::take_bytes(from)?;
            sound(coder.fits(cell))?;
            Ok(cell.map(<[u8]>::to_vec))
        });
        cells.collect()
    }
}
