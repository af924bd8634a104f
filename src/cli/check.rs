//! Checks the words of one operator against its entry, with a `clap::Command` built from it. Only what can be
//! judged without the input: quantities and repetitions. Names and expressions are the builder's business.

use crate::error::Usage;
use crate::ops::Operator;
use crate::ops::args::Args;
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
                with_missing(usage, operator, args)
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

/// Adds the question whether an operand was forgotten, where one that does not parse is an operator's name.
pub fn with_missing(mut usage: Usage, operator: &Operator, args: &Args) -> Usage {
    let hint = operator
        .operands
        .iter()
        .zip(&args.operands)
        .find_map(|(operand, word)| operand.kind.missing(word));
    if let Some(hint) = hint {
        let first_line = usage.message.find('\n').unwrap_or(usage.message.len());
        usage.message.insert_str(first_line, &format!("; {hint}"));
    }
    usage
}
