//! A record that ends the run (`--on-bad abort`, `--max-bad`, also with `--strict`): what time has let out in front of it
//! is printed, and nothing else, however the work is cut. Invariant: the samples have such a record.

use super::data::{self, Format, Random};
use super::{PLAIN, Setting, Through, run, settings_of};
use crate::session::{Faults, Scratch, on_two_threads};
use std::fs;

/// Chains, and whether their rows are the first ones of what the records in front of the last one alone give.
const CHAINS: [(&str, bool); 19] = [
    ("--time ts --watermark 0s window 10s count", true),
    ("--time ts --watermark 2s window 10s count-by host", true),
    (
        "--time ts --watermark auto window 10s --slide 5s reduce-by host s=sum:n,f=first:n",
        true,
    ),
    (
        "--time ts --watermark 0s session-window 3s count-by host",
        true,
    ),
    ("--time ts --watermark 1s window 10s top 2 --by n", true),
    ("--time ts --watermark 1s window 10s distinct-by host", true),
    (
        "--time ts --watermark 1s window 10s scan-by host c=cumcount",
        true,
    ),
    (
        "--time ts --watermark 1s window 10s count-by host reduce m=max:count",
        true,
    ),
    (
        "--time ts --watermark 1s --allowed-lateness 5s window 10s count-by host",
        true,
    ),
    (
        "--time ts --watermark 1s --clock ts --every 3s --output-mode update window 10s count",
        false,
    ),
    ("--clock ts window 10s count-by host", true),
    ("--clock ts --batch 5s count-by host", true),
    ("--clock ts --batch 5s count", true),
    ("--batch-lines 7 reduce-by host s=sum:n", true),
    (
        "--time ts --watermark 1s match A_B --where A=n>20 --where B=n<10 --within 20s",
        true,
    ),
    (
        "--time ts --watermark 0s map-with-state-by host c=coalesce(c,0)+1 --ttl 5s",
        true,
    ),
    ("scan-by host c=cumcount", true),
    ("filter n>20 select host,n", true),
    ("count-by host", true),
];

const ENDS: [&str; 5] = [
    "--on-bad abort",
    "--max-bad 1",
    "--on-bad abort --strict",
    "--max-bad 2 --strict",
    "--max-bad 0",
];

#[test]
fn what_is_in_front_of_the_record_that_ends_the_run_is_given() {
    let scratch = Scratch::new();
    let faults = Faults::default();
    let any_rows = std::sync::atomic::AtomicUsize::new(0);
    on_two_threads(CHAINS.len() * ENDS.len(), |turn| {
        let (chain, is_first) = CHAINS[turn / ENDS.len()];
        let ends = ENDS[turn % ENDS.len()];
        let mut random = Random::new(7_300 + turn as u64);
        let mut bytes = data::sample(Format::Json, &mut random, 120, 6).bytes;
        let mut at = 0;
        for _ in 0..3 {
            // Any line of the middle, but as a rule one in front of which there is much.
            let from = 40 + random.below(60) as usize;
            let mut lines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            let line = lines.nth(from).map_or(0, |(end, _)| end + 1);
            bytes.splice(line..line, *b"no record\n");
            at = match at {
                0 => line,
                at => at.min(line),
            };
        }
        let path = scratch.0.join(format!("{turn}.ndjson"));
        fs::write(&path, &bytes).expect("a sample can be written");
        let words = |ends: &str| -> Vec<String> {
            let text = format!("-i json {ends} {chain}");
            // A pattern is one word.
            let words = text.split_whitespace().map(|word| word.replace('_', " "));
            words.collect()
        };
        let all = |setting: &Setting, through| run(&words(ends), setting, &path, through);
        let plain = all(&PLAIN, Through::File);
        if plain.status != Some(65) {
            return faults.push(turn, format!("{ends} {chain}: {}", plain.said));
        }
        if ends == "--on-bad abort" && is_first {
            let front = scratch.0.join(format!("{turn}.front.ndjson"));
            fs::write(&front, &bytes[..at]).expect("a sample can be written");
            let alone = run(&words(""), &PLAIN, &front, Through::File);
            if !alone.out.starts_with(&plain.out) {
                return faults.push(turn, format!("{chain} gives other rows than in front"));
            }
            any_rows.fetch_add(
                usize::from(!plain.out.is_empty()),
                std::sync::atomic::Ordering::Relaxed,
            );
        }
        // Without a batch or a watermark time stands still in a file, and not in a pipe.
        let goes_on = ["--watermark", "--batch"]
            .iter()
            .any(|word| chain.contains(word));
        for setting in settings_of(turn) {
            for through in [Through::File, Through::Pipe] {
                if through == Through::Pipe && !goes_on {
                    continue;
                }
                let again = all(&setting, through);
                if again.out != plain.out || again.status != plain.status {
                    let fault = format!(
                        "{} {through:?} {ends} {chain} gives\n{}not\n{}",
                        setting.options(),
                        String::from_utf8_lossy(&again.out),
                        String::from_utf8_lossy(&plain.out)
                    );
                    return faults.push(turn, fault);
                }
            }
        }
    });
    faults.tell("chains that a record ends");
    assert!(any_rows.into_inner() > CHAINS.len() * 3 / 4);
}
