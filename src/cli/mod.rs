//! The command line: the only place that prints, reads the environment and decides the exit status. Below it
//! everything returns. Invariant: standard output holds records, or help that was asked for, and nothing else.

pub mod chain;
pub mod check;
pub mod colors;
pub mod complete;
pub mod config;
pub mod disorder;
pub mod docs;
pub mod explain;
pub mod foreign;
#[doc(hidden)]
pub mod fuzz;
pub mod globals;
pub mod live;
pub mod messages;
pub mod metrics;
pub mod named;
pub mod others;
pub mod overlap;
pub mod peek;
pub mod pointing;
pub mod progress;
pub mod report;
pub mod run;
pub mod script;
pub mod show;
pub mod signals;
pub mod suggest;
pub mod terminal;
pub mod units;

use crate::error::{Usage, status};
use crate::ops::OPERATORS;
use chain::{Request, Tables, World};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::Path;

/// The tables of this version.
pub const TABLES: Tables = Tables {
    operators: OPERATORS,
    options: globals::OPTIONS,
};

/// Does what the words of a command line ask for; the answer is the exit status.
pub fn run(words: Vec<OsString>) -> i32 {
    terminal::tell_panics_in_a_line();
    if words.is_empty() && std::io::stdin().is_terminal() {
        terminal::print(&docs::help::short());
        return status::USAGE;
    }
    let typed: Vec<String> = words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let answered = std::panic::catch_unwind(|| asked(words).and_then(answer));
    match answered {
        Ok(Ok(status)) => status,
        Ok(Err(usage)) => {
            terminal::say(&pointing::pointed(usage, &typed).to_string());
            status::USAGE
        }
        // The hook has told what happened.
        Err(_) => status::SOFTWARE,
    }
}

fn asked(words: Vec<OsString>) -> Result<Request, Usage> {
    let mut texts = Vec::with_capacity(words.len());
    for word in words {
        texts.push(word.into_string().map_err(|word| {
            Usage::new(format!(
                "'{}' is not UTF-8, as every word must be; a file of such a name can be given as standard input",
                word.to_string_lossy()
            ))
        })?);
    }
    let world = World {
        exists: &|path| Path::new(path).exists(),
        script: &|path| read_text(path),
    };
    chain::split(texts, TABLES, &world)
}

/// A file that belongs to the command: a script, a file of functions.
fn read_text(path: &str) -> Result<String, Usage> {
    let bytes = std::fs::read(path).map_err(|error| {
        Usage::new(messages::chain(
            &anyhow::Error::new(error).context(path.to_string()),
        ))
    })?;
    String::from_utf8(bytes).map_err(|_| Usage::new(format!("{path}: it is not UTF-8")))
}

fn answer(request: Request) -> Result<i32, Usage> {
    let text = match request {
        Request::ShortHelp => docs::help::short(),
        Request::Help(None) => docs::help::long(),
        Request::Help(Some(topic)) if topic == "formats" => {
            let own = named::all(false)?;
            let own = own.map_or_else(String::new, |(path, all)| named::listed(&path, &all));
            docs::help::topic(&topic)? + &own
        }
        Request::Help(Some(topic)) => docs::help::topic(&topic)?,
        Request::Version => format!("dstream {}\n", env!("CARGO_PKG_VERSION")),
        Request::Complete(words) => complete::answers(&words, TABLES)
            .iter()
            .map(|answer| format!("{answer}\n"))
            .collect(),
        Request::Run(chain) => return run::run(&chain),
    };
    Ok(terminal::print(&text))
}
