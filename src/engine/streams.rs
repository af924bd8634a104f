//! Sources that are read front to end. One is read by the thread that controls the run; of several each has a
//! thread of its own, and the control takes their blocks as they come, or as time asks for them. Blocks are
//! numbered when they are handed out, and go to the workers through a bounded channel: when workers are behind,
//! nothing more is read. Invariant: no more than a few blocks of a source are ever held.

use super::Report;
use super::commit::Kept;
use super::control::{Control, Flight, Landing};
use super::cutter::Cut;
use super::driver::{Guard, Running};
use super::front::{SourceWorker, next_chunk};
use super::input::TooLong;
use super::inputs::InputList;
use super::open::{Found, Group, OpenPart, Opener, Opening};
use super::order::lock;
use super::ordered::Ordered;
use super::tracked::{Spot, Tracked};
use super::turns::Turns;
use super::wal::Received;
use crate::bytes::{PADDING, scan};
use crate::data::block::Origin;
use crate::data::saved::Saved;
use crate::data::{Block, Chunk};
use crate::error::{Failure, status};
use crate::formats::Framing;
use crate::plan::node::Source;
use crate::sources::{Next, Parts};
use anyhow::Result;
use crossbeam::channel::{self, Receiver, RecvTimeoutError, Select, Sender};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a reading thread waits for bytes before it looks whether the run is over.
const LOOK: Duration = Duration::from_millis(200);
/// Blocks of one source that wait for the control.
const AHEAD: usize = 2;

/// How often it is looked whether sources have appeared.
const LOOK_FOR: Duration = Duration::from_millis(250);
const TOO_MANY: &str =
    "more files have appeared than can be followed at the same time; the rest is not read";

/// A block with a record that was too long behind it, and the lines before it in its input.
struct Piece {
    block: Block,
    long: Option<TooLong>,
    lines: u64,
    /// What is handed out with it.
    spot: Option<Spot>,
    /// When it came, if that was in a run before.
    arrival: Option<i64>,
}

/// What the control is given next.
enum Came {
    Piece(usize, Piece),
    /// A part begins or ends here.
    Spot(usize, Spot),
    /// Nothing, in the time that was asked for.
    Nothing,
    /// A source has ended, perhaps by a fault: what the name says cannot be read.
    Ended(usize, Option<(String, std::io::Error)>),
}

/// The parts of a source, one behind the other.
struct Reading<'r> {
    opener: Opener<'r>,
    list: &'r InputList,
    opening: Option<Opening>,
    open: VecDeque<OpenPart>,
    rest: VecDeque<Box<dyn Parts>>,
}

impl OpenPart {
    fn spot(&self, done: bool) -> Option<Spot> {
        Some(Spot {
            file: self.file.clone()?,
            offset: self.cutter.offset(),
            lines: self.lines,
            done,
        })
    }
}

impl Reading<'_> {
    fn next(&mut self, source: usize, wait: Duration, spare: impl FnOnce() -> Vec<u8>) -> Came {
        match self.advance(source, wait, spare) {
            Ok(came) => came,
            Err(error) => {
                let name = self.open.front().map(|part| part.cutter.input());
                let name = name.map_or_else(String::new, |input| self.list.name(input));
                self.open.clear();
                self.rest.clear();
                Came::Ended(source, Some((name, error)))
            }
        }
    }

    fn advance(
        &mut self,
        source: usize,
        wait: Duration,
        spare: impl FnOnce() -> Vec<u8>,
    ) -> std::io::Result<Came> {
        if self.opening.is_some() {
            let ready = self
                .opener
                .ready(&mut self.opening, Some(wait), self.list)?;
            self.open.extend(ready);
            return Ok(Came::Nothing);
        }
        let Some(part) = self.open.front_mut() else {
            return self.open_next(source, wait);
        };
        match part.cutter.next(Some(wait), spare())? {
            Cut::Block(block, long) => {
                let lines = part.lines;
                part.lines += scan::count_byte(block.bytes(), b'\n') as u64
                    + long.map_or(0, |long| long.lines);
                let spot = part.spot(false);
                Ok(Came::Piece(
                    source,
                    Piece {
                        block,
                        long,
                        lines,
                        spot,
                        arrival: None,
                    },
                ))
            }
            Cut::Idle => Ok(Came::Nothing),
            Cut::End => {
                let ended = self.open.pop_front();
                let spot = ended.and_then(|part| part.spot(!part.cutter.goes_on()));
                Ok(match spot {
                    Some(spot) => Came::Spot(source, spot),
                    None if self.open.is_empty() && self.rest.is_empty() => {
                        Came::Ended(source, None)
                    }
                    None => Came::Nothing,
                })
            }
        }
    }

    /// Nothing more is read: what has come of the record at hand, unless another run reads it again.
    fn rest(&mut self) -> Option<Piece> {
        let part = self.open.front_mut()?;
        if part.file.is_some() && self.opener.run.keeping.is_some() {
            return None;
        }
        let block = part.cutter.rest()?;
        Some(Piece {
            block,
            long: None,
            lines: part.lines,
            spot: None,
            arrival: None,
        })
    }

    fn open_next(&mut self, source: usize, wait: Duration) -> std::io::Result<Came> {
        let Some(parts) = self.rest.front_mut() else {
            return Ok(Came::Ended(source, None));
        };
        match parts.next(Some(wait))? {
            Next::Idle => {}
            Next::End => {
                self.rest.pop_front();
            }
            Next::Part(part) => {
                let spot = part.file.clone().map(|file| Spot {
                    file,
                    offset: part.offset,
                    lines: part.lines,
                    done: false,
                });
                self.opening = Some(self.opener.begin(part, Vec::new())?);
                if let Some(spot) = spot {
                    return Ok(Came::Spot(source, spot));
                }
            }
        }
        Ok(Came::Nothing)
    }
}

/// Where blocks come from: the one source, or a thread for each.
enum Intake<'r> {
    One(Box<Reading<'r>>),
    Many(Vec<Option<Receiver<Came>>>),
}

impl Intake<'_> {
    /// The next of the sources that are `wanted`.
    fn next(&mut self, wait: Duration, wanted: &[usize], spare: impl FnOnce() -> Vec<u8>) -> Came {
        match self {
            Intake::One(parts) => parts.next(0, wait, spare),
            Intake::Many(receivers) => {
                let open: Vec<(usize, &Receiver<Came>)> = wanted
                    .iter()
                    .filter_map(|&source| Some((source, receivers[source].as_ref()?)))
                    .collect();
                let came = match open.as_slice() {
                    [] => {
                        // Sources may appear.
                        std::thread::sleep(wait);
                        return Came::Nothing;
                    }
                    [(source, receiver)] => match receiver.recv_timeout(wait) {
                        Ok(came) => came,
                        Err(RecvTimeoutError::Timeout) => return Came::Nothing,
                        Err(RecvTimeoutError::Disconnected) => Came::Ended(*source, None),
                    },
                    open => {
                        let mut select = Select::new();
                        for (_, receiver) in open {
                            select.recv(receiver);
                        }
                        match select.select_timeout(wait) {
                            Err(_) => return Came::Nothing,
                            Ok(ready) => {
                                let (source, receiver) = open[ready.index()];
                                let came = ready.recv(receiver);
                                came.unwrap_or(Came::Ended(source, None))
                            }
                        }
                    }
                };
                if let Came::Ended(source, _) = came {
                    receivers[source] = None;
                }
                came
            }
        }
    }

    /// Nothing more is read: what has been read and not been taken. `done` has been set.
    fn rest(&mut self) -> VecDeque<Came> {
        match self {
            Intake::One(parts) => parts
                .rest()
                .map(|piece| Came::Piece(0, piece))
                .into_iter()
                .collect(),
            Intake::Many(receivers) => {
                let receivers = receivers.iter().flatten();
                receivers.flat_map(|receiver| receiver.iter()).collect()
            }
        }
    }

    /// Nothing more is read of one of several.
    fn leave(&mut self, source: usize) {
        if let Intake::Many(receivers) = self {
            receivers[source] = None;
        }
    }

    /// Whether something of a source waits to be taken.
    fn has_more(&self, source: usize) -> bool {
        match self {
            Intake::One(_) => false,
            Intake::Many(receivers) => receivers[source]
                .as_ref()
                .is_some_and(|receiver| !receiver.is_empty()),
        }
    }
}

impl<'s> Running<'s> {
    /// Reads sources front to end, and hands their blocks to the workers.
    pub fn streams(&self, groups: Vec<Group>, mut finders: Vec<Found>, report: &mut Report) {
        let (send, receive) = channel::bounded::<(Block, Option<TooLong>)>(self.threads * 2);
        let spare: Mutex<Vec<Vec<u8>>> = Mutex::default();
        let flight = Flight::default();
        let sources = groups.len();
        let sides = self.plan.sides().count();
        let readers = || -> Vec<SourceWorker<'_>> {
            (0..sides)
                .map(|side| SourceWorker::new(self.plan, side))
                .collect()
        };
        let run = |worker: usize,
                   readers: &mut Vec<SourceWorker<'_>>,
                   chunk: &mut Chunk,
                   (block, long): (Block, Option<TooLong>)| {
            let side = self.side(block.source as usize);
            let buf = next_chunk(chunk, block);
            if sources == 1 {
                keep(&spare, buf);
            }
            self.block(worker, side, &mut readers[side], chunk, long);
        };
        let work = |worker: usize, receive: Receiver<(Block, Option<TooLong>)>| {
            let _working = flight.working();
            let mut readers = readers();
            let mut chunk = Chunk::default();
            for block in receive {
                let _landed = Landing(&flight);
                // That it has failed is known before it has landed.
                let _guard = Guard(self);
                run(worker, &mut readers, &mut chunk, block);
            }
        };
        let by_moments = self.plan.early_by_data().is_some();
        let mut local = (self.threads == 1 || by_moments).then(|| (readers(), Chunk::default()));
        let mut turns = Turns::new(self.plan, &groups);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            if local.is_none() {
                flight.begin(self.threads);
                for worker in 0..self.threads {
                    let (work, receive) = (&work, receive.clone());
                    scope.spawn(move || work(worker, receive));
                }
            }
            // Only workers hold the other end: with all of them gone, sending fails.
            drop(receive);
            let mut control = Control::new(self, &groups);
            let sides: Vec<&Source> = self.plan.sides().collect();
            let reading = |group: Group| Reading {
                opener: Opener {
                    side: group.side,
                    source: sides[group.side],
                    run: self.shared.run,
                },
                list: &self.shared.inputs,
                opening: None,
                open: group.open,
                rest: group.rest,
            };
            let done = &done;
            let start = |source: usize, group: Group| {
                let (give, take) = channel::bounded(AHEAD);
                let parts = reading(group);
                scope.spawn(move || self.read(source, parts, &give, done));
                Some(take)
            };
            let mut tracked = Vec::new();
            for group in &groups {
                tracked.push(self.track(tracked.len(), group));
            }
            // Those that are there are known from the first commit on.
            let mut early = found(&mut finders, report);
            let mut groups = groups;
            for group in groups.iter_mut().chain(&mut early) {
                self.meet(group, report);
            }
            if self.kept.is_some_and(|kept| !kept.had) {
                // From here on a restart knows what was in the output before.
                control.commit(&mut tracked, false, true);
            }
            let mut intake = match groups.pop() {
                Some(only) if groups.is_empty() && finders.is_empty() => {
                    Intake::One(Box::new(reading(only)))
                }
                last => {
                    let all = groups.into_iter().chain(last).enumerate();
                    Intake::Many(all.map(|(source, group)| start(source, group)).collect())
                }
            };
            let mut next_look = i64::MIN;
            let mut replay = Replaying::default();
            let mut number = 0;
            let mut places = vec![0; sources];
            // What is left when no more is to be read.
            let mut rest: Option<VecDeque<Came>> = None;
            let mut sides_done = 0;
            let joined = self
                .plan
                .sides()
                .any(|source| matches!(source.format.framing(), Framing::Begun(_)));
            loop {
                if self.over() || control.is_out_of_time() {
                    if !joined || self.shared.enough.load(Ordering::Relaxed) {
                        break;
                    }
                    done.store(true, Ordering::Relaxed);
                    rest.get_or_insert_with(|| intake.rest());
                }
                let mut patience = control.patience(flight.count() > 0);
                if !finders.is_empty() {
                    patience = patience.min(LOOK_FOR);
                    let now = control.now();
                    if now >= next_look {
                        next_look = now.saturating_add(LOOK_FOR.as_nanos() as i64);
                        let appeared = match early.is_empty() {
                            true => found(&mut finders, report),
                            false => std::mem::take(&mut early),
                        };
                        for group in appeared {
                            let Intake::Many(receivers) = &mut intake else {
                                break;
                            };
                            let source = receivers.len();
                            let Some(side) = self.sides.get(source) else {
                                report.unreadable.push((TOO_MANY.into(), status::NO_INPUT));
                                finders.clear();
                                break;
                            };
                            side.store(group.side, Ordering::Relaxed);
                            control.add(group.side, group.live);
                            turns.add(group.side);
                            places.push(0);
                            tracked.push(self.track(source, &group));
                            receivers.push(start(source, group));
                        }
                    }
                }
                let done_now = self.shared.sides_done.load(Ordering::Relaxed);
                if done_now > std::mem::replace(&mut sides_done, done_now) {
                    // Rows enough have come of these: others are read on.
                    for source in 0..turns.ended.len() {
                        if self.side(source) < done_now && !turns.ended[source] {
                            turns.ended[source] = true;
                            intake.leave(source);
                            control.ended(source, &flight);
                        }
                    }
                }
                let wanted = turns.wanted(&control);
                if wanted.is_empty() && finders.is_empty() && rest.is_none() {
                    break;
                }
                let buf = || lock(&spare).pop().unwrap_or_default();
                let came = match rest.as_mut().map(VecDeque::pop_front) {
                    Some(None) => break,
                    Some(Some(came)) => Ok(Some(came)),
                    None => replay.next(self, &tracked),
                };
                let came = match came {
                    Ok(Some(came)) => came,
                    Ok(None) => {
                        control.replay(None);
                        intake.next(patience, &wanted, buf)
                    }
                    Err(error) => {
                        self.fail(error);
                        break;
                    }
                };
                match came {
                    Came::Piece(source, piece) => {
                        control.replay(piece.arrival);
                        let now = control.now();
                        if let Err(error) = self.receive(&tracked[source], &piece, now) {
                            self.fail(error);
                            break;
                        }
                        control.arrived(source, now, &flight);
                        let mut block = piece.block;
                        let side = self.side(source);
                        if !by_moments {
                            block.seq = self.next_in(side);
                        }
                        block.number = number;
                        block.place = places[source];
                        block.source = source as u32;
                        block.arrival = now;
                        block.lines = Some(piece.lines);
                        number += 1;
                        places[source] += 1;
                        self.note(&mut tracked[source], piece.spot);
                        if let (Some((readers, chunk)), true) = (&mut local, by_moments) {
                            let buf = next_chunk(chunk, block);
                            if sources == 1 {
                                keep(&spare, buf);
                            }
                            let (reader, long) = (&mut readers[side], piece.long);
                            self.block_by_moments(side, reader, chunk, long, &mut control, &flight);
                        } else if let Some((readers, chunk)) = &mut local {
                            run(0, readers, chunk, (block, piece.long));
                        } else {
                            flight.start();
                            if send.send((block, piece.long)).is_err() {
                                flight.end();
                                break;
                            }
                        }
                        control.after_block(&flight);
                    }
                    Came::Spot(source, spot) => {
                        self.note(&mut tracked[source], Some(spot));
                        control.moved();
                    }
                    Came::Nothing => {
                        for source in 0..places.len() {
                            if intake.has_more(source) {
                                control.hears(source);
                            }
                        }
                        control.idle(&flight);
                    }
                    Came::Ended(source, fault) => {
                        if let Some((name, error)) = fault {
                            let told = match name.as_str() {
                                "" => error.to_string(),
                                name => format!("{name}: {error}"),
                            };
                            report.unreadable.push((told, status::NO_INPUT));
                        }
                        turns.ended[source] = true;
                        control.ended(source, &flight);
                    }
                }
                control.keep(&mut tracked, &flight);
                self.reopen();
            }
            done.store(true, Ordering::Relaxed);
            flight.wait();
            if lock(&self.shared.last).is_some() {
                self.break_off(|| control.epoch(&flight));
            }
            if let Some(live) = &self.shared.run.live {
                // What comes now is the result.
                live.over();
            }
            let goes_on = self.kept.is_some_and(|kept| {
                let enough = self.shared.enough.load(Ordering::Relaxed);
                // What could not be read is read by another run.
                let all = report.unreadable.is_empty();
                !enough && (!all || kept.goes_on() || self.over() || control.is_out_of_time())
            });
            if goes_on {
                control.settle(&flight);
                if self.kept.is_some_and(Kept::flushes)
                    && !self.plan.sink.complete
                    && let Err(error) = self.peek()
                {
                    self.fail(error);
                }
                self.leave();
                self.shared.out.flush();
            } else {
                let ended = control.finish(&flight);
                self.end();
                self.mark_all(ended);
            }
            control.commit(&mut tracked, !goes_on, true);
            drop(send);
        });
    }

    /// Has the checkpoint know what a source will begin with, whatever becomes of that before it is read.
    fn meet(&self, group: &mut Group, report: &mut Report) {
        let Some(kept) = self.kept else { return };
        for parts in &mut group.rest {
            match parts.meet() {
                Ok(Some(place)) => kept.meet(group.side, place),
                Ok(None) => {}
                Err(error) => report
                    .unreadable
                    .push((error.to_string(), status::NO_INPUT)),
            }
        }
    }

    /// A source for the checkpoint; its time goes on from where that of a run before has ended.
    fn track(&self, source: usize, group: &Group) -> Tracked {
        if let Some(bytes) = self
            .kept
            .and_then(|kept| kept.times_of(group.side, &group.name))
        {
            let mut saved = Saved::new(&bytes);
            let meters = [&self.shared.meters[source], &self.shared.clocks[source]];
            for meter in meters {
                // A source of another kind under the same name begins anew.
                if meter.load(&mut saved).is_err() {
                    break;
                }
            }
        }
        Tracked::new(group.side, group.name.clone())
    }

    /// Remembers for the checkpoint how far a file has been handed out; without one files are let go as they end.
    fn note(&self, tracked: &mut Tracked, spot: Option<Spot>) {
        if let Some(spot) = spot.as_ref().filter(|spot| spot.done) {
            spot.file.let_go(spot.offset, spot.lines);
        }
        if let (Some(_), Some(spot)) = (self.kept, spot)
            && let Err(error) = tracked.note(spot)
        {
            self.fail(error);
        }
    }

    /// A block that cannot be read again is written down before it is worked on.
    fn receive(&self, tracked: &Tracked, piece: &Piece, now: i64) -> Result<()> {
        let Some(kept) = self.kept.filter(|_| piece.spot.is_none()) else {
            return Ok(());
        };
        if piece.arrival.is_some() {
            return Ok(());
        }
        kept.receive(self.shared.run, || {
            let origin = piece.block.origin;
            let info = self.shared.inputs.get(origin.input);
            Received {
                side: tracked.side,
                source: tracked.name.clone(),
                input: self.shared.inputs.name(origin.input),
                header: info.and_then(|info| info.header.clone()),
                arrival: now,
                offset: origin.offset,
                lines: piece.lines,
                long: piece.long,
                bytes: piece.block.bytes().to_vec(),
            }
        })
    }

    /// Outputs were moved away: they are opened again by name.
    fn reopen(&self) {
        if !self.shared.run.reopen.swap(false, Ordering::Relaxed) {
            return;
        }
        let path = self.plan.sink.path.as_deref().unwrap_or("standard output");
        let own = |error: std::io::Error| (path.to_string(), error);
        let reopened = self.shared.out.reopen().map_err(own);
        let reopened = reopened
            .and_then(|()| self.reopen_tees())
            .and_then(|()| self.shared.ledger.reopen());
        if let Err((path, error)) = reopened {
            self.fail(
                Failure {
                    status: status::CANT_CREATE,
                    message: format!("cannot open '{path}' again: {error}"),
                }
                .into(),
            );
        }
    }

    fn reopen_tees(&self) -> Result<(), (String, std::io::Error)> {
        for turnstile in self.lanes.iter().flat_map(|lane| &lane.stage.ordered) {
            turnstile.with(|state| match state {
                Ordered::Tee {
                    sink,
                    path,
                    begin,
                    waits,
                    ..
                } => {
                    let reopened = sink.reopen().and_then(|is_new| match is_new && !*waits {
                        true => sink.write(begin),
                        false => Ok(()),
                    });
                    reopened.map_err(|error| (path.clone(), error))
                }
                _ => Ok(()),
            })?;
        }
        Ok(())
    }

    /// The side that a source is of.
    pub fn side(&self, source: usize) -> usize {
        self.sides[source].load(Ordering::Relaxed)
    }

    /// One of several sources, read by a thread of its own.
    fn read(&self, source: usize, mut parts: Reading<'_>, give: &Sender<Came>, done: &AtomicBool) {
        let _guard = Guard(self);
        while !self.over() && !done.load(Ordering::Relaxed) {
            match parts.next(source, LOOK, Vec::new) {
                Came::Nothing => {}
                came => {
                    let last = matches!(came, Came::Ended(..));
                    if give.send(came).is_err() || last {
                        return;
                    }
                }
            }
        }
        if let Some(piece) = parts.rest() {
            // Whether anybody still listens is their affair.
            let _ = give.send(Came::Piece(source, piece));
        }
    }
}

/// What runs before have received and not committed comes first.
#[derive(Default)]
struct Replaying {
    /// Inputs that it came from, as they are known now.
    inputs: BTreeMap<(usize, String, Option<Vec<u8>>), u32>,
    over: bool,
}

impl Replaying {
    fn next(&mut self, running: &Running<'_>, tracked: &[Tracked]) -> Result<Option<Came>> {
        let Some(kept) = running.kept.filter(|_| !self.over) else {
            return Ok(None);
        };
        while let Some(received) = kept.replay()? {
            let is_it = |one: &Tracked| (one.side, &one.name) == (received.side, &received.source);
            let Some(source) = tracked.iter().position(is_it) else {
                running.shared.run.opening.notes.tell(&format!(
                    "what '{}' had received is not read again: it is no source of this run",
                    received.source
                ));
                continue;
            };
            let key = (received.side, received.input, received.header);
            let input = *self
                .inputs
                .entry(key)
                .or_insert_with_key(|(side, name, header)| {
                    running
                        .shared
                        .inputs
                        .add(name.clone(), *side, header.clone())
                });
            let len = received.bytes.len();
            let mut bytes = received.bytes;
            bytes.resize(len + PADDING, 0);
            let mut block = Block::from_padded(bytes, len);
            block.origin = Origin {
                input,
                offset: received.offset,
            };
            let mut long = received.long;
            if let Some(long) = &mut long {
                long.origin.input = input;
            }
            return Ok(Some(Came::Piece(
                source,
                Piece {
                    block,
                    long,
                    lines: received.lines,
                    spot: None,
                    arrival: Some(received.arrival),
                },
            )));
        }
        self.over = true;
        Ok(None)
    }
}

/// Sources that have appeared.
fn found(finders: &mut [Found], report: &mut Report) -> Vec<Group> {
    let mut groups = Vec::new();
    for found in finders {
        match found.finder.look() {
            Ok(parts) => groups.extend(parts.into_iter().map(|(name, parts)| Group {
                side: found.side,
                name,
                open: VecDeque::new(),
                rest: VecDeque::from([parts]),
                live: true,
            })),
            Err(error) => report
                .unreadable
                .push((error.to_string(), status::NO_INPUT)),
        }
    }
    groups
}

fn keep(spare: &Mutex<Vec<Vec<u8>>>, buf: Vec<u8>) {
    let mut spare = lock(spare);
    if spare.len() < 64 && buf.capacity() > 0 && buf.capacity() <= 4 << 20 {
        spare.push(buf);
    }
}
