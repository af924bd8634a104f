# A price that falls by more than a million within 5 s, with nothing that low between.
dstream -i json --time dateTime key-by auction match 'start next steady*:next next drop' --greedy --within 5s \
    --where steady='price >= start.price - 1000000' --where drop='price < start.price - 1000000' \
    --measures 'high=first:start.price,low=last:drop.price,n=count' bids.ndjson
