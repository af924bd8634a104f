# EVENT-TIME 2.3: a record joins a session when it is at most GAP away: 30 and 40 with a gap of 10 are one.
$ printf '30 a\n40 a\n51 a\n' | dstream --time '$1:s' session-window 10s reduce-by '$2' 'join:$1'
1970-01-01T00:00:30Z	1970-01-01T00:00:50Z	a	30,40
1970-01-01T00:00:51Z	1970-01-01T00:01:01Z	a	51

# EVENT-TIME 2.3: one record can join several sessions into one; rows by the instant they close at, then key.
$ printf '0 a\n20 a\n0 b\n20 b\n10 a\n' | dstream --time '$1:s' --watermark 1m session-window 10s reduce-by '$2' 'join:$1'
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	b	0
1970-01-01T00:00:00Z	1970-01-01T00:00:30Z	a	0,20,10
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	b	20

# EVENT-TIME 2.3: complete when W > last + gap, strictly: the record at just last + gap still belongs.
$ printf '0 a\n10 b\n10 a\n' | dstream --time '$1:s' --watermark 0s session-window 10s reduce-by '$2' 'join:$1'
1970-01-01T00:00:00Z	1970-01-01T00:00:20Z	a	0,10
1970-01-01T00:00:10Z	1970-01-01T00:00:20Z	b	10
$ printf '0 a\n11 b\n10 a\n' | dstream --time '$1:s' --watermark 0s session-window 10s reduce-by '$2' 'join:$1'
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	a	0
1970-01-01T00:00:10Z	1970-01-01T00:00:20Z	a	10
1970-01-01T00:00:11Z	1970-01-01T00:00:21Z	b	11

# EVENT-TIME 2.4: lateness is judged on the merged window: a record older than W that touches a live session joins.
$ printf '0 a\n10 a\n20 a\n1 a\n' | dstream --time '$1:s' --watermark 0s session-window 10s count-by '$2'
1970-01-01T00:00:00Z	1970-01-01T00:00:30Z	a	4
# One that touches none is late when W > its own end.
$ printf '20 a\n9 b\n10 c\n' | dstream --time '$1:s' --watermark 0s session-window 10s count-by '$2'
1970-01-01T00:00:10Z	1970-01-01T00:00:20Z	c	1
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	a	1
dstream: 1 of 3 records came too late for its window and was dropped; --watermark D waits longer

# EVENT-TIME 2.3: with --max a record that would stretch a session to it or more starts another.
$ printf '0\n9\n19\n20\n' | dstream --time '$1:s' session-window 10s --max 19s reduce 'join:$1'
1970-01-01T00:00:00Z	1970-01-01T00:00:19Z	0,9
1970-01-01T00:00:19Z	1970-01-01T00:00:30Z	19,20
$ printf '0\n9\n19\n20\n' | dstream --time '$1:s' session-window 10s --max 20s reduce 'join:$1'
1970-01-01T00:00:00Z	1970-01-01T00:00:29Z	0,9,19
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	20

# The key in force counts without an operator that names one; without either a session is of the whole stream.
$ printf '0 a\n5 b\n20 a\n' | dstream --time '$1:s' key-by '$2' session-window 10s count
1970-01-01T00:00:00Z	1970-01-01T00:00:10Z	a	1
1970-01-01T00:00:05Z	1970-01-01T00:00:15Z	b	1
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	a	1
$ printf '0 a\n5 b\n20 a\n' | dstream --time '$1:s' session-window 10s count
1970-01-01T00:00:00Z	1970-01-01T00:00:15Z	2
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	1

# Behind a session: filters see its bounds, a ranking goes on in it, a later window takes its row at its end.
$ printf '0 a\n5 a\n20 a\n' | dstream --time '$1:s' session-window 10s count-by '$2' map 'long=window_end-window_start' filter 'long>10s'
1970-01-01T00:00:00Z	1970-01-01T00:00:15Z	a	2	15s
$ printf '0 a\n5 a\n20 a\n3 b\n' | dstream --time '$1:s' session-window 10s count-by '$2' window 1m reduce sum:count,n=count
1970-01-01T00:00:00Z	3	2
dstream: 1 of 4 records came too late for its window and was dropped; --watermark D waits longer
$ printf '0 a 3\n5 a 7\n5 b 1\n20 a 4\n' | dstream --time '$1:s' key-by '$2' session-window 10s top 1 --by '$3'
1970-01-01T00:00:00Z	1970-01-01T00:00:15Z	5 a 7
1970-01-01T00:00:05Z	1970-01-01T00:00:15Z	5 b 1
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	20 a 4
$ printf '0 a 3\n5 a 7\n5 b 1\n20 a 4\n' | dstream --time '$1:s' key-by '$2' session-window 10s sort-by '$3:desc'
1970-01-01T00:00:00Z	1970-01-01T00:00:15Z	5 a 7
1970-01-01T00:00:00Z	1970-01-01T00:00:15Z	0 a 3
1970-01-01T00:00:05Z	1970-01-01T00:00:15Z	5 b 1
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	20 a 4
$ printf '0 a 3\n5 a 7\n5 b 1\n20 a 4\n' | dstream --time '$1:s' session-window 10s distinct-by '$2'
1970-01-01T00:00:00Z	1970-01-01T00:00:15Z	0 a 3
1970-01-01T00:00:05Z	1970-01-01T00:00:15Z	5 b 1
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	20 a 4
$ printf '0 a 3\n5 a 7\n5 b 1\n20 a 4\n' | dstream --time '$1:s' key-by '$2' session-window 10s
1970-01-01T00:00:00Z	1970-01-01T00:00:15Z	0 a 3
1970-01-01T00:00:00Z	1970-01-01T00:00:15Z	5 a 7
1970-01-01T00:00:05Z	1970-01-01T00:00:15Z	5 b 1
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	20 a 4
$ printf '0 a 3\n5 a 7\n20 a 4\n' | dstream --time '$1:s' session-window 10s group-by '$2'
1970-01-01T00:00:00Z	1970-01-01T00:00:15Z	a	["0 a 3","5 a 7"]
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	a	["20 a 4"]
$ printf '0 a\n5 a\n3 b\n8 b\n' | dstream --time '$1:s' session-window 10s count-by '$2' reduce max:count
1970-01-01T00:00:00Z	1970-01-01T00:00:15Z	2
1970-01-01T00:00:03Z	1970-01-01T00:00:18Z	2
$ printf '0 a\n5 a\n' | dstream --time '$1:s' session-window 10s reduce-by '$2' 'sum:$1,join:$1' -o json
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:15Z","$2":"a","sum_1":5,"join_1":"0,5"}

# EVENT-TIME 2.5: W behind a window never passes the time of a row still to come: records of a session are as old as it is.
$ printf '0 a\n4 a\n8 a\n12 a\n40 b\n80 b\n' > log; dstream --time '$1:s' --watermark 0s key-by '$2' session-window 5s --max 30s top 2 --by '$1' window 10s reduce 'join:$1' log
1970-01-01T00:00:00Z	8
1970-01-01T00:00:10Z	12
1970-01-01T00:00:40Z	40
1970-01-01T00:01:20Z	80
$ dstream --time '$1:s' key-by '$2' session-window 5s top 2 --by '$1' window 10s reduce 'join:$1' log
1970-01-01T00:00:00Z	8
1970-01-01T00:00:10Z	12
1970-01-01T00:00:40Z	40
1970-01-01T00:01:20Z	80
$ dstream --time '$1:s' --watermark 0s key-by '$2' session-window 5s top 2 --by '$1' window 10s reduce 'join:$1' log
dstream: window: records of 'top 2 --by $1' are as old as their session, which has no longest; give session-window --max D, or put an aggregate in front of this window
    … '$1:s' --watermark 0s key-by '$2' session-window 5s top 2 --by '$1' window 10s reduce 'join:$1' log
                                                                          ^^^^^^
? 2
$ dstream --time '$1:s' --watermark 0s key-by '$2' count-window 2 sort-by '$1' window 10s reduce 'join:$1' log
dstream: window: records of 'sort-by $1' are of windows by count, and may be of any time; put an aggregate in front of this window
    … '$1:s' --watermark 0s key-by '$2' count-window 2 sort-by '$1' window 10s reduce 'join:$1' log
                                                                    ^^^^^^
? 2

# INTERFACE 9.1: "rows come by the instant they close at, then by key (5.3), then by window start".
$ printf '1 b\n3 b\n2 a\n0 c\n3 a\n3 c\n' > log; dstream --time '$1:s' session-window 5s count-by '$2' log
1970-01-01T00:00:02Z	1970-01-01T00:00:08Z	a	2
1970-01-01T00:00:01Z	1970-01-01T00:00:08Z	b	2
1970-01-01T00:00:00Z	1970-01-01T00:00:08Z	c	2
$ dstream --time '$1:s' session-window 5s distinct-by '$2' --last log
1970-01-01T00:00:02Z	1970-01-01T00:00:08Z	3 a
1970-01-01T00:00:01Z	1970-01-01T00:00:08Z	3 b
1970-01-01T00:00:00Z	1970-01-01T00:00:08Z	3 c
$ dstream --time '$1:s' session-window 5s count-by '$2' top 1 log
1970-01-01T00:00:00Z	1970-01-01T00:00:08Z	c	2
1970-01-01T00:00:01Z	1970-01-01T00:00:08Z	b	2
1970-01-01T00:00:02Z	1970-01-01T00:00:08Z	a	2

# Sessions without a longest hold records of any time: what waits for time behind them says so.
$ printf '0 c\n5 b\n6 a\n8 a\n9 c\n14 b\n' > log; cat log | dstream --time '$1:s' session-window 3s sort-by '$2' burst 1 2s
dstream: burst: records of 'sort-by $2' are as old as their session, which has no longest; give session-window --max D, or put 'burst' in front of the windows
    dstream --time '$1:s' session-window 3s sort-by '$2' burst 1 2s
                                                         ^^^^^
? 2
$ cat log | dstream --time '$1:s' session-window 3s --max 9s sort-by '$2' burst 1 2s
1970-01-01T00:00:00Z	1970-01-01T00:00:03Z	0 c	1	1970-01-01T00:00:00Z
1970-01-01T00:00:05Z	1970-01-01T00:00:12Z	5 b	1	1970-01-01T00:00:05Z
1970-01-01T00:00:05Z	1970-01-01T00:00:12Z	8 a	1	1970-01-01T00:00:08Z
1970-01-01T00:00:14Z	1970-01-01T00:00:17Z	14 b	1	1970-01-01T00:00:14Z
$ cat log | dstream --time '$1:s' session-window 3s sort-by '$2' map-with-state 'n=(n ?? 0)+1' --ttl 2s
dstream: map-with-state: records of 'sort-by $2' are as old as their session, which has no longest: --ttl forgets nothing before the end of the input
1970-01-01T00:00:00Z	1970-01-01T00:00:03Z	0 c	1
1970-01-01T00:00:05Z	1970-01-01T00:00:12Z	6 a	2
1970-01-01T00:00:05Z	1970-01-01T00:00:12Z	8 a	3
1970-01-01T00:00:05Z	1970-01-01T00:00:12Z	5 b	4
1970-01-01T00:00:05Z	1970-01-01T00:00:12Z	9 c	5
1970-01-01T00:00:14Z	1970-01-01T00:00:17Z	14 b	6
