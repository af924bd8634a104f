//! `help state`, also in dstream-time(7): what operators keep, when it is freed, what bounds it, what outlives a run.
//! Invariant: its examples are compared with what the program prints.

use super::{Block, example, heading, pages, text};
use crate::cli::globals::Section;
use crate::data::doc::Example;
use crate::ops::Group;

pub const EXAMPLES: &[Example] = &[NAMED, SILENT, RUNS];

/// What is kept, and until when.
const KEPT: [(&str, &str); 9] = [
    (
        "an aggregate in a window",
        "A row for each key of each open window, freed when the watermark has passed the window's end and \
         `--allowed-lateness`. Windows that slide share what they have in common.",
    ),
    (
        "an aggregate over the whole input",
        "A row for each key, to the end of the input.",
    ),
    (
        "`session-window`, `look-back`",
        "A key's open session; its records of the last D. Freed by the watermark.",
    ),
    (
        "`count-window`",
        "A key's open window, of `--slide-rows` its last N records; for as long as the run lasts.",
    ),
    (
        "`scan`, `map-with-state`, `update-state-by`, `burst`, `anomaly`",
        "Some values for each key, for as long as the run lasts, or to `--ttl`.",
    ),
    (
        "`distinct`",
        "The keys that were seen in the window or the input, or to `--ttl`.",
    ),
    (
        "`sort-by`, `top`, `group-by`",
        "The rows of the window or the input; of `top N` N of them.",
    ),
    (
        "`join`, `cogroup`, `asof-join`",
        "Records of both streams for as long as one of the other may meet them: the window, or `--within`.",
    ),
    ("`match`", "Matches that have begun, to `--within`."),
];

pub fn page() -> Vec<Block> {
    let mut blocks = vec![
        heading("State"),
        text(
            "State is what an operator keeps of records that have gone by. `--explain` says of each operator in a chain \
             what it keeps, when that is freed, and where it grows without bound; `--stats` how many keys and bytes there \
             were.",
        ),
    ];
    blocks.extend(KEPT.iter().map(|(what, kept)| Block::item(*what, *kept)));
    example(&NAMED, &mut blocks);
    blocks.extend([
        heading("Keys that fall silent"),
        text(
            "`--ttl D` forgets a key that has been silent for D: by event time where the chain has one, exactly when the \
             watermark has reached its last record's time and D, whether or not a record comes; else by the clock. \
             With `--on-timeout emit` such a key then has a row, with what was kept of it. `--initial FILE` gives the \
             state that a first run begins with.",
        ),
    ]);
    example(&SILENT, &mut blocks);
    blocks.extend([
        heading("More than there is room for"),
        text(
            "`--max-keys N` bounds the keys of one operator, `--max-state SIZE` the memory of all, by default half of the \
             machine's. `--on-full` says what becomes of more: `spill` sets it aside on the disk and the answer is \
             the same, which is the default for input that ends; `fail` ends the run with status 65, the default for \
             input that does not; `evict-oldest` forgets the key used longest ago. What was forgotten is counted and told.",
        ),
        heading("State between runs"),
        text(
            "With `--checkpoint FILE` all of it is kept in FILE, together with how far the input was read and the output \
             written, so that another run goes on as if there had been one; dstream-checkpoint(5) tells what survives what. \
             `--once` reads what is there and leaves windows open for the next run, `--final` closes them, and `--show` says what \
             the file holds.",
        ),
    ]);
    example(&RUNS, &mut blocks);
    blocks.push(heading("Operators with state of their own"));
    blocks.extend(pages::operator_items(Group::State));
    blocks.push(heading("Options of state"));
    blocks.extend(pages::option_items(Section::State));
    blocks
}

const NAMED: Example = Example {
    title: "What a chain keeps",
    session: "$ printf '1 a\\n' > log; dstream --time '$1:s' --watermark 5s window 10s count-by '$2' distinct-by '$2' --ttl 1h --explain log | grep then\nthen       count-by $2: count; one row of state for each key and each of windows of 10s; prints 12:00-12:00:10 when a record >= 12:00:15 is read, or at the end of the input; then freed\nthen       distinct-by $2 --ttl 1h: passes the first record of each key; remembers the keys, each for 1h (--ttl)\n",
};

const SILENT: Example = Example {
    title: "What each key had come to when it was silent for a minute",
    session: "$ printf '0 a\\n5 b\\n9 a\\n90 c\\n91 b\\n' | dstream --time '$1:s' --watermark 0s update-state-by '$2' n=count --ttl 1m --on-timeout emit\nb\t1\na\t2\nb\t1\nc\t1\n",
};

const RUNS: Example = Example {
    title: "A total that goes on from run to run",
    session: "$ printf 'a\\nb\\n' > log; dstream --once --checkpoint ck map-with-state-by '$1' 'n=(n ?? 0)+1' log; printf 'a\\n' >> log; dstream --once --checkpoint ck map-with-state-by '$1' 'n=(n ?? 0)+1' log\na\t1\nb\t1\na\t2\n",
};
