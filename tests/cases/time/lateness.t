# EVENT-TIME 2.4: a record is late for a window iff W >= e + L by the W that the records before it made.
$ printf '0 a\n12 a\n3 a\n19 a\n4 a\n20 a\n5 a\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 10s window 10s reduce 'join:$1'
1970-01-01T00:00:00Z	0
1970-01-01T00:00:00Z	0,3
1970-01-01T00:00:00Z	0,3,4
1970-01-01T00:00:10Z	12,19
1970-01-01T00:00:20Z	20
dstream: 1 of 7 records came too late for its window and was dropped; --watermark D waits longer
# EVENT-TIME 2.4: one that finds e passed but e + L not counts in a late pane, after the on_time one.
$ printf '0 a\n12 a\n3 a\n4 a\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 10s --pane-columns window 10s count
1970-01-01T00:00:00Z	1	on_time	0
1970-01-01T00:00:00Z	2	late	1
1970-01-01T00:00:00Z	3	late	2
1970-01-01T00:00:10Z	1	on_time	0
# EVENT-TIME 2.4: --late update is a lateness of the window's size, of a session's gap.
$ printf '0 a\n12 a\n3 a\n20 a\n4 a\n' | dstream --time '$1:s' --watermark 0s --late update window 10s count
1970-01-01T00:00:00Z	1
1970-01-01T00:00:00Z	2
1970-01-01T00:00:10Z	1
1970-01-01T00:00:20Z	1
dstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer
$ printf '0 a\n21 b\n10 a\n22 b\n9 c\n' | dstream --time '$1:s' --watermark 0s --late update session-window 10s reduce-by '$2' 'join:$1'
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	a	0
1970-01-01T00:00:10Z	1970-01-01T00:00:20Z	a	10
1970-01-01T00:00:09Z	1970-01-01T00:00:19Z	c	9
1970-01-01T00:00:21Z	1970-01-01T00:00:32Z	b	21,22
# EVENT-TIME 2.4: in hopping windows it enters the windows still there; late, once, when all are gone.
$ printf '0\n12\n3\n16\n4\n31\n1\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 4s window 10s --slide 5s reduce 'join:$1'
1969-12-31T23:59:55Z	0
1970-01-01T00:00:00Z	0
1970-01-01T00:00:00Z	0,3
1970-01-01T00:00:05Z	12
1970-01-01T00:00:10Z	12,16
1970-01-01T00:00:15Z	16
1970-01-01T00:00:25Z	31
1970-01-01T00:00:30Z	31
dstream: 2 of 7 records came too late for their windows and were dropped; --watermark D waits longer
# EVENT-TIME 2.5: --late-every N prints at every N of them, 0 never.
$ printf '0\n12\n3\n4\n5\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 10s --late-every 2 window 10s count
1970-01-01T00:00:00Z	1
1970-01-01T00:00:00Z	3
1970-01-01T00:00:10Z	1
$ printf '0\n12\n3\n4\n5\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 10s --late-every 0 window 10s count
1970-01-01T00:00:00Z	1
1970-01-01T00:00:10Z	1
# EVENT-TIME 2.5: with L the join of a printed and an unprinted session; pane numbers restart.
$ printf '0 a\n12 b\n18 a\n9 a\n30 b\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 1m --pane-columns session-window 10s reduce-by '$2' 'join:$1'
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	a	0	on_time	0
1970-01-01T00:00:12Z	1970-01-01T00:00:22Z	b	12	on_time	0
1970-01-01T00:00:00Z	1970-01-01T00:00:28Z	a	0,18,9	on_time	0
1970-01-01T00:00:30Z	1970-01-01T00:00:40Z	b	30	on_time	0
$ printf '0 a\n12 b\n18 a\n40 b\n9 a\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 1m --pane-columns session-window 10s reduce-by '$2' 'join:$1'
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	a	0	on_time	0
1970-01-01T00:00:12Z	1970-01-01T00:00:22Z	b	12	on_time	0
1970-01-01T00:00:18Z	1970-01-01T00:00:28Z	a	18	on_time	0
1970-01-01T00:00:00Z	1970-01-01T00:00:28Z	a	0,18,9	late	0
1970-01-01T00:00:40Z	1970-01-01T00:00:50Z	b	40	on_time	0
# A look back that was printed is corrected, and every later one that sees the record.
$ printf '10\n14\n20\n12\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 10s look-back 5s reduce 'join:$1'
1970-01-01T00:00:05Z	1970-01-01T00:00:10Z	10
1970-01-01T00:00:09Z	1970-01-01T00:00:14Z	10,14
1970-01-01T00:00:07Z	1970-01-01T00:00:12Z	10,12
1970-01-01T00:00:09Z	1970-01-01T00:00:14Z	10,14,12
1970-01-01T00:00:15Z	1970-01-01T00:00:20Z	20

# INTERFACE 8.3: a ranking is printed on time, and again when what is ranked is corrected.
$ printf '0 a\n5 a\n3 b\n14 a\n6 b\n7 b\n30 a\n8 b\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 10s window 10s count-by _2 top 1
1970-01-01T00:00:00Z	a	2
1970-01-01T00:00:00Z	a	2
1970-01-01T00:00:00Z	b	3
1970-01-01T00:00:10Z	a	1
1970-01-01T00:00:30Z	a	1
dstream: 1 of 8 records came too late for its window and was dropped; --watermark D waits longer
$ printf '0 a\n5 a\n3 b\n14 a\n6 b\n7 b\n30 a\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 10s window 10s count-by _2 window 20s reduce 'n=sum:count,k=count'
1970-01-01T00:00:00Z	6	3
1970-01-01T00:00:20Z	1	1
$ printf '0 a\n5 a\n3 b\n14 a\n6 b\n7 b\n30 a\n8 b\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 10s window 10s count-by _2 reduce 'keys=count,most=max:count'
1970-01-01T00:00:00Z	2	2
1970-01-01T00:00:00Z	2	2
1970-01-01T00:00:00Z	2	3
1970-01-01T00:00:10Z	1	1
1970-01-01T00:00:30Z	1	1
dstream: 1 of 8 records came too late for its window and was dropped; --watermark D waits longer
$ printf '0 a\n5 a\n3 b\n14 a\n6 b\n7 b\n30 a\n8 b\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 10s --pane-columns window 10s count-by _2 reduce-by count 'keys=collect:_2'
1970-01-01T00:00:00Z	1	["b"]	on_time	0
1970-01-01T00:00:00Z	2	["a"]	on_time	0
1970-01-01T00:00:00Z	1	[]	late	1
1970-01-01T00:00:00Z	2	["a","b"]	late	1
1970-01-01T00:00:00Z	2	["a"]	late	2
1970-01-01T00:00:00Z	3	["b"]	late	0
1970-01-01T00:00:10Z	1	["a"]	on_time	0
1970-01-01T00:00:30Z	1	["a"]	on_time	0
dstream: 1 of 8 records came too late for its window and was dropped; --watermark D waits longer
$ printf '0 a\n5 a\n3 b\n14 a\n6 b\n7 b\n30 a\n8 b\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 10s window 10s count-by _2 reduce-by count n=count top 1
1970-01-01T00:00:00Z	1	1
1970-01-01T00:00:00Z	2	2
1970-01-01T00:00:00Z	2	1
1970-01-01T00:00:10Z	1	1
1970-01-01T00:00:30Z	1	1
dstream: 1 of 8 records came too late for its window and was dropped; --watermark D waits longer
# EVENT-TIME 2.5: before the last operator a corrected row is taken back and the new one added, through all that is between.
$ printf '0 a x\n5 a x\n3 b x\n14 a y\n6 b x\n7 b y\n30 a x\n' > log; dstream --time '$1:s' --watermark 0s --allowed-lateness 20s --panes retract window 10s count-by '$2,$3' top 2 reduce-by '$3' 'n=count,s=sum:count' log
+	1970-01-01T00:00:00Z	x	2	3
-	1970-01-01T00:00:00Z	x	2	3
+	1970-01-01T00:00:00Z	x	2	4
+	1970-01-01T00:00:10Z	y	1	1
+	1970-01-01T00:00:30Z	x	1	1
$ dstream --time '$1:s' --watermark 0s --allowed-lateness 20s --pane-columns window 10s count-by '$2,$3' filter 'count>1' distinct-by '$3' reduce n=count,most=max:count log
1970-01-01T00:00:00Z	1	2	on_time	0
$ dstream --time '$1:s' --watermark 0s --allowed-lateness 20s --panes retract --pane-columns window 10s count-by '$2' top 1 --rank log
+	1970-01-01T00:00:00Z	a	2	1	on_time	0
-	1970-01-01T00:00:00Z	a	2	1	on_time	0
+	1970-01-01T00:00:00Z	b	3	1	late	1
+	1970-01-01T00:00:10Z	a	1	1	on_time	0
+	1970-01-01T00:00:30Z	a	1	1	on_time	0
$ dstream --time '$1:s' --watermark 0s --allowed-lateness 20s --panes discard window 10s count-by '$2,$3' reduce-by '$3' rows=count,n=sum:count log
1970-01-01T00:00:00Z	x	2	3
1970-01-01T00:00:00Z	x	0	1
1970-01-01T00:00:00Z	y	1	1
1970-01-01T00:00:10Z	y	1	1
1970-01-01T00:00:30Z	x	1	1
# What is taken back is no part of what is new, where that has no difference.
$ printf '0 a x\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 20s --panes discard window 10s count-by '$2,$3' reduce-by '$3' n=count,most=max:count
dstream: reduce-by: --panes discard prints what is new, and where a row that is corrected is taken back, nothing of 'most' is: count, count_if and sum have a difference; use --panes retract, or leave it out for the whole
    dstream --time '$1:s' --watermark 0s --allowed-lateness 20s --panes discard window 10s count-by …
                                                                ^^^^^^^
? 2
# EVENT-TIME 2.5: retract, for sessions also the rows of the sessions swallowed: here behind a ranking of each session.
$ printf '0 a x\n5 a x\n3 b x\n14 a y\n6 b x\n7 b y\n30 a x\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 20s --panes retract session-window 4s reduce-by '$2' n=count top 1 --rank
+	1970-01-01T00:00:00Z	1970-01-01T00:00:04Z	a	1	1
+	1970-01-01T00:00:03Z	1970-01-01T00:00:07Z	b	1	1
+	1970-01-01T00:00:05Z	1970-01-01T00:00:09Z	a	1	1
-	1970-01-01T00:00:03Z	1970-01-01T00:00:07Z	b	1	1
+	1970-01-01T00:00:03Z	1970-01-01T00:00:10Z	b	2	1
-	1970-01-01T00:00:03Z	1970-01-01T00:00:10Z	b	2	1
+	1970-01-01T00:00:03Z	1970-01-01T00:00:11Z	b	3	1
+	1970-01-01T00:00:14Z	1970-01-01T00:00:18Z	a	1	1
+	1970-01-01T00:00:30Z	1970-01-01T00:00:34Z	a	1	1

# What keeps what it has seen refuses such rows: INTERFACE 6.
$ printf '0\n' | dstream --time '$1:s' --allowed-lateness 10s window 10s count-by '$1' scan delta:count
dstream: scan: rows of 'count-by $1' may be corrected within the allowed lateness, and what 'scan delta:count' has seen of them cannot be taken back
    dstream --time '$1:s' --allowed-lateness 10s window 10s count-by '$1' scan delta:count
                                                                          ^^^^
? 2

# What is given of records cannot be taken back either: it waits, and a late record is among them.
$ printf '1 a\n12 b\n2 c\n25 d\n3 e\n' > in; dstream --time '$1:s' --watermark 0s --allowed-lateness 10s window 10s sort-by '$2:desc' in
1970-01-01T00:00:00Z	2 c
1970-01-01T00:00:00Z	1 a
1970-01-01T00:00:10Z	12 b
1970-01-01T00:00:20Z	25 d
dstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer
$ printf '1 a\n12 b\n2 c\n25 d\n3 e\n' > in; dstream --explain --time '$1:s' --watermark 0s --allowed-lateness 10s window 10s top 1 --by '$1' in | grep '^then'
then       top 1 --by $1: puts records into windows of 10s; each takes records for 10s more when it is over, and what follows waits for them; keeps nothing
then       top 1 --by $1: keeps the first 1; prints when their window is complete; then freed
$ printf '2 a x\n18 b y\n' > other; dstream --time '$1:s' --watermark 0s --late update window 10s join other --on '$2' in
1970-01-01T00:00:00Z	1 a	2 a x
1970-01-01T00:00:10Z	12 b	18 b y
dstream: 1 of 7 records came too late for its window and was dropped; --watermark D waits longer
$ dstream --time '$1:s' --watermark 0s --allowed-lateness 10s session-window 3s sort-by '$2:desc' in
1970-01-01T00:00:01Z	1970-01-01T00:00:05Z	2 c
1970-01-01T00:00:01Z	1970-01-01T00:00:05Z	1 a
1970-01-01T00:00:12Z	1970-01-01T00:00:15Z	12 b
1970-01-01T00:00:25Z	1970-01-01T00:00:28Z	25 d
dstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer
$ printf 't,k\n1,a\n' > in.csv; dstream --explain=flink-sql -i csv --time t:s --allowed-lateness 10s window 10s join in.csv --on k in.csv | grep late
-- Flink SQL, 2.0 or later
-- 'join in.csv --on k': late records are allowed for 10 seconds; here they are dropped

# EVENT-TIME 2.4: a record that finds the end passed "counts in a late pane, after the on_time one, even while another source
# holds the window open".
$ printf '0 b\n12 b\n5 b\n' > a; echo '1 b' > r; dstream --time '$1:s' --watermark 0s --late update --pane-columns union r window 10s count-by '$2' a
1970-01-01T00:00:00Z	b	2	on_time	0
1970-01-01T00:00:00Z	b	3	late	1
1970-01-01T00:00:10Z	b	1	on_time	0
# What is sorted as a whole is as old as any: a window behind it waits for the end.
$ printf '1\n200\n' | dstream --time '$1:s' --watermark 0s --pane-columns sort-by '$1' window 100s count
1970-01-01T00:00:00Z	1	on_time	0
1970-01-01T00:03:20Z	1	on_time	0

# EVENT-TIME 2.2: what is late for the window that it is in is dropped there, in front of state that stands behind it.
$ printf '1 a\n2 a\n25 a\n3 a\n26 a\n' > in; dstream --time '$1:s' --watermark 0s window 10s scan-by '$2' n=cumcount in
1970-01-01T00:00:00Z	1 a	1
1970-01-01T00:00:00Z	2 a	2
1970-01-01T00:00:20Z	25 a	3
1970-01-01T00:00:20Z	26 a	4
dstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer
$ dstream --time '$1:s' --watermark 0s scan-by '$2' n=cumcount window 10s in
1970-01-01T00:00:00Z	1 a	1
1970-01-01T00:00:00Z	2 a	2
1970-01-01T00:00:20Z	25 a	3
1970-01-01T00:00:20Z	26 a	5
dstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer
$ dstream --time '$1:s' --watermark 0s window 10s --grow 5s tee copy count in; cat copy
1970-01-01T00:00:00Z	1970-01-01T00:00:05Z	2
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	2
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	2
dstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer
1 a
2 a
25 a
26 a
$ dstream --time '$1:s' --watermark 0s --allowed-lateness 20s window 10s scan-by '$2' n=cumcount count-by n in
1970-01-01T00:00:00Z	1	1
1970-01-01T00:00:00Z	2	1
1970-01-01T00:00:00Z	4	1
1970-01-01T00:00:20Z	3	1
1970-01-01T00:00:20Z	5	1
$ dstream --time '$1:s' --watermark 0s window 10s scan-by '$2' n=cumcount count-by n --explain in | grep then
then       window 10s: drops records that are too late for windows of 10s, before what follows keeps anything of them
then       scan-by $2 n=cumcount: adds to each record what its key's records around it make; keeps their state for each key; grows without bound with the keys (no --ttl, no --max-keys)
then       count-by n: count; one row of state for each key and each of windows of 10s; prints 12:00-12:00:10 when a record >= 12:00:10 is read, or at the end of the input; then freed

# SPARK.md 1.2: what is between windows counts nowhere, in state behind them neither, with a watermark or without.
$ printf '2\n12\n22\n35\n' > in; dstream --time '$1:s' window 10s --slide 20s scan n=cumcount in
dstream: the slide of 20s is longer than the window of 10s: records between windows count nowhere
1970-01-01T00:00:00Z	2	1
1970-01-01T00:00:20Z	22	2
$ dstream --time '$1:s' --watermark 0s window 10s --slide 20s scan n=cumcount in
dstream: the slide of 20s is longer than the window of 10s: records between windows count nowhere
1970-01-01T00:00:00Z	2	1
1970-01-01T00:00:20Z	22	2

# EVENT-TIME 2.2: state behind rows that wait for others goes by what those rows are judged by, however they are let out.
$ printf 't,k,v\n0,a,1\n20,a,2\n40,a,3\n60,b,3\n' > in.csv; dstream -i csv --time t:s --watermark 0s scan-by k w=lead:v map-with-state-by k 'n=(n ?? 0)+1' --ttl 10s --on-timeout emit select k,n in.csv
a	1
a	2
a	3
b	1
a	3
b	1
$ dstream -i csv --time t:s --watermark 0s scan-by k w=lead:v window 10s update-state-by k n=count --ttl 10s in.csv
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:20Z	a	2
1970-01-01T00:00:40Z	a	3
1970-01-01T00:01:00Z	b	1
$ printf '2 a\n14 b\n14 b\n' > in; dstream --time '$1:s' --watermark 0s --every-records 1 window 10s scan c=lead:'$1' count in
1970-01-01T00:00:00Z	1
1970-01-01T00:00:10Z	1
1970-01-01T00:00:00Z	1
1970-01-01T00:00:10Z	2
1970-01-01T00:00:10Z	2
# EVENT-TIME 2.5: a trigger makes nothing late.
$ printf 't,k\n19,a\n19,c\n38,b\n45,a\n' > in.csv; dstream -i csv --time t:s --watermark 0s --every-records 9 distinct-by k --ttl 25s --last window 20s count-by k in.csv
1970-01-01T00:00:00Z	c	1
1970-01-01T00:00:20Z	b	1
1970-01-01T00:00:40Z	a	1
$ dstream -i csv --time t:s --watermark 0s distinct-by k --ttl 25s --last window 20s count-by k in.csv
1970-01-01T00:00:00Z	c	1
1970-01-01T00:00:20Z	b	1
1970-01-01T00:00:40Z	a	1
# Rows of an as-of join come in order of time: what runs out does so in front of the row that shows it.
$ printf 't,k\n0,c\n8,c\n17,b\n24,a\n' > in.csv; printf 't,k\n' > r.csv; dstream -i csv --time t:s --watermark 10s asof-join r.csv --on k --left map-with-state-by k 'n=(n ?? 0)+1' --ttl 3s --on-timeout emit select t,k,n in.csv
0	c	1
	c	1
8	c	1
	c	1
17	b	1
	b	1
24	a	1
	a	1
# Records behind the last one that head needs move no time.
$ printf 't,k\n0,a\n10,b\n20,c\n' > in.csv; dstream -i csv --time t:s --watermark 0s head 1 update-state-by k n=count --ttl 3s in.csv
a	1

# EVENT-TIME 2.12: what has run out and waits for a match that began before is late for no window, and state behind goes by it.
$ printf 't,k,v\n32,c,3\n38,a,3\n42,a,8\n' > a.csv; printf 't,k\n32,b\n60,a\n63,d\n' > b.csv; dstream -i csv --time t:s --watermark 3s key-by k match 'a b not x' --where 'a=v<4' --where 'x=v==8' --where 'b=v>4' --within 20s --timeouts window 7s join b.csv --on k --full a.csv
1970-01-01T00:00:28Z	b					32
1970-01-01T00:00:28Z	c	1970-01-01T00:00:32Z	1970-01-01T00:00:32Z	1	true	
1970-01-01T00:00:42Z	a	1970-01-01T00:00:38Z	1970-01-01T00:00:42Z	2	false	
1970-01-01T00:00:56Z	a					60
1970-01-01T00:01:03Z	d					63
$ printf 't,k,v\n0,b,0\n5,a,4\n7,a,3\n16,a,3\n33,b,8\n' > a.csv; dstream -i csv --time t:s --watermark 0s key-by k match 'a not x' --where 'a=v<5' --where 'x=v==8' --within 20s --timeouts map-with-state-by k n=1 --ttl 4s --on-timeout emit select k,match_start a.csv
b	1970-01-01T00:00:00Z
b	
a	1970-01-01T00:00:05Z
a	1970-01-01T00:00:07Z
a	
a	1970-01-01T00:00:16Z
a	
