//! Waits until a file or a directory changes: by inotify where it works, and in any case it is looked again after a
//! while, since network file systems tell nothing. Says that something may have happened, never what. Invariant:
//! a wait ends by the time that was asked for.

use super::stdin::timespec;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// How often it is looked where nothing is told.
const POLL: Duration = Duration::from_millis(250);
/// How often it is looked though changes are told.
const LOOK: Duration = Duration::from_secs(1);

const NAMES: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::DELETE);

/// What ended a wait.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Woken {
    Changed,
    /// Nothing was told in time.
    Time,
    Signal,
}

/// What happened to a name in a directory.
pub struct Told {
    pub name: OsString,
    /// It was closed by a writer, or came by a rename.
    pub complete: bool,
    /// It was made.
    pub begun: bool,
}

pub struct Watch {
    inotify: Option<OwnedFd>,
    /// All that was asked for is watched.
    told: bool,
    file: Option<i32>,
}

impl Watch {
    /// Watches the names in a directory.
    pub fn of_names(dir: &Path) -> Watch {
        Watch::of_dir(dir, NAMES)
    }

    /// Watches the names in a directory, and when its files are closed.
    pub fn of_files(dir: &Path) -> Watch {
        Watch::of_dir(dir, NAMES | WatchFlags::CLOSE_WRITE)
    }

    fn of_dir(dir: &Path, flags: WatchFlags) -> Watch {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok();
        let mut watch = Watch {
            told: inotify.is_some(),
            inotify,
            file: None,
        };
        watch.told = watch.add(dir, flags | WatchFlags::ONLYDIR).is_some();
        watch
    }

    /// Also the bytes of a file, in place of the one before.
    pub fn file(&mut self, file: &File) {
        if let (Some(inotify), Some(before)) = (&self.inotify, self.file.take()) {
            // It is gone already where the file is.
            let _ = inotify::remove_watch(inotify, before);
        }
        // The open file, whatever its name is by now.
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let flags = WatchFlags::MODIFY | WatchFlags::ATTRIB | WatchFlags::MOVE_SELF;
        self.file = self.add(Path::new(&path), flags);
        self.told &= self.file.is_some();
    }

    fn add(&self, path: &Path, flags: WatchFlags) -> Option<i32> {
        inotify::add_watch(self.inotify.as_ref()?, path, flags).ok()
    }

    /// The time after which it must be looked in any case.
    pub fn period(&self) -> Duration {
        if self.told { LOOK } else { POLL }
    }

    /// Waits for a change; tells what happened to which names.
    pub fn wait_for_names(&self, most: Duration, told: &mut Vec<Told>) -> io::Result<Woken> {
        let Some(inotify) = &self.inotify else {
            return pause(most);
        };
        match heard(inotify, most)? {
            Woken::Changed => {}
            other => return Ok(other),
        }
        let mut space = [MaybeUninit::uninit(); 8192];
        let mut events = inotify::Reader::new(inotify, &mut space);
        loop {
            let event = match events.next() {
                Ok(event) => event,
                Err(Errno::AGAIN | Errno::INTR) => return Ok(Woken::Changed),
                Err(error) => return Err(error.into()),
            };
            let flags = event.events();
            let Some(name) = event.file_name() else {
                continue;
            };
            told.push(Told {
                name: OsStr::from_bytes(name.to_bytes()).to_os_string(),
                complete: flags.intersects(ReadFlags::CLOSE_WRITE | ReadFlags::MOVED_TO),
                begun: flags.contains(ReadFlags::CREATE),
            });
        }
    }

    /// Waits for a change.
    pub fn wait(&self, most: Duration) -> io::Result<Woken> {
        let Some(inotify) = &self.inotify else {
            return pause(most);
        };
        match heard(inotify, most)? {
            Woken::Changed => {}
            other => return Ok(other),
        }
        let mut events = [0u8; 4096];
        while rustix::io::read(inotify, &mut events).is_ok_and(|got| got > 0) {}
        Ok(Woken::Changed)
    }
}

/// Waits until something is told.
fn heard(inotify: &OwnedFd, most: Duration) -> io::Result<Woken> {
    let mut polled = [PollFd::new(inotify, PollFlags::IN)];
    match poll(&mut polled, timespec(Some(most)).as_ref()) {
        Ok(0) => Ok(Woken::Time),
        Ok(_) => Ok(Woken::Changed),
        Err(Errno::INTR) => Ok(Woken::Signal),
        Err(error) => Err(error.into()),
    }
}

/// Waits for nothing but a signal.
pub fn pause(most: Duration) -> io::Result<Woken> {
    match poll(&mut [], timespec(Some(most)).as_ref()) {
        Ok(_) => Ok(Woken::Time),
        Err(rustix::io::Errno::INTR) => Ok(Woken::Signal),
        Err(error) => Err(error.into()),
    }
}
