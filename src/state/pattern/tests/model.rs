//! The rules as they are written: all ways through one key's records, enumerated. For the tests of the process.
//! Invariant: it shares nothing with the machine but the parsed pattern.

use super::{Asks, Rec, Way};
use crate::state::pattern::machine::{Program, Skip};
use crate::state::pattern::syntax::{Link, Pattern};

/// The model of one key: `records` in their order.
pub struct Model<'a> {
    pub program: &'a Program,
    pub asks: &'a [Asks],
    pub records: Vec<&'a Rec>,
}

impl Model<'_> {
    pub fn pattern(&self) -> &Pattern {
        &self.program.pattern
    }

    fn holds(&self, name: usize, at: usize, way: &Way) -> bool {
        let record = self.records[at];
        let values = |step: usize| -> Vec<i64> {
            let taken = way.iter().filter(|(_, of)| *of == step);
            taken.map(|(at, _)| self.records[*at].value).collect()
        };
        let v = record.value;
        record.flags >> name & 1 == 1
            && match self.asks[name] {
                Asks::Nothing => true,
                Asks::AboveLast(step) => values(step).last().is_none_or(|last| v > *last),
                Asks::AboveFirst(step) => values(step).first().is_none_or(|first| v > *first),
                Asks::FewerThanTwo(step) => values(step).len() < 2,
                Asks::AtLeastMean(step) => {
                    let values = values(step);
                    values.is_empty() || v * values.len() as i64 >= values.iter().sum::<i64>()
                }
                Asks::AboveMax(step) => values(step).iter().max().is_none_or(|max| v > *max),
                Asks::BelowSum(step) => {
                    let values = values(step);
                    // Null of no values is not true.
                    let min = values.iter().min();
                    min.is_some_and(|min| v + min < values.iter().sum::<i64>() + 3)
                }
            }
    }

    fn within(&self, first: usize, at: usize) -> bool {
        // EVENT-TIME 2.12: "Within T: last.t - first.t < T".
        let length = self.records[at].time - self.records[first].time;
        self.program.within.is_none_or(|within| length < within)
    }

    /// The steps that may come behind a way, its own first.
    fn edges(&self, way: &Way) -> Vec<usize> {
        let steps = &self.pattern().steps;
        let Some(&(_, step)) = way.last() else {
            let mut starts = Vec::new();
            for (at, step) in steps.iter().enumerate() {
                starts.push(at);
                if step.quantifier.least > 0 {
                    break;
                }
            }
            return starts;
        };
        let repeats = self.repeats(way);
        let mut edges = Vec::new();
        if repeats < steps[step].quantifier.most {
            edges.push(step);
        }
        if repeats >= steps[step].quantifier.least {
            for (at, later) in steps.iter().enumerate().skip(step + 1) {
                edges.push(at);
                if later.quantifier.least > 0 {
                    break;
                }
            }
        }
        edges
    }

    fn repeats(&self, way: &Way) -> u32 {
        let step = way.last().map(|(_, step)| *step);
        way.iter()
            .rev()
            .take_while(|(_, of)| Some(*of) == step)
            .count() as u32
    }

    /// Whether record `at` may be the next of `way`, as one of `target`.
    fn goes(&self, way: &Way, at: usize, target: usize) -> bool {
        let steps = &self.pattern().steps;
        let name = steps[target].name;
        let Some(&(last, step)) = way.last() else {
            return self.holds(name, at, way);
        };
        let link = if target == step {
            steps[step].inner
        } else {
            steps[target].link
        };
        let linked = match link {
            // EVENT-TIME 2.12: "`next` (the very next record of the key)".
            Link::Next => at == last + 1,
            // "`then` (skip others until the first match)".
            Link::Then => (last + 1..at).all(|k| !self.holds(name, k, way)),
            // "`any` (any later match, branches)".
            Link::Any => true,
        };
        let free = steps[step + 1..=target.max(step)]
            .iter()
            .flat_map(|step| &step.nots)
            .all(|not| {
                // INTERFACE 6.2: "the record after a is no x"; "no x before b".
                let asked = if not.next {
                    last + 1..last + 2
                } else {
                    last + 1..at
                };
                asked.into_iter().all(|k| !self.holds(not.name, k, way))
            });
        linked && free && self.within(way[0].0, at) && self.holds(name, at, way)
    }

    fn is_whole(&self, way: &Way) -> bool {
        let steps = &self.pattern().steps;
        way.last().is_some_and(|&(_, step)| {
            self.repeats(way) >= steps[step].quantifier.least
                && steps[step + 1..]
                    .iter()
                    .all(|step| step.quantifier.least == 0)
        })
    }

    /// "at the end of a pattern `not` is judged when x can no longer come".
    fn ends_well(&self, way: &Way) -> bool {
        let (first, last) = (way[0].0, way[way.len() - 1].0);
        self.pattern().end.iter().all(|not| {
            let end = if not.next {
                (last + 2).min(self.records.len())
            } else {
                self.records.len()
            };
            (last + 1..end).all(|k| !self.within(first, k) || !self.holds(not.name, k, way))
        })
    }

    /// All ways, whole or not.
    fn ways(&self) -> Vec<Way> {
        let mut all = Vec::new();
        let mut work: Vec<Way> = vec![Vec::new()];
        while let Some(way) = work.pop() {
            let from = way.last().map_or(0, |(last, _)| last + 1);
            for at in from..self.records.len() {
                for target in self.edges(&way) {
                    if self.goes(&way, at, target) {
                        let mut longer = way.clone();
                        longer.push((at, target));
                        work.push(longer);
                    }
                }
            }
            if !way.is_empty() {
                all.push(way);
            }
        }
        all
    }

    /// The earlier choices of two ways: where they part, reluctant quantifiers go on, greedy ones repeat.
    fn choices(&self, a: &Way, b: &Way) -> std::cmp::Ordering {
        let parted = a.iter().zip(b).find(|(x, y)| x != y);
        parted.map_or(a.len().cmp(&b.len()), |(x, y)| {
            let steps = if self.program.greedy {
                x.1.cmp(&y.1)
            } else {
                y.1.cmp(&x.1)
            };
            steps.then(x.0.cmp(&y.0))
        })
    }

    /// Matches in the order in which they are considered, without those that others rule out.
    pub fn matches(&self) -> Vec<Way> {
        let mut whole = self.ways();
        whole.retain(|way| self.is_whole(way) && self.ends_well(way));
        if self.program.greedy {
            // INTERFACE 6.2: "only the longest match of a start counts (with `next` everywhere: SQL's
            // MATCH_RECOGNIZE)", which goes from start to start.
            whole.sort_by(|a, b| {
                let by_start = a[0].0.cmp(&b[0].0).then(b.len().cmp(&a.len()));
                by_start.then_with(|| self.choices(a, b))
            });
            whole.dedup_by_key(|way| way[0].0);
        } else {
            // EVENT-TIME 2.12: "in order of last record, then first, then the earlier choices".
            whole.sort_by(|a, b| {
                let last = |way: &Way| way[way.len() - 1].0;
                let order = last(a).cmp(&last(b)).then(a[0].0.cmp(&b[0].0));
                order.then_with(|| self.choices(a, b))
            });
        }
        // "`--skip`: where the next match may begin".
        let mut from = 0;
        whole.retain(|way| {
            let first = way[0].0;
            if first < from {
                return false;
            }
            let of = |step: usize| {
                way.iter()
                    .filter(move |(_, of)| *of == step)
                    .map(|(at, _)| *at)
            };
            let bound = match self.program.skip {
                Skip::None => 0,
                Skip::Next => first + 1,
                Skip::PastLast => way[way.len() - 1].0 + 1,
                Skip::ToFirst(step) => of(step).next().unwrap_or(0).max(first + 1),
                Skip::ToLast(step) => of(step).next_back().unwrap_or(0).max(first + 1),
            };
            from = from.max(bound);
            true
        });
        whole
    }

    /// "`--timeouts` prints partial matches that ran out": with `--skip none`, where no match rules one out.
    pub fn timeouts(&self) -> Vec<Way> {
        let mut ways = self.ways();
        ways.retain(|way| {
            let (first, last) = (way[0].0, way[way.len() - 1].0);
            let own = way[way.len() - 1].1;
            let steps = &self.pattern().steps;
            let later: Vec<usize> = (last + 1..self.records.len())
                .filter(|&k| self.within(first, k))
                .collect();
            let waits = self.edges(way).into_iter().any(|target| {
                let link = if target == own {
                    steps[own].inner
                } else {
                    steps[target].link
                };
                let barred = steps[own + 1..=target.max(own)]
                    .iter()
                    .flat_map(|step| &step.nots)
                    .any(|not| {
                        let asked = if not.next { 1 } else { later.len() };
                        later
                            .iter()
                            .take(asked)
                            .any(|&k| self.holds(not.name, k, way))
                    });
                !barred
                    && match link {
                        Link::Next => later.is_empty(),
                        Link::Then => later
                            .iter()
                            .all(|&k| !self.holds(steps[target].name, k, way)),
                        Link::Any => true,
                    }
            });
            waits && !self.is_whole(way)
        });
        ways
    }
}
