//! The operators, one file a family. An operator does not run: it lowers itself to plan nodes. Knows no thread
//! and no file. Invariant: the table is sorted by name, and each operator has a fixed number of operands.

mod anomaly;
pub mod args;
mod asof_join;
mod burst;
mod cogroup;
mod columns;
mod count;
mod count_window;
mod distinct;
mod fill;
mod filter;
mod foreach_batch;
mod group;
mod head;
mod join;
mod key;
mod lasting;
mod look_back;
mod lookup;
mod map;
mod order;
mod other;
mod parse;
mod pattern;
mod pattern_reads;
mod prelude;
mod print;
mod reduce;
mod scan;
mod session_window;
mod state;
mod tee;
mod top;
mod transform;
mod union;
mod update_state;
mod window;

use crate::data::doc::Doc;
use crate::error::Usage;
use crate::formats::ReadFormat;
use crate::plan::again::Next;
use crate::plan::builder::{Builder, Options};
use crate::plan::node::Plan;
use crate::plan::replay::Answers;
use args::{Args, Flag, Operand};
use std::sync::Arc;

pub use crate::state::{disorder, running};

/// A row of the table of operators.
pub struct Operator {
    pub name: &'static str,
    pub group: Group,
    pub doc: Doc,
    pub operands: &'static [Operand],
    pub flags: &'static [Flag],
    pub lower: fn(&Args, &mut Builder<'_>) -> Result<(), Usage>,
}

/// Chapters of the manual.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Records,
    Windows,
    Aggregates,
    State,
    Order,
    Output,
}

/// All operators, by name.
pub const OPERATORS: &[&Operator] = &[
    &anomaly::ANOMALY,
    &asof_join::ASOF_JOIN,
    &burst::BURST,
    &cogroup::COGROUP,
    &count::COUNT,
    &count::COUNT_BY,
    &count::COUNT_BY_KEY,
    &count::COUNT_BY_VALUE,
    &count::COUNT_BY_VALUE_AND_WINDOW,
    &count::COUNT_BY_WINDOW,
    &count_window::COUNT_WINDOW,
    &distinct::DISTINCT,
    &distinct::DISTINCT_BY,
    &columns::DROP,
    &fill::FILL,
    &filter::FILTER,
    &map::FLAT_MAP,
    &foreach_batch::FOREACH_BATCH,
    &group::GROUP_BY,
    &group::GROUP_BY_KEY,
    &group::GROUP_BY_KEY_AND_WINDOW,
    &head::HEAD,
    &join::JOIN,
    &key::KEY_BY,
    &look_back::LOOK_BACK,
    &lookup::LOOKUP,
    &map::MAP,
    &state::MAP_WITH_STATE,
    &state::MAP_WITH_STATE_BY,
    &pattern::MATCH,
    &parse::PARSE,
    &print::PRINT,
    &reduce::REDUCE,
    &reduce::REDUCE_BY,
    &reduce::REDUCE_BY_KEY,
    &reduce::REDUCE_BY_KEY_AND_WINDOW,
    &reduce::REDUCE_BY_WINDOW,
    &columns::RENAME,
    &head::SAMPLE,
    &scan::SCAN,
    &scan::SCAN_BY,
    &scan::SCAN_BY_KEY,
    &columns::SELECT,
    &session_window::SESSION_WINDOW,
    &order::SORT_BY,
    &tee::TEE,
    &top::TOP,
    &transform::TRANSFORM,
    &union::UNION,
    &update_state::UPDATE_STATE_BY,
    &update_state::UPDATE_STATE_BY_KEY,
    &window::WINDOW,
];

pub fn find(name: &str) -> Option<&'static Operator> {
    OPERATORS
        .binary_search_by(|operator| operator.name.cmp(name))
        .ok()
        .map(|at| OPERATORS[at])
}

/// The plan of a chain. `format`: the word of `-i` and what it opens. `header`: the first record of the first
/// source, if it could be had without taking it; formats with a header need it.
pub fn build(
    options: &Options,
    format: (&str, Arc<dyn ReadFormat>),
    header: Option<&[u8]>,
    chain: &[(&'static Operator, Args)],
) -> Result<Plan, Usage> {
    let (mut entries, mut takes_guess) = (Vec::new(), false);
    let (seen, loaded) = (Answers::default(), Answers::default());
    loop {
        let options = Options {
            takes_guess,
            look: options.look.again(&seen),
            load: options.load.as_ref().map(|load| load.again(&loaded)),
            ..options.clone()
        };
        let format = (format.0, format.1.clone());
        match build_with(&entries, &options, format, header, chain)? {
            Built::Plan(plan) => return Ok(*plan),
            // Where windows begin follows from an operator behind them.
            Built::Entry(entry) => entries.push(entry),
            // What stands in front goes by the times that one behind it needs.
            Built::Timed => takes_guess = true,
        }
    }
}

/// In front of which operator rows enter the windows that wait, and the keys of those as typed; `None`: the keys in force.
type Entry<'c> = (usize, Option<&'c str>);

enum Built<'c> {
    Plan(Box<Plan>),
    /// Rows have to enter windows there, too.
    Entry(Entry<'c>),
    /// It has to go by the time that its records seem to have.
    Timed,
}

fn build_with<'c>(
    entries: &[Entry<'c>],
    options: &Options,
    format: (&str, Arc<dyn ReadFormat>),
    header: Option<&[u8]>,
    chain: &'c [(&'static Operator, Args)],
) -> Result<Built<'c>, Usage> {
    let mut builder = Builder::new(options, format, header)?;
    builder.grouped = Some(crate::state::grouped::make);
    builder.ranked_again = Some(crate::state::corrected::make);
    builder.grouped_again = Some(crate::state::regrouped::make);
    if options.merge_sorted {
        order::merge(&mut builder)?;
    }
    for (at, (operator, args)) in chain.iter().enumerate() {
        builder.begin(operator.name, typed(operator, args));
        builder.check_ended()?;
        builder.at(at);
        if let Some((_, keys)) = entries.iter().find(|(entry, _)| *entry == at) {
            builder.enter_windows(*keys)?;
        }
        if keeps_state(operator) {
            let later = &chain[at + 1..];
            let is_last = !later.iter().any(|(operator, _)| gives_rows(operator));
            let windows_follow = later.iter().any(|(operator, _)| cuts_windows(operator));
            builder.keeps_state(is_last, next(later), windows_follow)?;
        }
        (operator.lower)(args, &mut builder).map_err(|usage| hinted(usage, operator, args))?;
        if builder.wants_guess {
            return Ok(Built::Timed);
        }
        if let Some(entry) = builder.entry() {
            return Ok(Built::Entry((entry, keys_of(&chain[entry..=at]))));
        }
    }
    builder.need_range_times()?;
    if builder.wants_guess {
        return Ok(Built::Timed);
    }
    builder.end_windows();
    if let Some(entry) = builder.entry() {
        return Ok(Built::Entry((entry, keys_of(&chain[entry..]))));
    }
    builder.finish().map(|plan| Built::Plan(Box::new(plan)))
}

/// The keys that the last of these operators goes by, as typed; `None`: those in force in front of the first.
fn keys_of<'c>(chain: &'c [(&'static Operator, Args)]) -> Option<&'c str> {
    let (last, before) = chain.split_last()?;
    let own = |(operator, args): &(&'static Operator, Args)| {
        let first = operator.operands.first();
        first.is_some_and(|operand| operand.kind == args::Kind::Keys) && !args.operands.is_empty()
    };
    let set = before
        .iter()
        .filter(|(operator, _)| operator.name == "key-by");
    let keys = std::iter::once(last).chain(set.rev()).find(|one| own(one));
    keys.map(|(_, args)| args.operand(0))
}

/// Whether an operator puts rows into windows.
fn cuts_windows(operator: &Operator) -> bool {
    operator.group == Group::Windows || operator.name.ends_with("-window")
}

/// Whether an operator has windows or state.
fn keeps_state(operator: &Operator) -> bool {
    match operator.group {
        Group::Records | Group::Output => false,
        Group::Windows | Group::Aggregates | Group::State | Group::Order => {
            !["key-by", "lookup"].contains(&operator.name)
        }
    }
}

/// Whether an operator gives rows by its state: windows alone wait for such a one.
fn gives_rows(operator: &Operator) -> bool {
    let waits = ["window", "session-window", "count-window", "look-back"];
    keeps_state(operator) && !waits.contains(&operator.name)
}

/// The last operator with state, where all up to it give their rows again when those in front change: what stands between
/// takes rows one by one.
fn next(later: &[(&'static Operator, Args)]) -> Next {
    const ONE_BY_ONE: [&str; 7] = [
        "drop", "filter", "key-by", "map", "parse", "rename", "select",
    ];
    let Some(last) = later
        .iter()
        .rposition(|(operator, _)| keeps_state(operator))
    else {
        return Next::Other;
    };
    let mut next = Next::Other;
    for (operator, args) in &later[..=last] {
        if ONE_BY_ONE.contains(&operator.name) {
            continue;
        }
        next = match (operator.name, operator.group) {
            ("sort-by" | "top", _) => Next::Ranking,
            ("distinct" | "distinct-by", _) if !args.has("ttl") => Next::Distinct,
            (_, Group::Aggregates) if !args.has("heavy") => Next::Aggregate,
            _ => return Next::Other,
        };
    }
    next
}

/// The operator as it stands on the command line.
fn typed(operator: &Operator, args: &Args) -> String {
    let mut text = operator.name.to_string();
    for operand in &args.operands {
        text.push(' ');
        text.push_str(operand);
    }
    for (flag, value) in &args.flags {
        text.push_str(" --");
        text.push_str(flag);
        if !value.is_empty() {
            text.push(' ');
            text.push_str(value);
        }
    }
    text
}

/// Adds to a mistake that an operand is an operator's name, if it is: then an operand is mostly missing.
fn hinted(mut usage: Usage, operator: &Operator, args: &Args) -> Usage {
    let hint = operator
        .operands
        .iter()
        .zip(&args.operands)
        .find_map(|(operand, word)| {
            usage
                .message
                .contains(&format!("'{word}'"))
                .then(|| operand.kind.missing(word))?
        });
    if let Some(hint) = hint {
        let end = usage.message.find('\n').unwrap_or(usage.message.len());
        usage.message.insert_str(end, &format!("; {hint}"));
    }
    usage
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_complete_in_itself() {
        assert!(OPERATORS.windows(2).all(|pair| pair[0].name < pair[1].name));
        for operator in OPERATORS {
            let name = operator.name;
            assert_eq!(find(name).map(|found| found.name), Some(name));
            assert!(operator.operands.len() <= 2, "{name}");
            assert!(!operator.doc.summary.ends_with('.'), "{name}");
            assert!(!operator.doc.examples.is_empty(), "{name}");
            for flag in operator.flags {
                let shown = format!("--{}", flag.long);
                let sessions = operator.doc.examples.iter().map(|example| example.session);
                assert!(
                    sessions.into_iter().any(|session| session.contains(&shown)),
                    "{name} has no example of {shown}"
                );
            }
            for example in operator.doc.examples {
                assert!(example.session.starts_with("$ "), "{name}");
                assert!(example.session.ends_with('\n'), "{name}");
                assert!(example.session.contains(name), "{name}");
            }
        }
        assert!(find("nothing").is_none());
    }

    #[test]
    fn every_file_of_operators_is_in_the_table() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops");
        for entry in std::fs::read_dir(folder).expect("the folder of operators") {
            let path = entry.expect("an entry of the folder").path();
            let text = std::fs::read_to_string(&path).expect("a file of operators");
            for line in text.lines() {
                let Some(rest) = line.strip_prefix("pub const ") else {
                    continue;
                };
                if !rest.contains(": Operator = Operator {") {
                    continue;
                }
                let constant = rest.split(':').next().unwrap_or_default();
                let name = constant.to_lowercase().replace('_', "-");
                assert!(find(&name).is_some(), "{name} is not in the table");
            }
        }
    }
}
