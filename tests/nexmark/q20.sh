# Bids on auctions of category 10, with what the auction says.
dstream -i json join auctions.ndjson --on auction=id filter 'category == 10' \
    select auction,bidder,price,channel,itemName,seller,category,auctions.extra bids.ndjson
