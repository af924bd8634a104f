//! What the splitter makes of command lines: of a small table of operators, and of the real ones that they keep to the
//! grammar. Asserts on messages without their place, which `pointing` has.

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
        Err(usage) => return usage.message,
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
    check(
        "-Z",
        "there is no option '-Z'; 'dstream help options' lists them",
    );
    check(
        "-F: count",
        "there is no option '-:'; awk's -F is -d here: -d ':'; -F follows files",
    );
    check(
        "-i=csv count",
        "a short option takes its value without '=': write -i csv, or --input-format=csv",
    );
    check("--icsv count", "there is no option '--icsv'; write -i csv");
}

#[test]
fn the_first_other_word_begins_the_sources() {
    check("a.log", "; ; a.log");
    check("count a.log data", "count(); ; a.log data");
    check("count a.log missing", "count(); ; a.log missing");
    check("count a.log count", "count(); ; a.log count");
    check("top 10 -- window", "top(10); ; window");
    check("top 10 ./window", "top(10); ; ./window");
    check("count -- -y --", "count(); ; -y --");
    check(
        "count a.log -- -o json",
        "'-o' is no file; behind '--' there are only sources: put the option in front of it",
    );
    check(
        "count -- --slide=1m",
        "'--slide=1m' is no file; behind '--' there are only sources: put the option in front of it",
    );
    check(
        "count *.log",
        "'*.log' is neither an operator nor a file; no file's name matches this pattern, so the shell has left it as it is",
    );
    check("-F count *.log", "count(); follow=; *.log");
    check(
        "count a.log | x",
        "'|' is no file; operators follow each other with nothing between them",
    );
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
    check(
        "count zebra",
        "'zebra' is neither an operator nor a file; the operator before it is whole: count",
    );
    check(
        "count by x",
        "'by' is neither an operator nor a file; it is one word: 'count-by'",
    );
    check("reduce-by k, v", "reduce-by(k,|v); ; ");
    check(
        "count-by k, v",
        "'v' is neither an operator nor a file; a list is one word without blanks: count-by k,v",
    );
    check(
        "count-by k v",
        "'v' is neither an operator nor a file; a list of count-by is one word with commas: count-by k,v",
    );
    check(
        "window 1m slide 1s",
        "'slide' is neither an operator nor a file; it is a flag of window: --slide",
    );
    check(
        "filter x == 5",
        "'==' is neither an operator nor a file; an expression is one word: put it in single quotes, as in filter 'status >= 500' or map 'x=ms*2'",
    );
    check(
        "filter x 5",
        "'5' is neither an operator nor a file; what filter takes is one word: put it in single quotes, or the shell takes it apart and < and > out of it",
    );
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
