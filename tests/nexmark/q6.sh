# The mean of a seller's last 10 winning prices, anew at each auction that closes.
dstream -i json join auctions.ndjson --on auction=id \
    filter 'dateTime >= auctions.dateTime and dateTime <= auctions.expires' \
    top 1 --per auction --by price,dateTime:asc sort-by auctions.expires,auction \
    count-window 10 --slide-rows 1 reduce-by seller avg:price bids.ndjson
