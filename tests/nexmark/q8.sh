# Who registered and put up an auction in the same 10 s.
dstream -i json --time dateTime window 10s join auctions.ndjson --on id=seller distinct-by id,name \
    select window_start,id,name persons.ndjson
