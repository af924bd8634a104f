# update-state-by: running totals that outlive windows and batches. INTERFACE 6, 6.1; SPARK 1.2, 3.13, 3.15, 4.4;
# EVENT-TIME 2.7.

# SPARK 3.15: "update-state-by-key prints changed keys"; of an empty batch none.
$ printf 'a 1\nb 2\n--\n--\na 3\nc 1\n--\nb 5\n--\n' | dstream --batch-on '^--' update-state-by '$1' 'n=count,sum:$2'
a	1	1
b	1	2
a	2	4
c	1	1
b	2	7

# SPARK 4.4: "updateStateByKey runs for all keys at each batch, even an absent one": --output-mode complete prints them
# all each time.
$ printf 'a\nb\n--\n--\na\n--\n' | dstream --batch-on '^--' --output-mode complete update-state-by '$1' count
a	1
b	1
a	1
b	1
a	2
b	1

# SPARK 4.4: "... and for initial keys in the first batch". INTERFACE 6.1: "they count as seen in the first batch".
$ printf 'a 40\nz 7\n' > totals.txt
$ printf 'a\n--\nb\n--\na\n--\n' | dstream --batch-on '^--' update-state-by '$1' count --initial totals.txt
a	41
z	7
b	1
a	42
$ printf '' | dstream update-state-by '$1' count --initial totals.txt
a	40
z	7

# INTERFACE 6.1: aggregates whose value is their state go on as if their records had come first.
$ printf '{"k":"a","n":3,"s":1.5,"lo":-2,"hi":9,"f":"x","l":"y","all":["x",2]}\n' > state.json
$ printf '{"k":"a","v":1}\n{"k":"b","v":2}\n' | dstream -i json update-state-by k n=count,s=sum:v,lo=min:v,hi=max:v,f=first:v,l=last:v,all=collect:v --initial state.json -o json
{"k":"a","n":4,"s":2.5,"lo":-2,"hi":9,"f":"x","l":1,"all":["x",2,1]}
{"k":"b","n":1,"s":2,"lo":2,"hi":2,"f":2,"l":2,"all":[2]}
$ printf 'k,n\na,1.5\n' > bad.csv
$ printf 'k\na\n' | dstream -i csv update-state-by k n=count --initial bad.csv
dstream: update-state-by: bad.csv: a count is a whole number from 0
    dstream -i csv update-state-by k n=count --initial bad.csv
                   ^^^^^^^^^^^^^^^
? 2
$ printf 'k,n\na,1\n' | dstream -i csv update-state-by k m=count --initial bad.csv
dstream: bad.csv: no field m, which update-state-by keeps
    dstream -i csv update-state-by k m=count --initial bad.csv
                                                       ^^^^^^^
? 2
$ printf 'k,v\na,1\n' | dstream -i csv update-state-by k avg:v --initial bad.csv
dstream: update-state-by: --initial: 'avg_v' cannot begin with a value, as the value of avg is not all that it keeps; collect, count, first, last, max, min and sum can
    dstream -i csv update-state-by k avg:v --initial bad.csv
                                           ^^^^^^^^^
? 2

# A total at a window's end has no record of a later window, in whatever order they came.
$ printf '0 a 1\n61 a 10\n59 a 2\n125 b 5\n' | dstream --time '$1:s' --watermark 10s window 1m update-state-by '$2' 'sum:$3'
1970-01-01T00:00:00Z	a	3
1970-01-01T00:01:00Z	a	13
1970-01-01T00:02:00Z	b	5

# Rows are in their window for what follows; over the whole input there is none.
$ printf '0 a\n1 a\n2 b\n60 b\n61 b\n62 b\n' | dstream --time '$1:s' --output-mode complete window 1m update-state-by '$2' count top 1
1970-01-01T00:00:00Z	a	2
1970-01-01T00:01:00Z	b	4
$ printf '0 a\n1 a\n60 b\n' | dstream --time '$1:s' window 1m count-by '$2' update-state-by-key total=sum:count
1970-01-01T00:00:00Z	a	2
1970-01-01T00:01:00Z	b	1
$ printf 'b\na\nb\n' | dstream update-state-by '$1' count filter 'count==2'
b	2

# SPARK 3.13: "Time-outs are exact: at the first batch at or after last record + --ttl"; INTERFACE 6.1: "whether data
# came or not". EVENT-TIME 2.7: an expired entry is never visible: a begins anew.
$ printf 'a\nb\n--\nb\n--\n--\na\n--\n' | dstream --batch-on '^--' --mark-batches update-state-by '$1' count --ttl 2s --on-timeout emit
a	1
b	1
-- 1
b	2
-- 2
a	1
-- 3
b	2
a	1
-- 4
a	1
$ printf '0 a\n10 b\n59 a\n70 b\n200 c\n201 a\n' | dstream --time '$1:s' --watermark 0s update-state-by '$2' count --ttl 1m --on-timeout emit
a	2
b	2
a	1
c	1
$ printf '0 a\n10 b\n59 a\n70 b\n200 c\n201 a\n' | dstream --time '$1:s' --watermark 0s update-state-by '$2' count --ttl 1m
a	1
c	1

# INTERFACE 2.6: --max-keys and --on-full.
$ printf 'a\nb\na\nc\nb\n' | dstream --max-keys 2 --on-full evict-oldest update-state-by '$1' count
b	1
c	1
dstream: 2 keys forgotten (--max-keys)
$ printf 'a\nb\nc\n' | dstream --max-keys 2 update-state-by '$1' count
dstream: update-state-by: more than 2 keys (--max-keys); allow more, let --ttl forget silent ones, or give --on-full evict-oldest or spill
? 65

# A window behind sessions takes their place, and is one of all keys again.
$ printf '1 a\n2 b\n8 a\n60 b\n61 b\n' | dstream --time '$1:s' session-window 5s count-by '$2' window 20s update-state-by '$2' n=sum:count
1970-01-01T00:00:00Z	a	2
1970-01-01T00:00:00Z	b	1
1970-01-01T00:01:00Z	b	3

# INTERFACE 9: a file that is replaced has the last whole answer, wherever epochs end: the totals of the last window, and
# of windows that are not freed all.
$ printf '1 a\n2 b\n12 a\n23 b\n24 a\n35 a\n46 b\n' > log; dstream --time '$1:s' --watermark 0s --output-mode complete window 10s update-state-by '$2' n=count --output out log; cat out
1970-01-01T00:00:40Z	a	4
1970-01-01T00:00:40Z	b	3
$ printf '1 a\n2 b\n12 a\n23 b\n24 a\n35 a\n46 b\n' > log; dstream --time '$1:s' --watermark 0s --output-mode complete window 10s map-with-state-by '$2' 'n=(n ?? 0)+1' --output out log; cat out
1970-01-01T00:00:40Z	a	4
1970-01-01T00:00:40Z	b	3
$ printf '1 a\n2 b\n12 a\n23 b\n24 a\n' > log; dstream --time '$1:s' --watermark 0s --output-mode complete window 10s count-by '$2' --output out log; cat out
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:10Z	a	1
1970-01-01T00:00:20Z	a	1
1970-01-01T00:00:20Z	b	1
# once
$ printf '1 a\n2 b\n12 a\n23 b\n24 a\n' > log; dstream --once --checkpoint ck --time '$1:s' --watermark 0s --output-mode complete window 10s update-state-by '$2' n=count --output out log; cat out; printf '35 a\n46 b\n' >> log; dstream --once --final --checkpoint ck --time '$1:s' --watermark 0s --output-mode complete window 10s update-state-by '$2' n=count --output out log; cat out
1970-01-01T00:00:20Z	a	3
1970-01-01T00:00:20Z	b	2
1970-01-01T00:00:40Z	a	4
1970-01-01T00:00:40Z	b	3

# INTERFACE 9.1: in complete "nothing is late": a record whose window is over counts in the next that ends, and what was
# printed stays.
$ printf '1 a\n12 b\n3 a\n25 a\n4 b\n' | dstream --time '$1:s' --watermark 0s --output-mode complete window 10s update-state-by '$2' count
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:10Z	a	2
1970-01-01T00:00:10Z	b	1
1970-01-01T00:00:20Z	a	3
1970-01-01T00:00:20Z	b	2
$ printf '1 a\n12 b\n3 a\n25 a\n4 b\n' | dstream --time '$1:s' --watermark 0s --output-mode complete window 10s map-with-state-by '$2' 'n=(n ?? 0)+1'
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:10Z	a	2
1970-01-01T00:00:10Z	b	1
1970-01-01T00:00:20Z	a	3
1970-01-01T00:00:20Z	b	2
$ printf '1 a\n12 b\n3 a\n25 a\n4 b\n' > log; dstream --time '$1:s' --watermark 0s --output-mode complete window 10s update-state-by '$2' count --output out log; cat out
1970-01-01T00:00:20Z	a	3
1970-01-01T00:00:20Z	b	2
# Windows with gaps between them: the first that is not over.
$ printf '1 a\n7 b\n2 b\n11 a\n3 a\n' | dstream --time '$1:s' --watermark 0s --output-mode complete window 4s --slide 10s update-state-by '$2' count
dstream: the slide of 10s is longer than the window of 4s: records between windows count nowhere
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:10Z	a	3
1970-01-01T00:00:10Z	b	1
# Otherwise it is late.
$ printf '1 a\n12 b\n3 a\n' | dstream --time '$1:s' --watermark 0s window 10s update-state-by '$2' count
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:10Z	b	1
dstream: 1 of 3 records came too late for its window and was dropped; --watermark D waits longer

# EVENT-TIME 2.7: "expired entries must never be visible": that may be all that a window has of a key, and is said.
$ printf '1 a\n2 b\n58 a\n125 c\n' | dstream --time '$1:s' --watermark 0s window 1m update-state-by '$2' count --ttl 5s
dstream: update-state-by: --ttl 5s is shorter than the window of 1m: a key that is silent for so long before its end is not printed; give --on-timeout emit for a row of it
1970-01-01T00:00:00Z	a	2
$ printf '1 a\n2 b\n58 a\n125 c\n' | dstream --time '$1:s' --watermark 0s window 1m update-state-by '$2' count --ttl 5s --on-timeout emit
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:00Z	a	2
1970-01-01T00:01:00Z	a	2
1970-01-01T00:02:00Z	c	1

# A key may be in a file several times, as in one of totals window by window: the last counts, of whatever keeps state.
$ printf 'a 40\nz 7\na 3\n' > totals.txt
$ printf 'a\n' | dstream update-state-by '$1' count --initial totals.txt
dstream: totals.txt: of several rows of one key the last counts; passed over: 1
a	4
z	7
$ printf 'a\n' | dstream map-with-state-by '$1' 'n=(n ?? 0)+1' --initial totals.txt
dstream: totals.txt: of several rows of one key the last counts; passed over: 1
a	4
$ printf 'a\n' | dstream --output-mode complete map-with-state-by '$1' 'n=(n ?? 0)+1' --initial totals.txt
dstream: totals.txt: of several rows of one key the last counts; passed over: 1
a	4
z	7

# A key that times out between two windows has its row in the next one.
$ printf '3 b\n5 b\n10 a\n11 c\n14 c\n19 c\n20 b\n' > log; dstream --clock '$1:s' window 2s --slide 5s update-state-by '$2' n=count --ttl 4s --on-timeout emit log
dstream: the slide of 5s is longer than the window of 2s: records between windows count nowhere
1970-01-01T00:00:05Z	b	1
1970-01-01T00:00:10Z	b	1
1970-01-01T00:00:10Z	a	1
1970-01-01T00:00:10Z	c	1
1970-01-01T00:00:15Z	a	1
1970-01-01T00:00:15Z	c	1
1970-01-01T00:00:20Z	b	1
1970-01-01T00:00:25Z	b	1
$ dstream --clock '$1:s' window 2s --slide 5s sort-by @time update-state-by '$2' n=count --ttl 4s --on-timeout emit count-by '$2' log
dstream: the slide of 5s is longer than the window of 2s: records between windows count nowhere
1970-01-01T00:00:05Z	b	1
1970-01-01T00:00:10Z	a	1
1970-01-01T00:00:10Z	b	1
1970-01-01T00:00:10Z	c	1
1970-01-01T00:00:15Z	a	1
1970-01-01T00:00:15Z	c	1
1970-01-01T00:00:20Z	b	1
1970-01-01T00:00:25Z	b	1

# A record counts once, also behind what has taken whole windows.
$ printf '0 a\n2 a\n3 a\n' > log; dstream --time '$1:s' window 4s --slide 2s sort-by '$1' update-state-by '$2' n=count log
dstream: update-state-by: it counts a record once, and windows of 4s slide 2s hold it several times; leave --slide out
    dstream --time '$1:s' window 4s --slide 2s sort-by '$1' update-state-by '$2' n=count log
                                                            ^^^^^^^^^^^^^^^
? 2
$ dstream --time '$1:s' window 8s --grow 4s update-state-by '$2' n=count log
dstream: update-state-by: it counts a record once, and windows that grow hold it several times; leave --grow out
    dstream --time '$1:s' window 8s --grow 4s update-state-by '$2' n=count log
                                              ^^^^^^^^^^^^^^^
? 2
