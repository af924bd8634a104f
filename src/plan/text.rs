//! A plan as text: `--explain=plan`, the tests' view of it, and what two plans are compared by.
//! Invariant: everything from the source's kind to the last node that changes a result is in it.

use super::node::{
    AggCall, Batching, Custom, Hand, Lookup, Node, NodeKind, Output, Overdue, Plan, Right, Scope,
    Sink, SortKey, Taker, Times,
};
use super::window::duration;
use crate::data::{FieldId, Schema};
use crate::expr::Expr;
use crate::formats::Framing;
use std::fmt::Write;

/// The whole plan, a line a node, with the programs of its expressions.
pub fn plan(plan: &Plan) -> String {
    let mut out = String::new();
    let words = match plan.source.words.as_slice() {
        [] => "standard input".to_string(),
        words => words.join(" "),
    };
    line(&mut out, "source", &words);
    line(&mut out, "parse", &parse(plan));
    if let Some(literal) = &plan.source.literal {
        let text = String::from_utf8_lossy(literal);
        line(
            &mut out,
            "lines",
            &format!("with {text:?}, others are not looked at"),
        );
    }
    lines_of(plan, true, &mut out);
    out
}

/// The chain alone: times, nodes and sink, without programs.
pub fn chain(plan: &Plan) -> String {
    let mut out = String::new();
    lines_of(plan, false, &mut out);
    out
}

/// What a checkpoint is bound to, a line each: the format, the times and the nodes up to the last one with state.
/// Not: paths of sources, watermark, output, what is only told.
pub fn canonical(plan: &Plan) -> Vec<String> {
    let parse = format!(
        "parse     {} {}",
        plan.source.format_name, plan.source.reading
    );
    let mut out = vec![parse.trim_end().to_string()];
    let times = match &plan.source.time {
        Some(Times::Event { at, .. }) => at.text(),
        Some(times) => times_text(times),
        None => "none".into(),
    };
    out.push(format!("time      {times}"));
    if plan.source.since.is_some() || plan.source.until.is_some() {
        out.push(format!("range     {}", range(plan)));
    }
    let last = plan.nodes.iter().rposition(|node| has_state(&node.kind));
    let nodes = plan.nodes[..last.map_or(0, |last| last + 1)].iter();
    let is_told =
        |kind: &NodeKind| matches!(kind, NodeKind::Others { .. } | NodeKind::Lines { .. });
    for node in nodes.filter(|node| !is_told(&node.kind)) {
        let (word, rest) = node_text(node, false);
        let rest = without_limits(&rest);
        out.push(format!("{word:<10}{rest}").trim_end().to_string());
    }
    out
}

/// A node's text without what bounds its state (`--max-keys`, `--on-full`): that may be another in the next run.
fn without_limits(text: &str) -> String {
    let parts: Vec<&str> = text
        .split("   ")
        .filter(|part| !part.starts_with("at most ") || !part.contains(" keys"))
        .collect();
    parts.join("   ")
}

/// Whether a node remembers rows that have gone by.
fn has_state(kind: &NodeKind) -> bool {
    matches!(
        kind,
        NodeKind::Aggregate { .. }
            | NodeKind::Sort { .. }
            | NodeKind::Distinct { .. }
            | NodeKind::Limit { .. }
            | NodeKind::Custom(_)
    )
}

/// A node with everything that the shape of its state depends on: also the fields of rows that it keeps.
pub fn shape(node: &Node) -> String {
    if let NodeKind::Hand(_) = &node.kind {
        // Whatever gets the batches, what is kept is how many there were.
        return "batches given out".into();
    }
    let (word, rest) = node_text(node, true);
    let mut out = format!("{word} {}", without_limits(&rest));
    let carry: &[FieldId] = match &node.kind {
        NodeKind::Sort { carry, .. } | NodeKind::Distinct { carry, .. } => carry,
        NodeKind::Custom(custom) => &custom.carry,
        _ => &[],
    };
    for id in carry {
        if let Some(field) = node.schema.fields.get(*id) {
            write!(out, " {:?}", field.ty).expect("a String takes what is written");
        }
    }
    out
}

fn line(out: &mut String, word: &str, rest: &str) {
    let text = format!("{word:<10}{rest}");
    out.push_str(text.trim_end());
    out.push('\n');
}

fn parse(plan: &Plan) -> String {
    let source = &plan.source;
    let names = |ids: Vec<FieldId>| fields(&source.schema, &ids);
    let mut made: Vec<FieldId> = source.made.iter().map(|(_, id)| *id).collect();
    made.extend(&source.wanted);
    let mut text = format!("{:<10}", source.format_name);
    match made.is_empty() {
        true => text.push_str("no fields"),
        false => write!(text, "fields {}", names(made)).expect("a String takes what is written"),
    }
    if let Framing::Begun(begins) = source.format.framing() {
        write!(text, "   several lines: {begins}").expect("a String takes what is written");
    }
    let never = source.never_read();
    if !never.is_empty() {
        text.push_str("   never read: ");
        text.push_str(&never.join(", "));
    }
    text
}

fn lines_of(plan: &Plan, programs: bool, out: &mut String) {
    if let Some(times) = &plan.source.time {
        line(out, "time", &times_text(times));
    }
    if plan.source.since.is_some() || plan.source.until.is_some() {
        line(out, "range", &range(plan));
    }
    for node in &plan.nodes {
        let (word, rest) = node_text(node, true);
        line(out, word, &rest);
        if programs {
            for expr in exprs(&node.kind) {
                for instruction in expr.program().lines() {
                    line(out, "", &format!("  {instruction}"));
                }
            }
        }
    }
    let sink = match &plan.sink.path {
        Some(path) => format!("{path}, {}", output(&plan.sink)),
        None => output(&plan.sink),
    };
    line(out, "sink", &sink);
}

fn times_text(times: &Times) -> String {
    match times {
        Times::Arrival => "arrival".into(),
        Times::Event { at, auto: true, .. } => format!("{}   disorder auto", at.text()),
        Times::Event { at, disorder, .. } => match disorder {
            None => at.text(),
            Some(ns) => format!("{}   disorder {}", at.text(), duration(*ns)),
        },
        Times::Clock { at, batch } => match batch {
            None => format!("clock {}", at.text()),
            Some(step) => format!("clock {}   batch {}", at.text(), duration(*step)),
        },
        Times::Batch { by, step } => {
            let by = match by {
                Batching::Wall => "arrival".into(),
                Batching::Lines(n) => format!("batches of {n} records"),
                Batching::Marks(regex) => format!("batches that end on {regex}"),
            };
            format!("{by}   batch {}", duration(*step))
        }
    }
}

fn range(plan: &Plan) -> String {
    let print = |at: Option<i64>| {
        let mut out = Vec::new();
        if let Some(ns) = at {
            plan.zone.write_time(ns, &mut out);
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    format!(
        "from {} to {}",
        print(plan.source.since),
        print(plan.source.until)
    )
}

/// Names of fields, in order of their ids; those of no name are computed keys.
pub(super) fn fields(schema: &Schema, ids: &[FieldId]) -> String {
    let names: Vec<&str> = ids.iter().map(|&id| field(schema, id)).collect();
    names.join(", ")
}

pub(super) fn field(schema: &Schema, id: FieldId) -> &str {
    match schema.fields.get(id).map(|field| field.name.as_str()) {
        Some("") | None => "key",
        Some(name) => name,
    }
}

fn texts<'e>(exprs: impl IntoIterator<Item = &'e Expr>) -> String {
    let texts: Vec<String> = exprs.into_iter().map(Expr::text).collect();
    texts.join(", ")
}

pub(super) fn exprs(kind: &NodeKind) -> Vec<&Expr> {
    match kind {
        NodeKind::Filter { keep } => vec![keep],
        NodeKind::Project { columns } => columns.iter().map(|(_, expr)| expr).collect(),
        NodeKind::Parse { text, .. } => vec![text],
        NodeKind::Explode { list, .. } => vec![list],
        NodeKind::Aggregate { keys, aggs, .. } => keys
            .iter()
            .chain(aggs.iter().filter_map(|call| call.arg.as_ref()))
            .collect(),
        NodeKind::Sort { by, per, .. } => {
            by.iter().map(|key| &key.expr).chain(per.iter()).collect()
        }
        NodeKind::Distinct { keys, .. } => keys.iter().collect(),
        NodeKind::Lookup(lookup) => lookup.keys.iter().collect(),
        NodeKind::Custom(custom) => custom.keys.iter().chain(&custom.args).collect(),
        NodeKind::Sample { .. }
        | NodeKind::Others { .. }
        | NodeKind::Judge { .. }
        | NodeKind::Lines { .. }
        | NodeKind::Assign { .. }
        | NodeKind::Limit { .. }
        | NodeKind::Tee { .. }
        | NodeKind::Hand(_) => Vec::new(),
    }
}

/// A node's word and the parts of its line.
fn node_text(node: &Node, carries: bool) -> (&'static str, String) {
    let schema = &node.schema;
    let carried = |carry: &[FieldId]| match carry.is_empty() || !carries {
        true => String::new(),
        false => format!("carry {}", fields(schema, carry)),
    };
    match &node.kind {
        NodeKind::Filter { keep } => ("filter", keep.text()),
        NodeKind::Project { columns } => {
            let set: Vec<String> = columns
                .iter()
                .map(|(id, expr)| format!("{} = {}", field(schema, *id), expr.text()))
                .collect();
            ("project", set.join(", "))
        }
        NodeKind::Parse {
            text,
            regex,
            into,
            keep_unmatched,
        } => {
            let ids: Vec<FieldId> = into.iter().map(|(_, id)| *id).collect();
            let mut parts = format!("{} with {regex}", text.text());
            if !ids.is_empty() {
                parts.push_str(" into ");
                parts.push_str(&fields(schema, &ids));
            }
            if *keep_unmatched {
                parts.push_str(", keep unmatched");
            }
            ("parse", parts)
        }
        NodeKind::Explode { list, into, carry } => (
            "explode",
            join([
                format!("{} = {}", field(schema, *into), list.text()),
                carried(carry),
            ]),
        ),
        NodeKind::Others { .. } => ("others", "counted".into()),
        NodeKind::Lines { .. } => ("lines", "as JSON".into()),
        NodeKind::Sample { below } => ("sample", format!("below {below}")),
        NodeKind::Judge { window, lateness } => (
            "judge",
            match lateness {
                0 => window.to_string(),
                lateness => format!("{window}, lateness {}", duration(*lateness)),
            },
        ),
        NodeKind::Assign {
            window,
            lateness,
            overdue,
            carry,
            ..
        } => {
            let late = match overdue {
                Overdue::Late => String::new(),
                Overdue::Next => "late ones in the next".into(),
            };
            let waits = match lateness {
                0 => String::new(),
                lateness => format!("lateness {}", duration(*lateness)),
            };
            (
                "assign",
                join([format!("window {window}"), waits, late, carried(carry)]),
            )
        }
        NodeKind::Aggregate {
            keys,
            aggs,
            scope,
            empties,
        } => (
            "aggregate",
            join([
                keyed("keys", keys),
                calls(aggs),
                scoped(scope),
                match empties {
                    Some(_) => "each".into(),
                    None => String::new(),
                },
            ]),
        ),
        NodeKind::Sort { .. } => ("sort", sort_text(&node.kind, carried)),
        NodeKind::Distinct {
            keys,
            last,
            scope,
            carry,
        } => (
            "distinct",
            join([
                keyed("by", keys),
                if *last { "last".into() } else { String::new() },
                scoped(scope),
                carried(carry),
            ]),
        ),
        NodeKind::Limit { rows } => ("limit", format!("{rows} rows")),
        NodeKind::Tee { path, out, .. } => ("tee", format!("{path}, {}", columns(out))),
        NodeKind::Hand(hand) => (
            match hand.to {
                Taker::Command { .. } => "command",
                Taker::Print { .. } => "print",
            },
            hand_text(hand, schema),
        ),
        NodeKind::Lookup(lookup) => ("lookup", lookup_text(lookup, carried)),
        NodeKind::Custom(custom) => ("ordered", custom_text(custom, carried)),
    }
}

fn custom_text(custom: &Custom, carried: impl Fn(&[FieldId]) -> String) -> String {
    let right = custom.right.as_deref().map_or(String::new(), right_text);
    join([
        custom.text.clone(),
        keyed("keys", &custom.keys),
        keyed("of", &custom.args),
        right,
        carried(&custom.carry),
    ])
}

fn hand_text(hand: &Hand, schema: &Schema) -> String {
    let (first, keep_going) = match &hand.to {
        Taker::Command {
            command,
            keep_going,
        } => (command.clone(), *keep_going),
        Taker::Print { rows } => (format!("{rows} rows"), false),
    };
    let gets = match &hand.out {
        Output::Columns(_) => format!("gets {}: {}", hand.format_name, columns(&hand.out)),
        out => format!("gets {}", columns(out)),
    };
    let batches = match (&hand.each, hand.windowed) {
        (Some(window), _) => format!("each window {window}"),
        (None, true) => "by window".into(),
        (None, false) => "all at once".into(),
    };
    let answer = hand.answer.as_ref().map_or(String::new(), |answer| {
        let mut ids: Vec<FieldId> = answer.made.iter().map(|(_, id)| *id).collect();
        ids.extend(&answer.wanted);
        match ids.is_empty() {
            true => format!("answers {}", answer.format_name),
            false => format!("answers {}: {}", answer.format_name, fields(schema, &ids)),
        }
    });
    let going = match keep_going {
        true => "keep going".into(),
        false => String::new(),
    };
    join([first, gets, batches, answer, going])
}

fn lookup_text(lookup: &Lookup, carried: impl Fn(&[FieldId]) -> String) -> String {
    join([
        lookup.kind.name().into(),
        keyed("keys", &lookup.keys),
        right_text(&lookup.right),
        carried(&lookup.carry),
    ])
}

fn right_text(right: &Right) -> String {
    let times = right.source.time.as_ref().map_or(String::new(), |times| {
        format!(", time {}", times_text(times))
    });
    join([
        format!(
            "with {} ({}{times})",
            right.source.words.join(" "),
            right.source.format_name
        ),
        keyed("its keys", &right.keys),
        keyed("its", &right.args),
    ])
}

fn sort_text(kind: &NodeKind, carried: impl Fn(&[FieldId]) -> String) -> String {
    let NodeKind::Sort {
        by,
        limit,
        per,
        ties,
        rank,
        scope,
        carry,
    } = kind
    else {
        return String::new();
    };
    let order: Vec<String> = by.iter().map(sort_key).collect();
    join([
        match order.is_empty() {
            true => String::new(),
            false => format!("by {}", order.join(", ")),
        },
        limit.map_or(String::new(), |limit| format!("limit {limit}")),
        keyed("per", per),
        if *ties {
            "with ties".into()
        } else {
            String::new()
        },
        rank.map_or(String::new(), |_| "rank".into()),
        scoped(scope),
        carried(carry),
    ])
}

fn sort_key(key: &SortKey) -> String {
    match key.descending {
        true => format!("{} desc", key.expr.text()),
        false => key.expr.text(),
    }
}

fn keyed(word: &str, keys: &[Expr]) -> String {
    match keys.is_empty() {
        true => String::new(),
        false => format!("{word} {}", texts(keys)),
    }
}

fn calls(aggs: &[AggCall]) -> String {
    let calls: Vec<String> = aggs.iter().map(call).collect();
    format!("aggs {}", calls.join(", "))
}

fn call(call: &AggCall) -> String {
    let mut inside: Vec<String> = call.arg.iter().map(Expr::text).collect();
    inside.extend(call.call.param.clone());
    format!("{}({}) as {}", call.call.func, inside.join(", "), call.name)
}

fn scoped(scope: &Scope) -> String {
    format!("scope {scope}")
}

fn join<const N: usize>(parts: [String; N]) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("   ")
}

/// What the sink writes, and in which format.
fn output(sink: &Sink) -> String {
    match &sink.out {
        out @ Output::Columns(_) => format!("{}: {}", sink.format_name, columns(out)),
        out => columns(out),
    }
}

pub(super) fn columns(out: &Output) -> String {
    let schema = match out {
        Output::Columns(schema) => schema,
        Output::Original => return "original lines".into(),
        Output::Made => return "lines as they are".into(),
        Output::Nothing => return "nothing".into(),
    };
    let names: Vec<&str> = schema
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let names = names.join(", ");
    let Some(rest) = &schema.rest else {
        return names;
    };
    let mut text = "whole records".to_string();
    if !rest.dropped.is_empty() {
        text.push_str(&format!(" without {}", rest.dropped.join(", ")));
    }
    for (old, new) in &rest.renamed {
        text.push_str(&format!(", {old} as {new}"));
    }
    if !names.is_empty() {
        text.push_str(&format!(", with {names}"));
    }
    text
}
