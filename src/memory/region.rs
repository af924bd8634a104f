//! Memory in a file, given out in blocks: small ones of a size are carved out of runs and their free ones linked (slabs:
//! Bonwick, USENIX 1994), large ones are whole pages, which the file system gets back while they are free. Refuses what
//! the disk has no room for. Invariant: no two blocks that are out overlap, and every byte that is given is allocated on
//! the disk, so that writing to it cannot fail for want of room.

use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, ProtFlags};
use std::alloc::Layout;
use std::fs::File;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Addresses that are set aside, at most and at least. They cost nothing.
const LONGEST: usize = 1 << 42;
const SHORTEST: usize = 1 << 28;
/// What the file grows by at least.
const STEP: usize = if cfg!(debug_assertions) {
    1 << 20
} else {
    64 << 20
};
const PAGE: usize = 4096;
/// Up to so many bytes blocks are carved out of runs.
const SMALL: usize = 16 << 10;
const RUN: usize = 128 << 10;
/// From so many bytes on a free block is given back to the file system.
const HOLE: usize = 1 << 20;
/// Sizes that blocks are rounded up to: four to each doubling.
const CLASSES: usize = 4 + 4 * 40;

/// A file that is mapped.
pub struct Region {
    base: *mut u8,
    len: usize,
    file: File,
    blocks: Mutex<Blocks>,
}

// SAFETY: the addresses are the process's own, and what is done with them is behind the lock.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

/// A block that has been given.
pub struct Given {
    pub at: *mut u8,
    pub is_zero: bool,
}

struct Blocks {
    /// Bytes of the file that the disk has room for, and those that have been given, or set aside for a run.
    grown: usize,
    top: usize,
    small: [Slab; CLASSES],
    /// Free large blocks by class: where, and whether the file system has them.
    large: Vec<Vec<(usize, bool)>>,
    used: usize,
    failed: Option<Errno>,
}

/// Blocks of a size.
#[derive(Copy, Clone)]
struct Slab {
    /// The first free one, which has where the next one is; `NONE` ends it.
    free: usize,
    /// What is left of its last run.
    next: usize,
    end: usize,
}

const NONE: usize = usize::MAX;

impl Region {
    /// Maps a file that is empty.
    pub fn new(file: File) -> io::Result<Region> {
        let mut len = LONGEST;
        let base = loop {
            // SAFETY: the kernel chooses where, so nothing that is mapped is hurt.
            let mapped = unsafe {
                rustix::mm::mmap(
                    std::ptr::null_mut(),
                    len,
                    ProtFlags::READ | ProtFlags::WRITE,
                    MapFlags::SHARED | MapFlags::NORESERVE,
                    &file,
                    0,
                )
            };
            match mapped {
                Ok(base) => break base.cast::<u8>(),
                // Addresses are limited (`ulimit -v`).
                Err(_) if len > SHORTEST => len /= 2,
                Err(error) => return Err(error.into()),
            }
        };
        Ok(Region {
            base,
            len,
            file,
            blocks: Mutex::new(Blocks {
                grown: 0,
                top: 0,
                small: [Slab {
                    free: NONE,
                    next: 0,
                    end: 0,
                }; CLASSES],
                large: vec![Vec::new(); CLASSES],
                used: 0,
                failed: None,
            }),
        })
    }

    pub fn base(&self) -> usize {
        self.base as usize
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn used(&self) -> super::Used {
        let blocks = self.lock();
        super::Used {
            bytes: blocks.used,
            failed: blocks.failed,
        }
    }

    pub fn let_go(&self) {
        let top = self.lock().top;
        // SAFETY: a shared mapping of a file loses nothing by it: the pages are the kernel's, and come back when they
        // are touched.
        let _ = unsafe { rustix::mm::madvise(self.base.cast(), top, Advice::LinuxDontNeed) };
    }

    /// A block, aligned as asked; `None`: there is no room, or it wants to be aligned to more than a page.
    pub fn give(&self, layout: Layout) -> Option<Given> {
        let class = class_of(layout)?;
        let size = size_of(class);
        let mut blocks = self.lock();
        let (offset, is_zero) = match size <= SMALL {
            true => self.carve(&mut blocks, class, size)?,
            false => self.pages(&mut blocks, class, size)?,
        };
        blocks.used += size;
        Some(Given {
            at: self.at(offset),
            is_zero,
        })
    }

    /// A block that [`Region::give`] has given for this layout is free.
    pub fn take_back(&self, at: *mut u8, layout: Layout) {
        let Some(class) = class_of(layout) else {
            return;
        };
        let (size, offset) = (size_of(class), at as usize - self.base());
        let mut blocks = self.lock();
        blocks.used -= size;
        if size <= SMALL {
            let slab = &mut blocks.small[class];
            let next = std::mem::replace(&mut slab.free, offset);
            // SAFETY: the block is free, ours, aligned to 16 and no smaller.
            unsafe { at.cast::<usize>().write(next) };
            return;
        }
        let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let is_hole = size >= HOLE
            && rustix::fs::fallocate(&self.file, hole, offset as u64, size as u64).is_ok();
        blocks.large[class].push((offset, is_hole));
    }

    /// Whether a block given for `old` is one that would be given for `new`.
    pub fn has_room(&self, old: Layout, new: Layout) -> bool {
        class_of(old) == class_of(new)
    }

    fn lock(&self) -> MutexGuard<'_, Blocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at(&self, offset: usize) -> *mut u8 {
        self.base.wrapping_add(offset)
    }

    /// A small block, and whether it is zero.
    fn carve(&self, blocks: &mut Blocks, class: usize, size: usize) -> Option<(usize, bool)> {
        let slab = &mut blocks.small[class];
        if slab.free != NONE {
            let offset = slab.free;
            // SAFETY: it is free, and has had this written when it became so.
            slab.free = unsafe { self.at(offset).cast::<usize>().read() };
            return Some((offset, false));
        }
        if slab.end - slab.next < size {
            let run = self.top(blocks, RUN)?;
            let slab = &mut blocks.small[class];
            (slab.next, slab.end) = (run, run + RUN);
        }
        let slab = &mut blocks.small[class];
        let offset = slab.next;
        slab.next += size;
        Some((offset, true))
    }

    /// A block of whole pages, and whether it is zero.
    fn pages(&self, blocks: &mut Blocks, class: usize, size: usize) -> Option<(usize, bool)> {
        let Some((offset, is_hole)) = blocks.large[class].pop() else {
            return self.top(blocks, size).map(|offset| (offset, true));
        };
        if is_hole && let Err(error) = self.fill(offset, size) {
            blocks.failed = Some(error);
            blocks.large[class].push((offset, true));
            return None;
        }
        Some((offset, is_hole))
    }

    /// So many bytes that have never been given, whole pages.
    fn top(&self, blocks: &mut Blocks, size: usize) -> Option<usize> {
        let (from, end) = (blocks.top, blocks.top.checked_add(size)?);
        if end > self.len {
            blocks.failed = Some(Errno::FBIG);
            return None;
        }
        if end > blocks.grown {
            let need = end - blocks.grown;
            let most = self.len - blocks.grown;
            let step = need.max(STEP).min(most);
            let grown = match self.fill(blocks.grown, step) {
                Ok(()) => step,
                Err(_) => match self.fill(blocks.grown, need) {
                    Ok(()) => need,
                    Err(error) => {
                        blocks.failed = Some(error);
                        return None;
                    }
                },
            };
            blocks.grown += grown;
        }
        blocks.top = end;
        Some(from)
    }

    /// Makes the disk have room for a part of the file, which is zero then.
    fn fill(&self, offset: usize, size: usize) -> Result<(), Errno> {
        let (mut at, end) = (offset as u64, (offset + size) as u64);
        let none = FallocateFlags::empty();
        loop {
            match rustix::fs::fallocate(&self.file, none, at, end - at) {
                Err(Errno::INTR) => continue,
                // File systems that cannot: what is written has its room.
                Err(Errno::OPNOTSUPP | Errno::NOSYS) => break,
                done => return done,
            }
        }
        const ZEROS: [u8; 1 << 12] = [0; 1 << 12];
        while at < end {
            let piece = (end - at).min(ZEROS.len() as u64) as usize;
            match rustix::io::pwrite(&self.file, &ZEROS[..piece], at) {
                Ok(written) => at += written as u64,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: nobody has a block of it any more: the program's own is never dropped, and a test's has given them
        // back.
        let _ = unsafe { rustix::mm::munmap(self.base.cast(), self.len) };
    }
}

/// The class of a block; `None`: it is larger than any, or wants to be aligned to more than a page.
fn class_of(layout: Layout) -> Option<usize> {
    let (size, align) = (layout.size(), layout.align());
    if align > PAGE || size > LONGEST {
        return None;
    }
    // Behind `SMALL` blocks are whole pages; up to there only those that are powers of two are aligned to their size.
    let size = match align > 16 && size <= SMALL {
        true => size.max(align).next_power_of_two(),
        false => size,
    };
    if size <= 64 {
        return Some(size.max(1).div_ceil(16) - 1);
    }
    let doubling = (size - 1).ilog2() as usize;
    let quarter = ((size - 1) - (1 << doubling)) >> (doubling - 2);
    Some(4 + (doubling - 6) * 4 + quarter)
}

/// The bytes of a class's blocks.
fn size_of(class: usize) -> usize {
    match class {
        0..4 => (class + 1) * 16,
        _ => {
            let (doubling, quarter) = (6 + (class - 4) / 4, (class - 4) % 4);
            (1 << doubling) + ((quarter + 1) << (doubling - 2))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn region() -> Region {
        let file = rustix::fs::open(
            std::env::temp_dir(),
            rustix::fs::OFlags::RDWR | rustix::fs::OFlags::TMPFILE,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        );
        Region::new(file.expect("a file without a name").into()).expect("it can be mapped")
    }

    #[test]
    fn a_class_has_room_for_what_is_of_it() {
        let mut before = 0;
        for class in
            0..class_of(Layout::from_size_align(LONGEST, 1).expect("a layout")).expect("a class")
        {
            let size = size_of(class);
            assert!(size > before && size.is_multiple_of(16));
            assert!(size <= SMALL || size.is_multiple_of(PAGE));
            for (of, is) in [(before + 1, class), (size, class), (size + 1, class + 1)] {
                let layout = Layout::from_size_align(of, 8).expect("a layout");
                assert_eq!(class_of(layout), Some(is), "{of}");
            }
            before = size;
        }
    }

    /// A block that is out: where, its layout, and the byte that it is full of.
    type Out = (*mut u8, Layout, u8);

    fn is_full_of(&(at, layout, byte): &Out) -> bool {
        // SAFETY: it is out, and all of it has been written.
        let bytes = unsafe { std::slice::from_raw_parts(at, layout.size()) };
        bytes.iter().all(|&b| b == byte)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Blocks that are out keep what is written into them, whatever else is given, taken back and paged out.
        #[test]
        fn blocks_do_not_overlap(
            steps in prop::collection::vec((0usize..3, 0usize..22, 0.0f64..1.0, 0u32..14), 1..300),
        ) {
            let region = region();
            let mut out: Vec<Out> = Vec::new();
            for (number, (what, doubling, part, align)) in steps.into_iter().enumerate() {
                if what == 0 && !out.is_empty() {
                    let one = out.swap_remove(number % out.len());
                    prop_assert!(is_full_of(&one));
                    region.take_back(one.0, one.1);
                    continue;
                }
                let size = 1 + ((1 << doubling) as f64 * (1.0 + part)) as usize;
                let layout = Layout::from_size_align(size, 1 << align).expect("a layout");
                let Some(given) = region.give(layout) else {
                    prop_assert!(layout.align() > PAGE);
                    continue;
                };
                prop_assert_eq!(given.at as usize % layout.align(), 0);
                if given.is_zero {
                    prop_assert!(is_full_of(&(given.at, layout, 0)));
                }
                let byte = number as u8;
                // SAFETY: it has just been given, of so many bytes.
                unsafe { given.at.write_bytes(byte, size) };
                out.push((given.at, layout, byte));
                if number % 50 == 49 {
                    region.let_go();
                }
            }
            for one in &out {
                prop_assert!(is_full_of(one));
                region.take_back(one.0, one.1);
            }
            prop_assert_eq!(region.used().bytes, 0);
        }
    }

    /// What is freed is given again: the file does not grow.
    #[test]
    fn what_is_free_is_given_again() {
        let region = region();
        let sizes = [24, 1000, 40_000, 3 << 20];
        let top = |_| {
            for size in sizes {
                let layout = Layout::from_size_align(size, 8).expect("a layout");
                let given = region.give(layout).expect("there is room");
                region.take_back(given.at, layout);
            }
            region.lock().top
        };
        let tops: Vec<usize> = (0..100).map(top).collect();
        assert!(tops.iter().all(|top| *top == tops[0]), "{tops:?}");
    }
}
