//! What the fuzz targets run: by name, the `fuzz` functions that hold each piece of the library to its model.
//! Used by the targets and by `cargo test`, which runs every body over its seeds. A body takes any bytes and
//! panics where fast code and model part; it reads no file and no clock.

type Body = fn(&[u8]);

/// By the name of the target. Where a target has several bodies, all get all of the bytes.
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
    ("chain", &[dstream::cli::fuzz::fuzz, dstream::aggs::fuzz]),
];

/// Runs a target's bodies.
pub fn run(target: &str, data: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let (_, bodies) = found.expect("a target is in the table");
    for body in *bodies {
        body(data);
    }
}
