//! Names that were made or changed, to be put on the disk: each directory once, and many of them as whole file systems.
//! Refuses to know why. Invariant: when [`Names::sync`] returns well, all that were noted survive a power cut.

use super::Unsynced;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Directories, or files, that are synced one by one: of more the file system is synced as a whole.
pub const FEW: usize = if cfg!(target_os = "linux") {
    16
} else {
    usize::MAX
};

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
