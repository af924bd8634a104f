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

/// Drops rows that are in no window, and tells those that were late for all of theirs.
pub fn judge(grid: &mut Grid, lateness: i64, chunk: &mut Chunk, late: &mut Late) {
    let (Some(times), Some(before)) = (&chunk.times, &chunk.before) else {
        return;
    };
    let mut live = std::mem::take(&mut chunk.live);
    let (mut windows, mut refused) = (Vec::new(), Vec::new());
    live.retain(|row| {
        let at = row as usize;
        grid.windows(times[at], &mut windows);
        let is_open = |(_, end): &(i64, i64)| *end > before[at].saturating_sub(lateness);
        let has_open = windows.iter().any(is_open);
        if !has_open && !windows.is_empty() {
            refused.push(row);
        }
        windows.clear();
        has_open
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
        let before = chunk
            .before
            .as_ref()
            .map_or(i64::MIN, |before| before[row as usize]);
        grid.windows(times[row as usize], &mut windows);
        let all = windows.len();
        windows.retain(|(_, end)| *end > before);
        if all > 0 && windows.is_empty() {
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
