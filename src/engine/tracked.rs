//! How far sources have been handed out, for the checkpoint. Knows no state. Invariant: a file that is done is let go: no
//! handle of it stays.

use crate::error::{Failure, status};
use crate::sources::{PartFile, Place};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How far a part has been handed out.
#[derive(Clone)]
pub struct Spot {
    pub file: Arc<PartFile>,
    /// The byte behind it, and the lines before.
    pub offset: u64,
    pub lines: u64,
    /// The part has ended.
    pub done: bool,
}

/// A source as far as a checkpoint is concerned.
pub struct Tracked {
    pub side: usize,
    /// What another run knows it by.
    pub name: String,
    /// By path: how far its files have been read in this run.
    spots: BTreeMap<String, Spot>,
    /// Those that are done, since the last commit.
    done: Vec<Place>,
}

impl Tracked {
    pub fn new(side: usize, name: String) -> Tracked {
        Tracked {
            side,
            name,
            spots: BTreeMap::new(),
            done: Vec::new(),
        }
    }

    /// How far one of its files has been handed out. One that is done is looked at for the last time, and let go.
    pub fn note(&mut self, spot: Spot) -> Result<()> {
        if spot.done {
            self.spots.remove(&spot.file.path);
            self.done.push(spot.place()?);
            return Ok(());
        }
        match self.spots.get_mut(&spot.file.path) {
            Some(one) => {
                let before = std::mem::replace(one, spot);
                let is_another = (before.file.dev, before.file.ino) != (one.file.dev, one.file.ino);
                if is_another {
                    self.done.push(before.place()?);
                }
            }
            None => {
                self.spots.insert(spot.file.path.clone(), spot);
            }
        }
        Ok(())
    }

    /// Where its files stand that have been read since this was asked last. A name that has come to stand for another
    /// file is behind the one that is done.
    pub fn places(&mut self) -> impl Iterator<Item = Result<Place>> {
        let done = std::mem::take(&mut self.done).into_iter().map(Ok);
        done.chain(self.spots.values().map(Spot::place))
    }
}

impl Spot {
    /// As a checkpoint keeps it.
    fn place(&self) -> Result<Place> {
        let place = self.file.place(self.offset, self.lines, self.done);
        place.with_context(|| Failure {
            status: status::NO_INPUT,
            message: format!("cannot read '{}' again", self.file.path),
        })
    }
}
