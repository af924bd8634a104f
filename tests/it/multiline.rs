//! `--multiline` from outside: records of several lines are the same ones for any number of workers, block size and
//! epoch, from a pipe and a file, and through restarts; a plain loop over lines is beside it. Waits for no clock.

use super::session::{Scratch, Setting, big_data};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % n
    }
}

/// A rule, and what a plain program makes of a line.
type Rule = (&'static str, fn(&str) -> bool);

const RULES: [Rule; 3] = [
    ("indent", |line| !line.starts_with([' ', '\t'])),
    ("time", |line| line.starts_with("20")),
    ("^[A-Z]+ ", |line| {
        let word = line.split(' ').next().unwrap_or_default();
        line.contains(' ') && !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase())
    }),
];

/// A log with traces, line ends of both kinds, empty lines and an unfinished end.
fn log(seed: u64, lines: usize) -> String {
    let mut dice = Dice(seed);
    let mut text = String::new();
    for n in 0..lines {
        text += &match dice.below(6) {
            0 => format!("2024-01-02 10:00:{:02} INFO n {n}", n % 60),
            1 => format!("ERROR {n} of {}", "x".repeat(dice.below(60) as usize)),
            2 | 3 => format!("\tat frame {n}({})", dice.below(9)),
            4 => " ".repeat(dice.below(3) as usize),
            _ => format!("Caused by: {n}"),
        };
        text += ["\n", "\n", "\r\n"][dice.below(3) as usize];
    }
    text + " end"
}

/// Each record as `@line` and `$0` are written, by a plain loop.
fn model(text: &str, begins: fn(&str) -> bool) -> String {
    let mut records: Vec<(usize, String)> = Vec::new();
    for (n, line) in text.split_terminator('\n').enumerate() {
        let is_last = text.lines().count() == n + 1 && !text.ends_with('\n');
        let bare = match line.strip_suffix('\r') {
            Some(bare) if !is_last => bare,
            _ => line,
        };
        match records.last_mut() {
            Some((_, record)) if !begins(bare) => {
                record.push('\n');
                record.push_str(bare);
            }
            _ => records.push((n + 1, bare.to_string())),
        }
    }
    let row = |(n, record): &(usize, String)| {
        format!(
            "{n}\t{}\n",
            record.replace('\n', "\\n").replace('\t', "\\t")
        )
    };
    records.iter().map(row).collect()
}

fn dstream(dir: &Path, words: &[&str], setting: Option<Setting>, input: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dstream"));
    command.current_dir(dir).arg("--no-config").args(words);
    if let Some(setting) = setting {
        command.args(setting.options().split_whitespace());
    }
    let stdin = if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    };
    let mut child = command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dstream starts");
    if let (Some(mut pipe), Some(text)) = (child.stdin.take(), input) {
        let text = text.to_string();
        std::thread::spawn(move || {
            for piece in text.as_bytes().chunks(97) {
                pipe.write_all(piece).expect("it reads to the end");
            }
        });
    }
    child.wait_with_output().expect("it ends")
}

fn text_of(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn settings() -> Vec<Setting> {
    let mut settings = Vec::new();
    for workers in [1, 3, 8] {
        for (block, epoch) in [(7, None), (61, Some(7)), (4096, None), (131_072, Some(1))] {
            settings.push(Setting {
                workers,
                block,
                epoch,
            });
        }
    }
    settings
}

/// INTERFACE 4 and 1.2: several lines are one record, however the input is cut.
#[test]
fn records_of_several_lines_are_those_of_a_plain_loop() {
    for (seed, (word, begins)) in RULES.into_iter().enumerate() {
        let scratch = Scratch::new();
        let text = log(seed as u64 + 1, 400);
        fs::write(scratch.0.join("log"), &text).expect("it can be written");
        let expected = model(&text, begins);
        let chain = ["--multiline", word, "select", "@line,$0", "-o", "tsv"];
        for setting in settings() {
            let file = dstream(
                &scratch.0,
                &[&chain[..], &["log"]].concat(),
                Some(setting),
                None,
            );
            assert_eq!(
                text_of(&file),
                expected,
                "{word}: a file, {}",
                setting.options()
            );
            let pipe = dstream(&scratch.0, &chain, Some(setting), Some(&text));
            assert_eq!(
                text_of(&pipe),
                expected,
                "{word}: a pipe, {}",
                setting.options()
            );
            // Lines pass as they came.
            let passing = ["--multiline", word, "filter", "@line > 0", "log"];
            let passed = dstream(&scratch.0, &passing, Some(setting), None);
            assert_eq!(text_of(&passed), format!("{text}\n"), "{word}");
        }
    }
}

/// INTERFACE 11: with `--once` the last record waits for the run after, `--final` takes it; wherever runs end, the
/// bytes are those of one run.
#[test]
fn runs_that_end_anywhere_give_the_bytes_of_one() {
    let mut dice = Dice(77);
    for (word, begins) in RULES {
        let scratch = Scratch::new();
        let text = log(dice.below(1000), 120);
        let path = scratch.0.join("log");
        fs::write(&path, "").expect("it can be written");
        let mut words = vec!["--multiline", word, "select", "@line,$0", "-o", "tsv"];
        words.extend(["--once", "--checkpoint", "ck", "--output", "out", "log"]);
        let mut rest = text.as_bytes();
        let all = settings();
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.len().min(1 + dice.below(700) as usize));
            rest = behind;
            let mut file = OpenOptions::new()
                .append(true)
                .open(&path)
                .expect("it is there");
            file.write_all(piece).expect("it can be written");
            let setting = all[dice.below(all.len() as u64) as usize];
            text_of(&dstream(&scratch.0, &words, Some(setting), None));
        }
        words.push("--final");
        text_of(&dstream(&scratch.0, &words, None, None));
        let out = fs::read_to_string(scratch.0.join("out")).expect("it was written");
        assert_eq!(out, model(&text, begins), "{word}");
    }
}

/// A log of ZooKeeper, with the traces that such servers write put into it.
#[test]
fn traces_in_a_real_log_stay_with_their_lines() {
    let Some(data) = big_data() else {
        println!("no shared data beside the repository: skipped");
        return;
    };
    let Ok(log) = fs::read_to_string(data.join("zookeeper.log")) else {
        println!("no zookeeper.log: skipped");
        return;
    };
    let (mut text, mut errors) = (String::new(), 0);
    for (n, line) in log.lines().enumerate() {
        text += &format!("{line}\n");
        if line.contains(" - ERROR ") {
            errors += 1;
        }
        if line.contains(" - ERROR ") || n % 50 == 0 {
            text += "java.net.SocketException: Socket closed\n\tat java.net.PlainSocketImpl.socketAccept(Native Method)\n";
            text += "Caused by: java.io.EOFException\n\t... 3 more\n";
        }
    }
    assert!(errors > 0, "the log has errors");
    let scratch = Scratch::new();
    fs::write(scratch.0.join("log"), &text).expect("it can be written");
    let expected = model(&text, |line| line.starts_with("20"));
    let chain = [
        "--multiline",
        "time",
        "select",
        "@line,$0",
        "-o",
        "tsv",
        "log",
    ];
    for setting in settings().into_iter().filter(|setting| setting.block > 7) {
        let output = dstream(&scratch.0, &chain, Some(setting), None);
        assert!(text_of(&output) == expected, "{}", setting.options());
    }
    let words = [
        "--multiline",
        "time",
        "filter",
        "/EOFException/ and /ERROR/",
        "count",
        "log",
    ];
    let output = dstream(&scratch.0, &words, None, None);
    assert_eq!(text_of(&output), format!("{errors}\n"));
}
