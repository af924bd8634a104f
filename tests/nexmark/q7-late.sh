# The same while it goes on.
dstream -i json --time dateTime --watermark 500ms window 10s top 1 --by price --ties \
    select window_start,auction,bidder,price,dateTime bids.ndjson
