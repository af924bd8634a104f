//! Operators with a second stream, for the chains of the laws: joins of every kind, `cogroup`, `union`, `lookup` and
//! `asof-join`, wherever the chain may have them. The other stream is a file of the same records, written by the test
//! (`OTHER`). Invariant: what depends on when records arrive is picked only where a file is read to its end.

use super::chains::{Chain, Making};
use super::data::{Format, Random};

/// Stands in a chain for the path of the other stream.
pub const OTHER: &str = "OTHER";

/// Where a second stream is to be put.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In front of every window; records have times, or none.
    Front { timed: bool },
    /// Behind `window SIZE`, before anything that closes it.
    InWindow,
    /// Behind `window SIZE --grow D`, in the same way.
    Growing,
    /// Behind `session-window`, in the same way.
    InSession,
    /// Behind the aggregate of a window.
    Grouped,
}

impl Chain {
    /// What is typed where the other stream has this path.
    pub fn words_with(&self, other: &str) -> Vec<String> {
        let replaced = self.words.iter().map(|word| match word == OTHER {
            true => other.to_string(),
            false => word.clone(),
        });
        replaced.collect()
    }
}

/// A kind of a join, or none.
fn kind(random: &mut Random) -> &'static str {
    random.pick(&["", "--left", "--right", "--full", "--anti", "", "--left"])
}

/// Puts one operator with another stream into the chain. `key`: what both streams have; `fields` of the other one.
/// False: none fits.
pub fn put(making: &mut Making<'_>, place: Place, key: &str, fields: &[String; 5]) -> bool {
    if making.other.is_some() || !making.fields.iter().any(|field| field == key) {
        return false;
    }
    let operators: &[&str] = match place {
        Place::Front { timed: false } => &["join", "cogroup", "lookup", "union"],
        Place::Front { timed: true } => &[
            "within",
            "within",
            "asof-join",
            "lookup",
            "union",
            "join",
            "cogroup-within",
        ],
        Place::InWindow => &["join", "join", "cogroup", "lookup", "union"],
        // Windows of both streams' records are those whose records nothing has taken out.
        Place::Growing | Place::InSession
            if making.words.iter().any(|word| word.starts_with("distinct")) =>
        {
            &["lookup"]
        }
        Place::Growing => &["join", "join", "cogroup", "lookup"],
        Place::InSession => &["join", "join", "cogroup", "lookup", "union"],
        Place::Grouped => &["join", "cogroup", "lookup", "union"],
    };
    let operator = making.random.pick(operators);
    let name = match operator {
        "within" => "join",
        "cogroup-within" => "cogroup",
        operator => operator,
    };
    making.push(&[name, OTHER]);
    making.other = Some(match making.format {
        Format::Text => Format::Text,
        Format::Csv | Format::Json if making.random.one_in(3) => match making.format {
            Format::Csv => Format::Json,
            _ => Format::Csv,
        },
        format => format,
    });
    if operator == "union" {
        // Records come as they arrive, unless both inputs end.
        making.needs_end = true;
        return true;
    }
    making.push(&["--on", key]);
    if making.random.one_in(2) || making.format == Format::Text {
        making.push(&["--as", "r"]);
        if operator != "cogroup" {
            making.right = fields.iter().map(|field| format!("r.{field}")).collect();
        }
    }
    let waits = [Place::InWindow, Place::Growing, Place::InSession].contains(&place)
        && matches!(operator, "join" | "cogroup");
    if waits && making.random.one_in(3) {
        making.push(&["--allowed-lateness", "7s"]);
    }
    match operator {
        "lookup" => {
            making.reads_whole = true;
            let kind = making.random.pick(&["", "--left", "--anti"]);
            kind_of(making, kind);
        }
        "asof-join" => {
            if making.random.one_in(2) {
                let back = making.random.pick(&["2s", "30s"]);
                making.push(&["--within", back]);
            }
            if making.random.one_in(2) {
                making.push(&["--left"]);
            }
        }
        "within" => {
            let within = making
                .random
                .pick(&["5s", "20s", "0s..9s", "-20s..-1s", "-3s..+12s"]);
            making.push(&["--within", within]);
            let kind = kind(making.random);
            kind_of(making, kind);
        }
        "cogroup" | "cogroup-within" => {
            match operator {
                "cogroup" => making.needs_end |= matches!(place, Place::Front { .. }),
                _ => making.push(&["--within", "5s"]),
            }
            let quoted = format!("`{key}`");
            making.has_lists = true;
            let is_name = making.format != Format::Text;
            making.fields = vec![if is_name { key.to_string() } else { quoted }];
        }
        _ => {
            making.needs_end |= matches!(place, Place::Front { .. });
            let kind = kind(making.random);
            kind_of(making, kind);
        }
    }
    true
}

fn kind_of(making: &mut Making<'_>, kind: &str) {
    if kind == "--anti" {
        making.right.clear();
    }
    if !kind.is_empty() {
        making.push(&[kind]);
    }
}
