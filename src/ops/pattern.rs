//! `match`: sequences of one key's records. Reads what the user typed, sorts conditions by what they read, and
//! leaves the rest to `state::pattern`. Refuses a pattern that could match nothing or wait for ever on a `not`.
//! Invariant: a condition that reads only the record is evaluated by the workers; none is evaluated twice.

use super::pattern_reads::{Reader, Wheres, known_step};
use super::prelude::*;
use crate::data::Type;
use crate::plan::custom::{Ordered, OwnRows};
use crate::plan::meaning::Meaning;
use crate::plan::node::Scope;
use crate::plan::scopes::Windows;
use crate::state::pattern::conditions::Conditions;
use crate::state::pattern::machine::{PARTIALS_MAX, Program, Skip};
use crate::state::pattern::process::{Matcher, Plan};
use crate::state::pattern::rows::Measure;
use crate::state::pattern::syntax::{self, Pattern};
use std::sync::Arc;

pub const MATCH: Operator = Operator {
    name: "match",
    group: Group::State,
    doc: Doc {
        summary: "Sequences of one key's records",
        text: "PATTERN names steps in the order in which their records come, per key in force (without one: of \
               the whole stream), by event time: `small large`, `fail{5,} ok`. Behind a step may stand `?`, `+`, \
               `*`, `{n}`, `{n,m}` or `{n,}`. Between steps stands a link: `a then b` (or just `a b`) is the \
               first b after a, `a next b` the very next record, `a any b` any later b, a match each. Between \
               the repeats of a step the link is written behind the quantifier: `up{3}:next`. `a not x then b`: \
               no x comes before b; `a not next x then b`: the record after a is no x; at the end of a pattern \
               `not` waits until x can no longer come.\n\n\
               `--where` says what a step takes; a step without one takes any record. In its condition `NAME.f` \
               is field f of the last record that step NAME took (of its own step: by an earlier repeat), \
               `first(NAME.f)` of the first, and `count sum avg min max (NAME.f)` are over those taken so far.\n\n\
               Each match is a row: the key, `match_start`, `match_end`, then the measures: aggregates over its \
               records, or with NAME.f over those of one step. Quantifiers take as few records as they can; \
               where the next match may begin, `--skip` says. `to-first:NAME` and `to-last:NAME` go to a record that NAME \
               took; where that turns out to be the match's own first record, the next match begins behind it, as with \
               `next` (a step that always takes that one is refused). Records wait until the watermark has come to \
               them. Without `--within` a sequence that has begun is waited for as long as the input lasts.",
        examples: &[
            Example {
                title: "A small payment, then a large one within a minute",
                session: "$ printf 't,card,sum\\n2026-11-20T10:00:00Z,a,1\\n2026-11-20T10:00:05Z,b,2\\n2026-11-20T10:00:30Z,a,900\\n2026-11-20T10:02:00Z,b,900\\n' | dstream -i csv --time t key-by card match 'small large' --where 'small=sum<5' --where 'large=sum>500' --within 1m\na\t2026-11-20T10:00:00Z\t2026-11-20T10:00:30Z\t2\n",
            },
            Example {
                title: "A price that falls, then rises above where it began",
                session: "$ printf 't,p\\n1700000001,9\\n1700000002,8\\n1700000003,6\\n1700000004,7\\n1700000005,10\\n' | dstream -i csv --time t match 'start next down+:next next up+:next' --where 'down=p<(down.p ?? start.p)' --where 'up=p>(up.p ?? down.p)' --measures 'top=first:start.p,low=min:down.p,high=last:up.p' --greedy -o json\n{\"match_start\":\"2023-11-14T22:13:21Z\",\"match_end\":\"2023-11-14T22:13:25Z\",\"top\":9,\"low\":6,\"high\":10}\n",
            },
            Example {
                title: "How many an hour",
                session: "$ printf 't,k\\n0,a\\n5,b\\n4000,a\\n4001,a\\n4002,b\\n' | dstream -i csv --time t:s match 'a b' --where 'a=k==\"a\"' --where 'b=k==\"b\"' window 1h count\n1970-01-01T00:00:00Z\t1\n1970-01-01T01:00:00Z\t1\n",
            },
            Example {
                title: "Each pair",
                session: "$ printf '1700000001 a 1\\n1700000002 a 2\\n1700000003 b 3\\n1700000004 b 4\\n' | dstream --time _1 match 'a any b' --where 'a=_2==\"a\"' --where 'b=_2==\"b\"' --skip none --measures 'first:a._3,last:b._3'\n2023-11-14T22:13:21Z\t2023-11-14T22:13:23Z\t1\t3\n2023-11-14T22:13:22Z\t2023-11-14T22:13:23Z\t2\t3\n2023-11-14T22:13:21Z\t2023-11-14T22:13:24Z\t1\t4\n2023-11-14T22:13:22Z\t2023-11-14T22:13:24Z\t2\t4\n",
            },
            Example {
                title: "Orders that are not paid within an hour",
                session: "$ printf '{\"ts\":\"2026-11-20T10:00:00Z\",\"id\":7,\"what\":\"order\"}\\n{\"ts\":\"2026-11-20T10:05:00Z\",\"id\":8,\"what\":\"order\"}\\n{\"ts\":\"2026-11-20T10:09:00Z\",\"id\":8,\"what\":\"paid\"}\\n' | dstream -i json --time ts key-by id match 'order paid' --where 'order=what==\"order\"' --where 'paid=what==\"paid\"' --within 1h --timeouts\n8\t2026-11-20T10:05:00Z\t2026-11-20T10:09:00Z\t2\tfalse\n7\t2026-11-20T10:00:00Z\t2026-11-20T10:00:00Z\t1\ttrue\n",
            },
        ],
    },
    operands: &[Operand {
        name: "PATTERN",
        kind: Kind::Pattern,
        help: "Steps and links: 'a b+ c', 'a next b{2,5}:next', 'a not x then b'",
    }],
    flags: &[
        Flag {
            long: "where",
            value: Some(("NAME=COND", Kind::Assignment)),
            repeated: true,
            help: "What the step NAME takes; without it, any record",
        },
        Flag {
            long: "measures",
            value: Some(("A", Kind::Aggregates)),
            repeated: false,
            help: "Aggregates over a match's records, or with NAME.f over a step's; default count",
        },
        Flag {
            long: "within",
            value: Some(("D", Kind::Duration)),
            repeated: false,
            help: "The last record comes less than D after the first",
        },
        Flag {
            long: "skip",
            value: Some(("WHERE", Kind::Skip)),
            repeated: false,
            help: "Where the next match may begin: none (anywhere), next, past-last (the default), to-first:NAME, to-last:NAME",
        },
        Flag {
            long: "timeouts",
            value: None,
            repeated: false,
            help: "Also print what began and ran out of --within, with `timeout` true",
        },
        Flag {
            long: "greedy",
            value: None,
            repeated: false,
            help: "Quantifiers take as many as they can; of each start only the longest match counts",
        },
    ],
    lower,
};

fn lower(args: &Args, b: &mut Builder<'_>) -> Result<(), Usage> {
    let source = args.operand(0);
    let pattern = syntax::parse(source).map_err(|(at, message)| match at.is_empty() {
        true => b.fault(message),
        false => b.fault_at(source, at, message),
    })?;
    let within = match args.flag("within") {
        Some(word) => {
            Some(args::duration(word).map_err(|message| b.fault(format!("--within: {message}")))?)
        }
        None => None,
    };
    check_end(&pattern, within, source, b)?;
    let skip = skip(args.flag("skip").unwrap_or("past-last"), &pattern, b)?;
    let timeouts = args.has("timeouts");
    if timeouts && within.is_none() {
        return Err(b.fault("--timeouts tells what ran out of --within D; give that too"));
    }
    let arrival = b.sequence_times("a pattern")?;
    let windowed = b.row_scope() == Scope::Rows;
    let windows = b.windows_of_rows();
    let bounded = windows != Windows::No;
    let keys = b.key_in_force();

    let mut reader = Reader {
        pattern: &pattern,
        kept: Vec::new(),
        looks: Vec::new(),
        source: "",
        offset: 0,
        b: &mut *b,
    };
    let wheres = reader.wheres(args)?;
    let measures = reader.measures(args.flag("measures").unwrap_or("count"))?;
    let Reader { kept, looks, .. } = reader;

    let mut program = Program::new(pattern, skip, within, args.has("greedy"));
    program.timeouts = timeouts;
    program.contextual = wheres.by_name.iter().any(Option::is_some);
    let text = text(source, &program, &wheres, &measures, args);
    let keeps = keeps(&program, windowed);
    let fields = fields(&measures, &keys, bounded, timeouts, b)?;
    let mut node_args: Vec<Expr> = wheres.plain;
    node_args.extend(kept.iter().cloned());
    let plan = Arc::new(Plan {
        program,
        conditions: Conditions {
            by_name: wheres.by_name,
            looks,
            types: kept.iter().map(|expr| expr.ty.clone()).collect(),
            now: 0,
        },
        flags: wheres.flags,
        measures,
        keys: keys.iter().map(|key| key.expr.ty.clone()).collect(),
        windowed,
        bounded,
        by_window: windowed && b.windows_leave_whole(),
        later: b.shown_later(),
        arrival,
    });
    b.ordered_rows(
        Ordered {
            text,
            keeps,
            keys: keys.iter().map(|key| key.expr.clone()).collect(),
            args: node_args,
            meaning: Meaning::Own("patterns are MATCH_RECOGNIZE in Flink, which has no `then` and no `any`, and nothing in Spark"),
            make: Arc::new(move |making| Box::new(Matcher::new(Arc::clone(&plan), making))),
        },
        OwnRows {
            windows,
            keys,
            fields,
        },
        None,
    );
    b.rows_come_at("match_end");
    Ok(())
}

/// A `not` at the end must have an end itself.
fn check_end(
    pattern: &Pattern,
    within: Option<i64>,
    source: &str,
    b: &Builder<'_>,
) -> Result<(), Usage> {
    let lasting = pattern.end.iter().find(|not| !not.next);
    match (lasting, within) {
        (Some(not), None) => {
            let name = &pattern.names[not.name];
            Err(b.fault_at(
                source,
                name.at.clone(),
                format!(
                    "'{0}' could still come for ever; give --within D, or ask only the next record: not next {0}",
                    name.text
                ),
            ))
        }
        _ => Ok(()),
    }
}

fn skip(word: &str, pattern: &Pattern, b: &Builder<'_>) -> Result<Skip, Usage> {
    let (how, name) = match word.split_once(':') {
        Some((how, name)) => (how, Some(name)),
        None => (word, None),
    };
    let to = match (how, name) {
        ("none", None) => return Ok(Skip::None),
        ("next", None) => return Ok(Skip::Next),
        ("past-last", None) => return Ok(Skip::PastLast),
        ("to-first", Some(_)) => Skip::ToFirst,
        ("to-last", Some(_)) => Skip::ToLast,
        ("to-first" | "to-last", None) => {
            return Err(b.fault(format!(
                "--skip: '{how}' needs a step, as {how}:{}",
                pattern.names[pattern.steps[0].name].text
            )));
        }
        _ => {
            return Err(b.fault(format!(
                "--skip: '{word}' is not known; there are none, next, past-last, to-first:NAME and to-last:NAME"
            )));
        }
    };
    let name = name.unwrap_or_default();
    let at = how.len() + 1..word.len();
    let step = known_step(name, pattern, word, at.clone(), "--skip", b)?;
    let quantifier = pattern.steps[step].quantifier;
    if quantifier.least == 0 {
        return Err(b.fault_at(
            word,
            at,
            format!("--skip: '{name}' may take no record, and then there is nothing to skip to; name a step that always takes one"),
        ));
    }
    if step == 0 && (how == "to-first" || quantifier.most == 1) {
        return Err(b.fault_at(
            word,
            at,
            format!("--skip: '{name}' is where the match began, so this would go nowhere; use --skip next"),
        ));
    }
    Ok(to(step))
}

/// Columns behind the keys.
fn fields(
    measures: &[Measure],
    keys: &[crate::plan::keys::Key],
    bounded: bool,
    timeouts: bool,
    b: &Builder<'_>,
) -> Result<Vec<(String, Type)>, Usage> {
    let mut fields = vec![
        ("match_start".to_string(), Type::Time),
        ("match_end".to_string(), Type::Time),
    ];
    for measure in measures {
        let ty = (measure.aggregate.result)(&measure.call);
        fields.push((measure.name.clone(), ty));
    }
    if timeouts {
        fields.push(("timeout".into(), Type::Bool));
    }
    let mut names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
    if bounded {
        names.extend(["window_start", "window_end"]);
    }
    for (name, _) in &fields {
        if names.contains(&name.as_str()) {
            return Err(b.fault(format!(
                "two columns are called '{name}'; name the measure otherwise, as NAME=count"
            )));
        }
        names.push(name);
    }
    Ok(fields)
}

/// The node in the printed plan.
fn text(
    source: &str,
    program: &Program,
    wheres: &Wheres,
    measures: &[Measure],
    args: &Args,
) -> String {
    let names = &program.pattern.names;
    let mut text = format!(
        "match {}",
        source.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    let flags: Vec<&str> = wheres
        .flags
        .iter()
        .map(|&id| names[id].text.as_str())
        .collect();
    if !flags.is_empty() {
        text.push_str(&format!("   first told {}", flags.join(", ")));
    }
    if !wheres.texts.is_empty() {
        text.push_str(&format!("   where {}", wheres.texts.join("; ")));
    }
    if let Some(word) = args.flag("within") {
        text.push_str(&format!("   within {word}"));
    }
    text.push_str(&format!(
        "   skip {}",
        args.flag("skip").unwrap_or("past-last")
    ));
    for flag in ["greedy", "timeouts"] {
        if args.has(flag) {
            text.push_str(&format!("   {flag}"));
        }
    }
    let measures: Vec<String> = measures
        .iter()
        .map(|measure| {
            let step = measure.step.map_or(String::new(), |step| {
                format!(" of {}", names[program.pattern.steps[step].name].text)
            });
            format!("{}{step}", measure.name)
        })
        .collect();
    text.push_str(&format!("   measures {}", measures.join(", ")));
    text
}

/// What `--explain` says of its state.
fn keeps(program: &Program, windowed: bool) -> String {
    let mut text = String::from("holds records until the watermark has come to them; ");
    text.push_str(match (program.within, windowed, program.forgets_equals()) {
        (Some(_), ..) => "partial matches of each key are freed when --within has passed",
        (None, true, _) => "partial matches of each key are freed when their window ends",
        (None, _, true) => {
            "partial matches of each key are kept for ever, one for each state of the pattern; grows without bound with the keys (no --within)"
        }
        (None, ..) => {
            "partial matches of each key are kept for ever; grows without bound with the keys (no --within)"
        }
    });
    if program.within.is_some() || !program.forgets_equals() {
        text.push_str(&format!(", {PARTIALS_MAX} of a key at most"));
    }
    if program.greedy {
        text.push_str("; a match comes when no longer one of its start can");
    } else if program.is_late() {
        text.push_str("; a match comes when what must not follow it can no longer come");
    }
    text
}
