//! The program's allocator. It is the system's, until state is larger than it may be: from then on what is allocated as
//! state ([`state`]) has its memory in a file that the kernel pages in and out, so that any state may outgrow the
//! machine's memory without knowing of it (a mapped store, as LMDB has it: Chu, 2011). Decides nothing: the engine says
//! when ([`begin`]). Invariant: what lies in the file is freed into it, and nothing else is.
#![allow(unsafe_code)]

mod region;

use region::Region;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// To be the program's `#[global_allocator]`.
pub struct Memory;

/// Where the file is mapped: bytes, 0 until there is one; and from which address on.
static LEN: AtomicUsize = AtomicUsize::new(0);
static BASE: AtomicUsize = AtomicUsize::new(0);
static REGION: OnceLock<Region> = OnceLock::new();

thread_local! {
    static IS_STATE: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, what its thread allocates is state.
pub struct State {
    before: bool,
    /// It is about one thread.
    _stays: PhantomData<*const ()>,
}

/// What this thread allocates is state, until the answer is dropped.
pub fn state() -> State {
    State::set(true)
}

/// Whether it is.
pub fn is_state() -> bool {
    IS_STATE.get()
}

impl State {
    fn set(is: bool) -> State {
        State {
            before: IS_STATE.replace(is),
            _stays: PhantomData,
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        IS_STATE.set(self.before);
    }
}

/// How much is in the file.
#[derive(Copy, Clone, Debug)]
pub struct Used {
    /// Bytes of it that are in use.
    pub bytes: usize,
    /// Why it cannot grow: state is in memory again.
    pub failed: Option<rustix::io::Errno>,
}

/// From now on state that is allocated lies in `file`, which is empty and of which nobody else knows. The second time
/// nothing happens.
pub fn begin(file: File) -> io::Result<()> {
    if REGION.get().is_some() {
        return Ok(());
    }
    let region = Region::new(file)?;
    tell_of_disk_faults()?;
    let region = REGION.get_or_init(|| region);
    BASE.store(region.base(), Ordering::Release);
    LEN.store(region.len(), Ordering::Release);
    Ok(())
}

/// `None`: state is not in a file.
pub fn used() -> Option<Used> {
    REGION.get().map(Region::used)
}

/// Takes the pages of the file out of the process; what is touched again comes back from the kernel's cache or the disk.
pub fn let_go() {
    if let Some(region) = REGION.get() {
        region.let_go();
    }
}

/// A page of the file that cannot be read or written is a signal to whoever touches it, and there is nothing to be
/// saved then but the message.
fn tell_of_disk_faults() -> io::Result<()> {
    const SAID: &[u8] =
        b"dstream: state that is set aside on the disk (--tmp) cannot be read or written: the disk has failed\n";
    const STATUS: i32 = 74;
    let end = || {
        let _ = rustix::io::write(rustix::stdio::stderr(), SAID);
        signal_hook::low_level::exit(STATUS);
    };
    // SAFETY: `write` and `_exit` may be called in a signal handler; nothing else is done there.
    unsafe { signal_hook::low_level::register(signal_hook::consts::SIGBUS, end) }?;
    Ok(())
}

/// The file, where `address` lies in it.
#[inline(always)]
fn region_of(address: *mut u8) -> Option<&'static Region> {
    let len = LEN.load(Ordering::Acquire);
    match (address as usize).wrapping_sub(BASE.load(Ordering::Relaxed)) < len {
        true => REGION.get(),
        false => None,
    }
}

/// The file, where what is allocated now belongs into it.
#[inline(always)]
fn region_for_state() -> Option<&'static Region> {
    match LEN.load(Ordering::Acquire) > 0 && IS_STATE.get() {
        true => REGION.get(),
        false => None,
    }
}

/// What is allocated for the list of what is free is no state.
fn give(region: &Region, layout: Layout) -> Option<region::Given> {
    let _outside = State::set(false);
    region.give(layout)
}

// SAFETY: each block comes from the region or from the system, and `region_of` tells by its address which of them gets
// it back, with the layout it was asked for with. Neither unwinds.
unsafe impl GlobalAlloc for Memory {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if let Some(region) = region_for_state()
            && let Some(given) = give(region, layout)
        {
            return given.at;
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if let Some(region) = region_for_state()
            && let Some(given) = give(region, layout)
        {
            if !given.is_zero {
                // SAFETY: it has just been given, of so many bytes.
                unsafe { given.at.write_bytes(0, layout.size()) };
            }
            return given.at;
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        match region_of(at) {
            Some(region) => {
                let _outside = State::set(false);
                region.take_back(at, layout);
            }
            // SAFETY: what is not in the region is of the system.
            None => unsafe { System.dealloc(at, layout) },
        }
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let (of, to) = (region_of(at), region_for_state());
        if of.is_none() && to.is_none() {
            // SAFETY: it is of the system, and stays there.
            return unsafe { System.realloc(at, layout, size) };
        }
        // SAFETY: the caller promises that the size, rounded up to the alignment, is one.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if of.is_some_and(|region| region.has_room(layout, new)) {
            return at;
        }
        // SAFETY: `size` is not zero; the old block and the new one are apart, and both have what is copied.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(at, layout.size().min(size));
                self.dealloc(at, layout);
            }
            moved
        }
    }
}
