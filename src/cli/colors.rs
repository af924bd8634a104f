//! Colours by role, as a file `colors` or `$DSTREAM_COLORS` gives them: `bar = cyan`, `rule = dim`. Takes text and reads
//! no file. Invariant: what is not understood changes no colour and is told.

use crate::data::paint::{COLOURS, Look, Looks, ROLES};

/// Reads settings over those there are: `ROLE = WORDS`, a line each, or parted by colons or commas; `#` begins a comment.
/// The answer are the faults, in the user's words.
pub fn read(text: &str, looks: &mut Looks) -> Vec<String> {
    let mut faults = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        for setting in line.split([':', ',']) {
            if setting.trim().is_empty() {
                continue;
            }
            let set = setting
                .split_once('=')
                .ok_or_else(|| format!("'{}' is not ROLE=COLOUR, as in bar=cyan", setting.trim()));
            let read = set.and_then(|(role, words)| {
                let role = role.trim();
                let known = ROLES.iter().find(|(name, _)| *name == role);
                let names = ROLES.iter().map(|(name, _)| *name).collect::<Vec<_>>();
                let (_, role) = known.ok_or_else(|| {
                    format!("there is no role '{role}'; there are {}", names.join(", "))
                })?;
                Ok((*role, look(words)?))
            });
            match read {
                Ok((role, look)) => looks.set(role, look),
                Err(fault) => faults.push(fault),
            }
        }
    }
    faults
}

fn look(words: &str) -> Result<Look, String> {
    let mut look = Look::default();
    for word in words.split_whitespace() {
        match word {
            "bold" => look.bold = true,
            "dim" => look.dim = true,
            "plain" | "default" => {}
            word => {
                let known = COLOURS.iter().find(|(name, _)| *name == word);
                let names = COLOURS.iter().map(|(name, _)| *name).collect::<Vec<_>>();
                let (_, colour) = known.ok_or_else(|| {
                    format!(
                        "'{word}' is no colour; there are {}, bold, dim and plain",
                        names.join(", ")
                    )
                })?;
                look.colour = Some(*colour);
            }
        }
    }
    Ok(look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::paint::{Colour, Role};

    #[test]
    fn settings_change_the_roles_they_name() {
        let mut looks = Looks::default();
        let faults = read(
            "# mine\nbar = magenta bold\nrule=plain  # quiet\n",
            &mut looks,
        );
        assert_eq!(faults, [""; 0]);
        let bar = looks.of(Role::Bar);
        assert_eq!((bar.colour, bar.bold), (Some(Colour::Magenta), true));
        assert_eq!(looks.of(Role::Rule), Look::default());
        assert_eq!(read("spark=red:late=blue", &mut looks), [""; 0]);
        assert_eq!(looks.of(Role::Late).colour, Some(Colour::Blue));
    }

    #[test]
    fn what_is_not_understood_is_told() {
        let mut looks = Looks::default();
        let faults = read("bars=red\nbar=white\nbar", &mut looks);
        assert_eq!(
            faults,
            [
                "there is no role 'bars'; there are bad, bar, header, late, open, rule, spark, status",
                "'white' is no colour; there are blue, cyan, green, magenta, red, yellow, bold, dim and plain",
                "'bar' is not ROLE=COLOUR, as in bar=cyan",
            ]
        );
        assert_eq!(looks, Looks::default());
    }
}
