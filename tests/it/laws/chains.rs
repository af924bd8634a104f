//! Random chains that are right: each operator takes only fields that are there. Most end in many rows.
//! Invariant: a chain that the program refuses is a fault of one of the two.

use super::data::{Format, Random};
use super::seconds::{self, Place};

pub struct Chain {
    /// What is typed, without the source.
    pub words: Vec<String>,
    /// Windows close at the end of a file but not of a pipe, unless a watermark is given.
    pub pipe_differs: bool,
    /// The other stream that the chain reads, if it has one.
    pub other: Option<Format>,
    /// Both inputs must be known to end.
    pub needs_end: bool,
    /// The other stream is a table, which every run reads whole.
    pub reads_whole: bool,
}

pub struct Making<'a> {
    pub random: &'a mut Random,
    pub format: Format,
    pub words: Vec<String>,
    /// Fields as expressions spell them.
    pub fields: Vec<String>,
    /// Those of the other stream.
    pub right: Vec<String>,
    pub other: Option<Format>,
    pub needs_end: bool,
    pub reads_whole: bool,
    /// Rows are lists of both sides', by key.
    pub has_lists: bool,
    names: u32,
}

impl Making<'_> {
    pub fn push(&mut self, words: &[&str]) {
        self.words.extend(words.iter().map(|word| word.to_string()));
    }

    fn field(&mut self) -> String {
        let at = self.random.below(self.fields.len() as u64) as usize;
        self.fields[at].clone()
    }

    /// One of these fields if it is still there, else any.
    fn of(&mut self, wanted: &[String]) -> String {
        let at = self.random.below(wanted.len() as u64) as usize;
        match self.fields.contains(&wanted[at]) {
            true => wanted[at].clone(),
            false => self.field(),
        }
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("f{}", self.names)
    }
}

/// A window that takes rows in order.
fn window_in_order(making: &mut Making<'_>, timed: bool) -> Option<Place> {
    let mut place = None;
    match making.random.below(if timed { 4 } else { 1 }) {
        0 => {
            making.push(&["count-window", "7"]);
            match making.random.below(3) {
                0 => making.push(&["--slide-rows", "3"]),
                1 => making.push(&["--slide-rows", "2", "--partial", "yes"]),
                _ => {}
            }
        }
        1 => {
            let gap = making.random.pick(&["1s", "2s", "5s"]);
            making.push(&["session-window", gap]);
            if making.random.one_in(3) {
                making.push(&["--max", "20s"]);
            }
            place = Some(Place::InSession);
        }
        2 => {
            let back = making.random.pick(&["1s", "5s", "30s"]);
            making.push(&["look-back", back]);
        }
        _ => {
            let step = making.random.pick(&["10s", "15s", "30s"]);
            making.push(&["window", "1m", "--grow", step]);
            place = Some(Place::Growing);
        }
    }
    place
}

/// Options for an aggregate that prints more than once.
fn panes(making: &mut Making<'_>, timed: bool) {
    if timed {
        let lateness = making.random.pick(&["2s", "10s", "1m"]);
        making.push(&["--allowed-lateness", lateness]);
        let every = making.random.pick(&["0", "1", "2"]);
        making.push(&["--late-every", every]);
    }
    let at_once = ["look-back", "--slide-rows"];
    if !making
        .words
        .iter()
        .any(|word| at_once.contains(&word.as_str()))
    {
        let every = making.random.pick(&["1", "3", "10"]);
        making.push(&["--every-records", every]);
        let panes = making.random.pick(&["accumulate", "discard", "retract"]);
        making.push(&["--panes", panes]);
    }
    making.push(&["--pane-columns"]);
}

pub fn chain(format: Format, random: &mut Random) -> Chain {
    let (options, fields): (&[&str], [&str; 5]) = match format {
        Format::Text => (&[], ["$1", "$2", "$3", "$4", "$5"]),
        Format::Csv => (&["-i", "csv"], ["ts", "host", "n", "x", "note"]),
        Format::Json => (&["-i", "json"], ["ts", "host", "n", "x", "note"]),
    };
    let fields = fields.map(String::from);
    let mut making = Making {
        random,
        words: Vec::new(),
        format,
        fields: fields.to_vec(),
        right: Vec::new(),
        other: None,
        needs_end: false,
        reads_whole: false,
        has_lists: false,
        names: 0,
    };
    making.push(options);
    let [time, host, n, x, note] = &fields;
    let timed = making.random.one_in(2);
    let mut pipe_differs = false;
    if timed {
        making.push(&["--time", time]);
        if making.random.one_in(3) {
            pipe_differs = true;
        } else {
            let disorder = making.random.pick(&["0s", "3s", "10s", "1m"]);
            making.push(&["--watermark", disorder]);
        }
    }
    for _ in 0..making.random.below(3) {
        stateless(&mut making, [host, n, x, note]);
    }
    if making.random.one_in(4) {
        seconds::put(&mut making, Place::Front { timed }, host, &fields);
        if making.random.one_in(2) && !making.has_lists {
            stateless(&mut making, [host, n, x, note]);
        }
    }
    let ordered = making.random.one_in(3);
    let windowed = timed && !ordered && !making.random.one_in(5);
    let mut place = None;
    if ordered {
        place = window_in_order(&mut making, timed);
    } else if windowed {
        place = Some(Place::InWindow);
        let size = making.random.pick(&["7s", "10s", "1m", "90s"]);
        making.push(&["window", size]);
        if making.random.one_in(3) {
            let slide = making.random.pick(&["5s", "4s", "20s"]);
            making.push(&["--slide", slide]);
        }
        if making.random.one_in(6) {
            making.push(&["--offset", "3s"]);
        }
    }
    if let (Some(place), true) = (place, making.random.one_in(4)) {
        if making.random.one_in(2) && !making.has_lists {
            stateless(&mut making, [host, n, x, note]);
        }
        seconds::put(&mut making, place, host, &fields);
    }
    let in_windows = ordered || windowed;
    // Of lists of both sides there is the key alone.
    let of_lists = making.fields[0].clone();
    let of_lists = [&of_lists; 3];
    let [host, n, x] = if making.has_lists {
        of_lists
    } else {
        [host, n, x]
    };
    let slides = making.words.contains(&"--slide".to_string());
    // Totals are printed when a window of all keys ends.
    // Groups of records within a time are of sessions, each of which ends for itself.
    let in_sessions = making.words.iter().any(|word| word == "cogroup")
        && making.words.iter().any(|word| word == "--within");
    let has_totals = !ordered && !slides && !in_sessions;
    let operator = making.random.below(if has_totals { 12 } else { 11 });
    // What other operators with state follow is not printed before windows close.
    let is_alone = making.other.is_none();
    if matches!(operator, 1..=4 | 8) && is_alone && in_windows && making.random.one_in(3) {
        panes(&mut making, timed);
    }
    let is_late =
        |making: &Making<'_>| making.words.iter().any(|word| word == "--allowed-lateness");
    let waits = matches!(operator, 5 | 6 | 7 | 9 | 10 | 11) && timed && in_windows;
    if waits && !is_late(&making) && making.random.one_in(3) {
        let lateness = making.random.pick(&["2s", "10s"]);
        making.push(&["--allowed-lateness", lateness]);
    }
    let corrected = is_late(&making);
    match operator {
        0 => {}
        1 => {
            let key = making.of(&[host.clone(), n.clone()]);
            making.push(&["count-by", &key]);
            making.fields = vec!["count".into()];
        }
        2 | 3 => {
            let key = making.of(&[host.clone(), n.clone()]);
            aggregates(&mut making, &["reduce-by", &key], [host, n, x]);
        }
        4 => {
            let key = making.of(&[host.clone(), n.clone()]);
            making.push(&["key-by", &key]);
            aggregates(&mut making, &["reduce-by-key"], [host, n, x]);
        }
        5 => {
            let by = making.of(&[n.clone(), x.clone()]);
            let down = making.random.pick(&["", ":desc"]);
            making.push(&["sort-by", &format!("{by}{down}")]);
        }
        6 => {
            let by = making.of(&[n.clone(), x.clone()]);
            let count = making.random.pick(&["13", "40"]);
            making.push(&["top", count, "--by", &by]);
            match making.random.below(3) {
                0 => making.push(&["--ties"]),
                1 => making.push(&["--per", host]),
                _ => {}
            }
            if !making.fields.contains(host) {
                // `--per` may ask for a field that is gone.
                let at = making.words.len() - 2;
                if making.words[at] == "--per" {
                    making.words.truncate(at);
                }
            }
        }
        7 => {
            let key = making.of(&[host.clone(), n.clone(), x.clone()]);
            making.push(&["distinct-by", &key]);
            if making.random.one_in(3) {
                making.push(&["--last"]);
            }
        }
        9 => {
            let key = making.of(&[host.clone(), x.clone()]);
            let of = making.of(&[n.clone(), x.clone()]);
            let name = making.name();
            let run = making
                .random
                .pick(&["lag", "delta", "cumsum", "cumcount", "avg"]);
            let call = match run {
                "cumcount" => format!("{name}=cumcount"),
                "avg" => format!("{name}=avg:{of}:-2..0"),
                run => format!("{name}={run}:{of}"),
            };
            making.push(&["scan-by", &key, &call]);
            making.fields.push(name);
        }
        10 => {
            let key = making.of(&[host.clone(), n.clone()]);
            let name = making.name();
            making.push(&[
                "map-with-state-by",
                &key,
                &format!("{name}=({name} ?? 0)+1"),
            ]);
            making.fields.push(name);
        }
        11 => {
            let key = making.of(&[host.clone(), n.clone()]);
            let of = making.of(&[n.clone(), x.clone()]);
            making.push(&["update-state-by", &key, &format!("c=count,s=sum:{of}")]);
            making.fields = vec!["c".into()];
        }
        _ => {
            let key = making.of(&[host.clone(), n.clone()]);
            making.push(&["group-by", &key]);
            making.fields.clear();
        }
    }
    if windowed
        && matches!(operator, 1..=4)
        && !corrected
        && !making.has_lists
        && making.random.one_in(3)
    {
        behind(&mut making, &fields);
    } else if matches!(operator, 1..=4) && is_alone && !making.has_lists {
        let there = |word: &str| making.words.iter().any(|other| other == word);
        let in_time = timed && !there("count-window") && !there("look-back");
        let (prints_again, discards) = (there("--pane-columns"), there("discard"));
        if in_time && in_windows && making.random.one_in(2) {
            match making.random.one_in(3) {
                true => again_in_windows(&mut making, discards),
                false if prints_again => again(&mut making, discards),
                false => {}
            }
        }
    }
    if making.random.one_in(3) && !making.fields.is_empty() {
        let field = making.field();
        let name = making.name();
        making.push(&[
            "map",
            &format!("{name}=concat(\"<\",{field} ?? \"none\",\">\")"),
        ]);
    }
    let written = making
        .random
        .pick(&["", "", "tsv", "csv", "json", "logfmt", "table"]);
    if !written.is_empty() {
        making.push(&["-o", written]);
    }
    Chain {
        words: making.words,
        pipe_differs,
        other: making.other,
        needs_end: making.needs_end,
        reads_whole: making.reads_whole,
    }
}

/// State behind the aggregate of a window, whose rows have the window.
fn behind(making: &mut Making<'_>, fields: &[String; 5]) {
    let key = making.fields.first().cloned().unwrap_or_default();
    let name = making.name();
    match making.random.below(5) {
        0 => making.push(&["scan", &format!("{name}=cumcount,{name}b=lag:{key}")]),
        1 => making.push(&["map-with-state", &format!("{name}=({name} ?? 0)+1")]),
        2 => {
            making.push(&["reduce", &format!("{name}=count,{name}b=max:{key}")]);
            making.fields = vec![name];
        }
        3 => making.push(&["top", "30", "--by", &key]),
        _ => {
            let host = &fields[1];
            // The key of the aggregate is among its columns, unless it was another.
            let is_key = making.words.iter().rev().take(4).any(|word| word == host);
            if is_key {
                making.fields.push(host.clone());
                seconds::put(making, Place::Grouped, host, fields);
            }
        }
    }
}

/// What gives its rows again behind an aggregate that does, one to three of them.
fn again(making: &mut Making<'_>, discards: bool) {
    for _ in 0..1 + making.random.below(3) {
        let key = making.fields.first().cloned().unwrap_or_default();
        let name = making.name();
        match making.random.below(7) {
            0 => making.push(&["top", "5", "--by", &key]),
            1 => making.push(&["top", "4", "--by", &key, "--rank"]),
            2 => making.push(&["sort-by", &format!("{key}:desc")]),
            3 => making.push(&["distinct-by", &key]),
            4 => making.push(&["distinct-by", &key, "--last"]),
            5 => {
                making.push(&["reduce-by", &key, &format!("{name}=count")]);
                making.fields = vec![name];
            }
            _ => {
                let more = if discards { "count" } else { "collect" };
                making.push(&["reduce", &format!("{name}=count,{name}b={more}:{key}")]);
                making.fields = vec![name];
            }
        }
    }
}

/// A window of its own behind all that the first one has.
fn again_in_windows(making: &mut Making<'_>, discards: bool) {
    let key = making.fields.first().cloned().unwrap_or_default();
    match making.random.below(4) {
        0 => making.push(&["top", "3", "--by", &key]),
        1 => making.push(&["sort-by", &key]),
        2 => making.push(&["distinct-by", &key, "--last"]),
        _ => {}
    }
    let size = making.random.pick(&["10s", "1m", "7s"]);
    let name = making.name();
    making.push(&["window", size]);
    let more = if discards { "count" } else { "collect" };
    making.push(&["reduce", &format!("{name}=count,{name}b={more}:{key}")]);
    making.fields = vec![name];
}

fn stateless(making: &mut Making<'_>, [host, n, x, note]: [&String; 4]) {
    match making.random.below(12) {
        0 => {
            let field = making.of(&[n.clone(), x.clone()]);
            making.push(&["filter", &format!("{field} > 2")]);
        }
        1 => {
            let field = making.of(std::slice::from_ref(host));
            making.push(&["filter", &format!("{field} != \"h3\" or has({field})")]);
        }
        2 => making.push(&["filter", "/h[0-9]*[1-9]/"]),
        3 => {
            let (one, name) = (making.of(&[n.clone(), x.clone()]), making.name());
            making.push(&["map", &format!("{name}={one}*2+0.5")]);
            making.fields.push(name);
        }
        4 => {
            let (one, name) = (making.of(&[note.clone(), host.clone()]), making.name());
            making.push(&["map", &format!("{name}=upper({one}),{name}b=len({one})")]);
            making.fields.push(format!("{name}b"));
            making.fields.push(name);
        }
        5 => {
            let (one, name) = (making.of(&[note.clone(), host.clone()]), making.name());
            making.push(&["flat-map", &format!("{name}=split({one},/[ e]/)")]);
            making.fields.push(name);
        }
        6 => {
            let (name, other) = (making.name(), making.name());
            making.push(&[
                "parse",
                &format!("h(?<{name}>[0-9])(?<{other}>[0-9]?)"),
                "--field",
                "$0",
            ]);
            if making.random.one_in(2) {
                making.push(&["--keep-unmatched"]);
            }
            making.fields.push(name);
        }
        7 => making.push(&["sample", "80%"]),
        // How far two streams are read that are joined, and how many bad records are seen by then, is accident.
        8 if making.other.is_none() => making.push(&["head", "150"]),
        9 => {
            let key = making.of(&[x.clone(), note.clone()]);
            making.push(&["distinct-by", &format!("{key},{host}")]);
        }
        10 => making.push(&["distinct"]),
        _ => {
            let (one, name) = (making.of(std::slice::from_ref(x)), making.name());
            making.push(&["map", &format!("{name}={one} ?? -1")]);
            making.fields.push(name);
        }
    }
}

fn aggregates(making: &mut Making<'_>, operator: &[&str], [host, n, x]: [&String; 3]) {
    let calls = [
        "count",
        "sum:N",
        "avg:X",
        "min:N",
        "max:X",
        "p50:N",
        "p99:X",
        "median:X",
        "distinct:HOST",
        "first:N",
        "last:X",
        "any:HOST",
        "mode:HOST",
        "collect:N:5",
        "join:HOST",
        "topk:X:3",
        "stddev:N",
        "var:X",
        "hist:N:10",
        "count_if:N>3",
        "sum:X",
        "topk_distinct:N:2",
        "count:X",
        "approx_distinct:X",
    ];
    let mut list = Vec::new();
    let mut names = Vec::new();
    for _ in 0..1 + making.random.below(4) {
        let call = making.random.pick(&calls);
        let call = call.replace("HOST", host).replace('N', n).replace('X', x);
        let name = making.name();
        list.push(format!("{name}={call}"));
        names.push(name);
    }
    making.push(operator);
    making.push(&[&list.join(",")]);
    making.fields = names;
}
