//! The words by which operators speak of another stream. Invariant: an option means the same wherever it stands.

use super::prelude::*;
use crate::data::process::OnFull;
use crate::plan::node::Matching;
use crate::plan::right::{On, Other, OtherStream};
use crate::plan::window::duration;
use crate::state::join as state;
use crate::state::join::sessions::Gap;

pub(super) const ON: Flag = Flag {
    long: "on",
    value: Some(("A[=B],…", Kind::Keys)),
    repeated: false,
    help: "What must be equal: A of this stream and B of the other (A too without B)",
};

pub(super) const AS: Flag = Flag {
    long: "as",
    value: Some(("PREFIX", Kind::Name)),
    repeated: false,
    help: "The other stream's fields are called PREFIX.f; else by its file's name where this stream has f too",
};

pub(super) const LEFT: Flag = Flag {
    long: "left",
    value: None,
    repeated: false,
    help: "Also records of this stream that have no match",
};

pub(super) const ANTI: Flag = Flag {
    long: "anti",
    value: None,
    repeated: false,
    help: "Only records of this stream that have no match",
};

pub(super) const RIGHT_FORMAT: Flag = Flag {
    long: "right-format",
    value: Some(("FORMAT", Kind::Format)),
    repeated: false,
    help: "How the other stream is read; else by its ending .csv .tsv .json .ndjson, or as -i",
};

pub(super) const SOURCE: Operand = Operand {
    name: "SOURCE",
    kind: Kind::Source,
    help: "The other stream: a file, -, or what else a source may be",
};

pub(super) const RIGHT_TIME: Flag = Flag {
    long: "right-time",
    value: Some(("FIELD[:FORMAT]", Kind::Field)),
    repeated: false,
    help: "The other stream's event time; else as --time",
};

pub(super) const RIGHT_WATERMARK: Flag = Flag {
    long: "right-watermark",
    value: Some(("D", Kind::Duration)),
    repeated: false,
    help: "The other stream's disorder bound; else as --watermark",
};

/// Opens the other stream as far as its fields.
pub(super) fn stream(args: &Args, b: &mut Builder<'_>) -> Result<OtherStream, Usage> {
    let watermark = match args.flag("right-watermark") {
        None => None,
        Some(word) => match args::signed_duration(word) {
            Ok(ns) if ns >= 0 => Some(ns),
            Ok(_) => return Err(b.fault(format!("--right-watermark: '{word}' is negative"))),
            Err(message) => return Err(b.fault(format!("--right-watermark: {message}"))),
        },
    };
    b.other(&Other {
        word: args.operand(0),
        format: args.flag("right-format"),
        time: args.flag("right-time"),
        watermark,
        prefix: args.flag("as"),
    })
}

/// Refuses to forget keys whose records the other stream may still have a match for.
pub(super) fn keys_stay(b: &Builder<'_>) -> Result<(), Usage> {
    match b.options().limits.on_full {
        OnFull::EvictOldest => Err(b.fault(
            "--on-full evict-oldest: records of a key that is forgotten would go on as if the other stream had none for \
             them; give --on-full fail or spill",
        )),
        OnFull::Fail | OnFull::Spill => Ok(()),
    }
}

/// What must be equal.
pub(super) fn on(
    args: &Args,
    stream: &mut OtherStream,
    b: &mut Builder<'_>,
) -> Result<Vec<On>, Usage> {
    match args.flag("on") {
        Some(source) => b.on(stream, source),
        None => Err(b.fault("what must be equal? name it with --on A or --on A=B")),
    }
}

/// Refuses two flags that contradict each other.
pub(super) fn one_of<'f>(
    args: &Args,
    flags: &[&'f str],
    b: &Builder<'_>,
) -> Result<Option<&'f str>, Usage> {
    let given: Vec<&str> = flags
        .iter()
        .copied()
        .filter(|flag| args.has(flag))
        .collect();
    match given.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        ["left", "right"] if flags.contains(&"full") => {
            Err(b.fault("give --left or --right, or --full for what has no match on either side"))
        }
        [one, other, ..] => Err(b.fault(format!("give --{one} or --{other}, not both"))),
    }
}

/// For the printed plan: sessions wait so long for late records.
pub(super) fn waits(lateness: i64) -> String {
    match lateness {
        0 => String::new(),
        lateness => format!(", lateness {}", duration(lateness)),
    }
}

/// What a node keeps that has sessions of two streams, for `--explain`.
pub(super) fn keeps_sessions(terms: Gap, what: &str, b: &Builder<'_>) -> String {
    let waits = match terms.lateness {
        0 => String::new(),
        lateness => format!(
            "; it waits {} more for late records, since what is printed cannot be taken back",
            duration(lateness)
        ),
    };
    format!(
        "keeps both streams' records of each key's session, which are at most {} apart, for {what}; {}{waits}; then freed",
        duration(terms.gap),
        b.when_session_of_two(terms.gap)
    )
}

/// Which rows state lets go on.
pub(super) fn state_kind(kind: Matching) -> state::Kind {
    state::Kind {
        keeps: [kind.keeps_left(), kind.keeps_right()],
        pairs: kind.pairs(),
    }
}
