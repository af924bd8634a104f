//! `--show`: what is in a checkpoint, for people and as JSON. Takes no lock and changes nothing.

use super::globals::{Keep, Stats};
use super::terminal;
use crate::data::time::Zone;
use crate::engine::checkpoint::file::{Entry, Header};
use crate::engine::checkpoint::shown::{self, Told};
use crate::engine::checkpoint::store::{self, Loaded};
use crate::engine::{Keeping, Logging, clock, clock::Clock};
use crate::error::{Failure, Usage, status};
use crate::plan::window::duration;
use crate::sources::Place;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// First records of a job's input, where its chain is made by them.
#[derive(Default)]
pub struct Firsts {
    pub own: Option<Vec<u8>>,
    /// Of other streams, by their words; empty: there was none yet.
    pub others: Vec<(String, Vec<u8>)>,
    /// Files that were met, where nothing has been read yet.
    pub places: Vec<Place>,
}

impl Keep {
    /// The input is read in several runs, so that its present end says nothing of time.
    pub fn is_in_runs(&self) -> bool {
        self.once && self.checkpoint.is_some()
    }

    /// What made the job's chain: of later runs the first records may be others.
    pub fn firsts(&self) -> Firsts {
        let header = self.checkpoint.as_deref().and_then(store::header);
        match header.filter(|_| !self.reset) {
            Some(header) if header.records > 0 => Firsts {
                own: header.first,
                others: header.others,
                ..Firsts::default()
            },
            Some(header) => {
                let places = self.checkpoint.as_deref().map_or_else(Vec::new, places);
                // What is not empty has been read where a place stands behind it.
                let is_read = places.iter().any(|place| place.offset > 0);
                let is_there = |first: &Vec<u8>| is_read && !first.is_empty();
                Firsts {
                    own: header.first.filter(is_there),
                    others: (header.others.into_iter())
                        .filter(|(_, first)| is_there(first))
                        .collect(),
                    places,
                }
            }
            None => Firsts::default(),
        }
    }

    /// As the engine is told.
    pub fn keeping(&self, follow: bool, firsts: Firsts) -> Option<Keeping> {
        let ns = |ns: Option<i64>| Duration::from_nanos(ns.unwrap_or(0).unsigned_abs());
        Some(Keeping {
            path: self.checkpoint.clone()?,
            every: self.every.unwrap_or(1_000_000_000),
            power: !self.process,
            wait: ns(self.wait),
            reset: self.reset,
            adopt: self.adopt,
            discard: self.discard.clone(),
            flush: self.flush,
            first: firsts.own,
            others: firsts.others,
            logging: self.wal.as_ref().map(|dir| Logging {
                dir: dir.clone(),
                sync: Duration::from_nanos(self.wal_sync.unwrap_or(10_000_000).unsigned_abs()),
                most: self.max_wal.unwrap_or(1 << 30) as u64,
            }),
            goes_on: (self.once || follow) && !self.last,
        })
    }
}

/// The files of a checkpoint; what cannot be read is told when the job begins.
fn places(path: &Path) -> Vec<Place> {
    let entries = match store::load(path) {
        Ok(Some(loaded)) => loaded.entries,
        Ok(None) | Err(_) => return Vec::new(),
    };
    let told = entries.iter().filter_map(|entry| shown::told(entry).ok());
    told.filter_map(|told| match told {
        Told::Source { place, .. } => Some(place),
        _ => None,
    })
    .collect()
}

/// Prints the checkpoint; the answer is the exit status.
pub fn show(keep: &Keep, how: Stats) -> Result<Result<i32, Failure>, Usage> {
    let Some(path) = &keep.checkpoint else {
        return Err(Usage::new("--show needs --checkpoint FILE, which it shows"));
    };
    let loaded = match store::load(path) {
        Ok(Some(loaded)) => loaded,
        Ok(None) => {
            return Ok(Err(Failure {
                status: status::NO_INPUT,
                message: format!("there is no checkpoint '{}'", path.display()),
            }));
        }
        Err(failure) => return Ok(Err(failure)),
    };
    if let Some(warning) = &loaded.warning {
        terminal::say(warning);
    }
    let text = match how {
        Stats::Json => lines(&loaded),
        Stats::Words => words(&path.display().to_string(), &loaded),
    };
    Ok(Ok(terminal::print(&text)))
}

fn lines(loaded: &Loaded) -> String {
    let mut out = format!("{}\n", shown::header(&loaded.header));
    for entry in &loaded.entries {
        let _ = writeln!(out, "{}", shown::json(entry));
    }
    out
}

fn time(ns: i64) -> String {
    let mut out = Vec::new();
    Zone::default().write_time(ns, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// A size with the unit that leaves it short.
fn size(bytes: u64) -> String {
    match bytes {
        0..=9999 => format!("{bytes} bytes"),
        10_000..=10_239_999 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

fn words(path: &str, loaded: &Loaded) -> String {
    let Header {
        generation,
        created,
        chain,
        ended,
        ..
    } = &loaded.header;
    // Whole seconds: nobody reads the rest.
    let age = (clock::System::default().now() - created).max(0) / 1_000_000_000 * 1_000_000_000;
    let mut out = format!(
        "checkpoint  {path}: generation {generation}, written {} ago ({}), {}; all checksums are right\n",
        duration(age),
        time(created - created.rem_euclid(1_000_000_000)),
        size(loaded.size)
    );
    if *ended {
        out.push_str("job         has ended\n");
    }
    let mut word = "chain";
    for line in chain {
        let _ = writeln!(out, "{word:<12}{line}");
        word = "";
    }
    for entry in &loaded.entries {
        out.push_str(&line_of(entry));
    }
    out
}

fn line_of(entry: &Entry) -> String {
    let Ok(told) = shown::told(entry) else {
        return "damaged     an entry cannot be read\n".into();
    };
    match told {
        Told::Source { place, .. } => {
            let state = match place.done {
                true => ", done",
                false => "",
            };
            format!(
                "source      {}: byte {} of {}, behind line {}{state}\n",
                place.path, place.offset, place.size, place.lines
            )
        }
        Told::Watermark {
            source,
            latest: Some(latest),
        } => format!("time        {source}: up to {}\n", time(latest)),
        Told::Sink(written) => {
            let state = match (written.complete, &written.aside) {
                (true, _) => ", complete",
                (false, Some(_)) => ", not complete yet",
                (false, None) => "",
            };
            format!(
                "output      {}: {}{state}\n",
                written.path,
                size(written.len)
            )
        }
        Told::Engine(moments) => {
            let mut out = String::new();
            if let Some(at) = moments.reached {
                let _ = writeln!(out, "watermark   {}", time(at));
            }
            if let Some(at) = moments.next_end {
                let _ = writeln!(out, "next        closes at {}", time(at));
            }
            for (operators, keys, bytes) in &moments.held {
                let _ = writeln!(
                    out,
                    "state       {operators}: {keys} keys, {}",
                    size(*bytes)
                );
            }
            out
        }
        Told::Watermark { .. } | Told::State { .. } | Told::Other { .. } => String::new(),
    }
}
