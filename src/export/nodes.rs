//! A plan's nodes as a SELECT, with views where one does not suffice. Invariant: a node is translated whole or not at
//! all; the first that is not ends the translation, which then is of what stands before it.

use super::aggregates::{Around, aggregate};
use super::relation::{Bounds, Names, Relation, column_name};
use super::source::{self, Asked};
use super::sql::{Dialect, Level, Result, Scope, Sql, Unsupported, none};
use super::windows::{self, Cut};
use super::{Input, sides};
use crate::data::{FieldId, Schema, Type};
use crate::expr::Expr;
use crate::plan::grouping::Shape;
use crate::plan::meaning::Meaning;
use crate::plan::node::{
    AggCall, Custom, Hand, Node, NodeKind, Output, Plan, Scope as Span, Taker, Times,
};
use std::collections::BTreeSet;

pub struct Walk<'p> {
    pub dialect: &'p dyn Dialect,
    pub plan: &'p Plan,
    pub input: &'p Input,
    pub here: Relation,
    pub names: Names,
    /// Statements so far, in order.
    pub out: Vec<String>,
    /// Fields that are read behind the node at hand.
    pub live: BTreeSet<FieldId>,
    /// The same before it.
    before: BTreeSet<FieldId>,
    views: usize,
}

pub fn translate(plan: &Plan, input: &Input, dialect: &dyn Dialect) -> String {
    let mut walk = Walk {
        dialect,
        plan,
        input,
        here: Relation::default(),
        names: Names::default(),
        out: Vec::new(),
        live: BTreeSet::new(),
        before: BTreeSet::new(),
        views: 0,
    };
    walk.out.push(format!(
        "-- {}, {} or later",
        dialect.name(),
        dialect.version()
    ));
    walk.settings();
    if let Err(Unsupported(reason)) = walk.source() {
        walk.out.push(format!(
            "-- no counterpart in {} for this source: {}",
            dialect.name(),
            one_line(&reason)
        ));
        return walk.text();
    }
    let live = lives(plan);
    for (at, node) in plan.nodes.iter().enumerate() {
        walk.live = live[at + 1].clone();
        walk.before = live[at].clone();
        let before = (walk.here.clone(), walk.out.len(), walk.views);
        if let Err(Unsupported(reason)) = walk.node(node, at) {
            (walk.here, _, walk.views) = before;
            walk.out.truncate(before.1);
            let schema = match at {
                0 => &plan.source.schema,
                at => &plan.nodes[at - 1].schema,
            };
            walk.refuse(at, &reason, schema, &live[at]);
            return walk.text();
        }
    }
    walk.finish();
    walk.text()
}

/// A comment ends with its line.
pub fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// What is read behind each node: entry `n` before node `n`.
fn lives(plan: &Plan) -> Vec<BTreeSet<FieldId>> {
    let mut live: BTreeSet<FieldId> = BTreeSet::new();
    match written(plan) {
        Output::Columns(schema) => live.extend(schema.columns.iter().map(|column| column.field)),
        Output::Original if is_table(plan) => {
            live.extend(plan.source.schema.shown().map(|(id, _)| id));
        }
        _ => {}
    }
    if let Some(files) = &plan.sink.files {
        live.extend(files.fields());
    }
    let mut all = vec![live.clone()];
    for node in plan.nodes.iter().rev() {
        let own_rows = match &node.kind {
            NodeKind::Aggregate { .. } => true,
            NodeKind::Custom(custom) => custom.own_rows,
            NodeKind::Hand(hand) => {
                if let Output::Columns(schema) = &hand.out {
                    live.extend(schema.columns.iter().map(|column| column.field));
                }
                hand.answer.is_some()
            }
            _ => false,
        };
        if own_rows {
            live.clear();
        }
        live.extend(reads(&node.kind));
        all.push(live.clone());
    }
    all.reverse();
    all
}

fn reads(kind: &NodeKind) -> Vec<FieldId> {
    let exprs: Vec<&Expr> = match kind {
        NodeKind::Filter { keep } => vec![keep],
        NodeKind::Project { columns } => columns.iter().map(|(_, expr)| expr).collect(),
        NodeKind::Parse { text, .. } => vec![text],
        NodeKind::Explode { list, .. } => vec![list],
        NodeKind::Aggregate { keys, aggs, .. } => {
            let args = aggs.iter().filter_map(|call| call.arg.as_ref());
            keys.iter().chain(args).collect()
        }
        NodeKind::Sort { by, per, .. } => by.iter().map(|key| &key.expr).chain(per).collect(),
        NodeKind::Distinct { keys, .. } => keys.iter().collect(),
        NodeKind::Lookup(lookup) => lookup.keys.iter().collect(),
        NodeKind::Custom(custom) => custom.keys.iter().chain(&custom.args).collect(),
        _ => Vec::new(),
    };
    exprs
        .into_iter()
        .flat_map(|expr| expr.fields.clone())
        .collect()
}

/// What leaves the chain: to the sink, or to a command at its end.
fn written(plan: &Plan) -> &Output {
    match (&plan.sink.out, plan.nodes.last()) {
        (
            Output::Nothing,
            Some(Node {
                kind: NodeKind::Hand(hand),
                ..
            }),
        ) => &hand.out,
        (out, _) => out,
    }
}

/// Records of columns, which have no line of their own.
fn is_table(plan: &Plan) -> bool {
    matches!(plan.source.format_name.as_str(), "csv" | "tsv")
}

impl Walk<'_> {
    pub fn is_flink(&self) -> bool {
        self.dialect.name() == "Flink SQL"
    }

    fn text(self) -> String {
        let mut text = self.out.join("\n");
        text.push('\n');
        text
    }

    fn settings(&mut self) {
        let zone = self.dialect.text(self.plan.zone.name());
        let timed = self.plan.source.time.is_some();
        if self.is_flink() {
            let mode = if self.input.live {
                "streaming"
            } else {
                "batch"
            };
            self.out
                .push(format!("SET 'execution.runtime-mode' = '{mode}';"));
            if timed {
                self.out
                    .push(format!("SET 'table.local-time-zone' = {zone};"));
            }
        } else {
            self.out.push("SET spark.sql.ansi.enabled = false;".into());
            if timed {
                self.out.push(format!("SET TIME ZONE {zone};"));
            }
        }
    }

    fn source(&mut self) -> Result<()> {
        let plan = self.plan;
        let by_arrival = plan.source.time.as_ref().is_some_and(Times::is_arrival);
        let in_order = plan.nodes.iter().any(|node| {
            matches!(
                &node.kind,
                NodeKind::Distinct { .. }
                    | NodeKind::Custom(Custom {
                        meaning: Meaning::Running(_) | Meaning::Distinct { .. },
                        ..
                    })
            )
        });
        let whole = match written(plan) {
            Output::Original => !is_table(plan),
            Output::Columns(schema) => schema.rest.is_some(),
            Output::Made | Output::Nothing => false,
        };
        let made =
            |made: &(crate::plan::node::Made, FieldId)| made.0 == crate::plan::node::Made::Line;
        let asked = Asked {
            proc_time: by_arrival || in_order,
            line: whole || plan.source.made.iter().any(made),
            all: matches!(written(plan), Output::Original) && is_table(plan),
        };
        self.names.free("src");
        let table = source::table("src", &plan.source, self.input, &asked, self.dialect)?;
        self.out.extend(table.statements);
        self.here = table.relation;
        if !whole {
            self.here.line = None;
        }
        Ok(())
    }

    /// What stands before the node, and why there is no more.
    fn refuse(&mut self, at: usize, reason: &str, schema: &Schema, live: &BTreeSet<FieldId>) {
        let operator = &self.plan.nodes[at].operator;
        self.out.push(format!(
            "-- '{}': no counterpart in {}: {}",
            one_line(operator),
            self.dialect.name(),
            one_line(reason)
        ));
        let rest: Vec<String> = self.plan.nodes[at + 1..]
            .iter()
            .map(|node| one_line(&node.operator))
            .filter(|other| other != operator)
            .fold(Vec::new(), |mut all, one| {
                if all.last() != Some(&one) {
                    all.push(one);
                }
                all
            });
        if !rest.is_empty() {
            self.out.push(format!(
                "-- not translated, as they follow it: '{}'",
                rest.join("', '")
            ));
        }
        self.out.push("-- up to there:".into());
        let (select, _) = self
            .here
            .viewed("rows_before", live, schema, &[], self.dialect);
        self.out.push(format!("{select};"));
    }

    /// Puts what there is so far into a view, with a name or a new one.
    pub fn view(&mut self, schema: &Schema, more: &[(Sql, &str)], live: &BTreeSet<FieldId>) {
        self.views += 1;
        let name = self.names.free(&format!("t{}", self.views));
        let (select, there) = self.here.viewed(&name, live, schema, more, self.dialect);
        self.out
            .push(format!("CREATE TEMPORARY VIEW {name} AS\n{select};"));
        self.here = there;
    }

    /// The same with the fields that are read from the node on that reads `exprs`.
    pub fn view_for(&mut self, schema: &Schema, more: &[(Sql, &str)], kind: &NodeKind) {
        let mut live = self.before.clone();
        live.extend(reads(kind));
        self.view(schema, more, &live);
    }

    /// An expression over what is here.
    pub fn sql(&self, expr: &Expr) -> Result<Sql> {
        self.sql_over(&self.here, expr)
    }

    /// An expression over what a relation has.
    pub fn sql_over(&self, relation: &Relation, expr: &Expr) -> Result<Sql> {
        let field = |id: FieldId, name: &str| relation.field(id, name);
        let scope = Scope {
            dialect: self.dialect,
            field: &field,
        };
        scope.expr(expr.tree())
    }

    /// The window that the rows here are in.
    pub fn window(&self) -> Result<&Bounds> {
        match &self.here.window {
            Some(bounds) => Ok(bounds),
            None => none("the window of these rows is not known"),
        }
    }

    pub fn sqls(&self, exprs: &[Expr]) -> Result<Vec<Sql>> {
        exprs.iter().map(|expr| self.sql(expr)).collect()
    }

    /// Whether an expression reads something that is computed here.
    pub fn is_plain(&self, expr: &Expr) -> bool {
        expr.fields
            .iter()
            .all(|id| self.here.columns.get(id).is_none_or(|sql| sql.plain))
    }

    fn node(&mut self, node: &Node, at: usize) -> Result<()> {
        let schema = match at {
            0 => &self.plan.source.schema,
            at => &self.plan.nodes[at - 1].schema,
        };
        match &node.kind {
            NodeKind::Filter { keep } => {
                let is_having = self.here.group.is_some() && self.here.order.is_empty();
                let fits = self.here.is_rows() && self.is_plain(keep)
                    || is_having && self.here.limit.is_none();
                if !fits {
                    self.view_for(schema, &[], &node.kind);
                }
                let keep = self.sql(keep)?;
                match self.here.group.is_some() {
                    true => self.here.having.push(keep),
                    false => self.here.filter.push(keep),
                }
                Ok(())
            }
            NodeKind::Project { columns } if columns.is_empty() => Ok(()),
            NodeKind::Project { columns } => {
                let plain = columns.iter().all(|(_, expr)| self.is_plain(expr));
                if !self.here.is_rows() || !plain {
                    self.view_for(schema, &[], &node.kind);
                }
                let made: Vec<(FieldId, Sql)> = columns
                    .iter()
                    .map(|(id, expr)| Ok((*id, self.sql(expr)?)))
                    .collect::<Result<_>>()?;
                self.here.columns.extend(made);
                Ok(())
            }
            NodeKind::Parse {
                text,
                regex,
                into,
                keep_unmatched,
            } => {
                if !self.here.is_rows() || !self.is_plain(text) {
                    self.view_for(schema, &[], &node.kind);
                }
                let text = self.sql(text)?;
                let pattern = self.dialect.text(&super::regexes::java(regex.as_str())?);
                let matches = self.dialect.matches(text.clone(), &pattern);
                for (group, id) in into {
                    let made = self.dialect.group_of(&text, &pattern, *group);
                    let made = match keep_unmatched {
                        true => format!("CASE WHEN {} THEN {made} END", matches.text),
                        false => made,
                    };
                    self.here.columns.insert(*id, Sql::atom(made));
                }
                if !keep_unmatched {
                    self.here.filter.push(matches);
                }
                Ok(())
            }
            NodeKind::Explode { list, into, .. } => self.explode(list, *into, node, schema),
            // A window behind judges by itself there.
            NodeKind::Others { .. } | NodeKind::Judge { .. } | NodeKind::Lines { .. } => Ok(()),
            NodeKind::Sample { .. } => {
                none("the same share of lines each time, by their hash, has no counterpart")
            }
            NodeKind::Assign {
                window,
                lateness,
                into,
                ..
            } => {
                self.note_lateness(*lateness, node);
                let cut = windows::cut(window, self.plan.zone.is_utc())?;
                self.put_into_windows(&cut, &[], *into, node, schema)
            }
            NodeKind::Aggregate {
                keys,
                aggs,
                scope,
                empties,
            } => {
                if empties.is_some() {
                    return none("a row for each batch, an empty one too, has no counterpart");
                }
                let cut = match scope {
                    Span::Assign(window) => Some(windows::cut(window, self.plan.zone.is_utc())?),
                    Span::Rows | Span::Forever => None,
                };
                let args: Vec<Option<Expr>> = aggs.iter().map(|call| call.arg.clone()).collect();
                let calls: Vec<&AggCall> = aggs.iter().collect();
                let in_window = *scope != Span::Forever;
                self.group(keys, &calls, &args, cut, in_window, node, schema)
            }
            NodeKind::Sort { by, .. } if by.is_empty() => Ok(()),
            NodeKind::Sort { .. } => self.sort(node, schema),
            NodeKind::Distinct {
                keys, last, scope, ..
            } => self.distinct(keys, *last, *scope != Span::Forever, node, schema),
            NodeKind::Limit { rows } => {
                let free = self.here.limit.is_none();
                if !free {
                    self.view_for(schema, &[], &node.kind);
                }
                self.here.limit = Some(*rows);
                Ok(())
            }
            NodeKind::Tee { path, .. } => {
                self.out.push(format!(
                    "-- '{}': a copy of the rows so far to {}: an INSERT INTO of its own",
                    one_line(&node.operator),
                    one_line(path)
                ));
                Ok(())
            }
            NodeKind::Hand(hand) => self.hand(hand, node),
            NodeKind::Lookup(lookup) => {
                let keys = &lookup.keys;
                sides::join(self, &lookup.right, keys, lookup.kind, None, node, schema)
            }
            NodeKind::Custom(custom) => self.custom(custom, node, schema),
        }
    }

    fn hand(&mut self, hand: &Hand, node: &Node) -> Result<()> {
        if hand.answer.is_some() {
            return none("a command that answers is no SQL");
        }
        let way = match hand.to {
            Taker::Command { .. } if self.is_flink() => "is no SQL: a sink of one's own",
            Taker::Command { .. } => "is no SQL: foreachBatch of a DataStreamWriter",
            Taker::Print { .. } => "is no SQL: what the rows are printed by",
        };
        self.out
            .push(format!("-- '{}' {way}", one_line(&node.operator)));
        Ok(())
    }

    fn explode(&mut self, list: &Expr, into: FieldId, node: &Node, schema: &Schema) -> Result<()> {
        let field = schema_name(&node.schema, into);
        if !self.here.is_rows() || !self.is_plain(list) {
            self.view_for(schema, &[], &node.kind);
        }
        let made = self.sql(list)?;
        let is_json = !matches!(list.ty, Type::List(_));
        let column = super::sql::identifier(&column_name(&field), self.dialect);
        let used = self.here.columns.values().any(|sql| sql.text == column);
        let column = if used {
            format!("{column}_item")
        } else {
            column
        };
        if self.is_flink() {
            let made = match is_json {
                true => Sql::atom(format!(
                    "JSON_QUERY({}, '$' RETURNING ARRAY<STRING>)",
                    made.text
                )),
                false => made,
            };
            self.view_for(schema, &[(made, "items")], &node.kind);
            self.here.from = format!(
                "{} CROSS JOIN UNNEST(items) AS u ({column})",
                self.here.from
            );
        } else {
            let made = match is_json {
                true => format!("from_json({}, 'array<string>')", made.text),
                false => made.text,
            };
            self.here.from = format!(
                "{} LATERAL VIEW explode({made}) items AS {column}",
                self.here.from
            );
        }
        self.here.is_table = false;
        self.here.columns.insert(
            into,
            Sql {
                plain: true,
                ..Sql::atom(column)
            },
        );
        Ok(())
    }

    /// Makes the relation one that a window function can read: a table or view of the rows as they are.
    fn as_table(&mut self, keeps_filter: bool, kind: &NodeKind, schema: &Schema) {
        let filtered = !self.here.filter.is_empty() && !keeps_filter;
        if !self.here.is_table || !self.here.is_rows() || filtered {
            self.view_for(schema, &[], kind);
        }
    }

    /// The window that rows fall in, as terms to group by.
    fn cut_rows(
        &mut self,
        cut: &Cut,
        keys: &[Expr],
        node: &Node,
        schema: &Schema,
    ) -> Result<Bounds> {
        if !self.is_flink() {
            if !self.here.is_rows() {
                self.view_for(schema, &[], &node.kind);
            }
            return Ok(windows::spark(cut, &self.here)?.1);
        }
        let is_session = matches!(cut, Cut::Session(_));
        self.as_table(!is_session, &node.kind, schema);
        let mut partition = Vec::new();
        if is_session {
            let made = self.sqls(keys)?;
            if let Some(other) = made.iter().find(|sql| !sql.plain) {
                return none(format!(
                    "Flink's sessions are of columns; compute the key with map first: {}",
                    other.text
                ));
            }
            partition.extend(made.into_iter().map(|sql| sql.text));
        }
        let (from, bounds) = windows::flink(cut, &self.here, &partition, self.dialect)?;
        if let Some(from) = from {
            self.here.from = from;
            self.here.is_table = false;
        }
        Ok(bounds)
    }

    /// The rows themselves in their windows.
    pub fn put_into_windows(
        &mut self,
        cut: &Cut,
        keys: &[Expr],
        into: Option<(FieldId, FieldId)>,
        node: &Node,
        schema: &Schema,
    ) -> Result<()> {
        let mut bounds = self.cut_rows(cut, keys, node, schema)?;
        let call = bounds.terms.first().map(|term| term.text.clone());
        if let (false, Some(call)) = (self.is_flink(), call)
            && call.contains("window(")
        {
            if matches!(cut, Cut::Session(_)) {
                return none("rows in sessions that nothing groups have no counterpart in Spark");
            }
            let term = Sql::atom(call);
            self.view_for(schema, &[(term, "time_window")], &node.kind);
            let part = |name: &str| Sql {
                plain: true,
                ..Sql::atom(format!("time_window.{name}"))
            };
            bounds = Bounds {
                start: part("start"),
                end: part("end"),
                terms: vec![Sql::column("time_window", self.dialect)],
            };
        }
        if let Some((start, end)) = into {
            self.here.columns.insert(start, bounds.start.clone());
            self.here.columns.insert(end, bounds.end.clone());
        }
        self.here.window = Some(bounds);
        Ok(())
    }

    /// A row a group.
    #[allow(clippy::too_many_arguments)]
    pub fn group(
        &mut self,
        keys: &[Expr],
        calls: &[&AggCall],
        args: &[Option<Expr>],
        cut: Option<Cut>,
        in_window: bool,
        node: &Node,
        schema: &Schema,
    ) -> Result<()> {
        let plain = keys.iter().all(|key| self.is_plain(key));
        if !self.here.is_rows() || !plain {
            self.view_for(schema, &[], &node.kind);
        }
        let length = cut.as_ref().and_then(Cut::length);
        let bounds = match &cut {
            Some(cut) => Some(self.cut_rows(cut, keys, node, schema)?),
            None if in_window => Some(self.window()?.clone()),
            None => None,
        };
        let keys = self.sqls(keys)?;
        let field = |id: FieldId, name: &str| self.here.field(id, name);
        let scope = Scope {
            dialect: self.dialect,
            field: &field,
        };
        let around = Around {
            time: self.here.time.as_ref(),
            length,
            whole: keys.is_empty() && bounds.is_none(),
        };
        let mut made = Vec::new();
        for (call, arg) in calls.iter().zip(args) {
            made.push(aggregate(&scope, call, arg.as_ref(), &around)?);
        }
        let mut there = Relation {
            from: self.here.from.clone(),
            filter: self.here.filter.clone(),
            ..Relation::default()
        };
        let mut group = Vec::new();
        let mut id = 0;
        if let Some(bounds) = &bounds {
            group.extend(bounds.terms.iter().map(|term| term.text.clone()));
            for bound in [&bounds.start, &bounds.end] {
                there.columns.insert(id, bound.clone());
                id += 1;
            }
            there.window = Some(bounds.clone());
        }
        for sql in keys.into_iter() {
            // A literal would be a column's number.
            if sql.plain || sql.text.contains(|c: char| !c.is_ascii_digit()) {
                group.push(sql.text.clone());
            }
            there.columns.insert(
                id,
                Sql {
                    plain: false,
                    ..sql
                },
            );
            id += 1;
        }
        for sql in made {
            there.columns.insert(id, sql);
            id += 1;
        }
        if let Some(bounds) = &bounds {
            // A window's row has the last instant before its end.
            let is_tvf = self.is_flink() && there.from.starts_with("TABLE(");
            let time = match (self.is_flink(), is_tvf) {
                (true, true) => {
                    group.push("window_time".into());
                    Sql::column("window_time", self.dialect)
                }
                _ => {
                    let step = if self.is_flink() { "0.001" } else { "0.000001" };
                    let end = bounds.end.at(Level::Sum);
                    Sql::new(Level::Sum, format!("{end} - INTERVAL '{step}' SECOND"))
                }
            };
            let later = self.is_used_later(node);
            if later {
                there.time = Some(time);
            } else if is_tvf {
                group.pop();
            }
            there.is_attribute = is_tvf;
        }
        there.group = Some(group);
        let later = self.has_windows_later(node);
        if !later {
            there.window = None;
        }
        self.here = there;
        Ok(())
    }

    fn nodes_behind(&self, node: &Node) -> impl Iterator<Item = &Node> {
        let at = self
            .plan
            .nodes
            .iter()
            .position(|other| std::ptr::eq(other, node));
        let from = at.map_or(self.plan.nodes.len(), |at| at + 1);
        self.plan.nodes[from..].iter()
    }

    /// Whether a later node goes by the times of rows.
    fn is_used_later(&self, node: &Node) -> bool {
        self.nodes_behind(node).any(|node| match &node.kind {
            NodeKind::Assign { .. } => true,
            NodeKind::Aggregate { scope, .. } => matches!(scope, Span::Assign(_)),
            NodeKind::Custom(custom) => match &custom.meaning {
                Meaning::Group(grouping) => grouping.shape.is_windowed(),
                Meaning::Running(_) => true,
                Meaning::Join { windowed, .. } => !windowed,
                _ => false,
            },
            _ => false,
        })
    }

    /// Whether a later node works window by window.
    fn has_windows_later(&self, node: &Node) -> bool {
        self.nodes_behind(node).any(|node| match &node.kind {
            NodeKind::Aggregate { scope, .. }
            | NodeKind::Sort { scope, .. }
            | NodeKind::Distinct { scope, .. } => matches!(scope, Span::Rows),
            NodeKind::Custom(custom) => match &custom.meaning {
                Meaning::Group(grouping) => {
                    matches!(grouping.shape, Shape::Rows | Shape::Counted)
                }
                Meaning::Join { windowed, .. } => *windowed,
                _ => false,
            },
            _ => false,
        })
    }

    /// The last SELECT.
    fn finish(&mut self) {
        let mut names = Names::default();
        let mut items: Vec<(Sql, String)> = Vec::new();
        let mut missing = Vec::new();
        match written(self.plan) {
            Output::Columns(schema) => {
                for column in &schema.columns {
                    match self.here.columns.get(&column.field) {
                        Some(sql) => {
                            let name = column_name(&column.name);
                            items.push((sql.clone(), names.free(&name)));
                        }
                        None => missing.push(column.name.clone()),
                    }
                }
                if let (Some(_), Some(line)) = (&schema.rest, &self.here.line) {
                    self.out.push(
                        "-- dstream writes the whole record; here it is the column `line`".into(),
                    );
                    items.push((line.clone(), names.free("line")));
                }
            }
            Output::Original if is_table(self.plan) => {
                for (id, field) in self.plan.source.schema.shown() {
                    if let Some(sql) = self.here.columns.get(&id) {
                        items.push((sql.clone(), names.free(&column_name(&field.name))));
                    }
                }
            }
            Output::Original => {
                if let Some(line) = &self.here.line {
                    items.push((line.clone(), "line".into()));
                }
            }
            Output::Made | Output::Nothing => {
                for (id, sql) in &self.here.columns {
                    let last = self.plan.nodes.last().map(|node| &node.schema);
                    let schema = last.unwrap_or(&self.plan.source.schema);
                    let name = column_name(&schema_name(schema, *id));
                    items.push((sql.clone(), names.free(&name)));
                }
            }
        }
        if !missing.is_empty() {
            self.out.push(format!(
                "-- columns without a counterpart: {}",
                one_line(&missing.join(", "))
            ));
        }
        if let Some(path) = &self.plan.sink.path {
            self.out.push(format!(
                "-- its rows go to {} as {}: an INSERT INTO a table of it",
                one_line(path),
                self.plan.sink.format_name
            ));
        }
        let select = self.here.select(&items, self.dialect);
        self.out.push(format!("{select};"));
    }
}

pub fn schema_name(schema: &Schema, id: FieldId) -> String {
    schema
        .fields
        .get(id)
        .map_or_else(String::new, |field| field.name.clone())
}
