//! Which files a run knows, whatever they are called by now: so that one that comes under another name is read once.
//! Known is a file by its number and what was read of it; and under a rotated name of one that is known, as its copy or
//! its compressed form, by all that was read of that. Reads nothing for the stream. Invariant: a file has one reader at
//! a time, and the next one begins where that has ended.

use super::compressed;
use super::copies::{
    Begins, Verdict, begins_with, is_copy_of_cut, is_copy_of_left, is_in_the_making, is_of,
};
use super::names::{base, is_rotated_name, unpacked};
use super::place::{Id, Place, TELLING, born, bytes_at, is_after};
use super::rotated::{self, id};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// So many files that were read are remembered beside those that are being read.
const LEFT_MAX: usize = 1 << 16;

/// The files of all words of one stream.
#[derive(Debug, Default)]
pub struct Register(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    records: BTreeMap<u64, Record>,
    by_id: HashMap<(u64, u64), Vec<u64>>,
    /// By the name that all names of a file have in common.
    by_base: HashMap<PathBuf, Vec<u64>>,
    /// Of those that were left, the oldest first.
    left: VecDeque<u64>,
    /// Names that are sources of this run.
    sources: HashSet<PathBuf>,
}

/// A file.
#[derive(Debug)]
struct Record {
    /// As it was called when it was met.
    path: PathBuf,
    born: i64,
    /// What it was known by when it was cut off in place.
    cut: Option<Place>,
    /// Its own number, where it is or was held, and those of its copies and compressed forms.
    copies: Vec<Id>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Where a run before has left it. Not taken up yet: by the source of its name, if there is one.
    Kept(Place),
    Held(Weak<Claim>),
    /// Where this run has left it; `None`: nobody goes on there.
    Left(Option<Place>),
}

/// A file that is being read, or waits to be.
#[derive(Debug)]
pub struct Claim {
    register: Arc<Register>,
    record: u64,
    file: Arc<File>,
    reached: Mutex<Reached>,
}

/// How far a file has been read.
#[derive(Debug)]
enum Reached {
    /// Not at all since it is held: to where it was left.
    Left(Option<Box<Place>>),
    /// To here, behind these bytes.
    Behind(u64, Vec<u8>),
    /// It was cut off before anything was read.
    Lost,
}

/// What became of a wish to read a file.
pub enum Taken {
    /// It is to be read from here on; `whole`: nothing more is in it.
    Mine {
        claim: Arc<Claim>,
        from: Option<Box<Place>>,
        whole: bool,
    },
    /// It is read under another name.
    Others,
    /// All of it is what another file begins with: it may be a copy in the making.
    Unsure,
}

impl Record {
    /// It is the file itself that is read, or what was found to be its copy or compressed form.
    fn is_read_as(&self, file: Id) -> bool {
        self.copies.iter().any(|copy| copy.is(file))
    }
}

impl Claim {
    fn reached(&self) -> MutexGuard<'_, Reached> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_at(&self, at: u64, last: &[u8]) {
        let mut now = self.reached();
        match &mut *now {
            Reached::Behind(offset, bytes) => {
                *offset = at;
                bytes.clear();
                bytes.extend_from_slice(last);
            }
            first => *first = Reached::Behind(at, last.to_vec()),
        }
    }

    /// It was cut off since it was taken, and before anything was read.
    pub fn is_lost(&self) {
        *self.reached() = Reached::Lost;
    }

    /// Whether what was read still stands there. What is compressed counts otherwise, and is not cut off.
    fn is_intact(&self) -> io::Result<bool> {
        let meta = self.file.metadata()?;
        let is_packed = || Ok::<_, io::Error>(compressed::is_packed(&super::head(&self.file, 4)?));
        Ok(match &*self.reached() {
            Reached::Left(None) => true,
            Reached::Left(Some(place)) => {
                let is_its = || match place.is_of(Id::of(&meta)) {
                    true => is_of(place, &self.file, &meta),
                    // A copy that was made before its original was cut off.
                    false => Ok(place.is_blank() || rotated::holds_place(&self.file, place)?),
                };
                is_packed()? || is_its()?
            }
            Reached::Behind(at, last) => {
                let from = at.saturating_sub(last.len() as u64);
                let is_there = meta.len() >= *at || is_packed()?;
                is_there && bytes_at(&self.file, from, last.len())? == *last
            }
            Reached::Lost => false,
        })
    }

    /// It was cut off in place, and begins anew as another file. False: somebody else reads the copy.
    pub fn cut_off(&self, place: Place, copy: Option<&Metadata>) -> bool {
        let copy = copy.map(Id::of);
        let mut inner = self.register.lock();
        let is_held = |copy: Id| inner.readers(copy).next().is_some();
        let is_ours = copy.is_none_or(|copy| !is_held(copy));
        inner.forget_id((place.dev, place.ino), self.record);
        if let Some(copy) = copy.filter(|_| is_ours) {
            let numbers = inner.by_id.entry(copy.number).or_default();
            numbers.push(self.record);
        }
        if let Some(record) = inner.records.get_mut(&self.record) {
            record.copies.extend(copy);
            record.cut = Some(place);
        }
        is_ours
    }

    /// Its reader has ended there.
    pub fn let_go(&self, place: Option<Place>) {
        let mut inner = self.register.lock();
        if let Some(record) = inner.records.get_mut(&self.record) {
            record.state = State::Left(place);
            inner.left.push_back(self.record);
        }
        while inner.left.len() > LEFT_MAX {
            if let Some(oldest) = inner.left.pop_front() {
                inner.remove(oldest);
            }
        }
    }
}

impl Register {
    /// `places`: where the runs before have left files, by the names of their sources; `past`: files that had those names
    /// before.
    pub fn new(places: &[Place], past: Vec<Place>) -> Register {
        let mut inner = Inner::default();
        let record = |place: &Place, state| Record {
            path: PathBuf::from(&place.path),
            born: place.born,
            cut: None,
            copies: Vec::new(),
            state,
        };
        for place in places {
            inner.add(record(place, State::Kept(place.clone())));
        }
        for place in past {
            // What had the name before is nobody's to finish.
            let number = inner.add(record(&place, State::Left(Some(place.clone()))));
            inner.left.push_back(number);
        }
        Register(Mutex::new(inner))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A name is a source of this run, which finishes what had it.
    pub fn add_source(&self, path: &Path) {
        self.lock().sources.insert(path.to_owned());
    }

    /// The source of a name has not found what stood there. Whether another source has it by its number: that goes on
    /// with it.
    pub fn gives_up(&self, path: &Path) -> io::Result<bool> {
        let mut inner = self.lock();
        let is_it = |record: &Record| record.path == path && matches!(record.state, State::Kept(_));
        let record = inner.records.iter().find(|(_, record)| is_it(record));
        let Some(number) = record.map(|(number, _)| *number) else {
            return Ok(false);
        };
        let mut place = None;
        if let Some(record) = inner.records.get_mut(&number)
            && let State::Kept(kept) = &record.state
        {
            place = Some(kept.clone());
            record.state = State::Left(place.clone());
        }
        inner.left.push_back(number);
        let Some(place) = place else { return Ok(false) };
        for other in inner.sources.iter().filter(|other| *other != path) {
            let Ok(Some(file)) = super::tail::regular(other) else {
                continue;
            };
            let meta = file.metadata()?;
            if place.is_of(Id::of(&meta)) && is_of(&place, &file, &meta)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What stood at a name has been found again: only its source goes on with it.
    pub fn found_again(&self, path: &Path, file: &Metadata) {
        let mut inner = self.lock();
        let is_it = |record: &Record| record.path == path && matches!(record.state, State::Kept(_));
        let record = inner.records.iter().find(|(_, record)| is_it(record));
        if let Some(number) = record.map(|(number, _)| *number) {
            inner.add_copy(number, Id::of(file));
        }
    }

    /// Takes a file to be read under a name. `own`: what the name's place says, which was found to be of this file.
    pub fn take(
        self: &Arc<Self>,
        path: &Path,
        file: &Arc<File>,
        own: Option<&Place>,
    ) -> io::Result<Taken> {
        self.take_called(path, (file, path), own)
    }

    /// The same, of a file that is called otherwise by now.
    fn take_called(
        self: &Arc<Self>,
        path: &Path,
        (file, called): (&Arc<File>, &Path),
        own: Option<&Place>,
    ) -> io::Result<Taken> {
        let meta = file.metadata()?;
        let mut inner = self.lock();
        let mut from = own.cloned();
        let mut spent = Vec::new();
        for number in inner.by_id.get(&id(&meta)).cloned().unwrap_or_default() {
            let Some(record) = inner.records.get(&number) else {
                continue;
            };
            let is_copy = record.is_read_as(Id::of(&meta));
            let place = match &record.state {
                State::Held(_) | State::Left(None) if is_copy => return Ok(Taken::Others),
                State::Held(_) | State::Left(None) => continue,
                State::Kept(place) | State::Left(Some(place)) => place,
            };
            if !is_copy && !is_of(place, file, &meta)? {
                continue;
            }
            let is_kept = matches!(record.state, State::Kept(_));
            let is_others = own.is_none() && record.path != path;
            if is_kept && is_others && inner.sources.contains(&record.path) {
                return Ok(Taken::Others);
            }
            if from.as_ref().is_none_or(|from| from.offset < place.offset) {
                from = Some(place.clone());
            }
            // What it is a copy of may be there beside it.
            if !is_copy {
                spent.push(number);
            }
        }
        if let Some(own) = own {
            // It was read on under another name meanwhile. What was cut off in place has the same number.
            for record in inner.numbered(own) {
                match &record.state {
                    State::Held(claim) => {
                        let file = claim.upgrade().map(|claim| claim.file.clone());
                        if let Some(file) = file
                            && rotated::holds_place(&file, own)?
                        {
                            return Ok(Taken::Others);
                        }
                    }
                    State::Kept(place) | State::Left(Some(place)) => {
                        let is_behind = from.as_ref().is_none_or(|from| from.offset < place.offset);
                        if is_behind && rotated::holds_place(file, place)? {
                            from = Some(place.clone());
                        }
                    }
                    State::Left(None) => {}
                }
            }
        }
        if from.is_none() {
            match inner.copied(called, file, &meta)? {
                (Verdict::Same, Some(number)) => {
                    inner.add_copy(number, Id::of(&meta));
                    match inner.records.get(&number).map(|record| &record.state) {
                        Some(State::Left(Some(place)) | State::Kept(place)) => {
                            from = Some(place.clone());
                        }
                        _ => return Ok(Taken::Others),
                    }
                }
                (Verdict::Maybe, _) => return Ok(Taken::Unsure),
                _ => {}
            }
        }
        if let Some(own) = own {
            let is_own = |record: &Record| matches!(&record.state, State::Kept(place) if place.path == own.path && place == own);
            let own = inner.records.iter().find(|(_, record)| is_own(record));
            spent.extend(own.map(|(number, _)| *number));
        }
        for number in spent {
            inner.remove(number);
        }
        // What is compressed does not grow.
        let whole = match &from {
            Some(from) if from.done && compressed::is_packed(&super::head(file, 4)?) => {
                match from.packed {
                    true => from.size == meta.len(),
                    false => rotated::is_all(file, true, from)?,
                }
            }
            _ => false,
        };
        Ok(self.claim(&mut inner, path, file, &meta, (from, whole)))
    }

    /// As [`Register::take`], of a file that is `called` so and is taken only if nothing is known of it.
    pub fn take_new(
        self: &Arc<Self>,
        path: &Path,
        called: &Path,
        file: &Arc<File>,
    ) -> io::Result<Taken> {
        let is_known = self.lock().knows(file, &file.metadata()?)?;
        match is_known {
            true => Ok(Taken::Others),
            false => self.take_called(path, (file, called), None),
        }
    }

    /// Whether a file would be read under a name from its start, as far as is known now.
    pub fn is_new(&self, path: &Path, file: &File) -> io::Result<bool> {
        let (inner, meta) = (self.lock(), file.metadata()?);
        Ok(!inner.knows(file, &meta)? && inner.copied(path, file, &meta)?.0 == Verdict::Other)
    }

    fn claim(
        self: &Arc<Self>,
        inner: &mut Inner,
        path: &Path,
        file: &Arc<File>,
        meta: &Metadata,
        (from, whole): (Option<Place>, bool),
    ) -> Taken {
        let from = from.map(Box::new);
        let claim = Arc::new(Claim {
            register: self.clone(),
            record: inner.next,
            file: file.clone(),
            reached: Mutex::new(Reached::Left(from.clone())),
        });
        inner.add(Record {
            path: path.to_owned(),
            born: born(meta),
            cut: None,
            copies: vec![Id::of(meta)],
            state: State::Held(Arc::downgrade(&claim)),
        });
        Taken::Mine { claim, from, whole }
    }
}

impl Inner {
    fn add(&mut self, record: Record) -> u64 {
        let number = self.next;
        self.next += 1;
        // The number of a file that is held is that of nobody else.
        let ids = match &record.state {
            State::Kept(place) | State::Left(Some(place)) => vec![(place.dev, place.ino)],
            State::Held(_) => record.copies.iter().map(|copy| copy.number).collect(),
            State::Left(None) => Vec::new(),
        };
        for id in ids {
            self.by_id.entry(id).or_default().push(number);
        }
        let base = base_of(&record.path);
        self.by_base.entry(base).or_default().push(number);
        self.records.insert(number, record);
        number
    }

    fn add_copy(&mut self, number: u64, copy: Id) {
        if let Some(record) = self.records.get_mut(&number)
            && !record.is_read_as(copy)
        {
            record.copies.push(copy);
            self.by_id.entry(copy.number).or_default().push(number);
        }
    }

    fn forget_id(&mut self, id: (u64, u64), number: u64) {
        if let Some(numbers) = self.by_id.get_mut(&id) {
            numbers.retain(|one| *one != number);
            if numbers.is_empty() {
                self.by_id.remove(&id);
            }
        }
    }

    fn remove(&mut self, number: u64) {
        let Some(record) = self.records.remove(&number) else {
            return;
        };
        let mut ids: Vec<(u64, u64)> = record.copies.iter().map(|copy| copy.number).collect();
        if let State::Kept(place) | State::Left(Some(place)) = &record.state {
            ids.push((place.dev, place.ino));
        }
        for id in ids {
            self.forget_id(id, number);
        }
        let base = base_of(&record.path);
        if let Some(numbers) = self.by_base.get_mut(&base) {
            numbers.retain(|one| *one != number);
            if numbers.is_empty() {
                self.by_base.remove(&base);
            }
        }
    }

    /// Whether a file is known by its number and what it holds.
    fn knows(&self, file: &File, meta: &Metadata) -> io::Result<bool> {
        for number in self.by_id.get(&id(meta)).into_iter().flatten() {
            let Some(record) = self.records.get(number) else {
                continue;
            };
            let is_it = match &record.state {
                _ if record.is_read_as(Id::of(meta)) => true,
                State::Held(_) | State::Left(None) => false,
                State::Kept(place) | State::Left(Some(place)) => is_of(place, file, meta)?,
            };
            if is_it {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The records of the file that a place is of.
    fn numbered(&self, of: &Place) -> impl Iterator<Item = &Record> {
        let of = of.id();
        let numbers = self.by_id.get(&of.number).into_iter().flatten();
        let records = numbers.filter_map(|number| self.records.get(number));
        records.filter(move |record| match &record.state {
            State::Held(_) | State::Left(None) => record.is_read_as(of),
            State::Kept(place) | State::Left(Some(place)) => place.is_of(of),
        })
    }

    /// The records of a file that is being read.
    fn readers(&self, of: Id) -> impl Iterator<Item = &Record> {
        let numbers = self.by_id.get(&of.number).into_iter().flatten();
        let records = numbers.filter_map(|number| self.records.get(number));
        records
            .filter(move |record| matches!(record.state, State::Held(_)) && record.is_read_as(of))
    }

    /// Which known file one is a copy or the compressed form of, by its name and by what was read of that.
    fn copied(
        &self,
        path: &Path,
        file: &File,
        meta: &Metadata,
    ) -> io::Result<(Verdict, Option<u64>)> {
        if is_in_the_making(path, file)? {
            return Ok((Verdict::Maybe, None));
        }
        let packed = compressed::is_packed(&super::head(file, 4)?);
        let base = base_of(path);
        let kin = rotated::Kin::of(&base);
        let mut all = Verdict::Other;
        let numbers = self.by_base.get(&base).into_iter().flatten();
        for (number, record) in numbers
            .filter_map(|n| Some((*n, self.records.get(n)?)))
            .rev()
        {
            if !is_rotated_name(&record.path, path, packed) {
                continue;
            }
            if is_after(record.born, born(meta)) {
                continue;
            }
            match self.is_copy(record, &kin, file, meta, packed)? {
                Verdict::Same => return Ok((Verdict::Same, Some(number))),
                Verdict::Maybe => all = Verdict::Maybe,
                Verdict::Other => {}
            }
        }
        // The file that it would be a copy of has not been opened yet.
        let beside = match packed {
            true => unpacked(path),
            false => path.to_owned(),
        };
        for of in [&base, &beside] {
            if of != path
                && self.sources.contains(of)
                && is_rotated_name(of, path, packed)
                && let Some(original) = super::tail::regular(of).ok().flatten()
            {
                let of = original.metadata()?;
                let is_known = self.readers(Id::of(&of)).next().is_some();
                if !is_known
                    && !is_after(born(&of), born(meta))
                    && id(&of) != id(meta)
                    && begins_with(&original, file, meta.len(), packed)? != Begins::Other
                {
                    all = Verdict::Maybe;
                }
            }
        }
        match all {
            Verdict::Other => self.copied_before_cut(path, &kin, file, meta, packed),
            _ => Ok((all, None)),
        }
    }

    /// Whether it is the copy of a file that is another source's to finish, and was cut off since that was looked at. To
    /// be asked last: until then it may have stood.
    fn copied_before_cut(
        &self,
        path: &Path,
        kin: &rotated::Kin<'_>,
        file: &File,
        meta: &Metadata,
        packed: bool,
    ) -> io::Result<(Verdict, Option<u64>)> {
        let mut all = Verdict::Other;
        for number in self.by_base.get(kin.path()).into_iter().flatten() {
            let Some(record) = self.records.get(number) else {
                continue;
            };
            let State::Kept(place) = &record.state else {
                continue;
            };
            if !self.sources.contains(&record.path)
                || !is_rotated_name(&record.path, path, packed)
                || is_after(place.born, born(meta))
            {
                continue;
            }
            let Some(now) = kin.standing(place.id())? else {
                continue;
            };
            let now_meta = now.metadata()?;
            if id(&now_meta) == id(meta)
                || now_meta.len() >= place.offset && is_of(place, &now, &now_meta)?
            {
                continue;
            }
            match is_copy_of_cut(place, file, meta)? {
                Verdict::Same => return Ok((Verdict::Same, Some(*number))),
                Verdict::Maybe => all = Verdict::Maybe,
                Verdict::Other => {}
            }
        }
        Ok((all, None))
    }

    fn is_copy(
        &self,
        record: &Record,
        kin: &rotated::Kin<'_>,
        file: &File,
        meta: &Metadata,
        packed: bool,
    ) -> io::Result<Verdict> {
        if let Some(cut) = &record.cut {
            return is_copy_of_cut(cut, file, meta);
        }
        let original = match &record.state {
            State::Left(None) => return Ok(Verdict::Other),
            State::Kept(place) | State::Left(Some(place)) => {
                // Its own source finds it.
                let is_sources =
                    matches!(record.state, State::Kept(_)) && self.sources.contains(&record.path);
                match kin.standing(place.id())? {
                    Some(now) if is_sources => {
                        let is_form = packed
                            && is_of(place, &now, &now.metadata()?)?
                            && begins_with(&now, file, meta.len(), packed)? != Begins::Other;
                        return Ok(if is_form {
                            Verdict::Maybe
                        } else {
                            Verdict::Other
                        });
                    }
                    Some(now) if !is_of(place, &now, &now.metadata()?)? => {
                        return is_copy_of_cut(place, file, meta);
                    }
                    Some(now) => Arc::new(now),
                    // What its source had found may have been compressed since.
                    None => return is_copy_of_left(place, file, packed),
                }
            }
            State::Held(claim) => match claim.upgrade() {
                Some(claim) => {
                    if !claim.is_intact()? {
                        // It was cut off, and its reader has not seen it yet.
                        return Ok(Verdict::Maybe);
                    }
                    claim.file.clone()
                }
                None => {
                    let is_it = |file: &File| {
                        let meta = file.metadata();
                        meta.is_ok_and(|meta| record.is_read_as(Id::of(&meta)))
                    };
                    match super::tail::regular(&record.path).ok().flatten() {
                        Some(file) if is_it(&file) => Arc::new(file),
                        _ => return Ok(Verdict::Other),
                    }
                }
            },
        };
        let of = original.metadata()?;
        let stands = std::fs::metadata(&record.path).is_ok_and(|now| id(&now) == id(&of));
        let is_gone = of.nlink() == 0;
        if meta.len() == 0 {
            // It is being written, if it is to be a copy.
            return Ok(match stands {
                true => Verdict::Maybe,
                false => Verdict::Other,
            });
        }
        let moved = !stands && !is_gone;
        if moved && !packed {
            return Ok(Verdict::Other);
        }
        Ok(match begins_with(&original, file, meta.len(), packed)? {
            // Or was, when it was looked at first, and has been cut off while they were compared.
            Begins::Other => match &record.state {
                State::Held(claim) => match claim.upgrade() {
                    Some(claim) if !claim.is_intact()? => Verdict::Maybe,
                    _ => Verdict::Other,
                },
                State::Kept(place) | State::Left(Some(place))
                    if !is_of(place, &original, &original.metadata()?)? =>
                {
                    return is_copy_of_cut(place, file, meta);
                }
                _ => Verdict::Other,
            },
            Begins::Unended => Verdict::Maybe,
            Begins::All if !stands => Verdict::Same,
            Begins::All => Verdict::Maybe,
            Begins::Part(_) if stands => Verdict::Maybe,
            // Compressed while somebody still wrote to it.
            Begins::Part(len) if packed && len >= TELLING => Verdict::Same,
            Begins::Part(_) => Verdict::Other,
        })
    }
}

/// The name that all names of a file have in common.
fn base_of(path: &Path) -> PathBuf {
    base(path).unwrap_or_else(|| unpacked(path))
}

#[cfg(test)]
mod tests {
    use super::super::place::PartFile;
    use super::super::testing::{pack, scratch};
    use super::*;
    use std::fs;

    /// G9: compressed behind the look of the source that is to finish it, and met by another that is read before.
    #[test]
    fn what_another_source_is_to_find_is_known_when_it_is_compressed() {
        let dir = scratch("register");
        let at = |name: &str| dir.join(name);
        let text = "line by line\n".repeat(20);
        fs::write(at("a.log.1"), &text).unwrap();
        let shown = at("a.log.1").display().to_string();
        let file = PartFile::new(shown, File::open(at("a.log.1")).unwrap(), false).unwrap();
        let place = file.place(text.len() as u64, 20, false).unwrap();
        drop(file);
        let register = Arc::new(Register::new(std::slice::from_ref(&place), Vec::new()));
        register.add_source(&at("a.log"));
        register.add_source(&at("a.log.1"));
        fs::rename(at("a.log.1"), at("a.log.2")).unwrap();
        register.found_again(&at("a.log.1"), &fs::metadata(at("a.log.2")).unwrap());
        pack(&at("a.log.2"), &at("a.log.2.gz"));
        let packed = Arc::new(File::open(at("a.log.2.gz")).unwrap());
        let take = || register.take_new(&at("a.log"), &at("a.log.2.gz"), &packed);
        // As long as it stands its source finds it, and who meets the other waits for that.
        assert!(matches!(take().unwrap(), Taken::Unsure));
        fs::remove_file(at("a.log.2")).unwrap();
        match take().unwrap() {
            Taken::Mine { from, .. } => assert_eq!(from.as_deref(), Some(&place)),
            Taken::Others | Taken::Unsure => panic!("nobody else reads it"),
        }
        fs::remove_dir_all(&dir).unwrap();
    }
}
