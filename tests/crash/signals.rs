//! Signals in each phase of a run, and readers that leave. Invariant: a run ends soon, by the signal that it was
//! sent, and the next one goes on to what an undisturbed run gives.

use super::chains::named;
use super::job::Job;
use super::trial::{Ended, Place, Random, Run, append, command, run, seed, trials, words};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(2);

fn signal(run: &Run, name: &str) {
    let pid = run.child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-s", name, &pid])
        .status();
    assert!(sent.expect("kill is there").success());
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "waited in vain until {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The shell that began these tests in the background has had INT ignored, which they pass on.
fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let ignored = mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1);
    if ignored {
        println!("SKIPPED: signal {number} is ignored here");
    }
    ignored
}

/// Ends within the time that is promised, by that signal.
fn ends_by(run: &mut Run, number: i32, what: &str) -> Ended {
    let began = Instant::now();
    let ended = run.end();
    assert_eq!(
        ended.status.signal(),
        Some(number),
        "GUARANTEES G13: {what}: {ended:?}"
    );
    assert!(
        began.elapsed() < SOON,
        "GUARANTEES G13: {what}: {:?}",
        began.elapsed()
    );
    ended
}

fn said(run_dir: &Path) -> String {
    std::fs::read_to_string(run_dir.join("said")).unwrap_or_default()
}

/// GUARANTEES G13: INT and TERM while it reads and while it waits; STOP, CONT and USR1 leave no trace.
#[test]
fn a_signal_ends_a_run_that_another_one_goes_on_with() {
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        if is_ignored(number) {
            continue;
        }
        for (phase, rest) in [
            ("while it reads", &["--max-rate", "500/s", "in"][..]),
            ("while it waits", &["-F", "in"]),
        ] {
            let what = format!("{name} {phase}");
            let job = Job::new(
                &format!("signal-{name}-{}", rest.len()),
                named("window"),
                3000,
            );
            let dir = &job.place.path;
            let mut one = Run::start(dir, &job.kept(rest));
            wait_until("it has committed", || job.place.of("ck.1").exists());
            for quiet in ["STOP", "CONT"] {
                signal(&one, quiet);
            }
            signal(&one, "USR1");
            wait_until("it has said how far it is", || said(dir).contains("read ("));
            signal(&one, name);
            ends_by(&mut one, number, &what);
            let last = match phase {
                "while it reads" => job.kept(&["in"]),
                _ => job.kept(&["--once", "--final", "in"]),
            };
            let ended = run(dir, &last);
            assert!(ended.is_well(), "{what}: {ended:?}");
            assert!(job.fault().is_none(), "{what}: {:?}", job.fault());
        }
    }
}

/// A job that writes to a pipe that is full, which nobody reads.
fn blocked(name: &str, words: &[&str]) -> (Job, Run, std::process::ChildStdout) {
    let job = Job::new(name, named("window"), 80_000);
    let mut one = Run::of(
        command(&job.place.path).args(words).stdout(Stdio::piped()),
        &job.place.path,
    );
    let pipe = one.child.stdout.take().expect("it is piped");
    wait_until("the pipe is full", || {
        let held = || rustix::io::ioctl_fionread(&pipe).expect("a pipe knows its bytes");
        let before = held();
        std::thread::sleep(Duration::from_millis(300));
        before > 0 && before == held()
    });
    (job, one, pipe)
}

const PASSING: [&str; 7] = ["--checkpoint", "ck", "-i", "json", "filter", "v >= 0", "in"];

/// GUARANTEES G13: nobody reads what it writes: it is not waited for, and what is not written is told.
#[test]
fn a_signal_ends_a_run_that_is_blocked_on_a_full_pipe() {
    let (job, mut one, pipe) = blocked("blocked", &PASSING);
    signal(&one, "TERM");
    let ended = ends_by(&mut one, 15, "blocked");
    assert!(ended.said.contains("nobody read it"), "{ended:?}");
    drop(pipe);
    // Nothing of it counts as given.
    let mut again = Run::of(
        command(&job.place.path)
            .args(PASSING)
            .stdout(Stdio::piped()),
        &job.place.path,
    );
    let mut all = Vec::new();
    let mut pipe = again.child.stdout.take().expect("it is piped");
    pipe.read_to_end(&mut all).expect("it is read");
    assert!(again.end().is_well());
    let lines = job.place.read("in");
    let rows = lines
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.starts_with(b"{"));
    assert!(all == rows.flatten().copied().collect::<Vec<u8>>());
}

/// GUARANTEES G13: the second signal ends it at once; and so does one where `tee` is what is blocked, soon.
#[test]
fn a_second_signal_ends_a_run_at_once() {
    let (_job, mut one, _pipe) = blocked("blocked-twice", &PASSING);
    signal(&one, "TERM");
    std::thread::sleep(Duration::from_millis(50));
    signal(&one, "TERM");
    let began = Instant::now();
    ends_by(&mut one, 15, "told twice");
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
    let words = ["-i", "json", "tee", "/dev/stdout", "filter", "v < 0", "in"];
    let (_job, mut one, _pipe) = blocked("blocked-tee", &words);
    signal(&one, "TERM");
    ends_by(&mut one, 15, "tee is blocked");
}

/// GUARANTEES G14: the reader is gone; nothing that it did not get is taken as given.
#[test]
fn a_reader_that_leaves_ends_it_without_a_word() {
    let job = Job::new("epipe", named("window"), 80_000);
    let words = [
        "--checkpoint",
        "ck",
        "--checkpoint-every",
        "10ms",
        "-i",
        "json",
        "filter",
        "v >= 0",
        "in",
    ];
    let read = |most: usize| -> (Vec<u8>, Ended) {
        let mut one = Run::of(
            command(&job.place.path).args(words).stdout(Stdio::piped()),
            &job.place.path,
        );
        let mut pipe = one.child.stdout.take().expect("it is piped");
        let mut bytes = Vec::new();
        let _ = pipe.by_ref().take(most as u64).read_to_end(&mut bytes);
        drop(pipe);
        (bytes, one.end())
    };
    let (first, ended) = read(1000);
    assert_eq!(ended.status.signal(), Some(13), "{ended:?}");
    assert!(!ended.said.contains("ipe"), "{ended:?}");
    let (rest, ended) = read(usize::MAX);
    assert!(ended.is_well(), "{ended:?}");
    // What it had written is a full pipe at most, 1 MiB, and that may be lost with the reader; nothing behind it is.
    let all: Vec<u8> = job
        .place
        .read("in")
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.starts_with(b"{"))
        .flatten()
        .copied()
        .collect();
    assert!(
        all.starts_with(&first) && all.ends_with(&rest),
        "what came is not what there is"
    );
    assert!(
        rest.len() + (1 << 20) > all.len(),
        "{} of {} came",
        rest.len(),
        all.len()
    );
}

/// The library that moves a program's clock, where it is installed.
fn clock_mover() -> Option<String> {
    let folders = [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/local/lib",
    ];
    let found = folders
        .iter()
        .map(|folder| format!("{folder}/faketime/libfaketime.so.1"))
        .find(|path| Path::new(path).exists());
    if found.is_none() {
        println!("SKIPPED: no libfaketime here, so no clock was moved");
    }
    found
}

/// Where the first half of the lines ends.
fn middle(all: &[u8]) -> usize {
    let cut = all.len() / 2;
    let rest = all[cut..].iter().position(|byte| *byte == b'\n');
    cut + rest.expect("lines end") + 1
}

/// GUARANTEES G18: event time does not go by the clock: between runs. Needs libfaketime.
#[test]
fn a_clock_that_is_elsewhere_changes_nothing() {
    let Some(library) = clock_mover() else { return };
    let job = Job::new("clock", named("window"), 3000);
    let all = job.place.read("in");
    let (first, second) = all.split_at(middle(&all));
    job.place.write("in", first);
    for (at, rest) in [
        ("-10d", &["--once", "in"][..]),
        ("+1y", &["--once", "in"]),
        ("2038-01-19 03:14:07", &["--once", "--final", "in"]),
    ] {
        if at.starts_with("2038") {
            append(&job.place.of("in"), second);
        }
        let mut command = command(&job.place.path);
        command
            .args(job.kept(rest))
            .env("LD_PRELOAD", &library)
            .env("FAKETIME", at);
        let ended = Run::of(&mut command, &job.place.path).end();
        assert!(ended.is_well(), "{at}: {ended:?}");
    }
    assert!(job.fault().is_none(), "{:?}", job.fault());
}

/// GUARANTEES G18: while it runs: commits go on, nothing spins, and the answer is the same. Needs libfaketime.
#[test]
fn a_clock_that_jumps_changes_nothing() {
    let Some(library) = clock_mover() else { return };
    let job = Job::new("jumps", named("window"), 3000);
    let all = job.place.read("in");
    let mut from = middle(&all);
    job.place.write("in", &all[..from]);
    let clock = job.place.of("clock");
    let mut moved = command(&job.place.path);
    moved
        .args(job.kept(&["-F", "in"]))
        .env("LD_PRELOAD", &library)
        .env("FAKETIME_TIMESTAMP_FILE", &clock)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    job.place.write("clock", b"+0");
    let mut one = Run::of(&mut moved, &job.place.path);
    let parts = [
        "-10d",
        "+1y",
        "+0",
        "-1h",
        "@2038-01-19 03:14:06",
        "@9999-12-31 23:59:58",
    ];
    for (i, at) in parts.iter().enumerate() {
        let to = match i + 1 == parts.len() {
            true => all.len(),
            false => from + middle(&all[from..]),
        };
        wait_until("it has begun", || job.place.of("ck").exists());
        let before = job.place.read("ck");
        job.place.write("clock", at.as_bytes());
        append(&job.place.of("in"), &all[from..to]);
        from = to;
        wait_until(
            &format!("it has committed what came behind the jump to {at}"),
            || job.place.read("ck") != before,
        );
    }
    // With nothing to do it does nothing, whatever the clock says.
    std::thread::sleep(Duration::from_millis(300));
    let used = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", one.child.id()));
        let stat = stat.expect("it runs");
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
        let ticks = |at: usize| fields[at].parse::<u64>().expect("a number");
        ticks(11) + ticks(12)
    };
    let before = used();
    std::thread::sleep(Duration::from_millis(1000));
    let ticks = used() - before;
    assert!(ticks <= 10, "{ticks} of 100 ticks of the clock");
    signal(&one, "TERM");
    ends_by(&mut one, 15, "the clock has jumped");
    let ended = run(&job.place.path, &job.kept(&["--once", "--final", "in"]));
    assert!(ended.is_well(), "{ended:?}");
    assert!(job.fault().is_none(), "{:?}", job.fault());
}

/// A job whose state is so large that it takes a while to restore, and what it should come to.
struct Large {
    place: Place,
    /// Its files after the first run.
    base: Vec<(&'static str, Vec<u8>)>,
    /// How long a run takes that restores and reads nothing.
    takes: Duration,
    should: Vec<u8>,
}

/// What comes behind the first run.
const MORE: &[u8] = b"key 7\nkey 100007\nkey 7\nnew 1\n";

impl Large {
    fn words(rest: &[&str]) -> Vec<String> {
        let mut all = words(&["--checkpoint", "ck", "--checkpoint-every", "100ms"]);
        all.extend(words(&["--output", "out", "scan-by", "$2", "n=cumcount"]));
        all.extend(words(&["distinct-by", "$2,n", "--from", "in"]));
        all.extend(words(rest));
        all
    }

    fn new() -> Large {
        let place = Place::new("large");
        let lines: String = (0..150_000).map(|i| format!("key {i}\n")).collect();
        place.write("in", &[lines.as_bytes(), MORE].concat());
        let whole = Large::words(&[]);
        let whole: Vec<String> = whole[4..].to_vec();
        assert!(run(&place.path, &whole).is_well());
        let should = place.read("out");
        std::fs::remove_file(place.of("out")).expect("it was just written");
        place.write("in", lines.as_bytes());
        assert!(run(&place.path, &Large::words(&["--once"])).is_well());
        let base = ["in", "out", "ck"].map(|name| (name, place.read(name)));
        let began = Instant::now();
        assert!(run(&place.path, &Large::words(&["--once"])).is_well());
        Large {
            takes: began.elapsed(),
            base: base.to_vec(),
            should,
            place,
        }
    }

    /// Back to where the first run has ended. The input stays the file that it is.
    fn begin(&self) {
        for (name, bytes) in &self.base {
            self.place.write(name, bytes);
        }
    }

    fn is_good(&self, what: &str) {
        let shown = run(&self.place.path, &words(&["--checkpoint", "ck", "--show"]));
        assert!(shown.is_well(), "{what}: {shown:?}");
    }
}

/// GUARANTEES G13, 7 row 16: signals while a large state is restored, and between that and the first line: the
/// checkpoint is good, and the next run gives the right bytes.
#[test]
fn signals_while_state_is_restored_leave_no_trace() {
    let large = Large::new();
    let dir = &large.place.path;
    let mut random = Random(seed());
    for trial in 0..trials(15) {
        let (name, number) = [
            ("TERM", 15),
            ("INT", 2),
            ("KILL", 9),
            ("HUP", 1),
            ("USR1", 10),
        ][trial % 5];
        if is_ignored(number) {
            continue;
        }
        large.begin();
        let most = large.takes.as_micros() as u64 * 5 / 4;
        let after = Duration::from_micros(random.below(most));
        let what = format!("{name} after {after:?}; CRASH_SEED={}", seed());
        let mut one = Run::start(dir, &Large::words(&["-F"]));
        std::thread::sleep(after);
        signal(&one, name);
        if number == 9 || name == "TERM" || name == "INT" {
            ends_by(&mut one, number, &what);
            large.is_good(&what);
            append(&large.place.of("in"), MORE);
        } else {
            append(&large.place.of("in"), MORE);
            let early = one.wait(Duration::from_millis(20));
            // In its first instants a process is what the system makes of it.
            if let Some(ended) = early {
                assert_eq!(ended.status.signal(), Some(number), "{what}: {ended:?}");
                assert!(after < large.takes / 2, "{what}: {ended:?}");
            } else {
                let before = large.base[1].1.len();
                wait_until("it has read on", || large.place.read("out").len() > before);
                signal(&one, "TERM");
                ends_by(&mut one, 15, &what);
            }
            large.is_good(&what);
        }
        let ended = run(dir, &Large::words(&["--once", "--final"]));
        assert!(ended.is_well(), "{what}: {ended:?}");
        let is = large.place.read("out");
        assert!(
            is == large.should,
            "{what}: {}",
            super::trial::first_difference(&is, &large.should)
        );
    }
}
