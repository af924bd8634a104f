//! Nested loops over all rows: what the joins must come to. Rows are numbers, keys may be null, times come in any
//! order. Invariant: a model keeps everything and decides by the rules alone.

use super::asof::Asof;
use super::interval::{Interval, Within};
use super::sessions::{Gap, InSessions};
use super::whole::Whole;
use super::windowed::Windowed;
use super::{Kind, LEFT, RIGHT};
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Limits, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::{Watermark, Zone};
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, Field, Schema, Type, Value};
use crate::state::testing;
use proptest::prelude::*;
use std::collections::HashSet;

const NONE: i64 = i64::MIN;

/// A row: its key, if it has one, and its time. Its number is its place among its side's rows.
type Row = (Option<u8>, i64);

/// What comes out: left number, right number, time.
type Pair = (Option<usize>, Option<usize>, i64);

fn kind(which: usize) -> Kind {
    let (left, right) = [
        (false, false),
        (true, false),
        (false, true),
        (true, true),
        (true, false),
    ][which];
    Kind {
        keeps: [left, right],
        pairs: which != 4,
    }
}

/// A process for rows of one field, the number, on each side.
fn made(make: impl Fn(&Making<'_>) -> Box<dyn Process>) -> Box<dyn Process> {
    let schema = Schema::new(vec![
        Field::new("left", Type::Number),
        Field::new("right", Type::Number),
    ]);
    let coder = KeyCoder::new(vec![Type::Text]);
    make(&Making {
        schema: &schema,
        carry: &[0],
        into: &[1],
        merge: None,
        lines: false,
        zone: &Zone::default(),
        seed: 7,
        coder: &coder,
        alone: false,
        limits: Limits::default(),
        batched: false,
        ticked: false,
    })
}

/// Rows `numbers` of a side as a chunk.
fn chunk(
    side: usize,
    rows: &[Row],
    befores: &[i64],
    numbers: std::ops::Range<usize>,
) -> (Chunk, Given) {
    let mut scratch = Vec::new();
    let mut key = ColumnBuilder::new(&Type::Text);
    let mut number = ColumnBuilder::new(&Type::Number);
    for i in numbers.clone() {
        match rows[i].0 {
            Some(letter) => key.bytes(&[letter], &mut scratch),
            None => key.null(),
        }
        number.number(crate::data::Number::Exact {
            units: i as i64,
            scale: 0,
        });
    }
    let number = number.finish();
    let n = numbers.len();
    let mut chunk = Chunk::of_columns(n, vec![Some(number.clone())], scratch);
    chunk.times = Some(numbers.clone().map(|i| rows[i].1).collect());
    chunk.before = Some(befores[numbers].to_vec());
    let given = Given {
        input: side,
        key: key.finish(),
        args: if side == LEFT {
            Vec::new()
        } else {
            vec![number]
        },
        now: 0,
    };
    (chunk, given)
}

/// Rows that the watermark has let out between two moments are judged by one between them.
fn check_judged(chunk: &Chunk, from: i64, upto: i64) {
    let befores = chunk.before.as_ref().expect("rows are judged");
    for (before, time) in befores.iter().zip(chunk.times.iter().flatten()) {
        assert!(
            (from..=upto).contains(before),
            "{from} {before} {upto}, at {time}"
        );
    }
    assert!(befores.is_sorted());
}

fn read(chunk: &Chunk, out: &mut Vec<Pair>) {
    let cell = |field: usize, row: u32| -> Option<usize> {
        let column: &ColumnV = chunk.column(field)?;
        match chunk.value(column, &Type::Number, row as usize) {
            Value::Number(number) => Some(number.to_f64() as usize),
            _ => None,
        }
    };
    for row in chunk.live.iter() {
        let time = chunk
            .times
            .as_ref()
            .map_or(NONE, |times| times[row as usize]);
        out.push((cell(0, row), cell(1, row), time));
    }
}

/// The watermark before each row of a side, and behind the last.
fn watermarks(rows: &[Row], disorder: i64) -> Vec<i64> {
    let mut most = NONE;
    let mut out = Vec::new();
    for (_, time) in rows {
        out.push(if most == NONE { NONE } else { most - disorder });
        most = most.max(*time);
    }
    out.push(if most == NONE { NONE } else { most - disorder });
    out
}

/// Runs both sides through a process, and through others that go on with what it has saved. `order`: whose turn it is, and how many rows; `closes`: whether the
/// watermark is told in between. Returns what came out at once, and what came by the watermark.
fn run(
    process: &mut Box<dyn Process>,
    made: &dyn Fn() -> Box<dyn Process>,
    sides: [&[Row]; 2],
    disorder: i64,
    order: &[(bool, usize, bool)],
) -> (Vec<Pair>, Vec<Pair>, u64) {
    let marks = sides.map(|rows| watermarks(rows, disorder));
    let mut at = [0usize; 2];
    let (mut at_once, mut out, mut told) = (Vec::new(), Vec::new(), Told::default());
    let rest = [(false, usize::MAX, true), (true, usize::MAX, true)];
    let mut passed = NONE;
    for (turn, &(right, n, close)) in order.iter().chain(&rest).enumerate() {
        if testing::is_cut(turn, n.min(9)) {
            *process = testing::restarted(process.as_ref(), made());
        }
        let side = usize::from(right);
        let to = at[side].saturating_add(n).min(sides[side].len());
        let (mut chunk, given) = chunk(side, sides[side], &marks[side], at[side]..to);
        process.take(&mut chunk, &given, &mut told);
        read(&chunk, &mut at_once);
        at[side] = to;
        let joint = marks[LEFT][at[LEFT]].min(marks[RIGHT][at[RIGHT]]);
        if close && joint != NONE {
            assert!(process.next_end() >= joint || !out.is_empty() || process.held().1 > 0);
            let given = process.close(Watermark::At(joint), &mut told);
            let upto = joint.saturating_sub(process.lag());
            for chunk in given {
                check_judged(&chunk, passed, upto);
                read(&chunk, &mut out);
            }
            passed = passed.max(upto);
            assert!(process.next_end() > joint);
            assert!(process.lag() >= 0);
        }
    }
    for chunk in process.close(Watermark::End, &mut told) {
        read(&chunk, &mut out);
    }
    (at_once, out, told.late.records)
}

fn late(rows: &[Row], disorder: i64, lateness: i64) -> Vec<bool> {
    let marks = watermarks(rows, disorder);
    rows.iter()
        .zip(marks)
        .map(|((_, time), before)| before != NONE && *time < before - lateness)
        .collect()
}

/// When the watermark passes a row: its time, or what was passed on its side when it came.
fn turns(rows: &[Row], disorder: i64) -> Vec<i64> {
    let marks = watermarks(rows, disorder);
    let turns = rows
        .iter()
        .zip(marks)
        .map(|(row, before)| row.1.max(before));
    turns.collect()
}

fn equal(one: Row, other: Row) -> bool {
    one.0.is_some() && one.0 == other.0
}

/// EVENT-TIME 2.8: match iff key equal (null equals nothing) and lo <= right.t - left.t <= hi; a record is late iff
/// t < W - L by its own side's W; outer: unmatched with nulls when it expires, a late one when what it came behind is
/// passed. INTERFACE 9.1: pairs come when W passes the later of the two, by that time, then left, then right.
fn interval(sides: [&[Row]; 2], disorder: i64, within: &Within) -> (Vec<Pair>, u64) {
    let lates = sides.map(|rows| late(rows, disorder, within.lateness));
    let turns = sides.map(|rows| turns(rows, disorder));
    let [left, right] = sides;
    let mut matched = [HashSet::new(), HashSet::new()];
    let mut out: Vec<((i64, u8, i64, usize, usize), Pair)> = Vec::new();
    for (i, l) in left.iter().enumerate().filter(|(i, _)| !lates[LEFT][*i]) {
        for (j, r) in right.iter().enumerate().filter(|(j, _)| !lates[RIGHT][*j]) {
            if equal(*l, *r) && (within.low..=within.high).contains(&(r.1 - l.1)) {
                matched[LEFT].insert(i);
                matched[RIGHT].insert(j);
                if within.kind.pairs {
                    let time = l.1.max(r.1);
                    let turn = turns[LEFT][i].max(turns[RIGHT][j]);
                    out.push(((turn, 0, time, i, j), (Some(i), Some(j), time)));
                }
            }
        }
    }
    let mut told = 0;
    for side in [LEFT, RIGHT] {
        let more = [within.high, -within.low][side].max(0) + within.lateness;
        for (i, (_, time)) in sides[side].iter().enumerate() {
            let pair = match side {
                LEFT => (Some(i), None, *time),
                _ => (None, Some(i), *time),
            };
            match (lates[side][i], within.kind.keeps[side]) {
                (true, true) => out.push(((turns[side][i], 1, 0, side, i), pair)),
                (true, false) => told += 1,
                (false, true) if !matched[side].contains(&i) => {
                    // Those of one instant: the left side's first, each in order of time.
                    out.push(((time + more, 2 + side as u8, 0, 0, i), pair));
                }
                _ => {}
            }
        }
    }
    out.sort_by_key(|(place, _)| *place);
    (out.into_iter().map(|(_, pair)| pair).collect(), told)
}

/// A session of the model: first and last time, and the numbers of both sides' rows.
struct Session {
    key: (Option<u8>, usize),
    first: i64,
    last: i64,
    rows: [Vec<usize>; 2],
}

/// EVENT-TIME 2.3 and 2.4 over both sides together: a row joins what of its key is at most a gap away; a session is
/// over when W > last + gap + lateness; a row is late if that holds of what it would be in, by its own side's W. Rows come when
/// W passes them. Returns sessions by end, key, side of a null key, first; and how many rows are late.
fn sessions(
    sides: [&[Row]; 2],
    disorder: i64,
    terms: Gap,
    wanted: [bool; 2],
) -> (Vec<Session>, u64) {
    let turns = sides.map(|rows| turns(rows, disorder));
    let mut all: Vec<(i64, usize, usize)> = Vec::new();
    for side in [LEFT, RIGHT] {
        let numbers = 0..sides[side].len();
        all.extend(numbers.map(|i| (turns[side][i], side, i)));
    }
    all.retain(|(_, side, i)| sides[*side][*i].0.is_some() || wanted[*side]);
    all.sort_unstable();
    let (mut open, mut over, mut late): (Vec<Session>, Vec<Session>, u64) = Default::default();
    for (turn, side, i) in all {
        let (letter, time) = sides[side][i];
        let (gone, left): (Vec<_>, Vec<_>) = open
            .into_iter()
            .partition(|one| one.last + terms.gap + terms.lateness < turn);
        over.extend(gone);
        open = left;
        open.sort_by_key(|one| (one.first, one.last));
        // Keys that are null are of their side alone.
        let key = (letter, if letter.is_some() { 2 } else { side });
        let mut new = Session {
            key,
            first: time,
            last: time,
            rows: [Vec::new(), Vec::new()],
        };
        new.rows[side].push(i);
        let mut others = Vec::new();
        for one in open {
            let near = time >= one.first - terms.gap && time <= one.last + terms.gap;
            let (first, last) = (new.first.min(one.first), new.last.max(one.last));
            if one.key == key && near && terms.max.is_none_or(|max| last - first < max) {
                (new.first, new.last) = (first, last);
                for side in [LEFT, RIGHT] {
                    new.rows[side].extend(&one.rows[side]);
                }
            } else {
                others.push(one);
            }
        }
        open = others;
        match turn > new.last + terms.gap + terms.lateness {
            true => late += 1,
            false => open.push(new),
        }
    }
    over.extend(open);
    over.sort_by_key(|one| (one.last, one.key, one.first));
    for rows in over.iter_mut().flat_map(|one| &mut one.rows) {
        rows.sort_unstable();
    }
    (over, late)
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let key = prop_oneof![1 => Just(None), 6 => (b'a'..=b'c').prop_map(Some)];
    prop::collection::vec((key, 0..60i64), 0..40).prop_map(|mut rows| {
        // Times go up, with disorder.
        for (i, row) in rows.iter_mut().enumerate() {
            row.1 = row.1 / 4 + 3 * i as i64 - 20;
        }
        rows
    })
}

fn order() -> impl Strategy<Value = Vec<(bool, usize, bool)>> {
    prop::collection::vec((any::<bool>(), 0..6usize, any::<bool>()), 0..30)
}

proptest! {
    #[test]
    fn event_time_2_8_intervals(
        left in rows(), right in rows(), order in order(),
        which in 0..5usize, low in -15..15i64, size in 0..20i64, disorder in 0..25i64,
        lateness in prop_oneof![Just(0), 0..30i64],
    ) {
        let within = Within { kind: kind(which), low, high: low + size, lateness };
        let made = || made(|making| Box::new(Interval::new(making, within, None, None)));
        let mut process = made();
        let sides = [left.as_slice(), right.as_slice()];
        let (at_once, out, told) = run(&mut process, &made, sides, disorder, &order);
        let expected = interval(sides, disorder, &within);
        prop_assert!(at_once.is_empty());
        prop_assert_eq!((out, told), expected);
        prop_assert_eq!(process.held().0, 0);
    }

    /// INTERFACE 6.2: a left row is kept until W > t+HI+L, a right one until W > t-LO+L.
    #[test]
    fn interface_6_2_kept_until(
        left in prop::bool::ANY, low in -15..5i64, size in 0..20i64, lateness in 0..9i64,
    ) {
        let within = Within { kind: kind(0), low, high: low + size, lateness };
        let made = || made(|making| Box::new(Interval::new(making, within, None, None)));
        let mut process = made();
        let one = [(Some(b'a'), 100)];
        let side = if left { LEFT } else { RIGHT };
        let (mut chunk, given) = chunk(side, &one, &[NONE], 0..1);
        process.take(&mut chunk, &given, &mut Told::default());
        let end = 100 + [within.high, -within.low][side].max(0) + lateness;
        process.close(Watermark::At(end), &mut Told::default());
        prop_assert_eq!(process.held().0, 1);
        process.close(Watermark::At(end + 1), &mut Told::default());
        prop_assert_eq!(process.held().0, 0);
    }

    /// EVENT-TIME 2.8: left at t meets the newest right version with time <= t, no older than D; it is printed when
    /// no right record with such a time can come.
    #[test]
    fn event_time_2_8_as_of(
        left in rows(), right in rows(), order in order(),
        keeps in any::<bool>(), age in prop::option::of(0..30i64), disorder in 0..25i64,
        lateness in prop_oneof![Just(0), 0..30i64],
    ) {
        let made = || made(|making| Box::new(Asof::new(making, keeps, age, lateness, None)));
        let mut process = made();
        let sides = [left.as_slice(), right.as_slice()];
        let (at_once, out, told) = run(&mut process, &made, sides, disorder, &order);
        let lates = sides.map(|rows| late(rows, disorder, lateness));
        let marks = watermarks(&left, disorder);
        let mut expected: Vec<(i64, Pair)> = Vec::new();
        let mut late_told = lates[RIGHT].iter().filter(|late| **late).count() as u64;
        for (i, l) in left.iter().enumerate() {
            if lates[LEFT][i] {
                match keeps {
                    true => expected.push((marks[i] - lateness, (Some(i), None, l.1))),
                    false => late_told += 1,
                }
                continue;
            }
            let version = right
                .iter()
                .enumerate()
                .filter(|(j, r)| !lates[RIGHT][*j] && equal(*l, **r) && r.1 <= l.1)
                .max_by_key(|(j, r)| (r.1, *j))
                .filter(|(_, r)| age.is_none_or(|age| l.1 - r.1 <= age));
            match version {
                Some((j, _)) => expected.push((l.1, (Some(i), Some(j), l.1))),
                None if keeps => expected.push((l.1, (Some(i), None, l.1))),
                None => {}
            }
        }
        expected.sort_by_key(|(turn, (left, ..))| (*turn, *left));
        let expected: Vec<Pair> = expected.into_iter().map(|(_, pair)| pair).collect();
        prop_assert!(at_once.is_empty());
        prop_assert_eq!((out, told), (expected, late_told));
    }

    /// INTERFACE 9.1: of input that ends, without window or time, in the order of the left.
    #[test]
    fn interface_9_1_whole_inputs(left in rows(), right in rows(), which in 0..5usize) {
        let kind = kind(which);
        let made = || made(|making| Box::new(Whole::new(making, kind, None)));
        let mut process = made();
        let sides = [left.as_slice(), right.as_slice()];
        let first = [(true, usize::MAX, false), (false, 3, false)];
        let (mut out, end, _) = run(&mut process, &made, sides, 1000, &first);
        out.extend(end);
        let mut expected = Vec::new();
        let mut matched: HashSet<usize> = HashSet::new();
        for (i, l) in left.iter().enumerate() {
            let found: Vec<usize> =
                (0..right.len()).filter(|&j| equal(*l, right[j])).collect();
            matched.extend(&found);
            if found.is_empty() && kind.keeps[LEFT] {
                expected.push((Some(i), None, l.1));
            }
            for j in found.into_iter().filter(|_| kind.pairs) {
                expected.push((Some(i), Some(j), l.1.max(right[j].1)));
            }
        }
        for j in (0..right.len()).filter(|j| kind.keeps[RIGHT] && !matched.contains(j)) {
            expected.push((None, Some(j), right[j].1));
        }
        prop_assert_eq!(out, expected);
    }

    /// Sessions of both streams together: m x n pairs of each when it is over.
    #[test]
    fn event_time_2_3_sessions_of_two_streams(
        left in rows(), right in rows(), order in order(), which in 0..5usize,
        gap in 0..12i64, max in prop::option::of(1..40i64), disorder in 0..25i64,
        lateness in prop_oneof![Just(0), 0..30i64],
    ) {
        let kind = kind(which);
        let terms = Gap { gap, max, lateness, later: 0 };
        let made = || {
            made(|making| Box::new(InSessions::new(making, kind, terms, (5, 6), 7, None)))
        };
        let mut process = made();
        let sides = [left.as_slice(), right.as_slice()];
        let (at_once, out, told) = run(&mut process, &made, sides, disorder, &order);
        let (sessions, late) = sessions(sides, disorder, terms, kind.keeps);
        let are_in_time = |rows: &[Row]| turns(rows, disorder).iter().zip(rows).all(|(turn, row)| *turn == row.1);
        if sides.iter().all(|rows| are_in_time(rows)) && max.is_none() {
            // Where no row is behind its watermark they are what a sorted list falls into.
            for key in [b'a', b'b', b'c'] {
                let rows = sides.iter().copied().flatten().filter(|row| row.0 == Some(key));
                let mut times: Vec<i64> = rows.map(|row| row.1).collect();
                times.sort_unstable();
                let parts = times.chunk_by(|one, next| next - one <= gap).count();
                let of_key = sessions.iter().filter(|one| one.key.0 == Some(key)).count();
                prop_assert_eq!(parts, of_key);
            }
        }
        let mut expected: Vec<Pair> = Vec::new();
        for Session { rows: [l, r], .. } in &sessions {
            if !l.is_empty() && !r.is_empty() {
                for &i in l.iter().filter(|_| kind.pairs) {
                    let pairs = r.iter().map(|&j| (Some(i), Some(j), left[i].1.max(right[j].1)));
                    expected.extend(pairs);
                }
                continue;
            }
            let l = l.iter().filter(|_| kind.keeps[LEFT]);
            expected.extend(l.map(|&i| (Some(i), None, left[i].1)));
            let r = r.iter().filter(|_| kind.keeps[RIGHT]);
            expected.extend(r.map(|&j| (None, Some(j), right[j].1)));
        }
        prop_assert!(at_once.is_empty());
        prop_assert_eq!((out, told), (expected, late));
        prop_assert_eq!(process.held().0, 0);
    }

    /// EVENT-TIME 2.8: m x n pairs for equal keys of one window, printed when both sides are complete; INTERFACE
    /// 9.1: by key, left, right.
    #[test]
    fn event_time_2_8_windows(
        left in rows(), right in rows(), order in order(), which in 0..5usize,
    ) {
        let kind = kind(which);
        let make = |making: &Making<'_>| -> Box<dyn Process> {
            Box::new(InWindows(Windowed::new(making, kind, Some(20), None, None, None)))
        };
        let made = || made(make);
        let mut process = made();
        // Nothing is late: the front judges rows by their windows, not the join.
        let sides = [left.as_slice(), right.as_slice()];
        let (_, out, told) = run(&mut process, &made, sides, 1000, &order);
        prop_assert_eq!(told, 0);
        let mut expected = Vec::new();
        for window in -3..20i64 {
            let within = |row: &Row| row.1.div_euclid(20) == window;
            let of = |rows: &[Row], key: Option<u8>| -> Vec<usize> {
                (0..rows.len()).filter(|&i| within(&rows[i]) && rows[i].0 == key).collect()
            };
            for key in [None, Some(b'a'), Some(b'b'), Some(b'c')] {
                let (l, r) = (of(&left, key), of(&right, key));
                let meets = key.is_some() && !l.is_empty() && !r.is_empty();
                if meets && kind.pairs {
                    for &i in &l {
                        for &j in &r {
                            expected.push((Some(i), Some(j), left[i].1.max(right[j].1)));
                        }
                    }
                }
                if !meets && kind.keeps[LEFT] {
                    expected.extend(l.iter().map(|&i| (Some(i), None, left[i].1)));
                }
                if !meets && kind.keeps[RIGHT] {
                    expected.extend(r.iter().map(|&j| (None, Some(j), right[j].1)));
                }
            }
        }
        prop_assert_eq!(out, expected);
    }
}

/// Puts rows into windows of 20 in front of a join.
#[derive(Clone)]
struct InWindows(Windowed);

impl Process for InWindows {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let times = chunk.times.clone().unwrap_or_default();
        let windows = times.iter().map(|time| {
            let start = time.div_euclid(20) * 20;
            (start, start + 20)
        });
        chunk.windows = Some(windows.collect());
        self.0.take(chunk, given, told);
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        self.0.close(upto, told)
    }

    fn next_end(&self) -> i64 {
        self.0.next_end()
    }

    fn lag(&self) -> i64 {
        self.0.lag()
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        self.0.held()
    }

    fn save(&self, to: &mut Save) {
        self.0.save(to);
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.0.load(from)
    }
}

#[test]
fn columns_of_numbers_are_told_from_nulls() {
    let (chunk, _) = chunk(LEFT, &[(None, 1), (Some(b'a'), 2)], &[NONE, NONE], 0..2);
    assert!(matches!(
        chunk.column(0).map(|c| &c.data),
        Some(Column::Number(_))
    ));
    let mut out = Vec::new();
    read(&chunk, &mut out);
    assert_eq!(out, [(Some(0), None, 1), (Some(1), None, 2)]);
}
