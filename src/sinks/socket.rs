//! A stream socket: `tcp:HOST:PORT`, `unix:PATH`. Rows go to whoever listens there. Refuses to go on without them:
//! a connection that breaks ends the run, as what was sent last may not have been read.

use super::Sink;
use super::patient::Patient;
use crate::error::{Failure, status};
use std::fs::File;
use std::io::{self, Read};
use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How long the other side has at the end to say that it has gone.
const FAREWELL: Duration = Duration::from_millis(200);

pub struct Socket {
    stream: Stream,
    to: Patient,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// `word` as it stands on the command line. `stop`: the run is to end.
    pub fn connect(word: &str, stop: &Arc<AtomicBool>) -> Result<Socket, Failure> {
        let opened = match word.split_once(':') {
            Some(("tcp", address)) => TcpStream::connect(address).map(Stream::Tcp),
            Some(("unix", path)) => UnixStream::connect(path).map(Stream::Unix),
            _ => Err(io::Error::other("it is no address")),
        };
        let made = opened.and_then(|stream| {
            let file = match &stream {
                Stream::Tcp(stream) => OwnedFd::from(stream.try_clone()?),
                Stream::Unix(stream) => OwnedFd::from(stream.try_clone()?),
            };
            let to = Patient::new(File::from(file), stop);
            Ok(Socket { stream, to })
        });
        made.map_err(|error| Failure {
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
        self.to.write_all(bytes).map_err(lost)
    }

    fn finish(&mut self) -> io::Result<()> {
        let mut answer = [0; 512];
        let heard = match &mut self.stream {
            Stream::Tcp(stream) => {
                stream.shutdown(Shutdown::Write).map_err(lost)?;
                stream.set_read_timeout(Some(FAREWELL))?;
                stream.read(&mut answer)
            }
            Stream::Unix(stream) => {
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
