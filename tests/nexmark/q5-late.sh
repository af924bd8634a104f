# The same while it goes on: what is 500 ms late misses the windows that are closed.
dstream -i json --time dateTime --watermark 500ms window 10s --slide 2s count-by auction top 1 --ties bids.ndjson
