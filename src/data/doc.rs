//! What every row of a table says about itself, and from which help, man pages and tests are made.

/// An example that is run as a test: a shell session. Each line that begins with `$ ` is a command, the lines
/// behind it its output; a line `? N` gives the exit status where it is not 0.
#[derive(Copy, Clone, Debug)]
pub struct Example {
    pub title: &'static str,
    pub session: &'static str,
}

/// The documentation of a table's row.
#[derive(Copy, Clone, Debug)]
pub struct Doc {
    /// One line without a full stop.
    pub summary: &'static str,
    /// Paragraphs parted by empty lines; `` `code` `` is the only markup.
    pub text: &'static str,
    pub examples: &'static [Example],
}
