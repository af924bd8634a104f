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
