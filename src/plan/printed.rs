//! Columns of another stream as they are printed, which `drop` and `rename` find by the prefix or by the plain name.
//! Invariant: a word means the column that printing shows it for.

use super::builder::Builder;
use super::names;
use super::right::right_of_mut;
use super::sides::Printed;
use crate::data::FieldId;
use crate::expr;
use std::sync::Arc;

impl Builder<'_> {
    /// The same for a whole field.
    pub(super) fn right_field(&self, part: &str) -> Option<(usize, String)> {
        let (side, rest) = self.in_right(&expr::parse(part).ok()?)?;
        Some((side, rest.as_field()?.to_string()))
    }

    /// A key that both sides call so is printed once, as that of both.
    pub(super) fn of_both(&self, part: &str) -> Option<String> {
        let (side, field) = self.right_field(part)?;
        self.sides[side]
            .keys
            .contains(&field)
            .then(|| names::quoted(&field))
    }

    /// The printed column that a word names: by what it is called, or by the name that it has in its stream.
    pub(super) fn column_of(&self, part: &str, right: Option<&(usize, String)>) -> Option<usize> {
        let label = names::display(part);
        let called = self.shown.iter().position(|shown| shown.name == label);
        called.or_else(|| {
            let of = |side: usize, name: &str| {
                let mut columns = self.sides[side].columns.iter();
                let found = columns
                    .find(|column| column.name == name && (right.is_some() || !column.clashes));
                let id = found?.id;
                self.shown.iter().position(|shown| shown.id == id)
            };
            match right {
                Some((side, field)) => of(*side, field),
                None => {
                    let mut sides = (0..self.sides.len()).rev();
                    sides.find_map(|side| of(side, label).filter(|_| self.is_in_force(side)))
                }
            }
        })
    }

    /// A printed column is dropped or called otherwise: that of another stream is not to be had by its name any more.
    pub(super) fn leave_column(&mut self, id: FieldId, called: Option<&str>) {
        for side in &mut self.sides {
            let columns = std::mem::take(&mut side.columns);
            let (gone, stay) = columns.into_iter().partition(|column| column.id == id);
            side.columns = stay;
            let gone: Vec<Printed> = gone;
            let gone = gone.into_iter().map(|column| column.name);
            side.gone
                .extend(gone.map(|name| (name, called.map(str::to_string))));
        }
    }

    /// Something is done to a field that is no column: so records of both streams have it under the name by which it
    /// was asked for.
    pub(super) fn ask_of_right(
        &mut self,
        label: &str,
        right: Option<&(usize, String)>,
        called: Option<&str>,
    ) {
        for side in 0..self.sides.len() {
            if !self.is_in_force(side) || self.sides[side].union {
                continue;
            }
            let (field, by_prefix) = match right {
                Some((of, field)) if *of == side => (field.as_str(), true),
                Some(_) => continue,
                None => (label, false),
            };
            if by_prefix {
                let gone = (field.to_string(), called.map(str::to_string));
                self.sides[side].gone.push(gone);
            }
            let node = self.sides[side].node;
            if let Some(merge) =
                right_of_mut(&mut self.nodes[node].kind).and_then(|right| right.merge.as_mut())
            {
                Arc::make_mut(merge).ask(field, by_prefix);
            }
        }
    }
}
