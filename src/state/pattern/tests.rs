//! A model that enumerates all ways through a stream, by the rules as they are written, against the process, over
//! random patterns, streams and cuts.

mod model;

use super::conditions::{Condition, Conditions, Input, Look, Reading};
use super::machine::{PARTIALS_MAX, Program, Skip};
use super::process::{Matcher, Plan};
use super::rows::Measure;
use super::syntax;
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Late, Limits, Making, OnFull, Process, Told};
use crate::data::time::{Watermark, Zone};
use crate::data::{Chunk, Column, ColumnBuilder, ColumnV, Field, Number, Schema, Type, Value};
use crate::state::testing;
use crate::{aggs, expr};
use model::Model;
use std::sync::Arc;

/// A small generator: cases are told by their seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ x >> 31
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

#[derive(Clone, Debug)]
struct Rec {
    id: i64,
    key: u8,
    time: i64,
    value: i64,
    /// Names that the record alone would be of.
    flags: u64,
}

/// What a name asks of the match so far.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Asks {
    Nothing,
    /// `v > NAME.v`, true if there is none.
    AboveLast(usize),
    AboveFirst(usize),
    /// `count(NAME.v) < 2`
    FewerThanTwo(usize),
    /// `v >= avg(NAME.v)`, true if there is none.
    AtLeastMean(usize),
    /// `v > max(NAME.v)`, true if there is none; `v + min(NAME.v) < sum(NAME.v) + 3`.
    AboveMax(usize),
    BelowSum(usize),
}

struct Case {
    program: Program,
    asks: Vec<Asks>,
    records: Vec<Rec>,
    disorder: Option<i64>,
}

type Way = Vec<(usize, usize)>;

/// What a row says: the ids that each step took.
type Said = (u8, bool, Vec<Vec<i64>>);

fn expected(case: &Case, sorted: &[&Rec]) -> (Vec<Said>, Vec<Said>) {
    let mut matches: Vec<((i64, usize), Said)> = Vec::new();
    let mut timeouts = Vec::new();
    for key in 0..3 {
        let model = Model {
            program: &case.program,
            asks: &case.asks,
            records: sorted
                .iter()
                .copied()
                .filter(|record| record.key == key)
                .collect(),
        };
        let said = |way: &Way, timeout: bool| -> Said {
            let of = |step: usize| way.iter().filter(move |(_, of)| *of == step);
            let ids = (0..model.pattern().steps.len())
                .map(|step| of(step).map(|(at, _)| model.records[*at].id).collect());
            (key, timeout, ids.collect())
        };
        for way in model.matches() {
            let last = model.records[way[way.len() - 1].0];
            let place = sorted
                .iter()
                .position(|record| record.id == last.id)
                .unwrap();
            matches.push(((last.time, place), said(&way, false)));
        }
        if case.program.timeouts {
            timeouts.extend(model.timeouts().iter().map(|way| said(way, true)));
        }
    }
    // INTERFACE 9.1: "Matches come by the time of their last record."
    matches.sort_by_key(|(last, _)| *last);
    timeouts.sort();
    (
        matches.into_iter().map(|(_, said)| said).collect(),
        timeouts,
    )
}

/// The process for a case: arguments are a flag a name, then the value and the id.
fn process(case: &Case, alone: bool) -> Matcher {
    limited(case, alone, Limits::default())
}

fn limited(case: &Case, alone: bool, limits: Limits) -> Matcher {
    let names = case.program.pattern.names.len();
    let mut looks = Vec::new();
    let mut by_name = Vec::new();
    for asks in &case.asks {
        let (text, step, readings): (&str, usize, &[Reading]) = match *asks {
            Asks::Nothing => {
                by_name.push(None);
                continue;
            }
            Asks::AboveLast(step) => ("x == null or v > x", step, &[Reading::Last]),
            Asks::AboveFirst(step) => ("x == null or v > x", step, &[Reading::First]),
            Asks::FewerThanTwo(step) => ("x < 2", step, &[Reading::Count]),
            Asks::AtLeastMean(step) => ("x == null or v >= x", step, &[Reading::Avg]),
            Asks::AboveMax(step) => ("x == null or v > x", step, &[Reading::Max]),
            Asks::BelowSum(step) => ("v + x < y + 3", step, &[Reading::Min, Reading::Sum]),
        };
        let mut schema = Schema::new(vec![Field::new("v", Type::Number)]);
        let mut inputs = vec![(Input::Arg(0), Type::Number)];
        for (reading, field) in readings.iter().zip(["x", "y"]) {
            let ty = reading.ty(&Type::Number);
            schema.add(Field::new(field, ty.clone()));
            inputs.push((Input::Look(looks.len()), ty));
            looks.push(Look {
                step,
                reading: *reading,
                arg: 0,
            });
        }
        let zone = Zone::default();
        let mut env = expr::Env {
            schema: &mut schema,
            zone: &zone,
            functions: &[],
        };
        let expr = expr::compile(&expr::parse(text).unwrap(), &mut env).unwrap();
        by_name.push(Some(Condition { expr, inputs }));
    }
    let collect = aggs::find("collect").unwrap();
    let measures = (0..case.program.pattern.steps.len()).map(|step| Measure {
        name: format!("ids{step}"),
        aggregate: collect,
        call: aggs::Call {
            func: "collect".into(),
            arg: Some(Type::Number),
            param: None,
            timed: true,
            exact: false,
        },
        arg: Some(1),
        step: Some(step),
    });
    let mut program = case.program.clone();
    program.contextual = case.asks.iter().any(|asks| *asks != Asks::Nothing);
    let plan = Plan {
        measures: measures.collect(),
        conditions: Conditions {
            by_name,
            looks,
            types: vec![Type::Number, Type::Number],
            now: 0,
        },
        program,
        flags: (0..names).collect(),
        keys: vec![Type::Text],
        windowed: false,
        bounded: false,
        by_window: false,
        later: 0,
        arrival: false,
    };
    let coder = KeyCoder::new(vec![Type::Text]);
    let schema = Schema::default();
    let zone = Zone::default();
    Matcher::new(
        Arc::new(plan),
        &Making {
            schema: &schema,
            carry: &[],
            into: &[],
            merge: None,
            lines: false,
            zone: &zone,
            seed: 7,
            coder: &coder,
            alone,
            limits,
            batched: false,
            ticked: false,
        },
    )
}

fn chunk_of(records: &[(Rec, i64)], names: usize) -> (Chunk, Given) {
    let mut scratch = Vec::new();
    let mut key = ColumnBuilder::new(&Type::Text);
    let mut numbers = [
        ColumnBuilder::new(&Type::Number),
        ColumnBuilder::new(&Type::Number),
    ];
    for (record, _) in records {
        key.bytes(&[b'a' + record.key], &mut scratch);
        for (builder, units) in numbers.iter_mut().zip([record.value, record.id]) {
            builder.number(Number::Exact { units, scale: 0 });
        }
    }
    let mut args: Vec<ColumnV> = Vec::new();
    for name in 0..names {
        let mut builder = ColumnBuilder::new(&Type::Bool);
        for (record, _) in records {
            builder.bool(record.flags >> name & 1 == 1);
        }
        args.push(builder.finish());
    }
    args.extend(numbers.map(ColumnBuilder::finish));
    let mut chunk = Chunk::of_columns(records.len(), Vec::new(), scratch);
    chunk.times = Some(records.iter().map(|(record, _)| record.time).collect());
    chunk.before = Some(records.iter().map(|(_, before)| *before).collect());
    let given = Given {
        input: 0,
        key: key.finish(),
        args,
        now: 0,
    };
    (chunk, given)
}

fn said(chunk: &Chunk, case: &Case, out: &mut Vec<Said>) {
    let steps = case.program.pattern.steps.len();
    let list = Type::List(Box::new(Type::Number));
    for row in chunk.live.iter() {
        let row = row as usize;
        let Column::Bytes(keys) = &chunk.column(0).unwrap().data else {
            panic!("a key is bytes");
        };
        let key = chunk.bytes(keys[row])[0] - b'a';
        let ids =
            (0..steps).map(
                |step| match chunk.value(chunk.column(3 + step).unwrap(), &list, row) {
                    Value::List(items) => items
                        .iter()
                        .map(|item| item.number().unwrap().to_i64_trunc().unwrap())
                        .collect(),
                    other => panic!("{other:?}"),
                },
            );
        let ids = ids.collect();
        let timeout = chunk
            .column(3 + steps)
            .is_some_and(|column| matches!(&column.data, Column::Bool(bits) if bits.get(row)));
        out.push((key, timeout, ids));
    }
}

/// Runs a case with random cuts. The rows, and how many records were late.
fn run(case: &Case, random: &mut Random) -> (Vec<Said>, u64) {
    let names = case.program.pattern.names.len();
    let alone = random.one_in(2);
    let mut process: Box<dyn Process> = Box::new(process(case, alone));
    let mut told = Told {
        late: Late::default(),
        ..Told::default()
    };
    let mut out = Vec::new();
    let mut latest = i64::MIN;
    let mut rest: &[Rec] = &case.records;
    let watermark = |latest: i64| match case.disorder {
        Some(disorder) if latest > i64::MIN => latest - disorder,
        _ => i64::MIN,
    };
    while !rest.is_empty() {
        let n = 1 + random.below(rest.len().min(7) as u64) as usize;
        let mut judged = Vec::new();
        for record in &rest[..n] {
            judged.push((record.clone(), watermark(latest)));
            latest = latest.max(record.time);
        }
        rest = &rest[n..];
        let (mut chunk, given) = chunk_of(&judged, names);
        process.take(&mut chunk, &given, &mut told);
        said(&chunk, case, &mut out);
        if random.one_in(5) {
            process = process.fork();
        }
        if random.one_in(2) {
            let fresh = Box::new(self::process(case, alone));
            process = testing::restarted(process.as_ref(), fresh);
        }
        if random.one_in(3) && case.disorder.is_some() {
            for chunk in process.close(Watermark::At(watermark(latest)), &mut told) {
                said(&chunk, case, &mut out);
            }
        }
    }
    for chunk in process.close(Watermark::End, &mut told) {
        said(&chunk, case, &mut out);
    }
    assert_eq!(told.failure, None);
    assert_eq!(process.held().0, 0, "nothing is kept behind the end");
    (out, told.late.records)
}

fn random_pattern(random: &mut Random, within: bool) -> String {
    let links = ["", "", "next ", "then ", "any "];
    let quantifiers = ["", "", "", "+", "*", "?", "{2}", "{1,2}", "{2,}"];
    let inner = ["", ":next", ":then", ":any"];
    loop {
        let mut text = String::new();
        for (at, name) in ["a", "b", "c"]
            .iter()
            .take(1 + random.below(3) as usize)
            .enumerate()
        {
            if at > 0 {
                if random.one_in(4) {
                    text.push_str(["not x ", "not next x "][at.min(1) * random.below(2) as usize]);
                    text = text.replace("x ", &format!("x{at} "));
                }
                text.push_str(random.pick(&links));
            }
            let quantifier = random.pick(&quantifiers);
            text.push_str(name);
            text.push_str(quantifier);
            if !quantifier.is_empty() {
                text.push_str(random.pick(&inner));
            }
            text.push(' ');
        }
        if random.one_in(6) {
            text.push_str("not next y ");
        }
        if within && random.one_in(5) {
            text.push_str("not z");
        }
        if syntax::parse(&text).is_ok() {
            return text;
        }
    }
}

fn random_case(random: &mut Random) -> (Case, String) {
    let within = random.one_in(2).then(|| 1 + random.below(8) as i64);
    let text = random_pattern(random, within.is_some());
    let pattern = syntax::parse(&text).unwrap();
    let steps = pattern.steps.len();
    let to = random.below(steps as u64) as usize;
    let skip = match random.below(7) {
        0 => Skip::None,
        1 => Skip::Next,
        2 if to > 0 && pattern.steps[to].quantifier.least > 0 => Skip::ToFirst(to),
        3 if pattern.steps[to].quantifier.least > 0 => Skip::ToLast(to),
        _ => Skip::PastLast,
    };
    let contextual = random.one_in(3);
    let asks = pattern.names.iter().map(|_| {
        let step = random.below(steps as u64) as usize;
        match contextual && random.one_in(2) {
            false => Asks::Nothing,
            true => random.pick(&[
                Asks::AboveLast(step),
                Asks::AboveFirst(step),
                Asks::FewerThanTwo(step),
                Asks::AtLeastMean(step),
                Asks::AboveMax(step),
                Asks::BelowSum(step),
            ]),
        }
    });
    let asks = asks.collect();
    let greedy = random.one_in(3);
    let names = pattern.names.len() as u64;
    let mut program = Program::new(pattern, skip, within, greedy);
    program.timeouts = within.is_some() && skip == Skip::None && !program.is_late();
    let keys = 1 + random.below(3);
    let density = 1 + random.below(4);
    let records = (0..random.below(14)).map(|id| {
        let mut flags = 0;
        for name in 0..names {
            flags |= u64::from(random.below(4) < density) << name;
        }
        Rec {
            id: id as i64,
            key: random.below(keys) as u8,
            time: (id / 2) as i64 + random.below(4) as i64,
            value: random.below(5) as i64,
            flags,
        }
    });
    let records = records.collect();
    let disorder = random.pick(&[None, Some(0), Some(2), Some(9)]);
    let shown = format!("{text} {skip:?} within {within:?} greedy {greedy}");
    (
        Case {
            program,
            asks,
            records,
            disorder,
        },
        shown,
    )
}

#[test]
fn event_time_2_12_all_ways_are_found_and_considered_in_order() {
    let (mut matches, mut timeouts, mut late) = (0, 0, 0);
    for seed in 0..6000 {
        let mut random = Random(seed);
        let (case, shown) = random_case(&mut random);
        // EVENT-TIME 2.2: a record is judged by the watermark that those before it made.
        let mut latest = i64::MIN;
        let mut sorted: Vec<&Rec> = Vec::new();
        for record in &case.records {
            let watermark = case
                .disorder
                .filter(|_| latest > i64::MIN)
                .map_or(i64::MIN, |by| latest - by);
            latest = latest.max(record.time);
            if record.time >= watermark {
                sorted.push(record);
            }
        }
        // EVENT-TIME 2.12: "Order: event time, ties as they come".
        sorted.sort_by_key(|record| record.time);
        let (expected_matches, expected_timeouts) = expected(&case, &sorted);
        for _ in 0..2 {
            let (rows, told) = run(&case, &mut random);
            let (mut timed, found): (Vec<Said>, Vec<Said>) =
                rows.into_iter().partition(|said| said.1);
            timed.sort();
            let what = || format!("seed {seed}: {shown}\n{:?}\n{:?}", case.asks, sorted);
            assert_eq!(found, expected_matches, "{}", what());
            assert_eq!(timed, expected_timeouts, "timeouts, {}", what());
            assert_eq!(
                told as usize,
                case.records.len() - sorted.len(),
                "{}",
                what()
            );
            late += told;
        }
        matches += expected_matches.len();
        timeouts += expected_timeouts.len();
    }
    // The cases are worth something.
    assert!(
        matches > 5000 && timeouts > 500 && late > 500,
        "{matches} {timeouts} {late}"
    );
}

fn case_of(text: &str, skip: Skip, flags: impl IntoIterator<Item = (u8, u64)>) -> Case {
    let pattern = syntax::parse(text).unwrap();
    let records = flags.into_iter().enumerate().map(|(id, (key, flags))| Rec {
        id: id as i64,
        key,
        time: id as i64,
        value: 0,
        flags,
    });
    Case {
        asks: vec![Asks::Nothing; pattern.names.len()],
        program: Program::new(pattern, skip, None, false),
        records: records.collect(),
        disorder: None,
    }
}

fn fed(case: &Case, limits: Limits) -> (Vec<Said>, Told) {
    let mut process = limited(case, true, limits);
    let mut told = Told::default();
    let records: Vec<(Rec, i64)> = case
        .records
        .iter()
        .map(|record| (record.clone(), i64::MIN))
        .collect();
    let (mut chunk, given) = chunk_of(&records, case.program.pattern.names.len());
    process.take(&mut chunk, &given, &mut told);
    let mut rows = Vec::new();
    for chunk in process.close(Watermark::End, &mut told) {
        said(&chunk, case, &mut rows);
    }
    (rows, told)
}

#[test]
fn too_many_partial_matches_end_with_a_message() {
    let case = case_of("a any b", Skip::None, (0..=PARTIALS_MAX).map(|_| (0, 1)));
    let (_, told) = fed(&case, Limits::default());
    let (status, message) = told.failure.expect("it is full");
    assert_eq!(status, 65);
    assert!(
        message.contains("100000 partial matches; give --within"),
        "{message}"
    );
    // Where the first of equal states wins every time, they are one.
    let case = case_of("a b", Skip::PastLast, (0..=PARTIALS_MAX).map(|_| (0, 1)));
    assert_eq!(fed(&case, Limits::default()).1.failure, None);
}

#[test]
fn too_many_keys_end_or_the_oldest_goes() {
    let case = case_of(
        "a b",
        Skip::PastLast,
        [(0, 1), (1, 1), (2, 1), (0, 2), (2, 2)],
    );
    assert_eq!(fed(&case, Limits::default()).0.len(), 2);
    let two = |on_full| Limits {
        keys: Some(2),
        on_full,
    };
    let (_, told) = fed(&case, two(OnFull::Fail));
    assert!(
        told.failure
            .is_some_and(|(status, message)| status == 65 && message.contains("--max-keys"))
    );
    let (rows, told) = fed(&case, two(OnFull::EvictOldest));
    // The first key goes when the third comes; of what begins nothing, nothing is left that would count.
    assert_eq!(rows, [(2, false, vec![vec![2], vec![4]])]);
    assert_eq!(told.counts.values().copied().collect::<Vec<u64>>(), [1]);
}

/// A match as long as the stream is dropped without a stack as deep.
#[test]
fn a_long_match_is_one_row() {
    let case = case_of(
        "a+:next next b",
        Skip::PastLast,
        (0..50_000).map(|i| (0, 1 + u64::from(i == 49_999))),
    );
    let (rows, told) = fed(&case, Limits::default());
    assert_eq!(told.failure, None);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].2[0].len(), 49_999);
}
