# Three parts of the URL's path.
dstream -i json map 'part=split(url, "/")' map 'dir1=part[3],dir2=part[4],dir3=part[5]' \
    select auction,bidder,price,channel,dir1,dir2,dir3 bids.ndjson
