//! `map-with-state`: variables that go from record to record of a key. Invariant: every expression of one operator sees
//! the old values of all its variables.

use super::lasting::{self, TTL};
use super::prelude::*;
use crate::data::{FieldId, Type};
use crate::plan::custom::Ordered;
use crate::plan::keys::Key;
use crate::plan::meaning::Meaning;
use crate::plan::totals::Printed;
use crate::plan::window::duration;
use crate::state::variables::{Keeping, Snapshot, Variables};
use std::collections::BTreeSet;
use std::sync::Arc;

const ASSIGNMENTS: Operand = Operand {
    name: "NAME=EXPR,…",
    kind: Kind::Assignments,
    help: "Variables and their new values",
};

const ON_TIMEOUT: Flag = Flag {
    long: "on-timeout",
    value: Some(("emit", Kind::OneOf(&["emit"]))),
    repeated: false,
    help: "A row for each key that --ttl forgets: the key and its variables, all else null",
};

const INITIAL: Flag = Flag {
    long: "initial",
    value: Some(("FILE", Kind::File)),
    repeated: false,
    help: "Records with keys and variables to begin with, in the input's format",
};

const TEXT: &str = "\
    Each NAME is a variable of the key in force, or of the whole stream without one, and null at first. Its EXPR sees \
    the record's fields and the old values of all variables; the record goes on with the new ones as fields: \
    `n=(n ?? 0)+1` numbers records. A key whose variables are all null is forgotten; with `--ttl D` also one that has \
    been silent for D, by event time where the chain has one: when the watermark has reached its last record's time \
    and D. `--on-timeout emit` then gives a row with the key and the variables \
    (a key that the record's columns do not show is one more of them, of all rows); at the end of the input, when event \
    time ends, one for every key that is left. `--initial FILE` holds records with the key and the variables, by \
    their names (of text: by place, keys first); they count as seen when the first record comes. Records keep their \
    input order. With `--output-mode complete` they do not go on: each key comes with its variables, in the order of \
    keys, at the end of the input and at each D of the clock with `--every D`; by batches with each batch, also where \
    nothing came, and in windows with each window. There a record of a later one does not show, whatever the order of \
    records.";

pub const MAP_WITH_STATE: Operator = Operator {
    name: "map-with-state",
    group: Group::State,
    doc: Doc {
        summary: "Add fields made of the record and of variables that its key keeps",
        text: TEXT,
        examples: &[
            Example {
                title: "A running total, as awk's s+=$1",
                session: "$ printf '2\\n3\\n5\\n' | dstream map-with-state 's=(s ?? 0)+$1' select s\n2\n5\n10\n",
            },
            Example {
                title: "Going on from a file",
                session: "$ printf '10\\n' > total.txt; printf '2\\n3\\n' | dstream map-with-state 's=(s ?? 0)+$1' --initial total.txt select s\n12\n15\n",
            },
            Example {
                title: "Visits that are over after a minute of silence",
                session: "$ printf '0 a\\n50 a\\n120 b\\n200 b\\n' | dstream --time '$1:s' --watermark 0s map 'who=$2' key-by who map-with-state 'pages=(pages ?? 0)+1' --ttl 1m --on-timeout emit filter '$1==null' select who,pages\na\t2\nb\t2\n",
            },
        ],
    },
    operands: &[ASSIGNMENTS],
    flags: &[TTL, ON_TIMEOUT, INITIAL],
    lower: |args, b| {
        let keys = b.key_in_force();
        lower(keys, args.operand(0), args, b)
    },
};

pub const MAP_WITH_STATE_BY: Operator = Operator {
    name: "map-with-state-by",
    group: Group::State,
    doc: Doc {
        summary: "Add fields made of the record and of variables that a key keeps",
        text: "`map-with-state`, which tells all of it, by a key that is named here and set for what follows.",
        examples: &[
            Example {
                title: "The number and the longest of each key's records",
                session: "$ printf 'k,ms\\na,3\\nb,9\\na,7\\na,5\\n' | dstream -i csv map-with-state-by k 'n=(n ?? 0)+1,worst=max(worst,ms)'\na\t3\t1\t3\nb\t9\t1\t9\na\t7\t2\t7\na\t5\t3\t7\n",
            },
            Example {
                title: "Going on from a file, until a key is silent for an hour",
                session: "$ printf 'k,n\\na,40\\n' > n.csv; printf 'k,t\\na,0\\nb,10\\na,8000\\na,9000\\n' | dstream -i csv --time t:s --watermark 0s map-with-state-by k 'n=(n ?? 0)+1' --ttl 1h --initial n.csv select k,n\na\t41\nb\t1\na\t42\na\t43\n",
            },
            Example {
                title: "What each key came to when it fell silent",
                session: "$ printf '0 a\\n5 b\\n9 a\\n90 b\\n91 b\\n' | dstream --time '$1:s' --watermark 0s map-with-state-by '$2' 'n=(n ?? 0)+1' --ttl 1m --on-timeout emit select '$2,n'\na\t1\nb\t1\na\t2\nb\t2\na\t2\nb\t3\nb\t3\n",
            },
        ],
    },
    operands: &[K, ASSIGNMENTS],
    flags: &[TTL, ON_TIMEOUT, INITIAL],
    lower: |args, b| {
        let keys = b.keys(args.operand(0))?;
        let keys = b.set_key(keys);
        lower(keys, args.operand(1), args, b)
    },
};

const NO_SQL: &str = "variables that records change in turn have no SQL (Spark: mapGroupsWithState; Flink: a process function)";

fn lower(keys: Vec<Key>, source: &str, args: &Args, b: &mut Builder<'_>) -> Result<(), Usage> {
    let emit = args.has("on-timeout");
    if emit && !args.has("ttl") {
        return Err(b.fault("--on-timeout needs --ttl D, after which a key times out"));
    }
    if emit && b.is_counted() {
        return Err(b.fault(
            "--on-timeout emit puts a key into the window that holds the moment, and windows by count hold none; put \
             the window operator behind it",
        ));
    }
    if emit {
        b.show_keys(&keys);
    }
    let variables = b.variables(source)?;
    let initial = match args.flag("initial") {
        Some(path) => {
            let fields = variables.iter();
            let fields: Vec<_> = fields
                .map(|one| (one.name.clone(), one.value.ty.clone()))
                .collect();
            b.initial(path, &keys, &fields)?
        }
        None => Vec::new(),
    };
    let complete = b.snapshots()?;
    let terms = lasting::terms(args, b)?;
    let lapse = match terms.ttl {
        Some(_) => b.lapse_of_ttl(),
        None => b.lapse_of_age(&terms.limits),
    };
    let olds: BTreeSet<FieldId> = variables.iter().map(|one| one.old).collect();
    let reads: BTreeSet<FieldId> = variables
        .iter()
        .flat_map(|one| one.value.fields.iter().copied())
        .filter(|field| !olds.contains(field))
        .collect();
    let reads: Vec<FieldId> = reads.into_iter().collect();
    let texts: Vec<String> = variables
        .iter()
        .map(|one| format!("{} = {}", one.name, one.value.text()))
        .collect();
    let mut text = format!("map with state {}", texts.join(", "));
    if emit {
        text.push_str(", emitting timeouts");
    }
    if let Some((printed, every)) = &complete {
        text.push_str(match printed {
            Printed::Input => ", each key at the end",
            Printed::Batches(_) => ", each key with each batch",
            Printed::Windows(_) => ", each key with each window",
        });
        if let Some(every) = every {
            text.push_str(&format!(", each {}", duration(*every)));
        }
    }
    if let Some(path) = args.flag("initial") {
        text.push_str(&format!(", from {path}"));
    }
    if complete.is_some() && emit {
        return Err(
            b.fault("--on-timeout emit and --output-mode complete are two answers; give one")
        );
    }
    let fields_shown = variables
        .iter()
        .map(|one| (one.name.clone(), one.value.ty.clone()));
    let rows = complete.as_ref().map(|(printed, _)| {
        let fields: Vec<_> = fields_shown.collect();
        (printed.clone(), keys.clone(), fields)
    });
    let sets = variables.iter().map(|one| one.new).collect();
    let fields = keys.iter().filter_map(|key| {
        let field = key.expr.as_field()?;
        Some((field, key.expr.ty.clone()))
    });
    let keeping = Keeping {
        variables,
        keys: fields.collect(),
        lapse,
        emit,
        initial: Arc::new(initial),
        reads: reads.clone(),
        enters: b.enters(),
    };
    let forgets = terms.ttl.is_some() && (emit || complete.is_some());
    let by_turns = forgets && lasting::passes(lapse);
    let types: Vec<Type> = reads.iter().map(|&field| b.field_value(field).ty).collect();
    let node = Ordered {
        text: lasting::text(&text, &terms),
        keeps: lasting::keeps(
            match &complete {
                None => "gives each record at once; keeps the variables of each key",
                Some((Printed::Input, _)) => {
                    "keeps the variables of each key, and gives them at the end"
                }
                Some(_) => {
                    "holds the records of open windows; keeps the variables of each key, and gives them when a window or batch is over"
                }
            },
            &terms,
        ),
        keys: keys.into_iter().map(|key| key.expr).collect(),
        args: reads
            .into_iter()
            .map(|field| b.field_value(field))
            .collect(),
        meaning: match emit || complete.is_some() {
            true => Meaning::Own(NO_SQL),
            false => Meaning::Added(NO_SQL),
        },
        make: Arc::new(move |making| {
            lasting::in_turns(by_turns, &types, making, &|making| match complete.clone() {
                Some(printed) => Box::new(Snapshot::new(
                    keeping.clone(),
                    printed,
                    terms.clone(),
                    making,
                )),
                None => Box::new(Variables::new(keeping.clone(), terms.clone(), making)),
            })
        }),
    };
    match rows {
        Some((printed, keys, fields)) => b.totalled_rows(node, &printed, keys, fields),
        None => b.ordered(node, sets, None),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn variables_have_the_type_that_their_values_have() {
        check(
            "csv:k,v map-with-state-by k 'n=(n ?? 0)+1,last=v' select k,n,last",
            "ordered   map with state n = (n ?? 0) + 1, last = v   keys k   of v   carry k\nsink      tsv: k, n, last\n",
        );
        refused(
            "csv:k,v map-with-state n=n",
            "map-with-state: 'n' is null at first and so it stays; say what it begins with: n=(n ?? 0)+1",
        );
        refused(
            "csv:k,v map-with-state l=[l]",
            "map-with-state: the types of the variables do not settle: a list cannot hold itself",
        );
        refused(
            "csv:k,v map-with-state n=v --on-timeout emit",
            "map-with-state: --on-timeout needs --ttl D, after which a key times out",
        );
    }
}
