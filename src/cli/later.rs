//! What the interface describes and this version does not carry out: refused by name, never ignored. A name that
//! is built leaves its list; a test holds that none is in both.

/// Options that are described but not carried out: refused by name.
pub const LATER_OPTIONS: &[(&str, Option<char>)] = &[("live", None), ("metrics-file", None)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::globals::OPTIONS;
    use crate::ops::OPERATORS;
    use std::collections::HashSet;

    /// A flag belongs to the program or to operators, never to both, so it cannot leak into a neighbour.
    #[test]
    fn names_are_disjoint() {
        let mut longs = HashSet::new();
        let mut shorts = HashSet::new();
        for option in OPTIONS {
            assert!(longs.insert(option.long), "--{} twice", option.long);
            if let Some(short) = option.short {
                assert!(shorts.insert(short), "-{short} twice");
            }
        }
        for (long, short) in LATER_OPTIONS {
            assert!(longs.insert(long), "--{long} is there and is not");
            if let Some(short) = short {
                assert!(shorts.insert(*short), "-{short} is there and is not");
            }
        }
        for operator in OPERATORS {
            for flag in operator.flags {
                assert!(
                    !longs.contains(flag.long),
                    "--{} of {} is the program's too",
                    flag.long,
                    operator.name
                );
            }
            assert!(operator.operands.len() <= 2, "{}", operator.name);
        }
    }

    /// clap checks its commands only in debug builds and only when they are used.
    #[test]
    fn every_entry_is_a_sound_command() {
        for operator in OPERATORS {
            crate::cli::check::command(operator).debug_assert();
        }
    }
}
