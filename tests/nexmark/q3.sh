# Who sells in category 10 and lives in Oregon, Idaho or California.
dstream -i json filter 'category == 10' join persons.ndjson --on seller=id \
    filter 'state in ("OR", "ID", "CA")' select name,city,state,id auctions.ndjson
