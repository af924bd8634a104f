//! `--max-rate`: passes lines on no faster than so many a second, in small pieces. Looks at line ends only. Invariant:
//! in no twentieth of a second more than a tenth of a second's lines.

use super::pace::{Began, Deadline};
use super::watch::{Woken, pause};
use super::{Finder, Input, Live, Next, Part, Parts, Place, Read, from_start};
use anyhow::Result;
use memchr::memchr_iter;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Lines of so much of a second are passed on at once at most.
const BURST: f64 = 1.0 / 20.0;
/// Bytes taken from the source ahead of time.
const AHEAD: usize = 1 << 16;

/// An input that gives at most so many lines a second.
pub fn bound(input: Input, rows: f64) -> Result<Input> {
    let bucket = Bucket::new(rows);
    Ok(match input {
        Input::Plain { name, file, len } => Input::Stream {
            name,
            live: Slow::boxed(from_start(file, len), bucket),
            endless: false,
        },
        Input::Stream {
            name,
            live,
            endless,
        } => Input::Stream {
            name,
            live: Slow::boxed(live, bucket),
            endless,
        },
        Input::Parts { name, parts, live } => Input::Parts {
            name,
            parts: Box::new(SlowParts { parts, bucket }),
            live,
        },
        Input::Finder { name, finder } => Input::Finder {
            name,
            finder: Box::new(SlowFinder { finder, rows }),
        },
    })
}

/// Lines that may be passed on now; all parts of a source share it.
#[derive(Clone)]
struct Bucket(Arc<Mutex<Level>>);

struct Level {
    rows: f64,
    most: f64,
    lines: f64,
    at: Began,
}

impl Bucket {
    fn new(rows: f64) -> Bucket {
        Bucket(Arc::new(Mutex::new(Level {
            rows,
            most: (rows * BURST).max(1.0),
            lines: 1.0,
            at: Began::now(),
        })))
    }

    /// Takes at most `wanted` lines, and says how long it is until there are more.
    fn take(&self, wanted: usize) -> (usize, Duration) {
        let mut level = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let grown = level.at.elapsed().as_secs_f64() * level.rows;
        level.lines = (level.lines + grown).min(level.most);
        level.at = Began::now();
        let taken = (level.lines as usize).min(wanted);
        level.lines -= taken as f64;
        let missing = (level.most.min(wanted as f64) - level.lines).max(1.0);
        let wait = Duration::try_from_secs_f64(missing / level.rows).unwrap_or(Duration::MAX);
        (taken, wait)
    }
}

struct Slow {
    live: Box<dyn Live>,
    bucket: Bucket,
    /// Taken from the source and not passed on.
    ahead: Vec<u8>,
    ended: Option<Read>,
}

impl Slow {
    fn boxed(live: Box<dyn Live>, bucket: Bucket) -> Box<dyn Live> {
        Box::new(Slow {
            live,
            bucket,
            ahead: Vec::new(),
            ended: None,
        })
    }
}

impl Live for Slow {
    fn read(&mut self, into: &mut Vec<u8>, max: usize, wait: Option<Duration>) -> io::Result<Read> {
        let deadline = Deadline::after(wait);
        loop {
            let window = &self.ahead[..self.ahead.len().min(max)];
            let lines = window.iter().filter(|byte| **byte == b'\n').count();
            if lines == 0 {
                // Part of a line takes no room: it is a line when it has ended.
                let cut = window.len();
                let is_long = cut < self.ahead.len() || cut >= AHEAD;
                if is_long || (self.ended.is_some() && cut > 0) {
                    into.extend(self.ahead.drain(..cut));
                    return Ok(Read::Data);
                }
                if let Some(ended) = self.ended {
                    return Ok(ended);
                }
                let left = wait.map(|_| deadline.left(Duration::MAX));
                match self.live.read(&mut self.ahead, AHEAD, left)? {
                    Read::Data => {}
                    Read::Idle => return Ok(Read::Idle),
                    ended => self.ended = Some(ended),
                }
                continue;
            }
            let (taken, until) = self.bucket.take(lines);
            if taken > 0 {
                let mut ends = memchr_iter(b'\n', window);
                let end = ends.nth(taken - 1).map_or(window.len(), |at| at + 1);
                into.extend(self.ahead.drain(..end));
                return Ok(Read::Data);
            }
            let left = deadline.left(until);
            if left.is_zero() || pause(left)? == Woken::Signal {
                return Ok(Read::Idle);
            }
        }
    }
}

struct SlowParts {
    parts: Box<dyn Parts>,
    bucket: Bucket,
}

impl Parts for SlowParts {
    fn next(&mut self, wait: Option<Duration>) -> io::Result<Next> {
        Ok(match self.parts.next(wait)? {
            Next::Part(part) => Next::Part(Part {
                live: Slow::boxed(part.live, self.bucket.clone()),
                ..part
            }),
            other => other,
        })
    }

    fn meet(&mut self) -> io::Result<Option<Place>> {
        self.parts.meet()
    }
}

struct SlowFinder {
    finder: Box<dyn Finder>,
    rows: f64,
}

impl Finder for SlowFinder {
    fn look(&mut self) -> io::Result<Vec<(String, Box<dyn Parts>)>> {
        let slow = |(name, parts)| -> (String, Box<dyn Parts>) {
            let bucket = Bucket::new(self.rows);
            (name, Box::new(SlowParts { parts, bucket }))
        };
        Ok(self.finder.look()?.into_iter().map(slow).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Endless;

    impl Live for Endless {
        fn read(
            &mut self,
            into: &mut Vec<u8>,
            max: usize,
            _: Option<Duration>,
        ) -> io::Result<Read> {
            into.extend_from_slice(&b"a\n".repeat(max / 2));
            Ok(Read::Data)
        }
    }

    struct Short(Option<&'static [u8]>);

    impl Live for Short {
        fn read(&mut self, into: &mut Vec<u8>, _: usize, _: Option<Duration>) -> io::Result<Read> {
            match self.0.take() {
                Some(bytes) => {
                    into.extend_from_slice(bytes);
                    Ok(Read::Data)
                }
                None => Ok(Read::End),
            }
        }
    }

    #[test]
    fn lines_come_at_the_rate() {
        let mut live = Slow::boxed(Box::new(Endless), Bucket::new(2000.0));
        let began = Began::now();
        let mut lines = 0;
        while began.elapsed() < Duration::from_millis(100) {
            let mut text = Vec::new();
            live.read(&mut text, 1 << 16, Some(Duration::from_millis(5)))
                .unwrap();
            assert!(text.len() / 2 <= 100, "a burst of {}", text.len() / 2);
            lines += text.len() / 2;
        }
        let most = (began.elapsed().as_secs_f64() * 2000.0) as usize + 2;
        assert!((50..=most).contains(&lines), "{lines} of {most}");
    }

    #[test]
    fn nothing_is_lost_or_cut() {
        let text = b"a\nbb\n\nlast";
        let mut live = Slow::boxed(Box::new(Short(Some(text))), Bucket::new(1000.0));
        let mut all = Vec::new();
        while live.read(&mut all, 3, None).unwrap() != Read::End {}
        assert_eq!(all, text);
    }
}
