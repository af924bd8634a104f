//! Whether a checkpoint is of the chain and the sources that are given, and what differs if it is not, for people.
//! Knows a chain by its lines alone.
//! Invariant: the lines without sign and those with `-` are the old text, those without and with `+` the new one.

use super::store::Loaded;
use crate::engine::commit::Keeping;
use crate::error::{Failure, status};
use anyhow::Result;

/// Whether a checkpoint is of this chain and these sources.
pub fn check(
    loaded: &Loaded,
    keeping: &Keeping,
    chain: &[String],
    sources: &[String],
) -> Result<()> {
    let name = keeping.path.display();
    let refuse = |message: String| -> Result<()> {
        Err(Failure {
            status: status::DATA,
            message,
        }
        .into())
    };
    if keeping.adopt {
        return Ok(());
    }
    let header = &loaded.header;
    if header.chain != chain {
        let diff = difference(&header.chain, chain);
        return refuse(format!(
            "the checkpoint '{name}' is of another chain:\n{diff}name another file, begin anew with \
             --checkpoint-reset, or keep the state that fits with --checkpoint-adopt"
        ));
    }
    if header.sources != sources {
        let diff = difference(&header.sources, sources);
        return refuse(format!(
            "the checkpoint '{name}' is of other sources:\n{diff}if they are what is meant, --checkpoint-adopt goes \
             on with them"
        ));
    }
    Ok(())
}

/// Two texts line by line: what only the first has with `-`, what only the second has with `+`.
fn difference(old: &[String], new: &[String]) -> String {
    // The longest common subsequence; chains are short.
    let mut common = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = match old[i] == new[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        let (sign, line) = match (old.get(i), new.get(j)) {
            (Some(a), Some(b)) if a == b => {
                i += 1;
                j += 1;
                (' ', a)
            }
            (Some(a), b) if b.is_none() || common[i + 1][j] >= common[i][j + 1] => {
                i += 1;
                ('-', a)
            }
            (_, Some(b)) => {
                j += 1;
                ('+', b)
            }
            _ => break,
        };
        out.push_str(&format!("  {sign} {line}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differ(old: &str, new: &str, expected: &str) {
        let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_string).collect() };
        assert_eq!(difference(&lines(old), &lines(new)), expected);
    }

    #[test]
    fn lines_that_both_have_stand_without_a_sign() {
        differ("", "", "");
        differ("a", "a", "    a\n");
        differ("a", "b", "  - a\n  + b\n");
        differ("a\nb\nc", "a\nc", "    a\n  - b\n    c\n");
        differ("a\nc", "a\nb\nc", "    a\n  + b\n    c\n");
        differ("a\nb", "b\na", "  - a\n    b\n  + a\n");
    }
}
