//! Sources that go on: files that are rotated while they are read, directories that fill, connections that break.
//! Whoever writes numbers the lines, and each must come once and in order. Invariant: every wait has an end.

use super::live::{Running, start};
use super::session::Scratch;
use rustix::process::Signal;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Lines are numbered; a number that is missing or comes twice is seen.
struct Writer {
    path: PathBuf,
    file: File,
    next: u32,
}

impl Writer {
    fn new(path: PathBuf) -> Writer {
        Writer {
            file: appending(&path),
            path,
            next: 0,
        }
    }

    fn write(&mut self, lines: u32) {
        let text: String = (self.next..self.next + lines)
            .map(|number| format!("{number}\n"))
            .collect();
        self.file
            .write_all(text.as_bytes())
            .expect("room for lines");
        self.next += lines;
    }

    fn again(&mut self) {
        self.file = appending(&self.path);
    }

    fn beside(&self, ending: &str) -> PathBuf {
        PathBuf::from(format!("{}{ending}", self.path.display()))
    }
}

fn appending(path: &Path) -> File {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.expect("a file in our own directory")
}

fn follow(words: &[&str]) -> Running {
    start(&[&["-F"], words].concat())
}

fn expect(running: &Running, lines: std::ops::Range<u32>) {
    for number in lines {
        assert_eq!(running.line(), number.to_string());
    }
}

/// Nothing more came than what was expected, and nothing was told.
fn ends_quietly(mut running: Running) {
    running.signal(Signal::TERM);
    running.end();
    assert_eq!(running.rest(), [""; 0]);
    assert_eq!(running.said(), [""; 0]);
}

fn gzip(from: &Path, to: &Path) {
    let bytes = fs::read(from).expect("it was just written");
    let file = File::create(to).expect("room beside it");
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    packed.write_all(&bytes).expect("room for it");
    packed.finish().expect("room for it");
    fs::remove_file(from).expect("it is ours");
}

/// G9: whatever way a file is rotated while it is followed, each line comes once.
#[test]
fn a_followed_file_is_rotated() {
    type Rotate = fn(&mut Writer);
    let ways: [(&str, Rotate); 6] = [
        ("rename", |log| {
            fs::rename(&log.path, log.beside(".1")).expect("a rename");
            // The writer has not noticed yet.
            log.write(3);
            log.again();
        }),
        ("rename and gzip", |log| {
            fs::rename(&log.path, log.beside(".1")).expect("a rename");
            log.again();
            gzip(&log.beside(".1"), &log.beside(".1.gz"));
        }),
        ("copy and truncate", |log| {
            fs::copy(&log.path, log.beside(".1")).expect("a copy");
            log.file.set_len(0).expect("it is ours");
        }),
        ("delete and make again", |log| {
            fs::remove_file(&log.path).expect("it is ours");
            log.write(2);
            log.again();
        }),
        ("twice at once", |log| {
            fs::rename(&log.path, log.beside(".2")).expect("a rename");
            log.again();
            log.write(5);
            fs::rename(&log.path, log.beside(".1")).expect("a rename");
            log.again();
        }),
        ("gone for a while", |log| {
            fs::rename(&log.path, log.beside("-20260101")).expect("a rename");
            std::thread::sleep(Duration::from_millis(30));
            log.again();
        }),
    ];
    std::thread::scope(|scope| {
        for (name, rotate) in ways {
            scope.spawn(move || {
                let scratch = Scratch::new();
                let mut log = Writer::new(scratch.0.join("a.log"));
                log.write(10);
                let running = follow(&[log.path.to_str().expect("a plain name")]);
                expect(&running, 0..10);
                let mut seen = 10;
                // With unread lines and without.
                for unread in [0, 7] {
                    log.write(unread);
                    rotate(&mut log);
                    log.write(4);
                    expect(&running, seen..log.next);
                    seen = log.next;
                }
                log.write(1);
                expect(&running, seen..log.next);
                println!("{name}: {} lines", log.next);
                ends_quietly(running);
            });
        }
    });
}

#[test]
fn a_file_that_is_not_there_yet_is_waited_for() {
    let scratch = Scratch::new();
    let path = scratch.0.join("a.log");
    let running = follow(&[path.to_str().expect("a plain name")]);
    let mut log = Writer::new(path);
    log.write(2);
    expect(&running, 0..2);
    // G10: a line that has no end yet is none.
    log.file.write_all(b"2").expect("room");
    log.next = 3;
    log.file.write_all(b"\n").expect("room");
    log.write(1);
    expect(&running, 2..4);
    ends_quietly(running);
}

#[test]
fn what_is_there_is_skipped() {
    let scratch = Scratch::new();
    let mut log = Writer::new(scratch.0.join("a.log"));
    log.write(5);
    let running = follow(&["--skip-to-end", log.path.to_str().expect("a plain name")]);
    // It cannot be seen from outside when it has begun; what is written before is skipped too.
    let first = (0..2000).find_map(|_| {
        log_one(&log.path, "x");
        running.lines.recv_timeout(Duration::from_millis(10)).ok()
    });
    assert_eq!(first.as_deref(), Some("x"));
}

fn log_one(path: &Path, line: &str) {
    writeln!(appending(path), "{line}").expect("room for a line");
}

/// A file that nobody writes to costs next to nothing.
#[test]
fn who_waits_does_not_work() {
    let scratch = Scratch::new();
    let log = Writer::new(scratch.0.join("a.log"));
    log_one(&log.path, "0");
    let running = follow(&[log.path.to_str().expect("a plain name")]);
    expect(&running, 0..1);
    let ticks = || -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", running.child.id()))
            .expect("the child is there");
        let behind = stat.rsplit(')').next().expect("a name in brackets");
        let fields: Vec<&str> = behind.split_whitespace().collect();
        let number = |at: usize| fields[at].parse::<u64>().expect("ticks");
        number(11) + number(12)
    };
    let before = ticks();
    std::thread::sleep(Duration::from_secs(2));
    // A tick is 10 ms: 2 % of two seconds.
    let used = ticks() - before;
    assert!(used <= 4, "{used} ticks in two seconds");
}
