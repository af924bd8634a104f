//! The end of a run: what is told on standard error, and the exit status. Each matter once; nothing where all
//! is well. Invariant: what the status says does not depend on what was told.

use super::globals::{Options, Stats};
use super::messages::{self, counted, grouped};
use super::{suggest, terminal};
use crate::data::delays::Delays;
use crate::engine::{
    Batch, Batches, FAR_READING, FAR_TIME, NO_READING, NO_TIME, OnBad, OthersKept, Report,
};
use crate::error::{Failure, status};
use crate::plan::window::duration;

/// Tells what there is to tell. `format`: of the input; `known`: names in its first record. The answer is the
/// exit status; a mistake on the command line that only the input has shown is the caller's to tell.
pub fn told(
    report: &Report,
    format: &str,
    known: &[String],
    options: &Options,
) -> Result<i32, Failure> {
    if report.broken_pipe {
        // The reader has what it wanted.
        return Ok(terminal::die_by(signal_hook::consts::SIGPIPE));
    }
    let mut status = 0;
    let mut mistake = None;
    for (message, of) in &report.unreadable {
        terminal::say(&messages::without_numbers(message));
        status = status.max(*of);
    }
    if let Some(error) = &report.failure {
        let failure = failure_of(error);
        match failure.status {
            status::USAGE => mistake = Some(failure),
            _ => status = failed(failure, report, format, options),
        }
    } else {
        for line in summary(report, known, options) {
            terminal::say(&line);
        }
    }
    match options.stats {
        Some(Stats::Words) => terminal::say_plain(&stats(report)),
        Some(Stats::Json) => terminal::say_plain(&stats_json(report)),
        None => {}
    }
    if let Some(mistake) = mistake {
        return Err(mistake);
    }
    if status == 0 && options.exit_status && report.records_out == 0 {
        status = 1;
    }
    Ok(status)
}

/// Why a run ended early, with the causes behind it.
fn failure_of(error: &anyhow::Error) -> Failure {
    let (status, message) = match error.downcast_ref::<Failure>() {
        Some(failure) if failure.message.is_empty() => (failure.status, String::new()),
        Some(failure) => (failure.status, messages::chain(error)),
        None => (status::SOFTWARE, messages::chain(error)),
    };
    Failure { status, message }
}

/// Tells why; the answer is the status.
fn failed(failure: Failure, report: &Report, format: &str, options: &Options) -> i32 {
    let Failure { status, message } = failure;
    if !message.is_empty() {
        terminal::say(&message);
    }
    // Too many bad records: the first of them is the reason.
    if let Some(fault) = report.faults.first().filter(|_| status == status::DATA) {
        let all = options.on_bad == OnBad::Warn;
        let option = match fault.what {
            NO_READING | FAR_READING => "--clock",
            _ => "--time",
        };
        if message.is_empty() && all && matches!(fault.what, FAR_TIME | FAR_READING) {
            let records = report.records_in;
            terminal::say(&messages::far_times(records, &fault.text, option));
        } else if message.is_empty() && all && matches!(fault.what, NO_TIME | NO_READING) {
            let records = report.records_in;
            terminal::say(&messages::no_times(records, &fault.text, option));
        } else if message.is_empty() && all {
            terminal::say(&messages::not_the_format(format, &fault.text));
        } else if message.is_empty() {
            terminal::say(&format!(
                "{}: a bad record, {} (--on-bad abort)",
                place(fault),
                fault.what
            ));
        }
        if !message.is_empty() {
            for line in bad_lines(report) {
                terminal::say(&line);
            }
        }
    }
    status
}

fn bad_lines(report: &Report) -> Vec<String> {
    report
        .faults
        .iter()
        .map(|fault| {
            let first = format!(
                "{}{}",
                place(fault),
                messages::spanned(fault.what, fault.lines)
            );
            messages::bad(fault.what, fault.count, report.records_in, &first)
        })
        .collect()
}

fn place(fault: &crate::engine::FaultTold) -> String {
    let input = match fault.input.as_str() {
        "-" | "" => "standard input",
        name => name,
    };
    match fault.line {
        Some(line) => format!("{input}:{line} col {}", fault.column),
        None => format!("{input} col {}", fault.column),
    }
}

/// What was wrong with the data of a run that came to its end.
fn summary(report: &Report, known: &[String], options: &Options) -> Vec<String> {
    let mut lines = Vec::new();
    if options.on_bad == OnBad::Warn {
        lines.extend(bad_lines(report));
    }
    if report.late > 0 && !report.is_accident {
        lines.push(messages::late(
            report.late_records(),
            report.records_in,
            options.late_file.as_deref(),
            options.merge_sorted,
        ));
    }
    for (count, first) in &report.tables {
        lines.push(messages::bad_in_table(*count, first));
    }
    for (what, count) in &report.counts {
        lines.push(messages::told(what, *count));
    }
    for (what, count) in &report.failed {
        lines.push(messages::failed(what, *count));
    }
    if report.others.rows > 0 {
        let is_json = options.output_format.as_deref() == Some("json");
        let kept = match &report.others_kept {
            OthersKept::Whole if is_json => &OthersKept::Select,
            kept => kept,
        };
        lines.push(messages::others(&report.others, kept));
    }
    for never in &report.never {
        let known = known.iter().map(String::as_str).filter(|_| never.own);
        let near = suggest::nearest(&never.field, known);
        let of = (never.records, never.of.as_deref());
        lines.push(messages::never_occurred(&never.field, of, near));
    }
    lines
}

/// `--stats`
fn stats(report: &Report) -> String {
    let seconds = report.elapsed as f64 / 1e9;
    let rate = |amount: u64| amount as f64 / seconds.max(1e-9);
    let sketched = match report.sketched {
        0 => String::new(),
        count => format!("; {} from sketches", counted(count, "value")),
    };
    let late_by = match report.late_by.count() {
        0 => String::new(),
        _ => {
            let by = |of: u64| duration(report.late_by.quantile(of, 100));
            format!(
                " (by {} half of them, {} 99 %, {} at most)",
                by(50),
                by(99),
                by(100)
            )
        }
    };
    let batches = batches(&report.batches);
    if report.is_accident {
        return format!(
            "as many records in as were needed; {} out{sketched}\n{}{batches}{}{seconds:.3} s\n",
            grouped(report.records_out),
            state(report),
            commits(report),
        );
    }
    let kept = kept(report);
    format!(
        "{} in, {} kept, {} bad, {} late{late_by}; {} out{sketched}\n{}{batches}{}{:.3} s, {:.1} MB/s, {} records/s\n",
        counted(report.records_in, "record"),
        grouped(kept),
        grouped(report.records_bad),
        grouped(report.late),
        grouped(report.records_out),
        state(report),
        commits(report),
        seconds,
        rate(report.bytes_in) / 1e6,
        grouped(rate(report.records_in) as u64),
    )
}

/// Records that are neither bad nor late; parts of a record may be late one by one.
fn kept(report: &Report) -> u64 {
    let kept = report.records_in.saturating_sub(report.records_bad);
    kept.saturating_sub(report.late_records())
}

/// Windows and state, where there were some.
fn state(report: &Report) -> String {
    let mut parts = Vec::new();
    if report.windows > 0 && !report.is_accident {
        parts.push(counted(report.windows, "window"));
    }
    if report.held.bytes > 0 {
        parts.push(format!(
            "state at most {} and {:.1} MB",
            counted(report.held.keys as u64, "key"),
            report.held.bytes as f64 / 1e6
        ));
    }
    if report.held.aside > 0 {
        parts.push(format!(
            "beyond --max-state at most {:.1} MB on the disk",
            report.held.aside as f64 / 1e6
        ));
    }
    match parts.is_empty() {
        true => String::new(),
        false => format!("{}\n", parts.join("; ")),
    }
}

/// A time, ns, to three digits.
fn about(ns: i64) -> String {
    let mut unit = 1;
    while ns / unit >= 1000 {
        unit *= 10;
    }
    duration((ns + unit / 2) / unit * unit)
}

/// What checkpoints have cost.
fn commits(report: &Report) -> String {
    let commits = &report.commits;
    if commits.pauses.count() == 0 {
        return String::new();
    }
    let by = |of: u64| about(commits.pauses.quantile(of, 100));
    format!(
        "{}: paused {} / {} / {} (p50 / p99 / largest), {} bytes\n",
        counted(commits.pauses.count(), "commit"),
        by(50),
        by(99),
        by(100),
        grouped(commits.size)
    )
}

/// How long batches waited and took: half of them, 99 %, the longest.
fn batches(batches: &Batches) -> String {
    let count = batches.total.count();
    if count == 0 {
        return String::new();
    }
    let of = |delays: &Delays| {
        let by = |of: u64| about(delays.quantile(of, 100));
        format!("{} / {} / {}", by(50), by(99), by(100))
    };
    format!(
        "{}: waited {}, took {}, in all {} (p50 / p99 / largest)\n",
        match count {
            1 => "1 batch".to_string(),
            n => format!("{} batches", grouped(n)),
        },
        of(&batches.scheduling),
        of(&batches.processing),
        of(&batches.total)
    )
}

/// `--stats=json`: the line of a batch; delays in seconds.
pub fn batch_json(batch: &Batch) -> String {
    let seconds = |ns: i64| ns as f64 / 1e9;
    let value = serde_json::json!({
        "batch": batch.number,
        "batch_time": seconds(batch.time),
        "records_in": batch.records_in,
        "records_out": batch.records_out,
        "late": batch.late,
        "bad": batch.records_bad,
        "keys": batch.keys,
        "watermark": batch.watermark.map(seconds),
        "scheduling_delay": seconds(batch.scheduling_delay),
        "processing_time": seconds(batch.processing_time),
        "total_delay": seconds(batch.scheduling_delay + batch.processing_time),
    });
    format!("{value}\n")
}

/// Half, 99 % and the largest of some spans, in seconds; `null` of none.
fn quantiles(delays: &Delays) -> serde_json::Value {
    match delays.count() {
        0 => serde_json::Value::Null,
        _ => serde_json::json!({
            "p50": delays.quantile(50, 100) as f64 / 1e9,
            "p99": delays.quantile(99, 100) as f64 / 1e9,
            "max": delays.most() as f64 / 1e9,
        }),
    }
}

/// `--stats=json`: the line of totals.
fn stats_json(report: &Report) -> String {
    // What was read is not told where how much that was is accident.
    let read = |count: u64| (!report.is_accident).then_some(count);
    let value = serde_json::json!({
        "records_in": read(report.records_in),
        "kept": read(kept(report)),
        "records_out": report.records_out,
        "bytes_in": read(report.bytes_in),
        "bytes_out": report.bytes_out,
        "late": read(report.late),
        "late_by": match report.is_accident {
            true => serde_json::Value::Null,
            false => quantiles(&report.late_by),
        },
        "bad": read(report.records_bad),
        "sketched": report.sketched,
        "windows": read(report.windows),
        "keys": report.held.keys,
        "state_bytes": report.held.bytes,
        "state_bytes_on_disk": report.held.aside,
        "batches": report.batches.total.count(),
        "scheduling_delay": quantiles(&report.batches.scheduling),
        "batch_processing_time": quantiles(&report.batches.processing),
        "total_delay": quantiles(&report.batches.total),
        "commits": report.commits.pauses.count(),
        "commit_pause": quantiles(&report.commits.pauses),
        "commit_bytes": report.commits.size,
        "processing_time": report.elapsed as f64 / 1e9,
    });
    format!("{value}\n")
}
