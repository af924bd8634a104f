//! The law of early rankings by a clock that the data tell: how the work is cut never shows in them, nor do restarts.
//! Invariant: two of five runs print something early, else the law was not tried.

use super::super::session::{Faults, Scratch, on_two_threads};
use super::data::{self, Format, Random};
use super::restarts::{Other, try_one};
use super::seconds::OTHER;
use super::{Answer, PLAIN, Through, run, settings_of, told};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// When it is looked.
const CLOCKS: [&str; 9] = [
    "--clock $1 --every 3s",
    "--clock $1 --batch 2s --every 5s",
    "--batch-lines 7 --every 2s",
    "--batch-lines 20 --output-mode complete",
    "--batch-on h3 --every 1s",
    "--batch-lines 5 --mark-batches --every 2s",
    "--time $1 --watermark 4s --clock $1 --every 3s",
    "--time $1 --watermark 2s --batch-lines 9 --every 2s",
    "--time $1 --batch-on h3 --output-mode complete",
];

/// What is looked at.
const CHAINS: [&str; 27] = [
    "count-by $2 top 3",
    "reduce-by $2 n=count,s=sum:$3 sort-by s",
    "filter $3>2 count-by $2 sort-by count",
    "flat-map x=split($0,/h/) count-by x top 3",
    "window 12s --slide 4s distinct-by $3 sort-by $3",
    "distinct-by $3 count-by $2 top 2 --ties",
    "head 90 count-by $2 top 3",
    "top 4 --by $3 --per $2",
    "sort-by $3:desc head 5",
    "scan-by $2 n=cumsum:$3 top 3 --by n",
    "window 10s sort-by $3",
    "window 10s top 2 --by $3 --rank",
    "window 12s --slide 4s count-by $2 top 2",
    "window 10s count-by $2 map t=count*2 sort-by t,$2",
    "window 10s count-by $2",
    "filter $3>2 window 12s --slide 4s count-by $2",
    "session-window 3s count-by $2",
    "window 10s count-by $2 window 30s reduce-by $2 s=sum:count",
    "window all count-by $2",
    "filter $3>7 window 4s --slide 2s count",
    "filter $3>7 window 12s count",
    "filter $3>7 window 4s --slide 2s count-by $2 count filter count>0 count",
    "scan-by $2 n=cumcount window all count-by n",
    "distinct-by $3 count-window 3 count",
    "window all count-by $2 filter count>2 reduce c=count,m=max:count",
    "window all count-by $3 distinct-by count reduce c=collect:count",
    "window 12s count-by $2 distinct-by count reduce c=collect:count,k=collect:$2",
];

fn words(turn: usize) -> Vec<String> {
    let chain = CHAINS[turn / CLOCKS.len()];
    let mut clock = CLOCKS[turn % CLOCKS.len()].to_string();
    if ["reduce-by $2 s=", " count filter", "reduce c="]
        .iter()
        .any(|two| chain.contains(two))
    {
        // All rows are those of one aggregate.
        clock = clock.replace("complete", "update");
    }
    let words = clock.split(' ').chain(chain.split(' '));
    words.map(String::from).collect()
}

fn sample(turn: usize) -> Vec<u8> {
    let disorder = [0, 4, 30][turn % 3];
    let mut random = Random::new(70_001 + turn as u64);
    data::sample(Format::Text, &mut random, 200, disorder).bytes
}

/// How a run that is cut differs from the plain one, if one does.
fn cut_shows(
    words: &[String],
    plain: &Answer,
    path: &Path,
    through: Through,
    turn: usize,
) -> Option<String> {
    settings_of(turn + 1).into_iter().find_map(|setting| {
        let fault = told(plain, &run(words, &setting, path, through))?;
        let options = setting.options();
        Some(format!("{through:?} {options} {words:?}\n{fault}"))
    })
}

/// How a chain gives other rows by its cuts, through a pipe or over restarts. The second sample is for [`OTHER`].
fn try_all(
    words: &[String],
    (one, other): (&[u8], Vec<u8>),
    random: &mut Random,
    turn: usize,
    scratch: &Path,
) -> Result<(), String> {
    let (path, right) = (
        scratch.join(turn.to_string()),
        scratch.join(format!("r{turn}")),
    );
    fs::write(&path, one).expect("a sample can be written");
    fs::write(&right, &other).expect("a sample can be written");
    let named = words.iter().map(|word| match word == OTHER {
        true => right.to_string_lossy().into_owned(),
        false => word.clone(),
    });
    let named: Vec<String> = named.collect();
    let plain = run(&named, &PLAIN, &path, Through::File);
    if plain.out.is_empty() {
        return Err(format!("{words:?} gives nothing: {}", plain.said));
    }
    for through in [Through::File, Through::Pipe] {
        if let Some(fault) = cut_shows(&named, &plain, &path, through, turn) {
            return Err(fault);
        }
    }
    let other = words.iter().any(|word| word == OTHER).then_some(Other {
        format: Format::Text,
        bytes: other,
        whole: false,
    });
    try_one(words, (one, other.as_ref()), random, turn, scratch)
}

/// INTERFACE 8.3, "an early row is a peek through the rest of the chain": by the data's clock at places in the data.
#[test]
fn early_rankings_know_no_cut() {
    let scratch = Scratch::new();
    let faults = Faults::default();
    let early = AtomicUsize::new(0);
    let count = CLOCKS.len() * CHAINS.len();
    on_two_threads(count, |turn| {
        let path = scratch.0.join(turn.to_string());
        fs::write(&path, sample(turn)).expect("a sample can be written");
        let words = words(turn);
        for through in [Through::File, Through::Pipe] {
            let plain = run(&words, &PLAIN, &path, through);
            if plain.out.is_empty() {
                return faults.push(turn, format!("{words:?} gives nothing: {}", plain.said));
            }
            let given = |word: &&String| *word == "--every" || *word == "--output-mode";
            let at = words.iter().position(|word| given(&word));
            let mut without = words.clone();
            without.drain(at.expect("it is given")..).take(2).count();
            without.extend_from_slice(&words[at.expect("it is given") + 2..]);
            let once = run(&without, &PLAIN, &path, through);
            early.fetch_add(
                usize::from(once.out.len() < plain.out.len()),
                Ordering::Relaxed,
            );
            if let Some(fault) = cut_shows(&words, &plain, &path, through, turn) {
                return faults.push(turn, fault);
            }
        }
    });
    faults.tell("early rankings");
    let early = early.into_inner();
    // Without a window nothing of a batch is open behind it.
    assert!(early * 5 >= count * 2 * 2, "only {early} runs print early");
}

#[test]
fn early_rankings_survive_restarts() {
    let faults = Faults::default();
    let scratch = Scratch::new();
    on_two_threads(CLOCKS.len() * CHAINS.len(), |turn| {
        let words = words(turn);
        // A file of all rankings of windows that are closed is refused.
        if words.contains(&"complete".to_string()) {
            return;
        }
        let mut random = Random::new(80_001 + turn as u64);
        let given = (sample(turn), None);
        let given = (given.0.as_slice(), given.1);
        if let Err(fault) = try_one(&words, given, &mut random, turn, &scratch.0) {
            faults.push(turn, fault);
        }
    });
    faults.tell("restarts of early rankings");
}

/// Batches of two streams, each of which has a clock of its own.
const OF_TWO: [&str; 5] = [
    "--clock $1 --batch 2s --every 4s",
    "--batch-lines 7 --output-mode update",
    "--batch-on h3 --output-mode update",
    "--batch-lines 5 --every-delay 2s --pane-columns",
    "--batch-lines 3 --mark-batches --every 1s",
];

const CHAINS_OF_TWO: [&str; 6] = [
    "union OTHER window 12s count-by $2",
    "union OTHER window all reduce-by $2 n=count,s=sum:$3",
    "union OTHER filter $3>2 window 12s --slide 4s count",
    "window 12s join OTHER --on $2 count-by $2",
    "session-window 3s join OTHER --on $2 count-by $2",
    "window 4s cogroup OTHER --on $2 window all count-by $2",
];

/// SPARK.md 4.5: batch n of the chain is batch n of each stream; INTERFACE 9.1: its end is a trigger. How far one stream
/// was read when the other had come to a batch shows nowhere, nor does a restart.
#[test]
fn batches_of_two_streams_are_early_together() {
    let scratch = Scratch::new();
    let faults = Faults::default();
    on_two_threads(OF_TWO.len() * CHAINS_OF_TWO.len() * 2, |turn| {
        let clock = OF_TWO[turn % OF_TWO.len()];
        let chain = CHAINS_OF_TWO[turn / OF_TWO.len() % CHAINS_OF_TWO.len()];
        let words = clock.split(' ').chain(chain.split(' '));
        let words: Vec<String> = words.map(String::from).collect();
        let mut random = Random::new(90_001 + turn as u64);
        let sizes = [(200, 90), (40, 300)][turn % 2];
        let one = data::sample(Format::Text, &mut random, sizes.0, 4).bytes;
        let other = data::sample(Format::Text, &mut random, sizes.1, 4).bytes;
        if let Err(fault) = try_all(&words, (&one, other), &mut random, turn, &scratch.0) {
            faults.push(turn, fault);
        }
    });
    faults.tell("batches of two streams");
}

/// Rows that records bring, in front of the one at the close and behind it.
const BY_RECORDS: [&str; 4] = [
    "--time $1 --watermark 2s --every-records 1 --pane-columns",
    "--time $1 --watermark 5s --every-records 3 --output-mode complete --pane-columns",
    "--time $1 --watermark 4s --every-records 2 --allowed-lateness 3s --panes retract",
    "--time $1 --watermark 4s --output-mode complete --pane-columns",
];

const CHAINS_BY_RECORDS: [&str; 12] = [
    "look-back 5s sort-by $3 count",
    "window 6s --grow 2s sort-by $3 count-by $2",
    "window 6s --slide 2s distinct-by $3 --last count",
    "session-window 3s top 2 --by $3 count",
    "count-window 5 sort-by $3 count",
    "window 5s count-by $2",
    "window 6s --slide 2s count",
    "session-window 3s count-by $2",
    "union OTHER window 5s count-by $2",
    "union OTHER window 6s --slide 2s count-by $2",
    "union OTHER window 6s --grow 2s count",
    "union OTHER session-window 3s count-by $2",
];

/// EVENT-TIME 2.5, "early count N: at the record that makes N new ones": neither cuts nor how two streams are read side by
/// side show in what such rows hold or stand behind.
#[test]
fn early_rows_of_records_know_no_cut() {
    let scratch = Scratch::new();
    let faults = Faults::default();
    on_two_threads(BY_RECORDS.len() * CHAINS_BY_RECORDS.len(), |turn| {
        let options = BY_RECORDS[turn % BY_RECORDS.len()];
        let chain = CHAINS_BY_RECORDS[turn / BY_RECORDS.len()];
        let words = options.split(' ').chain(chain.split(' '));
        let words: Vec<String> = words.map(String::from).collect();
        let mut random = Random::new(60_001 + turn as u64);
        let other = data::sample(Format::Text, &mut random, 90, 4).bytes;
        if let Err(fault) = try_all(
            &words,
            (&sample(turn), other),
            &mut random,
            turn,
            &scratch.0,
        ) {
            faults.push(turn, fault);
        }
    });
    faults.tell("early rows of records");
}
