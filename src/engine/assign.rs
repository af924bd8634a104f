//! Rows into their windows: what is late for all of them is told. Invariant: a row is judged by the rows before it in its
//! own source.

use super::steps::replicate;
use crate::data::process::Late;
use crate::data::{Chunk, Column, ColumnV, FieldId};
use crate::plan::grid::Grid;
use crate::plan::node::Overdue;

/// From here on rows are judged as if the watermark were behind by so much.
pub fn judge_later(lateness: i64, chunk: &mut Chunk) {
    if lateness > 0 {
        for before in chunk.before.iter_mut().flatten() {
            *before = before.saturating_sub(lateness);
        }
    }
}

/// Puts the windows of a row that end behind `upto` in `windows`. Whether there are none, though it is in some.
fn is_over(grid: &mut Grid, time: i64, upto: i64, windows: &mut Vec<(i64, i64)>) -> bool {
    grid.windows(time, windows);
    let all = windows.len();
    windows.retain(|(_, end)| *end > upto);
    all > 0 && windows.is_empty()
}

/// What the row is judged by.
fn before(chunk: &Chunk, row: u32) -> i64 {
    let before = chunk.before.as_ref();
    before.map_or(i64::MIN, |before| before[row as usize])
}

/// Drops rows that are in no window, and tells those that were late for all of theirs.
pub fn judge(grid: &mut Grid, lateness: i64, chunk: &mut Chunk, late: &mut Late) {
    let mut live = std::mem::take(&mut chunk.live);
    let Some(times) = &chunk.times else {
        return;
    };
    let (mut windows, mut refused) = (Vec::new(), Vec::new());
    live.retain(|row| {
        let upto = before(chunk, row).saturating_sub(lateness);
        if is_over(grid, times[row as usize], upto, &mut windows) {
            refused.push(row);
        }
        !windows.is_empty()
    });
    for row in refused {
        late.tell(chunk, row);
    }
    chunk.live = live;
}

/// Puts rows into their windows, a row for each; those that were late for all of theirs are told, or enter the first
/// one that is not over.
pub fn assign(
    (grid, overdue): (&mut Grid, Overdue),
    into: Option<(FieldId, FieldId)>,
    carry: &[FieldId],
    chunk: &mut Chunk,
    late: &mut Late,
) {
    let Some(times) = &chunk.times else {
        chunk.live.truncate(0);
        return;
    };
    let (mut parents, mut made, mut windows) = (Vec::new(), Vec::new(), Vec::new());
    for row in chunk.live.iter() {
        let before = before(chunk, row);
        if is_over(grid, times[row as usize], before, &mut windows) {
            match overdue {
                Overdue::Late => late.tell(chunk, row),
                Overdue::Next => windows.push(grid.open_at(before)),
            }
        }
        parents.resize(parents.len() + windows.len(), row);
        made.append(&mut windows);
    }
    replicate(chunk, &parents, carry);
    if let Some((start, end)) = into {
        chunk.set_column(
            start,
            ColumnV::new(Column::Nanos(made.iter().map(|window| window.0).collect())),
        );
        chunk.set_column(
            end,
            ColumnV::new(Column::Nanos(made.iter().map(|window| window.1).collect())),
        );
    }
    chunk.windows = Some(made);
}
