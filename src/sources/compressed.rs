//! gzip and Zstandard, by content. A file of many members or frames is read to its end; input that grows out
//! of all proportion is refused.

use super::{At, Blocking, Live};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Compressed input over [`RATIO_FROM`] bytes that grows more than so many times is refused, unless `--max-ratio`
/// says otherwise.
pub const RATIO_MAX: u64 = 200;
const RATIO_FROM: u64 = 1 << 30;

/// How far compressed files have been read, for whoever shows it.
#[derive(Clone, Debug, Default)]
pub struct Unpacking {
    /// Bytes of the files.
    pub read: Arc<AtomicU64>,
    /// Bytes that came of them.
    pub made: Arc<AtomicU64>,
}

/// Whether bytes begin like something compressed.
pub fn is_packed(magic: &[u8]) -> bool {
    is_gzip(magic) || magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

fn is_gzip(magic: &[u8]) -> bool {
    magic.starts_with(&[0x1f, 0x8b])
}

/// A decoder if the file begins like something compressed. It reads the file from its start, and leaves the
/// descriptor's own place alone.
pub fn open(
    file: &File,
    ratio_max: u64,
    unpacking: &Unpacking,
) -> io::Result<Option<Box<dyn Live>>> {
    let magic = super::head(file, 4)?;
    if !is_packed(&magic) {
        return Ok(None);
    }
    let len = file.metadata()?.len();
    let file = Counted {
        file: At {
            file: file.try_clone()?,
            at: 0,
            end: u64::MAX,
        },
        read: unpacking.read.clone(),
    };
    let input = BufReader::with_capacity(1 << 17, file);
    let decoder: Box<dyn Read + Send> = if is_gzip(&magic) {
        Box::new(flate2::bufread::MultiGzDecoder::new(input))
    } else {
        Box::new(Frames {
            input: Some(input),
            frame: None,
        })
    };
    Ok(Some(Box::new(Blocking(Bounded {
        decoder,
        made: 0,
        made_of_all: unpacking.made.clone(),
        ratio_max,
        max: RATIO_FROM.max(len.saturating_mul(ratio_max)),
    }))))
}

/// A file whose bytes are counted as they are read.
struct Counted {
    file: At,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let got = self.file.read(into)?;
        self.read.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}

/// Stops what grows beyond bounds.
struct Bounded {
    decoder: Box<dyn Read + Send>,
    made: u64,
    made_of_all: Arc<AtomicU64>,
    ratio_max: u64,
    max: u64,
}

impl Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let got = self.decoder.read(into)?;
        self.made += got as u64;
        self.made_of_all.fetch_add(got as u64, Ordering::Relaxed);
        if self.made > self.max {
            return Err(io::Error::other(format!(
                "compressed input grew more than {}-fold; --max-ratio N allows more",
                self.ratio_max
            )));
        }
        Ok(got)
    }
}

type ZstdFrame =
    ruzstd::decoding::StreamingDecoder<BufReader<Counted>, ruzstd::decoding::FrameDecoder>;

/// Zstandard frames, one behind the other.
struct Frames {
    input: Option<BufReader<Counted>>,
    frame: Option<ZstdFrame>,
}

impl Read for Frames {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let got = frame.read(into)?;
                if got > 0 || into.is_empty() {
                    return Ok(got);
                }
                self.input = self.frame.take().map(ZstdFrame::into_inner);
            }
            let Some(mut input) = self.input.take() else {
                return Ok(0);
            };
            if io::BufRead::fill_buf(&mut input)?.is_empty() {
                return Ok(0);
            }
            self.frame = Some(ZstdFrame::new(input).map_err(io::Error::other)?);
        }
    }
}
