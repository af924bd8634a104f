//! The README's tables for those who come from elsewhere: each command of ours runs, and where the rival is on the
//! machine, it answers the same.

use super::docs::shell_in;
use super::session::{Scratch, has, root};
use std::path::Path;

/// Rivals whose answers are compared, where they are there.
const JUDGES: [&str; 6] = ["awk", "cut", "grep", "jq", "sort", "wc"];

/// Theirs and ours, of each row.
fn rows() -> Vec<(String, String)> {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("a README");
    let (_, rest) = readme
        .split_once("<!-- rivals:begin -->")
        .expect("its begin");
    let (tables, _) = rest.split_once("<!-- rivals:end -->").expect("its end");
    let unquoted = |cell: &str| cell.trim().trim_matches('`').replace("\\|", "|");
    tables
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix("` |"))
        .filter_map(|line| line.split_once("` | `"))
        .map(|(theirs, ours)| (unquoted(theirs), unquoted(ours)))
        .collect()
}

/// Standard output of a command among the tests' data.
fn run(command: &str, dir: &Path) -> String {
    let (stdout, stderr, status) = shell_in(dir, &format!("export LC_ALL=C; {command}"));
    assert_eq!(status, Some(0), "{command}: {stdout} {stderr}");
    stdout
}

/// What two answers have in common: lines in any order, their words in any order.
fn told(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| {
            let mut words: Vec<&str> = line.split_whitespace().collect();
            words.sort_unstable();
            words.join(" ")
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn commands_of_ours_answer_as_those_of_others() {
    let desk = Scratch::new();
    for entry in std::fs::read_dir(root().join("tests/data")).expect("the data") {
        let entry = entry.expect("an entry");
        let link = desk.0.join(entry.file_name());
        std::os::unix::fs::symlink(entry.path(), link).expect("a link");
    }
    let rows = rows();
    assert!(rows.len() >= 25, "{}", rows.len());
    let mut compared = 0;
    for (theirs, ours) in rows {
        let said = run(&ours, &desk.0);
        assert!(!said.is_empty(), "{ours}");
        let tool = theirs.split(' ').next().unwrap_or_default();
        if JUDGES.contains(&tool) && has(tool) {
            assert_eq!(
                told(&said),
                told(&run(&theirs, &desk.0)),
                "{theirs}\n{ours}"
            );
            compared += 1;
        }
    }
    assert!(compared >= 8, "{compared}");
}
