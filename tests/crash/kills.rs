//! The program is killed at random instants while its input grows and rotates, and started again; at the end its
//! outputs are those of one run over the whole input. Invariant: nothing that is read is lost but by the program.

use super::chains::{CHAINS, Chain, OPTIONS, lines};
use super::trial::{
    Ended, PATIENCE, Place, Random, Run, append, first_difference, is_calm, run, seed, trials,
    words,
};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How the input comes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum From {
    /// A file that is there.
    File,
    /// A file that grows and rotates, followed.
    Followed,
    /// The same, read to its present end again and again.
    Once,
    /// Files that appear in a directory, as long as it goes on.
    Dir,
    /// The same, those that are there again and again.
    DirOnce,
    /// Files that match, and what they were rotated to matches too: followed, each a source of its own.
    Glob,
    /// The same, read to their present end again and again.
    GlobOnce,
}

const SOURCES: [From; 7] = [
    From::File,
    From::Followed,
    From::Once,
    From::Dir,
    From::DirOnce,
    From::Glob,
    From::GlobOnce,
];

impl From {
    /// Which file comes first is not known: lines are compared whatever their order, of chains that need none.
    fn has_order(self) -> bool {
        !matches!(self, From::Glob | From::GlobOnce)
    }
}

/// Chains whose rows do not depend on the order of files.
const UNORDERED: [&str; 3] = ["filter and map", "top", "sort"];

/// What is done with the rows besides.
#[derive(Copy, Clone, Debug)]
struct To {
    append: bool,
    tee: bool,
}

#[derive(Clone, Debug)]
struct Case {
    chain: Chain,
    from: From,
    to: To,
    threads: u64,
    records: usize,
}

impl Case {
    /// Files that must come out alike.
    fn outputs(&self) -> Vec<&'static str> {
        let mut all = vec!["out", "bad"];
        if !self.chain.joins {
            all.push("late");
        }
        if self.to.tee {
            all.push("copy");
        }
        all
    }

    fn chain(&self) -> Vec<String> {
        let mut all = words(OPTIONS);
        all.extend(words(&[
            "--on-bad",
            "warn",
            "--bad-file",
            "bad",
            "--output",
            "out",
            "-j",
        ]));
        all.push(self.threads.to_string());
        if !self.chain.joins {
            all.extend(words(&["--late", "late"]));
        }
        if self.to.append {
            all.push("--append".into());
        }
        if self.to.tee {
            all.extend(words(&["tee", "copy"]));
        }
        all.extend(words(self.chain.words));
        all
    }

    fn kept(&self, last: bool) -> Vec<String> {
        let mut all = self.chain();
        all.extend(words(&["--checkpoint", "ck", "--checkpoint-every", "10ms"]));
        all.extend(match (self.from, last) {
            (From::File, _) => words(&["--from", "in"]),
            (From::Followed, false) => words(&["-F", "--from", "in"]),
            (From::Once, false) => words(&["--once", "--from", "in"]),
            (From::Followed | From::Once, true) => words(&["--once", "--final", "--from", "in"]),
            (From::Dir, false) => words(&["-F", "dir:d"]),
            (From::DirOnce, false) => words(&["--once", "dir:d"]),
            (From::Dir | From::DirOnce, true) => words(&["--once", "--final", "dir:d"]),
            (From::Glob, false) => words(&["-F", "glob:in*"]),
            (From::GlobOnce, false) => words(&["--once", "glob:in*"]),
            (From::Glob | From::GlobOnce, true) => words(&["--once", "--final", "glob:in*"]),
        });
        all
    }
}

/// Writes the input as others would: half lines, rotation.
struct Writer<'w> {
    dir: &'w Path,
    random: Random,
    /// The first stream's lines that are still to come, and the second's.
    rest: [Vec<Vec<u8>>; 2],
    /// Files put into the directory.
    put: u64,
    /// A checkpoint knows of the first file: before, what is moved away was never the job's.
    known: bool,
}

impl Writer<'_> {
    /// As `logrotate` without and with `compress`: what was `in.1` becomes `in.2`, and so on.
    fn rotate(&mut self) {
        let at = |n: u64, ending: &str| self.dir.join(format!("in.{n}{ending}"));
        let mut top = 1;
        while at(top, "").exists() || at(top, ".gz").exists() {
            top += 1;
        }
        for n in (1..top).rev() {
            for ending in ["", ".gz"] {
                if at(n, ending).exists() {
                    fs::rename(at(n, ending), at(n + 1, ending)).expect("the input can be renamed");
                }
            }
        }
        fs::rename(self.dir.join("in"), at(1, "")).expect("the input can be renamed");
        if self.random.below(3) > 0 {
            File::create(self.dir.join("in")).expect("the input can be made");
        }
        if self.random.below(3) == 0 && at(2, "").exists() {
            let plain = fs::read(at(2, "")).expect("it is ours");
            let mut packed = flate2::write::GzEncoder::new(
                File::create(at(2, ".gz")).expect("a file can be made"),
                flate2::Compression::fast(),
            );
            packed.write_all(&plain).expect("a file can be written");
            packed.finish().expect("a file can be written");
            fs::remove_file(at(2, "")).expect("a file can be removed");
        }
    }

    /// The line of `--show=json` on the first stream's file.
    fn shown(&self) -> Option<String> {
        let shown = super::trial::command(self.dir)
            .args(["--checkpoint", "ck", "--show=json"])
            .output()
            .expect("the program starts");
        let is_it = |line: &&str| line.contains("\"path\":\"in\"") && line.contains("\"side\":0");
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        shown.lines().find(is_it).map(str::to_string)
    }

    /// As `copytruncate`, when all was read: what was not would be lost, whoever reads.
    fn copy_and_truncate(&self) {
        let path = self.dir.join("in");
        let size = fs::metadata(&path).map_or(0, |meta| meta.len());
        let there = format!("\"offset\":{size},");
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(2) {
            if self.shown().is_some_and(|line| line.contains(&there)) {
                for ending in ["", ".gz"] {
                    if self.dir.join(format!("in.1{ending}")).exists() {
                        // Copies would have to be numbered on: that is `rotate`'s affair.
                        return;
                    }
                }
                fs::copy(&path, self.dir.join("in.1")).expect("the input can be copied");
                let file = OpenOptions::new().write(true).open(&path);
                file.and_then(|file| file.set_len(0))
                    .expect("the input can be cut off");
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Writes a little; false when all is written.
    fn step(&mut self, from: From) -> bool {
        let side = match self.rest[1].is_empty() {
            true => 0,
            false => self.random.below(2) as usize,
        };
        let n = 1 + self.random.below(60) as usize;
        let n = n.min(self.rest[side].len());
        let some: Vec<u8> = self.rest[side].drain(..n).flatten().collect();
        let name = ["in", "other"][side];
        if side == 0 && matches!(from, From::Dir | From::DirOnce) {
            self.put += 1;
            let aside = self.dir.join(".new");
            fs::write(&aside, &some).expect("the input can be written");
            fs::rename(aside, self.dir.join(format!("d/f{:06}", self.put)))
                .expect("the input can be renamed");
            // Their order is that of their times.
            std::thread::sleep(Duration::from_millis(5));
        } else {
            // A line in two halves.
            let cut = self.random.below(some.len() as u64 + 1) as usize;
            append(&self.dir.join(name), &some[..cut]);
            if self.random.below(4) == 0 {
                std::thread::sleep(Duration::from_micros(self.random.below(3000)));
            }
            append(&self.dir.join(name), &some[cut..]);
            // What matches whatever it is called needs not to be known.
            self.known = self.known || !from.has_order() || self.shown().is_some();
            if side == 0 && self.known {
                match self.random.below(12) {
                    0 => self.rotate(),
                    1 => self.copy_and_truncate(),
                    _ => {}
                }
            }
        }
        self.rest.iter().any(|rest| !rest.is_empty())
    }
}

fn kept_or(place: &Place, case: &Case, why: &str, ended: &Ended) -> ! {
    let _ = fs::write(
        place.of("case"),
        format!("{case:#?}\n{}", case.kept(false).join(" ")),
    );
    panic!(
        "{why}: {:?}, {}\n{case:?}\nin {}; CRASH_SEED={}",
        ended.status,
        ended.said,
        place.path.display(),
        seed()
    )
}

/// One trial; the number of kills that met a run.
fn trial(case: &Case, number: usize, mut random: Random) -> usize {
    let place = Place::new(&format!("kills-{number}"));
    let dir = place.path.clone();
    fs::create_dir(dir.join("d")).expect("a directory can be made");
    let orderly = case.chain.joins;
    let first = lines(&mut random, case.records, orderly);
    let second = match case.chain.joins {
        true => lines(&mut random, case.records, orderly),
        false => Vec::new(),
    };
    // The reference: one run, over all of it.
    fs::create_dir(dir.join("whole")).expect("a directory can be made");
    place.write("whole/in", &first.concat());
    place.write("whole/other", &second.concat());
    for name in case.outputs() {
        if case.to.append && name == "out" {
            place.write(name, b"there before\n");
            place.write("whole/out", b"there before\n");
        }
    }
    let mut whole = case.chain();
    whole.push("in".into());
    let ended = run(&dir.join("whole"), &whole);
    if !ended.is_well() {
        kept_or(&place, case, "the undisturbed run", &ended);
    }
    let mut writer = Writer {
        dir: &dir,
        random: Random(random.next()),
        rest: [first, second],
        put: 0,
        known: false,
    };
    if case.from == From::File {
        place.write("in", &writer.rest[0].concat());
        place.write("other", &writer.rest[1].concat());
        writer.rest = [Vec::new(), Vec::new()];
    } else {
        File::create(dir.join("in")).expect("the input can be made");
        File::create(dir.join("other")).expect("the input can be made");
    }
    let done = AtomicBool::new(case.from == From::File);
    let mut kills = 0;
    std::thread::scope(|scope| {
        let written = &done;
        let from = case.from;
        if from != From::File {
            scope.spawn(move || {
                while writer.step(from) {
                    let most = writer.random.one_of(&[500, 3000, 15_000]);
                    std::thread::sleep(Duration::from_micros(writer.random.below(most)));
                }
                written.store(true, Ordering::SeqCst);
            });
        }
        let words = case.kept(false);
        let began = Instant::now();
        let mut after = 0;
        loop {
            let over = done.load(Ordering::SeqCst);
            let mut run = Run::start(&dir, &words);
            let most = random.one_of(match case.from {
                // The end of a file that was renamed is believed after half a second.
                From::Followed | From::Glob => &[8, 30, 60, 200, 800],
                _ => &[8, 30, 60, 200],
            });
            let ended = run.wait(Duration::from_micros(random.below(most * 1000)));
            match ended {
                Some(ended) if !ended.is_well() => {
                    kept_or(&place, case, "it ended by itself", &ended)
                }
                Some(_) if case.from == From::File => break,
                Some(_) => {}
                None => {
                    let ended = run.kill();
                    if !ended.was_killed() && !ended.is_well() || !is_calm(&ended.said) {
                        kept_or(&place, case, "when it was killed", &ended);
                    }
                    kills += 1;
                }
            }
            after += usize::from(over);
            if over && (after > 6 && case.from != From::File || began.elapsed() > PATIENCE) {
                break;
            }
        }
        if case.from == From::File {
            // The job has ended: nothing more happens.
            let ended = super::trial::run(&dir, &words);
            if !ended.is_well() {
                kept_or(&place, case, "after its end", &ended);
            }
        }
    });
    if case.from != From::File {
        let ended = run(&dir, &case.kept(true));
        if !ended.is_well() {
            kept_or(&place, case, "the last run", &ended);
        }
    }
    for name in case.outputs() {
        let of = |name: &str| match name.ends_with("bad") {
            true => without_places(&place.read(name)),
            false => place.read(name),
        };
        let of = |name: &str| match case.from.has_order() {
            true => of(name),
            false => {
                let bytes = of(name);
                let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
                lines.sort_unstable();
                lines.concat()
            }
        };
        let (is, should) = (of(name), of(&format!("whole/{name}")));
        if is != should {
            let _ = fs::write(place.of("case"), case.kept(false).join(" "));
            panic!(
                "GUARANTEES G1: '{name}' is another after {kills} kills: {}\n{case:?}\nin {}; CRASH_SEED={}",
                first_difference(&is, &should),
                place.path.display(),
                seed()
            );
        }
    }
    let left: Vec<PathBuf> = fs::read_dir(&dir)
        .expect("the directory is ours")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains(".tmp"))
        .collect();
    assert!(left.is_empty(), "temporary files are left: {left:?}");
    kills
}

/// Bad records without the second column, which tells where in which file each was.
pub fn without_places(bad: &[u8]) -> Vec<u8> {
    let lines = bad.split_inclusive(|byte| *byte == b'\n');
    let columns = |line: &[u8]| -> Vec<u8> {
        let columns: Vec<&[u8]> = line.splitn(3, |byte| *byte == b'\t').collect();
        [columns[0], columns[columns.len() - 1]].join(&b'\t')
    };
    lines.map(columns).collect::<Vec<_>>().concat()
}

/// Those that `CRASH_FROM` names, by commas; else all.
fn sources() -> Vec<From> {
    let wanted = std::env::var("CRASH_FROM").unwrap_or_default();
    let is_wanted = |from: &From| wanted.split(',').any(|name| name == format!("{from:?}"));
    match wanted.is_empty() {
        true => SOURCES.to_vec(),
        false => SOURCES.into_iter().filter(is_wanted).collect(),
    }
}

fn cases(random: &mut Random, n: usize, records: usize) -> Vec<Case> {
    let sources = sources();
    assert!(
        !sources.is_empty(),
        "CRASH_FROM names no source: {SOURCES:?}"
    );
    let mut all = Vec::new();
    for i in 0..n {
        // Every chain and every source in turn, so that small numbers meet all of them.
        let from = sources[(i / CHAINS.len() + i) % sources.len()];
        let chain = match from.has_order() {
            true => CHAINS[i % CHAINS.len()],
            false => super::chains::named(UNORDERED[i % UNORDERED.len()]),
        };
        all.push(Case {
            chain,
            from,
            to: To {
                append: random.below(3) == 0,
                tee: random.below(3) == 0,
            },
            threads: random.one_of(&[1, 4]),
            records: match from {
                From::File => records * 8,
                _ => records,
            },
        });
    }
    all
}

/// GUARANTEES G1, G2: any number of kills and restarts gives the bytes of an undisturbed run.
#[test]
fn kills_at_random_instants_leave_no_trace() {
    let mut random = Random(seed());
    let cases = cases(&mut random, trials(22), 1500);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let kills = std::sync::atomic::AtomicUsize::new(0);
    let seeds: Vec<u64> = cases.iter().map(|_| random.next()).collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::SeqCst);
                    let Some(case) = cases.get(i) else { return };
                    kills.fetch_add(trial(case, i, Random(seeds[i])), Ordering::SeqCst);
                }
            });
        }
    });
    println!(
        "{} trials, {} kills",
        cases.len(),
        kills.load(Ordering::SeqCst)
    );
}
