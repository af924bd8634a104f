//! Standard output, unbuffered: whoever calls has gathered a block's worth already.

use super::Sink;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

pub struct Stdout {
    file: File,
}

impl Stdout {
    /// A handle of its own: std's standard output would search each write for line ends.
    pub fn new() -> io::Result<Stdout> {
        Ok(Stdout {
            file: File::from(io::stdout().as_fd().try_clone_to_owned()?),
        })
    }
}

impl Sink for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
