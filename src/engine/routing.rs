//! Which file each row goes to, where the output is many. Rows of one file stay in their order; files come by their
//! first row. Invariant: what a row's file is depends on the row and, with `--every`, on the clock alone.

use super::steps::RowWriter;
use crate::data::time::{Zone, next_multiple};
use crate::data::{Chunk, Selection};
use crate::plan::files::{Files, Named, Span};
use crate::plan::node::Plan;
use crate::sinks::Target;
use std::collections::HashMap;

/// The time a file is of, and when it ends, ns.
fn span(of: Span, chunk: &Chunk, row: u32, next: i64) -> (i64, i64) {
    let row = row as usize;
    let window = chunk.windows.as_ref().map(|windows| windows[row]);
    match (of, window, &chunk.times) {
        (Span::Window, Some(window), _) => window,
        (Span::Batch(_), Some((_, end)), _) => (end, end),
        (Span::Batch(step), None, Some(times)) => {
            let end = (times[row].div_euclid(step) + 1).saturating_mul(step);
            (end, end)
        }
        (Span::Every(_), ..) => (next, next),
        (Span::Run, ..) => (0, i64::MAX),
        // Rows that are nowhere in time: of the end of the run.
        _ => (next, i64::MAX),
    }
}

/// Writes the live rows of a chunk file by file; `next`: when `--every` comes next. Returns which begins where.
pub fn write(
    files: &Files,
    zone: &Zone,
    next: i64,
    writer: &mut RowWriter,
    chunk: &mut Chunk,
    bytes: &mut Vec<u8>,
) -> Vec<(Target, usize)> {
    let mut places: HashMap<(Vec<u8>, i64), usize> = HashMap::new();
    let mut parts: Vec<(Target, Vec<u32>)> = Vec::new();
    let mut last: Option<((i64, i64), usize)> = None;
    let by_row = files.fields().next().is_some();
    for row in chunk.live.iter() {
        let at = span(files.of, chunk, row, next);
        if let Some((before, place)) = last.filter(|_| !by_row)
            && before == at
        {
            parts[place].1.push(row);
            continue;
        }
        let mut key = (Vec::new(), at.1);
        files.name(at.0, &Named { chunk, row }, zone, &mut key.0);
        let place = match places.get(&key) {
            Some(place) => *place,
            None => {
                let path = String::from_utf8_lossy(&key.0).into_owned();
                places.insert(key, parts.len());
                parts.push((Target { path, end: at.1 }, Vec::new()));
                parts.len() - 1
            }
        };
        parts[place].1.push(row);
        last = Some((at, place));
    }
    let mut begins = Vec::with_capacity(parts.len());
    for (target, rows) in parts {
        begins.push((target, bytes.len()));
        chunk.live = Selection::Some(rows);
        writer.write(chunk, bytes);
    }
    begins
}

/// The time of the first file with `--every`; other names do not ask for it.
pub fn first_file(plan: &Plan, began: i64) -> i64 {
    match plan.sink.files.as_ref().map(|files| files.of) {
        Some(Span::Every(every)) => next_multiple(began, every),
        _ => began,
    }
}
