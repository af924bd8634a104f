//! The checkpoint among files: `CK`, the generation before it as `CK.1`, and the lock `CK.lock`, all of them for
//! their owner alone and never behind a symbolic link. Invariant: at any instant, also if the power goes, `CK` or
//! `CK.1` is a whole generation, and a newer one than was there before.

use super::file::{self, Entry, Fault, Header};
use crate::error::{Failure, status};
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a lock that is held is tried again.
const TRY: Duration = Duration::from_millis(20);

/// A checkpoint that is held by this run.
pub struct Store {
    path: PathBuf,
    /// Survives a power cut, not only a kill.
    power: bool,
    /// What stands at `path` cannot be used, so it does not become the generation before.
    useless: AtomicBool,
    /// Drawn by the first run, so that what that leaves behind is found also when it comes to no commit.
    run: u128,
    /// Ends with its owner.
    _lock: File,
}

/// A generation that was read.
pub struct Loaded {
    pub header: Header,
    pub entries: Vec<Entry>,
    /// Why it is not the newest one: to be said.
    pub warning: Option<String>,
    /// It is the one before, and what stands in the place of the newest is damaged.
    pub instead: bool,
    /// Bytes of the file.
    pub size: u64,
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(ending);
    path.with_file_name(name)
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => Path::new("/"),
    }
}

fn failure(status: i32, message: String) -> Failure {
    Failure { status, message }
}

impl Store {
    /// Takes the lock of `path`, waiting at most `wait`. Removes what dead runs have left.
    ///
    /// # Errors
    /// 75 if another run holds it; 73 if the directory cannot be written.
    pub fn open(path: &Path, power: bool, wait: Duration) -> Result<Store, Failure> {
        if path.file_name().is_none() {
            let message = format!("--checkpoint: '{}' is not a file's name", path.display());
            return Err(failure(status::USAGE, message));
        }
        let lock_path = beside(path, ".lock");
        let cannot = |error: io::Error| {
            let message = format!("cannot create '{}': {error}", lock_path.display());
            failure(status::CANT_CREATE, message)
        };
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let lock = rustix::fs::open(&lock_path, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|error| cannot(error.into()))?;
        let lock = File::from(lock);
        let mut left = wait;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(fs::TryLockError::WouldBlock) if !left.is_zero() => {
                    std::thread::sleep(TRY.min(left));
                    left = left.saturating_sub(TRY);
                }
                Err(fs::TryLockError::WouldBlock) => {
                    let message = format!(
                        "the checkpoint '{}' is in use by another run; wait for it with --wait 30s",
                        path.display()
                    );
                    return Err(failure(status::TEMPORARY, message));
                }
                Err(fs::TryLockError::Error(error)) => return Err(cannot(error)),
            }
        }
        let store = Store {
            path: path.to_owned(),
            power,
            useless: AtomicBool::new(false),
            run: job_of(&lock).map_err(cannot)?,
            _lock: lock,
        };
        store.sweep();
        Ok(store)
    }

    /// Removes temporary files of runs that were killed while they wrote.
    fn sweep(&self) {
        let Some(name) = self.path.file_name() else {
            return;
        };
        let Ok(entries) = fs::read_dir(directory(&self.path)) else {
            return;
        };
        for entry in entries.flatten() {
            let found = entry.file_name();
            if found
                .as_bytes()
                .strip_prefix(name.as_bytes())
                .is_some_and(|rest| rest.starts_with(b".tmp.") || rest == b".1.tmp")
            {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// The number of a job that begins here.
    pub fn run(&self) -> u128 {
        self.run
    }

    /// The newest generation that is whole; `None` where there is none yet.
    pub fn load(&self) -> Result<Option<Loaded>, Failure> {
        let loaded = load(&self.path)?;
        let instead = loaded.as_ref().is_some_and(|loaded| loaded.instead);
        self.useless.store(instead, Ordering::Relaxed);
        Ok(loaded)
    }

    /// Puts a new generation in the place of the one before, which is kept beside it.
    pub fn replace(&self, header: &Header, entries: &[Entry]) -> io::Result<()> {
        let aside = beside(&self.path, &format!(".tmp.{:016x}", random()));
        let written = self.write(&aside, header, entries);
        if written.is_err() {
            let _ = fs::remove_file(&aside);
        }
        written
    }

    fn write(&self, aside: &Path, header: &Header, entries: &[Entry]) -> io::Result<()> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = File::from(rustix::fs::open(aside, flags, Mode::RUSR | Mode::WUSR)?);
        file::write(BufWriter::with_capacity(1 << 18, &made), header, entries)?;
        if self.power {
            made.sync_all()?;
        }
        if !self.useless.load(Ordering::Relaxed) {
            self.keep_before()?;
        }
        fs::rename(aside, &self.path)?;
        if self.power {
            sync_directory(&self.path)?;
        }
        self.useless.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// The generation before gets its second name first, so that there is no instant without one.
    fn keep_before(&self) -> io::Result<()> {
        let before = beside(&self.path, ".1.tmp");
        match rustix::fs::linkat(CWD, &self.path, CWD, &before, AtFlags::empty()) {
            Ok(()) => {
                fs::rename(&before, beside(&self.path, ".1"))?;
                // A run that was killed right behind this point has left two names of one file, and between those
                // a rename does nothing.
                match fs::remove_file(&before) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(()),
                }
            }
            Err(rustix::io::Errno::NOENT) => Ok(()),
            // A file system without links: the old one is moved away for the instant.
            Err(rustix::io::Errno::PERM | rustix::io::Errno::NOTSUP) => {
                fs::rename(&self.path, beside(&self.path, ".1"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Both generations are gone; the lock stays. The older one goes first: alone it would be gone on from.
    pub fn reset(&self) -> io::Result<()> {
        let both = [beside(&self.path, ".1"), self.path.clone()];
        for path in &both {
            // A slip of the pen does not cost a file that is somebody else's.
            if is_foreign(path)? {
                let what = format!("'{}' is not a checkpoint of dstream", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
        for path in both {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The number in the lock's file, which the first run writes there.
fn job_of(lock: &File) -> io::Result<u128> {
    let mut bytes = [0; 16];
    if lock.metadata()?.len() == 16 {
        lock.read_exact_at(&mut bytes, 0)?;
        return Ok(u128::from_le_bytes(bytes));
    }
    let run = u128::from(random()) << 64 | u128::from(random());
    lock.set_len(0)?;
    lock.write_all_at(&run.to_le_bytes(), 0)?;
    Ok(run)
}

/// What has happened to the names in a file's directory is on the disk.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory(path))?.sync_all()
}

/// Whether there is something that cannot be a checkpoint, not even a damaged one.
fn is_foreign(path: &Path) -> io::Result<bool> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(false),
        // A link is removed, and not what it leads to.
        Err(rustix::io::Errno::LOOP) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::new();
    file.take(file::MAGIC.len() as u64)
        .read_to_end(&mut bytes)?;
    Ok(matches!(file::header(&bytes), Err(Fault::Foreign)) && damage_apart(&bytes))
}

/// Half of the first bytes are another's.
fn damage_apart(first: &[u8]) -> bool {
    let same = first
        .iter()
        .zip(file::MAGIC)
        .filter(|(a, b)| a == b)
        .count();
    same * 2 < file::MAGIC.len()
}

/// A number that nobody can guess.
pub fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}

/// The header of the newest generation whose header is whole: for what must be known before the chain is.
pub fn header(path: &Path) -> Option<Header> {
    const MOST: u64 = 64 << 20;
    let of = |path: PathBuf| {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
        let mut bytes = Vec::new();
        for size in [1 << 16, MOST] {
            (&file)
                .take(size - bytes.len() as u64)
                .read_to_end(&mut bytes)
                .ok()?;
            if let Ok(header) = file::header(&bytes) {
                return Some(header);
            }
        }
        None
    };
    of(path.to_owned()).or_else(|| of(beside(path, ".1")))
}

/// The newest generation of `path` that is whole.
///
/// # Errors
/// 65 if there are generations but none that can be used, or if others may write it; 66 if it cannot be read.
pub fn load(path: &Path) -> Result<Option<Loaded>, Failure> {
    let before = beside(path, ".1");
    let newest = match read(path)? {
        Some(Ok(loaded)) => return Ok(Some(loaded)),
        Some(Err(fault @ Fault::Newer { .. })) => {
            let message = format!("the checkpoint '{}' {fault}", path.display());
            return Err(failure(status::DATA, message));
        }
        Some(Err(fault)) => Some(fault),
        None => None,
    };
    let told = match &newest {
        Some(fault) => format!("the checkpoint '{}' {fault}", path.display()),
        None => format!("the checkpoint '{}' is gone", path.display()),
    };
    match (read(&before)?, newest) {
        (Some(Ok(mut loaded)), newest) => {
            loaded.instead = newest.is_some();
            loaded.warning = Some(format!(
                "{told}; going on from the one before it, '{}'",
                before.display()
            ));
            Ok(Some(loaded))
        }
        (None, None) => Ok(None),
        (Some(Err(fault)), _) => Err(failure(
            status::DATA,
            format!(
                "{told}, and '{}' {fault}; --checkpoint-reset begins anew",
                before.display()
            ),
        )),
        // It may be anybody's: it is neither used nor replaced.
        (None, Some(Fault::Foreign)) => {
            Err(failure(status::DATA, format!("{told}; name another file")))
        }
        (None, Some(_)) => Err(failure(
            status::DATA,
            format!("{told}, and there is none before it; --checkpoint-reset begins anew"),
        )),
    }
}

/// One generation; `None`: there is no such file.
fn read(path: &Path) -> Result<Option<Result<Loaded, Fault>>, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        let message = format!(
            "the checkpoint '{}' cannot be read: {error}",
            path.display()
        );
        failure(status::NO_INPUT, message)
    };
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => {
            return Err(failure(
                status::DATA,
                format!(
                    "the checkpoint '{}' is a symbolic link, which is not followed; name the file itself",
                    path.display()
                ),
            ));
        }
        Err(error) => return Err(cannot(&error)),
    };
    let meta = file.metadata().map_err(|error| cannot(&error))?;
    if !meta.is_file() {
        let message = format!("the checkpoint '{}' is not a file", path.display());
        return Err(failure(status::DATA, message));
    }
    if meta.mode() & 0o022 != 0 {
        return Err(failure(
            status::DATA,
            format!(
                "others may write the checkpoint '{}', so it is not trusted; chmod 600 if it is yours",
                path.display()
            ),
        ));
    }
    let me = rustix::process::geteuid();
    if me.is_root() && meta.uid() != 0 {
        return Err(failure(
            status::DATA,
            format!(
                "the checkpoint '{}' is of another user, so it is not trusted",
                path.display()
            ),
        ));
    }
    let mut bytes = Vec::new();
    let mut file = file;
    bytes
        .try_reserve_exact(meta.len() as usize)
        .map_err(|error| cannot(&error))?;
    file.read_to_end(&mut bytes)
        .map_err(|error| cannot(&error))?;
    let size = bytes.len() as u64;
    let warning = (meta.mode() & 0o044 != 0).then(|| {
        format!(
            "others may read the checkpoint '{}'; it is written for its owner alone from now on",
            path.display()
        )
    });
    Ok(Some(file::read(&bytes).map(|(header, entries)| Loaded {
        header,
        entries,
        warning,
        instead: false,
        size,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_a_directory(name: &str, check: impl FnOnce(&Path)) {
        let dir = std::env::temp_dir().join(format!("dstream-store-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        check(&dir.join("ck"));
        fs::remove_dir_all(&dir).unwrap();
    }

    fn generation(generation: u64) -> Header {
        Header {
            generation,
            ..Header::default()
        }
    }

    fn newest(path: &Path) -> u64 {
        load(path).unwrap().unwrap().header.generation
    }

    /// GUARANTEES G6: what is damaged never takes the place of the generation that is used instead of it.
    #[test]
    fn a_damaged_generation_does_not_push_out_the_one_before() {
        in_a_directory("damaged", |path| {
            let store = Store::open(path, true, Duration::ZERO).unwrap();
            store.replace(&generation(1), &[]).unwrap();
            store.replace(&generation(2), &[]).unwrap();
            let whole = fs::read(path).unwrap();
            fs::write(path, &whole[..whole.len() - 1]).unwrap();
            assert_eq!(store.load().unwrap().unwrap().header.generation, 1);
            store.replace(&generation(3), &[]).unwrap();
            assert_eq!((newest(path), newest(&beside(path, ".1"))), (3, 1));
            store.replace(&generation(4), &[]).unwrap();
            assert_eq!((newest(path), newest(&beside(path, ".1"))), (4, 3));
        });
    }

    /// A run was killed when both names were those of one file.
    #[test]
    fn two_names_of_one_file_are_no_hindrance() {
        in_a_directory("names", |path| {
            let store = Store::open(path, true, Duration::ZERO).unwrap();
            store.replace(&generation(1), &[]).unwrap();
            fs::hard_link(path, beside(path, ".1")).unwrap();
            for number in 2..5 {
                store.replace(&generation(number), &[]).unwrap();
                let both = (newest(path), newest(&beside(path, ".1")));
                assert_eq!(both, (number, number - 1));
            }
        });
    }

    /// The number of a job that was killed before its first commit is that of the next run.
    #[test]
    fn a_job_has_its_number_before_its_first_commit() {
        in_a_directory("number", |path| {
            let of = || Store::open(path, true, Duration::ZERO).unwrap().run();
            assert_eq!(of(), of());
        });
    }
}
