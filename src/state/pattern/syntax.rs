//! Reads the text of a pattern: steps, how often they are taken, and the links between them. Knows no records.
//! Invariant: a pattern that is read takes at least one record, and no two of its names are equal.

use std::ops::Range;

/// A place in the text and what is wrong there.
pub type Fault = (Range<usize>, String);

/// What may lie between two records of a match.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Nothing: the very next record.
    Next,
    /// What is not taken by the later step: its first record.
    Then,
    /// Anything: each later record, a match each.
    Any,
}

/// How many records in a row a step takes; `most` may be `u32::MAX`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Quantifier {
    pub least: u32,
    pub most: u32,
}

/// A name in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    pub at: Range<usize>,
    /// False behind `not`.
    pub takes: bool,
}

/// A step that takes records. The name is an index into [`Pattern::names`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub name: usize,
    pub quantifier: Quantifier,
    /// To the record before, of another step; of the first step it means nothing.
    pub link: Link,
    /// Between its own repeats.
    pub inner: Link,
    /// What must not come between the record before and this one.
    pub nots: Vec<Not>,
}

/// `not x`, `not next x`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Not {
    pub name: usize,
    /// Only the very next record is asked.
    pub next: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pub names: Vec<Name>,
    pub steps: Vec<Step>,
    /// What must not come behind the last record.
    pub end: Vec<Not>,
}

/// Names a pattern may have: they are bits of a word while records run.
pub const NAMES_MAX: usize = 64;

const ONCE: Quantifier = Quantifier { least: 1, most: 1 };

/// Reads a pattern.
pub fn parse(source: &str) -> Result<Pattern, Fault> {
    let mut reader = Reader {
        source,
        words: words(source),
        at: 0,
        pattern: Pattern {
            names: Vec::new(),
            steps: Vec::new(),
            end: Vec::new(),
        },
    };
    reader.read()?;
    let pattern = reader.pattern;
    if pattern.steps.iter().all(|step| step.quantifier.least == 0) {
        let message =
            "the pattern can match nothing at all; give a step that takes a record, as a or a+";
        return Err((0..source.len(), message.into()));
    }
    Ok(pattern)
}

impl Pattern {
    /// The step that has a name, if it is not behind `not`.
    pub fn step(&self, name: &str) -> Option<usize> {
        let steps = self.steps.iter();
        steps
            .map(|step| &self.names[step.name].text)
            .position(|text| text == name)
    }
}

fn words(source: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut from = None;
    for (i, c) in source.char_indices() {
        match (c.is_whitespace(), from) {
            (true, Some(start)) => {
                words.push(start..i);
                from = None;
            }
            (false, None) => from = Some(i),
            _ => {}
        }
    }
    if let Some(start) = from {
        words.push(start..source.len());
    }
    words
}

struct Reader<'s> {
    source: &'s str,
    words: Vec<Range<usize>>,
    at: usize,
    pattern: Pattern,
}

impl<'s> Reader<'s> {
    fn word(&self, ahead: usize) -> Option<(&'s str, Range<usize>)> {
        let range = self.words.get(self.at + ahead)?.clone();
        Some((&self.source[range.clone()], range))
    }

    fn read(&mut self) -> Result<(), Fault> {
        while let Some((word, at)) = self.word(0) {
            let nots = self.nots()?;
            let Some((word, at)) = (match nots.is_empty() {
                true => Some((word, at)),
                false => self.word(0),
            }) else {
                self.pattern.end = nots;
                return Ok(());
            };
            let link = self.link(word, &at)?;
            let Some((word, at)) = self.word(0) else {
                return Err((at, format!("a step is missing behind '{word}'")));
            };
            if word == "not" {
                let message = "'not' stands in front of the link: a not x then b";
                return Err((at, message.into()));
            }
            let step = self.step(word, at, link, nots)?;
            self.pattern.steps.push(step);
            self.at += 1;
        }
        if self.pattern.steps.is_empty() {
            let message = "the pattern is empty; give the names of its steps, as 'a b+ c'";
            return Err((0..0, message.into()));
        }
        Ok(())
    }

    /// `not x not next y`
    fn nots(&mut self) -> Result<Vec<Not>, Fault> {
        let mut nots = Vec::new();
        while let Some(("not", at)) = self.word(0) {
            if self.pattern.steps.is_empty() {
                let message = "nothing is in front of this 'not'; a pattern begins with a record that it takes";
                return Err((at, message.into()));
            }
            self.at += 1;
            let next = matches!(self.word(0), Some(("next", _)));
            self.at += usize::from(next);
            let Some((word, range)) = self.word(0) else {
                return Err((at, "a step is missing behind 'not'".into()));
            };
            let length = name_length(word);
            if length < word.len() && length > 0 {
                let message = format!(
                    "what 'not' forbids is not counted; write '{}'",
                    &word[..length]
                );
                return Err((range.start + length..range.end, message));
            }
            let name = self.name(word, range, false)?;
            nots.push(Not { name, next });
            self.at += 1;
        }
        Ok(nots)
    }

    fn link(&mut self, word: &str, at: &Range<usize>) -> Result<Link, Fault> {
        let link = match word {
            "next" => Link::Next,
            "then" => Link::Then,
            "any" => Link::Any,
            _ => return Ok(Link::Then),
        };
        if self.pattern.steps.is_empty() {
            let message =
                format!("nothing is in front of this '{word}'; a pattern begins with a step");
            return Err((at.clone(), message));
        }
        self.at += 1;
        Ok(link)
    }

    fn step(
        &mut self,
        word: &str,
        at: Range<usize>,
        link: Link,
        nots: Vec<Not>,
    ) -> Result<Step, Fault> {
        let length = name_length(word);
        let (name, mut rest) = word.split_at(length);
        let mut from = at.start + length;
        if length == 0 && word.starts_with(['{', '+', '*', '?', ':']) {
            let message = "this stands right behind the step it is about, without a blank: a+";
            return Err((at, message.into()));
        }
        let name_at = if length == 0 {
            at.clone()
        } else {
            at.start..from
        };
        let id = self.name(name, name_at, true)?;
        let (quantifier, taken) = quantifier(rest, from)?;
        rest = &rest[taken..];
        from += taken;
        let inner = match rest {
            "" => Link::Then,
            _ if !rest.starts_with(':') => {
                let message =
                    format!("'{rest}' is no quantifier; there are {{n}} {{n,m}} {{n,}} + * ?");
                return Err((from..at.end, message));
            }
            _ if taken == 0 => {
                let message =
                    "a link behind ':' is for repeats, so it stands behind a quantifier: a+:next";
                return Err((from..at.end, message.into()));
            }
            ":next" => Link::Next,
            ":then" => Link::Then,
            ":any" => Link::Any,
            _ => {
                let message = "behind ':' stands next, then or any";
                return Err((from..at.end, message.into()));
            }
        };
        Ok(Step {
            name: id,
            quantifier,
            link,
            inner,
            nots,
        })
    }

    fn name(&mut self, text: &str, at: Range<usize>, takes: bool) -> Result<usize, Fault> {
        if matches!(text, "next" | "then" | "any" | "not") {
            let message = format!("expected a step here, '{text}' is a link");
            return Err((at, message));
        }
        if name_length(text) != text.len() || text.is_empty() {
            let message = "a step's name is a word of letters, digits and _".to_string();
            return Err((at, message));
        }
        let names = &mut self.pattern.names;
        if names.iter().any(|name| name.text == text) {
            let message = format!(
                "two steps are called '{text}'; give one another name, with a --where of its own"
            );
            return Err((at, message));
        }
        if names.len() == NAMES_MAX {
            return Err((at, format!("a pattern has at most {NAMES_MAX} steps")));
        }
        names.push(Name {
            text: text.into(),
            at,
            takes,
        });
        Ok(names.len() - 1)
    }
}

/// How many bytes at the front of a word are a name.
fn name_length(word: &str) -> usize {
    let continues = |c: char| c == '_' || c.is_alphanumeric();
    let end = word.find(|c| !continues(c)).unwrap_or(word.len());
    match word.starts_with(|c: char| c.is_ascii_digit()) {
        true => 0,
        false => end,
    }
}

/// The quantifier at the front of `rest`, which stands at `from`, and its length.
fn quantifier(rest: &str, from: usize) -> Result<(Quantifier, usize), Fault> {
    let simple = |least, most| Ok((Quantifier { least, most }, 1));
    match rest.bytes().next() {
        Some(b'+') => return simple(1, u32::MAX),
        Some(b'*') => return simple(0, u32::MAX),
        Some(b'?') => return simple(0, 1),
        Some(b'{') => {}
        _ => return Ok((ONCE, 0)),
    }
    let Some(end) = rest.find('}') else {
        let message = "no '}' closes this '{'; a quantifier has no blanks: {2,5}";
        return Err((from..from + rest.len(), message.into()));
    };
    let inner = &rest[1..end];
    let at = from..from + end + 1;
    let number = |text: &str| -> Result<u32, Fault> {
        let all_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(n) if n < u32::MAX => Ok(n),
            _ if all_digits => Err((at.clone(), format!("'{text}' is too large a number"))),
            _ => {
                let message =
                    format!("'{{{inner}}}' is no quantifier; there are {{n}} {{n,m}} {{n,}} + * ?");
                Err((at.clone(), message))
            }
        }
    };
    let (least, most) = match inner.split_once(',') {
        None => {
            let n = number(inner)?;
            (n, n)
        }
        Some((least, "")) => (number(least)?, u32::MAX),
        Some((least, most)) => (number(least)?, number(most)?),
    };
    if most == 0 {
        let message = "this step takes nothing; leave it out, or say what must not come with not";
        return Err((at, message.into()));
    }
    if least > most {
        let message = format!("{least} is more than {most}; write {{{most},{least}}}");
        return Err((at, message));
    }
    Ok((Quantifier { least, most }, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pattern as it is understood: links in front, `{least,most}:inner` where it is not once.
    fn printed(pattern: &Pattern) -> String {
        let link = |link| match link {
            Link::Next => "next",
            Link::Then => "then",
            Link::Any => "any",
        };
        let name = |at: usize| pattern.names[at].text.as_str();
        let not = |not: &Not| {
            format!(
                "not {}{}",
                if not.next { "next " } else { "" },
                name(not.name)
            )
        };
        let mut words = Vec::new();
        for (at, step) in pattern.steps.iter().enumerate() {
            words.extend(step.nots.iter().map(not));
            if at > 0 {
                words.push(link(step.link).to_string());
            }
            let Quantifier { least, most } = step.quantifier;
            words.push(match (least, most) {
                (1, 1) => name(step.name).to_string(),
                (_, u32::MAX) => format!("{}{{{least},}}:{}", name(step.name), link(step.inner)),
                _ => format!("{}{{{least},{most}}}:{}", name(step.name), link(step.inner)),
            });
        }
        words.extend(pattern.end.iter().map(not));
        words.join(" ")
    }

    fn check(source: &str, expected: &str) {
        let pattern =
            parse(source).unwrap_or_else(|(at, message)| panic!("{source}: {at:?} {message}"));
        assert_eq!(printed(&pattern), expected, "{source}");
        assert_eq!(
            printed(&parse(expected).expect("what is printed is read")),
            expected
        );
    }

    fn refused(source: &str, place: &str, message: &str) {
        let (at, found) = parse(source).expect_err(source);
        assert!(found.contains(message), "{source}: {found}");
        assert_eq!(&source[at], place, "{source}: {found}");
    }

    #[test]
    fn steps_links_and_quantifiers_are_read() {
        check("a", "a");
        check("a b  c", "a then b then c");
        check("a next b any c", "a next b any c");
        check(
            "up{3}:next down+ x? y*:any z{2,}",
            "up{3,3}:next then down{1,}:then then x{0,1}:then then y{0,}:any then z{2,}:then",
        );
        check("a{1} b{0,2}", "a then b{0,2}:then");
        check("a not next x then b", "a not next x then b");
        check("a not x b", "a not x then b");
        check(
            "a not x not next y next b not z",
            "a not x not next y next b not z",
        );
        check("größe ä1_", "größe then ä1_");
    }

    #[test]
    fn mistakes_have_a_place_and_a_remedy() {
        refused("", "", "the pattern is empty");
        refused("a a", "a", "two steps are called 'a'");
        refused("a not a", "a", "two steps are called 'a'");
        refused("a? b*", "a? b*", "can match nothing");
        refused("not x a", "not", "begins with a record");
        refused("then a", "then", "begins with a step");
        refused("a then", "then", "missing behind 'then'");
        refused("a not", "not", "missing behind 'not'");
        refused("a then not x b", "not", "in front of the link");
        refused("a then next b", "next", "'next' is a link");
        refused("a not x+ b", "+", "is not counted; write 'x'");
        refused("a{3,1}", "{3,1}", "write {1,3}");
        refused("a{0}", "{0}", "takes nothing");
        refused("a{x}", "{x}", "no quantifier");
        refused("a{,3}", "{,3}", "no quantifier");
        refused("a{99999999999}", "{99999999999}", "too large");
        refused("a{3 b", "{3", "no '}'");
        refused("a +", "+", "right behind the step");
        refused("a:next b", ":next", "behind a quantifier");
        refused("a+:nxt b", ":nxt", "next, then or any");
        refused("a++ b", "+", "no quantifier");
        refused("a b-c", "-c", "no quantifier");
        refused("1a", "1a", "letters, digits");
        let many: Vec<String> = (0..=NAMES_MAX).map(|i| format!("s{i}")).collect();
        refused(&many.join(" "), "s64", "at most 64");
    }
}
