# Two streams: `join`, `asof-join`, `cogroup`, `union`.

# oracle: printf '1 p a\n1 p c\n2 r b\n' | tr ' ' '\t'
$ printf 'id,x\n1,a\n2,b\n1,c\n' > r.csv; printf 'id,y\n1,p\n3,q\n2,r\n' > l.csv; dstream -i csv join r.csv --on id l.csv
1	p	a
1	p	c
2	r	b

# INTERFACE 9.1: of input that ends, in the order of the left.
$ printf '2,x\n1,y\n2,z\n' > l; printf '2,b\n1,a\n2,c\n' > r; dstream -i csv --no-header join r --on '$1' select '$1,$2,r.$2' l
2	x	b
2	x	c
1	y	a
2	z	b
2	z	c

# A key of one name is printed once, from whichever side is there.
$ printf 'id,x\n1,a\n4,b\n' > r.csv; printf 'id,y\n1,p\n3,q\n' > l.csv; dstream -i csv join r.csv --on id --full l.csv -o csv
id,y,x
1,p,a
3,q,
4,,b

$ printf '{"id":1,"x":1}\n{"id":4,"x":2}\n' > r.ndjson; printf '{"id":1,"y":1,"x":0}\n{"id":3,"y":2}\n' > l.ndjson; dstream -i json join r.ndjson --on id --full map 'k=id' l.ndjson -o json
{"id":1,"y":1,"x":0,"r.x":1,"k":1}
{"id":3,"y":2,"k":3}
{"id":4,"x":2,"k":4}

$ printf 'id,x\n1,a\n' > r.csv; printf 'id,y\n1,p\n3,q\n' > l.csv; dstream -i csv join r.csv --on id --anti l.csv
3	q

# INTERFACE 5.3: null equals nothing.
$ printf '{"id":null,"x":1}\n{"x":2}\n' > r.ndjson; printf '{"id":null}\n{}\n' > l.ndjson; dstream -i json join r.ndjson --on id --full l.ndjson -o json
{"id":null}
{}
{"id":null,"x":1}
{"x":2}

# Formats of their own: csv with json.
$ printf '{"id":"1","x":{"a":5}}\n' > r.ndjson; printf 'id,y\n1,p\n' > l.csv; dstream -i csv join r.ndjson --on id map 'a=r.x.a' l.csv -o json
{"id":1,"y":"p","x":{"a":5},"a":5}

$ printf 'id,x\n7,a\n' > r.csv; printf '{"id":7,"y":[1]}\n' > l.ndjson; dstream -i json join r.csv --on id filter 'x=="a"' l.ndjson -o json
{"id":7,"y":[1],"x":"a"}

# EVENT-TIME 2.8: within a time, both ends included; the result's time is the later one.
$ printf 't,k,x\n5,a,1\n15,a,2\n16,a,3\n10,b,4\n' > r.csv; printf 't,k\n10,a\n10,c\n' > l.csv; dstream -i csv --time t:s join r.csv --on k --within 5s map 'at=@time' select t,r.t,x,at l.csv
10	5	1	1970-01-01T00:00:10Z
10	15	2	1970-01-01T00:00:15Z

$ printf 't,k\n8,a\n9,a\n12,a\n' > r.csv; printf 't,k\n10,a\n' > l.csv; dstream -i csv --time t:s join r.csv --on k --within -1s..+2s filter 'r.t-t<2' select t,r.t l.csv
10	9

# Unmatched ones come when they expire; INTERFACE 9.1: pairs by the later time, then left, then right place.
$ printf 't,k,x\n1,a,p\n12,a,q\n12,a,r\n' > r.csv; printf 't,k\n12,a\n11,a\n0,b\n11,a\n' > l.csv; dstream -i csv --time t:s join r.csv --on k --within 5s --full select t,k,r.t,x l.csv
0	b		
	a	1	p
12	a	12	q
12	a	12	r
11	a	12	q
11	a	12	r
11	a	12	q
11	a	12	r

# A record is late by the watermark of its own side; outer: printed padded at once.
$ printf 't,k\n1,a\n' > r.csv; printf 't,k\n10,a\n1,a\n20,b\n' > l.csv; dstream -i csv --time t:s --watermark 2s join r.csv --on k --within 1s --left select t,r.t l.csv
1	
10	
20	

$ printf 't,k\n1,a\n' > r.csv; printf 't,k\n10,a\n1,a\n20,b\n' > l.csv; dstream -i csv --time t:s --watermark 2s join r.csv --on k --within 1s l.csv
dstream: 1 of 4 records came too late for its window and was dropped; --watermark D waits longer

# Two zones: stamps with and without an offset are the same instants.
$ printf 'at,k,x\n2026-01-01T11:00:00+01:00,a,1\n' > r.csv; printf 'ts,k\n2026-01-01 10:00:01,a\n' > l.csv; dstream -i csv --time ts --tz UTC join r.csv --right-time at --on k --within 1s select k,x l.csv
a	1

# Windows: all pairs of one window, when it closes; by key, left, right.
$ printf 't,k,x\n10,b,1\n20,a,2\n70,a,3\n' > r.csv; printf 't,k\n30,b\n50,a\n5,a\n' > l.csv; dstream -i csv --time t:s window 1m join r.csv --on k --full l.csv -o csv
window_start,t,k,r.t,x
1970-01-01T00:00:00Z,50,a,20,2
1970-01-01T00:00:00Z,5,a,20,2
1970-01-01T00:00:00Z,30,b,10,1
1970-01-01T00:01:00Z,,a,70,3

# After an aggregate its rows are joined; and a join's rows are counted in their window.
$ printf 't,k,x\n10,b,1\n20,a,2\n' > r.csv; printf 't,k\n30,b\n50,a\n5,a\n' > l.csv; dstream -i csv --time t:s window 1m count-by k join r.csv --on k l.csv
1970-01-01T00:00:00Z	a	2	20	2
1970-01-01T00:00:00Z	b	1	10	1

$ printf 't,k,x\n10,b,1\n20,a,2\n' > r.csv; printf 't,k\n30,b\n50,a\n5,a\n' > l.csv; dstream -i csv --time t:s window 1m join r.csv --on k reduce-by k n=count,s=sum:x l.csv
1970-01-01T00:00:00Z	a	2	4
1970-01-01T00:00:00Z	b	1	1

$ printf 't,k\n10,b\n' > r.csv; printf 't,k\n30,b\n' > l.csv; dstream -i csv --time t:s join r.csv --on k --within 1m window 1m count-by k l.csv
1970-01-01T00:00:00Z	b	1

# Neither window nor time on input that need not end.
$ printf 'id\n1\n' > r.csv; printf 'id\n1\n' | dstream -i csv join r.csv --on id
dstream: join: the input need not end; say how far apart the times of a pair may be with --within D, or put a window in front
    dstream -i csv join r.csv --on id
                   ^^^^
? 2

$ printf 't,k\n1,a\n' > r.csv; printf 't,k\n1,a\n' > l.csv; dstream -i csv --time t:s window 1m join r.csv --on k --within 1s l.csv
dstream: join: --within and the window in front both say which records meet; give one
    dstream -i csv --time t:s window 1m join r.csv --on k --within 1s l.csv
                                                          ^^^^^^^^
? 2

$ printf 'k\na\n' > r.csv; printf 't,k\n1,a\n' > l.csv; dstream -i csv --time t:s join r.csv --on k --within 1s l.csv
dstream: join r.csv: --time: no field 't'
    t
    ^ the record has: k
? 2

# A pipe as the second source.
$ printf 't,k\n2,a\n9,a\n' > l.csv; bash -c "dstream -i csv --time t:s join <(printf 't,k,x\n1,a,p\n') --right-format csv --as r --on k --within 1s select t,r.x l.csv"
2	p

# As of: the newest at or before, of equal times the later one.
$ printf 't,k,v\n10,a,1\n10,a,2\n20,a,3\n' > r.csv; printf 't,k\n20,a\n10,a\n9,a\n19,a\n30,b\n' > l.csv; dstream -i csv --time t:s asof-join r.csv --on k --left select t,k,v l.csv
9	a	
10	a	2
19	a	2
20	a	3
30	b	

$ printf 't,k,v\n10,a,1\n' > r.csv; printf 't,k\n15,a\n16,a\n' > l.csv; dstream -i csv --time t:s asof-join r.csv --on k --within 5s select t,v l.csv
15	1

$ printf '{"t":1,"cur":"eur","rate":2}\n{"t":5,"cur":"eur","gone":true}\n' > rates.ndjson; printf '{"t":2,"cur":"eur"}\n{"t":6,"cur":"eur"}\n' > l.ndjson; dstream -i json --time t:s asof-join rates.ndjson --on cur --left --as r map 'rate=if(r.gone==true,null,r.rate)' select t,rate l.ndjson -o json
{"t":2,"rate":2}
{"t":6,"rate":null}

# Cogroup: lists of both sides; a side without the key has empty ones.
$ printf 'id,x\n1,a\n2,b\n1,\n' > r.csv; printf 'id,x\n3,p\n1,q\n' > l.csv; dstream -i csv cogroup r.csv --on id l.csv -o json
{"id":1,"x":["q"],"r.x":["a",""]}
{"id":2,"x":[],"r.x":["b"]}
{"id":3,"x":["p"],"r.x":[]}

$ printf '{"id":null,"x":1}\n' > r.ndjson; printf '{"id":null,"y":2}\n' > l.ndjson; dstream -i json cogroup r.ndjson --on id l.ndjson -o json
{"id":null,"y":[2],"x":[]}
{"id":null,"y":[],"x":[1]}

# Union: columns by name, this stream first.
$ printf 'b,c\n3,4\n' > r.csv; printf 'a,b\n1,2\n' > l.csv; dstream -i csv union r.csv count-by b l.csv
2	1
3	1

$ printf '{"a":1}\n' > r.ndjson; printf 'a=2 b=x\n' > l; dstream -i logfmt union r.ndjson l -o json
{"a":2,"b":"x"}
{"a":1}

$ printf 'x\n' > r; printf 'y\nx\n' > l; dstream -i lines union r count-by-key l
x	2
y	1

$ printf 'x 1\n' > r; printf 'y 2\n' > l; dstream union r map 'n=$2' filter 'n<5' select '$1,n' l
y	2
x	1

# SPARK 4.6: joins only see the same batch; SPARK 4.5: there is no absent batch, a source that gave nothing gave an empty one.
$ printf 'a,p\nb,q\n' > r; printf 'a,1\nb,2\n' > l; dstream -i csv --no-header --batch-lines 1 join r --on '$1' l -o csv
$1,$2,r.$2
a,1,p
b,2,q

$ printf 'a,p\nb,q\n' > r; printf 'b,1\na,2\n' > l; dstream -i csv --no-header --batch-lines 1 join r --on '$1' --full l -o csv
$1,$2,r.$2
a,,p
b,1,
a,2,
b,,q

$ printf 'a\n' > r; printf 'b\nc\n' > l; dstream -i lines --batch-lines 1 --mark-batches union r count-by-key l
a	1
b	1
-- 1
c	1
-- 2

# Errors of names come from the side that was asked.
$ printf 'id,x\n1,a\n' > r.csv; printf 'id,y\n1,p\n' > l.csv; dstream -i csv join r.csv --on id select r.z l.csv
dstream: select: no field 'z'
    z
    ^ the record has: id, x
? 2

# A field that neither side has is told.
$ printf '{"id":1}\n' > r.ndjson; printf '{"id":1}\n' > l.ndjson; dstream -i json join r.ndjson --on id filter 'x>3' l.ndjson
dstream: field 'x' never occurred in 1 record of l.ndjson

# INTERFACE 9.1: with an allowed lateness too, pairs come when W passes the later of the two: 5 and 8 do not wait for 20 s more.
# A late record that is allowed (INTERFACE 6.2: late is t < W - L) finds its pair, behind what had been passed when it came.
$ printf 't,k,x\n5,a,1\n8,a,2\n40,a,3\n' > r.csv; printf 't,k\n6,a\n30,b\n7,a\n40,a\n' > l.csv; dstream -i csv --time t:s --watermark 0s --allowed-lateness 25s join r.csv --on k --within 5s select t,r.t,x l.csv
6	5	1
6	8	2
7	5	1
7	8	2
40	40	3

# EVENT-TIME 2.8: outer, unmatched ones come when they expire (W > t+HI+L), a late one when what it came behind is passed.
$ printf 't,k,x\n5,a,1\n60,a,2\n' > r.csv; printf 't,k\n1,a\n30,b\n2,a\n60,a\n' > l.csv; dstream -i csv --time t:s --watermark 0s join r.csv --on k --within 5s --left map 'at=@time' select t,x,at l.csv
1	1	1970-01-01T00:00:05Z
2		1970-01-01T00:00:02Z
30		1970-01-01T00:00:30Z
60	2	1970-01-01T00:01:00Z

# EVENT-TIME 2.3: a record joins a session when it is at most the gap away, here over both streams together.
$ printf 't,k,x\n35,a,1\n60,a,2\n62,b,3\n500,a,4\n' > r.csv; printf 't,k\n5,a\n91,a\n121,a\n62,b\n' > l.csv; dstream -i csv --time t:s session-window 30s join r.csv --on k --full l.csv -o csv
window_start,window_end,t,k,r.t,x
1970-01-01T00:00:05Z,1970-01-01T00:01:30Z,5,a,35,1
1970-01-01T00:00:05Z,1970-01-01T00:01:30Z,5,a,60,2
1970-01-01T00:01:02Z,1970-01-01T00:01:32Z,62,b,62,3
1970-01-01T00:01:31Z,1970-01-01T00:02:31Z,91,a,,
1970-01-01T00:01:31Z,1970-01-01T00:02:31Z,121,a,,
1970-01-01T00:08:20Z,1970-01-01T00:08:50Z,,a,500,4

$ printf 't,k,x\n35,a,1\n' > r.csv; printf 't,k\n5,a\n91,a\n' > l.csv; dstream -i csv --time t:s session-window 30s join r.csv --on k --anti l.csv
1970-01-01T00:01:31Z	1970-01-01T00:02:01Z	91	a

# What follows works by session, of a key of either side.
$ printf 't,c\n10,a\n10,b\n12,b\n' > r.csv; printf 't,k\n5,c\n' > l.csv; dstream -i csv --time t:s session-window 5s join r.csv --on k=c --full top 1 --by r.t l.csv -o json
{"window_start":"1970-01-01T00:00:05Z","window_end":"1970-01-01T00:00:10Z","t":5,"k":"c","r.t":null,"c":null}
{"window_start":"1970-01-01T00:00:10Z","window_end":"1970-01-01T00:00:15Z","t":null,"k":null,"r.t":10,"c":"a"}
{"window_start":"1970-01-01T00:00:10Z","window_end":"1970-01-01T00:00:17Z","t":null,"k":null,"r.t":12,"c":"b"}

$ printf 't,k,x\n35,a,1\n60,a,2\n' > r.csv; printf 't,k\n10,a\n200,a\n' > l.csv; dstream -i csv --time t:s session-window 30s --max 40s cogroup r.csv --on k l.csv -o json
{"window_start":"1970-01-01T00:00:10Z","window_end":"1970-01-01T00:01:05Z","k":"a","t":[10],"r.t":[35],"x":[1]}
{"window_start":"1970-01-01T00:01:00Z","window_end":"1970-01-01T00:01:30Z","k":"a","t":[],"r.t":[60],"x":[2]}
{"window_start":"1970-01-01T00:03:20Z","window_end":"1970-01-01T00:03:50Z","k":"a","t":[200],"r.t":[],"x":[]}

# A session is over when it is for both watermarks, the lower of them; EVENT-TIME 2.4: late is what would only join that.
$ printf 't,k,x\n0,a,1\n70,b,2\n3,a,3\n' > r.csv; printf 't,k\n10,a\n100,b\n' > l.csv; dstream -i csv --time t:s --watermark 0s session-window 30s join r.csv --on k --left select k,t,x l.csv
a	10	1
b	100	2
dstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer

# `cogroup --within D` is `session-window D cogroup`.
$ printf 't,k,x\n35,a,1\n60,a,2\n' > r.csv; printf 't,k\n10,a\n200,a\n' > l.csv; dstream -i csv --time t:s cogroup r.csv --on k --within 30s l.csv > within; dstream -i csv --time t:s session-window 30s cogroup r.csv --on k l.csv | diff within -; cat within
1970-01-01T00:00:10Z	1970-01-01T00:01:30Z	a	[10]	[35,60]	[1,2]
1970-01-01T00:03:20Z	1970-01-01T00:03:50Z	a	[200]	[]	[]

$ printf 't,k\n1,a\n' > r.csv; cp r.csv l.csv; dstream -i csv --time t:s cogroup r.csv --on k --within 0s..5s l.csv
dstream: cogroup: --within: '0s..5s' is of pairs, and a group has records of both sides; give how far apart they may be, or use join --within 0s..5s
    dstream -i csv --time t:s cogroup r.csv --on k --within 0s..5s l.csv
                                                            ^^^^^^
? 2

$ printf 't,k\n1,a\n' > r.csv; cp r.csv l.csv; dstream -i csv --time t:s count-window 3 join r.csv --on k l.csv
dstream: join: records of two streams come in no order that windows by count could go by; put 'window SIZE' or 'session-window GAP' in front, or join --within a time
    dstream -i csv --time t:s count-window 3 join r.csv --on k l.csv
                                             ^^^^
? 2

$ printf 't,k\n1,a\n' > r.csv; cp r.csv l.csv; dstream -i csv --time t:s session-window 3s count-by k join r.csv --on k l.csv
dstream: join: the windows of rows here are over for one stream already, and theirs are of both; put 'join' right behind the operator that makes them
    dstream -i csv --time t:s session-window 3s count-by k join r.csv --on k l.csv
                                                           ^^^^
? 2

# EVENT-TIME 2.4: with L a session is over when W > last + g + L; its pairs wait as long, since they cannot be taken back.
$ printf 't,k\n2,a\n30,b\n' > r.csv; printf 't,k\n1,a\n20,b\n4,a\n28,b\n3,a\n' > l.csv; dstream -i csv --time t:s --watermark 0s --allowed-lateness 20s session-window 3s join r.csv --on k --as r l.csv
1970-01-01T00:00:01Z	1970-01-01T00:00:07Z	1	a	2
1970-01-01T00:00:01Z	1970-01-01T00:00:07Z	4	a	2
1970-01-01T00:00:28Z	1970-01-01T00:00:33Z	28	b	30
dstream: 1 of 7 records came too late for its window and was dropped; --watermark D waits longer
$ dstream -i csv --time t:s --watermark 0s session-window 3s join r.csv --on k --as r l.csv
1970-01-01T00:00:01Z	1970-01-01T00:00:05Z	1	a	2
1970-01-01T00:00:28Z	1970-01-01T00:00:33Z	28	b	30
dstream: 2 of 7 records came too late for their windows and were dropped; --watermark D waits longer
$ dstream -i csv --time t:s --watermark 0s --allowed-lateness 20s cogroup r.csv --on k --within 3s l.csv
1970-01-01T00:00:01Z	1970-01-01T00:00:07Z	a	[1,4]	[2]
1970-01-01T00:00:20Z	1970-01-01T00:00:23Z	b	[20]	[]
1970-01-01T00:00:28Z	1970-01-01T00:00:33Z	b	[28]	[30]
dstream: 1 of 7 records came too late for its window and was dropped; --watermark D waits longer
$ dstream -i csv --time t:s --watermark 0s --late update cogroup r.csv --on k --within 3s l.csv
1970-01-01T00:00:01Z	1970-01-01T00:00:05Z	a	[1]	[2]
1970-01-01T00:00:20Z	1970-01-01T00:00:23Z	b	[20]	[]
1970-01-01T00:00:28Z	1970-01-01T00:00:33Z	b	[28]	[30]
dstream: 2 of 7 records came too late for their windows and were dropped; --watermark D waits longer

# Behind a window `union` puts the other stream's records into it by their own times.
$ printf 't,k\n50,a\n70,b\n' > r.csv; printf 't,k\n10,a\n20,b\n' > l.csv; dstream -i csv --time t:s window 1m union r.csv count-by k l.csv > behind; dstream -i csv --time t:s union r.csv window 1m count-by k l.csv | diff behind -; cat behind
1970-01-01T00:00:00Z	a	2
1970-01-01T00:00:00Z	b	1
1970-01-01T00:01:00Z	b	1

$ printf 't,k\n50,a\n70,b\n' > r.csv; printf 't,k\n10,a\n20,b\n' > l.csv; dstream -i csv --time t:s window 1m sort-by t:desc union r.csv count-by k l.csv | diff <(dstream -i csv --time t:s union r.csv window 1m count-by k l.csv) -

$ printf 't,k\n50,a\n70,b\n' > r.csv; printf 't,k\n10,a\n20,b\n' > l.csv; dstream -i csv --time t:s window 1m count-by k union r.csv l.csv -o csv
window_start,k,count,t
1970-01-01T00:00:00Z,a,1,
1970-01-01T00:00:00Z,b,1,
1970-01-01T00:00:00Z,a,,50
1970-01-01T00:01:00Z,b,,70

$ printf 't,k\n15,a\n' > r.csv; printf 't,k\n10,a\n20,b\n' > l.csv; dstream -i csv --time t:s session-window 9s union r.csv count-by k l.csv
1970-01-01T00:00:10Z	1970-01-01T00:00:24Z	a	2
1970-01-01T00:00:20Z	1970-01-01T00:00:29Z	b	1

# A late one is late by its own stream's watermark.
$ printf 't,k\n70,a\n1,b\n' > r.csv; printf 't,k\n10,a\n20,b\n' > l.csv; dstream -i csv --time t:s --watermark 0s window 1m union r.csv count-by k l.csv
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	1
1970-01-01T00:01:00Z	a	1
dstream: 1 of 4 records came too late for its window and was dropped; --watermark D waits longer

$ printf 't,k\n1,a\n' > r.csv; cp r.csv l.csv; dstream -i csv --time t:s session-window 3s sort-by t union r.csv l.csv
dstream: union: the windows of rows here have no grid that the other stream's records could enter; put it in front of the window
    dstream -i csv --time t:s session-window 3s sort-by t union r.csv l.csv
                                                          ^^^^^
? 2

# In a batch this stream first, behind what is counted too.
$ printf 'a\nb\n' > r; printf 'b\nb\nc\nc\n' > l; dstream -i lines --batch-lines 2 --mark-batches count-by-key union r l -o csv
line,count
b,2
a,
b,
-- 1
c,2
-- 2

$ printf 'a,p\nb,q\n' > r; printf 'a,1\na,2\nb,3\n' > l; dstream -i csv --no-header --batch-lines 2 count-by '$1' join r --on '$1' l
a	2	p

# `head` ends its own stream: the other one is read to its end.
$ seq 300 | sed 's/$/ k/' > r; seq 300 | sed 's/$/ k/' > l; dstream --time '$1:s' head 2 window 400s join r --on '$2' --as r count l
1970-01-01T00:00:00Z	600

# A key that is a place in a line is called by it.
$ printf '1 a\n2 b\n' > r; printf '3 a\n' > l; dstream cogroup r --on '$2' filter '$2=="a"' select '$2,line' l -o json
{"$2":"a","line":["3 a"]}

# Rows enough have come of two streams that are read side by side: how far each was read is accident, and is not told
$ for i in $(seq 3000); do echo "{\"t\":$i,\"k\":\"a\"}"; [ $((i % 50)) = 7 ] && echo oops; done > in; cp in other; dstream -i json --time t:s --stats=json join other --on k --within 1ms select t head 2 in 2>&1 | grep -oE '^[0-9].*|"(records_(in|out)|kept|bad|late)":[a-z0-9]*|not JSON'
1
2
"bad":null
"kept":null
"late":null
"records_in":null
"records_out":2
$ for i in $(seq 300); do echo "{\"t\":$i,\"k\":\"a\"}"; done > in; (echo oops; cat in) > other; dstream -i json --time t:s join other --on k --within 1ms select t sort-by -t head 1 in
300
dstream: 1 of 601 records is not JSON (first: other:1 col 1)

# EVENT-TIME 2.3, cumulate: records of both streams are in every beginning of the window that ends behind them.
$ printf 't,k\n2,a\n7,b\n' > r.csv; printf 't,k\n1,a\n6,b\n12,a\n' > l.csv; dstream -i csv --time t:s window 10s --grow 5s join r.csv --on k --left l.csv
1970-01-01T00:00:00Z	1970-01-01T00:00:05Z	1	a	2
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	1	a	2
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	6	b	7
1970-01-01T00:00:10Z	1970-01-01T00:00:15Z	12	a	
1970-01-01T00:00:10Z	1970-01-01T00:00:20Z	12	a	
$ dstream -i csv --time t:s window 10s --grow 5s cogroup r.csv --on k l.csv
1970-01-01T00:00:00Z	1970-01-01T00:00:05Z	a	[1]	[2]
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	a	[1]	[2]
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	b	[6]	[7]
1970-01-01T00:00:10Z	1970-01-01T00:00:15Z	a	[12]	[]
1970-01-01T00:00:10Z	1970-01-01T00:00:20Z	a	[12]	[]
$ dstream -i csv --time t:s window 10s --grow 5s join r.csv --on k count l.csv
1970-01-01T00:00:00Z	1970-01-01T00:00:05Z	1
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	2
$ dstream --explain -i csv --time t:s window 10s --grow 5s join r.csv --on k l.csv | grep '^then'
then       join r.csv --on k: puts records into windows of 10s and their beginnings, longer by 5s each; keeps nothing
then       join r.csv --on k: keeps both streams' records of a window of 10s until it closes, then prints its pairs

# Fields that the first record of a stream lacks are told where rows have columns.
$ printf '{"k":1,"a":1}\n{"k":1,"a":2,"v":5}\n' > l.ndjson; printf '{"k":1,"x":1}\n{"k":1,"y":2}\n' > r.ndjson
$ dstream -i json join r.ndjson --on k l.ndjson -o csv
k,a,x
1,1,1
1,1,
1,2,1
1,2,
dstream: 3 rows have fields that are no columns, as the first record lacks them: v, y; name them with select, or write records whole with -o json
$ dstream -i json join r.ndjson --on k l.ndjson -o json
{"k":1,"a":1,"x":1}
{"k":1,"a":1,"y":2}
{"k":1,"a":2,"v":5,"x":1}
{"k":1,"a":2,"v":5,"y":2}
$ dstream -i json drop v join r.ndjson --on k l.ndjson -o csv
k,a,x
1,1,1
1,1,
1,2,1
1,2,
dstream: 2 rows have fields that are no columns, as the first record lacks them: y; name them with select, or write records whole with -o json
$ dstream -i json lookup r.ndjson --on k l.ndjson -o csv
k,a,x
1,1,1
1,1,
1,2,1
1,2,
dstream: 3 rows have fields that are no columns, as the first record lacks them: v, y; name them with select, or write records whole with -o json
$ dstream -i json cogroup r.ndjson --on k l.ndjson -o json
{"k":1,"a":[1,2],"x":[1,null]}
dstream: 2 rows have fields that are no columns, as the first record lacks them: v, y; name them with select in front of cogroup, and in the first record of its other stream
$ dstream -i json select k,a,v cogroup r.ndjson --on k l.ndjson -o json
{"k":1,"a":[1,2],"v":[null,5],"x":[1,null]}
dstream: 1 row has fields that are no columns, as the first record lacks them: y; name them in the first record of the other stream of cogroup
$ printf 'k,x\n1,2\n' > r.csv; dstream -i json cogroup r.csv --on k l.ndjson -o json
{"k":"1","a":[1,2],"x":[2]}
dstream: 1 row has fields that are no columns, as the first record lacks them: v; name them with select in front of cogroup
$ dstream -i json union r.ndjson l.ndjson -o csv
k,a,x
1,1,
1,2,
1,,1
1,,
dstream: 2 rows have fields that are no columns, as the first record lacks them: v, y; name them with select, or write records whole with -o json

# A key that a stream lacks is told of that stream.
$ printf '{"a":1,"t":1}\n{"a":2,"t":2,"b":3}\n' > l.ndjson; printf '{"b":1,"t":1}\n{"b":2,"t":2}\n' > r.ndjson
$ dstream -i json join r.ndjson --on b l.ndjson -o json
$ dstream -i json join r.ndjson --on a l.ndjson -o json
dstream: field 'a' never occurred in 2 records of r.ndjson
$ dstream -i json join r.ndjson --on t=x l.ndjson -o json
dstream: field 'x' never occurred in 2 records of r.ndjson
$ dstream -i json join r.ndjson --on x l.ndjson -o json
dstream: field 'x' never occurred in 2 records of l.ndjson
dstream: field 'x' never occurred in 2 records of r.ndjson
$ dstream -i json lookup r.ndjson --on a l.ndjson -o json
dstream: field 'a' never occurred in 2 records of r.ndjson
$ dstream -i json lookup r.ndjson --on x=b l.ndjson -o json
dstream: field 'x' never occurred in 2 records of l.ndjson
$ dstream -i json cogroup r.ndjson --on a select a,t l.ndjson -o json
{"a":null,"t":[]}
{"a":1,"t":[1]}
{"a":2,"t":[2]}
dstream: field 'a' never occurred in 2 records of r.ndjson
$ dstream -i json --time t:s asof-join r.ndjson --on a l.ndjson -o json
dstream: field 'a' never occurred in 2 records of r.ndjson
$ dstream -i json --time t:s window 1m join r.ndjson --on a l.ndjson -o json
dstream: field 'a' never occurred in 2 records of r.ndjson
$ dstream -i json join r.ndjson --on a - -o json < l.ndjson
dstream: field 'a' never occurred in 2 records of r.ndjson
$ dstream -i json join r.ndjson --on t map 'x=r.nn' drop r.mm rename r.kk=c drop zz,a,b -o json - < l.ndjson
{"t":1,"x":null}
{"t":2,"r.b":2,"x":null}
dstream: field 'zz' never occurred in 2 records of standard input
dstream: field 'nn' never occurred in 2 records of r.ndjson
dstream: field 'mm' never occurred in 2 records of r.ndjson
dstream: field 'kk' never occurred in 2 records of r.ndjson
$ dstream -i json lookup r.ndjson --on t select t,r.nn,r.b -o json - < l.ndjson
{"t":1,"r.nn":null,"r.b":1}
{"t":2,"r.nn":null,"r.b":2}
dstream: field 'nn' never occurred in 2 records of r.ndjson
$ dstream -i json --time t:s asof-join r.ndjson --on t --as r select t,r.nn -o json - < l.ndjson
{"t":1,"r.nn":null}
{"t":2,"r.nn":null}
dstream: field 'nn' never occurred in 2 records of r.ndjson

# Also where the left's first record lacks it, or there is none.
$ printf '{"k":1,"a":1}\n' > r.json; : > none.json; printf '{"x":1}\n{"k":1,"x":2}\n' > l.json
$ dstream -i json join r.json --on k --right -o csv none.json
k,a
1,1
$ dstream -i json join r.json --on k --full -o logfmt none.json
k=1 a=1
$ dstream -i json join r.json --on k --full -o csv l.json
x,k,a
1,,
2,1,1
$ dstream -i json join r.json --on k --full rename k=key -o csv l.json
x,key,a
1,,
2,1,1
$ dstream -i json join r.json --on k --full drop k -o csv l.json
x,a
1,
2,1
$ printf '{"t":1,"k":1}\n' > r.json; dstream -i json --time t:s join r.json --on k --within 1s --right -o csv none.json
k,t
1,1
$ dstream -i json --time t:s window 2s join r.json --on k --right -o csv none.json
window_start,k,t
1970-01-01T00:00:00Z,1,1

# Columns of the right are dropped and renamed by the prefix.
$ printf '{"id":1,"v":2}\n' > r.ndjson; printf '{"id":1,"v":9}\n{"id":1}\n' > e.ndjson
$ dstream -i json join r.ndjson --on id drop r.v e.ndjson -o json
{"id":1,"v":9}
{"id":1}
$ dstream -i json join r.ndjson --on id rename r.v=k e.ndjson -o json
{"id":1,"v":9,"k":2}
{"id":1,"k":2}
$ dstream -i json join r.ndjson --on id --full --left e.ndjson
dstream: join: give --left or --full, not both
    dstream -i json join r.ndjson --on id --full --left e.ndjson
                    ^^^^
? 2
$ dstream -i json join r.ndjson --on id --left --right e.ndjson
dstream: join: give --left or --right, or --full for what has no match on either side
    dstream -i json join r.ndjson --on id --left --right e.ndjson
                    ^^^^
? 2
$ printf '{"id":1,"t":1,"v":2}\n' > r.ndjson; printf '{"id":1,"t":2}\n' > e.ndjson
$ dstream -i json --time t asof-join r.ndjson --on id rename r.v=k drop r.t e.ndjson -o json
{"id":1,"t":2,"k":2}

# INTERFACE 6.2: a key of one name is printed from whichever side is there, of whole records too.
$ printf 'a,x\n1,p\n3,q\n' > l.csv; printf '{"a":"1","b":2}\n{"a":"2","b":5}\n' > m.json; dstream -i json join l.csv --on a --full map 'k=a' -o json m.json
{"a":"1","b":2,"x":"p","k":"1"}
{"a":"2","b":5,"x":null,"k":"2"}
{"a":3,"x":"q","k":3}
$ dstream -i json join l.csv --on a --right rename a=z -o json m.json
{"b":2,"z":"1","x":"p"}
{"z":3,"x":"q"}
$ dstream -i json join l.csv --on a --full drop a -o json m.json
{"b":2,"x":"p"}
{"b":5,"x":null}
{"x":"q"}

# Two sources of one name: a prefix says which one is meant, so each has its own.
$ mkdir -p sub; printf 'k,a\n1,x\n' > A.csv; printf 'k,a\n1,y\n' > B.csv; printf 'k,a\n1,z\n' > sub/B.csv; dstream -i csv join B.csv --on k join sub/B.csv --on k A.csv
dstream: join: another source is called 'B' already, and 'B.' can stand for one; give --as NAME
    dstream -i csv join B.csv --on k join sub/B.csv --on k A.csv
                   ^^^^
? 2
$ dstream -i csv join B.csv --on k join sub/B.csv --on k --as c -o json A.csv
{"k":1,"a":"x","B.a":"y","c.a":"z"}
$ printf 'k,B.a\n1,x\n' > D.csv; dstream -i csv join B.csv --on k D.csv
dstream: join: there is a field 'B.a' already; give --as another name than 'B'
    dstream -i csv join B.csv --on k D.csv
                   ^^^^
? 2

# A column of the left holds the left's value, though a plain name is of either stream.
$ printf '{"t":1,"k":"a","v":3}\n' > l.json; printf 't,k,v\n9,b,4\n' > r.csv; dstream -i json --time t:s join r.csv --on k --within 1s --full --as r -o csv l.json
t,k,v,r.t,r.v
1,a,3,,
,b,,9,4
$ dstream -i json --time t:s join r.csv --on k --within 1s --full --as r filter 'v>0' -o csv l.json
t,k,v,r.t,r.v
1,a,3,,
,b,,9,4
$ dstream -i json --time t:s join r.csv --on k --within 1s --full --as r map x=v select t,v,x -o csv l.json
t,v,x
1,3,3
9,4,4

# Which stream lacks a field is said, and what both have.
$ printf 'uid,v\n1,a\n' > p.csv; printf 'id,w\n1,b\n' > q.csv; dstream -i csv join q.csv --on id p.csv
dstream: join: no field 'id' on the left; did you mean 'uid'?
    id
    ^^ the record has: uid, v
? 2
$ dstream -i csv join q.csv --on uid p.csv
dstream: join: no field 'uid' in q.csv; did you mean 'id'?
    uid
    ^^^ the record has: id, w
? 2
$ dstream -i csv join q.csv --on uid=idd p.csv
dstream: join: no field 'idd' in q.csv; did you mean 'id'?
    uid=idd
        ^^^ the record has: id, w
? 2
$ dstream -i csv join q.csv --on uid=id select zz p.csv
dstream: select: no field 'zz'
    zz
    ^^ the record has: uid, v, q.id, q.w
? 2
$ dstream -i csv join q.csv --on 2 p.csv
dstream: join: --on 2 is the same for all records; a field by its place is $1, $2, …
1	a	1	b
