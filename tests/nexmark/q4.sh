# The mean of the winning prices of each category.
dstream -i json join auctions.ndjson --on auction=id \
    filter 'dateTime >= auctions.dateTime and dateTime <= auctions.expires' \
    reduce-by auction,category final=max:price reduce-by category avg:final bids.ndjson
