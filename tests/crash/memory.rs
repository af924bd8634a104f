//! Memory and files that may not grow: whatever a run can still do, what it has kept stays whole. Invariant: the run after has all
//! the memory it wants, and must come to the answer.

use super::chains::named;
use super::job::Job;
use super::trial::{Run, command, run};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

const SIGABRT: i32 = 6;

/// The job's command below a limit of `ulimit`.
fn below(what: &str, limit: u64, job: &Job, rest: &[&str]) -> Command {
    let mut limited = Command::new("sh");
    let of = command(&job.place.path);
    limited
        .current_dir(&job.place.path)
        .env("TZ", "UTC")
        .args([
            "-c",
            "ulimit \"-$1\" \"$2\"; shift 2; exec \"$@\"",
            "sh",
            what,
            &limit.to_string(),
        ])
        .arg(of.get_program())
        .args(job.kept(rest));
    limited
}

/// GUARANTEES 7, row 7: a file that may not grow is a message with its name and 74, and the run after goes on.
#[test]
fn a_file_that_may_not_grow_is_told() {
    let job = Job::new("fsize", named("filter and map"), 20_000);
    for blocks in [1, 7, 40, 200, 700] {
        job.clear();
        let mut limited = below("f", blocks, &job, &["--once", "in"]);
        let ended = Run::of(&mut limited, &job.place.path).end();
        let code = ended.status.code();
        assert!(matches!(code, Some(73 | 74)), "{blocks} blocks: {ended:?}");
        let names = ["out", "copy", "late", "bad", "ck"];
        let told = names.iter().any(|name| ended.said.contains(name));
        assert!(
            told && ended.said.contains("too large"),
            "{blocks} blocks: {ended:?}"
        );
        let last = run(&job.place.path, &job.kept(&["--once", "--final", "in"]));
        assert!(last.is_well(), "behind {blocks} blocks: {last:?}");
        assert!(
            job.fault().is_none(),
            "behind {blocks} blocks: {:?}",
            job.fault()
        );
    }
}

/// GUARANTEES 7, row 23: at any limit it works, or ends with a status that says why, or aborts with the checkpoint intact.
#[test]
fn a_lack_of_memory_leaves_the_checkpoint_whole() {
    for chain in ["totals", "sort"] {
        let job = Job::new(&format!("memory-{chain}"), named(chain), 20_000);
        let (mut worked, mut ended_short) = (0, 0);
        for limit in [20, 28, 40, 56, 80, 128, 1024] {
            job.clear();
            let mut limited = below(
                "v",
                limit << 10,
                &job,
                &["--once", "--max-rate", "100000/s", "in"],
            );
            let ended = Run::of(&mut limited, &job.place.path).end();
            let allowed = [0, 65, 66, 70, 73, 74, 127];
            let good = match ended.status.code() {
                Some(code) => allowed.contains(&code),
                None => ended.status.signal() == Some(SIGABRT),
            };
            assert!(good, "{chain} in {limit} MiB: {ended:?}");
            match ended.status.success() {
                true => worked += 1,
                false => {
                    ended_short += 1;
                    assert!(!ended.said.is_empty(), "{chain} in {limit} MiB: {ended:?}");
                }
            }
            let last = run(&job.place.path, &job.kept(&["--once", "--final", "in"]));
            assert!(last.is_well(), "{chain} behind {limit} MiB: {last:?}");
            assert!(
                job.fault().is_none(),
                "{chain} behind {limit} MiB: {:?}",
                job.fault()
            );
        }
        assert!(
            worked > 0 && ended_short > 0,
            "{chain}: {worked} worked, {ended_short} did not"
        );
    }
}
