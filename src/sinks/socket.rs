//! A stream socket: `tcp:HOST:PORT`, `unix:PATH`. Rows go to whoever listens there. Refuses to go on without them:
//! a connection that breaks ends the run, as what was sent last may not have been read.

use super::Sink;
use crate::error::{Failure, status};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long the other side has at the end to say that it has gone.
const FAREWELL: Duration = Duration::from_millis(200);

pub enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// `word` as it stands on the command line.
    pub fn connect(word: &str) -> Result<Socket, Failure> {
        let opened = match word.split_once(':') {
            Some(("tcp", address)) => TcpStream::connect(address).map(Socket::Tcp),
            Some(("unix", path)) => UnixStream::connect(path).map(Socket::Unix),
            _ => Err(io::Error::other("it is no address")),
        };
        opened.map_err(|error| Failure {
            status: status::CANT_CREATE,
            message: format!("cannot connect to {word}: {}", reason(&error)),
        })
    }
}

/// Without the system's number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nobody listens there".into(),
        io::ErrorKind::NotFound => "there is no such socket".into(),
        _ => error.to_string(),
    }
}

/// A reader of standard output may leave without a word; what was sent here counts on being read.
fn lost(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
            io::Error::other("the other side has closed the connection")
        }
        _ => error,
    }
}

impl Sink for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Socket::Tcp(stream) => stream.write_all(bytes),
            Socket::Unix(stream) => stream.write_all(bytes),
        }
        .map_err(lost)
    }

    fn finish(&mut self) -> io::Result<()> {
        let mut answer = [0; 512];
        let heard = match self {
            Socket::Tcp(stream) => {
                stream.shutdown(Shutdown::Write).map_err(lost)?;
                stream.set_read_timeout(Some(FAREWELL))?;
                stream.read(&mut answer)
            }
            Socket::Unix(stream) => {
                stream.shutdown(Shutdown::Write).map_err(lost)?;
                stream.set_read_timeout(Some(FAREWELL))?;
                stream.read(&mut answer)
            }
        };
        match heard {
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(lost(error)),
            _ => Ok(()),
        }
    }
}
