//! Choosing, dropping and renaming columns: changes of names, for which no node runs. Invariant: a field that
//! is gone keeps its id and loses its name, so that no later expression finds it.

use super::builder::Builder;
use super::names;
use super::node::{AggCall, NodeKind};
use super::output::{Mark, Shown};
use crate::aggs;
use crate::data::{FieldId, Type};
use crate::error::Usage;
use crate::expr::Expr;
use crate::formats::grok;

impl Builder<'_> {
    /// Only these columns, in this order, under the names they are asked for.
    pub fn select(&mut self, source: &str) -> Result<(), Usage> {
        let mut chosen = Vec::new();
        for (at, part) in names::split_list(source) {
            let marks = |shown: &&Shown| shown.mark != Mark::None && shown.name == part;
            let marked: Vec<Shown> = self.shown.iter().filter(marks).cloned().collect();
            if !marked.is_empty() {
                chosen.extend(marked);
                continue;
            }
            let shown = self.shown.iter().find(|shown| shown.name == part);
            let id = match shown {
                Some(shown) => shown.id,
                None => self.field(part, source, at)?,
            };
            chosen.push(Shown::new(id, names::display(part)));
        }
        for (id, field) in self.schema.fields.iter_mut().enumerate() {
            let made = field.name.starts_with('@') || field.name == "$0";
            let window = self
                .shown
                .iter()
                .any(|shown| shown.window && shown.id == id);
            if chosen.iter().any(|shown| shown.id == id) {
                field.hidden = false;
            } else if !made && !window {
                field.hidden = true;
                field.name.clear();
            }
        }
        self.shown = chosen;
        self.schema.open = None;
        self.rest = None;
        self.leave_others();
        for side in &mut self.sides {
            side.closed = true;
        }
        Ok(())
    }

    /// Without these columns.
    pub fn drop_fields(&mut self, source: &str) -> Result<(), Usage> {
        for (at, part) in names::split_list(source) {
            let key = self.of_both(part);
            let part = key.as_deref().unwrap_or(part);
            let right = self.right_field(part);
            let column = self.column_of(part, right.as_ref());
            if self.rest.is_some() {
                self.whole_key(part, source, at, column.is_some())?;
            }
            if column.is_none() {
                match self.field(part, source, at) {
                    Ok(id) => self.seek(id),
                    // What is not there any more may be dropped again.
                    Err(_) if self.is_open_to(right.as_ref()) => {}
                    Err(fault) => return Err(fault),
                }
            }
            let label = self.label_of(part, right.as_ref());
            // A column of another stream is no part of the record.
            if self.rest.is_some() && (column.is_none() || right.is_none()) {
                self.drop_from_rest(&label);
            }
            if column.is_none() {
                self.ask_of_right(&label, right.as_ref(), None);
            }
            if let Some(column) = column {
                let column = self.shown[column].clone();
                self.shown.retain(|shown| shown.name != column.name);
                self.leave_column(column.id, None);
                self.forget(&names::quoted(&column.name));
            }
            self.forget(part);
        }
        Ok(())
    }

    /// How the field is printed that a word names.
    fn label_of(&self, part: &str, right: Option<&(usize, String)>) -> String {
        match right {
            Some((side, field)) => self.sides[*side].label_of(field),
            None => names::display(part).into(),
        }
    }

    /// Whether a field may be in records though it is not known: of this stream, or of the other one that it names.
    fn is_open_to(&self, right: Option<&(usize, String)>) -> bool {
        match right {
            Some((side, _)) => self.sides[*side].stream.is_open(),
            None => self.rest.is_some(),
        }
    }

    /// A part of a key of an open record cannot be taken out or renamed.
    fn whole_key(&self, part: &str, source: &str, at: usize, added: bool) -> Result<(), Usage> {
        let whole = added || names::display(part) != part || !part.contains(['.', '[']);
        if whole || self.right_field(part).is_some() {
            return Ok(());
        }
        Err(self.fault_at(
            source,
            at..at + part.len(),
            format!("'{part}' is a part of a field; take what you need with select or map"),
        ))
    }

    fn drop_from_rest(&mut self, label: &str) {
        let label = names::quoted(label);
        let Some(rest) = &mut self.rest else {
            return;
        };
        let renamed = rest.renamed.iter().position(|(_, new)| *new == label);
        let gone = match renamed {
            Some(at) => rest.renamed.remove(at).0,
            // It has another name now.
            None if rest.renamed.iter().any(|(old, _)| *old == label) => return,
            None => label,
        };
        rest.dropped.push(gone);
    }

    /// No later expression finds a field of this name.
    fn forget(&mut self, name: &str) {
        for field in &mut self.schema.fields {
            if names::within(&field.name, name) || field.name == names::display(name) {
                field.hidden = true;
                field.name.clear();
            }
        }
    }

    /// Gives columns other names: `OLD=NEW,…`, all at once.
    pub fn rename(&mut self, source: &str) -> Result<(), Usage> {
        let mut pairs: Vec<(FieldId, String, String)> = Vec::new();
        for (at, part) in names::split_list(source) {
            let Some((old, new)) = split_pair(part) else {
                return Err(self.fault_at(
                    source,
                    at..at + part.len(),
                    format!("'{part}' is no renaming; write OLD=NEW"),
                ));
            };
            let key = self.of_both(old);
            let old = key.as_deref().unwrap_or(old);
            let right = self.right_field(old);
            let label = self.label_of(old, right.as_ref());
            let new = names::quoted(names::display(new));
            let id = match self.column_of(old, right.as_ref()) {
                Some(column) => {
                    let shown = self.shown[column].clone();
                    let id = match shown.name == label {
                        true => shown.id,
                        false => self.field(old, source, at)?,
                    };
                    if shown.id != id {
                        self.forget(&names::quoted(&shown.name));
                    }
                    self.leave_column(shown.id, Some(&new));
                    self.shown[column].id = id;
                    // The column was put over the record's own.
                    if self.rest.is_some() && right.is_none() {
                        self.drop_from_rest(&label);
                    }
                    id
                }
                None => {
                    if self.rest.is_some() {
                        self.whole_key(old, source, at, false)?;
                    }
                    let id = self.field(old, source, at)?;
                    self.seek(id);
                    self.ask_of_right(&label, right.as_ref(), Some(&new));
                    id
                }
            };
            let twice = pairs.iter().find_map(|(before, _, called)| {
                (*called == new)
                    .then(|| {
                        format!(
                            "two fields cannot both be called '{}'",
                            names::display(&new)
                        )
                    })
                    .or_else(|| (*before == id).then(|| format!("'{label}' is renamed twice")))
            });
            if let Some(twice) = twice {
                return Err(self.fault_at(source, at..at + part.len(), twice));
            }
            pairs.push((id, names::quoted(&label), new));
        }
        for (id, _, new) in &pairs {
            self.make_way(new, *id, &pairs);
        }
        let mut of_record = Vec::new();
        for (id, old, new) in pairs {
            self.schema.fields[id].name.clone_from(&new);
            match self.shown.iter_mut().find(|shown| shown.id == id) {
                Some(shown) => shown.name = names::display(&new).into(),
                None if self.rest.is_some() => of_record.push((old, new)),
                None => self.shown.push(Shown::new(id, names::display(&new))),
            }
        }
        self.rename_in_record(of_record);
        Ok(())
    }

    /// A column that had the new name is gone, unless it is renamed itself.
    fn make_way(&mut self, new: &str, id: FieldId, pairs: &[(FieldId, String, String)]) {
        if pairs.iter().any(|(_, old, _)| old == new) {
            return;
        }
        let label = names::display(new);
        let had = |shown: &Shown| shown.name == label && shown.id != id;
        let replaced = self.shown.iter().any(had);
        self.shown.retain(|shown| !had(shown));
        let kept = std::mem::take(&mut self.schema.fields[id].name);
        self.forget(new);
        self.schema.fields[id].name = kept;
        if self.rest.is_some() && !replaced {
            self.drop_from_rest(label);
        }
    }

    /// All at once: an old name is what a field was called before.
    fn rename_in_record(&mut self, pairs: Vec<(String, String)>) {
        let Some(rest) = &mut self.rest else { return };
        let called = |old: &String| rest.renamed.iter().position(|(_, name)| name == old);
        let places: Vec<Option<usize>> = pairs.iter().map(|(old, _)| called(old)).collect();
        for (place, (old, new)) in places.into_iter().zip(pairs) {
            match place {
                Some(before) => rest.renamed[before].1 = new,
                None => rest.renamed.push((old, new)),
            }
        }
    }

    /// Named captures of a pattern as columns; what does not match goes, unless `keep_unmatched`.
    pub fn parse(
        &mut self,
        pattern: &str,
        field: Option<&str>,
        keep_unmatched: bool,
    ) -> Result<(), Usage> {
        if grok::is_grok(pattern) {
            return self.parse_grok(pattern, field, keep_unmatched);
        }
        let regex = regex::bytes::Regex::new(pattern).map_err(|error| {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim();
            self.fault(format!(
                "this pattern cannot be read: {}",
                reason.strip_prefix("error: ").unwrap_or(reason)
            ))
            .at(pattern, 0..pattern.len())
        })?;
        let named: Vec<(usize, String)> = regex
            .capture_names()
            .enumerate()
            .filter_map(|(group, name)| Some((group, name?.to_string())))
            .collect();
        if named.is_empty() {
            return Err(self
                .fault("the pattern names no field; write (?<name>…) around what you want")
                .at(pattern, 0..pattern.len()));
        }
        self.parse_with(regex, named, field, keep_unmatched)
    }

    /// The same for a pattern of grok.
    fn parse_grok(
        &mut self,
        pattern: &str,
        field: Option<&str>,
        keep_unmatched: bool,
    ) -> Result<(), Usage> {
        let compiled = grok::compile(pattern).map_err(|mut usage| {
            usage.message = self.fault(&usage.message).message;
            usage
        })?;
        let mut named = Vec::with_capacity(compiled.fields.len());
        for (name, groups) in compiled.fields {
            let [group] = groups[..] else {
                return Err(self
                    .fault(format!(
                        "the pattern has the field '{name}' more than once, which only -i grok: takes"
                    ))
                    .at(pattern, 0..pattern.len()));
            };
            named.push((group, name));
        }
        self.parse_with(compiled.regex, named, field, keep_unmatched)
    }

    fn parse_with(
        &mut self,
        regex: regex::bytes::Regex,
        named: Vec<(usize, String)>,
        field: Option<&str>,
        keep_unmatched: bool,
    ) -> Result<(), Usage> {
        let text = self.parsed_text(field)?;
        let into = named
            .into_iter()
            .map(|(group, name)| (group, self.add_shown(&name, Type::Untyped)))
            .collect();
        self.push(NodeKind::Parse {
            text,
            regex,
            into,
            keep_unmatched,
        });
        Ok(())
    }

    /// The text that a pattern is laid on: the field asked for, else `msg`, else the line.
    fn parsed_text(&mut self, field: Option<&str>) -> Result<Expr, Usage> {
        let named = match field {
            Some(field) => Some(field),
            None if self.schema.find("msg").is_some() => Some("msg"),
            None => self
                .first_record
                .iter()
                .any(|name| name == "msg" && self.rest.is_some())
                .then_some("msg"),
        };
        let Some(name) = named else {
            if let Some(before) = self.aggregate_before() {
                return Err(self.fault(format!(
                    "rows of '{before}' are no lines; name the field with --field F"
                )));
            }
            return self.expression("$0");
        };
        let expr = self.expression(name)?;
        // JSON strings have quotes and escapes; the pattern is meant for their text.
        match expr.ty {
            Type::Json => self.expression_at(&format!("concat({name})"), name, 0),
            _ => Ok(expr),
        }
    }

    /// A call of `collect` for each column that is no key, for `group-by`.
    pub fn collected(&mut self, keys: &[Expr]) -> Vec<AggCall> {
        self.show_first_record();
        let names = keys.iter().filter_map(Expr::as_field);
        let names: Vec<String> = names
            .map(|id| names::display(&self.schema.fields[id].name).into())
            .collect();
        self.tell_others(&names);
        let mut columns: Vec<(FieldId, String)> = self
            .shown
            .iter()
            .filter(|shown| !shown.window)
            .map(|shown| (shown.id, self.schema.fields[shown.id].name.clone()))
            .collect();
        // The line of a record of text, or of one of which no name is known.
        for (id, name) in &mut columns {
            if self.at_source() && self.source.fields[*id].name == "line" && !self.read[*id] {
                *name = "$0".into();
            }
        }
        if columns.is_empty() && self.at_source() && self.untold().is_none() {
            columns.push((self.line_field(), "$0".into()));
        }
        columns.retain(|(id, _)| !keys.iter().any(|key| key.as_field() == Some(*id)));
        let collect = aggs::find("collect").expect("collect is in the table of aggregates");
        columns
            .into_iter()
            .map(|(id, name)| {
                let ty = self.schema.fields[id].ty.clone();
                AggCall {
                    name,
                    aggregate: collect,
                    call: aggs::Call {
                        func: aggs::GROUP.into(),
                        arg: Some(ty),
                        param: None,
                        timed: false,
                        exact: true,
                    },
                    arg: Some(self.field_expr(id)),
                }
            })
            .collect()
    }
}

/// `OLD=NEW`; an equals sign in backticks belongs to the name.
pub(super) fn split_pair(part: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let at = part.char_indices().find_map(|(i, c)| {
        quoted ^= c == '`';
        (c == '=' && !quoted).then_some(i)
    })?;
    let (old, new) = (part[..at].trim(), part[at + 1..].trim());
    (!old.is_empty() && !new.is_empty()).then_some((old, new))
}
