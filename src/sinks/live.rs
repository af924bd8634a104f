//! The live view on standard output: rows go out as on any terminal, and below them stands what is open. What is painted
//! is `screen`'s affair; here are the terminal, its size, and who may write. Nobody else writes to the terminal
//! but inside of [`Live::aside`]. Invariant: each change of the screen is one write, and what is left when the view
//! is over are the rows.

use super::Sink;
use super::screen::{Line, Screen, Size};
use crate::data::paint::Paint;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lines of the region that go together, and when what they show is printed as rows.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The end of their window, ns; `i64::MAX`: of none.
    pub end: i64,
    pub lines: Vec<Line>,
}

/// The view: shared by who prints rows, who knows what is open, and who hears signals.
pub struct Live {
    paint: Paint,
    state: Mutex<State>,
}

struct State {
    screen: Screen,
    out: File,
    /// Where the terminal does not tell its size.
    fallback: Size,
    blocks: Vec<Block>,
    status: Line,
    /// Nothing is painted: the process is stopped, or the view is over.
    is_off: bool,
    is_over: bool,
}

/// How often it is tried to get at a screen that somebody is writing to, and how long to wait.
const TRIES: usize = 50;
const BETWEEN: Duration = Duration::from_millis(2);

impl Live {
    /// A view on standard output.
    pub fn new(paint: Paint, fallback: Size) -> io::Result<Live> {
        Ok(Live {
            paint: paint.clone(),
            state: Mutex::new(State {
                screen: Screen::new(paint),
                out: File::from(io::stdout().as_fd().try_clone_to_owned()?),
                fallback,
                blocks: Vec::new(),
                status: Line::new(),
                is_off: false,
                is_over: false,
            }),
        })
    }

    pub fn paint(&self) -> &Paint {
        &self.paint
    }

    pub fn size(&self) -> Size {
        self.lock().size()
    }

    /// Paints this in place of what is open, if it is something else.
    pub fn show(&self, blocks: Vec<Block>, status: Line) {
        let mut state = self.lock();
        state.blocks = blocks;
        state.status = status;
        state.repaint();
    }

    /// Windows that end by then are printed now: they are shown as open no more when the next row comes.
    pub fn closes(&self, upto: i64) {
        let mut state = self.lock();
        state.blocks.retain(|block| block.end > upto);
    }

    /// Looks at the terminal again: it may have another size.
    pub fn refresh(&self) {
        self.lock().repaint();
    }

    /// Takes the region away while something else writes to the terminal. Where the screen cannot be had, as its
    /// holder is in trouble, `write` is done all the same.
    pub fn aside(&self, write: &mut dyn FnMut()) {
        match self.try_lock() {
            Some(mut state) => {
                state.erase();
                write();
                state.repaint();
            }
            None => write(),
        }
    }

    /// The process is about to be stopped: the terminal is somebody else's.
    pub fn suspend(&self) {
        let mut state = self.lock();
        state.erase();
        state.is_off = true;
    }

    /// It goes on, on a terminal that others have written to.
    pub fn resume(&self) {
        let mut state = self.lock();
        state.is_off = state.is_over;
        state.screen.forget();
        state.repaint();
    }

    /// What comes from now on are rows and nothing else.
    pub fn over(&self) {
        self.lock().end();
    }

    /// The process ends at once: the region goes, if the screen can be had.
    pub fn abandon(&self) {
        if let Some(mut state) = self.try_lock() {
            state.end();
        }
    }

    /// `None`: its holder is in trouble, or is who asks.
    fn try_lock(&self) -> Option<MutexGuard<'_, State>> {
        for _ in 0..TRIES {
            if let Ok(state) = self.state.try_lock() {
                return Some(state);
            }
            std::thread::sleep(BETWEEN);
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn size(&self) -> Size {
        let told = rustix::termios::tcgetwinsize(&self.out).ok();
        let told = told.map(|size| Size {
            columns: usize::from(size.ws_col),
            rows: usize::from(size.ws_row),
        });
        told.filter(|size| size.columns > 0 && size.rows > 0)
            .unwrap_or(self.fallback)
    }

    /// In the background the terminal is the shell's.
    fn is_ours(&self) -> bool {
        rustix::termios::tcgetpgrp(&self.out)
            .map_or(true, |group| group == rustix::process::getpgrp())
    }

    /// Bytes for rows, with the region below them where it is to be seen.
    fn bytes(&mut self, rows: &[u8]) -> Vec<u8> {
        let is_ours = self.is_ours();
        if !is_ours {
            self.screen.forget();
        }
        let size = self.size();
        if self.is_off || !is_ours {
            return self.screen.show(rows, &[], size);
        }
        let blocks = self.blocks.iter().flat_map(|block| &block.lines);
        let region: Vec<Line> = blocks.chain([&self.status]).cloned().collect();
        match self.status.is_empty() {
            true => self.screen.show(rows, &[], size),
            false => self.screen.show(rows, &region, size),
        }
    }

    /// The region goes for good.
    fn end(&mut self) {
        self.erase();
        self.is_off = true;
        self.is_over = true;
    }

    fn repaint(&mut self) {
        let bytes = self.bytes(b"");
        if !bytes.is_empty() {
            // Rows that cannot be written are told of; a view that nobody can see is none.
            let _ = self.out.write_all(&bytes);
        }
    }

    fn erase(&mut self) {
        if !self.is_ours() {
            self.screen.forget();
        }
        let bytes = self.screen.erase(self.size());
        let _ = self.out.write_all(&bytes);
    }
}

/// Standard output with the view on it.
pub struct LiveSink(pub Arc<Live>);

impl Sink for LiveSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        let bytes = state.bytes(bytes);
        state.out.write_all(&bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.over();
        Ok(())
    }
}
