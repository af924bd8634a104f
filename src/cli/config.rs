//! The user's own files: where they are. Reads none of them itself, and makes none. Invariant: with `--no-config`
//! there are none, so nothing in them can be felt.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The path of a file of the user's configuration (`formats.toml`, `colors`), whether it is there or not. `None`: with
/// `--no-config`, or where nobody's home is known.
pub fn path(name: &str, no_config: bool) -> Option<PathBuf> {
    if no_config {
        return None;
    }
    path_in(
        std::env::var_os("XDG_CONFIG_HOME"),
        std::env::var_os("HOME"),
        name,
    )
}

/// A relative `XDG_CONFIG_HOME` counts as unset, as the XDG base directory specification asks.
fn path_in(xdg: Option<OsString>, home: Option<OsString>, name: &str) -> Option<PathBuf> {
    let absolute = |text: OsString| Some(PathBuf::from(text)).filter(|path| path.is_absolute());
    let base = xdg
        .and_then(absolute)
        .or_else(|| home.and_then(absolute).map(|home| home.join(".config")))?;
    Some(base.join(Path::new("dstream")).join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_that_of_the_environment() {
        let check = |xdg: Option<&str>, home: Option<&str>, expected: Option<&str>| {
            let found = path_in(xdg.map(Into::into), home.map(Into::into), "colors");
            assert_eq!(found, expected.map(PathBuf::from), "{xdg:?} {home:?}");
        };
        check(Some("/x"), Some("/home/a"), Some("/x/dstream/colors"));
        check(
            None,
            Some("/home/a"),
            Some("/home/a/.config/dstream/colors"),
        );
        check(
            Some(""),
            Some("/home/a"),
            Some("/home/a/.config/dstream/colors"),
        );
        check(
            Some("x"),
            Some("/home/a"),
            Some("/home/a/.config/dstream/colors"),
        );
        check(None, None, None);
        check(None, Some("a"), None);
        assert_eq!(path("colors", true), None);
    }
}
