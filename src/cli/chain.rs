//! The command line, word by word: operators with their operands and flags, options, sources. Knows no
//! operator and no option by name (but `help`): it asks their tables. Does no I/O: whether a file exists and
//! what a script says it asks its caller. It never goes back: one look at each word decides.

use super::globals::{Opt, Takes};
use super::{check, foreign, pointing, script, suggest};
use crate::error::Usage;
use crate::ops::Operator;
use crate::ops::args::{Args, Kind};
use crate::sources::SOURCES;
use std::collections::VecDeque;

/// What the splitter asks about words.
#[derive(Copy, Clone)]
pub struct Tables {
    /// By name.
    pub operators: &'static [&'static Operator],
    pub options: &'static [Opt],
}

impl Tables {
    pub fn operator(&self, name: &str) -> Option<&'static Operator> {
        self.operators
            .iter()
            .copied()
            .find(|operator| operator.name == name)
    }

    pub fn long(&self, name: &str) -> Option<&'static Opt> {
        self.options.iter().find(|option| option.long == name)
    }

    pub fn short(&self, name: char) -> Option<&'static Opt> {
        self.options
            .iter()
            .find(|option| option.short == Some(name))
    }
}

/// What the splitter asks about the world.
pub struct World<'a> {
    pub exists: &'a dyn Fn(&str) -> bool,
    /// The text of a file with operators and options.
    pub script: &'a dyn Fn(&str) -> Result<String, Usage>,
}

/// A command line, taken apart.
#[derive(Default)]
pub struct Chain {
    pub operators: Vec<Args>,
    pub options: Vec<(&'static Opt, String)>,
    pub sources: Vec<String>,
    /// Files that words of it were read from.
    pub scripts: Vec<String>,
}

/// What is asked for.
pub enum Request {
    Run(Chain),
    /// `help TOPIC`, `--help` (`None`), `OPERATOR --help`.
    Help(Option<String>),
    /// `-h`
    ShortHelp,
    Version,
    Complete(Vec<String>),
}

/// Takes a command line apart.
pub fn split(words: Vec<String>, tables: Tables, world: &World<'_>) -> Result<Request, Usage> {
    if words.first().is_some_and(|word| word == "help") {
        return help_request(words);
    }
    Splitter {
        typed: words.clone(),
        tables,
        world,
        words: words.into(),
        of_script: 0,
        in_script: false,
        chain: Chain::default(),
        current: None,
        place: Place::Operator,
    }
    .run()
}

fn help_request(words: Vec<String>) -> Result<Request, Usage> {
    match words.len() {
        0..=2 => Ok(Request::Help(words.into_iter().nth(1))),
        _ => Err(Usage::new(format!(
            "help explains one thing at a time; '{}' is one too many",
            words[2]
        ))),
    }
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Place {
    /// An operator may come.
    Operator,
    /// Only sources and options.
    Source,
    /// Behind `--`: only sources.
    End,
}

struct Splitter<'a> {
    /// All words, as they were typed.
    typed: Vec<String>,
    tables: Tables,
    world: &'a World<'a>,
    words: VecDeque<String>,
    /// How many of the words at the front come from a script.
    of_script: usize,
    /// Whether the word at hand is one of them.
    in_script: bool,
    chain: Chain,
    current: Option<&'static Operator>,
    place: Place,
}

impl Splitter<'_> {
    fn run(mut self) -> Result<Request, Usage> {
        while !self.words.is_empty() {
            self.in_script = self.of_script > 0;
            let Some(word) = self.next() else { break };
            let asked = if self.place == Place::End {
                if let Some(usage) = self.behind_the_end(&word) {
                    return Err(self.here(usage));
                }
                self.chain.sources.push(word);
                None
            } else if word == "--" {
                self.place = Place::End;
                None
            } else if let Some(body) = word.strip_prefix("--") {
                self.long(body)?
            } else if word.len() > 1 && word.starts_with('-') {
                self.cluster(&word)?
            } else {
                self.plain(word)?
            };
            if let Some(request) = asked {
                return Ok(request);
            }
        }
        Ok(Request::Run(self.chain))
    }

    /// What is wrong with an option behind `--`, which ends them.
    fn behind_the_end(&self, word: &str) -> Option<Usage> {
        let is_option = match word.strip_prefix("--") {
            Some(long) => {
                let long = long.split('=').next().unwrap_or(long);
                let flag =
                    |operator: &&Operator| operator.flags.iter().any(|flag| flag.long == long);
                self.tables.long(long).is_some() || self.tables.operators.iter().any(flag)
            }
            None => {
                let mut letters = word.strip_prefix('-')?.chars();
                letters
                    .next()
                    .is_some_and(|letter| self.tables.short(letter).is_some())
            }
        };
        (is_option && !(self.world.exists)(word)).then(|| {
            Usage::new(format!(
                "'{word}' is no file; behind '--' there are only sources: put the option in front of it"
            ))
        })
    }

    fn next(&mut self) -> Option<String> {
        self.of_script = self.of_script.saturating_sub(1);
        self.words.pop_front()
    }

    /// A word that is no flag.
    fn plain(&mut self, word: String) -> Result<Option<Request>, Usage> {
        let operator = self.tables.operator(&word);
        if self.place == Place::Operator {
            if let Some(operator) = operator {
                return self.operator(operator);
            }
            if !self.is_source(&word) {
                return Err(self.stray(&word)?);
            }
            self.place = Place::Source;
        } else if operator.is_some() && !(self.world.exists)(&word) {
            return Err(self.here(Usage::new(format!(
                "'{word}' is no file; operators stand before the sources, which begin at '{}'",
                self.chain.sources[0]
            ))));
        } else if let Some(remedy) = self.no_file(&word) {
            return Err(self.here(Usage::new(format!("'{word}' is no file; {remedy}"))));
        }
        self.chain.sources.push(word);
        Ok(None)
    }

    /// What a word is that looks like no file's name, and is none.
    fn no_file(&self, word: &str) -> Option<String> {
        if has_scheme(word) || (self.world.exists)(word) {
            return None;
        }
        let follows = |(option, _): &(&Opt, String)| option.long == "follow";
        foreign::text(word, self.chain.options.iter().any(follows))
    }

    /// Points at the word at hand.
    fn here(&self, usage: Usage) -> Usage {
        match self.in_script {
            true => usage,
            false => pointing::at(usage, &self.typed, self.at()),
        }
    }

    /// The place of the word at hand on the command line.
    fn at(&self) -> usize {
        self.typed.len().saturating_sub(self.words.len() + 1)
    }

    /// With a word on the option in front that has taken an operator for its value.
    fn with_taken(&self, mut usage: Usage) -> Usage {
        if let Some((option, value)) = self.chain.options.last()
            && self.tables.operator(value).is_some()
        {
            let taken = format!("; --{} has taken '{value}' for its value", option.long);
            usage.message.push_str(&taken);
        }
        usage
    }

    /// What is wrong where a word is neither an operator nor a source: often an operand was forgotten before.
    fn stray(&self, word: &str) -> Result<Usage, Usage> {
        for args in &self.chain.operators {
            if let Some(operator) = self.tables.operator(args.operator) {
                check::check(operator, args)?;
            }
        }
        if let Some(remedy) = self.no_file(word) {
            return Ok(self.here(Usage::new(format!(
                "'{word}' is neither an operator nor a file; {remedy}"
            ))));
        }
        let next = self.words.front().map(String::as_str);
        let usage = no_operator(word, next, &self.tables);
        let (Some(operator), Some(args)) = (self.current, self.chain.operators.last()) else {
            return Ok(self.here(self.with_taken(usage)));
        };
        let stands =
            |remedy: String| format!("'{word}' is neither an operator nor a file; {remedy}");
        if let Some(remedy) = misplaced_flag(operator, args, word) {
            return Ok(self.here(Usage::new(stands(remedy))));
        }
        let plain = usage.clone();
        let mut usage = check::with_missing(usage, operator, args);
        if usage == plain {
            if let Some(remedy) = too_many(operator, args, word, self.words.front()) {
                usage.message = stands(remedy);
            } else if !usage.message.contains(';') {
                let whole = crate::cli::docs::pages::synopsis(operator);
                usage
                    .message
                    .push_str(&format!("; the operator before it is whole: {whole}"));
            }
        }
        Ok(self.here(usage))
    }

    /// Whether a word in operator position can be a source. A word that could be no operator's name, even
    /// mistyped, is left to the engine, which says what is wrong with the file.
    fn is_source(&self, word: &str) -> bool {
        let like_a_name = word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        word == "-"
            || has_scheme(word)
            || (self.world.exists)(word)
            || (!like_a_name && self.no_file(word).is_none())
    }

    fn operator(&mut self, operator: &'static Operator) -> Result<Option<Request>, Usage> {
        self.current = Some(operator);
        if self.words.front().is_some_and(|word| word == "--help") {
            return Ok(Some(Request::Help(Some(operator.name.into()))));
        }
        let mut args = Args {
            operator: operator.name,
            ..Args::default()
        };
        for operand in operator.operands {
            match self.next() {
                Some(word) => args.operands.push(word),
                None => {
                    let needed = Usage::new(format!(
                        "{} needs {}: {}",
                        operator.name, operand.name, operand.help
                    ));
                    return Err(match self.of_script > 0 || self.in_script {
                        true => needed,
                        false => pointing::at(needed, &self.typed, self.typed.len()),
                    });
                }
            }
        }
        self.chain.operators.push(args);
        Ok(None)
    }

    /// `--name`, `--name=value`, `--name value`.
    fn long(&mut self, body: &str) -> Result<Option<Request>, Usage> {
        let (name, attached) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (body, None),
        };
        if let Some(operator) = self.current.filter(|_| self.place == Place::Operator) {
            if let Some(flag) = operator.flags.iter().find(|flag| flag.long == name) {
                let value = match (flag.value, attached) {
                    (None, None) => String::new(),
                    (None, Some(_)) => {
                        return Err(takes_none(&format!("{}: --{name}", operator.name)));
                    }
                    (Some(_), Some(value)) => value,
                    (Some((placeholder, _)), None) => {
                        self.value(&format!("{}: --{name}", operator.name), placeholder)?
                    }
                };
                let args = self.chain.operators.last_mut();
                args.expect("the current operator has been pushed")
                    .flags
                    .push((flag.long, value));
                return Ok(None);
            }
            if name == "help" && attached.is_none() {
                return Ok(Some(Request::Help(Some(operator.name.into()))));
            }
        }
        let Some(option) = self.tables.long(name) else {
            return Err(self.here(self.unknown(name)));
        };
        let value = match (option.takes, attached) {
            (Takes::Nothing, None) | (Takes::Maybe(_), None) => String::new(),
            (Takes::Nothing, Some(_)) => return Err(takes_none(&format!("--{name}"))),
            (_, Some(value)) => value,
            (Takes::Value(placeholder), None) => self.value(&format!("--{name}"), placeholder)?,
        };
        self.option(option, value)
    }

    /// `-qe`, `-ojson`, `-j 4`.
    fn cluster(&mut self, word: &str) -> Result<Option<Request>, Usage> {
        let flags = self
            .operator_at_hand()
            .map_or(&[][..], |operator| operator.flags);
        if flags.iter().any(|flag| flag.long == &word[1..]) {
            return Err(self.here(Usage::new(format!(
                "there is no option '{word}'; did you mean '-{word}'?"
            ))));
        }
        for (at, letter) in word.char_indices().skip(1) {
            let Some(option) = self.tables.short(letter) else {
                return Err(self.here(self.unknown_short(letter, word)));
            };
            let Takes::Value(placeholder) = option.takes else {
                if option.long == "help" && self.operator_at_hand().is_none() {
                    return Ok(Some(Request::ShortHelp));
                }
                if let Some(request) = self.option(option, String::new())? {
                    return Ok(Some(request));
                }
                continue;
            };
            let rest = &word[at + letter.len_utf8()..];
            if let Some(value) = rest.strip_prefix('=').filter(|value| !value.is_empty()) {
                return Err(self.here(Usage::new(format!(
                    "a short option takes its value without '=': write -{letter} {value}, or --{}={value}",
                    option.long
                ))));
            }
            let value = if rest.is_empty() {
                self.value(&format!("-{letter}"), placeholder)?
            } else {
                rest.to_string()
            };
            return self.option(option, value);
        }
        Ok(None)
    }

    /// The next word, whatever it looks like.
    fn value(&mut self, flag: &str, placeholder: &str) -> Result<String, Usage> {
        self.next()
            .ok_or_else(|| Usage::new(format!("{flag} needs a value, {placeholder}")))
    }

    fn option(&mut self, option: &'static Opt, value: String) -> Result<Option<Request>, Usage> {
        match option.long {
            "help" => {
                return Ok(Some(Request::Help(
                    self.operator_at_hand().map(|operator| operator.name.into()),
                )));
            }
            "version" => return Ok(Some(Request::Version)),
            "complete" => return Ok(Some(Request::Complete(self.words.drain(..).collect()))),
            "chain" => self.script(&value)?,
            _ => {
                let again = self
                    .chain
                    .options
                    .iter()
                    .any(|(given, _)| given.long == option.long);
                if again && !option.repeated && !matches!(option.takes, Takes::Nothing) {
                    return Err(Usage::new(format!("--{} is given twice", option.long)));
                }
                self.chain.options.push((option, value));
            }
        }
        Ok(None)
    }

    fn operator_at_hand(&self) -> Option<&'static Operator> {
        self.current.filter(|_| self.place == Place::Operator)
    }

    /// Puts the words of a script in front of those that follow.
    fn script(&mut self, path: &str) -> Result<(), Usage> {
        if self.in_script {
            return Err(Usage::new(format!(
                "{path}: a file of operators cannot read another one"
            )));
        }
        let words = script::words(path, &(self.world.script)(path)?)?;
        self.of_script = words.len();
        self.chain.scripts.push(path.into());
        for word in words.into_iter().rev() {
            self.words.push_front(word);
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> Usage {
        let typed = format!("--{name}");
        if let Some(owner) = self
            .tables
            .operators
            .iter()
            .filter(|operator| operator.flags.iter().any(|flag| flag.long == name))
            .min_by_key(|operator| operator.name.len())
        {
            let in_chain = self
                .chain
                .operators
                .iter()
                .any(|args| args.operator == owner.name);
            let follows = self.words.iter().any(|word| word == owner.name);
            return Usage::new(if in_chain || follows {
                format!(
                    "{typed} belongs directly behind '{}' and its operands",
                    owner.name
                )
            } else {
                format!(
                    "{typed} is a flag of the operator '{}', which is not here",
                    owner.name
                )
            });
        }
        let flags = self
            .operator_at_hand()
            .map_or(&[][..], |operator| operator.flags);
        let known = flags.iter().map(|flag| flag.long).chain(
            self.tables
                .options
                .iter()
                .filter(|option| !option.hidden)
                .map(|option| option.long),
        );
        let remedy = match (foreign::long(name), suggest::nearest(name, known)) {
            (Some(here), _) => format!("; {here}"),
            (None, Some(near)) => format!("; did you mean '--{near}'?"),
            (None, None) => "; 'dstream help options' lists them".into(),
        };
        Usage::new(match self.operator_at_hand() {
            Some(operator) => format!(
                "'{typed}' is neither a flag of {} nor an option{remedy}",
                operator.name
            ),
            None => format!("there is no option '{typed}'{remedy}"),
        })
    }

    fn unknown_short(&self, letter: char, word: &str) -> Usage {
        let remedy = match word.strip_prefix('-') {
            Some(name) if self.tables.long(name).is_some() => format!("; did you mean '-{word}'?"),
            _ => match foreign::short(letter, word) {
                Some(here) => format!("; {here}"),
                None => "; 'dstream help options' lists them".into(),
            },
        };
        Usage::new(format!("there is no option '-{letter}'{remedy}"))
    }
}

fn takes_none(flag: &str) -> Usage {
    Usage::new(format!("{flag} takes no value"))
}

/// Whether a word is but a name, and so no condition and no assignment.
fn is_name(word: &str) -> bool {
    word.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_.$@".contains(&byte))
}

/// What is wrong where a word is a flag without its dashes, or follows one that stands in front of the operands.
fn misplaced_flag(operator: &Operator, args: &Args, word: &str) -> Option<String> {
    let name = operator.name;
    let is_flag = |word: &str| operator.flags.iter().any(|flag| flag.long == word);
    if is_flag(word) {
        return Some(format!("it is a flag of {name}: --{word}"));
    }
    let mut operands = args.operands.iter();
    let flag = operands.find(|operand| operand.strip_prefix("--").is_some_and(is_flag))?;
    let operands: Vec<&str> = operator.operands.iter().map(|one| one.name).collect();
    Some(format!(
        "flags of {name} stand behind its operands: {name} {} {flag}",
        operands.join(" ")
    ))
}

/// What a word is that is one too many behind an operator.
fn too_many(operator: &Operator, args: &Args, word: &str, next: Option<&String>) -> Option<String> {
    let name = operator.name;
    if crate::ops::find(&format!("{name}-{word}")).is_some() {
        return Some(format!("it is one word: '{name}-{word}'"));
    }
    let last = args.operands.last()?;
    let kind = operator.operands.last()?.kind;
    if last.ends_with(',') {
        return Some(format!(
            "a list is one word without blanks: {name} {last}{word}"
        ));
    }
    match (kind, word.to_ascii_lowercase().as_str()) {
        (Kind::SortKeys, "asc" | "desc") => {
            return Some(format!(
                "the direction is a part of the field: {name} {last}:{}",
                word.to_ascii_lowercase()
            ));
        }
        (Kind::Aggregates, "as") => {
            let called = next.map_or("NAME", String::as_str);
            return Some(format!(
                "a name stands in front of what it is given to: {called}={last}"
            ));
        }
        (Kind::Fields | Kind::Keys, "as") => {
            return Some("rename OLD=NEW behind it gives a column another name".into());
        }
        _ => {}
    }
    match kind {
        // What is left of an expression that was not in quotes.
        Kind::Condition | Kind::Assignments | Kind::Assignment if is_name(last) => Some(format!(
            "what {name} takes is one word: put it in single quotes, or the shell takes it apart and < and > out of it"
        )),
        Kind::Fields | Kind::Keys | Kind::Renames | Kind::SortKeys | Kind::Aggregates
            if crate::ops::find(word).is_none()
                && crate::cli::foreign::operator(word, None).is_none() =>
        {
            Some(format!(
                "a list of {name} is one word with commas: {name} {last},{word}"
            ))
        }
        _ => None,
    }
}

fn no_operator(word: &str, next: Option<&str>, tables: &Tables) -> Usage {
    if let Some(here) = foreign::operator(word, next) {
        return Usage::new(format!(
            "'{word}' is neither an operator nor a file; {here}"
        ));
    }
    let names = tables.operators.iter().map(|operator| operator.name);
    let mut usage = Usage::new(match suggest::nearest(word, names) {
        Some(near) => format!(
            "'{word}' is neither an operator nor a file; did you mean the operator '{near}'?"
        ),
        None => format!("'{word}' is neither an operator nor a file"),
    });
    if word == "help" {
        usage
            .message
            .push_str("; 'help' stands first, alone or with a topic");
    }
    usage
}

/// Whether a word begins like a source of a known kind (`tcp:host:port`).
fn has_scheme(word: &str) -> bool {
    let scheme = word.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some() && SOURCES.iter().any(|entry| entry.scheme == scheme)
}

#[cfg(test)]
mod tests;
