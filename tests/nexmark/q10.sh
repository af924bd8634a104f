# Bids into a file a minute, in a directory a day: a file that has its name is complete.
dstream -i json --time dateTime window 1m select auction,bidder,price,dateTime -o json \
    --output 'out/dt=%F/hm=%H:%M/bids.ndjson' bids.ndjson;
find out -name '*.ndjson' | sort | while read -r file; do echo "$file"; cat "$file"; done
