//! `--metrics-file`: how a run is, as the text that Prometheus reads (node_exporter's textfile collector), rewritten while
//! it goes on and at its end. Counts nothing itself and listens nowhere. Invariant: whoever reads the file finds a
//! whole one: it is written beside and renamed, and never through a symbolic link.

use super::{messages, terminal};
use crate::data::delays::Delays;
use crate::engine::Progress;
use crate::engine::clock::{Clock, System};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Between two files.
const EVERY: Duration = Duration::from_secs(15);

/// Who writes the file while a run goes on.
pub struct Metrics {
    /// Its end is the end of the run.
    going: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What of a run does not change.
struct Job {
    path: PathBuf,
    /// The words of `-i` and `-o`.
    input: String,
    output: String,
    /// ns
    began: i64,
}

impl Metrics {
    pub fn begin(path: &Path, input: &str, output: &str, progress: &Arc<Progress>) -> Metrics {
        Metrics::begin_every(EVERY, path, input, output, progress)
    }

    fn begin_every(
        every: Duration,
        path: &Path,
        input: &str,
        output: &str,
        progress: &Arc<Progress>,
    ) -> Metrics {
        let clock = System::default();
        let job = Job {
            path: path.to_owned(),
            input: input.into(),
            output: output.into(),
            began: clock.now(),
        };
        let (going, ended) = channel::<()>();
        let progress = progress.clone();
        let writing = move || {
            let mut told = false;
            let mut before = (job.began, 0);
            loop {
                let goes_on = ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout);
                let now = clock.now();
                let records = progress.records.load(Ordering::Relaxed);
                let seconds = (now - before.0) as f64 / 1e9;
                let rate = (records - before.1) as f64 / seconds.max(1e-9);
                before = (now, records);
                let text = page(&job, &progress, now, rate);
                if let Err(error) = replace(&job.path, text.as_bytes())
                    && !std::mem::replace(&mut told, true)
                {
                    let error = messages::without_numbers(&error.to_string());
                    terminal::say(&format!(
                        "--metrics-file: cannot write {}: {error}; the run goes on",
                        job.path.display()
                    ));
                }
                if !goes_on {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("metrics".into());
        let thread = thread.spawn(writing);
        if let Err(error) = &thread {
            terminal::say(&format!("--metrics-file: there is none: {error}"));
        }
        Metrics {
            going: Some(going),
            thread: thread.ok(),
        }
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        drop(self.going.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Puts a file in the place of the one of that name.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let name = path.file_name().ok_or(std::io::ErrorKind::InvalidInput)?;
    let aside = path.with_file_name(format!(
        ".{}.{}.tmp",
        name.to_string_lossy(),
        std::process::id()
    ));
    // One that a process of the same number has left.
    let _ = std::fs::remove_file(&aside);
    let write = || {
        let mut options = OpenOptions::new();
        let mut file: File = options
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(&aside)?;
        file.write_all(bytes)?;
        // The collector is somebody else.
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
        std::fs::rename(&aside, path)
    };
    write().inspect_err(|_| {
        let _ = std::fs::remove_file(&aside);
    })
}

/// The text of a file.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to memory cannot fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        let _ = writeln!(self.0, "{name} {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, "gauge", help);
        let _ = writeln!(self.0, "{name} {value}");
    }

    /// Spans of time, in all so many ns.
    fn summary(&mut self, name: &str, help: &str, delays: &Delays, sum: i64) {
        self.head(name, "summary", help);
        for (quantile, of) in [("0.5", 50), ("0.99", 99), ("1", 100)] {
            let value = seconds(delays.quantile(of, 100));
            let _ = writeln!(self.0, "{name}{{quantile=\"{quantile}\"}} {value}");
        }
        let _ = writeln!(self.0, "{name}_sum {}", seconds(sum));
        let _ = writeln!(self.0, "{name}_count {}", delays.count());
    }
}

fn seconds(ns: i64) -> f64 {
    ns as f64 / 1e9
}

/// A label's value between its quotes.
fn label(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    value.replace('\n', "\\n")
}

fn page(job: &Job, progress: &Progress, now: i64, rate: f64) -> String {
    let mut page = Page::default();
    page.head("dstream_info", "gauge", "What runs.");
    let _ = writeln!(
        page.0,
        "dstream_info{{version=\"{}\",input_format=\"{}\",output_format=\"{}\"}} 1",
        label(env!("CARGO_PKG_VERSION")),
        label(&job.input),
        label(&job.output)
    );
    page.gauge(
        "dstream_start_time_seconds",
        "When the run began, since 1970.",
        seconds(job.began),
    );
    let of = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    for (name, help, count) in [
        ("records_in", "Records read.", &progress.records),
        ("records_out", "Records written.", &progress.rows),
        (
            "records_bad",
            "Records that are not of their format.",
            &progress.bad,
        ),
        (
            "records_late",
            "Records that came too late for their windows.",
            &progress.late,
        ),
        ("input_bytes", "Bytes read, decompressed.", &progress.bytes),
        (
            "windows_closed",
            "Windows whose rows are final.",
            &progress.windows,
        ),
    ] {
        page.counter(&format!("dstream_{name}_total"), help, of(count));
    }
    page.gauge(
        "dstream_input_records_per_second",
        "Records read a second since the file before.",
        rate,
    );
    let held = progress.held();
    page.gauge("dstream_state_keys", "Keys held.", held.keys as f64);
    page.gauge(
        "dstream_state_bytes",
        "Memory that state takes, about.",
        held.bytes as f64,
    );
    page.gauge(
        "dstream_state_disk_bytes",
        "Bytes of state that were on the disk, at most: there was more than may be in memory.",
        held.aside as f64,
    );
    if let Some(watermark) = progress.watermark() {
        page.gauge(
            "dstream_watermark_timestamp_seconds",
            "How far event time has come, since 1970.",
            seconds(watermark),
        );
        page.gauge(
            "dstream_watermark_lag_seconds",
            "How far the watermark is behind the clock.",
            seconds(now.saturating_sub(watermark)),
        );
    }
    let batches = progress.batches();
    if batches.total.count() > 0 {
        page.summary(
            "dstream_batch_scheduling_delay_seconds",
            "From the end of a batch to the begin of its work.",
            &batches.scheduling,
            batches.waited,
        );
        page.summary(
            "dstream_batch_processing_time_seconds",
            "What the work of a batch took.",
            &batches.processing,
            batches.took,
        );
        page.summary(
            "dstream_batch_total_delay_seconds",
            "Both together.",
            &batches.total,
            batches.waited + batches.took,
        );
    }
    let commits = progress.commits();
    if commits.pauses.count() > 0 {
        page.summary(
            "dstream_checkpoint_pause_seconds",
            "How long the stream stood still for a checkpoint.",
            &commits.pauses,
            commits.paused,
        );
    }
    if commits.at > 0 {
        page.gauge(
            "dstream_checkpoint_age_seconds",
            "Since the last checkpoint on the disk was taken.",
            seconds(now.saturating_sub(commits.at)),
        );
        page.gauge(
            "dstream_checkpoint_size_bytes",
            "Of the last checkpoint.",
            commits.size as f64,
        );
        page.gauge(
            "dstream_checkpoint_duration_seconds",
            "From its begin until the last checkpoint was on the disk.",
            seconds(commits.took),
        );
    }
    page.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn job(input: &str) -> Job {
        Job {
            path: PathBuf::new(),
            input: input.into(),
            output: "tsv".into(),
            began: 1_700_000_000_500_000_000,
        }
    }

    fn busy() -> Progress {
        let progress = Progress::default();
        progress.records.store(12, Ordering::Relaxed);
        progress.hold(3, 4096);
        progress.hold(2, 1024);
        progress.reach(1_700_000_000_000_000_000);
        progress.batch(1_000_000, 2_000_000);
        progress.pause(500_000);
        progress.committed(1_700_000_001_000_000_000, 1_700_000_001_250_000_000, 777);
        progress
    }

    /// While the run goes on, and once more at its end.
    #[test]
    fn the_file_is_rewritten_while_the_run_goes_on() {
        let folder =
            std::env::temp_dir().join(format!("dstream-metrics-again-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("run.prom");
        let progress = Arc::new(Progress::default());
        let every = Duration::from_millis(20);
        let metrics = Metrics::begin_every(every, &path, "text", "tsv", &progress);
        let says = |records: u64| {
            let line = format!("dstream_records_in_total {records}\n");
            std::fs::read_to_string(&path).is_ok_and(|text| text.contains(&line))
        };
        for records in [1, 2] {
            progress.records.store(records, Ordering::Relaxed);
            let until = std::time::Instant::now() + Duration::from_secs(20);
            while !says(records) {
                assert!(std::time::Instant::now() < until, "no file says {records}");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        progress.records.store(3, Ordering::Relaxed);
        drop(metrics);
        assert!(says(3));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    /// What promtool checks: names, kinds, units, escapes; each kind told once and before its values.
    fn lint(text: &str) {
        let mut kinds: HashMap<&str, &str> = HashMap::new();
        let mut helped = Vec::new();
        let mut values = std::collections::HashSet::new();
        assert!(text.ends_with('\n'));
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("help has a text");
                assert!(!help.is_empty() && !helped.contains(&name), "{line}");
                helped.push(name);
                continue;
            }
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a kind");
                assert_eq!(helped.last(), Some(&name), "{line}");
                assert!(["counter", "gauge", "summary"].contains(&kind), "{line}");
                assert_eq!(kinds.insert(name, kind), None, "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                let odd = [
                    "_count",
                    "_sum",
                    "_bucket",
                    "_milliseconds",
                    "_ms",
                    "_ns",
                    "_kb",
                ];
                assert!(!odd.iter().any(|end| name.ends_with(end)), "{line}");
                continue;
            }
            let (series, value) = line.rsplit_once(' ').expect("a value");
            assert!(values.insert(series), "{line}");
            let number: f64 = value.parse().expect(line);
            assert!(number.is_finite() && number >= 0.0, "{line}");
            let (name, labels) = match series.split_once('{') {
                Some((name, labels)) => (name, labels.strip_suffix('}').expect("it is closed")),
                None => (series, ""),
            };
            let letters = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(
                name.starts_with("dstream_") && name.chars().all(letters),
                "{line}"
            );
            let of = ["_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end));
            let kind = kinds
                .get(name)
                .or_else(|| kinds.get(of?))
                .expect("it has a kind");
            assert_eq!(
                labels.contains("quantile="),
                *kind == "summary" && of.is_none(),
                "{line}"
            );
            let mut rest = labels;
            while !rest.is_empty() {
                let (key, behind) = rest.split_once("=\"").expect("a label");
                assert!(key.chars().all(letters), "{line}");
                let mut escaped = false;
                let end = behind.char_indices().find(|(_, c)| {
                    let ends = *c == '"' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    ends
                });
                let (end, _) = end.expect("it is closed");
                rest = behind[end + 1..].trim_start_matches(',');
            }
        }
    }

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let text = page(&job("combined"), &busy(), 1_700_000_002_000_000_000, 2.5);
        lint(&text);
        for line in [
            "dstream_records_in_total 12",
            "dstream_state_keys 2",
            "dstream_state_bytes 1024",
            "dstream_start_time_seconds 1700000000.5",
            "dstream_watermark_lag_seconds 2",
            "dstream_batch_processing_time_seconds_sum 0.002",
            "dstream_batch_total_delay_seconds_count 1",
            "dstream_checkpoint_age_seconds 1",
            "dstream_checkpoint_duration_seconds 0.25",
            "dstream_checkpoint_size_bytes 777",
            "dstream_input_records_per_second 2.5",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
        assert_eq!(
            busy().held_most(),
            crate::engine::Held {
                keys: 3,
                bytes: 4096,
                aside: 0,
            }
        );
        lint(&page(
            &job("text"),
            &Progress::default(),
            1_700_000_002_000_000_000,
            0.0,
        ));
    }

    #[test]
    fn labels_are_escaped() {
        let text = page(&job("regex:(\"\\d\")\n"), &Progress::default(), 0, 0.0);
        assert!(
            text.contains(r#"input_format="regex:(\"\\d\")\n""#),
            "{text}"
        );
        lint(&page(
            &job("regex:(\"\\d\")\n"),
            &busy(),
            1_700_000_002_000_000_000,
            0.0,
        ));
    }

    #[test]
    fn a_file_is_replaced_and_what_a_link_points_to_is_not() {
        let folder = std::env::temp_dir().join(format!("dstream-metrics-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (path, other) = (folder.join("a.prom"), folder.join("other"));
        std::fs::write(&other, "mine").unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        replace(&path, b"1\n").unwrap();
        replace(&path, b"2\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"2\n");
        assert_eq!(std::fs::read(&other).unwrap(), b"mine");
        let meta = std::fs::symlink_metadata(&path).unwrap();
        assert!(meta.is_file() && meta.permissions().mode() & 0o777 == 0o644);
        assert!(replace(&folder, b"3\n").is_err());
        assert!(replace(&folder.join("no/a.prom"), b"3\n").is_err());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
