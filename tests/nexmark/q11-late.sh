# The same while it goes on.
dstream -i json --time dateTime --watermark 500ms session-window 10s count-by bidder bids.ndjson
