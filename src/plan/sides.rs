//! Names of other streams in the chain: what an expression asks of them, and which stream gives a plain name.
//! Reads no input. Invariant: `PREFIX.f` is always the right side's f; a plain f is the left's, or the right's
//! where the left has none.

use super::builder::Builder;
use super::custom::{Ordered, OwnRows};
use super::names;
use super::node::{Matching, NodeKind, Right};
use super::output::{OTHERS, Shown};
use super::right::{On, OtherStream, right_of, right_of_mut};
use super::scopes::Windows;
use crate::data::{Field, FieldId, Open, Schema, Type};
use crate::error::Usage;
use crate::expr::ast::Kind;
use crate::expr::{self, Ast, Env, Expr, RECORD_HAS};
use crate::formats::Rest;
use crate::formats::merge::Merge;
use std::sync::Arc;

/// A node with another stream, whose fields later operators may ask for.
pub(super) struct Side {
    /// Where the node stands; behind it is the one that gives plain names.
    pub(super) node: usize,
    /// In how many parts the chain was by then.
    part: usize,
    pub(super) stream: OtherStream,
    /// The left records beyond their fields, as they were there.
    pub(super) left_rest: Option<Rest>,
    pub(super) left_open: Option<Type>,
    /// What is dropped is not brought again.
    pub(super) closed: bool,
    /// Rows of both streams are rows of the chain: names are the same on both sides.
    pub(super) union: bool,
    pub(super) keys: Vec<String>,
    /// Its columns that are printed.
    pub(super) columns: Vec<Printed>,
    /// Fields of it that were dropped, or what they are called now.
    pub(super) gone: Vec<(String, Option<String>)>,
    /// Fields that are the left's value, or this one's where that is null, each with that which is the left's alone. Keys
    /// are none.
    pub(super) either: Vec<(FieldId, FieldId)>,
}

/// A column of another stream.
pub(super) struct Printed {
    pub(super) name: String,
    pub(super) id: FieldId,
    /// The left has one of its name.
    pub(super) clashes: bool,
}

impl Side {
    /// How a field is printed that the chain names by the prefix.
    pub(super) fn label_of(&self, field: &str) -> String {
        format!("{}.{field}", self.stream.prefix)
    }
}

impl Builder<'_> {
    /// Puts a node with another stream into the chain, and that stream's names into what follows.
    pub fn join(
        &mut self,
        stream: OtherStream,
        on: &[On],
        kind: Matching,
        node: NodeKind,
    ) -> Result<(), Usage> {
        let keys: Vec<String> = on.iter().filter_map(|on| on.name.clone()).collect();
        let prefix = stream.prefix.clone();
        let is_taken = |side: usize| {
            let other = &self.sides[side];
            self.is_in_force(side) && !other.union && other.stream.prefix == prefix
        };
        if kind.pairs() && (0..self.sides.len()).any(is_taken) {
            return Err(self.fault(format!(
                "another source is called '{prefix}' already, and '{prefix}.' can stand for one; give --as NAME"
            )));
        }
        let side = self.put_side(stream, node, false, keys.clone());
        if !kind.pairs() {
            self.sides[side].closed = true;
            return Ok(());
        }
        let left_rest = self.rest.clone();
        let left_open = self.sides[side].left_open.is_some();
        self.coalesce_known(side)?;
        let columns = match self.sides[side].stream.is_open() {
            true => Vec::new(),
            false => self.sides[side].stream.columns(),
        };
        let theirs: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        for (name, id) in columns {
            let field = self.sides[side].stream.builder.schema.fields[id]
                .name
                .clone();
            let rest = field_ast(&field);
            let full = self.sides[side].label_of(&name);
            let taken = [names::quoted(&full), full.as_str().into()];
            let taken = taken.iter().find_map(|full| self.schema.find(full));
            if taken.is_some_and(|id| !self.is_right(side, id)) {
                return Err(self.fault(format!(
                    "there is a field '{full}' already; give --as another name than '{prefix}'"
                )));
            }
            let id = self.bring(side, &rest)?;
            if keys.contains(&name) {
                continue;
            }
            let quoted = names::quoted(&name);
            let clashes = self.shown.iter().any(|shown| shown.name == name)
                || self
                    .schema
                    .find(&field)
                    .is_some_and(|id| !self.is_right(side, id))
                || left_rest.is_some() && self.first_record.contains(&quoted);
            let stream = &self.sides[side].stream;
            let label = stream.label(&name, clashes);
            let id = match stream.named || clashes {
                true => id,
                false => self.plain(&rest)?.unwrap_or(id),
            };
            self.shown.push(Shown::new(id, &label));
            self.sides[side].columns.push(Printed { name, id, clashes });
        }
        // A key is printed from whichever side is there.
        for name in &keys {
            let rest = field_ast(name);
            let shown = self.shown.iter().position(|shown| shown.name == *name);
            match shown {
                Some(at) if kind.keeps_right() => {
                    let left = self.shown[at].id;
                    let right = self.bring(side, &rest)?;
                    let name = self.schema.fields[left].name.clone();
                    self.shown[at].id = self.either(side, &name, left, right)?;
                }
                Some(_) => {}
                // A whole record has its key itself, where there is one.
                None if left_open && kind.keeps_right() && theirs.contains(name) => {
                    let known = self.plain(&rest)?;
                    if let Some(id) = known.or_else(|| self.schema.find(name)) {
                        let at = self.shown.len() - self.sides[side].columns.len();
                        self.shown.insert(at, Shown::new(id, name));
                    }
                }
                None if left_open || !theirs.contains(name) => {}
                None => {
                    let id = self.bring(side, &rest)?;
                    self.shown.push(Shown::new(id, name));
                }
            }
        }
        if self.rest.is_some() || self.sides[side].stream.is_open() {
            self.rest = Some(Rest {
                format: "json",
                dropped: Vec::new(),
                renamed: Vec::new(),
            });
        }
        Ok(())
    }

    /// Rows of both streams by key, in place of either's.
    pub fn cogroup(&mut self, stream: OtherStream, node: Ordered, rows: OwnRows, right: Right) {
        let at = self.nodes.len();
        let windows = match rows.windows {
            Windows::Vary => Windows::Vary,
            _ => self.windows,
        };
        let in_force = self.in_force.clone();
        self.window_keys.clear();
        self.ordered_rows(node, rows, Some(right));
        (self.windows, self.in_force) = (windows, in_force);
        if let Some(aggregated) = &mut self.aggregated {
            aggregated.timed = windows != Windows::No;
        }
        self.sides.push(Side {
            node: at,
            part: usize::MAX,
            left_rest: None,
            left_open: None,
            stream,
            closed: true,
            union: false,
            keys: Vec::new(),
            columns: Vec::new(),
            gone: Vec::new(),
            either: Vec::new(),
        });
    }

    /// The columns that would be printed here, but those of windows and of these names.
    pub fn columns_but(&mut self, without: &[String]) -> Vec<(String, Expr)> {
        self.show_first_record();
        self.tell_others(without);
        let columns = self.shown.iter().filter(|shown| !shown.window);
        columns
            .filter(|shown| !without.contains(&shown.name))
            .map(|shown| (shown.name.clone(), self.field_expr(shown.id)))
            .collect()
    }

    /// Puts a node into the chain through which the other stream's rows go as rows of the chain.
    pub fn unite(&mut self, stream: OtherStream, node: NodeKind) -> Result<(), Usage> {
        let side = self.put_side(stream, node, true, Vec::new());
        let open = self.sides[side].stream.is_open();
        let columns = match open {
            true => Vec::new(),
            false => self.sides[side].stream.columns(),
        };
        let known: Vec<FieldId> = (0..self.schema.fields.len()).collect();
        for id in known {
            let name = self.schema.fields[id].name.clone();
            if names::is_made(&name) {
                let theirs = &self.sides[side].stream.builder;
                if let Some(made) = theirs.schema.find(&name) {
                    let expr = theirs.field_expr(made);
                    self.give_expr(side, expr, id);
                }
                continue;
            }
            let Some(rest) = path_ast(&name) else {
                continue;
            };
            self.give(side, &rest, id);
        }
        for (name, id) in columns {
            let field = self.sides[side].stream.builder.schema.fields[id]
                .name
                .clone();
            if self.shown.iter().any(|shown| shown.name == name) {
                continue;
            }
            let rest = field_ast(&field);
            let ty = self.sides[side].stream.builder.schema.fields[id].ty.clone();
            let id = match self.sides[side].left_open.clone() {
                Some(left) => {
                    let id = self.add_read(&field, &field, left);
                    self.optional.push(id);
                    id
                }
                None => self.add_field(&field, ty, false),
            };
            self.give(side, &rest, id);
            self.shown.push(Shown::new(id, &name));
        }
        let ours = self.rest.as_ref().map(|rest| rest.format);
        let theirs = self.sides[side]
            .stream
            .builder
            .rest
            .as_ref()
            .map(|rest| rest.format);
        if ours != theirs {
            self.rest = Some(Rest {
                format: "json",
                dropped: Vec::new(),
                renamed: Vec::new(),
            });
        }
        Ok(())
    }

    /// Whether whole records of both streams are written alike.
    pub fn united(&self, stream: &OtherStream) -> Option<Arc<Merge>> {
        let ours = self.rest.as_ref().map(|rest| rest.format);
        let theirs = stream.builder.rest.as_ref().map(|rest| rest.format);
        if ours == theirs {
            return None;
        }
        Some(Arc::new(Merge {
            left: self.rest.clone(),
            columns: Vec::new(),
            right: stream.builder.rest.clone(),
            prefix: String::new(),
            always: false,
            same: Vec::new(),
            by_prefix: Vec::new(),
            by_name: Vec::new(),
        }))
    }

    fn put_side(
        &mut self,
        stream: OtherStream,
        node: NodeKind,
        union: bool,
        keys: Vec<String>,
    ) -> usize {
        let left_open = match (&self.rest, &self.schema.open) {
            (Some(_), Some(Open::Named(ty))) if self.at_source() => Some(ty.clone()),
            _ => None,
        };
        self.sides.push(Side {
            node: self.nodes.len(),
            part: self.parts.len(),
            left_rest: self.rest.clone(),
            left_open,
            stream,
            closed: false,
            union,
            keys,
            columns: Vec::new(),
            gone: Vec::new(),
            either: Vec::new(),
        });
        self.push(node);
        self.project(Vec::new());
        self.sides.len() - 1
    }

    /// Fields that were asked for by name before have the right side's value where the left has none.
    fn coalesce_known(&mut self, side: usize) -> Result<(), Usage> {
        if self.sides[side].left_open.is_none() {
            return Ok(());
        }
        let before: Vec<FieldId> = (0..self.schema.fields.len())
            .filter(|&id| self.read.get(id) == Some(&true) && self.schema.fields[id].hidden)
            .collect();
        for id in before {
            let name = self.schema.fields[id].name.clone();
            let Some(rest) = path_ast(&name) else {
                continue;
            };
            if let Some(right) = self.try_bring(side, &rest)? {
                self.either(side, &name, id, right)?;
            }
        }
        Ok(())
    }

    /// What a message says that a record has, with the fields of the other streams in force.
    pub(super) fn with_others(&self, mut note: String) -> String {
        const SHOWN: usize = 8;
        if !note.starts_with(RECORD_HAS) {
            return note;
        }
        for side in 0..self.sides.len() {
            let Side { stream, union, .. } = &self.sides[side];
            if !self.is_in_force(side) || *union {
                continue;
            }
            let fields = stream.builder.schema.fields.iter();
            for field in fields.filter(|field| !field.hidden).take(SHOWN) {
                note.push_str(&format!(", {}.{}", stream.prefix, field.name));
            }
        }
        note
    }

    /// Brings what an expression speaks of from other streams.
    pub(super) fn bring_right(&mut self, ast: &Ast) -> Result<(), Usage> {
        if self.sides.is_empty() {
            return Ok(());
        }
        let mut paths = Vec::new();
        ast.each_path(&mut |path| paths.push(path.clone()));
        for path in paths {
            match self.in_right(&path) {
                Some((side, rest)) => {
                    let id = self.bring(side, &rest)?;
                    self.seek_in(side, id, true);
                }
                None => drop(self.plain(&path)?),
            }
        }
        Ok(())
    }

    /// The other stream that a path names by its prefix, and the path in it.
    pub(super) fn in_right(&self, path: &Ast) -> Option<(usize, Ast)> {
        let mut sides = (0..self.sides.len()).rev();
        sides.find_map(|side| {
            let of = &self.sides[side];
            let rest = without_prefix(path, &of.stream.prefix)?;
            (self.is_in_force(side) && !of.union).then_some((side, rest))
        })
    }

    /// How lines of both streams are made one line.
    pub(super) fn merge_of(&self, side: usize) -> Option<&Merge> {
        right_of(&self.nodes[self.sides[side].node].kind)?
            .merge
            .as_deref()
    }

    pub(super) fn is_in_force(&self, side: usize) -> bool {
        let side = &self.sides[side];
        side.part == self.parts.len() && !side.closed
    }

    /// A field that the chain speaks of need not be read to be told where it never occurs.
    pub(super) fn seek(&mut self, id: FieldId) {
        if !self.at_source() {
            return;
        }
        if self.read.get(id) == Some(&true) {
            self.sought.push(id);
        }
        for side in 0..self.sides.len() {
            if !self.is_in_force(side) {
                continue;
            }
            self.seek_in(side, id, false);
            // A plain name is of either stream.
            let behind = self.sides[side].node + 1;
            let of: Vec<FieldId> = match self.nodes.get(behind).map(|node| &node.kind) {
                Some(NodeKind::Project { columns }) => {
                    let is_it = |column: &&(FieldId, Expr)| column.0 == id;
                    let made = columns.iter().filter(is_it);
                    made.flat_map(|(_, expr)| expr.fields.clone()).collect()
                }
                _ => Vec::new(),
            };
            of.into_iter().for_each(|id| self.seek(id));
        }
    }

    /// The same in the stream that a field is brought from. `prefixed`: it is asked of that stream and no other.
    fn seek_in(&mut self, side: usize, id: FieldId, prefixed: bool) {
        let Some(right) = right_of(&self.nodes[self.sides[side].node].kind) else {
            return;
        };
        let args = right.into.iter().zip(&right.args);
        let brought = args.filter(|(into, _)| **into == id);
        let fields: Vec<FieldId> = brought.flat_map(|(_, arg)| arg.fields.clone()).collect();
        let builder = &mut self.sides[side].stream.builder;
        builder.sought.extend(&fields);
        if prefixed {
            builder.prefixed.extend(&fields);
        }
    }

    fn is_right(&self, side: usize, id: FieldId) -> bool {
        right_of(&self.nodes[self.sides[side].node].kind)
            .is_some_and(|right| right.into.contains(&id))
    }

    /// The field `PREFIX.rest`, made if it is not there yet.
    pub(super) fn bring(&mut self, side: usize, rest: &Ast) -> Result<FieldId, Usage> {
        let prefix = self.sides[side].stream.prefix.clone();
        let name = prefixed(&prefix, rest).path().unwrap_or_default();
        let mut gone = self.sides[side].gone.iter();
        if let Some((_, called)) = gone.find(|(field, _)| top_of(rest) == Some(field)) {
            let why = match called {
                Some(called) => format!("it is called '{}' now", names::display(called)),
                None => "it was dropped".into(),
            };
            let fault = self.fault(format!("no field '{name}'; {why}"));
            return Err(fault.at(&name, 0..name.len()));
        }
        if let Some(id) = self.schema.find(&name) {
            return Ok(id);
        }
        let source = rest.path().unwrap_or_default();
        let asked_by = self.name.clone();
        let builder = &mut self.sides[side].stream.builder;
        builder.name = asked_by;
        let expr = builder.compile(rest, &source, 0)?;
        let id = self.add_field(&name, expr.ty.clone(), true);
        self.give_expr(side, expr, id);
        Ok(id)
    }

    /// The same where the other stream has it.
    fn try_bring(&mut self, side: usize, rest: &Ast) -> Result<Option<FieldId>, Usage> {
        match self.bring(side, rest) {
            Ok(id) => Ok(Some(id)),
            Err(_) => Ok(None),
        }
    }

    fn give_expr(&mut self, side: usize, expr: Expr, id: FieldId) {
        let node = self.sides[side].node;
        if let NodeKind::Custom(custom) = &mut self.nodes[node].kind
            && !self.sides[side].union
        {
            custom.sets.push(id);
        }
        if let Some(right) = right_of_mut(&mut self.nodes[node].kind) {
            right.args.push(expr);
            right.into.push(id);
        }
    }

    /// Rows of the other stream have this field, too, where they have one of that name.
    fn give(&mut self, side: usize, rest: &Ast, id: FieldId) {
        let source = rest.path().unwrap_or_default();
        let Ok(expr) = self.sides[side].stream.builder.compile(rest, &source, 0) else {
            return;
        };
        let to = self.schema.fields[id].ty.clone();
        let expr = match (&expr.ty, &to) {
            (_, Type::Number | Type::Float) => expr.into_number(),
            (_, Type::Time) => {
                expr.into_time(crate::bytes::time::Shape::Detect, &self.options.zone)
            }
            (Type::Json, Type::Untyped | Type::Text) => expr.into_text(),
            _ => match expr.into_type(&to) {
                Some(expr) => expr,
                None => return,
            },
        };
        self.give_expr(side, expr, id);
    }

    /// The field of a plain name that is new here, from whichever stream has it; `None`: it is not for other
    /// streams to give.
    pub(super) fn plain(&mut self, path: &Ast) -> Result<Option<FieldId>, Usage> {
        let Some(name) = path.path() else {
            return Ok(None);
        };
        let place = self.at_source()
            && self.schema.open == Some(Open::Positional)
            && path.as_field().is_some_and(names::is_positional);
        if names::is_made(&name) || self.is_known(path) {
            return Ok(None);
        }
        let was_gone = |side| self.is_in_force(side) && self.gone_from(side, &name);
        if let Some(gone) = self.gone(&name)
            && !(0..self.sides.len()).any(was_gone)
        {
            return Err(self.fault(gone).at(&name, 0..name.len()));
        }
        let mut at = None;
        for side in 0..self.sides.len() {
            if !self.is_in_force(side) {
                continue;
            }
            if self.sides[side].union {
                let ty = match (&self.schema.open, self.at_source()) {
                    (Some(Open::Named(ty)), true) => Some(ty.clone()),
                    (Some(Open::Positional), true) if place => Some(Type::Untyped),
                    _ => None,
                };
                let id = match (at, ty) {
                    (Some(id), _) => id,
                    (None, Some(ty)) => {
                        let id = self.add_read(&name, &name, ty);
                        self.optional.push(id);
                        id
                    }
                    (None, None) if self.sides[side].stream.is_open() => {
                        self.add_field(&name, Type::Json, true)
                    }
                    (None, None) => continue,
                };
                self.give(side, path, id);
                at = Some(id);
                continue;
            }
            if place {
                continue;
            }
            let Some(right) = self.try_bring(side, path)? else {
                continue;
            };
            let left = match (at, self.sides[side].left_open.clone()) {
                (Some(left), _) => Some(left),
                (None, Some(ty)) if !self.gone_from(side, &name) => {
                    let id = self.add_read(&name, "", ty);
                    self.optional.push(id);
                    Some(id)
                }
                _ => None,
            };
            at = Some(match left {
                Some(left) => self.either(side, &name, left, right)?,
                None => {
                    let ty = self.schema.fields[right].ty.clone();
                    let id = self.add_field(&name, ty, true);
                    let value = self.field_expr(right);
                    self.also(side, id, value);
                    id
                }
            });
        }
        Ok(at)
    }

    pub(super) fn gone_from(&self, side: usize, name: &str) -> bool {
        self.sides[side].left_rest.as_ref().is_some_and(|rest| {
            let mut gone = rest
                .dropped
                .iter()
                .chain(rest.renamed.iter().map(|(old, _)| old));
            gone.any(|top| names::within(name, top))
        })
    }

    /// Whether a path, or a field that it leads into, is there already.
    fn is_known(&self, path: &Ast) -> bool {
        let found = path.path().and_then(|name| {
            let plain = path.as_field().and_then(|name| self.schema.find(name));
            plain.or_else(|| self.schema.find(&name))
        });
        found.is_some()
            || match &path.kind {
                Kind::Member(of, _) | Kind::Index(of, _) => self.is_shown(of),
                _ => false,
            }
    }

    fn is_shown(&self, path: &Ast) -> bool {
        let name = path.as_field().map(str::to_string).or_else(|| path.path());
        let found = name.and_then(|name| self.schema.find(&name));
        found.is_some_and(|id| !self.schema.fields[id].hidden)
            || match &path.kind {
                Kind::Member(of, _) | Kind::Index(of, _) => self.is_shown(of),
                _ => false,
            }
    }

    /// A field of that name: the left's value, or the right's where that is null.
    fn either(
        &mut self,
        side: usize,
        name: &str,
        left: FieldId,
        right: FieldId,
    ) -> Result<FieldId, Usage> {
        let mut schema = Schema::new(
            self.schema
                .fields
                .iter()
                .map(|field| Field::hidden("", field.ty.clone()))
                .collect(),
        );
        let other = format!("{}.{name}", self.sides[side].stream.prefix);
        let (one, two) = (names::quoted(name), names::quoted(&other));
        schema.fields[left].name = names::display(&one).into();
        schema.fields[right].name = names::display(&two).into();
        let mut env = Env {
            schema: &mut schema,
            zone: &self.options.zone,
            functions: &[],
        };
        let source = format!("{one} ?? {two}");
        let value = expr::parse(&source)
            .and_then(|ast| expr::compile(&ast, &mut env))
            .map_err(|faults| self.diagnosed(faults, &source, 0))?;
        let id = self.add_field(name, value.ty.clone(), true);
        self.also(side, id, value);
        if !self.sides[side]
            .keys
            .iter()
            .any(|key| key == names::display(name))
        {
            self.sides[side].either.push((id, left));
        }
        Ok(id)
    }

    /// The left's own value of a field that stands for that of either stream, which is what its column holds.
    pub(super) fn own_of_left(&self, id: FieldId) -> FieldId {
        let sides = (0..self.sides.len())
            .rev()
            .filter(|&side| self.is_in_force(side));
        sides.fold(id, |id, side| {
            let own = self.sides[side]
                .either
                .iter()
                .find(|(either, _)| *either == id);
            own.map_or(id, |(_, left)| *left)
        })
    }

    /// Sets a field right behind the node of a side.
    fn also(&mut self, side: usize, id: FieldId, value: Expr) {
        let behind = self.sides[side].node + 1;
        if let Some(node) = self.nodes.get_mut(behind)
            && let NodeKind::Project { columns } = &mut node.kind
        {
            columns.push((id, value));
        }
    }

    /// The column of a first record where the other streams are only united with this one: their rows have it, too.
    pub(super) fn of_united(&mut self, name: &str, called: &str) -> Option<FieldId> {
        let mut sides = (0..self.sides.len()).filter(|&side| self.is_in_force(side));
        if name != called || !sides.all(|side| self.sides[side].union) {
            return None;
        }
        self.plain(&path_ast(name)?).ok().flatten()
    }

    /// The fields of rows here that have the names of others, of records of the other streams in force. `ours`: the one
    /// of the chain's own source, whose `known` fields are columns.
    pub(super) fn others_of_right(
        &mut self,
        known: &[String],
        ours: Option<FieldId>,
    ) -> Vec<FieldId> {
        let mut added = Vec::new();
        for side in 0..self.sides.len() {
            if !self.is_in_force(side) {
                continue;
            }
            let merge = self.merge_of(side).into_iter();
            let asked = merge.flat_map(|merge| merge.by_prefix.iter().chain(&merge.by_name));
            let asked: Vec<String> = asked.cloned().collect();
            let of = &mut self.sides[side];
            let first = of.stream.builder.first_record.iter().chain(&of.keys);
            let theirs = first.map(|name| names::display(name).to_string());
            let ours_too = known.iter().filter(|_| of.union).cloned();
            let theirs = theirs.chain(asked).chain(ours_too).collect();
            let (is_united, stream) = (of.union, &mut of.stream);
            let Some(field) = stream.know(theirs) else {
                continue;
            };
            let expr = stream.builder.field_expr(field);
            let id = match ours {
                Some(ours) if is_united => ours,
                _ => {
                    let id = self.add_field(OTHERS, Type::Text, true);
                    added.push(id);
                    id
                }
            };
            self.give_expr(side, expr, id);
        }
        added
    }
}

/// A name as a field, whatever it is spelt like.
fn field_ast(name: &str) -> Ast {
    Ast::new(Kind::Field(names::display(name).into()), 0..0)
}

/// A field's name as an expression has it: a path, or one name; `None`: it is no name.
pub(super) fn path_ast(name: &str) -> Option<Ast> {
    if name.is_empty() || names::is_made(name) {
        return None;
    }
    match expr::parse(name) {
        Ok(ast) if ast.path().is_some() => Some(ast),
        _ => Some(field_ast(name)),
    }
}

/// `a.b` as `PREFIX.a.b`.
pub(super) fn prefixed(prefix: &str, ast: &Ast) -> Ast {
    let at = ast.at.clone();
    let kind = match &ast.kind {
        Kind::Field(name) => {
            let base = Ast::new(Kind::Field(prefix.into()), at.clone());
            Kind::Member(Box::new(base), name.clone())
        }
        Kind::Member(of, name) => Kind::Member(Box::new(prefixed(prefix, of)), name.clone()),
        Kind::Index(of, place) => Kind::Index(Box::new(prefixed(prefix, of)), place.clone()),
        other => other.clone(),
    };
    Ast::new(kind, at)
}

/// The field that a path leads into.
fn top_of(path: &Ast) -> Option<&str> {
    match &path.kind {
        Kind::Member(of, _) | Kind::Index(of, _) => top_of(of),
        _ => path.as_field(),
    }
}

/// `PREFIX.a.b` as `a.b`.
fn without_prefix(ast: &Ast, prefix: &str) -> Option<Ast> {
    let at = ast.at.clone();
    let kind = match &ast.kind {
        Kind::Member(of, name) if of.as_field() == Some(prefix) => Kind::Field(name.clone()),
        Kind::Member(of, name) => Kind::Member(Box::new(without_prefix(of, prefix)?), name.clone()),
        Kind::Index(of, place) => Kind::Index(Box::new(without_prefix(of, prefix)?), place.clone()),
        _ => return None,
    };
    Some(Ast::new(kind, at))
}
