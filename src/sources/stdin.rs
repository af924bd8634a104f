//! Standard input, FIFOs and other files that cannot be read twice. Waits by poll, so that a pause is noticed
//! and a signal heard.

use super::{Input, Live, Opening, Read};
use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, poll};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// The size asked for a pipe's buffer: a pipe is as fast as its buffer.
const PIPE_SIZE: usize = 1 << 20;

pub fn open(how: &Opening) -> Result<Input> {
    let file = File::from(
        io::stdin()
            .as_fd()
            .try_clone_to_owned()
            .context("standard input")?,
    );
    let meta = file.metadata().context("standard input")?;
    if meta.is_dir() {
        anyhow::bail!("standard input is a directory");
    }
    // A file that has been read in part already goes on from there, like a pipe.
    let at_start = meta.is_file() && rustix::fs::tell(&file).is_ok_and(|at| at == 0);
    if at_start && how.is_in_parts() {
        return super::open_parts("-", Some(file), how);
    }
    super::of_file("-".into(), file, at_start, meta.len(), how)
}

/// Standard input where it is a file.
pub fn file() -> Option<File> {
    let file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    file.metadata().ok()?.is_file().then_some(file)
}

/// A pipe, FIFO, socket or terminal.
pub struct Pipe {
    file: File,
}

impl Pipe {
    pub fn new(file: File) -> Pipe {
        // Best effort: it fails on what is no pipe, and beyond the user's limit.
        let _ = rustix::pipe::fcntl_setpipe_size(&file, PIPE_SIZE);
        Pipe { file }
    }
}

impl Live for Pipe {
    fn read(&mut self, into: &mut Vec<u8>, max: usize, wait: Option<Duration>) -> io::Result<Read> {
        if !ready(&self.file, wait)? {
            return Ok(Read::Idle);
        }
        read_some(&self.file, into, max)
    }
}

/// Waits until a descriptor can be read; false when it cannot be within `wait`, or a signal came.
pub fn ready(fd: &impl AsFd, wait: Option<Duration>) -> io::Result<bool> {
    match poll(
        &mut [PollFd::new(fd, PollFlags::IN)],
        timespec(wait).as_ref(),
    ) {
        Ok(n) => Ok(n > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub fn timespec(wait: Option<Duration>) -> Option<rustix::event::Timespec> {
    wait.map(|wait| rustix::event::Timespec {
        // Longer than anybody waits.
        tv_sec: wait.as_secs().min(1 << 40) as i64,
        tv_nsec: i64::from(wait.subsec_nanos()),
    })
}

/// One read of at most `max` bytes behind what is in `into`.
pub fn read_some(fd: &impl AsFd, into: &mut Vec<u8>, max: usize) -> io::Result<Read> {
    let from = into.len();
    into.resize(from + max, 0);
    let got = rustix::io::read(fd, &mut into[from..]);
    into.truncate(from + got.as_ref().map_or(0, |got| *got));
    match got {
        Ok(0) => Ok(Read::End),
        Ok(_) => Ok(Read::Data),
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(Read::Idle),
        Err(error) => Err(error.into()),
    }
}
