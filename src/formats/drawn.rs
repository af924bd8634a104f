//! Bars and sparklines beside the columns of a table. Sees the rows that the writers gave, in order, and puts a drawing
//! in the place of each value that is to be drawn. Refuses to look at a clock or a terminal. Invariant: what is
//! drawn beside a row depends on the rows of its window and on windows before it, not on how rows came.

use super::{Drawn, What};
use crate::data::paint::Paint;
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{Chunk, Column, FieldId, Number};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::Write;

/// Columns of a bar, and of one beside which little else has room.
const BAR: usize = 10;
const BAR_NARROW: usize = 6;
/// Windows that a sparkline shows.
const SPARK: usize = 32;
const SPARK_NARROW: usize = 12;
/// A terminal with fewer columns is narrow.
const NARROW: usize = 60;
/// Rows of a window that decide how long its bars are; of later ones those behind it cannot.
const ROWS_LOOKED_AT: usize = 1000;
/// Keys of which the windows before are known; then those are forgotten that were not seen for longest.
const KEYS_MAX: usize = 1 << 17;

/// What a drawing looks like before it is drawn: the value, then the start of the row's window.
pub(super) fn write_raw(chunk: &Chunk, drawn: &Drawn, row: usize, out: &mut Vec<u8>) {
    let value = number(chunk, drawn.field, row).map(Number::to_f64);
    if let Some(value) = value.filter(|value| value.is_finite()) {
        // Writing to memory cannot fail.
        let _ = write!(out, "{value}");
    }
    let start = drawn.window.and_then(|field| number(chunk, field, row));
    if let Some(start) = start.and_then(Number::to_i64_trunc) {
        let _ = write!(out, " {start}");
    }
}

fn number(chunk: &Chunk, field: FieldId, row: usize) -> Option<Number> {
    let column = chunk.column(field)?;
    match &column.data {
        Column::Bytes(spans) if column.is_valid(row) => Number::parse(chunk.bytes(spans[row])),
        _ => column.number(row),
    }
}

fn read_raw(cell: &str) -> (Option<f64>, Option<i64>) {
    let (value, start) = cell.split_once(' ').unwrap_or((cell, ""));
    (value.parse().ok(), start.parse().ok())
}

/// Puts drawings into rows.
#[derive(Clone)]
pub(super) struct Drawing {
    places: Vec<Place>,
    /// Which cells of a row tell whose it is.
    keys: Vec<usize>,
    paint: Paint,
    state: State,
}

/// One drawing.
#[derive(Clone)]
struct Place {
    /// Which cell of the row.
    at: usize,
    what: What,
    width: usize,
    /// Windows of one key tell nothing of those of another.
    alone: bool,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct State {
    /// Rows of the window at hand that wait until all of them are there.
    held: Vec<u8>,
    rows_held: usize,
    /// The start of the window that rows are of, and how many of it were looked at.
    window: Option<i64>,
    looked_at: usize,
    /// By place: the largest value of the window.
    largest: Vec<f64>,
    /// The last starts of windows, by place the values of each key in them.
    starts: BTreeSet<i64>,
    before: Vec<HashMap<Vec<u8>, VecDeque<(i64, f64)>>>,
}

impl Drawing {
    /// `None`: nothing is drawn. `cells`: of which column each cell is, a drawing behind its own; `keys`: the columns
    /// that tell whose a row is.
    pub fn new(
        drawn: &[Drawn],
        cells: &[Result<usize, usize>],
        keys: &[usize],
        limit: Option<usize>,
        paint: &Paint,
    ) -> Option<Drawing> {
        if drawn.is_empty() {
            return None;
        }
        let narrow = limit.is_some_and(|limit| limit < NARROW);
        let places: Vec<Place> = cells
            .iter()
            .enumerate()
            .filter_map(|(at, cell)| Some((at, &drawn[(*cell).err()?])))
            .map(|(at, drawn)| Place {
                at,
                what: drawn.what,
                width: match (drawn.what, narrow) {
                    (What::Bar, false) => BAR,
                    (What::Bar, true) => BAR_NARROW,
                    (What::Spark, false) => SPARK,
                    (What::Spark, true) => SPARK_NARROW,
                },
                alone: drawn.alone,
            })
            .collect();
        let is_key = |cell: &Result<usize, usize>| cell.is_ok_and(|column| keys.contains(&column));
        let keys = (0..cells.len()).filter(|at| is_key(&cells[*at])).collect();
        let state = State {
            largest: vec![0.0; places.len()],
            before: vec![HashMap::new(); places.len()],
            ..State::default()
        };
        Some(Drawing {
            places,
            keys,
            paint: Paint {
                looks: None,
                ..paint.clone()
            },
            state,
        })
    }

    /// Takes rows; gives those whose drawings are known.
    pub fn push(&mut self, rows: &[u8], cell_end: u8, out: &mut Vec<u8>) {
        for row in rows.split_inclusive(|byte| *byte == b'\n') {
            self.take(row, cell_end, out);
        }
    }

    /// Nothing more comes for now.
    pub fn flush(&mut self, cell_end: u8, out: &mut Vec<u8>) {
        self.release(cell_end, out);
    }

    fn take(&mut self, row: &[u8], cell_end: u8, out: &mut Vec<u8>) {
        let mut values = Vec::with_capacity(self.places.len());
        let mut start = None;
        for (at, cell) in cells(row, cell_end).enumerate() {
            if self.places.iter().any(|place| place.at == at) {
                let (value, of) = read_raw(cell);
                values.push(value.unwrap_or(0.0));
                start = start.or(of);
            }
        }
        if start != self.state.window {
            self.release(cell_end, out);
            self.state.window = start;
            self.state.looked_at = 0;
            self.state.largest.fill(0.0);
        }
        for (largest, value) in self.state.largest.iter_mut().zip(values) {
            *largest = largest.max(value);
        }
        self.state.held.extend_from_slice(row);
        self.state.rows_held += 1;
        self.state.looked_at += 1;
        if self.state.looked_at >= ROWS_LOOKED_AT {
            self.release(cell_end, out);
        }
    }

    /// Draws beside the rows that are held.
    fn release(&mut self, cell_end: u8, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.state.held);
        self.state.rows_held = 0;
        for row in held.split_inclusive(|byte| *byte == b'\n') {
            self.draw(row, cell_end, out);
        }
        self.state.held = held;
        self.state.held.clear();
    }

    fn draw(&mut self, row: &[u8], cell_end: u8, out: &mut Vec<u8>) {
        let mut key = Vec::new();
        for (at, cell) in cells(row, cell_end).enumerate() {
            if self.keys.contains(&at) {
                key.extend_from_slice(cell.as_bytes());
                key.push(cell_end);
            }
        }
        let mut number = 0;
        for (at, cell) in cells(row, cell_end).enumerate() {
            if at > 0 {
                out.push(cell_end);
            }
            let Some(place) = self.places.get(number).filter(|place| place.at == at) else {
                out.extend_from_slice(cell.as_bytes());
                continue;
            };
            let (value, start) = read_raw(cell);
            let drawing = match place.what {
                What::Bar => {
                    let largest = self.state.largest[number];
                    self.paint.bar(value.unwrap_or(0.0), largest, place.width)
                }
                What::Spark => {
                    self.state.note(number, &key, start.unwrap_or(0), value);
                    let shown = self.state.last(number, &key, place, start.unwrap_or(0));
                    self.paint.spark(shown.iter().copied())
                }
            };
            out.extend_from_slice(drawing.as_bytes());
            number += 1;
        }
        out.push(b'\n');
    }

    /// What is held is of no use any more.
    pub fn forget_held(&mut self) {
        self.state.held.clear();
        self.state.rows_held = 0;
    }

    pub fn save(&self, to: &mut Save) {
        to.put(&self.state);
    }

    pub fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let state: State = from.take()?;
        if state.largest.len() != self.places.len() || state.before.len() != self.places.len() {
            return Err(Damaged);
        }
        match std::str::from_utf8(&state.held) {
            Ok(text) if text.is_empty() || text.ends_with('\n') => self.state = state,
            _ => return Err(Damaged),
        }
        Ok(())
    }
}

impl State {
    /// A key has a value in the window that starts there.
    fn note(&mut self, place: usize, key: &[u8], start: i64, value: Option<f64>) {
        self.starts.insert(start);
        while self.starts.len() > SPARK {
            self.starts.pop_first();
        }
        let before = &mut self.before[place];
        if before.len() >= KEYS_MAX && !before.contains_key(key) {
            let first = self.starts.first().copied().unwrap_or(start);
            before.retain(|_, values| values.back().is_some_and(|(at, _)| *at >= first));
            if before.len() >= KEYS_MAX {
                before.clear();
            }
        }
        let values = before.entry(key.to_vec()).or_default();
        let at = values.partition_point(|(at, _)| *at < start);
        let is_there = values.get(at).is_some_and(|(of, _)| *of == start);
        match (value, is_there) {
            (Some(value), true) => values[at].1 = value,
            (Some(value), false) => values.insert(at, (start, value)),
            (None, true) => drop(values.remove(at)),
            (None, false) => {}
        }
        while values.len() > SPARK {
            values.pop_front();
        }
    }

    /// The values of a key in the last windows up to this one.
    fn last(&self, place: usize, key: &[u8], of: &Place, upto: i64) -> Vec<Option<f64>> {
        let Some(values) = self.before[place].get(key) else {
            return Vec::new();
        };
        let upto_here = values.partition_point(|(at, _)| *at <= upto);
        let values = values.range(..upto_here);
        if of.alone {
            let skip = values.len().saturating_sub(of.width);
            return values.skip(skip).map(|(_, value)| Some(*value)).collect();
        }
        let starts = self.starts.range(..=upto);
        let skip = starts.clone().count().saturating_sub(of.width);
        let mut values = values.peekable();
        starts
            .skip(skip)
            .map(|start| {
                while values.next_if(|(at, _)| at < start).is_some() {}
                values
                    .next_if(|(at, _)| at == start)
                    .map(|(_, value)| *value)
            })
            .collect()
    }
}

/// The cells of a row, which may have its line end.
fn cells(row: &[u8], cell_end: u8) -> impl Iterator<Item = &str> {
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    let text = std::str::from_utf8(row).expect("cells were made printable");
    text.split(char::from(cell_end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing(what: What, alone: bool) -> Drawing {
        let drawn = Drawn {
            what,
            field: 0,
            behind: 1,
            window: Some(0),
            alone,
        };
        let cells = [Ok(0), Ok(1), Err(0)];
        let found = Drawing::new(&[drawn], &cells, &[0], None, &Paint::default());
        found.expect("there is one")
    }

    fn drawn(drawing: &mut Drawing, rows: &str) -> String {
        let mut out = Vec::new();
        drawing.push(rows.as_bytes(), b'|', &mut out);
        drawing.flush(b'|', &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_bar_is_as_long_as_its_share_of_the_largest_of_its_window() {
        let text = "a|1|1 0\nb|2|2 0\na|4|4 10\nb||  10\n";
        let expected = "a|1|█████\nb|2|██████████\na|4|██████████\nb||\n";
        assert_eq!(drawn(&mut drawing(What::Bar, false), text), expected);
        // However the rows come.
        let mut whole = drawing(What::Bar, false);
        let mut out = Vec::new();
        for row in text.split_inclusive('\n') {
            whole.push(row.as_bytes(), b'|', &mut out);
        }
        whole.flush(b'|', &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn of_many_rows_the_first_decide() {
        let mut drawing = drawing(What::Bar, false);
        let mut out = Vec::new();
        for _ in 0..ROWS_LOOKED_AT {
            assert!(out.is_empty());
            drawing.push(b"a|1|1\n", b'|', &mut out);
        }
        assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1000);
        out.clear();
        drawing.push(b"a|2|2\n", b'|', &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "a|2|██████████\n");
    }

    #[test]
    fn a_sparkline_has_the_last_windows_of_its_key() {
        let mut of = drawing(What::Spark, false);
        let text = "a|1|1 0\nb|1|4 0\na|1|2 10\nb|1|4 20\n";
        assert_eq!(drawn(&mut of, text), "a|1|█\nb|1|█\na|1|▅█\nb|1|█ █\n");
        // A window that is printed again.
        assert_eq!(drawn(&mut of, "a|1|1 10\n"), "a|1|██\n");
        let mut copy = drawing(What::Spark, false);
        let mut save = Save::default();
        of.save(&mut save);
        copy.load(&mut Saved::new(&save.into_bytes())).unwrap();
        assert_eq!(drawn(&mut copy, "a|1|1 20\n"), "a|1|███\n");
        for i in 3..90 {
            drawn(&mut copy, &format!("a|1|1 {i}0\n"));
        }
        let last = drawn(&mut copy, "a|1|1 900\n");
        assert_eq!(last, format!("a|1|{}\n", "█".repeat(SPARK)));
    }

    #[test]
    fn sessions_of_a_key_are_one_behind_the_other() {
        let text = "a|1|1 0\nb|1|4 3\na|1|2 10\n";
        let of = &mut drawing(What::Spark, true);
        assert_eq!(drawn(of, text), "a|1|█\nb|1|█\na|1|▅█\n");
    }

    #[test]
    fn a_damaged_state_is_refused() {
        let mut save = Save::default();
        drawing(What::Bar, false).save(&mut save);
        let bytes = save.into_bytes();
        for end in 0..bytes.len() {
            let _ = drawing(What::Bar, false).load(&mut Saved::new(&bytes[..end]));
        }
        let mut save = Save::default();
        save.put(&State::default());
        let mut of = drawing(What::Bar, false);
        assert!(of.load(&mut Saved::new(&save.into_bytes())).is_err());
    }
}
