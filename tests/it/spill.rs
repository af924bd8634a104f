//! State that is larger than it may be: set aside on the disk, and the answer is the same; or the run says so.

use super::session::Scratch;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run(dir: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dstream"))
        .current_dir(dir)
        .args(words)
        .arg("keys")
        .output()
        .expect("dstream starts")
}

/// 6,000 keys, each several times, of all lengths; some rows lack the number.
fn keys() -> String {
    let mut text = String::new();
    for i in 0..20_000u32 {
        let key = i.wrapping_mul(2_654_435_761) % 6_000;
        let long = "x".repeat((key % 40) as usize);
        match i % 11 {
            0 => writeln!(text, "k{key}{long}"),
            _ => writeln!(text, "k{key}{long} {}.{}", i % 97, i % 10),
        }
        .expect("a String takes what is written");
    }
    text
}

#[test]
fn what_is_set_aside_comes_back() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("keys"), keys()).expect("it can be written");
    let calls = "n=count,sum:$2,avg:$2,min:$2,max:$2,first:$2,last:$2,distinct:$2,p90:$2,mode:$2,topk:$2:2,stddev:$2,\
                 collect:$2,any:$2,approx_distinct:$2";
    let chains: [&[&str]; 9] = [
        &["count-by", "$1"],
        &["reduce-by", "$1", calls],
        &["count-by-key"],
        &["sort-by", "$2"],
        &["sort-by", "$2:desc,$1"],
        &["map", "m=upper($1)", "sort-by", "m", "head", "4000"],
        &["sort-by", "$2", "count-by", "$1"],
        &["reduce-by", "$1", "n=count", "top", "7", "--by", "n"],
        &["count-by", "$1", "reduce", "keys=count,rows=sum:count"],
    ];
    for chain in chains {
        let plain = run(&scratch.0, chain);
        assert!(
            plain.status.success() && !plain.stdout.is_empty(),
            "{plain:?}"
        );
        for threads in ["1", "3"] {
            let small = ["-j", threads, "--max-state", "150KiB", "--tmp", "."];
            let words = [&small, chain].concat();
            let got = run(&scratch.0, &words);
            let said = String::from_utf8_lossy(&got.stderr);
            assert!(got.status.success(), "{words:?}: {said}");
            assert!(got.stdout == plain.stdout, "{words:?} differs");
        }
    }
    // Files without a name leave nothing behind.
    assert_eq!(fs::read_dir(&scratch.0).expect("it is ours").count(), 1);
}

/// The same with times, some of them out of order.
fn timed_keys() -> String {
    let mut text = String::new();
    for (i, line) in keys().lines().enumerate() {
        let time = 100_000 + i / 2 - (i * 7919) % 90;
        writeln!(text, "{time} {line}").expect("a String takes what is written");
    }
    text
}

/// Windows that close while the input goes on, and those that wait for its end.
#[test]
fn windows_that_are_set_aside_come_back() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("keys"), timed_keys()).expect("it can be written");
    let chains: [&[&str]; 7] = [
        &["window", "10m", "count-by", "$2"],
        &[
            "window",
            "1h",
            "reduce-by",
            "$2",
            "n=count,s=sum:$3,p90:$3,last:$3",
        ],
        &[
            "window",
            "10m",
            "count-by",
            "$2",
            "reduce-by",
            "count",
            "keys=count",
        ],
        &["window", "1d", "--slide", "2h", "count-by", "$2"],
        &["window", "10m", "count-by", "$2", "top", "3"],
        &[
            "window",
            "10m",
            "count-by",
            "$2",
            "window",
            "1h",
            "reduce-by",
            "$2",
            "m=max:count",
        ],
        &["--batch-lines", "7000", "count-by", "$2"],
    ];
    for chain in chains {
        for watermark in [&["--watermark", "90s"][..], &[]] {
            let time = match chain[0] {
                "--batch-lines" => &[][..],
                _ => &["--time", "$1:s"],
            };
            let plain_words = [time, watermark, chain].concat();
            let plain = run(&scratch.0, &plain_words);
            let said = String::from_utf8_lossy(&plain.stderr);
            assert!(
                plain.status.success() && !plain.stdout.is_empty(),
                "{plain_words:?}: {said}"
            );
            for (threads, size) in [("1", "150KiB"), ("3", "150KiB"), ("2", "20KiB")] {
                let small = ["-j", threads, "--max-state", size, "--tmp", "."];
                let words = [&small[..], &["--block-size", "4096"], &plain_words].concat();
                let got = run(&scratch.0, &words);
                let said = String::from_utf8_lossy(&got.stderr);
                assert!(got.status.success(), "{words:?}: {said}");
                assert!(got.stdout == plain.stdout, "{words:?} differs");
            }
        }
    }
}

#[test]
fn what_cannot_be_set_aside_ends_the_run() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("keys"), keys()).expect("it can be written");
    let small = ["--max-state", "100KiB"];
    for (chain, status, says) in [
        (&["distinct-by", "$1"][..], 65, "--max-state"),
        (&["--on-full", "fail", "count-by", "$1"], 65, "--max-state"),
        (
            &["--tmp", "missing", "count-by", "$1"],
            74,
            "'missing' (--tmp)",
        ),
    ] {
        let got = run(&scratch.0, &[&small, chain].concat());
        let said = String::from_utf8_lossy(&got.stderr);
        assert_eq!(got.status.code(), Some(status), "{chain:?}: {said}");
        assert!(said.contains(says), "{chain:?}: {said}");
    }
}
