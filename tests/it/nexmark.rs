//! The Nexmark queries as chains (tests/nexmark/*.sh) against plain loops over the same events. Each chain is run
//! as a user would type it, and again under other workers, blocks and epochs; what it prints, the line about late
//! records included, is compared byte for byte. Refuses a query without loops of its own. Invariant: no answer
//! here comes from the library.

mod events;
mod patterns;
mod queries;

use super::session::{self, Faults, Scratch, Setting};
use events::{Auction, Bid, DELAY, Events, SECOND, events, folder};
use patterns::*;
use queries::*;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

type Query = (&'static str, fn(&Events) -> String);

/// In the order of the README's table.
const QUERIES: &[Query] = &[
    ("q0", q0),
    ("q1", q1),
    ("q2", q2),
    ("q3", q3),
    ("q4", q4),
    ("q4-late", q4_late),
    ("q5", q5),
    ("q5-late", q5_late),
    ("q6", q6),
    ("q7", q7),
    ("q7-late", q7_late),
    ("q8", q8),
    ("q8-late", q8_late),
    ("q9", q9),
    ("q10", q10),
    ("q11", q11),
    ("q11-late", q11_late),
    ("q12", q12),
    ("q13", q13),
    ("q14", q14),
    ("q15", q15),
    ("q16", q16),
    ("q17", q17),
    ("q18", q18),
    ("q19", q19),
    ("q20", q20),
    ("q20-late", q20_late),
    ("q21", q21),
    ("q22", q22),
    ("q23", q23),
    ("cep0", cep0),
    ("cep0-late", cep0_late),
    ("cep1", cep1),
    ("cep2", cep2),
    ("cep3", cep3),
];

const SETTINGS: [Option<Setting>; 4] = [
    None,
    Some(Setting {
        workers: 1,
        block: 131_072,
        epoch: Some(7),
    }),
    Some(Setting {
        workers: 3,
        block: 4096,
        epoch: Some(100),
    }),
    Some(Setting {
        workers: 8,
        block: 700,
        epoch: None,
    }),
];

/// A fresh directory with the events in it.
fn with_events() -> Scratch {
    let scratch = Scratch::new();
    for name in [
        "persons.ndjson",
        "auctions.ndjson",
        "bids.ndjson",
        "side.csv",
    ] {
        symlink(folder().join(name), scratch.0.join(name)).expect("a link into a fresh directory");
    }
    scratch
}

fn script(name: &str) -> String {
    let path = folder().join(format!("{name}.sh"));
    fs::read_to_string(path).unwrap_or_else(|_| panic!("there is no {name}.sh"))
}

#[test]
fn each_query_answers_what_loops_over_the_events_do() {
    let events = events();
    let faults = Faults::default();
    session::on_two_threads(QUERIES.len(), |at| {
        let (name, reference) = QUERIES[at];
        let expected = reference(&events);
        assert!(!expected.is_empty(), "{name} has no answer");
        let scratch = with_events();
        for setting in SETTINGS {
            let outcome = session::run(&script(name), &scratch.0, setting);
            if outcome.text != expected || outcome.status != 0 {
                let how = setting.map_or(String::new(), |setting| setting.options());
                let where_ = first_difference(&outcome.text, &expected);
                faults.push(
                    at,
                    format!("{name} {how}: status {}, {where_}", outcome.status),
                );
                break;
            }
        }
    });
    faults.tell("Nexmark's queries");
}

fn first_difference(ours: &str, theirs: &str) -> String {
    let (mut one, mut other) = (ours.lines(), theirs.lines());
    for number in 1.. {
        let (ours, theirs) = (one.next(), other.next());
        if ours != theirs || ours.is_none() {
            return format!("line {number}\n    dstream {ours:?}\n    loops   {theirs:?}");
        }
    }
    String::new()
}

/// The events have what the queries are about.
#[test]
fn the_events_have_disorder_ties_hot_keys_and_auctions_that_expire() {
    let events = events();
    let watermarks = events.bid_watermarks(Some(0));
    let behind = events.bids.iter().zip(watermarks);
    let late: Vec<i64> = behind.map(|(bid, w)| w.saturating_sub(bid.time)).collect();
    assert!(late.iter().filter(|d| (1..=400).contains(*d)).count() > 300);
    assert!(late.iter().filter(|d| **d > DELAY).count() > 10);
    let mut of_auction: HashMap<i64, usize> = HashMap::new();
    for bid in &events.bids {
        *of_auction.entry(bid.auction).or_default() += 1;
    }
    assert!(of_auction.values().any(|count| *count > 50) && of_auction.len() > 150);
    let paired = events
        .bids
        .iter()
        .filter(|b| events.auction(b.auction).is_some());
    assert!(events.valid().count() < paired.clone().count() && paired.count() < events.bids.len());
    let at_expiry = |(bid, auction): &(&Bid, &Auction)| bid.stamp == auction.expires;
    assert!(events.valid().any(|pair| at_expiry(&pair)));
    let rows_of_ties = q7(&events).lines().count();
    let windows = events.bids.iter().map(|b| b.time / (10 * SECOND));
    assert!(rows_of_ties > windows.collect::<BTreeSet<_>>().len());
}

/// The chain of a script on one line, and what it is about.
fn shown(script: &str) -> (String, String) {
    let (comments, lines): (Vec<&str>, Vec<&str>) =
        script.lines().partition(|line| line.starts_with("# "));
    let meaning: Vec<&str> = comments.iter().map(|line| &line[2..]).collect();
    let words = lines.iter().map(|line| line.trim().trim_end_matches('\\'));
    let chain: Vec<&str> = words.map(str::trim_end).collect();
    (meaning.join(" "), chain.join(" "))
}

const BEGIN: &str = "<!-- table: written by UPDATE=1 cargo test -->\n";
const END: &str = "<!-- end of table -->\n";

/// The README's table is what the scripts say, and each script is a query of this file.
#[test]
fn the_readme_has_the_chains() {
    let mut scripts = BTreeSet::new();
    for entry in fs::read_dir(folder()).expect("the folder of queries") {
        let path = entry.expect("an entry of the folder").path();
        if path.extension().is_some_and(|ending| ending == "sh") {
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            scripts.insert(stem.expect("a name in letters").to_string());
        }
    }
    let named: BTreeSet<String> = QUERIES.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(scripts, named);
    let mut table = String::from("| query | meaning | chain |\n|---|---|---|\n");
    for (name, _) in QUERIES {
        let (meaning, chain) = shown(&script(name));
        let chain = chain.replace('|', "\\|");
        writeln!(table, "| {name} | {meaning} | ``{chain}`` |").expect("a string takes everything");
    }
    let path: &Path = &folder().join("README.md");
    let page = fs::read_to_string(path).expect("the README of the queries");
    let (head, rest) = page.split_once(BEGIN).expect("the begin of the table");
    let (_, tail) = rest.split_once(END).expect("the end of the table");
    let wanted = format!("{head}{BEGIN}{table}{END}{tail}");
    if wanted != page && std::env::var_os("UPDATE").is_some_and(|word| word == "1") {
        fs::write(path, wanted).expect("the README can be written");
        return;
    }
    assert_eq!(page, wanted, "stale: UPDATE=1 cargo test rewrites it");
}
