//! Connections that we make: TCP and Unix sockets. Followed, one that is lost is made again, ever more slowly while
//! nobody is there. Invariant: it is told once that a connection is lost, and once that it is back.

use super::pace::{Began, Deadline};
use super::stdin::{read_some, ready};
use super::watch::{Woken, pause};
use super::{Live, Next, Notes, Opening, Part, Parts, Read, Word};
use anyhow::{Result, bail};
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The first wait before a connection is tried again; each further one is twice as long.
const WAIT_MIN: Duration = Duration::from_millis(100);
const WAIT_MAX: Duration = Duration::from_secs(30);
/// How long one try takes at most, so that a signal is heard.
const TRY: Duration = Duration::from_secs(1);

/// Who is on the other side.
pub enum Address {
    Tcp(String),
    Unix(String),
}

impl Address {
    pub fn of(word: &Word) -> Result<Address> {
        match word {
            Word::Tcp(address) => Ok(Address::Tcp(address.clone())),
            Word::Unix(path) => Ok(Address::Unix(path.clone())),
            _ => bail!("it is no address"),
        }
    }

    fn connect(&self, most: Option<Duration>) -> io::Result<OwnedFd> {
        let address = match self {
            Address::Unix(path) => return UnixStream::connect(path).map(OwnedFd::from),
            Address::Tcp(address) => address,
        };
        let Some(most) = most else {
            return TcpStream::connect(address).map(OwnedFd::from);
        };
        let mut refused = io::Error::other("the name has no address");
        for address in address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, most) {
                Ok(stream) => return Ok(stream.into()),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }
}

/// A connection that is read until the other side closes it.
pub fn once(address: &Address) -> Result<Box<dyn Live>> {
    Ok(Box::new(Connection {
        stream: address.connect(None)?,
        spoke: Arc::default(),
        again: false,
    }))
}

struct Connection {
    stream: OwnedFd,
    /// Something came.
    spoke: Arc<AtomicBool>,
    /// One that breaks is like one that is closed: it is made again.
    again: bool,
}

impl Live for Connection {
    fn read(&mut self, into: &mut Vec<u8>, max: usize, wait: Option<Duration>) -> io::Result<Read> {
        if !ready(&self.stream, wait)? {
            return Ok(Read::Idle);
        }
        match read_some(&self.stream, into, max) {
            Ok(Read::Data) => {
                self.spoke.store(true, Ordering::Relaxed);
                Ok(Read::Data)
            }
            Err(_) if self.again => Ok(Read::End),
            other => other,
        }
    }
}

/// Connections to one address, one behind the other.
pub struct Again {
    name: String,
    address: Address,
    notes: Notes,
    /// Of the connection before. One on which nothing came is no news.
    spoke: Option<Arc<AtomicBool>>,
    failed: Option<Began>,
    wait: Duration,
    told_lost: bool,
    told_back: bool,
}

impl Again {
    pub fn new(name: String, address: Address, how: &Opening) -> Again {
        Again {
            name,
            address,
            notes: how.notes.clone(),
            spoke: None,
            failed: None,
            wait: WAIT_MIN,
            told_lost: false,
            told_back: false,
        }
    }

    fn tell_lost(&mut self, reason: &str) {
        if !self.told_lost {
            self.told_lost = true;
            self.notes
                .tell(&format!("{}: {reason}; it is tried again", self.name));
        }
    }
}

impl Parts for Again {
    fn next(&mut self, wait: Option<Duration>) -> io::Result<Next> {
        let deadline = Deadline::after(wait);
        if let Some(spoke) = self.spoke.take() {
            if spoke.load(Ordering::Relaxed) {
                self.wait = WAIT_MIN;
                (self.told_lost, self.told_back) = (false, false);
            }
            self.failed = Some(Began::now());
            self.tell_lost("the connection is lost");
        }
        loop {
            let due = self
                .failed
                .map_or(Duration::ZERO, |at| self.wait.saturating_sub(at.elapsed()));
            if !due.is_zero() {
                let left = deadline.left(due);
                if left.is_zero() || pause(left)? == Woken::Signal {
                    return Ok(Next::Idle);
                }
                continue;
            }
            match self.address.connect(Some(TRY)) {
                Ok(stream) => {
                    if self.told_lost && !self.told_back {
                        self.told_back = true;
                        self.notes.tell(&format!("{}: connected", self.name));
                    }
                    let spoke = Arc::<AtomicBool>::default();
                    self.spoke = Some(spoke.clone());
                    self.wait = (self.wait * 2).min(WAIT_MAX);
                    return Ok(Next::Part(Part {
                        name: self.name.clone(),
                        live: Box::new(Connection {
                            stream,
                            spoke,
                            again: true,
                        }),
                        offset: 0,
                        lines: 0,
                        file: None,
                    }));
                }
                Err(error) => {
                    if self.failed.is_some() {
                        self.wait = (self.wait * 2).min(WAIT_MAX);
                    }
                    self.failed = Some(Began::now());
                    self.tell_lost(&super::without_number(&error));
                }
            }
        }
    }
}
