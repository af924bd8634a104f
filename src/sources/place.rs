//! Which file it is and how far it has been read, so that another run finds it again: device and inode, and
//! checksums of its first bytes and of those before the place, since inodes are used again and files are cut off
//! in place. Invariant: a place names bytes that were there when it was taken.

use super::compressed::{self, Unpacking};
use super::register::Claim;
use super::rotated;
use crate::data::saved::{Damaged, Saved};
use crate::data::sum::Sum;
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::UNIX_EPOCH;

/// Bytes at the beginning and before the place that tell a file from others.
pub const LOOK: u64 = 1024;
/// So many first bytes tell a file; fewer are those of others, too.
pub const TELLING: u64 = 64;

/// A file that is read, as far as it must be found again.
pub struct PartFile {
    /// As it was named.
    pub path: String,
    pub file: Arc<File>,
    pub dev: u64,
    pub ino: u64,
    /// Offsets count what a decoder makes of it.
    pub packed: bool,
    /// See [`Place::born`].
    born: i64,
    /// Its first bytes as they were read: they may be cut off by now.
    began: Mutex<Vec<u8>>,
    /// What it holds now is not what was read.
    cut_off: OnceLock<CutOff>,
    /// What it was known by when it was cut off, of which nothing was read since.
    lost: OnceLock<Known>,
    /// What stood behind it when it was met.
    behind: OnceLock<Behind>,
    /// Nobody else reads it meanwhile.
    claim: OnceLock<Arc<Claim>>,
}

/// What a file was when it was cut off in place.
struct CutOff {
    /// How far it had been read, and what it was known by.
    known: Known,
    /// What it was, where that is found.
    copy: Option<Box<PartFile>>,
}

/// How far a file has been read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub path: String,
    pub dev: u64,
    pub ino: u64,
    /// The byte behind the last record that was read, and the lines before it.
    pub offset: u64,
    pub lines: u64,
    pub head: Sum,
    pub before: Sum,
    /// When the place was taken, bytes and ns.
    pub size: u64,
    pub modified: i64,
    /// Nothing more of it is to be read.
    pub done: bool,
    /// Offsets count what a decoder makes of it.
    pub packed: bool,
    /// Of a file of which next to nothing was read. Places of before end in front of this.
    pub behind: Behind,
    /// When the file was made, ns; 0: the file system does not tell. Places of before end in front of this.
    pub born: i64,
}

/// The newest file with content among those that a name stood for before, which tells a file that holds nothing to be
/// told by: it is the one that came next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Behind {
    #[default]
    Unknown,
    /// There was none.
    Nothing,
    File(Known),
}

/// What a file is known by: some of its bytes, and its number as long as it has that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub ino: u64,
    pub offset: u64,
    pub head: Sum,
    pub before: Sum,
    pub packed: bool,
}

/// A file by its number, which is given out again, and when it was made, ns; 0: that is not known.
#[derive(Copy, Clone, Debug)]
pub struct Id {
    pub number: (u64, u64),
    pub born: i64,
}

impl Id {
    pub fn of(meta: &Metadata) -> Id {
        Id {
            number: rotated::id(meta),
            born: born(meta),
        }
    }

    pub fn is(self, other: Id) -> bool {
        self.number == other.number && !is_apart(self.born, other.born)
    }
}

/// Both are known to have been made at other times.
fn is_apart(born: i64, other: i64) -> bool {
    born != 0 && other != 0 && born != other
}

/// One is known to have been made later than another.
pub fn is_after(born: i64, other: i64) -> bool {
    is_apart(born, other) && born > other
}

impl Place {
    /// What was put in front of `bytes`, the side and the place of one of its files.
    pub fn of_side(bytes: &[u8]) -> Result<(usize, Place), Damaged> {
        // What a place of before lacks is unknown.
        let bytes = [bytes, &[0, 0]].concat();
        Saved::new(&bytes).take()
    }

    pub fn known(&self) -> Known {
        Known {
            ino: self.ino,
            offset: self.offset,
            head: self.head,
            before: self.before,
            packed: self.packed,
        }
    }

    /// Nothing was read of it, and it holds nothing that would tell it from others.
    pub fn is_blank(&self) -> bool {
        self.known().is_blank()
    }

    /// So little was read of it that others may begin like that.
    pub fn is_vague(&self) -> bool {
        !self.packed && self.offset < TELLING && u64::from(self.head.len) < TELLING
    }

    pub fn id(&self) -> Id {
        Id {
            number: (self.dev, self.ino),
            born: self.born,
        }
    }

    /// Whether it is of this file, whatever that holds now.
    pub fn is_of(&self, file: Id) -> bool {
        self.id().is(file)
    }

    /// Whether it is known by these bytes, at the beginning and before the offset.
    pub fn is_known_by(&self, head: &[u8], before: &[u8]) -> bool {
        let head = head.get(..self.head.len as usize).map(Sum::of);
        let is_behind = || self.is_cut_off() || Sum::of(before) == self.before;
        self.offset == 0 || head == Some(self.head) && is_behind()
    }

    /// The file had been cut off when the place was taken: what stood before it is not known.
    pub fn is_cut_off(&self) -> bool {
        !self.packed && self.offset > 0 && self.before.len == 0
    }
}

impl Known {
    /// See [`Place::is_blank`].
    pub fn is_blank(&self) -> bool {
        self.offset == 0 && !self.packed && u64::from(self.head.len) < TELLING
    }
}

impl PartFile {
    pub fn new(path: String, file: impl Into<Arc<File>>, packed: bool) -> io::Result<PartFile> {
        let file = file.into();
        let meta = file.metadata()?;
        Ok(PartFile {
            path,
            dev: meta.dev(),
            ino: meta.ino(),
            born: born(&meta),
            file,
            packed,
            began: Mutex::default(),
            cut_off: OnceLock::new(),
            lost: OnceLock::new(),
            behind: OnceLock::new(),
            claim: OnceLock::new(),
        })
    }

    /// The same, whether it is compressed by its first bytes.
    pub fn of(path: String, file: impl Into<Arc<File>>) -> io::Result<PartFile> {
        let file = file.into();
        let packed = compressed::is_packed(&super::head(&file, 4)?);
        PartFile::new(path, file, packed)
    }

    pub fn id(&self) -> Id {
        Id {
            number: (self.dev, self.ino),
            born: self.born,
        }
    }

    /// Is told that nobody else reads it.
    pub fn claimed(&self, claim: Arc<Claim>) {
        self.claim.get_or_init(|| claim);
    }

    /// All that is read of it in this turn has been handed out: who has it under another name may go on there.
    pub fn let_go(&self, offset: u64, lines: u64) {
        if let Some(claim) = self.claim.get() {
            claim.let_go(self.place(offset, lines, true).ok());
        }
    }

    /// Remembers what stands behind it at its name, if it is to be told by that.
    pub fn meet(&self, path: &Path) -> io::Result<()> {
        if !self.packed && self.file.metadata()?.len() < TELLING {
            let behind = rotated::behind(path, (self.dev, self.ino))?;
            self.behind.get_or_init(|| behind);
        }
        Ok(())
    }

    /// Remembers what a run before has known to stand behind it.
    pub fn met(&self, behind: &Behind) {
        self.behind.get_or_init(|| behind.clone());
    }

    /// Is told that the file was cut off in place, whatever its size is by now: what was known of it before, and what it
    /// was copied to. False: somebody else reads that.
    pub fn was_cut_off(&self, place: &Place, copy: Option<&File>) -> io::Result<bool> {
        let copy = match copy {
            Some(file) => Some(Box::new(PartFile::of(
                self.path.clone(),
                file.try_clone()?,
            )?)),
            None => None,
        };
        let meta = copy.as_ref().map(|copy| copy.file.metadata()).transpose()?;
        let is_ours = match self.claim.get() {
            Some(claim) => claim.cut_off(place.clone(), meta.as_ref()),
            None => true,
        };
        self.cut_off.get_or_init(|| CutOff {
            known: place.known(),
            copy: copy.filter(|_| is_ours),
        });
        Ok(is_ours)
    }

    /// Is told how far it has been read, and the bytes before.
    pub fn is_at(&self, at: u64, last: &[u8]) {
        if let Some(claim) = self.claim.get() {
            claim.is_at(at, last);
        }
    }

    /// Is told what it was known by: it was cut off before anything was read of it.
    pub fn was_known_by(&self, known: &Known) {
        self.lost.get_or_init(|| known.clone());
        if let Some(claim) = self.claim.get() {
            claim.is_lost();
        }
    }

    /// Is told of what is read, so that a place can be found again though the file was cut off since.
    pub fn passed(&self, at: u64, bytes: &[u8]) {
        if at >= LOOK || self.packed {
            return;
        }
        let mut began = self.began.lock().unwrap_or_else(PoisonError::into_inner);
        if began.len() as u64 == at {
            let room = (LOOK - at) as usize;
            began.extend_from_slice(&bytes[..room.min(bytes.len())]);
        }
    }

    /// The place behind the first `offset` bytes.
    pub fn place(&self, offset: u64, lines: u64, done: bool) -> io::Result<Place> {
        let cut_off = self.cut_off.get();
        if let Some(copy) = cut_off.and_then(|cut| cut.copy.as_ref()) {
            return copy.place(offset, lines, done);
        }
        let meta = self.file.metadata()?;
        let (mut head, mut before) = self.sums(offset, LOOK)?;
        let known = cut_off.map(|cut| &cut.known).or(self.lost.get());
        if let Some(known) = known.filter(|known| known.offset == offset) {
            (head, before) = (known.head, known.before);
        } else if !self.packed {
            let began = self.began.lock().unwrap_or_else(PoisonError::into_inner);
            let began = Sum::of(&began[..began.len().min(LOOK.min(offset) as usize)]);
            let is_other = offset > 0 && began.len == head.len && began != head;
            if known.is_some() || meta.len() < offset || is_other {
                // It was cut off since. What it began with tells its copy; what it has now tells nothing.
                head = began;
                before = Sum::of(&[]);
            }
        }
        Ok(Place {
            path: self.path.clone(),
            dev: self.dev,
            ino: self.ino,
            offset,
            lines,
            head,
            before,
            size: meta.len(),
            modified: meta.mtime() * 1_000_000_000 + meta.mtime_nsec(),
            done,
            packed: self.packed,
            behind: match offset < TELLING {
                true => self.behind.get().cloned().unwrap_or_default(),
                false => Behind::Unknown,
            },
            born: self.born,
        })
    }

    /// Whether what a place says stands in this file now.
    pub fn agrees(&self, place: &Place) -> io::Result<bool> {
        let size = self.file.metadata()?.len();
        let gone = place.is_cut_off() || (!self.packed && size < place.offset);
        // What was read tells better than when it was made, which a copy of a whole file system has lost.
        let other = place.offset < LOOK && is_apart(place.born, self.born);
        if self.packed != place.packed || gone || other {
            return Ok(false);
        }
        let most = u64::from(place.head.len);
        Ok(self.sums(place.offset, most)? == (place.head, place.before))
    }

    /// Of the first bytes up to `offset`, and of those before it. Of what is packed only the file's first bytes
    /// count, which are not rewritten; of what was not read the first there are, at most `most`.
    fn sums(&self, offset: u64, most: u64) -> io::Result<(Sum, Sum)> {
        if self.packed {
            let head = super::head(&self.file, LOOK as usize)?;
            return Ok((Sum::of(&head), Sum::of(&[])));
        }
        if offset == 0 {
            let head = bytes_at(&self.file, 0, LOOK.min(most) as usize)?;
            return Ok((Sum::of(&head), Sum::of(&[])));
        }
        let look = LOOK.min(offset) as usize;
        let head = bytes_at(&self.file, 0, look)?;
        let before = bytes_at(&self.file, offset - look as u64, look)?;
        Ok((Sum::of(&head), Sum::of(&before)))
    }

    /// Its first bytes, as they are read: at most `max`.
    pub fn head(&self, max: usize) -> io::Result<Vec<u8>> {
        if !self.packed {
            return super::head(&self.file, max);
        }
        let mut bytes = Vec::new();
        if let Some(mut live) =
            compressed::open(&self.file, compressed::RATIO_MAX, &Unpacking::default())?
        {
            while bytes.len() < max && live.read(&mut bytes, max, None)? == super::Read::Data {}
        }
        bytes.truncate(max);
        Ok(bytes)
    }
}

/// When a file was made, ns; 0: that is not known.
pub fn born(meta: &Metadata) -> i64 {
    let since = meta
        .created()
        .ok()
        .and_then(|born| born.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos() as i64)
}

/// As many of `len` bytes as there are.
pub fn bytes_at(file: &File, from: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let mut at = 0;
    while at < len {
        let got = rustix::io::retry_on_intr(|| {
            rustix::io::pread(file, &mut bytes[at..], from + at as u64)
        })?;
        if got == 0 {
            break;
        }
        at += got;
    }
    bytes.truncate(at);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_place_is_found_again_until_the_file_is_another() {
        let dir = std::env::temp_dir().join(format!("dstream-place-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("log");
        let text: Vec<u8> = (0..5000u32)
            .flat_map(|i| format!("{i}\n").into_bytes())
            .collect();
        std::fs::write(&path, &text).unwrap();
        let open = || {
            let file = File::open(&path).unwrap();
            PartFile::new("log".into(), file, false).unwrap()
        };
        for offset in [0, 2, 1023, 1024, 1025, text.len() as u64] {
            let place = open().place(offset, 0, false).unwrap();
            assert!(open().agrees(&place).unwrap());
        }
        let place = open().place(20_000, 0, false).unwrap();
        let mut more = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap();
        more.write_all(b"more\n").unwrap();
        assert!(open().agrees(&place).unwrap(), "it has grown");
        for changed in [0, 19_999] {
            let mut other = text.clone();
            other[changed] ^= 1;
            std::fs::write(&path, &other).unwrap();
            assert!(!open().agrees(&place).unwrap(), "byte {changed} is another");
        }
        std::fs::write(&path, &text[..19_999]).unwrap();
        assert!(!open().agrees(&place).unwrap(), "it is shorter");
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
