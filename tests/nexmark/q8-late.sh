# The same while it goes on: each side has a watermark of its own.
dstream -i json --time dateTime --watermark 500ms window 10s join auctions.ndjson --on id=seller distinct-by id,name \
    select window_start,id,name persons.ndjson
