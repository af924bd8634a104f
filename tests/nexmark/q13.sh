# Bids with a column of a table, by a computed key.
dstream -i json map 'key=auction % 20' lookup side.csv --on key select auction,bidder,price,dateTime,value bids.ndjson
