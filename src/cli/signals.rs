//! Signals that end a run, or have its outputs opened again: the first asks the engine to finish what was read, a second one ends the process at
//! once. USR1 asks for a line on how far the run is. Nothing is done in a handler but to set flags and to wake
//! a thread.

use super::{messages, terminal};
use crate::engine::Progress;
use crate::error::{Failure, status};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::{flag, low_level};
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

pub struct Signals {
    /// Set by the first signal.
    pub stop: Arc<AtomicBool>,
    /// Set by HUP where it asks for the outputs to be opened again.
    pub reopen: Arc<AtomicBool>,
    which: Arc<AtomicUsize>,
    /// How many came.
    count: Arc<AtomicUsize>,
}

impl Signals {
    /// From now on signals are heard. One that was ignored when the program began (`nohup`) stays so. `reopens`: HUP
    /// ends nothing and has the outputs opened again.
    /// `restores`: the terminal has to be put back before a second signal ends the process.
    pub fn heard(reopens: bool, restores: bool) -> Result<Signals, Failure> {
        let signals = Signals {
            stop: Arc::default(),
            reopen: Arc::default(),
            which: Arc::default(),
            count: Arc::default(),
        };
        // A file that may not grow (`ulimit -f`) is a write that fails, which is told with its name.
        flag::register(SIGXFSZ, Arc::default()).map_err(cannot)?;
        let ignored = ignored();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            if ignored & (1 << (signal - 1)) != 0 {
                continue;
            }
            let heard = match signal == SIGHUP && reopens {
                true => flag::register(signal, signals.reopen.clone()).map(drop),
                false => signals.hear(signal, restores),
            };
            heard.map_err(cannot)?;
        }
        Ok(signals)
    }

    /// From now on signals that ask for something end nothing, though there is nobody yet to do it: while the first record
    /// is waited for, that may be long. `reopens`: as for [`Signals::heard`].
    pub fn spare(reopens: bool) -> Result<(), Failure> {
        let asking = [(SIGUSR1, true), (SIGHUP, reopens)];
        for (signal, _) in asking.iter().filter(|(_, asks)| *asks) {
            flag::register(*signal, Arc::default()).map_err(cannot)?;
        }
        Ok(())
    }

    /// From now on USR1 has a line said.
    pub fn tell(progress: Arc<Progress>) -> std::io::Result<()> {
        let (mut asked, ask) = UnixStream::pair()?;
        low_level::pipe::register(SIGUSR1, ask)?;
        let telling = move || {
            let mut byte = [0];
            while asked.read_exact(&mut byte).is_ok() {
                let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
                terminal::say(&messages::progress(
                    of(&progress.records),
                    of(&progress.bytes),
                    of(&progress.rows),
                ));
            }
        };
        let thread = std::thread::Builder::new().name("status".into());
        thread.stack_size(1 << 16).spawn(telling).map(drop)
    }

    fn hear(&self, signal: i32, restores: bool) -> std::io::Result<()> {
        let number = usize::try_from(signal).unwrap_or_default();
        match restores {
            // In this order: at the second signal the flag of the first is up.
            false => flag::register_conditional_default(signal, self.stop.clone())?,
            true => self.restore_at_second(signal)?,
        };
        flag::register_usize(signal, self.which.clone(), number)?;
        flag::register(signal, self.stop.clone())?;
        Ok(())
    }

    /// The second signal, of whatever kind, puts the terminal back and ends the process.
    fn restore_at_second(&self, signal: i32) -> std::io::Result<signal_hook::SigId> {
        let (mut came, comes) = UnixStream::pair()?;
        let id = low_level::pipe::register(signal, comes)?;
        let count = self.count.clone();
        let counting = move || {
            let mut byte = [0];
            while came.read_exact(&mut byte).is_ok() {
                if count.fetch_add(1, Ordering::Relaxed) > 0 {
                    terminal::restore();
                    terminal::die_by(signal);
                }
            }
        };
        let thread = std::thread::Builder::new().name("signals".into());
        thread.stack_size(1 << 16).spawn(counting)?;
        Ok(id)
    }

    /// The signal that came, if one did.
    pub fn came(&self) -> Option<i32> {
        match self.which.load(Ordering::Relaxed) {
            0 => None,
            number => i32::try_from(number).ok(),
        }
    }
}

fn cannot(error: std::io::Error) -> Failure {
    Failure {
        status: status::SOFTWARE,
        message: format!("signals cannot be heard: {error}"),
    }
}

/// Whether the process was started to ignore a signal.
pub fn is_ignored(signal: i32) -> bool {
    ignored() & (1 << (signal - 1)) != 0
}

/// The signals that the process was started to ignore, a bit each; none where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
