//! Help on the terminal: blocks as lines of at most 80 columns. Prints nothing itself.

use super::{Block, pages};
use crate::aggs;
use crate::cli::globals::OPTIONS;
use crate::cli::suggest;
use crate::error::Usage;
use crate::ops::OPERATORS;

const WIDTH: usize = 80;

/// What the program is, in a line.
pub const SUMMARY: &str = "counts, filters, windows and aggregates over a stream of lines";

pub const SYNOPSIS: &str =
    "dstream [OPTION]... [OPERATOR [OPERAND]... [FLAG]...]... [--] [SOURCE]...";

/// The examples of `-h`, each with what it does; they begin the man page too.
pub const EXAMPLES: [(&str, &str); 6] = [
    ("dstream count-by-key words.txt", "how often each line is"),
    ("dstream filter '$9 >= 500' access.log", "awk's question"),
    (
        "dstream -i combined count-by path top 10 access.log",
        "top pages",
    ),
    (
        "dstream -i csv reduce-by region n=count,sum:qty a.csv",
        "sums by key",
    ),
    (
        "dstream -i json --time ts window 5m reduce p95:ms a.json",
        "by time",
    ),
    (
        "tail -f app.log | dstream filter /ERROR/ window 10s count",
        "as it comes",
    ),
];

/// `-h`: one screen.
pub fn short() -> String {
    let mut out = format!("dstream {SUMMARY}\n\n");
    for (command, about) in EXAMPLES {
        let gap = 58_usize.saturating_sub(command.len()).max(1);
        out.push_str(&format!("{command}{}{about}\n", " ".repeat(gap)));
    }
    out.push('\n');
    // One word for a window and what follows it: `--help` has them, the screen has no room.
    let short = |name: &&str| !(name.ends_with("-by-window") || name.ends_with("-and-window"));
    let names = OPERATORS.iter().map(|operator| operator.name);
    let names: Vec<&str> = names.filter(short).collect();
    wrapped("Operators: ", 11, &names.join(" "), &mut out);
    out.push('\n');
    for line in [
        "-i FORMAT  how records are read           -o FORMAT  how they are written",
        "-d C       what parts fields              -H         a header line for tsv",
        "--time F   the field of event time        --output F to a file",
        "-q -e      no output, only a status       -j N       threads",
        "",
        "dstream --help         all of it          dstream help window   one operator",
        "dstream help TOPIC     operators functions aggregates options formats time ...",
    ] {
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// `--help`: everything in short.
pub fn long() -> String {
    let mut blocks = vec![
        Block::Text(format!("dstream {SUMMARY}")),
        Block::Code(SYNOPSIS.into()),
    ];
    blocks.push(Block::Heading("Examples".into()));
    let examples: Vec<&str> = EXAMPLES.iter().map(|(command, _)| *command).collect();
    blocks.push(Block::Code(examples.join("\n")));
    blocks.push(Block::Heading("Operators".into()));
    blocks.extend(demoted(pages::operator_list()));
    blocks.push(Block::Heading("Options".into()));
    blocks.extend(demoted(pages::option_list()));
    blocks.push(Block::Heading("Sources".into()));
    blocks.extend(super::man::sources());
    blocks.push(Block::Heading("Exit status".into()));
    blocks.extend(super::man::statuses());
    blocks.push(Block::Heading("More".into()));
    blocks.push(Block::Text(format!(
        "`dstream help TOPIC`, where TOPIC is an operator, function, aggregate, format or option, or one of {}.",
        all_topics()
    )));
    text(&blocks)
}

/// Headings of a list below another heading.
fn demoted(blocks: Vec<Block>) -> impl Iterator<Item = Block> {
    blocks.into_iter().map(|block| match block {
        Block::Heading(title) => Block::Text(format!("{title}:")),
        other => other,
    })
}

/// Pages of their own.
const TOPICS: [(&str, fn() -> Vec<Block>); 8] = [
    ("operators", pages::operator_list),
    ("functions", pages::function_list),
    ("aggregates", pages::aggregate_list),
    ("formats", pages::format_list),
    ("options", pages::option_list),
    ("time", time),
    ("state", super::state::page),
    ("spark", super::spark::page),
];

/// Their names.
pub fn topics() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|(name, _)| *name)
}

fn all_topics() -> String {
    topics().collect::<Vec<_>>().join(", ")
}

/// Event time, and the function of that name behind it.
fn time() -> Vec<Block> {
    let mut blocks = super::time::page();
    if let Some(function) = pages::functions().find(|function| function.name == "time") {
        blocks.push(Block::Heading("Function time".into()));
        blocks.extend(pages::function(function));
    }
    blocks
}

/// `help TOPIC`. A name that several tables have is explained from each.
pub fn topic(name: &str) -> Result<String, Usage> {
    if let Some((_, page)) = TOPICS.iter().find(|(topic, _)| *topic == name) {
        return Ok(text(&page()));
    }
    let mut found: Vec<(&str, Vec<Block>)> = Vec::new();
    if let Some(operator) = crate::ops::find(name) {
        found.push(("Operator", pages::operator(operator)));
    }
    if let Some(function) = pages::functions().find(|function| function.name == name) {
        found.push(("Function", pages::function(function)));
    }
    if let Some(running) = pages::runnings().find(|running| running.name == name) {
        found.push(("Running function", pages::running(running)));
    }
    if let Some(aggregate) = aggs::find(name) {
        found.push(("Aggregate", pages::aggregate(aggregate)));
    }
    if let Some(format) = pages::formats().find(|format| format.name == name) {
        found.push(("Format", pages::format(format)));
    }
    let bare = name.trim_start_matches('-');
    let option = OPTIONS.iter().find(|option| {
        !option.hidden
            && (option.long == bare
                || (bare.len() == 1
                    && option.short == bare.chars().next()
                    && name.starts_with('-')))
    });
    if let Some(option) = option.filter(|_| found.is_empty() || name.starts_with('-')) {
        found.push(("Option", pages::option(option)));
    }
    if found.is_empty() {
        let known = OPERATORS
            .iter()
            .map(|operator| operator.name)
            .chain(pages::functions().map(|function| function.name))
            .chain(pages::runnings().map(|running| running.name))
            .chain(pages::aggregates().map(|aggregate| aggregate.name))
            .chain(pages::formats().map(|format| format.name))
            .chain(topics());
        return Err(Usage::new(match suggest::nearest(name, known) {
            Some(near) => format!("there is no help on '{name}'; did you mean '{near}'?"),
            None => format!(
                "there is no help on '{name}'; topics are {}, and each of their names",
                all_topics()
            ),
        }));
    }
    if let [(_, blocks)] = found.as_slice() {
        return Ok(text(blocks));
    }
    let mut blocks = Vec::new();
    for (kind, about) in found {
        blocks.push(Block::Heading(format!("{kind} {name}")));
        blocks.extend(about);
    }
    Ok(text(&blocks))
}

/// Blocks as lines.
pub fn text(blocks: &[Block]) -> String {
    let mut out = String::new();
    let mut after_item = false;
    for block in blocks {
        let item = matches!(block, Block::Item { .. });
        let listed = item && after_item;
        if !out.is_empty() && !listed {
            out.push('\n');
        }
        after_item = item;
        match block {
            Block::Heading(title) => {
                out.push_str(&title.to_uppercase());
                out.push('\n');
            }
            Block::Text(text) => wrapped("", 0, text, &mut out),
            Block::Code(code) => {
                for line in code.lines() {
                    out.push_str(format!("    {line}").trim_end());
                    out.push('\n');
                }
            }
            Block::Item { term, text } => {
                const COLUMN: usize = 28;
                let lead = format!("  {term}");
                if lead.chars().count() + 2 > COLUMN {
                    wrapped("  ", 6, term, &mut out);
                    wrapped(&" ".repeat(COLUMN), COLUMN, text, &mut out);
                } else {
                    wrapped(&format!("{lead:<COLUMN$}"), COLUMN, text, &mut out);
                }
            }
        }
    }
    out
}

/// `text` behind `lead`, later lines indented.
fn wrapped(lead: &str, indent: usize, text: &str, out: &mut String) {
    let mut line = lead.to_string();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}
