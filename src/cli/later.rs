//! What the interface describes and this version does not carry out: refused by name, never ignored. A name that
//! is built leaves its list; a test holds that none is in both.

/// Options that are described but not carried out: refused by name.
pub const LATER_OPTIONS: &[(&str, Option<char>)] = &[
    ("multiline", None),
    ("follow", Some('F')),
    ("skip-to-end", None),
    ("glob", None),
    ("merge-sorted", None),
    ("max-rate", None),
    ("max-ratio", None),
    ("idle-close", None),
    ("max-open", None),
    ("bar", None),
    ("spark", None),
    ("live", None),
    ("once", None),
    ("flush", None),
    ("final", None),
    ("max-state", None),
    ("tmp", None),
    ("checkpoint", None),
    ("checkpoint-every", None),
    ("checkpoint-reset", None),
    ("checkpoint-adopt", None),
    ("discard-state", None),
    ("show", None),
    ("wait", None),
    ("durability", None),
    ("wal", None),
    ("wal-sync", None),
    ("max-wal", None),
    ("metrics-file", None),
    ("no-config", None),
];

/// Operators that are described but not carried out.
pub const LATER_OPERATORS: &[&str] = &[
