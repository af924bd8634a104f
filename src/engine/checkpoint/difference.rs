//! What differs between two texts, for people: a chain and the one that a checkpoint was written by. Knows no chain.
//! Invariant: the lines without sign and those with `-` are the old text, those without and with `+` the new one.

/// Two texts line by line: what only the first has with `-`, what only the second has with `+`.
pub fn difference(old: &[String], new: &[String]) -> String {
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

    fn check(old: &str, new: &str, expected: &str) {
        let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_string).collect() };
        assert_eq!(difference(&lines(old), &lines(new)), expected);
    }

    #[test]
    fn lines_that_both_have_stand_without_a_sign() {
        check("", "", "");
        check("a", "a", "    a\n");
        check("a", "b", "  - a\n  + b\n");
        check("a\nb\nc", "a\nc", "    a\n  - b\n    c\n");
        check("a\nc", "a\nb\nc", "    a\n  + b\n    c\n");
        check("a\nb", "b\na", "  - a\n    b\n  + a\n");
    }
}
