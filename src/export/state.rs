//! Nodes that keep rows, groups or their order, as SQL. Invariant: as in `nodes`, a node is translated whole or not at
//! all.

use super::aggregates::{Around, aggregate, running};
use super::calls::order_terms;
use super::nodes::{Walk, one_line, schema_name};
use super::relation::Relation;
use super::sql::{Level, Result, Scope, Sql, none};
use super::{sides, windows};
use crate::data::{FieldId, Schema};
use crate::expr::Expr;
use crate::plan::grouping::{Gives, Grouping, Shape};
use crate::plan::meaning::{Meaning, Running};
use crate::plan::node::{AggCall, Custom, Node, NodeKind, Scope as Span, SortKey};
use std::collections::BTreeSet;

impl Walk<'_> {
    fn terms_of(&self, by: &[SortKey]) -> Result<Vec<String>> {
        let mut terms = Vec::new();
        for key in by {
            let made = self.sql(&key.expr)?;
            for term in order_terms(key.expr.tree(), &made) {
                terms.push(match key.descending {
                    true => format!("{term} DESC"),
                    false => term,
                });
            }
        }
        Ok(terms)
    }

    pub fn sort(&mut self, node: &Node, schema: &Schema) -> Result<()> {
        let NodeKind::Sort {
            by,
            limit,
            per,
            ties,
            rank,
            scope,
            ..
        } = &node.kind
        else {
            return Ok(());
        };
        let windowed = *scope != Span::Forever;
        if !windowed && per.is_empty() && !ties && rank.is_none() {
            if !self.here.order.is_empty() || self.here.limit.is_some() {
                self.view_for(schema, &[], &node.kind);
            }
            self.here.order = self.terms_of(by)?;
            self.here.limit = *limit;
            return Ok(());
        }
        if *ties && self.is_flink() {
            return none("ties of the last: Flink ranks with ROW_NUMBER only");
        }
        if !self.here.is_plain() {
            self.view_for(schema, &[], &node.kind);
        }
        let mut partition = Vec::new();
        if windowed {
            let terms = &self.window()?.terms;
            partition.extend(terms.iter().map(|term| term.text.clone()));
        }
        for per in per {
            partition.push(self.sql(per)?.text);
        }
        let terms = self.terms_of(by)?;
        if limit.is_none() {
            self.here.order = partition.into_iter().chain(terms).collect();
            return Ok(());
        }
        let partition = match partition.is_empty() {
            true => String::new(),
            false => format!("PARTITION BY {} ", partition.join(", ")),
        };
        let function = if *ties { "RANK()" } else { "ROW_NUMBER()" };
        let order = terms.join(", ");
        let call = Sql::atom(format!("{function} OVER ({partition}ORDER BY {order})"));
        self.view_for(schema, &[(call, "row_rank")], &node.kind);
        let place = Sql::column("row_rank", self.dialect);
        if let Some(limit) = limit {
            let text = format!("{} <= {limit}", place.text);
            self.here.filter.push(Sql::new(Level::Compare, text));
        }
        if let Some(rank) = rank {
            self.here.columns.insert(*rank, place);
        }
        Ok(())
    }

    pub fn distinct(
        &mut self,
        keys: &[Expr],
        last: bool,
        windowed: bool,
        node: &Node,
        schema: &Schema,
    ) -> Result<()> {
        let fields: BTreeSet<FieldId> = keys.iter().filter_map(Expr::as_field).collect();
        let line_is_key = keys
            .iter()
            .any(|key| matches!(&self.sql(key), Ok(sql) if Some(sql) == self.here.line.as_ref()));
        let only_keys = self.live.is_subset(&fields) && (self.here.line.is_none() || line_is_key);
        if only_keys && !last {
            // The view has the keys, and windows where rows are in some.
            let window = self.here.window.clone().filter(|_| windowed);
            if !self.here.is_rows() {
                self.view_for(schema, &[], &node.kind);
            }
            self.here.window = window;
            self.here.time = None;
            self.here.proc_time = None;
            if !line_is_key {
                self.here.line = None;
            }
            self.here.distinct = true;
            let mut live = fields;
            live.extend(&self.live);
            self.view(schema, &[], &live);
            return Ok(());
        }
        let Some(proc_time) = self.here.proc_time.clone() else {
            return none(
                "tables have no order of input (dropDuplicates of a DataFrame; with --ttl dropDuplicatesWithinWatermark)",
            );
        };
        if !self.here.is_plain() {
            self.view_for(schema, &[], &node.kind);
        }
        let mut partition = Vec::new();
        if windowed {
            let terms = &self.window()?.terms;
            partition.extend(terms.iter().map(|term| term.text.clone()));
        }
        partition.extend(self.sqls(keys)?.into_iter().map(|sql| sql.text));
        let order = if last { "DESC" } else { "ASC" };
        let call = format!(
            "ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {} {order})",
            partition.join(", "),
            proc_time.text
        );
        self.view_for(schema, &[(Sql::atom(call), "row_place")], &node.kind);
        let condition = Sql::new(Level::Compare, "row_place = 1");
        self.here.filter.push(condition);
        Ok(())
    }

    pub fn custom(&mut self, custom: &Custom, node: &Node, schema: &Schema) -> Result<()> {
        match &custom.meaning {
            Meaning::Own(reason) | Meaning::Added(reason) => none(*reason),
            Meaning::Group(grouping) => self.grouping(grouping, custom, node, schema),
            Meaning::Running(calls) => self.running(calls, custom, node, schema),
            Meaning::Join {
                kind,
                within,
                windowed,
            } => match &custom.right {
                Some(right) => {
                    let how = sides::How {
                        within: *within,
                        windowed: *windowed,
                        time: custom.sets.first().copied(),
                    };
                    sides::join(self, right, &custom.keys, *kind, Some(how), node, schema)
                }
                None => none("it has no other stream"),
            },
            Meaning::Asof { kind, within } => match &custom.right {
                Some(right) => sides::asof(self, right, &custom.keys, *kind, *within, node, schema),
                None => none("it has no other stream"),
            },
            Meaning::Union { .. } => match &custom.right {
                Some(right) => sides::union(self, right, node, schema),
                None => none("it has no other stream"),
            },
            Meaning::Distinct { last, ttl } => {
                if let (Some(ttl), true) = (ttl, self.is_flink()) {
                    let text = windows::span(*ttl);
                    self.out
                        .push(format!("SET 'table.exec.state.ttl' = '{text}';"));
                }
                match (ttl, self.is_flink()) {
                    (Some(_), false) => none(
                        "keys that are forgotten (--ttl) are dropDuplicatesWithinWatermark of a DataFrame, no SQL",
                    ),
                    _ => self.distinct(&custom.keys, *last, false, node, schema),
                }
            }
            Meaning::Totals { aggs, initial } => {
                if !self.is_flink() {
                    return none("totals that outlive windows are mapGroupsWithState, no SQL");
                }
                if *initial || !custom.text.contains(" of the input") {
                    return none(
                        "totals that begin with a value, or are printed by window, have no counterpart",
                    );
                }
                let calls = calls_of(aggs, node, custom.keys.len());
                let args = args_of(aggs, custom);
                let calls: Vec<&AggCall> = calls.iter().collect();
                self.group(&custom.keys, &calls, &args, None, false, node, schema)
            }
            Meaning::InTime { descending } => {
                let Some(time) = self.here.time.clone() else {
                    return none("its rows have no time");
                };
                if !self.here.is_rows() {
                    self.view_for(schema, &[], &node.kind);
                }
                let mut terms = vec![time.text];
                for (expr, descending) in custom.args.iter().zip(descending) {
                    let made = self.sql(expr)?;
                    let way = if *descending { " DESC" } else { "" };
                    let all = order_terms(expr.tree(), &made);
                    terms.extend(all.into_iter().map(|term| format!("{term}{way}")));
                }
                self.here.order = terms;
                Ok(())
            }
        }
    }

    /// A query on a stream has no late records that are allowed.
    pub(super) fn note_lateness(&mut self, lateness: i64, node: &Node) {
        if lateness > 0 {
            self.out.push(format!(
                "-- '{}': late records are allowed for {}; here they are dropped",
                one_line(&node.operator),
                windows::span(lateness)
            ));
        }
    }

    fn grouping(
        &mut self,
        grouping: &Grouping,
        custom: &Custom,
        node: &Node,
        schema: &Schema,
    ) -> Result<()> {
        let repeats = grouping.every.is_some()
            || grouping.every_delay.is_some()
            || grouping.every_records.is_some();
        if repeats || grouping.complete {
            self.out.push(format!(
                "-- '{}': early rows are a trigger's affair, not the query's",
                one_line(&node.operator)
            ));
        }
        if !grouping.complete {
            self.note_lateness(grouping.lateness, node);
        }
        if let Shape::LookBack(back) = grouping.shape {
            return self.look_back(back, grouping, custom, node, schema);
        }
        let cut = windows::cut_shape(&grouping.shape, self.plan.zone.is_utc())?;
        match &grouping.gives {
            Gives::Rows { bounds } => match cut {
                Some(cut) => self.put_into_windows(&cut, &custom.keys, *bounds, node, schema),
                None => Ok(()),
            },
            Gives::Groups {
                aggs, pane_columns, ..
            } => {
                let retracts = node.schema.fields.iter().any(|f| f.name == "retract");
                if *pane_columns || retracts {
                    return none("columns that tell panes and withdrawn rows have no counterpart");
                }
                let windowed = grouping.shape.is_windowed();
                let first = custom.keys.len() + if windowed { 2 } else { 0 };
                let calls = calls_of(aggs, node, first);
                let args = args_of(aggs, custom);
                let calls: Vec<&AggCall> = calls.iter().collect();
                self.group(&custom.keys, &calls, &args, cut, windowed, node, schema)
            }
        }
    }

    /// A row for each record, over those of its key up to it.
    fn look_back(
        &mut self,
        back: i64,
        grouping: &Grouping,
        custom: &Custom,
        node: &Node,
        schema: &Schema,
    ) -> Result<()> {
        let Gives::Groups { aggs, .. } = &grouping.gives else {
            return none("rows in looks back that nothing aggregates");
        };
        if !self.here.is_plain() {
            self.view_for(schema, &[], &node.kind);
        }
        let Some(time) = self.here.time.clone() else {
            return none("its rows have no time");
        };
        let keys = self.sqls(&custom.keys)?;
        let partition = match keys.is_empty() {
            true => String::new(),
            false => {
                let keys: Vec<&str> = keys.iter().map(|sql| sql.text.as_str()).collect();
                format!("PARTITION BY {} ", keys.join(", "))
            }
        };
        let interval = windows::flink_interval(back);
        let interval = match self.is_flink() {
            true => interval,
            false => super::sql::interval(back),
        };
        let over = format!(
            "{partition}ORDER BY {} RANGE BETWEEN {interval} PRECEDING AND CURRENT ROW",
            time.text
        );
        let field = |id: FieldId, name: &str| self.here.field(id, name);
        let scope = Scope {
            dialect: self.dialect,
            field: &field,
        };
        let around = Around {
            time: Some(&time),
            length: Some(back),
            whole: false,
        };
        let mut there = Relation {
            from: self.here.from.clone(),
            filter: self.here.filter.clone(),
            distinct: true,
            ..Relation::default()
        };
        let start = format!("{} - {interval}", time.text);
        there.columns.insert(0, Sql::new(Level::Sum, start));
        there.columns.insert(1, time.clone());
        let mut id = 2;
        for sql in keys {
            there.columns.insert(id, sql);
            id += 1;
        }
        for (call, arg) in calls_of(aggs, node, id).iter().zip(args_of(aggs, custom)) {
            let made = aggregate(&scope, call, arg.as_ref(), &around)?;
            let is_call = made.text.ends_with(')') && made.level == Level::Atom;
            if !is_call || made.text.contains("DISTINCT") || made.text.contains("FILTER") {
                return none(format!("{}: it cannot stand over rows", call.call.func));
            }
            let text = format!("{} OVER ({over})", made.text);
            there.columns.insert(id, Sql::atom(text));
            id += 1;
        }
        self.here = there;
        Ok(())
    }

    fn running(
        &mut self,
        calls: &[Running],
        custom: &Custom,
        node: &Node,
        schema: &Schema,
    ) -> Result<()> {
        if !self.is_flink() {
            return none("running functions are not on streams, and tables have no order of input");
        }
        if custom.text.contains("   ttl ") {
            return none("a key whose state is forgotten (--ttl)");
        }
        if !self.here.is_plain() {
            self.view_for(schema, &[], &node.kind);
        }
        let Some(order) = self.here.proc_time.clone().or(self.here.time.clone()) else {
            return none("these rows have no order that Flink knows");
        };
        let mut over = format!("ORDER BY {}", order.text);
        if !custom.keys.is_empty() {
            let keys: Vec<String> = self
                .sqls(&custom.keys)?
                .into_iter()
                .map(|sql| sql.text)
                .collect();
            over = format!("PARTITION BY {} {over}", keys.join(", "));
        }
        let field = |id: FieldId, name: &str| self.here.field(id, name);
        let scope = Scope {
            dialect: self.dialect,
            field: &field,
        };
        let mut made = Vec::new();
        for call in calls {
            let arg = call.arg.and_then(|at| custom.args.get(at));
            let name = schema_name(&node.schema, call.into);
            made.push((call.into, running(&scope, call, arg, &name, &over)?));
        }
        self.here.columns.extend(made);
        Ok(())
    }
}

/// The calls of a grouping, which has their arguments elsewhere; `first` is the field of the first.
fn calls_of(aggs: &[crate::plan::grouping::Agg], node: &Node, first: FieldId) -> Vec<AggCall> {
    aggs.iter()
        .enumerate()
        .map(|(at, agg)| AggCall {
            name: schema_name(&node.schema, first + at),
            aggregate: agg.aggregate,
            call: agg.call.clone(),
            arg: None,
        })
        .collect()
}

fn args_of(aggs: &[crate::plan::grouping::Agg], custom: &Custom) -> Vec<Option<Expr>> {
    aggs.iter()
        .map(|agg| agg.arg.and_then(|at| custom.args.get(at)).cloned())
        .collect()
}
