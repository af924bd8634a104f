//! `--explain`: what a chain would do, in words or as data. Reads the plan, runs nothing. Says which defaults
//! were chosen and why, when rows are printed and when state is freed.

use super::globals::Options;
use crate::aggs::bound;
use crate::data::Type;
use crate::plan::node::{
    Batching, Calendar, Extent, Matching, Node, NodeKind, Output, Plan, Scope, Times, Window,
};
use crate::plan::window::duration;
use serde_json::{Value, json};

/// The plan in words, a line a matter. `kind`: what the sources are.
pub fn words(plan: &Plan, options: &Options, kind: &str) -> String {
    let mut out = String::new();
    let mut line = |what: &str, text: String| {
        out.push_str(&format!("{what:<11}{text}\n"));
    };
    let sources = match plan.source.words.as_slice() {
        [] => "standard input".to_string(),
        words => words.join(" "),
    };
    let chosen = match options.input_format {
        Some(_) => "",
        None => " (the default)",
    };
    line(
        "reads",
        format!(
            "{sources}: {kind}; format {}{chosen}",
            plan.source.format_name
        ),
    );
    line("fields", fields(plan));
    if let Some(literal) = &plan.source.literal {
        line(
            "skips",
            format!(
                "lines without '{}', before they are split",
                String::from_utf8_lossy(literal)
            ),
        );
    }
    line("time", time(plan, options));
    if uses_zone(plan) {
        let whence = match (&options.tz, std::env::var_os("TZ")) {
            (Some(_), _) => "--tz",
            (None, Some(_)) => "$TZ",
            (None, None) => "the machine's",
        };
        line("zone", format!("{} ({whence})", plan.zone.name()));
    }
    for node in &plan.nodes {
        line("then", format!("{}: {}", node.operator, does(node, plan)));
    }
    let to = match &plan.sink.path {
        Some(path) if plan.sink.append => format!("{path}, behind what is in it"),
        Some(path) => path.clone(),
        None => "standard output".into(),
    };
    line("writes", format!("{} to {to}", written(plan, options)));
    let bounded = plan.nodes.iter().any(|node| match &node.kind {
        NodeKind::Aggregate { aggs, .. } => aggs.iter().any(|call| bound(&call.call).is_some()),
        _ => false,
    });
    let result = match bounded {
        true => "within the bounds above (--exact: without them)",
        false => "exact",
    };
    line(
        "result",
        format!("{result}; the same for any number of threads"),
    );
    for note in &plan.notes {
        line("note", note.clone());
    }
    out
}

fn fields(plan: &Plan) -> String {
    let name = |id: usize| {
        plan.source
            .schema
            .fields
            .get(id)
            .map_or("?", |field| field.name.as_str())
    };
    let made = plan.source.made.iter().map(|(_, id)| *id);
    let names: Vec<&str> = made
        .chain(plan.source.wanted.iter().copied())
        .map(name)
        .collect();
    match names.is_empty() {
        true => "none are looked for".into(),
        false => names.join(", "),
    }
}

fn time(plan: &Plan, options: &Options) -> String {
    match &plan.source.time {
        None => "the chain needs none".into(),
        Some(Times::Arrival) => "of arrival; the watermark is the clock, so nothing is late".into(),
        Some(Times::Clock { at, batch }) => {
            let batches = batch.map_or(String::new(), |step| {
                format!(", in batches of {}", duration(step))
            });
            format!(
                "of arrival, by the clock that {} tells{batches}; nothing is late",
                at.text()
            )
        }
        Some(Times::Batch { by, step }) => {
            let ends = match by {
                Batching::Wall => format!("each {} of the clock", duration(*step)),
                Batching::Lines(n) => {
                    format!("each {n} records; its clock moves by {}", duration(*step))
                }
                Batching::Marks(regex) => {
                    format!(
                        "each line like {regex}; its clock moves by {}",
                        duration(*step)
                    )
                }
            };
            format!("of arrival, in batches that end with {ends}; nothing is late")
        }
        Some(Times::Event {
            at, disorder, auto, ..
        }) => {
            let watermark = match (disorder, options.watermark) {
                _ if *auto => "the watermark is as far behind as 99.9 % of the records seen so far (--watermark auto)".into(),
                (Some(ns), Some(_)) => {
                    format!("the watermark is {} behind (--watermark)", duration(*ns))
                }
                (Some(ns), None) => format!(
                    "the watermark is {} behind (the default for input that may not end)",
                    duration(*ns)
                ),
                (None, _) => "windows close at the end of the input, so nothing is late".into(),
            };
            format!("{}; {watermark}", at.text())
        }
    }
}

/// Whether local time matters: for calendar windows, and where times are printed or read.
fn uses_zone(plan: &Plan) -> bool {
    let calendar = |window: &Window| matches!(window.size, Extent::Calendar(_));
    let windows = plan.nodes.iter().any(|node| match &node.kind {
        NodeKind::Assign { window, .. } => calendar(window),
        NodeKind::Aggregate {
            scope: Scope::Assign(window),
            ..
        } => calendar(window),
        _ => false,
    });
    let printed = match &plan.sink.out {
        Output::Columns(schema) => schema.columns.iter().any(|column| column.ty == Type::Time),
        Output::Original => false,
    };
    windows || printed || plan.source.time.is_some()
}

/// What a node does with rows, what it keeps, and when it lets go.
fn does(node: &Node, plan: &Plan) -> String {
    match &node.kind {
        NodeKind::Filter { keep } => format!("keeps records where {} is true", keep.text()),
        NodeKind::Project { .. } => "computes fields; keeps nothing".into(),
        NodeKind::Parse { keep_unmatched, .. } => match keep_unmatched {
            true => "adds what the pattern finds".into(),
            false => "adds what the pattern finds, drops records without a match".into(),
        },
        NodeKind::Explode { .. } => "one record for each item".into(),
        NodeKind::Sample { .. } => "keeps the same share of lines each time, by their hash".into(),
        NodeKind::Assign { window, .. } => format!("puts records into {}", shape(window)),
        NodeKind::Aggregate {
            keys, aggs, scope, ..
        } => {
            let state = match keys.len() {
                0 => "one row of state".into(),
                _ => "one row of state for each key".to_string(),
            };
            let calls: Vec<String> = aggs
                .iter()
                .map(|call| match bound(&call.call) {
                    Some(bound) => format!("{} ({bound})", call.name),
                    None => call.name.clone(),
                })
                .collect();
            format!("{}; {state}{}", calls.join(", "), closes(scope, plan))
        }
        NodeKind::Sort {
            limit: Some(limit),
            scope,
            ..
        } => format!("keeps the first {limit}{}", closes(scope, plan)),
        NodeKind::Sort { by, scope, .. } => match by.is_empty() {
            true => format!("holds the records{}", closes(scope, plan)),
            false => format!("holds all records in memory{}", closes(scope, plan)),
        },
        NodeKind::Distinct { last, scope, .. } => match last {
            true => format!("holds the last record of each key{}", closes(scope, plan)),
            false => "passes the first record of each key at once; remembers the keys".into(),
        },
        NodeKind::Limit { rows } => format!("passes {rows}, then nothing more is read"),
        NodeKind::Tee { path, .. } => format!("writes a copy to {path}"),
        NodeKind::Lookup(lookup) => format!(
            "{} of it for each key from {}, a table in memory, read again when the file changes",
            match lookup.kind {
                Matching::Anti => "nothing",
                Matching::Left => "what there is",
                _ => "what there must be",
            },
            lookup.right.source.words.join(" ")
        ),
        NodeKind::Custom(custom) => custom.keeps.clone(),
    }
}

/// When rows are printed and their state is freed.
fn closes(scope: &Scope, plan: &Plan) -> String {
    let live = !matches!(
        plan.source.time,
        Some(Times::Event { disorder: None, .. }) | None
    );
    match scope {
        Scope::Forever => ", printed at the end of the input".into(),
        Scope::Assign(window) if live => format!(
            " and each of {}, printed and freed when the watermark reaches its end",
            shape(window)
        ),
        Scope::Assign(window) => format!(" and each of {}, printed at the end", shape(window)),
        Scope::Rows => ", printed window by window".into(),
    }
}

fn shape(window: &Window) -> String {
    let local = match &window.size {
        Extent::Calendar(Calendar::Hours(_) | Calendar::Days(_)) => " of the local day",
        Extent::Calendar(_) => " of the local calendar",
        Extent::Fixed(_) => "",
    };
    match window.is_tumbling() {
        true => format!("windows of {}{local}", window.size),
        false => format!(
            "windows of {}{local}, one each {}",
            window.size, window.slide
        ),
    }
}

fn written(plan: &Plan, options: &Options) -> String {
    let Output::Columns(schema) = &plan.sink.out else {
        return "the original lines".into();
    };
    let names: Vec<&str> = schema
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let whole = match (&schema.rest, names.is_empty()) {
        (Some(_), true) => "whole records".to_string(),
        (Some(_), false) => format!("whole records with {}", names.join(", ")),
        (None, _) => names.join(", "),
    };
    let chosen = match (&options.output_format, &plan.sink.path) {
        (Some(_), _) => "",
        (None, Some(_)) => " (by the file's name, else tsv)",
        (None, None) => " (the default here)",
    };
    format!("{whole} as {}{chosen}", plan.sink.format_name)
}

/// The plan as data.
pub fn json(plan: &Plan) -> String {
    let strings = |items: Vec<String>| Value::from(items);
    let name = |id: &usize| plan.source.schema.fields[*id].name.clone();
    let mut source_fields: Vec<String> = plan.source.made.iter().map(|(_, id)| name(id)).collect();
    source_fields.extend(plan.source.wanted.iter().map(name));
    let time = match &plan.source.time {
        None => Value::Null,
        Some(Times::Arrival) => json!({"kind": "arrival"}),
        Some(Times::Clock { at, batch }) => json!({
            "kind": "clock",
            "expression": at.text(),
            "batch": batch.map(|ns| ns as f64 / 1e9),
        }),
        Some(Times::Batch { step, .. }) => json!({
            "kind": "batch",
            "batch": *step as f64 / 1e9,
        }),
        Some(Times::Event { at, disorder, .. }) => json!({
            "kind": "event",
            "expression": at.text(),
            "watermark": disorder.map(|ns| ns as f64 / 1e9),
        }),
    };
    let lines = crate::plan::text::chain(plan);
    let nodes: Vec<Value> = plan
        .nodes
        .iter()
        .map(|node| json!({"operator": node.operator, "does": does(node, plan)}))
        .collect();
    let columns = match &plan.sink.out {
        Output::Original => Value::Null,
        Output::Columns(schema) => Value::from(
            schema
                .columns
                .iter()
                .map(|column| json!({"name": column.name, "type": column.ty.name()}))
                .collect::<Vec<_>>(),
        ),
    };
    let value = json!({
        "source": {
            "words": strings(plan.source.words.clone()),
            "format": plan.source.format_name,
            "fields": strings(source_fields),
            "literal": plan.source.literal.as_ref().map(|text| String::from_utf8_lossy(text)),
        },
        "time": time,
        "zone": plan.zone.name(),
        "operators": nodes,
        "plan": lines.lines().collect::<Vec<_>>(),
        "sink": {
            "path": plan.sink.path,
            "append": plan.sink.append,
            "format": plan.sink.format_name,
            "columns": columns,
        },
        "notes": plan.notes,
    });
    format!("{value}\n")
}
