//! Directories and compressed files for the tests of sources. Invariant: a directory is a test's own.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A directory that nothing is in.
pub fn scratch(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("dstream-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// Compresses a file, and leaves it.
pub fn pack(from: &Path, to: &Path) {
    let file = File::create(to).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    packed.write_all(&fs::read(from).unwrap()).unwrap();
    packed.finish().unwrap();
}

/// Compresses a file, and removes it.
pub fn gzip(from: &Path, to: &Path) {
    pack(from, to);
    fs::remove_file(from).unwrap();
}
