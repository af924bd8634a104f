//! Standard output and error, the terminal, the environment, and how the process ends. Nobody else touches
//! them. A reader that has gone is no error here: the caller gets the status that says so.

use super::colors;
use crate::data::paint::{Looks, Paint};
use crate::data::time::Zone;
use crate::error::{Usage, status};
use std::io::{IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A message on standard error; where nobody can read it, nothing can be done about it.
pub fn say(message: &str) {
    let mut text = String::from("dstream: ");
    text.push_str(message.trim_end());
    text.push('\n');
    say_plain(&text);
}

/// Takes away what is painted on the terminal while something is said there.
pub type Around = Arc<dyn Fn(&mut dyn FnMut()) + Send + Sync>;
/// Puts the terminal's line discipline back.
pub type Restore = Arc<dyn Fn() + Send + Sync>;

static AROUND: Mutex<Option<Around>> = Mutex::new(None);
static RESTORE: Mutex<Option<Restore>> = Mutex::new(None);

/// From now on this is done around what is said.
pub fn set_around(around: Option<Around>) {
    *AROUND.lock().unwrap_or_else(PoisonError::into_inner) = around;
}

/// From now on this puts the terminal back when the process ends.
pub fn set_restore(restore: Option<Restore>) {
    *RESTORE.lock().unwrap_or_else(PoisonError::into_inner) = restore;
}

/// Puts the terminal back as it was found.
pub fn restore() {
    let restore = RESTORE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(restore) = restore.clone() {
        restore();
    }
}

/// Lines on standard error as they are.
pub fn say_plain(text: &str) {
    let mut write = || {
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    };
    let around = AROUND
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    match around.filter(|_| std::io::stderr().is_terminal()) {
        Some(around) => around(&mut write),
        None => write(),
    }
}

/// Help and the like, on standard output. Gives the exit status.
pub fn print(text: &str) -> i32 {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => 0,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            die_by(signal_hook::consts::SIGPIPE)
        }
        Err(error) => {
            say(&format!("standard output: {error}"));
            status::IO
        }
    }
}

/// Ends the process by a signal, as if it had never been caught. Returns the status in its place only where
/// that fails.
pub fn die_by(signal: i32) -> i32 {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    128 + signal
}

/// A fault of the program is one line, not a page.
pub fn tell_panics_in_a_line() {
    std::panic::set_hook(Box::new(|fault: &PanicHookInfo<'_>| {
        let what = fault
            .payload()
            .downcast_ref::<&str>()
            .map(|text| text.to_string())
            .or_else(|| fault.payload().downcast_ref::<String>().cloned())
            .unwrap_or_default();
        // That of a thread has been told.
        if what == "a scoped thread panicked" {
            return;
        }
        let place = fault
            .location()
            .map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        say(&format!(
            "a fault in dstream itself{place}: {}; please report it with the command line",
            what.replace('\n', " ")
        ));
    }));
}

/// Columns of the terminal that standard output is; `None` where it is none.
pub fn width() -> Option<usize> {
    let out = std::io::stdout();
    if !out.is_terminal() {
        return None;
    }
    let told = rustix::termios::tcgetwinsize(&out)
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|columns| *columns > 0);
    told.or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
        .or(Some(80))
}

/// A variable of the environment that is set to something.
fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether the terminal can do no more than print lines.
pub fn is_dumb() -> bool {
    set("TERM").is_none_or(|term| term == "dumb")
}

/// How standard output is drawn on: in colours on a terminal, unless `$NO_COLOR` is set, elsewhere if `$CLICOLOR_FORCE`
/// is; in ASCII where the locale is not UTF-8. `file`: reads the user's file of colours, where there are any.
pub fn paint(file: impl FnOnce() -> Option<String>) -> Paint {
    let forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let is_coloured = match set("NO_COLOR") {
        Some(_) => false,
        None => forced || std::io::stdout().is_terminal() && !is_dumb(),
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    Paint {
        looks: is_coloured.then(|| {
            let mut looks = Looks::default();
            let given = set("DSTREAM_COLORS");
            let texts = [("colors", file()), ("$DSTREAM_COLORS", given)];
            for (name, text) in texts {
                for fault in colors::read(&text.unwrap_or_default(), &mut looks) {
                    say(&format!("{name}: {fault}"));
                }
            }
            looks
        }),
        ascii: !locale.contains("utf-8") && !locale.contains("utf8"),
    }
}

/// Whether standard input is a regular file, read from its start.
pub fn stdin_is_file() -> bool {
    let stdin = std::io::stdin();
    rustix::fs::fstat(&stdin)
        .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file())
        && rustix::fs::tell(&stdin).is_ok_and(|at| at == 0)
}

/// The zone of `--tz`, else of `$TZ`, else the machine's.
pub fn zone(named: Option<&str>) -> Result<Zone, Usage> {
    if let Some(name) = named {
        return Zone::named(name).ok_or_else(|| {
            Usage::new(format!(
                "--tz: there is no time zone '{name}'; names are such as Europe/Berlin, UTC or +02:00"
            ))
        });
    }
    if let Ok(name) = std::env::var("TZ") {
        let name = name.strip_prefix(':').unwrap_or(&name);
        return Ok(known(name).unwrap_or_else(|| {
            say(&format!(
                "$TZ: there is no time zone '{name}'; times are in UTC"
            ));
            Zone::default()
        }));
    }
    // The machine's own zone is the file that this one is a name of.
    let link = std::fs::read_link("/etc/localtime").unwrap_or_default();
    Ok(link.to_str().and_then(known).unwrap_or_default())
}

/// A zone by its name or by the path of its file.
fn known(name: &str) -> Option<Zone> {
    let name = name
        .split_once("zoneinfo/")
        .map_or(name, |(_, behind)| behind);
    match name {
        "" | "UTC" | "UTC0" | "Etc/UTC" | "Etc/UCT" | "GMT" | "GMT0" | "Etc/GMT" | "Zulu" => {
            Some(Zone::default())
        }
        _ => Zone::named(name),
    }
}

/// Half of the memory that the machine has, or the control group that we are in, or that `ulimit -v` leaves us.
pub fn half_of_memory() -> Option<usize> {
    let number = |text: String| text.trim().parse::<usize>().ok();
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let machine = std::fs::read_to_string("/proc/meminfo").ok();
    let machine = machine.as_ref().and_then(|text| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().strip_suffix("kB").map(str::to_string)
    });
    let machine = machine.and_then(number).map(|kib| kib * 1024);
    let own = rustix::process::getrlimit(rustix::process::Resource::As).current;
    let own = own.and_then(|bytes| usize::try_from(bytes).ok());
    let group = group.and_then(number);
    let least = group.into_iter().chain(machine).chain(own).min();
    least.map(|bytes| bytes / 2)
}

/// Where files are for a while: `$TMPDIR`, else /tmp, but not where that is memory and there is a disk at /var/tmp.
pub fn disk_for_a_while() -> PathBuf {
    const DISK: &str = "/var/tmp";
    // TMPFS_MAGIC and RAMFS_MAGIC of statfs(2).
    const MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];
    let usual = std::env::temp_dir();
    let is_memory = |dir: &Path| {
        let of = rustix::fs::statfs(dir);
        of.is_ok_and(|of| MEMORY.contains(&(of.f_type as u64 & 0xffff_ffff)))
    };
    let is_chosen = std::env::var_os("TMPDIR").is_some_and(|dir| !dir.is_empty());
    let disk = PathBuf::from(DISK);
    match !is_chosen && is_memory(&usual) && disk.is_dir() && !is_memory(&disk) {
        true => disk,
        false => usual,
    }
}
