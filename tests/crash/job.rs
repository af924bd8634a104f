//! One job that is small and has everything: three outputs that grow, one that appears whole, state, late and bad
//! records. Invariant: what it should come to is known before it is disturbed.

use super::chains::{Chain, OPTIONS, lines};
use super::trial::{Place, Random, first_difference, run, words};
use std::fs;

pub const OUTPUTS: [&str; 4] = ["out", "copy", "late", "bad"];

/// A job in a directory of its own.
pub struct Job {
    pub place: Place,
    pub chain: Chain,
    /// Its outputs undisturbed.
    should: Vec<Vec<u8>>,
}

impl Job {
    pub fn new(name: &str, chain: Chain, records: usize) -> Job {
        let place = Place::new(name);
        place.write("in", &lines(&mut Random(5), records, false).concat());
        let mut job = Job {
            place,
            chain,
            should: Vec::new(),
        };
        let ended = run(&job.place.path, &job.words(&["in"]));
        assert!(ended.status.success(), "undisturbed: {ended:?}");
        job.should = job.outputs();
        assert!(!job.should[0].is_empty() && !job.should[3].is_empty());
        job.clear();
        job
    }

    /// The chain, with `rest` behind it.
    pub fn words(&self, rest: &[&str]) -> Vec<String> {
        let mut all = words(OPTIONS);
        all.extend(words(&[
            "-j",
            "1",
            "--bad-file",
            "bad",
            "--late",
            "late",
            "--output",
            "out",
        ]));
        all.extend(words(&["tee", "copy"]));
        all.extend(words(self.chain.words));
        all.extend(words(rest));
        all
    }

    /// The same with a checkpoint.
    pub fn kept(&self, rest: &[&str]) -> Vec<String> {
        let mut all = self.words(&["--checkpoint", "ck"]);
        if !rest.contains(&"--checkpoint-every") {
            all.extend(words(&["--checkpoint-every", "10ms"]));
        }
        all.extend(words(rest));
        all
    }

    pub fn outputs(&self) -> Vec<Vec<u8>> {
        let mut all: Vec<Vec<u8>> = OUTPUTS.iter().map(|name| self.place.read(name)).collect();
        all[3] = super::kills::without_places(&all[3]);
        all
    }

    /// What is wrong with the outputs.
    pub fn fault(&self) -> Option<String> {
        let is = self.outputs();
        let wrong = (0..OUTPUTS.len()).find(|&at| is[at] != self.should[at])?;
        Some(format!(
            "'{}': {}",
            OUTPUTS[wrong],
            first_difference(&is[wrong], &self.should[wrong])
        ))
    }

    /// Back to where nothing but the input is there.
    pub fn clear(&self) {
        for entry in fs::read_dir(&self.place.path)
            .expect("it is ours")
            .flatten()
        {
            if entry.file_name() != "in" {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}
