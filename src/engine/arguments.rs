//! The arguments of a node's aggregates: what several share is worked out once.

use crate::aggs::{Accumulator, Rows};
use crate::bytes::number;
use crate::data::{Chunk, Column, ColumnV, Numbers, Type};
use crate::expr::{EvalContext, Expr};
use crate::plan::node::AggCall;

/// The aggregates' arguments: each different one is evaluated once, and text that several aggregates read as
/// numbers is read once.
pub struct Args {
    exprs: Vec<Expr>,
    /// By aggregate: its expression.
    of: Vec<Option<usize>>,
    read: Vec<Numbers>,
    /// By expression: another one that is nothing but its conversion to a number.
    converted: Vec<Option<usize>>,
}

impl Args {
    pub fn new(aggs: &[AggCall]) -> Args {
        let (mut exprs, mut texts) = (Vec::new(), Vec::new());
        let mut add = |expr: &Expr| {
            let text = (expr.text(), expr.ty.clone());
            texts
                .iter()
                .position(|known| *known == text)
                .unwrap_or_else(|| {
                    texts.push(text);
                    exprs.push(expr.clone());
                    exprs.len() - 1
                })
        };
        let of = aggs
            .iter()
            .map(|agg| agg.arg.as_ref().map(&mut add))
            .collect();
        let read = exprs.iter().map(|_| Numbers::default()).collect();
        let converted = exprs
            .iter()
            .map(|expr: &Expr| {
                if expr.ty != Type::Untyped {
                    return None;
                }
                let text = (expr.clone().into_number().text(), Type::Number);
                texts.iter().position(|known| *known == text)
            })
            .collect();
        Args {
            exprs,
            of,
            read,
            converted,
        }
    }

    pub fn eval(&mut self, chunk: &mut Chunk, cx: &mut EvalContext<'_>) -> Vec<ColumnV> {
        self.exprs
            .iter_mut()
            .map(|expr| expr.eval(chunk, cx))
            .collect()
    }

    /// The numbers that a column reads as, where another argument is just that.
    fn numbers_of<'c>(&self, at: usize, columns: &'c [ColumnV]) -> Option<&'c Numbers> {
        match &columns[self.converted[at]?].data {
            Column::Number(numbers) => Some(numbers),
            _ => None,
        }
    }

    /// Reads the text that accumulators want as numbers, for the live rows.
    pub fn read(&mut self, accs: &[Box<dyn Accumulator>], chunk: &Chunk, columns: &[ColumnV]) {
        let mut is_read = vec![false; columns.len()];
        for (acc, of) in accs.iter().zip(&self.of) {
            if let Some(at) = *of
                && acc.reads_numbers()
                && self.numbers_of(at, columns).is_none()
                && !std::mem::replace(&mut is_read[at], true)
                && let Some(cells) = chunk.cells(&columns[at])
            {
                number::numbers(&cells, &mut self.read[at]);
            }
        }
    }

    pub fn update(&self, accs: &mut [Box<dyn Accumulator>], rows: &Rows<'_>, columns: &[ColumnV]) {
        for (acc, of) in accs.iter_mut().zip(&self.of) {
            match *of {
                None => acc.update(rows, None),
                Some(at) if acc.reads_numbers() && rows.chunk.cells(&columns[at]).is_some() => {
                    let read = self.numbers_of(at, columns).unwrap_or(&self.read[at]);
                    acc.update_read(rows, Some(&columns[at]), read);
                }
                Some(at) => acc.update(rows, Some(&columns[at])),
            }
        }
    }
}
