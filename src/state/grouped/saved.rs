//! Groups as bytes and back. Heaps are not kept: groups know when they are to be looked at. Invariant: a group
//! that is loaded is free or in the list of its key, once, and what it points to is there.

use super::given::Given;
use super::{Group, Grouped, NEVER, OfKey, Standing};
use crate::data::saved::{Damaged, Save, Saved};
use crate::plan::grouping::Shape;
use crate::state::saving::{self, sound};
use std::cmp::Reverse;

impl Grouped {
    pub(super) fn put(&self, to: &mut Save) {
        to.put(&(self.watermark, self.clock, self.tick_at, self.is_new));
        to.put(&(self.counted, self.timed, self.moment, self.released));
        if let Some(empties) = &self.empties {
            empties.save(to);
        }
        self.slots.save(to);
        self.keyed.save(to, |of_key, to| {
            to.put(&(of_key.records, &of_key.groups));
        });
        to.put(&(self.groups.len() as u64, &self.free));
        let mut is_free = vec![false; self.groups.len()];
        for &place in &self.free {
            is_free[place as usize] = true;
        }
        let groups = &self.groups;
        to.put_each(groups.len(), |place, to| {
            if !is_free[place] {
                put_group(&groups[place], to);
            }
        });
        self.oldest.save(&self.keyed, to);
    }

    pub(super) fn take_saved(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        (self.watermark, self.clock, self.tick_at, self.is_new) = from.take()?;
        (self.counted, self.timed, self.moment, self.released) = from.take()?;
        for number in [self.counted, self.moment] {
            sound(u64::try_from(number).is_ok_and(saving::is_count))?;
        }
        if let Some(empties) = &mut self.empties {
            empties.load(from)?;
        }
        self.given = Given::new(&self.plan, self.timed);
        self.slots.load(from)?;
        let coder = &self.coder;
        let is_key = |key: Option<&[u8]>| coder.fits(key);
        self.keyed.load(from, is_key, |from| {
            let records = saving::count(from)?;
            let groups = from.take()?;
            Ok(OfKey {
                groups,
                records,
                ..OfKey::default()
            })
        })?;
        let (places, free): (u64, Vec<u32>) = from.take()?;
        let listed = self.keyed.iter().map(|(_, of_key)| of_key.groups.len());
        // Each place is free or in a list: with that many, all different, none is left out.
        sound(free.len() as u64 + listed.sum::<usize>() as u64 == places)?;
        let mut keys: Vec<Option<u32>> = vec![None; places as usize];
        for (key, of_key) in self.keyed.iter() {
            for &place in &of_key.groups {
                let of = keys.get_mut(place as usize).ok_or(Damaged)?;
                sound(of.replace(key).is_none())?;
            }
        }
        let is_free = |place: &u32| keys.get(*place as usize).is_some_and(Option::is_none);
        sound(free.iter().all(is_free) && saving::differ(free.clone()))?;
        self.free = free;
        self.groups = Vec::with_capacity(keys.len());
        let mut slots = Vec::with_capacity(keys.len());
        for key in keys {
            self.groups.push(match key {
                None => Group {
                    due: NEVER,
                    timer: NEVER,
                    ..Group::default()
                },
                Some(key) => take_group(key, from)?,
            });
            if let (Some(_), Some(group)) = (key, self.groups.last()) {
                slots.push(group.slot);
                slots.extend(group.standing.iter().map(|standing| standing.slot));
            }
        }
        sound(self.slots.hold(slots))?;
        if let Shape::LookBack(_) = self.plan.shape {
            let ends = |place: &u32| self.groups[*place as usize].end;
            let mut lists = self.keyed.iter();
            sound(lists.all(|(_, of_key)| of_key.groups.is_sorted_by_key(ends)))?;
        }
        let groups = &self.groups;
        let newest = |of_key: &OfKey| {
            let groups = of_key.groups.iter().map(|&place| &groups[place as usize]);
            groups.map(|group| group.newest).max().unwrap_or(i64::MIN)
        };
        self.oldest.load(&mut self.keyed, from, newest)?;
        for (place, group) in (0u32..).zip(&mut self.groups) {
            if group.due < NEVER {
                self.heap.push(Reverse((group.due, place, group.life)));
            }
            if group.timer < NEVER {
                self.timers.push(Reverse((group.timer, place, group.life)));
            }
        }
        Ok(())
    }
}

/// What is not said: a group's key has it in its list, its life begins, and nothing is pending between chunks.
fn put_group(group: &Group, to: &mut Save) {
    to.put(&(group.start, group.end, group.newest));
    to.put(&(
        group.slot,
        group.printed,
        group.last,
        group.pane,
        group.new,
        group.late,
    ));
    to.put(&(group.due, group.timer, &group.standing));
}

fn take_group(key: u32, from: &mut Saved<'_>) -> Result<Group, Damaged> {
    let (start, end, newest) = from.take()?;
    let (slot, printed, last) = from.take()?;
    let pane = saving::small(from)?;
    let (new, late) = (saving::count(from)?, saving::count(from)?);
    let (due, timer) = from.take()?;
    let standing: Vec<Standing> = from.take()?;
    sound(start <= end)?;
    Ok(Group {
        key,
        life: 0,
        start,
        end,
        newest,
        slot,
        printed,
        pane,
        last,
        new,
        late,
        due,
        timer,
        pending: 0,
        standing,
    })
}
