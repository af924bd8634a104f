//! How far a long run over files is: one line on standard error, below which nothing stands. Only where that is a
//! terminal and standard output is none. Counts nothing itself. Invariant: the line is away before anything else is
//! said, and when the run ends.

use super::globals::Options;
use super::terminal;
use crate::engine::Progress;
use crate::plan::node::Plan;
use crate::sources::{Opening, Unpacking, Word};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Shorter runs need none.
const AFTER: Duration = Duration::from_secs(2);
/// Between two looks at how far the run is.
const BETWEEN: Duration = Duration::from_millis(250);

/// The line while a run goes on.
pub struct Line {
    /// Its end is the end of the line.
    going: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    /// `None`: none is wanted. `ends`: the input is files.
    pub fn begin(
        options: &Options,
        plan: &Plan,
        ends: bool,
        progress: &Arc<Progress>,
        unpacking: &Unpacking,
    ) -> Option<Line> {
        let to_terminal = plan.sink.path.is_none() && std::io::stdout().is_terminal();
        let is_wanted = ends
            && std::io::stderr().is_terminal()
            && !to_terminal
            && !terminal::is_dumb()
            && !options.quiet;
        if !is_wanted {
            return None;
        }
        let all = plan.sides().map(|side| size(&side.words)).sum();
        let progress = progress.clone();
        let unpacking = unpacking.clone();
        let (going, ended) = channel::<()>();
        let showing = move || {
            if ended.recv_timeout(AFTER) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = bar(all);
            let mut reached = 0;
            let shown = Arc::new(Mutex::new(Some(bar)));
            let around = shown.clone();
            terminal::set_around(Some(Arc::new(move |write| {
                let shown = around.lock().unwrap_or_else(PoisonError::into_inner);
                match shown.as_ref() {
                    Some(bar) => bar.suspend(write),
                    None => write(),
                }
            })));
            loop {
                if let Some(bar) = shown
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .as_ref()
                {
                    reached = position(&progress, &unpacking).max(reached);
                    bar.set_position(reached);
                    bar.tick();
                }
                if ended.recv_timeout(BETWEEN) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            if let Some(bar) = shown.lock().unwrap_or_else(PoisonError::into_inner).take() {
                bar.finish_and_clear();
            }
            terminal::set_around(None);
        };
        let thread = std::thread::Builder::new().name("progress".into());
        // A run that cannot have a thread more goes on without the line.
        let thread = thread.spawn(showing).ok();
        Some(Line {
            going: Some(going),
            thread,
        })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        drop(self.going.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn bar(all: Option<u64>) -> ProgressBar {
    let (bar, text) = match all {
        Some(all) => (
            ProgressBar::new(all),
            "{decimal_bytes} of {decimal_total_bytes}  {percent} %  {decimal_bytes_per_sec}  {eta} left",
        ),
        None => (
            ProgressBar::no_length(),
            "{decimal_bytes}  {decimal_bytes_per_sec}  {elapsed}",
        ),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(4));
    // The texts are ours: one that is not understood leaves the crate's own.
    if let Ok(style) = ProgressStyle::with_template(text) {
        bar.set_style(style);
    }
    bar.with_elapsed(AFTER)
}

/// Bytes of files that have been read: of compressed ones as they stand in the file.
fn position(progress: &Progress, unpacking: &Unpacking) -> u64 {
    let made = unpacking.made.load(Ordering::Relaxed);
    let plain = progress.bytes.load(Ordering::Relaxed).saturating_sub(made);
    plain + unpacking.read.load(Ordering::Relaxed)
}

/// Bytes of all files that words name; `None` where one cannot be looked at.
fn size(words: &[String]) -> Option<u64> {
    if words.is_empty() {
        let stat = rustix::fs::fstat(std::io::stdin()).ok()?;
        return u64::try_from(stat.st_size).ok();
    }
    let mut all = 0;
    for word in words {
        let word = crate::sources::parse(word).ok()?;
        for file in crate::sources::expand(&word, &Opening::default()).ok()? {
            let Word::File(path) = file else { return None };
            // A file that is not there is told of when it is opened.
            all += std::fs::metadata(&path).map_or(0, |file| file.len());
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_of_compressed_files_counts_as_it_stands_there() {
        let (progress, unpacking) = (Progress::default(), Unpacking::default());
        progress.bytes.fetch_add(1000, Ordering::Relaxed);
        assert_eq!(position(&progress, &unpacking), 1000);
        unpacking.read.fetch_add(30, Ordering::Relaxed);
        unpacking.made.fetch_add(400, Ordering::Relaxed);
        progress.bytes.fetch_add(300, Ordering::Relaxed);
        assert_eq!(position(&progress, &unpacking), 930);
        progress.bytes.fetch_add(100, Ordering::Relaxed);
        assert_eq!(position(&progress, &unpacking), 1030);
    }

    #[test]
    fn files_that_are_not_there_have_no_size() {
        let folder = std::env::temp_dir().join(format!("dstream-progress-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("plain");
        std::fs::write(&path, b"abc\n").unwrap();
        let there = path.to_str().unwrap().to_string();
        let gone = folder.join("gone").to_str().unwrap().to_string();
        assert_eq!(size(&[there.clone(), gone, there]), Some(8));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
