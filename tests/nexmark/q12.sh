# Bids of each bidder in 10 s of arrival; a clock in the data stands for the machine's.
dstream -i json --time arrival --clock dateTime window 10s count-by bidder bids.ndjson
