//! Running functions: what `scan` gives each row from the rows of its key before it. One table. Sees rows in input
//! order and nothing behind them, but for `lead`. Invariant: `zscore`, `delta` and `rate` compare a row with the
//! state before it, then update the state; a null value changes no state.

use super::moving::{Moving, Over};
use super::saving::{self, sound};
use crate::data::doc::{Doc, Example};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::{ColumnBuilder, ColumnV, Number, Type};

/// All running functions, by name.
pub const RUNNING: &[&Running] = &[
    &CUMCOUNT, &CUMSUM, &DELTA, &EWMA, &EWMSD, &LAG, &LEAD, &RATE, &SINCE, &ZSCORE,
];

pub fn find(name: &str) -> Option<&'static Running> {
    RUNNING.iter().copied().find(|running| running.name == name)
}

/// A row of the table of running functions.
pub struct Running {
    pub name: &'static str,
    pub doc: Doc,
    pub arg: Arg,
    pub param: Param,
    pub what: What,
}

/// Whether a running function has an expression.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    Optional,
    Any,
    /// Made a number first.
    Number,
    /// The same, but a time or a duration stays one.
    Difference,
}

/// What stands behind the expression.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Param {
    No,
    /// How many rows away; 1 if not given.
    Rows,
    /// Above 0, below 1.
    Weight,
    /// Below 1 a weight, else a number of rows.
    Over,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum What {
    Cumcount,
    Cumsum,
    Delta,
    Ewma,
    Ewmsd,
    Lag,
    Lead,
    Rate,
    Since,
    Zscore,
}

const fn doc(summary: &'static str, text: &'static str, examples: &'static [Example]) -> Doc {
    Doc {
        summary,
        text,
        examples,
    }
}

const CUMCOUNT: Running = Running {
    name: "cumcount",
    doc: doc(
        "How many records of the key so far, this one too",
        "`cumcount:x` counts those in which x is not null.",
        &[Example {
            title: "Numbers of each key's records",
            session: "$ printf 'a\\nb\\na\\n' | dstream scan-by '$1' n=cumcount select '$1,n'\na\t1\nb\t1\na\t2\n",
        }],
    ),
    arg: Arg::Optional,
    param: Param::No,
    what: What::Cumcount,
};

const CUMSUM: Running = Running {
    name: "cumsum",
    doc: doc(
        "The sum of the values so far, this one too",
        "Exact, as `sum` is; null before the first value.",
        &[Example {
            title: "A running total",
            session: "$ printf '0.1\\n0.2\\n-0.3\\n' | dstream scan 'total=cumsum:$1' select total\n0.1\n0.3\n0\n",
        }],
    ),
    arg: Arg::Difference,
    param: Param::No,
    what: What::Cumsum,
};

const DELTA: Running = Running {
    name: "delta",
    doc: doc(
        "The value less the one before",
        "Exact; of times a duration. Null for the first value and for null, which is passed over.",
        &[Example {
            title: "How much a counter grew",
            session: "$ printf '10\\n12.5\\n12\\n' | dstream scan 'd=delta:$1' select d -o json\n{\"d\":null}\n{\"d\":2.5}\n{\"d\":-0.5}\n",
        }],
    ),
    arg: Arg::Difference,
    param: Param::No,
    what: What::Delta,
};

const EWMA: Running = Running {
    name: "ewma",
    doc: doc(
        "The exponentially weighted moving mean, this value included",
        "`ewma:x:A`: the first value, then moved by the share A of the distance to each next one.",
        &[Example {
            title: "A smooth line",
            session: "$ printf '10\\n14\\n14\\n' | dstream scan 'm=ewma:$1:0.5' select m\n10\n12\n13\n",
        }],
    ),
    arg: Arg::Number,
    param: Param::Weight,
    what: What::Ewma,
};

const EWMSD: Running = Running {
    name: "ewmsd",
    doc: doc(
        "The exponentially weighted moving deviation, this value included",
        "`ewmsd:x:A`, around the mean that `ewma:x:A` gives.",
        &[Example {
            title: "How much a line swings",
            session: "$ printf '10\\n14\\n' | dstream scan 'd=ewmsd:$1:0.5' select d\n0\n2\n",
        }],
    ),
    arg: Arg::Number,
    param: Param::Weight,
    what: What::Ewmsd,
};

const LAG: Running = Running {
    name: "lag",
    doc: doc(
        "The value in the key's record before, or N before",
        "`lag:x` or `lag:x:N`; null where there was none.",
        &[Example {
            title: "The state before",
            session: "$ printf 'ok\\nok\\nbad\\n' | dstream scan 'was=lag:$1' filter '$1 != was'\nbad\tok\n",
        }],
    ),
    arg: Arg::Any,
    param: Param::Rows,
    what: What::Lag,
};

const LEAD: Running = Running {
    name: "lead",
    doc: doc(
        "The value in the key's next record, or N behind",
        "`lead:x` or `lead:x:N`; null where none comes. The record waits for it, and with it all behind it.",
        &[Example {
            title: "What comes next",
            session: "$ printf 'a\\nb\\nc\\n' | dstream scan 'next=lead:$1' select '$1,next'\na\tb\nb\tc\nc\t\n",
        }],
    ),
    arg: Arg::Any,
    param: Param::Rows,
    what: What::Lead,
};

const RATE: Running = Running {
    name: "rate",
    doc: doc(
        "The value's change a second since the one before",
        "By event time; null for the first value, for null, and where no time has passed.",
        &[Example {
            title: "Bytes a second of a counter",
            session: "$ printf '0 100\\n10 350\\n' | dstream --time '$1:s' scan 'r=rate:$2' select r -o json\n{\"r\":null}\n{\"r\":25}\n",
        }],
    ),
    arg: Arg::Number,
    param: Param::No,
    what: What::Rate,
};

const SINCE: Running = Running {
    name: "since",
    doc: doc(
        "The time since the key's record before",
        "`since:COND`: since the last one before this for which COND was true; `since:x`: in which x was not null. \
         By event time, in input order, so it may be negative.",
        &[Example {
            title: "How long since the last error",
            session: "$ printf '0 error\\n5 ok\\n70 ok\\n' | dstream --time '$1:s' scan 's=since:$2==\"error\"' select s -o json\n{\"s\":null}\n{\"s\":\"5s\"}\n{\"s\":\"1m10s\"}\n",
        }],
    ),
    arg: Arg::Optional,
    param: Param::No,
    what: What::Since,
};

const ZSCORE: Running = Running {
    name: "zscore",
    doc: doc(
        "How many deviations the value is from the mean before it",
        "`zscore:x:P`: with P below 1 from the mean that `ewma:x:P` gave for the record before, else from the mean of \
         the last P values, once there are so many. Null where the deviation is 0. It knows no season and no trend.",
        &[Example {
            title: "A value far from the two before",
            session: "$ printf '1\\n3\\n9\\n' | dstream scan 'z=zscore:$1:2' select z -o json\n{\"z\":null}\n{\"z\":null}\n{\"z\":7}\n",
        }],
    ),
    arg: Arg::Number,
    param: Param::Over,
    what: What::Zscore,
};

/// The state of a running function for one key; `lag` and `lead` have none, they look at rows.
#[derive(Clone, Debug)]
pub enum Step {
    Cumcount(i64),
    Cumsum(Option<Number>),
    Delta(Option<Number>),
    Ewma(Moving),
    Ewmsd(Moving),
    Rate(Option<(Number, i64)>),
    Since(Option<i64>),
    Zscore(Moving, u64),
}

impl Step {
    /// `None`: it looks at rows.
    pub fn new(what: What, over: Over) -> Option<Step> {
        Some(match what {
            What::Cumcount => Step::Cumcount(0),
            What::Cumsum => Step::Cumsum(None),
            What::Delta => Step::Delta(None),
            What::Ewma => Step::Ewma(Moving::new(over)),
            What::Ewmsd => Step::Ewmsd(Moving::new(over)),
            What::Rate => Step::Rate(None),
            What::Since => Step::Since(None),
            What::Zscore => {
                let warm_up = match over {
                    Over::Rows(rows) => rows as u64,
                    Over::Weight(_) => 1,
                };
                Step::Zscore(Moving::new(over), warm_up)
            }
            What::Lag | What::Lead => return None,
        })
    }

    pub fn save(&self, to: &mut Save) {
        let number = |number: &Option<Number>, to: &mut Save| {
            to.put(&number.is_some());
            number
                .iter()
                .for_each(|number| saving::put_number(to, *number));
        };
        match self {
            Step::Cumcount(count) => to.put(count),
            Step::Cumsum(last) | Step::Delta(last) => number(last, to),
            Step::Ewma(moving) | Step::Ewmsd(moving) | Step::Zscore(moving, _) => moving.save(to),
            Step::Rate(last) => {
                number(&last.map(|last| last.0), to);
                to.put(&last.map_or(0, |last| last.1));
            }
            Step::Since(last) => to.put(last),
        }
    }

    /// Takes what [`Step::save`] has put of the same function.
    pub fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let number = |from: &mut Saved<'_>| match from.take()? {
            true => saving::take_number(from).map(Some),
            false => Ok(None),
        };
        match self {
            Step::Cumcount(count) => {
                *count = from.take()?;
                sound(u64::try_from(*count).is_ok_and(saving::is_count))?;
            }
            Step::Cumsum(last) | Step::Delta(last) => *last = number(from)?,
            Step::Ewma(moving) | Step::Ewmsd(moving) | Step::Zscore(moving, _) => {
                moving.load(from)?;
            }
            Step::Rate(last) => {
                let value = number(from)?;
                let at = from.take()?;
                *last = value.map(|value| (value, at));
            }
            Step::Since(last) => *last = from.take()?,
        }
        Ok(())
    }

    /// Takes a row, and gives its value.
    pub fn step(&mut self, column: Option<&ColumnV>, row: usize, time: i64, out: &mut Cell<'_>) {
        let number = |column: Option<&ColumnV>| column.and_then(|column| column.number(row));
        match self {
            Step::Cumcount(count) => {
                *count += i64::from(column.is_none_or(|column| column.is_valid(row)));
                out.number(Some(Number::Exact {
                    units: *count,
                    scale: 0,
                }));
            }
            Step::Cumsum(sum) => {
                if let Some(x) = number(column) {
                    *sum = Some(sum.map_or(x, |sum| sum.add(x)));
                }
                out.number(sum.and_then(Number::finite));
            }
            Step::Delta(last) => {
                let x = number(column);
                let both = x.zip(*last);
                *last = x.or(*last);
                out.number(both.and_then(|(x, last)| x.sub(last).finite()));
            }
            Step::Rate(last) => {
                let x = number(column);
                let value = x.zip(*last).and_then(|(x, (last, at))| {
                    let seconds = Number::Exact {
                        units: time.saturating_sub(at),
                        scale: 9,
                    };
                    x.sub(last).finite()?.div(seconds)
                });
                *last = x.map(|x| (x, time)).or(*last);
                out.number(value);
            }
            Step::Since(last) => {
                out.nanos(last.map(|last| time.saturating_sub(last)));
                let counts = column.is_none_or(|column| match &column.data {
                    crate::data::Column::Bool(bits) => column.is_valid(row) && bits.get(row),
                    _ => column.is_valid(row),
                });
                if counts {
                    *last = Some(time);
                }
            }
            Step::Ewma(moving) => {
                number(column)
                    .into_iter()
                    .for_each(|x| moving.add(x.to_f64()));
                out.float(moving.state().map(|(mean, _)| mean));
            }
            Step::Ewmsd(moving) => {
                number(column)
                    .into_iter()
                    .for_each(|x| moving.add(x.to_f64()));
                out.float(moving.state().map(|(_, deviation)| deviation));
            }
            Step::Zscore(moving, warm_up) => {
                let x = number(column).map(Number::to_f64);
                let warm = moving.seen() >= *warm_up;
                out.float(x.filter(|_| warm).and_then(|x| moving.score(x)));
                x.into_iter().for_each(|x| moving.add(x));
            }
        }
    }
}

/// Where a value goes: a column of numbers, floats or durations.
pub struct Cell<'b>(pub &'b mut ColumnBuilder, pub &'b Type);

impl Cell<'_> {
    fn number(&mut self, number: Option<Number>) {
        match number {
            None => self.0.null(),
            Some(number) if *self.1 == Type::Duration => {
                // Of columns of nanoseconds, which are whole.
                match number.to_i64_trunc() {
                    Some(ns) => self.0.nanos(ns),
                    None => self.0.null(),
                }
            }
            Some(number) => self.0.number(number),
        }
    }

    fn float(&mut self, value: Option<f64>) {
        match value.filter(|value| value.is_finite()) {
            Some(value) => self.0.float(value),
            None => self.0.null(),
        }
    }

    fn nanos(&mut self, ns: Option<i64>) {
        match ns {
            Some(ns) => self.0.nanos(ns),
            None => self.0.null(),
        }
    }
}

/// The type of a running function's column, by that of its argument.
pub fn result(what: What, arg: Option<&Type>) -> Type {
    match what {
        What::Lag | What::Lead => arg.cloned().unwrap_or(Type::Null),
        What::Cumcount => Type::Number,
        What::Since => Type::Duration,
        What::Cumsum | What::Delta if matches!(arg, Some(Type::Time | Type::Duration)) => {
            Type::Duration
        }
        What::Cumsum | What::Delta => Type::Number,
        What::Ewma | What::Ewmsd | What::Rate | What::Zscore => Type::Float,
    }
}
