//! The first row of each key, or the last, where keys are forgotten: `distinct --ttl`, and `distinct` with
//! `--max-keys`. Rows behind the watermark are told, not new (EVENT-TIME 2.9). Invariant: a key lasts from its
//! first row until the watermark has reached that row's time and the time to live.

use super::lasting::{Lasting, Terms};
use super::rows::{self, CHUNK, Gathered};
use super::saving::{any_key, sound};
use crate::data::keys::KeyCoder;
use crate::data::packed::Packer;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, Selection};
use crate::plan::clocks::Lapse;

/// Whether a row is behind what is known to have passed.
fn is_late(lapse: Lapse, chunk: &Chunk, now: i64, row: u32) -> bool {
    rows::time(lapse, chunk, now, row) < rows::watermark(lapse, chunk, now, row)
}

/// Passes the first row of each key.
#[derive(Clone)]
pub struct First {
    lapse: Lapse,
    seen: Lasting<()>,
    slots: Vec<u32>,
}

impl First {
    pub fn new(lapse: Lapse, terms: Terms, making: &Making<'_>) -> First {
        First {
            lapse,
            seen: Lasting::new(terms, making.seed),
            slots: Vec::new(),
        }
    }
}

impl Process for First {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let mut slots = std::mem::take(&mut self.slots);
        self.seen.slots(chunk, &given.key, &mut slots);
        let mut slot = slots.iter();
        let mut live = std::mem::take(&mut chunk.live);
        live.retain(|row| {
            let Some(&slot) = slot.next() else {
                return false;
            };
            if told.failure.is_some() {
                return false;
            }
            // Keys without a time to live do not ask for the time.
            if self.seen.ttl().is_some() {
                if is_late(self.lapse, chunk, given.now, row) {
                    told.late.tell(chunk, row);
                    return false;
                }
                let watermark = rows::watermark(self.lapse, chunk, given.now, row);
                while self.seen.due(watermark).is_some() {}
            }
            if self.seen.is_there(slot) {
                return false;
            }
            let at = rows::time(self.lapse, chunk, given.now, row);
            self.seen.insert(slot, at, (), told);
            told.failure.is_none()
        });
        chunk.live = live;
        self.slots = slots;
    }

    fn held_windows(&self) -> Option<i64> {
        Some(i64::MAX)
    }

    fn close(&mut self, _: Watermark, _: &mut Told) -> Vec<Chunk> {
        Vec::new()
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        (self.seen.len(), self.seen.bytes())
    }

    fn save(&self, to: &mut Save) {
        self.seen.save(to, |(), _| ());
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.seen.load(from, any_key, |_| Ok(()))
    }
}

/// Gives the last row of each key when the key expires.
#[derive(Clone)]
pub struct Last {
    lapse: Lapse,
    seen: Lasting<Vec<u8>>,
    coder: KeyCoder,
    packer: Packer,
    slots: Vec<u32>,
    bytes: usize,
}

impl Last {
    pub fn new(lapse: Lapse, terms: Terms, making: &Making<'_>) -> Last {
        Last {
            lapse,
            seen: Lasting::new(terms, making.seed),
            coder: making.coder.clone(),
            packer: Packer::new(making.schema, making.carry, making.lines),
            slots: Vec::new(),
            bytes: 0,
        }
    }

    /// The rows of keys that have expired, by the moment, then by key, each with that moment.
    fn expired(&mut self, watermark: i64, out: &mut Vec<(i64, Vec<u8>)>) {
        let mut same: Vec<(u32, Vec<u8>)> = Vec::new();
        let mut of = i64::MIN;
        while let Some(gone) = self.seen.due(watermark) {
            if gone.moment != of {
                self.give(of, &mut same, out);
                of = gone.moment;
            }
            same.push((gone.slot, gone.state));
        }
        self.give(of, &mut same, out);
    }

    fn give(&self, of: i64, same: &mut Vec<(u32, Vec<u8>)>, out: &mut Vec<(i64, Vec<u8>)>) {
        same.sort_by(|one, other| {
            let (one, other) = (self.seen.key(one.0), self.seen.key(other.0));
            self.coder.compare(one, other)
        });
        out.extend(same.drain(..).map(|(_, row)| (of, row)));
    }

    /// Rows with the moments at which they go. They are judged by what time behind has come to then: that of a key that
    /// was there first is not less than that of any behind.
    fn chunk(&mut self, rows: &[(i64, Vec<u8>)]) -> Chunk {
        let mut out = Gathered::new(&self.packer, &[]);
        for (_, row) in rows {
            self.bytes -= row.len();
            out.push(row);
        }
        let mut chunk = out.finish();
        if chunk.before.is_some() {
            let lag = self.lag();
            let before = rows.iter().map(|(moment, _)| moment.saturating_sub(lag));
            chunk.before = Some(before.collect());
        }
        chunk
    }
}

impl Process for Last {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let mut slots = std::mem::take(&mut self.slots);
        self.seen.slots(chunk, &given.key, &mut slots);
        let mut out = Vec::new();
        for (row, &slot) in chunk.live.iter().zip(&slots) {
            if told.failure.is_some() {
                break;
            }
            if is_late(self.lapse, chunk, given.now, row) {
                told.late.tell(chunk, row);
                continue;
            }
            let watermark = rows::watermark(self.lapse, chunk, given.now, row);
            self.expired(watermark, &mut out);
            let mut packed = Vec::new();
            self.packer.pack(chunk, row, &mut packed);
            self.bytes += packed.len();
            if let Some(kept) = self.seen.get_mut(slot) {
                self.bytes -= kept.len();
                *kept = packed;
                continue;
            }
            let at = rows::time(self.lapse, chunk, given.now, row);
            if let Some((_, row)) = self.seen.insert(slot, at, packed, told) {
                // Forgotten before its time: what is known of it goes now.
                out.push((watermark, row));
            }
        }
        self.slots = slots;
        if out.is_empty() {
            chunk.live = Selection::Some(Vec::new());
        } else {
            *chunk = self.chunk(&out);
        }
    }

    fn close(&mut self, upto: Watermark, _: &mut Told) -> Vec<Chunk> {
        let mut out = Vec::new();
        match upto {
            Watermark::None => {}
            Watermark::At(at) => self.expired(at, &mut out),
            Watermark::End => self.expired(i64::MAX, &mut out),
        }
        let pieces: Vec<_> = out.chunks(CHUNK).collect();
        pieces.into_iter().map(|rows| self.chunk(rows)).collect()
    }

    fn next_end(&self) -> i64 {
        self.seen.next_end_about()
    }

    fn lag(&self) -> i64 {
        let disorder = match self.lapse {
            Lapse::Event { disorder } => disorder.unwrap_or(0),
            Lapse::Arrival => 0,
        };
        self.seen.ttl().unwrap_or(0).saturating_add(disorder)
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        (self.seen.len(), self.seen.bytes() + self.bytes)
    }

    fn save(&self, to: &mut Save) {
        self.seen.save(to, |row, to| to.put_bytes(row));
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let packer = &self.packer;
        self.seen.load(from, any_key, |from| {
            let row = from.take_bytes()?;
            sound(packer.is_row(row))?;
            Ok(row.to_vec())
        })?;
        self.bytes = self.seen.iter().map(|(_, row)| row.len()).sum();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::process::{Limits, OnFull};
    use crate::state::testing::{self, Row, rows};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn terms(ttl: Option<i64>, limits: Limits) -> Terms {
        Terms {
            operator: "distinct-by",
            ttl,
            may_have_ttl: true,
            limits,
        }
    }

    /// EVENT-TIME 2.9: "Key expires at first.t + ttl by W. Records behind W are late output, not 'new'."
    fn plain(rows: &[Row], disorder: i64, ttl: i64, last: bool) -> (Vec<String>, u64) {
        let mut keys: BTreeMap<u8, (i64, String)> = BTreeMap::new();
        let (mut out, mut late, mut latest) = (Vec::new(), 0, None::<i64>);
        let let_go = |keys: &mut BTreeMap<u8, (i64, String)>, w: i64, out: &mut Vec<String>| {
            let gone: Vec<(i64, u8)> = keys
                .iter()
                .filter(|(_, (first, _))| *first + ttl <= w)
                .map(|(key, (first, _))| (first + ttl, *key))
                .collect();
            let mut gone = gone;
            gone.sort();
            for (_, key) in gone {
                let (_, text) = keys.remove(&key).expect("it was just seen");
                if last {
                    out.push(text);
                }
            }
        };
        for row in rows {
            let w = latest.map_or(i64::MIN, |latest: i64| latest - disorder);
            if row.at < w {
                late += 1;
            } else {
                let_go(&mut keys, w, &mut out);
                match keys.get_mut(&row.key) {
                    Some((_, text)) => *text = row.text(),
                    None => {
                        keys.insert(row.key, (row.at, row.text()));
                        if !last {
                            out.push(row.text());
                        }
                    }
                }
            }
            latest = latest.max(Some(row.at));
        }
        let_go(&mut keys, i64::MAX - ttl, &mut out);
        (out, late)
    }

    proptest! {
        #[test]
        fn keys_come_again_when_their_time_is_over(
            rows in rows(), cuts in testing::cuts(), disorder in 0i64..9, ttl in 1i64..20, last: bool,
        ) {
            let lapse = Lapse::Event { disorder: Some(disorder) };
            let run = testing::run(&rows, &cuts, disorder, |making| {
                let terms = terms(Some(ttl), making.limits);
                match last {
                    true => Box::new(Last::new(lapse, terms, making)),
                    false => Box::new(First::new(lapse, terms, making)),
                }
            });
            let (expected, late) = plain(&rows, disorder, ttl, last);
            prop_assert_eq!(run.lines, expected);
            prop_assert_eq!(run.told.late.records, late);
        }

        /// EVENT-TIME 2.9: "`--max-keys N --on-full evict-oldest` forgets the oldest first".
        #[test]
        fn the_oldest_key_is_forgotten_first(rows in rows(), cuts in testing::cuts(), most in 1u64..4) {
            let limits = Limits { keys: Some(most), on_full: OnFull::EvictOldest };
            let run = testing::run_with(&rows, &cuts, 0, &[], limits, |making| {
                let lapse = Lapse::Event { disorder: Some(0) };
                Box::new(First::new(lapse, terms(None, making.limits), making))
            });
            let mut seen: Vec<(i64, usize, u8)> = Vec::new();
            let mut expected = Vec::new();
            for row in &rows {
                if seen.iter().any(|(_, _, key)| *key == row.key) {
                    continue;
                }
                if seen.len() as u64 == most {
                    seen.sort();
                    seen.remove(0);
                }
                seen.push((row.at, row.place, row.key));
                expected.push(row.text());
            }
            prop_assert_eq!(run.lines, expected);
        }
    }
}
