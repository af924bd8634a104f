# Bids of people who sell, too, with each of their auctions.
dstream -i json join persons.ndjson --on bidder=id join auctions.ndjson --on bidder=seller \
    select auction,bidder,price,name,auctions.id bids.ndjson
