//! Tests of the language as a whole: values, messages, programs, and the evaluator against a naive one.
//! Everything goes through `Table::check` and `check_fault`.

use super::*;
use crate::data::value::Printing;
use crate::data::{Block, Chunk, Column, Field, Open, Selection, Span};

mod faults;
mod functions;
mod literals;
mod naive;
mod printing;
mod values;

/// Rows of cells of one type; a cell may be null.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub fields: Vec<(String, Type)>,
    pub rows: Vec<Vec<Option<String>>>,
    pub open: Option<Open>,
}

impl Table {
    /// Named columns of one row.
    pub fn row(cells: &[(&str, Type, Option<&str>)]) -> Table {
        Table {
            fields: cells
                .iter()
                .map(|(name, ty, _)| (name.to_string(), ty.clone()))
                .collect(),
            rows: vec![
                cells
                    .iter()
                    .map(|(_, _, cell)| cell.map(String::from))
                    .collect(),
            ],
            open: None,
        }
    }

    pub fn schema(&self) -> Schema {
        let mut schema = Schema::new(
            self.fields
                .iter()
                .map(|(name, ty)| match name.starts_with(['$', '@']) {
                    true => Field::hidden(name, ty.clone()),
                    false => Field::new(name, ty.clone()),
                })
                .collect(),
        );
        schema.open.clone_from(&self.open);
        schema
    }

    /// A chunk of the cells: bytes from the block, times and such parsed from their figures.
    pub fn chunk(&self) -> Chunk {
        let mut bytes = Vec::new();
        let mut columns = Vec::new();
        for (at, (_, ty)) in self.fields.iter().enumerate() {
            let mut valid = Bitmap::new(self.rows.len(), true);
            let mut spans = Vec::new();
            for (row, cells) in self.rows.iter().enumerate() {
                let cell = cells[at].as_deref();
                valid.set(row, cell.is_some());
                let text = cell.unwrap_or_default();
                spans.push(Span::new(bytes.len(), text.len()));
                bytes.extend_from_slice(text.as_bytes());
            }
            let text = |row: usize| self.rows[row][at].as_deref().unwrap_or("0");
            let nanos = || {
                (0..self.rows.len())
                    .map(|row| text(row).parse().unwrap())
                    .collect()
            };
            let data = match ty {
                Type::Time | Type::Duration => Column::Nanos(nanos()),
                Type::Float => Column::Float(
                    (0..self.rows.len())
                        .map(|row| text(row).parse().unwrap())
                        .collect(),
                ),
                _ => Column::Bytes(spans),
            };
            columns.push(Some(ColumnV {
                data,
                valid: Some(valid),
            }));
        }
        let mut chunk = Chunk::of_block(Block::copy_of(&bytes));
        chunk.rows = vec![Span::default(); self.rows.len()];
        chunk.live = Selection::All(self.rows.len() as u32);
        chunk.columns = columns;
        chunk
    }

    pub fn compile(&self, source: &str) -> Result<(Expr, Schema), Vec<Diagnostic>> {
        self.compile_with(source, &[])
    }

    pub fn compile_with(
        &self,
        source: &str,
        functions: &[ast::Function],
    ) -> Result<(Expr, Schema), Vec<Diagnostic>> {
        let mut schema = self.schema();
        let zone = Zone::default();
        let mut env = Env {
            schema: &mut schema,
            zone: &zone,
            functions,
        };
        let expr = compile(&parse(source)?, &mut env)?;
        Ok((expr, schema))
    }

    /// The value of an expression in the first row, as JSON.
    pub fn check(&self, source: &str, expected: &str) {
        let (mut expr, _) = match self.compile(source) {
            Ok(made) => made,
            Err(faults) => panic!("{source}: {faults:?}"),
        };
        let (cells, _) = run(&mut expr, &mut self.chunk());
        assert_eq!(cells[0], expected, "{source}\n{}", expr.program());
    }
}

use crate::data::Bitmap;

/// The value of each row as JSON, and how many conversions failed by name.
pub(super) fn run(expr: &mut Expr, chunk: &mut Chunk) -> (Vec<String>, Counts) {
    let mut counts = Counts::default();
    let column = expr.eval(
        chunk,
        &mut EvalContext {
            now: 1_700_000_000_000_000_000,
            arrivals: crate::expr::Arrivals::default(),
            counts: &mut counts,
        },
    );
    assert_eq!(column.len(), chunk.rows.len());
    let cells = chunk
        .live
        .iter()
        .map(|row| {
            let mut out = Vec::new();
            chunk
                .value(&column, &expr.ty, row as usize)
                .write_json(&Printing::default(), &mut out);
            String::from_utf8_lossy(&out).into_owned()
        })
        .collect();
    (cells, counts)
}

/// The faults of an expression over a table of `fields`, as a message shows them.
pub(super) fn check_fault(open: Option<Open>, source: &str, expected: &str) {
    let mut schema = Schema::new(
        ["host", "time", "request", "status", "size"]
            .map(|name| Field::new(name, Type::Untyped))
            .to_vec(),
    );
    schema.open = open;
    schema.add(Field::hidden("@time", Type::Time));
    schema.add(Field::hidden("$0", Type::Untyped));
    let zone = Zone::default();
    let mut env = Env {
        schema: &mut schema,
        zone: &zone,
        functions: &[],
    };
    let faults = match parse(source).and_then(|ast| compile_condition(&ast, &mut env)) {
        Ok(expr) => panic!("{source} compiles to {}", expr.text()),
        Err(faults) => faults,
    };
    let told: Vec<String> = faults
        .iter()
        .map(|fault| {
            let mut text = fault.message.clone();
            if fault.at != (0..0) || !fault.note.is_empty() {
                let before = source[..fault.at.start].chars().count();
                let width = source[fault.at.clone()].chars().count().max(1);
                text += &format!(
                    "\n{source}\n{}{} {}",
                    " ".repeat(before),
                    "^".repeat(width),
                    fault.note
                );
            }
            text.trim_end().to_string()
        })
        .collect();
    assert_eq!(told.join("\n\n"), expected.trim(), "{source}");
}
