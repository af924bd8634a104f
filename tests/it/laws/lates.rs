//! The lines of `--late FILE`: every late record's, and no other, in one order however the work is cut, though several
//! operators of a chain find records late. Invariant: most chains run, and find some.

use super::data::{self, Format, Random};
use super::{PLAIN, Setting, Through, number_from, run, settings_of, told};
use crate::session::{Faults, Scratch, on_two_threads};
use std::collections::HashSet;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

/// In front of windows, among them what holds records back.
const BEFORE: [&str; 7] = [
    "",
    "scan z=lead:$3",
    "scan-by $2 z=lag:$3",
    "map-with-state-by $2 n=coalesce(n,0)+1",
    "filter $3>2",
    "distinct-by $1 --ttl 5s",
    "sort-by @time",
];
const WINDOWS: [&str; 6] = [
    "window 2s",
    "window 10s",
    "window 10s --slide 5s",
    "session-window 2s --max 9s",
    "look-back 3s",
    "count-window 2",
];
/// In windows.
const INSIDE: [&str; 8] = [
    "",
    "burst 3 2s",
    "distinct-by $1 --ttl 3s",
    "scan c=cumcount",
    "sort-by $2",
    "sort-by @time",
    "reduce n=count,m=first:$3",
    "count-by $2",
];
const BEHIND: [&str; 5] = [
    "",
    "count",
    "window 3s count",
    "window 10s count",
    "session-window 2s --max 9s count",
];

#[test]
fn late_lines_know_no_cut() {
    let scratch = Scratch::new();
    let faults = Faults::default();
    let chains = number_from("LAWS", 60);
    let (ran, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let seed = number_from("LAWS_SEED", 9_100) as u64;
    on_two_threads(chains, |turn| {
        let mut random = Random::new(seed + turn as u64);
        let sample = data::sample(Format::Text, &mut random, 80, 9).bytes;
        let path = scratch.0.join(turn.to_string());
        fs::write(&path, &sample).expect("a sample can be written");
        let late = path.with_extension("late");
        let watermark = random.pick(&["0s", "2s"]);
        let lateness = random.pick(&["", "", "--allowed-lateness 3s"]);
        let parts = [&BEFORE[..], &WINDOWS, &INSIDE, &BEHIND].map(|parts| random.pick(parts));
        let typed = format!(
            "--time $1 --watermark {watermark} {lateness} {}",
            parts.join(" ")
        );
        let mut words = vec!["--late".to_string(), late.display().to_string()];
        words.extend(typed.split_whitespace().map(str::to_string));
        let all = |setting: &Setting| {
            let answer = run(&words, setting, &path, Through::File);
            let lines = fs::read_to_string(&late).unwrap_or_default();
            fs::remove_file(&late).unwrap_or_default();
            (answer, lines)
        };
        let (plain, lines) = all(&PLAIN);
        if plain.status != Some(0) {
            return;
        }
        ran.fetch_add(1, Ordering::Relaxed);
        found.fetch_add(usize::from(!lines.is_empty()), Ordering::Relaxed);
        let records = String::from_utf8_lossy(&sample);
        let records: HashSet<&str> = records.lines().collect();
        // A row that is no record is one of a part of a window by count.
        let is_known = |line: &str| records.contains(line) || line.starts_with("{\"");
        if let Some(line) = lines.lines().find(|line| !is_known(line)) {
            return faults.push(turn, format!("{typed}: {line:?} is no record"));
        }
        for setting in settings_of(turn + 1) {
            let (again, others) = all(&setting);
            let fault = told(&plain, &again);
            let fault = fault.or((lines != others).then(|| format!("keeps\n{others}not\n{lines}")));
            if let Some(fault) = fault {
                let options = setting.options();
                return faults.push(turn, format!("{options} {typed}\n{fault}"));
            }
        }
    });
    faults.tell("chains that keep late records");
    let (ran, found) = (ran.into_inner(), found.into_inner());
    assert!(
        ran * 3 > chains * 2 && found * 3 > chains,
        "{found} of {ran} of {chains}"
    );
}
