//! A checkpoint for people and for programs: what its entries say. Invariant: nothing of it is used to go on.

use super::file::{Entry, Header, KINDS, Kind};
use crate::data::saved::{Damaged, Saved};
use crate::engine::Moments;
use crate::engine::meter;
use crate::sinks::Written;
use crate::sources::Place;
use serde_json::{Value, json};

/// What an entry says.
pub enum Told {
    Source {
        side: usize,
        place: Place,
    },
    /// Of the source of this name: the largest time seen, ns.
    Watermark {
        source: String,
        latest: Option<i64>,
    },
    Sink(Written),
    Engine(Moments),
    /// An operator's state: what it is and does, the part, its size in bytes.
    State {
        shape: String,
        part: u32,
        bytes: usize,
    },
    Other {
        bytes: usize,
    },
}

/// Reads one entry.
pub fn told(entry: &Entry) -> Result<Told, Damaged> {
    let mut saved = Saved::new(&entry.payload);
    let kind = KINDS
        .iter()
        .map(|row| row.kind)
        .find(|kind| entry.is(*kind));
    Ok(match kind {
        Some(Kind::Source) => {
            let (side, place) = Place::of_side(&entry.payload)?;
            Told::Source { side, place }
        }
        Some(Kind::Watermark) => {
            let (_, source): (usize, String) = saved.take()?;
            let latest = meter::latest_of(saved.take_bytes()?)?;
            Told::Watermark { source, latest }
        }
        Some(Kind::Sink) => Told::Sink(saved.take()?),
        Some(Kind::Engine) => Told::Engine(saved.take()?),
        Some(Kind::State) => Told::State {
            shape: saved.take()?,
            part: entry.shard,
            bytes: saved.rest().len(),
        },
        _ => Told::Other {
            bytes: entry.payload.len(),
        },
    })
}

/// The header as data.
pub fn header(header: &Header) -> Value {
    json!({
        "kind": "header",
        "program": header.program,
        "run": format!("{:032x}", header.run),
        "generation": header.generation,
        "created": header.created,
        "fingerprint": format!("{:032x}", header.fingerprint),
        "chain": header.chain,
        "sources": header.sources,
        "ended": header.ended,
    })
}

/// An entry as data.
pub fn json(entry: &Entry) -> Value {
    match told(entry) {
        Ok(Told::Source { side, place }) => json!({
            "kind": "source", "side": side, "path": place.path, "device": place.dev, "inode": place.ino,
            "offset": place.offset, "lines": place.lines, "size": place.size, "modified": place.modified,
            "done": place.done, "compressed": place.packed,
        }),
        Ok(Told::Watermark { source, latest }) => {
            json!({"kind": "watermark", "source": source, "latest": latest})
        }
        Ok(Told::Sink(written)) => json!({
            "kind": "sink", "path": written.path, "aside": written.aside, "length": written.len,
            "complete": written.complete,
        }),
        Ok(Told::Engine(moments)) => json!({
            "kind": "engine", "began": moments.began, "watermark": moments.reached,
            "next_end": moments.next_end, "enough": moments.enough,
            "held": moments.held.iter().map(|(operators, keys, bytes)| {
                json!({"operators": operators, "keys": keys, "bytes": bytes})
            }).collect::<Vec<_>>(),
        }),
        Ok(Told::State { shape, part, bytes }) => {
            json!({"kind": "state", "operator": shape, "part": part, "bytes": bytes})
        }
        Ok(Told::Other { bytes }) => {
            let name = KINDS
                .iter()
                .find(|row| entry.is(row.kind))
                .map_or("?", |row| row.name);
            json!({"kind": name, "bytes": bytes})
        }
        Err(Damaged) => json!({"kind": "damaged", "bytes": entry.payload.len()}),
    }
}
