//! Rankings and groups of windows that are counted again: what is on time is what there is without lateness, what stands in the end
//! is what there is where all waits. Invariant: the judges are chains that correct nothing.

use super::laws::data::Random;
use super::session::{self, Scratch};
use std::collections::BTreeMap;
use std::fs;

/// What stands behind `window SIZE count-by $2`.
const CHAINS: [&[&str]; 8] = [
    &["top", "2"],
    &["top", "3", "--ties"],
    &["top", "2", "--rank"],
    &["top", "1", "--per", "$2"],
    &["sort-by", "count"],
    &["sort-by", "count:desc", "filter", "count < 9"],
    &[
        "filter",
        "count > 1",
        "map",
        "m=count%3",
        "top",
        "2",
        "--by",
        "m",
    ],
    &["rename", "count=n", "top", "2", "--by", "n"],
];

/// The same, and how many of its first columns tell a row: those of the window, or a key too. `n` is 0 where nothing is
/// left.
const GROUPS: [(usize, &[&str]); 4] = [
    (
        2,
        &[
            "reduce",
            "n=count,sum:count,max:count,first:$2,last:count,collect:count",
        ],
    ),
    (
        3,
        &[
            "map",
            "m=count%2",
            "reduce-by",
            "m",
            "n=count,sum:count,p50:count,distinct:$2",
        ],
    ),
    (
        3,
        &[
            "filter",
            "count > 1",
            "reduce-by",
            "count",
            "n=count,max:$2",
        ],
    ),
    (3, &["reduce-by", "count", "n=count", "filter", "n < 99"]),
];

const WINDOWS: [&[&str]; 3] = [
    &["window", "1m"],
    &["window", "1m", "--slide", "20s"],
    &["window", "1m", "--grow", "30s"],
];

fn input(random: &mut Random) -> String {
    let mut text = String::new();
    for n in 0..200 {
        let time = 1000 + n * 3 - random.below(100).min(random.below(100)) as i64;
        text.push_str(&format!("{time} k{}\n", random.below(6)));
    }
    text
}

fn run(dir: &Scratch, options: &[&str], chain: &[&str], format: &str) -> String {
    let quoted = |words: &[&str]| -> String {
        let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        words.join(" ")
    };
    let command = format!(
        "dstream --time '$1:s' --watermark 10s -o {format} {} {} log 2>/dev/null",
        quoted(options),
        quoted(chain)
    );
    let outcome = session::run(&command, &dir.0, None);
    assert_eq!(outcome.status, 0, "{command}: {}", outcome.text);
    outcome.text
}

/// The rows with what panes add taken off, by kind, and by window those of the last pane.
type Panes = (BTreeMap<String, Vec<String>>, BTreeMap<String, Vec<String>>);

fn panes(text: &str, told_by: usize) -> Panes {
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut last: BTreeMap<String, (u64, Vec<String>)> = BTreeMap::new();
    for line in text.lines() {
        let (row, panes) = line
            .split_once(",\"pane_kind\":\"")
            .expect("rows have panes");
        let (kind, pane) = panes.split_once("\",\"pane\":").expect("and their numbers");
        let pane: u64 = pane.trim_end_matches('}').parse().expect("a number");
        let row = format!("{row}}}");
        let window: String = row.split(",\"").take(told_by).collect();
        kinds.entry(kind.into()).or_default().push(row.clone());
        let standing = last.entry(window).or_default();
        if standing.0 != pane {
            *standing = (pane, Vec::new());
        }
        standing.1.push(row);
    }
    let last = last.into_iter().map(|(window, (_, rows))| (window, rows));
    (kinds, last.collect())
}

/// EVENT-TIME 2.5: "on_time: exactly once, when W >= e"; "late: per late-but-allowed record"; INTERFACE 8.3: "so no
/// trigger changes a later aggregate".
#[test]
fn what_is_on_time_and_what_stands_in_the_end() {
    let mut random = Random::new(41);
    let mut late = 0;
    let rankings = CHAINS.map(|chain| (2, chain));
    for (at, &(told_by, chain)) in rankings.iter().chain(&GROUPS).enumerate() {
        for window in WINDOWS {
            let dir = Scratch::new();
            fs::write(dir.0.join("log"), input(&mut random)).expect("a log");
            let whole: Vec<&str> = [window, &["count-by", "$2"], chain].concat();
            let again = ["--allowed-lateness", "45s", "--pane-columns"];
            let text = run(&dir, &again, &whole, "json");
            let (kinds, mut last) = panes(&text, told_by);
            let place = format!("{whole:?}\n{text}");
            let on_time = run(&dir, &[], &whole, "json");
            let expected: Vec<String> = on_time.lines().map(String::from).collect();
            assert_eq!(kinds["on_time"], expected, "{place}");
            let waits = ["--allowed-lateness", "45s", "--output-mode", "append"];
            let mut standing: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for row in run(&dir, &waits, &whole, "json").lines() {
                let window: String = row.split(",\"").take(told_by).collect();
                standing.entry(window).or_default().push(row.into());
            }
            last.retain(|_, rows| !rows[0].contains("\"n\":0"));
            assert_eq!(last, standing, "{place}");
            late += kinds.get("late").map_or(0, Vec::len);
            // Early rows change nothing of that.
            let early = [&again[..], &["--every-records", "2"]].concat();
            let with_early = run(&dir, &early, &whole, "json");
            let (more, mut last_of_more) = panes(&with_early, told_by);
            // A group that was there early and is gone on time says so.
            let on_time = more["on_time"].iter();
            let on_time: Vec<&String> = on_time.filter(|row| !row.contains("\"n\":0")).collect();
            let expected: Vec<&String> = kinds["on_time"].iter().collect();
            assert_eq!(on_time, expected, "{place}");
            last_of_more.retain(|_, rows| !rows[0].contains("\"n\":0"));
            assert_eq!(last_of_more, last, "{place}");
            assert!(more.contains_key("early"), "{place}");
            let settings = [
                ["-j", "1", "--block-size", "64", "--epoch", "1"],
                ["-j", "3", "--block-size", "100", "--epoch", "7"],
                ["-j", "2", "--block-size", "1000", "--epoch", "2"],
            ];
            let cut = [&early[..], &settings[at % settings.len()]].concat();
            assert_eq!(run(&dir, &cut, &whole, "json"), with_early, "{place}");
        }
    }
    assert!(late > 100, "{late}");
}

/// Operators behind `WINDOW reduce-by k,m n=count,v=sum:x`, one to four of them, all of which give their rows again.
fn chain(random: &mut Random) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut keys = vec!["k", "m"];
    let mut push = |line: String| words.extend(line.split(' ').map(String::from));
    for _ in 0..1 + random.below(4) {
        let by = random.pick(&["n", "v", "v,n:asc", "n,v"]);
        let key = match keys.as_slice() {
            [] => "n",
            keys => random.pick(keys),
        };
        match random.below(10) {
            0 => push(format!("filter n>{}", random.below(2))),
            1 => push(format!("map v=v%{}", 2 + random.below(5))),
            2 | 3 => {
                let more = random.pick(&["", " --ties", " --rank"]);
                push(format!("top {} --by {by}{more}", 1 + random.below(4)));
            }
            4 if key != "n" => push(format!("top 1 --by {by} --per {key}")),
            5 => push(format!(
                "sort-by {}",
                random.pick(&["n", "v:desc", "n:desc,v"])
            )),
            6 => {
                let last = random.pick(&["", " --last"]);
                push(format!("distinct-by {key}{last}"));
            }
            _ => {
                let n = random.pick(&["count", "sum:n", "max:n", "last:n"]);
                let v = random.pick(&["sum:v", "first:v", "min:v", "last:v", "p50:v"]);
                let list = random.pick(&["", ",l=collect:v", ",l=collect:n"]);
                let aggregates = format!("n={n},v={v}{list}");
                if key == "n" || random.one_in(4) {
                    push(format!("reduce {aggregates}"));
                    keys.clear();
                } else {
                    push(format!("reduce-by {key} {aggregates}"));
                    keys = vec![key];
                }
            }
        }
    }
    push(match random.below(3) {
        0 => "top 3 --by v,n".into(),
        1 => "distinct-by n".into(),
        _ => "reduce n=count,v=sum:v,m=max:n".into(),
    });
    words
}

fn records(random: &mut Random) -> String {
    let mut text = String::from("t,k,m,x\n");
    for n in 0..180 {
        let time = 1000 + n * 3 - random.below(100).min(random.below(100)) as i64;
        let (k, m, x) = (random.below(4), random.below(3), random.below(30));
        text.push_str(&format!("{time},k{k},m{m},{x}\n"));
    }
    text
}

fn run_records(dir: &Scratch, options: &[&str], chain: &[&str]) -> String {
    let quoted: Vec<String> = [options, chain]
        .concat()
        .iter()
        .map(|word| format!("'{word}'"))
        .collect();
    let command = format!(
        "dstream -i csv --time t:s --watermark 10s -o json {} log.csv 2>/dev/null",
        quoted.join(" ")
    );
    let outcome = session::run(&command, &dir.0, None);
    assert_eq!(outcome.status, 0, "{command}: {}", outcome.text);
    outcome.text
}

/// What stands when all that is withdrawn is taken away, in no order.
fn standing(text: &str, place: &str) -> Vec<String> {
    let mut rows: BTreeMap<String, i64> = BTreeMap::new();
    for line in text.lines() {
        match line.strip_suffix(",\"retract\":true}") {
            Some(row) => {
                let there = rows.entry(format!("{row}}}")).or_default();
                *there -= 1;
                assert!(*there >= 0, "{line} was never given: {place}");
            }
            None => *rows.entry(line.into()).or_default() += 1,
        }
    }
    let rows = rows.into_iter();
    rows.flat_map(|(row, n)| vec![row; n as usize]).collect()
}

fn sorted(text: &str) -> Vec<String> {
    let mut rows: Vec<String> = text.lines().map(String::from).collect();
    rows.sort_unstable();
    rows
}

/// EVENT-TIME 2.5: "Panes are the last operator's with windows or state: before it a corrected row is taken back and the
/// new one added, so no trigger changes what a later aggregate computes", in chains of any length.
#[test]
fn long_chains_are_taken_back_and_added_through_and_through() {
    const WINDOWS: [&[&str]; 5] = [
        &["window", "1m"],
        &["window", "1m", "--slide", "20s"],
        &["window", "1m", "--grow", "30s"],
        &["session-window", "4s"],
        &["session-window", "3s", "--max", "20s"],
    ];
    const LATE: [&str; 2] = ["--allowed-lateness", "45s"];
    let mut random = Random::new(4);
    let mut withdrawn = 0;
    for turn in 0..60 {
        let window = WINDOWS[turn % WINDOWS.len()];
        let is_of_sessions = window[0] == "session-window";
        let dir = Scratch::new();
        fs::write(dir.0.join("log.csv"), records(&mut random)).expect("a log");
        let first: &[&str] = match is_of_sessions {
            true => &["reduce-by", "k", "n=count,v=sum:x,m=first:m"],
            false => &["reduce-by", "k,m", "n=count,v=sum:x"],
        };
        let behind = chain(&mut random);
        let behind: Vec<&str> = behind.iter().map(String::as_str).collect();
        let whole: Vec<&str> = [window, first, &behind].concat();
        let place = format!("{whole:?} {}", dir.0.display());

        let waits = run_records(
            &dir,
            &[&LATE[..], &["--output-mode", "append"]].concat(),
            &whole,
        );
        let waits = sorted(&waits);
        let retract = run_records(&dir, &[&LATE[..], &["--panes", "retract"]].concat(), &whole);
        assert_eq!(standing(&retract, &place), waits, "{place}");
        withdrawn += retract.matches("retract").count();
        let early = [&LATE[..], &["--panes", "retract", "--every-records", "3"]].concat();
        let with_early = run_records(&dir, &early, &whole);
        assert_eq!(standing(&with_early, &place), waits, "{place}");

        let accumulate = [&LATE[..], &["--pane-columns"]].concat();
        let kinds = panes(&run_records(&dir, &accumulate, &whole), 2).0;
        if !is_of_sessions {
            let on_time = run_records(&dir, &[], &whole);
            let on_time: Vec<String> = on_time.lines().map(String::from).collect();
            assert_eq!(
                kinds.get("on_time").cloned().unwrap_or_default(),
                on_time,
                "{place}"
            );
        }
        let settings = [
            ["-j", "1", "--block-size", "64", "--epoch", "1"],
            ["-j", "3", "--block-size", "100", "--epoch", "7"],
            ["-j", "2", "--block-size", "1000", "--epoch", "2"],
        ];
        let cut = [&early[..], &settings[turn % settings.len()]].concat();
        assert_eq!(run_records(&dir, &cut, &whole), with_early, "{place}");
    }
    assert!(withdrawn > 100, "{withdrawn}");
}

/// EVENT-TIME 2.5: "discard: only what is new": of what is counted and summed the panes add up to the whole.
#[test]
fn what_is_new_adds_up() {
    let mut random = Random::new(9);
    for turn in 0..12 {
        let dir = Scratch::new();
        fs::write(dir.0.join("log.csv"), records(&mut random)).expect("a log");
        let window = WINDOWS[turn % WINDOWS.len()];
        let middle: &[&str] = random.pick(&[
            &["top", "4"][..],
            &["filter", "n>1"],
            &["distinct-by", "m"],
            &["sort-by", "n"],
        ]);
        let chain: Vec<&str> = [
            window,
            &["reduce-by", "k,m", "n=count,v=sum:x"],
            middle,
            &["reduce-by", "k", "n=count,v=sum:v"],
        ]
        .concat();
        let sums = |text: &str| {
            let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
            for line in text.lines() {
                let (row, numbers) = line.split_once(",\"n\":").expect("a count");
                let (n, v) = numbers.split_once(",\"v\":").expect("a sum");
                let number = |text: &str| text.trim_end_matches('}').parse::<i64>().unwrap_or(0);
                let sum = sums.entry(row.into()).or_default();
                *sum = (sum.0 + number(n), sum.1 + number(v));
            }
            sums.retain(|_, sum| *sum != (0, 0));
            sums
        };
        let late = ["--allowed-lateness", "45s"];
        let options = [&late[..], &["--panes", "discard", "--every-records", "2"]].concat();
        let parts = run_records(&dir, &options, &chain);
        let waits = run_records(
            &dir,
            &[&late[..], &["--output-mode", "append"]].concat(),
            &chain,
        );
        assert!(parts.lines().count() > waits.lines().count());
        assert_eq!(sums(&parts), sums(&waits), "{chain:?}");
    }
}

/// ARCHITECTURE, "What must stay true": "the answer does not depend on the number of workers, the block size or where
/// epochs end", where rows of one kind of windows go into others.
#[test]
fn windows_behind_windows_know_no_cut() {
    // Aggregated in the first eight, records in the others.
    const FRONT: [&[&str]; 11] = [
        &["window", "20s"],
        &["window", "20s", "--slide", "7s"],
        &["window", "30s", "--grow", "10s"],
        &["session-window", "4s"],
        &["session-window", "7s", "--max", "30s"],
        &["look-back", "9s"],
        &["window", "20s", "--allowed-lateness", "13s"],
        &["session-window", "4s", "--allowed-lateness", "13s"],
        &["key-by", "k", "session-window", "7s", "--max", "30s"],
        &["key-by", "k", "look-back", "9s"],
        &["window", "30s", "--grow", "10s"],
    ];
    const BETWEEN: [&[&str]; 8] = [
        &[],
        &["top", "2", "--by", "v"],
        &["top", "1", "--by", "v", "--per", "k"],
        &["sort-by", "v"],
        &["distinct-by", "v"],
        &["distinct-by", "v", "--last"],
        &["reduce-by", "k", "n=count,v=sum:v"],
        &["reduce-by", "k", "n=count,v=sum:v", "top", "2", "--by", "n"],
    ];
    const BEHIND: [&[&str]; 9] = [
        &["window", "30s", "reduce", "l=collect:v"],
        &[
            "window",
            "30s",
            "--slide",
            "10s",
            "reduce-by",
            "k",
            "l=collect:v",
        ],
        &["session-window", "10s", "reduce", "l=collect:v"],
        &["session-window", "10s", "reduce-by", "k", "l=collect:v"],
        &["look-back", "10s", "reduce-by", "k", "l=collect:v"],
        &["count-window", "3", "reduce-by", "k", "l=collect:v"],
        &["window", "1m", "--grow", "20s", "reduce", "l=collect:v"],
        &["window", "30s", "top", "3", "--by", "v"],
        &[
            "window",
            "30s",
            "reduce",
            "l=collect:v",
            "--every-records",
            "3",
        ],
    ];
    let mut random = Random::new(77);
    let dir = Scratch::new();
    for n in 0..4 {
        fs::write(dir.0.join(format!("{n}.csv")), records(&mut random)).expect("a log");
    }
    let faults = session::Faults::default();
    let count = FRONT.len() * BETWEEN.len() * BEHIND.len();
    // A share of all, in which each stands beside each.
    session::on_two_threads(count / 3, |turn| {
        let turn = turn * 3 + turn / (count / 9) % 3;
        let at = turn % FRONT.len();
        let (front, rest) = (FRONT[at], turn / FRONT.len());
        let (between, behind) = (BETWEEN[rest % 8], BEHIND[rest / 8]);
        let keys = if front[0] == "window" { "k,m" } else { "k" };
        let aggregate: &[&str] = match at < 8 {
            true => &["reduce-by", keys, "v=sum:x"],
            false => &["map", "v=x"],
        };
        let whole: Vec<&str> = [front, aggregate, between, behind].concat();
        let words: Vec<String> = whole.iter().map(|word| format!("'{word}'")).collect();
        let file = format!("{}.csv", turn % 4);
        let answer = |way: &str, setting: &str| {
            let command = match way {
                "pipe" => format!("cat {file} | dstream -i csv"),
                _ => "dstream -i csv".to_string(),
            };
            let source = if way == "pipe" { "" } else { &file };
            let command = format!(
                "{command} --time t:s --watermark 3s {setting} {} {source} 2>/dev/null",
                words.join(" ")
            );
            let outcome = session::run(&command, &dir.0, None);
            (outcome.status, outcome.text)
        };
        let plain = answer("file", "");
        let corrected = whole.contains(&"--allowed-lateness");
        if corrected
            && plain.0 == 2
            && ["count-window", "top"]
                .iter()
                .any(|word| behind.contains(word))
        {
            // What these have seen cannot be taken back.
            return;
        }
        if plain.0 != 0 || plain.1.is_empty() {
            return faults.push(turn, format!("{whole:?}: {} {}", plain.0, plain.1));
        }
        for (way, setting) in [
            ("file", "-j 1 --block-size 7 --epoch 1"),
            ("pipe", "-j 3 --block-size 100 --epoch 3"),
            ("pipe", "-j 1 --block-size 7 --epoch 1"),
            ("file", "-j 2 --block-size 300"),
        ] {
            let other = answer(way, setting);
            if other != plain {
                let pair = plain.1.lines().zip(other.1.lines()).find(|(a, b)| a != b);
                return faults.push(turn, format!("{way} {setting} {whole:?} {file}: {pair:?}"));
            }
        }
    });
    faults.tell("windows behind windows");
}
