# What state may take.

# INTERFACE 6: state has a limit with a name; what is kept of a ranking is not all of it.
$ seq 1 200000 | dstream --max-state 256KiB sort-by '$1'
dstream: what the chain keeps takes more than 256 KiB (--max-state); allow more, or keep less: a window, --ttl, or --max-keys N --on-full evict-oldest; or have it on the disk: --on-full spill
? 65
$ seq 1 200000 | dstream --max-state 256KiB distinct > /dev/null
dstream: what the chain keeps takes more than 256 KiB (--max-state); allow more, or keep less: a window, --ttl, or --max-keys N --on-full evict-oldest; or have it on the disk: --on-full spill
? 65
