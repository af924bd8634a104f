//! Order among workers: a turnstile for what must see chunks in sequence, and the linearizer that puts
//! finished output back in order. Chunks are handed out in sequence and every chunk passes every turnstile,
//! so waiting for a predecessor always ends.

use crate::data::saved::{Damaged, Save, Saved};
use crate::formats::Layout;
use crate::memory;
use crate::sinks::{Mark, Sink, Target, Whole};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Locks, also behind a panic elsewhere: the run is ending then and says so.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does `work(worker, i)` for each `i` below `count`, on at most so many threads, of which each takes the next number
/// when it has done one. Waits for all.
pub fn share_out(threads: usize, count: usize, work: &(impl Fn(usize, usize) + Sync)) {
    let next = AtomicUsize::new(0);
    let take = |worker: usize| {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= count {
                return;
            }
            work(worker, i);
        }
    };
    let threads = threads.min(count);
    if threads <= 1 {
        return take(0);
    }
    let is_state = memory::is_state();
    std::thread::scope(|scope| {
        for worker in 0..threads {
            let take = &take;
            scope.spawn(move || {
                let _state = is_state.then(memory::state);
                take(worker);
            });
        }
    });
}

/// Lets chunks through one at a time, by sequence, each with the state that it guards.
pub struct Turnstile<T> {
    state: Mutex<(u64, bool, T)>,
    turned: Condvar,
}

impl<T> Turnstile<T> {
    pub fn new(state: T) -> Turnstile<T> {
        Turnstile {
            state: Mutex::new((0, false, state)),
            turned: Condvar::new(),
        }
    }

    /// Waits for the turn of `seq`, runs `f` and lets the next one in. `None` after [`Turnstile::abandon`].
    pub fn pass<R>(&self, seq: u64, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut guard = lock(&self.state);
        while guard.0 != seq {
            if guard.1 {
                return None;
            }
            guard = self
                .turned
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let state = memory::state();
        let answer = f(&mut guard.2);
        drop(state);
        guard.0 += 1;
        drop(guard);
        self.turned.notify_all();
        Some(answer)
    }

    /// Lets nobody in for a number that no chunk has here.
    pub fn skip(&self) {
        lock(&self.state).0 += 1;
        self.turned.notify_all();
    }

    /// The first chunk to come has this number.
    pub fn begin(&self, seq: u64) {
        lock(&self.state).0 = seq;
    }

    /// A worker failed: nobody waits for its chunk any more.
    pub fn abandon(&self) {
        lock(&self.state).1 = true;
        self.turned.notify_all();
    }

    /// The state, when no chunk is on its way.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let mut guard = lock(&self.state);
        let _state = memory::state();
        f(&mut guard.2)
    }
}

/// What has been written so far.
#[derive(Debug, Default, Clone, Copy)]
pub struct Written {
    pub rows: u64,
    pub bytes: u64,
}

/// Puts the workers' output in order and hands it to the sink.
pub struct Linearizer {
    state: Mutex<Outgoing>,
    moved: Condvar,
    /// Buffers that may wait for their turn; a worker further ahead waits.
    ahead_max: usize,
}

/// When what stands before the first row of a file is written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Head {
    Now,
    /// Columns are told by a record that is not there yet.
    WithRows,
    /// It was, by a run before, or is each file's own.
    There,
}

/// The output of one chunk.
#[derive(Debug, Default)]
pub struct Piece {
    pub bytes: Vec<u8>,
    pub rows: u64,
    /// Where the rows of each batch begin, where batches are marked.
    pub ends: Vec<(i64, usize)>,
    /// Where the rows of each file begin, where there are many.
    pub files: Vec<(Target, usize)>,
    /// Of rows that are only shown: where those of each window begin, and whether there are more of them.
    pub windows: Vec<(Option<(i64, i64)>, usize)>,
    pub more: bool,
}

/// Rows that are shown and not printed.
#[derive(Debug, Default)]
pub struct Aside {
    pub runs: Vec<Run>,
    /// There are more than there was room for.
    pub more: bool,
    room: usize,
    rows: usize,
}

/// Rows of one window, as the writers gave them.
#[derive(Debug)]
pub struct Run {
    pub window: Option<(i64, i64)>,
    pub bytes: Vec<u8>,
}

impl Run {
    /// When they are printed: at the end of their window, or of the input.
    pub fn end(&self) -> i64 {
        self.window.map_or(i64::MAX, |(_, end)| end)
    }
}

/// Lines that mark the ends of batches.
#[derive(Copy, Clone, Debug)]
struct Marker {
    /// The batch that is open, and its number.
    batch: i64,
    number: u64,
}

struct Outgoing {
    next: u64,
    waiting: BTreeMap<u64, Piece>,
    marker: Option<Marker>,
    /// No row is of a later batch.
    mark_most: i64,
    sink: Box<dyn Sink>,
    layout: Option<Box<dyn Layout>>,
    /// What comes is shown and not printed.
    aside: Option<Aside>,
    /// What stands before the first row of a file, and the layout as it is there.
    head: Vec<u8>,
    fresh: Vec<u8>,
    /// The head is not written yet.
    waits: bool,
    laid: Vec<u8>,
    spare: Vec<Vec<u8>>,
    written: Written,
    failed: Option<std::io::Error>,
    abandoned: bool,
    /// The last chunk whose output is wanted.
    last: Option<u64>,
}

/// The line that marks a batch or a commit.
pub fn mark(number: u64) -> String {
    format!("-- {number}\n")
}

impl Linearizer {
    pub fn new(
        sink: Box<dyn Sink>,
        layout: Option<Box<dyn Layout>>,
        ahead_max: usize,
    ) -> Linearizer {
        Linearizer {
            state: Mutex::new(Outgoing {
                next: 0,
                waiting: BTreeMap::new(),
                marker: None,
                mark_most: i64::MAX,
                sink,
                layout,
                aside: None,
                head: Vec::new(),
                fresh: Vec::new(),
                waits: false,
                laid: Vec::new(),
                spare: Vec::new(),
                written: Written::default(),
                failed: None,
                abandoned: false,
                last: None,
            }),
            moved: Condvar::new(),
            ahead_max,
        }
    }

    /// Takes what stands before the first row of a file, and when it is written.
    pub fn begin(&self, head: Vec<u8>, when: Head) {
        let mut out = lock(&self.state);
        match when {
            Head::Now => out.write(&head),
            Head::WithRows => out.waits = true,
            Head::There => {}
        }
        out.head = head;
        out.fresh = out.layout_saved();
    }

    /// Nothing more comes for files that end by then.
    pub fn closed(&self, upto: i64) {
        lock(&self.state).attempt(|sink| sink.closed(upto));
    }

    /// An answer that is whole begins or ends; what else comes is not part of one.
    pub fn whole(&self, at: Whole) {
        let mut out = lock(&self.state);
        out.flush();
        if at == Whole::Begins {
            let fresh = std::mem::take(&mut out.fresh);
            if let Some(layout) = &mut out.layout {
                // It was saved by the same layout.
                let _ = layout.load(&mut Saved::new(&fresh));
            }
            out.fresh = fresh;
        }
        out.attempt(|sink| sink.whole(at));
    }

    /// A buffer to fill.
    pub fn buffer(&self) -> Vec<u8> {
        lock(&self.state).spare.pop().unwrap_or_default()
    }

    /// Takes the output of chunk `seq`. False: writing has failed, nothing more is wanted.
    pub fn put(&self, seq: u64, piece: Piece) -> bool {
        let mut out = lock(&self.state);
        if let Some(aside) = &mut out.aside {
            // One thread gives it, in order.
            aside.take(&piece);
            return true;
        }
        while out.waiting.len() >= self.ahead_max
            && out.next != seq
            && !out.abandoned
            && out.failed.is_none()
        {
            out = self.moved.wait(out).unwrap_or_else(PoisonError::into_inner);
        }
        if out.next != seq {
            out.waiting.insert(seq, piece);
            return out.failed.is_none();
        }
        out.send(piece);
        while let Some(piece) = {
            let next = out.next;
            out.waiting.remove(&next)
        } {
            out.send(piece);
        }
        let good = out.failed.is_none();
        drop(out);
        self.moved.notify_all();
        good
    }

    /// The next chunk has number `seq` again. None is on its way.
    pub fn rewind(&self, seq: u64) {
        lock(&self.state).next = seq;
    }

    /// What comes from now on is kept aside, up to so many rows.
    pub fn begin_aside(&self, room: usize) {
        lock(&self.state).aside = Some(Aside {
            room,
            ..Aside::default()
        });
    }

    /// Gives what was kept aside; what comes is printed again.
    pub fn end_aside(&self) -> Option<Aside> {
        lock(&self.state).aside.take()
    }

    /// Nothing more is wanted of what is kept aside.
    pub fn has_enough_aside(&self) -> bool {
        let out = lock(&self.state);
        let aside = out.aside.as_ref();
        aside.is_some_and(|aside| aside.more || aside.rows >= aside.room)
    }

    /// There is more of what is kept aside than was given.
    pub fn has_more_aside(&self) {
        if let Some(aside) = &mut lock(&self.state).aside {
            aside.more = true;
        }
    }

    /// What rows would come to if they were written next.
    pub fn preview(&self, rows: &[u8]) -> Vec<u8> {
        let out = lock(&self.state);
        let mut text = Vec::new();
        match &out.layout {
            Some(layout) => layout.preview(rows, &mut text),
            None => text.extend_from_slice(rows),
        }
        text
    }

    /// Of chunks behind `seq` nothing is written.
    pub fn end_behind(&self, seq: u64) {
        let mut out = lock(&self.state);
        out.last = Some(out.last.map_or(seq, |last| last.min(seq)));
    }

    /// Batches before this one, whose number is 1, are not marked.
    pub fn mark_from(&self, batch: i64) {
        lock(&self.state)
            .marker
            .get_or_insert(Marker { batch, number: 1 });
    }

    /// Rows come in no later batch, whatever their times are: the end of a window that has not ended yet.
    pub fn mark_most(&self, batch: i64) {
        lock(&self.state).mark_most = batch;
    }

    /// All rows of batches before this one have been put: they are marked.
    pub fn mark_to(&self, batch: i64) {
        lock(&self.state).mark_to(batch);
    }

    /// What has been put is committed, and marked. The job's first commit is of nothing: it is marked where a run goes on
    /// from it, as number 0. `again`: by a run that goes on.
    pub fn mark_commit(&self, again: bool) {
        let mut out = lock(&self.state);
        let number = out.marker.map_or(0, |marker| marker.number);
        if number > 0 || again {
            out.flush();
            out.write(mark(number).as_bytes());
        }
        out.marker = Some(Marker {
            batch: 0,
            number: number + 1,
        });
    }

    /// Nothing more comes for now: what a layout holds goes out.
    pub fn flush(&self) {
        lock(&self.state).flush();
    }

    /// Ends the output: what is held goes out and the sink is completed.
    pub fn finish(&self) -> std::io::Result<()> {
        self.flush();
        self.check()?;
        lock(&self.state).sink.finish()
    }

    /// Why something could not be written; taken out.
    pub fn check(&self) -> std::io::Result<()> {
        lock(&self.state).failed.take().map_or(Ok(()), Err)
    }

    /// Something could not be written.
    pub fn has_failed(&self) -> bool {
        lock(&self.state).failed.is_some()
    }

    /// Where the files of the output stand, and what the layout holds besides. All chunks have been put.
    pub fn marks(&self) -> std::io::Result<Vec<Mark>> {
        lock(&self.state).sink.marks()
    }

    /// What a run that goes on with the output must know: the open batch with its number, what the layout holds.
    pub fn held(&self) -> (Option<(i64, u64)>, Vec<u8>) {
        let out = lock(&self.state);
        let marker = out.marker.map(|marker| (marker.batch, marker.number));
        (marker, out.layout_saved())
    }

    /// Goes on from there, with chunk `seq`.
    pub fn go_on(&self, seq: u64, marker: Option<(i64, u64)>, held: &[u8]) -> Result<(), Damaged> {
        let mut out = lock(&self.state);
        out.next = seq;
        out.marker = marker.map(|(batch, number)| Marker { batch, number });
        match &mut out.layout {
            Some(layout) if !held.is_empty() => layout.load(&mut Saved::new(held)),
            _ => Ok(()),
        }
    }

    /// All is written: what is held goes out, and the sink's marks say that it is complete.
    pub fn complete(&self) {
        self.flush();
        lock(&self.state).sink.complete();
    }

    /// A checkpoint with the marks asked for last is on the disk.
    pub fn committed(&self) -> std::io::Result<()> {
        lock(&self.state).sink.committed()
    }

    /// Another run goes on with the output.
    pub fn leave(&self) {
        lock(&self.state).sink.leave();
    }

    /// The files were moved away: they are opened again by name.
    pub fn reopen(&self) -> std::io::Result<()> {
        let mut out = lock(&self.state);
        out.flush();
        if out.sink.reopen()? && !out.waits {
            out.write_head();
        }
        Ok(())
    }

    pub fn abandon(&self) {
        lock(&self.state).abandoned = true;
        self.moved.notify_all();
    }

    pub fn written(&self) -> Written {
        lock(&self.state).written
    }
}

impl Aside {
    fn take(&mut self, piece: &Piece) {
        self.more |= piece.more || piece.rows > 0 && self.rows >= self.room;
        if self.rows >= self.room {
            return;
        }
        self.rows += piece.rows as usize;
        for (i, (window, from)) in piece.windows.iter().enumerate() {
            let to = piece
                .windows
                .get(i + 1)
                .map_or(piece.bytes.len(), |next| next.1);
            let bytes = &piece.bytes[*from..to];
            match self.runs.last_mut().filter(|run| run.window == *window) {
                Some(run) => run.bytes.extend_from_slice(bytes),
                None => self.runs.push(Run {
                    window: *window,
                    bytes: bytes.to_vec(),
                }),
            }
        }
    }
}

impl Outgoing {
    fn layout_saved(&self) -> Vec<u8> {
        let mut save = Save::default();
        if let Some(layout) = &self.layout {
            layout.save(&mut save);
        }
        save.into_bytes()
    }

    fn attempt(&mut self, what: impl FnOnce(&mut dyn Sink) -> std::io::Result<()>) {
        if self.failed.is_none()
            && let Err(error) = what(self.sink.as_mut())
        {
            self.failed = Some(error);
        }
    }

    fn flush(&mut self) {
        if let Some(layout) = &mut self.layout {
            let mut laid = std::mem::take(&mut self.laid);
            laid.clear();
            layout.flush(&mut laid);
            self.write(&laid);
            self.laid = laid;
        }
    }

    fn mark_to(&mut self, batch: i64) {
        let Some(mut marker) = self.marker else {
            return;
        };
        if marker.batch < batch {
            self.flush();
        }
        while marker.batch < batch {
            self.write(mark(marker.number).as_bytes());
            marker.batch += 1;
            marker.number += 1;
        }
        self.marker = Some(marker);
    }

    fn send(&mut self, piece: Piece) {
        let is_wanted = self.last.is_none_or(|last| self.next <= last);
        self.next += 1;
        if !is_wanted {
            return;
        }
        self.written.rows += piece.rows;
        if piece.rows > 0 && std::mem::take(&mut self.waits) {
            self.write_head();
        }
        let mut bytes = piece.bytes;
        for (i, &(batch, from)) in piece.ends.iter().enumerate() {
            let to = piece.ends.get(i + 1).map_or(bytes.len(), |next| next.1);
            self.mark_to(batch.min(self.mark_most));
            self.lay(&bytes[from..to]);
        }
        for (i, (target, from)) in piece.files.iter().enumerate() {
            let to = piece.files.get(i + 1).map_or(bytes.len(), |next| next.1);
            self.attempt(|sink| sink.enter(target));
            self.write(&bytes[*from..to]);
        }
        if piece.ends.is_empty() && piece.files.is_empty() {
            self.lay(&bytes);
        }
        bytes.clear();
        if self.spare.len() < 16 && bytes.capacity() <= 8 << 20 {
            self.spare.push(bytes);
        }
    }

    fn write_head(&mut self) {
        let head = std::mem::take(&mut self.head);
        self.write(&head);
        self.head = head;
    }

    fn lay(&mut self, bytes: &[u8]) {
        match &mut self.layout {
            None => self.write(bytes),
            Some(layout) => {
                let mut laid = std::mem::take(&mut self.laid);
                laid.clear();
                layout.push(bytes, &mut laid);
                self.write(&laid);
                self.laid = laid;
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || self.failed.is_some() {
            return;
        }
        match self.sink.write(bytes) {
            Ok(()) => self.written.bytes += bytes.len() as u64,
            Err(error) => self.failed = Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Sink for Memory {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
            lock(&self.0).extend_from_slice(bytes);
            Ok(())
        }

        fn finish(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn output_is_in_sequence_whoever_comes_first() {
        let text = Arc::new(Mutex::new(Vec::new()));
        let out = Linearizer::new(Box::new(Memory(text.clone())), None, 2);
        std::thread::scope(|scope| {
            for worker in 0..3u64 {
                let out = &out;
                scope.spawn(move || {
                    for seq in (worker..300).step_by(3) {
                        let piece = Piece {
                            bytes: format!("{seq}\n").into_bytes(),
                            rows: 1,
                            ..Piece::default()
                        };
                        assert!(out.put(seq, piece));
                    }
                });
            }
        });
        out.finish().unwrap();
        assert_eq!(out.written().rows, 300);
        let expected: String = (0..300).map(|seq| format!("{seq}\n")).collect();
        assert_eq!(String::from_utf8(lock(&text).clone()).unwrap(), expected);
    }

    #[test]
    fn a_turnstile_lets_chunks_through_by_sequence() {
        let turnstile = Turnstile::new(Vec::new());
        std::thread::scope(|scope| {
            for worker in (0..4u64).rev() {
                let turnstile = &turnstile;
                scope.spawn(move || {
                    for seq in (worker..100).step_by(4) {
                        turnstile.pass(seq, |seen| seen.push(seq));
                    }
                });
            }
        });
        turnstile.with(|seen| assert!(seen.iter().copied().eq(0..100)));
    }
}
