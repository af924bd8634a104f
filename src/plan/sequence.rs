//! What an operator on sequences of records asks of the chain: times, the key in force, conditions over values
//! that it keeps itself, aggregates over the records of a sequence, and the times of its rows. Invariant: a condition
//! over values that are kept adds no field to the record.

use super::builder::Builder;
use super::keys::Key;
use super::node::{AggCall, Times};
use crate::aggs;
use crate::data::{Schema, Type};
use crate::error::Usage;
use crate::expr::{self, Ast, Env, Expr};

impl Builder<'_> {
    /// Rows here must have times. True: they are those of their arrival.
    pub fn sequence_times(&mut self, what: &str) -> Result<bool, Usage> {
        let guessed = self.at_source() && self.times.is_none() && self.guessed.is_some();
        match guessed {
            true => self.need_times()?,
            false => self.need_times_of(what)?,
        }
        Ok(self.at_source() && matches!(self.times, Some(Times::Arrival)))
    }

    /// The key in force, if there is one.
    pub fn key_in_force(&self) -> Vec<Key> {
        self.key.clone().unwrap_or_default()
    }

    /// Rows here have their time in a field; they are not earlier than the watermark that is told behind them.
    pub fn rows_come_at(&mut self, field: &str) {
        let Some(at) = self.schema.find(field) else {
            return;
        };
        if let Some(aggregated) = &mut self.aggregated {
            aggregated.timed = true;
        }
        let value = self.field_expr(at);
        let id = self.add_field("@time", Type::Time, true);
        self.project(vec![(id, value)]);
    }

    /// Whether a field of that name is known already; an open record may have it all the same.
    pub fn has_field(&self, name: &str) -> bool {
        self.schema.find(name).is_some() || self.first_record.iter().any(|known| known == name)
    }

    /// Resolves a tree against other fields than the record's. `source` is the word it stands in, from `offset`.
    pub fn compile_over(
        &self,
        ast: &Ast,
        schema: &mut Schema,
        source: &str,
        offset: usize,
    ) -> Result<Expr, Usage> {
        let mut env = Env {
            schema,
            zone: &self.options.zone,
            functions: &self.options.functions,
        };
        expr::compile(ast, &mut env).map_err(|faults| self.diagnosed(faults, source, offset))
    }

    /// An aggregate over records of a sequence; its argument stands in `source` as `one` says.
    pub fn measure(
        &mut self,
        one: &aggs::Syntax,
        arg: Option<Ast>,
        source: &str,
    ) -> Result<AggCall, Usage> {
        let arg = match (arg, &one.expr) {
            (Some(ast), Some((_, offset))) => {
                let expr = self.compile(&ast, source, *offset)?;
                Some(self.argument(expr, one, source)?)
            }
            _ => None,
        };
        let mut call = self.call(one, arg)?;
        call.call.timed = true;
        Ok(call)
    }
}
