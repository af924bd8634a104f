//! The first record of the input, where it must be known before anything runs: the header of csv and tsv, the first of
//! json and logfmt that is none of the bad ones.
//! What cannot be read again is handed on with it; a plain file is left as it was. Invariant: no byte of a
//! pipe is lost, whether the first record was complete or not.

use crate::error::{Failure, status};
use crate::formats::Framing;
use crate::plan::node::Begun;
use crate::sources::{self, Input, Next, Opening, Parts, Read, TRIES, Word};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether a file has appeared.
const LOOK: Duration = Duration::from_millis(250);

/// So many records that tell nothing are looked at.
const BAD_MAX: usize = 1000;

/// Which record it is.
pub struct Sought<'a> {
    pub framing: &'a Framing,
    /// Whether a record tells what is to be known. Where none of the first does, it is the first.
    pub tells: fn(&[u8]) -> bool,
    /// A header, which is passed on with its carriage return.
    pub whole: bool,
}

impl Sought<'_> {
    /// What is known when nothing comes behind these bytes.
    fn peeked(&self, bytes: &[u8], all: bool) -> Peeked {
        let found = self.find(bytes, all);
        let first = found.or_else(|| self.first(bytes, all));
        let first = first.unwrap_or_default();
        let first = match without_end(first) {
            [] => &[],
            told if !self.whole => told,
            _ => first.strip_suffix(b"\n").unwrap_or(first),
        };
        Peeked {
            first: Some(first.to_vec()),
            is_vague: found.is_none(),
            ..Peeked::default()
        }
    }

    /// The record in these first bytes of an input; `None`: it may come behind them. `all`: the last one needs no line end.
    fn find<'b>(&self, bytes: &'b [u8], all: bool) -> Option<&'b [u8]> {
        let mut records = records(bytes, self.framing, all);
        let mut some = records.by_ref().take(BAD_MAX);
        let told = some.find(|record| (self.tells)(without_end(record)));
        told.or_else(|| records.next().and_then(|_| self.first(bytes, all)))
    }

    fn first<'b>(&self, bytes: &'b [u8], all: bool) -> Option<&'b [u8]> {
        records(bytes, self.framing, all).next()
    }
}

/// Records with their line ends.
fn records<'b>(bytes: &'b [u8], framing: &Framing, all: bool) -> impl Iterator<Item = &'b [u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let end = first_record(rest, framing, all)?;
        let (record, behind) = rest.split_at(end);
        rest = behind;
        Some(record)
    })
}

/// What is known of the sources before the run.
#[derive(Default)]
pub struct Peeked {
    /// The first record without its line end, a header only without the line feed; empty for empty input; `None` where it was not asked for.
    pub first: Option<Vec<u8>>,
    /// Another source may tell more.
    pub is_vague: bool,
    /// What was taken from a stream and will not come again.
    pub begun: Option<Begun>,
}

impl Peeked {
    fn is_empty(&self) -> bool {
        self.first.as_ref().is_none_or(Vec::is_empty)
    }
}

/// Reads the first record of the first source that has one. `max`: bytes of a record. `wait`: how long to wait for bytes;
/// `None`: for ever. `how`: followed, what is not there is waited for.
pub fn peek(
    words: &[Word],
    sought: &Sought<'_>,
    max: usize,
    wait: Option<Duration>,
    how: &Opening,
) -> Result<Peeked, Failure> {
    // A line that is being written is not the first record yet.
    let partly = !how.once || how.last;
    let how = Opening {
        follow: how.follow,
        glob: how.glob.clone(),
        form: how.form,
        // What a run before has met and not read may have been moved away since, and comes first.
        once: how.once && how.kept.is_some(),
        kept: how.kept.clone(),
        ..Opening::default()
    };
    let mut left = wait;
    loop {
        // Of several, none is waited for while another may have a record.
        let is_alone = words.len() < 2 && !matches!(words, [Word::Glob(_)]);
        let most = match is_alone || !how.follow {
            true => left,
            false => Some(Duration::ZERO),
        };
        let empty = match look(words, sought, max, most, (&how, partly))? {
            Looked::Found(peeked) => return Ok(peeked),
            Looked::Empty(peeked) if is_alone || !how.follow => return Ok(peeked),
            Looked::Empty(peeked) => peeked,
        };
        if let Some(left) = &mut left {
            if left.is_zero() {
                return Ok(empty);
            }
            *left = left.saturating_sub(LOOK);
        }
        std::thread::sleep(LOOK);
    }
}

/// What one look at all words came to.
enum Looked {
    Found(Peeked),
    /// There is no record yet.
    Empty(Peeked),
}

fn look(
    words: &[Word],
    sought: &Sought<'_>,
    max: usize,
    wait: Option<Duration>,
    (how, partly): (&Opening, bool),
) -> Result<Looked, Failure> {
    let (mut refused, mut empty) = (None, None);
    // One that is there before one that is waited for.
    let is_there =
        |word: &&Word| !matches!(word, Word::File(path) if !std::path::Path::new(path).exists());
    let absent = words.iter().filter(|word| !is_there(word));
    for word in words.iter().filter(is_there).chain(absent) {
        let is_pipe = matches!(word, Word::File(path) if sources::is_pipe(path));
        let is_by_name = matches!(word, Word::File(_) | Word::Glob(_) | Word::Dir(_)) && !is_pipe;
        if !is_by_name && let Some(empty) = empty.take() {
            // What cannot be read again is not begun behind others.
            return Ok(Looked::Empty(empty));
        }
        if word.is_network() {
            return Ok(Looked::Found(Peeked::default()));
        }
        let begun = match word {
            Word::File(path) if is_pipe => sources::open_pipe(path).map(Arc::new),
            _ => None,
        };
        let how = &Opening {
            begun: begun.clone(),
            ..how.clone()
        };
        for tries in (0..TRIES).rev() {
            let expanded = sources::expand(word, how).unwrap_or_else(|error| {
                refused.get_or_insert(error);
                Vec::new()
            });
            let mut is_gone = false;
            for one in expanded {
                match sources::open(&one, how) {
                    Ok(input) => {
                        let peeked =
                            first_of(input, (word, begun.clone()), sought, max, wait, partly)?;
                        if !is_by_name || !peeked.is_vague {
                            return Ok(Looked::Found(peeked));
                        }
                        if empty.as_ref().is_none_or(Peeked::is_empty) {
                            empty = Some(peeked);
                        }
                    }
                    Err(error) => {
                        is_gone |= sources::is_gone(&error);
                        refused.get_or_insert(error);
                    }
                }
            }
            // What matched a moment ago may have got another name since.
            if tries == 0 || !is_gone || !matches!(word, Word::Glob(_)) || empty.is_some() {
                break;
            }
        }
    }
    match empty {
        Some(empty) => Ok(Looked::Empty(empty)),
        None => Err(Failure {
            status: status::NO_INPUT,
            message: refused.map_or_else(String::new, |error| super::messages::chain(&error)),
        }),
    }
}

fn first_of(
    input: Input,
    (word, file): (&Word, Option<Arc<OwnedFd>>),
    sought: &Sought<'_>,
    max: usize,
    wait: Option<Duration>,
    partly: bool,
) -> Result<Peeked, Failure> {
    let failed = |name: &str, error: std::io::Error| Failure {
        status: status::NO_INPUT,
        message: format!("{name}: {error}"),
    };
    let found = |bytes: &[u8]| sought.peeked(bytes, partly);
    match input {
        Input::Plain { name, file, .. } => {
            let mut size = 1 << 16;
            loop {
                let bytes = sources::head(&file, size).map_err(|error| failed(&name, error))?;
                let all = bytes.len() < size || size >= max;
                if all || sought.find(&bytes, false).is_some() {
                    return Ok(found(&bytes));
                }
                size = (size * 4).min(max.max(size + 1));
            }
        }
        Input::Stream { name, mut live, .. } => {
            let mut bytes = Vec::new();
            while bytes.len() < max && sought.find(&bytes, false).is_none() {
                match live.read(&mut bytes, 1 << 16, wait) {
                    Ok(Read::End | Read::Present) => break,
                    // A wait that is over, or a signal.
                    Ok(Read::Idle) if wait.is_some() => break,
                    Ok(Read::Data | Read::Idle) => {}
                    Err(error) => return Err(failed(&name, error)),
                }
            }
            let peeked = found(&bytes);
            // A compressed file is read again from its start, and rows of our own are made again.
            let again = match word {
                Word::File(_) => file.is_none(),
                Word::Glob(_) | Word::Rate(_) => true,
                _ => false,
            };
            Ok(match again {
                true => peeked,
                false => Peeked {
                    begun: Some(Begun { bytes, file }),
                    ..peeked
                },
            })
        }
        Input::Parts {
            name, mut parts, ..
        } => {
            let mut bytes = Vec::new();
            let ended = first_of_parts(parts.as_mut(), sought, max, wait, &mut bytes);
            ended.map_err(|error| failed(&name, error))?;
            // They are read again from their start.
            Ok(found(&bytes))
        }
        Input::Finder { name, mut finder } => {
            let look = finder.look().map_err(|error| failed(&name, error))?;
            let mut best = found(&[]);
            for (_, mut parts) in look {
                let now = Some(Duration::ZERO);
                let mut bytes = Vec::new();
                let ended = first_of_parts(parts.as_mut(), sought, max, now, &mut bytes);
                ended.map_err(|error| failed(&name, error))?;
                let peeked = found(&bytes);
                if !peeked.is_vague {
                    return Ok(peeked);
                }
                if best.is_empty() {
                    best = peeked;
                }
            }
            Ok(best)
        }
    }
}

/// Reads the first parts until the record is among what was read.
fn first_of_parts(
    parts: &mut dyn Parts,
    sought: &Sought<'_>,
    max: usize,
    wait: Option<Duration>,
    bytes: &mut Vec<u8>,
) -> std::io::Result<()> {
    loop {
        let mut part = match parts.next(wait)? {
            Next::Part(part) => part,
            Next::Idle if wait.is_none() => continue,
            Next::Idle | Next::End => return Ok(()),
        };
        if !matches!(bytes.last(), None | Some(b'\n')) {
            bytes.push(b'\n');
        }
        while bytes.len() < max && sought.find(bytes, false).is_none() {
            match part.live.read(bytes, 1 << 16, wait)? {
                Read::End | Read::Present => break,
                Read::Idle if wait.is_some() => return Ok(()),
                Read::Data | Read::Idle => {}
            }
        }
        if bytes.len() >= max || sought.find(bytes, true).is_some() {
            return Ok(());
        }
    }
}

/// Where the first record ends, its line end included; `None`: not in these bytes. `all`: nothing follows
/// them, so the last record needs no line end.
pub fn first_record(bytes: &[u8], framing: &Framing, all: bool) -> Option<usize> {
    let mut quoted = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' if *framing == Framing::Quoted => quoted = !quoted,
            b'\n' if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    (all && !bytes.is_empty()).then_some(bytes.len())
}

/// A record without LF or CR LF.
pub fn without_end(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

/// The first bytes of a file, decompressed; nothing where it cannot be read.
pub fn first_bytes(path: &str) -> Vec<u8> {
    const MAX: usize = 1 << 16;
    if sources::is_pipe(path) {
        return Vec::new();
    }
    match sources::open(&Word::File(path.into()), &Opening::default()) {
        Ok(Input::Plain { file, .. }) => sources::head(&file, MAX).unwrap_or_default(),
        Ok(Input::Stream { mut live, .. }) => {
            let mut bytes = Vec::new();
            while bytes.len() < MAX && matches!(live.read(&mut bytes, MAX, None), Ok(Read::Data)) {}
            bytes
        }
        Ok(Input::Parts { .. } | Input::Finder { .. }) | Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_ends_at_a_line_end_outside_quotes() {
        let check = |text: &str, framing, all, expected: Option<usize>| {
            assert_eq!(
                first_record(text.as_bytes(), framing, all),
                expected,
                "{text:?}"
            );
        };
        check("a,b\nc", &Framing::Lines, false, Some(4));
        check("a,b", &Framing::Lines, false, None);
        check("a,b", &Framing::Lines, true, Some(3));
        check("", &Framing::Lines, true, None);
        check("\"a\nb\",c\nd", &Framing::Quoted, false, Some(8));
        check("\"a\nb\",c\nd", &Framing::Lines, false, Some(3));
        assert_eq!(without_end(b"a\r\n"), b"a");
        assert_eq!(without_end(b"a\r"), b"a");
        assert_eq!(without_end(b"a"), b"a");
    }
}
