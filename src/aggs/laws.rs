//! Tests over the whole table. The law: however the input is cut into chunks and accumulators, and in whatever
//! order these are merged, and whenever they are saved and loaded, the same bytes come out; and they are those of a
//! plain model.

use super::exact::nearest;
use super::owned::{Owned, order};
use super::*;
mod saving;

use crate::data::value::Printing;
use crate::data::{Block, Selection, Value};
use proptest::prelude::*;

/// One record: its group, its event time and its cell.
#[derive(Clone, Debug)]
struct Record {
    group: usize,
    time: i64,
    cell: Owned,
}

const GROUPS: usize = 3;
const WINDOW: (i64, i64) = (0, 8_000_000_000);

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % sides as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

/// Whether numbers are such that the model can add them.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Range {
    Tame,
    Wild,
}

fn types() -> Vec<Type> {
    use Type::*;
    vec![
        Untyped,
        Text,
        Json,
        Number,
        Float,
        Time,
        Duration,
        Bool,
        List(Box::new(Untyped)),
        Null,
    ]
}

fn number(dice: &mut Dice, range: Range) -> Number {
    let wild = range == Range::Wild;
    match dice.roll(if wild { 9 } else { 5 }) {
        0 => Number::Exact {
            units: dice.roll(5) as i64 - 2,
            scale: 0,
        },
        1 => Number::Exact {
            units: dice.roll(2000) as i64 - 1000,
            scale: 1,
        },
        2 => Number::Exact {
            units: dice.roll(200) as i64 * 10,
            scale: 2,
        },
        3 => Number::Exact {
            units: dice.roll(2_000_000) as i64 - 1_000_000,
            scale: 6,
        },
        4 if dice.roll(3) == 0 => Number::Float((dice.roll(1000) as f64 - 500.0) / 16.0),
        4 => Number::Exact { units: 7, scale: 0 },
        5 => Number::Exact {
            units: 999_999_999_999_999_999 - dice.roll(9) as i64,
            scale: 0,
        },
        6 => Number::Exact {
            units: dice.roll(1 << 40) as i64 - (1 << 39),
            scale: 18,
        },
        7 => Number::Float(f64::from_bits((dice.roll(1 << 50) as u64) << 13 | 1)),
        _ => Number::Float(*dice.pick(&[1e300, -1e300, 1e-300, 0.1, -0.0, 5e-324, 1e18])),
    }
}

fn cell(dice: &mut Dice, ty: &Type, range: Range) -> Owned {
    const WORDS: [&str; 9] = [
        "",
        "b",
        "a",
        "abc",
        "7",
        "7.0",
        "-3",
        "a long text that does not fit in place",
        "1e2",
    ];
    const JSON: [&str; 8] = [
        "1",
        "\"1\"",
        "1.0",
        "\"a\"",
        "\"\"",
        "true",
        "{\"a\":1}",
        "2",
    ];
    if dice.roll(6) == 0 {
        return Owned::Null;
    }
    let printed = |number: Number| {
        let mut out = Vec::new();
        number.write(&mut out);
        out
    };
    let mut out = Owned::Null;
    match ty {
        Type::Untyped | Type::Text if dice.roll(2) == 0 => {
            out.set_bytes(dice.pick(&WORDS).as_bytes())
        }
        Type::Json if dice.roll(2) == 0 => out.set_bytes(dice.pick(&JSON).as_bytes()),
        Type::Untyped | Type::Text | Type::Json => out.set_bytes(&printed(number(dice, range))),
        Type::Number => out = Owned::Number(number(dice, range).normalised()),
        Type::Float if range == Range::Tame => {
            out = Owned::Number(Number::Float((dice.roll(1000) as f64 - 500.0) / 16.0));
        }
        Type::Float => out = Owned::Number(Number::Float(number(dice, range).to_f64())),
        Type::Time | Type::Duration if range == Range::Wild && dice.roll(4) == 0 => {
            out = Owned::Nanos(*dice.pick(&[i64::MAX, i64::MIN, -i64::MAX, 0]));
        }
        Type::Time | Type::Duration => out = Owned::Nanos(dice.roll(9) as i64 * 250_000_000),
        Type::Bool => out = Owned::Bool(dice.roll(2) == 0),
        Type::List(item) => {
            out = Owned::List((0..dice.roll(3)).map(|_| cell(dice, item, range)).collect());
        }
        Type::Null => {}
    }
    out
}

fn records(dice: &mut Dice, ty: &Type, range: Range) -> Vec<Record> {
    let count = *dice.pick(&[0, 1, 5, 40, 150]);
    (0..count)
        .map(|_| Record {
            group: dice.roll(GROUPS),
            time: dice.roll(6) as i64 * 1_000_000_000,
            cell: cell(dice, ty, range),
        })
        .collect()
}

/// Every function with a parameter that fits, for arguments of a type.
fn calls(ty: &Type) -> Vec<(&'static Aggregate, Call)> {
    let numeric = matches!(
        ty,
        Type::Number | Type::Float | Type::Time | Type::Duration | Type::Null
    );
    let mut out = Vec::new();
    for aggregate in AGGREGATES {
        let fits = match aggregate.arg {
            Need::No | Need::Any | Need::Optional => true,
            Need::Number | Need::OptionalNumber => numeric,
            Need::Bool => matches!(ty, Type::Bool | Type::Null),
        };
        if !fits {
            continue;
        }
        let funcs: &[&str] = match aggregate.name {
            "pN" => &["p0", "p50", "p99.9", "p100"],
            name => &[name],
        };
        let params: &[Option<&str>] = match aggregate.param {
            Param::No => &[None],
            Param::Optional => &[None, Some("3")],
            Param::Required => &[Some("3")],
        };
        for func in funcs {
            for param in params {
                for (timed, bare) in [(false, false), (false, true), (true, false), (true, true)] {
                    let arg = match aggregate.arg {
                        Need::No => None,
                        Need::Optional | Need::OptionalNumber => (!bare).then(|| ty.clone()),
                        _ => Some(ty.clone()),
                    };
                    let call = Call {
                        func: func.to_string(),
                        arg,
                        param: param.map(str::to_string),
                        timed,
                        exact: false,
                    };
                    out.push((*aggregate, call));
                }
            }
        }
    }
    out
}

/// A chunk of records and its column; now and then with rows between that do not live.
fn chunk(
    dice: &mut Dice,
    records: &[Record],
    ty: &Type,
    seq: u64,
    timed: bool,
) -> (Chunk, ColumnV) {
    let (mut builder, mut scratch) = (ColumnBuilder::new(ty), Vec::new());
    let (mut live, mut times) = (Vec::new(), Vec::new());
    let gaps = dice.roll(2) == 0;
    for record in records {
        while gaps && dice.roll(3) == 0 {
            cell(dice, ty, Range::Wild).push(ty, &mut builder, &mut scratch);
            times.push(i64::MIN);
        }
        live.push(times.len() as u32);
        record.cell.push(ty, &mut builder, &mut scratch);
        times.push(record.time);
    }
    let mut chunk = Chunk::of_columns(times.len(), Vec::new(), scratch);
    chunk.block = Block::copy_of(b"");
    chunk.block.seq = seq;
    chunk.times = timed.then_some(times);
    if gaps {
        chunk.live = Selection::Some(live);
    }
    (chunk, builder.finish())
}

fn update(
    accumulator: &mut dyn Accumulator,
    chunk: &Chunk,
    column: &ColumnV,
    groups: &[u32],
    call: &Call,
) {
    let rows = Rows { chunk, groups };
    let arg = call.arg.is_some().then_some(column);
    if accumulator.reads_numbers() && chunk.block.seq % 2 == 1 {
        let mut read = Numbers::default();
        crate::bytes::number::numbers(&chunk.cells(column).expect("it reads bytes"), &mut read);
        accumulator.update_read(&rows, arg, &read);
    } else {
        accumulator.update(&rows, arg);
    }
}

/// The value of each group as JSON.
fn emitted(
    accumulator: &dyn Accumulator,
    groups: &[u32],
    windows: Option<&[(i64, i64)]>,
    ty: &Type,
) -> Vec<String> {
    let (mut out, mut scratch) = (ColumnBuilder::new(ty), Vec::new());
    accumulator.emit(groups, windows, &mut out, &mut scratch);
    let chunk = Chunk::of_columns(groups.len(), Vec::new(), scratch);
    let column = out.finish();
    (0..groups.len())
        .map(|row| json(&chunk.value(&column, ty, row)))
        .collect()
}

fn json(value: &Value<'_>) -> String {
    let mut out = Vec::new();
    value.write_json(&Printing::default(), &mut out);
    String::from_utf8(out).expect("the cells are text")
}

/// What comes out if all records are fed to one accumulator, in one chunk.
fn whole(
    dice: &mut Dice,
    records: &[Record],
    aggregate: &Aggregate,
    call: &Call,
    ty: &Type,
) -> Vec<String> {
    let mut all = (aggregate.make)(call);
    all.grow(GROUPS);
    let (chunk, column) = chunk(dice, records, ty, 0, call.timed);
    let groups: Vec<u32> = records.iter().map(|record| record.group as u32).collect();
    update(&mut *all, &chunk, &column, &groups, call);
    let windows = [WINDOW; GROUPS];
    let windows = (!call.timed).then_some(&windows[..]);
    emitted(&*all, &[0, 1, 2], windows, &(aggregate.result)(call))
}

/// What comes out if they are cut into chunks, dealt to accumulators that number the groups in ways of their
/// own, now and then saved and loaded, and these are merged in any order.
fn split(
    dice: &mut Dice,
    records: &[Record],
    aggregate: &Aggregate,
    call: &Call,
    ty: &Type,
) -> Vec<String> {
    let mut parts: Vec<(Box<dyn Accumulator>, [u32; GROUPS])> = (0..1 + dice.roll(4))
        .map(|_| {
            let mut part = (aggregate.make)(call);
            if dice.roll(3) == 0 {
                // Capacity of an earlier use must not show.
                part.grow(2);
                let (chunk, column) =
                    chunk(dice, &records[..records.len().min(2)], ty, 9, call.timed);
                update(
                    &mut *part,
                    &chunk,
                    &column,
                    &vec![1; chunk.live.len()],
                    call,
                );
                part.clear();
            }
            let turn = dice.roll(GROUPS);
            (
                part,
                std::array::from_fn(|group| ((group + turn) % GROUPS) as u32),
            )
        })
        .collect();
    let (mut rest, mut seq) = (records, 0);
    while !rest.is_empty() {
        let (head, tail) = rest.split_at(1 + dice.roll(rest.len().min(30)));
        let part = dice.roll(parts.len());
        let (accumulator, names) = &mut parts[part];
        let groups: Vec<u32> = head.iter().map(|record| names[record.group]).collect();
        accumulator.grow(GROUPS);
        let (chunk, column) = chunk(dice, head, ty, seq, call.timed);
        update(&mut **accumulator, &chunk, &column, &groups, call);
        if dice.roll(4) == 0 {
            *accumulator = saving::reloaded(&**accumulator, aggregate, call);
        }
        (rest, seq) = (tail, seq + 1);
    }
    for (part, _) in &mut parts {
        part.grow(GROUPS);
    }
    while parts.len() > 1 {
        let (from, names) = parts.swap_remove(dice.roll(parts.len()));
        let at = dice.roll(parts.len());
        let (into, into_names) = &mut parts[at];
        into.merge(&*into_names, &*from, &names);
        assert!(into.bytes() > 0);
        if dice.roll(4) == 0 {
            *into = saving::reloaded(&**into, aggregate, call);
        }
    }
    let (accumulator, names) = &parts[0];
    let windows = [WINDOW; GROUPS];
    let windows = (!call.timed).then_some(&windows[..]);
    emitted(&**accumulator, names, windows, &(aggregate.result)(call))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_split_and_no_order_of_merging_shows(seed: u64) {
        let mut dice = Dice(seed);
        for ty in types() {
            let records = records(&mut dice, &ty, Range::Wild);
            for (aggregate, call) in calls(&ty) {
                let want = whole(&mut dice, &records, aggregate, &call, &ty);
                let got = split(&mut dice, &records, aggregate, &call, &ty);
                prop_assert_eq!(got, want, "{:?} of {:?}", call, records);
            }
        }
    }

    #[test]
    fn all_agree_with_a_plain_model(seed: u64) {
        let mut dice = Dice(seed);
        for ty in types() {
            let records = records(&mut dice, &ty, Range::Tame);
            for (aggregate, call) in calls(&ty) {
                let got = split(&mut dice, &records, aggregate, &call, &ty);
                for (group, got) in got.iter().enumerate() {
                    let mine: Vec<&Record> = records.iter().filter(|record| record.group == group).collect();
                    let want = model(&call, &ty, &mine);
                    prop_assert_eq!(got, &want, "{:?} of {:?}", call, mine);
                }
            }
        }
    }
}

/// What an aggregate is of the records of one group, as JSON.
fn model(call: &Call, ty: &Type, records: &[&Record]) -> String {
    let null = || "null".to_string();
    fn of<'a>(record: &'a Record, ty: &Type) -> Value<'a> {
        record.cell.value(ty)
    }
    let value = |record| of(record, ty);
    let present: Vec<&Record> = records
        .iter()
        .copied()
        .filter(|r| !value(r).is_null())
        .collect();
    // Without empty fields, in the order of the language.
    let mut sorted: Vec<Value<'_>> = present
        .iter()
        .map(|record| value(record))
        .filter(|value| !matches!(value, Value::Untyped(b"")))
        .collect();
    sorted.sort_by(order);
    let time = |record: &Record| if call.timed { record.time } else { 0 };
    let list = |values: Vec<Value<'_>>| json(&Value::List(values));
    match call.func.as_str() {
        "count" if call.arg.is_none() => records.len().to_string(),
        "count" => present.len().to_string(),
        "count_if" => present
            .iter()
            .filter(|r| matches!(r.cell, Owned::Bool(true)))
            .count()
            .to_string(),
        "min" => sorted.first().map_or_else(null, json),
        "max" => sorted.last().map_or_else(null, json),
        "first" => present
            .iter()
            .min_by_key(|r| time(r))
            .map_or_else(null, |r| json(&value(r))),
        "last" => present
            .iter()
            .max_by_key(|r| time(r))
            .map_or_else(null, |r| json(&value(r))),
        "any" => present.first().map_or_else(null, |r| json(&value(r))),
        "collect" => {
            let limit = call.count().unwrap_or(usize::MAX);
            list(present.iter().take(limit).map(|r| value(r)).collect())
        }
        "join" => {
            let texts: Vec<Vec<u8>> = present
                .iter()
                .map(|r| value(r).text().into_owned())
                .collect();
            let joined = texts.join(call.param.as_deref().unwrap_or(",").as_bytes());
            if texts.is_empty() {
                null()
            } else {
                json(&Value::Text(&joined))
            }
        }
        "topk" => list(sorted.into_iter().rev().take(3).collect()),
        "topk_distinct" => {
            sorted.dedup_by(|a, b| order(a, b).is_eq());
            list(sorted.into_iter().rev().take(3).collect())
        }
        "distinct" | "approx_distinct" => {
            let mut values: Vec<Value<'_>> = present.iter().map(|r| value(r)).collect();
            values.sort_by(order);
            values.dedup_by(|a, b| order(a, b).is_eq());
            values.len().to_string()
        }
        "mode" => {
            let times = |of: &Value<'_>| {
                sorted
                    .iter()
                    .filter(|other| order(of, other).is_eq())
                    .count()
            };
            let most = sorted.iter().map(times).max();
            sorted
                .iter()
                .find(|of| Some(times(of)) == most)
                .map_or_else(null, json)
        }
        "span" => {
            let times: Vec<i64> = records.iter().map(|r| r.time).collect();
            match (times.iter().min(), times.iter().max()) {
                (Some(low), Some(high)) if call.timed => json(&Value::Duration(high - low)),
                _ => null(),
            }
        }
        _ => number_model(call, records, &present),
    }
}

/// Numbers of the tame range are whole in units of 1 / (16 * 10^9).
const UNIT: i128 = 16_000_000_000;

fn units(cell: &Owned) -> i128 {
    match cell {
        Owned::Nanos(ns) => i128::from(*ns) * 16,
        Owned::Number(Number::Exact { units, scale }) => {
            i128::from(*units) * UNIT / 10i128.pow((*scale).into())
        }
        Owned::Number(Number::Float(value)) => {
            let (over, under) = (value * 16.0, UNIT / 16);
            // A decimal that was made a float: only sixteenths are tame.
            assert_eq!(over, over.trunc());
            over as i128 * under
        }
        other => panic!("{other:?} is no number"),
    }
}

/// The aggregates of numbers. Tame ones have so few digits that the text of the nearest float is theirs.
fn number_model(call: &Call, records: &[&Record], present: &[&Record]) -> String {
    let null = || "null".to_string();
    let float = |value: f64| json(&Value::Number(Number::Float(value)));
    let mut values: Vec<i128> = match call.arg {
        None => vec![UNIT; records.len()],
        Some(_) => present.iter().map(|r| units(&r.cell)).collect(),
    };
    values.sort();
    let (count, sum) = (values.len() as i128, values.iter().sum::<i128>());
    let rational = |over: i128, under: i128| float(nearest(over, under as u128));
    match call.func.as_str() {
        "sum" if records.is_empty() => "0".into(),
        "sum" if values.is_empty() => null(),
        "sum" => rational(sum, UNIT),
        "avg" if values.is_empty() => null(),
        "avg" => rational(sum, UNIT * count),
        "var" | "stddev" if count < 2 => null(),
        "var" | "stddev" => {
            let squares: i128 = values.iter().map(|value| value * value).sum();
            let variance = nearest(
                count * squares - sum * sum,
                (UNIT * UNIT * count * (count - 1)) as u128,
            );
            float(if call.func == "var" {
                variance
            } else {
                variance.sqrt()
            })
        }
        "rate" => {
            let times: Vec<i64> = records.iter().map(|r| r.time).collect();
            let length = match call.timed {
                false => WINDOW.1 - WINDOW.0,
                true => times.iter().max().unwrap_or(&0) - times.iter().min().unwrap_or(&0),
            };
            match values.is_empty() || length == 0 {
                true => null(),
                false => rational(sum * 1_000_000_000, UNIT * i128::from(length)),
            }
        }
        "hist" => {
            let mut buckets = std::collections::BTreeMap::<i128, usize>::new();
            for value in values {
                *buckets.entry(value.div_euclid(3 * UNIT) * 3).or_default() += 1;
            }
            let pairs: Vec<String> = buckets
                .iter()
                .map(|(edge, count)| format!("[{edge},{count}]"))
                .collect();
            format!("[{}]", pairs.join(","))
        }
        _ if values.is_empty() => null(),
        percentile => {
            let share: f64 = match percentile {
                "median" => 50.0,
                percentile => percentile[1..].parse().expect("pN"),
            };
            let rank = (share * count as f64 / 100.0).ceil().max(1.0) as usize;
            rational(values[rank - 1], UNIT)
        }
    }
}

/// Calls that may answer from a sketch.
fn sketches(ty: &Type) -> Vec<(&'static Aggregate, Call)> {
    let mut calls = calls(ty);
    calls.retain(|(_, call)| bound(call).is_some() && !call.timed);
    calls
}

/// More records than sketches keep, of values of which many differ; about half a group's are in the first.
fn many_records(dice: &mut Dice, ty: &Type) -> Vec<Record> {
    let count = *dice.pick(&[6_000, 9_000, 16_000]);
    let values = *dice.pick(&[50, 4_400, 1_000_000]);
    let sign = *dice.pick(&[-1, 1]);
    (0..count)
        .map(|_| {
            let units = sign * (dice.roll(values) as i64 - values as i64 / 8);
            let number = Number::Exact { units, scale: 2 }.normalised();
            let mut out = Owned::Null;
            match ty {
                _ if dice.roll(20) == 0 => out = cell(dice, ty, Range::Tame),
                Type::Number => out = Owned::Number(number),
                Type::Float => out = Owned::Number(Number::Float(units as f64 / 16.0)),
                Type::Duration => out = Owned::Nanos(units * 1_000_000),
                _ => {
                    let mut text = Vec::new();
                    number.write(&mut text);
                    out.set_bytes(&text);
                }
            }
            Record {
                group: dice.roll(4) % GROUPS,
                time: 0,
                cell: out,
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// EVENT-TIME 2.11: beyond the limit the sketch of all values, whatever the order of merging; its bound;
    /// and with `--exact` the exact answer.
    #[test]
    fn sketches_keep_the_law_and_their_bounds(seed: u64) {
        let mut dice = Dice(seed);
        for ty in [Type::Untyped, Type::Json, Type::Number, Type::Float, Type::Duration] {
            let records = many_records(&mut dice, &ty);
            for (aggregate, call) in sketches(&ty) {
                let want = whole(&mut dice, &records, aggregate, &call, &ty);
                let got = split(&mut dice, &records, aggregate, &call, &ty);
                prop_assert_eq!(&got, &want, "{:?}", call);
                let exactly = Call { exact: true, ..call.clone() };
                let exact = split(&mut dice, &records, aggregate, &exactly, &ty);
                for (group, (got, exact)) in got.iter().zip(&exact).enumerate() {
                    let mine: Vec<&Record> = records.iter().filter(|record| record.group == group).collect();
                    prop_assert_eq!(exact, &model(&exactly, &ty, &mine), "{:?}", call);
                    let read = |text: &str| text.parse::<f64>().expect("all groups have values");
                    let (got, exact) = (read(got), read(exact));
                    // Five standard errors.
                    let share = if aggregate.name == "approx_distinct" { 0.0405 } else { 0.01 };
                    prop_assert!((got - exact).abs() <= share * exact.abs(), "{got} for {exact}: {call:?}");
                }
            }
        }
    }
}

/// EVENT-TIME 2.11: exact up to 4,096 distinct values; 4,096 values of a quantile. No sketch with `--exact`.
#[test]
fn sketches_begin_behind_4096() {
    for (aggregate, call) in sketches(&Type::Number) {
        for (values, exact, sketched) in [
            (4096, false, false),
            (4097, false, true),
            (20_000, true, false),
        ] {
            let call = Call {
                exact,
                ..call.clone()
            };
            // Each twice where only different ones count.
            let twice = aggregate.name == "approx_distinct";
            let records: Vec<Record> = (0..values << u8::from(twice))
                .map(|i| Record {
                    group: 0,
                    time: 0,
                    cell: Owned::Number(Number::Exact {
                        units: (i % values) * 7,
                        scale: 0,
                    }),
                })
                .collect();
            let mut accumulator = (aggregate.make)(&call);
            accumulator.grow(2);
            let empty = accumulator.bytes();
            let (chunk, column) = chunk(&mut Dice(1), &records, &Type::Number, 0, false);
            update(
                &mut *accumulator,
                &chunk,
                &column,
                &vec![0; records.len()],
                &call,
            );
            assert_eq!(is_sketched(&*accumulator, 0), sketched, "{call:?}");
            assert!(!is_sketched(&*accumulator, 1), "{call:?}");
            // Small groups stay small.
            assert!(empty < 400, "{call:?}: {empty}");
            if !sketched {
                let mine: Vec<&Record> = records.iter().collect();
                let got = emitted(&*accumulator, &[0], None, &Type::Number);
                assert_eq!(got, [model(&call, &Type::Number, &mine)], "{call:?}");
            }
        }
    }
}

#[test]
fn bounds_are_of_sketches_only() {
    let all = calls(&Type::Number);
    let exact = all.iter().map(|(_, call)| Call {
        exact: true,
        ..call.clone()
    });
    assert!(exact.into_iter().all(|call| bound(&call).is_none()));
    let mut named: Vec<&str> = all
        .iter()
        .filter(|(_, call)| bound(call).is_some())
        .map(|(aggregate, _)| aggregate.name)
        .collect();
    named.dedup();
    assert_eq!(named, ["approx_distinct", "median", "pN"]);
}

/// Section 7 of the interface.
const NAMES: &str = "count count_if sum min max avg mean var stddev p50 p99 p99.9 median distinct \
                     approx_distinct first last any mode collect join topk topk_distinct rate span hist";

#[test]
fn the_table_is_sorted_and_complete() {
    assert!(AGGREGATES.is_sorted_by(|a, b| a.name < b.name));
    let mut named: Vec<&str> = NAMES
        .split_whitespace()
        .map(|name| find(name).expect(name).name)
        .collect();
    named.sort();
    named.dedup();
    let table: Vec<&str> = AGGREGATES.iter().map(|aggregate| aggregate.name).collect();
    assert_eq!(named, table);
}

#[test]
fn every_row_is_documented() {
    for aggregate in AGGREGATES {
        let doc = &aggregate.doc;
        assert!(
            !doc.summary.is_empty() && !doc.summary.ends_with('.'),
            "{}",
            aggregate.name
        );
        assert!(doc.text.ends_with('.'), "{}", aggregate.name);
        for example in doc.examples {
            let session = example.session;
            assert!(
                session.starts_with("$ ") && session.ends_with('\n'),
                "{session}"
            );
            let spelt = aggregate.name == "pN" || session.contains(aggregate.name);
            assert!(spelt, "{}: {session}", aggregate.name);
        }
        assert!(!doc.examples.is_empty(), "{}", aggregate.name);
    }
}

#[test]
fn memory_is_counted_and_given_back() {
    let mut dice = Dice(7);
    let records = records(&mut Dice(1), &Type::Untyped, Range::Tame);
    for (aggregate, call) in calls(&Type::Untyped) {
        let mut accumulator = (aggregate.make)(&call);
        accumulator.grow(GROUPS);
        let (chunk, column) = chunk(&mut dice, &records, &Type::Untyped, 0, call.timed);
        let groups: Vec<u32> = records.iter().map(|record| record.group as u32).collect();
        update(&mut *accumulator, &chunk, &column, &groups, &call);
        let full = accumulator.bytes();
        accumulator.clear();
        assert!(accumulator.bytes() <= full, "{call:?}");
        accumulator.grow(1);
        let empty = emitted(&*accumulator, &[0], None, &(aggregate.result)(&call));
        assert_eq!(empty, [model(&call, &Type::Untyped, &[])], "{call:?}");
    }
}
