# The ten highest bids of each auction, with their ranks.
dstream -i json --time dateTime top 10 --by price --per auction --rank select auction,rank,price,bidder,dateTime bids.ndjson
