//! A command of the shell that reads and perhaps answers. Knows no rows. Invariant: it is fed and read at the same
//! time, so neither waits for the other for ever; and its input ends, as all of it, only by [`Child::close`].

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, fcntl_getfd};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

/// What a command may have answered that is not taken yet, while it is fed one piece: a command that never reads
/// and never ends would fill the memory otherwise.
pub const ANSWER_MAX: usize = if cfg!(debug_assertions) {
    64 << 20
} else {
    1 << 30
};

/// Bytes that are read at once.
const PIECE: usize = 64 << 10;

/// A command that runs.
pub struct Child {
    child: std::process::Child,
    /// Until it has everything, or reads no more.
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    /// What it has answered and nobody has taken.
    pub got: Vec<u8>,
    waited: bool,
}

/// Names of what a command finds in its environment.
const VARIABLES: [&str; 3] = [
    "DSTREAM_BATCH",
    "DSTREAM_WINDOW_START",
    "DSTREAM_WINDOW_END",
];

impl Child {
    /// Starts `sh -c command`. `told`: its batch, and its window's start and end. `answers`: what it writes comes
    /// here, else it goes where our own output goes.
    pub fn start(command: &str, told: &[String], answers: bool) -> io::Result<Child> {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).stdin(Stdio::piped());
        if answers {
            shell.stdout(Stdio::piped());
        }
        for (i, name) in VARIABLES.iter().enumerate() {
            match told.get(i) {
                Some(value) => shell.env(name, value),
                // Those of another one, in which we run.
                None => shell.env_remove(name),
            };
        }
        let mut child = shell.spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        if let (Some(stdin), Some(stdout)) = (&stdin, &stdout) {
            wait_for_none(stdin)?;
            wait_for_none(stdout)?;
        }
        Ok(Child {
            child,
            stdin,
            stdout,
            got: Vec::new(),
            waited: false,
        })
    }

    /// Gives it bytes; takes meanwhile what it answers. One that reads no more is given nothing more.
    pub fn feed(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let Some(stdin) = &mut self.stdin else {
                return Ok(());
            };
            match stdin.write(bytes) {
                Ok(n) => bytes = &bytes[n..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::BrokenPipe => self.stdin = None,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.wait()?;
                    self.take()?;
                    if self.got.len() > ANSWER_MAX {
                        return Err(io::Error::other(format!(
                            "it has answered more than {} MiB without reading on",
                            ANSWER_MAX >> 20
                        )));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.take()?;
        Ok(())
    }

    /// It has all its input.
    pub fn close(&mut self) {
        self.stdin = None;
    }

    /// Reads of its answer until that ends (true), or there are `most` bytes of it.
    pub fn read(&mut self, most: usize) -> io::Result<bool> {
        while self.stdout.is_some() && self.got.len() < most {
            self.wait()?;
            self.take()?;
        }
        Ok(self.stdout.is_none())
    }

    /// How it has ended, if it has and reads no more; else waits for that with `wait`.
    pub fn ended(&mut self, wait: bool) -> io::Result<Option<ExitStatus>> {
        let status = match (wait, &self.stdin) {
            (true, _) => Some(self.child.wait()?),
            (false, Some(_)) => None,
            (false, None) => self.child.try_wait()?,
        };
        self.waited |= status.is_some();
        Ok(status)
    }

    /// Until it reads or has answered.
    fn wait(&self) -> io::Result<()> {
        let stdin = self.stdin.as_ref().map(|fd| (fd.as_fd(), PollFlags::OUT));
        let stdout = self.stdout.as_ref().map(|fd| (fd.as_fd(), PollFlags::IN));
        let mut fds: Vec<PollFd<'_>> = stdin
            .into_iter()
            .chain(stdout)
            .map(|(fd, flags)| PollFd::from_borrowed_fd(fd, flags))
            .collect();
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What is there of its answer.
    fn take(&mut self) -> io::Result<()> {
        while let Some(stdout) = &mut self.stdout {
            let from = self.got.len();
            self.got.resize(from + PIECE, 0);
            let read = stdout.read(&mut self.got[from..]);
            self.got.truncate(from + read.as_ref().map_or(0, |n| *n));
            match read {
                Ok(0) => self.stdout = None,
                Ok(_) if self.got.len() > ANSWER_MAX => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for Child {
    /// One that has not been waited for does not have its whole batch: it must not take the end of its input for that
    /// of the batch.
    fn drop(&mut self) {
        if self.waited {
            return;
        }
        if let Some(pid) = Pid::from_raw(self.child.id() as i32) {
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

/// Reading and writing never wait.
fn wait_for_none(fd: &impl AsFd) -> io::Result<()> {
    // The flags of the descriptor itself stay: it is closed in commands that are started later.
    fcntl_getfd(fd)?;
    rustix::io::ioctl_fionbio(fd, true)?;
    Ok(())
}

/// How a command ended that did not end well; `None`: it did.
pub fn fault(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("ended with status {code}")),
        (None, Some(signal)) => Some(format!("was killed by signal {signal}")),
        (None, None) => Some("did not end well".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(command: &str, input: &[u8]) -> (Vec<u8>, Option<String>) {
        let told = ["7".to_string()];
        let mut child = Child::start(command, &told, true).unwrap();
        for piece in input.chunks(1000) {
            child.feed(piece).unwrap();
        }
        child.close();
        assert!(child.read(usize::MAX).unwrap());
        let status = child.ended(true).unwrap().unwrap();
        (std::mem::take(&mut child.got), fault(status))
    }

    #[test]
    fn what_goes_in_comes_out() {
        // More than both pipes hold.
        let input = b"0123456789".repeat(100_000);
        assert_eq!(run("cat", &input), (input, None));
    }

    #[test]
    fn a_command_need_not_read_nor_answer() {
        let input = b"x".repeat(1 << 20);
        assert_eq!(run("exit 0", &input), (Vec::new(), None));
        assert_eq!(run("head -c 2", &input), (b"xx".to_vec(), None));
        assert_eq!(run("cat > /dev/null", &input), (Vec::new(), None));
    }

    #[test]
    fn how_it_ended_is_told() {
        let failed = |text: &str| Some(text.to_string());
        assert_eq!(run("exit 3", b"").1, failed("ended with status 3"));
        assert_eq!(run("kill -9 $$", b"").1, failed("was killed by signal 9"));
        let told = run(
            "printf '%s %s' \"$DSTREAM_BATCH\" \"${DSTREAM_WINDOW_END-none}\"",
            b"",
        );
        assert_eq!(told.0, b"7 none");
    }

    #[test]
    fn what_was_not_given_everything_is_ended() {
        let mut child = Child::start("cat > /dev/null; echo all", &[], true).unwrap();
        child.feed(b"a part").unwrap();
        let pid = child.child.id();
        drop(child);
        let pid = Pid::from_raw(pid as i32).unwrap();
        let ended = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
        let (_, status) = ended.unwrap().unwrap();
        assert_eq!(status.terminating_signal(), Some(15));
    }
}
