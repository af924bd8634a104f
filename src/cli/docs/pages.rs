//! What the tables say, as blocks: one page an operator, one list a table. Decides order and wording, not form.

use super::Block;
use crate::aggs::{AGGREGATES, Aggregate, Need, Param};
use crate::cli::globals::{OPTIONS, Opt, Section, Takes};
use crate::data::doc::Doc;
use crate::expr::funcs::{FUNCTIONS, Family, Function};
use crate::formats::grok_library::LIBRARY;
use crate::formats::{FORMATS, Format};
use crate::ops::running::{self, Arg, RUNNING, Running};
use crate::ops::{Group, OPERATORS, Operator};

/// Chapters of the operators, in order.
pub const GROUPS: [(Group, &str); 6] = [
    (Group::Records, "Records"),
    (Group::Windows, "Windows"),
    (Group::Aggregates, "Counts and aggregates"),
    (Group::State, "State"),
    (Group::Order, "Order"),
    (Group::Output, "Output"),
];

/// Chapters of the functions, in order.
pub const FAMILIES: [(Family, &str); 7] = [
    (Family::Text, "Text"),
    (Family::Patterns, "Patterns"),
    (Family::Numbers, "Numbers"),
    (Family::Time, "Time"),
    (Family::Objects, "Objects and lists"),
    (Family::Network, "Network"),
    (Family::Conditions, "Conditions"),
];

pub fn operators_of(group: Group) -> impl Iterator<Item = &'static Operator> {
    OPERATORS
        .iter()
        .copied()
        .filter(move |operator| operator.group == group)
}

pub fn options_of(section: Section) -> impl Iterator<Item = &'static Opt> {
    OPTIONS
        .iter()
        .filter(move |option| option.section == section && !option.hidden)
}

pub fn functions_of(family: Family) -> impl Iterator<Item = &'static Function> {
    FUNCTIONS
        .iter()
        .copied()
        .filter(move |function| function.family == family)
}

pub fn aggregates() -> impl Iterator<Item = &'static Aggregate> {
    AGGREGATES.iter().copied()
}

pub fn runnings() -> impl Iterator<Item = &'static Running> {
    RUNNING.iter().copied()
}

pub fn formats() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().copied()
}

/// `window SIZE`
pub fn call(operator: &Operator) -> String {
    let mut text = operator.name.to_string();
    for operand in operator.operands {
        text.push(' ');
        text.push_str(operand.name);
    }
    text
}

/// `window SIZE [--slide D]`
pub fn synopsis(operator: &Operator) -> String {
    let mut text = call(operator);
    for flag in operator.flags {
        text.push_str(&format!(" [{}]", flag_term(flag)));
        if flag.repeated {
            text.push_str("...");
        }
    }
    text
}

pub fn flag_term(flag: &crate::ops::args::Flag) -> String {
    match flag.value {
        Some((placeholder, _)) => format!("--{} {placeholder}", flag.long),
        None => format!("--{}", flag.long),
    }
}

/// `-i, --input-format FORMAT`
pub fn option_term(option: &Opt) -> String {
    let mut text = match option.short {
        Some(short) => format!("-{short}, --{}", option.long),
        None => format!("--{}", option.long),
    };
    match option.takes {
        Takes::Nothing if option.long == "complete" => text.push_str(" WORD..."),
        Takes::Nothing => {}
        Takes::Value(placeholder) => text.push_str(&format!(" {placeholder}")),
        Takes::Maybe(words) => text.push_str(&format!("[={}]", words.join("|"))),
    }
    text
}

/// `count[:EXPR]`, `topk:EXPR:PARAMETER`
pub fn aggregate_term(aggregate: &Aggregate) -> String {
    let argument = match aggregate.arg {
        Need::No => "",
        Need::Optional | Need::OptionalNumber => "[:EXPR]",
        Need::Any | Need::Number => ":EXPR",
        Need::Bool => ":COND",
    };
    let parameter = match aggregate.param {
        Param::No => "",
        Param::Optional => "[:PARAMETER]",
        Param::Required => ":PARAMETER",
    };
    format!("{}{argument}{parameter}", aggregate.name)
}

/// `lag:EXPR[:N]`
pub fn running_term(running: &Running) -> String {
    let argument = match running.arg {
        Arg::Optional => "[:EXPR]",
        Arg::Any | Arg::Number | Arg::Difference => ":EXPR",
    };
    let parameter = match running.param {
        running::Param::No => "",
        running::Param::Rows => "[:N]",
        running::Param::Weight => ":A",
        running::Param::Over => ":P",
    };
    format!("{}{argument}{parameter}", running.name)
}

/// `read and written`
pub fn directions(format: &Format) -> &'static str {
    match (format.read.is_some(), format.write.is_some()) {
        (true, true) => "-i, -o",
        (true, false) => "-i",
        (false, true) => "-o",
        (false, false) => "",
    }
}

/// The summary, ended as a sentence, and its option's default.
pub fn option_text(option: &Opt) -> String {
    let mut text = sentence(option.doc.summary);
    if !option.default.is_empty() {
        text.push_str(&format!(" Default: {}.", option.default));
    }
    text
}

/// With a capital letter and a full stop.
pub fn sentence(summary: &str) -> String {
    let mut letters = summary.chars();
    let capital = letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect::<String>());
    match capital {
        Some(text) if text.ends_with(['.', '…']) => text,
        Some(text) => text + ".",
        None => String::new(),
    }
}

/// The paragraphs and examples of an entry.
pub fn body(doc: &Doc, blocks: &mut Vec<Block>) {
    for paragraph in doc
        .text
        .split("\n\n")
        .filter(|text| !text.trim().is_empty())
    {
        if paragraph.starts_with("    ") {
            blocks.push(Block::Code(unindented(paragraph)));
        } else {
            blocks.push(Block::Text(joined(paragraph)));
        }
    }
    for example in doc.examples {
        if !example.title.is_empty() {
            blocks.push(Block::Text(format!(
                "{}:",
                example.title.trim_end_matches(['.', ':'])
            )));
        }
        blocks.push(Block::Code(example.session.trim_end().to_string()));
    }
}

fn unindented(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.strip_prefix("    ").unwrap_or(line))
        .collect();
    lines.join("\n")
}

fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All about one operator.
pub fn operator(operator: &Operator) -> Vec<Block> {
    let mut blocks = vec![
        Block::Code(synopsis(operator)),
        Block::Text(sentence(operator.doc.summary)),
    ];
    for operand in operator.operands {
        blocks.push(Block::item(operand.name, sentence(operand.help)));
    }
    for flag in operator.flags {
        blocks.push(Block::item(flag_term(flag), sentence(flag.help)));
    }
    body(&operator.doc, &mut blocks);
    blocks
}

pub fn function(function: &Function) -> Vec<Block> {
    let mut blocks = vec![
        Block::Code(function.signature.to_string()),
        Block::Text(sentence(function.doc.summary)),
    ];
    body(&function.doc, &mut blocks);
    blocks
}

pub fn aggregate(aggregate: &Aggregate) -> Vec<Block> {
    let mut blocks = vec![
        Block::Code(format!("[NAME=]{}", aggregate_term(aggregate))),
        Block::Text(sentence(aggregate.doc.summary)),
    ];
    body(&aggregate.doc, &mut blocks);
    blocks
}

pub fn running(running: &Running) -> Vec<Block> {
    let mut blocks = vec![
        Block::Code(format!("[NAME=]{}", running_term(running))),
        Block::Text(sentence(running.doc.summary)),
    ];
    body(&running.doc, &mut blocks);
    blocks
}

pub fn format(format: &Format) -> Vec<Block> {
    let mut blocks = vec![
        Block::Code(
            directions(format)
                .split(", ")
                .map(|flag| format!("{flag} {}", format.name))
                .collect::<Vec<_>>()
                .join("\n"),
        ),
        Block::Text(sentence(format.doc.summary)),
    ];
    body(&format.doc, &mut blocks);
    if format.name == "grok" {
        blocks.extend(grok());
    }
    blocks
}

/// The library of grok: each pattern with what it matches.
fn grok() -> Vec<Block> {
    let mut blocks = vec![Block::Text(
        "The library, each pattern with something that it matches:".into(),
    )];
    for family in LIBRARY {
        let rows = family.patterns.iter().map(|pattern| {
            let example = pattern.example.replace('\t', "\\t");
            format!("{:<20} {example}", pattern.name)
        });
        let mut lines = vec![format!("# {}", family.title)];
        lines.extend(rows);
        blocks.push(Block::Code(lines.join("\n")));
    }
    blocks
}

pub fn option(option: &Opt) -> Vec<Block> {
    let mut blocks = vec![
        Block::Code(option_term(option)),
        Block::Text(option_text(option)),
    ];
    body(&option.doc, &mut blocks);
    blocks
}

/// The operators of a group, a line each.
pub fn operator_items(group: Group) -> impl Iterator<Item = Block> {
    operators_of(group)
        .map(|operator| Block::item(synopsis(operator), sentence(operator.doc.summary)))
}

/// The options of a section, a line each.
pub fn option_items(section: Section) -> impl Iterator<Item = Block> {
    options_of(section).map(|option| Block::item(option_term(option), option_text(option)))
}

pub fn operator_list() -> Vec<Block> {
    let mut blocks = Vec::new();
    for (group, title) in GROUPS {
        let rows: Vec<Block> = operator_items(group).collect();
        if !rows.is_empty() {
            blocks.push(Block::Heading(title.into()));
            blocks.extend(rows);
        }
    }
    blocks
}

pub fn option_list() -> Vec<Block> {
    let mut blocks = Vec::new();
    for section in Section::ALL {
        blocks.push(Block::Heading(section.title().into()));
        blocks.extend(option_items(section));
    }
    blocks
}

pub fn function_list() -> Vec<Block> {
    let mut blocks = Vec::new();
    for (family, title) in FAMILIES {
        let rows: Vec<Block> = functions_of(family)
            .map(|function| Block::item(function.signature, sentence(function.doc.summary)))
            .collect();
        if !rows.is_empty() {
            blocks.push(Block::Heading(title.into()));
            blocks.extend(rows);
        }
    }
    blocks.push(Block::Heading("Running functions, of scan".into()));
    blocks.extend(running_list());
    blocks
}

pub fn running_list() -> Vec<Block> {
    runnings()
        .map(|running| Block::item(running_term(running), sentence(running.doc.summary)))
        .collect()
}

pub fn aggregate_list() -> Vec<Block> {
    aggregates()
        .map(|aggregate| Block::item(aggregate_term(aggregate), sentence(aggregate.doc.summary)))
        .collect()
}

pub fn format_list() -> Vec<Block> {
    let mut blocks: Vec<Block> = formats()
        .map(|format| {
            Block::item(
                format!("{} ({})", format.name, directions(format)),
                sentence(format.doc.summary),
            )
        })
        .collect();
    blocks.push(Block::Heading("Patterns of grok".into()));
    blocks.extend(LIBRARY.iter().map(|family| {
        let names: Vec<&str> = family.patterns.iter().map(|row| row.name).collect();
        Block::item(family.title, names.join(" "))
    }));
    blocks
}

pub fn functions() -> impl Iterator<Item = &'static Function> {
    FUNCTIONS.iter().copied()
}
