//! The law of restarts: a file that is read in pieces, by runs with one checkpoint, comes to the bytes of one run.
//! `RESTARTS=N` tries N chains. Invariant: runs are cut anywhere, also within a line, and differ in workers, blocks
//! and epochs.

use super::super::session::{Faults, Scratch, on_two_threads};
use super::data::{Format, Random};
use super::seconds::OTHER;
use super::{
    Answer, STATE_CHAINS, chains, data, first_difference, number_from, options_of, settings,
    settings_of, time_of,
};
use crate::session::Setting;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

fn once(words: &[String], setting: &Setting, dir: &Path, job: &str, last: bool) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dstream"));
    command
        .current_dir(dir)
        .args(options_of(setting, words).split(' '))
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

/// The other stream of a chain.
pub struct Other {
    pub format: Format,
    pub bytes: Vec<u8>,
    /// Every run reads all of it.
    pub whole: bool,
}

/// One chain, undisturbed and in pieces.
pub fn try_one(
    chain: &[String],
    (bytes, other): (&[u8], Option<&Other>),
    random: &mut Random,
    turn: usize,
    dir: &Path,
) -> Result<(), String> {
    let typed = chain.join(" ");
    let settings = settings_of(turn + 1);
    let (whole, parts) = (format!("w{turn}"), format!("p{turn}"));
    // Both jobs call it by one base name.
    let other_of = |job: &str| {
        let extension = other.map_or("", |other| other.format.extension());
        format!("{job}/other.{extension}")
    };
    let words_of = |job: &str| -> Vec<String> {
        let words = chain.iter().map(|word| match word == OTHER {
            true => other_of(job),
            false => word.clone(),
        });
        words.collect()
    };
    let put_other = |job: &str, end: usize| {
        let Some(other) = other else { return };
        fs::create_dir_all(dir.join(job)).expect("a folder can be made");
        let to = dir.join(other_of(job));
        fs::write(to, &other.bytes[..end]).expect("it can be written");
    };
    let of_other = other.map_or(0, |other| other.bytes.len());
    fs::write(dir.join(format!("{whole}.log")), bytes).expect("a sample can be written");
    put_other(&whole, of_other);
    let expected = once(&words_of(&whole), &settings[0], dir, &whole, true);
    if expected.status != Some(0) {
        return Err(format!("{typed}: {:?} {}", expected.status, expected.said));
    }
    let mut ends: Vec<usize> = (0..random.below(4) + 1)
        .map(|_| random.below(bytes.len() as u64 + 1) as usize)
        .collect();
    ends.sort_unstable();
    ends.push(bytes.len());
    let mut of_other: Vec<usize> = ends.iter().map(|_| of_other).collect();
    if let Some(other) = other.filter(|other| !other.whole) {
        for end in &mut of_other {
            *end = random.below(other.bytes.len() as u64 + 1) as usize;
        }
        of_other.sort_unstable();
        of_other.pop();
        of_other.push(other.bytes.len());
    }
    let words = words_of(&parts);
    let mut got = None;
    for (run, end) in ends.iter().enumerate() {
        fs::write(dir.join(format!("{parts}.log")), &bytes[..*end]).expect("it can be written");
        put_other(&parts, of_other[run]);
        let setting = &settings[run % settings.len()];
        let answer = once(&words, setting, dir, &parts, run + 1 == ends.len());
        if answer.status != Some(0) {
            let Answer { status, said, .. } = answer;
            return Err(format!(
                "{typed}, run {run} of {ends:?} {of_other:?}: {status:?} {said}"
            ));
        }
        got = Some(answer);
    }
    let got = got.expect("there is a last run");
    if got.out != expected.out {
        let at = first_difference(&expected.out, &got.out);
        return Err(format!("{typed}, cut at {ends:?} {of_other:?}: {at}"));
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
        let chain = loop {
            let chain = chains::chain(format, &mut random);
            if is_fit(&chain.words, chain.pipe_differs || chain.needs_end) {
                break chain;
            }
        };
        let other = chain.other.map(|format| {
            let disorder = [0, 4, 30][random.below(3) as usize];
            Other {
                format,
                bytes: data::sample(format, &mut random, 150, disorder).bytes,
                whole: chain.reads_whole,
            }
        });
        let given = (sample.bytes.as_slice(), other.as_ref());
        if let Err(fault) = try_one(&chain.words, given, &mut random, turn, &scratch.0) {
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
        let words: Vec<String> = time_of(chain)
            .iter()
            .chain(chain)
            .map(|word| word.to_string())
            .collect();
        let given = (sample.bytes.as_slice(), None);
        if let Err(fault) = try_one(&words, given, &mut random, turn, &scratch.0) {
            faults.push(turn, fault);
        }
    });
    faults.tell("restarts of chains with state");
}
