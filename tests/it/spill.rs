//! State that is larger than it may be: set aside on the disk, and the answer is the same; or the run says so.

use super::session::Scratch;
use std::fmt::Write;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

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
fn what_may_not_or_cannot_be_set_aside_ends_the_run() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("keys"), keys()).expect("it can be written");
    let small = ["--max-state", "100KiB"];
    for (chain, status, says) in [
        (
            &["--on-full", "fail", "distinct-by", "$1"][..],
            65,
            "--max-state",
        ),
        (&["--on-full", "fail", "count-by", "$1"], 65, "--max-state"),
        // One group: what each worker holds of it counts, too.
        (
            &["-j", "3", "--on-full", "fail", "reduce", "distinct:$1"],
            65,
            "--max-state",
        ),
        (
            &["-j", "3", "--on-full", "fail", "reduce", "collect:$1"],
            65,
            "--max-state",
        ),
        (
            &["--tmp", "missing", "distinct-by", "$1"],
            74,
            "'missing' (--tmp)",
        ),
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

/// A chain of each kind of state that needs the order of rows, or shares its groups between windows.
const ORDERED: &[&[&str]] = &[
    &["distinct-by", "$2"],
    &["distinct-by", "$2", "--ttl", "10m"],
    &["distinct-by", "$2", "--last"],
    &["window", "1h", "--slide", "10m", "count-by", "$2"],
    &[
        "window",
        "1h",
        "--slide",
        "10m",
        "reduce-by",
        "$2",
        "p90:$3,collect:$3:2",
    ],
    &["window", "1h", "--grow", "20m", "count-by", "$2"],
    &["window", "30m", "sort-by", "$3,$2"],
    &["window", "30m", "top", "5", "--by", "$3"],
    &["session-window", "3s", "count-by", "$2"],
    &["session-window", "3s", "reduce-by", "$2", "collect:$3"],
    &["count-window", "3", "reduce-by", "$2", "sum:$3"],
    &["look-back", "20s", "reduce-by", "$2", "n=count,max:$3"],
    &[
        "window",
        "10m",
        "--allowed-lateness",
        "10m",
        "count-by",
        "$2",
        "top",
        "3",
    ],
    &[
        "window",
        "10m",
        "reduce-by",
        "$2",
        "n=count",
        "fill",
        "zero",
    ],
    &["scan-by", "$2", "lag:$3,cumsum:$3"],
    &["scan-by", "$2", "avg:$3:-1..1"],
    &["map-with-state-by", "$2", "n=n??0+1"],
    &["window", "10m", "update-state-by", "$2", "n=count"],
    &[
        "key-by", "$2", "match", "A B", "--where", "A=$3>50", "--where", "B=$3<50", "--within",
        "2h",
    ],
    &["key-by", "$2", "burst", "2", "3h"],
    &["key-by", "$2", "anomaly", "zscore", "$3", "--rows", "2"],
    &["sort-by", "@time,$2"],
    &["join", "keys", "--on", "$2", "--within", "1s", "count"],
    &[
        "window", "10m", "join", "keys", "--on", "$2", "--left", "count",
    ],
    &[
        "window", "10m", "cogroup", "keys", "--on", "$2", "head", "50",
    ],
    &["asof-join", "keys", "--on", "$2"],
    &["count-by", "$2", "--heavy", "2000"],
];

/// INTERFACE 6: "`--max-keys`, `--max-state` and `--on-full` bound every operator with state".
#[test]
fn what_needs_the_order_of_rows_is_paged() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("keys"), timed_keys()).expect("it can be written");
    for chain in ORDERED {
        let time = ["--time", "$1:s", "--watermark", "90s"];
        let plain = run(&scratch.0, &[&time, *chain].concat());
        let said = String::from_utf8_lossy(&plain.stderr);
        let is_full = plain.status.success() && !plain.stdout.is_empty();
        assert!(is_full, "{chain:?}: {said}");
        for (threads, limit, size) in [
            ("1", "--max-state", "1KiB"),
            ("3", "--max-state", "100KiB"),
            ("2", "--max-keys", "3"),
        ] {
            let small = ["-j", threads, limit, size, "--tmp", "."];
            let words = [&small[..], &["--block-size", "4096"], &time, chain].concat();
            let got = run(&scratch.0, &words);
            let said = String::from_utf8_lossy(&got.stderr);
            assert!(got.status.success(), "{words:?}: {said}");
            assert!(got.stdout == plain.stdout, "{words:?} differs");
            assert!(!said.contains("forgotten"), "{words:?}: {said}");
        }
    }
    assert_eq!(fs::read_dir(&scratch.0).expect("it is ours").count(), 1);
}

/// A job keeps what is set aside in its checkpoint, as everything else.
#[test]
fn what_is_set_aside_is_kept() {
    let scratch = Scratch::new();
    let text = timed_keys();
    let (first, second) = text.split_at(text.len() / 2);
    for chain in ORDERED {
        if chain.contains(&"--heavy") || chain.contains(&"--on") {
            // Those have their own tests of restarts; a second stream here would be the file that grows.
            continue;
        }
        for size in ["1KiB", "1GiB"] {
            for run_of in ["--once", "--final"] {
                let half = match run_of {
                    "--once" => first.to_string(),
                    _ => format!("{first}{second}"),
                };
                fs::write(scratch.0.join("keys"), half).expect("it can be written");
                let out = format!("out.{size}");
                let job = ["--max-state", size, "--tmp", ".", "--time", "$1:s"];
                let kept = ["--checkpoint", size, "--output", &out, "--append"];
                let once: &[&str] = match run_of {
                    "--once" => &["--once"],
                    _ => &["--once", "--final"],
                };
                let words = [&job[..], &kept, once, chain].concat();
                let got = run(&scratch.0, &words);
                let said = String::from_utf8_lossy(&got.stderr);
                assert!(got.status.success(), "{words:?}: {said}");
            }
        }
        let read = |size: &str| fs::read(scratch.0.join(format!("out.{size}")));
        let (small, large) = (read("1KiB").ok(), read("1GiB").ok());
        assert!(small.is_some() && small == large, "{chain:?} differs");
        for entry in fs::read_dir(&scratch.0).expect("it is ours") {
            fs::remove_file(entry.expect("it is ours").path()).expect("it is ours");
        }
    }
}

/// It is slower, so it is told.
#[test]
fn what_is_on_the_disk_is_told_in_the_statistics() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("keys"), keys()).expect("it can be written");
    for (chain, is_told) in [("distinct", true), ("count", false), ("count-by-key", true)] {
        for (form, told) in [("--stats", "MB on the disk"), ("--stats=json", "")] {
            let got = run(
                &scratch.0,
                &["--max-state", "20KiB", "--tmp", ".", form, chain],
            );
            let said = String::from_utf8_lossy(&got.stderr);
            let says = match told {
                "" => !said.contains("\"state_bytes_on_disk\":0,"),
                _ => said.contains(told),
            };
            assert_eq!(says, is_told, "{chain} {form}: {said}");
        }
    }
}

/// State grows, and the memory that the process has of its own does not.
#[test]
fn what_is_paged_is_not_in_memory() {
    let scratch = Scratch::new();
    let own_memory = |words: &[&str]| -> usize {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dstream"))
            .current_dir(&scratch.0)
            .args(["-j", "1", "--tmp", ".", "--on-full", "spill"])
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("dstream starts");
        let mut lines = String::new();
        for i in 0..600_000 {
            writeln!(lines, "key-that-is-rather-long-{i}").expect("a String takes what is written");
        }
        let mut input = child.stdin.take().expect("it is piped");
        input.write_all(lines.as_bytes()).expect("it reads");
        // What a pipe holds, and a block, has not been read yet, and need not be.
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
        let status = status.expect("it runs");
        let own = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = own.and_then(|own| own.trim().trim_end_matches(" kB").parse().ok());
        drop(input);
        assert!(child.wait().expect("it is ours").success());
        kib.expect("the kernel says it")
    };
    let paged = own_memory(&["--max-state", "1MiB", "distinct"]);
    let plain = own_memory(&["--max-state", "1GiB", "distinct"]);
    assert!(paged + (16 << 10) < plain, "{paged} KiB of {plain}");
}

/// A disk that is full, as far as this process goes, is told with its place.
#[test]
fn a_full_disk_is_told() {
    let scratch = Scratch::new();
    let mut text = keys();
    for i in 0..300_000 {
        writeln!(text, "key-that-is-rather-long-{i}").expect("a String takes what is written");
    }
    fs::write(scratch.0.join("keys"), text).expect("it can be written");
    let line = format!(
        "ulimit -f 4096; exec {} --max-state 64KiB --tmp . distinct keys > /dev/null",
        env!("CARGO_BIN_EXE_dstream")
    );
    let got = Command::new("bash")
        .current_dir(&scratch.0)
        .args(["-c", &line])
        .output()
        .expect("bash starts");
    let said = String::from_utf8_lossy(&got.stderr);
    assert_eq!(got.status.code(), Some(74), "{said}");
    assert!(said.contains("'.' (--tmp)"), "{said}");
}
