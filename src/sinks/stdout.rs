//! Standard output, unbuffered: whoever calls has gathered a block's worth already.

use super::Sink;
use super::patient::Patient;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub struct Stdout {
    to: Patient,
}

impl Stdout {
    /// A handle of its own: std's standard output would search each write for line ends. `stop`: the run is to end.
    pub fn new(stop: &Arc<AtomicBool>) -> io::Result<Stdout> {
        let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        Ok(Stdout {
            to: Patient::new(file, stop),
        })
    }
}

impl Sink for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
