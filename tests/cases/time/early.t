# EVENT-TIME 2.5, "at multiples of T of the clock", where the data tell the clock (INTERFACE 8.2): a ranking is printed whole,
# before the record that shows the moment, and once however far the clock has gone. The first record shows 1 s, so rankings
# come at 5, at 10, at 15 (before the record of 31), and at 35; the clock does not go back for 29.
$ printf '1 a 1\n3 b 2\n7 b 3\n8 b 1\n12 b 4\n31 a 5\n29 c 6\n36 c 7\n' > log; dstream --clock '$1:s' --every 5s count-by '$2' top 2 log
a	1
b	1
b	3
a	1
b	4
a	1
b	4
a	2
b	4
a	2
$ printf '1 a 1\n3 b 2\n7 b 3\n8 b 1\n' | dstream --clock '$1:s' --every 5s sort-by '$2:desc'
3 b 2
1 a 1
3 b 2
7 b 3
8 b 1
1 a 1
# In windows what is final goes first: the window of 0 to 20 s is closed by the record of 31 s.
$ printf '1 a 1\n3 b 2\n7 b 3\n8 b 1\n12 b 4\n31 a 5\n29 c 6\n36 c 7\n' > log; dstream --clock '$1:s' --every 5s window 20s count-by '$2' top 2 log
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:00Z	b	3
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	4
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	4
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:20Z	a	1
1970-01-01T00:00:20Z	c	1
1970-01-01T00:00:20Z	c	2
1970-01-01T00:00:20Z	a	1
$ printf '1 a 1\n3 b 2\n7 b 3\n21 b 1\n22 b 4\n' | dstream --clock '$1:s' --every 5s window 20s top 1 --by '$3'
1970-01-01T00:00:00Z	3 b 2
1970-01-01T00:00:00Z	7 b 3
1970-01-01T00:00:00Z	7 b 3
1970-01-01T00:00:20Z	22 b 4
# Beside event time: windows close by event time, rankings come by the clock.
$ printf '1 a 1\n3 b 2\n7 b 3\n8 b 11\n12 b 4\n' | dstream --time '$3:s' --watermark 0s --clock '$1:s' --every 5s window 10s count-by '$2' top 2
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:00Z	b	2
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:10Z	b	1
1970-01-01T00:00:10Z	b	1
dstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer
# SPARK 1.1: in batches, at the end of each; a batch that is empty has nothing new.
$ printf 'a\nb\na\nc\na\n' | dstream --batch-lines 2 --output-mode complete window 5s count-by '$1' top 2
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:00Z	a	2
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:00Z	a	3
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:00Z	a	3
1970-01-01T00:00:00Z	b	1
$ printf 'a\nb\n--\n--\na\n--\nc\n' | dstream --batch-on '^--' --output-mode complete window 5s count-by '$1' top 2
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:00Z	a	2
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:00Z	a	2
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:00Z	a	2
1970-01-01T00:00:00Z	b	1
$ printf 'a\nb\na\nc\na\nb\nb\n' | dstream --batch-lines 1 --every 3s window 10s count-by '$1' sort-by count
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:00Z	a	2
1970-01-01T00:00:00Z	c	1
1970-01-01T00:00:00Z	b	2
1970-01-01T00:00:00Z	a	3
1970-01-01T00:00:00Z	c	1
1970-01-01T00:00:00Z	a	3
1970-01-01T00:00:00Z	b	3
# What a head in front has enough of has no moment behind it.
$ seq 9 | dstream --batch-lines 2 --every 1s window 9s head 4 sort-by '$1:desc'
1970-01-01T00:00:00Z	2
1970-01-01T00:00:00Z	1
1970-01-01T00:00:00Z	4
1970-01-01T00:00:00Z	3
1970-01-01T00:00:00Z	2
1970-01-01T00:00:00Z	1
# Nobody reads on: nothing more is looked at.
$ seq 100000 | dstream --clock '$1:s' --every 1s count-by '$1' top 1 | head -1
1	1
# A file has the last answer; runs go on where the one before has ended.
$ printf '1 a\n3 b\n7 b\n8 b\n' > log; dstream --clock '$1:s' --every 5s count-by '$2' top 2 --output out log; cat out
b	3
a	1
$ printf '1 a\n3 b\n' > log; dstream --once --checkpoint ck --clock '$1:s' --every 5s window all count-by '$2' top 2 --append --output o2 log; printf '7 b\n8 b\n' >> log; dstream --once --final --checkpoint ck --clock '$1:s' --every 5s window all count-by '$2' top 2 --append --output o2 log; cat o2
a	1
b	1
b	3
a	1
# A file for each --every, by the data's clock: complete when that shows its end.
$ printf '1 a 1\n3 b 2\n7 b 3\n8 b 1\n31 a 5\n' > log; dstream --clock '$1:s' --every 5s filter '$2!="x"' --output 'f-%S' log; head f-*
==> f-05 <==
1 a 1
3 b 2

==> f-10 <==
7 b 3
8 b 1

==> f-35 <==
31 a 5
$ printf '1 a 1\n3 b 2\n7 b 3\n8 b 1\n31 a 5\n' > log; dstream --clock '$1:s' --every 5s count-by '$2' --output 'f-%S' log; head f-*
==> f-05 <==
a	1
b	1

==> f-10 <==
b	3

==> f-35 <==
a	2
b	3
$ printf '1 a 1\n3 b 2\n7 b 3\n8 b 1\n31 a 5\n' > log; dstream --clock '$1:s' --every 5s count-by '$2' top 1 --output 'f-%S' log; head f-*
==> f-05 <==
a	1

==> f-10 <==
b	3

==> f-35 <==
b	3
# It is told.
$ dstream --clock '$1:s' --every 5s count-by '$2' top 2 --explain /dev/null | grep top
then       top 2: keeps the first 2; prints at the end of the input; what is so far, at each 5s of the clock that the records tell
$ dstream --batch-lines 2 --output-mode complete window 5s count-by '$1' top 2 --explain /dev/null | grep top
then       top 2: keeps the first 2; prints when their window is complete; then freed; what is so far, behind each batch
$ dstream --batch-lines 2 --every 3s window 9s count-by '$1' top 2 --explain /dev/null | grep top
then       top 2: holds the rows of each window; prints its ranking when it is complete and at each early or corrected row; then freed
# Rows that an operator makes of one show its clock.
$ printf '1 1 a,b\n1 3 a,c\n2 8 b,c\n4 16 c,d\n' | dstream --time '$1:s' --watermark 5s --clock '$2:s' --every 5s flat-map 'x=split($3,/,/)' count-by x
a	2
b	1
c	1
b	2
c	2
a	2
b	2
c	3
d	1
$ printf '1 1 a,b\n1 3 a,c\n2 8 b,c\n4 16 c,d\n' | dstream --time '$1:s' --watermark 5s --clock '$2:s' --every 5s flat-map 'x=split($3,/,/)' update-state-by x count
a	2
b	1
c	1
b	2
c	2
c	3
d	1
$ printf '1 1 a\n1 3 b\n2 8 a\n4 16 c\n' | dstream --time '$1:s' --watermark 5s --clock '$2:s' --every 5s window 2s --slide 1s distinct-by '$3' reduce-by '$3' n=count
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:01Z	a	1
1970-01-01T00:00:01Z	b	1
1970-01-01T00:00:02Z	a	1
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:01Z	a	1
1970-01-01T00:00:01Z	b	1
1970-01-01T00:00:02Z	a	1
1970-01-01T00:00:03Z	c	1
1970-01-01T00:00:04Z	c	1

# What no operator here carries out is refused with the reason.
$ printf '1 a\n' | dstream --time '$1:s' --every 2s window 10s count-by '$2' fill zero
dstream: --every is for a chain whose last operator with state is an aggregate or a ranking; 'fill zero' is none
    dstream --time '$1:s' --every 2s window 10s count-by '$2' fill zero
                          ^^^^^^^
? 2
$ printf '1 a\n' | dstream --time '$1:s' --every 2s window 10s count-by '$2' scan lag:count
dstream: --every is for a chain whose last operator with state is an aggregate or a ranking; 'scan lag:count' is none
    dstream --time '$1:s' --every 2s window 10s count-by '$2' scan lag:count
                          ^^^^^^^
? 2
$ printf '1 a\n' | dstream --every 2s distinct
dstream: --every is for a chain whose last operator with state is an aggregate or a ranking; 'distinct' is none
    dstream --every 2s distinct
                       ^^^^^^^^
? 2
$ printf '1 a\n' | dstream --every 2s filter true
dstream: --every is for windows and state, and nothing in this chain has any
    dstream --every 2s filter true
            ^^^^^^^
? 2
$ printf '1 a\n' | dstream --every-records 2 top 1 --by '$1'
dstream: --every-records goes by what is new in a window of a key, and 'top 1 --by $1' here is printed as a whole, by the clock: give --every D, or put an aggregate in a window in front of it
    dstream --every-records 2 top 1 --by '$1'
            ^^^^^^^^^^^^^^^
? 2
$ printf '1 a\n' | dstream --every-delay 2s count-by '$2' sort-by count
dstream: --every-delay goes by what is new in a window of a key, and 'sort-by count' here is printed as a whole, by the clock: give --every D, or put an aggregate in a window in front of it
    dstream --every-delay 2s count-by '$2' sort-by count
            ^^^^^^^^^^^^^
? 2
# The files of an output may go by it.
$ printf '1 a\n5 b\n' | dstream --clock '$1:s' --every 4s filter true --output '%S.log'; cat 04.log 08.log
1 a
5 b

# INTERFACE 9.1: "in complete windows are never freed and nothing is late", also of a ranking that is asked for so; what came
# late shows with the next trigger, and what has come since at the end.
$ printf '1 a\n3 b\n12 a\n13 a\n25 c\n2 b\n2 b\n38 c\n4 a\n4 a\n' > l; dstream --time '$1:s' --watermark 0 --clock '$1:s' --every 10s --output-mode complete window 10s count-by '$2' top 1 l
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:10Z	a	2
1970-01-01T00:00:10Z	a	2
1970-01-01T00:00:00Z	b	3
1970-01-01T00:00:10Z	a	2
1970-01-01T00:00:20Z	c	1
1970-01-01T00:00:20Z	c	1
1970-01-01T00:00:00Z	a	3
1970-01-01T00:00:30Z	c	1
$ dstream --time '$1:s' --watermark 0 --clock '$1:s' --every 10s --output-mode complete window 10s count-by '$2' top 1 --output o l; cat o
1970-01-01T00:00:00Z	a	3
1970-01-01T00:00:10Z	a	2
1970-01-01T00:00:20Z	c	1
1970-01-01T00:00:30Z	c	1
$ dstream --time '$1:s' --watermark 0 --every-records 2 --output-mode complete window 10s count-by '$2' top 1 l
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:10Z	a	2
1970-01-01T00:00:10Z	a	2
1970-01-01T00:00:00Z	b	2
1970-01-01T00:00:00Z	b	3
1970-01-01T00:00:20Z	c	1
1970-01-01T00:00:00Z	b	3
1970-01-01T00:00:00Z	a	3
1970-01-01T00:00:30Z	c	1
# What the last records let out comes before what the end of the input does.
$ printf '1 a\n12 a\n25 c\n2 b\n38 c\n' | dstream --time '$1:s' --watermark 0 --clock '$1:s' --every 100s --output-mode complete window 10s count-by '$2'
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:10Z	a	1
1970-01-01T00:00:20Z	c	1
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:30Z	c	1
# EVENT-TIME 2.5: "an early pane comes only if something is new", a ranking too: what a filter drops is nothing new to it.
$ printf 'a\na\nb\nb\nb\na\n' | dstream --batch-lines 1 --output-mode complete filter '$1=="a"' window 10s count-by '$1' top 1
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	a	2
1970-01-01T00:00:00Z	a	3
1970-01-01T00:00:00Z	a	3

# Two aggregates over the whole input: the second one counts again what the first one has so far.
$ printf 'b 1\nc 2\nb 3\nd 4\n' | dstream --clock '$2:s' --every 1s --pane-columns count-by '$1' reduce n=count,m=max:count
1	1	early	0
2	1	early	1
2	2	early	2
3	2	on_time	3
$ printf 'b 1\nc 2\nb 3\nd 4\n' | dstream --clock '$2:s' --every 1s --panes retract count-by '$1' count-by count
+	1	1
-	1	1
+	1	2
-	1	2
+	1	1
+	2	1
-	1	1
+	1	2
-	2	1
+	2	1
$ printf 'b 1\nc 2\nb 3\n' | dstream --every-records 1 count-by '$1' distinct-by count reduce c=collect:count
[1]
[2,1]
[2,1]
$ printf '' | dstream --every-records 1 count-by '$1' count
0
$ dstream --explain --every 1s count-by '$1' count /dev/null | grep then
then       count-by $1: one row of state for each key; prints at the end of the input; early rows at each multiple of 1s of the clock where something is new; grows without bound with the keys
then       count: holds the rows that it counts; prints its groups when it is complete and at each early or corrected row; grows without bound with them

# INTERFACE 8.3: a delay by a clock that the data tell is over when a reading says so, for rows too that have waited in front.
$ printf 't,k,c\n17,c,8\n30,a,13\n37,b,13\n' > in.csv; dstream -i csv --time t:s --clock c:s --every-delay 4s --watermark 3s map-with-state-by k 'n=1' --ttl 10s --on-timeout emit window 7s count --pane-columns in.csv
1970-01-01T00:00:14Z	1	early	0
1970-01-01T00:00:14Z	1	on_time	1
1970-01-01T00:00:21Z	1	on_time	0
1970-01-01T00:00:28Z	1	on_time	0
1970-01-01T00:00:35Z	2	on_time	0
1970-01-01T00:00:42Z	1	on_time	0
$ printf 't,k,c\n0,b,0\n1,b,0\n2,c,0\n3,a,1\n' > in.csv; dstream -i csv --time t:s --clock c:s --every-delay 1s --watermark 2s scan w=lead:k window 5s count --pane-columns in.csv
1970-01-01T00:00:00Z	2	early	0
1970-01-01T00:00:00Z	4	on_time	1
$ printf 't,c\n1,1\n2,6\n' > in.csv; dstream -i csv --clock c:s --every-delay 4s union in.csv window 10s count in.csv
dstream: --every-delay by a clock that the data tell is for one stream, or for an aggregate over batches of both (--batch, --batch-lines, --batch-on without --time); leave it out
    dstream -i csv --clock c:s --every-delay 4s union in.csv window 10s count in.csv
                               ^^^^^^^^^^^^^
? 2

# What is behind rows that are held stands still while only time goes on.
$ printf '0 b\n2 c\n3 a\n6 a\n5 b\n6 a\n9 b\n9 c\n10 a\n11 a\n11 a\n12 a\n' > log; dstream --clock '$1:s' --every-delay 2s session-window 3s --max 9s scan 'z=lead:$1' reduce n=count log
1970-01-01T00:00:00Z	1970-01-01T00:00:05Z	2
1970-01-01T00:00:00Z	1970-01-01T00:00:09Z	5
1970-01-01T00:00:00Z	1970-01-01T00:00:09Z	6
1970-01-01T00:00:09Z	1970-01-01T00:00:12Z	2
1970-01-01T00:00:09Z	1970-01-01T00:00:15Z	6

# What is looked at early stands behind what had been taken, as it would at the end.
$ printf '0 c\n1 c\n2 a\n' | dstream --clock '$1:s' --every 2s scan 'z=lead:$1' scan c=cumcount sort-by '$2'
0 c	1	1
1 c		2
2 a		3
0 c	1	1
1 c	2	2
