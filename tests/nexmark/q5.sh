# The auctions with the most bids of the last 10 s, every 2 s.
dstream -i json --time dateTime window 10s --slide 2s count-by auction top 1 --ties bids.ndjson
