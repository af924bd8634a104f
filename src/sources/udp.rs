//! Datagrams: each is one line or several, and one without a line end gets one. What the system dropped because it
//! was not read in time is told at the end. Invariant: lines of different senders are never mixed.

use super::{Live, Notes, Opening, Read};
use anyhow::Result;
use rustix::event::{PollFd, PollFlags, poll};
use std::io;
use std::net::UdpSocket;
use std::time::Duration;

/// No datagram is larger.
const DATAGRAM_MAX: usize = 1 << 16;
/// The size asked for the system's buffer, so that a pause loses nothing.
const BUFFER: usize = 4 << 20;

/// Listens on `PORT` (127.0.0.1 and ::1) or `ADDR:PORT`.
pub fn listen(name: &str, address: &str, how: &Opening) -> Result<Box<dyn Live>> {
    let mut sockets = Vec::new();
    for address in super::listen::addresses(address)? {
        match UdpSocket::bind(address) {
            Ok(socket) => sockets.push(socket),
            // A machine without IPv6 is served by the other one.
            Err(_) if !sockets.is_empty() => {}
            Err(error) => return Err(error.into()),
        }
    }
    for socket in &sockets {
        socket.set_nonblocking(true)?;
        // Best effort: it fails beyond the system's limit.
        let _ = rustix::net::sockopt::set_socket_recv_buffer_size(socket, BUFFER);
    }
    Ok(Box::new(Datagrams {
        name: name.into(),
        sockets,
        space: vec![0; DATAGRAM_MAX],
        notes: how.notes.clone(),
    }))
}

struct Datagrams {
    name: String,
    sockets: Vec<UdpSocket>,
    space: Vec<u8>,
    notes: Notes,
}

impl Live for Datagrams {
    fn read(&mut self, into: &mut Vec<u8>, max: usize, wait: Option<Duration>) -> io::Result<Read> {
        let mut polled: Vec<PollFd<'_>> = self
            .sockets
            .iter()
            .map(|socket| PollFd::new(socket, PollFlags::IN))
            .collect();
        match poll(&mut polled, super::stdin::timespec(wait).as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(Read::Idle),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let from = into.len();
        for socket in &self.sockets {
            while into.len() - from < max {
                let got = match socket.recv(&mut self.space) {
                    Ok(got) => got,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // Somebody that we never wrote to is not there; nothing of ours.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                };
                let datagram = &self.space[..got];
                into.extend_from_slice(datagram);
                if !matches!(datagram.last(), None | Some(b'\n')) {
                    into.push(b'\n');
                }
            }
        }
        Ok(match into.len() > from {
            true => Read::Data,
            false => Read::Idle,
        })
    }
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        let dropped: u64 = self.sockets.iter().map(drops).sum();
        if dropped > 0 {
            let what = if dropped == 1 {
                "datagram"
            } else {
                "datagrams"
            };
            self.notes.tell(&format!(
                "{}: the system dropped {dropped} {what} that came faster than they were read",
                self.name
            ));
        }
    }
}

/// What the system dropped of a socket's datagrams, as far as it tells.
fn drops(socket: &UdpSocket) -> u64 {
    let Ok(stat) = rustix::fs::fstat(socket) else {
        return 0;
    };
    let inode = stat.st_ino.to_string();
    ["/proc/net/udp", "/proc/net/udp6"]
        .into_iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .find_map(|table| dropped_of(&table, &inode))
        .unwrap_or(0)
}

/// The last column of the row whose tenth is the inode.
fn dropped_of(table: &str, inode: &str) -> Option<u64> {
    let mut rows = table.lines().skip(1).map(str::split_ascii_whitespace);
    let row = rows.find(|row| row.clone().nth(9) == Some(inode))?;
    row.last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_datagram_is_a_line_or_several() {
        let port = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut live = listen("u", &port.to_string(), &Opening::default()).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut text = Vec::new();
        for datagram in ["a", "b\n", "c\nd", ""] {
            sender
                .send_to(datagram.as_bytes(), ("127.0.0.1", port))
                .unwrap();
        }
        while text.len() < 8 {
            live.read(&mut text, 1 << 16, Some(Duration::from_secs(9)))
                .unwrap();
        }
        assert_eq!(text, b"a\nb\nc\nd\n");
    }

    #[test]
    fn what_the_system_dropped_is_told() {
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = said.clone();
        let how = Opening {
            notes: Notes::new(move |note| told.lock().unwrap().push(note.into())),
            ..Opening::default()
        };
        let port = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let live = listen("u", &port.to_string(), &how).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        // More than its buffer holds, whatever the system allows.
        let datagram = vec![b'x'; 60_000];
        for _ in 0..400 {
            sender.send_to(&datagram, ("127.0.0.1", port)).unwrap();
        }
        drop(live);
        let said = said.lock().unwrap().join("");
        assert!(said.starts_with("u: the system dropped "), "{said}");
        assert_eq!(
            dropped_of("head\n 1: 2 3 4 5 6 7 8 9 77 2 0 5\n", "77"),
            Some(5)
        );
        assert_eq!(dropped_of("head\n", "77"), None);
    }
}
