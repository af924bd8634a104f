# What state may take.

# INTERFACE 6: state has a limit with a name; what is kept of a ranking is not all of it.
$ seq 1 200000 | dstream --max-state 256KiB sort-by '$1'
dstream: what the chain keeps takes more than 256 KiB (--max-state); allow more, or keep less: a window, --ttl, or --max-keys N --on-full evict-oldest; or have it on the disk: --on-full spill
? 65
$ seq 1 200000 | dstream --max-state 256KiB distinct > /dev/null
dstream: what the chain keeps takes more than 256 KiB (--max-state); allow more, or keep less: a window, --ttl, or --max-keys N --on-full evict-oldest; or have it on the disk: --on-full spill
? 65

# INTERFACE 6: "`--max-keys` … bound every operator with state": joins hold the keys of a moment.
$ printf '1 a\n2 b\n3 c\n4 d\n' > l; cp l r
$ dstream --time '$1:s' --max-keys 2 --on-full fail asof-join r --on '$2' --as r l
1 a	1 a
2 b	2 b
dstream: a join holds more than 2 keys (--max-keys)
? 65
$ dstream --time '$1:s' --max-keys 2 --on-full fail asof-join r --on '$2' --as r --within 0.5s l
1 a	1 a
2 b	2 b
3 c	3 c
4 d	4 d
$ dstream --time '$1:s' --max-keys 2 --on-full fail session-window 5s join r --on '$2' --as r l
dstream: a join holds more than 2 keys (--max-keys)
? 65
$ dstream --time '$1:s' --max-keys 2 --on-full fail session-window 0.5s join r --on '$2' --as r select '$2' l
a
b
c
d
$ dstream --time '$1:s' --max-keys 2 --on-full fail session-window 5s cogroup r --on '$2' l
dstream: a cogroup holds more than 2 keys (--max-keys)
? 65

# INTERFACE 3: a file is "renamed at the end": one that was there stays where the run did not go well.
$ printf '1 a\n2 b\n3 c\n' > l; printf '5\n9\n1\n' > t; echo old > out
$ dstream --max-keys 2 --on-full fail distinct-by '$2' --output out l
dstream: distinct-by: more than 2 keys (--max-keys); allow more, let --ttl forget silent ones, or give --on-full evict-oldest or spill
? 65
$ dstream --max-keys 2 --on-full fail update-state-by '$2' count --output out l
dstream: update-state-by: more than 2 keys (--max-keys); allow more, let --ttl forget silent ones, or give --on-full evict-oldest or spill
? 65
$ dstream --max-late 0 --time '$1:s' --watermark 0s window 2s count --output out t
dstream: more than 0 late records (--max-late): 1 of 3
? 65
$ cat out
old

# Keys whose time is over by a record's turn count no more.
$ printf 't,k\n0,a\n0,a\n6,d\n' | dstream -i csv --time t:s --max-keys 1 --on-full fail key-by k match 'a b' --within 4s
a	1970-01-01T00:00:00Z	1970-01-01T00:00:00Z	2
$ printf 't,k\n1,a\n9,b\n20,c\n' > l.csv; cp l.csv r.csv; dstream -i csv --time t:s --max-keys 1 --on-full fail join r.csv --on k --within 1s l.csv
1	a	1
9	b	9
20	c	20
$ dstream -i csv --time t:s --max-keys 1 --on-full fail join r.csv --on k --within 9s l.csv
dstream: a join holds more than 1 keys (--max-keys)
? 65

# What an operator does not have is not advised.
$ printf '1 a\n2 b\n' > l; dstream --max-keys 1 --on-full fail key-by '$2' anomaly zscore '$1' l
dstream: anomaly: more than 1 keys (--max-keys); allow more, or give --on-full evict-oldest or spill
? 65
$ dstream --max-keys 1 --on-full fail --time '$1:s' key-by '$2' burst 2 3s l
dstream: burst: more than 1 keys (--max-keys); allow more, or give --on-full evict-oldest or spill
? 65
