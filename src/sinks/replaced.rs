//! A file that always has the last whole answer: each one is written aside, and takes the name when it is there.
//! What comes between answers is not written. Invariant: whoever reads finds one answer, the one before or this.

use super::file::{Mode, publish};
use super::{Earlier, FileSink, Mark, Names, Sink, Whole};
use anyhow::{Context, Result};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub struct Replaced {
    path: PathBuf,
    /// What stands before the first row of each answer.
    begin: Vec<u8>,
    /// With a checkpoint an answer gets its name behind the commit.
    earlier: Option<Earlier>,
    writing: Option<FileSink>,
    /// Answers that have no name yet, and whether the marks that were asked for last have it.
    done: Vec<(FileSink, bool)>,
    /// Tells apart the temporary names of answers that are there at a time.
    number: u128,
    left: bool,
}

/// Temporary names of a job.
const NAMES: u128 = 3;

impl Replaced {
    pub fn open(path: &Path, begin: Vec<u8>, earlier: Option<&Earlier>) -> Result<Replaced> {
        let written = earlier.and_then(|earlier| earlier.of(&path.to_string_lossy()));
        if let Some(written) = written.filter(|written| written.complete) {
            let mut names = Names::default();
            publish(written, &mut names)
                .and_then(|()| names.sync())
                .with_context(|| format!("cannot complete '{}'", path.display()))?;
        }
        let run = earlier.map(|earlier| Earlier {
            run: earlier.run,
            files: Vec::new(),
        });
        let mut sink = Replaced {
            path: path.to_owned(),
            begin,
            earlier: run,
            writing: None,
            done: Vec::new(),
            number: 0,
            left: false,
        };
        // So that it is known at the start whether it can be made; and what was left behind goes.
        for _ in 0..NAMES {
            drop(sink.begin()?);
        }
        Ok(sink)
    }

    fn begin(&mut self) -> Result<FileSink> {
        self.number = (self.number + 1) % NAMES;
        let earlier = self.earlier.as_ref().map(|earlier| Earlier {
            run: earlier.run.wrapping_add(self.number),
            files: Vec::new(),
        });
        let opened = FileSink::open(&self.path, Mode::Whole, earlier.as_ref(), &Arc::default());
        Ok(opened?.0.without_keeping())
    }
}

impl Sink for Replaced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.writing {
            Some(file) => file.write(bytes),
            None => Ok(()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        for (mut file, _) in std::mem::take(&mut self.done) {
            file.finish()?;
        }
        Ok(())
    }

    fn marks(&mut self) -> io::Result<Vec<Mark>> {
        let mut marks = Vec::new();
        for (file, marked) in &mut self.done {
            marks.extend(file.marks()?);
            *marked = true;
        }
        Ok(marks)
    }

    fn committed(&mut self) -> io::Result<()> {
        for (mut file, marked) in std::mem::take(&mut self.done) {
            match marked {
                true => file.finish()?,
                false => self.done.push((file, marked)),
            }
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.left = true;
        for (file, marked) in &mut self.done {
            // What no checkpoint knows is made anew by the next run.
            if *marked {
                file.leave();
            }
        }
    }

    fn whole(&mut self, at: Whole) -> io::Result<()> {
        if at == Whole::Begins {
            let mut file = self.begin().map_err(|error| {
                super::not_created(&self.path.to_string_lossy(), error.root_cause())
            })?;
            file.write(&self.begin)?;
            self.writing = Some(file);
            return Ok(());
        }
        let Some(mut file) = self.writing.take() else {
            return Ok(());
        };
        file.complete();
        match (&self.earlier, at) {
            (None, Whole::Ends) => file.finish(),
            _ => {
                // A newer answer takes the place of one that nobody waits for.
                self.done.retain(|(_, marked)| *marked);
                self.done.push((file, false));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn give(sink: &mut Replaced, text: &[u8], last: Whole) {
        sink.whole(Whole::Begins).unwrap();
        sink.write(text).unwrap();
        sink.whole(last).unwrap();
    }

    /// GUARANTEES G2: "S3 is one whole generation, old or new".
    #[test]
    fn an_answer_replaces_the_one_before() {
        let dir = std::env::temp_dir().join(format!("dstream-replaced-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("totals");
        let text = || fs::read_to_string(&path).unwrap_or_default();
        let mut sink = Replaced::open(&path, b"head\n".to_vec(), None).unwrap();
        give(&mut sink, b"1\n", Whole::Ends);
        assert_eq!(text(), "head\n1\n");
        sink.write(b"between\n").unwrap();
        give(&mut sink, b"2\n", Whole::Last);
        assert_eq!(text(), "head\n1\n", "not before the run is good");
        sink.finish().unwrap();
        assert_eq!(text(), "head\n2\n");
        drop(sink);
        // With a checkpoint: behind the commit.
        let mut earlier = Earlier {
            run: 9,
            ..Earlier::default()
        };
        let mut sink = Replaced::open(&path, Vec::new(), Some(&earlier)).unwrap();
        give(&mut sink, b"3\n", Whole::Ends);
        earlier.files = vec![sink.marks().unwrap().remove(0).written];
        give(&mut sink, b"4\n", Whole::Ends);
        assert_eq!(text(), "head\n2\n");
        sink.committed().unwrap();
        assert_eq!(text(), "3\n");
        give(&mut sink, b"5\n", Whole::Ends);
        earlier.files = vec![sink.marks().unwrap().remove(0).written];
        sink.leave();
        drop(sink);
        // Killed between commit and name: the next run gives it.
        drop(Replaced::open(&path, Vec::new(), Some(&earlier)).unwrap());
        assert_eq!(text(), "5\n");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        fs::remove_dir_all(&dir).unwrap();
    }
}
