# Batches, the model of Spark Streaming: SPARK.md 1.1, 1.2, 4 and INTERFACE 8.2.

# SPARK 4.3: count gives 0 on an empty batch, reduce nothing.
$ printf 'a\n--\n--\nb\nb\n--\n' | dstream --batch-on '^--' count
1
0
2
$ printf 'a 1\n--\n--\nb 2\nb 3\n--\n' | dstream --batch-on '^--' reduce sum:_2
1
5

# SPARK 4.3: countByWindow gives nothing before the first data; here it is 0, and 0 again when windows are empty.
$ printf -- '--\na\n--\n--\n--\nb\n--\n' | dstream --batch-on '^--' count-by-window 2s --slide 1s
1969-12-31T23:59:59Z	0
1970-01-01T00:00:00Z	1
1970-01-01T00:00:01Z	1
1970-01-01T00:00:02Z	0
1970-01-01T00:00:03Z	1
1970-01-01T00:00:04Z	1

# SPARK 1.2: partial windows at the start are given. SPARK 4.7: with S > B the other batches give no step; the
# windows end on multiples of the slide.
$ printf 'a\n--\nb\n--\nc\n--\nd\n--\ne\n--\nf\n--\n' | dstream --batch-on '^--' window 2s --slide 3s count-by-key
dstream: the slide of 3s is longer than the window of 2s: records between windows count nowhere
1970-01-01T00:00:01Z	b	1
1970-01-01T00:00:01Z	c	1
1970-01-01T00:00:04Z	e	1
1970-01-01T00:00:04Z	f	1

# SPARK 1.2, trap 2: Spark counts the records of the gap for a key that it does not know yet.
$ printf 'k\n--\nk\n--\n--\n' | dstream --batch-on '^--' window 1s --slide 3s count-by-key
dstream: the slide of 3s is longer than the window of 1s: records between windows count nowhere

# SPARK 1.2, trap 1, and 4.2: a key whose value is neutral (+1, -1) while it has records in the window stays, and
# what leaves the window is taken off rightly; a key that has left the window is gone.
$ printf 'k 1\n--\nk -1\n--\nj 5\n--\n--\n' | dstream --batch-on '^--' window 2s --slide 1s reduce-by '$1' sum:_2
1969-12-31T23:59:59Z	k	1
1970-01-01T00:00:00Z	k	0
1970-01-01T00:00:01Z	j	5
1970-01-01T00:00:01Z	k	-1
1970-01-01T00:00:02Z	j	5

# SPARK 1.2: W and S must be multiples of the batch or start-up fails; here with the two nearest good values.
$ printf 'a\n' | dstream --batch-lines 1 --batch 2s window 5s count
dstream: window: 5s is no multiple of the batch of 2s; take 4s or 6s
    dstream --batch-lines 1 --batch 2s window 5s count
                                       ^^^^^^
? 2
$ printf 'a\n' | dstream --batch-lines 1 --batch 2s window 4s --slide 1s count
dstream: window: --slide 1s is no multiple of the batch of 2s; take 2s
    dstream --batch-lines 1 --batch 2s window 4s --slide 1s count
                                                 ^^^^^^^
? 2

# What has no window works batch by batch: top, sort-by, distinct, counts of counts.
$ printf 'a\na\nb\n--\nb\nb\na\n--\n' | dstream --batch-on '^--' count-by-key top 1
a	2
b	2
$ printf '2\n1\n--\n1\n0\n--\n' | dstream --batch-on '^--' sort-by '$1'
1
2
0
1
$ printf 'a\na\n--\na\nb\n--\n' | dstream --batch-on '^--' distinct
a
a
b
$ printf 'a\na\nb\n--\nb\n--\n' | dstream --batch-on '^--' count-by-key count
2
1

# A batch of N records; the last, part batch runs if it has a record.
$ printf '1\n2\n3\n4\n5\n' | dstream --batch-lines 2 reduce 'sum:$1'
3
7
5

# window all ends the batches.
$ printf '1\n2\n3\n' | dstream --batch-lines 2 window all reduce 'sum:$1'
6

# Batches pass through a pipe: marks are written behind empty ones too.
$ printf 'a\n--\n--\nb\na\n--\n' | dstream --batch-on '^--' --mark-batches filter '/a/'
a
-- 1
-- 2
a
-- 3
$ printf 'a\na\nb\n--\nb\n--\n' | dstream --batch-on '^--' --mark-batches count-by-key | dstream --batch-on '^--' reduce sum:_2
3
1
$ printf 'a\n' | dstream --mark-batches count
dstream: --mark-batches marks the ends of batches; give --batch, --batch-lines or --batch-on, or --checkpoint, whose commits it marks then
    dstream --mark-batches count
            ^^^^^^^^^^^^^^
? 2

# A clock in the data: batches of a second, and windows by arrival over a file that replay.
$ printf 't,v\n2026-01-01T00:00:00.3Z,a\n2026-01-01T00:00:00.9Z,b\n2026-01-01T00:00:03.1Z,c\n' > c.csv; dstream -i csv --clock t --batch 1s count c.csv
2
0
0
1
$ printf 't,v\n2026-01-01T00:00:00.9Z,a\n2026-01-01T00:00:00.3Z,b\n2026-01-01T00:00:03.1Z,c\n' > c.csv; dstream -i csv --clock t window 1s count-by v c.csv
2026-01-01T00:00:00Z	a	1
2026-01-01T00:00:00Z	b	1
2026-01-01T00:00:03Z	c	1

# Options that say two things.
$ printf 'a\n' | dstream --batch-lines 2 --batch-on x count
dstream: --batch-lines and --batch-on both say where a batch ends; give one
    dstream --batch-lines 2 --batch-on x count
            ^^^^^^^^^^^^^
? 2
$ printf 'a\n' | dstream --batch-lines 2 --clock t count
dstream: --batch-lines and --batch-on have a clock of their own; leave out --clock
    dstream --batch-lines 2 --clock t count
            ^^^^^^^^^^^^^
? 2

# INTERFACE 8.2: each source counts its own batches, and inside a batch the first stream's records come first. SPARK
# 4.5: one that has ended gives empty batches; `union` fails on no absent one.
$ printf 'x\ny\nz\n' > r; printf 'a\nb\n' > l; dstream --batch-lines 1 --mark-batches union r l
a
x
-- 1
b
y
-- 2
z
-- 3
$ printf 'x\ny\n' > r; printf 'a\nb\n' > l; dstream --batch-lines 1 union r reduce 'all=collect:$1' l
["a","x"]
["b","y"]

# Marks are of batches: where windows go by event time, no row is of one.
$ seq 7 | dstream --batch-lines 3 --mark-batches --time '$1:s' window 5s count
dstream: --mark-batches: what comes here goes by event time, so no row is of a batch; leave it out
    dstream --batch-lines 3 --mark-batches --time '$1:s' window 5s count
                            ^^^^^^^^^^^^^^
? 2
$ seq 7 | dstream --batch-lines 3 --mark-batches window all count
-- 1
-- 2
-- 3
7

# INTERFACE 8.2, "all records of a batch have one time, the batch's": it is its end, for `@time` as for `now()`.
$ seq 3 | dstream --batch-lines 2 map 't=@time,n=now()'
1	1970-01-01T00:00:01Z	1970-01-01T00:00:01Z
2	1970-01-01T00:00:01Z	1970-01-01T00:00:01Z
3	1970-01-01T00:00:02Z	1970-01-01T00:00:02Z

# INTERFACE 9.1, "the end of a batch is a trigger, for windows by event time too": of every batch, also of the last one, which
# the end of the input ends.
$ seq 4 | dstream --batch-lines 2 --time '$1:s' --output-mode update --pane-columns window 10s count
1970-01-01T00:00:00Z	2	early	0
1970-01-01T00:00:00Z	4	early	1
1970-01-01T00:00:00Z	4	on_time	2
$ seq 5 | dstream --batch-lines 2 --time '$1:s' --output-mode update --pane-columns window 10s count
1970-01-01T00:00:00Z	2	early	0
1970-01-01T00:00:00Z	4	early	1
1970-01-01T00:00:00Z	5	early	2
1970-01-01T00:00:00Z	5	on_time	3
$ printf '1\n2\n--\n3\n--\n--\n' | dstream --batch-on '^--' --time '$1:s' --output-mode complete --pane-columns window 10s count-by '$1%2'
1970-01-01T00:00:00Z	0	1	early	0
1970-01-01T00:00:00Z	1	1	early	0
1970-01-01T00:00:00Z	0	1	early	1
1970-01-01T00:00:00Z	1	2	early	1
1970-01-01T00:00:00Z	0	1	on_time	2
1970-01-01T00:00:00Z	1	2	on_time	2
$ seq 5 | dstream --batch-lines 2 --output-mode update --pane-columns window 10s count
1970-01-01T00:00:00Z	2	early	0
1970-01-01T00:00:00Z	4	early	1
1970-01-01T00:00:00Z	5	early	2
1970-01-01T00:00:00Z	5	on_time	3
$ printf '1 a\n1 b\n2 a\n3 a\n' | dstream --batch-lines 1 --every-delay 1s --time '$1:s' --pane-columns window 10s count-by '$2'
1970-01-01T00:00:00Z	a	1	early	0
1970-01-01T00:00:00Z	b	1	early	0
1970-01-01T00:00:00Z	a	2	early	1
1970-01-01T00:00:00Z	a	3	on_time	2
1970-01-01T00:00:00Z	b	1	on_time	1
# A record that a filter keeps from the window is one of its batch all the same: the window has early rows of batches
# before it is closed by the record of the batch behind.
$ printf '1\n2\n30\n41\n' | dstream --batch-lines 2 --time '$1:s' --watermark 0s --output-mode update --pane-columns filter '$1!=30' window 10s count
1970-01-01T00:00:00Z	2	early	0
1970-01-01T00:00:00Z	2	on_time	1
1970-01-01T00:00:40Z	1	early	0
1970-01-01T00:00:40Z	1	on_time	1

# Early rows stand before the mark of the batch that they are of; what is open at the end of the input is of none.
$ seq 4 | dstream --batch-lines 3 --mark-batches --output-mode update window 10s count
1970-01-01T00:00:00Z	3
-- 1
1970-01-01T00:00:00Z	4
-- 2
1970-01-01T00:00:00Z	4
$ seq 4 | dstream --batch-lines 1 --mark-batches --every-records 2 window 10s count
-- 1
1970-01-01T00:00:00Z	2
-- 2
-- 3
1970-01-01T00:00:00Z	4
-- 4
1970-01-01T00:00:00Z	4
$ seq 4 | dstream --batch-lines 1 --mark-batches --every 2s window 3s count top 2
-- 1
1970-01-01T00:00:00Z	2
-- 2
1970-01-01T00:00:00Z	3
-- 3
1970-01-01T00:00:03Z	1
-- 4
1970-01-01T00:00:03Z	1

# 8.2: a source that has ended gives empty batches, and the chain ends with the last of them, also where those are empty.
$ printf '1\n--\n2\n' > r; printf '1\n--\n--\n--\n' | dstream --batch-on '^--' --mark-batches union r count
2
-- 1
1
-- 2
0
-- 3

# SPARK 1.2: a count is given of every batch since the first, though no window holds that one.
$ printf '2 a\n9 c\n16 d\n' | dstream --clock '$1:s' --batch 1s window 1s --slide 2s count
dstream: the slide of 2s is longer than the window of 1s: records between windows count nowhere
1970-01-01T00:00:03Z	0
1970-01-01T00:00:05Z	0
1970-01-01T00:00:07Z	0
1970-01-01T00:00:09Z	1
1970-01-01T00:00:11Z	0
1970-01-01T00:00:13Z	0
1970-01-01T00:00:15Z	0

# What works by batch has nothing to correct.
$ seq 3 | dstream --batch-lines 2 --output-mode complete count
dstream: 'count' works batch by batch, and a batch is printed once; for --output-mode complete give it a window, as 'window all' in front
    dstream --batch-lines 2 --output-mode complete count
                                                   ^^^^^
? 2

# 8.2: of two streams each batch has its early rows, however far one of them was read before the other.
$ seq 1 8 > l; seq 11 14 > r; dstream --batch-lines 3 --output-mode update --mark-batches union r window 2s count l
1970-01-01T00:00:00Z	6
-- 1
1970-01-01T00:00:00Z	10
-- 2
1970-01-01T00:00:02Z	2
-- 3
1970-01-01T00:00:02Z	2
$ seq 1 8 > l; seq 11 14 > r; dstream --batch-lines 3 --every-delay 1s --pane-columns union r window 3s count l
1970-01-01T00:00:00Z	6	early	0
1970-01-01T00:00:00Z	10	early	1
1970-01-01T00:00:00Z	12	on_time	2
$ seq 1 8 > l; seq 4 3 20 > r; dstream --clock '$1:s' --batch 2s --every 4s union r window all count l
3
9
11
12
14
14
# What is early beside event time, or a ranking of what is so far, would be of what had been read by then.
$ seq 1 8 > l; seq 4 3 20 > r; dstream --batch-lines 2 --output-mode complete union r window 10s count-by '$1%2' top 1 l
dstream: --output-mode by a clock that the data tell is for one stream, or for an aggregate over batches of both (--batch, --batch-lines, --batch-on without --time); leave it out
    dstream --batch-lines 2 --output-mode complete union r window 10s count-by '$1%2' top 1 l
                            ^^^^^^^^^^^^^
? 2

# An empty batch behind does not take a batch's early rows away, nor do marks come before them.
$ printf 'a\n--\n--\n' | dstream --batch-on '^--' --mark-batches --output-mode update window 4s count-by '$1'
1970-01-01T00:00:00Z	a	1
-- 1
-- 2
1970-01-01T00:00:00Z	a	1
$ printf 'a\n--\n--\na\n--\n--\n--\n' | dstream --batch-on '^--' --output-mode update --pane-columns window 2s count-by '$1'
1970-01-01T00:00:00Z	a	1	early	0
1970-01-01T00:00:00Z	a	1	on_time	1
1970-01-01T00:00:02Z	a	1	early	0
1970-01-01T00:00:02Z	a	1	on_time	1
$ printf '1 a\n2 a\n37 b\n' | dstream --clock '$1:s' --every 5s --pane-columns window 10s count-by '$2'
1970-01-01T00:00:00Z	a	2	early	0
1970-01-01T00:00:00Z	a	2	on_time	1
1970-01-01T00:00:30Z	b	1	on_time	0
# Two aggregates, and a ranking that is asked for whole.
$ seq 5 | dstream --batch-lines 2 --output-mode update window 3s count-by '$1' reduce n=count
1970-01-01T00:00:00Z	2
1970-01-01T00:00:00Z	4
1970-01-01T00:00:00Z	5
$ seq 3 | dstream --batch-lines 1 --every-records 1 --output-mode complete window 3s count-by '$1%2' top 1
1970-01-01T00:00:00Z	1	1
1970-01-01T00:00:00Z	0	1
1970-01-01T00:00:00Z	1	2
1970-01-01T00:00:00Z	1	2
$ seq 5 | dstream --batch-lines 2 --output-mode complete window 3s count-by '$1' reduce n=count
dstream: --output-mode complete prints all rows of one aggregate, and 'reduce n=count' is the second one; leave it out
    dstream --batch-lines 2 --output-mode complete window 3s count-by '$1' reduce n=count
                            ^^^^^^^^^^^^^
? 2

# Rows of a window leave it with its last batch, wherever blocks end.
$ printf 'x\ny\nz\nx\n' | dstream --batch-lines 1 --mark-batches window 2s
-- 1
1970-01-01T00:00:00Z	x
1970-01-01T00:00:00Z	y
-- 2
-- 3
1970-01-01T00:00:02Z	z
1970-01-01T00:00:02Z	x
-- 4
$ printf 'x\ny\nz\nx\n' | dstream --batch-lines 1 --mark-batches window 4s --slide 2s distinct
-- 1
1969-12-31T23:59:58Z	x
1969-12-31T23:59:58Z	y
-- 2
-- 3
1970-01-01T00:00:00Z	x
1970-01-01T00:00:00Z	y
1970-01-01T00:00:00Z	z
-- 4
1970-01-01T00:00:02Z	z
1970-01-01T00:00:02Z	x
$ printf 'a 1\n--\na 2\n--\n' > l; printf 'a x\n--\na y\n--\n' > r; dstream --batch-on '^--' --mark-batches join r --on '$1' count-by '$1' l
a	1
-- 1
a	1
-- 2
$ printf 'a 1\n--\na 2\n--\n' > l; printf 'a x\n--\na y\n--\n' > r; dstream --batch-on '^--' --mark-batches window 2s join r --on '$1' count-by '$1' l
-- 1
1970-01-01T00:00:00Z	a	4
-- 2
# What is behind the last record that counts is not marked: how far it was read is accident.
$ seq 5 | dstream --batch-lines 1 --mark-batches head 3
1
-- 1
2
-- 2
3

# INTERFACE 7: the count of a batch, and of a window of batches, is 0 where nothing was: with triggers, in windows that grow,
# behind what keeps rows.
$ printf 'a\n--\n--\na\nb\n--\n--\n--\n--\nb\n--\n' > l; dstream --batch-on '^--' --pane-columns --output-mode update window 2s count l
1970-01-01T00:00:00Z	1	early	0
1970-01-01T00:00:00Z	1	on_time	1
1970-01-01T00:00:02Z	2	early	0
1970-01-01T00:00:02Z	2	on_time	1
1970-01-01T00:00:04Z	0	on_time	0
1970-01-01T00:00:06Z	1	early	0
1970-01-01T00:00:06Z	1	on_time	1
$ dstream --batch-on '^--' window 2s --grow 1s count l
1970-01-01T00:00:00Z	1970-01-01T00:00:01Z	1
1970-01-01T00:00:00Z	1970-01-01T00:00:02Z	1
1970-01-01T00:00:02Z	1970-01-01T00:00:03Z	2
1970-01-01T00:00:02Z	1970-01-01T00:00:04Z	2
1970-01-01T00:00:04Z	1970-01-01T00:00:05Z	0
1970-01-01T00:00:04Z	1970-01-01T00:00:06Z	0
1970-01-01T00:00:06Z	1970-01-01T00:00:07Z	1
1970-01-01T00:00:06Z	1970-01-01T00:00:08Z	1
$ dstream --batch-on '^--' --mark-batches distinct count l
1
-- 1
0
-- 2
2
-- 3
0
-- 4
0
-- 5
0
-- 6
1
-- 7
$ printf 'a\n--\n--\n--\n--\n--\n--\n--\nb\n--\n' > r; dstream --batch-on '^--' --mark-batches join r --on '$0' count l
1
-- 1
0
-- 2
0
-- 3
0
-- 4
0
-- 5
0
-- 6
0
-- 7
0
-- 8
$ dstream --batch-on '^--' window 2s join r --on '$0' count l
1970-01-01T00:00:00Z	1
1970-01-01T00:00:02Z	0
1970-01-01T00:00:04Z	0
1970-01-01T00:00:06Z	1
# What keys begin with counts as seen in the first batch, though that is empty; all keys are printed of it.
$ printf -- '--\n{"k":"a"}\n--\n--\n{"k":"b"}\n--\n' > l.json; printf '{"k":"x","count":7}\n{"k":"a","count":3}\n' > i.json; dstream -i json --batch-on '^--' --mark-batches update-state-by k count --initial i.json l.json
a	3
x	7
-- 1
a	4
-- 2
-- 3
b	1
-- 4
$ dstream -i json --batch-on '^--' --mark-batches --output-mode complete update-state-by k count --initial i.json l.json
a	3
x	7
-- 1
a	4
x	7
-- 2
a	4
x	7
-- 3
a	4
b	1
x	7
-- 4
$ dstream -i json --batch-on '^--' --mark-batches --output-mode complete join l.json --on k update-state-by k count l.json
-- 1
a	1
-- 2
a	1
-- 3
a	1
b	1
-- 4
$ dstream -i json --batch-on '^--' --mark-batches map-with-state-by k 'count=coalesce(count,0)+1' --initial i.json --ttl 2s --on-timeout emit l.json
-- 1
a	4
-- 2
x	7
-- 3
a	4
b	1
-- 4
b	1
# 8.2, "a batch carries its end": so do bounds that are times of records.
$ printf 'a\nb\n--\n--\na\n--\n--\n--\nb\nb\n--\n' | dstream --batch-on '^--' --mark-batches session-window 2s count-by '$0'
-- 1
-- 2
1970-01-01T00:00:01Z	1970-01-01T00:00:03Z	b	1
-- 3
-- 4
1970-01-01T00:00:01Z	1970-01-01T00:00:05Z	a	2
-- 5
-- 6
1970-01-01T00:00:06Z	1970-01-01T00:00:08Z	b	2
$ printf 'a\nb\n--\n--\na\n--\n--\n--\nb\nb\n--\n' | dstream --batch-on '^--' key-by '$0' look-back 2s count
1969-12-31T23:59:59Z	1970-01-01T00:00:01Z	a	1
1969-12-31T23:59:59Z	1970-01-01T00:00:01Z	b	1
1970-01-01T00:00:01Z	1970-01-01T00:00:03Z	a	2
1970-01-01T00:00:04Z	1970-01-01T00:00:06Z	b	2
$ printf 'a\nb\n--\n--\na\n--\n--\n--\nb\nb\n--\n' | dstream --batch-on '^--' key-by '$0' burst 2 3s
a	2	1970-01-01T00:00:01Z
b	2	1970-01-01T00:00:06Z
$ printf 'a\nb\n--\n--\na\n--\n--\n--\nb\nb\n--\n' | dstream --batch-on '^--' key-by '$0' match 'A B'
b	1970-01-01T00:00:06Z	1970-01-01T00:00:06Z	2
$ printf 'a\nb\n--\n--\na\n--\n--\n--\nb\nb\n--\n' > l; dstream --batch-on '^--' --mark-batches session-window 2s join l --on '$0' count-by '$0' l
-- 1
-- 2
1970-01-01T00:00:01Z	1970-01-01T00:00:03Z	b	1
-- 3
-- 4
1970-01-01T00:00:01Z	1970-01-01T00:00:05Z	a	4
-- 5
-- 6
1970-01-01T00:00:06Z	1970-01-01T00:00:08Z	b	4
$ printf 'a\n--\n--\nb\n--\n' | dstream --batch-on '^--' count-by '$0' map 't=@time'
a	1	1970-01-01T00:00:01Z
b	1	1970-01-01T00:00:03Z
# All rows there ever were at each trigger, and rows that are final.
$ printf 'a\n--\n--\na\nb\n--\n--\nb\n--\n' > l; dstream --batch-on '^--' --mark-batches --output-mode complete window 2s count-by '$0' l
1970-01-01T00:00:00Z	a	1
-- 1
1970-01-01T00:00:00Z	a	1
-- 2
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:02Z	a	1
1970-01-01T00:00:02Z	b	1
-- 3
1970-01-01T00:00:02Z	a	1
1970-01-01T00:00:02Z	b	1
-- 4
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:02Z	a	1
1970-01-01T00:00:02Z	b	1
1970-01-01T00:00:04Z	b	1
-- 5
1970-01-01T00:00:04Z	b	1
$ dstream --batch-on '^--' --mark-batches --output-mode complete window 2s count-by '$0' top 1 l
1970-01-01T00:00:00Z	a	1
-- 1
1970-01-01T00:00:00Z	a	1
-- 2
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:02Z	a	1
-- 3
1970-01-01T00:00:02Z	a	1
-- 4
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:02Z	a	1
1970-01-01T00:00:04Z	b	1
-- 5
1970-01-01T00:00:04Z	b	1
# EVENT-TIME 2.7: what has been silent for its time to live is gone, for the record that comes just then too.
$ printf '10 a\n15 a\n19 a\n24 a\n' | dstream --clock '$1:s' --batch 1s map-with-state-by '$2' 'n=coalesce(n,0)+1' --ttl 5s
10 a	1
15 a	1
19 a	2
24 a	1
$ printf '10 a\n15 a\n19 a\n24 a\n' | dstream --clock '$1:s' map-with-state-by '$2' 'n=coalesce(n,0)+1' --ttl 5s
10 a	1
15 a	1
19 a	2
24 a	1

# 8.2: "batch n of the chain is batch n of each source": the first batch is that of the source that begins first.
$ echo 'a 0' > r; echo 'b 3' > l; dstream --clock '$2:s' --batch 1s --mark-batches union r count l
1
-- 1
0
-- 2
0
-- 3
1
-- 4
$ dstream --clock '$2:s' --batch 1s --mark-batches union l count r
1
-- 1
0
-- 2
0
-- 3
1
-- 4
# A mark is written for each batch, also where rows are held longer; windows by count have no end that a row could wait for.
$ printf -- 'a\n--\n--\n--\n--\n--\n' | dstream --batch-on '^--' --mark-batches match 'a b' --within 5s --timeouts
1970-01-01T00:00:01Z	1970-01-01T00:00:01Z	1	true
-- 1
-- 2
-- 3
-- 4
-- 5
$ printf -- 'a\n--\n--\na\n--\n--\n--\n' | dstream --batch-on '^--' --mark-batches distinct --last --ttl 3s
-- 1
-- 2
a
-- 3
-- 4
-- 5
$ printf 'a\nb\nc\nd\n' | dstream --batch-lines 2 --mark-batches count-window 2
a
b
-- 1
c
d
-- 2
$ printf 'c 11\nc 14\n' | dstream --clock '$2:s' --batch 2s --mark-batches --every 3s window all count
dstream: --every 3s is no multiple of the batch of 2s, and --mark-batches marks its end; take 2s or 4s
    dstream --clock '$2:s' --batch 2s --mark-batches --every 3s window all count
                                                     ^^^^^^^
? 2
# Append is the default: a ranking comes once.
$ printf '1\n2\n9\n' | dstream --time '$1:s' --watermark 0s --batch-lines 1 --output-mode append window 5s count-by-key top 1
dstream: --batch-lines has no part here: the chain goes by event time
1970-01-01T00:00:00Z	1	1
1970-01-01T00:00:05Z	9	1
# All of what is fed change by change is kept nowhere.
$ printf '1 c\n9 c\n' | dstream --time '$1:s' --watermark 0s --batch-lines 1 --output-mode complete --pane-columns window 6s count-by '$2' top 1 --output of
dstream: --output: a ranking of windows that are closed is not kept, so no file can have all of them; leave out --output-mode complete
    … complete --pane-columns window 6s count-by '$2' top 1 --output of
                                                            ^^^^^^^^
? 2
# By arrival nothing is late, whatever is allowed (EVENT-TIME 2.5: behind a window the watermark never passes the time of a row still to come).
$ seq 8 | dstream --batch-lines 1 --allowed-lateness 3s --pane-columns window 2s count window 4s reduce s=sum:count,k=count
1970-01-01T00:00:00Z	4	2	on_time	0
1970-01-01T00:00:04Z	4	2	on_time	0
# Matches of a batch are of the batch, which is not shown.
$ printf '1 a\n2 b\n5 a\n' | dstream --batch-lines 2 match A --where 'A=1==1' count
2
1

# Of two files in event time the first one's records come first, whatever arrival is.
$ printf '0 b\n4 a\n' > p; printf '1 x\n2 y\n' > r; dstream --batch-lines 1 --time '$1:s' --watermark 2s window 10s union r scan n=cumcount p
dstream: --batch-lines has no part here: the chain goes by event time
1970-01-01T00:00:00Z	0 b	1
1970-01-01T00:00:00Z	4 a	2
1970-01-01T00:00:00Z	1 x	3
1970-01-01T00:00:00Z	2 y	4
$ dstream --batch-lines 1 --time '$1:s' --watermark 2s union r scan n=cumcount window 10s p
dstream: --batch-lines has no part here: the chain goes by event time
1970-01-01T00:00:00Z	0 b	1
1970-01-01T00:00:00Z	4 a	2
1970-01-01T00:00:00Z	1 x	3
1970-01-01T00:00:00Z	2 y	4

# A window that is open when the input ends has a row, though a filter took all of it: its batch has run.
$ printf '0 a\n1 a\n3 b\n5 b\n' > in; dstream --clock '$1:s' --batch 2s window 4s --slide 2s filter '$2=="a"' count in
1969-12-31T23:59:58Z	2
1970-01-01T00:00:00Z	2
1970-01-01T00:00:02Z	0
1970-01-01T00:00:04Z	0
$ dstream --clock '$1:s' --batch 2s --output-mode update --pane-columns window 4s filter '$2=="a"' count-by '$2' count in
1970-01-01T00:00:00Z	1	early	0
1970-01-01T00:00:00Z	1	on_time	1
1970-01-01T00:00:04Z	0	on_time	0

# Totals of a batch have no time of their own.
$ printf 'a\nb\n' | dstream --batch-lines 1 update-state-by '$1' n=count map 'z=@time'
a	1	1970-01-01T00:00:01Z
b	1	1970-01-01T00:00:02Z

# INTERFACE 8.2: what works batch by batch forgets by the clock of batches.
$ printf '0 a\n100 b\n101 a\n' > in; dstream --time '$1:s' --watermark 0s --batch-lines 1 update-state-by '$2' n=count --ttl 3s in
dstream: update-state-by: --ttl is by the clock of batches here, as it works batch by batch; a window in front goes by --time
a	1
b	1
a	2
$ dstream --time '$1:s' --watermark 0s --batch-lines 1 window 1s update-state-by '$2' n=count --ttl 3s in
dstream: --batch-lines has no part here: the chain goes by event time
1970-01-01T00:00:00Z	a	1
1970-01-01T00:01:40Z	b	1
1970-01-01T00:01:41Z	a	1

# INTERFACE 8.2: a batch that has ended is marked by the run that has seen its end, though nothing waited for it.
# once
$ printf 'a\n--\nb\n' > f; for i in 1 2 3; do dstream --once --checkpoint ck --batch-on '^--' --mark-batches filter '$1!="z"' f; echo run; test $i = 2 || printf 'c\n--\n' >> f; done
a
-- 1
b
run
c
-- 2
run
run

# The first batches may be empty: they are given when they have ended, though no record comes for long.
# once
$ timeout 5 dstream --batch-on '^--' window 2s count head 1 < <(printf -- '--\n--\n--\n'; exec sleep 30 2> /dev/null)
1970-01-01T00:00:00Z	0

# INTERFACE 6, 8.2: behind the last record that head needs no batch counts, however far it was read.
$ seq 30000 > n; dstream --batch-lines 1 head 2 count n
1
1
$ dstream --batch-lines 3 head 4 count n
3
1
$ dstream --clock '$1:s' --batch 3s head 5 count n
2
3

# INTERFACE 6.1: what times out comes in the window that holds the moment.
$ printf '0 a\n10 b\n20 c\n30 d\n' > f; dstream --time '$1:s' --watermark 0s window 4s reduce-by '$2' n=count map-with-state-by '$2' m=1 --ttl 3s --on-timeout emit reduce 'join:$2,count' f
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:04Z	a	1
1970-01-01T00:00:08Z	b	1
1970-01-01T00:00:12Z	b	1
1970-01-01T00:00:20Z	c	1
1970-01-01T00:00:24Z	c	1
1970-01-01T00:00:28Z	d	1
1970-01-01T00:00:32Z	d	1

# A key that is called like the number.
$ printf 'a\na\nb\n' | dstream count-by-key count-by count -o json
{"count":1,"count_2":1}
{"count":2,"count_2":1}
$ printf 'a\na\nb\n' | dstream count-by-key reduce-by count count=count
dstream: reduce-by: a key and an aggregate are both called 'count'; give one another name; is the key missing before the operator `count`?
    dstream count-by-key reduce-by count count=count
                                   ^^^^^
? 2

# INTERFACE 8.2: "there is no absent batch": the last one too is given where none of it has come through, and the first ones are, of two streams that begin at other times.
$ printf 'a\nb\n' > f; dstream --batch-lines 1 filter '$1=="a"' print 1 f | grep Time
Time: 1000 ms
Time: 2000 ms
$ dstream --batch-lines 1 filter '$1=="b"' transform 'wc -l' f
0
1
$ dstream --batch-lines 1 filter '$1=="a"' foreach-batch 'wc -l' f
1
0
$ printf 't,k\n10,a\n30,b\n' > l.csv; printf 't,k\n30,b\n' > r.csv; dstream -i csv --clock t:s --batch 10s join r.csv --on k --as r print 3 l.csv | grep Time
Time: 20000 ms
Time: 30000 ms
Time: 40000 ms

# SPARK.md 1.2: windows of whole batches end at multiples of the slide, also of what batches were made to.
$ printf 'a\nb\na\nb\nc\nd\ne\nf\ng\n' > log; dstream --batch-lines 1 window 3s --slide 2s count log
1969-12-31T23:59:59Z	2
1970-01-01T00:00:01Z	3
1970-01-01T00:00:03Z	3
1970-01-01T00:00:05Z	3
1970-01-01T00:00:07Z	2
$ dstream --batch-lines 1 count-by '$1' window 3s --slide 2s count log
1969-12-31T23:59:59Z	2
1970-01-01T00:00:01Z	3
1970-01-01T00:00:03Z	3
1970-01-01T00:00:05Z	3
1970-01-01T00:00:07Z	2
$ dstream --batch-lines 1 update-state-by '$1' n=count window 2s --slide 3s count log
dstream: the slide of 3s is longer than the window of 2s: records between windows count nowhere
1970-01-01T00:00:01Z	2
1970-01-01T00:00:04Z	2
1970-01-01T00:00:07Z	2
$ dstream --batch-lines 1 count-by '$1' window 1500ms count log
dstream: window: 1.5s is no multiple of the batch of 1s; take 1s or 2s
    dstream --batch-lines 1 count-by '$1' window 1500ms count log
                                          ^^^^^^
? 2

# Two streams in batches are joined by their batches, whatever their records' times are.
$ printf 't,k\n1,a\n9,b\n2,b\n' > a.csv; printf 't,k\n1,a\n9,b\n3,b\n' > b.csv; dstream -i csv --time t:s --batch-lines 2 join b.csv --on k a.csv
1	a	1
9	b	9
2	b	3
$ dstream -i csv --time t:s --clock t:s --batch 5s join b.csv --on k a.csv
1	a	1
9	b	9
9	b	3
2	b	9
2	b	3
$ dstream -i csv --clock t:s --batch 5s join b.csv --right-time t:s --on k a.csv
dstream: --right-time of b.csv: rows are taken by their arrival here; --time FIELD, and a window in place of a batch, goes by their times
    t:s
    ^^^
? 2

# By event time batches are no more than a trigger: where nothing is triggered, they have no part, and it is said.
$ printf '1 a\n2 b\n' > l; printf '1 x\n2 y\n' > r; dstream --batch-lines 1 --time '$1:s' --watermark 0s window 2s count l
dstream: --batch-lines has no part here: the chain goes by event time
1970-01-01T00:00:00Z	1
1970-01-01T00:00:02Z	1
$ dstream --batch 1s --time '$1:s' --watermark 0s union r window 2s count l
dstream: --batch has no part here: the chain goes by event time
1970-01-01T00:00:00Z	2
1970-01-01T00:00:02Z	2
$ cat l | dstream --batch-lines 1 --time '$1:s' --watermark 0s union r window 2s count
dstream: --batch-lines has no part here: the chain goes by event time, and records of both streams come as they arrive
1970-01-01T00:00:00Z	2
1970-01-01T00:00:02Z	2
$ dstream --batch-lines 1 --time '$1:s' --watermark 0s --output-mode update window 2s count l
1970-01-01T00:00:00Z	1
1970-01-01T00:00:00Z	1
1970-01-01T00:00:02Z	1
1970-01-01T00:00:02Z	1
$ dstream --batch-lines 1 --time '$1:s' --watermark 0s map 'n=now()' window 2s reduce n=max:n l
1970-01-01T00:00:00Z	1970-01-01T00:00:01Z
1970-01-01T00:00:02Z	1970-01-01T00:00:02Z

# What looks ahead gives a record in whatever batch those behind it come.
$ printf '1 d\n1 a\n3 d\n' | dstream --batch-lines 1 --mark-batches scan-by '$2' 'z=lead:$1'
dstream: --mark-batches: 'scan-by $2 z=lead:$1' gives a record when those behind it have come, in whatever batch; leave it out
    dstream --batch-lines 1 --mark-batches scan-by '$2' 'z=lead:$1'
                            ^^^^^^^^^^^^^^
? 2

# Time-outs behind streams that are joined come in the first batch that the key is too old for, and no row is lost.
$ printf 'a\nb\na\n' > l; printf 'a\nc\na\n' > s; dstream --batch-lines 1 --mark-batches join s --on '$1' --as s update-state-by '$1' n=count --ttl 1s l
a	1
-- 1
-- 2
a	1
-- 3
$ dstream --batch-lines 1 --mark-batches join s --on '$1' --as s map-with-state-by '$1' 'n=(n ?? 0)+1' --ttl 1s --on-timeout emit l
a	a	a	1
-- 1
		a	1
-- 2
a	a	a	1
-- 3
		a	1
$ printf 't,k\n11,b\n18,a\n' > l.csv; printf 't,k\n17,a\n20,c\n' > r.csv; dstream -i csv --time t:s --watermark 0s join r.csv --on k --within 3s --left map-with-state-by k 'n=(n ?? 0)+1' --ttl 2s --on-timeout emit -o json l.csv
{"t":11,"k":"b","r.t":null,"n":1}
{"t":null,"k":"b","r.t":null,"n":1}
{"t":18,"k":"a","r.t":17,"n":1}
{"t":null,"k":"a","r.t":null,"n":1}
$ printf '1 c\n4 c\n9 b\n' > l; printf '0 b\n5 a\n7 d\n11 b\n' > r; dstream --time '$1:s' --watermark 1s union r map-with-state-by '$2' 'n=(n ?? 0)+1' --ttl 2s --on-timeout emit l
0 b	b	1
1 c	c	1
	b	1
	c	1
4 c	c	1
5 a	a	1
	c	1
	a	1
7 d	d	1
	d	1
9 b	b	1
	b	1
11 b	b	1
	b	1

# What keys begin with counts as seen in the first batch, be it that no record is in it.
$ printf 'a 4\n' > init; printf -- '--\n--\n--\n--\n' > f; dstream --batch-on '^--' --mark-batches map-with-state-by '$1' 'n=(n ?? 0)+1' --ttl 3s --on-timeout emit --initial init f
-- 1
-- 2
-- 3
	a	4
-- 4

# once
$ printf 'a 4\n' > init; for i in 1 2 3 4 5; do yes -- -- | head -$i > f; dstream --once --checkpoint ck --batch-on '^--' --mark-batches update-state-by '$1' n=count --initial init --ttl 3s --on-timeout emit f; done
a	4
-- 1
-- 2
-- 3
a	4
-- 4
-- 5
