//! What is written of each row, and in which format. Opens no file. Invariant: original lines pass only if
//! every operator before left records as they were.

use super::builder::Builder;
use super::names;
use super::node::{NodeKind, Output, Plan};
use super::scopes::Windows;
use super::sides::path_ast;
use crate::data::value::Printing;
use crate::data::{Field, FieldId, Open, Others, Schema, Type};
use crate::error::Usage;
use crate::expr::Ast;
use crate::formats::{self, Drawn, OutColumn, OutSchema, Rest, What, WriteFormat, WriteOptions};
use std::sync::Arc;

/// Digits of floats in a table.
const TABLE_DIGITS: u8 = 6;

/// What the field is called that has the names of others: no expression spells it.
pub(super) const OTHERS: &str = "(others)";

/// A column that a sink prints.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub id: FieldId,
    /// The name it is printed under.
    pub name: String,
    /// The begin or end of the row's window, and no part of the record.
    pub window: bool,
    /// The end of a window of fixed size, which only JSON has.
    pub end: bool,
    pub mark: Mark,
}

/// How a column says that a row is withdrawn.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Mark {
    /// It is another column.
    #[default]
    None,
    /// `true`, or not there: in formats with names.
    Flag,
    /// `+` or `-`: in formats of columns.
    Sign,
}

impl Shown {
    pub fn new(id: FieldId, name: &str) -> Shown {
        Shown {
            id,
            name: name.into(),
            window: false,
            end: false,
            mark: Mark::None,
        }
    }

    pub fn window(id: FieldId, name: &str) -> Shown {
        Shown {
            window: true,
            ..Shown::new(id, name)
        }
    }

    pub fn window_end(id: FieldId) -> Shown {
        Shown {
            end: true,
            ..Shown::window(id, "window_end")
        }
    }
}

/// How a sink writes.
pub(super) struct Written {
    pub name: String,
    pub format: Arc<dyn WriteFormat>,
    pub out: Output,
}

impl Builder<'_> {
    /// A copy of the stream.
    pub fn tee(&mut self, path: &str) -> Result<(), Usage> {
        // The columns of the copy are not those of the stream.
        let shown = self.shown.clone();
        let written = self.written(None, Some(path))?;
        self.shown = shown;
        self.push(NodeKind::Tee {
            path: path.into(),
            format: written.format,
            out: written.out,
        });
        Ok(())
    }

    /// The format and the columns for a sink at this place: `explicit` as with `-o`, or by the ending of the
    /// file's name, or the default.
    pub(super) fn written(
        &mut self,
        explicit: Option<&str>,
        path: Option<&str>,
    ) -> Result<Written, Usage> {
        let by_name = path.and_then(format_of_path);
        let passes = self.passing && by_name.is_none_or(|format| format == self.format_name);
        let word = match (explicit, by_name) {
            (Some(word), _) => word,
            (None, _) if passes => return self.original(),
            (None, Some(word)) => word,
            (None, None) if self.options.terminal && path.is_none() => "table",
            (None, None) => "tsv",
        };
        let word = word.to_string();
        Ok(Written {
            format: self.writer(&word)?,
            out: Output::Columns(self.out_schema(&word)?),
            name: word,
        })
    }

    pub(super) fn original(&self) -> Result<Written, Usage> {
        self.made_written(match self.at_source() {
            true => Output::Original,
            false => Output::Made,
        })
    }

    /// Lines as they are, or nothing.
    pub(super) fn made_written(&self, out: Output) -> Result<Written, Usage> {
        Ok(Written {
            name: "lines".into(),
            format: self.writer("lines")?,
            out,
        })
    }

    fn writer(&self, word: &str) -> Result<Arc<dyn WriteFormat>, Usage> {
        let table = word == "table";
        let options = WriteOptions {
            delimiter: None,
            header: self.options.header,
            printing: Printing {
                digits: self.options.digits.or(table.then_some(TABLE_DIGITS)),
                zone: self.options.zone.clone(),
            },
            width: self.options.width,
            paint: self.options.paint.clone(),
        };
        formats::writer(word, &options).map_err(|error| match error.downcast::<Usage>() {
            Ok(usage) => usage,
            Err(error) => self.fault(format!("{error:#}")),
        })
    }

    fn out_schema(&mut self, word: &str) -> Result<OutSchema, Usage> {
        if let Some(template) = word.strip_prefix("template:") {
            return self.template_columns(template);
        }
        let json = word == "json";
        // A record goes whole into a format that can hold whatever it has.
        let whole = match &self.rest {
            Some(rest) if json || word == "lines" || word == rest.format => Some(rest.clone()),
            _ => None,
        };
        let mut columns = Vec::new();
        if whole.is_none() && self.rest.is_some() {
            self.show_first_record();
            self.tell_others(&[]);
        }
        for shown in self.shown.clone() {
            let named = json || word == "logfmt";
            let is_other = match shown.mark {
                Mark::None => false,
                Mark::Flag => !named,
                Mark::Sign => named,
            };
            if shown.end && !json || is_other {
                continue;
            }
            let mut column = self.column(shown.id, shown.name);
            column.optional = shown.mark == Mark::Flag;
            columns.push(column);
        }
        let untold = self.is_unborn() && self.schema.open.is_some();
        if columns.is_empty() && self.rest.is_none() && !untold && word != "json" {
            return Err(self.fault("no column is left to be written; drop fewer"));
        }
        Ok(OutSchema {
            columns,
            rest: whole,
            untold,
            ..OutSchema::default()
        })
    }

    /// What the chain's own table draws beside its columns.
    pub(super) fn draw(&self, written: &mut Written) -> Result<(), Usage> {
        let asked = [
            ("--bar", What::Bar, &self.options.bar),
            ("--spark", What::Spark, &self.options.spark),
        ];
        for (option, what, field) in asked {
            let Some(name) = field else { continue };
            let fault = |message: String| Usage::new(format!("{option}: {message}"));
            let (Output::Columns(schema), "table") = (&mut written.out, written.name.as_str())
            else {
                return Err(fault(match written.name.as_str() {
                    "lines" => "lines that pass as they are have no columns; give -o table".into(),
                    name => format!("it draws in a table, and the output is {name}; give -o table"),
                }));
            };
            let column = schema
                .columns
                .iter()
                .position(|column| column.name == *name);
            let Some(behind) = column else {
                let names = schema.columns.iter().map(|column| column.name.as_str());
                let names: Vec<&str> = names.collect();
                return Err(fault(format!(
                    "the table has no column '{name}'; it has {}",
                    names.join(", ")
                )));
            };
            let is_start = |shown: &&Shown| shown.window && !shown.end;
            let window = self.shown.iter().find(is_start).map(|shown| shown.id);
            let varies = self.shown.iter().filter(|shown| shown.window && !shown.end);
            if what == What::Spark && window.is_none() {
                return Err(fault(
                    "it draws the last windows of each key, and the rows of this chain have no window"
                        .into(),
                ));
            }
            let of = &schema.columns[behind];
            if matches!(of.ty, Type::Text | Type::Bool | Type::Time | Type::List(_)) {
                return Err(fault(format!("'{name}' is no number")));
            }
            schema.drawn.push(Drawn {
                what,
                field: of.field,
                behind,
                window,
                alone: varies.count() > 1,
            });
            let keys = self.aggregated.as_ref().map(|of| of.keys.as_slice());
            let is_key = |column: &OutColumn| keys.is_some_and(|keys| keys.contains(&column.field));
            let columns = schema.columns.iter().enumerate();
            schema.keys = columns
                .filter(|(_, column)| is_key(column))
                .map(|(at, _)| at)
                .collect();
        }
        Ok(())
    }

    fn column(&self, field: FieldId, name: String) -> OutColumn {
        OutColumn {
            field,
            name,
            ty: self.schema.fields[field].ty.clone(),
            optional: false,
        }
    }

    /// The fields that a template names, in its order.
    fn template_columns(&mut self, template: &str) -> Result<OutSchema, Usage> {
        let mut columns: Vec<OutColumn> = Vec::new();
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            let tail = &rest[open + 1..];
            if let Some(literal) = tail.strip_prefix('{') {
                rest = literal;
                continue;
            }
            let Some(close) = tail.find('}') else { break };
            let name = tail[..close].trim();
            rest = &tail[close + 1..];
            if columns.iter().any(|column| column.name == name) {
                continue;
            }
            let shown = self.shown.iter().find(|shown| shown.name == name);
            let id = match shown {
                Some(shown) => shown.id,
                None => {
                    let at = template.len() - rest.len() - close - 1;
                    self.field(name, template, at)?
                }
            };
            columns.push(self.column(id, name.into()));
        }
        Ok(OutSchema {
            columns,
            ..OutSchema::default()
        })
    }

    /// Gives an open record the columns of the first one: for formats whose rows are all alike.
    pub(super) fn show_first_record(&mut self) {
        let Some(rest) = self.rest.take() else {
            return;
        };
        self.shows_first = true;
        let ty = match &self.source.open {
            Some(Open::Named(ty)) => ty.clone(),
            _ => Type::Untyped,
        };
        let mut added = std::mem::take(&mut self.shown);
        let windows = added.iter().take_while(|shown| shown.window).count();
        self.shown = added.drain(..windows).collect();
        for name in self.first_record.clone() {
            if rest.dropped.contains(&name) {
                continue;
            }
            let called = rest.called(&name);
            let label = names::display(called);
            if let Some(at) = added.iter().position(|shown| shown.name == label) {
                self.shown.push(added.remove(at));
                continue;
            }
            let known = self.schema.find(called).map(|id| self.own_of_left(id));
            let id = match known.or_else(|| self.of_united(&name, called)) {
                Some(id) => id,
                None => self.add_read(&name, called, ty.clone()),
            };
            self.shown.push(Shown::new(id, label));
        }
        self.shown.append(&mut added);
        let mut right = self.show_first_of_right(&rest);
        self.shown.append(&mut right);
        self.rest = Some(rest);
    }

    /// Names of the other streams' first records, for formats whose rows are all alike. `whole`: what becomes of fields
    /// that are no columns yet.
    fn show_first_of_right(&mut self, whole: &Rest) -> Vec<Shown> {
        let mut added = Vec::new();
        for side in 0..self.sides.len() {
            if !self.is_in_force(side) || !self.sides[side].stream.is_open() {
                continue;
            }
            added.extend(self.keys_of_none(side, whole));
            self.sides[side].stream.builder.shows_first = true;
            for name in self.sides[side].stream.builder.first_record.clone() {
                let label = names::display(&name).to_string();
                let Some(rest) = path_ast(&name) else {
                    continue;
                };
                if self.sides[side].keys.contains(&label) {
                    continue;
                }
                let ours =
                    self.first_record.contains(&name) && self.sides[side].left_open.is_some();
                if self.sides[side].union {
                    let column = self.column_of_united(&name, &rest, whole);
                    let mut shown = self.shown.iter().chain(&added);
                    let column =
                        column.filter(|one| !ours && shown.all(|shown| shown.name != one.name));
                    added.extend(column);
                    continue;
                }
                let shown = |shown: &Shown| shown.name == label;
                let clashes = ours || self.shown.iter().chain(&added).any(shown);
                let has_prefix = match self.merge_of(side) {
                    Some(merge) => merge.has_prefix(label.as_bytes(), clashes),
                    None => self.sides[side].stream.named || clashes,
                };
                let text = match has_prefix {
                    true => self.sides[side].label_of(&label),
                    false => label,
                };
                let key = names::quoted(&text);
                let called = whole.renamed.iter().find(|(old, _)| *old == key);
                let (id, text) = match (called, has_prefix) {
                    _ if whole.dropped.contains(&key) => continue,
                    (Some((_, new)), _) => (self.schema.find(new), names::display(new).into()),
                    (None, true) => (self.bring(side, &rest).ok(), text),
                    (None, false) => match self.plain(&rest) {
                        Ok(Some(id)) => (Some(id), text),
                        _ => (self.schema.find(&name), text),
                    },
                };
                if let Some(id) = id
                    && !self.shown.iter().any(|shown| shown.name == text)
                {
                    added.push(Shown::new(id, &text));
                }
            }
        }
        added
    }

    /// A field of a united stream's first record as a column, unless it is dropped. `whole`: what becomes of such fields.
    fn column_of_united(&mut self, name: &str, path: &Ast, whole: &Rest) -> Option<Shown> {
        if whole.dropped.iter().any(|dropped| dropped == name) {
            return None;
        }
        let called = whole.called(name);
        let id = match called == name {
            true => self.plain(path).ok()?.or_else(|| self.schema.find(name)),
            false => self.schema.find(called),
        };
        Some(Shown::new(id?, names::display(called)))
    }

    /// Keys that the left's first record lacks: they are the right's where the left has none.
    fn keys_of_none(&self, side: usize, rest: &Rest) -> Vec<Shown> {
        let of = &self.sides[side];
        if of.left_open.is_none() {
            return Vec::new();
        }
        let keys = of.keys.iter().filter_map(|key| {
            let name = names::quoted(key);
            if rest.dropped.contains(&name) || self.gone_from(side, &name) {
                return None;
            }
            let called = rest.called(&name);
            let label = names::display(called);
            let is_shown = self.shown.iter().any(|shown| shown.name == label);
            let id = self.schema.find(called).filter(|_| !is_shown)?;
            Some(Shown::new(id, label))
        });
        keys.collect()
    }

    /// Counts rows here whose records have fields that are no columns: those of the first record are, and `besides`.
    pub(super) fn tell_others(&mut self, besides: &[String]) {
        let known = self.known_fields(besides);
        let mut fields = Vec::new();
        if self.at_source() && self.reads_names() && self.source.others.is_none() {
            fields.push(self.add_others(known.clone()));
        }
        fields.extend(self.others_of_right(&known, fields.first().copied()));
        if !fields.is_empty() {
            self.push(NodeKind::Others { fields });
        }
    }

    /// Columns are chosen by name: what an operator's own rows leave out is not asked for.
    pub(super) fn leave_others(&mut self) {
        for (node, _) in &self.parts {
            if let Some(NodeKind::Others { fields }) = node
                .checked_sub(1)
                .map(|before| &mut self.nodes[before].kind)
            {
                fields.clear();
            }
            for side in self.sides.iter_mut().filter(|side| side.node == *node) {
                side.stream.builder.source.others = None;
            }
        }
    }

    /// The field that has the names of what its records have beyond these.
    pub(super) fn add_others(&mut self, known: Vec<String>) -> FieldId {
        let field = self.add_field(OTHERS, Type::Text, true);
        self.source.fields[field].name = OTHERS.into();
        self.source.others = Some(Others { field, known });
        field
    }

    /// Keys of the source's records that are not lost: what is shown, and what was dropped by name.
    fn known_fields(&self, besides: &[String]) -> Vec<String> {
        let bare = |name: &String| names::display(name).to_string();
        let before = self.sides.iter().filter_map(|side| side.left_rest.as_ref());
        let rests: Vec<&Rest> = self.rest.iter().chain(before).collect();
        let shown = self.shown.iter().filter(|shown| !shown.window);
        let shown = shown.map(|shown| &shown.name).chain(besides);
        let own = shown.map(|label| {
            let mut renamed = rests.iter().flat_map(|rest| &rest.renamed);
            let renamed = renamed.find(|(_, new)| bare(new) == *label);
            renamed.map_or(label.clone(), |(old, _)| bare(old))
        });
        let dropped = rests.iter().flat_map(|rest| &rest.dropped);
        own.chain(dropped.map(bare)).collect()
    }

    /// Whether its records have fields that are known by their names alone.
    pub(super) fn reads_names(&self) -> bool {
        self.rest.is_some() && matches!(self.format_name.as_str(), "json" | "logfmt")
    }

    /// Adds a field of the source that is called otherwise here.
    pub(super) fn add_read(&mut self, name: &str, called: &str, ty: Type) -> FieldId {
        self.source.add(Field::hidden(name, ty.clone()));
        self.read.push(true);
        self.schema.add(Field::hidden(called, ty))
    }
}

/// The window's two fields, which are the first of rows that stand for one. Those of a batch are not shown.
pub(super) fn window_fields(schema: &mut Schema, windows: Windows) -> Vec<Shown> {
    if windows == Windows::No {
        return Vec::new();
    }
    if matches!(windows, Windows::Batch | Windows::Counted) {
        schema.add(Field::hidden("", Type::Time));
        schema.add(Field::hidden("", Type::Time));
        return Vec::new();
    }
    let start = schema.add(Field::new("window_start", Type::Time));
    let end = schema.add(Field::new("window_end", Type::Time));
    vec![
        Shown::window(start, "window_start"),
        match windows {
            Windows::Vary => Shown::window(end, "window_end"),
            _ => Shown::window_end(end),
        },
    ]
}

/// Adds a last column that says whether a row is of a window, or of a total, that is open still.
pub(super) fn mark_partial(plan: &mut Plan) -> Result<(), Usage> {
    let schema = plan
        .nodes
        .last()
        .map_or(&plan.source.schema, |node| &node.schema);
    let field = schema.fields.len();
    let Output::Columns(out) = &mut plan.sink.out else {
        return Err(Usage::new(
            "--flush: this chain passes its lines on as they come, so nothing of it is open",
        ));
    };
    out.columns.push(OutColumn {
        field,
        name: "partial".into(),
        ty: Type::Bool,
        optional: false,
    });
    plan.sink.partial = Some(field);
    Ok(())
}

/// The format that a file's ending stands for.
pub fn format_of_path(path: &str) -> Option<&'static str> {
    let ending = path.rsplit_once('.')?.1;
    Some(match ending {
        "csv" => "csv",
        "tsv" => "tsv",
        "json" | "ndjson" => "json",
        _ => return None,
    })
}
