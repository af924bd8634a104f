//! The state of all stages as entries of a checkpoint, and back, by as many threads as there are. Knows no file.
//! Invariant: what is loaded is what was saved of the same operators, or the run is refused.

use super::checkpoint::file::{Entry, Kind};
use super::commit::{Keeping, Kept, damaged};
use super::driver::{Lane, Running};
use super::order::{lock, share_out};
use crate::data::saved::{Save, Saved, Sharing};
use crate::error::{Failure, status};
use crate::memory;
use anyhow::Result;
use std::collections::BTreeMap;
use std::sync::Mutex;

impl Running<'_> {
    /// The state of all stages, a piece each; large ones by several threads.
    pub fn save_state(&self, held: u64) -> Vec<Entry> {
        let _state = memory::state();
        let mut pieces = Vec::new();
        for (at, lane) in self.lanes.iter().enumerate() {
            pieces.extend((0..lane.stage.pieces()).map(|piece| (at, piece)));
        }
        let threads = self.threads_for(held as usize);
        let sharing = Sharing {
            threads,
            run: |threads, n, work| share_out(threads, n, &|_, i| work(i)),
        };
        let save = |at: usize, piece: usize, mut to: Save| {
            let stage = self.lanes[at].stage;
            to.put(&stage.shape(self.plan, piece));
            stage.save_piece(piece, &mut to);
            Entry::of_parts(Kind::State, at, piece, to.into_parts())
        };
        let saved: Vec<Mutex<Option<Entry>>> = pieces.iter().map(|_| Mutex::new(None)).collect();
        // A machine is one piece, which all threads save together; shards are a piece each.
        let (alone, dealt): (Vec<usize>, Vec<usize>) = (0..pieces.len()).partition(|&i| {
            let (at, piece) = pieces[i];
            piece <= self.lanes[at].stage.ordered.len()
        });
        for i in alone {
            let (at, piece) = pieces[i];
            *lock(&saved[i]) = Some(save(at, piece, Save::shared(sharing)));
        }
        share_out(threads, dealt.len(), &|_, i| {
            let (at, piece) = pieces[dealt[i]];
            *lock(&saved[dealt[i]]) = Some(save(at, piece, Save::default()));
        });
        saved
            .into_iter()
            .filter_map(|one| lock(&one).take())
            .collect()
    }

    /// How many threads save or load so many bytes of state.
    fn threads_for(&self, bytes: usize) -> usize {
        if bytes > LARGE { self.threads } else { 1 }
    }

    /// What is to start empty must be there.
    fn check_discarded(&self, keeping: &Keeping) -> Result<()> {
        let of = |lane: &Lane<'_>| -> Vec<String> {
            let pieces = 0..lane.stage.pieces();
            let names = pieces.map(|piece| lane.stage.operator(self.plan, piece).to_string());
            names.filter(|name| !name.is_empty()).collect()
        };
        let mut there: Vec<String> = self.lanes.iter().flat_map(of).collect();
        there.dedup();
        let missed = |one: &&String| !there.iter().any(|name| is_called(name, one));
        match keeping.discard.iter().find(missed) {
            None => Ok(()),
            Some(one) => Err(Failure {
                status: status::USAGE,
                message: format!(
                    "--discard-state {one}: no operator of this chain has state and is called so; there is {}",
                    there.join(", ")
                ),
            }
            .into()),
        }
    }

    /// Loads what was kept of the stages.
    pub fn load_state(&self, kept: &Kept) -> Result<()> {
        let _state = memory::state();
        let entries = std::mem::take(&mut *lock(&kept.state));
        // Batches may have gone by; but what the first record shows may have made another chain.
        let none_came = kept.header.records == 0;
        let keeping = &kept.keeping;
        let mut by_shape: BTreeMap<(String, u32), Vec<&[u8]>> = BTreeMap::new();
        for entry in entries.iter().rev() {
            let mut saved = Saved::new(&entry.payload);
            let shape: String = saved
                .take()
                .map_err(|_| damaged(keeping, "an entry cannot be read"))?;
            let rest = saved.rest();
            by_shape.entry((shape, entry.shard)).or_default().push(rest);
        }
        if !none_came {
            self.check_discarded(keeping)?;
        }
        let mut work: Vec<(usize, usize, &[u8])> = Vec::new();
        for (at, lane) in self.lanes.iter().enumerate() {
            for piece in 0..lane.stage.pieces() {
                let shape = lane.stage.shape(self.plan, piece);
                let operator = lane.stage.operator(self.plan, piece);
                let name = operator.split(' ').next().unwrap_or_default();
                if keeping.discards(operator) {
                    continue;
                }
                match by_shape.get_mut(&(shape, piece as u32)).and_then(Vec::pop) {
                    Some(bytes) => work.push((at, piece, bytes)),
                    None if none_came => {}
                    None => {
                        let hint = match keeping.adopt {
                            true => format!("; --discard-state {name} lets it start empty"),
                            false => String::new(),
                        };
                        let what = format!("it has no state for '{operator}' as it is now{hint}");
                        return Err(damaged(keeping, &what));
                    }
                }
            }
        }
        let failed = Mutex::new(None);
        let size = work.iter().map(|(_, _, bytes)| bytes.len()).sum();
        share_out(self.threads_for(size), work.len(), &|_, i| {
            let (at, piece, bytes) = work[i];
            let stage = self.lanes[at].stage;
            if stage.load_piece(piece, bytes).is_err() {
                lock(&failed).get_or_insert(stage.operator(self.plan, piece).to_string());
            }
        });
        match lock(&failed).take() {
            Some(operator) => {
                let what = format!("the state of '{operator}' cannot be read");
                Err(damaged(keeping, &what))
            }
            None => Ok(()),
        }
    }
}

/// An operator by its name, or by all its words.
fn is_called(operator: &str, name: &str) -> bool {
    operator == name || operator.split(' ').next() == Some(name)
}

impl Keeping {
    fn discards(&self, operator: &str) -> bool {
        self.discard.iter().any(|one| is_called(operator, one))
    }
}

/// State from which on several threads save or load it, bytes.
const LARGE: usize = 1 << 20;
