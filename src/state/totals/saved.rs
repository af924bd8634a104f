//! Totals as bytes and back. Invariant: a slot that is loaded is there, and belongs to one key.

use super::part::Part;
use super::{NONE, Timeout, Totals};
use crate::data::saved::{Damaged, Save, Saved};
use crate::state::saving::{self, is_time, sound};

impl Totals {
    pub(super) fn put(&self, to: &mut Save) {
        to.put(&(self.printed, self.unborn, self.begun));
        to.put(&(self.latest, self.failed, self.tick_at));
        self.totals.save(to);
        self.keyed.save(to, |total, to| to.put(total));
        saving::put_list(to, self.parts.iter(), |(window, part), to| {
            to.put(window);
            part.save(to);
        });
        saving::put_list(to, self.waiting.iter(), |(moment, timeouts), to| {
            to.put(moment);
            saving::put_list(to, timeouts.iter(), |timeout, to| {
                saving::put_bytes(to, timeout.key.as_deref());
                to.put(&timeout.slot);
            });
        });
    }

    pub(super) fn take_saved(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        (self.printed, self.unborn, self.begun) = from.take()?;
        (self.latest, self.failed, self.tick_at) = from.take()?;
        self.totals.load(from)?;
        let coder = &self.coder;
        let is_key = |key: Option<&[u8]>| coder.fits(key);
        self.keyed.load(from, is_key, |from| from.take())?;
        let parts = saving::take_list(from, |from| {
            let window: (i64, i64) = from.take()?;
            let mut part = Part::new(&self.of.aggs, self.seed);
            part.load(from, self.seed, coder)?;
            Ok((window, part))
        })?;
        self.parts = parts.into_iter().collect();
        let waiting = saving::take_list(from, |from| {
            let moment = from.take()?;
            let timeouts = saving::take_list(from, |from| {
                let key = saving::take_bytes(from)?;
                sound(is_key(key))?;
                Ok(Timeout {
                    key: key.map(<[u8]>::to_vec),
                    slot: from.take()?,
                })
            })?;
            Ok((moment, timeouts))
        })?;
        self.waiting = waiting.into_iter().collect();
        let totals = self.keyed.iter().map(|(_, total)| *total);
        let mut slots: Vec<u32> = totals.filter(|total| *total != NONE).collect();
        slots.extend(self.waiting.values().flatten().map(|one| one.slot));
        sound(self.totals.hold(slots))?;
        self.check_times()
    }

    /// The grid is asked for the windows of moments, and for those behind others.
    fn check_times(&self) -> Result<(), Damaged> {
        let mut ends = self.parts.keys().map(|(end, _)| *end);
        match self.grid {
            None => sound(ends.all(|end| end > i64::MIN)),
            Some(_) => sound(
                ends.all(is_time)
                    && self.printed.is_none_or(is_time)
                    && self.waiting.keys().copied().all(is_time)
                    && (self.keyed.ttl().is_none() || self.keyed.are_in_time()),
            ),
        }
    }
}
