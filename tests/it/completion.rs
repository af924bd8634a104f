//! Completion as the shells ask for it: the program's answers, and the shim in a real bash.

use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program's answers for a line's words.
fn answers(words: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_dstream"))
        .arg("--complete")
        .args(words)
        .current_dir(root())
        .output()
        .expect("the program runs");
    assert!(output.status.success());
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_string)
        .collect()
}

fn check(words: &[&str], expected: &[&str]) {
    assert_eq!(answers(words), expected, "{words:?}");
}

fn check_has(words: &[&str], expected: &[&str], not: &[&str]) {
    let found = answers(words);
    for word in expected {
        assert!(
            found.iter().any(|one| one == word),
            "{words:?}: {word} in {found:?}"
        );
    }
    for word in not {
        assert!(
            !found.iter().any(|one| one == word),
            "{words:?}: no {word} in {found:?}"
        );
    }
}

#[test]
fn operators_come_where_operators_may_stand() {
    check(&["filt"], &["filter"]);
    check_has(&[""], &["count", "window", "filter"], &["tests/"]);
    check_has(&["count", ""], &["top", "tests/"], &[]);
    check_has(&["count-by", "x", "to"], &["top"], &[]);
    check(&["tests/data/access.log", "filt"], &[]);
    check(&["help", "filt"], &["filter"]);
}

#[test]
fn flags_are_those_of_the_operator_at_hand() {
    check_has(
        &["window", "1m", "--s"],
        &["--slide", "--stats", "--since"],
        &[],
    );
    check_has(&["count", "--s"], &["--stats"], &["--slide"]);
    check(&["--on-bad", ""], &["warn", "skip", "abort"]);
    check(
        &["--on-bad="],
        &["--on-bad=warn", "--on-bad=skip", "--on-bad=abort"],
    );
    check(&["--stats="], &["--stats=json"]);
    check(&["-i", "cs"], &["csv"]);
    check(&["-o", "js"], &["json"]);
}

#[test]
fn fields_come_from_the_file_that_is_named() {
    let file = "--from=tests/data/orders.csv";
    check(
        &[file, "-i", "csv", "count-by", ""],
        &["time", "region", "product", "qty", "price"],
    );
    check(
        &[file, "count-by", "region,pr"],
        &["region,product", "region,price"],
    );
    check(&[file, "reduce", "n=count,sum:q"], &["n=count,sum:qty"]);
    check(&[file, "filter", "qty>3 and reg"], &["qty>3 and region"]);
    check(&[file, "sort-by", "qty:"], &["qty:asc", "qty:desc"]);
    check(
        &["--from", "tests/data/app.ndjson", "count-by", "u"],
        &["user.id"],
    );
    check(&["reduce", "cou"], &["count", "count_if"]);
    check_has(&["filter", "low"], &["lower("], &[]);
}

#[test]
fn files_come_as_sources() {
    check(
        &["count", "--", "tests/data/or"],
        &["tests/data/orders.csv"],
    );
    check(&["count", "tests/da"], &["tests/data/"]);
    check(&["--output", "tests/data/or"], &["tests/data/orders.csv"]);
}

/// What bash offers for a line, the cursor at its end. `words` are as bash splits them.
fn in_bash(words: &[&str]) -> Option<Vec<String>> {
    let script = r#"
        source completions/dstream.bash
        shift 0
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _dstream
        ((${#COMPREPLY[@]})) && printf '%s\n' "${COMPREPLY[@]}"
        complete -p dstream >&2
    "#;
    let output = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", script, "bash"])
        .arg(env!("CARGO_BIN_EXE_dstream"))
        .args(words)
        .current_dir(root())
        .output()
        .ok()?;
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "complete -o nosort -F _dstream dstream\n"
    );
    Some(
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_string)
            .collect(),
    )
}

#[test]
fn bash_offers_what_the_program_answers() {
    let check = |words: &[&str], expected: &[&str]| match in_bash(words) {
        Some(found) => assert_eq!(found, expected, "{words:?}"),
        None => println!("skipped: bash is not here"),
    };
    check(&["filt"], &["filter"]);
    check(&["window", "1m", "--sl"], &["--slide"]);
    check(&["count-by", "x", "sampl"], &["sample"]);
    // Bash parts words at `=` and `:`; what it completes is the last part.
    check(&["--on-bad", "=", "sk"], &["skip"]);
    check(&["--on-bad", "="], &["warn", "skip", "abort"]);
    check(
        &[
            "--from",
            "=",
            "tests/data/orders.csv",
            "reduce",
            "n",
            "=",
            "count,sum",
            ":",
            "q",
        ],
        &["qty"],
    );
    check(&["filter", "'status >= 500'", "sampl"], &["sample"]);
}

/// Whether a shell is here; tells it where not.
fn has(shell: &str) -> bool {
    let found = super::session::has(shell) && super::session::has("python3");
    if !found {
        println!("skipped: no {shell} with python3 here");
    }
    found
}

/// A directory with files of odd names, in which lines are typed.
fn desk() -> super::session::Scratch {
    let scratch = super::session::Scratch::new();
    let dir = &scratch.0;
    std::fs::write(dir.join("my orders.csv"), "region,unit price\nnorth,1\n").expect("a file");
    std::fs::write(dir.join("stats.csv"), "region,status\nnorth,1\n").expect("a file");
    std::fs::create_dir(dir.join("folder")).expect("a directory");
    scratch
}

/// The line that a real shell has when a key was pressed for completion.
fn typed(shell: &str, line: &str, dir: &Path) -> String {
    let completions = root().join("completions");
    let setup = match shell {
        "bash" => format!("source '{}/dstream.bash'", completions.display()),
        _ => format!("source '{}/_dstream'", completions.display()),
    };
    let binary = Path::new(env!("CARGO_BIN_EXE_dstream"));
    let folder = binary.parent().expect("a file is in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("python3")
        .arg(root().join("tests/it/bin/keys.py"))
        .args([shell, &setup, line])
        .current_dir(dir)
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("HOME", dir)
        .output()
        .expect("python3 runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout)
        .trim_end_matches('\n')
        .to_string()
}

/// What shells make of a line: from, to.
const LINES: [(&str, &str); 9] = [
    ("dstream filt", "dstream filter "),
    ("dstream window 1m --sli", "dstream window 1m --slide "),
    ("dstream --on-bad=sk", "dstream --on-bad=skip "),
    (
        "dstream count tests -- my",
        "dstream count tests -- my\\ orders.csv ",
    ),
    ("dstream count -- ~/fol", "dstream count -- ~/folder/"),
    (
        "dstream --from stats.csv reduce n=count,max:stat",
        "dstream --from stats.csv reduce n=count,max:status ",
    ),
    (
        "dstream --from stats.csv filter 'status>3 and reg",
        "dstream --from stats.csv filter 'status>3 and region' ",
    ),
    // In the middle of the line, with the file behind it.
    (
        "dstream count-by sta| stats.csv",
        "dstream count-by status stats.csv",
    ),
    ("dstream nothing-like-it", "dstream nothing-like-it"),
];

#[test]
fn real_shells_put_in_what_is_meant() {
    let desk = desk();
    for shell in ["bash", "zsh"] {
        if !has(shell) {
            continue;
        }
        for (line, expected) in LINES {
            let found = typed(shell, line, &desk.0);
            // Whether a blank follows in the middle of a line is the shell's own affair.
            let middle = line.contains('|');
            let found = if middle {
                found.replace("  ", " ")
            } else {
                found
            };
            assert_eq!(found.trim_end(), expected.trim_end(), "{shell}: {line}");
        }
    }
}

#[test]
fn fish_offers_what_the_program_answers() {
    if !has("fish") {
        return;
    }
    let desk = desk();
    let binary = Path::new(env!("CARGO_BIN_EXE_dstream"));
    let folder = binary.parent().expect("a file is in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let check = |line: &str, expected: &[&str]| {
        let script = format!(
            "source '{}/completions/dstream.fish'; complete -C\"{line}\"",
            root().display()
        );
        let output = Command::new("fish")
            .args(["--no-config", "-c", &script])
            .current_dir(&desk.0)
            .env("PATH", format!("{}:{path}", folder.display()))
            .env("HOME", &desk.0)
            .output()
            .expect("fish runs");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(found.lines().collect::<Vec<_>>(), expected, "{line}");
    };
    check("dstream filt", &["filter"]);
    check("dstream window 1m --sli", &["--slide"]);
    check("dstream count -- my", &["my orders.csv"]);
    check("dstream count -- fol", &["folder/"]);
    check(
        "dstream --from stats.csv reduce n=count,max:stat",
        &["n=count,max:status"],
    );
    check(
        "dstream --from stats.csv filter 'status>3 and reg",
        &["status>3 and region"],
    );
    check("dstream nothing-like-it", &[]);
}

#[test]
fn it_is_quick_and_quiet_whatever_stands_there() {
    let desk = desk();
    let made = Command::new("mkfifo").arg(desk.0.join("pipe.csv")).status();
    assert!(made.is_ok_and(|status| status.success()));
    let large = "x,y\n".repeat(4_000_000);
    std::fs::write(desk.0.join("large.csv"), large).expect("a file");
    for words in [
        &["--from", "pipe.csv", "count-by", ""][..],
        &["--from", "large.csv", "count-by", ""],
        &["--from", "gone.csv", "count-by", ""],
        &["count-by", "'unclosed"],
        &["map", "a=(((", "--", ""],
        &["--", "pipe.csv", "-f"],
        &["-f", "pipe.csv", ""],
        &["window", "\u{1F600}", "\u{0}".trim_end_matches('\0'), ""],
    ] {
        let start = std::time::Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_dstream"))
            .arg("--complete")
            .args(words)
            .current_dir(&desk.0)
            .output()
            .expect("the program runs");
        assert!(output.status.success(), "{words:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
        // Far above the 50 ms that it may take, as other tests run beside it.
        assert!(
            start.elapsed().as_secs() < 5,
            "{words:?}: {:?}",
            start.elapsed()
        );
    }
}
