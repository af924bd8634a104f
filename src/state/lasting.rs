//! States by key that last for a time (`--ttl`) or for as long as there is room (`--max-keys`). Decides which key
//! goes when; what a state is, its owner knows. Invariant: a key is gone for the row whose watermark has reached
//! its last use and the time to live, whenever its memory is freed (EVENT-TIME 2.7).

use super::keyed::Keyed;
use super::saving::{self, sound};
use crate::data::process::{Limits, OnFull, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{Chunk, ColumnV};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is said once for an operator: how long its keys last and how many there may be.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The operator's name, for messages.
    pub operator: &'static str,
    /// `--ttl`, ns.
    pub ttl: Option<i64>,
    /// Whether the operator has that option, for messages.
    pub may_have_ttl: bool,
    pub limits: Limits,
}

/// States by key with the time of their last use.
#[derive(Clone)]
pub struct Lasting<S> {
    terms: Terms,
    keyed: Keyed<Aged<S>>,
    /// Of each key that is there: when it was used, once at least; of a later use it is not told at once.
    oldest: BinaryHeap<Reverse<(i64, u64, u32)>>,
    uses: u64,
}

#[derive(Clone)]
struct Aged<S> {
    used: i64,
    /// Tells uses of one time apart, by their order.
    number: u64,
    state: S,
}

/// A key whose time is over.
pub struct Gone<S> {
    pub moment: i64,
    pub slot: u32,
    pub state: S,
}

impl<S> Lasting<S> {
    pub fn new(terms: Terms, seed: u64) -> Lasting<S> {
        Lasting {
            terms,
            keyed: Keyed::new(seed),
            oldest: BinaryHeap::new(),
            uses: 0,
        }
    }

    pub fn ttl(&self) -> Option<i64> {
        self.terms.ttl
    }

    /// The slot of each live row's key. Slots of the chunk before are no longer good.
    pub fn slots(&mut self, chunk: &Chunk, key: &ColumnV, slots: &mut Vec<u32>) {
        self.tidy();
        self.keyed.slots(chunk, key, slots);
    }

    /// The slot of one key.
    pub fn slot(&mut self, key: Option<&[u8]>) -> u32 {
        self.keyed.slot(key)
    }

    pub fn key(&self, slot: u32) -> Option<&[u8]> {
        self.keyed.key(slot)
    }

    pub fn get(&self, slot: u32) -> Option<&S> {
        self.keyed.get(slot).map(|aged| &aged.state)
    }

    pub fn get_mut(&mut self, slot: u32) -> Option<&mut S> {
        self.keyed.get_mut(slot).map(|aged| &mut aged.state)
    }

    pub fn is_there(&self, slot: u32) -> bool {
        self.keyed.get(slot).is_some()
    }

    /// When a key expires that is not used any more; `None`: never, or it is not there.
    pub fn expires(&self, slot: u32) -> Option<i64> {
        let used = self.keyed.get(slot)?.used;
        Some(used.saturating_add(self.terms.ttl?))
    }

    /// The key was used at a time.
    pub fn renew(&mut self, slot: u32, at: i64) {
        self.uses += 1;
        let number = self.uses;
        if let Some(aged) = self.keyed.get_mut(slot) {
            aged.used = aged.used.max(at);
            aged.number = number;
        }
    }

    /// Whether one more key would be one too many. What time has let expire is to be taken out before
    /// ([`Lasting::due`]): it counts no more.
    pub fn is_full(&self) -> bool {
        (self.terms.limits.keys_most()).is_some_and(|most| self.keyed.len() as u64 >= most)
    }

    /// Puts a key in that was not there. Of more keys than there may be the oldest is forgotten, and given back;
    /// or the run fails, and the key is not put in.
    pub fn insert(&mut self, slot: u32, at: i64, state: S, told: &mut Told) -> Option<(u32, S)> {
        let mut forgotten = None;
        if self.is_full() {
            if self.terms.limits.on_full == OnFull::Fail {
                self.fail(told);
                return None;
            }
            forgotten = self.evict(told);
        }
        self.uses += 1;
        let (used, number) = (at, self.uses);
        self.keyed.get_or(slot, || Aged {
            used,
            number,
            state,
        });
        if self.terms.ttl.is_some() || self.terms.limits.keys_most().is_some() {
            self.oldest.push(Reverse((used, number, slot)));
        }
        forgotten
    }

    fn fail(&self, told: &mut Told) {
        let most = self.terms.limits.keys.unwrap_or_default();
        let forget = match self.terms.may_have_ttl {
            true => "let --ttl forget silent ones, ",
            false => "",
        };
        let text = format!(
            "{}: more than {most} keys (--max-keys); allow more, {forget}or give --on-full evict-oldest or spill",
            self.terms.operator
        );
        told.fail(text);
    }

    fn evict(&mut self, told: &mut Told) -> Option<(u32, S)> {
        let (_, slot) = self.first()?;
        self.oldest.pop();
        let state = self.forget(slot)?;
        told.forgot();
        Some((slot, state))
    }

    /// The key that was used longest ago, and when; it is on top then.
    fn first(&mut self) -> Option<(i64, u32)> {
        while let Some(&Reverse((_, number, slot))) = self.oldest.peek() {
            match self.keyed.get(slot) {
                Some(aged) if aged.number == number => return Some((aged.used, slot)),
                Some(aged) => {
                    let again = Reverse((aged.used, aged.number, slot));
                    self.oldest.pop();
                    self.oldest.push(again);
                }
                None => {
                    self.oldest.pop();
                }
            }
        }
        None
    }

    /// When the next key expires, else `i64::MAX`.
    pub fn next_end(&mut self) -> i64 {
        match (self.terms.ttl, self.first()) {
            (Some(ttl), Some((used, _))) => used.saturating_add(ttl),
            _ => i64::MAX,
        }
    }

    /// A lower bound of it that costs nothing.
    pub fn next_end_about(&self) -> i64 {
        match (self.terms.ttl, self.oldest.peek()) {
            (Some(ttl), Some(Reverse((used, ..)))) => used.saturating_add(ttl),
            _ => i64::MAX,
        }
    }

    /// Takes out the next key that a watermark has let expire, by the moment of its expiry.
    pub fn due(&mut self, watermark: i64) -> Option<Gone<S>> {
        if self.next_end_about() > watermark {
            return None;
        }
        let moment = self.next_end();
        if moment > watermark {
            return None;
        }
        let (_, slot) = self.first()?;
        self.oldest.pop();
        let state = self.forget(slot)?;
        Some(Gone {
            moment,
            slot,
            state,
        })
    }

    pub fn forget(&mut self, slot: u32) -> Option<S> {
        self.keyed.forget(slot).map(|aged| aged.state)
    }

    pub fn len(&self) -> usize {
        self.keyed.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keyed.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &S)> {
        self.keyed.iter().map(|(slot, aged)| (slot, &aged.state))
    }

    fn tidy(&mut self) {
        let mut moved = false;
        self.keyed.tidy(|_, _, _| moved = true);
        // A key that was forgotten and came again is listed twice.
        if moved || self.oldest.len() > 2 * self.keyed.len() + 64 {
            self.list();
        } else if self.keyed.is_empty() {
            self.oldest.clear();
        }
    }

    /// Lists each key that is there once, where it matters which is the oldest.
    fn list(&mut self) {
        if self.terms.ttl.is_some() || self.terms.limits.keys_most().is_some() {
            let keys = self.keyed.iter();
            self.oldest = keys
                .map(|(slot, aged)| Reverse((aged.used, aged.number, slot)))
                .collect();
        }
    }

    /// Puts all keys with when they were used, and what `put` puts of their states, by slot.
    pub fn save(&self, to: &mut Save, put: impl Fn(&S, &mut Save) + Sync)
    where
        S: Sync,
    {
        to.put(&self.uses);
        self.keyed.save(to, |aged, to| {
            to.put(&(aged.used, aged.number));
            put(&aged.state, to);
        });
    }

    /// Takes what [`Lasting::save`] has put.
    pub fn load(
        &mut self,
        from: &mut Saved<'_>,
        is_key: impl Fn(Option<&[u8]>) -> bool,
        mut take: impl FnMut(&mut Saved<'_>) -> Result<S, Damaged>,
    ) -> Result<(), Damaged> {
        let uses = saving::count(from)?;
        self.uses = uses;
        self.keyed.load(from, is_key, |from| {
            let (used, number) = from.take()?;
            sound(number <= uses)?;
            let state = take(from)?;
            Ok(Aged {
                used,
                number,
                state,
            })
        })?;
        self.list();
        Ok(())
    }

    /// All slots are below.
    pub fn slots_end(&self) -> u32 {
        self.keyed.slots_end()
    }

    /// Whether grids can be asked for the moment at which any key expires.
    pub fn are_in_time(&self) -> bool {
        self.keyed
            .iter()
            .all(|(_, aged)| saving::is_time(aged.used))
    }

    /// Memory held, about, without what states have beside themselves.
    pub fn bytes(&self) -> usize {
        self.keyed.bytes() + self.oldest.capacity() * 24
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::process::FORGOTTEN;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn terms(ttl: Option<i64>, keys: Option<u64>) -> Terms {
        Terms {
            operator: "scan-by",
            ttl,
            may_have_ttl: true,
            limits: Limits {
                keys,
                on_full: OnFull::EvictOldest,
            },
        }
    }

    proptest! {
        /// EVENT-TIME 2.7: "entry expires when W >= last update + ttl"; `--on-full evict-oldest` forgets the oldest.
        #[test]
        fn keys_expire_and_are_forgotten_as_in_a_plain_loop(
            steps in prop::collection::vec((0u8..6, 0i64..30, 0i64..4, any::<bool>()), 1..120),
            ttl in prop::option::of(1i64..20),
            most in prop::option::of(1u64..5),
        ) {
            let mut lasting: Lasting<u32> = Lasting::new(terms(ttl, most), 3);
            let mut told = Told::default();
            // By key: last use, its number, state.
            let mut plain: BTreeMap<u8, (i64, usize, u32)> = BTreeMap::new();
            let (mut watermark, mut evicted) = (0, 0);
            for (step, (key, at, ahead, tidy)) in steps.into_iter().enumerate() {
                watermark += ahead;
                let at = at + watermark;
                if tidy {
                    lasting.tidy();
                }
                let mut gone = Vec::new();
                while let Some(one) = lasting.due(watermark) {
                    gone.push((one.moment, one.state));
                }
                let mut expected = Vec::new();
                if let Some(ttl) = ttl {
                    plain.retain(|_, (used, number, state)| {
                        if *used + ttl <= watermark {
                            expected.push((*used + ttl, *number, *state));
                        }
                        *used + ttl > watermark
                    });
                }
                expected.sort();
                let expected: Vec<_> = expected.into_iter().map(|(m, _, s)| (m, s)).collect();
                prop_assert_eq!(gone, expected);
                let slot = lasting.slot(Some(&[key]));
                prop_assert_eq!(lasting.get(slot).copied(), plain.get(&key).map(|one| one.2));
                if let Some(one) = plain.get_mut(&key) {
                    lasting.renew(slot, at);
                    *one = (one.0.max(at), step, one.2);
                } else {
                    if most.is_some_and(|most| plain.len() as u64 >= most) {
                        let oldest = plain.iter().min_by_key(|(_, one)| (one.0, one.1)).map(|(k, _)| *k);
                        plain.remove(&oldest.expect("there is one"));
                        evicted += 1;
                    }
                    lasting.insert(slot, at, step as u32, &mut told);
                    plain.insert(key, (at, step, step as u32));
                }
                prop_assert_eq!(lasting.len(), plain.len());
            }
            prop_assert_eq!(told.counts.get(FORGOTTEN).copied().unwrap_or(0), evicted);
        }
    }

    #[test]
    fn more_keys_than_may_be_end_the_run() {
        let mut of = terms(None, Some(1));
        of.limits.on_full = OnFull::Fail;
        let mut lasting: Lasting<()> = Lasting::new(of, 3);
        let mut told = Told::default();
        for key in [b"a", b"b"] {
            let slot = lasting.slot(Some(key));
            lasting.insert(slot, 0, (), &mut told);
        }
        let (status, message) = told.failure.expect("two are more than one");
        assert_eq!(status, 65);
        assert!(message.starts_with("scan-by: more than 1 keys (--max-keys)"));
    }
}
