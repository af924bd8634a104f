//! By which clock an operator forgets (`--ttl`), and how far behind it rows may come. Invariant: it is event time
//! where the chain has one, else the clock by which records arrive (EVENT-TIME 2.7).

use super::builder::{Builder, Options};
use super::node::Times;
use super::scopes::Windows;
use crate::data::process::Limits;
use crate::error::Usage;

/// What says how far time has come for a row.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Lapse {
    /// Event time: the row's own watermark. `disorder`: how far behind the newest record another may come, ns;
    /// nothing is known before the end without it.
    Event { disorder: Option<i64> },
    /// The clock when the row came.
    Arrival,
}

impl Builder<'_> {
    /// The clock of what an operator remembers at this place.
    pub fn lapse(&mut self) -> Lapse {
        if let Some(aggregated) = &self.aggregated {
            return match aggregated.timed {
                true => Lapse::Event { disorder: Some(0) },
                false => Lapse::Arrival,
            };
        }
        self.timed = true;
        // By the clock that the data tell, if one is named.
        let arrival = match self.arrival_replays() {
            true => self.arrival.clone(),
            false => Times::Arrival,
        };
        self.lapsed |= self.times.is_none();
        match self.times.get_or_insert(arrival) {
            Times::Arrival => Lapse::Arrival,
            Times::Event { disorder, auto, .. } => Lapse::Event {
                disorder: disorder.or(auto.then_some(0)),
            },
            // Clocks that the data tell, and batches: rows are judged as by event time.
            Times::Clock { .. } | Times::Batch { .. } => Lapse::Event { disorder: Some(0) },
        }
    }

    /// The same for `--ttl`, with a word where it does nothing before the end.
    pub fn lapse_of_ttl(&mut self) -> Lapse {
        let lapse = self.lapse();
        // Behind windows of whole records it is known how far time is, as these leave.
        let is_left = self.windows == Windows::Yes && self.of_source();
        if lapse == (Lapse::Event { disorder: None }) && !is_left {
            self.notes.push(format!(
                "{}: --ttl is by event time, which of files that end is known at their end; to forget before, give --watermark D",
                self.name
            ));
        } else if let Some((why, _)) = self.of_any_age() {
            self.notes.push(format!(
                "{}: {why}: --ttl forgets nothing before the end of the input",
                self.name
            ));
        }
        lapse
    }

    /// Says of `--ttl` of what works batch by batch that event time has no part in it.
    pub fn tell_batch_clock(&mut self) {
        let by_event = self
            .options
            .time
            .as_ref()
            .is_some_and(|time| time != "arrival");
        if by_event {
            self.notes.push(format!(
                "{}: --ttl is by the clock of batches here, as it works batch by batch; a window in front goes by --time",
                self.name
            ));
        }
    }

    /// The clock of an operator that counts within a time.
    pub fn lapse_of_order(&mut self, what: &str) -> Result<Lapse, Usage> {
        if self.guessed.is_some() && self.times.is_none() && self.of_source() {
            self.need_times()?;
        }
        self.need_times_of(what)?;
        Ok(self.lapse())
    }

    /// The same where records wait until time has passed them.
    pub fn lapse_of_waiting(&mut self, what: &str) -> Result<Lapse, Usage> {
        let lapse = self.lapse_of_order(what)?;
        self.time_passes_rows()?;
        Ok(lapse)
    }

    /// Time goes past the records here as it goes on.
    pub fn time_passes_rows(&self) -> Result<(), Usage> {
        match self.of_any_age() {
            Some((why, remedy)) => Err(self.fault(format!(
                "{why}; {remedy}put '{}' in front of the windows",
                self.name
            ))),
            None => Ok(()),
        }
    }

    /// The clock of keys that only go when there is no more room. Without a bound there is nothing to ask.
    pub fn lapse_of_age(&mut self, limits: &Limits) -> Lapse {
        match limits.keys {
            Some(_) => self.lapse(),
            None => Lapse::Arrival,
        }
    }

    /// Whether rows at this place are, or will be, in windows.
    pub fn in_windows(&mut self) -> bool {
        self.batch_scope();
        self.pending.is_some() || self.shaped.is_some() || self.windows != Windows::No
    }

    /// Whether rows at this place are still the source's.
    pub fn of_source(&self) -> bool {
        self.aggregated.is_none()
    }

    /// The program's options, as far as they change what a chain comes down to.
    pub fn options(&self) -> &Options {
        &self.options
    }
}
