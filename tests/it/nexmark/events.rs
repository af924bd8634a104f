//! The events of tests/nexmark, and what all answers are made with: watermarks, stamps, rows. Refuses events that are
//! not as gen.py writes them. Invariant: nothing here comes from the library; times are milliseconds.

use crate::session;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// Milliseconds.
pub const SECOND: i64 = 1000;
pub const DAY: i64 = 86_400 * SECOND;
/// The watermark of the queries that end in `-late`.
pub const DELAY: i64 = 500;

pub struct Person {
    pub id: i64,
    pub name: String,
    pub city: String,
    pub state: String,
    pub time: i64,
}

pub struct Auction {
    pub id: i64,
    pub item: String,
    pub stamp: String,
    pub time: i64,
    pub expires: String,
    pub seller: i64,
    pub category: i64,
    pub extra: String,
}

pub struct Bid {
    pub auction: i64,
    pub bidder: i64,
    pub price: i64,
    pub channel: String,
    pub url: String,
    pub stamp: String,
    pub time: i64,
    pub extra: String,
}

pub struct Events {
    pub persons: Vec<Person>,
    pub auctions: Vec<Auction>,
    pub bids: Vec<Bid>,
    /// The table of q13.
    pub side: HashMap<i64, String>,
}

pub fn folder() -> PathBuf {
    session::root().join("tests/nexmark")
}

fn records<T>(name: &str, read: impl Fn(&Value) -> T) -> Vec<T> {
    let text = fs::read_to_string(folder().join(name)).expect("the events are there");
    let lines = text.lines();
    lines
        .map(|line| read(&serde_json::from_str(line).expect("a line is an object")))
        .collect()
}

fn number(record: &Value, field: &str) -> i64 {
    record[field].as_i64().expect("the field is an integer")
}

fn text(record: &Value, field: &str) -> String {
    record[field].as_str().expect("the field is a text").into()
}

/// Milliseconds since 2026-03-01 of a stamp such as `2026-03-01T05:59:47.080Z`.
fn instant(stamp: &str) -> i64 {
    let part = |from: usize, to: usize| stamp[from..to].parse::<i64>().expect("digits");
    assert!(stamp.starts_with("2026-03-") && stamp.len() == 24);
    ((part(8, 10) - 1) * 24 + part(11, 13)) * 3600 * SECOND
        + part(14, 16) * 60 * SECOND
        + part(17, 19) * SECOND
        + part(20, 23)
}

/// An instant as dstream prints it: a fraction only where there is one.
pub fn printed(time: i64) -> String {
    let (day, rest) = (time.div_euclid(DAY), time.rem_euclid(DAY));
    let (seconds, fraction) = (rest / SECOND, rest % SECOND);
    let mut out = format!(
        "2026-03-{:02}T{:02}:{:02}:{:02}",
        day + 1,
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    if fraction > 0 {
        write!(out, ".{fraction:03}").expect("a string takes everything");
    }
    out + "Z"
}

/// Thousandths as a decimal without zeros behind.
pub fn decimal(thousandths: i64) -> String {
    let all = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    all.trim_end_matches('0').trim_end_matches('.').to_string()
}

pub fn mean(sum: i64, count: i64) -> String {
    format!("{}", sum as f64 / count as f64)
}

pub fn events() -> Events {
    let persons = records("persons.ndjson", |r| Person {
        id: number(r, "id"),
        name: text(r, "name"),
        city: text(r, "city"),
        state: text(r, "state"),
        time: instant(&text(r, "dateTime")),
    });
    let auctions = records("auctions.ndjson", |r| Auction {
        id: number(r, "id"),
        item: text(r, "itemName"),
        stamp: text(r, "dateTime"),
        time: instant(&text(r, "dateTime")),
        expires: text(r, "expires"),
        seller: number(r, "seller"),
        category: number(r, "category"),
        extra: text(r, "extra"),
    });
    let bids = records("bids.ndjson", |r| Bid {
        auction: number(r, "auction"),
        bidder: number(r, "bidder"),
        price: number(r, "price"),
        channel: text(r, "channel"),
        url: text(r, "url"),
        stamp: text(r, "dateTime"),
        time: instant(&text(r, "dateTime")),
        extra: text(r, "extra"),
    });
    let side = fs::read_to_string(folder().join("side.csv")).expect("the table is there");
    let side = side.lines().skip(1).map(|line| {
        let (key, value) = line.split_once(',').expect("two cells");
        (key.parse().expect("a number"), value.to_string())
    });
    Events {
        side: side.collect(),
        persons,
        auctions,
        bids,
    }
}

/// EVENT-TIME 2.2: the watermark that each record is judged by, made by the records before it in its source.
/// Without a delay the windows stay open to the end of input.
pub fn watermarks(times: impl Iterator<Item = i64>, delay: Option<i64>) -> Vec<i64> {
    let mut largest = None;
    times
        .map(|time| {
            let before = largest;
            largest = largest.max(Some(time));
            match (before, delay) {
                (Some(before), Some(delay)) => before - delay,
                _ => i64::MIN,
            }
        })
        .collect()
}

/// The line about late records.
pub fn told(late: usize, records: usize) -> String {
    let (window, was) = match late {
        0 => return String::new(),
        1 => ("its window", "was"),
        _ => ("their windows", "were"),
    };
    assert!((1000..1_000_000).contains(&records) || records < 1000);
    let records = match records {
        0..1000 => records.to_string(),
        _ => format!("{},{:03}", records / 1000, records % 1000),
    };
    format!(
        "dstream: {late} of {records} records came too late for {window} and {was} dropped; --watermark D waits longer\n"
    )
}

impl Events {
    pub fn bid_watermarks(&self, delay: Option<i64>) -> Vec<i64> {
        watermarks(self.bids.iter().map(|bid| bid.time), delay)
    }

    /// The bids in event-time order, equal times as they come; without those behind the watermark, which are
    /// counted.
    pub fn bids_in_time(&self, delay: Option<i64>) -> (Vec<&Bid>, usize) {
        let judged = self.bids.iter().zip(self.bid_watermarks(delay));
        let mut kept: Vec<&Bid> = judged
            .filter(|(bid, watermark)| bid.time >= *watermark)
            .map(|(bid, _)| bid)
            .collect();
        kept.sort_by_key(|bid| bid.time);
        let late = self.bids.len() - kept.len();
        (kept, late)
    }

    pub fn auction(&self, id: i64) -> Option<&Auction> {
        let mut found = self.auctions.iter().filter(|auction| auction.id == id);
        let one = found.next();
        assert!(found.next().is_none(), "auction {id} twice");
        one
    }

    /// The bids that came while their auction was open, with it.
    pub fn valid(&self) -> impl Iterator<Item = (&Bid, &Auction)> {
        let pairs = self
            .bids
            .iter()
            .filter_map(|bid| Some((bid, self.auction(bid.auction)?)));
        pairs.filter(|(bid, auction)| open(bid, auction))
    }

    /// The winning bid of each auction, by auction: the highest, of equals the earliest.
    pub fn winners(&self) -> BTreeMap<i64, (&Bid, &Auction)> {
        let mut winners: BTreeMap<i64, (&Bid, &Auction)> = BTreeMap::new();
        for (bid, auction) in self.valid() {
            let best = winners.entry(auction.id).or_insert((bid, auction));
            if (bid.price, Reverse(bid.time)) > (best.0.price, Reverse(best.0.time)) {
                *best = (bid, auction);
            }
        }
        winners
    }
}

pub fn open(bid: &Bid, auction: &Auction) -> bool {
    bid.stamp >= auction.stamp && bid.stamp <= auction.expires
}

/// Rows of cells, parted by tabs.
#[derive(Default)]
pub struct Rows(pub String);

impl Rows {
    pub fn push(&mut self, cells: &[&dyn std::fmt::Display]) {
        for (at, cell) in cells.iter().enumerate() {
            let before = if at == 0 { "" } else { "\t" };
            write!(self.0, "{before}{cell}").expect("a string takes everything");
        }
        self.0.push('\n');
    }
}
