//! Files that a run would write while it reads them, or write twice: refused before anything is opened. Looks at
//! files by device and inode, and opens none. Of an output that is many files those count that are there. Invariant:
//! what is no regular file, and what is named in `/dev`, may be named as often as one likes.

use super::globals::Options;
use super::run::Sources;
use crate::error::Usage;
use crate::plan::files;
use crate::plan::node::{NodeKind, Plan, Source};
use crate::sinks::Refusal;
use crate::sources::{self, NamePattern, PathPattern, Word};
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What tells a file from others.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Identity {
    Is(u64, u64),
    /// It is not there yet.
    WillBe(PathBuf),
}

impl Identity {
    fn of(path: &Path) -> Option<Identity> {
        if path.starts_with("/dev") {
            return None;
        }
        match fs::metadata(path) {
            Ok(meta) => Identity::of_file(&meta),
            Err(_) => Some(Identity::WillBe(folder(path)?.join(path.file_name()?))),
        }
    }

    fn of_file(meta: &Metadata) -> Option<Identity> {
        meta.is_file().then(|| Identity::Is(meta.dev(), meta.ino()))
    }
}

/// The directory that a file is in, by its one name.
fn folder(path: &Path) -> Option<PathBuf> {
    match path.parent()? {
        here if here.as_os_str().is_empty() => fs::canonicalize("."),
        folder => fs::canonicalize(folder),
    }
    .ok()
}

/// A file that a run writes.
struct Written {
    by: &'static str,
    path: PathBuf,
    identity: Identity,
    /// It is written while input is read.
    meanwhile: bool,
    appended: bool,
}

/// Refuses files that are written and read, and files that are written twice. `own`: files that the command itself is
/// made of, each with the word that names it.
pub fn check(plan: &Plan, options: &Options, own: &[(&str, &Path)]) -> Result<(), Usage> {
    let mut all = written(plan, options);
    let beside = beside_checkpoint(options);
    for (at, one) in all.iter().enumerate() {
        let path = one.path.display();
        let beside = beside.iter().filter(|other| other.by != one.by);
        if let Some(other) = all[..at]
            .iter()
            .chain(beside)
            .find(|other| other.identity == one.identity)
        {
            return Err(Usage::new(format!(
                "{}: '{path}' is written by {} as well; give each a file of its own",
                one.by, other.by
            )));
        }
    }
    let stdout = match plan.sink.path {
        None if !options.quiet => of_stream(std::io::stdout().as_fd()),
        _ => None,
    };
    if let Some(stdout) = &stdout
        && let Some(one) = all.iter().find(|one| one.identity == *stdout)
    {
        return Err(Usage::new(format!(
            "{}: '{}' is standard output, too, and one would be written over the other; give each a file of its own",
            one.by,
            one.path.display()
        )));
    }
    all.extend(of_pattern(plan, options));
    all.extend(beside);
    all.retain(|one| one.meanwhile);
    for (word, path) in own {
        // They are read before anything is written, so what is added loses nothing.
        let Some(identity) = Identity::of(path) else {
            continue;
        };
        let mut emptied = all.iter().filter(|one| !one.appended);
        if let Some(one) = emptied.find(|one| one.identity == identity) {
            return Err(refused(one, &format!("read by {word}")));
        }
    }
    for source in read(plan) {
        for word in words_of(source) {
            if let Some((one, read)) = is_read(&word, &all, options) {
                return Err(refused(one, &read));
            }
            if let (Some(wal), Word::Dir(dir)) = (&options.keep.wal, &word)
                && fs::canonicalize(dir).is_ok_and(|dir| fs::canonicalize(wal).ok() == Some(dir))
            {
                return Err(Usage::new(format!(
                    "--wal: '{}' is read by 'dir:{dir}': what is written to it would be read; name another directory",
                    wal.display()
                )));
            }
            if let (Word::Stdin, Some(stdout)) = (&word, &stdout)
                && of_stream(std::io::stdin().as_fd()).as_ref() == Some(stdout)
            {
                let read = match source.words.iter().any(|word| word == "-") {
                    true => "'-', standard input,",
                    false => "standard input",
                };
                return Err(Usage::new(format!(
                    "{read} is the file that is standard output, too: what is written would be read again; write to another file"
                )));
            }
            if let Some(stdout) = &stdout
                && let Some(path) = is_in(&word, stdout, options)
            {
                let read = match &word {
                    Word::Glob(pattern) => format!("by 'glob:{pattern}'"),
                    Word::Dir(dir) => format!("by 'dir:{dir}'"),
                    _ => "as input".into(),
                };
                return Err(Usage::new(format!(
                    "'{path}' is read {read}, and is standard output, too: what is written would be read again; write to another file"
                )));
            }
        }
    }
    Ok(())
}

/// What refuses a file of an output that is many, where a row has named one that is read: which ones they name is not
/// known before.
pub fn refusal(plan: &Plan, options: &Options) -> Refusal {
    let pattern = options.output.as_deref();
    let is_by_value =
        pattern.is_some_and(|name| files::is_pattern(name) && !files::has_times(name));
    if !is_by_value || !is_written_meanwhile(plan, options) {
        return Refusal::default();
    }
    let words: Vec<Word> = read(plan).flat_map(words_of).collect();
    let options = options.clone();
    Refusal(Some(Arc::new(move |path| {
        let one = [Written {
            by: "--output",
            identity: Identity::of(path)?,
            path: path.to_owned(),
            meanwhile: true,
            appended: options.append,
        }];
        let found = words.iter().find_map(|word| is_read(word, &one, &options));
        found.map(|(one, read)| refused(one, &read).message)
    })))
}

/// What is read: streams, and tables in memory.
fn read(plan: &Plan) -> impl Iterator<Item = &Source> {
    let tables = plan.nodes.iter().filter_map(|node| match &node.kind {
        NodeKind::Lookup(lookup) => Some(&lookup.right.source),
        _ => None,
    });
    plan.sides().chain(tables)
}

fn words_of(source: &Source) -> Vec<Word> {
    let words = source
        .words
        .iter()
        .filter_map(|word| sources::parse(word).ok());
    match source.words.is_empty() {
        true => vec![Word::Stdin],
        false => words.collect(),
    }
}

fn refused(one: &Written, read: &str) -> Usage {
    let so = match (&one.identity, one.appended) {
        (Identity::WillBe(_), _) => "what is written to it would be read",
        (Identity::Is(..), true) => "what is added to it would be read again",
        (Identity::Is(..), false) => "it would be lost",
    };
    Usage::new(format!(
        "{}: '{}' is {read}: {so}; name another file",
        one.by,
        one.path.display()
    ))
}

/// The file that a descriptor is of, if it is a regular one.
fn of_stream(stream: BorrowedFd<'_>) -> Option<Identity> {
    let file = fs::File::from(stream.try_clone_to_owned().ok()?);
    Identity::of_file(&file.metadata().ok()?)
}

/// The files that a word names now.
fn paths(word: &Word) -> Vec<String> {
    let matched = match word {
        Word::File(path) => return vec![path.clone()],
        Word::Glob(_) => sources::expand(word, &sources::Opening::default()),
        _ => return Vec::new(),
    };
    let matched = matched.unwrap_or_default();
    matched.iter().map(Word::name).collect()
}

/// Whether a name in a directory is read by `dir:`.
fn is_wanted(name: &OsStr, options: &Options) -> bool {
    let names = options.glob.as_deref().map(NamePattern::parse);
    match names.transpose() {
        Ok(names) => sources::is_wanted(name, names.as_ref()),
        Err(_) => false,
    }
}

/// The name by which a source reads a file that is there.
fn is_in(word: &Word, file: &Identity, options: &Options) -> Option<String> {
    let is_it = |path: &Path| Identity::of(path).as_ref() == Some(file);
    match word {
        Word::Dir(dir) => {
            let entries = fs::read_dir(dir).ok()?.filter_map(Result::ok);
            let mut paths = entries
                .filter(|entry| is_wanted(&entry.file_name(), options))
                .map(|entry| entry.path());
            let path = paths.find(|path| is_it(path))?;
            Some(path.to_string_lossy().into_owned())
        }
        word => paths(word).into_iter().find(|path| is_it(Path::new(path))),
    }
}

/// The first file that is written and that a source reads, and how it does.
fn is_read<'w>(
    word: &Word,
    all: &'w [Written],
    options: &Options,
) -> Option<(&'w Written, String)> {
    let find = |identity: &Identity| all.iter().find(|one| one.identity == *identity);
    match word {
        Word::Stdin => {
            let one = find(&of_stream(std::io::stdin().as_fd())?)?;
            Some((one, "read as standard input".into()))
        }
        Word::Dir(dir) => {
            let folder_read = fs::canonicalize(dir).ok()?;
            let is_there = |one: &&Written| folder(&one.path).as_ref() == Some(&folder_read);
            let is_read = |one: &&Written| {
                let name = one.path.file_name();
                name.is_some_and(|name| is_wanted(name, options))
            };
            let one = all.iter().filter(is_there).find(is_read)?;
            Some((one, format!("read by 'dir:{dir}'")))
        }
        word => {
            let mut there = paths(word).into_iter();
            let there = there.find_map(|path| {
                let one = find(&Identity::of(Path::new(&path))?)?;
                let read = match word {
                    Word::Glob(pattern) => format!("read by 'glob:{pattern}'"),
                    _ if Path::new(&path) == one.path => "read as input".into(),
                    _ => format!("the file that is read as '{path}'"),
                };
                Some((one, read))
            });
            there.or_else(|| will_be_read(word, all, options))
        }
    }
}

/// The first file that is written and that a pattern takes when it appears.
fn will_be_read<'w>(
    word: &Word,
    all: &'w [Written],
    options: &Options,
) -> Option<(&'w Written, String)> {
    let Word::Glob(pattern) = word else {
        return None;
    };
    if !options.follow || options.keep.once {
        return None;
    }
    let names = PathPattern::parse(pattern).ok()?;
    let here = fs::canonicalize(".").ok()?;
    let one = all.iter().find(|one| {
        let Some(path) = folder(&one.path).zip(one.path.file_name()) else {
            return false;
        };
        let path = path.0.join(path.1);
        let below = path.strip_prefix(&here).ok();
        names.matches(&one.path)
            || names.matches(&path)
            || below.is_some_and(|path| names.matches(path))
    })?;
    Some((one, format!("read by 'glob:{pattern}'")))
}

/// Whether an output of one file, or of files by name, is written while input is read.
fn is_written_meanwhile(plan: &Plan, options: &Options) -> bool {
    // Of input that ends it gets its name at the end.
    let keep = &options.keep;
    let follows = options.follow && !keep.once;
    let ends = |words: &[String]| Sources::of(words, follows).is_ok_and(|sources| sources.regular);
    let goes_on = keep.checkpoint.is_some() && (keep.once || follows) && !keep.last;
    // With a checkpoint a file is read as far as it goes, not to where it ended when it was opened.
    let chases = keep.checkpoint.is_some() && options.append;
    goes_on || chases || !plan.sides().all(|source| ends(&source.words))
}

/// The files of an output that is many, of which one that is there may be written.
fn of_pattern(plan: &Plan, options: &Options) -> Vec<Written> {
    let pattern = options.output.as_deref();
    let Some(pattern) = pattern.filter(|pattern| files::is_pattern(pattern)) else {
        return Vec::new();
    };
    // A window's has its name when that is over.
    let meanwhile = files::has_times(pattern) || is_written_meanwhile(plan, options);
    let Some(glob) = files::as_glob(pattern).filter(|_| meanwhile) else {
        return Vec::new();
    };
    // Those that values may name are refused when one does.
    let there = match files::has_times(pattern) {
        true => paths(&Word::Glob(glob)),
        false => Vec::new(),
    };
    let there = there.into_iter().map(PathBuf::from);
    // And one that is not there yet.
    let files = there.chain([PathBuf::from(pattern)]);
    let written = files.filter_map(|path| {
        Some(Written {
            by: "--output",
            identity: Identity::of(&path)?,
            path,
            meanwhile,
            appended: options.append,
        })
    });
    written.collect()
}

/// The generation before and the lock. A run that was killed may have left one file by both names.
fn beside_checkpoint(options: &Options) -> Vec<Written> {
    let written = [".1", ".lock"].into_iter().filter_map(|ending| {
        let mut path = options.keep.checkpoint.clone()?.into_os_string();
        path.push(ending);
        let path = PathBuf::from(path);
        Some(Written {
            by: "--checkpoint",
            identity: Identity::of(&path)?,
            path,
            meanwhile: true,
            appended: false,
        })
    });
    written.collect()
}

fn written(plan: &Plan, options: &Options) -> Vec<Written> {
    let mut all = Vec::new();
    let mut add = |by, path: &Path, meanwhile, appended| {
        all.extend(Identity::of(path).map(|identity| Written {
            by,
            path: path.to_owned(),
            identity,
            meanwhile,
            appended,
        }));
    };
    if let Some(output) = options.output.as_deref()
        && !files::is_socket(output)
        && !files::is_pattern(output)
    {
        let meanwhile = is_written_meanwhile(plan, options);
        add("--output", Path::new(output), meanwhile, options.append);
    }
    if let Some(path) = &options.keep.checkpoint {
        add("--checkpoint", path, true, false);
    }
    for (by, path) in [
        ("--late", &options.late_file),
        ("--bad-file", &options.bad_file),
        ("--metrics-file", &options.metrics_file),
    ] {
        if let Some(path) = path {
            add(by, path, true, false);
        }
    }
    for node in &plan.nodes {
        if let NodeKind::Tee { path, .. } = &node.kind {
            add("tee", Path::new(path), true, false);
        }
    }
    all
}
