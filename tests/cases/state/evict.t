# INTERFACE 6 and 2.6, "`--on-full evict-oldest`: forget the oldest by time (counted)", of plain aggregates: with one key too many
# the one used longest ago is forgotten, with what was counted of it; coming again it begins anew.
$ printf 'ann\nbob\nann\ncid\nbob\nann\n' | dstream --max-keys 2 --on-full evict-oldest count-by '$1'
ann	1
bob	1
dstream: 3 keys forgotten (--max-keys)
$ printf 'ann 1\nbob 2\nann 3\ncid 4\nann 5\n' | dstream --max-keys 2 --on-full evict-oldest reduce-by '$1' 'count,sum:$2'
ann	3	9
cid	1	4
dstream: 1 key forgotten (--max-keys)
# By time, not by order: cid is older than bob, so bob stays.
$ printf '5 ann\n30 bob\n7 cid\n9 dan\n31 bob\n' | dstream --time '$1:s' --watermark 1m --max-keys 2 --on-full evict-oldest window 1m count-by '$2'
1970-01-01T00:00:00Z	bob	2
1970-01-01T00:00:00Z	dan	1
dstream: 2 keys forgotten (--max-keys)
# Of equal times the one that was used first goes.
$ printf '5 ann\n5 bob\n5 ann\n5 cid\n' | dstream --time '$1:s' --max-keys 2 --on-full evict-oldest window 1m count-by '$2'
1970-01-01T00:00:00Z	ann	2
1970-01-01T00:00:00Z	cid	1
dstream: 1 key forgotten (--max-keys)
# The keys of all windows that are open count together, and a key goes out of all of them.
$ printf '1 ann\n2 bob\n11 bob\n12 cid\n13 bob\n' | dstream --time '$1:s' --watermark 20s --max-keys 2 --on-full evict-oldest window 10s count-by '$2'
1970-01-01T00:00:00Z	bob	1
1970-01-01T00:00:10Z	bob	2
1970-01-01T00:00:10Z	cid	1
dstream: 1 key forgotten (--max-keys)
$ printf '1 ann\n2 bob\n11 bob\n12 cid\n13 bob\n' | dstream --time '$1:s' --watermark 0s --max-keys 2 --on-full evict-oldest window 10s count-by '$2'
1970-01-01T00:00:00Z	ann	1
1970-01-01T00:00:00Z	bob	1
1970-01-01T00:00:10Z	bob	2
1970-01-01T00:00:10Z	cid	1
$ printf '1 ann\n6 bob\n7 cid\n8 bob\n' | dstream --time '$1:s' --watermark 20s --max-keys 2 --on-full evict-oldest window 10s --slide 5s count-by '$2'
1970-01-01T00:00:00Z	bob	2
1970-01-01T00:00:00Z	cid	1
1970-01-01T00:00:05Z	bob	2
1970-01-01T00:00:05Z	cid	1
dstream: 1 key forgotten (--max-keys)
# With lateness and early rows: what was printed stays printed.
$ printf '1 ann\n2 bob\n3 cid\n14 bob\n4 ann\n15 cid\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 10s --pane-columns --max-keys 2 --on-full evict-oldest window 10s count-by '$2'
1970-01-01T00:00:00Z	bob	1	on_time	0
1970-01-01T00:00:00Z	cid	1	on_time	0
1970-01-01T00:00:00Z	ann	1	late	0
1970-01-01T00:00:10Z	bob	1	on_time	0
1970-01-01T00:00:10Z	cid	1	on_time	0
dstream: 3 keys forgotten (--max-keys)
$ printf 'ann\nbob\nann\ncid\nann\nbob\n' | dstream --every-records 2 --pane-columns --max-keys 2 --on-full evict-oldest count-by '$1'
ann	2	early	0
ann	3	on_time	1
bob	1	on_time	0
dstream: 2 keys forgotten (--max-keys)
# Windows by count forget by time too.
$ printf 'ann\nbob\nann\ncid\nann\nbob\ncid\n' | dstream --max-keys 2 --on-full evict-oldest count-window 3 count-by '$1'
ann	3
bob	1
cid	2
dstream: 1 key forgotten (--max-keys)
# Another operator behind it gets what is there when windows close.
$ printf '1 ann\n2 bob\n3 bob\n4 cid\n5 cid\n6 cid\n' | dstream --time '$1:s' --max-keys 2 --on-full evict-oldest window 10s count-by '$2' top 1
1970-01-01T00:00:00Z	cid	3
dstream: 1 key forgotten (--max-keys)
# Runs go on with it.
$ printf '1 ann\n2 bob\n3 ann\n' > log; dstream --once --checkpoint ck --max-keys 2 --on-full evict-oldest count-by '$2' --output out log; printf '4 cid\n5 ann\n' >> log; dstream --once --final --checkpoint ck --max-keys 2 --on-full evict-oldest count-by '$2' --output out log; cat out
dstream: 1 key forgotten (--max-keys)
ann	3
cid	1
# What follows a row that may be corrected would keep those of a forgotten key.
$ printf '1 ann\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 10s --max-keys 2 --on-full evict-oldest window 10s count-by '$2' top 1
dstream: count-by: what follows has been given rows of keys that --on-full evict-oldest forgets, and they are not taken back in this version; leave out the trigger or the lateness, or give --on-full fail or spill
    … 10s --max-keys 2 --on-full evict-oldest window 10s count-by '$2' top 1
                                                         ^^^^^^^^
? 2
# In batches nothing is bounded, as with fail.
$ printf 'ann\n' | dstream --batch-lines 2 --max-keys 1 --on-full evict-oldest count-by '$1'
dstream: --max-keys: nothing in this chain is bounded by it
    dstream --batch-lines 2 --max-keys 1 --on-full evict-oldest count-by '$1'
                            ^^^^^^^^^^
? 2
# It is told.
$ dstream --max-keys 2 --on-full evict-oldest count-by '$2' --explain /dev/null | grep then
then       count-by $2: one row of state for each key; prints at the end of the input; of more than 2 keys the one used longest ago is forgotten with what it has, so rows go in one lane

# A join cannot forget: what is kept would go on as if it had no match.
$ printf '1 a\n' > r; printf '1 a\n' | dstream --time '$1:s' --max-keys 2 --on-full evict-oldest asof-join r --on '$2'
dstream: asof-join: --on-full evict-oldest: records of a key that is forgotten would go on as if the other stream had none for them; give --on-full fail or spill
    dstream --time '$1:s' --max-keys 2 --on-full evict-oldest asof-join r --on '$2'
                                       ^^^^^^^^^
? 2
$ printf '1 a\n' | dstream --time '$1:s' --max-keys 2 --on-full evict-oldest window 10s join r --on '$2'
dstream: join: --on-full evict-oldest: records of a key that is forgotten would go on as if the other stream had none for them; give --on-full fail or spill
    dstream --time '$1:s' --max-keys 2 --on-full evict-oldest window 10s join r --on '$2'
                                       ^^^^^^^^^
? 2
$ printf '1 a\n' | dstream --time '$1:s' --max-keys 2 --on-full evict-oldest window 10s cogroup r --on '$2'
dstream: cogroup: --on-full evict-oldest: records of a key that is forgotten would go on as if the other stream had none for them; give --on-full fail or spill
    dstream --time '$1:s' --max-keys 2 --on-full evict-oldest window 10s cogroup r --on '$2'
                                       ^^^^^^^^^
? 2

# Sequences: keys are counted when time has come to their records, so it does not matter how the input is cut.
$ printf 't,k\n11,a\n11,a\n11,b\n' > l.csv; dstream -i csv --time t:s --max-keys 1 --on-full evict-oldest key-by k match 'a b' --within 4s l.csv
a	1970-01-01T00:00:11Z	1970-01-01T00:00:11Z	2
$ printf 't,k\n1,a\n2,b\n3,a\n4,b\n' | dstream -i csv --time t:s --max-keys 1 --on-full evict-oldest key-by k match 'a b' --within 4s
dstream: 3 keys forgotten (--max-keys)
# The one used longest ago goes.
$ printf 't,k\n1,a\n2,b\n3,a\n4,c\n5,a\n6,b\n' | dstream -i csv --time t:s --max-keys 2 --on-full evict-oldest key-by k match 'x y z' --measures 'collect:t'
a	1970-01-01T00:00:01Z	1970-01-01T00:00:05Z	[1,3,5]
dstream: 1 key forgotten (--max-keys)
