# The same with streams that pass: bids at most 30 s after the start.
dstream -i json --time dateTime --watermark 500ms join auctions.ndjson --on auction=id --within -30s..0s filter 'category == 10' \
    select auction,bidder,price,channel,itemName,seller,category,auctions.extra bids.ndjson
