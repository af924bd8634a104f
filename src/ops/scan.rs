//! `scan`: running functions and aggregates over the rows around each record. Reads how they are spelt; `state` runs
//! them. Invariant: records go on in input order, each with its values.

use super::lasting::{self, TTL};
use super::prelude::*;
use crate::aggs::{self, Need};
use crate::data::Type;
use crate::plan::custom::Ordered;
use crate::plan::keys::Key;
use crate::plan::meaning;
use crate::state::moving::Over;
use crate::state::running::{self, Arg, RUNNING, Running, What};
use crate::state::scan::{Call, Of, Scan, Scanning};
use std::ops::Range;
use std::sync::Arc;

/// How far a frame reaches at most.
const FRAME_MAX: i64 = 1_000_000;

const F: Operand = Operand {
    name: "F",
    kind: Kind::Running,
    help: "Running functions, [NAME=]FUNC[:EXPR[:PARAMETER]] or [NAME=]AGGREGATE[:EXPR]:FROM..TO, with commas between",
};

const TEXT: &str = "\
    A field for each function, added to each record. Running functions (`help functions` lists them) go over the \
    key's records so far: `n=cumcount,cumsum:bytes,lag:status,zscore:ms:100`. An aggregate without a parameter of its \
    own goes over a frame of the key's records around this one, which is 0: `avg:ms:-9..0` over the last ten, \
    `sum:v:-2..-1` over the two before, `max:v:-1..1` with the neighbours. Records keep their input order; one that \
    looks ahead waits until its frame is full, its key is forgotten or the input ends, and what comes after it waits \
    with it. `--ttl D` forgets a key that has been silent for D, by event time where the chain has one. A window in \
    front does not begin anew: the key's records are those of all windows. `sort-by @time` in front puts records in \
    order of event time.";

pub const SCAN: Operator = Operator {
    name: "scan",
    group: Group::State,
    doc: Doc {
        summary: "A running function's value for each record, over the whole stream",
        text: TEXT,
        examples: &[
            Example {
                title: "A running total and the mean of the last two",
                session: "$ printf 'v\\n1\\n3\\n0.5\\n' | dstream -i csv -o csv scan total=cumsum:v,m=avg:v:-1..0\nv,total,m\n1,1,1\n3,4,2\n0.5,4.5,1.75\n",
            },
            Example {
                title: "Forgotten when nothing came for a minute",
                session: "$ printf '0 a\\n20 a\\n90 b\\n91 a\\n' | dstream --time '$1:s' --watermark 0s filter '$2==\"a\"' scan n=cumcount --ttl 1m select '$1,n'\n0\t1\n20\t2\n91\t1\n",
            },
        ],
    },
    operands: &[F],
    flags: &[TTL],
    lower: |args, b| lower(Vec::new(), args.operand(0), args, b),
};

pub const SCAN_BY: Operator = Operator {
    name: "scan-by",
    group: Group::State,
    doc: Doc {
        summary: "A running function's value for each record, by key",
        text: "What functions there are and what they go over, `scan` tells. The key is set for what follows.",
        examples: &[
            Example {
                title: "How much each counter grew",
                session: "$ printf 'a 10\\nb 5\\na 12\\nb 5\\n' | dstream scan-by '$1' 'd=delta:$2' filter 'd>0'\na 12\t2\n",
            },
            Example {
                title: "The largest of each value and its neighbours",
                session: "$ printf 'k,v\\na,1\\nb,9\\na,3\\na,2\\n' | dstream -i csv scan-by k m=max:v:-1..1\na\t1\t3\nb\t9\t9\na\t3\t3\na\t2\t3\n",
            },
            Example {
                title: "A key that was silent for a minute begins anew",
                session: "$ printf '0 a\\n50 a\\n120 b\\n130 a\\n' | dstream --time '$1:s' --watermark 0s scan-by '$2' n=cumcount --ttl 1m select '$1,n'\n0\t1\n50\t2\n120\t1\n130\t1\n",
            },
        ],
    },
    operands: &[K, F],
    flags: &[TTL],
    lower: |args, b| {
        let keys = b.keys(args.operand(0))?;
        let keys = b.set_key(keys);
        lower(keys, args.operand(1), args, b)
    },
};

pub const SCAN_BY_KEY: Operator = Operator {
    name: "scan-by-key",
    group: Group::State,
    doc: Doc {
        summary: "A running function's value for each record, by the key in force",
        text: "`scan-by` with the key that `key-by` or an operator ending in `-by` has set; of text without one, the \
               line.",
        examples: &[Example {
            title: "From window to window, with keys forgotten after an hour",
            session: "$ printf '0 a\\n1 a\\n60 a\\n61 b\\n62 a\\n63 a\\n' | dstream --time '$1:s' window 1m count-by '$2' scan-by-key 'more=delta:count' --ttl 1h select '$2,count,more'\na\t2\t\na\t3\t1\nb\t1\t\n",
        }],
    },
    operands: &[F],
    flags: &[TTL],
    lower: |args, b| {
        let keys = b.key()?;
        lower(keys, args.operand(0), args, b)
    },
};

/// A call as it was read and resolved.
struct Resolved {
    name: String,
    /// As the plan prints it.
    text: String,
    arg: Option<Expr>,
    of: Of,
    ty: Type,
}

fn lower(keys: Vec<Key>, source: &str, args: &Args, b: &mut Builder<'_>) -> Result<(), Usage> {
    let pieces = aggs::split(source).map_err(|(at, message)| b.fault_at(source, at, message))?;
    let mut resolved: Vec<Resolved> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let given = piece.name.is_some();
        let mut one = call(&piece, source, b)?;
        if resolved.iter().any(|other| other.name == one.name) {
            if given {
                let message = format!("two columns are called '{}'", one.name);
                return Err(b.fault_at(source, piece.at, message));
            }
            let names = (2..).map(|n| format!("{}_{n}", one.name));
            let free = |name: &String| resolved.iter().all(|other| other.name != *name);
            one.name = names.into_iter().find(free).unwrap_or_default();
        }
        resolved.push(one);
    }
    let terms = lasting::terms(args, b)?;
    let lapse = match terms.ttl {
        Some(_) => b.lapse_of_ttl(),
        None => b.lapse_of_age(&terms.limits),
    };
    // Equal arguments are computed once.
    let mut exprs: Vec<Expr> = Vec::new();
    let mut calls = Vec::with_capacity(resolved.len());
    let mut texts = Vec::with_capacity(resolved.len());
    let mut funcs = Vec::with_capacity(resolved.len());
    for one in resolved {
        let arg = one.arg.map(|arg| {
            let same = |other: &Expr| other.text() == arg.text() && other.ty == arg.ty;
            exprs.iter().position(same).unwrap_or_else(|| {
                exprs.push(arg);
                exprs.len() - 1
            })
        });
        funcs.push(one.text.split('(').next().unwrap_or_default().to_string());
        texts.push(format!("{} as {}", one.text, one.name));
        let into = b.add_shown(&one.name, one.ty.clone());
        calls.push(Call {
            arg,
            of: one.of,
            ty: one.ty,
            into,
        });
    }
    let running = funcs.into_iter().zip(&calls).map(self::meaning).collect();
    let sets = calls.iter().map(|call| call.into).collect();
    let scanning = Scanning {
        calls: calls.into(),
        types: exprs.iter().map(|expr| expr.ty.clone()).collect(),
        lapse,
    };
    let node = Ordered {
        text: lasting::text(&format!("scan {}", texts.join(", ")), &terms),
        keeps: lasting::keeps(
            "adds to each record what its key's records around it make; keeps their state for each key",
            &terms,
        ),
        keys: keys.into_iter().map(|key| key.expr).collect(),
        args: exprs,
        meaning: meaning::Meaning::Running(running),
        make: Arc::new(move |making| Box::new(Scan::new(scanning.clone(), terms.clone(), making))),
    };
    b.ordered(node, sets, None);
    Ok(())
}

/// A call in the words of a plan's meaning.
fn meaning((func, call): (String, &Call)) -> meaning::Running {
    let (frame, rows) = match &call.of {
        Of::Row(away) => (None, *away),
        Of::Rows(_, over) => match over {
            Over::Rows(n) => (None, *n as i64),
            Over::Weight(_) => (None, 0),
        },
        Of::Frame {
            aggregate,
            call,
            from,
            to,
        } => (Some((*aggregate, call.clone(), *from, *to)), 0),
    };
    meaning::Running {
        func,
        frame,
        rows,
        arg: call.arg,
        into: call.into,
    }
}

fn call(piece: &aggs::Piece, source: &str, b: &mut Builder<'_>) -> Result<Resolved, Usage> {
    let func = &source[piece.func.clone()];
    if let Some(running) = running::find(func) {
        return run(running, piece, source, b);
    }
    let Some(aggregate) = aggs::find(func) else {
        let names: Vec<&str> = RUNNING.iter().map(|running| running.name).collect();
        let message = if func.is_empty() {
            "expected a running function here, such as cumsum:bytes".into()
        } else {
            format!(
                "no running function or aggregate '{func}'\n    there are: {}, and aggregates over rows: avg:x:-9..0",
                names.join(" ")
            )
        };
        return Err(b.fault_at(source, piece.func.clone(), message));
    };
    if aggregate.param != aggs::Param::No {
        let message = format!(
            "{func} has a parameter of its own; over rows there are aggregates without one, such as avg and max"
        );
        return Err(b.fault_at(source, piece.func.clone(), message));
    }
    let frame = piece.rest.split_last().and_then(|(last, rest)| {
        let (from, to) = source[last.clone()].trim().split_once("..")?;
        Some((
            from.trim().parse::<i64>().ok()?,
            to.trim().parse::<i64>().ok()?,
            rest,
        ))
    });
    let Some((from, to, rest)) = frame else {
        let near = match func {
            "sum" => "; a running sum is cumsum",
            "count" => "; a running count is cumcount",
            _ => "",
        };
        let message = format!("{func} needs rows to go over, for example {func}:x:-9..0{near}");
        return Err(b.fault_at(source, piece.at.clone(), message));
    };
    if from > to || from < -FRAME_MAX || to > FRAME_MAX {
        let message = format!(
            "'{from}..{to}' is no frame: it goes upwards, and {FRAME_MAX} records far at most"
        );
        return Err(b.fault_at(source, piece.at.clone(), message));
    }
    let expr = between(rest)
        .map(|at| trimmed(source, at))
        .filter(|at| !at.is_empty());
    match (&expr, aggregate.arg) {
        (None, Need::Any | Need::Number | Need::Bool) => {
            let message = format!("{func} needs an expression, for example {func}:x:{from}..{to}");
            return Err(b.fault_at(source, piece.at.clone(), message));
        }
        (Some(at), Need::No) => {
            return Err(b.fault_at(source, at.clone(), format!("{func} takes no expression")));
        }
        _ => {}
    }
    let text = expr.clone().map(|at| &source[at]);
    let syntax = aggs::Syntax {
        name: named(piece, func, text),
        func: func.into(),
        aggregate,
        expr: expr.map(|at| (source[at.clone()].to_string(), at.start)),
        param: None,
    };
    let resolved = b.aggregate_call(&syntax, source)?;
    let shown = resolved.arg.as_ref().map(Expr::text).unwrap_or_default();
    Ok(Resolved {
        name: syntax.name,
        text: format!("{func}({shown}) over {from}..{to}"),
        ty: (aggregate.result)(&resolved.call),
        arg: resolved.arg,
        of: Of::Frame {
            aggregate,
            call: resolved.call,
            from,
            to,
        },
    })
}

fn named(piece: &aggs::Piece, func: &str, expr: Option<&str>) -> String {
    piece
        .name
        .clone()
        .unwrap_or_else(|| aggs::made_name(func, expr))
}

/// From the first of some ranges to the last.
fn between(ranges: &[Range<usize>]) -> Option<Range<usize>> {
    Some(ranges.first()?.start..ranges.last()?.end)
}

fn trimmed(source: &str, at: Range<usize>) -> Range<usize> {
    let text = &source[at.clone()];
    let start = at.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}

/// A running function.
fn run(
    running: &Running,
    piece: &aggs::Piece,
    source: &str,
    b: &mut Builder<'_>,
) -> Result<Resolved, Usage> {
    let name = running.name;
    let behind = match running.param {
        running::Param::No => (&piece.rest[..], None),
        running::Param::Rows if piece.rest.len() < 2 => (&piece.rest[..], None),
        _ => match piece.rest.split_last() {
            Some((last, rest)) => (rest, Some(last.clone())),
            None => (&piece.rest[..], None),
        },
    };
    let (rest, param) = behind;
    let example = match running.param {
        running::Param::Weight => format!("{name}:x:0.1"),
        running::Param::Over => format!("{name}:x:100"),
        _ => format!("{name}:x"),
    };
    let expr = between(rest)
        .map(|at| trimmed(source, at))
        .filter(|at| !at.is_empty());
    let Some(at) = expr
        .clone()
        .or((running.arg == Arg::Optional).then_some(0..0))
    else {
        let message = format!("{name} needs more than this: {example}");
        return Err(b.fault_at(source, piece.at.clone(), message));
    };
    let arg = match &expr {
        None => None,
        Some(_) => {
            let arg = b.expression_at(&source[at.clone()], source, at.start)?;
            Some(match (running.arg, &arg.ty) {
                (Arg::Number, _) => arg.into_number(),
                (Arg::Difference, Type::Duration) => arg,
                (Arg::Difference, Type::Time) if running.what == What::Delta => arg,
                (Arg::Difference, _) => arg.into_number(),
                _ => arg,
            })
        }
    };
    if matches!(running.what, What::Rate | What::Since) {
        b.lapse_of_order(name)?;
    }
    let (of, shown) = parameter(running, param, source, b)?;
    let inside: Vec<String> = arg.iter().map(Expr::text).chain(shown).collect();
    Ok(Resolved {
        name: named(piece, name, expr.map(|at| &source[at])),
        text: format!("{name}({})", inside.join(", ")),
        ty: running::result(running.what, arg.as_ref().map(|arg| &arg.ty)),
        arg,
        of,
    })
}

/// What stands behind the last colon, and how the plan prints it.
fn parameter(
    running: &Running,
    at: Option<Range<usize>>,
    source: &str,
    b: &Builder<'_>,
) -> Result<(Of, Option<String>), Usage> {
    let text = at.clone().map(|at| source[at].trim());
    let wrong = |wanted: &str| {
        let at = at.clone().unwrap_or(0..source.len());
        let message = format!(
            "{}: expected {wanted}, not '{}'",
            running.name,
            text.unwrap_or_default()
        );
        Err(b.fault_at(source, at, message))
    };
    let rows = |text: &str| {
        text.parse::<i64>()
            .ok()
            .filter(|n| (1..=FRAME_MAX).contains(n))
    };
    let weight = |text: &str| text.parse::<f64>().ok().filter(|a| *a > 0.0 && *a < 1.0);
    let shown = text.map(str::to_string);
    let over = match (running.param, text) {
        (running::Param::No, _) => Over::Rows(1),
        (running::Param::Rows, None) => Over::Rows(1),
        (running::Param::Rows, Some(text)) => match rows(text) {
            Some(n) => Over::Rows(n as usize),
            None => return wrong("how many records, a whole number from 1"),
        },
        (running::Param::Weight, text) => match text.and_then(weight) {
            Some(a) => Over::Weight(a),
            None => return wrong("a weight above 0 and below 1"),
        },
        (running::Param::Over, text) => {
            let text = text.unwrap_or_default();
            match (weight(text), rows(text)) {
                (Some(a), _) => Over::Weight(a),
                (_, Some(n)) => Over::Rows(n as usize),
                _ => return wrong("a weight below 1 or a number of records"),
            }
        }
    };
    let away = match over {
        Over::Rows(n) => n as i64,
        Over::Weight(_) => 0,
    };
    let of = match running.what {
        What::Lag => Of::Row(-away),
        What::Lead => Of::Row(away),
        what => Of::Rows(what, over),
    };
    Ok((of, shown))
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn functions_are_spelt_like_aggregates() {
        check(
            "csv:k,v scan-by k 'lag:v,p=lag:v:2,cumsum:v,n=cumcount,avg:v*2:-9..0,count:-1..1'",
            "ordered   scan lag(v) as lag_v, lag(v, 2) as p, cumsum(number(v)) as cumsum_v, cumcount() as n, avg(v * 2) over -9..0 as avg_v_2, count() over -1..1 as count   keys k   of v, number(v), v * 2   carry k, v\nsink      tsv: k, v, lag_v, p, cumsum_v, n, avg_v_2, count\n",
        );
        check(
            "csv:k,v key-by k scan-by-key ewma:v:0.1,zscore:v:50 --ttl 1h select k",
            "time      arrival\nordered   scan ewma(number(v), 0.1) as ewma_v, zscore(number(v), 50) as zscore_v   ttl 1h   keys k   of number(v)   carry k\nsink      tsv: k\n",
        );
    }

    #[test]
    fn what_cannot_be_scanned_is_told() {
        for (chain, message) in [
            (
                "scan sum:v",
                "scan: sum needs rows to go over, for example sum:x:-9..0; a running sum is cumsum",
            ),
            (
                "scan avg:v:3..1",
                "scan: '3..1' is no frame: it goes upwards, and 1000000 records far at most",
            ),
            ("scan ewma:v", "scan: ewma needs more than this: ewma:x:0.1"),
            (
                "scan ewma:v:2",
                "scan: ewma: expected a weight above 0 and below 1, not '2'",
            ),
            (
                "scan lag:v:x",
                "scan: lag: expected how many records, a whole number from 1, not 'x'",
            ),
            ("scan delta", "scan: delta needs more than this: delta:x"),
            (
                "scan topk:v:3",
                "scan: topk has a parameter of its own; over rows there are aggregates without one, such as avg and max",
            ),
            (
                "scan n=cumcount,n=delta:v",
                "scan: two columns are called 'n'",
            ),
            (
                "scan rate:v",
                "scan: rate over a regular file needs a time field; give --time FIELD, or --time arrival if you mean it",
            ),
        ] {
            refused(&format!("csv:k,v {chain}"), message);
        }
    }
}
