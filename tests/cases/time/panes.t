# EVENT-TIME 2.5: early panes at the record that makes N new ones; on_time exactly once, also with nothing new.
$ printf '0 a\n1 a\n2 b\n3 a\n4 a\n15 a\n' | dstream --time '$1:s' --watermark 0s --every-records 2 --pane-columns window 10s count-by '$2'
1970-01-01T00:00:00Z	a	2	early	0
1970-01-01T00:00:00Z	a	4	early	1
1970-01-01T00:00:00Z	a	4	on_time	2
1970-01-01T00:00:00Z	b	1	on_time	0
1970-01-01T00:00:10Z	a	1	on_time	0
# EVENT-TIME 2.5: discard: only what is new, on time the aggregate's empty value if nothing is.
$ printf '0\n1\n2\n3\n4\n' | dstream --time '$1:s' --every-records 2 --panes discard --pane-columns window 10s reduce 'count,sum:$1,max:$1'
1970-01-01T00:00:00Z	2	1	1	early	0
1970-01-01T00:00:00Z	2	5	3	early	1
1970-01-01T00:00:00Z	1	4	4	on_time	2
$ printf '0\n1\n2\n3\n' | dstream --time '$1:s' --every-records 2 --panes discard window 10s reduce 'count,sum:$1,max:$1'
1970-01-01T00:00:00Z	2	1	1
1970-01-01T00:00:00Z	2	5	3
1970-01-01T00:00:00Z	0	0	
# EVENT-TIME 2.5: retract: before each new pane the old row, marked: in front in tsv and csv, as a field in json.
$ printf '0\n1\n2\n' | dstream --time '$1:s' --every-records 1 --panes retract window 10s count -H
retract	window_start	count
+	1970-01-01T00:00:00Z	1
-	1970-01-01T00:00:00Z	1
+	1970-01-01T00:00:00Z	2
-	1970-01-01T00:00:00Z	2
+	1970-01-01T00:00:00Z	3
-	1970-01-01T00:00:00Z	3
+	1970-01-01T00:00:00Z	3
$ printf '0\n1\n' | dstream --time '$1:s' --every-records 1 --panes retract window 10s count -o csv
retract,window_start,count
+,1970-01-01T00:00:00Z,1
-,1970-01-01T00:00:00Z,1
+,1970-01-01T00:00:00Z,2
-,1970-01-01T00:00:00Z,2
+,1970-01-01T00:00:00Z,2
$ printf '0\n1\n' | dstream --time '$1:s' --every-records 1 --panes retract --pane-columns window 10s count -o json
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","count":1,"pane_kind":"early","pane":0}
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","count":1,"pane_kind":"early","pane":0,"retract":true}
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","count":2,"pane_kind":"early","pane":1}
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","count":2,"pane_kind":"early","pane":1,"retract":true}
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","count":2,"pane_kind":"on_time","pane":2}
# For sessions also the rows of those that were swallowed, with their old bounds.
$ printf '0\n20\n10\n' | dstream --time '$1:s' --every-records 1 --panes retract session-window 10s reduce 'join:$1'
+	1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	0
+	1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	20
-	1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	0
+	1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	0
-	1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	20
+	1970-01-01T00:00:10Z	1970-01-01T00:00:30Z	20,10
-	1970-01-01T00:00:10Z	1970-01-01T00:00:30Z	20,10
+	1970-01-01T00:00:10Z	1970-01-01T00:00:30Z	20,10
# Later operators see the columns.
$ printf '0\n12\n3\n4\n' | dstream --time '$1:s' --watermark 0s --late update --pane-columns window 10s count filter 'pane_kind=="late"'
1970-01-01T00:00:00Z	2	late	1
1970-01-01T00:00:00Z	3	late	2
$ printf '0\n12\n3\n' | dstream --time '$1:s' --watermark 0s --late update --panes retract window 10s count filter 'retract==true'
-	1970-01-01T00:00:00Z	1
$ printf '0\n1\n' | dstream --time '$1:s' --every-records 1 --panes retract window 10s count select count,retract
1	+
1	-
2	+
2	-
2	+
$ printf '0\n1\n' | dstream --time '$1:s' --every-records 1 --panes retract window 10s count select count,retract -o json
{"count":1}
{"count":1,"retract":true}
{"count":2}
{"count":2,"retract":true}
{"count":2}
# A running result, and a row for each change.
$ printf 'a\nb\na\n' | dstream --every-records 1 --output-mode update count-by-key
a	1
b	1
a	2
a	2
b	1
$ printf 'a\nb\na\n' | dstream --every-records 1 --output-mode complete count-by-key
a	1
a	1
b	1
a	2
b	1
a	2
b	1
# INTERFACE 9.1: in complete nothing is late.
$ printf '0\n12\n3\n40\n4\n' | dstream --time '$1:s' --watermark 0s --output-mode complete window 10s count
1970-01-01T00:00:00Z	1
1970-01-01T00:00:00Z	2
1970-01-01T00:00:10Z	1
1970-01-01T00:00:00Z	3
1970-01-01T00:00:40Z	1
# INTERFACE 9.1: append with an --every… option is a usage error.
$ printf '0\n' | dstream --time '$1:s' --output-mode append --every-records 1 window 10s count
dstream: --output-mode append prints a window once, when it is final; --every-records prints it before
    dstream --time '$1:s' --output-mode append --every-records 1 window 10s count
                          ^^^^^^^^^^^^^
? 2
$ printf '0\n' | dstream --time '$1:s' --output-mode append --every 1s window 10s count
dstream: --output-mode append prints a window once, when it is final; --every prints it before
    dstream --time '$1:s' --output-mode append --every 1s window 10s count
                          ^^^^^^^^^^^^^
? 2
# Windows by count, of which part ones are early.
$ seq 5 | dstream --every-records 2 --pane-columns count-window 3 count
2	early	0
3	on_time	1
2	early	0
2	on_time	1
$ seq 5 | dstream --every-records 2 count-window 3 --slide-rows 1 count
dstream: count: count-window --slide-rows gives its rows at once; --every-records has nothing to add
    dstream --every-records 2 count-window 3 --slide-rows 1 count
                                                            ^^^^^
? 2
$ printf '0\n' | dstream --time '$1:s' --every-records 2 window 10s count-by '$1' top 1
1970-01-01T00:00:00Z	0	1

# INTERFACE 8.3: early rows are those of the last operator that keeps windows or state, over all that is counted so far.
$ printf '1 a\n2 b\n5 a\n7 b\n' | dstream --time '$1:s' --clock '$1:s' --every 2s --pane-columns window 1m count-by '$2' reduce keys=count,rows=sum:count
1970-01-01T00:00:00Z	1	1	early	0
1970-01-01T00:00:00Z	2	2	early	1
1970-01-01T00:00:00Z	2	3	early	2
1970-01-01T00:00:00Z	2	4	on_time	3
$ printf '1 a\n2 b\n5 a\n7 b\n' | dstream --time '$1:s' --every-records 2 --pane-columns window 1m count-by '$2' reduce keys=count,rows=sum:count
1970-01-01T00:00:00Z	2	3	early	0
1970-01-01T00:00:00Z	2	4	on_time	1
$ printf '1 a\n2 b\n5 a\n7 b\n' | dstream --time '$1:s' --clock '$1:s' --every-delay 3s --pane-columns window 1m count-by '$2' sort-by count
1970-01-01T00:00:00Z	a	1	early	0
1970-01-01T00:00:00Z	b	1	early	0
1970-01-01T00:00:00Z	a	2	on_time	1
1970-01-01T00:00:00Z	b	2	on_time	1
$ printf '1 a\n2 b\n5 a\n7 b\n' | dstream --time '$1:s' --every-records 2 --pane-columns window 1m count-by '$2' map 'n=now()' sort-by count
dstream: sort-by: now() is another one when a row is corrected; leave it out behind the window's aggregate
    … 2 --pane-columns window 1m count-by '$2' map 'n=now()' sort-by count
                                                             ^^^^^^^
? 2
# An output that is replaced has each row as it stands: at the end of the input what was open is on time.
$ printf '1 a\n2 b\n12 a\n16 b\n3 c\n30 c\n31 c\n' > in; dstream --time '$1:s' --watermark 5s --output-mode complete --pane-columns window 10s count --output F in; cat F
1970-01-01T00:00:00Z	3	late	1
1970-01-01T00:00:10Z	2	on_time	0
1970-01-01T00:00:30Z	2	on_time	0
$ dstream --time '$1:s' --watermark 5s --output-mode complete --pane-columns window 10s count in
1970-01-01T00:00:00Z	2	on_time	0
1970-01-01T00:00:00Z	3	late	1
1970-01-01T00:00:10Z	2	on_time	0
1970-01-01T00:00:30Z	2	on_time	0
$ for i in '' --final; do dstream --once $i --checkpoint ck --time '$1:s' --watermark 5s --output-mode complete --pane-columns window 10s count --output F in; cat F; done
1970-01-01T00:00:00Z	3	late	1
1970-01-01T00:00:10Z	2	on_time	0
1970-01-01T00:00:30Z	2	early	0
1970-01-01T00:00:00Z	3	late	1
1970-01-01T00:00:10Z	2	on_time	0
1970-01-01T00:00:30Z	2	on_time	0
# What the last record lets out comes before what the end does, however the input is read.
$ printf '1004 a\n992 b\n1018 c\n' > in; dstream --time '$1:s' --watermark 5s --output-mode complete --every-records 3 window 5s count in
1970-01-01T00:16:40Z	1
1970-01-01T00:16:30Z	1
1970-01-01T00:16:55Z	1
$ cat in | dstream --time '$1:s' --watermark 5s --output-mode complete --every-records 3 window 5s count
1970-01-01T00:16:40Z	1
1970-01-01T00:16:30Z	1
1970-01-01T00:16:55Z	1
# Of two streams a record has its turn, and with it its early row, when both have come to it.
$ echo '1 a' > p; printf '1 x\n9 y\n30 z\n31 z\n' > q; dstream --time '$1:s' --watermark 0s --every-records 1 --pane-columns union q window 5s count p
1970-01-01T00:00:00Z	1	early	0
1970-01-01T00:00:00Z	2	early	1
1970-01-01T00:00:00Z	2	on_time	2
1970-01-01T00:00:05Z	1	early	0
1970-01-01T00:00:05Z	1	on_time	1
1970-01-01T00:00:30Z	1	early	0
1970-01-01T00:00:30Z	2	early	1
1970-01-01T00:00:30Z	2	on_time	2
# Windows of records that have left theirs whole end in turn.
$ printf '1 c 8\n4 b -3\n20 a 1\n' | dstream --time '$1:s' --watermark 2s --every-records 1 --pane-columns look-back 5s sort-by '$3' reduce n=count
1969-12-31T23:59:56Z	1970-01-01T00:00:01Z	1	early	0
1969-12-31T23:59:56Z	1970-01-01T00:00:01Z	1	on_time	1
1969-12-31T23:59:59Z	1970-01-01T00:00:04Z	1	early	0
1969-12-31T23:59:59Z	1970-01-01T00:00:04Z	2	early	1
1969-12-31T23:59:59Z	1970-01-01T00:00:04Z	2	on_time	2
1970-01-01T00:00:15Z	1970-01-01T00:00:20Z	1	early	0
1970-01-01T00:00:15Z	1970-01-01T00:00:20Z	1	on_time	1
