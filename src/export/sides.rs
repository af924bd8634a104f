//! Joins, lookups and unions as SQL. Invariant: the other stream is a table of its own, called by its file's name.

use super::nodes::Walk;
use super::relation::Relation;
use super::source::{self, Asked};
use super::sql::{Level, Result, Sql, identifier, none};
use super::windows;
use crate::data::{FieldId, Schema, Type};
use crate::expr::Expr;
use crate::plan::node::{Made, Matching, Node, Right, Window};
use std::collections::BTreeSet;

/// Which records of two streams meet beside their keys.
pub struct How {
    pub within: Option<(i64, i64)>,
    pub windowed: bool,
    /// The field that gets the time of a pair.
    pub time: Option<FieldId>,
}

/// The right side as a relation of its own.
fn right_side(walk: &mut Walk<'_>, right: &Right) -> Result<Relation> {
    let word = right.source.words.first().map_or("right", String::as_str);
    let file = word.rsplit('/').next().unwrap_or(word);
    let base = file
        .split('.')
        .find(|part| !part.is_empty())
        .unwrap_or("right");
    let name = walk.names.free(base);
    let is_line = |(made, _): &(Made, FieldId)| *made == Made::Line;
    let asked = Asked {
        proc_time: false,
        line: right.source.made.iter().any(is_line),
        all: false,
    };
    let input = super::Input {
        format: right.source.format_name.clone(),
        delimiter: None,
        header: true,
        multiline: false,
        live: walk.input.live,
    };
    let table = source::table(&name, &right.source, &input, &asked, walk.dialect)?;
    walk.out.extend(table.statements);
    Ok(table.relation)
}

/// The same columns by the name of their side.
fn by_side(relation: &Relation, side: &str) -> Relation {
    let put = |sql: &Sql| Sql {
        plain: true,
        ..Sql::atom(format!("{side}.{}", sql.text))
    };
    let mut there = relation.clone();
    there.columns.values_mut().for_each(|sql| *sql = put(sql));
    there.time = relation.time.as_ref().map(put);
    there.line = relation.line.as_ref().map(put);
    there.proc_time = relation.proc_time.as_ref().map(put);
    if let Some(window) = &mut there.window {
        window.start = put(&window.start);
        window.end = put(&window.end);
        window.terms = vec![window.start.clone(), window.end.clone()];
    }
    there
}

/// The right side's rows in their windows, as a view.
fn in_windows(
    walk: &mut Walk<'_>,
    right: &Right,
    window: &Window,
    mut other: Relation,
) -> Result<Relation> {
    let cut = windows::cut(window, walk.plan.zone.is_utc())?;
    let ids: BTreeSet<FieldId> = other.columns.keys().copied().collect();
    let name = walk.names.free("right_windows");
    let bounds = match walk.dialect.name() {
        "Flink SQL" => {
            let (from, bounds) = windows::flink(&cut, &other, &[], walk.dialect)?;
            if let Some(from) = from {
                other.from = from;
            }
            bounds
        }
        _ => {
            let (call, bounds) = windows::spark(&cut, &other)?;
            if let Some(call) = call {
                let inner = walk.names.free("right_rows");
                let more = [(Sql::atom(call), "time_window")];
                let (select, there) =
                    other.viewed(&inner, &ids, &right.source.schema, &more, walk.dialect);
                walk.out
                    .push(format!("CREATE TEMPORARY VIEW {inner} AS\n{select};"));
                other = there;
                super::relation::Bounds {
                    start: Sql::atom("time_window.start"),
                    end: Sql::atom("time_window.end"),
                    terms: Vec::new(),
                }
            } else {
                bounds
            }
        }
    };
    other.window = Some(bounds);
    let (select, there) = other.viewed(&name, &ids, &right.source.schema, &[], walk.dialect);
    walk.out
        .push(format!("CREATE TEMPORARY VIEW {name} AS\n{select};"));
    Ok(there)
}

/// Both sides side by side: the left as a table, the right as one, and the conditions that their keys are equal.
fn meet(
    walk: &mut Walk<'_>,
    right: &Right,
    keys: &[Expr],
    node: &Node,
    schema: &Schema,
) -> Result<(Relation, Relation, Vec<String>)> {
    let mut other = right_side(walk, right)?;
    if let Some(window) = &right.window {
        other = in_windows(walk, right, window, other)?;
    }
    let is_table = walk.here.is_table && walk.here.is_plain();
    if !is_table || walk.here.window.is_some() {
        walk.view_for(schema, &[], &node.kind);
    }
    let left = by_side(&walk.here, "l");
    let other = by_side(&other, "r");
    let mut conditions = Vec::new();
    for (one, two) in keys.iter().zip(&right.keys) {
        let one = walk.sql_over(&left, one)?;
        let two = walk.sql_over(&other, two)?;
        let text = format!("{} = {}", one.at(Level::Sum), two.at(Level::Sum));
        conditions.push(text);
    }
    if conditions.is_empty() {
        conditions.push("TRUE".into());
    }
    Ok((left, other, conditions))
}

/// Fields of the right side that rows have behind the join.
fn give(walk: &Walk<'_>, right: &Right, other: &Relation, there: &mut Relation) -> Result<()> {
    for (id, arg) in right.into.iter().zip(&right.args) {
        // What nobody reads need not have a counterpart.
        match walk.sql_over(other, arg) {
            Ok(sql) => drop(there.columns.insert(*id, sql)),
            Err(reason) if walk.live.contains(id) => return Err(reason),
            Err(_) => {}
        }
    }
    Ok(())
}

/// `how`: `None` for a table by key alone.
pub fn join(
    walk: &mut Walk<'_>,
    right: &Right,
    keys: &[Expr],
    kind: Matching,
    how: Option<How>,
    node: &Node,
    schema: &Schema,
) -> Result<()> {
    let (left, other, mut conditions) = meet(walk, right, keys, node, schema)?;
    let is_flink = walk.dialect.name() == "Flink SQL";
    let mut there = left.clone();
    if let Some(how) = &how {
        if let Some((low, high)) = how.within {
            let (Some(one), Some(two)) = (&left.time, &other.time) else {
                return none("records of one side have no time");
            };
            let bound = |ns: i64| {
                let interval = match is_flink {
                    true => windows::flink_interval(ns.saturating_abs()),
                    false => super::sql::interval(ns.saturating_abs()),
                };
                let sign = if ns < 0 { "-" } else { "+" };
                format!("{} {sign} {interval}", one.text)
            };
            conditions.push(format!(
                "{} BETWEEN {} AND {}",
                two.text,
                bound(low),
                bound(high)
            ));
        }
        if how.windowed {
            let (Some(one), Some(two)) = (&left.window, &other.window) else {
                return none("the window of one side is not known");
            };
            conditions.push(format!("{} = {}", one.start.text, two.start.text));
            conditions.push(format!("{} = {}", one.end.text, two.end.text));
        }
        if let (Some(one), Some(two)) = (&left.time, &other.time) {
            let later = Sql::atom(match (kind, is_flink) {
                (Matching::Inner, true) => format!("GREATEST({}, {})", one.text, two.text),
                (_, true) => format!("COALESCE(GREATEST({0}, {1}), {0}, {1})", one.text, two.text),
                _ => format!("greatest({}, {})", one.text, two.text),
            });
            if let Some(id) = how.time {
                there.columns.insert(id, later.clone());
            }
            there.time = Some(later);
            there.is_attribute = false;
        }
    }
    if let (Some(window), Some(theirs), true) =
        (&mut there.window, &other.window, kind.keeps_right())
    {
        for (ours, theirs) in [
            (&mut window.start, &theirs.start),
            (&mut window.end, &theirs.end),
        ] {
            *ours = Sql::atom(format!("COALESCE({}, {})", ours.text, theirs.text));
        }
        window.terms = vec![window.start.clone(), window.end.clone()];
    }
    let condition = conditions.join(" AND ");
    let (l, r) = (&walk.here.from, &other.from);
    let word = match kind {
        Matching::Inner => "JOIN",
        Matching::Left => "LEFT JOIN",
        Matching::Right => "RIGHT JOIN",
        Matching::Full => "FULL JOIN",
        Matching::Anti => {
            let text = format!("NOT EXISTS (SELECT 1 FROM {r} AS r WHERE {condition})");
            there.from = format!("{l} AS l");
            there.is_table = false;
            there.filter = vec![Sql::new(Level::Not, text)];
            there.time = left.time.clone();
            there.is_attribute = walk.here.is_attribute;
            walk.here = there;
            return Ok(());
        }
    };
    there.from = format!("{l} AS l {word} {r} AS r ON {condition}");
    there.is_table = false;
    give(walk, right, &other, &mut there)?;
    walk.here = there;
    Ok(())
}

pub fn asof(
    walk: &mut Walk<'_>,
    right: &Right,
    keys: &[Expr],
    kind: Matching,
    within: Option<i64>,
    node: &Node,
    schema: &Schema,
) -> Result<()> {
    if walk.dialect.name() != "Flink SQL" {
        return none("the newest record of another stream at a time has no SQL in Spark");
    }
    if within.is_some() {
        return none(
            "a match that may not be older than so much (--within) has no counterpart in Flink",
        );
    }
    let (left, other, conditions) = meet(walk, right, keys, node, schema)?;
    let Some(time) = &left.time else {
        return none("its rows have no time");
    };
    walk.out.push(format!(
        "-- {} must be a versioned table: its key a PRIMARY KEY … NOT ENFORCED, and a watermark",
        other.from
    ));
    let word = match kind {
        Matching::Left => "LEFT JOIN",
        _ => "JOIN",
    };
    let mut there = left.clone();
    there.from = format!(
        "{} AS l {word} {} FOR SYSTEM_TIME AS OF {} AS r ON {}",
        walk.here.from,
        other.from,
        time.text,
        conditions.join(" AND ")
    );
    there.is_table = false;
    give(walk, right, &other, &mut there)?;
    walk.here = there;
    Ok(())
}

pub fn union(walk: &mut Walk<'_>, right: &Right, node: &Node, schema: &Schema) -> Result<()> {
    let mut other = right_side(walk, right)?;
    if let Some(window) = &right.window {
        other = in_windows(walk, right, window, other)?;
    }
    let mut theirs = other.clone();
    theirs.columns.clear();
    for (id, arg) in right.into.iter().zip(&right.args) {
        match walk.sql_over(&other, arg) {
            Ok(sql) => drop(theirs.columns.insert(*id, sql)),
            Err(reason) if walk.live.contains(id) => return Err(reason),
            Err(_) => {}
        }
    }
    other.columns = theirs.columns;
    if !walk.here.is_rows() {
        walk.view_for(schema, &[], &node.kind);
    }
    if right.window.is_some() {
        meet_in_windows(walk, right, &mut other, schema)?;
    }
    // Both sides have the same columns in the same order.
    let absent = || Sql::atom("CAST(NULL AS STRING)");
    for id in walk.live.clone() {
        walk.here.columns.entry(id).or_insert_with(absent);
        other.columns.entry(id).or_insert_with(absent);
    }
    if walk.here.line.is_some() && other.line.is_none() {
        return none("whole records of two formats have no common line");
    }
    if walk.here.line.is_none() {
        other.line = None;
    }
    if walk.here.time.is_some() != other.time.is_some() {
        return none("records of one side have no time");
    }
    walk.here.proc_time = None;
    let name = walk.names.free("both");
    let (one, there) = walk
        .here
        .viewed(&name, &walk.live, &node.schema, &[], walk.dialect);
    let (two, _) = other.viewed(&name, &walk.live, &node.schema, &[], walk.dialect);
    walk.out.push(format!(
        "CREATE TEMPORARY VIEW {} AS\n{one}\nUNION ALL\n{two};",
        identifier(&name, walk.dialect)
    ));
    walk.here = there;
    Ok(())
}

/// Rows that are in windows, and records that enter them: what both have is the windows.
fn meet_in_windows(
    walk: &mut Walk<'_>,
    right: &Right,
    other: &mut Relation,
    schema: &Schema,
) -> Result<()> {
    let (Some(here), Some(there)) = (walk.here.window.clone(), other.window.clone()) else {
        return none("the window that these rows are in has no counterpart");
    };
    for id in &walk.live {
        // The window's own fields.
        match walk.here.columns.get(id) {
            Some(sql) if *sql == here.start => drop(other.columns.insert(*id, there.start.clone())),
            Some(sql) if *sql == here.end => drop(other.columns.insert(*id, there.end.clone())),
            _ => {
                let arg = right.into.iter().position(|into| into == id);
                let theirs = arg.and_then(|at| right.args.get(at)).map(|arg| &arg.ty);
                let field = schema.fields.get(*id);
                let ours = field.map_or(&Type::Untyped, |field| &field.ty);
                let is_text = |ty: &Type| matches!(ty, Type::Untyped | Type::Text);
                let is_one = match theirs {
                    Some(theirs) => theirs == ours || is_text(theirs) && is_text(ours),
                    None => is_text(ours),
                };
                if !is_one {
                    let name = field.map_or("", |field| field.name.as_str());
                    return none(format!(
                        "'{name}' is a {} here and none in the other stream, and a column of SQL has one type",
                        ours.name()
                    ));
                }
            }
        }
    }
    // Windows are cut once: behind them no other is cut by time.
    for side in [&mut walk.here, other] {
        side.time = None;
        side.is_attribute = false;
    }
    Ok(())
}
