//! The ratchets: walls between modules, headers, sizes, hazards, tables. Reads the source as text and judges
//! nothing a lint can judge. Invariant: a list of exceptions only gets shorter, so an entry that is no longer
//! needed fails too.

use super::session::root;
use dstream::{aggs, expr, formats, ops};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Files that may be longer than the rest, with their reason.
const LONG: &[(&str, &str)] = &[
    ("src/bytes/table.rs", "the key table and its probes"),
    ("src/cli/globals.rs", "one table, a row for each option"),
];
const LINES_MAX: usize = 800;

/// What a module may import, beside itself (DESIGN: downwards only). Tests may import more.
const WALLS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("bytes", &[]),
    ("memory", &[]),
    ("data", &["bytes"]),
    ("expr", &["data", "bytes", "error"]),
    ("aggs", &["expr", "data", "bytes", "error"]),
    ("formats", &["data", "bytes", "error"]),
    ("sources", &["data", "error"]),
    ("sinks", &["data", "error"]),
    (
        "plan",
        &["expr", "aggs", "data", "formats", "error", "bytes"],
    ),
    ("state", &["plan", "expr", "aggs", "data", "bytes", "error"]),
    (
        "ops",
        &["state", "plan", "expr", "aggs", "data", "formats", "error"],
    ),
    (
        "engine",
        &[
            "plan", "expr", "aggs", "data", "bytes", "formats", "sources", "sinks", "memory",
            "error",
        ],
    ),
    ("export", &["plan", "expr", "aggs", "data", "bytes"]),
    (
        "cli",
        &[
            "export", "engine", "ops", "plan", "expr", "aggs", "formats", "sources", "sinks",
            "data", "bytes", "error",
        ],
    ),
];

struct File {
    /// From the root of the crate: `src/expr/lex.rs`.
    path: String,
    text: String,
}

impl File {
    /// `expr` of `src/expr/lex.rs` and of `src/expr.rs`.
    fn module(&self) -> Option<&str> {
        let rest = self.path.strip_prefix("src/")?;
        Some(rest.split('/').next()?.trim_end_matches(".rs"))
    }

    fn is_test(&self) -> bool {
        let path = &self.path;
        !path.starts_with("src/")
            || path.contains("/tests/")
            || path.ends_with("naive.rs")
            || path.ends_with("/testing.rs")
            || path.ends_with("/tests.rs")
    }

    /// Its lines with their numbers, without comments and without the tests, which stand last.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let tests = lines
            .windows(2)
            .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].ends_with('{'));
        let end = tests.unwrap_or(lines.len());
        let code = lines.into_iter().take(end).enumerate();
        code.filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(at, line)| (at + 1, line))
    }
}

fn rust_files() -> Vec<File> {
    fn gather(folder: &Path, into: &mut Vec<File>) {
        for entry in fs::read_dir(folder).expect("a folder of the crate") {
            let path = entry.expect("an entry of a folder of the crate").path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "target") {
                    gather(&path, into);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("it was found there");
                into.push(File {
                    path: name.display().to_string(),
                    text: fs::read_to_string(&path).expect("a file of the crate"),
                });
            }
        }
    }
    let mut files = Vec::new();
    gather(&root().join("src"), &mut files);
    gather(&root().join("tests"), &mut files);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(files.len() > 50, "the source was not found");
    files
}

fn none(what: &str, faults: Vec<String>) {
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n"));
}

/// The modules of the crate that a line names: `crate::data::{…}`, and of the root of a module `super::data`.
fn imports<'a>(file: &File, line: &'a str) -> BTreeSet<&'a str> {
    let root_of_module = file.path.ends_with("/mod.rs") && file.path.matches('/').count() == 2;
    let mut found = BTreeSet::new();
    for prefix in ["crate::", "super::"] {
        if prefix == "super::" && !root_of_module {
            continue;
        }
        for (at, _) in line.match_indices(prefix) {
            let rest = &line[at + prefix.len()..];
            let group = rest.strip_prefix('{').map(|rest| rest.split('}').next());
            for name in group.flatten().unwrap_or(rest).split(", ") {
                let letters = |c: char| !c.is_ascii_lowercase() && c != '_';
                found.insert(name.split(letters).next().unwrap_or_default());
            }
        }
    }
    found.retain(|name| WALLS.iter().any(|(module, _)| module == name));
    found
}

#[test]
fn imports_go_downwards() {
    let mut faults = Vec::new();
    for file in rust_files().iter().filter(|file| !file.is_test()) {
        let module = file.module().expect("it is below src");
        if ["main", "lib"].contains(&module) {
            continue;
        }
        let Some((_, allowed)) = WALLS.iter().find(|(name, _)| *name == module) else {
            faults.push(format!("{}: the module {module} has no wall", file.path));
            continue;
        };
        for (number, line) in file.code() {
            for name in imports(file, line) {
                if name != module && !allowed.contains(&name) {
                    faults.push(format!("{}:{number}: {module} imports {name}", file.path));
                }
            }
        }
    }
    none("a wall is crossed", faults);
}

#[test]
fn a_wall_that_is_crossed_is_seen() {
    let file = |path: &str| File {
        path: path.into(),
        text: String::new(),
    };
    let seen = |path: &str, line| imports(&file(path), line).into_iter().collect::<Vec<_>>();
    assert_eq!(
        seen("src/data/a.rs", "use crate::engine::Stage;"),
        ["engine"]
    );
    assert_eq!(
        seen("src/data/a.rs", "    crate::cli::run(); crate::ops::find()"),
        ["cli", "ops"]
    );
    assert_eq!(seen("src/data/mod.rs", "use super::plan::node;"), ["plan"]);
    assert_eq!(seen("src/data/a.rs", "use super::plan;"), [""; 0]);
    assert_eq!(
        seen("src/data/a.rs", "use crate::{data, expr::Expr};"),
        ["data", "expr"]
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    let faults = rust_files()
        .iter()
        .filter(|file| !file.text.starts_with("//! ") && !file.text.starts_with("#![doc"))
        .map(|file| file.path.clone())
        .collect();
    none("files without a header", faults);
}

#[test]
fn files_are_short() {
    let mut faults = Vec::new();
    for file in rust_files() {
        let lines = file.text.lines().count();
        let listed = LONG.iter().any(|(path, _)| *path == file.path);
        if lines > LINES_MAX && !listed {
            faults.push(format!("{}: {lines} lines", file.path));
        }
        // With some room, so that a file at the limit does not come and go.
        if lines <= LINES_MAX - 100 && listed {
            faults.push(format!("{}: {lines} lines need no exception", file.path));
        }
    }
    none("files of the wrong length", faults);
}

/// Lines of the program that hold `hazard`, in files that may not.
fn holding(hazard: &str, may: impl Fn(&File) -> bool) -> Vec<String> {
    let files = rust_files();
    let watched = files.iter().filter(|file| !file.is_test() && !may(file));
    watched
        .flat_map(|file| {
            file.code()
                .filter(|(_, line)| line.contains(hazard))
                .map(move |(number, line)| format!("{}:{number}: {}", file.path, line.trim()))
        })
        .collect()
}

#[test]
fn hazards_have_their_place() {
    let nowhere = |_: &File| false;
    none("unwrap in the program", holding(".unwrap()", nowhere));
    // Only the clock reads the clock.
    for clock in [
        "Instant::now",
        "SystemTime::now",
        "Timestamp::now",
        "Zoned::now",
    ] {
        none(
            "a clock beside the clock",
            holding(clock, |file: &File| {
                // Sources wait, and make rows for moments.
                ["src/engine/clock.rs", "src/sources/pace.rs"].contains(&file.path.as_str())
            }),
        );
    }
    for word in ["println!", "print!", "process::exit", "env::var"] {
        none(
            "only cli talks to the world",
            holding(word, |file: &File| {
                file.path.starts_with("src/cli/") || file.path == "src/main.rs"
            }),
        );
    }
    none(
        "unsafe outside bytes and memory",
        holding("unsafe ", |file| {
            matches!(file.module(), Some("bytes" | "memory"))
        }),
    );
    for thread in ["std::thread", "std::fs", "std::net::Tcp", "std::io::stdin"] {
        let faults = holding(thread, |file| {
            !["bytes", "data", "expr", "aggs", "plan", "ops", "formats"]
                .contains(&file.module().unwrap_or_default())
        });
        none("no I/O and no thread here", faults);
    }
}

#[test]
fn nothing_is_left_for_later() {
    // Put together, so that this file does not hold them.
    let marks = [["FIX", "ME"], ["TO", "DO"], ["XX", "X"]].map(|halves| halves.concat());
    let macros = ["todo", "unimplemented"].map(|name| format!("{name}!("));
    let mut faults = Vec::new();
    for file in rust_files() {
        for (at, line) in file.text.lines().enumerate() {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric());
            let mut marked = words.filter(|word| marks.iter().any(|mark| mark == word));
            if marked.next().is_some() || macros.iter().any(|name| line.contains(name)) {
                faults.push(format!("{}:{}: {}", file.path, at + 1, line.trim()));
            }
        }
    }
    none("left for later", faults);
}

#[test]
fn unsafe_blocks_say_why() {
    let mut faults = Vec::new();
    for file in rust_files() {
        let lines: Vec<&str> = file.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            if !line.contains("unsafe {")
                || line.trim_start().starts_with("//")
                || !file.path.starts_with("src/")
            {
                continue;
            }
            let before = &lines[at.saturating_sub(6)..=at];
            if !before.iter().any(|line| line.contains("SAFETY:")) {
                faults.push(format!("{}:{}", file.path, at + 1));
            }
        }
    }
    none("unsafe without a reason", faults);
}

/// The constants of a type that the files of a folder define.
fn constants(folder: &str, kind: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in rust_files() {
        if !file.path.starts_with(folder) || file.is_test() {
            continue;
        }
        for (_, line) in file.code() {
            let words: Vec<&str> = line.split([' ', ':']).collect();
            let Some(at) = words.iter().position(|w| *w == "const" || *w == "static") else {
                continue;
            };
            let is_row = line.contains(&format!(": {kind} = {kind} {{"))
                || line.contains(&format!(": {kind} = "));
            if is_row && !line.starts_with(' ') {
                names.insert(words[at + 1].to_string());
            }
        }
    }
    names
}

/// The names of the rows in the text of a table: `&count::COUNT,` is COUNT.
fn rows(path: &str, table: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(path)).expect("the file of a table");
    let from = text.find(&format!("{table}: &[")).expect("the table");
    let body = &text[from..];
    let body = &body[..body.find("\n];").expect("the end of the table")];
    let rows = body.lines().skip(1).filter_map(|line| {
        let row = line.trim().strip_prefix('&')?.trim_end_matches(',');
        Some(row.rsplit("::").next().unwrap_or(row).to_string())
    });
    rows.collect()
}

#[test]
fn tables_are_complete() {
    for (folder, path, table, kind) in [
        ("src/ops/", "src/ops/mod.rs", "OPERATORS", "Operator"),
        ("src/aggs/", "src/aggs/mod.rs", "AGGREGATES", "Aggregate"),
        ("src/formats/", "src/formats/mod.rs", "FORMATS", "Format"),
        (
            "src/expr/funcs/",
            "src/expr/funcs/mod.rs",
            "FUNCTIONS",
            "Function",
        ),
    ] {
        let defined = constants(folder, kind);
        let rows = rows(path, table);
        assert!(!defined.is_empty(), "{table}: no rows found in {folder}");
        let missing: Vec<_> = defined.difference(&rows).collect();
        // A row that others are made from by `..` is no row itself.
        let missing: Vec<_> = missing
            .into_iter()
            .filter(|name| !["PLAIN", "BASE", "NONE"].contains(&name.as_str()))
            .collect();
        assert!(missing.is_empty(), "{table} lacks {missing:?}");
    }
}

#[test]
fn tables_are_sorted_and_their_rows_documented() {
    fn check(table: &str, rows: Vec<(&str, &dstream::data::doc::Doc)>) {
        let names: Vec<_> = rows.iter().map(|(name, _)| *name).collect();
        assert!(names.is_sorted(), "{table} is not sorted");
        let distinct: BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{table} has a name twice");
        for (name, doc) in rows {
            assert!(!doc.summary.is_empty(), "{table}: {name} has no summary");
            assert!(!doc.summary.ends_with('.'), "{table}: {name}: a full stop");
            assert!(!doc.examples.is_empty(), "{table}: {name} has no example");
        }
    }
    check(
        "OPERATORS",
        ops::OPERATORS
            .iter()
            .map(|row| (row.name, &row.doc))
            .collect(),
    );
    check(
        "FORMATS",
        formats::FORMATS
            .iter()
            .map(|row| (row.name, &row.doc))
            .collect(),
    );
    check(
        "FUNCTIONS",
        expr::funcs::FUNCTIONS
            .iter()
            .map(|row| (row.name, &row.doc))
            .collect(),
    );
    check(
        "RUNNING",
        ops::running::RUNNING
            .iter()
            .map(|row| (row.name, &row.doc))
            .collect(),
    );
    check(
        "AGGREGATES",
        aggs::AGGREGATES
            .iter()
            .map(|row| (row.name, &row.doc))
            .collect(),
    );
}
