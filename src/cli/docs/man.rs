//! Manual pages: blocks as man(7) roff. Every page is the tables' text and the few paragraphs that stand here.

use super::{Block, heading, help, pages, text};
use crate::cli::named::KEYS;
use crate::sinks::SINKS;
use crate::sources::SOURCES;

/// The date in the pages' footers: that of the release.
const DATE: &str = "2026-11-20";

pub fn all() -> Vec<(&'static str, String)> {
    vec![
        (
            "man/dstream.1",
            page("DSTREAM", 1, "dstream", help::SUMMARY, &program()),
        ),
        (
            "man/dstream-operators.7",
            page(
                "DSTREAM-OPERATORS",
                7,
                "dstream-operators",
                "what a dstream chain is made of",
                &operators(),
            ),
        ),
        (
            "man/dstream-expressions.7",
            page(
                "DSTREAM-EXPRESSIONS",
                7,
                "dstream-expressions",
                "expressions, functions and aggregates of dstream",
                &expressions(),
            ),
        ),
        (
            "man/dstream-formats.5",
            page(
                "DSTREAM-FORMATS",
                5,
                "dstream-formats",
                "how dstream reads and writes records",
                &formats(),
            ),
        ),
        (
            "man/dstream-time.7",
            page(
                "DSTREAM-TIME",
                7,
                "dstream-time",
                "event time, windows, late records and state in dstream",
                &time(),
            ),
        ),
        (
            "man/dstream-checkpoint.5",
            page(
                "DSTREAM-CHECKPOINT",
                5,
                "dstream-checkpoint",
                "what dstream keeps of a job between runs",
                &super::checkpoint::page(),
            ),
        ),
        (
            "man/dstream-tutorial.7",
            page(
                "DSTREAM-TUTORIAL",
                7,
                "dstream-tutorial",
                "from sort | uniq -c to event time, in ten steps",
                &super::tutorial::page(),
            ),
        ),
    ]
}

fn program() -> Vec<Block> {
    let mut blocks = vec![
        heading("Synopsis"),
        Block::Code(format!("{}\ndstream help [TOPIC]", help::SYNOPSIS)),
        heading("Description"),
        text(
            "`dstream` reads records from files, standard input or a socket, passes them through a chain of \
             operators, and writes what comes out. The same chain gives the same rows from a file and from a pipe, \
             with any number of threads.",
        ),
        text(
            "A word in operator position that is an operator's name starts that operator. Every operator has a \
             fixed number of operands, which come first and are taken whatever they look like; everything \
             optional is a flag. The first word in operator position that is no operator begins the sources; `--` \
             begins them too and ends the options. A flag is looked up in the current operator, then among the \
             options below, so options may stand anywhere. `dstream top 10 -- window` reads a file called window; \
             so does `./window`.",
        ),
        text(
            "Lists are one word with commas, as in `cut -f`. Only expressions need quotes from the shell: single \
             ones, or it takes `$1`, `>`, `*`, `;` and, at its prompt, `!` for its own.",
        ),
        heading("Examples"),
    ];
    for (command, about) in help::EXAMPLES {
        blocks.push(Block::Text(format!(
            "{}:",
            pages::sentence(about).trim_end_matches('.')
        )));
        blocks.push(Block::Code(command.into()));
    }
    blocks.push(heading("Options"));
    for section in crate::cli::globals::Section::ALL {
        blocks.push(Block::Text(format!("{}:", section.title())));
        for option in pages::options_of(section) {
            let mut about = pages::option_text(option);
            if !option.doc.text.is_empty() {
                about.push(' ');
                about.push_str(option.doc.text);
            }
            blocks.push(Block::item(pages::option_term(option), about));
        }
    }
    blocks.push(heading("Operators"));
    blocks.push(text("In full in dstream-operators(7)."));
    for (group, _) in pages::GROUPS {
        for operator in pages::operators_of(group) {
            blocks.push(Block::item(
                pages::call(operator),
                pages::sentence(operator.doc.summary),
            ));
        }
    }
    blocks.push(heading("Sources"));
    blocks.extend(sources());
    blocks.push(heading("Outputs"));
    for entry in SINKS {
        blocks.push(Block::item(
            entry.word,
            format!("{} {}", pages::sentence(entry.doc.summary), entry.doc.text),
        ));
    }
    blocks.push(heading("Exit status"));
    blocks.extend(statuses());
    blocks.push(heading("Signals"));
    blocks.push(text(
        "INT and TERM end the run as the end of input does: what was read is finished, open windows are printed, \
         then the process dies by the signal. A second one ends it at once. When the reader of standard output has \
         gone, the run stops without a word and dies by PIPE. With a checkpoint what is open stays in it, unprinted. HUP \
         with `--output` opens the outputs again by their names, as logrotate wants it; else it ends the run as TERM \
         does. USR1 writes a line on standard error that says how far the run is.",
    ));
    blocks.push(heading("Environment"));
    for (name, about) in [
        ("TZ", "The zone that `--tz` is by default."),
        ("TMPDIR", "Where state spills to, if `--tmp` does not say."),
        (
            "COLUMNS",
            "The width of tables, where the terminal does not tell.",
        ),
        (
            "NO_COLOR",
            "If it is set and not empty, nothing is coloured.",
        ),
        (
            "CLICOLOR_FORCE",
            "If it is set and not 0, colours are written to what is no terminal, too.",
        ),
        (
            "DSTREAM_COLORS",
            "Colours by role, in place of the file `colors`.",
        ),
        (
            "LC_ALL, LC_CTYPE, LANG",
            "Whether the terminal shows UTF-8; else bars are plain ASCII.",
        ),
        (
            "XDG_CONFIG_HOME, HOME",
            "Where the files below are looked for.",
        ),
        (
            "DSTREAM_BATCH, DSTREAM_WINDOW_START, DSTREAM_WINDOW_END",
            "Set for the commands of `foreach-batch` and `transform`.",
        ),
    ] {
        blocks.push(Block::item(name, about));
    }
    blocks.push(heading("Files"));
    for (name, about) in [
        (
            "$XDG_CONFIG_HOME/dstream/formats.toml, ~/.config/dstream/formats.toml",
            "Formats of one's own for `-i`; see dstream-formats(5). `--no-config` leaves it and the next unread.",
        ),
        ("$XDG_CONFIG_HOME/dstream/colors", "Colours by role."),
        (
            "FILE, FILE.1, FILE.lock",
            "Of `--checkpoint FILE`: what is kept, the generation before it, and what keeps a second run away; see \
             dstream-checkpoint(5).",
        ),
    ] {
        blocks.push(Block::item(name, about));
    }
    blocks.push(heading("See also"));
    blocks.push(text(
        "dstream-tutorial(7), dstream-operators(7), dstream-expressions(7), dstream-formats(5), dstream-time(7), \
         dstream-checkpoint(5), awk(1), sort(1), uniq(1)",
    ));
    blocks
}

/// Where records come from.
pub fn sources() -> Vec<Block> {
    SOURCES
        .iter()
        .map(|entry| {
            Block::item(
                entry.word,
                format!("{} {}", pages::sentence(entry.doc.summary), entry.doc.text),
            )
        })
        .collect()
}

/// What the exit status says.
pub fn statuses() -> Vec<Block> {
    [
        ("0", "Done: end of input, `head`, `--for`."),
        ("1", "Only with `-e`: no record was written."),
        ("2", "A mistake on the command line or in an expression; nothing ran."),
        ("65", "Data: too many bad or late records, input that is not of its format, `--on-bad abort`, a checkpoint that is damaged or another chain's."),
        ("66", "A source file cannot be opened or read; what could be done was done and written."),
        ("69", "A network source is not there."),
        ("70", "A fault in dstream itself."),
        ("73", "An output file or the checkpoint cannot be created."),
        ("74", "An output or the checkpoint cannot be written."),
        ("75", "The checkpoint or an output is in use by another run."),
        ("128+N", "Ended by signal N: INT 130, PIPE 141, TERM 143."),
    ]
    .into_iter()
    .map(|(status, about)| Block::item(status, about))
    .collect()
}

fn operators() -> Vec<Block> {
    let mut blocks = vec![
        heading("Description"),
        text(
            "A name ending in `-by` takes the key list as its first operand and (except `sort-by`) sets the key for \
             what follows; one ending in `-by-key` uses the key in force.",
        ),
    ];
    for (group, title) in pages::GROUPS {
        let mut operators = pages::operators_of(group).peekable();
        if operators.peek().is_some() {
            blocks.push(heading(title));
        }
        for operator in operators {
            let about = pages::operator(operator);
            // The synopsis is the entry's title here.
            blocks.push(Block::Text(format!("`{}`", pages::synopsis(operator))));
            blocks.extend(about.into_iter().skip(1));
        }
    }
    blocks.extend(super::spark::page());
    blocks.push(heading("See also"));
    blocks.push(text("dstream(1), dstream-expressions(7), dstream-time(7)"));
    blocks
}

fn expressions() -> Vec<Block> {
    let mut blocks = vec![
        heading("Description"),
        text(
            "Expressions are written like awk's and mean what SQL's mean. A field is named by its name, `$3` (also \
             `_3`) is the third one of a text record, `$0` the line; names with odd characters stand in backticks; \
             `a.b[0]` is a path into JSON.",
        ),
        text(
            "By rising strength: `? :`, `??` (the first that is not null), `or`, `and`, `not`, one comparison \
             (`== != < <= > >= =~ !~ in`), `+ -`, `* / %`, the sign. `/` divides as decimals do, `x / 0` is null.",
        ),
        text(
            r#"Literals: `42`, `3.5`, `1e6`, `30s`, `1h30m`, `10KiB`, `"text"`, `f"{host}:{port}"`, `/regex/`, `true`, `false`, `null`, `[1, 2]`. A regex that stands alone as a condition is matched with `$0`."#,
        ),
        heading("Values and null"),
        text(
            "Text of the input is compared with a number as a number if all of it is one, else the comparison is \
             null; with a text byte by byte; two fields as numbers if both are, else byte by byte. Absent fields, \
             JSON null and text where a number is asked for are null. Arithmetic and comparison with null are null; \
             `and` and `or` are SQL's; `filter` keeps what is true only; aggregates skip null, and `count` counts \
             records.",
        ),
        text(
            "Keys, `sort-by`, `top`, `min`, `max` and the rows of the output have one order: null, then everything \
             that reads as a number by value, then text by bytes. Numbers are exact decimals of up to 18 digits; \
             what does not fit, or has an exponent, is a 64-bit float.",
        ),
        heading("Functions"),
        text("Null in, null out, unless said otherwise. Characters and list items count from 0."),
    ];
    for (family, title) in pages::FAMILIES {
        let mut functions = pages::functions_of(family).peekable();
        if functions.peek().is_some() {
            blocks.push(Block::Text(format!("{title}:")));
        }
        for function in functions {
            let mut about = pages::sentence(function.doc.summary);
            if !function.doc.text.is_empty() {
                about.push(' ');
                about.push_str(function.doc.text);
            }
            blocks.push(Block::item(function.signature, about));
        }
    }
    blocks.push(heading("Aggregates"));
    blocks.push(text(
        "`[NAME=]FUNC[:EXPR[:PARAMETER]]`, with commas between: `n=count,total=sum:bytes,p99:ms`. Without NAME the \
         column is called `count`, `sum_bytes`, `p99_ms`. Commas and colons inside parentheses, brackets or quotes \
         belong to the expression.",
    ));
    for aggregate in pages::aggregates() {
        let mut about = pages::sentence(aggregate.doc.summary);
        if !aggregate.doc.text.is_empty() {
            about.push(' ');
            about.push_str(aggregate.doc.text);
        }
        blocks.push(Block::item(pages::aggregate_term(aggregate), about));
    }
    blocks.push(heading("Running functions"));
    blocks.push(text(
        "Of `scan`: `[NAME=]FUNC[:EXPR[:PARAMETER]]`, and aggregates without a parameter over rows around the record, \
         `avg:ms:-9..0`.",
    ));
    for running in pages::runnings() {
        let mut about = pages::sentence(running.doc.summary);
        about.push(' ');
        about.push_str(running.doc.text);
        blocks.push(Block::item(pages::running_term(running), about));
    }
    blocks.push(heading("See also"));
    blocks.push(text("dstream(1), dstream-operators(7)"));
    blocks
}

fn formats() -> Vec<Block> {
    let mut blocks = vec![
        heading("Description"),
        text(
            "`-i FORMAT` says how records are read, `-o FORMAT` how they are written. Fields are found lazily: only \
             those that the chain uses are looked for. A carriage return before the line feed belongs to the line \
             end: it is in no field, and stays where original lines pass.",
        ),
        heading("Formats"),
    ];
    for format in pages::formats() {
        let about = pages::format(format);
        blocks.push(Block::Text(format!(
            "`{}` ({})",
            format.name,
            pages::directions(format)
        )));
        blocks.extend(about.into_iter().skip(1));
    }
    blocks.extend(own_formats());
    blocks.push(heading("See also"));
    blocks.push(text("dstream(1), dstream-time(7)"));
    blocks
}

/// `formats.toml`.
fn own_formats() -> Vec<Block> {
    let mut blocks = vec![
        heading("Formats of your own"),
        text(
            "`$XDG_CONFIG_HOME/dstream/formats.toml`, else `~/.config/dstream/formats.toml`, gives names to formats, for \
             `-i NAME`. It is only read when `-i` names a format that is not built in, and not at all with \
             `--no-config`. A name that is built in is refused. Options of the command line go before what the file \
             says. A checkpoint is bound to what a format says, not to its name. A table is a format:",
        ),
        Block::Code(
            "[shop]\ndescription = \"what the tills write\"\nformat = \"csv\"\ndelimiter = \";\"\ntime = \"sold:%d.%m.%Y %H:%M\"\n\n\
             [app]\nformat = 'grok:^%{TIMESTAMP_ISO8601:at} %{LOGLEVEL:level} order=%{ORDER:order}'\ntime = \"at\"\n\
             multiline = \"time\"\npatterns.ORDER = '[A-Z]{2}-%{INT}'"
                .into(),
        ),
        text("Its keys:"),
    ];
    blocks.extend(
        KEYS.iter()
            .map(|(key, about)| Block::item(format!("`{key}`"), *about)),
    );
    blocks
}

fn time() -> Vec<Block> {
    let mut blocks = super::time::page();
    blocks.extend(super::state::page());
    blocks.push(heading("See also"));
    blocks.push(text("dstream(1), dstream-operators(7)"));
    blocks
}

/// Blocks as roff.
fn page(title: &str, chapter: u8, name: &str, summary: &str, blocks: &[Block]) -> String {
    let mut out = format!(
        ".\\\" Made from the program's tables by `UPDATE=1 cargo test docs`; edit those.\n\
         .TH {title} {chapter} {DATE} \"dstream {}\" \"dstream manual\"\n\
         .SH NAME\n{} \\- {}\n",
        env!("CARGO_PKG_VERSION"),
        escaped(name),
        inline(summary)
    );
    let mut after_heading = true;
    for block in blocks {
        match block {
            Block::Heading(title) => {
                out.push_str(&format!(".SH {}\n", escaped(&title.to_uppercase())))
            }
            Block::Text(text) => {
                if !after_heading {
                    out.push_str(".PP\n");
                }
                lines(&inline(text), &mut out);
            }
            Block::Code(code) => {
                if !after_heading {
                    out.push_str(".PP\n");
                }
                out.push_str(".RS 4\n.nf\n");
                for line in code.lines() {
                    lines(&escaped(line), &mut out);
                }
                out.push_str(".fi\n.RE\n");
            }
            Block::Item { term, text } => {
                out.push_str(".TP\n");
                lines(&format!("\\fB{}\\fR", escaped(term)), &mut out);
                lines(&inline(text.trim()), &mut out);
            }
        }
        after_heading = matches!(block, Block::Heading(_));
    }
    out
}

/// A line of output; one that begins as a request does is protected.
fn lines(line: &str, out: &mut String) {
    if line.starts_with(['.', '\'']) {
        out.push_str("\\&");
    }
    // A line of nothing would be a request's job.
    out.push_str(if line.is_empty() { "\\&" } else { line });
    out.push('\n');
}

/// Text with `` `code` `` in bold.
fn inline(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split('`').enumerate() {
        if i % 2 == 1 {
            out.push_str(&format!("\\fB{}\\fR", escaped(part)));
        } else {
            out.push_str(&escaped(part));
        }
    }
    // Sentences begin lines of their own, as roff likes them.
    out.replace(". ", ".\n")
        .lines()
        .fold(String::new(), |mut all, line| {
            if !all.is_empty() {
                all.push('\n');
            }
            if line.starts_with(['.', '\'']) {
                all.push_str("\\&");
            }
            all.push_str(line);
            all
        })
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '"' => out.push_str("\\(dq"),
            '\t' => out.push_str("    "),
            plain if plain.is_ascii() => out.push(plain),
            other => out.push_str(&format!("\\[u{:04X}]", u32::from(other))),
        }
    }
    out
}
