# SPARK 4, the most surprising things of Spark Streaming, and 1.2, its operators row by row: each with dstream's own
# rule. (4.1: state/variables; 1.2's inverse windows and empty batches, 4.2: batches; 4.8 to 4.10 are about runs.)

# SPARK 4.3: a window without records gives nothing; Spark's countByWindow gives 0 after the first one.
$ printf '5\n35\n' | dstream --time '$1:s' window 10s count
1970-01-01T00:00:00Z	1
1970-01-01T00:00:30Z	1
# SPARK 4.4: updateStateByKey runs for all keys at each batch, an empty one too, and for initial keys in the first. Here
# the keys that changed are printed, and all of them with --output-mode complete.
$ printf 'a\nb\n--\n--\nb\n--\n' | dstream --batch-on '^--' --mark-batches update-state-by '$1' count
a	1
b	1
-- 1
-- 2
b	2
-- 3
$ printf 'a\nb\n--\n--\nb\n--\n' | dstream --batch-on '^--' --mark-batches update-state-by '$1' count --output-mode complete
a	1
b	1
-- 1
a	1
b	1
-- 2
a	1
b	2
-- 3
# SPARK 4.5: there is no absent batch: a source that has ended gives empty ones, on which union does not fail.
$ printf 'x\n' > r; printf 'a\nb\n' > l; dstream --batch-lines 1 --mark-batches union r reduce 'join:$1' l
a,x
-- 1
b
-- 2
# SPARK 4.6: joins see the same batch only: keys in neighbouring batches never meet unless a window holds both.
$ printf 'a\nb\n' > r; printf 'b\na\n' > l; dstream --batch-lines 1 join r --on '$1' l
$ printf 'a\nb\n' > r; printf 'b\na\n' > l; dstream --batch-lines 1 window 2s join r --on '$1' select '$1' count-by '$1' l
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	1
# SPARK 4.7: the first windows may be part ones; with a slide longer than the window records between give no row.
$ printf '5\n12\n' | dstream --time '$1:s' window 20s --slide 10s reduce 'join:$1'
1969-12-31T23:59:50Z	5
1970-01-01T00:00:00Z	5,12
1970-01-01T00:00:10Z	12
$ printf '1\n6\n11\n16\n' | dstream --time '$1:s' window 5s --slide 10s reduce 'join:$1'
dstream: the slide of 10s is longer than the window of 5s: records between windows count nowhere
1970-01-01T00:00:00Z	1
1970-01-01T00:00:10Z	11
# SPARK 4.11: a gap's end is in the session, as Spark has it; a row at the watermark is not late here, one behind is.
$ printf '30\n40\n' | dstream --time '$1:s' session-window 10s count
1970-01-01T00:00:30Z	1970-01-01T00:00:50Z	2
$ printf '30 a\n20 b\n' | dstream --time '$1:s' --watermark 0s session-window 10s count-by '$2'
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	b	1
1970-01-01T00:00:30Z	1970-01-01T00:00:40Z	a	1
$ printf '30 a\n19 b\n' | dstream --time '$1:s' --watermark 0s session-window 10s count-by '$2'
1970-01-01T00:00:30Z	1970-01-01T00:00:40Z	a	1
dstream: 1 of 2 records came too late for its window and was dropped; --watermark D waits longer
$ printf '20\n10\n9\n' | dstream --time '$1:s' --watermark 10s window 10s count
1970-01-01T00:00:10Z	1
1970-01-01T00:00:20Z	1
dstream: 1 of 3 records came too late for its window and was dropped; --watermark D waits longer
# SPARK 4.12: there the watermark of a batch comes from the batches before it, so that 3 would count; here it comes from
# the records before, in the same batch too. Keys without a time-out are never forgotten, with one they are.
$ printf '0\n12\n3\n--\n' | dstream --time '$1:s' --watermark 0s --batch-on '^--' window 10s count-by-key
1970-01-01T00:00:00Z	0	1
1970-01-01T00:00:10Z	12	1
dstream: 1 of 3 records came too late for its window and was dropped; --watermark D waits longer
$ printf '0 a\n99 b\n99 a\n' | dstream --time '$1:s' --watermark 0s distinct-by '$2'
0 a
99 b
$ printf '0 a\n99 b\n99 a\n' | dstream --time '$1:s' --watermark 0s distinct-by '$2' --ttl 10s
0 a
99 b
99 a

# SPARK 1.2 map, flatMap, filter: a record at a time, in order.
$ printf 'b 2\na 1\n--\nb 3\n--\n' | dstream --batch-on '^--' flat-map 'w=words($0)' filter 'w!="2"' map 'n=len(w)' select w,n
b	1
a	1
1	1
b	1
3	1
# SPARK 1.2 union: concatenation in a batch, this stream first.
$ printf 'x\ny\n' > r; printf 'a\nb\n' > l; dstream --batch-lines 1 union r reduce 'join:$1' l
a,x
b,y
# SPARK 1.2 count, reduce: one record a batch; of an empty batch 0, and nothing.
$ printf '1\n--\n--\n2\n--\n' | dstream --batch-on '^--' count
1
0
1
$ printf '1\n--\n--\n2\n--\n' | dstream --batch-on '^--' reduce 'sum:$1'
1
2
# SPARK 1.2 countByValue: only values present.
$ printf 'a\nb\na\n--\nb\n--\n' | dstream --batch-on '^--' count-by-value
a	2
b	1
b	1
# SPARK 1.2 groupByKey: an empty text is a normal key.
$ printf '{"k":"","v":1}\n{"k":"a","v":2}\n{"k":"","v":3}\n' | dstream -i json --batch-lines 3 key-by k group-by-key
	[1,3]
a	[2]
# SPARK 1.2 reduceByKey, combineByKey: the result does not depend on the partitioning.
$ printf 'a 1\nb 2\na 3\n--\na 4\n--\n' | dstream --batch-on '^--' key-by '$1' reduce-by-key 'sum:_2,avg:_2'
a	4	2
b	2	2
a	4	4
# SPARK 1.2 mapValues, flatMapValues: no results drop the key.
$ printf '{"k":"a","v":[1,2]}\n{"k":"b","v":[]}\n' | dstream -i json --batch-lines 2 key-by k flat-map 'x=v' count-by-key
a	2
# SPARK 1.2 join: m × n pairs a key; leftOuterJoin, rightOuterJoin, fullOuterJoin: the missing side is null.
$ printf 'k,y\na,1\na,2\nc,3\n' > r.csv; printf 'k,x\na,p\na,q\nb,s\n' > l.csv; dstream -i csv --batch-lines 3 join r.csv --on k select k,x,y l.csv
a	p	1
a	p	2
a	q	1
a	q	2
$ printf 'k,y\na,1\nc,3\n' > r.csv; printf 'k,x\na,p\nb,s\n' > l.csv; dstream -i csv --batch-lines 2 join r.csv --on k --left select k,x,y l.csv
a	p	1
b	s	
$ printf 'k,y\na,1\nc,3\n' > r.csv; printf 'k,x\na,p\nb,s\n' > l.csv; dstream -i csv --batch-lines 2 join r.csv --on k --right select k,x,y l.csv
a	p	1
c		3
$ printf 'k,y\na,1\nc,3\n' > r.csv; printf 'k,x\na,p\nb,s\n' > l.csv; dstream -i csv --batch-lines 2 join r.csv --on k --full select k,x,y l.csv
a	p	1
b	s	
c		3
# SPARK 1.2 cogroup: keys of either side; the missing one is an empty list.
$ printf 'k,y\na,1\nc,3\n' > r.csv; printf 'k,x\na,p\na,q\n' > l.csv; dstream -i csv --batch-lines 2 cogroup r.csv --on k l.csv
a	["p","q"]	[1]
c	[]	[3]
# SPARK 1.2 window: all records of the last W, oldest batch first; part windows at the start are given.
$ printf 'b\n--\na\n--\nc\n--\n' | dstream --batch-on '^--' window 2s --slide 1s
1969-12-31T23:59:59Z	b
1970-01-01T00:00:00Z	b
1970-01-01T00:00:00Z	a
1970-01-01T00:00:01Z	a
1970-01-01T00:00:01Z	c
1970-01-01T00:00:02Z	c
# SPARK 1.2 reduceByWindow: an empty window gives nothing, with the inverse function too.
$ printf '1\n--\n--\n--\n2\n--\n' | dstream --batch-on '^--' reduce-by-window 2s 'sum:$1' --slide 1s
1969-12-31T23:59:59Z	1
1970-01-01T00:00:00Z	1
1970-01-01T00:00:02Z	2
1970-01-01T00:00:03Z	2
# SPARK 1.2 countByValueAndWindow: vanished values disappear.
$ printf 'a\n--\nb\n--\n' | dstream --batch-on '^--' count-by-value-and-window 2s --slide 1s
1969-12-31T23:59:59Z	a	1
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:01Z	b	1
# SPARK 1.2 reduceByKeyAndWindow: keys without records in the window are absent.
$ printf 'a 1\n--\nb 2\n--\n' | dstream --batch-on '^--' key-by '$1' reduce-by-key-and-window 2s sum:_2 --slide 1s
1969-12-31T23:59:59Z	a	1
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	2
1970-01-01T00:00:01Z	b	2
# SPARK 1.2 groupByKeyAndWindow: in the order of arrival.
$ printf 'k,v\na,2\na,1\na,0\n' | dstream -i csv --batch-lines 1 key-by k group-by-key-and-window 2s --slide 1s
1969-12-31T23:59:59Z	a	[2]
1970-01-01T00:00:00Z	a	[2,1]
1970-01-01T00:00:01Z	a	[1,0]
1970-01-01T00:00:02Z	a	[0]
# SPARK 1.2 mapWithState: once per record, two of a key in a batch see each other's update.
$ printf 'a\na\n--\na\n--\n' | dstream --batch-on '^--' map-with-state-by '$1' 'n=(n ?? 0)+1' select '$1,n'
a	1
a	2
a	3
# SPARK 1.2 slice: batches between two times; --until is excluded.
$ printf 'a\n--\nb\n--\nc\n--\nd\n--\n' | dstream --batch-on '^--' --since 1970-01-01T00:00:02Z --until 1970-01-01T00:00:04Z filter '/./'
b
c
