# EVENT-TIME 2.3: windows by count are per key, have no time, and print at once; a part one at the end.
$ printf '9 a\n1 b\n2 a\n3 a\n' | dstream count-window 2 reduce-by '$2' 'join:$1'
a	9,2
a	3
b	1
$ printf '9 a\n1 b\n2 a\n3 a\n' | dstream count-window 2 --partial no reduce-by '$2' 'join:$1'
a	9,2
# Sliding ones print at each Mth record over the last N, fewer at the start.
$ seq 8 | dstream count-window 4 --slide-rows 2 reduce 'join:$1'
1,2
1,2,3,4
3,4,5,6
5,6,7,8
$ seq 7 | dstream count-window 4 --slide-rows 3 reduce 'join:$1'
1,2,3
3,4,5,6
$ seq 7 | dstream count-window 4 --slide-rows 3 --partial yes reduce 'join:$1'
1,2,3
3,4,5,6
6,7
$ seq 7 | dstream count-window 2 --slide-rows 3 reduce 'join:$1'
dstream: the slide of 3 records is longer than the window of 2: records between windows count nowhere
2,3
5,6
# Whole records: the largest of each three.
$ seq 7 | dstream count-window 3 top 1 --by '$1'
3
6
7
$ seq 4 | dstream count-window 3 sort-by '$1:desc'
3
2
1
4
# Part windows come by key.
$ printf '1 c\n2 a\n3 b\n' | dstream count-window 2 reduce-by '$2' 'join:$1'
a	2
b	3
c	1
# The time of a row is that of its newest record.
$ printf '0 a\n70 a\n10 a\n80 a\n' | dstream --time '$1:s' count-window 2 count-by '$2' window 1m count
1970-01-01T00:01:00Z	2

# EVENT-TIME 2.3: look-back gives a row for each record over t-D <= t' <= t; equal times see each other and give one.
$ printf '0 a 1\n10 a 2\n10 a 3\n21 a 4\n15 b 5\n' | dstream --time '$1:s' look-back 10s reduce-by '$2' 'join:$3'
1969-12-31T23:59:50Z	1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	a	1,2,3
1970-01-01T00:00:11Z	1970-01-01T00:00:21Z	a	4
dstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer
# It is printed when W > t, in the order of time; what is behind W is late.
$ printf '5 a\n3 a\n4 a\n9 a\n2 a\n' | dstream --time '$1:s' --watermark 2s look-back 3s reduce-by '$2' 'join:$1'
1970-01-01T00:00:00Z	1970-01-01T00:00:03Z	a	3
1970-01-01T00:00:01Z	1970-01-01T00:00:04Z	a	3,4
1970-01-01T00:00:02Z	1970-01-01T00:00:05Z	a	5,3,4
1970-01-01T00:00:06Z	1970-01-01T00:00:09Z	a	9
dstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer
$ printf '0 a\n5 b\n7 a\n' | dstream --time '$1:s' look-back 10s count
1969-12-31T23:59:50Z	1970-01-01T00:00:00Z	1
1969-12-31T23:59:55Z	1970-01-01T00:00:05Z	2
1969-12-31T23:59:57Z	1970-01-01T00:00:07Z	3

# EVENT-TIME 2.3: with --grow a record at t counts in every [s, s+k*p) behind it; each prints at its end even with
# nothing new since, but not before the first record.
$ printf '12\n14\n38\n61\n' | dstream --time '$1:s' window 40s --grow 10s reduce 'join:$1'
1970-01-01T00:00:00Z	1970-01-01T00:00:20Z	12,14
1970-01-01T00:00:00Z	1970-01-01T00:00:30Z	12,14
1970-01-01T00:00:00Z	1970-01-01T00:00:40Z	12,14,38
1970-01-01T00:00:40Z	1970-01-01T00:01:10Z	61
1970-01-01T00:00:40Z	1970-01-01T00:01:20Z	61
$ printf '12\n31\n14\n' | dstream --time '$1:s' --watermark 0s window 40s --grow 10s reduce 'join:$1'
1970-01-01T00:00:00Z	1970-01-01T00:00:20Z	12
1970-01-01T00:00:00Z	1970-01-01T00:00:30Z	12
1970-01-01T00:00:00Z	1970-01-01T00:00:40Z	12,31,14
$ printf '12\n65\n' | dstream --time '$1:s' window 1m --grow 20s count-by '$1' top 1
1970-01-01T00:00:00Z	1970-01-01T00:00:20Z	12	1
1970-01-01T00:00:00Z	1970-01-01T00:00:40Z	12	1
1970-01-01T00:00:00Z	1970-01-01T00:01:00Z	12	1
1970-01-01T00:01:00Z	1970-01-01T00:01:20Z	65	1
1970-01-01T00:01:00Z	1970-01-01T00:01:40Z	65	1
1970-01-01T00:01:00Z	1970-01-01T00:02:00Z	65	1
$ printf '12\n65\n' | dstream --time '$1:s' window 1m --grow 7s count
dstream: window: --grow: 7s does not divide 1m
    dstream --time '$1:s' window 1m --grow 7s count
                                    ^^^^^^
? 2
$ printf '12\n65\n' | dstream --time '$1:s' window 1m --grow 20s --slide 30s count
dstream: window: --grow is for windows that stand end to end; it cannot go with --slide
    dstream --time '$1:s' window 1m --grow 20s --slide 30s count
                                    ^^^^^^
? 2

# Windows by count are sorted when they are whole, though nothing more comes for long.
# once
$ timeout 5 dstream count-window 3 sort-by '$1:desc' head 3 < <(seq 4; exec sleep 30 2> /dev/null)
3
2
1
# once
$ timeout 5 dstream count-window 3 top 1 --by '$1' count head 1 < <(seq 4; exec sleep 30 2> /dev/null); echo $?
1
0
$ seq 7 | dstream count-window 3 sort-by '$1:desc' reduce 'first:$1,n=count'
3	3
6	3
7	1

# INTERFACE 6.2: what is dropped behind a window by the number or the nearness of records is in its window all the same.
$ printf '1 a\n2 b\n2 a\n1 a\n1 b\n2 a\n1 a\n' > in; dstream count-window 2 filter '$1==1' count in
1
1
1
1
$ dstream count-window 2 filter '$1==1' count-by '$2' in
a	1
b	1
a	1
a	1
$ dstream filter '$1==1' count-window 2 count-by '$2' in
a	2
a	1
b	1
$ dstream key-by '$2' count-window 2 filter '$1==1' map 'x=$1*10' sort-by x in
1 a	10
1 b	10
1 a	10
1 a	10
$ dstream count-window 3 --slide-rows 1 sample 50% count in
1
1
1
1
2
2
2
$ printf '1 a x\n3 a y\n4 b y\n5 a x\n9 b x\n20 a y\n' > in; dstream --time '$1:s' session-window 3s filter '$3=="x"' count-by '$2' in
1970-01-01T00:00:01Z	1970-01-01T00:00:08Z	a	2
1970-01-01T00:00:09Z	1970-01-01T00:00:12Z	b	1
$ dstream --time '$1:s' session-window 3s filter '$3=="x"' count-by '$2' --every-records 1 in
dstream: early rows come when a window of 'session-window 3s' ends: what 'filter $3=="x"' drops is in it too; in front of it, there are windows of what it keeps
1970-01-01T00:00:01Z	1970-01-01T00:00:08Z	a	1
1970-01-01T00:00:01Z	1970-01-01T00:00:08Z	a	2
1970-01-01T00:00:01Z	1970-01-01T00:00:08Z	a	2
1970-01-01T00:00:09Z	1970-01-01T00:00:12Z	b	1
1970-01-01T00:00:09Z	1970-01-01T00:00:12Z	b	1
$ dstream --time '$1:s' look-back 3s filter '$3=="x"' key-by '$2' count in
1969-12-31T23:59:58Z	1970-01-01T00:00:01Z	a	1
1970-01-01T00:00:00Z	1970-01-01T00:00:03Z	a	1
1970-01-01T00:00:02Z	1970-01-01T00:00:05Z	a	1
1970-01-01T00:00:06Z	1970-01-01T00:00:09Z	b	1
$ dstream --time '$1:s' key-by '$2' session-window 3s filter '$3=="x"' in
1970-01-01T00:00:01Z	1970-01-01T00:00:08Z	1 a x
1970-01-01T00:00:01Z	1970-01-01T00:00:08Z	5 a x
1970-01-01T00:00:09Z	1970-01-01T00:00:12Z	9 b x
$ dstream --time '$1:s' session-window 3s filter '$3=="x"' count-by '$2' --explain in | grep then
then       session-window 3s: holds the records and session, whose records are at most 3s apart; prints them at the end of the input; then freed
then       filter $3=="x": keeps records where $3 == "x" is true
then       count-by $2: one row of state for each key; prints when the window that it is in is complete; then freed
# What several records are made of is in the window of each.
$ printf 'a b\nc\nd e f\n' | dstream count-window 2 flat-map 'w=words($0)' count
3
3
$ printf 'a b\nc\na e f\n' | dstream count-window 2 flat-map 'w=words($0)' count-by w
a	2
b	1
c	1
e	1
f	1
# Where the key is made behind what drops, windows are of the rows that are left, and that is told.
$ printf '1 a\n2 b\n1 b\n' | dstream count-window 2 filter '$1==1' map 'k=upper($2)' count-by k
dstream: the windows of 'count-window 2' are of the records that 'filter $1==1' lets through: their key is made behind it, and would have to be in front
A	1
B	1
$ printf '1 a\n2 a\n3 b\n' | dstream --time '$1:s' session-window 3s filter '$1!=2' scan n=cumcount count
dstream: the windows of 'session-window 3s' are of the records that 'filter $1!=2' lets through: 'scan n=cumcount' takes records in their order
1970-01-01T00:00:01Z	1970-01-01T00:00:06Z	2

# Windows by count have no time to print.
$ seq 3 | dstream count-window 2 sort-by '$1:desc' print 1 | grep .
-------------------------------------------
Time: none, a window by count
-------------------------------------------
2
...
-------------------------------------------
Time: none, a window by count
-------------------------------------------
3
$ seq 3 | dstream count-window 2 sort-by '$1:desc' foreach-batch 'echo "$DSTREAM_WINDOW_START|$*"; cat'
|
2
1
|
3

# INTERFACE 6.2: the time of a row of a window by count is that of the newest record in it, of events, by a clock or in
# batches; what forgets and what waits goes by it.
$ printf '0 b\n2 b\n5 b\n5 b\n9 b\n' > log; dstream --time '$1:s' count-window 2 reduce-by '$2' n=count map t=@time log
b	2	1970-01-01T00:00:02Z
b	2	1970-01-01T00:00:05Z
b	1	1970-01-01T00:00:09Z
$ dstream --clock '$1:s' count-window 2 reduce-by '$2' n=count map t=@time log
b	2	1970-01-01T00:00:02Z
b	2	1970-01-01T00:00:05Z
b	1	1970-01-01T00:00:09Z
$ dstream --batch-lines 2 count-window 2 reduce n=count map t=@time log
2	1970-01-01T00:00:01Z
2	1970-01-01T00:00:02Z
1	1970-01-01T00:00:03Z
$ dstream --clock '$1:s' count-window 2 reduce n=count window 4s count log
1970-01-01T00:00:00Z	1
1970-01-01T00:00:04Z	1
1970-01-01T00:00:08Z	1
$ dstream --clock '$1:s' count-window 1 reduce-by '$2' n=count scan-by '$2' cumcount --ttl 2s log
b	1	1
b	1	1
b	1	1
b	1	2
b	1	1
$ dstream --clock '$1:s' count-window 1 reduce n=count burst 2 3s log
1	2	1970-01-01T00:00:00Z
1	2	1970-01-01T00:00:05Z
$ dstream --time '$1:s' reduce n=count map t=@time log
dstream: map: no field '@time'
    t=@time
      ^^^^^ rows here have no time; of the newest record it is max:@time, among the aggregates
? 2
$ dstream count-window 2 reduce n=count window 1s count log
dstream: window: rows of 'reduce n=count' have no time; put the window in front of it
    dstream count-window 2 reduce n=count window 1s count log
                                          ^^^^^^
? 2

# Records of windows that leave them are as old as those are long: what waits for time behind them takes each in its turn.
$ printf '1\n3\n2\n6\n9\n' > log; dstream --time '$1:s' --watermark 3s look-back 5s distinct burst 1 1s log
1969-12-31T23:59:56Z	1970-01-01T00:00:01Z	1	1	1970-01-01T00:00:01Z
1969-12-31T23:59:57Z	1970-01-01T00:00:02Z	2	1	1970-01-01T00:00:02Z
1969-12-31T23:59:58Z	1970-01-01T00:00:03Z	3	1	1970-01-01T00:00:03Z
1970-01-01T00:00:01Z	1970-01-01T00:00:06Z	6	1	1970-01-01T00:00:06Z
1970-01-01T00:00:04Z	1970-01-01T00:00:09Z	9	1	1970-01-01T00:00:09Z
$ printf '1\n2\n3\n4\n' > log; dstream count-window 2 sort-by '$1:desc' scan 'z=lead:$1' reduce n=count log
2
2

# INTERFACE 6: `parse` drops as a filter does, and what is dropped is in its window all the same; of what must go in input
# order, and drops, that is told.
$ printf '0 a\n1 x\n2 a\n' > log; dstream --time '$1:s' session-window 1s parse '(?<k>a)' --field '$2' count log
1970-01-01T00:00:00Z	1970-01-01T00:00:03Z	2
$ dstream --time '$1:s' session-window 1s filter '$2=="a"' count log
1970-01-01T00:00:00Z	1970-01-01T00:00:03Z	2
$ printf '%s\n' 1 1 9 1 1 1 1 9 | dstream count-window 2 anomaly zscore '$1' --rows 2 reduce 'n=count,c=collect:$1'
dstream: the windows of 'count-window 2' are of the records that 'anomaly zscore $1 --rows 2' lets through: it takes records in their order
2	[9,9]

# Whole windows by count are printed once, whatever triggers come in the middle of a block.
$ printf '0 1\n2 2\n4 3\n6 4\n8 5\n' > log; dstream --clock '$1:s' --time '$1:s' --every 2s count-window 2 top 1 --by '$2' log
0 1
2 2
4 3
6 4
8 5
