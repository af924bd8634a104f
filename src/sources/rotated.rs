//! Finds what a file was before it was rotated: `name.1`, `name.0`, `name-DATE`, `name.DATE`, `name-DATE.ext`, each
//! also compressed, beside it. Content decides, or the inode; a name alone never does. Invariant: what is
//! found holds the bytes before the place, as far as they are known.

use super::compressed::{self, Unpacking};
use super::names::{Form, Tag, base, tag, without_ending};
use super::place::{Behind, Id, Known, PartFile, Place, born, bytes_at};
use super::{Live, Read};
use crate::data::sum::Sum;
use std::cell::RefCell;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Bytes that are decompressed at a time.
const STEP: usize = 1 << 16;

/// What became of a file that is not at its name any more.
pub struct Found {
    /// What it was, where something of it is left to read, and whether offsets count what a decoder makes of it.
    pub old: Option<(File, bool)>,
    /// Whole files that came behind it, in order.
    pub between: Vec<Rotated>,
    /// Something that came before these is gone.
    pub missed: bool,
}

/// A whole file that came behind another, and what it was called when it was found.
pub struct Rotated {
    pub path: PathBuf,
    pub file: File,
}

/// A file by its name beside another.
struct Beside {
    path: PathBuf,
    dev: u64,
    ino: u64,
    size: u64,
    modified: (i64, i64),
    /// When its name or anything else of it was changed last, ns, and when it was made; 0: that is not known.
    changed: i64,
    born: i64,
    tag: Tag,
    form: Form,
}

/// With more files beside it than so many it is not looked which one a file came behind.
const BEHIND_MAX: usize = 1000;
/// What is made of nothing, its name with it, is no longer than that.
const EMPTY_MAX: u64 = 1 << 9;
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
pub fn since(path: &Path, old: Old<'_>, ratio_max: u64) -> io::Result<Vec<Rotated>> {
    settled(|| {
        let beside = beside(path)?;
        let (file, old) = match old {
            Old::Id(id) => (None, id),
            Old::Open(file) => (Some(file), id(&file.metadata()?)),
        };
        let is_there = beside.iter().any(|one| (one.dev, one.ino) == old);
        match file {
            Some(file) if !is_there && !beside.is_empty() => left_behind(&beside, file, ratio_max),
            Some(file) => newer(&beside, old, born(&file.metadata()?)),
            None => newer(&beside, old, 0),
        }
    })
}

/// The files that came behind one that is open and has no name any more: it has been compressed, or removed.
fn left_behind(beside: &[Beside], old: &File, ratio_max: u64) -> io::Result<Vec<Rotated>> {
    let meta = old.metadata()?;
    let known = known_of(String::new(), old.try_clone()?, meta.len())?;
    if let Some(id) = whole(beside, &known, ratio_max)? {
        return newer(beside, id, born(&meta));
    }
    // Nothing of it is left, nor of what came before: what was written since then and is as it was written.
    let written = (meta.mtime(), meta.mtime_nsec());
    let is_later = |one: &&Beside| {
        let name = one.path.as_os_str().as_bytes();
        one.modified >= written && without_ending(name) == name
    };
    let later: Vec<&Beside> = beside.iter().take_while(is_later).collect();
    let opened = later.into_iter().rev().map(Beside::rotated);
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

/// What came behind that which stood behind a place of next to nothing: the place's own file and later ones, oldest
/// first. `None`: that is not known.
fn came_behind(
    path: &Path,
    beside: &[Beside],
    place: &Place,
    ratio_max: u64,
) -> io::Result<Option<Found>> {
    let later: Vec<&Beside> = match &place.behind {
        Behind::Unknown => return Ok(None),
        Behind::Nothing => beside.iter().rev().collect(),
        Behind::File(known) => match whole(beside, known, ratio_max)? {
            Some(id) => names_newer(beside, id, place.born),
            // It has been removed, as those before it: what is left was written later than the place was taken.
            None => {
                let is_later = |one: &&Beside| one.written() >= place.modified;
                beside.iter().rev().filter(is_later).collect()
            }
        },
    };
    if later.is_empty() {
        return Ok(None);
    }
    let mut with_content = Vec::with_capacity(later.len());
    // What became of the place's own file is not known.
    let mut is_gone = place.born != 0;
    for one in later {
        let is_own = place.is_of(one.file_id());
        let is_packed = one.is_packed()?;
        // Compressed it has another number, and is as old as it was or younger.
        let may_be_own = is_own || is_packed && one.written() >= place.modified;
        is_gone &= !may_be_own;
        if is_own || !one.is_empty(is_packed, ratio_max)? {
            with_content.push(one);
        }
    }
    // As long as it is at the name the others are its copies.
    let is_there = || std::fs::metadata(path).is_ok_and(|now| place.is_of(Id::of(&now)));
    let missed = is_gone && !is_there();
    let opened = with_content.iter().map(|one| one.rotated());
    let mut files = opened.filter_map(Result::transpose);
    let mut old = None;
    if !missed && let Some(Rotated { file, .. }) = files.next().transpose()? {
        if !place.is_blank() && holds(&file, false, &place.known(), ratio_max)?.is_none() {
            return Ok(None);
        }
        let packed = compressed::is_packed(&super::head(&file, 4)?);
        old = Some((file, packed));
    }
    let between = files.collect::<io::Result<_>>()?;
    Ok(Some(Found {
        old,
        between,
        missed,
    }))
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
            return Ok(Some(one.id()));
        }
        if same && packed == known.packed {
            grown = Some(one.id());
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
    let found = find_in(path, &beside(path)?, place, ratio_max)?;
    let (None, Some(base)) = (&found, base(path)) else {
        return Ok(found);
    };
    // A rotated name itself: the file has got another one of its kind. What came behind it has names of its own.
    let kin = beside(&base)?;
    let mut known = None;
    for one in by_number(&kin, place.ino).filter(|one| one.path != path) {
        let Some(file) = one.open()? else { continue };
        let same = place.is_of(one.file_id());
        let Some(packed) = holds(&file, same, &place.known(), ratio_max)? else {
            continue;
        };
        if same || is_whole(&file, packed, &place.known(), ratio_max)? {
            known = Some((file, packed));
            break;
        }
        // Others may begin like that.
        if !place.is_vague() {
            known.get_or_insert((file, packed));
        }
    }
    Ok(known.map(|old| Found {
        old: Some(old),
        between: Vec::new(),
        missed: false,
    }))
}

fn find_in(
    path: &Path,
    beside: &[Beside],
    place: &Place,
    ratio_max: u64,
) -> io::Result<Option<Found>> {
    let same = |one: &&Beside| place.is_of(one.file_id());
    let is_vague = place.is_vague() && (place.is_blank() || !beside.iter().any(|one| same(&one)));
    if is_vague && let Some(found) = came_behind(path, beside, place, ratio_max)? {
        return Ok(Some(found));
    }
    let found = |old, id| -> io::Result<Option<Found>> {
        Ok(Some(Found {
            old,
            missed: false,
            between: newer(beside, id, place.born)?,
        }))
    };
    let all = by_number(beside, place.ino);
    for one in all.clone() {
        let Some(file) = one.open()? else { continue };
        if let Some(packed) = holds(&file, one.ino == place.ino, &place.known(), ratio_max)? {
            return found(Some((file, packed)), one.id());
        }
    }
    // A copy that was made before the last of it was written: all of it has been read.
    for one in all.filter(|one| !place.packed && one.size < place.offset) {
        let Some(file) = one.open()? else { continue };
        let head = bytes_at(&file, 0, place.head.len as usize)?;
        if place.head.len > 0 && Sum::of(&head) == place.head {
            return found(None, one.id());
        }
    }
    Ok(None)
}

impl Beside {
    fn id(&self) -> (u64, u64) {
        (self.dev, self.ino)
    }

    fn file_id(&self) -> Id {
        Id {
            number: self.id(),
            born: self.born,
        }
    }

    fn is_packed(&self) -> io::Result<bool> {
        match self.open()? {
            Some(file) => Ok(compressed::is_packed(&super::head(&file, 4)?)),
            None => Ok(false),
        }
    }

    /// It holds nothing, or was made of nothing.
    fn is_empty(&self, packed: bool, ratio_max: u64) -> io::Result<bool> {
        if !packed || self.size > EMPTY_MAX {
            return Ok(self.size == 0);
        }
        let Some(file) = self.open()? else {
            return Ok(false);
        };
        let Ok(Some(mut live)) = compressed::open(&file, ratio_max, &Unpacking::default()) else {
            return Ok(false);
        };
        Ok(matches!(live.read(&mut Vec::new(), 1, None), Ok(Read::End)))
    }

    /// When it was written last, ns.
    fn written(&self) -> i64 {
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

    /// The same, with its name.
    fn rotated(&self) -> io::Result<Option<Rotated>> {
        let rotated = |file| Rotated {
            path: self.path.clone(),
            file,
        };
        Ok(self.open()?.map(rotated))
    }
}

pub fn id(meta: &Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}

/// The files that came behind one of a list, newest first, in order of time. `born`: when that was made.
fn newer(beside: &[Beside], old: (u64, u64), born: i64) -> io::Result<Vec<Rotated>> {
    let names = names_newer(beside, old, born).into_iter();
    names.filter_map(|one| one.rotated().transpose()).collect()
}

/// The same by their names. What had its name before the one was made is older, whatever the order of numbers; and what
/// has its number elsewhere in its name (`app-1.log` beside `app.log.1`) is no rotated one here.
fn names_newer(beside: &[Beside], old: (u64, u64), born: i64) -> Vec<&Beside> {
    let Some(at) = beside.iter().position(|one| one.id() == old) else {
        return Vec::new();
    };
    let form = beside[at].form;
    let is_later = |one: &&Beside| one.form == form && (born == 0 || one.changed > born);
    beside[..at].iter().rev().filter(is_later).collect()
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

/// Whether a file holds what stands before a place, also compressed.
pub fn holds_place(file: &File, place: &Place) -> io::Result<bool> {
    let same = id(&file.metadata()?) == (place.dev, place.ino);
    Ok(holds(file, same, &place.known(), compressed::RATIO_MAX)?.is_some())
}

/// Whether one that holds it has nothing behind it.
pub fn is_all(file: &File, packed: bool, place: &Place) -> io::Result<bool> {
    is_whole(file, packed, &place.known(), compressed::RATIO_MAX)
}

/// The files of a name and of those that look rotated from it, listed once and again when names have changed.
pub struct Kin<'p> {
    path: &'p Path,
    beside: RefCell<Option<Vec<Beside>>>,
}

impl Kin<'_> {
    pub fn of(path: &Path) -> Kin<'_> {
        Kin {
            path,
            beside: RefCell::default(),
        }
    }

    pub fn path(&self) -> &Path {
        self.path
    }

    /// A file whatever it is called and holds by now.
    pub fn standing(&self, wanted: Id) -> io::Result<Option<File>> {
        let is_it = |file: &File| Ok::<_, io::Error>(wanted.is(Id::of(&file.metadata()?)));
        settled(|| {
            if let Some(file) = super::tail::regular(self.path)?
                && is_it(&file)?
            {
                return Ok(Some(file));
            }
            let known = self.beside.take();
            let beside = known.map_or_else(|| beside(self.path), Ok)?;
            for one in beside.iter().filter(|one| one.id() == wanted.number) {
                // Fails where it is called otherwise by now: then it is listed again.
                if let Some(file) = one.open()?
                    && is_it(&file)?
                {
                    return Ok(Some(file));
                }
            }
            self.beside.replace(Some(beside));
            Ok(None)
        })
    }
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
        let Some((tag, form)) = tag(name.as_bytes(), entry.file_name().as_bytes()) else {
            continue;
        };
        // As the words call it: without a directory, if they have none.
        let path = path.with_file_name(entry.file_name());
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
                changed: meta.ctime() * 1_000_000_000 + meta.ctime_nsec(),
                born: born(&meta),
                tag,
                form,
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

#[cfg(test)]
mod tests {
    use super::*;

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
