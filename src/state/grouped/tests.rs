//! The state against plain loops over rows that say the rules, with random rows, cuts, disorder and equal times.

mod model;

use super::make;
use crate::aggs;
use crate::bytes::Span;
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Limits, Making, OnFull, Process, Told};
use crate::data::time::{Watermark, Zone};
use crate::data::{Block, Chunk, Column, ColumnV, Field, Schema, Selection, Type};
use crate::plan::grouping::{Agg, Gives, Grouping, Panes, Shape};
use crate::plan::node::{Extent, Window};
use crate::state::testing;
use model::{counted, model};
use proptest::prelude::*;
use std::sync::Arc;

#[derive(Clone, Debug)]
struct Row {
    time: i64,
    key: u8,
    /// The watermark that the rows before it made.
    before: i64,
}

/// Rows of these times and keys, judged record by record: EVENT-TIME 2.2.
fn rows(of: &[(i64, u8)], disorder: i64) -> Vec<Row> {
    let mut latest = i64::MIN;
    of.iter()
        .map(|&(time, key)| {
            let before = match latest {
                i64::MIN => i64::MIN,
                latest => latest - disorder,
            };
            latest = latest.max(time);
            Row { time, key, before }
        })
        .collect()
}

fn agg(func: &str) -> Agg {
    let call = aggs::Call {
        func: func.into(),
        arg: Some(Type::Text),
        param: None,
        timed: true,
        exact: false,
    };
    let aggregate = aggs::find(func).expect("an aggregate of the table");
    Agg {
        aggregate,
        ty: (aggregate.result)(&call),
        call,
        arg: Some(0),
    }
}

fn grouping(shape: Shape) -> Grouping {
    let gives = Gives::Groups {
        keys: vec![Type::Text],
        aggs: vec![agg("join")],
        pane_columns: true,
    };
    Grouping::plain(shape, gives)
}

fn process(grouping: &Grouping, limits: Limits) -> Box<dyn Process> {
    process_of(grouping, limits, true)
}

fn process_of(grouping: &Grouping, limits: Limits, alone: bool) -> Box<dyn Process> {
    let schema = Schema::new(vec![
        Field::new("k", Type::Text),
        Field::new("v", Type::Text),
    ]);
    let coder = KeyCoder::new(vec![Type::Text]);
    make(Arc::new(grouping.clone()))(&Making {
        schema: &schema,
        carry: &[0, 1],
        into: &[],
        merge: None,
        lines: false,
        zone: &Zone::default(),
        seed: 7,
        coder: &coder,
        alone,
        limits,
        batched: false,
        ticked: false,
    })
}

/// A chunk of some of the rows; the value of a row is its number.
fn chunk(rows: &[Row], from: usize, seq: u64) -> (Chunk, ColumnV, ColumnV) {
    let mut scratch = Vec::new();
    let mut text = |word: String| {
        let span = Span::scratch(scratch.len(), word.len());
        scratch.extend_from_slice(word.as_bytes());
        span
    };
    let keys = rows.iter().map(|row| text(format!("k{}", row.key)));
    let keys = ColumnV::new(Column::Bytes(keys.collect()));
    let values = (0..rows.len()).map(|i| text((from + i).to_string()));
    let values = ColumnV::new(Column::Bytes(values.collect()));
    let columns = vec![Some(keys.clone()), Some(values.clone())];
    let mut chunk = Chunk::of_columns(rows.len(), columns, scratch);
    chunk.block = Block::copy_of(b"");
    chunk.block.seq = seq;
    chunk.times = Some(rows.iter().map(|row| row.time).collect());
    chunk.before = Some(rows.iter().map(|row| row.before).collect());
    (chunk, keys, values)
}

/// What a chunk of given rows says, a line a row.
fn lines(chunk: &Chunk, grouping: &Grouping, out: &mut Vec<String>) {
    let windowed = grouping.shape.is_windowed();
    let first = if windowed { 2 } else { 0 };
    for row in chunk.live.iter() {
        let row = row as usize;
        let word = |field: usize| {
            let column = chunk.column(field).expect("a column of the row");
            match (&column.data, column.is_valid(row)) {
                (Column::Bytes(spans), true) => {
                    String::from_utf8_lossy(chunk.bytes(spans[row])).into_owned()
                }
                (Column::Nanos(values), true) => values[row].to_string(),
                (Column::Number(numbers), true) => numbers.units[row].to_string(),
                (Column::Bool(_), true) => "true".into(),
                _ => String::new(),
            }
        };
        let bounds = match windowed {
            true => format!("[{},{}) ", word(0), word(1)),
            false => String::new(),
        };
        let (key, values) = (word(first), word(first + 1));
        let (kind, pane) = (word(first + 2), word(first + 3));
        let sign = match grouping.panes {
            Panes::Retract => {
                assert_eq!(word(first + 4) == "true", word(first + 5) == "-");
                word(first + 5)
            }
            _ => "+".into(),
        };
        out.push(format!("{sign}{bounds}{key} {values} {kind} {pane}"));
        if windowed {
            let times = chunk.times.as_ref().expect("rows of windows have times");
            assert_eq!(
                times[row].to_string(),
                (word(1).parse::<i64>().unwrap() - 1).to_string()
            );
        }
    }
}

/// How the rows come: chunks of these sizes, closing in between where the second says so.
type Cuts = Vec<(usize, bool)>;

fn machine(rows: &[Row], disorder: i64, grouping: &Grouping, cuts: &Cuts) -> (Vec<String>, u64) {
    run(rows, disorder, grouping, cuts, true)
}

fn run(
    rows: &[Row],
    disorder: i64,
    grouping: &Grouping,
    cuts: &Cuts,
    alone: bool,
) -> (Vec<String>, u64) {
    let made = || process_of(grouping, Limits::default(), alone);
    let mut process = made();
    let (mut out, mut told) = (Vec::new(), Told::default());
    let (mut at, mut seq) = (0, 0);
    let mut cuts = cuts.iter().cycle();
    let mut latest = i64::MIN;
    // No row that comes later is older than any that came before has said.
    let mut oldest = i64::MIN;
    let mut put = |chunk: &Chunk, out: &mut Vec<String>| {
        lines(chunk, grouping, out);
        // A row that is withdrawn has its old bounds, and nothing behind it that keeps state.
        let is_ordered = grouping.shape.is_windowed() && grouping.panes != Panes::Retract;
        if let (Some(times), Some(before), true) = (&chunk.times, &chunk.before, is_ordered) {
            for (time, before) in times.iter().zip(before) {
                assert!(*time >= oldest, "a row at {time} behind {oldest}");
                oldest = oldest.max(*before);
            }
        }
    };
    while at < rows.len() {
        let &(size, close) = cuts.next().expect("cuts go on for ever");
        let part = &rows[at..rows.len().min(at + size)];
        let (mut taken, key, values) = chunk(part, at, seq);
        let given = Given {
            input: 0,
            key,
            args: vec![values],
            now: 0,
        };
        process.take(&mut taken, &given, &mut told);
        put(&taken, &mut out);
        at += part.len();
        seq += 1;
        latest = part.iter().map(|row| row.time).fold(latest, i64::max);
        if close {
            for chunk in process.close(Watermark::At(latest - disorder), &mut told) {
                put(&chunk, &mut out);
            }
            assert!(process.next_end() > latest - disorder);
            // Another one with the same state goes on as well.
            process = process.fork();
        }
        if testing::is_cut(seq as usize, size) {
            process = testing::restarted(process.as_ref(), made());
        }
    }
    for chunk in process.close(Watermark::End, &mut told) {
        put(&chunk, &mut out);
    }
    assert_eq!(process.held().0, 0, "nothing is left behind the end");
    (out, told.late.records)
}

fn shape() -> impl Strategy<Value = Shape> {
    let grid = |size: i64, slide: i64, offset| {
        Shape::Grid(Window {
            size: Extent::Fixed(size),
            slide: Extent::Fixed(slide),
            offset,
            grow: None,
        })
    };
    let grow = |step: i64, steps: i64| {
        Shape::Grid(Window {
            size: Extent::Fixed(step * steps),
            slide: Extent::Fixed(step * steps),
            offset: 0,
            grow: Some(Extent::Fixed(step)),
        })
    };
    prop_oneof![
        (1i64..15, 0i64..3).prop_map(move |(size, offset)| grid(size, size, offset)),
        (1i64..15, 1i64..15).prop_map(move |(size, slide)| grid(size, slide, 0)),
        (1i64..6, 1i64..5).prop_map(move |(step, steps)| grow(step, steps)),
        (1i64..8).prop_map(|gap| Shape::Session { gap, max: None }),
        (1i64..8, 1i64..20).prop_map(|(gap, max)| Shape::Session {
            gap,
            max: Some(max)
        }),
        (1i64..10).prop_map(Shape::LookBack),
    ]
}

/// Rows as the watermark passes them: their times, or what they came behind.
fn in_turns(mut rows: Vec<Row>) -> Vec<Row> {
    for row in &mut rows {
        row.before = row.before.max(row.time);
    }
    rows.sort_by_key(|row| row.before);
    rows
}

fn cuts() -> impl Strategy<Value = Cuts> {
    prop::collection::vec((1usize..9, any::<bool>()), 1..6)
}

/// Times that go on, with disorder and equals, and keys.
fn input() -> impl Strategy<Value = Vec<(i64, u8)>> {
    let steps = prop::collection::vec((0i64..4, 0i64..12, 0u8..4, 0u8..9), 0..70);
    steps.prop_map(|steps| {
        let mut now = -20;
        let mut rows = Vec::new();
        for (step, back, key, quiet) in steps {
            now += if quiet == 0 { step * 10 } else { step };
            rows.push((now - back / 4 * back, key));
        }
        rows
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn windows_print_what_the_rules_say(
        input in input(), shape in shape(), disorder in 0i64..12, lateness in prop_oneof![Just(0), 0i64..20],
        panes in 0..3, every in 0u64..4, late_every in 0u64..4, cuts in cuts(),
    ) {
        let looks_back = matches!(shape, Shape::LookBack(_));
        let mut plan = grouping(shape);
        plan.lateness = lateness;
        plan.panes = [Panes::Accumulate, Panes::Discard, Panes::Retract][panes as usize];
        plan.every_records = (every > 0 && !looks_back).then_some(every);
        plan.late_every = late_every;
        if looks_back && plan.panes == Panes::Discard {
            plan.panes = Panes::Accumulate;
        }
        let rows = rows(&input, disorder);
        let (expected, late) = model(&rows, &plan);
        let (found, told) = machine(&rows, disorder, &plan, &cuts);
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(told, late);
        // One of several sources is told how far time is: behind each row here. Rows enter sessions, and windows that take
        // late ones or give early rows, in turns.
        let in_turn = match plan.shape {
            Shape::Session { .. } => true,
            Shape::Grid(_) | Shape::LookBack(_) => plan.lateness > 0 || plan.every_records.is_some(),
            _ => false,
        };
        let (rows, expected, late) = match in_turn {
            true => {
                let rows = in_turns(rows);
                let (expected, late) = model(&rows, &plan);
                (rows, expected, late)
            }
            false => (rows, expected, late),
        };
        let (found, told) = run(&rows, disorder, &plan, &vec![(1, true)], false);
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(told, late);
    }

    /// INTERFACE 8.3: between operators corrections do not show. What waits for its late records says what a watermark
    /// so much lower would.
    #[test]
    fn a_window_that_waits_for_late_records_gives_one_row(
        input in input(), shape in shape(), disorder in 0i64..12, lateness in 1i64..20, cuts in cuts(),
    ) {
        let lower = grouping(shape.clone());
        let mut waiting = grouping(shape);
        waiting.lateness = lateness;
        waiting.waits = true;
        let (expected, late) =
            machine(&rows(&input, disorder + lateness), disorder + lateness, &lower, &cuts);
        let (found, told) = machine(&rows(&input, disorder), disorder, &waiting, &cuts);
        prop_assert_eq!(found, expected);
        prop_assert_eq!(told, late);
    }

    #[test]
    fn windows_by_count_print_what_the_rules_say(
        input in input(), size in 1usize..7, slide in 0usize..7, partial: bool, cuts in cuts(),
    ) {
        let slide = (slide > 0).then_some(slide);
        let plan = grouping(Shape::Count {
            size: size as u64,
            slide: slide.map(|slide| slide as u64),
            partial,
        });
        let rows = rows(&input, 5);
        let (found, _) = machine(&rows, 5, &plan, &cuts);
        prop_assert_eq!(found, counted(&rows, size, slide, partial));
    }
}

/// One row at a time, of key 0.
fn feed(process: &mut dyn Process, plan: &Grouping, row: Row, now: i64) -> Vec<String> {
    let (mut taken, key, values) = chunk(
        std::slice::from_ref(&row),
        row.time as usize,
        row.time as u64,
    );
    let given = Given {
        input: 0,
        key,
        args: vec![values],
        now,
    };
    let mut out = Vec::new();
    process.take(&mut taken, &given, &mut Told::default());
    lines(&taken, plan, &mut out);
    out
}

fn ticked(process: &mut dyn Process, plan: &Grouping, now: i64) -> Vec<String> {
    let mut out = Vec::new();
    for chunk in process.tick(now) {
        lines(&chunk, plan, &mut out);
    }
    out
}

fn at(time: i64, key: u8) -> Row {
    Row {
        time,
        key,
        before: i64::MIN,
    }
}

fn tumbling(size: i64) -> Shape {
    Shape::Grid(Window {
        size: Extent::Fixed(size),
        slide: Extent::Fixed(size),
        offset: 0,
        grow: None,
    })
}

/// EVENT-TIME 2.5: `--every T`: at multiples of T of the clock, only if something is new.
#[test]
fn early_rows_come_at_multiples_of_the_clock() {
    let mut plan = grouping(tumbling(10));
    plan.every = Some(100);
    let mut process = process(&plan, Limits::default());
    assert_eq!(process.next_tick(), i64::MAX);
    assert!(feed(process.as_mut(), &plan, at(12, 1), 130).is_empty());
    assert!(feed(process.as_mut(), &plan, at(3, 2), 170).is_empty());
    assert_eq!(process.next_tick(), 200);
    assert!(ticked(process.as_mut(), &plan, 199).is_empty());
    assert_eq!(
        ticked(process.as_mut(), &plan, 205),
        ["+[0,10) k2 3 early 0", "+[10,20) k1 12 early 0"]
    );
    assert_eq!(process.next_tick(), i64::MAX);
    assert!(feed(process.as_mut(), &plan, at(13, 1), 210).is_empty());
    assert_eq!(process.next_tick(), 300);
    assert_eq!(
        ticked(process.as_mut(), &plan, 300),
        ["+[10,20) k1 12,13 early 1"]
    );
}

/// EVENT-TIME 2.5: `--every-delay T`: T after the first new record since the last pane; the join of two sessions has
/// the earlier one's timer.
#[test]
fn early_rows_come_a_time_after_the_first_new_record() {
    let mut plan = grouping(Shape::Session { gap: 5, max: None });
    plan.every_delay = Some(100);
    let mut process = process(&plan, Limits::default());
    feed(process.as_mut(), &plan, at(10, 1), 20);
    feed(process.as_mut(), &plan, at(20, 1), 50);
    assert_eq!(process.next_tick(), 120);
    feed(process.as_mut(), &plan, at(15, 1), 60);
    assert_eq!(process.next_tick(), 120);
    assert_eq!(
        ticked(process.as_mut(), &plan, 120),
        ["+[10,25) k1 10,15,20 early 0"]
    );
    assert!(ticked(process.as_mut(), &plan, 1000).is_empty());
    feed(process.as_mut(), &plan, at(21, 1), 1010);
    assert_eq!(process.next_tick(), 1110);
}

/// INTERFACE 9.1: `complete`: all rows at each trigger.
#[test]
fn complete_gives_every_row_at_each_trigger() {
    let mut plan = grouping(tumbling(10));
    plan.every = Some(100);
    plan.complete = true;
    plan.lateness = i64::MAX;
    plan.late_every = 0;
    let mut process = process(&plan, Limits::default());
    feed(process.as_mut(), &plan, at(2, 1), 0);
    let closing = Row {
        before: 12,
        ..at(13, 1)
    };
    assert_eq!(
        feed(process.as_mut(), &plan, closing, 10),
        ["+[0,10) k1 2 on_time 0"]
    );
    assert_eq!(
        ticked(process.as_mut(), &plan, 100),
        ["+[0,10) k1 2 late 1", "+[10,20) k1 13 early 0"]
    );
}

/// INTERFACE 6: `--max-keys`: fail, or forget the oldest by time, counted.
#[test]
fn keys_have_a_limit() {
    let plan = grouping(tumbling(10));
    for on_full in [OnFull::Fail, OnFull::EvictOldest] {
        let limits = Limits {
            keys: Some(2),
            on_full,
        };
        let mut process = process(&plan, limits);
        let rows = rows(&[(25, 1), (3, 2), (14, 3)], 100);
        let (mut taken, key, values) = chunk(&rows, 0, 0);
        let given = Given {
            input: 0,
            key,
            args: vec![values],
            now: 0,
        };
        let mut told = Told::default();
        process.take(&mut taken, &given, &mut told);
        let mut out = Vec::new();
        for chunk in process.close(Watermark::End, &mut told) {
            lines(&chunk, &plan, &mut out);
        }
        if on_full == OnFull::Fail {
            assert_eq!(told.failure.map(|(status, _)| status), Some(65));
        } else {
            assert_eq!(out, ["+[10,20) k3 2 on_time 0", "+[20,30) k1 0 on_time 0"]);
            assert_eq!(told.counts.get("keys forgotten (--max-keys)"), Some(&1));
        }
    }
}

/// An empty chunk, and one of which no row is live, give nothing.
#[test]
fn nothing_comes_of_nothing() {
    let plan = grouping(tumbling(10));
    let (found, late) = machine(&[], 0, &plan, &vec![(1, true)]);
    assert!(found.is_empty() && late == 0);
    let mut process = process(&plan, Limits::default());
    let (mut taken, key, values) = chunk(&rows(&[(1, 1)], 0), 0, 0);
    taken.live = Selection::Some(Vec::new());
    let given = Given {
        input: 0,
        key,
        args: vec![values],
        now: 0,
    };
    process.take(&mut taken, &given, &mut Told::default());
    assert!(taken.live.is_empty());
}
