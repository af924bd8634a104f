//! What fuzzing holds the command line to: any words are taken apart the same way twice, and become a plan or
//! a message. For the fuzz targets and the tests; runs nothing, reads no file. Invariant: no words panic.

use super::chain::{self, Chain, Request, World};
use super::globals::Takes;
use super::{TABLES, check, script, units};
use crate::data::time::Zone;
use crate::error::Usage;
use crate::formats::{self, ReadOptions};
use crate::ops::{self, args};
use crate::plan::builder;
use crate::plan::text;

/// Takes `data` for the text of a script.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    quantities(text);
    let Ok(words) = sound(script::words("f", text)) else {
        return;
    };
    words.iter().for_each(|word| quantities(word));
    let Ok(Request::Run(chain)) = sound(take_apart(words)) else {
        return;
    };
    let spelt = spelt(&chain);
    match take_apart(spelt.clone()) {
        Ok(Request::Run(again)) => {
            assert_eq!(parts(&again), parts(&chain), "{spelt:?}");
        }
        Ok(_) => panic!("{spelt:?} asks for something else"),
        Err(usage) => panic!("{spelt:?}: {usage}"),
    }
    planned(&chain);
}

fn take_apart(words: Vec<String>) -> Result<Request, Usage> {
    let world = World {
        exists: &|path| path.len() % 2 == 0,
        script: &|path| Err(Usage::new(format!("{path}: not here"))),
    };
    chain::split(words, TABLES, &world)
}

/// A message is one that can be shown.
fn sound<T>(result: Result<T, Usage>) -> Result<T, Usage> {
    if let Err(usage) = &result {
        assert!(!usage.message.is_empty());
        if let Some((source, place)) = &usage.place {
            assert!(
                source.get(place.clone()).is_some(),
                "{}: {place:?} of {source:?}",
                usage.message
            );
        }
    }
    result
}

/// The chain in the one spelling that needs no rule: options, operators with their flags, `--`, sources.
fn spelt(chain: &Chain) -> Vec<String> {
    let mut words = Vec::new();
    for (option, value) in &chain.options {
        words.push(match option.takes {
            Takes::Nothing => format!("--{}", option.long),
            Takes::Maybe(_) if value.is_empty() => format!("--{}", option.long),
            _ => format!("--{}={value}", option.long),
        });
    }
    for args in &chain.operators {
        let operator = TABLES
            .operator(args.operator)
            .expect("the splitter took it from the same table");
        words.push(args.operator.into());
        words.extend(args.operands.iter().cloned());
        for (name, value) in &args.flags {
            let flag = operator.flags.iter().find(|flag| flag.long == *name);
            words.push(match flag.and_then(|flag| flag.value) {
                Some(_) => format!("--{name}={value}"),
                None => format!("--{name}"),
            });
        }
    }
    words.push("--".into());
    words.extend(chain.sources.iter().cloned());
    words
}

type Parts<'a> = (
    Vec<(&'a str, &'a [String], &'a [(&'static str, String)])>,
    Vec<(&'a str, &'a str)>,
    &'a [String],
);

fn parts(chain: &Chain) -> Parts<'_> {
    let operators = chain.operators.iter();
    let options = chain.options.iter();
    (
        operators
            .map(|args| (args.operator, &args.operands[..], &args.flags[..]))
            .collect(),
        options
            .map(|(option, value)| (option.long, value.as_str()))
            .collect(),
        &chain.sources,
    )
}

/// A chain becomes a plan, which prints, or a message.
fn planned(chain: &Chain) {
    let mut operators = Vec::new();
    for args in &chain.operators {
        let operator = TABLES
            .operator(args.operator)
            .expect("the splitter took it from the same table");
        if sound(check::check(operator, args)).is_err() {
            return;
        }
        operators.push((operator, args.clone()));
    }
    let Ok(given) = sound(super::globals::Options::read(&chain.options)) else {
        return;
    };
    let options = builder::Options {
        words: chain.sources.clone(),
        time: given.time,
        time_regex: given.time_regex,
        watermark: given.watermark,
        watermark_auto: given.watermark_auto,
        max_ahead: given.max_ahead,
        clock: given.clock,
        batch: given.batch,
        batch_lines: given.batch_lines,
        batch_on: given.batch_on,
        mark_batches: given.mark_batches,
        merge_sorted: given.merge_sorted,
        live: chain.sources.len().is_multiple_of(2),
        regular_files: chain.sources.len() % 2 == 1,
        output_format: given.output_format,
        output: given.output,
        append: given.append,
        header: given.header,
        digits: given.digits,
        exact: given.exact,
        ..builder::Options::default()
    };
    let read = ReadOptions {
        delimiter: given.delimiter,
        no_header: given.no_header,
        multiline: None,
    };
    for word in [given.input_format.as_deref().unwrap_or("text"), "csv"] {
        let Ok(format) = formats::reader(word, &read) else {
            continue;
        };
        let header = Some(&b"a,b,c,time"[..]);
        if let Ok(plan) = sound(ops::build(&options, (word, format), header, &operators)) {
            assert!(!text::plan(&plan).is_empty());
        }
    }
}

/// Words that say how much or when. The two readers of durations agree where both take a word.
fn quantities(word: &str) {
    let option = sound(units::duration(word));
    if let (Ok(option), Ok(operand)) = (&option, args::duration(word)) {
        assert_eq!(*option, operand, "{word:?}");
    }
    let _ = (args::size(word), args::count(word), args::share(word));
    let _ = (units::size(word).is_ok(), units::limit(word).is_ok());
    let zone = Zone::default();
    // What a clock can say, from 1684 to 2255.
    for now in [0, -9_000_000_000_000_000_000, 9_000_000_000_000_000_000] {
        let _ = sound(units::moment(word, now, &zone));
    }
}

#[cfg(test)]
mod tests {
    use super::fuzz;

    #[test]
    fn words_of_all_kinds_hold() {
        for seed in [
            "",
            "window 10s --slide 1s count-by-key top 10 -o json",
            "-i combined filter 'status >= 400' reduce-by path n=count,bytes=sum:bytes top 5 access.log",
            "-i csv --time a window 1d --tz UTC reduce-by b n=count,avg:c x.csv",
            "parse '(?<user>\\S+) from (?<ip>\\S+)' count-by ip top 10 -- -x",
            "-qe filter '/a/' head 1 --",
            "window count",
            "coutn-by x",
            "'",
            "--stats=json --stats select a,b -j4 -ojson -",
        ] {
            fuzz(seed.as_bytes());
        }
    }
}
