//! What trials are made of: a directory of their own, random numbers from a seed, the program run to its end or to
//! a chosen instant. Invariant: every run ends, by itself or by us.

use std::fs::{self, OpenOptions};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Longer than any run takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Numbers that follow from a seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to just below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// How many times more is tried than in `cargo test`.
pub fn trials(small: usize) -> usize {
    std::env::var("CRASH_TRIALS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(small)
}

/// The seed of all that is random; another one by `CRASH_SEED`.
pub fn seed() -> u64 {
    std::env::var("CRASH_SEED")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(1)
}

/// A directory that goes with its owner, unless a test fails in it.
pub struct Place {
    pub path: PathBuf,
}

impl Place {
    pub fn new(name: &str) -> Place {
        let path =
            std::env::temp_dir().join(format!("dstream-crash-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("the directory for temporary files can be written");
        Place { path }
    }

    pub fn of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.of(name)).unwrap_or_default()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.of(name), bytes).expect("a file of the trial can be written");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Adds to a file, as a program that writes a log does.
pub fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .expect("the input can be written");
    std::io::Write::write_all(&mut file, bytes).expect("the input can be written");
}

/// A run, with what it says in a file.
pub struct Run {
    pub child: Child,
    said: PathBuf,
}

/// What became of one.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub said: String,
}

impl Ended {
    /// It ended by itself, well, and said nothing out of the way.
    pub fn is_well(&self) -> bool {
        self.status.success() && is_calm(&self.said)
    }

    pub fn was_killed(&self) -> bool {
        self.status.signal() == Some(9)
    }
}

/// Whether all that was said is what the records of the trials give rise to.
pub fn is_calm(said: &str) -> bool {
    let usual = |line: &str| {
        line.contains(" not JSON (")
            || line.contains(" came too late for ")
            || line.contains("other has no record yet")
    };
    said.lines().all(usual)
}

pub fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dstream"));
    command.current_dir(dir).env("TZ", "UTC");
    command
}

impl Run {
    pub fn start(dir: &Path, words: &[String]) -> Run {
        Run::of(command(dir).args(words), dir)
    }

    /// Starts a command that was made ready.
    pub fn of(command: &mut Command, dir: &Path) -> Run {
        let said = dir.join("said");
        let to = fs::File::create(&said).expect("a file of the trial can be written");
        let child = command
            .stdin(Stdio::null())
            .stderr(to)
            .spawn()
            .expect("the program starts");
        Run { child, said }
    }

    /// Waits so long for its end.
    pub fn wait(&mut self, most: Duration) -> Option<Ended> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                return Some(Ended {
                    status,
                    said: String::from_utf8_lossy(&fs::read(&self.said).unwrap_or_default()).into(),
                });
            }
            if began.elapsed() >= most {
                return None;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    pub fn end(&mut self) -> Ended {
        self.wait(PATIENCE).unwrap_or_else(|| {
            let _ = self.child.kill();
            panic!("a run does not end in {}", self.said.display())
        })
    }

    /// Kills it, if it is still there.
    pub fn kill(&mut self) -> Ended {
        let _ = self.child.kill();
        self.end()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs to the end.
pub fn run(dir: &Path, words: &[String]) -> Ended {
    Run::start(dir, words).end()
}

pub fn words(of: &[&str]) -> Vec<String> {
    of.iter().map(|word| word.to_string()).collect()
}

/// Where two outputs begin to differ, for a message.
pub fn first_difference(is: &[u8], should: &[u8]) -> String {
    let at = is.iter().zip(should).take_while(|(a, b)| a == b).count();
    let around = |bytes: &[u8]| {
        let from = at.saturating_sub(80).min(bytes.len());
        let to = (at + 80).min(bytes.len());
        String::from_utf8_lossy(&bytes[from..to]).into_owned()
    };
    format!(
        "{} bytes in place of {}; they differ at {at}:\n--- is\n{}\n--- should be\n{}",
        is.len(),
        should.len(),
        around(is),
        around(should)
    )
}
