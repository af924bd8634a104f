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
# Of an aggregate too; what it had counted by then is no answer.
$ printf 'ann 1\nbob 2\nann 3\ncid 4\nann 5\n' | dstream count-by '$1' --max-keys 2
dstream: an aggregate has more than 2 keys (--max-keys); allow more, or give --on-full spill
? 65
$ printf '1 ann\n2 bob\n13 ann\n24 cid\n25 bob\n26 ann\n' | dstream --time '$1:s' --watermark 0s --max-keys 2 window 10s count-by '$2'
1970-01-01T00:00:00Z	ann	1
1970-01-01T00:00:00Z	bob	1
1970-01-01T00:00:10Z	ann	1
dstream: an aggregate has more than 2 keys (--max-keys); allow more, or give --on-full spill
? 65
$ printf '1 ann\n2 bob\n13 ann\n24 cid\n25 bob\n26 ann\n' | dstream --time '$1:s' --watermark 0s --max-keys 2 --on-full evict-oldest session-window 10s count-by '$2'
1970-01-01T00:00:01Z	1970-01-01T00:00:11Z	ann	1
1970-01-01T00:00:02Z	1970-01-01T00:00:12Z	bob	1
1970-01-01T00:00:13Z	1970-01-01T00:00:23Z	ann	1
1970-01-01T00:00:25Z	1970-01-01T00:00:35Z	bob	1
1970-01-01T00:00:26Z	1970-01-01T00:00:36Z	ann	1
dstream: 1 key forgotten (--max-keys)
$ printf 'ann 1\n' | dstream filter '$1!="bob"' --max-keys 2
dstream: --max-keys: nothing in this chain is bounded by it
    dstream filter '$1!="bob"' --max-keys 2
                               ^^^^^^^^^^
? 2
# Input that ends goes to the disk instead: none is one too many.
$ printf 'ann 1\nbob 2\nann 3\ncid 4\n' > in; dstream count-by '$1' --max-keys 2 in; dstream distinct-by '$1' --max-keys 2 in
ann	2
bob	1
cid	1
ann 1
bob 2
cid 4
$ printf 'ann 1\nbob 2\nann 3\ncid 4\n' | dstream count-by '$1' --max-keys 2 --on-full spill
ann	2
bob	1
cid	1
$ printf 'a\nb\na\n' > ab; dstream distinct --max-keys 1 ab
a
b
$ dstream distinct-by '$1' --last --max-keys 1 ab
a
b
$ dstream distinct-by '$1' --ttl 1h --max-keys 1 ab
a
b
$ dstream scan-by '$1' cumcount --max-keys 1 ab
a	1
b	1
a	2
$ dstream map-with-state-by '$1' 'n=(n ?? 0)+1' --max-keys 1 ab
a	1
b	1
a	2
$ dstream update-state-by '$1' n=count --max-keys 1 ab
a	2
b	1
$ dstream key-by '$1' anomaly zscore '$1' --max-keys 1 --explain ab | grep then
then       anomaly zscore $1: keeps the mean and the deviation of each key's values; grows without bound with the keys (no --ttl)
$ printf '1 a\n2 b\n3 a\n' > abt; dstream --time '$1:s' --max-keys 1 key-by '$2' burst 2 1m abt
3 a	2	1970-01-01T00:00:01Z
# What --ttl has let expire counts no more.
$ printf '2 n\n6 a\n6 b\n' > q; dstream --time '$1:s' --watermark 0s map-with-state-by '$2' 'n=(n ?? 0)+1' --ttl 1s --max-keys 2 --on-full fail q
2 n	1
6 a	1
6 b	1
$ dstream --time '$1:s' --watermark 0s map-with-state-by '$2' 'n=(n ?? 0)+1' --ttl 1s --on-timeout emit --max-keys 2 --on-full evict-oldest q
2 n	n	1
6 a	a	1
	n	1
6 b	b	1
	a	1
	b	1
$ dstream --time '$1:s' --watermark 0s update-state-by '$2' n=count --ttl 1s --max-keys 2 --on-full fail q
a	1
b	1
$ dstream --time '$1:s' --watermark 0s window 2s update-state-by '$2' n=count --ttl 1s --on-timeout emit --max-keys 2 --on-full fail q
1970-01-01T00:00:02Z	n	1
1970-01-01T00:00:06Z	a	1
1970-01-01T00:00:06Z	b	1
$ dstream --time '$1:s' --watermark 0s --output-mode complete map-with-state-by '$2' 'n=(n ?? 0)+1' --ttl 1s --max-keys 2 --on-full fail q
a	1
b	1
$ dstream --time '$1:s' --watermark 0s --output-mode complete window 2s map-with-state-by '$2' 'n=(n ?? 0)+1' --ttl 3s --max-keys 2 --on-full fail q
1970-01-01T00:00:02Z	n	1
1970-01-01T00:00:06Z	a	1
1970-01-01T00:00:06Z	b	1
$ dstream --time '$1:s' --watermark 0s scan-by '$2' cumcount --ttl 1s --max-keys 2 --on-full fail q
2 n	1
6 a	1
6 b	1
