//! Filled windows against a plain loop over random rows in random chunks.

use super::*;
use crate::data::value::Printing;
use crate::data::{Field, Schema, Selection};
use crate::plan::node::Extent;
use crate::state::testing;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn types() -> [Type; 3] {
    [
        Type::Number,
        Type::Untyped,
        Type::List(Box::new(Type::Text)),
    ]
}

/// Window, key, number, text.
type Given4 = (i64, u8, Option<i64>, &'static str);

fn filling(how: How, size: i64, slide: i64) -> Filling {
    Filling {
        how,
        window: Window {
            size: Extent::Fixed(size),
            slide: Extent::Fixed(slide),
            offset: 3,
            grow: None,
        },
        keys: vec![Type::Text],
        fields: types().to_vec(),
    }
}

fn making<T>(limits: Limits, run: impl FnOnce(&Making<'_>) -> T) -> T {
    let schema = Schema::new(vec![Field::new("k", Type::Text)]);
    run(&Making {
        schema: &schema,
        carry: &[],
        into: &[],
        merge: None,
        lines: false,
        zone: &Zone::default(),
        seed: 7,
        coder: &KeyCoder::new(vec![Type::Text]),
        alone: true,
        limits,
        batched: false,
        ticked: false,
    })
}

fn chunk(rows: &[Given4], size: i64, slide: i64) -> (Chunk, Given) {
    let mut scratch = Vec::new();
    let mut key = ColumnBuilder::new(&Type::Text);
    let mut cells: Vec<ColumnBuilder> = types().iter().map(ColumnBuilder::new).collect();
    let mut windows = Vec::new();
    for (window, name, number, text) in rows {
        let start = window * slide + 3;
        windows.push((start, start + size));
        key.bytes(&[b'a' + name], &mut scratch);
        match number {
            Some(units) => cells[0].number(Number::Exact {
                units: *units,
                scale: 1,
            }),
            None => cells[0].null(),
        }
        cells[1].bytes(text.as_bytes(), &mut scratch);
        cells[2].items().bytes(b"x", &mut scratch);
        cells[2].end_list();
    }
    let mut chunk = Chunk::of_columns(rows.len(), Vec::new(), scratch);
    chunk.times = Some(windows.iter().map(|(_, end)| end - 1).collect());
    chunk.before = chunk.times.clone();
    chunk.windows = Some(windows);
    let given = Given {
        input: 0,
        key: key.finish(),
        args: cells.into_iter().map(ColumnBuilder::finish).collect(),
        now: 0,
    };
    (chunk, given)
}

/// Rows as text, with their times and what they say of later ones.
fn show(chunk: &Chunk, slide: i64, out: &mut Vec<(String, i64, i64)>) {
    for row in chunk.live.iter() {
        let at = row as usize;
        let window = chunk.windows.as_ref().expect("rows have windows")[at];
        let mut line = ((window.0 - 3) / slide).to_string().into_bytes();
        let types = [Type::Text].into_iter().chain(types());
        for (field, ty) in (2..).zip(types) {
            line.push(b' ');
            let column = chunk.column(field).expect("all columns are there");
            chunk
                .value(column, &ty, at)
                .write_plain(&Printing::default(), &mut line);
        }
        out.push((
            String::from_utf8_lossy(&line).into_owned(),
            chunk.times.as_ref().expect("rows have times")[at],
            chunk.before.as_ref().expect("rows are judged")[at],
        ));
    }
}

/// Runs rows in chunks; time is told behind some, as far as it can be.
fn run(
    how: How,
    rows: &[Given4],
    cuts: &[(usize, bool)],
    (size, slide): (i64, i64),
    limits: Limits,
) -> (Vec<(String, i64, i64)>, Told) {
    let made = || -> Box<dyn Process> {
        let filling = filling(how, size, slide);
        making(limits, |making| Box::new(Fill::new(filling, making)))
    };
    let mut process = made();
    let (mut out, mut told, mut at) = (Vec::new(), Told::default(), 0);
    let mut floor = i64::MIN;
    for (turn, &(take, tell)) in cuts.iter().cycle().enumerate() {
        if at == rows.len() {
            break;
        }
        let end = (at + take).min(rows.len());
        let (mut chunk, given) = chunk(&rows[at..end], size, slide);
        at = end;
        let had = out.len();
        process.take(&mut chunk, &given, &mut told);
        show(&chunk, slide, &mut out);
        if let (true, Some(next)) = (tell, rows.get(at)) {
            // The aggregate has given all windows that end by then.
            let upto = next.0 * slide + 3 + size - 1;
            for chunk in process.close(Watermark::At(upto), &mut told) {
                show(&chunk, slide, &mut out);
            }
            assert!(
                out[had..].iter().all(|(_, time, _)| *time >= floor),
                "{out:?}"
            );
            floor = upto.saturating_sub(process.lag());
        }
        if testing::is_cut(turn, take) && told.failure.is_none() {
            process = testing::restarted(process.as_ref(), made());
        }
        if turn % 3 == 2 {
            process = process.fork();
        }
    }
    for chunk in process.close(Watermark::End, &mut told) {
        show(&chunk, slide, &mut out);
    }
    (out, told)
}

fn plain(how: How, rows: &[Given4]) -> Vec<String> {
    let text = |window: i64, key: u8, number: String, text: &str, list: &str| {
        format!("{window} {} {number} {text} {list}", (b'a' + key) as char)
    };
    let tenths = |units: Option<i64>| match units {
        Some(units) => (units as f64 / 10.0).to_string(),
        None => String::new(),
    };
    let mut of_key: BTreeMap<u8, BTreeMap<i64, Given4>> = BTreeMap::new();
    for row in rows {
        of_key.entry(row.1).or_default().insert(row.0, *row);
    }
    let last = rows.iter().map(|row| row.0).max().unwrap_or(0);
    // By when it comes, its window and its key.
    let mut all: BTreeMap<(i64, i64, u8), String> = BTreeMap::new();
    for (&key, windows) in &of_key {
        let first = *windows.keys().next().expect("a key has a row");
        for window in first..=last {
            if let Some(row) = windows.get(&window) {
                let line = text(window, key, tenths(row.2), row.3, "[\"x\"]");
                all.insert((window, window, key), line);
                continue;
            }
            let before = windows
                .range(..window)
                .next_back()
                .expect("there was one")
                .1;
            let next = windows.range(window..).next().map(|(_, row)| row);
            let number = |text: &str| text.parse::<f64>().ok();
            let line = match how {
                How::Zero => {
                    let word = if number(before.3).is_some() { "0" } else { "" };
                    text(window, key, "0".into(), word, "[]")
                }
                How::Null => text(window, key, String::new(), "", ""),
                How::Last => text(window, key, tenths(before.2), before.3, "[\"x\"]"),
                How::Linear => {
                    let Some(next) = next else { continue };
                    let share = (window - before.0) as f64 / (next.0 - before.0) as f64;
                    let at = |a: f64, b: f64| {
                        let value = a + (b - a) * share;
                        ((value * 1e9).round() / 1e9 + 0.0).to_string()
                    };
                    let units = before.2.zip(next.2);
                    let one = units.map(|(a, b)| at(a as f64 / 10.0, b as f64 / 10.0));
                    let other = number(before.3).zip(number(next.3)).map(|(a, b)| at(a, b));
                    let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
                    all.insert((next.0, window, key), text(window, key, one, &other, ""));
                    continue;
                }
            };
            all.insert((window, window, key), line);
        }
    }
    all.into_values().collect()
}

fn rows() -> impl Strategy<Value = Vec<Given4>> {
    let words = prop::sample::select(vec!["w", "2.5", "10", "-3"]);
    let row = (0i64..14, 0u8..4, prop::option::of(-40i64..40), words);
    prop::collection::vec(row, 0..25).prop_map(|rows| {
        let mut seen = BTreeSet::new();
        let mut rows: Vec<Given4> = rows
            .into_iter()
            .filter(|row| seen.insert((row.0, row.1)))
            .collect();
        rows.sort_by_key(|row| (row.0, row.1));
        rows
    })
}

fn rounded(line: &str) -> String {
    let words = line.split(' ').map(|word| match word.parse::<f64>() {
        Ok(value) => ((value * 1e9).round() / 1e9 + 0.0).to_string(),
        Err(_) => word.to_string(),
    });
    words.collect::<Vec<_>>().join(" ")
}

proptest! {
    /// INTERFACE 6.2 fill: "for each key a row for every window between its first and the last seen that had no
    /// record. Keys stay; each aggregate gets 0, null, its last value, or the straight line to its next one
    /// (which is waited for)."
    #[test]
    fn windows_without_a_row_have_one(
        how in prop::sample::select(vec![How::Zero, How::Null, How::Last, How::Linear]),
        rows in rows(), cuts in prop::collection::vec((1usize..7, any::<bool>()), 1..6),
        (size, slide) in prop::sample::select(vec![(10, 10), (30, 10), (5, 10)]),
    ) {
        let (out, told) = run(how, &rows, &cuts, (size, slide), Limits::default());
        prop_assert_eq!(told.failure, None);
        let lines: Vec<String> = out.iter().map(|(line, ..)| rounded(line)).collect();
        let expected: Vec<String> = plain(how, &rows).iter().map(|line| rounded(line)).collect();
        prop_assert_eq!(lines, expected);
        let mut least = i64::MAX;
        for (at, (_, time, before)) in out.iter().enumerate().rev() {
            least = least.min(*time);
            prop_assert!(*before <= least, "later rows are no older than said");
            prop_assert!(at == 0 || out[at - 1].2 <= *before, "what is said does not fall");
        }
    }
}

#[test]
fn lines_are_exact_where_they_have_a_decimal() {
    let exact = |units| Number::Exact { units, scale: 0 };
    let show = |number: Number| {
        let mut out = Vec::new();
        number.write(&mut out);
        String::from_utf8(out).expect("numbers are text")
    };
    assert_eq!(show(between(exact(1), exact(2), (1, 8))), "1.125");
    assert_eq!(
        show(between(exact(0), exact(1), (1, 3))),
        "0.3333333333333333"
    );
    assert_eq!(show(between(exact(5), exact(-5), (1, 2))), "0");
}

#[test]
fn a_gap_beyond_measure_ends_the_run() {
    for how in [How::Last, How::Linear] {
        let rows = [(0, 0, Some(1), "w"), (2_000, 0, Some(2), "w")];
        let (_, told) = run(how, &rows, &[(9, false)], (10, 10), Limits::default());
        let (status, message) = told.failure.expect("1999 rows are more than 1000");
        assert_eq!(status, 65);
        assert!(message.contains("more than 1000 rows"), "{message}");
    }
}

#[test]
fn the_key_silent_for_longest_is_forgotten() {
    let limits = Limits {
        keys: Some(1),
        on_full: OnFull::EvictOldest,
    };
    let rows = [
        (0, 0, Some(10), "w"),
        (1, 1, Some(20), "w"),
        (2, 1, Some(30), "w"),
    ];
    let (out, told) = run(How::Last, &rows, &[(9, false)], (10, 10), limits);
    assert_eq!(told.counts.values().sum::<u64>(), 1);
    let lines: Vec<&str> = out.iter().map(|(line, ..)| line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "0 a 1 w [\"x\"]",
            "1 a 1 w [\"x\"]",
            "1 b 2 w [\"x\"]",
            "2 b 3 w [\"x\"]"
        ]
    );
    let limits = Limits {
        on_full: OnFull::Fail,
        ..limits
    };
    let (_, told) = run(How::Last, &rows, &[(9, false)], (10, 10), limits);
    assert!(
        told.failure
            .expect("two are more than one")
            .1
            .starts_with("fill: more than 1 keys")
    );
}

#[test]
fn chunks_of_other_rows_are_empty() {
    let (mut chunk, given) = chunk(&[(0, 0, Some(1), "w")], 10, 10);
    chunk.live = Selection::Some(Vec::new());
    let mut process = making(Limits::default(), |making| {
        Fill::new(filling(How::Zero, 10, 10), making)
    });
    process.take(&mut chunk, &given, &mut Told::default());
    assert!(chunk.live.is_empty());
}
