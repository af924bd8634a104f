//! What is told of a run that `head` has ended does not depend on how the work was cut: records in, bad and late ones, the
//! lines of `--late` and `--bad-file`. Where rows come out of state when time has passed, how far the input was read
//! by then is accident, and nothing of that is told. Invariant: every chain here ends before its input does.

use super::data::{self, Format, Random};
use super::{PLAIN, Setting, Through, run, settings_of};
use crate::session::{Faults, Scratch, on_two_threads};
use std::fs;

/// Chains, and whether what was read is told.
const CHAINS: [(&str, bool); 25] = [
    ("head 40 look-back 5s count", true),
    ("filter host==\"h3\" head 4 look-back 5s count", true),
    ("look-back 5s count head 20", true),
    ("--watermark 0s look-back 5s count head 20", false),
    ("scan-by host cumsum:n head 40", true),
    ("scan-by host lead:n head 20", false),
    ("--watermark 0s window 10s distinct-by host head 20", true),
    ("--watermark 0s window month distinct-by host head 20", true),
    (
        "--watermark 0s window 30s --slide 10s head 50 count-by host",
        true,
    ),
    ("--watermark 0s window 10s count-by host head 20", false),
    (
        "--watermark 0s window 10s --slide 5s count-by host head 20",
        false,
    ),
    (
        "--watermark 0s session-window 2s count-by host head 20",
        false,
    ),
    ("--watermark 0s window 10s top 1 --by n head 3", false),
    (
        "--watermark 0s --allowed-lateness 5s window 10s count-by host head 20",
        false,
    ),
    ("--watermark 0s window 10s head 40", true),
    (
        "--watermark 0s window 10s scan-by host cumsum:n head 40",
        true,
    ),
    ("--watermark 0s head 60 window 10s count-by host", true),
    (
        "--watermark 0s head 90 window 10s count-by host head 3",
        false,
    ),
    ("--watermark 0s count-by host head 3", true),
    ("window 10s count-by host head 3", true),
    ("--watermark 0s distinct-by host --ttl 20s head 20", true),
    (
        "--watermark 0s distinct-by host --last --ttl 20s head 20",
        false,
    ),
    (
        "--watermark 0s filter n>20 window 10s distinct-by host filter n>30 head 5",
        true,
    ),
    ("map y=float(note) head 40 -o csv", true),
    ("--strict filter x>20 head 20", true),
];

#[test]
fn what_is_told_ends_where_head_does() {
    let scratch = Scratch::new();
    let faults = Faults::default();
    on_two_threads(CHAINS.len() * 2, |turn| {
        let (chain, is_told) = CHAINS[turn / 2];
        let format = [Format::Csv, Format::Json][turn % 2];
        let mut random = Random::new(4_100 + turn as u64);
        let sample = data::sample(format, &mut random, 260, 30);
        let path = scratch.0.join(format!("{turn}.{}", format.extension()));
        fs::write(&path, sample.bytes).expect("a sample can be written");
        let (late, bad) = (path.with_extension("late"), path.with_extension("bad"));
        let options = format!(
            "-i {} --time ts --stats --late {} --bad-file {}",
            format.name(),
            late.display(),
            bad.display()
        );
        let words: Vec<String> = [&options, chain]
            .iter()
            .flat_map(|part| part.split(' '))
            .map(str::to_string)
            .collect();
        let all = |setting: &Setting, through| {
            let of = &path;
            let mut answer = run(&words, setting, of, through);
            let told = answer.said.lines().filter_map(of_the_records);
            answer.said = told.collect::<Vec<_>>().join("\n");
            for path in [&late, &bad] {
                // Of what is not told a part is in the files.
                let lines = fs::read(path).unwrap_or_default();
                if is_told {
                    let name = |line: &str| {
                        line.replace(&format!("\t{} byte ", of.display()), "\t- byte ")
                    };
                    answer.said += &name(&String::from_utf8_lossy(&lines));
                }
                fs::remove_file(path).unwrap_or_default();
            }
            answer
        };
        let plain = all(&PLAIN, Through::File);
        if plain.status != Some(0) || plain.out.is_empty() {
            return faults.push(turn, format!("{chain}: {}", plain.said));
        }
        if plain.said.contains("as many records in as were needed") == is_told {
            return faults.push(turn, format!("{chain} tells\n{}", plain.said));
        }
        for setting in settings_of(turn) {
            for through in [Through::File, Through::Pipe] {
                // What comes through a pipe has a watermark, typed or not.
                if through == Through::Pipe && !chain.starts_with("--watermark") {
                    continue;
                }
                let again = all(&setting, through);
                let options = setting.options();
                if again.out != plain.out || again.status != plain.status {
                    let fault = format!("{options} {chain} gives other rows\n{}", again.said);
                    return faults.push(turn, fault);
                }
                // What comes late through a pipe is told without a place.
                if again.said != plain.said {
                    let fault = format!("{options} {chain}\n{}\nnot\n{}", again.said, plain.said);
                    return faults.push(turn, fault);
                }
            }
        }
    });
    faults.tell("chains that end at head");
}

/// What a line tells of the records, and not of the run. The most that state held is of the run: it is looked at now and
/// then and where windows close, which is where epochs end; the windows that stand beside it are of the records.
fn of_the_records(line: &str) -> Option<String> {
    if line.contains(" s, ") || line.ends_with(" s") {
        return None;
    }
    let is_of_the_run =
        |part: &&str| part.starts_with("state at most") || part.starts_with("beyond --max-state");
    let parts: Vec<&str> = line
        .split("; ")
        .filter(|part| !is_of_the_run(part))
        .collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
