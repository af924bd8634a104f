# Bids of each bidder in a visit, which ends with 10 s of silence.
dstream -i json --time dateTime session-window 10s count-by bidder bids.ndjson
