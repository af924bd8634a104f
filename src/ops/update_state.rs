//! `update-state-by`: running totals of each key. Invariant: what prints is the key and its totals, in the order that
//! aggregates have.

use super::lasting::{self, TTL};
use super::prelude::*;
use crate::data::Type;
use crate::plan::clocks::Lapse;
use crate::plan::custom::Ordered;
use crate::plan::keys::Key;
use crate::plan::meaning::Meaning;
use crate::plan::totals::{Printed, Totalled};
use crate::plan::variables::Initial;
use crate::plan::window::duration;
use crate::state::initial;
use crate::state::totals::{Totalling, Totals};
use std::sync::Arc;

const ON_TIMEOUT: Flag = Flag {
    long: "on-timeout",
    value: Some(("emit", Kind::OneOf(&["emit"]))),
    repeated: false,
    help: "A row for each key that --ttl forgets: the key and its totals",
};

const INITIAL: Flag = Flag {
    long: "initial",
    value: Some(("FILE", Kind::File)),
    repeated: false,
    help: "Records with keys and totals to begin with, in the input's format",
};

const TEXT: &str = "\
    Totals outlive windows and batches. At the end of each window (by the watermark) or batch the keys that had a \
    record in it are printed with their totals up to there; without either at the end of the input, and before at each D of the clock with `--every D`. `--output-mode \
    complete` prints all keys each time, of batches also where nothing came. A record of a later window is in no \
    earlier total, whatever the order of records; with `complete` none is late: one whose window is over counts in the \
    next that ends. Windows that overlap are refused: a record counts once.\n\n\
    `--ttl D` forgets a key that has been silent for D, by event time where the chain has one: when the watermark has \
    reached its last record's time and D. With `--on-timeout emit` it then has a row, in the window or batch that \
    holds this moment, else the next; at the end of the input, when event time ends, every key that is left has one, behind the last \
    window. Without `--ttl` and `--max-keys` totals are kept for ever.\n\n\
    `--initial FILE` holds records with the columns that are printed, by name (of text: by place, keys first), for \
    aggregates whose value is all they keep: `collect count first last max min sum`. They count as seen in the first \
    window or batch that is printed; of several of one key the last counts.";

pub const UPDATE_STATE_BY: Operator = Operator {
    name: "update-state-by",
    group: Group::State,
    doc: Doc {
        summary: "Running totals by key, over windows and batches",
        text: TEXT,
        examples: &[
            Example {
                title: "What has come to what, batch by batch",
                session: "$ printf 'a 1\\nb 2\\n--\\na 3\\n--\\n' | dstream --batch-on '^--' update-state-by '$1' 'n=count,sum:$2'\na\t1\t1\nb\t1\t2\na\t2\t4\n",
            },
            Example {
                title: "Going on from yesterday's totals",
                session: "$ printf 'a 40\\nc 1\\n' > totals.txt; printf 'a\\nb\\na\\n' | dstream update-state-by '$1' count --initial totals.txt\na\t42\nb\t1\nc\t1\n",
            },
            Example {
                title: "Visits that end after a minute of silence",
                session: "$ printf '0 a\\n50 a\\n120 b\\n200 c\\n201 b\\n' | dstream --time '$1:s' --watermark 0s update-state-by '$2' pages=count --ttl 1m --on-timeout emit\na\t2\nb\t1\nb\t1\nc\t1\n",
            },
        ],
    },
    operands: &[K, A],
    flags: &[TTL, ON_TIMEOUT, INITIAL],
    lower: |args, b| {
        let keys = b.keys(args.operand(0))?;
        lower(keys, args.operand(1), args, b)
    },
};

pub const UPDATE_STATE_BY_KEY: Operator = Operator {
    name: "update-state-by-key",
    group: Group::State,
    doc: Doc {
        summary: "Running totals by the key in force, over windows and batches",
        text: "`update-state-by`, which tells all of it, with the key that `key-by` or an operator ending in `-by` has \
               set; of text without one, the line. Spark Streaming's updateStateByKey.",
        examples: &[
            Example {
                title: "Word counts that go on, minute by minute",
                session: "$ printf '0 a\\n20 b\\n70 a\\n' | dstream --time '$1:s' key-by '$2' window 1m update-state-by-key count\n1970-01-01T00:00:00Z\ta\t1\n1970-01-01T00:00:00Z\tb\t1\n1970-01-01T00:01:00Z\ta\t2\n",
            },
            Example {
                title: "All of them each time, but those silent for two minutes",
                session: "$ printf '0 a\\n20 b\\n70 a\\n130 a\\n' | dstream --time '$1:s' --watermark 0s --output-mode complete key-by '$2' window 1m update-state-by-key count --ttl 2m --on-timeout emit\n1970-01-01T00:00:00Z\ta\t1\n1970-01-01T00:00:00Z\tb\t1\n1970-01-01T00:01:00Z\ta\t2\n1970-01-01T00:01:00Z\tb\t1\n1970-01-01T00:02:00Z\tb\t1\n1970-01-01T00:02:00Z\ta\t3\n1970-01-01T00:04:00Z\ta\t3\n",
            },
            Example {
                title: "From a file of JSON lines",
                session: "$ printf '{\"k\":\"a\",\"n\":2,\"worst\":9}\\n' > s.json; printf '{\"k\":\"a\",\"ms\":4}\\n' | dstream -i json key-by k update-state-by-key n=count,worst=max:ms --initial s.json -o json\n{\"k\":\"a\",\"n\":3,\"worst\":9}\n",
            },
        ],
    },
    operands: &[A],
    flags: &[TTL, ON_TIMEOUT, INITIAL],
    lower: |args, b| {
        let keys = b.key()?;
        lower(keys, args.operand(0), args, b)
    },
};

fn lower(keys: Vec<Key>, aggregates: &str, args: &Args, b: &mut Builder<'_>) -> Result<(), Usage> {
    let emit = args.has("on-timeout");
    if emit && !args.has("ttl") {
        return Err(b.fault("--on-timeout needs --ttl D, after which a key times out"));
    }
    let totalled = b.totalled(aggregates)?;
    let begun = match args.flag("initial") {
        Some(path) => begin(path, &keys, &totalled, b)?,
        None => Vec::new(),
    };
    let printed = b.totals_printed()?;
    if emit && printed == Printed::Windows(None) {
        return Err(b.fault(
            "--on-timeout emit puts a key into the window that holds the moment, which is not known here; put the \
             window operator in front of it",
        ));
    }
    let (complete, every) = b.totals_triggers(&printed)?;
    let terms = lasting::terms(args, b)?;
    let lapse = match (terms.ttl, terms.limits.keys) {
        (Some(_), _) => b.lapse_of_ttl(),
        (None, Some(_)) => b.lapse_of_age(&terms.limits),
        (None, None) => Lapse::Event { disorder: None },
    };
    if let (Some(_), Printed::Batches(_)) = (terms.ttl, &printed) {
        b.tell_batch_clock();
    }
    if let Some(ttl) = terms.ttl.filter(|_| !emit) {
        b.tell_short_lives(ttl, &printed);
    }
    let mut text = format!("totals {}", totalled.text);
    text.push_str(match &printed {
        Printed::Input => " of the input",
        Printed::Batches(_) => " each batch",
        Printed::Windows(_) => " each window",
    });
    if complete {
        text.push_str(", of all keys");
    }
    if let Some(every) = every {
        text.push_str(&format!(", each {}", duration(every)));
    }
    if emit {
        text.push_str(", emitting timeouts");
    }
    if let Some(path) = args.flag("initial") {
        text.push_str(&format!(", from {path}"));
    }
    let of = Arc::new(Totalling {
        printed: printed.clone(),
        keys: keys.iter().map(|key| key.expr.ty.clone()).collect(),
        aggs: totalled.aggs.clone(),
        lapse,
        emit,
        complete,
        every,
        initial: Arc::new(begun),
    });
    let forgets = terms.ttl.is_some() || terms.limits.keys_most().is_some();
    let by_turns = forgets && lasting::passes(lapse);
    let types: Vec<Type> = totalled.args.iter().map(|arg| arg.ty.clone()).collect();
    let node = Ordered {
        text: lasting::text(&text, &terms),
        keeps: lasting::keeps(
            "prints the keys that had a record at the end of a window, a batch or the input; keeps the totals of each key",
            &terms,
        ),
        keys: keys.iter().map(|key| key.expr.clone()).collect(),
        args: totalled.args.clone(),
        meaning: Meaning::Totals {
            aggs: totalled.aggs.clone(),
            initial: args.flag("initial").is_some(),
        },
        make: Arc::new(move |making| {
            lasting::in_turns(by_turns, &types, making, &|making| {
                Box::new(Totals::new(of.clone(), terms.clone(), making))
            })
        }),
    };
    b.totals(node, &printed, keys, totalled);
    Ok(())
}

fn begin(
    path: &str,
    keys: &[Key],
    totalled: &Totalled,
    b: &mut Builder<'_>,
) -> Result<Initial, Usage> {
    let named = totalled.names.iter().zip(&totalled.aggs);
    if let Some(why) = named
        .clone()
        .find_map(|(name, agg)| initial::refusal(name, agg))
    {
        return Err(b.fault(why));
    }
    let wanted: Vec<_> = named
        .map(|(name, agg)| (name.clone(), initial::read_as(&agg.ty)))
        .collect();
    let begun = b.initial(path, keys, &wanted)?;
    initial::check(&totalled.aggs, &begun).map_err(|why| b.fault(format!("{path}: {why}")))?;
    Ok(begun)
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn totals_are_printed_by_window_or_batch_or_at_the_end() {
        check(
            "csv:t,k,v update-state-by k n=count,sum:v",
            "ordered   totals count() as n, sum(number(v)) as sum_v of the input   keys k   of number(v)\nsink      tsv: k, n, sum_v\n",
        );
        check(
            "csv:t,k --time t window 1m update-state-by k count top 2",
            "time      time(t)\nassign    window 1m   carry k\nordered   totals count() as count each window   keys k\nsort      by count desc, k   limit 2   scope its window   carry window_start, k, count\nsink      tsv: window_start, k, count\n",
        );
        check(
            "csv:t,k --batch-lines 3 update-state-by k count top 2",
            "time      batches of 3 records   batch 1s\nassign    window 1s   carry k\nordered   totals count() as count each batch   keys k\nsort      by count desc, k   limit 2   scope its window   carry k, count\nsink      tsv: k, count\n",
        );
    }

    #[test]
    fn what_it_cannot_do_is_said() {
        refused(
            "csv:t,k --time t window 10m --slide 1m update-state-by k count",
            "update-state-by: it counts a record once, and windows of 10m slide 1m hold it several times; leave --slide out",
        );
        refused(
            "csv:t,k --time t session-window 10m update-state-by k count",
            "update-state-by: it prints when a window of all keys ends; sessions, windows by count and looks back end for each key by itself",
        );
        refused(
            "csv:t,k update-state-by k count --on-timeout emit",
            "update-state-by: --on-timeout needs --ttl D, after which a key times out",
        );
        refused(
            "csv:t,k,v update-state-by k count,avg:v --initial totals.csv",
            "update-state-by: --initial: 'avg_v' cannot begin with a value, as the value of avg is not all that it keeps; collect, count, first, last, max, min and sum can",
        );
    }
}
