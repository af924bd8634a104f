//! The SELECT that is being put together, and the views in front of it. Knows SQL's order of clauses, no nodes.
//! Invariant: what a column is called is unique in its view, whatever engine looks at the case of letters.

use super::sql::{Dialect, Level, Result, Sql, identifier, none};
use crate::data::{FieldId, Schema};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Bounds of the window that rows are in.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub start: Sql,
    pub end: Sql,
    /// What rows of one window have in common, to group by.
    pub terms: Vec<Sql>,
}

/// Rows, and what is done with them so far.
#[derive(Clone, Debug, Default)]
pub struct Relation {
    /// What stands behind FROM.
    pub from: String,
    /// It is a table or view by its name, with nothing else.
    pub is_table: bool,
    /// Fields, by their ids, over `from`.
    pub columns: BTreeMap<FieldId, Sql>,
    pub time: Option<Sql>,
    /// The time is one that windows may be cut by, also where the engine knows time columns from others.
    pub is_attribute: bool,
    /// The time at which the engine sees the row.
    pub proc_time: Option<Sql>,
    pub line: Option<Sql>,
    pub window: Option<Bounds>,
    pub filter: Vec<Sql>,
    pub group: Option<Vec<String>>,
    pub having: Vec<Sql>,
    pub order: Vec<String>,
    pub limit: Option<u64>,
    pub distinct: bool,
}

impl Relation {
    /// A table's rows; columns are put in by who makes it.
    pub fn table(from: String) -> Relation {
        Relation {
            from,
            is_table: true,
            is_attribute: true,
            ..Relation::default()
        }
    }

    /// What a field of the rows is.
    pub fn field(&self, id: FieldId, name: &str) -> Result<Sql> {
        match self.columns.get(&id) {
            Some(sql) => Ok(sql.clone()),
            None => none(format!("the field '{name}' has no counterpart here")),
        }
    }

    /// Nothing but columns and a condition so far.
    pub fn is_rows(&self) -> bool {
        self.group.is_none() && self.order.is_empty() && self.limit.is_none() && !self.distinct
    }

    pub fn is_plain(&self) -> bool {
        self.is_rows() && self.filter.is_empty() && self.columns.values().all(|sql| sql.plain)
    }

    /// The whole SELECT of these columns with their names.
    pub fn select(&self, items: &[(Sql, String)], dialect: &dyn Dialect) -> String {
        let items: Vec<String> = items
            .iter()
            .map(|(sql, name)| {
                let name = identifier(name, dialect);
                match sql.text == name {
                    true => name,
                    false => format!("{} AS {name}", sql.text),
                }
            })
            .collect();
        let what = match items.is_empty() {
            true => "1 AS one".to_string(),
            false => items.join(", "),
        };
        let word = if self.distinct {
            "SELECT DISTINCT"
        } else {
            "SELECT"
        };
        let mut out = format!("{word} {what}\nFROM {}", self.from);
        let conditions = |all: &[Sql]| {
            let parts: Vec<String> = match all {
                [one] => vec![one.text.clone()],
                all => all.iter().map(|sql| sql.at(Level::And)).collect(),
            };
            parts.join(" AND ")
        };
        if !self.filter.is_empty() {
            out.push_str(&format!("\nWHERE {}", conditions(&self.filter)));
        }
        if let Some(group) = &self.group
            && !group.is_empty()
        {
            out.push_str(&format!("\nGROUP BY {}", group.join(", ")));
        }
        if !self.having.is_empty() {
            out.push_str(&format!("\nHAVING {}", conditions(&self.having)));
        }
        if !self.order.is_empty() {
            out.push_str(&format!("\nORDER BY {}", self.order.join(", ")));
        }
        if let Some(limit) = self.limit {
            out.push_str(&format!("\nLIMIT {limit}"));
        }
        out
    }

    /// The same rows as a view: its SELECT, and the relation that reads it. Beside the fields of `live` it has
    /// times, windows and the line, and what is in `more`.
    pub fn viewed(
        &self,
        name: &str,
        live: &BTreeSet<FieldId>,
        schema: &Schema,
        more: &[(Sql, &str)],
        dialect: &dyn Dialect,
    ) -> (String, Relation) {
        let mut names = Names::default();
        let mut items: Vec<(Sql, String)> = Vec::new();
        let mut put = |sql: &Sql, wanted: &str, items: &mut Vec<(Sql, String)>| {
            let same = items.iter().find(|(other, _)| sql.plain && other == sql);
            let name = match same {
                Some((_, name)) => name.clone(),
                None => {
                    let name = names.free(wanted);
                    items.push((sql.clone(), name.clone()));
                    name
                }
            };
            Sql::column(&name, dialect)
        };
        let mut there = Relation::table(identifier(name, dialect));
        there.window = self.window.as_ref().map(|window| {
            let start = put(&window.start, "window_start", &mut items);
            let end = put(&window.end, "window_end", &mut items);
            Bounds {
                terms: vec![start.clone(), end.clone()],
                start,
                end,
            }
        });
        there.time = self
            .time
            .as_ref()
            .map(|time| put(time, "event_time", &mut items));
        there.is_attribute = self.is_attribute;
        there.proc_time = self
            .proc_time
            .as_ref()
            .map(|time| put(time, "proc_time", &mut items));
        for (id, sql) in &self.columns {
            if live.contains(id) {
                let field = schema.fields.get(*id).map_or("", |field| &field.name);
                there
                    .columns
                    .insert(*id, put(sql, &column_name(field), &mut items));
            }
        }
        there.line = self.line.as_ref().map(|line| put(line, "line", &mut items));
        for (sql, name) in more {
            put(sql, name, &mut items);
        }
        (self.select(&items, dialect), there)
    }
}

/// What a field is called as a column.
pub fn column_name(field: &str) -> String {
    let quoted = field
        .strip_prefix('`')
        .and_then(|rest| rest.strip_suffix('`'));
    let field = match quoted {
        Some(inner) => &inner.replace("``", "`"),
        None => field,
    };
    match field {
        "" => "key".into(),
        "$0" => "line".into(),
        "$NF" => "last_field".into(),
        "@time" => "event_time".into(),
        _ => match field.strip_prefix('$') {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("_{digits}")
            }
            _ => field.to_string(),
        },
    }
}

/// Names that are taken.
#[derive(Default)]
pub struct Names(HashSet<String>);

impl Names {
    pub fn free(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_string();
        let mut n = 2;
        while !self.0.insert(name.to_lowercase()) {
            name = format!("{wanted}_{n}");
            n += 1;
        }
        name
    }
}
