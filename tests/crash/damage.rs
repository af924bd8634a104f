//! Checkpoints whose bytes are not what was written. Invariant: with the generation before the outputs come out
//! right, without it the job is refused and the outputs stay as they were.

use super::chains::named;
use super::job::{Job, OUTPUTS};
use super::trial::{Random, run, seed, trials};
use std::fs;

/// A job two of whose generations are on the disk, and what they are.
fn begun(name: &str, chain: &str) -> (Job, Vec<u8>, Vec<(String, Vec<u8>)>) {
    let job = Job::new(name, named(chain), 1500);
    let all = job.place.read("in");
    let cut = |part: usize| {
        let at = all.len() * part / 3;
        at + all[at..]
            .iter()
            .position(|byte| *byte == b'\n')
            .expect("lines end")
            + 1
    };
    for part in 1..=2 {
        job.place.write("in", &all[..cut(part)]);
        let ended = run(&job.place.path, &job.kept(&["--once", "in"]));
        assert!(ended.status.success(), "{ended:?}");
    }
    // Grown, as the same file.
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(job.place.of("in"))
        .expect("it is there");
    std::io::Write::write_all(&mut file, &all[cut(2)..]).expect("the input can be written");
    let files = fs::read_dir(&job.place.path).expect("it is ours").flatten();
    let kept = files
        .filter(|entry| entry.file_name() != "in" && entry.file_name() != "ck")
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let bytes = job.place.read(&name);
            (name, bytes)
        })
        .collect();
    let checkpoint = job.place.read("ck");
    (job, checkpoint, kept)
}

fn put_back(job: &Job, kept: &[(String, Vec<u8>)]) {
    job.clear();
    for (name, bytes) in kept {
        job.place.write(name, bytes);
        let mode = match name.starts_with("ck") {
            true => 0o600,
            false => 0o644,
        };
        set_mode(job, name, mode);
    }
}

fn set_mode(job: &Job, name: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::Permissions::from_mode(mode);
    fs::set_permissions(job.place.of(name), mode).expect("it is ours");
}

fn damaged(whole: &[u8], random: &mut Random, most: usize) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for at in 0..whole.len() {
        for mask in [0x01, 0x80, 0xff, 0x20] {
            all.push((at, Some(mask)));
        }
        all.push((at, None));
    }
    while all.len() > most {
        all.swap_remove(random.below(all.len() as u64) as usize);
    }
    all.into_iter()
        .map(|(at, mask)| match mask {
            None => (format!("cut off at {at}"), whole[..at].to_vec()),
            Some(mask) => {
                let mut bytes = whole.to_vec();
                bytes[at] ^= mask;
                (format!("byte {at} ^ {mask:#x}"), bytes)
            }
        })
        .collect()
}

/// GUARANTEES G6: every byte, every length.
#[test]
fn a_damaged_checkpoint_gives_the_one_before_or_none() {
    let mut random = Random(seed());
    for chain in ["window", "session", "scan", "top of windows", "distinct"] {
        let (job, checkpoint, kept) = begun(&format!("damage-{}", chain.replace(' ', "-")), chain);
        let before: Vec<Vec<u8>> = OUTPUTS.iter().map(|name| job.place.read(name)).collect();
        for (number, (what, bytes)) in damaged(&checkpoint, &mut random, trials(12))
            .into_iter()
            .enumerate()
        {
            let what = format!("{chain}, {what}, in {}", job.place.path.display());
            put_back(&job, &kept);
            job.place.write("ck", &bytes);
            set_mode(&job, "ck", 0o600);
            let alone = number % 3 == 2;
            if alone {
                fs::remove_file(job.place.of("ck.1")).expect("it is there");
            }
            let ended = run(&job.place.path, &job.kept(&["--once", "--final", "in"]));
            assert!(!ended.said.contains("panicked"), "{what}: {}", ended.said);
            if alone {
                assert_eq!(ended.status.code(), Some(65), "{what}: {}", ended.said);
                let now: Vec<Vec<u8>> = OUTPUTS.iter().map(|name| job.place.read(name)).collect();
                assert!(now == before, "{what}: the outputs have changed");
            } else {
                assert!(ended.status.success(), "{what}: {ended:?}");
                assert!(
                    ended.said.contains("going on from the one before it"),
                    "{what}: {}",
                    ended.said
                );
                assert!(
                    job.fault().is_none(),
                    "GUARANTEES G6: {what}: {:?}",
                    job.fault()
                );
            }
        }
    }
}
