//! `.ci/install` and `.ci/debian`: what is put where, with which modes, and that nothing stays behind.

use super::session::{Scratch, has, root};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is installed below a prefix, and its mode.
const PLACES: [(&str, u32); 11] = [
    ("bin/dstream", 0o755),
    ("share/bash-completion/completions/dstream", 0o644),
    ("share/fish/vendor_completions.d/dstream.fish", 0o644),
    ("share/man/man1/dstream.1", 0o644),
    ("share/man/man5/dstream-checkpoint.5", 0o644),
    ("share/man/man5/dstream-formats.5", 0o644),
    ("share/man/man7/dstream-expressions.7", 0o644),
    ("share/man/man7/dstream-operators.7", 0o644),
    ("share/man/man7/dstream-time.7", 0o644),
    ("share/man/man7/dstream-tutorial.7", 0o644),
    ("share/zsh/site-functions/_dstream", 0o644),
];

fn run(script: &str, args: &[&str], env: &[(&str, &Path)]) -> String {
    let mut command = Command::new(root().join(script));
    command.args(args).env_remove("PREFIX").env("LC_ALL", "C");
    for (name, value) in env {
        command.env(name, value);
    }
    let output = command.output().expect("the script runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        match entry.path().is_dir() {
            true => files(&entry.path(), into),
            false => into.push(entry.path()),
        }
    }
    into.sort();
}

fn said(command: &mut Command) -> (String, String) {
    let output = command.output().expect("it runs");
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn everything_is_put_in_place_and_taken_away_again() {
    let scratch = Scratch::new();
    let binary = Path::new(env!("CARGO_BIN_EXE_dstream"));
    let env = [
        ("DESTDIR", scratch.0.as_path()),
        ("PREFIX", Path::new("/opt/some")),
        ("BINARY", binary),
    ];
    run(".ci/install", &[], &env);
    let below = scratch.0.join("opt/some");
    let mut found = Vec::new();
    files(&scratch.0, &mut found);
    let mut expected: Vec<PathBuf> = PLACES.iter().map(|(place, _)| below.join(place)).collect();
    expected.sort();
    assert_eq!(found, expected);
    for (place, mode) in PLACES {
        let metadata = fs::metadata(below.join(place)).expect("it was found");
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{place}");
    }
    let (version, _) = said(Command::new(below.join("bin/dstream")).arg("--version"));
    assert!(version.starts_with("dstream "), "{version}");
    // Completions load from where they are now.
    let load = "source share/bash-completion/completions/dstream && complete -p dstream";
    let (loaded, _) = said(Command::new("bash").args(["-c", load]).current_dir(&below));
    assert_eq!(loaded, "complete -o nosort -F _dstream dstream\n");
    if has("zsh") {
        let load = "fpath=($PWD/share/zsh/site-functions $fpath); autoload -U compinit; compinit -u -D; \
                    print $_comps[dstream]";
        let (loaded, faults) = said(
            Command::new("zsh")
                .args(["-f", "-c", load])
                .current_dir(&below),
        );
        assert_eq!((loaded.as_str(), faults.as_str()), ("_dstream\n", ""));
    } else {
        println!("skipped: no zsh here");
    }
    if has("fish") {
        let load = "source share/fish/vendor_completions.d/dstream.fish; complete -c dstream";
        let mut fish = Command::new("fish");
        let (loaded, faults) = said(fish.args(["--no-config", "-c", load]).current_dir(&below));
        assert!(loaded.contains("__dstream_complete"), "{loaded}");
        assert_eq!(faults, "");
    } else {
        println!("skipped: no fish here");
    }
    if has("mandoc") {
        let page = below.join("share/man/man1/dstream.1");
        let (text, faults) = said(Command::new("mandoc").arg(page));
        assert!(text.contains("dstream"), "{faults}");
    } else {
        println!("skipped: no mandoc here");
    }
    run(".ci/install", &["--uninstall"], &env);
    let mut left = Vec::new();
    files(&scratch.0, &mut left);
    assert_eq!(left, Vec::<PathBuf>::new());
}

#[test]
fn pages_are_compressed_for_distributions() {
    let scratch = Scratch::new();
    let env = [
        ("DESTDIR", scratch.0.as_path()),
        ("PREFIX", Path::new("/usr")),
        ("BINARY", Path::new("/bin/true")),
        ("GZIP", Path::new("yes")),
    ];
    run(".ci/install", &[], &env);
    assert!(scratch.0.join("usr/share/man/man1/dstream.1.gz").is_file());
    assert!(!scratch.0.join("usr/share/man/man1/dstream.1").exists());
    run(".ci/install", &["--uninstall"], &env);
    let mut left = Vec::new();
    files(&scratch.0, &mut left);
    assert_eq!(left, Vec::<PathBuf>::new());
}

/// With another program in place of ours, which is large while it is being tested.
#[test]
fn a_debian_package_is_whole() {
    if !has("dpkg-deb") {
        println!("skipped: no dpkg-deb here");
        return;
    }
    let scratch = Scratch::new();
    let env = [
        ("OUT", scratch.0.as_path()),
        ("BINARY", Path::new("/bin/true")),
        ("COMPRESSION", Path::new("gzip")),
    ];
    let package = run(".ci/debian", &[], &env);
    let package = package.trim();
    let (control, _) = said(Command::new("dpkg-deb").args(["--field", package]));
    for line in [
        "Package: dstream\n",
        "Section: utils\n",
        "Priority: optional\n",
        "Depends: libc6",
    ] {
        assert!(control.contains(line), "{control}");
    }
    let (contents, _) = said(Command::new("dpkg-deb").args(["--contents", package]));
    for place in [
        "-rwxr-xr-x root/root",
        "./usr/bin/dstream\n",
        "./usr/share/man/man1/dstream.1.gz\n",
        "./usr/share/doc/dstream/copyright\n",
        "./usr/share/doc/dstream/changelog.gz\n",
        "./usr/share/doc/dstream/changelog.Debian.gz\n",
        "./usr/share/zsh/vendor-completions/_dstream\n",
    ] {
        assert!(contents.contains(place), "{place} in\n{contents}");
    }
    let sums = scratch.0.join("root/DEBIAN/md5sums");
    let (_, faults) = said(
        Command::new("md5sum")
            .args(["--quiet", "--strict", "-c"])
            .arg(&sums)
            .current_dir(scratch.0.join("root")),
    );
    assert_eq!(faults, "");
}
