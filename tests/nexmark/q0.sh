# Bids as they come.
dstream -i json select auction,bidder,price,dateTime,extra -o json bids.ndjson
