# The longest runs of an auction's bids whose mean is below a million, and the bid that ends them.
dstream -i json --time dateTime key-by auction match 'low+:next next end' --greedy \
    --where low='((sum(low.price) ?? 0) + price) / ((count(low.price) ?? 0) + 1) < 1000000' \
    --measures 'n=count:low.price,avg:low.price,price=first:end.price' bids.ndjson
