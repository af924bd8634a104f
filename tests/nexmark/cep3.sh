# A bid of 50 million or more that nobody outbids on its auction within 5 s.
dstream -i json --time dateTime key-by auction match 'high not more' --within 5s --skip none \
    --where high='price >= 50000000' --where more='price > high.price' \
    --measures 'price=first:high.price,bidder=first:high.bidder' bids.ndjson
