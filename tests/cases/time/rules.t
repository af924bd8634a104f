# The numbered rules of EVENT-TIME section 2, each with the answer that follows from its text. (2.3 to 2.5 have files of
# their own: shapes, sessions, fill, lateness, panes; 2.8: join; 2.11: operators/sketches; 2.12: state/match.)

# EVENT-TIME 2.1: a record without a readable time is a bad one and never moves the watermark: 99x would close [0, 5).
$ printf '0 a\n99x b\n4 c\n' | dstream --time '$1:s' --watermark 0s window 5s reduce 'join:$2'
1970-01-01T00:00:00Z	a,c
dstream: 1 of 3 records is bad: without a time that can be read (first: standard input:2 col 1)
# EVENT-TIME 2.1: times before 1970 are legal, and divisions floor.
$ printf -- '-11\n-1\n-10\n' | dstream --time '$1:s' window 10s reduce 'join:$1'
1969-12-31T23:59:40Z	-11
1969-12-31T23:59:50Z	-1,-10
# EVENT-TIME 2.1: a stamp far ahead of the clock (--max-ahead, 1h) counts in its window, and closes nobody else's.
$ printf '2026-01-01T00:00:00Z\n2200-01-01T00:00:00Z\n2026-01-01T00:00:05Z\n' > in; cat in | dstream --time '$1' --watermark 0s window 10s count
2026-01-01T00:00:00Z	2
2200-01-01T00:00:00Z	1

# EVENT-TIME 2.2: W = largest time - D, and behind it is t < W: a record just D old is not late.
$ printf '10\n5\n4\n' | dstream --time '$1:s' --watermark 5s sort-by @time
5
10
dstream: 1 of 3 records came too late for its window and was dropped; --watermark D waits longer
# EVENT-TIME 2.2: W never goes back: after 20 it is 10, whatever 15 and 10 say; 9 finds [0, 10) closed.
$ printf '20\n15\n10\n9\n' | dstream --time '$1:s' --watermark 10s window 10s reduce 'join:$1'
1970-01-01T00:00:10Z	15,10
1970-01-01T00:00:20Z	20
dstream: 1 of 4 records came too late for its window and was dropped; --watermark D waits longer
# EVENT-TIME 2.2: a record is judged by the W that the records before it made; the first one by none.
$ printf '7\n3\n9\n8\n' | dstream --time '$1:s' --watermark 2s map 'w=@watermark' select '$1,w'
7	
3	1970-01-01T00:00:05Z
9	1970-01-01T00:00:05Z
8	1970-01-01T00:00:07Z
# EVENT-TIME 2.2: files that are not followed are one source together, in their order.
$ printf '0\n20\n' > a; printf '5\n25\n' > b; dstream --time '$1:s' --watermark 0s window 10s reduce 'join:$1' a b
1970-01-01T00:00:00Z	0
1970-01-01T00:00:20Z	20,25
dstream: 1 of 4 records came too late for its window and was dropped; --watermark D waits longer
# EVENT-TIME 2.2: with several sources each record is judged by its own, so that interleaving decides nothing.
$ printf '0\n20\n' > a; printf '5\n25\n' > b; dstream --time '$1:s' --watermark 0s union b window 10s count a
1970-01-01T00:00:00Z	2
1970-01-01T00:00:20Z	2

# EVENT-TIME 2.3: all s of the slide's grid with s <= t < s+size; the slide need not divide the size.
$ printf '5\n' | dstream --time '$1:s' window 10s --slide 4s count
1969-12-31T23:59:56Z	1
1970-01-01T00:00:00Z	1
1970-01-01T00:00:04Z	1
# EVENT-TIME 2.3: a row's own time is the last instant of its window, so that a window of the same size holds it.
$ printf '5\n15\n17\n' | dstream --time '$1:s' window 10s count window 10s reduce 'n=sum:count'
1970-01-01T00:00:00Z	1
1970-01-01T00:00:10Z	2
# EVENT-TIME 2.3: the earliest and the latest time are aggregates.
$ printf '7\n3\n' | dstream --time '$1:s' window 10s reduce 'a=min:@time,b=max:@time'
1970-01-01T00:00:00Z	1970-01-01T00:00:03Z	1970-01-01T00:00:07Z
# EVENT-TIME 2.3: days are counted from 1970-01-01, weeks begin on Monday.
$ printf '1970-01-02T23:59:59Z\n1970-01-03T00:00:00Z\n' | dstream --time '$1' window 2d count
1970-01-01T00:00:00Z	1
1970-01-03T00:00:00Z	1
$ printf '2026-11-22T23:59:59Z\n2026-11-23T00:00:00Z\n' | dstream --time '$1' window 1w count
2026-11-16T00:00:00Z	1
2026-11-23T00:00:00Z	1
# EVENT-TIME 2.3: when the clocks change 4 h windows have 3 or 5 h, and 1 h windows are never merged or split.
$ printf '2026-03-29T01:30:00Z\n2026-10-25T02:59:59Z\n' | dstream --tz Europe/Berlin --time '$1' window 4h count -o json
{"window_start":"2026-03-29T00:00:00+01:00","window_end":"2026-03-29T04:00:00+02:00","count":1}
{"window_start":"2026-10-25T00:00:00+02:00","window_end":"2026-10-25T04:00:00+01:00","count":1}
$ printf '2026-10-25T00:30:00Z\n2026-10-25T01:30:00Z\n' | dstream --tz Europe/Berlin --time '$1' window 1h count
2026-10-25T02:00:00+02:00	1
2026-10-25T02:00:00+01:00	1

# EVENT-TIME 2.6: at the end of input every open window fires once, on time, and part windows by count.
$ printf '1\n2\n' > in; cat in | dstream --time '$1:s' --pane-columns window 1h count
1970-01-01T00:00:00Z	2	on_time	0
$ printf '1\n2\n' | dstream --time '$1:s' session-window 1h count
1970-01-01T00:00:01Z	1970-01-01T01:00:02Z	2
$ printf '1\n2\n' | dstream count-window 5 count
2
# EVENT-TIME 2.6: early timers of the clock that are pending are dropped, the on_time pane covers them.
$ printf '1\n2\n' | dstream --time '$1:s' --every-delay 1h --pane-columns window 10s count
1970-01-01T00:00:00Z	2	on_time	0
# EVENT-TIME 2.6: outer joins pad what waited.
$ printf '1 a\n' > r; printf '50 a\n' | dstream --time '$1:s' join r --on '$2' --as r --within 10s --full select '$1,r.$1'
	1
50	

# EVENT-TIME 2.7: a key expires when W >= last update + ttl: at 15 and not at 14 here.
$ printf '0 a\n5 a\n14 b\n15 a\n' | dstream --time '$1:s' --watermark 0s scan-by '$2' n=cumcount --ttl 10s select '$0,n'
0 a	1
5 a	2
14 b	1
15 a	3
$ printf '0 a\n5 a\n15 b\n15 a\n' | dstream --time '$1:s' --watermark 0s scan-by '$2' n=cumcount --ttl 10s select '$0,n'
0 a	1
5 a	2
15 b	1
15 a	1
# EVENT-TIME 2.7: of distinct, first record + ttl: the one at 5 changes nothing.
$ printf '0 a\n5 a\n10 b\n10 a\n' | dstream --time '$1:s' --watermark 0s distinct-by '$2' --ttl 10s
0 a
10 b
10 a

# EVENT-TIME 2.9: the first of each key, anew in each window; with --last the last.
$ printf '1 a\n5 a\n12 a\n' | dstream --time '$1:s' window 10s distinct-by '$2'
1970-01-01T00:00:00Z	1 a
1970-01-01T00:00:10Z	12 a
$ printf '1 a\n5 a\n12 a\n' | dstream --time '$1:s' window 10s distinct-by '$2' --last
1970-01-01T00:00:00Z	5 a
1970-01-01T00:00:10Z	12 a
# EVENT-TIME 2.9: a record behind W is late, not new.
$ printf '20 a\n5 b\n' | dstream --time '$1:s' --watermark 10s distinct-by '$2' --ttl 1h
20 a
dstream: 1 of 2 records came too late for its window and was dropped; --watermark D waits longer

# EVENT-TIME 2.10: ties of an aggregate's rows by key, of whole records by earlier event time, then input order.
$ printf '1 b\n2 a\n3 c\n4 c\n' | dstream --time '$1:s' window 10s count-by '$2' top 2 --rank
1970-01-01T00:00:00Z	c	2	1
1970-01-01T00:00:00Z	a	1	2
$ printf '7 5 p\n3 5 q\n3 5 r\n4 4 s\n' | dstream --time '$1:s' window 10s top 2 --by '$2'
1970-01-01T00:00:00Z	3 5 q
1970-01-01T00:00:00Z	3 5 r
# EVENT-TIME 2.10: equals of the last with --ties; without a window at the end of input.
$ printf '1 b\n2 a\n3 c\n4 c\n' | dstream count-by '$2' top 2 --ties
c	2
a	1
b	1

# EVENT-TIME 2.13: against the N values before the record, after as many; deviation 0 and another value is one.
$ printf '1\n1\n2\n1\n' | dstream anomaly zscore '$1' --rows 2 select '$1,score,mean,deviation'
2		1	0
# EVENT-TIME 2.13: ewma tests before the update: d = 10, m = 15, v = 0.5 * (0 + 0.5 * 100) = 25, so 31 is 3.2 away.
$ printf '10\n10\n20\n31\n' | dstream anomaly ewma '$1' --alpha 0.5 --warm-up 2 select '$1,score,mean,deviation'
20		10	0
31	3.2	15	5
# EVENT-TIME 2.13: a burst is n of age < T, one alert each, armed again when the count falls below n.
$ printf '0\n5\n9\n30\n39\n' | dstream --time '$1:s' burst 2 10s select '$1,count,first_time'
5	2	1970-01-01T00:00:00Z
39	2	1970-01-01T00:00:30Z
$ printf '0\n10\n20\n' | dstream --time '$1:s' burst 2 10s select '$1,count,first_time'

# EVENT-TIME 2.14: resume restores W: late stays late after a restart.
# once
$ printf '100 a\n200 a\n' > log; dstream --once --checkpoint ck --time '$1:s' --watermark 0s window 10s count-by '$2' --output out --append log; printf '105 a\n300 a\n' >> log; dstream --once --checkpoint ck --time '$1:s' --watermark 0s window 10s count-by '$2' --output out --append log; cat out
dstream: 1 of 2 records came too late for its window and was dropped; --watermark D waits longer
1970-01-01T00:01:40Z	a	1
1970-01-01T00:03:20Z	a	1
# EVENT-TIME 2.14: the output is cut back to its committed length, and the input is read on where the commit left it.
# once
$ printf 'a\n' > log; dstream --once --checkpoint ck filter '$1!="x"' --output out --append log; printf 'torn' >> out; printf 'b\n' >> log; dstream --once --checkpoint ck filter '$1!="x"' --output out --append log; cat out
a
b
# EVENT-TIME 2.14: with --once the end is not W = +inf: windows stay open; --final closes them, --flush shows them.
# once
$ printf '1\n2\n' > log; dstream --once --checkpoint ck --time '$1:s' window 10s count --output out --append log; cat out; dstream --once --flush --checkpoint ck --time '$1:s' window 10s count --output out --append log; dstream --once --final --checkpoint ck --time '$1:s' window 10s count --output out --append log; cat out
1970-01-01T00:00:00Z	2	true
1970-01-01T00:00:00Z	2
# EVENT-TIME 2.14: an output of each window has its name when the commit says that it is complete.
# once
$ printf '1\n12\n' > log; dstream --once --checkpoint ck --time '$1:s' --watermark 0s window 10s count --output '%S.out' log; ls *.out; dstream --once --final --checkpoint ck --time '$1:s' --watermark 0s window 10s count --output '%S.out' log; ls *.out
00.out
00.out
10.out
# EVENT-TIME 2.14: commits of a standard output are numbered, over restarts.
# once
$ printf 'a\nb\nc\n' > log; dstream --once --checkpoint ck --batch-lines 2 --mark-batches count log; printf 'd\ne\n' >> log; dstream --once --checkpoint ck --batch-lines 2 --mark-batches count log
2
-- 1
2
-- 2

# What forgets by a clock for want of a time does not make windows go by it.
$ printf '1 a\n2 d\n2 d\n1 c\n6 c\n6 b\n' > l; dstream distinct-by '$2' --ttl 3s window 2s count l
dstream: window: sizes over a regular file need a time field; give --time FIELD, or --time arrival if you mean it
    dstream distinct-by '$2' --ttl 3s window 2s count l
                                      ^^^^^^
? 2
$ dstream distinct-by '$2' --ttl 3s sort-by @time l
dstream: sort-by: @time over a regular file needs a time field; give --time FIELD, or --time arrival if you mean it
    dstream distinct-by '$2' --ttl 3s sort-by @time l
                                      ^^^^^^^
? 2
$ dstream --since 2026-01-01T00:00:00Z distinct-by '$2' --ttl 3s l
dstream: --since and --until: a range over a regular file needs a time field; give --time FIELD, or --time arrival if you mean it
    dstream --since 2026-01-01T00:00:00Z distinct-by '$2' --ttl 3s l
            ^^^^^^^
? 2
$ dstream --max-keys 2 --on-full evict-oldest scan-by '$2' c=cumcount session-window 2s count l
dstream: session-window: sizes over a regular file need a time field; give --time FIELD, or --time arrival if you mean it
    … --max-keys 2 --on-full evict-oldest scan-by '$2' c=cumcount session-window 2s count l
                                                                  ^^^^^^^^^^^^^^
? 2
$ printf '{"ts":1,"k":"a"}\n{"ts":3,"k":"a"}\n{"ts":20,"k":"a"}\n' > l.json; dstream -i json distinct-by k --ttl 5s window 10s count l.json
dstream: taking event time from 'ts'
dstream: distinct-by: --ttl is by event time, which of files that end is known at their end; to forget before, give --watermark D
1970-01-01T00:00:00Z	1
$ dstream -i json --since 1970-01-01T00:00:02Z distinct-by k --ttl 5s l.json
dstream: taking event time from 'ts'
dstream: distinct-by: --ttl is by event time, which of files that end is known at their end; to forget before, give --watermark D
{"ts":3,"k":"a"}
$ cat l.json | dstream -i json distinct-by k --ttl 5s window 10s count
dstream: taking event time from 'ts'
1970-01-01T00:00:00Z	1
