//! The page on checkpoints: layout and kinds from the tables of `engine::checkpoint::file`, and the few paragraphs
//! that stand here. Decides nothing. Invariant: every number of the layout is the constant that the program uses.

use super::{Block, heading, text};
use crate::engine::checkpoint::file::{FIXED, FORMAT, FRAME_HEAD, KINDS, MAGIC, PAYLOAD_MAX};

/// What lies beside the file.
const FILES: &[(&str, &str)] = &[
    ("CK", "The newest generation, replaced as a whole."),
    (
        "CK.1",
        "The generation before it. It is used, with a warning, when CK is damaged or gone.",
    ),
    (
        "CK.lock",
        "Locked with flock(2) by the run that has the job, and never removed; it also holds the job's number. A second \
         run ends with 75 at once, or waits as long as `--wait` says. The lock of a run that was killed is nobody's.",
    ),
    (
        "CK.tmp.X, CK.1.tmp",
        "A generation that is being written. Those of killed runs are removed by the next one.",
    ),
    (
        ".NAME.JOB.tmp",
        "Beside an output NAME that appears whole: what it has so far.",
    ),
];

/// What is promised, by the kind of the source.
const SOURCES: &[(&str, &str)] = &[
    (
        "Files, `-F`, `dir:`, `glob:`",
        "Into files (`--output`, with `--append` too, `tee`, `--late`, `--bad-file`): each record once, the bytes those \
         of one run that nobody disturbed. To standard output: nothing is lost; what was written since the last commit \
         may come again. A file that was renamed, compressed or copied and cut off since is finished first where it \
         is found beside the name; where it is not, it is said how much is missing at least.",
    ),
    (
        "Standard input, `tcp:`, `unix:`, the listeners",
        "They cannot be read again. With `--wal DIR` what was received is written down before it is worked on, and \
         each record of that counts once; what was on its way to us is lost. Without it state and outputs go on from \
         the last commit, and what was received behind it is lost; one line says so when the job goes on.",
    ),
];

/// What a start comes to.
const STARTS: &[(&str, &str)] = &[
    (
        "No checkpoint",
        "The job begins. Its first generation is written before the first record is read, with the lengths of the \
         outputs. An output that is there starts empty unless `--append` is given.",
    ),
    (
        "A checkpoint of this chain",
        "State is loaded, outputs are cut back to the lengths in it, each source goes on behind the last record of \
         the commit. An output that has become shorter, or whose last bytes before that length are others, was \
         changed by somebody else: 65, and it stays as it is.",
    ),
    (
        "A job that has ended",
        "Outputs that were complete get their names if they have not; nothing is read or printed. Where a file has \
         grown since: status 2.",
    ),
    (
        "Another chain, or other sources",
        "65, with what differs. `--checkpoint-adopt` takes other paths, and a chain whose operators with state all \
         fit; `--discard-state` lets one start empty; `--checkpoint-reset` begins anew.",
    ),
    (
        "A damaged checkpoint",
        "CK.1 is used and it is said; what the outputs have behind its lengths is written again, the same bytes. \
         Without a CK.1 that is whole: 65. A later format than this program's is refused, and nothing is replaced.",
    ),
    (
        "A source that could not be read to its end",
        "Status 66, and the job has not ended: what is complete only at the end waits for a run that can read it.",
    ),
];

pub fn page() -> Vec<Block> {
    let magic = String::from_utf8_lossy(&MAGIC[..MAGIC.len() - 1]).into_owned();
    let mut blocks = vec![
        heading("Description"),
        text(
            "With `--checkpoint CK` a job outlives its runs: one that is stopped, killed or cut off from power goes on \
             when the same command is given again. A commit takes the state of all operators, the place in each file \
             of the input and the length of each file of the output at one moment between records; the outputs are \
             synced, then a new CK is written beside the old one, synced, renamed over it, and the directory synced. \
             So at any instant CK, or CK.1, is a whole generation, and all that it says is on the disk. With \
             `--durability process` nothing is synced: that survives a kill and not a power cut.",
        ),
        text(
            "Commits come each `--checkpoint-every` (1s), less often where state is so large that taking them would \
             need more than a tenth of the time; at INT and TERM, and at the end. The stream stands still while state \
             is encoded, not while it is written.",
        ),
        heading("Files"),
    ];
    blocks.extend(FILES.iter().map(|(name, what)| Block::item(*name, *what)));
    blocks.push(text(
        "All but outputs are for their owner alone (mode 0600). A checkpoint that others may write, one of another user \
         when root runs the program, a symbolic link and what is no regular file are refused with 65.",
    ));
    blocks.push(heading("At a start"));
    blocks.extend(STARTS.iter().map(|(when, what)| Block::item(*when, *what)));
    blocks.push(heading("What is promised"));
    blocks.extend(SOURCES.iter().map(|(kind, what)| Block::item(*kind, *what)));
    blocks.push(text(
        "What no checkpoint can mend: a file that was cut off in place before it was read; one that was cut off and has \
         grown past its old length again with the same bytes before it; one that was made, rotated out of sight and \
         removed between two looks. The first commit comes before anything is read, and knows every file that is there.",
    ));
    blocks.push(heading("Layout"));
    blocks.push(text(&format!(
        "Numbers are little-endian. A header of {FIXED} bytes: the text `{magic}` and a line feed, the format (2 bytes, \
         {FORMAT}), flags (2), the length of the text that follows (4), the CRC-32C of all these and of that text (4). The \
         text is in postcard's encoding: version of the program, job's number (128 bits), generation, when it was \
         written (ns since 1970), fingerprint of the chain (xxh3-128), the chain up to its last operator with state, \
         the sources as typed, the seed of the key tables, the first record where the chain depends on it, records \
         read so far, whether the job has ended, the first records of the other streams by their words (older \
         headers end in front of these)."
    )));
    blocks.push(text(&format!(
        "Then frames, each behind a head of {FRAME_HEAD} bytes: length (4), kind (1), flags (1), operator (2), shard (4), \
         sequence from 0 (8), CRC-32C of the head before it and of the payload (4). Flag 1: the payload is LZ4 behind \
         its length (4); flag 2: the entry goes on in the next frame. A payload is at most {PAYLOAD_MAX} bytes before \
         it is compressed. The last frame is the commit."
    )));
    for row in KINDS {
        let number = row.kind as u8;
        blocks.push(Block::item(format!("{number} {}", row.name), row.what));
    }
    blocks.extend([
        text(
            "`dstream --checkpoint CK --show` checks every checksum and prints what is in it; `--show=json` a line for \
             each entry.",
        ),
        heading("See also"),
        text("dstream(1), dstream-operators(7), flock(2), fsync(2)"),
    ]);
    blocks
}
