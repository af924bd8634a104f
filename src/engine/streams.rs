//! Sources that are read front to end. One is read by the thread that controls the run; of several each has a
//! thread of its own, and the control takes their blocks as they come, or as time asks for them. Blocks are
//! numbered when they are handed out, and go to the workers through a bounded channel: when workers are behind,
//! nothing more is read. Invariant: no more than a few blocks of a source are ever held.

use super::Report;
use super::control::{Control, Flight, Landing};
use super::cutter::{Cut, Cutter};
use super::driver::{Guard, Running};
use super::front::{SourceWorker, next_chunk};
use super::input::TooLong;
use super::open::Group;
use super::order::lock;
use crate::bytes::scan;
use crate::data::{Block, Chunk};
use crate::error::status;
use crate::plan::node::{NodeKind, Plan, Turn};
use crossbeam::channel::{self, Receiver, RecvTimeoutError, Select, Sender};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a reading thread waits for bytes before it looks whether the run is over.
const LOOK: Duration = Duration::from_millis(200);
/// Blocks of one source that wait for the control.
const AHEAD: usize = 2;

/// A block with a record that was too long behind it, and the lines before it in its input.
struct Piece {
    block: Block,
    long: Option<TooLong>,
    lines: u64,
}

/// What the control is given next.
enum Came {
    Piece(usize, Piece),
    /// Nothing, in the time that was asked for.
    Nothing,
    /// A source has ended, perhaps by a fault.
    Ended(usize, Option<(u32, std::io::Error)>),
}

/// The parts of a source, one behind the other.
struct Parts {
    cutters: VecDeque<Cutter>,
    lines: Option<u64>,
}

impl Parts {
    fn next(&mut self, source: usize, wait: Duration, spare: impl FnOnce() -> Vec<u8>) -> Came {
        let Some(cutter) = self.cutters.front_mut() else {
            return Came::Ended(source, None);
        };
        let lines = self.lines.get_or_insert(cutter.header_lines);
        match cutter.next(Some(wait), spare()) {
            Ok(Cut::Block(block, long)) => {
                let before = *lines;
                *lines += scan::count_byte(block.bytes(), b'\n') as u64 + u64::from(long.is_some());
                let lines = before;
                Came::Piece(source, Piece { block, long, lines })
            }
            Ok(Cut::Idle) => Came::Nothing,
            Ok(Cut::End) => {
                self.cutters.pop_front();
                self.lines = None;
                match self.cutters.is_empty() {
                    true => Came::Ended(source, None),
                    false => Came::Nothing,
                }
            }
            Err(error) => {
                let input = cutter.input();
                self.cutters.clear();
                Came::Ended(source, Some((input, error)))
            }
        }
    }
}

/// Where blocks come from: the one source, or a thread for each.
enum Intake {
    One(Parts),
    Many(Vec<Option<Receiver<Came>>>),
}

impl Intake {
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
                    [] => return Came::Nothing,
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

/// Which of several sources may be read next.
struct Turns {
    turns: Vec<Turn>,
    ended: Vec<bool>,
    /// None of them is live: what is read first is ours to say.
    finite: bool,
}

impl Turns {
    fn new(plan: &Plan, groups: &[Group]) -> Turns {
        let rights = plan.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Custom(custom) => custom.right.as_ref().map(|right| right.turn),
            _ => None,
        });
        let of_side: Vec<Turn> = std::iter::once(Turn::Any).chain(rights).collect();
        Turns {
            turns: groups.iter().map(|group| of_side[group.side]).collect(),
            ended: vec![false; groups.len()],
            finite: groups.iter().all(|group| !group.live),
        }
    }

    fn wanted(&self, control: &Control<'_, '_>) -> Vec<usize> {
        let open = |turn: Turn| -> Vec<usize> {
            (0..self.turns.len())
                .filter(|&source| !self.ended[source] && self.turns[source] == turn)
                .collect()
        };
        let mut wanted = open(Turn::First);
        if !wanted.is_empty() {
            wanted.truncate(1);
            return wanted;
        }
        wanted = open(Turn::Any);
        if wanted.is_empty() {
            wanted = open(Turn::Last);
            wanted.truncate(1);
        }
        if self.finite
            && let Some(&behind) = wanted
                .iter()
                .min_by_key(|source| control.mark(**source).unwrap_or(i64::MIN))
        {
            // The source whose time is behind: so that little of the other is kept waiting.
            return vec![behind];
        }
        wanted
    }
}

impl<'s> Running<'s> {
    /// Reads sources front to end, and hands their blocks to the workers.
    pub fn streams(&self, groups: Vec<Group>, report: &mut Report) {
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
            let side = self.sides[block.source as usize];
            let buf = next_chunk(chunk, block);
            if sources == 1 {
                keep(&spare, buf);
            }
            self.block(worker, side, &mut readers[side], chunk, long);
        };
        let work = |worker: usize, receive: Receiver<(Block, Option<TooLong>)>| {
            let _guard = Guard(self);
            let _working = flight.working();
            let mut readers = readers();
            let mut chunk = Chunk::default();
            for block in receive {
                let landed = Landing(&flight);
                run(worker, &mut readers, &mut chunk, block);
                drop(landed);
            }
        };
        let mut local = (self.threads == 1).then(|| (readers(), Chunk::default()));
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
            let mut parts = groups.into_iter().map(|group| Parts {
                cutters: group.cutters,
                lines: None,
            });
            let mut intake = match (sources, parts.next()) {
                (1, Some(one)) => Intake::One(one),
                (_, first) => {
                    let threads = first.into_iter().chain(parts).enumerate();
                    Intake::Many(
                        threads
                            .map(|(source, parts)| {
                                let (give, take) = channel::bounded(AHEAD);
                                let done = &done;
                                scope.spawn(move || self.read(source, parts, &give, done));
                                Some(take)
                            })
                            .collect(),
                    )
                }
            };
            let mut number = 0;
            let mut places = vec![0; sources];
            while !self.over() && !control.is_out_of_time() {
                let wanted = turns.wanted(&control);
                if wanted.is_empty() {
                    break;
                }
                let patience = control.patience(flight.count() > 0);
                let buf = || lock(&spare).pop().unwrap_or_default();
                match intake.next(patience, &wanted, buf) {
                    Came::Piece(source, piece) => {
                        let now = self.shared.run.clock.now();
                        control.arrived(source, now, &flight);
                        let mut block = piece.block;
                        let side = self.sides[source];
                        let stage = match side {
                            0 => 0,
                            _ => self.entries[side - 1].0,
                        };
                        block.seq = self.lanes[stage].stage.seq.fetch_add(1, Ordering::Relaxed);
                        block.number = number;
                        block.place = places[source];
                        block.source = source as u32;
                        block.arrival = now;
                        block.lines = Some(piece.lines);
                        number += 1;
                        places[source] += 1;
                        if let Some((readers, chunk)) = &mut local {
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
                    Came::Nothing => {
                        for source in 0..sources {
                            if intake.has_more(source) {
                                control.hears(source);
                            }
                        }
                        control.idle(&flight);
                    }
                    Came::Ended(source, fault) => {
                        if let Some((input, error)) = fault {
                            let name = self.shared.names.get(input as usize);
                            let name = name.map_or("-", String::as_str);
                            report
                                .unreadable
                                .push((format!("{name}: {error}"), status::NO_INPUT));
                        }
                        turns.ended[source] = true;
                        control.ended(source, &flight);
                    }
                }
            }
            done.store(true, Ordering::Relaxed);
            flight.wait();
            control.finish(&flight);
            drop(send);
        });
    }

    /// One of several sources, read by a thread of its own.
    fn read(&self, source: usize, mut parts: Parts, give: &Sender<Came>, done: &AtomicBool) {
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
    }
}

fn keep(spare: &Mutex<Vec<Vec<u8>>>, buf: Vec<u8>) {
    let mut spare = lock(spare);
    if spare.len() < 64 && buf.capacity() > 0 && buf.capacity() <= 4 << 20 {
        spare.push(buf);
    }
}
