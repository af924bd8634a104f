//! Listeners, by TCP and by a socket file, that take the lines of many writers. They listen on loopback unless an
//! address is written out. Invariant: lines of different writers are never mixed within a line.

use super::pace::Began;
use super::stdin::{read_some, timespec};
use super::{Live, Read};
use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::FileType;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::fs::Permissions;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// Writers that may be connected at the same time.
const CONNECTIONS_MAX: usize = 1000;
/// A partial line of a writer that is longer is passed on as it is, to be told as a line too long.
const PARTIAL_MAX: usize = 64 << 20;
/// Writers that wait to be let in.
const WAITING: i32 = 128;

/// What `PORT` (127.0.0.1 and ::1) or `ADDR:PORT` stands for.
pub fn addresses(address: &str) -> Result<Vec<SocketAddr>> {
    if let Ok(port) = address.parse::<u16>() {
        return Ok(vec![
            (Ipv4Addr::LOCALHOST, port).into(),
            (Ipv6Addr::LOCALHOST, port).into(),
        ]);
    }
    let found: Vec<SocketAddr> = address.to_socket_addrs()?.collect();
    Ok(found.into_iter().take(1).collect())
}

/// Listens on `PORT` (127.0.0.1 and ::1) or `ADDR:PORT`.
pub fn tcp(address: &str, idle_close: Option<Duration>) -> Result<Box<dyn Live>> {
    let mut listeners: Vec<OwnedFd> = Vec::new();
    for address in addresses(address)? {
        match TcpListener::bind(address) {
            Ok(listener) => {
                listener.set_nonblocking(true)?;
                listeners.push(listener.into());
            }
            // A machine without IPv6 is served by the other one.
            Err(_) if !listeners.is_empty() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Box::new(Listener {
        listeners,
        writers: Vec::new(),
        idle_close,
        socket: None,
    }))
}

/// Listens on a socket file of the user's own. An old one is replaced when nobody answers on it.
pub fn unix(path: &str, idle_close: Option<Duration>) -> Result<Box<dyn Live>> {
    if let Ok(meta) = std::fs::symlink_metadata(path) {
        if FileType::from_raw_mode(meta.mode()) != FileType::Socket {
            bail!("it is there, and it is no socket");
        }
        match UnixStream::connect(path) {
            Ok(_) => bail!("somebody else listens on it"),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path)?;
            }
            Err(error) => return Err(error).context("the socket that is there"),
        }
    }
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    let meta = std::fs::symlink_metadata(path)?;
    let file = SocketFile {
        path: path.into(),
        id: (meta.dev(), meta.ino()),
    };
    // Nobody can connect before it listens, so nobody gets in before this.
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    rustix::net::listen(&socket, WAITING)?;
    Ok(Box::new(Listener {
        listeners: vec![socket],
        writers: Vec::new(),
        idle_close,
        socket: Some(file),
    }))
}

/// The name of a socket, which goes with it.
struct SocketFile {
    path: PathBuf,
    id: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let meta = std::fs::symlink_metadata(&self.path);
        if meta.is_ok_and(|meta| (meta.dev(), meta.ino()) == self.id) {
            // It is gone or it stays; nothing depends on it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

struct Writer {
    stream: OwnedFd,
    /// What came behind the last line end.
    partial: Vec<u8>,
    /// When something came last.
    heard: Began,
}

struct Listener {
    listeners: Vec<OwnedFd>,
    writers: Vec<Writer>,
    idle_close: Option<Duration>,
    #[expect(dead_code, reason = "removes the name when the listener goes")]
    socket: Option<SocketFile>,
}

impl Listener {
    /// Closes connections that have been silent for too long, and says when the next one may be.
    fn close_silent(&mut self, into: &mut Vec<u8>) -> Option<Duration> {
        let most = self.idle_close?;
        self.writers.retain_mut(|writer| {
            let silent = writer.heard.elapsed() >= most;
            if silent {
                writer.give_all(into);
            }
            !silent
        });
        let left = self
            .writers
            .iter()
            .map(|writer| most.saturating_sub(writer.heard.elapsed()));
        left.min()
    }
}

impl Live for Listener {
    fn read(&mut self, into: &mut Vec<u8>, max: usize, wait: Option<Duration>) -> io::Result<Read> {
        let from = into.len();
        let next_close = self.close_silent(into);
        if into.len() > from {
            return Ok(Read::Data);
        }
        let wait = match (wait, next_close) {
            // A little later, so that it is over then.
            (Some(wait), Some(close)) => Some(wait.min(close + Duration::from_millis(1))),
            (wait, close) => wait.or(close),
        };
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
        match poll(&mut polled, timespec(wait).as_ref()) {
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
                Ok(Read::Data) => {
                    writer.heard = Began::now();
                    writer.give_lines(into);
                }
                // A writer that breaks off is like one that closes: what it sent counts.
                Ok(Read::End) | Err(_) => {
                    writer.give_all(into);
                    gone.push(i);
                }
            }
        }
        for i in gone.into_iter().rev() {
            self.writers.remove(i);
        }
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        for listener in self
            .listeners
            .iter()
            .zip(&ready)
            .filter(|(_, ready)| **ready)
            .map(|(l, _)| l)
        {
            match rustix::net::accept_with(listener, flags) {
                Ok(stream) => self.writers.push(Writer {
                    stream,
                    partial: Vec::new(),
                    heard: Began::now(),
                }),
                Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED) => {}
                Err(error) => return Err(error.into()),
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
    /// What it sent counts, whether its last line has an end or not.
    fn give_all(&mut self, into: &mut Vec<u8>) {
        if !self.partial.is_empty() {
            self.partial.push(b'\n');
            self.give_lines(into);
        }
    }

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
