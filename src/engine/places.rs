//! Where the files of a job have been left, by their names and, of those that may come again under another name, beyond
//! them. Opens none of them to read. Invariant: a file that may be met again is forgotten only when it is known by a newer
//! place, or after a day.

use super::checkpoint::file::{Entry, Kind};
use super::commit::entry;
use crate::data::saved::{Damaged, Saved};
use crate::sources::{self, LOOK, Place};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::os::unix::fs::DirEntryExt;
use std::path::Path;

/// So many files are known that had a name before others got it.
const PAST_MAX: usize = 256;
/// How long they are, ns: other names of theirs are met within a look, or by the next run.
const DAY: i64 = 86_400_000_000_000;
/// Within so long every source of a run has begun, ns.
const BEGUN: i64 = 60_000_000_000;

/// A file that had a name before the one that has it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    pub side: usize,
    /// Since when another one has it, ns.
    pub since: i64,
    pub place: Place,
}

#[derive(Debug, Default)]
pub struct Places {
    by_path: BTreeMap<(usize, String), Place>,
    past: Vec<Past>,
    /// The words of each side.
    words: Vec<Vec<String>>,
}

impl Places {
    pub fn new(words: Vec<Vec<String>>) -> Places {
        Places {
            words,
            ..Places::default()
        }
    }

    /// Of an entry of a checkpoint that was written at `created`, if it is about a file.
    pub fn load(&mut self, entry: &Entry, created: i64) -> Result<(), Damaged> {
        if entry.is(Kind::Source) {
            let (side, place) = Place::of_side(&entry.payload)?;
            if !self.is_forgotten(&place, created) {
                self.by_path.insert((side, place.path.clone()), place);
            }
        } else if entry.is(Kind::Past) {
            self.past.push(Saved::new(&entry.payload).take()?);
        }
        Ok(())
    }

    /// When all are loaded: of several places of one file only the last counts, and those of words that name it.
    pub fn settle(&mut self) {
        // By side, number, when it was made, and the first bytes: what was cut off in place is another.
        type File = (usize, u64, u64, i64, u128);
        let file = |side: usize, place: &Place| -> Option<File> {
            let is_told = place.born != 0 && u64::from(place.head.len) == LOOK;
            is_told.then_some((side, place.dev, place.ino, place.born, place.head.sum))
        };
        let mut last: HashMap<File, u64> = HashMap::new();
        for ((side, _), place) in &self.by_path {
            if let Some(file) = file(*side, place) {
                let last = last.entry(file).or_default();
                *last = place.offset.max(*last);
            }
        }
        let words = &self.words;
        self.by_path.retain(|(side, path), place| {
            let is_named = || words.get(*side).is_some_and(|words| words.contains(path));
            let last = file(*side, place).and_then(|file| last.get(&file));
            last.is_none_or(|last| place.offset >= *last) || is_named()
        });
    }

    /// A file that was read and is gone: one of a directory at once, one of a pattern after a day. One that was
    /// named is rotated, and what is read next is found by it.
    fn is_forgotten(&self, place: &Place, created: i64) -> bool {
        let words = || self.words.iter().flatten();
        let path = Path::new(&place.path);
        let of_directory = words().any(|word| {
            let directory = word.strip_prefix("dir:").map(Path::new);
            directory.is_some_and(|directory| path.parent() == Some(directory))
        });
        place.done
            && place.path != "-"
            && !words().any(|word| *word == place.path)
            && (place.modified < created.saturating_sub(DAY) || of_directory)
            && !path.exists()
            && !(of_directory && is_renamed(path, place.ino))
    }

    /// Where a file stands now.
    pub fn note(&mut self, side: usize, place: Place, now: i64) {
        let is_it = |past: &Past| {
            let of = place.is_of(past.place.id());
            past.side == side && of && past.place.offset <= place.offset
        };
        self.past.retain(|past| !is_it(past));
        let Some(before) = self
            .by_path
            .insert((side, place.path.clone()), place.clone())
        else {
            return;
        };
        let same = place.is_of(before.id());
        let is_another = before.offset > 0 && (!same || before.offset > place.offset);
        let known = |one: &Place| one.is_of(before.id()) && one.offset >= before.offset;
        if !is_another
            || self.by_path.values().any(known)
            || !(self.words.get(side))
                .is_some_and(|words| sources::may_come_again(words, &before.path))
        {
            return;
        }
        if self.past.len() >= PAST_MAX {
            self.past.remove(0);
        }
        self.past.push(Past {
            side,
            since: now,
            place: before,
        });
    }

    /// A file that no run has read yet was met.
    pub fn meet(&mut self, side: usize, place: Place) {
        self.by_path
            .entry((side, place.path.clone()))
            .or_insert(place);
    }

    /// As entries of a checkpoint. `began`: this run.
    pub fn entries(&mut self, now: i64, began: i64, ended: bool, entries: &mut Vec<Entry>) {
        let begins = !ended && now.saturating_sub(began) < BEGUN;
        self.past
            .retain(|past| begins || now.saturating_sub(past.since) < DAY);
        for (number, ((side, _), place)) in self.by_path.iter().enumerate() {
            entries.push(entry(Kind::Source, number, &(side, place)));
        }
        for (number, past) in self.past.iter().enumerate() {
            entries.push(entry(Kind::Past, number, past));
        }
    }

    /// Those of a side, by their names.
    pub fn of_side(&self, side: usize) -> Vec<Place> {
        let of_side = self.by_path.iter().filter(|((one, _), _)| *one == side);
        of_side.map(|(_, place)| place.clone()).collect()
    }

    /// Those of a side that have had their names before.
    pub fn past(&self, side: usize) -> Vec<Place> {
        let of_side = self.past.iter().filter(|past| past.side == side);
        of_side.map(|past| past.place.clone()).collect()
    }

    pub fn has(&self, side: usize, name: &str) -> bool {
        self.by_path.contains_key(&(side, name.to_string()))
    }

    /// A file that has more than was read.
    pub fn grown(&self) -> Option<String> {
        self.by_path.values().find_map(|place| {
            let size = std::fs::metadata(&place.path).ok()?.len();
            (!place.packed && size > place.offset).then(|| place.path.clone())
        })
    }
}

/// Whether a file that was read as complete is there under another name, or compressed.
fn is_renamed(path: &Path, ino: u64) -> bool {
    let is_packed = |ending: &&str| Path::new(&format!("{}{ending}", path.display())).exists();
    let inodes = || -> HashSet<u64> {
        let entries = path.parent().map(std::fs::read_dir);
        let entries = entries.into_iter().flatten().flatten().flatten();
        entries.map(|entry| entry.ino()).collect()
    };
    [".gz", ".zst"].iter().any(is_packed) || inodes().contains(&ino)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::sum::Sum;
    use crate::sources::PartFile;

    /// G9: what was read on under another name is not read again from where its old name was left.
    #[test]
    fn of_several_places_of_one_file_the_last_counts() {
        let dir = std::env::temp_dir().join(format!("dstream-places-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("app.log");
        std::fs::write(&path, "a line\n".repeat(1000)).unwrap();
        let place = |name: &str, offset: u64| {
            let file = std::fs::File::open(&path).unwrap();
            let file = PartFile::new(name.into(), file, false).unwrap();
            file.place(offset, 0, false).unwrap()
        };
        let other = |place: Place| Place {
            head: Sum::of(&[b'x'; LOOK as usize]),
            ..place
        };
        let unknown = |place: Place| Place { born: 0, ..place };
        let is_born = place("app.log", 0).born != 0;
        let left = |places: &[Place], words: &[&str]| {
            let words = words.iter().map(|word| word.to_string()).collect();
            let mut all = Places::new(vec![words]);
            for place in places {
                all.by_path.insert((0, place.path.clone()), place.clone());
            }
            all.settle();
            let names = all.by_path.into_keys().map(|(_, name)| name);
            names.collect::<Vec<_>>().join(" ")
        };
        let (old, new) = (place("app.log", 2000), place("app.log.1", 7000));
        let glob = ["glob:app.log*"];
        if is_born {
            assert_eq!(left(&[old.clone(), new.clone()], &glob), "app.log.1");
        }
        // One that is named is a source of the next run, too; others are other files: cut off in place, or of a file
        // system that tells no more of a file than its number; and of little that was read nothing is known.
        let both = "app.log app.log.1";
        assert_eq!(left(&[old.clone(), new.clone()], &["app.log"]), both);
        assert_eq!(left(&[other(old.clone()), new.clone()], &glob), both);
        assert_eq!(left(&[unknown(old), unknown(new.clone())], &glob), both);
        assert_eq!(left(&[place("app.log", 7), new], &glob), both);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
