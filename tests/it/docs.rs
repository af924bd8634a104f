//! Documents are what the tables make of them, and the README's examples are what the program prints.
//! `UPDATE=1 cargo test docs` rewrites both; the diff is the review.

use super::session::Scratch;
use std::path::Path;
use std::process::Command;

/// Ten steps, whose commands are run; the manual page of it is made from this file when the program is built.
const TUTORIAL: &str = "man/tutorial.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn update() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value == "1")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

fn write(path: &str, text: &str) {
    let path = root().join(path);
    let folder = path.parent().expect("it is below the root");
    std::fs::create_dir_all(folder).expect("the folder can be made");
    std::fs::write(path, text).expect("the file can be written");
}

/// A command with this program first in the path, in the crate's root.
fn shell(command: &str) -> (String, String, Option<i32>) {
    shell_in(root(), command)
}

/// A directory in which the README's commands find the tests' data, and may leave what they make.
fn playground() -> Scratch {
    let scratch = Scratch::new();
    std::os::unix::fs::symlink(root().join("tests"), scratch.0.join("tests")).expect("a link");
    scratch
}

/// The same in another directory: standard output, errors, status.
pub fn shell_in(dir: &Path, command: &str) -> (String, String, Option<i32>) {
    let binary = Path::new(env!("CARGO_BIN_EXE_dstream"));
    let folder = binary.parent().expect("a file is in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(dir)
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("TZ", "UTC")
        .output()
        .expect("sh runs");
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
        output.status.code(),
    )
}

/// The README with the outputs of its `console` blocks as they are now.
fn run_examples(readme: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    let dir = playground();
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            let (stdout, stderr, _) = shell_in(&dir.0, command);
            out.push_str(&format!("{line}\n{stdout}{stderr}"));
            continue;
        } else if inside {
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

#[test]
fn committed_documents_are_those_of_the_tables() {
    let readme = run_examples(&read("README.md"));
    let mut stale = Vec::new();
    let tutorial = run_examples(&read(TUTORIAL));
    if read(TUTORIAL) != tutorial {
        match update() {
            true => write(TUTORIAL, &tutorial),
            false => stale.push(TUTORIAL),
        }
    }
    for (path, text) in dstream::cli::docs::all(&readme) {
        if read(path) != text {
            if update() {
                write(path, &text);
            } else {
                stale.push(path);
            }
        }
    }
    assert!(
        stale.is_empty(),
        "stale: {stale:?}; `UPDATE=1 cargo test docs` rewrites them"
    );
}

#[test]
fn the_readme_has_no_failing_example() {
    let readme = read("README.md");
    let commands: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .collect();
    assert!(commands.len() >= 10);
    let dir = playground();
    for command in commands {
        let (stdout, stderr, status) = shell_in(&dir.0, command);
        assert_eq!((stderr.as_str(), status), ("", Some(0)), "{command}");
        assert!(!stdout.is_empty(), "{command}");
    }
}

#[test]
fn short_help_fits_a_screen() {
    let (help, _, status) = shell("dstream -h");
    assert_eq!(status, Some(0));
    assert!(help.lines().count() <= 24, "{} lines", help.lines().count());
    for line in help.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn every_topic_has_help() {
    let names = ["filter", "count-by", "lower", "sum", "csv", "--time", "-i"];
    for topic in dstream::cli::docs::help::topics().chain(names) {
        let (help, error, status) = shell(&format!("dstream help {topic}"));
        assert_eq!((error.as_str(), status), ("", Some(0)), "{topic}");
        assert!(help.lines().count() > 1, "{topic}: {help}");
        for line in help.lines().filter(|line| !line.starts_with("    ")) {
            assert!(line.chars().count() <= 80, "{topic}: {line}");
        }
    }
    let (by_operator, _, _) = shell("dstream window --help");
    let (by_help, _, _) = shell("dstream help window");
    assert_eq!(by_operator, by_help);
    let (_, error, status) = shell("dstream help fliter");
    assert_eq!(
        (error.as_str(), status),
        (
            "dstream: there is no help on 'fliter'; did you mean 'filter'?\n    dstream help fliter\n                 ^^^^^^\n",
            Some(2)
        )
    );
}

#[test]
fn manual_pages_are_clean() {
    if Command::new("mandoc").arg("-V").output().is_err() && shell("command -v mandoc").2 != Some(0)
    {
        println!("skipped: mandoc is not here");
        return;
    }
    let (told, error, _) = shell("mandoc -Tlint -Wwarning man/*.[1-8]");
    assert_eq!((told.as_str(), error.as_str()), ("", ""));
}
