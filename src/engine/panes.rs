//! The arithmetic of panes, which sliding windows share. Integers of ns; divisions floor.

/// The arithmetic of panes: pane `p` is `[offset + p*pane, offset + (p+1)*pane)`, window `k` is
/// `[offset + k*slide, offset + k*slide + size)`. A row that is late for its first windows, but not for all,
/// goes into a pane of its own that those windows do not see: `space = p * (most + 1) + skip`.
#[derive(Clone, Copy, Debug)]
pub struct Panes {
    pane: i64,
    size: i64,
    slide: i64,
    offset: i64,
    /// Windows that a pane can be in.
    most: i64,
}

/// The two panes that the last rows were in, the last one first: most rows that follow are in one of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recents([Recent; 2]);

#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    begin: i64,
    end: i64,
    /// A row that is judged by less is late for none of its windows.
    until: i64,
    space: i64,
}

impl Recent {
    #[inline(always)]
    fn holds(&self, t: i64, before: i64) -> bool {
        self.begin <= t && t < self.end && before < self.until
    }
}

impl Recents {
    /// Puts rows that are late for no window into their spaces up to the first that is in neither pane, and returns how
    /// many.
    pub fn fill(&self, times: &[i64], spaces: &mut [i64]) -> u32 {
        let [last, other] = self.0;
        let size = |pane: &Recent| pane.end.wrapping_sub(pane.begin) as u64;
        let (last_size, other_size) = (size(&last), size(&other));
        let mut rows = 0;
        for (t, space) in times.iter().zip(spaces) {
            // No branch says which: it would be guessed wrongly where rows are out of order.
            let in_last = (t.wrapping_sub(last.begin) as u64) < last_size;
            let in_other = (t.wrapping_sub(other.begin) as u64) < other_size;
            if !(in_last | in_other) {
                break;
            }
            *space = if in_last { last.space } else { other.space };
            rows += 1;
        }
        rows
    }
}

/// Where a row goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into a space that is remembered, thus was [`Place::New`] before.
    Known(i64),
    New(i64),
    /// Late for all its windows.
    Late,
    /// In no window.
    Nowhere,
}

impl Panes {
    pub fn new(size: i64, slide: i64, offset: i64) -> Panes {
        let (mut a, mut b) = (size, slide);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Panes {
            pane: a,
            size,
            slide,
            offset,
            most: size.div_euclid(slide) + 1,
        }
    }

    /// The most windows that a pane can be in.
    pub fn most(&self) -> i64 {
        self.most
    }

    /// The windows that hold pane `p`: first and last number; none if last < first.
    pub fn windows(&self, p: i64) -> (i64, i64) {
        let begin = p * self.pane;
        let last = begin.div_euclid(self.slide);
        // The first k with k*slide + size >= begin + pane.
        let first = -((self.size - begin - self.pane).div_euclid(self.slide));
        (first, last)
    }

    pub fn window(&self, k: i64) -> (i64, i64) {
        let start = self.offset + k * self.slide;
        (start, start + self.size)
    }

    /// The space of a row at `t`, judged by `before`: `Err(true)` late for all its windows, `Err(false)` in none.
    pub fn space(&self, t: i64, before: i64) -> Result<i64, bool> {
        let p = (t - self.offset).div_euclid(self.pane);
        let (first, last) = self.windows(p);
        if last < first {
            return Err(false);
        }
        let skip = (first..=last)
            .take_while(|&k| self.window(k).1 <= before)
            .count() as i64;
        if skip > last - first {
            Err(true)
        } else {
            Ok(p * (self.most + 1) + skip)
        }
    }

    /// [`Panes::space`], without a division where the row is in one of the last two panes.
    // PERF: `window 10m --slide 1m count-by status`: 15 ns of 100 a record. Two of them, since rows that are a
    // little out of order go to and fro where a pane ends: 1.5 ns of 5.
    #[inline(always)]
    pub fn place_near(&self, recents: &mut Recents, t: i64, before: i64) -> Place {
        let [last, other] = &mut recents.0;
        if last.holds(t, before) {
            return Place::Known(last.space);
        }
        if other.holds(t, before) {
            std::mem::swap(last, other);
            return Place::Known(last.space);
        }
        self.place_far(recents, t, before)
    }

    #[inline(never)]
    fn place_far(&self, recents: &mut Recents, t: i64, before: i64) -> Place {
        let space = match self.space(t, before) {
            Ok(space) => space,
            Err(true) => return Place::Late,
            Err(false) => return Place::Nowhere,
        };
        let (p, skip) = self.pane_of(space);
        if skip == 0 {
            let begin = self.offset + p * self.pane;
            let pane = Recent {
                begin,
                end: begin + self.pane,
                until: self.window(self.windows(p).0).1,
                space,
            };
            recents.0 = [pane, recents.0[0]];
        }
        Place::New(space)
    }

    /// The windows that see a space: first and last number.
    pub fn seen(&self, space: i64) -> (i64, i64) {
        let (p, skip) = self.pane_of(space);
        let (first, last) = self.windows(p);
        (first + skip, last)
    }

    /// The pane of a space, and how many of the pane's windows do not see it.
    pub fn pane_of(&self, space: i64) -> (i64, i64) {
        (
            space.div_euclid(self.most + 1),
            space.rem_euclid(self.most + 1),
        )
    }

    /// Where the last window ends that sees a space; `None`: there is no such space, as of any number that was read.
    pub fn last_end(&self, space: i64) -> Option<i64> {
        let (p, skip) = self.pane_of(space);
        let begin = p.checked_mul(self.pane)?;
        let behind = self.size.checked_sub(begin)?.checked_sub(self.pane)?;
        let first = behind.div_euclid(self.slide).checked_neg()?;
        let last = begin.div_euclid(self.slide);
        let start = last.checked_mul(self.slide)?.checked_add(self.offset)?;
        let end = start.checked_add(self.size)?;
        (first.checked_add(skip)? <= last).then_some(end)
    }

    /// The first space of a pane.
    pub fn space_of(&self, p: i64) -> i64 {
        p * (self.most + 1)
    }

    /// The panes of window `k`: the first, and the one behind the last.
    pub fn panes(&self, k: i64) -> (i64, i64) {
        let begin = k * self.slide;
        (begin / self.pane, (begin + self.size) / self.pane)
    }

    /// The most panes in a row that `uses` windows hold; may be below one.
    pub fn longest_run(&self, uses: i64) -> i64 {
        self.size
            .saturating_sub(self.slide.saturating_mul(uses - 1))
            / self.pane
    }

    /// The windows that see a space and end behind `closed`, but not behind `at`; none if last < first.
    pub fn closing(&self, space: i64, closed: i64, at: i64) -> (i64, i64) {
        // The last window that ends by then.
        let last_by = |at: i64| {
            let begin = i128::from(at) - i128::from(self.offset) - i128::from(self.size);
            let last = begin.div_euclid(i128::from(self.slide));
            last.clamp(i64::MIN.into(), i128::from(i64::MAX) - 1) as i64
        };
        let (first, last) = self.seen(space);
        (first.max(last_by(closed) + 1), last.min(last_by(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn panes_are_seen_by_the_windows_that_hold_them_and_are_not_late(
            t in -500i64..500, before in -500i64..500, size in 1i64..40, slide in 1i64..40, offset in -9i64..9,
            at in -500i64..500, uses in 1i64..5,
        ) {
            let panes = Panes::new(size, slide, offset);
            let holding: Vec<i64> = (-1000i64..1000)
                .filter(|k| { let (s, e) = panes.window(*k); s <= t && t < e })
                .collect();
            let open: Vec<i64> = holding.iter().copied().filter(|&k| panes.window(k).1 > before).collect();
            match panes.space(t, before) {
                Ok(space) => {
                    let (first, last) = panes.seen(space);
                    prop_assert_eq!((first..=last).collect::<Vec<_>>(), &open[..]);
                    prop_assert_eq!(panes.last_end(space), Some(panes.window(last).1));
                    // However odd the number, an answer or none.
                    for odd in [space.wrapping_mul(i64::MAX / 3), i64::MIN, i64::MAX, i64::MAX >> 1] {
                        panes.last_end(odd);
                    }
                    let (pane, skip) = panes.pane_of(space);
                    prop_assert_eq!(panes.space_of(pane) + skip, space);
                    // What is remembered of some rows says the same of the next.
                    let (mut recents, mut told) = (Recents::default(), Vec::new());
                    for (t, before) in [
                        (t, before), (t + 1, before), (t, before + uses), (t - 1, before + size), (t, before),
                        (t + size, before), (t + 2 * size, before), (t, before), (t + size, before),
                    ] {
                        let expected = panes.space(t, before);
                        match panes.place_near(&mut recents, t, before) {
                            Place::New(space) => {
                                prop_assert_eq!(Ok(space), expected);
                                told.push(space);
                            }
                            Place::Known(space) => {
                                prop_assert_eq!(Ok(space), expected);
                                prop_assert!(told.contains(&space));
                            }
                            Place::Late => prop_assert_eq!(Err(true), expected),
                            Place::Nowhere => prop_assert_eq!(Err(false), expected),
                        }
                    }
                    let times: Vec<i64> = (0..12).map(|i| t + i % 4 * uses).collect();
                    let mut filled = vec![0; times.len()];
                    let rows = recents.fill(&times, &mut filled) as usize;
                    for (space, t) in filled.iter().zip(&times).take(rows) {
                        prop_assert_eq!(Ok(*space), panes.space(*t, i64::MIN));
                        prop_assert!(told.contains(space));
                    }
                    for &k in &holding {
                        let (from, to) = panes.panes(k);
                        prop_assert!((from..to).contains(&pane));
                    }
                    // A run of panes from here on that is held by so many windows as it promises.
                    let longest = panes.longest_run(uses);
                    let whole = |k: &i64| pane + longest <= panes.panes(*k).1;
                    if longest > 0 && slide == panes.pane {
                        prop_assert!(holding.iter().filter(|k| whole(k)).count() as i64 >= uses);
                    }
                    let (first, last) = panes.closing(space, before, at);
                    let closing: Vec<i64> = open.into_iter().filter(|&k| panes.window(k).1 <= at).collect();
                    prop_assert_eq!((first..=last).collect::<Vec<_>>(), closing);
                    prop_assert_eq!(panes.closing(space, i64::MIN, i64::MAX), panes.seen(space));
                }
                Err(late) => {
                    prop_assert!(open.is_empty());
                    prop_assert_eq!(late, !holding.is_empty());
                }
            }
        }
    }
}
