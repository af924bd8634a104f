//! Batches that go to commands: through `transform cat` the stream is what it was, the pieces that `foreach-batch` gives
//! are the stream, and runs that are stopped or killed give the same pieces. Invariant: the judge is the chain without
//! a command.

use super::laws::data::Random;
use super::session::Scratch;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Chains whose rows come in windows or batches, with the options that they need.
const CHAINS: [&[&str]; 6] = [
    &[
        "--time",
        "$1:s",
        "--watermark",
        "3s",
        "window",
        "10s",
        "count-by",
        "$2",
    ],
    &[
        "--time",
        "$1:s",
        "--watermark",
        "3s",
        "window",
        "10s",
        "--slide",
        "5s",
        "reduce-by",
        "$2",
        "n=count,s=sum:$3",
    ],
    &[
        "--time",
        "$1:s",
        "--watermark",
        "3s",
        "window",
        "7s",
        "top",
        "2",
        "--by",
        "$3",
    ],
    &["--batch-lines", "7", "count-by", "$2"],
    &["--batch-lines", "13", "filter", "$3 > 20"],
    &[
        "--clock",
        "$1:s",
        "--batch",
        "4s",
        "update-state-by-key",
        "n=count",
    ],
];

/// The pieces that commands are given, each under its number.
const KEEP: &str = "cat > .p$$ && mv .p$$ piece-$DSTREAM_BATCH";

fn input(random: &mut Random, lines: u64) -> Vec<u8> {
    let line = |n: u64, random: &mut Random| {
        let late = if random.below(20) == 0 { 9 } else { 0 };
        let at = 1000 + n / 3 + random.below(3) - late;
        format!("{at} k{} {}\n", random.below(5), random.below(60))
    };
    (0..lines)
        .map(|n| line(n, random))
        .collect::<String>()
        .into_bytes()
}

fn dstream(dir: &Path, words: &[&[&str]]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dstream"));
    command
        .current_dir(dir)
        .args(words.concat())
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn good(mut command: Command) -> Output {
    let output = command.output().expect("dstream starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}

/// The pieces by number.
fn pieces(dir: &Path) -> BTreeMap<u64, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("it is there").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(number) = name.strip_prefix("piece-") {
            let bytes = fs::read(entry.path()).expect("it is read");
            found.insert(number.parse().expect("a number"), bytes);
        }
    }
    found
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// INTERFACE 3: what a command only hands on is what was there without it, for any threads, blocks and epochs.
#[test]
fn commands_that_change_nothing_change_nothing() {
    let mut random = Random::new(11);
    for chain in CHAINS {
        for _ in 0..3 {
            let scratch = Scratch::new();
            let lines = 1 + random.below(150);
            fs::write(scratch.0.join("in"), input(&mut random, lines)).expect("it is written");
            let plain = good(dstream(&scratch.0, &[chain, &["in"]])).stdout;
            let threads = (1 + random.below(4)).to_string();
            let (block, epoch) = (
                (20 + random.below(2000)).to_string(),
                (1 + random.below(90)).to_string(),
            );
            let how = ["-j", &threads, "--block-size", &block, "--epoch", &epoch];
            let through = good(dstream(
                &scratch.0,
                &[&how, chain, &["transform", "cat", "in"]],
            ))
            .stdout;
            assert_eq!(text(&through), text(&plain), "transform: {how:?} {chain:?}");
            good(dstream(
                &scratch.0,
                &[&how, chain, &["foreach-batch", KEEP, "in"]],
            ));
            let given: Vec<u8> = pieces(&scratch.0).into_values().flatten().collect();
            assert_eq!(
                text(&given),
                text(&plain),
                "foreach-batch: {how:?} {chain:?}"
            );
        }
    }
}

/// GUARANTEES G1: a job in pieces gives its batches the numbers and rows that one run gives them.
#[test]
fn runs_in_pieces_give_the_same_batches() {
    let mut random = Random::new(23);
    for chain in CHAINS {
        let all = input(&mut random, 160);
        let once = Scratch::new();
        fs::write(once.0.join("in"), &all).expect("it is written");
        let job = ["--checkpoint", "ck", "--durability", "process", "--once"];
        good(dstream(
            &once.0,
            &[&job, &["--final"], chain, &["foreach-batch", KEEP, "in"]],
        ));
        let expected = pieces(&once.0);
        assert!(expected.len() > 3, "{chain:?}: {expected:?}");
        let scratch = Scratch::new();
        let mut ends: Vec<usize> = (0..4)
            .map(|_| random.below(all.len() as u64) as usize)
            .collect();
        ends.sort_unstable();
        for end in ends {
            fs::write(scratch.0.join("in"), &all[..end]).expect("it is written");
            good(dstream(
                &scratch.0,
                &[&job, chain, &["foreach-batch", KEEP, "in"]],
            ));
        }
        fs::write(scratch.0.join("in"), &all).expect("it is written");
        good(dstream(
            &scratch.0,
            &[&job, &["--final"], chain, &["foreach-batch", KEEP, "in"]],
        ));
        assert_eq!(pieces(&scratch.0), expected, "{chain:?}");
    }
}

/// GUARANTEES G12: each batch is given at least once, and always the same; `transform` into a file exactly once.
#[test]
fn killed_runs_give_the_same_batches() {
    let mut random = Random::new(31);
    for (chain, last) in [
        (0, "foreach-batch"),
        (3, "foreach-batch"),
        (0, "transform"),
        (3, "transform"),
    ] {
        let chain = CHAINS[chain];
        let all = input(&mut random, 400);
        let commands: &[&str] = match last {
            "foreach-batch" => &["foreach-batch", KEEP],
            _ => &["transform", "cat", "--output", "out"],
        };
        let found = |dir: &Path| {
            (
                pieces(dir),
                fs::read(dir.join("out")).ok().map(|out| text(&out)),
            )
        };
        let once = Scratch::new();
        fs::write(once.0.join("in"), &all).expect("it is written");
        let job = ["--checkpoint", "ck", "--checkpoint-every", "5ms"];
        good(dstream(
            &once.0,
            &[&job, &["--once", "--final"], chain, commands, &["in"]],
        ));
        let scratch = Scratch::new();
        fs::write(scratch.0.join("in"), &all).expect("it is written");
        for _ in 0..6 {
            let words: &[&[&str]] = &[
                &job,
                &["--once", "--max-rate", "2000/s"],
                chain,
                commands,
                &["in"],
            ];
            let mut child = dstream(&scratch.0, words).spawn().expect("dstream starts");
            std::thread::sleep(Duration::from_millis(10 + random.below(120)));
            child.kill().expect("it is ours");
            child.wait().expect("it has ended");
        }
        good(dstream(
            &scratch.0,
            &[&job, &["--once", "--final"], chain, commands, &["in"]],
        ));
        assert_eq!(found(&scratch.0), found(&once.0), "{chain:?} {commands:?}");
    }
}
