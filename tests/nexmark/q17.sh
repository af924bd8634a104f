# Bids of each auction and day: how many, of three classes of prices, least, most, mean, sum.
dstream -i json --time dateTime window day reduce-by auction 'bids=count,low=count_if:price<1e4,
    mid=count_if:(price>=1e4 and price<1e6),high=count_if:price>=1e6,min:price,max:price,avg:price,sum:price' bids.ndjson
