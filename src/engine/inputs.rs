//! The inputs of a run: each file and each connection that its sources come to, also those that appear while it
//! goes on. Invariant: an input keeps its number, and what is said of it never changes.

use crate::bytes::scan;
use crate::sources;
use std::fs::File;
use std::sync::{Arc, PoisonError, RwLock};

/// What several files are called that are one source, read one behind the other.
pub const FILES: &str = "files";

/// A file or a connection.
pub struct InputInfo {
    pub name: String,
    /// Of formats that have one; the first record, without its line end.
    pub header: Option<Vec<u8>>,
    /// The stream that it is of: 0 the chain's own.
    pub side: usize,
}

/// All of them, by number.
#[derive(Default)]
pub struct InputList {
    list: RwLock<Vec<Arc<InputInfo>>>,
}

impl InputList {
    /// One more; its number.
    pub fn add(&self, name: String, side: usize, header: Option<Vec<u8>>) -> u32 {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        list.push(Arc::new(InputInfo { name, header, side }));
        list.len() as u32 - 1
    }

    pub fn get(&self, input: u32) -> Option<Arc<InputInfo>> {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        list.get(input as usize).cloned()
    }

    /// `-` for one that is not known.
    pub fn name(&self, input: u32) -> String {
        self.get(input)
            .map_or_else(|| "-".into(), |info| info.name.clone())
    }

    pub fn all(&self) -> Vec<Arc<InputInfo>> {
        self.list
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The line (from 1) of a file on which a byte stands.
pub fn line_of(name: &str, offset: u64) -> Option<u64> {
    let file = match name {
        "-" => sources::stdin_file()?,
        // A FIFO would wait for another writer.
        name if !std::fs::metadata(name).ok()?.is_file() => return None,
        name => File::open(name).ok()?,
    };
    let mut buf = vec![0; 1 << 16];
    let (mut at, mut lines) = (0u64, 0u64);
    while at < offset {
        let want = buf.len().min((offset - at) as usize);
        let got = rustix::io::pread(&file, &mut buf[..want], at).ok()?;
        if got == 0 {
            return None;
        }
        lines += scan::count_byte(&buf[..got], b'\n') as u64;
        at += got as u64;
    }
    Some(lines + 1)
}
