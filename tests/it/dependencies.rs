//! What is built in from others: licences that go with ours, sources that are the registry's, and each crate told in
//! `Cargo.toml` what it is for. Works without a network, from `cargo metadata`. Advisories are not looked up: that
//! needs one.

use serde_json::Value;
use std::process::Command;

/// Licences that may be passed on with MIT or Apache-2.0.
const ALLOWED: [&str; 11] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "Zlib",
    "Unlicense",
    "Unicode-3.0",
    "CC0-1.0",
];

/// Crates that are known to be given up, with what to take in their place (RUSTSEC-2025-0141 and its like).
const GIVEN_UP: [(&str, &str); 5] = [
    ("bincode", "postcard"),
    ("chrono-tz", "jiff"),
    ("atty", "std::io::IsTerminal"),
    ("lexical", "std"),
    ("serde_yaml", "none is needed"),
];

/// The platform that this is built for: crates of others need not be there.
fn host() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let output = Command::new(rustc)
        .arg("-vV")
        .output()
        .expect("rustc starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = said.lines().find_map(|line| line.strip_prefix("host: "));
    line.expect("it says its host").to_string()
}

fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", &host()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{output:?}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// Whether one of the ways that a licence offers is allowed.
fn is_allowed(licence: &str) -> bool {
    let ways = licence.replace('/', " OR ");
    ways.split(" OR ").any(|way| {
        way.split(" AND ").all(|part| {
            let part = part.trim().trim_matches(['(', ')']);
            ALLOWED.contains(&part)
        })
    })
}

#[test]
fn licences_can_be_passed_on() {
    let all = packages();
    assert!(all.len() > 20);
    let refused: Vec<String> = all
        .iter()
        .filter(|package| !is_allowed(package["license"].as_str().unwrap_or("none")))
        .map(|package| format!("{}: {}", package["name"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(!is_allowed("GPL-3.0") && !is_allowed("MIT AND GPL-2.0"));
}

#[test]
fn everything_comes_from_the_registry_and_is_kept_up() {
    for package in packages() {
        let name = package["name"].as_str().expect("a name");
        let source = package["source"].as_str();
        let is_ours = name == "dstream";
        let of_registry = source.is_some_and(|source| source.starts_with("registry+"));
        assert!(is_ours || of_registry, "{name} comes from {source:?}");
        let given_up = GIVEN_UP.iter().find(|(one, _)| *one == name);
        assert!(given_up.is_none(), "{name}: take {given_up:?}");
    }
}

/// A crate that nobody says the purpose of is one that nobody weighed.
#[test]
fn each_dependency_says_what_it_is_for() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .expect("it is there");
    let dependencies = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with("[profile"))
        .filter(|line| line.contains(" = "));
    let mut seen = 0;
    for line in dependencies {
        seen += 1;
        let why = line.split_once('#').map_or("", |(_, why)| why.trim());
        assert!(why.split(' ').count() > 1, "{line}");
    }
    assert!(seen > 10);
}
