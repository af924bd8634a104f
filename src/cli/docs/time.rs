//! `help time` and dstream-time(7): batches, event time, watermark, windows, triggers and panes, and the worked
//! example of the streaming literature. Says what EVENT-TIME says, in its words. Invariant: every output that
//! stands here is compared with what the program prints.

use super::{Block, example, heading, pages, text};
use crate::cli::globals::Section;
use crate::data::doc::Example;
use crate::ops::Group;

/// Examples that stand alone.
pub const EXAMPLES: &[Example] = &[DRAWN, BEFORE, CALENDAR, LATE, FILL, BATCHES, DISORDER];

/// The worked example: its first step makes the file that the others read.
pub const STEPS: &[Example] = &[
    FILE,
    BATCH,
    WINDOWS,
    ARRIVAL,
    ON_TIME,
    ACCUMULATE,
    DISCARD,
    RETRACT,
    DELAY,
    SESSIONS,
    SESSION_PANES,
];

/// The worked example as one session.
pub fn session() -> String {
    let steps: Vec<&str> = STEPS.iter().map(|step| step.session).collect();
    steps.join("\n") + "\n"
}

/// All of the page but its last lines.
pub fn page() -> Vec<Block> {
    let mut blocks = Vec::new();
    for chapter in [
        time, watermark, lateness, windows, triggers, batches, scores,
    ] {
        chapter(&mut blocks);
    }
    blocks.push(heading("Window operators"));
    blocks.extend(pages::operator_items(Group::Windows));
    blocks.push(heading("Options"));
    for option in [Section::Time, Section::Batches]
        .into_iter()
        .flat_map(pages::options_of)
    {
        blocks.push(Block::item(
            pages::option_term(option),
            format!("{} {}", pages::option_text(option), option.doc.text),
        ));
    }
    blocks
}

fn time(blocks: &mut Vec<Block>) {
    blocks.extend([
        heading("Description"),
        text(
            "A record has two times. Its event time is when the thing that it tells of happened, and stands in the \
             record; its arrival time, or processing time, is when it was read. Windows put records together by \
             either.",
        ),
        text(
            "`--time FIELD` names the field that holds the event time, `--time-regex RE` finds it in the line; formats \
             that define one need nothing; without any it is the time of arrival, by the clock. `--time arrival` asks \
             for that. `--clock FIELD` takes arrival from a field of the records too, so that what depends on the clock \
             can be run again.",
        ),
        text(
            "Known by their shape are RFC 3339 with any fraction; `YYYY-MM-DD HH:MM:SS` with a point or comma before \
             the fraction, or with slashes; the common log format's; syslog's; epochs in s, ms, us or ns by their \
             size (below 1e11 s, 1e14 ms, 1e17 us). `--time FIELD:FORMAT` gives a strptime text, or says what small \
             numbers count: `s`, `ms`, `us`, `ns`. A record without a time that can be read is a bad record: it is \
             told, and no time is made up for it.",
        ),
        text(
            "Stamps without an offset are of the zone `--tz`. Times that dstream makes print as RFC 3339 with the \
             digits they need; fields of the input print as they came. `--since` (included) and `--until` (excluded) \
             let only records of these times into the chain, before anything else sees them.",
        ),
    ]);
}

fn watermark(blocks: &mut Vec<Block>) {
    blocks.extend([
        heading("Watermark"),
        text(
            "Records come out of order. The watermark says how far event time has come: it is the largest event time \
             seen, minus `--watermark D`, the disorder that is allowed for. It means that no record before it is \
             expected any more, and it never goes back. A window is complete when the watermark reaches its end.",
        ),
        text(
            "Each line below is a record as it comes, `*` its time, `w` the watermark behind it with `--watermark 5s`. \
             Windows are 10 s long; `=` marks those that have been printed.",
        ),
        Block::Code(DRAWING.trim_matches('\n').into()),
    ]);
    example(&DRAWN, blocks);
    blocks.extend([
        text(
            "Of plain files, windows close at the end of the input unless `--watermark` is given: nothing is late, and \
             counts are awk's. Pipes and sockets have a watermark of 5 s. `cat f | dstream` cannot be told from a live \
             stream, so give `--watermark` if records in f are further out of order.",
        ),
        text(
            "Which D? `--explain=disorder` reads the input and says how far records are behind the largest time before \
             them. `--watermark auto` finds a D while it runs: it begins with 5s and follows the delay that 99.9 % of \
             the records seen so far did not exceed.",
        ),
    ]);
    example(&DISORDER, blocks);
    blocks.extend([
        text(
            "Several live sources have a watermark each, and the slowest rules: windows close by the smallest. One that \
             has said nothing yet holds them all. A source that is silent for `--idle` (10s) holds the watermark no \
             more until it speaks again; what it says then is late where windows were closed meanwhile. When all are \
             silent the watermark goes on with the clock, so the last window of a quiet stream is printed by itself. \
             Files are one source together, in their order; `--merge-sorted` reads several sources, each of them sorted, as one in order of event time.",
        ),
        text(
            "A stamp from the future would close everybody's windows: of live input, one more than `--max-ahead` (1h) \
             ahead of the clock counts in its window and does not move the watermark.",
        ),
        text(
            "By arrival the watermark is the clock itself, and nothing is late. The end of the input is the last \
             watermark: all windows are printed.",
        ),
    ]);
}

const DRAWING: &str = r"
record      0         10        20        30
3           |  *      |         |         |
8           |  w    * |         |         |
12          |      w  | *       |         |
9           |      w *|         |         |    out of order, in time
16          |=========|w    *   |         |    [0,10) closes: 3, 8, 9
7           |======x==|w        |         |    late
26          |=========|=========|w    *   |    [10,20) closes: 12, 16
end         |=========|=========|=========|    [20,30) closes: 26
";

fn lateness(blocks: &mut Vec<Block>) {
    blocks.extend([
        heading("Late records"),
        text(
            "A record is late for a window when the watermark has reached the window's end. What counts is the \
             watermark that the records before it made in its own source, record by record, in the order of the input: \
             neither threads nor blocks nor the order in which sources are read change it. A record behind the \
             watermark whose window is still open is not late. Of overlapping windows it counts in those still open; \
             late is it when all are closed.",
        ),
        text(
            "`--late drop` (the default) counts late records and tells their number at the end; `--max-late` ends the \
             run with status 65 if there are more; `--stats` tells how late they were. With `--allowed-lateness L` a \
             window is kept until the watermark is L past its end, and a late record that comes before that corrects \
             it: the window is printed again, at once or with `--late-every N` at each Nth. `--late update` is an \
             allowed lateness of one window's size, of a session's gap. `--late FILE` puts the lines of late records \
             into a file, which can be read as the input was.",
        ),
    ]);
    example(&LATE, blocks);
}

fn windows(blocks: &mut Vec<Block>) {
    blocks.extend([
        heading("Windows"),
        text(
            "A window `[s,e)` has its start and not its end, and is named by its start. It exists from its first \
             record: an empty one prints nothing. It is in force to the end of the chain or the next window operator: \
             aggregates, `top`, `sort-by` and `distinct` work window by window. The time of a window's row is the last \
             instant before its end, so a second window of the same size behind it holds the same rows.",
        ),
        Block::item(
            "window 10m",
            "Tumbling: end to end, on a grid from 1970-01-01 UTC. `--offset D` shifts the grid. Times before 1970 are \
             like others.",
        ),
        Block::item(
            "window 10m --slide 1m",
            "Sliding, or hopping: one begins each minute, and a record is in ten of them. A slide longer than the size \
             leaves gaps, and records in them are in no window.",
        ),
        Block::item(
            "window day --tz ZONE",
            "Calendar: days (`1d` is `day`), `week` (from Monday), `month`, `quarter`, `year`, and 2, 3, 4, 6, 8 and 12 \
             hours are cut on the local clock, so a day has 23 or 25 hours where clocks change. Every other size, 1h \
             too, is absolute time.",
        ),
        Block::item(
            "window 1d --grow 1h",
            "Cumulative: the day so far, printed at each hour of it.",
        ),
        Block::item(
            "session-window 30m",
            "Session: records of a key, each at most 30 minutes from the next; just 30 minutes apart is together. It is \
             printed as from its first record to 30 minutes behind its last, when the watermark has passed that end, \
             and not when it has only reached it: a record of just that time still belongs. One record can make two \
             sessions one.",
        ),
        Block::item(
            "count-window 100",
            "So many records of a key, in the order of the input, whatever their times. `--slide-rows M` prints at each \
             Mth record, over the last 100.",
        ),
        Block::item(
            "look-back 5m",
            "For each record the five minutes of its key up to it, printed when the watermark has passed it.",
        ),
        Block::item(
            "window all",
            "The whole input, as without any window.",
        ),
    ]);
    example(&BEFORE, blocks);
    example(&CALENDAR, blocks);
    blocks.push(text(
        "`fill zero`, `null`, `last` or `linear` behind the aggregate of a window adds rows for windows in which a key has \
         no record, from its first to the last seen.",
    ));
    example(&FILL, blocks);
}

fn triggers(blocks: &mut Vec<Block>) {
    blocks.extend([
        heading("Triggers and panes"),
        text(
            "Without a trigger a window is printed once, when it is complete. Each of its rows is a pane: first those \
             that are early, then one on time, exactly once, when the watermark reaches the end, also if nothing is \
             new; then late ones while lateness is allowed. `--pane-columns` adds `pane_kind` (`early`, `on_time`, \
             `late`) and the number `pane`, from 0 for each key and window.",
        ),
        text(
            "Early rows come with `--every D` at multiples of D of the clock, with `--every-delay D` when D of the clock \
             has passed since the first new record, with `--every-records N` at the record that makes N new ones; only \
             where something is new. `--late-every N` is the trigger of late rows.",
        ),
        text(
            "What a repeated row holds is `--panes`. `accumulate`: the whole window. `discard`: what is new since the \
             last. `retract`: the whole window, and in front of it the row that it replaces once more, marked to be \
             taken back: `-` in a first column of tsv and csv (else `+`), `\"retract\":true` in json. Of a session that \
             has grown or was joined the rows of the old bounds are taken back.",
        ),
        text(
            "Which rows a trigger prints is `--output-mode`: `append` each window once, when it is final; `update` those \
             that have changed (the default with an `--every...` option); `complete` all rows (the default behind `top` \
             and `sort-by`, as a ranking is a whole). In `complete` no window is ever freed and nothing is late.",
        ),
        text(
            "Panes are those of the last operator of the chain that keeps windows or state. Before it a row that is \
             corrected is taken back and the new one added, so no trigger changes what a later aggregate computes.",
        ),
    ]);
}

fn batches(blocks: &mut Vec<Block>) {
    blocks.extend([
        heading("Batches"),
        text(
            "A batch is a group of records by arrival, as in Spark Streaming. With `--batch D` one ends at each multiple \
             of D of the clock, with `--batch-lines N` behind each N records, with `--batch-on RE` at a line that \
             matches and is no data; the clock of the last two begins at zero and moves by D (else 1s) a batch, so that \
             a stream with its batches can be written down and run again. All records of a batch have its end as their \
             time. What has no window works batch by batch; windows by arrival take whole batches. How dstream cuts its \
             own work is never seen.",
        ),
    ]);
    example(&BATCHES, blocks);
}

fn scores(blocks: &mut Vec<Block>) {
    blocks.extend([
        heading("Ten scores"),
        text(
            "The worked example of the streaming literature (Tyler Akidau, Streaming 101 and 102): ten scores of a team \
             in a game on phones, which arrive late and out of order, one of them, a 9, by seven minutes. What is \
             computed is their sum; where in event time, windows say; when in processing time it is printed, watermark \
             and triggers say; how repeated rows relate, `--panes` says. The figures follow that example in values, \
             sums and sessions; `--clock arrival` takes processing time from the data, so every row below comes out the \
             same each time.",
        ),
    ]);
    for step in STEPS {
        example(step, blocks);
    }
}

const FILE: Example = Example {
    title: "The ten scores: what was scored, when, and when it arrived",
    session: r#"$ cat > scores.csv <<'END'
> score,time,arrival
> 5,2026-03-02T12:00:26Z,2026-03-02T12:05:19Z
> 7,2026-03-02T12:02:26Z,2026-03-02T12:05:39Z
> 3,2026-03-02T12:03:39Z,2026-03-02T12:06:13Z
> 4,2026-03-02T12:03:19Z,2026-03-02T12:06:39Z
> 3,2026-03-02T12:04:19Z,2026-03-02T12:06:59Z
> 8,2026-03-02T12:03:06Z,2026-03-02T12:07:06Z
> 3,2026-03-02T12:06:39Z,2026-03-02T12:07:19Z
> 9,2026-03-02T12:01:26Z,2026-03-02T12:08:19Z
> 8,2026-03-02T12:07:26Z,2026-03-02T12:08:39Z
> 1,2026-03-02T12:07:46Z,2026-03-02T12:08:56Z
> END"#,
};

const BATCH: Example = Example {
    title: "Classic batch: one answer for all of the input",
    session: r#"$ dstream -i csv reduce sum:score scores.csv
51"#,
};

const WINDOWS: Example = Example {
    title: "Fixed windows of two minutes by event time, at the end of the input",
    session: r#"$ dstream -i csv --time time window 2m reduce sum:score scores.csv
2026-03-02T12:00:00Z	14
2026-03-02T12:02:00Z	22
2026-03-02T12:04:00Z	3
2026-03-02T12:06:00Z	12"#,
};

const ARRIVAL: Example = Example {
    title: "The same windows by arrival: other sums, as the scores came late",
    session: r#"$ dstream -i csv --time arrival --clock arrival window 2m reduce sum:score scores.csv
2026-03-02T12:04:00Z	12
2026-03-02T12:06:00Z	21
2026-03-02T12:08:00Z	18"#,
};

const ON_TIME: Example = Example {
    title: "By a watermark: each window once, when it is complete as far as is known. The 9 arrives after its window has been printed, and is dropped",
    session: r#"$ dstream -i csv --time time --clock arrival --watermark 30s window 2m reduce sum:score scores.csv
2026-03-02T12:00:00Z	5
2026-03-02T12:02:00Z	22
2026-03-02T12:04:00Z	3
2026-03-02T12:06:00Z	12
dstream: 1 of 10 records came too late for its window and was dropped; --watermark D waits longer"#,
};

const ACCUMULATE: Example = Example {
    title: "Early rows each minute of the clock, one on time, and late ones for ten minutes; each row is the whole window",
    session: r#"$ dstream -i csv --time time --clock arrival --watermark 30s \
>   --every 1m --allowed-lateness 10m --pane-columns \
>   window 2m reduce sum:score scores.csv
2026-03-02T12:00:00Z	5	early	0
2026-03-02T12:02:00Z	7	early	0
2026-03-02T12:00:00Z	5	on_time	1
2026-03-02T12:02:00Z	14	early	1
2026-03-02T12:04:00Z	3	early	0
2026-03-02T12:02:00Z	22	on_time	2
2026-03-02T12:04:00Z	3	on_time	1
2026-03-02T12:06:00Z	3	early	0
2026-03-02T12:00:00Z	14	late	2
2026-03-02T12:06:00Z	12	on_time	1"#,
};

const DISCARD: Example = Example {
    title: "The same, and each row is what is new: rows of a window add up to it",
    session: r#"$ dstream -i csv --time time --clock arrival --watermark 30s \
>   --every 1m --allowed-lateness 10m --pane-columns \
>   --panes discard window 2m reduce sum:score scores.csv
2026-03-02T12:00:00Z	5	early	0
2026-03-02T12:02:00Z	7	early	0
2026-03-02T12:00:00Z	0	on_time	1
2026-03-02T12:02:00Z	7	early	1
2026-03-02T12:04:00Z	3	early	0
2026-03-02T12:02:00Z	8	on_time	2
2026-03-02T12:04:00Z	0	on_time	1
2026-03-02T12:06:00Z	3	early	0
2026-03-02T12:00:00Z	9	late	2
2026-03-02T12:06:00Z	9	on_time	1"#,
};

const RETRACT: Example = Example {
    title: "The same, and each row is the whole window, behind the row that it withdraws: a reader that adds `+` and subtracts `-` is right at every moment",
    session: r#"$ dstream -i csv --time time --clock arrival --watermark 30s \
>   --every 1m --allowed-lateness 10m --pane-columns \
>   --panes retract window 2m reduce sum:score scores.csv
+	2026-03-02T12:00:00Z	5	early	0
+	2026-03-02T12:02:00Z	7	early	0
-	2026-03-02T12:00:00Z	5	early	0
+	2026-03-02T12:00:00Z	5	on_time	1
-	2026-03-02T12:02:00Z	7	early	0
+	2026-03-02T12:02:00Z	14	early	1
+	2026-03-02T12:04:00Z	3	early	0
-	2026-03-02T12:02:00Z	14	early	1
+	2026-03-02T12:02:00Z	22	on_time	2
-	2026-03-02T12:04:00Z	3	early	0
+	2026-03-02T12:04:00Z	3	on_time	1
+	2026-03-02T12:06:00Z	3	early	0
-	2026-03-02T12:00:00Z	5	on_time	1
+	2026-03-02T12:00:00Z	14	late	2
-	2026-03-02T12:06:00Z	3	early	0
+	2026-03-02T12:06:00Z	12	on_time	1"#,
};

const DELAY: Example = Example {
    title: "An early row one minute of the clock after the first new score",
    session: r#"$ dstream -i csv --time time --clock arrival --watermark 30s \
>   --every-delay 1m --pane-columns window 2m reduce sum:score scores.csv
2026-03-02T12:00:00Z	5	on_time	0
2026-03-02T12:02:00Z	10	early	0
2026-03-02T12:02:00Z	22	on_time	1
2026-03-02T12:04:00Z	3	on_time	0
2026-03-02T12:06:00Z	3	early	0
2026-03-02T12:06:00Z	12	on_time	1
dstream: 1 of 10 records came too late for its window and was dropped; --watermark D waits longer"#,
};

const SESSIONS: Example = Example {
    title: "Sessions, which end where a minute passes without a score",
    session: r#"$ dstream -i csv --time time session-window 1m reduce sum:score scores.csv
2026-03-02T12:00:26Z	2026-03-02T12:05:19Z	39
2026-03-02T12:06:39Z	2026-03-02T12:08:46Z	12"#,
};

const SESSION_PANES: Example = Example {
    title: "Sessions with panes: the late 9 joins two sessions that were printed, and they are withdrawn",
    session: r#"$ dstream -i csv --time time --clock arrival --watermark 30s \
>   --every 1m --allowed-lateness 10m --pane-columns \
>   --panes retract session-window 1m reduce sum:score scores.csv
+	2026-03-02T12:00:26Z	2026-03-02T12:01:26Z	5	on_time	0
+	2026-03-02T12:02:26Z	2026-03-02T12:03:26Z	7	early	0
-	2026-03-02T12:02:26Z	2026-03-02T12:03:26Z	7	early	0
+	2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	17	early	0
-	2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	17	early	0
+	2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	25	on_time	1
+	2026-03-02T12:06:39Z	2026-03-02T12:07:39Z	3	early	0
-	2026-03-02T12:00:26Z	2026-03-02T12:01:26Z	5	on_time	0
-	2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	25	on_time	1
+	2026-03-02T12:00:26Z	2026-03-02T12:05:19Z	39	late	0
-	2026-03-02T12:06:39Z	2026-03-02T12:07:39Z	3	early	0
+	2026-03-02T12:06:39Z	2026-03-02T12:08:46Z	12	on_time	1"#,
};

const DRAWN: Example = Example {
    title: "The same as the program has it",
    session: r#"$ printf '3\n8\n12\n9\n16\n7\n26\n' |
>   dstream --time '$1:s' --watermark 5s window 10s reduce 'n=count,join:$1'
1970-01-01T00:00:00Z	3	3,8,9
1970-01-01T00:00:10Z	2	12,16
1970-01-01T00:00:20Z	1	26
dstream: 1 of 7 records came too late for its window and was dropped; --watermark D waits longer"#,
};

const BEFORE: Example = Example {
    title: "Before 1970 the grid goes on",
    session: r#"$ printf -- '-5\n-11\n3\n' | dstream --time '$1:s' --watermark 1m window 10s count
1969-12-31T23:59:40Z	1
1969-12-31T23:59:50Z	1
1970-01-01T00:00:00Z	1"#,
};

const CALENDAR: Example = Example {
    title: "The day on which clocks went forward",
    session: r#"$ printf '2026-03-29T00:30:00Z\n2026-03-29T21:00:00Z\n' |
>   dstream --tz Europe/Berlin --time '$1' window day count map 'long=window_end-window_start'
2026-03-29T00:00:00+01:00	2	23h"#,
};

const BATCHES: Example = Example {
    title: "Batches of two lines, and where they end",
    session: r#"$ printf 'a\nb\na\n' | dstream --batch-lines 2 --mark-batches count-by-key
a	1
b	1
-- 1
a	1
-- 2"#,
};

const LATE: Example = Example {
    title: "A late record counts, and its window is printed again",
    session: r#"$ printf '3\n8\n12\n9\n16\n7\n26\n' |
>   dstream --time '$1:s' --watermark 5s --late update --pane-columns window 10s count
1970-01-01T00:00:00Z	3	on_time	0
1970-01-01T00:00:00Z	4	late	1
1970-01-01T00:00:10Z	2	on_time	0
1970-01-01T00:00:20Z	1	on_time	0"#,
};

const FILL: Example = Example {
    title: "Windows without a record",
    session: r#"$ printf '5\n35\n' | dstream --time '$1:s' window 10s count fill zero
1970-01-01T00:00:00Z	1
1970-01-01T00:00:10Z	0
1970-01-01T00:00:20Z	0
1970-01-01T00:00:30Z	1"#,
};

const DISORDER: Example = Example {
    title: "How far out of order the records above are",
    session: r#"$ printf '3\n8\n12\n9\n16\n7\n26\n' | dstream --time '$1:s' --explain=disorder
source          records  behind  50 %  90 %  99 %  99.9 %  100 %
standard input        7       2    0s    9s    9s      9s     9s
--watermark 9s: 99 % of the records in time
--watermark 9s: 99.9 % of the records in time
--watermark 9s: 100 % of the records in time"#,
};
