//! `help spark`, also in dstream-operators(7): the names of Spark Streaming, and where dstream differs from it on
//! purpose. Invariant: each name of ours is an operator or an option.

use super::{Block, heading, text};

/// What a DStream has, and what is typed here.
pub const NAMES: [(&str, &str); 15] = [
    (
        "map, mapValues, flatMap, flatMapValues, filter, union",
        "`map`, `flat-map`, `filter`, `union`",
    ),
    (
        "count, reduce, countByValue",
        "`count` (0 for an empty batch), `reduce A`, `count-by-value`",
    ),
    (
        "reduceByKey, groupByKey, combineByKey",
        "`reduce-by-key A`, `group-by-key`, and any aggregate in `reduce-by-key`",
    ),
    (
        "join, leftOuterJoin, rightOuterJoin, fullOuterJoin",
        "`join` with `--left`, `--right`, `--full`: within the batch, the window, or `--within D`",
    ),
    ("cogroup", "`cogroup`"),
    (
        "window",
        "`window D --slide D` in front of what is to work on it",
    ),
    (
        "countByWindow, reduceByWindow",
        "`count-by-window D`, `reduce-by-window D A`, with `--slide D`",
    ),
    ("countByValueAndWindow", "`count-by-value-and-window D`"),
    (
        "reduceByKeyAndWindow, groupByKeyAndWindow",
        "`reduce-by-key-and-window D A`, `group-by-key-and-window D`; an inverse function is not asked for",
    ),
    (
        "updateStateByKey",
        "`update-state-by-key A`: the keys that changed; all of them with `--output-mode complete`",
    ),
    (
        "mapWithState",
        "`map-with-state-by K NAME=EXPR`, with `--ttl D`, `--on-timeout emit`, `--initial FILE`",
    ),
    (
        "transform, foreachRDD",
        "`transform CMD`, `foreach-batch CMD`",
    ),
    (
        "print(n), saveAsTextFiles(prefix, suffix)",
        "`print N`, `--output 'prefix-%s.suffix'`",
    ),
    (
        "slice(from, to)",
        "`--since FROM --until TO`, where TO is excluded",
    ),
    (
        "glom, mapPartitions, repartition, persist, remember",
        "None: partitions and memory are the engine's affair.",
    ),
];

/// Where the answer is another one, on purpose.
const DIFFERENCES: [(&str, &str); 15] = [
    (
        "After a restart the last batch runs again, then each batch of the down time.",
        "Nothing runs again; what came meanwhile is the first batch.",
    ),
    (
        "An input may give an absent batch, on which union fails.",
        "It gave an empty one.",
    ),
    (
        "Inverse windows keep a key at 0 for ever.",
        "A key that has left the window is gone.",
    ),
    (
        "countByWindow gives nothing before the first record.",
        "It gives 0.",
    ),
    ("A row at the watermark is late.", "Only one behind it is."),
    (
        "A watermark moves once a batch, and each source's own is forgotten at a restart.",
        "It moves with each record; both are in the checkpoint.",
    ),
    (
        "mapWithState times a key out when it is idle for more than the time, at each 10th batch.",
        "When it has been idle for just that time, in the first batch from then on.",
    ),
    (
        "Output mode update prints a window that closes only if it has changed.",
        "Always, as the row that is on time.",
    ),
    (
        "A window join prints matches at once, unmatched rows at the end of the window.",
        "All when the window closes.",
    ),
    (
        "With one batch a run (Once) results come a run later.",
        "In the run that closes the window (`--once`).",
    ),
    (
        "updateStateByKey prints every key in every batch.",
        "Those that changed; all with `--output-mode complete`.",
    ),
    (
        "A batch that has failed does not stop the next.",
        "It ends the run; `--keep-going` goes on.",
    ),
    (
        "Of a directory, old files are ignored by their time.",
        "A file is known by what it is: an old file that is moved in is read.",
    ),
    (
        "There is no end of input.",
        "The part batch runs, then every open window is printed.",
    ),
    (
        "Receivers limit their rate by a controller.",
        "A pipe holds back who writes it; `--max-rate` limits beside.",
    ),
];

pub fn page() -> Vec<Block> {
    let mut blocks = vec![
        heading("Spark Streaming"),
        text(
            "`--batch D` gives the model of DStreams: records are grouped by arrival into batches, and an operator that has \
             no window works batch by batch. Who knows DStreams types what they know; below is each name there and here.",
        ),
    ];
    blocks.extend(
        NAMES
            .iter()
            .map(|(theirs, ours)| Block::item(*theirs, *ours)),
    );
    blocks.push(heading("Where dstream differs from Spark"));
    blocks.push(text("On purpose; what Spark does first, then dstream."));
    let differences = DIFFERENCES.iter();
    blocks.extend(differences.map(|(theirs, ours)| Block::item(*theirs, *ours)));
    blocks
}

#[cfg(test)]
mod tests {
    use super::NAMES;
    use crate::cli::globals::OPTIONS;

    #[test]
    fn what_is_typed_here_is_there() {
        for (theirs, ours) in NAMES {
            for code in ours.split('`').skip(1).step_by(2) {
                let word = code.split(' ').next().unwrap_or_default();
                let is_option = word.strip_prefix("--").is_some_and(|long| {
                    [
                        "slide",
                        "left",
                        "right",
                        "full",
                        "within",
                        "ttl",
                        "on-timeout",
                        "initial",
                    ]
                    .contains(&long)
                        || OPTIONS.iter().any(|option| option.long == long)
                });
                assert!(
                    is_option || crate::ops::find(word).is_some(),
                    "{theirs}: {word}"
                );
            }
        }
    }
}
