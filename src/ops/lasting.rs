//! What operators that remember keys have in common: `--ttl`, `--max-keys`, and how plans tell of them. Remembers
//! nothing itself. Invariant: what changes a result is in the plan's text.

use super::prelude::*;
use crate::data::Type;
use crate::data::process::{Making, OnFull, Process};
use crate::plan::clocks::Lapse;
use crate::plan::when::UNBOUNDED;
use crate::plan::window::duration;
use crate::state::lasting::Terms;
use crate::state::turns::InTurns;

pub const TTL: Flag = Flag {
    long: "ttl",
    value: Some(("D", Kind::Duration)),
    repeated: false,
    help: "Forget a key that has been silent for D (`distinct`: D behind its first record)",
};

/// Whether time passes rows while they come.
pub fn passes(lapse: Lapse) -> bool {
    matches!(lapse, Lapse::Event { disorder: Some(_) })
}

/// State from which what it forgets is printed: rows of several sources are taken in turns, so that how these interleave does
/// not show. What is late has been told in front. `types`: of the node's arguments.
pub fn in_turns(
    by_turns: bool,
    types: &[Type],
    making: &Making<'_>,
    make: &dyn Fn(&Making<'_>) -> Box<dyn Process>,
) -> Box<dyn Process> {
    match by_turns {
        true => Box::new(InTurns::new(making, types.to_vec(), i64::MAX, make)),
        false => make(making),
    }
}

/// How long keys of the operator at hand last and how many there may be.
pub fn terms(args: &Args, b: &Builder<'_>) -> Result<Terms, Usage> {
    let ttl = match args.flag("ttl") {
        Some(word) => {
            Some(args::duration(word).map_err(|message| b.fault(format!("--ttl {message}")))?)
        }
        None => None,
    };
    Ok(Terms {
        operator: args.operator,
        ttl,
        may_have_ttl: super::find(args.operator)
            .is_some_and(|operator| operator.flags.iter().any(|flag| flag.long == TTL.long)),
        limits: b.options().limits,
    })
}

/// A node's words with its terms.
pub fn text(words: &str, terms: &Terms) -> String {
    let mut text = words.to_string();
    if let Some(ttl) = terms.ttl {
        text.push_str(&format!("   ttl {}", duration(ttl)));
    }
    if let Some(keys) = terms.limits.keys_most() {
        text.push_str(&format!("   at most {keys} keys"));
        if terms.limits.on_full == OnFull::EvictOldest {
            text.push_str(", else without the oldest");
        }
    }
    text
}

/// For `--explain`: what is kept, and when it is freed.
pub fn keeps(what: &str, terms: &Terms) -> String {
    match (terms.ttl, terms.limits.keys_most()) {
        (Some(ttl), _) => format!("{what}, each for {} (--ttl)", duration(ttl)),
        (None, Some(keys)) => format!("{what}, {keys} at most (--max-keys)"),
        (None, None) if terms.limits.keys.is_some() => {
            format!("{what}; {UNBOUNDED} with the keys (no --ttl)")
        }
        (None, None) => {
            format!("{what}; {UNBOUNDED} with the keys (no --ttl, no --max-keys)")
        }
    }
}
