//! `--explain`: what a chain would do, in words or as data. Reads the plan, runs nothing. Says which defaults
//! were chosen and why, when rows are printed and when state is freed.

use super::globals::Options;
use crate::aggs::bound;
use crate::data::{FieldId, Type};
use crate::formats::Framing;
use crate::formats::begins::Begins;
use crate::plan::files::Span;
use crate::plan::node::{
    Extent, Hand, Made, Matching, Node, NodeKind, Output, Overdue, Plan, Scope, Taker, Times,
    Window,
};
use crate::plan::when::{UNBOUNDED, When, batches, windows};
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
            "{sources}: {kind}; format {}{chosen}{}",
            plan.source.format_name,
            several_lines(plan)
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
        Some(path) if plan.sink.files.is_some() => format!("{path}, {}", many(plan)),
        Some(path) if plan.sink.append => format!("{path}, behind what is in it"),
        Some(path) if plan.sink.complete => {
            format!("{path}, which is replaced whole at each trigger and at the end")
        }
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
    let made = made(plan);
    let names: Vec<&str> = made
        .chain(plan.source.wanted.iter().copied())
        .map(name)
        .collect();
    match names.is_empty() {
        true => "none are looked for".into(),
        false => names.join(", "),
    }
}

/// Fields that are made of a record and can be named.
fn made(plan: &Plan) -> impl Iterator<Item = FieldId> {
    let made = plan.source.made.iter();
    made.filter(|(made, _)| *made != Made::Others)
        .map(|(_, id)| *id)
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
            let ends = batches(by, *step);
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

/// Where a record is not a line.
fn several_lines(plan: &Plan) -> String {
    match plan.source.format.framing() {
        Framing::Lines | Framing::Quoted => String::new(),
        Framing::Begun(begins) => {
            let begins = match begins.as_ref() {
                Begins::Flush => "goes on with lines that begin with a blank".into(),
                Begins::Time(_) => "begins with a line that begins with a time".into(),
                Begins::Match(regex) => format!("begins with a line that matches {regex}"),
            };
            format!("; a record {begins}")
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
        Output::Original | Output::Made | Output::Nothing => false,
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
        NodeKind::Others { .. } => {
            "counts records with fields that are no columns, as the first record lacks them".into()
        }
        NodeKind::Sample { .. } => "keeps the same share of lines each time, by their hash".into(),
        NodeKind::Lines { .. } => "has late rows kept as JSON, as they are no records".into(),
        NodeKind::Judge { window, .. } => format!(
            "drops records that are too late for windows of {}, before what follows keeps anything of them",
            window.size
        ),
        NodeKind::Assign {
            window,
            lateness,
            overdue,
            ..
        } => {
            let late = match overdue {
                Overdue::Late => "",
                Overdue::Next => "; what is late counts in the one that is open",
            };
            let waits = match lateness {
                0 => String::new(),
                lateness => format!(
                    "; each takes records for {} more when it is over, and what follows waits for them",
                    duration(*lateness)
                ),
            };
            format!(
                "puts records into {}{waits}{late}; keeps nothing",
                windows(window)
            )
        }
        NodeKind::Aggregate {
            keys, aggs, scope, ..
        } => {
            let state = match keys.len() {
                0 => "one row of state",
                _ => "one row of state for each key",
            };
            let calls: Vec<String> = aggs
                .iter()
                .map(|call| match bound(&call.call) {
                    Some(bound) => format!("{} ({bound})", call.name),
                    None => call.name.clone(),
                })
                .collect();
            let grows = (!keys.is_empty()).then_some("the keys");
            format!(
                "{}; {state}{}",
                calls.join(", "),
                closes(scope, plan, grows)
            )
        }
        NodeKind::Sort {
            limit: Some(limit),
            per,
            scope,
            ..
        } => {
            let (of, grows) = match per.is_empty() {
                true => ("", None),
                false => (" of each key", Some("the keys")),
            };
            let closes = closes(scope, plan, grows);
            format!("keeps the first {limit}{of}{closes}{}", peeks(plan))
        }
        NodeKind::Sort { scope, .. } => {
            let closes = closes(scope, plan, Some("the input"));
            format!("holds all records in memory{closes}{}", peeks(plan))
        }
        NodeKind::Distinct {
            last: true, scope, ..
        } => format!(
            "holds the last record of each key{}",
            closes(scope, plan, Some("the keys"))
        ),
        NodeKind::Distinct { scope, .. } => format!(
            "passes the first record of each key at once; remembers the keys{}",
            match scope {
                Scope::Forever => {
                    format!("; {UNBOUNDED} with the keys (no --ttl, no --max-keys)")
                }
                Scope::Assign(_) | Scope::Rows => " of a window until it is complete".into(),
            }
        ),
        NodeKind::Limit { rows } => format!("passes {rows}, then nothing more is read"),
        NodeKind::Tee { path, .. } => format!("writes a copy to {path}"),
        NodeKind::Lookup(lookup) => format!(
            "adds {} at once from {}, a table in memory, read again when the file changes",
            match lookup.kind {
                Matching::Anti => "nothing, and passes records without a match,",
                Matching::Left => "what its key has, nulls where it has nothing,",
                _ => "what its key has, and passes no record without a match,",
            },
            lookup.right.source.words.join(" ")
        ),
        NodeKind::Hand(hand) => hands(hand),
        NodeKind::Custom(custom) => custom.keeps.clone(),
    }
}

/// When a command runs, and what it gets.
fn hands(hand: &Hand) -> String {
    let when = match (&hand.each, hand.windowed) {
        (Some(_), _) => "when a batch or its window is complete, also one without a record",
        (None, true) => "when a window is complete",
        (None, false) => "once, with all that the run reads",
    };
    let gets = match &hand.out {
        Output::Columns(_) => hand.format_name.as_str(),
        _ => "the lines as they are",
    };
    match (&hand.to, &hand.answer) {
        (Taker::Print { rows }, _) => {
            format!("prints the time and the first {rows} rows, {when}; keeps nothing")
        }
        (Taker::Command { .. }, None) => {
            format!("runs the command {when}; it reads {gets}; keeps nothing, one runs at a time")
        }
        (Taker::Command { .. }, Some(answer)) => format!(
            "runs the command {when}; it reads {gets}, and its lines go on as {}; keeps nothing, one runs at a time",
            answer.format_name
        ),
    }
}

/// When rows are printed and their state is freed. `grows`: what it grows with where nothing frees it.
fn closes(scope: &Scope, plan: &Plan, grows: Option<&str>) -> String {
    match (scope, grows) {
        (Scope::Forever, None) => "; prints at the end of the input".into(),
        (Scope::Forever, Some(grows)) => {
            format!("; prints at the end of the input; {UNBOUNDED} with {grows}")
        }
        (Scope::Assign(window), _) if When::of(plan).is_batch(window) => {
            " and batch; prints at its end; then freed".into()
        }
        (Scope::Assign(window), _) => format!(
            " and each of {}; {}; then freed",
            windows(window),
            When::of(plan).of_window(window)
        ),
        (Scope::Rows, _) => "; prints when their window is complete; then freed".into(),
    }
}

/// What a ranking prints before its time.
fn peeks(plan: &Plan) -> String {
    let Some(every) = plan.peek_every else {
        return String::new();
    };
    let at = match plan.early_by_data() {
        Some((Times::Batch { step, .. }, every)) if every == *step => {
            return "; what is so far, behind each batch".into();
        }
        Some((Times::Batch { .. }, _)) => " of batches",
        Some(_) => " that the records tell",
        None => "",
    };
    format!(
        "; what is so far, at each {} of the clock{at}",
        duration(every)
    )
}

fn written(plan: &Plan, options: &Options) -> String {
    let schema = match &plan.sink.out {
        Output::Columns(schema) => schema,
        Output::Original => return "the original lines".into(),
        Output::Made => return "lines as they are".into(),
        Output::Nothing => return "nothing more".into(),
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
    let mut source_fields: Vec<String> = made(plan).map(|id| name(&id)).collect();
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
        Output::Original | Output::Made | Output::Nothing => Value::Null,
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
/// What each file of an output is of, and when it is complete.
fn many(plan: &Plan) -> String {
    let Some(files) = &plan.sink.files else {
        return String::new();
    };
    let field = match files.fields().next() {
        Some(_) => " and value",
        None => "",
    };
    match files.of {
        Span::Run if plan.sink.append => "a file for each value, added to".into(),
        Span::Run => "a file for each value".into(),
        Span::Window => {
            format!("a file for each window{field}, there when nothing more comes to it")
        }
        Span::Batch(_) => format!("a file for each batch{field}, there when it is over"),
        Span::Every(every) => {
            format!(
                "a file for each {}{field}, there when it is over",
                duration(every)
            )
        }
    }
}
