//! The sources beside the chain's own, as far as operators must know them before anything runs: their formats and
//! first records. Reads no record of a file that a run would miss. Invariant: what a job's first run has taken for the
//! first record of a stream is that to all of its runs.

use super::globals::Options;
use super::named;
use super::run::{Sources, Stop, first_record, usage_of};
use crate::error::{Failure, Usage};
use crate::formats::{self, ReadOptions};
use crate::plan::node::Plan;
use crate::plan::output;
use crate::plan::right::{Look, Looked};
use crate::sources::{Place, Word};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What became of the sources beside the chain's own.
#[derive(Default)]
pub struct Others {
    /// Why one cannot be read.
    pub failure: RefCell<Option<Failure>>,
    /// The first record of each by its word, as runs before have it.
    known: BTreeMap<String, Vec<u8>>,
    /// The same, as this run has found them.
    met: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Files that runs before have met, which have read nothing.
    places: Vec<Place>,
}

impl Others {
    /// `known`: what the job's first run has met.
    pub fn new(known: Vec<(String, Vec<u8>)>, places: Vec<Place>) -> Others {
        Others {
            known: known.into_iter().collect(),
            places,
            ..Others::default()
        }
    }

    /// Streams whose first record makes columns and is not there: what the chain is would not be known to its end.
    pub fn awaited<'p>(&self, plan: &'p Plan) -> Vec<&'p str> {
        let words = plan.awaits.iter().map(String::as_str);
        words
            .filter(|word| !self.known.contains_key(*word))
            .collect()
    }

    /// The first records of the plan's other streams, as its chain was made by them: of one that has none yet only
    /// where it would have made columns.
    pub fn firsts(&self, plan: &Plan) -> Vec<(String, Vec<u8>)> {
        let met = self.met.borrow();
        let words = plan.sides().skip(1).flat_map(|source| &source.words);
        let mut firsts: Vec<(String, Vec<u8>)> = words
            .filter_map(|word| Some((word.clone(), met.get(word)?.clone())))
            .filter(|(word, first)| !first.is_empty() || plan.awaits.contains(word))
            .collect();
        firsts.sort();
        firsts.dedup();
        firsts
    }
}

/// How operators look at another source: `input` is the word of `-i`.
pub fn looking(options: &Options, input: &str, own: &Sources, others: &Rc<Others>) -> Look {
    let (options, input, others) = (options.clone(), input.to_string(), others.clone());
    let stdin = own.words.contains(&Word::Stdin);
    let look = move |source: &str, format: Option<&str>| -> Result<Looked, Usage> {
        let stopped = |stop: Stop| match stop {
            Stop::Usage(usage) => usage,
            Stop::Failure(failure) => {
                let usage = Usage::new(failure.message.clone());
                *others.failure.borrow_mut() = Some(failure);
                usage
            }
        };
        let sources = Sources::of(&[source.to_string()], options.follow).map_err(stopped)?;
        if stdin && sources.words.contains(&Word::Stdin) {
            return Err(Usage::new("standard input is the chain's own source"));
        }
        let opened = |word: &str, read: &ReadOptions| {
            let format = formats::reader(word, read).map_err(usage_of)?;
            let known = (others.known.get(source), others.places.as_slice());
            let peeked = first_record(word, &format, &sources, &options, known).map_err(stopped)?;
            if let Some(first) = &peeked.first {
                let mut met = others.met.borrow_mut();
                met.insert(source.to_string(), first.clone());
            }
            Ok(Looked {
                format_name: word.into(),
                format,
                first: peeked.first,
                begun: peeked.begun,
                live: !sources.regular,
            })
        };
        let chosen = format
            .or_else(|| output::format_of_path(source))
            .unwrap_or(&input);
        let name = |word: &str| word.split(':').next().unwrap_or(word).to_string();
        let own = named::find(chosen, options.no_config)?;
        if let Some(own) = own {
            let read = ReadOptions {
                delimiter: own.delimiter,
                no_header: own.no_header,
                multiline: own.multiline,
            };
            return opened(&own.word, &read);
        }
        let read = match name(chosen) == name(&input) {
            true => ReadOptions {
                delimiter: options.delimiter,
                no_header: options.no_header,
                multiline: options.multiline.clone(),
            },
            false => ReadOptions::default(),
        };
        opened(chosen, &read)
    };
    Look(Some(Rc::new(look)))
}
