# The same while it goes on.
dstream -i json --time dateTime --watermark 500ms key-by auction match 'start next down+:next next up+:next' --greedy \
    --where down='price < (down.price ?? start.price)' --where up='price > (up.price ?? down.price)' \
    --measures 'high=first:start.price,low=last:down.price,end=last:up.price,n=count' bids.ndjson
