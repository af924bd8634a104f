//! What a plan need not do: fields that nobody reads are not located, columns that nobody reads are not
//! computed or kept, lines that cannot pass the first filter are not looked at. Changes no result. Invariant:
//! every field that an expression, a column or the writer reads is wanted, made, computed or carried before.

use super::meaning::Meaning;
use super::node::{Made, Node, NodeKind, Output, Plan, Right, Scope, Source, Times, Turn};
use super::right::right_of_mut;
use crate::data::{Field, FieldId};
use crate::expr::Expr;
use crate::formats::Framing;
use std::collections::BTreeSet;

type Live = BTreeSet<FieldId>;

/// `read`: the source's fields that its reader finds.
pub(super) fn optimize(plan: &mut Plan, read: &[bool]) {
    let mut live = Live::new();
    read_by_output(&plan.sink.out, &mut live);
    if let Some(files) = &plan.sink.files {
        live.extend(files.fields());
    }
    for node in plan.nodes.iter_mut().rev() {
        through(node, &mut live);
    }
    plan.nodes.retain(|node| !is_idle(&node.kind));
    // What is still read is the source's.
    for times in [&plan.source.time, &plan.source.clock]
        .into_iter()
        .flatten()
    {
        if let Times::Event { at, .. } | Times::Clock { at, .. } = times {
            reads(at, &mut live);
        }
    }
    find(&mut plan.source, live, read);
    push_literal_down(plan);
    finish_rights(plan);
}

/// What the reader of another stream must find.
fn finish_rights(plan: &mut Plan) {
    for at in 0..plan.nodes.len() {
        let gives_own = matches!(&plan.nodes[at].kind, NodeKind::Custom(custom) if custom.own_rows);
        let lines = !gives_own && plan.needs_lines_behind(at);
        let Some(right) = right_of_mut(&mut plan.nodes[at].kind) else {
            continue;
        };
        match right.line.take() {
            Some(line) if lines => right.args.push(line),
            _ => {}
        }
        // What gives rows of its own counts them itself.
        let mut live: Live = right.others().into_iter().collect();
        for expr in right.keys.iter().chain(&right.args) {
            reads(expr, &mut live);
        }
        if let Some(Times::Event { at, .. } | Times::Clock { at, .. }) = &right.source.time {
            reads(at, &mut live);
        }
        let read = std::mem::take(&mut right.read);
        find(&mut right.source, live, &read);
    }
}

/// Fields of a source that are read: what is made of the record has a name of its own, and the reader does not
/// find it.
fn find(source: &mut Source, live: Live, read: &[bool]) {
    let others = source.schema.others.take();
    source.schema.others = others.filter(|others| live.contains(&others.field));
    for id in live {
        if source
            .schema
            .others
            .as_ref()
            .is_some_and(|others| others.field == id)
        {
            source.made.push((Made::Others, id));
            continue;
        }
        match made(&source.schema.fields[id].name) {
            Some(made) if !read[id] => source.made.push((made, id)),
            _ if read[id] => source.wanted.push(id),
            _ => {}
        }
    }
    let wanted = &source.wanted;
    source.sought.retain(|id| read[*id] && !wanted.contains(id));
    source.sought.sort_unstable();
    source.sought.dedup();
}

/// Leaves out what of another stream nobody reads.
fn through_right(right: &mut Right, live: &Live) {
    let kept: Vec<bool> = right.into.iter().map(|id| live.contains(id)).collect();
    // Arguments beyond those that become fields are the node's own.
    let mut at = 0;
    right.args.retain(|_| {
        at += 1;
        kept.get(at - 1).copied().unwrap_or(true)
    });
    right.into.retain(|id| live.contains(id));
}

fn made(name: &str) -> Option<Made> {
    Some(match name {
        "$0" | "line" => Made::Line,
        "@time" => Made::Time,
        "@watermark" => Made::Watermark,
        "@file" => Made::File,
        "@line" => Made::LineNumber,
        _ => return None,
    })
}

fn reads(expr: &Expr, live: &mut Live) {
    live.extend(expr.fields.iter().copied());
}

fn read_by_output(out: &Output, live: &mut Live) {
    if let Output::Columns(columns) = out {
        live.extend(columns.columns.iter().map(|column| column.field));
    }
}

/// From what is read behind a node to what is read before it; leaves out of the node what nobody reads.
fn through(node: &mut Node, live: &mut Live) {
    match &mut node.kind {
        NodeKind::Filter { keep } => reads(keep, live),
        NodeKind::Project { columns } => {
            columns.retain(|(field, _)| live.contains(field));
            for (field, _) in columns.iter() {
                live.remove(field);
            }
            for (_, expr) in columns.iter() {
                reads(expr, live);
            }
        }
        NodeKind::Parse { text, into, .. } => {
            into.retain(|(_, field)| live.remove(field));
            reads(text, live);
        }
        NodeKind::Explode { list, into, carry } => {
            live.remove(into);
            carry.extend(live.iter().copied());
            reads(list, live);
        }
        NodeKind::Assign { into, carry, .. } => {
            if let Some((start, end)) = *into {
                let read = [live.remove(&start), live.remove(&end)];
                if read == [false, false] {
                    *into = None;
                }
            }
            carry.extend(live.iter().copied());
        }
        NodeKind::Aggregate { keys, aggs, .. } => {
            live.clear();
            for expr in keys
                .iter()
                .chain(aggs.iter().filter_map(|call| call.arg.as_ref()))
            {
                reads(expr, live);
            }
        }
        NodeKind::Sort {
            by,
            per,
            rank,
            carry,
            ..
        } => {
            if rank.is_some_and(|rank| !live.remove(&rank)) {
                *rank = None;
            }
            carry.extend(live.iter().copied());
            for expr in by.iter().map(|key| &key.expr).chain(per.iter()) {
                reads(expr, live);
            }
        }
        NodeKind::Distinct { keys, carry, .. } => {
            carry.extend(live.iter().copied());
            for expr in keys.iter() {
                reads(expr, live);
            }
        }
        NodeKind::Tee { out, .. } | NodeKind::Lines { out, .. } => read_by_output(out, live),
        NodeKind::Hand(hand) => {
            if let Some(answer) = &mut hand.answer {
                // A column called `line` is the record itself only where that is text.
                let is_text = matches!(answer.format_name.as_str(), "text" | "lines");
                for &id in live.iter().filter(|id| !hand.windowed || **id > 1) {
                    let name = &node.schema.fields[id].name;
                    match made(name).filter(|_| is_text || name != "line") {
                        Some(made) => answer.made.push((made, id)),
                        None => answer.wanted.push(id),
                    }
                }
            }
            live.clear();
            read_by_output(&hand.out, live);
        }
        NodeKind::Custom(custom) => {
            if custom.own_rows {
                live.clear();
            } else if let Some(right) = &mut custom.right {
                through_right(right, live);
            }
            for field in &custom.sets {
                live.remove(field);
            }
            custom.carry.extend(live.iter().copied());
            for expr in custom.keys.iter().chain(&custom.args) {
                reads(expr, live);
            }
        }
        NodeKind::Lookup(lookup) => {
            through_right(&mut lookup.right, live);
            for field in &lookup.right.into {
                live.remove(field);
            }
            lookup.carry.extend(live.iter().copied());
            for expr in &lookup.keys {
                reads(expr, live);
            }
        }
        NodeKind::Others { fields } => live.extend(fields.iter().copied()),
        NodeKind::Sample { .. } | NodeKind::Judge { .. } | NodeKind::Limit { .. } => {}
    }
}

/// Whether nothing is left for a node to do.
fn is_idle(kind: &NodeKind) -> bool {
    match kind {
        NodeKind::Project { columns } => columns.is_empty(),
        NodeKind::Others { fields } => fields.is_empty(),
        _ => false,
    }
}

/// Lines without a text that the first filter needs are skipped unread, where every line is not looked at for
/// its time and for its number.
fn push_literal_down(plan: &mut Plan) {
    let judged =
        plan.source.clock.is_some() || plan.source.time.as_ref().is_some_and(Times::is_judged);
    let numbered = plan
        .source
        .made
        .iter()
        .any(|(made, _)| matches!(made, Made::LineNumber | Made::Watermark));
    let Some(NodeKind::Filter { keep }) = plan.nodes.first().map(|node| &node.kind) else {
        return;
    };
    if judged || numbered || plan.source.format.framing() != Framing::Lines {
        return;
    }
    // Is what the filter reads a piece of the line as it stands? A syslog severity is computed, a bare logfmt
    // key reads as `true`; JSON and tsv spell some characters with a backslash, which is looked at by line.
    let whole_lines = keep.fields.iter().all(|field| {
        let mut lines = plan.source.made.iter();
        lines.any(|(made, id)| *made == Made::Line && id == field)
    });
    let escaped = match plan.source.format_name.split(':').next() {
        _ if whole_lines => false,
        Some("text" | "lines" | "combined" | "common" | "regex" | "grok") => false,
        Some("json" | "tsv") => true,
        _ => return,
    };
    plan.source.literal = keep.required_literal();
    plan.source.literal_json = plan.source.literal.is_some() && escaped;
}

impl Plan {
    /// What is read: the chain's own source, then the other streams in the order of their nodes.
    pub fn sides(&self) -> impl Iterator<Item = &Source> {
        std::iter::once(&self.source).chain(self.rights().map(|right| &right.source))
    }

    /// The other stream that is side `side`; `None` of the chain's own.
    pub fn right_of_side(&self, side: usize) -> Option<&Right> {
        self.rights().nth(side.checked_sub(1)?)
    }

    fn rights(&self) -> impl Iterator<Item = &Right> {
        self.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Custom(custom) => custom.right.as_deref(),
            _ => None,
        })
    }

    /// How many sides there are whose rows come to a node.
    pub fn sides_before(&self, index: usize) -> usize {
        let nodes = self.nodes.iter().take(index);
        let has_right =
            |node: &&Node| matches!(&node.kind, NodeKind::Custom(custom) if custom.right.is_some());
        1 + nodes.filter(has_right).count()
    }

    /// Whether rows enough may have come of streams that are read side by side, so that how far each was read is accident.
    /// What stands behind all of the input has read all of it. `quiet`, as below: the first row that comes out ends the run.
    pub fn may_end_anywhere(&self, quiet: bool) -> bool {
        let mut anywhere = false;
        for node in &self.nodes {
            match &node.kind {
                NodeKind::Custom(custom) => {
                    let right = custom.right.as_ref();
                    anywhere |= right.is_some_and(|right| right.turn == Turn::Any);
                }
                NodeKind::Aggregate { scope, .. } | NodeKind::Sort { scope, .. } => {
                    anywhere &= *scope != Scope::Forever;
                }
                NodeKind::Limit { .. } if anywhere => return true,
                _ => {}
            }
        }
        quiet && anywhere
    }

    /// Whether a limit stands behind state that lets out rows when time has passed them, before the input ends: at
    /// the end of an epoch. What stands behind all of the input has read all of it.
    pub fn limits_what_time_lets_out(&self, quiet: bool) -> bool {
        let passes = self.sides().any(|source| match &source.time {
            Some(Times::Event { disorder, auto, .. }) => {
                disorder.is_some() || *auto || source.clock.is_some()
            }
            time => time.is_some(),
        });
        let mut early = false;
        for node in &self.nodes {
            match &node.kind {
                NodeKind::Custom(_) => early |= passes,
                NodeKind::Aggregate { scope, .. }
                | NodeKind::Sort { scope, .. }
                | NodeKind::Distinct {
                    last: true, scope, ..
                } => early = passes && *scope != Scope::Forever,
                NodeKind::Limit { .. } if early => return true,
                _ => {}
            }
        }
        quiet && early
    }

    /// The nodes in front of the last limit.
    fn before_limit(&self, quiet: bool) -> &[Node] {
        let is_limit = |node: &Node| matches!(node.kind, NodeKind::Limit { .. });
        let limit = self.nodes.iter().rposition(is_limit).unwrap_or(0);
        match quiet {
            true => &self.nodes,
            false => &self.nodes[..limit],
        }
    }

    /// Whether state that tells what it has done stands in front of a limit.
    pub fn has_state_before_limit(&self, quiet: bool) -> bool {
        let mut before = self.before_limit(quiet).iter();
        before.any(|node| matches!(node.kind, NodeKind::Custom(_)))
    }

    /// Whether what is written are the records, and no rows of a node's own.
    pub fn writes_records(&self) -> bool {
        !self.nodes.iter().any(|node| match &node.kind {
            NodeKind::Aggregate { .. } => true,
            NodeKind::Custom(custom) => custom.own_rows,
            _ => false,
        })
    }

    /// The operator that makes lists of the fields that first records have, where it is told which records have others: of
    /// this stream, of its other one.
    pub fn lists_of_firsts(&self) -> Option<(&str, bool, bool)> {
        let mut before = None;
        self.nodes.iter().find_map(|node| {
            let (is_list, other) = match &node.kind {
                NodeKind::Aggregate { .. } => (true, false),
                NodeKind::Custom(custom) => {
                    let right = custom.right.as_ref();
                    let other = right.is_some_and(|right| right.others().is_some());
                    (custom.own_rows, other)
                }
                _ => (false, false),
            };
            let before = before.replace(&node.kind);
            let own = matches!(before, Some(NodeKind::Others { .. }));
            let operator = node.operator.split_whitespace().next()?;
            (is_list && (own || other)).then_some((operator, own, other))
        })
    }

    /// Whether rows with fields beyond the columns are counted in front of a limit.
    pub fn counts_others_before_limit(&self) -> bool {
        let mut before = self.before_limit(false).iter();
        before.any(|node| match &node.kind {
            NodeKind::Others { .. } => true,
            NodeKind::Custom(custom) if custom.own_rows => custom
                .right
                .as_ref()
                .is_some_and(|right| right.others().is_some()),
            _ => false,
        })
    }

    /// Whether records of the chain's own source are written somewhere as they stand in their inputs, below one header.
    pub fn passes_lines(&self) -> bool {
        let is_original = |out: &Output| matches!(out, Output::Original);
        let mut tees = self.nodes.iter().map(|node| match &node.kind {
            NodeKind::Tee { out, .. } => is_original(out),
            _ => false,
        });
        is_original(&self.sink.out) || tees.any(|is_original| is_original)
    }

    /// Whether rows that come to node `at` come in order of what they are judged by, of how many sources they are:
    /// another node has put them into the order of time.
    pub fn comes_in_one_order(&self, at: usize) -> bool {
        let in_batches = self.source.time.as_ref().and_then(Times::batch).is_some();
        for node in self.nodes[..at].iter().rev() {
            if let NodeKind::Custom(custom) = &node.kind {
                match custom.meaning {
                    Meaning::Asof { .. } | Meaning::InTime { .. } => return true,
                    Meaning::Union { windowed } if windowed || in_batches => return true,
                    // In turns, or window by window.
                    Meaning::Join {
                        within, windowed, ..
                    } if within.is_some() || windowed => return true,
                    _ if custom.right.is_some() => return false,
                    _ => {}
                }
            }
        }
        false
    }

    /// Whether the chain cuts the source's rows into windows.
    pub fn has_windows(&self) -> bool {
        self.nodes.iter().any(|node| {
            matches!(
                node.kind,
                NodeKind::Assign { .. }
                    | NodeKind::Judge { .. }
                    | NodeKind::Aggregate {
                        scope: Scope::Assign(_),
                        ..
                    }
            )
        })
    }
}

/// Whether records are written as they stand.
pub(super) fn writes_lines(out: &Output) -> bool {
    match out {
        Output::Original | Output::Made => true,
        Output::Columns(columns) => columns.rest.is_some(),
        Output::Nothing => false,
    }
}

impl Source {
    /// Fields that are known by name and that nobody reads.
    pub fn never_read(&self) -> Vec<&str> {
        let read =
            |id: &FieldId| self.wanted.contains(id) || self.made.iter().any(|(_, made)| made == id);
        // A line of text is read in any case; it is no field among others.
        let is_line = matches!(self.format_name.as_str(), "text" | "lines");
        let unread = |(id, field): &(FieldId, &Field)| {
            let line = is_line && field.name == "line";
            !(field.hidden || line || read(id))
        };
        let fields = self.schema.fields.iter().enumerate();
        fields
            .filter(unread)
            .map(|(_, field)| field.name.as_str())
            .collect()
    }
}
