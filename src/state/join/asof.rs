//! Each row of the left side with the newest of the right at or before its time. Rows wait until the watermark has
//! passed them and are then taken in order of event time, the right side's first; so one version a key is enough.
//! A late one of the left that goes on all the same does so when what it came behind is passed: that is its own, how
//! the sides interleave cannot show. Refuses late rows. Invariant: a version is never newer than what it goes with.

use super::store::{Place, Store};
use super::{Form, LEFT, MergeLines, RIGHT, before_of, check_keys, key_of, time_of};
use crate::data::Chunk;
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::state::keyed::Keyed;
use crate::state::saving::{self, any_key};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A row that waits: by its turn, the right side first, by place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    /// Its time; of a late one, which has no match, what had been passed when it came.
    turn: i64,
    left: bool,
    place: u64,
    time: i64,
    key: Option<Box<[u8]>>,
    row: PlaceOrd,
}

/// A place in the store; places do not order rows.
#[derive(Clone, Copy, Debug)]
struct PlaceOrd(Place);

impl PartialEq for PlaceOrd {
    fn eq(&self, _: &PlaceOrd) -> bool {
        true
    }
}

impl Eq for PlaceOrd {}

impl PartialOrd for PlaceOrd {
    fn partial_cmp(&self, other: &PlaceOrd) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PlaceOrd {
    fn cmp(&self, _: &PlaceOrd) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

#[derive(Clone)]
pub struct Asof {
    keeps_left: bool,
    /// How old a version may be, ns.
    within: Option<i64>,
    lateness: i64,
    form: Form,
    coder: KeyCoder,
    keys_max: Option<u64>,
    /// The newest version that was passed, with its time.
    newest: Keyed<(i64, Place)>,
    /// With an age: versions in the order of their times, to be let go.
    aging: VecDeque<(i64, u32)>,
    waiting: BinaryHeap<Reverse<Waiting>>,
    store: Store,
    places: u64,
    packed: Vec<u8>,
}

impl Asof {
    pub fn new(
        making: &Making<'_>,
        keeps_left: bool,
        within: Option<i64>,
        lateness: i64,
        merge: Option<MergeLines>,
    ) -> Asof {
        Asof {
            keeps_left,
            within,
            lateness,
            form: Form::new(making, merge),
            coder: making.coder.clone(),
            keys_max: making.limits.keys,
            newest: Keyed::new(making.seed),
            aging: VecDeque::new(),
            waiting: BinaryHeap::new(),
            store: Store::default(),
            places: 0,
            packed: Vec::new(),
        }
    }

    /// Versions that are too old for whatever comes at `now` or later.
    fn age(&mut self, now: i64) {
        let Some(within) = self.within else { return };
        while let Some(&(time, slot)) = self.aging.front() {
            if time.saturating_add(within) >= now {
                break;
            }
            self.aging.pop_front();
            if self
                .newest
                .get(slot)
                .is_some_and(|(newest, _)| *newest == time)
                && let Some((_, place)) = self.newest.forget(slot)
            {
                self.store.free(place);
            }
        }
    }

    fn version(&mut self, waiting: &Waiting) {
        let slot = self.newest.slot(waiting.key.as_deref());
        let PlaceOrd(place) = waiting.row;
        let (kept, new) = self.newest.get_or(slot, || (waiting.time, place));
        if !new {
            if kept.0 > waiting.time {
                return self.store.free(place);
            }
            let old = std::mem::replace(kept, (waiting.time, place));
            self.store.free(old.1);
        }
        if self.within.is_some() {
            self.aging.push_back((waiting.time, slot));
        }
    }
}

impl Process for Asof {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        let left = given.input == LEFT;
        for row in chunk.live.iter() {
            let time = time_of(chunk, row).unwrap_or(0);
            let keeps = left && self.keeps_left;
            let turn = time.max(before_of(chunk, row).saturating_sub(self.lateness));
            let late = turn > time;
            if late && !keeps {
                told.late.tell(chunk, row);
                continue;
            }
            let key = key_of(&self.coder, chunk, &given.key, row);
            if key.is_none() && !keeps {
                continue;
            }
            self.form.pack(chunk, given, row, &mut self.packed);
            self.waiting.push(Reverse(Waiting {
                turn,
                left,
                place: self.places,
                time,
                key: key.filter(|_| !late).map(Box::from),
                row: PlaceOrd(self.store.put(&self.packed)),
            }));
            self.places += 1;
        }
        self.form.pairs().replace(chunk);
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        let upto = match upto.less(self.lateness) {
            Watermark::None => return Vec::new(),
            Watermark::At(at) => Some(at),
            Watermark::End => None,
        };
        let form = self.form.clone();
        let mut pairs = form.pairs();
        while let Some(Reverse(first)) = self.waiting.peek() {
            if upto.is_some_and(|upto| first.turn >= upto) {
                break;
            }
            let Some(Reverse(one)) = self.waiting.pop() else {
                break;
            };
            self.age(one.turn);
            if !one.left {
                self.version(&one);
                check_keys("a join", self.newest.len(), self.keys_max, told);
                if told.failure.is_some() {
                    break;
                }
                continue;
            }
            pairs.judge_by(Some(one.turn));
            let slot = one.key.as_ref().map(|key| self.newest.slot(Some(key)));
            let within = self.within.unwrap_or(i64::MAX);
            let version = slot
                .and_then(|slot| self.newest.get(slot))
                .filter(|(time, _)| *time <= one.time && one.time.saturating_sub(*time) <= within);
            let row = Some(self.store.get(one.row.0));
            match version {
                Some((_, place)) => pairs.push(row, Some(self.store.get(*place)), Some(one.time)),
                None if self.keeps_left => pairs.push(row, None, Some(one.time)),
                None => {}
            }
            pairs.cut();
            self.store.free(one.row.0);
        }
        if let Some(upto) = upto {
            self.age(upto);
        }
        let aging = &mut self.aging;
        let mut moves = std::collections::BTreeMap::new();
        self.newest.tidy(|old, new, _| {
            moves.insert(old, new);
        });
        if !moves.is_empty() {
            aging.retain_mut(|(_, slot)| match moves.get(slot) {
                Some(new) => {
                    *slot = *new;
                    true
                }
                None => false,
            });
        }
        pairs.finish()
    }

    fn next_end(&self) -> i64 {
        self.waiting.peek().map_or(i64::MAX, |Reverse(first)| {
            first.turn.saturating_add(self.lateness).saturating_add(1)
        })
    }

    fn lag(&self) -> i64 {
        self.lateness
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        let waiting = self.waiting.len() * size_of::<Waiting>();
        (
            self.newest.len(),
            self.newest.bytes() + self.store.held() + waiting,
        )
    }

    fn save(&self, to: &mut Save) {
        to.put(&self.places);
        self.newest.save(to, |(time, place), to| {
            to.put(time);
            to.put_bytes(self.store.get(*place));
        });
        to.put(&self.aging);
        // In the order of the heap, which is what becomes of them again.
        let (waiting, store) = (self.waiting.as_slice(), &self.store);
        to.put(&(waiting.len() as u64));
        to.put_each(waiting.len(), |at, to| {
            let Reverse(one) = &waiting[at];
            to.put(&(one.left, one.turn, one.time, one.place));
            saving::put_bytes(to, one.key.as_deref());
            to.put_bytes(store.get(one.row.0));
        });
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        self.places = saving::count(from)?;
        let (form, store) = (&self.form, &mut self.store);
        self.newest.load(from, any_key, |from| {
            let time = from.take()?;
            Ok((time, store.put(form.take_row(from, RIGHT)?)))
        })?;
        self.aging = from.take()?;
        let waiting = saving::take_list(from, |from| {
            let (left, turn, time, place) = from.take()?;
            let key = saving::take_bytes(from)?.map(Box::from);
            let side = if left { LEFT } else { RIGHT };
            Ok(Reverse(Waiting {
                turn,
                left,
                place,
                time,
                key,
                row: PlaceOrd(store.put(form.take_row(from, side)?)),
            }))
        })?;
        self.waiting = waiting.into();
        Ok(())
    }
}
