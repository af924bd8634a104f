# How many keys an operator may hold, and what becomes of one more.

$ printf 'ann 1\nbob 2\ncid 3\nann 4\n' | dstream distinct-by '$1' --max-keys 2
ann 1
bob 2
dstream: distinct-by: more than 2 keys (--max-keys); allow more, let --ttl forget silent ones, or give --on-full evict-oldest or spill
? 65
$ printf 'ann 1\nbob 2\ncid 3\nann 4\nbob 5\n' | dstream distinct-by '$1' --max-keys 2 --on-full evict-oldest
ann 1
bob 2
cid 3
ann 4
bob 5
dstream: 3 keys forgotten (--max-keys)
$ printf 'ann 1\n' | dstream distinct-by '$1' --on-full evict-oldest
dstream: --on-full needs --max-keys N, which it is about
    dstream distinct-by '$1' --on-full evict-oldest
                             ^^^^^^^^^
? 2
$ printf 'ann 1\n' | dstream count-by '$1' --max-keys 2
dstream: --max-keys: nothing in this chain is bounded by it
    dstream count-by '$1' --max-keys 2
                          ^^^^^^^^^^
? 2
