# The highest bids of each 10 s.
dstream -i json --time dateTime window 10s top 1 --by price --ties \
    select window_start,auction,bidder,price,dateTime bids.ndjson
