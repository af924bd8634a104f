//! How far a long run over files is: one line on standard error, below which nothing stands. Only where that is a
//! terminal and standard output is none. Counts nothing itself. Invariant: the line is away before anything else is
//! said, and when the run ends.

use super::globals::Options;
use super::terminal;
use crate::engine::Progress;
use crate::plan::node::Plan;
use crate::sources::{Opening, Word};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Read};
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
        words: &[Word],
        ends: bool,
        progress: &Arc<Progress>,
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
        let all = size(words);
        let progress = progress.clone();
        let (going, ended) = channel::<()>();
        let showing = move || {
            if ended.recv_timeout(AFTER) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = bar(all);
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
                    bar.set_position(progress.bytes.load(Ordering::Relaxed));
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

/// Bytes of all files; `None` where that is not what will be read: a file is compressed, or cannot be looked at.
fn size(words: &[Word]) -> Option<u64> {
    let mut all = 0;
    for word in words {
        let files = match word {
            Word::Stdin => {
                let stat = rustix::fs::fstat(std::io::stdin()).ok()?;
                all += u64::try_from(stat.st_size).ok()?;
                continue;
            }
            word => crate::sources::expand(word, &Opening::default()).ok()?,
        };
        for file in files {
            let Word::File(path) = file else { return None };
            // A file that is not there is told of when it is opened.
            let Ok(mut file) = std::fs::File::open(&path) else {
                continue;
            };
            let mut first = [0; 4];
            let n = file.read(&mut first).ok()?;
            if first[..n].starts_with(b"\x1f\x8b") || first[..n] == [0x28, 0xb5, 0x2f, 0xfd] {
                return None;
            }
            all += file.metadata().ok()?.len();
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_has_no_size() {
        let folder = std::env::temp_dir().join(format!("dstream-progress-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            std::fs::write(&path, bytes).unwrap();
            Word::File(path.to_str().unwrap().into())
        };
        let plain = file("plain", b"abc\n");
        let packed = file("packed", b"\x1f\x8b\x08\x00");
        let gone = Word::File(folder.join("gone").to_str().unwrap().into());
        assert_eq!(size(&[plain.clone(), gone, plain.clone()]), Some(8));
        assert_eq!(size(&[plain, packed]), None);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
