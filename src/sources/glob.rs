//! `glob:PATTERN`: the files that match now, or, followed, each that ever matches as a source of its own. Looks no
//! more often than is cheap. Invariant: a file is one source at a time.

use super::files::Files;
use super::pace::Began;
use super::pattern::PathPattern;
use super::tail::Name;
use super::{Finder, Opening, Parts, Word};
use crate::error::{Failure, status};
use anyhow::Result;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Looking takes at most this part of the time.
const SHARE: u32 = 50;
/// How often names are looked at until nothing has changed.
const LOOKS: usize = 20;
const LOOK: Duration = Duration::from_millis(250);

/// The files that match now, as words of their own.
pub fn words(pattern: &str) -> Result<Vec<Word>> {
    let parsed = parse(pattern)?;
    // While names change a look may miss a file that is there all the time: only two looks that agree count.
    let mut found = parsed.files()?;
    for _ in 0..LOOKS {
        let before = std::mem::replace(&mut found, parsed.files()?);
        if found == before && !found.is_empty() {
            break;
        }
    }
    let words = found
        .into_iter()
        .filter_map(|path| path.into_os_string().into_string().ok());
    let words: Vec<Word> = words.map(Word::File).collect();
    if words.is_empty() {
        anyhow::bail!("glob:{pattern}: no file matches");
    }
    Ok(words)
}

fn parse(pattern: &str) -> Result<PathPattern> {
    PathPattern::parse(pattern).map_err(|message| {
        Failure {
            status: status::USAGE,
            message: format!("glob:{message}"),
        }
        .into()
    })
}

/// Finds files that match, as they appear.
pub struct Matching {
    pattern: PathPattern,
    /// Of those found at the first look.
    first: Option<Opening>,
    later: Opening,
    known: HashMap<PathBuf, Weak<Name>>,
    /// Told that they cannot be opened.
    refused: HashSet<PathBuf>,
    looked: Option<(Began, Duration)>,
}

impl Matching {
    pub fn new(pattern: &str, how: &Opening) -> Result<Matching> {
        let mut how = how.clone();
        how.leaves = true;
        // What was not there has not been left anywhere, and nothing of it has been seen.
        let later = Opening {
            skip_to_end: false,
            kept: how.kept.as_ref().map(|_| Vec::new()),
            ..how.without_places()
        };
        Ok(Matching {
            pattern: parse(pattern)?,
            first: Some(how),
            later,
            known: HashMap::new(),
            refused: HashSet::new(),
            looked: None,
        })
    }
}

impl Finder for Matching {
    fn look(&mut self) -> io::Result<Vec<(String, Box<dyn Parts>)>> {
        if let Some((began, pause)) = self.looked
            && began.elapsed() < pause
        {
            return Ok(Vec::new());
        }
        let began = Began::now();
        let first = self.first.take();
        let how = first.as_ref().unwrap_or(&self.later);
        let mut found: Vec<(String, Box<dyn Parts>)> = Vec::new();
        let mut paths = self.pattern.files()?;
        let kept = first.iter().flat_map(|how| how.kept.iter().flatten());
        for place in kept {
            // One that has been rotated, and nothing new is there yet.
            let path = PathBuf::from(&place.path);
            if self.pattern.matches(&path) && !paths.contains(&path) {
                paths.push(path);
            }
        }
        for path in paths {
            let open = self.known.get(&path).and_then(Weak::upgrade);
            let Some(shown) = path.to_str().filter(|_| open.is_none()) else {
                continue;
            };
            match Files::open(shown, None, how) {
                Ok(files) => {
                    self.known
                        .insert(path.clone(), Arc::downgrade(files.name()));
                    found.push((shown.to_string(), Box::new(files)));
                }
                Err(error) if self.refused.insert(path) => {
                    how.notes.tell(&format!("{error:#}"));
                }
                Err(_) => {}
            }
        }
        self.known.retain(|_, name| name.strong_count() > 0);
        // What takes long is done less often.
        self.looked = Some((Began::now(), LOOK.max(began.elapsed() * SHARE)));
        Ok(found)
    }
}
