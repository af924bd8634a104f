//! Writes generations while the stream goes on: a thread of its own syncs the outputs, then writes the checkpoint
//! that names their lengths. One generation at a time. Invariant: a checkpoint is on the disk only after all that it
//! says is written.

use super::file::{Entry, Header};
use super::store::Store;
use crate::sinks::Unsynced;
use crossbeam::channel::{self, Receiver, Sender, TryRecvError};
use std::io;
use std::thread::JoinHandle;

/// A generation to be written.
pub struct Job {
    pub header: Header,
    pub entries: Vec<Entry>,
    /// Outputs, with what to call them when they cannot be synced.
    pub outputs: Vec<(String, Unsynced)>,
}

/// What became of one.
pub type Done = Result<(), Refused>;

/// A step that failed, and where.
#[derive(Debug)]
pub struct Refused {
    pub at: String,
    pub error: io::Error,
}

pub struct Keeper {
    give: Option<Sender<Job>>,
    done: Receiver<Done>,
    thread: Option<JoinHandle<()>>,
    /// One is being written.
    busy: bool,
}

impl Keeper {
    /// `power`: what is committed survives a power cut.
    pub fn new(store: Store, name: String, power: bool) -> io::Result<Keeper> {
        let (give, take) = channel::bounded::<Job>(1);
        let (tell, done) = channel::bounded(2);
        let work = move || {
            for job in take {
                if tell.send(commit(&store, &name, power, &job)).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("checkpoint".into());
        Ok(Keeper {
            give: Some(give),
            done,
            thread: Some(thread.spawn(work)?),
            busy: false,
        })
    }

    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// Begins to write a generation; none is being written.
    pub fn begin(&mut self, job: Job) {
        if let Some(give) = &self.give {
            // With nobody there to take it, that is what is told of it.
            let _ = give.send(job);
        }
        self.busy = true;
    }

    /// What became of the one that is being written, if it is known; `wait`: it is waited for.
    pub fn done(&mut self, wait: bool) -> Option<Done> {
        if !self.busy {
            return None;
        }
        let told = match wait {
            true => self.done.recv().map_err(|_| TryRecvError::Disconnected),
            false => self.done.try_recv(),
        };
        let done = match told {
            Ok(done) => Some(done),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(stopped())),
        };
        self.busy &= done.is_none();
        done
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.give = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

fn stopped() -> Refused {
    Refused {
        at: "the checkpoint".into(),
        error: io::Error::other("what writes it has stopped"),
    }
}

fn commit(store: &Store, name: &str, power: bool, job: &Job) -> Done {
    if power {
        for (path, unsynced) in &job.outputs {
            unsynced.sync().map_err(|error| Refused {
                at: path.clone(),
                error,
            })?;
        }
    }
    store
        .replace(&job.header, &job.entries)
        .map_err(|error| Refused {
            at: name.to_string(),
            error,
        })
}
