//! `session-window`: a key's records that are at most a gap apart. Invariant: as with `window`, it does nothing
//! alone.

use super::prelude::*;
use crate::plan::grouping::Shape;

pub const SESSION_WINDOW: Operator = Operator {
    name: "session-window",
    group: Group::Windows,
    doc: Doc {
        summary: "Put a key's records that are at most GAP apart into one window",
        text: "A session is a run of records of a key, each at most GAP from the next; just GAP apart is still \
               together. It is printed as from its first record to GAP behind its last, when the watermark is \
               behind that end. A record that comes between two sessions makes them one. With `--max D` a record \
               that would stretch a session to D or more, from its first to its last record, begins another.\n\n\
               The key is that of the operator ending in `-by` that follows, else the key in force; without \
               either a session is of the whole stream. What `filter` drops behind it is in its session all the same; with \
               `filter` in front, sessions are of the records that it keeps. Behind it all is as behind `window`. Of \
               `join` and `cogroup` the key is what `--on` names, and a session is of both streams' records.",
        examples: &[
            Example {
                title: "Visits: pages and how long",
                session: "$ printf '0 ann\\n10 bob\\n20 ann\\n60 ann\\n' | dstream --time '$1:s' session-window 30s reduce-by '$2' count,span\n1970-01-01T00:00:10Z\t1970-01-01T00:00:40Z\tbob\t1\t0s\n1970-01-01T00:00:00Z\t1970-01-01T00:00:50Z\tann\t2\t20s\n1970-01-01T00:01:00Z\t1970-01-01T00:01:30Z\tann\t1\t0s\n",
            },
            Example {
                title: "No longer than a minute",
                session: "$ printf '0\\n25\\n50\\n75\\n' | dstream --time '$1:s' session-window 30s --max 1m count\n1970-01-01T00:00:00Z\t1970-01-01T00:01:20Z\t3\n1970-01-01T00:01:15Z\t1970-01-01T00:01:45Z\t1\n",
            },
            Example {
                title: "The records themselves, one of each visit",
                session: "$ printf '0 ann\\n20 ann\\n60 ann\\n' | dstream --time '$1:s' key-by '$2' session-window 30s top 1 --by '$1:asc'\n1970-01-01T00:00:00Z\t1970-01-01T00:00:50Z\t0 ann\n1970-01-01T00:01:00Z\t1970-01-01T00:01:30Z\t60 ann\n",
            },
        ],
    },
    operands: &[Operand {
        name: "GAP",
        kind: Kind::Duration,
        help: "How far apart records of one session may be",
    }],
    flags: &[Flag {
        long: "max",
        value: Some(("D", Kind::Duration)),
        repeated: false,
        help: "A session is shorter than D from its first record to its last",
    }],
    lower: |args, b| {
        let gap = args::window_duration(args.operand(0)).map_err(|message| b.fault(message))?;
        let max = match args.flag("max") {
            Some(word) => {
                Some(args::duration(word).map_err(|message| b.fault(format!("--max {message}")))?)
            }
            None => None,
        };
        b.shape(Shape::Session { gap, max })
    },
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn a_session_is_of_the_key_that_follows_or_of_the_one_in_force() {
        check(
            "csv:t,k,v --time t session-window 30m reduce-by k sum:v",
            "time      time(t)\nordered   group sum(number(v)) as sum_v session 30m   keys k   of number(v)\nsink      tsv: window_start, window_end, k, sum_v\n",
        );
        check(
            "csv:t,k,v --time t key-by k session-window 30m --max 2h count",
            "time      time(t)\nordered   group count() as count session 30m max 2h   keys k\nsink      tsv: window_start, window_end, k, count\n",
        );
        check(
            "csv:t,k,v --time t session-window 30m count",
            "time      time(t)\nordered   group count() as count session 30m\nsink      tsv: window_start, window_end, count\n",
        );
    }

    #[test]
    fn what_aggregates_nothing_gets_the_records_in_their_sessions() {
        check(
            "csv:t,k,v --time t key-by k session-window 30m top 1 --by v",
            "time      time(t)\nordered   rows session 30m   keys k   carry t, k, v\nsort      by v desc   limit 1   per k   scope its window   carry t, k, v, window_start, window_end\nsink      tsv: window_start, window_end, t, k, v\n",
        );
        check(
            "csv:t,k,v --time t session-window 30m distinct-by k",
            "time      time(t)\nordered   rows session 30m   keys k   carry t, k, v\ndistinct  by k, k, window_end   scope its window   carry t, k, v, window_start, window_end\nsink      tsv: window_start, window_end, t, k, v\n",
        );
    }

    #[test]
    fn windows_of_one_start_and_many_ends_are_kept_apart() {
        check(
            "csv:t,k,v --time t session-window 30m count-by k reduce max:count",
            "time      time(t)\nordered   group count() as count session 30m   keys k\nordered   group max(count) as max_count its window   of count\nsink      tsv: window_start, window_end, max_count\n",
        );
    }

    #[test]
    fn a_gap_is_a_duration() {
        refused(
            "csv:t,k --time t session-window count",
            "session-window: 'count' is not a duration; is the duration missing before the operator `count`?",
        );
        refused(
            "csv:t,k session-window 30m count",
            "session-window: sizes over a regular file need a time field; give --time FIELD, or --time arrival if you mean it",
        );
    }
}
