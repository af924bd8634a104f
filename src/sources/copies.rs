//! Whether one file is another's copy or compressed form, by what they hold. Knows nothing of who reads them. Invariant:
//! bytes decide, as many as can be compared; a name never does.

use super::compressed::{self, Unpacking};
use super::names::unpacked;
use super::place::{Id, PartFile, Place, TELLING, bytes_at};
use super::rotated;
use super::{Live, Read};
use crate::data::sum::Sum;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// Bytes that are compared at a time.
const STEP: usize = 1 << 16;

/// Whether a file is a copy of another one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    Maybe,
    Other,
}

/// Whether it is what another file is being compressed to: that stands until it is whole.
pub fn is_in_the_making(path: &Path, file: &File) -> io::Result<bool> {
    let original = unpacked(path);
    // In this order: what stands no more was whole by then.
    if original == path || super::tail::regular(&original).ok().flatten().is_none() {
        return Ok(false);
    }
    let decoder = compressed::open(file, compressed::RATIO_MAX, &Unpacking::default());
    let Ok(Some(mut live)) = decoder else {
        // Not even the first bytes are there, or it only looks compressed by its name.
        return Ok(super::head(file, 4)?.len() < 4);
    };
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match live.read(&mut bytes, STEP, None) {
            Ok(Read::End) => return Ok(false),
            Ok(_) => {}
            Err(_) => return Ok(true),
        }
    }
}

/// Of one that was read to its end and stands no more at any name where it would be looked for.
pub fn is_copy_of_left(place: &Place, file: &File, packed: bool) -> io::Result<Verdict> {
    if !rotated::holds_place(file, place)? {
        return Ok(Verdict::Other);
    }
    let is_told = packed && place.offset >= TELLING;
    Ok(if is_told || rotated::is_all(file, packed, place)? {
        Verdict::Same
    } else {
        Verdict::Other
    })
}

/// Whether a file is that which was cut off, as it was before; or was copied before the last of it was written.
pub fn is_copy_of_cut(cut: &Place, file: &File, meta: &Metadata) -> io::Result<Verdict> {
    if meta.len() == 0 {
        return Ok(Verdict::Maybe);
    }
    if rotated::holds_place(file, cut)? {
        return Ok(Verdict::Same);
    }
    let head_len = u64::from(cut.head.len);
    let is_short = !cut.packed && meta.len() < cut.offset && meta.len() >= head_len && head_len > 0;
    let head = || bytes_at(file, 0, cut.head.len as usize);
    Ok(match is_short && Sum::of(&head()?) == cut.head {
        true => Verdict::Same,
        false => Verdict::Other,
    })
}

/// How the bytes of a file, or what it was before it was compressed, stand to those of another.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Begins {
    /// They are all of the other's, and no more.
    All,
    /// They are the first of the other's, so many.
    Part(u64),
    /// So far they are, and there is no end yet.
    Unended,
    Other,
}

/// Compares all the bytes of one file with those with which another begins.
pub fn begins_with(of: &File, file: &File, len: u64, packed: bool) -> io::Result<Begins> {
    let mut at = 0u64;
    let mut live: Box<dyn Live> = match packed {
        false => super::from_place(file, 0)?,
        true => match compressed::open(file, compressed::RATIO_MAX, &Unpacking::default()) {
            Ok(Some(live)) => live,
            Ok(None) | Err(_) => return Ok(Begins::Unended),
        },
    };
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = match live.read(&mut bytes, STEP, None) {
            Ok(read) => read,
            // It is damaged, or still being written.
            Err(_) if packed => return Ok(Begins::Unended),
            Err(error) => return Err(error),
        };
        if bytes_at(of, at, bytes.len())? != bytes {
            return Ok(Begins::Other);
        }
        at += bytes.len() as u64;
        if read == Read::End || !packed && at >= len {
            break;
        }
    }
    let is_all = of.metadata()?.len() == at;
    Ok(if is_all {
        Begins::All
    } else {
        Begins::Part(at)
    })
}

/// Whether a place is of this file, as it is now.
pub fn is_of(place: &Place, file: &File, meta: &Metadata) -> io::Result<bool> {
    if !place.is_of(Id::of(meta)) && place.offset < super::place::LOOK {
        return Ok(false);
    }
    PartFile::of(String::new(), file.try_clone()?)?.agrees(place)
}
