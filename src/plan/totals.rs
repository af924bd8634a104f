//! `update-state-by`: when totals that outlive windows are printed, and what is kept for them. Keeps none itself.
//! Invariant: a record is in one window, so it counts once.

use super::batches;
use super::builder::Builder;
use super::custom::{Ordered, OwnRows};
use super::grouped::OutputMode;
use super::grouping::{Agg, Shape};
use super::keys::Key;
use super::node::{Overdue, Times, Window};
use super::scopes::Windows;
use super::window::duration;
use crate::aggs;
use crate::data::Type;
use crate::error::Usage;
use crate::expr::Expr;

/// When totals are printed.
#[derive(Clone, Debug, PartialEq)]
pub enum Printed {
    /// At the end of the input.
    Input,
    /// At each batch's end.
    Batches(Window),
    /// At each window's end; of a grid, where that is known.
    Windows(Option<Window>),
}

impl Printed {
    /// The grid that windows, or batches, are of.
    pub fn grid(&self) -> Option<&Window> {
        match self {
            Printed::Input => None,
            Printed::Batches(window) => Some(window),
            Printed::Windows(window) => window.as_ref(),
        }
    }
}

/// Aggregates that go on for ever.
pub struct Totalled {
    pub names: Vec<String>,
    pub aggs: Vec<Agg>,
    pub args: Vec<Expr>,
    /// As the plan prints them.
    pub text: String,
}

impl Builder<'_> {
    /// Aggregates as typed, resolved against the record at this place.
    pub fn totalled(&mut self, aggregates: &str) -> Result<Totalled, Usage> {
        let parsed = aggs::parse(aggregates)
            .map_err(|(at, message)| self.fault_at(aggregates, at, message))?;
        let mut out = Totalled {
            names: Vec::new(),
            aggs: Vec::new(),
            args: Vec::new(),
            text: String::new(),
        };
        let mut texts = Vec::new();
        for one in parsed {
            let mut call = self.aggregate_call(&one, aggregates)?;
            texts.push(super::grouped::aggregate_text(&call));
            // What totals begin with is older than every record.
            call.call.timed = true;
            let arg = call.arg.map(|arg| {
                out.args.push(arg);
                out.args.len() - 1
            });
            let ty = (call.aggregate.result)(&call.call);
            out.names.push(call.name);
            out.aggs.push(Agg {
                aggregate: call.aggregate,
                call: call.call,
                arg,
                ty,
            });
        }
        out.text = texts.join(", ");
        Ok(out)
    }

    /// When totals here are printed; rows are put into their windows.
    pub fn totals_printed(&mut self) -> Result<Printed, Usage> {
        // A window that waits takes the place of those that rows were in.
        let grows = |shape: &Shape| matches!(shape, Shape::Grid(window) if window.grow.is_some());
        if self.shaped.as_ref().is_some_and(grows) {
            return Err(self.fault(
                "it counts a record once, and windows that grow hold it several times; leave --grow out",
            ));
        }
        if self.shaped.is_some() || (self.windows.vary() && self.pending.is_none()) {
            return Err(self.fault(
                "it prints when a window of all keys ends; sessions, windows by count and looks back end for each key \
                 by itself",
            ));
        }
        self.batch_scope();
        // Also those that whole records have left.
        let of_records = self.in_force.as_ref().filter(|_| self.of_source());
        if let Some(window) = self.pending.as_ref().or(of_records)
            && window.size.about() > window.slide.about()
        {
            return Err(self.fault(format!(
                "it counts a record once, and windows of {window} hold it several times; leave --slide out"
            )));
        }
        // Where nothing is ever freed nothing is late; what was printed stays as it was.
        self.assign_with(match self.options.triggers.output_mode {
            Some(OutputMode::Complete) => Overdue::Next,
            _ => Overdue::Late,
        });
        let times = self.times.as_ref().and_then(Times::batch);
        let batch = times.or(self.arrival.batch());
        Ok(match (self.windows, batch) {
            (Windows::Batch, Some(step)) => Printed::Batches(batches::window(step)),
            (Windows::No, _) => Printed::Input,
            _ => Printed::Windows(self.in_force.clone()),
        })
    }

    /// `--output-mode complete`, which is carried out here; `--every` where nothing else prints, ns.
    pub fn totals_triggers(&mut self, printed: &Printed) -> Result<(bool, Option<i64>), Usage> {
        let triggers = &self.options.triggers;
        let complete = triggers.output_mode == Some(OutputMode::Complete);
        let every = triggers.every;
        if matches!(triggers.beyond(), None | Some("--output-mode complete")) {
            self.has_panes = true;
        }
        if every.is_some() && *printed != Printed::Input {
            return Err(self.fault(
                "what keys have come to is printed at the end of a window or batch; --every is for input without them",
            ));
        }
        self.ticks_by_data(every, None, false);
        Ok((complete, every))
    }

    /// A word where what `--ttl` forgets may have been in no window's rows.
    pub fn tell_short_lives(&mut self, ttl: i64, printed: &Printed) {
        if let Printed::Windows(Some(window)) = printed
            && ttl < window.size.about()
        {
            self.notes.push(format!(
                "{}: --ttl {} is shorter than the window of {}: a key that is silent for so long before its end is not \
                 printed; give --on-timeout emit for a row of it",
                self.name,
                duration(ttl),
                window.size
            ));
        }
    }

    /// Rows of totals.
    pub fn totals(&mut self, node: Ordered, printed: &Printed, keys: Vec<Key>, totalled: Totalled) {
        let types = totalled.aggs.into_iter().map(|agg| agg.ty);
        let fields = totalled.names.into_iter().zip(types).collect();
        self.totalled_rows(node, printed, keys, fields);
    }

    /// Rows of what keys have come to, of a window, a batch or the input.
    pub fn totalled_rows(
        &mut self,
        node: Ordered,
        printed: &Printed,
        keys: Vec<Key>,
        fields: Vec<(String, Type)>,
    ) {
        let rows = OwnRows {
            windows: match printed {
                Printed::Windows(_) => Windows::Yes,
                Printed::Input | Printed::Batches(_) => Windows::No,
            },
            keys,
            fields,
        };
        let in_force = self.in_force.clone();
        self.ordered_rows(node, rows, None);
        match printed {
            Printed::Input => {}
            Printed::Windows(_) => self.in_force = in_force,
            Printed::Batches(_) => {
                self.windows = Windows::Batch;
                if let Some(aggregated) = &mut self.aggregated {
                    aggregated.windowed = true;
                    aggregated.timed = true;
                }
            }
        }
    }

    /// When each key's state is wanted in place of records (`--output-mode complete`), and at which multiples of the
    /// clock, ns.
    pub fn snapshots(&mut self) -> Result<Option<(Printed, Option<i64>)>, Usage> {
        if self.options.triggers.output_mode != Some(OutputMode::Complete) {
            return Ok(None);
        }
        let printed = self.totals_printed()?;
        let (_, every) = self.totals_triggers(&printed)?;
        Ok(Some((printed, every)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::node::Extent;

    #[test]
    fn batches_are_a_grid() {
        let printed = Printed::Batches(batches::window(5));
        let size = printed.grid().map(|window| window.size.clone());
        assert_eq!(size, Some(Extent::Fixed(5)));
        assert_eq!(Printed::Input.grid(), None);
    }
}
