//! Words that match rotated names too: whatever a file is called by then, each of its lines is counted once. Whoever
//! writes numbers the lines. Invariant: every wait has an end, and nothing is told.

use super::laws::data::Random;
use super::live::{PATIENCE, Running, start};
use super::session::Scratch;
use rustix::process::Signal;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A log and what it was rotated to.
struct Log {
    dir: PathBuf,
    next: u32,
    rotations: u32,
    /// The first line of each file.
    header: &'static str,
    /// How often that has been written.
    headers: usize,
    /// A file is made by its first line.
    is_late: bool,
}

const NAME: &str = "app.log";

impl Log {
    fn new(dir: &Path, header: &'static str) -> Log {
        let mut log = Log {
            dir: dir.to_owned(),
            next: 0,
            rotations: 0,
            header,
            headers: 0,
            is_late: false,
        };
        log.begin();
        log
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn begin(&mut self) {
        if self.is_late && self.header.is_empty() {
            return;
        }
        self.append(self.header);
        self.headers += usize::from(!self.header.is_empty());
    }

    fn append(&self, text: &str) {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path(NAME));
        let mut file = file.expect("a file in our own directory");
        file.write_all(text.as_bytes()).expect("room for lines");
    }

    fn write(&mut self, lines: u32) {
        let text: String = (self.next..self.next + lines)
            .map(|number| format!("line {number} {}\n", "x".repeat(number as usize % 90)))
            .collect();
        self.append(&text);
        self.next += lines;
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("a rename");
    }

    /// As logrotate does it, from the oldest on.
    fn shift(&self) {
        for number in (1..9).rev() {
            for ending in ["", ".gz"] {
                let name = |number: u32| format!("{NAME}.{number}{ending}");
                if self.path(&name(number)).exists() {
                    self.rename(&name(number), &name(number + 1));
                }
            }
        }
    }

    fn gzip(&self, from: &str, to: &str, keep: bool) {
        let bytes = fs::read(self.path(from)).expect("it is there");
        let aside = File::create(self.path(to)).expect("room beside it");
        let mut packed = flate2::write::GzEncoder::new(aside, flate2::Compression::default());
        packed.write_all(&bytes).expect("room for it");
        let aside = packed.finish().expect("room for it");
        let written = fs::metadata(self.path(from)).and_then(|meta| meta.modified());
        let kept = written.and_then(|written| aside.set_modified(written));
        kept.expect("as gzip does it");
        if !keep {
            fs::remove_file(self.path(from)).expect("it is ours");
        }
    }

    fn copy_and_truncate(&mut self, to: &str) {
        fs::copy(self.path(NAME), self.path(to)).expect("a copy");
        let file = OpenOptions::new().write(true).open(self.path(NAME));
        file.and_then(|file| file.set_len(0)).expect("it is ours");
        self.begin();
    }

    fn rotate(&mut self, way: Way) {
        self.rotations += 1;
        let date = 20_260_100 + self.rotations;
        match way {
            Way::Rename => {
                self.shift();
                self.rename(NAME, "app.log.1");
                self.begin();
            }
            Way::Delayed => {
                self.shift();
                if self.path("app.log.2").exists() {
                    self.gzip("app.log.2", "app.log.2.gz", false);
                }
                self.rename(NAME, "app.log.1");
                self.begin();
            }
            Way::Packed => {
                self.shift();
                self.rename(NAME, "app.log.1");
                self.begin();
                self.gzip("app.log.1", "app.log.1.gz", false);
            }
            Way::Twins => {
                self.shift();
                self.rename(NAME, "app.log.1");
                self.begin();
                self.gzip("app.log.1", "app.log.1.gz", true);
            }
            Way::Copy => {
                self.shift();
                self.copy_and_truncate("app.log.1");
            }
            Way::CopyPacked => {
                self.shift();
                self.copy_and_truncate("app.log.1");
                self.gzip("app.log.1", "app.log.1.gz", false);
            }
            Way::Date => {
                self.rename(NAME, &format!("app.log-{date}"));
                self.begin();
            }
            Way::DateWithin => {
                self.rename(NAME, &format!("app-{date}.log"));
                self.begin();
            }
            Way::Growing => {
                let number = self.rotations;
                self.rename(NAME, &format!("app.log.{number}"));
                self.begin();
            }
        }
    }
}

#[derive(Copy, Clone, Debug)]
enum Way {
    Rename,
    /// What was rotated before is compressed.
    Delayed,
    Packed,
    /// The original stays beside what was made of it.
    Twins,
    Copy,
    CopyPacked,
    Date,
    DateWithin,
    /// The newest has the largest number.
    Growing,
}

const WAYS: [Way; 9] = [
    Way::Rename,
    Way::Delayed,
    Way::Packed,
    Way::Twins,
    Way::Copy,
    Way::CopyPacked,
    Way::Date,
    Way::DateWithin,
    Way::Growing,
];

/// What is wrong with lines of which each must be there once.
fn fault(lines: &[String], log: &Log) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines {
        let is_line = line.starts_with("line ");
        let words = line.split(' ').nth(1).filter(|_| is_line);
        *counts.entry(words.unwrap_or("header")).or_default() += 1;
    }
    let headers = counts.remove("header").unwrap_or(0);
    let wrong: Vec<String> = (0..log.next)
        .filter_map(|number| {
            let times = counts.get(number.to_string().as_str()).copied();
            (times != Some(1)).then(|| format!("{number} {} times", times.unwrap_or(0)))
        })
        .collect();
    (!wrong.is_empty() || headers != log.headers).then(|| {
        let names = fs::read_dir(&log.dir).expect("it is ours");
        let mut names: Vec<String> = names
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        format!(
            "{headers} of {} headers; {}; in {}",
            log.headers,
            wrong.join(", "),
            names.join(" ")
        )
    })
}

fn once(dir: &Path, words: &[&str]) -> Result<(), String> {
    let ran = Command::new(env!("CARGO_BIN_EXE_dstream"))
        .args(["--once", "--checkpoint", "ck", "--output", "out"])
        .args(words)
        .current_dir(dir)
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    match ran.status.success() && said.is_empty() {
        true => Ok(()),
        false => Err(format!("{}: {said}", ran.status)),
    }
}

fn lines_of(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_string).collect()
}

/// The last line and the last run: what that says, and what is wrong with the output of all.
fn ended(log: &mut Log) -> Vec<String> {
    log.write(1);
    let said = once(&log.dir, &["--final", "glob:app*log*"]).err();
    let wrong = fault(&lines_of(&log.path("out")), log);
    said.into_iter().chain(wrong).collect()
}

/// GUARANTEES G9: from run to run, with nothing, something and all of it unread, rotated once and twice between two runs.
#[test]
fn lines_of_all_rotated_names_are_counted_once_from_run_to_run() {
    let mut faults = Vec::new();
    for way in WAYS {
        for header in ["", "time level text\n"] {
            for (read, unread) in [(40, 30), (3, 0), (1, 2), (200, 1)] {
                for times in [1, 2] {
                    let scratch = Scratch::new();
                    let mut log = Log::new(&scratch.0, header);
                    let mut said = Vec::new();
                    for turn in 0..4 {
                        log.write(read);
                        said.extend(once(&log.dir, &["glob:app*log*"]).err());
                        log.write(unread);
                        for time in 0..times {
                            log.rotate(way);
                            if time + 1 < times {
                                log.write(5 + turn);
                            }
                        }
                        if turn == 2 {
                            said.extend(once(&log.dir, &["glob:app*log*"]).err());
                        }
                    }
                    said.extend(ended(&mut log));
                    if !said.is_empty() {
                        faults.push(format!(
                            "{way:?} {header:?} {read}+{unread} {times}: {said:#?}"
                        ));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}: {}", faults.len(), faults.join("\n"));
}

/// GUARANTEES G9: rotated twice between two runs, in two ways; the name may be nobody's when the next one begins.
#[test]
fn lines_are_counted_once_whatever_ways_are_mixed() {
    let mut faults = Vec::new();
    for first in WAYS {
        for second in WAYS {
            for (is_late, between) in [(false, 7), (true, 7), (true, 0)] {
                let scratch = Scratch::new();
                let mut log = Log::new(&scratch.0, "");
                log.is_late = is_late;
                let mut said = Vec::new();
                for _ in 0..2 {
                    log.write(80);
                    said.extend(once(&log.dir, &["glob:app*log*"]).err());
                    log.rotate(first);
                    log.write(between);
                    if log.path(NAME).exists() {
                        log.rotate(second);
                    }
                    said.extend(once(&log.dir, &["glob:app*log*"]).err());
                }
                said.extend(ended(&mut log));
                if !said.is_empty() {
                    faults.push(format!(
                        "{first:?} {second:?} {is_late} {between}: {said:#?}"
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}: {}", faults.len(), faults.join("\n"));
}

/// GUARANTEES G9: files that are often empty when they are met and when they are rotated, and may be removed. A fault tells
/// its number and what was done; `ROTATION_TRIALS=FROM..END` does others.
#[test]
fn lines_are_counted_once_though_files_are_empty() {
    const NUMBERED: [Way; 5] = [
        Way::Rename,
        Way::Delayed,
        Way::Packed,
        Way::Copy,
        Way::CopyPacked,
    ];
    let trials = std::env::var("ROTATION_TRIALS").unwrap_or_else(|_| "0..80".into());
    let (from, end) = trials.split_once("..").expect("FROM..END");
    let [from, end] = [from, end].map(|end| end.parse().expect("a number"));
    let mut faults = Vec::new();
    for trial in from..end {
        let word = ["app.log", "glob:app.log*"][(trial % 2) as usize];
        let removes = trial % 4 > 1;
        let mut random = Random::new(trial);
        let scratch = Scratch::new();
        let mut log = Log::new(&scratch.0, "");
        let (mut said, mut events) = (Vec::new(), Vec::new());
        // What came before the first run is not asked for.
        said.extend(once(&log.dir, &[word]).err());
        for _ in 0..12 {
            // What is made within one tick of the clock of files is of one age.
            std::thread::sleep(Duration::from_millis(9));
            match random.below(8) {
                0 | 1 => {
                    let lines = [1, 2, 40][random.below(3) as usize];
                    events.push(format!("write {lines}"));
                    log.write(lines);
                }
                2..=4 => {
                    let way = match removes {
                        true => Way::Rename,
                        false => NUMBERED[random.below(NUMBERED.len() as u64) as usize],
                    };
                    events.push(format!("{way:?}"));
                    log.rotate(way);
                    if removes {
                        // It may not have come to that.
                        let _ = fs::remove_file(log.path("app.log.3"));
                    }
                }
                _ => {
                    events.push("run".into());
                    said.extend(once(&log.dir, &[word]).err());
                }
            }
        }
        log.write(1);
        said.extend(once(&log.dir, &["--final", word]).err());
        let lines = lines_of(&log.path("out"));
        let wrong = match (removes, !said.is_empty()) {
            // What is gone is told of, and then lines may be missing.
            (true, true) => {
                said.retain(|said| !said.contains("was rotated and the old file is gone"));
                let once: BTreeSet<&String> = lines.iter().collect();
                (once.len() < lines.len()).then(|| "lines came twice".to_string())
            }
            _ => fault(&lines, &log),
        };
        said.extend(wrong);
        if !said.is_empty() {
            faults.push(format!("{trial}, {}: {said:#?}", events.join(", ")));
        }
    }
    assert!(faults.is_empty(), "{}: {}", faults.len(), faults.join("\n"));
}

/// Reads lines until nothing has come for a while.
fn settled(running: &Running, lines: &mut Vec<String>, upto: usize) {
    let began = Instant::now();
    while lines.len() < upto && began.elapsed() < PATIENCE {
        lines.extend(running.lines.recv_timeout(Duration::from_millis(100)));
    }
    // What comes twice comes soon.
    while let Ok(line) = running.lines.recv_timeout(Duration::from_millis(1200)) {
        lines.push(line);
    }
}

/// GUARANTEES G9: within a run that goes on, with and without a checkpoint, and from one such run to the next.
#[test]
fn lines_of_all_rotated_names_are_counted_once_while_they_are_followed() {
    let faults = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for way in WAYS {
            for (kept, restarted) in [(false, false), (true, false), (true, true)] {
                let faults = &faults;
                scope.spawn(move || {
                    let scratch = Scratch::new();
                    let header = "time level text\n";
                    let mut log = Log::new(&scratch.0, header);
                    log.write(20);
                    log.rotate(way);
                    log.write(20);
                    let pattern = format!("glob:{}/app*log*", scratch.0.display());
                    let checkpoint = scratch.0.join("ck").display().to_string();
                    let mut words = vec!["-F", pattern.as_str()];
                    if kept {
                        words.extend(["--checkpoint", checkpoint.as_str()]);
                    }
                    let mut lines = Vec::new();
                    let mut running = start(&words);
                    for turn in 0..3 {
                        settled(&running, &mut lines, log.next as usize + log.headers);
                        if restarted {
                            running.signal(Signal::TERM);
                            running.end();
                            lines.extend(running.rest());
                            log.write(2);
                        }
                        log.rotate(way);
                        log.write(3 + turn);
                        if restarted {
                            running = start(&words);
                        }
                    }
                    settled(&running, &mut lines, log.next as usize + log.headers);
                    running.signal(Signal::TERM);
                    running.end();
                    lines.extend(running.rest());
                    let said = running.said();
                    let fault = fault(&lines, &log).into_iter().chain(said);
                    let fault: Vec<String> = fault.collect();
                    if !fault.is_empty() {
                        let fault =
                            format!("{way:?} kept {kept} restarted {restarted}: {fault:#?}");
                        faults.lock().expect("nobody panics").push(fault);
                    }
                });
            }
        }
    });
    let faults = faults.into_inner().expect("nobody panics");
    assert!(faults.is_empty(), "{}: {}", faults.len(), faults.join("\n"));
}

/// Two files that begin alike are two, also where one has a rotated name; and so are two that are alike under other names.
#[test]
fn files_that_are_alike_are_not_one() {
    let scratch = Scratch::new();
    let outcome = super::session::run(
        "echo start > a.log; cp a.log b.log; sleep 0.02; echo start > app-1.log; echo start > app.log; \
         dstream --once --checkpoint ck count 'glob:*.log'; \
         echo one >> app-1.log; echo two >> app.log; cp app.log c.log; \
         dstream --once --final --checkpoint ck count 'glob:*.log'",
        &scratch.0,
        None,
    );
    assert_eq!((outcome.text.as_str(), outcome.status), ("8\n", 0));
}

/// A list of files that are named one by one, the oldest first.
#[test]
fn a_list_of_rotated_names_is_read_once() {
    let scratch = Scratch::new();
    let outcome = super::session::run(
        "r() { dstream --once --checkpoint ck --append --output out \"$@\" app.log.2 app.log.1 app.log; }; \
         for n in 2 1; do echo old $n > app.log.$n; done; echo a > app.log; r; echo b >> app.log; \
         mv app.log.1 app.log.2; mv app.log app.log.1; echo c > app.log; r; \
         mv app.log.1 app.log.2; cp app.log app.log.1; echo d > app.log; r; r --final; cat out",
        &scratch.0,
        None,
    );
    let lines = "old 2\nold 1\na\nb\nc\nd\n";
    assert_eq!((outcome.text.as_str(), outcome.status), (lines, 0));
}

/// A directory: what was read and renamed, compressed or copied under a rotated name is no new file.
#[test]
fn a_file_of_a_directory_is_read_once_whatever_it_is_called() {
    for followed in [false, true] {
        let scratch = Scratch::new();
        let setup = "mkdir in; for i in 1 2 3 4; do echo file $i > in/$i.csv; done; touch -d '1 hour ago' in/*";
        super::session::run(setup, &scratch.0, None);
        let dir = format!("dir:{}", scratch.0.join("in").display());
        let change = "mv in/1.csv in/one; gzip in/2.csv; cp in/3.csv in/3.csv.1; gzip -k in/4.csv; echo file 5 > new; \
                      touch -d '1 minute ago' in/*; mv new in/5.csv; sleep 0.5";
        let mut lines: Vec<String>;
        if followed {
            let mut running = start(&[&dir]);
            lines = (0..4).map(|_| running.line()).collect();
            super::session::run(&change.replace("touch", ": touch"), &scratch.0, None);
            lines.push(running.line());
            running.signal(Signal::TERM);
            running.end();
            lines.extend(running.rest());
        } else {
            let once = "dstream --once --checkpoint ck --append --output out dir:in";
            let all = format!(
                "{once}; {}; {once}; {once}; cat out",
                change.replace("touch", ": touch")
            );
            let outcome = super::session::run(&all, &scratch.0, None);
            lines = outcome.text.lines().map(str::to_string).collect();
        }
        lines.sort();
        let all = ["file 1", "file 2", "file 3", "file 4", "file 5"];
        assert_eq!(lines, all, "followed {followed}");
    }
}

/// GUARANTEES G9: what was rotated behind the first commit, of which nothing was read then, is found by the next run.
#[test]
fn what_is_there_is_known_before_it_is_read() {
    let scratch = Scratch::new();
    let path = scratch.0.join("app.log");
    fs::write(&path, "1\n2\n").expect("room");
    let checkpoint = scratch.0.join("ck");
    let words = [
        "-F",
        "--checkpoint",
        checkpoint.to_str().expect("a plain name"),
        "--checkpoint-every",
        "1h",
        path.to_str().expect("a plain name"),
    ];
    let mut running = start(&words);
    assert_eq!([running.line(), running.line()], ["1", "2"]);
    running.child.kill().expect("it is ours");
    running.end();
    fs::rename(&path, scratch.0.join("app.log.1")).expect("a rename");
    fs::write(&path, "3\n").expect("room");
    let running = start(&words);
    let lines: Vec<String> = (0..3).map(|_| running.line()).collect();
    assert_eq!(lines, ["1", "2", "3"]);
}

/// GUARANTEES G9: a file that was met empty, filled and removed while later ones stand there is told.
#[test]
fn what_was_removed_between_two_meetings_is_told() {
    let scratch = Scratch::new();
    let outcome = super::session::run(
        ": > app.log; dstream --once --checkpoint ck count app.log; echo lost > app.log; mv app.log app.log.1; \
         echo two > app.log; mv app.log.1 app.log.2; mv app.log app.log.1; : > app.log; sleep 0.01; \
         exec 9< app.log.2; rm app.log.2; dstream --once --final --checkpoint ck count app.log",
        &scratch.0,
        None,
    );
    assert!(
        outcome
            .text
            .starts_with("dstream: app.log was rotated and the old file is gone"),
        "{}",
        outcome.text
    );
    assert!(outcome.text.ends_with("\n1\n"), "{}", outcome.text);
}

/// The first of several files is empty in the first run: the chain is made by the first record that comes.
#[test]
fn an_empty_file_in_front_does_not_hide_the_header() {
    let scratch = Scratch::new();
    let outcome = super::session::run(
        ": > a.csv; printf 'x,y\\n1,2\\n' > b.csv; \
         r() { dstream -i csv map 'z=x+y' select z --once --checkpoint ck --append --output out \"$@\" a.csv b.csv; }; \
         r; printf 'y,x\\n5,6\\n' > a.csv; r --final; cat out; : > c.json; echo '{\"k\":1,\"v\":2}' > d.json; \
         dstream -i json select v c.json d.json; dstream -i csv map 'z=x+y' select z a.csv; \
         : > e.csv; : > f.csv; s() { dstream -i csv map 'z=x+y' select z --once --checkpoint cl --append --output two \
         \"$@\" e.csv f.csv; }; s; printf 'x,y\\n3,4\\n' > f.csv; s --final; cat two",
        &scratch.0,
        None,
    );
    assert_eq!(
        (outcome.text.as_str(), outcome.status),
        ("3\n11\n2\n11\n7\n", 0)
    );
}

/// What a file is being compressed to stands beside it until it is whole: meanwhile it is no other file.
#[test]
fn what_is_being_compressed_is_no_other_file() {
    let lines: String = (0..75).map(|n| format!("line {n}\n")).collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(lines.as_bytes()).expect("memory takes it");
    let packed = packed.finish().expect("memory takes it");
    let all = packed.len();
    for is_known in [true, false] {
        for there in [0, 1, 3, 10, all / 2, all - 8, all - 1, all] {
            let scratch = Scratch::new();
            let path = |name: &str| scratch.0.join(name);
            let write =
                |name: &str, bytes: &[u8]| fs::write(path(name), bytes).expect("it is ours");
            let job = || once(&scratch.0, &["--append", "glob:app.log*"]);
            write("app.log.2", lines.as_bytes());
            write("app.log", b"new\n");
            let mut said = Vec::new();
            if is_known {
                said.extend(job().err());
            }
            write("app.log.2.gz", &packed[..there]);
            said.extend(job().err());
            write("app.log.2.gz", &packed);
            fs::remove_file(path("app.log.2")).expect("it is ours");
            said.extend(job().err());
            said.extend(job().err());
            let out = lines_of(&path("out"));
            assert!(
                said.is_empty() && out.len() == 76,
                "{is_known} {there}: {} lines, {said:?}",
                out.len()
            );
        }
    }
}
