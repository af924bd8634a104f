//! The live view in a real terminal: tmux, where it is there. What is on the screen is compared as a person sees it.
//! Input comes by a FIFO that the test writes, with times in it, so nothing depends on how fast anything is; what
//! is waited for must come. Invariant: each terminal has a server of its own, which ends with its test.

use super::live::PATIENCE;
use super::session::Scratch;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A terminal with a shell in it.
struct Pane {
    server: String,
    folder: Scratch,
    fifo: File,
}

static NUMBER: AtomicUsize = AtomicUsize::new(0);

fn tmux(server: &str, words: &[&str]) -> String {
    let mut command = Command::new("tmux");
    command
        .args(["-u", "-f", "/dev/null", "-L", server])
        .args(words);
    let out = command
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("tmux is there");
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// `None`, and it is said: tmux is not there.
fn pane(columns: usize, rows: usize) -> Option<Pane> {
    if Command::new("tmux").arg("-V").output().is_err() {
        println!("SKIPPED: tmux is not there, so the live view was not looked at in a terminal");
        return None;
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let server = format!("dstream-{}-{number}", std::process::id());
    let folder = Scratch::new();
    let (x, y) = (columns.to_string(), rows.to_string());
    let path = folder.0.to_str().expect("its name is ASCII").to_string();
    let shell = "env -i PATH=\"$PATH\" HOME=/nowhere LC_ALL=C.UTF-8 TZ=UTC TERM=screen PS1='$ ' \
                 bash --norc --noprofile";
    let words = ["new-session", "-d", "-x", &x, "-y", &y, "-c", &path, shell];
    tmux(&server, &words);
    let made = Command::new("mkfifo").arg(folder.0.join("in")).status();
    assert!(made.expect("mkfifo is there").success());
    let fifo = OpenOptions::new()
        .read(true)
        .write(true)
        .open(folder.0.join("in"))
        .expect("the FIFO was made");
    let pane = Pane {
        server,
        folder,
        fifo,
    };
    pane.wait("the shell asks", |screen| screen.starts_with("$"));
    Some(pane)
}

impl Pane {
    /// Types a command.
    fn type_line(&self, text: &str) {
        tmux(&self.server, &["send-keys", "-t", "0", "-l", text]);
        self.key("Enter");
    }

    fn key(&self, key: &str) {
        tmux(&self.server, &["send-keys", "-t", "0", key]);
    }

    /// dstream with these words, fed by the FIFO; then its status is printed.
    fn run(&self, words: &str) {
        let binary = env!("CARGO_BIN_EXE_dstream");
        self.type_line(&format!("clear; {binary} {words} <in; echo status $?"));
    }

    fn write(&mut self, text: &str) {
        self.fifo
            .write_all(text.as_bytes())
            .expect("it takes a little");
    }

    /// What is seen, without blanks and lines at its end.
    fn screen(&self) -> String {
        let text = tmux(&self.server, &["capture-pane", "-t", "0", "-p"]);
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_string()
    }

    fn wait(&self, what: &str, done: impl Fn(&str) -> bool) -> String {
        let last = std::cell::RefCell::new(String::new());
        let began = std::time::Instant::now();
        while began.elapsed() < PATIENCE {
            *last.borrow_mut() = self.screen();
            if done(&last.borrow()) {
                return last.into_inner();
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!(
            "waited in vain until {what}; on the screen:\n{}",
            last.into_inner()
        );
    }

    /// Waits for this screen; numbers that go with the clock are `…`.
    fn wait_for(&self, expected: &str) {
        let began = std::time::Instant::now();
        let mut seen = String::new();
        while began.elapsed() < PATIENCE {
            seen = without_clock(&self.screen());
            if seen == expected {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert_eq!(seen, expected);
    }

    fn resize(&self, columns: usize, rows: usize) {
        let (x, y) = (columns.to_string(), rows.to_string());
        tmux(
            &self.server,
            &["resize-window", "-t", "0", "-x", &x, "-y", &y],
        );
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        tmux(&self.server, &["kill-server"]);
    }
}

/// The status line's rate and lag are those of the machine.
fn without_clock(screen: &str) -> String {
    let lines = screen
        .lines()
        .map(|line| match line.split_once(" records  ") {
            Some((records, rest)) => {
                let bad = rest.find("bad").unwrap_or(0);
                let upto = rest.find("  lag").unwrap_or(rest.len());
                format!("{records} records  {}", &rest[bad..upto])
            }
            None => line.to_string(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// The source is silent for longer than it would be waited for.
const COUNTS: &str = "--idle 1h --time '$1:s' window 10s count-by '$2'";

#[test]
fn what_is_open_stands_below_what_is_final_and_goes_with_control_c() {
    let Some(mut pane) = pane(80, 24) else { return };
    pane.run(&format!("{COUNTS} --bar count"));
    pane.write("0 a\n1 日本\n2 a\n");
    pane.wait_for(
        "window_start          $2    count\n\
         ────  1970-01-01 00:00:00 open, 2 s of 10 s  ───────────────────\n\
         1970-01-01T00:00:00Z  a         2  ██████████\n\
         1970-01-01T00:00:00Z  日本      1  █████\n\
         3 records  bad 0  late 0",
    );
    pane.write("16 c\n3 late\n");
    pane.wait_for(
        "window_start          $2    count\n\
         1970-01-01T00:00:00Z  a         2  ██████████\n\
         1970-01-01T00:00:00Z  日本      1  █████\n\
         ────  1970-01-01 00:00:10 open, 6 s of 10 s  ───────────────────\n\
         1970-01-01T00:00:10Z  c         1  ██████████\n\
         5 records  bad 0  late 1",
    );
    pane.key("C-c");
    pane.wait_for(
        "window_start          $2    count\n\
         1970-01-01T00:00:00Z  a         2  ██████████\n\
         1970-01-01T00:00:00Z  日本      1  █████\n\
         1970-01-01T00:00:10Z  c         1  ██████████\n\
         dstream: 1 of 5 records came too late for its window and was dropped; --watermar\n\
         k D waits longer\n\n\
         $",
    );
    is_as_it_was(&pane);
}

/// The line discipline shows what is typed, line by line.
fn is_as_it_was(pane: &Pane) {
    pane.type_line("clear; stty -a | tr ' ' '\\n' | grep -x -e -*icanon -e -*echo");
    let screen = pane.wait("the modes are told", |screen| {
        let mut lines = screen.lines();
        // The command itself has the word too.
        lines.any(|line| line.trim_start_matches('-') == "icanon") && screen.ends_with('$')
    });
    let modes: Vec<&str> = screen.lines().take(2).collect();
    assert_eq!(modes, ["icanon", "echo"]);
}

#[test]
fn q_ends_the_run_as_a_wait_that_is_over() {
    let Some(mut pane) = pane(200, 50) else {
        return;
    };
    pane.run(COUNTS);
    for key in 0..100 {
        pane.write(&format!("0 k{key:02}\n"));
    }
    let screen = pane.wait("there is more than there is room for", |screen| {
        screen.contains("100 records") && screen.contains("the first rows")
    });
    // INTERFACE 9.2: at most the height of the terminal less two rows.
    assert_eq!(screen.lines().count(), 48, "{screen}");
    pane.key("q");
    let screen = pane.wait("it has ended", |screen| screen.contains("status 0"));
    assert!(screen.contains("  k99      1\nstatus 0"), "{screen}");
    assert!(
        !screen.contains("open") && !screen.contains(" records"),
        "{screen}"
    );
    is_as_it_was(&pane);
}

#[test]
fn another_size_leaves_nothing_behind() {
    let Some(mut pane) = pane(80, 24) else { return };
    pane.run(COUNTS);
    pane.write("0 a\n1 a-long-name-that-does-not-fit-a-narrow-terminal\n16 c\n");
    pane.wait("a window has closed", |screen| {
        screen.contains("6 s of 10 s")
    });
    let is_clean = |screen: &str| {
        let count = |what: &str| screen.matches(what).count();
        count("records") == 1 && count("──  1970") == 1 && count("00:00:10Z  c") <= 1
    };
    // Lines that the terminal has wrapped and scrolled away come back with its width, so it only becomes narrower.
    for (columns, rows) in [(80, 12), (80, 24), (100, 24), (60, 24), (40, 24), (30, 24)] {
        pane.resize(columns, rows);
        pane.write("17 c\n");
        // Nothing is on its way any more when the status has come.
        let screen = pane.wait("it is clean", is_clean);
        let width = |line: &str| unicode_width::UnicodeWidthStr::width(line);
        assert!(
            screen.lines().all(|line| width(line) <= columns),
            "{screen}"
        );
    }
    pane.key("C-c");
    pane.wait("it has ended", |screen| screen.ends_with('$'));
}

#[test]
fn a_process_that_is_stopped_gives_the_terminal_back() {
    let Some(mut pane) = pane(80, 24) else { return };
    pane.run(COUNTS);
    pane.write("0 a\n");
    pane.wait("it is open", |screen| screen.contains("0 s of 10 s"));
    pane.key("C-z");
    let screen = pane.wait("it is stopped", |screen| screen.contains("Stopped"));
    assert!(!screen.contains("open"), "{screen}");
    is_as_it_was(&pane);
    pane.type_line("clear; fg");
    pane.wait("it goes on", |screen| screen.contains("0 s of 10 s"));
    pane.write("3 b\n");
    pane.wait("it reads on", |screen| screen.contains("3 s of 10 s"));
    pane.key("q");
    let screen = pane.wait("it has ended", |screen| {
        screen.ends_with('$') && !screen.contains("open")
    });
    assert!(screen.contains("  b       1\n"), "{screen}");
    is_as_it_was(&pane);
}

#[test]
fn a_terminal_is_not_told_what_to_do_by_the_data() {
    let Some(mut pane) = pane(80, 24) else { return };
    pane.run(&format!("{COUNTS} -o tsv"));
    pane.write("0 \x1b[31mred\x07\n");
    let screen = pane.wait("it is open", |screen| screen.contains("red"));
    assert!(screen.contains("?[31mred?"), "{screen}");
    pane.key("C-c");
    pane.wait("it has ended", |screen| screen.contains("$"));
}

#[test]
fn without_utf8_and_colours_there_are_none() {
    let Some(mut pane) = pane(80, 24) else { return };
    pane.type_line("export LC_ALL=C NO_COLOR=1");
    pane.run(&format!("{COUNTS} --bar count"));
    pane.write("0 a\n");
    pane.wait("it is open", |screen| {
        screen.contains("----  1970-01-01 00:00:00 open, 0 s of 10 s  ----")
            && screen.contains("a       1  ##########")
    });
    let coloured = tmux(&pane.server, &["capture-pane", "-t", "0", "-p", "-e"]);
    assert!(!coloured.contains('\x1b'), "{coloured:?}");
    pane.key("C-c");
    pane.wait("it has ended", |screen| screen.ends_with('$'));
}

#[test]
fn colours_are_dim_below_and_those_of_the_roles() {
    let Some(mut pane) = pane(80, 24) else { return };
    pane.type_line("export DSTREAM_COLORS=late=magenta");
    pane.run(&format!("{COUNTS} --bar count"));
    pane.write("0 a\n16 a\n1 a\n");
    pane.wait("one is late", |screen| screen.contains("late 1"));
    let coloured = tmux(&pane.server, &["capture-pane", "-t", "0", "-p", "-e"]);
    let line = |what: &str| {
        let found = coloured.lines().find(|line| line.contains(what));
        found
            .unwrap_or_else(|| panic!("no {what} in {coloured}"))
            .to_string()
    };
    assert!(line("00:00:00Z").contains("\x1b[36m██"), "{coloured:?}");
    assert!(
        line("open,").contains("\x1b[2m") || coloured.contains("\x1b[2m─"),
        "{coloured:?}"
    );
    assert!(line("late 1").contains("\x1b[35mlate 1"), "{coloured:?}");
    pane.key("C-c");
    pane.wait("it has ended", |screen| screen.ends_with('$'));
}

/// Nothing but rows: with `--live never`, on a terminal that can do nothing, and where a chain has nothing open.
#[test]
fn where_nothing_is_shown_there_are_only_rows() {
    let Some(mut pane) = pane(80, 24) else { return };
    for (term, live) in [("screen", "never"), ("dumb", "always")] {
        let binary = env!("CARGO_BIN_EXE_dstream");
        pane.type_line(&format!(
            "clear; TERM={term} {binary} --live {live} {COUNTS} <in; echo status $?"
        ));
        pane.write("0 a\n16 c\n");
        pane.wait_for(
            "window_start          $2  count\n\
             1970-01-01T00:00:00Z  a       1",
        );
        pane.key("C-c");
        pane.wait("it has ended", |screen| screen.ends_with('$'));
    }
    pane.run("filter '/a/'");
    pane.write("0 a\n");
    pane.wait_for("0 a");
    pane.key("C-c");
    pane.wait("it has ended", |screen| screen.ends_with('$'));
}

/// Without a view the same rows come, whatever was painted meanwhile.
#[test]
fn what_is_left_are_the_rows_of_a_run_without_a_view() {
    let Some(mut pane) = pane(80, 50) else { return };
    let mut text = String::new();
    for i in 0..200 {
        text.push_str(&format!("{} k{}\n", i, i * 7 % 5));
    }
    let mut left = Vec::new();
    for live in ["never", "always"] {
        let binary = env!("CARGO_BIN_EXE_dstream");
        let words = "--time '$1:s' window 20s count-by '$2' top 3 --spark count";
        pane.type_line(&format!(
            "clear; head -n 200 in | {binary} --live {live} {words}; echo status $?"
        ));
        for piece in text.as_bytes().chunks(500) {
            pane.write(&String::from_utf8_lossy(piece));
        }
        // What is typed is gone when it has been cleared.
        let has_ended =
            |screen: &str| screen.contains("status 0") && !screen.contains("echo status");
        let screen = pane.wait("it has ended", has_ended);
        left.push(screen);
    }
    assert_eq!(left[0], left[1]);
    assert!(left[0].lines().count() > 25, "{}", left[0]);
}

#[test]
fn a_message_stands_above_what_is_open() {
    let Some(mut pane) = pane(80, 24) else { return };
    pane.run(COUNTS);
    pane.write("0 a\n");
    pane.wait("it is open", |screen| screen.contains("0 s of 10 s"));
    pane.key("C-z");
    pane.wait("it is stopped", |screen| screen.contains("Stopped"));
    pane.type_line("clear; kill -USR1 %1; fg");
    pane.wait("it is told", |screen| {
        let told = screen.find("1 record read");
        let open = screen.find("0 s of 10 s");
        told.is_some() && open.is_some() && told < open
    });
    pane.key("C-c");
    pane.wait("it has ended", |screen| screen.ends_with('$'));
}

/// INTERFACE 9.4: on standard error, where output is no terminal and the input is a file, after 2 s.
#[test]
fn a_long_run_over_files_says_how_far_it_is() {
    let Some(pane) = pane(80, 24) else { return };
    let binary = env!("CARGO_BIN_EXE_dstream");
    pane.type_line(&format!(
        "clear; (seq 1 499; echo x) >n; {binary} --max-rate 100/s reduce 'sum:$1' n >out; echo status $?"
    ));
    let screen = pane.wait("it says how far it is", |screen| screen.contains(" left"));
    let line = screen.lines().last().expect("there is a line");
    assert!(
        line.contains(" of 1.89 kB  ") && line.contains(" %  "),
        "{screen}"
    );
    assert_eq!(
        screen.lines().filter(|line| line.contains(" left")).count(),
        1
    );
    // It is away before a message, and behind it.
    let screen = pane.wait("it has ended", |screen| screen.contains("status 0"));
    let said: Vec<&str> = screen
        .lines()
        .skip_while(|line| !line.starts_with("dstream:"))
        .collect();
    assert_eq!(
        said,
        [
            "dstream: 1 value of $1 could not be converted and counts as null",
            "status 0",
            "$"
        ]
    );
    let out = std::fs::read_to_string(pane.folder.0.join("out")).expect("it was written");
    assert_eq!(out, "124750\n");
}

/// Rows that are not needed for the view are not made; what takes rows in order must not wait for them.
#[test]
fn a_view_that_has_enough_holds_nothing_up() {
    let Some(mut pane) = pane(80, 24) else { return };
    for chain in [
        "scan 'c=cumcount'",
        "distinct-by count --ttl 1h",
        "window 30s reduce 'n=count,sum:count' head 3",
    ] {
        pane.run(&format!("--live always {COUNTS} {chain}"));
        for second in 0..40 {
            let keys = (0..100).map(|key| format!("{second} k{key:02}\n"));
            pane.write(&keys.collect::<String>());
        }
        pane.wait("all is read", |screen| screen.contains("4 000 records"));
        pane.key("q");
        pane.wait("it has ended", |screen| screen.contains("status 0"));
    }
}

/// The second signal ends the process at once, and the terminal is as it was all the same.
#[test]
fn a_second_signal_leaves_the_terminal_as_it_was() {
    let Some(mut pane) = pane(80, 24) else { return };
    pane.run(COUNTS);
    pane.write("0 a\n");
    pane.wait("it is open", |screen| screen.contains("0 s of 10 s"));
    pane.key("C-z");
    pane.wait("it is stopped", |screen| screen.contains("Stopped"));
    // Both are there when it goes on.
    pane.type_line("clear; kill -INT %1; kill -TERM %1; fg");
    pane.wait("it has ended", |screen| screen.ends_with('$'));
    is_as_it_was(&pane);
}
