//! Laws over random chains and data: how the work is cut never shows. The same bytes come out for any workers,
//! blocks and epochs, from a file and a pipe; and plain loops, written here, say the same (`laws/loops.rs`).
//! `LAWS=N` tries N chains, `LAWS_SEED=S` others than usual. Invariant: most chains give more than ten rows and
//! every kind of thing was cut by a block, else the law was not tried and the test fails.

#[path = "laws/chains.rs"]
mod chains;
#[path = "laws/data.rs"]
pub mod data;
#[path = "laws/early.rs"]
mod early;
#[path = "laws/ends.rs"]
mod ends;
#[path = "laws/heads.rs"]
mod heads;
#[path = "laws/lates.rs"]
mod lates;
#[path = "laws/loops.rs"]
mod loops;
#[path = "laws/restarts.rs"]
mod restarts;
#[path = "laws/seconds.rs"]
mod seconds;
#[path = "laws/states.rs"]
mod states;

use super::session::{BLOCKS, Faults, Scratch, Setting, WORKERS, on_two_threads};
use data::{Format, Random, Sample, THINGS, Thing};
use states::STATE_CHAINS;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

const EPOCHS: [Option<usize>; 3] = [None, Some(1), Some(7)];

/// What a run printed on both outputs, and its status.
#[derive(PartialEq, Eq)]
struct Answer {
    out: Vec<u8>,
    said: String,
    status: Option<i32>,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Through {
    File,
    Pipe,
}

fn run(words: &[String], setting: &Setting, sample: &Path, through: Through) -> Answer {
    let options = options_of(setting, words);
    let mut command = Command::new(env!("CARGO_BIN_EXE_dstream"));
    command
        .args(options.split(' '))
        .args(words)
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = match through {
        Through::File => command.arg(sample).output().expect("dstream starts"),
        Through::Pipe => {
            let bytes = fs::read(sample).expect("the sample is there");
            let mut child = command
                .stdin(Stdio::piped())
                .spawn()
                .expect("dstream starts");
            let mut stdin = child.stdin.take().expect("it is piped");
            std::thread::scope(|scope| {
                // A reader that has enough leaves: that is no fault.
                scope.spawn(move || stdin.write_all(&bytes).unwrap_or_default());
                child.wait_with_output().expect("the child is ours")
            })
        }
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Answer {
        out: output.stdout,
        said: said
            .replace(&sample.display().to_string(), "INPUT")
            .replace("standard input", "INPUT"),
        status: output.status.code(),
    }
}

/// How a chain is run: with three workers state has hardly any room in memory, and lies on the disk.
fn options_of(setting: &Setting, chain: &[String]) -> String {
    let mut options = setting.options();
    if setting.workers == 3 && !chain.iter().any(|word| word == "--on-full") {
        options.push_str(" --max-state 1KiB --on-full spill");
    }
    options
}

/// Every setting there is.
fn settings() -> Vec<Setting> {
    let mut all = Vec::new();
    for workers in WORKERS {
        for block in BLOCKS {
            for epoch in EPOCHS {
                all.push(Setting {
                    workers,
                    block,
                    epoch,
                });
            }
        }
    }
    all
}

/// Settings for the `turn`th chain: all for every eighth, else six, which differ from turn to turn so that
/// chains in a row see all.
fn settings_of(turn: usize) -> Vec<Setting> {
    let all = settings();
    if turn.is_multiple_of(8) {
        return all;
    }
    (0..6)
        .map(|i| all[(turn * 6 + i * 7) % all.len()])
        .collect()
}

const PLAIN: Setting = Setting {
    workers: 1,
    block: 131_072,
    epoch: None,
};

fn number_from(variable: &str, default: usize) -> usize {
    let given = std::env::var(variable).ok();
    given.and_then(|word| word.parse().ok()).unwrap_or(default)
}

fn first_difference(one: &[u8], other: &[u8]) -> String {
    let (one, other) = (String::from_utf8_lossy(one), String::from_utf8_lossy(other));
    let (mut ours, mut theirs) = (one.lines(), other.lines());
    for number in 1.. {
        let pair = (ours.next(), theirs.next());
        if pair.0 != pair.1 || pair.0.is_none() {
            return format!("line {number}: {:?}, not {:?}", pair.1, pair.0);
        }
    }
    String::new()
}

#[test]
fn how_the_work_is_cut_never_shows() {
    let count = number_from("LAWS", 120);
    let seed = number_from("LAWS_SEED", 1) as u64;
    let faults = Faults::default();
    let many = AtomicUsize::new(0);
    let scratch = Scratch::new();
    on_two_threads(count, |turn| {
        let mut random = Random::new(seed.wrapping_mul(1_000_003) + turn as u64);
        let format = [Format::Text, Format::Csv, Format::Json][turn % 3];
        let disorder = [0, 4, 30][turn / 3 % 3];
        let sample = data::sample(format, &mut random, 260, disorder);
        let chain = chains::chain(format, &mut random);
        let path = scratch.0.join(turn.to_string());
        fs::write(&path, &sample.bytes).expect("a sample can be written");
        let other = scratch.0.join(format!("{turn}.other"));
        if let Some(format) = chain.other {
            let other_disorder = [0, 4, 30][random.below(3) as usize];
            let sample = data::sample(format, &mut random, 200, other_disorder);
            let other = other.with_extension(format.extension());
            fs::write(other, sample.bytes).expect("a sample can be written");
        }
        let extension = chain.other.map_or("", Format::extension);
        let words = chain.words_with(&other.with_extension(extension).display().to_string());
        let typed = || {
            let words: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
            words.join(" ")
        };
        let plain = run(&words, &PLAIN, &path, Through::File);
        if plain.status != Some(0) {
            let fault = format!("status {:?} of {}\n{}", plain.status, typed(), plain.said);
            return faults.push(turn, fault);
        }
        let rows = plain.out.iter().filter(|byte| **byte == b'\n').count();
        many.fetch_add(usize::from(rows > 10), Ordering::Relaxed);
        let mut of_pipe = None;
        for setting in settings_of(turn) {
            let again = run(&words, &setting, &path, Through::File);
            if let Some(fault) = told(&plain, &again) {
                let fault = format!("{} {} FILE\n{fault}", setting.options(), typed());
                return faults.push(turn, fault);
            }
            if chain.needs_end || words.ends_with(&["-o".into(), "table".into()]) {
                // The widths of a table over live input are those of what has come in time.
                continue;
            }
            let again = run(&words, &setting, &path, Through::Pipe);
            let first = of_pipe.get_or_insert_with(|| match chain.pipe_differs {
                true => run(&words, &PLAIN, &path, Through::Pipe),
                false => Answer {
                    out: plain.out.clone(),
                    said: plain.said.clone(),
                    status: plain.status,
                },
            });
            if let Some(fault) = told(first, &again) {
                let fault = format!("cat FILE | {} {}\n{fault}", setting.options(), typed());
                return faults.push(turn, fault);
            }
        }
        fs::remove_file(&path).expect("the sample is ours");
    });
    let share = many.into_inner() * 100 / count.max(1);
    println!("{share} % of {count} random chains gave more than ten rows");
    faults.tell("random chains");
    assert!(
        share >= 80,
        "only {share} % of the chains gave more than ten rows"
    );
}

/// Two spellings of one thing, each with the other stream in its place.
const EQUALS: [(&str, &str); 20] = [
    (
        "window 10s union OTHER count-by host",
        "union OTHER window 10s count-by host",
    ),
    (
        "window 20s --slide 5s filter n>3 union OTHER reduce-by host count,max:x",
        "filter n>3 union OTHER window 20s --slide 5s reduce-by host count,max:x",
    ),
    (
        "window 10s union OTHER reduce sum:n,distinct:host top 3",
        "union OTHER window 10s reduce sum:n,distinct:host top 3",
    ),
    (
        "session-window 2s union OTHER count-by host",
        "union OTHER session-window 2s count-by host",
    ),
    // Behind what keeps a window its records enter it, too.
    (
        "window 10s sort-by n union OTHER reduce-by host count,sum:n",
        "union OTHER window 10s reduce-by host count,sum:n",
    ),
    (
        "window 30s --slide 10s top 9999 --by x union OTHER count-by note",
        "union OTHER window 30s --slide 10s count-by note",
    ),
    (
        "cogroup OTHER --on host --as r --within 3s",
        "session-window 3s cogroup OTHER --on host --as r",
    ),
    // Keys are those of a moment, whenever time is told.
    (
        "--max-keys 8 --on-full fail join OTHER --on host --within 1s --as r",
        "join OTHER --on host --within 1s --as r",
    ),
    // What has no match comes at the end, as old as any: no window is over before, however the input is cut.
    (
        "--watermark 1s join OTHER --on x --full --as r window 10s count-by host",
        "--watermark 1s join OTHER --on x --full --as r window 10s count-by host",
    ),
    // INTERFACE 8.1: what is given of records cannot be taken back, and waits for late ones.
    (
        "--allowed-lateness 3s window 10s join OTHER --on host --as r",
        "--watermark 7s window 10s join OTHER --on host --as r",
    ),
    (
        "--allowed-lateness 3s window 10s --slide 5s cogroup OTHER --on host count",
        "--watermark 7s window 10s --slide 5s cogroup OTHER --on host count",
    ),
    (
        "--allowed-lateness 3s window 10s join OTHER --on host --full --as r sort-by n window 30s count-by host",
        "--watermark 7s window 10s join OTHER --on host --full --as r sort-by n window 30s count-by host",
    ),
    (
        "--late update window 5s sort-by n union OTHER top 3 --by x",
        "--watermark 9s window 5s sort-by n union OTHER top 3 --by x",
    ),
    (
        "--allowed-lateness 3s window 10s distinct-by host",
        "--watermark 7s window 10s distinct-by host",
    ),
    (
        "--allowed-lateness 3s window 10s --slide 2s top 4 --by n --per host scan-by host cumsum:n",
        "--watermark 7s window 10s --slide 2s top 4 --by n --per host scan-by host cumsum:n",
    ),
    (
        "--allowed-lateness 3s window 10s --grow 5s distinct-by host --last count",
        "--watermark 7s window 10s --grow 5s distinct-by host --last count",
    ),
    (
        "--allowed-lateness 3s look-back 2s sort-by n",
        "--watermark 7s look-back 2s sort-by n",
    ),
    (
        "--allowed-lateness 3s look-back 2s distinct-by host window 20s count-by host",
        "--watermark 7s look-back 2s distinct-by host window 20s count-by host",
    ),
    (
        "--allowed-lateness 3s session-window 1s sort-by n",
        "--watermark 7s session-window 1s sort-by n",
    ),
    (
        "--allowed-lateness 3s session-window 1s --max 6s distinct-by note window 20s count-by host",
        "--watermark 7s session-window 1s --max 6s distinct-by note window 20s count-by host",
    ),
];

#[test]
fn two_spellings_of_one_thing_give_the_same() {
    let scratch = Scratch::new();
    let faults = Faults::default();
    on_two_threads(EQUALS.len() * 4, |turn| {
        let mut random = Random::new(600 + turn as u64);
        let format = [Format::Csv, Format::Json][turn / 2 % 2];
        let (one, two) = EQUALS[turn / 4];
        let disorder = [0, 9][turn % 2];
        let path = scratch.0.join(format!("{turn}.{}", format.extension()));
        let other = scratch
            .0
            .join(format!("{turn}-other.{}", format.extension()));
        for (path, records) in [(&path, 200), (&other, 150)] {
            let sample = data::sample(format, &mut random, records, disorder);
            fs::write(path, sample.bytes).expect("a sample can be written");
        }
        let words = |chain: &str| -> Vec<String> {
            let own = chain.starts_with("--watermark");
            let watermark = if own { "" } else { " --watermark 4s" };
            let chain = format!("-i {} --time ts{watermark} {chain}", format.name());
            let other = other.display().to_string();
            let words = chain.split(' ');
            words
                .map(|word| word.replace(seconds::OTHER, &other))
                .collect()
        };
        let plain = run(&words(two), &PLAIN, &path, Through::File);
        if plain.out.is_empty() {
            return faults.push(turn, format!("{two} gives nothing: {}", plain.said));
        }
        for setting in settings_of(turn + 1) {
            let again = run(&words(one), &setting, &path, Through::File);
            if let Some(fault) = told(&plain, &again) {
                let options = setting.options();
                return faults.push(turn, format!("{options} {one}, not {two}\n{fault}"));
            }
        }
    });
    faults.tell("chains with two spellings");
}

/// Which time a chain with state has: that of the records, but where arrival is told by a field and no watermark asked for.
fn time_of(chain: &[&str]) -> &'static [&'static str] {
    match chain.contains(&"--clock") && !chain.contains(&"--watermark") {
        true => &[],
        false => &["--time", "$1"],
    }
}

/// State that sees rows in input order, or in order of time, says the same however the work is cut.
#[test]
fn state_row_by_row_knows_no_cut() {
    let chains = STATE_CHAINS;
    let scratch = Scratch::new();
    let faults = Faults::default();
    on_two_threads(chains.len(), |turn| {
        let sample = data::sample(Format::Text, &mut Random::new(40 + turn as u64), 200, 8);
        let path = scratch.0.join(turn.to_string());
        fs::write(&path, &sample.bytes).expect("a sample can be written");
        let words = time_of(chains[turn]).iter().chain(chains[turn]);
        let words: Vec<String> = words.map(|word| word.to_string()).collect();
        for through in [Through::File, Through::Pipe] {
            let plain = run(&words, &PLAIN, &path, through);
            if plain.out.is_empty() {
                return faults.push(turn, format!("{words:?} gives nothing: {}", plain.said));
            }
            for setting in settings_of(turn + 1) {
                let again = run(&words, &setting, &path, through);
                if let Some(fault) = told(&plain, &again) {
                    let options = setting.options();
                    return faults.push(turn, format!("{through:?} {options} {words:?}\n{fault}"));
                }
            }
        }
    });
    faults.tell("chains with state");
}

fn told(one: &Answer, other: &Answer) -> Option<String> {
    if one.status != other.status {
        return Some(format!(
            "status {:?}, not {:?}: {}",
            other.status, one.status, other.said
        ));
    }
    if one.out != other.out {
        return Some(first_difference(&one.out, &other.out));
    }
    (one.said != other.said).then(|| format!("says {:?}, not {:?}", other.said, one.said))
}

/// The block sizes of the matrix cut everything that can be cut, and it does not show.
#[test]
fn blocks_cut_everything() {
    let chains: [(Format, &[&str]); 9] = [
        (Format::Text, &["filter", "$3 > 3"]),
        (
            Format::Text,
            &[
                "--time",
                "$1",
                "--watermark",
                "20s",
                "window",
                "30s",
                "count-by",
                "$2",
            ],
        ),
        (Format::Csv, &["-i", "csv", "filter", "n > 3"]),
        (
            Format::Csv,
            &["-i", "csv", "count-by", "note", "-o", "json"],
        ),
        (
            Format::Csv,
            &[
                "-i",
                "csv",
                "--time",
                "ts",
                "window",
                "1m",
                "reduce-by",
                "host",
                "n=count,first:note,max:x",
            ],
        ),
        (Format::Csv, &["-i", "csv", "distinct-by", "note,n"]),
        (Format::Json, &["-i", "json", "filter", "n > 3"]),
        (
            Format::Json,
            &[
                "-i",
                "json",
                "reduce-by",
                "note",
                "n=count,sum:x,p50:n,last:o",
            ],
        ),
        (
            Format::Json,
            &[
                "-i",
                "json",
                "--time",
                "ts",
                "--watermark",
                "9s",
                "window",
                "20s",
                "--slide",
                "10s",
                "count-by",
                "host,note",
            ],
        ),
    ];
    let scratch = Scratch::new();
    let small = |format| data::sample(format, &mut Random::new(7), 80, 10);
    // Beyond 128 KiB several times; the first that the largest blocks cut wherever this format can be cut.
    let largest = BLOCKS[BLOCKS.len() - 1];
    let large = |format| {
        let samples = (8..).map(|seed| data::sample(format, &mut Random::new(seed), 14_000, 10));
        let cut = |sample: &Sample| {
            THINGS
                .iter()
                .all(|thing| !sample.has(*thing) || sample.cuts(*thing, largest))
        };
        samples
            .take(50)
            .find(cut)
            .expect("one of fifty is cut everywhere")
    };
    let formats = [Format::Text, Format::Csv, Format::Json];
    let samples: Vec<Sample> = formats
        .into_iter()
        .flat_map(|format| [small(format), large(format)])
        .collect();
    let mut cut: Vec<(Thing, usize)> = Vec::new();
    let mut jobs = Vec::new();
    for (at, sample) in samples.iter().enumerate() {
        let path = scratch.0.join(at.to_string());
        fs::write(&path, &sample.bytes).expect("a sample can be written");
        for block in BLOCKS {
            // Blocks of seven bytes over a megabyte would take a debug build minutes.
            if block < 4096 && sample.bytes.len() > 100_000 {
                continue;
            }
            cut.extend(
                THINGS
                    .iter()
                    .filter(|thing| sample.cuts(**thing, block))
                    .map(|thing| (*thing, block)),
            );
            for (format, chain) in chains {
                if format == sample.format {
                    let words: Vec<String> = chain.iter().map(|word| word.to_string()).collect();
                    jobs.push((path.clone(), block, words));
                }
            }
        }
    }
    for thing in THINGS {
        for block in BLOCKS {
            assert!(
                cut.contains(&(thing, block)),
                "no block of {block} bytes cut a {thing:?}"
            );
        }
    }
    let faults = Faults::default();
    on_two_threads(jobs.len(), |at| {
        let (path, block, words) = &jobs[at];
        // One block that holds all cuts nothing.
        let whole = Setting {
            block: 64 << 20,
            ..PLAIN
        };
        let plain = run(words, &whole, path, Through::File);
        let lines = plain.out.iter().filter(|byte| **byte == b'\n').count();
        if plain.status != Some(0) || lines < 10 {
            return faults.push(
                at,
                format!(
                    "{lines} rows, status {:?}, of {words:?}\n{}",
                    plain.status, plain.said
                ),
            );
        }
        for (workers, epoch) in [(1, None), (2, Some(7)), (3, None), (8, None)] {
            let setting = Setting {
                workers,
                block: *block,
                epoch,
            };
            for through in [Through::File, Through::Pipe] {
                let again = run(words, &setting, path, through);
                // Of a pipe the end of the input closes windows later than of a file.
                let compared = through == Through::File
                    || !words.contains(&"--time".to_string())
                    || words.contains(&"--watermark".to_string());
                if let Some(fault) = compared.then(|| told(&plain, &again)).flatten() {
                    return faults.push(
                        at,
                        format!("{through:?} {} {words:?}\n{fault}", setting.options()),
                    );
                }
            }
        }
    });
    faults.tell("runs");
}
