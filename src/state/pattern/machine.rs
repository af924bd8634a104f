//! The machine of one key: partial matches, each with the links it may still go over, and the matches that wait
//! to be considered. Evaluates no condition (a [`Judge`] does) and keeps no time: whoever drives it sends
//! records in event-time order and says when a start has run out. Invariant: partial matches are the
//! beginnings of matches, each once; what is found is considered in one order, whatever the chunks were.

mod saved;

pub use saved::{LoadedWays, Ways};

use super::syntax::{Link, Pattern};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Where the next match may begin.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Anywhere.
    None,
    /// Behind the first record of a match.
    Next,
    /// Behind the last one.
    PastLast,
    /// At the first record that a step took, and at the last one.
    ToFirst(usize),
    ToLast(usize),
}

/// Partial matches that one key may have.
pub const PARTIALS_MAX: usize = 100_000;

/// A pattern, ready to run.
#[derive(Clone, Debug)]
pub struct Program {
    pub pattern: Pattern,
    pub skip: Skip,
    /// The last record's time less the first one's is below it, ns.
    pub within: Option<i64>,
    pub greedy: bool,
    pub timeouts: bool,
    /// Some condition reads the match so far.
    pub contextual: bool,
    /// Steps, a bit each: where a match may begin; where it may go from each step that has its least.
    starts: u64,
    forward: Vec<u64>,
    /// Whether a match may end at a step that has its least.
    ends: Vec<bool>,
    /// Names that mean something to a partial match, by the step it is in.
    wants: Vec<u64>,
    /// A record that no step and no `not` takes changes something.
    gaps: bool,
    /// Some `not next` asks the very next record.
    asks_next: bool,
}

impl Program {
    pub fn new(pattern: Pattern, skip: Skip, within: Option<i64>, greedy: bool) -> Program {
        let n = pattern.steps.len();
        let reach = |from: usize| {
            let mut mask = 0;
            for (at, step) in pattern.steps.iter().enumerate().skip(from) {
                mask |= 1 << at;
                if step.quantifier.least > 0 {
                    return (mask, false);
                }
            }
            (mask, true)
        };
        let mut nots = pattern.steps.iter().flat_map(|step| &step.nots);
        let asks_next = nots.any(|not| not.next) || pattern.end.iter().any(|not| not.next);
        let strict = pattern.steps.iter().enumerate().any(|(at, step)| {
            (at > 0 && step.link == Link::Next)
                || (step.quantifier.most > 1 && step.inner == Link::Next)
        });
        let wants = (0..n).map(|at| {
            let repeats = pattern.steps[at].quantifier.most > 1;
            let mut names = u64::from(repeats) << pattern.steps[at].name;
            for (later, step) in pattern.steps.iter().enumerate().skip(at + 1) {
                if reach(at + 1).0 >> later & 1 == 1 {
                    names |= 1 << step.name;
                    names |= step.nots.iter().fold(0, |mask, not| mask | 1 << not.name);
                }
            }
            names
        });
        Program {
            wants: wants.collect(),
            starts: reach(0).0,
            forward: (0..n).map(|at| reach(at + 1).0).collect(),
            ends: (0..n).map(|at| reach(at + 1).1).collect(),
            gaps: strict || asks_next,
            asks_next,
            pattern,
            skip,
            within,
            greedy,
            timeouts: false,
            contextual: false,
        }
    }

    /// Records that nothing in the pattern takes must be sent too, as gaps.
    pub fn needs_gaps(&self) -> bool {
        self.gaps
    }

    /// Matches may be known later than at their last record.
    pub fn is_late(&self) -> bool {
        self.greedy || !self.pattern.end.is_empty()
    }

    /// Of partial matches in one state the first to be considered will be every time, and rules out the others:
    /// they need not be kept.
    pub fn forgets_equals(&self) -> bool {
        self.skip == Skip::PastLast && self.within.is_none() && !self.contextual && !self.is_late()
    }
}

/// A record that a match has taken.
#[derive(Debug)]
pub struct Record {
    pub time: i64,
    /// Its place in the order of records.
    pub place: u64,
    /// What measures and conditions read of it.
    pub cells: Box<[u8]>,
}

/// What a condition may read of the match so far.
#[derive(Clone, Debug, Default)]
pub enum Seen {
    #[default]
    Nothing,
    Of(Arc<Record>),
    Count(u64),
    /// The sum of the values that were there, and how many there were.
    Sum(crate::data::Number, u64),
}

/// The last record of a partial match, and what it had before.
#[derive(Debug)]
pub struct Taken {
    pub before: Option<Arc<Taken>>,
    pub record: Arc<Record>,
    pub step: usize,
    /// Records in all.
    pub length: usize,
    pub seen: Box<[Seen]>,
}

impl Drop for Taken {
    /// One by one: a long match would take a stack as deep as it is long.
    fn drop(&mut self) {
        let mut before = self.before.take();
        while let Some(taken) = before {
            before = Arc::into_inner(taken).and_then(|mut taken| taken.before.take());
        }
    }
}

impl Taken {
    /// From the last record to the first.
    pub fn iter(&self) -> impl Iterator<Item = &Taken> {
        std::iter::successors(Some(self), |taken| taken.before.as_deref())
    }

    fn last(&self) -> (i64, u64) {
        (self.record.time, self.record.place)
    }
}

/// The record that comes.
pub struct Coming<'a> {
    pub time: i64,
    pub place: u64,
    /// The names whose condition may hold, a bit each: what can be told by the record alone.
    pub flags: u64,
    pub cells: &'a [u8],
    /// Made when it is first taken.
    pub record: Option<Arc<Record>>,
}

impl Coming<'_> {
    fn record(&mut self) -> Arc<Record> {
        let record = self.record.get_or_insert_with(|| {
            Arc::new(Record {
                time: self.time,
                place: self.place,
                cells: self.cells.into(),
            })
        });
        Arc::clone(record)
    }
}

/// Says whether conditions hold.
pub trait Judge {
    /// Whether the record is what `name` wants behind `taken`. Asked only where the record's flag is set.
    fn holds(&mut self, name: usize, coming: &Coming<'_>, taken: Option<&Taken>) -> bool;

    /// What conditions will read once `step` has taken the record behind `taken`.
    fn seen(&mut self, step: usize, record: &Arc<Record>, taken: Option<&Taken>) -> Box<[Seen]>;
}

/// A match, or what ran out of time.
#[derive(Clone, Debug)]
pub struct Found {
    pub taken: Arc<Taken>,
    pub timeout: bool,
}

/// What comes of a record, or of time.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    pub found: Vec<Found>,
    /// The last records of matches that are not considered yet, of all keys: time, place; how many.
    pub open: BTreeMap<(i64, u64), u32>,
    /// A key has more partial matches than it may.
    pub full: bool,
}

impl Findings {
    fn opened(&mut self, taken: &Taken) {
        *self.open.entry(taken.last()).or_default() += 1;
    }

    fn closed(&mut self, taken: &Taken) {
        if let Some(n) = self.open.get_mut(&taken.last()) {
            *n -= 1;
            if *n == 0 {
                self.open.remove(&taken.last());
            }
        }
    }
}

/// The beginning of a match.
#[derive(Clone, Debug)]
struct Partial {
    taken: Arc<Taken>,
    /// Of the step it is in.
    repeats: u32,
    /// Steps that the next record may be of: its own step's bit is a repeat.
    edges: u64,
    /// No record has come since.
    fresh: bool,
    first: u64,
}

/// A whole match that waits for what must not come, or for its turn.
#[derive(Clone, Debug)]
struct Whole {
    taken: Arc<Taken>,
    first: u64,
    fresh: bool,
    fate: Fate,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Fate {
    Open,
    Stands,
    Falls,
}

/// What one key has.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    partials: Vec<Partial>,
    /// Names that mean something to one of them, and perhaps more.
    wanted: u64,
    /// In the order in which they are considered; greedy ones by their start instead.
    wholes: VecDeque<Whole>,
    starts: BTreeMap<u64, Vec<Whole>>,
    /// The first place at which a match may begin.
    bound: u64,
}

impl Machine {
    /// Nothing is begun or waits.
    pub fn is_empty(&self) -> bool {
        self.partials.is_empty() && self.wholes.is_empty() && self.starts.is_empty()
    }

    /// Partial matches and matches held.
    pub fn held(&self) -> usize {
        self.partials.len() + self.wholes.len() + self.starts.len()
    }

    /// Takes the next record of the key. True: a match may have begun with it.
    pub fn take(
        &mut self,
        program: &Program,
        coming: &mut Coming<'_>,
        judge: &mut dyn Judge,
        out: &mut Findings,
    ) -> bool {
        self.judge_ends(program, coming, judge);
        let mut made: Vec<Partial> = Vec::new();
        let mut whole: Vec<Whole> = Vec::new();
        if coming.flags & self.wanted != 0 || program.gaps {
            self.wanted = 0;
            self.partials.retain_mut(|partial| {
                let wants = program.wants[partial.taken.step];
                if coming.flags & wants != 0 || program.gaps {
                    go_on(partial, program, coming, judge, &mut made, &mut whole);
                }
                self.wanted |= wants;
                partial.edges != 0
            });
        }
        let mut begun = false;
        let mut starts = if coming.flags == 0 { 0 } else { program.starts };
        while starts != 0 {
            let step = starts.trailing_zeros() as usize;
            starts &= starts - 1;
            begun |= extend(None, step, program, coming, judge, &mut made, &mut whole);
        }
        let more = !made.is_empty();
        for partial in &made {
            self.wanted |= program.wants[partial.taken.step];
        }
        self.partials.append(&mut made);
        if more && program.forgets_equals() {
            self.forget_equals(program);
        }
        if !whole.is_empty() {
            self.add(whole, program, out);
        }
        self.settle(program, out);
        out.full |= self.held() > PARTIALS_MAX;
        begun
    }

    /// Whether a record is what must not come behind a match.
    fn judge_ends(&mut self, program: &Program, coming: &Coming<'_>, judge: &mut dyn Judge) {
        let end = &program.pattern.end;
        if end.is_empty() {
            return;
        }
        let lasting = end.iter().any(|not| !not.next);
        let starts = self.starts.values_mut().flatten();
        for whole in self.wholes.iter_mut().chain(starts) {
            if whole.fate != Fate::Open {
                continue;
            }
            let comes = end.iter().any(|not| {
                (!not.next || whole.fresh)
                    && coming.flags >> not.name & 1 != 0
                    && judge.holds(not.name, coming, Some(&whole.taken))
            });
            whole.fresh = false;
            if comes {
                whole.fate = Fate::Falls;
            } else if !lasting {
                whole.fate = Fate::Stands;
            }
        }
    }

    /// Whole matches that end at one record.
    fn add(&mut self, mut whole: Vec<Whole>, program: &Program, out: &mut Findings) {
        if program.greedy {
            for one in whole {
                out.opened(&one.taken);
                self.starts.entry(one.first).or_default().push(one);
            }
            return;
        }
        whole.sort_by(|a, b| {
            let by_start = a.first.cmp(&b.first);
            by_start.then_with(|| by_choices(&a.taken, &b.taken, false))
        });
        for one in whole {
            if program.is_late() {
                out.opened(&one.taken);
            }
            self.wholes.push_back(one);
        }
    }

    /// Considers what is decided, in order.
    fn settle(&mut self, program: &Program, out: &mut Findings) {
        if program.greedy {
            return self.settle_greedy(program, out);
        }
        let mut moved = false;
        while let Some(front) = self.wholes.front() {
            if front.fate == Fate::Open {
                break;
            }
            let Some(whole) = self.wholes.pop_front() else {
                break;
            };
            if program.is_late() {
                out.closed(&whole.taken);
            }
            if whole.fate == Fate::Stands && whole.first >= self.bound {
                moved |= self.find(whole, program, out);
            }
        }
        if moved {
            let bound = self.bound;
            self.partials.retain(|partial| partial.first >= bound);
        }
    }

    /// A start is decided when nothing that began there or before goes on.
    fn settle_greedy(&mut self, program: &Program, out: &mut Findings) {
        while let Some(first) = self.starts.first_entry() {
            let alive = self.partials.iter().map(|partial| partial.first).min();
            let undecided = first.get().iter().any(|whole| whole.fate == Fate::Open);
            if undecided || alive.is_some_and(|alive| alive <= *first.key()) {
                return;
            }
            let wholes = first.remove();
            for whole in &wholes {
                out.closed(&whole.taken);
            }
            let standing = wholes
                .into_iter()
                .filter(|whole| whole.fate == Fate::Stands && whole.first >= self.bound);
            let best = standing.reduce(|best, other| {
                let longer = other.taken.length.cmp(&best.taken.length);
                let order = longer.then_with(|| by_choices(&best.taken, &other.taken, true));
                if order.is_gt() { other } else { best }
            });
            if let Some(best) = best
                && self.find(best, program, out)
            {
                let bound = self.bound;
                self.partials.retain(|partial| partial.first >= bound);
            }
        }
    }

    /// A match is found. True: what began before some place goes no further.
    fn find(&mut self, whole: Whole, program: &Program, out: &mut Findings) -> bool {
        let taken_by = |step: usize| {
            let records = whole.taken.iter();
            records
                .filter(move |taken| taken.step == step)
                .map(|taken| taken.record.place)
        };
        let bound = match program.skip {
            Skip::None => 0,
            Skip::Next => whole.first + 1,
            Skip::PastLast => whole.taken.record.place + 1,
            Skip::ToFirst(step) => taken_by(step).last().unwrap_or(0).max(whole.first + 1),
            Skip::ToLast(step) => taken_by(step).next().unwrap_or(0).max(whole.first + 1),
        };
        out.found.push(Found {
            taken: whole.taken,
            timeout: false,
        });
        let moved = bound > self.bound;
        self.bound = self.bound.max(bound);
        moved
    }

    /// Nothing comes of what it holds.
    pub fn forget(&mut self, program: &Program, out: &mut Findings) {
        if program.is_late() {
            let starts = self.starts.values().flatten();
            for whole in self.wholes.iter().chain(starts) {
                out.closed(&whole.taken);
            }
        }
        *self = Machine::default();
    }

    /// What began at `first` has run out of time.
    pub fn run_out(&mut self, first: u64, program: &Program, out: &mut Findings) {
        self.end(program, out, |start| start == first);
    }

    /// No record comes any more.
    pub fn finish(&mut self, program: &Program, out: &mut Findings) {
        self.end(program, out, |_| true);
    }

    fn end(&mut self, program: &Program, out: &mut Findings, over: impl Fn(u64) -> bool) {
        let starts = self.starts.values_mut().flatten();
        for whole in self.wholes.iter_mut().chain(starts) {
            if whole.fate == Fate::Open && over(whole.first) {
                whole.fate = Fate::Stands;
            }
        }
        if program.timeouts {
            let mut late: Vec<&Partial> = self
                .partials
                .iter()
                .filter(|partial| over(partial.first) && !is_whole(partial, program))
                .collect();
            late.sort_by(|a, b| {
                let by_start = a.first.cmp(&b.first);
                by_start.then_with(|| by_choices(&a.taken, &b.taken, program.greedy))
            });
            out.found.extend(late.into_iter().map(|partial| Found {
                taken: Arc::clone(&partial.taken),
                timeout: true,
            }));
        }
        self.partials.retain(|partial| !over(partial.first));
        self.settle(program, out);
    }

    /// Of partial matches in one state keeps the one that is considered first.
    fn forget_equals(&mut self, program: &Program) {
        let steps = &program.pattern.steps;
        let state = |partial: &Partial| {
            let quantifier = steps[partial.taken.step].quantifier;
            let repeats = match quantifier.most {
                u32::MAX => partial.repeats.min(quantifier.least),
                _ => partial.repeats,
            };
            let fresh = partial.fresh && program.asks_next;
            (partial.taken.step, repeats, partial.edges, fresh)
        };
        let mut kept: Vec<Partial> = Vec::with_capacity(self.partials.len());
        let mut known: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for partial in self.partials.drain(..) {
            let equals = known.entry(state(&partial)).or_default();
            let decided = equals.iter().find_map(|&at| {
                let first = precedes(&kept[at], &partial)?;
                Some((at, first))
            });
            match decided {
                Some((_, true)) => {}
                Some((at, false)) => kept[at] = partial,
                None => {
                    equals.push(kept.len());
                    kept.push(partial);
                }
            }
        }
        self.partials = kept;
    }
}

fn is_whole(partial: &Partial, program: &Program) -> bool {
    let step = partial.taken.step;
    program.ends[step] && partial.repeats >= program.pattern.steps[step].quantifier.least
}

/// Lets a partial match meet a record.
fn go_on(
    partial: &mut Partial,
    program: &Program,
    coming: &mut Coming<'_>,
    judge: &mut dyn Judge,
    made: &mut Vec<Partial>,
    whole: &mut Vec<Whole>,
) {
    let steps = &program.pattern.steps;
    let own = partial.taken.step;
    let fresh = std::mem::replace(&mut partial.fresh, false);
    // Steps in front of which something must not come that has come, and what lies behind.
    let barred = |next: bool, judge: &mut dyn Judge, edges: u64| -> u64 {
        let mut open = edges;
        for (at, step) in steps.iter().enumerate().skip(own + 1) {
            if open >> at == 0 {
                break;
            }
            let comes = step.nots.iter().any(|not| {
                not.next == next
                    && coming.flags >> not.name & 1 != 0
                    && judge.holds(not.name, coming, Some(&partial.taken))
            });
            if comes {
                open &= (1 << at) - 1;
                break;
            }
        }
        open
    };
    if fresh && program.asks_next {
        partial.edges = barred(true, judge, partial.edges);
    }
    let stays = barred(false, judge, partial.edges);
    let mut edges = partial.edges;
    let mut open = stays;
    while edges != 0 {
        let target = edges.trailing_zeros() as usize;
        edges &= edges - 1;
        let link = match target == own {
            true => steps[own].inner,
            false => steps[target].link,
        };
        let taken = extend(Some(partial), target, program, coming, judge, made, whole);
        if link == Link::Next || (link == Link::Then && taken) {
            open &= !(1 << target);
        }
    }
    partial.edges = open;
}

/// Takes a record as one of `step`, behind a partial match or as the first. False: it is none.
fn extend(
    partial: Option<&Partial>,
    step: usize,
    program: &Program,
    coming: &mut Coming<'_>,
    judge: &mut dyn Judge,
    made: &mut Vec<Partial>,
    whole: &mut Vec<Whole>,
) -> bool {
    let shape = &program.pattern.steps[step];
    let before = partial.map(|partial| &partial.taken);
    if coming.flags >> shape.name & 1 == 0
        || !judge.holds(shape.name, coming, before.map(AsRef::as_ref))
    {
        return false;
    }
    let record = coming.record();
    let repeats = match partial {
        Some(partial) if partial.taken.step == step => partial.repeats + 1,
        _ => 1,
    };
    let first = partial.map_or(coming.place, |partial| partial.first);
    let taken = Arc::new(Taken {
        seen: judge.seen(step, &record, before.map(AsRef::as_ref)),
        length: before.map_or(1, |before| before.length + 1),
        before: before.cloned(),
        record,
        step,
    });
    let quantifier = shape.quantifier;
    let mut edges = 0;
    if repeats < quantifier.most {
        edges |= 1 << step;
    }
    if repeats >= quantifier.least {
        edges |= program.forward[step];
        if program.ends[step] {
            whole.push(Whole {
                taken: Arc::clone(&taken),
                first,
                fresh: true,
                fate: match program.pattern.end.is_empty() {
                    true => Fate::Stands,
                    false => Fate::Open,
                },
            });
        }
    }
    if edges != 0 {
        made.push(Partial {
            taken,
            repeats,
            edges,
            fresh: true,
            first,
        });
    }
    true
}

/// Where two ways part: the first record that one has and the other has not, of each.
fn parting<'a>(a: &'a Taken, b: &'a Taken) -> (Option<&'a Taken>, Option<&'a Taken>) {
    fn up<'a>(taken: &mut &'a Taken, child: &mut Option<&'a Taken>) -> bool {
        *child = Some(taken);
        match &taken.before {
            Some(before) => {
                *taken = before;
                true
            }
            None => false,
        }
    }
    let (mut x, mut y) = (a, b);
    let (mut of_x, mut of_y) = (None, None);
    while x.length > y.length && up(&mut x, &mut of_x) {}
    while y.length > x.length && up(&mut y, &mut of_y) {}
    while !std::ptr::eq(x, y) {
        if !(up(&mut x, &mut of_x) & up(&mut y, &mut of_y)) {
            break;
        }
    }
    (of_x, of_y)
}

/// The order of two ways from one start: at the first difference a reluctant search goes on to a later step
/// before it repeats, a greedy one repeats first; then the earlier record comes first. A way comes before those
/// that go on from it.
fn by_choices(a: &Taken, b: &Taken, greedy: bool) -> Ordering {
    match parting(a, b) {
        (Some(x), Some(y)) => {
            let steps = match greedy {
                true => x.step.cmp(&y.step),
                false => y.step.cmp(&x.step),
            };
            steps.then(x.record.place.cmp(&y.record.place))
        }
        (x, y) => x.is_some().cmp(&y.is_some()),
    }
}

/// Whether every match that goes on from `a` is considered before the same one that goes on from `b`, which is in
/// the same state; `None`: it depends.
fn precedes(a: &Partial, b: &Partial) -> Option<bool> {
    if a.first != b.first {
        return Some(a.first < b.first);
    }
    // One that is the beginning of the other goes on by its edges where the other has a record.
    let against = |edges: u64, taken: &Taken| {
        let later = edges & !((1 << taken.step) | ((1 << taken.step) - 1));
        match (later == edges, later == 0) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    };
    match parting(&a.taken, &b.taken) {
        (Some(_), Some(_)) => Some(by_choices(&a.taken, &b.taken, false).is_lt()),
        (None, Some(y)) => against(a.edges, y),
        (Some(x), None) => against(b.edges, x).map(|first| !first),
        (None, None) => Some(true),
    }
}
