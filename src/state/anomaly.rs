//! Rows far from what their key had before. Passes those alone, in input order, with the evidence. Invariant: a
//! value is tested against the state before it, then added, whether it is far or not (EVENT-TIME 2.13).

use super::lasting::{Lasting, Terms};
use super::moving::{Moving, Over};
use super::rows;
use super::saving::any_key;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, ColumnBuilder, FieldId, Type};
use crate::plan::clocks::Lapse;

/// What is far.
#[derive(Clone, Debug)]
pub struct Far {
    pub over: Over,
    /// More than so many deviations.
    pub sigma: f64,
    /// Values of a key that are not tested.
    pub warm_up: u64,
    /// By which keys are told apart by age.
    pub lapse: Lapse,
    /// The fields for score, mean and deviation.
    pub sets: [FieldId; 3],
}

#[derive(Clone)]
pub struct Anomalies {
    far: Far,
    keys: Lasting<Moving>,
    slots: Vec<u32>,
}

impl Anomalies {
    pub fn new(far: Far, terms: Terms, making: &Making<'_>) -> Anomalies {
        Anomalies {
            far,
            keys: Lasting::new(terms, making.seed),
            slots: Vec::new(),
        }
    }
}

impl Process for Anomalies {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let mut slots = std::mem::take(&mut self.slots);
        self.keys.slots(chunk, &given.key, &mut slots);
        let Some(values) = given.args.first() else {
            return;
        };
        let mut made: Vec<ColumnBuilder> =
            (0..3).map(|_| ColumnBuilder::new(&Type::Float)).collect();
        let mut slot = slots.iter();
        let mut live = std::mem::take(&mut chunk.live);
        live.retain(|row| {
            let Some(&slot) = slot.next() else {
                return false;
            };
            let Some(x) = values.number(row as usize).map(|number| number.to_f64()) else {
                return false;
            };
            if told.failure.is_some() {
                return false;
            }
            let at = rows::time(self.far.lapse, chunk, given.now, row);
            if !self.keys.is_there(slot) {
                self.keys.insert(slot, at, Moving::new(self.far.over), told);
            }
            self.keys.renew(slot, at);
            let Some(moving) = self.keys.get_mut(slot) else {
                return false;
            };
            let before = moving.state().filter(|_| moving.seen() >= self.far.warm_up);
            moving.add(x);
            let Some((mean, deviation)) = before else {
                return false;
            };
            let distance = (x - mean).abs();
            if deviation > 0.0 {
                if distance <= self.far.sigma * deviation {
                    return false;
                }
                made[0].float(distance / deviation);
            } else {
                if distance == 0.0 {
                    return false;
                }
                made[0].null();
            }
            made[1].float(mean);
            made[2].float(deviation);
            true
        });
        for (&field, column) in self.far.sets.iter().zip(made) {
            let column = rows::spread(column.finish(), &live, chunk.rows.len());
            chunk.set_column(field, column);
        }
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
        let of_states: usize = self.keys.iter().map(|(_, moving)| moving.bytes()).sum();
        (self.keys.len(), self.keys.bytes() + of_states)
    }

    fn save(&self, to: &mut Save) {
        self.keys.save(to, Moving::save);
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let over = self.far.over;
        self.keys.load(from, any_key, |from| {
            let mut moving = Moving::new(over);
            moving.load(from)?;
            Ok(moving)
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

    fn shown(value: f64) -> String {
        let mut out = Vec::new();
        crate::data::Number::Float(value).write(&mut out);
        String::from_utf8(out).expect("figures are ASCII")
    }

    proptest! {
        /// EVENT-TIME 2.13: "against mean and population deviation of the N values of the key before the record,
        /// after a warm-up; deviation 0 and value different = anomaly".
        #[test]
        fn values_far_from_the_last_ones_pass(
            rows in rows(), cuts in testing::cuts(), last in 1usize..6, warm_up in 1u64..6, sigma in 0i32..4,
        ) {
            let sigma = f64::from(sigma) / 2.0;
            let sets = [Type::Float, Type::Float, Type::Float];
            let run = testing::run_with(&rows, &cuts, 0, &sets, Limits::default(), |making| {
                let far = Far {
                    over: Over::Rows(last),
                    sigma,
                    warm_up,
                    lapse: Lapse::Arrival,
                    sets: [2, 3, 4],
                };
                Box::new(Anomalies::new(far, Terms::default(), making))
            });
            let mut of: BTreeMap<u8, Vec<f64>> = BTreeMap::new();
            let mut expected = Vec::new();
            for row in &rows {
                let Some(n) = row.n() else { continue };
                let x = n as f64;
                let values = of.entry(row.key).or_default();
                if values.len() as u64 >= warm_up {
                    let tail = &values[values.len().saturating_sub(last)..];
                    let mean = tail.iter().sum::<f64>() / tail.len() as f64;
                    let squares: f64 = tail.iter().map(|v| (v - mean) * (v - mean)).sum();
                    let deviation = (squares / tail.len() as f64).sqrt();
                    let far = if deviation == 0.0 { x != mean } else { (x - mean).abs() > sigma * deviation };
                    if far {
                        let score = if deviation == 0.0 { "-".into() } else { shown((x - mean).abs() / deviation) };
                        expected.push(format!("{} {score} {} {}", row.text(), shown(mean), shown(deviation)));
                    }
                }
                values.push(x);
            }
            prop_assert_eq!(run.lines, expected);
        }

        /// EVENT-TIME 2.13: "EWMA: … test before the update".
        #[test]
        fn values_far_from_the_weighted_mean_pass(rows in rows(), cuts in testing::cuts(), warm_up in 1u64..4) {
            let (a, sigma) = (0.25, 1.5);
            let sets = [Type::Float, Type::Float, Type::Float];
            let run = testing::run_with(&rows, &cuts, 0, &sets, Limits::default(), |making| {
                let far = Far {
                    over: Over::Weight(a),
                    sigma,
                    warm_up,
                    lapse: Lapse::Arrival,
                    sets: [2, 3, 4],
                };
                Box::new(Anomalies::new(far, Terms::default(), making))
            });
            let mut of: BTreeMap<u8, (u64, f64, f64)> = BTreeMap::new();
            let mut expected = Vec::new();
            for row in &rows {
                let Some(n) = row.n() else { continue };
                let x = n as f64;
                let (seen, m, v) = of.entry(row.key).or_insert((0, x, 0.0));
                let (d, deviation) = (x - *m, v.sqrt());
                if *seen >= warm_up && (if deviation == 0.0 { d != 0.0 } else { d.abs() > sigma * deviation }) {
                    let score = if deviation == 0.0 { "-".into() } else { shown(d.abs() / deviation) };
                    expected.push(format!("{} {score} {} {}", row.text(), shown(*m), shown(deviation)));
                }
                *seen += 1;
                *m += a * d;
                *v = (1.0 - a) * (*v + a * d * d);
            }
            prop_assert_eq!(run.lines, expected);
        }
    }
}
