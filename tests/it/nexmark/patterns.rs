//! The answers of the patterns by loops over each auction's bids in event-time order. Refuses patterns with a choice:
//! here each start has one end. Invariant: a match begins behind the one before it (SQL's default).

use super::events::{Bid, DELAY, Events, SECOND, mean, printed, told};
use std::collections::BTreeMap;

/// The bids of each auction in event-time order, each with its place among all of them.
fn by_auction<'a>(bids: &[&'a Bid]) -> BTreeMap<i64, Vec<(usize, &'a Bid)>> {
    let mut auctions: BTreeMap<i64, Vec<(usize, &Bid)>> = BTreeMap::new();
    for (place, bid) in bids.iter().enumerate() {
        auctions.entry(bid.auction).or_default().push((place, bid));
    }
    auctions
}

/// Looks for sequences in each auction's bids. `end_of` says where one that begins at a place ends, its last
/// record included; the next begins behind it. Rows come by the last record.
fn sequences(
    bids: &[&Bid],
    end_of: impl Fn(&[(usize, &Bid)], usize) -> Option<usize>,
    row: impl Fn(&[(usize, &Bid)]) -> String,
) -> String {
    let mut found = Vec::new();
    for (auction, bids) in by_auction(bids) {
        let mut at = 0;
        while at < bids.len() {
            let Some(end) = end_of(&bids, at) else {
                at += 1;
                continue;
            };
            let (first, last) = (bids[at].1, bids[end].1);
            let cells = row(&bids[at..=end]);
            let times = format!("{}\t{}", printed(first.time), printed(last.time));
            found.push((bids[end].0, format!("{auction}\t{times}\t{cells}\n")));
            at = end + 1;
        }
    }
    found.sort();
    found.into_iter().map(|(_, row)| row).collect()
}

/// How many prices from `from` on go on as `goes` says of one and the one before it.
fn run(bids: &[(usize, &Bid)], from: usize, goes: impl Fn(i64, i64) -> bool) -> usize {
    let pairs = bids[from - 1..].windows(2);
    pairs
        .take_while(|pair| goes(pair[0].1.price, pair[1].1.price))
        .count()
}

fn falls_and_rises(events: &Events, delay: Option<i64>) -> String {
    let (bids, late) = events.bids_in_time(delay);
    let falls = |bids: &[(usize, &Bid)], at: usize| run(bids, at + 1, |one, next| next < one);
    let rows = sequences(
        &bids,
        |bids, at| {
            let down = falls(bids, at);
            let up = run(bids, at + down + 1, |one, next| next > one);
            (down > 0 && up > 0).then_some(at + down + up)
        },
        |bids| {
            let (high, end) = (bids[0].1.price, bids[bids.len() - 1].1.price);
            let low = bids[falls(bids, 0)].1.price;
            format!("{high}\t{low}\t{end}\t{}", bids.len())
        },
    );
    rows + &told(late, events.bids.len())
}

pub fn cep0(events: &Events) -> String {
    falls_and_rises(events, None)
}

pub fn cep0_late(events: &Events) -> String {
    falls_and_rises(events, Some(DELAY))
}

pub fn cep1(events: &Events) -> String {
    sequences(
        &events.bids_in_time(None).0,
        |bids, at| {
            let (mut sum, mut count) = (0, 0);
            for (_, bid) in &bids[at..] {
                if sum + bid.price >= 1_000_000 * (count + 1) {
                    break;
                }
                sum += bid.price;
                count += 1;
            }
            // A record has to follow: at the end of the auction's bids it is the last of the run.
            let length = usize::try_from(count)
                .expect("a count")
                .min(bids.len() - 1 - at);
            (length > 0).then_some(at + length)
        },
        |bids| {
            let (last, low) = bids.split_last().expect("a match is not empty");
            let sum: i64 = low.iter().map(|(_, bid)| bid.price).sum();
            let mean = mean(sum, low.len() as i64);
            format!("{}\t{mean}\t{}", low.len(), last.1.price)
        },
    )
}

pub fn cep2(events: &Events) -> String {
    const DROP: i64 = 1_000_000;
    sequences(
        &events.bids_in_time(None).0,
        |bids, at| {
            let start = bids[at].1;
            let behind = bids[at + 1..].iter();
            let steady = behind
                .take_while(|(_, bid)| bid.price >= start.price - DROP)
                .count();
            let end = at + steady + 1;
            let (_, drop) = bids.get(end)?;
            (drop.time - start.time < 5 * SECOND).then_some(end)
        },
        |bids| {
            let (high, low) = (bids[0].1.price, bids[bids.len() - 1].1.price);
            format!("{high}\t{low}\t{}", bids.len())
        },
    )
}

pub fn cep3(events: &Events) -> String {
    sequences(
        &events.bids_in_time(None).0,
        |bids, at| {
            let high = bids[at].1;
            let outbid = bids[at + 1..]
                .iter()
                .any(|(_, bid)| bid.time - high.time < 5 * SECOND && bid.price > high.price);
            (high.price >= 50_000_000 && !outbid).then_some(at)
        },
        |bids| format!("{}\t{}", bids[0].1.price, bids[0].1.bidder),
    )
}
