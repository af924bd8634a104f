//! The law of restarts: a file that is read in pieces, by runs with one checkpoint, comes to the bytes of one run.
//! `RESTARTS=N` tries N chains. Invariant: runs are cut anywhere, also within a line, and differ in workers, blocks
//! and epochs.

use super::super::session::{Faults, Scratch, on_two_threads};
use super::data::{Format, Random};
use super::{
    Answer, STATE_CHAINS, chains, data, first_difference, number_from, settings, settings_of,
};
use crate::session::Setting;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

fn once(words: &[String], setting: &Setting, dir: &Path, job: &str, last: bool) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dstream"));
    command
        .current_dir(dir)
        .args(setting.options().split(' '))
        .args(words)
        .args(["--once", "--durability", "process"])
        // A file of whole answers is replaced.
        .args((!words.contains(&"complete".to_string())).then_some("--append"))
        .args(["--checkpoint", &format!("{job}.ck")])
        .args(["--output", &format!("{job}.out")])
        .args(last.then_some("--final"))
        .arg(format!("{job}.log"))
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    let output = command.output().expect("dstream starts");
    Answer {
        out: fs::read(dir.join(format!("{job}.out"))).unwrap_or_default(),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
        status: output.status.code(),
    }
}

/// One chain, undisturbed and in pieces.
fn try_one(
    words: &[String],
    bytes: &[u8],
    random: &mut Random,
    turn: usize,
    dir: &Path,
) -> Result<(), String> {
    let typed = words.join(" ");
    let settings = settings_of(turn + 1);
    let (whole, parts) = (format!("w{turn}"), format!("p{turn}"));
    fs::write(dir.join(format!("{whole}.log")), bytes).expect("a sample can be written");
    let expected = once(words, &settings[0], dir, &whole, true);
    if expected.status != Some(0) {
        return Err(format!("{typed}: {:?} {}", expected.status, expected.said));
    }
    let mut ends: Vec<usize> = (0..random.below(4) + 1)
        .map(|_| random.below(bytes.len() as u64 + 1) as usize)
        .collect();
    ends.sort_unstable();
    ends.push(bytes.len());
    let mut got = None;
    for (run, end) in ends.iter().enumerate() {
        fs::write(dir.join(format!("{parts}.log")), &bytes[..*end]).expect("it can be written");
        let setting = &settings[run % settings.len()];
        let answer = once(words, setting, dir, &parts, run + 1 == ends.len());
        if answer.status != Some(0) {
            let Answer { status, said, .. } = answer;
            return Err(format!("{typed}, run {run} of {ends:?}: {status:?} {said}"));
        }
        got = Some(answer);
    }
    let got = got.expect("there is a last run");
    if got.out != expected.out {
        let at = first_difference(&expected.out, &got.out);
        return Err(format!("{typed}, cut at {ends:?}: {at}"));
    }
    Ok(())
}

/// Chains whose rows do not depend on when a run ends: a table is laid out at each end.
fn is_fit(words: &[String], pipe_differs: bool) -> bool {
    !pipe_differs && !words.contains(&"table".to_string())
}

#[test]
fn restarts_never_show() {
    let count = number_from("RESTARTS", 60);
    let seed = number_from("LAWS_SEED", 1) as u64;
    let faults = Faults::default();
    let scratch = Scratch::new();
    assert!(!settings().is_empty());
    on_two_threads(count, |turn| {
        let mut random = Random::new(seed.wrapping_mul(7_000_003) + turn as u64);
        let format = [Format::Text, Format::Csv, Format::Json][turn % 3];
        let sample = data::sample(format, &mut random, 200, [0, 4, 30][turn / 3 % 3]);
        let words = loop {
            let chain = chains::chain(format, &mut random);
            if is_fit(&chain.words, chain.pipe_differs) {
                break chain.words;
            }
        };
        if let Err(fault) = try_one(&words, &sample.bytes, &mut random, turn, &scratch.0) {
            faults.push(turn, fault);
        }
    });
    faults.tell("restarts of random chains");
}

#[test]
fn state_row_by_row_survives_restarts() {
    let faults = Faults::default();
    let scratch = Scratch::new();
    on_two_threads(STATE_CHAINS.len() * 2, |turn| {
        let mut random = Random::new(90_001 + turn as u64);
        let sample = data::sample(Format::Text, &mut random, 200, 4);
        let chain = STATE_CHAINS[turn / 2];
        let words: Vec<String> = ["--time", "$1"]
            .iter()
            .chain(chain)
            .map(|word| word.to_string())
            .collect();
        if let Err(fault) = try_one(&words, &sample.bytes, &mut random, turn, &scratch.0) {
            faults.push(turn, fault);
        }
    });
    faults.tell("restarts of chains with state");
}
