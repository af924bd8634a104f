//! Writing to a pipe or a socket whose reader may have stopped reading: waits for it without end while the run goes
//! on, but not for long once the run is to end. Refuses to change what it shares with other processes: a pipe that was
//! inherited is opened anew, and sockets are asked write by write. Invariant: what was not taken is an error.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::SendFlags;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// One look at whether the reader takes something again, ms.
const LOOK_MS: i64 = 100;
/// Between two looks at whether somebody reads it.
const OPEN_LOOK: Duration = Duration::from_millis(20);
/// Looks in a row without a byte taken, after which a run that is to end does without its reader.
const LOOKS: u32 = 10;
/// A pipe holds so much, bytes, if the system lets it: a block's output in one piece.
const PIPE_SIZE: usize = 256 << 10;

/// Opens a FIFO to be written to once somebody reads it. Not waited for when the run is to end.
pub fn open(path: &Path, stop: &AtomicBool) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    loop {
        match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(opened) => {
                let file = File::from(opened);
                rustix::fs::fcntl_setfl(&file, OFlags::empty())?;
                return Ok(file);
            }
            // Nobody reads it.
            Err(rustix::io::Errno::NXIO) if stop.load(Ordering::Relaxed) => {
                return Err(io::ErrorKind::Interrupted.into());
            }
            Err(rustix::io::Errno::NXIO) => std::thread::sleep(OPEN_LOOK),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// A descriptor that is written to with patience.
pub struct Patient {
    file: File,
    is_socket: bool,
    stop: Arc<AtomicBool>,
}

impl Patient {
    /// `file` may be shared with other processes. `stop`: the run is to end.
    pub fn new(file: File, stop: &Arc<AtomicBool>) -> Patient {
        let kind = rustix::fs::fstat(&file)
            .map(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode))
            .ok();
        let is_pipe = kind.is_some_and(|kind| kind.is_fifo());
        if is_pipe {
            // Without it there are only more turns.
            let _ = rustix::pipe::fcntl_setpipe_size(&file, PIPE_SIZE);
        }
        Patient {
            file: is_pipe.then(|| anew(&file)).flatten().unwrap_or(file),
            is_socket: kind.is_some_and(|kind| kind.is_socket()),
            stop: stop.clone(),
        }
    }

    /// Writes all of it, in as many pieces as it is taken.
    pub fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        let mut idle = 0;
        while !bytes.is_empty() {
            let written = match self.is_socket {
                true => {
                    rustix::net::send(&self.file, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)
                }
                false => rustix::io::write(&self.file, bytes),
            };
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    bytes = bytes.get(n..).unwrap_or_default();
                    idle = 0;
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => {
                    if !may_write(self.file.as_fd())? {
                        // What it did not take before the signal is no fault of its own.
                        idle = if self.stop.load(Ordering::Relaxed) {
                            idle + 1
                        } else {
                            0
                        };
                        if idle >= LOOKS {
                            return Err(io::Error::new(
                                io::ErrorKind::TimedOut,
                                "the run was to end and nobody read it; what was left is not written",
                            ));
                        }
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// The same pipe with flags of its own, where the system can give it: a write that would wait comes back.
fn anew(file: &File) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    use std::os::fd::AsRawFd;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let opened = rustix::fs::open(path, flags, Mode::empty()).ok()?;
    Some(File::from(opened))
}

/// Waits for a moment until something is taken again. An error of the other side is found by the next write.
fn may_write(fd: BorrowedFd<'_>) -> io::Result<bool> {
    let look = rustix::event::Timespec {
        tv_sec: 0,
        tv_nsec: LOOK_MS * 1_000_000,
    };
    let mut asked = [PollFd::from_borrowed_fd(fd, PollFlags::OUT)];
    match poll(&mut asked, Some(&look)) {
        Ok(n) => Ok(n > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::OwnedFd;

    fn pipe() -> (File, File) {
        let (read, write) = rustix::pipe::pipe().unwrap();
        (File::from(read), File::from(write))
    }

    /// Writes a megabyte while the other end reads nothing.
    fn stuck(end: File) -> io::Error {
        let stop = Arc::new(AtomicBool::new(true));
        let patient = Patient::new(end, &stop);
        patient.write_all(&vec![b'x'; 1 << 20]).unwrap_err()
    }

    /// GUARANTEES G13: a run that is blocked on a full pipe ends.
    #[test]
    fn a_reader_that_does_not_read_is_not_waited_for_at_the_end() {
        let (_read, write) = pipe();
        assert_eq!(stuck(write).kind(), io::ErrorKind::TimedOut);
        let (_near, far) = std::os::unix::net::UnixStream::pair().unwrap();
        assert_eq!(
            stuck(File::from(OwnedFd::from(far))).kind(),
            io::ErrorKind::TimedOut
        );
    }

    #[test]
    fn a_slow_reader_is_waited_for() {
        let (mut read, write) = pipe();
        let shared = write.try_clone().unwrap();
        let stop = Arc::new(AtomicBool::new(true));
        let reader = std::thread::spawn(move || {
            let (mut all, mut some) = (Vec::new(), vec![0; 1 << 16]);
            for pause in [300, 300, 0] {
                std::thread::sleep(Duration::from_millis(pause));
                let n = read.read(&mut some).unwrap();
                all.extend_from_slice(&some[..n]);
            }
            read.read_to_end(&mut all).unwrap();
            all
        });
        let text: Vec<u8> = (0..1 << 20).map(|i| (i % 251) as u8).collect();
        let patient = Patient::new(write, &stop);
        patient.write_all(&text).unwrap();
        // Whoever shares the pipe sees no change of it.
        let flags = rustix::fs::fcntl_getfl(&shared).unwrap();
        assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK));
        drop((patient, shared));
        assert!(reader.join().unwrap() == text);
    }

    #[test]
    fn a_reader_that_has_gone_is_an_error() {
        let (read, write) = pipe();
        drop(read);
        let patient = Patient::new(write, &Arc::default());
        assert_eq!(
            patient.write_all(b"x").unwrap_err().kind(),
            io::ErrorKind::BrokenPipe
        );
    }
}
