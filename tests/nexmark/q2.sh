# Bids on every 123rd auction.
dstream -i json filter 'auction % 123 == 0' select auction,price bids.ndjson
