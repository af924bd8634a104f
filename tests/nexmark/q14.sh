# Price in a range, the time of day by name, how many `c` a text has.
dstream -i json --time dateTime map 'price=0.908*price,h=hour(@time)' filter 'price > 1e6 and price < 5e7' \
    map 'when=h >= 8 and h <= 18 ? "day" : h <= 6 or h >= 20 ? "night" : "other",c_counts=len(matches(extra, /c/))' \
    select auction,bidder,price,when,dateTime,extra,c_counts bids.ndjson
