//! What is run, and over what: chains with every kind of state, and records that are late, out of order and bad.
//! Invariant: the answer to each chain follows from its records alone, however they come.

use super::trial::Random;
use std::fmt::Write;

/// A chain as it is typed, and how it is watched.
#[derive(Copy, Clone, Debug)]
pub struct Chain {
    pub name: &'static str,
    pub words: &'static [&'static str],
    /// It reads `other` too.
    pub joins: bool,
}

pub const CHAINS: &[Chain] = &[
    Chain {
        name: "filter and map",
        words: &["filter", "v % 3 != 0", "map", "w=v*2"],
        joins: false,
    },
    Chain {
        name: "totals",
        words: &["update-state-by", "k", "n=count,s=sum:v,m=max:v"],
        joins: false,
    },
    Chain {
        name: "totals of windows",
        words: &["window", "10s", "update-state-by", "k", "n=count,s=sum:v"],
        joins: false,
    },
    Chain {
        name: "window",
        words: &["window", "5s", "reduce-by", "k", "n=count,s=sum:v,m=p50:v"],
        joins: false,
    },
    Chain {
        name: "session",
        words: &["session-window", "2s", "reduce-by", "k", "count,span"],
        joins: false,
    },
    Chain {
        name: "scan",
        words: &["scan-by", "k", "d=delta:v,c=cumcount"],
        joins: false,
    },
    Chain {
        name: "join",
        words: &[
            "join", "other", "--on", "k", "--within", "200ms", "--as", "o",
        ],
        joins: true,
    },
    Chain {
        name: "top",
        words: &["count-by", "k", "top", "5"],
        joins: false,
    },
    Chain {
        name: "top of windows",
        words: &["window", "5s", "top", "3", "--by", "v"],
        joins: false,
    },
    Chain {
        name: "sort",
        words: &["sort-by", "v,t"],
        joins: false,
    },
    Chain {
        name: "distinct",
        words: &["distinct-by", "k,v"],
        joins: false,
    },
];

pub fn named(name: &str) -> Chain {
    *CHAINS
        .iter()
        .find(|chain| chain.name == name)
        .expect("it is in the table")
}

/// Options under which nothing depends on when records come.
pub const OPTIONS: &[&str] = &[
    "-i",
    "json",
    "--time",
    "t:s",
    "--watermark",
    "2s",
    "--idle",
    "1h",
];

/// Lines of input: `orderly` ones are neither late nor bad.
pub fn lines(random: &mut Random, n: usize, orderly: bool) -> Vec<Vec<u8>> {
    let mut lines = Vec::with_capacity(n);
    for i in 0..n as u64 {
        let mut ms = 1_700_000_000_000 + i * 20 + random.below(1500);
        if !orderly && i % 41 == 7 {
            ms -= 30_000;
        }
        let (key, value) = (random.below(25), random.below(1000));
        let mut line = String::new();
        match !orderly && i % 67 == 66 {
            true => writeln!(line, "oops {i}"),
            false => writeln!(
                line,
                "{{\"t\":{}.{:03},\"k\":\"k{key}\",\"v\":{value}}}",
                ms / 1000,
                ms % 1000
            ),
        }
        .expect("a string can be written");
        lines.push(line.into_bytes());
    }
    lines
}
