//! Plain loops over records, one after the other, that say what an operator gives; the program must say the
//! same however its work is cut. Nothing of the program's inside is used here.

use super::data::{BEGIN, Random, stamp};
use super::{Through, run, settings};
use crate::session::{Faults, Scratch, on_two_threads};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;

/// A record: seconds behind 10:00, a key, a number.
#[derive(Clone, Debug)]
struct Row {
    at: i64,
    key: String,
    n: i64,
}

fn rows(random: &mut Random, count: usize, keys: u64, disorder: i64) -> Vec<Row> {
    let mut now = disorder;
    (0..count)
        .map(|_| {
            now += random.below(3) as i64;
            Row {
                at: now - random.below(disorder as u64 + 1) as i64,
                key: format!("k{}", random.below(keys)),
                n: random.below(20) as i64 - 5,
            }
        })
        .collect()
}

fn line(row: &Row) -> String {
    format!("{} {} {}\n", stamp(BEGIN + row.at), row.key, row.n)
}

/// Data that tries a law: one key and many, sorted and disordered, equal times.
fn samples() -> Vec<Vec<Row>> {
    let mut samples = Vec::new();
    for (turn, (count, keys, disorder)) in [
        (0, 1, 0),
        (1, 1, 0),
        (150, 1, 5),
        (300, 7, 0),
        (300, 90, 25),
        (240, 12, 3),
    ]
    .into_iter()
    .enumerate()
    {
        samples.push(rows(
            &mut Random::new(100 + turn as u64),
            count,
            keys,
            disorder,
        ));
    }
    samples
}

/// One job: words of the command line, and the loop that answers the same.
struct Job {
    words: Vec<String>,
    answer: Box<dyn Fn(&[Row]) -> String + Sync>,
}

fn job(words: &[&str], answer: impl Fn(&[Row]) -> String + Sync + 'static) -> Job {
    Job {
        words: words.iter().map(|word| word.to_string()).collect(),
        answer: Box::new(answer),
    }
}

/// Every job over every sample, under a third of all settings, so that three neighbours see all.
fn check(jobs: &[Job]) {
    let scratch = Scratch::new();
    let samples = samples();
    for (at, sample) in samples.iter().enumerate() {
        let text: String = sample.iter().map(line).collect();
        fs::write(scratch.0.join(at.to_string()), text).expect("a sample can be written");
    }
    let faults = Faults::default();
    on_two_threads(jobs.len() * samples.len(), |turn| {
        let (job, at) = (&jobs[turn / samples.len()], turn % samples.len());
        let expected = (job.answer)(&samples[at]);
        let path = scratch.0.join(at.to_string());
        for (number, setting) in settings().iter().enumerate() {
            if number % 3 != turn % 3 {
                continue;
            }
            let through = if number % 2 == 0 {
                Through::File
            } else {
                Through::Pipe
            };
            let answer = run(&job.words, setting, &path, through);
            let actual = String::from_utf8_lossy(&answer.out).into_owned() + &answer.said;
            if actual != expected {
                let difference = super::first_difference(expected.as_bytes(), actual.as_bytes());
                let options = setting.options();
                return faults.push(
                    turn,
                    format!(
                        "{through:?} {options} {:?} sample {at}\n{difference}",
                        job.words
                    ),
                );
            }
        }
    });
    faults.tell("answers");
}

fn lines(rows: impl IntoIterator<Item = impl std::borrow::Borrow<Row>>) -> String {
    rows.into_iter().map(|row| line(row.borrow())).collect()
}

/// Floor of the grid's cell that holds `at`; the grid is from 1970.
fn floor(at: i64, size: i64) -> i64 {
    at - (BEGIN + at).rem_euclid(size)
}

/// The windows `[start, start+size)` on the grid of `slide` that hold `at`.
fn windows(at: i64, size: i64, slide: i64) -> Vec<i64> {
    let mut starts = Vec::new();
    let mut start = floor(at, slide);
    while start > at - size {
        starts.push(start);
        start -= slide;
    }
    starts.reverse();
    starts
}

/// Rows by window, as `(end, start)`, judged late record by record; and how many were late for all of theirs.
fn windowed(
    rows: &[Row],
    size: i64,
    slide: i64,
    disorder: i64,
) -> (BTreeMap<(i64, i64), Vec<Row>>, usize) {
    let mut open: BTreeMap<(i64, i64), Vec<Row>> = BTreeMap::new();
    let mut late = 0;
    let mut latest: Option<i64> = None;
    for row in rows {
        let watermark = latest.map(|latest| latest - disorder);
        let starts = windows(row.at, size, slide);
        let on_time = starts
            .iter()
            .filter(|start| watermark.is_none_or(|w| **start + size > w));
        let on_time: Vec<i64> = on_time.copied().collect();
        late += usize::from(on_time.is_empty() && !starts.is_empty());
        for start in on_time {
            open.entry((start + size, start))
                .or_default()
                .push(row.clone());
        }
        latest = latest.max(Some(row.at));
    }
    (open, late)
}

fn told_late(late: usize, of: usize) -> String {
    match late {
        0 => String::new(),
        1 => format!(
            "dstream: 1 of {of} records came too late for its window and was dropped; --watermark D waits longer\n"
        ),
        _ => format!(
            "dstream: {late} of {of} records came too late for their windows and were dropped; --watermark D waits longer\n"
        ),
    }
}

#[test]
fn windows_and_late_records() {
    let mut jobs = Vec::new();
    for (size, slide) in [(10, 10), (60, 60), (10, 4), (20, 5), (5, 7)] {
        for disorder in [0, 4, 30] {
            let (size_word, slide_word) = (format!("{size}s"), format!("{slide}s"));
            let watermark = format!("{disorder}s");
            let mut words = vec![
                "--time",
                "$1",
                "--watermark",
                &watermark,
                "window",
                &size_word,
            ];
            if slide != size {
                words.extend(["--slide", &slide_word]);
            }
            let gap = if slide > size {
                format!(
                    "dstream: the slide of {slide}s is longer than the window of {size}s: records between windows count nowhere\n"
                )
            } else {
                String::new()
            };
            let mut counted = words.clone();
            counted.extend([
                "reduce-by",
                "$2",
                "n=count,s=sum:$3,f=first:$3,l=last:$3,c=collect:$3:3",
            ]);
            let gap_too = gap.clone();
            jobs.push(job(&counted, move |rows| {
                let (open, late) = windowed(rows, size, slide, disorder);
                let mut out = String::new();
                for ((_, start), rows) in open {
                    let mut keys: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
                    for row in &rows {
                        keys.entry(&row.key).or_default().push(row);
                    }
                    for (key, rows) in keys {
                        let sum: i64 = rows.iter().map(|row| row.n).sum();
                        // By event time, ties by place.
                        let mut by_time = rows.clone();
                        by_time.sort_by_key(|row| row.at);
                        let (first, last) = (by_time[0], by_time[by_time.len() - 1]);
                        let collected: Vec<String> = collect(&rows);
                        let start = stamp(BEGIN + start);
                        let list = collected.join(",");
                        out += &format!(
                            "{start}\t{key}\t{}\t{sum}\t{}\t{}\t[{list}]\n",
                            rows.len(),
                            first.n,
                            last.n
                        );
                    }
                }
                out + &gap_too + &told_late(late, rows.len())
            }));
            let mut passed = words.clone();
            passed.extend(["distinct-by", "$2", "-o", "tsv"]);
            let gap_too = gap.clone();
            jobs.push(job(&passed, move |rows| {
                let (open, late) = windowed(rows, size, slide, disorder);
                let mut out = String::new();
                for ((_, start), rows) in open {
                    let mut seen = HashSet::new();
                    for row in rows.iter().filter(|row| seen.insert(row.key.clone())) {
                        out += &format!("{}\t{}", stamp(BEGIN + start), line(row));
                    }
                }
                out + &gap_too + &told_late(late, rows.len())
            }));
            words.extend(["top", "3", "--by", "$3", "-o", "tsv"]);
            jobs.push(job(&words, move |rows| {
                let (open, late) = windowed(rows, size, slide, disorder);
                let mut out = String::new();
                for ((_, start), mut rows) in open {
                    // Ties by earlier event time, then by place.
                    rows.sort_by(|a, b| b.n.cmp(&a.n).then(a.at.cmp(&b.at)));
                    for row in rows.iter().take(3) {
                        out += &format!("{}\t{}", stamp(BEGIN + start), line(row));
                    }
                }
                out + &gap + &told_late(late, rows.len())
            }));
        }
    }
    check(&jobs);
}

/// The records above 9 of each window of batches of 3 s, by a clock in the data, also where there is none: `(start, keys)`
/// by end.
fn windows_of_batches(rows: &[Row], size: i64, slide: i64) -> Vec<(i64, Vec<&str>)> {
    let mut clock = i64::MIN;
    let batches: Vec<(i64, &Row)> = rows
        .iter()
        .map(|row| {
            // It never goes back; a batch carries its end.
            clock = clock.max(row.at);
            (floor(clock, 3) + 3, row)
        })
        .collect();
    let (Some(first), Some(last)) = (batches.first(), batches.last()) else {
        return Vec::new();
    };
    let good = || batches.iter().filter(|(_, row)| row.n > 9);
    // What is open at the end of the input is given where it has a record.
    let open = good()
        .map(|(batch, _)| floor(batch - 1 + size, slide))
        .max();
    let from = floor(first.0 - 1, slide) + slide;
    let upto = open.unwrap_or(i64::MIN).max(last.0);
    let ends = (from..=upto).step_by(slide as usize);
    ends.map(|end| {
        let inside = good().filter(|(batch, _)| end - size < *batch && *batch <= end);
        (
            end - size,
            inside.map(|(_, row)| row.key.as_str()).collect(),
        )
    })
    .collect()
}

/// How many keys there are.
fn keys_of(keys: &[&str]) -> usize {
    keys.iter().collect::<BTreeSet<_>>().len()
}

/// INTERFACE 7, "the unkeyed count by batch, with a window or without, is 0 where nothing was, also before the first
/// record": whichever state counts, and whatever stands in front of it.
#[test]
fn every_window_of_batches_has_a_count() {
    type Counted = fn(&[&str]) -> usize;
    const EARLY: &str = "--pane-columns --output-mode update";
    const FORMS: [(&str, &str, Counted); 11] = [
        ("", "count", |keys| keys.len()),
        (EARLY, "count", |keys| keys.len()),
        ("--max-keys 9 --on-full fail", "count", |keys| keys.len()),
        ("--allowed-lateness 5s", "count", |keys| keys.len()),
        ("", "sort-by $3 count", |keys| keys.len()),
        ("", "count-by $2 count", keys_of),
        (EARLY, "count-by $2 count", keys_of),
        (EARLY, "count-by $2 count count", |_| 1),
        (
            "--every-records 2 --pane-columns",
            "count-by $2 top 2 count",
            |keys| keys_of(keys).min(2),
        ),
        ("--allowed-lateness 5s", "count-by $2 count count", |_| 1),
        (
            "--every-delay 4s --pane-columns",
            "count-by $2 count filter count>0 count",
            |keys| keys_of(keys).min(1),
        ),
    ];
    let mut jobs = Vec::new();
    for (size, slide) in [(6, 6), (12, 3), (9, 6)] {
        for (options, chain, counted) in FORMS {
            let mut words = format!(
                "--clock $1 --batch 3s {options} filter $3>9 window {size}s --slide {slide}s {chain}"
            );
            if options.contains("--pane-columns") {
                words += " filter pane_kind==\"on_time\" select window_start,count";
            }
            let words: Vec<&str> = words.split_whitespace().collect();
            jobs.push(job(&words, move |rows| {
                let windows = windows_of_batches(rows, size, slide).into_iter();
                let line = |(start, keys): (i64, Vec<&str>)| {
                    format!("{}\t{}\n", stamp(BEGIN + start), counted(&keys))
                };
                windows.map(line).collect()
            }));
        }
    }
    check(&jobs);
}

/// The first three of `collect`, which keeps the order of the input.
fn collect(rows: &[&Row]) -> Vec<String> {
    rows.iter().take(3).map(|row| row.n.to_string()).collect()
}

#[test]
fn state_that_needs_the_order_of_rows() {
    check(&[
        job(&["distinct-by", "$2"], |rows| {
            let mut seen = HashSet::new();
            lines(rows.iter().filter(|row| seen.insert(row.key.clone())))
        }),
        job(&["distinct"], |rows| {
            let mut seen = HashSet::new();
            lines(rows.iter().filter(|row| seen.insert(line(row))))
        }),
        job(&["distinct-by", "$3", "--last"], |rows| {
            let last: BTreeMap<i64, &Row> = rows.iter().map(|row| (row.n, row)).collect();
            lines(last.into_values().cloned())
        }),
        job(&["distinct-by", "$2", "distinct-by", "$3"], |rows| {
            let (mut one, mut two) = (HashSet::new(), HashSet::new());
            let first = rows.iter().filter(|row| one.insert(row.key.clone()));
            lines(first.filter(|row| two.insert(row.n)).cloned())
        }),
        job(&["head", "17"], |rows| lines(rows.iter().take(17))),
        job(
            &["filter", "$3 > 3", "head", "40", "filter", "$3 % 2 == 0"],
            |rows| {
                let some = rows.iter().filter(|row| row.n > 3).take(40);
                lines(some.filter(|row| row.n % 2 == 0))
            },
        ),
        job(&["head", "101", "count-by", "$2"], |rows| {
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            for row in rows.iter().take(101) {
                *counts.entry(&row.key).or_default() += 1;
            }
            counts
                .iter()
                .map(|(key, count)| format!("{key}\t{count}\n"))
                .collect()
        }),
        job(
            &["flat-map", "x=[$3,$3+1]", "head", "55", "select", "x"],
            |rows| {
                let parts = rows.iter().flat_map(|row| [row.n, row.n + 1]);
                parts.take(55).map(|n| format!("{n}\n")).collect()
            },
        ),
        job(
            &[
                "distinct-by",
                "$2,$3",
                "head",
                "30",
                "reduce",
                "n=count,s=sum:$3",
            ],
            |rows| {
                let mut seen = HashSet::new();
                let some = rows
                    .iter()
                    .filter(|row| seen.insert((row.key.clone(), row.n)))
                    .take(30);
                let numbers: Vec<i64> = some.map(|row| row.n).collect();
                format!("{}\t{}\n", numbers.len(), numbers.iter().sum::<i64>())
            },
        ),
    ]);
}

#[test]
fn groups_and_orders_over_the_whole_input() {
    check(&[
        job(&["group-by", "$2", "-o", "json"], |rows| {
            let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for row in rows {
                let text = line(row);
                groups
                    .entry(&row.key)
                    .or_default()
                    .push(format!("\"{}\"", text.trim_end()));
            }
            let groups = groups.iter();
            groups
                .map(|(key, lines)| format!("{{\"$2\":\"{key}\",\"$0\":[{}]}}\n", lines.join(",")))
                .collect()
        }),
        job(&["sort-by", "$3"], |rows| {
            let mut sorted = rows.to_vec();
            sorted.sort_by_key(|row| row.n);
            lines(sorted)
        }),
        job(&["sort-by", "$3:desc,$2"], |rows| {
            let mut sorted = rows.to_vec();
            sorted.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.key.cmp(&b.key)));
            lines(sorted)
        }),
        job(&["sort-by", "$3", "head", "31"], |rows| {
            let mut sorted = rows.to_vec();
            sorted.sort_by_key(|row| row.n);
            sorted.truncate(31);
            lines(sorted)
        }),
        job(&["top", "7", "--by", "$3", "-o", "tsv"], |rows| {
            let mut sorted = rows.to_vec();
            sorted.sort_by_key(|row| -row.n);
            sorted.truncate(7);
            lines(sorted)
        }),
        job(
            &[
                "top",
                "2",
                "--by",
                "$3:asc",
                "--per",
                "$2",
                "--ties",
                "--rank",
                "map",
                "k=$2,n=$3",
                "select",
                "k,n,rank",
            ],
            |rows| {
                let keys: BTreeSet<&str> = rows.iter().map(|row| row.key.as_str()).collect();
                let mut out = String::new();
                for key in keys {
                    let mut of: Vec<&Row> = rows.iter().filter(|row| row.key == key).collect();
                    of.sort_by_key(|row| row.n);
                    let second = of.get(1).map_or(i64::MAX, |row| row.n);
                    for (rank, row) in of.iter().take_while(|row| row.n <= second).enumerate() {
                        out += &format!("{key}\t{}\t{}\n", row.n, rank + 1);
                    }
                }
                out
            },
        ),
        job(
            &[
                "reduce-by",
                "$2",
                "n=count,a=min:$3,z=max:$3,f=first:$3,l=last:$3,d=distinct:$3",
            ],
            |rows| {
                let mut groups: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
                for row in rows {
                    groups.entry(&row.key).or_default().push(row.n);
                }
                let mut out = String::new();
                for (key, n) in groups {
                    let (min, max) = (n.iter().min().unwrap_or(&0), n.iter().max().unwrap_or(&0));
                    let distinct = n.iter().collect::<HashSet<_>>().len();
                    out += &format!(
                        "{key}\t{}\t{min}\t{max}\t{}\t{}\t{distinct}\n",
                        n.len(),
                        n[0],
                        n[n.len() - 1]
                    );
                }
                out
            },
        ),
    ]);
}

/// One step of a chain without state, and what it does to a record.
#[derive(Clone, Copy, Debug)]
enum Step {
    Above(i64),
    Add(i64),
    Twice,
    Words,
    Even,
}

impl Step {
    fn words(self) -> [String; 2] {
        match self {
            Step::Above(n) => ["filter".into(), format!("n > {n}")],
            Step::Add(n) => ["map".into(), format!("n=n+{n}")],
            Step::Twice => ["flat-map".into(), "n=[n,-n]".into()],
            Step::Words => ["flat-map".into(), "w=words(f\"{w} {n}\")".into()],
            Step::Even => ["filter".into(), "n % 2 == 0".into()],
        }
    }

    fn apply(self, rows: Vec<(String, i64)>) -> Vec<(String, i64)> {
        let rows = rows.into_iter();
        match self {
            Step::Above(limit) => rows.filter(|(_, n)| *n > limit).collect(),
            Step::Add(more) => rows.map(|(w, n)| (w, n + more)).collect(),
            Step::Twice => rows.flat_map(|(w, n)| [(w.clone(), n), (w, -n)]).collect(),
            Step::Words => rows
                .flat_map(|(w, n)| [(w, n), (n.to_string(), n)])
                .collect(),
            Step::Even => rows.filter(|(_, n)| n % 2 == 0).collect(),
        }
    }
}

/// Output of chains without state is in the order of the input.
#[test]
fn chains_without_state_keep_the_order() {
    let mut random = Random::new(42);
    let jobs: Vec<Job> = (0..20)
        .map(|_| {
            let steps: Vec<Step> = (0..1 + random.below(4))
                .map(|_| match random.below(5) {
                    0 => Step::Above(random.below(8) as i64 - 6),
                    1 => Step::Add(random.below(9) as i64),
                    2 => Step::Twice,
                    3 => Step::Words,
                    _ => Step::Even,
                })
                .collect();
            let mut words = vec!["map".to_string(), "w=$2,n=$3".to_string()];
            words.extend(steps.iter().flat_map(|step| step.words()));
            words.extend(["select".to_string(), "w,n".to_string()]);
            Job {
                words,
                answer: Box::new(move |rows| {
                    let pairs = rows.iter().map(|row| (row.key.clone(), row.n)).collect();
                    let pairs = steps.iter().fold(pairs, |rows, step| step.apply(rows));
                    pairs.iter().map(|(w, n)| format!("{w}\t{n}\n")).collect()
                }),
            }
        })
        .collect();
    check(&jobs);
}

/// Sessions of rows by key: EVENT-TIME 2.3, at most the gap apart; with no watermark all rows are there.
fn sessions(rows: &[Row], gap: i64) -> Vec<(i64, String, Vec<Row>)> {
    let mut keys: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for row in rows {
        keys.entry(&row.key).or_default().push(row.clone());
    }
    let mut out: Vec<(i64, String, Vec<Row>)> = Vec::new();
    for (key, mut rows) in keys {
        rows.sort_by_key(|row| row.at);
        let mut session: Vec<Row> = Vec::new();
        for row in rows {
            if session.last().is_some_and(|last| row.at - last.at > gap) {
                let end = session[session.len() - 1].at + gap;
                out.push((end, key.into(), std::mem::take(&mut session)));
            }
            session.push(row);
        }
        if let Some(last) = session.last() {
            out.push((last.at + gap, key.into(), session));
        }
    }
    // By the instant they close at, then by key.
    out.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    out
}

#[test]
fn windows_that_need_the_order_of_rows() {
    let mut jobs = Vec::new();
    for gap in [1, 3, 10] {
        let gap_word = format!("{gap}s");
        let words = [
            "--time",
            "$1",
            "--watermark",
            "1d",
            "session-window",
            &gap_word,
        ];
        let mut counted = words.to_vec();
        counted.extend(["reduce-by", "$2", "n=count,s=sum:$3"]);
        jobs.push(job(&counted, move |rows| {
            let row = |(end, key, rows): (i64, String, Vec<Row>)| {
                let sum: i64 = rows.iter().map(|row| row.n).sum();
                let (start, end) = (stamp(BEGIN + rows[0].at), stamp(BEGIN + end));
                format!("{start}\t{end}\t{key}\t{}\t{sum}\n", rows.len())
            };
            sessions(rows, gap).into_iter().map(row).collect()
        }));
        let mut largest = vec!["key-by", "$2"];
        largest.extend(words);
        largest.extend(["top", "1", "--by", "$3", "-o", "tsv"]);
        jobs.push(job(&largest, move |rows| {
            let mut out: Vec<(i64, i64, String, String)> = Vec::new();
            for (end, key, of) in sessions(rows, gap) {
                // Ties by earlier event time, then by place: a stable sort by time was before.
                let most = of.iter().map(|row| row.n).max();
                let first = of.iter().find(|row| Some(row.n) == most).cloned();
                let start = of[0].at;
                let row = line(&first.expect("a session has a row"));
                let (from, to) = (stamp(BEGIN + start), stamp(BEGIN + end));
                out.push((end, start, key, format!("{from}\t{to}\t{row}")));
            }
            // A ranking's windows come by their end, then start, then what it is of.
            out.sort();
            out.into_iter().map(|(_, _, _, row)| row).collect()
        }));
    }
    jobs.push(job(
        &["count-window", "5", "reduce-by", "$2", "s=sum:$3"],
        |rows| {
            let mut open: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
            let mut out = String::new();
            for row in rows {
                let of = open.entry(&row.key).or_default();
                of.push(row.n);
                if of.len() == 5 {
                    out += &format!("{}\t{}\n", row.key, of.iter().sum::<i64>());
                    of.clear();
                }
            }
            for (key, of) in open.iter().filter(|(_, of)| !of.is_empty()) {
                out += &format!("{key}\t{}\n", of.iter().sum::<i64>());
            }
            out
        },
    ));
    jobs.push(job(
        &[
            "--time",
            "$1",
            "--watermark",
            "1d",
            "look-back",
            "4s",
            "count-by",
            "$2",
        ],
        |rows| {
            let times: BTreeSet<(i64, &str)> =
                rows.iter().map(|row| (row.at, row.key.as_str())).collect();
            let mut out = String::new();
            for (at, key) in times {
                let seen = |row: &&Row| row.key == key && (at - 4..=at).contains(&row.at);
                let n = rows.iter().filter(seen).count();
                let (start, end) = (stamp(BEGIN + at - 4), stamp(BEGIN + at));
                out += &format!("{start}\t{end}\t{key}\t{n}\n");
            }
            out
        },
    ));
    // EVENT-TIME 2.5: at the record that makes N new ones; the row at the close comes all the same.
    jobs.push(job(
        &["--every-records", "3", "--pane-columns", "count-by", "$2"],
        |rows| {
            let mut open: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
            let mut out = String::new();
            for row in rows {
                let (n, pane) = open.entry(&row.key).or_default();
                *n += 1;
                if *n % 3 == 0 {
                    out += &format!("{}\t{n}\tearly\t{pane}\n", row.key);
                    *pane += 1;
                }
            }
            for (key, (n, pane)) in open {
                out += &format!("{key}\t{n}\ton_time\t{pane}\n");
            }
            out
        },
    ));
    check(&jobs);
}
