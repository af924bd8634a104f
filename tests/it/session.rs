//! Shell sessions as tests: reads them, runs them, compares, and writes back what was rewritten. A session is
//! a run of lines `$ command`, each followed by what it prints on both outputs and, where it is not 0, its
//! exit status as `? N`; `> ` continues a command. Knows no case. Invariant: the expected output of a session
//! with an oracle comes from the oracle alone.
//!
//! A line `# oracle: COMMAND` before a session names the judge: what it prints is expected. `# once` keeps a
//! session out of the matrix (it waits, or takes its own `-j`). Blank lines and comments part sessions, and
//! each session has a fresh directory of its own. Output without a last line end gets the line `\ no newline`;
//! bytes that are not UTF-8 show as `\xNN`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// No session takes as long.
const SECONDS_MAX: &str = "60";
const NO_NEWLINE: &str = "\\ no newline\n";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub command: String,
    pub expected: Outcome,
}

/// What a command printed, and its exit status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub text: String,
    pub status: i32,
}

#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Where it stands: `errors/csv.t:12`.
    pub name: String,
    pub steps: Vec<Step>,
    pub oracle: Option<String>,
    pub once: bool,
}

/// A part of a file: kept as it is, or a session.
pub enum Part {
    Text(String),
    Session(Session),
}

/// Takes a text of sessions apart.
pub fn parse(name: &str, text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut oracle = None;
    let mut once = false;
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let Some(command) = line.strip_prefix("$ ") else {
            assert!(
                line.is_empty() || line.starts_with('#'),
                "{name}:{}: neither a command, a comment nor output of a command: {line}",
                number + 1
            );
            if let Some(command) = line.strip_prefix("# oracle: ") {
                oracle = Some(command.to_string());
            }
            once |= line == "# once";
            parts.push(Part::Text(format!("{line}\n")));
            continue;
        };
        let mut command = command.to_string();
        while let Some((_, more)) = lines.next_if(|(_, line)| line.starts_with("> ")) {
            command.push('\n');
            command.push_str(&more[2..]);
        }
        let mut output: Vec<&str> = Vec::new();
        while let Some((_, line)) =
            lines.next_if(|(_, line)| !line.starts_with("$ ") && !line.starts_with('#'))
        {
            output.push(line);
        }
        let blank = output
            .iter()
            .rev()
            .take_while(|line| line.is_empty())
            .count();
        output.truncate(output.len() - blank);
        let status = output.last().and_then(|line| line.strip_prefix("? "));
        let status = status.map(|word| {
            let parsed = word.parse::<i32>();
            parsed.unwrap_or_else(|_| panic!("{name}:{}: '? {word}' is no status", number + 1))
        });
        if status.is_some() {
            output.pop();
        }
        let mut text = output.join("\n");
        if !text.is_empty() {
            text.push('\n');
        }
        if let Some(open) = text.strip_suffix(NO_NEWLINE) {
            text.truncate(open.len().saturating_sub(1));
        }
        let step = Step {
            command,
            expected: Outcome {
                text,
                status: status.unwrap_or(0),
            },
        };
        match parts.last_mut() {
            Some(Part::Session(session)) => session.steps.push(step),
            _ => parts.push(Part::Session(Session {
                name: format!("{name}:{}", number + 1),
                steps: vec![step],
                oracle: oracle.take(),
                once: std::mem::take(&mut once),
            })),
        }
        for _ in 0..blank {
            parts.push(Part::Text("\n".into()));
        }
    }
    parts
}

/// The text that [`parse`] reads as these parts.
pub fn print(parts: &[Part]) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Session(session) => {
                for step in &session.steps {
                    let command = step.command.replace('\n', "\n> ");
                    writeln!(out, "$ {command}").expect("a string takes everything");
                    out.push_str(&shown(&step.expected));
                }
            }
        }
    }
    out
}

/// An outcome as it stands in a session.
pub fn shown(outcome: &Outcome) -> String {
    let mut out = outcome.text.clone();
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
        out.push_str(NO_NEWLINE);
    }
    if outcome.status != 0 {
        writeln!(out, "? {}", outcome.status).expect("a string takes everything");
    }
    out
}

/// How the engine is told to cut its work; nothing of it may show.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub workers: usize,
    pub block: usize,
    pub epoch: Option<usize>,
}

pub const WORKERS: [usize; 4] = [1, 2, 3, 8];
pub const BLOCKS: [usize; 3] = [7, 4096, 131_072];

impl Setting {
    pub fn options(&self) -> String {
        let mut options = format!("-j {} --block-size {}", self.workers, self.block);
        if let Some(epoch) = self.epoch {
            write!(options, " --epoch {epoch}").expect("a string takes everything");
        }
        options
    }
}

/// A directory that goes when its owner does.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("session-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a directory for a session");
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The large files beside the crate, where there are any.
pub fn big_data() -> Option<PathBuf> {
    let path = root().join("../shared/data");
    path.is_dir().then_some(path)
}

/// A bash that runs `command` in `dir`, with nothing of the caller's environment that could change an answer.
pub fn bash(command: &str, dir: &Path, setting: Option<Setting>) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_dstream"));
    let first = match setting {
        Some(_) => root().join("tests/it/bin"),
        None => binary
            .parent()
            .expect("a file is in a folder")
            .to_path_buf(),
    };
    let rest = std::env::var("PATH").unwrap_or_default();
    let mut bash = Command::new("timeout");
    bash.args(["-k", "1", SECONDS_MAX, "bash", "-c"])
        .arg(command)
        .current_dir(dir)
        .env_clear()
        .env("PATH", format!("{}:{rest}", first.display()))
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .env("HOME", dir)
        .env("TMPDIR", dir)
        .env("DATA", root().join("tests/data"))
        .stdin(Stdio::null());
    if let Some(setting) = setting {
        bash.env("SESSION_BINARY", binary)
            .env("SESSION_OPTIONS", setting.options());
    }
    bash
}

/// Runs a command to its end; both outputs as one.
pub fn run(command: &str, dir: &Path, setting: Option<Setting>) -> Outcome {
    let output = bash(&format!("exec 2>&1\n{command}"), dir, setting)
        .output()
        .expect("bash and timeout are there");
    Outcome {
        text: legible(&output.stdout),
        status: output.status.code().unwrap_or(-1),
    }
}

/// An outcome without the command lines that messages show and the carets below them: the options of the matrix are
/// among their words.
fn without_places(outcome: &Outcome) -> Outcome {
    let mut text = String::with_capacity(outcome.text.len());
    let mut lines = outcome.text.split_inclusive('\n').peekable();
    let is_shown = |line: &str| line.starts_with("    dstream ") || line.starts_with("    … ");
    let are_carets = |line: &&str| {
        let carets = line.trim();
        !carets.is_empty() && carets.bytes().all(|byte| byte == b'^')
    };
    while let Some(line) = lines.next() {
        if !(is_shown(line) && lines.next_if(are_carets).is_some()) {
            text.push_str(line);
        }
    }
    Outcome {
        text,
        status: outcome.status,
    }
}

/// Text as it is, other bytes as `\xNN`.
fn legible(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02x}").expect("a string takes everything");
        }
    }
    out
}

/// What the commands of a session come to.
pub fn outcomes(session: &Session, setting: Option<Setting>) -> Vec<Outcome> {
    let dir = Scratch::new();
    let steps = session.steps.iter();
    steps
        .map(|step| run(&step.command, &dir.0, setting))
        .collect()
}

/// Where the session differs from what is expected under this setting.
pub fn differences(session: &Session, setting: Option<Setting>) -> Option<String> {
    let actual = outcomes(session, setting);
    let differing = session
        .steps
        .iter()
        .zip(&actual)
        .filter(|(step, actual)| match setting {
            None => step.expected != **actual,
            Some(_) => without_places(&step.expected) != without_places(actual),
        });
    let mut out = String::new();
    for (step, actual) in differing {
        let how = setting.map_or(String::new(), |setting| setting.options());
        write!(
            out,
            "{} {how}\n$ {}\n--- expected\n{}--- printed\n{}",
            session.name,
            step.command,
            shown(&step.expected),
            shown(actual)
        )
        .expect("a string takes everything");
    }
    (!out.is_empty()).then_some(out)
}

/// Calls `each` for every number below `count`, on two threads.
pub fn on_two_threads(count: usize, each: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        break;
                    }
                    each(at);
                }
            });
        }
    });
}

/// What went wrong, gathered from threads and told at once.
#[derive(Default)]
pub struct Faults(Mutex<Vec<(usize, String)>>);

impl Faults {
    pub fn push(&self, at: usize, fault: String) {
        let mut faults = self.0.lock().expect("no thread panics with the lock");
        faults.push((at, fault));
    }

    /// Fails with all of them, in order.
    pub fn tell(self, what: &str) {
        let mut faults = self.0.into_inner().expect("no thread panics with the lock");
        faults.sort();
        let texts: Vec<_> = faults.iter().map(|(_, fault)| fault.as_str()).collect();
        assert!(
            texts.is_empty(),
            "{} of {what} differ:\n\n{}",
            texts.len(),
            texts.join("\n")
        );
    }
}

/// Whether this machine has a tool; says so where not.
pub fn has(tool: &str) -> bool {
    let found = Command::new("bash")
        .args(["-c", &format!("command -v {tool} >/dev/null")])
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        println!("skipped: {tool} is not on this machine");
    }
    found
}

#[test]
fn a_file_of_sessions_reads_and_prints_as_it_is() {
    let text =
        "# words\n\n$ a\nx\n\ny\n$ b\n? 2\n\n# oracle: sort\n# once\n$ c\n> d\nz\n\\ no newline\n";
    let parts = parse("t", text);
    assert_eq!(print(&parts), text);
    let sessions: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Session(session) => Some(session),
            Part::Text(_) => None,
        })
        .collect();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0].steps[0].expected.text, "x\n\ny\n");
    assert_eq!(sessions[0].steps[1].expected.status, 2);
    assert_eq!(sessions[1].oracle.as_deref(), Some("sort"));
    assert!(sessions[1].once && !sessions[0].once);
    assert_eq!(sessions[1].steps[0].command, "c\nd");
    assert_eq!(legible(b"a\xffb"), "a\\xffb");
}
