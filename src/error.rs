//! Errors that callers tell apart; the rest is anyhow at the edges. Three kinds: usage (bad command, nothing
//! ran), data (input is not what it should be), machine (I/O).

use std::fmt;

/// A mistake on the command line, found before anything runs. Status 2.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    /// One line, lower case, without the program's name; further lines are indented remedies.
    pub message: String,
    /// The text that the user typed and the bytes of it that the message is about.
    pub place: Option<(String, std::ops::Range<usize>)>,
    /// Behind the carets.
    pub note: String,
}

impl Usage {
    pub fn new(message: impl Into<String>) -> Usage {
        Usage {
            message: message.into(),
            place: None,
            note: String::new(),
        }
    }

    pub fn at(mut self, source: &str, range: std::ops::Range<usize>) -> Usage {
        self.place = Some((source.into(), range));
        self
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if let Some((source, range)) = &self.place {
            let before = source.get(..range.start).unwrap_or(source).chars().count();
            let width = source
                .get(range.clone())
                .map_or(1, |text| text.chars().count())
                .max(1);
            write!(
                f,
                "\n    {source}\n    {}{}",
                " ".repeat(before),
                "^".repeat(width)
            )?;
            if !self.note.is_empty() {
                write!(f, " {}", self.note)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Usage {}

/// Why a run ended other than well. The number is the exit status (INTERFACE, section 10).
#[derive(Clone, Debug)]
pub struct Failure {
    pub status: i32,
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// sysexits(3), as far as we use them.
pub mod status {
    pub const USAGE: i32 = 2;
    pub const DATA: i32 = 65;
    pub const NO_INPUT: i32 = 66;
    pub const UNAVAILABLE: i32 = 69;
    pub const SOFTWARE: i32 = 70;
    pub const CANT_CREATE: i32 = 73;
    pub const IO: i32 = 74;
    pub const TEMPORARY: i32 = 75;
}
