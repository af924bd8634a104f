//! `--explain=disorder`: reads the input and says how late its records are, by source, and which `--watermark`
//! would have done. Runs none of the chain's operators; asks of it where records and their times come from.
//! Invariant: a record's delay is measured as a watermark measures it, by the records before it in its source.

use super::globals::Options;
use super::messages::grouped;
use super::signals::Signals;
use super::{report, run, terminal};
use crate::data::doc::Doc;
use crate::data::time::Zone;
use crate::engine;
use crate::error::{Failure, Usage, status};
use crate::formats::WriteFormat;
use crate::ops::disorder::{Delays, Disorder, Sources};
use crate::ops::{Group, Operator, args::Args};
use crate::plan::builder;
use crate::plan::meaning::Meaning;
use crate::plan::node::{Custom, Node, NodeKind, Output, Plan, Sink, Source, Times};
use crate::plan::window::duration;
use crate::sources::{self, Opening};
use std::sync::{Arc, Mutex, PoisonError};

/// What is told of delays: so many of a thousand records, and how that is called.
const QUANTILES: [(u64, &str); 5] = [
    (500, "50 %"),
    (900, "90 %"),
    (990, "99 %"),
    (999, "99.9 %"),
    (1000, "100 %"),
];

const NO_TIME: &str = "--explain=disorder: by arrival nothing is late; give --time FIELD";

/// Stands in front of the chain, so that its source has times.
const ASKING: Operator = Operator {
    name: "--explain=disorder",
    group: Group::Records,
    doc: Doc {
        summary: "",
        text: "",
        examples: &[],
    },
    operands: &[],
    flags: &[],
    lower: |_, b| match b.lapse_of_order("disorder") {
        Ok(_) => Ok(()),
        Err(_) => Err(Usage::new(NO_TIME)),
    },
};

/// Makes a chain say what its source's times are. The watermark is the largest time seen.
pub fn ask(built: &mut builder::Options, operators: &mut Vec<(&'static Operator, Args)>) {
    built.watermark = Some(0);
    built.watermark_auto = false;
    built.output = None;
    let args = Args {
        operator: ASKING.name,
        operands: Vec::new(),
        flags: Vec::new(),
    };
    operators.insert(0, (&ASKING, args));
}

/// Reads the sources of a plan in turn, its own first, and prints what there is to say of them.
pub fn told(plan: Plan, options: &Options) -> Result<i32, Failure> {
    let Plan {
        source: own,
        nodes,
        sink,
        zone,
        ..
    } = plan;
    let others = nodes.into_iter().filter_map(|node| match node.kind {
        NodeKind::Custom(custom) => custom.right.map(|right| right.source),
        _ => None,
    });
    if !matches!(own.time, Some(Times::Event { .. })) {
        return Err(Failure {
            status: status::USAGE,
            message: NO_TIME.into(),
        });
    }
    let others = others.filter(|other| matches!(other.time, Some(Times::Event { .. })));
    let others = others.map(|other| (other, "--right-watermark"));
    let streams = std::iter::once((own, "--watermark")).chain(others);
    // What became of rows is no matter here.
    let mut options = options.clone();
    options.exit_status = false;
    options.quiet = true;
    let signals = Signals::heard(false, false)?;
    let mut rows = Vec::new();
    let mut advice = String::new();
    let mut status = 0;
    for (source, option) in streams {
        let names = names(&source.words, source.merged, &run::opening(&options));
        let found = Arc::new(Mutex::new(Sources::new()));
        let counting = counting(source, &found, &sink.format, &zone);
        let report = engine::run(&counting, &run::running(&options, &signals)?);
        let format = &counting.source.format_name;
        status = status.max(report::told(&report, format, &[], &options)?);
        let found = found.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = Delays::default();
        let last = found.keys().max().map_or(0, |last| last + 1);
        for source in 0..last.max(names.len() as u32) {
            let name = names.get(source as usize).map_or("?", String::as_str);
            let delays = found.get(&source).cloned().unwrap_or_default();
            rows.push(row(name, &delays));
            all.append(&delays);
        }
        advice.push_str(&advised(&all, option));
    }
    let mut head = vec!["source".to_string(), "records".into(), "behind".into()];
    head.extend(QUANTILES.iter().map(|(_, name)| name.to_string()));
    rows.insert(0, head);
    let printed = terminal::print(&format!("{}{advice}", table(&rows)));
    match signals.came() {
        Some(signal) => Ok(terminal::die_by(signal)),
        None => Ok(status.max(printed)),
    }
}

/// A plan that counts the delays of a source and writes nothing.
fn counting(
    mut source: Source,
    into: &Arc<Mutex<Sources>>,
    format: &Arc<dyn WriteFormat>,
    zone: &Zone,
) -> Plan {
    if let Some(Times::Event {
        at, disorder, auto, ..
    }) = &mut source.time
    {
        (*disorder, *auto) = (Some(0), false);
        // The rest of the record is not looked at.
        let fields = &at.fields;
        source.wanted.retain(|id| fields.contains(id));
        source.made.retain(|(_, id)| fields.contains(id));
        source.optional.retain(|id| fields.contains(id));
    }
    source.literal = None;
    source.clock = None;
    let into = into.clone();
    let node = Node {
        operator: ASKING.name.into(),
        schema: source.schema.clone(),
        kind: NodeKind::Custom(Custom {
            text: "disorder".into(),
            keys: Vec::new(),
            args: Vec::new(),
            sets: Vec::new(),
            own_rows: false,
            carry: Vec::new(),
            right: None,
            keeps: "counts delays".into(),
            meaning: Meaning::Own("it only looks at delays"),
            make: Arc::new(move |_| Box::new(Disorder::new(into.clone()))),
        }),
    };
    Plan {
        source,
        nodes: vec![node],
        sink: Sink {
            files: None,
            complete: false,
            path: None,
            append: false,
            format_name: "lines".into(),
            format: format.clone(),
            out: Output::Original,
            partial: None,
        },
        zone: zone.clone(),
        mark_batches: false,
        keeps_late: false,
        peek_every: None,
        tick_every: None,
        notes: Vec::new(),
        awaits: Vec::new(),
    }
}

/// What is one source, by name, as the engine numbers them: files and streams that are read one behind the other,
/// and each socket; each word where they are `merged`.
pub fn names(words: &[String], merged: bool, how: &Opening) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut of_files: Option<usize> = None;
    for word in words {
        let alone = merged || sources::parse(word).is_ok_and(|word| word.is_apart(how));
        match (alone, of_files) {
            (false, Some(at)) => names[at] = format!("{} {word}", names[at]),
            (alone, _) => {
                if !alone {
                    of_files = Some(names.len());
                }
                names.push(word.clone());
            }
        }
    }
    if names.is_empty() {
        names.push("standard input".into());
    }
    names
}

fn row(name: &str, delays: &Delays) -> Vec<String> {
    let mut row = vec![
        name.to_string(),
        grouped(delays.records()),
        grouped(delays.behind()),
    ];
    row.extend(QUANTILES.map(|(permille, _)| duration(delays.quantile(permille))));
    row
}

/// The bounds that would have done for all sources of a stream.
fn advised(all: &Delays, option: &str) -> String {
    let mut text = String::new();
    if all.records() == 0 {
        return text;
    }
    for (permille, share) in &QUANTILES[2..] {
        let bound = duration(all.quantile(*permille));
        text.push_str(&format!(
            "{option} {bound}: {share} of the records in time\n"
        ));
    }
    if let Some(unit) = all.unit() {
        text.push_str(&format!(
            "rounded up to {}: there are too many different delays\n",
            duration(unit)
        ));
    }
    text
}

/// Names to the left, figures to the right.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            let width = widths[at];
            match at {
                0 => out.push_str(&format!("{cell:<width$}")),
                _ => out.push_str(&format!("  {cell:>width$}")),
            }
        }
        out.push('\n');
    }
    out
}
