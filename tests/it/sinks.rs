//! Outputs while a run goes on and over restarts: HUP, files that are replaced, files by window and by key with a
//! checkpoint and kills in between, sockets. Invariant: every wait has an end.

use super::live::{PATIENCE, start, wait_until};
use super::session::Scratch;
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn name(path: &Path) -> &str {
    path.to_str().expect("a name of ours")
}

/// INTERFACE 10: "HUP | with --output: open the outputs again by name (after logrotate)".
#[test]
fn hup_opens_outputs_again_and_ends_nothing() {
    let scratch = Scratch::new();
    let (out, moved, copy) = (
        scratch.0.join("out.csv"),
        scratch.0.join("out.csv.1"),
        scratch.0.join("copy.log"),
    );
    let chain = [
        "tee",
        name(&copy),
        "map",
        "n=len($1)",
        "--output",
        name(&out),
    ];
    let mut running = start(&chain);
    running.write("a\n");
    wait_until("the first row is there", || text(&out) == "line,n\na,1\n");
    fs::rename(&out, &moved).expect("it is there");
    fs::rename(&copy, scratch.0.join("copy.1")).expect("it is there");
    running.signal(Signal::HUP);
    // Also while nothing comes; the header goes into the new file too.
    wait_until("the file is there again", || text(&out) == "line,n\n");
    wait_until("so is the copy", || copy.exists());
    running.write("bb\n");
    wait_until("the second row is there", || text(&out) == "line,n\nbb,2\n");
    assert_eq!(text(&copy), "bb\n");
    running.close();
    assert!(running.end().success());
    assert_eq!(text(&moved), "line,n\na,1\n");
}

/// INTERFACE 8.1: the file of late records can be read again, "a header first for csv": so can the next one.
#[test]
fn hup_opens_the_file_of_late_records_again_with_its_header() {
    let scratch = Scratch::new();
    let path = |name: &str| scratch.0.join(name);
    let (late, moved, out) = (path("late.csv"), path("late.csv.1"), path("out"));
    let mut chain = vec!["-i", "csv", "--time", "t:s", "--watermark", "0s"];
    chain.extend(["--late", name(&late), "--output", name(&out)]);
    chain.extend(["window", "2s", "count"]);
    let mut running = start(&chain);
    running.write("t,v\n1,a\n9,b\n2,c\n");
    wait_until("the late one is there", || text(&late) == "t,v\n2,c\n");
    fs::rename(&late, &moved).expect("it is there");
    running.signal(Signal::HUP);
    wait_until("the header is there again", || text(&late) == "t,v\n");
    running.write("3,d\n");
    wait_until("so is the next one", || text(&late) == "t,v\n3,d\n");
    running.close();
    assert!(running.end().success());
    assert_eq!(text(&moved), "t,v\n2,c\n");
}

/// INTERFACE 10: "else as TERM".
#[test]
fn hup_ends_a_run_without_an_output() {
    use std::os::unix::process::ExitStatusExt;
    let mut running = start(&["filter", "true"]);
    running.write("a\n");
    assert_eq!(running.line(), "a");
    running.signal(Signal::HUP);
    assert_eq!(running.end().signal(), Some(1));
}

/// GUARANTEES G2: "S3 is one whole generation, old or new".
#[test]
fn a_reader_never_sees_half_a_file() {
    let scratch = Scratch::new();
    let out = scratch.0.join("totals.tsv");
    let mut chain = vec!["--output-mode", "complete", "--every", "20ms"];
    chain.extend(["update-state-by", "$1", "count", "--output", name(&out)]);
    let mut running = start(&chain);
    let keys: String = (0..2000).map(|n| format!("{n}\n")).collect();
    running.write(&keys);
    wait_until("the first answer is there", || !text(&out).is_empty());
    let (began, mut answers) = (Instant::now(), BTreeMap::new());
    while answers.len() < 4 {
        running.write(&keys);
        let text = text(&out);
        assert_eq!(text.lines().count(), 2000, "all keys, each once");
        assert!(text.ends_with('\n'));
        answers.insert(text.len(), ());
        let first: Vec<&str> = text.lines().take(1).collect();
        answers.insert(usize::MAX - first[0].len(), ());
        if began.elapsed() > Duration::from_secs(3) {
            break;
        }
    }
    running.close();
    assert!(running.end().success());
    assert_eq!(text(&out).lines().count(), 2000);
    assert_eq!(fs::read_dir(&scratch.0).expect("a directory").count(), 1);
}

/// GUARANTEES 3.1: sockets are S4, and nothing is lost without a word.
#[test]
fn rows_go_to_a_socket_and_a_broken_one_is_told() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let to = format!("tcp:127.0.0.1:{port}");
    let mut running = start(&["filter", "/a/", "--output", &to]);
    let (mut reader, _) = listener.accept().expect("dstream connects");
    running.write("a\nb\nab\n");
    let mut first = [0; 5];
    reader.read_exact(&mut first).expect("rows come");
    assert_eq!(&first, b"a\nab\n");
    running.write("a2\n");
    running.close();
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("rows come");
    drop(reader);
    assert_eq!(rest, "a2\n");
    assert!(running.end().success());
    // A reader that goes away.
    let mut running = start(&["filter", "true", "--output", &to]);
    drop(listener.accept().expect("dstream connects"));
    let mut stdin = running.take_stdin();
    std::thread::spawn(move || while stdin.write_all(b"a\n").is_ok() {});
    assert_eq!(running.end().code(), Some(74));
    let said: Vec<String> = running.errors.iter().collect();
    assert_eq!(
        said,
        [format!(
            "dstream: cannot write to {to}: the other side has closed the connection"
        )]
    );
}

/// The files below a directory, without temporary ones.
fn files(dir: &Path, below: &str, into: &mut BTreeMap<String, String>) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        let last = path.file_name().expect("a name").to_string_lossy();
        let name = format!("{below}/{last}");
        match path.is_dir() {
            true => files(&path, &name, into),
            false if last.ends_with(".tmp") => {}
            false => {
                into.insert(name, text(&path));
            }
        }
    }
}

fn all(dir: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    files(dir, "", &mut found);
    found
}

fn temporary(dir: &Path) -> usize {
    let Ok(entries) = fs::read_dir(dir) else {
        return 0;
    };
    let entries = entries.map(|entry| entry.expect("an entry").path());
    let count = |path: std::path::PathBuf| match path.is_dir() {
        true => temporary(&path),
        false => usize::from(path.extension().is_some_and(|ending| ending == "tmp")),
    };
    entries.map(count).sum()
}

const PATTERNS: [&[&str]; 5] = [
    &[
        "--time",
        "$1:s",
        "--watermark",
        "3s",
        "window",
        "10s",
        "count-by",
        "$2",
        "--output",
        "o/%j/%H%M%S.csv",
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
        "--output",
        "o/%s-{$2}.log",
    ],
    &["map", "n=$1", "--output", "o/{$2}/x.csv", "--max-open", "2"],
    // So many that they are not put on the disk one by one.
    &["map", "n=$1", "--output", "o/{$1}.log", "--max-open", "9"],
    &[
        "--batch-lines",
        "7",
        "count-by",
        "$2",
        "--output",
        "o/%T.json",
    ],
];

fn input(lines: usize) -> Vec<u8> {
    let mut state = 7u64;
    let mut out = String::new();
    for n in 0..lines {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let key = ["a", "b", "../c", "d", "e/f"][(state >> 33) as usize % 5];
        out.push_str(&format!("{} {key}\n", n / 4 + (state >> 40) as usize % 3));
    }
    out.into_bytes()
}

fn job(dir: &Path, words: &[&str], more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dstream"));
    command
        .current_dir(dir)
        .args(["--checkpoint", "job.ck"])
        .args(more)
        .args(words)
        .arg("in.log")
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    command
}

fn succeeds(mut command: Command) {
    let output = command.output().expect("dstream starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
}

fn undisturbed(words: &[&str], bytes: &[u8]) -> BTreeMap<String, String> {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("in.log"), bytes).expect("it can be written");
    succeeds(job(&scratch.0, words, &["--once", "--final"]));
    let found = all(&scratch.0.join("o"));
    assert!(found.len() > 3, "{words:?}: {found:?}");
    assert_eq!(temporary(&scratch.0), 0);
    found
}

/// GUARANTEES G1: runs in pieces come to the files of one run; G2: a file that has its name is complete.
#[test]
fn many_files_survive_restarts() {
    let bytes = input(400);
    for words in PATTERNS {
        let expected = undisturbed(words, &bytes);
        let timed = words.iter().any(|word| word.contains('%'));
        let scratch = Scratch::new();
        let log = scratch.0.join("in.log");
        let ends = [0, 150, 151, 900, 2000, bytes.len()];
        for (run, end) in ends.iter().enumerate() {
            fs::write(&log, &bytes[..(*end).min(bytes.len())]).expect("it can be written");
            let is_last = run + 1 == ends.len();
            let more: &[&str] = if is_last {
                &["--once", "--final"]
            } else {
                &["--once"]
            };
            succeeds(job(&scratch.0, words, more));
            // What rows went to files that do not wait for a time can be read when the run has ended.
            assert!(timed || *end == 0 || !all(&scratch.0.join("o")).is_empty());
            for (name, text) in all(&scratch.0.join("o")) {
                let whole = &expected[&name];
                let good = if timed {
                    *whole == text
                } else {
                    whole.starts_with(&text)
                };
                assert!(
                    good,
                    "{words:?}, run {run}: {name} has {text:?} of {whole:?}"
                );
            }
        }
        assert_eq!(all(&scratch.0.join("o")), expected, "{words:?}");
        assert_eq!(temporary(&scratch.0), 0, "{words:?}");
    }
}

/// The same with kills: the file grows, and the job that follows it is killed whenever it has given something.
#[test]
fn many_files_survive_kills() {
    let bytes = input(400);
    for words in PATTERNS {
        let expected = undisturbed(words, &bytes);
        let timed = words.iter().any(|word| word.contains('%'));
        let scratch = Scratch::new();
        let log = scratch.0.join("in.log");
        fs::write(&log, b"").expect("it can be written");
        for (run, part) in bytes.chunks(bytes.len() / 6 + 1).enumerate() {
            let mut file = fs::OpenOptions::new()
                .append(true)
                .open(&log)
                .expect("it is there");
            let command = job(&scratch.0, words, &["-F", "--checkpoint-every", "5ms"]);
            let mut child = Killed(spawned(command));
            let (first, second) = part.split_at(part.len() / 2);
            file.write_all(first).expect("it can be written");
            // Kills fall anywhere: before the first commit, between commits, behind the last.
            let kept = scratch.0.join("job.ck");
            let before = fs::metadata(&kept).and_then(|meta| meta.modified()).ok();
            let wait = Instant::now();
            while run % 2 == 0 && wait.elapsed() < PATIENCE {
                let now = fs::metadata(&kept).and_then(|meta| meta.modified()).ok();
                if now.is_some() && now != before {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            file.write_all(second).expect("it can be written");
            std::thread::sleep(Duration::from_millis(7 * run as u64));
            child.kill();
            if timed {
                for (name, text) in all(&scratch.0.join("o")) {
                    assert_eq!(expected[&name], text, "{words:?}, run {run}: {name}");
                }
            }
        }
        succeeds(job(&scratch.0, words, &["--once", "--final"]));
        assert_eq!(all(&scratch.0.join("o")), expected, "{words:?}");
        assert_eq!(temporary(&scratch.0), 0, "{words:?}");
    }
}

/// Rows as somebody takes them who keeps them until their mark, and knows the number of the last.
fn taken_once(text: &str) -> String {
    let (mut out, mut kept) = (String::new(), String::new());
    let mut last = 0;
    for line in text.lines() {
        match line.strip_prefix("-- ") {
            None => kept.push_str(&format!("{line}\n")),
            Some(number) => {
                let number: u64 = number.parse().expect("a mark has a number");
                let rows = std::mem::take(&mut kept);
                if number > last {
                    assert_eq!(number, last + 1, "{text}");
                    (out, last) = (out + &rows, number);
                }
            }
        }
    }
    assert!(last > 0 && kept.is_empty(), "{text}");
    out
}

/// GUARANTEES G12: "`--mark-batches` writes a numbered line after each batch or commit that lets a reader drop repeats".
#[test]
fn marked_commits_are_taken_once_through_kills() {
    const CHAINS: [&[&str]; 2] = [
        &["scan-by", "$2", "cumcount"],
        &[
            "--time",
            "$1:s",
            "--watermark",
            "0s",
            "window",
            "20s",
            "count-by",
            "$2",
        ],
    ];
    let bytes = input(900);
    for words in CHAINS {
        let more = ["--mark-batches", "--checkpoint-every", "3ms"];
        let scratch = Scratch::new();
        let (log, out) = (scratch.0.join("in.log"), scratch.0.join("out"));
        fs::write(&log, &bytes).expect("it can be written");
        let said = job(&scratch.0, words, &["--once", "--final"]).output();
        let expected = said.expect("dstream starts").stdout;
        fs::write(&log, b"").expect("it can be written");
        fs::remove_file(scratch.0.join("job.ck")).expect("it is there");
        fs::remove_file(scratch.0.join("job.ck.1")).expect("it is there");
        let opened = || fs::OpenOptions::new().append(true).create(true).open(&out);
        for (run, part) in bytes.chunks(bytes.len() / 8 + 1).enumerate() {
            let mut command = job(&scratch.0, words, &more);
            command
                .arg("-F")
                .stdout(opened().expect("it can be opened"));
            let child = command.stderr(Stdio::null()).spawn();
            let mut child = Killed(child.expect("dstream starts"));
            for piece in part.chunks(part.len() / 5 + 1) {
                let file = fs::OpenOptions::new().append(true).open(&log);
                let mut file = file.expect("it is there");
                file.write_all(piece).expect("it can be written");
                std::thread::sleep(Duration::from_millis(3 * (run as u64 % 4) + 1));
            }
            // Kills fall anywhere, also where a run has committed and not marked yet.
            let before = text(&out).lines().count();
            let wait = Instant::now();
            while run % 2 == 0 && text(&out).lines().count() == before && wait.elapsed() < PATIENCE
            {
                std::thread::sleep(Duration::from_millis(1));
                if run > 5 {
                    break;
                }
            }
            child.kill();
        }
        let mut last = job(&scratch.0, words, &["--mark-batches", "--once", "--final"]);
        last.stdout(opened().expect("it can be opened"));
        assert!(last.status().expect("dstream starts").success());
        let expected = String::from_utf8_lossy(&expected);
        assert_eq!(taken_once(&text(&out)), expected, "{words:?}");
    }
}

struct Killed(std::process::Child);

impl Killed {
    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawned(mut command: Command) -> std::process::Child {
    command
        .stderr(Stdio::null())
        .spawn()
        .expect("dstream starts")
}

/// INTERFACE 13, one-liner 15: totals that survive between runs are in the file at the end of each.
#[test]
fn totals_are_whole_at_the_end_of_each_run() {
    for words in [
        &["update-state-by", "$2", "count"][..],
        &["count-by", "$2"],
        &["--time", "$1:s", "window", "10s", "count-by", "$2"],
        &["reduce-by", "$2", "count,sum:$1"],
    ] {
        let mut words = words.to_vec();
        words.extend(["--output-mode", "complete", "--output", "totals.tsv"]);
        let scratch = Scratch::new();
        let bytes = input(200);
        for end in [400, 700, bytes.len()] {
            let cut = bytes[..end]
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1);
            fs::write(scratch.0.join("in.log"), &bytes[..cut]).expect("it can be written");
            succeeds(job(&scratch.0, &words, &["--once"]));
            let got = text(&scratch.0.join("totals.tsv"));
            let alone = Scratch::new();
            fs::write(alone.0.join("in.log"), &bytes[..cut]).expect("it can be written");
            let mut one = Command::new(env!("CARGO_BIN_EXE_dstream"));
            one.current_dir(&alone.0)
                .args(&words)
                .arg("in.log")
                .env("TZ", "UTC");
            succeeds(one);
            assert_eq!(got, text(&alone.0.join("totals.tsv")), "{words:?} at {cut}");
            assert!(!got.is_empty());
        }
        assert_eq!(temporary(&scratch.0), 0);
    }
}

/// GUARANTEES 5: "`--bad-file` 0600 whatever the umask".
#[test]
fn what_was_bad_is_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    fs::write(scratch.0.join("in.log"), "{}\nx\n").expect("it can be written");
    let status = Command::new("sh")
        .current_dir(&scratch.0)
        .args([
            "-c",
            "umask 000; exec \"$0\" -i json --bad-file bad --on-bad skip count in.log",
        ])
        .arg(env!("CARGO_BIN_EXE_dstream"))
        .output()
        .expect("sh starts")
        .status;
    assert!(status.success());
    let mode = fs::metadata(scratch.0.join("bad"))
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}
