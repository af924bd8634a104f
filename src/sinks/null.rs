//! Nowhere: `--quiet`.

use super::Sink;
use std::io;

pub struct Null;

impl Sink for Null {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
