//! What an operator on sequences of records asks of the chain: times, the key in force, conditions over values
//! that it keeps itself, and aggregates over the records of a sequence. Invariant: nothing here adds a node.

use super::builder::Builder;
use super::keys::Key;
use super::node::{AggCall, Times};
use crate::aggs;
use crate::data::Schema;
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
