//! Each key with its variables (`map-with-state --output-mode complete`), against totals that say the same. Invariant: the
//! judge is `update-state-by`, whose way of printing snapshots follow.

use super::laws::data::Random;
use super::session::{self, Scratch};
use std::fs;

const RULES: [&[&str]; 6] = [
    &["--batch-lines", "7"],
    &["--batch-on", "^--", "--mark-batches"],
    &["--time", "$1:s", "--watermark", "9s", "window", "20s"],
    &["--time", "$1:s", "window", "1m"],
    &[
        "--time",
        "$1:s",
        "--watermark",
        "3s",
        "window",
        "10s",
        "--offset",
        "3s",
    ],
    &["--time", "$1:s", "--watermark", "3s"],
];

fn run(dir: &Scratch, words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let command = format!("dstream {} log 2>/dev/null", quoted.join(" "));
    let outcome = session::run(&command, &dir.0, None);
    assert_eq!(outcome.status, 0, "{command}: {}", outcome.text);
    outcome.text
}

/// INTERFACE 6.1: "`--output-mode complete` prints, instead of the records, each key with its variables after each batch
/// (`stateSnapshots`)"; in windows and by `--ttl` as totals do.
#[test]
fn snapshots_of_counters_are_totals() {
    let mut random = Random::new(12);
    for (turn, rule) in RULES.iter().cycle().take(18).enumerate() {
        let dir = Scratch::new();
        let mut log = String::new();
        for n in 0..150 {
            let time = 1000 + n * 2 - random.below(20).min(random.below(20)) as i64;
            log.push_str(&format!("{time} k{}\n", random.below(7)));
            if random.one_in(9) && rule.contains(&"--batch-on") {
                log.push_str("--\n");
            }
        }
        fs::write(dir.0.join("log"), log).expect("a log");
        let ttl: &[&str] = if turn % 2 == 0 {
            &[]
        } else {
            &["--ttl", "15s"]
        };
        let complete = ["--output-mode", "complete"];
        let counted = ["map-with-state-by", "$2", "n=(n ?? 0)+1"];
        let totalled = ["update-state-by", "$2", "n=count"];
        let snapshots = [&complete[..], rule, &counted, ttl].concat();
        let text = run(&dir, &snapshots);
        let place = format!("{snapshots:?}");
        assert!(!text.is_empty(), "{place}");
        assert_eq!(
            text,
            run(&dir, &[&complete[..], rule, &totalled, ttl].concat()),
            "{place}"
        );
        for cut in [
            ["-j", "1", "--block-size", "64", "--epoch", "1"],
            ["-j", "3", "--block-size", "100", "--epoch", "7"],
        ] {
            assert_eq!(text, run(&dir, &[&cut[..], &snapshots].concat()), "{place}");
        }
    }
}
