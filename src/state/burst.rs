//! Bursts: many rows of a key within a short time. Takes rows in order of event time, so it waits for the
//! watermark; late ones are told. Invariant: one row a burst; the next only after the count was below the number
//! (EVENT-TIME 2.13).

use super::in_time::{Waiting, lets_out};
use super::lasting::{Lasting, Terms};
use super::rows::{self, CHUNK, Gathered};
use super::saving::{self, any_key, sound};
use crate::data::packed::Packer;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, Column, FieldId, Number, Selection, Type};
use crate::plan::clocks::Lapse;
use std::collections::VecDeque;

/// What is a burst.
#[derive(Clone, Debug)]
pub struct Burst {
    pub rows: usize,
    /// All of them are younger than this, ns.
    pub within: i64,
    pub lapse: Lapse,
    /// How much later times are shown than they are, ns.
    pub later: i64,
    /// The fields for the count and the first time.
    pub sets: [FieldId; 2],
}

/// The times of a key's last rows: no more than the number that is a burst, as more say nothing more.
#[derive(Clone, Default)]
struct Recent {
    times: VecDeque<i64>,
    /// The burst at hand was told.
    told: bool,
}

#[derive(Clone)]
struct Row {
    key: Option<Vec<u8>>,
    packed: Vec<u8>,
}

#[derive(Clone)]
pub struct Bursts {
    burst: Burst,
    sets: [(FieldId, Type); 2],
    waiting: Waiting<Row>,
    recent: Lasting<Recent>,
    packer: Packer,
    alone: bool,
    bytes: usize,
}

impl Bursts {
    pub fn new(burst: Burst, terms: Terms, making: &Making<'_>) -> Bursts {
        Bursts {
            sets: [(burst.sets[0], Type::Number), (burst.sets[1], Type::Time)],
            waiting: Waiting::default(),
            recent: Lasting::new(
                Terms {
                    ttl: Some(burst.within),
                    ..terms
                },
                making.seed,
            ),
            packer: Packer::new(making.schema, making.carry, making.lines),
            alone: making.alone,
            bytes: 0,
            burst,
        }
    }

    fn new_rows(&self) -> Gathered {
        Gathered::new(&self.packer, &self.sets)
    }

    /// Counts the rows up to a time; those that make a burst go to `out`.
    fn count(&mut self, upto: i64, told: &mut Told, mut give: impl FnMut(&[u8], usize, i64)) {
        while told.failure.is_none()
            && let Some((time, row)) = self.waiting.pop(upto)
        {
            self.bytes -= row.packed.len();
            while self.recent.due(time).is_some() {}
            let slot = self.recent.slot(row.key.as_deref());
            if !self.recent.is_there(slot) {
                self.recent.insert(slot, time, Recent::default(), told);
            }
            self.recent.renew(slot, time);
            let most = self.burst.rows;
            let within = self.burst.within;
            let Some(recent) = self.recent.get_mut(slot) else {
                continue;
            };
            while let Some(first) = recent.times.front()
                && time.saturating_sub(*first) >= within
            {
                recent.times.pop_front();
            }
            if recent.times.len() < most {
                recent.told = false;
            } else {
                recent.times.pop_front();
            }
            recent.times.push_back(time);
            if recent.times.len() == most && !recent.told {
                recent.told = true;
                let first = recent.times.front().copied().unwrap_or(time);
                give(&row.packed, most, first.saturating_add(self.burst.later));
            }
        }
    }
}

fn set(out: &mut Gathered, row: &[u8], count: usize, first: i64) {
    out.push(row);
    out.cells[0].number(Number::Exact {
        units: count as i64,
        scale: 0,
    });
    out.cells[1].nanos(first);
}

impl Process for Bursts {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let Column::Bytes(keys) = &given.key.data else {
            return;
        };
        let lapse = self.burst.lapse;
        let last = rows::last_watermark(lapse, chunk, given.now);
        for row in chunk.live.iter() {
            let time = rows::time(lapse, chunk, given.now, row);
            if time < rows::watermark(lapse, chunk, given.now, row) {
                told.late.tell(chunk, row);
                continue;
            }
            let there = given.key.is_valid(row as usize);
            let key = there.then(|| chunk.bytes(keys[row as usize]).to_vec());
            let mut packed = Vec::new();
            self.packer.pack(chunk, row, &mut packed);
            self.bytes += packed.len();
            self.waiting.push(time, Row { key, packed });
        }
        if !self.alone && lapse != Lapse::Arrival {
            chunk.live = Selection::Some(Vec::new());
            return;
        }
        let mut out = self.new_rows();
        self.count(last, told, |row, count, first| {
            set(&mut out, row, count, first);
        });
        *chunk = out.finish_in_time();
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        let (packer, sets) = (self.packer.clone(), self.sets.clone());
        let mut out = Gathered::new(&packer, &sets);
        self.count(lets_out(upto, false), told, |row, count, first| {
            set(&mut out, row, count, first);
            if out.len() == CHUNK {
                let full = std::mem::replace(&mut out, Gathered::new(&packer, &sets));
                chunks.push(full.finish_in_time());
            }
        });
        if !out.is_empty() {
            chunks.push(out.finish_in_time());
        }
        chunks
    }

    fn next_end(&self) -> i64 {
        self.waiting.first()
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        let keys = self.recent.len();
        let bytes = self.recent.bytes() + keys * self.burst.rows * 8;
        (keys, bytes + self.bytes + self.waiting.len() * 64)
    }

    fn save(&self, to: &mut Save) {
        self.waiting.save(to, |row, to| {
            saving::put_bytes(to, row.key.as_deref());
            to.put_bytes(&row.packed);
        });
        self.recent.save(to, |recent, to| {
            to.put(&(recent.told, &recent.times));
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let (packer, most) = (&self.packer, self.burst.rows);
        self.waiting.load(from, |from| {
            let row = Row {
                key: saving::take_bytes(from)?.map(<[u8]>::to_vec),
                packed: from.take_bytes()?.to_vec(),
            };
            sound(packer.is_row(&row.packed))?;
            Ok(row)
        })?;
        self.bytes = self.waiting.iter().map(|row| row.packed.len()).sum();
        self.recent.load(from, any_key, |from| {
            let (told, times): (bool, VecDeque<i64>) = from.take()?;
            sound(times.len() <= most)?;
            Ok(Recent { times, told })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::process::Limits;
    use crate::state::testing::{self, rows};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// EVENT-TIME 2.13: "Burst: >= n records of a key with age < T; one alert per burst, re-armed when the
        /// count falls below n"; "bursts are counted in event-time order".
        #[test]
        fn one_row_a_burst(
            rows in rows(), cuts in testing::cuts(), disorder in 0i64..9, most in 1usize..5, within in 1i64..12,
        ) {
            let sets = [Type::Number, Type::Duration];
            let run = testing::run_with(&rows, &cuts, disorder, &sets, Limits::default(), |making| {
                let burst = Burst {
                    rows: most,
                    within,
                    lapse: Lapse::Event { disorder: Some(disorder) },
                    later: 0,
                    sets: [2, 3],
                };
                Box::new(Bursts::new(burst, Terms::default(), making))
            });
            let (mut kept, mut late, mut latest) = (Vec::new(), 0, None::<i64>);
            for row in &rows {
                match latest.is_some_and(|latest| row.at < latest - disorder) {
                    true => late += 1,
                    false => kept.push((row.at, row.place)),
                }
                latest = latest.max(Some(row.at));
            }
            kept.sort();
            let mut of: BTreeMap<u8, (Vec<i64>, bool)> = BTreeMap::new();
            let mut expected = Vec::new();
            for (at, place) in kept {
                let (times, armed) = of.entry(rows[place].key).or_insert((Vec::new(), true));
                times.retain(|time| at - time < within);
                *armed |= times.len() < most;
                times.push(at);
                if times.len() >= most && *armed {
                    *armed = false;
                    let mut first = Vec::new();
                    crate::data::time::write_duration(times[0], &mut first);
                    let first = String::from_utf8(first).expect("it is ASCII");
                    expected.push(format!("{} {} {first}", rows[place].text(), times.len()));
                }
            }
            prop_assert_eq!(run.lines, expected);
            prop_assert_eq!(run.told.late.records, late);
        }
    }
}
