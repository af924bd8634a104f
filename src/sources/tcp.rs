//! TCP: a client that reads lines, and a listener that takes the lines of many writers. Listens on loopback
//! unless an address is written out.

use super::stdin::{read_some, ready};
use super::{Live, Read};
use anyhow::{Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// Writers that may be connected at the same time.
const CONNECTIONS_MAX: usize = 1000;
/// A partial line of a writer that is longer is passed on as it is, to be told as a line too long.
const PARTIAL_MAX: usize = 64 << 20;

/// Connects to `HOST:PORT`.
pub fn connect(address: &str) -> Result<impl Live + use<>> {
    if address
        .rsplit_once(':')
        .is_none_or(|(_, port)| port.parse::<u16>().is_err())
    {
        bail!("an address is HOST:PORT");
    }
    Ok(Client {
        stream: TcpStream::connect(address)?,
    })
}

struct Client {
    stream: TcpStream,
}

impl Live for Client {
    fn read(&mut self, into: &mut Vec<u8>, max: usize, wait: Option<Duration>) -> io::Result<Read> {
        if !ready(&self.stream, wait)? {
            return Ok(Read::Idle);
        }
        read_some(&self.stream, into, max)
    }
}

/// Listens on `PORT` (127.0.0.1 and ::1) or `ADDR:PORT`.
pub fn listen(address: &str) -> Result<impl Live + use<>> {
    let listeners = match address.parse::<u16>() {
        Ok(port) => {
            let v4 = TcpListener::bind(("127.0.0.1", port))?;
            let port = v4.local_addr()?.port();
            // A machine without IPv6 is served by the other one.
            let v6 = TcpListener::bind(("::1", port)).ok();
            std::iter::once(v4).chain(v6).collect()
        }
        Err(_)
            if address
                .rsplit_once(':')
                .is_some_and(|(_, port)| port.parse::<u16>().is_ok()) =>
        {
            vec![TcpListener::bind(address)?]
        }
        Err(_) => bail!("an address is PORT or ADDR:PORT"),
    };
    for listener in &listeners {
        listener.set_nonblocking(true)?;
    }
    Ok(Listener {
        listeners,
        writers: Vec::new(),
    })
}

struct Writer {
    stream: TcpStream,
    /// What came behind the last line end.
    partial: Vec<u8>,
}

struct Listener {
    listeners: Vec<TcpListener>,
    writers: Vec<Writer>,
}

impl Live for Listener {
    fn read(&mut self, into: &mut Vec<u8>, max: usize, wait: Option<Duration>) -> io::Result<Read> {
        let from = into.len();
        let accepting = self.writers.len() < CONNECTIONS_MAX;
        let listening = if accepting { self.listeners.len() } else { 0 };
        let fds: Vec<BorrowedFd<'_>> = self.listeners[..listening]
            .iter()
            .map(AsFd::as_fd)
            .chain(self.writers.iter().map(|writer| writer.stream.as_fd()))
            .collect();
        let mut polled: Vec<PollFd<'_>> = fds
            .iter()
            .map(|fd| PollFd::new(fd, PollFlags::IN))
            .collect();
        let wait = wait.map(|wait| rustix::event::Timespec {
            tv_sec: wait.as_secs() as i64,
            tv_nsec: i64::from(wait.subsec_nanos()),
        });
        match poll(&mut polled, wait.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(Read::Idle),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<bool> = polled.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut gone = Vec::new();
        for (i, writer) in self.writers.iter_mut().enumerate() {
            if !ready[listening + i] {
                continue;
            }
            if into.len() - from >= max {
                break;
            }
            let room = (max - (into.len() - from)).max(1);
            match read_some(&writer.stream, &mut writer.partial, room) {
                Ok(Read::Idle | Read::Present) => {}
                Ok(Read::Data) => writer.give_lines(into),
                // A writer that breaks off is like one that closes: what it sent counts.
                Ok(Read::End) | Err(_) => {
                    if !writer.partial.is_empty() {
                        writer.partial.push(b'\n');
                        writer.give_lines(into);
                    }
                    gone.push(i);
                }
            }
        }
        for i in gone.into_iter().rev() {
            self.writers.remove(i);
        }
        for listener in self
            .listeners
            .iter()
            .zip(&ready)
            .filter(|(_, ready)| **ready)
            .map(|(l, _)| l)
        {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(true)?;
                    self.writers.push(Writer {
                        stream,
                        partial: Vec::new(),
                    });
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::ConnectionAborted
                    ) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(if into.len() > from {
            Read::Data
        } else {
            Read::Idle
        })
    }
}

impl Writer {
    /// Moves the complete lines on.
    fn give_lines(&mut self, into: &mut Vec<u8>) {
        let end = match memchr::memrchr(b'\n', &self.partial) {
            Some(at) => at + 1,
            None if self.partial.len() > PARTIAL_MAX => self.partial.len(),
            None => return,
        };
        into.extend(self.partial.drain(..end));
    }
}
