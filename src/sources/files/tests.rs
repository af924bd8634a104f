//! What another run finds of files that have grown, been rotated, cut off or replaced meanwhile. Each test plays the
//! runs of a job and looks at nothing but what they read and say.

use super::super::testing::gzip;
use super::super::{Notes, Read, Register};
use super::*;
use std::fs;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// A job that is run again and again over a file.
struct Job {
    dir: PathBuf,
    path: PathBuf,
    how: Opening,
    said: Arc<Mutex<Vec<String>>>,
}

impl Job {
    fn new(once: bool) -> Job {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir =
            std::env::temp_dir().join(format!("dstream-files-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = said.clone();
        let how = Opening {
            once,
            kept: Some(Vec::new()),
            notes: Notes::new(move |note| told.lock().unwrap().push(note.to_string())),
            ..Opening::default()
        };
        Job {
            path: dir.join("a.log"),
            dir,
            how,
            said,
        }
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn write(&self, text: &str) {
        let mut file = fs::OpenOptions::new();
        let file = file.append(true).create(true).open(&self.path);
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn try_run(&mut self) -> Result<String> {
        self.run_until(usize::MAX)
    }

    /// One run that is killed when it has read so many bytes, and commits before.
    fn run_until(&mut self, most: usize) -> Result<String> {
        let shown = self.path.to_str().unwrap();
        let places = self.how.kept.clone().unwrap_or_default();
        self.how.register = Arc::new(Register::new(&places, Vec::new()));
        let mut files = Files::open(shown, None, &self.how)?;
        let mut text = Vec::new();
        let mut kept = self.how.kept.clone().unwrap();
        'parts: while let Next::Part(mut part) = files.next(None)? {
            let mut bytes = Vec::new();
            let end = loop {
                let room = most - text.len() - bytes.len();
                if room == 0 {
                    break None;
                }
                match part.live.read(&mut bytes, room.min(7), None)? {
                    Read::Data | Read::Idle => {}
                    end => break Some(end),
                }
            };
            if end != Some(Read::End) {
                let end = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
                bytes.truncate(end);
            }
            let lines = part.lines + bytes.iter().filter(|b| **b == b'\n').count() as u64;
            let offset = part.offset + bytes.len() as u64;
            let file = part.file.expect("its place can be kept");
            let place = file.place(offset, lines, end == Some(Read::End))?;
            kept.retain(|other| other.path != place.path);
            kept.push(place);
            text.extend_from_slice(&bytes);
            if end.is_none() {
                break 'parts;
            }
        }
        self.how.kept = Some(kept);
        Ok(String::from_utf8(text).unwrap())
    }

    fn reads(&mut self, expected: &str) {
        assert_eq!(self.try_run().unwrap(), expected);
    }

    fn said(&self) -> String {
        let said = std::mem::take(&mut *self.said.lock().unwrap());
        said.join("\n").replace(self.dir.to_str().unwrap(), "")
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Lines that tell where they stand.
fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|i| format!("line {i}\n")).collect()
}

#[test]
fn each_run_reads_what_is_new() {
    let mut job = Job::new(true);
    assert!(job.try_run().is_err(), "there is no such file");
    job.write("a\nb\nhal");
    job.reads("a\nb\n");
    job.reads("");
    job.write("f\nc\n");
    job.reads("half\nc\n");
    assert_eq!(job.how.kept.as_ref().unwrap()[0].lines, 4);
    // G9: touch.
    let now = std::time::SystemTime::now();
    File::options()
        .append(true)
        .open(&job.path)
        .unwrap()
        .set_modified(now)
        .unwrap();
    job.reads("");
    job.write("rest");
    job.how.last = true;
    job.reads("rest");
    assert_eq!(job.said(), "");
}

#[test]
fn a_file_that_was_rotated_is_finished_first() {
    type Rotate = fn(&Job);
    let ways: [(&str, Rotate); 7] = [
        ("rename", |job| {
            fs::rename(&job.path, job.beside("a.log.1")).unwrap()
        }),
        ("rename to a date", |job| {
            fs::rename(&job.path, job.beside("a.log-20260101")).unwrap();
        }),
        ("gzip", |job| gzip(&job.path, &job.beside("a.log.1.gz"))),
        ("zero", |job| {
            fs::rename(&job.path, job.beside("a.log.0")).unwrap()
        }),
        ("copy and truncate", |job| {
            fs::copy(&job.path, job.beside("a.log.1")).unwrap();
            File::create(&job.path).unwrap();
        }),
        ("copy, truncate and gzip", |job| {
            fs::copy(&job.path, job.beside("a.log.1")).unwrap();
            File::create(&job.path).unwrap();
            gzip(&job.beside("a.log.1"), &job.beside("a.log.1.gz"));
        }),
        ("twice", |job| {
            fs::rename(&job.path, job.beside("a.log.2")).unwrap();
            fs::write(job.beside("a.log.1"), "between 1\nbetween 2\n").unwrap();
        }),
    ];
    for (name, rotate) in ways {
        for (read, unread) in [(1, 1), (400, 3), (3, 400), (2, 0)] {
            let mut job = Job::new(true);
            // An older one that begins otherwise.
            fs::write(job.beside("a.log.9"), lines(1000..1400)).unwrap();
            job.write(&lines(0..read));
            job.reads(&lines(0..read));
            job.write(&lines(read..read + unread));
            rotate(&job);
            job.write("new\n");
            let between = match name {
                "twice" => "between 1\nbetween 2\n",
                _ => "",
            };
            let rest = lines(read..read + unread);
            job.reads(&format!("{rest}{between}new\n"));
            job.reads("");
            job.write("newer\n");
            job.reads("newer\n");
            assert_eq!(job.said(), "", "{name}");
        }
    }
}

#[test]
fn a_run_that_is_killed_within_an_older_file_goes_on_there() {
    for most in [20, 40, 60, 90, 120] {
        let mut job = Job::new(true);
        job.write(&lines(0..5));
        job.reads(&lines(0..5));
        job.write(&lines(5..8));
        fs::rename(&job.path, job.beside("a.log.2")).unwrap();
        fs::write(job.beside("a.log.1"), lines(8..12)).unwrap();
        job.write(&lines(12..15));
        let mut text = job.run_until(most).unwrap();
        assert!(text.len() <= most);
        gzip(&job.beside("a.log.2"), &job.beside("a.log.2.gz"));
        text.push_str(&job.try_run().unwrap());
        assert_eq!(text, lines(5..15), "killed after {most} bytes");
        assert_eq!(job.said(), "");
    }
}

#[test]
fn what_is_gone_is_told() {
    // Deleted and made anew; the inode may be the same.
    let mut job = Job::new(true);
    job.write("a\nb\nha");
    job.reads("a\nb\n");
    fs::remove_file(&job.path).unwrap();
    job.write("c\nd\ne\n");
    job.reads("c\nd\ne\n");
    assert_eq!(
        job.said(),
        "/a.log was rotated and the old file is gone; at least 2 bytes were missed"
    );
    // Same inode and size, other content; then longer.
    fs::write(&job.path, "x\ny\nz\n").unwrap();
    job.reads("x\ny\nz\n");
    assert!(
        job.said()
            .ends_with("what was written to it since it was last read, if anything, was missed")
    );
    fs::write(&job.path, "x\ny\nZ\nlonger\n").unwrap();
    job.reads("x\ny\nZ\nlonger\n");
    fs::write(&job.path, "x\n").unwrap();
    job.reads("x\n");
    job.reads("");
}

#[test]
fn a_job_that_has_ended_is_not_begun_again() {
    let mut job = Job::new(false);
    job.write("a\nb");
    job.reads("a\nb");
    job.reads("");
    job.write("more\n");
    let error = job.try_run().unwrap_err();
    let failure = error.downcast_ref::<Failure>().unwrap();
    assert_eq!(failure.status, 2);
    assert!(failure.message.contains("has grown since"), "{failure}");
    assert!(failure.message.contains("--once"));
    job.how.once = true;
    job.reads("more\n");
}

#[test]
fn a_job_that_was_killed_goes_on() {
    let mut job = Job::new(false);
    job.write(&lines(0..9));
    let mut text = job.run_until(20).unwrap();
    assert_eq!(text, lines(0..2));
    text.push_str(&job.try_run().unwrap());
    assert_eq!(text, lines(0..9));
}

#[test]
fn a_compressed_file_is_known_by_what_it_holds() {
    let mut job = Job::new(true);
    job.write(&lines(0..900));
    let path = job.beside("b.gz");
    gzip(&job.path, &path);
    job.path = path;
    let text = job.run_until(4000).unwrap();
    assert!(text.len() > 3000 && text.ends_with('\n'));
    assert_eq!(text + &job.try_run().unwrap(), lines(0..900));
    job.reads("");
}

#[test]
fn what_is_there_may_be_skipped() {
    let mut job = Job::new(true);
    job.how.skip_to_end = true;
    job.write("a\nb\nhal");
    job.reads("");
    job.write("f\nc\n");
    job.reads("half\nc\n");
    // Followed, the rest of a line that was being written is skipped too.
    let mut job = Job::new(false);
    (job.how.follow, job.how.kept, job.how.skip_to_end) = (true, None, true);
    job.write("a\nhal");
    let mut files = Files::open(job.path.to_str().unwrap(), None, &job.how).unwrap();
    let none = files.next(Some(Duration::ZERO)).unwrap();
    assert!(matches!(none, Next::Idle));
    job.write("f\nc\n");
    let Next::Part(mut part) = files.next(None).unwrap() else {
        panic!("the line has ended");
    };
    let mut bytes = Vec::new();
    assert_eq!(part.live.read(&mut bytes, 100, None).unwrap(), Read::Data);
    assert_eq!(bytes, b"c\n");
}

/// A file that was empty, or held a part of a line, when it was met: what it was rotated to is read from its start,
/// whatever stands beside it.
#[test]
fn a_file_of_which_nothing_was_read_is_found_again() {
    let older: [&[&str]; 4] = [&[], &["a.log.1"], &["a.log.1", "a.log.2.gz"], &["gone"]];
    for beside in older {
        for begun in ["", "l", "line 0"] {
            for way in ["rename", "gzip", "copy", "twice", "date"] {
                let mut job = Job::new(true);
                for (at, name) in beside.iter().enumerate() {
                    // Begins as what comes does.
                    fs::write(job.beside("old"), lines(0..at as u32 + 1)).unwrap();
                    match *name {
                        "gone" => fs::rename(job.beside("old"), job.beside("a.log.1")).unwrap(),
                        name if name.ends_with(".gz") => {
                            gzip(&job.beside("old"), &job.beside(name));
                        }
                        name => fs::rename(job.beside("old"), job.beside(name)).unwrap(),
                    }
                }
                std::thread::sleep(Duration::from_millis(10));
                job.write(begun);
                job.reads("");
                job.write(&lines(0..5)[begun.len()..]);
                // As logrotate does it, from the oldest one on.
                match beside {
                    [] => {}
                    ["gone"] => fs::remove_file(job.beside("a.log.1")).unwrap(),
                    [_] => gzip(&job.beside("a.log.1"), &job.beside("a.log.2.gz")),
                    _ => {
                        fs::rename(job.beside("a.log.2.gz"), job.beside("a.log.3.gz")).unwrap();
                        fs::rename(job.beside("a.log.1"), job.beside("a.log.2")).unwrap();
                    }
                }
                let first = job.beside("a.log.1");
                match way {
                    "rename" => fs::rename(&job.path, &first).unwrap(),
                    "date" if beside.is_empty() => {
                        fs::rename(&job.path, job.beside("a.log-20260101")).unwrap();
                    }
                    "gzip" | "date" => gzip(&job.path, &job.beside("a.log.1.gz")),
                    "copy" => {
                        fs::copy(&job.path, &first).unwrap();
                        File::create(&job.path).unwrap();
                        gzip(&first, &job.beside("a.log.1.gz"));
                    }
                    _ => {
                        gzip(&job.path, &job.beside("a.log.1.gz"));
                        fs::write(job.beside("a.log.0"), lines(5..7)).unwrap();
                    }
                }
                job.write(&lines(7..9));
                let between = if way == "twice" {
                    lines(5..7)
                } else {
                    String::new()
                };
                let case = format!("{beside:?} {begun:?} {way}");
                let all = lines(0..5) + &between + &lines(7..9);
                assert_eq!(job.try_run().unwrap(), all, "{case}");
                job.reads("");
                assert_eq!(job.said(), "", "{case}");
            }
        }
    }
    // Nothing of it is there any more: that is told.
    let mut job = Job::new(true);
    job.write("");
    job.reads("");
    let _its_number_is_not_given_out_again = File::open(&job.path).unwrap();
    fs::remove_file(&job.path).unwrap();
    job.write("new\n");
    job.reads("new\n");
    let what = "what was written to it since it was last read, if anything, was missed";
    assert!(job.said().ends_with(what));
}

/// What is moved away behind the look at the words and before it is read is read all the same; what is gone is told.
#[test]
fn a_file_that_moves_while_the_run_begins_is_read() {
    for (moved, there, expected) in [
        (true, false, Some("a\n")),
        (true, true, Some("a\nb\n")),
        (false, true, Some("b\n")),
        (false, false, None),
    ] {
        let mut job = Job::new(true);
        job.how.kept = None;
        job.write("a\n");
        let mut files = Files::open(job.path.to_str().unwrap(), None, &job.how).unwrap();
        let _its_number_is_not_given_out_again = File::open(&job.path).unwrap();
        match moved {
            true => fs::rename(&job.path, job.beside("a.log.1")).unwrap(),
            false => fs::remove_file(&job.path).unwrap(),
        }
        if there {
            job.write("b\n");
        }
        let mut bytes = Vec::new();
        let ended = loop {
            match files.next(None) {
                Ok(Next::Part(mut part)) => {
                    while part.live.read(&mut bytes, 100, None).unwrap() == Read::Data {}
                }
                Ok(_) => break Ok(()),
                Err(error) => break Err(error.kind()),
            }
        };
        let read = String::from_utf8(bytes).unwrap();
        match expected {
            Some(expected) => assert_eq!((ended, read.as_str()), (Ok(()), expected)),
            None => assert_eq!(ended, Err(io::ErrorKind::NotFound)),
        }
    }
}
