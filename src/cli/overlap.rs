//! Files that a run would write while it reads them, or write twice: refused before anything is opened. Looks at
//! files by device and inode, and opens none. Invariant: what is no regular file, and what is named in `/dev`, may be
//! named as often as one likes.

use super::globals::Options;
use super::run::Sources;
use crate::error::Usage;
use crate::plan::files;
use crate::plan::node::{NodeKind, Plan};
use crate::sources::{self, NamePattern, Word};
use std::fs::{self, Metadata};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

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
struct Written<'a> {
    by: &'static str,
    path: &'a Path,
    identity: Identity,
    /// It is written while input is read.
    meanwhile: bool,
    appended: bool,
}

/// Refuses files that are written and read, and files that are written twice.
pub fn check(plan: &Plan, options: &Options) -> Result<(), Usage> {
    let all = written(plan, options);
    for (at, one) in all.iter().enumerate() {
        let path = one.path.display();
        if let Some(other) = all[..at]
            .iter()
            .find(|other| other.identity == one.identity)
        {
            return Err(Usage::new(format!(
                "{}: '{path}' is written by {} as well; give each a file of its own",
                one.by, other.by
            )));
        }
    }
    let tables = plan.nodes.iter().filter_map(|node| match &node.kind {
        NodeKind::Lookup(lookup) => Some(&lookup.right.source),
        _ => None,
    });
    for source in plan.sides().chain(tables) {
        let stdin = [String::from("-")];
        let words = match source.words.as_slice() {
            [] => &stdin,
            words => words,
        };
        for word in words.iter().filter_map(|word| sources::parse(word).ok()) {
            for one in all.iter().filter(|one| one.meanwhile) {
                if let Some(read) = read_as(&word, one, options) {
                    return Err(refused(one, &read));
                }
            }
        }
    }
    Ok(())
}

fn refused(one: &Written<'_>, read: &str) -> Usage {
    let so = match one.appended {
        true => "what is added to it would be read again",
        false => "it would be lost",
    };
    Usage::new(format!(
        "{}: '{}' is {read}: {so}; name another file",
        one.by,
        one.path.display()
    ))
}

/// How a source reads a file that is written, if it does.
fn read_as(word: &Word, one: &Written<'_>, options: &Options) -> Option<String> {
    let is_it = |path: &str| Identity::of(Path::new(path)).as_ref() == Some(&one.identity);
    let named = |path: &str| match Path::new(path) == one.path {
        true => String::from("read as input"),
        false => format!("the file that is read as '{path}'"),
    };
    match word {
        Word::File(path) => is_it(path).then(|| named(path)),
        Word::Stdin => {
            let stdin = std::io::stdin().as_fd().try_clone_to_owned().ok()?;
            let stdin = Identity::of_file(&fs::File::from(stdin).metadata().ok()?)?;
            (stdin == one.identity).then(|| "read as standard input".into())
        }
        Word::Glob(pattern) => {
            let matched = sources::expand(word, &sources::Opening::default()).ok()?;
            let mut paths = matched.iter().map(Word::name);
            paths
                .any(|path| is_it(&path))
                .then(|| format!("read by 'glob:{pattern}'"))
        }
        Word::Dir(dir) => {
            let is_there = folder(one.path) == fs::canonicalize(dir).ok();
            let names = options.glob.as_deref().map(NamePattern::parse);
            let names = names.transpose().ok()?;
            let is_read = sources::is_wanted(one.path.file_name()?, names.as_ref());
            (is_there && is_read).then(|| format!("read by 'dir:{dir}'"))
        }
        _ => None,
    }
}

fn written<'a>(plan: &'a Plan, options: &'a Options) -> Vec<Written<'a>> {
    let mut all = Vec::new();
    let mut add = |by, path: &'a Path, meanwhile, appended| {
        all.extend(Identity::of(path).map(|identity| Written {
            by,
            path,
            identity,
            meanwhile,
            appended,
        }));
    };
    if let Some(output) = options.output.as_deref()
        && !files::is_socket(output)
        && !files::is_pattern(output)
    {
        // Of input that ends it gets its name at the end.
        let keep = &options.keep;
        let follows = options.follow && !keep.once;
        let ends =
            |words: &[String]| Sources::of(words, follows).is_ok_and(|sources| sources.regular);
        let goes_on = keep.checkpoint.is_some() && (keep.once || follows) && !keep.last;
        let is_live = !plan.sides().all(|source| ends(&source.words));
        add(
            "--output",
            Path::new(output),
            is_live || goes_on,
            options.append,
        );
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
