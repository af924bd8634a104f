//! Checks the words of one operator against its entry, with a `clap::Command` built from it. Only what can be
//! judged without the input: quantities and repetitions. Names and expressions are the builder's business.

use crate::error::Usage;
use crate::ops::Operator;
use crate::ops::args::{Args, Kind};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

/// Refuses words that cannot be what the entry asks for.
pub fn check(operator: &'static Operator, args: &Args) -> Result<(), Usage> {
    let flags = args.flags.iter().map(|(long, value)| {
        let takes = operator
            .flags
            .iter()
            .any(|flag| flag.long == *long && flag.value.is_some());
        if takes {
            format!("--{long}={value}")
        } else {
            format!("--{long}")
        }
    });
    let words = flags
        .chain(std::iter::once("--".to_string()))
        .chain(args.operands.iter().cloned());
    match command(operator).try_get_matches_from(words) {
        Ok(_) => Ok(()),
        Err(error) => Err(translate(operator, args, &error)),
    }
}

/// What clap knows of an operator.
pub fn command(operator: &'static Operator) -> Command {
    let operands = operator.operands.iter().map(|operand| {
        let kind = operand.kind;
        Arg::new(operand.name)
            .help(operand.help)
            .required(true)
            .value_parser(move |text: &str| kind.check(text))
    });
    let flags = operator.flags.iter().map(|flag| {
        let arg = Arg::new(flag.long).long(flag.long).help(flag.help);
        match flag.value {
            None => arg.action(ArgAction::SetTrue),
            Some((placeholder, kind)) => arg
                .value_name(placeholder)
                .action(if flag.repeated {
                    ArgAction::Append
                } else {
                    ArgAction::Set
                })
                .value_parser(move |text: &str| kind.check(text)),
        }
    });
    Command::new(operator.name)
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(operands)
        .args(flags)
}

/// clap's finding in our words.
fn translate(operator: &'static Operator, args: &Args, error: &clap::Error) -> Usage {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let argument = context(ContextKind::InvalidArg);
    let flag = argument.split([' ', '=']).next().unwrap_or_default();
    let place = if flag.starts_with("--") {
        format!("{}: {flag}", operator.name)
    } else {
        operator.name.to_string()
    };
    match error.kind() {
        ErrorKind::ValueValidation => {
            let fault = std::error::Error::source(error)
                .map_or_else(String::new, |source| source.to_string());
            let usage = Usage::new(format!("{place}: {fault}"));
            if flag.starts_with("--") {
                usage
            } else {
                with_missing(with_number(usage, operator, args), operator, args)
            }
        }
        ErrorKind::ArgumentConflict => Usage::new(format!("{place} is given twice")),
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            Usage::new(format!("{place}: {}", line.trim_start_matches("error: ")))
        }
    }
}

/// Adds how a number is written that looks like a flag: `head -n 5`, `head -5`.
fn with_number(mut usage: Usage, operator: &Operator, args: &Args) -> Usage {
    let number = operator
        .operands
        .iter()
        .zip(&args.operands)
        .find_map(|(operand, word)| {
            let rest = word
                .strip_prefix('-')
                .filter(|_| operand.kind == Kind::Count)?;
            let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
            Some(if digits.is_empty() {
                "N".into()
            } else {
                digits
            })
        });
    if let Some(number) = number {
        usage
            .message
            .push_str(&format!("; it stands alone: {} {number}", operator.name));
    }
    usage
}

/// Adds, of a message about an operand that is a file's name, that one is missing before it.
pub fn with_file(mut usage: Usage, operator: &Operator, args: &Args) -> Usage {
    let is_about = |word: &String| usage.message.contains(&format!("'{word}'"));
    let hint = operator
        .operands
        .iter()
        .zip(&args.operands)
        .filter(|(_, word)| is_about(word))
        .find_map(|(operand, word)| before_file(operand.kind, word));
    if let Some(hint) = hint {
        let first_line = usage.message.find('\n').unwrap_or(usage.message.len());
        usage.message.insert_str(first_line, &format!("; {hint}"));
    }
    usage
}

/// The question whether an operand was forgotten before a word that is a file.
fn before_file(kind: Kind, word: &str) -> Option<String> {
    let like_a_file = word.contains(['.', '/']) && std::path::Path::new(word).is_file();
    like_a_file.then(|| format!("is the {} missing before the file `{word}`?", kind.noun()))
}

/// Adds the question whether an operand was forgotten, where one that does not parse is an operator's name.
pub fn with_missing(mut usage: Usage, operator: &Operator, args: &Args) -> Usage {
    let hint = operator
        .operands
        .iter()
        .zip(&args.operands)
        .find_map(|(operand, word)| {
            let file = || before_file(operand.kind, word);
            operand.kind.missing(word).or_else(file)
        });
    if let Some(hint) = hint {
        let first_line = usage.message.find('\n').unwrap_or(usage.message.len());
        usage.message.insert_str(first_line, &format!("; {hint}"));
    }
    usage
}
