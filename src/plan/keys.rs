//! Keys: what `-by` operators group by and `-by-key` operators find in force. Does not group. Invariant: a key
//! in force is a field, so that it keeps the value it had where it was set.

use super::builder::Builder;
use super::columns::split_pair;
use super::names;
use super::node::AggCall;
use super::output::Shown;
use crate::data::FieldId;
use crate::error::Usage;
use crate::expr::{self, Expr};

/// One column of a key.
#[derive(Clone, Debug)]
pub struct Key {
    /// The field's name, or the expression as typed.
    pub name: String,
    pub expr: Expr,
}

impl Builder<'_> {
    /// Reads a list of keys: fields, or expressions.
    pub fn keys(&mut self, source: &str) -> Result<Vec<Key>, Usage> {
        let list = expr::parse_list(source).map_err(|faults| {
            let named = self.named_key(source);
            named.unwrap_or_else(|| self.diagnosed(faults, source, 0))
        })?;
        let mut keys = Vec::with_capacity(list.len());
        for (text, ast) in list {
            let expr = self.compile(&ast, source, 0)?;
            let name = match expr.as_field() {
                Some(id) => self.schema.fields[id].name.clone(),
                None => text.trim().to_string(),
            };
            keys.push(Key {
                name,
                expr: expr.into_key(),
            });
        }
        Ok(keys)
    }

    /// What is wrong where a key is given a name.
    fn named_key(&self, source: &str) -> Option<Usage> {
        names::split_list(source).into_iter().find_map(|(at, part)| {
            let (name, value) = split_pair(part)?;
            let is_name = names::quoted(name) == name && expr::parse(value).is_ok();
            let message = format!(
                "'=' is assignment; for a key of that name put map '{part}' in front, or did you mean '=='?"
            );
            is_name.then(|| self.fault_at(source, at..at + part.len(), message))
        })
    }

    /// Sets the key for what follows. A computed one becomes a field of its own.
    pub fn set_key(&mut self, keys: Vec<Key>) -> Vec<Key> {
        let mut columns: Vec<(FieldId, Expr)> = Vec::new();
        let fixed: Vec<Key> = keys
            .into_iter()
            .map(|key| {
                if key.expr.as_field().is_some() {
                    return key;
                }
                let ty = key.expr.ty.clone();
                let id = self.add_field("", ty.clone(), true);
                columns.push((id, key.expr));
                Key {
                    expr: Expr::named_field(id, &key.name, ty),
                    name: key.name,
                }
            })
            .collect();
        if !columns.is_empty() {
            self.project(columns);
        }
        self.key = Some(fixed.clone());
        fixed
    }

    /// No aggregate is called like a key: of two columns of one name the reader of a row finds one. `count-by count` gives
    /// `count_2`; where aggregates have names of the user's choice they are refused.
    pub(super) fn part_names(&mut self, keys: &[Key], calls: &mut [AggCall]) -> Result<(), Usage> {
        let is_key = |name: &str| keys.iter().any(|key| key.name == name);
        for call in calls.iter_mut().filter(|call| is_key(&call.name)) {
            if !self.name.starts_with("count-by") {
                return Err(self.fault(format!(
                    "a key and an aggregate are both called '{}'; give one another name",
                    call.name
                )));
            }
            let mut names = (2..).map(|number| format!("{}_{number}", call.name));
            call.name = names.find(|name| !is_key(name)).unwrap_or_default();
        }
        Ok(())
    }

    /// Has the keys printed, too, where the record's columns are other ones: of rows that have nothing else of a record.
    pub fn show_keys(&mut self, keys: &[Key]) {
        for key in keys {
            let label = names::display(&key.name);
            let is_there = |shown: &Shown, id| shown.id == id || shown.name == label;
            if let Some(id) = key.expr.as_field()
                && !self.shown.iter().any(|shown| is_there(shown, id))
            {
                self.shown.push(Shown::new(id, label));
            }
        }
    }

    /// The key in force; of a line of text that has none, the line.
    pub fn key(&mut self) -> Result<Vec<Key>, Usage> {
        if let Some(keys) = &self.key {
            return Ok(keys.clone());
        }
        if self.has_lines() {
            return Ok(vec![self.line_key()]);
        }
        Err(self.fault(
            "no key is set; put key-by K in front, or name the key with an operator as count-by K",
        ))
    }

    fn line_key(&self) -> Key {
        let id = self.line_field();
        Key {
            name: "line".into(),
            expr: self.field_expr(id),
        }
    }

    /// The field that holds the record's line.
    pub(super) fn line_field(&self) -> FieldId {
        let schema = match self.at_source() {
            true => &self.source,
            false => &self.schema,
        };
        schema
            .find("$0")
            .expect("every source's schema and every answer's has $0")
    }

    /// Whether records here are lines that are their own key.
    fn has_lines(&self) -> bool {
        let format = match (self.at_source(), self.answer_here()) {
            (true, _) => Some(self.format_name.as_str()),
            (false, answered) => answered.map(|answered| answered.name.as_str()),
        };
        matches!(format, Some("text" | "lines"))
    }

    /// What makes two records equal: their line where they are whole, and every column.
    pub fn record_key(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        if self.rest.is_some() {
            keys.push(self.line_key());
        }
        for shown in self.shown.iter().filter(|shown| !shown.window) {
            keys.push(Key {
                name: self.schema.fields[shown.id].name.clone(),
                expr: self.field_expr(shown.id).into_key(),
            });
        }
        keys
    }
}
