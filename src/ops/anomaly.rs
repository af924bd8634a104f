//! `anomaly`: records far from what their key had before. Invariant: records pass in input order, with the evidence.

use super::lasting;
use super::prelude::*;
use crate::data::Type;
use crate::plan::custom::Ordered;
use crate::plan::meaning::Meaning;
use crate::state::anomaly::{Anomalies, Far};
use crate::state::moving::Over;
use std::sync::Arc;

const METHODS: [&str; 2] = ["zscore", "ewma"];

const fn flag(long: &'static str, value: (&'static str, Kind), help: &'static str) -> Flag {
    Flag {
        long,
        value: Some(value),
        repeated: false,
        help,
    }
}

pub const ANOMALY: Operator = Operator {
    name: "anomaly",
    group: Group::State,
    doc: Doc {
        summary: "Records far from what their key had before",
        text: "Per key in force, or over the whole stream without one. `zscore` compares the value of F with the mean \
               and the deviation (of a population) of the last `--rows` values before it; `ewma` with a mean that \
               moves by `--alpha` with each value. Records more than `--sigma` deviations away pass, in input \
               order, with the fields `score` (the distance in deviations), `mean` and `deviation`. Where the \
               deviation is 0, any other value passes, and its score is null. The first `--warm-up` values of a \
               key are not tested; null is no value. It knows no season and no trend.",
        examples: &[
            Example {
                title: "A sensor that jumps",
                session: "$ printf 's,temp\\na,20\\na,22\\na,20\\na,22\\na,30\\n' | dstream -i csv key-by s anomaly zscore temp --rows 4\na\t30\t9\t21\t1\n",
            },
            Example {
                title: "Against a moving mean",
                session: "$ printf '10\\n14\\n12\\n40\\n' | dstream anomaly ewma '$1' --alpha 0.5 --sigma 2 --warm-up 2\n40\t19.79898987322333\t12\t1.4142135623730951\n",
            },
        ],
    },
    operands: &[
        Operand {
            name: "zscore|ewma",
            kind: Kind::OneOf(&METHODS),
            help: "Against the last values, or against a moving mean",
        },
        Operand {
            name: "F",
            kind: Kind::Field,
            help: "The value: a field or an expression",
        },
    ],
    flags: &[
        flag(
            "rows",
            ("N", Kind::Count),
            "Values that the mean is of (100)",
        ),
        flag(
            "sigma",
            ("K", Kind::Positive),
            "Deviations beyond which a value is far (3)",
        ),
        flag(
            "alpha",
            ("A", Kind::Share),
            "The weight of a new value in the moving mean (0.05)",
        ),
        flag(
            "warm-up",
            ("N", Kind::Count),
            "Values of a key that are not tested (as many as --rows)",
        ),
    ],
    lower: |args, b| {
        let count = |name: &str, default: u64| match args.flag(name) {
            Some(word) => args::count(word).map_err(|message| format!("--{name} {message}")),
            None => Ok(default),
        };
        let rows = count("rows", 100).map_err(|message| b.fault(message))?;
        let warm_up = count("warm-up", rows).map_err(|message| b.fault(message))?;
        let sigma = match args.flag("sigma") {
            Some(word) => args::positive(word).map_err(|message| b.fault(message))?,
            None => 3.0,
        };
        let alpha = match args.flag("alpha") {
            Some(word) => args::share(word).map_err(|message| b.fault(message))?,
            None => 0.05,
        };
        let over = match args.operand(0) {
            "zscore" => {
                if args.has("alpha") {
                    return Err(b.fault("--alpha is for ewma; zscore goes by --rows"));
                }
                Over::Rows(usize::try_from(rows).unwrap_or(usize::MAX))
            }
            "ewma" => Over::Weight(alpha),
            other => return Err(b.fault(format!("'{other}' is none of {}", METHODS.join(", ")))),
        };
        let terms = lasting::terms(args, b)?;
        let keys = b.key_in_force();
        let value = b.expression(args.operand(1))?.into_number();
        let lapse = b.lapse_of_age(&terms.limits);
        let sets = [
            b.add_shown("score", Type::Float),
            b.add_shown("mean", Type::Float),
            b.add_shown("deviation", Type::Float),
        ];
        let how = match over {
            Over::Rows(rows) => format!("zscore of {rows}"),
            Over::Weight(alpha) => format!("ewma by {alpha}"),
        };
        let words = format!("anomaly {how}, beyond {sigma}, after {warm_up}");
        let far = Far {
            over,
            sigma,
            warm_up,
            lapse,
            sets,
        };
        let node = Ordered {
            text: lasting::text(&words, &terms),
            keeps: lasting::keeps(
                "keeps the mean and the deviation of each key's values",
                &terms,
            ),
            keys: keys.into_iter().map(|key| key.expr).collect(),
            args: vec![value],
            meaning: Meaning::Added(
                "it compares a record with what its key had before, which has no counterpart",
            ),
            make: Arc::new(move |making| {
                Box::new(Anomalies::new(far.clone(), terms.clone(), making))
            }),
        };
        b.ordered(node, sets.to_vec(), None);
        Ok(())
    },
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn the_key_in_force_has_its_own_mean() {
        check(
            "csv:s,temp key-by s anomaly zscore temp",
            "ordered   anomaly zscore of 100, beyond 3, after 100   keys s   of number(temp)   carry s, temp\nsink      tsv: s, temp, score, mean, deviation\n",
        );
        refused(
            "csv:s,temp anomaly zscore temp --alpha 0.5",
            "anomaly: --alpha is for ewma; zscore goes by --rows",
        );
    }
}
