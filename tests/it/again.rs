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
