# An id of the channel: by its name, else out of the URL.
dstream -i json map 'name=lower(channel)' map 'channel_id=name == "apple" ? "0" : name == "google" ? "1"
    : name == "facebook" ? "2" : name == "baidu" ? "3" : extract(url, /(&|^)channel_id=([^&]*)/, 2)' \
    filter 'has(channel_id)' select auction,bidder,price,channel,channel_id -o json bids.ndjson
