//! How an operator lowers itself to a node that brings its own state. Invariant: rows that go on keep their field
//! ids; rows of its own have theirs from field 0, as an aggregate's have.

use super::builder::Builder;
use super::keys::Key;
use super::meaning::Meaning;
use super::names;
use super::node::{Custom, Make, NodeKind, Right, Window};
use super::output::{self, Shown};
use super::scopes::Windows;
use crate::data::{Field, FieldId, Schema, Type};
use crate::expr::Expr;

/// Columns of the last aggregate.
#[derive(Clone, Debug)]
pub(super) struct Aggregated {
    pub operator: String,
    pub keys: Vec<FieldId>,
    pub first: FieldId,
    pub windowed: bool,
    /// Its rows have times.
    pub timed: bool,
    /// And lines, which are records or were made of them.
    pub has_lines: bool,
    /// The windows of a grid that it, or one in front of it, has counted in row order.
    pub grid: Option<Window>,
}

/// What an operator says of the state that it brings.
pub struct Ordered {
    /// For the printed plan, with everything that changes a result but keys and arguments.
    pub text: String,
    /// For `--explain`: what it keeps, when that is freed, when its rows come.
    pub keeps: String,
    pub keys: Vec<Expr>,
    /// What is evaluated of each row and given to the state.
    pub args: Vec<Expr>,
    pub make: Make,
    /// In the words of other engines.
    pub meaning: Meaning,
}

/// The rows that an operator gives in place of those that it took.
pub struct OwnRows {
    /// Where they are a window's, `window_start` and `window_end` are their first fields.
    pub windows: Windows,
    pub keys: Vec<Key>,
    pub fields: Vec<(String, Type)>,
}

impl Builder<'_> {
    /// Rows go on, some of them perhaps, with new values in the fields `sets` (made by `add_shown` before).
    pub fn ordered(&mut self, node: Ordered, sets: Vec<FieldId>, right: Option<Right>) {
        self.push(NodeKind::Custom(Custom {
            text: node.text,
            keys: node.keys,
            args: node.args,
            sets,
            own_rows: false,
            carry: Vec::new(),
            right: right.map(Box::new),
            keeps: node.keeps,
            make: node.make,
            meaning: node.meaning,
        }));
    }

    /// Rows of its own: the window if there is one, the keys, then fields. They become the key and the columns of
    /// what follows, as with an aggregate.
    pub fn ordered_rows(&mut self, node: Ordered, rows: OwnRows, right: Option<Right>) {
        let mut schema = Schema::default();
        self.shown = output::window_fields(&mut schema, rows.windows);
        let mut ids = Vec::with_capacity(rows.keys.len());
        let mut after = Vec::with_capacity(rows.keys.len());
        for key in &rows.keys {
            let id = schema.add(Field::new(key.name.clone(), key.expr.ty.clone()));
            self.shown.push(Shown::new(id, names::display(&key.name)));
            after.push(Key {
                name: key.name.clone(),
                expr: Expr::named_field(id, &key.name, key.expr.ty.clone()),
            });
            ids.push(id);
        }
        let first = schema.fields.len();
        for (name, ty) in rows.fields {
            let id = schema.add(Field::new(name.clone(), ty));
            self.shown.push(Shown::new(id, &name));
        }
        self.parts.push((
            self.nodes.len(),
            std::mem::replace(&mut self.schema, schema),
        ));
        self.key = (!after.is_empty()).then_some(after);
        self.windows = rows.windows;
        let windowed = rows.windows != Windows::No;
        self.aggregated = Some(Aggregated {
            operator: self.typed.clone(),
            keys: ids,
            first,
            windowed,
            timed: windowed,
            has_lines: false,
            grid: None,
        });
        self.rest = None;
        self.in_force = None;
        self.push(NodeKind::Custom(Custom {
            text: node.text,
            keys: node.keys,
            args: node.args,
            sets: Vec::new(),
            own_rows: true,
            carry: Vec::new(),
            right: right.map(Box::new),
            keeps: node.keeps,
            make: node.make,
            meaning: node.meaning,
        }));
    }
}
