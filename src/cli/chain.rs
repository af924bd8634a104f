//! The command line, word by word: operators with their operands and flags, options, sources. Knows no
//! operator and no option by name (but `help`): it asks their tables. Does no I/O: whether a file exists and
//! what a script says it asks its caller. It never goes back: one look at each word decides.

use super::globals::{Opt, Takes};
use super::{check, script, suggest};
use crate::error::Usage;
use crate::ops::Operator;
use crate::ops::args::Args;
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
            return Err(Usage::new(format!(
                "'{word}' is no file; operators stand before the sources, which begin at '{}'",
                self.chain.sources[0]
            )));
        }
        self.chain.sources.push(word);
        Ok(None)
    }

    /// What is wrong where a word is neither an operator nor a source: often an operand was forgotten before.
    fn stray(&self, word: &str) -> Result<Usage, Usage> {
        for args in &self.chain.operators {
            if let Some(operator) = self.tables.operator(args.operator) {
                check::check(operator, args)?;
            }
        }
        let usage = no_operator(word, &self.tables);
        Ok(match (self.current, self.chain.operators.last()) {
            (Some(operator), Some(args)) => check::with_missing(usage, operator, args),
            _ => usage,
        })
    }

    /// Whether a word in operator position can be a source. A word that could be no operator's name, even
    /// mistyped, is left to the engine, which says what is wrong with the file.
    fn is_source(&self, word: &str) -> bool {
        let like_a_name = word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        word == "-" || has_scheme(word) || !like_a_name || (self.world.exists)(word)
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
                    return Err(Usage::new(format!(
                        "{} needs {}: {}",
                        operator.name, operand.name, operand.help
                    )));
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
            return Err(self.unknown(name));
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
        for (at, letter) in word.char_indices().skip(1) {
            let Some(option) = self.tables.short(letter) else {
                return Err(self.unknown_short(letter, word));
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
            return Usage::new(if in_chain {
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
        let remedy = match suggest::nearest(name, known) {
            Some(near) => format!("; did you mean '--{near}'?"),
            None => String::new(),
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
            _ => String::new(),
        };
        Usage::new(format!("there is no option '-{letter}'{remedy}"))
    }
}

fn takes_none(flag: &str) -> Usage {
    Usage::new(format!("{flag} takes no value"))
}

pub fn not_yet(what: &str) -> Usage {
    Usage::new(format!("{what} is not in this version"))
}

fn no_operator(word: &str, tables: &Tables) -> Usage {
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
mod tests {
    use super::*;
    use crate::cli::globals::OPTIONS;
    use crate::data::doc::Doc;
    use crate::ops::Group;
    use crate::ops::args::{Flag, Kind, Operand};

    const fn operator(
        name: &'static str,
        operands: &'static [Operand],
        flags: &'static [Flag],
    ) -> Operator {
        Operator {
            name,
            group: Group::Records,
            doc: Doc {
                summary: "",
                text: "",
                examples: &[],
            },
            operands,
            flags,
            lower: |_, _| Ok(()),
        }
    }

    const fn operand(name: &'static str, kind: Kind) -> Operand {
        Operand {
            name,
            kind,
            help: "what it is about",
        }
    }

    const COUNT: Operator = operator("count", &[], &[]);
    const COUNT_BY: Operator = operator("count-by", &[operand("K", Kind::Keys)], &[]);
    const FILTER: Operator = operator("filter", &[operand("EXPR", Kind::Condition)], &[]);
    const REDUCE_BY: Operator = operator(
        "reduce-by",
        &[operand("K", Kind::Keys), operand("A", Kind::Aggregates)],
        &[],
    );
    const TOP: Operator = operator(
        "top",
        &[operand("N", Kind::Count)],
        &[Flag {
            long: "ties",
            value: None,
            repeated: false,
            help: "",
        }],
    );
    const WINDOW: Operator = operator(
        "window",
        &[operand("SIZE", Kind::WindowSize)],
        &[
            Flag {
                long: "slide",
                value: Some(("D", Kind::Duration)),
                repeated: false,
                help: "",
            },
            Flag {
                long: "mark",
                value: Some(("TEXT", Kind::Field)),
                repeated: true,
                help: "",
            },
        ],
    );

    const TABLES: Tables = Tables {
        operators: &[&COUNT, &COUNT_BY, &FILTER, &REDUCE_BY, &TOP, &WINDOW],
        options: OPTIONS,
    };

    /// One line for a command line: operators, `;` options, `;` sources; or the error.
    fn told(words: &[&str]) -> String {
        let world = World {
            exists: &|path| ["a.log", "count", "data"].contains(&path),
            script: &|path| match path {
                "s" => Ok("#!/usr/bin/env -S dstream -f\nfilter 'x > 1'\n| -o json\n".into()),
                "again" => Ok("count -f s".into()),
                "half" => Ok("count-by".into()),
                _ => Err(Usage::new(format!("{path}: No such file or directory"))),
            },
        };
        let words = words.iter().map(|word| word.to_string()).collect();
        let request = match split(words, TABLES, &world) {
            Ok(request) => request,
            Err(usage) => return usage.to_string(),
        };
        let chain = match request {
            Request::Run(chain) => chain,
            Request::Help(topic) => return format!("help {topic:?}"),
            Request::ShortHelp => return "short help".into(),
            Request::Version => return "version".into(),
            Request::Complete(words) => return format!("complete {words:?}"),
        };
        let mut parts = Vec::new();
        for args in &chain.operators {
            let operator = TABLES.operator(args.operator).expect("it was found there");
            if let Err(usage) = super::check::check(operator, args) {
                return usage.to_string();
            }
            let mut part = format!("{}({})", args.operator, args.operands.join("|"));
            for (flag, value) in &args.flags {
                part.push_str(&format!(" {flag}={value}"));
            }
            parts.push(part);
        }
        let options: Vec<String> = chain
            .options
            .iter()
            .map(|(option, value)| format!("{}={value}", option.long))
            .collect();
        format!(
            "{}; {}; {}",
            parts.join(" "),
            options.join(" "),
            chain.sources.join(" ")
        )
    }

    fn check(line: &str, expected: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(told(&words), expected, "{line}");
    }

    #[test]
    fn operators_take_their_operands_as_they_come() {
        check("", "; ; ");
        check("count", "count(); ; ");
        check("count-by filter", "count-by(filter); ; ");
        check("filter -x>3", "filter(-x>3); ; ");
        check("count-by -- a.log", "count-by(--); ; a.log");
        check(
            "filter $1 reduce-by k n=count top 3 a.log",
            "filter($1) reduce-by(k|n=count) top(3); ; a.log",
        );
        check("count-by --help", "help Some(\"count-by\")");
        check("count --help", "help Some(\"count\")");
        check("window 10s --help", "help Some(\"window\")");
        check("reduce-by k --help", "reduce-by(k|--help); ; ");
    }

    #[test]
    fn flags_are_the_operators_first() {
        check(
            "window 10m --slide 1m count",
            "window(10m) slide=1m count(); ; ",
        );
        check("window 10m --slide=1m", "window(10m) slide=1m; ; ");
        check(
            "window 10m -o json --slide 1m",
            "window(10m) slide=1m; output-format=json; ",
        );
        check("top 3 --ties a.log", "top(3) ties=; ; a.log");
        check(
            "window 1m --mark a --mark -5s..+10s",
            "window(1m) mark=a mark=-5s..+10s; ; ",
        );
        check("window 1m --slide", "window: --slide needs a value, D");
        check("top 3 --ties=yes", "top: --ties takes no value");
        check(
            "window 1m --slide 1s --slide 2s",
            "window: --slide is given twice",
        );
        check(
            "window 1m count --slide 1s",
            "--slide belongs directly behind 'window' and its operands",
        );
        check(
            "count --slide 1s",
            "--slide is a flag of the operator 'window', which is not here",
        );
        check(
            "window 1m --silde 1s",
            "'--silde' is neither a flag of window nor an option; did you mean '--slide'?",
        );
    }

    #[test]
    fn options_stand_anywhere() {
        check(
            "-i csv count a.log -o json",
            "count(); input-format=csv output-format=json; a.log",
        );
        check("-qe count", "count(); quiet= exit-status=; ");
        check(
            "-ojson -j4 count",
            "count(); output-format=json threads=4; ",
        );
        check("-qojson", "; quiet= output-format=json; ");
        check("-d=", "; delimiter==; ");
        check("-d -", "; delimiter=-; ");
        check("--digits=3", "; digits=3; ");
        check("--stats=json --explain", "; stats=json explain=; ");
        check("--stats count", "count(); stats=; ");
        check("--from a --from b", "; from=a from=b; ");
        check("-o json -o csv", "--output-format is given twice");
        check("--quiet=1", "--quiet takes no value");
        check("count -o", "-o needs a value, FORMAT");
        check(
            "--outptu x",
            "there is no option '--outptu'; did you mean '--output'?",
        );
        check("-quiet", "there is no option '-u'; did you mean '--quiet'?");
        check("-Z", "there is no option '-Z'");
    }

    #[test]
    fn the_first_other_word_begins_the_sources() {
        check("a.log", "; ; a.log");
        check("count a.log data", "count(); ; a.log data");
        check("count a.log missing", "count(); ; a.log missing");
        check("count a.log count", "count(); ; a.log count");
        check("top 10 -- window", "top(10); ; window");
        check("top 10 ./window", "top(10); ; ./window");
        check("count -- -o --", "count(); ; -o --");
        check("count -", "count(); ; -");
        check("count tcp:localhost:9", "count(); ; tcp:localhost:9");
        check("count missing.log", "count(); ; missing.log");
        check(
            "count a.log top 3",
            "'top' is no file; operators stand before the sources, which begin at 'a.log'",
        );
    }

    #[test]
    fn a_word_that_is_nothing_is_told() {
        check(
            "coutn-by path",
            "'coutn-by' is neither an operator nor a file; did you mean the operator 'count-by'?",
        );
        check("zebra", "'zebra' is neither an operator nor a file");
        check("count-by", "count-by needs K: what it is about");
        check("reduce-by k", "reduce-by needs A: what it is about");
    }

    #[test]
    fn a_forgotten_operand_is_suspected() {
        check(
            "window count",
            "window: 'count' is not a duration; is the size missing before the operator `count`?",
        );
        check(
            "window 10x",
            "window: '10x' is not a duration; write 500ms, 10s, 1h30m, 1d or 2w",
        );
        check(
            "window 10",
            "window: '10' is not a duration; the unit is missing: 10s, 10m, 10h",
        );
        check(
            "top count-by x",
            "top: 'count-by' is not a whole number; is the number missing before the operator `count-by`?",
        );
        check("top 0", "top: '0' is too small; it must be 1 or more");
        check(
            "window 1m --slide x",
            "window: --slide: 'x' is not a duration",
        );
        check("window day", "window(day); ; ");
        check(
            "filter count-by path",
            "'path' is neither an operator nor a file; is the condition missing before the operator `count-by`?",
        );
    }

    #[test]
    fn scripts_are_put_in_place() {
        assert_eq!(
            told(&["-f", "s", "count", "a.log"]),
            "filter(x > 1) count(); output-format=json; a.log"
        );
        assert_eq!(told(&["-f", "half", "k"]), "count-by(k); ; ");
        assert_eq!(
            told(&["-f", "again"]),
            "s: a file of operators cannot read another one"
        );
        assert_eq!(told(&["-f", "none"]), "none: No such file or directory");
    }

    #[test]
    fn help_version_and_completion() {
        check("help", "help None");
        check("help window", "help Some(\"window\")");
        check(
            "help a b",
            "help explains one thing at a time; 'b' is one too many",
        );
        check("--help", "help None");
        check("-h", "short help");
        check("-V", "version");
        check("--version", "version");
        check(
            "--complete count-by --x",
            "complete [\"count-by\", \"--x\"]",
        );
        check(
            "count help",
            "'help' is neither an operator nor a file; 'help' stands first, alone or with a topic",
        );
    }
}
