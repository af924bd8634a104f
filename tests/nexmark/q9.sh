# The winning bid of each auction: the highest, of equals the earliest, while it was open.
dstream -i json join auctions.ndjson --on auction=id \
    filter 'dateTime >= auctions.dateTime and dateTime <= auctions.expires' \
    top 1 --per auction --by price,dateTime:asc \
    select auction,seller,category,bidder,price,dateTime,auctions.expires bids.ndjson
