//! A file: whole at the end, growing, or added to. A reader never sees half of a file that is written whole.

use super::Sink;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub struct FileSink {
    file: File,
    /// The temporary name and the final one, until the file is complete.
    rename: Option<(PathBuf, PathBuf)>,
}

impl FileSink {
    /// Of input that ends: a temporary file beside `path`, renamed by `finish` and removed if that never comes.
    /// What is no regular file (a FIFO, `/dev/null`) is written as it is.
    pub fn whole(path: &Path) -> io::Result<FileSink> {
        if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
            return Ok(FileSink {
                file: OpenOptions::new().write(true).open(path)?,
                rename: None,
            });
        }
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if name.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a file's name",
            ));
        }
        let aside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&aside)?;
        if let Ok(meta) = fs::metadata(path) {
            // The new file is to be read by whoever read the old one.
            let _ = fs::set_permissions(&aside, meta.permissions());
        }
        Ok(FileSink {
            file,
            rename: Some((aside, path.to_owned())),
        })
    }

    /// Of live input: starts empty and grows.
    pub fn growing(path: &Path) -> io::Result<FileSink> {
        Ok(FileSink {
            file: File::create(path)?,
            rename: None,
        })
    }

    /// Adds to the file. The length it has already is given too: a header goes only into an empty one.
    pub fn append(path: &Path) -> io::Result<(FileSink, u64)> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let len = file.metadata()?.len();
        Ok((FileSink { file, rename: None }, len))
    }
}

impl Sink for FileSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        if let Some((aside, path)) = self.rename.take() {
            fs::rename(&aside, &path).inspect_err(|_| {
                let _ = fs::remove_file(&aside);
            })?;
        }
        Ok(())
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        if let Some((aside, _)) = &self.rename {
            let _ = fs::remove_file(aside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_appears_at_the_end_or_not_at_all() {
        let dir = std::env::temp_dir().join(format!("dstream-sink-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("out");
        let mut sink = FileSink::whole(&path).unwrap();
        sink.write(b"x").unwrap();
        assert!(!path.exists());
        sink.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"x");
        let mut sink = FileSink::whole(&path).unwrap();
        sink.write(b"y").unwrap();
        drop(sink);
        assert_eq!(fs::read(&path).unwrap(), b"x");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        fs::remove_dir_all(&dir).unwrap();
    }
}
