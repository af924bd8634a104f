//! Runs a process over random rows in random chunks, as the engine would: for the tests of every state. Now and then
//! another one goes on with what it has saved. Invariant: what comes out is the rows' own text and the new columns,
//! in order.

use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Limits, Making, Process, Told};
use crate::data::saved::{Save, Saved, Sharing};
use crate::data::time::{Watermark, Zone};
use crate::data::value::Printing;
use crate::data::{Chunk, ColumnBuilder, Field, Number, Schema, Selection, Type};
use proptest::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A row of tests: a time, a key and a number.
#[derive(Clone, Debug)]
pub struct Row {
    pub at: i64,
    pub key: u8,
    pub n: i64,
    pub null: bool,
    pub place: usize,
}

impl Row {
    pub fn text(&self) -> String {
        format!("{} k{} #{}", self.at, self.key, self.place)
    }

    pub fn n(&self) -> Option<i64> {
        (!self.null).then_some(self.n)
    }
}

pub fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0i64..4, 0i64..8, 0u8..4, -5i64..6, 0u8..8), 0..80).prop_map(|all| {
        let mut now = 10;
        let made = all.into_iter().enumerate();
        made.map(|(place, (step, back, key, n, null))| {
            now += step;
            Row {
                at: now - back,
                key,
                n,
                null: null == 0,
                place,
            }
        })
        .collect()
    })
}

/// How many rows each chunk takes, over and over, and after which of them time is told.
pub fn cuts() -> impl Strategy<Value = Vec<(usize, bool)>> {
    prop::collection::vec((1usize..7, any::<bool>()), 1..6)
}

pub fn saved(process: &dyn Process) -> Vec<u8> {
    // As several threads do it, the last one first.
    let mut save = Save::shared(Sharing {
        threads: 3,
        run: |_, n, work| (0..n).rev().for_each(work),
    });
    process.save(&mut save);
    save.into_bytes()
}

/// Whether a run ends behind a chunk, and another one goes on: about every second one, as chunks are random.
pub fn is_cut(turn: usize, rows: usize) -> bool {
    turn.wrapping_add(rows).is_multiple_of(2)
}

/// Another process of the same node, just made, that has loaded what this one has saved.
pub fn restarted(process: &dyn Process, mut fresh: Box<dyn Process>) -> Box<dyn Process> {
    let bytes = saved(process);
    let mut from = Saved::new(&bytes);
    fresh.load(&mut from).expect("it is what was just saved");
    from.end().expect("all of it is taken");
    assert_eq!(fresh.held().0, process.held().0);
    // Nothing is lost on the way; some aggregates keep sets, whose order is by chance.
    let sorted = |mut bytes: Vec<u8>| {
        bytes.sort_unstable();
        bytes
    };
    assert_eq!(sorted(saved(fresh.as_ref())), sorted(bytes));
    fresh
}

/// Saves a state, cuts and changes the bytes, and loads them. What is an error is well; what is none goes on, and
/// may do what it likes but panic.
pub fn damage(
    name: &str,
    process: &dyn Process,
    made: &dyn Fn() -> Box<dyn Process>,
    go_on: &dyn Fn(&mut dyn Process, &mut Told),
) {
    let whole = saved(process);
    let load = |bytes: &[u8]| {
        let mut fresh = made();
        let mut from = Saved::new(bytes);
        let loaded = fresh.load(&mut from).and_then(|()| from.end());
        loaded.map(|()| fresh)
    };
    assert!(load(&whole).is_ok(), "{name}");
    for len in 0..whole.len() {
        assert!(load(&whole[..len]).is_err(), "{name}: {len}");
    }
    let go_on = |mut process: Box<dyn Process>| {
        let mut told = Told::default();
        let process = process.as_mut();
        let ask = |process: &dyn Process| {
            let moments = (process.next_end(), process.next_tick(), process.lag());
            (moments, process.held())
        };
        ask(process);
        go_on(process, &mut told);
        ask(process);
        process.fork().close(Watermark::At(1000), &mut told);
        process.tick(1 << 40);
        process.close(Watermark::End, &mut told);
        ask(process);
        saved(process);
    };
    let mut loaded = 0;
    for at in 0..whole.len() {
        // A number may be anything, too.
        let numbers = [[0xff; 9], [0xfe, 255, 255, 255, 255, 255, 255, 255, 255]];
        let flips = [1 << (at % 8), 0x80, 0xff].map(|flip| vec![whole[at] ^ flip]);
        let others = numbers.map(|number| [&number[..], &[1]].concat());
        for other in flips.into_iter().chain(others) {
            let bytes = [&whole[..at], &other, &whole[at + 1..]].concat();
            let done = catch_unwind(AssertUnwindSafe(|| load(&bytes).map(go_on).is_ok()));
            match done {
                Ok(is_loaded) => loaded += u32::from(is_loaded),
                Err(_) => panic!("{name}: byte {at} as {other:?} of {whole:?}"),
            }
        }
    }
    assert!(loaded > 0 || whole.len() < 9, "{name}: {}", whole.len());
}

/// What came out.
pub struct Ran {
    /// Each row's line, then the cells of the fields from 2 on, with blanks between.
    pub lines: Vec<String>,
    pub told: Told,
}

/// The columns that tests have: 0 the key, 1 the number; a process sets those from 2 on.
pub fn schema(sets: &[Type]) -> Schema {
    let mut schema = Schema::default();
    schema.add(Field::new("k", Type::Text));
    schema.add(Field::new("n", Type::Number));
    for ty in sets {
        schema.add(Field::new("", ty.clone()));
    }
    schema
}

pub fn chunk(rows: &[Row], latest: &mut Option<i64>, disorder: i64) -> Chunk {
    let mut scratch = Vec::new();
    let mut columns: Vec<_> = [Type::Text, Type::Number]
        .iter()
        .map(ColumnBuilder::new)
        .collect();
    // Every second row is one that a filter has dropped.
    let mut before = Vec::new();
    let mut times = Vec::new();
    let mut lines = ColumnBuilder::new(&Type::Text);
    for row in rows {
        for dropped in [true, false] {
            columns[0].bytes(format!("k{}", row.key).as_bytes(), &mut scratch);
            match row.n() {
                Some(units) => columns[1].number(Number::Exact { units, scale: 0 }),
                None => columns[1].null(),
            }
            lines.bytes(row.text().as_bytes(), &mut scratch);
            times.push(row.at);
            before.push(latest.map_or(i64::MIN, |latest| latest - disorder));
            if !dropped {
                *latest = (*latest).max(Some(row.at));
            }
        }
    }
    let columns = columns.into_iter().map(|c| Some(c.finish())).collect();
    let mut chunk = Chunk::of_columns(times.len(), columns, scratch);
    if let crate::data::Column::Bytes(spans) = lines.finish().data {
        chunk.rows = spans;
    }
    chunk.live = Selection::Some((0..rows.len() as u32).map(|row| 2 * row + 1).collect());
    chunk.times = Some(times);
    chunk.before = Some(before);
    chunk
}

/// Runs rows through a process by key 0 with the argument 1.
pub fn run(
    rows: &[Row],
    cuts: &[(usize, bool)],
    disorder: i64,
    make: impl Fn(&Making<'_>) -> Box<dyn Process>,
) -> Ran {
    run_with(rows, cuts, disorder, &[], Limits::default(), make)
}

pub fn run_with(
    rows: &[Row],
    cuts: &[(usize, bool)],
    disorder: i64,
    sets: &[Type],
    limits: Limits,
    make: impl Fn(&Making<'_>) -> Box<dyn Process>,
) -> Ran {
    let schema = schema(sets);
    let coder = KeyCoder::new(vec![Type::Text]);
    let made = || {
        make(&Making {
            schema: &schema,
            carry: &[0, 1],
            into: &[],
            merge: None,
            lines: true,
            zone: &Zone::default(),
            seed: 5,
            coder: &coder,
            alone: true,
            limits,
            batched: false,
            ticked: false,
        })
    };
    let mut process = made();
    let (mut lines, mut told) = (Vec::new(), Told::default());
    let show = |chunk: &Chunk, lines: &mut Vec<String>| {
        for row in chunk.live.iter() {
            let mut line = String::from_utf8_lossy(chunk.line(row)).into_owned();
            for (field, ty) in sets.iter().enumerate() {
                line.push(' ');
                let mut cell = b"-".to_vec();
                if let Some(column) = chunk.column(field + 2)
                    && column.is_valid(row as usize)
                {
                    cell.clear();
                    chunk
                        .value(column, ty, row as usize)
                        .write_plain(&Printing::default(), &mut cell);
                }
                line.push_str(&String::from_utf8_lossy(&cell));
            }
            lines.push(line);
        }
    };
    let (mut at, mut latest) = (0, None);
    for (turn, &(take, tell)) in cuts.iter().cycle().enumerate() {
        if at == rows.len() {
            break;
        }
        let end = (at + take).min(rows.len());
        let mut chunk = chunk(&rows[at..end], &mut latest, disorder);
        at = end;
        let key = chunk.column(0).expect("the key is there").clone();
        let args = vec![chunk.column(1).expect("the number is there").clone()];
        let given = Given {
            input: 0,
            key,
            args,
            now: turn as i64,
        };
        process.take(&mut chunk, &given, &mut told);
        show(&chunk, &mut lines);
        if tell && let Some(latest) = latest {
            for chunk in process.close(Watermark::At(latest - disorder), &mut told) {
                show(&chunk, &mut lines);
            }
        }
        if is_cut(turn, take) && told.failure.is_none() {
            process = restarted(process.as_ref(), made());
        }
        if turn % 3 == 2 {
            process = process.fork();
        }
    }
    for chunk in process.close(Watermark::End, &mut told) {
        show(&chunk, &mut lines);
    }
    Ran { lines, told }
}
