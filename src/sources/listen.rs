//! Listeners, by TCP and by a socket file, that take the lines of many writers. They listen on loopback unless an
//! address is written out. Refuses to hold more than a share of memory for lines that do not end. Invariant: lines of
//! different writers are never mixed within a line.

use super::pace::Began;
use super::stdin::{read_some, timespec};
use super::{Live, Notes, Opening, Read};
use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::FileType;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::fs::Permissions;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// Writers that may be connected at the same time.
const CONNECTIONS_MAX: usize = 1000;
/// Of those from one address, unless it is this machine's own.
const OF_ADDRESS_MAX: usize = CONNECTIONS_MAX / 4;
/// A partial line of a writer that is longer is passed on as it is, to be told as a line too long.
const PARTIAL_MAX: usize = 64 << 20;
/// Partial lines of all writers together: beyond that the one with the longest is closed.
const PARTIALS_MAX: usize = 128 << 20;
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
pub fn tcp(address: &str, how: &Opening) -> Result<Box<dyn Live>> {
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
    Ok(Box::new(Listener::new(listeners, None, how)))
}

/// Listens on a socket file of the user's own. An old one is replaced when nobody answers on it.
pub fn unix(path: &str, how: &Opening) -> Result<Box<dyn Live>> {
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
    Ok(Box::new(Listener::new(vec![socket], Some(file), how)))
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
    /// Where it is, of another machine.
    from: Option<IpAddr>,
    /// What came behind the last line end.
    partial: Vec<u8>,
    /// How much of it has been searched for one.
    searched: usize,
    /// When something came last.
    heard: Began,
}

struct Listener {
    listeners: Vec<OwnedFd>,
    writers: Vec<Writer>,
    idle_close: Option<Duration>,
    limits: Limits,
    /// No more writers are let in until one has left.
    full: bool,
    notes: Notes,
    #[expect(dead_code, reason = "removes the name when the listener goes")]
    socket: Option<SocketFile>,
}

/// How many writers there may be, and how much memory their unfinished lines may take.
struct Limits {
    connections: usize,
    of_address: usize,
    partials: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: CONNECTIONS_MAX,
            of_address: OF_ADDRESS_MAX,
            partials: PARTIALS_MAX,
        }
    }
}

impl Listener {
    fn new(listeners: Vec<OwnedFd>, socket: Option<SocketFile>, how: &Opening) -> Listener {
        Listener {
            listeners,
            writers: Vec::new(),
            idle_close: how.idle_close,
            limits: Limits::default(),
            full: false,
            notes: how.notes.clone(),
            socket,
        }
    }

    /// Lets the writers in that wait at a listener.
    fn let_in(&mut self, listener: usize) -> io::Result<()> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (stream, address) = match rustix::net::acceptfrom_with(&self.listeners[listener], flags)
        {
            Ok(accepted) => accepted,
            Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED) => return Ok(()),
            Err(error @ (Errno::MFILE | Errno::NFILE)) if !self.writers.is_empty() => {
                self.fill(&error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let from = address.and_then(|address| SocketAddr::try_from(address).ok());
        let from = from
            .map(|address| address.ip().to_canonical())
            .filter(|address| !address.is_loopback());
        if let Some(from) = from {
            let same = self
                .writers
                .iter()
                .filter(|writer| writer.from == Some(from));
            if same.count() >= self.limits.of_address {
                self.notes.tell(&format!(
                    "a connection from {from} is closed: {} of that address are open",
                    self.limits.of_address
                ));
                return Ok(());
            }
        }
        self.writers.push(Writer {
            stream,
            from,
            partial: Vec::new(),
            searched: 0,
            heard: Began::now(),
        });
        if self.writers.len() >= self.limits.connections {
            self.fill("that is the limit");
        }
        Ok(())
    }

    fn fill(&mut self, why: &str) {
        if !self.full {
            self.notes.tell(&format!(
                "{} writers are connected and {why}: others wait until one leaves",
                self.writers.len()
            ));
        }
        self.full = true;
    }

    /// Closes whoever has sent most without a line end, when all together hold too much.
    fn shed(&mut self) {
        while self
            .writers
            .iter()
            .map(|writer| writer.partial.len())
            .sum::<usize>()
            > self.limits.partials
        {
            let longest = (0..self.writers.len()).max_by_key(|&at| self.writers[at].partial.len());
            let Some(longest) = longest else { return };
            let writer = self.writers.remove(longest);
            let who = writer.from.map_or("a writer".to_string(), |from| {
                format!("the writer at {from}")
            });
            self.notes.tell(&format!(
                "{who} is disconnected and {} bytes of it are lost: they have no line end, and the unfinished lines of all \
                 writers are more than {} bytes",
                writer.partial.len(),
                self.limits.partials
            ));
        }
    }

    /// Closes connections that have been silent for too long, and says when the next one may be.
    fn close_silent(&mut self, into: &mut Vec<u8>) -> Option<Duration> {
        let most = self.idle_close?;
        let before = self.writers.len();
        self.writers.retain_mut(|writer| {
            let silent = writer.heard.elapsed() >= most;
            if silent {
                writer.give_all(into);
            }
            !silent
        });
        self.full &= self.writers.len() == before;
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
        let listening = if self.full { 0 } else { self.listeners.len() };
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
        // What is closed while it is full makes room.
        self.full &= gone.is_empty();
        for i in gone.into_iter().rev() {
            self.writers.remove(i);
        }
        self.shed();
        for (listener, _) in ready[..listening]
            .iter()
            .enumerate()
            .filter(|(_, ready)| **ready)
        {
            if !self.full {
                self.let_in(listener)?;
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
        let new = self.partial.get(self.searched..).unwrap_or_default();
        self.searched = match memchr::memrchr(b'\n', new) {
            Some(at) => self.searched + at + 1,
            None if self.partial.len() > PARTIAL_MAX => self.partial.len(),
            None => {
                self.searched = self.partial.len();
                return;
            }
        };
        into.extend(self.partial.drain(..self.searched));
        self.searched = self.partial.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpStream;
    use std::sync::{Arc, Mutex};

    /// A listener with limits, where it listens, and what it tells.
    fn listening(limits: Limits) -> (Listener, SocketAddr, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let to = told.clone();
        let how = Opening {
            notes: Notes::new(move |note| to.lock().unwrap().push(note.into())),
            ..Opening::default()
        };
        let mut listener = Listener::new(vec![listener.into()], None, &how);
        listener.limits = limits;
        (listener, address, told)
    }

    /// Reads until nothing has come for a moment.
    fn read_all(listener: &mut Listener) -> String {
        let (mut text, mut idle) = (Vec::new(), 0);
        while idle < 3 {
            let before = listener.writers.len();
            let read = listener.read(&mut text, 1 << 20, Some(Duration::from_millis(30)));
            let same = before == listener.writers.len();
            idle = match read.unwrap() {
                Read::Idle if same => idle + 1,
                _ => 0,
            };
        }
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn lines_are_whole_whoever_writes_in_between() {
        let (mut listener, address, _) = listening(Limits::default());
        let mut one = TcpStream::connect(address).unwrap();
        let mut other = TcpStream::connect(address).unwrap();
        let mut text = String::new();
        for part in ["a\nb", "cd\ne", "f", "\n", "rest"] {
            one.write_all(part.as_bytes()).unwrap();
            text.push_str(&read_all(&mut listener));
            other.write_all(b"x\n").unwrap();
            text.push_str(&read_all(&mut listener));
        }
        drop(one);
        text.push_str(&read_all(&mut listener));
        assert_eq!(text, "a\nx\nbcd\nx\nx\nef\nx\nx\nrest\n");
    }

    /// GUARANTEES 5: unfinished lines have a limit; who is over it is disconnected, and that is told.
    #[test]
    fn lines_without_an_end_do_not_fill_memory() {
        let limits = Limits {
            partials: 1000,
            ..Limits::default()
        };
        let (mut listener, address, told) = listening(limits);
        let mut good = TcpStream::connect(address).unwrap();
        let mut bad = TcpStream::connect(address).unwrap();
        good.write_all(&[b'g'; 300]).unwrap();
        bad.write_all(&[b'b'; 800]).unwrap();
        assert_eq!(read_all(&mut listener), "");
        good.write_all(b"\n").unwrap();
        assert_eq!(read_all(&mut listener), "g".repeat(300) + "\n");
        let told = told.lock().unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("800 bytes of it are lost"), "{told:?}");
        assert_eq!(listener.writers.len(), 1);
    }

    #[test]
    fn writers_wait_until_one_leaves() {
        let limits = Limits {
            connections: 2,
            ..Limits::default()
        };
        let (mut listener, address, told) = listening(limits);
        let mut writers: Vec<TcpStream> = (0..3)
            .map(|_| TcpStream::connect(address).unwrap())
            .collect();
        writers[2].write_all(b"late\n").unwrap();
        assert_eq!(read_all(&mut listener), "");
        writers.remove(0);
        assert_eq!(read_all(&mut listener), "late\n");
        // Told when it was full, and when it was full again.
        assert_eq!(told.lock().unwrap().len(), 2);
    }
}
