//! The live view's other half: whether there is one, the key `q`, and what happens to the terminal when the process is
//! stopped, goes on, or ends in whatever way. Paints nothing itself. Invariant: the terminal's line discipline is
//! changed only while the process is in the foreground, and put back before it ends or stops.

use super::globals::{Options, When};
use super::signals;
use super::terminal;
use crate::data::paint::Paint;
use crate::plan::node::{NodeKind, Plan};
use crate::sinks::{Live, Size};
use crate::sources::Word;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use signal_hook::consts::{SIGCONT, SIGTSTP, SIGTTIN, SIGWINCH};
use signal_hook::iterator::Signals;
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Between two looks whether the view is over, while no key comes.
const LOOK: Duration = Duration::from_millis(200);

/// A terminal without a size, as it was once.
const SIZE: Size = Size {
    columns: 80,
    rows: 24,
};

/// The view while a run goes on.
pub struct View {
    pub live: Arc<Live>,
    keys: Option<Arc<Keys>>,
    over: Arc<AtomicBool>,
}

/// The terminal that keys come from.
struct Keys {
    tty: File,
    before: Termios,
    /// It has been changed, and must be put back.
    changed: Mutex<bool>,
}

/// What decides whether there is a view.
pub struct Source {
    /// The input ends by itself.
    pub ends: bool,
    /// It is typed on this terminal.
    pub typed: bool,
    pub paint: Paint,
    pub words: Vec<Word>,
}

/// Whether what is open is to be shown.
pub fn is_wanted(options: &Options, plan: &Plan, source: &Source) -> bool {
    let shows = |kind: &NodeKind| match kind {
        NodeKind::Aggregate { .. } | NodeKind::Sort { .. } => true,
        NodeKind::Distinct { last, .. } => *last,
        NodeKind::Custom(custom) => custom.own_rows,
        _ => false,
    };
    let is_possible = plan.sink.path.is_none() && !options.quiet && !terminal::is_dumb();
    is_possible
        && match options.live {
            When::Never => false,
            When::Always => true,
            When::Auto => {
                std::io::stdout().is_terminal()
                    && !source.ends
                    && !source.typed
                    && !options.keep.once
                    && plan.nodes.iter().any(|node| shows(&node.kind))
            }
        }
}

impl View {
    /// Begins the view. `quit`: set by the key `q`, unless the input is typed.
    pub fn begin(quit: Arc<AtomicBool>, source: &Source) -> std::io::Result<View> {
        let live = Arc::new(Live::new(source.paint.clone(), SIZE)?);
        let around = live.clone();
        terminal::set_around(Some(Arc::new(move |write| around.aside(write))));
        let over = Arc::new(AtomicBool::new(false));
        let has_keys = !source.typed && std::io::stdout().is_terminal();
        let keys = has_keys.then(Keys::open).flatten().map(Arc::new);
        let view = View { live, keys, over };
        let (live, keys) = (view.live.clone(), view.keys.clone());
        terminal::set_restore(Some(Arc::new(move || {
            live.abandon();
            if let Some(keys) = &keys {
                keys.restore();
            }
        })));
        view.hear()?;
        if let Some(keys) = &view.keys {
            keys.change();
            view.listen(keys.clone(), quit)?;
        }
        Ok(view)
    }

    /// From now on the terminal is looked after when the process is stopped, goes on, or is given another size.
    fn hear(&self) -> std::io::Result<()> {
        let mut heard = vec![SIGWINCH];
        if !signals::is_ignored(SIGTSTP) {
            heard.extend([SIGTSTP, SIGCONT]);
        }
        let mut signals = Signals::new(heard)?;
        let (live, keys, over) = (self.live.clone(), self.keys.clone(), self.over.clone());
        let hearing = move || {
            for signal in &mut signals {
                if over.load(Ordering::Relaxed) {
                    if signal == SIGTSTP {
                        let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
                    }
                    continue;
                }
                match signal {
                    SIGTSTP => {
                        live.suspend();
                        if let Some(keys) = &keys {
                            keys.restore();
                        }
                        let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
                    }
                    SIGCONT => {
                        if let Some(keys) = &keys {
                            keys.change();
                        }
                        live.resume();
                    }
                    _ => live.refresh(),
                }
            }
        };
        let thread = std::thread::Builder::new().name("terminal".into());
        thread.spawn(hearing).map(drop)
    }

    /// Waits for the key.
    fn listen(&self, keys: Arc<Keys>, quit: Arc<AtomicBool>) -> std::io::Result<()> {
        // What is typed for somebody else must not stop us.
        signal_hook::flag::register(SIGTTIN, Arc::default())?;
        let over = self.over.clone();
        let listening = move || {
            let wait = Timespec::try_from(LOOK);
            while !over.load(Ordering::Relaxed) {
                let mut fds = [PollFd::new(&keys.tty, PollFlags::IN)];
                if !matches!(poll(&mut fds, wait.as_ref().ok()), Ok(1..)) {
                    continue;
                }
                if !keys.is_ours() {
                    std::thread::sleep(LOOK);
                    continue;
                }
                // It may have come to the foreground without having been stopped.
                keys.change();
                let mut key = [0; 16];
                match (&keys.tty).read(&mut key) {
                    Ok(0) => return,
                    Ok(n) if key[..n].contains(&b'q') => {
                        quit.store(true, Ordering::Relaxed);
                        return;
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(_) => return,
                }
            }
        };
        let thread = std::thread::Builder::new().name("keys".into());
        thread.stack_size(1 << 16).spawn(listening).map(drop)
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.live.over();
        terminal::set_around(None);
        terminal::restore();
        terminal::set_restore(None);
    }
}

impl Keys {
    /// `None`: there is no terminal that keys could come from.
    fn open() -> Option<Keys> {
        let tty = File::open("/dev/tty").ok()?;
        let before = termios::tcgetattr(&tty).ok()?;
        Some(Keys {
            tty,
            before,
            changed: Mutex::new(false),
        })
    }

    fn is_ours(&self) -> bool {
        termios::tcgetpgrp(&self.tty).is_ok_and(|group| group == rustix::process::getpgrp())
    }

    /// Keys come one by one from now on, and are not shown.
    fn change(&self) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if *changed || !self.is_ours() {
            return;
        }
        let mut modes = self.before.clone();
        modes
            .local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        *changed = termios::tcsetattr(&self.tty, OptionalActions::Now, &modes).is_ok();
    }

    fn restore(&self) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut *changed) && self.is_ours() {
            let _ = termios::tcsetattr(&self.tty, OptionalActions::Now, &self.before);
        }
    }
}
