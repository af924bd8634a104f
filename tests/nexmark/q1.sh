# The price in euro, exact to the last decimal.
dstream -i json map 'price=0.908*price' select auction,bidder,price,dateTime,extra -o json bids.ndjson
