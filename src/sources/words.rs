//! Source words: what they mean, and how they are opened. Opens nothing that a run does not read. Invariant: an
//! unknown scheme is an error that lists the known ones, unless a file has that name.

use super::connect::{self, Address};
use super::dir::Dir;
use super::pattern::PathPattern;
use super::{
    Input, Opening, Parts, SOURCES, glob, listen, names, open_file, rate, stdin, throttle, udp,
};
use crate::error::{Failure, status};
use anyhow::{Context, Result};
use std::path::Path;

/// A source word, understood but not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    Stdin,
    File(String),
    Dir(String),
    Glob(String),
    Tcp(String),
    Unix(String),
    TcpListen(String),
    UdpListen(String),
    UnixListen(String),
    Rate(u64),
}

impl Word {
    /// A connection, or what comes by one.
    pub fn is_network(&self) -> bool {
        matches!(
            self,
            Word::Tcp(_)
                | Word::Unix(_)
                | Word::TcpListen(_)
                | Word::UdpListen(_)
                | Word::UnixListen(_)
        )
    }

    /// It is one source by itself, whatever stands beside it.
    pub fn is_apart(&self, how: &Opening) -> bool {
        let is_live = how.follow && !how.once;
        match self {
            Word::Stdin => false,
            Word::File(_) | Word::Glob(_) => is_live,
            Word::Dir(_) => !how.once,
            _ => true,
        }
    }

    /// As it is told, and as it was given.
    pub fn name(&self) -> String {
        match self {
            Word::Stdin => "-".into(),
            Word::File(path) => path.clone(),
            Word::Dir(path) => format!("dir:{path}"),
            Word::Glob(pattern) => format!("glob:{pattern}"),
            Word::Tcp(address) => format!("tcp:{address}"),
            Word::Unix(path) => format!("unix:{path}"),
            Word::TcpListen(address) => format!("tcp-listen:{address}"),
            Word::UdpListen(address) => format!("udp-listen:{address}"),
            Word::UnixListen(path) => format!("unix-listen:{path}"),
            Word::Rate(rows) => format!("rate:{rows}"),
        }
    }
}

/// Understands a source word. An unknown `SCHEME:` is an error that lists the known ones, unless there is a
/// file of that name.
pub fn parse(word: &str) -> Result<Word, String> {
    if word == "-" {
        return Ok(Word::Stdin);
    }
    let Some((scheme, rest)) = word.split_once(':') else {
        return Ok(Word::File(word.into()));
    };
    let given = |make: fn(String) -> Word, what: &str| match rest {
        "" => Err(format!("{scheme}: is {scheme}:{what}")),
        rest => Ok(make(rest.into())),
    };
    match scheme {
        _ if Path::new(word).is_file() => Ok(Word::File(word.into())),
        "dir" => given(Word::Dir, "PATH"),
        "glob" => given(Word::Glob, "PATTERN"),
        "tcp" | "tcp-listen" | "udp-listen" if !is_address(scheme, rest) => Err(match scheme {
            "tcp" => format!("{word}: an address is HOST:PORT"),
            _ => format!("{word}: an address is PORT or ADDR:PORT, with a port from 1 to 65535"),
        }),
        "tcp" => given(Word::Tcp, "HOST:PORT"),
        "unix" => given(Word::Unix, "PATH"),
        "tcp-listen" => given(Word::TcpListen, "[ADDR:]PORT"),
        "udp-listen" => given(Word::UdpListen, "[ADDR:]PORT"),
        "unix-listen" => given(Word::UnixListen, "PATH"),
        "rate" => match rest.parse::<u64>() {
            Ok(rows) if (1..=rate::ROWS_MAX).contains(&rows) => Ok(Word::Rate(rows)),
            _ => Err(format!(
                "rate:{rest}: rows a second are a whole number from 1 to {}",
                rate::ROWS_MAX
            )),
        },
        _ if !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') => {
            let known: Vec<_> = SOURCES
                .iter()
                .filter_map(|entry| entry.scheme)
                .map(|s| format!("{s}:"))
                .collect();
            Err(format!(
                "no source of kind '{scheme}:'; known are files, -, {}",
                known.join(", ")
            ))
        }
        _ => Ok(Word::File(word.into())),
    }
}

/// Whether it has the form of one; listeners need no host, and somebody must know their port.
fn is_address(scheme: &str, text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (Some(host), port),
        None => (None, text),
    };
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    is_port && host.map_or(scheme != "tcp", |host| !host.is_empty())
}

/// The words that a word stands for: the files that match a pattern, unless it goes on.
pub fn expand(word: &Word, how: &Opening) -> Result<Vec<Word>> {
    match word {
        Word::Glob(pattern) if !how.follow || how.once => glob::words(pattern),
        word => Ok(vec![word.clone()]),
    }
}

/// How often it is looked again at what matches a pattern.
pub const TRIES: u32 = 5;

/// Whether a source could not be opened because nothing has its name, which may have matched a moment ago.
pub fn is_gone(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::NotFound)
}

/// Whether a file of that name would be read again under a name that it may get when it is rotated.
pub fn may_come_again(words: &[String], path: &str) -> bool {
    let path = Path::new(path);
    let others = names::base(path).map_or_else(Vec::new, |base| names::rotated_names(&base));
    let names = [names::rotated_names(path), others].concat();
    words.iter().any(|word| match parse(word) {
        Ok(Word::File(word)) => names::is_rotated_name(path, Path::new(&word), true),
        Ok(Word::Glob(pattern)) => PathPattern::parse(&pattern)
            .is_ok_and(|pattern| names.iter().any(|name| pattern.matches(name))),
        _ => false,
    })
}

/// Opens a source. Errors name it.
pub fn open(word: &Word, how: &Opening) -> Result<Input> {
    if how.once
        && !matches!(
            word,
            Word::Stdin
                | Word::File(_)
                | Word::Dir(_)
                | Word::Glob(_)
                | Word::Tcp(_)
                | Word::Unix(_)
        )
    {
        return Err(Failure {
            status: status::USAGE,
            message: format!(
                "{}: it has no present end, so --once would not end; leave it out or use --for",
                word.name()
            ),
        }
        .into());
    }
    let input = open_unbound(word, how)?;
    Ok(match how.max_rate {
        Some(rows) => throttle::bound(input, rows)?,
        None => input,
    })
}

fn open_unbound(word: &Word, how: &Opening) -> Result<Input> {
    let name = word.name();
    let stream = |live: Result<_>| {
        Ok(Input::Stream {
            name: name.clone(),
            live: live.with_context(|| name.clone())?,
            endless: true,
        })
    };
    let parts = |parts: Box<dyn Parts>, live: bool| {
        Ok(Input::Parts {
            name: name.clone(),
            parts,
            live,
        })
    };
    let connects = how.follow && !how.once;
    match word {
        Word::Stdin => stdin::open(how),
        Word::File(path) => open_file(path, how),
        Word::Dir(path) => parts(Box::new(Dir::open(path, how)?), !how.once),
        Word::Glob(pattern) => Ok(Input::Finder {
            name: name.clone(),
            finder: Box::new(glob::Matching::new(pattern, how)?),
        }),
        Word::Tcp(_) | Word::Unix(_) => {
            let address = Address::of(word).with_context(|| name.clone())?;
            match connects {
                true => parts(
                    Box::new(connect::Again::new(name.clone(), address, how)),
                    true,
                ),
                false => stream(connect::once(&address)),
            }
        }
        Word::TcpListen(address) => stream(listen::tcp(address, how)),
        Word::UnixListen(path) => stream(listen::unix(path, how)),
        Word::UdpListen(address) => stream(udp::listen(&name, address, how)),
        Word::Rate(rows) => stream(Ok(Box::new(rate::Rate::new(*rows, how.form)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_files_unless_a_scheme_is_known() {
        let check = |word: &str, expected: Word| assert_eq!(parse(word), Ok(expected), "{word}");
        check("-", Word::Stdin);
        check("a.log", Word::File("a.log".into()));
        check("tcp:h:1", Word::Tcp("h:1".into()));
        check("tcp-listen:9999", Word::TcpListen("9999".into()));
        check("udp-listen:[::1]:514", Word::UdpListen("[::1]:514".into()));
        check("unix-listen:/tmp/x", Word::UnixListen("/tmp/x".into()));
        check("dir:in/", Word::Dir("in/".into()));
        check("glob:a/{b,c}/*", Word::Glob("a/{b,c}/*".into()));
        check("rate:10", Word::Rate(10));
        check("2026-01-01T10:00", Word::File("2026-01-01T10:00".into()));
        let wrong = |word: &str, part: &str| {
            let message = parse(word).unwrap_err();
            assert!(message.contains(part), "{word}: {message}");
        };
        wrong("kafka:x", "tcp-listen:");
        wrong("rate:0", "from 1");
        wrong("rate:fast", "whole number");
        wrong("dir:", "dir:PATH");
        wrong("tcp:9999", "HOST:PORT");
        wrong("tcp:h:x", "HOST:PORT");
        wrong("tcp-listen:0", "from 1");
        wrong("udp-listen::9", "ADDR:PORT");
    }
}
