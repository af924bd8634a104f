//! Runs the sessions of tests/cases and the examples of every table, under the matrix of workers, blocks and
//! epochs: one answer. `UPDATE=1` rewrites what the files expect, but never what an oracle said, nor the
//! examples, which are documentation. Invariant: what is expected is compared with a plain run first, so
//! that the matrix can only agree with it.

use super::session::{self, BLOCKS, Faults, Part, Scratch, Session, Setting, WORKERS};
use dstream::data::doc::Doc;
use dstream::{aggs, cli, expr, formats, ops, sinks, sources};
use std::fs;
use std::path::{Path, PathBuf};

/// Every setting: workers × blocks, without epochs and with epochs of 7 records by turns, so that two sessions
/// that differ in `turn` by one see all 24.
fn all_settings(turn: usize) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (w, &workers) in WORKERS.iter().enumerate() {
        for (b, &block) in BLOCKS.iter().enumerate() {
            settings.push(Setting {
                workers,
                block,
                epoch: (w + b + turn).is_multiple_of(2).then_some(7),
            });
        }
    }
    settings
}

/// One setting for each number of workers. Blocks and epochs change with `turn`: six sessions in a row see
/// every pair of workers with blocks, workers with epochs, and blocks with epochs. (All 24 for every session
/// would take a debug build many minutes.)
fn some_settings(turn: usize) -> Vec<Setting> {
    let workers = WORKERS.iter().enumerate();
    workers
        .map(|(w, &workers)| Setting {
            workers,
            block: BLOCKS[(w + turn) % BLOCKS.len()],
            epoch: (w + turn / 3).is_multiple_of(2).then_some(7),
        })
        .collect()
}

/// Runs sessions plainly and under their settings.
fn check(what: &str, sessions: &[(Session, Vec<Setting>)]) {
    assert!(!sessions.is_empty(), "there are no {what}");
    let faults = Faults::default();
    session::on_two_threads(sessions.len(), |at| {
        let (session, settings) = &sessions[at];
        if let Some(fault) = session::differences(session, None).or_else(|| judged(session)) {
            faults.push(at, fault);
            return;
        }
        if session.once {
            return;
        }
        for setting in settings {
            if let Some(fault) = session::differences(session, Some(*setting)) {
                faults.push(at, fault);
                return;
            }
        }
    });
    faults.tell(what);
}

/// What the oracle says against what the file says it said.
fn judged(session: &Session) -> Option<String> {
    let oracle = session.oracle.as_ref()?;
    let tool = oracle.split_whitespace().next().unwrap_or_default();
    if !session::has(tool) {
        return None;
    }
    assert_eq!(
        session.steps.len(),
        1,
        "{}: one command, one judge",
        session.name
    );
    let said = session::run(oracle, &Scratch::new().0, None).text;
    let expected = &session.steps[0].expected.text;
    (said != *expected).then(|| {
        format!(
            "{}: the file is not what the oracle says\n$ {oracle}\n{said}--- the file\n{expected}",
            session.name
        )
    })
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of cases") {
        let path = entry.expect("an entry of a folder of cases").path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "t") {
            into.push(path);
        }
    }
    into.sort();
}

/// Writes what is printed now into a file of sessions; where an oracle judges, what it says, and only where
/// nothing is expected yet.
fn rewrite(path: &Path, name: &str) {
    let before = fs::read_to_string(path).expect("a file of cases");
    let mut parts = session::parse(name, &before);
    for part in &mut parts {
        let Part::Session(session) = part else {
            continue;
        };
        let first = &mut session.steps[0].expected;
        match &session.oracle {
            Some(oracle) if first.text.is_empty() => {
                first.text = session::run(oracle, &Scratch::new().0, None).text;
            }
            Some(_) => {}
            None => {
                let outcomes = session::outcomes(session, None);
                for (step, outcome) in session.steps.iter_mut().zip(outcomes) {
                    step.expected = outcome;
                }
            }
        }
    }
    let after = session::print(&parts);
    if after != before {
        fs::write(path, after).expect("a file of cases can be written");
        println!("rewritten: {name}");
    }
}

#[test]
fn the_sessions_of_the_case_files() {
    let folder = session::root().join("tests/cases");
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let mut sessions = Vec::new();
    for path in &paths {
        let name = path.strip_prefix(&folder).expect("it was found there");
        let name = name.display().to_string();
        if std::env::var_os("UPDATE").is_some_and(|word| word == "1") {
            rewrite(path, &name);
        }
        let text = fs::read_to_string(path).expect("a file of cases");
        for part in session::parse(&name, &text) {
            if let Part::Session(session) = part {
                let settings = some_settings(sessions.len());
                sessions.push((session, settings));
            }
        }
    }
    check("sessions", &sessions);
}

/// INTERFACE 10: a mistake on the command line is shown where it stands there, or in its file.
#[test]
fn every_mistake_is_pointed_at() {
    let folder = session::root().join("tests/cases");
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let mut mistakes = 0;
    for path in &paths {
        let text = fs::read_to_string(path).expect("a file of cases");
        for part in session::parse(&path.display().to_string(), &text) {
            let Part::Session(session) = part else {
                continue;
            };
            for step in session.steps {
                // Of a pipe the last one's status is that of all.
                if step.expected.status == 2 && step.expected.text.starts_with("dstream: ") {
                    mistakes += 1;
                    assert!(step.expected.text.contains('^'), "{}", step.command);
                }
            }
        }
    }
    assert!(mistakes > 200, "{mistakes}");
}

fn examples_of(name: &str, doc: &Doc) -> Vec<Session> {
    let parts = doc
        .examples
        .iter()
        .flat_map(|example| session::parse(&format!("{name}: {}", example.title), example.session));
    parts
        .filter_map(|part| match part {
            Part::Session(session) => Some(session),
            Part::Text(_) => None,
        })
        .collect()
}

#[test]
fn the_examples_of_operators_and_aggregates_under_every_setting() {
    let operators = ops::OPERATORS.iter().map(|entry| (entry.name, &entry.doc));
    let running = ops::running::RUNNING.iter().map(|row| (row.name, &row.doc));
    let aggregates = aggs::AGGREGATES
        .iter()
        .map(|entry| (entry.name, &entry.doc));
    let examples = operators
        .chain(running)
        .chain(aggregates)
        .flat_map(|(name, doc)| examples_of(name, doc))
        .enumerate()
        .map(|(turn, session)| (session, all_settings(turn)));
    check("examples", &examples.collect::<Vec<_>>());
}

#[test]
fn the_examples_of_the_other_tables() {
    let functions = expr::funcs::FUNCTIONS
        .iter()
        .map(|entry| (entry.name, &entry.doc));
    let formats = formats::FORMATS
        .iter()
        .map(|entry| (entry.name, &entry.doc));
    let sources = sources::SOURCES
        .iter()
        .map(|entry| (entry.word, &entry.doc));
    let sinks = sinks::SINKS.iter().map(|entry| (entry.word, &entry.doc));
    let options = cli::globals::OPTIONS
        .iter()
        .map(|entry| (entry.long, &entry.doc));
    let examples = functions
        .chain(formats)
        .chain(sources)
        .chain(sinks)
        .chain(options)
        .flat_map(|(name, doc)| examples_of(name, doc))
        .enumerate()
        .map(|(turn, session)| (session, some_settings(turn)));
    check("examples", &examples.collect::<Vec<_>>());
}

#[test]
fn the_examples_of_the_manual_on_time() {
    let doc = |examples| Doc {
        summary: "",
        text: "",
        examples,
    };
    let mut sessions = examples_of("help time", &doc(cli::docs::time::EXAMPLES));
    let worked = session::parse("help time, ten scores", &cli::docs::time::session());
    for part in worked {
        match part {
            Part::Session(session) => sessions.push(session),
            Part::Text(text) => assert!(text.trim().is_empty(), "it parts the session: {text}"),
        }
    }
    assert_eq!(sessions.len(), cli::docs::time::EXAMPLES.len() + 1);
    sessions.extend(examples_of("help state", &doc(cli::docs::state::EXAMPLES)));
    let sessions = sessions.into_iter().enumerate();
    let sessions = sessions.map(|(turn, session)| (session, all_settings(turn)));
    check("examples", &sessions.collect::<Vec<_>>());
}

#[test]
fn the_settings_cover_every_pair() {
    let of = |settings: fn(usize) -> Vec<Setting>, turns| (0..turns).flat_map(settings).collect();
    let all: Vec<Setting> = of(all_settings, 2);
    let some: Vec<Setting> = of(some_settings, 6);
    for workers in WORKERS {
        for block in BLOCKS {
            for epoch in [None, Some(7)] {
                let setting = Setting {
                    workers,
                    block,
                    epoch,
                };
                assert!(all.contains(&setting), "{setting:?}");
                let pair = |one: &dyn Fn(&Setting) -> bool| some.iter().any(one);
                assert!(pair(&|s| s.workers == workers && s.block == block));
                assert!(pair(&|s| s.workers == workers && s.epoch == epoch));
                assert!(pair(&|s| s.block == block && s.epoch == epoch));
            }
        }
    }
}
