# The same with streams that pass: no auction lasts longer than 26 s, and what is 500 ms late is lost.
dstream -i json --time dateTime --watermark 500ms join auctions.ndjson --on auction=id --within -26s..0s \
    filter 'dateTime >= auctions.dateTime and dateTime <= auctions.expires' \
    reduce-by auction,category final=max:price reduce-by category avg:final bids.ndjson
