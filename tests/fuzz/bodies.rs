//! What the fuzz targets run: by name, the `fuzz` functions that hold each piece of the library to its model.
//! Used by the targets and by `cargo test`, which runs every body over its seeds. A body takes any bytes and
//! panics where fast code and model part; it reads no file and no clock.

type Body = fn(&[u8]);

/// By the name of the target. Every body takes all of the bytes.
pub const TARGETS: &[(&str, &[Body])] = &[
    (
        "bytes_scan",
        &[
            dstream::bytes::scan::fuzz,
            dstream::bytes::quote::fuzz,
            dstream::bytes::utf8::fuzz,
            dstream::bytes::hash::fuzz,
        ],
    ),
    ("bytes_table", &[dstream::bytes::table::naive::fuzz]),
    (
        "numbers_times",
        &[
            dstream::bytes::number::fuzz,
            dstream::bytes::time::naive::fuzz,
        ],
    ),
    ("json", &[dstream::bytes::json::fuzz]),
    (
        "formats",
        &[
            dstream::formats::combined::fuzz,
            dstream::formats::csv::fuzz,
            dstream::formats::json::fuzz,
            dstream::formats::lines::fuzz,
            dstream::formats::logfmt::fuzz,
            dstream::formats::regex::fuzz,
            dstream::formats::syslog::fuzz,
            dstream::formats::text::fuzz,
            dstream::formats::tsv::fuzz,
        ],
    ),
    ("expressions", &[dstream::expr::fuzz]),
    ("kept", &[dstream::engine::checkpoint::fuzz::fuzz]),
    ("chain", &[dstream::cli::fuzz::fuzz, dstream::aggs::fuzz]),
];

/// Runs all of a target's bodies.
#[allow(dead_code)] // for the tests
pub fn run(target: &str, data: &[u8]) {
    bodies(target).iter().for_each(|body| body(data));
}

/// Runs the body that the first byte chooses: many runs say more than thorough ones.
#[allow(dead_code)] // for the targets
pub fn run_one(target: &str, data: &[u8]) {
    let bodies = bodies(target);
    let chosen = data.first().map_or(0, |&byte| usize::from(byte));
    bodies[chosen % bodies.len()](data);
}

fn bodies(target: &str) -> &'static [Body] {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    found.expect("a target is in the table").1
}
