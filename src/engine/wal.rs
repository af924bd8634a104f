//! The log of input that cannot be read again (`--wal`): what is received from pipes and sockets is written down before
//! it is worked on, and read again by the run after one that was killed. Segments of records, each with a checksum;
//! those that a checkpoint has made needless are removed. Invariant: records are numbered without a gap, and a record
//! that was not written to its end is as if it had not come.

use super::Run;
use super::checkpoint::store::sync_directory;
use super::input::{LONG, TooLong, UNCLOSED};
use super::order::lock;
use crate::data::block::Origin;
use crate::data::saved::{Damaged, Save, Saved};
use crate::error::{Failure, status};
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

const MAGIC: &[u8; 8] = b"DSTRMWL\n";
/// Magic, the job's number, the number of the first record, a checksum.
const HEAD: usize = 8 + 16 + 8 + 4;
/// A segment over this is followed by a new one, bytes; and one over the second when a checkpoint is taken.
const SEGMENT: u64 = 64 << 20;
const SEGMENT_AT_COMMIT: u64 = 1 << 20;
/// A record is never longer: a block and the longest line.
const RECORD_MAX: usize = 2 << 30;

/// `--wal` and what belongs to it.
#[derive(Clone, Debug)]
pub struct Logging {
    pub dir: PathBuf,
    /// Between syncs.
    pub sync: Duration,
    /// Bytes of all segments at which a checkpoint is taken.
    pub most: u64,
}

/// A block as it was received.
#[derive(Debug, PartialEq, Eq)]
pub struct Received {
    /// The source that it is of: side and name.
    pub side: usize,
    pub source: String,
    /// The connection or pipe, and its header.
    pub input: String,
    pub header: Option<Vec<u8>>,
    pub arrival: i64,
    pub offset: u64,
    pub lines: u64,
    pub long: Option<TooLong>,
    pub bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    side: usize,
    source: String,
    input: String,
    header: Option<Vec<u8>>,
    arrival: i64,
    offset: u64,
    lines: u64,
    /// A record that was too long behind it: its offset, and whether by a quote.
    long: Option<(u64, bool)>,
}

/// A segment on the disk.
struct Segment {
    path: PathBuf,
    /// The number of its first record, and of the first behind its last.
    first: u64,
    end: u64,
    len: u64,
}

/// The log of a job.
pub struct Wal {
    logging: Logging,
    run: u128,
    segments: VecDeque<Segment>,
    file: Option<Arc<File>>,
    next: u64,
    /// The next record begins a segment.
    fresh: bool,
    syncer: Option<Syncer>,
    buf: Vec<u8>,
}

fn broken(path: &Path, what: &str, error: &io::Error) -> Failure {
    Failure {
        status: status::IO,
        message: format!("--wal: cannot {what} '{}': {error}", path.display()),
    }
}

impl Wal {
    /// Opens the log of job `run` and gives what is in it from record `from` on, to be worked on first.
    pub fn open(
        logging: &Logging,
        run: u128,
        from: u64,
        power: bool,
        setting: &Run,
    ) -> Result<(Wal, Replay), Failure> {
        let dir = &logging.dir;
        fs::create_dir_all(dir).map_err(|error| Failure {
            status: status::CANT_CREATE,
            message: format!(
                "--wal: cannot make the directory '{}': {error}",
                dir.display()
            ),
        })?;
        let mut found: Vec<(u64, PathBuf)> = Vec::new();
        let entries = fs::read_dir(dir).map_err(|error| broken(dir, "read", &error))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(number) = number_of(&name.to_string_lossy(), run) else {
                continue;
            };
            found.push((number, entry.path()));
        }
        found.sort();
        let mut next = from;
        let mut segments = VecDeque::new();
        for (first, path) in found {
            let (end, len) =
                scan(&path, run, first).map_err(|error| broken(&path, "read", &error))?;
            if first > next.max(from) && end > from {
                setting.opening.notes.tell(&format!(
                    "the log '{}' lacks the records from {next} to {first}: they are lost",
                    dir.display()
                ));
            }
            next = next.max(end);
            segments.push_back(Segment {
                path,
                first,
                end,
                len,
            });
        }
        let replay = Replay {
            run,
            paths: segments
                .iter()
                .filter(|segment| segment.end > from)
                .map(|segment| (segment.path.clone(), segment.first, segment.end))
                .collect(),
            open: None,
            from,
        };
        let syncer = power.then(|| Syncer::new(logging.sync)).transpose();
        let syncer = syncer.map_err(|error| broken(dir, "sync", &error))?;
        let wal = Wal {
            logging: logging.clone(),
            run,
            segments,
            file: None,
            next,
            fresh: false,
            syncer,
            buf: Vec::new(),
        };
        Ok((wal, replay))
    }

    /// There is more in the log than it is to hold: a checkpoint makes it shorter.
    pub fn is_full(&self) -> bool {
        let size: u64 = self.segments.iter().map(|segment| segment.len).sum();
        size > self.logging.most
    }

    /// Writes a block down.
    pub fn append(&mut self, received: &Received) -> Result<(), Failure> {
        if let Some(error) = self.syncer.as_ref().and_then(Syncer::failed) {
            return Err(broken(&self.logging.dir, "sync", &error));
        }
        let mut save = Save::default();
        save.put(&Head {
            side: received.side,
            source: received.source.clone(),
            input: received.input.clone(),
            header: received.header.clone(),
            arrival: received.arrival,
            offset: received.offset,
            lines: received.lines,
            long: received
                .long
                .map(|long| (long.origin.offset, long.what == UNCLOSED)),
        });
        save.put_bytes(&received.bytes);
        let payload = save.into_bytes();
        self.buf.clear();
        self.buf.extend((payload.len() as u32).to_le_bytes());
        self.buf.extend(crc32c::crc32c(&payload).to_le_bytes());
        self.buf.extend(&payload);
        if self.file.is_none()
            || self.fresh
            || self.segments.back().is_none_or(|last| last.len > SEGMENT)
        {
            self.begin()?;
        }
        let (Some(file), Some(segment)) = (&self.file, self.segments.back_mut()) else {
            return Ok(());
        };
        (&**file)
            .write_all(&self.buf)
            .map_err(|error| broken(&segment.path, "write", &error))?;
        segment.len += self.buf.len() as u64;
        self.next += 1;
        segment.end = self.next;
        if let Some(syncer) = &self.syncer {
            syncer.dirty(file);
        }
        Ok(())
    }

    /// A new segment; the one before is on the disk.
    fn begin(&mut self) -> Result<(), Failure> {
        if let (Some(_), Some(file)) = (&self.syncer, self.file.take()) {
            file.sync_data()
                .map_err(|error| broken(&self.logging.dir, "sync", &error))?;
        }
        let path = self
            .logging
            .dir
            .join(format!("{:032x}.{:016}.wal", self.run, self.next));
        let cannot = |error: io::Error| Failure {
            status: status::CANT_CREATE,
            message: format!("--wal: cannot create '{}': {error}", path.display()),
        };
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR);
        let mut file = File::from(file.map_err(|error| cannot(error.into()))?);
        let mut head = MAGIC.to_vec();
        head.extend(self.run.to_le_bytes());
        head.extend(self.next.to_le_bytes());
        head.extend(crc32c::crc32c(&head).to_le_bytes());
        file.write_all(&head).map_err(cannot)?;
        if self.syncer.is_some() {
            sync_directory(&path).map_err(cannot)?;
        }
        // One that had no record yet had the same name.
        self.segments.retain(|segment| segment.path != path);
        self.segments.push_back(Segment {
            path,
            first: self.next,
            end: self.next,
            len: HEAD as u64,
        });
        self.file = Some(Arc::new(file));
        self.fresh = false;
        Ok(())
    }

    /// A checkpoint is taken here: what comes goes into a segment of its own, if this one has grown.
    pub fn mark(&mut self) -> u64 {
        let last = self.segments.back();
        if last.is_some_and(|last| last.len > SEGMENT_AT_COMMIT) {
            self.fresh = true;
        }
        self.next
    }

    /// A checkpoint that needs no record before `upto` is on the disk.
    pub fn forget(&mut self, upto: u64) {
        while let Some(first) = self.segments.front()
            && first.end <= upto
            && (self.segments.len() > 1 || self.file.is_none())
        {
            // One that stays is found again, and passed over.
            let _ = fs::remove_file(&first.path);
            self.segments.pop_front();
        }
    }

    /// The job has ended: nothing of the log is needed any more.
    pub fn remove(&mut self) {
        self.file = None;
        self.forget(u64::MAX);
    }
}

/// The number of the first record of a segment of job `run`, from its name.
fn number_of(name: &str, run: u128) -> Option<u64> {
    let rest = name.strip_prefix(&format!("{run:032x}."))?;
    rest.strip_suffix(".wal")?.parse().ok()
}

/// The number behind the last whole record of a segment, and the bytes up to there. What is behind that was not
/// written to its end.
fn scan(path: &Path, run: u128, first: u64) -> io::Result<(u64, u64)> {
    let mut reader = Records::open(path, run, first)?;
    let mut payload = Vec::new();
    while reader.next(&mut payload)? {}
    Ok((reader.number, reader.at))
}

/// The records of a segment.
struct Records {
    file: BufReader<File>,
    number: u64,
    /// Bytes up to the end of the last whole record.
    at: u64,
    left: u64,
}

impl Records {
    fn open(path: &Path, run: u128, first: u64) -> io::Result<Records> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        let len = file.metadata()?.len();
        let mut file = BufReader::with_capacity(1 << 17, file);
        let mut head = [0; HEAD];
        let whole = len >= HEAD as u64 && file.read_exact(&mut head).is_ok();
        let (text, sum) = head.split_at(HEAD - 4);
        let mut expected = MAGIC.to_vec();
        expected.extend(run.to_le_bytes());
        expected.extend(first.to_le_bytes());
        let good = whole && text == expected && crc32c::crc32c(text).to_le_bytes() == sum;
        let at = if good { HEAD as u64 } else { 0 };
        Ok(Records {
            file,
            number: first,
            at,
            left: if good { len - at } else { 0 },
        })
    }

    /// The next whole record.
    fn next(&mut self, payload: &mut Vec<u8>) -> io::Result<bool> {
        let mut head = [0; 8];
        if self.left < head.len() as u64 {
            return Ok(false);
        }
        self.file.read_exact(&mut head)?;
        let [a, b, c, d, sum @ ..] = head;
        let (len, sum) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes(sum));
        let rest = self.left - head.len() as u64;
        if u64::from(len) > rest || len as usize > RECORD_MAX {
            self.left = 0;
            return Ok(false);
        }
        payload.resize(len as usize, 0);
        self.file.read_exact(payload)?;
        if crc32c::crc32c(payload) != sum {
            self.left = 0;
            return Ok(false);
        }
        self.left = rest - u64::from(len);
        self.at += head.len() as u64 + u64::from(len);
        self.number += 1;
        Ok(true)
    }
}

/// What has been received and not committed by the runs before.
pub struct Replay {
    run: u128,
    paths: VecDeque<(PathBuf, u64, u64)>,
    open: Option<(Records, u64)>,
    /// Records before this one have been given, or are not needed.
    from: u64,
}

impl Replay {
    /// The number of the next record.
    pub fn at(&self) -> u64 {
        self.from
    }

    /// The next block, in the order in which they came.
    pub fn next(&mut self) -> Result<Option<Received>, Failure> {
        loop {
            if let Some((records, end)) = &mut self.open {
                let mut payload = Vec::new();
                let path = Path::new("the log");
                let more = records.number < *end
                    && records
                        .next(&mut payload)
                        .map_err(|error| broken(path, "read", &error))?;
                if more && records.number <= self.from {
                    continue;
                }
                if more {
                    self.from = records.number;
                    let received = received(&payload).map_err(|_| Failure {
                        status: status::DATA,
                        message: "--wal: a record of the log cannot be read".into(),
                    })?;
                    return Ok(Some(received));
                }
                self.open = None;
            }
            let Some((path, first, end)) = self.paths.pop_front() else {
                return Ok(None);
            };
            let records = Records::open(&path, self.run, first)
                .map_err(|error| broken(&path, "read", &error))?;
            self.open = Some((records, end));
        }
    }
}

pub(super) fn received(payload: &[u8]) -> Result<Received, Damaged> {
    let mut saved = Saved::new(payload);
    let head: Head = saved.take()?;
    let bytes = saved.take_bytes()?.to_vec();
    saved.end()?;
    Ok(Received {
        side: head.side,
        source: head.source,
        input: head.input,
        header: head.header,
        arrival: head.arrival,
        offset: head.offset,
        lines: head.lines,
        long: head.long.map(|(offset, by_quote)| TooLong {
            origin: Origin { input: 0, offset },
            what: if by_quote { UNCLOSED } else { LONG },
            // The lines before each record are kept with it.
            lines: 0,
        }),
        bytes,
    })
}

/// Syncs what was written, a while behind.
struct Syncer {
    shared: Arc<Syncing>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Syncing {
    dirty: Mutex<Option<Arc<File>>>,
    came: Condvar,
    failed: Mutex<Option<io::Error>>,
    over: AtomicBool,
}

impl Syncer {
    fn new(every: Duration) -> io::Result<Syncer> {
        let shared = Arc::new(Syncing::default());
        let mine = shared.clone();
        let work = move || {
            loop {
                let mut dirty = lock(&mine.dirty);
                while dirty.is_none() && !mine.over.load(Ordering::Relaxed) {
                    dirty = mine
                        .came
                        .wait(dirty)
                        .unwrap_or_else(PoisonError::into_inner);
                }
                let file = dirty.take();
                drop(dirty);
                let Some(file) = file else { return };
                if let Err(error) = file.sync_data() {
                    lock(&mine.failed).get_or_insert(error);
                    return;
                }
                std::thread::sleep(every);
            }
        };
        let thread = std::thread::Builder::new().name("wal".into());
        Ok(Syncer {
            thread: Some(thread.spawn(work)?),
            shared,
        })
    }

    fn dirty(&self, file: &Arc<File>) {
        *lock(&self.shared.dirty) = Some(file.clone());
        self.shared.came.notify_one();
    }

    fn failed(&self) -> Option<io::Error> {
        lock(&self.shared.failed).take()
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        self.shared.came.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(n: u64) -> Received {
        Received {
            side: 0,
            source: "-".into(),
            input: "-".into(),
            header: (n == 2).then(|| b"a,b".to_vec()),
            arrival: n as i64,
            offset: n * 10,
            lines: n,
            long: (n == 3).then_some(TooLong {
                origin: Origin {
                    input: 0,
                    offset: 31,
                },
                what: LONG,
                lines: 0,
            }),
            bytes: format!("line {n}\n").into_bytes(),
        }
    }

    fn open(dir: &Path, from: u64) -> (Wal, Vec<Received>) {
        let logging = Logging {
            dir: dir.to_owned(),
            sync: Duration::from_millis(1),
            most: 1 << 30,
        };
        let (wal, mut replay) = Wal::open(&logging, 5, from, true, &Run::default()).unwrap();
        let mut all = Vec::new();
        while let Some(received) = replay.next().unwrap() {
            all.push(received);
        }
        (wal, all)
    }

    #[test]
    fn what_was_written_is_read_again_from_a_place() {
        let dir = std::env::temp_dir().join(format!("dstream-wal-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        let (mut wal, none) = open(&dir, 0);
        assert!(none.is_empty());
        for n in 0..5 {
            wal.append(&block(n)).unwrap();
        }
        drop(wal);
        let (mut wal, all) = open(&dir, 2);
        assert_eq!(all, (2..5).map(block).collect::<Vec<_>>());
        assert_eq!(wal.next, 5);
        for n in 5..8 {
            wal.append(&block(n)).unwrap();
        }
        drop(wal);
        let (mut wal, all) = open(&dir, 4);
        assert_eq!(all, (4..8).map(block).collect::<Vec<_>>());
        wal.forget(5);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "the first is gone");
        wal.remove();
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
        fs::remove_dir_all(&dir).unwrap();
    }

    /// Each length and each changed byte: records before it are read, nothing else is.
    #[test]
    fn a_torn_end_is_cut_off() {
        let dir = std::env::temp_dir().join(format!("dstream-torn-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        let (mut wal, _) = open(&dir, 0);
        for n in 0..4 {
            wal.append(&block(n)).unwrap();
        }
        drop(wal);
        let path = fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let whole: Vec<Received> = (0..4).map(block).collect();
        for len in 0..bytes.len() {
            fs::write(&path, &bytes[..len]).unwrap();
            let (_, all) = open(&dir, 0);
            assert!(all.len() < 4 && whole.starts_with(&all), "cut off at {len}");
        }
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x41;
            fs::write(&path, &bytes).unwrap();
            let (_, all) = open(&dir, 0);
            assert!(all.len() < 4 && whole.starts_with(&all), "byte {at}");
        }
        fs::remove_dir_all(&dir).unwrap();
    }
}
