# The last bid of each bidder on each auction.
dstream -i json --time dateTime sort-by @time distinct-by bidder,auction --last \
    select bidder,auction,price,dateTime bids.ndjson
