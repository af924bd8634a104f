# Bids, bidders and auctions of each day, all and of three classes of prices.
dstream -i json --time dateTime window day reduce 'bids=count,low=count_if:price<1e4,mid=count_if:(price>=1e4 and price<1e6),high=count_if:price>=1e6,
    bidders=distinct:bidder,low_bidders=distinct:if(price<1e4,bidder,null),
    mid_bidders=distinct:if(price>=1e4 and price<1e6,bidder,null),high_bidders=distinct:if(price>=1e6,bidder,null),
    auctions=distinct:auction,low_auctions=distinct:if(price<1e4,auction,null),
    mid_auctions=distinct:if(price>=1e4 and price<1e6,auction,null),high_auctions=distinct:if(price>=1e6,auction,null)' bids.ndjson
