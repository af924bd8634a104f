//! Times each kernel of `bytes/` alone, on one thread and generated data, best of five; compares nothing
//! and keeps no results. `cargo bench --bench kernels [-- PART-OF-A-NAME]`. Without cargo's `--bench`, as
//! under `cargo test`, and with `--quick` each runs once over a few kilobytes, to see that it still does.
//! Invariant: the same data every time.
//!
//! To add a kernel, add a line to `KERNELS`.
#![allow(clippy::print_stdout)]

use dstream::bytes::table::KeyTable;
use dstream::bytes::{Cells, PADDING, Span, hash, json, number, quote, scan, time};
use dstream::data::Type;
use dstream::data::keys::KeyCoder;
use dstream::data::saved::{Save, Saved};
use dstream::engine::aggregate::Groups;
use dstream::plan::node::AggCall;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What one run of a kernel does, given about how many bytes it may take.
struct Job {
    bytes: usize,
    rows: usize,
    run: Box<dyn FnMut()>,
}

const KERNELS: &[(&str, fn(usize) -> Job)] = &[
    ("positions, 8 bytes between hits", |size| {
        scan_positions(size, 8, b";\n")
    }),
    ("positions, 3 bytes between hits", |size| {
        scan_positions(size, 3, b";\n")
    }),
    ("positions, 50 bytes between hits", |size| {
        scan_positions(size, 50, b";\n")
    }),
    ("positions, 4 separators, 8 bytes", |size| {
        scan_positions(size, 8, b";\n,|")
    }),
    ("lines, 16 bytes", |size| scan_lines(size, 16)),
    ("lines, 100 bytes", |size| scan_lines(size, 100)),
    ("words, 11 a line", scan_words),
    ("words, a line at a time", scan_words_by_line),
    ("quoted positions, no quotes", |size| quoted(size, 0)),
    ("quoted positions, a third quoted", |size| quoted(size, 3)),
    ("unquote, 20 bytes, doubled quote", unquote),
    ("hash, 7 bytes", |size| hash_keys(size, 7)),
    ("hash, 40 bytes", |size| hash_keys(size, 40)),
    ("stable hash, 7 bytes", |size| stable_keys(size, 7)),
    ("stable hash, 100 bytes", |size| stable_keys(size, 100)),
    ("count by key, 20 keys", |size| {
        count_keys(size, Keys::Even(20), "")
    }),
    ("count by key, 413 keys", |size| {
        count_keys(size, Keys::Even(413), "")
    }),
    ("count by key, 200 k keys, Zipf", |size| {
        count_keys(size, Keys::Zipf(200_000), "")
    }),
    ("count by key, 200 k keys, even", |size| {
        count_keys(size, Keys::Even(200_000), "")
    }),
    ("count by key, 1 M keys, even", |size| {
        count_keys(size, Keys::Even(1_000_000), "")
    }),
    ("count by key, all distinct", |size| {
        count_keys(size, Keys::Distinct, "")
    }),
    ("count by key, 413 keys of 32 bytes", |size| {
        count_keys(size, Keys::Even(413), "a-long-tail-of-the-key-and")
    }),
    ("count by key, 200 k of 32 bytes", |size| {
        count_keys(size, Keys::Even(200_000), "a-long-tail-of-the-key-and")
    }),
    ("absorb, 1 M keys by shard", absorb),
    ("save, 10 M keys with counts", |size| save(size, 6)),
    ("load, 10 M keys with counts", |size| load(size, 6)),
    ("load, 10 M keys, in one table", |size| load(size, 0)),
    ("numbers like -12.3", |size| numbers(size, 100, 1)),
    ("numbers of 12 digits", |size| {
        numbers(size, 1_000_000_000, 3)
    }),
    ("stamps, CLF", |size| stamps(size, clf)),
    ("stamps, RFC 3339", |size| stamps(size, rfc3339)),
    ("stamps, epoch", |size| stamps(size, epoch)),
    ("JSON, 3 of 10 keys, 210 bytes", |size| {
        json_fields(size, flat_line)
    }),
    ("JSON, 3 of 4 keys, 5 kB nested", |size| {
        json_fields(size, nested_line)
    }),
    ("JSON checked whole", json_checked),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |option: &str| words.iter().any(|word| word == option);
    let quick = has("--quick") || !has("--bench");
    let wanted: Vec<&String> = words
        .iter()
        .filter(|word| !word.starts_with("--"))
        .collect();
    let (size, runs) = if quick { (8 << 10, 1) } else { (64 << 20, 5) };
    println!("{:<36} {:>8} {:>8}", "kernel", "GB/s", "ns/row");
    for (name, make) in KERNELS {
        if wanted.iter().all(|part| name.contains(part.as_str())) {
            let mut job = make(size);
            let best = (0..runs)
                .map(|_| time(&mut job.run))
                .min()
                .unwrap_or_default();
            let ns = best.as_nanos().max(1) as f64;
            println!(
                "{name:<36} {:>8.2} {:>8.2}",
                job.bytes as f64 / ns,
                ns / job.rows.max(1) as f64
            );
        }
    }
}

fn time(run: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// Bytes of a block as the engine reads them.
const BLOCK: usize = 128 << 10;

/// The kernel over one warm block until `size` bytes are done; `make` gives about as many bytes as asked.
fn over_block(
    size: usize,
    make: impl Fn(usize) -> Vec<u8>,
    kernel: impl Fn(&[u8], usize) -> usize + 'static,
) -> Job {
    let mut block = make(size.min(BLOCK));
    let len = block.len();
    block.resize(len + PADDING, 0);
    let times = (size / len).max(1);
    let rows = kernel(&block, len) * times;
    let run = move || {
        for _ in 0..times {
            black_box(kernel(black_box(&block), len));
        }
    };
    Job {
        bytes: len * times,
        rows,
        run: Box::new(run),
    }
}

/// Numbers that look random, the same every time (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// Cells of `mean` bytes with their separator, one to twice as many, each ended by the next of `ends`.
fn cells(size: usize, mean: usize, ends: &[u8]) -> Vec<u8> {
    let mut numbers = Numbers(1);
    let mut text = Vec::new();
    for &end in ends.iter().cycle() {
        let len = mean / 2 + numbers.below(mean);
        text.extend((0..len).map(|_| b'a' + numbers.below(26) as u8));
        text.push(end);
        if text.len() >= size {
            break;
        }
    }
    text
}

fn scan_positions(size: usize, mean: usize, separators: &'static [u8]) -> Job {
    over_block(
        size,
        |size| cells(size, mean, b";\n"),
        move |block, len| {
            let mut out = Vec::with_capacity(len);
            scan::positions(block, len, separators, &mut out);
            black_box(&out).len()
        },
    )
}

fn scan_lines(size: usize, mean: usize) -> Job {
    over_block(
        size,
        |size| cells(size, mean, b"\n"),
        |block, len| {
            let mut out = Vec::with_capacity(len / 2);
            scan::lines(block, len, &mut out);
            black_box(&out).len()
        },
    )
}

fn scan_words(size: usize) -> Job {
    over_block(
        size,
        |size| cells(size, 6, b"          \n"),
        |block, len| {
            let mut out = Vec::with_capacity(len / 2);
            scan::words(block, 0, len, &mut out);
            black_box(&out).len()
        },
    )
}

fn scan_words_by_line(size: usize) -> Job {
    over_block(
        size,
        |size| cells(size, 6, b"          \n"),
        |block, len| {
            let (mut rows, mut out) = (Vec::with_capacity(len / 2), Vec::with_capacity(len / 2));
            scan::lines(block, len, &mut rows);
            for row in &rows {
                scan::words(block, row.start(), row.len(), &mut out);
            }
            black_box(&out).len()
        },
    )
}

/// One cell of so many is quoted and holds what would end it; zero: none.
fn quoted(size: usize, one_of: usize) -> Job {
    let make = move |size| {
        let mut numbers = Numbers(2);
        let mut text = Vec::new();
        for &end in b",,,\n".iter().cycle() {
            let len = 4 + numbers.below(8);
            match one_of {
                0 => text.extend(std::iter::repeat_n(b'a', len)),
                _ if numbers.below(one_of) == 0 => text.extend(b"\"a,\"\"\nb\""),
                _ => text.extend(std::iter::repeat_n(b'a', len)),
            }
            text.push(end);
            if text.len() >= size {
                break;
            }
        }
        text
    };
    over_block(size, make, |block, len| {
        let mut out = Vec::with_capacity(len);
        black_box(quote::positions_quoted(block, len, b',', false, &mut out));
        black_box(&out).len()
    })
}

fn unquote(size: usize) -> Job {
    over_block(
        size,
        |size| b"\"eight by\"\"eight by\"".repeat((size / 20).max(1)),
        |block, len| {
            let mut out = Vec::with_capacity(len);
            block[..len]
                .chunks(20)
                .for_each(|cell| quote::unquote(cell, &mut out));
            black_box(&out).len() / 17
        },
    )
}

fn hash_keys(size: usize, len: usize) -> Job {
    over_block(
        size,
        |size| cells(size, len, b"\n"),
        move |block, end| {
            let mut sum = 0;
            for key in block[..end].chunks_exact(len) {
                sum ^= hash::hash(Some(key), 0, 1);
            }
            black_box(sum);
            end / len
        },
    )
}

fn stable_keys(size: usize, len: usize) -> Job {
    over_block(
        size,
        |size| cells(size, len, b"\n"),
        move |block, end| {
            let mut sum = 0;
            for key in block[..end].chunks_exact(len) {
                sum ^= hash::stable(key);
            }
            black_box(sum);
            end / len
        },
    )
}

#[derive(Copy, Clone)]
enum Keys {
    Even(usize),
    Zipf(usize),
    Distinct,
}

/// Lines of a key each, about 7 bytes and the tail.
fn keys(size: usize, keys: Keys, tail: &str) -> Vec<u8> {
    let mut numbers = Numbers(3);
    // The ranks by how often they come: a rank r is 1 / r as frequent as the first.
    let mut upto = Vec::new();
    if let Keys::Zipf(count) = keys {
        let mut sum = 0.0;
        for rank in 1..=count {
            sum += 1.0 / rank as f64;
            upto.push(sum);
        }
    }
    let mut text = Vec::with_capacity(size + 100);
    let mut line = 0;
    while text.len() < size {
        let key = match keys {
            Keys::Even(count) => numbers.below(count),
            Keys::Zipf(_) => {
                let total = upto.last().copied().unwrap_or(0.0);
                let at = numbers.next() as f64 / u64::MAX as f64 * total;
                upto.partition_point(|&sum| sum < at)
            }
            Keys::Distinct => line,
        };
        line += 1;
        // Numbers scattered, so that lengths and prefixes differ as those of names do.
        let name = (key as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 38;
        text.extend_from_slice(format!("{name:x}{tail}\n").as_bytes());
    }
    text
}

/// What `count-by` does with its own kernels: copy a block, find lines, find groups, count.
fn count_keys(size: usize, which: Keys, tail: &str) -> Job {
    let text = keys(size, which, tail);
    let blocks: Vec<(usize, usize)> = {
        let mut blocks = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let end = (start + BLOCK).min(text.len());
            let end = scan::last_byte(&text[start..end], b'\n').map_or(end, |at| start + at + 1);
            blocks.push((start, end));
            start = end;
        }
        blocks
    };
    let (bytes, rows) = (text.len(), scan::count_byte(&text, b'\n'));
    let mut block = vec![0; BLOCK + PADDING];
    let (mut spans, mut groups) = (Vec::new(), Vec::new());
    let run = move || {
        let mut table = KeyTable::new(1);
        let mut counts: Vec<u64> = Vec::new();
        for &(start, end) in &blocks {
            let len = end - start;
            block[..len].copy_from_slice(&text[start..end]);
            spans.clear();
            groups.clear();
            scan::lines(&block, len, &mut spans);
            table.probe(&all_rows(&spans, &block), None, &mut groups);
            counts.resize(table.len(), 0);
            for &group in &groups {
                counts[group as usize] += 1;
            }
        }
        assert_eq!(counts.iter().sum::<u64>(), rows as u64);
        black_box(&counts);
    };
    Job {
        bytes,
        rows,
        run: Box::new(run),
    }
}

fn all_rows<'a>(spans: &'a [Span], block: &'a [u8]) -> Cells<'a> {
    Cells {
        spans,
        block,
        scratch: &[],
        valid: None,
        rows: None,
    }
}

/// A million keys of a partial go to shards that have them already.
fn absorb(size: usize) -> Job {
    let text = keys(size.min(10 << 20), Keys::Distinct, "");
    let mut table = KeyTable::new(1);
    for line in text.split(|&byte| byte == b'\n') {
        table.find_or_add(Some(line), 0);
    }
    let mut dealt = vec![Vec::new(); 16];
    table.by_shard(4, &mut dealt);
    let mut shards = vec![KeyTable::new(1); 16];
    let mut groups = Vec::new();
    for (shard, theirs) in shards.iter_mut().zip(&dealt) {
        shard.absorb(&table, theirs, &mut groups);
    }
    let rows = table.len();
    let run = move || {
        dealt.iter_mut().for_each(Vec::clear);
        table.by_shard(4, &mut dealt);
        for (shard, theirs) in shards.iter_mut().zip(&dealt) {
            groups.clear();
            shard.absorb(&table, theirs, &mut groups);
        }
        black_box(&groups);
    };
    Job {
        bytes: text.len(),
        rows,
        run: Box::new(run),
    }
}

/// Groups of keys like `user-01234567`, in `2^bits` shards, with a count.
fn groups(size: usize, bits: u32) -> (Vec<AggCall>, Vec<Groups>) {
    let (call, aggregate) = ("count", dstream::aggs::find("count"));
    let calls = vec![AggCall {
        name: call.into(),
        aggregate: aggregate.expect("count is in the table"),
        call: dstream::aggs::Call {
            func: call.into(),
            arg: None,
            param: None,
            timed: false,
            exact: false,
        },
        arg: None,
    }];
    let mut shards: Vec<Groups> = (0..1 << bits).map(|_| Groups::new(&calls, 7)).collect();
    for number in 0..size / 20 * 3 {
        let key = format!("user-{number:08}");
        let hash = hash::hash(Some(key.as_bytes()), 0, 7);
        let shard = (hash >> 1 >> (63 - bits)) as usize;
        shards[shard].table.find_or_add(Some(key.as_bytes()), 0);
    }
    shards.iter_mut().for_each(Groups::grow);
    (calls, shards)
}

fn rows(shards: &[Groups]) -> usize {
    shards.iter().map(|shard| shard.table.len()).sum()
}

fn save(size: usize, bits: u32) -> Job {
    let (_, shards) = groups(size, bits);
    let save = |shard: &Groups| {
        let mut to = Save::default();
        shard.save(&mut to);
        to.into_bytes()
    };
    Job {
        bytes: shards.iter().map(|shard| save(shard).len()).sum(),
        rows: rows(&shards),
        run: Box::new(move || {
            for shard in &shards {
                black_box(save(shard));
            }
        }),
    }
}

fn load(size: usize, bits: u32) -> Job {
    let (calls, shards) = groups(size, bits);
    let rows = rows(&shards);
    let saved = shards.into_iter().map(|shard| {
        let mut to = Save::default();
        shard.save(&mut to);
        to.into_bytes()
    });
    let saved: Vec<Vec<u8>> = saved.collect();
    let coder = KeyCoder::new(vec![Type::Untyped]);
    Job {
        bytes: saved.iter().map(Vec::len).sum(),
        rows,
        run: Box::new(move || {
            let load = |piece| Groups::load(&calls, 7, &coder, &mut Saved::new(piece)).ok();
            let loaded: Vec<Option<Groups>> = saved.iter().map(|piece| load(piece)).collect();
            assert!(loaded.iter().all(Option::is_some));
            black_box(loaded);
        }),
    }
}

/// A kernel over a column whose cells end with newlines.
fn over_column(
    size: usize,
    cell: impl Fn(usize) -> String,
    mut kernel: impl FnMut(&Cells) + 'static,
) -> Job {
    let mut block = Vec::new();
    let mut spans = Vec::new();
    while block.len() < size.min(BLOCK) {
        let text = cell(spans.len());
        spans.push(Span::new(block.len(), text.len()));
        block.extend_from_slice(text.as_bytes());
        block.push(b'\n');
    }
    let times = (size / block.len()).max(1);
    let (bytes, rows) = (block.len() * times, spans.len() * times);
    block.resize(block.len() + PADDING, 0);
    let run = move || {
        for _ in 0..times {
            kernel(black_box(&all_rows(&spans, &block)));
        }
    };
    Job {
        bytes,
        rows,
        run: Box::new(run),
    }
}

/// Numbers on both sides of zero, up to `limit`, with so many digits behind the point.
fn numbers(size: usize, limit: usize, digits: usize) -> Job {
    let random = std::cell::RefCell::new(Numbers(4));
    let cell = move |_| {
        let units = random
            .borrow_mut()
            .below(2 * limit * 10usize.pow(digits as u32));
        let value = units as f64 / 10f64.powi(digits as i32) - limit as f64;
        format!("{value:.digits$}")
    };
    let mut out = number::Numbers::default();
    over_column(size, cell, move |cells| {
        number::numbers(cells, &mut out);
        assert_eq!(black_box(&out).failed, 0);
    })
}

fn stamps(size: usize, cell: fn(usize) -> String) -> Job {
    let (mut memo, mut out) = (time::Memo::default(), time::Stamps::default());
    over_column(size, cell, move |cells| {
        time::stamps(cells, &time::Shape::Detect, &mut memo, &mut out);
        assert_eq!(black_box(&out).failed, 0);
    })
}

/// Ten lines a second.
fn clf(line: usize) -> String {
    let (minute, second) = (line / 600 % 60, line / 10 % 60);
    format!("17/May/2015:10:{minute:02}:{second:02} +0000")
}

fn rfc3339(line: usize) -> String {
    let (minute, second, part) = (line / 600 % 60, line / 10 % 60, line % 10);
    format!("2015-05-17T10:{minute:02}:{second:02}.{part}00Z")
}

fn epoch(line: usize) -> String {
    format!("{}.{}", 1_431_857_103 + line / 10, line % 10)
}

fn flat_line(line: usize) -> String {
    format!(
        "{{\"ts\":\"{}\",\"level\":\"info\",\"route\":\"/api/v1/items/{line}\",\"ms\":{},\"status\":200,\
         \"user\":\"u{line}\",\"host\":\"web-07.example.com\",\"agent\":\"Mozilla/5.0 (X11; Linux x86_64)\",\
         \"ok\":true,\"bytes\":{}}}",
        rfc3339(line),
        line % 977,
        line * 7919 % 100_003,
    )
}

fn nested_line(line: usize) -> String {
    let item = format!(
        "{{\"id\":{line},\"name\":\"item {{number}}\",\"tags\":[\"a\",\"b\\\"c\"],\
         \"price\":{{\"amount\":{},\"currency\":\"EUR\"}}}}",
        line % 977,
    );
    let items = vec![item; 48].join(",");
    format!(
        "{{\"ts\":\"{}\",\"items\":[{items}],\"route\":{{\"name\":\"x\"}},\"ms\":{line}}}",
        rfc3339(line)
    )
}

fn json_fields(size: usize, line: fn(usize) -> String) -> Job {
    let key = |text: &str| vec![json::Step::Key(text.as_bytes().to_vec())];
    let paths = json::Paths::new(&[key("ts"), key("route"), key("ms")]);
    let mut out = [json::ABSENT; 3];
    over_column(size, line, move |cells| {
        for span in cells.spans {
            let found = paths.fields((cells.block, span.start(), span.len()), &mut out);
            assert!(found.is_ok() && black_box(&out)[2] != json::ABSENT);
        }
    })
}

fn json_checked(size: usize) -> Job {
    over_column(size, flat_line, |cells| {
        for span in cells.spans {
            assert!(json::validate(span.of(cells.block, cells.scratch)).is_ok());
        }
    })
}
