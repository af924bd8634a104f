//! Names that were made or changed, to be put on the disk: each directory once, and many of them as whole file systems;
//! and the name that a link leads to. Refuses to know why. Invariant: when [`Names::sync`] returns well, all that were noted survive a power cut.

use super::Unsynced;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Directories, or files, that are synced one by one: of more the file system is synced as a whole.
pub const FEW: usize = if cfg!(target_os = "linux") {
    16
} else {
    usize::MAX
};

/// As many links as the system follows, one behind the other.
const LINKS_MAX: usize = 40;

#[derive(Default)]
pub struct Names {
    folders: BTreeSet<PathBuf>,
}

impl Names {
    /// Something has happened to this name.
    pub fn changed(&mut self, path: &Path) {
        let parent = path.parent().filter(|one| !one.as_os_str().is_empty());
        self.folders
            .insert(parent.unwrap_or(Path::new(".")).to_owned());
    }

    /// Puts them on the disk.
    pub fn sync(self) -> io::Result<()> {
        let mut open = Vec::new();
        for folder in &self.folders {
            match File::open(folder) {
                Ok(file) => open.push(file),
                // One that may be written and not read cannot be asked.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(super::named(&folder.to_string_lossy())(error)),
            }
            if open.len() > FEW {
                return whole_systems(&self.folders);
            }
        }
        open.iter().try_for_each(File::sync_all)
    }
}

/// The name that a file which is written aside is to get: behind links, though they lead to nothing yet. `None`: what
/// is there is no regular file, or a link to a descriptor that is open, and is written itself.
pub fn replaceable(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut name = path.to_owned();
    for _ in 0..LINKS_MAX {
        let kind = match fs::symlink_metadata(&name) {
            Ok(meta) => meta.file_type(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(name)),
            Err(error) => return Err(error),
        };
        if !kind.is_symlink() {
            return Ok(kind.is_file().then_some(name));
        }
        let folder = name.parent().unwrap_or(Path::new(""));
        if fs::canonicalize(Path::new(".").join(folder))?.starts_with("/proc") {
            return Ok(None);
        }
        name = folder.join(fs::read_link(&name)?);
    }
    Err(rustix::io::Errno::LOOP.into())
}

/// The same where nothing but a name is asked for.
pub fn behind_links(path: &Path) -> io::Result<PathBuf> {
    Ok(replaceable(path)?.unwrap_or_else(|| path.to_owned()))
}

/// Each file system that one of these is on.
fn whole_systems(paths: &BTreeSet<PathBuf>) -> io::Result<()> {
    let mut systems = BTreeMap::new();
    for path in paths {
        let file = || File::open(path).map_err(super::named(&path.to_string_lossy()));
        if let std::collections::btree_map::Entry::Vacant(place) =
            systems.entry(path.metadata()?.dev())
        {
            place.insert(file()?);
        }
    }
    systems
        .into_values()
        .try_for_each(|file| Unsynced::System(file).sync())
}
