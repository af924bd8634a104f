//! gzip and Zstandard, by content. A file of many members or frames is read to its end; input that grows out
//! of all proportion is refused.

use super::{Blocking, Live};
use anyhow::Result;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Compressed input over [`RATIO_FROM`] bytes that grows more than this many times is refused.
const RATIO_MAX: u64 = 200;
const RATIO_FROM: u64 = 1 << 30;

/// A decoder if the file begins like something compressed.
pub fn open(magic: &[u8], file: &File) -> Result<Option<Box<dyn Live>>> {
    let gzip = magic.starts_with(&[0x1f, 0x8b]);
    if !gzip && !magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Ok(None);
    }
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(0))?;
    let len = file.metadata()?.len();
    let input = BufReader::with_capacity(1 << 17, file);
    let decoder: Box<dyn Read + Send> = if gzip {
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
        max: RATIO_FROM.max(len.saturating_mul(RATIO_MAX)),
    }))))
}

/// Stops what grows beyond bounds.
struct Bounded {
    decoder: Box<dyn Read + Send>,
    made: u64,
    max: u64,
}

impl Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let got = self.decoder.read(into)?;
        self.made += got as u64;
        if self.made > self.max {
            return Err(io::Error::other(format!(
                "compressed input grew more than {RATIO_MAX}-fold; decompress it yourself if it is meant"
            )));
        }
        Ok(got)
    }
}

type ZstdFrame =
    ruzstd::decoding::StreamingDecoder<BufReader<File>, ruzstd::decoding::FrameDecoder>;

/// Zstandard frames, one behind the other.
struct Frames {
    input: Option<BufReader<File>>,
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
