//! The system refuses: the program is killed before each system call of its commits, and each call is made to fail.
//! Needs strace. Invariant: either the outputs are right, or the status is not 0 and it is said why; and once the
//! cause is gone a restart gives what an undisturbed run does.

use super::chains::named;
use super::job::Job;
use super::trial::{Ended, Random, Run, run, seed, trials};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Calls that change what is on the disk.
const CHANGING: &[&str] = &[
    "openat",
    "open",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "link",
    "linkat",
    "ftruncate",
    "unlink",
    "flock",
    "fchmod",
    "chmod",
];

/// Calls and what they may come to.
const ERRORS: &[(&str, &[&str])] = &[
    ("openat", &["EMFILE", "EIO", "EINTR"]),
    ("open", &["EMFILE", "EIO", "EINTR"]),
    ("write", &["ENOSPC", "EIO", "EINTR"]),
    ("read", &["EIO", "EINTR"]),
    ("pread64", &["EIO", "EINTR"]),
    ("fsync", &["EIO", "ENOSPC"]),
    ("fdatasync", &["EIO", "ENOSPC"]),
    ("rename", &["EIO", "ENOSPC"]),
    ("link", &["EIO", "ENOSPC"]),
    ("linkat", &["EIO", "ENOSPC"]),
    ("ftruncate", &["EIO", "ENOSPC"]),
    ("flock", &["EIO", "ENOLCK"]),
];

fn strace(job: &Job, words: &[String], options: &[String]) -> Command {
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq"])
        .args(options)
        .arg(env!("CARGO_BIN_EXE_dstream"))
        .args(words)
        .current_dir(&job.place.path)
        .env("TZ", "UTC");
    command
}

fn has_strace() -> bool {
    let there = Command::new("strace").arg("-V").output().is_ok();
    if !there {
        println!("SKIPPED: no strace here, so no system call was made to fail");
    }
    there
}

/// How often the busiest thread makes each of these calls.
fn counted(job: &Job, words: &[String], calls: &[&str]) -> BTreeMap<String, usize> {
    let log = job.place.of("calls");
    let options = [
        "-e".to_string(),
        format!(
            "trace={}",
            calls
                .iter()
                .map(|call| format!("?{call}"))
                .collect::<Vec<_>>()
                .join(",")
        ),
        "-o".to_string(),
        log.to_string_lossy().into_owned(),
    ];
    let ended = Run::of(&mut strace(job, words, &options), &job.place.path).end();
    assert!(ended.status.success(), "{ended:?}");
    let mut by_thread: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in String::from_utf8_lossy(&job.place.read("calls")).lines() {
        let Some((thread, rest)) = line.split_once(' ') else {
            continue;
        };
        let call = rest.trim_start().split('(').next().unwrap_or_default();
        if calls.contains(&call) {
            *by_thread.entry((thread.into(), call.into())).or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((_, call), n) in by_thread {
        let one = most.entry(call).or_default();
        *one = (*one).max(n);
    }
    most
}

fn injected(job: &Job, words: &[String], what: &str) -> Ended {
    let call = what.split(':').next().unwrap_or_default();
    let options = [
        "-e".to_string(),
        format!("trace={call}"),
        "-e".to_string(),
        format!("inject={what}"),
        "-o".to_string(),
        "/dev/null".to_string(),
    ];
    let mut run = Run::of(&mut strace(job, words, &options), &job.place.path);
    run.wait(Duration::from_secs(20)).unwrap_or_else(|| {
        panic!(
            "GUARANTEES G5: {what}: it hangs, in {}",
            job.place.path.display()
        )
    })
}

/// With the cause gone: what an undisturbed run gives.
fn recovered(job: &Job, words: &[String], what: &str) {
    let ended = run(&job.place.path, words);
    let fault = job.fault();
    assert!(
        ended.status.success() && fault.is_none(),
        "GUARANTEES G1, G5: {what}: the run behind it: {ended:?}\n{}\nin {}; CRASH_SEED={}",
        fault.unwrap_or_default(),
        job.place.path.display(),
        seed()
    );
}

/// As many of the points as there is time for.
fn some_of<T>(mut points: Vec<T>, most: usize, random: &mut Random) -> Vec<T> {
    while points.len() > most {
        points.swap_remove(random.below(points.len() as u64) as usize);
    }
    points
}

/// GUARANTEES G1: at each system call of a commit.
#[test]
fn killed_before_a_system_call_it_goes_on() {
    if !has_strace() {
        return;
    }
    let mut random = Random(seed());
    for (chain, rest) in [
        ("window", &["in"][..]),
        ("totals", &["--once", "--final", "in"]),
    ] {
        let job = Job::new(&format!("inject-{chain}"), named(chain), 3000);
        let words = job.kept(rest);
        let most = counted(&job, &words, CHANGING);
        assert!(
            most.contains_key("fsync") || most.contains_key("fdatasync"),
            "{most:?}"
        );
        let points: Vec<String> = most
            .iter()
            .flat_map(|(call, n)| (1..=*n).map(move |at| format!("{call}:signal=KILL:when={at}")))
            .collect();
        for what in some_of(points, trials(25), &mut random) {
            job.clear();
            injected(&job, &words, &what);
            recovered(&job, &words, &what);
        }
    }
}

/// What the errors are called.
const NAMES: &[(&str, &str)] = &[
    ("EMFILE", "Too many open files"),
    ("EIO", "Input/output error"),
    ("EINTR", "Interrupted system call"),
    ("ENOSPC", "No space left on device"),
    ("ENOLCK", "No locks available"),
];

/// GUARANTEES G5: any failed system call.
#[test]
fn a_refused_system_call_is_told_or_overcome() {
    if !has_strace() {
        return;
    }
    let mut random = Random(seed() + 1);
    let job = Job::new("refused", named("window"), 3000);
    let words = job.kept(&["in"]);
    let calls: Vec<&str> = ERRORS.iter().map(|(call, _)| *call).collect();
    let most = counted(&job, &words, &calls);
    let mut points = Vec::new();
    for (call, errors) in ERRORS {
        for at in 1..=most.get(*call).copied().unwrap_or(0) {
            for error in *errors {
                points.push((*error, format!("{call}:error={error}:when={at}")));
                // For ever, but for what is meant to be tried again.
                if *error != "EINTR" {
                    points.push((*error, format!("{call}:error={error}:when={at}+")));
                }
            }
        }
    }
    for (error, what) in some_of(points, trials(50), &mut random) {
        job.clear();
        let ended = injected(&job, &words, &what);
        let fault = job.fault();
        let place = job.place.path.display();
        assert!(
            !ended.said.contains("panicked"),
            "{what}: {} in {place}",
            ended.said
        );
        // The program was not even loaded.
        // Nor can anything be said where nothing can be written.
        let loaded = ended.status.code() != Some(127);
        // Calls are counted by thread: the message may be the first that its thread writes, and be refused too.
        let first = what.starts_with("write") && what.ends_with("when=1") && ended.said.is_empty();
        let mute = first || what.starts_with("write") && what.ends_with('+');
        if ended.status.success() {
            assert!(
                fault.is_none(),
                "GUARANTEES G5: {what}: status 0, but {} in {place}",
                fault.unwrap_or_default()
            );
        } else if loaded && !mute && ended.status.code().is_some() {
            let name = NAMES
                .iter()
                .find(|(short, _)| *short == error)
                .map_or("", |(_, name)| name);
            assert!(
                ended.said.contains(name),
                "GUARANTEES G5: {what}: status {:?} and the message does not say why: {} in {place}",
                ended.status,
                ended.said
            );
        }
        recovered(&job, &words, &what);
    }
}

/// GUARANTEES G5: writes that are short, and then none.
#[test]
fn a_limit_on_the_size_of_files_is_told() {
    let job = Job::new("limit", named("window"), 3000);
    let words = job.kept(&["in"]);
    for blocks in [0, 1, 2, 4, 9, 33, 64] {
        job.clear();
        let mut command = Command::new("bash");
        command
            .args([
                "-c",
                &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""),
            ])
            .arg(env!("CARGO_BIN_EXE_dstream"))
            .args(&words)
            .current_dir(&job.place.path)
            .env("TZ", "UTC")
            .stderr(std::process::Stdio::piped())
            .stdin(std::process::Stdio::null());
        let ended = command.output().expect("bash starts");
        let said = String::from_utf8_lossy(&ended.stderr);
        if ended.status.success() {
            assert!(
                job.fault().is_none(),
                "{blocks} KiB: status 0 and {:?}",
                job.fault()
            );
        } else {
            assert!(
                matches!(ended.status.code(), Some(73 | 74)),
                "{blocks} KiB: {ended:?}"
            );
            assert!(said.contains("File too large"), "{blocks} KiB: {said}");
        }
        recovered(&job, &words, &format!("files of {blocks} KiB"));
    }
}

/// GUARANTEES G5: a failed fsync is fatal at once, also the first of many.
#[test]
fn what_could_not_be_synced_is_not_tried_again() {
    if !has_strace() {
        return;
    }
    let job = Job::new("fsync", named("totals"), 3000);
    let words = job.kept(&["in"]);
    for call in ["fsync", "fdatasync"] {
        job.clear();
        let ended = injected(&job, &words, &format!("{call}:error=EIO:when=1"));
        assert!(
            matches!(ended.status.code(), Some(73 | 74)),
            "{call}: {ended:?}"
        );
        assert!(
            !Path::new(&job.place.of("out")).exists(),
            "{call}: it is not complete"
        );
        recovered(&job, &words, call);
    }
}
