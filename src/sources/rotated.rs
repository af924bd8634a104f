//! Finds what a file was before it was rotated: `name.1`, `name.0`, `name-DATE`, `name.DATE`, `name-DATE.ext`, each
//! also compressed, beside it. Content decides, or the inode; a name alone never does. Invariant: what is
//! found holds the bytes before the place, as far as they are known.

use super::compressed::{self, Unpacking};
use super::place::{Behind, Known, PartFile, Place, bytes_at};
use super::{Live, Read};
use crate::data::sum::Sum;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Endings of what was compressed.
const PACKED: [&[u8]; 2] = [b".gz", b".zst"];
/// Bytes that are decompressed at a time.
const STEP: usize = 1 << 16;

/// What became of a file that is not at its name any more.
pub struct Found {
    /// What it was, where something of it is left to read, and whether offsets count what a decoder makes of it.
    pub old: Option<(File, bool)>,
    /// Whole files that came behind it, in order.
    pub between: Vec<File>,
}

/// A file by its name beside another.
struct Beside {
    path: PathBuf,
    dev: u64,
    ino: u64,
    size: u64,
    modified: (i64, i64),
    tag: Tag,
}

/// What a rotated name has more than the name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tag {
    Number(u64),
    Date(Vec<u8>),
}

/// With more files beside it than so many it is not looked which one a file came behind.
const BEHIND_MAX: usize = 1000;
/// How often it is looked again when names change while it is looked.
const TRIES: usize = 5;
/// How often names are looked at until nothing has changed.
const LOOKS: usize = 20;

/// Where what `place` tells of `path` is now; `None`: it is gone.
pub fn find(path: &Path, place: &Place, ratio_max: u64) -> io::Result<Option<Found>> {
    settled(|| find_now(path, place, ratio_max))
}

/// A file that stood at a name before.
#[derive(Copy, Clone)]
pub enum Old<'f> {
    Open(&'f File),
    Id((u64, u64)),
}

/// What was put in place of a file and has been put in its own place since: whole files, in order.
pub fn since(path: &Path, old: Old<'_>, ratio_max: u64) -> io::Result<Vec<File>> {
    settled(|| {
        let beside = beside(path)?;
        let (file, old) = match old {
            Old::Id(id) => (None, id),
            Old::Open(file) => (Some(file), id(&file.metadata()?)),
        };
        let is_there = beside.iter().any(|one| (one.dev, one.ino) == old);
        match file {
            Some(file) if !is_there && !beside.is_empty() => left_behind(&beside, file, ratio_max),
            _ => newer(&beside, old),
        }
    })
}

/// The files that came behind one that is open and has no name any more: it has been compressed, or removed.
fn left_behind(beside: &[Beside], old: &File, ratio_max: u64) -> io::Result<Vec<File>> {
    let meta = old.metadata()?;
    let known = known_of(String::new(), old.try_clone()?, meta.len())?;
    if let Some(id) = whole(beside, &known, ratio_max)? {
        return newer(beside, id);
    }
    // Nothing of it is left, nor of what came before: what was written since then and is as it was written.
    let written = (meta.mtime(), meta.mtime_nsec());
    let is_later = |one: &&Beside| {
        let name = one.path.as_os_str().as_bytes();
        one.modified >= written && without_ending(name) == name
    };
    let later: Vec<&Beside> = beside.iter().take_while(is_later).collect();
    let opened = later.into_iter().rev().map(Beside::open);
    opened.filter_map(io::Result::transpose).collect()
}

/// Looks again when what was listed is not there any more.
fn settled<T>(look: impl Fn() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..TRIES {
        match look() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
    }
    look()
}

/// What a file of so many bytes is known by.
fn known_of(shown: String, file: File, size: u64) -> io::Result<Known> {
    let packed = compressed::is_packed(&super::head(&file, 4)?);
    let place = PartFile::new(shown, file, packed)?.place(size, 0, true)?;
    Ok(place.known())
}

/// What stands behind a file: in front of which others of its name it came. Read once, when it is met.
pub fn behind(path: &Path, id: (u64, u64)) -> io::Result<Behind> {
    let name = |one: &Beside| (one.path.clone(), one.dev, one.ino);
    for _ in 0..TRIES {
        let before = beside(path)?;
        if before.len() > BEHIND_MAX {
            break;
        }
        let is_named = std::fs::metadata(path).is_ok_and(|meta| self::id(&meta) == id);
        let older = match before.iter().position(|one| (one.dev, one.ino) == id) {
            Some(at) => at + 1,
            None if is_named => 0,
            None => break,
        };
        let known = match before[older..].iter().find(|one| one.size > 0) {
            None => Behind::Nothing,
            Some(one) => match one.open() {
                Ok(Some(file)) => {
                    let shown = one.path.display().to_string();
                    Behind::File(known_of(shown, file, one.size)?)
                }
                Ok(None) => break,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            },
        };
        // Names may have changed while they were read.
        if beside(path)?.iter().map(name).eq(before.iter().map(name)) {
            return Ok(known);
        }
    }
    Ok(Behind::Unknown)
}

/// Files that came behind what a blank place has behind it: the place's own and later ones, oldest first; `None`: that
/// is not known.
fn came_behind(beside: &[Beside], place: &Place, ratio_max: u64) -> io::Result<Option<Vec<File>>> {
    let open = |all: &[&Beside]| -> io::Result<Vec<File>> {
        let opened = all.iter().rev().map(|one| one.open());
        opened.filter_map(Result::transpose).collect()
    };
    let known = match &place.behind {
        Behind::Unknown => return Ok(None),
        Behind::Nothing => return open(&beside.iter().collect::<Vec<_>>()).map(Some),
        Behind::File(known) => known,
    };
    if let Some(id) = whole(beside, known, ratio_max)? {
        return newer(beside, id).map(Some);
    }
    // It has been removed, as those before it: what is left was written later than the place was taken.
    let is_later = |one: &&Beside| one.changed() >= place.modified;
    let later: Vec<&Beside> = beside.iter().filter(is_later).collect();
    match later.is_empty() {
        true => Ok(None),
        false => open(&later).map(Some),
    }
}

/// The one of a list that holds all of a file and no more, or has its number and more behind it.
fn whole(beside: &[Beside], known: &Known, ratio_max: u64) -> io::Result<Option<(u64, u64)>> {
    // What came behind it may begin with all that it held, and have its number by now.
    let mut grown = None;
    for one in by_number(beside, known.ino) {
        let Some(file) = one.open()? else { continue };
        let same = one.ino == known.ino;
        let Some(packed) = holds(&file, same, known, ratio_max)? else {
            continue;
        };
        if is_whole(&file, packed, known, ratio_max)? {
            return Ok(Some((one.dev, one.ino)));
        }
        if same && packed == known.packed {
            grown = Some((one.dev, one.ino));
        }
    }
    Ok(grown)
}

/// All of a list, the one of this number first.
fn by_number(beside: &[Beside], ino: u64) -> impl Iterator<Item = &Beside> + Clone {
    let same = move |one: &&Beside| one.ino == ino;
    let others = move |one: &&Beside| one.ino != ino;
    beside
        .iter()
        .filter(same)
        .chain(beside.iter().filter(others))
}

fn find_now(path: &Path, place: &Place, ratio_max: u64) -> io::Result<Option<Found>> {
    let beside = beside(path)?;
    if place.is_blank()
        && let Some(files) = came_behind(&beside, place, ratio_max)?
    {
        let mut files = files.into_iter();
        if let Some(file) = files.next() {
            let packed = compressed::is_packed(&super::head(&file, 4)?);
            return Ok(Some(Found {
                old: Some((file, packed)),
                between: files.collect(),
            }));
        }
    }
    let all = by_number(&beside, place.ino);
    for one in all.clone() {
        let Some(file) = one.open()? else { continue };
        if let Some(packed) = holds(&file, one.ino == place.ino, &place.known(), ratio_max)? {
            return Ok(Some(Found {
                old: Some((file, packed)),
                between: newer(&beside, (one.dev, one.ino))?,
            }));
        }
    }
    // A copy that was made before the last of it was written: all of it has been read.
    for one in all.filter(|one| !place.packed && one.size < place.offset) {
        let Some(file) = one.open()? else { continue };
        let head = bytes_at(&file, 0, place.head.len as usize)?;
        if place.head.len > 0 && Sum::of(&head) == place.head {
            return Ok(Some(Found {
                old: None,
                between: newer(&beside, (one.dev, one.ino))?,
            }));
        }
    }
    Ok(None)
}

impl Beside {
    /// When it was written last, ns.
    fn changed(&self) -> i64 {
        self.modified.0 * 1_000_000_000 + self.modified.1
    }

    /// `None`: it may not be read. Fails when the name is another file's by now.
    fn open(&self) -> io::Result<Option<File>> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
            other => other?,
        };
        match id(&file.metadata()?) == (self.dev, self.ino) {
            true => Ok(Some(file)),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

pub fn id(meta: &Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}

/// The files that came behind one of a list, newest first, in order of time.
fn newer(beside: &[Beside], old: (u64, u64)) -> io::Result<Vec<File>> {
    let Some(at) = beside.iter().position(|one| (one.dev, one.ino) == old) else {
        return Ok(Vec::new());
    };
    let names = beside[..at].iter().rev();
    names.filter_map(|one| one.open().transpose()).collect()
}

/// Whether a file holds what stands before a place, and whether it is compressed.
fn holds(file: &File, same: bool, place: &Known, ratio_max: u64) -> io::Result<Option<bool>> {
    let packed = compressed::is_packed(&super::head(file, 4)?);
    if place.is_blank() && !same {
        // Nothing was read: no bytes tell it.
        return Ok(None);
    }
    if place.packed {
        let head = bytes_at(file, 0, place.head.len as usize)?;
        return Ok((packed && Sum::of(&head) == place.head).then_some(true));
    }
    let (head_len, before_len) = (place.head.len as usize, place.before.len as usize);
    if !packed {
        let short = file.metadata()?.len() < place.offset;
        let from = place.offset.saturating_sub(before_len as u64);
        let holds = !short
            && Sum::of(&bytes_at(file, 0, head_len)?) == place.head
            && Sum::of(&bytes_at(file, from, before_len)?) == place.before;
        return Ok(holds.then_some(false));
    }
    let Ok(Some(mut live)) = compressed::open(file, ratio_max, &Unpacking::default()) else {
        return Ok(None);
    };
    let holds = unpacked_holds(live.as_mut(), place, head_len, before_len);
    // One that is damaged, or still being written, holds nothing.
    Ok(holds.unwrap_or(false).then_some(true))
}

/// Whether a file that holds what stands before a place has nothing behind it.
fn is_whole(file: &File, packed: bool, place: &Known, ratio_max: u64) -> io::Result<bool> {
    if packed == place.packed {
        return Ok(file.metadata()?.len() == place.offset);
    }
    let Ok(Some(mut live)) = compressed::open(file, ratio_max, &Unpacking::default()) else {
        return Ok(false);
    };
    let (mut bytes, mut len) = (Vec::new(), 0);
    while len <= place.offset {
        match live.read(&mut bytes, STEP, None) {
            Ok(Read::End) => return Ok(len == place.offset),
            Ok(_) => {}
            // One that is damaged, or still being written.
            Err(_) => return Ok(false),
        }
        len += bytes.len() as u64;
        bytes.clear();
    }
    Ok(false)
}

/// As [`holds`], of what a decoder makes of a file; no more than a few bytes of it are held.
fn unpacked_holds(
    live: &mut dyn Live,
    place: &Known,
    head_len: usize,
    before_len: usize,
) -> io::Result<bool> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut dropped = 0u64;
    let mut head_agrees = false;
    loop {
        if !head_agrees && bytes.len() >= head_len {
            if Sum::of(&bytes[..head_len]) != place.head {
                return Ok(false);
            }
            head_agrees = true;
        }
        let there = dropped + bytes.len() as u64;
        if head_agrees && there >= place.offset {
            let end = (place.offset - dropped) as usize;
            return Ok(Sum::of(&bytes[end - before_len..end]) == place.before);
        }
        if head_agrees && bytes.len() > before_len {
            let drop = bytes.len() - before_len;
            bytes.drain(..drop);
            dropped += drop as u64;
        }
        if live.read(&mut bytes, STEP, None)? == Read::End {
            return Ok(false);
        }
    }
}

/// What may be older versions of a file, by their names; newest first. While names change a look may miss a file that
/// is there all the time, under its old name or its new one: only two looks that agree count.
fn beside(path: &Path) -> io::Result<Vec<Beside>> {
    let mut before = listed(path)?;
    for _ in 0..LOOKS {
        let now = listed(path)?;
        let names = |all: &[Beside]| -> Vec<(PathBuf, u64, u64)> {
            let name = |one: &Beside| (one.path.clone(), one.dev, one.ino);
            all.iter().map(name).collect()
        };
        if names(&now) == names(&before) {
            return Ok(now);
        }
        before = now;
    }
    Ok(before)
}

fn listed(path: &Path) -> io::Result<Vec<Beside>> {
    let Some(name) = path.file_name() else {
        return Ok(Vec::new());
    };
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut found: Vec<Beside> = Vec::new();
    let Ok(entries) = std::fs::read_dir(dir) else {
        return Ok(found);
    };
    let present = std::fs::metadata(path).ok().map(|meta| id(&meta));
    for entry in entries {
        let entry = entry?;
        let Some(tag) = tag(name.as_bytes(), entry.file_name().as_bytes()) else {
            continue;
        };
        let path = entry.path();
        let Ok(meta) = std::fs::metadata(&path) else {
            continue;
        };
        if meta.is_file() && present != Some(id(&meta)) {
            found.push(Beside {
                path,
                dev: meta.dev(),
                ino: meta.ino(),
                size: meta.len(),
                modified: (meta.mtime(), meta.mtime_nsec()),
                tag,
            });
        }
    }
    // What is being compressed is there twice, and only the original is whole.
    let plain: Vec<PathBuf> = found.iter().map(|one| one.path.clone()).collect();
    found.retain(|one| {
        let name = one.path.as_os_str().as_bytes();
        let original = without_ending(name);
        original == name || !plain.iter().any(|p| p.as_os_str().as_bytes() == original)
    });
    let numbers = found.iter().all(|one| matches!(one.tag, Tag::Number(_)));
    let dates = found.iter().all(|one| matches!(one.tag, Tag::Date(_)));
    found.sort_by(|one, other| {
        let by_tag = match (&one.tag, &other.tag) {
            (Tag::Number(one), Tag::Number(other)) => one.cmp(other),
            (Tag::Date(one), Tag::Date(other)) => other.cmp(one),
            _ => std::cmp::Ordering::Equal,
        };
        let by_time = other.modified.cmp(&one.modified);
        if numbers || dates {
            by_tag.then(by_time)
        } else {
            by_time.then(by_tag)
        }
    });
    Ok(found)
}

fn without_ending(name: &[u8]) -> &[u8] {
    let ending = PACKED.iter().find(|ending| name.ends_with(ending));
    ending.map_or(name, |ending| &name[..name.len() - ending.len()])
}

/// What a name beside `name` has more, if it looks like a rotated one.
fn tag(name: &[u8], other: &[u8]) -> Option<Tag> {
    let other = without_ending(other);
    let behind = |stem: &[u8]| -> Option<Tag> {
        let rest = other.strip_prefix(stem)?;
        match rest.split_first()? {
            (b'.' | b'-' | b'_', tag) => parsed(tag),
            _ => None,
        }
    };
    behind(name).or_else(|| {
        // The ending stays the last: access-20260101.log of access.log.
        let dot = name
            .iter()
            .rposition(|&byte| byte == b'.')
            .filter(|&at| at > 0)?;
        let (stem, ending) = name.split_at(dot);
        let other = other.strip_suffix(ending)?;
        let rest = other.strip_prefix(stem)?;
        match rest.split_first()? {
            (b'.' | b'-' | b'_', tag) => parsed(tag),
            _ => None,
        }
    })
}

fn parsed(tag: &[u8]) -> Option<Tag> {
    if tag == b"old" {
        return Some(Tag::Number(0));
    }
    let first = tag.first()?;
    let date = |byte: &u8| byte.is_ascii_digit() || b"-_:.TtZz+".contains(byte);
    if !first.is_ascii_digit() || !tag.iter().all(date) {
        return None;
    }
    let digits = std::str::from_utf8(tag).ok()?;
    match digits.parse::<u64>() {
        // A number of six digits or more is a date, as logrotate writes them.
        Ok(number) if tag.len() < 6 => Some(Tag::Number(number)),
        _ => Some(Tag::Date(tag.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_what_was_rotated() {
        let check = |other: &str, expected: Option<Tag>| {
            assert_eq!(tag(b"access.log", other.as_bytes()), expected, "{other}");
        };
        let date = |text: &str| Some(Tag::Date(text.into()));
        check("access.log.1", Some(Tag::Number(1)));
        check("access.log.0", Some(Tag::Number(0)));
        check("access.log.12.gz", Some(Tag::Number(12)));
        check("access.log-20260101", date("20260101"));
        check("access.log-2026-01-01.zst", date("2026-01-01"));
        check(
            "access.log.2026-01-01T10:00:00Z",
            date("2026-01-01T10:00:00Z"),
        );
        check("access-20260101.log", date("20260101"));
        check("access.1.log.gz", Some(Tag::Number(1)));
        check("access.log.old", Some(Tag::Number(0)));
        check("access.log", None);
        check("access.log.gz", None);
        check("access.log.swp", None);
        check("access.log.1.tmp", None);
        check("access.logs.1", None);
        check("other.log.1", None);
    }

    #[test]
    fn the_old_content_is_found_and_what_came_behind_it() {
        let dir = std::env::temp_dir().join(format!("dstream-rotated-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("a.log");
        let old = "old\n".repeat(1000);
        std::fs::write(&path, &old).unwrap();
        let file = super::super::PartFile::new("a.log".into(), File::open(&path).unwrap(), false);
        let place = file.unwrap().place(3000, 750, false).unwrap();
        let found = || find(&path, &place, 200).unwrap();
        assert!(found().is_none(), "nothing is beside it");
        std::fs::rename(&path, dir.join("a.log.1")).unwrap();
        std::fs::write(&path, "new\n").unwrap();
        assert!(found().unwrap().between.is_empty());
        std::fs::rename(dir.join("a.log.1"), dir.join("a.log.2")).unwrap();
        std::fs::write(dir.join("a.log.1"), "between\n").unwrap();
        assert_eq!(found().unwrap().between.len(), 1);
        // Compressed, and the original gone.
        let mut packed = flate2::write::GzEncoder::new(
            File::create(dir.join("a.log.2.gz")).unwrap(),
            flate2::Compression::default(),
        );
        std::io::Write::write_all(&mut packed, old.as_bytes()).unwrap();
        packed.finish().unwrap();
        std::fs::remove_file(dir.join("a.log.2")).unwrap();
        let gz = found().unwrap();
        assert!(gz.old.unwrap().1);
        assert_eq!(gz.between.len(), 1);
        // Other content of the same length.
        std::fs::remove_file(dir.join("a.log.2.gz")).unwrap();
        std::fs::write(dir.join("a.log.2"), "odd\n".repeat(1000)).unwrap();
        assert!(found().is_none());
        // A copy that lacks the last of what was read.
        std::fs::write(dir.join("a.log.2"), &old[..2000]).unwrap();
        let short = found().unwrap();
        assert!(short.old.is_none());
        assert_eq!(short.between.len(), 1);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
