//! What shows only while a run goes on: answers on open pipes, signals, sockets, readers that leave. Waits for
//! what must come and never for a time to pass, but where a window is a second long. Invariant: every wait has
//! an end.

use super::session::{self, Scratch};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A dstream that runs, its lines as they come.
pub struct Running {
    pub child: Child,
    stdin: Option<ChildStdin>,
    pub lines: Receiver<String>,
    pub errors: Receiver<String>,
}

pub fn start(words: &[&str]) -> Running {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dstream"))
        .args(words)
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dstream starts");
    let lines = lines_of(child.stdout.take().expect("it is piped"));
    let errors = lines_of(child.stderr.take().expect("it is piped"));
    Running {
        stdin: child.stdin.take(),
        child,
        lines,
        errors,
    }
}

fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    receive
}

impl Running {
    pub fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("standard input is open");
        stdin.write_all(text.as_bytes()).expect("dstream reads");
    }

    /// For a thread that writes until nobody reads.
    pub fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().expect("standard input is open")
    }

    pub fn line(&self) -> String {
        let line = self.lines.recv_timeout(PATIENCE);
        line.unwrap_or_else(|_| panic!("no line came; on stderr: {:?}", self.said()))
    }

    /// What was printed, to the end.
    pub fn rest(&self) -> Vec<String> {
        self.lines.iter().collect()
    }

    pub fn said(&self) -> Vec<String> {
        self.errors.try_iter().collect()
    }

    /// Returns when dstream has taken all that was written.
    fn taken(&self) {
        let stdin = self.stdin.as_ref().expect("standard input is open");
        wait_until("the pipe is empty", || {
            rustix::io::ioctl_fionread(stdin).expect("a pipe knows its bytes") == 0
        });
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("dstream is there");
    }

    pub fn close(&mut self) {
        self.stdin = None;
    }

    pub fn end(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                return status;
            }
            if began.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("dstream does not end");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn wait_until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

/// Connects as soon as somebody listens.
pub fn connect(port: u16) -> TcpStream {
    let began = Instant::now();
    loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            Ok(stream) => return stream,
            Err(error) => assert!(began.elapsed() < PATIENCE, "nobody listens: {error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_line_on_an_open_pipe_is_answered_at_once() {
    for chain in [
        &["filter", "/a/"][..],
        &["map", "n=len($1)", "select", "n"],
        &["-j", "4", "distinct"],
        &["-j", "1", "filter", "$1 != \"b\""],
        &["flat-map", "w=words($0)", "select", "w"],
        &["parse", "(?<x>a+)", "select", "x"],
        &["head", "100"],
    ] {
        let mut running = start(chain);
        for text in ["a1\n", "aa2\n", "aaa3\n"] {
            running.write(text);
            assert!(!running.line().is_empty(), "{chain:?}");
        }
        // A line without its end waits, and comes at the end of the input.
        running.write("aaaa4");
        running.close();
        assert!(!running.line().is_empty(), "{chain:?}");
        assert!(running.end().success(), "{chain:?}");
        assert_eq!(running.rest(), [""; 0]);
    }
}

#[test]
fn head_ends_while_the_pipe_is_open() {
    for chain in [
        &["head", "2"][..],
        &["-j", "3", "filter", "/a/", "head", "2", "count"],
    ] {
        let mut running = start(chain);
        running.write("a\nab\nabc\n");
        assert!(running.end().success(), "{chain:?}");
        let expected: &[&str] = if chain.len() > 2 {
            &["2"]
        } else {
            &["a", "ab"]
        };
        assert_eq!(running.rest(), expected);
    }
    let mut running = start(&["-qe", "filter", "/a/"]);
    running.write("b\na\n");
    assert_eq!(running.end().code(), Some(0));
}

#[test]
fn a_window_by_arrival_is_printed_while_input_pauses() {
    let mut running = start(&["window", "1s", "count-by-key"]);
    let began = Instant::now();
    running.write("a\na\n");
    let mut count = 0;
    // The two lines may fall on both sides of a second.
    while count < 2 {
        let line = running.line();
        let cells: Vec<_> = line.split('\t').collect();
        assert_eq!((cells.len(), cells[1]), (3, "a"), "{line}");
        count += cells[2].parse::<u32>().expect("a count");
    }
    assert_eq!(count, 2);
    // A second to the end of the window, one if the lines were split, and a busy machine.
    assert!(
        began.elapsed() < Duration::from_secs(6),
        "{:?}",
        began.elapsed()
    );
    running.write("b\n");
    running.close();
    let line = running.line();
    assert!(line.ends_with("\tb\t1"), "{line}");
    assert!(running.end().success());
}

#[test]
fn a_window_by_event_time_is_printed_while_the_pipe_is_open() {
    let mut running = start(&["-i", "csv", "--time", "t", "window", "1m", "count-by", "k"]);
    running.write("t,k\n2026-11-20T10:00:00Z,a\n2026-11-20T10:00:30Z,b\n2026-11-20T10:00:59Z,a\n");
    // The default watermark is 5 s: the first of these closes nothing.
    running.write("2026-11-20T10:01:04Z,c\n");
    running.taken();
    assert!(running.lines.try_recv().is_err(), "the window is open");
    running.write("2026-11-20T10:01:05Z,c\n");
    assert_eq!(running.line(), "2026-11-20T10:00:00Z\ta\t2");
    assert_eq!(running.line(), "2026-11-20T10:00:00Z\tb\t1");
    running.close();
    assert_eq!(running.line(), "2026-11-20T10:01:00Z\tc\t2");
    assert!(running.end().success());
}

/// Whole records leave a window when it is over, and what follows takes them, though more may come.
#[test]
fn records_of_windows_come_while_the_pipe_is_open() {
    let windows = [
        "session-window 2s",
        "session-window 2s --max 9s",
        "look-back 2s",
        "window 4s",
        "window 4s --grow 2s",
        "count-window 1",
    ];
    let followers = [
        "sort-by $2",
        "distinct-by $2",
        "top 1 --by $2",
        "sort-by $2 scan n=cumcount",
        "sort-by $2 reduce n=count",
        "sort-by $2 distinct",
    ];
    for window in windows {
        for follower in followers {
            let chain = format!("--time $1 {window} {follower}");
            let words: Vec<&str> = chain.split(' ').collect();
            let mut running = start(&words);
            running.write("1 a\n30 b\n31 b\n60 c\n");
            assert!(!running.line().is_empty(), "{chain}");
        }
    }
}

#[test]
fn a_signal_prints_what_is_open_and_kills() {
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15), (Signal::HUP, 1)] {
        let mut running = start(&["count-by-key"]);
        running.write("a\nb\na\n");
        running.taken();
        running.signal(signal);
        let status = running.end();
        assert_eq!(status.signal(), Some(number), "{status:?}");
        assert_eq!(running.rest(), ["a\t2", "b\t1"]);
        assert_eq!(running.said(), [""; 0]);
    }
    let mut running = start(&["-i", "csv", "--time", "t", "window", "1h", "count"]);
    running.write("t\n");
    // The header is taken before the run begins; what comes behind it by the run itself.
    running.taken();
    running.write("2026-11-20T10:00:00Z\n2026-11-20T10:00:30Z\n");
    running.taken();
    running.signal(Signal::INT);
    assert_eq!(running.end().signal(), Some(2));
    assert_eq!(running.rest(), ["2026-11-20T10:00:00Z\t2"]);
}

#[test]
fn a_second_signal_ends_at_once() {
    // Nobody reads its output, so that it cannot finish.
    let mut child = Command::new(env!("CARGO_BIN_EXE_dstream"))
        .args(["filter", "/x/"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("dstream starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || {
        let lines = "x".repeat(99) + "\n";
        while stdin.write_all(lines.as_bytes()).is_ok() {}
    });
    let stdout = child.stdout.as_ref().expect("it is piped");
    wait_until("its output is full", || {
        rustix::io::ioctl_fionread(stdout).expect("a pipe knows its bytes") >= 4096
    });
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).expect("dstream is there");
    std::thread::sleep(Duration::from_millis(20));
    let began = Instant::now();
    let _ = kill_process(pid, Signal::TERM);
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            break status;
        }
        if began.elapsed() > Duration::from_secs(1) {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the second signal did not end it");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert_eq!(status.signal(), Some(15));
    writer.join().expect("the writer saw the end");
}

#[test]
fn the_shell_sees_the_signal() {
    let scratch = Scratch::new();
    let outcome = session::run(
        "mkfifo f; dstream count f & exec 3>f; echo a >&3; sleep 0.3; kill -TERM $!; wait $!; echo $?",
        &scratch.0,
        None,
    );
    assert_eq!(outcome.text, "1\n143\n");
}

#[test]
fn a_fifo_that_nobody_writes_into_hears_signals() {
    let scratch = Scratch::new();
    for (command, expected) in [
        (
            "mkfifo a; timeout -k 8 0.3 dstream count a; echo $?",
            "0\n124\n",
        ),
        (
            "mkfifo b; timeout -k 8 0.3 dstream -i csv count b; echo $?",
            "124\n",
        ),
        (
            "mkfifo d; for c in '--output d' 'tee d' 'lookup d --on $1' '--late d' '--bad-file d'; do \
             echo 1 | timeout -k 8 0.3 dstream --time '$1:s' window 1s $c count; echo $?; done",
            "124\n124\n124\n124\n124\n",
        ),
        (
            "mkfifo c; (exec 3>c; sleep 0.1) & echo 1 | timeout -k 8 10 dstream union c; echo $?",
            "1\n0\n",
        ),
    ] {
        let outcome = session::run(command, &scratch.0, None);
        assert_eq!(outcome.text, expected, "{command}");
    }
}

/// Its writer has gone when the header is known, and no other comes.
#[test]
fn a_fifo_is_opened_once() {
    for (bytes, chain, expected) in [
        (r"t,k,v\n1,b,7\n", "-i csv count-by k f", "b\t1\n"),
        (
            r"t,k,v\n1,b,7\n",
            "-i csv --time t:s join f --on k --within 1s select k,w,v own.csv",
            "b\t2\t7\n",
        ),
        (
            r"t,k,v\n1,b,7\n",
            "-i csv lookup f --on k select k,w,v own.csv",
            "b\t2\t7\n",
        ),
        (r"t,k,v\n1,b,7\n", "-i csv union f count own.csv", "3\n"),
        (
            r#"{"a":1}\nbad\n{"a":2}\n"#,
            "-i json select a f",
            "1\n2\ndstream: 1 of 3 records is not JSON (first: f:2 col 1)\n",
        ),
        (
            r#"bad\n{"a":2}\n"#,
            "-i json select a f",
            "2\ndstream: 1 of 2 records is not JSON (first: f:1 col 1)\n",
        ),
        (r"a b\n", "count-by '$1' f", "a\t1\n"),
    ] {
        let scratch = Scratch::new();
        let command = format!(
            "printf 't,k,w\\n1,a,1\\n1,b,2\\n' > own.csv; mkfifo f; printf '{bytes}' > f & timeout 20 dstream {chain}"
        );
        let outcome = session::run(&command, &scratch.0, None);
        assert_eq!(outcome.text, expected, "{chain}");
    }
}

#[test]
fn a_reader_that_leaves_ends_the_run_without_a_word() {
    for chain in [
        &["filter", "/x/"][..],
        &["-j", "1", "-o", "json"],
        &["-j", "4", "distinct"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dstream"))
            .args(chain)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("dstream starts");
        drop(child.stdout.take());
        let mut stdin = child.stdin.take().expect("it is piped");
        let writer = std::thread::spawn(move || {
            for number in 0u64.. {
                if stdin.write_all(format!("x{number}\n").as_bytes()).is_err() {
                    break;
                }
            }
        });
        let status = child.wait().expect("the child is ours");
        writer.join().expect("the writer saw the end");
        assert_eq!(status.signal(), Some(13), "{chain:?}: {status:?}");
        let mut said = String::new();
        let mut stderr = child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut said).expect("it is text");
        assert_eq!(said, "", "{chain:?}");
    }
}

#[test]
fn many_writers_on_a_listener() {
    let port = free_port();
    let word = format!("tcp-listen:{port}");
    let mut running = start(&["head", "4", &word]);
    let mut one = connect(port);
    one.write_all(b"one\n").expect("it listens");
    assert_eq!(running.line(), "one");
    let mut two = connect(port);
    // Half a line of one writer is not mixed with the line of another.
    one.write_all(b"half").expect("it listens");
    two.write_all(b"two\n").expect("it listens");
    assert_eq!(running.line(), "two");
    one.write_all(b" and half\n").expect("it listens");
    assert_eq!(running.line(), "half and half");
    // A last line without its end comes when its writer leaves.
    two.write_all(b"bye").expect("it listens");
    drop(two);
    assert_eq!(running.line(), "bye");
    assert!(running.end().success());
}

#[test]
fn windows_over_a_listener_end_by_signal() {
    let port = free_port();
    let word = format!("tcp-listen:127.0.0.1:{port}");
    let mut running = start(&["window", "1h", "count-by-key", &word]);
    let mut writer = connect(port);
    writer.write_all(b"a\na\n").expect("it listens");
    drop(writer);
    let mut writer = connect(port);
    writer.write_all(b"b\n").expect("it listens");
    // What a socket has taken cannot be seen from here; a second writer's turn is a sign, half a second ample.
    std::thread::sleep(Duration::from_millis(500));
    running.signal(Signal::TERM);
    assert_eq!(running.end().signal(), Some(15));
    let rows: Vec<String> = running.rest();
    let counts: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.split_once('\t'))
        .map(|(_, row)| row)
        .collect();
    assert_eq!(counts, ["a\t2", "b\t1"], "{:?}", running.said());
}

#[test]
fn a_connection_is_a_source() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let word = format!("tcp:127.0.0.1:{port}");
    let mut running = start(&["count-by-key", &word]);
    let (mut stream, _) = listener.accept().expect("dstream connects");
    stream.write_all(b"a\nb\na").expect("it reads");
    drop(stream);
    assert!(running.end().success(), "{:?}", running.said());
    assert_eq!(running.rest(), ["a\t2", "b\t1"]);

    let mut running = start(&["filter", "/a/", &word]);
    let (mut stream, _) = listener.accept().expect("dstream connects");
    stream.write_all(b"b\na\n").expect("it reads");
    assert_eq!(running.line(), "a");
    drop(stream);
    assert!(running.end().success());
}

#[test]
fn a_network_source_that_is_not_there() {
    let word = format!("tcp:127.0.0.1:{}", free_port());
    let mut running = start(&["count", &word]);
    assert_eq!(running.end().code(), Some(69));
    let said: Vec<String> = running.errors.iter().collect();
    assert_eq!(said, [format!("dstream: {word}: Connection refused")]);
}

#[test]
fn a_run_ends_after_its_time() {
    let mut running = start(&["--for", "300ms", "count"]);
    running.write("a\nb\n");
    running.taken();
    assert_eq!(running.end().code(), Some(0));
    assert_eq!(running.rest(), ["2"]);
}

#[test]
fn a_status_line_is_told_on_request() {
    let mut running = start(&["count"]);
    running.write("a\nb\n");
    running.taken();
    let said = || {
        running.signal(Signal::USR1);
        let line = running.errors.recv_timeout(PATIENCE);
        line.expect("a status line")
    };
    // What was taken is counted a moment later.
    let whole = "dstream: 2 records read (0.0 MB), 0 records written";
    wait_until("both records are counted", || said() == whole);
    running.close();
    assert!(running.end().success());
    assert_eq!(running.rest(), ["2"]);
}

/// Memory is bounded: a line of 1 GiB is a bad record and not held.
#[test]
fn a_line_of_a_gigabyte_is_skipped() {
    let scratch = Scratch::new();
    let line = "head -c 1073741824 /dev/zero | tr '\\0' x";
    let command =
        format!("ulimit -v 500000; (echo a; {line}; echo; echo b) | dstream --max-line 1MiB count");
    let outcome = session::run(&command, &scratch.0, None);
    assert_eq!(
        (outcome.text.as_str(), outcome.status),
        (
            "2\ndstream: 1 of 3 records is longer than --max-line (first: standard input:2 col 1)\n",
            0
        )
    );
}

/// What a run over a file prints.
fn rows_of(words: &[&str]) -> Vec<String> {
    let mut running = start(words);
    running.close();
    let rows = running.rest();
    assert!(running.end().success(), "{:?}", running.said());
    rows
}

/// Waits until dstream has counted so many records.
fn read(running: &Running, records: usize) {
    let begin = format!("dstream: {records} record");
    wait_until("the records are counted", || {
        running.signal(Signal::USR1);
        let line = running.errors.recv_timeout(PATIENCE);
        line.expect("a status line").starts_with(&begin)
    });
}

/// EVENT-TIME 2.2: the order of bytes decides, and not how they come.
#[test]
fn the_same_bytes_give_the_same_rows_by_file_pipe_and_socket() {
    let scratch = Scratch::new();
    let mut left = String::new();
    for n in 0..190 {
        let time = n - [0, 3, 1, 0, 12][n as usize % 5] + 20;
        let key = ["a", "b", "c", "b"][n as usize * 7 % 4];
        left.push_str(&format!("{time} {key}\n"));
    }
    // The last windows and pairs wait for the very last record.
    left.push_str("229 a\n229 b\n229 c\n9999 z\n");
    let right: String = (0..230)
        .step_by(3)
        .map(|time| format!("{time} {}\n", ["a", "c"][time % 2]))
        .collect::<String>()
        + "229 a\n229 b\n229 c\n";
    let file = |name: &str, text: &str| {
        let path = scratch.0.join(name);
        std::fs::write(&path, text).expect("a file of the scratch directory");
        path.to_str().expect("its name is text").to_string()
    };
    let (left_file, right_file) = (file("left", &left), file("right", &right));
    let join = format!("join {right_file} --on $2 --as r --within 2s select $1,$2,r.$1");
    for chain in [
        "window 10s count-by $2",
        "session-window 2s reduce-by $2 join:$1",
        join.as_str(),
    ] {
        let mut words = vec!["--time", "$1:s", "--watermark", "4s"];
        words.extend(chain.split(' '));
        let by_file = rows_of(&[&words[..], &[&left_file]].concat());
        assert!(by_file.len() > 20, "{chain}: {by_file:?}");

        let mut running = start(&words);
        running.write(&left);
        running.close();
        assert_eq!(running.rest(), by_file, "{chain}: a pipe");

        let port = free_port();
        let word = format!("tcp-listen:{port}");
        let mut running = start(&[&words[..], &[&word]].concat());
        let mut writer = connect(port);
        writer.write_all(left.as_bytes()).expect("it listens");
        let mut by_socket: Vec<String> = by_file[1..].iter().map(|_| running.line()).collect();
        running.signal(Signal::TERM);
        by_socket.extend(running.rest());
        assert_eq!(by_socket, by_file, "{chain}: a socket");
        assert_eq!(running.end().signal(), Some(15));
    }
}

/// EVENT-TIME 2.2: windows close by the slowest source.
#[test]
fn of_two_sources_the_slower_closes_the_window() {
    let ports = [free_port(), free_port()];
    let sources = ports.map(|port| format!("tcp-listen:{port}"));
    let options = ["--time", "$1:s", "--watermark", "0s", "--idle", "1h"];
    let chain = ["window", "10s", "count", &sources[0], &sources[1]];
    let mut running = start(&[&options[..], &chain[..]].concat());
    let [mut fast, mut slow] = ports.map(connect);
    fast.write_all(b"0 a\n25 b\n").expect("it listens");
    read(&running, 2);
    slow.write_all(b"5 c\n").expect("it listens");
    read(&running, 3);
    slow.write_all(b"12 d\n").expect("it listens");
    assert_eq!(running.line(), "1970-01-01T00:00:00Z\t2");
    running.signal(Signal::TERM);
    assert_eq!(running.end().signal(), Some(15));
    assert_eq!(
        running.rest(),
        ["1970-01-01T00:00:10Z\t1", "1970-01-01T00:00:20Z\t1"]
    );
}

/// EVENT-TIME 2.2: a silent source holds the watermark no more; what it says of old when it wakes is late.
#[test]
fn a_silent_source_lets_the_other_go_on() {
    let ports = [free_port(), free_port()];
    let sources = ports.map(|port| format!("tcp-listen:{port}"));
    let options = ["--time", "$1:s", "--watermark", "0s", "--idle", "200ms"];
    let chain = ["window", "1000s", "count", &sources[0], &sources[1]];
    let mut running = start(&[&options[..], &chain[..]].concat());
    let [mut silent, mut going] = ports.map(connect);
    silent.write_all(b"500 a\n").expect("it listens");
    read(&running, 1);
    going.write_all(b"0 b\n").expect("it listens");
    read(&running, 2);
    let mut written = 2;
    let began = Instant::now();
    let line = loop {
        going.write_all(b"2500 c\n").expect("it listens");
        written += 1;
        match running.lines.recv_timeout(Duration::from_millis(20)) {
            Ok(line) => break line,
            Err(_) => assert!(began.elapsed() < PATIENCE, "{:?}", running.said()),
        }
    };
    assert_eq!(line, "1970-01-01T00:00:00Z\t2");
    silent.write_all(b"600 d\n").expect("it listens");
    read(&running, written + 1);
    running.signal(Signal::TERM);
    assert_eq!(running.end().signal(), Some(15));
    assert_eq!(
        running.rest(),
        [format!("1970-01-01T00:33:20Z\t{}", written - 2)]
    );
    let said: Vec<String> = running.errors.iter().collect();
    let late = format!("dstream: 1 of {} records came too late", written + 1);
    assert!(said.iter().any(|line| line.starts_with(&late)), "{said:?}");
}

/// EVENT-TIME 2.2: with all sources silent the watermark goes on with the clock.
#[test]
fn the_last_window_of_a_quiet_stream_is_printed() {
    for (chain, row) in [
        (&["window", "300ms", "count"][..], "1970-01-01T00:00:00Z\t2"),
        (
            &["session-window", "100ms", "count"],
            "1970-01-01T00:00:00Z\t1970-01-01T00:00:00.200Z\t2",
        ),
    ] {
        let options = ["--time", "$1:ms", "--watermark", "0s", "--idle", "200ms"];
        let mut running = start(&[&options, chain].concat());
        running.write("0\n100\n");
        assert_eq!(running.line(), row);
        running.close();
        assert!(running.end().success());
        assert_eq!(running.rest(), [""; 0]);
    }
}

/// INTERFACE 9.1, "the end of a batch is a trigger"; 9.3: its rows do not wait for the record behind.
#[test]
fn rows_of_a_batch_come_when_it_has_ended() {
    let mut running = start(&[
        "--batch-on",
        "^--",
        "--mark-batches",
        "window",
        "9s",
        "count",
    ]);
    running.write("1\n--\n");
    assert_eq!(running.line(), "-- 1");
    running.close();
    assert!(running.end().success());

    let chains: [&[&str]; 4] = [
        &[
            "--batch-on",
            "^--",
            "--output-mode",
            "update",
            "window",
            "1h",
            "count",
        ],
        &[
            "--batch-on",
            "^--",
            "--output-mode",
            "complete",
            "window",
            "1h",
            "count",
            "top",
            "1",
        ],
        &[
            "--batch-on",
            "^--",
            "--every-delay",
            "1s",
            "window",
            "1h",
            "count",
        ],
        &[
            "--batch-on",
            "^--",
            "--every",
            "1s",
            "window",
            "all",
            "count",
        ],
    ];
    for chain in chains {
        for time in [&[][..], &["--time", "$1:s"]] {
            let mut running = start(&[time, chain].concat());
            running.write("1\n2\n--\n--\n");
            assert!(running.line().ends_with('2'), "{time:?} {chain:?}");
            running.write("3\n--\n--\n");
            assert!(running.line().ends_with('3'), "{time:?} {chain:?}");
            running.close();
            assert!(running.end().success());
            assert_eq!(running.rest().len(), 1, "{time:?} {chain:?}");
        }
    }
}

/// EVENT-TIME 2.5: early rows at multiples of the clock; INTERFACE 9.1: changed ones, of a ranking all.
#[test]
fn early_rows_come_by_the_clock() {
    let mut running = start(&["--every", "200ms", "count-by-key"]);
    running.write("a\nb\n");
    assert_eq!([running.line(), running.line()], ["a\t1", "b\t1"]);
    running.write("b\n");
    assert_eq!(running.line(), "b\t2");
    running.close();
    assert!(running.end().success());
    assert_eq!(running.rest(), ["a\t1", "b\t2"]);

    let options = ["--time", "$1:s", "--every", "200ms"];
    let chain = ["window", "1h", "count-by", "$2", "top", "2"];
    let mut running = start(&[&options[..], &chain[..]].concat());
    running.write("0 a\n1 b\n2 a\n3 c\n4 c\n5 c\n");
    let row = |key: &str, count: u32| format!("1970-01-01T00:00:00Z\t{key}\t{count}");
    assert_eq!([running.line(), running.line()], [row("c", 3), row("a", 2)]);
    running.write("6 b\n7 b\n8 b\n");
    assert_eq!([running.line(), running.line()], [row("b", 4), row("c", 3)]);
    running.close();
    assert!(running.end().success());
    assert_eq!(running.rest(), [row("b", 4), row("c", 3)]);
}
