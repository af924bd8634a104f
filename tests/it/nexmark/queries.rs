//! The answers of q0 to q23 by loops over the events. Refuses nothing: a late record is told as the program tells it.
//! Invariant: prices are integers, in thousandths where they have decimals.

use super::events::{
    Auction, Bid, DAY, DELAY, Events, Rows, SECOND, decimal, mean, open, printed, told, watermarks,
};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

pub fn q0(events: &Events) -> String {
    let lines = events.bids.iter().map(|b| {
        format!(
            "{{\"auction\":{},\"bidder\":{},\"price\":{},\"dateTime\":\"{}\",\"extra\":\"{}\"}}\n",
            b.auction, b.bidder, b.price, b.stamp, b.extra
        )
    });
    lines.collect()
}

pub fn q1(events: &Events) -> String {
    let lines = events.bids.iter().map(|b| {
        format!(
            "{{\"auction\":{},\"bidder\":{},\"price\":{},\"dateTime\":\"{}\",\"extra\":\"{}\"}}\n",
            b.auction,
            b.bidder,
            decimal(b.price * 908),
            b.stamp,
            b.extra
        )
    });
    lines.collect()
}

pub fn q2(events: &Events) -> String {
    let mut rows = Rows::default();
    for bid in events.bids.iter().filter(|bid| bid.auction % 123 == 0) {
        rows.push(&[&bid.auction, &bid.price]);
    }
    rows.0
}

pub fn q3(events: &Events) -> String {
    let mut rows = Rows::default();
    for auction in events.auctions.iter().filter(|a| a.category == 10) {
        let sellers = events.persons.iter().filter(|p| p.id == auction.seller);
        for p in sellers.filter(|p| ["OR", "ID", "CA"].contains(&p.state.as_str())) {
            rows.push(&[&p.name, &p.city, &p.state, &auction.id]);
        }
    }
    rows.0
}

/// The mean of the largest price of each auction, by category.
fn means_of_categories<'a>(bids: impl Iterator<Item = (&'a Bid, &'a Auction)>) -> String {
    let mut largest: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    for (bid, auction) in bids {
        let most = largest.entry((auction.category, auction.id)).or_default();
        *most = bid.price.max(*most);
    }
    let mut sums: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for ((category, _), price) in largest {
        let (sum, count) = sums.entry(category).or_default();
        *sum += price;
        *count += 1;
    }
    let mut rows = Rows::default();
    for (category, (sum, count)) in sums {
        rows.push(&[&category, &mean(sum, count)]);
    }
    rows.0
}

pub fn q4(events: &Events) -> String {
    means_of_categories(events.valid())
}

/// EVENT-TIME 2.8: the pairs of bids and auctions of which neither is behind the watermark of its own side, the
/// auction's time at most `reach` before the bid's; and how many records were late.
fn pairs_in_time(events: &Events, reach: i64) -> (Vec<(&Bid, &Auction)>, usize) {
    let auctions = events.auctions.iter().map(|auction| auction.time);
    let auctions = events
        .auctions
        .iter()
        .zip(watermarks(auctions, Some(DELAY)));
    let auctions: Vec<&Auction> = auctions
        .filter(|(auction, watermark)| auction.time >= *watermark)
        .map(|(auction, _)| auction)
        .collect();
    let bids = events.bids.iter().zip(events.bid_watermarks(Some(DELAY)));
    let bids: Vec<&Bid> = bids
        .filter(|(bid, watermark)| bid.time >= *watermark)
        .map(|(bid, _)| bid)
        .collect();
    let late = events.bids.len() + events.auctions.len() - bids.len() - auctions.len();
    let mut pairs = Vec::new();
    for bid in bids {
        for auction in auctions.iter().filter(|a| a.id == bid.auction) {
            if (-reach..=0).contains(&(auction.time - bid.time)) {
                pairs.push((bid, *auction));
            }
        }
    }
    // INTERFACE 9.1: by the later time, then the left's place, then the right's.
    pairs.sort_by_key(|(bid, auction)| bid.time.max(auction.time));
    (pairs, late)
}

pub fn q4_late(events: &Events) -> String {
    let (pairs, late) = pairs_in_time(events, 26 * SECOND);
    let pairs = pairs
        .into_iter()
        .filter(|(bid, auction)| open(bid, auction));
    means_of_categories(pairs) + &told(late, events.bids.len() + events.auctions.len())
}

/// The starts of the windows that hold a time, the first one first.
fn starts(time: i64, size: i64, slide: i64) -> impl Iterator<Item = i64> {
    let last = time.div_euclid(slide) * slide;
    let first = (time - size).div_euclid(slide) * slide + slide;
    (first..=last).step_by(usize::try_from(slide).expect("a slide is positive"))
}

fn most_bids(events: &Events, delay: Option<i64>) -> String {
    const SIZE: i64 = 10 * SECOND;
    let mut windows: BTreeMap<i64, BTreeMap<i64, i64>> = BTreeMap::new();
    let mut late = 0;
    for (bid, watermark) in events.bids.iter().zip(events.bid_watermarks(delay)) {
        let mut counted = false;
        for start in starts(bid.time, SIZE, 2 * SECOND) {
            if start + SIZE > watermark {
                *windows
                    .entry(start)
                    .or_default()
                    .entry(bid.auction)
                    .or_default() += 1;
                counted = true;
            }
        }
        late += usize::from(!counted);
    }
    let mut rows = Rows::default();
    for (start, counts) in windows {
        let most = counts.values().max().expect("a window has a bid");
        for (auction, count) in counts.iter().filter(|(_, count)| *count == most) {
            rows.push(&[&printed(start), auction, count]);
        }
    }
    rows.0 + &told(late, events.bids.len())
}

pub fn q5(events: &Events) -> String {
    most_bids(events, None)
}

pub fn q5_late(events: &Events) -> String {
    most_bids(events, Some(DELAY))
}

pub fn q6(events: &Events) -> String {
    let mut closed: Vec<(&Bid, &Auction)> = events.winners().into_values().collect();
    closed.sort_by_key(|(_, auction)| (auction.expires.clone(), auction.id));
    let mut prices: HashMap<i64, Vec<i64>> = HashMap::new();
    let mut rows = Rows::default();
    for (bid, auction) in closed {
        let all = prices.entry(auction.seller).or_default();
        all.push(bid.price);
        let last = &all[all.len().saturating_sub(10)..];
        let mean = mean(last.iter().sum(), last.len() as i64);
        rows.push(&[&auction.seller, &mean]);
    }
    rows.0
}

fn highest(events: &Events, delay: Option<i64>) -> String {
    const SIZE: i64 = 10 * SECOND;
    let mut windows: BTreeMap<i64, Vec<&Bid>> = BTreeMap::new();
    let mut late = 0;
    for (bid, watermark) in events.bids.iter().zip(events.bid_watermarks(delay)) {
        let start = bid.time.div_euclid(SIZE) * SIZE;
        if start + SIZE > watermark {
            windows.entry(start).or_default().push(bid);
        } else {
            late += 1;
        }
    }
    let mut rows = Rows::default();
    for (start, mut bids) in windows {
        let most = bids.iter().map(|bid| bid.price).max();
        // EVENT-TIME 2.10: ties of whole records by earlier event time, then input order.
        bids.sort_by_key(|bid| bid.time);
        for bid in bids.iter().filter(|bid| Some(bid.price) == most) {
            let start = printed(start);
            rows.push(&[&start, &bid.auction, &bid.bidder, &bid.price, &bid.stamp]);
        }
    }
    rows.0 + &told(late, events.bids.len())
}

pub fn q7(events: &Events) -> String {
    highest(events, None)
}

pub fn q7_late(events: &Events) -> String {
    highest(events, Some(DELAY))
}

fn new_sellers(events: &Events, delay: Option<i64>) -> String {
    const SIZE: i64 = 10 * SECOND;
    let window = |time: i64| time.div_euclid(SIZE) * SIZE;
    let mut late = 0;
    let mut on_time = |time: i64, watermark: i64| {
        let kept = window(time) + SIZE > watermark;
        late += usize::from(!kept);
        kept
    };
    let times = events.auctions.iter().map(|auction| auction.time);
    let mut sold = BTreeSet::new();
    for (auction, watermark) in events.auctions.iter().zip(watermarks(times, delay)) {
        if on_time(auction.time, watermark) {
            sold.insert((window(auction.time), auction.seller));
        }
    }
    let times = events.persons.iter().map(|person| person.time);
    let mut both = BTreeMap::new();
    for (person, watermark) in events.persons.iter().zip(watermarks(times, delay)) {
        let key = (window(person.time), person.id);
        if on_time(person.time, watermark) && sold.contains(&key) {
            both.insert(key, &person.name);
        }
    }
    let mut rows = Rows::default();
    for ((start, id), name) in both {
        rows.push(&[&printed(start), &id, name]);
    }
    rows.0 + &told(late, events.persons.len() + events.auctions.len())
}

pub fn q8(events: &Events) -> String {
    new_sellers(events, None)
}

pub fn q8_late(events: &Events) -> String {
    new_sellers(events, Some(DELAY))
}

pub fn q9(events: &Events) -> String {
    let mut rows = Rows::default();
    for (id, (bid, auction)) in events.winners() {
        rows.push(&[
            &id,
            &auction.seller,
            &auction.category,
            &bid.bidder,
            &bid.price,
            &bid.stamp,
            &auction.expires,
        ]);
    }
    rows.0
}

struct Visit {
    first: i64,
    last: i64,
    bids: i64,
}

/// EVENT-TIME 2.3, 2.4: a session is complete when W > last + gap; the test for lateness is on the merged one.
fn visits(events: &Events, delay: Option<i64>) -> String {
    const GAP: i64 = 10 * SECOND;
    let mut alive: BTreeMap<i64, Vec<Visit>> = BTreeMap::new();
    let mut complete: Vec<(i64, i64, i64, i64)> = Vec::new();
    let mut late = 0;
    let close = |bidder: i64, visit: &Visit| (visit.last + GAP, bidder, visit.first, visit.bids);
    for (bid, watermark) in events.bids.iter().zip(events.bid_watermarks(delay)) {
        let of_bidder = alive.entry(bid.bidder).or_default();
        of_bidder.retain(|visit| {
            let stays = visit.last.saturating_add(GAP) >= watermark;
            if !stays {
                complete.push(close(bid.bidder, visit));
            }
            stays
        });
        let mut merged = Visit {
            first: bid.time,
            last: bid.time,
            bids: 1,
        };
        of_bidder.retain(|visit| {
            let apart = bid.time < visit.first - GAP || bid.time > visit.last + GAP;
            if !apart {
                merged.first = merged.first.min(visit.first);
                merged.last = merged.last.max(visit.last);
                merged.bids += visit.bids;
            }
            apart
        });
        if merged.last + GAP >= watermark {
            of_bidder.push(merged);
        } else {
            late += 1;
        }
    }
    for (bidder, open) in alive {
        complete.extend(open.iter().map(|visit| close(bidder, visit)));
    }
    complete.sort_unstable();
    let mut rows = Rows::default();
    for (end, bidder, first, bids) in complete {
        rows.push(&[&printed(first), &printed(end), &bidder, &bids]);
    }
    rows.0 + &told(late, events.bids.len())
}

pub fn q10(events: &Events) -> String {
    const MINUTE: i64 = 60 * SECOND;
    let mut files: BTreeMap<i64, Vec<&Bid>> = BTreeMap::new();
    for bid in &events.bids {
        files
            .entry(bid.time.div_euclid(MINUTE))
            .or_default()
            .push(bid);
    }
    let mut out = String::new();
    for (minute, bids) in files {
        let (start, end) = (printed(minute * MINUTE), printed((minute + 1) * MINUTE));
        let (day, clock) = start.split_once('T').expect("a stamp has a time");
        writeln!(out, "out/dt={day}/hm={}/bids.ndjson", &clock[..5]).expect("a String takes it");
        for b in bids {
            writeln!(
                out,
                "{{\"window_start\":\"{start}\",\"window_end\":\"{end}\",\"auction\":{},\"bidder\":{},\"price\":{},\
                 \"dateTime\":\"{}\"}}",
                b.auction, b.bidder, b.price, b.stamp
            )
            .expect("a String takes it");
        }
    }
    out
}

pub fn q11(events: &Events) -> String {
    visits(events, None)
}

pub fn q11_late(events: &Events) -> String {
    visits(events, Some(DELAY))
}

/// A clock never goes back: a record with an earlier stamp arrives now.
pub fn q12(events: &Events) -> String {
    let mut counts: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    let mut now = i64::MIN;
    for bid in &events.bids {
        now = now.max(bid.time);
        let start = now.div_euclid(10 * SECOND) * 10 * SECOND;
        *counts.entry((start, bid.bidder)).or_default() += 1;
    }
    let mut rows = Rows::default();
    for ((start, bidder), count) in counts {
        rows.push(&[&printed(start), &bidder, &count]);
    }
    rows.0
}

pub fn q13(events: &Events) -> String {
    let mut rows = Rows::default();
    for bid in &events.bids {
        if let Some(value) = events.side.get(&(bid.auction % 20)) {
            rows.push(&[&bid.auction, &bid.bidder, &bid.price, &bid.stamp, value]);
        }
    }
    rows.0
}

pub fn q14(events: &Events) -> String {
    let mut rows = Rows::default();
    for bid in &events.bids {
        let price = bid.price * 908;
        if price <= 1_000_000_000 || price >= 50_000_000_000 {
            continue;
        }
        let when = match bid.time.rem_euclid(DAY) / (3600 * SECOND) {
            8..=18 => "day",
            0..=6 | 20.. => "night",
            _ => "other",
        };
        rows.push(&[
            &bid.auction,
            &bid.bidder,
            &decimal(price),
            &when,
            &bid.stamp,
            &bid.extra,
            &bid.extra.matches('c').count(),
        ]);
    }
    rows.0
}

/// Of all bids and of those of each class of prices: how many, their bidders, their auctions.
#[derive(Default)]
struct Counts {
    bids: [i64; 4],
    bidders: [BTreeSet<i64>; 4],
    auctions: [BTreeSet<i64>; 4],
}

fn class(price: i64) -> usize {
    match price {
        ..10_000 => 1,
        10_000..1_000_000 => 2,
        1_000_000.. => 3,
    }
}

impl Counts {
    fn add(&mut self, bid: &Bid) {
        for class in [0, class(bid.price)] {
            self.bids[class] += 1;
            self.bidders[class].insert(bid.bidder);
            self.auctions[class].insert(bid.auction);
        }
    }

    fn cells(&self) -> String {
        let bids = self.bids.iter().map(ToString::to_string);
        let sets = self.bidders.iter().chain(&self.auctions);
        let cells: Vec<_> = bids.chain(sets.map(|set| set.len().to_string())).collect();
        cells.join("\t")
    }
}

fn day(bid: &Bid) -> i64 {
    bid.time.div_euclid(DAY) * DAY
}

pub fn q15(events: &Events) -> String {
    let mut days: BTreeMap<i64, Counts> = BTreeMap::new();
    for bid in &events.bids {
        days.entry(day(bid)).or_default().add(bid);
    }
    let mut rows = Rows::default();
    for (day, counts) in days {
        rows.push(&[&printed(day), &counts.cells()]);
    }
    rows.0
}

pub fn q16(events: &Events) -> String {
    let mut days: BTreeMap<(i64, &str), (&str, Counts)> = BTreeMap::new();
    for bid in &events.bids {
        let key = (day(bid), bid.channel.as_str());
        let (last, counts) = days.entry(key).or_default();
        *last = (*last).max(&bid.stamp[11..16]);
        counts.add(bid);
    }
    let mut rows = Rows::default();
    for ((day, channel), (last, counts)) in days {
        rows.push(&[&printed(day), &channel, &last, &counts.cells()]);
    }
    rows.0
}

pub fn q17(events: &Events) -> String {
    let mut days: BTreeMap<(i64, i64), Vec<i64>> = BTreeMap::new();
    for bid in &events.bids {
        let prices = days.entry((day(bid), bid.auction)).or_default();
        prices.push(bid.price);
    }
    let mut rows = Rows::default();
    for ((day, auction), prices) in days {
        let of_class = |wanted: usize| prices.iter().filter(|p| class(**p) == wanted).count();
        let sum: i64 = prices.iter().sum();
        rows.push(&[
            &printed(day),
            &auction,
            &prices.len(),
            &of_class(1),
            &of_class(2),
            &of_class(3),
            prices.iter().min().expect("there is a bid"),
            prices.iter().max().expect("there is a bid"),
            &mean(sum, prices.len() as i64),
            &sum,
        ]);
    }
    rows.0
}

pub fn q18(events: &Events) -> String {
    let mut last: BTreeMap<(i64, i64), &Bid> = BTreeMap::new();
    for bid in events.bids_in_time(None).0 {
        last.insert((bid.bidder, bid.auction), bid);
    }
    let mut rows = Rows::default();
    for ((bidder, auction), bid) in last {
        rows.push(&[&bidder, &auction, &bid.price, &bid.stamp]);
    }
    rows.0
}

pub fn q19(events: &Events) -> String {
    let mut auctions: BTreeMap<i64, Vec<&Bid>> = BTreeMap::new();
    for bid in events.bids_in_time(None).0 {
        auctions.entry(bid.auction).or_default().push(bid);
    }
    let mut rows = Rows::default();
    for (auction, mut bids) in auctions {
        bids.sort_by_key(|bid| Reverse(bid.price));
        for (at, bid) in bids.iter().take(10).enumerate() {
            rows.push(&[&auction, &(at + 1), &bid.price, &bid.bidder, &bid.stamp]);
        }
    }
    rows.0
}

fn with_auctions<'a>(pairs: impl Iterator<Item = (&'a Bid, &'a Auction)>) -> String {
    let mut rows = Rows::default();
    for (bid, auction) in pairs.filter(|(_, auction)| auction.category == 10) {
        rows.push(&[
            &bid.auction,
            &bid.bidder,
            &bid.price,
            &bid.channel,
            &auction.item,
            &auction.seller,
            &auction.category,
            &auction.extra,
        ]);
    }
    rows.0
}

pub fn q20(events: &Events) -> String {
    let bids = events.bids.iter();
    with_auctions(bids.filter_map(|bid| Some((bid, events.auction(bid.auction)?))))
}

pub fn q20_late(events: &Events) -> String {
    let (pairs, late) = pairs_in_time(events, 30 * SECOND);
    with_auctions(pairs.into_iter()) + &told(late, events.bids.len() + events.auctions.len())
}

pub fn q21(events: &Events) -> String {
    let mut out = String::new();
    for bid in &events.bids {
        let id = match bid.channel.to_lowercase().as_str() {
            "apple" => "0",
            "google" => "1",
            "facebook" => "2",
            "baidu" => "3",
            _ => match bid.url.split_once("&channel_id=") {
                Some((_, rest)) => rest.split('&').next().unwrap_or_default(),
                None => continue,
            },
        };
        writeln!(
            out,
            "{{\"auction\":{},\"bidder\":{},\"price\":{},\"channel\":\"{}\",\"channel_id\":\"{id}\"}}",
            bid.auction, bid.bidder, bid.price, bid.channel
        )
        .expect("a string takes everything");
    }
    out
}

pub fn q22(events: &Events) -> String {
    let mut rows = Rows::default();
    for bid in &events.bids {
        let parts: Vec<&str> = bid.url.split('/').collect();
        let (one, two, three) = (parts[3], parts[4], parts[5]);
        let channel = &bid.channel;
        rows.push(&[
            &bid.auction,
            &bid.bidder,
            &bid.price,
            channel,
            &one,
            &two,
            &three,
        ]);
    }
    rows.0
}

pub fn q23(events: &Events) -> String {
    let mut rows = Rows::default();
    for bid in &events.bids {
        for person in events.persons.iter().filter(|p| p.id == bid.bidder) {
            for auction in events.auctions.iter().filter(|a| a.seller == bid.bidder) {
                rows.push(&[
                    &bid.auction,
                    &bid.bidder,
                    &bid.price,
                    &person.name,
                    &auction.id,
                ]);
            }
        }
    }
    rows.0
}
