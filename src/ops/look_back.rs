//! `look-back`: for each record what its key had shortly before. Invariant: as with `window`, it does nothing alone.

use super::prelude::*;
use crate::plan::grouping::Shape;

pub const LOOK_BACK: Operator = Operator {
    name: "look-back",
    group: Group::Windows,
    doc: Doc {
        summary: "For each record aggregate the last D of its key",
        text: "The aggregate that follows gives a row for each record, over the records of its key from D before it \
               up to its own time, in the order of time; records of a key with equal times see each other and give \
               one row. `window_end` is the record's time, `window_start` D before. A row is printed when the \
               watermark is behind its time. A key's records of the last D are kept.",
        examples: &[Example {
            title: "How many of a key in the last ten seconds",
            session: "$ printf '0 a\\n5 a\\n7 b\\n15 a\\n16 a\\n' | dstream --time '$1:s' look-back 10s count-by '$2' -o json\n{\"window_start\":\"1969-12-31T23:59:50Z\",\"window_end\":\"1970-01-01T00:00:00Z\",\"$2\":\"a\",\"count\":1}\n{\"window_start\":\"1969-12-31T23:59:55Z\",\"window_end\":\"1970-01-01T00:00:05Z\",\"$2\":\"a\",\"count\":2}\n{\"window_start\":\"1969-12-31T23:59:57Z\",\"window_end\":\"1970-01-01T00:00:07Z\",\"$2\":\"b\",\"count\":1}\n{\"window_start\":\"1970-01-01T00:00:05Z\",\"window_end\":\"1970-01-01T00:00:15Z\",\"$2\":\"a\",\"count\":2}\n{\"window_start\":\"1970-01-01T00:00:06Z\",\"window_end\":\"1970-01-01T00:00:16Z\",\"$2\":\"a\",\"count\":2}\n",
        }],
    },
    operands: &[Operand {
        name: "D",
        kind: Kind::Duration,
        help: "How far back",
    }],
    flags: &[],
    lower: |args, b| {
        let back = args::window_duration(args.operand(0)).map_err(|message| b.fault(message))?;
        b.shape(Shape::LookBack(back))
    },
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::check;

    #[test]
    fn a_row_for_each_record_has_both_bounds() {
        check(
            "csv:t,k,v --time t look-back 5m reduce-by k avg:v",
            "time      time(t)\nordered   group avg(number(v)) as avg_v look back 5m   keys k   of number(v)\nsink      tsv: window_start, window_end, k, avg_v\n",
        );
    }
}
