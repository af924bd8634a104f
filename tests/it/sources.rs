//! Sources that go on: files that are rotated while they are read, directories that fill, connections that break.
//! Whoever writes numbers the lines, and each must come once and in order. Invariant: every wait has an end.

use super::live::{PATIENCE, Running, connect, free_port, start};
use super::session::Scratch;
use rustix::process::Signal;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, Shutdown, TcpListener, UdpSocket};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

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

#[test]
fn files_that_appear_in_a_directory_are_read_once() {
    let scratch = Scratch::new();
    let dir = scratch.0.join("in");
    fs::create_dir(&dir).expect("room");
    let old = |name: &str, text: &str, seconds: u64| {
        let path = dir.join(name);
        fs::write(&path, text).expect("room");
        let then = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .expect("it is there");
        file.set_modified(then).expect("it is ours");
    };
    // Oldest first, then by name.
    old("b", "1\n", 1000);
    old("a", "2\n", 2000);
    old("c", "3\n", 2000);
    old(".hidden", "no\n", 1000);
    old("x.tmp", "no\n", 1000);
    old("x~", "no\n", 1000);
    fs::create_dir(dir.join("below")).expect("room");
    fs::write(dir.join("below/z"), "no\n").expect("room");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        dir.join("fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .expect("a FIFO");
    let word = format!("dir:{}", dir.display());
    let mut running = start(&[&word]);
    expect(&running, 1..4);
    // By rename; the last line needs no end.
    fs::write(scratch.0.join("d"), "4\n5").expect("room");
    fs::rename(scratch.0.join("d"), dir.join("d")).expect("a rename");
    expect(&running, 4..6);
    // By close: not before.
    let mut file = File::create(dir.join("e")).expect("room");
    file.write_all(b"6\n").expect("room");
    let mut packed = flate2::write::GzEncoder::new(
        File::create(scratch.0.join("f")).expect("room"),
        flate2::Compression::default(),
    );
    packed.write_all(b"early\n").expect("room");
    packed.finish().expect("room");
    fs::rename(scratch.0.join("f"), dir.join("f")).expect("a rename");
    assert_eq!(running.line(), "early");
    file.write_all(b"7\n").expect("room");
    drop(file);
    expect(&running, 6..8);
    // Another file of the same name.
    fs::write(scratch.0.join("d"), "8\n").expect("room");
    fs::rename(scratch.0.join("d"), dir.join("d")).expect("a rename");
    expect(&running, 8..9);
    running.signal(Signal::TERM);
    running.end();
    assert_eq!(running.rest(), [""; 0]);
    let said = running.said();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].ends_with("/fifo: it is no regular file; it is passed over"),
        "{said:?}"
    );
}

#[test]
fn files_that_match_are_followed_when_they_appear() {
    let scratch = Scratch::new();
    let pattern = format!("glob:{}/*.log", scratch.0.display());
    let mut one = Writer::new(scratch.0.join("one.log"));
    one.write(2);
    let running = follow(&[&pattern]);
    expect(&running, 0..2);
    let mut two = Writer::new(scratch.0.join("two.log"));
    two.next = 2;
    two.write(2);
    expect(&running, 2..4);
    one.next = 4;
    one.write(1);
    expect(&running, 4..5);
    // Rotated, and gone: its name may come again.
    fs::rename(&one.path, one.beside(".1")).expect("a rename");
    one.again();
    one.write(1);
    expect(&running, 5..6);
    fs::remove_file(&two.path).expect("it is ours");
    std::thread::sleep(Duration::from_millis(700));
    two.again();
    two.next = 6;
    two.write(1);
    expect(&running, 6..7);
    ends_quietly(running);
}

#[test]
fn a_connection_that_is_lost_is_made_again() {
    let port = free_port();
    let word = format!("tcp:127.0.0.1:{port}");
    let mut running = follow(&[&word]);
    let said = |part: &str| {
        let line = running.errors.recv_timeout(PATIENCE).expect("it is told");
        assert!(line.contains(part), "{line}");
    };
    said("connection refused; it is tried again");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("nobody took it");
    let (mut stream, _) = listener.accept().expect("it tries again");
    said("connected");
    // It breaks within a line: what came of it counts.
    stream.write_all(b"0\n1").expect("it reads");
    drop(stream);
    expect(&running, 0..2);
    said("the connection is lost; it is tried again");
    let (mut stream, _) = listener.accept().expect("it tries again");
    said("connected");
    stream.write_all(b"2\n").expect("it reads");
    expect(&running, 2..3);
    running.signal(Signal::TERM);
    running.end();
}

#[test]
fn a_connection_ends_the_source() {
    let scratch = Scratch::new();
    let path = scratch.0.join("socket");
    let listener = UnixListener::bind(&path).expect("a socket");
    let mut running = start(&["count", &format!("unix:{}", path.display())]);
    let (mut stream, _) = listener.accept().expect("it connects");
    stream.write_all(b"a\nhalf").expect("it reads");
    stream.shutdown(Shutdown::Both).expect("it is open");
    assert_eq!(running.line(), "2");
    assert!(running.end().success());
}

#[test]
fn a_socket_file_is_its_owners_and_goes() {
    let scratch = Scratch::new();
    let path = scratch.0.join("socket");
    // Left over from a run that was killed.
    drop(UnixListener::bind(&path).expect("a socket"));
    let word = format!("unix-listen:{}", path.display());
    let mut running = start(&[&word]);
    let began = Instant::now();
    let mut stream = loop {
        match UnixStream::connect(&path) {
            Ok(stream) => break stream,
            Err(error) => assert!(began.elapsed() < PATIENCE, "nobody listens: {error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let meta = fs::metadata(&path).expect("it is there");
    assert!(meta.file_type().is_socket());
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    // A second one does not take it.
    let mut second = start(&[&word]);
    assert_eq!(second.end().code(), Some(69));
    let said = second.errors.recv_timeout(PATIENCE).expect("it is told");
    assert!(said.contains("somebody else listens on it"), "{said}");
    stream.write_all(b"0\n").expect("it reads");
    expect(&running, 0..1);
    drop(stream);
    running.signal(Signal::TERM);
    running.end();
    assert!(!path.exists());
}

#[test]
fn datagrams_are_lines() {
    let port = free_port();
    let running = start(&[&format!("udp-listen:{port}")]);
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    // Until it listens, what is sent is nobody's.
    let mut first = None;
    for _ in 0..2000 {
        let _ = sender.send_to(b"first", (Ipv4Addr::LOCALHOST, port));
        first = running.lines.recv_timeout(Duration::from_millis(10)).ok();
        if first.is_some() {
            break;
        }
    }
    assert_eq!(first.as_deref(), Some("first"));
    sender
        .send_to(b"0\n1\n2", (Ipv4Addr::LOCALHOST, port))
        .expect("it listens");
    let last = (0..).map(|_| running.line()).find(|line| line != "first");
    assert_eq!(last.as_deref(), Some("0"));
    expect(&running, 1..3);
}

#[test]
fn a_silent_connection_is_closed_when_that_is_asked_for() {
    let port = free_port();
    let running = start(&["--idle-close", "100ms", &format!("tcp-listen:{port}")]);
    let mut stream = connect(port);
    stream.write_all(b"0\n1").expect("it reads");
    expect(&running, 0..2);
    let mut end = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut end).expect("it is closed");
}

#[test]
fn records_come_no_faster_than_asked() {
    let scratch = Scratch::new();
    let path = scratch.0.join("a.log");
    let text: String = (0..200).map(|number| format!("{number}\n")).collect();
    fs::write(&path, text).expect("room");
    let began = Instant::now();
    let mut running = start(&["--max-rate", "400/s", path.to_str().expect("a plain name")]);
    let mut last = Instant::now();
    for number in 0..200 {
        assert_eq!(running.line(), number.to_string());
        last = Instant::now();
    }
    assert!(
        last - began >= Duration::from_millis(440),
        "{:?}",
        last - began
    );
    assert!(running.end().success());
}

#[test]
fn a_header_is_waited_for() {
    let scratch = Scratch::new();
    let path = scratch.0.join("a.csv");
    let running = follow(&[
        "-i",
        "csv",
        "map",
        "n=x*2",
        "select",
        "n",
        path.to_str().expect("a plain name"),
    ]);
    log_one(&path, "x,y");
    log_one(&path, "2,1");
    assert_eq!(running.line(), "4");
    // Each file that comes has one of its own.
    fs::rename(&path, scratch.0.join("a.csv.1")).expect("a rename");
    log_one(&path, "y,x");
    log_one(&path, "0,3");
    assert_eq!(running.line(), "6");
}

/// G9: the same while the writer goes on without waiting for the reader to be done.
#[test]
fn rotations_under_a_writer_that_goes_on() {
    const LINES: u32 = 150;
    const TIMES: u32 = 3;
    type Rotate = fn(&mut Writer);
    fn shifted(log: &Writer) {
        // What is not there need not be moved.
        let _ = fs::rename(log.beside(".2"), log.beside(".3"));
        let _ = fs::rename(log.beside(".1"), log.beside(".2"));
    }
    let ways: [Rotate; 2] = [
        |log| {
            shifted(log);
            fs::rename(&log.path, log.beside(".1")).expect("a rename");
            log.again();
        },
        |log| {
            shifted(log);
            fs::copy(&log.path, log.beside(".1")).expect("a copy");
            log.file.set_len(0).expect("it is ours");
        },
    ];
    std::thread::scope(|scope| {
        for rotate in ways {
            scope.spawn(move || {
                let scratch = Scratch::new();
                let mut log = Writer::new(scratch.0.join("a.log"));
                let running = follow(&[log.path.to_str().expect("a plain name")]);
                let seen = AtomicU32::new(0);
                std::thread::scope(|scope| {
                    let (log, seen) = (&mut log, &seen);
                    scope.spawn(move || {
                        for time in 0..=TIMES {
                            let first = log.next;
                            while log.next < first + LINES {
                                log.write(5);
                                std::thread::yield_now();
                            }
                            let began = Instant::now();
                            // Something of each file must have been read, or nobody knows what it was.
                            while seen.load(Ordering::Relaxed) <= first {
                                assert!(began.elapsed() < PATIENCE, "line {first} does not come");
                                std::thread::yield_now();
                            }
                            if time < TIMES {
                                rotate(log);
                            }
                        }
                    });
                    for number in 0..LINES * (TIMES + 1) {
                        assert_eq!(running.line(), number.to_string());
                        seen.store(number + 1, Ordering::Relaxed);
                    }
                });
                ends_quietly(running);
            });
        }
    });
}

/// A file that is done is let go: a directory may hold more of them than may be open, also with a checkpoint.
#[test]
fn files_that_are_done_are_let_go() {
    let scratch = Scratch::new();
    let make = "mkdir in; for i in $(seq 300); do echo \"a $i\" > in/$i.log; done; touch -d '1 hour ago' in/*; \
                ulimit -n 64; dstream --once count dir:in; \
                dstream --once --checkpoint ck count-by '$1' dir:in; echo 'a 301' > in/z.log; \
                touch -d '1 minute ago' in/z.log; dstream --once --final --checkpoint ck count-by '$1' dir:in";
    let outcome = super::session::run(make, &scratch.0, None);
    assert_eq!(
        (outcome.text.as_str(), outcome.status),
        ("300\na\t301\n", 0)
    );
}
