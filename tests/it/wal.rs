//! Input that cannot be read again, through kills: what a pipe has given is logged before it is worked on, so that each
//! line counts once (GUARANTEES G11). `WAL_KILLS=N` kills more often.

use super::session::{Scratch, bash};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn dstream(dir: &Path, words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_dstream"))
        .current_dir(dir)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dstream starts")
}

/// Until `done`, at most ten seconds.
fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < until, "{what} does not come");
        sleep(Duration::from_millis(5));
    }
}

/// Bytes that are in the log and the pipe has given: the last line written stands in a segment.
fn is_logged(dir: &Path, line: &str) -> bool {
    let Ok(entries) = fs::read_dir(dir.join("log")) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let bytes = fs::read(entry.path()).unwrap_or_default();
        bytes
            .windows(line.len())
            .any(|window| window == line.as_bytes())
    })
}

#[test]
fn a_pipe_is_read_once_through_kills() {
    let kills: usize = std::env::var("WAL_KILLS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(5);
    let scratch = Scratch::new();
    let dir = &scratch.0;
    assert!(
        bash("mkfifo in", dir, None)
            .status()
            .expect("bash")
            .success()
    );
    let chain = [
        "--time",
        "$1:s",
        "--watermark",
        "5s",
        "window",
        "10s",
        "count-by",
        "$2",
    ];
    // Commits are rare, so that it is the log that carries over.
    let kept = [
        "--checkpoint",
        "ck",
        "--wal",
        "log",
        "--checkpoint-every",
        "1h",
    ];
    let words: Vec<&str> = kept
        .iter()
        .chain(&chain)
        .chain(&["--output", "out", "--append", "in"])
        .copied()
        .collect();
    let mut child = dstream(dir, &words);
    // Open for both, so that the pipe outlives its reader.
    let mut pipe: File = OpenOptions::new()
        .read(true)
        .write(true)
        .open(dir.join("in"))
        .expect("it is there");
    let mut all = String::new();
    let mut n = 0;
    for kill in 0..kills {
        let mut last = String::new();
        for _ in 0..50 + kill * 37 {
            last = format!("{n} k{}x{}\n", n % 7, n % 3);
            all.push_str(&last);
            pipe.write_all(last.as_bytes()).expect("there is room");
            n += 1;
        }
        wait_for("the log", || is_logged(dir, &last));
        child.kill().expect("it runs");
        let output = child.wait_with_output().expect("it is ours");
        assert!(output.stderr.is_empty(), "{output:?}");
        child = dstream(dir, &words);
    }
    drop(pipe);
    // Its writer is gone before it has opened the pipe: another one comes and goes.
    let mut end = None;
    wait_for("the end", || {
        let _ = OpenOptions::new()
            .read(true)
            .write(true)
            .open(dir.join("in"));
        end = child.try_wait().expect("it is ours");
        end.is_some()
    });
    assert_eq!(end.and_then(|status| status.code()), Some(0));
    fs::write(dir.join("all"), &all).expect("it can be written");
    let plain = Command::new(env!("CARGO_BIN_EXE_dstream"))
        .current_dir(dir)
        .args(chain)
        .arg("all")
        .output()
        .expect("dstream starts");
    let got = fs::read(dir.join("out")).expect("it was written");
    assert_eq!(
        String::from_utf8_lossy(&got),
        String::from_utf8_lossy(&plain.stdout)
    );
    assert_eq!(
        fs::read_dir(dir.join("log")).expect("it was made").count(),
        0
    );
}

/// Windows by arrival close when they did, not when the log is read again: no row comes twice.
#[test]
fn windows_by_arrival_go_on() {
    let scratch = Scratch::new();
    let dir = &scratch.0;
    assert!(
        bash("mkfifo in", dir, None)
            .status()
            .expect("bash")
            .success()
    );
    let words = [
        "--checkpoint",
        "ck",
        "--wal",
        "log",
        "--checkpoint-every",
        "1h",
        "window",
        "200ms",
        "count",
        "--output",
        "out",
        "--append",
        "in",
    ];
    let mut child = dstream(dir, &words);
    let mut pipe: File = OpenOptions::new()
        .read(true)
        .write(true)
        .open(dir.join("in"))
        .expect("it is there");
    for line in 0..60 {
        writeln!(pipe, "line {line}").expect("there is room");
        sleep(Duration::from_millis(10));
        if line % 20 == 19 {
            wait_for("the log", || is_logged(dir, &format!("line {line}\n")));
            child.kill().expect("it runs");
            child.wait().expect("it is ours");
            child = dstream(dir, &words);
        }
    }
    drop(pipe);
    wait_for("the end", || {
        let _ = OpenOptions::new()
            .read(true)
            .write(true)
            .open(dir.join("in"));
        child.try_wait().expect("it is ours").is_some()
    });
    let out = fs::read_to_string(dir.join("out")).expect("it was written");
    let starts: Vec<&str> = out
        .lines()
        .filter_map(|row| Some(row.split('\t').next()?.trim_end_matches('Z')))
        .collect();
    assert!(starts.len() > 2, "{out}");
    assert!(starts.is_sorted_by(|one, next| one < next), "{out}");
    let sum: u64 = out
        .lines()
        .filter_map(|row| row.split('\t').next_back()?.parse::<u64>().ok())
        .sum();
    assert_eq!(sum, 60, "{out}");
}
